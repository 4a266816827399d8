// Traces and partial results as text and JSON.
#include "engines/policy/interpreter/show.h"

#include <algorithm>

#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::interpreter {

std::optional<Detail> detail_of(std::string_view name) {
  static constexpr std::pair<std::string_view, Detail> kNames[] = {{"off", Detail::off},     {"", Detail::off},
                                                                   {"notes", Detail::notes}, {"fails", Detail::fails},
                                                                   {"full", Detail::full},   {"debug", Detail::debug}};
  for (const auto& [known, detail] : kNames) {
    if (known == name) return detail;
  }
  return std::nullopt;
}

std::vector<Event> selected(const std::vector<Event>& events, Detail detail) {
  if (detail == Detail::off) return {};
  if (detail == Detail::full || detail == Detail::debug) return events;
  const Operation wanted = detail == Detail::notes ? Operation::note : Operation::fail;
  std::vector<Event> out;
  std::unordered_map<std::uint64_t, const Event*> entered;
  for (const Event& event : events) {
    if (event.operation == wanted) {
      // The way to it: what was entered or gone back to, from the outside in.
      std::vector<const Event*> way{&event};
      const Event* previous = nullptr;
      auto found = entered.find(event.query);
      const Event* at = found == entered.end() ? nullptr : found->second;
      while (at != nullptr && at != previous) {
        way.push_back(at);
        previous = at;
        found = entered.find(at->parent);
        at = found == entered.end() ? nullptr : found->second;
      }
      for (std::size_t i = way.size(); i-- > 0;) out.push_back(*way[i]);
      entered.clear();
    }
    const bool opens = event.operation == Operation::enter || event.operation == Operation::redo;
    if (opens && (event.rule != nullptr || event.body != nullptr)) entered[event.query] = &event;
  }
  return out;
}

std::vector<TraceLine> trace_lines(const Tree& tree, const std::vector<Event>& events) {
  static constexpr std::string_view kNames[] = {"Enter", "Exit", "Eval",  "Redo", "Fail",
                                                "Note",  "Save", "Index", "Unify"};
  const ShowName names = [&](const std::string& name) { return std::string(tree.original(name)); };
  std::unordered_map<std::uint64_t, std::size_t> depths;
  std::vector<TraceLine> out;
  for (const Event& event : events) {
    std::size_t& depth = depths[event.query];
    if (depth == 0) {
      const auto outer = depths.find(event.parent);
      const std::size_t above = outer == depths.end() ? 0 : outer->second;
      depths[event.query] = above + 1;
    }
    std::size_t spaces = depths[event.query];
    const bool on_edge =
        event.operation == Operation::enter || (event.operation == Operation::redo && event.expr == nullptr);
    if (!on_edge) ++spaces;
    std::string text;
    for (std::size_t i = 1; i < spaces; ++i) text += "| ";
    text += kNames[static_cast<std::size_t>(event.operation)];
    if (event.operation == Operation::note) {
      text += " " + to_rego(const_cast<Tree&>(tree).store().string(event.message));
    } else {
      text += ' ';
      if (!event.reference.empty())
        text += event.reference;
      else if (event.rule != nullptr)
        text += path_text(event.rule->leaf->node->path);
      else if (event.expr != nullptr)
        text += to_string(*event.expr, names);
      else
        text += to_string(*event.body, names);
      if (!event.message.empty()) text += " " + event.message;
      if (event.early) text += " early";
    }
    if (!event.values.empty()) {
      text += "    {";
      for (std::size_t i = 0; i < event.values.size(); ++i)
        text += (i > 0 ? ", " : "") + event.values[i].first + ": " + event.values[i].second;
      text += "}";
    }
    const std::string file = event.file.empty() ? "query" : std::string(event.file);
    out.push_back({file + ":" + std::to_string(event.row == 0 ? 1 : event.row), std::move(text)});
  }
  return out;
}

std::string trace_text(const Tree& tree, const std::vector<Event>& events, bool indent) {
  const std::vector<TraceLine> lines = trace_lines(tree, events);
  std::size_t longest = 0;
  for (const TraceLine& line : lines) longest = std::max(longest, line.place.size());
  const std::string edge = indent ? "  " : "";
  std::string out;
  for (const TraceLine& line : lines) {
    out += edge + line.place + std::string(longest + 4 - line.place.size(), ' ') + " " + edge + line.text + edge + "\n";
  }
  return out;
}

std::string document_trace(Tree& tree, const DocumentTrace& request) {
  if (request.detail == Detail::off) return {};
  Term* reference = tree.term(Kind::ref);
  reference->items.push_back(tree.var("data"));
  for (const Value step : request.path) reference->items.push_back(tree.constant(step));
  Expr* expr = tree.expr();
  expr->terms = {reference};
  Tree::Query query{{expr}, {}};
  tree.capture(query);
  std::vector<Event> events;
  Options options;
  options.evaluation = request.evaluation;
  options.evaluation.printed = nullptr;
  options.trace = &events;
  options.values = request.values;
  Interpreter run(tree, options);
  (void)run.query(query);  // an error has been told by the machine
  return trace_text(tree, selected(events, request.detail), true);
}

// ---- source -------------------------------------------------------------------------------------------------------

namespace {

std::string_view symbol_of(const Term& operation, std::size_t operands) {
  if (operation.kind != Kind::var || operands != 2) return {};
  const Builtin* builtin = find_builtin(operation.name);
  return builtin == nullptr || builtin->name.starts_with("internal.") ? std::string_view() : builtin->infix;
}

std::string joined(const std::vector<const Term*>& items, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < items.size(); ++i) out += (i > from ? ", " : "") + source_text(*items[i]);
  return out;
}

std::string call_text(const std::vector<const Term*>& items) {
  const std::string_view symbol = symbol_of(*items[0], items.size() - 1);
  if (!symbol.empty()) return source_text(*items[1]) + " " + std::string(symbol) + " " + source_text(*items[2]);
  if (items[0]->name == "internal.member_2" && items.size() == 3)
    return source_text(*items[1]) + " in " + source_text(*items[2]);
  if (items[0]->name == "internal.member_3" && items.size() == 4)
    return source_text(*items[1]) + ", " + source_text(*items[2]) + " in " + source_text(*items[3]);
  return to_string(*items[0]) + "(" + joined(items, 1) + ")";
}

std::string body_text(const Body& body) {
  std::string out;
  for (const Expr* each : body) out += (out.empty() ? "" : "; ") + source_text(*each);
  return out;
}

}  // namespace

std::string source_text(const Term& term) {
  switch (term.kind) {
    case Kind::constant:
    case Kind::var:
      return to_string(term);
    case Kind::ref: {
      const Term& head = *term.items[0];
      std::string out = source_text(head);
      for (std::size_t i = 1; i < term.items.size(); ++i) {
        const Term& item = *term.items[i];
        if (item.kind == Kind::constant && item.constant.is_string() && ast::is_plain_name(item.constant.string()))
          out += "." + std::string(item.constant.string());
        else
          out += "[" + source_text(item) + "]";
      }
      return out;
    }
    case Kind::array:
      return "[" + joined(term.items, 0) + "]";
    case Kind::set:
      return term.items.empty() ? "set()" : "{" + joined(term.items, 0) + "}";
    case Kind::object: {
      std::string out = "{";
      for (std::size_t i = 0; i + 1 < term.items.size(); i += 2)
        out += (i > 0 ? ", " : "") + source_text(*term.items[i]) + ": " + source_text(*term.items[i + 1]);
      return out + "}";
    }
    case Kind::array_comprehension:
      return "[" + source_text(*term.items[0]) + " | " + body_text(*term.body) + "]";
    case Kind::set_comprehension:
      return "{" + source_text(*term.items[0]) + " | " + body_text(*term.body) + "}";
    case Kind::object_comprehension:
      return "{" + source_text(*term.items[0]) + ": " + source_text(*term.items[1]) + " | " + body_text(*term.body) +
             "}";
    case Kind::call: {
      const std::string text = call_text(term.items);
      return symbol_of(*term.items[0], term.items.size() - 1).empty() && !text.ends_with(" in ") ? text
                                                                                                 : "(" + text + ")";
    }
  }
  return {};
}

std::string source_text(const Expr& expr) {
  std::string out = expr.negated ? "not " : "";
  if (expr.is_every()) {
    out += "every ";
    if (expr.key != nullptr) out += source_text(*expr.key) + ", ";
    out += source_text(*expr.value) + " in " + source_text(*expr.domain) + " { " + body_text(*expr.body) + "}";
  } else if (expr.terms.empty()) {
    out += "{ " + body_text(*expr.body) + " }";
  } else if (expr.is_call()) {
    out += call_text(expr.terms);
  } else {
    out += source_text(*expr.terms[0]);
  }
  for (const With& with : expr.with) out += " with " + to_string(*with.target) + " as " + source_text(*with.value);
  return out;
}

namespace {

std::string rule_text(const PartialResult::Module::SupportRule& rule) {
  std::string out = rule.is_default ? "default " : "";
  out += rule.name;
  for (const Term* step : rule.suffix) {
    const bool plain =
        step->kind == Kind::constant && step->constant.is_string() && ast::is_plain_name(step->constant.string());
    out += plain ? "." + std::string(step->constant.string()) : "[" + source_text(*step) + "]";
  }
  if (!rule.arguments.empty()) out += "(" + joined(rule.arguments, 0) + ")";
  if (rule.key != nullptr) out += " contains " + source_text(*rule.key);
  const bool plain_true = rule.value != nullptr && rule.value->kind == Kind::constant && rule.value->constant.is_true();
  if (rule.value != nullptr && (!plain_true || rule.is_default)) out += " := " + source_text(*rule.value);
  if (rule.is_default) return out + "\n";
  const bool holds = rule.body.size() == 1 && rule.body[0]->terms.size() == 1 && !rule.body[0]->negated &&
                     rule.body[0]->terms[0]->kind == Kind::constant && rule.body[0]->terms[0]->constant.is_true();
  if (holds) return plain_true ? out + " := true\n" : out + "\n";
  if (rule.body.size() == 1) return out + " if " + source_text(*rule.body[0]) + "\n";
  out += " if {\n";
  for (const Expr* expr : rule.body) out += "\t" + source_text(*expr) + "\n";
  return out + "}\n";
}

void sort_modules(PartialResult& result) {
  std::sort(result.modules.begin(), result.modules.end(),
            [](const auto& a, const auto& b) { return a.package < b.package; });
  for (PartialResult::Module& module : result.modules) {
    std::stable_sort(module.rules.begin(), module.rules.end(), [](const auto& a, const auto& b) {
      if (a.name != b.name) return a.name < b.name;
      if (a.is_default != b.is_default) return a.is_default;
      return rule_text(a) < rule_text(b);
    });
    const auto same_text = [](const auto& a, const auto& b) { return rule_text(a) == rule_text(b); };
    module.rules.erase(std::unique(module.rules.begin(), module.rules.end(), same_text), module.rules.end());
  }
}

}  // namespace

std::string module_text(const PartialResult::Module& module) {
  std::string out = "package ";
  for (std::size_t i = 0; i < module.package.size(); ++i) {
    const std::string& step = module.package[i];
    if (ast::is_plain_name(step))
      out += (i > 0 ? "." : "") + step;
    else
      out += "[\"" + step + "\"]";
  }
  out += "\n";
  for (const auto& rule : module.rules) out += "\n" + rule_text(rule);
  return out;
}

std::string partial_source(PartialResult& result) {
  sort_modules(result);
  std::string out;
  for (std::size_t i = 0; i < result.queries.size(); ++i) {
    out += "# Query " + std::to_string(i + 1) + "\n";
    for (const Expr* expr : result.queries[i]) out += source_text(*expr) + "\n";
    out += "\n";
  }
  for (std::size_t i = 0; i < result.modules.size(); ++i) {
    out += "# Module " + std::to_string(i + 1) + "\n" + module_text(result.modules[i]);
    if (i + 1 < result.modules.size()) out += "\n";
  }
  return out;
}

std::string partial_table(PartialResult& result) {
  sort_modules(result);
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::size_t i = 0; i < result.queries.size(); ++i) {
    std::string text;
    for (const Expr* expr : result.queries[i]) text += source_text(*expr) + "\n";
    rows.emplace_back("Query " + std::to_string(i + 1), text);
  }
  for (std::size_t i = 0; i < result.modules.size(); ++i)
    rows.emplace_back("Support " + std::to_string(i + 1), module_text(result.modules[i]));
  if (rows.empty()) return "undefined\n";
  std::size_t left = 0, right = 0;
  for (auto& [name, text] : rows) {
    text = text::replace_all(text, "\t", "  ");
    left = std::max(left, name.size());
    for (const std::string_view line : text::split(text, '\n')) right = std::max(right, utf8::display_width(line));
  }
  const std::string rule = "+" + std::string(left + 2, '-') + "+" + std::string(right + 2, '-') + "+\n";
  std::string out = rule;
  for (const auto& [name, text] : rows) {
    std::vector<std::string_view> lines = text::split(text, '\n');
    if (lines.size() > 1 && lines.back().empty()) lines.pop_back();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string shown = i == 0 ? name : std::string();
      out += "| " + shown + std::string(left - shown.size(), ' ') + " | " + std::string(lines[i]) +
             std::string(right - utf8::display_width(lines[i]), ' ') + " |\n";
    }
    out += rule;
  }
  return out;
}

// ---- JSON ---------------------------------------------------------------------------------------------------------

namespace {

doc::Value body_document(const Body& body);

doc::Value typed(std::string_view type, doc::Value value) {
  doc::Value out = doc::Value::object();
  out.set("type", doc::Value(type));
  out.set("value", std::move(value));
  return out;
}

doc::Value value_document(Value value) {
  doc::Value list = doc::Value::array();
  switch (value.kind()) {
    case policy::Kind::array:
    case policy::Kind::set:
      for (const Value item : value.items()) list.push(value_document(item));
      return typed(value.is_array() ? "array" : "set", std::move(list));
    case policy::Kind::object:
      for (std::uint32_t i = 0; i < value.size(); ++i) {
        doc::Value pair = doc::Value::array();
        pair.push(value_document(value.key_at(i)));
        pair.push(value_document(value.value_at(i)));
        list.push(std::move(pair));
      }
      return typed("object", std::move(list));
    default:
      return typed(to_string(value.kind()), to_document(value));
  }
}

doc::Value term_document(const Term& term) {
  doc::Value list = doc::Value::array();
  switch (term.kind) {
    case Kind::constant:
      return value_document(term.constant);
    case Kind::var:
      return typed("var", doc::Value(term.name));
    case Kind::ref:
    case Kind::array:
    case Kind::set:
      for (const Term* item : term.items) list.push(term_document(*item));
      return typed(term.kind == Kind::ref ? "ref" : term.kind == Kind::array ? "array" : "set", std::move(list));
    case Kind::object:
      for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
        doc::Value pair = doc::Value::array();
        pair.push(term_document(*term.items[i]));
        pair.push(term_document(*term.items[i + 1]));
        list.push(std::move(pair));
      }
      return typed("object", std::move(list));
    case Kind::array_comprehension:
    case Kind::set_comprehension: {
      doc::Value inner = doc::Value::object();
      inner.set("term", term_document(*term.items[0]));
      inner.set("body", body_document(*term.body));
      return typed(term.kind == Kind::set_comprehension ? "setcomprehension" : "arraycomprehension", std::move(inner));
    }
    case Kind::object_comprehension: {
      doc::Value inner = doc::Value::object();
      inner.set("key", term_document(*term.items[0]));
      inner.set("value", term_document(*term.items[1]));
      inner.set("body", body_document(*term.body));
      return typed("objectcomprehension", std::move(inner));
    }
    case Kind::call:
      for (std::size_t i = 0; i < term.items.size(); ++i) {
        if (i > 0 || term.items[0]->kind == Kind::ref) {
          list.push(term_document(*term.items[i]));
          continue;
        }
        doc::Value reference = doc::Value::array();
        reference.push(term_document(*term.items[0]));
        list.push(typed("ref", std::move(reference)));
      }
      return typed("call", std::move(list));
  }
  return {};
}

// A built-in's name as a reference: the parts between its dots.
doc::Value operator_document(const Term& operation) {
  if (operation.kind == Kind::ref) return term_document(operation);
  doc::Value list = doc::Value::array();
  for (const std::string_view part : text::split(operation.name, '.'))
    list.push(typed(list.items().empty() ? "var" : "string", doc::Value(part)));
  return typed("ref", std::move(list));
}

doc::Value expr_document(const Expr& expr, std::size_t index) {
  doc::Value out = doc::Value::object();
  out.set("index", doc::Value(index));
  if (expr.negated) out.set("negated", doc::Value(true));
  if (expr.is_every()) {
    doc::Value every = doc::Value::object();
    every.set("key", expr.key != nullptr ? term_document(*expr.key) : doc::Value());
    every.set("value", term_document(*expr.value));
    every.set("domain", term_document(*expr.domain));
    every.set("body", body_document(*expr.body));
    out.set("terms", std::move(every));
  } else if (expr.is_call()) {
    doc::Value list = doc::Value::array();
    list.push(operator_document(*expr.terms[0]));
    for (std::size_t i = 1; i < expr.terms.size(); ++i) list.push(term_document(*expr.terms[i]));
    out.set("terms", std::move(list));
  } else if (!expr.terms.empty()) {
    out.set("terms", term_document(*expr.terms[0]));
  } else {
    out.set("terms", body_document(*expr.body));
  }
  if (!expr.with.empty()) {
    doc::Value list = doc::Value::array();
    for (const With& with : expr.with) {
      doc::Value each = doc::Value::object();
      each.set("target", term_document(*with.target));
      each.set("value", term_document(*with.value));
      list.push(std::move(each));
    }
    out.set("with", std::move(list));
  }
  return out;
}

doc::Value body_document(const Body& body) {
  doc::Value out = doc::Value::array();
  for (std::size_t i = 0; i < body.size(); ++i) out.push(expr_document(*body[i], i));
  return out;
}

}  // namespace

doc::Value partial_document(PartialResult& result) {
  sort_modules(result);
  doc::Value partial = doc::Value::object();
  if (!result.queries.empty()) {
    doc::Value queries = doc::Value::array();
    for (const Body& query : result.queries) queries.push(body_document(query));
    partial.set("queries", std::move(queries));
  }
  if (!result.modules.empty()) {
    doc::Value support = doc::Value::array();
    for (const PartialResult::Module& module : result.modules) {
      doc::Value path = doc::Value::array();
      path.push(typed("var", doc::Value("data")));
      for (const std::string& step : module.package) path.push(typed("string", doc::Value(step)));
      doc::Value made = doc::Value::object();
      made.set("package", doc::Value::object().set("path", std::move(path)));
      doc::Value rules = doc::Value::array();
      for (const auto& rule : module.rules) {
        doc::Value head = doc::Value::object();
        head.set("name", doc::Value(rule.name));
        if (!rule.arguments.empty()) {
          doc::Value arguments = doc::Value::array();
          for (const Term* argument : rule.arguments) arguments.push(term_document(*argument));
          head.set("args", std::move(arguments));
        }
        if (rule.key != nullptr) head.set("key", term_document(*rule.key));
        if (rule.value != nullptr) head.set("value", term_document(*rule.value));
        doc::Value reference = doc::Value::array();
        reference.push(typed("var", doc::Value(rule.name)));
        for (const Term* step : rule.suffix) reference.push(term_document(*step));
        head.set("ref", std::move(reference));
        doc::Value each = doc::Value::object();
        each.set("body", body_document(rule.body));
        if (rule.is_default) each.set("default", doc::Value(true));
        each.set("head", std::move(head));
        rules.push(std::move(each));
      }
      made.set("rules", std::move(rules));
      support.push(std::move(made));
    }
    partial.set("support", std::move(support));
  }
  return doc::Value::object().set("partial", std::move(partial));
}

}  // namespace chiron::policy::interpreter
