// Source code of any bytes in every language: comments whose places lie inside of the source.
#include "engines/prose/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::prose;
  constexpr const char* kExtensions[] = {".c", ".py",  ".rb",  ".rs", ".lua", ".hs", ".jl",  ".ps1", ".clj",
                                         ".r", ".php", ".css", ".go", ".cpp", ".js", ".tsx", ".ts",  ".java"};
  if (size == 0) return 0;
  const auto* extension = kExtensions[data[0] % std::size(kExtensions)];
  const std::string_view source(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto comments = read_comments(source, extension);
  if (!comments) return 0;
  for (const auto& comment : *comments) {
    const auto range = comment.content.to_source(0, comment.content.text().size());
    if (range.end > source.size()) __builtin_trap();
  }
  const auto texts = select_nodes(source, extension, "(string)");
  if (!texts) return 0;
  for (const auto& text : *texts) {
    if (text.content.to_source(0, text.content.text().size()).end > source.size()) __builtin_trap();
  }
  return 0;
}
