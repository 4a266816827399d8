// The event loop: starts processes while there is room, reads what they say, ends the ones that hang, and hands what
// failed to investigations. One thread; nothing here blocks but epoll_wait.
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/testing/process.h"
#include "engines/testing/schedule.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

namespace chiron::testing {
namespace {

constexpr auto kZygotePatience = std::chrono::seconds(3);  // for word of a fork that is gone
constexpr std::string_view kClosedOutput = "the test closed the output of its process; judged by GoogleTest's result file";
constexpr auto kPause = std::chrono::milliseconds(1);      // small writes are left to gather this long
constexpr std::size_t kBatchesOfUnmeasured = 32;           // tests a pytest worker takes at once while nothing is known
constexpr std::size_t kHuntLimit = 20;                     // leaks searched for in one run

class Runner {
 public:
  Runner(Catalog& catalog, const std::vector<TestIndex>& selected, const Durations& durations, const RunOptions& options,
         const std::vector<OrderDependence>& known, const EventSink& sink)
      : catalog_(catalog), selected_(selected), durations_(durations), options_(options), known_(known), sink_(sink),
        workers_(options.workers ? options.workers : std::max(1u, std::thread::hardware_concurrency())),
        schedule_(catalog, options, workers_) {}

  Result<RunResult> run();

 private:
  void emit(EventKind kind, std::string text, std::uint64_t number = 0);
  void run_setups();
  void make_queue();
  void start_what_fits();
  bool start_investigation();
  bool start_hunt();
  Result<void> start(Job job);
  Result<void> start_own(Process& process);
  Result<void> start_fork(Process& process);
  void give_tests(Process& process);
  void wait();
  void read_output(Process& process);
  void read_link(Process& process);
  void check_timers();
  void end_tree(Process& process, bool at_once);
  void close_process(Process& process);
  void judge_unfinished(Process& process);
  void look_for_leaks(Process& process);
  void take_normal(Process& process);
  void take_hunt(Process& process, bool leaked);
  void suspect(const Process& process, const TestSlot& slot);
  void conclude(Investigation& investigation);
  [[nodiscard]] bool explained(TestIndex victim, const std::vector<TestIndex>& before) const;
  [[nodiscard]] std::vector<TestIndex> definition_before(TestIndex victim) const;
  void settle_verdicts();
  void restart_zygote(ProgramIndex program);
  void watch(int fd, std::uint64_t key, bool add);
  void count_failure();

  Catalog& catalog_;
  const std::vector<TestIndex>& selected_;
  const Durations& durations_;
  const RunOptions& options_;
  const std::vector<OrderDependence>& known_;
  const EventSink& sink_;
  unsigned workers_;
  Schedule schedule_;
  RunResult result_;
  Descriptor epoll_;
  std::vector<std::unique_ptr<Process>> running_;
  std::vector<std::unique_ptr<Investigation>> investigations_;
  std::vector<Investigation*> waiting_investigations_;
  std::vector<std::unique_ptr<LeakHunt>> hunts_;
  std::unordered_map<TestIndex, Investigation*> by_victim_;
  std::vector<TestIndex> selected_sorted_;
  Environment setup_environment_;
  unsigned failures_ = 0, searches_ = 0;
  unsigned zygote_restarts_ = 0;
  std::uint32_t next_number_ = 1;
  bool stopping_ = false;
  std::string run_token_;
};

// Keys of epoll: process number and what of it.
enum class Watched : std::uint64_t { output, pidfd, link, zygote };
std::uint64_t key_of(std::uint32_t number, Watched what) { return (std::uint64_t{number} << 2) | static_cast<std::uint64_t>(what); }

void Runner::emit(EventKind kind, std::string text, std::uint64_t number) {
  Event event;
  event.kind = kind;
  event.text = std::move(text);
  event.number = number;
  sink_(event);
}

void Runner::watch(int fd, std::uint64_t key, bool add) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (add) epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  else epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event);
}

void Runner::run_setups() {
  for (const auto& setup : options_.setups) {
    const bool needed = std::any_of(selected_.begin(), selected_.end(), [&](TestIndex test) {
      return setup.filter.matches(catalog_.tests[test], options_.filter_context);
    });
    if (!needed) continue;
    const std::string path = format("{}/setup.env", options_.scratch_folder);
    (void)io::write_file_atomic(path, "");
    io::ProcessSpec spec;
    spec.arguments = setup.command;
    spec.environment = options_.environment;
    spec.environment.insert(spec.environment.end(), setup_environment_.begin(), setup_environment_.end());
    spec.environment.emplace_back("CHIRON_ENV", path);
    spec.timeout = setup.timeout;
    spec.merge_streams = true;
    auto ran = io::run_process(spec, options_.cancel);
    const bool well = ran && ran->reason == io::ExitReason::exited && ran->exit_code == 0;
    if (!well) {
      result_.problems.push_back(ran ? format("setup script {} failed (exit code {}):\n{}", setup.name, ran->exit_code, ran->output)
                                     : format("setup script {} did not start: {}", setup.name, ran.error().message));
      stopping_ = true;
      emit(EventKind::setup_finished, setup.name, 1);
      return;
    }
    if (auto lines = io::read_file(path, 1u << 20)) {
      for (const auto line : text::split_lines(*lines)) {
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos && equals > 0) {
          setup_environment_.emplace_back(line.substr(0, equals), line.substr(equals + 1));
        }
      }
    }
    emit(EventKind::setup_finished, setup.name, 0);
  }
}

void Runner::make_queue() {
  std::vector<Batch> batches;
  std::vector<TestIndex> to_run;
  for (const TestIndex test : selected_) {
    if (catalog_.tests[test].disabled) {
      result_.records[test].verdict = Verdict::skipped;
    } else {
      to_run.push_back(test);
    }
  }
  if (options_.replay.empty()) {
    batches = plan_batches(catalog_, to_run, durations_, options_, workers_);
  } else {
    for (const auto& recorded : options_.replay) {
      Batch batch;
      batch.program = recorded.program;
      batch.tests = recorded.tests;
      batch.order = recorded.order;
      for (const TestIndex test : recorded.tests) {
        if (durations_.of.size() > test && durations_.of[test]) batch.estimate += *durations_.of[test];
      }
      batches.push_back(std::move(batch));
    }
  }
  schedule_.fill(std::move(batches), durations_, to_run);
}

Result<RunResult> Runner::run() {
  const auto begin = Clock::now();
  result_.records.resize(catalog_.tests.size());
  selected_sorted_ = selected_;
  std::sort(selected_sorted_.begin(), selected_sorted_.end());
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return std::unexpected(io::errno_error("make", "an event queue", errno));
  const Subreaper subreaper;
  run_token_ = format("{:x}-{:x}", static_cast<std::uint64_t>(getpid()), Random(static_cast<std::uint64_t>(begin.time_since_epoch().count())).next());
  emit(EventKind::run_started, "", options_.seed);
  emit(EventKind::listed, "", selected_.size());
  for (std::size_t i = 0; i < catalog_.zygotes.size(); ++i) {
    if (catalog_.zygotes[i] && !catalog_.zygotes[i]->broken()) {
      watch(catalog_.zygotes[i]->link().get(), key_of(static_cast<std::uint32_t>(i), Watched::zygote), true);
    }
  }
  run_setups();
  if (!stopping_) make_queue();
  for (;;) {
    if (options_.cancel && options_.cancel->cancelled() && !result_.interrupted) {
      result_.interrupted = true;
      stopping_ = true;
      for (auto& process : running_) end_tree(*process, true);
    }
    if (!stopping_) start_what_fits();
    if (running_.empty()) break;
    wait();
  }
  for (const auto& zygote : catalog_.zygotes) {
    if (zygote) watch(zygote->link().get(), 0, false);
  }
  settle_verdicts();
  result_.wall = Clock::now() - begin;
  emit(EventKind::run_finished, "");
  return std::move(result_);
}

void Runner::start_what_fits() {
  for (;;) {
    auto batch = schedule_.next();
    if (!batch) break;
    Job job;
    job.batch = std::move(*batch);
    if (auto started = start(std::move(job)); !started) {
      result_.problems.push_back(to_string(started.error()));
    }
  }
  for (const TestIndex test : schedule_.take_blocked()) {
    Attempt attempt;
    attempt.status = Status::failed;
    attempt.message = "not run: a fixture that it requires failed";
    result_.records[test].attempts.push_back(std::move(attempt));
    result_.records[test].verdict = Verdict::failed;
    Event event;
    event.kind = EventKind::test_finished;
    event.test = test;
    event.attempt = &result_.records[test].attempts.back();
    sink_(event);
    count_failure();
  }
  while (schedule_.has_room() && start_investigation()) {
  }
  while (schedule_.has_room() && start_hunt()) {
  }
}

bool Runner::start_investigation() {
  if (waiting_investigations_.empty()) return false;
  Investigation* investigation = waiting_investigations_.front();
  waiting_investigations_.erase(waiting_investigations_.begin());
  auto request = investigation->next();
  if (!request) {
    conclude(*investigation);
    return true;
  }
  Job job;
  job.batch.program = catalog_.tests[request->tests.front()].program;
  job.batch.tests = std::move(request->tests);
  job.batch.order = request->order;
  job.purpose = request->purpose;
  job.investigation = investigation;
  if (auto started = start(std::move(job)); !started) {
    result_.problems.push_back(to_string(started.error()));
    return true;
  }
  return true;
}

bool Runner::start_hunt() {
  for (auto& hunt : hunts_) {
    if (hunt->in_flight || hunt->candidates.empty()) continue;
    if (hunt->candidates.size() == 1) {
      hunt->leak.test = hunt->candidates.front();
      result_.leaks.push_back(hunt->leak);
      Event event;
      event.kind = EventKind::leak;
      event.leak = &result_.leaks.back();
      event.test = hunt->leak.test;
      sink_(event);
      hunt->candidates.clear();
      continue;
    }
    const auto middle = hunt->candidates.begin() + static_cast<std::ptrdiff_t>(hunt->candidates.size() / 2);
    if (hunt->second_half) hunt->half.assign(middle, hunt->candidates.end());
    else hunt->half.assign(hunt->candidates.begin(), middle);
    Job job;
    job.batch.program = catalog_.tests[hunt->half.front()].program;
    job.batch.tests = hunt->half;
    job.batch.order = hunt->order;
    job.purpose = Purpose::leak_hunt;
    job.hunt = hunt.get();
    hunt->in_flight = true;
    if (!start(std::move(job))) hunt->candidates.clear();
    return true;
  }
  return false;
}

Result<void> Runner::start(Job job) {
  auto owned = std::make_unique<Process>(catalog_, std::move(job), next_number_++, options_, sink_);
  Process& process = *owned;
  process.token = format("{}-{}", run_token_, process.number);
  process.folder = format("{}/p{}", options_.scratch_folder, process.number);
  process.files_folder = format("{}/f{}", options_.scratch_folder, process.number);
  mkdir(process.folder.c_str(), 0700);
  process.started_at = process.test_started_at = Clock::now();
  const bool python = catalog_.programs[process.job.batch.program].framework == Framework::pytest;
  auto started = python ? start_fork(process) : start_own(process);
  if (!started) {
    remove_tree(process.folder);
    remove_tree(process.files_folder);
    schedule_.release(process.job.batch);
    for (const TestIndex test : process.job.batch.tests) {
      auto& record = result_.records[test];
      if (process.job.investigation && test != process.job.investigation->suspicion().victim) continue;
      Attempt attempt;
      attempt.status = Status::lost;
      attempt.message = started.error().message;
      record.attempts.push_back(std::move(attempt));
    }
    if (process.job.batch.shared_queue) schedule_.drop_shared(process.job.batch.program);
    return started;
  }
  ++result_.process_count;
  watch(process.output_pipe.get(), key_of(process.number, Watched::output), true);
  schedule_.occupy(process.job.batch);
  Event event;
  event.kind = EventKind::process_started;
  event.process = process.number;
  event.purpose = process.job.purpose;
  event.tests = &process.job.batch.tests;
  event.order = process.job.batch.order;
  sink_(event);
  // What is itself one test starts with its process.
  const bool whole = process.tap || process.ctest;
  running_.push_back(std::move(owned));
  if (whole) {
    process.start_slot(0);
  } else if (!process.link) {
    process.deadline = process.started_at + settings_of(catalog_.tests[process.slots.front().test], options_).hard;
  }
  return {};
}

Result<void> Runner::start_own(Process& process) {
  const Batch& batch = process.job.batch;
  const Program& program = catalog_.programs[batch.program];
  process.assign(batch.tests);
  Invocation invocation;
  if (const Adapter* adapter = find_adapter(program.framework)) {
    std::vector<const TestCase*> cases;
    cases.reserve(batch.tests.size());
    for (const TestIndex test : batch.tests) cases.push_back(&catalog_.tests[test]);
    invocation = adapter->invoke(program, cases, schedule_.runnable_of(batch.program), batch.order);
    process.reader = adapter->make_reader();
    if (program.framework == Framework::googletest && batch.tests.size() == 1) {
      // A test that closes its output still leaves this file; a test that ends its process does not.
      mkdir(process.files_folder.c_str(), 0700);
      process.result_file = process.files_folder + "/result.xml";
      invocation.arguments.push_back("--gtest_output=xml:" + process.result_file);
    }
  } else if (program.framework == Framework::ctest) {
    const TestCase& test = catalog_.tests[batch.tests.front()];
    process.ctest = test.ctest.get();
    for (const auto& path : process.ctest->required_files) {
      if (!io::exists(path)) return fail(ErrorKind::input, "testing.required-file", format("{}: required file {} is missing", test.name, path));
    }
    if (process.ctest->command.empty()) {
      return fail(ErrorKind::input, "testing.not-built", format("{}: CTest knows no command for it; is it built?", test.name));
    }
    invocation.arguments = process.ctest->command;
    invocation.environment = process.ctest->environment;
    invocation.working_folder = process.ctest->working_folder.empty() ? program.path : process.ctest->working_folder;
  } else {
    process.tap = std::make_unique<TapReader>();
    invocation.arguments.push_back(program.path.find('/') == std::string::npos ? "./" + program.path : program.path);
    invocation.arguments.insert(invocation.arguments.end(), program.arguments.begin(), program.arguments.end());
    invocation.working_folder = program.working_folder;
  }
  if (!invocation.file_content.empty()) {
    mkdir(process.files_folder.c_str(), 0700);
    const std::string path = process.files_folder + "/filter";
    TRY(io::write_file_atomic(path, invocation.file_content));
    for (auto& argument : invocation.arguments) argument = text::replace_all(argument, kFilePlaceholder, path);
  }
  Environment own = {{"TMPDIR", process.folder},       {"TMP", process.folder},  {"TEMP", process.folder},
                     {"TEST_TMPDIR", process.folder},  {"CHIRON_TEST_PROCESS", process.token},
                     {"CHIRON_TEST_SEED", format("{}", options_.seed)}};
  if (!options_.coverage_folder.empty()) {
    const std::string folder = format("{}/{}", options_.coverage_folder, process.number);
    own.emplace_back("GCOV_PREFIX", folder);
    own.emplace_back("LLVM_PROFILE_FILE", folder + "/%m.profraw");
  }
  static constexpr std::string_view kWithout[] = {"GTEST_FILTER",      "GTEST_OUTPUT",           "GTEST_ALSO_RUN_DISABLED_TESTS",
                                                    "GTEST_SHUFFLE",     "GTEST_FAIL_FAST",        "GTEST_TOTAL_SHARDS",
                                                    "GTEST_SHARD_INDEX", "GTEST_SHARD_STATUS_FILE", "GTEST_RANDOM_SEED"};
  const Environment* lists[] = {&options_.environment, &setup_environment_, &program.environment, &invocation.environment, &own};
  const auto environment = build_environment(lists, kWithout);
  PipePair pipe = TRY(make_pipe());
  SpawnRequest request;
  request.arguments = &invocation.arguments;
  request.environment = &environment;
  request.working_folder = invocation.working_folder;
  request.output = pipe.write.get();
  process.child = TRY(spawn(request));
  process.output_pipe = std::move(pipe.read);
  watch(process.child.pidfd.get(), key_of(process.number, Watched::pidfd), true);
  return {};
}

Result<void> Runner::start_fork(Process& process) {
  const Batch& batch = process.job.batch;
  if (!catalog_.zygotes[batch.program] || catalog_.zygotes[batch.program]->broken()) restart_zygote(batch.program);
  process.zygote = catalog_.zygotes[batch.program];
  if (!process.zygote || process.zygote->broken()) {
    return fail(ErrorKind::input, "testing.pytest", format("{}: the collected Python process is gone", catalog_.programs[batch.program].id));
  }
  PipePair pipe = TRY(make_pipe());
  PipePair sockets = TRY(make_socket_pair());
  doc::Value message;
  message.set("do", doc::Value("fork"));
  message.set("process", doc::Value(process.number));
  message.set("worker", doc::Value(format("gw{}", schedule_.lane_of(batch))));
  message.set("workers", doc::Value(workers_));
  message.set("run", doc::Value(run_token_));
  message.set("token", doc::Value(process.token));
  message.set("folder", doc::Value(process.folder));
  message.set("output", doc::Value(options_.keep_output));
  if (options_.shuffle) message.set("seed", doc::Value(options_.seed & 0xFFFFFFFF));
  if (!options_.coverage_folder.empty()) message.set("coverage", doc::Value(format("{}/{}", options_.coverage_folder, process.number)));
  doc::Value exports;
  const Environment* lists[] = {&options_.environment, &setup_environment_};
  for (const Environment* list : lists) {
    for (const auto& [name, value] : *list) exports.set(name, doc::Value(value));
  }
  if (!exports.is_null()) message.set("environment", std::move(exports));
  const int descriptors[] = {sockets.write.get(), pipe.write.get()};
  if (!process.zygote->link().send(doc::write_json(message) + "\n", descriptors)) {
    process.zygote->mark_broken();
    return fail(ErrorKind::io, "testing.pytest", "the collected Python process does not listen any more");
  }
  process.forked = true;
  process.link = std::make_unique<WorkerLink>(std::move(sockets.read));
  process.output_pipe = std::move(pipe.read);
  watch(process.link->get(), key_of(process.number, Watched::link), true);
  if (batch.shared_queue) {
    give_tests(process);
  } else {
    process.assign(batch.tests);
    std::string line = "{\"do\":\"run\",\"run\":[";
    for (const TestIndex test : batch.tests) line += format("{},", test - process.zygote->first_test);
    line.back() = ']';
    process.link->send(line + "}\n{\"do\":\"close\"}\n");
    process.closed = true;
  }
  process.deadline = process.started_at + settings_of(catalog_.tests[batch.tests.empty() ? process.slots.front().test : batch.tests.front()], options_).hard;
  return {};
}

void Runner::give_tests(Process& process) {
  if (process.closed) return;
  const auto tests = stopping_ ? std::vector<TestIndex>{}
                               : schedule_.take_shared(process.job.batch.program, kBatchesOfUnmeasured);
  if (tests.empty()) {
    process.link->send("{\"do\":\"close\"}\n");
    process.closed = true;
    return;
  }
  process.assign(tests);
  std::string line = "{\"do\":\"run\",\"run\":[";
  for (const TestIndex test : tests) line += format("{},", test - process.zygote->first_test);
  line.back() = ']';
  process.link->send(line + "}\n");
}

void Runner::wait() {
  int timeout = 250;
  const auto now = Clock::now();
  for (const auto& process : running_) {
    if (process->output_paused) timeout = static_cast<int>(kPause.count());
    for (const auto& time : {process->deadline, process->slow_at, process->kill_at}) {
      if (!time) continue;
      const auto left = std::chrono::duration_cast<Milliseconds>(*time - now).count() + 1;
      timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, timeout));
    }
  }
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  for (auto& process : running_) {
    if (!process->output_paused) continue;
    process->output_paused = false;
    watch(process->output_pipe.get(), key_of(process->number, Watched::output), true);
  }
  for (int i = 0; i < count; ++i) {
    const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
    const auto what = static_cast<Watched>(key & 3);
    const auto number = static_cast<std::uint32_t>(key >> 2);
    if (what == Watched::zygote) {
      Zygote& zygote = *catalog_.zygotes[number];
      std::vector<WorkerMessage> messages;
      const bool open = zygote.link().read(messages);
      for (auto& message : messages) {
        const auto process_number = message.value.integer_or("process", 0);
        for (auto& process : running_) {
          if (process->number != process_number || !process->forked) continue;
          const std::string_view event = message.value.string_or("event", "");
          if (event == "forked") process->child.pid = static_cast<pid_t>(message.value.integer_or("pid", -1));
          if (event == "ended") {
            Ended ended;
            ended.exit_code = static_cast<int>(message.value.integer_or("code", 0));
            ended.signal = static_cast<int>(message.value.integer_or("signal", 0));
            process->end = ended;
          }
        }
      }
      if (!open) {
        zygote.mark_broken();
        watch(zygote.link().get(), 0, false);
        for (auto& process : running_) {
          // Its forks have lost the parent that would tell how they ended.
          if (process->forked && process->zygote.get() == &zygote && !process->end) {
            if (process->child.pid > 0) kill(process->child.pid, SIGKILL);
            process->end = Ended{0, SIGKILL, {}};
          }
        }
      }
      continue;
    }
    const auto found = std::find_if(running_.begin(), running_.end(), [&](const auto& p) { return p->number == number; });
    if (found == running_.end()) continue;
    Process& process = **found;
    if (what == Watched::output) read_output(process);
    else if (what == Watched::link) read_link(process);
    else if (!process.end) process.end = reap(process.child.pid);
  }
  check_timers();
  for (std::size_t i = 0; i < running_.size();) {
    if (!running_[i]->end) {
      ++i;
      continue;
    }
    auto ended = std::move(running_[i]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    close_process(*ended);
  }
}

void Runner::read_output(Process& process) {
  std::array<char, 65536> piece;
  // A bounded number of reads in a row: one process that prints without end must not starve the others.
  for (int round = 0; round < 16; ++round) {
    const ssize_t count = ::read(process.output_pipe.get(), piece.data(), piece.size());
    if (count > 0) {
      process.feed({piece.data(), static_cast<std::size_t>(count)});
      if (static_cast<std::size_t>(count) < piece.size()) {
        if (!process.end) {
          process.output_paused = true;
          watch(process.output_pipe.get(), 0, false);
        }
        return;
      }
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count == 0 && !process.end) watch(process.output_pipe.get(), 0, false);
    return;
  }
}

void Runner::read_link(Process& process) {
  std::vector<WorkerMessage> messages;
  const bool open = process.link->read(messages);
  bool wants_more = false;
  for (const auto& message : messages) process.take(message, process.zygote->first_test, wants_more);
  if (wants_more && process.job.batch.shared_queue) give_tests(process);
  if (!open) {
    watch(process.link->get(), 0, false);
    if (!process.link_lost) process.link_lost = Clock::now();
  }
}

void Runner::end_tree(Process& process, bool at_once) {
  if (process.end) return;
  const pid_t pid = process.child.pid;
  process.killed_by_us = true;
  if (pid <= 0) {
    // Asked for, but its parent never said that it forked: the parent hangs.
    process.end = Ended{0, SIGKILL, {}};
    process.zygote->mark_broken();
    return;
  }
  if (!at_once) {
    kill(-pid, SIGTERM);
    process.kill_at = Clock::now() + options_.grace;
    return;
  }
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  process.kill_at.reset();
}

void Runner::check_timers() {
  const auto now = Clock::now();
  for (auto& process : running_) {
    if (process->end) continue;
    if (process->link_lost && now >= *process->link_lost + kZygotePatience) {
      // Nobody tells how it ended. It is gone, or is made to be.
      if (process->child.pid > 0) kill(-process->child.pid, SIGKILL);
      process->end = Ended{0, SIGKILL, {}};
      continue;
    }
    if (process->kill_at && now >= *process->kill_at) {
      end_tree(*process, true);
      continue;
    }
    if (process->slow_at && now >= *process->slow_at) {
      process->slow_at.reset();
      if (process->is_running_test()) {
        Event event;
        event.kind = EventKind::test_slow;
        event.test = process->running_slot().test;
        event.process = process->number;
        sink_(event);
      }
    }
    if (process->deadline && now >= *process->deadline) {
      process->deadline.reset();
      process->timed_out = true;
      end_tree(*process, false);
    }
  }
}

// What became of tests that did not say themselves how they ended.
void Runner::judge_unfinished(Process& process) {
  const Ended& end = *process.end;
  if (process.ctest || process.tap) {
    if (!process.is_running_test()) return;
    Attempt& attempt = process.running_slot().attempt;
    std::string text = process.take_capture();
    Status status;
    if (process.ctest) {
      auto judgement = judge_ctest(*process.ctest, end.exit_code, end.signal, process.timed_out, text);
      status = judgement.status;
      attempt.message = std::move(judgement.message);
    } else {
      auto judgement = process.tap->judge(end.exit_code, end.signal);
      status = process.timed_out ? Status::timed_out : judgement.status;
      attempt.message = process.timed_out ? "timed out" : std::move(judgement.message);
    }
    attempt.exit_code = end.exit_code;
    attempt.signal = end.signal;
    process.finish_running(status, Clock::now() - process.started_at, std::move(text));
    return;
  }
  if (process.is_running_test()) {
    TestSlot& slot = process.running_slot();
    Attempt& attempt = slot.attempt;
    attempt.exit_code = end.exit_code;
    attempt.signal = end.signal;
    std::string text = process.take_capture();
    Status status = Status::exited;
    std::string why;
    if (process.timed_out) {
      status = Status::timed_out;
      why = format("did not end within {}", show_duration(settings_of(catalog_.tests[slot.test], options_).hard));
    } else if (end.signal != 0) {
      status = Status::crashed;
      why = format("its process was ended by signal {} ({})", end.signal, strsignal(end.signal));
    } else {
      why = format("its process ended with exit code {} in the middle of the test", end.exit_code);
      if (!process.result_file.empty()) {
        auto xml = io::read_file(process.result_file, 64u << 20);
        if (xml && xml->find("</testsuites>") != std::string::npos) {
          status = end.exit_code == 0 ? Status::passed : Status::failed;
          why = kClosedOutput;
        }
      } else if (process.link && end.exit_code == 97) {
        why = "the test closed the descriptors of its process";
      }
    }
    if (attempt.message.empty() || status != Status::failed) attempt.message = why;
    process.finish_running(status, Nanoseconds{0}, std::move(text));
  } else if (end.signal != 0 && !process.killed_by_us && !process.order.empty()) {
    // Catch2 and doctest catch the signal, report the failure, and let it end the process.
    Attempt& last = process.slots[process.order.back()].attempt;
    if (last.status == Status::failed) {
      last.status = Status::crashed;
      last.signal = end.signal;
    }
  }
}

void Runner::close_process(Process& process) {
  watch(process.output_pipe.get(), 0, false);
  if (process.link) watch(process.link->get(), 0, false);
  if (process.link) read_link(process);
  read_output(process);
  process.end_of_output();
  if (process.child.pidfd) watch(process.child.pidfd.get(), 0, false);
  result_.cpu += process.end->cpu;
  judge_unfinished(process);
  look_for_leaks(process);
  schedule_.release(process.job.batch);
  Event event;
  event.kind = EventKind::process_finished;
  event.process = process.number;
  event.purpose = process.job.purpose;
  const auto ran = process.started_order();
  event.tests = &ran;
  event.order = process.job.batch.order;
  sink_(event);
  for (auto& note : process.notes) result_.problems.push_back(std::move(note));
  if (process.job.investigation) {
    Investigation& investigation = *process.job.investigation;
    const TestIndex victim = investigation.suspicion().victim;
    Answer answer;
    for (const auto& slot : process.slots) {
      if (slot.test != victim || slot.progress != Progress::finished) continue;
      answer.ran = true;
      answer.status = slot.attempt.status;
      auto& record = result_.records[victim];
      const bool own_words = process.job.purpose != Purpose::bisect && process.job.purpose != Purpose::definition_order;
      if (own_words) record.attempts.push_back(slot.attempt);
    }
    if (!answer.ran && process.job.batch.tests.size() == 1 && !stopping_) {
      // Alone in its process and yet it never started: that is a failure, not silence.
      answer.ran = true;
      answer.status = Status::lost;
    }
    if (!stopping_) {
      const auto& record = result_.records[victim];
      const bool closed_output = investigation.suspicion().status == Status::exited && answer.ran && !is_failure(answer.status) &&
                                 !record.attempts.empty() && record.attempts.back().message == kClosedOutput;
      if (closed_output) investigation.acquit();
      else investigation.answer(answer);
      waiting_investigations_.insert(waiting_investigations_.begin(), &investigation);
    }
  } else if (!process.job.hunt) {
    take_normal(process);
  }
  remove_tree(process.files_folder);
}

void Runner::look_for_leaks(Process& process) {
  if (process.child.pid <= 0) return;
  std::vector<pid_t> known;
  for (const auto& other : running_) known.push_back(other->child.pid);
  for (const auto& zygote : catalog_.zygotes) {
    if (zygote) known.push_back(zygote->pid());
  }
  const auto orphans = find_orphans(process.child.pid, process.token, known);
  if (!orphans.empty()) end_orphans(process.child.pid, process.token, known);
  const bool hunted = process.job.hunt != nullptr;
  if (hunted) take_hunt(process, !orphans.empty());
  std::vector<Leak> leaks = std::move(process.left_files);
  // Files left in the temporary folder; pytest keeps its own there on purpose.
  if (rmdir(process.folder.c_str()) != 0) {
    if (options_.leak_check && !process.timed_out && !process.killed_by_us && process.job.purpose == Purpose::normal && !process.link) {
      std::string names;
      if (auto entries = io::walk(process.folder, [](const io::Entry&) { return false; })) {
        std::size_t count = 0;
        for (const auto& entry : *entries) {
          if (++count <= 5) names += (names.empty() ? "" : ", ") + entry.path;
        }
        if (count > 5) names += format(" and {} more", count - 5);
      }
      Leak leak;
      leak.kind = Leak::Kind::file;
      leak.process = process.number;
      leak.what = names;
      if (process.order.size() == 1) leak.test = process.slots[process.order.front()].test;
      if (!names.empty()) leaks.push_back(std::move(leak));
    }
    remove_tree(process.folder);
  }
  if (!options_.leak_check || hunted || process.job.purpose != Purpose::normal) return;
  for (const auto& orphan : orphans) {
    if (process.timed_out || process.killed_by_us) break;  // ended with the tree, as it must be
    Leak leak;
    leak.process = process.number;
    leak.kind = orphan.ports.empty() ? Leak::Kind::process : Leak::Kind::port;
    leak.what = format("process {} ({})", orphan.pid, orphan.command);
    for (const auto& port : orphan.ports) leak.what += ", listening on " + port;
    if (process.order.size() <= 1) {
      if (!process.order.empty()) leak.test = process.slots[process.order.front()].test;
      leaks.push_back(std::move(leak));
    } else if (hunts_.size() < kHuntLimit && !stopping_) {
      auto hunt = std::make_unique<LeakHunt>();
      hunt->candidates = process.started_order();
      hunt->order = process.job.batch.order;
      hunt->leak = std::move(leak);
      hunts_.push_back(std::move(hunt));
      break;  // one search a process: it names one test, and a second run finds the next
    } else {
      leaks.push_back(std::move(leak));
    }
  }
  for (auto& leak : leaks) {
    result_.leaks.push_back(std::move(leak));
    Event event;
    event.kind = EventKind::leak;
    event.leak = &result_.leaks.back();
    event.test = event.leak->test;
    sink_(event);
  }
}

void Runner::take_hunt(Process& process, bool leaked) {
  LeakHunt& hunt = *process.job.hunt;
  hunt.in_flight = false;
  if (leaked) {
    hunt.candidates = hunt.half;
    hunt.second_half = false;
  } else if (!hunt.second_half) {
    hunt.second_half = true;
  } else {
    // Neither half alone leaks: only the process as a whole can be named.
    hunt.candidates.clear();
    result_.leaks.push_back(hunt.leak);
    Event event;
    event.kind = EventKind::leak;
    event.leak = &result_.leaks.back();
    sink_(event);
  }
}

void Runner::count_failure() {
  ++failures_;
  if (options_.max_fail == 0 || failures_ < options_.max_fail || stopping_) return;
  stopping_ = true;
  result_.stopped_early = true;
  emit(EventKind::note, format("stopped after {} failures", failures_));
  for (auto& process : running_) end_tree(*process, true);
}

void Runner::take_normal(Process& process) {
  const Ended& end = *process.end;
  if (!process.order.empty()) {
    result_.processes.push_back({process.job.batch.program, process.started_order(), process.job.batch.order});
  }
  std::vector<TestIndex> rest;
  bool any_failed = false;
  for (const auto& slot : process.slots) {
    if (slot.progress != Progress::finished) rest.push_back(slot.test);
    else any_failed = any_failed || is_failure(slot.attempt.status);
  }
  for (const std::size_t position : process.order) {
    auto& slot = process.slots[position];
    if (slot.progress != Progress::finished) continue;
    auto& record = result_.records[slot.test];
    if (record.verdict != Verdict::not_run) continue;  // never twice
    if (process.killed_by_us && !process.timed_out && is_failure(slot.attempt.status)) continue;  // ended by us: no verdict
    record.attempts.push_back(slot.attempt);
    schedule_.finished(slot.test, !is_failure(slot.attempt.status));
    if (!is_failure(slot.attempt.status)) {
      record.verdict = slot.attempt.status == Status::skipped ? Verdict::skipped : Verdict::passed;
    } else {
      record.verdict = Verdict::failed;
      count_failure();
      suspect(process, slot);
    }
  }
  if (stopping_) return;
  const std::string between = process.take_process_output();
  if (!rest.empty()) {
    Batch batch = process.job.batch;
    batch.shared_queue = false;
    if (process.order.empty() && rest.size() > 1 && !process.timed_out && !process.link) {
      // Nothing started, so nobody can be named: halves, until it is one.
      Batch second = batch;
      batch.tests.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(rest.size() / 2));
      second.tests.assign(rest.begin() + static_cast<std::ptrdiff_t>(rest.size() / 2), rest.end());
      schedule_.again(std::move(second));
      schedule_.again(std::move(batch));
    } else if (process.order.empty() && (rest.size() == 1 || process.timed_out)) {
      for (const TestIndex test : rest) {
        Attempt attempt;
        attempt.status = process.timed_out ? Status::timed_out : end.signal != 0 ? Status::crashed : Status::lost;
        attempt.exit_code = end.exit_code;
        attempt.signal = end.signal;
        attempt.process = process.number;
        attempt.message = process.timed_out ? "its process hung before the first test"
                          : end.signal != 0 ? format("its process was ended by signal {} before the test started", end.signal)
                                            : format("its process ended with exit code {} and never ran it", end.exit_code);
        attempt.output = between;
        auto& record = result_.records[test];
        record.attempts.push_back(std::move(attempt));
        record.verdict = Verdict::failed;
        schedule_.finished(test, false);
        Event event;
        event.kind = EventKind::test_finished;
        event.test = test;
        event.process = process.number;
        event.attempt = &record.attempts.back();
        sink_(event);
        count_failure();
      }
    } else if (process.link && process.job.batch.shared_queue) {
      schedule_.give_back(process.job.batch.program, rest);
    } else if (process.order.empty() && process.link) {
      // A fork that never came to its first test; its parent may be gone. Once more, then it is a failure.
      batch.tests = rest;
      if (zygote_restarts_ <= limits::kZygoteRestarts) schedule_.again(std::move(batch));
      else result_.problems.push_back(format("{}: workers end before their first test", catalog_.programs[batch.program].id));
    } else {
      batch.tests = rest;
      schedule_.again(std::move(batch));
    }
    return;
  }
  // Every test said it passed, but the process did not end well: find the test that makes it so.
  const bool ended_well = end.signal == 0 && end.exit_code == 0;
  if (!ended_well && !any_failed && !process.ctest && !process.tap && !process.killed_by_us && !process.order.empty()) {
    if (process.slots.size() == 1 || process.timed_out) {
      auto& record = result_.records[process.slots.back().test];
      auto& attempt = record.attempts.back();
      attempt.status = process.timed_out ? Status::timed_out : end.signal != 0 ? Status::crashed : Status::exited;
      attempt.exit_code = end.exit_code;
      attempt.signal = end.signal;
      attempt.message = process.timed_out ? "the process hung after its last test"
                        : end.signal != 0 ? format("the test passed, then its process was ended by signal {}", end.signal)
                                          : format("the test passed, but its process ended with exit code {}", end.exit_code);
      attempt.output += between;
      record.verdict = Verdict::failed;
      count_failure();
      return;
    }
    const auto order = process.started_order();
    Batch first = process.job.batch, second = process.job.batch;
    first.shared_queue = second.shared_queue = false;
    first.tests.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2));
    second.tests.assign(order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2), order.end());
    for (const TestIndex test : order) {
      auto& record = result_.records[test];
      record.verdict = Verdict::not_run;
      record.attempts.clear();
    }
    emit(EventKind::note, format("a process of {} ended with {} although its tests passed: running its halves",
                                 catalog_.programs[first.program].id,
                                 end.signal != 0 ? format("signal {}", end.signal) : format("exit code {}", end.exit_code)));
    schedule_.again(std::move(first));
    schedule_.again(std::move(second));
  }
}

bool Runner::explained(TestIndex victim, const std::vector<TestIndex>& before) const {
  const auto explains = [&](const OrderDependence& known) {
    if (known.victim != victim || known.kind == OrderDependence::Kind::unresolved) return false;
    const std::unordered_set<TestIndex> ran(before.begin(), before.end());
    const bool all = std::all_of(known.culprits.begin(), known.culprits.end(), [&](TestIndex c) { return ran.contains(c); });
    return known.kind == OrderDependence::Kind::polluted ? all : !all;
  };
  return std::any_of(known_.begin(), known_.end(), explains);
}

std::vector<TestIndex> Runner::definition_before(TestIndex victim) const {
  std::vector<TestIndex> before;
  const ProgramIndex program = catalog_.tests[victim].program;
  for (const TestIndex test : selected_sorted_) {
    if (test >= victim) break;
    if (catalog_.tests[test].program == program && !catalog_.tests[test].disabled) before.push_back(test);
  }
  return before;
}

void Runner::suspect(const Process& process, const TestSlot& slot) {
  if (options_.only_victim && *options_.only_victim != slot.test) return;
  const Framework framework = catalog_.programs[process.job.batch.program].framework;
  const TestSettings settings = settings_of(catalog_.tests[slot.test], options_);
  std::vector<TestIndex> before;
  for (const std::size_t position : process.order) {
    if (process.slots[position].test == slot.test) break;
    before.push_back(process.slots[position].test);
  }
  if (explained(slot.test, before)) {
    result_.records[slot.test].verdict = Verdict::order_dependent;
    return;
  }
  const bool shares = framework != Framework::ctest && framework != Framework::tap;
  Suspicion suspicion;
  suspicion.victim = slot.test;
  suspicion.order = process.job.batch.order;
  suspicion.status = slot.attempt.status;
  suspicion.retries = settings.retries;
  suspicion.was_alone = before.empty();
  // A hang costs its whole time-out in every run: it is told from order by one run alone, not searched for.
  const bool search = options_.bisect && shares && slot.attempt.status != Status::timed_out;
  suspicion.search = search && searches_ < options_.bisect_limit;
  if (search) {
    ++searches_;
    suspicion.definition_before = definition_before(slot.test);
    if (suspicion.definition_before == before && process.job.batch.order.kind != OrderKind::seeded) suspicion.definition_before.clear();
  }
  if (!shares && suspicion.retries == 0) return;
  suspicion.before = std::move(before);
  auto investigation = std::make_unique<Investigation>(std::move(suspicion));
  by_victim_[slot.test] = investigation.get();
  waiting_investigations_.push_back(investigation.get());
  investigations_.push_back(std::move(investigation));
}

void Runner::conclude(Investigation& investigation) {
  const TestIndex victim = investigation.suspicion().victim;
  auto& record = result_.records[victim];
  record.verdict = investigation.verdict();
  if (record.verdict != Verdict::order_dependent) return;
  OrderDependence dependence = investigation.dependence();
  std::vector<TestIndex> together = dependence.culprits;
  together.push_back(victim);
  if (!dependence.culprits.empty()) {
    const bool polluted = dependence.kind == OrderDependence::Kind::polluted;
    const std::string with = command_for(catalog_, together, dependence.order);
    const std::string without = command_for(catalog_, {victim}, dependence.order);
    dependence.failing_command = polluted ? with : without;
    dependence.passing_command = polluted ? without : with;
  }
  result_.dependences.push_back(std::move(dependence));
  Event event;
  event.kind = EventKind::order_dependence;
  event.test = victim;
  event.dependence = &result_.dependences.back();
  sink_(event);
}

void Runner::restart_zygote(ProgramIndex program) {
  if (++zygote_restarts_ > limits::kZygoteRestarts) return;
  emit(EventKind::note, format("{}: the collected Python process ended; collecting again", catalog_.programs[program].id));
  ListOptions list;
  list.scratch_folder = options_.scratch_folder;
  list.python = catalog_.python;
  list.cancel = options_.cancel;
  const TestIndex first = catalog_.zygotes[program] ? catalog_.zygotes[program]->first_test : 0;
  auto fresh = Zygote::start(catalog_.programs[program], program, list);
  if (!fresh) {
    result_.problems.push_back(to_string(fresh.error()));
    return;
  }
  (*fresh)->first_test = first;
  // Other tests than before would make every index a lie.
  const auto tests = (*fresh)->take_tests();
  for (std::size_t i = 0; i < tests.size(); ++i) {
    if (first + i >= catalog_.tests.size() || catalog_.tests[first + i].name != tests[i].name) {
      result_.problems.push_back(format("{}: a second collection found other tests than the first", catalog_.programs[program].id));
      (*fresh)->mark_broken();
      break;
    }
  }
  catalog_.zygotes[program] = std::move(*fresh);
  watch(catalog_.zygotes[program]->link().get(), key_of(program, Watched::zygote), true);
}

void Runner::settle_verdicts() {
  for (auto* investigation : waiting_investigations_) {
    if (investigation->done()) conclude(*investigation);
  }
  for (const auto& hunt : hunts_) {
    if (!hunt->candidates.empty()) result_.leaks.push_back(hunt->leak);
  }
  if (stopping_) return;
  for (const TestIndex test : selected_) {
    auto& record = result_.records[test];
    if (record.verdict != Verdict::not_run) continue;
    record.verdict = Verdict::failed;
    if (!record.attempts.empty()) continue;
    Attempt attempt;
    attempt.status = Status::lost;
    attempt.message = "no process ever ran it";
    record.attempts.push_back(std::move(attempt));
  }
}

}  // namespace

Result<RunResult> run_tests(Catalog& catalog, const std::vector<TestIndex>& selected, const Durations& durations,
                            const RunOptions& options, const std::vector<OrderDependence>& known, const EventSink& sink) {
  return Runner(catalog, selected, durations, options, known, sink).run();
}

}  // namespace chiron::testing
