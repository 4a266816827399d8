// chiron test: runs the tests of every framework in one go.
#include <fcntl.h>
#include <unistd.h>

#include "engines/testing/child.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/operations.h"
#include "operations/test_common.h"

namespace chiron {

namespace {

Result<Response> run_test(const TestRequest& request, Context& context) {
  if (request.targets.empty() && !context.gate.empty()) {
    Response response;
    response.skipped = "no test programs are named (targets)";
    return response;
  }
  auto session = TRY(make_session_request(request, context));
  testing::Descriptor events;
  if (!request.events.empty()) {
    const std::string path = request.events == "-" ? "/dev/stdout" : context.absolute(request.events);
    events = testing::Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!events) return std::unexpected(io::errno_error("write", path, errno));
    session.stream = [&events](std::string_view line) {
      while (!line.empty()) {
        const ssize_t count = ::write(events.get(), line.data(), line.size());
        if (count <= 0) return;  // a reader that went away costs the stream, not the run
        line.remove_prefix(static_cast<std::size_t>(count));
      }
    };
  }
  auto result = TRY(testing::run_session(session));
  if (!request.junit.empty()) {
    const std::string xml = testing::write_junit(*result.catalog, result.selected, result.result);
    TRY(io::write_file_atomic(context.absolute(request.junit), xml));
  }
  Response response = make_test_response(result, request, context);
  if (result.left_out > 0)
    response.notices.push_back(format("{} tests were left out by the filter or the shard", result.left_out));
  return response;
}

std::optional<std::string> detect_tests(Context& context) {
  auto files = context.workspace.files_matching({"**/test_*.py", "test_*.py", "**/*_test.py"});
  if (!files || files->empty()) return {};
  return "targets = [\".\"]\n";
}

}  // namespace

Operation test_operation() {
  Fields<TestRequest> fields;
  add_list_fields(fields);
  add_run_fields(fields);
  auto made = operation<TestRequest>("test", "Run tests in parallel and in random order, and find what poisons them",
                                     fields.take(), run_test);
  made.description =
      "Runs GoogleTest, Catch2, doctest, Boost.Test, CTest, pytest and TAP tests together. Many fast tests share a "
      "process; a crash, "
      "a hang or an early exit costs only the test that caused it. The order is shuffled by a printed seed, and a test "
      "that passes "
      "alone but fails after others is reported as order-dependent, with the tests that cause it.";
  made.examples = {{"chiron test build/bin/unit-tests tests/", "Run a test program and a folder of pytest tests."},
                   {"chiron test build/bin/unit-tests --seed last", "The last run again, exactly."},
                   {"chiron test tests/ --filter 'failed-last or slower-than(2s)'", "Only some tests."}};
  GateFacet gate;
  gate.since = "every test runs; a change limits nothing until coverage per test is recorded";
  gate.rules = test_rules;
  gate.detect = detect_tests;
  made.gate = std::move(gate);
  return made;
}

}  // namespace chiron
