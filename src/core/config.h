// chiron.toml, read against the descriptions of the operations.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/finding.h"
#include "core/operation.h"
#include "foundation/doc/value.h"

namespace chiron {

// What every gate has besides its operation's fields.
struct GateCommon {
  std::string kind;  // the operation; the section's name unless given
  bool enabled = true;
  std::optional<std::string> fail_level;
  std::vector<std::string> needs;    // gates that must have passed before
  std::vector<std::string> when;     // globs: without a matching file (with --since: a changed one) it is skipped
  std::int64_t timeout_seconds = 0;  // 0: none
  std::int64_t memory_mib = 0;       // what it is counted with against the budget
  bool cache = true;
};
[[nodiscard]] const std::vector<Field>& gate_common_fields();

struct GateConfig {
  std::string name;
  GateCommon common;
  const Operation* operation = nullptr;
  std::shared_ptr<void> request;
  doc::Value section;  // as written, for digests and evidence
  Place place;
};

struct WorkspaceConfig {
  std::string name;
  std::vector<std::string> include, exclude;
  std::string fail_level = "error";
  std::string baseline;
  std::int64_t jobs = 0;
  std::int64_t memory_mib = 0;
};
[[nodiscard]] const std::vector<Field>& workspace_fields();

struct ProfileConfig {
  std::string name;
  std::vector<std::string> gates;  // only these; empty: all
  std::vector<std::string> skip;
  std::string fail_level;
};
[[nodiscard]] const std::vector<Field>& profile_fields();

struct Config {
  std::string file;  // "" where there is none
  WorkspaceConfig workspace;
  std::vector<GateConfig> gates;  // in the order of the file
  std::vector<ProfileConfig> profiles;
  [[nodiscard]] const GateConfig* find_gate(std::string_view name) const;
};

inline constexpr std::size_t kMaxGates = 1000;

// Errors: "config.syntax", "config.unknown-key", "config.type", "config.value", each at its place with a suggestion.
// All errors are collected: the first is returned, the others are its notes.
[[nodiscard]] Result<Config> parse_config(std::string_view text, const std::string& file, const Registry& registry);

// JSON Schema (draft 7, which editors take) of the whole configuration.
[[nodiscard]] doc::Value config_schema(const Registry& registry);

// Fills a request from members of an object, as a section of the configuration or a JSON request does.
[[nodiscard]] Result<void> assign_fields(const std::vector<Field>& fields, void* request, const doc::Value& object,
                                         const doc::Document& document);

}  // namespace chiron
