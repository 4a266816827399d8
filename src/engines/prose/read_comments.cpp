// Comments and doc strings of source code. Where a grammar is there the syntax tree says where they are; elsewhere the
// delimiters of the language do, strings and character literals skipped by theirs. Both give marks, from which the same
// code makes comments.
#include <algorithm>
#include <set>

#include "engines/prose/comment_delimiters.h"
#include "engines/prose/reader.h"
#include "foundation/base/format.h"
#include "foundation/lang/syntax.h"

namespace chiron::prose {

namespace {

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
    auto stop = source.substr(0, end).find('\n', at);
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

// A literal without its prefix and quotes: r#"…"#, """…""", 'x'.
std::pair<std::size_t, std::size_t> inside_quotes(std::string_view source, std::size_t begin, std::size_t end) {
  const auto whole = source.substr(begin, end - begin);
  const auto open = whole.find_first_of("\"'`");
  if (open == std::string_view::npos || open > 18) return {begin, end};
  const auto close = whole.find_last_of(whole[open]);
  if (close <= open) return {begin + open + 1, end};
  const auto width = close - open >= 5 && whole.substr(open, 3) == std::string(3, whole[open]) &&
                             whole.substr(close - 2, 3) == std::string(3, whole[open])
                         ? 3U
                         : 1U;
  return {begin + open + width, begin + close + 1 - width};
}

// Where the string begins that opens a module, a class or a function of Python: its documentation. Looked for from
// above, since the way from a node up to its parent is as long as the file.
std::optional<std::uint32_t> find_docstring(const lang::Node& owner) {
  constexpr std::uint32_t kCommentsBefore = 1000;
  const auto kind = owner.kind();
  if (kind != "module" && kind != "function_definition" && kind != "class_definition") return std::nullopt;
  const auto body = kind == "module" ? std::optional<lang::Node>(owner) : owner.field("body");
  for (std::uint32_t i = 0; body && i < kCommentsBefore; ++i) {
    const auto statement = body->child(i);
    if (!statement) break;
    if (statement->kind() == "comment") continue;
    if (statement->kind() != "expression_statement" || statement->child_count() != 1) break;
    const auto text = statement->child(0);
    if (text && text->kind() == "string") return text->begin();
    break;
  }
  return std::nullopt;
}

// What a comment's node covers, by what it begins with.
Mark comment_mark(std::string_view source, std::size_t begin, std::size_t end, const CommentSyntax& language) {
  const auto rest = source.substr(begin, end - begin);
  for (const auto& block : language.block) {
    if (block.open.empty() || block.text || block.open == block.close || !rest.starts_with(block.open)) continue;
    const auto inner = begin + block.open.size();
    const auto close = source.rfind(block.close, end);
    const bool closed = close != std::string_view::npos && close >= inner && close + block.close.size() <= end;
    return {Mark::Kind::block, begin, inner, closed ? close : end};
  }
  // The grammar of Rust counts the line end to a comment that documents.
  if (end > begin && source[end - 1] == '\n') --end;
  const auto mark = line_mark(rest, language);
  return {Mark::Kind::line, begin, mark.empty() ? begin : line_text_begin(source, begin, end, mark), end};
}

// Marks by the syntax tree. Errors where there is none: the delimiters have to do.
Result<std::vector<Mark>> scan_tree(std::string_view source, lang::Language grammar, const CommentSyntax& language) {
  const auto tree = TRY(lang::SyntaxTree::parse(source, grammar));
  std::vector<Mark> marks;
  std::set<std::uint32_t> docstrings;
  tree.walk([&](const lang::Node& node) {
    const auto kind = node.kind();
    if (kind == "comment" || kind == "line_comment" || kind == "block_comment") {
      if (node.begin() != 0 || !source.starts_with("#!")) {
        marks.push_back(comment_mark(source, node.begin(), node.end(), language));
      }
      return false;
    }
    // To the grammars of C and C++ the rest of a directive's line is one token.
    if (kind == "preproc_arg") {
      scan_delimiters(source, node.begin(), node.end(), language, marks);
      return false;
    }
    // The grammar of Java finds comments in texts over several lines.
    if (grammar == lang::Language::java && kind == "string_literal") return false;
    if (grammar != lang::Language::python) return true;
    if (const auto begin = find_docstring(node)) docstrings.insert(*begin);
    if (kind == "string" && docstrings.count(node.begin()) != 0) {
      const auto [inner, inner_end] = inside_quotes(source, node.begin(), node.end());
      marks.push_back({Mark::Kind::docstring, node.begin(), inner, inner_end});
      return false;
    }
    return true;
  });
  return marks;
}

std::vector<Mark> find_marks(std::string_view source, std::string_view extension, const CommentSyntax& language) {
  if (const auto grammar = lang::language_of(extension)) {
    if (auto marks = scan_tree(source, *grammar, language)) return *std::move(marks);
  }
  std::vector<Mark> marks;
  if (language.kind == CommentSyntax::Kind::yaml) {
    scan_yaml(source, marks);
    return marks;
  }
  const std::size_t first = source.starts_with("#!") ? std::min(source.find('\n'), source.size()) : 0;
  scan_delimiters(source, first, source.size(), language, marks);
  return marks;
}

// Line comments below each other, in the same column, are one.
std::vector<Comment> make_comments(std::string_view source, const std::vector<Mark>& marks,
                                   const CommentSyntax& language) {
  std::vector<Comment> comments;
  std::size_t last_end = std::string_view::npos;  // of the line comment before this one
  std::size_t last_column = 0;
  std::size_t line_begin = 0;
  auto next_line = source.find('\n');
  for (const auto& mark : marks) {
    if (mark.kind == Mark::Kind::text) continue;
    for (; next_line < mark.begin; next_line = source.find('\n', next_line + 1)) line_begin = next_line + 1;
    if (mark.kind != Mark::Kind::line) {
      comments.push_back(block_comment(source, mark.inner, mark.inner_end, language.leading));
      comments.back().is_docstring = mark.kind == Mark::Kind::docstring;
      last_end = std::string_view::npos;
      continue;
    }
    const auto begin = static_cast<std::uint32_t>(mark.inner);
    const auto end = static_cast<std::uint32_t>(mark.inner_end);
    const auto column = mark.begin - line_begin;
    if (last_end != std::string_view::npos && last_end + 1 == line_begin && last_column == column) {
      auto& content = comments.back().content;
      content.append(source, static_cast<std::uint32_t>(last_end), static_cast<std::uint32_t>(last_end + 1));
      content.append(source, begin, end);
    } else {
      comments.emplace_back().content.append(source, begin, end);
    }
    last_end = mark.inner_end;
    last_column = column;
  }
  return comments;
}

}  // namespace

bool knows_language(std::string_view extension) { return find_comment_syntax(extension) != nullptr; }

Result<std::vector<Comment>> read_comments(std::string_view source, std::string_view extension) {
  const auto* language = find_comment_syntax(extension);
  if (language == nullptr) return std::vector<Comment>();
  return make_comments(source, find_marks(source, extension, *language), *language);
}

Result<std::vector<Selected>> select_nodes(std::string_view source, std::string_view extension,
                                           std::string_view query) {
  std::vector<Selected> selected;
  const auto* language = find_comment_syntax(extension);
  if (language == nullptr) return selected;
  const auto grammar = lang::language_of(extension);
  if (!grammar) {
    const bool comments = query.starts_with("(comment)") || query.starts_with("(line_comment)");
    if (!comments && !query.starts_with("(string_literal)") && !query.starts_with("(string)")) {
      return fail(ErrorKind::unsupported, "prose.unsupported",
                  format("the query {} needs a grammar, and there is none for {}", query, extension), Place{},
                  "(comment), (string) and (string_literal) work without");
    }
    const auto marks = find_marks(source, extension, *language);
    if (comments) {
      for (auto& comment : make_comments(source, marks, *language)) {
        if (!comment.is_docstring) selected.push_back({comment.is_block, std::move(comment.content)});
      }
      return selected;
    }
    for (const auto& mark : marks) {
      if (mark.kind != Mark::Kind::text) continue;
      selected.emplace_back().content.append(source, static_cast<std::uint32_t>(mark.inner),
                                             static_cast<std::uint32_t>(mark.inner_end));
    }
    return selected;
  }
  const auto tree = TRY(lang::SyntaxTree::parse(source, *grammar));
  std::vector<Mark> comments;
  for (const auto& node : TRY(tree.captures(query))) {
    if (node.kind().ends_with("comment")) {
      comments.push_back(comment_mark(source, node.begin(), node.end(), *language));
      continue;
    }
    auto range = std::pair<std::size_t, std::size_t>(node.begin(), node.end());
    if (node.kind().find("string") != std::string_view::npos) range = inside_quotes(source, range.first, range.second);
    selected.emplace_back().content.append(source, static_cast<std::uint32_t>(range.first),
                                           static_cast<std::uint32_t>(range.second));
  }
  for (auto& comment : make_comments(source, comments, *language)) {
    selected.push_back({comment.is_block, std::move(comment.content)});
  }
  return selected;
}

}  // namespace chiron::prose
