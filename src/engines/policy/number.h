// Decimal numbers as text: exact comparison without converting to binary.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace chiron::policy {

// 0.DIGITS × 10^exponent; digits without zeros at either end, empty for zero.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
  [[nodiscard]] bool is_integer() const {
    return static_cast<std::int64_t>(digits.size()) <= exponent || digits.empty();
  }
};
// Of a text that is a number by JSON's grammar. Exponents saturate far beyond what a double can hold.
[[nodiscard]] Decimal parse_decimal(std::string_view text);
[[nodiscard]] int compare_decimal(const Decimal& a, const Decimal& b);
// Go's shortest 'g' format.
[[nodiscard]] std::string format_double(double d);

}  // namespace chiron::policy
