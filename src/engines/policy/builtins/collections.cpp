// Collections: counting, ordering, arrays, sets, types and casts, membership, comparisons, graphs.
#include <algorithm>
#include <unordered_set>

#include "engines/policy/builtins/support.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::functions {

Value count(BuiltinContext& context, Arguments arguments) {
  const Value value = arguments[0];
  switch (value.kind()) {
    case Kind::string:
      return context.store.integer(static_cast<std::int64_t>(utf8::count(value.string())));
    case Kind::array:
    case Kind::object:
    case Kind::set:
      return Value::small(value.size());
    default:
      return fail_one_of(context, 1, "array, object, set, string", value);
  }
}
Value max(BuiltinContext& context, Arguments arguments) {
  if (arguments[0].is_set()) return arguments[0].size() == 0 ? Value() : arguments[0].items().back();
  if (!arguments[0].is_array()) return fail_one_of(context, 1, "set, array", arguments[0]);
  Value best;
  for (const Value item : arguments[0].items())
    if (!best || best < item) best = item;
  return best;
}
Value min(BuiltinContext& context, Arguments arguments) {
  if (arguments[0].is_set()) return arguments[0].size() == 0 ? Value() : arguments[0].items().front();
  if (!arguments[0].is_array()) return fail_one_of(context, 1, "set, array", arguments[0]);
  Value best;
  for (const Value item : arguments[0].items())
    if (!best || item < best) best = item;
  return best;
}
Value sort(BuiltinContext& context, Arguments arguments) {
  if (arguments[0].is_set()) return context.store.array(arguments[0].items());
  if (!arguments[0].is_array()) return fail_one_of(context, 1, "set, array", arguments[0]);
  const auto items = arguments[0].items();
  std::vector<Value> sorted(items.begin(), items.end());
  std::ranges::stable_sort(sorted, [](Value a, Value b) { return a < b; });
  return context.store.array(sorted);
}
Value all(BuiltinContext& context, Arguments arguments) {
  if (!is_collection(arguments[0])) return fail_one_of(context, 1, "set, array", arguments[0]);
  return Value::boolean(std::ranges::all_of(arguments[0].items(), [](Value item) { return item.is_true(); }));
}
Value any(BuiltinContext& context, Arguments arguments) {
  if (!is_collection(arguments[0])) return fail_one_of(context, 1, "set, array", arguments[0]);
  return Value::boolean(std::ranges::any_of(arguments[0].items(), [](Value item) { return item.is_true(); }));
}

Value array_concat(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::array) || !require(context, arguments, 1, Kind::array)) return {};
  const auto a = arguments[0].items(), b = arguments[1].items();
  if (a.size() + b.size() > kMaxElements) return too_large(context);
  std::vector<Value> joined(a.begin(), a.end());
  joined.insert(joined.end(), b.begin(), b.end());
  return context.store.array(joined);
}
Value array_flatten(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::array)) return {};
  std::vector<Value> flat;
  for (const Value item : arguments[0].items()) {
    if (item.is_array())
      flat.insert(flat.end(), item.items().begin(), item.items().end());
    else
      flat.push_back(item);
  }
  return context.store.array(flat);
}
Value array_reverse(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::array)) return {};
  const auto items = arguments[0].items();
  return context.store.array(std::vector<Value>(items.rbegin(), items.rend()));
}
Value array_slice(BuiltinContext& context, Arguments arguments) {
  std::int64_t from = 0, to = 0;
  if (!require(context, arguments, 0, Kind::array) || !take_integer(context, arguments, 1, from) ||
      !take_integer(context, arguments, 2, to))
    return {};
  const auto items = arguments[0].items();
  const auto size = static_cast<std::int64_t>(items.size());
  from = std::clamp<std::int64_t>(from, 0, size);
  to = std::clamp<std::int64_t>(to, from, size);
  return context.store.array(items.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
}

Value and_(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::set) || !require(context, arguments, 1, Kind::set)) return {};
  const bool first_smaller = arguments[0].size() <= arguments[1].size();
  const Value small = arguments[first_smaller ? 0 : 1], large = arguments[first_smaller ? 1 : 0];
  std::vector<Value> both;
  for (const Value item : small.items())
    if (large.set_contains(item)) both.push_back(item);
  return context.store.set_of_sorted(both);
}
Value or_(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::set) || !require(context, arguments, 1, Kind::set)) return {};
  const auto a = arguments[0].items(), b = arguments[1].items();
  std::vector<Value> either;
  either.reserve(a.size() + b.size());
  std::ranges::set_union(a, b, std::back_inserter(either), [](Value x, Value y) { return x < y; });
  return context.store.set_of_sorted(either);
}
Value set_diff(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::set) || !require(context, arguments, 1, Kind::set)) return {};
  return minus(context, arguments);
}
Value union_(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::set)) return {};
  std::vector<Value> everything;
  for (const Value inner : arguments[0].items()) {
    if (!inner.is_set())
      return context.fail(format("operand 1 must be set of set but got set containing {}", to_string(inner.kind())),
                          BuiltinErrorCode::type);
    everything.insert(everything.end(), inner.items().begin(), inner.items().end());
  }
  return context.store.set(everything);
}
Value intersection(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::set)) return {};
  std::vector<Value> common;
  bool first = true;
  for (const Value inner : arguments[0].items()) {
    if (!inner.is_set())
      return context.fail(format("operand 1 must be set of set but got set containing {}", to_string(inner.kind())),
                          BuiltinErrorCode::type);
    if (first)
      common.assign(inner.items().begin(), inner.items().end());
    else
      std::erase_if(common, [&](Value item) { return !inner.set_contains(item); });
    first = false;
  }
  return context.store.set_of_sorted(common);
}

Value is_array(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0].is_array()); }
Value is_boolean(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0].is_boolean()); }
Value is_null(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0].is_null()); }
Value is_number(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0].is_number()); }
Value is_object(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0].is_object()); }
Value is_set(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0].is_set()); }
Value is_string(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0].is_string()); }
Value type_name(BuiltinContext& context, Arguments arguments) {
  return context.store.intern(to_string(arguments[0].kind()));
}

Value cast_array(BuiltinContext& context, Arguments arguments) {
  if (arguments[0].is_array()) return arguments[0];
  if (arguments[0].is_set()) return context.store.array(arguments[0].items());
  return fail_one_of(context, 1, "array, set", arguments[0]);
}
Value cast_set(BuiltinContext& context, Arguments arguments) {
  if (arguments[0].is_set()) return arguments[0];
  if (arguments[0].is_array()) return context.store.set(arguments[0].items());
  return fail_one_of(context, 1, "array, set", arguments[0]);
}
Value cast_boolean(BuiltinContext& context, Arguments arguments) {
  return require(context, arguments, 0, Kind::boolean) ? arguments[0] : Value();
}
Value cast_null(BuiltinContext& context, Arguments arguments) {
  return require(context, arguments, 0, Kind::null) ? arguments[0] : Value();
}
Value cast_object(BuiltinContext& context, Arguments arguments) {
  return require(context, arguments, 0, Kind::object) ? arguments[0] : Value();
}
Value cast_string(BuiltinContext& context, Arguments arguments) {
  return require(context, arguments, 0, Kind::string) ? arguments[0] : Value();
}

Value equal(BuiltinContext&, Arguments arguments) { return Value::boolean(arguments[0] == arguments[1]); }
Value neq(BuiltinContext&, Arguments arguments) { return Value::boolean(!(arguments[0] == arguments[1])); }
Value lt(BuiltinContext&, Arguments arguments) { return Value::boolean(compare(arguments[0], arguments[1]) < 0); }
Value lte(BuiltinContext&, Arguments arguments) { return Value::boolean(compare(arguments[0], arguments[1]) <= 0); }
Value gt(BuiltinContext&, Arguments arguments) { return Value::boolean(compare(arguments[0], arguments[1]) > 0); }
Value gte(BuiltinContext&, Arguments arguments) { return Value::boolean(compare(arguments[0], arguments[1]) >= 0); }

Value internal_member_2(BuiltinContext&, Arguments arguments) {
  const Value wanted = arguments[0], container = arguments[1];
  switch (container.kind()) {
    case Kind::set:
      return Value::boolean(container.set_contains(wanted));
    case Kind::array:
      return Value::boolean(std::ranges::find(container.items(), wanted) != container.items().end());
    case Kind::object:
      for (std::uint32_t i = 0; i < container.size(); ++i)
        if (container.value_at(i) == wanted) return Value::boolean(true);
      return Value::boolean(false);
    default:
      return Value::boolean(false);
  }
}
Value internal_member_3(BuiltinContext&, Arguments arguments) {
  const Value key = arguments[0], wanted = arguments[1], container = arguments[2];
  if (!container.is_composite()) return Value::boolean(false);
  const Value found = container.get(key);
  return Value::boolean(found && found == wanted);
}

// --- graphs: an object of nodes and their neighbours ---

namespace {

std::span<const Value> neighbours(Value graph, Value node) {
  const Value edges = graph.get(node);
  return edges && is_collection(edges) ? edges.items() : std::span<const Value>();
}

}  // namespace

Value graph_reachable(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::object)) return {};
  if (!is_collection(arguments[1])) return fail_one_of(context, 2, "set, array", arguments[1]);
  const auto start = arguments[1].items();
  std::vector<Value> queue(start.begin(), start.end());
  std::unordered_set<Value, Hash> seen;
  std::vector<Value> reached;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (interrupted(context, i + 1)) return {};
    const Value node = queue[i];
    if (!arguments[0].get(node) || !seen.insert(node).second) continue;
    reached.push_back(node);
    for (const Value next : neighbours(arguments[0], node))
      if (!seen.contains(next)) queue.push_back(next);
  }
  return context.store.set(reached);
}

// Every longest path that starts at one of the nodes; a cycle ends the path before its repetition.
Value graph_reachable_paths(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::object)) return {};
  if (!is_collection(arguments[1])) return fail_one_of(context, 2, "set, array", arguments[1]);
  const Value graph = arguments[0];
  std::vector<Value> paths;
  struct Frame {
    std::span<const Value> edges;
    std::size_t next = 0;
  };
  std::size_t steps = 0;
  for (const Value root : arguments[1].items()) {
    if (!graph.get(root)) continue;
    std::vector<Value> path{root};
    std::unordered_set<Value, Hash> on_path{root};
    std::vector<Frame> frames{{neighbours(graph, root)}};
    if (frames.back().edges.empty()) paths.push_back(context.store.array(path));
    while (!frames.empty()) {
      if (interrupted(context, ++steps)) return {};
      if (paths.size() > kMaxElements) return too_large(context);
      auto& frame = frames.back();
      if (frame.next == frame.edges.size()) {
        frames.pop_back();
        on_path.erase(path.back());
        path.pop_back();
        continue;
      }
      const Value next = frame.edges[frame.next++];
      if (on_path.contains(next) || !graph.get(next)) {
        paths.push_back(context.store.array(path));
        continue;
      }
      path.push_back(next);
      on_path.insert(next);
      frames.push_back({neighbours(graph, next)});
      if (frames.back().edges.empty()) paths.push_back(context.store.array(path));
    }
  }
  return context.store.set(paths);
}

}  // namespace chiron::policy::functions
