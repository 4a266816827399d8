// The event loop: starts processes while there is room, reads what they say, ends the ones that hang, and hands what
// failed to investigations. One thread; nothing here blocks but epoll_wait.
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/testing/runner_loop.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

namespace chiron::testing {
namespace {

constexpr auto kZygotePatience = std::chrono::seconds(3);  // for word of a fork that is gone
constexpr auto kPause = std::chrono::milliseconds(1);      // small writes are left to gather this long
constexpr std::size_t kBatchesOfUnmeasured = 32;           // tests a pytest worker takes at once while nothing is known

}  // namespace

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
  if (add)
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  else
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event);
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
      result_.problems.push_back(
          ran ? format("setup script {} failed (exit code {}):\n{}", setup.name, ran->exit_code, ran->output)
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
  run_token_ = format("{:x}-{:x}", static_cast<std::uint64_t>(getpid()),
                      Random(static_cast<std::uint64_t>(begin.time_since_epoch().count())).next());
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
    const bool of_one_test = !job.batch.shared_queue && job.batch.tests.size() == 1;
    // One test that cannot be started has failed; more than that is a trouble of the run.
    if (auto started = start(std::move(job)); !started && !of_one_test) {
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
    if (hunt->second_half)
      hunt->half.assign(middle, hunt->candidates.end());
    else
      hunt->half.assign(hunt->candidates.begin(), middle);
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
    for (const TestIndex test : process.job.batch.tests) {
      auto& record = result_.records[test];
      if (process.job.investigation && test != process.job.investigation->suspicion().victim) continue;
      Attempt attempt;
      attempt.status = Status::lost;
      attempt.message = started.error().message;
      record.attempts.push_back(std::move(attempt));
      if (process.job.purpose != Purpose::normal || process.job.batch.shared_queue) continue;
      record.verdict = Verdict::failed;
      schedule_.finished(test, false);
      Event event;
      event.kind = EventKind::test_finished;
      event.test = test;
      event.attempt = &record.attempts.back();
      sink_(event);
      count_failure();
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
      if (!io::exists(path))
        return fail(ErrorKind::input, "testing.required-file",
                    format("{}: required file {} is missing", test.name, path));
    }
    if (process.ctest->command.empty()) {
      return fail(ErrorKind::input, "testing.not-built",
                  format("{}: CTest knows no command for it; is it built?", test.name));
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
  Environment own = {{"TMPDIR", process.folder},
                     {"TMP", process.folder},
                     {"TEMP", process.folder},
                     {"TEST_TMPDIR", process.folder},
                     {"CHIRON_TEST_PROCESS", process.token},
                     {"CHIRON_TEST_SEED", format("{}", options_.seed)}};
  if (!options_.coverage_folder.empty()) {
    const std::string folder = format("{}/{}", options_.coverage_folder, process.token);
    own.emplace_back("GCOV_PREFIX", folder);
    own.emplace_back("GCOV_PREFIX_STRIP", "0");
    own.emplace_back("LLVM_PROFILE_FILE", folder + "/%p-%m.profraw");
  }
  static constexpr std::string_view kWithout[] = {
      "GTEST_FILTER",       "GTEST_OUTPUT",      "GTEST_ALSO_RUN_DISABLED_TESTS", "GTEST_SHUFFLE",    "GTEST_FAIL_FAST",
      "GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX", "GTEST_SHARD_STATUS_FILE",       "GTEST_RANDOM_SEED"};
  const Environment* lists[] = {&options_.environment, &setup_environment_, &program.environment,
                                &invocation.environment, &own};
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
    return fail(ErrorKind::input, "testing.pytest",
                format("{}: the collected Python process is gone", catalog_.programs[batch.program].id));
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
  process.deadline =
      process.started_at +
      settings_of(catalog_.tests[batch.tests.empty() ? process.slots.front().test : batch.tests.front()], options_)
          .hard;
  return {};
}

void Runner::give_tests(Process& process) {
  if (process.closed) return;
  const auto tests =
      stopping_ ? std::vector<TestIndex>{} : schedule_.take_shared(process.job.batch.program, kBatchesOfUnmeasured);
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
    if (process->output_paused || process->link_paused) timeout = static_cast<int>(kPause.count());
    for (const auto& time : {process->deadline, process->slow_at, process->kill_at}) {
      if (!time) continue;
      const auto left = std::chrono::duration_cast<Milliseconds>(*time - now).count() + 1;
      timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, timeout));
    }
  }
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  for (auto& process : running_) {
    if (std::exchange(process->output_paused, false)) {
      watch(process->output_pipe.get(), key_of(process->number, Watched::output), true);
    }
    if (std::exchange(process->link_paused, false)) {
      watch(process->link->get(), key_of(process->number, Watched::link), true);
    }
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
    const auto found =
        std::find_if(running_.begin(), running_.end(), [&](const auto& p) { return p->number == number; });
    if (found == running_.end()) continue;
    Process& process = **found;
    if (what == Watched::output)
      read_output(process);
    else if (what == Watched::link)
      read_link(process);
    else if (!process.end)
      process.end = reap(process.child.pid);
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
    if (count == 0 && !process.end) {
      watch(process.output_pipe.get(), 0, false);
      process.output_closed = !process.timed_out && !process.killed_by_us;
    }
    return;
  }
}

void Runner::read_link(Process& process) {
  std::vector<WorkerMessage> messages;
  const bool open = process.link->read(messages);
  bool wants_more = false;
  for (const auto& message : messages) process.take(message, process.zygote->first_test, wants_more);
  if (wants_more && process.job.batch.shared_queue) give_tests(process);
  watch(process.link->get(), 0, false);
  process.link_paused = open;
  if (!open) {
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

Result<RunResult> run_tests(Catalog& catalog, const std::vector<TestIndex>& selected, const Durations& durations,
                            const RunOptions& options, const std::vector<OrderDependence>& known,
                            const EventSink& sink) {
  return Runner(catalog, selected, durations, options, known, sink).run();
}

}  // namespace chiron::testing
