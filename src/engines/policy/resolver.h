// From syntax to meaning: scopes, declarations, imports; every name becomes a register, a document or a function.
#pragma once
#include <deque>
#include <optional>

#include "engines/policy/hir.h"

namespace chiron::policy {

// What a bare name of a module means outside rules' own variables.
struct Global {
  hir::Root root = hir::Root::data;
  std::vector<Value> path;
  const ast::Import* import = nullptr;
  bool used = false;
};
using Globals = std::unordered_map<std::string_view, Global>;

// Objects in chunks that are used again for the next rule.
template <class T>
class ChunkPool {
 public:
  T& emplace_back() {
    if (used_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<T[]>(kChunk));
    T& made = chunks_[used_ / kChunk][used_ % kChunk];
    ++used_;
    return made;
  }
  void clear() {
    for (std::size_t i = 0; i < used_; ++i) chunks_[i / kChunk][i % kChunk].reset();
    used_ = 0;
  }

 private:
  static constexpr std::size_t kChunk = 64;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t used_ = 0;
};

// Owns the nodes of one rule while it is compiled.
struct HirPool {
  ChunkPool<hir::Node> nodes;
  ChunkPool<hir::Block> blocks;
  ChunkPool<hir::Literal> literals;
  void clear() {
    nodes.clear();
    blocks.clear();
    literals.clear();
  }
};

struct ResolveContext {
  Program& program;
  HirPool& pool;
  PolicyErrors& errors;
  bool strict = false;
  // The value of rego.metadata.rule() and .chain() in a rule, or undefined where it is no rule.
  Value (*metadata)(void* user, const ast::Rule* rule, bool chain) = nullptr;
  void* metadata_user = nullptr;
  PolicyErrors* unused = nullptr;  // where what is declared and not used is told; only rules are checked
};

class Resolver {
 public:
  Resolver(ResolveContext& context, const ast::Module& module, Globals& globals);
  void rule(const ast::Rule& rule, std::size_t suffix_start, hir::RuleBody& out);
  void query(const ast::Body& body, hir::RuleBody& out);

 private:
  struct Scope {
    std::vector<std::pair<std::string_view, std::uint32_t>> declared;
    std::vector<std::pair<std::string_view, std::uint32_t>> implicit;  // slot npos until used
    std::vector<std::string_view> later;       // declared somewhere in the body: closures before that do not mean these
    std::vector<std::uint32_t> closures_only;  // declared by `some`, but in no expression of the body itself
    hir::Block* block = nullptr;
    bool arguments = false;
    bool transparent = false;  // of a negated literal: its variables are the enclosing body's
  };
  static constexpr std::uint32_t npos = 0xffffffffU;

  void error(const char* code, ast::Location location, std::string message);
  hir::Block* block(const ast::Body& body);
  void open(hir::Block* block, const ast::Body* body);
  void close();
  void collect(const ast::Term& term, Scope& scope);
  void collect(const ast::Body& body, Scope& scope);
  void literal(const ast::Expr& expr, hir::Block& into);
  void statement(const ast::Term& source, hir::Literal& out);
  void hoist(hir::Literal& negated, hir::Block& into, hir::Block& inner);
  void hoist_one(hir::Node*& node, const hir::Literal& negated, hir::Block& into, hir::Block& inner);
  void hoist_inside(hir::Node*& node, const hir::Literal& negated, hir::Block& into, hir::Block& inner);
  void note_later(const ast::Body& body, Scope& scope);
  void withs(const ast::Expr& expr, hir::Literal& out);
  std::uint32_t declare(const ast::Term& name, const char* how);
  void declare_pattern(const ast::Term& pattern, const char* how);
  std::uint32_t new_slot(const ast::Term& name, bool is_explicit);
  std::optional<std::uint32_t> find_declared(std::string_view name);
  std::uint32_t in_closure(std::uint32_t declared, std::size_t owner);
  std::uint32_t implicit(const ast::Term& name);
  void note_use(std::uint32_t slot, std::size_t owner);
  hir::Node* term(const ast::Term& source);
  hir::Node* make(hir::NodeKind kind, const ast::Term& source);
  hir::Node* constant(Value value, const ast::Term& source);
  hir::Node* reference(const ast::Term& source);
  hir::Node* call(const ast::Term& source);
  hir::Node* comprehension(hir::NodeKind kind, const ast::Term& source);
  hir::Node* global_node(const Global& global, const ast::Term& source);
  bool function_name(const ast::Term& operation, hir::Node& out);
  void unused_check();

  ResolveContext& context_;
  const ast::Module& module_;
  Globals& globals_;
  hir::RuleBody* out_ = nullptr;
  std::vector<std::uint32_t> by_some_;  // registers that `some` declares
  std::vector<Scope> scopes_;
  bool in_head_ = false;
  bool negated_bodies_ = false;  // `import future.keywords.not`: everything below `not` is evaluated inside it
};

}  // namespace chiron::policy
