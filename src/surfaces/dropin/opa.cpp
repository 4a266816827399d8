// The drop-in name `opa`: its commands, and its way of reading flags.
#include "surfaces/dropin/opa.h"

#include <algorithm>

namespace chiron {

namespace {

constexpr OpaCommand kCommands[] = {
    {"build", opa_build}, {"capabilities", opa_capabilities},
    {"check", opa_check}, {"deps", opa_deps},
    {"eval", opa_eval},   {"exec", opa_exec},
    {"fmt", opa_fmt},     {"inspect", opa_inspect},
    {"parse", opa_parse}, {"sign", opa_sign},
    {"test", opa_test},   {"bench", opa_bench},
};

}  // namespace

OpaArguments::OpaArguments(std::span<const std::string> arguments, std::span<const OpaFlag> flags) {
  auto add = [&](std::string_view name, std::string_view value) { given_.emplace_back(name, value); };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      positional_.insert(positional_.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      return;
    }
    if (argument.starts_with("--")) {
      const std::size_t equals = argument.find('=');
      const std::string name = argument.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
      const auto flag =
          std::find_if(flags.begin(), flags.end(), [&](const OpaFlag& each) { return each.name == name; });
      if (flag == flags.end()) {
        problem_ = "unknown flag: --" + name;
        return;
      }
      if (equals != std::string::npos) {
        add(name, argument.substr(equals + 1));
      } else if (!flag->takes_value) {
        add(name, "true");
      } else if (!flag->optional_value.empty()) {
        add(name, flag->optional_value);
      } else if (i + 1 < arguments.size()) {
        add(name, arguments[++i]);
      } else {
        problem_ = "flag needs an argument: --" + name;
        return;
      }
    } else if (argument.size() > 1 && argument[0] == '-') {
      for (std::size_t at = 1; at < argument.size(); ++at) {
        const char letter = argument[at];
        const auto flag =
            std::find_if(flags.begin(), flags.end(), [&](const OpaFlag& each) { return each.letter == letter; });
        if (flag == flags.end()) {
          problem_ = "unknown shorthand flag: '" + std::string(1, letter) + "' in " + argument;
          return;
        }
        if (!flag->takes_value) {
          add(flag->name, "true");
          continue;
        }
        std::string value = argument.substr(at + 1);
        if (value.starts_with('=')) value.erase(0, 1);
        if (value.empty() && at + 1 == argument.size()) {
          if (i + 1 == arguments.size()) {
            problem_ = "flag needs an argument: '" + std::string(1, letter) + "' in " + argument;
            return;
          }
          value = arguments[++i];
        }
        add(flag->name, value);
        break;
      }
    } else {
      positional_.push_back(argument);
    }
  }
}

bool OpaArguments::has(std::string_view name) const {
  const std::string given = value(name);
  return !given.empty() && given != "false";
}

std::string OpaArguments::value(std::string_view name, std::string_view fallback) const {
  for (auto each = given_.rbegin(); each != given_.rend(); ++each) {
    if (each->first == name) return each->second;
  }
  return std::string(fallback);
}

std::vector<std::string> OpaArguments::values(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [known, value] : given_) {
    if (known == name) all.push_back(value);
  }
  return all;
}

int run_opa(std::span<const std::string> arguments, DropInContext& context) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    context.out.write("Usage:\n  opa [command]\n\nAvailable Commands:\n");
    for (const OpaCommand& command : kCommands) context.out.write("  " + std::string(command.name) + "\n");
    return 0;
  }
  for (const OpaCommand& command : kCommands) {
    if (command.name == arguments[0]) return command.run(arguments.subspan(1), context);
  }
  context.err.write("Error: command \"" + arguments[0] + "\" is not among those that Chiron takes as opa\n");
  return 1;
}

}  // namespace chiron
