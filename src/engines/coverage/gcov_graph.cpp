#include "engines/coverage/gcov_graph.h"

#include <algorithm>
#include <map>
#include <utility>

namespace chiron::coverage {

namespace {

constexpr std::uint32_t kEntry = 0, kExit = 1;
constexpr std::size_t kCycleSteps = 5'000'000;  // work spent on the loops of one line

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
      has_fake |= function.arcs[index].fake;
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

// A line while counts are gathered: `blocks` are those whose last line it is.
struct LineInfo {
  std::uint64_t count = 0;
  std::vector<std::pair<GcovFunction*, std::uint32_t>> blocks;
};

// Takes loops out of the line's own graph one after another, each as often as its rarest arc was taken.
std::uint64_t count_cycles(const LineInfo& line) {
  std::uint64_t total = 0;
  std::size_t steps = 0;
  for (std::size_t first = 0; first < line.blocks.size();) {
    auto* function = line.blocks[first].first;
    std::size_t last = first;
    while (last < line.blocks.size() && line.blocks[last].first == function) ++last;
    std::map<std::uint32_t, std::size_t> on_line;  // block: its place, in ascending order of the search's starts
    for (std::size_t i = first; i < last; ++i) on_line.emplace(line.blocks[i].second, i);
    std::map<std::uint32_t, std::int64_t> left;
    for (const auto& [block, place] : on_line)
      for (const auto arc : function->blocks[block].out) left[arc] = function->arcs[arc].count;
    for (const auto& [start, place] : on_line) {
      for (bool found = true; found && steps < kCycleSteps;) {
        found = false;
        // Depth first from `start` over blocks not before it, by arcs with something left.
        std::vector<std::pair<std::uint32_t, std::size_t>> stack{{start, 0}};
        std::vector<std::uint32_t> path;
        std::map<std::uint32_t, bool> seen{{start, true}};
        while (!stack.empty() && !found && ++steps < kCycleSteps) {
          auto& [block, next] = stack.back();
          const auto& out = function->blocks[block].out;
          if (next == out.size()) {
            stack.pop_back();
            if (!path.empty()) path.pop_back();
            continue;
          }
          const auto arc = out[next++];
          const auto to = function->arcs[arc].to;
          if (left[arc] <= 0 || to < start || !on_line.contains(to)) continue;
          if (to == start) {
            path.push_back(arc);
            found = true;
          } else if (!seen[to]) {
            seen[to] = true;
            path.push_back(arc);
            stack.emplace_back(to, 0);
          }
        }
        if (!found) break;
        auto least = left[path.front()];
        for (const auto arc : path) least = std::min(least, left[arc]);
        for (const auto arc : path) left[arc] -= least;
        total = add_counts(total, static_cast<std::uint64_t>(least));
      }
    }
    first = last;
  }
  return total;
}

using Lines = std::map<std::uint32_t, LineInfo>;

void finish(Lines& lines, SourceFile& file) {
  for (auto& [number, line] : lines) {
    if (!line.blocks.empty()) {
      std::uint64_t entered = 0;
      for (const auto& [function, index] : line.blocks) {
        for (const auto arc_index : function->blocks[index].in) {
          const auto& arc = function->arcs[arc_index];
          const bool within =
              std::find(line.blocks.begin(), line.blocks.end(), std::pair(function, arc.from)) != line.blocks.end();
          if (!within) entered = add_counts(entered, static_cast<std::uint64_t>(arc.count));
        }
      }
      line.count = add_counts(entered, count_cycles(line));
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
      const auto& block = function.blocks[index];
      LineInfo* last = nullptr;
      for (const auto& location : block.locations) {
        for (const auto number : location.lines) {
          if (number == 0 || !wanted[location.source]) continue;
          const bool in_own = function.group && location.source == function.source && number >= function.start_line &&
                              number <= function.end_line;
          last = &(in_own ? own : shared[location.source])[number];
          last->count = add_counts(last->count, static_cast<std::uint64_t>(block.count));
        }
      }
      if (last != nullptr && index != kEntry && index != kExit)
        last->blocks.emplace_back(&function, static_cast<std::uint32_t>(index));
    }
    if (!wanted[function.source]) continue;
    if (function.group) finish(own, out[function.source]);
    out[function.source].functions.push_back(
        {function.name, function.start_line, static_cast<std::uint64_t>(function.blocks[0].count)});
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
