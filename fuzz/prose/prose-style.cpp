// Rules of any text: loaded or refused, and run on a small page.
#include "engines/prose/lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::prose;
  const Config config;
  Spellers spellers;
  const Tagger tagger;
  const RuleContext context{config, spellers, tagger};
  auto rule = load_rule(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz.yml", "Fuzz.Rule", context);
  if (!rule) return 0;
  FileState state;
  std::vector<Alert> alerts;
  const std::string text = "The quick brown fox, e.g. Dr. Who, was written in 2026. It's fine; isn't it?";
  if (!(*rule)->run({text, "text.md", "text.md"}, state, alerts)) return 0;
  for (const auto& alert : alerts) {
    if (alert.begin > alert.end || alert.end > text.size()) __builtin_trap();
  }
  return 0;
}
