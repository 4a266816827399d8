// Images of file systems and RPM packages: members are told by path with their fields, and damage stays a finding.
#include <doctest/doctest.h>

#include <random>

#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "support/support.h"

namespace chiron::compare {

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
    if (node->name_a == name || node->name_b == name || node->field == name) return node;
    for (const auto& child : node->children) open.push_back(&child);
  }
  return nullptr;
}

std::string shared_file(std::string_view name) {
  const auto folder = test::conformance_folder("diffoscope");
  if (!folder) return {};
  return io::read_file(*folder + "/data/" + std::string(name), 64 << 20).value_or("");
}

void put(std::string& image, std::size_t at, std::string_view bytes) { image.replace(at, bytes.size(), bytes); }
void put16(std::string& image, std::size_t at, unsigned value) {
  image[at] = static_cast<char>(value);
  image[at + 1] = static_cast<char>(value >> 8);
}

constexpr std::size_t kTable = 512, kRoot = 1536, kData = 2048, kClusters = 60;

void link_cluster(std::string& image, unsigned cluster, unsigned next) {
  const auto at = kTable + cluster + cluster / 2;
  const unsigned pair = static_cast<unsigned char>(image[at]) | static_cast<unsigned char>(image[at + 1]) << 8;
  put16(image, at, cluster % 2 == 0 ? (pair & 0xf000) | next : (pair & 0xf) | next << 4);
}

void add_entry(std::string& image, std::size_t at, std::string_view short_name, unsigned attributes, unsigned cluster,
               unsigned size) {
  put(image, at, short_name);
  image[at + 11] = static_cast<char>(attributes);
  put16(image, at + 24, (2020 - 1980) << 9 | 2 << 5 | 3);
  put16(image, at + 26, cluster);
  put16(image, at + 28, size);
}

// FAT12 with one table: a file in two stretches, one with a long name, a folder with a file.
std::string make_fat() {
  std::string image(kData + kClusters * 512, '\0');
  put(image, 0, "\xeb\x3c\x90maker   ");
  put16(image, 11, 512);
  image[13] = 1, image[14] = 1, image[16] = 1;
  put16(image, 17, 16);
  put16(image, 19, kData / 512 + kClusters);
  image[21] = '\xf8';
  put16(image, 22, 2);
  image[38] = 0x29;
  put(image, 39, "\1\2\3\4volume     FAT12   ");
  put(image, 510, "\x55\xaa");
  add_entry(image, kRoot, "SPLIT   TXT", 32, 2, 1000);
  link_cluster(image, 2, 7);
  link_cluster(image, 7, 0xfff);
  put(image, kData, std::string(511, 'a') + "\n");
  put(image, kData + 5 * 512, std::string(487, 'b') + "\n");
  // One piece of a long name: its number, five, six and two characters, the sum of the short name.
  const auto piece = kRoot + 32;
  unsigned sum = 0;
  for (const char c : std::string_view("LONGNA~1   ")) {
    sum = (((sum & 1) << 7 | sum >> 1) + static_cast<unsigned char>(c)) & 0xff;
  }
  image[piece] = 0x41, image[piece + 11] = 0x0f, image[piece + 13] = static_cast<char>(sum);
  const std::string_view name = "long name.x";
  for (std::size_t i = 0; i < 13; ++i) {
    const auto place = piece + (i < 5 ? 1 + 2 * i : i < 11 ? 14 + 2 * (i - 5) : 28 + 2 * (i - 11));
    put16(image, place, i < name.size() ? static_cast<unsigned char>(name[i]) : i == name.size() ? 0 : 0xffff);
  }
  add_entry(image, kRoot + 64, "LONGNA~1   ", 32, 3, 6);
  link_cluster(image, 3, 0xfff);
  put(image, kData + 512, "hello\n");
  add_entry(image, kRoot + 96, "FOLDER     ", 16, 4, 0);
  link_cluster(image, 4, 0xfff);
  add_entry(image, kData + 2 * 512, "INNER      ", 32, 5, 5);
  link_cluster(image, 5, 0xfff);
  put(image, kData + 3 * 512, "deep\n");
  return image;
}

}  // namespace

TEST_CASE("FAT: files by long and short names, in pieces and folders, with their fields") {
  const auto a = make_fat();
  auto b = a;
  b[kData + 5 * 512 + 100] = 'X';  // in the second stretch of the first file
  b[kData + 512] = 'J';            // of the long name's file
  b[kData + 3 * 512] = 'D';        // within the folder
  b[kRoot + 64 + 11] = 33;         // its attributes
  put16(b, kRoot + 24, 20 << 9 | 33);
  b[42] = 9;  // of the serial number
  const auto found = compared(a, b, "x.img");
  CHECK(found.root.format == "FAT image");
  const auto* split = find(found.root, "SPLIT.TXT");
  REQUIRE(split != nullptr);
  CHECK(find(*split, "content")->hunks.size() == 1);
  CHECK(find(*split, "content")->extents[0].a == Range{612, 1});
  CHECK(find(*split, "modified") != nullptr);
  const auto* named = find(found.root, "long name.x");
  REQUIRE(named != nullptr);
  CHECK(find(*named, "attributes")->new_value == "read-only, archive");
  CHECK(find(found.root, "FOLDER/INNER") != nullptr);
  CHECK(find(found.root, "serial number")->old_value == "04030201");
  CHECK_FALSE(compared(a, a, "x.img").differs);
}

TEST_CASE("FAT: chains that lead into themselves end; cut images are compared as far as they go") {
  auto looped = make_fat();
  link_cluster(looped, 7, 2);
  looped[kRoot + 30] = 1;  // the size: more than the chain has
  add_entry(looped, kData + 4 * 512, "SELF       ", 16, 4, 0);
  link_cluster(looped, 4, 6);
  link_cluster(looped, 6, 4);
  CHECK(compared(make_fat(), looped, "x.img").differs);
  const auto image = make_fat();
  for (std::size_t length = 100; length < image.size(); length += 97) {
    CHECK(compared(image, image.substr(0, length), "x.img").differs);
  }
}

TEST_CASE("ISO 9660, ext4, FAT, RPM: the shared pairs, member by member") {
  if (shared_file("test1.iso").empty()) return;
  const auto iso = compared(shared_file("test1.iso"), shared_file("test2.iso"), "x.iso");
  CHECK(iso.root.format == "ISO 9660 image");
  REQUIRE(find(iso.root, "text") != nullptr);
  CHECK(find(*find(iso.root, "text"), "content")->lines_added == 6);
  REQUIRE(find(iso.root, "link") != nullptr);
  CHECK(find(*find(iso.root, "link"), "content")->lines_added == 1);
  const auto ext = compared(shared_file("test1.ext4"), shared_file("test2.ext4"), "x.ext4");
  REQUIRE(find(ext.root, "date.txt") != nullptr);
  CHECK(find(*find(ext.root, "date.txt"), "uid")->new_value == "4321");
  CHECK(find(*find(ext.root, "date.txt"), "mode")->new_value == "0444 (r--r--r--)");
  const auto fat = compared(shared_file("test1.fat12"), shared_file("test2.fat12"), "x.img");
  REQUIRE(find(fat.root, "test1.txt") != nullptr);
  const auto rpm = compared(shared_file("test1.rpm"), shared_file("test2.rpm"), "x.rpm");
  CHECK(find(rpm.root, "SIGMD5")->new_value == "746686e44fc68a5836e8043f722e436a");
  CHECK_FALSE(find(rpm.root, "BUILDTIME")->semantic);
  CHECK(find(rpm.root, "./dir/text") != nullptr);
}

TEST_CASE("images cut off or changed at random end in a difference, within the memory allowed") {
  std::mt19937 random(31);
  Options options;
  options.limits.memory_bytes = 8 << 20;
  options.limits.decoded_bytes = 64 << 20;
  std::vector<std::string> images{make_fat()};
  for (const auto* name : {"test1.iso", "test1.ext4", "test1.rpm"}) {
    if (auto image = shared_file(name); !image.empty()) images.push_back(std::move(image));
  }
  for (const auto& image : images) {
    for (int round = 0; round < 60; ++round) {
      auto other = image;
      // Where the structures are: most of these images is empty.
      const auto reach = std::min<std::size_t>(image.size(), round % 2 == 0 ? 60'000 : image.size());
      for (int change = 0; change < 1 + round % 8; ++change) {
        auto& byte = other[random() % reach];
        byte = static_cast<char>(byte + 1 + static_cast<int>(random() % 255));
      }
      if (round % 5 == 0) other.resize(random() % image.size());
      const auto result = compared(image, other, "x.img", options);
      CHECK(result.differs == (image != other));
      CHECK(result.memory_peak <= options.limits.memory_bytes);
    }
  }
}

}  // namespace chiron::compare
