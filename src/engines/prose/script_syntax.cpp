#include "engines/prose/script_syntax.h"

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose::script {

namespace {

enum class TokenKind : std::uint8_t { end, name, integer, floating, text, character, mark, newline };
struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  std::uint32_t line = 1;
};

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  Lexer(std::string_view source, const std::string& file) : source_(source), file_(file) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (at_ < source_.size()) {
      const auto c = source_[at_];
      if (c == '\n') {
        // A line end closes a statement where something stands before it that can end one.
        if (!tokens.empty() && ends_statement(tokens.back())) tokens.push_back({TokenKind::newline, ";", line_});
        ++line_;
        ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else if (source_.substr(at_).starts_with("//")) {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else if (source_.substr(at_).starts_with("/*")) {
        const auto close = source_.find("*/", at_ + 2);
        if (close == std::string_view::npos) return wrong("a comment is not closed");
        for (auto i = at_; i < close; ++i) line_ += source_[i] == '\n' ? 1u : 0u;
        at_ = close + 2;
      } else if (c == ';') {
        tokens.push_back({TokenKind::newline, ";", line_});
        ++at_;
      } else if (starts_name(c)) {
        const auto begin = at_;
        while (at_ < source_.size() && (starts_name(source_[at_]) || is_digit(source_[at_]))) ++at_;
        tokens.push_back({TokenKind::name, std::string(source_.substr(begin, at_ - begin)), line_});
      } else if (is_digit(c) || (c == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]))) {
        const auto begin = at_;
        bool floating = false;
        const bool hex = source_.substr(at_).starts_with("0x");
        if (hex) at_ += 2;
        while (at_ < source_.size()) {
          const auto d = source_[at_];
          const auto lower = d | 32;
          if (is_digit(d) || (hex && lower >= 'a' && lower <= 'f')) {
            ++at_;
          } else if (!hex && (d == '.' || lower == 'e')) {
            floating = true;
            ++at_;
            if (lower == 'e' && at_ < source_.size() && (source_[at_] == '+' || source_[at_] == '-')) ++at_;
          } else {
            break;
          }
        }
        tokens.push_back({floating ? TokenKind::floating : TokenKind::integer,
                          std::string(source_.substr(begin, at_ - begin)), line_});
      } else if (c == '"' || c == '\'') {
        tokens.push_back({c == '"' ? TokenKind::text : TokenKind::character, TRY(quoted(c)), line_});
      } else if (c == '`') {
        const auto close = source_.find('`', at_ + 1);
        if (close == std::string_view::npos) return wrong("a raw text is not closed");
        const auto inside = source_.substr(at_ + 1, close - at_ - 1);
        tokens.push_back({TokenKind::text, std::string(inside), line_});
        for (const auto each : inside) line_ += each == '\n' ? 1u : 0u;
        at_ = close + 1;
      } else {
        constexpr std::string_view kMarks[] = {
            "<<=", ">>=", "&^=", "...", ":=", "==", "!=", "<=", ">=", "&&", "||", "++",
            "--",  "+=",  "-=",  "*=",  "/=", "%=", "|=", "&=", "^=", "<<", ">>", "&^"};
        std::string mark(1, c);
        for (const auto known : kMarks) {
          if (source_.substr(at_).starts_with(known)) {
            mark = known;
            break;
          }
        }
        if (mark.size() == 1 && std::string_view("+-*/%&|^<>=!.,:?()[]{}").find(c) == std::string_view::npos) {
          return wrong(format("'{}' has no meaning here", mark));
        }
        tokens.push_back({TokenKind::mark, mark, line_});
        at_ += mark.size();
      }
    }
    tokens.push_back({TokenKind::newline, ";", line_});
    tokens.push_back({TokenKind::end, "", line_});
    return tokens;
  }

 private:
  static bool ends_statement(const Token& token) {
    switch (token.kind) {
      case TokenKind::name:
      case TokenKind::integer:
      case TokenKind::floating:
      case TokenKind::text:
      case TokenKind::character:
        return true;
      case TokenKind::mark:
        return token.text == ")" || token.text == "]" || token.text == "}" || token.text == "++" || token.text == "--";
      default:
        return false;
    }
  }

  Result<std::string> quoted(char quote) {
    std::string out;
    ++at_;
    while (at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n') {
      if (source_[at_] != '\\' || at_ + 1 >= source_.size()) {
        out.push_back(source_[at_++]);
        continue;
      }
      const auto c = source_[at_ + 1];
      at_ += 2;
      switch (c) {
        case 'n':
          out.push_back('\n');
          break;
        case 't':
          out.push_back('\t');
          break;
        case 'r':
          out.push_back('\r');
          break;
        case '0':
          out.push_back('\0');
          break;
        case 'x':
        case 'u': {
          const std::size_t digits = c == 'x' ? 2 : 4;
          std::uint32_t point = 0;
          for (std::size_t i = 0; i < digits && at_ < source_.size(); ++i, ++at_) {
            const auto d = source_[at_] | 32;
            if (is_digit(source_[at_])) {
              point = point * 16 + static_cast<std::uint32_t>(source_[at_] - '0');
            } else if (d >= 'a' && d <= 'f') {
              point = point * 16 + static_cast<std::uint32_t>(d - 'a') + 10;
            } else {
              break;
            }
          }
          utf8::append(out, point);
          break;
        }
        default:
          out.push_back(c);
      }
    }
    if (at_ >= source_.size() || source_[at_] != quote) return wrong("a text is not closed on its line");
    ++at_;
    return out;
  }

  std::unexpected<Error> wrong(std::string message) const {
    return fail(ErrorKind::config, "prose.script", std::move(message), Place{file_, line_});
  }

  std::string_view source_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

using NodePointer = std::unique_ptr<Node>;

// Operators in one chain: the tree of "a + b + c …" is as deep as it is long.
constexpr std::size_t kLinks = 500;

class Parser {
 public:
  Parser(std::vector<Token> tokens, const std::string& file) : tokens_(std::move(tokens)), file_(file) {}

  Result<NodePointer> program() {
    auto block = make(NodeKind::block);
    while (here().kind != TokenKind::end) {
      if (here().kind == TokenKind::newline) {
        ++at_;
        continue;
      }
      block->children.push_back(TRY(statement()));
      TRY(end_statement());
    }
    return block;
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  bool is(std::string_view mark) const { return here().kind == TokenKind::mark && here().text == mark; }
  bool is_name(std::string_view name) const { return here().kind == TokenKind::name && here().text == name; }
  bool accept(std::string_view mark) {
    if (!is(mark)) return false;
    ++at_;
    return true;
  }
  NodePointer make(NodeKind kind, std::string text = {}) const {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->line = here().line;
    node->text = std::move(text);
    return node;
  }
  std::unexpected<Error> wrong(std::string message) const {
    return fail(ErrorKind::config, "prose.script", std::move(message), Place{file_, here().line});
  }
  Result<void> expect(std::string_view mark) {
    if (accept(mark)) return {};
    return wrong(format("'{}' is expected before '{}'", mark, here().text));
  }
  Result<void> end_statement() {
    if (here().kind == TokenKind::newline) {
      ++at_;
      return {};
    }
    if (here().kind == TokenKind::end || is("}")) return {};
    return wrong(format("the statement goes on with '{}', which has no meaning there", here().text));
  }
  void skip_newlines() {
    while (here().kind == TokenKind::newline) ++at_;
  }

  struct Deeper {
    explicit Deeper(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Deeper() { --depth_; }
    std::size_t& depth_;
  };

  Result<NodePointer> block() {
    const Deeper deeper(depth_);
    if (depth_ > limits::kScriptDepth) return wrong("blocks are nested too deeply");
    auto node = make(NodeKind::block);
    TRY(expect("{"));
    while (!is("}")) {
      if (here().kind == TokenKind::end) return wrong("a block is not closed");
      if (here().kind == TokenKind::newline) {
        ++at_;
        continue;
      }
      node->children.push_back(TRY(statement()));
      TRY(end_statement());
    }
    ++at_;
    return node;
  }

  Result<NodePointer> simple_statement() {
    auto left = TRY(expression());
    if (here().kind != TokenKind::mark) return wrap(std::move(left));
    const auto mark = here().text;
    if (mark == ":=" || mark == "=") {
      auto node = make(mark == ":=" ? NodeKind::define : NodeKind::assign, "=");
      ++at_;
      node->children.push_back(std::move(left));
      node->children.push_back(TRY(expression()));
      return node;
    }
    if (mark.size() >= 2 && mark.back() == '=' && mark != "==" && mark != "!=" && mark != "<=" && mark != ">=") {
      auto node = make(NodeKind::assign, mark.substr(0, mark.size() - 1));
      ++at_;
      node->children.push_back(std::move(left));
      node->children.push_back(TRY(expression()));
      return node;
    }
    if (mark == "++" || mark == "--") {
      auto node = make(NodeKind::increment, mark.substr(0, 1));
      ++at_;
      node->children.push_back(std::move(left));
      return node;
    }
    return wrap(std::move(left));
  }

  NodePointer wrap(NodePointer expression) const {
    auto node = make(NodeKind::expression);
    node->line = expression->line;
    node->children.push_back(std::move(expression));
    return node;
  }

  Result<NodePointer> statement() {
    const Deeper deeper(depth_);
    if (depth_ > limits::kScriptDepth) return wrong("statements are nested too deeply");
    if (is_name("if")) return if_statement();
    if (is_name("for")) return for_statement();
    if (is_name("break") || is_name("continue")) {
      auto node = make(is_name("break") ? NodeKind::break_ : NodeKind::continue_);
      ++at_;
      return node;
    }
    if (is_name("return")) {
      auto node = make(NodeKind::return_);
      ++at_;
      if (here().kind != TokenKind::newline && !is("}")) node->children.push_back(TRY(expression()));
      return node;
    }
    if (is_name("export")) return wrong("modules of one's own ('export') are not supported");
    return simple_statement();
  }

  // children: init (or null), condition, then, else (or null)
  Result<NodePointer> if_statement() {
    const Deeper deeper(depth_);
    if (depth_ > limits::kScriptDepth) return wrong("branches are nested too deeply");
    auto node = make(NodeKind::if_);
    ++at_;
    auto first = TRY(simple_statement());
    NodePointer init;
    if (here().kind == TokenKind::newline) {
      ++at_;
      init = std::move(first);
      first = TRY(simple_statement());
    }
    if (first->kind != NodeKind::expression) return wrong("the condition must be an expression");
    node->children.push_back(std::move(init));
    node->children.push_back(std::move(first->children[0]));
    node->children.push_back(TRY(block()));
    NodePointer other;
    if (is_name("else")) {
      ++at_;
      other = is_name("if") ? TRY(if_statement()) : TRY(block());
    }
    node->children.push_back(std::move(other));
    return node;
  }

  // children: init, condition, step (each may be null), body; or for-in: sequence, body
  Result<NodePointer> for_statement() {
    auto node = make(NodeKind::for_);
    ++at_;
    node->children.resize(3);
    if (!is("{")) {
      // for a in b, for a, c in b
      if (here().kind == TokenKind::name) {
        std::vector<std::string> names{here().text};
        auto ahead = at_ + 1;
        if (tokens_[ahead].kind == TokenKind::mark && tokens_[ahead].text == "," &&
            tokens_[ahead + 1].kind == TokenKind::name) {
          names.push_back(tokens_[ahead + 1].text);
          ahead += 2;
        }
        if (tokens_[ahead].kind == TokenKind::name && tokens_[ahead].text == "in") {
          at_ = ahead + 1;
          node->kind = NodeKind::for_in;
          node->names = std::move(names);
          node->children.clear();
          node->children.push_back(TRY(expression()));
          node->children.push_back(TRY(block()));
          return node;
        }
      }
      NodePointer first;
      if (here().kind != TokenKind::newline) first = TRY(simple_statement());
      if (here().kind == TokenKind::newline) {
        ++at_;
        node->children[0] = std::move(first);
        if (here().kind != TokenKind::newline) node->children[1] = TRY(expression());
        if (here().kind != TokenKind::newline) return wrong("a loop has three parts");
        ++at_;
        if (!is("{")) node->children[2] = TRY(simple_statement());
      } else {
        if (first == nullptr || first->kind != NodeKind::expression)
          return wrong("the condition must be an expression");
        node->children[1] = std::move(first->children[0]);
      }
    }
    node->children.push_back(TRY(block()));
    return node;
  }

  Result<NodePointer> expression() {
    const Deeper deeper(depth_);
    if (depth_ > limits::kScriptDepth) return wrong("expressions are nested too deeply");
    auto condition = TRY(binary(1));
    if (!accept("?")) return condition;
    auto node = make(NodeKind::conditional);
    skip_newlines();
    node->children.push_back(std::move(condition));
    node->children.push_back(TRY(expression()));
    skip_newlines();
    TRY(expect(":"));
    skip_newlines();
    node->children.push_back(TRY(expression()));
    return node;
  }

  static int precedence(std::string_view mark) {
    if (mark == "||") return 1;
    if (mark == "&&") return 2;
    if (mark == "==" || mark == "!=" || mark == "<" || mark == "<=" || mark == ">" || mark == ">=") return 3;
    if (mark == "+" || mark == "-" || mark == "|" || mark == "^") return 4;
    if (mark == "*" || mark == "/" || mark == "%" || mark == "<<" || mark == ">>" || mark == "&" || mark == "&^")
      return 5;
    return 0;
  }

  Result<NodePointer> binary(int least) {
    auto left = TRY(unary());
    std::size_t links = 0;
    while (here().kind == TokenKind::mark) {
      const auto level = precedence(here().text);
      if (level < least || level == 0) break;
      auto node = make(NodeKind::binary, here().text);
      if (++links > kLinks) return wrong("the expression is too long");
      ++at_;
      skip_newlines();
      node->children.push_back(std::move(left));
      node->children.push_back(TRY(binary(level + 1)));
      left = std::move(node);
    }
    return left;
  }

  Result<NodePointer> unary() {
    const Deeper deeper(depth_);
    if (depth_ > limits::kScriptDepth) return wrong("expressions are nested too deeply");
    if (is("!") || is("-") || is("+") || is("^")) {
      auto node = make(NodeKind::unary, here().text);
      ++at_;
      node->children.push_back(TRY(unary()));
      return node;
    }
    return postfix(TRY(primary()));
  }

  Result<NodePointer> postfix(NodePointer base) {
    for (std::size_t links = 0;; ++links) {
      if (links > kLinks) return wrong("the expression is too long");
      if (accept(".")) {
        if (here().kind != TokenKind::name) return wrong("a name is expected after '.'");
        auto node = make(NodeKind::selector, here().text);
        ++at_;
        node->children.push_back(std::move(base));
        base = std::move(node);
      } else if (is("[")) {
        auto node = make(NodeKind::index);
        ++at_;
        node->children.push_back(std::move(base));
        NodePointer low;
        if (!is(":")) low = TRY(expression());
        if (accept(":")) {
          node->kind = NodeKind::slice;
          NodePointer high;
          if (!is("]")) high = TRY(expression());
          node->children.push_back(std::move(low));
          node->children.push_back(std::move(high));
        } else {
          node->children.push_back(std::move(low));
        }
        TRY(expect("]"));
        base = std::move(node);
      } else if (is("(")) {
        auto node = make(NodeKind::call);
        ++at_;
        node->children.push_back(std::move(base));
        skip_newlines();
        while (!is(")")) {
          node->children.push_back(TRY(expression()));
          if (accept("...")) node->flag = true;
          skip_newlines();
          if (!accept(",")) break;
          skip_newlines();
        }
        TRY(expect(")"));
        base = std::move(node);
      } else {
        return base;
      }
    }
  }

  Result<NodePointer> primary() {
    const auto token = here();
    switch (token.kind) {
      case TokenKind::integer: {
        auto node = make(NodeKind::number_integer);
        ++at_;
        node->integer = std::strtoll(token.text.c_str(), nullptr, 0);
        return node;
      }
      case TokenKind::floating: {
        auto node = make(NodeKind::number_float);
        ++at_;
        node->number = text::parse_double(token.text).value_or(0);
        return node;
      }
      case TokenKind::text: {
        auto node = make(NodeKind::text, token.text);
        ++at_;
        return node;
      }
      case TokenKind::character: {
        auto node = make(NodeKind::character);
        node->integer = token.text.empty() ? 0 : static_cast<std::int64_t>(utf8::decode(token.text, 0).point);
        ++at_;
        return node;
      }
      case TokenKind::name:
        return named();
      case TokenKind::mark:
        if (accept("(")) {
          skip_newlines();
          auto node = TRY(expression());
          skip_newlines();
          TRY(expect(")"));
          return node;
        }
        if (is("[")) {
          auto node = make(NodeKind::array);
          ++at_;
          skip_newlines();
          while (!is("]")) {
            node->children.push_back(TRY(expression()));
            skip_newlines();
            if (!accept(",")) break;
            skip_newlines();
          }
          TRY(expect("]"));
          return node;
        }
        if (is("{")) return map();
        break;
      default:
        break;
    }
    return wrong(format("an expression is expected before '{}'", token.text));
  }

  Result<NodePointer> map() {
    auto node = make(NodeKind::map);
    ++at_;
    skip_newlines();
    while (!is("}")) {
      if (here().kind != TokenKind::name && here().kind != TokenKind::text) return wrong("a key is expected");
      node->names.push_back(here().text);
      ++at_;
      TRY(expect(":"));
      skip_newlines();
      node->children.push_back(TRY(expression()));
      skip_newlines();
      if (!accept(",")) break;
      skip_newlines();
    }
    TRY(expect("}"));
    return node;
  }

  Result<NodePointer> named() {
    const auto name = here().text;
    if (name == "true" || name == "false") {
      auto node = make(NodeKind::boolean);
      node->integer = name == "true" ? 1 : 0;
      ++at_;
      return node;
    }
    if (name == "undefined") {
      auto node = make(NodeKind::undefined);
      ++at_;
      return node;
    }
    if (name == "import") {
      auto node = make(NodeKind::import_module);
      ++at_;
      TRY(expect("("));
      node->text = here().text;
      if (node->text != "text" && node->text != "fmt" && node->text != "math") {
        return wrong(format("the module '{}' is not available to scripts; text, fmt and math are", node->text));
      }
      ++at_;
      TRY(expect(")"));
      return node;
    }
    if (name == "func") {
      auto node = make(NodeKind::function);
      ++at_;
      TRY(expect("("));
      while (!is(")")) {
        if (accept("...")) node->flag = true;
        if (here().kind != TokenKind::name) return wrong("a parameter's name is expected");
        node->names.push_back(here().text);
        ++at_;
        if (!accept(",")) break;
      }
      TRY(expect(")"));
      node->children.push_back(TRY(block()));
      return node;
    }
    if (name == "immutable" && tokens_[at_ + 1].text == "(") {
      at_ += 2;
      auto node = TRY(expression());
      TRY(expect(")"));
      return node;
    }
    auto node = make(NodeKind::name, name);
    ++at_;
    return node;
  }

  std::vector<Token> tokens_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

Result<std::unique_ptr<Node>> parse(std::string_view source, const std::string& file) {
  if (source.size() > limits::kScriptBytes) {
    return fail(ErrorKind::limit, "limit.size", format("the script of {} bytes is too long", source.size()));
  }
  auto tokens = TRY(Lexer(source, file).run());
  return Parser(std::move(tokens), file).program();
}

}  // namespace chiron::prose::script
