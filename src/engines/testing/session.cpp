#include "engines/testing/session.h"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "engines/testing/adapter.h"
#include "engines/testing/archive.h"
#include "engines/testing/schedule.h"
#include "engines/testing/zygote.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::testing {
namespace {

constexpr std::size_t kRecordsKept = 20;

std::string absolute(const std::string& folder, std::string_view path) {
  return path.starts_with("/") ? std::string(path) : io::join_path(folder, path);
}

// Appends to the record in pieces; a disk that is full costs the record, not the run.
class Recorder {
 public:
  Recorder(const SessionRequest& request, SessionResult& result) : request_(request) {
    if (request.state_folder.empty()) return;
    const std::string folder = request.state_folder + "/runs";
    if (!io::make_folders(folder)) return;
    unsigned highest = 0;
    std::vector<unsigned> numbers;
    if (auto entries = io::walk(folder, [](const io::Entry&) { return false; })) {
      for (const auto& entry : *entries) {
        const auto number = text::parse_unsigned(std::string_view(entry.path).substr(0, entry.path.find('.')));
        if (!number || *number > 1'000'000'000) continue;
        numbers.push_back(static_cast<unsigned>(*number));
        highest = std::max(highest, numbers.back());
      }
    }
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i + kRecordsKept <= numbers.size(); ++i)
      unlink(format("{}/{}.jsonl", folder, numbers[i]).c_str());
    for (unsigned number = highest + 1; number < highest + 100; ++number) {
      file_ = ::open(format("{}/{}.jsonl", folder, number).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
      if (file_ >= 0) {
        result.run_id = format("{}", number);
        break;
      }
    }
  }
  ~Recorder() { close(); }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void line(std::string_view text) {
    if (request_.stream) request_.stream(text);
    if (file_ < 0) return;
    buffer_ += text;
    // Often enough that a run that is killed leaves its record, seldom enough to cost nothing.
    const auto now = std::chrono::steady_clock::now();
    if (buffer_.size() > 64 * 1024 || now - flushed_ > std::chrono::milliseconds(200)) {
      flushed_ = now;
      flush();
    }
  }
  // False where the record could not be written whole.
  bool close() {
    flush();
    if (file_ >= 0) ::close(file_);
    file_ = -1;
    return well_;
  }

 private:
  void flush() {
    std::string_view rest = buffer_;
    while (!rest.empty() && well_ && file_ >= 0) {
      const ssize_t count = ::write(file_, rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        well_ = false;
        break;
      }
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    buffer_.clear();
  }
  const SessionRequest& request_;
  int file_ = -1;
  bool well_ = true;
  std::string buffer_;
  std::chrono::steady_clock::time_point flushed_;
};

struct Prepared {
  io::TemporaryFolder scratch;
  SessionResult session;
  History history;
  Durations durations;
  FilterContext context;
};

Result<std::vector<TestIndex>> choose(const SessionRequest& request, Prepared& prepared) {
  const Catalog& catalog = *prepared.session.catalog;
  const Filter filter = request.filter.empty() ? Filter() : TRY(Filter::parse(request.filter));
  std::vector<TestIndex> selected;
  for (TestIndex test = 0; test < catalog.tests.size(); ++test) {
    if (!request.filter.empty() && !filter.matches(catalog.tests[test], prepared.context)) continue;
    selected.push_back(test);
  }
  prepared.session.listed = catalog.tests.size();
  prepared.session.matched = selected.size();
  if (request.limit) selected = TRY(request.limit(catalog, selected, prepared.context));
  if (!request.shard.empty()) {
    const std::size_t slash = request.shard.find('/');
    const auto index = text::parse_unsigned(std::string_view(request.shard).substr(0, slash));
    const auto total = slash == std::string::npos
                           ? std::nullopt
                           : text::parse_unsigned(std::string_view(request.shard).substr(slash + 1));
    if (!index || !total || *index < 1 || *index > *total || *total > 100'000) {
      return fail(ErrorKind::usage, "testing.shard",
                  format("\"{}\" is no shard: write k/n with 1 ≤ k ≤ n", request.shard));
    }
    selected = select_shard(catalog, selected, prepared.durations, static_cast<unsigned>(*index - 1),
                            static_cast<unsigned>(*total));
  }
  return with_fixtures(catalog, selected);
}

// A run of nothing must not look like success. Errors: "testing.none".
Result<void> refuse_nothing(const SessionRequest& request, const SessionResult& session) {
  if (request.allow_none || session.matched > 0) return {};
  if (session.catalog->tests.empty()) {
    if (!session.catalog->problems.empty()) return {};  // which fail the run themselves
    return fail(ErrorKind::usage, "testing.none", "the programs named hold no tests", {},
                "name others, or say --allow-none where that is meant");
  }
  return fail(ErrorKind::usage, "testing.none",
              format("the filter \"{}\" selects none of {} tests", request.filter, session.catalog->tests.size()), {},
              "chiron test list prints every test's name; --allow-none lets a run of nothing pass");
}

Result<Prepared> prepare(const SessionRequest& request) {
  Prepared prepared{TRY(io::TemporaryFolder::create("chiron-test")), {}, {}, {}, {}};
  std::string folder = request.folder;
  OpenedArchive opened;
  if (!request.archive.empty()) {
    folder = request.unpack.empty() ? prepared.scratch.path() + "/archive" : request.unpack;
    opened = TRY(unpack_archive(request.archive, folder));
  }
  auto programs =
      TRY(find_programs(request.targets.empty() ? opened.targets : request.targets, folder, request.pytest_arguments));
  if (!request.archive.empty()) {
    for (auto& program : programs) {
      program.working_folder = folder;
      program.environment = opened.environment;
    }
  }
  ListOptions list;
  list.python = request.python;
  list.scratch_folder = prepared.scratch.path();
  list.cancel = request.run.cancel;
  list.coverage_folder = request.run.coverage_folder;
  if (request.use_cache && !request.state_folder.empty()) list.cache_folder = request.state_folder + "/lists";
  prepared.session.catalog = std::make_shared<Catalog>(TRY(list_tests(std::move(programs), list)));
  const std::string history_path = !request.timings.empty()       ? request.timings
                                   : request.state_folder.empty() ? ""
                                                                  : request.state_folder + "/timings";
  if (!history_path.empty()) prepared.history = TRY(read_history(history_path));
  if (!request.archive.empty()) {
    auto archived = TRY(read_history(io::join_path(folder, kArchivedTimings)));
    prepared.history.entries.merge(archived.entries);  // what ran here is known better
  }
  const Catalog& catalog = *prepared.session.catalog;
  prepared.durations = durations_of(prepared.history, catalog);
  prepared.context.programs = &prepared.session.catalog->programs;
  prepared.session.selected = {};
  return prepared;
}

void bind_history(Prepared& prepared) {
  const History* history = &prepared.history;
  prepared.context.failed_last = [history](const std::string& id) {
    const auto found = history->entries.find(id);
    return found != history->entries.end() && found->second.verdict != Verdict::passed &&
           found->second.verdict != Verdict::skipped;
  };
  prepared.context.duration = [history](const std::string& id) -> std::optional<Nanoseconds> {
    const auto found = history->entries.find(id);
    return found == history->entries.end() ? std::nullopt : std::optional(found->second.duration);
  };
}

int severity(Verdict verdict) {
  switch (verdict) {
    case Verdict::failed:
      return 5;
    case Verdict::order_dependent:
      return 4;
    case Verdict::flaky:
      return 3;
    case Verdict::passed:
      return 2;
    case Verdict::skipped:
      return 1;
    default:
      return 0;
  }
}

void merge(RunResult& all, RunResult&& round) {
  if (all.records.empty()) {
    all = std::move(round);
    return;
  }
  for (std::size_t i = 0; i < all.records.size(); ++i) {
    auto& into = all.records[i];
    auto& from = round.records[i];
    if (severity(from.verdict) > severity(into.verdict)) {
      into = std::move(from);
    }
  }
  const auto append = [](auto& into, auto& from) {
    into.insert(into.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(all.dependences, round.dependences);
  append(all.leaks, round.leaks);
  append(all.problems, round.problems);
  all.interrupted |= round.interrupted;
  all.stopped_early |= round.stopped_early;
  all.process_count += round.process_count;
  all.cpu += round.cpu;
  all.wall += round.wall;
}

void keep_history(const SessionRequest& request, Prepared& prepared, RunResult& result) {
  if (request.state_folder.empty() || !io::make_folders(request.state_folder)) return;
  // The state's own file is brought up to date even where --timings gave the durations.
  const std::string path = request.state_folder + "/timings";
  History history;
  if (request.timings.empty())
    history = std::move(prepared.history);
  else if (auto known = read_history(path))
    history = std::move(*known);
  update_history(history, *prepared.session.catalog, result);
  if (auto written = io::write_file_atomic(path, write_history(history)); !written) {
    result.problems.push_back("the durations of this run could not be kept: " + written.error().message);
  }
}

Result<std::uint64_t> choose_seed(const SessionRequest& request, std::optional<RecordedRun>& last) {
  if (request.seed == "last") {
    const std::string record = TRY(load_record(request.state_folder, "last"));
    last = TRY(read_record(record));
    return last->seed;
  }
  if (request.seed.empty()) {
    return Random(static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) ^
                  static_cast<std::uint64_t>(getpid()))
        .below(1'000'000'000);
  }
  const auto number = text::parse_unsigned(request.seed);
  if (!number)
    return fail(ErrorKind::usage, "testing.seed", format("\"{}\" is no seed: give a number or \"last\"", request.seed));
  return *number;
}

}  // namespace

Result<std::vector<Program>> find_programs(const std::vector<std::string>& targets, const std::string& folder,
                                           const std::vector<std::string>& pytest_arguments) {
  std::vector<Program> programs;
  std::optional<std::size_t> pytest;
  const auto add_pytest = [&](const std::string& target) {
    if (!pytest) {
      pytest = programs.size();
      Program program;
      program.id = "pytest";
      program.framework = Framework::pytest;
      program.path = folder;
      program.arguments = pytest_arguments;
      programs.push_back(std::move(program));
    }
    programs[*pytest].arguments.push_back(target);
  };
  std::vector<std::string> open(targets.rbegin(), targets.rend());
  while (!open.empty()) {
    std::string target = std::move(open.back());
    open.pop_back();
    std::optional<Framework> framework;
    const std::string given = target;
    if (const std::size_t colon = target.find(':'); colon != std::string::npos && target.compare(colon, 2, "::") != 0) {
      framework = parse_framework(std::string_view(target).substr(0, colon));
      if (framework) target.erase(0, colon + 1);
    }
    const std::string path = absolute(folder, target);
    if (target.find_first_of("*?[") != std::string::npos && !io::exists(path) &&
        target.find("::") == std::string::npos) {
      glob_t found = {};
      if (glob(path.c_str(), 0, nullptr, &found) == 0) {
        for (std::size_t i = found.gl_pathc; i-- > 0;) {
          const std::string relative = io::relative_path(found.gl_pathv[i], folder);
          open.push_back(framework ? std::string(to_string(*framework)) + ":" + relative : relative);
        }
        globfree(&found);
        continue;
      }
      globfree(&found);
      return fail(ErrorKind::usage, "testing.target", format("nothing matches {}", target));
    }
    const std::string file_part = path.substr(0, path.find("::"));
    if (!io::exists(file_part)) {
      return fail(ErrorKind::usage, "testing.target", format("there is no {}", target), {},
                  "name test programs, CTest build folders or pytest paths");
    }
    if (!framework) {
      if (io::is_folder(path)) {
        framework = io::exists(path + "/CTestTestfile.cmake") ? Framework::ctest : Framework::pytest;
      } else if (file_part.ends_with(".py")) {
        framework = Framework::pytest;
      } else if (path.ends_with(".t")) {
        framework = Framework::tap;
      } else {
        framework = TRY(detect_framework(path));
      }
    }
    if (*framework == Framework::pytest) {
      add_pytest(target);
      continue;
    }
    Program program;
    program.id = target;
    program.target = given == target ? "" : given;
    program.framework = *framework;
    program.path = path;
    program.working_folder = folder;
    programs.push_back(std::move(program));
  }
  if (programs.empty()) {
    return fail(
        ErrorKind::usage, "testing.target", "no test programs are named", {},
        "name test programs, CTest build folders or pytest paths, or list them as \"targets\" under [gate.test]");
  }
  std::set<std::string> ids;
  for (const auto& program : programs) {
    if (!ids.insert(program.id).second)
      return fail(ErrorKind::usage, "testing.target", format("{} is named twice", program.id));
  }
  return programs;
}

namespace {

// The points of TAP programs in place of the programs; a program stays where something else than its points is to be
// told of it. The catalog grows at its end.
void tell_points(SessionResult& session, Recorder& recorder) {
  Catalog& catalog = *session.catalog;
  std::vector<TestIndex> told;
  for (const TestIndex test : session.selected) {
    const Attempt* deciding = deciding_attempt(session.result.records[test]);
    const Verdict verdict = session.result.records[test].verdict;
    const bool expands = deciding && deciding->points && !deciding->points->empty() &&
                         (verdict == Verdict::passed || verdict == Verdict::failed || verdict == Verdict::skipped);
    if (!expands) {
      told.push_back(test);
      continue;
    }
    const Attempt program = *deciding;
    const bool stays = verdict == Verdict::failed && !program.by_points;
    if (stays) told.push_back(test);
    recorder.line(format("{{\"event\":\"points\",\"stays\":{},\"test\":{}}}\n", stays,
                         doc::write_json(doc::Value(test_id(catalog.programs, catalog.tests[test])))));
    const auto each = program.duration / static_cast<std::int64_t>(program.points->size());
    for (const auto& point : *program.points) {
      TestCase made = catalog.tests[test];
      made.name = point.name;
      made.suite = catalog.tests[test].name;
      Attempt attempt;
      attempt.status = point.status;
      attempt.process = program.process;
      attempt.duration = each;
      attempt.message = point.message;
      const auto index = static_cast<TestIndex>(catalog.tests.size());
      catalog.tests.push_back(std::move(made));
      auto& record = session.result.records.emplace_back();
      record.verdict = point.status == Status::passed    ? Verdict::passed
                       : point.status == Status::skipped ? Verdict::skipped
                                                         : Verdict::failed;
      record.attempts.push_back(std::move(attempt));
      told.push_back(index);
      Event event;
      event.kind = EventKind::test_finished;
      event.test = index;
      event.process = program.process;
      event.attempt = &record.attempts.back();
      recorder.line(event_line(event, catalog));
    }
  }
  session.selected = std::move(told);
}

}  // namespace

Result<SessionResult> list_session(const SessionRequest& request) {
  Prepared prepared = TRY(prepare(request));
  bind_history(prepared);
  prepared.session.selected = TRY(choose(request, prepared));
  prepared.session.left_out = prepared.session.catalog->tests.size() - prepared.session.selected.size();
  for (auto& zygote : prepared.session.catalog->zygotes) zygote.reset();
  return std::move(prepared.session);
}

Result<SessionResult> run_session(const SessionRequest& request) {
  std::optional<RecordedRun> last;
  const std::uint64_t seed = TRY(choose_seed(request, last));
  Prepared prepared = TRY(prepare(request));
  bind_history(prepared);
  SessionResult& session = prepared.session;
  Catalog& catalog = *session.catalog;
  session.seed = seed;
  session.selected = TRY(choose(request, prepared));
  session.left_out = catalog.tests.size() - session.selected.size();
  TRY(refuse_nothing(request, session));
  if (request.listed) request.listed(catalog);
  Recorder recorder(request, session);
  recorder.line(program_lines(catalog));
  std::size_t done = 0;
  const std::size_t total = session.selected.size() * std::max(1u, request.rounds);
  const EventSink sink = [&](const Event& event) {
    recorder.line(event_line(event, catalog));
    if (event.kind == EventKind::test_finished && event.purpose == Purpose::normal) {
      ++done;
      if (request.progress) request.progress(std::min(done, total), total);
      if (request.message && event.attempt && is_failure(event.attempt->status)) {
        request.message(
            format("{} {}", to_string(event.attempt->status), test_id(catalog.programs, catalog.tests[*event.test])));
      }
    } else if (request.message && event.kind == EventKind::test_slow) {
      request.message(format("slow {}", test_id(catalog.programs, catalog.tests[*event.test])));
    } else if (request.message && event.kind == EventKind::note) {
      request.message(event.text);
    }
  };
  for (unsigned round = 0; round < std::max(1u, request.rounds); ++round) {
    RunOptions options = request.run;
    options.seed = seed + round;
    options.scratch_folder = prepared.scratch.path();
    options.filter_context = prepared.context;
    if (last && round == 0) options.replay = processes_for(*last, catalog);
    RunResult result =
        TRY(run_tests(catalog, session.selected, prepared.durations, options, session.result.dependences, sink));
    const bool stop = result.interrupted || result.stopped_early;
    if (round + 1 < request.rounds) {
      // What this round measured plans the next one.
      update_history(prepared.history, catalog, result);
      prepared.durations = durations_of(prepared.history, catalog);
    }
    merge(session.result, std::move(result));
    if (stop) break;
  }
  for (auto& problem : catalog.problems) session.result.problems.push_back(std::move(problem));
  for (auto& zygote : catalog.zygotes) {
    if (zygote) session.coverage_said += zygote->finish(Milliseconds(60'000));
  }
  keep_history(request, prepared, session.result);
  tell_points(session, recorder);
  recorder.line(verdict_lines(catalog, session.selected, session.result));
  if (!recorder.close())
    session.result.problems.push_back("the record of this run could not be written whole (is the disk full?)");
  return std::move(session);
}

Result<std::string> load_record(const std::string& state_folder, std::string_view id) {
  const std::string folder = state_folder + "/runs";
  std::string name(id);
  if (id.empty() || id == "last") {
    std::uint64_t highest = 0;
    if (auto entries = io::walk(folder, [](const io::Entry&) { return false; })) {
      for (const auto& entry : *entries) {
        highest = std::max(
            highest, text::parse_unsigned(std::string_view(entry.path).substr(0, entry.path.find('.'))).value_or(0));
      }
    }
    name = format("{}", highest);
  } else if (!text::parse_unsigned(id)) {
    return fail(ErrorKind::usage, "testing.no-record",
                format("\"{}\" is no recorded run: give its number, or \"last\"", id));
  }
  const std::string path = format("{}/{}.jsonl", folder, name);
  if (!io::exists(path)) {
    return fail(ErrorKind::usage, "testing.no-record",
                format("there is no recorded run {} in {}", id.empty() ? "last" : id, folder), {},
                "run chiron test first");
  }
  return io::read_file(path);
}

Result<SessionResult> bisect_session(const SessionRequest& request, const std::string& victim_id) {
  SessionRequest plain = request;
  plain.run.bisect = true;
  plain.run.bisect_limit = 1'000'000;
  Prepared prepared = TRY(prepare(plain));
  bind_history(prepared);
  SessionResult& session = prepared.session;
  Catalog& catalog = *session.catalog;
  session.selected = TRY(choose(plain, prepared));
  std::vector<TestIndex> victims;
  for (const TestIndex test : session.selected) {
    const std::string id = test_id(catalog.programs, catalog.tests[test]);
    if (id == victim_id || catalog.tests[test].name == victim_id) victims.push_back(test);
  }
  if (victims.size() != 1) {
    return fail(ErrorKind::usage, "testing.victim",
                victims.empty() ? format("there is no test {}", victim_id)
                                : format("{} names {} tests; write PROGRAM::NAME", victim_id, victims.size()),
                {}, "chiron test list prints every test's name");
  }
  const TestIndex victim = victims.front();
  const ProgramIndex program = catalog.tests[victim].program;
  std::vector<TestIndex> of_program;
  for (const TestIndex test : session.selected) {
    if (catalog.tests[test].program == program && !catalog.tests[test].disabled) of_program.push_back(test);
  }
  // The whole program in one process, in up to `rounds` orders: the recorded one first, then definition, then seeds.
  std::vector<RecordedProcess> tries;
  if (!plain.state_folder.empty()) {
    if (auto text = load_record(plain.state_folder, "last")) {
      if (auto last = read_record(*text)) {
        for (auto& process : processes_for(*last, catalog)) {
          if (std::find(process.tests.begin(), process.tests.end(), victim) != process.tests.end())
            tries.push_back(process);
        }
      }
    }
  }
  const bool listed = catalog.programs[program].framework == Framework::pytest;
  tries.push_back({program, of_program, {listed ? OrderKind::listed : OrderKind::definition, 0}});
  std::optional<RecordedRun> none;
  session.seed = plain.seed == "last" ? 1 : TRY(choose_seed(plain, none));
  for (unsigned round = 0; round < std::max(10u, plain.rounds); ++round) {
    std::vector<TestIndex> order = of_program;
    if (listed) Random(mix(session.seed + round, "bisect")).shuffle(order);
    tries.push_back({program, order, {listed ? OrderKind::listed : OrderKind::seeded, session.seed + round}});
  }
  Recorder recorder(plain, session);
  recorder.line(program_lines(catalog));
  for (const auto& attempt : tries) {
    RunOptions options = plain.run;
    options.seed = session.seed;
    options.scratch_folder = prepared.scratch.path();
    options.filter_context = prepared.context;
    options.replay = {attempt};
    options.only_victim = victim;
    const EventSink sink = [&](const Event& event) { recorder.line(event_line(event, catalog)); };
    RunResult result = TRY(run_tests(catalog, attempt.tests, prepared.durations, options, {}, sink));
    const bool found = std::any_of(result.dependences.begin(), result.dependences.end(),
                                   [&](const auto& d) { return d.victim == victim; });
    const Verdict verdict = result.records[victim].verdict;
    const bool stop = result.interrupted || found || verdict == Verdict::failed;
    session.result = std::move(result);
    if (stop) break;
  }
  session.selected = {victim};
  recorder.line(verdict_lines(catalog, session.selected, session.result));
  return std::move(session);
}

namespace {

Result<std::pair<std::string_view, std::string_view>> split_arrow(std::string_view text, std::string_view example) {
  const std::size_t arrow = text.find("=>");
  if (arrow == std::string_view::npos) {
    return fail(ErrorKind::usage, "testing.settings", format("\"{}\" lacks \"=>\"; write it as \"{}\"", text, example));
  }
  return std::pair(text::trim(text.substr(0, arrow)), text::trim(text.substr(arrow + 2)));
}

}  // namespace

Result<Override> parse_override(std::string_view text) {
  constexpr std::string_view kExample = "name(slow) => retries=2 timeout=60s slow=5s group=db isolate weight=2";
  const auto [filter, settings] = TRY(split_arrow(text, kExample));
  Override made;
  made.filter = TRY(Filter::parse(filter));
  for (const auto word : text::split(settings, ' ')) {
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    const auto number = text::parse_unsigned(value);
    const auto duration = parse_duration(value);
    if (name == "retries" && number && *number <= 1000)
      made.retries = static_cast<unsigned>(*number);
    else if (name == "weight" && number && *number >= 1 && *number <= 10'000)
      made.weight = static_cast<unsigned>(*number);
    else if (name == "timeout" && duration && duration->count() > 0)
      made.hard = std::chrono::duration_cast<Milliseconds>(*duration);
    else if (name == "slow" && duration && duration->count() > 0)
      made.slow = std::chrono::duration_cast<Milliseconds>(*duration);
    else if (name == "group" && !value.empty())
      made.group = std::string(value);
    else if (name == "isolate" && (value.empty() || value == "true" || value == "false"))
      made.isolate = value != "false";
    else
      return fail(ErrorKind::usage, "testing.settings",
                  format("\"{}\" is no setting of an override; one looks like \"{}\"", word, kExample));
  }
  return made;
}

Result<Group> parse_group(std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto limit =
      equals == std::string_view::npos ? std::nullopt : text::parse_unsigned(text::trim(text.substr(equals + 1)));
  if (!limit || *limit < 1 || *limit > 10'000) {
    return fail(ErrorKind::usage, "testing.settings", format("\"{}\" is no group: write NAME=LIMIT, say db=1", text));
  }
  return Group{std::string(text::trim(text.substr(0, equals))), static_cast<unsigned>(*limit)};
}

Result<SetupScript> parse_setup(std::string_view text) {
  constexpr std::string_view kExample = "database: file(tests/db) => scripts/start-db --fresh";
  const auto [head, command] = TRY(split_arrow(text, kExample));
  SetupScript made;
  const std::size_t colon = head.find(':');
  if (colon == std::string_view::npos || command.empty()) {
    return fail(ErrorKind::usage, "testing.settings",
                format("\"{}\" is no setup script; one looks like \"{}\"", text, kExample));
  }
  made.name = text::trim(head.substr(0, colon));
  made.filter = TRY(Filter::parse(text::trim(head.substr(colon + 1))));
  for (const auto word : text::split(command, ' ')) {
    if (!word.empty()) made.command.emplace_back(word);
  }
  return made;
}

}  // namespace chiron::testing
