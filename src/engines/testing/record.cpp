#include "engines/testing/record.h"

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::testing {

Result<History> read_history(const std::string& path) {
  History history;
  if (!io::exists(path)) return history;
  const std::string text = TRY(io::read_file(path, 1u << 30));
  std::uint32_t number = 0;
  for (const auto line : text::split_lines(text)) {
    ++number;
    const std::size_t first = line.find('\t');
    const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
    if (line.empty()) continue;
    const auto duration = text::parse_unsigned(line.substr(0, first));
    const auto verdict =
        second == std::string_view::npos ? std::nullopt : parse_verdict(line.substr(first + 1, second - first - 1));
    if (!duration || !verdict) {
      Place place;
      place.file = path;
      place.line = number;
      return fail(ErrorKind::input, "testing.timings",
                  "a line of timings is nanoseconds, verdict and test, separated by tabs", place,
                  "remove the file; the next run writes it anew");
    }
    history.entries[std::string(line.substr(second + 1))] = {Nanoseconds(static_cast<std::int64_t>(*duration)),
                                                             *verdict};
  }
  return history;
}

std::string write_history(const History& history) {
  std::vector<const std::pair<const std::string, History::Entry>*> sorted;
  for (const auto& entry : history.entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::string text;
  for (const auto* entry : sorted) {
    if (entry->first.find('\n') != std::string::npos) continue;
    text += format("{}\t{}\t{}\n", entry->second.duration.count(), to_string(entry->second.verdict), entry->first);
  }
  return text;
}

void update_history(History& history, const Catalog& catalog, const RunResult& result) {
  for (TestIndex index = 0; index < result.records.size(); ++index) {
    const auto& record = result.records[index];
    if (record.verdict == Verdict::not_run || record.attempts.empty()) continue;
    auto& entry = history.entries[test_id(catalog.programs, catalog.tests[index])];
    entry.verdict = record.verdict;
    std::optional<Nanoseconds> best;
    for (const auto& attempt : record.attempts) {
      if (attempt.status == Status::lost) continue;
      if (!best || attempt.duration < *best) best = attempt.duration;
    }
    if (best) entry.duration = *best;
  }
}

Durations durations_of(const History& history, const Catalog& catalog) {
  Durations durations;
  durations.of.resize(catalog.tests.size());
  if (history.entries.empty()) return durations;
  std::string id;
  for (TestIndex index = 0; index < catalog.tests.size(); ++index) {
    id = catalog.programs[catalog.tests[index].program].id;
    id += "::";
    id += catalog.tests[index].name;
    const auto found = history.entries.find(id);
    if (found != history.entries.end()) durations.of[index] = found->second.duration;
  }
  return durations;
}

namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  doc::append_json_string(out, text);
}

void append_tests(std::string& out, std::string_view name, const std::vector<TestIndex>& tests,
                  const Catalog& catalog) {
  out += format(",\"{}\":[", name);
  bool first = true;
  for (const TestIndex test : tests) {
    if (!first) out += ',';
    first = false;
    doc::append_json_string(out, test_id(catalog.programs, catalog.tests[test]));
  }
  out += ']';
}

void append_order(std::string& out, Order order) {
  static constexpr std::string_view kNames[] = {"definition", "seeded", "listed"};
  out += format(",\"order\":\"{}\",\"seed\":\"{}\"", kNames[static_cast<std::size_t>(order.kind)], order.seed);
}

std::string_view kind_name(OrderDependence::Kind kind) {
  static constexpr std::string_view kNames[] = {"polluted", "needs-setter", "unresolved"};
  return kNames[static_cast<std::size_t>(kind)];
}
std::string_view kind_name(Leak::Kind kind) {
  static constexpr std::string_view kNames[] = {"process", "port", "file"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

std::string event_line(const Event& event, const Catalog& catalog) {
  std::string out = "{\"event\":\"";
  out += to_string(event.kind);
  out += '"';
  if (event.test) {
    const auto& test = catalog.tests[*event.test];
    append_member(out, "test", test_id(catalog.programs, test));
    if (event.kind == EventKind::test_finished && !test.file.empty()) {
      append_member(out, "file", test.file);
      out += format(",\"line\":{}", test.line);
    }
  }
  if (event.process) out += format(",\"process\":{}", event.process);
  if (event.purpose != Purpose::normal) append_member(out, "purpose", to_string(event.purpose));
  if (event.kind == EventKind::run_started) out += format(",\"version\":1,\"seed\":\"{}\"", event.number);
  if (event.kind == EventKind::listed) out += format(",\"tests\":{}", event.number);
  if (event.kind == EventKind::setup_finished) out += format(",\"well\":{}", event.number == 0);
  if (event.kind == EventKind::process_finished) out += format(",\"ns\":{}", event.number);
  if (event.tests) {
    append_tests(out, "tests", *event.tests, catalog);
    append_order(out, event.order);
  }
  if (event.attempt) {
    const Attempt& attempt = *event.attempt;
    out += format(",\"status\":\"{}\",\"ns\":{},\"position\":{}", to_string(attempt.status), attempt.duration.count(),
                  attempt.position);
    if (attempt.exit_code) out += format(",\"exit-code\":{}", attempt.exit_code);
    if (attempt.signal) out += format(",\"signal\":{}", attempt.signal);
    if (!attempt.message.empty()) append_member(out, "message", attempt.message);
    if (!attempt.file.empty()) {
      append_member(out, "failure-file", attempt.file);
      out += format(",\"failure-line\":{}", attempt.line);
    }
    if (!attempt.output.empty()) append_member(out, "output", attempt.output);
  }
  if (event.dependence) {
    const auto& dependence = *event.dependence;
    append_member(out, "kind", kind_name(dependence.kind));
    append_tests(out, "culprits", dependence.culprits, catalog);
    out += format(",\"runs\":{},\"candidates\":{}", dependence.runs, dependence.candidates);
    append_member(out, "fails", dependence.failing_command);
    append_member(out, "passes", dependence.passing_command);
    if (!dependence.note.empty()) append_member(out, "note", dependence.note);
    append_order(out, dependence.order);
  }
  if (event.leak) {
    append_member(out, "kind", kind_name(event.leak->kind));
    append_member(out, "what", event.leak->what);
    if (!event.process) out += format(",\"process\":{}", event.leak->process);
  }
  if (!event.text.empty()) append_member(out, "text", event.text);
  return out + "}\n";
}

std::string program_lines(const Catalog& catalog) {
  std::string out;
  for (const auto& program : catalog.programs) {
    out += "{\"event\":\"program\"";
    append_member(out, "program", program.id);
    append_member(out, "framework", to_string(program.framework));
    append_member(out, "path", program.path);
    if (!program.target.empty()) append_member(out, "target", program.target);
    out += "}\n";
  }
  return out;
}

std::string verdict_lines(const Catalog& catalog, const std::vector<TestIndex>& selected, const RunResult& result) {
  std::string out;
  for (const TestIndex test : selected) {
    out += "{\"event\":\"verdict\"";
    append_member(out, "test", test_id(catalog.programs, catalog.tests[test]));
    append_member(out, "verdict", to_string(result.records[test].verdict));
    out += "}\n";
  }
  for (const auto& problem : result.problems) {
    out += "{\"event\":\"problem\"";
    append_member(out, "text", problem);
    out += "}\n";
  }
  const Counts counts = count(selected, result);
  out += format(
      "{{\"event\":\"summary\",\"total\":{},\"passed\":{},\"failed\":{},\"order-dependent\":{},\"flaky\":{},"
      "\"skipped\":{},"
      "\"not-run\":{},\"wall-ns\":{},\"processes\":{},\"interrupted\":{},\"stopped-early\":{}}}\n",
      counts.total, counts.passed, counts.failed, counts.order_dependent, counts.flaky, counts.skipped, counts.not_run,
      result.wall.count(), result.process_count, result.interrupted, result.stopped_early);
  return out;
}

namespace {

// Gives names of a record their indices, making programs and tests as they come.
class Names {
 public:
  explicit Names(Catalog& catalog, RunResult& result) : catalog_(catalog), result_(result) {}
  TestIndex of(std::string_view id) {
    const auto [entry, fresh] = tests_.emplace(std::string(id), static_cast<TestIndex>(catalog_.tests.size()));
    if (!fresh) return entry->second;
    const std::size_t separator = id.find("::");
    TestCase test;
    test.program = program(id.substr(0, separator));
    test.name = separator == std::string_view::npos ? "" : std::string(id.substr(separator + 2));
    catalog_.tests.push_back(std::move(test));
    result_.records.emplace_back();
    return entry->second;
  }
  ProgramIndex program(std::string_view id) {
    const auto [known, fresh] = programs_.emplace(std::string(id), static_cast<ProgramIndex>(catalog_.programs.size()));
    if (fresh) {
      auto& made = catalog_.programs.emplace_back();
      made.id = id;
      made.path = id;
    }
    return known->second;
  }
  void program(const doc::Value& value) {
    auto& known = catalog_.programs[program(value.string_or("program", ""))];
    known.framework = parse_framework(value.string_or("framework", "")).value_or(known.framework);
    known.path = value.string_or("path", known.id);
    known.target = value.string_or("target", "");
  }

 private:
  Catalog& catalog_;
  RunResult& result_;
  std::unordered_map<std::string, TestIndex> tests_;
  std::unordered_map<std::string, ProgramIndex> programs_;
};

Order order_of(const doc::Value& value) {
  Order order;
  const auto kind = value.string_or("order", "definition");
  order.kind = kind == "seeded" ? OrderKind::seeded : kind == "listed" ? OrderKind::listed : OrderKind::definition;
  order.seed = text::parse_unsigned(value.string_or("seed", "0")).value_or(0);
  return order;
}

std::vector<TestIndex> tests_of(const doc::Value& value, std::string_view member, Names& names) {
  std::vector<TestIndex> tests;
  if (const auto* list = value.find(member); list && list->is_array()) {
    for (const auto& item : list->items()) {
      if (item.is_string()) tests.push_back(names.of(item.as_string()));
    }
  }
  return tests;
}

}  // namespace

Result<RecordedRun> read_record(std::string_view text) {
  RecordedRun run;
  Names names(run.catalog, run.result);
  std::unordered_set<TestIndex> replaced;  // by the points of TAP programs
  std::uint32_t number = 0;
  for (const auto line : text::split_lines(text)) {
    ++number;
    if (line.empty()) continue;
    auto parsed = doc::parse_json(line);
    if (!parsed || !parsed->is_object()) {
      // A run that was killed may end in the middle of a line.
      if (line.data() + line.size() == text.data() + text.size()) break;
      Place place;
      place.line = number;
      return fail(ErrorKind::input, "testing.record", "this line of the recorded run is no JSON object", place);
    }
    const doc::Value& value = *parsed;
    const std::string_view event = value.string_or("event", "");
    const std::string id(value.string_or("test", ""));
    if (event == "run-started") {
      run.seed = text::parse_unsigned(value.string_or("seed", "0")).value_or(0);
    } else if (event == "points" && !id.empty()) {
      if (!value.boolean_or("stays", true)) replaced.insert(names.of(id));
    } else if (event == "program") {
      names.program(value);
    } else if (event == "process-finished" && value.string_or("purpose", "normal") == "normal") {
      RecordedProcess process;
      process.order = order_of(value);
      process.wall = Nanoseconds(value.integer_or("ns", 0));
      process.tests = tests_of(value, "tests", names);
      if (!process.tests.empty()) {
        process.program = run.catalog.tests[process.tests.front()].program;
        run.result.processes.push_back(std::move(process));
      }
    } else if (event == "test-finished" && !id.empty()) {
      const TestIndex test = names.of(id);
      auto& known = run.catalog.tests[test];
      known.file = value.string_or("file", "");
      known.line = static_cast<std::uint32_t>(value.integer_or("line", 0));
      const auto purpose = value.string_or("purpose", "normal");
      if (purpose != "normal" && purpose != "alone" && purpose != "retry") continue;
      Attempt attempt;
      attempt.status = parse_status(value.string_or("status", "lost")).value_or(Status::lost);
      attempt.purpose = purpose == "alone" ? Purpose::alone : purpose == "retry" ? Purpose::retry : Purpose::normal;
      attempt.duration = Nanoseconds(value.integer_or("ns", 0));
      attempt.process = static_cast<std::uint32_t>(value.integer_or("process", 0));
      attempt.position = static_cast<std::uint32_t>(value.integer_or("position", 0));
      attempt.exit_code = static_cast<int>(value.integer_or("exit-code", 0));
      attempt.signal = static_cast<int>(value.integer_or("signal", 0));
      attempt.message = value.string_or("message", "");
      attempt.file = value.string_or("failure-file", "");
      attempt.line = static_cast<std::uint32_t>(value.integer_or("failure-line", 0));
      attempt.output = value.string_or("output", "");
      auto& record = run.result.records[test];
      // Until the closing lines say more, an attempt's status is all there is.
      record.verdict = is_failure(attempt.status)          ? Verdict::failed
                       : attempt.status == Status::skipped ? Verdict::skipped
                                                           : Verdict::passed;
      record.attempts.push_back(std::move(attempt));
    } else if (event == "order-dependence" && !id.empty()) {
      OrderDependence dependence;
      dependence.victim = names.of(id);
      const auto kind = value.string_or("kind", "");
      dependence.kind = kind == "polluted"       ? OrderDependence::Kind::polluted
                        : kind == "needs-setter" ? OrderDependence::Kind::needs_setter
                                                 : OrderDependence::Kind::unresolved;
      dependence.culprits = tests_of(value, "culprits", names);
      dependence.runs = static_cast<unsigned>(value.integer_or("runs", 0));
      dependence.candidates = static_cast<unsigned>(value.integer_or("candidates", 0));
      dependence.failing_command = value.string_or("fails", "");
      dependence.passing_command = value.string_or("passes", "");
      dependence.note = value.string_or("note", "");
      dependence.order = order_of(value);
      run.result.dependences.push_back(std::move(dependence));
    } else if (event == "leak") {
      Leak leak;
      const auto kind = value.string_or("kind", "process");
      leak.kind = kind == "port" ? Leak::Kind::port : kind == "file" ? Leak::Kind::file : Leak::Kind::process;
      leak.what = value.string_or("what", "");
      leak.process = static_cast<std::uint32_t>(value.integer_or("process", 0));
      if (!id.empty()) leak.test = names.of(id);
      run.result.leaks.push_back(std::move(leak));
    } else if (event == "verdict" && !id.empty()) {
      const TestIndex test = names.of(id);
      run.result.records[test].verdict = parse_verdict(value.string_or("verdict", "")).value_or(Verdict::not_run);
    } else if (event == "problem") {
      run.result.problems.emplace_back(value.string_or("text", ""));
    } else if (event == "summary") {
      run.complete = true;
      run.result.wall = Nanoseconds(value.integer_or("wall-ns", 0));
      run.result.process_count = static_cast<unsigned>(value.integer_or("processes", 0));
      run.result.interrupted = value.boolean_or("interrupted", false);
      run.result.stopped_early = value.boolean_or("stopped-early", false);
    }
  }
  for (TestIndex test = 0; test < run.catalog.tests.size(); ++test)
    if (!replaced.contains(test)) run.selected.push_back(test);
  return run;
}

std::vector<RecordedProcess> processes_for(const RecordedRun& run, const Catalog& catalog) {
  std::unordered_map<std::string, TestIndex> places;
  for (TestIndex test = 0; test < catalog.tests.size(); ++test)
    places.emplace(test_id(catalog.programs, catalog.tests[test]), test);
  std::vector<RecordedProcess> processes;
  std::vector<bool> taken(catalog.tests.size(), false);  // the rest of a process that died ran in a further one
  for (const auto& recorded : run.result.processes) {
    RecordedProcess process;
    process.order = recorded.order;
    for (const TestIndex test : recorded.tests) {
      const auto found = places.find(test_id(run.catalog.programs, run.catalog.tests[test]));
      if (found == places.end() || taken[found->second]) continue;
      taken[found->second] = true;
      process.tests.push_back(found->second);
    }
    if (process.tests.empty()) continue;
    process.program = catalog.tests[process.tests.front()].program;
    processes.push_back(std::move(process));
  }
  return processes;
}

Counts count(const std::vector<TestIndex>& selected, const RunResult& result) {
  Counts counts;
  for (const TestIndex test : selected) {
    ++counts.total;
    switch (result.records[test].verdict) {
      case Verdict::not_run:
        ++counts.not_run;
        break;
      case Verdict::passed:
        ++counts.passed;
        break;
      case Verdict::skipped:
        ++counts.skipped;
        break;
      case Verdict::failed:
        ++counts.failed;
        break;
      case Verdict::flaky:
        ++counts.flaky;
        break;
      case Verdict::order_dependent:
        ++counts.order_dependent;
        break;
    }
  }
  return counts;
}

const Attempt* deciding_attempt(const TestRecord& record) {
  if (record.attempts.empty()) return nullptr;
  const bool passed = record.verdict == Verdict::passed || record.verdict == Verdict::skipped;
  if (!passed) {
    for (const auto& attempt : record.attempts) {
      if (is_failure(attempt.status)) return &attempt;
    }
  }
  return &record.attempts.back();
}

}  // namespace chiron::testing
