// Runs tests: listing, planning, the event loop over processes, and what follows a failure.
//
//   auto catalog = list_tests(programs, …);   one list over every framework
//   auto result = run_tests(*catalog, selected, durations, options, sink);
//
// Tests of one binary share processes in batches; after a failure an Investigation (investigate.h) finds out whether
// the test itself is broken or what ran before it.
#pragma once
#include <map>

#include "engines/testing/filter.h"
#include "engines/testing/model.h"
#include "foundation/task/cancel.h"

namespace chiron::testing {

class Zygote;

// Every test of every program. A pytest program's collected process lives as long as the catalog.
struct Catalog {
  std::vector<Program> programs;
  std::vector<TestCase> tests;
  std::vector<std::shared_ptr<Zygote>> zygotes;  // by program, null for others; shared with running processes
  std::string python;                            // to collect again with
  std::vector<std::string> problems;             // what could not be collected; a run with problems fails
};

struct ListOptions {
  std::string python = "python3";
  std::string cache_folder;  // "" for none
  Milliseconds timeout{120'000};
  std::string scratch_folder;   // for temporary files; must exist
  std::string coverage_folder;  // as in RunOptions
  const task::CancelToken* cancel = nullptr;
};
// Errors: "testing.list" and those of starting programs, naming the program.
[[nodiscard]] Result<Catalog> list_tests(std::vector<Program> programs, const ListOptions& options);

struct Group {
  std::string name;
  unsigned limit = 1;  // processes of the group at one time
};
struct Override {
  Filter filter;
  std::optional<unsigned> retries;
  std::optional<Milliseconds> slow, hard;
  std::optional<std::string> group;
  std::optional<bool> isolate;
  std::optional<unsigned> weight;  // how many workers a test of these takes
};
// A command run once before the first test that needs it; the lines NAME=value that it writes to the file
// $CHIRON_ENV are exported to those tests.
struct SetupScript {
  std::string name;
  std::vector<std::string> command;
  Filter filter;
  Milliseconds timeout{600'000};
};

// A process of an earlier run, to be run again with the same tests in the same order.
struct RecordedProcess {
  ProgramIndex program = 0;
  std::vector<TestIndex> tests;
  Order order;
  Nanoseconds wall{0};  // from its start to its end; 0 where the record does not say
};

// A process of our own that ended, and the folder that it wrote its coverage to.
struct CoveredProcess {
  ProgramIndex program = 0;
  std::string folder;
  std::vector<TestIndex> tests;
  bool killed = false;  // what it had counted is gone
};

struct RunOptions {
  unsigned workers = 0;  // 0: one a core
  std::uint64_t seed = 0;
  bool shuffle = true;
  bool isolate = false;
  bool bisect = true;
  bool keep_output = false;  // of tests that pass, too
  bool leak_check = true;
  unsigned retries = 0;
  unsigned max_fail = 0;       // 0: no limit
  unsigned bisect_limit = 40;  // victims searched for in full
  Milliseconds slow{60'000};
  Milliseconds hard{600'000};
  Milliseconds grace{1'000};  // between SIGTERM and SIGKILL
  std::vector<Group> groups;
  std::vector<Override> overrides;
  std::vector<SetupScript> setups;
  std::vector<RecordedProcess> replay;   // where given, run exactly these processes
  std::optional<TestIndex> only_victim;  // investigate failures of this test only
  Environment environment;
  std::string scratch_folder;  // must exist; each process gets a folder of its own below it
  // "" for none; else every native test has a process of its own, which writes its coverage to a folder below this
  // one, and Python writes coverage.py's data files to "pytest-N" below it.
  std::string coverage_folder;
  std::function<void(CoveredProcess)> covered;  // takes the process's folder over
  FilterContext filter_context;                 // for overrides and setups
  const task::CancelToken* cancel = nullptr;
};

struct Durations {
  // By test index; nothing where unknown.
  std::vector<std::optional<Nanoseconds>> of;
};

struct RunResult {
  std::vector<TestRecord> records;  // by test index
  std::vector<OrderDependence> dependences;
  std::vector<Leak> leaks;
  std::vector<RecordedProcess> processes;  // of the normal run, for the replay
  std::vector<std::string> problems;       // setup scripts that failed, processes that failed as a whole
  bool interrupted = false;
  bool stopped_early = false;  // by max_fail
  unsigned process_count = 0;
  Nanoseconds cpu{0}, wall{0};
};

// Runs `selected` (indices into the catalog). `known` holds dependences found by earlier rounds: a failure they explain
// is not searched for again. Errors: those of the operating system that leave nothing to run.
[[nodiscard]] Result<RunResult> run_tests(Catalog& catalog, const std::vector<TestIndex>& selected,
                                          const Durations& durations, const RunOptions& options,
                                          const std::vector<OrderDependence>& known, const EventSink& sink);

// What must run in one process.
struct Batch {
  ProgramIndex program = 0;
  std::vector<TestIndex> tests;
  Order order;
  Nanoseconds estimate{0};
  std::string group;
  unsigned weight = 1;
  bool exclusive = false;
  bool shared_queue = false;  // pytest: workers take from `tests` piece by piece
};
// Deterministic: the same catalog, selection, durations and options give the same batches.
[[nodiscard]] std::vector<Batch> plan_batches(const Catalog& catalog, const std::vector<TestIndex>& selected,
                                              const Durations& durations, const RunOptions& options, unsigned workers);
// The tests of shard `index` (from 0) of `count`.
[[nodiscard]] std::vector<TestIndex> select_shard(const Catalog& catalog, const std::vector<TestIndex>& selected,
                                                  const Durations& durations, unsigned index, unsigned count);
// What each test is subject to after overrides.
struct TestSettings {
  unsigned retries = 0;
  Milliseconds slow{0}, hard{0};
  std::string group;
  bool isolate = false;
  unsigned weight = 1;
};
[[nodiscard]] TestSettings settings_of(const TestCase& test, const RunOptions& options);

// The command with which a user runs exactly these tests in that order, outside of this runner where the framework
// can, else through `chiron test`.
[[nodiscard]] std::string command_for(const Catalog& catalog, const std::vector<TestIndex>& tests, Order order);

}  // namespace chiron::testing
