// The baseline: findings that are known and tolerated until a date, by fingerprint, in chiron.baseline.json.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/report.h"

namespace chiron {

struct BaselineEntry {
  std::string fingerprint;
  std::string rule, file, message;  // for people
  std::string expires;              // "2027-01-31", the last day it holds; "" for ever
  std::string reason;
  Place place;  // in the baseline file
  bool used = false;
};

struct Baseline {
  std::string file;  // as named in findings
  std::vector<BaselineEntry> entries;
};

// Errors: those of JSON, "baseline.format" at its place.
[[nodiscard]] Result<Baseline> parse_baseline(std::string_view text, const std::string& file);
// "2027-01-31", a day that there is.
[[nodiscard]] bool is_date(std::string_view text);
[[nodiscard]] std::string write_baseline(const Baseline& baseline);
// Every finding of the report as an entry; entries of `previous` with the same fingerprint keep date and reason.
[[nodiscard]] Baseline make_baseline(const Report& report, const Baseline& previous, const std::string& expires,
                                     const std::string& reason);
// Takes known findings out of the report, counting them in their gate's result. `today` is "YYYY-MM-DD"; expired
// entries take nothing out and become findings "chiron/expired-baseline" where their finding is still there.
void apply_baseline(Report& report, Baseline& baseline, std::string_view today);

}  // namespace chiron
