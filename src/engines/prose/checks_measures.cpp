// Kinds of rules that measure a text as a whole: metric and readability; and scripts.
#include <cmath>

#include "engines/prose/checks.h"
#include "engines/prose/script.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

class Metric final : public Rule {
 public:
  using Rule::Rule;
  Script formula;
  std::string formula_text;
  std::string condition;

  Result<void> run(const View& view, FileState& state, std::vector<Alert>& alerts) const override {
    const auto measures = measure(view.text);
    if (measures.words == 0) return {};
    std::map<std::string, double> variables;
    for (const auto* name : {"pre", "list", "blockquote", "heading_h1", "heading_h2", "heading_h3", "heading_h4",
                             "heading_h5", "heading_h6"}) {
      variables[name] = 0;
    }
    if (state.counts != nullptr) {
      for (const auto& [name, count] : *state.counts) {
        variables[text::replace_all(name, ".", "_")] = static_cast<double>(count);
      }
    }
    variables["complex_words"] = measures.complex_words;
    variables["long_words"] = measures.long_words;
    variables["paragraphs"] = measures.paragraphs;
    variables["sentences"] = measures.sentences;
    variables["characters"] = measures.characters;
    variables["words"] = measures.words;
    variables["polysyllabic_words"] = measures.polysyllabic_words;
    variables["syllables"] = measures.syllables;
    const auto value = TRY(formula.evaluate(variables));
    const auto test = TRY(compile_expression(format("{:f} {}", value, condition), head.file));
    if (TRY(test.evaluate(variables)) == 0) return {};
    auto made = alert(view, 0, 0);
    made.placeless = true;
    const auto shown = format("{:.2f}", value);
    made.message = format_message(head.message, {shown});
    made.description = format_message(head.description, {shown});
    alerts.push_back(std::move(made));
    return {};
  }
  std::string pattern_text() const override { return formula_text; }
};

class Readability final : public Rule {
 public:
  using Rule::Rule;
  std::vector<std::string> metrics;
  double grade = 0;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    const auto m = measure(view.text);
    if (m.words == 0 || m.sentences == 0 || metrics.empty()) return {};
    double sum = 0;
    for (const auto& metric : metrics) {
      if (metric == "SMOG") sum += 1.0430 * std::sqrt(m.polysyllabic_words * 30.0 / m.sentences) + 3.1291;
      if (metric == "Gunning Fog") sum += 0.4 * (m.words / m.sentences + 100.0 * m.complex_words / m.words);
      if (metric == "Coleman-Liau") {
        sum += 0.0588 * (m.characters / m.words) * 100 - 0.296 * (m.sentences / m.words) * 100 - 15.8;
      }
      if (metric == "Flesch-Kincaid") sum += 0.39 * m.words / m.sentences + 11.8 * m.syllables / m.words - 15.59;
      if (metric == "Automated Readability") {
        sum += 4.71 * (m.characters / m.words) + 0.5 * (m.words / m.sentences) - 21.43;
      }
    }
    const auto value = sum / static_cast<double>(metrics.size());
    if (value <= grade) return {};
    auto made = alert(view, 0, 0);
    made.placeless = true;
    const auto shown = format("{:.2f}", value);
    made.message = format_message(head.message, {shown});
    made.description = format_message(head.description, {shown});
    alerts.push_back(std::move(made));
    return {};
  }
};

class ScriptRule final : public Rule {
 public:
  using Rule::Rule;
  Script script;
  std::string source;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    for (const auto& match : TRY(script.run_matches(view.text))) {
      auto made = alert(view, match.begin, match.end);
      if (!match.message.empty()) made.message = format_message(match.message, {made.match});
      alerts.push_back(std::move(made));
    }
    return {};
  }
  std::string pattern_text() const override { return source; }
};

}  // namespace

Made make_metric(RuleHead head, Fields& fields, const RuleContext&) {
  auto formula = TRY(fields.text("formula"));
  const auto condition = TRY(fields.text("condition"));
  if (text::trim(formula).empty()) return fields.wrong("formula", "a metric rule needs a 'formula'");
  formula = text::replace_all(formula, "heading.h", "heading_h");
  auto rule = std::make_unique<Metric>(std::move(head));
  auto compiled = compile_expression(text::trim(formula), fields.file());
  if (!compiled) return fields.wrong("formula", compiled.error().message);
  if (auto tested = compile_expression("0.0 " + condition, fields.file()); !tested) {
    return fields.wrong("condition", tested.error().message);
  }
  rule->formula = std::move(*compiled);
  rule->formula_text = formula;
  rule->condition = condition;
  return rule;
}

Made make_readability(RuleHead head, Fields& fields, const RuleContext&) {
  const auto metrics = TRY(fields.list("metrics"));
  const auto grade = TRY(fields.number("grade", 0));
  constexpr std::string_view kKnown[] = {"Gunning Fog", "Coleman-Liau", "Flesch-Kincaid", "SMOG",
                                         "Automated Readability"};
  for (const auto& metric : metrics) {
    if (std::find(std::begin(kKnown), std::end(kKnown), metric) == std::end(kKnown)) {
      return fields.wrong("metrics", format("unknown metric '{}'", metric),
                          "it is one of Gunning Fog, Coleman-Liau, Flesch-Kincaid, SMOG, Automated Readability");
    }
  }
  auto rule = std::make_unique<Readability>(std::move(head));
  rule->metrics = metrics;
  rule->grade = grade;
  return rule;
}

Made make_script(RuleHead head, Fields& fields, const RuleContext& context) {
  auto source = TRY(fields.text("script"));
  auto file = fields.file();
  if (source.ends_with(".tengo")) {
    const auto found = context.config.find_asset("config/scripts", source);
    if (found.empty()) return fields.wrong("script", format("'{}' is not below config/scripts of StylesPath", source));
    file = found;
    source = TRY(io::read_file(found, limits::kScriptBytes));
  }
  auto rule = std::make_unique<ScriptRule>(std::move(head));
  auto compiled = Script::compile(source, file);
  if (!compiled) {
    if (file != fields.file()) return std::unexpected(std::move(compiled).error());
    auto error = fields.wrong("script", compiled.error().message).error();
    error.notes.push_back(
        format("in line {} of the script", compiled.error().place ? compiled.error().place->line : 0));
    return std::unexpected(std::move(error));
  }
  rule->script = std::move(*compiled);
  rule->source = source;
  return rule;
}

}  // namespace chiron::prose
