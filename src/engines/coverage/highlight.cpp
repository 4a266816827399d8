#include "engines/coverage/highlight.h"

#include <algorithm>
#include <array>
#include <span>

#include "foundation/io/files.h"

namespace chiron::coverage {

namespace {

using Words = std::span<const std::string_view>;

// Sorted, for binary search.
constexpr std::array<std::string_view, 33> kPython{
    "False", "None", "True",   "and",      "as",     "assert",  "async", "await", "break",  "class", "continue",
    "def",   "del",  "elif",   "else",     "except", "finally", "for",   "from",  "global", "if",    "import",
    "in",    "is",   "lambda", "nonlocal", "not",    "or",      "pass",  "raise", "return", "try",   "while"};
constexpr std::array<std::string_view, 66> kCFamily{
    "abstract",  "as",        "async",    "await",    "break",     "case",    "catch",      "class",  "const",
    "constexpr", "continue",  "debugger", "default",  "defer",     "delete",  "do",         "else",   "enum",
    "export",    "extends",   "extern",   "false",    "final",     "finally", "fn",         "for",    "from",
    "func",      "function",  "go",       "goto",     "if",        "impl",    "implements", "import", "in",
    "inline",    "interface", "let",      "match",    "mod",       "mut",     "namespace",  "new",    "null",
    "nullptr",   "override",  "package",  "private",  "protected", "public",  "return",     "sizeof", "static",
    "struct",    "super",     "switch",   "template", "this",      "throw",   "true",       "try",    "typedef",
    "using",     "virtual",   "while"};
constexpr std::array<std::string_view, 16> kTypes{"auto",   "bool", "byte",     "char", "double", "float",
                                                  "int",    "i32",  "i64",      "long", "short",  "signed",
                                                  "string", "u32",  "unsigned", "void"};

struct Language {
  Words words;
  Words types;
  std::string_view line_comment;
  bool block_comments = false;  // /* */
  bool triple_strings = false;
  bool preprocessor = false;
  bool decorators = false;
  std::string_view quotes;
};

constexpr Language kPlain{};
constexpr Language kPythonLanguage{kPython, {}, "#", false, true, false, true, "\"'"};
constexpr Language kCppLanguage{kCFamily, kTypes, "//", true, false, true, false, "\"'"};
constexpr Language kCurlyLanguage{kCFamily, kTypes, "//", true, false, false, true, "\"'`"};
constexpr Language kShellLanguage{{}, {}, "#", false, false, false, false, "\"'"};

const Language& language_of(std::string_view path) {
  const auto extension = io::extension(path);
  for (const auto* e : {".py", ".pyi", ".pyw"})
    if (extension == e) return kPythonLanguage;
  for (const auto* e : {".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".m", ".mm"})
    if (extension == e) return kCppLanguage;
  for (const auto* e : {".java", ".kt", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".cs", ".go", ".rs", ".swift",
                        ".scala", ".php", ".dart"})
    if (extension == e) return kCurlyLanguage;
  for (const auto* e : {".sh", ".bash", ".rb", ".yaml", ".yml", ".toml", ".pl"})
    if (extension == e) return kShellLanguage;
  return kPlain;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool contains(Words words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

class Lexer {
 public:
  Lexer(const Language& language, std::string_view code) : language_(language), code_(code) {}

  std::vector<std::vector<Token>> run() {
    lines_.emplace_back();
    while (at_ < code_.size()) step();
    flush_plain(at_);
    return std::move(lines_);
  }

 private:
  [[nodiscard]] bool ahead(std::string_view text) const { return code_.substr(at_).starts_with(text); }

  void step() {
    const char c = code_[at_];
    if (language_.quotes.empty() && language_.line_comment.empty()) {
      ++at_;
      return;
    }
    if (!language_.line_comment.empty() && ahead(language_.line_comment)) return until_line_end("c1");
    if (language_.block_comments && ahead("/*")) {
      const auto close = code_.find("*/", at_ + 2);
      return emit(close == std::string_view::npos ? code_.size() : close + 2, "cm");
    }
    if (language_.preprocessor && c == '#' && first_of_line()) return until_line_end("cp");
    if (language_.triple_strings && (ahead("\"\"\"") || ahead("'''"))) {
      const auto close = code_.find(code_.substr(at_, 3), at_ + 3);
      return emit(close == std::string_view::npos ? code_.size() : close + 3, "sd");
    }
    if (language_.quotes.find(c) != std::string_view::npos) return quoted(c);
    if (language_.decorators && c == '@' && at_ + 1 < code_.size() && is_word(code_[at_ + 1])) {
      auto end = at_ + 1;
      while (end < code_.size() && (is_word(code_[end]) || code_[end] == '.')) ++end;
      return emit(end, "nd");
    }
    if (c >= '0' && c <= '9') {
      auto end = at_;
      while (end < code_.size() && (is_word(code_[end]) || code_[end] == '.')) ++end;
      return emit(end, "m");
    }
    if (is_word(c)) return word();
    ++at_;
  }

  [[nodiscard]] bool first_of_line() const {
    auto i = at_;
    while (i > 0 && (code_[i - 1] == ' ' || code_[i - 1] == '\t')) --i;
    return i == 0 || code_[i - 1] == '\n';
  }

  void until_line_end(std::string_view css) {
    const auto end = code_.find('\n', at_);
    emit(end == std::string_view::npos ? code_.size() : end, css);
  }

  void quoted(char quote) {
    auto end = at_ + 1;
    while (end < code_.size() && code_[end] != quote && (code_[end] != '\n' || quote == '`'))
      end += code_[end] == '\\' && end + 1 < code_.size() && code_[end + 1] != '\n' ? 2 : 1;
    if (end < code_.size() && code_[end] == quote) ++end;
    emit(std::min(end, code_.size()), quote == '\'' ? "s1" : "s2");
  }

  void word() {
    auto end = at_;
    while (end < code_.size() && is_word(code_[end])) ++end;
    const auto text = code_.substr(at_, end - at_);
    const auto previous = previous_;
    previous_ = text;
    if (contains(language_.words, text)) return emit(end, "k");
    if (contains(language_.types, text)) return emit(end, "kt");
    if (previous == "class" || previous == "struct" || previous == "interface") return emit(end, "nc");
    if (previous == "def" || previous == "func" || previous == "fn" || previous == "function") return emit(end, "nf");
    at_ = end;  // plain
  }

  // Everything between the last token and `begin` becomes plain text.
  void flush_plain(std::size_t begin) {
    add(code_.substr(plain_, begin - plain_), "");
    plain_ = begin;
  }

  void emit(std::size_t end, std::string_view css) {
    flush_plain(at_);
    add(code_.substr(at_, end - at_), css);
    at_ = plain_ = end;
  }

  void add(std::string_view text, std::string_view css) {
    for (;;) {
      const auto newline = text.find('\n');
      const auto piece = text.substr(0, newline);
      if (!piece.empty()) lines_.back().push_back({css, piece});
      if (newline == std::string_view::npos) return;
      lines_.emplace_back();
      text.remove_prefix(newline + 1);
    }
  }

  const Language& language_;
  std::string_view code_;
  std::size_t at_ = 0, plain_ = 0;
  std::string_view previous_;
  std::vector<std::vector<Token>> lines_;
};

}  // namespace

std::vector<std::vector<Token>> highlight_lines(std::string_view path, std::string_view code) {
  return Lexer(language_of(path), code).run();
}

std::string_view markdown_hint(std::string_view path) {
  const auto& language = language_of(path);
  if (&language == &kPythonLanguage) return "python";
  if (&language == &kCppLanguage && io::extension(path) != ".c" && io::extension(path) != ".h") return "cpp";
  return "";
}

}  // namespace chiron::coverage
