// A rule's YAML, taken key by key: each key is asked for once, and what nobody asked for is an error.
#pragma once
#include <optional>
#include <set>

#include "engines/prose/rule.h"

namespace chiron::prose {

class Fields {
 public:
  Fields(const doc::Value& object, const std::string& file, std::string_view source);
  // Weakly typed, as styles rely on: a number where text is asked for, one item where a list is.
  [[nodiscard]] Result<std::string> text(std::string_view key, std::string fallback = {});
  [[nodiscard]] Result<bool> flag(std::string_view key, bool fallback);
  [[nodiscard]] Result<double> number(std::string_view key, double fallback);
  [[nodiscard]] Result<std::vector<std::string>> list(std::string_view key);
  // Pairs in the order of the file.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> pairs(std::string_view key);
  [[nodiscard]] const doc::Value* value(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const;
  // Fails where a key is left that nobody asked for.
  [[nodiscard]] Result<void> finish() const;
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view key, std::string message, std::string next = {}) const;
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] std::string_view source() const { return source_; }

 private:
  [[nodiscard]] const doc::Member* find(std::string_view key) const;
  [[nodiscard]] Place place(doc::Span span) const;
  const doc::Value& object_;
  const std::string& file_;
  std::string_view source_;
  std::set<std::string> taken_;
};

}  // namespace chiron::prose
