// One function an operation, each in a file of its own; registry.cpp lists them.
#pragma once
#include "core/operation.h"

namespace chiron {

Operation init_operation();
Operation check_operation();
Operation command_operation();
Operation history_operation();
Operation report_operation();
Operation report_merge_operation();
Operation report_compare_operation();
Operation coverage_diff_operation();
Operation coverage_show_operation();
Operation coverage_merge_operation();
Operation diff_operation();
Operation normalize_operation();
Operation explain_operation();
Operation completion_operation();
Operation schema_operation();
Operation reference_operation();
Operation policy_eval_operation();
Operation policy_check_operation();
Operation policy_fmt_operation();
Operation policy_unit_operation();
Operation policy_parse_operation();
Operation policy_deps_operation();
Operation policy_explain_operation();
Operation policy_bench_operation();
Operation prose_operation();
Operation prose_init_operation();
Operation policy_test_operation();
Operation policy_context_operation();
Operation policy_build_operation();
Operation policy_inspect_operation();
Operation policy_sign_operation();
Operation policy_capabilities_operation();
Operation test_operation();
Operation test_list_operation();
Operation test_bisect_operation();
Operation test_replay_operation();
Operation test_suggest_operation();
Operation test_archive_operation();

}  // namespace chiron
