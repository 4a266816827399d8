// Random changes of random nested archives: each is told at the member, the field and the byte where it was made,
// nothing else is told with it, and a copy is never told at all.
#include <doctest/doctest.h>

#include <random>

#include "engines/compare/build.h"
#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"

namespace chiron::compare {

using test::Item;

namespace {

constexpr int kRounds = 1200;

enum class Change { flip, line, time, mode, rename, remove, add, move, count };

class Maker {
 public:
  explicit Maker(std::mt19937& random) : random_(random) {}

  std::vector<Item> files() {
    std::vector<Item> items;
    const auto count = 2 + random_() % 5;
    for (std::size_t i = 0; i < count; ++i) items.push_back(file(format("d{}/file-{}", i % 2, i)));
    return items;
  }

  Item file(std::string name) {
    const bool text = random_() % 2 == 0;
    std::string content(200 + random_() % 3000, '\0');
    for (auto& c : content)
      c = text ? (random_() % 30 == 0 ? '\n' : static_cast<char>('a' + random_() % 26)) : static_cast<char>(random_());
    if (!text) content[3] = '\0';
    return {std::move(name), std::move(content), 0600 + static_cast<std::uint32_t>(random_() % 2) * 044,
            1'500'000'000 + static_cast<std::uint32_t>(random_() % 1000) * 2};
  }

  // The way of nesting, chosen once: what wraps the files, what wraps that, and so on.
  void choose() {
    inner_ = random_() % 4;
    layers_.clear();
    for (auto depth = random_() % 3; depth-- > 0;) layers_.push_back(random_() % 5);
    if (layers_.empty()) layers_.push_back(random_() % 5);
  }
  [[nodiscard]] bool is_ar() const { return inner_ == 3; }

  [[nodiscard]] std::string build(const std::vector<Item>& items) const {
    auto bytes = pack(items, inner_);
    std::string name = "inner";
    for (const auto layer : layers_) {
      bytes = layer == 4 ? test::make_gzip(bytes) : pack({{"first", "x"}, {name, bytes}, {"last", "y"}}, layer);
      name += "-in";
    }
    return bytes;
  }
  [[nodiscard]] std::string shape() const {
    static constexpr std::string_view kNames[] = {"tar", "zip", "cpio", "ar", "gzip"};
    std::string text(kNames[inner_]);
    for (const auto layer : layers_) text += format(" in {}", kNames[layer]);
    return text;
  }

 private:
  static std::string pack(const std::vector<Item>& items, unsigned kind) {
    return kind == 0   ? test::make_tar(items)
           : kind == 1 ? test::make_zip(items, 6)
           : kind == 2 ? test::make_cpio(items)
                       : test::make_ar(items);
  }
  std::mt19937& random_;
  unsigned inner_ = 0;
  std::vector<unsigned> layers_;
};

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

// What stands at the end of the tree: the findings themselves.
std::vector<const Difference*> leaves(const Difference& root) {
  std::vector<const Difference*> open{&root}, found;
  while (!open.empty()) {
    const auto* node = open.back();
    open.pop_back();
    const bool own = node->kind != Kind::group && (node->kind != Kind::content || node->children.empty());
    if (own) found.push_back(node);
    for (const auto& child : node->children) open.push_back(&child);
  }
  return found;
}

Comparison compared(std::string_view a, std::string_view b) {
  auto result = compare_bytes(a, b, "x", "x", {});
  if (!result) FAIL(to_string(result.error()));
  return *std::move(result);
}

struct Made {
  std::vector<Item> items;
  Change change;
  std::size_t at = 0;
  std::uint64_t offset = 0;
};

Made mutate(std::vector<Item> items, Maker& maker, std::mt19937& random) {
  Made made{std::move(items), static_cast<Change>(random() % static_cast<unsigned>(Change::count))};
  made.at = random() % made.items.size();
  if (maker.is_ar() && made.change == Change::rename) made.change = Change::flip;  // 16 bytes of name, no room
  auto& target = made.items[made.at];
  switch (made.change) {
    case Change::flip:
      made.offset = random() % target.content.size();
      target.content[made.offset] = static_cast<char>(target.content[made.offset] ^ 1);
      break;
    case Change::line:
      made.offset = random() % target.content.size();
      target.content.insert(made.offset, "an inserted line\n");
      break;
    case Change::time:
      target.mtime += 2;
      break;
    case Change::mode:
      target.mode ^= 0100;
      break;
    case Change::rename:
      target.name += "-new";
      break;
    case Change::remove:
      made.items.erase(made.items.begin() + static_cast<std::ptrdiff_t>(made.at));
      break;
    case Change::add:
      made.items.push_back(maker.file("d0/added"));
      break;
    case Change::move:
      made.at = made.items.size() - 1;
      std::swap(made.items.front(), made.items.back());
      break;
    case Change::count:
      break;
  }
  return made;
}

// The finding that a change must be, and that it is the only one.
void check_told(const std::vector<Item>& before, const Made& made, const Comparison& comparison) {
  const auto told = leaves(comparison.root);
  const auto only = [&](const Difference* node) {
    REQUIRE(told.size() == 1);
    CHECK(told[0] == node);
  };
  const auto& name = made.change == Change::add ? made.items.back().name : before[made.at].name;
  const auto* node = find(comparison.root, name);
  if (made.change != Change::move) REQUIRE(node != nullptr);
  switch (made.change) {
    case Change::flip:
      only(node);
      REQUIRE(node->extent_count == 1);
      CHECK(node->extents[0].a == Range{made.offset, 1});
      CHECK(node->extents[0].b == Range{made.offset, 1});
      break;
    case Change::line: {
      only(node);
      std::uint64_t grown = 0;
      for (const auto& extent : node->extents) grown += extent.b.length - extent.a.length;
      CHECK(grown == 17);
      // The same bytes may be inserted a little before or behind where the neighbours are alike.
      CHECK(node->extents[0].a.offset >= made.offset - std::min<std::uint64_t>(made.offset, 17));
      CHECK(node->extents[0].a.offset <= made.offset + 17);
      break;
    }
    case Change::time:
    case Change::mode: {
      const std::string_view field = made.change == Change::time ? "mtime" : "mode";
      REQUIRE(node->children.size() == 1);
      only(&node->children[0]);
      CHECK(told[0]->kind == Kind::metadata);
      CHECK(told[0]->field == field);
      CHECK(told[0]->place_a.length > 0);
      break;
    }
    case Change::rename:
      only(node);
      CHECK(node->kind == Kind::renamed);
      CHECK(node->name_b == name + "-new");
      break;
    case Change::remove:
      CHECK(node->kind == Kind::only_in_a);
      break;
    case Change::add:
      CHECK(node->kind == Kind::only_in_b);
      break;
    case Change::move:
      node = find(comparison.root, "member order");
      REQUIRE(node != nullptr);
      only(node);
      CHECK(node->kind == Kind::order);
      break;
    case Change::count:
      break;
  }
  for (const auto& item : before) {
    if (item.name != name && made.change != Change::move) CHECK(find(comparison.root, item.name) == nullptr);
  }
}

// Whether some node one level down claims a place that holds the byte, or the root shows it itself.
bool placed_at(const Difference& root, std::uint64_t at) {
  if (!root.windows.empty() || !root.hunks.empty()) return true;
  std::vector<const Difference*> near;
  for (const auto& child : root.children) {
    near.push_back(&child);
    for (const auto& inner : child.children) near.push_back(&inner);
  }
  return std::any_of(near.begin(), near.end(), [&](const Difference* each) {
    if (each->kind == Kind::renamed || each->kind == Kind::only_in_a || each->kind == Kind::error) return true;
    return each->has_place && ((at >= each->place_a.offset && at < each->place_a.end()) ||
                               (at >= each->place_b.offset && at < each->place_b.end()));
  });
}

}  // namespace

TEST_CASE("random mutations of nested archives are told at the member, field and byte; copies never") {
  std::mt19937 random(2026);
  Maker maker(random);
  for (int round = 0; round < kRounds; ++round) {
    maker.choose();
    const auto items = maker.files();
    const auto a = maker.build(items);
    const auto copy = compared(a, std::string(a));
    REQUIRE_FALSE(copy.differs);
    REQUIRE(copy.root.empty());

    const auto made = mutate(items, maker, random);
    const auto comparison = compared(a, maker.build(made.items));
    const auto told = format("round {}: change {} of member {} at {}, {}\n{}", round, static_cast<int>(made.change),
                             made.at, made.offset, maker.shape(), print_text(comparison, {}));
    CAPTURE(told);
    REQUIRE(comparison.differs);
    check_told(items, made, comparison);
  }
}

TEST_CASE("one flipped byte anywhere in a finished archive is told at that byte") {
  std::mt19937 random(7);
  Maker maker(random);
  for (int round = 0; round < kRounds; ++round) {
    maker.choose();
    const auto a = maker.build(maker.files());
    auto b = a;
    const auto at = random() % b.size();
    b[at] = static_cast<char>(b[at] ^ (1u << (random() % 8)));
    const auto flipped = compared(a, b);
    REQUIRE(flipped.differs);
    REQUIRE(flipped.root.extent_count == 1);
    CHECK(flipped.root.extents[0].a == Range{at, 1});
    const auto told = format("flip at {} of {}, {}\n{}", at, b.size(), maker.shape(), print_text(flipped, {}));
    CHECK_MESSAGE(placed_at(flipped.root, at), told);
  }
}

}  // namespace chiron::compare
