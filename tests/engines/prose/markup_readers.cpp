// reStructuredText, AsciiDoc, Org, MDX and XML: scopes on documents, places on random ones, time on hostile ones.
#include <doctest/doctest.h>

#include <ctime>
#include <random>

#include "engines/prose/reader.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

using Reader = Result<Document> (*)(std::string_view, const ReadOptions&);

std::string read(Reader reader, std::string_view extension, std::string_view source) {
  ReadOptions options;
  options.extension = extension;
  const auto document = reader(source, options);
  REQUIRE(document);
  std::string out;
  for (const auto& block : document->blocks) out += block.scope + "|" + block.content.text() + "\n";
  for (const auto& control : document->controls) {
    out += "control " + std::to_string(control.before_block) + " " + control.text + "\n";
  }
  return out;
}
std::string rst(std::string_view source) { return read(read_rst, ".rst", source); }
std::string adoc(std::string_view source) { return read(read_asciidoc, ".adoc", source); }
std::string org(std::string_view source) { return read(read_org, ".org", source); }
std::string mdx(std::string_view source) { return read(read_mdx, ".mdx", source); }
std::string xml(std::string_view source) { return read(read_xml_text, ".xml", source); }

bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

// Every verbatim piece is its source; the source of every word is the word, but for escapes and marks inside of it.
void check_places(std::string_view source, const Document& document) {
  for (const auto& block : document.blocks) {
    const auto& text = block.content.text();
    std::size_t expected = 0;
    for (const auto& piece : block.content.pieces()) {
      REQUIRE(piece.text == expected);
      expected += piece.length;
      REQUIRE(piece.source + piece.source_length <= source.size());
    }
    REQUIRE(expected == text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (!is_letter(text[at])) continue;
      auto stop = at;
      while (stop < text.size() && is_letter(text[stop])) ++stop;
      const auto range = block.content.to_source(at, stop);
      REQUIRE(range.begin <= range.end);
      REQUIRE(range.end <= source.size());
      const auto there = source.substr(range.begin, range.end - range.begin);
      const auto word = std::string_view(text).substr(at, stop - at);
      std::string letters;
      for (const auto c : there) {
        if (is_letter(c)) letters.push_back(c);
      }
      INFO(source);
      INFO(there);
      if (there.find_first_of("&[<{:") == std::string_view::npos) CHECK(letters == word);
      at = stop;
    }
  }
}

void check_random(Reader reader, const std::vector<std::string>& parts, std::string_view begin, std::string_view end) {
  std::mt19937 random(20261128);
  for (int round = 0; round < 400; ++round) {
    std::string source(begin);
    const auto count = 3 + random() % 60;
    for (std::size_t i = 0; i < count; ++i) source += parts[random() % parts.size()];
    source += end;
    if (round % 3 == 0) {
      std::string windows;
      for (const auto c : source) windows += c == '\n' ? "\r\n" : std::string(1, c);
      source = windows;
    }
    const auto normal = normalise(source);
    ReadOptions options;
    options.extension = ".x";
    options.inline_scopes = round % 2 == 0;
    const auto document = reader(normal.text, options);
    REQUIRE(document);
    check_places(normal.text, *document);
  }
}

void check_time(Reader reader, const std::vector<std::string>& parts) {
  constexpr std::size_t kBytes = 1u << 20;
  for (const auto& part : parts) {
    std::string source;
    while (source.size() < kBytes) source += part;
    const auto begin = std::clock();
    const auto document = reader(source, ReadOptions{});
    const auto seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    INFO(part);
    CHECK((document || document.error().kind != ErrorKind::internal));
    CHECK(seconds < 10);
  }
}

}  // namespace

TEST_CASE("reStructuredText: sections, lists, definitions, fields, options, literal text") {
  CHECK(rst("=====\nTitle\n=====\n\nSome *stress*, **strong** and ``code``:: \n\n  not = prose\n\nUnder\n-----\n\n"
            "- one\n  goes on\n\n  more\n- two\n\n1. first\n#. second\n\nterm\n  What it is.\n\n:param x: the value\n\n"
            "-a, --all=N  shows all\n\n>>> 1 + 1\n2\n\n  Said.\n\n| verse\n| lines\n") ==
        "text.heading.h1.rst|Title\ntext.rst|Some stress, strong and ****:\ntext.heading.h2.rst|Under\n"
        "text.list.rst|one\ngoes on\ntext.list.rst|more\ntext.list.rst|two\ntext.list.rst|first\ntext.list.rst|second\n"
        "text.rst|term\ntext.rst|What it is.\ntext.rst|the value\ntext.rst|shows all\ntext.blockquote.rst|Said.\n"
        "text.rst|verse\nlines\n");
}

TEST_CASE("reStructuredText: inline markup by its recognition rules") {
  CHECK(rst("a * b * c, 2*x and *y* (*z*) \\*not\\* \"*\"\n") == "text.rst|a * b * c, 2*x and y (z) *not* \"*\"\n");
  CHECK(rst("See `the page <https://x.org>`_, name_, `long name`__ and [1]_.\n") ==
        "text.rst|See the page, name, long name and ***.\n");
  CHECK(rst(":ref:`label` and :ref:`a text <label>`, |sub| by :sup:`up`\n") ==
        "text.rst|***** and a text, ***** by up\n");
  CHECK(rst("At https://example.org/a_b. Re\\ ``x``\n") == "text.rst|At ***********************. Re*\n");
}

TEST_CASE("reStructuredText: directives, tables, comments") {
  CHECK(rst(".. note:: Mind this.\n   It counts.\n\n.. figure:: a.png\n   :alt: A picture\n\n   The caption.\n\n   "
            "Legend.\n\n"
            ".. code:: c\n\n   int no;\n\n.. vale off\n\n.. [1] A note.\n\n.. _target: https://x\n\n.. toctree::\n\n   "
            "no\n") ==
        "text.rst|Mind this.\nIt counts.\ntext.attr.alt.rst|A picture\ntext.figure.caption.rst|The caption.\n"
        "text.rst|Legend.\ntext.rst|A note.\ncontrol 4 vale off\n");
  CHECK(rst("+-----+---+\n| a   | b |\n+=====+===+\n| c \xC3\xA9 | d |\n+-----+---+\n") ==
        "text.table.header.rst|a\ntext.table.header.rst|b\ntext.table.cell.rst|c \xC3\xA9\ntext.table.cell.rst|d\n");
  CHECK(rst("=== ===\n a   b\n=== ===\n c   d\n     e\n=== ===\n") ==
        "text.table.header.rst|a\ntext.table.header.rst|b\ntext.table.cell.rst|c\ntext.table.cell.rst|d\ne\n");
  CHECK(rst(".. list-table:: Title\n   :header-rows: 1\n\n   * - a\n     - b\n   * - c\n     - d\n") ==
        "text.table.caption.rst|Title\ntext.table.header.rst|a\ntext.table.header.rst|b\ntext.table.cell.rst|c\n"
        "text.table.cell.rst|d\n");
  CHECK(rst(".. csv-table::\n   :header: x, y\n\n   \"a, \"\"b\"\"\", c\n") ==
        "text.table.header.rst|x\ntext.table.header.rst|y\ntext.table.cell.rst|a, \"b\"\ntext.table.cell.rst|c\n");
}

TEST_CASE("AsciiDoc: header, sections, lists, blocks, admonitions") {
  CHECK(adoc("= Title\nAuthor <a@b>\n:key: value\n\nText with *strong*, _stress_, `code` and {key}.\n\n== Part\n\n"
             "* one\n** two\n+\nattached\n\n. first\n\nterm:: what it is\n\nNOTE: mind\n\n----\nno\n----\n\n"
             ".Said\n[quote,who]\n____\nQuoted.\n____\n\n====\nInside.\n====\n\n literal\n\n// vale off\n") ==
        "text.heading.h1.adoc|Title\ntext.adoc|Text with strong, stress, **** and *****.\ntext.heading.h2.adoc|Part\n"
        "text.list.adoc|one\ntext.list.adoc|two\ntext.list.adoc|attached\ntext.list.adoc|first\ntext.list.adoc|term\n"
        "text.list.adoc|what it is\ntext.adoc|mind\ntext.adoc|Said\ntext.blockquote.adoc|Quoted.\ntext.adoc|Inside.\n"
        "control 13 vale off\n");
}

TEST_CASE("AsciiDoc: macros, notes, passthroughs, tables") {
  CHECK(
      adoc("See https://x.org[the page], <<id,that>>, xref:a[this]footnote:[A note.] and btn:[OK] \"`so`\" \\*no*\n") ==
      "text.adoc|See the page, that, this and OK \xE2\x80\x9Cso\xE2\x80\x9D *no*\ntext.adoc|A note.\n");
  CHECK(adoc("image::x.png[An image,20]\n\n2 * 3 * 4 and a_b_c un**bound**ed\n") ==
        "text.attr.alt.adoc|An image\ntext.adoc|2 * 3 * 4 and a_b_c unbounded\n");
  CHECK(adoc(".Things\n[cols=\"1,a\"]\n|===\n|a |b\n\n|c\n|* d\n2+|e\n|===\n") ==
        "text.table.caption.adoc|Things\ntext.table.header.adoc|a\ntext.table.header.adoc|b\ntext.table.cell.adoc|c\n"
        "text.table.cell.adoc|d\ntext.table.cell.adoc|e\n");
}

TEST_CASE("Org: notes, dates, terms, headers, captions, stress over lines") {
  CHECK(
      org("* TODO [#A] Head :tag:\nSome /stress\nover lines/ [fn:1] on <2024-01-31 Wed>.\n\n- term :: what\n  more\n\n"
          "#+caption: A table\n| h |\n|---|\n| c |\n\n:PROPERTIES:\n:x: no\n:END:\n[fn:1] The note.\n") ==
      "text.heading.h1.org|TODO [#A] Head\ntext.org|Some stress\nover lines ****** on ****************.\n"
      "text.list.org|term\ntext.list.org|what\nmore\ntext.figure.caption.org|A table\ntext.table.header.org|h\n"
      "text.table.cell.org|c\ntext.org|The note.\n");
}

TEST_CASE("MDX: modules, expressions, components, comments") {
  CHECK(mdx("import A from './a'\n\n# Head\n\n<A x={1}>\n    Inside *it*.\n</A>\n\nAn <B>x</B> and {1 + 1} here.\n\n"
            "{/* vale off */}\n\n```js\nno {\n```\n") ==
        "text.heading.h1.mdx|Head\ntext.mdx|Inside it.\ntext.mdx|An ******** and ******* here.\ncontrol 3 vale off\n");
}

TEST_CASE("XML: titles, paragraphs, lists, tables, entities") {
  CHECK(
      xml("<article><title>Head</title><section><title>Part</title><para>A &amp; <emphasis>b</emphasis> &#233;"
          "<![CDATA[<c>]]></para><programlisting>no</programlisting><itemizedlist><listitem><para>one</para></listitem>"
          "</itemizedlist><table><title>T</title><thead><row><entry>h</entry></row></thead><tbody><row><entry>c</entry>"
          "</row></tbody></table></section></article>") ==
      "text.heading.h1.xml|Head\ntext.heading.h2.xml|Part\ntext.xml|A & b \xC3\xA9<c>\ntext.list.xml|one\n"
      "text.table.caption.xml|T\ntext.table.header.xml|h\ntext.table.cell.xml|c\n");
  const auto broken = read_xml_text("<a><b></a>", {});
  REQUIRE(!broken);
  CHECK(broken.error().message.find("1:") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "<a>";
  CHECK(!read_xml_text(deep, {}));
}

TEST_CASE("places of random markup documents") {
  check_random(read_rst,
               {"word ",
                "*stress* ",
                "**strong** ",
                "``lit`` ",
                "`role`:x:",
                ":ref:`a <b>` ",
                "`l <u>`_ ",
                "\\*esc\\ ",
                "|s| ",
                "\n",
                "\n\n",
                "\n\n- item ",
                "\n  cont ",
                "\n\n   quote ",
                "\n\n.. note:: x\n\n   body ",
                "\n\n::\n\n  lit\n\n",
                "\n====\n",
                "\n\n+--+--+\n|a |b |\n+--+--+\n\n",
                "\n\n== ==\na  b\n== ==\n\n",
                "\n:f: v",
                "caf\xC3\xA9 ",
                "\t",
                "\n\n.. csv-table::\n\n   \"a\"\"b\",c\n\n",
                "name_ ",
                "\n1. n ",
                "\n| line ",
                "https://x.org "},
               "", "\n");
  check_random(read_asciidoc,
               {"word ",
                "*strong* ",
                "_stress_ ",
                "`code` ",
                "**u**",
                "#m# ",
                "[.r]#x# ",
                "{attr} ",
                "&amp; ",
                "link:u[text] ",
                "footnote:[a note] ",
                "+p+ ",
                "\\*e* ",
                " +\n",
                "\n",
                "\n\n",
                "\n* item ",
                "\n** sub ",
                "\n+\n",
                "\n----\n",
                "\n====\n",
                "\n|===\n",
                "|cell ",
                "a|cell ",
                "\nterm:: d ",
                "\n== Head\n",
                "\n.Title\n",
                "\n[quote]\n",
                "caf\xC3\xA9 ",
                "\n  cont ",
                "\n// c\n",
                "\"`q`\" ",
                "\\| "},
               "", "\n");
  check_random(read_org,
               {"word ",
                "*strong* ",
                "/stress/ ",
                "=code= ",
                "[[u][text]] ",
                "[fn:1] ",
                "[fn::note] ",
                "<2024-01-31> ",
                "\n",
                "\n\n",
                "\n* Head :t:\n",
                "\n- item ",
                "\n  cont ",
                "\n| a | b |",
                "\n|--|",
                "\n#+begin_quote\n",
                "\n#+end_quote\n",
                "\\alpha ",
                "caf\xC3\xA9 ",
                "\n- t :: d ",
                "\n:D:\n",
                "\n:END:\n",
                "\n1. n "},
               "", "\n");
  check_random(read_mdx, {"word ",    "*stress* ", "{x} ",  "{\"}\"} ",     "<B>x</B> ",    "<B />",     "\n<A>\n",
                          "\n</A>\n", "`{c` ",     "\n\n",  "\n",           "\nimport x\n", "{/* c */}", "\\{ ",
                          "&amp; ",   "- item ",   "<div>", "caf\xC3\xA9 ", "\n```\n",      "| a |",     "{"},
               "", "\n");
  check_random(
      read_xml_text,
      {"word ", "&amp; ", "<p>para</p>", "<b>bold</b> ", "\n  ", "&#233; ", "<![CDATA[a<b]]>", "<!-- c -->", "<x/>",
       "<title>Head</title>", "<li>item</li>", "caf\xC3\xA9 ", "<codeblock>no</codeblock>", "<alt>text</alt>"},
      "<topic>", "</topic>");
}

TEST_CASE("hostile markup takes linear time") {
  check_time(read_rst,
             {"*a ",     "**a ",       "``a ",   "`a ",  "|a ",      "_`a ",   "a_ ",          ":a",         ":a:`b",
              "[a",      "\\",         "- ",     "(a) ", "\n - a\n", "+--",    "\n+--+\n|a |", "\n== ==\na", "  ",
              "a\n b\n", ".. note:: ", "::\n\n", "a:",   "http://",  "\"a\",", "<a `"});
  check_time(read_asciidoc, {"*a ",
                             "**a",
                             "_a ",
                             "`a ",
                             "#a ",
                             "+a ",
                             "++a",
                             "{a",
                             "<<a",
                             "[[a",
                             "((a",
                             "[a]",
                             "a:",
                             "link:",
                             "link:a[",
                             "footnote:[a] ",
                             "\"`a ",
                             "^a",
                             "\n* a\n** b",
                             "\n====\n",
                             "\n[a]\n",
                             "|a ",
                             "\n|===\n|a",
                             "a::b ",
                             "\\",
                             "=",
                             "\n____\n-----\n",
                             "\n.a\n",
                             "\n+\n"});
  check_time(read_org, {"*a ", "/a ", "=a ", "[[a", "[fn:", "[a", "<a", "{{{", "@@", "\\a", "a:", "| ", "\n- a",
                        "\n|a\n", "\n* a", "*a /b ", "- "});
  check_time(read_mdx,
             {"{", "{a} ", "<A ", "<A>", "<A x=\"", "`", "\n{\n", "\nimport {\n\n", "{\"", "</A>", "a<B>", "\n```\n"});
  check_time(read_xml_text, {"<a>", "&amp;", "a", "<a b=\"", "<!--", "<![CDATA["});
}
