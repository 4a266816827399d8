// Readers: scopes, and the property that every byte of a block maps to where it stands.
#include <doctest/doctest.h>

#include <random>

#include "engines/prose/reader.h"
#include "foundation/base/text.h"
#include "foundation/lang/syntax.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

std::string scopes_of(const Document& document) {
  std::string out;
  for (const auto& block : document.blocks) out += block.scope + "|" + block.content.text() + "\n";
  return out;
}

Document markdown(std::string_view source, ReadOptions options = {}) {
  options.extension = ".md";
  auto document = read_markdown(source, options);
  REQUIRE(document);
  return *std::move(document);
}

// Every verbatim piece shows exactly its source; every place lies inside of the source.
void check_places(std::string_view source, const Document& document) {
  for (const auto& block : document.blocks) {
    const auto& text = block.content.text();
    std::size_t expected = 0;
    for (const auto& piece : block.content.pieces()) {
      REQUIRE(piece.text == expected);
      expected += piece.length;
      REQUIRE(piece.source + piece.source_length <= source.size());
      if (piece.length != piece.source_length) continue;
      const auto shown = std::string_view(text).substr(piece.text, piece.length);
      const auto there = source.substr(piece.source, piece.length);
      if (shown.find('*') == std::string_view::npos) CHECK(shown == there);
    }
    REQUIRE(expected == text.size());
  }
}

std::string random_document(std::mt19937& random, const std::vector<std::string>& parts) {
  std::string out;
  const auto count = 3 + random() % 40;
  for (std::size_t i = 0; i < count; ++i) out += parts[random() % parts.size()];
  return out;
}

}  // namespace

TEST_CASE("Markdown blocks have Vale's scopes") {
  const auto document = markdown(
      "# Title with *stress*\n\nA paragraph with `code` and &amp; an entity.\n\n- one\n- two\n\n> said\n\n"
      "| a | b |\n|---|---|\n| c | d |\n\n```\nnot prose\n```\n\n![alt text](x.png)\n");
  CHECK(scopes_of(document) ==
        "text.heading.h1.md|Title with stress\n"
        "text.md|A paragraph with **** and & an entity.\n"
        "text.list.md|one\ntext.list.md|two\n"
        "text.blockquote.md|said\n"
        "text.table.header.md|a\ntext.table.header.md|b\ntext.table.cell.md|c\ntext.table.cell.md|d\n"
        "text.attr.alt.md|alt text\n");
  CHECK(document.counts.at("pre") == 1);
  CHECK(document.counts.at("heading.h1") == 1);
}

TEST_CASE("a match in a block is told at its bytes") {
  const std::string source = "intro\n\nWe **really** like caf&eacute;s, don\\*t we?\n";
  const auto document = markdown(source);
  const auto& block = document.blocks.at(1).content;
  const auto at = block.text().find("really");
  CHECK(block.to_source(at, at + 6) == Range{12, 18});
  const auto cafe = block.text().find("caf");
  const auto range = block.to_source(cafe, cafe + 6);  // "cafés" with a two-byte é
  CHECK(source.substr(range.begin, range.end - range.begin) == "caf&eacute;s");
}

TEST_CASE("front matter, footnotes, mathematics and HTML inside of Markdown") {
  const auto document = markdown(
      "---\ntitle: A \"fine\" title\n---\nText[^1] and <b>bold</b>.\n\n$$ x^2 $$\n\n[^1]: The note.\n\n<div>\nIn a "
      "div.\n</div>\n");
  CHECK(scopes_of(document) ==
        "text.frontmatter.title.md|A \"fine\" title\ntext.md|Text and bold.\ntext.md|The note.\ntext.md|In a div.\n");
}

TEST_CASE("controls hold from the block they stand before") {
  const auto document = markdown("one\n\n<!-- vale off -->\n\ntwo\n\n<!-- vale on -->\n\nthree\n");
  REQUIRE(document.controls.size() == 2);
  CHECK(document.controls[0].text == "vale off");
  CHECK(document.controls[0].before_block == 1);
  CHECK(document.controls[1].before_block == 2);
}

TEST_CASE("ignored tokens are masked, ignored blocks left out") {
  ReadOptions options;
  options.ignored_tokens = {{2, 7}};
  options.ignored_blocks = {{13, 18}};
  const auto document = markdown("a $b c$ d\n\nx\nskip!\n", options);
  CHECK(document.blocks.at(0).content.text() == "a ***** d");
  CHECK(document.blocks.at(1).content.text() == "x");
}

TEST_CASE("HTML: skipped elements, ignored classes, entities") {
  ReadOptions options;
  options.extension = ".html";
  options.ignored_classes.push_back("nope");
  const auto document = read_html(
      "<h2>A &lt; B</h2><script>var x;</script><div class=\"nope\"><p>hidden</p></div><p>see <code>x()</code></p>",
      options);
  REQUIRE(document);
  CHECK(scopes_of(*document) == "text.heading.h2.html|A < B\ntext.html|see ***\n");
}

TEST_CASE("Org: headings, lists, tables, links and what is no prose") {
  ReadOptions options;
  options.extension = ".org";
  const std::string source =
      "#+title: no\n* Head :tag:\nSome /text/ with =code= and [[u][link]].\n\n- one\n- two\n| a | b |\n#+begin_src "
      "c\nno\n#+end_src\n";
  const auto document = read_org(source, options);
  REQUIRE(document);
  CHECK(scopes_of(*document) ==
        "text.heading.h1.org|Head\ntext.org|Some text with **** and link.\ntext.list.org|one\ntext.list.org|two\n"
        "text.table.cell.org|a\ntext.table.cell.org|b\n");
  check_places(source, *document);
}

TEST_CASE("comments of source code") {
  const auto comments = read_comments("#!/bin/sh\nx = \"# no\"  # one\n# two\n# three\n", ".py");
  REQUIRE(comments);
  REQUIRE(comments->size() == 2);
  CHECK((*comments)[0].content.text() == "one");
  CHECK((*comments)[1].content.text() == "two\nthree");
  const auto block =
      read_comments("/**\n * First.\n *\n * Second.\n */\nint a; // \"x\"\nchar* s = \"/* no */\";\n", ".c");
  REQUIRE(block);
  REQUIRE(block->size() == 2);
  CHECK((*block)[0].content.text().find("First.\n") != std::string::npos);
  CHECK((*block)[0].is_block);
  const auto doc = read_comments("def f():\n    \"\"\"\n    Says.\n    \"\"\"\n    x = \"\"\"no\"\"\"\n", ".py");
  REQUIRE(doc);
  REQUIRE(doc->size() == 1);
}

// Where delimiters alone would be wrong: only a grammar tells these apart.
TEST_CASE("comments where texts look like comments") {
  if (!lang::language_of(".py")) {
    MESSAGE("this build has no grammars: not run");
    return;
  }
  struct Case {
    const char* extension;
    const char* source;
    std::vector<std::string> comments;
  };
  const Case cases[] = {
      {".js", "const a = `// no ${ f(/* in */ 1) } /* no */`; // yes\n", {"in ", "yes"}},
      {".js", "const r = /[/*\"]/g; const s = x / 2; // yes\n", {"yes"}},
      {".js", "#!/usr/bin/env node\nlet t = 'it\\'s // no'; /* yes */\n", {"yes "}},
      {".tsx", "const e = <a href=\"x\">http://no {/* yes */}</a>;\n", {"yes "}},
      {".ts", "const t: Array<string> = ['// no']; // yes\n", {"yes"}},
      {".cpp", "auto r = R\"x(// no \" /* no */)x\"; char c = '\"'; int n = 1'000; // yes\n", {"yes"}},
      {".cpp", "#define A \"// no\" // yes\n#define B 2 /* too */\n", {"yes", "too "}},
      {".c", "int a; // one \\\nstill one\nint b;\n", {"one \\\nstill one"}},
      {".go", "s := `// no\n/* no */`\nr := '\"' // yes\n", {"yes"}},
      {".rs",
       "/* a /* nested */ still */ let s = r##\"// no \"# no\"##; let l: &'a str = x; // yes\n",
       {"a /* nested */ still ", "yes"}},
      {".rs",
       "//! Crate.\n\n/// Item.\n/// More.\nfn f<'a>(c: char) { let q = '\"'; } // yes\n",
       {"Crate.", "Item.\nMore.", "yes"}},
      {".java", "String s = \"\"\"\n  // no \"quoted\"\n  \"\"\"; // yes\n", {"yes"}},
      {".rb", "a = %q(# no) # yes\nb = <<~T\n  # no\nT\nc = /#no/ # too\nd = \"#{1 + 1} # no\"\n", {"yes", "too"}},
      {".py", "x = '''# no''' # yes\ny = f\"{a['#']} # no\"\n", {"yes"}},
      {".py",
       "class A:\n  r\"Raw.\"\n  x = 1\n  'not documentation'\n\n  def f(self) -> int: # first\n    # second\n"
       "    '''Says.'''\n    '''Not.'''\n    if x:\n      'neither'\n",
       {"Raw.", "first", "second", "Says."}},
      {".py", "\"\"\"Module.\"\"\"\nf(\"\"\"no\"\"\")\n", {"Module."}},
  };
  for (const auto& each : cases) {
    const std::string source = each.source;
    CAPTURE(source);
    const auto comments = read_comments(each.source, each.extension);
    REQUIRE(comments);
    std::vector<std::string> texts;
    for (const auto& comment : *comments) {
      texts.push_back(comment.content.text());
      const auto range = comment.content.to_source(0, comment.content.text().size());
      REQUIRE(range.end <= std::string_view(each.source).size());
    }
    CHECK(text::join(texts, "|") == text::join(each.comments, "|"));
  }
}

TEST_CASE("any query of tree-sitter selects nodes for a view") {
  if (!lang::language_of(".py")) return;
  const std::string source = "def name():\n  raise Error('wrong')  # why\nx = 'other'\n";
  const auto raised = select_nodes(source, ".py", "(raise_statement (call (argument_list (string) @text)))");
  REQUIRE(raised);
  REQUIRE(raised->size() == 1);
  CHECK(raised->at(0).content.text() == "wrong");
  CHECK(source.substr(raised->at(0).content.to_source(0, 5).begin, 5) == "wrong");
  const auto wrong = select_nodes(source, ".py", "(no_such_node) @a");
  REQUIRE(!wrong);
  CHECK(wrong.error().message.find("no such node") != std::string::npos);
  CHECK(!select_nodes(source, ".py", "((string) @a (#eq? @a \"x\"))"));
  CHECK(!select_nodes("-- x\n", ".lua", "(function) @a"));
}

TEST_CASE("comments on one line of megabytes take no time that grows with its square") {
  std::string line;
  while (line.size() < (4u << 20)) line += "/* a */ b; ";
  for (const auto* extension : {".proto", ".css", ".c"}) {
    const auto comments = read_comments(line, extension);
    REQUIRE(comments);
    CHECK(comments->size() == line.size() / 11);
  }
}

TEST_CASE("places of random documents") {
  std::mt19937 random(20261122);
  const std::vector<std::string> markdown_parts = {"word ",
                                                   "*stress* ",
                                                   "**strong** ",
                                                   "`code` ",
                                                   "&amp;",
                                                   "&#8217;",
                                                   "\\*",
                                                   "[text](url) ",
                                                   "![alt](i.png) ",
                                                   "\n",
                                                   "\n\n",
                                                   "# ",
                                                   "- ",
                                                   "> ",
                                                   "1. ",
                                                   "| a | b |\n|---|---|\n| c | d |\n",
                                                   "```\ncode\n```\n",
                                                   "<b>x</b>",
                                                   "<!-- c -->",
                                                   "<div>",
                                                   "</div>",
                                                   "é",
                                                   "$$x$$",
                                                   "[^1]",
                                                   "[^1]: note\n",
                                                   "https://example.org ",
                                                   "    indented\n",
                                                   "\t",
                                                   "---\n",
                                                   "***",
                                                   "~~gone~~",
                                                   "<https://a.b>",
                                                   "  \n"};
  const std::vector<std::string> html_parts = {"<p>",        "</p>",     "text ",     "&nbsp;",
                                               "&lt;",       "<b>",      "</b>",      "<pre>",
                                               "</pre>",     "<li>",     "é",         "<img alt=\"a &amp; b\">",
                                               "<!-- x -->", "<script>", "</script>", "<",
                                               "&",          "\n",       "<a href=x>"};
  const std::vector<std::string> org_parts = {
      "* ",   "** ", "word ", "*b* ",          "/i/ ",        "=c= ",  "[[u][t]]", "[[",           "]]", "\n",
      "\n\n", "- ",  "| a |", "#+begin_src\n", "#+end_src\n", ":P:\n", ":END:\n",  "# vale off\n", "é"};
  for (int round = 0; round < 400; ++round) {
    ReadOptions options;
    const auto page = random_document(random, markdown_parts);
    CAPTURE(page);
    check_places(page, markdown(page));
    const auto html = random_document(random, html_parts);
    CAPTURE(html);
    const auto read = read_html(html, options);
    REQUIRE(read);
    check_places(html, *read);
    const auto org = random_document(random, org_parts);
    CAPTURE(org);
    const auto org_read = read_org(org, options);
    REQUIRE(org_read);
    check_places(org, *org_read);
  }
}

TEST_CASE("line ends are normalised and mapped back") {
  const auto source = normalise("a\r\nb\rc\r\n");
  CHECK(source.text == "a\nb\nc\n");
  CHECK(source.original(2) == 3);
  CHECK(source.original(4) == 5);
}
