#include "foundation/doc/json.h"

#include <doctest/doctest.h>

using namespace chiron;
using doc::parse_json;

namespace {
std::string code_of(std::string_view text, doc::ReadOptions options = {}) {
  const auto result = parse_json(text, options);
  return result ? "ok" : result.error().code + "@" + to_string(*result.error().place);
}
}  // namespace

TEST_CASE("json: every value keeps its spelling and its bytes") {
  const std::string text = R"( {"a" : [1, 3.50, 1e3, -0.1e-7, true, null, "x\u00e9\n"], "": {}} )";
  const auto root = parse_json(text);
  REQUIRE(root);
  CHECK(doc::write_json(*root) == "{\"a\":[1,3.50,1e3,-0.1e-7,true,null,\"xé\\n\"],\"\":{}}");
  const auto source = [&](const doc::Value& value) {
    return text.substr(value.span.begin, value.span.end - value.span.begin);
  };
  const auto& items = root->find("a")->items();
  CHECK(source(items[1]) == "3.50");
  CHECK(source(items[4]) == "true");
  CHECK(source(items[6]) == R"("x\u00e9\n")");
  CHECK(source(*root->find("a")) == R"([1, 3.50, 1e3, -0.1e-7, true, null, "x\u00e9\n"])");
  CHECK(root->members()[0].name_span.begin == 2);
  CHECK(root->members()[0].name_span.end == 5);
}

TEST_CASE("json: errors name the place and the reason") {
  CHECK(code_of("") == "json.syntax@line 1:1");
  CHECK(code_of("{\"a\":1,\n \"a\":2}") == "json.duplicate-key@line 2:2");
  CHECK(code_of("[1,2") == "json.syntax@line 1:5");
  CHECK(code_of("[1,]") == "json.syntax@line 1:4");
  CHECK(code_of("[\"a\xff\"]") == "json.encoding@line 1:4");
  CHECK(code_of("{} x") == "json.syntax@line 1:4");
  CHECK(code_of(std::string_view("[\0]", 3)) == "json.syntax@line 1:2");
}

TEST_CASE("json: depth is bounded and does not use the machine's stack") {
  doc::ReadOptions options;
  options.max_depth = 100'000;
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  doc::TreeBuilder ignored;
  CHECK(doc::read_json(std::string(100, '[') + std::string(100, ']'), ignored));
  options.max_depth = 99'999;
  CHECK(code_of(deep, options).starts_with("limit.depth"));
}

TEST_CASE("json: comments and trailing commas only where allowed") {
  const std::string text = "{ // one\n \"a\": /* \"b\": */ \"x\", }";
  CHECK(code_of(text).starts_with("json.syntax"));
  doc::ReadOptions options;
  options.allow_comments = true;
  const auto root = parse_json(text, options);
  REQUIRE(root);
  CHECK(text.substr(root->find("a")->span.begin, 3) == "\"x\"");
}

TEST_CASE("json: a byte order mark does not move places") {
  const auto root = parse_json("\xEF\xBB\xBF[7]");
  REQUIRE(root);
  CHECK(root->items()[0].span.begin == 4);
}

TEST_CASE("json: pretty and canonical forms") {
  const auto root = *parse_json(R"({"b":[1,{"z":1}],"a":{},"c":[]})");
  CHECK(doc::write_json_pretty(root) ==
        "{\n  \"b\": [\n    1,\n    {\n      \"z\": 1\n    }\n  ],\n  \"a\": {},\n  \"c\": []\n}");
  CHECK(doc::write_json_canonical(root) == R"({"a":{},"b":[1,{"z":1}],"c":[]})");
}

TEST_CASE("json: numbers that no double holds keep their spelling") {
  const std::string text = "{\"a\":[1e400,\"1e400\",-2.5E+999,7," + std::string(400, '9') + ",1e-400],\"b\":1e401}";
  const auto root = parse_json(text);
  REQUIRE(root);
  CHECK(doc::write_json(*root) == text);
  CHECK(code_of("[1e400,01]") == "json.syntax@line 1:9");
  CHECK(code_of("[1e400,1e]") == "json.syntax@line 1:10");
}
