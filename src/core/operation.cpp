#include "core/operation.h"

#include "foundation/io/files.h"

namespace chiron {

std::string_view gate_kind(const Operation& operation) {
  if (!operation.gate_name.empty()) return operation.gate_name;
  return operation.name.substr(0, operation.name.find(' '));
}

const Operation* Registry::find(std::string_view name) const {
  for (const auto& operation : operations_)
    if (operation.name == name) return &operation;
  return nullptr;
}

const Operation* Registry::find_gate(std::string_view kind) const {
  for (const auto& operation : operations_)
    if (operation.gate && gate_kind(operation) == kind) return &operation;
  return nullptr;
}

std::vector<std::string> Registry::gate_kinds() const {
  std::vector<std::string> kinds;
  for (const auto& operation : operations_)
    if (operation.gate) kinds.emplace_back(gate_kind(operation));
  return kinds;
}

std::string Context::absolute(std::string_view path) const { return io::normalize_path(io::join_path(folder, path)); }

}  // namespace chiron
