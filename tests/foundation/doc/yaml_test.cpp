#include "foundation/doc/yaml.h"

#include <doctest/doctest.h>

#include "foundation/doc/json.h"

using namespace chiron;

namespace {
std::string as_json(std::string_view text) {
  const auto result = doc::parse_yaml(text);
  return result ? doc::write_json(*result)
                : result.error().code + "@" + (result.error().place ? to_string(*result.error().place) : "");
}
}  // namespace

TEST_CASE("yaml: plain scalars resolve as Go's reader does") {
  const std::pair<std::string_view, std::string_view> cases[] = {{"a: 1", R"({"a":1})"},
                                                                 {"a: 0x1F", R"({"a":31})"},
                                                                 {"a: 0o17", R"({"a":15})"},
                                                                 {"a: 1_000", R"({"a":1000})"},
                                                                 {"a: yes", R"({"a":"yes"})"},
                                                                 {"a: True", R"({"a":true})"},
                                                                 {"a: ~", R"({"a":null})"},
                                                                 {"a:", R"({"a":null})"},
                                                                 {"a: .5", R"({"a":0.5})"},
                                                                 {"a: 1.", R"({"a":1})"},
                                                                 {"a: 1e3", R"({"a":1e3})"},
                                                                 {"a: '1'", R"({"a":"1"})"},
                                                                 {"a: !!str 1", R"({"a":"1"})"},
                                                                 {"a: 1.2.3", R"({"a":"1.2.3"})"},
                                                                 {"a:\n-", R"({"a":[null]})"},
                                                                 {"a: 2001-01-01", R"({"a":"2001-01-01"})"},
                                                                 {"a: |\n  x\n  y\n", R"({"a":"x\ny\n"})"},
                                                                 {"", "null"},
                                                                 {"a: -0", R"({"a":-0})"},
                                                                 {"a: 12e03", R"({"a":12e03})"},
                                                                 {"? a\n: b", R"({"a":"b"})"}};
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(as_json(text) == expected);
  }
}

TEST_CASE("yaml: aliases and merge keys") {
  CHECK(as_json("a: &x {k: 1, l: 2}\nb: *x\n") == R"({"a":{"k":1,"l":2},"b":{"k":1,"l":2}})");
  CHECK(as_json("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n") == R"({"a":{"k":1,"l":2},"b":{"k":3,"l":2}})");
  CHECK(as_json("a: &x {k: 1}\nb:\n  k: 3\n  <<: *x\n") == R"({"a":{"k":1},"b":{"k":3}})");
}

TEST_CASE("yaml: errors name the place") {
  CHECK(as_json("a: 1\nb: [1, 2\n") == "yaml.syntax@line 3:1");
  CHECK(as_json("a: 1\na: 2\n") == "yaml.duplicate-key@line 2:1");
  CHECK(as_json("a: *b\n") == "yaml.alias@line 1:4");
  CHECK(as_json("a: \xff\n").starts_with("yaml.encoding"));
  CHECK(as_json(std::string(2000, '[')).starts_with("limit.depth"));
  CHECK(as_json("{a: 1}\n---\n{b: 2}\n").starts_with("yaml.documents"));
}

TEST_CASE("yaml: a bomb of aliases is refused") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto previous = std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k != 0 ? ",*a" : "*a") + previous;
    bomb += "]\n";
  }
  CHECK(as_json(bomb).starts_with("limit.aliases"));
}

TEST_CASE("yaml: places count bytes, also after wide characters") {
  const std::string text = "ключ: [значение, \"b\"]\nnext: |\n  block\n";
  const auto root = doc::parse_yaml(text);
  REQUIRE(root);
  const auto& items = root->find("ключ")->items();
  CHECK(text.substr(items[0].span.begin, items[0].span.end - items[0].span.begin) == "значение");
  CHECK(text.substr(items[1].span.begin, items[1].span.end - items[1].span.begin) == "\"b\"");
  const auto place = doc::Document{"f.yaml", text, {}}.place(items[1]);
  CHECK(to_string(place) == "f.yaml:1:18");
}
