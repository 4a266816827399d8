#include "engines/compare/content/piece.h"

#include "engines/compare/byte_diff.h"

namespace chiron::compare {

Difference* compare_piece(std::string_view name, std::string_view format, ByteView a, ByteView b, Range at_a,
                          Range at_b, Context& context, Difference& out) {
  if (a == b) return nullptr;
  auto& child = out.add_child(Kind::content, name, name);
  child.format = format;
  child.set_place(at_a, at_b);
  find_extents(a, b, &context.pool(), context.budget(), child);
  add_windows(a, b, child);
  return &child;
}

}  // namespace chiron::compare
