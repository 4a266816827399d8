// The syntax tree as text, and small questions about it.
#include "engines/policy/ast.h"

#include <cstring>

#include "engines/policy/text.h"

namespace chiron::policy {
namespace ast {

std::string_view to_string(AnnotationScope scope) {
  switch (scope) {
    case AnnotationScope::package:
      return "package";
    case AnnotationScope::subpackages:
      return "subpackages";
    case AnnotationScope::rule:
      return "rule";
    case AnnotationScope::document:
      return "document";
  }
  return "";
}

std::string_view Module::keep(std::string_view text_to_keep) {
  auto* to = static_cast<char*>(store.arena().allocate(text_to_keep.size()));
  std::memcpy(to, text_to_keep.data(), text_to_keep.size());
  return {to, text_to_keep.size()};
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!good) return false;
  }
  static constexpr std::string_view kReserved[] = {"as",  "default", "else", "false", "import", "package",
                                                   "not", "null",    "true", "with",  "some"};
  for (const std::string_view reserved : kReserved) {
    if (name == reserved) return false;
  }
  return true;
}

bool is_ground(const Term& term) {
  if (term.kind == TermKind::var) return false;
  if (term.kind == TermKind::ref) {
    for (const Term* part : term.items.subspan(1)) {
      if (!is_ground(*part)) return false;
    }
    return term.items[0]->kind == TermKind::var || is_ground(*term.items[0]);
  }
  if (term.kind == TermKind::call) {
    for (const Term* part : term.items.subspan(1)) {
      if (!is_ground(*part)) return false;
    }
    return true;
  }
  if (term.body != nullptr) return true;
  for (const Term* part : term.items) {
    if (!is_ground(*part)) return false;
  }
  return true;
}

namespace {

void append(std::string& out, const Term& term);

void append_list(std::string& out, std::span<Term* const> items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    append(out, *items[i]);
  }
}

void append(std::string& out, const Term& term) {
  switch (term.kind) {
    case TermKind::null:
    case TermKind::boolean:
    case TermKind::number:
    case TermKind::string:
      append_rego(out, term.constant);
      break;
    case TermKind::var:
      out += term.wildcard ? std::string_view("_") : term.text;
      break;
    case TermKind::ref:
      append(out, *term.items[0]);
      for (const Term* part : term.items.subspan(1)) {
        if (part->kind == TermKind::string && is_plain_name(part->text)) {
          out += '.';
          out += part->text;
        } else {
          out += '[';
          append(out, *part);
          out += ']';
        }
      }
      break;
    case TermKind::array:
      out += '[';
      append_list(out, term.items);
      out += ']';
      break;
    case TermKind::set:
      if (term.items.empty()) {
        out += "set()";
      } else {
        out += '{';
        append_list(out, term.items);
        out += '}';
      }
      break;
    case TermKind::object:
      out += '{';
      for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
        if (i > 0) out += ", ";
        append(out, *term.items[i]);
        out += ": ";
        append(out, *term.items[i + 1]);
      }
      out += '}';
      break;
    case TermKind::array_comprehension:
      out += '[';
      append(out, *term.items[0]);
      out += " | " + to_string(*term.body) + "]";
      break;
    case TermKind::set_comprehension:
      out += '{';
      append(out, *term.items[0]);
      out += " | " + to_string(*term.body) + "}";
      break;
    case TermKind::object_comprehension:
      out += '{';
      append(out, *term.items[0]);
      out += ": ";
      append(out, *term.items[1]);
      out += " | " + to_string(*term.body) + "}";
      break;
    case TermKind::call:
      append(out, *term.items[0]);
      out += '(';
      append_list(out, term.items.subspan(1));
      out += ')';
      break;
    case TermKind::template_string:
      out += term.raw ? "$`" : "$\"";
      for (const Term* part : term.items) {
        if (part->kind == TermKind::string)
          out += part->text;
        else
          append(out, *part);
      }
      out += term.raw ? '`' : '"';
      break;
    case TermKind::template_expression:
      out += "{" + to_string(*term.body) + "}";
      break;
  }
}

std::string_view infix_symbol(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kSymbols[] = {
      {"eq", "="},   {"assign", ":="}, {"equal", "=="}, {"neq", "!="}, {"lt", "<"},
      {"lte", "<="}, {"gt", ">"},      {"gte", ">="},   {"plus", "+"}, {"minus", "-"},
      {"mul", "*"},  {"div", "/"},     {"rem", "%"},    {"and", "&"},  {"or", "|"},
  };
  for (const auto& [known, symbol] : kSymbols) {
    if (known == name) return symbol;
  }
  return {};
}

}  // namespace

std::string to_string(const Term& term) {
  std::string out;
  append(out, term);
  return out;
}

std::string to_string(const Expr& expr) {
  std::string out = expr.negated ? "not " : "";
  switch (expr.kind) {
    case ExprKind::term: {
      if (expr.term == nullptr) {
        out += "{ " + to_string(*expr.body) + " }";
        break;
      }
      const Term& term = *expr.term;
      const std::string_view symbol = term.kind == TermKind::call && term.items[0]->kind == TermKind::var
                                          ? infix_symbol(term.items[0]->text)
                                          : std::string_view();
      if (term.kind == TermKind::call && term.infix && term.items.size() == 3 && !symbol.empty()) {
        out += to_string(*term.items[1]) + " " + std::string(symbol) + " " + to_string(*term.items[2]);
      } else {
        out += to_string(term);
      }
      break;
    }
    case ExprKind::some_vars:
      out += "some ";
      append_list(out, expr.symbols);
      break;
    case ExprKind::some_in: {
      out += "some ";
      const auto items = expr.term->items;
      append_list(out, items.subspan(1, items.size() - 2));
      out += " in ";
      append(out, *items.back());
      break;
    }
    case ExprKind::every:
      out += "every ";
      if (expr.key != nullptr) out += to_string(*expr.key) + ", ";
      out += to_string(*expr.value) + " in " + to_string(*expr.domain) + " { " + to_string(*expr.body) + " }";
      break;
    case ExprKind::logical_and:
    case ExprKind::logical_or:
      out += "{ " + to_string(*expr.left) + " } " + (expr.kind == ExprKind::logical_and ? "and" : "or") + " { " +
             to_string(*expr.right) + " }";
      break;
  }
  for (const With& with : expr.with) out += " with " + to_string(*with.target) + " as " + to_string(*with.value);
  return out;
}

std::string to_string(const Body& body) {
  std::string out;
  for (std::size_t i = 0; i < body.expressions.size(); ++i) {
    if (i > 0) out += "; ";
    out += to_string(*body.expressions[i]);
  }
  return out;
}

}  // namespace ast

std::string to_string(const PolicyError& error) {
  std::string out;
  if (error.row != 0) {
    if (error.file.empty())
      out += std::to_string(error.row) + ":" + std::to_string(error.column);
    else
      out += error.file + ":" + std::to_string(error.row);
    out += ": ";
  }
  out += error.code + ": " + error.message;
  if (!error.line_text.empty()) {
    std::string_view line = error.line_text;
    std::size_t tabs = 0;
    while (tabs < line.size() && line[tabs] == '\t') ++tabs;
    line.remove_prefix(tabs);
    const std::size_t indent = error.index > tabs ? error.index - tabs : 0;
    out += "\n\t" + std::string(line) + "\n\t" + std::string(indent, ' ') + "^";
  }
  if (!error.details.empty()) out += "\n\t" + error.details;
  return out;
}

std::string to_string(const PolicyErrors& errors) {
  if (errors.empty()) return "no error(s)";
  if (errors.size() == 1) return "1 error occurred: " + to_string(errors[0]);
  std::string out = std::to_string(errors.size()) + " errors occurred:";
  for (const PolicyError& error : errors) out += "\n" + to_string(error);
  return out;
}

}  // namespace chiron::policy
