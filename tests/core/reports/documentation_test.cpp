// The examples of docs/reference/report-format.md are a report and a time line.
#include <doctest/doctest.h>

#include "core/report_json.h"
#include "foundation/io/files.h"
#include "support/support.h"

namespace chiron::test {

TEST_CASE("the documented examples read, and write the same") {
  const auto page = io::read_file(source_folder() + "/docs/reference/report-format.md").value();
  std::vector<std::string> blocks;
  constexpr std::string_view kOpen = "```json\n";
  for (auto at = page.find(kOpen); at != std::string::npos; at = page.find(kOpen, at + 1)) {
    const auto begin = at + kOpen.size();
    blocks.push_back(page.substr(begin, page.find("```", begin) - begin));
  }
  REQUIRE(blocks.size() == 2);
  std::string written;
  io::StringOutput output(written);
  const auto report = parse_report(blocks[0], "report-format.md");
  if (!report) FAIL(to_string(report.error()));
  write_report_json(*report, output);
  CHECK(output.finish());
  CHECK(written == blocks[0]);
  written.clear();
  io::StringOutput second(written);
  const auto timeline = parse_timeline(blocks[1], "report-format.md");
  if (!timeline) FAIL(to_string(timeline.error()));
  write_timeline_json(*timeline, second);
  CHECK(second.finish());
  CHECK(written == blocks[1]);
}

}  // namespace chiron::test
