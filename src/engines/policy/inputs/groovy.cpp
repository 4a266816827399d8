// Groovy (Jenkinsfiles) as a syntax tree of {kind, text, line, column, children}, as Conftest shows it: a file of
// statements, calls with the called expression and then the arguments, every token but comments. Groovy 2.4's language,
// which Jenkins runs. A line's end ends a statement, but not inside parentheses and brackets.
#include "engines/policy/inputs/groovy.h"

#include <algorithm>
#include <array>

#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs {

namespace {

using groovy::Token;

constexpr std::size_t kTreeDepth = 256;
constexpr std::size_t kTreeNodes = 100'000;

struct Node {
  std::string_view kind;
  const Token* token = nullptr;  // of leaves
  std::vector<Node> children;
  std::size_t depth = 1;

  void add(Node child) {
    depth = std::max(depth, child.depth + 1);
    children.push_back(std::move(child));
  }
};

// Binary operators, the loosest first.
int precedence(const Token& token) {
  static constexpr std::pair<std::string_view, int> kLevels[] = {
      {"Or", 1},           {"And", 2},        {"BitOr", 3},     {"BitXor", 4},         {"BitAnd", 5},
      {"Equal", 6},        {"NotEqual", 6},   {"Spaceship", 6}, {"Identical", 6},      {"NotIdentical", 6},
      {"RegexFind", 6},    {"RegexMatch", 6}, {"Less", 7},      {"LessEqual", 7},      {"Greater", 7},
      {"GreaterEqual", 7}, {"Shl", 8},        {"Range", 8},     {"RangeExclusive", 8}, {"Plus", 9},
      {"Minus", 9},        {"Star", 10},      {"Slash", 10},    {"Percent", 10},       {"Power", 11}};
  for (const auto& [kind, level] : kLevels)
    if (token.kind == kind) return level;
  if (token.kind == "Keyword" && (token.text == "in" || token.text == "instanceof" || token.text == "as")) return 7;
  return 0;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, text) != list.end();
}
bool is_primitive(std::string_view word) {
  return one_of(word, {"void", "boolean", "byte", "char", "short", "int", "long", "float", "double"});
}
bool is_modifier(std::string_view word) {
  return one_of(word, {"def", "final", "static", "private", "public", "protected", "abstract", "native", "transient",
                       "volatile", "strictfp"});
}

class Parser {
 public:
  Parser(std::string_view text, const ReadOptions& options, const std::vector<Token>& tokens)
      : text_(text), options_(options), tokens_(tokens) {}

  Result<Node> file() {
    Node root{"FileNode", nullptr, {}, 1};
    while (!is("EOF")) TRY(statement_into(root));
    return root;
  }

 private:
  // One level of the recursion.
  struct Level {
    explicit Level(std::size_t& counter) : counter_(counter) { ++counter_; }
    ~Level() { --counter_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    std::size_t& counter_;
  };

  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  [[nodiscard]] const Token& ahead(std::size_t by) const { return tokens_[std::min(at_ + by, tokens_.size() - 1)]; }
  [[nodiscard]] bool is(std::string_view kind) const { return now().kind == kind; }
  [[nodiscard]] bool is_word(std::string_view word) const { return now().kind == "Keyword" && now().text == word; }
  // Whether the current token goes on with what stands before it.
  [[nodiscard]] bool goes_on() const { return parentheses_ > 0 || !now().on_new_line; }

  Node take() { return Node{now().kind, &tokens_[at_ + 1 < tokens_.size() ? at_++ : at_], {}, 1}; }
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view expected) const {
    return syntax_error("groovy", text_, options_, now().begin,
                        is("EOF") ? format("expected {}, found the end of the file", expected)
                                  : format("expected {} before {}", expected, now().text));
  }
  [[nodiscard]] std::unexpected<Error> deep() const {
    return fail(ErrorKind::limit, "limit.depth", format("syntax tree exceeds maximum depth of {}", kTreeDepth),
                place_of(text_, options_, now().span()));
  }
  Result<Node> take(std::string_view kind, std::string_view expected) {
    if (!is(kind)) return wrong(expected);
    return take();
  }
  // A node with its children; refused where the tree gets too deep, before anything recurses over it.
  template <class... Children>
  Result<Node> made(std::string_view kind, Children&&... children) const {
    Node node{kind, nullptr, {}, 1};
    (node.add(std::forward<Children>(children)), ...);
    if (node.depth >= kTreeDepth) return deep();
    return node;
  }

  Result<void> statement_into(Node& parent) {
    if (is("Semicolon")) {
      parent.add(take());
      return {};
    }
    parent.add(TRY(statement()));
    if (parent.depth >= kTreeDepth) return deep();
    if (!is("Semicolon") && !is("RBrace") && !is("EOF") && !now().on_new_line &&
        parent.children.back().kind != "LabeledStmt" && tokens_[at_ - 1].kind != "RBrace")
      return wrong("the end of the statement");
    return {};
  }

  Result<Node> statement() {
    const Level level(level_);
    if (level_ > kTreeDepth) return deep();
    if (is("LBrace")) return block("BlockStmt");
    if (is("Keyword")) {
      const auto word = now().text;
      if (word == "import" || word == "package") return header();
      if (word == "if") return condition();
      if (word == "for" || word == "while" || word == "switch" || word == "synchronized") return loop();
      if (word == "do") return do_while();
      if (word == "try") return attempt();
      if (one_of(word, {"return", "throw", "assert", "break", "continue"})) return jump();
      if (one_of(word, {"case", "default"})) return case_label();
    }
    if (is("Identifier") && ahead(1).kind == "Colon") {
      Node node = TRY(made("LabeledStmt", take()));
      node.add(take());
      if (!is("RBrace") && !is("EOF")) node.add(TRY(statement()));
      return node;
    }
    if (is_declaration()) return declaration();
    Node node = TRY(command());
    return made("ExpressionStmt", std::move(node));
  }

  Result<Node> header() {
    Node node = TRY(made(now().text == "import" ? "ImportDecl" : "PackageDecl", take()));
    while (!now().on_new_line && !is("Semicolon") && !is("EOF")) node.add(take());
    return node;
  }

  Result<Node> block(std::string_view kind) {
    const std::size_t outer = std::exchange(parentheses_, 0);
    Node node = TRY(made(kind, TRY(take("LBrace", "{"))));
    while (!is("RBrace")) {
      if (is("EOF")) return wrong("}");
      TRY(statement_into(node));
    }
    node.add(take());
    parentheses_ = outer;
    return node;
  }

  // ( expression )
  Result<void> parenthesis(Node& node) {
    node.add(TRY(take("LParen", "(")));
    ++parentheses_;
    node.add(TRY(command()));
    --parentheses_;
    node.add(TRY(take("RParen", ")")));
    return {};
  }

  Result<Node> condition() {
    Node node = TRY(made("IfStmt", take()));
    TRY(parenthesis(node));
    node.add(TRY(statement()));
    const bool semicolon = is("Semicolon") && ahead(1).kind == "Keyword" && ahead(1).text == "else";
    if (semicolon) node.add(take());
    if (is_word("else")) {
      node.add(take());
      node.add(TRY(statement()));
    }
    return node.depth >= kTreeDepth ? Result<Node>(deep()) : Result<Node>(std::move(node));
  }

  Result<Node> loop() {
    const auto word = now().text;
    Node node = TRY(made(word == "for"      ? "ForStmt"
                         : word == "while"  ? "WhileStmt"
                         : word == "switch" ? "SwitchStmt"
                                            : "SynchronizedStmt",
                         take()));
    if (word != "for") {
      TRY(parenthesis(node));
    } else {
      node.add(TRY(take("LParen", "(")));
      ++parentheses_;
      while (!is("RParen")) {
        if (is("Semicolon") || is("Comma") || is("Colon") || is_word("in")) {
          node.add(take());
        } else if (is_declaration()) {
          node.add(TRY(declaration()));
        } else {
          node.add(TRY(expression()));
        }
      }
      --parentheses_;
      node.add(TRY(take("RParen", ")")));
    }
    if (is("Semicolon")) return node;
    node.add(TRY(statement()));
    return node.depth >= kTreeDepth ? Result<Node>(deep()) : Result<Node>(std::move(node));
  }

  Result<Node> do_while() {
    Node node = TRY(made("DoWhileStmt", take()));
    node.add(TRY(statement()));
    if (!is_word("while")) return wrong("while");
    node.add(take());
    TRY(parenthesis(node));
    return node;
  }

  Result<Node> attempt() {
    Node node = TRY(made("TryStmt", take()));
    node.add(TRY(block("BlockStmt")));
    while (is_word("catch")) {
      Node handler = TRY(made("CatchClause", take()));
      handler.add(TRY(take("LParen", "(")));
      while (!is("RParen")) {
        if (!is("Identifier") && !is("BitOr") && !is("Dot") && !is("Keyword")) return wrong(")");
        handler.add(take());
      }
      handler.add(take());
      handler.add(TRY(block("BlockStmt")));
      node.add(std::move(handler));
    }
    if (is_word("finally")) {
      Node last = TRY(made("FinallyClause", take()));
      last.add(TRY(block("BlockStmt")));
      node.add(std::move(last));
    }
    return node;
  }

  Result<Node> jump() {
    const auto word = now().text;
    Node node = TRY(made(word == "return"   ? "ReturnStmt"
                         : word == "throw"  ? "ThrowStmt"
                         : word == "assert" ? "AssertStmt"
                         : word == "break"  ? "BreakStmt"
                                            : "ContinueStmt",
                         take()));
    if (now().on_new_line || is("Semicolon") || is("RBrace") || is("EOF")) return node;
    node.add(TRY(command()));
    if (word == "assert" && (is("Colon") || is("Comma"))) {
      node.add(take());
      node.add(TRY(expression()));
    }
    return node;
  }

  Result<Node> case_label() {
    Node node = TRY(made("CaseLabel", take()));
    if (tokens_[at_ - 1].text == "case") node.add(TRY(expression()));
    node.add(TRY(take("Colon", ":")));
    if (is("RBrace") || is_word("case") || is_word("default")) return made("LabeledStmt", std::move(node));
    Node body = TRY(statement());
    return made("LabeledStmt", std::move(node), std::move(body));
  }

  // The index behind a type that begins at `i`, or nothing. Types begin with a capital, as Groovy takes them.
  [[nodiscard]] std::optional<std::size_t> behind_type(std::size_t i) const {
    auto kind = [&](std::size_t at) { return at < tokens_.size() ? tokens_[at].kind : std::string_view("EOF"); };
    if (kind(i) == "Keyword" && is_primitive(tokens_[i].text)) {
      ++i;
    } else {
      if (kind(i) != "Identifier") return std::nullopt;
      while (kind(i + 1) == "Dot" && kind(i + 2) == "Identifier") i += 2;
      const char first = tokens_[i].text.front();
      if (first < 'A' || first > 'Z') return std::nullopt;
      ++i;
      if (kind(i) == "Less") {
        std::size_t open = 0;
        do {
          if (kind(i) == "Less") ++open;
          if (kind(i) == "Greater") --open;
          if (!one_of(kind(i),
                      {"Less", "Greater", "Identifier", "Comma", "Question", "Dot", "Keyword", "LBracket", "RBracket"}))
            return std::nullopt;
          ++i;
        } while (open > 0);
      }
    }
    while (kind(i) == "LBracket" && kind(i + 1) == "RBracket") i += 2;
    return i;
  }

  [[nodiscard]] bool is_declaration() const {
    if (is("At") && ahead(1).kind == "Identifier") return true;
    if (is("Keyword") && (is_modifier(now().text) || one_of(now().text, {"class", "interface", "enum", "trait"})))
      return true;
    const auto end = behind_type(at_);
    if (!end || tokens_[*end].kind != "Identifier" || tokens_[*end].on_new_line) return false;
    if (tokens_[*end + 1].kind != "LParen") return true;
    return is_method(*end + 1);
  }

  // Whether the parenthesis at `i` closes before a body.
  [[nodiscard]] bool is_method(std::size_t i) const {
    std::size_t open = 0;
    for (; i < tokens_.size(); ++i) {
      if (tokens_[i].kind == "LParen") ++open;
      if (tokens_[i].kind == "RParen" && --open == 0) break;
    }
    if (i + 1 >= tokens_.size()) return false;
    const Token& next = tokens_[i + 1];
    return next.kind == "LBrace" || (next.kind == "Keyword" && next.text == "throws");
  }

  Result<void> annotations(Node& node) {
    while (is("At")) {
      Node annotation = TRY(made("Annotation", take()));
      annotation.add(TRY(take("Identifier", "the annotation's name")));
      while (is("Dot")) {
        annotation.add(take());
        annotation.add(TRY(take("Identifier", "a name")));
      }
      if (is("LParen") && goes_on()) TRY(arguments(annotation));
      node.add(std::move(annotation));
    }
    return {};
  }

  Result<Node> declaration() {
    Node node{"VarDecl", nullptr, {}, 1};
    while (is("At") || (is("Keyword") && is_modifier(now().text))) {
      TRY(annotations(node));
      while (is("Keyword") && is_modifier(now().text)) node.add(take());
    }
    if (is("Keyword") && one_of(now().text, {"class", "interface", "enum", "trait"}))
      return class_declaration(std::move(node));
    if (is_word("import")) return header();  // @Grab(…) import …
    if (const auto end = behind_type(at_);
        end && one_of(tokens_[*end].kind, {"Identifier", "StringLiteral", "GStringFull"}))
      while (at_ < *end) node.add(take());
    if ((is("Identifier") || is("StringLiteral") || is("GStringFull")) && ahead(1).kind == "LParen" &&
        is_method(at_ + 1))
      return method(with_kind(std::move(node), "MethodDecl"));
    if (is("LParen")) {  // def (a, b) = …
      while (!is("RParen")) {
        if (is("EOF")) return wrong(")");
        node.add(take());
      }
      node.add(take());
    } else {
      node.add(TRY(take("Identifier", "a name")));
    }
    while (true) {
      if (is("Assign")) {
        node.add(take());
        node.add(TRY(command()));
      }
      if (!is("Comma") || ahead(1).kind != "Identifier") break;
      node.add(take());
      node.add(take());
    }
    if (node.depth >= kTreeDepth) return deep();
    return node;
  }

  static Node with_kind(Node node, std::string_view kind) {
    node.kind = kind;
    return node;
  }

  Result<Node> method(Node node) {
    node.add(take());
    node.add(TRY(parameters()));
    while (!is("LBrace")) {
      if (!is("Keyword") && !is("Identifier") && !is("Comma") && !is("Dot")) return wrong("{");
      node.add(take());
    }
    node.add(TRY(block("BlockStmt")));
    return node;
  }

  Result<Node> parameters() {
    Node node = TRY(made("ParameterList", TRY(take("LParen", "("))));
    ++parentheses_;
    while (!is("RParen")) {
      if (is("Comma")) {
        node.add(take());
        continue;
      }
      node.add(TRY(parameter()));
    }
    --parentheses_;
    node.add(take());
    return node;
  }

  Result<Node> parameter() {
    Node node{"Parameter", nullptr, {}, 1};
    TRY(annotations(node));
    while (is("Keyword") && is_modifier(now().text)) node.add(take());
    if (const auto end = behind_type(at_);
        end && (tokens_[*end].kind == "Identifier" || tokens_[*end].kind == "Ellipsis"))
      while (at_ < *end) node.add(take());
    if (is("Ellipsis")) node.add(take());
    node.add(TRY(take("Identifier", "a parameter's name")));
    if (is("Assign")) {
      node.add(take());
      node.add(TRY(expression()));
    }
    return node;
  }

  Result<Node> class_declaration(Node node) {
    node.kind = "ClassDecl";
    const bool enumeration = is_word("enum");
    while (!is("LBrace")) {
      if (is("EOF") || is("RBrace")) return wrong("{");
      node.add(take());
    }
    const std::size_t outer = std::exchange(parentheses_, 0);
    Node body = TRY(made("ClassBody", take()));
    if (enumeration) {
      while (is("Identifier")) {
        body.add(TRY(expression()));
        if (is("Comma")) body.add(take());
      }
    }
    while (!is("RBrace")) {
      if (is("EOF")) return wrong("}");
      if (is("Identifier") && ahead(1).kind == "LParen" && is_method(at_ + 1))
        body.add(TRY(method(Node{"ConstructorDecl", nullptr, {}, 1})));
      else
        TRY(statement_into(body));
    }
    body.add(take());
    parentheses_ = outer;
    node.add(std::move(body));
    return node;
  }

  [[nodiscard]] bool begins_argument() const {
    if (!goes_on()) return false;
    if (is("Keyword")) return one_of(now().text, {"new", "this", "super"}) || is_primitive(now().text);
    return one_of(now().kind,
                  {"Identifier", "StringLiteral", "GStringFull", "GStringBegin", "SlashyStringLit",
                   "DollarSlashyStringLit", "IntegerLiteral", "DecimalLiteral", "BooleanLiteral", "NullLiteral"});
  }

  // An expression that may be a call without parentheses: name argument, argument.
  Result<Node> command() {
    Node node = TRY(expression());
    while (one_of(node.kind, {"IdentExpr", "PropertyExpr", "CallExpr"}) && begins_argument()) {
      if (node.kind == "CallExpr" && node.children.back().kind != "ClosureExpr" && is("Identifier")) {
        node = TRY(made("PropertyExpr", std::move(node), take()));  // a b c d: (a b).c d
        if (!begins_argument()) break;
      }
      Node call = TRY(made("CallExpr", std::move(node)));
      while (true) {
        call.add(TRY(argument()));
        if (!is("Comma")) break;
        call.add(take());
      }
      if (call.depth >= kTreeDepth) return deep();
      node = std::move(call);
    }
    return node;
  }

  // value, or name: value, or *values
  Result<Node> argument() {
    const bool keyword = is("Keyword") && ahead(1).kind == "Colon";
    if (is("Star")) {
      Node spread = TRY(made("SpreadExpr", take()));
      if (is("Colon")) spread.add(take());
      spread.add(TRY(expression()));
      return spread;
    }
    Node node = keyword ? take() : TRY(expression());
    if (!is("Colon")) return node;
    Node colon = take();
    Node value = TRY(expression());
    return made("NamedArg", std::move(node), std::move(colon), std::move(value));
  }

  // ( argument, … ) as children of `node`.
  Result<void> arguments(Node& node) {
    node.add(TRY(take("LParen", "(")));
    return list_until(node, "RParen", ", or )");
  }

  // What stands between an opening token, already taken, and the closing one.
  Result<void> list_until(Node& node, std::string_view close, std::string_view wanted) {
    ++parentheses_;
    while (!is(close)) {
      if (is("Comma")) {
        node.add(take());
        continue;
      }
      node.add(TRY(argument()));
      if (!is("Comma") && !is(close)) return wrong(wanted);
    }
    --parentheses_;
    node.add(take());
    if (node.depth >= kTreeDepth) return deep();
    return {};
  }

  Result<Node> expression() {
    const Level level(level_);
    if (level_ > kTreeDepth) return deep();
    Node left = TRY(binary(1));
    if (is("Question") || is("Elvis")) {
      const bool elvis = is("Elvis");
      Node mark = take();
      Node yes = TRY(expression());
      if (elvis) return made("ElvisExpr", std::move(left), std::move(mark), std::move(yes));
      Node colon = TRY(take("Colon", ":"));
      Node no = TRY(expression());
      return made("TernaryExpr", std::move(left), std::move(mark), std::move(yes), std::move(colon), std::move(no));
    }
    if (goes_on() && (is("Assign") || now().kind.ends_with("Assign"))) {
      Node mark = take();
      Node right = TRY(command());
      return made("AssignExpr", std::move(left), std::move(mark), std::move(right));
    }
    return left;
  }

  Result<Node> binary(int least) {
    Node left = TRY(unary());
    while (goes_on()) {
      int level = precedence(now());
      const bool negated = is("Not") && ahead(1).kind == "Keyword" && one_of(ahead(1).text, {"in", "instanceof"});
      if (negated) level = 7;
      const bool shift = is("Greater") && ahead(1).kind == "Greater" && ahead(1).begin == now().begin + 1;
      if (shift) level = 8;
      if (level < least || level == 0) break;
      const bool type = is("Keyword") && (now().text == "as" || now().text == "instanceof");
      Node node = TRY(made("BinaryExpr", std::move(left), take()));
      if (negated || shift) node.add(take());
      if (shift && is("Greater")) node.add(take());
      if (const auto end = behind_type(at_); (type || negated) && end) {
        while (at_ < *end) node.add(take());
      } else {
        const Level deeper(level_);
        if (level_ > kTreeDepth) return deep();
        node.add(TRY(binary(level + 1)));
      }
      if (node.depth >= kTreeDepth) return deep();
      left = std::move(node);
    }
    return left;
  }

  Result<Node> unary() {
    const Level level(level_);
    if (level_ > kTreeDepth) return deep();
    if (one_of(now().kind, {"Not", "BitNot", "Minus", "Plus", "Increment", "Decrement"})) {
      Node mark = take();
      Node operand = TRY(unary());
      return made("UnaryExpr", std::move(mark), std::move(operand));
    }
    if (is("LParen")) {
      const auto end = behind_type(at_ + 1);
      if (end && tokens_[*end].kind == "RParen" && begins_operand(*end + 1)) {
        Node node{"CastExpr", nullptr, {}, 1};
        while (at_ <= *end) node.add(take());
        node.add(TRY(unary()));
        return node.depth >= kTreeDepth ? Result<Node>(deep()) : Result<Node>(std::move(node));
      }
    }
    return postfix();
  }

  [[nodiscard]] bool begins_operand(std::size_t i) const {
    const Token& token = tokens_[std::min(i, tokens_.size() - 1)];
    if (token.on_new_line) return false;
    if (token.kind == "Keyword") return one_of(token.text, {"new", "this", "super"});
    return one_of(token.kind, {"Identifier", "StringLiteral", "GStringFull", "GStringBegin", "IntegerLiteral",
                               "DecimalLiteral", "BooleanLiteral", "NullLiteral", "LParen", "LBracket"});
  }

  Result<Node> postfix() {
    Node node = TRY(primary());
    while (true) {
      if (one_of(now().kind, {"Dot", "SafeDot", "SpreadDot", "MethodPointer", "FieldAccess"})) {
        Node mark = take();
        Node name;
        if (one_of(now().kind, {"Identifier", "Keyword", "StringLiteral", "BooleanLiteral", "NullLiteral"}))
          name = take();
        else if (one_of(now().kind, {"GStringFull", "GStringBegin", "LParen"}))
          name = TRY(primary());
        else
          return wrong("a member's name");
        node = TRY(made("PropertyExpr", std::move(node), std::move(mark), std::move(name)));
      } else if (!goes_on()) {
        break;
      } else if (is("LParen")) {
        node = TRY(made("CallExpr", std::move(node)));
        TRY(arguments(node));
      } else if (is("LBracket")) {
        Node index = TRY(made("IndexExpr", std::move(node)));
        TRY(elements(index));
        node = std::move(index);
      } else if (is("LBrace") && one_of(node.kind, {"IdentExpr", "PropertyExpr", "CallExpr"})) {
        if (node.kind != "CallExpr") node = TRY(made("CallExpr", std::move(node)));
        node.add(TRY(closure()));
      } else if (is("Increment") || is("Decrement")) {
        node = TRY(made("PostfixExpr", std::move(node), take()));
      } else {
        break;
      }
      if (node.depth >= kTreeDepth) return deep();
    }
    return node;
  }

  Result<Node> primary() {
    const Level level(level_);
    if (level_ > kTreeDepth) return deep();
    if (is("Identifier")) return made("IdentExpr", take());
    if (one_of(now().kind, {"StringLiteral", "SlashyStringLit", "DollarSlashyStringLit", "IntegerLiteral",
                            "DecimalLiteral", "BooleanLiteral", "NullLiteral"}))
      return made("LiteralExpr", take());
    if (is("GStringFull")) return made("GStringExpr", take());
    if (is("GStringBegin")) return interpolated();
    if (is("LBrace")) return closure();
    if (is("LParen")) {
      Node node{"ParenExpr", nullptr, {}, 1};
      TRY(parenthesis(node));
      return node.depth >= kTreeDepth ? Result<Node>(deep()) : Result<Node>(std::move(node));
    }
    if (is("LBracket")) {
      Node node{"ListExpr", nullptr, {}, 1};
      TRY(elements(node));
      for (auto& child : node.children)
        if (child.kind == "NamedArg" || child.kind == "Colon") node.kind = "MapExpr";
      if (node.kind == "MapExpr")
        for (auto& child : node.children)
          if (child.kind == "NamedArg") child.kind = "MapEntry";
      return node;
    }
    if (is_word("new")) return creation();
    if (is("Keyword") && (one_of(now().text, {"this", "super"}) || is_primitive(now().text)))
      return made("IdentExpr", take());
    return wrong("an expression");
  }

  // [ element, … ] as children of `node`; [:] is an empty map.
  Result<void> elements(Node& node) {
    node.add(TRY(take("LBracket", "[")));
    if (is("Colon")) node.add(take());
    return list_until(node, "RBracket", ", or ]");
  }

  Result<Node> interpolated() {
    Node node = TRY(made("GStringExpr", take()));
    while (true) {
      if (is("LBrace")) {
        const std::size_t outer = std::exchange(parentheses_, 0);
        node.add(take());
        if (is("Arrow")) node.add(take());
        while (!is("RBrace")) {
          if (is("EOF")) return wrong("}");
          if (is("Semicolon"))
            node.add(take());
          else
            node.add(TRY(command()));
        }
        node.add(take());
        parentheses_ = outer;
      } else {
        Node name = TRY(made("IdentExpr", TRY(take("Identifier", "a name"))));
        while (is("Dot")) {
          name = TRY(made("PropertyExpr", std::move(name), take()));
          name.add(TRY(take("Identifier", "a name")));
        }
        node.add(std::move(name));
      }
      const bool last = is("GStringEnd");
      if (!last && !is("GStringPart")) return wrong("the rest of the string");
      node.add(take());
      if (node.depth >= kTreeDepth) return deep();
      if (last) return node;
    }
  }

  Result<Node> creation() {
    Node node = TRY(made("NewExpr", take()));
    while (is("Identifier") || is("Dot") || (is("Keyword") && is_primitive(now().text))) node.add(take());
    if (is("Less"))
      while (!is("LParen") && !is("LBracket")) {
        if (!one_of(now().kind, {"Less", "Greater", "Identifier", "Comma", "Question", "Dot", "Keyword"}))
          return wrong("(");
        node.add(take());
      }
    if (is("LParen")) {
      TRY(arguments(node));
      if (is("LBrace") && goes_on()) node.add(TRY(block("ClassBody")));
      return node;
    }
    if (!is("LBracket")) return wrong("( or [");
    while (is("LBracket")) TRY(elements(node));
    return node;
  }

  // { parameters -> statements }
  Result<Node> closure() {
    const std::size_t outer = std::exchange(parentheses_, 0);
    Node node = TRY(made("ClosureExpr", TRY(take("LBrace", "{"))));
    if (is("Arrow") || has_parameters()) {
      Node list{"ParameterList", nullptr, {}, 1};
      while (!is("Arrow")) {
        if (is("Comma"))
          list.add(take());
        else
          list.add(TRY(parameter()));
      }
      if (!list.children.empty()) node.add(std::move(list));
      node.add(take());
    }
    while (!is("RBrace")) {
      if (is("EOF")) return wrong("}");
      TRY(statement_into(node));
    }
    node.add(take());
    parentheses_ = outer;
    if (node.depth >= kTreeDepth) return deep();
    return node;
  }

  [[nodiscard]] bool has_parameters() const {
    for (std::size_t i = at_; i < tokens_.size(); ++i) {
      const auto kind = tokens_[i].kind;
      if (kind == "Arrow") return true;
      if (!one_of(kind,
                  {"Identifier", "Keyword", "Comma", "Dot", "Less", "Greater", "LBracket", "RBracket", "Assign", "At",
                   "Ellipsis", "Question", "StringLiteral", "IntegerLiteral", "BooleanLiteral", "NullLiteral"}))
        return false;
    }
    return false;
  }

  std::string_view text_;
  const ReadOptions& options_;
  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  std::size_t level_ = 0;
  std::size_t parentheses_ = 0;  // open ones, in which a line's end means nothing
};

// A node as {kind, text, line, column, children}; its span comes from its first and last token.
class Converter {
 public:
  Converter(std::string_view text) : lines_(text) {}

  Result<Value> convert(const Node& node) {
    if (++nodes_ > kTreeNodes)
      return fail(ErrorKind::limit, "limit.nodes", format("syntax tree exceeds maximum node count of {}", kTreeNodes));
    Value made = Value::object();
    Span span = node.token != nullptr ? node.token->span() : Span{};
    Value children = Value::array();
    for (const Node& child : node.children) {
      Value value = TRY(convert(child));
      if (children.items().empty()) span.begin = value.span.begin;
      span.end = value.span.end;
      children.items().push_back(std::move(value));
    }
    auto add = [&](std::string_view name, Value value) {
      value.span = span;
      made.members().push_back({std::string(name), span, std::move(value)});
    };
    const std::uint32_t line = lines_.line_of(span.begin);
    if (!children.items().empty()) add("children", std::move(children));
    add("column", Value(span.begin - lines_.line_start(line) + 1));
    add("kind", Value(node.kind));
    add("line", Value(line));
    if (node.token != nullptr) add("text", Value(node.token->text));
    made.span = span;
    return made;
  }

 private:
  utf8::LineIndex lines_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Value> read_groovy(std::string_view text, const ReadOptions& options) {
  const auto tokens = TRY(groovy::tokens_of(text, options));
  const Node root = TRY(Parser(text, options, tokens).file());
  return Converter(text).convert(root);
}

}  // namespace chiron::policy::inputs
