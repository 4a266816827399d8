#include "engines/testing/model.h"

#include <array>

#include "foundation/base/format.h"

namespace chiron::testing {
namespace {

template <class E, std::size_t N>
std::optional<E> parse_name(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<E>(i);
  }
  return {};
}

constexpr std::array<std::string_view, 7> kFrameworks = {"googletest", "catch2", "doctest", "boost-test",
                                                         "ctest",      "pytest", "tap"};
constexpr std::array<std::string_view, 7> kStatuses = {"passed", "failed",    "skipped", "crashed",
                                                       "exited", "timed-out", "lost"};
constexpr std::array<std::string_view, 6> kVerdicts = {"not-run", "passed", "skipped",
                                                       "failed",  "flaky",  "order-dependent"};
constexpr std::array<std::string_view, 6> kPurposes = {"normal",           "alone",  "retry",
                                                       "definition-order", "bisect", "leak-hunt"};
constexpr std::array<std::string_view, 13> kEvents = {
    "run-started", "listed",        "setup-finished",   "process-started", "test-started",
    "test-slow",   "test-finished", "process-finished", "bisect-started",  "order-dependence",
    "leak",        "note",          "run-finished"};

}  // namespace

std::string_view to_string(Framework framework) { return kFrameworks[static_cast<std::size_t>(framework)]; }
std::optional<Framework> parse_framework(std::string_view text) { return parse_name<Framework>(kFrameworks, text); }
std::string_view to_string(Status status) { return kStatuses[static_cast<std::size_t>(status)]; }
std::optional<Status> parse_status(std::string_view text) { return parse_name<Status>(kStatuses, text); }
std::string_view to_string(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }
std::optional<Verdict> parse_verdict(std::string_view text) { return parse_name<Verdict>(kVerdicts, text); }
std::string_view to_string(Purpose purpose) { return kPurposes[static_cast<std::size_t>(purpose)]; }
std::string_view to_string(EventKind kind) { return kEvents[static_cast<std::size_t>(kind)]; }

std::string test_id(const std::vector<Program>& programs, const TestCase& test) {
  return programs[test.program].id + "::" + test.name;
}

void BoundedText::append(std::string_view piece) {
  total_ += piece.size();
  if (head_.size() < limits::kOutputHeadBytes) {
    const std::size_t room = limits::kOutputHeadBytes - head_.size();
    head_.append(piece.substr(0, room));
    if (piece.size() <= room) return;
    piece.remove_prefix(room);
  }
  if (piece.size() >= limits::kOutputTailBytes) {
    tail_.assign(piece.substr(piece.size() - limits::kOutputTailBytes));
    return;
  }
  // The tail may grow to twice its bound before it is cut, so that cutting costs O(1) a byte.
  tail_.append(piece);
  if (tail_.size() > 2 * limits::kOutputTailBytes) tail_.erase(0, tail_.size() - limits::kOutputTailBytes);
}

std::string BoundedText::take() {
  if (tail_.size() > limits::kOutputTailBytes) tail_.erase(0, tail_.size() - limits::kOutputTailBytes);
  const std::uint64_t kept = head_.size() + tail_.size();
  std::string text = std::move(head_);
  if (total_ > kept) text += format("\n[… {} bytes of output left out …]\n", total_ - kept);
  text += tail_;
  head_.clear();
  tail_.clear();
  total_ = 0;
  return text;
}

std::uint64_t Random::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

std::uint64_t Random::below(std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
}

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return Random(hash).next();
}

}  // namespace chiron::testing
