// Lists and output of the frameworks, as they print them, into tests and results.
#include <doctest/doctest.h>

#include "engines/testing/adapter.h"

using namespace chiron::testing;

namespace {

// Collects what a reader reports, one line an event.
class Collector final : public TestSink {
 public:
  explicit Collector(std::vector<std::string> names, unsigned allowed = 0)
      : names_(std::move(names)), allowed_(allowed) {}
  void started(std::string_view name, std::uint32_t) override { log += "start " + std::string(name) + "\n"; }
  void finished(Status status, Nanoseconds) override { log += "end " + std::string(to_string(status)) + "\n"; }
  void failure(std::string_view message, std::string_view file, std::uint32_t line) override {
    log += "failure " + std::string(file) + ":" + std::to_string(line) + " " + std::string(message) + "\n";
  }
  void output(std::string_view text) override { said += text; }
  bool expects(std::string_view name) override { return std::find(names_.begin(), names_.end(), name) != names_.end(); }
  unsigned allowed_failures() override { return allowed_; }
  std::string log, said;

 private:
  std::vector<std::string> names_;
  unsigned allowed_;
};

void feed(OutputReader& reader, TestSink& sink, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    reader.line(text.substr(0, length), sink);
    text.remove_prefix(length);
  }
}

}  // namespace

TEST_CASE("GoogleTest's list: suites, parameters, disabled tests, talk of the program's own main") {
  auto tests = googletest_adapter().parse_list(
      "Running main() from gtest_main.cc\nA.\n  One\n  DISABLED_Two\nP/S.\n  Case/0  # GetParam() = 4\nT/0.  # "
      "TypeParam = int\n  X\n");
  REQUIRE(tests);
  REQUIRE(tests->size() == 4);
  CHECK((*tests)[0].name == "A.One");
  CHECK((*tests)[0].suite == "A");
  CHECK((*tests)[1].disabled);
  CHECK((*tests)[2].name == "P/S.Case/0");
  CHECK((*tests)[3].name == "T/0.X");
}

TEST_CASE(
    "GoogleTest's output: a marker after output without an end of line, a failure with its place, a spoofed result") {
  Collector sink({"A.One", "A.Two"});
  auto reader = googletest_adapter().make_reader();
  feed(*reader, sink,
       "[ RUN      ] A.One\nhalf a line[       OK ] A.One (12 ms)\n[ RUN      ] A.Two\n[       OK ] A.Other (0 ms)\n"
       "a.cc:7: Failure\nExpected: 1\n[  FAILED  ] A.Two, where GetParam() = 3 (5 ms)\n[  FAILED  ] A.Two\n[ RUN      "
       "] Not.Asked\n");
  CHECK(sink.log == "start A.One\nend passed\nstart A.Two\nfailure a.cc:7 a.cc:7: Failure\nend failed\n");
  CHECK(sink.said.find("half a line") != std::string::npos);
}

TEST_CASE("GoogleTest: a filter too long for one argument goes into a flag file") {
  Program program;
  program.path = "/bin/x";
  std::vector<TestCase> tests(3000);
  std::vector<const TestCase*> pointers;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    tests[i].name = "Suite.ATestWithAnOrdinaryAndRatherLongName" + std::to_string(i);
    pointers.push_back(&tests[i]);
  }
  const auto invocation = googletest_adapter().invoke(program, pointers, 5000, {OrderKind::seeded, 100'000});
  CHECK(invocation.file_content.starts_with("--gtest_filter=Suite.A"));
  CHECK(invocation.arguments[1] == "--gtest_flagfile=@CHIRON_FILE@");
  CHECK(invocation.arguments[3] == "--gtest_random_seed=2");
  const auto all = googletest_adapter().invoke(program, pointers, 3000, {});
  CHECK(all.arguments[1] == "--gtest_filter=*");
}

TEST_CASE("XML of Catch2 and doctest between output of the tests") {
  Collector sink({"a & \"b\"", "c"});
  auto reader = make_xml_reader();
  feed(*reader, sink,
       "<?xml version=\"1.0\"?>\n<doctest binary=\"x\">\n  <TestCase name=\"a &amp; &quot;b&quot;\" filename=\"x.cpp\" "
       "line=\"5\">\n"
       "hello      <Expression success=\"false\" type=\"CHECK\" filename=\"x.cpp\" line=\"6\">\n<Original>\n a &lt; "
       "b\n</Original>\n"
       "<Expanded>\n 3 &lt; 2\n</Expanded>\n</Expression>\n"
       "  <OverallResultsAsserts successes=\"0\" failures=\"1\" test_case_success=\"false\" "
       "duration=\"0.5\"/>\n</TestCase>\n"
       "<TestCase name=\"skipped\" skipped=\"true\"/>\n<TestCase name=\"c\" filename=\"x.cpp\" line=\"9\">\n"
       "<OverallResult success=\"true\" skips=\"1\"/>\n</TestCase>\n");
  CHECK(sink.log ==
        "start a & \"b\"\nfailure x.cpp:6 CHECK( a < b ) failed, with 3 < 2\nend failed\nstart c\nend skipped\n");
  CHECK(sink.said.starts_with("hello"));
}

TEST_CASE("Boost.Test's tree and log, with expected failures") {
  auto tests = boost_test_adapter().parse_list(
      "digraph G "
      "{rankdir=LR;\ntu1[shape=ellipse,color=green,label=\"m\"];\n{\ntu2[shape=Mrecord,color=green,label=\"s|b.cpp(4)"
      "\"];\n"
      "tu1 -> tu2;\n{\ntu65536[shape=Mrecord,color=green,label=\"a|b.cpp(5)|expected failures=1\"];\ntu2 -> tu65536;\n"
      "tu65537[shape=Mrecord,color=yellow,label=\"d|b.cpp(6)\"];\ntu2 -> tu65537;\n}\n}\n}\n");
  REQUIRE(tests);
  REQUIRE(tests->size() == 2);
  CHECK((*tests)[0].name == "s/a");
  CHECK((*tests)[0].allowed_failures == 1);
  CHECK((*tests)[0].line == 5);
  CHECK((*tests)[1].disabled);
  const std::string log =
      "b.cpp(4): Entering test suite \"s\"\nb.cpp(5): Entering test case \"a\"\nb.cpp(5): error: in \"s/a\": check x "
      "has failed\n"
      "b.cpp(5): Leaving test case \"a\"; testing time: 110us\nb.cpp(4): Leaving test suite \"s\"; testing time: "
      "785us\n";
  Collector allowed({"s/a"}, 1), strict({"s/a"});
  auto first = boost_test_adapter().make_reader(), second = boost_test_adapter().make_reader();
  feed(*first, allowed, log);
  feed(*second, strict, log);
  CHECK(allowed.log.ends_with("end passed\n"));
  CHECK(strict.log == "start s/a\nfailure b.cpp:5 error: in \"s/a\": check x has failed\nend failed\n");
}

TEST_CASE("CTest's list and judgement") {
  auto tests = parse_ctest_list(R"({"kind":"ctestInfo","tests":[{"name":"t","command":["/bin/true"],"properties":[
    {"name":"ENVIRONMENT","value":["A=1","B=x=y"]},{"name":"ENVIRONMENT_MODIFICATION","value":["A=string_append:2"]},
    {"name":"RUN_SERIAL","value":true},{"name":"TIMEOUT","value":1.5},{"name":"RESOURCE_LOCK","value":["db"]},
    {"name":"SKIP_RETURN_CODE","value":77},{"name":"PROCESSORS","value":2}]}]})");
  REQUIRE(tests);
  const auto& details = *(*tests)[0].ctest;
  CHECK(details.environment.back() == std::pair<std::string, std::string>("A", "12"));
  CHECK(details.run_serial);
  CHECK(details.timeout == Milliseconds(1500));
  CHECK(details.processors == 2);

  const auto judge = [](CtestDetails d, int code, std::string_view output, int signal = 0) {
    return judge_ctest(d, code, signal, false, output).status;
  };
  CHECK(judge({}, 0, "") == Status::passed);
  CHECK(judge({}, 1, "") == Status::failed);
  CHECK(judge({}, 0, "", 11) == Status::crashed);
  CHECK(judge({.skip_code = 77}, 77, "") == Status::skipped);
  CHECK(judge({.will_fail = true}, 1, "") == Status::passed);
  CHECK(judge({.will_fail = true}, 0, "") == Status::failed);
  CHECK(judge({.pass_patterns = {"all well"}}, 3, "it is all well") == Status::passed);
  CHECK(judge({.pass_patterns = {"all well"}}, 0, "no") == Status::failed);
  CHECK(judge({.fail_patterns = {"[Ee]rror"}}, 0, "an Error") == Status::failed);
  CHECK(judge({.skip_patterns = {"SKIP"}}, 1, "SKIP") == Status::skipped);
  CHECK(judge({.pass_patterns = {"two$"}}, 0, "one\ntwo") == Status::failed);
  CHECK(judge({.pass_patterns = {"one\ntwo\n$"}}, 0, "one\r\ntwo") == Status::passed);
  CHECK_FALSE(parse_ctest_list("{}"));
  CHECK_FALSE(parse_ctest_list("[1"));
}

TEST_CASE("TAP: plan, directives, bail out") {
  const auto judge = [](std::string_view text, int code = 0) {
    TapReader reader;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      reader.line(text.substr(0, end));
      text.remove_prefix(end);
    }
    return reader.judge(code, 0).status;
  };
  CHECK(judge("1..2\nok 1\nok 2 - b\n") == Status::passed);
  CHECK(judge("1..2\nok 1\nnot ok 2 - b\n") == Status::failed);
  CHECK(judge("1..2\nok 1\nnot ok 2 # TODO later\n") == Status::passed);
  CHECK(judge("1..2\nok 1\n") == Status::failed);
  CHECK(judge("ok 1\n1..1\n") == Status::passed);
  CHECK(judge("ok 1\n") == Status::failed);
  CHECK(judge("1..0 # skip nothing to do\n") == Status::skipped);
  CHECK(judge("1..1\nok 1 # SKIP no network\n") == Status::skipped);
  CHECK(judge("1..2\nok 1\nBail out! disk\n") == Status::failed);
  CHECK(judge("1..1\nok 1\n", 3) == Status::failed);
}

TEST_CASE("TAP: each point is told by number and name, with directives, diagnostics and subtests") {
  TapReader reader;
  for (const auto* line :
       {"TAP version 14\n", "1..6\n", "ok 1 - opens \\# the file\n", "not ok 2 - reads it\n",
        "#   Failed at t/a.t line 9\n", "  ---\n", "  got: 3\n", "  ...\n", "ok 3 # SKIP no network\n",
        "not ok 4 - later # TODO not yet\n", "# Subtest: inner\n", "    ok 1 - x\n", "    not ok 2 - y\n", "    1..2\n",
        "not ok 5 - inner\n", "ok 6 - done # todo surprise\n", "    not ok 9 - of nothing\n"})
    reader.line(line);
  const auto judgement = reader.judge(2, 0);
  CHECK(judgement.status == Status::failed);
  CHECK(judgement.by_points);
  CHECK(judgement.message == "2 of 6 points failed, first: 2 - reads it");
  const auto points = reader.take_points();
  REQUIRE(points.size() == 6);
  CHECK(points[0].name == "1 - opens \\# the file");
  CHECK(points[0].status == Status::passed);
  CHECK(points[1].name == "2 - reads it");
  CHECK(points[1].message == "Failed at t/a.t line 9\n---\ngot: 3\n...");
  CHECK(points[2].name == "3");
  CHECK(points[2].status == Status::skipped);
  CHECK(points[2].message == "no network");
  CHECK(points[3].status == Status::skipped);
  CHECK(points[3].message == "TODO: not yet");
  CHECK(points[4].status == Status::failed);
  CHECK(points[4].message == "not ok 2 - y");
  CHECK(points[5].status == Status::passed);
  CHECK(points[5].message == "TODO passed: surprise");
}

TEST_CASE("TAP: what prove calls a parse error fails the program, whatever its points say") {
  const auto judge = [](std::initializer_list<const char*> lines) {
    TapReader reader;
    for (const auto* line : lines) reader.line(line);
    return reader.judge(0, 0);
  };
  CHECK(judge({"1..2", "ok 1", "ok 3"}).message == "point 3 comes where 2 is expected");
  CHECK(judge({"1..1", "1..1", "ok 1"}).message == "more than one plan (1..N)");
  CHECK(judge({"1..1", "ok 1", "ok 2"}).message == "planned 1 points, saw 2");
  CHECK_FALSE(judge({"1..3", "not ok 1", "ok 2"}).by_points);
  CHECK(judge({"1..1", "not ok 1 # SKIP broken"}).status == Status::failed);
  CHECK(judge({"1..0 # SKIP no database"}).message == "no database");
  CHECK(judge({"1..1", "ok 1 - a {", "    1..1", "    ok 1", "}"}).status == Status::passed);
}

TEST_CASE("doctest: cases of one name are told apart by number, and run under the name they share") {
  auto tests = doctest_adapter().parse_list(
      "<?xml version=\"1.0\"?>\n<doctest binary=\"x\">\n  <TestCase name=\"same\" filename=\"a.cpp\" line=\"3\"/>\n"
      "  <TestCase name=\"same\" filename=\"b.cpp\" line=\"9\"/>\n</doctest>\n");
  REQUIRE(tests);
  REQUIRE(tests->size() == 2);
  CHECK((*tests)[0].name == "same");
  CHECK((*tests)[1].name == "same #2");
  CHECK((*tests)[1].own_name() == "same");
  Program program;
  program.path = "/bin/x";
  const std::vector<const TestCase*> one = {&(*tests)[1]};
  CHECK(doctest_adapter().invoke(program, one, 5, {}).arguments[1] == "--dt-test-case=same");
}
