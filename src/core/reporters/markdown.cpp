// A comment for a pull request: verdict, table of gates, and the findings of each gate in a section that folds.
//
// GitHub refuses a comment of more than 65,536 characters, so the text is kept below that and says how many findings it
// leaves out; the worst ones come first, and every gate gets its share of the room. Text of findings is escaped so that
// it cannot make markup, mention people or refer to issues.
#include "core/reporters/reporter.h"
#include "core/reporters/uri.h"
#include "core/reporters/words.h"
#include "foundation/base/format.h"

namespace chiron {

namespace {

constexpr std::size_t kCommentBytes = 65'000;  // bytes, so it holds whatever GitHub counts
constexpr std::size_t kFooterBytes = 1'000;
constexpr std::size_t kMessageBytes = 600;
constexpr std::size_t kReasonBytes = 1'500;
constexpr std::size_t kTableGates = 100;
constexpr std::size_t kTableBytes = 30'000;
// Found again by whoever updates the comment instead of adding one.
constexpr std::string_view kMarker = "<!-- chiron-report -->\n";
constexpr std::string_view kJoiner = "\xE2\x81\xA0";  // U+2060, keeps "@name" and "#1" from becoming links

std::string cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  auto end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

// One line of running text.
std::string escape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += ' ';
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      if (c == '\t') out += ' ';
    } else if (c == '@' || c == '#') {
      out += c == '#' ? "\\#" : "@";
      out += kJoiner;
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_{}[]|~!$").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return utf8::find_invalid(out) == std::string_view::npos ? out : utf8::sanitize(out);
}

// A code span, with a fence longer than any run of back quotes inside.
std::string code(std::string_view text) {
  std::string clean;
  std::size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (c == '|')
      clean += "\\|";  // tables are split before code spans are read
    else
      clean += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  if (clean.empty()) return "";
  if (utf8::find_invalid(clean) != std::string_view::npos) clean = utf8::sanitize(clean);
  const std::string fence(longest + 1, '`');
  const bool pad = clean.front() == '`' || clean.back() == '`';
  return fence + (pad ? " " : "") + clean + (pad ? " " : "") + fence;
}

// Code inside HTML, where Markdown's own spans are not read.
std::string html_code(std::string_view text) { return "<code>" + escape(text) + "</code>"; }

std::string place_text(const Place& place, const ReporterOptions& options) {
  auto shown = to_string(place);
  if (shown.empty()) return "";
  // Outside a table a bar needs no escape.
  std::string span;
  for (const char c : shown) span += c == '|' ? ' ' : c;
  span = code(cut(span, 300));
  if (options.blob_url.empty() || place.file.empty()) return span;
  auto url = options.blob_url + percent_encode_path(place.file);
  if (place.line != 0) url += format("#L{}", place.line);
  if (place.end_line > place.line) url += format("-L{}", place.end_line);
  return format("[{}]({})", span, url);
}

std::string finding_text(const Finding& finding, const ReporterOptions& options, bool is_new) {
  auto text = format("- **{}**{} {}", level_word(finding.level), is_new ? " (new)" : "", code(cut(finding.rule, 200)));
  const auto place = place_text(finding.place, options);
  if (!place.empty()) text += " " + place;
  text += "<br>" + escape(cut(finding.message, kMessageBytes));
  for (const auto& fix : finding.fixes)
    if (!fix.description.empty()) {
      text += "<br>Fix: " + escape(cut(fix.description, kMessageBytes));
      break;
    }
  return text + "\n";
}

std::string measures(const GateResult& gate) {
  std::string text;
  for (const auto& metric : gate.metrics)
    text += format("{}{} {}", text.empty() ? "" : ", ", metric.name, describe(metric));
  const auto left_out = [&](std::uint64_t count, std::string_view how) {
    if (count != 0) text += format("{}{} {}", text.empty() ? "" : ", ", with_thousands(count), how);
  };
  left_out(gate.suppressed, "suppressed");
  left_out(gate.baselined, "in the baseline");
  return text;
}

std::string table(const Report& report, const Timeline* timeline) {
  std::string text = timeline != nullptr
                         ? "| Gate | Status | Errors | Warnings | Notes | Time | |\n|:--|:--|--:|--:|--:|--:|:--|\n"
                         : "| Gate | Status | Errors | Warnings | Notes | |\n|:--|:--|--:|--:|--:|:--|\n";
  std::size_t rows = 0;
  for (const auto& gate : report.gates) {
    if (++rows > kTableGates || text.size() > kTableBytes) {
      text += format("\nand {} more\n", counted(report.gates.size() - rows + 1, "gate"));
      break;
    }
    const bool bad = gate.status == GateStatus::failed || gate.status == GateStatus::could_not_run;
    text +=
        format("| {} | {}{}{} | {} | {} | {} |", code(cut(gate.gate, 100)), bad ? "**" : "", status_words(gate.status),
               bad ? "**" : "", gate.counts.errors, gate.counts.warnings, gate.counts.notes);
    if (timeline != nullptr) {
      const auto* timing = timeline->find(gate.gate);
      text += format(" {} |", timing == nullptr || gate.status == GateStatus::skipped ? ""
                              : timing->cached                                        ? "cached"
                                               : describe_duration(timing->duration_ms));
    }
    auto remark = escape(cut(gate.reason, rows <= 10 ? kReasonBytes : 100));
    if (const auto measured = escape(cut(measures(gate), 300)); !measured.empty())
      remark += (remark.empty() ? "" : "<br>") + measured;
    text += format(" {} |\n", remark);
  }
  return text + "\n";
}

std::string headline(const Report& report) {
  switch (report.verdict) {
    case Verdict::pass:
      return format("passed, {}", describe(total_counts(report)));
    case Verdict::findings:
      return describe(total_counts(report));
    case Verdict::could_not_run:
      return format("could not run every gate, {}", describe(total_counts(report)));
  }
  return "";
}

// The section of one gate, in at most `room` bytes; "" where not even one finding fits.
std::string section(const Report& report, const GateResult& gate, std::size_t first, std::size_t last, std::size_t room,
                    const std::vector<bool>& is_new, const ReporterOptions& options) {
  constexpr std::string_view kClose = "\n</details>\n\n";
  auto text = format("<details{}><summary>{}: {}</summary>\n\n", gate.status == GateStatus::failed ? " open" : "",
                     html_code(cut(gate.gate, 100)), describe(gate.counts));
  // Room for the line that says how many are left out.
  const auto bound = room - std::min(room, kClose.size() + 80);
  std::size_t shown = 0;
  // Adds the findings of one level and age; false where the room is used up.
  const auto add = [&](Level level, bool wants_new) {
    for (auto i = first; i < last; ++i) {
      if (report.findings[i].level != level || (!is_new.empty() && is_new[i] != wants_new)) continue;
      const auto entry = finding_text(report.findings[i], options, !is_new.empty() && is_new[i]);
      if (text.size() + entry.size() > bound) return false;
      text += entry;
      ++shown;
    }
    return true;
  };
  bool fits = true;
  for (const auto level : {Level::error, Level::warning, Level::note, Level::none}) {
    if (fits && !is_new.empty()) fits = add(level, true);
    if (fits) fits = add(level, false);
  }
  if (shown == 0) return "";
  if (shown < last - first) text += format("\nand {} more.\n", with_thousands(last - first - shown));
  return text + std::string(kClose);
}

}  // namespace

Result<void> write_markdown(const Report& report, const Timeline* timeline, io::Output& output,
                            const ReporterOptions& options) {
  std::vector<bool> is_new;
  std::string changes;
  if (options.before != nullptr) {
    const auto comparison = compare_reports(*options.before, report);
    is_new.resize(report.findings.size());
    for (const auto i : comparison.added) is_new[i] = true;
    changes = format("{} new, {} fixed, {} still there.\n\n", with_thousands(comparison.added.size()),
                     with_thousands(comparison.fixed.size()), with_thousands(comparison.kept.size()));
  }
  std::string text(kMarker);
  text +=
      format("### {}: {}\n\n", escape(cut(options.title.empty() ? "Chiron" : options.title, 200)), headline(report));
  text += changes;
  text += table(report, timeline);
  std::size_t gates_left = 0;
  for (const auto& gate : report.gates) gates_left += gate.counts.total() != 0;
  std::uint64_t left_out = 0;
  for_each_gate(report, [&](const GateResult& gate, std::size_t first, std::size_t last) {
    if (first == last) return;
    const auto used = text.size() + kFooterBytes;
    const auto room = used < kCommentBytes ? (kCommentBytes - used) / std::max<std::size_t>(gates_left, 1) : 0;
    --gates_left;
    const auto part = section(report, gate, first, last, room, is_new, options);
    if (part.empty()) left_out += last - first;
    text += part;
  });
  if (left_out != 0) text += format("and {} more that this comment has no room for.\n\n", counted(left_out, "finding"));
  std::string footer;
  if (!report.revision.empty()) footer += format("Revision {}", code(cut(report.revision, 50)));
  if (!report.base_revision.empty())
    footer += format("{}since {}", footer.empty() ? "" : ", ", code(cut(report.base_revision, 50)));
  if (!options.details_url.empty())
    footer += format("{}[whole report]({})", footer.empty() ? "" : " · ", cut(options.details_url, 500));
  if (!footer.empty()) text += footer + "\n";
  output.write(text);
  return {};
}

}  // namespace chiron
