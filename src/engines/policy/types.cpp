// The type checker.
#include "engines/policy/types.h"

#include <algorithm>

#include "engines/policy/builtins/argument_names.h"
#include "foundation/base/small_list.h"
#include "foundation/base/text.h"

namespace chiron::policy {

using hir::Block;
using hir::Literal;
using hir::LiteralKind;
using hir::Node;
using hir::NodeKind;
using K = Type::Kind;

std::string to_string(const Type& type) {
  auto list = [](const std::vector<const Type*>& items) {
    std::string out;
    for (const Type* item : items) out += (out.empty() ? "" : ", ") + to_string(*item);
    return out;
  };
  switch (type.kind) {
    case K::any:
      return "any";
    case K::null:
      return "null";
    case K::boolean:
      return "boolean";
    case K::number:
      return "number";
    case K::string:
      return "string";
    case K::one_of:
      return "any<" + list(type.items) + ">";
    case K::set:
      return "set[" + (type.element != nullptr ? to_string(*type.element) : "") + "]";
    case K::array: {
      std::string out = "array";
      if (!type.items.empty()) out += "<" + list(type.items) + ">";
      if (type.element != nullptr) out += "[" + to_string(*type.element) + "]";
      return out;
    }
    case K::object: {
      std::string out = "object";
      if (!type.members.empty()) {
        std::string inner;
        for (const auto& [name, member] : type.members)
          inner += (inner.empty() ? "" : ", ") + name + ": " + to_string(*member);
        out += "<" + inner + ">";
      }
      if (type.key != nullptr) out += "[" + to_string(*type.key) + ": " + to_string(*type.element) + "]";
      return out;
    }
  }
  return "any";
}

doc::Value type_document(const Type& type) {
  static constexpr std::string_view kNames[] = {"any",   "null",   "boolean", "number", "string",
                                                "array", "object", "set",     "any"};
  auto list = [](const std::vector<const Type*>& items) {
    doc::Value out = doc::Value::array();
    for (const Type* item : items) out.push(type_document(*item));
    return out;
  };
  doc::Value out = doc::Value::object();
  out.set("type", doc::Value(kNames[static_cast<std::size_t>(type.kind)]));
  if (type.kind == K::one_of) out.set("of", list(type.items));
  if (type.kind == K::set && type.element != nullptr) out.set("of", type_document(*type.element));
  if (type.kind == K::array) {
    if (!type.items.empty()) out.set("static", list(type.items));
    if (type.element != nullptr) out.set("dynamic", type_document(*type.element));
  }
  if (type.kind == K::object) {
    if (!type.members.empty()) {
      doc::Value members = doc::Value::array();
      for (const auto& [name, member] : type.members) {
        doc::Value each = doc::Value::object();
        each.set("key", doc::Value(name));
        each.set("value", type_document(*member));
        members.push(std::move(each));
      }
      out.set("static", std::move(members));
    }
    if (type.key != nullptr) {
      doc::Value dynamic = doc::Value::object();
      dynamic.set("key", type_document(*type.key));
      dynamic.set("value", type_document(*type.element));
      out.set("dynamic", std::move(dynamic));
    }
  }
  return out;
}

Types::Types() : any_(&types_.emplace_back()) {
  for (int i = 0; i < 4; ++i) {
    Type& type = types_.emplace_back();
    type.kind = static_cast<Type::Kind>(i + 1);
    scalars_[i] = &type;
  }
}

const Type* Types::make(Type type) { return &types_.emplace_back(std::move(type)); }

// ---- notation -----------------------------------------------------------------------------------------------------

const Type* Types::parse_at(std::string_view text, std::size_t& at, int depth) {
  auto spaces = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  auto take = [&](char c) {
    spaces();
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  spaces();
  const std::size_t start = at;
  while (at < text.size() && ((text[at] >= 'a' && text[at] <= 'z') || text[at] == '_')) ++at;
  const std::string_view name = text.substr(start, at - start);
  if (depth > 16) return any_;
  Type type;
  if (name == "any") {
    if (!take('<')) return any_;
    type.kind = K::one_of;
    while (at < text.size() && !take('>')) {
      type.items.push_back(parse_at(text, at, depth + 1));
      if (!take(',') && (at >= text.size() || text[at] != '>')) return any_;
    }
    return make(std::move(type));
  }
  if (name == "null")
    type.kind = K::null;
  else if (name == "boolean")
    type.kind = K::boolean;
  else if (name == "number")
    type.kind = K::number;
  else if (name == "string")
    type.kind = K::string;
  else if (name == "set")
    type.kind = K::set;
  else if (name == "array")
    type.kind = K::array;
  else if (name == "object")
    type.kind = K::object;
  else
    return any_;
  if ((type.kind == K::array || type.kind == K::object) && take('<')) {
    while (at < text.size() && !take('>')) {
      if (type.kind == K::object) {
        const std::size_t colon = text.find(':', at);
        if (colon == std::string_view::npos) return any_;
        std::string member(text.substr(at, colon - at));
        std::erase(member, ' ');
        at = colon + 1;
        type.members.emplace_back(std::move(member), parse_at(text, at, depth + 1));
      } else {
        type.items.push_back(parse_at(text, at, depth + 1));
      }
      if (!take(',') && (at >= text.size() || text[at] != '>')) return any_;
    }
  }
  if ((type.kind == K::array || type.kind == K::set || type.kind == K::object) && take('[')) {
    spaces();
    if (at < text.size() && text[at] != ']') {
      type.element = parse_at(text, at, depth + 1);
      if (type.kind == K::object) {
        type.key = type.element;
        if (!take(':')) return any_;
        type.element = parse_at(text, at, depth + 1);
      }
    }
    take(']');
  }
  return make(std::move(type));
}

const Type* Types::parse(std::string_view text) {
  std::size_t at = 0;
  return parse_at(text, at, 0);
}

const FunctionType& Types::function(const Builtin& builtin) {
  auto& type = functions_[&builtin];
  if (type.result != nullptr) return type;
  // Split "(a, b) => r" at the commas of the outermost level; each part may be "name: type".
  const std::string_view text = builtin.signature;
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t start = 1, i = 1;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[' || c == '<' || c == '(')
      ++depth;
    else if (c == ')' && depth == 0)
      break;
    else if (c == ']' || c == ')' || (c == '>' && text[i - 1] != '='))
      --depth;
    else if (c == ',' && depth == 0) {
      parts.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  if (i > start) parts.push_back(text.substr(start, i - start));
  auto plain = [](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    return part;
  };
  auto type_of = [&](std::string_view part) {
    const std::size_t colon = part.find(':');
    const std::size_t bracket = part.find_first_of("[<");
    return parse(colon != std::string_view::npos && (bracket == std::string_view::npos || colon < bracket)
                     ? part.substr(colon + 1)
                     : part);
  };
  for (const std::string_view part : parts) type.arguments.push_back(type_of(plain(part)));
  const std::size_t arrow = text.find("=>", i);
  const std::string_view result = arrow == std::string_view::npos ? std::string_view() : plain(text.substr(arrow + 2));
  type.has_result = !result.empty();
  type.result = result.empty() ? any_ : type_of(result);
  const ArgumentNames named = argument_names(builtin.name);
  if (!named.names.empty()) {
    for (const std::string_view each : text::split(named.names, ',')) type.names.emplace_back(each);
  }
  if (!named.descriptions.empty()) {
    for (const std::string_view each : text::split(named.descriptions, '|')) type.descriptions.emplace_back(each);
  }
  return type;
}

const Type* Types::of(Value value) {
  Type type;
  switch (value.kind()) {
    case Kind::undefined:
      return any_;
    case Kind::null:
      return scalars_[0];
    case Kind::boolean:
      return scalars_[1];
    case Kind::number:
      return scalars_[2];
    case Kind::string:
      return scalars_[3];
    case Kind::array:
      if (value.size() > 64 || value.depth() > 8) return parse("array[any]");
      type.kind = K::array;
      for (const Value item : value.items()) type.items.push_back(of(item));
      break;
    case Kind::set:
      type.kind = K::set;
      type.element = value.size() == 0 ? any_ : of(value.items()[0]);
      for (const Value item : value.items()) {
        if (item.kind() != value.items()[0].kind() || item.is_composite()) type.element = any_;
      }
      break;
    case Kind::object:
      if (value.size() > 64 || value.depth() > 8) return parse("object[any: any]");
      type.kind = K::object;
      for (std::uint32_t i = 0; i < value.size(); ++i) {
        const Value key = value.key_at(i);
        type.members.emplace_back(key.is_string() ? std::string(key.string()) : to_rego(key), of(value.value_at(i)));
      }
      break;
  }
  return make(std::move(type));
}

bool overlap(const Type& a, const Type& b) {
  if (a.kind == K::any || b.kind == K::any) return true;
  if (a.kind == K::one_of) {
    return std::any_of(a.items.begin(), a.items.end(), [&](const Type* each) { return overlap(*each, b); });
  }
  if (b.kind == K::one_of) return overlap(b, a);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case K::array: {
      const std::size_t known = std::max(a.items.size(), b.items.size());
      for (std::size_t i = 0; i < known; ++i) {
        const Type* x = i < a.items.size() ? a.items[i] : a.element;
        const Type* y = i < b.items.size() ? b.items[i] : b.element;
        if (x == nullptr || y == nullptr || !overlap(*x, *y)) return false;
      }
      return true;
    }
    case K::object:
      for (const auto& [name, member] : a.members) {
        const auto found =
            std::find_if(b.members.begin(), b.members.end(), [&](const auto& each) { return each.first == name; });
        if (found != b.members.end()) {
          if (!overlap(*member, *found->second)) return false;
        } else if (b.element != nullptr && !overlap(*member, *b.element)) {
          return false;  // a member that the other does not know may be left out
        }
      }
      return true;
    default:
      return true;  // sets and dynamic arrays may be empty
  }
}

// ---- bodies -------------------------------------------------------------------------------------------------------

namespace {

// "have: (…)" and "want: (…)", as text and as JSON.
void describe_call(const FunctionType& want, const std::vector<const Type*>& have, bool with_result,
                   PolicyError& error) {
  doc::Value had = doc::Value::array(), wanted = doc::Value::array();
  std::string have_text, want_text;
  for (const Type* each : have) {
    have_text += to_string(*each) + ", ";
    had.push(type_document(*each));
  }
  had.push(doc::Value());
  const std::size_t count = want.arguments.size() + (with_result && want.has_result ? 1 : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const Type& type = i < want.arguments.size() ? *want.arguments[i] : *want.result;
    doc::Value each = type_document(type);
    want_text += want_text.empty() ? "" : ", ";
    if (i < want.names.size()) {
      each.set("name", doc::Value(want.names[i]));
      want_text += want.names[i] + ": ";
    }
    if (i < want.descriptions.size() && !want.descriptions[i].empty())
      each.set("description", doc::Value(want.descriptions[i]));
    want_text += to_string(type);
    wanted.push(std::move(each));
  }
  error.details = "have: (" + have_text + "???" + ")\n\twant: (" + want_text + ")";
  error.structure = doc::Value::object();
  error.structure.set("have", std::move(had));
  error.structure.set("want", doc::Value::object().set("args", std::move(wanted)));
}

struct Checker {
  Types& types;
  const ast::Module& module;
  PolicyErrors& errors;
  std::vector<const Type*> slots;
  const TypeEnvironment& environment;

  PolicyError& report(const Node& at, std::string message) {
    PolicyError error;
    error.code = "rego_type_error";
    error.message = std::move(message);
    error.file = module.file;
    error.row = module.row(at.source->location.begin);
    error.column = module.column(at.source->location.begin);
    errors.push_back(std::move(error));
    return errors.back();
  }

  const Type* node(const Node& at) {
    switch (at.kind) {
      case NodeKind::constant:
        return types.of(at.constant);
      case NodeKind::var:
        return at.slot < slots.size() && slots[at.slot] != nullptr ? slots[at.slot] : types.any();
      case NodeKind::ref:
        return reference(at);
      case NodeKind::array: {
        Type type;
        type.kind = K::array;
        for (const Node* item : at.items) type.items.push_back(node(*item));
        return types.make(std::move(type));
      }
      case NodeKind::set: {
        for (const Node* item : at.items) node(*item);
        return types.parse("set[any]");
      }
      case NodeKind::object: {
        Type type;
        type.kind = K::object;
        for (std::size_t i = 0; i + 1 < at.items.size(); i += 2) {
          node(*at.items[i]);
          const Type* value = node(*at.items[i + 1]);
          const Value key = at.items[i]->constant;
          if (at.items[i]->kind != NodeKind::constant) {
            type.key = type.element = types.any();
            continue;
          }
          type.members.emplace_back(key.is_string() ? std::string(key.string()) : to_rego(key), value);
        }
        return types.make(std::move(type));
      }
      case NodeKind::array_comprehension:
      case NodeKind::set_comprehension:
      case NodeKind::object_comprehension: {
        block(*at.block);
        const Type* first = node(*at.items[0]);
        Type type;
        type.kind = at.kind == NodeKind::array_comprehension ? K::array
                    : at.kind == NodeKind::set_comprehension ? K::set
                                                             : K::object;
        type.element = first;
        if (type.kind == K::object) {
          type.key = first;
          type.element = node(*at.items[1]);
        }
        return types.make(std::move(type));
      }
      case NodeKind::template_string:
        for (const Block* part : at.parts) {
          if (part != nullptr) block(*part);
        }
        return types.parse("string");
      case NodeKind::call:
        return call(at);
    }
    return types.any();
  }

  // What is known below the document that a reference begins with, and how many of its steps that takes.
  const Type* document(const Node& at, std::size_t& used) const {
    const Type* best = nullptr;
    for (const auto& [path, type] : environment.documents) {
      if (path[0] != (at.root == hir::Root::input ? "input" : "data") || path.size() - 1 > at.items.size()) continue;
      bool same = best == nullptr || path.size() - 1 >= used;
      for (std::size_t i = 1; same && i < path.size(); ++i) {
        const Node& item = *at.items[i - 1];
        same = item.kind == NodeKind::constant && item.constant.is_string() && item.constant.string() == path[i];
      }
      if (!same) continue;
      best = type;
      used = path.size() - 1;
    }
    return best;
  }

  const Type* reference(const Node& at) {
    const Type* type = at.head != nullptr ? node(*at.head) : nullptr;
    for (const Node* item : at.items) node(*item);
    std::size_t used = 0;
    if (at.head == nullptr) type = document(at, used);
    if (type == nullptr) return types.any();
    for (std::size_t i = used; i < at.items.size(); ++i) {
      const Node& item = *at.items[i];
      if (type->kind == K::any) return type;
      if (type->kind != K::array && type->kind != K::object && type->kind != K::set && type->kind != K::one_of) {
        undefined_reference(at, i, *type, false);
        return types.any();
      }
      const Node* free =
          item.kind == NodeKind::var && item.slot < slots.size() && slots[item.slot] == nullptr ? &item : nullptr;
      if (free != nullptr) slots[item.slot] = types.keys(*type);
      const Type* next = item.kind == NodeKind::constant ? types.select(*type, item.constant) : types.values(*type);
      if (next == nullptr) {
        undefined_reference(at, i, *type, true);
        return types.any();
      }
      type = next;
    }
    return type;
  }

  void undefined_reference(const Node& at, std::size_t position, const Type& type, bool composite) {
    // The reference as it is resolved: its root, then its steps.
    std::string text =
        at.head == nullptr ? at.root == hir::Root::input ? "input" : "data" : ast::to_string(*at.head->source);
    doc::Value parts = doc::Value::array();
    auto part = [&](std::string_view kind, doc::Value value) {
      doc::Value each = doc::Value::object();
      each.set("type", doc::Value(kind));
      each.set("value", std::move(value));
      parts.push(std::move(each));
    };
    part("var", doc::Value(text));
    std::size_t start = text.size(), end = text.size();
    std::string step;
    for (std::size_t i = 0; i < at.items.size(); ++i) {
      const Node& item = *at.items[i];
      if (i == position) start = text.size();
      if (item.kind == NodeKind::constant) {
        part(to_string(item.constant.kind()), to_document(item.constant));
        const bool plain = item.constant.is_string() && ast::is_plain_name(item.constant.string());
        text += plain ? "." + std::string(item.constant.string()) : "[" + to_rego(item.constant) + "]";
      } else {
        part("var", doc::Value(ast::to_string(*item.source)));
        text += "[" + ast::to_string(*item.source) + "]";
      }
      if (i == position) {
        end = text.size();
        step = item.kind == NodeKind::constant ? to_rego(item.constant) : ast::to_string(*item.source);
      }
    }
    PolicyError& error = report(at, "undefined ref: " + text);
    error.structure = doc::Value::object();
    error.structure.set("ref", std::move(parts));
    error.structure.set("pos", doc::Value(position + 1));
    if (!composite) {
      error.structure.set("have", type_document(type));
      error.details = text + "\n\t" + std::string(end, '^') + "\n\thave: " + to_string(type);
      return;
    }
    const std::string pad(start + 1, ' ');
    error.details = text + "\n\t" + pad + "^\n\t" + pad + "have: " + step + "\n\t" + pad;
    error.structure.set("want", type_document(*types.keys(type)));
    if (type.kind == K::object && !type.members.empty()) {
      std::vector<std::string> names;
      for (const auto& [name, member] : type.members) names.push_back(name);
      std::sort(names.begin(), names.end());
      doc::Value one_of = doc::Value::array();
      std::string list;
      for (const std::string& name : names) {
        one_of.push(doc::Value(name));
        list += (list.empty() ? "\"" : " \"") + name + "\"";
      }
      error.structure.set("oneOf", std::move(one_of));
      error.details += "want (one of): [" + list + "]";
    } else {
      error.details += "want (type): " + to_string(*types.keys(type));
    }
  }

  const Type* call(const Node& at) {
    for (const Block* part : at.parts) {
      if (part != nullptr) block(*part);
    }
    if (!at.parts.empty()) return types.any();
    SmallList<const Type*> have;
    for (const Node* item : at.items) have.push_back(node(*item));
    if (at.builtin == nullptr || !at.function.empty()) return types.any();
    const std::string_view name = at.builtin->name;
    if (name == "equal" && have.size() == 2 && !overlap(*have[0], *have[1])) {
      mismatch(at, *have[0], *have[1]);
      return types.parse("boolean");
    }
    const FunctionType& want = types.function(*at.builtin);
    bool good = have.size() == want.arguments.size();
    for (std::size_t i = 0; good && i < have.size(); ++i) good = overlap(*have[i], *want.arguments[i]);
    if (!good && have.size() == want.arguments.size())
      describe_call(want, {have.begin(), have.end()}, true, report(at, std::string(name) + ": invalid argument(s)"));
    return want.result;
  }

  void mismatch(const Node& at, const Type& left, const Type& right) {
    PolicyError& error = report(at, "match error");
    error.details = "left  : " + to_string(left) + "\n\tright : " + to_string(right);
    error.structure = doc::Value::object();
    error.structure.set("a", type_document(left));
    error.structure.set("b", type_document(right));
  }

  void literal(const Literal& each) {
    for (const hir::With& with : each.with) node(*with.value);
    switch (each.kind) {
      case LiteralKind::truth:
        node(*each.a);
        break;
      case LiteralKind::unify: {
        const Type* right = node(*each.b);
        if (each.a->kind == NodeKind::var && slots[each.a->slot] == nullptr) {
          slots[each.a->slot] = right;
          break;
        }
        const Type* left = node(*each.a);
        if (each.b->kind == NodeKind::var && slots[each.b->slot] == nullptr) {
          slots[each.b->slot] = left;
          break;
        }
        if (!overlap(*left, *right)) mismatch(each.a->source != nullptr ? *each.a : *each.b, *left, *right);
        break;
      }
      case LiteralKind::some_in:
      case LiteralKind::every:
        if (each.b != nullptr) node(*each.b);
        if (each.kind == LiteralKind::every) node(*each.a);
        if (each.block != nullptr) block(*each.block);
        break;
      case LiteralKind::negation:
        block(*each.block);
        break;
      case LiteralKind::nothing:
        break;
    }
  }
  void block(const Block& body) {
    for (const Literal* each : body.literals) literal(*each);
  }
};

}  // namespace

void check_types(Types& types, const ast::Module& module, const hir::RuleBody& body, const TypeEnvironment& environment,
                 PolicyErrors& errors) {
  Checker checker{types, module, errors, std::vector<const Type*>(body.variables.size(), nullptr), environment};
  checker.block(*body.block);
  for (const Node* node : body.suffix) checker.node(*node);
  if (body.key != nullptr) checker.node(*body.key);
  if (body.value != nullptr) checker.node(*body.value);
}

void describe_arity(const Node& call, PolicyError& error) {
  Types types;
  std::vector<const Type*> have;
  for (const Node* item : call.items)
    have.push_back(item->kind == NodeKind::constant ? types.of(item->constant) : types.any());
  describe_call(types.function(*call.builtin), have, false, error);
}

}  // namespace chiron::policy
