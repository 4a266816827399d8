// Which code each test ran: test -> versions of source files -> lines and functions. One SQLite file below the state
// folder; a set of lines that many tests share is kept once. Sources are kept as hashes of their lines, so that a
// record can be compared with any later text.
#pragma once
#include <map>
#include <unordered_map>

#include "engines/testing/model.h"

namespace chiron::testing {

namespace limits {
inline constexpr std::size_t kSources = 1'000'000;
inline constexpr std::size_t kSets = 20'000'000;
inline constexpr std::uint32_t kSourceLine = 50'000'000;
}  // namespace limits

struct CodeFunction {
  std::uint32_t first = 0, last = 0;
  bool constant = false;  // constexpr or consteval: may act without being run
  std::string name;
  bool operator==(const CodeFunction&) const = default;
};

// A source file as it was when tests ran it.
struct SourceVersion {
  std::string path;  // relative to the workspace's root
  std::string digest;
  std::vector<std::uint32_t> line_hashes;
  std::vector<CodeFunction> functions;
  std::vector<std::uint32_t> directives;  // lines of the preprocessor
  std::vector<std::string> imports;       // Python: files of the workspace that it imports
  bool operator==(const SourceVersion&) const = default;
};
// Path, digest, hashes and directives of a text.
[[nodiscard]] SourceVersion describe_source(std::string path, std::string_view text);

struct CoveredSet {
  std::uint32_t source = 0;                     // index of CoverageMap::sources
  std::vector<std::uint32_t> lines, functions;  // ascending; functions by their place in the source's list
  auto operator<=>(const CoveredSet&) const = default;
};

struct CoveredProgram {
  std::string digest;                // of the binary that was recorded last
  std::vector<std::string> sources;  // what it is built from, as far as its coverage says
};

class CoverageMap {
 public:
  // The index of that version; a version known already takes in functions and imports that it did not have.
  std::uint32_t add_source(const SourceVersion& source);
  std::uint32_t add_function(std::uint32_t source, const CodeFunction& function);
  std::uint32_t add_set(CoveredSet set);
  // What that test ran, in place of what was known of it.
  void record(const std::string& test, std::vector<std::uint32_t> its_sets);
  void forget(const std::string& test) { tests_.erase(test); }
  CoveredProgram& program(const std::string& id) { return programs_[id]; }
  // Takes over everything that `newer` knows.
  void take(const CoverageMap& newer);

  [[nodiscard]] const std::vector<SourceVersion>& sources() const { return sources_; }
  [[nodiscard]] const std::vector<CoveredSet>& sets() const { return sets_; }
  [[nodiscard]] const std::map<std::string, std::vector<std::uint32_t>>& tests() const { return tests_; }
  [[nodiscard]] const std::map<std::string, CoveredProgram>& programs() const { return programs_; }
  // Without what no test and no program refers to.
  [[nodiscard]] CoverageMap compacted() const;

 private:
  std::vector<SourceVersion> sources_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> source_places_;
  std::vector<std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>> function_places_;
  std::vector<CoveredSet> sets_;
  std::map<CoveredSet, std::uint32_t> set_places_;
  std::map<std::string, std::vector<std::uint32_t>> tests_;
  std::map<std::string, CoveredProgram> programs_;
};

// Nothing where there is no file. Errors: "testing.coverage-map" where it cannot be understood.
[[nodiscard]] Result<std::optional<CoverageMap>> read_coverage_map(const std::string& path);
// Adds to the file what `newer` knows, in one transaction; a file of another version of the format is replaced.
[[nodiscard]] Result<void> update_coverage_map(const std::string& path, const CoverageMap& newer);

}  // namespace chiron::testing
