#include "engines/coverage/python_lines.h"

#include <algorithm>
#include <string>

#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

struct Logical {
  std::uint32_t first = 0, last = 0;
  std::size_t indent = 0;
  std::string_view code;  // from the first token to the end of the last line
  bool only_string = false;
  bool opens_suite = false;
  bool no_cover = false;
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool starts_with_word(std::string_view code, std::string_view word) {
  return code.starts_with(word) && (code.size() == word.size() || !is_word(code[word.size()]));
}

// Cuts the source into logical lines: one statement each, over as many lines as brackets, strings and "\" take.
class Splitter {
 public:
  explicit Splitter(std::string_view source) : source_(source) {}

  std::vector<Logical> run() {
    while (at_ < source_.size()) line();
    return std::move(lines_);
  }

 private:
  void line() {
    std::size_t indent = 0;
    while (at_ < source_.size() && (source_[at_] == ' ' || source_[at_] == '\t' || source_[at_] == '\f')) {
      indent = source_[at_] == '\t' ? indent / 8 * 8 + 8 : indent + 1;
      ++at_;
    }
    if (at_ >= source_.size()) return;
    if (source_[at_] == '\n' || source_[at_] == '\r') return newline();
    if (source_[at_] == '#') {
      skip_comment(nullptr);
      return;
    }
    Logical logical;
    logical.first = number_;
    logical.indent = indent;
    const auto begin = at_;
    statement(logical);
    logical.last = number_;
    logical.code = source_.substr(begin, at_ - begin);
    lines_.push_back(logical);
    if (at_ < source_.size()) newline();
  }

  void newline() {
    if (source_[at_] == '\r' && at_ + 1 < source_.size() && source_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++number_;
  }

  void skip_comment(Logical* logical) {
    const auto begin = at_;
    while (at_ < source_.size() && source_[at_] != '\n') ++at_;
    const auto comment = text::to_lower_ascii(source_.substr(begin, at_ - begin));
    const auto pragma = comment.find("pragma");
    if (logical != nullptr && pragma != std::string::npos && comment.find("no cover", pragma) != std::string::npos)
      logical->no_cover = true;
  }

  void statement(Logical& logical) {
    std::size_t depth = 0;
    char last = 0;
    bool only_string = true;
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == '\n' || c == '\r') {
        if (depth == 0) break;
        newline();
        continue;
      }
      if (c == '#') {
        skip_comment(&logical);
        continue;
      }
      if (c == '\\' && at_ + 1 < source_.size() && (source_[at_ + 1] == '\n' || source_[at_ + 1] == '\r')) {
        ++at_;
        newline();
        continue;
      }
      if (c == '"' || c == '\'') {
        string(c);
        last = c;
        continue;
      }
      const bool prefix = is_word(c) && (at_ + 1 < source_.size()) && is_string_prefix();
      if (c != ' ' && c != '\t' && !prefix) {
        only_string = false;
        last = c;
      }
      if (c == '(' || c == '[' || c == '{') ++depth;
      if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
      ++at_;
    }
    logical.only_string = only_string;
    logical.opens_suite = last == ':';
  }

  // r"…", b'…', Rb"…": letters right before a quote at the start of a word.
  [[nodiscard]] bool is_string_prefix() const {
    if (at_ > 0 && is_word(source_[at_ - 1])) return at_ > 1 && !is_word(source_[at_ - 2]) && quote_after(at_);
    return quote_after(at_) || (at_ + 2 < source_.size() && is_word(source_[at_ + 1]) && quote_after(at_ + 1));
  }
  [[nodiscard]] bool quote_after(std::size_t at) const {
    return std::string_view("rRuUbBfF").find(source_[at]) != std::string_view::npos && at + 1 < source_.size() &&
           (source_[at + 1] == '"' || source_[at + 1] == '\'');
  }

  void string(char quote) {
    const bool triple = source_.substr(at_).starts_with(std::string(3, quote));
    at_ += triple ? 3 : 1;
    while (at_ < source_.size()) {
      if (source_[at_] == '\\' && at_ + 1 < source_.size()) {
        ++at_;
        if (source_[at_] == '\n' || source_[at_] == '\r')
          newline();
        else
          ++at_;
        continue;
      }
      if (source_[at_] == '\n' || source_[at_] == '\r') {
        if (!triple) return;  // not closed: the source would not compile
        newline();
        continue;
      }
      if (source_[at_] == quote && (!triple || source_.substr(at_).starts_with(std::string(3, quote)))) {
        at_ += triple ? 3 : 1;
        return;
      }
      ++at_;
    }
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::uint32_t number_ = 1;
  std::vector<Logical> lines_;
};

}  // namespace

PythonLines find_python_lines(std::string_view source) {
  PythonLines result;
  const auto lines = Splitter(source).run();
  std::size_t excluded_indent = std::string_view::npos;  // statements deeper than this are out
  bool decorator_excluded = false;
  for (const auto& line : lines) {
    if (result.first_line.size() <= line.last) result.first_line.resize(line.last + 1, 0);
    for (auto i = line.first; i <= line.last; ++i) result.first_line[i] = line.first;
    if (excluded_indent != std::string_view::npos) {
      if (line.indent > excluded_indent) continue;
      excluded_indent = std::string_view::npos;
    }
    const bool decorates = line.code.starts_with('@');
    const bool excluded = line.no_cover || decorator_excluded;
    decorator_excluded = decorates && excluded;
    if (excluded) {
      if (line.opens_suite) excluded_indent = line.indent;
      continue;
    }
    if (line.only_string) continue;
    if (starts_with_word(line.code, "global") || starts_with_word(line.code, "nonlocal")) continue;
    if (line.opens_suite && (starts_with_word(line.code, "else") || starts_with_word(line.code, "finally"))) continue;
    result.statements.push_back(line.first);
  }
  return result;
}

}  // namespace chiron::coverage
