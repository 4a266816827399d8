// The tree's own conveniences; see difference.h.
#include "engines/compare/difference.h"

namespace chiron::compare {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::group:
      return "group";
    case Kind::content:
      return "content";
    case Kind::metadata:
      return "metadata";
    case Kind::header:
      return "header";
    case Kind::order:
      return "order";
    case Kind::only_in_a:
      return "only-in-a";
    case Kind::only_in_b:
      return "only-in-b";
    case Kind::renamed:
      return "renamed";
    case Kind::error:
      return "error";
  }
  return "unknown";
}

Difference& Difference::add_child(Kind child_kind, std::string_view a, std::string_view b) {
  auto& child = children.emplace_back();
  child.kind = child_kind;
  child.name_a = a;
  child.name_b = b;
  return child;
}

Difference* Difference::add_field(Kind field_kind, std::string_view name, std::string_view old_text,
                                  std::string_view new_text) {
  if (old_text == new_text) return nullptr;
  auto& child = add_child(field_kind, name, name);
  child.field = name;
  child.old_value = old_text;
  child.new_value = new_text;
  return &child;
}

Difference* Difference::add_field(Kind field_kind, std::string_view name, std::string_view old_text,
                                  std::string_view new_text, Range at_a, Range at_b) {
  auto* child = add_field(field_kind, name, old_text, new_text);
  if (child != nullptr) child->set_place(at_a, at_b);
  return child;
}

Difference& Difference::mark_noise(std::string_view why) {
  semantic = false;
  reason = why;
  return *this;
}

Difference& Difference::set_place(Range a, Range b) {
  has_place = true;
  place_a = a;
  place_b = b;
  return *this;
}

bool Difference::empty() const {
  return (kind == Kind::group || kind == Kind::content) && children.empty() && hunks.empty() && windows.empty() &&
         extent_count == 0 && old_value.empty() && new_value.empty() && comments.empty();
}

std::string Difference::title() const {
  if (name_a == name_b || name_b.empty()) return name_a;
  if (name_a.empty()) return name_b;
  return name_a + " → " + name_b;
}

Counts count(const Difference& root) {
  Counts counts;
  // An explicit stack: the tree is as deep as hostile input nests.
  struct Step {
    const Difference* node;
    bool ignored;
  };
  std::vector<Step> open{{&root, false}};
  while (!open.empty()) {
    const auto [node, above] = open.back();
    open.pop_back();
    const bool ignored = above || node->ignored;
    for (const auto& child : node->children) open.push_back({&child, ignored});
    const bool own = node->kind != Kind::group && (node->kind != Kind::content || node->children.empty());
    if (!own) continue;
    ++counts.nodes;
    if (ignored) {
      ++counts.ignored;
      continue;
    }
    switch (node->kind) {
      case Kind::group:
        break;
      case Kind::content:
        ++counts.content;
        break;
      case Kind::metadata:
      case Kind::header:
        ++counts.metadata;
        break;
      case Kind::order:
        ++counts.order;
        break;
      case Kind::only_in_a:
        ++counts.only_in_a;
        break;
      case Kind::only_in_b:
        ++counts.only_in_b;
        break;
      case Kind::renamed:
        ++counts.renamed;
        break;
      case Kind::error:
        ++counts.errors;
        break;
    }
  }
  return counts;
}

}  // namespace chiron::compare
