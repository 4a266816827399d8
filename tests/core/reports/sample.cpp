#include "sample.h"

#include "foundation/base/utf8.h"

namespace chiron::test {

namespace {

// The place of the first `needle` in the file, as an engine would give it.
Place place_of(const std::string& file, std::string_view needle) {
  const auto& text = sample_sources().at(file);
  const auto begin = text.find(needle);
  auto place = utf8::LineIndex(text).place(file, begin, begin + needle.size());
  place.has_range = true;
  place.offset = begin;
  place.length = needle.size();
  return place;
}

Finding finding(std::string gate, std::string rule, Level level, std::string message, Place place = {}) {
  Finding result;
  result.gate = std::move(gate);
  result.rule = std::move(rule);
  result.level = level;
  result.message = std::move(message);
  result.place = std::move(place);
  return result;
}

std::vector<Rule> sample_rules() {
  return {
      {.id = "coverage/uncovered-line",
       .name = "UncoveredLine",
       .summary = "A changed line that no test runs.",
       .help = "## What it does\nFlags lines that were changed and that no test runs.\n\n## Why\nA line that never ran "
               "in a "
               "test has never been seen to work.\n\n- write a test that reaches it, or\n- allow it: `chiron: allow "
               "coverage/uncovered-line REASON`\n\n```cpp\nif (count == 0) return {};  // no test gets here\n```",
       .level = Level::warning,
       .help_uri = "https://example.org/rules/uncovered-line",
       .tags = {"coverage", "tests"}},
      {.id = "policy/no-latest-tag",
       .summary = "An image without a fixed version.",
       .level = Level::error,
       .tags = {"supply-chain"}},
      {.id = "prose/passive", .summary = "Passive voice.", .level = Level::note},
      {.id = "scan/tainted-path",
       .name = "TaintedPath",
       .summary = "A path from a request reaches a file operation.",
       .help = "Resolve the path and check that it stays below the folder.",
       .level = Level::error,
       .help_uri = "not a uri",
       .tags = {"security", "data-flow", "security"}},
  };
}

std::vector<Finding> sample_findings() {
  std::vector<Finding> findings;
  for (const auto* needle : {"return {};", "total += line.price;", "return total / count;", "throw EmptyOrder(id);",
                             "log(\"größe\");", "audit(order);", "notify(order.customer);"})
    findings.push_back(finding("coverage", "coverage/uncovered-line", Level::warning, "no test runs this line",
                               place_of("src/order.cpp", needle)));

  auto tag =
      finding("policy", "policy/no-latest-tag", Level::error,
              "container \"web\" uses the image tag \"latest\"; name a version so that a rollout can be repeated",
              place_of("deploy/web.yaml", "nginx:latest"));
  tag.evidence = doc::Value::object();
  tag.evidence.set("container", doc::Value("web"))
      .set("replicas", doc::Value(3))
      .set("share", doc::Value::number("0.30"));
  tag.fixes.push_back({"Name the version that runs now", {{"deploy/web.yaml", tag.place.offset + 6, 6, "1.27.3"}}});
  findings.push_back(std::move(tag));

  auto tainted = finding("scan", "scan/tainted-path", Level::error,
                         "the request's <name> reaches open() & leaves the folder: \"../../etc/passwd\"",
                         place_of("src/odd name#1 %.cpp", "open(root + name)"));
  tainted.related = {{place_of("src/odd name#1 %.cpp", "request.query(\"name\")"), "the value comes from the request"},
                     {place_of("src/order.cpp", "audit(order);"), "and is passed on | here"}};
  tainted.fixes.push_back({"Check the path\nbefore it is used",
                           {{"src/odd name#1 %.cpp", tainted.place.offset + 5, 11, "below(root, name)"},
                            {"src/order.cpp", 0, 0, "#include \"below.h\"\n"}}});
  findings.push_back(std::move(tainted));

  findings.push_back(finding("prose", "prose/passive", Level::note, "write in the active voice: \"被写\" is passive",
                             place_of("docs/手引き.md", "被写的報告")));
  auto tabs =
      finding("prose", "prose/passive", Level::note, "a tab\tand a control \x1b[31mcharacter\x07 in the message",
              place_of("docs/手引き.md", "was written"));
  findings.push_back(std::move(tabs));
  auto lines =
      finding("prose", "prose/long-block", Level::none, "this block has nine lines",
              place_of("docs/windows.md", "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\neight\r\nnine"));
  findings.push_back(std::move(lines));
  findings.push_back(finding("prose", "prose/encoding", Level::warning, "bytes that are no UTF-8: \xFF\xFE",
                             {.file = "docs/caf\xE9.md", .line = 1, .column = 1}));
  findings.push_back(
      finding("policy", "policy/missing-owner", Level::warning,
              "the repository names no owner @team, see #12 and `CODEOWNERS` </script><script>alert(1)</script>"));
  findings.push_back(
      finding("policy", "policy/file-size", Level::note, "this file is large", {.file = "assets/logo.svg"}));
  return findings;
}

}  // namespace

const std::map<std::string, std::string>& sample_sources() {
  static const std::map<std::string, std::string> kSources = {
      {"src/order.cpp",
       "Result average(const Order& order) {\n  if (count == 0)\n    return {};\n  for (const auto& line : order)\n"
       "\t\ttotal += line.price;\n  return total / count;\n}\n\nvoid ship(const Order& order) {\n"
       "  if (order.empty()) throw EmptyOrder(id);\n  /* 出荷 */ log(\"größe\");\n  audit(order);\n  "
       "notify(order.customer);\n}\n"},
      {"deploy/web.yaml", "containers:\n  - name: web\n    image: nginx:latest\n"},
      {"src/odd name#1 %.cpp",
       "auto serve(const Request& request) {\n  const auto name = request.query(\"name\");\n  return open(root + "
       "name);\n}\n"},
      {"docs/手引き.md",
       "# 手引き\n\n本書は自動で被写的報告です。\n\nThe report\twas written by \u202Enobody\u202C.\n"},
      {"docs/windows.md", "intro\r\n\r\none\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\neight\r\nnine\r\n"},
  };
  return kSources;
}

SourceReader sample_reader() {
  return [](const std::string& file) -> std::optional<std::string> {
    const auto at = sample_sources().find(file);
    return at == sample_sources().end() ? std::nullopt : std::optional(at->second);
  };
}

Report sample_report() {
  Report report;
  report.tool_version = "0.1.0";
  report.workspace = "harbour";
  report.revision = "3f2a9c1d5e6b7a8990aabbccddeeff0011223344+";
  report.base_revision = "main";
  report.gates = {
      {.gate = "scan"},
      {.gate = "policy", .suppressed = 2, .baselined = 1204},
      {.gate = "coverage",
       .status = GateStatus::failed,
       .reason = "72.5 % of the changed lines are covered; 80 % are asked for",
       .metrics = {{"changed-lines", 72.5, "%"}, {"lines", 1204, ""}}},
      {.gate = "dependencies", .metrics = {{"packages", 86, ""}}},
      {.gate = "load", .status = GateStatus::skipped, .reason = "nothing that it checks has changed since main"},
      {.gate = "prose", .fail_level = Level::none},
      {.gate = "tests",
       .status = GateStatus::could_not_run,
       .reason = "failed to start ctest: No such file or directory\nInstall CMake, or set gate.tests.command in "
                 "chiron.toml."},
  };
  report.rules = sample_rules();
  report.findings = sample_findings();
  finish_report(report, sample_reader());
  return report;
}

Timeline sample_timeline() {
  return {.started = "2026-03-14T09:26:53Z",
          .duration_ms = 8420,
          .gates = {{"coverage", 4100, 3900, 3620, false},
                    {"dependencies", 20, 460, 430, false},
                    {"policy", 25, 210, 190, true},
                    {"prose", 240, 1830, 1800, false},
                    {"scan", 480, 7940, 7700, false},
                    {"tests", 30, 12, 4, false}}};
}

Report sample_before() {
  auto report = sample_report();
  report.revision = "main";
  std::erase_if(report.findings, [](const Finding& f) { return f.gate == "scan" || f.place.line == 13; });
  auto fixed = finding("policy", "policy/plain-secret", Level::error, "the value of \"password\" stands in the file",
                       {.file = "deploy/web.yaml", .line = 9, .column = 15, .end_line = 9, .end_column = 22});
  report.findings.push_back(std::move(fixed));
  finish_report(report, sample_reader());
  return report;
}

}  // namespace chiron::test
