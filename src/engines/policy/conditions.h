// Coverage of policies by condition: whether each expression of a body held at least once, and failed at least once. A
// line that ran may still hold a condition that no test ever saw fail.
#pragma once
#include "engines/policy/machine.h"
#include "foundation/doc/value.h"

namespace chiron::policy {

struct ConditionCoverage {
  std::string file;
  std::uint32_t row = 0, column = 0, end_row = 0, end_column = 0;  // 1-based; the end is behind the last byte
  std::string text;                                                // the first line, as written
  bool held = false, failed = false;
};

// Of every rule but tests (files NAME_test.rego, rules test_…), sorted by place. Bindings (x := …), expressions that
// cannot fail and those decided when compiled are left out.
[[nodiscard]] std::vector<ConditionCoverage> measure_conditions(const Program& program, const Counters& counters);
// {outcomes, covered_outcomes, coverage, conditions: [{file, start, end, text, held, failed}]}
[[nodiscard]] doc::Value conditions_document(const std::vector<ConditionCoverage>& conditions);
// For people: the conditions with an outcome that was never seen, aligned, and a closing line.
[[nodiscard]] std::string conditions_text(const std::vector<ConditionCoverage>& conditions);

}  // namespace chiron::policy
