// Reads what each process of a run counted: GCC's data files, clang's profiles, coverage.py's contexts.
#include "operations/test_coverage.h"

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "engines/coverage/readers.h"
#include "engines/coverage/write_report.h"
#include "engines/testing/child.h"
#include "engines/testing/coverage_map.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

namespace chiron {

namespace {

constexpr std::uint64_t kDataBytes = 1ULL << 30;
constexpr std::size_t kParsedKept = 20'000;  // distinct data files whose reading is kept
constexpr std::size_t kNamesShown = 5;

// What one data file says, read once however many tests left the same.
struct Parsed {
  std::vector<coverage::SourceFile> files;  // of the workspace, normalized
  std::vector<std::uint32_t> sets;
  std::vector<std::string> sources;
  std::uint64_t times = 0;
};

// As a programmer spells it; GCC's data files name symbols.
std::string readable_name(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                         &std::free);
  return std::string(status == 0 && name ? name.get() : symbol.c_str()).substr(0, 200);
}

// The sum of all reports: added up once for each distinct one.
class Sum {
 public:
  void add(const coverage::SourceFile& file, std::uint64_t times) {
    auto& target = files_[file.path];
    target.path = file.path;
    const auto begin = target.lines.size();
    target.lines.insert(target.lines.end(), file.lines.begin(), file.lines.end());
    for (auto i = begin; i < target.lines.size(); ++i) target.lines[i].hits *= times;
    for (auto branch : file.branches) {
      for (auto& arm : branch.arms) arm.hits *= times;
      target.branches.push_back(std::move(branch));
    }
    for (auto function : file.functions) {
      function.hits *= times;
      target.functions.push_back(std::move(function));
    }
    if (target.lines.size() > 4 * file.lines.size() + 100'000) normalize(target, coverage::Instances::add);
  }
  std::vector<coverage::SourceFile> take() {
    std::vector<coverage::SourceFile> all;
    for (auto& [path, file] : files_) {
      normalize(file, coverage::Instances::add);
      all.push_back(std::move(file));
    }
    files_.clear();
    return all;
  }

 private:
  std::map<std::string, coverage::SourceFile> files_;
};

// From reports' files to what the record keeps; owns the record while it grows. One thread at a time.
class Keeper {
 public:
  explicit Keeper(const Workspace& workspace) : workspace_(workspace) {}

  // The path below the workspace's root; "" for what lies elsewhere or belongs to installed packages.
  [[nodiscard]] std::string own_path(const std::string& path) const {
    const std::string relative = workspace_.relative(io::normalize_path(path));
    if (relative.starts_with("/") || relative.find("site-packages/") != std::string::npos) return {};
    return relative;
  }

  // Nothing where the source is not there any more.
  std::optional<std::uint32_t> source(const std::string& path) {
    const auto known = sources_.find(path);
    if (known != sources_.end()) return known->second;
    auto text = io::read_file(workspace_.absolute(path));
    std::optional<std::uint32_t> index;
    if (text) {
      index = map.add_source(testing::describe_source(path, *text));
      texts_[*index] = std::move(*text);
    }
    return sources_.emplace(path, index).first->second;
  }

  void keep(Parsed& parsed) {
    for (const auto& file : parsed.files) {
      const auto index = source(file.path);
      if (!index) continue;
      parsed.sources.push_back(file.path);
      testing::CoveredSet set;
      set.source = *index;
      for (const auto& line : file.lines)
        if (line.hits != 0) set.lines.push_back(line.number);
      for (const auto& function : file.functions) {
        testing::CodeFunction code{function.line, std::max(function.line, function.end_line),
                                   is_constant(*index, function.line), readable_name(function.name)};
        const auto place = map.add_function(*index, code);
        if (function.hits != 0) set.functions.push_back(place);
      }
      std::sort(set.functions.begin(), set.functions.end());
      set.functions.erase(std::unique(set.functions.begin(), set.functions.end()), set.functions.end());
      if (!set.lines.empty() || !set.functions.empty()) parsed.sets.push_back(map.add_set(std::move(set)));
    }
  }

  testing::CoverageMap map;

 private:
  // Whether the declaration that begins on that line, or just above it, says constexpr.
  [[nodiscard]] bool is_constant(std::uint32_t source, std::uint32_t line) {
    const auto lines = text::split_lines(texts_[source]);
    for (std::uint32_t number = line > 2 ? line - 2 : 1; number <= line && number <= lines.size(); ++number)
      if (lines[number - 1].find("constexpr") != std::string_view::npos ||
          lines[number - 1].find("consteval") != std::string_view::npos)
        return true;
    return false;
  }

  const Workspace& workspace_;
  std::map<std::string, std::optional<std::uint32_t>> sources_;
  std::map<std::uint32_t, std::string> texts_;
};

}  // namespace

struct TestCoverage::State {
  explicit State(Context& its_context) : context(its_context), keeper(its_context.workspace) {}

  Context& context;
  std::optional<io::TemporaryFolder> folder;
  Keeper keeper;
  Sum sum;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<testing::CoveredProcess> waiting;
  bool closed = false;
  std::jthread reader;

  // The reader's own.
  std::map<std::string, std::string> notes;  // .gcno files, by path
  std::map<std::string, std::shared_ptr<Parsed>> parsed;
  std::vector<std::pair<testing::TestIndex, std::vector<std::shared_ptr<Parsed>>>> results;
  std::set<testing::TestIndex> lost;
  std::set<std::string> complaints;
  std::vector<std::pair<std::string, std::string>> tools;  // llvm-profdata and llvm-cov, of one release each
  std::size_t tool = 0;
  bool tools_known = false, tool_works = false;
  // Binaries whose profiles clang's tools can explain.
  std::function<std::vector<std::string>(const testing::CoveredProcess&)> binaries;

  void read_all() {
    for (;;) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return closed || !waiting.empty(); });
      if (waiting.empty()) return;
      auto process = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      read(process);
      testing::remove_tree(process.folder);
    }
  }

  void read(const testing::CoveredProcess& process) {
    std::vector<std::shared_ptr<Parsed>> found;
    std::vector<std::string> profiles;
    if (auto entries = io::walk(process.folder)) {
      for (const auto& entry : *entries) {
        if (entry.type != io::EntryType::file) continue;
        if (entry.path.ends_with(".gcda")) {
          if (auto one = read_gcov(process.folder, entry.path)) found.push_back(std::move(one));
        } else if (entry.path.ends_with(".profraw")) {
          profiles.push_back(io::join_path(process.folder, entry.path));
        }
      }
    }
    if (!profiles.empty()) {
      if (auto one = read_profiles(process, profiles)) found.push_back(std::move(one));
    }
    for (const auto test : process.tests) {
      if (process.killed) {
        lost.insert(test);
      } else if (!found.empty()) {
        results.emplace_back(test, found);
      }
    }
  }

  std::shared_ptr<Parsed> take_report(coverage::Report report) {
    auto made = std::make_shared<Parsed>();
    for (auto& file : report.files) {
      file.path = keeper.own_path(file.path);
      if (file.path.empty()) continue;
      normalize(file, coverage::Instances::add);
      made->files.push_back(std::move(file));
    }
    for (const auto& note : report.notes) complaints.insert(note);
    keeper.keep(*made);
    return made;
  }

  // "abs/path/x.gcda" below the process's folder stands for /abs/path/x.gcno.
  std::shared_ptr<Parsed> read_gcov(const std::string& base, const std::string& below) {
    const std::string notes_path = "/" + below.substr(0, below.size() - 5) + ".gcno";
    auto data = io::read_file(io::join_path(base, below), kDataBytes);
    if (!data) return nullptr;
    const std::string key = notes_path + ":" + crypto::sha256_hex(*data);
    if (const auto known = parsed.find(key); known != parsed.end()) {
      if (known->second) ++known->second->times;
      return known->second;
    }
    auto known_notes = notes.find(notes_path);
    if (known_notes == notes.end()) {
      auto text = io::read_file(notes_path, kDataBytes);
      if (!text) complaints.insert(format("{} is missing: its object was built elsewhere", notes_path));
      known_notes = notes.emplace(notes_path, text ? std::move(*text) : std::string()).first;
    }
    std::shared_ptr<Parsed> made;
    if (!known_notes->second.empty()) {
      coverage::ReaderOptions options;
      const std::string root = context.workspace.root() + "/";
      options.wanted = [&root](std::string_view path) { return !path.starts_with('/') || path.starts_with(root); };
      auto report =
          coverage::read_gcov_bytes(known_notes->second, *data, notes_path.substr(0, notes_path.size() - 5), options);
      if (report) {
        made = take_report(std::move(*report));
        made->times = 1;
      } else {
        complaints.insert(to_string(report.error()));
      }
    }
    if (parsed.size() >= kParsedKept) settle_parsed();
    parsed.emplace(key, made);
    return made;
  }

  void settle_parsed() {
    for (const auto& [key, one] : parsed) {
      if (!one) continue;
      for (const auto& file : one->files) sum.add(file, one->times);
      one->files.clear();
    }
    parsed.clear();
  }

  // Each release of clang writes profiles that only tools at least as new read: newest last, tried until one does.
  void find_tools() {
    if (std::exchange(tools_known, true)) return;
    for (const std::string ending : {"", "-14", "-15", "-16", "-17", "-18", "-19", "-20", "-21", "-22"}) {
      auto first = io::find_program("llvm-profdata" + ending), second = io::find_program("llvm-cov" + ending);
      if (first && second) tools.emplace_back(*first, *second);
    }
    if (tools.empty()) complaints.insert("clang's profiles need llvm-profdata and llvm-cov, which are not installed");
  }

  Result<std::string> export_profiles(const std::pair<std::string, std::string>& pair,
                                      const testing::CoveredProcess& process,
                                      const std::vector<std::string>& profiles) {
    const auto run = [&](io::ProcessSpec spec) -> Result<std::string> {
      spec.max_output_bytes = kDataBytes;
      spec.timeout = std::chrono::minutes(5);
      auto ran = TRY(io::run_process(spec, &context.cancel));
      if (ran.reason == io::ExitReason::exited && ran.exit_code == 0) return std::move(ran.output);
      return fail(ErrorKind::input, "testing.profile",
                  format("{}: {}", spec.arguments.front(), text::trim(ran.error_output).substr(0, 500)));
    };
    const std::string merged = io::join_path(process.folder, "merged.profdata");
    io::ProcessSpec merge;
    merge.arguments = {pair.first, "merge", "-sparse", "-o", merged};
    merge.arguments.insert(merge.arguments.end(), profiles.begin(), profiles.end());
    (void)TRY(run(std::move(merge)));
    io::ProcessSpec exported;
    exported.arguments = {pair.second, "export", "-format=text", "-skip-expansions", "-instr-profile=" + merged};
    bool first = true;
    for (const auto& binary : binaries(process)) {
      if (!first) exported.arguments.emplace_back("-object");
      first = false;
      exported.arguments.push_back(binary);
    }
    return run(std::move(exported));
  }

  std::shared_ptr<Parsed> read_profiles(const testing::CoveredProcess& process,
                                        const std::vector<std::string>& profiles) {
    find_tools();
    Result<std::string> exported = std::string();
    for (; tool < tools.size(); ++tool) {
      exported = export_profiles(tools[tool], process, profiles);
      // What one release read once, it reads again: later trouble is another's.
      if (exported || tool_works) break;
    }
    if (!exported) {
      complaints.insert(exported.error().message);
      return nullptr;
    }
    if (exported->empty()) return nullptr;
    tool_works = true;
    coverage::ReaderOptions options;
    options.wanted = [this](std::string_view path) { return !keeper.own_path(std::string(path)).empty(); };
    auto input = coverage::Input::memory("llvm-cov export", *exported);
    auto report = coverage::read_llvm_json(input, options);
    if (!report) {
      complaints.insert(to_string(report.error()));
      return nullptr;
    }
    auto made = take_report(std::move(*report));
    for (const auto& file : made->files) sum.add(file, 1);
    made->files.clear();
    return made;
  }

  // ---- Python -----------------------------------------------------------------------------------------------------

  doc::Value read_json(const std::string& path) {
    auto text = io::read_file(path, kDataBytes);
    if (!text) return {};
    auto value = doc::parse_json(*text);
    return value ? std::move(*value) : doc::Value();
  }

  // Functions and imports, as the worker told them, of a source; without them a change of it counts for all that ran
  // it.
  void describe_python(const doc::Value& sources, const std::string& absolute, std::uint32_t source) {
    const auto* told = sources.find(absolute);
    if (told == nullptr) return;
    if (const auto* functions = told->find("functions"); functions && functions->is_array()) {
      for (const auto& row : functions->items()) {
        if (!row.is_array() || row.items().size() != 3 || !row.items()[2].is_string()) continue;
        testing::CodeFunction code;
        code.first = static_cast<std::uint32_t>(row.items()[0].as_integer().value_or(0));
        code.last = static_cast<std::uint32_t>(row.items()[1].as_integer().value_or(0));
        code.name = row.items()[2].as_string();
        keeper.map.add_function(source, code);
      }
    }
    testing::SourceVersion imports;
    imports.path = keeper.map.sources()[source].path;
    imports.digest = keeper.map.sources()[source].digest;
    if (const auto* list = told->find("imports"); list && list->is_array()) {
      for (const auto& item : list->items()) {
        const std::string path = item.is_string() ? keeper.own_path(item.as_string()) : std::string();
        if (!path.empty()) imports.imports.push_back(path);
      }
    }
    (void)keeper.map.add_source(imports);
  }

  void read_python(const testing::SessionResult& session, testing::ProgramIndex program,
                   const std::string& data_folder) {
    const auto sources = read_json(data_folder + "/sources.json"), links = read_json(data_folder + "/links.json");
    std::map<std::string, std::vector<std::uint32_t>> by_context;
    coverage::ReaderOptions options;
    options.wanted = [this](std::string_view path) { return !keeper.own_path(std::string(path)).empty(); };
    options.read_source = [](std::string_view path) -> std::optional<std::string> {
      auto text = io::read_file(std::string(path));
      return text ? std::optional(std::move(*text)) : std::nullopt;
    };
    std::set<std::string> described, all_sources;
    auto entries = io::walk(data_folder);
    if (!entries) return;
    for (const auto& entry : *entries) {
      if (entry.type != io::EntryType::file || !entry.path.starts_with("data.")) continue;
      const std::string path = io::join_path(data_folder, entry.path);
      auto contexts = coverage::read_coveragepy_contexts(path);
      if (!contexts) {
        complaints.insert(to_string(contexts.error()));
        continue;
      }
      for (auto& ran : *contexts) {
        const std::string own = keeper.own_path(ran.path);
        const auto source = own.empty() ? std::nullopt : keeper.source(own);
        if (!source) continue;
        all_sources.insert(own);
        if (described.insert(own).second) describe_python(sources, ran.path, *source);
        if (ran.context.empty()) continue;  // imports, before the tests
        testing::CoveredSet set;
        set.source = *source;
        const auto& functions = keeper.map.sources()[*source].functions;
        for (std::uint32_t i = 0; i < functions.size(); ++i) {
          const auto line = std::lower_bound(ran.lines.begin(), ran.lines.end(), functions[i].first);
          if (line != ran.lines.end() && *line <= functions[i].last) set.functions.push_back(i);
        }
        set.lines = std::move(ran.lines);
        by_context[ran.context].push_back(keeper.map.add_set(std::move(set)));
      }
      if (auto report = coverage::read_report_file(path, options)) {
        for (auto& file : report->files) {
          file.path = keeper.own_path(file.path);
          normalize(file, coverage::Instances::add);
          sum.add(file, 1);
        }
      }
    }
    record_python(session, program, by_context, links);
    auto& known = keeper.map.program(session.catalog->programs[program].id);
    known.sources.assign(all_sources.begin(), all_sources.end());
  }

  void record_python(const testing::SessionResult& session, testing::ProgramIndex program,
                     const std::map<std::string, std::vector<std::uint32_t>>& by_context, const doc::Value& links) {
    std::set<std::string> linked;
    if (links.is_object()) {
      for (const auto& member : links.members()) {
        if (!member.value.is_array()) continue;
        for (const auto& item : member.value.items())
          if (item.is_string()) linked.insert(item.as_string());
      }
    }
    // A fixture asked for by name while a test ran may serve any other.
    std::vector<std::uint32_t> for_all;
    for (const auto& [name, sets] : by_context) {
      if (name.starts_with("fixture|") && !linked.contains(name))
        for_all.insert(for_all.end(), sets.begin(), sets.end());
    }
    for (const auto test : session.selected) {
      const auto& known = session.catalog->tests[test];
      if (known.program != program || session.result.records[test].attempts.empty()) continue;
      const auto found = by_context.find(known.name);
      const bool skipped = session.result.records[test].verdict == testing::Verdict::skipped;
      if (found == by_context.end()) {
        if (!skipped) lost.insert(test);
        continue;
      }
      auto sets = found->second;
      sets.insert(sets.end(), for_all.begin(), for_all.end());
      const auto* fixtures = links.find(known.name);
      if (fixtures != nullptr && fixtures->is_array()) {
        for (const auto& item : fixtures->items()) {
          const auto of_fixture = item.is_string() ? by_context.find(item.as_string()) : by_context.end();
          if (of_fixture != by_context.end())
            sets.insert(sets.end(), of_fixture->second.begin(), of_fixture->second.end());
        }
      }
      keeper.map.record(testing::test_id(session.catalog->programs, known), std::move(sets));
      ++recorded;
    }
  }

  std::size_t recorded = 0;
};

TestCoverage::TestCoverage(Context& context) : state_(std::make_unique<State>(context)) {}

TestCoverage::~TestCoverage() {
  if (!state_->reader.joinable()) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    state_->wake.notify_all();
  }
  state_->reader.join();
}

Result<void> TestCoverage::attach(testing::SessionRequest& request) {
  auto* state = state_.get();
  state->folder = TRY(io::TemporaryFolder::create("chiron-coverage"));
  request.run.coverage_folder = state->folder->path();
  request.run.covered = [state](testing::CoveredProcess process) {
    const std::lock_guard lock(state->mutex);
    state->waiting.push_back(std::move(process));
    state->wake.notify_one();
  };
  request.listed = [state](const testing::Catalog& catalog) {
    state->binaries = [&catalog](const testing::CoveredProcess& process) -> std::vector<std::string> {
      const auto& program = catalog.programs[process.program];
      if (program.framework != testing::Framework::ctest) return {program.path};
      std::vector<std::string> paths;
      for (const auto test : process.tests) {
        const auto& details = catalog.tests[test].ctest;
        if (details && !details->command.empty()) paths.push_back(details->command.front());
      }
      return paths;
    };
    state->reader = std::jthread([state] { state->read_all(); });
  };
  return {};
}

Result<void> TestCoverage::finish(testing::SessionResult& session, std::vector<std::string>& notices) {
  State& state = *state_;
  if (state.reader.joinable()) {
    {
      const std::lock_guard lock(state.mutex);
      state.closed = true;
      state.wake.notify_all();
    }
    state.reader.join();
  }
  const auto& catalog = *session.catalog;
  std::map<testing::ProgramIndex, std::set<std::string>> sources;
  std::set<testing::ProgramIndex> measured;
  std::map<testing::TestIndex, std::vector<std::uint32_t>> sets;
  for (const auto& [test, found] : state.results) {
    for (const auto& one : found) {
      sets[test].insert(sets[test].end(), one->sets.begin(), one->sets.end());
      sources[catalog.tests[test].program].insert(one->sources.begin(), one->sources.end());
    }
  }
  for (auto& [test, its_sets] : sets) {
    state.keeper.map.record(testing::test_id(catalog.programs, catalog.tests[test]), std::move(its_sets));
    measured.insert(catalog.tests[test].program);
    ++state.recorded;
  }
  state.settle_parsed();
  std::set<testing::ProgramIndex> asked;
  for (const auto test : session.selected)
    if (!session.result.records[test].attempts.empty()) asked.insert(catalog.tests[test].program);
  for (const auto program : asked) {
    const auto& known = catalog.programs[program];
    if (known.framework == testing::Framework::pytest) {
      const auto before = state.recorded;
      state.read_python(session, program, format("{}/pytest-{}", state.folder->path(), program));
      if (state.recorded > before) measured.insert(program);
    } else if (sources.contains(program)) {
      auto& record = state.keeper.map.program(known.id);
      record.sources.assign(sources[program].begin(), sources[program].end());
      if (auto file = io::MappedFile::open(known.path); file && !io::is_folder(known.path))
        record.digest = crypto::sha256_hex(file->bytes());
    }
    if (!measured.contains(program)) {
      session.result.problems.push_back(
          format("{} left no coverage: build it with --coverage (GCC), or -fprofile-instr-generate -fcoverage-mapping "
                 "(clang)",
                 known.id));
    }
  }
  std::string names;
  std::size_t count = 0;
  for (const auto test : state.lost) {
    if (!measured.contains(catalog.tests[test].program)) continue;
    if (++count <= kNamesShown)
      names += (count > 1 ? ", " : "") + testing::test_id(catalog.programs, catalog.tests[test]);
  }
  if (count > kNamesShown) names += format(" and {} more", count - kNamesShown);
  if (count > 0)
    notices.push_back(format("the coverage of {} test{} is lost, because the process was killed: {}", count,
                             count == 1 ? "" : "s", names));
  for (const auto& complaint : state.complaints) notices.push_back(complaint);
  if (state.recorded == 0) return {};
  const std::string folder = state.context.workspace.absolute(".chiron/test");
  TRY(io::make_folders(folder));
  const auto files = state.sum.take();
  TRY(io::write_file_atomic(folder + "/coverage.info", coverage::write_lcov(files)));
  TRY(testing::update_coverage_map(coverage_map_path(state.context), state.keeper.map));
  notices.push_back(
      format("what {} tests ran of {} files is recorded; the sum: chiron coverage show "
             ".chiron/test/coverage.info",
             state.recorded, files.size()));
  return {};
}

std::string coverage_map_path(const Context& context) {
  return context.workspace.absolute(".chiron/test/coverage.sqlite");
}

}  // namespace chiron
