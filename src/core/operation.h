// An Operation is what a user can ask for: `chiron check`, `chiron coverage diff`. It is described once, here, and
// every surface follows from the description. A Gate is an operation as a step of `check`.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "core/context.h"
#include "core/field.h"
#include "core/finding.h"
#include "core/report.h"
#include "foundation/base/result.h"

namespace chiron {

// What an operation gives back. It prints nothing itself: the surface prints `output` verbatim, or, where there is
// none, the findings in the form asked for.
struct Response {
  std::vector<Finding> findings;
  std::vector<Metric> metrics;
  std::vector<Rule> rules;            // of the findings
  std::optional<std::string> output;  // the result as text or JSON, ready for standard output
  std::optional<Report> report;       // a whole report (check, report merge) in place of loose findings
  std::optional<Timeline> timeline;
  std::optional<Report> before;              // an earlier report that `report` is told new findings by
  std::string title, details_url, blob_url;  // for printing; see ReporterOptions
  std::size_t shown_findings = 0;            // on the terminal, 0 for all
  std::string history_file;                  // whose trend the HTML form draws; "" for none
  std::vector<std::string> notices;          // lines for people, on standard error
  std::vector<std::string> inputs;  // files that were read, for the evidence and the cache (workspace-relative)
  // 0 pass, 1 findings, 2 could not run; where empty it follows from the findings and the fail level.
  std::optional<int> exit_code;
  // The gate ran but has nothing to say here ("no Python files"); shown as the reason of a skipped gate.
  std::string skipped;
};

struct Example {
  std::string_view command;  // "chiron coverage diff coverage.xml"
  std::string_view what;
};

// What makes a gate of an operation.
struct GateFacet {
  // What `--since` means for it, one sentence.
  std::string_view since;
  // With `--since` its findings count wherever they are: they are of a whole, not of lines.
  bool counts_whole = false;
  // What no field tells alone, asked when the configuration is read; its errors are told at the gate's name.
  Result<void> (*check)(const void* request) = nullptr;
  // The rules it can report.
  std::vector<Rule> (*rules)() = nullptr;
  // The files (workspace-relative) whose bytes decide the result, or nothing where it cannot be known: such a gate is
  // never cached. Environment and time must not matter to a gate that has inputs.
  std::function<Result<std::optional<std::vector<std::string>>>(const void* request, Context&)> inputs;
  // For `chiron init`: the lines of a [gate.NAME] section that fits this workspace, or nothing.
  std::optional<std::string> (*detect)(Context&) = nullptr;
};

struct Operation {
  std::string_view name;         // "coverage diff": the words on the command line
  std::string_view summary;      // one line, no full stop
  std::string_view description;  // Markdown, may be empty
  std::vector<Example> examples;
  std::vector<Field> fields;
  std::optional<GateFacet> gate;    // [gate.NAME] with the operation's first word, or `gate_name`
  std::string_view gate_name = {};  // where it differs
  bool prints_findings = false;     // takes --format, --output and --fail-level for its findings
  std::function<std::shared_ptr<void>()> make_request;
  std::function<Result<Response>(const void* request, Context& context)> run;
};

// Binds a request type and its function: operation<DiffRequest>("coverage diff", "…", fields, run_diff).
template <class R>
Operation operation(std::string_view name, std::string_view summary, std::vector<Field> fields,
                    Result<Response> (*run)(const R&, Context&)) {
  Operation made;
  made.name = name;
  made.summary = summary;
  made.fields = std::move(fields);
  made.make_request = [] { return std::make_shared<R>(); };
  made.run = [run](const void* request, Context& context) { return run(*static_cast<const R*>(request), context); };
  return made;
}

// A line of the table of operations. The name is the operation's own, told here so that a command is found without
// making all the others: their fields are a tenth of a start.
struct RegistryEntry {
  std::string_view name;
  Operation (*make)();
};

// The table of all operations, in the order of help; written down in src/operations/registry.cpp and passed along. An
// operation is made when it is first asked for, by any thread, and lives as long as the table.
class Registry {
 public:
  explicit Registry(std::vector<RegistryEntry> entries);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();
  // All of them, each a `const Operation&`.
  [[nodiscard]] auto operations() const {
    return std::views::iota(std::size_t{0}, entries_.size()) |
           std::views::transform([this](std::size_t index) -> const Operation& { return at(index); });
  }
  [[nodiscard]] const Operation* find(std::string_view name) const;
  // The operation that is the gate of that kind.
  [[nodiscard]] const Operation* find_gate(std::string_view kind) const;
  [[nodiscard]] std::vector<std::string> gate_kinds() const;

 private:
  struct Made;
  [[nodiscard]] const Operation& at(std::size_t index) const;
  std::vector<RegistryEntry> entries_;
  std::unique_ptr<Made[]> made_;
};
[[nodiscard]] std::string_view gate_kind(const Operation& operation);

}  // namespace chiron
