// chiron test list: what would run.
#include "core/reporters/words.h"
#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "operations/operations.h"
#include "operations/test_coverage.h"

namespace chiron {

namespace {

Result<Response> run_list(const TestRequest& request, Context& context) {
  auto asked = TRY(make_session_request(request, context));
  TRY(apply_since(request, context));
  std::vector<std::string> notices;
  std::string why;
  if (context.workspace.change()) limit_to_affected(asked, request, context, notices, request.why ? &why : nullptr);
  const auto session = TRY(testing::list_session(asked));
  const auto& catalog = *session.catalog;
  Response response;
  std::string out;
  for (const auto test : session.selected) {
    const auto& known = catalog.tests[test];
    const std::string id = testing::test_id(catalog.programs, known);
    if (!request.json) {
      out += id;
      if (known.disabled) out += "  (disabled)";
      out += '\n';
      continue;
    }
    doc::Value row;
    row.set("id", doc::Value(id));
    row.set("framework", doc::Value(testing::to_string(catalog.programs[known.program].framework)));
    row.set("suite", doc::Value(known.suite));
    row.set("name", doc::Value(known.name));
    if (!known.file.empty()) row.set("file", doc::Value(known.file)).set("line", doc::Value(known.line));
    row.set("disabled", doc::Value(known.disabled));
    out += doc::write_json(row) + "\n";
  }
  response.output = why.empty() ? std::move(out) : std::move(why);
  response.notices = std::move(notices);
  for (const auto& problem : catalog.problems) response.notices.push_back(problem);
  response.notices.push_back(format("{}, {} left out", counted(session.selected.size(), "test"), session.left_out));
  response.exit_code = catalog.problems.empty() ? 0 : 1;
  return response;
}

}  // namespace

Operation test_list_operation() {
  Fields<TestRequest> fields;
  add_list_fields(fields);
  add_since_fields(fields);
  fields.add("why", &TestRequest::why, {.help = "With --since: every test, whether it would run, and why"});
  fields.add("json", &TestRequest::json, {.help = "A JSON object a line, with framework, file and line"});
  auto made = operation<TestRequest>("test list", "List tests without running them", fields.take(), run_list);
  made.examples = {{"chiron test list build/bin/unit-tests --shard 2/3", "What the second of three shards would run."},
                   {"chiron test list build/bin/unit-tests --since main --why", "What a change can break, and why."}};
  return made;
}

}  // namespace chiron
