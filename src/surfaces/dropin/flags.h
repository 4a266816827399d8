// Command lines of the tools that drop-in names stand for, in the manner of Go's flag libraries: --name value,
// --name=value, -n value, -nvalue, lists repeated or separated by commas.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::dropin {

enum class FlagKind : std::uint8_t { flag, text, list };
struct FlagSpec {
  std::string_view name;
  char letter = 0;
  FlagKind kind = FlagKind::flag;
};

class Flags {
 public:
  // Errors: "usage.flag" with the message that cobra gives.
  [[nodiscard]] static Result<Flags> parse(std::span<const std::string> arguments, std::span<const FlagSpec> specs);

  [[nodiscard]] bool given(std::string_view name) const { return values_.contains(std::string(name)); }
  [[nodiscard]] bool on(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view fallback = {}) const;
  [[nodiscard]] std::vector<std::string> list(std::string_view name, std::vector<std::string> fallback = {}) const;
  [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }
  // What a configuration file or the environment says, where the command line says nothing.
  void set_default(std::string_view name, std::vector<std::string> values);

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> operands_;
};

}  // namespace chiron::dropin
