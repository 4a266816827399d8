// Parser of HCL's native syntax (HashiCorp Configuration Language 2, "HCL Native Syntax Specification").
// It works on the text directly, without tokens: templates nest expressions and expressions nest templates.
#include <algorithm>
#include <optional>

#include "engines/policy/inputs/hcl.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs::hcl {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) { return starts_name(c) || is_digit(c) || c == '-'; }

// What ends a run of template parts: the closing quote, the heredoc's end, or a directive's keyword.
enum class TemplateEnd { quote, heredoc, else_keyword, endif_keyword, endfor_keyword };

class Parser {
 public:
  Parser(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {}

  Result<Body> parse_file() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    return parse_body(false);
  }

 private:
  // Counts one level of nesting for the life of the object.
  struct Nesting {
    explicit Nesting(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    std::size_t& depth_;
  };

  std::unexpected<Error> error(std::string message) const { return error_at(at_, std::move(message)); }
  std::unexpected<Error> error_at(std::size_t offset, std::string message) const {
    return syntax_error("hcl2", text_, options_, offset, std::move(message));
  }
  Result<void> check_depth() const {
    if (depth_ <= kHclDepth) return {};
    return fail(ErrorKind::limit, "limit.depth", format("more than {} levels of nesting", kHclDepth),
                utf8::LineIndex(text_).place(options_.file, at_, at_));
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < limit() ? text_[at_ + ahead] : '\0'; }
  std::size_t limit() const { return text_.size(); }
  bool at_end() const { return at_ >= limit(); }
  bool looking_at(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  bool take(std::string_view word) {
    if (!looking_at(word)) return false;
    at_ += word.size();
    return true;
  }

  // White space and comments; newlines too where they carry no meaning. A line comment ends before its newline.
  void skip(bool newlines) {
    while (!at_end()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\r' || (newlines && c == '\n')) {
        ++at_;
      } else if (c == '#' || looking_at("//")) {
        at_ = std::min(text_.find('\n', at_), limit());
      } else if (looking_at("/*")) {
        const auto close = text_.find("*/", at_ + 2);
        at_ = close == std::string_view::npos ? limit() : close + 2;
      } else {
        break;
      }
    }
  }
  void skip() { skip(newlines_free_ > 0); }

  Label take_name() {
    Label name{{}, at_, at_};
    while (!at_end() && continues_name(text_[at_])) ++at_;
    name.end = at_;
    name.text = text_.substr(name.begin, name.end - name.begin);
    return name;
  }
  // Whether the word stands here and is not the start of a longer name; taken if so.
  bool take_word(std::string_view word) {
    if (!looking_at(word) || continues_name(peek(word.size()))) return false;
    at_ += word.size();
    return true;
  }

  Result<Body> parse_body(bool braces) {
    Nesting nesting(depth_);
    TRY(check_depth());
    Body body;
    while (true) {
      skip(true);
      if (at_end()) {
        if (braces)
          return error(
              "Unclosed configuration block: there is no closing brace for this block before the end of the file");
        return body;
      }
      if (braces && peek() == '}') return body;
      if (!starts_name(peek()))
        return error("Argument or block definition required: an argument or block definition is required here");
      Label name = take_name();
      skip(false);
      if (peek() == '=' && peek(1) != '=') {
        ++at_;
        skip(false);
        for (const auto& attribute : body.attributes)
          if (attribute.name.text == name.text)
            return error_at(name.begin, format("Attribute redefined: the argument \"{}\" was already set", name.text));
        body.attributes.push_back({std::move(name), TRY(parse_expression())});
      } else {
        body.blocks.push_back(TRY(parse_block(std::move(name))));
      }
      skip(false);
      if (at_end() || (braces && peek() == '}')) continue;
      if (peek() == '\n') {
        ++at_;
        continue;
      }
      return error("Missing newline after argument or block: an argument or block definition ends with a newline");
    }
  }

  Result<Block> parse_block(Label type) {
    Block block;
    block.type = std::move(type);
    while (peek() != '{') {
      if (peek() == '"') {
        const auto begin = at_;
        auto quoted = TRY(parse_quoted());
        Label label{{}, begin, at_};
        for (const auto& part : quoted.children) {
          if (part.kind != ExpressionKind::literal)
            return error_at(part.begin, "Invalid string literal: template sequences are not allowed in block labels");
          label.text += part.text;
        }
        if (quoted.kind == ExpressionKind::wrap)
          return error_at(begin, "Invalid string literal: template sequences are not allowed in block labels");
        block.labels.push_back(std::move(label));
      } else if (starts_name(peek())) {
        block.labels.push_back(take_name());
      } else {
        return error(
            "Invalid block definition: either a quoted string block label or an opening brace (\"{\") is expected "
            "here");
      }
      skip(false);
    }
    ++at_;
    const auto outer = newlines_free_;
    newlines_free_ = 0;
    block.body = TRY(parse_body(true));
    newlines_free_ = outer;
    ++at_;  // the closing brace, which parse_body stopped at
    block.end = at_;
    return block;
  }

  Result<Expression> parse_expression() {
    Nesting nesting(depth_);
    TRY(check_depth());
    auto condition = TRY(parse_binary(0));
    const auto end = at_;
    skip();
    if (peek() != '?') {
      at_ = end;
      return condition;
    }
    ++at_;
    skip();
    auto yes = TRY(parse_expression());
    skip();
    if (peek() != ':') return error("Missing false expression in conditional: a colon (\":\") is expected here");
    ++at_;
    skip();
    auto no = TRY(parse_expression());
    Expression whole{ExpressionKind::conditional, condition.begin, no.end, {}, {}};
    whole.children.push_back(std::move(condition));
    whole.children.push_back(std::move(yes));
    whole.children.push_back(std::move(no));
    return whole;
  }

  // The binary operator that stands here and its level (higher binds tighter).
  std::optional<std::pair<std::string_view, int>> binary_operator() const {
    static constexpr std::pair<std::string_view, int> kOperators[] = {
        {"||", 1}, {"&&", 2}, {"==", 3}, {"!=", 3}, {"<=", 4}, {">=", 4}, {"<", 4},
        {">", 4},  {"+", 5},  {"-", 5},  {"*", 6},  {"/", 6},  {"%", 6}};
    for (const auto& candidate : kOperators)
      if (looking_at(candidate.first)) return candidate;
    return std::nullopt;
  }

  Result<Expression> parse_binary(int level) {
    auto left = TRY(parse_unary());
    while (true) {
      const auto end = at_;
      skip();
      const auto found = binary_operator();
      // "~}" closes an interpolation; "%{" cannot follow an operand outside a template.
      if (!found || found->second <= level) {
        at_ = end;
        return left;
      }
      at_ += found->first.size();
      skip();
      Nesting nesting(depth_);
      TRY(check_depth());
      auto right = TRY(parse_binary(found->second));
      left = Expression{ExpressionKind::other, left.begin, right.end, {}, {}};
    }
  }

  Result<Expression> parse_unary() {
    if (peek() == '-' || (peek() == '!' && peek(1) != '=')) {
      Nesting nesting(depth_);
      TRY(check_depth());
      Expression whole{ExpressionKind::unary, at_, at_, std::string(1, peek()), {}};
      ++at_;
      skip();
      whole.children.push_back(TRY(parse_unary()));
      whole.end = whole.children.front().end;
      return whole;
    }
    return parse_postfix();
  }

  // A term with its accesses: .name, .0, .*, [index], [*].
  Result<Expression> parse_postfix() {
    auto term = TRY(parse_term());
    while (true) {
      const auto end = at_;
      skip();
      if (peek() == '.' && peek(1) != '.') {
        ++at_;
        skip();
        if (peek() == '*') {
          ++at_;
        } else if (is_digit(peek())) {
          while (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) ++at_;
        } else if (starts_name(peek())) {
          take_name();
        } else {
          return error("Invalid attribute name: an attribute name is required after a dot");
        }
      } else if (peek() == '[') {
        ++at_;
        ++newlines_free_;
        skip();
        if (peek() == '*') {
          ++at_;
        } else {
          TRY(parse_expression());
        }
        skip();
        --newlines_free_;
        if (peek() != ']')
          return error("Missing close bracket on index: the index operator must end with a closing bracket (\"]\")");
        ++at_;
      } else {
        at_ = end;
        return term;
      }
      if (term.kind != ExpressionKind::traversal) term.kind = ExpressionKind::other;
      term.children.clear();
      term.end = at_;
    }
  }

  Result<Expression> parse_term() {
    const auto begin = at_;
    const char c = peek();
    if (at_end())
      return error("Missing expression: expected the start of an expression, but found the end of the file");
    if (c == '"') return parse_quoted();
    if (looking_at("<<")) return parse_heredoc();
    if (is_digit(c)) return parse_number();
    if (c == '(') {
      ++at_;
      ++newlines_free_;
      skip();
      TRY(parse_expression());
      skip();
      --newlines_free_;
      if (peek() != ')')
        return error("Unbalanced parentheses: expected a closing parenthesis to terminate the expression");
      ++at_;
      return Expression{ExpressionKind::other, begin, at_, {}, {}};
    }
    if (c == '[') return parse_tuple();
    if (c == '{') return parse_object();
    if (!starts_name(c))
      return error("Invalid expression: expected the start of an expression, but found an invalid expression token");

    Label name = take_name();
    while (looking_at("::")) {
      at_ += 2;
      take_name();
    }
    const auto end = at_;
    if (peek() == '(') return parse_call(begin);
    if (end - begin == name.text.size()) {
      if (name.text == "true" || name.text == "false")
        return Expression{ExpressionKind::boolean, begin, end, std::move(name.text), {}};
      if (name.text == "null") return Expression{ExpressionKind::null, begin, end, {}, {}};
    }
    return Expression{ExpressionKind::traversal, begin, end, {}, {}};
  }

  Result<Expression> parse_call(std::size_t begin) {
    ++at_;
    ++newlines_free_;
    while (true) {
      skip();
      if (peek() == ')') break;
      TRY(parse_expression());
      skip();
      if (take("...")) skip();
      if (peek() == ',') {
        ++at_;
      } else if (peek() != ')') {
        return error(
            "Missing argument separator: a comma is required to separate each function argument from the next");
      }
    }
    ++at_;
    --newlines_free_;
    return Expression{ExpressionKind::other, begin, at_, {}, {}};
  }

  Result<Expression> parse_number() {
    const auto begin = at_;
    while (is_digit(peek())) ++at_;
    if (peek() == '.' && is_digit(peek(1))) {
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (is_digit(peek(1 + sign))) {
        at_ += 1 + sign;
        while (is_digit(peek())) ++at_;
      }
    }
    return Expression{ExpressionKind::number, begin, at_, std::string(text_.substr(begin, at_ - begin)), {}};
  }

  // Inside [ and {: "for" opens a for expression, of which only the range is kept.
  Result<Expression> parse_for(std::size_t begin, char close) {
    skip();
    take_name();
    skip();
    if (peek() == ',') {
      ++at_;
      skip();
      take_name();
      skip();
    }
    if (!take_word("in"))
      return error("Invalid 'for' expression: for expression requires the 'in' keyword after its name declarations");
    skip();
    TRY(parse_expression());
    skip();
    if (peek() != ':')
      return error("Invalid 'for' expression: for expression requires a colon after the collection expression");
    ++at_;
    skip();
    TRY(parse_expression());
    skip();
    if (close == '}') {
      if (!take("=>")) return error("Invalid 'for' expression: a key expression is followed by \"=>\"");
      skip();
      TRY(parse_expression());
      skip();
      if (take("...")) skip();
    }
    if (take_word("if")) {
      skip();
      TRY(parse_expression());
      skip();
    }
    if (peek() != close)
      return error("Invalid 'for' expression: extra characters after the end of the 'for' expression");
    ++at_;
    --newlines_free_;
    return Expression{ExpressionKind::other, begin, at_, {}, {}};
  }

  Result<Expression> parse_tuple() {
    Expression tuple{ExpressionKind::tuple, at_, at_, {}, {}};
    ++at_;
    ++newlines_free_;
    skip();
    if (take_word("for")) return parse_for(tuple.begin, ']');
    while (true) {
      skip();
      if (peek() == ']') break;
      tuple.children.push_back(TRY(parse_expression()));
      skip();
      if (peek() == ',') {
        ++at_;
      } else if (peek() != ']') {
        return error("Missing item separator: expected a comma to mark the beginning of the next item");
      }
    }
    ++at_;
    --newlines_free_;
    tuple.end = at_;
    return tuple;
  }

  Result<Expression> parse_object() {
    Expression object{ExpressionKind::object, at_, at_, {}, {}};
    ++at_;
    const auto outer = newlines_free_;
    // "for" is a for expression only if a name follows; { for = 1 } is an object.
    const auto start = at_;
    skip(true);
    if (take_word("for")) {
      const auto after = at_;
      skip(true);
      if (starts_name(peek())) {
        at_ = after;
        ++newlines_free_;
        auto expression = TRY(parse_for(object.begin, '}'));
        newlines_free_ = outer;
        return expression;
      }
    }
    at_ = start;
    while (true) {
      skip(true);
      if (peek() == '}') break;
      if (at_end())
        return error(
            "Unterminated object constructor expression: there is no corresponding closing brace before the end of the "
            "file");
      newlines_free_ = 0;
      auto key = TRY(parse_expression());
      skip(false);
      if (peek() == '=' && peek(1) != '=') {
        ++at_;
      } else if (peek() == ':') {
        ++at_;
      } else {
        return error(
            "Missing key/value separator: expected an equals sign (\"=\") to mark the beginning of the attribute "
            "value");
      }
      skip(true);
      auto value = TRY(parse_expression());
      object.children.push_back(std::move(key));
      object.children.push_back(std::move(value));
      skip(false);
      if (peek() == ',' || peek() == '\n') {
        ++at_;
      } else if (peek() != '}') {
        return error(
            "Missing attribute separator: expected a newline or comma to mark the beginning of the next attribute");
      }
    }
    ++at_;
    newlines_free_ = outer;
    object.end = at_;
    return object;
  }

  // --- templates ---

  static Expression literal(std::string text, std::size_t begin, std::size_t end) {
    return {ExpressionKind::literal, begin, end, std::move(text), {}};
  }

  Result<Expression> parse_quoted() {
    Nesting nesting(depth_);
    TRY(check_depth());
    const auto begin = at_;
    ++at_;
    const auto outer = newlines_free_;
    TemplateEnd ended{};
    auto parts = TRY(parse_parts(TemplateEnd::quote, ended));
    newlines_free_ = outer;
    ++at_;  // the closing quote
    return finish_template(begin, std::move(parts));
  }

  Expression finish_template(std::size_t begin, std::vector<Expression> parts) const {
    Expression whole{ExpressionKind::string, begin, at_, {}, {}};
    const bool one_interpolation = parts.size() == 1 && parts.front().kind != ExpressionKind::literal &&
                                   parts.front().kind != ExpressionKind::directive_if &&
                                   parts.front().kind != ExpressionKind::directive_for;
    if (one_interpolation) whole.kind = ExpressionKind::wrap;
    whole.children = std::move(parts);
    return whole;
  }

  Result<Expression> parse_heredoc() {
    Nesting nesting(depth_);
    TRY(check_depth());
    const auto begin = at_;
    at_ += 2;
    const bool flush = peek() == '-';
    if (flush) ++at_;
    const Label marker = take_name();
    if (marker.text.empty()) return error("Invalid heredoc: a heredoc begins with << and an identifier");
    while (peek() == '\r' || peek() == ' ') ++at_;
    if (peek() != '\n') return error("Invalid heredoc: the introducer must stand at the end of its line");
    ++at_;
    // The line that holds nothing but the marker ends it.
    std::size_t line = at_;
    heredoc_end_ = std::string_view::npos;
    std::size_t after = limit();
    while (line < limit()) {
      auto line_end = std::min(text_.find('\n', line), limit());
      auto content = text_.substr(line, line_end - line);
      while (!content.empty() && (content.back() == '\r' || content.back() == ' ' || content.back() == '\t'))
        content.remove_suffix(1);
      while (!content.empty() && (content.front() == ' ' || content.front() == '\t')) content.remove_prefix(1);
      if (content == marker.text) {
        heredoc_end_ = line;
        after = line_end;
        break;
      }
      line = line_end + 1;
    }
    if (heredoc_end_ == std::string_view::npos)
      return error_at(begin, format("Unterminated template string: no closing marker {} was found", marker.text));
    const auto outer = newlines_free_;
    TemplateEnd ended{};
    auto parts = TRY(parse_parts(TemplateEnd::heredoc, ended));
    newlines_free_ = outer;
    at_ = after;
    if (flush) flush_indentation(parts);
    if (parts.empty()) parts.push_back(literal({}, begin, begin));
    Expression whole{ExpressionKind::string, begin, at_, {}, std::move(parts)};
    merge_literals(whole.children);
    if (whole.children.size() == 1 && whole.children.front().kind != ExpressionKind::literal)
      return finish_template(begin, std::move(whole.children));
    return whole;
  }

  // In a heredoc every line is a literal of its own while it is read, so that indentation can be cut; joined after.
  static void merge_literals(std::vector<Expression>& parts) {
    std::vector<Expression> merged;
    for (auto& part : parts) {
      if (part.kind == ExpressionKind::directive_if || part.kind == ExpressionKind::directive_for)
        for (auto& child : part.children)
          if (child.kind == ExpressionKind::string) merge_literals(child.children);
      if (part.kind == ExpressionKind::literal && !merged.empty() && merged.back().kind == ExpressionKind::literal) {
        merged.back().text += part.text;
        merged.back().end = part.end;
      } else {
        merged.push_back(std::move(part));
      }
    }
    parts = std::move(merged);
  }

  static std::size_t leading_spaces(std::string_view line) {
    std::size_t count = 0;
    while (count < line.size() && (line[count] == ' ' || line[count] == '\t')) ++count;
    return count;
  }

  // <<-: the smallest indentation of the lines is cut from each; blank lines do not count.
  static void visit_line_starts(std::vector<Expression>& parts, bool& newline, const auto& action) {
    for (auto& part : parts) {
      if (newline) {
        newline = false;
        action(part.kind == ExpressionKind::literal ? &part : nullptr);
      }
      if (part.kind == ExpressionKind::directive_if || part.kind == ExpressionKind::directive_for)
        for (auto& child : part.children)
          if (child.kind == ExpressionKind::string) visit_line_starts(child.children, newline, action);
      if (part.kind == ExpressionKind::literal && part.text.ends_with('\n')) newline = true;
    }
  }
  static bool is_blank_line(const Expression& line) {
    return line.text.ends_with('\n') && line.text.find_first_not_of(" \t\r\n") == std::string::npos;
  }
  static void flush_indentation(std::vector<Expression>& parts) {
    std::size_t smallest = std::string::npos;
    bool newline = true;
    visit_line_starts(parts, newline, [&](Expression* line) {
      if (line == nullptr) {
        smallest = 0;
      } else if (!is_blank_line(*line)) {
        smallest = std::min(smallest, leading_spaces(line->text));
      }
    });
    if (smallest == 0 || smallest == std::string::npos) return;
    newline = true;
    visit_line_starts(parts, newline, [&](Expression* line) {
      if (line != nullptr && !is_blank_line(*line)) line->text.erase(0, smallest);
    });
  }

  Result<void> append_escape(std::string& out) {
    // at_ stands on the backslash
    const char c = peek(1);
    auto hex = [&](std::size_t digits) -> Result<void> {
      char32_t point = 0;
      for (std::size_t i = 0; i < digits; ++i) {
        const char h = peek(2 + i);
        const int value = is_digit(h)            ? h - '0'
                          : h >= 'a' && h <= 'f' ? h - 'a' + 10
                          : h >= 'A' && h <= 'F' ? h - 'A' + 10
                                                 : -1;
        if (value < 0)
          return error("Invalid escape sequence: \\u is followed by four, \\U by eight hexadecimal digits");
        point = point * 16 + static_cast<char32_t>(value);
      }
      if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) point = 0xFFFD;
      utf8::append(out, point);
      at_ += 2 + digits;
      return {};
    };
    switch (c) {
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case 'u':
        return hex(4);
      case 'U':
        return hex(8);
      default:
        return error(format("Invalid escape sequence: the symbol \"{}\" is not a valid escape sequence selector", c));
    }
    at_ += 2;
    return {};
  }

  // Parts up to the end that is expected; an end keyword's directive has been taken, a quote has not.
  Result<std::vector<Expression>> parse_parts(TemplateEnd wanted, TemplateEnd& ended, bool quoted_context = true) {
    Nesting nesting(depth_);
    TRY(check_depth());
    if (wanted == TemplateEnd::quote) in_heredoc_ = false;
    if (wanted == TemplateEnd::heredoc) in_heredoc_ = true;
    const bool heredoc = in_heredoc_;
    const auto stop = heredoc_end_;
    (void)quoted_context;
    std::vector<Expression> parts;
    std::string pending;
    std::size_t pending_begin = at_;
    bool trim_next = false;  // after "~}"
    auto flush = [&] {
      if (trim_next) {
        const auto first = pending.find_first_not_of(" \t\r\n");
        pending.erase(0, first == std::string::npos ? pending.size() : first);
        if (!pending.empty()) trim_next = false;
      }
      if (!pending.empty()) parts.push_back(literal(std::move(pending), pending_begin, at_));
      pending.clear();
      pending_begin = at_;
    };
    // "${~" and "%{~" cut the white space before them.
    auto trim_before = [&] {
      while (!parts.empty() && parts.back().kind == ExpressionKind::literal) {
        auto& text = parts.back().text;
        const auto last = text.find_last_not_of(" \t\r\n");
        text.erase(last == std::string::npos ? 0 : last + 1);
        if (!text.empty()) break;
        parts.pop_back();
      }
    };
    while (true) {
      if (heredoc && at_ >= stop) {
        flush();
        if (wanted != TemplateEnd::heredoc)
          return error("Unterminated template directive: the template ends before its %{endif} or %{endfor}");
        ended = TemplateEnd::heredoc;
        return parts;
      }
      if (at_end()) return error("Unterminated template string: no closing marker was found for the string");
      const char c = peek();
      if (!heredoc && c == '"') {
        flush();
        if (wanted != TemplateEnd::quote)
          return error("Unterminated template directive: the template ends before its %{endif} or %{endfor}");
        if (parts.empty()) parts.push_back(literal({}, at_, at_));
        ended = TemplateEnd::quote;
        return parts;
      }
      if (!heredoc && c == '\n')
        return error(
            "Invalid multi-line string: quoted strings may not be split over multiple lines; use the \\n escape or a "
            "heredoc");
      if (!heredoc && c == '\\') {
        TRY(append_escape(pending));
        continue;
      }
      if ((c == '$' || c == '%') && peek(1) == c && peek(2) == '{') {
        pending += c;
        pending += '{';
        at_ += 3;
        continue;
      }
      if ((c == '$' || c == '%') && peek(1) == '{') {
        flush();
        const auto sequence = at_;
        at_ += 2;
        if (peek() == '~') {
          ++at_;
          trim_before();
        }
        ++newlines_free_;
        skip(true);
        if (c == '$') {
          const auto heredoc_saved = in_heredoc_;
          parts.push_back(TRY(parse_expression()));
          in_heredoc_ = heredoc_saved;
          heredoc_end_ = stop;
          TRY(close_sequence(trim_next));
        } else {
          auto finished = TRY(parse_directive(sequence, wanted, trim_next, parts));
          in_heredoc_ = heredoc;
          heredoc_end_ = stop;
          if (finished) {
            ended = *finished;
            --newlines_free_;
            trim_after_end_ = trim_next;
            return parts;
          }
        }
        --newlines_free_;
        pending_begin = at_;
        continue;
      }
      pending += c;
      ++at_;
      if (c == '\n') flush();
    }
  }

  Result<void> close_sequence(bool& trim_next) {
    skip(true);
    trim_next = false;
    if (peek() == '~' && peek(1) == '}') {
      trim_next = true;
      ++at_;
    }
    if (peek() != '}')
      return error(
          "Extra characters after interpolation expression: expected a closing brace to end the interpolation "
          "expression");
    ++at_;
    return {};
  }

  // After "%{": an opening directive adds a part; a closing one returns which.
  Result<std::optional<TemplateEnd>> parse_directive(std::size_t begin, TemplateEnd wanted, bool& trim_next,
                                                     std::vector<Expression>& parts) {
    if (take_word("if")) {
      skip(true);
      Expression whole{ExpressionKind::directive_if, begin, at_, {}, {}};
      whole.children.push_back(TRY(parse_expression()));
      TRY(close_sequence(trim_next));
      TemplateEnd ended{};
      whole.children.push_back(TRY(parse_branch(TemplateEnd::endif_keyword, ended, trim_next)));
      if (ended == TemplateEnd::else_keyword) {
        whole.children.push_back(TRY(parse_branch(TemplateEnd::endif_keyword, ended, trim_next)));
        if (ended == TemplateEnd::else_keyword) return error("Invalid else directive: a template has at most one else");
      } else {
        whole.children.push_back(literal({}, at_, at_));
      }
      whole.end = at_;
      parts.push_back(std::move(whole));
      return std::nullopt;
    }
    if (take_word("for")) {
      skip(true);
      Expression whole{ExpressionKind::directive_for, begin, at_, {}, {}};
      whole.text = take_name().text;
      skip(true);
      if (peek() == ',') {
        ++at_;
        skip(true);
        whole.text += ", " + take_name().text;
        skip(true);
      }
      if (!take_word("in")) return error("Invalid 'for' directive: a for directive requires the 'in' keyword");
      skip(true);
      whole.children.push_back(TRY(parse_expression()));
      TRY(close_sequence(trim_next));
      TemplateEnd ended{};
      whole.children.push_back(TRY(parse_branch(TemplateEnd::endfor_keyword, ended, trim_next)));
      whole.end = at_;
      parts.push_back(std::move(whole));
      return std::nullopt;
    }
    auto closing = [&](TemplateEnd which, std::string_view name) -> Result<std::optional<TemplateEnd>> {
      const bool fits = wanted == which || (which == TemplateEnd::else_keyword && wanted == TemplateEnd::endif_keyword);
      if (!fits)
        return error_at(begin, format("Unexpected {} directive: there is no directive here that it could close", name));
      TRY(close_sequence(trim_next));
      return which;
    };
    if (take_word("else")) return closing(TemplateEnd::else_keyword, "else");
    if (take_word("endif")) return closing(TemplateEnd::endif_keyword, "endif");
    if (take_word("endfor")) return closing(TemplateEnd::endfor_keyword, "endfor");
    return error(
        "Invalid template directive: a template directive keyword (\"for\", \"if\", etc) is expected at the beginning "
        "of a %{ sequence");
  }

  Result<Expression> parse_branch(TemplateEnd wanted, TemplateEnd& ended, bool& trim_next) {
    const auto begin = at_;
    if (trim_next)
      while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
    auto parts = TRY(parse_parts(wanted, ended));
    trim_next = trim_after_end_;
    Expression branch{ExpressionKind::string, begin, at_, {}, std::move(parts)};
    return branch;
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  int newlines_free_ = 0;  // inside brackets and interpolations a newline is white space
  bool in_heredoc_ = false;
  std::size_t heredoc_end_ = std::string_view::npos;  // where the innermost heredoc's closing line begins
  bool trim_after_end_ = false;
};

}  // namespace

Result<Body> parse(std::string_view text, const ReadOptions& options) { return Parser(text, options).parse_file(); }

}  // namespace chiron::policy::inputs::hcl
