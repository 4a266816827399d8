#include "engines/prose/filter.h"

#include <algorithm>
#include <variant>

#include "engines/prose/pattern.h"
#include "foundation/base/format.h"

namespace chiron::prose {

struct RuleFilter::Node {
  enum class Kind : std::uint8_t { text, list, field, not_, and_, or_, compare } kind = Kind::text;
  std::string text;  // literal, field or operator
  std::vector<std::unique_ptr<Node>> children;
  Pattern pattern;  // of "matches"
};

namespace {
constexpr std::size_t kDepth = 100;
constexpr std::size_t kTerms = 1000;
}  // namespace

class FilterParser {
 public:
  using Node = RuleFilter::Node;
  using Kind = Node::Kind;
  explicit FilterParser(std::string_view text) : text_(text) {}

  Result<std::unique_ptr<Node>> run() {
    auto node = TRY(disjunction());
    skip();
    if (at_ < text_.size()) return wrong("the expression ends too early");
    return node;
  }
  bool names_level = false;

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  bool accept(std::string_view word) {
    skip();
    if (!text_.substr(at_).starts_with(word)) return false;
    const bool name = word[0] >= 'a' && word[0] <= 'z';
    if (name && at_ + word.size() < text_.size()) {
      const auto next = text_[at_ + word.size()] | 32;
      if ((next >= 'a' && next <= 'z') || next == '_') return false;
    }
    at_ += word.size();
    return true;
  }
  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorKind::usage, "prose.filter", format("the filter cannot be read at byte {}: {}", at_, what),
                Place{}, "write it like .Level in [\"error\"] and .Name != \"Style.Rule\"");
  }
  static std::unique_ptr<Node> make(Kind kind, std::string text = {}) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->text = std::move(text);
    return node;
  }

  Result<std::unique_ptr<Node>> disjunction() {
    if (++depth_ > kDepth) return wrong("it is nested too deeply");
    auto node = make(Kind::or_);
    node->children.push_back(TRY(conjunction()));
    while (accept("or") || accept("||")) {
      if (node->children.size() > kTerms) return wrong("it is too long");
      node->children.push_back(TRY(conjunction()));
    }
    --depth_;
    return node;
  }
  Result<std::unique_ptr<Node>> conjunction() {
    auto node = make(Kind::and_);
    node->children.push_back(TRY(negation()));
    while (accept("and") || accept("&&")) {
      if (node->children.size() > kTerms) return wrong("it is too long");
      node->children.push_back(TRY(negation()));
    }
    return node;
  }
  Result<std::unique_ptr<Node>> negation() {
    if (++depth_ > kDepth) return wrong("it is nested too deeply");
    skip();
    if (accept("not") || (text_.substr(at_).starts_with('!') && !text_.substr(at_).starts_with("!=") && accept("!"))) {
      auto node = make(Kind::not_);
      node->children.push_back(TRY(negation()));
      --depth_;
      return node;
    }
    auto made = TRY(comparison());
    --depth_;
    return made;
  }
  Result<std::unique_ptr<Node>> comparison() {
    if (accept("(")) {
      auto node = TRY(disjunction());
      if (!accept(")")) return wrong("')' is missing");
      return node;
    }
    auto left = TRY(operand());
    std::string mark;
    bool negated = false;
    if (accept("not")) negated = true;
    for (const std::string_view known : {"==", "!=", "in", "contains", "startsWith", "endsWith", "matches"}) {
      if (accept(known)) {
        mark = known;
        break;
      }
    }
    if (mark.empty()) return wrong("a comparison is expected");
    auto node = make(Kind::compare, mark);
    node->children.push_back(std::move(left));
    node->children.push_back(TRY(operand()));
    if (mark == "matches") {
      if (node->children[1]->kind != Kind::text) return wrong("'matches' asks for a text");
      node->pattern = TRY(Pattern::compile(node->children[1]->text));
    }
    if (!negated) return node;
    auto outer = make(Kind::not_);
    outer->children.push_back(std::move(node));
    return outer;
  }
  Result<std::unique_ptr<Node>> operand() {
    skip();
    if (at_ >= text_.size()) return wrong("a value is expected");
    const auto c = text_[at_];
    if (c == '"' || c == '\'' || c == '`') {
      std::string value;
      ++at_;
      while (at_ < text_.size() && text_[at_] != c) {
        if (text_[at_] == '\\' && c != '`' && at_ + 1 < text_.size()) ++at_;
        value.push_back(text_[at_++]);
      }
      if (at_ >= text_.size()) return wrong("a text is not closed");
      ++at_;
      return make(Kind::text, std::move(value));
    }
    if (c == '[') {
      ++at_;
      auto node = make(Kind::list);
      while (!accept("]")) {
        if (node->children.size() > kTerms) return wrong("a list is too long");
        node->children.push_back(TRY(operand()));
        if (node->children.back()->kind == Kind::list) return wrong("a list holds texts");
        if (!accept(",") && !text_.substr(at_).starts_with(']')) return wrong("',' or ']' is expected");
      }
      return node;
    }
    if (c == '.') {
      const auto begin = ++at_;
      while (at_ < text_.size() && (((text_[at_] | 32) >= 'a' && (text_[at_] | 32) <= 'z') || text_[at_] == '_')) ++at_;
      auto name = std::string(text_.substr(begin, at_ - begin));
      constexpr std::string_view kFields[] = {"Name", "Level", "Scope", "Message", "Description", "Extends", "Link"};
      if (std::find(std::begin(kFields), std::end(kFields), name) == std::end(kFields)) {
        return wrong(format("'.{}' is no field of a rule", name));
      }
      names_level = names_level || name == "Level";
      return make(Kind::field, std::move(name));
    }
    return wrong("a text, a list or a field is expected");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

RuleFilter::RuleFilter() = default;
RuleFilter::RuleFilter(RuleFilter&&) noexcept = default;
RuleFilter& RuleFilter::operator=(RuleFilter&&) noexcept = default;
RuleFilter::~RuleFilter() = default;

Result<RuleFilter> RuleFilter::compile(std::string_view expression) {
  FilterParser parser(expression);
  RuleFilter filter;
  filter.root_ = TRY(parser.run());
  filter.names_level_ = parser.names_level;
  return filter;
}

bool RuleFilter::names_level() const { return names_level_; }

bool RuleFilter::keeps(const RuleHead& head) const {
  struct Evaluate {
    const RuleHead& head;
    std::vector<std::string> values(const Node& node, bool& list) const {
      list = node.kind == Node::Kind::list;
      std::vector<std::string> all;
      if (list) {
        bool inner = false;
        for (const auto& child : node.children) {
          for (auto& value : values(*child, inner)) all.push_back(std::move(value));
        }
      } else if (node.kind == Node::Kind::field) {
        if (node.text == "Name") all = {head.name};
        if (node.text == "Level") all = {std::string(to_string(head.level))};
        if (node.text == "Message") all = {head.message};
        if (node.text == "Description") all = {head.description};
        if (node.text == "Extends") all = {head.extends};
        if (node.text == "Link") all = {head.link};
        if (node.text == "Scope") {
          all = head.scope;
          list = true;
        }
      } else {
        all = {node.text};
      }
      return all;
    }
    bool holds(const Node& node) const {
      switch (node.kind) {
        case Node::Kind::or_:
          return std::any_of(node.children.begin(), node.children.end(),
                             [&](const auto& child) { return holds(*child); });
        case Node::Kind::and_:
          return std::all_of(node.children.begin(), node.children.end(),
                             [&](const auto& child) { return holds(*child); });
        case Node::Kind::not_:
          return !holds(*node.children[0]);
        case Node::Kind::compare:
          break;
        default:
          return false;
      }
      bool left_list = false;
      bool right_list = false;
      const auto left = values(*node.children[0], left_list);
      const auto right = values(*node.children[1], right_list);
      const auto has = [](const std::vector<std::string>& list, const std::string& item) {
        return std::find(list.begin(), list.end(), item) != list.end();
      };
      if (node.text == "==") return left == right;
      if (node.text == "!=") return left != right;
      if (node.text == "in") return !left.empty() && has(right, left[0]);
      if (left.empty() || right.empty()) return false;
      if (node.text == "contains") return left_list ? has(left, right[0]) : left[0].find(right[0]) != std::string::npos;
      if (node.text == "startsWith") return left[0].starts_with(right[0]);
      if (node.text == "endsWith") return left[0].ends_with(right[0]);
      return node.pattern.found_in(left[0]);
    }
  };
  return Evaluate{head}.holds(*root_);
}

}  // namespace chiron::prose
