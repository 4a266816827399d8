// Archives made by the tests themselves, byte by byte, so that the readers are checked against the formats and not
// against another reader.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::compare::test {

struct Item {
  std::string name;
  std::string content;
  std::uint32_t mode = 0644;
  std::uint32_t mtime = 1'600'000'000;
};

[[nodiscard]] std::string from_hex(std::string_view digits);
[[nodiscard]] std::string make_tar(const std::vector<Item>& items);
// `level` 0: stored.
[[nodiscard]] std::string make_zip(const std::vector<Item>& items, int level);
[[nodiscard]] std::string make_ar(const std::vector<Item>& items);
[[nodiscard]] std::string make_cpio(const std::vector<Item>& items);
[[nodiscard]] std::string make_gzip(std::string_view content, std::uint32_t mtime = 0);

}  // namespace chiron::compare::test
