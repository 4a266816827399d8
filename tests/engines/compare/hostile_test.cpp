// Hostile input: each ends in a clear finding within the bounds, and what can be compared is compared all the same.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <random>

#include "engines/compare/build.h"
#include "engines/compare/compare.h"
#include "engines/compare/normalize/normalize.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::compare {

using test::Item;

namespace {

Comparison compared(std::string_view a, std::string_view b, std::string_view name, const Options& options = {}) {
  auto result = compare_bytes(a, b, name, name, options);
  if (!result) FAIL(to_string(result.error()));
  return *std::move(result);
}

const Difference* find(const Difference& root, std::string_view name) {
  std::vector<const Difference*> open{&root};
  while (!open.empty()) {
    const auto* node = open.back();
    open.pop_back();
    if (node->name_a == name || node->name_b == name) return node;
    for (const auto& child : node->children) open.push_back(&child);
  }
  return nullptr;
}

bool says(const Comparison& comparison, std::string_view words) {
  return print_text(comparison, {}).find(words) != std::string::npos;
}

std::vector<Item> sample() {
  return {
      {"bin/tool", std::string(304, '\x05')}, {"doc/readme", "one\ntwo\nthree\n"}, {"etc/settings", "key = value\n"}};
}

}  // namespace

TEST_CASE("hostile: bombs, deep nesting, cut-off and lying headers stay within bounds") {
  const std::string zeros(8 << 20, '\0');
  auto ones = zeros;
  ones.back() = '\1';
  Options tight;
  tight.limits.decoded_bytes = 1 << 20;
  const auto bomb = compared(test::make_gzip(zeros), test::make_gzip(ones), "bomb.gz", tight);
  CHECK(bomb.differs);
  CHECK(print_text(bomb, {}).find("passed the limit") != std::string::npos);

  Options small;
  small.limits.memory_bytes = 1 << 20;  // more than that goes to a temporary file
  const auto spilled = compared(test::make_gzip(zeros), test::make_gzip(ones), "big.gz", small);
  CHECK(spilled.differs);
  CHECK(spilled.memory_peak <= (1 << 20));
  REQUIRE(find(spilled.root, "big") != nullptr);
  CHECK(find(spilled.root, "big")->extents[0].a == Range{(8 << 20) - 1, 1});

  std::string deep_a = "a", deep_b = "b";
  for (int i = 0; i < 100; ++i) {
    deep_a = test::make_gzip(deep_a);
    deep_b = test::make_gzip(deep_b);
  }
  const auto deep = compared(deep_a, deep_b, "deep.gz");
  CHECK(print_text(deep, {}).find("nested deeper than 64") != std::string::npos);

  auto tar = test::make_tar(sample());
  auto cut = tar.substr(0, 700);
  const auto truncated = compared(tar, cut, "x.tar");
  CHECK(truncated.differs);
  CHECK(find(truncated.root, "structure") != nullptr);
  tar.replace(124, 11, "77777777777");
  CHECK(compared(test::make_tar(sample()), tar, "x.tar").differs);

  auto zip = test::make_zip(sample(), 6);
  auto lying = zip;
  lying[lying.size() - 6] = '\x7f';  // the directory's offset
  CHECK(compared(zip, lying, "x.zip").differs);
  CHECK(compared(zip, zip.substr(0, zip.size() / 2), "x.zip").differs);
}

TEST_CASE("hostile: tables count against the memory limit") {
  std::vector<Item> many;
  for (int i = 0; i < 20'000; ++i) many.push_back({format("f{}", i), ""});
  auto other = many;
  other[10'000].mtime += 2;
  Options small;
  small.limits.memory_bytes = 1 << 20;
  const auto a = test::make_tar(many), b = test::make_tar(other);
  const auto refused = compared(a, b, "x.tar", small);
  CHECK(refused.differs);
  CHECK(says(refused, "the table of members needs"));
  CHECK(refused.root.extent_count >= 1);
  CHECK(refused.memory_peak <= (1 << 20));
  CHECK(find(compared(a, b, "x.tar").root, "mtime") != nullptr);

  std::string lines_a(400'000, '\n'), lines_b = lines_a;
  lines_a[0] = 'a', lines_a.back() = 'a', lines_b[0] = 'b', lines_b.back() = 'b';
  const auto text = compared(lines_a, lines_b, "x.txt", small);
  CHECK(says(text, "lines needs"));
  CHECK_FALSE(text.root.windows.empty());
}

TEST_CASE("hostile: one damaged member is told, the others are compared all the same") {
  auto other = sample();
  other[2].content = "key = other\n";
  auto zip = test::make_zip(other, 6);
  const auto data = zip.find("PK\x03\x04", 10) + 30 + 10;  // the second member's data
  zip[data] = static_cast<char>(zip[data] ^ 0xff);
  const auto comparison = compared(test::make_zip(sample(), 6), zip, "x.zip");
  REQUIRE(find(comparison.root, "doc/readme") != nullptr);
  CHECK(says(comparison, "damaged"));
  REQUIRE(find(comparison.root, "etc/settings") != nullptr);
  CHECK(says(comparison, "+key = other"));

  // The same with an encrypted member: its bytes are compared as they are stored.
  auto locked = test::make_zip(other, 0);
  for (const auto* magic : {"PK\x03\x04", "PK\x01\x02"}) {
    const auto at = locked.find(magic);
    locked[at + (magic[2] == '\x03' ? 6 : 8)] |= 1;
  }
  auto changed = locked;
  changed[40] = 'x';
  CHECK(says(compared(locked, changed, "x.zip"), "the member is encrypted"));
}

TEST_CASE("hostile: cut off at every place and changed at random, every format ends in a difference") {
  std::mt19937 random(99);
  const auto items = sample();
  struct Case {
    std::string bytes;
    std::string_view name;
  };
  for (const auto& each : {Case{test::make_tar(items), "x.tar"}, Case{test::make_zip(items, 6), "x.zip"},
                           Case{test::make_ar(items), "x.a"}, Case{test::make_cpio(items), "x.cpio"},
                           Case{test::make_gzip(test::make_tar(items)), "x.tar.gz"}}) {
    CAPTURE(each.name);
    for (std::size_t cut = 0; cut < each.bytes.size(); cut += 1 + each.bytes.size() / 300) {
      REQUIRE(compared(each.bytes, std::string_view(each.bytes).substr(0, cut), each.name).differs);
    }
    for (int round = 0; round < 400; ++round) {
      auto lying = each.bytes;
      for (int i = 0; i < 4; ++i) lying[random() % lying.size()] = static_cast<char>(random());
      if (lying != each.bytes) REQUIRE(compared(each.bytes, lying, each.name).differs);
    }
  }
}

TEST_CASE("hostile: names that leave the archive are only names") {
  const std::vector<Item> escape{{"../../etc/passwd", "one\n"}, {"/absolute", "x\n"}};
  auto other = escape;
  other[0].content = "two\n";
  const auto a = test::make_tar(escape), b = test::make_tar(other);
  const auto comparison = compared(a, b, "x.tar");
  REQUIRE(find(comparison.root, "../../etc/passwd") != nullptr);
  Budget budget;
  CHECK_FALSE(normalize(a, "x.tar", {}, budget).has_value());
}

TEST_CASE("hostile: links that point at themselves, devices and sparse files in a tar take no space and no time") {
  const auto header = [](char type, std::string_view link, std::string_view size) {
    auto tar = test::make_tar({{"self", ""}});
    tar[156] = type;
    tar.replace(157, link.size(), link);
    tar.replace(124, size.size(), size);
    if (type == 'S') {
      tar.replace(257, 8, std::string_view("ustar  \0", 8));
      tar.replace(386, 24, std::string_view("00000000000\00000000000\0", 24));
      tar.replace(483, 11, "77777777777");  // eight gigabytes that are not there
    }
    tar.replace(148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(tar[i]);
    tar.replace(148, 8, format("{:06o}", sum) + std::string("\0 ", 2));
    return tar;
  };
  for (const char type : {'1', '2'}) {
    const auto comparison =
        compared(header(type, "self", "00000000000"), header(type, "other", "00000000000"), "x.tar");
    REQUIRE(find(comparison.root, "link target") != nullptr);
    CHECK(find(comparison.root, "link target")->old_value == "self");
  }
  const auto device = compared(header('3', "", "00000000000"), header('4', "", "00000000000"), "x.tar");
  REQUIRE(find(device.root, "type") != nullptr);
  CHECK(find(device.root, "type")->new_value == "block device");
  const auto sparse = compared(header('0', "", "00000000000"), header('S', "", "00000000000"), "x.tar");
  CHECK(sparse.differs);
  CHECK(sparse.memory_peak < (16 << 20));
}

TEST_CASE("hostile: pipes and sockets in a folder are described and never opened") {
  const auto made = io::TemporaryFolder::create("compare");
  REQUIRE(made.has_value());
  const auto root = made->path();
  for (const auto* side : {"/a", "/b"}) REQUIRE(io::make_folders(root + side).has_value());
  REQUIRE(::mkfifo((root + "/a/pipe").c_str(), 0600) == 0);
  REQUIRE(io::write_file_atomic(root + "/b/pipe", "a file\n").has_value());
  REQUIRE(::mkfifo((root + "/a/both").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((root + "/b/both").c_str(), 0644) == 0);
  // A file with a hole of a gigabyte against one without: compared in place, nothing is read into memory.
  REQUIRE(io::write_file_atomic(root + "/a/hole", "").has_value());
  REQUIRE(io::write_file_atomic(root + "/b/hole", "").has_value());
  std::filesystem::resize_file(root + "/a/hole", 64 << 20);
  std::filesystem::resize_file(root + "/b/hole", (64 << 20) + 1);
  const auto comparison = compare_paths(root + "/a", root + "/b", {});
  REQUIRE(comparison.has_value());
  REQUIRE(find(comparison->root, "pipe") != nullptr);
  CHECK(find(comparison->root, "type") != nullptr);
  REQUIRE(find(comparison->root, "both") != nullptr);
  CHECK(find(comparison->root, "both")->children[0].field == "mode");
  REQUIRE(find(comparison->root, "hole") != nullptr);

  // Given by name they are not opened either; the null device is an empty file.
  const auto pipe = compare_paths(root + "/a/pipe", root + "/b/pipe", {});
  REQUIRE(pipe.has_value());
  CHECK(find(pipe->root, "type")->old_value == "fifo");
  const auto nothing = compare_paths("/dev/null", root + "/b/pipe", {});
  REQUIRE(nothing.has_value());
  CHECK(nothing->root.size_b == 7);
}

TEST_CASE("files that do not know their size are read to the end: those of /proc, and pipes that the shell opened") {
  const auto facts = compare_paths("/proc/self/limits", "/proc/self/status", {});
  REQUIRE(facts.has_value());
  CHECK(facts->differs);
  CHECK(facts->root.size_a > 0);
  const auto folders = compare_paths("/proc/sys/kernel/random", "/proc/sys/kernel/random", {});
  REQUIRE(folders.has_value());
  CHECK(find(folders->root, "uuid") != nullptr);  // another one each time it is read

  int first[2], second[2];
  REQUIRE(::pipe(first) == 0);
  REQUIRE(::pipe(second) == 0);
  REQUIRE(::write(first[1], "one\n", 4) == 4);
  REQUIRE(::write(second[1], "two\n", 4) == 4);
  ::close(first[1]);
  ::close(second[1]);
  const auto pipes = compare_paths(format("/dev/fd/{}", first[0]), format("/dev/fd/{}", second[0]), {});
  ::close(first[0]);
  ::close(second[0]);
  REQUIRE(pipes.has_value());
  CHECK(pipes->differs);
  REQUIRE(pipes->root.hunks.size() == 1);
}

TEST_CASE("hostile: a million gaps, records and extra fields are gone through once") {
  // Members that all lie at one place, so that the rest is gaps; and a pax header full of records.
  std::string records;
  while (records.size() < 200'000) records += "7 a=b\n";
  auto pax = test::make_tar({{"pax", records}});
  pax[156] = 'x';
  pax.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(pax[i]);
  pax.replace(148, 8, format("{:06o}", sum) + std::string("\0 ", 2));
  pax.resize(pax.size() - 1024);
  const auto a = pax + test::make_tar({{"f", "one\n"}}), b = pax + test::make_tar({{"f", "two\n"}});
  Options options;
  options.limits.time = std::chrono::seconds(20);
  const auto comparison = compared(a, b, "x.tar", options);
  CHECK(find(comparison.root, "f") != nullptr);
}

}  // namespace chiron::compare
