#include "engines/coverage/report_print.h"

#include <charconv>
#include <cmath>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"

namespace chiron::coverage {

std::string python_float(double value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

double total_percent(const DiffCoverage& coverage, bool as_float) {
  const auto exact = coverage.percent_exact();
  if (!as_float) return std::trunc(exact);
  double rounded = 0;
  const auto text = format("{:.2f}", exact);
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

std::vector<std::string> combine_lines(const std::vector<std::uint32_t>& lines) {
  std::vector<std::string> ranges;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t end = i;
    while (end + 1 < lines.size() && lines[end + 1] == lines[end] + 1) ++end;
    ranges.push_back(end == i ? std::to_string(lines[i]) : format("{}-{}", lines[i], lines[end]));
    i = end + 1;
  }
  return ranges;
}

namespace {

std::string counted(std::size_t count) { return format("{} line{}", count, count == 1 ? "" : "s"); }

std::string total_text(const DiffCoverage& coverage, const PrintOptions& options) {
  const auto percent = total_percent(coverage, options.total_percent_float);
  return options.total_percent_float ? python_float(percent) : format("{}", static_cast<long>(percent));
}

std::string missing(const FileCoverage& file) { return text::join(combine_lines(file.uncovered), ","); }

// Calls `print` for each snippet of a file's source.
template <class Print>
std::vector<std::string> snippets_of(const FileCoverage& file, const PrintOptions& options, Print print) {
  std::vector<std::string> texts;
  if (file.uncovered.empty() || !options.read_source) return texts;
  const auto bytes = options.read_source(file.path);
  if (!bytes) return texts;
  const auto source = decode_source(*bytes);
  for (const auto& snippet : find_snippets(source, file.uncovered)) texts.push_back(print(snippet));
  return texts;
}

std::string branch_text(const PartialBranch& branch) {
  auto text = format("{} of {} {} taken", branch.taken, branch.total, branch.is_decision ? "conditions" : "branches");
  if (branch.is_decision) text = format("{} of {} conditions covered", branch.taken, branch.total);
  if (!branch.missing.empty()) text += " (missing: " + branch.missing + ")";
  return text;
}

}  // namespace

std::string print_console(const DiffCoverage& coverage, const PrintOptions& options) {
  std::string out = "-------------\nDiff Coverage\nDiff: " + coverage.diff_name + "\n-------------\n";
  if (coverage.files.empty()) {
    out += "No lines with coverage information in this diff.\n-------------\n";
  } else {
    for (const auto& file : coverage.files) {
      if (file.uncovered.empty())
        out += file.path + " (100%)\n";
      else
        out += format("{} ({:.1f}%): Missing lines {}\n", file.path, file.percent(), missing(file));
      if (!options.branches) continue;
      for (const auto& branch : file.partial) out += format("    line {}: {}\n", branch.line, branch_text(branch));
    }
    out += "-------------\n";
    out += "Total:   " + counted(coverage.total_lines()) + "\n";
    out += "Missing: " + counted(coverage.total_uncovered()) + "\n";
    out += "Coverage: " + total_text(coverage, options) + "%\n";
    if (options.branches) {
      const auto sum = coverage.totals();
      if (sum.arms != 0)
        out += format("Branches: {:.1f}% ({} of {})\n", percent(sum.taken_arms, sum.arms), sum.taken_arms, sum.arms);
      if (sum.conditions != 0)
        out += format("Conditions: {:.1f}% ({} of {})\n", percent(sum.covered_conditions, sum.conditions),
                      sum.covered_conditions, sum.conditions);
    }
    out += "-------------\n";
  }
  out += "\n";
  if (!options.show_uncovered) return out;
  for (const auto& file : coverage.files) {
    const auto texts = snippets_of(file, options, [](const Snippet& snippet) { return snippet_console(snippet); });
    if (texts.empty()) continue;
    out += "--- " + file.path + " ---\n";
    for (const auto& text : texts) out += "\n" + text + "\n\n";
  }
  return out;
}

std::string print_css() { return std::string(snippet_style()) + "\n"; }

std::string print_html(const DiffCoverage& coverage, const PrintOptions& options) {
  std::string out =
      "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n"
      "<html>\n    <head>\n"
      "        <meta http-equiv='Content-Type' content='text/html; charset=utf-8'>\n"
      "        <title>Diff Coverage</title>\n";
  if (!options.css_url.empty()) {
    out += "        <link rel=\"stylesheet\" href=\"" + text::escape_html(options.css_url) + "\">\n";
  } else {
    out +=
        "        <style>\n            .src-snippet { margin-top: 2em; }\n            .src-name { font-weight: bold; }\n"
        "            .snippets {\n                border-top: 1px solid #bdbdbd;\n"
        "                border-bottom: 1px solid #bdbdbd;\n            }\n            ";
    out += snippet_style();
    out += "\n        </style>\n";
  }
  out += "    </head>\n    <body>\n        <h1>Diff Coverage</h1>\n        <p>Diff: " +
         text::escape_html(coverage.diff_name) + "</p>\n";
  if (coverage.files.empty()) {
    out += "        <p>No lines with coverage information in this diff.</p>\n";
  } else {
    out += "        <ul>\n            <li><b>Total</b>: " + counted(coverage.total_lines()) +
           "</li>\n            <li><b>Missing</b>: " + counted(coverage.total_uncovered()) +
           "</li>\n            <li><b>Coverage</b>: " + total_text(coverage, options) + "%</li>\n        </ul>\n";
    out +=
        "        <table border=\"1\">\n            <tr>\n                <th>Source File</th>\n"
        "                <th>Diff Coverage (%)</th>\n                <th>Missing Lines</th>\n            </tr>\n";
    for (const auto& file : coverage.files) {
      out += "            <tr>\n                <td>" + text::escape_html(file.path) + "</td>\n";
      if (file.uncovered.empty()) {
        out += "                <td>100%</td>\n                <td>&nbsp;</td>\n";
      } else {
        out += format("                <td>{:.1f}%</td>\n                <td>{}</td>\n", file.percent(), missing(file));
      }
      out += "            </tr>\n";
    }
    out += "        </table>\n";
  }
  for (const auto& file : coverage.files) {
    const auto texts = snippets_of(
        file, options, [&](const Snippet& snippet) { return snippet_html(file.path, snippet, file.uncovered); });
    if (texts.empty()) continue;
    out += "        <div class=\"src-snippet\">\n            <div class=\"src-name\">" + text::escape_html(file.path) +
           "</div>\n            <div class=\"snippets\">\n";
    for (const auto& text : texts) out += "            " + text + "\n";
    out += "            </div>\n        </div>\n";
  }
  out += "    </body>\n</html>\n";
  return out;
}

std::string print_json(const DiffCoverage& coverage, const PrintOptions& options) {
  // Written by hand rather than as a tree: a diff may have millions of lines, and floats keep Python's spelling.
  std::string out = "{\"report_name\": ";
  doc::append_json_string(out, coverage.report_name);
  out += ", \"diff_name\": ";
  doc::append_json_string(out, coverage.diff_name);
  out += ", \"src_stats\": {";
  const auto numbers = [&](const std::vector<std::uint32_t>& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i) out += (i != 0 ? ", " : "") + std::to_string(lines[i]);
  };
  bool first = true;
  for (const auto& file : coverage.files) {
    if (!first) out += ", ";
    first = false;
    doc::append_json_string(out, file.path);
    out += ": {\"percent_covered\": " + python_float(file.percent()) + ", \"violation_lines\": [";
    numbers(file.uncovered);
    out += "], \"covered_lines\": [";
    std::vector<std::uint32_t> covered;
    std::set_difference(file.measured.begin(), file.measured.end(), file.uncovered.begin(), file.uncovered.end(),
                        std::back_inserter(covered));
    numbers(covered);
    out += "], \"violations\": [";
    for (std::size_t i = 0; i < file.uncovered.size(); ++i)
      out += format("{}[{}, null]", i != 0 ? ", " : "", file.uncovered[i]);
    out += "]";
    if (options.branches) {
      out += ", \"partial_branches\": [";
      for (std::size_t i = 0; i < file.partial.size(); ++i) {
        const auto& branch = file.partial[i];
        out += format(
            "{}{{\"line\": {}, \"taken\": {}, \"total\": {}, \"kind\": \"{}\", \"missing\": ", i != 0 ? ", " : "",
            branch.line, branch.taken, branch.total, branch.is_decision ? "conditions" : "branch");
        doc::append_json_string(out, branch.missing);
        out += "}";
      }
      out += "]";
    }
    out += "}";
  }
  out += format(
      "}}, \"total_num_lines\": {}, \"total_num_violations\": {}, \"total_percent_covered\": {}, "
      "\"num_changed_lines\": {}",
      coverage.total_lines(), coverage.total_uncovered(), total_text(coverage, options), coverage.changed_lines);
  if (options.branches) {
    const auto sum = coverage.totals();
    out +=
        format(", \"branches\": {{\"total\": {}, \"taken\": {}}}, \"conditions\": {{\"total\": {}, \"covered\": {}}}",
               sum.arms, sum.taken_arms, sum.conditions, sum.covered_conditions);
  }
  return out + "}";
}

std::string print_markdown(const DiffCoverage& coverage, const PrintOptions& options) {
  const auto name = [](std::string_view path) { return text::replace_all(path, ".", "&#46;"); };
  std::string out = "# Diff Coverage\n## Diff: " + coverage.diff_name + "\n\n";
  if (coverage.files.empty()) {
    out += "No lines with coverage information in this diff.\n";
  } else {
    for (const auto& file : coverage.files) {
      if (file.uncovered.empty())
        out += "- " + name(file.path) + " (100%)\n";
      else
        out += format("- {} ({:.1f}%): Missing lines {}\n", name(file.path), file.percent(), missing(file));
      if (!options.branches) continue;
      for (const auto& branch : file.partial) out += format("  - line {}: {}\n", branch.line, branch_text(branch));
    }
    out += "\n## Summary\n\n- **Total**: " + counted(coverage.total_lines()) +
           "\n- **Missing**: " + counted(coverage.total_uncovered()) +
           "\n- **Coverage**: " + total_text(coverage, options) + "%\n\n";
  }
  out += "\n";
  for (const auto& file : coverage.files) {
    const auto texts = snippets_of(
        file, options, [&](const Snippet& snippet) { return snippet_markdown(file.path, snippet, file.uncovered); });
    if (texts.empty()) continue;
    out += "\n## " + name(file.path) + "\n";
    for (const auto& text : texts) out += "\n" + text + "\n\n---\n\n";
    out += "\n";
  }
  return out;
}

std::string print_github(const DiffCoverage& coverage, std::string_view level) {
  // Properties and text of a workflow command have characters of their own to escape.
  const auto escape = [](std::string_view text, bool property) {
    std::string out;
    for (const char c : text) {
      if (c == '%')
        out += "%25";
      else if (c == '\r')
        out += "%0D";
      else if (c == '\n')
        out += "%0A";
      else if (property && c == ':')
        out += "%3A";
      else if (property && c == ',')
        out += "%2C";
      else
        out += c;
    }
    return out;
  };
  std::string out;
  for (const auto& file : coverage.files) {
    for (const auto& range : combine_lines(file.uncovered)) {
      const auto dash = range.find('-');
      out += format("::{} file={},line={}", level, escape(file.path, true), range.substr(0, dash));
      if (dash != std::string::npos) out += ",endLine=" + range.substr(dash + 1);
      out += ",title=Missing Coverage::Line " + range + " missing coverage\n";
    }
  }
  return out;
}

}  // namespace chiron::coverage
