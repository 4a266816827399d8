// Containers and nesting: a change is found at the member, field and offset where it was made, and hostile input is a
// clear finding within bounds.
#include <doctest/doctest.h>

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

TEST_CASE("random mutations of nested archives are reported where they are made, copies never") {
  std::mt19937 random(2026);
  for (int round = 0; round < 400; ++round) {
    std::vector<Item> items;
    const auto files = 1 + random() % 5;
    for (std::size_t i = 0; i < files; ++i) {
      std::string content(random() % 3000, '\0');
      const bool text = random() % 2 == 0;
      for (auto& c : content)
        c = text ? (random() % 30 == 0 ? '\n' : static_cast<char>('a' + random() % 26)) : static_cast<char>(random());
      items.push_back({format("d{}/f{}", i % 2, i), content, 0600 + static_cast<std::uint32_t>(random() % 2) * 044,
                       1'500'000'000 + static_cast<std::uint32_t>(random() % 1000)});
    }
    const auto outer_kind = random() % 4;
    const auto build = [&](const std::vector<Item>& of) {
      const std::string inner =
          round % 2 == 0 ? test::make_tar(of) : test::make_zip(of, static_cast<int>(round % 3) * 4);
      const std::vector<Item> outer{{"first", "x"}, {round % 2 == 0 ? "in.tar" : "in.zip", inner}, {"last", "y"}};
      switch (outer_kind) {
        case 0:
          return test::make_tar(outer);
        case 1:
          return test::make_zip(outer, 6);
        case 2:
          return test::make_cpio(outer);
        default:
          return test::make_ar(outer);
      }
    };
    const auto a = build(items);
    REQUIRE_FALSE(compared(a, std::string(a), "x").differs);
    REQUIRE(compared(a, std::string(a), "x").root.empty());

    // A change of one member's content or properties is told at that member.
    auto changed = items;
    auto& target = changed[random() % changed.size()];
    const auto what = random() % 3;
    if (what == 0 && !target.content.empty())
      target.content[random() % target.content.size()] ^= 1;
    else if (what == 1)
      target.mtime += 2;
    else
      target.mode ^= 0100;
    const auto b = build(changed);
    const auto comparison = compared(a, b, "x");
    REQUIRE(comparison.differs);
    const auto* node = find(comparison.root, target.name);
    const auto report = print_text(comparison, {});
    REQUIRE_MESSAGE(node != nullptr, report);
    for (const auto& item : items) {
      if (item.name != target.name) CHECK(find(comparison.root, item.name) == nullptr);
    }

    // One flipped byte anywhere in the finished artifact: the extent is that byte and something is reported.
    auto c = a;
    const auto at = random() % c.size();
    c[at] = static_cast<char>(c[at] ^ (1u << (random() % 8)));
    const auto flipped = compared(a, c, "x");
    REQUIRE(flipped.differs);
    REQUIRE(flipped.root.extent_count == 1);
    CHECK(flipped.root.extents[0].a == Range{at, 1});
    // Some node below claims a place that holds the byte, or the root itself shows it.
    bool placed = !flipped.root.windows.empty() || !flipped.root.hunks.empty();
    for (const auto& child : flipped.root.children) {
      std::vector<const Difference*> open{&child};
      while (!open.empty()) {
        const auto* each = open.back();
        open.pop_back();
        if (each->has_place) {
          placed = placed || (at >= each->place_a.offset && at < each->place_a.end()) ||
                   (at >= each->place_b.offset && at < each->place_b.end());
        }
        placed = placed || each->kind == Kind::renamed || each->kind == Kind::only_in_a || each->kind == Kind::error;
        if (each == &child) {
          for (const auto& inner : each->children) open.push_back(&inner);
        }
      }
    }
    const auto told = format("flip at {} of {}\n", at, c.size()) + print_text(flipped, {});
    CHECK_MESSAGE(placed, told);
  }
}

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
  CHECK(print_text(comparison, bounded).find("report cut at 300 bytes") != std::string::npos);
  CHECK(print_markdown(comparison, {}).find("```diff") != std::string::npos);
  CHECK(print_terminal(comparison, {}).find("doc/readme") != std::string::npos);
}

}  // namespace chiron::compare
