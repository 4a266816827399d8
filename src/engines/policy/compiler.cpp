// The compiler's stages: tree of documents, names, conflicts, functions, safety with code, recursion.
#include "engines/policy/compiler.h"

#include <algorithm>
#include <map>

#include "engines/policy/index.h"
#include "engines/policy/types.h"

namespace chiron::policy {

using hir::Block;
using hir::Literal;
using hir::Node;
using hir::NodeKind;
using hir::Root;

// One rule with everything known about it.
struct Compiler::Unit {
  const ast::Module* module = nullptr;
  const ast::Rule* rule = nullptr;
  std::size_t module_number = 0;
  std::vector<Value> path;  // ground prefix below data
  std::size_t suffix_start = 1;
  TreeNode* node = nullptr;
};

Compiler::Compiler() = default;
Compiler::~Compiler() = default;

void Compiler::error(const ast::Module& module, const char* code, ast::Location location, std::string message) {
  PolicyError result;
  result.code = code;
  result.message = std::move(message);
  result.file = module.file;
  result.row = module.row(location.begin);
  result.column = module.column(location.begin);
  errors_.push_back(std::move(result));
}

std::string path_text(std::span<const Value> path) {
  std::string out = "data";
  for (const Value step : path) {
    if (step.is_string() && ast::is_plain_name(step.string())) {
      out += "." + std::string(step.string());
    } else {
      out += "[" + to_rego(step) + "]";
    }
  }
  return out;
}

namespace {

bool is_scalar(const ast::Term& term) {
  return term.kind == ast::TermKind::string || term.kind == ast::TermKind::number ||
         term.kind == ast::TermKind::boolean || term.kind == ast::TermKind::null;
}

std::string_view head_name(const ast::Rule& rule) {
  const ast::Term& reference = *rule.head.reference;
  return reference.kind == ast::TermKind::ref ? reference.items[0]->text : reference.text;
}

bool is_partial_set(const ast::Rule& rule) { return rule.head.key != nullptr; }

}  // namespace

// ---- the tree -----------------------------------------------------------------------------------------------------

void Compiler::build_tree() {
  Program& program = *program_;
  for (std::size_t number = 0; number < program.modules.size(); ++number) {
    const ast::Module& module = *program.modules[number];
    std::vector<Value> package;
    for (const ast::Term* part : module.package->items.subspan(1)) package.push_back(program.store.intern(part->text));
    for (const ast::Rule* rule : module.rules) {
      auto unit = std::make_unique<Unit>();
      unit->module = &module;
      unit->rule = rule;
      unit->module_number = number;
      unit->path = package;
      unit->path.push_back(program.store.intern(head_name(*rule)));
      const ast::Term& reference = *rule->head.reference;
      if (reference.kind == ast::TermKind::ref) {
        while (unit->suffix_start < reference.items.size() && is_scalar(*reference.items[unit->suffix_start])) {
          const Value step = reference.items[unit->suffix_start++]->constant;
          unit->path.push_back(step.is_string() ? program.store.intern(step.string()) : step);
        }
      }
      if (unit->path.size() > compiler_limits::kPathSteps) {
        error(module, "rego_compile_error", rule->location,
              "rule path is too long: at most " + std::to_string(compiler_limits::kPathSteps) + " parts");
        continue;
      }
      TreeNode* at = &program.root;
      for (const Value step : unit->path) {
        auto& child = at->children[step];
        if (!child) {
          child = std::make_unique<TreeNode>();
          child->key = step;
          child->parent = at;
          child->path = at->path;
          child->path.push_back(step);
        }
        at = child.get();
      }
      at->rules.push_back(rule);
      unit->node = at;
      units_.push_back(std::move(unit));
    }
    // The package itself is a document, also without rules.
    TreeNode* at = &program.root;
    for (const Value step : package) {
      auto& child = at->children[step];
      if (!child) {
        child = std::make_unique<TreeNode>();
        child->key = step;
        child->parent = at;
        child->path = at->path;
        child->path.push_back(step);
      }
      at = child.get();
    }
  }
}

// Documents from nodes: kinds, and rules below a general reference taken up into it.
void Compiler::check_conflicts() {
  Program& program = *program_;
  std::unordered_map<const ast::Rule*, Unit*> unit_of;
  unit_of.reserve(units_.size());
  for (const auto& unit : units_) unit_of[unit->rule] = unit.get();

  // Where a head has variables in its reference, everything below the ground part is one document.
  for (const auto& unit : units_) {
    const ast::Term& reference = *unit->rule->head.reference;
    if (reference.kind != ast::TermKind::ref || unit->suffix_start == reference.items.size()) continue;
    TreeNode* node = unit->node;
    std::vector<TreeNode*> pending;
    for (auto& [key, child] : node->children) pending.push_back(child.get());
    const std::size_t package_steps = unit->module->package->items.size() - 1;
    bool absorb = true;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      for (const ast::Rule* below : pending[i]->rules) {
        absorb = absorb && unit_of[below]->module->package->items.size() - 1 <= package_steps;
      }
      for (auto& [key, child] : pending[i]->children) pending.push_back(child.get());
    }
    if (!absorb) continue;
    for (TreeNode* below : pending) {
      for (const ast::Rule* rule : below->rules) {
        Unit& moved = *unit_of[rule];
        moved.suffix_start -= moved.path.size() - unit->path.size();
        moved.path = unit->path;
        moved.node = node;
        node->rules.push_back(rule);
      }
    }
    node->children.clear();
  }

  std::vector<TreeNode*> pending{&program.root};
  for (std::size_t i = 0; i < pending.size(); ++i) {
    TreeNode* node = pending[i];
    std::vector<TreeNode*> children;
    for (auto& [key, child] : node->children) children.push_back(child.get());
    std::sort(children.begin(), children.end(),
              [](const TreeNode* a, const TreeNode* b) { return compare(a->key, b->key) < 0; });
    node->ordered = children;
    pending.insert(pending.end(), children.begin(), children.end());
    if (node->rules.empty()) continue;

    const Unit& first = *unit_of[node->rules[0]];
    const std::string name = path_text(node->path);
    std::vector<const ast::Rule*> defaults;
    bool functions = false, sets = false, entries = false, complete = false, bad_arity = false;
    std::size_t arity = 0;
    for (const ast::Rule* rule : node->rules) {
      const Unit& unit = *unit_of[rule];
      const ast::Term& reference = *rule->head.reference;
      const bool dynamic = reference.kind == ast::TermKind::ref && unit.suffix_start < reference.items.size();
      if (rule->is_default) defaults.push_back(rule);
      if (rule->head.has_arguments) {
        if (functions && arity != rule->head.arguments.size()) bad_arity = true;
        functions = true;
        arity = rule->head.arguments.size();
      } else if (dynamic) {
        entries = true;
      } else if (is_partial_set(*rule)) {
        sets = true;
      } else {
        complete = true;
      }
    }
    const int kinds = (functions ? 1 : 0) + (sets ? 1 : 0) + (entries ? 1 : 0) + (complete ? 1 : 0);
    if (kinds > 1 || bad_arity) {
      error(*first.module, "rego_type_error", first.rule->location, "conflicting rules " + name + " found");
      continue;
    }
    if (defaults.size() > 1) {
      std::string places;
      for (const ast::Rule* rule : defaults) {
        const Unit& unit = *unit_of[rule];
        if (!places.empty()) places += ", ";
        places += unit.module->file + ":" + std::to_string(unit.module->row(rule->location.begin));
      }
      error(*first.module, "rego_type_error", first.module->package_location,
            "multiple default rules " + name + " found at " + places);
      continue;
    }
    if (!children.empty()) {
      std::vector<std::string> below;
      std::vector<TreeNode*> inner = children;
      for (std::size_t k = 0; k < inner.size(); ++k) {
        if (!inner[k]->rules.empty()) below.push_back(path_text(inner[k]->path));
        for (auto& [key, child] : inner[k]->children) inner.push_back(child.get());
      }
      std::sort(below.begin(), below.end());
      bool package_clash = false;
      for (const ast::Module* module : program.modules) {
        const auto items = module->package->items;
        if (items.size() - 1 != node->path.size()) continue;
        bool same = true;
        for (std::size_t k = 0; k < node->path.size(); ++k)
          same = same && node->path[k].is_string() && node->path[k].string() == items[k + 1]->text;
        if (same) package_clash = true;
      }
      if (!below.empty()) {
        std::string list;
        for (const std::string& each : below) list += (list.empty() ? "" : " ") + each;
        error(*first.module, "rego_type_error", first.rule->location,
              "rule " + name + " conflicts with [" + list + "]");
      }
      if (package_clash) {
        for (const ast::Module* module : program.modules) {
          const auto items = module->package->items;
          if (items.size() - 1 != node->path.size()) continue;
          bool same = true;
          for (std::size_t k = 0; k < node->path.size(); ++k)
            same = same && node->path[k].is_string() && node->path[k].string() == items[k + 1]->text;
          if (!same) continue;
          error(*first.module, "rego_type_error", first.module->package_location,
                "package " + path_text(node->path).substr(5) + " conflicts with rule " +
                    std::string(head_name(*first.rule)) + " defined at " + first.module->file + ":" +
                    std::to_string(first.module->row(first.rule->location.begin)));
        }
      }
      if (!below.empty() || package_clash) continue;
    }
    if (options_.data_at && options_.data_at(node->path)) {
      std::string path;
      for (const Value step : node->path)
        path += (path.empty() ? "" : "/") + (step.is_string() ? std::string(step.string()) : to_rego(step));
      error(*first.module, "rego_compile_error", first.rule->location,
            "conflicting rule for data path " + path + " found");
      continue;
    }
    node->leaf = std::make_unique<Leaf>();
    node->leaf->node = node;
    node->leaf->number = static_cast<std::uint32_t>(program.leaves.size());
    node->leaf->arity = static_cast<std::uint32_t>(arity);
    node->leaf->kind = functions ? LeafKind::function
                       : sets    ? LeafKind::partial_set
                       : entries ? LeafKind::partial_object
                                 : LeafKind::complete;
    node->leaf->sources = node->rules;
    program.leaves.push_back(node->leaf.get());
  }
}

// ---- names --------------------------------------------------------------------------------------------------------

namespace {

void add_import(const ast::Import& import, Globals& globals) {
  const auto items = import.path->items;
  const std::string_view root = items[0]->text;
  if (root != "data" && root != "input") return;
  Global global;
  global.root = root == "data" ? Root::data : Root::input;
  global.import = &import;
  for (const ast::Term* part : items.subspan(1)) global.path.push_back(part->constant);
  const std::string_view name = !import.alias.empty() ? import.alias
                                : items.size() > 1    ? items.back()->text
                                                      : std::string_view();
  if (!name.empty()) globals[name] = std::move(global);
}

Globals module_globals(
    const ast::Module& module,
    const std::map<std::string, std::vector<std::pair<std::string_view, std::vector<Value>>>>& packages) {
  Globals globals;
  const auto own = packages.find(ast::to_string(*module.package));
  if (own != packages.end()) {
    for (const auto& [name, path] : own->second) globals[name] = {Root::data, path, nullptr, true};
  }
  for (const ast::Import* import : module.imports) add_import(*import, globals);
  return globals;
}

Value metadata_hook(void* user, const ast::Rule* rule, bool chain) {
  return metadata_value(*static_cast<Program*>(user), rule, chain);
}

}  // namespace

void Compiler::resolve() {
  Program& program = *program_;
  std::map<std::string, std::vector<std::pair<std::string_view, std::vector<Value>>>> packages;
  for (const auto& unit : units_) {
    auto& names = packages[ast::to_string(*unit->module->package)];
    const std::string_view name = head_name(*unit->rule);
    if (!names.empty() && names.back().first == name) continue;
    std::vector<Value> path;
    for (const ast::Term* part : unit->module->package->items.subspan(1))
      path.push_back(program.store.intern(part->text));
    path.push_back(program.store.intern(name));
    names.emplace_back(name, std::move(path));
  }
  for (const ast::Module* module : program.modules) {
    globals_.push_back(module_globals(*module, packages));
  }
}

// Names that version 1 keeps for itself, then imports of one name.
void Compiler::check_shadowing() {
  for (const ast::Module* module : program_->modules) {
    if (!options_.strict && module->version != RegoVersion::v1 && !module->imports_rego_v1) continue;
    for (const ast::Rule* rule : module->rules) {
      const std::string_view name = head_name(*rule);
      if (name == "input" || name == "data") {
        error(*module, "rego_compile_error", rule->location,
              "rules must not shadow " + std::string(name) + " (use a different rule name)");
      }
    }
  }
  if (!errors_.empty()) return;
  for (const ast::Module* module : program_->modules) {
    if (!options_.strict && module->version != RegoVersion::v1 && !module->imports_rego_v1) continue;
    std::map<std::string_view, const ast::Import*> seen;
    for (const ast::Import* import : module->imports) {
      const auto items = import->path->items;
      const std::string_view name = !import->alias.empty() ? import->alias
                                    : items.size() > 1     ? items.back()->text
                                                           : items[0]->text;
      if (items[0]->text == "future" || items[0]->text == "rego") continue;
      if (!seen.emplace(name, import).second) {
        error(*module, "rego_compile_error", import->location,
              "import must not shadow import " + ast::to_string(*seen[name]->path));
      }
    }
  }
}

// Imports that nothing uses: only after every rule of the module is resolved.
void Compiler::check_imports() {
  Program& program = *program_;
  if (!options_.strict) return;
  for (std::size_t i = 0; i < program.modules.size(); ++i) {
    for (const ast::Import* import : program.modules[i]->imports) {
      const auto items = import->path->items;
      if (items[0]->text == "future" || items[0]->text == "rego") continue;
      const std::string_view name = !import->alias.empty() ? import->alias
                                    : items.size() > 1     ? items.back()->text
                                                           : items[0]->text;
      const auto found = globals_[i].find(name);
      if (found != globals_[i].end() && found->second.import != nullptr && !found->second.used) {
        error(*program.modules[i], "rego_compile_error", import->location,
              "import " + ast::to_string(*import->path) +
                  (import->alias.empty() ? "" : " as " + std::string(import->alias)) + " unused");
      }
    }
  }
}

// Arguments that neither the rule nor one of its else-branches uses.
static std::vector<const ast::Term*> unused_arguments(const ast::Rule& rule,
                                                      std::span<const std::unique_ptr<hir::RuleBody>> bodies) {
  std::vector<const ast::Term*> unused;
  for (std::size_t i = 0; i < rule.head.arguments.size(); ++i) {
    const ast::Term& argument = *rule.head.arguments[i];
    if (argument.kind != ast::TermKind::var || argument.wildcard) continue;
    const bool used = std::any_of(bodies.begin(), bodies.end(), [&](const auto& body) {
      return i < body->variables.size() && body->variables[i].used;
    });
    if (!used) unused.push_back(&argument);
  }
  return unused;
}

// ---- code ---------------------------------------------------------------------------------------------------------

// Rule by rule: what one rule needs is forgotten before the next. Errors go to the stage that found them; the first
// stage with errors is what is reported.
void Compiler::rules(Stages& stages) {
  Program& program = *program_;
  struct Conditions {
    std::vector<IndexCondition> all;
    std::vector<std::uint32_t> ends;  // behind each rule's
  };
  std::unordered_map<const Leaf*, Conditions> conditions;
  Arena condition_lists;
  Code scratch;
  edges_.resize(program.leaves.size());
  Types types;
  std::vector<const Leaf*> reached;
  for (const auto& unit : units_) {
    pool_.clear();
    std::vector<std::unique_ptr<hir::RuleBody>> bodies;
    const std::size_t before = stages.names.size() + stages.functions.size();
    ResolveContext context{program, pool_, stages.names, options_.strict, metadata_hook, &program, &stages.unused};
    Resolver resolver(context, *unit->module, globals_[unit->module_number]);
    for (const ast::Rule* rule = unit->rule; rule != nullptr; rule = rule->else_rule) {
      bodies.push_back(std::make_unique<hir::RuleBody>());
      hir::RuleBody& body = *bodies.back();
      resolver.rule(*rule, unit->suffix_start, body);
      check_undefined_functions(program, *unit->module, body, options_, stages.functions);
      for (const std::uint32_t slot : body.head_only) {
        std::swap(errors_, stages.heads);
        error(*unit->module, "rego_unsafe_var_error", rule->location,
              "var " + std::string(body.variables[slot].name) + " is unsafe");
        std::swap(errors_, stages.heads);
      }
    }
    if (options_.strict) {
      std::swap(errors_, stages.unused);
      for (const ast::Term* argument : unused_arguments(*unit->rule, bodies)) {
        error(*unit->module, "rego_compile_error", unit->rule->location,
              "unused argument " + std::string(argument->text) + ". (hint: use _ (wildcard variable) instead)");
      }
      std::swap(errors_, stages.unused);
    }
    Leaf* leaf = unit->node->leaf.get();
    if (leaf == nullptr || before != stages.names.size() + stages.functions.size()) continue;
    reached.clear();
    for (const auto& body : bodies) {
      visit_references(*body, [&](const Node& node) { leaves_of(program, node, reached); });
      if (options_.keep_references) {
        References more = references_of(program, *body);
        auto& list = program.references[leaf].list;
        list.insert(list.end(), more.list.begin(), more.list.end());
      }
    }
    for (const Leaf* each : reached) {
      auto& out = edges_[leaf->number];
      if (std::find(out.begin(), out.end(), each->number) == out.end()) out.push_back(each->number);
    }
    std::unique_ptr<RuleCode> first;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      hir::RuleBody& body = *bodies[i];
      if (i == 0 && !unit->rule->is_default) {
        Conditions& of_leaf = conditions[leaf];
        index_conditions(body, condition_lists, of_leaf.all);
        of_leaf.ends.push_back(static_cast<std::uint32_t>(of_leaf.all.size()));
      }
      if (stages.empty()) {
        const TypeEnvironment environment =
            environment_of(types, options_.schemas, *unit->module, unit->rule, stages.types);
        check_types(types, *unit->module, body, environment, stages.types);
      }
      auto code = std::make_unique<RuleCode>();
      code->rule = body.rule;
      code->module = unit->module;
      // Made in lists that grow once, and copied at their final size.
      scratch.clear();
      CodeGenerator generator(program, scratch, body, *unit->module, stages.safety);
      generator.set_test_cases(options_.test_cases);
      generator.rule(*leaf, is_partial_set(*unit->rule), code->constant_value, code->value);
      code->code = scratch;
      if (i == 0)
        first = std::move(code);
      else
        first->otherwise.push_back(std::move(code));
    }
    if (unit->rule->is_default)
      leaf->fallback = std::move(first);
    else
      leaf->rules.push_back(std::move(first));
  }
  pool_.clear();
  for (Leaf* leaf : program.leaves) {
    if (!leaf->rules.empty() && (leaf->kind == LeafKind::complete || leaf->kind == LeafKind::function)) {
      leaf->one_value = true;
      for (const auto& rule : leaf->rules) {
        if (!rule->constant_value || !rule->otherwise.empty() || !(rule->value == leaf->rules[0]->value))
          leaf->one_value = false;
      }
    }
    if (leaf->rules.size() > 1) build_index(*leaf, conditions[leaf].all, conditions[leaf].ends);
  }
}

// ---- references ---------------------------------------------------------------------------------------------------

namespace {

struct ReferenceVisitor {
  const std::function<void(const Node&)>& each;
  void node(const Node& at) {
    if (at.kind == NodeKind::ref && at.root != Root::term) each(at);
    if (at.head != nullptr) node(*at.head);
    if (at.block != nullptr) block(*at.block);
    for (const Block* part : at.parts) {
      if (part != nullptr) block(*part);
    }
    for (const Node* item : at.items) node(*item);
    if (at.kind == NodeKind::call) each(at);
  }
  void block(const Block& at) {
    for (const Literal* literal : at.literals) {
      if (literal->a != nullptr) node(*literal->a);
      if (literal->b != nullptr) node(*literal->b);
      if (literal->key != nullptr) node(*literal->key);
      if (literal->block != nullptr) block(*literal->block);
      for (const hir::With& with : literal->with) node(*with.value);
    }
  }
};

void leaves_below(const TreeNode& node, std::vector<const Leaf*>& out) {
  if (node.leaf) {
    out.push_back(node.leaf.get());
    return;
  }
  for (const TreeNode* child : node.ordered) leaves_below(*child, out);
}

void match_leaves(const TreeNode& node, std::span<Node* const> operands, std::vector<const Leaf*>& out) {
  if (node.leaf) {
    out.push_back(node.leaf.get());
    return;
  }
  if (operands.empty()) {
    leaves_below(node, out);
    return;
  }
  if (operands[0]->kind == NodeKind::constant) {
    if (const TreeNode* child = node.child(operands[0]->constant)) match_leaves(*child, operands.subspan(1), out);
    return;
  }
  for (const TreeNode* child : node.ordered) match_leaves(*child, operands.subspan(1), out);
}

}  // namespace

void visit_references(const hir::RuleBody& body, const std::function<void(const Node&)>& each) {
  ReferenceVisitor visitor{each};
  visitor.block(*body.block);
  for (const Node* node : body.arguments) visitor.node(*node);
  for (const Node* node : body.suffix) visitor.node(*node);
  if (body.key != nullptr) visitor.node(*body.key);
  if (body.value != nullptr) visitor.node(*body.value);
}

void leaves_of(const Program& program, const Node& reference, std::vector<const Leaf*>& out) {
  if (reference.kind == NodeKind::call) {
    const TreeNode* at = &program.root;
    for (const Value step : reference.function) at = at == nullptr ? nullptr : at->child(step);
    if (!reference.function.empty() && at != nullptr && at->leaf) out.push_back(at->leaf.get());
  } else if (reference.root == Root::data) {
    match_leaves(program.root, reference.items, out);
  }
}

void leaves_of(const Program& program, std::span<const Value> path, std::vector<const Leaf*>& out) {
  const TreeNode* at = &program.root;
  for (const Value step : path) {
    if (at == nullptr || at->leaf) break;
    at = at->child(step);
  }
  if (at != nullptr) leaves_below(*at, out);
}

References references_of(const Program& program, const hir::RuleBody& body) {
  References out;
  visit_references(body, [&](const Node& node) {
    if (node.kind == NodeKind::call && node.function.empty()) return;
    References::Reference reference;
    reference.is_call = node.kind == NodeKind::call;
    reference.root_input = !reference.is_call && node.root == Root::input;
    for (const Node* item : node.items) {
      if (reference.is_call || item->kind != NodeKind::constant) break;
      reference.path.push_back(item->constant);
    }
    leaves_of(program, node, reference.leaves);
    out.list.push_back(std::move(reference));
  });
  return out;
}

void Compiler::check_recursion() {
  const std::size_t count = program_->leaves.size();
  const auto& edges = edges_;
  // Strongly connected parts by an iterative depth-first search (Tarjan).
  std::vector<std::uint32_t> order(count, 0), low(count, 0);
  std::vector<char> open(count, 0), cyclic(count, 0);
  std::vector<std::uint32_t> stack;
  std::uint32_t next = 1;
  struct Visit {
    std::uint32_t node;
    std::size_t edge;
  };
  for (std::uint32_t start = 0; start < count; ++start) {
    if (order[start] != 0) continue;
    std::vector<Visit> visits{{start, 0}};
    while (!visits.empty()) {
      Visit& visit = visits.back();
      const std::uint32_t node = visit.node;
      if (visit.edge == 0) {
        order[node] = low[node] = next++;
        stack.push_back(node);
        open[node] = 1;
      }
      if (visit.edge < edges[node].size()) {
        const std::uint32_t to = edges[node][visit.edge++];
        if (order[to] == 0)
          visits.push_back({to, 0});
        else if (open[to])
          low[node] = std::min(low[node], order[to]);
        if (to == node) cyclic[node] = 1;
        continue;
      }
      if (low[node] == order[node]) {
        const bool many = stack.back() != node;
        while (true) {
          const std::uint32_t member = stack.back();
          stack.pop_back();
          open[member] = 0;
          if (many) cyclic[member] = 1;
          if (member == node) break;
        }
      }
      visits.pop_back();
      if (!visits.empty())
        low[visits.back().node] = std::min(low[visits.back().node], low[node]);
      else
        break;
    }
  }
  for (const auto& unit : units_) {
    const Leaf* leaf = unit->node->leaf.get();
    if (leaf == nullptr || !cyclic[leaf->number] || leaf->sources[0] != unit->rule) continue;
    // The shortest way back to itself, breadth first.
    std::vector<std::uint32_t> from(count, 0xffffffffU), queue{leaf->number};
    bool found = false;
    for (std::size_t i = 0; i < queue.size() && !found; ++i) {
      for (const std::uint32_t to : edges[queue[i]]) {
        if (to == leaf->number) {
          std::vector<std::uint32_t> way;
          for (std::uint32_t at = queue[i];; at = from[at]) {
            way.push_back(at);
            if (at == leaf->number) break;
          }
          std::string text;
          for (auto step = way.rbegin(); step != way.rend(); ++step)
            text += path_text(program_->leaves[*step]->node->path) + " -> ";
          const std::string name = path_text(leaf->node->path);
          error(*unit->module, "rego_recursion_error", unit->rule->location,
                "rule " + name + " is recursive: " + text + name);
          found = true;
          break;
        }
        if (from[to] == 0xffffffffU && cyclic[to]) {
          from[to] = queue[i];
          queue.push_back(to);
        }
      }
    }
  }
}

// ---- entry points -------------------------------------------------------------------------------------------------

namespace {

PolicyErrors limited(PolicyErrors errors, std::size_t limit) {
  if (limit != 0 && errors.size() > limit) {
    errors.resize(limit);
    PolicyError reached;
    reached.code = "rego_compile_error";
    reached.message = "error limit reached";
    errors.push_back(reached);
  }
  return errors;
}

}  // namespace

std::expected<std::unique_ptr<Program>, PolicyErrors> Compiler::compile(std::vector<const ast::Module*> modules,
                                                                        const CompileOptions& options) {
  options_ = options;
  program_ = std::make_unique<Program>();
  program_->modules = std::move(modules);
  build_tree();
  const auto give_up = [&] { return std::unexpected(limited(std::move(errors_), options.max_errors)); };
  if (!errors_.empty()) return give_up();
  Stages stages;
  check_conflicts();
  std::swap(stages.conflicts, errors_);
  resolve();
  rules(stages);
  if (stages.names.empty()) {
    check_imports();
    if (errors_.empty()) check_shadowing();
    if (!errors_.empty()) return give_up();
  }
  for (PolicyErrors* stage :
       {&stages.names, &stages.unused, &stages.conflicts, &stages.functions, &stages.heads, &stages.safety}) {
    if (stage->empty()) continue;
    errors_ = std::move(*stage);
    return give_up();
  }
  check_recursion();
  if (errors_.empty()) errors_ = std::move(stages.types);
  if (!errors_.empty()) return give_up();
  return std::move(program_);
}

std::expected<Compiler::Query, PolicyErrors> Compiler::query(Program& program, const ParsedQuery& parsed,
                                                             std::span<const Value> package,
                                                             const CompileOptions& options) {
  Query result;
  result.module = parsed.module.get();
  PolicyErrors errors;
  HirPool pool;
  Globals globals;
  for (const ast::Import* import : parsed.module->imports) add_import(*import, globals);
  if (!package.empty()) {
    const TreeNode* at = &program.root;
    for (const Value step : package) at = at == nullptr ? nullptr : at->child(step);
    if (at != nullptr) {
      for (const TreeNode* child : at->ordered) {
        if (child->key.is_string()) globals[child->key.string()] = {Root::data, child->path, nullptr, true};
      }
    }
  }
  ResolveContext context{program, pool, errors, false, nullptr, nullptr};
  Resolver resolver(context, *parsed.module, globals);
  hir::RuleBody body;
  resolver.query(parsed.body, body);
  if (errors.empty()) check_undefined_functions(program, *parsed.module, body, options, errors);
  if (errors.empty()) {
    Types types;
    check_types(types, *parsed.module, body, environment_of(types, options.schemas, *parsed.module, nullptr, errors),
                errors);
  }
  if (!errors.empty()) return std::unexpected(limited(std::move(errors), options.max_errors));
  result.references = references_of(program, body);
  CodeGenerator generator(program, result.code, body, *parsed.module, errors);
  std::vector<std::uint32_t> variables;
  generator.query(variables, result.captures);
  if (!errors.empty()) return std::unexpected(limited(std::move(errors), options.max_errors));
  for (const std::uint32_t slot : variables) result.variables.emplace_back(body.variables[slot].name);
  return result;
}

}  // namespace chiron::policy
