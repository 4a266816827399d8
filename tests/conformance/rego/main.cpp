// Runs Rego cases: folders v0 and v1 of YAML files, each a list of modules, data, input, query and what to expect.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "engines/policy/engine.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace {

using namespace chiron;
using namespace chiron::policy;

struct Counts {
  int passed = 0, failed = 0, skipped = 0;
};

// Lines "- `name`: reason" (or a whole folder "name/*") of the list of accepted failures.
std::vector<std::pair<std::string, std::string>> read_known(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> known;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("- `")) continue;
    const std::size_t end = line.find('`', 3);
    if (end == std::string::npos) continue;
    known.emplace_back(line.substr(3, end - 3), line.size() > end + 3 ? line.substr(end + 3) : "");
  }
  return known;
}

bool generated_name(std::string_view name) { return name.starts_with("$") || name.starts_with("__local"); }

std::string run_case(const doc::Value& test, RegoVersion version) {
  PolicyOptions options;
  options.version = version;
  // Some cases give base documents where rules are, as a store could that is filled later.
  options.compile.data_at = [](std::span<const Value>) { return false; };
  Policy policy(options);
  const std::string_view wanted_code = test.string_or("want_error_code", "");
  const std::string_view wanted_error = test.string_or("want_error", "");
  const bool wants_error = test.find("want_error_code") != nullptr || test.find("want_error") != nullptr;
  auto judge_errors = [&](const PolicyErrors& errors) -> std::string {
    const std::string text = to_string(errors);
    if (!wants_error) return "unexpected error: " + text;
    if (!wanted_code.empty() &&
        std::none_of(errors.begin(), errors.end(), [&](const PolicyError& e) { return e.code == wanted_code; })) {
      return "wanted code " + std::string(wanted_code) + ", got: " + text;
    }
    if (text.find(wanted_error) == std::string::npos)
      return "wanted error " + std::string(wanted_error) + ", got: " + text;
    return {};
  };
  if (const doc::Value* modules = test.find("modules"); modules != nullptr && modules->is_array()) {
    int number = 0;
    for (const doc::Value& module : modules->items()) {
      const PolicyErrors errors = policy.add_module("test-" + std::to_string(number++) + ".rego", module.as_string());
      if (!errors.empty()) return judge_errors(errors);
    }
  }
  if (const doc::Value* data = test.find("data"); data != nullptr && data->is_object()) {
    if (auto added = policy.add_data(policy.store().from_document(*data)); !added) return added.error().message;
  }
  if (const PolicyErrors errors = policy.compile(); !errors.empty()) return judge_errors(errors);
  auto prepared = policy.prepare(std::string(test.string_or("query", "")));
  if (!prepared) return judge_errors(prepared.error());

  Evaluator evaluator(policy);
  EvaluationOptions evaluation;
  evaluation.strict_builtin_errors = test.boolean_or("strict_error", false);
  evaluation.time_ns = 1'750'000'000'000'000'000;
  evaluation.timeout = std::chrono::milliseconds(20'000);
  if (const doc::Value* input = test.find("input")) {
    evaluation.input = evaluator.inputs().from_document(*input);
  } else if (const std::string_view term = test.string_or("input_term", ""); !term.empty()) {
    auto query = policy.prepare("x = " + std::string(term));
    if (!query) return "input_term: " + to_string(query.error());
    Evaluator other(policy);
    auto rows = other.evaluate(**query, {});
    if (!rows || rows->empty()) return "input_term is undefined";
    evaluation.input = evaluator.inputs().copy((*rows)[0].bindings[0].second);
  }
  auto rows = evaluator.evaluate(**prepared, evaluation);
  if (!rows) return judge_errors({rows.error()});
  if (wants_error) {
    std::string got;
    for (const ResultRow& row : *rows)
      for (const auto& [name, value] : row.bindings) got += name + "=" + to_rego(value) + " ";
    return "wanted error " + std::string(wanted_code) + " " + std::string(wanted_error) + ", got " + got;
  }

  const doc::Value* wanted = test.find("want_result");
  if (wanted == nullptr) return {};
  Store store;
  const bool sort = test.boolean_or("sort_bindings", false);
  const bool ignore_generated = test.boolean_or("ignore_generated_vars", false);
  auto normalised = [&](Value value) {
    if (!sort || !value.is_array()) return value;
    std::vector<Value> items(value.items().begin(), value.items().end());
    std::sort(items.begin(), items.end());
    return store.array(items);
  };
  std::vector<Value> got, want;
  for (const ResultRow& row : *rows) {
    std::vector<Member> members;
    for (const auto& [name, value] : row.bindings) {
      if (ignore_generated && generated_name(name)) continue;
      // Results are compared as JSON: sets as arrays.
      members.push_back({store.intern(name), normalised(store.from_document(to_document(value)))});
    }
    got.push_back(store.object(members));
  }
  if (wanted->is_array()) {
    for (const doc::Value& row : wanted->items()) {
      std::vector<Member> members;
      for (const doc::Member& member : row.members()) {
        members.push_back({store.intern(member.name), normalised(store.from_document(member.value))});
      }
      want.push_back(store.object(members));
    }
  }
  std::sort(got.begin(), got.end());
  std::sort(want.begin(), want.end());
  if (got != want) return "wanted " + to_rego(store.array(want)) + ", got " + to_rego(store.array(got));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder, known_path, only;
  if (const char* source = std::getenv("CHIRON_SOURCE"))
    known_path = std::string(source) + "/tests/conformance/rego/known.md";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--known" && i + 1 < argc)
      known_path = argv[++i];
    else if (argument == "--only" && i + 1 < argc)
      only = argv[++i];
    else
      folder = argument;
  }
  if (folder.empty()) {
    std::fprintf(stderr, "usage: conformance-rego FOLDER [--known FILE] [--only TEXT]\n");
    return 2;
  }
  const auto known = read_known(known_path);
  const auto entries = io::walk(folder);
  if (!entries) {
    std::fprintf(stderr, "%s\n", to_string(entries.error()).c_str());
    return 2;
  }
  Counts counts;
  for (const io::Entry& entry : *entries) {
    if (entry.type != io::EntryType::file || !entry.path.ends_with(".yaml")) continue;
    const auto text = io::read_file(io::join_path(folder, entry.path));
    const auto parsed = text ? doc::parse_yaml(*text) : Result<doc::Value>(std::unexpected(text.error()));
    if (!parsed) {
      std::printf("FAIL %s: %s\n", entry.path.c_str(), to_string(parsed.error()).c_str());
      ++counts.failed;
      continue;
    }
    const bool v0 = entry.path.starts_with("v0/") || folder.ends_with("/v0");
    const doc::Value* cases = parsed->find("cases");
    if (cases == nullptr) continue;
    for (const doc::Value& test : cases->items()) {
      const std::string name = entry.path + ": " + std::string(test.string_or("note", "?"));
      if (!only.empty() && name.find(only) == std::string::npos) continue;
      const std::string* reason = nullptr;
      for (const auto& [pattern, why] : known) {
        const bool matches =
            pattern.ends_with("*") ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
        if (matches) reason = &why;
      }
      if (reason != nullptr) {
        std::printf("SKIP %s: %s\n", name.c_str(), reason->c_str());
        ++counts.skipped;
        continue;
      }
      const std::string problem = run_case(test, v0 ? RegoVersion::v0 : RegoVersion::v1);
      if (problem.empty()) {
        ++counts.passed;
      } else {
        ++counts.failed;
        std::printf("FAIL %s: %s\n", name.c_str(), problem.c_str());
      }
    }
  }
  std::printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped);
  return counts.failed == 0 ? 0 : 1;
}
