// Scripts of any text: refused, or run within their bounds.
#include "engines/prose/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::prose;
  const auto script = Script::compile(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
  if (!script) return 0;
  const std::string text = "one two three";
  const auto matches = script->run_matches(text);
  if (!matches) return 0;
  for (const auto& match : *matches) {
    if (match.begin > match.end || match.end > text.size()) __builtin_trap();
  }
  return 0;
}
