// SARIF 2.1.0 (OASIS): results of every run with their rules, levels, places, code flows, related places and fixes.
#include "engines/intake/intake.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"

namespace chiron::intake {

namespace {

using doc::Value;

std::uint32_t number(const Value* object, std::string_view name) {
  if (object == nullptr) return 0;
  const auto value = object->integer_or(name, 0);
  return value < 0 || value > 0x7FFFFFFF ? 0 : static_cast<std::uint32_t>(value);
}

std::string_view text_of(const Value* object, std::string_view name) {
  return object != nullptr ? object->string_or(name, "") : std::string_view();
}

const Value* item(const Value* object, std::string_view list, std::size_t index) {
  const auto* values = object != nullptr ? object->find(list) : nullptr;
  return values != nullptr && values->is_array() && index < values->items().size() ? &values->items()[index] : nullptr;
}

// Members that should be lists and are not count as empty.
const std::vector<Value>& list(const Value* object, std::string_view name) {
  static const std::vector<Value> none;
  const auto* value = object != nullptr ? object->find(name) : nullptr;
  return value != nullptr && value->is_array() ? value->items() : none;
}

std::optional<Level> sarif_level(std::string_view text) {
  if (text == "error") return Level::error;
  if (text == "warning") return Level::warning;
  if (text == "note") return Level::note;
  if (text == "none") return Level::none;
  return std::nullopt;
}

class Run {
 public:
  Run(const Value& run, const Options& options, Taken& taken) : run_(run), options_(options), taken_(taken) {
    const auto* tool = run.find("tool");
    driver_ = tool != nullptr ? tool->find("driver") : nullptr;
    family_ = text_of(driver_, "name");
    if (family_.empty()) family_ = options.gate;
  }

  Result<void> read() {
    for (const auto& rule : list(driver_, "rules")) add_rule(rule);
    for (const auto& result : list(&run_, "results")) {
      if (taken_.findings.size() == kMaxFindings)
        return fail(ErrorKind::limit, "limit.findings", options_.source + " holds more findings than are taken");
      add_result(result);
    }
    // The tool's own word that it did not finish must not look like a clean result.
    for (const auto& invocation : list(&run_, "invocations")) {
      if (invocation.boolean_or("executionSuccessful", true)) continue;
      std::string why;
      for (const auto& note : list(&invocation, "toolExecutionNotifications"))
        why = message(note.find("message"), nullptr);
      return fail(ErrorKind::input, "intake.unsuccessful",
                  format("{}: {} says that its run did not succeed{}{}", options_.source, family_,
                         why.empty() ? "" : ": ", why));
    }
    return {};
  }

 private:
  void add_rule(const Value& source) {
    Rule rule;
    rule.id = rule_id(family_, text_of(&source, "id"));
    rule.name = text_of(&source, "name");
    rule.summary = text_of(source.find("shortDescription"), "text");
    if (rule.summary.empty()) rule.summary = text_of(source.find("fullDescription"), "text");
    const auto* help = source.find("help");
    rule.help = text_of(help, "markdown");
    if (rule.help.empty()) rule.help = text_of(help, "text");
    if (rule.help.empty() && source.find("fullDescription") != nullptr)
      rule.help = text_of(source.find("fullDescription"), "text");
    rule.help_uri = text_of(&source, "helpUri");
    rule.level = sarif_level(text_of(source.find("defaultConfiguration"), "level")).value_or(Level::warning);
    taken_.rules.push_back(std::move(rule));
  }

  void add_result(const Value& result) {
    const auto kind = result.string_or("kind", "fail");
    if (kind == "pass" || kind == "notApplicable" || kind == "informational") return;
    // A result that the tool itself suppressed is not reported again.
    if (!list(&result, "suppressions").empty()) return;
    Finding finding;
    const auto index = result.integer_or("ruleIndex", -1);
    const auto* rule = index >= 0 ? item(driver_, "rules", static_cast<std::size_t>(index)) : nullptr;
    std::string_view id = result.string_or("ruleId", "");
    if (id.empty()) id = text_of(result.find("rule"), "id");
    if (id.empty()) id = text_of(rule, "id");
    if (rule == nullptr)
      for (const auto& known : list(driver_, "rules"))
        if (text_of(&known, "id") == id) rule = &known;
    finding.rule = rule_id(family_, id.empty() ? "result" : id);
    const auto own = sarif_level(result.string_or("level", ""));
    finding.level = own ? *own
                        : sarif_level(rule != nullptr ? text_of(rule->find("defaultConfiguration"), "level") : "")
                              .value_or(Level::warning);
    finding.message = message(result.find("message"), rule);
    for (const auto& location : list(&result, "locations")) {
      if (finding.place.file.empty())
        finding.place = place(location);
      else
        finding.related.push_back({place(location), ""});
    }
    for (const auto& flow : list(&result, "codeFlows"))
      for (const auto& thread : list(&flow, "threadFlows")) {
        for (const auto& step : list(&thread, "locations"))
          if (const auto* location = step.find("location"))
            finding.related.push_back({place(*location), message(location->find("message"), nullptr)});
        break;
      }
    for (const auto& related : list(&result, "relatedLocations"))
      finding.related.push_back({place(related), message(related.find("message"), nullptr)});
    for (const auto& fix : list(&result, "fixes")) add_fix(fix, finding);
    taken_.findings.push_back(std::move(finding));
  }

  void add_fix(const Value& source, Finding& finding) {
    Fix fix;
    fix.description = message(source.find("description"), nullptr);
    for (const auto& change : list(&source, "artifactChanges")) {
      const auto file = uri(change.find("artifactLocation"));
      for (const auto& replacement : list(&change, "replacements")) {
        const auto* region = replacement.find("deletedRegion");
        // Only byte regions can be applied exactly; others are left to the tool.
        if (region == nullptr || region->find("byteOffset") == nullptr) return;
        Edit edit;
        edit.file = file;
        edit.offset = number(region, "byteOffset");
        edit.length = number(region, "byteLength");
        edit.replacement = text_of(replacement.find("insertedContent"), "text");
        fix.edits.push_back(std::move(edit));
      }
    }
    if (!fix.edits.empty()) finding.fixes.push_back(std::move(fix));
  }

  std::string message(const Value* source, const Value* rule) const {
    std::string text(text_of(source, "text"));
    if (text.empty() && source != nullptr) {
      const auto id = source->string_or("id", "");
      const auto* strings = rule != nullptr ? rule->find("messageStrings") : nullptr;
      text = text_of(strings != nullptr ? strings->find(id) : nullptr, "text");
    }
    std::size_t index = 0;
    for (const auto& argument : list(source, "arguments")) {
      if (argument.is_string()) text = text::replace_all(text, format("{{{}}}", index), argument.as_string());
      ++index;
    }
    return text;
  }

  std::string uri(const Value* artifact) const {
    if (artifact == nullptr) return "";
    const Value* resolved = artifact;
    const auto index = artifact->integer_or("index", -1);
    if (artifact->find("uri") == nullptr && index >= 0)
      if (const auto* known = item(&run_, "artifacts", static_cast<std::size_t>(index)))
        resolved = known->find("location");
    std::string text(text_of(resolved, "uri"));
    const auto base = text_of(resolved, "uriBaseId");
    if (!base.empty() && text.find("://") == std::string::npos && !text.starts_with('/')) {
      const auto* bases = run_.find("originalUriBaseIds");
      const auto folder = text_of(bases != nullptr ? bases->find(base) : nullptr, "uri");
      if (!folder.empty()) text = std::string(folder) + text;
    }
    // Relative URIs are percent-encoded as well.
    return workspace_path(text.starts_with("file:") ? text : "file:" + text, options_);
  }

  Place place(const Value& location) const {
    Place place;
    const auto* physical = location.find("physicalLocation");
    if (physical == nullptr) return place;
    place.file = uri(physical->find("artifactLocation"));
    const auto* region = physical->find("region");
    place.line = number(region, "startLine");
    place.column = number(region, "startColumn");
    place.end_line = number(region, "endLine");
    if (place.end_line == 0 && number(region, "endColumn") != 0) place.end_line = place.line;
    place.end_column = number(region, "endColumn");
    if (region != nullptr && region->find("byteOffset") != nullptr) {
      place.offset = number(region, "byteOffset");
      place.length = number(region, "byteLength");
      place.has_range = true;
    }
    return place;
  }

  const Value& run_;
  const Options& options_;
  Taken& taken_;
  const Value* driver_ = nullptr;
  std::string family_;
};

}  // namespace

Result<Taken> read_sarif(std::string_view text, const Options& options) {
  doc::ReadOptions read;
  read.file = options.source;
  const auto root = TRY(doc::parse_json(text, read));
  const auto* runs = root.find("runs");
  if (runs == nullptr || !runs->is_array())
    return fail(ErrorKind::input, "intake.format", options.source + " is no SARIF log", Place{options.source},
                "Set reads to the form that the program writes.");
  Taken taken;
  for (const auto& run : runs->items())
    if (run.is_object()) TRY(Run(run, options, taken).read());
  return taken;
}

}  // namespace chiron::intake
