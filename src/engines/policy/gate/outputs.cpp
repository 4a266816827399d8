// Results in Conftest's eight forms, and reading back its JSON.
#include <algorithm>
#include <array>

#include "engines/policy/gate/gate.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"

namespace chiron::policy::gate {

namespace {

constexpr std::string_view kRed = "31", kYellow = "33", kCyan = "36", kGreen = "32", kWhite = "37", kBlue = "34";

class Printer {
 public:
  Printer(const std::vector<FileResult>& results, const OutputOptions& options)
      : results_(results), options_(options) {}

  std::string run() {
    if (options_.form == "json") return json();
    if (options_.form == "tap") return tap();
    if (options_.form == "table") return table();
    if (options_.form == "junit") return junit();
    if (options_.form == "github") return github();
    if (options_.form == "azuredevops") return azure();
    if (options_.form == "sarif") return sarif();
    return standard();
  }

 private:
  std::string colour(std::string_view text, std::string_view code) const {
    return options_.colour ? format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
  static std::string_view plural(std::size_t count) { return count == 1 ? "" : "s"; }

  std::string summary() const {
    const Totals t = totals(results_);
    std::string out = format("{} test{}, {} passed, {} warning{}, {} failure{}, {} exception{}", t.tests(),
                             plural(t.tests()), t.successes, t.warnings, plural(t.warnings), t.failures,
                             plural(t.failures), t.exceptions, plural(t.exceptions));
    if (options_.show_skipped) out += format(", {} skipped", t.skipped);
    return out;
  }

  std::string standard() const {
    std::string out;
    for (const auto& result : results_) {
      for (const auto& query : result.queries) {
        if (options_.trace) {
          out += colour(format("file: {} | query: {}", result.file, query.text), query.passed ? kGreen : kRed) + "\n";
          for (const auto& line : query.traces) out += colour("TRAC ", kBlue) + "  " + line + "\n";
        }
        for (const auto& line : query.printed) out += colour("PRNT ", kBlue) + "  " + line + "\n";
      }
    }
    if (options_.trace) out += "\n";
    for (const auto& result : results_) {
      const std::string file = result.file == "-" ? "-" : "- " + result.file;
      const std::string space = result.name_space == "-" ? "-" : format("- {} -", result.name_space);
      if (totals({result}).tests() == 0) {
        out += format("{} {} {} no policies found\n", colour("?", kWhite), file, space);
        continue;
      }
      auto lines = [&](const std::vector<Outcome>& outcomes, std::string_view label, std::string_view code) {
        for (const auto& outcome : outcomes)
          out += format("{} {} {} {}\n", colour(label, code), file, space, outcome.message);
      };
      lines(result.warnings, "WARN", kYellow);
      lines(result.failures, "FAIL", kRed);
      if (!options_.suppress_exceptions) lines(result.exceptions, "EXCP", kCyan);
    }
    const Totals t = totals(results_);
    const auto code = t.failures > 0 ? kRed : t.warnings > 0 ? kYellow : t.exceptions > 0 ? kCyan : kGreen;
    return out + "\n" + colour(summary(), code) + "\n";
  }

  static doc::Value outcome_json(const Outcome& outcome) {
    doc::Value value = doc::Value::object();
    value.set("msg", doc::Value(outcome.message));
    if (!outcome.loc_file.empty() || outcome.loc_line > 0) {
      doc::Value loc = doc::Value::object();
      loc.set("file", doc::Value(outcome.loc_file));
      loc.set("line", doc::Value(outcome.loc_line));
      value.set("loc", std::move(loc));
    }
    if (outcome.metadata.is_object() && !outcome.metadata.members().empty()) value.set("metadata", outcome.metadata);
    if (outcome.place.line > 0) {
      doc::Value place = doc::Value::object();
      place.set("line", doc::Value(outcome.place.line));
      place.set("column", doc::Value(outcome.place.column));
      value.set("place", std::move(place));
    }
    return value;
  }

  std::string json() const {
    doc::Value root = doc::Value::array();
    for (const auto& result : results_) {
      doc::Value file = doc::Value::object();
      file.set("filename", doc::Value(result.file == "-" ? "" : result.file));
      file.set("namespace", doc::Value(result.name_space));
      file.set("successes", doc::Value(result.successes));
      auto add = [&](std::string_view name, const std::vector<Outcome>& outcomes) {
        if (outcomes.empty()) return;
        doc::Value list = doc::Value::array();
        for (const auto& outcome : outcomes) list.push(outcome_json(outcome));
        file.set(name, std::move(list));
      };
      add("skipped", result.skipped);
      add("warnings", result.warnings);
      add("failures", result.failures);
      add("exceptions", result.exceptions);
      root.push(std::move(file));
    }
    // Tabs, as Go's indented JSON has them here.
    std::string out;
    const std::string pretty = doc::write_json_pretty(root, 2);
    for (auto line : text::split_lines(pretty)) {
      std::size_t spaces = 0;
      while (spaces < line.size() && line[spaces] == ' ') ++spaces;
      out.append(spaces / 2, '\t').append(line.substr(spaces)).push_back('\n');
    }
    return out;
  }

  std::string tap() const {
    std::string out;
    for (const auto& result : results_) {
      const std::string indicator = result.file == "-" ? format("- {} -", result.name_space)
                                                       : format("- {} - {} -", result.file, result.name_space);
      const std::size_t tests = totals({result}).tests();
      if (tests == 0) continue;
      out += format("1..{}\n", tests);
      std::size_t number = 1;
      auto lines = [&](std::string_view head, std::string_view verdict, const std::vector<Outcome>& outcomes) {
        if (!outcomes.empty() && !head.empty()) out += format("# {}\n", head);
        for (const auto& outcome : outcomes)
          out += format("{} {} {} {}\n", verdict, number++, indicator, outcome.message);
      };
      lines("", "not ok", result.failures);
      lines("warnings", "not ok", result.warnings);
      lines("exceptions", "ok", result.exceptions);
      lines("skip", "ok", result.skipped);
      if (result.successes > 0) out += "# successes\n";
      for (std::size_t i = 0; i < result.successes; ++i) out += format("ok {} {} \n", number++, indicator);
    }
    return out;
  }

  std::string table() const {
    std::vector<std::array<std::string, 4>> rows;
    for (const auto& result : results_) {
      for (std::size_t i = 0; i < result.successes; ++i)
        rows.push_back({"success", result.file, result.name_space, "SUCCESS"});
      auto add = [&](std::string_view label, const std::vector<Outcome>& outcomes) {
        for (const auto& outcome : outcomes)
          rows.push_back({std::string(label), result.file, result.name_space, outcome.message});
      };
      add("exception", result.exceptions);
      add("warning", result.warnings);
      add("skipped", result.skipped);
      add("failure", result.failures);
    }
    if (rows.empty()) return {};
    constexpr std::array<std::string_view, 4> kHeads = {"RESULT", "FILE", "NAMESPACE", "MESSAGE"};
    std::array<std::size_t, 4> widths{};
    for (std::size_t c = 0; c < 4; ++c) {
      widths[c] = kHeads[c].size();
      for (const auto& row : rows)
        for (auto line : text::split(row[c], '\n')) widths[c] = std::max(widths[c], utf8::display_width(line));
    }
    std::string rule = "+";
    for (const auto width : widths) rule += std::string(width + 2, '-') + "+";
    std::string out = rule + "\n|";
    for (std::size_t c = 0; c < 4; ++c) {
      const std::size_t missing = widths[c] - kHeads[c].size();
      out +=
          " " + std::string(missing / 2, ' ') + std::string(kHeads[c]) + std::string(missing - missing / 2, ' ') + " |";
    }
    out += "\n" + rule + "\n";
    for (const auto& row : rows) {
      const auto messages = text::split(row[3], '\n');
      for (std::size_t line = 0; line < messages.size(); ++line) {
        out += "|";
        for (std::size_t c = 0; c < 4; ++c) {
          const std::string_view cell = c == 3      ? messages[line]
                                        : line == 0 ? std::string_view(row[c])
                                                    : std::string_view();
          out += " " + std::string(cell) + std::string(widths[c] - utf8::display_width(cell), ' ') + " |";
        }
        out += "\n";
      }
    }
    return out + rule + "\n";
  }

  std::string junit() const {
    std::string cases;
    std::size_t tests = 0, failures = 0, skipped = 0;
    auto name_of = [](const FileResult& result, std::string_view message) {
      std::string name = format("{} - {}", result.file, result.name_space);
      if (!message.empty()) name += " - " + std::string(message.substr(0, message.find('\n')));
      return name;
    };
    auto open = [&](const std::string& name) {
      ++tests;
      cases += format("\t\t<testcase classname=\"conftest\" name=\"{}\" time=\"0.000\">", text::escape_xml(name));
    };
    for (const auto& result : results_) {
      for (const auto* list : {&result.warnings, &result.failures})
        for (const auto& outcome : *list) {
          open(name_of(result, outcome.message));
          cases += format("\n\t\t\t<failure message=\"Failed\" type=\"\">{}</failure>\n\t\t</testcase>\n",
                          text::escape_xml(outcome.message));
          ++failures;
        }
      for (const auto& outcome : result.skipped) {
        open(name_of(result, outcome.message));
        cases +=
            format("\n\t\t\t<skipped message=\"{}\"></skipped>\n\t\t</testcase>\n", text::escape_xml(outcome.message));
        ++skipped;
      }
      for (std::size_t i = 0; i < result.successes; ++i) {
        open(name_of(result, ""));
        cases += "</testcase>\n";
      }
    }
    return format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\t<testsuite tests=\"{}\" failures=\"{}\" "
        "time=\"0.000\" name=\"conftest\">\n\t\t<properties></properties>\n{}\t</testsuite>\n</testsuites>\n",
        tests, failures, cases);
  }

  // A line of GitHub's workflow commands: what would end the command is escaped.
  static std::string escaped(std::string_view text) {
    return text::replace_all(text::replace_all(text::replace_all(text, "%", "%25"), "\r", "%0D"), "\n", "%0A");
  }

  std::string github() const {
    std::string out;
    for (const auto& result : results_) {
      out += format("::group::Testing \"{}\" against {} policies in namespace \"{}\"\n", result.file,
                    totals({result}).tests(), result.name_space);
      auto lines = [&](std::string_view command, const std::vector<Outcome>& outcomes) {
        for (const auto& outcome : outcomes) {
          const std::string message = escaped(outcome.message);
          const bool elsewhere = !outcome.loc_file.empty() && outcome.loc_file != result.file;
          if (!outcome.loc_file.empty())
            out += format("::{} file={},line={}::{}\n", command, outcome.loc_file, outcome.loc_line, message);
          if (elsewhere)
            out += format("::{} file={},line=1::(ORIGINATING FROM {} L{}) {}\n", command, result.file, outcome.loc_file,
                          outcome.loc_line, message);
          if (outcome.loc_file.empty())
            out +=
                format("::{} file={},line={}::{}\n", command, result.file, std::max(1U, outcome.place.line), message);
        }
      };
      lines("error", result.failures);
      lines("warning", result.warnings);
      lines("notice", result.exceptions);
      for (const auto& outcome : result.skipped)
        out += format("skipped file={}::{}\n", result.file, escaped(outcome.message));
      if (result.successes > 0) out += format("success file={} {}\n", result.file, result.successes);
      out += "::endgroup::\n";
    }
    return out + summary() + "\n";
  }

  std::string azure() const {
    std::string out;
    for (const auto& result : results_) {
      out += format("##[section]Testing '{}' against {} policies in namespace '{}'\n##[group]See conftest results\n",
                    result.file, totals({result}).tests(), result.name_space);
      auto lines = [&](std::string_view type, const std::vector<Outcome>& outcomes) {
        for (const auto& outcome : outcomes)
          out += format("##vso[task.logissue type={}] file={} --> {}\n", type, result.file, outcome.message);
      };
      lines("error", result.failures);
      lines("warning", result.warnings);
      lines("warning", result.exceptions);
      for (const auto& outcome : result.skipped) out += format("skipped file={} {}\n", result.file, outcome.message);
      if (result.successes > 0) out += format("success file={} {}\n", result.file, result.successes);
      out += "##[endgroup]\n";
    }
    return out + summary() + "\n";
  }

  static Outcome named(std::string_view message) {
    Outcome outcome;
    outcome.message = message;
    return outcome;
  }

  std::string sarif() const {
    doc::Value rules = doc::Value::array(), found = doc::Value::array();
    std::vector<std::string> ids;
    auto object = [](std::initializer_list<std::pair<std::string_view, doc::Value>> members) {
      doc::Value value = doc::Value::object();
      for (const auto& [name, member] : members) value.set(name, member);
      return value;
    };
    auto text_of = [&](std::string_view text) { return object({{"text", doc::Value(text)}}); };
    auto add = [&](const FileResult& result, const Outcome& outcome, std::string_view rule, std::string_view level,
                   std::string_view description) {
      // One rule a policy rule, so that findings of different rules do not share an id.
      const std::string id = format("{}/{}", result.name_space, rule);
      auto index = static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin());
      if (index == ids.size()) {
        ids.push_back(id);
        doc::Value made = object({{"id", doc::Value(id)}, {"shortDescription", text_of(description)}});
        if (outcome.metadata.is_object() && !outcome.metadata.members().empty())
          made.set("properties", outcome.metadata);
        rules.push(std::move(made));
      }
      doc::Value physical =
          object({{"artifactLocation",
                   object({{"uri", doc::Value(outcome.place.file.empty() ? result.file : outcome.place.file)}})}});
      if (outcome.place.line > 0)
        physical.set("region", object({{"startLine", doc::Value(outcome.place.line)},
                                       {"startColumn", doc::Value(outcome.place.column)}}));
      doc::Value locations = doc::Value::array();
      locations.push(object({{"physicalLocation", physical}}));
      found.push(object({{"ruleId", doc::Value(id)},
                         {"ruleIndex", doc::Value(index)},
                         {"level", doc::Value(level)},
                         {"message", text_of(outcome.message)},
                         {"locations", locations}}));
    };
    auto rule_of = [](const Outcome& outcome, std::string_view fallback) {
      return outcome.rule.empty() ? fallback : std::string_view(outcome.rule);
    };
    for (const auto& result : results_) {
      for (const auto& outcome : result.failures)
        add(result, outcome, rule_of(outcome, "deny"), "error", "Policy violation");
      for (const auto& outcome : result.warnings)
        add(result, outcome, rule_of(outcome, "warn"), "warning", "Policy warning");
      for (const auto& outcome : result.exceptions) add(result, outcome, "allow", "note", "Policy exception");
      if (result.failures.empty() && result.warnings.empty() && result.exceptions.empty()) {
        const std::string_view what =
            result.successes > 0 ? "Policy was satisfied successfully" : "Policy check was skipped";
        add(result, named(what), result.successes > 0 ? "success" : "skip", "none", what);
      }
    }
    const Totals t = totals(results_);
    doc::Value invocations = doc::Value::array();
    invocations.push(object({{"executionSuccessful", doc::Value(true)},
                             {"exitCode", doc::Value(t.failures > 0 ? 1 : 0)},
                             {"exitCodeDescription", doc::Value(t.failures > 0     ? "Policy violations found"
                                                                : t.warnings > 0   ? "Policy warnings found"
                                                                : t.exceptions > 0 ? "Policy exceptions found"
                                                                                   : "No policy violations found")}}));
    doc::Value driver = object({{"name", doc::Value("conftest")},
                                {"informationUri", doc::Value("https://github.com/open-policy-agent/conftest")},
                                {"rules", rules}});
    doc::Value runs = doc::Value::array();
    runs.push(object({{"tool", object({{"driver", driver}})}, {"invocations", invocations}, {"results", found}}));
    return doc::write_json_pretty(object({{"version", doc::Value("2.1.0")},
                                          {"$schema", doc::Value("https://json.schemastore.org/sarif-2.1.0.json")},
                                          {"runs", runs}})) +
           "\n";
  }

  const std::vector<FileResult>& results_;
  const OutputOptions& options_;
};

}  // namespace

std::vector<std::string> output_forms() {
  return {"stdout", "json", "tap", "table", "junit", "github", "azuredevops", "sarif"};
}

std::string print_results(const std::vector<FileResult>& results, const OutputOptions& options) {
  return Printer(results, options).run();
}

Result<std::vector<FileResult>> read_results(std::string_view json) {
  const auto root = doc::parse_json(json);
  if (!root || !root->is_array())
    return fail(ErrorKind::input, "policy.results",
                "failed to parse JSON input: " + (root ? std::string("expected an array") : root.error().message));
  std::vector<FileResult> results;
  for (const auto& item : root->items()) {
    FileResult result;
    result.file = item.string_or("filename", "");
    result.name_space = item.string_or("namespace", "");
    result.successes = static_cast<std::size_t>(std::max<std::int64_t>(0, item.integer_or("successes", 0)));
    auto take = [&](std::string_view name, std::vector<Outcome>& outcomes) {
      const auto* list = item.find(name);
      if (list == nullptr || !list->is_array()) return;
      for (const auto& entry : list->items()) {
        Outcome outcome;
        outcome.message = entry.string_or("msg", "");
        if (const auto* metadata = entry.find("metadata")) outcome.metadata = *metadata;
        if (const auto* loc = entry.find("loc")) {
          outcome.loc_file = loc->string_or("file", "");
          outcome.loc_line = loc->integer_or("line", 0);
        }
        outcomes.push_back(std::move(outcome));
      }
    };
    take("warnings", result.warnings);
    take("failures", result.failures);
    take("exceptions", result.exceptions);
    take("skipped", result.skipped);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace chiron::policy::gate
