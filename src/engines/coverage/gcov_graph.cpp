#include "engines/coverage/gcov_graph.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace chiron::coverage {

namespace {

constexpr std::uint32_t kEntry = 0, kExit = 1;
constexpr std::size_t kCycleSteps = 5'000'000;  // work spent on the loops of one line
constexpr std::size_t kCycleDepth = 2'000;      // blocks of one loop

void mark_ways(GcovFunction& function) {
  for (auto& arc : function.arcs) {
    if (!arc.fake) continue;
    if (arc.from != kEntry) {
      function.blocks[arc.from].calls = true;
      arc.call_does_not_return = true;
    }
  }
  for (auto& block : function.blocks) {
    bool has_fake = false;
    std::size_t real = 0;
    for (const auto index : block.out) {
      has_fake |= function.arcs[index].fake && function.arcs[index].from != kEntry;
      real += function.arcs[index].fake ? 0 : 1;
    }
    for (const auto index : block.out) {
      auto& arc = function.arcs[index];
      // A block with a fake exit calls something; its other ways that do not fall through lead to handlers.
      if (has_fake && !arc.fake && !arc.falls_through) arc.throws = true;
      if (real == 1 && !arc.fake) arc.unconditional = true;
    }
  }
}

class Solver {
 public:
  explicit Solver(GcovFunction& function) : function_(function) {
    const auto count = function.blocks.size();
    unknown_in_.resize(count);
    unknown_out_.resize(count);
    for (const auto& arc : function.arcs) {
      if (arc.known) continue;
      ++unknown_out_[arc.from];
      ++unknown_in_[arc.to];
    }
    queued_.resize(count, true);
    for (std::size_t i = 0; i < count; ++i) queue_.push_back(static_cast<std::uint32_t>(i));
  }

  bool run() {
    while (!queue_.empty()) {
      const auto index = queue_.back();
      queue_.pop_back();
      queued_[index] = false;
      visit(index);
    }
    bool solved = true;
    for (auto& block : function_.blocks) {
      solved = solved && block.known;
      block.count = std::max<std::int64_t>(block.count, 0);
    }
    for (auto& arc : function_.arcs) {
      solved = solved && arc.known;
      arc.count = std::max<std::int64_t>(arc.count, 0);
    }
    return solved;
  }

 private:
  // Unsigned, because a hostile file's counts may be anything.
  std::int64_t sum(const std::vector<std::uint32_t>& arcs) const {
    std::uint64_t total = 0;
    for (const auto index : arcs)
      if (function_.arcs[index].known) total += static_cast<std::uint64_t>(function_.arcs[index].count);
    return static_cast<std::int64_t>(total);
  }

  void visit(std::uint32_t index) {
    auto& block = function_.blocks[index];
    if (!block.known) {
      // Nothing flows into the entry or out of the exit: only the other side says how often.
      if (unknown_out_[index] == 0 && index != kExit) {
        block.count = sum(block.out);
        block.known = true;
      } else if (unknown_in_[index] == 0 && index != kEntry) {
        block.count = sum(block.in);
        block.known = true;
      }
    }
    if (!block.known) return;
    if (unknown_out_[index] == 1) settle(block.out, block.count);
    if (unknown_in_[index] == 1) settle(block.in, block.count);
  }

  void settle(const std::vector<std::uint32_t>& arcs, std::int64_t total) {
    const auto rest =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(total) - static_cast<std::uint64_t>(sum(arcs)));
    for (const auto index : arcs) {
      auto& arc = function_.arcs[index];
      if (arc.known) continue;
      arc.count = rest;
      arc.known = true;
      --unknown_out_[arc.from];
      --unknown_in_[arc.to];
      enqueue(arc.from);
      enqueue(arc.to);
      return;
    }
  }

  void enqueue(std::uint32_t index) {
    if (queued_[index]) return;
    queued_[index] = true;
    queue_.push_back(index);
  }

  GcovFunction& function_;
  std::vector<std::uint32_t> unknown_in_, unknown_out_, queue_;
  std::vector<bool> queued_;
};

// A line while counts are gathered. `blocks` are those that end on it in one of their sources; a block with code of
// two sources stands on a line of each, and may stand on one line twice.
struct LineInfo {
  using Place = std::pair<GcovFunction*, std::uint32_t>;
  std::uint64_t count = 0;
  std::vector<Place> blocks;
  std::set<Place> distinct;

  void add(GcovFunction& function, std::uint32_t block) {
    blocks.emplace_back(&function, block);
    distinct.emplace(&function, block);
  }
  [[nodiscard]] bool holds(GcovFunction& function, std::uint32_t block) const {
    return distinct.contains({&function, block});
  }
};

// The loops of a line's own graph: elementary circuits in the order of Hawick and James ("Enumerating Circuits and
// Loops in Graphs with Self-Arcs and Multiple-Arcs", 2008), each taken out as often as its rarest arc was taken. The
// order matters for the sum, so it is gcov's.
class Circuits {
 public:
  explicit Circuits(const LineInfo& line) : line_(line) {}

  std::uint64_t count() {
    for (const auto& [function, block] : line_.blocks)
      for (const auto arc : function->blocks[block].out) function->arcs[arc].left = function->arcs[arc].count;
    for (const auto& [function, block] : line_.blocks) {
      function_ = function;
      start_ = block;
      path_.clear();
      visited_.clear();
      search(block, 0);
    }
    return total_;
  }

 private:
  // A block on the path, or known to lead nowhere until one of those it waits for is free again.
  struct Visited {
    std::uint32_t block;
    std::vector<std::uint32_t> waiting;
  };

  [[nodiscard]] bool leads_on(const GcovArc& arc) const {
    return arc.to >= start_ && arc.left > 0 && line_.holds(*function_, arc.to);
  }
  auto find_visited(std::uint32_t block) {
    return std::find_if(visited_.begin(), visited_.end(), [&](const Visited& one) { return one.block == block; });
  }

  bool search(std::uint32_t block, std::size_t depth) {
    visited_.push_back({block, {}});
    bool found = false;
    for (const auto index : function_->blocks[block].out) {
      const auto& arc = function_->arcs[index];
      if (++steps_ > kCycleSteps) return found;
      if (!leads_on(arc)) continue;
      path_.push_back(index);
      if (arc.to == start_) {
        take_out();
        found = true;
      } else if (depth < kCycleDepth && all_left() && find_visited(arc.to) == visited_.end()) {
        found |= search(arc.to, depth + 1);
      }
      path_.pop_back();
    }
    if (found) {
      release(block);
      return true;
    }
    for (const auto index : function_->blocks[block].out) {
      const auto& arc = function_->arcs[index];
      if (!leads_on(arc)) continue;
      const auto other = find_visited(arc.to);
      if (other == visited_.end()) continue;
      if (std::find(other->waiting.begin(), other->waiting.end(), block) == other->waiting.end())
        other->waiting.push_back(block);
    }
    return false;
  }

  [[nodiscard]] bool all_left() {
    steps_ += path_.size();
    return std::all_of(path_.begin(), path_.end(), [&](std::uint32_t arc) { return function_->arcs[arc].left > 0; });
  }

  void take_out() {
    auto least = function_->arcs[path_.front()].left;
    for (const auto arc : path_) least = std::min(least, function_->arcs[arc].left);
    for (const auto arc : path_) function_->arcs[arc].left -= least;
    if (least > 0) total_ = add_counts(total_, static_cast<std::uint64_t>(least));
  }

  void release(std::uint32_t first) {
    std::vector<std::uint32_t> pending{first};
    while (!pending.empty()) {
      const auto found = find_visited(pending.back());
      pending.pop_back();
      if (found == visited_.end()) continue;
      auto waiting = std::move(found->waiting);
      visited_.erase(found);
      pending.insert(pending.end(), waiting.rbegin(), waiting.rend());
    }
  }

  const LineInfo& line_;
  GcovFunction* function_ = nullptr;
  std::uint32_t start_ = 0;
  std::vector<std::uint32_t> path_;
  std::vector<Visited> visited_;
  std::uint64_t total_ = 0;
  std::size_t steps_ = 0;
};

using Lines = std::map<std::uint32_t, LineInfo>;

void finish(Lines& lines, SourceFile& file) {
  for (auto& [number, line] : lines) {
    if (!line.blocks.empty()) {
      std::uint64_t entered = 0;
      for (const auto& [function, index] : line.blocks) {
        for (const auto arc_index : function->blocks[index].in) {
          const auto& arc = function->arcs[arc_index];
          if (!line.holds(*function, arc.from)) entered = add_counts(entered, static_cast<std::uint64_t>(arc.count));
        }
      }
      line.count = add_counts(entered, Circuits(line).count());
    }
    file.lines.push_back({number, line.count});
    Branch branch;
    branch.line = number;
    for (const auto& [function, index] : line.blocks) {
      for (const auto arc_index : function->blocks[index].out) {
        const auto& arc = function->arcs[arc_index];
        if (arc.unconditional || arc.call_does_not_return || arc.throws) continue;
        const auto& block = function->blocks[index];
        // What is left besides an exception's way is no choice.
        const bool only_way = std::count_if(block.out.begin(), block.out.end(), [&](std::uint32_t other) {
                                const auto& candidate = function->arcs[other];
                                return !candidate.fake && !candidate.throws;
                              }) == 1;
        if (only_way) continue;
        branch.arms.push_back({arc.falls_through ? "falls through" : "jumps", static_cast<std::uint64_t>(arc.count)});
        branch.taken += arc.count != 0 ? 1 : 0;
      }
    }
    branch.total = static_cast<std::uint32_t>(branch.arms.size());
    if (branch.total > 1) file.branches.push_back(std::move(branch));
  }
}

}  // namespace

bool solve_graph(GcovFunction& function, const std::vector<std::int64_t>& counters) {
  mark_ways(function);
  std::size_t next = 0;
  // Counters come in the order of the blocks and of their ways out.
  for (auto& block : function.blocks) {
    for (const auto index : block.out) {
      auto& arc = function.arcs[index];
      if (arc.on_tree) continue;
      arc.count = next < counters.size() ? counters[next] : 0;
      arc.known = true;
      ++next;
    }
    // From here on in the order of where they lead.
    std::stable_sort(block.out.begin(), block.out.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return function.arcs[a].to < function.arcs[b].to; });
  }
  if (counters.empty()) {
    for (auto& arc : function.arcs) arc.known = true;
    for (auto& block : function.blocks) block.known = true;
    return true;
  }
  return Solver(function).run();
}

void add_gcov_lines(std::vector<GcovFunction>& functions, const std::vector<std::string>& sources,
                    const std::vector<bool>& wanted, std::vector<SourceFile>& files) {
  // Functions that begin on one line (instances of a template, lambdas) are counted alone and the counts are added.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> starts;
  for (const auto& function : functions)
    if (!function.artificial) ++starts[{function.source, function.start_line}];
  std::vector<Lines> shared(sources.size());
  std::vector<SourceFile> out(sources.size());
  for (auto& function : functions) {
    if (function.artificial || function.blocks.empty()) continue;
    function.group = starts[{function.source, function.start_line}] > 1;
    Lines own;
    for (std::size_t index = 0; index < function.blocks.size(); ++index) {
      auto& block = function.blocks[index];
      LineInfo* last = nullptr;  // of the sources so far, as a source may come without a line
      for (auto& location : block.locations) {
        std::sort(location.lines.begin(), location.lines.end());
        if (!location.lines.empty()) last = nullptr;
        if (!wanted[location.source]) continue;
        for (const auto number : location.lines) {
          const bool in_own = function.group && location.source == function.source && number >= function.start_line &&
                              number <= function.end_line;
          last = &(in_own ? own : shared[location.source])[number];
          last->count = add_counts(last->count, static_cast<std::uint64_t>(block.count));
        }
        const bool inner = index != kEntry && index + 1 != function.blocks.size();
        if (last != nullptr && inner) last->add(function, static_cast<std::uint32_t>(index));
      }
    }
    if (!wanted[function.source]) continue;
    if (function.group) finish(own, out[function.source]);
    out[function.source].functions.push_back(
        {function.name, function.start_line, static_cast<std::uint64_t>(function.blocks[0].count), function.end_line});
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!wanted[i]) continue;
    finish(shared[i], out[i]);
    if (out[i].lines.empty() && out[i].functions.empty()) continue;
    out[i].path = sources[i];
    files.push_back(std::move(out[i]));
  }
}

}  // namespace chiron::coverage
