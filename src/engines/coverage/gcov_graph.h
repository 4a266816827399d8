// GCC's control flow graphs and the counts that follow from a few of them. Only arcs off a spanning tree are counted
// by the instrumented program; the others follow because what flows into a block flows out of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engines/coverage/model.h"

namespace chiron::coverage {

struct GcovArc {
  std::uint32_t from = 0, to = 0;
  std::int64_t count = 0;
  std::int64_t left = 0;  // while loops of a line are counted
  bool known = false;
  bool on_tree = false;
  bool fake = false;  // a way out that a call may take (exit, longjmp)
  bool falls_through = false;
  bool throws = false;
  bool unconditional = false;
  bool call_does_not_return = false;
};

struct GcovLines {
  std::uint32_t source = 0;  // index of the file's sources
  std::vector<std::uint32_t> lines;
};

struct GcovBlock {
  std::vector<std::uint32_t> in, out;  // arcs
  std::vector<GcovLines> locations;
  std::int64_t count = 0;
  bool known = false;
  bool calls = false;
};

struct GcovFunction {
  std::uint32_t id = 0, checksum = 0;
  std::string name;
  bool artificial = false;
  std::uint32_t source = 0;
  std::uint32_t start_line = 0, start_column = 0, end_line = 0;
  std::vector<GcovBlock> blocks;
  std::vector<GcovArc> arcs;
  bool group = false;  // one of several instances of a template at the same place
};

// Sets the counts of instrumented arcs in their order (fewer than there are: the rest is 0; none at all: never ran),
// marks what kind of way each arc is, and derives the others. False where the graph has no consistent counts.
[[nodiscard]] bool solve_graph(GcovFunction& function, const std::vector<std::int64_t>& counters);

// Turns solved graphs into lines and branches of the sources, as gcov counts them: a line's count is how often it was
// entered from elsewhere plus the loops within it.
void add_gcov_lines(std::vector<GcovFunction>& functions, const std::vector<std::string>& sources,
                    const std::vector<bool>& wanted, std::vector<SourceFile>& files);

}  // namespace chiron::coverage
