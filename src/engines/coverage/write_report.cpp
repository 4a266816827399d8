#include "engines/coverage/write_report.h"

#include <algorithm>
#include <map>

#include "engines/coverage/diff_coverage.h"
#include "engines/coverage/report_print.h"
#include "engines/coverage/snippets.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"

namespace chiron::coverage {

namespace {

constexpr std::string_view kRed = "\x1b[31m", kGreen = "\x1b[32m", kYellow = "\x1b[33m", kPlain = "\x1b[0m";

std::string cell(std::uint64_t covered, std::uint64_t total, bool colour) {
  if (total == 0) return format("{:>7} {:>15}", "-", "");
  const auto share = percent(covered, total);
  const auto text = format("{:>6.1f}% {:>15}", share, format("{}/{}", covered, total));
  if (!colour) return text;
  return std::string(share >= 90 ? kGreen : share >= 60 ? kYellow : kRed) + text + std::string(kPlain);
}

std::string row(std::string_view name, std::size_t width, const Totals& sum, const Totals& shown, bool colour) {
  auto line = std::string(name) + std::string(width - std::min(width, utf8::display_width(name)), ' ');
  line += "  " + cell(sum.covered_lines, sum.lines, colour);
  if (shown.arms != 0) line += "  " + cell(sum.taken_arms, sum.arms, colour);
  if (shown.conditions != 0) line += "  " + cell(sum.covered_conditions, sum.conditions, colour);
  if (shown.functions != 0) line += "  " + cell(sum.covered_functions, sum.functions, colour);
  return line + "\n";
}

std::vector<std::uint32_t> missing_lines(const SourceFile& file) {
  std::vector<std::uint32_t> lines;
  for (const auto& line : file.lines)
    if (line.hits == 0) lines.push_back(line.number);
  return lines;
}

std::string json_counts(std::string_view name, std::uint64_t covered, std::uint64_t total) {
  return format("\"{}\": {{\"covered\": {}, \"total\": {}}}", name, covered, total);
}

std::string json_totals(const Totals& sum) {
  return json_counts("lines", sum.covered_lines, sum.lines) + ", " + json_counts("branches", sum.taken_arms, sum.arms) +
         ", " + json_counts("conditions", sum.covered_conditions, sum.conditions) + ", " +
         json_counts("functions", sum.covered_functions, sum.functions);
}

}  // namespace

std::string write_table(const std::vector<SourceFile>& files, bool colour) {
  Totals sum;
  std::size_t width = 5;
  std::vector<Totals> each;
  for (const auto& file : files) {
    each.push_back(totals(file));
    sum += each.back();
    width = std::max(width, utf8::display_width(file.path));
  }
  auto header = std::string("File") + std::string(width - 4, ' ') + format("  {:<23}", "  Lines");
  if (sum.arms != 0) header += format("  {:<23}", "  Branches");
  if (sum.conditions != 0) header += format("  {:<23}", "  Conditions");
  if (sum.functions != 0) header += format("  {:<23}", "  Functions");
  std::string out = std::string(text::trim(header)) + "\n";
  for (std::size_t i = 0; i < files.size(); ++i) out += row(files[i].path, width, each[i], sum, colour);
  return out + row("Total", width, sum, sum, colour);
}

std::string write_annotated(const SourceFile& file, std::string_view source, bool colour) {
  std::map<std::uint32_t, std::string> notes;
  for (const auto& partial : partial_branches(file)) {
    auto& note = notes[partial.line];
    note += note.empty() ? "" : "; ";
    note += format("{} of {} {}", partial.taken, partial.total, partial.is_decision ? "conditions" : "ways");
    if (!partial.missing.empty()) note += ", missing: " + partial.missing;
  }
  const auto counts = totals(file);
  std::string out =
      format("{}  {:.1f}% of {} lines\n", file.path, percent(counts.covered_lines, counts.lines), counts.lines);
  const auto text = decode_source(source);
  std::uint32_t number = 0;
  for (const auto line : text::split_lines(text)) {
    const auto* counted = find_line(file, ++number);
    std::string count, mark = " ", note;
    if (counted != nullptr) {
      count = std::to_string(counted->hits);
      if (counted->hits == 0) mark = "!";
    }
    if (const auto found = notes.find(number); found != notes.end() && counted != nullptr) {
      if (mark == " ") mark = "~";
      note = format("   [{}]", found->second);
    }
    const auto start = !colour || mark == " " ? std::string_view{} : mark == "!" ? kRed : kYellow;
    out += format("{}{} {:>5} {:>9} | {}{}{}\n", start, mark, number, count, line, note, start.empty() ? "" : kPlain);
  }
  return out;
}

std::string write_lcov(const std::vector<SourceFile>& files) {
  std::string out = "TN:\n";
  for (const auto& file : files) {
    const auto sum = totals(file);
    out += "SF:" + file.path + "\n";
    for (const auto& function : file.functions) out += format("FN:{},{}\n", function.line, function.name);
    for (const auto& function : file.functions) out += format("FNDA:{},{}\n", function.hits, function.name);
    if (sum.functions != 0) out += format("FNF:{}\nFNH:{}\n", sum.functions, sum.covered_functions);
    std::map<std::uint32_t, std::uint32_t> blocks;
    for (const auto& branch : file.branches) {
      const auto block = blocks[branch.line]++;
      const auto* line = find_line(file, branch.line);
      for (std::uint32_t i = 0; i < branch.total; ++i) {
        const auto hits = i < branch.arms.size() ? branch.arms[i].hits : i < branch.taken ? 1 : 0;
        const bool never = line != nullptr && line->hits == 0;
        out += format("BRDA:{},{},{},{}\n", branch.line, block, i, never ? "-" : std::to_string(hits));
      }
    }
    if (sum.arms != 0) out += format("BRF:{}\nBRH:{}\n", sum.arms, sum.taken_arms);
    for (const auto& decision : file.decisions) {
      for (std::size_t i = 0; i < decision.conditions.size(); ++i) {
        const auto& condition = decision.conditions[i];
        const auto name = condition.text.empty() ? format("condition {}", i + 1) : condition.text;
        // A record says whether that outcome was shown to decide; without such knowledge, whether it was seen.
        const bool both = condition.independent || !decision.has_mcdc;
        for (const bool sense : {true, false})
          out += format("MCDC:{},{},{},{},{},{}\n", decision.line, decision.conditions.size(), sense ? 't' : 'f',
                        (sense ? condition.seen_true : condition.seen_false) && both ? 1 : 0, i, name);
      }
    }
    for (const auto& line : file.lines) out += format("DA:{},{}\n", line.number, line.hits);
    out += format("LF:{}\nLH:{}\nend_of_record\n", sum.lines, sum.covered_lines);
  }
  return out;
}

std::string write_cobertura(const std::vector<SourceFile>& files) {
  Totals sum;
  for (const auto& file : files) sum += totals(file);
  const auto rate = [](std::uint64_t covered, std::uint64_t total) {
    return format("{:.4g}", percent(covered, total) / 100);
  };
  std::string out = format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<coverage line-rate=\"{}\" branch-rate=\"{}\" lines-covered=\"{}\" lines-valid=\"{}\" branches-covered=\"{}\" "
      "branches-valid=\"{}\" complexity=\"0\" version=\"1\" timestamp=\"0\">\n<packages>\n"
      "<package name=\"\" line-rate=\"{}\" branch-rate=\"{}\" complexity=\"0\">\n<classes>\n",
      rate(sum.covered_lines, sum.lines), rate(sum.taken_arms, sum.arms), sum.covered_lines, sum.lines, sum.taken_arms,
      sum.arms, rate(sum.covered_lines, sum.lines), rate(sum.taken_arms, sum.arms));
  for (const auto& file : files) {
    const auto counts = totals(file);
    std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> ways;
    for (const auto& branch : file.branches) {
      ways[branch.line].first += branch.taken;
      ways[branch.line].second += branch.total;
    }
    const auto path = text::escape_xml(file.path);
    out += format(
        "<class name=\"{0}\" filename=\"{0}\" line-rate=\"{1}\" branch-rate=\"{2}\" "
        "complexity=\"0\">\n<methods/>\n<lines>\n",
        path, rate(counts.covered_lines, counts.lines), rate(counts.taken_arms, counts.arms));
    for (const auto& line : file.lines) {
      const auto found = ways.find(line.number);
      if (found == ways.end() || found->second.second == 0) {
        out += format("<line number=\"{}\" hits=\"{}\" branch=\"false\"/>\n", line.number, line.hits);
      } else {
        const auto [taken, total] = found->second;
        out += format("<line number=\"{}\" hits=\"{}\" branch=\"true\" condition-coverage=\"{}% ({}/{})\"/>\n",
                      line.number, line.hits, static_cast<unsigned>(percent(taken, total)), taken, total);
      }
    }
    out += "</lines>\n</class>\n";
  }
  return out + "</classes>\n</package>\n</packages>\n</coverage>\n";
}

std::string write_summary_json(const std::vector<SourceFile>& files) {
  Totals sum;
  std::string out = "{\"version\": 1, \"files\": [";
  bool first = true;
  for (const auto& file : files) {
    const auto counts = totals(file);
    sum += counts;
    out += first ? "{\"path\": " : ", {\"path\": ";
    first = false;
    doc::append_json_string(out, file.path);
    out += ", " + json_totals(counts) + ", \"missing\": [";
    const auto ranges = combine_lines(missing_lines(file));
    for (std::size_t i = 0; i < ranges.size(); ++i) out += (i != 0 ? ", \"" : "\"") + ranges[i] + "\"";
    out += "]}";
  }
  return out + "], \"totals\": {" + json_totals(sum) + "}}\n";
}

}  // namespace chiron::coverage
