// chiron test suggest: what to split, share or isolate, from the durations of a recorded run.
#include <algorithm>

#include "core/reporters/words.h"
#include "engines/testing/advice.h"
#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "foundation/task/pool.h"
#include "operations/operations.h"
#include "operations/test_common.h"

namespace chiron {

namespace {

std::string time_of(testing::Nanoseconds time) {
  return describe_duration(static_cast<std::uint64_t>(std::chrono::duration_cast<testing::Milliseconds>(time).count()));
}

std::string processes_of(std::size_t count) { return count == 1 ? "1 process" : with_thousands(count) + " processes"; }

std::string words_of(const testing::Advice& advice, const testing::SuiteReview& review, const testing::Catalog& catalog,
                     unsigned workers) {
  using Kind = testing::Advice::Kind;
  const std::string& subject = advice.subjects.front();
  switch (advice.kind) {
    case Kind::split:
      return format(
          "split    {}\n         takes {}; everything else would be done on {} workers after {}. Cut in two, it would "
          "no "
          "longer\n         be what the run waits for.\n",
          subject, time_of(advice.tests), workers, time_of((review.work - advice.tests) / workers));
    case Kind::share: {
      const auto program = std::ranges::find(catalog.programs, subject, &testing::Program::id);
      const bool ctest = program != catalog.programs.end() && program->framework == testing::Framework::ctest;
      return format("share    {}\n         its tests start {}; of {} they spend {} on that. {}\n", subject,
                    processes_of(advice.processes), time_of(advice.tests + advice.starts), time_of(advice.starts),
                    ctest ? "Name the test programs\n         themselves as targets: their tests share processes then."
                          : "Without --isolate\n         they share processes.");
    }
    case Kind::join: {
      std::string out = format(
          "join     {} that start for {} of tests and take {} beyond that; linked into one program "
          "they start once:\n",
          counted(advice.subjects.size(), "program"), time_of(advice.tests), time_of(advice.starts));
      for (const auto& id : advice.subjects) out += "           " + id + "\n";
      return out;
    }
    case Kind::isolate:
      return format(
          "isolate  {}\n         fails after other tests. Until it is mended: override = [\"id(={}) => "
          "isolate\"]\n",
          subject, subject);
  }
  return {};
}

Result<Response> run_suggest(const TestRequest& request, Context& context) {
  const std::string record = TRY(testing::load_record(context.workspace.absolute(".chiron/test"), request.run));
  const auto run = TRY(testing::read_record(record));
  const unsigned workers = std::max(1u, context.pool.workers());
  const auto review = testing::review_suite(run, workers);
  Response response;
  if (request.json) {
    doc::Value out;
    out.set("tests", doc::Value(review.tests)).set("processes", doc::Value(review.processes));
    out.set("workers", doc::Value(workers));
    const auto set_time = [](doc::Value& into, const char* name, testing::Nanoseconds time) {
      into.set(name, doc::Value(static_cast<std::int64_t>(time.count())));
    };
    set_time(out, "work-ns", review.work);
    set_time(out, "starts-ns", review.starts);
    set_time(out, "longest-ns", review.longest);
    set_time(out, "share-ns", review.share);
    set_time(out, "wall-ns", review.wall);
    doc::Value rows = doc::Value::array();
    for (const auto& advice : review.advice) {
      doc::Value row;
      row.set("kind", doc::Value(testing::to_string(advice.kind)));
      doc::Value subjects = doc::Value::array();
      for (const auto& subject : advice.subjects) subjects.push(doc::Value(subject));
      row.set("subjects", std::move(subjects));
      set_time(row, "tests-ns", advice.tests);
      set_time(row, "starts-ns", advice.starts);
      row.set("processes", doc::Value(advice.processes));
      rows.push(std::move(row));
    }
    out.set("advice", std::move(rows));
    response.output = doc::write_json(out) + "\n";
    return response;
  }
  std::string out = format("{} in {}: {} of work, {} of it outside of the tests; the longest test takes {}\n",
                           counted(review.tests, "test"), processes_of(review.processes), time_of(review.work),
                           time_of(review.starts), time_of(review.longest));
  out += format("on {} no order ends sooner than after {}; this run took {}\n", counted(workers, "worker"),
                time_of(std::max(review.share, review.longest)), time_of(review.wall));
  for (const auto& advice : review.advice) out += "\n" + words_of(advice, review, run.catalog, workers);
  if (review.advice.empty()) out += "\nnothing to split, share or isolate\n";
  response.output = std::move(out);
  if (!run.complete) response.notices.emplace_back("this run was ended before it was complete");
  return response;
}

}  // namespace

Operation test_suggest_operation() {
  Fields<TestRequest> fields;
  add_record_field(fields);
  fields.add("json", &TestRequest::json, {.help = "One JSON object"});
  auto made = operation<TestRequest>("test suggest", "Say what to split, share or isolate, from a recorded run",
                                     fields.take(), run_suggest);
  made.examples = {{"chiron test suggest", "From the last run."},
                   {"chiron test suggest -j 8", "As if with 8 workers."}};
  return made;
}

}  // namespace chiron
