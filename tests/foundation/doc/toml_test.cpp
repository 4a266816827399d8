#include "foundation/doc/toml.h"

#include <doctest/doctest.h>

#include "foundation/doc/json.h"

using namespace chiron;

TEST_CASE("toml: values, order of the file, dates as text") {
  const std::string text = "z = 1\na = [1.5, true]\nd = 1979-05-27T07:32:00Z\n[t]\nx = 'lit'\n[[list]]\nn = 1\n";
  const auto root = doc::parse_toml(text);
  REQUIRE(root);
  CHECK(doc::write_json(*root) ==
        R"({"z":1,"a":[1.5,true],"d":"1979-05-27T07:32:00Z","t":{"x":"lit"},"list":[{"n":1}]})");
  const auto& x = *root->find("t")->find("x");
  CHECK(text.substr(x.span.begin, x.span.end - x.span.begin) == "'lit'");
}

TEST_CASE("toml: letters that the library's tables forget are no white space") {
  const auto value = doc::parse_toml("'\xef\xbb\x82' = '\xef\xbb\xbe'\n");
  REQUIRE(value);
  CHECK(value->find("\xef\xbb\x82")->as_string() == "\xef\xbb\xbe");
  CHECK(!doc::parse_toml("a\xef\xbb\x82 = 1\n"));
}

TEST_CASE("toml: errors name the place") {
  doc::ReadOptions options;
  options.file = "c.toml";
  const auto root = doc::parse_toml("a = 1\nb = \n", options);
  REQUIRE(!root);
  CHECK(root.error().code == "toml.syntax");
  CHECK(root.error().place->line == 2);
}
