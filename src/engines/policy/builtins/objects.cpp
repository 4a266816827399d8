// Objects and paths into documents: object.*, json.filter, json.remove, json.patch.
#include <algorithm>
#include <map>
#include <memory>

#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

// Nesting of values that these functions walk by recursion; deeper ones are refused (see value depth).
constexpr std::uint32_t kMaxDepth = 3'000;

bool too_deep(BuiltinContext& context, Value value) {
  if (value.depth() <= kMaxDepth) return false;
  context.fail(format("the value is nested deeper than {} levels", kMaxDepth), BuiltinErrorCode::halt);
  return true;
}

// Keys named by an array, set or object operand.
bool take_keys(BuiltinContext& context, Arguments arguments, std::size_t index, std::vector<Value>& keys) {
  const Value list = arguments[index];
  if (is_collection(list)) {
    keys.assign(list.items().begin(), list.items().end());
    return true;
  }
  if (list.is_object()) {
    keys.assign(list.keys().begin(), list.keys().begin() + list.size());
    return true;
  }
  fail_one_of(context, static_cast<int>(index) + 1, "object, set, array", list);
  return false;
}

Value merge(Store& store, Value a, Value b) {
  if (!a.is_object() || !b.is_object()) return b;
  std::vector<Member> members;
  members.reserve(a.size() + b.size());
  std::uint32_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const int order = i == a.size() ? 1 : j == b.size() ? -1 : compare(a.key_at(i), b.key_at(j));
    if (order < 0) {
      members.push_back({a.key_at(i), a.value_at(i)});
      ++i;
    } else if (order > 0) {
      members.push_back({b.key_at(j), b.value_at(j)});
      ++j;
    } else {
      members.push_back({a.key_at(i), merge(store, a.value_at(i), b.value_at(j))});
      ++i, ++j;
    }
  }
  return store.object_of_sorted(members);
}

bool is_subset(Value super, Value sub) {
  if (super.is_object() && sub.is_object()) {
    for (std::uint32_t i = 0; i < sub.size(); ++i) {
      const Value other = super.get(sub.key_at(i));
      if (!other) return false;
      const Value mine = sub.value_at(i);
      if (mine.is_object() && other.is_object()) {
        if (!is_subset(other, mine)) return false;
      } else if (mine.is_set() && other.is_set()) {
        if (!is_subset(other, mine)) return false;
      } else if (mine.is_array() && other.is_array()) {
        if (!is_subset(other, mine)) return false;
      } else if (!(mine == other)) {
        return false;
      }
    }
    return true;
  }
  if (super.is_set() && sub.is_set())
    return std::ranges::all_of(sub.items(), [&](Value item) { return super.set_contains(item); });
  if (super.is_array() && sub.is_set())
    return std::ranges::all_of(
        sub.items(), [&](Value item) { return std::ranges::find(super.items(), item) != super.items().end(); });
  if (super.is_array() && sub.is_array()) {
    const auto found = std::ranges::search(super.items(), sub.items());
    return sub.size() == 0 || !found.empty();
  }
  return false;
}

// --- paths ---

using Path = std::vector<Value>;

// "/a/b~1c" or an array of segments.
bool take_path(BuiltinContext& context, Value path, Path& out) {
  if (path.is_string()) {
    auto text = path.string();
    if (text.empty()) return true;
    while (text.starts_with('/')) text.remove_prefix(1);
    for (auto segment : text::split(text, '/'))
      out.push_back(context.store.string(text::replace_all(text::replace_all(segment, "~1", "/"), "~0", "~")));
    return true;
  }
  if (path.is_array()) {
    out.assign(path.items().begin(), path.items().end());
    return true;
  }
  context.fail(
      format("operand 2 must be one of {{set, array}} containing string paths or array of path segments but got {}",
             to_string(path.kind())),
      BuiltinErrorCode::type);
  return false;
}

// Paths as a tree; a node without children is where a path ends.
struct PathTree {
  struct Less {
    bool operator()(Value a, Value b) const { return compare(a, b) < 0; }
  };
  std::map<Value, PathTree, Less> children;
  bool end = false;
  const PathTree* child(Value key) const {
    const auto found = children.find(key);
    return found == children.end() ? nullptr : &found->second;
  }
};

bool take_paths(BuiltinContext& context, Value list, PathTree& root) {
  if (!is_collection(list)) {
    fail_one_of(context, 2, "set, array", list);
    return false;
  }
  for (const Value item : list.items()) {
    Path path;
    if (!take_path(context, item, path)) return false;
    if (path.size() > kMaxDepth) {
      too_large(context);
      return false;
    }
    PathTree* node = &root;
    for (const Value segment : path) {
      if (node->end) break;  // a shorter path covers it
      node = &node->children[segment];
    }
    if (!path.empty()) {
      node->end = true;
      node->children.clear();
    }
  }
  return true;
}

Value remove_paths(Store& store, Value value, const PathTree& paths) {
  if (value.is_object()) {
    std::vector<Member> kept;
    for (std::uint32_t i = 0; i < value.size(); ++i) {
      const PathTree* inner = paths.child(value.key_at(i));
      if (inner == nullptr) {
        kept.push_back({value.key_at(i), value.value_at(i)});
      } else if (!inner->end) {
        kept.push_back({value.key_at(i), remove_paths(store, value.value_at(i), *inner)});
      }
    }
    return store.object_of_sorted(kept);
  }
  if (value.is_array() || value.is_set()) {
    std::vector<Value> kept;
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      const Value item = value.items()[i];
      const PathTree* inner = paths.child(value.is_set() ? item : store.string(std::to_string(i)));
      if (inner == nullptr) {
        kept.push_back(item);
      } else if (!inner->end) {
        kept.push_back(remove_paths(store, item, *inner));
      }
    }
    return value.is_array() ? store.array(kept) : store.set(kept);
  }
  return value;
}

// Only what the paths name.
Value filter_paths(Store& store, Value value, const PathTree& paths) {
  if (paths.end) return value;
  if (value.is_object()) {
    std::vector<Member> kept;
    for (std::uint32_t i = 0; i < value.size(); ++i)
      if (const PathTree* inner = paths.child(value.key_at(i)))
        kept.push_back({value.key_at(i), filter_paths(store, value.value_at(i), *inner)});
    return store.object_of_sorted(kept);
  }
  if (value.is_array()) {
    std::vector<Value> kept;
    for (std::size_t i = 0; i < value.items().size(); ++i)
      if (const PathTree* inner = paths.child(store.string(std::to_string(i))))
        kept.push_back(filter_paths(store, value.items()[i], *inner));
    return store.array(kept);
  }
  if (value.is_set()) {
    std::vector<Value> kept;
    for (const Value item : value.items())
      if (const PathTree* inner = paths.child(item)) kept.push_back(filter_paths(store, item, *inner));
    return store.set(kept);
  }
  return value;
}

// --- JSON Patch (RFC 6902), extended to sets; each gives undefined where the patch does not apply ---

// The position that a path segment names in an array; `append` for "-".
bool array_index(Value segment, std::size_t size, bool may_append, std::size_t& index) {
  std::int64_t number = 0;
  if (segment.is_number()) {
    if (!segment.number_integer(number)) return false;
  } else if (segment.is_string()) {
    const auto text = segment.string();
    if (text == "-") {
      index = size;
      return may_append;
    }
    if (text.size() > 1 && text.front() == '0') return false;
    const auto parsed = text::parse_unsigned(text);
    if (!parsed || *parsed > kMaxElements) return false;
    number = static_cast<std::int64_t>(*parsed);
  } else {
    return false;
  }
  if (number < 0 || static_cast<std::size_t>(number) > size ||
      (!may_append && static_cast<std::size_t>(number) == size))
    return false;
  index = static_cast<std::size_t>(number);
  return true;
}

Value value_at(Value root, std::span<const Value> path) {
  for (const Value segment : path) {
    if (root.is_array()) {
      std::size_t index = 0;
      if (!array_index(segment, root.size(), false, index)) return {};
      root = root.items()[index];
    } else if (root.is_object() || root.is_set()) {
      root = root.get(segment);
      if (!root) return {};
    } else {
      return {};
    }
  }
  return root;
}

enum class Edit { insert, remove };

// The root with one value put at (or removed from) the path.
Value edited(Store& store, Value root, std::span<const Value> path, Edit edit, Value value) {
  if (path.empty()) return edit == Edit::insert ? value : Value();
  const Value segment = path.front();
  const auto rest = path.subspan(1);
  if (root.is_array()) {
    const auto items = root.items();
    std::vector<Value> changed(items.begin(), items.end());
    std::size_t index = 0;
    if (!array_index(segment, items.size(), rest.empty() && edit == Edit::insert, index)) return {};
    const auto at = changed.begin() + static_cast<std::ptrdiff_t>(index);
    if (!rest.empty()) {
      *at = edited(store, *at, rest, edit, value);
      if (!*at) return {};
    } else if (edit == Edit::insert) {
      changed.insert(at, value);
    } else {
      changed.erase(at);
    }
    return store.array(changed);
  }
  if (root.is_object()) {
    const Value inner = root.get(segment);
    if (rest.empty()) {
      if (edit == Edit::insert) return store.with_member(root, segment, value);
      return inner ? store.with_member(root, segment, {}) : Value();
    }
    if (!inner) return {};
    const Value changed = edited(store, inner, rest, edit, value);
    return changed ? store.with_member(root, segment, changed) : Value();
  }
  if (root.is_set()) {
    const auto items = root.items();
    std::vector<Value> changed(items.begin(), items.end());
    if (rest.empty()) {
      if (edit == Edit::insert) {
        if (!(segment == value)) return {};  // an element is its own key
        changed.push_back(value);
      } else if (std::erase_if(changed, [&](Value item) { return item == segment; }) == 0) {
        return {};
      }
      return store.set(changed);
    }
    if (!root.set_contains(segment)) return {};
    std::erase_if(changed, [&](Value item) { return item == segment; });
    const Value inner = edited(store, segment, rest, edit, value);
    if (!inner) return {};
    changed.push_back(inner);
    return store.set(changed);
  }
  return {};
}

// One operation; undefined where it is malformed or does not apply.
Value apply_patch(BuiltinContext& context, Value root, Value patch) {
  if (!patch.is_object()) return {};
  const Value operation = patch.get("op"), path_value = patch.get("path"), value = patch.get("value");
  if (!operation || !operation.is_string() || !path_value) return {};
  const auto op = operation.string();
  Path path, from;
  if (!take_path(context, path_value, path)) return {};
  if (path.size() > kMaxDepth) return {};
  if (op == "move" || op == "copy") {
    const Value from_value = patch.get("from");
    if (!from_value || !take_path(context, from_value, from) || from.size() > kMaxDepth) return {};
    const Value chunk = value_at(root, from);
    if (!chunk) return {};
    if (op == "move") {
      root = edited(context.store, root, from, Edit::remove, {});
      if (!root && !from.empty()) return {};
    }
    return edited(context.store, root, path, Edit::insert, chunk);
  }
  if (op == "remove") return edited(context.store, root, path, Edit::remove, {});
  if (!value) return {};
  if (op == "add") return edited(context.store, root, path, Edit::insert, value);
  if (op == "replace") {
    if (path.empty()) return value;
    root = edited(context.store, root, path, Edit::remove, {});
    return root ? edited(context.store, root, path, Edit::insert, value) : Value();
  }
  if (op == "test") {
    const Value found = value_at(root, path);
    return found && found == value ? root : Value();
  }
  return {};
}

}  // namespace

Value object_get(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::object)) return {};
  if (!arguments[1].is_array()) {
    const Value found = arguments[0].get(arguments[1]);
    return found ? found : arguments[2];
  }
  Value at = arguments[0];
  for (const Value segment : arguments[1].items()) {
    at = at.is_composite() ? at.get(segment) : Value();
    if (!at) return arguments[2];
  }
  return at;
}
Value object_keys(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::object)) return {};
  return context.store.set_of_sorted(arguments[0].keys().all());
}
Value object_remove(BuiltinContext& context, Arguments arguments) {
  std::vector<Value> keys;
  if (!require(context, arguments, 0, Kind::object) || !take_keys(context, arguments, 1, keys)) return {};
  const Value gone = context.store.set(keys);
  std::vector<Member> kept;
  for (std::uint32_t i = 0; i < arguments[0].size(); ++i)
    if (!gone.set_contains(arguments[0].key_at(i))) kept.push_back({arguments[0].key_at(i), arguments[0].value_at(i)});
  return context.store.object_of_sorted(kept);
}
Value object_filter(BuiltinContext& context, Arguments arguments) {
  std::vector<Value> keys;
  if (!require(context, arguments, 0, Kind::object) || !take_keys(context, arguments, 1, keys)) return {};
  std::vector<Member> kept;
  for (const Value key : keys)
    if (const Value found = arguments[0].get(key)) kept.push_back({key, found});
  return context.store.object(kept);
}
Value object_union(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::object) || !require(context, arguments, 1, Kind::object) ||
      too_deep(context, arguments[0]) || too_deep(context, arguments[1]))
    return {};
  return merge(context.store, arguments[0], arguments[1]);
}
Value object_union_n(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::array) || too_deep(context, arguments[0])) return {};
  Value merged = context.store.object({});
  for (const Value item : arguments[0].items()) {
    if (!item.is_object())
      return context.fail(
          format("operand 1 must be array of object but got array containing {}", to_string(item.kind())),
          BuiltinErrorCode::type);
    merged = merge(context.store, merged, item);
  }
  return merged;
}
Value object_subset(BuiltinContext& context, Arguments arguments) {
  const Value super = arguments[0], sub = arguments[1];
  if (too_deep(context, super) || too_deep(context, sub)) return {};
  const bool fits = (super.is_object() && sub.is_object()) || (super.is_set() && sub.is_set()) ||
                    (super.is_array() && (sub.is_array() || sub.is_set()));
  if (!fits)
    return context.fail("both arguments object.subset must be of the same type or array and set",
                        BuiltinErrorCode::type);
  return Value::boolean(is_subset(super, sub));
}

Value json_filter(BuiltinContext& context, Arguments arguments) {
  PathTree paths;
  if (!require(context, arguments, 0, Kind::object) || !take_paths(context, arguments[1], paths) ||
      too_deep(context, arguments[0]))
    return {};
  return filter_paths(context.store, arguments[0], paths);
}
Value json_remove(BuiltinContext& context, Arguments arguments) {
  PathTree paths;
  if (!require(context, arguments, 0, Kind::object) || !take_paths(context, arguments[1], paths) ||
      too_deep(context, arguments[0]))
    return {};
  return remove_paths(context.store, arguments[0], paths);
}
Value json_patch(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 1, Kind::array)) return {};
  Value root = arguments[0];
  for (const Value patch : arguments[1].items()) {
    root = apply_patch(context, root, patch);
    if (!root) {
      (void)context.take_error();  // a patch that does not apply leaves the call undefined, without an error
      return {};
    }
  }
  return root;
}

}  // namespace chiron::policy::functions
