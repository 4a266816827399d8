// chiron test replay: shows a recorded run again.
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/operations.h"
#include "operations/test_common.h"

namespace chiron {

namespace {

Result<Response> run_replay(const TestRequest& request, Context& context) {
  const std::string record = TRY(testing::load_record(context.workspace.absolute(".chiron/test"), request.run));
  if (request.json) {
    Response response;
    response.output = record;
    return response;
  }
  auto run = TRY(testing::read_record(record));
  testing::SessionResult session;
  session.catalog = std::make_shared<testing::Catalog>(std::move(run.catalog));
  session.selected = std::move(run.selected);
  session.result = std::move(run.result);
  session.seed = run.seed;
  if (!request.junit.empty()) {
    TRY(io::write_file_atomic(context.absolute(request.junit),
                              testing::write_junit(*session.catalog, session.selected, session.result)));
  }
  Response response = make_test_response(session, request, context);
  if (!run.complete) response.notices.emplace_back("this run was ended before it was complete");
  return response;
}

}  // namespace

Operation test_replay_operation() {
  Fields<TestRequest> fields;
  add_record_field(fields);
  fields.add("json", &TestRequest::json, {.help = "The recorded stream as it is, a JSON object a line"})
      .add("show-output", &TestRequest::output, {.help = "Show the output of tests that passed, where it was kept"})
      .add(
          "junit", &TestRequest::junit,
          {.help = "Write a JUnit report of that run", .placeholder = "FILE", .example = "junit.xml", .is_path = true});
  auto made = operation<TestRequest>("test replay", "Show a recorded test run again", fields.take(), run_replay);
  made.examples = {{"chiron test replay", "The last run."},
                   {"chiron test replay --junit junit.xml", "And a JUnit report of it."}};
  return made;
}

}  // namespace chiron
