// Reading a coverage report of any known format. The format is told by the content, never by the file's name.
#pragma once
#include <functional>
#include <optional>
#include <string_view>

#include "engines/coverage/input.h"
#include "engines/coverage/model.h"
#include "foundation/base/result.h"

namespace chiron::coverage {

struct ReaderOptions {
  // Whether the lines of a file are wanted, asked with its path as the report spells it; empty: all are.
  // A file that is not wanted is left out of the report, and skipped over where the format allows.
  std::function<bool(std::string_view path)> wanted;
  // LCOV only: a line with count 0 whose branches were taken ran, as diff-cover has it. Otherwise the count stands:
  // clang counts each `case` that was passed over as taken the other way.
  bool branches_overrule_lines = false;
  // The source of a file by the report's path, for formats that only say what ran; empty: there are no sources.
  std::function<std::optional<std::string>(std::string_view path)> read_source;
};

// What the first bytes look like; nothing where no reader knows them.
[[nodiscard]] std::optional<Format> detect_format(std::string_view head);

// Recognises the format and reads. Errors: "coverage.format" (not a report that is known), those of the reader.
[[nodiscard]] Result<Report> read_report(Input& input, const ReaderOptions& options);
// The same from a path; a path that is a folder is searched for .gcda/.gcno files.
[[nodiscard]] Result<Report> read_report_file(const std::string& path, const ReaderOptions& options);

// One reader a format, each in a file of its own.
[[nodiscard]] Result<Report> read_xml_report(Input& input, const ReaderOptions& options);  // Cobertura, JaCoCo, Clover
[[nodiscard]] Result<Report> read_lcov(Input& input, const ReaderOptions& options);
[[nodiscard]] Result<Report> read_gcov_json(Input& input, const ReaderOptions& options);  // also gzip-compressed
[[nodiscard]] Result<Report> read_llvm_json(Input& input, const ReaderOptions& options);
[[nodiscard]] Result<Report> read_coveragepy_json(Input& input, const ReaderOptions& options);
[[nodiscard]] Result<Report> read_coveragepy_sqlite(Input& input, const ReaderOptions& options);
// What ran in one dynamic context of a coverage.py data file.
struct ContextLines {
  std::string context;  // "" for what ran outside of every context
  std::string path;
  std::vector<std::uint32_t> lines;  // ascending
};
[[nodiscard]] Result<std::vector<ContextLines>> read_coveragepy_contexts(const std::string& path);
// `path` is a .gcda or .gcno file, or a folder with such files below it.
[[nodiscard]] Result<Report> read_gcov_data(const std::string& path, const ReaderOptions& options);
// One notes file and its data ("" where the program never ran), from memory.
[[nodiscard]] Result<Report> read_gcov_bytes(std::string_view notes, std::string_view data, const std::string& name,
                                             const ReaderOptions& options);

// A whole decimal number as reports spell counts: digits, or a float such as "1e+06" or "3.0" that some writers
// produce. Larger than fits is the largest; negative counts (a known fault of gcov) are 0 and set `negative`.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text, bool& negative);
// A line number within limits::kLineNumber; nothing for anything else.
[[nodiscard]] std::optional<std::uint32_t> parse_line_number(std::string_view text);

}  // namespace chiron::coverage
