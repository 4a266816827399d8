// strings.render_template: the part of Go's text/template that policies use: {{.a.b}}, {{$x}}, if/else, range, with,
// variables, comments, trim markers, and the functions and, or, not, eq, ne, lt, le, gt, ge, len, index, print, printf.
#include <array>
#include <map>

#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

constexpr int kTemplateDepth = 100;

struct Node {
  enum Kind { text, action, branch, range, with } kind = text;
  std::string content;  // text, or the pipeline
  std::vector<Node> body, otherwise;
};

class Template {
 public:
  Template(BuiltinContext& context, std::string_view source, Value root)
      : context_(context), source_(source), root_(root) {}

  Value run() {
    std::vector<Node> nodes;
    std::string end;
    if (!parse(nodes, end, 0)) return context_.fail(error_);
    if (!end.empty()) return context_.fail(format("template: :1: unexpected {{{{{}}}}}", end));
    execute(nodes, root_);
    if (!error_.empty()) return context_.fail(error_);
    return context_.store.string(out_);
  }

 private:
  bool fail(std::string why) {
    if (error_.empty()) error_ = "template: " + std::move(why);
    return false;
  }
  static std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(" \t\n")); }

  // Nodes up to {{end}} or {{else …}}, which `end` receives.
  bool parse(std::vector<Node>& nodes, std::string& end, int depth) {
    if (depth > kTemplateDepth) return fail("actions nest too deeply");
    while (at_ < source_.size()) {
      const auto open = std::min(source_.find("{{", at_), source_.size());
      std::string text(source_.substr(at_, open - at_));
      if (trim_next_) text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
      trim_next_ = false;
      at_ = open;
      std::string action;
      if (open < source_.size()) {
        const auto close = source_.find("}}", open);
        if (close == std::string_view::npos) return fail("unclosed action");
        std::string_view inner = source_.substr(open + 2, close - open - 2);
        at_ = close + 2;
        if (inner.starts_with("- ")) {
          inner.remove_prefix(2);
          while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
        }
        if (inner.ends_with(" -")) {
          inner.remove_suffix(2);
          trim_next_ = true;
        }
        action = text::trim(inner);
      }
      if (!text.empty()) nodes.push_back({Node::text, std::move(text), {}, {}});
      if (open >= source_.size()) break;
      if (action.starts_with("/*")) continue;
      const auto word = first_word(action);
      if (word == "end" || word == "else") {
        end = action;
        return true;
      }
      if (word != "if" && word != "range" && word != "with") {
        if (word == "define" || word == "template" || word == "block")
          return fail(format("{{{{{}}}}} is not supported", word));
        nodes.push_back({Node::action, action, {}, {}});
        continue;
      }
      Node node{word == "if"      ? Node::branch
                : word == "range" ? Node::range
                                  : Node::with,
                std::string(text::trim(action.substr(word.size()))),
                {},
                {}};
      if (!parse_branches(node, depth)) return false;
      nodes.push_back(std::move(node));
    }
    return true;
  }
  bool parse_branches(Node& node, int depth) {
    std::string end;
    if (!parse(node.body, end, depth + 1)) return false;
    if (end.starts_with("else if")) {
      Node inner{Node::branch, std::string(text::trim(std::string_view(end).substr(7))), {}, {}};
      if (!parse_branches(inner, depth + 1)) return false;
      node.otherwise.push_back(std::move(inner));
      return true;
    }
    if (end == "else") {
      end.clear();
      if (!parse(node.otherwise, end, depth + 1)) return false;
    }
    return end == "end" || fail("unexpected EOF");
  }

  static bool truth(Value value) {
    if (!value || value.is_null() || value.is_false()) return false;
    if (value.is_number()) return value.number_double() != 0;
    if (value.is_string()) return !value.string().empty();
    return value.is_boolean() || value.size() > 0;
  }

  void execute(const std::vector<Node>& nodes, Value dot) {
    for (const auto& node : nodes) {
      if (!error_.empty()) return;
      switch (node.kind) {
        case Node::text:
          out_ += node.content;
          break;
        case Node::action:
          run_action(node.content, dot);
          break;
        case Node::branch:
          execute(truth(pipeline(node.content, dot)) ? node.body : node.otherwise, dot);
          break;
        case Node::with: {
          const Value value = pipeline(node.content, dot);
          if (truth(value))
            execute(node.body, value);
          else
            execute(node.otherwise, dot);
          break;
        }
        case Node::range:
          run_range(node, dot);
          break;
      }
      if (out_.size() > kMaxStringBytes) fail("the text grows too large");
    }
  }
  void run_action(std::string_view action, Value dot) {
    if (action.starts_with('$')) {
      const auto assign = action.find('=');
      if (assign != std::string_view::npos && action.substr(assign, 2) != "==") {
        const auto name = text::trim(action.substr(0, assign - (action[assign - 1] == ':' ? 1 : 0)));
        variables_[std::string(name)] = pipeline(text::trim(action.substr(assign + 1)), dot);
        return;
      }
    }
    const Value value = pipeline(action, dot);
    if (error_.empty()) out_ += shown(value);
  }
  static std::string shown(Value value) {
    if (!value) return "<undefined>";
    if (value.is_null()) return "<no value>";
    if (value.is_string()) return std::string(value.string());
    if (value.is_array() || value.is_set()) {
      std::string out = "[";
      for (const Value item : value.items()) out += (out.size() > 1 ? " " : "") + shown(item);
      return out + "]";
    }
    if (value.is_object()) {
      std::string out = "map[";
      for (std::uint32_t i = 0; i < value.size(); ++i)
        out += (i > 0 ? " " : "") + shown(value.key_at(i)) + ":" + shown(value.value_at(i));
      return out + "]";
    }
    return to_json(value);
  }
  void run_range(const Node& node, Value dot) {
    std::string key_name, value_name;
    std::string_view source = node.content;
    if (const auto assign = source.find(":="); source.starts_with('$') && assign != std::string_view::npos) {
      const auto names = text::split(source.substr(0, assign), ',');
      if (names.size() > 1) key_name = text::trim(names[0]);
      value_name = text::trim(names.back());
      source = text::trim(source.substr(assign + 2));
    }
    const Value list = pipeline(source, dot);
    if (!truth(list) || !list.is_composite()) return execute(node.otherwise, dot);
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (interrupted(context_, ++steps_)) return void(fail("cancelled"));
      const Value value = list.is_object() ? list.value_at(i) : list.items()[i];
      if (!key_name.empty()) variables_[key_name] = list.is_object() ? list.key_at(i) : Value::small(i);
      if (!value_name.empty()) variables_[value_name] = value;
      execute(node.body, value);
      if (!error_.empty()) return;
    }
  }

  // Words: strings, parenthesised parts and the rest apart.
  std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < text.size();) {
      if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
        ++i;
        continue;
      }
      const auto begin = i;
      int depth = 0;
      char quote = '\0';
      for (; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != '\0') {
          if (c == '\\' && quote == '"')
            ++i;
          else if (c == quote)
            quote = '\0';
        } else if (c == '"' || c == '`') {
          quote = c;
        } else if (c == '(') {
          ++depth;
        } else if (c == ')') {
          --depth;
        } else if (depth == 0 && (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '|')) {
          break;
        }
      }
      if (i == begin) ++i;
      out.push_back(text.substr(begin, i - begin));
    }
    return out;
  }

  Value pipeline(std::string_view text, Value dot, int depth = 0) {
    if (depth > kTemplateDepth) {
      fail("expressions nest too deeply");
      return {};
    }
    std::vector<std::vector<std::string_view>> commands{{}};
    for (const auto word : words(text)) {
      if (word == "|")
        commands.emplace_back();
      else
        commands.back().push_back(word);
    }
    Value result;
    for (std::size_t i = 0; i < commands.size() && error_.empty(); ++i) {
      std::vector<Value> arguments;
      if (commands[i].empty()) {
        fail("missing value for command");
        return {};
      }
      const std::string_view head = commands[i][0];
      const bool call =
          std::isalpha(static_cast<unsigned char>(head[0])) != 0 && head != "true" && head != "false" && head != "nil";
      for (std::size_t j = call ? 1 : 0; j < commands[i].size(); ++j)
        arguments.push_back(operand(commands[i][j], dot, depth));
      if (i > 0) arguments.push_back(result);
      result = call ? function(head, arguments) : arguments.empty() ? Value() : arguments[0];
    }
    return result;
  }

  Value operand(std::string_view word, Value dot, int depth) {
    if (word == "true" || word == "false") return Value::boolean(word == "true");
    if (word == "nil") return Value::null();
    if (word.starts_with('(') && word.ends_with(')')) return pipeline(word.substr(1, word.size() - 2), dot, depth + 1);
    if (word.starts_with('`')) return context_.store.string(word.substr(1, word.size() - 2));
    if (word.starts_with('"')) {
      auto text = parse_json_text(context_.store, word);
      return text ? *text : (fail(format("bad string {}", word)), Value());
    }
    if (is_number_text(word)) return context_.store.number(word);
    Value at = dot;
    if (word.starts_with('$')) {
      const auto point = word.find('.');
      const std::string name(word.substr(0, point));
      if (name == "$") {
        at = root_;
      } else {
        const auto found = variables_.find(name);
        if (found == variables_.end()) {
          fail(format("undefined variable \"{}\"", name));
          return {};
        }
        at = found->second;
      }
      word = point == std::string_view::npos ? std::string_view() : word.substr(point);
    } else if (!word.starts_with('.')) {
      fail(format("unexpected \"{}\"", word));
      return {};
    }
    for (auto part : text::split(word, '.')) {
      if (part.empty()) continue;
      at = at && at.is_object() ? at.get(part) : Value();
    }
    return at;
  }

  Value function(std::string_view name, const std::vector<Value>& a) {
    auto need = [&](std::size_t count) {
      return a.size() >= count || fail(format("wrong number of args for {}", name));
    };
    if (name == "not") return need(1) ? Value::boolean(!truth(a[0])) : Value();
    if (name == "and" || name == "or") {
      if (!need(1)) return {};
      for (const Value value : a)
        if (truth(value) == (name == "or")) return value;
      return a.back();
    }
    if (name == "eq") {
      if (!need(2)) return {};
      for (std::size_t i = 1; i < a.size(); ++i)
        if (a[0] == a[i]) return Value::boolean(true);
      return Value::boolean(false);
    }
    if (name == "ne" || name == "lt" || name == "le" || name == "gt" || name == "ge") {
      if (!need(2)) return {};
      const int order = compare(a[0], a[1]);
      return Value::boolean(name == "ne"   ? order != 0
                            : name == "lt" ? order < 0
                            : name == "le" ? order <= 0
                            : name == "gt" ? order > 0
                                           : order >= 0);
    }
    if (name == "len") {
      if (!need(1)) return {};
      if (a[0] && a[0].is_string()) return Value::small(static_cast<std::int64_t>(a[0].string().size()));
      return a[0] && a[0].is_composite() ? Value::small(a[0].size()) : Value::small(0);
    }
    if (name == "index") {
      if (!need(1)) return {};
      Value at = a[0];
      for (std::size_t i = 1; i < a.size(); ++i) at = at && at.is_composite() && a[i] ? at.get(a[i]) : Value();
      return at;
    }
    if (name == "print" || name == "println") {
      std::string text;
      for (std::size_t i = 0; i < a.size(); ++i) text += (i > 0 && name == "println" ? " " : "") + shown(a[i]);
      return context_.store.string(name == "println" ? text + "\n" : text);
    }
    if (name == "printf") {
      if (!need(1)) return {};
      std::vector<Value> rest(a.begin() + 1, a.end());
      for (auto& value : rest)
        if (!value) value = context_.store.string("<undefined>");
      const std::array<Value, 2> call{a[0], context_.store.array(rest)};
      return sprintf(context_, call);
    }
    fail(format("function \"{}\" not defined", name));
    return {};
  }

  BuiltinContext& context_;
  std::string_view source_;
  Value root_;
  std::size_t at_ = 0, steps_ = 0;
  bool trim_next_ = false;
  std::map<std::string, Value> variables_;
  std::string out_, error_;
};

}  // namespace

Value render_template(BuiltinContext& context, std::string_view source, Value root) {
  return Template(context, source, root).run();
}

Value strings_render_template(BuiltinContext& context, Arguments arguments) {
  std::string_view source;
  if (!take_string(context, arguments, 0, source) || !require(context, arguments, 1, Kind::object)) return {};
  return render_template(context, source, arguments[1]);
}

}  // namespace chiron::policy::functions
