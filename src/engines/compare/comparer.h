// How a content comparer is declared: a format whose two sides are read whole from memory and told apart by meaning.
// (Containers, whose members are compared each, are declared in container.h.)
//
// The engine calls a comparer only with bytes that differ. It tries the table in order and takes the first that
// matches BOTH sides. Whatever the comparer records in `out`, the engine adds the exact byte extents; where the
// comparer records nothing, or fails, the engine falls back to the text diff or hex windows and says so.
#pragma once
#include <span>
#include <string_view>

#include "engines/compare/budget.h"
#include "engines/compare/difference.h"
#include "foundation/base/result.h"

namespace chiron::task {
class Pool;
}

namespace chiron::compare {

// What every comparer is handed. One per comparison of two artifacts, shared by all threads.
class Context {
 public:
  virtual ~Context() = default;
  [[nodiscard]] virtual Budget& budget() = 0;
  [[nodiscard]] virtual task::Pool& pool() = 0;
  // Compares a part (a section, an embedded file, a decoded stream) by its own format and adds what differs as a child
  // of `parent`; nothing is added where the bytes are equal. `depth` is counted by the engine. `at_a`/`at_b` tell
  // where the part lies in the parent's bytes ({} where it is decoded from them).
  virtual void compare_part(ByteView a, ByteView b, std::string_view name_a, std::string_view name_b, Range at_a,
                            Range at_b, Difference& parent) = 0;
};

struct Comparer {
  std::string_view name;  // "PNG image", goes into Difference::format
  // Cheap: looks at magic numbers and at the extension of `name` (a path); both sides must be of the format.
  bool (*matches)(ByteView a, ByteView b, std::string_view name);
  // Records what differs in `out` (whose names, sizes and format are set). Views live as long as the call.
  // An error means: could not be read as this format; the engine falls back and keeps the message as a comment.
  Result<void> (*compare)(ByteView a, ByteView b, Context& context, Difference& out);
  // Bytes of tables that reading takes, for each byte of both sides and for each of the marks that part values, as
  // measured on files of tiny values; counted against --max-memory before the comparer is called. 0 where the comparer
  // counts for itself.
  unsigned bytes_a_byte = 0;
  unsigned bytes_a_mark = 0;
  std::string_view marks = {};
};

// The content comparers in the order they are tried; defined in content/table.cpp. No registration by side effect.
[[nodiscard]] std::span<const Comparer> content_comparers();

}  // namespace chiron::compare
