#include "engines/testing/schedule.h"

#include "foundation/base/format.h"

namespace chiron::testing {
namespace {

constexpr Nanoseconds kUnknownDuration = std::chrono::milliseconds(2);

}  // namespace

Schedule::Schedule(const Catalog& catalog, const RunOptions& options, unsigned workers)
    : catalog_(catalog), options_(options), workers_(workers), runnable_(catalog.programs.size(), 0) {
  for (const auto& test : catalog.tests) {
    if (!test.disabled) ++runnable_[test.program];
  }
}

void Schedule::fill(std::vector<Batch> batches, const Durations& durations, const std::vector<TestIndex>& to_run) {
  durations_ = &durations;
  for (const TestIndex index : to_run) {
    const auto& test = catalog_.tests[index];
    if (!test.ctest) continue;
    has_ctest_ = true;
    chosen_.insert(index);
    by_name_.emplace(std::pair(test.program, test.name), index);
    for (const auto& fixture : test.ctest->fixtures_setup) setups_[{test.program, fixture}].push_back(index);
    for (const auto& fixture : test.ctest->fixtures_required) users_[{test.program, fixture}].push_back(index);
  }
  for (auto& batch : batches) {
    if (!batch.shared_queue) {
      waiting_.push_back(std::move(batch));
      continue;
    }
    Shared& shared = shared_[batch.program];
    // Overrides may cut a program into several lanes; the further ones run as batches of their own.
    if (!shared.tests.empty()) {
      batch.shared_queue = false;
      waiting_.push_back(std::move(batch));
      continue;
    }
    shared.tests.assign(batch.tests.begin(), batch.tests.end());
    for (const TestIndex test : batch.tests) {
      const bool known = test < durations.of.size() && durations.of[test];
      shared.measured = shared.measured && known;
      shared.remaining += known ? *durations.of[test] : kUnknownDuration;
    }
    batch.tests.clear();
    shared.pattern = batch;
    waiting_.push_back(std::move(batch));
  }
}

bool Schedule::fits(const Batch& batch) const {
  if (exclusive_) return false;
  if (batch.exclusive) return processes_ == 0;
  if (processes_ > 0 && used_ + batch.weight > workers_) return false;
  if (!batch.group.empty()) {
    const auto limit = std::find_if(options_.groups.begin(), options_.groups.end(),
                                    [&](const Group& group) { return group.name == batch.group; });
    const auto used = groups_.find(batch.group);
    if (limit != options_.groups.end() && used != groups_.end() && used->second >= limit->limit) return false;
  }
  return true;
}

Schedule::Gate Schedule::gate(const Batch& batch) const {
  if (!has_ctest_ || batch.tests.empty()) return Gate::open;
  const auto& test = catalog_.tests[batch.tests.front()];
  if (!test.ctest) return Gate::open;
  const CtestDetails& details = *test.ctest;
  for (const auto& lock : details.resource_locks) {
    if (locks_.contains(lock)) return Gate::wait;
  }
  for (const auto& name : details.depends) {
    const auto other = by_name_.find({test.program, name});
    if (other != by_name_.end() && other->second != batch.tests.front() && !ended_.contains(other->second))
      return Gate::wait;
  }
  for (const auto& fixture : details.fixtures_required) {
    const auto setups = setups_.find({test.program, fixture});
    if (setups == setups_.end()) continue;
    for (const TestIndex setup : setups->second) {
      const auto state = ended_.find(setup);
      if (state == ended_.end()) return Gate::wait;
      if (!state->second) return Gate::blocked;
    }
  }
  // A clean-up waits for everybody who set up or used the fixture.
  for (const auto& fixture : details.fixtures_cleanup) {
    for (const auto* list : {&setups_, &users_}) {
      const auto others = list->find({test.program, fixture});
      if (others == list->end()) continue;
      for (const TestIndex other : others->second) {
        if (other != batch.tests.front() && !ended_.contains(other)) return Gate::wait;
      }
    }
  }
  return Gate::open;
}

std::optional<Batch> Schedule::next() {
  bool progress = true;
  while (progress) {
    progress = false;
    if (used_ >= workers_ || exclusive_) return {};
    for (auto batch = waiting_.begin(); batch != waiting_.end(); ++batch) {
      if (batch->shared_queue) {
        Shared& shared = shared_[batch->program];
        if (shared.tests.empty()) {
          waiting_.erase(batch);
          progress = true;
          break;
        }
        if (shared.active >= workers_ || !fits(*batch)) continue;
        return *batch;  // stays: the next free worker joins in
      }
      const Gate state = gate(*batch);
      if (state == Gate::blocked) {
        for (const TestIndex test : batch->tests) {
          blocked_.push_back(test);
          ended_[test] = false;
        }
        waiting_.erase(batch);
        progress = true;
        break;
      }
      if (state == Gate::wait || !fits(*batch)) continue;
      Batch result = std::move(*batch);
      waiting_.erase(batch);
      return result;
    }
  }
  if (processes_ == 0 && !waiting_.empty()) {
    // Nothing runs and nothing may start: dependencies in a circle. Break it where it is.
    Batch result = std::move(waiting_.front());
    waiting_.pop_front();
    return result;
  }
  return {};
}

void Schedule::again(Batch batch) { waiting_.push_front(std::move(batch)); }

void Schedule::occupy(const Batch& batch) {
  ++processes_;
  used_ += batch.weight;
  if (batch.exclusive) exclusive_ = true;
  if (!batch.group.empty()) ++groups_[batch.group];
  if (batch.shared_queue) ++shared_[batch.program].active;
  if (!batch.tests.empty() && catalog_.tests[batch.tests.front()].ctest) {
    for (const auto& lock : catalog_.tests[batch.tests.front()].ctest->resource_locks) locks_.insert(lock);
  }
}

void Schedule::release(const Batch& batch) {
  if (processes_ > 0) --processes_;
  used_ -= std::min(used_, batch.weight);
  if (batch.exclusive) exclusive_ = false;
  if (!batch.group.empty() && groups_[batch.group] > 0) --groups_[batch.group];
  if (batch.shared_queue && shared_[batch.program].active > 0) --shared_[batch.program].active;
  if (!batch.tests.empty() && catalog_.tests[batch.tests.front()].ctest) {
    for (const auto& lock : catalog_.tests[batch.tests.front()].ctest->resource_locks) locks_.erase(lock);
  }
}

void Schedule::finished(TestIndex test, bool well) {
  if (has_ctest_) ended_[test] = well;
}

std::vector<TestIndex> Schedule::take_blocked() { return std::exchange(blocked_, {}); }

std::vector<TestIndex> Schedule::take_shared(ProgramIndex program, std::size_t unmeasured_limit) {
  Shared& shared = shared_[program];
  std::vector<TestIndex> taken;
  const Nanoseconds target = shared.remaining / (2 * workers_);
  Nanoseconds sum{0};
  while (!shared.tests.empty() && (taken.empty() || sum < target)) {
    if (!shared.measured && taken.size() >= unmeasured_limit) break;
    const TestIndex test = shared.tests.front();
    const bool known = test < durations_->of.size() && durations_->of[test];
    const Nanoseconds cost = known ? *durations_->of[test] : kUnknownDuration;
    // A long test does not ride along behind others.
    if (!taken.empty() && sum + cost > target) break;
    shared.tests.pop_front();
    taken.push_back(test);
    sum += cost;
    shared.remaining -= cost;
  }
  return taken;
}

void Schedule::give_back(ProgramIndex program, const std::vector<TestIndex>& tests) {
  Shared& shared = shared_[program];
  for (auto test = tests.rbegin(); test != tests.rend(); ++test) {
    shared.tests.push_front(*test);
    const bool known = *test < durations_->of.size() && durations_->of[*test];
    shared.remaining += known ? *durations_->of[*test] : kUnknownDuration;
  }
  const bool listed = std::any_of(waiting_.begin(), waiting_.end(),
                                  [&](const Batch& batch) { return batch.shared_queue && batch.program == program; });
  if (!listed && !shared.tests.empty()) waiting_.push_front(shared.pattern);
}

void Schedule::drop_shared(ProgramIndex program) { shared_[program].tests.clear(); }

unsigned Schedule::lane_of(const Batch&) { return next_lane_++ % workers_; }

std::vector<TestIndex> with_fixtures(const Catalog& catalog, const std::vector<TestIndex>& selected) {
  std::map<std::pair<ProgramIndex, std::string>, std::vector<TestIndex>> helpers;
  for (TestIndex index = 0; index < catalog.tests.size(); ++index) {
    const auto& test = catalog.tests[index];
    if (!test.ctest) continue;
    for (const auto* list : {&test.ctest->fixtures_setup, &test.ctest->fixtures_cleanup}) {
      for (const auto& fixture : *list) helpers[{test.program, fixture}].push_back(index);
    }
  }
  if (helpers.empty()) return selected;
  std::set<TestIndex> chosen(selected.begin(), selected.end());
  std::vector<TestIndex> open = selected;
  while (!open.empty()) {
    const TestIndex index = open.back();
    open.pop_back();
    const auto& test = catalog.tests[index];
    if (!test.ctest) continue;
    for (const auto& fixture : test.ctest->fixtures_required) {
      const auto found = helpers.find({test.program, fixture});
      if (found == helpers.end()) continue;
      for (const TestIndex helper : found->second) {
        if (chosen.insert(helper).second) open.push_back(helper);
      }
    }
  }
  return {chosen.begin(), chosen.end()};
}

}  // namespace chiron::testing
