// What follows a failure: is the test broken, flaky, or does it depend on what ran before it in its process, and on
// which tests exactly?
//
// The search is a binary search for one culprit after another. With f(S) = "the victim fails when the tests S run
// before it": as long as the culprits found so far are not enough, the shortest prefix of the candidates that makes
// them enough ends in one more culprit, and only what stands before it stays a candidate. So k culprits among n
// candidates cost k⌈log₂ n⌉ + k runs, without assuming that f is monotone: each step keeps f(found ∪ candidates) true
// and narrows a boundary between a run that passed and one that failed. A victim that needs a setter is the same search
// for f(S) = "the victim passes".
#pragma once
#include "engines/testing/model.h"

namespace chiron::testing {

// One process that an investigation asks for; the victim stands last.
struct Request {
  std::vector<TestIndex> tests;
  Order order;
  Purpose purpose = Purpose::alone;
};

// What the process said of the victim.
struct Answer {
  Status status = Status::lost;
  bool ran = false;  // false: the process ended before the victim's turn
};

struct Suspicion {
  TestIndex victim = 0;
  std::vector<TestIndex> before;  // ran before it in its process, in that order
  Order order;                    // of that process
  Status status = Status::failed;
  unsigned retries = 0;
  bool was_alone = false;  // it had its process for itself
  bool search = true;      // look for culprits, not only for the fact
  // Tests of the program before the victim in the order of definition; empty where that says nothing new.
  std::vector<TestIndex> definition_before;
  std::vector<std::vector<TestIndex>> known_polluters;  // of other victims: likely culprits, tried first
};

class Investigation {
 public:
  explicit Investigation(Suspicion suspicion);

  // The next process to run, or nothing when the verdict is known. Every request is answered before the next.
  [[nodiscard]] std::optional<Request> next() const;
  void answer(const Answer& answer);

  // Another source (a result file) says that the test passed; what looked like a failure was want of words.
  void acquit() { finish(Verdict::passed); }
  [[nodiscard]] bool done() const { return stage_ == Stage::done; }
  [[nodiscard]] Verdict verdict() const { return verdict_; }
  [[nodiscard]] const Suspicion& suspicion() const { return suspicion_; }
  // Meaningful where the verdict is order_dependent.
  [[nodiscard]] const OrderDependence& dependence() const { return dependence_; }
  [[nodiscard]] bool searching() const { return stage_ == Stage::prefix || stage_ == Stage::enough; }
  [[nodiscard]] unsigned runs() const { return runs_; }

 private:
  enum class Stage : std::uint8_t {
    alone,         // does it pass by itself?
    retry,         // it failed by itself: does it ever pass?
    known,         // passes by itself: does a polluter we know of already break it?
    reproduce,     // does the same order break it again?
    definition,    // fails by itself: does it pass in the order of definition?
    prefix,        // binary search for the next culprit
    enough,        // are the culprits found so far enough?
    confirm_with,  // the minimal order, once more
    confirm_without,
    done
  };
  void begin_search(OrderDependence::Kind kind, std::vector<TestIndex> candidates, Order order);
  void next_culprit();
  void finish(Verdict verdict);
  [[nodiscard]] std::vector<TestIndex> with(std::size_t prefix_length) const;
  // Whether an answer has the property searched for.
  [[nodiscard]] bool has_property(const Answer& answer) const;

  Suspicion suspicion_;
  Stage stage_ = Stage::alone;
  Verdict verdict_ = Verdict::failed;
  OrderDependence dependence_;
  std::vector<TestIndex> candidates_, all_candidates_;
  std::vector<bool> is_culprit_;  // by position in all_candidates_
  std::size_t known_index_ = 0;
  std::size_t low_ = 0, high_ = 0;  // f(low_) is false, f(high_) is true
  unsigned runs_ = 0, retries_done_ = 0, budget_ = 0;
  unsigned confirmations_ = 0;
};

}  // namespace chiron::testing
