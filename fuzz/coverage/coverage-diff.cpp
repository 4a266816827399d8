// A diff read whole and in two pieces is the same diff.
#include "engines/coverage/changes.h"
#include "engines/coverage/diff.h"

using namespace chiron::coverage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto whole = read_diff(text);
  DiffReader reader("f");
  const auto first = reader.feed(text.substr(0, size / 2));
  const auto second = first ? reader.feed(text.substr(size / 2)) : first;
  if (second) {
    const auto parts = reader.finish();
    if (parts.has_value() != whole.has_value()) __builtin_trap();
    if (whole && parts->size() != whole->size()) __builtin_trap();
  } else if (whole) {
    __builtin_trap();
  }
  if (!whole) return 0;
  auto changes = combine_diffs({*whole, *whole});
  find_moved_lines(changes, *whole);
  return 0;
}
