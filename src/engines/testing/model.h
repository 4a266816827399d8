// The words of the test runner: programs, tests, attempts, verdicts, and the stream of events that a run is.
// Everything else in this engine makes these, schedules these or prints these.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::testing {

using Nanoseconds = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;
using Environment = std::vector<std::pair<std::string, std::string>>;
using TestIndex = std::uint32_t;
using ProgramIndex = std::uint32_t;

namespace limits {
inline constexpr std::size_t kTests = 2'000'000;
inline constexpr std::size_t kOutputHeadBytes = 256 * 1024;  // of one test's output, kept from its start
inline constexpr std::size_t kOutputTailBytes = 256 * 1024;  // and from its end
inline constexpr std::size_t kOutputLineBytes = 64 * 1024;   // a longer line is taken in pieces
inline constexpr std::size_t kListBytes = 256 * 1024 * 1024;
inline constexpr std::size_t kArgumentBytes = 100 * 1024;       // Linux takes 128 KiB in one argument
inline constexpr std::size_t kMessageBytes = 64 * 1024 * 1024;  // one message of the Python worker
inline constexpr unsigned kZygoteRestarts = 3;
inline constexpr std::size_t kFilterBytes = 64 * 1024;
inline constexpr std::size_t kFilterDepth = 200;
inline constexpr std::size_t kTapPoints = 1'000'000;        // of one program
inline constexpr std::size_t kTapMessageBytes = 16 * 1024;  // diagnostics kept with one point
}  // namespace limits

enum class Framework : std::uint8_t { googletest, catch2, doctest, boost_test, ctest, pytest, tap };
[[nodiscard]] std::string_view to_string(Framework framework);
[[nodiscard]] std::optional<Framework> parse_framework(std::string_view text);

// How one execution of one test ended.
enum class Status : std::uint8_t {
  passed,
  failed,  // the framework says so
  skipped,
  crashed,  // its process died of a signal
  exited,   // its process ended in the middle of the test
  timed_out,
  lost  // the process ended well but never said how the test went
};
[[nodiscard]] std::string_view to_string(Status status);
[[nodiscard]] std::optional<Status> parse_status(std::string_view text);
[[nodiscard]] inline bool is_failure(Status s) { return s != Status::passed && s != Status::skipped; }

// Something that holds tests: a test binary, a CTest build folder, a pytest project, a TAP program.
struct Program {
  std::string id;  // how it is shown and selected: the path as given
  Framework framework = Framework::googletest;
  std::string path;                    // the binary, the build folder, or the pytest project's folder
  std::vector<std::string> arguments;  // added to every invocation
  std::string working_folder;          // "" for ours
  Environment environment;
  std::string digest;  // of the binary; "" where there is none
  std::string target;  // how a user names it; "" where the id says it
};

// What CTest knows of one of its tests.
struct CtestDetails {
  std::vector<std::string> command;
  std::string working_folder;
  Environment environment;
  std::vector<std::string> pass_patterns, fail_patterns, skip_patterns;
  std::vector<std::string> resource_locks, fixtures_setup, fixtures_cleanup, fixtures_required, depends, labels;
  std::vector<std::string> required_files;
  Milliseconds timeout{0};
  unsigned processors = 1;
  int skip_code = -1;
  bool run_serial = false;
  bool will_fail = false;
};

struct TestCase {
  ProgramIndex program = 0;
  std::uint32_t line = 0;
  std::string suite;  // the level between program and case that is shuffled as one; "" where there is none
  std::string name;   // whole, as the framework takes it in a filter: "Suite.Case", "tests/test_a.py::test_b"
  std::string file;
  bool disabled = false;
  std::uint8_t twin_suffix = 0;        // bytes at the end of `name` that tell it from another test of the same name
  std::uint16_t allowed_failures = 0;  // Boost.Test's expected_failures
  std::shared_ptr<const CtestDetails> ctest;  // shared with copies of the list; never changed after listing
  // As the framework spells it; two tests of one program may share it.
  [[nodiscard]] std::string_view own_name() const {
    return std::string_view(name).substr(0, name.size() - twin_suffix);
  }
};

// One assertion of a program that speaks TAP.
struct TapPoint {
  std::string name;  // "3 - opens the file"; in a subtest "2 > 1 - reads a line"
  Status status = Status::passed;
  std::string message;  // the directive's reason, or the diagnostics that follow a failure
};

// Why a test was executed.
enum class Purpose : std::uint8_t { normal, alone, retry, definition_order, bisect, leak_hunt };
[[nodiscard]] std::string_view to_string(Purpose purpose);

struct Attempt {
  Status status = Status::lost;
  Purpose purpose = Purpose::normal;
  int exit_code = 0;
  int signal = 0;
  Nanoseconds duration{0};
  std::uint32_t process = 0;   // number of the process within the run
  std::uint32_t position = 0;  // tests that ran before it in that process
  std::string message;         // first failure in a line or a few
  std::string file;            // where that was
  std::uint32_t line = 0;
  std::string output;  // bounded; kept for failures (and on request for all)
  std::uint64_t output_bytes = 0;
  std::shared_ptr<const std::vector<TapPoint>> points;  // TAP only; shared by copies of the attempt
  bool by_points = false;                               // nothing but failing points made it fail
};

// What the run says of a test in the end.
enum class Verdict : std::uint8_t {
  not_run,
  passed,
  skipped,
  failed,
  flaky,           // failed, then passed under the same conditions
  order_dependent  // its result depends on what ran before it in its process
};
[[nodiscard]] std::string_view to_string(Verdict verdict);
[[nodiscard]] std::optional<Verdict> parse_verdict(std::string_view text);

// How tests inside one process are ordered: as they are defined, by a seed the framework takes, or exactly as listed
// (only pytest, whose worker is ours, takes any order).
enum class OrderKind : std::uint8_t { definition, seeded, listed };
struct Order {
  OrderKind kind = OrderKind::definition;
  std::uint64_t seed = 0;
};

// The finding of `bisect`: what must run before the victim to make it fail (polluters), or to make it pass (setters).
struct OrderDependence {
  enum class Kind : std::uint8_t { polluted, needs_setter, unresolved } kind = Kind::unresolved;
  TestIndex victim = 0;
  std::vector<TestIndex> culprits;  // in the order they must run in
  unsigned runs = 0;                // processes started to find them
  unsigned candidates = 0;          // tests among which they were searched
  Order order;
  std::string failing_command, passing_command;
  std::string note;
};

struct Leak {
  enum class Kind : std::uint8_t { process, port, file } kind = Kind::process;
  std::optional<TestIndex> test;  // nothing where only the process is known
  std::uint32_t process = 0;
  std::string what;
};

enum class EventKind : std::uint8_t {
  run_started,
  listed,
  setup_finished,
  process_started,
  test_started,
  test_slow,
  test_finished,
  process_finished,
  bisect_started,
  order_dependence,
  leak,
  note,
  run_finished
};
[[nodiscard]] std::string_view to_string(EventKind kind);

// One thing that happened. Views and pointers live only during the call.
struct Event {
  EventKind kind = EventKind::note;
  std::optional<TestIndex> test;
  std::uint32_t process = 0;
  Purpose purpose = Purpose::normal;
  const Attempt* attempt = nullptr;             // test_finished
  const OrderDependence* dependence = nullptr;  // order_dependence
  const Leak* leak = nullptr;
  const std::vector<TestIndex>* tests = nullptr;  // process_started: what it was given
  Order order;
  std::string text;
  std::uint64_t number = 0;  // run_started: seed; listed: count; process_finished: nanoseconds since its start
};
using EventSink = std::function<void(const Event&)>;

struct TestRecord {
  Verdict verdict = Verdict::not_run;
  std::vector<Attempt> attempts;
};

// A name in the form that selects exactly one test: PROGRAM::NAME.
[[nodiscard]] std::string test_id(const std::vector<Program>& programs, const TestCase& test);

// Bounded capture: the first and the last bytes of a stream of any length, with a line that says what was left out.
class BoundedText {
 public:
  void append(std::string_view piece);
  [[nodiscard]] std::string take();
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  std::string head_, tail_;
  std::uint64_t total_ = 0;
};

// SplitMix64: small, so that a seed means the same on every machine and in every release.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // bound > 0
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_;
};
[[nodiscard]] std::uint64_t mix(std::uint64_t seed, std::string_view text);

}  // namespace chiron::testing
