// Filter expressions: which tests are meant.
//
//   expression := term { ("or" | "|") term };  term := factor { ["and" | "&"] factor };
//   factor := ("not" | "!") factor | "(" expression ")" | predicate
//   predicate := KIND "(" pattern ")" | "failed-last" | "slower-than(" duration ")" | "all" | "none" | pattern
//   KIND := name | suite | binary | framework | file | id | label
//
// Inside KIND(…), \( \) and \\ stand for the sign itself (not in a regular expression, which has its own escapes).
// A pattern is a substring; with = before it, equality; with ~ before it, a glob (* and ?); with / on both sides, a
// regular expression. A pattern alone is taken for id(…), the form PROGRAM::NAME.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "engines/testing/model.h"

namespace chiron::testing {

struct FilterContext {
  const std::vector<Program>* programs = nullptr;
  // What earlier runs recorded, by test id; may be empty.
  std::function<bool(const std::string& id)> failed_last;
  std::function<std::optional<Nanoseconds>(const std::string& id)> duration;
};

class Filter {
 public:
  // Errors: "testing.filter" with the column.
  [[nodiscard]] static Result<Filter> parse(std::string_view text);
  [[nodiscard]] bool matches(const TestCase& test, const FilterContext& context) const;

  Filter();
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  Filter(const Filter& other);
  Filter& operator=(const Filter& other);
  ~Filter();

  struct Node;

 private:
  std::shared_ptr<const Node> root_;  // shared by copies of the filter; never changed after parsing
};

// `name` as a pattern spells it: parentheses and backslashes with a backslash before them.
[[nodiscard]] std::string escape_pattern(std::string_view name);

// "150ms", "2s", "1.5m", "1h"; a bare number counts seconds.
[[nodiscard]] std::optional<Nanoseconds> parse_duration(std::string_view text);
[[nodiscard]] std::string show_duration(Nanoseconds duration);

}  // namespace chiron::testing
