// Lexer and parser of GraphQL documents.
#include <algorithm>
#include <array>

#include "engines/policy/builtins/graphql.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::graphql {

namespace {

enum class TokenKind { end, invalid, punctuator, name, integer, real, string, block_string };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  Position place;
};

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::end:
      return "<EOF>";
    case TokenKind::invalid:
      return "<Invalid>";
    case TokenKind::punctuator:
      return token.text;
    case TokenKind::name:
      return format("Name \"{}\"", token.text);
    case TokenKind::integer:
      return format("Int \"{}\"", token.text);
    case TokenKind::real:
      return format("Float \"{}\"", token.text);
    case TokenKind::string:
      return format("String \"{}\"", token.text);
    case TokenKind::block_string:
      return format("BlockString \"{}\"", token.text);
  }
  return "";
}

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    skip();
    Token token;
    token.place = {line_, static_cast<std::uint32_t>(utf8::count(text_.substr(line_begin_, at_ - line_begin_))) + 1};
    if (at_ >= text_.size()) return token;
    const char c = text_[at_];
    if (text_.substr(at_).starts_with("...")) return punctuator(token, 3);
    if (std::string_view("!$&():=@[]{|}").find(c) != std::string_view::npos) return punctuator(token, 1);
    if (is_name_start(c)) {
      const auto begin = at_;
      while (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
      token.kind = TokenKind::name;
      token.text = text_.substr(begin, at_ - begin);
      return token;
    }
    if (is_digit(c) || c == '-') return number(token);
    if (c == '"') return text_.substr(at_).starts_with("\"\"\"") ? block_string(token) : string(token);
    token.kind = TokenKind::invalid;
    ++at_;
    return token;
  }

 private:
  void new_line() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
    line_begin_ = at_;
  }
  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == ',') {
        ++at_;
      } else if (c == '\n' || c == '\r') {
        new_line();
      } else if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
      } else if (text_.substr(at_).starts_with("\xEF\xBB\xBF")) {
        at_ += 3;
      } else {
        return;
      }
    }
  }
  Token punctuator(Token token, std::size_t length) {
    token.kind = TokenKind::punctuator;
    token.text = text_.substr(at_, length);
    at_ += length;
    return token;
  }
  Token invalid(Token token) const {
    token.kind = TokenKind::invalid;
    token.text.clear();
    token.place = {line_, static_cast<std::uint32_t>(at_ - line_begin_) + 1};
    return token;
  }
  Token number(Token token) {
    const auto begin = at_;
    token.kind = TokenKind::integer;
    if (text_[at_] == '-') ++at_;
    const auto digits = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ == digits || (at_ - digits > 1 && text_[digits] == '0')) return invalid(token);
    if (at_ < text_.size() && text_[at_] == '.') {
      token.kind = TokenKind::real;
      ++at_;
      const auto fraction = at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      if (at_ == fraction) return invalid(token);
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      token.kind = TokenKind::real;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      const auto exponent = at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      if (at_ == exponent) return invalid(token);
    }
    if (at_ < text_.size() && is_name_start(text_[at_])) return invalid(token);
    token.text = text_.substr(begin, at_ - begin);
    return token;
  }
  Token string(Token token) {
    token.kind = TokenKind::string;
    ++token.place.column;  // the place of a string is behind its quote
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_];
      if (c == '\n' || c == '\r') return invalid(token);
      if (c != '\\') {
        token.text += c;
        ++at_;
        continue;
      }
      const char escape = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      at_ += 2;
      switch (escape) {
        case '"':
        case '\\':
        case '/':
          token.text += escape;
          break;
        case 'b':
          token.text += '\b';
          break;
        case 'f':
          token.text += '\f';
          break;
        case 'n':
          token.text += '\n';
          break;
        case 'r':
          token.text += '\r';
          break;
        case 't':
          token.text += '\t';
          break;
        case 'u': {
          char32_t point = 0;
          for (int i = 0; i < 4; ++i, ++at_) {
            const char h = at_ < text_.size() ? text_[at_] : '\0';
            const int digit = is_digit(h)            ? h - '0'
                              : h >= 'a' && h <= 'f' ? h - 'a' + 10
                              : h >= 'A' && h <= 'F' ? h - 'A' + 10
                                                     : -1;
            if (digit < 0) return invalid(token);
            point = point * 16 + static_cast<char32_t>(digit);
          }
          utf8::append(token.text, point >= 0xD800 && point <= 0xDFFF ? U'\uFFFD' : point);
          break;
        }
        default:
          return invalid(token);
      }
    }
    if (at_ >= text_.size()) return invalid(token);
    ++at_;
    return token;
  }
  Token block_string(Token token) {
    token.kind = TokenKind::block_string;
    token.place.column += 3;
    at_ += 3;
    std::string raw;
    while (true) {
      if (at_ >= text_.size()) return invalid(token);
      if (text_.substr(at_).starts_with("\"\"\"")) break;
      if (text_.substr(at_).starts_with("\\\"\"\"")) {
        raw += "\"\"\"";
        at_ += 4;
      } else if (text_[at_] == '\n' || text_[at_] == '\r') {
        raw += '\n';
        new_line();
      } else {
        raw += text_[at_++];
      }
    }
    at_ += 3;
    token.text = dedent(raw);
    return token;
  }
  // Common indentation of all lines but the first is cut, blank lines at both ends too.
  static std::string dedent(std::string_view raw) {
    auto lines = text::split(raw, '\n');
    auto indent_of = [](std::string_view line) {
      const auto found = line.find_first_not_of(" \t");
      return found == std::string_view::npos ? line.size() : found;
    };
    std::size_t common = std::string_view::npos;
    for (std::size_t i = 1; i < lines.size(); ++i)
      if (indent_of(lines[i]) < lines[i].size()) common = std::min(common, indent_of(lines[i]));
    if (common != std::string_view::npos)
      for (std::size_t i = 1; i < lines.size(); ++i) lines[i].remove_prefix(std::min(common, lines[i].size()));
    std::size_t first = 0, last = lines.size();
    while (first < last && indent_of(lines[first]) == lines[first].size()) ++first;
    while (last > first && indent_of(lines[last - 1]) == lines[last - 1].size()) --last;
    std::string out;
    for (std::size_t i = first; i < last; ++i) {
      if (i > first) out += '\n';
      out += lines[i];
    }
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0, line_begin_ = 0;
  std::uint32_t line_ = 1;
};

// The parser stops at its first error: `error_` is set and everything returns at once.
class Parser {
 public:
  Parser(Store& store, std::string_view text, Positions* positions)
      : store_(store), lexer_(text), positions_(positions) {
    advance();
  }

  std::expected<Value, std::string> run(Value (Parser::*document)()) {
    const Value value = (this->*document)();
    if (!error_.empty()) return std::unexpected(error_);
    return value;
  }

  Value query_document() {
    std::vector<Value> operations, fragments;
    while (ok() && token_.kind != TokenKind::end) {
      if (at("{") || at_name("query") || at_name("mutation") || at_name("subscription"))
        operations.push_back(operation());
      else if (at_name("fragment"))
        fragments.push_back(fragment());
      else
        unexpected();
    }
    Node node(*this);
    node.list("Operations", operations);
    node.list("Fragments", fragments);
    return node.make();
  }

  Value schema_document() {
    std::vector<Value> schemas, extensions_of_schema, directives, definitions, extensions;
    while (ok() && token_.kind != TokenKind::end) {
      const Token first = token_;
      const bool described = is_description();
      const std::string text = description();
      if (token_.kind != TokenKind::name) {
        unexpected();
      } else if (token_.text == "schema") {
        schemas.push_back(schema_definition(text, false));
      } else if (token_.text == "directive") {
        directives.push_back(directive_definition(text));
      } else if (token_.text == "extend") {
        if (described) {
          unexpected(first);
          break;
        }
        advance();
        if (at_name("schema"))
          extensions_of_schema.push_back(schema_definition("", true));
        else
          extensions.push_back(type_definition("", true));
      } else {
        definitions.push_back(type_definition(text, false));
      }
    }
    Node node(*this);
    node.list("Schema", schemas);
    node.list("SchemaExtension", extensions_of_schema);
    node.list("Directives", directives);
    node.list("Definitions", definitions);
    node.list("Extensions", extensions);
    return node.make();
  }

 private:
  // Collects a node's members and notes where it stands.
  class Node {
   public:
    explicit Node(Parser& parser) : parser_(parser), place_(parser.token_.place) {}
    void text(std::string_view name, std::string_view value) { add(name, parser_.store_.string(value)); }
    void flag(std::string_view name, bool value) { add(name, Value::boolean(value)); }
    void add(std::string_view name, Value value) { members_.push_back({parser_.store_.intern(name), value}); }
    void list(std::string_view name, const std::vector<Value>& values) {
      if (!values.empty()) add(name, parser_.store_.array(values));
    }
    Value make() {
      const Value value = parser_.store_.object(members_);
      if (parser_.positions_ != nullptr) (*parser_.positions_)[value.bits()] = place_;
      return value;
    }

   private:
    Parser& parser_;
    Position place_;
    std::vector<Member> members_;
  };
  struct Nesting {
    explicit Nesting(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kDepth)
        parser_.fail(format("more than {} levels of nesting", kDepth), parser_.token_.place);
    }
    ~Nesting() { --parser_.depth_; }
    Parser& parser_;
  };

  bool ok() const { return error_.empty(); }
  void fail(std::string message, Position place) {
    if (ok()) error_ = format("{} in GraphQL string at location {}:{}", message, place.line, place.column);
  }
  void unexpected(const Token& token) { fail("Unexpected " + describe(token), token.place); }
  void unexpected() { unexpected(token_); }
  void advance() { token_ = lexer_.next(); }
  bool at(std::string_view punctuator) const {
    return token_.kind == TokenKind::punctuator && token_.text == punctuator;
  }
  bool at_name(std::string_view name) const { return token_.kind == TokenKind::name && token_.text == name; }
  bool skip(std::string_view punctuator) {
    if (!at(punctuator)) return false;
    advance();
    return true;
  }
  static std::string found(const Token& token) {
    return token.kind == TokenKind::name ? describe(token) : describe(token);
  }
  void expect(std::string_view punctuator) {
    if (ok() && !skip(punctuator)) fail(format("Expected {}, found {}", punctuator, found(token_)), token_.place);
  }
  void expect_keyword(std::string_view word) {
    if (!ok()) return;
    if (at_name(word)) return advance();
    fail(format("Expected \"{}\", found {}", word, found(token_)), token_.place);
  }
  std::string name() {
    if (!ok()) return {};
    if (token_.kind != TokenKind::name) {
      fail("Expected Name, found " + found(token_), token_.place);
      return {};
    }
    std::string text = std::move(token_.text);
    advance();
    return text;
  }

  // Items between two marks, if the first stands here.
  template <class Item>
  std::vector<Value> many(std::string_view open, std::string_view close, Item item) {
    std::vector<Value> items;
    if (!ok() || !skip(open)) return items;
    while (ok() && !at(close)) items.push_back(item());
    if (ok()) advance();
    return items;
  }
  template <class Item>
  std::vector<Value> some(std::string_view open, std::string_view close, Item item) {
    if (!ok() || !at(open)) return {};
    auto items = [&] {
      std::vector<Value> found_items;
      advance();
      while (ok() && !at(close)) found_items.push_back(item());
      return found_items;
    }();
    if (!ok()) return items;
    if (items.empty())
      fail("expected at least one definition, found " + found(token_), token_.place);
    else
      advance();
    return items;
  }

  bool is_description() const { return token_.kind == TokenKind::string || token_.kind == TokenKind::block_string; }
  std::string description() {
    if (!is_description()) return {};
    std::string text = std::move(token_.text);
    advance();
    return text;
  }

  // --- queries ---

  Value operation() {
    Node node(*this);
    std::string kind = "query", label;
    std::vector<Value> variables, applied;
    if (!at("{")) {
      kind = name();
      if (token_.kind == TokenKind::name) label = name();
      variables = many("(", ")", [&] { return variable_definition(); });
      applied = directives(false);
    }
    node.text("Operation", kind);
    node.text("Name", label);
    node.list("VariableDefinitions", variables);
    node.list("Directives", applied);
    node.list("SelectionSet", required_selections());
    return node.make();
  }
  Value variable_definition() {
    Node node(*this);
    expect("$");
    node.text("Variable", name());
    expect(":");
    node.add("Type", type());
    if (skip("=")) node.add("DefaultValue", value(true));
    node.list("Directives", directives(false));
    node.flag("Used", false);
    return node.make();
  }
  Value fragment() {
    Node node(*this);
    expect_keyword("fragment");
    if (at_name("on")) unexpected();
    node.text("Name", name());
    node.list("VariableDefinition", many("(", ")", [&] { return variable_definition(); }));
    expect_keyword("on");
    node.text("TypeCondition", name());
    node.list("Directives", directives(false));
    node.list("SelectionSet", required_selections());
    return node.make();
  }
  std::vector<Value> required_selections() {
    if (!ok()) return {};
    if (!at("{")) {
      fail("Expected {, found " + found(token_), token_.place);
      return {};
    }
    return selections();
  }
  std::vector<Value> selections() {
    const Nesting nesting(*this);
    return some("{", "}", [&] { return at("...") ? spread() : field(); });
  }
  Value field() {
    Node node(*this);
    std::string alias = name(), label = alias;
    if (skip(":")) label = name();
    node.text("Alias", alias);
    node.text("Name", label);
    node.list("Arguments", arguments(false));
    node.list("Directives", directives(false));
    if (at("{")) node.list("SelectionSet", selections());
    return node.make();
  }
  Value spread() {
    Node node(*this);
    expect("...");
    if (token_.kind == TokenKind::name && token_.text != "on") {
      node.text("Name", name());
      node.list("Directives", directives(false));
      return node.make();
    }
    std::string condition;
    if (at_name("on")) {
      advance();
      condition = name();
    }
    node.text("TypeCondition", condition);
    node.list("Directives", directives(false));
    node.list("SelectionSet", required_selections());
    return node.make();
  }
  std::vector<Value> arguments(bool constant) {
    return many("(", ")", [&] {
      Node node(*this);
      node.text("Name", name());
      expect(":");
      node.add("Value", value(constant));
      return node.make();
    });
  }
  std::vector<Value> directives(bool constant) {
    std::vector<Value> list;
    while (ok() && at("@")) {
      Node node(*this);
      advance();
      node.text("Name", name());
      node.list("Arguments", arguments(constant));
      node.text("Location", "");
      list.push_back(node.make());
    }
    return list;
  }
  Value value(bool constant) {
    const Nesting nesting(*this);
    Node node(*this);
    auto finish = [&](std::string_view raw, int kind) {
      node.text("Raw", raw);
      node.add("Kind", Value::small(kind));
      node.flag("ExpectedTypeHasDefault", false);
      return node.make();
    };
    auto scalar = [&](int kind) {
      const std::string raw = token_.text;
      advance();
      return finish(raw, kind);
    };
    auto child = [&](const std::string& label) {
      Node entry(*this);
      entry.text("Name", label);
      entry.add("Value", value(constant));
      return entry.make();
    };
    if (!ok()) return Value::null();
    switch (token_.kind) {
      case TokenKind::integer:
        return scalar(1);
      case TokenKind::real:
        return scalar(2);
      case TokenKind::string:
        return scalar(3);
      case TokenKind::block_string:
        return scalar(4);
      case TokenKind::name:
        return scalar(token_.text == "true" || token_.text == "false" ? 5 : token_.text == "null" ? 6 : 7);
      default:
        break;
    }
    if (at("$") && !constant) {
      advance();
      return finish(name(), 0);
    }
    if (at("[")) {
      node.list("Children", many("[", "]", [&] { return child(""); }));
      return finish("", 8);
    }
    if (at("{")) {
      node.list("Children", many("{", "}", [&] {
                  const std::string label = name();
                  expect(":");
                  return child(label);
                }));
      return finish("", 9);
    }
    unexpected();
    return Value::null();
  }
  Value type() {
    const Nesting nesting(*this);
    Node node(*this);
    if (skip("[")) {
      node.text("NamedType", "");
      node.add("Elem", type());
      expect("]");
    } else {
      node.text("NamedType", name());
    }
    node.flag("NonNull", ok() && skip("!"));
    return node.make();
  }

  // --- schemas ---

  Value schema_definition(const std::string& text, bool extension) {
    Node node(*this);
    advance();
    node.text("Description", text);
    const auto applied = directives(true);
    const auto operations = some("{", "}", [&] {
      Node entry(*this);
      const Token first = token_;
      const std::string operation = name();
      if (operation != "query" && operation != "mutation" && operation != "subscription") unexpected(first);
      entry.text("Operation", operation);
      expect(":");
      entry.text("Type", name());
      return entry.make();
    });
    if (extension && applied.empty() && operations.empty()) unexpected();
    node.list("Directives", applied);
    node.list("OperationTypes", operations);
    return node.make();
  }
  Value type_definition(const std::string& text, bool extension) {
    Node node(*this);
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kKinds = {
        {{"scalar", "SCALAR"},
         {"type", "OBJECT"},
         {"interface", "INTERFACE"},
         {"union", "UNION"},
         {"enum", "ENUM"},
         {"input", "INPUT_OBJECT"}}};
    std::string_view kind;
    for (const auto& [word, upper] : kKinds)
      if (at_name(word)) kind = upper;
    if (kind.empty()) {
      unexpected();
      return Value::null();
    }
    advance();
    node.text("Kind", kind);
    node.text("Description", text);
    node.flag("BuiltIn", false);
    node.text("Name", name());
    std::vector<Value> interfaces, fields, types, values;
    if (kind == "OBJECT" || kind == "INTERFACE") {
      if (at_name("implements")) {
        advance();
        skip("&");
        do interfaces.push_back(store_.string(name()));
        while (ok() && skip("&"));
      }
    }
    const auto applied = directives(true);
    if (kind == "OBJECT" || kind == "INTERFACE") fields = some("{", "}", [&] { return field_definition(); });
    if (kind == "INPUT_OBJECT") fields = some("{", "}", [&] { return input_definition(); });
    if (kind == "UNION" && skip("=")) {
      skip("|");
      do types.push_back(store_.string(name()));
      while (ok() && skip("|"));
    }
    if (kind == "ENUM")
      values = some("{", "}", [&] {
        Node entry(*this);
        entry.text("Description", description());
        entry.text("Name", name());
        entry.list("Directives", directives(true));
        return entry.make();
      });
    if (extension && interfaces.empty() && applied.empty() && fields.empty() && types.empty() && values.empty())
      unexpected();
    node.list("Interfaces", interfaces);
    node.list("Directives", applied);
    node.list("Fields", fields);
    node.list("Types", types);
    node.list("EnumValues", values);
    return node.make();
  }
  Value field_definition() {
    Node node(*this);
    node.text("Description", description());
    node.text("Name", name());
    node.list("Arguments", some("(", ")", [&] { return input_definition(); }));
    expect(":");
    node.add("Type", type());
    node.list("Directives", directives(true));
    return node.make();
  }
  Value input_definition() {
    Node node(*this);
    node.text("Description", description());
    node.text("Name", name());
    expect(":");
    node.add("Type", type());
    if (ok() && skip("=")) node.add("DefaultValue", value(true));
    node.list("Directives", directives(true));
    return node.make();
  }
  Value directive_definition(const std::string& text) {
    static constexpr std::array<std::string_view, 19> kLocations = {"QUERY",
                                                                    "MUTATION",
                                                                    "SUBSCRIPTION",
                                                                    "FIELD",
                                                                    "FRAGMENT_DEFINITION",
                                                                    "FRAGMENT_SPREAD",
                                                                    "INLINE_FRAGMENT",
                                                                    "VARIABLE_DEFINITION",
                                                                    "SCHEMA",
                                                                    "SCALAR",
                                                                    "OBJECT",
                                                                    "FIELD_DEFINITION",
                                                                    "ARGUMENT_DEFINITION",
                                                                    "INTERFACE",
                                                                    "UNION",
                                                                    "ENUM",
                                                                    "ENUM_VALUE",
                                                                    "INPUT_OBJECT",
                                                                    "INPUT_FIELD_DEFINITION"};
    Node node(*this);
    advance();
    expect("@");
    node.text("Description", text);
    node.text("Name", name());
    node.list("Arguments", some("(", ")", [&] { return input_definition(); }));
    const bool repeatable = at_name("repeatable");
    if (repeatable) advance();
    node.flag("IsRepeatable", repeatable);
    expect_keyword("on");
    std::vector<Value> locations;
    skip("|");
    do {
      const Token location = token_;
      const std::string word = name();
      if (ok() && std::ranges::find(kLocations, word) == kLocations.end()) unexpected(location);
      locations.push_back(store_.string(word));
    } while (ok() && skip("|"));
    node.list("Locations", locations);
    return node.make();
  }

  Store& store_;
  Lexer lexer_;
  Positions* positions_;
  Token token_;
  std::string error_;
  int depth_ = 0;
};

std::expected<Value, std::string> parse(Store& store, std::string_view text, Positions* positions,
                                        Value (Parser::*document)()) {
  if (text.size() > kBytes) return std::unexpected(format("GraphQL text of more than {} bytes", kBytes));
  return Parser(store, text, positions).run(document);
}

}  // namespace

std::expected<Value, std::string> parse_query(Store& store, std::string_view text, Positions* positions) {
  return parse(store, text, positions, &Parser::query_document);
}
std::expected<Value, std::string> parse_schema(Store& store, std::string_view text, Positions* positions) {
  return parse(store, text, positions, &Parser::schema_document);
}

}  // namespace chiron::policy::graphql
