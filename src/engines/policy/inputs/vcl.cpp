// VCL, Varnish's language, in the shape that Conftest gives it: blocks by their kind (acl, backend, sub, director,
// table), below it by name, their assignments as members. Statements that assign nothing leave no trace, as there; a
// string ends at a semicolon, and one with a slash keeps its opening quote (it is read as an address with a mask).
#include <map>
#include <memory>

#include "engines/policy/inputs/object_builder.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::policy::inputs {

namespace {

enum class TokenKind : std::uint8_t {
  end,
  identifier,
  integer,
  percentage,
  string,
  address,
  boolean,
  assign,
  equal,
  match,
  plus,
  logical,  // && and ||
  bang,
  comma,
  semicolon,
  colon,
  open_paren,
  close_paren,
  open_brace,
  close_brace,
  if_word,
  else_word,
  return_word,
  call_word,
  block_word,  // sub, acl, backend, director, table
  other        // comments and what has no meaning in an expression
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  Span span;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

TokenKind kind_of_word(std::string_view word) {
  static constexpr std::pair<std::string_view, TokenKind> kWords[] = {
      {"sub", TokenKind::block_word},      {"acl", TokenKind::block_word},   {"backend", TokenKind::block_word},
      {"director", TokenKind::block_word}, {"table", TokenKind::block_word}, {"true", TokenKind::boolean},
      {"false", TokenKind::boolean},       {"if", TokenKind::if_word},       {"else", TokenKind::else_word},
      {"return", TokenKind::return_word},  {"call", TokenKind::call_word},   {"import", TokenKind::other}};
  for (const auto& [name, kind] : kWords)
    if (word == name) return kind;
  return TokenKind::identifier;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    if (at_ >= text_.size() || text_[at_] == '\0') return made(TokenKind::end, at_);
    const std::size_t begin = at_;
    const char c = text_[at_];
    if (is_letter(c)) {
      while (is_letter(peek()) || is_digit(peek())) ++at_;
      Token word = made(TokenKind::identifier, begin);
      word.kind = kind_of_word(word.text);
      return word;
    }
    if (is_digit(c)) {
      while (is_digit(peek())) ++at_;
      if (peek() != '%') return made(TokenKind::integer, begin);
      ++at_;
      return made(TokenKind::percentage, begin);
    }
    if (c == '"') return string();
    if (c == '#' || (c == '/' && peek(1) == '/')) {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return made(TokenKind::other, begin);
    }
    if (c == '/' && peek(1) == '*') {
      const std::size_t close = text_.find("*/", at_ + 2);
      at_ = close == std::string_view::npos ? text_.size() : close + 2;
      return made(TokenKind::other, begin);
    }
    const bool doubled = (c == '=' || c == '&' || c == '|') && peek(1) == c;
    at_ += doubled ? 2 : 1;
    if (doubled) return made(c == '=' ? TokenKind::equal : TokenKind::logical, begin);
    static constexpr std::pair<char, TokenKind> kMarks[] = {
        {'=', TokenKind::assign},      {':', TokenKind::colon},      {'~', TokenKind::match},
        {',', TokenKind::comma},       {';', TokenKind::semicolon},  {'(', TokenKind::open_paren},
        {')', TokenKind::close_paren}, {'{', TokenKind::open_brace}, {'}', TokenKind::close_brace},
        {'!', TokenKind::bang},        {'+', TokenKind::plus}};
    for (const auto& [mark, kind] : kMarks)
      if (mark == c) return made(kind, begin);
    return made(TokenKind::other, begin);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Token made(TokenKind kind, std::size_t begin) const {
    return {
        kind, text_.substr(begin, at_ - begin), {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)}};
  }

  // "text", or "address"/bits: a quote before a slash does not end it, a semicolon does.
  Token string() {
    const std::size_t begin = at_;
    ++at_;
    while (at_ < text_.size() && text_[at_] != ';' && !(text_[at_] == '"' && peek(1) != '/')) ++at_;
    const std::string_view inside = text_.substr(begin + 1, at_ - begin - 1);
    const bool address = inside.find('/') != std::string_view::npos;
    if (at_ < text_.size()) ++at_;
    Token token = made(address ? TokenKind::address : TokenKind::string, begin);
    token.text = address ? text_.substr(begin, inside.size() + 1) : inside;
    return token;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

struct Block;

struct Body {
  ObjectBuilder assignments;
  std::vector<Block> blocks;
};

struct Block {
  std::string kind;
  Span kind_span;
  std::vector<std::pair<std::string, Span>> labels;
  Body body;
  Span span;
};

// What an expression came to: a literal, a name, a block, or something without a value of its own.
struct Expression {
  TokenKind kind = TokenKind::other;
  std::string_view text;
  Span span;
  std::unique_ptr<Block> block;
};

class VclReader {
 public:
  VclReader(std::string_view text, const ReadOptions& options) : text_(text), options_(options), lexer_(text) {
    advance();
    advance();
  }

  Result<Value> read() {
    Body body;
    while (current_.kind != TokenKind::end) {
      TRY(statement(body, 0));
      advance();
    }
    const Span whole{0, static_cast<std::uint32_t>(text_.size())};
    // Kind by kind, a named block each; the last of a name counts.
    std::map<std::string, ObjectBuilder> kinds;
    std::vector<std::pair<std::string, Span>> order;
    for (auto& block : body.blocks) {
      Value value = object_of(block.body, block.span);
      for (std::size_t i = 1; i < block.labels.size(); ++i) value = wrapped(block.labels[i], std::move(value));
      if (!kinds.contains(block.kind)) order.emplace_back(block.kind, block.span);
      const auto label = block.labels.empty() ? std::pair(std::string(), block.kind_span) : block.labels.front();
      kinds[block.kind].set(label.first, label.second, std::move(value));
    }
    for (const auto& [kind, span] : order) body.assignments.set(kind, span, kinds[kind].take(span));
    return body.assignments.take(whole);
  }

 private:
  void advance() {
    current_ = following_;
    following_ = lexer_.next();
  }
  [[nodiscard]] std::unexpected<Error> wrong(Span span, std::string message, std::string next = {}) const {
    return syntax_error("vcl", text_, options_, span.begin, std::move(message), std::move(next));
  }
  void skip(TokenKind kind) {
    if (following_.kind == kind) advance();
  }

  Result<void> statement(Body& body, std::size_t depth) {
    const Token first = current_;
    if (first.kind == TokenKind::identifier && following_.kind == TokenKind::assign) {
      advance();
      advance();
      return assignment(body, first, TokenKind::semicolon, depth);
    }
    if (first.kind == TokenKind::string && following_.kind == TokenKind::colon) {
      advance();
      advance();
      Expression value = TRY(expression(0, depth + 1));
      skip(TokenKind::comma);
      Value made;
      if (value.kind == TokenKind::string) made = Value(value.text);
      made.span = value.span;
      body.assignments.set(std::string(first.text), first.span, std::move(made));
      return {};
    }
    if (first.kind == TokenKind::return_word || first.kind == TokenKind::call_word) {
      if (first.kind == TokenKind::return_word && following_.kind != TokenKind::open_paren) return {};
      advance();
    }
    Expression value = TRY(expression(0, depth + 1));
    skip(TokenKind::semicolon);
    if (value.block && !value.block->kind.empty()) body.blocks.push_back(std::move(*value.block));
    return {};
  }

  Result<void> assignment(Body& body, const Token& name, TokenKind closing, std::size_t depth) {
    const Span begin = current_.span;
    Expression value = TRY(expression(0, depth + 1));
    const Span source{begin.begin, current_.span.end};
    skip(closing);
    if (value.block) {
      value.block->kind = std::string(name.text);
      value.block->kind_span = name.span;
      body.blocks.push_back(std::move(*value.block));
      return {};
    }
    Value made;
    switch (value.kind) {
      case TokenKind::string:
      case TokenKind::address:
      case TokenKind::percentage:
      case TokenKind::identifier:
        made = Value(value.text);
        break;
      case TokenKind::boolean:
        made = Value(value.text == "true");
        break;
      case TokenKind::integer:
        made = integer(value.text);
        break;
      default:  // a calculation: its source
        made = Value(text_.substr(source.begin, source.end - source.begin));
        value.span = source;
        break;
    }
    made.span = value.span;
    body.assignments.set(std::string(name.text), name.span, std::move(made));
    return {};
  }

  // A leading zero means octal.
  static Value integer(std::string_view digits) {
    const bool octal = digits.size() > 1 && digits.front() == '0';
    std::uint64_t number = 0;
    for (const char c : digits) {
      const std::uint64_t base = octal ? 8 : 10, digit = static_cast<std::uint64_t>(c - '0');
      if (digit >= base || number > (std::uint64_t{INT64_MAX} - digit) / base) return Value(digits);
      number = number * base + digit;
    }
    return Value(static_cast<std::int64_t>(number));
  }

  static int precedence(TokenKind kind) {
    switch (kind) {
      case TokenKind::equal:
      case TokenKind::match:
      case TokenKind::logical:
        return 1;
      case TokenKind::plus:
        return 2;
      default:
        return 0;
    }
  }

  Result<Expression> expression(int above, std::size_t depth) {
    if (depth > kBlockDepth) return too_deep(text_, options_, current_.span.begin);
    Expression left = TRY(operand(depth));
    while (following_.kind != TokenKind::semicolon && precedence(following_.kind) > above) {
      if (following_.kind != TokenKind::match && following_.kind != TokenKind::plus) return left;
      advance();
      const int here = precedence(current_.kind);
      advance();
      TRY(expression(here, depth + 1));
      left = Expression{};
    }
    return left;
  }

  Result<Expression> operand(std::size_t depth) {
    Expression made{current_.kind, current_.text, current_.span, nullptr};
    switch (current_.kind) {
      case TokenKind::identifier:
      case TokenKind::integer:
      case TokenKind::percentage:
      case TokenKind::string:
      case TokenKind::address:
      case TokenKind::boolean:
        return made;
      case TokenKind::bang:
        advance();
        TRY(expression(3, depth + 1));
        return Expression{};
      case TokenKind::open_paren: {
        advance();
        Expression inner = TRY(expression(0, depth + 1));
        if (following_.kind != TokenKind::close_paren) return Expression{};
        advance();
        return inner;
      }
      case TokenKind::if_word:
        return condition(depth);
      case TokenKind::block_word:
        return block(depth);
      case TokenKind::open_brace: {
        auto inner = std::make_unique<Block>();
        const Span begin = current_.span;
        if (following_.kind != TokenKind::semicolon) inner->body = TRY(statements(depth));
        inner->span = {begin.begin, current_.span.end};
        made.block = std::move(inner);
        return made;
      }
      default:
        made.kind = TokenKind::other;
        return made;
    }
  }

  // if (…) { … } else { … }: what it assigns is conditional and does not count.
  Result<Expression> condition(std::size_t depth) {
    if (following_.kind != TokenKind::open_paren) return Expression{};
    advance();
    advance();
    TRY(expression(0, depth + 1));
    if (following_.kind != TokenKind::close_paren) return Expression{};
    advance();
    if (following_.kind != TokenKind::open_brace) return Expression{};
    advance();
    TRY(statements(depth));
    if (following_.kind != TokenKind::else_word) return Expression{};
    advance();
    if (following_.kind != TokenKind::open_brace) return Expression{};
    advance();
    TRY(statements(depth));
    return Expression{};
  }

  Result<Expression> block(std::size_t depth) {
    auto made = std::make_unique<Block>();
    const Token kind = current_;
    made->kind = std::string(kind.text);
    made->kind_span = kind.span;
    while (following_.kind != TokenKind::open_brace && following_.kind != TokenKind::semicolon) {
      if (following_.kind == TokenKind::end)
        return wrong(kind.span, format("{} without a body", kind.text), "write { … } behind its name");
      advance();
      made->labels.emplace_back(current_.text, current_.span);
    }
    if (following_.kind == TokenKind::open_brace) {
      advance();
      made->body = TRY(statements(depth));
    }
    made->span = {kind.span.begin, current_.span.end};
    Expression out{TokenKind::block_word, kind.text, made->span, nullptr};
    out.block = std::move(made);
    return out;
  }

  // The statements of a block whose opening brace is current, up to its closing brace.
  Result<Body> statements(std::size_t depth) {
    Body body;
    const Span open = current_.span;
    advance();
    while (current_.kind != TokenKind::close_brace) {
      if (current_.kind == TokenKind::end) return wrong(open, "block not closed", "add the missing }");
      TRY(statement(body, depth + 1));
      advance();
    }
    return body;
  }

  static Value wrapped(const std::pair<std::string, Span>& label, Value value) {
    const Span span = value.span;
    Value outer = Value::object();
    outer.span = span;
    outer.members().push_back({label.first, label.second, std::move(value)});
    return outer;
  }

  // Blocks inside a block: one of a kind as an object, several as an array. The recursion is as deep as the source.
  static Value object_of(Body& body, Span span) {
    std::map<std::string, std::vector<Block*>> kinds;
    for (auto& block : body.blocks) kinds[block.kind].push_back(&block);
    for (auto& [kind, blocks] : kinds) {
      const Span kind_span = blocks.front()->kind_span;
      if (blocks.size() == 1) {
        body.assignments.set(kind, kind_span, object_of(blocks.front()->body, blocks.front()->span));
        continue;
      }
      Value list = Value::array();
      list.span = {blocks.front()->span.begin, blocks.back()->span.end};
      for (Block* block : blocks) {
        Value value = object_of(block->body, block->span);
        for (const auto& label : block->labels) value = wrapped(label, std::move(value));
        list.items().push_back(std::move(value));
      }
      body.assignments.set(kind, kind_span, std::move(list));
    }
    return body.assignments.take(span);
  }

  std::string_view text_;
  const ReadOptions& options_;
  Lexer lexer_;
  Token current_;
  Token following_;
};

}  // namespace

Result<Value> read_vcl(std::string_view text, const ReadOptions& options) { return VclReader(text, options).read(); }

}  // namespace chiron::policy::inputs
