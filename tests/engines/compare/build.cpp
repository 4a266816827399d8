#include "engines/compare/build.h"

#include "engines/compare/codec/codec.h"
#include "foundation/base/format.h"

namespace chiron::compare::test {

namespace {

std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

}  // namespace

std::string from_hex(std::string_view digits) {
  std::string out;
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
  return out;
}

std::string make_tar(const std::vector<Item>& items) {
  std::string out;
  for (const auto& item : items) {
    std::string header(512, '\0');
    const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
    put(0, item.name);
    put(100, format("{:07o}", item.mode));
    put(108, "0001750");
    put(116, "0001750");
    put(124, format("{:011o}", item.content.size()));
    put(136, format("{:011o}", item.mtime));
    put(148, "        ");
    put(156, "0");
    put(257, std::string_view("ustar\00000", 8));
    put(265, "builder");
    put(297, "builders");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, format("{:06o}", sum) + std::string("\0 ", 2));
    out += header + item.content;
    out.resize((out.size() + 511) / 512 * 512, '\0');
  }
  out.resize(out.size() + 1024, '\0');
  return out;
}

std::string make_zip(const std::vector<Item>& items, int level) {
  std::string out, directory;
  for (const auto& item : items) {
    const auto packed = level == 0 ? item.content : encode_deflate(item.content, level);
    const auto common = little(level == 0 ? 10 : 20, 2) + little(0, 2) + little(level == 0 ? 0 : 8, 2) +
                        little(item.mtime & 0x7fffffff, 4) + little(crc32(item.content), 4) + little(packed.size(), 4) +
                        little(item.content.size(), 4) + little(item.name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + little(0x0314, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) +
                 little(std::uint64_t{0100000 | item.mode} << 16, 4) + little(out.size(), 4) + item.name;
    out += "PK\x03\x04" + common + item.name + packed;
  }
  const auto at = out.size();
  out += directory;
  out += "PK\x05\x06" + little(0, 4) + little(items.size(), 2) + little(items.size(), 2) + little(directory.size(), 4) +
         little(at, 4) + little(0, 2);
  return out;
}

std::string make_ar(const std::vector<Item>& items) {
  std::string out = "!<arch>\n";
  for (const auto& item : items) {
    out += format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", item.name + "/", item.mtime, 0, 0, format("{:o}", item.mode),
                  item.content.size());
    out += item.content;
    if (out.size() % 2 != 0) out += '\n';
  }
  return out;
}

std::string make_cpio(const std::vector<Item>& items) {
  std::string out;
  const auto add = [&out](const Item& item, std::uint32_t mode) {
    out += format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", 1, mode, 1000,
                  1000, 1, item.mtime, item.content.size(), 8, 1, 0, 0, item.name.size() + 1, 0);
    out += item.name + '\0';
    out.resize((out.size() + 3) / 4 * 4, '\0');
    out += item.content;
    out.resize((out.size() + 3) / 4 * 4, '\0');
  };
  for (const auto& item : items) add(item, 0100000 | item.mode);
  add({"TRAILER!!!", "", 0, 0}, 0);
  return out;
}

std::string make_gzip(std::string_view content, std::uint32_t mtime) {
  return std::string("\x1f\x8b\x08\x00", 4) + little(mtime, 4) + std::string("\x00\x03", 2) +
         encode_deflate(content, 6) + little(crc32(content), 4) + little(content.size(), 4);
}

}  // namespace chiron::compare::test
