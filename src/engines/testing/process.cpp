#include "engines/testing/process.h"

#include "foundation/base/format.h"

namespace chiron::testing {

void Process::assign(std::span<const TestIndex> tests) {
  slots.reserve(slots.size() + tests.size());
  for (const TestIndex test : tests) {
    TestSlot slot;
    slot.test = test;
    slot.attempt.purpose = job.purpose;
    slot.attempt.process = number;
    if (link) {
      by_test_.emplace(test, slots.size());
    } else {
      by_name_.emplace(catalog_.tests[test].own_name(), slots.size());
    }
    slots.push_back(std::move(slot));
  }
}

void Process::feed(std::string_view piece) {
  if (!reader) {
    // CTest and TAP: the process is the test. pytest: what escaped its capture.
    if (running_ != kNone)
      capture_.append(piece);
    else
      between_.append(piece);
    if (!tap) return;
  }
  while (!piece.empty()) {
    const std::size_t newline = piece.find('\n');
    const std::size_t length = newline == std::string_view::npos ? piece.size() : newline + 1;
    if (line_.empty() && newline != std::string_view::npos) {
      if (reader)
        reader->line(piece.substr(0, length), *this);
      else
        tap->line(piece.substr(0, length));
    } else {
      line_.append(piece.substr(0, length));
      if (newline != std::string_view::npos || line_.size() > limits::kOutputLineBytes) {
        if (reader)
          reader->line(line_, *this);
        else
          tap->line(line_);
        line_.clear();
      }
    }
    piece.remove_prefix(length);
  }
}

void Process::end_of_output() {
  if (line_.empty()) return;
  if (reader)
    reader->line(line_, *this);
  else if (tap)
    tap->line(line_);
  line_.clear();
}

bool Process::expects(std::string_view name) { return by_name_.contains(name); }

unsigned Process::allowed_failures() {
  return running_ == kNone ? 0 : catalog_.tests[slots[running_].test].allowed_failures;
}

void Process::start_slot(std::size_t index) {
  running_ = index;
  TestSlot& slot = slots[index];
  const bool again = slot.progress == Progress::finished;  // run twice by the framework (a template, a generator)
  slot.progress = Progress::running;
  test_started_at = Clock::now();
  const TestSettings settings = settings_of(catalog_.tests[slot.test], options_);
  slow_at = test_started_at + settings.slow;
  deadline = test_started_at + settings.hard;
  if (again) return;
  slot.attempt.position = static_cast<std::uint32_t>(order.size());
  order.push_back(index);
  Event event;
  event.kind = EventKind::test_started;
  event.test = slot.test;
  event.process = number;
  event.purpose = job.purpose;
  events_(event);
}

void Process::started(std::string_view name, std::uint32_t line) {
  const auto [first, last] = by_name_.equal_range(name);
  neighbour_ = first == last;
  if (first == last) return;
  std::optional<std::size_t> found;
  // Of doctest's tests with one name the line tells which; the other may not have been asked for.
  const bool by_line = line != 0 && catalog_.programs[job.batch.program].framework == Framework::doctest;
  for (auto place = first; place != last; ++place)
    if (catalog_.tests[slots[place->second].test].line == line) found = place->second;
  if (!by_line) found = first->second;
  neighbour_ = !found;
  if (found) start_slot(*found);
}

void Process::finished(Status status, Nanoseconds duration) {
  if (std::exchange(neighbour_, false)) {
    neighbour_failed = neighbour_failed || is_failure(status);
    return;
  }
  if (running_ == kNone) return;
  finish_running(status, duration, capture_.total() > 0 ? capture_.take() : std::string());
}

void Process::finish_running(Status status, Nanoseconds duration, std::string text) {
  TestSlot& slot = slots[running_];
  Attempt& attempt = slot.attempt;
  if (duration.count() == 0) {
    duration = std::min<Nanoseconds>(Clock::now() - test_started_at, std::chrono::hours(24));
  }
  attempt.duration += duration;
  // Of several tests with one name, the worst counts.
  const bool worse = attempt.status == Status::lost || !is_failure(attempt.status);
  if (worse) attempt.status = status;
  attempt.output_bytes += text.size();
  if (is_failure(attempt.status) || options_.keep_output) attempt.output += text;
  slot.progress = Progress::finished;
  running_ = kNone;
  deadline.reset();
  slow_at.reset();
  Event event;
  event.kind = EventKind::test_finished;
  event.test = slot.test;
  event.process = number;
  event.purpose = job.purpose;
  event.attempt = &attempt;
  events_(event);
  if (!job.batch.shared_queue && !slots.empty() && !forked) {
    // Between tests a process gets the hard limit again: it may hang in a suite's set-up or at its end.
    deadline = Clock::now() + settings_of(catalog_.tests[slot.test], options_).hard;
  }
}

void Process::failure(std::string_view message, std::string_view file, std::uint32_t line) {
  if (running_ == kNone) return;
  Attempt& attempt = slots[running_].attempt;
  if (!attempt.message.empty()) return;
  attempt.message = message;
  attempt.file = file;
  attempt.line = line;
}

void Process::output(std::string_view text) {
  if (running_ != kNone)
    capture_.append(text);
  else
    between_.append(text);
}

void Process::take(const WorkerMessage& message, TestIndex first_test, bool& wants_more) {
  if (message.kind == WorkerMessage::Kind::started) {
    const auto found = by_test_.find(first_test + message.test);
    if (found != by_test_.end()) start_slot(found->second);
    return;
  }
  if (message.kind == WorkerMessage::Kind::passed) {
    const auto found = by_test_.find(first_test + message.test);
    if (found != by_test_.end() && found->second == running_) {
      finish_running(Status::passed, message.duration, capture_.total() > 0 ? capture_.take() : std::string());
    }
    return;
  }
  const doc::Value& value = message.value;
  if (const auto* test = value.find("f")) {
    const auto index = test->is_number() ? test->as_integer().value_or(-1) : -1;
    const auto found = by_test_.find(first_test + static_cast<TestIndex>(index));
    if (index < 0 || found == by_test_.end() || found->second != running_) return;
    Attempt& attempt = slots[running_].attempt;
    attempt.message = value.string_or("message", "");
    attempt.file = value.string_or("file", "");
    attempt.line = static_cast<std::uint32_t>(value.integer_or("line", 0));
    std::string text(value.string_or("longrepr", ""));
    if (!text.empty()) text += "\n";
    text += value.string_or("output", "");
    if (capture_.total() > 0) text += capture_.take();
    const std::string_view outcome = value.string_or("o", "failed");
    const auto* took = value.find("t");
    const double seconds = took && took->is_number() ? std::clamp(took->as_double(), 0.0, 1e8) : 0;
    finish_running(outcome == "passed"    ? Status::passed
                   : outcome == "skipped" ? Status::skipped
                                          : Status::failed,
                   Nanoseconds(static_cast<std::int64_t>(seconds * 1e9)), std::move(text));
    return;
  }
  const std::string_view event = value.string_or("event", "");
  if (event == "more")
    wants_more = true;
  else if (event == "note")
    notes.emplace_back(value.string_or("text", ""));
  else if (event == "left") {
    std::string names;
    if (const auto* list = value.find("names"); list && list->is_array()) {
      for (const auto& name : list->items()) {
        if (name.is_string()) names += (names.empty() ? "" : ", ") + name.as_string();
      }
    }
    Leak leak;
    leak.kind = Leak::Kind::file;
    leak.test = first_test + static_cast<TestIndex>(value.integer_or("test", 0));
    leak.process = number;
    leak.what = names;
    left_files.push_back(std::move(leak));
  }
}

std::vector<TestIndex> Process::started_order() const {
  std::vector<TestIndex> result;
  result.reserve(order.size());
  for (const std::size_t slot : order) result.push_back(slots[slot].test);
  return result;
}

}  // namespace chiron::testing
