// Containers and nesting: a change is found at the member, field and offset where it was made, and hostile input is a
// clear finding within bounds.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "engines/compare/build.h"
#include "engines/compare/codec/codec.h"
#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::compare {

using test::Item;

namespace {

Comparison compared(std::string_view a, std::string_view b, std::string_view name, const Options& options = {}) {
  auto result = compare_bytes(a, b, name, name, options);
  if (!result) FAIL(to_string(result.error()));
  return *std::move(result);
}

// The first node of that name, anywhere.
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

std::vector<Item> sample() {
  std::vector<Item> items;
  Item tool{"bin/tool", std::string(304, '\x05')};
  tool.content[0] = '\x7f', tool.content[1] = '\0';
  items.push_back(std::move(tool));
  items.push_back({"doc/readme", "one\ntwo\nthree\n"});
  items.push_back({"etc/settings", "key = value\n"});
  return items;
}

}  // namespace

TEST_CASE("a header field of every archive format is told with its place") {
  auto later = sample();
  later[1].mtime += 60;
  struct Case {
    std::string a, b;
    std::string_view name;
  };
  for (const auto& each : {Case{test::make_tar(sample()), test::make_tar(later), "x.tar"},
                           Case{test::make_zip(sample(), 6), test::make_zip(later, 6), "x.zip"},
                           Case{test::make_cpio(sample()), test::make_cpio(later), "x.cpio"},
                           Case{test::make_ar(sample()), test::make_ar(later), "x.a"}}) {
    CAPTURE(each.name);
    const auto comparison = compared(each.a, each.b, each.name);
    CHECK(comparison.differs);
    const auto* field = find(comparison.root, "mtime");
    REQUIRE(field != nullptr);
    CHECK(field->kind == Kind::metadata);
    REQUIRE(field->place_a.length > 0);
    const auto at = field->place_a;
    CHECK(each.a.substr(at.offset, at.length) != each.b.substr(at.offset, at.length));
    CHECK(find(comparison.root, "doc/readme") != nullptr);
    CHECK(count(comparison.root).nodes == 1);

    Options semantic;
    semantic.semantic = true;
    const auto quiet = compared(each.a, each.b, each.name, semantic);
    CHECK_FALSE(quiet.differs);
    CHECK(count(quiet.root).ignored == 1);
  }
}

TEST_CASE("content is compared through every layer") {
  auto changed = sample();
  changed[1].content = "one\n2\nthree\n";
  const auto wrap = [](const std::vector<Item>& items) {
    return test::make_gzip(test::make_tar({{"inner.zip", test::make_zip({{"lib.a", test::make_ar(items)}}, 9)}}));
  };
  const auto comparison = compared(wrap(sample()), wrap(changed), "outer.tar.gz");
  const auto* text = find(comparison.root, "doc/readme");
  REQUIRE(text != nullptr);
  REQUIRE(text->hunks.size() == 1);
  CHECK(text->lines_added == 1);
  const auto printed = print_text(comparison, {});
  for (const auto* piece : {"outer.tar", "inner.zip", "lib.a", "doc/readme", "-two", "+2"}) {
    CAPTURE(piece);
    CHECK(printed.find(piece) != std::string::npos);
  }
}

TEST_CASE("LZMA members of zip and the older framing of lz4 are decoded; streams are paired across formats") {
  // As another program made them: "one", then "a" or "b".
  const auto a = test::from_hex(
      "504b03043f0002000e0073217c5d1fe43ef319000000060000000100000063090405005d0000800000379b88ccf604bf0657"
      "1ffffe6e5800504b01023f033f0002000e0073217c5d1fe43ef31900000006000000010000000000000000000000a4810000"
      "000063504b050600000000010001002f000000380000000000");
  const auto b = test::from_hex(
      "504b03043f0002000e0073217c5ddcb713d819000000060000000100000063090405005d0000800000379b88ccf60e9cce57"
      "1ffffe6e5800504b01023f033f0002000e0073217c5ddcb713d81900000006000000010000000000000000000000a4810000"
      "000063504b050600000000010001002f000000380000000000");
  const auto printed = print_text(compared(a, b, "x.zip"), {});
  CHECK(printed.find("-a") != std::string::npos);
  CHECK(printed.find("+b") != std::string::npos);

  const auto legacy = [](std::string_view text) {
    const auto block = static_cast<char>(text.size() << 4) + std::string(text);
    return std::string("\x02\x21\x4c\x18", 4) + static_cast<char>(block.size()) + std::string(3, '\0') + block;
  };
  const auto old_frames = compared(legacy("one\na\n"), legacy("one\nb\n"), "x.lz4");
  CHECK(old_frames.root.format == "lz4 stream");
  CHECK(print_text(old_frames, {}).find("+b") != std::string::npos);

  const auto first = test::make_tar({{"data.gz", test::make_gzip("one\na\n")}, {"rest", "x"}});
  const auto second = test::make_tar({{"data.lz4", legacy("one\nb\n")}, {"rest", "x"}});
  const auto paired = compared(first, second, "x.tar");
  REQUIRE(find(paired.root, "data.lz4") != nullptr);
  CHECK(find(paired.root, "data.lz4")->kind == Kind::renamed);
  CHECK(print_text(paired, {}).find("+b") != std::string::npos);
}

TEST_CASE("OpenSSH public keys: kind, size, fingerprint, comment") {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ";
  const auto comparison = compared(key + "me@here\n", key + "me@there\n", "id.pub");
  CHECK(comparison.root.format == "OpenSSH public keys");
  REQUIRE(find(comparison.root, "comment") != nullptr);
  CHECK(find(comparison.root, "comment")->new_value == "me@there");
  CHECK(find(comparison.root, "fingerprint") == nullptr);
}

TEST_CASE("order, renames, lonely members, another way of packing") {
  auto other = sample();
  std::swap(other[0], other[2]);
  const auto order = compared(test::make_tar(sample()), test::make_tar(other), "x.tar");
  REQUIRE(find(order.root, "member order") != nullptr);
  CHECK(find(order.root, "member order")->kind == Kind::order);

  auto renamed = sample();
  renamed[1].name = "doc/guide";
  renamed[2].content += "more = 1\n";
  renamed.push_back({"extra", "new file\n"});
  const auto rename = compared(test::make_tar(sample()), test::make_tar(renamed), "x.tar");
  const auto* node = find(rename.root, "doc/guide");
  REQUIRE(node != nullptr);
  CHECK(node->kind == Kind::renamed);
  CHECK(node->name_a == "doc/readme");
  REQUIRE(find(rename.root, "extra") != nullptr);
  CHECK(find(rename.root, "extra")->kind == Kind::only_in_b);

  const auto packing = compared(test::make_zip(sample(), 9), test::make_zip(sample(), 1), "x.zip");
  CHECK(packing.differs);
  CHECK(count(packing.root).content == 0);
}

TEST_CASE("options: exclude, mask, exclude-metadata") {
  auto changed = sample();
  changed[1].content = "one\nbuilt 2026-11-22\nthree\n";
  changed[2].mode = 0755;
  auto before = sample();
  before[1].content = "one\nbuilt 2025-01-01\nthree\n";
  const auto a = test::make_tar(before), b = test::make_tar(changed);
  Options mask;
  mask.masks = {"built [0-9-]+"};
  mask.exclude = {"etc/*"};
  const auto masked = compared(a, b, "x.tar", mask);
  CHECK_FALSE(masked.differs);
  CHECK(masked.excluded_count == 2);
  CHECK(find(masked.root, "doc/readme")->ignored);
  Options plain;
  plain.exclude_metadata = true;
  const auto beside = compared(a, b, "x.tar", plain);
  CHECK(beside.differs);
  CHECK(count(beside.root).ignored >= 1);
  Options bad;
  bad.masks = {"("};
  CHECK_FALSE(compare_bytes(a, b, "a", "b", bad).has_value());
}

TEST_CASE("large files: read through buffers they give what their bytes in memory give") {
  const auto made = io::TemporaryFolder::create("compare");
  REQUIRE(made.has_value());
  const auto path_a = made->path() + "/a.bin", path_b = made->path() + "/b.bin";
  std::mt19937 random(29);
  std::string a(9'500'123, '\0');
  for (std::size_t i = 0; i < a.size(); i += 8) a[i] = static_cast<char>(random());
  REQUIRE(io::write_file_atomic(path_a, a).has_value());
  REQUIRE(io::write_file_atomic(path_b, a).has_value());
  const auto equal = compare_paths(path_a, path_b, {});
  REQUIRE(equal.has_value());
  CHECK_FALSE(equal->differs);
  // Each side of the bounds of what is read at once, the ends, and a stretch over several.
  auto b = a;
  for (const std::size_t at : {std::size_t{0}, std::size_t{65535}, std::size_t{262144}, std::size_t{4194303},
                               std::size_t{4194304}, a.size() - 1})
    b[at] ^= 1;
  for (std::size_t at = 5'000'000; at < 5'300'000; ++at) b[at] ^= 3;
  REQUIRE(io::write_file_atomic(path_b, b).has_value());
  const auto read = compare_paths(path_a, path_b, {});
  REQUIRE(read.has_value());
  const auto in_memory = compared(a, b, "a.bin");
  CHECK(std::ranges::equal(read->root.extents, in_memory.root.extents,
                           [](const Extent& x, const Extent& y) { return x.a == y.a && x.b == y.b; }));
  CHECK(read->root.extents.size() == 6);
  CHECK(read->root.differing_bytes == 300'006);
  // Members of an archive that lies in a file.
  std::vector<Item> items{{"same", a}, {"changed", "one"}, {"last", a.substr(0, 3'000'000)}};
  auto others = items;
  others[1].content = "two";
  others[2].content[2'999'999] ^= 1;
  REQUIRE(io::write_file_atomic(path_a, test::make_tar(items)).has_value());
  REQUIRE(io::write_file_atomic(path_b, test::make_tar(others)).has_value());
  const auto archives = compare_paths(path_a, path_b, {});
  REQUIRE(archives.has_value());
  CHECK(find(archives->root, "same") == nullptr);
  CHECK(find(archives->root, "changed") != nullptr);
  REQUIRE(find(archives->root, "last") != nullptr);
  CHECK(find(archives->root, "last")->extents[0].a == Range{2'999'999, 1});
}

TEST_CASE("folders: files, modes, links, loops, devices are never followed") {
  const auto made = io::TemporaryFolder::create("compare");
  REQUIRE(made.has_value());
  const auto root = made->path();
  for (const auto* side : {"/a", "/b"}) {
    REQUIRE(io::make_folders(root + side + "/sub").has_value());
    REQUIRE(io::write_file_atomic(root + side + "/sub/same", "equal\n").has_value());
    std::filesystem::create_symlink("..", root + side + "/sub/loop");
  }
  REQUIRE(io::write_file_atomic(root + "/a/text", "1\n2\n").has_value());
  REQUIRE(io::write_file_atomic(root + "/b/text", "1\n3\n").has_value());
  std::filesystem::create_symlink("here", root + "/a/link");
  std::filesystem::create_symlink("there", root + "/b/link");
  std::filesystem::permissions(root + "/b/sub/same", std::filesystem::perms::owner_exec,
                               std::filesystem::perm_options::add);
  const auto comparison = compare_paths(root + "/a", root + "/b", {});
  REQUIRE(comparison.has_value());
  CHECK(comparison->differs);
  REQUIRE(find(comparison->root, "text") != nullptr);
  CHECK(find(comparison->root, "text")->hunks.size() == 1);
  REQUIRE(find(comparison->root, "link") != nullptr);
  REQUIRE(find(comparison->root, "sub/same") != nullptr);
  CHECK(find(comparison->root, "sub/same")->children[0].field == "mode");
  CHECK(find(comparison->root, "sub/loop") == nullptr);
}

TEST_CASE("a packed side is compared with one that is not by what is in it") {
  auto changed = sample();
  changed[1].content = "another line\n";
  const auto plain = test::make_tar(sample()), packed = test::make_gzip(test::make_tar(changed));
  auto result = compare_bytes(plain, packed, "x.tar", "x.tar.gz", {});
  REQUIRE(result.has_value());
  REQUIRE(find(result->root, "format") != nullptr);
  CHECK(find(result->root, "format")->new_value == "gzip stream");
  REQUIRE(find(result->root, changed[1].name) != nullptr);
  CHECK(find(result->root, changed[0].name) == nullptr);

  Options semantic;
  semantic.semantic = true;
  result = compare_bytes(test::make_gzip("the text\n"), "the text\n", "x.txt.gz", "x.txt", semantic);
  REQUIRE(result.has_value());
  CHECK(!result->differs);
  // Of one name, bytes that are no stream are a damaged one.
  result = compare_bytes(test::make_gzip("the text\n"), "the text\n", "x.gz", "x.gz", semantic);
  REQUIRE(result.has_value());
  CHECK(result->differs);
  CHECK(result->root.format == "bytes");
}

TEST_CASE("reports: every form is made of any tree, bounded and valid") {
  auto changed = sample();
  changed[1].content = "one\n</script><b>`|`\n\xff\xfe\n";
  changed[0].content[20] = 'x';
  const auto comparison = compared(test::make_zip(sample(), 6), test::make_zip(changed, 6), "x.zip");
  const auto own = doc::parse_json(print_json(comparison, {}));
  REQUIRE(own.has_value());
  CHECK(own->boolean_or("differs", false));
  const auto other = doc::parse_json(print_diffoscope_json(comparison, {}));
  REQUIRE(other.has_value());
  CHECK(other->integer_or("diffoscope-json-version", 0) == 1);
  const auto page = print_html(comparison, {});
  CHECK(page.find("</script><b>") == std::string::npos);
  CHECK(page.find("http") == std::string::npos);
  ReportOptions bounded;
  bounded.max_bytes = 300;
  CHECK(print_html(comparison, bounded).find("\"left_off\":") != std::string::npos);
  CHECK(print_text(comparison, bounded).find("report cut at 300 bytes") != std::string::npos);
  CHECK(print_markdown(comparison, {}).find("```diff") != std::string::npos);
  CHECK(print_terminal(comparison, {}).find("doc/readme") != std::string::npos);
}

TEST_CASE("terminal: of a line longer than the window the part that changed is shown") {
  const std::string long_start(300, 'x');
  auto changed = sample();
  changed[1].content = long_start + " word one\n";
  auto other = changed;
  other[1].content = long_start + " word two\n";
  const auto comparison = compared(test::make_zip(changed, 6), test::make_zip(other, 6), "x.zip");
  ReportOptions options;
  options.width = 80;
  options.colour = true;
  const auto shown = print_terminal(comparison, options);
  CHECK(shown.find("-…x") != std::string::npos);
  CHECK(shown.find("word \x1b[7mtwo\x1b[27m") != std::string::npos);
  options.full = true;
  CHECK(print_terminal(comparison, options).find(long_start) != std::string::npos);
}

}  // namespace chiron::compare
