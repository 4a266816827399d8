// See sequence_diff.h. Patience anchors are found per stretch with one counting pass over a table shared by all
// stretches; Myers keeps the furthest-reaching paths of each round to walk back along, hence its bound.
#include "engines/compare/sequence_diff.h"

#include <algorithm>

namespace chiron::compare {

namespace {

// Rounds of Myers' algorithm before a stretch is given up as replaced: memory and time are its square.
constexpr std::int32_t kMaxRounds = 768;

struct Stretch {
  std::uint32_t a_begin, a_end, b_begin, b_end;
};

class Differ {
 public:
  Differ(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b, std::uint32_t symbol_count)
      : a_(a), b_(b), tally_(symbol_count) {}

  std::vector<Edit> run() {
    // Stretches are taken last in, first out and pushed in reverse, so edits come out in order.
    open_.push_back({0, static_cast<std::uint32_t>(a_.size()), 0, static_cast<std::uint32_t>(b_.size())});
    while (!open_.empty()) {
      const auto stretch = open_.back();
      open_.pop_back();
      solve(stretch);
    }
    return std::move(edits_);
  }

 private:
  struct Tally {
    std::uint32_t count_a = 0, count_b = 0, at_b = 0;
  };

  void add_edit(std::uint32_t a, std::uint32_t count_a, std::uint32_t b, std::uint32_t count_b) {
    if (count_a == 0 && count_b == 0) return;
    if (!edits_.empty()) {
      auto& last = edits_.back();
      if (last.a + last.count_a == a && last.b + last.count_b == b) {
        last.count_a += count_a;
        last.count_b += count_b;
        return;
      }
    }
    edits_.push_back({a, count_a, b, count_b});
  }

  void solve(Stretch s) {
    while (s.a_begin < s.a_end && s.b_begin < s.b_end && a_[s.a_begin] == b_[s.b_begin]) ++s.a_begin, ++s.b_begin;
    while (s.a_begin < s.a_end && s.b_begin < s.b_end && a_[s.a_end - 1] == b_[s.b_end - 1]) --s.a_end, --s.b_end;
    if (s.a_begin == s.a_end || s.b_begin == s.b_end) {
      add_edit(s.a_begin, s.a_end - s.a_begin, s.b_begin, s.b_end - s.b_begin);
      return;
    }
    if (split_at_anchors(s)) return;
    myers(s);
  }

  // Pairs the symbols that are unique on both sides, keeps the longest run of them in the same order on both
  // (a longest increasing subsequence), and pushes what lies between. False where there are none.
  bool split_at_anchors(const Stretch& s) {
    for (auto i = s.a_begin; i < s.a_end; ++i) ++tally_[a_[i]].count_a;
    for (auto i = s.b_begin; i < s.b_end; ++i) {
      auto& tally = tally_[b_[i]];
      ++tally.count_b;
      tally.at_b = i;
    }
    anchors_.clear();
    for (auto i = s.a_begin; i < s.a_end; ++i) {
      const auto& tally = tally_[a_[i]];
      if (tally.count_a == 1 && tally.count_b == 1) anchors_.push_back({i, tally.at_b});
    }
    for (auto i = s.a_begin; i < s.a_end; ++i) tally_[a_[i]] = {};
    for (auto i = s.b_begin; i < s.b_end; ++i) tally_[b_[i]] = {};
    if (anchors_.empty()) return false;

    tops_.clear();
    previous_.assign(anchors_.size(), kNone);
    for (std::uint32_t i = 0; i < anchors_.size(); ++i) {
      const auto pile = std::lower_bound(tops_.begin(), tops_.end(), anchors_[i].b,
                                         [&](std::uint32_t top, std::uint32_t b) { return anchors_[top].b < b; });
      if (pile != tops_.begin()) previous_[i] = *(pile - 1);
      if (pile == tops_.end()) {
        tops_.push_back(i);
      } else {
        *pile = i;
      }
    }
    // From the last anchor to the first: the stretch behind each is pushed, so the first stretch ends on top.
    auto end_a = s.a_end;
    auto end_b = s.b_end;
    for (auto i = tops_.back(); i != kNone; i = previous_[i]) {
      open_.push_back({anchors_[i].a + 1, end_a, anchors_[i].b + 1, end_b});
      end_a = anchors_[i].a;
      end_b = anchors_[i].b;
    }
    open_.push_back({s.a_begin, end_a, s.b_begin, end_b});
    return true;
  }

  // Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy form.
  void myers(const Stretch& s) {
    const auto n = static_cast<std::int32_t>(s.a_end - s.a_begin);
    const auto m = static_cast<std::int32_t>(s.b_end - s.b_begin);
    const auto rounds = std::min(kMaxRounds, n + m);
    reach_.assign(static_cast<std::size_t>(2 * rounds + 3), 0);
    history_.clear();
    auto* const reach = reach_.data() + rounds + 1;
    for (std::int32_t d = 0; d <= rounds; ++d) {
      for (std::int32_t k = -d; k <= d; k += 2) {
        auto x = (k == -d || (k != d && reach[k - 1] < reach[k + 1])) ? reach[k + 1] : reach[k - 1] + 1;
        auto y = x - k;
        while (x < n && y < m && x >= 0 && y >= 0 && a_[s.a_begin + x] == b_[s.b_begin + y]) ++x, ++y;
        reach[k] = x;
        if (x >= n && y >= m) {
          walk_back(s, d, n, m);
          return;
        }
      }
      history_.insert(history_.end(), reach - d, reach + d + 1);  // row d has 2d + 1 entries
    }
    add_edit(s.a_begin, s.a_end - s.a_begin, s.b_begin, s.b_end - s.b_begin);
  }

  void walk_back(const Stretch& s, std::int32_t d, std::int32_t n, std::int32_t m) {
    steps_.clear();
    auto x = n;
    auto y = m;
    for (; d > 0; --d) {
      // Row d - 1 starts behind the (d - 1)^2 entries of the rows before it; its diagonal k sits at k + d - 1.
      const auto* row = history_.data() + static_cast<std::ptrdiff_t>(d - 1) * (d - 1) + (d - 1);
      const auto k = x - y;
      const auto at = [&](std::int32_t diagonal) {
        return diagonal < -(d - 1) || diagonal > d - 1 ? std::int32_t{-1} : row[diagonal];
      };
      const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
      const auto from_k = down ? k + 1 : k - 1;
      const auto from_x = at(from_k);
      const auto from_y = from_x - from_k;
      steps_.push_back(
          {static_cast<std::uint32_t>(from_x), down ? 0u : 1u, static_cast<std::uint32_t>(from_y), down ? 1u : 0u});
      x = from_x;
      y = from_y;
    }
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      add_edit(s.a_begin + step->a, step->count_a, s.b_begin + step->b, step->count_b);
    }
  }

  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Anchor {
    std::uint32_t a, b;
  };

  std::span<const std::uint32_t> a_, b_;
  std::vector<Tally> tally_;
  std::vector<Stretch> open_;
  std::vector<Anchor> anchors_;
  std::vector<std::uint32_t> tops_, previous_;
  std::vector<std::int32_t> reach_, history_;
  std::vector<Edit> steps_;
  std::vector<Edit> edits_;
};

}  // namespace

std::vector<Edit> diff_sequences(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b,
                                 std::uint32_t symbol_count) {
  return Differ(a, b, symbol_count).run();
}

}  // namespace chiron::compare
