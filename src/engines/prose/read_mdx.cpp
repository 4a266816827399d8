// MDX is Markdown without indented code, with JSX, expressions and modules in it. What is none of Markdown is taken
// out of the ranges that the Markdown reader is given: on lines of their own they are left out, inside of text masked.
#include <algorithm>

#include "engines/prose/frontmatter.h"
#include "engines/prose/markup_text.h"
#include "engines/prose/reader.h"

namespace chiron::prose {

namespace {

constexpr std::size_t kExpressionBytes = 64u << 10;  // of one expression or tag; a longer one is text
constexpr std::size_t kNone = std::string_view::npos;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Finder {
 public:
  Finder(std::string_view source, const ReadOptions& options)
      : source_(source), work_(source), options_(options), effort_(source.size() * 16 + kExpressionBytes * 16) {}

  void find() {
    std::size_t at = find_front_matter(source_).end;
    bool block_start = true;
    while (at < source_.size()) {
      const auto stop = std::min(source_.find('\n', at), source_.size());
      const auto first = std::min(source_.find_first_not_of(" \t", at), stop);
      if (first == stop) {
        block_start = true;
        at = stop + 1;
        continue;
      }
      if (fence(at, first, stop)) {
        block_start = true;
        continue;
      }
      if (block_start && first == at && module(at)) continue;
      block_start = false;
      at = line(at, first, stop);
    }
  }

  [[nodiscard]] std::string_view work() const { return work_; }
  [[nodiscard]] std::vector<Range> merged(bool blocks) {
    auto ranges = blocks ? options_.ignored_blocks : options_.ignored_tokens;
    const auto& own = blocks ? blocks_ : tokens_;
    ranges.insert(ranges.end(), own.begin(), own.end());
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    std::vector<Range> out;
    for (const auto& range : ranges) {
      if (!out.empty() && range.begin <= out.back().end) {
        out.back().end = std::max(out.back().end, range.end);
      } else {
        out.push_back(range);
      }
    }
    return out;
  }

 private:
  static Range range(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  [[nodiscard]] bool ignored(std::size_t at) {
    const auto& blocks = options_.ignored_blocks;
    while (next_ignored_ < blocks.size() && blocks[next_ignored_].end <= at) ++next_ignored_;
    return next_ignored_ < blocks.size() && blocks[next_ignored_].begin <= at;
  }

  // A fenced code block: `at` goes behind it.
  bool fence(std::size_t& at, std::size_t first, std::size_t stop) {
    const auto mark = source_[first];
    if (mark != '`' && mark != '~') return false;
    const auto length = std::min(source_.find_first_not_of(mark, first), source_.size()) - first;
    if (length < 3 || (mark == '`' && source_.substr(first + length, stop - first - length).find('`') != kNone))
      return false;
    for (at = stop + 1; at < source_.size();) {
      const auto end = std::min(source_.find('\n', at), source_.size());
      const auto begin = std::min(source_.find_first_not_of(" \t>", at), end);
      const auto last = std::min(source_.find_first_not_of(mark, begin), end);
      at = end + 1;
      if (last - begin >= length && source_.find_first_not_of(" \t", last) >= end) break;
    }
    return true;
  }

  // "import …" and "export …" up to an empty line outside of braces.
  bool module(std::size_t& at) {
    const auto rest = source_.substr(at, 7);
    if (!rest.starts_with("import ") && !rest.starts_with("export ")) return false;
    const auto begin = at;
    std::size_t depth = 0;
    for (; at < source_.size(); ++at) {
      const auto c = source_[at];
      if (c == '{' || c == '(' || c == '[') ++depth;
      if ((c == '}' || c == ')' || c == ']') && depth > 0) --depth;
      if (c == '\n' && (at + 1 == source_.size() || source_[at + 1] == '\n')) {
        if (depth == 0 || at - begin > kExpressionBytes) break;
      }
    }
    blocks_.push_back(range(begin, at));
    return true;
  }

  // The end of the expression that opens at `at`, behind its brace; kNone where it does not close.
  std::size_t expression_end(std::size_t at) {
    if (effort_ == 0) return kNone;
    const auto begin = at;
    const auto limit = std::min(source_.size(), at + kExpressionBytes);
    std::size_t depth = 0;
    while (at < limit) {
      const auto c = source_[at];
      if (c == '{') {
        ++depth;
      } else if (c == '}') {
        if (--depth == 0) return at + 1;
      } else if (c == '"' || c == '\'' || c == '`') {
        // A string, where one closes on its line; an apostrophe in the text of an element is none.
        auto stop = at + 1;
        while (stop < limit && source_[stop] != c && (c == '`' || source_[stop] != '\n')) {
          stop += source_[stop] == '\\' ? 2 : 1;
        }
        if (stop < limit && source_[stop] == c) at = stop;
      } else if (c == '/' && at + 1 < limit && source_[at + 1] == '*') {
        const auto stop = source_.substr(0, limit).find("*/", at + 2);
        if (stop == kNone) break;
        at = stop + 1;
      } else if (c == '/' && at + 1 < limit && source_[at + 1] == '/' && source_[at - 1] != ':') {
        at = std::min(source_.find('\n', at), limit) - 1;
      }
      ++at;
    }
    spend(at - begin);
    return kNone;
  }

  struct Tag {
    std::size_t end = 0;  // behind ">"; 0 where it is none
    std::string_view name;
    bool closing = false;
    bool closed = false;  // "/>"
    bool braces = false;  // it holds expressions
  };
  Tag tag_at(std::size_t at) {
    Tag tag;
    const auto begin = at;
    const auto limit = std::min(source_.size(), at + kExpressionBytes);
    if (effort_ == 0 || ++at >= limit) return tag;
    if (source_[at] == '/') {
      tag.closing = true;
      ++at;
    }
    const auto name = at;
    while (at < limit && (is_word_byte(source_[at]) || source_[at] == '.' || source_[at] == '-' || source_[at] == ':'))
      ++at;
    tag.name = source_.substr(name, at - name);
    if (at >= limit || (tag.name.empty() && source_[at] != '>')) return tag;
    if (!tag.name.empty() && !is_letter(tag.name[0]) && tag.name[0] != '_') return tag;
    if (!is_space_byte(source_[at]) && source_[at] != '>' && source_[at] != '/') return tag;
    if (tag.name.ends_with(':')) return tag;  // an address
    while (at < limit) {
      const auto c = source_[at];
      if (c == '>') {
        tag.closed = source_[at - 1] == '/';
        tag.end = at + 1;
        return tag;
      }
      if (c == '<') break;
      if (c == '{') {
        tag.braces = true;
        const auto stop = expression_end(at);
        if (stop == kNone) return tag;
        at = stop;
        continue;
      }
      if (c == '"' || c == '\'') {
        const auto stop = source_.substr(0, limit).find(c, at + 1);
        if (stop == kNone) break;
        at = stop;
      }
      ++at;
    }
    spend(at - begin);
    return tag;
  }

  void spend(std::size_t bytes) { effort_ -= std::min(effort_, bytes + 1); }

  // Reads a line; what is opened on it may close on a later one. Returns where the next line begins.
  std::size_t line(std::size_t begin, std::size_t first, std::size_t stop) {
    auto at = first;
    while (at < stop && at < source_.size()) {
      const auto c = source_[at];
      if (c == '\\') {
        at += 2;
      } else if (ignored(at)) {
        ++at;
      } else if (c == '`') {
        at = code_span(at, stop);
      } else if (c == '{') {
        const auto end = expression_end(at);
        if (end == kNone) {
          ++at;
          continue;
        }
        expression(at, end, at == first);
        at = end;
        stop = std::max(stop, std::min(source_.find('\n', at), source_.size()));
      } else if (c == '<') {
        const auto tag = tag_at(at);
        if (tag.end == 0) {
          ++at;
          continue;
        }
        at = element(at, tag, source_.find_first_not_of(" \t", begin) == at);
        stop = std::max(stop, std::min(source_.find('\n', at), source_.size()));
      } else {
        ++at;
      }
    }
    return stop + 1;
  }

  std::size_t code_span(std::size_t at, std::size_t stop) const {
    const auto length = std::min(source_.find_first_not_of('`', at), source_.size()) - at;
    for (auto close = source_.find('`', at + length); close != kNone && close < stop;) {
      const auto end = std::min(source_.find_first_not_of('`', close), source_.size());
      if (end - close == length) return end;
      close = source_.find('`', end);
    }
    return at + length;
  }

  void expression(std::size_t begin, std::size_t end, bool starts_line) {
    const auto inside = source_.substr(begin + 1, end - begin - 2);
    const auto line_end = std::min(source_.find('\n', end), source_.size());
    const bool alone = starts_line && source_.find_first_not_of(" \t", end) >= line_end;
    if (inside.starts_with("/* ") && inside.ends_with("*/") && inside.size() >= 6 && inside.find("--") == kNone) {
      // A comment, as HTML's of equal length.
      work_.replace(begin, 4, "<!--");
      work_.replace(end - 3, 3, "-->");
      return;
    }
    (alone ? blocks_ : tokens_).push_back(range(begin, end));
  }

  // Components on lines of their own leave their tags out and show what stands between; in a text they are masked
  // whole, as their text may stand anywhere. HTML's own elements stay unless expressions stand in them.
  std::size_t element(std::size_t begin, const Tag& tag, bool starts_line) {
    constexpr std::string_view kContainers[] = {"article", "aside",   "center", "details", "div",
                                                "figure",  "footer",  "header", "main",    "nav",
                                                "p",       "section", "span",   "summary"};
    const bool component =
        tag.name.empty() || (tag.name[0] >= 'A' && tag.name[0] <= 'Z') || tag.name.find('.') != kNone;
    const auto line_end = std::min(source_.find('\n', tag.end), source_.size());
    const bool alone = starts_line && source_.find_first_not_of(" \t", tag.end) >= line_end;
    if (component && !starts_line && !tag.closing && !tag.closed) {
      // To its end tag in the same paragraph.
      auto depth = 1u;
      const auto limit = std::min({source_.find("\n\n", tag.end), source_.size(), tag.end + kExpressionBytes});
      for (auto at = source_.find('<', tag.end); at < limit; at = source_.find('<', at + 1)) {
        const auto inner = tag_at(at);
        if (inner.end == 0 || inner.name != tag.name || inner.closed) continue;
        depth = inner.closing ? depth - 1 : depth + 1;
        if (depth != 0) continue;
        tokens_.push_back(range(begin, inner.end));
        return inner.end;
      }
      spend(std::max(limit, tag.end) - tag.end);
    }
    const bool container = std::find(std::begin(kContainers), std::end(kContainers), tag.name) != std::end(kContainers);
    if (component || (alone && container)) {
      (starts_line || tag.closing ? blocks_ : tokens_).push_back(range(begin, tag.end));
    } else if (tag.braces) {
      // Only the attributes.
      blocks_.push_back(range(begin + 1 + tag.name.size(), tag.end - (tag.closed ? 2 : 1)));
    }
    return tag.end;
  }

  std::string_view source_;
  std::string work_;
  const ReadOptions& options_;
  std::vector<Range> blocks_;
  std::vector<Range> tokens_;
  std::size_t next_ignored_ = 0;
  std::size_t effort_;  // bytes that may still be searched in vain
};

}  // namespace

Result<Document> read_mdx(std::string_view source, const ReadOptions& options) {
  Finder finder(source, options);
  finder.find();
  auto own = options;
  own.ignored_blocks = finder.merged(true);
  own.ignored_tokens = finder.merged(false);
  own.indented_code = false;
  return read_markdown(finder.work(), own);
}

}  // namespace chiron::prose
