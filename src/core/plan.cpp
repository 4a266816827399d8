#include "core/plan.h"

#include <algorithm>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron {

namespace {

Result<void> check_names(const Config& config, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const auto& gate : config.gates) known.push_back(gate.name);
  for (const auto& name : names) {
    if (config.find_gate(name) != nullptr) continue;
    const auto nearest = text::nearest(name, known);
    return fail(ErrorKind::usage, "usage.gate", format("there is no gate named {}", name), {},
                nearest         ? format("Did you mean {}?", *nearest)
                : known.empty() ? "chiron.toml has no gates; chiron init writes some."
                                : "Gates are " + text::join(known, ", ") + ".");
  }
  return {};
}

struct Shard {
  std::uint64_t index = 1;
  std::uint64_t count = 1;
};

Result<Shard> parse_shard(const std::string& text) {
  if (text.empty()) return Shard{};
  const auto slash = text.find('/');
  const auto index = text::parse_unsigned(text.substr(0, slash)).value_or(0);
  const auto count = slash == std::string::npos ? 0 : text::parse_unsigned(text.substr(slash + 1)).value_or(0);
  if (index == 0 || index > count || count > 10'000)
    return fail(ErrorKind::usage, "usage.shard", format("--shard takes K/N with K from 1 to N, not \"{}\"", text), {},
                "For example: --shard 2/8");
  return Shard{index, count};
}

// Why a gate with `when` does not run, or "".
Result<std::string> when_reason(const GateConfig& gate, Context& context) {
  const auto& globs = gate.common.when;
  if (globs.empty()) return std::string();
  const auto matching = TRY(context.workspace.files_matching(globs));
  if (matching.empty()) return "no file matches " + text::join(globs, ", ");
  const auto& change = context.workspace.change();
  if (!change) return std::string();
  const bool changed =
      std::ranges::any_of(matching, [&](const std::string& path) { return change->find(path) != nullptr; });
  // A deleted file is no longer among the workspace's; its deletion is a change all the same.
  const bool deleted = std::ranges::any_of(change->files, [&](const git::ChangedFile& file) {
    return file.deleted &&
           std::ranges::any_of(globs, [&](const std::string& glob) { return text::glob_match(glob, file.path); });
  });
  return changed || deleted ? std::string() : "no changed file matches " + text::join(globs, ", ");
}

// Gates that need each other go to the same shard: the lowest index of each connected group stands for it.
std::vector<std::size_t> groups(const Config& config) {
  std::vector<std::size_t> group(config.gates.size());
  for (std::size_t i = 0; i < group.size(); ++i) group[i] = i;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < config.gates.size(); ++i)
      for (const auto& need : config.gates[i].common.needs)
        for (std::size_t j = 0; j < config.gates.size(); ++j)
          if (config.gates[j].name == need && group[i] != group[j]) {
            group[i] = group[j] = std::min(group[i], group[j]);
            changed = true;
          }
  }
  return group;
}

}  // namespace

Result<std::vector<PlannedGate>> make_plan(const Config& config, const PlanRequest& request, Context& context) {
  TRY(check_names(config, request.gates));
  TRY(check_names(config, request.skip));
  const auto shard = TRY(parse_shard(request.shard));
  const ProfileConfig* profile = nullptr;
  if (!request.profile.empty()) {
    std::vector<std::string> names;
    for (const auto& known : config.profiles) {
      names.push_back(known.name);
      if (known.name == request.profile) profile = &known;
    }
    if (profile == nullptr) {
      const auto nearest = text::nearest(request.profile, names);
      return fail(ErrorKind::usage, "usage.profile", format("there is no profile named {}", request.profile), {},
                  nearest         ? format("Did you mean {}?", *nearest)
                  : names.empty() ? "chiron.toml has no [profile.NAME]."
                                  : "Profiles are " + text::join(names, ", ") + ".");
    }
  }
  const auto listed = [](const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
  };
  std::vector<PlannedGate> plan;
  for (const auto& gate : config.gates) {
    PlannedGate planned{&gate, true, "in chiron.toml"};
    const auto refuse = [&](std::string reason) {
      planned.runs = false;
      planned.reason = std::move(reason);
    };
    if (!request.gates.empty()) {
      if (listed(request.gates, gate.name))
        planned.reason = "named on the command line";
      else
        refuse("not named on the command line");
    } else if (profile != nullptr && !profile->gates.empty()) {
      if (listed(profile->gates, gate.name))
        planned.reason = format("in profile {}", profile->name);
      else
        refuse(format("not in profile {}", profile->name));
    } else if (!gate.common.enabled) {
      refuse("enabled = false");
    }
    plan.push_back(std::move(planned));
  }
  // What a chosen gate needs runs too.
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& planned : plan) {
      if (!planned.runs) continue;
      for (auto& other : plan)
        if (!other.runs && listed(planned.gate->common.needs, other.gate->name)) {
          other.runs = true;
          other.reason = "needed by " + planned.gate->name;
          changed = true;
        }
    }
  }
  const auto group = groups(config);
  std::vector<std::size_t> ordinals;  // group leaders in order
  for (std::size_t i = 0; i < group.size(); ++i)
    if (group[i] == i) ordinals.push_back(i);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    auto& planned = plan[i];
    if (!planned.runs) continue;
    const auto& name = planned.gate->name;
    const auto refuse = [&](std::string reason) {
      planned.runs = false;
      planned.reason = std::move(reason);
    };
    const auto ordinal = static_cast<std::uint64_t>(std::ranges::find(ordinals, group[i]) - ordinals.begin());
    if (listed(request.skip, name))
      refuse("--skip");
    else if (profile != nullptr && listed(profile->skip, name))
      refuse(format("skipped by profile {}", profile->name));
    else if (ordinal % shard.count + 1 != shard.index)
      refuse(format("in shard {}/{}", ordinal % shard.count + 1, shard.count));
    else if (request.gates.empty() || !listed(request.gates, name))
      if (auto reason = TRY(when_reason(*planned.gate, context)); !reason.empty()) refuse(std::move(reason));
  }
  return plan;
}

}  // namespace chiron
