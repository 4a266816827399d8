// JSON, YAML and TOML: documents compared by path. Order of members, spelling of numbers, white space and comments are
// told apart from what changes the document's meaning.
#include <algorithm>
#include <unordered_map>

#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/hash.h"
#include "engines/compare/sequence_diff.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/doc/yaml.h"

namespace chiron::compare {
namespace {

using doc::Value;

constexpr std::uint64_t kMaxDocumentBytes = 256 * limits::kMiB;
constexpr std::size_t kMaxDepth = 500;  // deeper documents are compared as text
constexpr std::size_t kToldDifferences = 10'000;
constexpr std::size_t kShownValue = 2000;
constexpr std::size_t kShownNames = 40;

doc::ReadOptions read_options() {
  doc::ReadOptions options;
  options.max_depth = kMaxDepth;
  options.max_bytes = kMaxDocumentBytes;
  return options;
}

// Depth is bounded by kMaxDepth, so these recurse.
std::uint64_t hash_of(const Value& value) {
  std::uint64_t h = static_cast<std::uint64_t>(value.kind()) + 1;
  switch (value.kind()) {
    case doc::Kind::null:
      break;
    case doc::Kind::boolean:
      h = h * 31 + (value.as_boolean() ? 1 : 2);
      break;
    case doc::Kind::number:
    case doc::Kind::string:
      h = hash_bytes(value.as_string(), h);
      break;
    case doc::Kind::array:
      for (const auto& item : value.items()) h = h * 0x9e3779b97f4a7c15ull + hash_of(item);
      break;
    case doc::Kind::object:
      // A sum: the order of members does not count.
      for (const auto& member : value.members()) h += hash_bytes(member.name, hash_of(member.value));
      break;
  }
  return h * 0xd1b54a32d192ed03ull + 1;
}

std::string show(const Value& value) {
  if (value.is_array() && value.items().empty()) return "[]";
  if (value.is_object() && value.members().empty()) return "{}";
  if (value.is_array()) return format("array of {}", value.items().size());
  if (value.is_object()) return format("object of {}", value.members().size());
  auto text = doc::write_json(value);
  return text.size() > kShownValue ? printable(text, kShownValue) : text;
}

class DocumentComparer {
 public:
  DocumentComparer(const Budget& budget, Difference& out) : budget_(budget), out_(out) {}

  void compare(const Value& a, const Value& b, const std::string& path) {
    if (a.kind() != b.kind()) {
      changed(a, b, path);
      return;
    }
    switch (a.kind()) {
      case doc::Kind::null:
        break;
      case doc::Kind::boolean:
        if (a.as_boolean() != b.as_boolean()) changed(a, b, path);
        break;
      case doc::Kind::number:
        if (a.as_string() == b.as_string()) break;
        if (auto* node = changed(a, b, path); node != nullptr && same_number(a, b))
          node->mark_noise("the same number spelt in another way");
        break;
      case doc::Kind::string:
        if (a.as_string() != b.as_string()) changed(a, b, path);
        break;
      case doc::Kind::array:
        compare_arrays(a, b, path);
        break;
      case doc::Kind::object:
        compare_objects(a, b, path);
        break;
    }
  }

  void finish() {
    if (left_off_ > 0) out_.comments.push_back(format("{} more differences are not told one by one", left_off_));
  }

 private:
  static Range place(const Value& value) { return {value.span.begin, value.span.end - value.span.begin}; }

  static bool same_number(const Value& a, const Value& b) {
    const auto x = a.as_integer(), y = b.as_integer();
    if (x && y) return *x == *y;
    // Long spellings may differ past what a double holds.
    return a.as_string().size() <= 15 && b.as_string().size() <= 15 && a.as_double() == b.as_double();
  }

  Difference* add(Kind kind, const std::string& path) {
    if (out_.children.size() >= kToldDifferences) {
      ++left_off_;
      return nullptr;
    }
    return &out_.add_child(kind, kind == Kind::only_in_b ? "" : path, kind == Kind::only_in_a ? "" : path);
  }

  Difference* changed(const Value& a, const Value& b, const std::string& path) {
    auto* node = add(Kind::content, path);
    if (node == nullptr) return nullptr;
    node->field = path;
    node->set_place(place(a), place(b));
    if (a.is_string() && b.is_string() &&
        (a.as_string().find('\n') != std::string::npos || b.as_string().find('\n') != std::string::npos)) {
      diff_text(a.as_string(), b.as_string(), budget_, *node);
    } else {
      node->old_value = show(a);
      node->new_value = show(b);
    }
    return node;
  }

  void one_sided(const Value& value, bool in_a, const std::string& path) {
    auto* node = add(in_a ? Kind::only_in_a : Kind::only_in_b, path);
    if (node == nullptr) return;
    node->has_place = true;
    (in_a ? node->place_a : node->place_b) = place(value);
    const bool nested = value.is_object() || value.is_array();
    const auto text = (nested ? doc::write_json_pretty(value) : show(value)) + "\n";
    diff_text(in_a ? text : "", in_a ? "" : text, budget_, *node);
  }

  void compare_arrays(const Value& a, const Value& b, const std::string& path) {
    const auto& items_a = a.items();
    const auto& items_b = b.items();
    std::unordered_map<std::uint64_t, std::uint32_t> numbers;
    std::vector<std::uint32_t> symbols_a, symbols_b;
    const auto intern = [&](const Value& value) {
      return numbers.emplace(hash_of(value), static_cast<std::uint32_t>(numbers.size())).first->second;
    };
    for (const auto& item : items_a) symbols_a.push_back(intern(item));
    for (const auto& item : items_b) symbols_b.push_back(intern(item));
    if (symbols_a != symbols_b) {
      auto sorted_a = symbols_a, sorted_b = symbols_b;
      std::sort(sorted_a.begin(), sorted_a.end());
      std::sort(sorted_b.begin(), sorted_b.end());
      if (sorted_a == sorted_b) {
        if (auto* node = add(Kind::order, path)) {
          node->field = "order";
          node->set_place(place(a), place(b));
          node->old_value = order_of(items_a);
          node->new_value = order_of(items_b);
        }
        return;
      }
    }
    std::size_t i = 0, j = 0;
    const auto equal_run = [&](std::size_t end) {
      // Equal but for the order of members or the layout: looked into as well.
      for (; i < end; ++i, ++j) compare(items_a[i], items_b[j], path + format("[{}]", i));
    };
    for (const auto& edit : diff_sequences(symbols_a, symbols_b, static_cast<std::uint32_t>(numbers.size()))) {
      equal_run(edit.a);
      for (std::uint32_t k = 0; k < std::max(edit.count_a, edit.count_b); ++k) {
        if (k < edit.count_a && k < edit.count_b) {
          compare(items_a[i + k], items_b[j + k], path + format("[{}]", i + k));
        } else if (k < edit.count_a) {
          one_sided(items_a[i + k], true, path + format("[{}]", i + k));
        } else {
          one_sided(items_b[j + k], false, path + format("[{}]", j + k));
        }
      }
      i += edit.count_a;
      j += edit.count_b;
    }
    equal_run(items_a.size());
  }

  static std::string order_of(const std::vector<Value>& items) {
    std::string out;
    for (std::size_t i = 0; i < items.size() && i < kShownNames; ++i) {
      auto text = doc::write_json(items[i]);
      out += (i == 0 ? "" : ", ") + (text.size() > 100 ? printable(text, 100) : text);
    }
    return out + (items.size() > kShownNames ? format(" and {} more", items.size() - kShownNames) : "");
  }

  static std::string member_path(const std::string& path, const std::string& name) {
    const bool plain = !name.empty() && name.find_first_of(".[]\"' \t\n") == std::string::npos;
    return plain ? path + "." + name : path + "[" + in_quotes(name, 1000) + "]";
  }

  void compare_objects(const Value& a, const Value& b, const std::string& path) {
    std::unordered_map<std::string_view, const Value*> in_b;
    for (const auto& member : b.members()) in_b.emplace(member.name, &member.value);
    std::unordered_map<std::string_view, std::size_t> in_a;
    std::vector<std::string_view> common_a, common_b;
    for (const auto& member : a.members()) {
      in_a.emplace(member.name, common_a.size());
      const auto found = in_b.find(member.name);
      if (found == in_b.end()) {
        one_sided(member.value, true, member_path(path, member.name));
      } else {
        common_a.push_back(member.name);
        compare(member.value, *found->second, member_path(path, member.name));
      }
    }
    for (const auto& member : b.members()) {
      if (in_a.contains(member.name)) {
        common_b.push_back(member.name);
      } else {
        one_sided(member.value, false, member_path(path, member.name));
      }
    }
    if (common_a == common_b) return;
    auto* node = add(Kind::order, path);
    if (node == nullptr) return;
    node->field = "order of members";
    node->set_place(place(a), place(b));
    const auto names = [](const std::vector<std::string_view>& list) {
      std::string out;
      for (std::size_t i = 0; i < list.size() && i < kShownNames; ++i)
        out += (i == 0 ? "" : ", ") + printable(list[i], 100);
      return out + (list.size() > kShownNames ? format(" and {} more", list.size() - kShownNames) : "");
    };
    node->old_value = names(common_a);
    node->new_value = names(common_b);
    node->mark_noise("the order of an object's members carries no meaning");
  }

  const Budget& budget_;
  Difference& out_;
  std::size_t left_off_ = 0;
};

// Where the documents agree: the texts differ in white space, comments or quoting.
void tell_layout(ByteView a, ByteView b, Context& context, Difference& out) {
  if (!out.children.empty()) return;
  auto& child = out.add_child(Kind::content, "layout", "layout");
  child.size_a = a.size();
  child.size_b = b.size();
  diff_text(a, b, context.budget(), child);
  child.mark_noise("white space, comments or quoting; the document is the same");
  if (child.hunks.empty()) child.comments.push_back("the texts differ, the documents do not");
}

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return path.ends_with(ending); });
}

bool reads_as_json(ByteView bytes) {
  const auto head = bytes.substr(0, 4096);
  const auto first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  const auto second = head.find_first_not_of(" \t\r\n", first + 1);
  const auto last = bytes.find_last_not_of(" \t\r\n");
  if (second == std::string_view::npos) return false;
  if (head[first] == '{') return bytes[last] == '}' && (head[second] == '"' || head[second] == '}');
  return head[first] == '[' && bytes[last] == ']' &&
         (head[second] == '{' || head[second] == '"' || head[second] == '[' || head[second] == ']');
}

bool is_text(ByteView bytes) {
  return bytes.size() <= kMaxDocumentBytes && bytes.substr(0, 4096).find('\0') == std::string_view::npos;
}

}  // namespace

bool matches_json(ByteView a, ByteView b, std::string_view path) {
  if (!is_text(a) || !is_text(b)) return false;
  if (ends_with_any(path, {".json", ".ipynb", ".sarif", ".webmanifest", ".geojson", ".jsonld", ".map"})) {
    const auto starts = [](ByteView bytes) {
      const auto first = bytes.find_first_not_of(" \t\r\n");
      return first != std::string_view::npos &&
             std::string_view("{[\"-0123456789tfn").find(bytes[first]) != std::string_view::npos;
    };
    return starts(a) && starts(b);
  }
  return reads_as_json(a) && reads_as_json(b);
}

Result<void> compare_json(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(doc::parse_json(a, read_options()));
  const auto right = TRY(doc::parse_json(b, read_options()));
  DocumentComparer comparer(context.budget(), out);
  comparer.compare(left, right, "$");
  comparer.finish();
  tell_layout(a, b, context, out);
  return {};
}

bool matches_yaml(ByteView a, ByteView b, std::string_view path) {
  return ends_with_any(path, {".yaml", ".yml"}) && is_text(a) && is_text(b);
}

Result<void> compare_yaml(ByteView a, ByteView b, Context& context, Difference& out) {
  auto left = TRY(doc::parse_yaml_all(a, read_options()));
  auto right = TRY(doc::parse_yaml_all(b, read_options()));
  DocumentComparer comparer(context.budget(), out);
  if (left.size() == 1 && right.size() == 1) {
    comparer.compare(left[0], right[0], "$");
  } else {
    // A stream of several documents: as the items of one array, which also aligns them.
    comparer.compare(Value::array(std::move(left)), Value::array(std::move(right)), "documents");
  }
  comparer.finish();
  tell_layout(a, b, context, out);
  return {};
}

bool matches_toml(ByteView a, ByteView b, std::string_view path) {
  return ends_with_any(path, {".toml", "Cargo.lock", "poetry.lock", "uv.lock", "Gopkg.lock"}) && is_text(a) &&
         is_text(b);
}

Result<void> compare_toml(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(doc::parse_toml(a, read_options()));
  const auto right = TRY(doc::parse_toml(b, read_options()));
  DocumentComparer comparer(context.budget(), out);
  comparer.compare(left, right, "$");
  comparer.finish();
  tell_layout(a, b, context, out);
  return {};
}

}  // namespace chiron::compare
