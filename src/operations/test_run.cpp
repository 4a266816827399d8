// chiron test: runs the tests of every framework in one go.
#include <fcntl.h>
#include <unistd.h>

#include <set>

#include "engines/testing/child.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/init_detect.h"
#include "operations/operations.h"
#include "operations/test_coverage.h"

namespace chiron {

namespace {

Result<Response> run_test(const TestRequest& request, Context& context) {
  if (request.targets.empty() && request.archive.empty() && !context.gate.empty()) {
    Response response;
    response.skipped = "no test programs are named (targets)";
    return response;
  }
  auto session = TRY(make_session_request(request, context));
  TRY(apply_since(request, context));
  std::vector<std::string> notices;
  if (context.workspace.change()) limit_to_affected(session, request, context, notices, nullptr);
  TestCoverage coverage(context);
  if (request.coverage) TRY(coverage.attach(session));
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
  if (request.coverage) TRY(coverage.finish(result, notices));
  if (!request.junit.empty()) {
    const std::string xml = testing::write_junit(*result.catalog, result.selected, result.result);
    TRY(io::write_file_atomic(context.absolute(request.junit), xml));
  }
  Response response = make_test_response(result, request, context);
  if (context.gate.empty())
    response.notices.insert(response.notices.end(), notices.begin(), notices.end());
  else
    for (const auto& notice : notices) context.events.message(context.gate, notice);
  response.metrics.push_back({"test.left-out", static_cast<double>(result.left_out), "tests"});
  const std::size_t unmatched = result.listed - result.matched;
  if (unmatched > 0 && !request.filter.empty())
    response.notices.push_back(format("{} tests were left out by the filter", unmatched));
  if (!request.shard.empty())
    response.notices.push_back(
        format("shard {}: {} of {} tests", request.shard, result.listed - result.left_out, result.listed));
  return response;
}

// The folders at the top of the workspace that hold all of the files, or the workspace itself.
std::string targets_of(const std::vector<std::string>& files) {
  constexpr std::size_t kMaxFolders = 4;
  std::set<std::string> folders;
  for (const auto& file : files)
    folders.insert(file.find('/') == std::string::npos ? "." : file.substr(0, file.find('/')));
  if (folders.contains(".") || folders.size() > kMaxFolders) return "\".\"";
  std::string out;
  for (const auto& folder : folders) out += (out.empty() ? "\"" : ", \"") + folder + "\"";
  return out;
}

std::optional<std::string> detect_tests(Context& context) {
  auto files = context.workspace.files_matching({"**/test_*.py", "test_*.py", "**/*_test.py", "*_test.py"});
  if (!files || files->empty()) return {};
  const auto targets = format("targets = [{}]\n", targets_of(*files));
  const auto python = find_python_with(context, "pytest");
  if (!python)
    return "# No Python found here has pytest. Install it, or name one that has it: python = \"…\"\nenabled = false\n" +
           targets;
  return *python == "python3" ? targets : targets + format("python = \"{}\"\n", *python);
}

}  // namespace

Operation test_operation() {
  Fields<TestRequest> fields;
  add_list_fields(fields);
  add_since_fields(fields);
  fields.add("coverage", &TestRequest::coverage,
             {.help = "Record which code each test runs (a process for every native test), and the sum as "
                      ".chiron/test/coverage.info"});
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
                   {"chiron test build/bin/unit-tests --coverage", "Record what each test runs."},
                   {"chiron test build/bin/unit-tests --since main", "Only the tests that a branch can break."},
                   {"chiron test tests/ --filter 'failed-last or slower-than(2s)'", "Only some tests."}};
  GateFacet gate;
  gate.since =
      "only tests that ran code which changed, new tests and tests without a record run, by the record of --coverage; "
      "without one, every test";
  gate.counts_whole = true;
  gate.rules = test_rules;
  gate.detect = detect_tests;
  made.gate = std::move(gate);
  return made;
}

}  // namespace chiron
