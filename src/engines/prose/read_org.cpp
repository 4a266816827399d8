// Org: headings, lists, tables, blocks, drawers, comments with controls, and inline emphasis, code and links.
#include <algorithm>

#include "engines/prose/reader.h"
#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

constexpr const char* kHeadings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};

struct Line {
  std::uint32_t begin;
  std::uint32_t end;
};

class OrgReader {
 public:
  OrgReader(std::string_view source, const ReadOptions& options)
      : source_(source), options_(options), walker_(source, options) {}

  Document run() {
    for (std::size_t at = 0; at < source_.size();) {
      auto end = source_.find('\n', at);
      if (end == std::string_view::npos) end = source_.size();
      const Line line{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)};
      at = end + 1;
      if (ignored(line)) {
        close_paragraph();
        continue;
      }
      read(line);
    }
    close_paragraph();
    close_lists();
    return walker_.finish();
  }

 private:
  [[nodiscard]] std::string_view text(Line line) const { return source_.substr(line.begin, line.end - line.begin); }

  // The line lies in a block that the configuration leaves out.
  bool ignored(Line line) {
    const auto& blocks = options_.ignored_blocks;
    while (next_ignored_ < blocks.size() && blocks[next_ignored_].end <= line.begin) ++next_ignored_;
    return next_ignored_ < blocks.size() && blocks[next_ignored_].begin < line.end;
  }

  void read(Line line) {
    const auto whole = text(line);
    const auto trimmed = text::trim(whole);
    const auto lower = text::to_lower_ascii(trimmed);
    if (!until_.empty()) {
      // Inside of a block or a drawer that is no prose.
      if (lower == until_ || (until_ == "#+end_" && lower.starts_with("#+end_"))) until_.clear();
      return;
    }
    if (trimmed.empty()) {
      close_paragraph();
      return;
    }
    if (lower.starts_with("#+begin_")) {
      close_paragraph();
      const auto kind = lower.substr(
          8, lower.find_first_of(" \t") == std::string::npos ? std::string::npos : lower.find_first_of(" \t") - 8);
      if (kind == "quote" || kind == "verse") {
        walker_.open("blockquote");
      } else if (kind != "center") {
        until_ = "#+end_" + kind;
        walker_.open("pre");
        walker_.close("pre");
      }
      return;
    }
    if (lower.starts_with("#+end_")) {
      close_paragraph();
      walker_.close("blockquote");
      return;
    }
    if (lower.starts_with("#+") || trimmed == ":" || trimmed.starts_with(": ")) return close_paragraph();
    if (trimmed.front() == '#' && (trimmed.size() == 1 || trimmed[1] == ' ')) {
      close_paragraph();
      walker_.comment(trimmed.substr(1));
      return;
    }
    if (trimmed.front() == ':' && trimmed.back() == ':' && trimmed.size() > 2 &&
        trimmed.find(' ') == std::string_view::npos) {
      close_paragraph();
      until_ = ":end:";
      return;
    }
    if (lower.starts_with("closed:") || lower.starts_with("scheduled:") || lower.starts_with("deadline:")) return;
    if (heading(line)) return;
    if (trimmed.front() == '|') return table_row(line);
    if (list_item(line)) return;
    if (!in_paragraph_) {
      // A line that is not indented ends a list.
      if (whole.front() != ' ' && whole.front() != '\t') close_lists();
      walker_.open("p");
      in_paragraph_ = true;
    } else {
      walker_.replaced("\n", line.begin == 0 ? 0 : line.begin - 1, line.begin);
    }
    const auto indent = static_cast<std::uint32_t>(std::min(whole.find_first_not_of(" \t"), whole.size()));
    inline_text(line.begin + indent, line.end, 0);
  }

  bool heading(Line line) {
    const auto whole = text(line);
    const auto stars = whole.find_first_not_of('*');
    if (stars == 0 || stars == std::string_view::npos || whole[stars] != ' ') return false;
    close_paragraph();
    close_lists();
    const auto* name = kHeadings[std::min<std::size_t>(stars, 6) - 1];
    auto begin = line.begin + static_cast<std::uint32_t>(std::min(whole.find_first_not_of(' ', stars), whole.size()));
    auto end = line.end;
    // Tags at the end: ":one:two:".
    const auto rest = text::trim(source_.substr(begin, end - begin));
    if (rest.ends_with(':')) {
      const auto blank = rest.find_last_of(" \t");
      if (blank != std::string_view::npos && blank + 1 < rest.size() && rest[blank + 1] == ':') {
        end = begin + static_cast<std::uint32_t>(blank);
      }
    }
    walker_.open(name);
    inline_text(begin, end, 0);
    walker_.close(name);
    return true;
  }

  void table_row(Line line) {
    close_paragraph();
    const auto whole = text(line);
    if (whole.front() == '|') close_lists();
    if (text::trim(whole).starts_with("|-")) return;
    auto at = whole.find('|') + 1;
    walker_.open("tr");
    while (at < whole.size()) {
      auto stop = whole.find('|', at);
      if (stop == std::string_view::npos) stop = whole.size();
      walker_.open("td");
      inline_text(line.begin + static_cast<std::uint32_t>(at), line.begin + static_cast<std::uint32_t>(stop), 0);
      walker_.close("td");
      at = stop + 1;
    }
    walker_.close("tr");
  }

  bool list_item(Line line) {
    const auto whole = text(line);
    const auto indent = std::min(whole.find_first_not_of(" \t"), whole.size() - 1);
    auto at = indent;
    const auto c = whole[at];
    if (c == '-' || c == '+' || (c == '*' && indent > 0)) {
      ++at;
    } else {
      while (at < whole.size() && whole[at] >= '0' && whole[at] <= '9') ++at;
      if (at == indent || at >= whole.size() || (whole[at] != '.' && whole[at] != ')')) return false;
      ++at;
    }
    if (at >= whole.size() || whole[at] != ' ') return false;
    close_paragraph();
    while (!items_.empty() && items_.back() >= indent) {
      walker_.close("li");
      items_.pop_back();
    }
    walker_.open("li");
    if (items_.size() < limits::kElementDepth / 4) items_.push_back(indent);
    at = std::min(whole.find_first_not_of(' ', at), whole.size());
    // A check box.
    if (whole.substr(at).starts_with("[ ] ") || whole.substr(at).starts_with("[X] ") ||
        whole.substr(at).starts_with("[-] "))
      at += 4;
    in_paragraph_ = true;
    inline_text(line.begin + static_cast<std::uint32_t>(at), line.end, 0);
    return true;
  }

  void close_paragraph() {
    if (!in_paragraph_) return;
    walker_.close("p");
    in_paragraph_ = false;
  }

  void close_lists() {
    while (!items_.empty()) {
      walker_.close("li");
      items_.pop_back();
    }
  }

  static bool is_before(char c) { return std::string_view(" \t\n-('\"{").find(c) != std::string_view::npos; }
  static bool is_after(char c) { return std::string_view(" \t\n-.,:;!?'\")}[").find(c) != std::string_view::npos; }

  // The closing mark of an emphasis that opens at `open`, or 0.
  [[nodiscard]] std::uint32_t closing(std::uint32_t open, std::uint32_t begin, std::uint32_t end) const {
    const auto mark = source_[open];
    if (open > begin && !is_before(source_[open - 1])) return 0;
    if (open + 2 >= end || source_[open + 1] == ' ') return 0;
    for (auto at = open + 2; at < end; ++at) {
      if (source_[at] != mark || source_[at - 1] == ' ') continue;
      if (at + 1 >= end || is_after(source_[at + 1])) return at;
    }
    return 0;
  }

  void inline_text(std::uint32_t begin, std::uint32_t end, unsigned depth) {
    auto plain = begin;
    const auto flush = [&](std::uint32_t to) {
      if (to > plain) walker_.text(plain, to);
    };
    for (auto at = begin; at < end;) {
      const auto c = source_[at];
      const auto rest = source_.substr(at, end - at);
      if (rest.starts_with("[[")) {
        const auto close = rest.find("]]");
        if (close != std::string_view::npos) {
          flush(at);
          const auto inside = rest.substr(2, close - 2);
          const auto split = inside.find("][");
          const auto target = std::string(inside.substr(0, split));
          const auto from = at + 2 + static_cast<std::uint32_t>(split == std::string_view::npos ? 0 : split + 2);
          const auto to = at + static_cast<std::uint32_t>(close);
          Attribute href;
          href.name = "href";
          href.value = target;
          walker_.open("a", {&href, 1});
          walker_.text(from, to);
          walker_.close("a");
          at = plain = to + 2;
          continue;
        }
      }
      const char* tag = c == '*'               ? "strong"
                        : c == '/'             ? "em"
                        : c == '_'             ? "u"
                        : c == '+'             ? "del"
                        : c == '=' || c == '~' ? "code"
                                               : nullptr;
      if (tag != nullptr && depth < 8) {
        const auto close = closing(at, begin, end);
        if (close != 0) {
          flush(at);
          walker_.open(tag);
          if (c == '=' || c == '~') {
            walker_.text(at + 1, close);
          } else {
            inline_text(at + 1, close, depth + 1);
          }
          walker_.close(tag);
          at = plain = close + 1;
          continue;
        }
      }
      ++at;
    }
    flush(end);
  }

  std::string_view source_;
  const ReadOptions& options_;
  Walker walker_;
  std::string until_;
  std::vector<std::size_t> items_;  // indentation of the open list items
  std::size_t next_ignored_ = 0;
  bool in_paragraph_ = false;
};

}  // namespace

Result<Document> read_org(std::string_view source, const ReadOptions& options) {
  return OrgReader(source, options).run();
}

}  // namespace chiron::prose
