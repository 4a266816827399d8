// For people at a terminal and in the logs of CI: each finding with its source and a caret, file by file, and a table
// of the gates. Everything that came from outside is made printable first: a file name or a message cannot move the
// cursor.
#include "core/reporters/excerpt.h"
#include "core/reporters/reporter.h"
#include "core/reporters/uri.h"
#include "core/reporters/words.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron {

namespace {

// Findings that say the same beyond this many are folded into a list of places.
constexpr std::uint32_t kShownAlike = 3;
constexpr std::size_t kFoldedPlaces = 5;

enum class Ink { plain, bold, red, yellow, cyan, green, blue, dim };

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  [[nodiscard]] std::string paint(std::string_view text, Ink ink) const {
    if (!colour_ || ink == Ink::plain || text.empty()) return std::string(text);
    return format("\x1b[{}m{}\x1b[0m", code(ink), text);
  }

 private:
  static std::string_view code(Ink ink) {
    switch (ink) {
      case Ink::bold:
        return "1";
      case Ink::red:
        return "1;31";
      case Ink::yellow:
        return "1;33";
      case Ink::cyan:
        return "1;36";
      case Ink::green:
        return "1;32";
      case Ink::blue:
        return "34";
      case Ink::dim:
        return "2";
      case Ink::plain:
        return "0";
    }
    return "0";
  }
  bool colour_;
};

Ink ink_of(Level level) {
  switch (level) {
    case Level::error:
      return Ink::red;
    case Level::warning:
      return Ink::yellow;
    case Level::note:
    case Level::none:
      return Ink::cyan;
  }
  return Ink::plain;
}

Ink ink_of(GateStatus status) {
  switch (status) {
    case GateStatus::passed:
      return Ink::green;
    case GateStatus::failed:
      return Ink::red;
    case GateStatus::could_not_run:
      return Ink::red;
    case GateStatus::skipped:
      return Ink::dim;
  }
  return Ink::plain;
}

// Breaks text at spaces to at most `width` cells a line; a longer word keeps its own line.
std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const auto stop = std::min(text.find('\n', begin), text.size());
    const auto paragraph = text.substr(begin, stop - begin);
    begin = stop + 1;
    std::string line;
    std::size_t cells = 0;
    for (std::size_t at = 0; at < paragraph.size();) {
      const auto end = std::min(paragraph.find(' ', at), paragraph.size());
      const auto word = paragraph.substr(at, end - at);
      const auto word_cells = utf8::display_width(word);
      if (cells != 0 && cells + 1 + word_cells > width) {
        lines.push_back(std::move(line));
        line.clear();
        cells = 0;
      }
      if (cells != 0) {
        line += ' ';
        ++cells;
      }
      line += word;
      cells += word_cells;
      at = end + 1;
    }
    lines.push_back(std::move(line));
    if (stop == text.size()) break;
  }
  return lines;
}

std::uint64_t likeness(const Finding& finding) {
  std::size_t hash = std::hash<std::string_view>{}(finding.rule);
  const auto mix = [&](std::string_view text) {
    hash ^= std::hash<std::string_view>{}(text) + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
  };
  mix(finding.gate);
  mix(finding.message);
  return hash;
}

// How often each kind of finding occurs, and where the first folded ones are.
class Alike {
 public:
  // `order` is the one in which the findings will be shown.
  Alike(const std::vector<Finding>& findings, const std::vector<std::uint32_t>& order) {
    for (const auto i : order) {
      auto& kind = kinds_[likeness(findings[i])];
      if (kind.total >= kShownAlike && kind.total < kShownAlike + kFoldedPlaces)
        kind.folded[kind.total - kShownAlike] = i;
      ++kind.total;
    }
  }
  struct Kind {
    std::uint32_t total = 0;
    std::uint32_t seen = 0;
    std::array<std::uint32_t, kFoldedPlaces> folded{};
  };
  Kind& of(const Finding& finding) { return kinds_[likeness(finding)]; }

 private:
  std::unordered_map<std::uint64_t, Kind> kinds_;
};

class TerminalWriter {
 public:
  TerminalWriter(const Report& report, const Timeline* timeline, io::Output& output, const ReporterOptions& options)
      : report_(report),
        timeline_(timeline),
        output_(output),
        options_(options),
        painter_(options.colour),
        width_(std::max(options.width, 40U)) {}

  void write() {
    if (options_.before != nullptr) compare();
    write_findings();
    if (options_.quiet)
      write_reasons();
    else
      write_gates();
    write_verdict();
  }

 private:
  void line(std::string_view text) {
    output_.write(text);
    output_.put('\n');
  }
  [[nodiscard]] std::string paint(std::string_view text, Ink ink) const { return painter_.paint(text, ink); }

  void compare() {
    is_new_.resize(report_.findings.size());
    const auto comparison = compare_reports(*options_.before, report_);
    for (const auto i : comparison.added) is_new_[i] = true;
    added_ = comparison.added.size();
    fixed_ = comparison.fixed.size();
  }

  // By file, whatever gate found it; what has no file comes last.
  void write_findings() {
    const auto& findings = report_.findings;
    std::vector<std::uint32_t> order(findings.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
      const auto& x = findings[a].place;
      const auto& y = findings[b].place;
      if (x.file.empty() != y.file.empty()) return y.file.empty();
      return std::tie(x.file, x.line, x.column) < std::tie(y.file, y.line, y.column);
    });
    Alike alike(findings, order);
    std::size_t shown = 0;
    for (const auto index : order) {
      if (output_.failed()) return;
      const auto& finding = findings[index];
      auto& kind = alike.of(finding);
      // A fold pays from two hidden findings on.
      const bool folds = kind.total > kShownAlike + 1;
      if (folds && kind.seen >= kShownAlike) continue;
      if (options_.max_findings != 0 && shown == options_.max_findings) break;
      ++kind.seen;
      ++shown;
      hidden_ += folds && kind.seen == kShownAlike ? kind.total - kShownAlike : 0;
      write_finding(finding, !is_new_.empty() && is_new_[index]);
      if (folds && kind.seen == kShownAlike) write_folded(kind);
      output_.put('\n');
    }
    if (shown + hidden_ < findings.size())
      line(paint(format("… and {} more, which the saved report has",
                        counted(findings.size() - shown - hidden_, "finding")),
                 Ink::bold) +
           "\n");
  }

  void write_finding(const Finding& finding, bool is_new) {
    const auto head = format("{}[{}]", level_word(finding.level), printable(finding.rule));
    const auto mark = is_new ? " (new)" : "";
    const auto message = printable(finding.message, true);
    const auto room = width_ > 30 ? width_ : 30;
    // The message starts behind its rule; further lines are indented by two.
    auto lines = wrap(format("{}{}: {}", head, mark, message), room);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i == 0 && lines[0].starts_with(head))
        line(paint(head, ink_of(finding.level)) + paint(lines[0].substr(head.size()), Ink::bold));
      else
        line("  " + paint(lines[i], Ink::bold));
    }
    const auto last_line = std::max({finding.place.line, finding.place.end_line});
    const auto gutter = std::max<std::size_t>(std::to_string(last_line).size(), 2);
    const std::string margin(gutter, ' ');
    if (const auto place = to_string(finding.place); !place.empty())
      line(format("{}{} {}", margin, paint("-->", Ink::blue), link(finding.place, printable(place))));
    const auto excerpt = lay_out_excerpt(finding, width_ - gutter - 3);
    const auto bar = paint("|", Ink::blue);
    if (!excerpt.empty()) line(format("{} {}", margin, bar));
    for (const auto& each : excerpt) {
      const auto number = std::to_string(each.number);
      line(format("{}{} {}{}{}", std::string(gutter - number.size(), ' '), paint(number, Ink::blue), bar,
                  each.text.empty() ? "" : " ", each.text));
      if (each.mark_end > each.mark_begin)
        line(format("{} {} {}{}", margin, bar, std::string(each.mark_begin, ' '),
                    paint(std::string(each.mark_end - each.mark_begin, '^'), ink_of(finding.level))));
    }
    const auto shown_lines = static_cast<std::uint32_t>(excerpt.size());
    if (shown_lines != 0 &&
        finding.place.end_line >= finding.place.line + shown_lines + (finding.place.end_column == 1))
      line(format("{} {} … to line {}", margin, bar, finding.place.end_line));
    for (const auto& related : finding.related)
      write_note(margin, "note", format("{}: {}", to_string(related.place), related.message));
    for (const auto& fix : finding.fixes)
      if (!fix.description.empty() || !fix.edits.empty()) write_note(margin, "fix", describe_fix(fix));
  }

  static std::string describe_fix(const Fix& fix) {
    if (!fix.description.empty()) return fix.description;
    const auto& edit = fix.edits.front();
    return edit.replacement.empty() ? "remove this" : format("write {}", edit.replacement);
  }

  void write_note(const std::string& margin, std::string_view kind, std::string_view text) {
    const auto room = width_ - std::min<std::size_t>(width_ - 20, margin.size() + 3 + kind.size() + 2);
    const auto lines = wrap(printable(text, true), room);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i == 0)
        line(format("{} {} {}: {}", margin, paint("=", Ink::blue), paint(kind, Ink::bold), lines[i]));
      else
        line(format("{}   {}  {}", margin, std::string(kind.size(), ' '), lines[i]));
    }
  }

  void write_folded(const Alike::Kind& kind) {
    const auto left = kind.total - kShownAlike;
    const auto listed = std::min<std::size_t>(left, kFoldedPlaces);
    const auto& findings = report_.findings;
    const bool has_places = !findings[kind.folded[0]].place.file.empty();
    line(format("   {} {}", paint("=", Ink::blue),
                paint(format("{} more like this{}", with_thousands(left), has_places ? ":" : ""), Ink::bold)));
    if (!has_places) return;
    for (std::size_t i = 0; i < listed; ++i) {
      const auto& place = findings[kind.folded[i]].place;
      line("       " + link(place, printable(to_string(place))));
    }
    if (left > listed) line(format("       … and {} more", with_thousands(left - listed)));
  }

  // A link that terminals open; the path is relative, so only where the caller says that it can be resolved.
  [[nodiscard]] std::string link(const Place& place, std::string text) const {
    if (!options_.hyperlinks || options_.root_uri.empty() || place.file.empty()) return text;
    return format("\x1b]8;;{}{}\x1b\\{}\x1b]8;;\x1b\\", options_.root_uri, percent_encode_path(place.file), text);
  }

  struct Column {
    bool right = false;
    std::vector<std::pair<std::string, Ink>> cells;
    std::size_t width = 0;
    void add(std::string text, Ink ink = Ink::plain) {
      width = std::max(width, utf8::display_width(text));
      cells.emplace_back(std::move(text), ink);
    }
  };

  void write_gates() {
    if (report_.gates.empty()) return;
    const bool timed = timeline_ != nullptr;
    std::vector<Column> columns(timed ? 6 : 5);
    for (std::size_t i = 2; i < columns.size(); ++i) columns[i].right = true;
    const std::string_view titles[] = {"gate", "status", "errors", "warnings", "notes", "time"};
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].add(std::string(titles[i]), Ink::dim);
    std::vector<std::string> remarks = {""};
    for (const auto& gate : report_.gates) {
      const bool ran = gate.status == GateStatus::passed || gate.status == GateStatus::failed;
      const auto count = [&](std::uint64_t n) { return ran || n != 0 ? with_thousands(n) : std::string("-"); };
      columns[0].add(printable(gate.gate), Ink::bold);
      columns[1].add(std::string(status_words(gate.status)), ink_of(gate.status));
      columns[2].add(count(gate.counts.errors), gate.counts.errors != 0 ? Ink::red : Ink::plain);
      columns[3].add(count(gate.counts.warnings), gate.counts.warnings != 0 ? Ink::yellow : Ink::plain);
      columns[4].add(count(gate.counts.notes));
      if (timed) {
        const auto* timing = timeline_->find(gate.gate);
        columns[5].add(timing == nullptr || gate.status == GateStatus::skipped ? "-"
                       : timing->cached                                        ? "cached"
                                        : describe_duration(timing->duration_ms));
      }
      remarks.push_back(remark(gate));
    }
    std::size_t indent = 2;
    for (const auto& column : columns) indent += column.width + 2;
    const bool beside = indent + 24 <= width_;
    if (!beside) indent = 4;
    for (std::size_t row = 0; row < remarks.size(); ++row) {
      std::string text = "  ";
      for (const auto& column : columns) {
        const auto& [cell, ink] = column.cells[row];
        const std::string pad(column.width - utf8::display_width(cell), ' ');
        text += column.right ? pad + paint(cell, ink) + "  " : paint(cell, ink) + pad + "  ";
      }
      auto lines = remarks[row].empty() ? std::vector<std::string>() : wrap(remarks[row], width_ - indent);
      if (beside && !lines.empty()) {
        text += lines.front();
        lines.erase(lines.begin());
      }
      while (text.ends_with(' ')) text.pop_back();
      line(text);
      for (const auto& more : lines) line(std::string(indent, ' ') + more);
    }
    output_.put('\n');
  }

  // Without the table, what no finding tells: why a gate could not run or failed.
  void write_reasons() {
    for (const auto& gate : report_.gates) {
      const bool unwell =
          gate.status == GateStatus::could_not_run || (gate.status == GateStatus::failed && gate.counts.total() == 0);
      if (!unwell) continue;
      const auto lines = wrap(printable(gate.gate + ": " + gate.reason, true), width_ - 2);
      for (std::size_t i = 0; i < lines.size(); ++i)
        line(i == 0 ? paint(status_words(gate.status), ink_of(gate.status)) + ": " + lines[i] : "  " + lines[i]);
    }
  }

  static std::string remark(const GateResult& gate) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    for (const auto& metric : gate.metrics) add(format("{} {}", metric.name, describe(metric)));
    if (gate.suppressed != 0) add(format("{} suppressed", with_thousands(gate.suppressed)));
    if (gate.baselined != 0) add(format("{} in the baseline", with_thousands(gate.baselined)));
    if (!gate.reason.empty()) text = text.empty() ? gate.reason : gate.reason + "\n" + text;
    return printable(text, true);
  }

  void write_verdict() {
    std::uint64_t failed = 0, could_not_run = 0;
    for (const auto& gate : report_.gates) {
      failed += gate.status == GateStatus::failed;
      could_not_run += gate.status == GateStatus::could_not_run;
    }
    const auto counts = total_counts(report_);
    std::string text;
    switch (report_.verdict) {
      case Verdict::pass:
        text = paint("passed", Ink::green);
        break;
      case Verdict::findings:
        text = paint("failed", Ink::red);
        break;
      case Verdict::could_not_run:
        text = paint("could not run", Ink::red);
        break;
    }
    text += format(": {}", describe(counts));
    const auto gates = report_.gates.size();
    if (failed != 0) text += format("; {} of {} failed", failed, counted(gates, "gate"));
    if (could_not_run != 0) text += format("; {} of {} could not run", could_not_run, counted(gates, "gate"));
    if (options_.before != nullptr)
      text += format("; {} new, {} fixed", with_thousands(added_), with_thousands(fixed_));
    if (timeline_ != nullptr) text += format("; {}", describe_duration(timeline_->duration_ms));
    line(text);
  }

  const Report& report_;
  const Timeline* timeline_;
  io::Output& output_;
  const ReporterOptions& options_;
  Painter painter_;
  std::size_t width_;
  std::size_t hidden_ = 0;
  std::vector<bool> is_new_;
  std::size_t added_ = 0;
  std::size_t fixed_ = 0;
};

}  // namespace

Result<void> write_terminal(const Report& report, const Timeline* timeline, io::Output& output,
                            const ReporterOptions& options) {
  TerminalWriter(report, timeline, output, options).write();
  return {};
}

}  // namespace chiron
