// Reports from text, and their lines as text to compare.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "engines/coverage/readers.h"

namespace chiron::coverage {

inline Result<Report> read_text(std::string_view text, const ReaderOptions& options = {}) {
  auto input = Input::memory("report", text);
  return read_report(input, options);
}

inline Report must_read(std::string_view text, const ReaderOptions& options = {}) {
  auto report = read_text(text, options);
  if (!report) MESSAGE(to_string(report.error()));
  REQUIRE(report.has_value());
  return std::move(*report);
}

inline std::string format_line(const Line& line) {
  return " " + std::to_string(line.number) + ":" + std::to_string(line.hits);
}

// "a.c 1:2 3:0 | b.c 1:1"
inline std::string lines_of(const Report& report, Instances instances = Instances::add) {
  std::string out;
  for (auto file : report.files) {
    normalize(file, instances);
    out += (out.empty() ? "" : " | ") + file.path;
    for (const auto& line : file.lines) out += format_line(line);
  }
  return out;
}

}  // namespace chiron::coverage
