// Reads what other programs report, so that Chiron is the one report from the first day: SARIF, JUnit, GNU
// `file:line:col: message`, GitHub annotations, checkstyle.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.h"
#include "foundation/base/result.h"

namespace chiron::intake {

enum class Form { gnu, sarif, junit, github, checkstyle };
[[nodiscard]] std::optional<Form> parse_form(std::string_view name);
[[nodiscard]] std::string_view to_string(Form form);
// By the content of a report file, nothing where it is none of them.
[[nodiscard]] std::optional<Form> detect_form(std::string_view text);

struct Options {
  std::string gate;    // rules without a name of their own are "GATE/…"
  std::string folder;  // where the program ran, absolute: relative paths start there
  std::string root;    // the workspace's root, absolute: findings' files become relative to it
  std::string source;  // what is read, for errors: "clang-tidy.sarif", "standard output"
  Level default_level = Level::warning;
};

struct Taken {
  std::vector<Finding> findings;
  std::vector<Rule> rules;
  std::vector<Metric> metrics;  // JUnit: tests, failures, skipped
};

inline constexpr std::size_t kMaxFindings = 2'000'000;

// Errors: "intake.format" (not that form), "limit.findings", and those of the JSON and XML readers.
[[nodiscard]] Result<Taken> read(Form form, std::string_view text, const Options& options);

[[nodiscard]] Result<Taken> read_gnu(std::string_view text, const Options& options);
[[nodiscard]] Result<Taken> read_sarif(std::string_view text, const Options& options);
[[nodiscard]] Result<Taken> read_junit(std::string_view text, const Options& options);
[[nodiscard]] Result<Taken> read_github(std::string_view text, const Options& options);
[[nodiscard]] Result<Taken> read_checkstyle(std::string_view text, const Options& options);

// The workspace-relative path of a file as the program named it (relative to its folder, absolute, a file: URI).
[[nodiscard]] std::string workspace_path(std::string_view named, const Options& options);
// A rule id in our form: "clang-tidy" and "bugprone-x" give "clang-tidy/bugprone-x"; spaces become "-".
[[nodiscard]] std::string rule_id(std::string_view family, std::string_view rule);

}  // namespace chiron::intake
