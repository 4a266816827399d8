// Running Rego unit tests.
#include "engines/policy/unit.h"

#include <algorithm>

namespace chiron::policy {
namespace {

struct Test {
  const Leaf* leaf;
  const ast::Rule* rule;
  std::string package, name;
  bool skip;
};

// A test that is an object: its members are cases, and fail where they are false or empty.
bool sub_tests(Value value, std::vector<SubTest>& out) {
  bool failed = false;
  for (std::uint32_t i = 0; i < value.size(); ++i) {
    SubTest test;
    const Value key = value.key_at(i), result = value.value_at(i);
    test.name = key.is_string() ? std::string(key.string()) : to_rego(key);
    if (result.is_object())
      test.fail = sub_tests(result, test.children);
    else
      test.fail = !result.is_true();
    failed = failed || test.fail;
    out.push_back(std::move(test));
  }
  return failed;
}

}  // namespace

std::vector<TestResult> run_tests(const Policy& policy, task::Pool& pool, const TestOptions& options) {
  std::vector<Test> tests;
  for (const Leaf* leaf : policy.program().leaves) {
    if (leaf->kind == LeafKind::function || leaf->node->path.empty() || !leaf->node->path.back().is_string()) continue;
    const std::string name(leaf->node->path.back().string());
    const bool skip = name.starts_with("todo_test_");
    if (!skip && !name.starts_with("test_")) continue;
    Test test{leaf, leaf->sources[0], "", name, skip};
    test.package = path_text(std::span(leaf->node->path).first(leaf->node->path.size() - 1));
    const std::string full = test.package + "." + name;
    if (options.selected && !options.selected(full)) continue;
    tests.push_back(std::move(test));
  }
  std::stable_sort(tests.begin(), tests.end(), [](const Test& a, const Test& b) {
    const ast::Rule *x = a.rule, *y = b.rule;
    if (x->module->file != y->module->file) return x->module->file < y->module->file;
    return x->location.begin < y->location.begin;
  });
  std::vector<TestResult> results(tests.size());
  auto run = [&](std::size_t i) {
    const Test& test = tests[i];
    TestResult& result = results[i];
    const ast::Module& module = *test.rule->module;
    result.package = test.package;
    result.name = test.name;
    result.file = module.file;
    result.row = module.row(test.rule->location.begin);
    result.column = module.column(test.rule->location.begin);
    if (test.skip) {
      result.status = TestStatus::skip;
      return;
    }
    Evaluator evaluator(policy);
    evaluator.machine().set_counters(options.counters);
    EvaluationOptions evaluation;
    evaluation.timeout = options.timeout;
    evaluation.cancel = options.cancel;
    evaluation.printed = &result.printed;
    evaluation.time_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    const auto start = std::chrono::steady_clock::now();
    const auto value = evaluator.document(test.leaf->node->path, evaluation);
    result.duration_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
    if (!value) {
      result.status = TestStatus::error;
      result.error = value.error();
    } else if (value->is_object() && test.leaf->kind == LeafKind::partial_object) {
      result.status = sub_tests(*value, result.children) ? TestStatus::fail : TestStatus::pass;
    } else {
      result.status = value->is_true() ? TestStatus::pass : TestStatus::fail;
    }
  };
  if (options.counters != nullptr) {
    for (std::size_t i = 0; i < tests.size(); ++i) run(i);
  } else {
    pool.for_each(tests.size(), run, options.cancel);
  }
  return results;
}

}  // namespace chiron::policy
