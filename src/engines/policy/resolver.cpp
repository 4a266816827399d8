// Resolving names. Scoping follows OPA: `:=`, `some`, `every` and arguments declare; any other name that is neither
// declared nor global belongs to the outermost body it occurs in directly.
#include "engines/policy/resolver.h"

#include <algorithm>

namespace chiron::policy {

using ast::ExprKind;
using ast::Term;
using ast::TermKind;
using hir::Block;
using hir::Literal;
using hir::LiteralKind;
using hir::Node;
using hir::NodeKind;
using hir::Root;

Resolver::Resolver(ResolveContext& context, const ast::Module& module, Globals& globals)
    : context_(context), module_(module), globals_(globals) {
  for (const ast::Import* import : module.imports) {
    const auto items = import->path->items;
    if (items.size() == 3 && items[0]->text == "future" && items[2]->text == "not") negated_bodies_ = true;
  }
}

void Resolver::error(const char* code, ast::Location location, std::string message) {
  PolicyError result;
  result.code = code;
  result.message = std::move(message);
  result.file = module_.file;
  result.row = module_.row(location.begin);
  result.column = module_.column(location.begin);
  context_.errors.push_back(std::move(result));
}

Node* Resolver::make(NodeKind kind, const Term& source) {
  Node& node = context_.pool.nodes.emplace_back();
  node.kind = kind;
  node.source = &source;
  return &node;
}

Node* Resolver::constant(Value value, const Term& source) {
  Node* node = make(NodeKind::constant, source);
  node->constant = value;
  return node;
}

// ---- scopes -------------------------------------------------------------------------------------------------------

void Resolver::collect(const Term& term, Scope& scope) {
  switch (term.kind) {
    case TermKind::var: {
      for (const auto& [name, slot] : scope.implicit) {
        if (name == term.text) return;
      }
      scope.implicit.emplace_back(term.text, npos);
      return;
    }
    case TermKind::ref:
    case TermKind::array:
    case TermKind::set:
    case TermKind::object:
    case TermKind::call:
      for (const Term* item : term.items) {
        // The operator of a call is no variable.
        if (term.kind == TermKind::call && item == term.items[0] && item->kind != TermKind::call) continue;
        collect(*item, scope);
      }
      return;
    default:
      return;
  }
}

void Resolver::collect(const ast::Body& body, Scope& scope) {
  for (const ast::Expr* expr : body.expressions) {
    if (expr->term != nullptr) collect(*expr->term, scope);
    if (expr->domain != nullptr) collect(*expr->domain, scope);
    for (const ast::With& with : expr->with) collect(*with.value, scope);
  }
}

void Resolver::open(Block* opened, const ast::Body* body) {
  Scope scope;
  scope.block = opened;
  if (body != nullptr) {
    note_later(*body, scope);
    collect(*body, scope);
  }
  scopes_.push_back(std::move(scope));
}

void Resolver::close() { scopes_.pop_back(); }

std::uint32_t Resolver::new_slot(const Term& name, bool is_explicit) {
  const auto slot = static_cast<std::uint32_t>(out_->variables.size());
  hir::Variable variable;
  variable.name = name.text;
  variable.source = &name;
  variable.explicit_declared = is_explicit;
  variable.generated = name.wildcard || name.generated;
  out_->variables.push_back(variable);
  return slot;
}

std::uint32_t Resolver::declare(const Term& name, const char* how) {
  Scope& scope = scopes_.back();
  for (const auto& [known, slot] : scope.declared) {
    if (known != name.text) continue;
    if (scope.arguments && slot < out_->arguments.size())
      error("rego_compile_error", name.location, "arg " + std::string(known) + " redeclared");
    else
      error("rego_compile_error", name.location, "var " + std::string(known) + " " + how + " above");
    return slot;
  }
  for (const auto& [known, slot] : scope.implicit) {
    if (known == name.text && slot != npos) {
      error("rego_compile_error", name.location, "var " + std::string(known) + " referenced above");
      return slot;
    }
  }
  const std::uint32_t slot = new_slot(name, true);
  scope.declared.emplace_back(name.text, slot);
  return slot;
}

void Resolver::declare_pattern(const Term& pattern, const char* how) {
  switch (pattern.kind) {
    case TermKind::var:
      if (!pattern.wildcard) declare(pattern, how);
      return;
    case TermKind::array:
      for (const Term* item : pattern.items) declare_pattern(*item, how);
      return;
    case TermKind::object:
      for (std::size_t i = 1; i < pattern.items.size(); i += 2) declare_pattern(*pattern.items[i], how);
      return;
    default:
      return;
  }
}

void Resolver::note_use(std::uint32_t slot, std::size_t owner) {
  for (std::size_t i = owner + 1; i < scopes_.size(); ++i) {
    auto& outer = scopes_[i].block->outer;
    if (std::find(outer.begin(), outer.end(), slot) == outer.end()) outer.push_back(slot);
  }
  out_->variables[slot].used = true;
}

// What `some` declares for closures alone is a variable of each of them: of the outermost one that has it directly.
std::uint32_t Resolver::in_closure(std::uint32_t declared, std::size_t owner) {
  const Term& name = *out_->variables[declared].source;
  out_->variables[declared].used = true;
  for (std::size_t i = owner + 1; i < scopes_.size(); ++i) {
    for (auto& [known, slot] : scopes_[i].implicit) {
      if (known != name.text) continue;
      if (slot == npos) slot = new_slot(name, true);
      note_use(slot, i);
      return slot;
    }
  }
  note_use(declared, owner);
  return declared;
}

std::optional<std::uint32_t> Resolver::find_declared(std::string_view name) {
  for (std::size_t i = scopes_.size(); i-- > 0;) {
    for (auto entry = scopes_[i].declared.rbegin(); entry != scopes_[i].declared.rend(); ++entry) {
      if (entry->first != name) continue;
      const auto& inner = scopes_[i].closures_only;
      if (std::find(inner.begin(), inner.end(), entry->second) != inner.end()) return in_closure(entry->second, i);
      note_use(entry->second, i);
      return entry->second;
    }
  }
  return std::nullopt;
}

void Resolver::note_later(const ast::Body& body, Scope& scope) {
  auto note = [&](auto& self, const Term& pattern) -> void {
    if (pattern.kind == TermKind::var)
      scope.later.push_back(pattern.text);
    else if (pattern.kind == TermKind::array || pattern.kind == TermKind::object) {
      for (const Term* item : pattern.items) self(self, *item);
    }
  };
  for (const ast::Expr* expr : body.expressions) {
    if (expr->kind == ExprKind::some_vars) {
      for (const Term* symbol : expr->symbols) note(note, *symbol);
    } else if (expr->kind == ExprKind::some_in) {
      for (const Term* item : expr->term->items.subspan(1, expr->term->items.size() - 2)) note(note, *item);
    } else if (expr->term != nullptr && expr->term->kind == TermKind::call && expr->term->infix && !expr->negated &&
               expr->term->items[0]->text == "assign" && expr->term->items.size() == 3) {
      note(note, *expr->term->items[1]);
    }
  }
}

std::uint32_t Resolver::implicit(const Term& name) {
  std::size_t own = scopes_.size() - 1;
  while (own > 0 && scopes_[own].transparent) --own;
  for (std::size_t i = 0; i < scopes_.size(); ++i) {
    if (i < own && std::find(scopes_[i].later.begin(), scopes_[i].later.end(), name.text) != scopes_[i].later.end())
      continue;
    for (auto& [known, slot] : scopes_[i].implicit) {
      if (known != name.text) continue;
      if (slot == npos) {
        slot = new_slot(name, false);
        if (in_head_ && i == 0 && !name.wildcard) out_->head_only.push_back(slot);
      }
      note_use(slot, i);
      return slot;
    }
  }
  const std::uint32_t slot = new_slot(name, false);
  scopes_.back().implicit.emplace_back(name.text, slot);
  note_use(slot, scopes_.size() - 1);
  return slot;
}

// ---- terms --------------------------------------------------------------------------------------------------------

Node* Resolver::global_node(const Global& global, const Term& source) {
  Node* node = make(NodeKind::ref, source);
  node->root = global.root;
  for (const Value step : global.path) node->items.push_back(constant(step, source));
  return node;
}

Node* Resolver::term(const Term& source) {
  switch (source.kind) {
    case TermKind::null:
    case TermKind::boolean:
    case TermKind::number:
    case TermKind::string:
      return constant(source.constant, source);
    case TermKind::var: {
      if (const auto slot = find_declared(source.text)) {
        Node* node = make(NodeKind::var, source);
        node->slot = *slot;
        node->ground = false;
        return node;
      }
      if (const auto global = globals_.find(source.text); global != globals_.end()) {
        global->second.used = true;
        return global_node(global->second, source);
      }
      Node* node = make(NodeKind::var, source);
      node->slot = implicit(source);
      node->ground = false;
      return node;
    }
    case TermKind::ref:
      return reference(source);
    case TermKind::array:
    case TermKind::set:
    case TermKind::object: {
      Node* node = make(source.kind == TermKind::array ? NodeKind::array
                        : source.kind == TermKind::set ? NodeKind::set
                                                       : NodeKind::object,
                        source);
      bool constants = true;
      for (const Term* item : source.items) {
        Node* child = term(*item);
        constants = constants && child->kind == NodeKind::constant;
        node->ground = node->ground && child->ground;
        node->items.push_back(child);
      }
      if (constants) {
        Store& store = context_.program.store;
        std::vector<Value> values;
        for (const Node* item : node->items) values.push_back(item->constant);
        if (source.kind == TermKind::array) {
          node->constant = store.array(values);
        } else if (source.kind == TermKind::set) {
          node->constant = store.set(values);
        } else {
          std::vector<Member> members;
          for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
            for (const Member& member : members) {
              if (member.key == values[i] && !(member.value == values[i + 1])) constants = false;
            }
            members.push_back({values[i], values[i + 1]});
          }
          if (constants) node->constant = store.object(members);
        }
        if (constants) node->kind = NodeKind::constant;
      }
      return node;
    }
    case TermKind::array_comprehension:
      return comprehension(NodeKind::array_comprehension, source);
    case TermKind::set_comprehension:
      return comprehension(NodeKind::set_comprehension, source);
    case TermKind::object_comprehension:
      return comprehension(NodeKind::object_comprehension, source);
    case TermKind::call:
      return call(source);
    case TermKind::template_string: {
      Node* node = make(NodeKind::template_string, source);
      for (const Term* part : source.items) {
        if (part->kind == TermKind::string) {
          node->items.push_back(constant(part->constant, *part));
          node->parts.push_back(nullptr);
          continue;
        }
        Block* inner = &context_.pool.blocks.emplace_back();
        open(inner, part->body);
        // The expression's value, also where it is false: a unification with a register of its own.
        const ast::Expr& expr = *part->body->expressions[0];
        Literal* made = &context_.pool.literals.emplace_back();
        made->kind = LiteralKind::unify;
        made->source = &expr;
        withs(expr, *made);
        made->b = term(*expr.term);
        Node* result = make(NodeKind::var, *expr.term);
        result->ground = false;
        const auto slot = static_cast<std::uint32_t>(out_->variables.size());
        out_->variables.push_back({{}, expr.term, false, true, true});
        result->slot = slot;
        made->a = result;
        inner->literals.push_back(made);
        close();
        node->items.push_back(result);
        node->parts.push_back(inner);
      }
      node->ground = true;
      return node;
    }
    case TermKind::template_expression:
      break;
  }
  return constant(Value::null(), source);
}

Node* Resolver::comprehension(NodeKind kind, const Term& source) {
  Node* node = make(kind, source);
  node->block = &context_.pool.blocks.emplace_back();
  open(node->block, source.body);
  for (const Term* item : source.items) collect(*item, scopes_.back());
  for (const ast::Expr* expr : source.body->expressions) literal(*expr, *node->block);
  for (const Term* item : source.items) node->items.push_back(term(*item));
  close();
  return node;
}

Node* Resolver::reference(const Term& source) {
  const Term& head = *source.items[0];
  Node* node = nullptr;
  if (head.kind == TermKind::var && !find_declared(head.text)) {
    if (head.text == "data" || head.text == "input") {
      node = make(NodeKind::ref, source);
      node->root = head.text == "data" ? Root::data : Root::input;
    } else if (const auto global = globals_.find(head.text); global != globals_.end()) {
      global->second.used = true;
      node = global_node(global->second, source);
    }
  }
  if (node == nullptr) {
    node = make(NodeKind::ref, source);
    node->head = term(head);
    node->ground = node->head->ground;
  }
  for (const Term* part : source.items.subspan(1)) {
    Node* operand = term(*part);
    node->ground = node->ground && operand->ground;
    node->items.push_back(operand);
  }
  return node;
}

// Whose call it is: a rule's path or a built-in by its dotted name.
bool Resolver::function_name(const Term& operation, Node& out) {
  const Term& head = operation.kind == TermKind::ref ? *operation.items[0] : operation;
  if (head.kind != TermKind::var) return false;
  std::vector<Value> path;
  bool data = false;
  if (head.text == "data" && operation.kind == TermKind::ref) {
    data = true;
  } else if (const auto global = globals_.find(head.text);
             global != globals_.end() && global->second.root == Root::data) {
    global->second.used = true;
    path = global->second.path;
    data = true;
  }
  if (operation.kind == TermKind::ref) {
    for (const Term* part : operation.items.subspan(1)) {
      if (part->kind != TermKind::string && part->kind != TermKind::number && part->kind != TermKind::boolean)
        return false;
      path.push_back(part->constant);
    }
  }
  if (data) {
    out.function = std::move(path);
    return true;
  }
  std::string name(head.text);
  for (const Value step : path) {
    if (!step.is_string()) return false;
    name += "." + std::string(step.string());
  }
  out.builtin = find_builtin(name);
  out.name = const_cast<ast::Module&>(module_).keep(name);
  return true;
}

Node* Resolver::call(const Term& source) {
  Node* node = make(NodeKind::call, source);
  if (!function_name(*source.items[0], *node)) {
    error("rego_type_error", source.location, "undefined function " + ast::to_string(*source.items[0]));
    return constant(Value::null(), source);
  }
  if (node->function.empty() && (node->name == "rego.metadata.rule" || node->name == "rego.metadata.chain") &&
      context_.metadata != nullptr) {
    const Value value = context_.metadata(context_.metadata_user, out_->rule, node->name == "rego.metadata.chain");
    if (value.defined()) return constant(value, source);
  }
  if (node->function.empty() && node->name == "print") {
    for (const Term* argument : source.items.subspan(1)) {
      Block* inner = &context_.pool.blocks.emplace_back();
      open(inner, nullptr);
      Literal* made = &context_.pool.literals.emplace_back();
      made->kind = LiteralKind::unify;
      made->b = term(*argument);
      Node* result = make(NodeKind::var, *argument);
      result->ground = false;
      result->slot = static_cast<std::uint32_t>(out_->variables.size());
      out_->variables.push_back({{}, argument, false, true, true});
      made->a = result;
      inner->literals.push_back(made);
      close();
      node->items.push_back(result);
      node->parts.push_back(inner);
    }
    return node;
  }
  for (const Term* argument : source.items.subspan(1)) {
    Node* child = term(*argument);
    node->ground = node->ground && child->ground;
    node->items.push_back(child);
  }
  return node;
}

// ---- literals -----------------------------------------------------------------------------------------------------

void Resolver::withs(const ast::Expr& expr, Literal& out) {
  for (const ast::With& source : expr.with) {
    hir::With with;
    with.source = &source;
    with.value = term(*source.value);
    const Term& target = *source.target;
    const Term& head = target.kind == TermKind::ref ? *target.items[0] : target;
    bool known = head.kind == TermKind::var;
    Node name;
    if (known && head.text == "input") {
      with.root = Root::input;
      for (const Term* part : target.items.subspan(1)) {
        known = known && part->constant.defined();
        with.path.push_back(part->constant);
      }
    } else if (known && globals_.contains(head.text) && globals_.find(head.text)->second.root == Root::input) {
      const Global& global = globals_.find(head.text)->second;
      with.root = Root::input;
      with.path = global.path;
      if (target.kind == TermKind::ref) {
        for (const Term* part : target.items.subspan(1)) {
          known = known && part->constant.defined();
          with.path.push_back(part->constant);
        }
      }
    } else if (known && head.text == "data" && target.kind == TermKind::ref) {
      with.root = Root::data;
      for (const Term* part : target.items.subspan(1)) {
        known = known && part->constant.defined();
        with.path.push_back(part->constant);
      }
    } else if (known && function_name(target, name)) {
      if (!name.function.empty()) {
        with.root = Root::data;
        with.path = name.function;
      } else if (name.builtin != nullptr) {
        with.builtin = name.builtin;
      } else {
        known = false;
      }
    }
    if (!known) {
      error("rego_type_error", source.target->location,
            "with keyword target must reference existing input, data, or a function");
      continue;
    }
    // A name that is a function may stand for itself.
    Node replacement;
    if (source.value->kind == TermKind::var || source.value->kind == TermKind::ref) {
      if (function_name(*source.value, replacement)) {
        with.by_builtin = replacement.builtin;
        with.by_path = replacement.function;
      }
    }
    out.with.push_back(std::move(with));
  }
}

// A term as a statement: an equation, a call (that may take its result as one argument more), anything else.
void Resolver::statement(const Term& source, Literal& out) {
  if (source.kind == TermKind::call && source.items[0]->kind == TermKind::var && source.items.size() == 3 &&
      (source.items[0]->text == "eq" || source.items[0]->text == "assign") &&
      !globals_.contains(source.items[0]->text)) {
    out.kind = LiteralKind::unify;
    out.a = term(*source.items[1]);
    out.b = term(*source.items[2]);
    return;
  }
  out.kind = LiteralKind::truth;
  out.a = term(source);
  Node* node = out.a;
  if (node->kind != NodeKind::call || !node->parts.empty()) return;
  std::size_t arity = Keys::npos;
  if (node->builtin != nullptr) {
    arity = builtin_arity(*node->builtin);
  } else if (!node->function.empty()) {
    const TreeNode* at = &context_.program.root;
    for (const Value step : node->function) at = at == nullptr ? nullptr : at->child(step);
    if (at != nullptr && at->leaf && at->leaf->kind == LeafKind::function) arity = at->leaf->arity;
  }
  if (node->items.size() == arity + 1) {
    out.kind = LiteralKind::unify;
    out.b = node->items.back();
    node->items.pop_back();
    std::swap(out.a, out.b);
  }
}

// What a negated literal computes on the way is evaluated before the negation: where that is undefined, so is the
// whole body. Only references that are compared or tested themselves stay inside.
void Resolver::hoist(Literal& negated, Block& into, Block& inner) {
  if (negated.kind == LiteralKind::unify) {
    const Term& source = *negated.source->term;
    const bool result_taken =
        source.kind == TermKind::call && negated.b->kind == NodeKind::call && negated.b->source == &source;
    if (result_taken) {
      for (Node*& item : negated.b->items) hoist_one(item, negated, into, inner);
      hoist_one(negated.a, negated, into, inner);
      return;
    }
    hoist_inside(negated.a, negated, into, inner);
    hoist_inside(negated.b, negated, into, inner);
    return;
  }
  Node& node = *negated.a;
  if (node.kind != NodeKind::call) {
    hoist_inside(negated.a, negated, into, inner);
    return;
  }
  if (!node.parts.empty()) return;
  const bool equation = node.builtin != nullptr && node.builtin->name == "equal";
  for (Node*& item : node.items) {
    if (equation)
      hoist_inside(item, negated, into, inner);
    else
      hoist_one(item, negated, into, inner);
  }
}

void Resolver::hoist_inside(Node*& node, const Literal& negated, Block& into, Block& inner) {
  switch (node->kind) {
    case NodeKind::ref:
      if (node->head != nullptr && node->head->kind == NodeKind::call) hoist_one(node->head, negated, into, inner);
      for (Node*& item : node->items) hoist_one(item, negated, into, inner);
      return;
    case NodeKind::array_comprehension:
    case NodeKind::set_comprehension:
    case NodeKind::object_comprehension:
      return;
    default:
      hoist_one(node, negated, into, inner);
  }
}

void Resolver::hoist_one(Node*& node, const Literal& negated, Block& into, Block& inner) {
  switch (node->kind) {
    case NodeKind::constant:
    case NodeKind::var:
      return;
    case NodeKind::array:
    case NodeKind::set:
    case NodeKind::object:
      for (Node*& item : node->items) hoist_one(item, negated, into, inner);
      return;
    default:
      break;
  }
  Node* held = make(NodeKind::var, *node->source);
  held->ground = false;
  held->slot = static_cast<std::uint32_t>(out_->variables.size());
  out_->variables.push_back({{}, node->source, false, true, true});
  Literal* before = &context_.pool.literals.emplace_back();
  before->kind = LiteralKind::unify;
  before->assign = true;
  before->source = negated.source;
  before->with = negated.with;
  before->a = held;
  before->b = node;
  into.literals.push_back(before);
  // Enclosing closures that see the negation need the value no more than the negation itself does.
  inner.outer.push_back(held->slot);
  node = held;
}

void Resolver::literal(const ast::Expr& expr, Block& into) {
  Literal* made = &context_.pool.literals.emplace_back();
  made->source = &expr;
  if (expr.negated) {
    // The negated literal is a block of its own without a scope of its own.
    made->kind = LiteralKind::negation;
    made->block = &context_.pool.blocks.emplace_back();
    if (expr.term == nullptr) {
      withs(expr, *made);
      open(made->block, expr.body);
      for (const ast::Expr* each : expr.body->expressions) literal(*each, *made->block);
      close();
      into.literals.push_back(made);
      return;
    }
    Scope scope;
    scope.block = made->block;
    scope.transparent = true;
    scopes_.push_back(std::move(scope));
    Literal* inner = &context_.pool.literals.emplace_back();
    inner->source = &expr;
    withs(expr, *inner);
    // What stands in for a document is computed before the negation too, and without the replacements.
    for (hir::With& with : inner->with) {
      if (with.by_builtin != nullptr || !with.by_path.empty() || negated_bodies_) continue;  // a function
      Literal plain;
      plain.source = &expr;
      hoist_one(with.value, plain, into, *made->block);
    }
    statement(*expr.term, *inner);
    if (!negated_bodies_) hoist(*inner, into, *made->block);
    made->block->literals.push_back(inner);
    close();
    into.literals.push_back(made);
    return;
  }
  withs(expr, *made);
  switch (expr.kind) {
    case ExprKind::some_vars:
      for (const Term* symbol : expr.symbols) {
        if (symbol->wildcard) continue;
        Scope& scope = scopes_.back();
        const bool direct = std::any_of(scope.implicit.begin(), scope.implicit.end(),
                                        [&](const auto& entry) { return entry.first == symbol->text; });
        const std::uint32_t slot = declare(*symbol, "declared");
        by_some_.push_back(slot);
        if (!direct) scope.closures_only.push_back(slot);
      }
      made->kind = LiteralKind::nothing;
      return;
    case ExprKind::some_in: {
      made->kind = LiteralKind::some_in;
      const auto items = expr.term->items;
      made->b = term(*items.back());
      if (items.size() == 4) {
        declare_pattern(*items[1], "declared");
        declare_pattern(*items[2], "declared");
        made->key = term(*items[1]);
        made->a = term(*items[2]);
      } else {
        declare_pattern(*items[1], "declared");
        made->a = term(*items[1]);
      }
      break;
    }
    case ExprKind::every: {
      made->kind = LiteralKind::every;
      made->a = term(*expr.domain);
      made->block = &context_.pool.blocks.emplace_back();
      open(made->block, expr.body);
      if (expr.key != nullptr) {
        if (!expr.key->wildcard) declare(*expr.key, "declared");
        made->key = term(*expr.key);
      }
      if (!expr.value->wildcard) declare(*expr.value, "declared");
      made->value = term(*expr.value);
      for (const ast::Expr* inner : expr.body->expressions) literal(*inner, *made->block);
      close();
      break;
    }
    case ExprKind::term: {
      const Term& source = *expr.term;
      const bool two = source.kind == TermKind::call && source.items[0]->kind == TermKind::var &&
                       source.items.size() == 3 && !globals_.contains(source.items[0]->text);
      if (two && source.items[0]->text == "assign" && source.infix) {
        made->kind = LiteralKind::unify;
        made->assign = true;
        made->b = term(*source.items[2]);
        const Term& left = *source.items[1];
        if (left.kind != TermKind::var && left.kind != TermKind::array && left.kind != TermKind::object) {
          error("rego_compile_error", left.location,
                "cannot assign to " + std::string(left.kind == TermKind::ref      ? "ref"
                                                  : left.kind == TermKind::call   ? "call"
                                                  : left.kind == TermKind::string ? "string"
                                                  : left.kind == TermKind::number ? "number"
                                                  : left.kind == TermKind::set    ? "set"
                                                                                  : "term"));
        }
        const std::size_t known = scopes_.back().declared.size();
        declare_pattern(left, "assigned");
        made->a = term(left);
        // To be assigned is not to be used.
        const auto& declared = scopes_.back().declared;
        for (std::size_t i = known; i < declared.size(); ++i) out_->variables[declared[i].second].used = false;
      } else {
        statement(source, *made);
      }
      break;
    }
    case ExprKind::logical_and:
    case ExprKind::logical_or:
      error("rego_compile_error", expr.location, "the operators `and` and `or` are not evaluated");
      return;
  }
  into.literals.push_back(made);
}

Block* Resolver::block(const ast::Body& body) {
  Block* made = &context_.pool.blocks.emplace_back();
  open(made, &body);
  return made;
}

void Resolver::unused_check() {
  if (context_.unused == nullptr) return;
  std::swap(context_.errors, *context_.unused);
  for (const std::uint32_t slot : by_some_) {
    const hir::Variable& variable = out_->variables[slot];
    if (!variable.used)
      error("rego_compile_error", variable.source->location, "declared var " + std::string(variable.name) + " unused");
  }
  for (std::size_t i = out_->arguments.size(); context_.strict && i < out_->variables.size(); ++i) {
    const hir::Variable& variable = out_->variables[i];
    if (!variable.explicit_declared || variable.used || variable.generated) continue;
    if (std::find(by_some_.begin(), by_some_.end(), i) != by_some_.end()) continue;
    error("rego_compile_error", variable.source->location, "assigned var " + std::string(variable.name) + " unused");
  }
  std::swap(context_.errors, *context_.unused);
}

void Resolver::rule(const ast::Rule& rule, std::size_t suffix_start, hir::RuleBody& out) {
  out_ = &out;
  out.rule = &rule;
  scopes_.clear();
  by_some_.clear();
  Block* made = block(rule.body);
  Scope& scope = scopes_.back();
  scope.arguments = true;
  // Arguments take the first registers, patterns or not.
  for (const Term* argument : rule.head.arguments) out.variables.push_back({{}, argument, true, true, true});
  out.arguments.resize(rule.head.arguments.size());
  for (std::size_t i = 0; i < rule.head.arguments.size(); ++i) {
    const Term& argument = *rule.head.arguments[i];
    std::vector<const Term*> pending{&argument};
    if (argument.kind == TermKind::var) {
      bool repeated = false;
      for (const auto& [known, slot] : scopes_.back().declared) repeated = repeated || known == argument.text;
      if (!repeated) scopes_.back().declared.emplace_back(argument.text, static_cast<std::uint32_t>(i));
      continue;
    }
    while (!pending.empty()) {
      const Term* at = pending.back();
      pending.pop_back();
      if (at->kind == TermKind::var) {
        bool repeated = false;
        for (const auto& [known, slot] : scopes_.back().declared) repeated = repeated || known == at->text;
        if (!repeated) scopes_.back().declared.emplace_back(at->text, new_slot(*at, true));
        out.variables.back().used = true;
      } else if (at->kind == TermKind::array || at->kind == TermKind::object) {
        for (const Term* item : at->items) pending.push_back(item);
      }
    }
  }
  for (const Term* item :
       rule.head.reference->kind == TermKind::ref ? rule.head.reference->items : std::span<Term*>()) {
    if (item != rule.head.reference->items[0]) collect(*item, scopes_.back());
  }
  if (rule.head.key != nullptr) collect(*rule.head.key, scopes_.back());
  if (rule.head.value != nullptr) collect(*rule.head.value, scopes_.back());
  for (std::size_t i = 0; i < rule.head.arguments.size(); ++i) {
    out.arguments[i] = term(*rule.head.arguments[i]);
    // To be an argument is not to be used, unless it stands twice.
    const bool first = out.arguments[i]->kind == NodeKind::var && out.arguments[i]->slot == i;
    if (first && rule.head.arguments[i]->kind == TermKind::var) out.variables[i].used = false;
  }
  for (const ast::Expr* expr : rule.body.expressions) literal(*expr, *made);
  in_head_ = true;
  if (rule.head.reference->kind == TermKind::ref) {
    const auto items = rule.head.reference->items;
    for (std::size_t i = suffix_start; i < items.size(); ++i) out.suffix.push_back(term(*items[i]));
  }
  if (rule.head.key != nullptr) out.key = term(*rule.head.key);
  if (rule.head.value != nullptr) out.value = term(*rule.head.value);
  in_head_ = false;
  out.block = made;
  unused_check();
  scopes_.clear();
}

void Resolver::query(const ast::Body& body, hir::RuleBody& out) {
  out_ = &out;
  scopes_.clear();
  by_some_.clear();
  Block* made = block(body);
  for (const ast::Expr* expr : body.expressions) literal(*expr, *made);
  out.block = made;
  scopes_.clear();
}

}  // namespace chiron::policy
