// The packs that come with the program: they compile, and each rule has an id of its own and a page.
#include "engines/policy/pack/pack.h"

#include <doctest/doctest.h>

#include <set>

using namespace chiron;
using namespace chiron::policy;

TEST_CASE("the default pack compiles strictly, and its namespaces have its rules") {
  gate::Options options;
  options.strict = true;
  const auto made = gate::Gate::create(pack::sources("default"), {}, options);
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  const auto namespaces = pack::namespaces("default");
  CHECK(namespaces ==
        std::vector<std::string>{"chiron.dependencies", "chiron.repository", "chiron.sboms", "chiron.workflows"});
  CHECK(pack::sources("other").empty());
}

TEST_CASE("every rule has a page") {
  std::set<std::string> ids;
  for (const auto& rule : pack::rules()) {
    CHECK_MESSAGE(ids.insert(rule.id).second, rule.id);
    CHECK_MESSAGE(!rule.summary.empty(), rule.id);
    CHECK_MESSAGE(rule.help.size() > 150, rule.id);
    CHECK_FALSE(rule.summary.ends_with('.'));
  }
  CHECK(ids.size() == 14);
  CHECK(pack::finding_rule("chiron.workflows", "deny_unpinned_action") == "policy/unpinned-action");
  CHECK(pack::finding_rule("main", "deny_unpinned_action") == "policy/main.deny_unpinned_action");
}

TEST_CASE("a finding without a place of its own stands where the object around its value does") {
  auto made = gate::Gate::create(
      {{"a.rego",
        "package main\n"
        "deny contains sprintf(\"%s is used\", [w.jobs[_].steps[_].name]) if some w in input.workflows\n"
        "warn contains \"nothing is named\"\n"
        "warn_told contains {\"msg\": \"told\", \"_loc\": {\"file\": \"b\", \"line\": 3, \"column\": 4},\n"
        "  \"related\": [{\"file\": \"c\", \"line\": 5, \"message\": \"there\"}, {\"line\": 1}]}\n"}},
      {}, {});
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  gate::Gate::Input input;
  input.file = "context";
  input.format = InputFormat::json;
  input.places = gate::InputPlaces::stated;
  input.text =
      R"({"workflows": [{"path": "w.yml", "place": {"file": "w.yml", "line": 1, "column": 1}, "jobs": [{"steps": [
    {"name": "Build it", "place": {"file": "w.yml", "line": 7, "column": 9}}]}]}]})";
  task::Pool pool(1);
  const auto results = (*made)->check({input}, {"main"}, pool, nullptr);
  REQUIRE(results);
  const auto& result = results->front();
  REQUIRE(result.failures.size() == 1);
  CHECK(to_string(result.failures[0].place) == "w.yml:7:9");
  CHECK(result.failures[0].loc_file == "w.yml");
  REQUIRE(result.warnings.size() == 2);
  CHECK(to_string(result.warnings[0].place).empty());
  CHECK(to_string(result.warnings[1].place) == "b:3:4");
  const auto related = gate::related_places(result.warnings[1].metadata);
  REQUIRE(related.size() == 1);
  CHECK(to_string(related[0].place) == "c:5");
  CHECK(related[0].message == "there");
}
