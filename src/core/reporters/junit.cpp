// JUnit XML in the form that GitLab's and Jenkins' readers agree on: a suite per gate, a test case per rule and file.
//
// A test case fails where one of its findings reaches the fail level, otherwise it passes and its findings stand in
// system-out. A gate without findings is one passing case, so that it is seen to have run; one that could not run is an
// error, one that was left out is skipped. XML cannot hold control characters: they are dropped.
#include "core/reporters/reporter.h"
#include "core/reporters/words.h"
#include "foundation/base/format.h"

namespace chiron {

namespace {

void append_xml(std::string& out, std::string_view text, bool attribute) {
  for (std::size_t i = 0; i < text.size();) {
    const auto [point, length] = utf8::decode(text, i);
    const auto bytes = text.substr(i, length);
    i += length;
    switch (point) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += attribute ? "&quot;" : "\"";
        break;
      // In an attribute these would be read as spaces.
      case '\n':
        out += attribute ? "&#10;" : "\n";
        break;
      case '\t':
        out += attribute ? "&#9;" : "\t";
        break;
      case '\r':
        out += "&#13;";
        break;
      case 0xFFFE:
      case 0xFFFF:
        break;
      case 0xFFFD:
        out += "\xEF\xBF\xBD";
        break;
      default:
        if (point >= 0x20) out += bytes;
    }
  }
}

void write_attribute(io::Output& output, std::string_view name, std::string_view value) {
  output.write(format(" {}=\"", name));
  append_xml(output.buffer(), value, true);
  output.write("\"");
}

void write_text(io::Output& output, std::string_view text) {
  append_xml(output.buffer(), text, false);
  output.flush_if_full();
}

// The findings of one rule in one file: indices into the report.
struct Case {
  std::span<const std::uint32_t> findings;
  bool fails = false;
};

// Splits the findings [first, last) of one gate into cases, file by file, so that only one file's indices are held.
template <class Each>
void for_each_case(const Report& report, const GateResult& gate, std::size_t first, std::size_t last, Each each) {
  const auto& findings = report.findings;
  std::vector<std::uint32_t> order;
  while (first < last) {
    auto end = first;
    order.clear();
    while (end < last && findings[end].place.file == findings[first].place.file)
      order.push_back(static_cast<std::uint32_t>(end++));
    std::ranges::stable_sort(order, {}, [&](std::uint32_t i) -> const std::string& { return findings[i].rule; });
    for (std::size_t begin = 0; begin < order.size();) {
      auto stop = begin;
      Case group;
      while (stop < order.size() && findings[order[stop]].rule == findings[order[begin]].rule) {
        group.fails = group.fails || fails_gate(report, &gate, findings[order[stop]]);
        ++stop;
      }
      group.findings = std::span(order).subspan(begin, stop - begin);
      each(group);
      begin = stop;
    }
    first = end;
  }
}

struct SuiteCounts {
  std::uint64_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

// The case that stands for the gate itself: where nothing was found, or where the gate as a whole has something to say.
bool has_gate_case(const GateResult& gate, std::size_t cases, std::uint64_t failures) {
  if (cases == 0 || gate.status == GateStatus::could_not_run || gate.status == GateStatus::skipped) return true;
  return gate.status == GateStatus::failed && (failures == 0 || !gate.reason.empty());
}

SuiteCounts count_suite(const Report& report, const GateResult& gate, std::size_t first, std::size_t last) {
  SuiteCounts counts;
  for_each_case(report, gate, first, last, [&](const Case& group) {
    ++counts.tests;
    if (group.fails) ++counts.failures;
  });
  if (has_gate_case(gate, counts.tests, counts.failures)) {
    ++counts.tests;
    if (gate.status == GateStatus::could_not_run) ++counts.errors;
    if (gate.status == GateStatus::skipped) ++counts.skipped;
    if (gate.status == GateStatus::failed) ++counts.failures;
  }
  return counts;
}

void write_counts(io::Output& output, const SuiteCounts& counts) {
  output.write(format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", counts.tests, counts.failures,
                      counts.errors, counts.skipped));
}

void write_seconds(io::Output& output, const Timing* timing) {
  output.write(format(" time=\"{:.3f}\"", timing != nullptr ? static_cast<double>(timing->duration_ms) / 1000 : 0.0));
}

void write_findings(io::Output& output, const Report& report, const Case& group) {
  for (const auto i : group.findings) {
    const auto& finding = report.findings[i];
    const auto place = to_string(finding.place);
    write_text(output,
               format("{}{}{}: {}\n", place, place.empty() ? "" : ": ", level_word(finding.level), finding.message));
    if (finding.excerpt.empty()) continue;
    std::size_t begin = 0;
    while (begin <= finding.excerpt.size()) {
      const auto end = std::min(finding.excerpt.find('\n', begin), finding.excerpt.size());
      write_text(output, "    " + finding.excerpt.substr(begin, end - begin) + "\n");
      begin = end + 1;
    }
  }
}

void write_case(io::Output& output, const Report& report, const GateResult& gate, const Case& group) {
  const auto& first = report.findings[group.findings.front()];
  const auto& file = first.place.file;
  output.write("    <testcase");
  write_attribute(output, "name", file.empty() ? first.rule : first.rule + " in " + file);
  write_attribute(output, "classname", gate.gate);
  if (!file.empty()) write_attribute(output, "file", file);
  if (first.place.line != 0) output.write(format(" line=\"{}\"", first.place.line));
  output.write(" time=\"0.000\">\n");
  if (group.fails) {
    output.write("      <failure");
    write_attribute(output, "message",
                    group.findings.size() == 1
                        ? first.message
                        : format("{}: {}", counted(group.findings.size(), "finding"), first.message));
    write_attribute(output, "type", level_word(first.level));
    output.write(">");
    write_findings(output, report, group);
    output.write("</failure>\n");
  } else {
    output.write("      <system-out>");
    write_findings(output, report, group);
    output.write("</system-out>\n");
  }
  output.write("    </testcase>\n");
}

void write_gate_case(io::Output& output, const GateResult& gate, const Timing* timing) {
  output.write("    <testcase");
  write_attribute(output, "name", gate.gate);
  write_attribute(output, "classname", gate.gate);
  write_seconds(output, timing);
  const auto element = gate.status == GateStatus::could_not_run ? "error"
                       : gate.status == GateStatus::skipped     ? "skipped"
                       : gate.status == GateStatus::failed      ? "failure"
                                                                : "";
  if (*element == '\0') {
    output.write("/>\n");
    return;
  }
  output.write(format(">\n      <{}", element));
  write_attribute(output, "message", gate.reason.empty() ? status_words(gate.status) : std::string_view(gate.reason));
  if (gate.status != GateStatus::skipped) write_attribute(output, "type", to_string(gate.status));
  output.write("/>\n    </testcase>\n");
}

void write_properties(io::Output& output, const GateResult& gate) {
  if (gate.metrics.empty()) return;
  output.write("    <properties>\n");
  for (const auto& metric : gate.metrics) {
    output.write("      <property");
    write_attribute(output, "name", metric.name);
    write_attribute(output, "value", describe(metric));
    output.write("/>\n");
  }
  output.write("    </properties>\n");
}

}  // namespace

Result<void> write_junit(const Report& report, const Timeline* timeline, io::Output& output,
                         const ReporterOptions& options) {
  SuiteCounts sum;
  for_each_gate(report, [&](const GateResult& gate, std::size_t first, std::size_t last) {
    const auto counts = count_suite(report, gate, first, last);
    sum.tests += counts.tests;
    sum.failures += counts.failures;
    sum.errors += counts.errors;
    sum.skipped += counts.skipped;
  });
  output.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
  write_attribute(output, "name", options.title.empty() ? report.workspace : options.title);
  write_counts(output, sum);
  if (timeline != nullptr) output.write(format(" time=\"{:.3f}\"", static_cast<double>(timeline->duration_ms) / 1000));
  output.write(">\n");
  for_each_gate(report, [&](const GateResult& gate, std::size_t first, std::size_t last) {
    if (output.failed()) return;
    const auto* timing = timeline != nullptr ? timeline->find(gate.gate) : nullptr;
    const auto counts = count_suite(report, gate, first, last);
    output.write("  <testsuite");
    write_attribute(output, "name", gate.gate);
    write_counts(output, counts);
    write_seconds(output, timing);
    if (timeline != nullptr && !timeline->started.empty()) write_attribute(output, "timestamp", timeline->started);
    output.write(">\n");
    write_properties(output, gate);
    std::uint64_t cases = 0;
    std::uint64_t failures = 0;
    for_each_case(report, gate, first, last, [&](const Case& group) {
      ++cases;
      if (group.fails) ++failures;
      write_case(output, report, gate, group);
    });
    if (has_gate_case(gate, cases, failures)) write_gate_case(output, gate, timing);
    output.write("  </testsuite>\n");
  });
  output.write("</testsuites>\n");
  return {};
}

}  // namespace chiron
