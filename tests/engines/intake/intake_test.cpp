#include "engines/intake/intake.h"

#include <doctest/doctest.h>

using namespace chiron;
using intake::Options;

namespace {
const Options kOptions{"lint", "/w/sub", "/w", "output", Level::warning};

std::string shown(const Finding& f) {
  return std::string(to_string(f.level)) + " " + f.rule + " " + to_string(f.place) + " " + f.message;
}
std::string first(const Result<intake::Taken>& taken) {
  if (!taken) return taken.error().code;
  return taken->findings.empty() ? "none" : shown(taken->findings[0]);
}
}  // namespace

TEST_CASE("gnu: what compilers and linters print") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      // gcc 12, clang 19
      {"a.c:3:7: warning: unused variable 'x' [-Wunused-variable]",
       "warning lint/-Wunused-variable sub/a.c:3:7 unused variable 'x'"},
      {"/w/x/a.c:3:7: error: expected ';'", "error lint/message x/a.c:3:7 expected ';'"},
      {"a.c:1:10: fatal error: no.h: No such file or directory",
       "error lint/message sub/a.c:1:10 no.h: No such file or directory"},
      // clang-tidy
      {"a.cpp:1:2: warning: bad [bugprone-x,-warnings-as-errors]", "warning lint/bugprone-x sub/a.cpp:1:2 bad"},
      // flake8, pycodestyle, mypy, pylint's default, shellcheck -f gcc
      {"./m.py:12:80: E501 line too long (93 > 79 characters)",
       "warning lint/E501 sub/m.py:12:80 line too long (93 > 79 characters)"},
      {"m.py:5: error: Name \"x\" is not defined  [name-defined]",
       "error lint/name-defined sub/m.py:5 Name \"x\" is not defined"},
      {"m.py:1:0: C0114: Missing module docstring (missing-module-docstring)",
       "warning lint/C0114 sub/m.py:1 Missing module docstring (missing-module-docstring)"},
      {"s.sh:2:6: note: Double quote to prevent globbing [SC2086]",
       "note lint/SC2086 sub/s.sh:2:6 Double quote to prevent globbing"},
      // go vet, tsc, MSVC, grep -n
      {"./main.go:7:2: unreachable code", "warning lint/message sub/main.go:7:2 unreachable code"},
      {"src/a.ts(3,5): error TS2304: Cannot find name 'x'.",
       "error lint/TS2304 sub/src/a.ts:3:5 Cannot find name 'x'."},
      {"a.txt:4:trailing space", "warning lint/message sub/a.txt:4 trailing space"},
      {"a.c:0:0: error: of the whole file", "error lint/message sub/a.c of the whole file"},
      // coloured although not on a terminal
      {"\x1b[1ma.c:3:7:\x1b[0m \x1b[31merror: \x1b[0mbad", "error lint/message sub/a.c:3:7 bad"},
      // of a file as a whole, of a program
      {"src/a.c: error: no newline at the end", "error lint/message sub/src/a.c no newline at the end"},
      {"/w/x/a.py: warning: too long [W100]", "warning lint/W100 x/a.py too long"},
      {"ld: error: undefined symbol: main", "error lint/message  ld: undefined symbol: main"},
      {"/usr/bin/ld: warning: a.o: missing .note.GNU-stack", "warning lint/message  ld: a.o: missing .note.GNU-stack"},
      {"clang: error: no input files", "error lint/message  clang: no input files"},
      {"clang: error: linker command failed [-Wx]", "error lint/-Wx  clang: linker command failed"},
      // talk
      {"Summary of the run: error: 3", "none"},
      {"all went well: no error", "none"},
      {"a.c: In function 'main':", "none"},
      {"12:30:45: started", "none"},
      {"make: *** [Makefile:3: all] Error 1", "none"},
      {"In file included from a.c:1:", "none"},
      {"Done in 3:12: fine", "none"},
      {"", "none"}};
  for (const auto& [line, expected] : cases) {
    CAPTURE(line);
    CHECK(first(intake::read_gnu(line, kOptions)) == expected);
  }
}

TEST_CASE("gnu: notes belong to the message before them, repeats count once") {
  const auto taken = intake::read_gnu(
      "a.h:1:1: warning: w\na.h:2:1: note: declared here\na.h:9:9: warning: z\na.h:9:9: warning: z\n", kOptions);
  REQUIRE(taken->findings.size() == 2);
  REQUIRE(taken->findings[0].related.size() == 1);
  CHECK(taken->findings[0].related[0].message == "declared here");
}

TEST_CASE("github: properties and escapes") {
  CHECK(first(intake::read_github("talk\n::error file=a%2Cb.c,line=3,col=4,title=T::one%0Atwo %25\n", kOptions)) ==
        "error lint/T sub/a,b.c:3:4 one\ntwo %");
  CHECK(first(intake::read_github("::debug::x\n::set-output name=a::b\n", kOptions)) == "none");
}

TEST_CASE("checkstyle and junit: findings, metrics, and what is not of the form") {
  CHECK(
      first(intake::read_checkstyle(
          R"(<?xml version="1.0"?><checkstyle version="4.3"><file name="a.js"><error line="2" column="3" severity="error" message="m &amp; n" source="eslint.no-x"/></file></checkstyle>)",
          kOptions)) == "error lint/eslint.no-x sub/a.js:2:3 m & n");
  const auto junit = intake::read_junit(
      R"(<testsuites><testsuite name="s"><testcase classname="c" name="t" file="t.py" line="4"><failure message="no">trace</failure></testcase>
         <testcase name="u"><skipped/></testcase><testcase name="v"/></testsuite></testsuites>)",
      kOptions);
  CHECK(first(junit) == "error lint/test-failure sub/t.py:4 c.t: no");
  CHECK(junit->metrics[0].value == 3);
  CHECK(junit->metrics[1].value == 1);
  CHECK(junit->metrics[2].value == 1);
  CHECK(intake::read_junit("<html/>", kOptions).error().code == "intake.format");
  CHECK(intake::read_checkstyle("<a>", kOptions).error().code == "xml.syntax");
}

TEST_CASE("sarif: rules, levels, places, flows, fixes, suppressions, failed runs") {
  const auto taken = intake::read_sarif(R"({"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Tool X","rules":[
    {"id":"R1","shortDescription":{"text":"one"},"defaultConfiguration":{"level":"error"},"messageStrings":{"m":{"text":"got {0}"}}}]}},
    "originalUriBaseIds":{"ROOT":{"uri":"file:///w/"}},
    "results":[
     {"ruleId":"R1","ruleIndex":0,"message":{"id":"m","arguments":["it"]},
      "locations":[{"physicalLocation":{"artifactLocation":{"uri":"a%20b.c","uriBaseId":"ROOT"},"region":{"startLine":3,"startColumn":2,"endColumn":5}}}],
      "codeFlows":[{"threadFlows":[{"locations":[{"location":{"message":{"text":"from"},"physicalLocation":{"artifactLocation":{"uri":"x.c"}}}}]}]}],
      "fixes":[{"description":{"text":"fix"},"artifactChanges":[{"artifactLocation":{"uri":"x.c"},"replacements":[{"deletedRegion":{"byteOffset":1,"byteLength":2},"insertedContent":{"text":"y"}}]}]}]},
     {"ruleId":"R1","message":{"text":"gone"},"suppressions":[{"kind":"inSource"}]},
     {"ruleId":"R1","kind":"pass","message":{"text":"fine"}}]}]})",
                                        kOptions);
  REQUIRE(taken);
  REQUIRE(taken->findings.size() == 1);
  CHECK(first(taken) == "error tool-x/R1 a b.c:3:2 got it");
  CHECK(taken->findings[0].place.end_line == 3);
  CHECK(taken->findings[0].related[0].place.file == "sub/x.c");
  CHECK(taken->findings[0].fixes[0].edits[0].offset == 1);
  CHECK(taken->rules[0].summary == "one");
  CHECK(intake::read_sarif(
            R"({"runs":[{"tool":{"driver":{"name":"t"}},"invocations":[{"executionSuccessful":false}]}]})", kOptions)
            .error()
            .code == "intake.unsuccessful");
  CHECK(intake::read_sarif("{}", kOptions).error().code == "intake.format");
  // Members of the wrong type are no crash.
  CHECK(intake::read_sarif(R"({"runs":[{"tool":[],"results":[{"locations":{},"message":3,"ruleIndex":-7}]}, 4]})",
                           kOptions));
}
