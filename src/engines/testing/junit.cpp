// JUnit XML in the form that GitLab and Jenkins read: testsuites > testsuite (one a program) > testcase with classname,
// name, time, file; failure, error, skipped; system-out; flakyFailure and rerunFailure for repeated attempts.
#include "engines/testing/record.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

std::string seconds(Nanoseconds duration) { return format("{:.3f}", static_cast<double>(duration.count()) / 1e9); }

std::string element(std::string_view name, const Attempt& attempt, std::string_view note) {
  std::string message(text::split_lines(attempt.message).empty() ? std::string_view()
                                                                 : text::split_lines(attempt.message)[0]);
  if (message.empty()) message = to_string(attempt.status);
  std::string body = attempt.message;
  if (!note.empty()) body += "\n" + std::string(note);
  if (!attempt.output.empty()) body += "\n\n" + attempt.output;
  return format("      <{} type=\"{}\" message=\"{}\">{}</{}>\n", name, to_string(attempt.status),
                text::escape_xml(message), text::escape_xml(body), name);
}

struct CaseName {
  std::string class_name, name;
};

// As the framework's own report has them, so that what a server knows of a test's past goes on.
CaseName case_name(const Program& program, const TestCase& test) {
  CaseName out{test.suite.empty() ? program.id : test.suite, test.name};
  const auto strip_suite = [&](std::string_view between) {
    if (test.suite.empty() || !test.name.starts_with(test.suite + std::string(between))) return false;
    out.name.erase(0, test.suite.size() + between.size());
    return true;
  };
  const auto dots = [&] {
    std::string& text = out.class_name;
    for (std::size_t at = 0; (at = text.find("::", at)) != std::string::npos;) text.replace(at, 2, ".");
    std::ranges::replace(text, '/', '.');
  };
  if (program.framework == Framework::googletest) {
    strip_suite(".");
  } else if (program.framework == Framework::boost_test && strip_suite("/")) {
    dots();
  } else if (program.framework == Framework::pytest && strip_suite("::")) {
    if (const std::size_t at = out.class_name.find(".py"); at != std::string::npos) {
      const std::size_t end = at + 3;
      if (end == out.class_name.size() || out.class_name[end] == ':') out.class_name.erase(at, 3);
    }
    dots();
  }
  return out;
}

}  // namespace

std::string write_junit(const Catalog& catalog, const std::vector<TestIndex>& selected, const RunResult& result) {
  std::map<ProgramIndex, std::vector<TestIndex>> by_program;
  for (const TestIndex test : selected) by_program[catalog.tests[test].program].push_back(test);
  std::unordered_map<TestIndex, std::string> notes;
  for (const auto& dependence : result.dependences) {
    std::string note = dependence.kind == OrderDependence::Kind::needs_setter ? "order-dependent: passes only after"
                                                                              : "order-dependent: fails after";
    for (const TestIndex culprit : dependence.culprits) note += " " + test_id(catalog.programs, catalog.tests[culprit]);
    note += format("\nfails: {}\npasses: {}", dependence.failing_command, dependence.passing_command);
    notes.emplace(dependence.victim, std::move(note));
  }
  const Counts all = count(selected, result);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += format("<testsuites tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{}\">\n", all.total,
                all.failed + all.order_dependent + all.flaky, seconds(result.wall));
  for (const auto& [program, tests] : by_program) {
    const Counts counts = count(tests, result);
    Nanoseconds total{0};
    for (const TestIndex test : tests) {
      if (const Attempt* attempt = deciding_attempt(result.records[test])) total += attempt->duration;
    }
    out +=
        format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">\n",
               text::escape_xml(catalog.programs[program].id), counts.total,
               counts.failed + counts.order_dependent + counts.flaky, counts.skipped + counts.not_run, seconds(total));
    for (const TestIndex index : tests) {
      const auto& test = catalog.tests[index];
      const auto& record = result.records[index];
      const Attempt* attempt = deciding_attempt(record);
      const CaseName name = case_name(catalog.programs[program], test);
      out += format("    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"", text::escape_xml(name.class_name),
                    text::escape_xml(name.name), attempt ? seconds(attempt->duration) : "0.000");
      if (!test.file.empty()) out += format(" file=\"{}\" line=\"{}\"", text::escape_xml(test.file), test.line);
      std::string inside;
      const auto note = notes.find(index);
      const std::string_view note_text = note == notes.end() ? std::string_view() : std::string_view(note->second);
      switch (record.verdict) {
        case Verdict::skipped:
          inside =
              format("      <skipped message=\"{}\"/>\n", text::escape_xml(attempt ? attempt->message : "disabled"));
          break;
        case Verdict::not_run:
          inside = "      <skipped message=\"not run\"/>\n";
          break;
        case Verdict::failed:
        case Verdict::order_dependent: {
          if (!attempt) break;
          inside = element("failure", *attempt, note_text);
          for (const auto& other : record.attempts) {
            if (&other != attempt && is_failure(other.status)) inside += element("rerunFailure", other, "");
          }
          break;
        }
        case Verdict::flaky:
          // Jenkins and GitLab count a flaky test as failed only by a <failure>.
          if (attempt) inside = element("failure", *attempt, "flaky: passed when it was run again");
          break;
        case Verdict::passed:
          for (const auto& other : record.attempts) {
            if (is_failure(other.status)) inside += element("flakyFailure", other, "");
          }
          if (attempt && !attempt->output.empty())
            inside += format("      <system-out>{}</system-out>\n", text::escape_xml(attempt->output));
          break;
      }
      out += inside.empty() ? "/>\n" : ">\n" + inside + "    </testcase>\n";
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace chiron::testing
