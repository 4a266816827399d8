// The language: modules and queries with the results that they must have, and the errors of bad ones.
#include <doctest/doctest.h>

#include "engines/policy/engine.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

struct Case {
  const char* name;
  const char* module;  // body of package t
  const char* query;
  const char* want;  // Rego text of the value, "" for undefined
};

std::string evaluate(const std::string& module, const std::string& query, RegoVersion version = RegoVersion::v1) {
  PolicyOptions options;
  options.version = version;
  Policy policy(options);
  if (const auto errors = policy.add_module("t.rego", "package t\n" + module); !errors.empty())
    return to_string(errors);
  if (const auto errors = policy.compile(); !errors.empty()) return to_string(errors);
  auto prepared = policy.prepare(query);
  if (!prepared) return to_string(prepared.error());
  Evaluator evaluator(policy);
  EvaluationOptions evaluation;
  evaluation.timeout = std::chrono::milliseconds(10'000);
  auto rows = evaluator.evaluate(**prepared, evaluation);
  if (!rows) return to_string(rows.error());
  if (rows->empty()) return "";
  return to_rego((*rows)[0].expressions[0].value);
}

constexpr Case kCases[] = {
    {"complete rule", "p := 1", "data.t.p", "1"},
    {"default", "default p := false\np if 1 == 2", "data.t.p", "false"},
    {"else", "p := 1 if false\nelse := 2 if true", "data.t.p", "2"},
    {"partial set", "p contains x if some x in [3, 1, 1]", "data.t.p", "{1, 3}"},
    {"partial object", "p[k] := v if some k, v in {\"a\": 1, \"b\": 2}", "data.t.p", "{\"a\": 1, \"b\": 2}"},
    {"reference in head", "p.q[x].r := x if some x in [\"m\"]", "data.t.p", "{\"q\": {\"m\": {\"r\": \"m\"}}}"},
    {"function", "f(x) := x + 1\np := f(f(1))", "data.t.p", "3"},
    {"function pattern", "f([x, _]) := x\np := f([5, 6])", "data.t.p", "5"},
    {"every", "p if every x in [1, 2] { x > 0 }", "data.t.p", "true"},
    {"every fails", "p if every x in [1, 0] { x > 0 }", "data.t.p", ""},
    {"negation", "p if not false", "data.t.p", "true"},
    {"with input", "p if input.a == 1\nq if p with input.a as 1", "data.t.q", "true"},
    {"undefined replacement below a negation", "p if not q with input as [x | x := 1; x > 1][0]\nq if input.x == 1",
     "data.t.p", ""},
    {"replacement below a negation", "p if not q with input as {\"a\": 7}[\"a\"]\nq if input == 1", "data.t.p", "true"},
    {"with function", "p := x if x := count([1]) with count as 7", "data.t.p", "7"},
    {"comprehensions", "p := {x: [y | some y in [1, 2]; y > x] | some x in [0, 1]}", "data.t.p", "{0: [1, 2], 1: [2]}"},
    {"later binding", "p := x if { y = x; y = 3 }", "data.t.p", "3"},
    {"unification of nested", "p := [a, b] if [a, {\"k\": b}] = [1, {\"k\": 2}]", "data.t.p", "[1, 2]"},
    {"walk", "p := [v | walk({\"a\": [7]}, [_, v]); is_number(v)]", "data.t.p", "[7]"},
    {"template string", "p := $\"{1 + 1} {data.t.none}\"", "data.t.p", "\"2 <undefined>\""},
    {"package extent", "p := 1\nq contains 2", "data.t", "{\"p\": 1, \"q\": {2}}"},
    {"dynamic package member", "p := 1\nq := 2", "[x | some x in [\"p\", \"q\"]; data.t[x] == 2]", "[\"q\"]"},
    {"some for closures alone", "p := [a, b] if { some i; a := [x | x := [3, 4][i]]; b := [i | [5][i]] }", "data.t.p",
     "[[3, 4], [0]]"},
    {"some for a closure in a closure", "p := a if { some i; a := [y | y := [i | [5, 6][i]]] }", "data.t.p",
     "[[0, 1]]"},
    {"some for the body and a closure", "p contains a if { some i; [1, 2][i]; a := [x | x := [3, 4][i]] }", "data.t.p",
     "{[3], [4]}"},
    {"raw strings keep carriage returns", "p := `a\r\nb`", "data.t.p", "\"a\\r\\nb\""},
    {"keyword as a name", "if.x := 1\np := data.t.if.x", "data.t.p", "1"},
};

}  // namespace

TEST_CASE("rules and expressions have their values") {
  for (const Case& each : kCases) {
    CAPTURE(each.name);
    CHECK(evaluate(each.module, each.query) == each.want);
  }
}

TEST_CASE("a package has a name") {
  Policy policy;
  CHECK(to_string(policy.add_module("t.rego", "package _\n")).find("a package needs a name") != std::string::npos);
  CHECK(to_string(policy.add_module("u.rego", "package _.a\n")).find("a package needs a name") != std::string::npos);
}

TEST_CASE("bad policies are refused with code and place") {
  const std::pair<const char*, const char*> cases[] = {
      {"p if { x := }",
       "1 error occurred: t.rego:2: rego_parse_error: unexpected } token\n\tp if { x := }\n\t            ^"},
      {"p if x > 1", "1 error occurred: t.rego:2: rego_unsafe_var_error: var x is unsafe"},
      {"p if q\nq if p",
       "2 errors occurred:\nt.rego:2: rego_recursion_error: rule data.t.p is recursive: data.t.p -> data.t.q -> "
       "data.t.p\n"
       "t.rego:3: rego_recursion_error: rule data.t.q is recursive: data.t.q -> data.t.p -> data.t.q"},
      {"p := missing(1)", "1 error occurred: t.rego:2: rego_type_error: undefined function missing"},
      {"p := 1\np(x) := x", "1 error occurred: t.rego:2: rego_type_error: conflicting rules data.t.p found"},
      {"p if { some i; true }", "1 error occurred: t.rego:2: rego_compile_error: declared var i unused"},
      {"p { true }", "1 error occurred: t.rego:2: rego_parse_error: `if` keyword is required before rule body"},
  };
  for (const auto& [module, want] : cases) {
    CAPTURE(module);
    CHECK(evaluate(module, "data.t") == want);
  }
}

TEST_CASE("strict compilation refuses what nothing uses") {
  auto errors_of = [](const std::string& module) {
    PolicyOptions options;
    options.compile.strict = true;
    Policy policy(options);
    CHECK(policy.add_module("t.rego", "package t\n" + module).empty());
    return to_string(policy.compile());
  };
  CHECK(errors_of("p if { a := 1; b := a + 1; b > 1 }").find("unused") == std::string::npos);
  CHECK(errors_of("p if { a := 1; b := a + 1 }") ==
        "1 error occurred: t.rego:2: rego_compile_error: assigned var b unused");
  CHECK(errors_of("f(x, y) := x if x > 1\nelse := y if x > 0").find("unused") == std::string::npos);
  CHECK(errors_of("f(x, _) := x\ng(x, y) if x > 1\nelse := 2 if x > 0") ==
        "1 error occurred: t.rego:3: rego_compile_error: unused argument y. (hint: use _ (wildcard variable) instead)");
}

TEST_CASE("conflicts end the evaluation") {
  CHECK(evaluate("p := 1\np := 2", "data.t.p") ==
        "t.rego:3: eval_conflict_error: complete rules must not produce multiple outputs");
  CHECK(evaluate("p[\"a\"] := x if some x in [1, 2]", "data.t.p") ==
        "t.rego:2: eval_conflict_error: complete rules must not produce multiple outputs");
  CHECK(evaluate("p[k] := x if { some x in [1, 2]; k := \"a\" }", "data.t.p") ==
        "t.rego:2: eval_conflict_error: object keys must be unique");
}

TEST_CASE("nesting, length and time are bounded") {
  CHECK(evaluate("p := " + std::string(20'000, '[') + std::string(20'000, ']'), "data.t.p").find("nested too deeply") !=
        std::string::npos);
  CHECK(evaluate("p := " + std::string(20'000, '('), "data.t.p").find("nested too deeply") != std::string::npos);
  CHECK(evaluate("p := \"\xff\"", "data.t.p").find("not valid UTF-8") != std::string::npos);

  Policy policy;
  REQUIRE(policy
              .add_module("t.rego",
                          "package t\np := count([1 | some x in numbers.range(1, 2000); some y in "
                          "numbers.range(1, 2000); some z in numbers.range(1, 2000); x + y == z])")
              .empty());
  REQUIRE(policy.compile().empty());
  auto prepared = policy.prepare("data.t.p");
  REQUIRE(prepared.has_value());
  Evaluator evaluator(policy);
  EvaluationOptions evaluation;
  evaluation.max_steps = 100'000;
  const auto rows = evaluator.evaluate(**prepared, evaluation);
  REQUIRE_FALSE(rows.has_value());
  CHECK(rows.error().code == "eval_limit_error");
}

TEST_CASE("a long chain of rules is an error or a value, never a crash") {
  std::string module;
  for (int i = 0; i < 30'000; ++i) module += "p" + std::to_string(i) + " := p" + std::to_string(i + 1) + "\n";
  module += "p30000 := 1\n";
  const std::string result = evaluate(module, "data.t.p0");
  CHECK((result == "1" || result.find("nests too deeply") != std::string::npos));
}

TEST_CASE("the index finds the same rules as trying all") {
  std::string module = "default allow := false\n";
  for (int i = 0; i < 200; ++i) {
    module += "allow if { input.user == \"u" + std::to_string(i) + "\"; input.method in {\"GET\", \"m" +
              std::to_string(i % 7) + "\"} }\n";
  }
  CHECK(evaluate(module, "data.t.allow with input as {\"user\": \"u42\", \"method\": \"m0\"}") == "true");
  CHECK(evaluate(module, "data.t.allow with input as {\"user\": \"u42\", \"method\": \"m1\"}") == "false");
  CHECK(evaluate(module, "data.t.allow with input as {\"user\": \"u200\", \"method\": \"GET\"}") == "false");
}
