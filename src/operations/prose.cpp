// chiron prose: styles and rules over the workspace's texts; the gate "prose".
#include <algorithm>
#include <map>

#include "engines/prose/docs_check.h"
#include "engines/prose/fix.h"
#include "engines/prose/lint.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct ProseRequest {
  std::vector<std::string> paths;
  std::string config;
  std::string filter;
  std::string glob;
  std::string level;
  bool fix = false;
  bool diff = false;
};

Level to_level(prose::Severity severity) {
  switch (severity) {
    case prose::Severity::suggestion:
      return Level::note;
    case prose::Severity::warning:
      return Level::warning;
    case prose::Severity::error:
      return Level::error;
  }
  return Level::warning;
}

constexpr std::string_view kInvalidText = "prose/invalid-text";

std::string rule_id(const std::string& check) { return "prose/" + check; }

Result<prose::Config> read_configuration(const ProseRequest& request, Context& context) {
  prose::ConfigRequest wanted;
  if (!request.config.empty()) wanted.path = context.absolute(request.config);
  wanted.start = context.workspace.root();
  wanted.min_level = request.level;
  for (const auto* name : {"VALE_CONFIG_PATH", "VALE_STYLES_PATH", "HOME"}) {
    if (context.environment == nullptr) break;
    if (const auto value = context.environment(name)) wanted.environment.emplace_back(name, *value);
  }
  return prose::read_config(wanted);
}

// The workspace's files that the configuration is for and that have a known format, below the paths asked for.
Result<std::vector<std::string>> choose_files(const ProseRequest& request, Context& context,
                                              const prose::Linter& linter) {
  std::vector<std::string> wanted;
  for (const auto& path : request.paths) {
    const auto absolute = context.absolute(path);
    if (!context.workspace.file_system().exists(absolute)) {
      return fail(ErrorKind::usage, "prose.path", format("'{}' does not exist", path), Place{},
                  "name a file or folder of the workspace");
    }
    wanted.push_back(context.workspace.relative(absolute));
  }
  const auto glob = TRY(prose::Glob::compile(request.glob.empty() ? "*" : request.glob, true));
  std::vector<std::string> chosen;
  for (const auto& file : *TRY(context.workspace.files())) {
    bool below = wanted.empty();
    for (const auto& path : wanted) {
      below = below || path.empty() || path == "." || file == path || file.starts_with(path + "/");
    }
    if (!below || !glob.matches(file) || !linter.concerns(file)) continue;
    if (prose::format_of(file, linter.config().formats).family == "unknown") continue;
    if (const auto& change = context.workspace.change(); change && change->find(file) == nullptr) continue;
    chosen.push_back(file);
  }
  return chosen;
}

Finding make_finding(const prose::Hit& hit, const prose::Linter& linter, std::string_view content) {
  Finding finding;
  finding.rule = rule_id(hit.alert.check);
  finding.level = to_level(hit.alert.severity);
  finding.message = hit.alert.message;
  finding.place = hit.place;
  finding.evidence = doc::Value::object();
  finding.evidence.set("match", doc::Value(hit.alert.match));
  if (!hit.alert.link.empty()) finding.evidence.set("link", doc::Value(hit.alert.link));
  if (const auto edit = prose::replacement_for(hit, linter, content)) {
    const auto what =
        edit->text.empty() ? format("Remove '{}'", hit.alert.match) : format("Replace by '{}'", edit->text);
    finding.fixes.push_back({what, {{hit.place.file, edit->offset, edit->length, edit->text}}});
  } else if (!hit.alert.action.name.empty() && hit.as_it_stands) {
    // Several suggestions: each a fix of its own, for a person to choose.
    const auto solved = prose::solve(hit.alert, linter.rule(hit.alert.check), linter.config());
    for (const auto& suggestion : solved.value_or(std::vector<std::string>())) {
      if (finding.fixes.size() >= 3 || suggestion == hit.alert.match) continue;
      finding.fixes.push_back(
          {format("Replace by '{}'", suggestion), {{hit.place.file, hit.place.offset, hit.place.length, suggestion}}});
    }
  }
  return finding;
}

// A file's bytes that are no text: the rest of it is checked, and this is said.
std::optional<Finding> find_invalid_text(const std::string& file, std::string_view content) {
  const auto at = utf8::find_invalid(content);
  if (at == std::string_view::npos) return std::nullopt;
  Finding finding;
  finding.rule = std::string(kInvalidText);
  finding.level = Level::error;
  finding.message = format("The file is not valid UTF-8: byte 0x{:02X} at offset {} belongs to no character.",
                           static_cast<unsigned>(static_cast<unsigned char>(content[at])), at);
  finding.place = utf8::LineIndex(content).place(file, at, at + 1);
  return finding;
}

// Rules that are there whatever the configuration says.
std::vector<Rule> own_rules() {
  std::vector<Rule> rules;
  for (const auto& rule : prose::docs_rules()) {
    Rule described;
    described.id = rule_id(std::string(rule.name));
    described.summary = rule.summary;
    described.level = Level::error;
    rules.push_back(std::move(described));
  }
  Rule invalid;
  invalid.id = kInvalidText;
  invalid.summary = "A file is not valid UTF-8.";
  invalid.level = Level::error;
  rules.push_back(std::move(invalid));
  return rules;
}

std::vector<Rule> describe_rules(const prose::Linter& linter) {
  auto rules = own_rules();
  for (const auto& rule : linter.rules()) {
    Rule described;
    described.id = rule_id(rule->head.name);
    described.summary = rule->head.message;
    described.help = rule->head.description;
    described.level = to_level(rule->head.level);
    described.help_uri = rule->head.link;
    rules.push_back(std::move(described));
  }
  return rules;
}

// Files that could not be read, by the reason: a line for each reason, not for each file.
void tell_left_out(const std::map<std::string, std::vector<std::string>>& left_out, Response& response) {
  for (const auto& [reason, files] : left_out) {
    if (files.size() == 1) {
      response.notices.push_back(format("{} was left out: {}", files.front(), reason));
    } else {
      response.notices.push_back(
          format("{} files were left out, {} the first of them: {}", files.size(), files.front(), reason));
    }
  }
}

std::string counted(std::size_t count, std::string_view what) {
  return format("{} {}{}", count, what, count == 1 ? "" : std::string_view(what) == "fix" ? "es" : "s");
}

Result<Response> run_prose(const ProseRequest& request, Context& context) {
  prose::LintOptions options;
  options.filter = request.filter;
  auto configuration = TRY(read_configuration(request, context));
  TRY(configuration.refuse_transform(""));
  const auto linter = TRY(prose::Linter::create(std::move(configuration), options));
  Response response;
  response.rules = describe_rules(*linter);
  for (const auto& rule : linter->missing_rules()) {
    response.notices.push_back(format("{}: the style has no rule {}", to_string(linter->named_at(rule)), rule));
  }
  const auto files = TRY(choose_files(request, context, *linter));
  if (files.empty()) {
    response.skipped = "no text that the configuration is for";
    return response;
  }
  const auto& all_files = *TRY(context.workspace.files());
  const auto read = [&](const std::string& path) { return context.workspace.read(path); };
  auto facts = prose::gather_facts(all_files, read);
  // Sources are read only where a rule asks what is in them.
  const auto asks = [&](const std::string& file) {
    return linter->switched_on(file, "Chiron.MissingCommand") || linter->switched_on(file, "Chiron.MissingFlag") ||
           linter->switched_on(file, "Chiron.MissingKey") || linter->switched_on(file, "Chiron.UnknownVersion");
  };
  if (std::any_of(files.begin(), files.end(), asks)) facts.program = prose::gather_program(facts.files, read);
  struct Outcome {
    Result<prose::FileReport> report = prose::FileReport{};
    std::string content;
  };
  std::vector<Outcome> outcomes(files.size());
  const auto check = [&](const std::string& file, std::string_view content) -> Result<prose::FileReport> {
    auto report = TRY(linter->lint(file, content));
    if (prose::format_of(file, linter->config().formats).extension == ".md") {
      for (auto& hit : prose::check_docs(file, content, facts)) {
        if (linter->switched_on(file, hit.alert.check)) report.hits.push_back(std::move(hit));
      }
    }
    return report;
  };
  context.pool.for_each(
      files.size(),
      [&](std::size_t i) {
        outcomes[i].report = [&]() -> Result<prose::FileReport> {
          outcomes[i].content = TRY(context.workspace.read(files[i]));
          return check(files[i], outcomes[i].content);
        }();
      },
      &context.cancel);
  std::map<std::string, std::vector<std::string>> left_out;
  std::size_t changed = 0;
  std::size_t edits_made = 0;
  std::string diffs;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto& outcome = outcomes[i];
    if (!outcome.report) {
      // A file that cannot be read as its format is told and the others go on.
      auto error = outcome.report.error();
      const bool passable =
          error.kind == ErrorKind::unsupported || error.kind == ErrorKind::input || error.kind == ErrorKind::limit;
      const bool named = std::any_of(request.paths.begin(), request.paths.end(), [&](const std::string& path) {
        return context.workspace.relative(context.absolute(path)) == files[i];
      });
      if (!passable || named) {
        if (!error.place) error.place = Place{files[i]};
        return std::unexpected(std::move(error));
      }
      left_out[error.message].push_back(files[i]);
      continue;
    }
    response.inputs.push_back(files[i]);
    if (request.fix || request.diff) {
      const auto edits = prose::replacements(*outcome.report, *linter, outcome.content);
      edits_made += edits.size();
      if (!edits.empty()) ++changed;
      if (request.diff) diffs += prose::unified_diff(files[i], outcome.content, edits);
      if (request.fix && !request.diff && !edits.empty()) {
        TRY(io::write_file_atomic(context.workspace.absolute(files[i]), prose::apply(outcome.content, edits)));
        // What is left is found in the new text.
        outcome.content = TRY(io::read_file(context.workspace.absolute(files[i])));
        outcome.report = TRY(check(files[i], outcome.content));
      }
    }
    if (auto invalid = find_invalid_text(files[i], outcome.content)) response.findings.push_back(*std::move(invalid));
    for (const auto& hit : outcome.report->hits)
      response.findings.push_back(make_finding(hit, *linter, outcome.content));
  }
  tell_left_out(left_out, response);
  response.metrics.push_back({"prose.files", static_cast<double>(response.inputs.size()), ""});
  if (request.fix && !request.diff) {
    response.notices.push_back(format("{} in {}", counted(edits_made, "fix"), counted(changed, "file")));
  }
  if (request.diff) {
    response.output = diffs;
    response.exit_code = changed > 0 ? 1 : 0;
  }
  return response;
}

std::optional<std::string> detect(Context& context) {
  auto& files = context.workspace.file_system();
  for (const auto* name : {".vale.ini", "_vale.ini", "vale.ini"}) {
    if (files.exists(context.workspace.absolute(name))) return "";
  }
  return std::nullopt;
}

}  // namespace

Operation prose_operation() {
  auto made = operation<ProseRequest>(
      "prose", "Check texts, pages and comments against style rules",
      Fields<ProseRequest>()
          .add("paths", &ProseRequest::paths,
               {.help = "Files and folders to look at; the whole workspace where none is named",
                .placeholder = "PATH",
                .example = "docs",
                .positional = true,
                .is_path = true})
          .add("styles", &ProseRequest::config,
               {.help = "The .vale.ini to use, in place of the nearest one",
                .placeholder = "FILE",
                .example = ".vale.ini",
                .is_path = true})
          .add("filter", &ProseRequest::filter,
               {.help = "An expression that chooses rules, or a file that holds one",
                .placeholder = "EXPRESSION",
                .example = ".Level in [\"error\"]"})
          .add("glob", &ProseRequest::glob,
               {.help = "Only files that the glob matches; ! in front turns it round",
                .placeholder = "GLOB",
                .example = "*.{md,rst}"})
          .add("level", &ProseRequest::level,
               {.help = "The lowest level of rules that run, in place of MinAlertLevel",
                .example = "warning",
                .choices = {"suggestion", "warning", "error"}})
          .add("fix", &ProseRequest::fix,
               {.help = "Write what the rules' actions make of the files", .scope = FieldScope::command_line})
          .add("diff", &ProseRequest::diff,
               {.help = "Show what --fix would write, and write nothing", .scope = FieldScope::command_line})
          .take(),
      run_prose);
  made.description =
      "Reads `.vale.ini`, styles and vocabularies as they are for Vale. Markdown, HTML, plain text, comments of source "
      "code and values of data files are read natively; every finding has its exact place.";
  made.examples = {{"chiron prose", "The whole workspace."},
                   {"chiron prose docs --fix", "Mend what has one clear remedy."},
                   {"chiron prose --diff", "Show the fixes."}};
  made.prints_findings = true;
  GateFacet gate;
  gate.since = "Only files that changed are read, and only findings on changed lines count.";
  gate.rules = own_rules;
  gate.detect = detect;
  made.gate = std::move(gate);
  return made;
}

}  // namespace chiron
