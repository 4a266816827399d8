// `chiron test --coverage` and `--since`: where the engine that runs tests meets the one that reads coverage.
#pragma once
#include <memory>

#include "operations/test_common.h"

namespace chiron {

// Takes the coverage of every process while the run goes on, then writes the record of what each test ran and the
// sum of it all as an LCOV file.
class TestCoverage {
 public:
  explicit TestCoverage(Context& context);
  ~TestCoverage();
  TestCoverage(const TestCoverage&) = delete;
  TestCoverage& operator=(const TestCoverage&) = delete;

  // Errors: those of making a temporary folder.
  [[nodiscard]] Result<void> attach(testing::SessionRequest& request);
  // Waits for what is still being read. What was lost or never measured is told among the session's problems, the
  // rest in `notices`.
  [[nodiscard]] Result<void> finish(testing::SessionResult& session, std::vector<std::string>& notices);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Limits a session to the tests that the workspace's change can affect. `why`, where given, receives a line a test.
void limit_to_affected(testing::SessionRequest& session, const TestRequest& request, Context& context,
                       std::vector<std::string>& notices, std::string* why);

[[nodiscard]] std::string coverage_map_path(const Context& context);

}  // namespace chiron
