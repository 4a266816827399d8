// The syntax tree as OPA's JSON.
#include "engines/policy/report.h"

namespace chiron::policy {
namespace {

using ast::ExprKind;
using ast::Term;
using ast::TermKind;

doc::Value typed(std::string_view type, doc::Value value) {
  doc::Value out = doc::Value::object();
  out.set("type", doc::Value(type));
  out.set("value", std::move(value));
  return out;
}

std::string base64(std::string_view text) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t word = static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << 16;
    if (i + 1 < text.size()) word |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i + 1])) << 8;
    if (i + 2 < text.size()) word |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i + 2]));
    encoded += kDigits[word >> 18];
    encoded += kDigits[(word >> 12) & 63];
    encoded += i + 1 < text.size() ? kDigits[(word >> 6) & 63] : '=';
    encoded += i + 2 < text.size() ? kDigits[word & 63] : '=';
  }
  return encoded;
}

constexpr std::uint32_t kPackage = 7, kImport = 6;  // bytes of the keywords

// Where a `module` is given, every node says where it stands and what it was written as.
struct Writer {
  const ast::Module* module = nullptr;

  void locate(doc::Value& node, ast::Location location) const {
    if (module == nullptr || !node.is_object()) return;
    doc::Value place = doc::Value::object();
    place.set("file", doc::Value(module->file));
    place.set("row", doc::Value(module->row(location.begin)));
    place.set("col", doc::Value(module->column(location.begin)));
    place.set("text", doc::Value(base64(module->source(location))));
    node.set("location", std::move(place));
  }
  // `data`, which the source leaves out, stands where the path begins.
  [[nodiscard]] doc::Value package_path(std::span<Term* const> path) const {
    doc::Value list = terms_document(path);
    if (path.size() > 1) locate(list.items()[0], path[1]->location);
    return list;
  }

  doc::Value terms_document(std::span<Term* const> terms) const {
    doc::Value list = doc::Value::array();
    for (const Term* term : terms) list.push(term_document(*term));
    return list;
  }

  // The operator of a call is always a reference.
  doc::Value operator_document(const Term& term) const {
    if (term.kind != TermKind::var) return term_document(term);
    doc::Value list = doc::Value::array();
    list.push(term_document(term));
    doc::Value out = typed("ref", std::move(list));
    locate(out, term.location);
    return out;
  }

  doc::Value true_document(ast::Location location) const {
    doc::Value out = typed("boolean", doc::Value(true));
    locate(out, location);
    return out;
  }

  doc::Value call_terms(const Term& call) const {
    doc::Value list = doc::Value::array();
    list.push(operator_document(*call.items[0]));
    for (const Term* item : call.items.subspan(1)) list.push(term_document(*item));
    return list;
  }

  doc::Value expr_document(const ast::Expr& expr, std::size_t index) const {
    doc::Value out = doc::Value::object();
    locate(out, expr.location);
    if (expr.generated) out.set("generated", doc::Value(true));
    out.set("index", doc::Value(index));
    if (expr.negated) out.set("negated", doc::Value(true));
    switch (expr.kind) {
      case ExprKind::term:
        if (expr.term == nullptr)
          out.set("terms", body_document(*expr.body));
        else if (expr.term->kind == TermKind::call)
          out.set("terms", call_terms(*expr.term));
        else
          out.set("terms", term_document(*expr.term));
        break;
      case ExprKind::some_vars: {
        doc::Value terms = doc::Value::object();
        terms.set("symbols", terms_document(expr.symbols));
        out.set("terms", std::move(terms));
        break;
      }
      case ExprKind::some_in: {
        doc::Value symbols = doc::Value::array();
        symbols.push(term_document(*expr.term));
        out.set("terms", doc::Value::object().set("symbols", std::move(symbols)));
        break;
      }
      case ExprKind::every: {
        doc::Value terms = doc::Value::object();
        terms.set("body", body_document(*expr.body));
        terms.set("domain", term_document(*expr.domain));
        terms.set("key", expr.key != nullptr ? term_document(*expr.key) : doc::Value());
        terms.set("value", term_document(*expr.value));
        out.set("terms", std::move(terms));
        break;
      }
      case ExprKind::logical_and:
      case ExprKind::logical_or: {
        doc::Value terms = doc::Value::object();
        terms.set("lhs", body_document(*expr.left));
        terms.set("rhs", body_document(*expr.right));
        out.set("terms", std::move(terms));
        break;
      }
    }
    if (!expr.with.empty()) {
      doc::Value list = doc::Value::array();
      for (const ast::With& with : expr.with) {
        doc::Value each = doc::Value::object();
        each.set("target",
                 with.target->kind == TermKind::var ? operator_document(*with.target) : term_document(*with.target));
        each.set("value", term_document(*with.value));
        list.push(std::move(each));
      }
      out.set("with", std::move(list));
    }
    return out;
  }

  doc::Value body_document(const ast::Body& body) const {
    doc::Value list = doc::Value::array();
    for (std::size_t i = 0; i < body.expressions.size(); ++i) list.push(expr_document(*body.expressions[i], i));
    return list;
  }

  doc::Value head_document(const ast::Rule& rule) const {
    const ast::Head& head = rule.head;
    doc::Value out = doc::Value::object();
    locate(out, head.location);
    doc::Value reference = doc::Value::array();
    std::string_view name;
    if (head.reference->kind == TermKind::var) {
      name = head.reference->text;
      reference.push(term_document(*head.reference));
    } else {
      if (head.reference->items.size() == 1 || head.key != nullptr) name = head.reference->items[0]->text;
      reference = terms_document(head.reference->items);
    }
    // p[x] := v with a variable x shows its key as one of a set does.
    const Term* key = head.key;
    if (key == nullptr && rule.has_if && !head.has_arguments && head.reference->kind == TermKind::ref &&
        head.reference->items.size() == 2 && !ast::is_ground(*head.reference->items[1])) {
      key = head.reference->items[1];
      if (head.value != nullptr) name = head.reference->items[0]->text;
    }
    if (!name.empty()) out.set("name", doc::Value(name));
    if (head.has_arguments && !head.arguments.empty()) out.set("args", terms_document(head.arguments));
    if (key != nullptr) out.set("key", term_document(*key));
    if (head.value != nullptr)
      out.set("value", term_document(*head.value));
    else if (head.key == nullptr)
      out.set("value", true_document(head.location));
    if (head.assigned) out.set("assign", doc::Value(true));
    out.set("ref", std::move(reference));
    return out;
  }

  doc::Value rule_document(const ast::Rule& rule) const {
    doc::Value out = doc::Value::object();
    locate(out, rule.location);
    if (!rule.annotations.empty()) {
      doc::Value list = doc::Value::array();
      for (const ast::Annotations* annotations : rule.annotations) list.push(annotations->value);
      out.set("annotations", std::move(list));
    }
    if (rule.is_default) out.set("default", doc::Value(true));
    out.set("head", head_document(rule));
    doc::Value body = doc::Value::array();
    if (rule.generated_body) {
      doc::Value expr = doc::Value::object();
      const ast::Location place = rule.head.value != nullptr ? rule.head.value->location : rule.head.location;
      locate(expr, place);
      expr.set("index", doc::Value(0));
      expr.set("terms", true_document(place));
      body.push(std::move(expr));
    } else {
      body = body_document(rule.body);
    }
    out.set("body", std::move(body));
    if (rule.else_rule != nullptr) out.set("else", rule_document(*rule.else_rule));
    return out;
  }

  doc::Value term_document(const Term& term) const {
    doc::Value out = plain_term(term);
    locate(out, term.location);
    return out;
  }

  doc::Value plain_term(const Term& term) const {
    switch (term.kind) {
      case TermKind::null:
        return typed("null", doc::Value::object());
      case TermKind::boolean:
        return typed("boolean", doc::Value(term.boolean));
      case TermKind::number:
        return typed("number", doc::Value::number(std::string(term.text)));
      case TermKind::string:
        return typed("string", doc::Value(term.text));
      case TermKind::var:
        return typed("var", doc::Value(term.text));
      case TermKind::ref:
        return typed("ref", terms_document(term.items));
      case TermKind::array:
        return typed("array", terms_document(term.items));
      case TermKind::set:
        return typed("set", terms_document(term.items));
      case TermKind::object: {
        doc::Value list = doc::Value::array();
        for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) list.push(terms_document(term.items.subspan(i, 2)));
        return typed("object", std::move(list));
      }
      case TermKind::array_comprehension:
      case TermKind::set_comprehension: {
        doc::Value value = doc::Value::object();
        value.set("term", term_document(*term.items[0]));
        value.set("body", body_document(*term.body));
        return typed(term.kind == TermKind::array_comprehension ? "arraycomprehension" : "setcomprehension",
                     std::move(value));
      }
      case TermKind::object_comprehension: {
        doc::Value value = doc::Value::object();
        value.set("key", term_document(*term.items[0]));
        value.set("value", term_document(*term.items[1]));
        value.set("body", body_document(*term.body));
        return typed("objectcomprehension", std::move(value));
      }
      case TermKind::call:
        return typed("call", call_terms(term));
      case TermKind::template_string: {
        doc::Value value = doc::Value::object();
        doc::Value parts = doc::Value::array();
        for (const Term* part : term.items) {
          if (part->kind == TermKind::string)
            parts.push(term_document(*part));
          else
            parts.push(expr_document(*part->body->expressions[0], 0));
        }
        value.set("parts", std::move(parts));
        value.set("multi_line", doc::Value(term.raw));
        return typed("templatestring", std::move(value));
      }
      case TermKind::template_expression:
        break;
    }
    return {};
  }
};

}  // namespace

doc::Value term_document(const Term& term) { return Writer{}.term_document(term); }

doc::Value module_document(const ast::Module& module, const AstJsonOptions& options) {
  const Writer writer{options.locations ? &module : nullptr};
  doc::Value out = doc::Value::object();
  doc::Value package = doc::Value::object().set("path", writer.package_path(module.package->items));
  // Of a package and an import it is the keyword's.
  writer.locate(package, {module.package_location.begin, module.package_location.begin + kPackage});
  out.set("package", std::move(package));
  if (!module.annotations.empty()) {
    doc::Value list = doc::Value::array();
    for (const auto& annotations : module.annotations) list.push(annotations->value);
    out.set("annotations", std::move(list));
  }
  if (!module.imports.empty()) {
    doc::Value list = doc::Value::array();
    for (const ast::Import* import : module.imports) {
      doc::Value each = doc::Value::object();
      writer.locate(each, {import->location.begin, import->location.begin + kImport});
      each.set("path", writer.term_document(*import->path));
      if (!import->alias.empty()) each.set("alias", doc::Value(import->alias));
      list.push(std::move(each));
    }
    out.set("imports", std::move(list));
  }
  if (!module.rules.empty()) {
    doc::Value list = doc::Value::array();
    for (const ast::Rule* rule : module.rules) list.push(writer.rule_document(*rule));
    out.set("rules", std::move(list));
  }
  if (options.comments && !module.comments.empty()) {
    doc::Value list = doc::Value::array();
    for (const ast::Comment& comment : module.comments) {
      doc::Value each = doc::Value::object();
      each.set("Text", doc::Value(base64(comment.text)));
      doc::Value location = doc::Value::object();
      location.set("file", doc::Value(module.file));
      location.set("row", doc::Value(module.row(comment.location.begin)));
      location.set("col", doc::Value(module.column(comment.location.begin)));
      each.set("Location", std::move(location));
      list.push(std::move(each));
    }
    out.set("comments", std::move(list));
  }
  return out;
}

namespace {

struct Outline {
  std::string out;
  void line(int depth, std::string_view text) {
    out.append(static_cast<std::size_t>(depth), ' ');
    out += text;
    out += '\n';
  }
  void term(const Term& term, int depth) {
    switch (term.kind) {
      case TermKind::ref:
        line(depth, "ref");
        for (const Term* part : term.items) this->term(*part, depth + 1);
        break;
      case TermKind::array:
      case TermKind::set:
        line(depth, term.kind == TermKind::array ? "array" : "set");
        for (const Term* part : term.items) this->term(*part, depth + 1);
        break;
      case TermKind::object:
        line(depth, "object");
        for (const Term* part : term.items) this->term(*part, depth + 1);
        break;
      case TermKind::call:
        line(depth, "call");
        operation(*term.items[0], depth + 1);
        for (const Term* part : term.items.subspan(1)) this->term(*part, depth + 1);
        break;
      case TermKind::array_comprehension:
      case TermKind::set_comprehension:
      case TermKind::object_comprehension:
        line(depth, term.kind == TermKind::array_comprehension ? "arraycomprehension"
                    : term.kind == TermKind::set_comprehension ? "setcomprehension"
                                                               : "objectcomprehension");
        for (const Term* part : term.items) this->term(*part, depth + 1);
        body(*term.body, depth + 1);
        break;
      default:
        line(depth, ast::to_string(term));
    }
  }
  void operation(const Term& operation, int depth) {
    if (operation.kind != TermKind::var) return term(operation, depth);
    line(depth, "ref");
    term(operation, depth + 1);
  }
  void body(const ast::Body& body, int depth) {
    line(depth, "body");
    for (std::size_t i = 0; i < body.expressions.size(); ++i) expr(*body.expressions[i], i, depth + 1);
  }
  void expr(const ast::Expr& expr, std::size_t index, int depth) {
    line(depth, std::string(expr.negated ? "expr negated index=" : "expr index=") + std::to_string(index));
    switch (expr.kind) {
      case ExprKind::term:
        if (expr.term == nullptr) {
          body(*expr.body, depth + 1);
        } else if (expr.term->kind == TermKind::call) {
          operation(*expr.term->items[0], depth + 1);
          for (const Term* part : expr.term->items.subspan(1)) term(*part, depth + 1);
        } else {
          term(*expr.term, depth + 1);
        }
        break;
      case ExprKind::some_vars:
        line(depth + 1, "somedecl");
        for (const Term* symbol : expr.symbols) term(*symbol, depth + 2);
        break;
      case ExprKind::some_in:
        line(depth + 1, "somedecl");
        term(*expr.term, depth + 2);
        break;
      case ExprKind::every:
        line(depth + 1, "every");
        if (expr.key != nullptr) term(*expr.key, depth + 2);
        term(*expr.value, depth + 2);
        term(*expr.domain, depth + 2);
        body(*expr.body, depth + 2);
        break;
      case ExprKind::logical_and:
      case ExprKind::logical_or:
        line(depth + 1, expr.kind == ExprKind::logical_and ? "and" : "or");
        body(*expr.left, depth + 2);
        body(*expr.right, depth + 2);
        break;
    }
    for (const ast::With& with : expr.with) {
      line(depth + 1, "with");
      operation(*with.target, depth + 2);
      term(*with.value, depth + 2);
    }
  }
  void rule(const ast::Rule& rule, int depth, std::string_view word) {
    line(depth, word);
    line(depth + 1, "head");
    operation(*rule.head.reference, depth + 2);
    if (rule.head.has_arguments) {
      line(depth + 2, "args");
      for (const Term* argument : rule.head.arguments) term(*argument, depth + 3);
    }
    if (rule.head.value != nullptr)
      term(*rule.head.value, depth + 2);
    else if (rule.head.key == nullptr)
      line(depth + 2, "true");
    body(rule.body, depth + 1);
    if (rule.else_rule != nullptr) this->rule(*rule.else_rule, depth + 1, "rule");
  }
};

}  // namespace

std::string module_outline(const ast::Module& module) {
  Outline outline;
  outline.line(0, "module");
  outline.line(1, "package");
  outline.term(*module.package, 2);
  for (const ast::Import* import : module.imports) {
    outline.line(1, "import");
    outline.term(*import->path, 2);
    if (!import->alias.empty()) outline.line(2, import->alias);
  }
  for (const ast::Rule* rule : module.rules) outline.rule(*rule, 1, "rule");
  for (std::size_t i = 0; i < module.comments.size(); ++i) outline.line(1, "comment");
  return outline.out;
}

}  // namespace chiron::policy
