// Configurations, controls and formats as a user meets them: files on disk, read whole, and what is told of them.
#include <doctest/doctest.h>

#include <filesystem>

#include "engines/prose/lint.h"
#include "engines/prose/vale.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kWord = "extends: existence\nmessage: m\ntokens: [word]\n";
constexpr const char* kHead = "StylesPath = styles\nMinAlertLevel = suggestion\n";

// A folder with a style T, of which one rule looks for "word".
struct Project {
  io::TemporaryFolder folder;

  static Project make(const std::string& ini, const Files& files = {}) {
    auto folder = io::TemporaryFolder::create("prose-configuration");
    REQUIRE(folder);
    Project project{std::move(*folder)};
    project.write("styles/T/R.yml", kWord);
    project.write(".vale.ini", ini);
    for (const auto& [path, content] : files) project.write(path, content);
    return project;
  }

  void write(const std::string& path, const std::string& content) const {
    const auto full = folder.path() + "/" + path;
    REQUIRE(io::make_folders(std::string(io::parent_path(full))));
    REQUIRE(io::write_file_atomic(full, content));
  }

  Result<std::unique_ptr<Linter>> linter() const {
    ConfigRequest request;
    request.path = folder.path() + "/.vale.ini";
    request.ignore_global = true;
    return Linter::create(TRY(read_config(request)));
  }

  // "line:column" of every finding.
  std::string places(const std::string& name, const std::string& text) const {
    const auto made = linter();
    INFO((made ? "" : to_string(made.error())));
    REQUIRE(made);
    const auto report = (*made)->lint(name, text);
    INFO((report ? "" : to_string(report.error())));
    REQUIRE(report);
    std::string out;
    for (const auto& hit : report->hits) {
      CHECK(text.substr(hit.place.offset, hit.place.length) == "word");
      out += (out.empty() ? "" : " ") + std::to_string(hit.place.line) + ":" + std::to_string(hit.place.column);
    }
    return out;
  }

  // The error of loading, without the folder's name.
  std::string error() const {
    const auto made = linter();
    return made ? "" : text::replace_all(to_string(made.error()), folder.path() + "/", "");
  }
};

}  // namespace

TEST_CASE("what a configuration gets wrong is told with its line") {
  const auto error = [](const std::string& ini, const Files& files = {}) { return Project::make(ini, files).error(); };
  CHECK(error(std::string(kHead) + "[*]\nT.R = maybe\n").starts_with(".vale.ini:4:1: "));
  CHECK(error(std::string(kHead) + "[*]\nX.Nope = YES\n").find("rule 'X.Nope' does not exist") != std::string::npos);
  CHECK(error(std::string(kHead) + "[*]\nX.Nope = NO\n") == "");
  CHECK(error(std::string(kHead) + "[*]\nBasedOnStyles = X\n").starts_with(".vale.ini:4:1: "));
  const auto rule = std::string(kWord) + "action:\n  name: replace\n  prams: [a]\n";
  CHECK(error(std::string(kHead) + "[*]\nBasedOnStyles = T\n", {{"styles/T/R.yml", rule}})
            .starts_with("styles/T/R.yml:6:3: "));
  CHECK(error(std::string(kHead) + "[*]\nBasedOnStyles = T\n",
              {{"styles/T/R.yml", std::string(kWord) + "action: replace\n"}})
            .starts_with("styles/T/R.yml:4:1: "));
}

TEST_CASE("a rule that its style does not have is told, and the others run") {
  const auto project = Project::make(std::string(kHead) + "[*]\nBasedOnStyles = T\nT.Old = YES\nT.Older = NO\n");
  const auto linter = project.linter();
  REQUIRE(linter);
  CHECK((*linter)->missing_rules() == std::set<std::string>{"T.Old"});
  CHECK((*linter)->named_at("T.Old").line == 5);
  CHECK(project.places("a.md", "word\n") == "1:1");
}

TEST_CASE("packages that lead to themselves or to each other are told") {
  const auto cycle = Project::make(std::string("Packages = P\n") + kHead + "[*]\nBasedOnStyles = T\n",
                                   {{"P/.vale.ini", "Packages = ../Q\n"}, {"Q/.vale.ini", "Packages = ../P\n"}});
  CHECK(cycle.error().starts_with("Q/.vale.ini:1:1: the package '../P' leads back to P/.vale.ini"));
  const auto self = Project::make(std::string("Packages = P\n") + kHead + "[*]\nBasedOnStyles = T\n",
                                  {{"P/.vale.ini", "Packages = .\n"}});
  CHECK(self.error().find("leads back to") != std::string::npos);
  Files deep;
  for (int i = 0; i < 8; ++i) {
    deep.emplace_back("P" + std::to_string(i) + "/.vale.ini", "Packages = ../P" + std::to_string(i + 1) + "\n");
  }
  const auto chain = Project::make(std::string("Packages = P0\n") + kHead + "[*]\nBasedOnStyles = T\n", deep);
  CHECK(chain.error().find("nested too deeply") != std::string::npos);
  // A package whose style is based on the project's own, and the other way round, is no loop: styles are sets of rules.
  const auto both = Project::make(std::string("Packages = P\n") + kHead + "[*]\nBasedOnStyles = T, U\n",
                                  {{"P/.vale.ini", "[*]\nBasedOnStyles = U, T\n"}, {"P/styles/U/S.yml", kWord}});
  CHECK(both.error() == "");
  // Nor is a vocabulary whose terms name each other.
  const auto terms = Project::make(std::string(kHead) + "Vocab = A, B, A\n[*]\nBasedOnStyles = Vale, T\n",
                                   {{"styles/config/vocabularies/A/accept.txt", "word\nWord\n"},
                                    {"styles/config/vocabularies/B/reject.txt", "word\n"}});
  CHECK(terms.error() == "");
}

TEST_CASE("a section speaks of a file by its own extension or by that of its format") {
  const std::string formats = std::string(kHead) + "[formats]\nfoo = md\npy = md\n";
  CHECK(Project::make(formats + "[*.md]\nBasedOnStyles = T\n").places("a.foo", "`word` word\n") == "1:8");
  CHECK(Project::make(formats + "[*.foo]\nBasedOnStyles = T\n").places("a.foo", "`word` word\n") == "1:8");
  CHECK(Project::make(formats + "[*.md]\nBasedOnStyles = T\n").places("a.py", "# `word` word\n") == "1:10");
  CHECK(Project::make(formats + "[*.foo]\nTokenIgnores = (<[^>]+>)\n[*.md]\nBasedOnStyles = T\n")
            .places("a.foo", "<word x word> word\n") == "1:15");
}

TEST_CASE("comments are left out by their scope") {
  const std::string source = "# word\n\n\"\"\"\nA word\n\"\"\"\n";
  const auto with = [&](const std::string& scopes) {
    return Project::make(std::string(kHead) + scopes + "[*]\nBasedOnStyles = T\n").places("a.py", source);
  };
  CHECK(with("") == "1:3 4:3");
  CHECK(with("IgnoredScopes = comment.line\n") == "4:3");
  CHECK(with("IgnoredScopes = text.comment.block\n") == "1:3");
  CHECK(with("IgnoredScopes = comment\n") == "");
}

TEST_CASE("controls hold in every format") {
  const auto project = Project::make(std::string(kHead) + "[*]\nBasedOnStyles = T\n");
  struct Case {
    const char* name;
    const char* open;
    const char* close;
  };
  const Case cases[] = {{"a.md", "<!-- ", " -->"}, {"a.html", "<!-- ", " -->"},        {"a.rst", ".. ", ""},
                        {"a.adoc", "// ", ""},     {"b.adoc", "pass:[<!-- ", " -->]"}, {"a.org", "# ", ""},
                        {"a.mdx", "{/* ", " */}"}, {"a.txt", "<!-- ", " -->"},         {"a.unknown", "<!-- ", " -->"}};
  for (const auto& each : cases) {
    INFO(each.name);
    const auto control = [&](const std::string& what) { return each.open + what + each.close; };
    const bool html = std::string_view(each.name).ends_with(".html");
    const std::string word = html ? "<p>word</p>" : "word";
    const std::string column = html ? ":4" : ":1";
    const auto text = word + "\n\n" + control("vale off") + "\n\n" + word + "\n\n" + control("vale on") + "\n\n" +
                      word + "\n\n" + control("vale T.R = NO") + "\n\n" + word + "\n\n" + control("vale T.R = YES") +
                      "\n\n" + word + "\n\n" + control("vale T = NO") + "\n\n" + word + "\n\n" +
                      control("vale T.R = YES") + "\n\n" + word + "\n\n" +
                      control(std::string_view(each.name) == "b.adoc" ? "vale T = NO" : "vale T.R[\"word\"] = NO") +
                      "\n\n" + word + "\n";
    CHECK(project.places(each.name, text) == "1" + column + " 9" + column + " 17" + column + " 25" + column);
  }
  CHECK(project.places("a.xml",
                       "<d>\n<p>word</p>\n<!-- vale off -->\n<p>word</p>\n<!-- vale on -->\n<p>word</p></d>\n") ==
        "2:4 6:4");
  // What merely begins like a control is text.
  CHECK(project.places("a.txt", "vale off\nword\n") == "2:1");
  CHECK(project.places("a.py", "# vale of tears = a word\n") == "1:21");
}

TEST_CASE("controls hold in comments of source code") {
  const auto project = Project::make(std::string(kHead) + "[formats]\nrs = md\n[*]\nBasedOnStyles = T\n");
  for (const auto* name : {"a.c", "a.cpp", "a.go", "a.java", "a.js", "a.ts", "a.rs", "a.php", "a.proto", "a.swift"}) {
    INFO(name);
    const std::string begin = std::string_view(name) == "a.php" ? "<?php" : "";
    CHECK(project.places(
              name, begin + "\n// word\nint a;\n// vale off\nint b;\n// word\nint c;\n// vale on\nint d;\n// word\n") ==
          "2:4 10:4");
  }
  for (const auto* name : {"a.py", "a.rb", "a.sh", "a.r", "a.jl", "a.ps1", "a.yml", "a.toml", "a.pl"}) {
    INFO(name);
    CHECK(project.places(name, "# word\n# vale off\n# word\n# vale on\n# word\n") == "1:3 5:3");
  }
  CHECK(project.places("a.c", "/*\n * word\n * vale T.R = NO\n * word\n * vale T.R = YES\n * word\n */\n") ==
        "2:4 6:4");
}

TEST_CASE("comments by delimiters, where other things look like them") {
  const auto project = Project::make(std::string(kHead) + "[*]\nBasedOnStyles = T\n");
  CHECK(project.places("a.sh",
                       "#!/bin/sh word\n# word\nx=${y#word}; z=$# # word\necho \"# word\n# word\" '# word'\n"
                       "cat <<-'END' <<X\n# word\nEND\n# don't word\nX\necho \\\"# word # word\n") == "2:3 3:21 11:17");
  CHECK(project.places("a.yml",
                       "# word\na: b#word # word\nrun: |\n  # word\n\n  word\nc: \"x # word\n  # word\"\nd:\n"
                       "  - >-\n    # word\n  - 'it''s # word' # word\n---\n# word\n") == "1:3 2:13 12:22 14:3");
  CHECK(project.places("a.toml", "# word\na = \"# word\" # word\nb = '''\n# word\n'''\n# word\n") == "1:3 2:16 6:3");
  CHECK(project.places("a.swift", "/* a /* word */ word */ word // word\nlet x = \"\"\"\n// word\n\"\"\"\n") ==
        "1:9 1:17 1:33");
  CHECK(project.places("a.hs", "{- a {- b -} word -} word -- word\n") == "1:14 1:30");
  CHECK(project.places("a.php", "<?php\n#[Route('word')]\n# word\n") == "3:3");
  CHECK(project.places("a.lua", "--[==[ word ]] word\n word ]==] word\n") == "1:8 1:16 2:2");
  CHECK(project.places("a.ps1", "$a#word\n# word\n<# word #>\n") == "2:3 3:4");
  CHECK(project.places("a.pl", "$#word; my $x = 1; # word\n") == "1:22");
}

TEST_CASE("output templates: the example of the documentation, formats, named templates, loops") {
  FileReport report;
  report.path = "docs/a.md";
  report.hits.resize(2);
  report.hits[0].alert.severity = Severity::error;
  report.hits[0].alert.check = "T.R";
  report.hits[0].alert.message = "no \"word\"";
  report.hits[0].place.line = 3;
  report.hits[0].place.column = 7;
  report.hits[1].alert.severity = Severity::suggestion;
  report.hits[1].alert.check = "T.Longer";
  report.hits[1].alert.message = "m";
  report.hits[1].place.line = 12;
  report.hits[1].place.column = 1;
  const auto print = [&](std::string_view text) {
    const auto shown = print_template({report}, text, "t");
    return shown ? *shown : "error: " + shown.error().message;
  };
  // Counts, colours, a table for each file: what the documentation of output templates shows.
  CHECK(print("{{- $e := 0 -}}{{- $s := 0 -}}{{- range .Files}}{{$table := newTable true}}\n"
              "{{- /* alerts */ -}}{{- range .Alerts -}}{{- $error := \"\" -}}\n"
              "{{- if eq .Severity \"error\" -}}{{- $error = .Severity | red -}}{{- $e = add1 $e -}}\n"
              "{{- else -}}{{- $error = .Severity | blue -}}{{- $s = add1 $s -}}{{- end}}\n"
              "{{- $loc := printf \"%d:%d\" .Line (index .Span 0) -}}\n"
              "{{- $row := list $loc $error .Message .Check | toStrings -}}{{- $table = addRow $table $row -}}\n"
              "{{end -}}{{- printf \"\\n %s\" (.Path | underline | indent 1) -}}{{- println -}}\n"
              "{{- $table = renderTable $table -}}{{end}}{{- $e}} {{\"errors\" | red}}, {{$s}} "
              "{{$s | int | plural \"suggestion\" \"suggestions\"}}.") ==
        "\n  docs/a.md\n 3:7   error       no \"word\"  T.R\n 12:1  suggestion  m          T.Longer\n"
        "1 errors, 1 suggestion.");
  CHECK(print("{{printf \"%-6s|%6s|%05d|%.2f|%x|%q|%v|%%|%3d\" \"ab\" \"cd\" 42 3.14159 255 \"a\\\"b\" true 7}}") ==
        "ab    |    cd|00042|3.14|ff|\"a\\\"b\"|true|%|  7");
  CHECK(print("{{define \"row\"}}[{{.Line}} {{.Check}}]{{end}}{{range .Files}}{{range .Alerts}}{{template \"row\" .}}"
              "{{end}}{{end}}{{block \"end\" 3}}<{{.}}>{{end}}") == "[3 T.R][12 T.Longer]<3>");
  CHECK(print("{{range .Files}}{{range $i, $a := .Alerts}}{{if eq $i 1}}{{break}}{{end}}{{$a.Check}}{{end}}!{{end}}") ==
        "T.R!");
  CHECK(print("{{range list 1 2 3}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{else}}none{{end}}") == "13");
  CHECK(print("{{range .Files}}{{base .Path}} {{ext .Path}}{{end}} {{list 1 2 3 | rest | join \"-\"}} "
              "{{regexReplaceAll \"[aeiou]\" \"template\" \"_\"}} {{slice \"abcdef\" 1 3}} {{coalesce \"\" \"x\"}}") ==
        "a.md .md 2-3 t_mpl_t_ bc x");
  CHECK(print("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}").find("nested too deeply") !=
        std::string::npos);
  CHECK(print("{{now}}").find("'now' is not available") != std::string::npos);
  CHECK(print("{{env \"HOME\"}}").find("'env' is not available") != std::string::npos);
  CHECK(print("{{template \"none\"}}").find("'none' is not defined") != std::string::npos);
}

TEST_CASE("--relative tells paths from the current folder") {
  const auto project = Project::make(std::string(kHead) + "[*]\nBasedOnStyles = T\n", {{"docs/a.md", "word\n"}});
  ValeRequest request;
  const auto file = project.folder.path() + "/docs/a.md";
  request.arguments = {"--no-global", "--relative", "--output=line", "--config=" + project.folder.path() + "/.vale.ini",
                       file};
  task::Pool pool(1);
  const auto run = run_vale(request, pool);
  CHECK(run.exit_code == 0);
  const auto path = run.output.substr(0, run.output.find(':'));
  CHECK_FALSE(path.starts_with('/'));
  CHECK(io::normalize_path(io::join_path(io::current_folder(), path)) == io::normalize_path(file));
}
