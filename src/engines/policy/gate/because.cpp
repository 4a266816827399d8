// Why the rules of a gate said what they said: each rule that said something is evaluated again, step by step.
#include <algorithm>

#include "engines/policy/gate/gate.h"
#include "engines/policy/interpreter/explain.h"
#include "foundation/base/text.h"

namespace chiron::policy::gate {

namespace {

using interpreter::Reason;

// Where what the conditions read stands in an input.
class Placer {
 public:
  Placer(const Gate::Input& input, const doc::Value& document)
      : input_(input), document_(document), lines_(input.text) {}

  // `first`: the path of the document that the rules were asked about.
  [[nodiscard]] Place operator()(std::span<const Value> first, std::span<const Value> path) const {
    std::vector<Value> whole(first.begin(), first.end());
    whole.insert(whole.end(), path.begin(), path.end());
    if (input_.places == InputPlaces::stated) return stated_place_at(document_, whole);
    const doc::Span span = span_at(document_, whole);
    return lines_.place(input_.file, span.begin, span.end);
  }

 private:
  const Gate::Input& input_;
  const doc::Value& document_;
  utf8::LineIndex lines_;
};

std::vector<Because> because_of(const Reason& reason, std::span<const Value> document, const Placer& place) {
  std::vector<Because> list;
  for (const interpreter::Condition& condition : reason.conditions) {
    Because because;
    because.text = interpreter::condition_text(condition);
    because.place = Place{.file = condition.file};
    because.place.line = condition.row;
    because.place.column = condition.column;
    for (const interpreter::Reading& reading : condition.readings) {
      because.readings.push_back({interpreter::input_path_text(reading.path), interpreter::reading_text(reading.value),
                                  place(document, reading.path)});
    }
    list.push_back(std::move(because));
  }
  return list;
}

}  // namespace

void Gate::explain(std::vector<FileResult>& results, const std::vector<Input>& inputs,
                   const task::CancelToken* cancel) const {
  std::unique_ptr<interpreter::Tree> tree;
  std::size_t explained = 0;
  for (FileResult& result : results) {
    std::map<std::string, std::vector<Outcome*>> by_rule;
    for (auto* list : {&result.failures, &result.warnings})
      for (Outcome& outcome : *list)
        if (explained < gate_limits::kExplained) {
          ++explained;
          by_rule[outcome.rule].push_back(&outcome);
        }
    const auto input = std::ranges::find(inputs, result.file, &Input::file);
    if (by_rule.empty() || input == inputs.end()) continue;
    Store store;
    ValueBuilder builder(store);
    const auto read = input->options();
    const auto document = parse_input(input->format, input->text, read);
    if (!document || !read_input(input->format, input->text, builder, read)) continue;
    const Value root = builder.take();
    const Placer place(*input, *document);
    if (tree == nullptr) tree = std::make_unique<interpreter::Tree>(policy_);
    for (auto& [rule, outcomes] : by_rule) {
      std::vector<Value> path;
      for (const std::string_view part : text::split(result.name_space, '.')) path.push_back(store.intern(part));
      path.push_back(store.intern(rule));
      // The documents of a list are asked one by one.
      const std::uint32_t count = root.is_array() ? root.size() : 1;
      for (std::uint32_t i = 0; i < count; ++i) {
        auto options = evaluation(root.is_array() ? root.items()[i] : root, cancel);
        options.data = data_about(result.file, store);
        options.max_steps = gate_limits::kExplainSteps;
        const auto explanation = interpreter::explain(*tree, path, options);
        if (!explanation) continue;
        const Value position = Value::small(i);
        const std::span<const Value> first(&position, root.is_array() ? 1 : 0);
        for (Outcome* outcome : outcomes) {
          if (!outcome->because.empty()) continue;
          const Reason* shortest = nullptr;
          for (const Reason& reason : explanation->reasons) {
            if (reason.value != outcome->value) continue;
            if (shortest == nullptr || reason.conditions.size() < shortest->conditions.size()) shortest = &reason;
          }
          if (shortest != nullptr) outcome->because = because_of(*shortest, first, place);
        }
      }
    }
  }
}

}  // namespace chiron::policy::gate
