// One running process of the run: what it was given, what it said so far, and when its patience ends.
#pragma once
#include <unordered_map>

#include "engines/testing/adapter.h"
#include "engines/testing/child.h"
#include "engines/testing/investigate.h"
#include "engines/testing/runner.h"
#include "engines/testing/zygote.h"

namespace chiron::testing {

using Clock = std::chrono::steady_clock;

// Looks for the test of a process that leaves processes behind: halves of the tests, run again.
struct LeakHunt {
  std::vector<TestIndex> candidates, half;
  Order order;
  Leak leak;
  bool second_half = false;
  bool in_flight = false;
};

// Why a process runs and with what.
struct Job {
  Batch batch;
  Purpose purpose = Purpose::normal;
  Investigation* investigation = nullptr;  // owned by the runner, outlives the job
  LeakHunt* hunt = nullptr;                // likewise
};

enum class Progress : std::uint8_t { waiting, running, finished };
struct TestSlot {
  TestIndex test = 0;
  Progress progress = Progress::waiting;
  Attempt attempt;
};

// The state of one process; the runner starts it, feeds it and takes its results.
class Process final : public TestSink {
 public:
  Process(const Catalog& catalog, Job given, std::uint32_t its_number, const RunOptions& options, const EventSink& sink)
      : job(std::move(given)), number(its_number), catalog_(catalog), options_(options), events_(sink) {}

  // Gives it tests (at the start, or more while it runs).
  void assign(std::span<const TestIndex> tests);
  // Output of the process, as it comes.
  void feed(std::string_view piece);
  // The rest of a line that never ended.
  void end_of_output();
  void take(const WorkerMessage& message, TestIndex first_test, bool& wants_more);

  void started(std::string_view name, std::uint32_t line) override;
  void finished(Status status, Nanoseconds duration) override;
  void failure(std::string_view message, std::string_view file, std::uint32_t line) override;
  void output(std::string_view text) override;
  bool expects(std::string_view name) override;
  unsigned allowed_failures() override;

  void start_slot(std::size_t slot);
  void finish_running(Status status, Nanoseconds duration, std::string output);
  [[nodiscard]] bool is_running_test() const { return running_ != kNone; }
  [[nodiscard]] TestSlot& running_slot() { return slots[running_]; }
  // Tests in the order they started in.
  [[nodiscard]] std::vector<TestIndex> started_order() const;
  [[nodiscard]] std::string take_capture() { return capture_.take(); }
  [[nodiscard]] std::string take_process_output() { return between_.take(); }

  Job job;
  std::uint32_t number = 0;
  std::vector<TestSlot> slots;
  std::vector<std::size_t> order;  // slots in the order they started in
  Child child;                     // of our own; pid only, for a fork of the collected process
  bool forked = false;             // by the collected Python process
  std::optional<Ended> end;
  Descriptor output_pipe;
  std::unique_ptr<WorkerLink> link;
  std::shared_ptr<Zygote> zygote;
  std::unique_ptr<OutputReader> reader;
  std::unique_ptr<TapReader> tap;
  std::string folder, files_folder, token, result_file;
  Clock::time_point started_at, test_started_at;
  std::optional<Clock::time_point> deadline, slow_at, kill_at;
  bool timed_out = false;
  bool neighbour_failed = false;  // so the exit code says nothing of the tests asked for
  bool killed_by_us = false;
  std::optional<Clock::time_point> link_lost;  // a fork's socket ended; its parent ought to tell how
  bool closed = false;                         // told that no more tests come
  bool output_closed = false;                  // by the process, before its end was known
  bool output_paused = false;                  // not watched for a moment, so that small writes are read together
  bool link_paused = false;                    // so is the socket of a fork
  std::vector<std::string> notes;
  std::vector<Leak> left_files;  // told by a pytest worker
  const CtestDetails* ctest = nullptr;

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  const Catalog& catalog_;
  const RunOptions& options_;
  const EventSink& events_;
  std::unordered_multimap<std::string_view, std::size_t> by_name_;  // by the framework's own names
  std::unordered_map<TestIndex, std::size_t> by_test_;
  std::size_t running_ = kNone;
  bool neighbour_ = false;  // the running test was not asked for: the framework's filter took it along
  std::string line_;
  BoundedText capture_, between_;
};

}  // namespace chiron::testing
