// Rules: every kind on a text of its own, errors of styles, scripts, filters, globs, fixes.
#include <doctest/doctest.h>

#include <random>

#include "engines/prose/docs_check.h"
#include "engines/prose/filter.h"
#include "engines/prose/fix.h"
#include "engines/prose/lint.h"
#include "engines/prose/literals.h"
#include "engines/prose/script.h"
#include "engines/prose/vale.h"
#include "engines/prose/view.h"
#include "engines/prose/words.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

// A linter over one style "T" with the rule "R".
struct Bench {
  io::TemporaryFolder folder;
  std::unique_ptr<Linter> linter;
};

Result<Bench> make_bench(std::string_view rule, std::string_view ini = "[*]\nBasedOnStyles = T\n") {
  auto folder = TRY(io::TemporaryFolder::create("prose-test"));
  TRY(io::make_folders(folder.path() + "/styles/T"));
  TRY(io::write_file_atomic(folder.path() + "/styles/T/R.yml", rule));
  TRY(io::write_file_atomic(folder.path() + "/.vale.ini", "StylesPath = styles\n" + std::string(ini)));
  ConfigRequest request;
  request.path = folder.path() + "/.vale.ini";
  auto linter = TRY(Linter::create(TRY(read_config(request))));
  return Bench{std::move(folder), std::move(linter)};
}

std::string lint(std::string_view rule, const std::string& path, std::string_view text) {
  auto bench = make_bench(rule);
  if (!bench) return to_string(bench.error());
  const auto report = bench->linter->lint(path, text);
  return report ? print_lines({*report}) : to_string(report.error());
}

}  // namespace

TEST_CASE("kinds of rules") {
  CHECK(lint("extends: existence\nmessage: no '%s'\ntokens: [foo, 'ba[rz]']\n", "a.md", "A foo and\na **bar**.\n") ==
        "a.md:1:3:T.R:no 'foo'\na.md:2:5:T.R:no 'bar'\n");
  CHECK(lint("extends: substitution\nmessage: use '%s' not '%s'\nignorecase: true\nswap:\n  utilize: use\n", "a.md",
             "We Utilize it.\n") == "a.md:1:4:T.R:use 'use' not 'Utilize'\n");
  CHECK(lint("extends: occurrence\nmessage: many\nscope: sentence\nmax: 2\ntoken: ','\n", "a.md",
             "One. a, b, c, d.\n") == "a.md:1:7:T.R:many\n");
  CHECK(lint("extends: repetition\nmessage: again '%s'\nignorecase: true\nalpha: true\ntokens: ['[^\\s]+']\n", "a.md",
             "The the end.\n") == "a.md:1:1:T.R:again 'the'\n");
  CHECK(lint("extends: consistency\nmessage: mixed '%s'\neither:\n  center: centre\n", "a.md",
             "A center.\n\nA centre.\n") == "a.md:3:3:T.R:mixed 'centre'\n");
  CHECK(
      lint("extends: conditional\nmessage: \"'%s' undefined\"\nfirst: '\\b([A-Z]{3})\\b'\nsecond: '\\(([A-Z]{3})\\)'\n",
           "a.md", "World Health (WHO) and UNO.\n") == "a.md:1:24:T.R:'UNO' undefined\n");
  CHECK(lint("extends: capitalization\nmessage: \"'%s' wants '%s'\"\nscope: heading\nmatch: $sentence\n", "a.md",
             "# A Big Title Here\n") == "a.md:1:3:T.R:'A Big Title Here' wants 'A big title here'\n");
  CHECK(lint("extends: capitalization\nmessage: \"'%s'\"\nscope: heading\nmatch: $title\n", "a.md",
             "# The Life of a Cat\n") == "");
  CHECK(lint("extends: metric\nmessage: 'words %s'\nformula: words / sentences\ncondition: '> 3'\n", "a.md",
             "One two three four five.\n") == "a.md:1:1:T.R:words 5.00\n");
  CHECK(lint("extends: script\nmessage: long\nscope: raw\nscript: |\n  text := import(\"text\")\n  matches := []\n  "
             "for i, line in "
             "text.split(scope, \"\\n\") {\n    if len(line) > 5 { matches = append(matches, {begin: text.index(scope, "
             "line), end: "
             "text.index(scope, line) + len(line)}) }\n  }\n",
             "a.md", "ab\nlonger line\n") == "a.md:2:1:T.R:long\n");
  CHECK(lint("extends: sequence\nmessage: passive\ntokens:\n  - pattern: was\n  - tag: VBN\n", "a.md",
             "It was written well.\n") == "a.md:1:4:T.R:passive\n");
}

TEST_CASE("look-behind of variable length") {
  const auto pattern = Pattern::compile("(?i)(?<!the |a red )house");
  REQUIRE(pattern);
  CHECK(pattern->find_all("the house, a red house, House, my house").size() == 2);
  const auto positive = Pattern::compile("(?<=\\w+ )x");
  REQUIRE(positive);
  CHECK(positive->find_all("ab x, x").size() == 1);
  CHECK(!Pattern::compile("(unclosed"));
}

TEST_CASE("errors of styles name file and line") {
  const auto unknown = lint("extends: existence\nmessage: m\ntokns: [a]\ntokens: [b]\n", "a.md", "b");
  CHECK(unknown.find("R.yml:3:1") != std::string::npos);
  CHECK(unknown.find("did you mean 'tokens'") != std::string::npos);
  CHECK(lint("message: m\n", "a.md", "b").find("extends") != std::string::npos);
  CHECK(lint("extends: existence\nmessage: m\ntokens: ['(']\n", "a.md", "b").find("regular expression") !=
        std::string::npos);
  CHECK(lint("extends: script\nmessage: m\nscript: 'os := import(\"os\")'\n", "a.md", "b").find("not available") !=
        std::string::npos);
}

TEST_CASE("places survive CRLF, invalid UTF-8 and long lines") {
  const std::string rule = "extends: existence\nmessage: no '%s'\ntokens: [foo]\n";
  CHECK(lint(rule, "a.md", "one\r\ntwo foo\r\n") == "a.md:2:5:T.R:no 'foo'\n");
  CHECK(lint(rule, "a.md", "a \xFF foo\n") == "a.md:1:5:T.R:no 'foo'\n");
  std::string line(200'000, 'x');
  CHECK(lint(rule, "a.md", line + " foo\n") == "a.md:1:200002:T.R:no 'foo'\n");
}

TEST_CASE("controls in comments") {
  const std::string rule = "extends: existence\nmessage: m\ntokens: [foo]\n";
  CHECK(lint(rule, "a.md", "<!-- vale T.R = NO -->\n\nfoo\n\n<!-- vale T.R = YES -->\n\nfoo\n") == "a.md:7:1:T.R:m\n");
  CHECK(lint(rule, "a.md", "<!-- vale T.R[\"foo\"] = NO -->\n\nfoo\n") == "");
}

TEST_CASE("fixes never overlap and the diff shows them") {
  auto bench = make_bench(
      "extends: substitution\nmessage: use %s\naction: {name: replace}\nswap:\n  utilize: use\n  'in order to': to\n");
  REQUIRE(bench);
  const std::string text = "We utilize it in order to win.\n";
  const auto report = bench->linter->lint("a.md", text);
  REQUIRE(report);
  const auto edits = replacements(*report, *bench->linter, text);
  CHECK(prose::apply(text, edits) == "We use it to win.\n");
  CHECK(unified_diff("a.md", text, edits) ==
        "--- a/a.md\n+++ b/a.md\n@@ -1,1 +1,1 @@\n-We utilize it in order to win.\n+We use it to win.\n");
}

TEST_CASE("literals that a pattern needs") {
  CHECK(required_literals("(?i)\\b(?:foo|ba[rz])\\b") == std::vector<std::string>{"\bbar\b", "\bbaz\b", "\bfoo\b"});
  CHECK(required_literals("colou?r") == std::vector<std::string>{"color", "colour"});
  CHECK(required_literals("\\w+ing\\b") == std::vector<std::string>{"ing\b"});
  CHECK(required_literals("[A-Z]{3,}").empty());
  CHECK(required_literals("a|foo").empty());
  const LiteralScanner scanner({{"foo"}, {"bar", "oba"}});
  std::vector<std::uint8_t> found(2, 0);
  scanner.scan("xFOObax", found);
  CHECK(found == std::vector<std::uint8_t>{1, 1});
  CHECK(required_literals("\\d+ ?GB") == std::vector<std::string>{"0"});
  CHECK(required_literals("(?:^|\\s)I\\s") == std::vector<std::string>{" i ", "i "});
  CHECK(required_literals("\\cAfoo(*ACCEPT)bar").empty());
  CHECK(required_literals("\\012bar") == std::vector<std::string>{"bar"});
  CHECK(required_literals("\\N{U+41}bar") == std::vector<std::string>{"bar"});
  const LiteralScanner edges({{"\bme\b"}, {"\ba\b"}});
  const auto scan = [&](std::string_view text) {
    std::vector<std::uint8_t> sets(2, 0);
    edges.scan(text, sets);
    return sets;
  };
  CHECK(scan("Some time, same_a") == std::vector<std::uint8_t>{0, 0});
  CHECK(scan("tell Me") == std::vector<std::uint8_t>{1, 0});
  CHECK(scan("a time") == std::vector<std::uint8_t>{0, 1});
  const std::string endless(1u << 20, 'a');
  CHECK(required_literals(endless) == std::vector<std::string>{endless.substr(0, 49)});
}

// Whatever a pattern matches holds a literal that it needs, or a letter that literals do not know.
TEST_CASE("literals of random patterns stand in all that they match") {
  constexpr std::string_view kParts[] = {"a",      "b",   "K",     "s",     "1",      "\\d",   "\\s",     "\\w",
                                         "\\b",    ".",   "[ab]",  "[^a]",  "a?",     "b+",    "\\d{2,}", "1*",
                                         "(?:",    "(",   ")",     ")",     "|",      "\\.",   " ",       "-",
                                         "(?<!a)", "\\B", "\\x61", "\\141", "(?i)",   "(?=b)", "^",       "$",
                                         "[1-3]",  "_",   "\\W",   "\\S+",  "[\\s-]", "{2}",   "*?",      "\xC3\xA9"};
  constexpr std::string_view kTexts[] = {
      "a",        "b",  "k", "K", "s", "1",  "2",  " ",        "\n",           ".",       "-", "_", "\xC2\xA0",
      "\xC3\xA9", "ab", "A", "B", "S", "11", "\t", "\xC5\xBF", "\xE2\x84\xAA", "\xD9\xA3"};
  std::mt19937 random(20261128);
  const auto beyond = Pattern::compile(kBeyondLiterals);
  REQUIRE(beyond);
  std::size_t checked = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = random() % 2 == 0 ? "(?i)" : "";
    for (std::size_t i = 1 + random() % 8; i > 0; --i) text += kParts[random() % std::size(kParts)];
    const auto literals = required_literals(text);
    if (literals.empty()) continue;
    const auto pattern = Pattern::compile(text);
    if (!pattern) continue;
    const LiteralScanner scanner({literals});
    for (int i = 0; i < 40; ++i) {
      std::string subject;
      for (std::size_t j = 1 + random() % 10; j > 0; --j) subject += kTexts[random() % std::size(kTexts)];
      if (!pattern->found_in(subject)) continue;
      ++checked;
      std::vector<std::uint8_t> found(1, 0);
      const bool ascii = scanner.scan(subject, found);
      INFO(text);
      INFO(subject);
      CHECK((found[0] != 0 || (!ascii && beyond->found_in(subject))));
    }
  }
  CHECK(checked > 10000);
}

TEST_CASE("scripts") {
  const auto run = [](std::string_view source) {
    const auto script = Script::compile(source, "s");
    if (!script) return to_string(script.error());
    const auto made = script->run_suggestions("FooBar");
    if (!made) return to_string(made.error());
    std::string out;
    for (const auto& item : *made) out += item + ";";
    return out;
  };
  CHECK(run("suggestions := [match + \"!\"]") == "FooBar!;");
  CHECK(run("f := func(x) { return x > 1 ? x * 2 : 1 }\nsuggestions := [string(f(3)), string(f(0))]") == "6;1;");
  CHECK(run("text := import(\"text\")\nm := text.re_find(`([A-Z])`, match, -1)\nsuggestions := []\nfor i, x in m { "
            "suggestions = "
            "append(suggestions, x[1].text) }") == "F;B;");
  CHECK(run("for { }").find("does not come to an end") != std::string::npos);
  CHECK(run("f := func() { return f2() }\nsuggestions := []\nx := 1 +").find("expected") != std::string::npos);
  CHECK(run("a := 1 / 0").find("division by zero") != std::string::npos);
}

TEST_CASE("globs, filters, templates, views") {
  CHECK(Glob::compile("*.{md,rst}")->matches("docs/a.md"));
  CHECK_FALSE(Glob::compile("*.{md,rst}")->matches("a.txt"));
  CHECK(Glob::compile("[!.]*.adoc")->matches("a.adoc"));
  CHECK_FALSE(Glob::compile("!docs/*", true)->matches("docs/a"));
  CHECK(!Glob::compile("{a"));
  RuleHead head;
  head.name = "A.B";
  head.level = Severity::error;
  head.scope = {"heading"};
  CHECK(RuleFilter::compile(".Level in [\"error\"] and .Name != \"A.C\"")->keeps(head));
  CHECK(RuleFilter::compile("\"heading\" in .Scope")->keeps(head));
  CHECK_FALSE(RuleFilter::compile("not (.Name startsWith 'A.')")->keeps(head));
  CHECK(!RuleFilter::compile(".Nope == \"x\""));
  FileReport report;
  report.path = "a.md";
  report.hits.resize(2);
  const auto shown = print_template(
      {report}, "{{range .Files}}{{$n := 0}}{{range .Alerts}}{{$n = add1 $n}}{{end}}{{.Path}} {{$n}}{{end}}", "t");
  REQUIRE(shown);
  CHECK(*shown == "a.md 2");
  CHECK(!print_template({report}, "{{range .Files}}", "t"));
  const auto yaml = doc::parse_yaml("a:\n  - b: one\n    c: two\n  - b: three\n");
  REQUIRE(yaml);
  const auto selected = select(*yaml, "a.all().b");
  REQUIRE(selected);
  CHECK(selected->size() == 2);
  CHECK(select(*yaml, "search(has(\"c\")).map(c)")->at(0)->as_string() == "two");
}

TEST_CASE("pages are held against the repository") {
  auto facts = gather_facts(
      {"README.md", "docs/a.md", "src/x.cpp", "Makefile"}, [](const std::string& path) -> Result<std::string> {
        return path == "Makefile" ? std::string("all: x\n\tdo\ntest:\n") : std::string("# One\n\n## Two words\n");
      });
  std::string out;
  for (const auto& hit : check_docs(
           "README.md",
           "# Here\n[ok](docs/a.md#two-words) [gone](docs/b.md) [anchor](docs/a.md#three) `src/x.cpp` `src/y.cpp`\n"
           "[self](#here) `make test` `make nope` [out](https://x.org/y)\n```\n[no](gone)\n```\n",
           facts)) {
    out += hit.alert.check + " " + hit.alert.match + "\n";
  }
  CHECK(out ==
        "Chiron.BrokenLink docs/b.md\nChiron.BrokenAnchor docs/a.md#three\nChiron.MissingPath "
        "src/y.cpp\nChiron.MissingTarget nope\n");
}

TEST_CASE("links as the generator of a site makes them") {
  const auto facts = gather_facts({"docs/content/a.md", "docs/content/part/b.md", "docs/content/part/index.md"},
                                  [](const std::string&) -> Result<std::string> { return std::string("# Head\n"); });
  const auto hits = check_docs("docs/content/part/b.md",
                               "[1](/a) [2](/a#head) [3](../a) [4](/part/) [5](/docs/content/a.md) [6](../a.html)\n"
                               "[7](/c) [8](../part/c) [9](/a#tail)\n",
                               facts);
  std::string out;
  for (const auto& hit : hits) out += hit.alert.check + " " + hit.alert.match + "\n";
  CHECK(out == "Chiron.BrokenLink /c\nChiron.BrokenLink ../part/c\nChiron.BrokenAnchor /a#tail\n");
}

TEST_CASE("what generators of sites fill in is not told as missing") {
  const std::map<std::string, std::string> pages = {
      {"docs/a.md", "# Known folders {#folders}\n\n- [locking]{#gloss-locking}\n\n## Archive { #nar .x }\n"},
      {"docs/b.md", "# B\n\n{{#include options.md}}\n"}};
  const auto facts = gather_facts({"docs/a.md", "docs/b.md"},
                                  [&](const std::string& path) -> Result<std::string> { return pages.at(path); });
  std::string out;
  for (const auto& hit :
       check_docs("docs/a.md",
                  pages.at("docs/a.md") + "[x](@root@/no.md) [x]({{ base }}/no.md) [x](${X}/no.md#a) [x](b.md#any) "
                                          "[x](#folders) [x](#gloss-locking) [x](#nar) [x](#known-folders) [x](#none) "
                                          "[x](@no.md)\n",
                  facts)) {
    out += hit.alert.check + " " + hit.alert.match + "\n";
  }
  CHECK(out == "Chiron.BrokenAnchor #none\nChiron.BrokenLink @no.md\n");
}

TEST_CASE("programs as the sources have them") {
  const std::map<std::string, std::string> files = {
      {"CMakeLists.txt", "add_executable(tool main.c)"},
      {"main.c", "char* words[] = {\"add\", \"list\", \"drop\"}; char* flags = \"all\"; // don't \"dry-run\""},
      {"VERSION", "2.0.0\n"},
      {"docs/use.md", "`tool add` `tool list` `tool drop` `sudo ./tool grow`\n"}};
  ProgramFacts::Names names;
  for (const auto& [name, content] : files) names.insert(name);
  RepositoryFacts facts;
  facts.files = names;
  facts.program = gather_program(names, [&](const std::string& path) -> Result<std::string> { return files.at(path); });
  CHECK(facts.program.programs == ProgramFacts::Names{"tool"});
  CHECK(facts.program.with_commands == ProgramFacts::Names{"tool"});
  const auto told = [&](std::string_view page) {
    std::string out;
    for (const auto& hit : check_docs("docs/use.md", page, facts)) {
      CHECK(page.substr(hit.place.offset, hit.place.length) == hit.alert.match);
      out += hit.alert.check + " " + hit.alert.match + "\n";
    }
    return out;
  };
  CHECK(told(files.at("docs/use.md")) == "Chiron.MissingCommand grow\n");
  CHECK(
      told(
          "`tool add --all --dry-run=yes --no-all --help --PLACE` `other --none` `tool -- --none` `tool --[no-]all`") ==
      "");
  CHECK(told("`FOO=1 tool add --every; tool --each | sort --none`") ==
        "Chiron.MissingFlag --every\nChiron.MissingFlag --each\n");
  CHECK(told("```console\n$ tool list \"--quoted\" --gone\ntool --printed\n```\n") == "Chiron.MissingFlag --gone\n");
  CHECK(told("tool 1.9.0, tool v2.1.0, tool-3.0.0.tar.gz, tool 2.0.0-rc.1, tools 9.9.9") ==
        "Chiron.UnknownVersion 2.1.0\n");
}

TEST_CASE("sentences and words") {
  const std::string text = "Dr. Smith met Mr. Jones, e.g. at 3.5 km. They left! \"Why?\" he asked.";
  CHECK(split_sentences(text).size() == 3);
  const auto words = split_words("(don't) \"e.g.\" x-ray, 42 U.S.");
  CHECK(words.size() == 4);
  CHECK(count_syllables("readability") >= 4);
}

TEST_CASE("what a configuration may not say is refused with its place") {
  const auto message = [](std::string_view ini) {
    const auto folder = io::TemporaryFolder::create("prose-ini");
    REQUIRE(folder);
    const auto file = folder->path() + "/.vale.ini";
    REQUIRE(io::write_file_atomic(file, ini));
    ConfigRequest request;
    request.path = file;
    request.ignore_global = true;
    const auto config = read_config(request);
    const auto refused = config ? config->refuse_transform("") : Result<void>(std::unexpected(config.error()));
    return refused ? std::string() : to_string(refused.error()).substr(folder->path().size());
  };
  CHECK(message("MinAlertLevl = error\n").starts_with("/.vale.ini:1:1: 'MinAlertLevl' is no option"));
  CHECK(message("[*.md]\nBasedOnStyle = Vale\n").starts_with("/.vale.ini:2:1: 'BasedOnStyle' is no option"));
  CHECK(message("[*]\nTokenIgnore = a\n").starts_with("/.vale.ini:2:1: 'TokenIgnore' is no option"));
  CHECK(message("[*.md]\nVale.Terms = NO\n\n[*.xml]\nTransform = a.xsl\n")
            .starts_with("/.vale.ini:5:1: Transform for [*.xml] runs another program"));
  CHECK(message("NLPEndpoint = http://localhost\n").starts_with("/.vale.ini:1:1: NLPEndpoint"));
  CHECK(message("SphinxBuildPath = _build\n[*.md]\nVale.Terms = NO\n") == "");
}

TEST_CASE("spellings of classes that Go takes") {
  CHECK(lint("extends: existence\nmessage: no '%s'\nnonword: true\nraw: ['x[\\w-_]+']\n", "a.md", "An x-a_b it.\n") ==
        "a.md:1:4:T.R:no 'x-a_b'\n");
}

TEST_CASE("places for names in paths and targets are no missing ones") {
  const auto facts = gather_facts({"Makefile", "src/a.c"},
                                  [](const std::string&) -> Result<std::string> { return std::string("all:\n"); });
  const auto hits = check_docs("a.md", "`src/NAME.c` `src/b.c` `src/README` `make NAME` `make none`\n", facts);
  REQUIRE(hits.size() == 3);
  CHECK(hits[0].alert.match == "src/b.c");
  CHECK(hits[1].alert.match == "src/README");
  CHECK(hits[2].alert.match == "none");
}
