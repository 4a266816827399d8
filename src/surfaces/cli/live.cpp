#include "surfaces/cli/live.h"

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "core/reporters/words.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::cli {

namespace {

using Clock = std::chrono::steady_clock;

std::string seconds(std::uint64_t ms) { return format("{:.1f} s", static_cast<double>(ms) / 1000); }

std::string_view mark(GateStatus status) {
  switch (status) {
    case GateStatus::passed:
      return "pass";
    case GateStatus::failed:
      return "fail";
    case GateStatus::could_not_run:
      return "error";
    case GateStatus::skipped:
      return "skip";
  }
  return "";
}

std::string_view colour_of(GateStatus status) {
  switch (status) {
    case GateStatus::passed:
      return "\x1b[32m";
    case GateStatus::failed:
      return "\x1b[31m";
    case GateStatus::could_not_run:
      return "\x1b[1;31m";
    case GateStatus::skipped:
      return "\x1b[2m";
  }
  return "";
}

std::string ended_line(const GateResult& result, const Timing& timing, bool colour) {
  std::string text = colour ? format("{}{:<5}\x1b[0m", colour_of(result.status), mark(result.status))
                            : format("{:<5}", mark(result.status));
  text += format(" {:<20} {:>8}", result.gate, timing.cached ? "cached" : seconds(timing.duration_ms));
  if (result.counts.total() != 0) text += "  " + describe(result.counts);
  if (!result.reason.empty()) text += "  " + result.reason.substr(0, result.reason.find('\n'));
  return text;
}

// A line a gate start and end; progress only every ten seconds, so that a log stays readable.
class LogSink final : public LiveSink {
 public:
  explicit LogSink(bool colour) : colour_(colour) {}
  void gate_started(std::string_view gate) override {
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "start %.*s\n", static_cast<int>(gate.size()), gate.data());
  }
  void gate_ended(const GateResult& result, const Timing& timing) override {
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "%s\n", ended_line(result, timing, colour_).c_str());
  }
  void progress(std::string_view gate, std::uint64_t done, std::uint64_t total, std::string_view what) override {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (now - last_ < std::chrono::seconds(10)) return;
    last_ = now;
    const auto text =
        total != 0 ? format("{}: {} of {} {}", gate, done, total, what) : format("{}: {} {}", gate, done, what);
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  void message(std::string_view gate, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "%s\n", (gate.empty() ? std::string(text) : format("{}: {}", gate, text)).c_str());
  }
  void close() override {}

 private:
  std::mutex mutex_;
  bool colour_;
  Clock::time_point last_ = Clock::now();
};

// Running gates below, ended ones above them; repainted ten times a second, from the first tenth of a second on.
class TerminalSink final : public LiveSink {
 public:
  TerminalSink(unsigned width, bool colour) : width_(width), colour_(colour), painter_([this] { paint_loop(); }) {}
  ~TerminalSink() override { close(); }

  void gate_started(std::string_view gate) override {
    const std::lock_guard lock(mutex_);
    running_.push_back({std::string(gate), Clock::now(), ""});
  }
  void progress(std::string_view gate, std::uint64_t done, std::uint64_t total, std::string_view what) override {
    const std::lock_guard lock(mutex_);
    auto text = total != 0 ? format("{} of {} {}", done, total, what) : format("{} {}", done, what);
    for (auto& line : running_)
      if (line.gate == gate) {
        line.text = std::move(text);
        return;
      }
    if (gate.empty() || running_.empty()) running_.push_back({std::string(gate), Clock::now(), std::move(text)});
  }
  void message(std::string_view gate, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    above_.push_back(gate.empty() ? std::string(text) : format("{}: {}", gate, text));
  }
  void gate_ended(const GateResult& result, const Timing& timing) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(running_, [&](const Line& line) { return line.gate == result.gate; });
    above_.push_back(ended_line(result, timing, colour_));
  }
  void close() override {
    {
      const std::lock_guard lock(mutex_);
      if (closing_) return;
      closing_ = true;
      running_.clear();
    }
    wake_.notify_all();
    painter_.join();
    paint();
  }

 private:
  struct Line {
    std::string gate;
    Clock::time_point since;
    std::string text;
  };

  void paint_loop() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
      wake_.wait_for(lock, std::chrono::milliseconds(100), [&] { return closing_; });
      if (closing_) return;
      lock.unlock();
      paint();
      lock.lock();
    }
  }

  void paint() {
    const std::lock_guard lock(mutex_);
    std::string out;
    if (painted_ != 0) out += format("\x1b[{}A\x1b[J", painted_);
    for (const auto& text : above_) out += text + "\n";
    above_.clear();
    painted_ = 0;
    for (const auto& line : running_) {
      if (painted_ == kMaxLines) break;
      const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - line.since).count();
      auto text =
          format("{:<5} {:<20} {:>8}  {}", "run", line.gate, seconds(static_cast<std::uint64_t>(ms)), line.text);
      while (utf8::display_width(text) >= width_) text.pop_back();
      out += (colour_ ? "\x1b[36m" + text.substr(0, 5) + "\x1b[0m" + text.substr(5) : text) + "\n";
      ++painted_;
    }
    if (!out.empty()) {
      std::fputs(out.c_str(), stderr);
      std::fflush(stderr);
    }
  }

  static constexpr unsigned kMaxLines = 12;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Line> running_;
  std::vector<std::string> above_;
  unsigned painted_ = 0;
  bool closing_ = false;
  unsigned width_;
  bool colour_;
  std::thread painter_;
};

class SilentSink final : public LiveSink {
 public:
  void close() override {}
};

}  // namespace

std::unique_ptr<LiveSink> make_live_sink(const Terminal& terminal, bool colour, bool quiet) {
  if (quiet) return std::make_unique<SilentSink>();
  if (terminal.err_is_terminal) return std::make_unique<TerminalSink>(terminal.width, colour);
  return std::make_unique<LogSink>(colour);
}

}  // namespace chiron::cli
