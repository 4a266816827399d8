// Runs planned gates in parallel and makes one report of what they gave.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/baseline.h"
#include "core/cache.h"
#include "core/plan.h"
#include "core/report.h"

namespace chiron {

struct CheckOptions {
  std::string
      fail_level;  // "note", "warning", "error", "never"; of the command line, else the profile, else the workspace
  std::uint64_t memory_mib = 0;  // budget, 0: none
  Cache* cache = nullptr;        // none: --no-cache
  std::optional<Baseline> baseline;
  std::string today;  // "YYYY-MM-DD"
};

struct CheckResult {
  Report report;
  Timeline timeline;
  // All findings after suppression and before the baseline, for writing a baseline.
  Report before_baseline;
};

// Never fails as a whole: what goes wrong in a gate is that gate's "could not run". After a cancellation the gates that
// did not end are told as such.
[[nodiscard]] CheckResult run_check(const Config& config, const std::vector<PlannedGate>& plan,
                                    const CheckOptions& options, Context& context);

// The cache key of a gate, nothing where it must not be cached. Exposed for --dry-run.
[[nodiscard]] Result<std::optional<std::string>> cache_key(const GateConfig& gate, Cache& cache, Context& context);

}  // namespace chiron
