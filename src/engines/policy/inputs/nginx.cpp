// nginx configuration as Conftest shows it: an array of directives, each with its name, its parameters as they are
// written, and its block. The servers of an http block and of an upstream come behind its other directives, and the
// options of an upstream's server are sorted before its flags, as there. Names of directives are not checked.
#include <algorithm>
#include <map>

#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"

namespace chiron::policy::inputs {

namespace {

enum class TokenKind : std::uint8_t { end, word, semicolon, open, close };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  Span span;
};

struct Directive {
  Token name;
  std::vector<Value> parameters;
  bool has_block = false;
  Value block;  // an array of directives
  Span span;
};

class NginxReader {
 public:
  NginxReader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<Value> read() {
    const Span whole{0, static_cast<std::uint32_t>(text_.size())};
    Value root = Value::object();
    root.span = whole;
    Value list = TRY(directives("", nullptr, 0));
    list.span = whole;
    root.members().push_back({"directives", whole, std::move(list)});
    return root;
  }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(Span span, std::string message, std::string next = {}) const {
    return syntax_error("nginx", text_, options_, span.begin, std::move(message), std::move(next));
  }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  [[nodiscard]] Token made(TokenKind kind, std::size_t begin) const {
    return {
        kind, text_.substr(begin, at_ - begin), {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)}};
  }

  Result<Token> next() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_]))
        ++at_;
      else if (text_[at_] == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else
        break;
    }
    const std::size_t begin = at_;
    if (at_ >= text_.size()) return made(TokenKind::end, begin);
    const char c = text_[at_];
    if (c == ';' || c == '{' || c == '}') {
      ++at_;
      return made(c == ';' ? TokenKind::semicolon : c == '{' ? TokenKind::open : TokenKind::close, begin);
    }
    if (c == '"' || c == '\'' || c == '`') {
      ++at_;
      while (peek() != c) {
        if (at_ >= text_.size()) return wrong(made(TokenKind::word, begin).span, "quoted string not closed");
        at_ += peek() == '\\' && peek(1) == c ? 2 : 1;
      }
      ++at_;
      return made(TokenKind::word, begin);
    }
    // A word; "${name}" inside it keeps its braces.
    bool variable = false;
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ';') {
      if (text_[at_] == '{' && !variable) {
        if (at_ == begin || text_[at_ - 1] != '$') break;
        variable = true;
      } else if (text_[at_] == '}') {
        if (!variable) break;
        variable = false;
      }
      ++at_;
    }
    return made(TokenKind::word, begin);
  }

  // The directives of a block, up to its brace, which is taken.
  Result<Value> directives(std::string_view owner, const Token* open, std::size_t depth) {
    if (depth > kBlockDepth) return too_deep(text_, options_, at_);
    Value list = Value::array();
    std::vector<Value> servers;
    while (true) {
      const Token token = TRY(next());
      if (token.kind == TokenKind::end) {
        if (open != nullptr) return wrong(open->span, "unexpected eof in block", "add the missing }");
        break;
      }
      if (token.kind == TokenKind::close) {
        if (open == nullptr) return wrong(token.span, "unexpected }", "remove it, or open the block that it ends");
        break;
      }
      if (token.kind == TokenKind::semicolon) continue;
      if (token.kind == TokenKind::open) return wrong(token.span, "a block without a directive's name before it");
      Directive directive = TRY(read_directive(token, depth));
      const bool server = token.text == "server" && (owner == "upstream" || (owner == "http" && directive.has_block));
      (server ? servers : list.items()).push_back(shape(std::move(directive)));
    }
    for (auto& server : servers) list.items().push_back(std::move(server));
    if (open != nullptr) list.span = {open->span.begin, static_cast<std::uint32_t>(at_)};
    return list;
  }

  Result<Directive> read_directive(const Token& name, std::size_t depth) {
    Directive made;
    made.name = name;
    while (true) {
      const Token token = TRY(next());
      made.span = {name.span.begin, token.span.end};
      if (token.kind == TokenKind::semicolon) break;
      if (token.kind == TokenKind::word) {
        made.parameters.push_back(string_value(token.text, token.span.begin, token.span.end));
        continue;
      }
      if (token.kind != TokenKind::open)
        return wrong(token.span, format("the directive {} does not end", name.text), "end it with ; or a block");
      made.has_block = true;
      if (name.text.ends_with("_by_lua_block")) {
        made.block = TRY(skip_code(token));
      } else {
        made.block = TRY(directives(name.text, &token, depth + 1));
      }
      made.span.end = static_cast<std::uint32_t>(at_);
      break;
    }
    return check(std::move(made));
  }

  // Lua code up to the brace that ends its block; a line's rest behind # or -- may hold any brace.
  Result<Value> skip_code(const Token& open) {
    std::size_t braces = 1;
    while (braces > 0) {
      if (at_ >= text_.size()) return wrong(open.span, "Lua block not closed", "add the missing }");
      const char c = text_[at_];
      if (c == '#' || (c == '-' && peek(1) == '-')) {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '{') ++braces;
      if (c == '}') --braces;
      ++at_;
    }
    Value none = Value::array();
    none.span = {open.span.begin, static_cast<std::uint32_t>(at_)};
    return none;
  }

  Result<Directive> check(Directive made) const {
    const std::string_view name = made.name.text;
    if (name == "location" && made.has_block && (made.parameters.empty() || made.parameters.size() > 2))
      return wrong(made.name.span, made.parameters.empty() ? "no enough parameter for location"
                                                           : "too many arguments for location directive");
    if (name == "upstream" && made.has_block) {
      if (made.parameters.empty()) return wrong(made.name.span, "upstream directive requires a name parameter");
      made.parameters.resize(1);
    }
    if (name == "include" && !made.has_block && made.parameters.size() != 1)
      return wrong(made.name.span, "include takes one path");
    if (made.has_block && (name == "http" || name == "server" || name.ends_with("_by_lua_block")))
      made.parameters.clear();
    if (name == "server" && !made.has_block && !made.parameters.empty()) sort_options(made.parameters);
    return made;
  }

  // address key=value… flag…
  static void sort_options(std::vector<Value>& parameters) {
    std::map<std::string, Value> options;
    std::vector<Value> flags, sorted;
    sorted.push_back(std::move(parameters.front()));
    for (std::size_t i = 1; i < parameters.size(); ++i) {
      const std::string& text = parameters[i].as_string();
      const auto equals = text.find('=');
      if (equals == std::string::npos)
        flags.push_back(std::move(parameters[i]));
      else
        options[text.substr(0, equals)] = std::move(parameters[i]);
    }
    for (auto& [key, value] : options) sorted.push_back(std::move(value));
    for (auto& flag : flags) sorted.push_back(std::move(flag));
    parameters = std::move(sorted);
  }

  static Value shape(Directive directive) {
    Value made = Value::object();
    made.span = directive.span;
    const Span name = directive.name.span;
    if (directive.has_block) {
      Value block = Value::object();
      const Span span = block.span = directive.block.span;
      block.members().push_back({"directives", span, std::move(directive.block)});
      made.members().push_back({"block", span, std::move(block)});
    }
    made.members().push_back({"name", name, string_value(directive.name.text, name.begin, name.end)});
    if (!directive.parameters.empty()) {
      const Span span{directive.parameters.front().span.begin, directive.parameters.back().span.end};
      Value list = Value::array(std::move(directive.parameters));
      list.span = span;
      made.members().push_back({"parameters", span, std::move(list)});
    }
    return made;
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Value> read_nginx(std::string_view text, const ReadOptions& options) {
  return NginxReader(text, options).read();
}

}  // namespace chiron::policy::inputs
