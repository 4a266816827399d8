// What a recorded run says of its suite.
#include "engines/testing/advice.h"

#include <doctest/doctest.h>

using namespace chiron::testing;
using std::chrono::milliseconds;

namespace {

// A record as a run writes it: a line a program, a process, a test.
struct Record {
  std::string text;
  unsigned process = 0;
  void program(const std::string& id, const std::string& framework) {
    text +=
        R"({"event":"program","program":")" + id + R"(","framework":")" + framework + R"(","path":")" + id + "\"}\n";
  }
  // Tests of one process, each with its milliseconds, and what the process took.
  void ran(const std::string& program, const std::vector<std::pair<std::string, int>>& tests, int wall) {
    ++process;
    std::string names;
    for (const auto& [name, took] : tests) {
      text += R"({"event":"test-finished","test":")" + program + "::" + name + R"(","process":)" +
              std::to_string(process) + R"(,"status":"passed","ns":)" + std::to_string(took) +
              "000000,\"position\":0}\n";
      names += (names.empty() ? "\"" : ",\"") + program + "::" + name + "\"";
    }
    text += R"({"event":"process-finished","process":)" + std::to_string(process) + R"(,"ns":)" + std::to_string(wall) +
            R"(000000,"tests":[)" + names + R"(],"order":"definition","seed":"1"})" + "\n";
  }
  [[nodiscard]] SuiteReview review(unsigned workers) const {
    const auto run = read_record(text);
    REQUIRE(run);
    return review_suite(*run, workers);
  }
};

}  // namespace

TEST_CASE("a test longer than every worker's share is to be split; on one worker nothing is") {
  Record record;
  record.program("unit", "googletest");
  record.ran("unit", {{"A.Long", 4000}}, 4010);
  record.ran("unit", {{"A.B", 500}, {"A.C", 500}}, 1010);
  const auto two = record.review(2);
  CHECK(two.tests == 3);
  CHECK(two.processes == 2);
  CHECK(two.work == milliseconds(5020));
  CHECK(two.starts == milliseconds(20));
  CHECK(two.share == milliseconds(2510));
  REQUIRE(two.advice.size() == 1);
  CHECK(two.advice[0].kind == Advice::Kind::split);
  CHECK(two.advice[0].subjects == std::vector<std::string>{"unit::A.Long"});
  CHECK(record.review(1).advice.empty());
}

TEST_CASE("processes that cost more than their tests: shared within a program, joined across programs") {
  Record record;
  record.program("alone", "catch2");
  for (int i = 0; i < 10; ++i) record.ran("alone", {{"case " + std::to_string(i), 2}}, 22);
  for (const std::string name : {"a", "b", "c", "d"}) {
    record.program(name, "googletest");
    record.ran(name, {{"S.T", 1}}, 31);
  }
  const auto review = record.review(2);
  REQUIRE(review.advice.size() == 2);
  CHECK(review.advice[0].kind == Advice::Kind::share);
  CHECK(review.advice[0].subjects == std::vector<std::string>{"alone"});
  CHECK(review.advice[0].processes == 10);
  CHECK(review.advice[0].starts == milliseconds(200));
  CHECK(review.advice[1].kind == Advice::Kind::join);
  CHECK(review.advice[1].subjects == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(review.advice[1].starts == milliseconds(120));
}

TEST_CASE("CTest: the fastest test bounds what a start costs") {
  Record record;
  record.program("build", "ctest");
  for (int i = 0; i < 20; ++i) record.ran("build", {{"t" + std::to_string(i), i == 0 ? 30 : 40}}, i == 0 ? 30 : 40);
  const auto review = record.review(2);
  REQUIRE(review.advice.size() == 1);
  CHECK(review.advice[0].kind == Advice::Kind::share);
  CHECK(review.advice[0].starts == milliseconds(600));
  CHECK(review.advice[0].tests == milliseconds(190));
}

TEST_CASE("a polluted test is better alone until it is mended; a record without times of processes gives no advice") {
  Record record;
  record.program("unit", "googletest");
  record.text +=
      R"({"event":"test-finished","test":"unit::A.Victim","process":1,"status":"failed","ns":10,"position":1})"
      "\n"
      R"({"event":"process-finished","process":1,"tests":["unit::A.Polluter","unit::A.Victim"],"order":"definition","seed":"1"})"
      "\n"
      R"({"event":"order-dependence","test":"unit::A.Victim","kind":"polluted","culprits":["unit::A.Polluter"],"runs":3,"candidates":1,"fails":"x","passes":"y","order":"definition","seed":"1"})"
      "\n";
  const auto review = record.review(2);
  CHECK(review.starts == milliseconds(0));
  REQUIRE(review.advice.size() == 1);
  CHECK(review.advice[0].kind == Advice::Kind::isolate);
  CHECK(review.advice[0].subjects == std::vector<std::string>{"unit::A.Victim"});
}
