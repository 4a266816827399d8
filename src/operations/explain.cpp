// chiron explain RULE: the page of a rule, from the gates' own descriptions.
#include <algorithm>

#include "core/describe.h"
#include "core/suppression.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct ExplainRequest {
  std::string rule;
};

struct Known {
  Rule rule;
  std::string gate;
};

std::vector<Known> all_rules(const Registry& registry) {
  std::vector<Known> rules;
  for (auto& rule : suppression_rules()) rules.push_back({std::move(rule), "chiron"});
  for (const auto& operation : registry.operations())
    if (operation.gate && operation.gate->rules != nullptr)
      for (auto& rule : operation.gate->rules()) rules.push_back({std::move(rule), std::string(gate_kind(operation))});
  std::ranges::sort(rules, {}, [](const Known& known) { return known.rule.id; });
  return rules;
}

std::string page(const Known& known, const Context& context) {
  const auto heading = [&](std::string_view text) {
    return context.colour ? format("\x1b[1m{}\x1b[0m", text) : std::string(text);
  };
  std::string out = heading(known.rule.id) + format("  ({}, gate {})\n\n", to_string(known.rule.level), known.gate);
  out += wrap(known.rule.summary, std::min(context.width, 100U), 0) + "\n";
  if (!known.rule.help.empty()) out += "\n" + wrap(known.rule.help, std::min(context.width, 100U), 0) + "\n";
  out += format("\nTo allow one place, write a comment on its line or the line before: chiron: allow {} REASON\n",
                known.rule.id);
  if (!known.rule.help_uri.empty()) out += "\n" + known.rule.help_uri + "\n";
  return out;
}

Result<Response> run_explain(const ExplainRequest& request, Context& context) {
  const auto rules = all_rules(*context.registry);
  Response response;
  if (request.rule.empty()) {
    std::string out;
    std::size_t width = 0;
    for (const auto& known : rules) width = std::max(width, known.rule.id.size());
    for (const auto& known : rules)
      out += format("{:<{}}  {:<8} {}\n", known.rule.id, width, to_string(known.rule.level), known.rule.summary);
    response.output = out;
    return response;
  }
  for (const auto& known : rules)
    if (known.rule.id == request.rule) {
      response.output = page(known, context);
      return response;
    }
  std::vector<std::string> ids;
  for (const auto& known : rules) ids.push_back(known.rule.id);
  const auto nearest = text::nearest(request.rule, ids);
  return fail(ErrorKind::usage, "usage.rule", format("there is no rule \"{}\"", request.rule), {},
              nearest ? format("Did you mean {}?", *nearest) : "chiron explain lists the rules.");
}

}  // namespace

Operation explain_operation() {
  auto made = operation<ExplainRequest>("explain", "Show the page of a rule, or list all rules",
                                        Fields<ExplainRequest>()
                                            .add("rule", &ExplainRequest::rule,
                                                 {.help = "Id of the rule; without it all are listed",
                                                  .placeholder = "RULE",
                                                  .example = "coverage/uncovered-line",
                                                  .positional = true})
                                            .take(),
                                        run_explain);
  made.examples = {{"chiron explain coverage/uncovered-line", "What the rule flags, why, and how to fix it."}};
  return made;
}

}  // namespace chiron
