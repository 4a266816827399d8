// reStructuredText of any bytes: blocks whose places lie inside of the source.
#include "engines/prose/reader.h"
#include "foundation/base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::prose;
  const auto source = normalise(chiron::utf8::sanitize(std::string_view(reinterpret_cast<const char*>(data), size)));
  ReadOptions options;
  options.inline_scopes = size % 2 == 0;
  const auto document = read_rst(source.text, options);
  if (!document) return 0;
  for (const auto& block : document->blocks) {
    const auto range = block.content.to_source(0, block.content.text().size());
    if (range.begin > range.end || range.end > source.text.size()) __builtin_trap();
  }
  return 0;
}
