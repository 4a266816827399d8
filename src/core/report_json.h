// The canonical JSON of a report (docs/reference/report.schema.json), and of a time line.
//
// Written as a stream with one finding a line, members always in the same order, so that equal reports are equal bytes
// and a difference of two files can be read. Reading it back and writing it again gives the same bytes.
#pragma once
#include "core/report.h"
#include "foundation/io/output.h"

namespace chiron {

void write_report_json(const Report& report, io::Output& output);
void write_timeline_json(const Timeline& timeline, io::Output& output);

// `name` is for places in errors. Errors: "report.format" (not a report, or of a later version) and those of read_json.
[[nodiscard]] Result<Report> parse_report(std::string_view text, const std::string& name);
// Maps the file and lets go of what is read, so that the text of a large report does not stay in memory.
[[nodiscard]] Result<Report> read_report(const std::string& path);
[[nodiscard]] Result<Timeline> parse_timeline(std::string_view text, const std::string& name);

}  // namespace chiron
