// Traces and partial results as text and JSON, as OPA prints them.
#pragma once
#include "engines/policy/interpreter/interpreter.h"
#include "foundation/doc/value.h"

namespace chiron::policy::interpreter {

enum class Detail : std::uint8_t { off, notes, fails, full, debug };
[[nodiscard]] std::optional<Detail> detail_of(std::string_view name);

// What of a trace is shown: all of it, or the way to each note or failure.
[[nodiscard]] std::vector<Event> selected(const std::vector<Event>& events, Detail detail);
struct TraceLine {
  std::string place, text;
};
[[nodiscard]] std::vector<TraceLine> trace_lines(const Tree& tree, const std::vector<Event>& events);
// One line an event, places in a column; `indent` as reports of tests have it.
[[nodiscard]] std::string trace_text(const Tree& tree, const std::vector<Event>& events, bool indent);

// The trace of one document's evaluation, as reports of tests show it; an error ends it where it arises.
struct DocumentTrace {
  std::vector<Value> path;
  EvaluationOptions evaluation;
  Detail detail = Detail::fails;
  bool values = false;
};
[[nodiscard]] std::string document_trace(Tree& tree, const DocumentTrace& request);

[[nodiscard]] std::string source_text(const Term& term);
[[nodiscard]] std::string source_text(const Expr& expr);
[[nodiscard]] std::string module_text(const PartialResult::Module& module);
[[nodiscard]] std::string partial_source(PartialResult& result);
[[nodiscard]] std::string partial_table(PartialResult& result);
[[nodiscard]] doc::Value partial_document(PartialResult& result);

}  // namespace chiron::policy::interpreter
