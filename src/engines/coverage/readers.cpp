// Recognising a report by its first bytes, and the numbers that all formats share.
#include "engines/coverage/readers.h"

#include <cmath>

#include "engines/coverage/limits.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

std::optional<std::uint64_t> parse_count(std::string_view text, bool& negative) {
  if (const auto plain = text::parse_unsigned(text)) return plain;
  text = text::trim(text);
  if (text.empty()) return std::nullopt;
  if (text.size() > 1 && text[0] == '-' && text.find_first_not_of("0123456789", 1) == std::string_view::npos) {
    negative = true;
    return 0;
  }
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto plain = text::parse_unsigned(text);
    return plain ? *plain : ~std::uint64_t{0};  // more digits than fit
  }
  const auto number = text::parse_double(text);
  if (!number || !std::isfinite(*number)) return std::nullopt;
  if (*number < 0) {
    negative = true;
    return 0;
  }
  if (*number >= 1.8e19) return ~std::uint64_t{0};
  // A fraction is a line that ran, in the averages some tools write.
  const auto whole = static_cast<std::uint64_t>(*number);
  return whole == 0 && *number > 0 ? 1 : whole;
}

std::optional<std::uint32_t> parse_line_number(std::string_view text) {
  const auto number = text::parse_unsigned(text);
  if (!number || *number == 0 || *number > limits::kLineNumber) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

namespace {

// The first line that says anything.
std::string_view first_line(std::string_view head) {
  for (const auto line : text::split_lines(head)) {
    const auto trimmed = text::trim(line);
    if (!trimmed.empty() && !trimmed.starts_with('#')) return trimmed;
  }
  return {};
}

bool has(std::string_view head, std::string_view word) { return head.find(word) != std::string_view::npos; }

}  // namespace

std::optional<Format> detect_format(std::string_view head) {
  if (head.starts_with("SQLite format 3")) return Format::coveragepy_sqlite;
  if (head.starts_with("oncg") || head.starts_with("adcg") || head.starts_with("gcno") || head.starts_with("gcda"))
    return Format::gcov_data;
  if (head.starts_with("\x1f\x8b")) return Format::gcov_json;  // what gcov writes; the reader looks inside
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const auto line = first_line(head);
  if (line.starts_with('<') || head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    if (has(head, "<report")) return Format::jacoco;
    if (has(head, " clover=")) return Format::clover;
    return Format::cobertura;  // the root element decides in the end
  }
  if (line.starts_with('{')) {
    if (has(head, "\"llvm.coverage.json.export\"") || has(head, "\"segments\"")) return Format::llvm_json;
    if (has(head, "\"gcc_version\"") || has(head, "\"current_working_directory\"")) return Format::gcov_json;
    if (has(head, "\"meta\"") || has(head, "\"executed_lines\"")) return Format::coveragepy_json;
    if (has(head, "\"data\"")) return Format::llvm_json;
    return std::nullopt;
  }
  for (const auto* tag : {"TN:", "SF:", "DA:", "FN:", "VER:"})
    if (line.starts_with(tag)) return Format::lcov;
  return std::nullopt;
}

Result<Report> read_report(Input& input, const ReaderOptions& options) {
  const auto head = TRY(input.head(4096));
  if (text::trim(head).empty()) {
    // Tools that measured nothing leave an empty tracefile.
    Report empty;
    empty.name = input.name();
    empty.format = Format::lcov;
    empty.note("the report is empty");
    return empty;
  }
  auto detected = detect_format(head);
  if (!detected && head.starts_with('{')) detected = Format::llvm_json;
  if (!detected) {
    return fail(ErrorKind::input, "coverage.format", "not a coverage report of a known format", Place{input.name()},
                "known are Cobertura, JaCoCo and Clover XML, LCOV, gcov JSON and data, llvm-cov JSON, and coverage.py "
                "JSON, XML and data files");
  }
  switch (*detected) {
    case Format::cobertura:
    case Format::jacoco:
    case Format::clover:
      return read_xml_report(input, options);
    case Format::lcov:
      return read_lcov(input, options);
    case Format::gcov_json:
      return read_gcov_json(input, options);
    case Format::gcov_data:
      return read_gcov_data(input.name(), options);
    case Format::llvm_json:
      return read_llvm_json(input, options);
    case Format::coveragepy_json:
      return read_coveragepy_json(input, options);
    case Format::coveragepy_sqlite:
      return read_coveragepy_sqlite(input, options);
  }
  return fail(ErrorKind::internal, "coverage.format", "unknown format");
}

Result<Report> read_report_file(const std::string& path, const ReaderOptions& options) {
  if (io::is_folder(path)) return read_gcov_data(path, options);
  auto input = TRY(Input::open(path));
  auto report = TRY(read_report(input, options));
  if (report.made_at_s == 0) report.made_at_s = input.modified_at_s();
  return report;
}

}  // namespace chiron::coverage
