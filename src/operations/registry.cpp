#include "operations/registry.h"

#include "operations/operations.h"

namespace chiron {

Registry make_registry() {
  // In the order of help.
  return Registry({
      {"init", init_operation},
      {"check", check_operation},
      {"command", command_operation},
      {"history", history_operation},
      {"report", report_operation},
      {"report merge", report_merge_operation},
      {"report compare", report_compare_operation},
      {"policy eval", policy_eval_operation},
      {"policy check", policy_check_operation},
      {"policy fmt", policy_fmt_operation},
      {"policy unit", policy_unit_operation},
      {"policy parse", policy_parse_operation},
      {"policy deps", policy_deps_operation},
      {"policy explain", policy_explain_operation},
      {"policy bench", policy_bench_operation},
      {"policy test", policy_test_operation},
      {"policy context", policy_context_operation},
      {"policy build", policy_build_operation},
      {"policy inspect", policy_inspect_operation},
      {"policy sign", policy_sign_operation},
      {"policy capabilities", policy_capabilities_operation},
      {"coverage diff", coverage_diff_operation},
      {"coverage show", coverage_show_operation},
      {"coverage merge", coverage_merge_operation},
      {"diff", diff_operation},
      {"normalize", normalize_operation},
      {"prose", prose_operation},
      {"prose init", prose_init_operation},
      {"test", test_operation},
      {"test list", test_list_operation},
      {"test bisect", test_bisect_operation},
      {"test replay", test_replay_operation},
      {"test suggest", test_suggest_operation},
      {"test archive", test_archive_operation},
      {"explain", explain_operation},
      {"completion", completion_operation},
      {"schema", schema_operation},
      {"reference", reference_operation},
  });
}

}  // namespace chiron
