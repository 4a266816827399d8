// The run in words: failures with their output, what depends on order with the two commands that show it, leaks,
// counts.
#include "engines/testing/adapter.h"
#include "engines/testing/record.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {

std::string rerun_command(const Catalog& catalog, TestIndex test, std::string_view prefix) {
  const auto& program = catalog.programs[catalog.tests[test].program];
  if (program.framework == Framework::pytest)
    return std::string(prefix) + " " + shell_command({catalog.tests[test].name});
  // A TAP program runs whole.
  if (program.framework == Framework::tap)
    return std::string(prefix) + " " + shell_command({program.target.empty() ? program.id : program.target});
  return std::string(prefix) + " " +
         shell_command({program.target.empty() ? program.id : program.target, "--filter",
                        "name(=" + escape_pattern(catalog.tests[test].name) + ")"});
}

namespace {

class Writer {
 public:
  Writer(const Catalog& catalog, const std::vector<TestIndex>& selected, const RunResult& result,
         const TextOptions& options)
      : catalog_(catalog), selected_(selected), result_(result), options_(options) {}

  std::string write() {
    for (const TestIndex test : selected_) {
      const auto& record = result_.records[test];
      const bool failed = record.verdict == Verdict::failed || record.verdict == Verdict::flaky;
      if (failed)
        failure(test, record);
      else if (options_.show_output && !record.attempts.empty() && !record.attempts.back().output.empty()) {
        out_ += format("{} {}\n", paint("ok", "32"), name(test));
        indent(record.attempts.back().output);
      }
    }
    for (const auto& dependence : result_.dependences) order(dependence);
    explained();
    for (const auto& leak : result_.leaks) {
      out_ += format("{} {}: {}\n", paint("LEAK", "33"),
                     leak.test ? name(*leak.test) : format("process {} of the run", leak.process),
                     leak.kind == Leak::Kind::file ? "files left in its temporary folder: " + leak.what
                                                   : "left running: " + leak.what);
    }
    for (const auto& problem : result_.problems) out_ += format("{} {}\n", paint("PROBLEM", "31"), problem);
    summary();
    return std::move(out_);
  }

 private:
  std::string paint(std::string_view text, std::string_view code) const {
    return options_.colour ? format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
  std::string name(TestIndex test) const { return test_id(catalog_.programs, catalog_.tests[test]); }

  void indent(std::string_view text) {
    for (const auto line : text::split_lines(text)) out_ += format("    {}\n", line);
  }

  void failure(TestIndex test, const TestRecord& record) {
    const Attempt* attempt = deciding_attempt(record);
    const std::string_view what = record.verdict == Verdict::flaky       ? "FLAKY"
                                  : !attempt                             ? "FAILED"
                                  : attempt->status == Status::crashed   ? "CRASHED"
                                  : attempt->status == Status::timed_out ? "TIMED OUT"
                                  : attempt->status == Status::exited    ? "EXITED"
                                  : attempt->status == Status::lost      ? "LOST"
                                                                         : "FAILED";
    out_ += format("{} {}", paint(what, record.verdict == Verdict::flaky ? "33" : "31"), name(test));
    if (attempt) out_ += format("  ({})", show_duration(attempt->duration));
    out_ += '\n';
    if (attempt) {
      if (!attempt->file.empty()) out_ += format("  at {}:{}\n", attempt->file, attempt->line);
      if (!attempt->message.empty()) {
        for (const auto line : text::split_lines(attempt->message)) out_ += format("  {}\n", line);
      }
      if (!attempt->output.empty()) indent(attempt->output);
    }
    if (record.verdict == Verdict::flaky) {
      out_ += format("  passed when it was run again ({} attempts); the same order does not break it again\n",
                     record.attempts.size());
    }
    out_ += format("  again: {}\n", rerun_command(catalog_, test, options_.rerun_prefix));
  }

  void order(const OrderDependence& dependence) {
    out_ += format("{} {}\n", paint("ORDER-DEPENDENT", "35"), name(dependence.victim));
    const Attempt* attempt = deciding_attempt(result_.records[dependence.victim]);
    if (attempt && !attempt->message.empty()) out_ += format("  {}\n", text::split_lines(attempt->message)[0]);
    const bool polluted = dependence.kind == OrderDependence::Kind::polluted;
    if (dependence.kind == OrderDependence::Kind::unresolved) {
      out_ += format("  passes alone, fails after others: {}\n", dependence.note);
    } else {
      out_ += polluted ? format("  passes alone, fails after {}:\n",
                                dependence.culprits.size() == 1 ? "this test" : "these tests together")
                       : format("  fails alone, passes only after {}:\n",
                                dependence.culprits.size() == 1 ? "this test" : "these tests");
      for (const TestIndex culprit : dependence.culprits) out_ += format("    {}\n", name(culprit));
      out_ += format("  fails:  {}\n  passes: {}\n  found among {} tests with {} runs\n", dependence.failing_command,
                     dependence.passing_command, dependence.candidates, dependence.runs);
    }
    told_.insert(dependence.victim);
  }

  // Victims whose dependence an earlier round of this run has told.
  void explained() {
    for (const TestIndex test : selected_) {
      if (result_.records[test].verdict != Verdict::order_dependent || told_.contains(test)) continue;
      out_ += format("{} {}\n  failed again by a dependence told before\n", paint("ORDER-DEPENDENT", "35"), name(test));
    }
  }

  void summary() {
    const Counts counts = count(selected_, result_);
    std::string line = format("{} tests: {} passed", counts.total, counts.passed);
    const auto add = [&](std::size_t number, std::string_view what) {
      if (number > 0) line += format(", {} {}", number, what);
    };
    add(counts.failed, "failed");
    add(counts.order_dependent, "order-dependent");
    add(counts.flaky, "flaky");
    add(counts.skipped, "skipped");
    add(counts.not_run, "not run");
    if (!result_.leaks.empty())
      line += format(", {} leak{}", result_.leaks.size(), result_.leaks.size() == 1 ? "" : "s");
    line += format("; {} process{}, {}, seed {}", result_.process_count, result_.process_count == 1 ? "" : "es",
                   show_duration(result_.wall), options_.seed);
    if (result_.interrupted) line += ", interrupted";
    if (result_.stopped_early) line += ", stopped early";
    const bool well = counts.failed + counts.order_dependent + counts.flaky == 0 && result_.problems.empty();
    out_ += paint(line, well ? "32" : "31") + "\n";
  }

  const Catalog& catalog_;
  const std::vector<TestIndex>& selected_;
  const RunResult& result_;
  const TextOptions& options_;
  std::unordered_set<TestIndex> told_;
  std::string out_;
};

}  // namespace

std::string write_text(const Catalog& catalog, const std::vector<TestIndex>& selected, const RunResult& result,
                       const TextOptions& options) {
  return Writer(catalog, selected, result, options).write();
}

}  // namespace chiron::testing
