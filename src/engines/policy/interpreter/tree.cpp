// Terms and expressions of the interpreter: making, printing, visiting, and ordering of bodies.
#include "engines/policy/interpreter/tree.h"

#include <algorithm>
#include <set>

namespace chiron::policy::interpreter {

Term* Tree::term(Kind kind) {
  Term& made = terms_.emplace_back();
  made.kind = kind;
  return &made;
}
Expr* Tree::expr() { return &exprs_.emplace_back(); }
const Term* Tree::constant(Value value) {
  Term* made = term(Kind::constant);
  made->constant = value;
  return made;
}
const Term* Tree::var(std::string name) {
  Term* made = term(Kind::var);
  made->name = std::move(name);
  return made;
}
const Term* Tree::string(std::string_view text) { return constant(store_.string(text)); }

const std::vector<Rule*>& Tree::rules(const Leaf& leaf) const {
  static const std::vector<Rule*> none;
  const auto found = by_leaf_.find(&leaf);
  return found == by_leaf_.end() ? none : found->second;
}
const Rule* Tree::fallback(const Leaf& leaf) const {
  const auto found = fallbacks_.find(&leaf);
  return found == fallbacks_.end() ? nullptr : found->second;
}
std::string_view Tree::original(std::string_view name) const {
  const auto found = originals_.find(std::string(name));
  return found == originals_.end() ? std::string_view() : std::string_view(found->second);
}

void Tree::capture(Query& query) {
  for (const Expr*& each : query.body) {
    if (each->negated || each->terms.size() != 1) continue;
    Expr* made = expr();
    *made = *each;
    made->terms = {var("eq"), each->terms[0], var("$result" + std::to_string(query_locals_++))};
    each = made;
  }
}

std::string operator_name(const Term& operation) {
  if (operation.kind == Kind::var) return operation.name;
  std::string out = operation.items[0]->name;
  for (std::size_t i = 1; i < operation.items.size(); ++i) {
    if (!operation.items[i]->constant.is_string()) return {};
    out += "." + std::string(operation.items[i]->constant.string());
  }
  return out;
}

bool Expr::is_equality() const { return terms.size() == 3 && operator_name(*terms[0]) == "eq"; }

const Leaf* leaf_at(const Program& program, const Term& reference) {
  if (reference.kind != Kind::ref || reference.items[0]->name != "data") return nullptr;
  const TreeNode* at = &program.root;
  for (std::size_t i = 1; at != nullptr && i < reference.items.size(); ++i) {
    if (reference.items[i]->kind != Kind::constant) return nullptr;
    at = at->child(reference.items[i]->constant);
  }
  return at != nullptr ? at->leaf.get() : nullptr;
}

std::size_t arity_of(const Program& program, const Term& operation) {
  if (operation.kind == Kind::ref && operation.items[0]->name == "data") {
    const Leaf* leaf = leaf_at(program, operation);
    return leaf != nullptr && leaf->kind == LeafKind::function ? leaf->arity : Keys::npos;
  }
  const Builtin* builtin = find_builtin(operator_name(operation));
  return builtin == nullptr ? Keys::npos : builtin_arity(*builtin);
}

bool is_comprehension(const Term& term) {
  return term.kind == Kind::array_comprehension || term.kind == Kind::set_comprehension ||
         term.kind == Kind::object_comprehension;
}

bool is_ground(const Term& term) {
  if (term.kind == Kind::constant) return true;
  if (term.kind == Kind::var || is_comprehension(term)) return false;
  const std::size_t first = term.kind == Kind::ref && term.items[0]->kind == Kind::var ? 1 : 0;
  return std::all_of(term.items.begin() + static_cast<std::ptrdiff_t>(first), term.items.end(),
                     [](const Term* item) { return is_ground(*item); });
}

bool same(const Term& a, const Term& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.name != b.name || a.items.size() != b.items.size() || a.body != b.body) return false;
  if (a.kind == Kind::constant) return a.constant == b.constant;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same(*a.items[i], *b.items[i])) return false;
  }
  return true;
}

// ---- printing -----------------------------------------------------------------------------------------------------

namespace {

std::string list(const std::vector<const Term*>& items, std::size_t from, const ShowName& names) {
  std::string out;
  for (std::size_t i = from; i < items.size(); ++i) out += (i > from ? ", " : "") + to_string(*items[i], names);
  return out;
}

}  // namespace

std::string to_string(const Term& term, const ShowName& names) {
  switch (term.kind) {
    case Kind::constant:
      return to_rego(term.constant);
    case Kind::var: {
      if (names) {
        if (std::string shown = names(term.name); !shown.empty()) return shown;
      }
      return term.name.starts_with("$") ? "_" : term.name;
    }
    case Kind::ref: {
      std::string out = to_string(*term.items[0], names);
      for (std::size_t i = 1; i < term.items.size(); ++i) {
        const Term& item = *term.items[i];
        if (item.kind == Kind::constant && item.constant.is_string() && ast::is_plain_name(item.constant.string()))
          out += "." + std::string(item.constant.string());
        else
          out += "[" + to_string(item, names) + "]";
      }
      return out;
    }
    case Kind::array:
      return "[" + list(term.items, 0, names) + "]";
    case Kind::set:
      return term.items.empty() ? "set()" : "{" + list(term.items, 0, names) + "}";
    case Kind::object: {
      std::string out = "{";
      for (std::size_t i = 0; i + 1 < term.items.size(); i += 2)
        out += (i > 0 ? ", " : "") + to_string(*term.items[i], names) + ": " + to_string(*term.items[i + 1], names);
      return out + "}";
    }
    case Kind::array_comprehension:
      return "[" + to_string(*term.items[0], names) + " | " + to_string(*term.body, names) + "]";
    case Kind::set_comprehension:
      return "{" + to_string(*term.items[0], names) + " | " + to_string(*term.body, names) + "}";
    case Kind::object_comprehension:
      return "{" + to_string(*term.items[0], names) + ": " + to_string(*term.items[1], names) + " | " +
             to_string(*term.body, names) + "}";
    case Kind::call:
      return to_string(*term.items[0], names) + "(" + list(term.items, 1, names) + ")";
  }
  return {};
}

std::string to_string(const Expr& expr, const ShowName& names) {
  std::string out = expr.negated ? "not " : "";
  if (expr.is_every()) {
    out += "every ";
    if (expr.key != nullptr) out += to_string(*expr.key, names) + ", ";
    out += to_string(*expr.value, names) + " in " + to_string(*expr.domain, names) + " { " +
           to_string(*expr.body, names) + " }";
  } else if (expr.terms.empty()) {
    out += "{ " + to_string(*expr.body, names) + " }";
  } else if (expr.is_equality()) {
    out += to_string(*expr.terms[1], names) + " = " + to_string(*expr.terms[2], names);
  } else if (expr.is_call()) {
    out += to_string(*expr.terms[0], names) + "(" + list(expr.terms, 1, names) + ")";
  } else {
    out += to_string(*expr.terms[0], names);
  }
  for (const With& with : expr.with) out += " with " + to_string(*with.target) + " as " + to_string(*with.value, names);
  return out;
}

std::string to_string(const Body& body, const ShowName& names) {
  std::string out;
  for (const Expr* each : body) out += (out.empty() ? "" : "; ") + to_string(*each, names);
  return out;
}

// ---- visiting -----------------------------------------------------------------------------------------------------

void visit_vars(const Term& term, bool closures, const std::function<void(const std::string&)>& each) {
  if (term.kind == Kind::var) {
    each(term.name);
    return;
  }
  if (is_comprehension(term)) {
    if (!closures) return;
    for (const Expr* expr : *term.body) visit_vars(*expr, closures, each);
  }
  for (std::size_t i = 0; i < term.items.size(); ++i) {
    const Term& item = *term.items[i];
    if (i == 0 && term.kind == Kind::ref && (item.name == "data" || item.name == "input")) continue;
    if (i == 0 && term.kind == Kind::call) continue;
    visit_vars(item, closures, each);
  }
}

void visit_vars(const Expr& expr, bool closures, const std::function<void(const std::string&)>& each) {
  for (std::size_t i = expr.is_call() ? 1 : 0; i < expr.terms.size(); ++i) visit_vars(*expr.terms[i], closures, each);
  if (expr.domain != nullptr) visit_vars(*expr.domain, closures, each);
  if (closures && expr.body) {
    if (expr.key != nullptr) visit_vars(*expr.key, closures, each);
    if (expr.value != nullptr) visit_vars(*expr.value, closures, each);
    for (const Expr* inner : *expr.body) visit_vars(*inner, closures, each);
  }
  for (const With& with : expr.with) visit_vars(*with.value, closures, each);
}

// ---- order --------------------------------------------------------------------------------------------------------

namespace {

using Names = std::set<std::string>;

struct Safety {
  const Program& program;
  Names bound;
  Names everywhere;  // variables of the body itself: a closure waits for those of them that it uses

  bool ready(const Term& term) const {
    bool good = true;
    if (is_comprehension(term)) {
      visit_vars(term, true, [&](const std::string& name) {
        if (everywhere.contains(name) && !bound.contains(name)) good = false;
      });
      return good;
    }
    if (term.kind == Kind::var) return bound.contains(term.name);
    if (term.kind == Kind::ref) {
      const Term& head = *term.items[0];
      if (head.kind != Kind::var || head.name == "data" || head.name == "input") return true;
      return bound.contains(head.name);
    }
    for (const Term* item : term.items) good = good && ready(*item);
    return good;
  }
  // What evaluating a term binds: the operands of references.
  void outputs(const Term& term, Names& out) const {
    if (term.kind == Kind::ref) {
      for (std::size_t i = 1; i < term.items.size(); ++i) patterns(*term.items[i], out);
    } else if (!is_comprehension(term)) {
      for (const Term* item : term.items) outputs(*item, out);
    }
  }
  void patterns(const Term& term, Names& out) const {
    if (term.kind == Kind::var)
      out.insert(term.name);
    else if (term.kind == Kind::array)
      for (const Term* item : term.items) patterns(*item, out);
    else if (term.kind == Kind::object)
      for (std::size_t i = 1; i < term.items.size(); i += 2) patterns(*term.items[i], out);
    else
      outputs(term, out);
  }
  // Two sides of an equation, taken apart together.
  bool unify(const Term& a, const Term& b, Names& out) const {
    if (a.kind == b.kind && (a.kind == Kind::array || a.kind == Kind::object) && a.items.size() == b.items.size()) {
      bool good = true;
      for (std::size_t i = 0; i < a.items.size(); ++i) good = unify(*a.items[i], *b.items[i], out) && good;
      return good;
    }
    const bool left = ready_with(a, out), right = ready_with(b, out);
    if (!left && !right) return false;
    if (left) patterns(b, out);
    if (right) patterns(a, out);
    outputs(a, out);
    outputs(b, out);
    if (!left) return matchable(a, out);
    return right || matchable(b, out);
  }
  bool ready_with(const Term& term, const Names& more) const {
    Safety wider{program, bound, everywhere};
    wider.bound.insert(more.begin(), more.end());
    return wider.ready(term);
  }
  bool matchable(const Term& term, const Names& more) const { return ready_with(term, more); }

  bool take(const Expr& expr, Names& out) const {
    for (const With& with : expr.with) {
      if (!ready(*with.value)) return false;
    }
    auto closure_ready = [&](const Body& body) {
      bool good = true;
      for (const Expr* inner : body) {
        visit_vars(*inner, true, [&](const std::string& name) {
          if (everywhere.contains(name) && !bound.contains(name)) good = false;
        });
      }
      return good;
    };
    if (expr.is_every()) return ready(*expr.domain) && closure_ready(*expr.body);
    if (expr.terms.empty()) return closure_ready(*expr.body);
    if (expr.negated) {
      bool good = true;
      visit_vars(expr, true, [&](const std::string& name) {
        if (everywhere.contains(name) && !bound.contains(name)) good = false;
      });
      return good;
    }
    if (expr.terms.size() == 1) {
      if (!ready(*expr.terms[0])) return false;
      outputs(*expr.terms[0], out);
      return true;
    }
    if (expr.is_equality()) return unify(*expr.terms[1], *expr.terms[2], out);
    const std::size_t arity = arity_of(program, *expr.terms[0]);
    const std::size_t inputs = std::min(arity, expr.terms.size() - 1);
    for (std::size_t i = 1; i <= inputs; ++i) {
      if (!ready(*expr.terms[i])) return false;
    }
    for (std::size_t i = 1; i < expr.terms.size(); ++i) {
      if (i <= inputs)
        outputs(*expr.terms[i], out);
      else
        patterns(*expr.terms[i], out);
    }
    return true;
  }
};

}  // namespace

Body ordered(const Program& program, const Body& body, std::vector<std::string> bound) {
  Safety safety{program, Names(bound.begin(), bound.end()), {}};
  for (const Expr* expr : body) {
    if (!expr->negated) visit_vars(*expr, false, [&](const std::string& name) { safety.everywhere.insert(name); });
  }
  Body out, remaining = body;
  while (!remaining.empty()) {
    Body later;
    for (const Expr* expr : remaining) {
      Names outputs;
      if (!safety.take(*expr, outputs)) {
        later.push_back(expr);
        continue;
      }
      safety.bound.insert(outputs.begin(), outputs.end());
      out.push_back(expr);
    }
    if (later.size() == remaining.size()) {  // the compiler has refused what is unsafe; keep the rest as it stands
      out.insert(out.end(), later.begin(), later.end());
      break;
    }
    remaining = std::move(later);
  }
  return out;
}

}  // namespace chiron::policy::interpreter
