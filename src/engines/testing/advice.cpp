#include "engines/testing/advice.h"

#include <algorithm>
#include <map>

namespace chiron::testing {

namespace {

// Less than this is not worth a change to a suite.
constexpr Nanoseconds kWorthwhile = std::chrono::milliseconds(100);
constexpr std::size_t kManyProcesses = 8;
constexpr std::size_t kManyPrograms = 4;
constexpr std::size_t kFewProcesses = 2;  // of a program that could as well be a part of another

struct ProgramCost {
  Nanoseconds tests{0}, starts{0}, shortest = Nanoseconds::max();
  std::size_t processes = 0;
};

Nanoseconds duration_of(const RunResult& result, TestIndex test) {
  const Attempt* attempt = deciding_attempt(result.records[test]);
  return attempt ? attempt->duration : Nanoseconds{0};
}

void advise_split(const RecordedRun& run, SuiteReview& review) {
  for (const TestIndex test : run.selected) {
    const Nanoseconds duration = duration_of(run.result, test);
    if (duration < review.share + kWorthwhile) continue;
    Advice advice;
    advice.kind = Advice::Kind::split;
    advice.subjects = {test_id(run.catalog.programs, run.catalog.tests[test])};
    advice.tests = duration;
    advice.processes = 1;
    review.advice.push_back(std::move(advice));
  }
}

void advise_programs(const RecordedRun& run, const std::map<ProgramIndex, ProgramCost>& costs, SuiteReview& review) {
  Advice join;
  join.kind = Advice::Kind::join;
  for (const auto& [index, cost] : costs) {
    const Program& program = run.catalog.programs[index];
    if (program.framework == Framework::pytest || cost.starts <= cost.tests) continue;
    if (cost.processes >= kManyProcesses && cost.starts >= kWorthwhile) {
      Advice advice;
      advice.kind = Advice::Kind::share;
      advice.subjects = {program.id};
      advice.tests = cost.tests;
      advice.starts = cost.starts;
      advice.processes = cost.processes;
      review.advice.push_back(std::move(advice));
    } else if (cost.processes <= kFewProcesses && program.framework != Framework::tap) {
      join.subjects.push_back(program.id);
      join.tests += cost.tests;
      join.starts += cost.starts;
      join.processes += cost.processes;
    }
  }
  if (join.subjects.size() >= kManyPrograms && join.starts >= kWorthwhile) review.advice.push_back(std::move(join));
}

}  // namespace

std::string_view to_string(Advice::Kind kind) {
  static constexpr std::string_view kNames[] = {"split", "share", "join", "isolate"};
  return kNames[static_cast<std::size_t>(kind)];
}

SuiteReview review_suite(const RecordedRun& run, unsigned workers) {
  SuiteReview review;
  review.tests = run.selected.size();
  review.wall = run.result.wall;
  Nanoseconds tests{0};
  for (const TestIndex test : run.selected) {
    const Nanoseconds duration = duration_of(run.result, test);
    tests += duration;
    review.longest = std::max(review.longest, duration);
  }
  std::map<ProgramIndex, ProgramCost> costs;
  for (const auto& process : run.result.processes) {
    ProgramCost& cost = costs[process.program];
    ++cost.processes;
    ++review.processes;
    Nanoseconds own{0};
    for (const TestIndex test : process.tests) own += duration_of(run.result, test);
    cost.tests += own;
    cost.shortest = std::min(cost.shortest, own);
    // A record of a former version has no time of processes.
    cost.starts += std::max(Nanoseconds{0}, process.wall - own);
  }
  for (auto& [program, cost] : costs) {
    review.starts += cost.starts;
    if (run.catalog.programs[program].framework != Framework::ctest) continue;
    // A test of CTest is its process. None starts faster than the fastest of them takes.
    const Nanoseconds least = cost.shortest * static_cast<std::int64_t>(cost.processes);
    cost.starts += least;
    cost.tests -= least;
  }
  review.work = tests + review.starts;
  review.share = review.work / std::max(1u, workers);
  if (workers > 1) advise_split(run, review);
  advise_programs(run, costs, review);
  std::ranges::stable_sort(review.advice, std::greater{},
                           [](const Advice& advice) { return advice.tests + advice.starts; });
  for (const auto& dependence : run.result.dependences) {
    Advice advice;
    advice.kind = Advice::Kind::isolate;
    advice.subjects = {test_id(run.catalog.programs, run.catalog.tests[dependence.victim])};
    if (dependence.kind == OrderDependence::Kind::polluted) review.advice.push_back(std::move(advice));
  }
  return review;
}

}  // namespace chiron::testing
