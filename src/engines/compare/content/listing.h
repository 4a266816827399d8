// The common form that a format's reader produces: a tree of named facts, each with the bytes it was read from.
// Two such trees are compared by one routine, so that a format needs a reader and nothing else.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/budget.h"
#include "engines/compare/difference.h"

namespace chiron::compare {

// How the children of an item are matched with those of the other side.
enum class Matching : std::uint8_t {
  by_name,          // in any order; another order is told as one difference that changes no meaning
  by_name_ordered,  // by name; another order changes the meaning
  as_lines          // aligned like the lines of a text; children of children are not looked at
};

struct Item {
  std::string name;           // identity among siblings; equal names are matched first with first, second with second
  std::string value;          // as shown; a value of several lines is compared as a text
  Range place;                // in the bytes of the artifact, not of the parent item; length 0 means not known
  Kind kind = Kind::content;  // content, metadata or header: what a differing value is
  Matching matching = Matching::by_name;
  const char* noise = nullptr;  // where set: a difference here (or below) changes no meaning, and why
  std::vector<Item> children;
  // With as_lines: the source line of each child, told where lines differ ("app.py:12").
  std::string source;
  std::vector<std::uint32_t> source_lines;

  Item() = default;
  Item(std::string_view item_name, std::string_view item_value, Range item_place = {}, Kind item_kind = Kind::content)
      : name(item_name), value(item_value), place(item_place), kind(item_kind) {}

  // Appends a child; the reference lives until the next one is added.
  Item& add(std::string_view item_name, std::string_view item_value = {}, Range item_place = {},
            Kind item_kind = Kind::content);
  Item& header(std::string_view item_name, std::string_view item_value, Range item_place = {}) {
    return add(item_name, item_value, item_place, Kind::header);
  }
  Item& mark_noise(const char* why) {
    noise = why;
    return *this;
  }
};

// Compares the children (and values) of two items and adds what differs to `out`, whose byte space is the whole
// artifact.
void compare_items(const Item& a, const Item& b, const Budget& budget, Difference& out);

// The item and everything below it as indented text, for what one side lacks.
[[nodiscard]] std::string render(const Item& item);

// Bytes as printable text: control characters and ill-formed UTF-8 as \xNN, cut at `limit` with the length told.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t limit = 4096);
[[nodiscard]] std::string in_quotes(std::string_view bytes, std::size_t limit = 4096);
[[nodiscard]] std::string hex(std::uint64_t value);  // 0x1f
[[nodiscard]] std::string hex_bytes(std::string_view bytes, std::size_t limit = 64);
[[nodiscard]] std::string utc_time(std::int64_t seconds);  // 2024-08-13 14:31:31 UTC

// Two sets of strings (a strings table, symbol versions): what only one side has, in order of their places, as one
// text of lines. `ordered_difference` says that both hold the same strings in another order.
struct StringSets {
  std::vector<std::pair<std::string_view, std::uint64_t>> only_a, only_b;  // with offsets
  bool same_strings = false;
};
[[nodiscard]] StringSets compare_string_tables(std::string_view a, std::string_view b);

}  // namespace chiron::compare
