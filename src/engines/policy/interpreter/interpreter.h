// Evaluates policies step by step, by unification over terms: slower than the machine and able to say what it does.
// Traces and partial evaluation come from here; tests hold the machine's answers against it.
#pragma once
#include <optional>
#include <set>

#include "engines/policy/interpreter/tree.h"

namespace chiron::policy::interpreter {

enum class Operation : std::uint8_t { enter, exit, eval, redo, fail, note, save, index, unify };

struct Event {
  Operation operation = Operation::eval;
  std::uint64_t query = 0, parent = 0;
  // One of these is what the event speaks of.
  const Expr* expr = nullptr;
  const Body* body = nullptr;
  const Rule* rule = nullptr;
  std::string message;
  std::string reference;  // index: the document
  std::uint32_t row = 0;
  std::string_view file;
  bool early = false;
  std::vector<std::pair<std::string, std::string>> values;  // of the expression's variables, where asked for
};

class Watcher;

struct Options {
  EvaluationOptions evaluation;
  Watcher* watcher = nullptr;  // is told of results and failures, for explanations
  std::vector<Event>* trace = nullptr;
  bool values = false;  // events carry what their variables are bound to
  bool partial = false;
  std::vector<std::string> unknowns;          // "input", "data.x.y"
  std::vector<std::string> disable_inlining;  // "data.x.p"
  bool shallow_inlining = false;
};

struct PartialResult {
  std::vector<Body> queries;
  struct Module {
    std::vector<std::string> package;
    struct SupportRule {
      std::string name;
      std::vector<const Term*> suffix;
      std::vector<const Term*> arguments;
      const Term* key = nullptr;
      const Term* value = nullptr;
      Body body;
      bool is_default = false;
      const Term* path = nullptr;
    };
    std::vector<SupportRule> rules;
  };
  std::vector<Module> modules;
};

namespace interpreter_limits {
inline constexpr std::size_t kEvents = 2'000'000;
inline constexpr std::size_t kPartialResults = 20'000;
inline constexpr std::size_t kInlinedNegations = 16;
}  // namespace interpreter_limits

// A callable that is not owned.
template <class Signature>
class Reference;
template <class R, class... A>
class Reference<R(A...)> {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Reference>)
  Reference(F&& f)  // NOLINT: made from any callable
      : object_(const_cast<void*>(static_cast<const void*>(&f))), call_([](void* object, A... arguments) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(static_cast<A>(arguments)...);
        }) {}
  R operator()(A... arguments) const { return call_(object_, static_cast<A>(arguments)...); }

 private:
  void* object_;
  R (*call_)(void*, A...);
};
using Next = Reference<bool()>;  // false ends the search: an error, or enough was found

struct Bindings {
  std::uint64_t id = 0;
  struct Entry {
    const std::string* name;
    const Term* term;
    Bindings* of;
  };
  std::vector<Entry> entries;
};

class Interpreter {
 public:
  Interpreter(Tree& tree, const Options& options);
  ~Interpreter();

  // The rows of a query: a value for each of its variables that has one.
  using Row = std::vector<std::pair<std::string, Value>>;
  [[nodiscard]] std::expected<std::vector<Row>, PolicyError> query(const Tree::Query& query);
  [[nodiscard]] std::expected<PartialResult, PolicyError> partial(const Tree::Query& query);

 private:
  struct Frame {
    const Body* body;
    Bindings* bindings;
    Frame* parent;
    std::uint64_t id;
    bool find_one = false;
    std::size_t index = 0;
  };
  struct Mock {
    std::string name;  // of a built-in, or the text of a function's path
    const Term* value;
    bool is_function;
    Bindings* of;
  };
  struct World {
    Value input, data;
    std::vector<std::vector<Value>> targets;
    std::vector<Mock> mocks;
    std::unordered_map<const Leaf*, Value> complete;
  };
  struct Side {
    const Term* term;
    Bindings* of;
  };
  struct Call;
  struct DataReference;

  // evaluation
  bool run(Frame& frame, Next next);
  // What a query starts from; both must live as long as it runs.
  void begin(World& world, Bindings& root);
  bool run_closure(Frame& frame, Next next, bool& found);
  bool step(Frame& frame, const Expr& expr, Next next);
  bool step_with(Frame& frame, const Expr& expr, Next next);
  bool step_not(Frame& frame, const Expr& expr, Next next);
  bool step_every(Frame& frame, const Expr& expr, Next next);
  bool step_call(Frame& frame, const Expr& expr, Next next);
  // The items of `from` behind those that `into` has, each evaluated and added there; then `done`.
  bool each_item(Frame& frame, const Term& from, Term& into, Next done);
  bool call_builtin(Frame& frame, const Expr& expr, const Builtin& builtin, const Term* result, std::size_t count,
                    Next next);
  bool call_function(Frame& frame, const Expr& expr, const Leaf& leaf, Next next);
  bool call_rule(Frame& frame, const Expr& expr, const Rule& rule, std::size_t arity, const Term* result,
                 std::optional<Value>& known, bool find_one, Next next);
  bool builtin_result(Frame& frame, const Expr& expr, Value output, std::size_t count, Next next);
  bool print(Frame& frame, const Expr& expr);

  // unification
  bool unify(Frame& frame, Side a, Side b, Next next);
  bool unify_values(Frame& frame, Side a, Side b, Next next);
  bool unify_items(Frame& frame, Side a, Side b, std::size_t index, Next next);
  bool unify_objects(Frame& frame, Side a, Side b, Next next);
  bool unify_reference(Frame& frame, Side reference, Side other, Next next);
  bool unify_comprehension(Frame& frame, Side comprehension, Side other, Next next);
  bool below(Frame& frame, Side reference, std::size_t position, Side at, Side other, Next next);
  bool bind(const Term& var, Bindings* in, Side to, Next next);
  Side apply(Side side) const;
  const Term* plug(const Term* term, Bindings* of);
  const Expr* plug(const Expr& expr, Bindings* of);
  bool value_of(const Term& term, Bindings* of, Value& out);
  bool ground_value(const Term& plugged, Value& out);
  const Term* expose(const Term* term);  // a composite constant as a term with items

  // documents
  bool documents(Frame& frame, DataReference& at, Next next);
  bool document_step(Frame& frame, DataReference& at, Value key, Next next);
  bool virtual_document(Frame& frame, DataReference& at, const Leaf& leaf, Next next);
  bool complete_rule(Frame& frame, DataReference& at, const Leaf& leaf, Next next);
  bool complete_value(Frame& frame, const Leaf& leaf, const std::vector<const Rule*>& rules, bool early,
                      Reference<bool(Side)> each);
  bool partial_rule(Frame& frame, DataReference& at, const Leaf& leaf, Next next);
  bool partial_extent(Frame& frame, const Leaf& leaf, Value& out);
  bool extent(Frame& frame, const TreeNode& node, Value base, Value& out);
  bool rest(Frame& frame, DataReference& at, Side value, Next next);
  Value base_at(std::span<const Value> path) const;
  bool replaced(std::span<const Value> path) const;
  std::vector<const Rule*> candidates(Frame& frame, const Leaf& leaf, const std::vector<const Term*>* arguments,
                                      bool& early);
  bool may_match(Frame& frame, const Rule& rule, const std::vector<const Term*>* arguments);

  // partial evaluation (partial.cpp)
  struct Saved {
    const Expr* expr;         // what it is like: negation, with, every
    std::vector<Side> terms;  // of a plain expression
    Bindings* of = nullptr;   // of the whole expression, where it is saved as it stands
  };
  struct Unknown {
    std::vector<Side> terms;
  };
  [[nodiscard]] bool is_partial() const { return options_.partial; }
  bool contains(const Term* term, Bindings* of);
  bool contains_recursive(const Term* term, Bindings* of);
  bool unknown(const Term& term, Bindings* of);
  bool unknown(const Expr& expr, Bindings* of);
  bool unknown_leaf(const Leaf& leaf);
  bool unknown_reference(const Term& term);
  bool disabled(std::span<const Value> path) const;
  bool with_pushed(const std::vector<Side>& terms, Next next);
  bool save(Saved saved, const std::vector<Side>& mark, Next next);
  bool save_unify(Side a, Side b, Next next);
  bool save_call(Frame& frame, const Expr& expr, std::size_t arity, Next next);
  bool save_expression(Frame& frame, const Expr& expr, Next next);
  bool not_partial(Frame& frame, const Expr& expr, Next next);
  bool inlined(const std::vector<Body>& queries, std::size_t index, Body& chosen, Next next);
  bool support_rules(Frame& frame, const Leaf& leaf, const Term*& path, bool& defined);
  bool support_rule(Frame& frame, const Rule& rule, const Leaf& leaf, const Term& path, bool& defined);
  Body saved_body();
  void vars_of(const Term* term, Bindings* of, std::vector<Side>& out);
  const Term* support_path(const Leaf& leaf);
  void insert_support(const Term& path, PartialResult::Module::SupportRule rule);
  Body propagate(const Body& body, const std::set<std::string>& live, bool keep_one);

  // events
  void event(Operation operation, const Frame& frame, const Expr& expr);
  void event(Operation operation, const Frame& frame, const Body& body);
  void event(Operation operation, const Frame& frame, const Rule& rule, bool early = false);
  bool fail(const Frame& frame, const char* code, std::string message);
  bool checkpoint(const Frame& frame);
  void watch_held(const Rule& rule, Bindings& of);

  Tree& tree_;
  const Program& program_;
  Options options_;
  World* world_ = nullptr;
  std::optional<PolicyError> error_;
  const Frame* stop_at_ = nullptr;
  std::uint64_t next_query_ = 0, next_bindings_ = 0, next_result_ = 0, steps_ = 0;
  const char* stack_limit_ = nullptr;
  std::chrono::steady_clock::time_point deadline_;
  std::unique_ptr<BuiltinContext> builtins_;
  std::unordered_map<const Expr*, std::unique_ptr<CacheEntry>> call_caches_;
  Bindings* root_ = nullptr;

  std::vector<Unknown> unknowns_;
  std::vector<std::vector<Saved>> saved_;
  std::vector<std::vector<Value>> disabled_;
  PartialResult result_;
  std::unordered_map<const Leaf*, bool> unknown_leaves_;
  std::set<std::string> supported_;
};

}  // namespace chiron::policy::interpreter
