// Unit tests in Rego: rules named test_…, skipped ones todo_test_…, sub-tests by test_name[case].
#pragma once
#include "engines/policy/engine.h"
#include "foundation/task/pool.h"

namespace chiron::policy {

enum class TestStatus : std::uint8_t { pass, fail, error, skip };

struct SubTest {
  std::string name;
  bool fail = false;
  std::vector<SubTest> children;
};

struct TestResult {
  std::string package;  // "data.a.b"
  std::string name;
  std::string file;
  std::uint32_t row = 0, column = 0;
  TestStatus status = TestStatus::pass;
  std::optional<PolicyError> error;
  std::vector<std::string> printed;
  std::vector<SubTest> children;
  std::int64_t duration_ns = 0;
};

struct TestOptions {
  std::string run;                                      // a regular expression on the full name, searched; may be empty
  std::function<bool(std::string_view name)> selected;  // in place of `run`, where set
  std::chrono::milliseconds timeout{5000};
  Counters* counters = nullptr;  // serial where counted
  const task::CancelToken* cancel = nullptr;
};

// Tests in the order of their files and places. They run in parallel on the pool.
[[nodiscard]] std::vector<TestResult> run_tests(const Policy& policy, task::Pool& pool, const TestOptions& options);

}  // namespace chiron::policy
