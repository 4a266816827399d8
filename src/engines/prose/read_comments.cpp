// Comments and doc strings of source code, by the delimiters of the language. Strings and character literals are
// skipped by their own delimiters, so that "//" in a string starts no comment.
#include <algorithm>
#include <array>

#include "engines/prose/reader.h"

namespace chiron::prose {

namespace {

struct Delimiters {
  std::string_view open;
  std::string_view close;
  bool text = false;  // a literal over several lines, no comment
};
struct Language {
  std::string_view extensions;           // between spaces
  std::array<std::string_view, 3> line;  // line comments, longest first; "" ends the list
  std::array<Delimiters, 3> block;       // block comments and doc strings
  std::string_view strings;              // characters that open and close a literal
  bool line_start_blocks = false;        // blocks open at the start of a line only (Ruby's =begin)
  bool leading = false;                  // the decoration " * " is stripped from each line of a block
  bool long_strings = false;             // a string may go over several lines
};

constexpr Language kLanguages[] = {
    {" .c .h .cc .cpp .cp .cxx .c++ .hpp .h++ .cs .csx .java .bsh .js .jsx .ts .tsx .scala .sbt .swift .sass .less "
     ".proto ",
     {"///", "//", ""},
     {{{"/*", "*/"}, {}, {}}},
     "\"'`",
     false,
     true},
    {" .go ", {"//", "", ""}, {{{"/*", "*/"}, {}, {}}}, "\"'`", false, true},
    {" .rs ",
     {"//!", "///", "//"},
     {{{"/*", "*/"}, {"r#\"", "\"#", true}, {"'\"'", "", true}}},
     "\"",
     false,
     true,
     true},
    {" .css ", {"", "", ""}, {{{"/*", "*/"}, {}, {}}}, "\"'", false, true},
    {" .py .py3 .pyw .rpy .cpy .rpyw ", {"#", "", ""}, {{{"\"\"\"", "\"\"\""}, {"'''", "'''"}, {}}}, "\"'"},
    {" .rb .gemspec ", {"#", "", ""}, {{{"=begin", "=end"}, {}, {}}}, "\"'", true},
    {" .php ", {"//", "#", ""}, {{{"/*", "*/"}, {}, {}}}, "\"'", false, true},
    {" .lua ", {"--", "", ""}, {{{"--[[", "]]"}, {"---[[", "]]"}, {}}}, "\"'"},
    {" .hs ", {"--", "", ""}, {{{"{-", "-}"}, {}, {}}}, "\""},
    {" .jl ", {"#", "", ""}, {{{"#=", "=#"}, {"\"\"\"", "\"\"\"", true}, {}}}, "\""},
    {" .ps1 .psm1 .psd1 ", {"#", "", ""}, {{{"<#", "#>"}, {}, {}}}, "\"'"},
    {" .clj .cljs .cljc .cljd ", {";;;;", ";;", ";"}, {{{}, {}, {}}}, "\""},
    {" .r .R .pl .pm .pod .sh .bash .toml .yml .yaml ", {"#", "", ""}, {{{}, {}, {}}}, "\"'"},
};

const Language* find_language(std::string_view extension) {
  const auto padded = " " + std::string(extension) + " ";
  for (const auto& language : kLanguages) {
    if (extension.size() > 1 && language.extensions.find(padded) != std::string_view::npos) return &language;
  }
  return nullptr;
}

std::size_t indentation(std::string_view source, std::size_t from, std::size_t end) {
  auto at = from;
  while (at < end && (source[at] == ' ' || source[at] == '\t')) ++at;
  return at - from;
}

// The content of a block between its delimiters, without the indentation its lines have in common.
Comment block_comment(std::string_view source, std::size_t begin, std::size_t end, bool decorated) {
  Comment comment;
  // A second opening mark ("/**") belongs to the delimiter.
  while (begin < end && decorated && (source[begin] == '*' || source[begin] == '!')) ++begin;
  std::vector<std::pair<std::size_t, std::size_t>> lines;
  for (auto at = begin;;) {
    auto stop = source.find('\n', at);
    if (stop == std::string_view::npos || stop > end) stop = end;
    lines.emplace_back(at, stop);
    if (stop >= end) break;
    at = stop + 1;
  }
  comment.is_block = lines.size() > 2;
  std::size_t common = static_cast<std::size_t>(-1);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto& [from, to] = lines[i];
    if (decorated) {
      auto star = from + indentation(source, from, to);
      if (star < to && source[star] == '*' && (star + 1 == to || source[star + 1] == ' ' || source[star + 1] == '\t')) {
        from = star + 1;
      }
    }
    const auto indent = indentation(source, from, to);
    if (from + indent < to) common = std::min(common, indent);
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto [from, to] = lines[i];
    const auto indent = indentation(source, from, to);
    from += i == 0 ? indent : std::min(indent, common);
    comment.content.append(source, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to));
    if (i + 1 < lines.size()) {
      comment.content.append(source, static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(to + 1));
    }
  }
  return comment;
}

std::vector<Comment> scan(std::string_view source, const Language* language, std::vector<MappedText>* texts) {
  std::vector<Comment> comments;
  std::size_t last_line_end = static_cast<std::size_t>(-1);
  std::size_t last_column = 0;
  bool joinable = false;
  std::size_t at = source.starts_with("#!") ? std::min(source.find('\n'), source.size()) : 0;
  std::size_t line_begin = 0;
  char before_this = 0;  // the last byte of code, white space and comments aside
  while (at < source.size()) {
    const auto c = source[at];
    if (c == '\n') {
      ++at;
      line_begin = at;
      continue;
    }
    const auto rest = source.substr(at);
    const Delimiters* block = nullptr;
    for (const auto& candidate : language->block) {
      if (!candidate.open.empty() && rest.starts_with(candidate.open) &&
          (!language->line_start_blocks || at == line_begin)) {
        block = &candidate;
        break;
      }
    }
    if (block != nullptr) {
      const auto begin = at + block->open.size();
      auto end = source.find(block->close, begin);
      if (end == std::string_view::npos) end = source.size();
      // A triple-quoted text is documentation where it opens a module, a class or a function.
      const bool quoted = block->open == block->close;
      const auto before = source.substr(line_begin, at - line_begin);
      const bool alone = before.find_first_not_of(" \t") == std::string_view::npos;
      const bool opens = before_this == 0 || before_this == ':';
      if (quoted || block->text) before_this = '"';
      if (!block->text && (!quoted || (alone && opens))) {
        comments.push_back(block_comment(source, begin, end, language->leading));
        comments.back().is_docstring = quoted;
      }
      if (block->text && texts != nullptr) {
        texts->emplace_back().append(source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
      }
      joinable = false;
      at = std::min(end + block->close.size(), source.size());
      line_begin = source.rfind('\n', at == 0 ? 0 : at - 1);
      line_begin = line_begin == std::string_view::npos ? 0 : line_begin + 1;
      continue;
    }
    std::string_view mark;
    for (const auto candidate : language->line) {
      if (!candidate.empty() && rest.starts_with(candidate)) {
        mark = candidate;
        break;
      }
    }
    if (!mark.empty()) {
      auto begin = at + mark.size();
      while (begin < source.size() && source[begin] == mark.back() && mark.back() != '!') ++begin;
      const auto end = std::min(source.find('\n', begin), source.size());
      if (begin < end && source[begin] == ' ') ++begin;
      const auto column = at - line_begin;
      const bool follows = joinable && last_line_end != static_cast<std::size_t>(-1) &&
                           last_line_end + 1 == line_begin && last_column == column;
      if (follows) {
        auto& content = comments.back().content;
        content.append(source, static_cast<std::uint32_t>(last_line_end),
                       static_cast<std::uint32_t>(last_line_end + 1));
        content.append(source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
      } else {
        Comment comment;
        comment.content.append(source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
        comments.push_back(std::move(comment));
      }
      joinable = true;
      last_line_end = end;
      last_column = column;
      at = end;
      continue;
    }
    if (language->strings.find(c) != std::string_view::npos) {
      // A literal ends at its own quote or, for a single or double one, with the line.
      auto stop = at + 1;
      before_this = c;
      while (stop < source.size() && source[stop] != c &&
             (source[stop] != '\n' || c == '`' || language->long_strings)) {
        stop += source[stop] == '\\' && c != '`' ? 2 : 1;
      }
      stop = std::min(stop, source.size());
      if (texts != nullptr && c != '\'') {
        texts->emplace_back().append(source, static_cast<std::uint32_t>(at + 1), static_cast<std::uint32_t>(stop));
      }
      if (stop < source.size() && source[stop] == c) ++stop;
      for (auto i = at; i < stop; ++i) {
        if (source[i] == '\n') line_begin = i + 1;
      }
      at = stop;
      continue;
    }
    if (c != ' ' && c != '\t') before_this = c;
    ++at;
  }
  return comments;
}

}  // namespace

bool knows_language(std::string_view extension) { return find_language(extension) != nullptr; }

Result<std::vector<Comment>> read_comments(std::string_view source, std::string_view extension) {
  const auto* language = find_language(extension);
  return language == nullptr ? std::vector<Comment>() : scan(source, language, nullptr);
}

std::vector<MappedText> read_string_literals(std::string_view source, std::string_view extension) {
  std::vector<MappedText> texts;
  if (const auto* language = find_language(extension); language != nullptr) scan(source, language, &texts);
  return texts;
}

}  // namespace chiron::prose
