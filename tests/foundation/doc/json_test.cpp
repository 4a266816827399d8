#include <doctest/doctest.h>

#include "foundation/doc/json_stream.h"

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
  CHECK(code_of(std::string_view("[]\0[]", 5)) == "json.syntax@line 1:3");
  CHECK(code_of("[] \xff") == "json.encoding@line 1:4");
  CHECK(code_of("[\"\xe2\x82") == "json.encoding@line 1:3");
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

namespace {

// What a document gives, with every span, whether it is read whole or in pieces of `piece` bytes.
std::string whole(std::string_view text, const doc::ReadOptions& options = {}) {
  doc::TreeBuilder tree;
  const auto read = doc::read_json(text, tree, options);
  return read ? doc::write_json(tree.take()) : read.error().code;
}
std::string pieces(std::string_view text, std::size_t piece, const doc::ReadOptions& options = {}) {
  doc::TreeBuilder tree;
  std::string_view rest = text;
  const bool read = doc::stream_json(
      [&](std::span<char> into) {
        const auto count = std::min({piece, into.size(), rest.size()});
        std::copy_n(rest.data(), count, into.data());
        rest.remove_prefix(count);
        return count;
      },
      tree, options);
  return read ? doc::write_json(tree.take()) : "stopped";
}

}  // namespace

TEST_CASE("json: a document that comes in pieces reads as the whole") {
  std::string large = "[";
  for (int i = 0; i < 9000; ++i)
    large += "{\"key " + std::to_string(i) + "\": \"a \\\"long\\\" wörd\\n\\ud83d\\ude00 " + std::string(i % 97, 'x') +
             "\", \"n\": -" + std::to_string(i) + ".5e3, \"t\": [true, null]},\n";
  large +=
      "\"" + std::string(200'000, 'y') + "\\t" + std::string(200'000, 'z') + "\", 1" + std::string(3000, '0') + "]";
  // A place for everything, also where the window has moved on.
  const auto root = parse_json(large);
  REQUIRE(root);
  for (const std::size_t i : {std::size_t{0}, std::size_t{2000}, std::size_t{8999}}) {
    const doc::Member& member = root->items()[i].members()[0];
    CHECK(large.substr(member.name_span.begin, member.name_span.end - member.name_span.begin) ==
          "\"key " + std::to_string(i) + "\"");
    CHECK(large[member.value.span.begin] == '"');
    CHECK(large[member.value.span.end] == ',');
  }
  CHECK(large[root->items()[9000].span.begin] == '"');
  CHECK(large.substr(root->items()[9000].span.end, 4) == ", 10");
  CHECK(doc::write_json(*root).size() > 800'000);
  for (const std::size_t piece : {1, 7, 4096, 65'536, 1'000'000}) {
    // The last number has more digits than a double holds: only the whole text tells how it is spelt.
    CHECK(pieces(large, piece) == "stopped");
    CHECK(pieces(large.substr(0, large.rfind(',')) + "]", piece) == whole(large.substr(0, large.rfind(',')) + "]"));
  }
  for (const std::string text :
       {"", "[", "\"a", "\"a\\", "\"\\", "1", "\xEF\xBB\xBF[1]", "[\"\xe2\x82\xac\"]", "{\"a\":1}", "\"\\u00e9\"",
        "[1,]", "\"\xff\"", "[] \xe2\x82", "\"\xe2\x82\"", "\"\xe2\x82"}) {
    const auto expected = whole(text);
    for (const std::size_t piece : {1, 2, 3, 100})
      CHECK(pieces(text, piece) == (expected.starts_with("json.") ? "stopped" : expected));
  }
  doc::ReadOptions options;
  options.max_bytes = 4;
  CHECK(pieces("[12]", 1, options) == "[12]");
  CHECK(pieces("[123]", 1, options) == "stopped");
  options = {};
  options.allow_comments = true;
  CHECK(pieces("[1, // \xff\n \"\xc3\xa9\\n\",]", 1, options) == "[1,\"é\\n\"]");
  CHECK(pieces("[\"\xff\"]", 1, options) == "stopped");
}
