// Random texts of every format through the whole linter: the bytes at every place that is told are the matched text.
#include <doctest/doctest.h>

#include <random>

#include "engines/prose/lint.h"
#include "foundation/io/files.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

struct Sample {
  const char* name;
  std::string begin;
  std::vector<std::string> parts;  // "word" is what is looked for
  std::string end;
};

std::vector<Sample> samples() {
  const std::vector<std::string> c_parts = {
      "// word\n", "/* word \xC3\xA9 word */", "\"word /* \" ", "x = 1;\n", "/*\n * word\n *\n * a word\n */\n",
      "'\\'' ",    "// a\n// word\n",          "/// word\n"};
  const std::vector<std::string> hash_parts = {
      "# word\n", "  # a word \xC3\xA9 word\n", "x = \"# word\"\n", "y = 'a'\n", "#\n", "# one\n# word\n", "\n"};
  return {{"a.md",
           "",
           {"word ", "*word* ", "&amp; ", "[word](u) ", "\n", "\n\n", "- word ", "> word ", "`x` ", "\xC3\xA9 ",
            "\n# word\n", "| word | b |\n|---|---|\n| c | word |\n", "<b>word</b> ", "\\* ", "<!-- word -->", "[^1] "},
           ""},
          {"a.html",
           "<p>",
           {"word ", "<b>word</b> ", "&eacute; ", "</p><p>", "<li>word</li>", "\n", "<img alt=\"a word\">", "\xC3\xA9 ",
            "<pre>word</pre>"},
           "</p>"},
          {"a.c", "", c_parts, ""},
          {"a.cpp", "", c_parts, ""},
          {"a.js", "", c_parts, ""},
          {"a.go", "package a\n", c_parts, ""},
          {"a.rs", "", c_parts, ""},
          {"a.css", "", {"/* word */", "a { b: \"word\" }\n", "/*\n word \xC3\xA9 word\n*/\n"}, ""},
          {"a.py",
           "",
           {"# word\n", "x = '# word'\n", "def f():\n    \"\"\"A word.\n\n    More word \xC3\xA9 word.\n    \"\"\"\n",
            "# a\n# word\n"},
           ""},
          {"a.rb", "", hash_parts, ""},
          {"a.sh", "", hash_parts, ""},
          {"a.lua", "", {"-- word\n", "x = \"-- word\"\n", "--[[ word\n \xC3\xA9 word ]]\n"}, ""},
          {"a.java", "class A {\n", c_parts, "}\n"},
          {"a.ts", "", c_parts, ""},
          {"a.swift", "", c_parts, ""},
          {"a.scala", "", c_parts, ""},
          {"a.proto", "", c_parts, ""},
          {"a.cs", "", c_parts, ""},
          {"a.php", "<?php\n", c_parts, ""},
          {"a.r", "", hash_parts, ""},
          {"a.pl", "", hash_parts, ""},
          {"a.ps1", "", hash_parts, ""},
          {"a.jl", "", hash_parts, ""},
          {"comment.yaml", "", {"# word\n", "a: 'x' # \xC3\xA9 word word\n", "b: |\n  # no\n", "c: d#e\n"}, ""},
          {"a.hs", "", {"-- word\n", "x = \"-- no\"\n", "{- word {- word -} \xC3\xA9 word -}\n"}, ""},
          {"a.clj", "", {";; word\n", "(def x \"; no\") ; word\n", ";;;; \xC3\xA9 word\n"}, ""},
          {"a.yml",
           "title: first word\nlist:\n",
           {"  - a word\n", "  - \"\xC3\xA9 word \\t word\"\n", "  - 'it''s a word'\n",
            "  - |\n    block word\n    more word\n", "  - >\n    folded word\n    and word\n"},
           ""},
          {"a.json",
           "{\"title\": \"first word\", \"list\": [\"x\"",
           {", \"a word\"", ", \"\\u00e9 word \\n word\"", ",\n\"\\\\ word\""},
           "]}"},
          {"a.toml",
           "title = \"first word\"\nlist = [\"x\"",
           {", 'a word'", ", \"\\u00e9 word \\t word\"", ", \"\xC3\xA9 word\""},
           "]\n"}};
}

}  // namespace

TEST_CASE("every place that is told holds the matched text") {
  const auto folder = io::TemporaryFolder::create("prose-places");
  REQUIRE(folder);
  const auto& root = folder->path();
  REQUIRE(io::make_folders(root + "/styles/T"));
  REQUIRE(io::make_folders(root + "/styles/config/views"));
  REQUIRE(io::write_file_atomic(root + "/styles/T/R.yml", "extends: existence\nmessage: m\ntokens: [word]\n"));
  REQUIRE(io::write_file_atomic(root + "/styles/config/views/Data.yml",
                                "engine: dasel\nscopes:\n  - name: title\n    expr: title\n  - name: list\n"
                                "    expr: list.all()\n"));
  REQUIRE(io::write_file_atomic(root + "/.vale.ini",
                                "StylesPath = styles\nMinAlertLevel = suggestion\n[*]\nBasedOnStyles = T\n"
                                "[*.{yml,json,toml}]\nView = Data\n"));
  ConfigRequest request;
  request.path = root + "/.vale.ini";
  request.ignore_global = true;
  const auto config = read_config(request);
  REQUIRE(config);
  const auto linter = Linter::create(*config);
  REQUIRE(linter);
  std::mt19937 random(20261128);
  for (const auto& sample : samples()) {
    std::size_t told = 0;
    for (int round = 0; round < 120; ++round) {
      auto text = sample.begin;
      for (auto count = 1 + random() % 20; count > 0; --count) text += sample.parts[random() % sample.parts.size()];
      text += sample.end;
      if (round % 3 == 0) {
        std::string windows;
        for (const auto c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
        text = windows;
      }
      const auto report = (*linter)->lint(sample.name, text);
      INFO(sample.name);
      INFO(text);
      INFO((report ? "" : to_string(report.error())));
      REQUIRE(report);
      for (const auto& hit : report->hits) {
        CHECK(text.substr(hit.place.offset, hit.place.length) == "word");
        ++told;
      }
    }
    INFO(sample.name);
    CHECK(told > 100);
  }
}
