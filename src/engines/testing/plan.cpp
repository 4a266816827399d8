// Planning: which tests share a process, in what order processes start, and which shard a test belongs to.
//
// Batches are cut before anything runs, so that a seed and the recorded durations say everything about who shares a
// process with whom; only pytest's workers share out their tests as they go (their fork costs more than a message).
#include <numeric>

#include "engines/testing/adapter.h"
#include "engines/testing/runner.h"
#include "foundation/base/format.h"

namespace chiron::testing {
namespace {

constexpr Nanoseconds kUnknownDuration = std::chrono::milliseconds(2);
constexpr Nanoseconds kSmallBatch =
    std::chrono::milliseconds(150);  // below this, a process more costs more than it wins
constexpr Nanoseconds kLastBatch = std::chrono::milliseconds(150);  // evens out what the first pieces left
constexpr std::size_t kFilterBytesPerBatch = 90 * 1024;             // doctest takes its filter in one argument only

Nanoseconds estimate_of(const Durations& durations, TestIndex test) {
  if (test < durations.of.size() && durations.of[test]) return *durations.of[test];
  return kUnknownDuration;
}

// Suites in random order, cases in random order within each: what every framework's own shuffle does too.
std::vector<TestIndex> order_tests(const Catalog& catalog, const std::vector<TestIndex>& tests,
                                   const RunOptions& options, const std::string& program_id) {
  if (!options.shuffle) return tests;
  std::vector<std::vector<TestIndex>> suites;
  std::unordered_map<std::string_view, std::size_t> positions;
  for (const TestIndex test : tests) {
    const auto [entry, fresh] = positions.emplace(catalog.tests[test].suite, suites.size());
    if (fresh) suites.emplace_back();
    suites[entry->second].push_back(test);
  }
  Random random(mix(options.seed, program_id));
  random.shuffle(suites);
  std::vector<TestIndex> result;
  result.reserve(tests.size());
  for (auto& suite : suites) {
    random.shuffle(suite);
    result.insert(result.end(), suite.begin(), suite.end());
  }
  return result;
}

struct Lane {
  std::string group;
  unsigned weight = 1;
  bool isolate = false;
  bool operator<(const Lane& other) const {
    return std::tie(group, weight, isolate) < std::tie(other.group, other.weight, other.isolate);
  }
};

void cut(const Catalog& catalog, const Durations& durations, ProgramIndex program, const Lane& lane,
         const std::vector<TestIndex>& tests, const RunOptions& options, unsigned workers,
         std::vector<Batch>& batches) {
  const Framework framework = catalog.programs[program].framework;
  const OrderKind kind = framework == Framework::pytest ? OrderKind::listed
                         : options.shuffle              ? OrderKind::seeded
                                                        : OrderKind::definition;
  const Order order{kind, options.seed};
  const auto make = [&](std::vector<TestIndex> members, Nanoseconds estimate) {
    Batch batch;
    batch.program = program;
    batch.tests = std::move(members);
    batch.order = order;
    batch.estimate = estimate;
    batch.group = lane.group;
    batch.weight = lane.weight;
    batches.push_back(std::move(batch));
  };
  const bool counted = !options.coverage_folder.empty() && framework != Framework::pytest;
  if (lane.isolate || counted || framework == Framework::ctest || framework == Framework::tap) {
    for (const TestIndex test : tests) make({test}, estimate_of(durations, test));
    return;
  }
  Nanoseconds total{0};
  bool measured = true;
  for (const TestIndex test : tests) {
    total += estimate_of(durations, test);
    measured = measured && test < durations.of.size() && durations.of[test];
  }
  const Nanoseconds long_test = std::max<Nanoseconds>(total / (workers * 32), kSmallBatch);
  std::vector<TestIndex> rest;
  std::vector<TestIndex> long_ones;
  for (const TestIndex test : tests) {
    (estimate_of(durations, test) > long_test ? long_ones : rest).push_back(test);
  }
  std::stable_sort(long_ones.begin(), long_ones.end(),
                   [&](TestIndex a, TestIndex b) { return estimate_of(durations, a) > estimate_of(durations, b); });
  if (framework == Framework::pytest) {
    std::vector<TestIndex> all = std::move(long_ones);
    all.insert(all.end(), rest.begin(), rest.end());
    make(std::move(all), total);
    batches.back().shared_queue = true;
    return;
  }
  // Measured tests: a first piece for every worker with most of what its long tests leave of its share, then pieces
  // that shrink towards the end, so that the workers finish together and few processes are started. Unmeasured tests
  // are cut evenly.
  std::vector<Nanoseconds> loads(workers, Nanoseconds{0});
  const Nanoseconds share = total / workers;
  for (const TestIndex test : long_ones) {
    total -= estimate_of(durations, test);
    *std::min_element(loads.begin(), loads.end()) += estimate_of(durations, test);
    make({test}, estimate_of(durations, test));
  }
  std::vector<Nanoseconds> first_pieces;
  for (const Nanoseconds load : loads) {
    if (measured && share > load + kSmallBatch) first_pieces.push_back((share - load) * 3 / 4);
  }
  Nanoseconds remaining = total;
  std::size_t at = 0;
  std::size_t pieces = 0;
  while (at < rest.size()) {
    const std::size_t piece = pieces++;
    const Nanoseconds target = piece < first_pieces.size() ? first_pieces[piece]
                               : measured ? std::max<Nanoseconds>(kLastBatch, remaining / (workers * 2))
                                          : std::max<Nanoseconds>(kSmallBatch, total / (workers * 2));
    std::vector<TestIndex> members;
    Nanoseconds sum{0};
    std::size_t filter_bytes = 0;
    while (at < rest.size() && (members.empty() || sum < target)) {
      const std::size_t bytes = catalog.tests[rest[at]].name.size() + 1;
      if (framework == Framework::doctest && !members.empty() && filter_bytes + bytes > kFilterBytesPerBatch) break;
      filter_bytes += bytes;
      members.push_back(rest[at]);
      sum += estimate_of(durations, rest[at++]);
    }
    remaining -= sum;
    make(std::move(members), sum);
  }
}

}  // namespace

TestSettings settings_of(const TestCase& test, const RunOptions& options) {
  TestSettings settings;
  settings.retries = options.retries;
  settings.slow = options.slow;
  settings.hard = options.hard;
  settings.isolate = options.isolate;
  if (test.ctest) {
    if (test.ctest->timeout.count() > 0) settings.hard = test.ctest->timeout;
    settings.weight = test.ctest->processors;
  }
  // The first override that sets a value wins, as in a list of cases from special to general.
  bool retries = false, slow = false, hard = false, group = false, isolate = false, weight = false;
  for (const auto& entry : options.overrides) {
    if (!entry.filter.matches(test, options.filter_context)) continue;
    if (entry.retries && !std::exchange(retries, true)) settings.retries = *entry.retries;
    if (entry.slow && !std::exchange(slow, true)) settings.slow = *entry.slow;
    if (entry.hard && !std::exchange(hard, true)) settings.hard = *entry.hard;
    if (entry.group && !std::exchange(group, true)) settings.group = *entry.group;
    if (entry.isolate && !std::exchange(isolate, true)) settings.isolate = *entry.isolate;
    if (entry.weight && !std::exchange(weight, true)) settings.weight = *entry.weight;
  }
  return settings;
}

std::vector<Batch> plan_batches(const Catalog& catalog, const std::vector<TestIndex>& selected,
                                const Durations& durations, const RunOptions& options, unsigned workers) {
  std::vector<std::vector<TestIndex>> by_program(catalog.programs.size());
  for (const TestIndex test : selected) by_program[catalog.tests[test].program].push_back(test);
  std::vector<Batch> batches;
  const bool same_for_all = options.overrides.empty();
  for (ProgramIndex program = 0; program < by_program.size(); ++program) {
    if (by_program[program].empty()) continue;
    const auto ordered = order_tests(catalog, by_program[program], options, catalog.programs[program].id);
    std::map<Lane, std::vector<TestIndex>> lanes;
    if (same_for_all && catalog.programs[program].framework != Framework::ctest) {
      lanes[{"", 1, options.isolate}] = ordered;
    } else {
      for (const TestIndex test : ordered) {
        const TestSettings settings = settings_of(catalog.tests[test], options);
        lanes[{settings.group, std::min(settings.weight, workers), settings.isolate}].push_back(test);
      }
    }
    for (const auto& [lane, tests] : lanes) cut(catalog, durations, program, lane, tests, options, workers, batches);
  }
  for (auto& batch : batches) {
    for (const TestIndex test : batch.tests) {
      const auto& details = catalog.tests[test].ctest;
      if (details && details->run_serial) batch.exclusive = true;
    }
  }
  // Binaries in random order first, so that equal estimates do not always start with the same one.
  if (options.shuffle) Random(mix(options.seed, "binaries")).shuffle(batches);
  std::stable_sort(batches.begin(), batches.end(),
                   [](const Batch& a, const Batch& b) { return a.estimate > b.estimate; });
  return batches;
}

std::vector<TestIndex> select_shard(const Catalog& catalog, const std::vector<TestIndex>& selected,
                                    const Durations& durations, unsigned index, unsigned count) {
  // Longest first into the emptiest shard; ties by name, so that nothing but list and durations decides.
  std::vector<TestIndex> ordered = selected;
  std::vector<std::string> ids(catalog.tests.size());
  for (const TestIndex test : ordered) ids[test] = test_id(catalog.programs, catalog.tests[test]);
  std::sort(ordered.begin(), ordered.end(), [&](TestIndex a, TestIndex b) {
    const auto first = estimate_of(durations, a), second = estimate_of(durations, b);
    return first != second ? first > second : ids[a] < ids[b];
  });
  std::set<std::pair<Nanoseconds, unsigned>> loads;
  for (unsigned shard = 0; shard < count; ++shard) loads.emplace(Nanoseconds{0}, shard);
  std::vector<bool> chosen(catalog.tests.size(), false);
  for (const TestIndex test : ordered) {
    auto lightest = loads.extract(loads.begin());
    if (lightest.value().second == index) chosen[test] = true;
    // A test that takes no time still fills its shard a little, or all such tests would land in one.
    lightest.value().first += std::max<Nanoseconds>(estimate_of(durations, test), std::chrono::microseconds(100));
    loads.insert(std::move(lightest));
  }
  std::vector<TestIndex> result;
  for (const TestIndex test : selected) {
    if (chosen[test]) result.push_back(test);
  }
  return result;
}

std::string command_for(const Catalog& catalog, const std::vector<TestIndex>& tests, Order order) {
  const Program& program = catalog.programs[catalog.tests[tests.front()].program];
  if (const Adapter* adapter = find_adapter(program.framework)) {
    std::vector<const TestCase*> cases;
    for (const TestIndex test : tests) cases.push_back(&catalog.tests[test]);
    const Invocation invocation = adapter->invoke(program, cases, catalog.tests.size() + 1, order);
    if (invocation.file_content.empty()) {
      std::string line = shell_command(invocation.arguments, program.environment);
      if (!invocation.working_folder.empty()) line = "cd " + shell_command({invocation.working_folder}) + " && " + line;
      return line;
    }
  }
  if (program.framework == Framework::pytest) {
    std::vector<std::string> arguments = {"python3", "-m", "pytest", "-p", "no:randomly"};
    for (const TestIndex test : tests) arguments.push_back(catalog.tests[test].name);
    std::string line = shell_command(arguments);
    if (!program.path.empty() && program.path != ".") line = "cd " + shell_command({program.path}) + " && " + line;
    return line;
  }
  if (program.framework == Framework::ctest) {
    const auto& test = catalog.tests[tests.front()];
    std::string pattern = "^";
    for (const char c : test.name) {
      if (std::string_view("\\^$.|?*+()[]").find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
    return shell_command({"ctest", "--test-dir", program.path, "--output-on-failure", "-R", pattern + "$"});
  }
  std::vector<std::string> arguments = {program.path};
  arguments.insert(arguments.end(), program.arguments.begin(), program.arguments.end());
  return shell_command(arguments, program.environment);
}

}  // namespace chiron::testing
