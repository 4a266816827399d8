// The interpreter: values, statements, and the modules text, fmt and math.
#include "engines/prose/script.h"

#include <cmath>

#include "engines/prose/pattern.h"
#include "engines/prose/rule.h"
#include "engines/prose/script_syntax.h"
#include "engines/prose/script_value.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace script {

namespace {

enum class Flow : std::uint8_t { next, break_, continue_, return_ };

class Machine {
 public:
  explicit Machine(const std::string& file) : file_(file) {}

  std::shared_ptr<Scope> globals = std::make_shared<Scope>();

  Result<void> run(const Node& program) {
    for (const auto& statement : program.children) TRY(execute(*statement, globals));
    return {};
  }
  Result<Value> evaluate(const Node& node) { return evaluate(node, globals); }

 private:
  std::unexpected<Error> wrong(const Node& node, std::string message) const {
    return fail(ErrorKind::input, "prose.script", std::move(message), Place{file_, node.line});
  }

  Result<void> step(const Node& node) {
    if (++steps_ > limits::kScriptSteps) return wrong(node, "the script does not come to an end");
    return {};
  }
  Result<Value> text_value(const Node& node, std::string text) {
    made_ += text.size();
    if (made_ > limits::kScriptText) return wrong(node, "the script makes too much text");
    return make_text(std::move(text));
  }

  static Value* find(const std::shared_ptr<Scope>& scope, const std::string& name) {
    for (auto* at = scope.get(); at != nullptr; at = at->outer.get()) {
      if (const auto found = at->variables.find(name); found != at->variables.end()) return &found->second;
    }
    return nullptr;
  }

  Result<Flow> block(const Node& node, const std::shared_ptr<Scope>& outer) {
    auto scope = std::make_shared<Scope>();
    scope->outer = outer;
    for (const auto& statement : node.children) {
      const auto flow = TRY(execute(*statement, scope));
      if (flow != Flow::next) return flow;
    }
    return Flow::next;
  }

  Result<Flow> execute(const Node& node, const std::shared_ptr<Scope>& scope) {
    TRY(step(node));
    switch (node.kind) {
      case NodeKind::expression:
        TRY(evaluate(*node.children[0], scope));
        return Flow::next;
      case NodeKind::define: {
        const auto& target = *node.children[0];
        if (target.kind != NodeKind::name) return wrong(node, "only a name can be defined");
        auto value = TRY(evaluate(*node.children[1], scope));
        scope->variables[target.text] = std::move(value);
        return Flow::next;
      }
      case NodeKind::assign: {
        auto value = TRY(evaluate(*node.children[1], scope));
        if (node.text != "=") {
          const auto old = TRY(evaluate(*node.children[0], scope));
          value = TRY(combine(node, node.text, old, value));
        }
        TRY(store(*node.children[0], scope, std::move(value)));
        return Flow::next;
      }
      case NodeKind::increment: {
        const auto old = TRY(evaluate(*node.children[0], scope));
        TRY(store(*node.children[0], scope, TRY(combine(node, node.text, old, Value(std::int64_t{1})))));
        return Flow::next;
      }
      case NodeKind::if_: {
        auto inner = std::make_shared<Scope>();
        inner->outer = scope;
        if (node.children[0] != nullptr) TRY(execute(*node.children[0], inner));
        if (truthy(TRY(evaluate(*node.children[1], inner)))) return block(*node.children[2], inner);
        if (node.children[3] == nullptr) return Flow::next;
        return node.children[3]->kind == NodeKind::if_ ? execute(*node.children[3], inner)
                                                       : block(*node.children[3], inner);
      }
      case NodeKind::for_: {
        auto inner = std::make_shared<Scope>();
        inner->outer = scope;
        if (node.children[0] != nullptr) TRY(execute(*node.children[0], inner));
        while (true) {
          TRY(step(node));
          if (node.children[1] != nullptr && !truthy(TRY(evaluate(*node.children[1], inner)))) break;
          const auto flow = TRY(block(*node.children[3], inner));
          if (flow == Flow::break_) break;
          if (flow == Flow::return_) return flow;
          if (node.children[2] != nullptr) TRY(execute(*node.children[2], inner));
        }
        return Flow::next;
      }
      case NodeKind::for_in:
        return for_in(node, scope);
      case NodeKind::break_:
        return Flow::break_;
      case NodeKind::continue_:
        return Flow::continue_;
      case NodeKind::return_:
        result_ = node.children.empty() ? Value() : TRY(evaluate(*node.children[0], scope));
        return Flow::return_;
      case NodeKind::block:
        return block(node, scope);
      default:
        return wrong(node, "this is no statement");
    }
  }

  Result<Flow> for_in(const Node& node, const std::shared_ptr<Scope>& scope) {
    const auto sequence = TRY(evaluate(*node.children[0], scope));
    std::vector<std::pair<Value, Value>> items;
    if (const auto* array = std::get_if<std::shared_ptr<Array>>(&sequence)) {
      for (std::size_t i = 0; i < (*array)->size(); ++i) items.emplace_back(static_cast<std::int64_t>(i), (**array)[i]);
    } else if (const auto* map = std::get_if<std::shared_ptr<Map>>(&sequence)) {
      for (const auto& [key, value] : **map) items.emplace_back(make_text(key), value);
    } else if (const auto* text = as_text(sequence)) {
      std::int64_t index = 0;
      for (std::size_t at = 0; at < text->size();) {
        const auto [point, length] = utf8::decode(*text, at);
        items.emplace_back(index++, Value(point));
        at += length;
      }
    } else if (!is_undefined(sequence)) {
      return wrong(node, "a loop goes over an array, a map or a text");
    }
    for (auto& [key, value] : items) {
      TRY(step(node));
      auto inner = std::make_shared<Scope>();
      inner->outer = scope;
      if (node.names.size() == 1) {
        inner->variables[node.names[0]] = std::move(value);
      } else {
        inner->variables[node.names[0]] = std::move(key);
        inner->variables[node.names[1]] = std::move(value);
      }
      const auto flow = TRY(block(*node.children[1], inner));
      if (flow == Flow::break_) break;
      if (flow == Flow::return_) return flow;
    }
    return Flow::next;
  }

  Result<void> store(const Node& target, const std::shared_ptr<Scope>& scope, Value value) {
    if (target.kind == NodeKind::name) {
      if (auto* variable = find(scope, target.text)) {
        *variable = std::move(value);
        return {};
      }
      return wrong(target, format("'{}' is not defined", target.text));
    }
    if (target.kind == NodeKind::selector || target.kind == NodeKind::index) {
      const auto base = TRY(evaluate(*target.children[0], scope));
      const auto key =
          target.kind == NodeKind::selector ? make_text(target.text) : TRY(evaluate(*target.children[1], scope));
      if (const auto* map = std::get_if<std::shared_ptr<Map>>(&base)) {
        const auto* name = as_text(key);
        if (name == nullptr) return wrong(target, "a key is a text");
        (**map)[*name] = std::move(value);
        return {};
      }
      if (const auto* array = std::get_if<std::shared_ptr<Array>>(&base)) {
        const auto* index = std::get_if<std::int64_t>(&key);
        if (index == nullptr || *index < 0 || static_cast<std::size_t>(*index) >= (*array)->size()) {
          return wrong(target, "the index lies outside of the array");
        }
        (**array)[static_cast<std::size_t>(*index)] = std::move(value);
        return {};
      }
    }
    return wrong(target, "nothing can be stored there");
  }

  struct Deeper {
    explicit Deeper(std::size_t& count) : count_(count) { ++count_; }
    ~Deeper() { --count_; }
    std::size_t& count_;
  };

  Result<Value> evaluate(const Node& node, const std::shared_ptr<Scope>& scope) {
    TRY(step(node));
    const Deeper deeper(height_);
    if (height_ > kHeight) return wrong(node, "the script is nested too deeply");
    switch (node.kind) {
      case NodeKind::number_integer:
        return Value(node.integer);
      case NodeKind::number_float:
        return Value(node.number);
      case NodeKind::text:
        return text_value(node, node.text);
      case NodeKind::character:
        return Value(static_cast<char32_t>(node.integer));
      case NodeKind::boolean:
        return Value(node.integer != 0);
      case NodeKind::undefined:
        return Value();
      case NodeKind::import_module:
        return Value(Module{node.text});
      case NodeKind::name: {
        if (const auto* variable = find(scope, node.text)) return *variable;
        if (is_builtin(node.text)) return Value(Native{"", node.text});
        return wrong(node, format("'{}' is not defined", node.text));
      }
      case NodeKind::array: {
        Array items;
        for (const auto& child : node.children) items.push_back(TRY(evaluate(*child, scope)));
        return make_array(std::move(items));
      }
      case NodeKind::map: {
        auto map = std::make_shared<Map>();
        for (std::size_t i = 0; i < node.children.size(); ++i)
          (*map)[node.names[i]] = TRY(evaluate(*node.children[i], scope));
        return Value(std::move(map));
      }
      case NodeKind::function:
        return Value(std::make_shared<Function>(Function{&node, scope}));
      case NodeKind::unary: {
        const auto value = TRY(evaluate(*node.children[0], scope));
        if (node.text == "!") return Value(!truthy(value));
        if (const auto* integer = std::get_if<std::int64_t>(&value)) {
          const auto bits = static_cast<std::uint64_t>(*integer);
          return Value(node.text == "-"   ? static_cast<std::int64_t>(0 - bits)
                       : node.text == "^" ? static_cast<std::int64_t>(~bits)
                                          : *integer);
        }
        if (const auto* number = std::get_if<double>(&value); number != nullptr && node.text != "^") {
          return Value(node.text == "-" ? -*number : *number);
        }
        return wrong(node, format("'{}' asks for a number", node.text));
      }
      case NodeKind::binary: {
        auto left = TRY(evaluate(*node.children[0], scope));
        if (node.text == "&&")
          return truthy(left) ? evaluate(*node.children[1], scope) : Result<Value>(std::move(left));
        if (node.text == "||")
          return truthy(left) ? Result<Value>(std::move(left)) : evaluate(*node.children[1], scope);
        const auto right = TRY(evaluate(*node.children[1], scope));
        return combine(node, node.text, left, right);
      }
      case NodeKind::conditional:
        return truthy(TRY(evaluate(*node.children[0], scope))) ? evaluate(*node.children[1], scope)
                                                               : evaluate(*node.children[2], scope);
      case NodeKind::selector: {
        const auto base = TRY(evaluate(*node.children[0], scope));
        if (const auto* module = std::get_if<Module>(&base)) {
          if (module->name == "math" && node.text == "pi") return Value(3.14159265358979323846);
          if (module->name == "math" && node.text == "e") return Value(2.71828182845904523536);
          return Value(Native{module->name, node.text});
        }
        if (const auto* map = std::get_if<std::shared_ptr<Map>>(&base)) {
          const auto found = (*map)->find(node.text);
          return found == (*map)->end() ? Value() : found->second;
        }
        if (is_undefined(base)) return Value();
        return wrong(node, format("there is no '.{}' here", node.text));
      }
      case NodeKind::index:
        return index(node, scope);
      case NodeKind::slice:
        return slice(node, scope);
      case NodeKind::call:
        return call(node, scope);
      default:
        return wrong(node, "this is no expression");
    }
  }

  Result<Value> index(const Node& node, const std::shared_ptr<Scope>& scope) {
    const auto base = TRY(evaluate(*node.children[0], scope));
    const auto key = TRY(evaluate(*node.children[1], scope));
    if (is_undefined(base)) return Value();
    if (const auto* map = std::get_if<std::shared_ptr<Map>>(&base)) {
      const auto* name = as_text(key);
      if (name == nullptr) return wrong(node, "a key is a text");
      const auto found = (*map)->find(*name);
      return found == (*map)->end() ? Value() : found->second;
    }
    const auto* place = std::get_if<std::int64_t>(&key);
    if (place == nullptr) return wrong(node, "an index is a whole number");
    if (const auto* array = std::get_if<std::shared_ptr<Array>>(&base)) {
      if (*place < 0 || static_cast<std::size_t>(*place) >= (*array)->size()) return Value();
      return (**array)[static_cast<std::size_t>(*place)];
    }
    if (const auto* text = as_text(base)) {
      std::int64_t count = 0;
      for (std::size_t at = 0; at < text->size(); ++count) {
        const auto [point, length] = utf8::decode(*text, at);
        if (count == *place) return Value(point);
        at += length;
      }
      return Value();
    }
    return wrong(node, "this has no parts");
  }

  Result<Value> slice(const Node& node, const std::shared_ptr<Scope>& scope) {
    const auto base = TRY(evaluate(*node.children[0], scope));
    const auto* array = std::get_if<std::shared_ptr<Array>>(&base);
    const auto* text = as_text(base);
    if (array == nullptr && text == nullptr) return wrong(node, "only arrays and texts have slices");
    const auto size = static_cast<std::int64_t>(array != nullptr ? (*array)->size() : text->size());
    const auto bound = [&](const std::unique_ptr<Node>& child, std::int64_t fallback) -> Result<std::int64_t> {
      if (child == nullptr) return fallback;
      const auto value = TRY(evaluate(*child, scope));
      const auto* integer = std::get_if<std::int64_t>(&value);
      if (integer == nullptr) return wrong(node, "a slice's bounds are whole numbers");
      return std::clamp<std::int64_t>(*integer, 0, size);
    };
    const auto low = TRY(bound(node.children[1], 0));
    const auto high = TRY(bound(node.children[2], size));
    if (low > high) return wrong(node, "a slice ends before it begins");
    if (text != nullptr)
      return text_value(node, text->substr(static_cast<std::size_t>(low), static_cast<std::size_t>(high - low)));
    return make_array(Array((*array)->begin() + low, (*array)->begin() + high));
  }

  Result<Value> combine(const Node& node, const std::string& mark, const Value& a, const Value& b) {
    if (mark == "==") return Value(equal(a, b));
    if (mark == "!=") return Value(!equal(a, b));
    const auto* left_text = as_text(a);
    if (left_text != nullptr) {
      if (mark == "+") return text_value(node, *left_text + show(b));
      if (const auto* right_text = as_text(b)) {
        if (mark == "<") return Value(*left_text < *right_text);
        if (mark == "<=") return Value(*left_text <= *right_text);
        if (mark == ">") return Value(*left_text > *right_text);
        if (mark == ">=") return Value(*left_text >= *right_text);
      }
      return wrong(node, format("'{}' does not go with a text", mark));
    }
    if (const auto* array = std::get_if<std::shared_ptr<Array>>(&a); array != nullptr && mark == "+") {
      const auto* other = std::get_if<std::shared_ptr<Array>>(&b);
      if (other == nullptr) return wrong(node, "an array is joined to an array only");
      auto joined = **array;
      joined.insert(joined.end(), (*other)->begin(), (*other)->end());
      return make_array(std::move(joined));
    }
    const auto* left_integer = std::get_if<std::int64_t>(&a);
    const auto* right_integer = std::get_if<std::int64_t>(&b);
    if (left_integer != nullptr && right_integer != nullptr) {
      // Arithmetic wraps, as in Go; in unsigned it is defined.
      const auto l = static_cast<std::uint64_t>(*left_integer);
      const auto r = static_cast<std::uint64_t>(*right_integer);
      if (mark == "+") return Value(static_cast<std::int64_t>(l + r));
      if (mark == "-") return Value(static_cast<std::int64_t>(l - r));
      if (mark == "*") return Value(static_cast<std::int64_t>(l * r));
      if (mark == "/" || mark == "%") {
        if (*right_integer == 0) return wrong(node, "division by zero");
        if (*right_integer == -1) return Value(mark == "/" ? static_cast<std::int64_t>(0 - l) : std::int64_t{0});
        return Value(mark == "/" ? *left_integer / *right_integer : *left_integer % *right_integer);
      }
      if (mark == "&") return Value(static_cast<std::int64_t>(l & r));
      if (mark == "|") return Value(static_cast<std::int64_t>(l | r));
      if (mark == "^") return Value(static_cast<std::int64_t>(l ^ r));
      if (mark == "&^") return Value(static_cast<std::int64_t>(l & ~r));
      if (mark == "<<") return Value(r < 64 ? static_cast<std::int64_t>(l << r) : std::int64_t{0});
      if (mark == ">>") return Value(r < 64 ? *left_integer >> r : std::int64_t{*left_integer < 0 ? -1 : 0});
      if (mark == "<") return Value(*left_integer < *right_integer);
      if (mark == "<=") return Value(*left_integer <= *right_integer);
      if (mark == ">") return Value(*left_integer > *right_integer);
      if (mark == ">=") return Value(*left_integer >= *right_integer);
    }
    const auto l = as_number(a);
    const auto r = as_number(b);
    if (l && r && !std::holds_alternative<bool>(a) && !std::holds_alternative<bool>(b)) {
      if (mark == "+") return Value(*l + *r);
      if (mark == "-") return Value(*l - *r);
      if (mark == "*") return Value(*l * *r);
      if (mark == "/") return Value(*l / *r);
      if (mark == "<") return Value(*l < *r);
      if (mark == "<=") return Value(*l <= *r);
      if (mark == ">") return Value(*l > *r);
      if (mark == ">=") return Value(*l >= *r);
    }
    return wrong(node, format("'{}' does not go with these values", mark));
  }

  Result<Value> call(const Node& node, const std::shared_ptr<Scope>& scope) {
    const auto callee = TRY(evaluate(*node.children[0], scope));
    Array arguments;
    for (std::size_t i = 1; i < node.children.size(); ++i) arguments.push_back(TRY(evaluate(*node.children[i], scope)));
    if (node.flag && !arguments.empty()) {
      const auto last = arguments.back();
      if (const auto* spread = std::get_if<std::shared_ptr<Array>>(&last)) {
        arguments.pop_back();
        arguments.insert(arguments.end(), (*spread)->begin(), (*spread)->end());
      }
    }
    if (const auto* function = std::get_if<std::shared_ptr<Function>>(&callee)) {
      if (depth_ >= limits::kScriptDepth) return wrong(node, "functions call each other too deeply");
      const auto& definition = *(*function)->node;
      auto inner = std::make_shared<Scope>();
      inner->outer = (*function)->scope;
      const auto fixed = definition.names.size() - (definition.flag ? 1 : 0);
      if (arguments.size() < fixed || (!definition.flag && arguments.size() > fixed)) {
        return wrong(node,
                     format("the function takes {} arguments, not {}", definition.names.size(), arguments.size()));
      }
      for (std::size_t i = 0; i < fixed; ++i) inner->variables[definition.names[i]] = arguments[i];
      if (definition.flag) {
        inner->variables[definition.names.back()] =
            make_array(Array(arguments.begin() + static_cast<std::ptrdiff_t>(fixed), arguments.end()));
      }
      ++depth_;
      result_ = Value();
      auto flow = block(*definition.children[0], inner);
      --depth_;
      if (!flow) return std::unexpected(std::move(flow).error());
      auto result = std::move(result_);
      result_ = Value();
      return *flow == Flow::return_ ? result : Value();
    }
    if (const auto* native = std::get_if<Native>(&callee)) {
      if (native->module.empty()) return builtin(node, native->name, arguments);
      if (native->module == "text") return text_function(node, native->name, arguments);
      if (native->module == "math") return math_function(node, native->name, arguments);
      if (native->module == "fmt" && native->name == "sprintf") return builtin(node, "format", arguments);
      if (native->module == "fmt") return Value();  // what is printed goes nowhere
    }
    return wrong(node, "this cannot be called");
  }

  static bool is_builtin(std::string_view name) {
    constexpr std::string_view kNames[] = {"len",       "append",       "copy",      "delete",   "string",
                                           "int",       "float",        "bool",      "char",     "format",
                                           "type_name", "is_undefined", "is_string", "is_int",   "is_float",
                                           "is_array",  "is_map",       "is_bool",   "is_error", "range"};
    return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
  }

  Result<Value> builtin(const Node& node, const std::string& name, Array& arguments) {
    if (name == "range" && arguments.size() >= 2) {
      const auto* from = std::get_if<std::int64_t>(&arguments[0]);
      const auto* to = std::get_if<std::int64_t>(&arguments[1]);
      if (from == nullptr || to == nullptr) return wrong(node, "a range has whole numbers");
      Array items;
      for (auto i = *from; i < *to; ++i) {
        TRY(step(node));
        items.emplace_back(i);
      }
      return make_array(std::move(items));
    }
    if (arguments.empty()) return wrong(node, format("'{}' asks for an argument", name));
    const auto& first = arguments[0];
    if (name == "len") {
      if (const auto* text = as_text(first)) return Value(static_cast<std::int64_t>(text->size()));
      if (const auto* array = std::get_if<std::shared_ptr<Array>>(&first))
        return Value(static_cast<std::int64_t>((*array)->size()));
      if (const auto* map = std::get_if<std::shared_ptr<Map>>(&first))
        return Value(static_cast<std::int64_t>((*map)->size()));
      return wrong(node, "this has no length");
    }
    if (name == "append") {
      const auto* array = std::get_if<std::shared_ptr<Array>>(&first);
      if (array == nullptr) return wrong(node, "append asks for an array");
      steps_ += 1 + (*array)->size() / 64;
      auto copy = **array;
      copy.insert(copy.end(), arguments.begin() + 1, arguments.end());
      return make_array(std::move(copy));
    }
    if (name == "copy") {
      if (const auto* array = std::get_if<std::shared_ptr<Array>>(&first)) return make_array(**array);
      if (const auto* map = std::get_if<std::shared_ptr<Map>>(&first)) return Value(std::make_shared<Map>(**map));
      return first;
    }
    if (name == "delete") {
      const auto* map = std::get_if<std::shared_ptr<Map>>(&first);
      const auto* key = arguments.size() > 1 ? as_text(arguments[1]) : nullptr;
      if (map == nullptr || key == nullptr) return wrong(node, "delete asks for a map and a key");
      (*map)->erase(*key);
      return Value();
    }
    if (name == "string") return is_undefined(first) ? Value() : TRY(text_value(node, show(first)));
    if (name == "int") {
      if (const auto* text = as_text(first)) {
        const auto parsed = text::parse_signed(*text);
        return parsed ? Value(*parsed) : arguments.size() > 1 ? arguments[1] : Value();
      }
      if (const auto number = as_number(first); number && std::abs(*number) < 9e18)
        return Value(static_cast<std::int64_t>(*number));
      return Value();
    }
    if (name == "float") {
      if (const auto* text = as_text(first)) {
        const auto parsed = text::parse_double(*text);
        return parsed ? Value(*parsed) : Value();
      }
      const auto number = as_number(first);
      return number ? Value(*number) : Value();
    }
    if (name == "bool") return Value(truthy(first));
    if (name == "char") {
      const auto number = as_number(first);
      return number && *number >= 0 && *number <= 0x10FFFF ? Value(static_cast<char32_t>(*number)) : Value();
    }
    if (name == "format") {
      const auto* pattern = as_text(first);
      if (pattern == nullptr) return wrong(node, "format asks for a text");
      std::vector<std::string> shown;
      for (std::size_t i = 1; i < arguments.size(); ++i) shown.push_back(show(arguments[i]));
      return text_value(node, format_message(*pattern, shown));
    }
    if (name == "is_undefined") return Value(is_undefined(first));
    if (name == "is_string") return Value(as_text(first) != nullptr);
    if (name == "is_int") return Value(std::holds_alternative<std::int64_t>(first));
    if (name == "is_float") return Value(std::holds_alternative<double>(first));
    if (name == "is_array") return Value(std::holds_alternative<std::shared_ptr<Array>>(first));
    if (name == "is_map") return Value(std::holds_alternative<std::shared_ptr<Map>>(first));
    if (name == "is_bool") return Value(std::holds_alternative<bool>(first));
    if (name == "is_error") return Value(false);
    if (name == "type_name") {
      constexpr const char* kTypes[] = {"undefined", "bool",     "int",      "float",     "string", "array",
                                        "map",       "function", "function", "immutable", "regexp", "char"};
      return make_text(kTypes[first.index()]);
    }
    return wrong(node, format("'{}' is not available to scripts", name));
  }

  Result<Value> math_function(const Node& node, const std::string& name, const Array& arguments) {
    const auto a = as_number(arguments.empty() ? Value() : arguments[0]);
    const auto b = as_number(arguments.size() < 2 ? Value() : arguments[1]);
    if (!a) return wrong(node, format("math.{} asks for a number", name));
    if (name == "sqrt") return Value(std::sqrt(*a));
    if (name == "abs") return Value(std::fabs(*a));
    if (name == "floor") return Value(std::floor(*a));
    if (name == "ceil") return Value(std::ceil(*a));
    if (name == "round") return Value(std::round(*a));
    if (name == "trunc") return Value(std::trunc(*a));
    if (name == "log") return Value(std::log(*a));
    if (name == "log2") return Value(std::log2(*a));
    if (name == "log10") return Value(std::log10(*a));
    if (name == "exp") return Value(std::exp(*a));
    if (name == "cbrt") return Value(std::cbrt(*a));
    if (name == "sin") return Value(std::sin(*a));
    if (name == "cos") return Value(std::cos(*a));
    if (name == "tan") return Value(std::tan(*a));
    if (b && name == "pow") return Value(std::pow(*a, *b));
    if (b && name == "max") return Value(std::fmax(*a, *b));
    if (b && name == "min") return Value(std::fmin(*a, *b));
    if (b && name == "mod") return Value(std::fmod(*a, *b));
    return wrong(node, format("math.{} is not available to scripts", name));
  }

  Result<const Pattern*> pattern(const Node& node, const std::string& text) {
    auto found = patterns_.find(text);
    if (found == patterns_.end()) {
      auto compiled = Pattern::compile(text);
      if (!compiled) return wrong(node, compiled.error().message);
      found = patterns_.emplace(text, std::move(*compiled)).first;
    }
    return &found->second;
  }

  Result<Value> text_function(const Node& node, const std::string& name, const Array& arguments) {
    std::vector<std::string> texts;
    for (const auto& argument : arguments) {
      const auto* text = as_text(argument);
      texts.push_back(text != nullptr ? *text : is_undefined(argument) ? "" : show(argument));
    }
    const auto integer = [&](std::size_t i, std::int64_t fallback) {
      const auto* value = i < arguments.size() ? std::get_if<std::int64_t>(&arguments[i]) : nullptr;
      return value == nullptr ? fallback : *value;
    };
    if (texts.empty()) return wrong(node, format("text.{} asks for an argument", name));
    const auto& a = texts[0];
    steps_ += a.size() / 256;
    if (name == "to_lower") return text_value(node, to_lower(a));
    if (name == "to_upper") return text_value(node, to_upper(a));
    if (name == "to_title" || name == "title") return text_value(node, to_title(a, false));
    if (name == "trim_space") return text_value(node, std::string(text::trim(a)));
    if (name == "itoa") return text_value(node, show(arguments[0]));
    if (name == "atoi") {
      const auto parsed = text::parse_signed(a);
      return parsed ? Value(*parsed) : Value();
    }
    if (name == "fields") {
      Array items;
      std::size_t at = 0;
      while ((at = a.find_first_not_of(" \t\n\r", at)) != std::string::npos) {
        const auto stop = std::min(a.find_first_of(" \t\n\r", at), a.size());
        items.push_back(TRY(text_value(node, a.substr(at, stop - at))));
        at = stop;
      }
      return make_array(std::move(items));
    }
    if (texts.size() < 2 && name != "re_compile") return wrong(node, format("text.{} asks for more arguments", name));
    static const std::string kNone;
    const auto& b = texts.size() > 1 ? texts[1] : kNone;
    const auto position = [](std::size_t at) {
      return Value(at == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(at));
    };
    if (name == "contains") return Value(a.find(b) != std::string::npos);
    if (name == "contains_any") return Value(a.find_first_of(b) != std::string::npos);
    if (name == "has_prefix") return Value(a.starts_with(b));
    if (name == "has_suffix") return Value(a.ends_with(b));
    if (name == "index") return position(a.find(b));
    if (name == "last_index") return position(a.rfind(b));
    if (name == "index_any") return position(a.find_first_of(b));
    if (name == "equal_fold") return Value(equal_fold(a, b));
    if (name == "compare") return Value(std::int64_t{a < b ? -1 : a > b ? 1 : 0});
    if (name == "count") {
      std::int64_t count = 0;
      if (b.empty()) return Value(static_cast<std::int64_t>(utf8::count(a)) + 1);
      for (auto at = a.find(b); at != std::string::npos; at = a.find(b, at + b.size())) ++count;
      return Value(count);
    }
    if (name == "trim_prefix") return text_value(node, a.starts_with(b) ? a.substr(b.size()) : a);
    if (name == "trim_suffix") return text_value(node, a.ends_with(b) ? a.substr(0, a.size() - b.size()) : a);
    if (name == "trim" || name == "trim_left" || name == "trim_right") {
      std::string_view part = a;
      if (name != "trim_right") part.remove_prefix(std::min(part.find_first_not_of(b), part.size()));
      if (name != "trim_left") part = part.substr(0, part.find_last_not_of(b) + 1);
      return text_value(node, std::string(part));
    }
    if (name == "repeat") {
      const auto times = integer(1, 0);
      if (times < 0 || a.size() * static_cast<std::size_t>(times) > limits::kScriptText)
        return wrong(node, "too often repeated");
      std::string out;
      for (std::int64_t i = 0; i < times; ++i) out += a;
      return text_value(node, std::move(out));
    }
    if (name == "substr") {
      const auto low = std::clamp<std::int64_t>(integer(1, 0), 0, static_cast<std::int64_t>(a.size()));
      const auto high = std::clamp<std::int64_t>(integer(2, static_cast<std::int64_t>(a.size())), low,
                                                 static_cast<std::int64_t>(a.size()));
      return text_value(node, a.substr(static_cast<std::size_t>(low), static_cast<std::size_t>(high - low)));
    }
    if (name == "join") {
      const auto* array = std::get_if<std::shared_ptr<Array>>(&arguments[0]);
      if (array == nullptr) return wrong(node, "text.join asks for an array");
      std::string out;
      for (std::size_t i = 0; i < (*array)->size(); ++i) out += (i > 0 ? b : "") + show((**array)[i]);
      return text_value(node, std::move(out));
    }
    if (name == "split" || name == "split_n" || name == "split_after") {
      Array items;
      const auto most = name == "split_n" ? integer(2, -1) : -1;
      std::size_t from = 0;
      while (most < 0 || static_cast<std::int64_t>(items.size()) + 1 < most) {
        auto at = b.empty() ? (from + 1 < a.size() ? from + 1 : std::string::npos) : a.find(b, from);
        if (at == std::string::npos) break;
        items.push_back(TRY(text_value(node, a.substr(from, at - from + (name == "split_after" ? b.size() : 0)))));
        from = at + b.size();
        TRY(step(node));
      }
      items.push_back(TRY(text_value(node, a.substr(from))));
      return make_array(std::move(items));
    }
    if (name == "replace" && texts.size() >= 3) {
      const auto most = integer(3, -1);
      std::string out;
      std::size_t from = 0;
      for (std::int64_t count = 0; !b.empty() && count != most; ++count) {
        const auto at = a.find(b, from);
        if (at == std::string::npos) break;
        out.append(a, from, at - from).append(texts[2]);
        from = at + b.size();
      }
      return text_value(node, out.append(a, from));
    }
    if (name == "re_match") return Value(TRY(pattern(node, a))->found_in(b));
    if (name == "re_replace" && texts.size() >= 3) {
      const auto* found = TRY(pattern(node, a));
      return text_value(node, found->replace(b, texts[2]));
    }
    if (name == "re_split") {
      const auto* found = TRY(pattern(node, a));
      Array items;
      std::size_t from = 0;
      for (const auto& match : found->find_all(b)) {
        items.push_back(TRY(text_value(node, b.substr(from, match.begin() - from))));
        from = match.end();
      }
      items.push_back(TRY(text_value(node, b.substr(from))));
      return make_array(std::move(items));
    }
    if (name == "re_find") {
      const auto* found = TRY(pattern(node, a));
      const auto most = integer(2, 1);
      Array all;
      for (const auto& match : found->find_all(b)) {
        if (most >= 0 && static_cast<std::int64_t>(all.size()) >= most) break;
        Array groups;
        for (std::size_t group = 0; group < match.groups(); ++group) {
          auto item = std::make_shared<Map>();
          const bool set = match.begin(group) != Match::kUnset;
          const auto begin = set ? match.begin(group) : 0;
          const auto end = set ? match.end(group) : 0;
          (*item)["text"] = TRY(text_value(node, b.substr(begin, end - begin)));
          (*item)["begin"] = static_cast<std::int64_t>(begin);
          (*item)["end"] = static_cast<std::int64_t>(end);
          groups.emplace_back(std::move(item));
        }
        all.push_back(make_array(std::move(groups)));
      }
      return all.empty() ? Value() : make_array(std::move(all));
    }
    return wrong(node, format("text.{} is not available to scripts", name));
  }

  const std::string& file_;
  std::size_t steps_ = 0;
  std::size_t made_ = 0;
  // Expressions open on the machine's stack, through calls too.
  static constexpr std::size_t kHeight = 1500;
  std::size_t height_ = 0;
  std::size_t depth_ = 0;
  Value result_;
  std::map<std::string, Pattern> patterns_;
};

}  // namespace

// A value that is a cycle of maps or closures would keep itself alive; the machine's scopes are emptied at the end.
class Run {
 public:
  explicit Run(const std::string& file) : machine(file) {}
  ~Run() { machine.globals->variables.clear(); }
  Machine machine;
};

}  // namespace script

struct Script::Impl {
  std::string file;
  std::unique_ptr<script::Node> program;
};

Script::Script() = default;
Script::Script(Script&&) noexcept = default;
Script& Script::operator=(Script&&) noexcept = default;
Script::~Script() = default;

Result<Script> Script::compile(std::string_view source, const std::string& file) {
  Script made;
  made.impl_ = std::make_unique<Impl>();
  made.impl_->file = file;
  made.impl_->program = TRY(script::parse(source, file));
  return made;
}

Result<Script> compile_expression(std::string_view expression, const std::string& file) {
  auto made = Script::compile(expression, file);
  if (made) {
    // evaluate() refuses what is no single expression; asked once here, so that the style's loading tells it.
    if (auto tried = made->evaluate({}); !tried && tried.error().code == "prose.expression") {
      return std::unexpected(std::move(tried).error());
    }
  }
  return made;
}

Result<std::vector<ScriptMatch>> Script::run_matches(std::string_view scope) const {
  script::Run run(impl_->file);
  run.machine.globals->variables["scope"] = script::make_text(std::string(scope));
  TRY(run.machine.run(*impl_->program));
  std::vector<ScriptMatch> matches;
  const auto& found = run.machine.globals->variables["matches"];
  const auto* array = std::get_if<std::shared_ptr<script::Array>>(&found);
  if (array == nullptr) return matches;
  for (const auto& item : **array) {
    const auto* map = std::get_if<std::shared_ptr<script::Map>>(&item);
    if (map == nullptr) continue;
    const auto bound = [&](const char* name) -> std::int64_t {
      const auto at = (*map)->find(name);
      const auto number = at == (*map)->end() ? std::nullopt : script::as_number(at->second);
      return number ? static_cast<std::int64_t>(*number) : -1;
    };
    const auto begin = bound("begin");
    const auto end = bound("end");
    if (begin < 0 || end < begin || static_cast<std::size_t>(end) > scope.size()) continue;
    ScriptMatch match{static_cast<std::size_t>(begin), static_cast<std::size_t>(end), ""};
    if (const auto at = (*map)->find("message"); at != (*map)->end()) {
      if (const auto* text = script::as_text(at->second)) match.message = *text;
    }
    matches.push_back(std::move(match));
  }
  return matches;
}

Result<std::vector<std::string>> Script::run_suggestions(std::string_view match) const {
  script::Run run(impl_->file);
  run.machine.globals->variables["match"] = script::make_text(std::string(match));
  TRY(run.machine.run(*impl_->program));
  std::vector<std::string> suggestions;
  const auto& found = run.machine.globals->variables["suggestions"];
  if (const auto* array = std::get_if<std::shared_ptr<script::Array>>(&found)) {
    for (const auto& item : **array) suggestions.push_back(script::show(item));
  }
  return suggestions;
}

Result<double> Script::evaluate(const std::map<std::string, double>& variables) const {
  const auto& statements = impl_->program->children;
  if (statements.size() != 1 || statements[0]->kind != script::NodeKind::expression) {
    return fail(ErrorKind::config, "prose.expression", "a single expression is expected", Place{impl_->file});
  }
  script::Run run(impl_->file);
  run.machine.globals->variables["math"] = script::Module{"math"};
  for (const auto& [name, value] : variables) run.machine.globals->variables[name] = value;
  const auto value = TRY(run.machine.evaluate(*statements[0]->children[0]));
  const auto number = script::as_number(value);
  if (!number)
    return fail(ErrorKind::config, "prose.expression", "the expression has no number for a value", Place{impl_->file});
  return *number;
}

}  // namespace chiron::prose
