// Copy propagation over saved expressions: variables that only carry a value from one expression to another go.
#include <algorithm>
#include <map>

#include "engines/policy/interpreter/interpreter.h"

namespace chiron::policy::interpreter {

namespace {

struct Propagation {
  Tree& tree;
  const Program& program;
  const std::set<std::string>& live;
  std::map<std::string, std::string> parent;     // of a variable in its class
  std::map<std::string, const Term*> constants;  // of a class's root
  std::set<std::string> heads;                   // of references
  std::vector<std::pair<std::string, const Term*>> removed;

  std::string root(const std::string& name) {
    const auto found = parent.find(name);
    return found == parent.end() || found->second == name ? name : root(found->second);
  }
  const Term* removed_for(const std::string& name) const {
    for (const auto& [known, term] : removed) {
      if (known == name) return term;
    }
    return nullptr;
  }

  bool classes(const Body& body) {
    for (const Expr* expr : body) {
      if (!expr->is_equality() || expr->negated || !expr->with.empty()) continue;
      const Term *a = expr->terms[1], *b = expr->terms[2];
      if (a->kind != Kind::var) std::swap(a, b);
      if (a->kind != Kind::var) continue;
      if (b->kind == Kind::var) {
        const std::string x = root(a->name), y = root(b->name);
        if (x == y) continue;
        const bool keep = live.contains(x);
        const std::string &top = keep ? x : y, &under = keep ? y : x;
        parent[under] = top;
        const auto one = constants.find(under);
        if (one == constants.end()) continue;
        if (const auto other = constants.find(top); other != constants.end() && !same(*one->second, *other->second))
          return false;
        constants[top] = one->second;
      } else if (b->kind == Kind::constant) {
        const std::string x = root(a->name);
        const auto known = constants.find(x);
        if (known != constants.end() && !same(*known->second, *b)) return false;
        constants[x] = b;
      }
    }
    return true;
  }
  void note_heads(const Term& term) {
    if (term.kind == Kind::ref && term.items[0]->kind == Kind::var && term.items[0]->name != "data" &&
        term.items[0]->name != "input") {
      const std::string name = root(term.items[0]->name);
      constants.erase(name);
      heads.insert(name);
    }
    if (term.body) {
      for (const Expr* expr : *term.body) note_heads(*expr);
    }
    for (const Term* item : term.items) note_heads(*item);
  }
  void note_heads(const Expr& expr) {
    for (const Term* term : expr.terms) note_heads(*term);
    if (expr.domain != nullptr) note_heads(*expr.domain);
    if (expr.body) {
      for (const Expr* inner : *expr.body) note_heads(*inner);
    }
  }

  const Term* plug_var(const Term* term, bool negated) {
    const std::string name = root(term->name);
    if (const auto known = constants.find(name); known != constants.end()) return known->second;
    const Term* value = removed_for(name);
    if (value != nullptr && (!negated || is_ground(*value))) return value;
    return name == term->name ? term : tree.var(name);
  }
  const Term* plug(const Term* term, bool negated) {
    if (term->kind == Kind::constant) return term;
    if (term->kind == Kind::var) return plug_var(term, negated);
    Term* made = tree.term(term->kind);
    made->body = term->body;
    if (term->body) {
      Body body;
      for (const Expr* expr : *term->body) body.push_back(plug(*expr, true));
      made->body = std::make_shared<Body>(std::move(body));
    }
    for (std::size_t i = 0; i < term->items.size(); ++i) {
      const Term* item = term->items[i];
      const bool fixed = i == 0 && (term->kind == Kind::call ||
                                    (term->kind == Kind::ref && (item->name == "data" || item->name == "input")));
      const Term* plugged = fixed ? item : plug(item, negated);
      if (i == 0 && term->kind == Kind::ref && plugged->kind == Kind::ref)
        made->items = plugged->items;
      else
        made->items.push_back(plugged);
    }
    return made;
  }
  const Expr* plug(const Expr& expr, bool negated) {
    Expr* made = tree.expr();
    *made = expr;
    for (std::size_t i = expr.is_call() ? 1 : 0; i < made->terms.size(); ++i)
      made->terms[i] = plug(made->terms[i], negated);
    for (With& with : made->with) with.value = plug(with.value, negated);
    if (expr.domain != nullptr) made->domain = plug(expr.domain, negated);
    if (expr.body) {
      Body body;
      for (const Expr* inner : *expr.body) body.push_back(plug(*inner, true));
      made->body = std::make_shared<Body>(std::move(body));
    }
    return made;
  }

  // Whether the expression stays.
  bool keep(const Expr& expr) {
    if (expr.negated || !expr.with.empty()) return true;
    if (expr.is_equality()) {
      const Term *a = expr.terms[1], *b = expr.terms[2];
      if (same(*a, *b)) {
        // What was tested by it is still to be there; that is looked at in the end.
        if (a->kind == Kind::ref) removed.emplace_back("__test" + std::to_string(removed.size()) + "__", a);
        return false;
      }
      for (int turn = 0; turn < 2; ++turn, std::swap(a, b)) {
        if (a->kind != Kind::var || live.contains(a->name)) continue;
        if (b->kind != Kind::ref && b->kind != Kind::call) continue;
        bool inside = false;
        visit_vars(*b, true, [&](const std::string& name) { inside = inside || name == a->name; });
        if (inside) continue;
        removed.emplace_back(a->name, b);
        return false;
      }
      return true;
    }
    if (expr.is_call()) {
      const std::size_t arity = arity_of(program, *expr.terms[0]);
      const Term* output = expr.terms.back();
      if (arity + 2 == expr.terms.size() && output->kind == Kind::var && !live.contains(output->name) &&
          !heads.contains(output->name)) {
        bool inside = false;
        for (std::size_t i = 1; i + 1 < expr.terms.size(); ++i)
          visit_vars(*expr.terms[i], true, [&](const std::string& name) { inside = inside || name == output->name; });
        if (inside) return true;
        Term* call = tree.term(Kind::call);
        call->items.assign(expr.terms.begin(), expr.terms.end() - 1);
        removed.emplace_back(output->name, call);
        return false;
      }
      return true;
    }
    return expr.is_every() || expr.terms.empty() || expr.terms[0]->kind != Kind::constant ||
           expr.terms[0]->constant.is_false();
  }
};

bool occurs(const Term& wanted, const Term& in) {
  if (same(wanted, in)) return true;
  if (wanted.kind == Kind::ref && in.kind == Kind::ref && wanted.items.size() < in.items.size()) {
    bool prefix = true;
    for (std::size_t i = 0; prefix && i < wanted.items.size(); ++i) prefix = same(*wanted.items[i], *in.items[i]);
    if (prefix) return true;
  }
  return std::any_of(in.items.begin(), in.items.end(), [&](const Term* item) { return occurs(wanted, *item); });
}

// In a place that is evaluated whenever the body is: not below a negation or a closure.
bool occurs(const Term& wanted, const Body& body) {
  return std::any_of(body.begin(), body.end(), [&](const Expr* expr) {
    if (expr->negated || !expr->with.empty()) return false;
    if (expr->domain != nullptr && occurs(wanted, *expr->domain)) return true;
    return std::any_of(expr->terms.begin(), expr->terms.end(), [&](const Term* term) { return occurs(wanted, *term); });
  });
}

}  // namespace

Body Interpreter::propagate(const Body& body, const std::set<std::string>& live, bool keep_one) {
  Propagation pass{tree_, program_, live, {}, {}, {}, {}};
  if (!pass.classes(body)) return body;
  for (const Expr* expr : body) pass.note_heads(*expr);
  Body out;
  for (const Expr* expr : body) {
    const Expr* plugged = pass.plug(*expr, expr->negated);
    if (pass.keep(*plugged)) out.push_back(plugged);
  }
  // What was removed and is used nowhere must still be tested; what others need bound must still bind.
  std::set<std::string> needed, bound(live.begin(), live.end());
  auto collect = [&] {
    needed.clear();
    for (const Expr* expr : out) visit_vars(*expr, true, [&](const std::string& name) { needed.insert(name); });
  };
  collect();
  for (const auto& [name, term] : pass.removed) {
    const bool wanted = needed.contains(name);
    if (!wanted && occurs(*term, out)) continue;
    Expr* made = tree_.expr();
    if (name.starts_with("__test")) {
      made->terms = {tree_.var("eq"), term, term};
    } else if (wanted || term->kind == Kind::ref) {
      made->terms = {tree_.var("eq"), tree_.var(name), term};
    } else {
      made->terms = term->items;
      made->terms.push_back(tree_.var(name));
    }
    out.push_back(made);
    collect();
  }
  // A variable that a live one was merged into keeps its value by an equation.
  for (const std::string& name : live) {
    const std::string root = pass.root(name);
    const auto known = pass.constants.find(root);
    if (root == name && known == pass.constants.end()) continue;
    const bool stands = std::any_of(out.begin(), out.end(), [&](const Expr* expr) {
      return expr->is_equality() && !expr->negated && (expr->terms[1]->name == name || expr->terms[2]->name == name);
    });
    if (stands) continue;
    const bool was_there = std::any_of(body.begin(), body.end(), [&](const Expr* expr) {
      bool found = false;
      visit_vars(*expr, false, [&](const std::string& each) { found = found || each == name; });
      return found;
    });
    if (!was_there || keep_one) continue;
    Expr* made = tree_.expr();
    made->terms = {tree_.var("eq"), tree_.var(name), known != pass.constants.end() ? known->second : tree_.var(root)};
    out.push_back(made);
  }
  if (out.empty() && keep_one) {
    Expr* made = tree_.expr();
    made->terms = {tree_.constant(Value::boolean(true))};
    out.push_back(made);
  }
  return out;
}

}  // namespace chiron::policy::interpreter
