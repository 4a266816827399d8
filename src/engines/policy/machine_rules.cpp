// Rules and documents: looking them up, computing them once, `with`, and extents of several documents.
#include <algorithm>

#include "engines/policy/index.h"
#include "engines/policy/machine.h"

namespace chiron::policy {

struct RegisterScope {
  RegisterScope(Machine& machine, std::uint32_t count)
      : machine_(machine),
        chunk_(machine.register_chunk_),
        used_(machine.register_used_),
        registers(machine.allocate(count)) {}
  ~RegisterScope() {
    machine_.register_chunk_ = chunk_;
    machine_.register_used_ = used_;
  }
  Machine& machine_;
  std::size_t chunk_;
  std::uint32_t used_;
  Value* registers;
};

Value* Machine::allocate(std::uint32_t count) {
  constexpr std::uint32_t kFirstChunk = 128, kChunk = 4096;
  while (true) {
    if (register_chunk_ == register_chunks_.size()) {
      const std::uint32_t size = std::max(register_chunks_.empty() ? kFirstChunk : kChunk, count);
      register_chunks_.push_back(std::make_unique<Value[]>(size));
      register_sizes_.push_back(size);
    }
    if (register_used_ + count <= register_sizes_[register_chunk_]) {
      Value* result = register_chunks_[register_chunk_].get() + register_used_;
      register_used_ += count;
      return result;
    }
    ++register_chunk_;
    register_used_ = 0;
  }
}

std::expected<std::vector<std::vector<Value>>, PolicyError> Machine::query(const Code& code, const ast::Module& module,
                                                                           const EvaluationOptions& options) {
  begin(options);
  std::vector<std::vector<Value>> rows;
  Result result;
  result.rows = &rows;
  if (inline_caches_.size() <= program_.inline_caches + 256) inline_caches_.resize(program_.inline_caches + 257);
  RegisterScope scope(*this, code.registers);
  Frame frame{&code, &module, scope.registers, &result};
  if (run(frame, code.ops.data()) == Status::failed) return std::unexpected(*error_);
  return rows;
}

std::expected<Value, PolicyError> Machine::document(std::span<const Value> path, const EvaluationOptions& options) {
  begin(options);
  Value at = make_extent(program_.root, options.data);
  for (const Value step : path) {
    Value next;
    if (is_extent(at)) {
      if (!extent_step(at, step, next)) return std::unexpected(*error_);
    } else {
      next = at.get(step);
    }
    if (!next.defined()) return Value();
    at = next;
  }
  Value result = at;
  if (is_extent(at) && !materialise(at, result)) return std::unexpected(*error_);
  return result;
}

// ---- rules --------------------------------------------------------------------------------------------------------

bool Machine::conflict(const RuleCode& rule, const char* message) {
  PolicyError error;
  error.code = "eval_conflict_error";
  error.message = message;
  error.file = rule.module->file;
  error.row = rule.module->row(rule.rule->location.begin);
  error.column = rule.module->column(rule.rule->location.begin);
  error_ = std::move(error);
  return false;
}

bool Machine::run_rule(const RuleCode& rule, std::span<const Value> arguments, Result& result) {
  RegisterScope scope(*this, rule.code.registers + 1);
  std::copy(arguments.begin(), arguments.end(), scope.registers);
  Frame frame{&rule.code, rule.module, scope.registers, &result};
  return run(frame, rule.code.ops.data()) != Status::failed;
}

// A rule and, where it has no value, its else chain.
bool Machine::first_of(const RuleCode& rule, std::span<const Value> arguments, Result& result) {
  if (!run_rule(rule, arguments, result)) return false;
  for (std::size_t i = 0; i < rule.otherwise.size() && !result.value.defined(); ++i) {
    if (!run_rule(*rule.otherwise[i], arguments, result)) return false;
  }
  return true;
}

// A function that stands in for another sees the originals: replacements do not reach into it.
bool Machine::call_unmocked(const Leaf& leaf, std::span<const Value> arguments, Value& out) {
  State inner;
  inner.outer = state_;
  inner.input = state_->input;
  inner.data = state_->data;
  inner.overrides = state_->overrides;
  state_ = &inner;
  const bool good = leaf.kind == LeafKind::function ? call(leaf, arguments, out) : leaf_value(leaf, out);
  state_ = inner.outer;
  return good;
}

// Where functions are replaced, what a condition asks may not be what the index knows.
void Machine::candidates_of(const Leaf& leaf, std::span<const Value> arguments, CandidateList& out) const {
  if (state_->mocks.empty())
    find_candidates(leaf, state_->input, arguments, out);
  else
    out.all(leaf.rules);
}

bool Machine::call(const Leaf& leaf, std::span<const Value> arguments, Value& out) {
  if (!state_->mocks.empty()) {
    if (const Mock* mock = find_mock(nullptr, &leaf)) {
      if (mock->target->by_function == nullptr && mock->target->by_builtin == nullptr) {
        out = mock->value;
        return true;
      }
      if (mock->target->by_builtin != nullptr) {
        if (mock->target->by_builtin->call == nullptr) {
          out = Value();
          return true;
        }
        builtins_->call_cache = nullptr;
        out = mock->target->by_builtin->call(*builtins_, arguments);
        if (builtins_->failed()) {
          const auto error = builtins_->take_error();
          out = Value();
          if (options_.strict_builtin_errors) {
            PolicyError failure;
            failure.code = error->code == BuiltinErrorCode::type ? "eval_type_error" : "eval_builtin_error";
            failure.message = std::string(mock->target->by_builtin->name) + ": " + error->message;
            error_ = failure;
            return false;
          }
        }
        return true;
      }
      return call_unmocked(*mock->target->by_function, arguments, out);
    }
  }
  out = Value();
  CandidateList candidates;
  candidates_of(leaf, arguments, candidates);
  for (const RuleCode* rule : candidates) {
    Result result;
    if (!first_of(*rule, arguments, result)) return false;
    if (!result.value.defined()) continue;
    if (!result.members.empty() || (out.defined() && !(out == result.value))) {
      return conflict(*rule, "functions must not produce multiple outputs for same inputs");
    }
    out = result.value;
    if (leaf.one_value) break;
  }
  if (!out.defined() && leaf.fallback) {
    Result result;
    if (!run_rule(*leaf.fallback, arguments, result)) return false;
    out = result.value;
  }
  return true;
}

bool Machine::leaf_value(const Leaf& leaf, Value& out) {
  if (!state_->overrides.empty() && covered(*leaf.node)) {
    out = base_at(leaf.node->path);
    return true;
  }
  constexpr std::uint64_t kUndefined = 0x20;  // no value's bits: "computed, undefined"
  Value& slot = state_->root ? base_cache_[leaf.number] : state_->cache[&leaf];
  if (slot.defined()) {
    out = slot.bits() == kUndefined ? Value() : slot;
    return true;
  }
  State* const state = state_;
  if (!compute(leaf, out)) return false;
  Value& again = state->root ? base_cache_[leaf.number] : state->cache[&leaf];
  again = out.defined() ? out : Value::from_bits(kUndefined);
  return true;
}

bool Machine::compute(const Leaf& leaf, Value& out) {
  out = Value();
  CandidateList candidates;
  candidates_of(leaf, {}, candidates);
  switch (leaf.kind) {
    case LeafKind::function:
      return true;
    case LeafKind::complete:
      for (const RuleCode* rule : candidates) {
        Result result;
        if (!first_of(*rule, {}, result)) return false;
        if (!result.value.defined()) continue;
        if (!result.members.empty() || (out.defined() && !(out == result.value))) {
          return conflict(*rule, "complete rules must not produce multiple outputs");
        }
        out = result.value;
        if (leaf.one_value) break;
      }
      if (!out.defined() && leaf.fallback) {
        Result result;
        if (!run_rule(*leaf.fallback, {}, result)) return false;
        out = result.value;
      }
      return true;
    case LeafKind::partial_set: {
      Result result;
      for (const RuleCode* rule : candidates) {
        if (!run_rule(*rule, {}, result)) return false;
      }
      out = store_.set(result.members);
      return true;
    }
    case LeafKind::partial_object: {
      Result result;
      for (const RuleCode* rule : candidates) {
        Result one;
        if (!first_of(*rule, {}, one)) return false;
        std::move(one.entries.begin(), one.entries.end(), std::back_inserter(result.entries));
      }
      if (result.entries.empty()) {
        out = store_.object({});
        return true;
      }
      std::stable_sort(result.entries.begin(), result.entries.end(), [](const Entry& a, const Entry& b) {
        const std::size_t common = std::min(a.path.size(), b.path.size());
        for (std::size_t i = 0; i < common; ++i) {
          if (const int order = compare(a.path[i], b.path[i]); order != 0) return order < 0;
        }
        return a.path.size() < b.path.size();
      });
      bool good = true;
      out = build_object(result.entries, 0, result.entries.size(), 0, good);
      if (!good) return conflict(*leaf.rules.front(), "object keys must be unique");
      return true;
    }
  }
  return true;
}

// Entries [begin, end) agree on the first `depth` steps of their paths and are sorted.
Value Machine::build_object(std::vector<Entry>& entries, std::size_t begin, std::size_t end, std::size_t depth,
                            bool& good) {
  if (entries[begin].path.size() == depth) {
    if (entries[begin].in_set) {
      std::vector<Value> items;
      for (std::size_t i = begin; i < end; ++i) {
        if (entries[i].path.size() != depth || !entries[i].in_set) good = false;
        items.push_back(entries[i].value);
      }
      return store_.set(items);
    }
    // Entries without a value say that a test's case was tried: false, unless another has its value.
    std::size_t valued = begin;
    while (valued < end && !entries[valued].value.defined()) ++valued;
    if (valued == end) return Value::boolean(false);
    begin = valued;
    const Value value = entries[begin].value;
    for (std::size_t i = begin + 1; i < end; ++i) {
      if (!entries[i].value.defined() && entries[i].path.size() == depth) continue;
      if (entries[i].path.size() != depth || entries[i].in_set || !(entries[i].value == value)) good = false;
    }
    return value;
  }
  std::vector<Member> members;
  std::size_t start = begin;
  while (start < end) {
    std::size_t stop = start + 1;
    while (stop < end && entries[stop].path.size() > depth && entries[stop].path[depth] == entries[start].path[depth])
      ++stop;
    members.push_back({entries[start].path[depth], build_object(entries, start, stop, depth + 1, good)});
    start = stop;
  }
  return store_.object_of_sorted(members);
}

// ---- documents ----------------------------------------------------------------------------------------------------

// Whether `with` replaces the document at this node or above it.
bool Machine::covered(const TreeNode& node) const {
  for (const WithTarget* target : state_->overrides) {
    if (target->path.size() <= node.path.size() &&
        std::equal(target->path.begin(), target->path.end(), node.path.begin()))
      return true;
  }
  return false;
}

Value Machine::base_at(std::span<const Value> path) const {
  Value at = state_->data;
  for (const Value step : path) {
    if (!at.defined()) return at;
    at = at.get(step);
  }
  return at;
}

Value Machine::make_extent(const TreeNode& node, Value base) {
  auto* made = static_cast<Extent*>(store_.arena().allocate(sizeof(Extent)));
  made->node = &node;
  made->base = base;
  return Value::from_bits(reinterpret_cast<std::uint64_t>(made) | 7);
}

bool Machine::extent_step(Value at, Value key, Value& out) {
  const Extent& from = extent(at);
  const Value base = from.base.defined() ? from.base.get(key) : Value();
  const TreeNode* child = from.node->child(key);
  if (child == nullptr || (!state_->overrides.empty() && covered(*child))) {
    out = base;
    return true;
  }
  if (child->leaf) {
    if (child->leaf->kind == LeafKind::function) {
      out = base;
      return true;
    }
    return leaf_value(*child->leaf, out);
  }
  out = make_extent(*child, base);
  return true;
}

bool Machine::materialise(Value at, Value& out) {
  const Extent& from = extent(at);
  if (from.base.defined() && !from.base.is_object()) {
    out = from.base;
    return true;
  }
  std::vector<Member> members;
  if (from.base.defined()) {
    for (std::uint32_t i = 0; i < from.base.size(); ++i) {
      const Value key = from.base.key_at(i);
      const TreeNode* child = from.node->child(key);
      if (child == nullptr || child->leaf) members.push_back({key, from.base.value_at(i)});
    }
  }
  for (const TreeNode* child : from.node->ordered) {
    // Where a base document stands in a rule's place, a document of both shows the base.
    if (child->leaf && from.base.defined() && from.base.get(child->key).defined()) continue;
    Value value;
    if (!extent_step(at, child->key, value)) return false;
    if (!value.defined()) continue;
    if (is_extent(value)) {
      Value made;
      if (!materialise(value, made)) return false;
      value = made;
    }
    members.push_back({child->key, value});
  }
  out = store_.object(members);
  return true;
}

Machine::Status Machine::scan_extent(Frame& frame, const Op* op, Value at) {
  const Extent& from = extent(at);
  std::vector<Value> keys;
  if (from.base.defined() && from.base.is_object())
    keys.assign(from.base.keys().begin(), from.base.keys().begin() + from.base.size());
  for (const TreeNode* child : from.node->ordered) keys.push_back(child->key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (const Value key : keys) {
    Value value;
    if (!extent_step(at, key, value)) return Status::failed;
    if (!value.defined()) continue;
    frame.r[op->a] = key;
    frame.r[op->b] = value;
    const Status status = run(frame, op + 1);
    if (status != Status::more) return status;
  }
  return Status::more;
}

// ---- with ---------------------------------------------------------------------------------------------------------

Value Machine::put(Value root, std::span<const Value> path, Value value) {
  if (path.empty()) return value;
  const Value inner = root.is_object() ? root.get(path[0]) : Value();
  const Value made = put(inner, path.subspan(1), value);
  if (root.is_object()) return store_.with_member(root, path[0], made);
  return store_.object({Member{path[0], made}});
}

const Machine::Mock* Machine::find_mock(const Builtin* builtin, const Leaf* leaf) const {
  for (auto mock = state_->mocks.rbegin(); mock != state_->mocks.rend(); ++mock) {
    if (builtin != nullptr ? mock->target->builtin == builtin : mock->target->function == leaf) return &*mock;
  }
  return nullptr;
}

Machine::Status Machine::with(Frame& frame, const Op* op) {
  State inner;
  inner.outer = state_;
  inner.input = state_->input;
  inner.data = state_->data;
  inner.overrides = state_->overrides;
  inner.mocks = state_->mocks;
  for (std::uint32_t i = 0; i + 1 < op->count; i += 2) {
    const WithTarget& target = *program_.with_targets[static_cast<std::size_t>(frame.code->lists[op->list + i])];
    Value value;
    get(frame, frame.code->lists[op->list + i + 1], value);
    switch (target.kind) {
      case WithTarget::Kind::input:
        inner.input = put(inner.input, target.path, value);
        break;
      case WithTarget::Kind::data:
        inner.data = put(inner.data, target.path, value);
        inner.overrides.push_back(&target);
        break;
      case WithTarget::Kind::builtin:
      case WithTarget::Kind::function:
        inner.mocks.push_back({&target, value});
        break;
    }
  }
  state_ = &inner;
  const Status status = run(frame, op + 1);
  state_ = inner.outer;
  return status;
}

}  // namespace chiron::policy
