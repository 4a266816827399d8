// The reader of saved reports, and every form printed from what it accepts. What is read must write and read back to
// the same bytes; what is refused must say where.
#include "core/report_json.h"
#include "core/reporters/reporter.h"

namespace {

std::string canonical(const chiron::Report& report) {
  std::string text;
  chiron::io::StringOutput output(text);
  chiron::write_report_json(report, output);
  if (!output.finish()) std::abort();
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto report = chiron::parse_report(text, "report.json");
  if (!report) {
    if (report.error().message.empty() || !report.error().place) std::abort();
    (void)chiron::parse_timeline(text, "timeline.json");
    return 0;
  }
  const auto once = canonical(*report);
  const auto again = chiron::parse_report(once, "again.json");
  if (!again || canonical(*again) != once) std::abort();
  chiron::sort_report(*report);
  chiron::conclude_report(*report);
  for (const auto& info : chiron::report_formats()) {
    std::string printed;
    chiron::io::StringOutput output(printed);
    chiron::ReporterOptions options;
    options.before = &*again;
    options.width = 40 + static_cast<unsigned>(size % 100);
    if (!chiron::write_report(info.format, *report, nullptr, output, options) || !output.finish()) std::abort();
    if (info.format == chiron::ReportFormat::markdown && printed.size() > 65'536) std::abort();
  }
  return 0;
}
