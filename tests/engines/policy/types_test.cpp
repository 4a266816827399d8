// Type errors: what they say of the types had and wanted, and what JSON Schemas add to it.
#include "engines/policy/types.h"

#include <doctest/doctest.h>

#include "engines/policy/builtins/json_problem.h"
#include "engines/policy/report.h"
#include "foundation/doc/json.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

PolicyErrors errors_of(const std::string& text, const SchemaSet* schemas = nullptr) {
  PolicyOptions options;
  options.compile.schemas = schemas;
  Policy policy(options);
  REQUIRE(policy.add_module("p.rego", text).empty());
  return policy.compile();
}

SchemaSet schema(const char* text, std::vector<std::string> name = {"schema"}) {
  SchemaSet set;
  auto parsed = doc::parse_json(text);
  REQUIRE(parsed);
  set.schemas.emplace_back(std::move(name), std::move(*parsed));
  return set;
}

}  // namespace

TEST_CASE("a call that no value satisfies tells the types it has and wants") {
  const PolicyErrors errors = errors_of("package p\n\nx := concat(\",\", 7)\n");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "concat: invalid argument(s)");
  CHECK(errors[0].details ==
        "have: (string, number, ??"
        "?)\n\twant: (delimiter: string, collection: any<array[string], set[string]>, "
        "output: string)");
  const doc::Value document = error_document(errors[0]);
  REQUIRE(document.find("details") != nullptr);
  CHECK(document.find("details")->find("want")->find("args")->items().size() == 3);
}

TEST_CASE("the input's schema makes references to members it does not have errors") {
  const SchemaSet set =
      schema(R"({"properties": {"name": {"type": "string"}, "ports": {"items": {"type": "integer"}}}})");
  CHECK(errors_of("package p\n\nx if input.name == \"a\"\n\ny if input.ports[_] > 3\n", &set).empty());
  const PolicyErrors unknown = errors_of("package p\n\nx if input.nmae == \"a\"\n", &set);
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].message == "undefined ref: input.nmae");
  CHECK(unknown[0].details ==
        "input.nmae\n\t      ^\n\t      have: \"nmae\"\n\t      want (one of): [\"name\" \"ports\"]");
  const PolicyErrors scalar = errors_of("package p\n\nx if input.name.first\n", &set);
  REQUIRE(scalar.size() == 1);
  CHECK(scalar[0].message == "undefined ref: input.name.first");
  const PolicyErrors mismatch = errors_of("package p\n\nx if {\n\tsome p in input.ports\n\tinput.name == 3\n}\n", &set);
  REQUIRE(mismatch.size() == 1);
  CHECK(mismatch[0].message == "match error");
}

TEST_CASE("annotations name schemas for their rules only") {
  const SchemaSet set = schema(R"({"properties": {"acl": {"type": "object"}}})", {"schema", "access"});
  const std::string text =
      "package p\n\n# METADATA\n# schemas:\n#   - input: schema.access\nx if input.alc.a\n\ny if input.alc.b\n";
  const PolicyErrors errors = errors_of(text, &set);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "undefined ref: input.alc.a");
  const PolicyErrors missing =
      errors_of("package p\n\n# METADATA\n# schemas:\n#   - input: schema.nothing\nx if input.a\n", &set);
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].message == "undefined schema: schema.nothing");
}

TEST_CASE("schemas are followed inside their file only and to a bounded depth") {
  Types types;
  const auto outside = doc::parse_json(R"({"$ref": "http://elsewhere/x.json"})");
  CHECK_FALSE(type_of_schema(types, *outside));
  const auto loop = doc::parse_json(R"({"$ref": "#"})");
  const auto type = type_of_schema(types, *loop);
  REQUIRE(type);
  CHECK(to_string(**type) == "any");
  const auto either = doc::parse_json(R"({"anyOf": [{"type": "string"}, {"type": "null"}]})");
  CHECK(to_string(**type_of_schema(types, *either)) == "any<string, null>");
}

TEST_CASE("what is wrong with JSON text is said as Go says it") {
  using functions::json_problem;
  CHECK(json_problem("{\"a\": [1, 2.5e3, true, null, \"x\\u00e9\"]}").empty());
  CHECK(json_problem("{nope") == "invalid character 'n' looking for beginning of object key string");
  CHECK(json_problem("[1 2]") == "invalid character '2' after array element");
  CHECK(json_problem("{\"a\" 1}") == "invalid character '1' after object key");
  CHECK(json_problem("tru") == "unexpected EOF");
  CHECK(json_problem("trap") == "invalid character 'a' in literal true (expecting 'u')");
  CHECK(json_problem("1 2") == "invalid character '2' after top-level value");
  CHECK(json_problem("-x") == "invalid character 'x' in numeric literal");
}
