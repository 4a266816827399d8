// Pictures written here by the formats' libraries.
#include <doctest/doctest.h>
#include <zlib.h>

#include "engines/compare/compare.h"
#include "engines/compare/content/support.h"

namespace chiron::test {
namespace {

std::string big(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string chunk(const std::string& type, const std::string& content) {
  const auto crc = crc32(crc32(0, reinterpret_cast<const Bytef*>(type.data()), 4),
                         reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
  return big(static_cast<std::uint32_t>(content.size())) + type + content + big(static_cast<std::uint32_t>(crc));
}

// A grey picture of 16 × 16 pixels, each row behind the filter `filter`.
std::string png(int level, int filter, int changed_x, int changed_y, const std::string& extra) {
  std::string raw, above(16, '\0');
  for (int y = 0; y < 16; ++y) {
    std::string row;
    for (int x = 0; x < 16; ++x) row += static_cast<char>(x == changed_x && y == changed_y ? 200 : x * 7 + y);
    raw += static_cast<char>(filter);
    for (std::size_t x = 0; x < 16; ++x) {
      const int left = x > 0 ? static_cast<unsigned char>(row[x - 1]) : 0;
      const int up = static_cast<unsigned char>(above[x]);
      raw += static_cast<char>(row[x] - (filter == 1 ? left : filter == 2 ? up : filter == 3 ? (left + up) / 2 : 0));
    }
    above = row;
  }
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  std::string packed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
            static_cast<uLong>(raw.size()), level);
  packed.resize(size);
  return std::string("\x89PNG\r\n\x1a\n", 8) + chunk("IHDR", big(16) + big(16) + std::string("\x08\0\0\0\0", 5)) +
         extra + chunk("IDAT", packed) + chunk("IEND", "");
}

}  // namespace

TEST_CASE("PNG: a pixel is told by its place") {
  const auto result = compare_content(png(6, 1, -1, -1, ""), png(6, 1, 3, 5, ""), "x.png");
  CAPTURE(dump(result));
  const auto* pixels = find(result, {"pixels"});
  REQUIRE(pixels != nullptr);
  CHECK(pixels->old_value == "(3, 5) 1a");
  CHECK(pixels->new_value == "(3, 5) c8");
  CHECK(pixels->comments.front().find("1 of 256 pixels") == 0);
}

TEST_CASE("PNG: another compression or filter with the same pixels is noise") {
  for (const int filter : {0, 2, 3}) {
    const auto result = compare_content(png(1, 1, -1, -1, ""), png(9, filter, -1, -1, ""), "x.png");
    CAPTURE(dump(result));
    CHECK(find(result, {"compression"}) != nullptr);
    CHECK(all_noise(result));
  }
}

TEST_CASE("PNG: texts by keyword, wrong checksums, cut files") {
  const auto a = png(6, 0, -1, -1, chunk("tEXt", std::string("Title\0cat", 9)));
  const auto b = png(6, 0, -1, -1, chunk("tEXt", std::string("Title\0dog", 9)));
  const auto result = compare_content(a, b, "x.png");
  const auto* title = find(result, {"tEXt Title"});
  REQUIRE(title != nullptr);
  CHECK(title->new_value == "dog");
  auto broken = a;
  broken[29] = static_cast<char>(broken[29] ^ 1);  // the checksum of IHDR
  CHECK(find(compare_content(a, broken, "x.png"), {"IHDR checksum"}) != nullptr);
  for (std::size_t size = 8; size < a.size(); ++size) {
    const auto cut = compare_content(a, a.substr(0, size), "x.png");
    CHECK((cut.kind == compare::Kind::error || !cut.children.empty()));
  }
}

TEST_CASE("GIF, JPEG: the shared pictures") {
  const auto gif_a = shared_file("test1.gif"), gif_b = shared_file("test2.gif");
  if (gif_a.empty()) return;
  const auto gif = compare_content(gif_a, gif_b, "x.gif");
  CHECK(find(gif, {"screen width"}) != nullptr);
  CHECK(find(gif, {"pixels of frame 1"}) != nullptr);
  // The table of frames counts against the memory: without any, the bytes are what is compared.
  compare::Options none;
  none.limits.memory_bytes = 16 << 10;
  const auto refused = compare::compare_bytes(gif_a, gif_b, "x.gif", "x.gif", none);
  REQUIRE(refused.has_value());
  CHECK(refused->differs);
  CHECK(refused->memory_peak <= none.limits.memory_bytes);
  const auto meta = compare_content(shared_file("test1_meta.jpg"), shared_file("test2_meta.jpg"), "x.jpg");
  const auto* comment = find(meta, {"comment"});
  REQUIRE(comment != nullptr);
  CHECK(comment->old_value == "Comment #1");
  const auto* density = find(meta, {"JFIF", "horizontal density"});
  REQUIRE(density != nullptr);
  CHECK(density->new_value == "65");
}

}  // namespace chiron::test
