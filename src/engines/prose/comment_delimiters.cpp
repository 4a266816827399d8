#include "engines/prose/comment_delimiters.h"

#include <algorithm>
#include <string>

namespace chiron::prose {

namespace {

constexpr CommentSyntax kSyntaxes[] = {
    {.extensions = " .c .h .cc .cpp .cp .cxx .c++ .hpp .h++ .cs .csx .java .bsh .js .jsx .ts .tsx .sass .less .proto ",
     .line = {"///", "//"},
     .block = {{{"/*", "*/"}}},
     .strings = "\"'`",
     .leading = true},
    {.extensions = " .scala .sbt .swift ",
     .line = {"///", "//"},
     .block = {{{"\"\"\"", "\"\"\"", true}, {"/*", "*/"}}},
     .strings = "\"",
     .leading = true,
     .nested = true},
    {.extensions = " .go ", .line = {"//"}, .block = {{{"/*", "*/"}}}, .strings = "\"'`", .leading = true},
    {.extensions = " .rs ",
     .line = {"//!", "///", "//"},
     .block = {{{"/*", "*/"}, {"r#\"", "\"#", true}, {"'\"'", "", true}}},
     .strings = "\"",
     .leading = true,
     .long_strings = true,
     .nested = true},
    {.extensions = " .css ", .block = {{{"/*", "*/"}}}, .strings = "\"'", .leading = true},
    {.extensions = " .py .py3 .pyw .rpy .cpy .rpyw ",
     .line = {"#"},
     .block = {{{"\"\"\"", "\"\"\""}, {"'''", "'''"}}},
     .strings = "\"'"},
    {.extensions = " .rb .gemspec ",
     .line = {"#"},
     .block = {{{"=begin", "=end"}}},
     .strings = "\"'",
     .line_start_blocks = true},
    {.extensions = " .php ",
     .line = {"//", "#"},
     .block = {{{"/*", "*/"}}},
     .strings = "\"'",
     .leading = true,
     .no_line = "#["},
    {.extensions = " .lua ",
     .line = {"--"},
     .block = {{{"--[[", "]]"}, {"---[[", "]]"}, {"--[=[", "]=]"}, {"--[==[", "]==]"}}},
     .strings = "\"'"},
    {.extensions = " .hs ", .line = {"--"}, .block = {{{"{-", "-}"}}}, .strings = "\"", .nested = true},
    {.extensions = " .jl ",
     .line = {"#"},
     .block = {{{"#=", "=#"}, {"\"\"\"", "\"\"\"", true}}},
     .strings = "\"",
     .nested = true},
    {.extensions = " .ps1 .psm1 .psd1 ", .line = {"#"}, .block = {{{"<#", "#>"}}}, .strings = "\"'", .own_word = true},
    {.extensions = " .clj .cljs .cljc .cljd ", .line = {";;;;", ";;", ";"}, .strings = "\""},
    {.extensions = " .r .R ", .line = {"#"}, .strings = "\"'"},
    {.extensions = " .pl .pm .pod ", .line = {"#"}, .strings = "\"'", .own_word = true},
    {.extensions = " .sh .bash ",
     .line = {"#"},
     .strings = "\"'`",
     .long_strings = true,
     .own_word = true,
     .kind = CommentSyntax::Kind::shell},
    {.extensions = " .toml ",
     .line = {"#"},
     .block = {{{"\"\"\"", "\"\"\"", true}, {"'''", "'''", true}}},
     .strings = "\"'"},
    {.extensions = " .yml .yaml ", .line = {"#"}, .kind = CommentSyntax::Kind::yaml},
};

// The end of a block that opens at `begin - open`: where its closing delimiter stands.
std::size_t block_end(std::string_view source, std::size_t begin, const Delimiters& block, bool nested) {
  if (!nested || block.text || block.open == block.close) {
    return std::min(source.find(block.close, begin), source.size());
  }
  std::size_t depth = 1;
  for (auto at = begin; at < source.size();) {
    const auto rest = source.substr(at);
    if (rest.starts_with(block.close)) {
      if (--depth == 0) return at;
      at += block.close.size();
    } else if (rest.starts_with(block.open)) {
      ++depth;
      at += block.open.size();
    } else {
      ++at;
    }
  }
  return source.size();
}

// Past the bodies of the here-documents that the shell's line [begin, end) opens.
std::size_t skip_here_documents(std::string_view source, const std::vector<std::string>& ends, std::size_t at) {
  for (const auto& end : ends) {
    while (at < source.size()) {
      const auto stop = std::min(source.find('\n', at), source.size());
      auto line = source.substr(at, stop - at);
      at = std::min(stop + 1, source.size());
      line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line == end) break;
    }
  }
  return at;
}

// The word that ends the here-document which opens at `rest` ("<<-'END'"), or "".
std::string here_document_end(std::string_view rest) {
  if (!rest.starts_with("<<") || rest.starts_with("<<<")) return "";
  rest.remove_prefix(2);
  if (rest.starts_with('-')) rest.remove_prefix(1);
  while (rest.starts_with(' ') || rest.starts_with('\t')) rest.remove_prefix(1);
  std::string word;
  for (const auto c : rest) {
    if (std::string_view(" \t\n;&|<>()").find(c) != std::string_view::npos) break;
    if (c != '\'' && c != '"' && c != '\\') word.push_back(c);
  }
  // "1 << 4" within an arithmetic expression is none.
  return word.empty() || (word[0] >= '0' && word[0] <= '9') ? "" : word;
}

}  // namespace

const CommentSyntax* find_comment_syntax(std::string_view extension) {
  const auto padded = " " + std::string(extension) + " ";
  for (const auto& syntax : kSyntaxes) {
    if (extension.size() > 1 && syntax.extensions.find(padded) != std::string_view::npos) return &syntax;
  }
  return nullptr;
}

std::size_t line_text_begin(std::string_view source, std::size_t at, std::size_t end, std::string_view mark) {
  auto begin = std::min(at + mark.size(), end);
  while (begin < end && source[begin] == mark.back() && mark.back() != '!') ++begin;
  if (begin < end && source[begin] == ' ') ++begin;
  return begin;
}

std::string_view line_mark(std::string_view rest, const CommentSyntax& syntax) {
  if (!syntax.no_line.empty() && rest.starts_with(syntax.no_line)) return {};
  for (const auto candidate : syntax.line) {
    if (!candidate.empty() && rest.starts_with(candidate)) return candidate;
  }
  return {};
}

void scan_delimiters(std::string_view source, std::size_t at, std::size_t stop, const CommentSyntax& syntax,
                     std::vector<Mark>& marks) {
  source = source.substr(0, stop);
  const auto first = at;
  const bool shell = syntax.kind == CommentSyntax::Kind::shell;
  std::vector<std::string> here_documents;
  auto line_begin = at;
  char before_this = 0;  // the last byte of code, white space and comments aside
  const auto move_to = [&](std::size_t to) {
    for (; at < to; ++at) {
      if (source[at] == '\n') line_begin = at + 1;
    }
  };
  while (at < source.size()) {
    const auto c = source[at];
    const auto rest = source.substr(at);
    const Delimiters* block = nullptr;
    for (const auto& candidate : syntax.block) {
      if (!candidate.open.empty() && rest.starts_with(candidate.open) &&
          (!syntax.line_start_blocks || at == line_begin)) {
        block = &candidate;
        break;
      }
    }
    if (block != nullptr) {
      const auto begin = at + block->open.size();
      const auto end = block_end(source, begin, *block, syntax.nested);
      // A triple-quoted text is documentation where it opens a module, a class or a function.
      const bool quoted = block->open == block->close;
      const auto before = source.substr(line_begin, at - line_begin);
      const bool alone = before.find_first_not_of(" \t") == std::string_view::npos;
      const bool opens = before_this == 0 || before_this == ':';
      if (quoted || block->text) before_this = '"';
      if (block->text) {
        marks.push_back({Mark::Kind::text, at, begin, end});
      } else if (!quoted || (alone && opens)) {
        marks.push_back({quoted ? Mark::Kind::docstring : Mark::Kind::block, at, begin, end});
      }
      move_to(std::min(end + block->close.size(), source.size()));
      continue;
    }
    const bool word = !syntax.own_word || at == first || std::string_view(" \t\n;&|()}").contains(source[at - 1]);
    if (const auto mark = line_mark(rest, syntax); word && !mark.empty()) {
      const auto end = std::min(source.find('\n', at), source.size());
      marks.push_back({Mark::Kind::line, at, line_text_begin(source, at, end, mark), end});
      at = end;
      continue;
    }
    if (shell && c == '\\') {
      move_to(std::min(at + 2, source.size()));
      continue;
    }
    if (shell && c == '<') {
      if (auto end = here_document_end(rest); !end.empty()) here_documents.push_back(std::move(end));
      move_to(rest.starts_with("<<") ? at + 2 : at + 1);
      continue;
    }
    if (shell && c == '\n' && !here_documents.empty()) {
      move_to(skip_here_documents(source, here_documents, at + 1));
      here_documents.clear();
      continue;
    }
    // A single quote ends a shell's text whatever stands before it; "`" opens a command, which is code.
    if (syntax.strings.contains(c) && !(shell && c == '`')) {
      // A literal ends at its own quote or, for a single or double one, with the line.
      auto end = at + 1;
      before_this = c;
      const bool escapes = c != '`' && !(shell && c == '\'');
      while (end < source.size() && source[end] != c && (source[end] != '\n' || c == '`' || syntax.long_strings)) {
        end += source[end] == '\\' && escapes ? 2 : 1;
      }
      end = std::min(end, source.size());
      if (c != '\'') marks.push_back({Mark::Kind::text, at, at + 1, end});
      move_to(end < source.size() && source[end] == c ? end + 1 : end);
      continue;
    }
    if (c != ' ' && c != '\t' && c != '\n') before_this = c;
    move_to(at + 1);
  }
}

void scan_yaml(std::string_view source, std::vector<Mark>& marks) {
  constexpr auto kNone = static_cast<std::size_t>(-1);
  std::size_t block = kNone;  // the indentation of the line that a block scalar belongs to
  char quote = 0;             // an open quote goes over lines
  for (std::size_t at = 0; at < source.size();) {
    const auto end = std::min(source.find('\n', at), source.size());
    const auto line = source.substr(at, end - at);
    const auto indentation = std::min(line.find_first_not_of(' '), line.size());
    const bool blank = line.find_first_not_of(" \t") == std::string_view::npos;
    if (block != kNone && (blank || indentation > block)) {
      at = end + 1;
      continue;
    }
    if (!blank) block = kNone;
    // A scalar may open behind these; elsewhere a quote is a letter like any other.
    bool opens = true;
    std::size_t code_end = 0;  // behind the line's last byte of code
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto c = line[i];
      if (quote != 0) {
        if ((c == '\\' && quote == '"') || (c == '\'' && quote == c && line.substr(i + 1).starts_with('\''))) {
          ++i;
        } else if (c == quote) {
          quote = 0;
        }
        code_end = std::min(i + 1, line.size());
        continue;
      }
      if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
        marks.push_back({Mark::Kind::line, at + i, line_text_begin(source, at + i, end, "#"), end});
        break;
      }
      if (c == ' ' || c == '\t') continue;
      if (opens && (c == '"' || c == '\'')) quote = c;
      opens = std::string_view("[{,").contains(c) ||
              ((c == ':' || c == '-' || c == '?') && (i + 1 == line.size() || line[i + 1] == ' '));
      code_end = i + 1;
    }
    // "key: |", "- >-", "!!str |2+": what follows, indented further, is a text.
    auto code = line.substr(0, code_end);
    while (!code.empty() && std::string_view("+-0123456789").contains(code.back())) code.remove_suffix(1);
    const bool header = code.ends_with('|') || code.ends_with('>');
    const auto before = code.size() > 1 ? code[code.size() - 2] : ' ';
    if (quote == 0 && header && (before == ' ' || before == '\t')) block = indentation;
    at = end + 1;
  }
}

}  // namespace chiron::prose
