#include "engines/testing/investigate.h"

#include "foundation/base/format.h"

namespace chiron::testing {

Investigation::Investigation(Suspicion suspicion) : suspicion_(std::move(suspicion)) {
  dependence_.victim = suspicion_.victim;
  dependence_.order = suspicion_.order;
  if (suspicion_.was_alone) {
    Answer answer;
    answer.status = suspicion_.status;
    answer.ran = true;
    // The run that brought us here was the one "alone".
    runs_ = 0;
    Investigation::answer(answer);
    runs_ = 0;
  }
}

std::vector<TestIndex> Investigation::with(std::size_t prefix_length) const {
  // Culprits found lie behind the remaining candidates, in the order of the list.
  std::vector<TestIndex> tests(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(prefix_length));
  tests.insert(tests.end(), dependence_.culprits.begin(), dependence_.culprits.end());
  tests.push_back(suspicion_.victim);
  return tests;
}

std::optional<Request> Investigation::next() const {
  Request request;
  request.order = dependence_.order;
  switch (stage_) {
    case Stage::done:
      return {};
    case Stage::alone:
      request.tests = {suspicion_.victim};
      request.purpose = Purpose::alone;
      return request;
    case Stage::retry:
      request.tests = {suspicion_.victim};
      request.purpose = Purpose::retry;
      return request;
    case Stage::known:
      request.tests = suspicion_.known_polluters[known_index_];
      request.tests.push_back(suspicion_.victim);
      request.order = suspicion_.order;
      request.purpose = Purpose::bisect;
      return request;
    case Stage::reproduce:
      request.tests = suspicion_.before;
      request.tests.push_back(suspicion_.victim);
      request.order = suspicion_.order;
      request.purpose = Purpose::bisect;
      return request;
    case Stage::definition:
      request.tests = suspicion_.definition_before;
      request.tests.push_back(suspicion_.victim);
      request.order = {suspicion_.order.kind == OrderKind::listed ? OrderKind::listed : OrderKind::definition, 0};
      request.purpose = Purpose::definition_order;
      return request;
    case Stage::prefix:
      request.tests = with((low_ + high_) / 2);
      request.purpose = Purpose::bisect;
      return request;
    case Stage::enough:
    case Stage::confirm_with:
      request.tests = with(0);
      request.purpose = Purpose::bisect;
      return request;
    case Stage::confirm_without:
      request.tests = {suspicion_.victim};
      request.purpose = Purpose::bisect;
      return request;
  }
  return {};
}

void Investigation::finish(Verdict verdict) {
  verdict_ = verdict;
  dependence_.runs = runs_;
  stage_ = Stage::done;
}

bool Investigation::has_property(const Answer& answer) const {
  if (!answer.ran) return false;
  return dependence_.kind == OrderDependence::Kind::needs_setter ? !is_failure(answer.status)
                                                                 : is_failure(answer.status);
}

void Investigation::begin_search(OrderDependence::Kind kind, std::vector<TestIndex> candidates, Order order) {
  dependence_.kind = kind;
  dependence_.order = order;
  dependence_.candidates = static_cast<unsigned>(candidates.size());
  candidates_ = std::move(candidates);
  if (!suspicion_.search) {
    dependence_.kind = OrderDependence::Kind::unresolved;
    dependence_.note = "not searched for: the limit of searches in one run was reached";
    finish(Verdict::order_dependent);
    return;
  }
  next_culprit();
}

void Investigation::next_culprit() {
  low_ = 0;  // the culprits so far are not enough
  high_ = candidates_.size();
  // Far more culprits than anybody could read is no answer: say so instead of running for ever.
  if (dependence_.culprits.size() >= 12) {
    dependence_.note = format("more than {} tests act together; the failing order as a whole reproduces it",
                              dependence_.culprits.size());
    const bool setters = dependence_.kind == OrderDependence::Kind::needs_setter;
    dependence_.culprits = setters ? suspicion_.definition_before : suspicion_.before;
    dependence_.kind = OrderDependence::Kind::unresolved;
    finish(Verdict::order_dependent);
    return;
  }
  if (high_ == 1) {
    dependence_.culprits.insert(dependence_.culprits.begin(), candidates_.front());
    candidates_.clear();
    stage_ = Stage::confirm_with;
    confirmations_ = 0;
    return;
  }
  stage_ = Stage::prefix;
}

void Investigation::answer(const Answer& answer) {
  ++runs_;
  const bool failed = answer.ran && is_failure(answer.status);
  switch (stage_) {
    case Stage::done:
      return;
    case Stage::alone:
      if (!failed) {
        if (suspicion_.before.empty()) {
          finish(Verdict::flaky);
        } else {
          stage_ = suspicion_.known_polluters.empty() ? Stage::reproduce : Stage::known;
        }
        return;
      }
      [[fallthrough]];
    case Stage::retry:
      if (!failed) {
        finish(Verdict::flaky);
        return;
      }
      if (stage_ == Stage::retry) ++retries_done_;
      if (!suspicion_.definition_before.empty() && retries_done_ == 0) {
        stage_ = Stage::definition;
      } else if (retries_done_ < suspicion_.retries) {
        stage_ = Stage::retry;
      } else {
        finish(Verdict::failed);
      }
      return;
    case Stage::definition:
      if (answer.ran && !failed) {
        begin_search(OrderDependence::Kind::needs_setter, suspicion_.definition_before,
                     {suspicion_.order.kind == OrderKind::listed ? OrderKind::listed : OrderKind::definition, 0});
      } else if (retries_done_ < suspicion_.retries) {
        stage_ = Stage::retry;
      } else {
        finish(Verdict::failed);
      }
      return;
    case Stage::known:
      if (failed) {
        dependence_.kind = OrderDependence::Kind::polluted;
        dependence_.order = suspicion_.order;
        dependence_.candidates = static_cast<unsigned>(suspicion_.before.size());
        dependence_.culprits = suspicion_.known_polluters[known_index_];
        stage_ = Stage::confirm_with;
        return;
      }
      if (++known_index_ == suspicion_.known_polluters.size()) stage_ = Stage::reproduce;
      return;
    case Stage::reproduce:
      if (failed) {
        begin_search(OrderDependence::Kind::polluted, suspicion_.before, suspicion_.order);
      } else {
        finish(Verdict::flaky);  // same order, other result: nothing that order explains
      }
      return;
    case Stage::prefix: {
      const std::size_t middle = (low_ + high_) / 2;
      (has_property(answer) ? high_ : low_) = middle;
      if (high_ - low_ > 1) return;
      const TestIndex culprit = candidates_[high_ - 1];
      dependence_.culprits.insert(dependence_.culprits.begin(), culprit);
      candidates_.resize(high_ - 1);
      if (candidates_.empty()) {
        stage_ = Stage::confirm_with;
      } else {
        stage_ = Stage::enough;
      }
      return;
    }
    case Stage::enough:
      if (has_property(answer)) {
        stage_ = Stage::confirm_without;  // this run was the first confirmation
        confirmations_ = 1;
      } else {
        next_culprit();
      }
      return;
    case Stage::confirm_with:
      if (!has_property(answer)) {
        finish(Verdict::flaky);
        return;
      }
      ++confirmations_;
      stage_ = Stage::confirm_without;
      return;
    case Stage::confirm_without:
      if (has_property(answer)) {
        finish(Verdict::flaky);
        return;
      }
      if (confirmations_ < 2) {
        stage_ = Stage::confirm_with;
      } else {
        finish(Verdict::order_dependent);
      }
      return;
  }
}

}  // namespace chiron::testing
