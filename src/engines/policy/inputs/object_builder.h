// An object under construction with its members found by hash: inputs may hold very many of them.
#pragma once
#include <string>
#include <unordered_map>
#include <utility>

#include "engines/policy/inputs/formats.h"

namespace chiron::policy::inputs {

class ObjectBuilder {
 public:
  // Sets a member; a later value replaces an earlier one of the name.
  void set(const std::string& name, Span name_span, Value value) {
    const auto [slot, fresh] = positions_.try_emplace(name, object_.members().size());
    if (fresh) {
      object_.members().push_back({name, name_span, std::move(value)});
      return;
    }
    auto& member = object_.members()[slot->second];
    member.name_span = name_span;
    member.value = std::move(value);
  }
  // The member's value, or nullptr; valid until the next set().
  [[nodiscard]] Value* find(const std::string& name) {
    const auto slot = positions_.find(name);
    return slot == positions_.end() ? nullptr : &object_.members()[slot->second].value;
  }
  [[nodiscard]] bool empty() const { return positions_.empty(); }
  [[nodiscard]] Value take(Span span) {
    object_.span = span;
    positions_.clear();
    return std::exchange(object_, Value::object());
  }

 private:
  Value object_ = Value::object();
  std::unordered_map<std::string, std::size_t> positions_;
};

}  // namespace chiron::policy::inputs
