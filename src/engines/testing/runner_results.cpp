// What follows the end of a process: verdicts, what it left behind, what to run again, whom to suspect.
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "engines/testing/runner_loop.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::testing {
namespace {

constexpr std::size_t kHuntLimit = 20;  // leaks searched for in one run

}  // namespace

// What became of tests that did not say themselves how they ended.
void Runner::judge_unfinished(Process& process) {
  const Ended& end = *process.end;
  if (process.killed_by_us && !process.timed_out) return;  // the run stops: no verdict
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
      attempt.by_points = judgement.by_points && !process.timed_out;
      attempt.points = std::make_shared<const std::vector<TapPoint>>(process.tap->take_points());
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
  event.number = static_cast<std::uint64_t>(Nanoseconds(Clock::now() - process.started_at).count());
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
      // However its process ended: behind a closed output another test may have crashed or hung, and each of those that
      // were still to come runs again.
      const auto& record = result_.records[victim];
      const bool closed_output = answer.ran && !is_failure(answer.status) && !record.attempts.empty() &&
                                 record.attempts.back().message == kClosedOutput;
      if (closed_output)
        investigation.acquit();
      else
        investigation.answer(answer);
      waiting_investigations_.insert(waiting_investigations_.begin(), &investigation);
    }
  } else if (!process.job.hunt) {
    take_normal(process);
  }
  if (!options_.coverage_folder.empty() && !process.forked) hand_over_coverage(process);
  remove_tree(process.files_folder);
}

// Only what ran as it normally does counts: a search runs tests in company.
void Runner::hand_over_coverage(const Process& process) {
  CoveredProcess covered;
  covered.program = process.job.batch.program;
  covered.folder = format("{}/{}", options_.coverage_folder, process.token);
  covered.killed = process.killed_by_us || process.end->signal != 0;
  covered.tests = process.started_order();
  if (process.job.purpose == Purpose::normal && !covered.tests.empty() && options_.covered)
    options_.covered(std::move(covered));
  else
    remove_tree(covered.folder);
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
    if (options_.leak_check && !process.timed_out && !process.killed_by_us && process.job.purpose == Purpose::normal &&
        !process.link) {
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
    if (slot.progress != Progress::finished)
      rest.push_back(slot.test);
    else
      any_failed = any_failed || is_failure(slot.attempt.status);
  }
  for (const std::size_t position : process.order) {
    auto& slot = process.slots[position];
    if (slot.progress != Progress::finished) continue;
    auto& record = result_.records[slot.test];
    if (record.verdict != Verdict::not_run) continue;  // never twice
    if (process.killed_by_us && !process.timed_out && is_failure(slot.attempt.status))
      continue;  // ended by us: no verdict
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
                          : end.signal != 0
                              ? format("its process was ended by signal {} before the test started", end.signal)
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
      if (zygote_restarts_ <= limits::kZygoteRestarts)
        schedule_.again(std::move(batch));
      else
        result_.problems.push_back(
            format("{}: workers end before their first test", catalog_.programs[batch.program].id));
    } else {
      batch.tests = rest;
      schedule_.again(std::move(batch));
    }
    return;
  }
  // Every test said it passed, but the process did not end well: find the test that makes it so.
  const bool ended_well = end.signal == 0 && (end.exit_code == 0 || process.neighbour_failed);
  if (!ended_well && !any_failed && !process.ctest && !process.tap && !process.killed_by_us && !process.order.empty()) {
    if (process.slots.size() == 1 || process.timed_out) {
      auto& record = result_.records[process.slots.back().test];
      auto& attempt = record.attempts.back();
      attempt.status = process.timed_out ? Status::timed_out : end.signal != 0 ? Status::crashed : Status::exited;
      attempt.exit_code = end.exit_code;
      attempt.signal = end.signal;
      attempt.message = process.timed_out ? "the process hung after its last test"
                        : end.signal != 0
                            ? format("the test passed, then its process was ended by signal {}", end.signal)
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
    emit(EventKind::note,
         format("a process of {} ended with {} although its tests passed: running its halves",
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
    const bool all =
        std::all_of(known.culprits.begin(), known.culprits.end(), [&](TestIndex c) { return ran.contains(c); });
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
  // Behind a closed output it may have been another test; a process that ended at once may have closed it unseen.
  const bool more_to_come = process.order.size() < process.slots.size();
  const bool ended = slot.attempt.status == Status::crashed || slot.attempt.status == Status::exited;
  const bool hung = slot.attempt.status == Status::timed_out;
  suspicion.was_alone = before.empty() && !(hung && process.output_closed) && !(ended && more_to_come);
  // A hang costs its whole time-out in every run: it is told from order by one run alone, not searched for.
  const bool search = options_.bisect && shares && slot.attempt.status != Status::timed_out;
  suspicion.search = search && searches_ < options_.bisect_limit;
  if (search) {
    ++searches_;
    suspicion.definition_before = definition_before(slot.test);
    if (suspicion.definition_before == before && process.job.batch.order.kind != OrderKind::seeded)
      suspicion.definition_before.clear();
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
  emit(EventKind::note,
       format("{}: the collected Python process ended; collecting again", catalog_.programs[program].id));
  ListOptions list;
  list.scratch_folder = options_.scratch_folder;
  list.python = catalog_.python;
  list.coverage_folder = options_.coverage_folder;
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
      result_.problems.push_back(
          format("{}: a second collection found other tests than the first", catalog_.programs[program].id));
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

}  // namespace chiron::testing
