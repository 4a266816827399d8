// Files against policies: which rules count, what is counted, where findings stand, and the forms of output.
#include "engines/policy/gate/gate.h"

#include <doctest/doctest.h>

#include "foundation/doc/json.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

constexpr const char* kPolicy = R"(package main

deny contains msg if {
  some name
  input.containers[name].privileged
  msg := sprintf("container %q is privileged", [name])
}

deny_image contains {"msg": msg, "fix": "pin it"} if {
  some c in input.containers
  endswith(c.image, ":latest")
  msg := sprintf("image %s is not pinned", [c.image])
}

warn contains "no labels" if not input.labels

exception contains rules if {
  input.kind == "Test"
  rules := ["image"]
}
)";

constexpr const char* kInput =
    "kind: App\ncontainers:\n  web:\n    image: nginx:latest\n    privileged: true\n  db:\n    image: pg:1\n";

std::unique_ptr<gate::Gate> make(std::string policy_text) {
  auto made = gate::Gate::create({{"policy/main.rego", std::move(policy_text)}}, {}, {});
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  return std::move(*made);
}

std::vector<gate::FileResult> check(const gate::Gate& policies, std::string text,
                                    std::vector<std::string> namespaces = {"main"}) {
  task::Pool pool(1);
  auto results = policies.check({{"app.yaml", std::move(text), InputFormat::yaml}}, namespaces, pool, nullptr);
  REQUIRE_MESSAGE(results, (results ? "" : results.error().message));
  return std::move(*results);
}

}  // namespace

TEST_CASE("rule names") {
  for (auto name : {"deny", "deny_a", "violation_a_b", "violation"}) CHECK(gate::is_failure_rule(name));
  for (auto name : {"denyx", "deny_", "deny__a", "warn", "allow"}) CHECK_FALSE(gate::is_failure_rule(name));
  CHECK(gate::is_warning_rule("warn_a"));
}

TEST_CASE("findings with their places") {
  const auto policies = make(kPolicy);
  const auto results = check(*policies, kInput);
  REQUIRE(results.size() == 1);
  REQUIRE(results[0].failures.size() == 2);
  CHECK(results[0].failures[0].message == "container \"web\" is privileged");
  CHECK(results[0].failures[0].rule == "deny");
  CHECK(results[0].failures[0].place.line == 5);
  CHECK(results[0].failures[1].message == "image nginx:latest is not pinned");
  CHECK(results[0].failures[1].place.line == 4);
  CHECK(results[0].failures[1].place.column == 12);
  CHECK(results[0].failures[1].metadata.string_or("fix", "") == "pin it");
  CHECK(results[0].warnings.size() == 1);
  CHECK(gate::totals(results).tests() == 3);
}

TEST_CASE("a policy knows the file it is asked about") {
  const auto policies = make(
      "package main\nimport rego.v1\ndeny contains msg if {\n  input.kind\n"
      "  endswith(data.conftest.file.dir, \"/a/b\")\n  msg := data.conftest.file.name\n}\n");
  task::Pool pool(1);
  const auto results =
      policies->check({{"a/c/../b/app.yaml", "kind: App\n", InputFormat::yaml}}, {"main"}, pool, nullptr);
  REQUIRE(results);
  REQUIRE(results->front().failures.size() == 1);
  CHECK(results->front().failures.front().message == "app.yaml");
}

TEST_CASE("findings with the conditions that held") {
  gate::Options options;
  options.explain = true;
  const auto policies = gate::Gate::create({{"policy/main.rego", kPolicy}}, {}, options);
  REQUIRE(policies);
  task::Pool pool(1);
  // The second document of a stream: places are those of the file.
  const std::vector<gate::Gate::Input> inputs{
      {"app.yaml", std::string("labels: {a: b}\n---\n") + kInput, InputFormat::yaml}};
  auto results = (*policies)->check(inputs, {"main"}, pool, nullptr);
  REQUIRE(results);
  (*policies)->explain(*results, inputs, nullptr);
  const auto& failures = results->at(0).failures;
  REQUIRE(failures.size() == 2);
  REQUIRE(failures[0].because.size() == 2);
  const gate::Because& privileged = failures[0].because[0];
  CHECK(privileged.text == "input.containers[name].privileged");
  CHECK(privileged.place.file == "policy/main.rego");
  CHECK(privileged.place.line == 5);
  REQUIRE(privileged.readings.size() == 1);
  CHECK(privileged.readings[0].path == "input.containers.web.privileged");
  CHECK(privileged.readings[0].value == "true");
  CHECK(privileged.readings[0].place.file == "app.yaml");
  CHECK(privileged.readings[0].place.line == 7);
  REQUIRE(failures[1].because.size() == 3);
  CHECK(failures[1].because[1].text == "endswith(c.image, \":latest\")");
  REQUIRE(failures[1].because[1].readings.size() == 1);
  CHECK(failures[1].because[1].readings[0].place.line == 6);
  // Of two ways to the same result the one with fewer conditions.
  const auto two = gate::Gate::create({{"p.rego",
                                        "package main\n\ndeny contains \"x\" if {\n\tinput.a\n\tinput.b\n}\n\n"
                                        "deny contains \"x\" if input.b\n"}},
                                      {}, options);
  REQUIRE(two);
  const std::vector<gate::Gate::Input> both{{"i.yaml", "a: 1\nb: 2\n", InputFormat::yaml}};
  results = (*two)->check(both, {"main"}, pool, nullptr);
  REQUIRE(results);
  (*two)->explain(*results, both, nullptr);
  REQUIRE(results->at(0).failures.size() == 1);
  REQUIRE(results->at(0).failures[0].because.size() == 1);
  CHECK(results->at(0).failures[0].because[0].text == "input.b");
}

TEST_CASE("exceptions, successes, documents of a stream") {
  const auto policies = make(kPolicy);
  auto results = check(*policies, "kind: Test\nlabels: {a: b}\ncontainers: {web: {image: \"x:latest\"}}\n");
  CHECK(results[0].failures.empty());
  REQUIRE(results[0].exceptions.size() == 1);
  CHECK(results[0].exceptions[0].message == "data.main.exception[_][_] == \"image\"");
  results = check(*policies, "labels: {a: b}\n---\nlabels: {a: b}\n");
  CHECK(gate::totals(results).successes == 6);
  CHECK(gate::totals(results).tests() == 6);
  results = check(*policies, "{}", {"elsewhere"});
  CHECK(gate::totals(results).tests() == 0);
}

TEST_CASE("policies that cannot be used are refused with the reason") {
  auto message = [](std::string text) {
    auto made = gate::Gate::create({{"p.rego", std::move(text)}}, {}, {});
    return made ? std::string("made") : made.error().message;
  };
  CHECK(message("package main\ndeny[msg] if { msg := \"x\" }\n").find("'if' keyword without 'contains' keyword") !=
        std::string::npos);
  CHECK(message("package main\ndeny contains x if y\n").find("rego_unsafe_var_error") != std::string::npos);
  CHECK(message("package main\ndeny contains msg if {\n").find("rego_parse_error") != std::string::npos);
}

TEST_CASE("a result without msg is an error") {
  const auto policies = make("package main\ndeny contains {\"text\": \"x\"}\n");
  task::Pool pool(1);
  const auto results = policies->check({{"a.yaml", "{}", InputFormat::yaml}}, {"main"}, pool, nullptr);
  REQUIRE_FALSE(results);
  CHECK(results.error().message.find("rule missing msg field") != std::string::npos);
}

TEST_CASE("forms of output") {
  const auto policies = make(kPolicy);
  const auto results = check(*policies, kInput);
  auto print = [&](std::string_view form) {
    gate::OutputOptions options;
    options.form = form;
    return gate::print_results(results, options);
  };
  CHECK(print("stdout") ==
        "WARN - app.yaml - main - no labels\nFAIL - app.yaml - main - container \"web\" is privileged\n"
        "FAIL - app.yaml - main - image nginx:latest is not pinned\n\n"
        "3 tests, 0 passed, 1 warning, 2 failures, 0 exceptions\n");
  CHECK(print("tap").starts_with("1..3\nnot ok 1 - app.yaml - main - container \"web\" is privileged\n"));
  CHECK(print("github").find("::error file=app.yaml,line=4::image nginx:latest is not pinned\n") != std::string::npos);
  CHECK(print("junit").find("<testsuite tests=\"3\" failures=\"3\"") != std::string::npos);
  CHECK(print("table").find("| failure | app.yaml | main ") != std::string::npos);
  CHECK(print("azuredevops").find("##vso[task.logissue type=warning] file=app.yaml --> no labels") !=
        std::string::npos);
  const auto sarif = doc::parse_json(print("sarif"));
  REQUIRE(sarif);
  CHECK(sarif->find("runs")->items()[0].find("results")->items().size() == 3);
  CHECK(sarif->find("runs")->items()[0].find("results")->items()[1].string_or("ruleId", "") == "main/deny_image");
  // What JSON says, reformatted, is the same.
  const auto again = gate::read_results(print("json"));
  REQUIRE(again);
  CHECK(gate::print_results(*again, {}) == print("stdout"));
}

TEST_CASE("unit tests") {
  const auto policies = make("package main\ntest_a if true\ntest_b if false\ntodo_test_c if true\n");
  const auto tests = policies->unit_tests([](std::string_view) { return true; }, nullptr);
  REQUIRE(tests.size() == 3);
  using Status = gate::Gate::UnitTest::Status;
  CHECK(tests[0].status == Status::passed);
  CHECK(tests[1].status == Status::failed);
  CHECK(tests[2].status == Status::skipped);
}
