#include "operations/registry.h"

#include "operations/operations.h"

namespace chiron {

Registry make_registry() {
  std::vector<Operation> operations;
  // In the order of help.
  operations.push_back(init_operation());
  operations.push_back(check_operation());
  operations.push_back(command_operation());
  operations.push_back(history_operation());
  operations.push_back(report_operation());
  operations.push_back(report_merge_operation());
  operations.push_back(report_compare_operation());
  operations.push_back(policy_eval_operation());
  operations.push_back(policy_check_operation());
  operations.push_back(policy_fmt_operation());
  operations.push_back(policy_unit_operation());
  operations.push_back(policy_parse_operation());
  operations.push_back(policy_deps_operation());
  operations.push_back(policy_explain_operation());
  operations.push_back(policy_bench_operation());
  operations.push_back(policy_test_operation());
  operations.push_back(policy_context_operation());
  operations.push_back(policy_build_operation());
  operations.push_back(policy_inspect_operation());
  operations.push_back(policy_sign_operation());
  operations.push_back(policy_capabilities_operation());
  operations.push_back(coverage_diff_operation());
  operations.push_back(coverage_show_operation());
  operations.push_back(coverage_merge_operation());
  operations.push_back(diff_operation());
  operations.push_back(normalize_operation());
  operations.push_back(prose_operation());
  operations.push_back(prose_init_operation());
  operations.push_back(test_operation());
  operations.push_back(test_list_operation());
  operations.push_back(test_bisect_operation());
  operations.push_back(test_replay_operation());
  operations.push_back(test_suggest_operation());
  operations.push_back(test_archive_operation());
  operations.push_back(explain_operation());
  operations.push_back(completion_operation());
  operations.push_back(schema_operation());
  operations.push_back(reference_operation());
  return Registry(std::move(operations));
}

}  // namespace chiron
