// The machine: running operations. Rules, documents and `with` are in machine_rules.cpp.
#include "engines/policy/machine.h"

#include <algorithm>

#include "engines/policy/index.h"

namespace chiron::policy {

Machine::Machine(const Program& program, Store& store) : program_(program), store_(store) {
  inline_caches_.resize(program.inline_caches + 1);
}
Machine::~Machine() = default;

void Machine::begin(const EvaluationOptions& options) {
  options_ = options;
  base_ = State();
  base_.root = true;
  base_.input = options.input;
  base_.data = options.data;
  state_ = &base_;
  if (base_cache_.size() == program_.leaves.size())
    std::fill(base_cache_.begin(), base_cache_.end(), Value());
  else
    base_cache_.assign(program_.leaves.size(), Value());
  error_.reset();
  builtin_errors_.clear();
  joins_.clear();  // values of the last evaluation may be gone, and others where they were
  steps_ = 0;
  next_check_ = 4096;
  stack_limit_ = reinterpret_cast<const char*>(__builtin_frame_address(0)) - machine_limits::kStackBytes;
  if (options.timeout.count() > 0) deadline_ = std::chrono::steady_clock::now() + options.timeout;
  if (!builtins_) builtins_ = std::make_unique<BuiltinContext>(store_);
  builtins_->query_cache.clear();
  builtins_->time_ns = options.time_ns;
  builtins_->seed = options.seed;
  builtins_->cancel = options.cancel;
  builtins_->allow_net = options.allow_net;
  builtins_->runtime = options.runtime;
  builtins_->printed = options.printed;
  builtins_->policy_cache = options.policy_cache;
  collecting_ = nullptr;
  register_chunk_ = 0;
  register_used_ = 0;
}

bool Machine::get(const Frame& frame, Operand operand, Value& out) const {
  out = operand >= 0 ? frame.r[operand] : frame.code->constants[static_cast<std::size_t>(~operand)];
  return true;
}

Machine::Status Machine::fail(const Frame& frame, const Op& op, const char* code, std::string message) {
  PolicyError error;
  error.code = code;
  error.message = std::move(message);
  if (frame.module != nullptr) {
    error.file = frame.module->file;
    error.row = frame.module->row(op.place);
    error.column = frame.module->column(op.place);
  }
  error_ = std::move(error);
  return Status::failed;
}

// Bounds, asked now and then.
bool Machine::checkpoint(const Frame& frame, const Op& op) {
  next_check_ = steps_ + 4096;
  if (options_.cancel != nullptr && options_.cancel->cancelled()) {
    fail(frame, op, "eval_cancel_error", "caller cancelled query execution");
    return false;
  }
  if (options_.max_steps != 0 && steps_ > options_.max_steps) {
    fail(frame, op, "eval_limit_error", "evaluation took more than " + std::to_string(options_.max_steps) + " steps");
    return false;
  }
  if (store_.bytes() > options_.max_memory_bytes) {
    fail(frame, op, "eval_limit_error",
         "evaluation made more than " + std::to_string(options_.max_memory_bytes) + " bytes of values");
    return false;
  }
  if (options_.timeout.count() > 0 && std::chrono::steady_clock::now() > deadline_) {
    fail(frame, op, "eval_cancel_error",
         "evaluation took longer than " + std::to_string(options_.timeout.count()) + " ms");
    return false;
  }
  return true;
}

namespace {

bool holds(Opcode code, Value a, Value b) {
  switch (code) {
    case Opcode::equal:
      return a == b;
    case Opcode::not_equal:
      return !(a == b);
    case Opcode::less:
      return compare(a, b) < 0;
    case Opcode::less_equal:
      return compare(a, b) <= 0;
    case Opcode::greater:
      return compare(a, b) > 0;
    default:
      return compare(a, b) >= 0;
  }
}

// Base documents have no numbers for keys: a number asks for the member spelt like it.
Value base_step(Value from, Value key) {
  const Value found = from.get(key);
  if (found.defined() || !from.is_object() || !key.is_number()) return found;
  return from.get(std::string_view(key.number_text()));
}

// What load_base gives: the base document at the operation's path, or undefined.
Value base_document(const Code& code, const Op& op, const Value* registers, Value data) {
  for (std::uint32_t i = 0; i < op.count && data.defined(); ++i) {
    const Operand step = code.lists[op.list + i];
    data = base_step(data, step >= 0 ? registers[step] : code.constants[static_cast<std::size_t>(~step)]);
  }
  return data;
}

bool is_member(Value item, Value collection) {
  if (collection.is_set()) return collection.set_contains(item);
  if (collection.is_array()) {
    const auto items = collection.items();
    return std::find(items.begin(), items.end(), item) != items.end();
  }
  if (collection.is_object()) {
    const Value* values = collection.member_values();
    return std::find(values, values + collection.size(), item) != values + collection.size();
  }
  return false;
}

}  // namespace

// house: the dispatch loop, one case an instruction, which share the frame in registers
Machine::Status Machine::run(Frame& frame, const Op* op) {
  Value* const r = frame.r;
  const Value* const constants = frame.code->constants.data();
  char here = 0;
  if (&here < stack_limit_) {
    return fail(frame, *op, "eval_limit_error",
                "evaluation nests too deeply: rules call each other further than the bound");
  }
  const auto at = [&](Operand operand) -> Value {
    return operand >= 0 ? r[operand] : constants[static_cast<std::size_t>(~operand)];
  };
  for (;; ++op) {
    if (++steps_ >= next_check_ && !checkpoint(frame, *op)) return Status::failed;
    if (counters_ != nullptr) ++counters_->ops[op].evaluated;
    switch (op->code) {
      case Opcode::move:
        r[op->a] = at(op->b);
        break;
      case Opcode::load_input:
        if (!state_->input.defined()) return Status::more;
        r[op->a] = state_->input;
        break;
      case Opcode::load_base: {
        const Value value = base_document(*frame.code, *op, r, state_->data);
        if (!value.defined()) return Status::more;
        r[op->a] = value;
        break;
      }
      case Opcode::load_extent: {
        const auto& node = *static_cast<const TreeNode*>(op->target);
        const Value base = base_at(node.path);
        r[op->a] = covered(node) ? base : make_extent(node, base);
        if (!r[op->a].defined()) return Status::more;
        break;
      }
      case Opcode::materialise: {
        if (!is_extent(r[op->a])) break;
        Value value;
        if (!materialise(r[op->a], value)) return Status::failed;
        if (!value.defined()) return Status::more;
        r[op->a] = value;
        break;
      }
      case Opcode::call_rule: {
        Value value;
        if (!leaf_value(*static_cast<const Leaf*>(op->target), value)) return Status::failed;
        if (!value.defined()) return Status::more;
        r[op->a] = value;
        break;
      }
      case Opcode::call_function: {
        const auto& leaf = *static_cast<const Leaf*>(op->target);
        Value arguments[32];
        std::vector<Value> many;
        Value* to = arguments;
        if (op->count > 32) {
          many.resize(op->count);
          to = many.data();
        }
        for (std::uint32_t i = 0; i < op->count; ++i) to[i] = at(frame.code->lists[op->list + i]);
        Value value;
        if (!call(leaf, {to, op->count}, value)) return Status::failed;
        if (!value.defined()) return Status::more;
        r[op->a] = value;
        break;
      }
      case Opcode::builtin: {
        if (op->extra != 0 && op->count == 2 && state_->mocks.empty()) {
          // Whole numbers that fit, which is nearly all of them.
          const Value x = at(frame.code->lists[op->list]), y = at(frame.code->lists[op->list + 1]);
          if (x.is_small() && y.is_small()) {
            std::int64_t n = 0;
            const bool overflow = op->extra == 1   ? __builtin_add_overflow(x.small_value(), y.small_value(), &n)
                                  : op->extra == 2 ? __builtin_sub_overflow(x.small_value(), y.small_value(), &n)
                                                   : __builtin_mul_overflow(x.small_value(), y.small_value(), &n);
            if (!overflow && Value::fits_small(n)) {
              r[op->a] = Value::small(n);
              break;
            }
          }
        }
        Value value;
        bool defined = false;
        const Status status = builtin(frame, *op, value, defined);
        if (status == Status::failed) return status;
        if (!defined) return Status::more;
        r[op->a] = value;
        break;
      }
      case Opcode::dot: {
        const Value from = at(op->b), key = at(op->c);
        Value value;
        if (is_extent(from)) {
          if (!extent_step(from, key, value)) return Status::failed;
        } else {
          value = from.get(key);
        }
        if (!value.defined()) return Status::more;
        r[op->a] = value;
        break;
      }
      case Opcode::dot_name: {
        const Value from = at(op->b);
        if (from.is_object()) {
          auto& [keys, position] = inline_caches_[op->cache];
          if (keys != &from.keys()) {
            keys = &from.keys();
            position = keys->find(at(op->c));
          }
          if (position == Keys::npos) return Status::more;
          r[op->a] = from.value_at(position);
          break;
        }
        Value value;
        if (is_extent(from)) {
          if (!extent_step(from, at(op->c), value)) return Status::failed;
        } else if (from.is_set()) {
          value = from.get(at(op->c));
        }
        if (!value.defined()) return Status::more;
        r[op->a] = value;
        break;
      }
      case Opcode::scan:
      case Opcode::scan_eager:
        return counters_ == nullptr ? scan(frame, op) : counted(frame, op);
      case Opcode::equal:
        if (!(at(op->a) == at(op->b))) return Status::more;
        break;
      case Opcode::not_equal:
      case Opcode::less:
      case Opcode::less_equal:
      case Opcode::greater:
      case Opcode::greater_equal:
        if (!holds(op->code, at(op->a), at(op->b))) return Status::more;
        break;
      case Opcode::truth: {
        const Value value = at(op->a);
        if (!value.defined() || value.is_false()) return Status::more;
        break;
      }
      case Opcode::compare:
        r[op->a] = Value::boolean(holds(static_cast<Opcode>(op->extra), at(op->b), at(op->c)));
        break;
      case Opcode::check_array: {
        const Value value = at(op->a);
        if (!value.is_array() || value.size() != op->extra) return Status::more;
        break;
      }
      case Opcode::check_object: {
        const Value value = at(op->a);
        if (!value.is_object() || value.size() != op->extra) return Status::more;
        break;
      }
      case Opcode::make_array:
      case Opcode::make_set: {
        std::vector<Value> items(op->extra);
        for (std::uint32_t i = 0; i < op->extra; ++i) items[i] = at(frame.code->lists[op->list + i]);
        r[op->a] = op->code == Opcode::make_array ? store_.array(items) : store_.set(items);
        break;
      }
      case Opcode::make_object: {
        std::vector<Member> members(op->extra / 2);
        for (std::uint32_t i = 0; i < members.size(); ++i) {
          members[i] = {at(frame.code->lists[op->list + 2 * i]), at(frame.code->lists[op->list + 2 * i + 1])};
        }
        r[op->a] = store_.object(members);
        if (r[op->a].size() != members.size()) {
          // A key given twice must have one value.
          for (const Member& member : members) {
            if (!(r[op->a].get(member.key) == member.value)) {
              return fail(frame, *op, "eval_conflict_error", "object keys must be unique");
            }
          }
        }
        break;
      }
      case Opcode::member:
        r[op->a] = Value::boolean(is_member(at(op->b), at(op->c)));
        break;
      case Opcode::member_key: {
        const auto& lists = frame.code->lists;
        const Value collection = at(lists[op->list + 2]);
        const Value found = collection.get(at(lists[op->list]));
        r[op->a] = Value::boolean(found.defined() && found == at(lists[op->list + 1]));
        break;
      }
      case Opcode::member_test:
        if (!is_member(at(op->b), at(op->c))) return Status::more;
        break;
      case Opcode::negation: {
        const Status status = run(frame, op + 1);
        if (status == Status::failed) return status;
        if (status == Status::stop) return Status::more;
        op = frame.code->ops.data() + op->end - 1;
        break;
      }
      case Opcode::every: {
        const Op* next = nullptr;
        const Status status = every(frame, op, next);
        if (status != Status::stop) return status;
        op = next;
        break;
      }
      case Opcode::collect_array:
      case Opcode::collect_set:
      case Opcode::collect_object: {
        Value value;
        if (collect(frame, op, value) == Status::failed) return Status::failed;
        r[op->a] = value;
        op = frame.code->ops.data() + op->end - 1;
        break;
      }
      case Opcode::yield_element:
        collecting_->push_back(at(op->a));
        return Status::more;
      case Opcode::yield_pair:
        collecting_->push_back(at(op->a));
        collecting_->push_back(at(op->b));
        return Status::more;
      case Opcode::succeed:
        return Status::stop;
      case Opcode::with_enter:
        return with(frame, op);
      case Opcode::with_exit: {
        State* inner = state_;
        state_ = inner->outer;
        const Status status = run(frame, op + 1);
        state_ = inner;
        return status;
      }
      case Opcode::walk:
        return counters_ == nullptr ? walk(frame, op) : counted(frame, op);
      case Opcode::template_string: {
        std::string text;
        bool multiple = false;
        text_of_parts(frame, *op, text, "", multiple);
        if (multiple)
          return fail(frame, *op, "eval_conflict_error", "template-strings must not produce multiple outputs");
        r[op->a] = store_.string(text);
        break;
      }
      case Opcode::print: {
        if (options_.printed == nullptr) break;
        std::string text;
        bool multiple = false;
        text_of_parts(frame, *op, text, " ", multiple);
        if (options_.print_places && frame.module != nullptr)
          text = frame.module->file + ":" + std::to_string(frame.module->row(op->place)) + ": " + text;
        options_.printed->push_back(std::move(text));
        break;
      }
      case Opcode::yield_value: {
        const Value value = at(op->a);
        Result& result = *frame.result;
        if (result.value.defined() && !(result.value == value)) {
          result.members.push_back(value);  // tells the caller of the conflict
          return Status::stop;
        }
        result.value = value;
        if (op->extra != 0) return Status::stop;
        return Status::more;
      }
      case Opcode::yield_member:
        frame.result->members.push_back(at(op->a));
        return Status::more;
      case Opcode::yield_entry:
        return entry(frame, *op);
      case Opcode::yield_row: {
        std::vector<Value> row(op->count);
        for (std::uint32_t i = 0; i < op->count; ++i) row[i] = at(frame.code->lists[op->list + i]);
        frame.result->rows->push_back(std::move(row));
        return Status::more;
      }
      case Opcode::metadata: {
        (void)entry(frame, *op);
        frame.result->entries.back().value = Value();
        break;
      }
    }
  }
}

Machine::Status Machine::entry(Frame& frame, const Op& op) {
  Entry made;
  for (std::uint32_t i = 0; i < op.count; ++i) {
    Value step;
    get(frame, frame.code->lists[op.list + i], step);
    made.path.push_back(step);
  }
  get(frame, op.a, made.value);
  made.in_set = op.extra != 0;
  frame.result->entries.push_back(std::move(made));
  return Status::more;
}

// A generator of which it is noted whether it had a result.
Machine::Status Machine::counted(Frame& frame, const Op* op) {
  const std::uint64_t before = counters_->ops[op + 1].evaluated;
  const Status status = op->code == Opcode::walk ? walk(frame, op) : scan(frame, op);
  if (counters_->ops[op + 1].evaluated == before) ++counters_->ops[op].empty;
  return status;
}

Machine::Status Machine::scan(Frame& frame, const Op* op) {
  Value collection;
  get(frame, op->c, collection);
  if (is_extent(collection)) return scan_extent(frame, op, collection);
  Value* const r = frame.r;
  // Counters are of every element's operations.
  if (op->extra != 0 && counters_ == nullptr && collection.is_composite() &&
      collection.size() >= join_limits::kElements) {
    const Join& join = frame.code->joins[op->extra - 1];
    if (const JoinIndex* index = joins_.of(collection, join)) {
      Value value;
      const Known known = joined_value(frame, join, value);
      if (known == Known::none) return Status::more;
      if (known == Known::value) return scan_joined(frame, op, collection, *index, value);
    }
  }
  if (collection.is_object()) {
    const Keys& keys = collection.keys();
    for (std::uint32_t i = 0; i < keys.count; ++i) {
      r[op->a] = keys.begin()[i];
      r[op->b] = collection.value_at(i);
      const Status status = run(frame, op + 1);
      if (status != Status::more) return status;
    }
  } else if (collection.is_array()) {
    const auto items = collection.items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      r[op->a] = Value::small(static_cast<std::int64_t>(i));
      r[op->b] = items[i];
      const Status status = run(frame, op + 1);
      if (status != Status::more) return status;
    }
  } else if (collection.is_set()) {
    for (const Value item : collection.items()) {
      r[op->a] = item;
      r[op->b] = item;
      const Status status = run(frame, op + 1);
      if (status != Status::more) return status;
    }
  }
  return Status::more;
}

Machine::Status Machine::scan_joined(Frame& frame, const Op* op, Value collection, const JoinIndex& index,
                                     Value value) {
  Status status = Status::more;
  index.find(value, [&](std::uint32_t i) {
    const bool object = collection.is_object();
    const Value element = object ? collection.value_at(i) : collection.items()[i];
    frame.r[op->a] = object ? collection.key_at(i) : collection.is_array() ? Value::small(i) : element;
    frame.r[op->b] = element;
    status = run(frame, op + 1);
    return status == Status::more;
  });
  return status;
}

// What the elements of a scan are compared with; `unknown` where only the machine itself can say.
Machine::Known Machine::joined_value(Frame& frame, const Join& join, Value& out) const {
  for (const std::uint32_t position : join.before) {
    const Op& op = frame.code->ops[position];
    Value value;
    switch (op.code) {
      case Opcode::move:
        get(frame, op.b, value);
        break;
      case Opcode::load_input:
        value = state_->input;
        break;
      case Opcode::load_base:
        value = base_document(*frame.code, op, frame.r, state_->data);
        break;
      default: {
        Value key;
        get(frame, op.b, value);
        get(frame, op.c, key);
        if (is_extent(value) || is_extent(key)) return Known::unknown;
        value = value.get(key);
      }
    }
    if (!value.defined()) return Known::none;
    frame.r[op.a] = value;
  }
  get(frame, join.other, out);
  return is_extent(out) ? Known::unknown : Known::value;
}

// `stop` here means: holds, go on at `next`.
Machine::Status Machine::every(Frame& frame, const Op* op, const Op*& next) {
  Value domain;
  get(frame, op->c, domain);
  next = frame.code->ops.data() + op->end - 1;
  if (!domain.is_composite() || is_extent(domain)) return Status::more;
  for (std::uint32_t i = 0; i < domain.size(); ++i) {
    frame.r[op->a] = domain.is_object() ? domain.key_at(i) : domain.is_array() ? Value::small(i) : domain.items()[i];
    frame.r[op->b] = domain.is_object() ? domain.value_at(i) : domain.items()[i];
    const Status status = run(frame, op + 1);
    if (status == Status::failed) return status;
    if (status == Status::more) return Status::more;
  }
  return Status::stop;
}

Machine::Status Machine::collect(Frame& frame, const Op* op, Value& out) {
  std::vector<Value> items;
  std::vector<Value>* const outer = collecting_;
  collecting_ = &items;
  const Status status = run(frame, op + 1);
  collecting_ = outer;
  if (status == Status::failed) return status;
  if (op->code == Opcode::collect_array) {
    out = store_.array(items);
  } else if (op->code == Opcode::collect_set) {
    out = store_.set(items);
  } else {
    std::vector<Member> members(items.size() / 2);
    for (std::size_t i = 0; i < members.size(); ++i) members[i] = {items[2 * i], items[2 * i + 1]};
    out = store_.object(members);
    if (out.size() != members.size()) {
      for (const Member& member : members) {
        if (!(out.get(member.key) == member.value)) {
          return fail(frame, *op, "eval_conflict_error", "object keys must be unique");
        }
      }
    }
  }
  return Status::more;
}

Machine::Status Machine::walk(Frame& frame, const Op* op) {
  struct Level {
    Value value;
    std::uint32_t next;
  };
  Value root;
  get(frame, op->c, root);
  std::vector<Level> stack;
  std::vector<Value> path;
  const bool wants_path = op->extra == 0;
  auto visit = [&](Value value) {
    if (++steps_ >= next_check_ && !checkpoint(frame, *op)) return Status::failed;
    frame.r[op->a] = wants_path ? store_.array(path) : Value::null();
    frame.r[op->b] = value;
    return run(frame, op + 1);
  };
  Status status = visit(root);
  if (status != Status::more) return status;
  if (root.is_composite()) stack.push_back({root, 0});
  while (!stack.empty()) {
    Level& level = stack.back();
    if (level.next == level.value.size()) {
      stack.pop_back();
      if (!path.empty()) path.pop_back();
      continue;
    }
    const std::uint32_t i = level.next++;
    const Value from = level.value;
    const Value key = from.is_object() ? from.key_at(i) : from.is_array() ? Value::small(i) : from.items()[i];
    const Value value = from.is_object() ? from.value_at(i) : from.items()[i];
    path.push_back(key);
    status = visit(value);
    if (status != Status::more) return status;
    if (value.is_composite())
      stack.push_back({value, 0});
    else
      path.pop_back();
  }
  return Status::more;
}

bool Machine::text_of_parts(Frame& frame, const Op& op, std::string& out, std::string_view separator, bool& multiple) {
  for (std::uint32_t i = 0; i < op.extra; ++i) {
    const Operand operand = frame.code->lists[op.list + i];
    Value part;
    get(frame, operand, part);
    if (i > 0) out += separator;
    if (operand < 0) {
      out += part.string();
      continue;
    }
    if (part.size() > 1 && op.code == Opcode::template_string) multiple = true;
    for (std::uint32_t k = 0; k < part.size(); ++k) {
      if (k > 0) out += ' ';
      const Value value = part.items()[k];
      if (value.is_string())
        out += value.string();
      else
        append_rego(out, value);
    }
    if (part.size() == 0) out += "<undefined>";
  }
  return true;
}

Machine::Status Machine::builtin(Frame& frame, const Op& op, Value& out, bool& defined) {
  const auto* function = static_cast<const Builtin*>(op.target);
  Value arguments[16];
  std::vector<Value> many;
  Value* to = arguments;
  if (op.count > 16) {
    many.resize(op.count);
    to = many.data();
  }
  for (std::uint32_t i = 0; i < op.count; ++i) get(frame, frame.code->lists[op.list + i], to[i]);
  if (!state_->mocks.empty()) {
    if (const Mock* mock = find_mock(function, nullptr)) {
      if (mock->target->by_function != nullptr) {
        if (!call_unmocked(*mock->target->by_function, {to, op.count}, out)) return Status::failed;
        defined = out.defined();
        return Status::more;
      }
      if (mock->target->by_builtin == nullptr) {
        out = mock->value;
        defined = true;
        return Status::more;
      }
      function = mock->target->by_builtin;
    }
  }
  if (function->call == nullptr) {
    return fail(frame, op, "eval_builtin_error", std::string(function->name) + ": not available here");
  }
  if (call_caches_.size() <= op.cache) call_caches_.resize(std::max<std::size_t>(program_.call_caches, op.cache) + 1);
  BuiltinContext& context = *builtins_;
  context.call_cache = &call_caches_[op.cache];
  context.call_file = frame.module != nullptr ? std::string_view(frame.module->file) : std::string_view();
  out = function->call(context, {to, op.count});
  defined = out.defined();
  if (!context.failed()) return Status::more;
  const std::unique_ptr<BuiltinError> error = context.take_error();
  defined = false;
  const char* code = error->code == BuiltinErrorCode::type       ? "eval_type_error"
                     : error->code == BuiltinErrorCode::conflict ? "eval_conflict_error"
                                                                 : "eval_builtin_error";
  const bool ends = error->code == BuiltinErrorCode::conflict || error->code == BuiltinErrorCode::halt;
  std::string message = std::string(function->name) + ": " + error->message;
  if (ends || options_.strict_builtin_errors) return fail(frame, op, code, std::move(message));
  if (builtin_errors_.size() < 100) {
    fail(frame, op, code, std::move(message));
    builtin_errors_.push_back(std::move(*error_));
    error_.reset();
  }
  return Status::more;
}

}  // namespace chiron::policy
