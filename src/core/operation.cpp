#include "core/operation.h"

#include <cassert>
#include <mutex>

#include "foundation/io/files.h"

namespace chiron {

std::string_view gate_kind(const Operation& operation) {
  if (!operation.gate_name.empty()) return operation.gate_name;
  return operation.name.substr(0, operation.name.find(' '));
}

struct Registry::Made {
  std::once_flag once;
  std::optional<Operation> operation;
};

Registry::Registry(std::vector<RegistryEntry> entries)
    : entries_(std::move(entries)), made_(std::make_unique<Made[]>(entries_.size())) {}

Registry::~Registry() = default;

const Operation& Registry::at(std::size_t index) const {
  auto& made = made_[index];
  std::call_once(made.once, [&] { made.operation.emplace(entries_[index].make()); });
  assert(made.operation->name == entries_[index].name);
  return *made.operation;
}

const Operation* Registry::find(std::string_view name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].name == name) return &at(i);
  return nullptr;
}

const Operation* Registry::find_gate(std::string_view kind) const {
  for (const auto& operation : operations())
    if (operation.gate && gate_kind(operation) == kind) return &operation;
  return nullptr;
}

std::vector<std::string> Registry::gate_kinds() const {
  std::vector<std::string> kinds;
  for (const auto& operation : operations())
    if (operation.gate) kinds.emplace_back(gate_kind(operation));
  return kinds;
}

std::string Context::absolute(std::string_view path) const { return io::normalize_path(io::join_path(folder, path)); }

}  // namespace chiron
