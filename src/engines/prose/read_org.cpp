// Org: headings, lists, tables, blocks, drawers, footnotes, comments with controls.
#include <algorithm>

#include "engines/prose/markup_text.h"
#include "engines/prose/org_inline.h"
#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

constexpr const char* kHeadings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};

class OrgReader {
 public:
  OrgReader(const Prepared& prepared, const ReadOptions& options)
      : source_(prepared.parsed()), walker_(prepared.shown(), options) {}

  Document run() {
    const auto lines = split_source(source_);
    for (at_ = 0; at_ < lines.size(); ++at_) read(lines, lines[at_]);
    close_paragraph();
    close_lists(0);
    return walker_.finish();
  }

 private:
  [[nodiscard]] std::string_view text(const Line& line) const {
    return source_.substr(line.begin, line.end - line.begin);
  }

  void read(const std::vector<Line>& lines, Line line) {
    const auto own = text(line);
    if (!until_.empty()) {
      // Inside of a block or a drawer that is no prose.
      if (own.size() == until_.size() && text::to_lower_ascii(own) == until_) until_.clear();
      return;
    }
    if (line.blank()) {
      close_paragraph();
      // Two empty lines end all lists.
      if (at_ > 0 && lines[at_ - 1].blank()) close_lists(0);
      return;
    }
    const auto first = own[0];
    if (first == '#' && keyword(own, line)) return;
    if (first == ':' && (own == ":" || own.starts_with(": "))) return close_paragraph();  // literal
    if (first == ':' && own.ends_with(':') && own.size() > 2 && own.find(' ') == std::string_view::npos) {
      close_paragraph();
      until_ = ":end:";
      return;
    }
    if (own.starts_with("CLOSED:") || own.starts_with("SCHEDULED:") || own.starts_with("DEADLINE:") ||
        own.starts_with("CLOCK:"))
      return;
    if (first == '*' && line.column == 0 && heading(line)) return;
    if (first == '|') return table_row(lines, line);
    if (line.column == 0 && own.starts_with("[fn:") && own.find(']') != std::string_view::npos) {
      // A footnote's definition.
      close_paragraph();
      close_lists(0);
      line.begin += static_cast<std::uint32_t>(own.find(']') + 1);
      while (line.begin < line.end && is_space_byte(source_[line.begin])) ++line.begin;
      if (!line.blank()) paragraph_.push_back(line);
      return;
    }
    if (own.size() >= 5 && own.find_first_not_of('-') == std::string_view::npos) {
      close_paragraph();
      walker_.open("hr");
      return;
    }
    if (list_item(line)) return;
    // A line that does not stand to the right of an item's mark ends the item.
    if (paragraph_.empty()) {
      while (!items_.empty() && items_.back().column >= line.column) close_lists(items_.size() - 1);
    }
    paragraph_.push_back(line);
  }

  // Lines that begin with "#": blocks, keywords, comments.
  bool keyword(std::string_view own, Line line) {
    if (own.size() == 1 || own[1] == ' ') {
      close_paragraph();
      walker_.comment(own.substr(1));
      return true;
    }
    if (!own.starts_with("#+")) return false;
    const auto lower = text::to_lower_ascii(own.substr(0, 64));
    if (lower.starts_with("#+begin_")) {
      close_paragraph();
      const auto kind = lower.substr(8, std::min(lower.find_first_of(" \t"), lower.size()) - 8);
      if (kind == "quote" || kind == "verse") {
        walker_.open("blockquote");
      } else if (kind == "src" || kind == "example" || kind == "export" || kind == "comment" || kind == "latex" ||
                 kind == "html") {
        until_ = "#+end_" + kind;
        walker_.open("pre");
        walker_.close("pre");
      }
      return true;
    }
    if (lower.starts_with("#+end_")) {
      close_paragraph();
      if (lower.starts_with("#+end_quote") || lower.starts_with("#+end_verse")) walker_.close("blockquote");
      return true;
    }
    if (lower.starts_with("#+begin:")) {
      close_paragraph();
      until_ = "#+end:";
      return true;
    }
    const auto colon = lower.find(':');
    if (colon == std::string::npos) return false;
    close_paragraph();
    if (lower.starts_with("#+caption")) {
      while (!items_.empty() && items_.back().column >= line.column) close_lists(items_.size() - 1);
      const auto close = own.find(':');
      line.begin += static_cast<std::uint32_t>(std::min(own.find_first_not_of(" \t", close + 1), own.size()));
      tell("figcaption", line);
    }
    return true;
  }

  void tell(const char* tag, const Line& line) {
    if (line.blank()) return;
    walker_.open(tag);
    tell_org_inline(Run(source_, {&line, 1}), walker_);
    walker_.close(tag);
  }

  bool heading(Line line) {
    auto own = text(line);
    const auto stars = own.find_first_not_of('*');
    if (stars == std::string_view::npos || own[stars] != ' ') return false;
    close_paragraph();
    close_lists(0);
    const auto skip = [&](std::size_t count) {
      line.begin += static_cast<std::uint32_t>(count);
      while (line.begin < line.end && is_space_byte(source_[line.begin])) ++line.begin;
      own = text(line);
    };
    skip(stars);
    // The keyword is shown: styles look for such words. A priority behind one is not a word.
    if (own.size() >= 4 && own.starts_with("[#") && own[3] == ']') skip(4);
    // Tags at the end: ":one:two:".
    if (own.ends_with(':')) {
      const auto blank = own.find_last_of(" \t");
      const auto tags = blank == std::string_view::npos ? 0 : blank + 1;
      if (own.size() > tags + 2 && own[tags] == ':') {
        line.end = line.begin + static_cast<std::uint32_t>(tags);
        while (line.end > line.begin && is_space_byte(source_[line.end - 1])) --line.end;
      }
    }
    tell(kHeadings[std::min<std::size_t>(stars, 6) - 1], line);
    return true;
  }

  [[nodiscard]] bool is_rule(const Line& line) const { return text(line).starts_with("|-"); }

  void table_row(const std::vector<Line>& lines, const Line& line) {
    close_paragraph();
    if (is_rule(line)) return;
    // The rows above the first rule are the header, where something stands above and below of it.
    if (at_ == 0 || lines[at_ - 1].blank() || source_[lines[at_ - 1].begin] != '|') {
      while (!items_.empty() && items_.back().column >= line.column) close_lists(items_.size() - 1);
      auto stop = at_;
      while (stop < lines.size() && !lines[stop].blank() && source_[lines[stop].begin] == '|' && !is_rule(lines[stop]))
        ++stop;
      const bool ruled = stop + 1 < lines.size() && !lines[stop].blank() && is_rule(lines[stop]) &&
                         !lines[stop + 1].blank() && source_[lines[stop + 1].begin] == '|';
      header_until_ = ruled ? stop : 0;
    }
    const char* tag = at_ < header_until_ ? "th" : "td";
    walker_.open("tr");
    for (auto begin = line.begin + 1; begin < line.end;) {
      auto stop = static_cast<std::uint32_t>(std::min<std::size_t>(source_.find('|', begin), line.end));
      Line cell{begin, stop};
      while (cell.end > cell.begin && is_space_byte(source_[cell.end - 1])) --cell.end;
      while (cell.begin < cell.end && is_space_byte(source_[cell.begin])) ++cell.begin;
      tell(tag, cell);
      begin = stop + 1;
    }
    walker_.close("tr");
  }

  bool list_item(Line line) {
    const auto own = text(line);
    std::size_t at = 0;
    if (own[0] == '-' || own[0] == '+' || (own[0] == '*' && line.column > 0)) {
      at = 1;
    } else {
      while (at < own.size() && at < 10 && own[at] >= '0' && own[at] <= '9') ++at;
      if (at == 0 && (own[0] | 32) >= 'a' && (own[0] | 32) <= 'z') at = 1;
      if (at == 0 || at >= own.size() || (own[at] != '.' && own[at] != ')')) return false;
      // A letter alone is a mark inside of a list only: a sentence may end with one.
      if (at == 1 && (own[0] < '0' || own[0] > '9') && items_.empty() && !paragraph_.empty()) return false;
      ++at;
    }
    if (at < own.size() && own[at] != ' ' && own[at] != '\t') return false;
    close_paragraph();
    while (!items_.empty() && items_.back().column >= line.column) close_lists(items_.size() - 1);
    if (items_.size() >= limits::kElementDepth / 4) close_lists(items_.size() - 1);
    const auto skip = [&](std::size_t count) {
      line.begin += static_cast<std::uint32_t>(count);
      while (line.begin < line.end && is_space_byte(source_[line.begin])) ++line.begin;
    };
    const auto column = line.column;
    skip(at);
    auto rest = text(line);
    if (rest.starts_with("[@")) {
      skip(std::min(rest.find(']'), rest.size() - 1) + 1);
      rest = text(line);
    }
    if (rest.starts_with("[ ]") || rest.starts_with("[X]") || rest.starts_with("[-]")) skip(3);
    walker_.open("li");
    items_.push_back({column});
    // A term of a description.
    rest = text(line);
    const auto split = rest.ends_with(" ::") ? rest.size() - 3 : rest.find(" :: ");
    if (split != std::string_view::npos) {
      Line term = line;
      term.end = term.begin + static_cast<std::uint32_t>(split);
      tell("dt", term);
      skip(split + 3);
    }
    if (!line.blank()) paragraph_.push_back(line);
    return true;
  }

  void close_paragraph() {
    if (paragraph_.empty()) return;
    walker_.open("p");
    tell_org_inline(Run(source_, paragraph_), walker_);
    walker_.close("p");
    paragraph_.clear();
  }

  void close_lists(std::size_t keep) {
    if (items_.size() > keep) close_paragraph();
    while (items_.size() > keep) {
      walker_.close("li");
      items_.pop_back();
    }
  }

  struct Item {
    std::uint32_t column;  // of its mark
  };
  std::string_view source_;
  Walker walker_;
  std::size_t at_ = 0;            // the line
  std::size_t header_until_ = 0;  // the line behind the header of a table
  std::string until_;
  std::vector<Item> items_;
  std::vector<Line> paragraph_;
};

}  // namespace

Result<Document> read_org(std::string_view source, const ReadOptions& options) {
  const Prepared prepared(source, options);
  return OrgReader(prepared, options).run();
}

}  // namespace chiron::prose
