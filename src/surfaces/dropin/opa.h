// The commands of the drop-in name `opa`: one line a command, each in a file of its own.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "surfaces/dropin/dropin.h"

namespace chiron {

struct OpaCommand {
  std::string_view name;
  int (*run)(std::span<const std::string> arguments, DropInContext& context);
};

int run_opa(std::span<const std::string> arguments, DropInContext& context);

// opa_evaluate.cpp
int opa_eval(std::span<const std::string> arguments, DropInContext& context);
int opa_exec(std::span<const std::string> arguments, DropInContext& context);
int opa_test(std::span<const std::string> arguments, DropInContext& context);
int opa_check(std::span<const std::string> arguments, DropInContext& context);
int opa_deps(std::span<const std::string> arguments, DropInContext& context);
int opa_fmt(std::span<const std::string> arguments, DropInContext& context);
int opa_bench(std::span<const std::string> arguments, DropInContext& context);
int opa_parse(std::span<const std::string> arguments, DropInContext& context);
// opa_bundle.cpp
int opa_build(std::span<const std::string> arguments, DropInContext& context);
int opa_sign(std::span<const std::string> arguments, DropInContext& context);
int opa_inspect(std::span<const std::string> arguments, DropInContext& context);
int opa_capabilities(std::span<const std::string> arguments, DropInContext& context);

// A command line in the manner of Go's pflag: --name value, --name=value, -x value, -xvalue, flags first or last.
struct OpaFlag {
  std::string_view name;
  char letter = 0;
  bool takes_value = false;
  std::string_view optional_value = {};  // what --name alone means, where the value may be left out
};
class OpaArguments {
 public:
  // Stops at the first mistake; `problem` is then what OPA says of it.
  OpaArguments(std::span<const std::string> arguments, std::span<const OpaFlag> flags);
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::string value(std::string_view name, std::string_view fallback = {}) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& positional() const { return positional_; }

 private:
  std::vector<std::pair<std::string, std::string>> given_;
  std::vector<std::string> positional_;
  std::string problem_;
};

}  // namespace chiron
