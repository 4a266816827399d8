// The engine behind compare.h, in parts: engine.cpp decides what bytes are compared as, containers.cpp compares two
// containers member by member.
#pragma once
#include "engines/compare/compare.h"
#include "engines/compare/container/container.h"
#include "engines/compare/filter.h"
#include "engines/compare/match.h"
#include "engines/compare/same_blocks.h"
#include "foundation/task/pool.h"

namespace chiron::compare {

// What one comparison shares over all its threads.
struct Run {
  Run(const Options& settings, Filter chosen, const task::CancelToken* token)
      : options(settings), filter(std::move(chosen)), budget(settings.limits, token), pool(settings.workers) {}
  const Options& options;
  Filter filter;
  Budget budget;
  task::Pool pool;
  SameBlocks same;  // of the two files, where files are compared
  std::atomic<std::uint64_t> members{0};
  std::mutex excluded_guard;
  std::vector<std::string> excluded;
  std::uint64_t excluded_count = 0;
};

// A place in the nesting: how deep it is and the path that led there. Handed to readers and comparers as their Context.
class Scope final : public Context {
 public:
  Scope(Run& run, std::uint32_t depth, std::string path) : run_(run), depth_(depth), path_(std::move(path)) {}
  [[nodiscard]] Budget& budget() override { return run_.budget; }
  [[nodiscard]] task::Pool& pool() override { return run_.pool; }
  void compare_part(ByteView a, ByteView b, std::string_view name_a, std::string_view name_b, Range at_a, Range at_b,
                    Difference& parent) override;

  // Records in `out` how `a` and `b` differ; out's names and place are set. Returns false where they are equal.
  bool compare(ByteView a, ByteView b, Difference& out);
  // Compares two opened containers into `out`.
  // `same_format`: otherwise the fields of the two have nothing to do with each other.
  void compare_containers(const Container& a, const Container& b, Difference& out, bool same_format = true);

 private:
  void compare_leaf(ByteView a, ByteView b, Difference& out);
  bool compare_as_container(ByteView a, ByteView b, Difference& out);
  bool compare_unpacked(const ContainerFormat* format_a, const ContainerFormat* format_b, ByteView a, ByteView b,
                        Difference& out);
  bool compare_by_content(ByteView a, ByteView b, Difference& out);
  void compare_fields(const std::vector<Field>& a, const std::vector<Field>& b, bool content_equal, Difference& out);
  void compare_regions(const Container& a, const Container& b, Difference& out);
  bool compare_member(const Container& a, const Container& b, const Pair& pair, Difference& out);
  void compare_framing(const Container& a, const Container& b, const Pair& pair, bool content_equal, Difference& out);
  std::vector<bool> excluded_members(const Container& container);
  void add_order(const Container& a, const Container& b, const Matching& matching, Difference& out);
  void add_lonely(const Container& container, const std::vector<std::uint32_t>& members, Kind kind, Difference& out);

  Run& run_;
  std::uint32_t depth_;
  std::string path_;
};

}  // namespace chiron::compare
