// What the operations of `chiron test` share: the fields of a run, and the way from a request to the engine's session.
#pragma once
#include "core/operation.h"
#include "engines/testing/session.h"

namespace chiron {

struct TestRequest {
  std::vector<std::string> targets, pytest_arguments, overrides, groups, setups, environment, unrelated, include;
  std::string filter, shard, timings, seed, python, junit, events, test, run, since, archive, unpack;
  std::int64_t retries = 0, max_fail = 0, stress = 1, bisect_limit = 40;
  std::string slow, timeout;
  bool isolate = false, no_shuffle = false, no_bisect = false, output = false, no_cache = false, json = false,
       allow_none = false, coverage = false, why = false;
};

// Files that decide no test, where the user names none.
inline constexpr std::string_view kUnrelated = "*.md *.rst docs/** LICENSE* .gitignore .gitattributes .github/**";
// Limits the workspace to the change that --since names; nothing where it is not given.
[[nodiscard]] Result<void> apply_since(const TestRequest& request, Context& context);
void add_since_fields(Fields<TestRequest>& fields);
// Fields that every operation on tests has (targets, filter, python, …), and those of a run.
void add_list_fields(Fields<TestRequest>& fields);
void add_run_fields(Fields<TestRequest>& fields);
void add_record_field(Fields<TestRequest>& fields);  // which recorded run, the first argument
[[nodiscard]] Result<testing::SessionRequest> make_session_request(const TestRequest& request, Context& context);
// Findings, metrics and text of what ran.
[[nodiscard]] Response make_test_response(const testing::SessionResult& session, const TestRequest& request,
                                          Context& context);
[[nodiscard]] std::vector<Rule> test_rules();

}  // namespace chiron
