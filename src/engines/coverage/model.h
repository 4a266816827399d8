// What a coverage report says, whatever its format: files, their lines with counts, and per line the arms of its
// branches and the conditions of its decisions where the format has them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::coverage {

enum class Format : std::uint8_t {
  cobertura,
  jacoco,
  clover,
  lcov,
  gcov_json,
  gcov_data,
  llvm_json,
  coveragepy_json,
  coveragepy_sqlite,
};
[[nodiscard]] std::string_view to_string(Format format);

struct Line {
  std::uint32_t number = 0;
  std::uint64_t hits = 0;
  bool operator==(const Line&) const = default;
};

// One way out of a branch.
struct Arm {
  std::string label;  // "true", "to line 12", "case 3"; "" where the format has none
  std::uint64_t hits = 0;
  bool operator==(const Arm&) const = default;
};

// A place where the program chooses. Some formats only say how many of the ways were taken: then `arms` is empty
// and the two counts are all that is known.
struct Branch {
  std::uint32_t line = 0;
  std::uint32_t column = 0;  // 0 where not known
  std::uint32_t id = 0;      // tells it from other branches of the same line, within one format
  std::vector<Arm> arms;
  std::uint32_t total = 0;
  std::uint32_t taken = 0;
  std::string missing;  // the untaken ways in the format's words, where it names them without counting the others
  [[nodiscard]] bool partial() const { return taken < total; }
  bool operator==(const Branch&) const = default;
};

// One operand of && and || in a decision.
struct Condition {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;  // as spelt, where the format has it
  bool seen_true = false;
  bool seen_false = false;
  bool independent = false;  // shown to decide the outcome alone (MC/DC); only meaningful where the decision has it
  bool operator==(const Condition&) const = default;
};

struct Decision {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool has_mcdc = false;
  std::vector<Condition> conditions;
  bool operator==(const Decision&) const = default;
};

struct Function {
  std::string name;
  std::uint32_t line = 0;
  std::uint64_t hits = 0;
  std::uint32_t end_line = 0;  // 0 where the format does not say
  bool operator==(const Function&) const = default;
};

// `lines` are in the report's order and may repeat a number (a line of two classes, of several instances of a
// template) until normalize() has merged them.
struct SourceFile {
  std::string path;  // as the report spells it
  std::vector<Line> lines;
  std::vector<Branch> branches;
  std::vector<Decision> decisions;
  std::vector<Function> functions;
  bool operator==(const SourceFile&) const = default;
};

struct Report {
  std::string name;  // the file it was read from
  Format format = Format::cobertura;
  std::vector<std::string> source_roots;  // folders that the report's paths may be relative to
  std::int64_t made_at_s = 0;             // by the report's own account, 0 where it has none
  std::vector<SourceFile> files;
  std::vector<std::string> notes;  // what was odd, for the user
  void note(std::string text);
};

// What several records of one line within one report mean.
enum class Instances : std::uint8_t {
  add,        // instances of a template or a macro: run by any of them is run
  all_needed  // diff-cover's reading: a line with any unrun record is not covered
};

// Sorts by line and merges records of the same line, branch (by line, column, id) and function.
void normalize(SourceFile& file, Instances instances);

// Adds another report's counts to those of a normalized file (both normalized).
void merge_into(SourceFile& target, const SourceFile& other);

// Counts of one normalized file.
struct Totals {
  std::uint64_t lines = 0, covered_lines = 0;
  std::uint64_t arms = 0, taken_arms = 0;
  std::uint64_t conditions = 0, covered_conditions = 0;
  std::uint64_t functions = 0, covered_functions = 0;
  Totals& operator+=(const Totals& other);
};
[[nodiscard]] Totals totals(const SourceFile& file);
// 100 for nothing to cover.
[[nodiscard]] double percent(std::uint64_t covered, std::uint64_t total);

// The hits of a line of a normalized file, or nullptr.
[[nodiscard]] const Line* find_line(const SourceFile& file, std::uint32_t number);

// a + b, staying at the largest count instead of wrapping.
[[nodiscard]] inline std::uint64_t add_counts(std::uint64_t a, std::uint64_t b) {
  return a + b < a ? ~std::uint64_t{0} : a + b;
}

}  // namespace chiron::coverage
