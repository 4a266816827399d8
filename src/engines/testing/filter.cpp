#include "engines/testing/filter.h"

#include <re2/re2.h>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

enum class NodeKind : std::uint8_t {
  all,
  none,
  name,
  suite,
  binary,
  framework,
  file,
  id,
  label,
  failed_last,
  slower_than,
  not_,
  and_,
  or_
};

bool wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct Pattern {
  enum class Kind : std::uint8_t { substring, equal, glob, regex } kind = Kind::substring;
  std::string text;
  std::shared_ptr<const RE2> regex;  // shared by copies; RE2 is not copyable and safe to use from many places

  [[nodiscard]] bool matches(std::string_view subject) const {
    switch (kind) {
      case Kind::equal:
        return subject == text;
      case Kind::glob:
        return wildcard(text, subject);
      case Kind::regex:
        return RE2::PartialMatch(re2::StringPiece(subject.data(), subject.size()), *regex);
      default:
        return subject.find(text) != std::string_view::npos;
    }
  }
};

}  // namespace

struct Filter::Node {
  NodeKind kind = NodeKind::all;
  Pattern pattern;
  Nanoseconds duration{0};
  std::vector<std::shared_ptr<const Node>> children;
};

namespace {

using Node = Filter::Node;

// "\(" is "(": what escape_pattern() put in.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '(' || text[i + 1] == ')' || text[i + 1] == '\\');
    out += text[escape ? ++i : i];
  }
  return out;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::shared_ptr<const Node>> parse() {
    auto node = TRY(expression(0));
    skip_space();
    if (at_ < text_.size()) return error(format("unexpected \"{}\"", text_.substr(at_, 12)));
    return node;
  }

 private:
  std::unexpected<Error> error(std::string what) {
    Error result{ErrorKind::usage,
                 "testing.filter",
                 format("filter \"{}\": {} at column {}", text_.substr(0, 200), what, at_ + 1),
                 {},
                 {},
                 "kinds are name, suite, binary, framework, file, id, label; also failed-last and slower-than(2s)"};
    return std::unexpected(std::move(result));
  }
  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  // A word ends at white space, a parenthesis or an operator sign.
  bool take_word(std::string_view word) {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(word)) return false;
    if (std::isalpha(static_cast<unsigned char>(word[0])) && rest.size() > word.size() &&
        !std::isspace(static_cast<unsigned char>(rest[word.size()])) && rest[word.size()] != '(') {
      return false;
    }
    at_ += word.size();
    return true;
  }

  // Depth is bounded: an expression is the user's, but may come from a file of somebody else's.
  Result<std::shared_ptr<const Node>> expression(std::size_t depth) {
    if (depth > limits::kFilterDepth) return error("nested too deeply");
    auto node = std::make_shared<Node>();
    node->kind = NodeKind::or_;
    do {
      node->children.push_back(TRY(term(depth)));
    } while (take_word("or") || take_word("||") || take_word("|"));
    if (node->children.size() == 1) return node->children[0];
    return node;
  }
  Result<std::shared_ptr<const Node>> term(std::size_t depth) {
    auto node = std::make_shared<Node>();
    node->kind = NodeKind::and_;
    for (;;) {
      node->children.push_back(TRY(factor(depth)));
      if (take_word("and") || take_word("&&") || take_word("&")) continue;
      skip_space();
      const std::string_view rest = text_.substr(at_);
      if (rest.empty() || rest[0] == ')' || rest[0] == '|' || rest == "or" || rest.starts_with("or ") ||
          rest.starts_with("or("))
        break;
    }
    if (node->children.size() == 1) return node->children[0];
    return node;
  }
  Result<std::shared_ptr<const Node>> factor(std::size_t depth) {
    if (depth > limits::kFilterDepth) return error("nested too deeply");
    if (take_word("not") || take_word("!")) {
      auto node = std::make_shared<Node>();
      node->kind = NodeKind::not_;
      node->children.push_back(TRY(factor(depth + 1)));
      return node;
    }
    if (take_word("(")) {
      auto node = TRY(expression(depth + 1));
      if (!take_word(")")) return error("missing \")\"");
      return node;
    }
    return predicate();
  }
  Result<std::shared_ptr<const Node>> predicate() {
    skip_space();
    auto node = std::make_shared<Node>();
    static constexpr std::array<std::pair<std::string_view, NodeKind>, 8> kKinds = {
        {{"name(", NodeKind::name},
         {"suite(", NodeKind::suite},
         {"binary(", NodeKind::binary},
         {"framework(", NodeKind::framework},
         {"file(", NodeKind::file},
         {"id(", NodeKind::id},
         {"label(", NodeKind::label},
         {"slower-than(", NodeKind::slower_than}}};
    for (const auto& [word, kind] : kKinds) {
      if (!text_.substr(at_).starts_with(word)) continue;
      const std::size_t begin = at_ + word.size();
      // The pattern ends at the parenthesis that closes the predicate; pairs inside it belong to it.
      std::size_t open = 1, end = begin;
      for (; end < text_.size(); ++end) {
        if (text_[end] == '\\' && end + 1 < text_.size()) {
          ++end;
        } else if (text_[end] == '(') {
          ++open;
        } else if (text_[end] == ')' && --open == 0) {
          break;
        }
      }
      if (end >= text_.size()) return error("missing \")\"");
      const std::string_view inside = text_.substr(begin, end - begin);
      node->kind = kind;
      if (kind == NodeKind::slower_than) {
        const auto duration = parse_duration(text::trim(inside));
        if (!duration) return error(format("\"{}\" is no duration (say 500ms or 2s)", inside));
        node->duration = *duration;
      } else {
        node->pattern = TRY(pattern(inside));
        if (node->pattern.kind != Pattern::Kind::regex) node->pattern.text = unescape(node->pattern.text);
      }
      at_ = end + 1;
      return node;
    }
    std::size_t end = at_;
    while (end < text_.size() && !std::isspace(static_cast<unsigned char>(text_[end])) && text_[end] != ')' &&
           text_[end] != '|' && text_[end] != '&') {
      ++end;
    }
    const std::string_view word = text_.substr(at_, end - at_);
    if (word.empty()) return error("a test pattern is missing");
    if (word.find('(') != std::string_view::npos) return error(format("\"{}\" is no known predicate", word));
    if (word == "all")
      node->kind = NodeKind::all;
    else if (word == "none")
      node->kind = NodeKind::none;
    else if (word == "failed-last")
      node->kind = NodeKind::failed_last;
    else {
      node->kind = NodeKind::id;
      node->pattern = TRY(pattern(word));
    }
    at_ = end;
    return node;
  }
  Result<Pattern> pattern(std::string_view text) {
    Pattern result;
    if (text.size() >= 2 && text.front() == '/' && text.back() == '/') {
      result.kind = Pattern::Kind::regex;
      result.text = text.substr(1, text.size() - 2);
      RE2::Options options;
      options.set_log_errors(false);
      result.regex = std::make_shared<const RE2>(result.text, options);
      if (!result.regex->ok()) return error(format("bad regular expression: {}", result.regex->error()));
    } else if (text.starts_with("=")) {
      result.kind = Pattern::Kind::equal;
      result.text = text.substr(1);
    } else if (text.starts_with("~")) {
      result.kind = Pattern::Kind::glob;
      result.text = text.substr(1);
    } else {
      result.text = text;
    }
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool evaluate(const Node& node, const TestCase& test, const FilterContext& context) {
  const auto& program = (*context.programs)[test.program];
  switch (node.kind) {
    case NodeKind::all:
      return true;
    case NodeKind::none:
      return false;
    case NodeKind::name:
      return node.pattern.matches(test.name);
    case NodeKind::suite:
      return node.pattern.matches(test.suite);
    case NodeKind::binary:
      return node.pattern.matches(program.id);
    case NodeKind::framework:
      return node.pattern.matches(to_string(program.framework));
    case NodeKind::file:
      return node.pattern.matches(test.file);
    case NodeKind::id:
      return node.pattern.matches(program.id + "::" + test.name);
    case NodeKind::label:
      return test.ctest && std::any_of(test.ctest->labels.begin(), test.ctest->labels.end(),
                                       [&](const auto& label) { return node.pattern.matches(label); });
    case NodeKind::failed_last:
      return context.failed_last && context.failed_last(program.id + "::" + test.name);
    case NodeKind::slower_than: {
      if (!context.duration) return false;
      const auto duration = context.duration(program.id + "::" + test.name);
      return duration && *duration > node.duration;
    }
    case NodeKind::not_:
      return !evaluate(*node.children[0], test, context);
    case NodeKind::and_:
      return std::all_of(node.children.begin(), node.children.end(),
                         [&](const auto& child) { return evaluate(*child, test, context); });
    case NodeKind::or_:
      return std::any_of(node.children.begin(), node.children.end(),
                         [&](const auto& child) { return evaluate(*child, test, context); });
  }
  return false;
}

}  // namespace

Filter::Filter() : root_(std::make_shared<const Node>()) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::Filter(const Filter&) = default;
Filter& Filter::operator=(const Filter&) = default;
Filter::~Filter() = default;

Result<Filter> Filter::parse(std::string_view text) {
  if (text.size() > limits::kFilterBytes)
    return fail(ErrorKind::limit, "testing.filter", "the filter is longer than 64 KiB");
  Filter filter;
  filter.root_ = TRY(Parser(text).parse());
  return filter;
}

bool Filter::matches(const TestCase& test, const FilterContext& context) const {
  return evaluate(*root_, test, context);
}

std::string escape_pattern(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  double factor = 1e9;
  if (text.ends_with("ms")) {
    factor = 1e6;
    text.remove_suffix(2);
  } else if (text.ends_with("us")) {
    factor = 1e3;
    text.remove_suffix(2);
  } else if (text.ends_with("s")) {
    text.remove_suffix(1);
  } else if (text.ends_with("m")) {
    factor = 60e9;
    text.remove_suffix(1);
  } else if (text.ends_with("h")) {
    factor = 3600e9;
    text.remove_suffix(1);
  }
  const auto number = text::parse_double(text);
  if (!number || !(*number >= 0) || *number * factor > 9e18) return {};
  return Nanoseconds(static_cast<std::int64_t>(*number * factor));
}

std::string show_duration(Nanoseconds duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e9;
  if (seconds < 1) return format("{:.0f} ms", seconds * 1000);
  if (seconds < 100) return format("{:.2f} s", seconds);
  return format("{:.0f} s", seconds);
}

}  // namespace chiron::testing
