// The toml reader on arbitrary bytes: an error or a value whose spans lie in the text, never a crash.
#include "foundation/doc/toml.h"

#include <cstdlib>

using namespace chiron;

namespace {
void check_spans(const doc::Value& root, std::size_t size) {
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
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto value = doc::parse_toml(text)) check_spans(*value, size);
  return 0;
}
