// Filters, shards, batches, settings.
#include <doctest/doctest.h>

#include "engines/testing/record.h"
#include "engines/testing/session.h"

using namespace chiron::testing;

namespace {

Catalog catalog_of(unsigned count, Framework framework = Framework::googletest) {
  Catalog catalog;
  Program program;
  program.id = "build/unit";
  program.framework = framework;
  catalog.programs.push_back(program);
  for (unsigned i = 0; i < count; ++i) {
    TestCase test;
    test.suite = "Suite" + std::to_string(i / 10);
    test.name = test.suite + ".Case" + std::to_string(i);
    test.file = "tests/file" + std::to_string(i % 3) + ".cc";
    catalog.tests.push_back(test);
  }
  return catalog;
}

std::vector<TestIndex> all_of(const Catalog& catalog) {
  std::vector<TestIndex> all(catalog.tests.size());
  for (TestIndex i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

}  // namespace

TEST_CASE("filter expressions") {
  const Catalog catalog = catalog_of(30);
  FilterContext context;
  context.programs = &catalog.programs;
  context.failed_last = [](const std::string& id) { return id == "build/unit::Suite0.Case3"; };
  context.duration = [](const std::string& id) -> std::optional<Nanoseconds> {
    return id.ends_with("Case7") ? std::optional<Nanoseconds>(std::chrono::seconds(3)) : std::nullopt;
  };
  const auto hits = [&](std::string_view text) {
    auto filter = Filter::parse(text);
    REQUIRE_MESSAGE(filter, text);
    return std::count_if(catalog.tests.begin(), catalog.tests.end(),
                         [&](const auto& test) { return filter->matches(test, context); });
  };
  CHECK(hits("all") == 30);
  CHECK(hits("none") == 0);
  CHECK(hits("suite(=Suite1)") == 10);
  CHECK(hits("suite(=Suite1) and not name(Case15)") == 9);
  CHECK(hits("suite(=Suite1) or suite(=Suite2)") == 20);
  CHECK(hits("not (suite(=Suite1) | suite(=Suite2))") == 10);
  CHECK(hits("name(~*.Case?)") == 10);
  CHECK(hits("name(/Case[12]$/)") == 2);
  CHECK(hits("file(file0) & framework(googletest)") == 10);
  CHECK(hits("binary(unit) Case29") == 1);
  CHECK(hits("failed-last") == 1);
  CHECK(hits("slower-than(2s)") == 1);
  CHECK(hits("slower-than(5s)") == 0);
  for (const std::string_view bad :
       {"", "(", "name(x", "suite(a) and", "nonsense(x)", "name(/[/)", "slower-than(soon)", ") all"}) {
    CHECK_FALSE(Filter::parse(bad));
  }
  CHECK_FALSE(Filter::parse(std::string(300, '(') + "all" + std::string(300, ')')));
  CHECK(Filter::parse(std::string(100, '(') + "all" + std::string(100, ')')));
  CHECK_FALSE(Filter::parse(std::string(65 * 1024, 'x')));
}

TEST_CASE("shards are disjoint, cover everything, balance durations, and do not depend on chance") {
  const Catalog catalog = catalog_of(500);
  Durations durations;
  Random random(3);
  std::vector<Nanoseconds> of;
  for (std::size_t i = 0; i < 500; ++i) {
    durations.of.emplace_back(std::chrono::milliseconds(random.below(100) + (i % 50 == 0 ? 2000 : 0)));
  }
  std::vector<int> seen(500, 0);
  Nanoseconds longest{0}, total{0};
  for (unsigned k = 0; k < 4; ++k) {
    const auto shard = select_shard(catalog, all_of(catalog), durations, k, 4);
    CHECK(shard == select_shard(catalog, all_of(catalog), durations, k, 4));
    Nanoseconds sum{0};
    for (const TestIndex test : shard) {
      ++seen[test];
      sum += *durations.of[test];
    }
    longest = std::max(longest, sum);
    total += sum;
  }
  CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
  CHECK(static_cast<double>(longest.count()) <= 1.05 * static_cast<double>(total.count()) / 4);
}

TEST_CASE("batches: every test once, the same for the same seed, suites together, isolation") {
  const Catalog catalog = catalog_of(1000);
  RunOptions options;
  options.seed = 11;
  Durations durations;
  durations.of.resize(1000);
  const auto batches = plan_batches(catalog, all_of(catalog), durations, options, 2);
  std::vector<TestIndex> flat;
  for (const auto& batch : batches) flat.insert(flat.end(), batch.tests.begin(), batch.tests.end());
  auto sorted = flat;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == all_of(catalog));
  const auto again = plan_batches(catalog, all_of(catalog), durations, options, 2);
  REQUIRE(again.size() == batches.size());
  for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i].tests == batches[i].tests);
  unsigned changes = 0;
  for (std::size_t i = 1; i < flat.size(); ++i)
    changes += catalog.tests[flat[i]].suite != catalog.tests[flat[i - 1]].suite ? 1 : 0;
  CHECK(changes <= 99 + batches.size());
  options.seed = 12;
  const auto other = plan_batches(catalog, all_of(catalog), durations, options, 2);
  CHECK((other.size() != batches.size() || other[0].tests != batches[0].tests));
  options.isolate = true;
  CHECK(plan_batches(catalog, all_of(catalog), durations, options, 2).size() == 1000);
}

TEST_CASE("measured tests: long ones alone, few pieces that shrink, so that workers end together") {
  const Catalog catalog = catalog_of(500);
  RunOptions options;
  Durations durations;
  for (std::size_t i = 0; i < 500; ++i) durations.of.emplace_back(std::chrono::milliseconds(i % 100 == 0 ? 4000 : 20));
  const auto batches = plan_batches(catalog, all_of(catalog), durations, options, 2);
  CHECK(batches.size() <= 5 + 2 * 8);
  CHECK(std::ranges::count_if(batches, [](const Batch& b) { return b.tests.size() == 1; }) == 5);
  CHECK(std::ranges::is_sorted(batches, std::greater{}, &Batch::estimate));
  // Greedy in this order on two workers.
  Nanoseconds load[2] = {}, total{0};
  for (const auto& batch : batches) {
    load[load[1] < load[0] ? 1 : 0] += batch.estimate;
    total += batch.estimate;
  }
  CHECK(static_cast<double>(std::max(load[0], load[1]).count()) <= 1.05 * static_cast<double>(total.count()) / 2);
}

TEST_CASE("overrides, groups and setup scripts in one line each") {
  auto made = parse_override("name(slow) => retries=2 timeout=60s slow=500ms group=db isolate weight=2");
  REQUIRE(made);
  CHECK(made->retries == 2u);
  CHECK(made->hard == Milliseconds(60'000));
  CHECK(made->slow == Milliseconds(500));
  CHECK(made->group == "db");
  CHECK(made->isolate == true);
  CHECK(made->weight == 2u);
  CHECK_FALSE(parse_override("name(slow) retries=2"));
  CHECK_FALSE(parse_override("name(slow) => retries=many"));
  CHECK_FALSE(parse_override("name(slow => retries=1"));
  CHECK(parse_group("db=1")->limit == 1);
  CHECK_FALSE(parse_group("db"));
  CHECK_FALSE(parse_group("db=0"));
  const auto setup = parse_setup("db: file(tests/db) => scripts/start-db --fresh");
  REQUIRE(setup);
  CHECK(setup->name == "db");
  CHECK(setup->command == std::vector<std::string>{"scripts/start-db", "--fresh"});
  CHECK_FALSE(parse_setup("file(x) => y"));
}

TEST_CASE("output is kept from both ends, and what is left out is counted") {
  BoundedText text;
  std::string piece(1 << 20, 'x');
  text.append("begin");
  for (int i = 0; i < 50; ++i) text.append(piece);
  text.append("end");
  CHECK(text.total() == 8 + (50u << 20));
  const std::string kept = text.take();
  CHECK(kept.size() < limits::kOutputHeadBytes + limits::kOutputTailBytes + 200);
  CHECK(kept.starts_with("begin"));
  CHECK(kept.ends_with("end"));
  CHECK(kept.find("bytes of output left out") != std::string::npos);
}
