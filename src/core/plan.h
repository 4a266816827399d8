// From the configuration and what the user asked for to the gates that run, and why each does or does not.
#pragma once
#include <string>
#include <vector>

#include "core/config.h"
#include "core/context.h"

namespace chiron {

struct PlanRequest {
  std::vector<std::string> gates;  // only these and what they need; all where empty
  std::vector<std::string> skip;
  std::string profile;
  std::string shard;  // "2/8"
};

struct PlannedGate {
  const GateConfig* gate = nullptr;
  bool runs = false;
  std::string reason;  // why it runs or not: "in chiron.toml", "needed by test", "no changed file matches docs/**"
};

// In the order of the configuration. Errors: "usage.gate", "usage.profile", "usage.shard".
[[nodiscard]] Result<std::vector<PlannedGate>> make_plan(const Config& config, const PlanRequest& request,
                                                         Context& context);

}  // namespace chiron
