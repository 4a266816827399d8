// Runs compiled programs. One machine an evaluation and a thread; programs and values of other stores are shared.
#pragma once
#include <chrono>
#include <optional>

#include "engines/policy/join.h"
#include "engines/policy/program.h"

namespace chiron::policy {

class CandidateList;

namespace machine_limits {
inline constexpr std::size_t kStackBytes = std::size_t{4} << 20;  // of the machine's own recursion
inline constexpr std::uint32_t kValueDepth = 1'000'000;           // nesting of values made
}  // namespace machine_limits

struct EvaluationOptions {
  Value input;  // undefined where there is none
  Value data;   // base documents, an object
  bool strict_builtin_errors = false;
  std::uint64_t max_steps = 0;                              // 0: no bound
  std::uint64_t max_memory_bytes = std::uint64_t{4} << 30;  // of values made
  std::chrono::milliseconds timeout{0};
  std::int64_t time_ns = 0;
  std::uint64_t seed = 0;
  const task::CancelToken* cancel = nullptr;
  std::span<const std::string> allow_net;
  Value runtime;
  std::vector<std::string>* printed = nullptr;
  bool print_places = false;  // what is printed begins with "file:line: "
  std::unordered_map<std::string, std::unique_ptr<CacheEntry>>* policy_cache = nullptr;
};

// How often each operation ran and held: for coverage, profiles and explanations.
struct Counters {
  struct Line {
    std::uint64_t evaluated = 0, redone = 0, nanoseconds = 0;
    std::uint64_t empty = 0;  // a scan's or a walk's: times it had no result
  };
  std::unordered_map<const Op*, Line> ops;
};

class Machine {
 public:
  Machine(const Program& program, Store& store);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Answers of a query: its rows, each the values of the yielded registers.
  [[nodiscard]] std::expected<std::vector<std::vector<Value>>, PolicyError> query(const Code& code,
                                                                                  const ast::Module& module,
                                                                                  const EvaluationOptions& options);
  // The document at a path below data, all of it; undefined where there is none.
  [[nodiscard]] std::expected<Value, PolicyError> document(std::span<const Value> path,
                                                           const EvaluationOptions& options);
  // Calls a function leaf or evaluates another, by its node.
  void set_counters(Counters* counters) { counters_ = counters; }
  [[nodiscard]] const std::vector<PolicyError>& builtin_errors() const { return builtin_errors_; }

 private:
  enum class Status : std::uint8_t { more, stop, failed };
  struct Extent {
    const TreeNode* node;
    Value base;
  };
  struct Mock {
    const WithTarget* target;
    Value value;
  };
  struct State {
    Value input, data;
    State* outer = nullptr;
    bool root = false;
    std::vector<const WithTarget*> overrides;  // data targets
    std::vector<Mock> mocks;
    std::unordered_map<const Leaf*, Value> cache;
  };
  struct Entry {
    std::vector<Value> path;
    Value value;
    bool in_set;
  };
  struct Result {
    Value value;
    std::vector<Value> members;
    std::vector<Entry> entries;
    std::vector<std::vector<Value>>* rows = nullptr;
  };
  struct Frame {
    const Code* code;
    const ast::Module* module;
    Value* r;
    Result* result;
  };

  void begin(const EvaluationOptions& options);
  Status run(Frame& frame, const Op* op);
  bool get(const Frame& frame, Operand operand, Value& out) const;
  Status fail(const Frame& frame, const Op& op, const char* code, std::string message);
  bool checkpoint(const Frame& frame, const Op& op);

  bool leaf_value(const Leaf& leaf, Value& out);  // false: failed
  bool compute(const Leaf& leaf, Value& out);
  bool call(const Leaf& leaf, std::span<const Value> arguments, Value& out);
  bool call_unmocked(const Leaf& leaf, std::span<const Value> arguments, Value& out);
  void candidates_of(const Leaf& leaf, std::span<const Value> arguments, CandidateList& out) const;
  bool first_of(const RuleCode& rule, std::span<const Value> arguments, Result& result);
  bool run_rule(const RuleCode& rule, std::span<const Value> arguments, Result& result);
  bool conflict(const RuleCode& rule, const char* message);
  Value build_object(std::vector<Entry>& entries, std::size_t begin, std::size_t end, std::size_t depth, bool& good);
  bool covered(const TreeNode& node) const;
  Value base_at(std::span<const Value> path) const;

  static bool is_extent(Value v) { return (v.bits() & 7) == 7; }
  Value make_extent(const TreeNode& node, Value base);
  static const Extent& extent(Value v) { return *reinterpret_cast<const Extent*>(v.bits() & ~std::uint64_t{7}); }
  bool extent_step(Value at, Value key, Value& out);
  bool materialise(Value at, Value& out);
  Status scan_extent(Frame& frame, const Op* op, Value at);

  Status counted(Frame& frame, const Op* op);
  Status scan(Frame& frame, const Op* op);
  Status scan_joined(Frame& frame, const Op* op, Value collection, const JoinIndex& index, Value value);
  enum class Known : std::uint8_t { value, none, unknown };
  Known joined_value(Frame& frame, const Join& join, Value& out) const;
  Status every(Frame& frame, const Op* op, const Op*& next);
  Status collect(Frame& frame, const Op* op, Value& out);
  Status walk(Frame& frame, const Op* op);
  Status with(Frame& frame, const Op* op);
  Status builtin(Frame& frame, const Op& op, Value& out, bool& defined);
  Status entry(Frame& frame, const Op& op);
  bool text_of_parts(Frame& frame, const Op& op, std::string& out, std::string_view separator, bool& multiple);
  Value put(Value root, std::span<const Value> path, Value value);
  const Mock* find_mock(const Builtin* builtin, const Leaf* leaf) const;
  Value* allocate(std::uint32_t count);

  const Program& program_;
  Store& store_;
  EvaluationOptions options_;
  State base_;
  State* state_ = nullptr;
  std::vector<Value> base_cache_;
  std::vector<std::pair<const Keys*, std::uint32_t>> inline_caches_;
  std::vector<std::unique_ptr<CacheEntry>> call_caches_;
  JoinIndexes joins_;
  std::unique_ptr<BuiltinContext> builtins_;
  std::vector<Value>* collecting_ = nullptr;
  std::optional<PolicyError> error_;
  std::vector<PolicyError> builtin_errors_;
  std::uint64_t steps_ = 0;
  std::uint64_t next_check_ = 0;
  std::chrono::steady_clock::time_point deadline_;
  const char* stack_limit_ = nullptr;
  Counters* counters_ = nullptr;

  // Registers: a stack of chunks.
  std::vector<std::unique_ptr<Value[]>> register_chunks_;
  std::vector<std::uint32_t> register_sizes_;
  std::size_t register_chunk_ = 0;
  std::uint32_t register_used_ = 0;
  friend struct RegisterScope;
};

}  // namespace chiron::policy
