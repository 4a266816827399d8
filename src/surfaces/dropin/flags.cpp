#include "surfaces/dropin/flags.h"

#include <algorithm>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::dropin {

Result<Flags> Flags::parse(std::span<const std::string> arguments, std::span<const FlagSpec> specs) {
  Flags flags;
  auto add = [&](const FlagSpec& spec, std::string value) {
    auto& values = flags.values_[std::string(spec.name)];
    if (spec.kind != FlagKind::list) {
      values = {std::move(value)};
      return;
    }
    for (auto part : text::split(value, ',')) values.emplace_back(part);
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      flags.operands_.insert(flags.operands_.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                             arguments.end());
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      flags.operands_.push_back(argument);
      continue;
    }
    const FlagSpec* spec = nullptr;
    std::string value;
    bool has_value = false;
    if (argument[1] == '-') {
      const auto equals = argument.find('=');
      const std::string name = argument.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
      const auto found = std::ranges::find(specs, name, &FlagSpec::name);
      if (found == specs.end()) return fail(ErrorKind::usage, "usage.flag", format("unknown flag: --{}", name));
      spec = &*found;
      has_value = equals != std::string::npos;
      if (has_value) value = argument.substr(equals + 1);
    } else {
      const auto found = std::ranges::find(specs, argument[1], &FlagSpec::letter);
      if (found == specs.end())
        return fail(ErrorKind::usage, "usage.flag",
                    format("unknown shorthand flag: '{}' in {}", argument[1], argument));
      spec = &*found;
      has_value = argument.size() > 2;
      if (has_value) value = argument.substr(argument[2] == '=' ? 3 : 2);
    }
    if (spec->kind == FlagKind::flag) {
      add(*spec, has_value ? value : "true");
      continue;
    }
    if (!has_value) {
      if (i + 1 == arguments.size())
        return fail(ErrorKind::usage, "usage.flag", format("flag needs an argument: {}", argument));
      value = arguments[++i];
    }
    add(*spec, std::move(value));
  }
  return flags;
}

bool Flags::on(std::string_view name) const {
  const auto found = values_.find(name);
  return found != values_.end() && !found->second.empty() &&
         (found->second.back() == "true" || found->second.back() == "1");
}
std::string Flags::text(std::string_view name, std::string_view fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? std::string(fallback) : found->second.back();
}
std::vector<std::string> Flags::list(std::string_view name, std::vector<std::string> fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::move(fallback) : found->second;
}
void Flags::set_default(std::string_view name, std::vector<std::string> values) {
  values_.try_emplace(std::string(name), std::move(values));
}

}  // namespace chiron::dropin
