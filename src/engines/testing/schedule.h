// What may start now: room for weights, groups with limits, CTest's order (DEPENDS, fixtures), its locks and its
// serial tests, and the shared queues of pytest programs.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engines/testing/runner.h"

namespace chiron::testing {

class Schedule {
 public:
  Schedule(const Catalog& catalog, const RunOptions& options, unsigned workers);

  void fill(std::vector<Batch> batches, const Durations& durations, const std::vector<TestIndex>& to_run);
  // The next batch that may start; the caller then occupies (and later releases) it.
  [[nodiscard]] std::optional<Batch> next();
  // Batches made while running: the rest of a process that died.
  void again(Batch batch);
  void occupy(const Batch& batch);
  void release(const Batch& batch);
  [[nodiscard]] bool has_room() const { return used_ < workers_ && !exclusive_; }
  void finished(TestIndex test, bool well);
  // Tests that can never run because a fixture failed; each is told once.
  [[nodiscard]] std::vector<TestIndex> take_blocked();

  // The next piece of a pytest program's queue: large at first, single tests at the end. At most `unmeasured_limit`
  // while durations are unknown.
  [[nodiscard]] std::vector<TestIndex> take_shared(ProgramIndex program, std::size_t unmeasured_limit);
  void give_back(ProgramIndex program, const std::vector<TestIndex>& tests);
  void drop_shared(ProgramIndex program);
  // Tests of the program that take part in runs without a filter (all that are not disabled).
  [[nodiscard]] std::size_t runnable_of(ProgramIndex program) const { return runnable_[program]; }
  // The lowest number that no running process uses: the worker's name.
  [[nodiscard]] unsigned lane_of(const Batch& batch);

 private:
  enum class Gate : std::uint8_t { open, wait, blocked };
  [[nodiscard]] Gate gate(const Batch& batch) const;
  [[nodiscard]] bool fits(const Batch& batch) const;

  struct Shared {
    std::deque<TestIndex> tests;
    Nanoseconds remaining{0};
    bool measured = true;
    unsigned active = 0;
    Batch pattern;
  };

  const Catalog& catalog_;
  const RunOptions& options_;
  const Durations* durations_ = nullptr;
  unsigned workers_;
  unsigned used_ = 0;
  bool exclusive_ = false;
  unsigned processes_ = 0;
  std::deque<Batch> waiting_;
  std::map<ProgramIndex, Shared> shared_;
  std::map<std::string, unsigned> groups_;
  std::set<std::string> locks_;
  std::vector<std::size_t> runnable_;
  std::vector<TestIndex> blocked_;
  // CTest: by (program, name); who has ended and how; who sets up, needs and cleans a fixture.
  std::map<std::pair<ProgramIndex, std::string>, TestIndex> by_name_;
  std::unordered_map<TestIndex, bool> ended_;
  std::unordered_set<TestIndex> chosen_;
  std::map<std::pair<ProgramIndex, std::string>, std::vector<TestIndex>> setups_, users_;
  bool has_ctest_ = false;
  unsigned next_lane_ = 0;
};

// Adds the CTest fixtures' set-up and clean-up tests that the selected tests require.
[[nodiscard]] std::vector<TestIndex> with_fixtures(const Catalog& catalog, const std::vector<TestIndex>& selected);

}  // namespace chiron::testing
