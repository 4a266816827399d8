// From the syntax tree to the interpreter's form. Each pass goes over all rules before the next begins, so that the
// names they make come out in the order that OPA's compiler gives them.
#include <algorithm>
#include <set>

#include "engines/policy/interpreter/tree.h"

namespace chiron::policy::interpreter {

using ast::ExprKind;
using ast::TermKind;

struct Passes {
  Tree& tree;
  const Program& program;
  const ast::Module* module = nullptr;
  const Globals* globals = nullptr;
  bool for_query = false;
  const ast::Rule* rule_source = nullptr;

  // Scopes: declared names with what they are renamed to, and names that a body declares somewhere.
  std::vector<std::map<std::string, std::string, std::less<>>> declared;
  std::vector<std::set<std::string, std::less<>>> coming;

  std::string fresh() {
    return for_query ? "__localq" + std::to_string(tree.query_locals_++) + "__"
                     : "__local" + std::to_string(tree.locals_++) + "__";
  }
  const Term* fresh_var() { return tree.var(fresh()); }
  Expr* expression(const ast::Expr* source, ast::Location location) {
    Expr* made = tree.expr();
    made->module = module;
    made->location = location;
    made->source = source;
    return made;
  }
  const Term* operation(const char* name) { return tree.var(name); }
  Expr* equation(const Term* a, const Term* b, const Expr& like) {
    Expr* made = expression(like.source, like.location);
    made->module = like.module;
    made->terms = {operation("eq"), a, b};
    made->with = like.with;
    return made;
  }

  // ---- names --------------------------------------------------------------------------------------------------

  std::string declare(std::string_view name) {
    auto& scope = declared.back();
    if (const auto known = scope.find(name); known != scope.end()) return known->second;
    // A query's own variables keep their names: results and partial queries speak of them.
    std::string made = for_query && declared.size() == 1 ? std::string(name) : fresh();
    if (made != name) tree.originals_.emplace(made, name);
    scope.emplace(name, made);
    return made;
  }
  void declare_pattern(const ast::Term& pattern) {
    if (pattern.kind == TermKind::var) {
      if (!pattern.wildcard) declare(pattern.text);
    } else if (pattern.kind == TermKind::array) {
      for (const ast::Term* item : pattern.items) declare_pattern(*item);
    } else if (pattern.kind == TermKind::object) {
      for (std::size_t i = 1; i < pattern.items.size(); i += 2) declare_pattern(*pattern.items[i]);
    }
  }
  void note_patterns(const ast::Term& pattern) {
    if (pattern.kind == TermKind::var)
      coming.back().emplace(pattern.text);
    else if (pattern.kind == TermKind::array || pattern.kind == TermKind::object)
      for (const ast::Term* item : pattern.items) note_patterns(*item);
  }
  void open(const ast::Body* body) {
    declared.emplace_back();
    coming.emplace_back();
    if (body == nullptr) return;
    for (const ast::Expr* expr : body->expressions) {
      for (const ast::Term* symbol : expr->symbols) note_patterns(*symbol);
      if (expr->kind == ExprKind::some_in) {
        for (const ast::Term* item : expr->term->items.subspan(1, expr->term->items.size() - 2)) note_patterns(*item);
      } else if (is_assignment(*expr)) {
        note_patterns(*expr->term->items[1]);
      }
    }
  }
  void close() {
    declared.pop_back();
    coming.pop_back();
  }
  static bool is_assignment(const ast::Expr& expr) {
    return expr.kind == ExprKind::term && !expr.negated && expr.term != nullptr && expr.term->kind == TermKind::call &&
           expr.term->items.size() == 3 && expr.term->items[0]->text == "assign" && expr.term->infix;
  }
  const Term* global(std::string_view name) {
    for (const auto& scope : coming) {
      if (scope.contains(name)) return nullptr;
    }
    const auto found = globals->find(name);
    if (found == globals->end()) return nullptr;
    Term* made = tree.term(Kind::ref);
    made->items.push_back(tree.var(found->second.root == hir::Root::data ? "data" : "input"));
    for (const Value step : found->second.path) made->items.push_back(tree.constant(step));
    return made;
  }
  const Term* name(const ast::Term& source) {
    for (std::size_t i = declared.size(); i-- > 0;) {
      if (const auto known = declared[i].find(source.text); known != declared[i].end()) return tree.var(known->second);
    }
    if (source.text == "data" || source.text == "input") {
      Term* made = tree.term(Kind::ref);
      made->items.push_back(tree.var(std::string(source.text)));
      return made;
    }
    if (const Term* found = global(source.text)) return found;
    return tree.var(std::string(source.text));
  }

  // ---- terms --------------------------------------------------------------------------------------------------

  const Term* operator_of(const ast::Term& source) {
    const ast::Term& head = source.kind == TermKind::ref ? *source.items[0] : source;
    const Term* root = nullptr;
    if (head.text == "data") {
      Term* made = tree.term(Kind::ref);
      made->items.push_back(tree.var("data"));
      root = made;
    } else {
      root = global(head.text);
    }
    if (root == nullptr) {
      std::string full(head.text);
      if (source.kind == TermKind::ref) {
        for (const ast::Term* part : source.items.subspan(1)) full += "." + std::string(part->text);
      }
      return tree.var(full);
    }
    if (source.kind != TermKind::ref) return root;
    Term* made = tree.term(Kind::ref);
    made->items = root->items;
    for (const ast::Term* part : source.items.subspan(1)) made->items.push_back(tree.constant(part->constant));
    return made;
  }

  // {x | x = part}: of no or one value, so that what is undefined does not end the body.
  const Term* part_of(const Term* part) {
    Term* set = tree.term(Kind::set_comprehension);
    const Term* var = fresh_var();
    Expr like;
    like.module = module;
    set->items = {var};
    set->body = std::make_shared<Body>(Body{equation(var, part, like)});
    return set;
  }

  const Term* term(const ast::Term& source) {
    switch (source.kind) {
      case TermKind::null:
      case TermKind::boolean:
      case TermKind::number:
      case TermKind::string:
        return tree.constant(source.constant);
      case TermKind::var:
        return name(source);
      case TermKind::ref: {
        Term* made = tree.term(Kind::ref);
        const Term* head = term(*source.items[0]);
        if (head->kind == Kind::ref)
          made->items = head->items;
        else
          made->items.push_back(head);
        for (const ast::Term* item : source.items.subspan(1)) made->items.push_back(term(*item));
        return made;
      }
      case TermKind::array:
      case TermKind::set:
      case TermKind::object: {
        Term* made = tree.term(source.kind == TermKind::array ? Kind::array
                               : source.kind == TermKind::set ? Kind::set
                                                              : Kind::object);
        for (const ast::Term* item : source.items) made->items.push_back(term(*item));
        return made;
      }
      case TermKind::array_comprehension:
      case TermKind::set_comprehension:
      case TermKind::object_comprehension: {
        Term* made = tree.term(source.kind == TermKind::array_comprehension ? Kind::array_comprehension
                               : source.kind == TermKind::set_comprehension ? Kind::set_comprehension
                                                                            : Kind::object_comprehension);
        open(source.body);
        made->body = std::make_shared<Body>(body(*source.body));
        for (const ast::Term* item : source.items) made->items.push_back(term(*item));
        close();
        return made;
      }
      case TermKind::call:
        return call(source);
      case TermKind::template_string: {
        Term* parts = tree.term(Kind::array);
        for (const ast::Term* part : source.items) {
          if (part->kind == TermKind::string)
            parts->items.push_back(tree.constant(part->constant));
          else
            parts->items.push_back(part_of(term(*part->body->expressions[0]->term)));
        }
        Term* made = tree.term(Kind::call);
        made->items = {tree.var("internal.template_string"), parts};
        return made;
      }
      case TermKind::template_expression:
        break;
    }
    return tree.constant(Value::null());
  }

  const Term* call(const ast::Term& source) {
    const Term* operation = operator_of(*source.items[0]);
    const std::string builtin = operation->kind == Kind::var ? operation->name : std::string();
    if (rule_source != nullptr && (builtin == "rego.metadata.rule" || builtin == "rego.metadata.chain"))
      return tree.constant(
          metadata_value(const_cast<Program&>(program), rule_source, builtin == "rego.metadata.chain"));
    Term* made = tree.term(Kind::call);
    made->items.push_back(operation);
    for (const ast::Term* item : source.items.subspan(1)) made->items.push_back(term(*item));
    return made;
  }

  // ---- bodies -------------------------------------------------------------------------------------------------

  Body body(const ast::Body& source) {
    Body out;
    for (const ast::Expr* expr : source.expressions) {
      if (const Expr* made = this->expr(*expr)) out.push_back(made);
    }
    if (out.empty()) {
      Expr* made = expression(nullptr, source.location);
      made->terms = {tree.constant(Value::boolean(true))};
      out.push_back(made);
    }
    return out;
  }

  const Expr* expr(const ast::Expr& source) {
    if (source.kind == ExprKind::some_vars) {
      for (const ast::Term* symbol : source.symbols) {
        if (!symbol->wildcard) declare(symbol->text);
      }
      return nullptr;
    }
    Expr* made = expression(&source, source.location);
    made->negated = source.negated;
    for (const ast::With& with : source.with) {
      const Term* target = with.target->kind == TermKind::ref && with.target->items[0]->text != "input" &&
                                   with.target->items[0]->text != "data"
                               ? operator_of(*with.target)
                           : with.target->kind == TermKind::var && with.target->text != "input"
                               ? operator_of(*with.target)
                               : term(*with.target);
      const Term* value = nullptr;
      if (with.value->kind == TermKind::var || with.value->kind == TermKind::ref) {
        // A function may stand for itself.
        const Term* function = operator_of(*with.value);
        if (function->kind == Kind::var ? find_builtin(function->name) != nullptr
                                        : arity_of(program, *function) != Keys::npos)
          value = function;
      }
      made->with.push_back({target, value != nullptr ? value : term(*with.value)});
    }
    switch (source.kind) {
      case ExprKind::some_in: {
        const auto items = source.term->items;
        const Term* collection = term(*items.back());
        const bool keyed = items.size() == 4;
        if (keyed) declare_pattern(*items[1]);
        declare_pattern(*items[keyed ? 2 : 1]);
        Term* reference = tree.term(Kind::ref);
        if (collection->kind == Kind::ref)
          reference->items = collection->items;
        else
          reference->items.push_back(collection);
        if (keyed) {
          reference->items.push_back(term(*items[1]));
        } else {
          reference->items.push_back(fresh_var());
          (void)fresh();
        }
        made->terms = {operation("eq"), term(*items[keyed ? 2 : 1]), reference};
        return made;
      }
      case ExprKind::every: {
        made->domain = term(*source.domain);
        open(source.body);
        made->key = source.key != nullptr && !source.key->wildcard ? tree.var(declare(source.key->text)) : fresh_var();
        made->value = !source.value->wildcard ? tree.var(declare(source.value->text)) : fresh_var();
        made->body = std::make_shared<Body>(body(*source.body));
        close();
        return made;
      }
      default:
        break;
    }
    if (source.term == nullptr) {
      open(source.body);
      made->body = std::make_shared<Body>(body(*source.body));
      close();
      return made;
    }
    if (is_assignment(source)) {
      const Term* right = term(*source.term->items[2]);
      declare_pattern(*source.term->items[1]);
      made->terms = {operation("eq"), term(*source.term->items[1]), right};
      return made;
    }
    const Term* whole = term(*source.term);
    if (whole->kind == Kind::call)
      made->terms = whole->items;
    else
      made->terms = {whole};
    return made;
  }

  // ---- print: its arguments become sets of no or one value ------------------------------------------------------

  void prints(Body& body) {
    for (const Expr*& each : body) {
      Expr* expr = const_cast<Expr*>(each);
      if (expr->body) prints(const_cast<Body&>(*expr->body));
      for (const Term* term : expr->terms) prints(*term);
      if (!expr->is_call() && expr->terms.size() != 1) continue;
      if (expr->terms[0]->kind != Kind::var || expr->terms[0]->name != "print" || expr->terms.size() < 2) continue;
      Term* list = tree.term(Kind::array);
      for (std::size_t i = 1; i < expr->terms.size(); ++i) {
        Term* set = tree.term(Kind::set_comprehension);
        const Term* var = fresh_var();
        set->items = {var};
        set->body = std::make_shared<Body>(Body{equation(var, expr->terms[i], *expr)});
        list->items.push_back(set);
      }
      expr->terms = {operation("internal.print"), list};
    }
  }
  void prints(const Term& term) {
    if (term.body) prints(const_cast<Body&>(*term.body));
    for (const Term* item : term.items) prints(*item);
  }

  // ---- calls inside terms become expressions ---------------------------------------------------------------------

  const Term* expand(const Term* term, const Expr& like, Body& support) {
    switch (term->kind) {
      case Kind::constant:
      case Kind::var:
        return term;
      case Kind::call: {
        Expr* made = expression(like.source, like.location);
        made->module = like.module;
        made->with = like.with;
        made->terms.push_back(term->items[0]);
        for (std::size_t i = 1; i < term->items.size(); ++i)
          made->terms.push_back(expand(term->items[i], like, support));
        const Term* output = fresh_var();
        made->terms.push_back(output);
        support.push_back(made);
        return output;
      }
      case Kind::array_comprehension:
      case Kind::set_comprehension:
      case Kind::object_comprehension: {
        Body& body = const_cast<Body&>(*term->body);
        Term* self = const_cast<Term*>(term);
        Body more;
        for (const Term*& item : self->items) item = expand(item, like, more);
        body.insert(body.end(), more.begin(), more.end());
        body = expand(body);
        return term;
      }
      default: {
        Term* self = const_cast<Term*>(term);
        for (std::size_t i = 0; i < self->items.size(); ++i) {
          if (i == 0 && self->kind == Kind::ref && self->items[0]->kind == Kind::var) continue;
          self->items[i] = expand(self->items[i], like, support);
        }
        if (self->kind == Kind::ref && self->items[0]->kind != Kind::var) {
          const Term* head = fresh_var();
          support.push_back(equation(head, self->items[0], like));
          self->items[0] = head;
        }
        return self;
      }
    }
  }
  Body expand(const Body& body) {
    Body out;
    for (const Expr* each : body) {
      Expr* expr = const_cast<Expr*>(each);
      if (expr->is_every()) {
        const Term* domain = fresh_var();
        Expr* bind = equation(domain, expr->domain, *expr);
        expand_into(bind, out);
        expr->domain = domain;
        const_cast<Body&>(*expr->body) = expand(*expr->body);
        out.push_back(expr);
      } else {
        expand_into(expr, out);
      }
    }
    return out;
  }
  void expand_into(Expr* expr, Body& out) {
    if (expr->body) const_cast<Body&>(*expr->body) = expand(*expr->body);
    for (std::size_t i = expr->is_call() ? 1 : 0; i < expr->terms.size(); ++i)
      expr->terms[i] = expand(expr->terms[i], *expr, out);
    for (With& with : expr->with) with.value = expand(with.value, *expr, out);
    out.push_back(expr);
  }

  // ---- what needs evaluation is taken out of the places where values stand ---------------------------------------

  static bool needs_evaluation(const Term& term) {
    if (term.kind == Kind::ref || is_comprehension(term)) return true;
    return std::any_of(term.items.begin(), term.items.end(), [](const Term* item) { return needs_evaluation(*item); });
  }
  void comprehension_heads(const Term& term) {
    if (term.body) {
      Body& body = const_cast<Body&>(*term.body);
      for (const Expr* each : body) comprehension_heads(*each);
      for (const Term*& item : const_cast<Term&>(term).items) {
        if (!needs_evaluation(*item)) continue;
        Expr like;
        if (!body.empty()) like = *body.back();
        like.with.clear();
        const Term* var = fresh_var();
        body.push_back(equation(var, item, like));
        item = var;
      }
      return;
    }
    for (const Term* item : term.items) comprehension_heads(*item);
  }
  void comprehension_heads(const Expr& expr) {
    for (const Term* term : expr.terms) comprehension_heads(*term);
    if (expr.body) {
      for (const Expr* inner : *expr.body) comprehension_heads(*inner);
    }
  }
  void with_values(Body& body) {
    Body out;
    for (const Expr* each : body) {
      Expr* expr = const_cast<Expr*>(each);
      if (expr->body) with_values(const_cast<Body&>(*expr->body));
      for (With& with : expr->with) {
        const bool function = with.value->kind == Kind::ref && arity_of(program, *with.value) != Keys::npos;
        if (function || !needs_evaluation(*with.value)) continue;
        Expr like = *expr;
        like.with.clear();
        const Term* var = fresh_var();
        out.push_back(equation(var, with.value, like));
        with.value = var;
      }
      for (const Term* term : expr->terms) with_values(*term);
      out.push_back(expr);
    }
    body = std::move(out);
  }
  void with_values(const Term& term) {
    if (term.body) with_values(const_cast<Body&>(*term.body));
    for (const Term* item : term.items) with_values(*item);
  }
  void equals(const Body& body) {
    for (const Expr* each : body) {
      Expr* expr = const_cast<Expr*>(each);
      if (expr->terms.size() == 3 && expr->terms[0]->kind == Kind::var && expr->terms[0]->name == "equal")
        expr->terms[0] = operation("eq");
      if (expr->body) equals(*expr->body);
      for (const Term* term : expr->terms) equals(*term);
    }
  }
  void equals(const Term& term) {
    if (term.body) equals(*term.body);
    for (const Term* item : term.items) equals(*item);
  }
  const Term* dynamic_one(const Term* term, const Expr& like, Body& out) {
    switch (term->kind) {
      case Kind::ref: {
        Term* self = const_cast<Term*>(term);
        for (std::size_t i = 1; i < self->items.size(); ++i) self->items[i] = dynamic_one(self->items[i], like, out);
        const Term* var = fresh_var();
        out.push_back(equation(var, self, like));
        return var;
      }
      case Kind::array:
      case Kind::set:
      case Kind::object: {
        Term* self = const_cast<Term*>(term);
        for (const Term*& item : self->items) item = dynamic_one(item, like, out);
        return self;
      }
      case Kind::array_comprehension:
      case Kind::set_comprehension:
      case Kind::object_comprehension: {
        const_cast<Body&>(*term->body) = dynamic(*term->body);
        const Term* var = fresh_var();
        out.push_back(equation(var, term, like));
        return var;
      }
      default:
        return term;
    }
  }
  const Term* dynamic_inside(const Term* term, const Expr& like, Body& out) {
    if (term->kind == Kind::ref) {
      Term* self = const_cast<Term*>(term);
      for (std::size_t i = 1; i < self->items.size(); ++i) self->items[i] = dynamic_one(self->items[i], like, out);
      return self;
    }
    if (is_comprehension(*term)) {
      const_cast<Body&>(*term->body) = dynamic(*term->body);
      return term;
    }
    return dynamic_one(term, like, out);
  }
  Body dynamic(const Body& body) {
    Body out;
    for (const Expr* each : body) {
      Expr* expr = const_cast<Expr*>(each);
      if (expr->is_every()) {
        expr->domain = dynamic_one(expr->domain, *expr, out);
        const_cast<Body&>(*expr->body) = dynamic(*expr->body);
      } else if (expr->body) {
        const_cast<Body&>(*expr->body) = dynamic(*expr->body);
      } else if (expr->is_equality()) {
        for (std::size_t i = 1; i < 3; ++i) expr->terms[i] = dynamic_inside(expr->terms[i], *expr, out);
      } else if (expr->is_call()) {
        for (std::size_t i = 1; i < expr->terms.size(); ++i) expr->terms[i] = dynamic_one(expr->terms[i], *expr, out);
      } else {
        expr->terms[0] = dynamic_inside(expr->terms[0], *expr, out);
      }
      out.push_back(expr);
    }
    return out;
  }

  // ---- order ------------------------------------------------------------------------------------------------------

  void order(Body& body, std::vector<std::string> bound) {
    body = ordered(program, body, bound);
    for (const Expr* expr : body) {
      visit_vars(*expr, false, [&](const std::string& name) { bound.push_back(name); });
      order_inside(*expr, bound);
    }
  }
  void order_inside(const Expr& expr, const std::vector<std::string>& bound) {
    std::vector<std::string> inner = bound;
    if (expr.key != nullptr) inner.push_back(expr.key->name);
    if (expr.value != nullptr) inner.push_back(expr.value->name);
    if (expr.body) order(const_cast<Body&>(*expr.body), inner);
    for (const Term* term : expr.terms) order_inside(*term, bound);
  }
  void order_inside(const Term& term, const std::vector<std::string>& bound) {
    if (term.body) order(const_cast<Body&>(*term.body), bound);
    for (const Term* item : term.items) order_inside(*item, bound);
  }

  // ---- rules ------------------------------------------------------------------------------------------------------

  void arguments(const ast::Rule& source) {
    open(nullptr);
    std::function<void(const ast::Term&)> each = [&](const ast::Term& argument) {
      if (argument.kind == TermKind::var)
        declare(argument.text);
      else if (argument.kind == TermKind::array || argument.kind == TermKind::object)
        for (const ast::Term* item : argument.items) each(*item);
    };
    for (const ast::Term* argument : source.head.arguments) each(*argument);
  }
  Rule* rule(const ast::Rule& source, const Leaf& leaf) {
    Rule& made = tree.rules_.emplace_back();
    rule_source = &source;
    made.source = &source;
    made.module = module;
    made.leaf = &leaf;
    open(&source.body);
    made.body = body(source.body);
    for (const ast::Term* argument : source.head.arguments) made.arguments.push_back(term(*argument));
    if (source.head.reference->kind == TermKind::ref) {
      const auto items = source.head.reference->items;
      const std::size_t package = module->package->items.size() - 1;
      const std::size_t own = leaf.node->path.size() - package;  // steps of the reference that the leaf's path has
      for (std::size_t i = own; i < items.size(); ++i) made.suffix.push_back(term(*items[i]));
    }
    if (source.head.key != nullptr) made.key = term(*source.head.key);
    if (source.head.value != nullptr)
      made.value = term(*source.head.value);
    else if (made.key == nullptr)
      made.value = tree.constant(Value::boolean(true));
    close();
    return &made;
  }

  template <class F>
  static void heads(Rule& rule, const F& each) {
    for (const Term*& argument : rule.arguments) each(argument);
    for (const Term*& step : rule.suffix) each(step);
    if (rule.key != nullptr) each(rule.key);
    if (rule.value != nullptr) each(rule.value);
  }
  static Expr like_rule(const Rule& rule) {
    Expr like;
    like.module = rule.module;
    like.location = rule.source->head.location;
    return like;
  }
};

namespace {

Globals globals_of(const Program& program, const ast::Module& module, Store& store) {
  Globals globals;
  std::vector<Value> package;
  for (const ast::Term* part : module.package->items.subspan(1)) package.push_back(store.string(part->text));
  for (const ast::Module* other : program.modules) {
    if (ast::to_string(*other->package) != ast::to_string(*module.package)) continue;
    for (const ast::Rule* rule : other->rules) {
      const ast::Term& reference = *rule->head.reference;
      const std::string_view name = reference.kind == TermKind::ref ? reference.items[0]->text : reference.text;
      std::vector<Value> path = package;
      path.push_back(store.string(name));
      globals[name] = {hir::Root::data, std::move(path), nullptr, true};
    }
  }
  return globals;
}

void add_imports(std::span<ast::Import* const> imports, Globals& globals) {
  for (const ast::Import* import : imports) {
    const auto items = import->path->items;
    if (items.empty() || (items[0]->text != "data" && items[0]->text != "input")) continue;
    Global global;
    global.root = items[0]->text == "data" ? hir::Root::data : hir::Root::input;
    for (const ast::Term* part : items.subspan(1)) global.path.push_back(part->constant);
    const std::string_view name = !import->alias.empty() ? import->alias
                                  : items.size() > 1     ? items.back()->text
                                                         : std::string_view();
    if (!name.empty()) globals[name] = std::move(global);
  }
}

}  // namespace

Tree::Tree(const Policy& policy) : policy_(policy) {
  const Program& program = policy.program();
  std::unordered_map<const ast::Rule*, const Leaf*> leaf_of;
  for (const Leaf* leaf : program.leaves) {
    for (const ast::Rule* rule : leaf->sources) leaf_of[rule] = leaf;
  }
  std::vector<const ast::Module*> modules = program.modules;
  std::stable_sort(modules.begin(), modules.end(), [](const auto* a, const auto* b) { return a->file < b->file; });
  std::vector<Rule*> all;  // in order, else branches after the rule they belong to
  std::deque<Globals> globals;
  Passes passes{*this, program, nullptr, nullptr, false, nullptr, {}, {}};
  for (const ast::Module* module : modules) {
    globals.push_back(globals_of(program, *module, store_));
    add_imports(module->imports, globals.back());
    passes.module = module;
    passes.globals = &globals.back();
    for (const ast::Rule* source : module->rules) {
      const auto leaf = leaf_of.find(source);
      if (leaf == leaf_of.end()) continue;
      passes.arguments(*source);
      Rule* previous = nullptr;
      for (const ast::Rule* each = source; each != nullptr; each = each->else_rule) {
        Rule* made = passes.rule(*each, *leaf->second);
        all.push_back(made);
        if (previous != nullptr)
          previous->otherwise = made;
        else if (source->is_default)
          fallbacks_[leaf->second] = made;
        else
          by_leaf_[leaf->second].push_back(made);
        previous = made;
      }
      passes.close();
    }
  }
  auto with_module = [&](Rule* rule) { passes.module = rule->module; };
  for (Rule* rule : all) {
    with_module(rule);
    passes.prints(rule->body);
  }
  for (Rule* rule : all) {
    with_module(rule);
    const Expr like = Passes::like_rule(*rule);
    Passes::heads(*rule, [&](const Term*& term) {
      Body support;
      term = passes.expand(term, like, support);
      rule->body.insert(rule->body.end(), support.begin(), support.end());
    });
    rule->body = passes.expand(rule->body);
  }
  for (Rule* rule : all) {
    for (const Expr* expr : rule->body) passes.comprehension_heads(*expr);
    Passes::heads(*rule, [&](const Term*& term) { passes.comprehension_heads(*term); });
  }
  for (Rule* rule : all) {
    with_module(rule);
    const Expr like = Passes::like_rule(*rule);
    Passes::heads(*rule, [&](const Term*& term) {
      if (!Passes::needs_evaluation(*term)) return;
      const Term* var = passes.fresh_var();
      rule->body.push_back(passes.equation(var, term, like));
      term = var;
    });
  }
  for (Rule* rule : all) {
    with_module(rule);
    passes.with_values(rule->body);
  }
  for (Rule* rule : all) passes.equals(rule->body);
  for (Rule* rule : all) {
    with_module(rule);
    rule->body = passes.dynamic(rule->body);
  }
  for (Rule* rule : all) {
    std::vector<std::string> bound;
    for (const Term* argument : rule->arguments)
      visit_vars(*argument, false, [&](const std::string& name) { bound.push_back(name); });
    passes.order(rule->body, bound);
  }
}

Tree::Query Tree::query(const ParsedQuery& parsed, std::span<const Value> package,
                        const std::vector<ast::Import*>& imports) {
  const Program& program = policy_.program();
  Globals globals;
  if (!package.empty()) {
    const TreeNode* at = &program.root;
    for (const Value step : package) at = at == nullptr ? nullptr : at->child(step);
    if (at != nullptr) {
      for (const TreeNode* child : at->ordered) {
        if (child->key.is_string()) globals[child->key.string()] = {hir::Root::data, child->path, nullptr, true};
      }
    }
  }
  add_imports(parsed.module->imports, globals);
  add_imports(imports, globals);
  Passes passes{*this, program, parsed.module.get(), &globals, true, nullptr, {}, {}};
  Query out;
  passes.open(&parsed.body);
  out.body = passes.body(parsed.body);
  passes.close();
  std::set<std::string> names;
  for (const Expr* expr : out.body) {
    visit_vars(*expr, false, [&](const std::string& name) {
      const std::string_view known = original(name);
      if (!known.empty() || (!name.starts_with("__local") && !name.starts_with("$"))) names.insert(name);
    });
  }
  out.variables.assign(names.begin(), names.end());
  passes.prints(out.body);
  out.body = passes.expand(out.body);
  for (const Expr* expr : out.body) passes.comprehension_heads(*expr);
  passes.with_values(out.body);
  passes.equals(out.body);
  out.body = passes.dynamic(out.body);
  passes.order(out.body, {});
  return out;
}

}  // namespace chiron::policy::interpreter
