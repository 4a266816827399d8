// What the fuzz targets of the document readers ask of every value that was read.
#pragma once
#include <cstdlib>
#include <vector>

#include "foundation/doc/value.h"

namespace chiron {

// Ends the program where a value's span does not lie in the text of `size` bytes.
inline void check_spans(const doc::Value& root, std::size_t size) {
  std::vector<const doc::Value*> open{&root};
  while (!open.empty()) {
    const auto* value = open.back();
    open.pop_back();
    if (value->span.begin > value->span.end || value->span.end > size) std::abort();
    if (value->is_array())
      for (const auto& item : value->items()) open.push_back(&item);
    if (value->is_object())
      for (const auto& member : value->members()) open.push_back(&member.value);
  }
}

}  // namespace chiron
