// The event loop's state and steps. runner.cpp starts processes, waits and reads; runner_results.cpp judges a process
// that ended and decides what follows.
#pragma once
#include <thread>

#include "engines/testing/process.h"
#include "engines/testing/schedule.h"

namespace chiron::testing {

inline constexpr std::string_view kClosedOutput =
    "the test closed the output of its process; judged by GoogleTest's result file";

// Keys of epoll: process number and what of it.
enum class Watched : std::uint64_t { output, pidfd, link, zygote };
inline std::uint64_t key_of(std::uint32_t number, Watched what) {
  return (std::uint64_t{number} << 2) | static_cast<std::uint64_t>(what);
}

class Runner {
 public:
  Runner(Catalog& catalog, const std::vector<TestIndex>& selected, const Durations& durations,
         const RunOptions& options, const std::vector<OrderDependence>& known, const EventSink& sink)
      : catalog_(catalog),
        selected_(selected),
        durations_(durations),
        options_(options),
        known_(known),
        sink_(sink),
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
  void hand_over_coverage(const Process& process);
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

}  // namespace chiron::testing
