// What the fuzz targets of the prose readers share: a document of any bytes, whose blocks lie inside of the source.
#pragma once
#include "engines/prose/reader.h"
#include "foundation/base/utf8.h"

namespace chiron::fuzz {

// Reads the bytes with a reader of the engine, or ends with its error; traps where a block's place is none.
template <class Reader>
int read_blocks(const std::uint8_t* data, std::size_t size, Reader reader) {
  const auto source = prose::normalise(utf8::sanitize(std::string_view(reinterpret_cast<const char*>(data), size)));
  prose::ReadOptions options;
  options.inline_scopes = size % 2 == 0;
  const auto document = reader(source.text, options);
  if (!document) return 0;
  for (const auto& block : document->blocks) {
    const auto range = block.content.to_source(0, block.content.text().size());
    if (range.begin > range.end || range.end > source.text.size()) __builtin_trap();
  }
  return 0;
}

}  // namespace chiron::fuzz
