// Times written and read by layouts in Go's notation ("2006-01-02T15:04:05Z07:00"), over Abseil's zones.
#pragma once
#include <expected>
#include <string>
#include <string_view>

// house: the functions that share this header are adapters to Abseil themselves, and its types cannot be declared ahead
#include <absl/time/time.h>

namespace chiron::policy::functions {

[[nodiscard]] std::string format_time(absl::Time time, absl::TimeZone zone, std::string_view layout);
// Go's message where the text does not fit the layout.
[[nodiscard]] std::expected<absl::Time, std::string> parse_time(std::string_view layout, std::string_view text);

}  // namespace chiron::policy::functions
