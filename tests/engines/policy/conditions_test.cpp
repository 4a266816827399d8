// Which conditions the tests of a policy tried both ways.
#include "engines/policy/conditions.h"

#include <doctest/doctest.h>

#include "engines/policy/engine.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

constexpr const char* kPolicy = R"(package main

deny contains msg if {
	some r in input.resources
	r.type == "bucket"
	not r.versioned
	count([t | some t in r.tags; t.key == "owner"]) == 0
	msg := sprintf("%s", [r.name])
}

allow if {
	input.user == "admin"
	every x in input.list { x > 0 }
}

size(x) := "big" if {
	x > 10
} else := "small" if x > 0
)";

std::string tried(const std::vector<std::string>& queries) {
  Policy policy;
  REQUIRE(policy.add_module("p.rego", kPolicy).empty());
  REQUIRE(policy.compile().empty());
  Counters counters;
  for (const std::string& query : queries) {
    auto prepared = policy.prepare(query);
    REQUIRE(prepared.has_value());
    Evaluator evaluator(policy);
    evaluator.machine().set_counters(&counters);
    REQUIRE(evaluator.evaluate(**prepared, {}).has_value());
  }
  std::string out;
  for (const ConditionCoverage& each : measure_conditions(policy.program(), counters))
    out += std::to_string(each.row) + ":" + std::to_string(each.column) + (each.held ? " held" : "") +
           (each.failed ? " failed" : "") + "\n";
  return out;
}

}  // namespace

TEST_CASE("conditions are told apart by what was seen of them") {
  CHECK(tried({}) == "4:2\n5:2\n6:2\n7:2\n7:13\n7:31\n12:2\n13:2\n13:26\n17:2\n18:22\n");
  CHECK(
      tried(
          {R"(data.main.deny with input as {"resources": [{"type": "bucket", "name": "b", "tags": []}, {"type": "x"}]})",
           R"(data.main.allow with input as {"user": "admin", "list": [1]})", "data.main.size(11)"}) ==
      "4:2 held\n5:2 held failed\n6:2 held\n7:2 held\n7:13 failed\n7:31\n12:2 held\n13:2 held\n13:26 held\n17:2 held\n"
      "18:22\n");
  CHECK(
      tried(
          {R"(data.main.deny with input as {"resources": [{"type": "bucket", "versioned": true}]})",
           R"(data.main.deny with input as {"resources": [{"type": "bucket", "tags": [{"key": "owner"}, {"key": "a"}]}]})",
           R"(data.main.allow with input as {"user": "admin", "list": [1, 0]})", "data.main.size(0)",
           R"(data.main.allow with input as {"user": "guest", "list": []})"}) ==
      "4:2 held\n5:2 held\n6:2 held failed\n7:2 failed\n7:13 held\n7:31 held failed\n12:2 held failed\n13:2 failed\n"
      "13:26 held failed\n17:2 failed\n18:22 failed\n");
}
