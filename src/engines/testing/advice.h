// What a recorded run says of its suite: tests that are better split, programs whose starts cost more than their tests,
// victims that are better alone.
#pragma once
#include "engines/testing/record.h"

namespace chiron::testing {

struct Advice {
  enum class Kind : std::uint8_t {
    split,    // one test is longer than every worker's share
    share,    // a program's tests each start a process, and the starts cost more than the tests
    join,     // so do several programs with few tests each
    isolate,  // a test that depends on the order and is not mended yet
  } kind = Kind::split;
  std::vector<std::string> subjects;  // ids of tests (split, isolate) or of programs (share, join)
  Nanoseconds tests{0};               // what the tests themselves take
  Nanoseconds starts{0};              // what their processes take beyond that
  std::size_t processes = 0;
};
[[nodiscard]] std::string_view to_string(Advice::Kind kind);

struct SuiteReview {
  std::size_t tests = 0, processes = 0;
  Nanoseconds work{0};         // all tests and the starts of their processes, one after the other
  Nanoseconds starts{0};       // of that, what is no test's
  Nanoseconds longest{0};      // test
  Nanoseconds share{0};        // work by workers: no run ends sooner, whatever the order
  Nanoseconds wall{0};         // what the run took
  std::vector<Advice> advice;  // the one that wins most first
};
// `workers` is how many the next run would have, at least 1.
[[nodiscard]] SuiteReview review_suite(const RecordedRun& run, unsigned workers);

}  // namespace chiron::testing
