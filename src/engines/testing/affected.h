// Which tests a change can affect, by the record of what each ran.
//
// A test is left out only where everything that it ran is, line for line, what it was when it was recorded and what it
// is at the base of the change. A change inside a function affects the tests that entered the function; a change
// outside of functions affects the tests that ran anything of the file, and, in what others include or import, the
// tests of every program built from it (or every test module that imports it). A changed file that no record knows
// affects every test.
#pragma once
#include "engines/testing/coverage_map.h"
#include "engines/testing/runner.h"

namespace chiron::testing {

struct SourceChange {
  std::string path;      // as it is now, relative to the workspace's root
  std::string old_path;  // where it was renamed, else the same
  bool added = false, deleted = false;
};

struct AffectedRequest {
  std::vector<SourceChange> changes;
  std::vector<std::string> unrelated;  // globs of files that decide no test
  // Contents, by path relative to the workspace's root; nothing where there is no such file.
  std::function<std::optional<std::string>(const std::string& path)> now, at_base;
  // The file that defines the test, relative to the workspace's root.
  std::function<std::string(const TestCase& test)> test_file;
  std::function<bool(const std::string& id)> failed_last;
};

enum class Cause : std::uint8_t { none, no_record, failed_last, code, unknown_file };
struct Influence {
  Cause cause = Cause::none;  // none: the test is left out
  std::string why;
};

struct Affected {
  std::vector<Influence> of;         // by the position of the test in what was asked
  std::vector<std::string> notices;  // one line each
};
[[nodiscard]] Affected find_affected(const CoverageMap& map, const Catalog& catalog,
                                     const std::vector<TestIndex>& tests, const AffectedRequest& request);

}  // namespace chiron::testing
