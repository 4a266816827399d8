// The search for culprits against made-up suites, where the answer is known.
#include "engines/testing/investigate.h"

#include <doctest/doctest.h>

#include <bit>

#include "engines/testing/model.h"

using namespace chiron::testing;

namespace {

struct World {
  // Whether the victim (last) fails after these.
  std::function<bool(const std::vector<TestIndex>&)> fails;
  unsigned runs = 0;
};

void drive(Investigation& investigation, World& world) {
  while (auto request = investigation.next()) {
    REQUIRE(request->tests.back() == investigation.suspicion().victim);
    request->tests.pop_back();
    Answer answer;
    answer.ran = true;
    answer.status = world.fails(request->tests) ? Status::failed : Status::passed;
    investigation.answer(answer);
    REQUIRE(++world.runs < 10'000);
  }
}

bool has(const std::vector<TestIndex>& tests, TestIndex wanted) {
  return std::find(tests.begin(), tests.end(), wanted) != tests.end();
}

Suspicion suspicion_of(unsigned count) {
  Suspicion suspicion;
  suspicion.victim = 100'000;
  for (TestIndex i = 0; i < count; ++i) suspicion.before.push_back(i);
  suspicion.order = {OrderKind::seeded, 7};
  return suspicion;
}

unsigned budget(std::size_t culprits, unsigned candidates) {
  return static_cast<unsigned>(2 * culprits * static_cast<unsigned>(std::bit_width(candidates - 1)) + 10);
}

}  // namespace

TEST_CASE("any one, two or three polluters among any number of tests are found within the budget") {
  Random random(42);
  for (const unsigned count : {1u, 2u, 3u, 7u, 64u, 150u, 300u, 1000u}) {
    for (std::size_t k = 1; k <= std::min(3u, count); ++k) {
      for (int round = 0; round < 20; ++round) {
        std::set<TestIndex> culprits;
        while (culprits.size() < k) culprits.insert(static_cast<TestIndex>(random.below(count)));
        World world{[&](const auto& ran) {
          return std::all_of(culprits.begin(), culprits.end(), [&](TestIndex c) { return has(ran, c); });
        }};
        Investigation investigation(suspicion_of(count));
        drive(investigation, world);
        REQUIRE(investigation.verdict() == Verdict::order_dependent);
        const auto& dependence = investigation.dependence();
        CHECK(dependence.kind == OrderDependence::Kind::polluted);
        CHECK(dependence.culprits == std::vector<TestIndex>(culprits.begin(), culprits.end()));
        CHECK(dependence.runs <= budget(k, std::max(2u, count)));
      }
    }
  }
}

TEST_CASE("a victim that needs setters: those are found, in the order of definition") {
  Suspicion suspicion = suspicion_of(50);
  for (TestIndex i = 0; i < 200; ++i) suspicion.definition_before.push_back(i);
  World world{[](const auto& ran) { return !(has(ran, 120) && has(ran, 121)); }};
  Investigation investigation(std::move(suspicion));
  drive(investigation, world);
  CHECK(investigation.verdict() == Verdict::order_dependent);
  CHECK(investigation.dependence().kind == OrderDependence::Kind::needs_setter);
  CHECK(investigation.dependence().culprits == std::vector<TestIndex>{120, 121});
  CHECK(investigation.dependence().runs <= budget(2, 200));
}

TEST_CASE("a polluter whose effect a cleaner undoes is still found") {
  // 10 pollutes, 20 cleans, 30 pollutes again.
  World world{[](const auto& ran) {
    bool dirty = false;
    for (const TestIndex test : ran) dirty = test == 10 || test == 30 ? true : test == 20 ? false : dirty;
    return dirty;
  }};
  Investigation investigation(suspicion_of(64));
  drive(investigation, world);
  REQUIRE(investigation.verdict() == Verdict::order_dependent);
  REQUIRE(investigation.dependence().culprits.size() == 1);
  const TestIndex culprit = investigation.dependence().culprits[0];
  CHECK((culprit == 10 || culprit == 30));
}

TEST_CASE("no false blame: a broken test, and one that fails at random") {
  Suspicion broken = suspicion_of(30);
  broken.definition_before = {1, 2, 3};
  World always{[](const auto&) { return true; }};
  Investigation first(std::move(broken));
  drive(first, always);
  CHECK(first.verdict() == Verdict::failed);

  Random random(5);
  unsigned blamed = 0;
  for (int round = 0; round < 300; ++round) {
    World flaky{[&](const auto&) { return random.below(10) == 0; }};
    Investigation second(suspicion_of(30));
    drive(second, flaky);
    if (second.verdict() == Verdict::order_dependent) ++blamed;
  }
  CHECK(blamed <= 3);  // one in ten failures, three times in a row where it must and never where it must not
}

TEST_CASE("a known polluter is tried first") {
  Suspicion suspicion = suspicion_of(300);
  suspicion.known_polluters = {{5}, {77}};
  World world{[](const auto& ran) { return has(ran, 77); }};
  Investigation investigation(std::move(suspicion));
  drive(investigation, world);
  CHECK(investigation.dependence().culprits == std::vector<TestIndex>{77});
  CHECK(investigation.dependence().runs <= 8);
}

TEST_CASE("retries: a test that passes at the second try is flaky, one that never does is broken") {
  Suspicion suspicion;
  suspicion.victim = 1;
  suspicion.was_alone = true;
  suspicion.status = Status::failed;
  suspicion.retries = 2;
  unsigned tries = 0;
  World world{[&](const auto&) { return ++tries < 2; }};
  Investigation investigation(suspicion);
  drive(investigation, world);
  CHECK(investigation.verdict() == Verdict::flaky);
  CHECK(tries == 2);
  World never{[](const auto&) { return true; }};
  Investigation second(suspicion);
  drive(second, never);
  CHECK(second.verdict() == Verdict::failed);
  CHECK(never.runs == 2);
}
