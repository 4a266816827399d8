// What stays of a run: durations and last verdicts by test id (one file, also the --timings file that shards share),
// and the recorded run, a stream of JSON lines that is at once the stream for editors and what `chiron test replay`
// reads.
#pragma once
#include "engines/testing/runner.h"
#include "foundation/doc/value.h"

namespace chiron::testing {

// Lines "nanoseconds<TAB>verdict<TAB>id", sorted by id.
struct History {
  struct Entry {
    Nanoseconds duration{0};
    Verdict verdict = Verdict::not_run;
  };
  std::unordered_map<std::string, Entry> entries;
};
// A file that is not there is an empty history. Errors: "testing.timings" with the line.
[[nodiscard]] Result<History> read_history(const std::string& path);
[[nodiscard]] std::string write_history(const History& history);
// Takes in what a run measured: the shortest passing attempt of each test.
void update_history(History& history, const Catalog& catalog, const RunResult& result);
[[nodiscard]] Durations durations_of(const History& history, const Catalog& catalog);

// One event as one line of JSON (with its "\n"); tests are named by id.
[[nodiscard]] std::string event_line(const Event& event, const Catalog& catalog);
// The opening lines: what every program is, so that a record shows commands that work.
[[nodiscard]] std::string program_lines(const Catalog& catalog);
// The closing lines: the verdict of every test, problems, and the summary.
[[nodiscard]] std::string verdict_lines(const Catalog& catalog, const std::vector<TestIndex>& selected,
                                        const RunResult& result);

struct RecordedRun {
  Catalog catalog;  // programs and tests by name only
  std::vector<TestIndex> selected;
  RunResult result;
  std::uint64_t seed = 0;
  bool complete = false;  // false: the run was killed before its end
};
// Errors: "testing.record" with the line.
[[nodiscard]] Result<RecordedRun> read_record(std::string_view text);
// The recorded processes with the tests' places in `catalog`; tests that are gone are left out.
[[nodiscard]] std::vector<RecordedProcess> processes_for(const RecordedRun& run, const Catalog& catalog);

// What the run says, for people: failures with their output, order dependences with the two commands, leaks, summary.
struct TextOptions {
  bool colour = false;
  std::string rerun_prefix = "chiron test";  // of the commands that run one test again
  std::uint64_t seed = 0;
  bool show_output = false;  // of tests that pass, too
};
[[nodiscard]] std::string write_text(const Catalog& catalog, const std::vector<TestIndex>& selected,
                                     const RunResult& result, const TextOptions& options);
// JUnit XML as GitLab and Jenkins read it: a testsuite per program, file and line on every case, retries as
// flakyFailure / rerunFailure elements.
[[nodiscard]] std::string write_junit(const Catalog& catalog, const std::vector<TestIndex>& selected,
                                      const RunResult& result);

struct Counts {
  std::size_t total = 0, passed = 0, failed = 0, skipped = 0, flaky = 0, order_dependent = 0, not_run = 0;
};
[[nodiscard]] Counts count(const std::vector<TestIndex>& selected, const RunResult& result);
// The attempt that decides: the last failing one of a test that failed, else the last.
[[nodiscard]] const Attempt* deciding_attempt(const TestRecord& record);
[[nodiscard]] std::string rerun_command(const Catalog& catalog, TestIndex test, std::string_view prefix);

}  // namespace chiron::testing
