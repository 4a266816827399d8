// HCL as a document, in the shape that hcl2json and Conftest give it: a block is an object in an array below its
// type and labels; constants are values; everything else is its source as "${…}".
#include <algorithm>

#include "engines/policy/inputs/hcl.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs {

namespace {

using hcl::Expression;
using hcl::ExpressionKind;

// Decimal places and zeros that writing an exponent out may take.
constexpr std::int64_t kMaxExponent = 5000;

class Converter {
 public:
  Converter(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {}

  Result<Value> convert_body(const hcl::Body& body, Span span) {
    Value out = Value::object();
    out.span = span;
    for (const auto& block : body.blocks) TRY(convert_block(block, out));
    for (const auto& attribute : body.attributes)
      set_member(out, attribute.name.text, span_of(attribute.name), TRY(convert(attribute.value)));
    return out;
  }

 private:
  static Span span_of(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  static Span span_of(const hcl::Label& label) { return span_of(label.begin, label.end); }
  static Span span_of(const Expression& expression) { return span_of(expression.begin, expression.end); }
  static Value* member(Value& object, std::string_view name) {
    for (auto& candidate : object.members())
      if (candidate.name == name) return &candidate.value;
    return nullptr;
  }

  Result<void> convert_block(const hcl::Block& block, Value& root) {
    const auto span = span_of(block.type.begin, block.end);
    Value* out = &root;
    const hcl::Label* key = &block.type;
    for (const auto& label : block.labels) {
      Value* inner = member(*out, key->text);
      if (inner == nullptr) {
        Value object = Value::object();
        object.span = span;
        out->members().push_back({key->text, span_of(*key), std::move(object)});
        inner = &out->members().back().value;
      } else if (!inner->is_object()) {
        return conflict(block);
      }
      out = inner;
      key = &label;
    }
    Value body = TRY(convert_body(block.body, span));
    Value* list = member(*out, key->text);
    if (list == nullptr) {
      Value array = Value::array();
      array.span = span;
      array.items().push_back(std::move(body));
      out->members().push_back({key->text, span_of(*key), std::move(array)});
    } else if (list->is_array()) {
      list->span.end = span.end;
      list->items().push_back(std::move(body));
    } else {
      return conflict(block);
    }
    return {};
  }

  std::unexpected<Error> conflict(const hcl::Block& block) const {
    return syntax_error(
        "hcl2", text_, options_, block.type.begin,
        format("blocks of type {} come with and without labels, which has no form as a document", block.type.text));
  }

  // The expression's source. A closing parenthesis right behind belongs to it (hcl2json takes it along, too).
  std::string source(const Expression& expression) const {
    auto end = expression.end;
    if (end < text_.size() && text_[end] == ')') ++end;
    return std::string(text_.substr(expression.begin, end - expression.begin));
  }
  std::string wrapped(const Expression& expression) const { return "${" + source(expression) + "}"; }

  Result<Value> convert(const Expression& expression) {
    auto finish = [&](Value value) {
      value.span = span_of(expression);
      return value;
    };
    switch (expression.kind) {
      case ExpressionKind::null:
        return finish(Value());
      case ExpressionKind::boolean:
        return finish(Value(expression.text == "true"));
      case ExpressionKind::number:
        return finish(Value::number(TRY(plain_number(expression))));
      case ExpressionKind::unary: {
        const auto& operand = expression.children.front();
        if (operand.kind == ExpressionKind::number && expression.text == "-")
          return finish(Value::number("-" + TRY(plain_number(operand))));
        if (operand.kind == ExpressionKind::boolean && expression.text == "!")
          return finish(Value(operand.text != "true"));
        return finish(Value(wrapped(expression)));
      }
      case ExpressionKind::literal:
        return finish(Value(expression.text));
      case ExpressionKind::string:
        return finish(Value(convert_template(expression)));
      case ExpressionKind::wrap: {
        auto value = TRY(convert(expression.children.front()));
        value.span = span_of(expression);
        return value;
      }
      case ExpressionKind::tuple: {
        Value array = Value::array();
        for (const auto& child : expression.children) array.items().push_back(TRY(convert(child)));
        return finish(std::move(array));
      }
      case ExpressionKind::object: {
        Value object = Value::object();
        for (std::size_t i = 0; i + 1 < expression.children.size(); i += 2)
          set_member(object, convert_key(expression.children[i]), span_of(expression.children[i]),
                     TRY(convert(expression.children[i + 1])));
        return finish(std::move(object));
      }
      case ExpressionKind::traversal:
      case ExpressionKind::conditional:
      case ExpressionKind::directive_if:
      case ExpressionKind::directive_for:
      case ExpressionKind::other:
        break;
    }
    // Type constraints (type = list(string)) stay bare; so does whatever begins like one.
    const std::string text = source(expression);
    for (std::string_view type : {"string", "number", "bool", "list", "set", "map", "object", "tuple"})
      if (text.starts_with(type)) return finish(Value(text));
    return finish(Value("${" + text + "}"));
  }

  std::string convert_key(const Expression& key) {
    if (key.kind == ExpressionKind::traversal) return source(key);
    return convert_part(key);
  }

  std::string convert_template(const Expression& whole) {
    std::string out;
    for (const auto& part : whole.children) out += convert_part(part);
    return out;
  }

  std::string convert_part(const Expression& part) {
    switch (part.kind) {
      case ExpressionKind::literal:
        return part.text;
      case ExpressionKind::boolean:
        return part.text;
      case ExpressionKind::number: {
        auto plain = plain_number(part);
        return plain ? *plain : part.text;
      }
      case ExpressionKind::null:
        return "";
      case ExpressionKind::string:
        return convert_template(part);
      case ExpressionKind::wrap:
        return convert_part(part.children.front());
      case ExpressionKind::conditional:
      case ExpressionKind::directive_if: {
        std::string out = "%{if " + source(part.children[0]) + "}" + convert_part(part.children[1]);
        const std::string otherwise = convert_part(part.children[2]);
        if (!otherwise.empty()) out += "%{else}" + otherwise;
        return out + "%{endif}";
      }
      case ExpressionKind::directive_for:
        return "%{for " + part.text + " in " + source(part.children[0]) + "}" + convert_part(part.children[1]) +
               "%{endfor}";
      default:
        return wrapped(part);
    }
  }

  // A number without exponent, leading zeros and trailing zeros of its fraction.
  Result<std::string> plain_number(const Expression& expression) const {
    std::string_view text = expression.text;
    std::int64_t exponent = 0;
    if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
      auto digits = text.substr(e + 1);
      if (digits.starts_with('+')) digits.remove_prefix(1);
      exponent = text::parse_signed(digits).value_or(kMaxExponent + 1);
      if (std::abs(exponent) > kMaxExponent)
        return fail(ErrorKind::limit, "limit.number", format("the number {} is out of range", expression.text),
                    utf8::LineIndex(text_).place(options_.file, expression.begin, expression.end));
      text = text.substr(0, e);
    }
    const auto dot = text.find('.');
    std::string digits(text.substr(0, dot));
    auto point = static_cast<std::int64_t>(digits.size());
    if (dot != std::string_view::npos) digits += text.substr(dot + 1);
    point += exponent;
    if (point <= 0) {
      digits.insert(0, static_cast<std::size_t>(1 - point), '0');
      point = 1;
    }
    if (point > static_cast<std::int64_t>(digits.size()))
      digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
    std::string whole = digits.substr(0, static_cast<std::size_t>(point));
    std::string fraction = digits.substr(static_cast<std::size_t>(point));
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
    while (fraction.ends_with('0')) fraction.pop_back();
    return fraction.empty() ? whole : whole + "." + fraction;
  }

  std::string_view text_;
  const ReadOptions& options_;
};

}  // namespace

Result<Value> read_hcl2(std::string_view text, const ReadOptions& options) {
  const auto body = TRY(hcl::parse(text, options));
  return Converter(text, options).convert_body(body, {0, static_cast<std::uint32_t>(text.size())});
}

}  // namespace chiron::policy::inputs
