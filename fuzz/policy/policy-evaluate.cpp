// Compiler and evaluator on anything that parses, with a bound on steps, memory and time.
#include <cstdint>

#include "engines/policy/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::policy;
  Policy policy;
  if (!policy.add_module("f.rego", "package f\n" + std::string(reinterpret_cast<const char*>(data), size)).empty())
    return 0;
  if (!policy.compile().empty()) return 0;
  auto prepared = policy.prepare("data.f");
  if (!prepared) return 0;
  Evaluator evaluator(policy);
  EvaluationOptions options;
  options.max_steps = 200'000;
  options.max_memory_bytes = std::uint64_t{64} << 20;
  options.timeout = std::chrono::milliseconds(2'000);
  options.input = evaluator.inputs().object({{evaluator.inputs().string("a"), Value::small(1)}});
  (void)evaluator.evaluate(**prepared, options);
  return 0;
}
