// chiron test bisect: what must run before a test to make it fail, or to make it pass.
#include "foundation/base/format.h"
#include "operations/operations.h"
#include "operations/test_common.h"

namespace chiron {

namespace {

Result<Response> run_bisect(const TestRequest& request, Context& context) {
  const auto session = TRY(testing::bisect_session(TRY(make_session_request(request, context)), request.test));
  Response response = make_test_response(session, request, context);
  const auto& record = session.result.records[session.selected.front()];
  if (record.verdict == testing::Verdict::passed) {
    response.notices.emplace_back(
        "the test passed in every order tried: the last run's, the order of definition, and random ones");
  }
  return response;
}

}  // namespace

Operation test_bisect_operation() {
  Fields<TestRequest> fields;
  fields.add("test", &TestRequest::test,
             {.help = "The test that fails or passes depending on others, as `chiron test list` names it",
              .placeholder = "TEST",
              .example = "build/bin/unit-tests::Suite.Case",
              .required = true});
  add_list_fields(fields);
  add_run_fields(fields);
  auto made =
      operation<TestRequest>("test bisect", "Find the tests that make another test fail", fields.take(), run_bisect);
  made.description =
      "Tries the last recorded order, the order of definition, and random orders until the test fails, then searches "
      "for the "
      "smallest set of tests before it that is to blame: one polluter, several that act only together, or a setter "
      "that is "
      "missing. Prints the two commands that show it.";
  made.examples = {{"chiron test bisect build/bin/unit-tests --test 'build/bin/unit-tests::Cache.IsEmpty'",
                    "Who fills the cache before Cache.IsEmpty?"}};
  return made;
}

}  // namespace chiron
