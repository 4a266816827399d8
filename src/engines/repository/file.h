// One file while it is read, and what readers share: places, names with versions, requirements.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/placer.h"
#include "foundation/doc/value.h"

namespace chiron::repository {

// A file's text; gives places as members of the context: {"file", "line", "column"}.
class File {
 public:
  File(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)), placer_(text_) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] doc::Value place(doc::Span span) const;
  [[nodiscard]] doc::Value place_of_line(std::size_t line) const;  // 1-based
  // The rest of the line that a span ends in.
  [[nodiscard]] std::string_view rest_of_line(doc::Span span) const;

  [[nodiscard]] Result<doc::Value> json() const;
  [[nodiscard]] Result<doc::Value> yaml() const;
  [[nodiscard]] Result<doc::Value> toml() const;

 private:
  [[nodiscard]] doc::ReadOptions options() const;
  std::string path_, text_;
  utf8::Placer placer_;
};

// Members of an object; nothing for anything else.
[[nodiscard]] const std::vector<doc::Member>& members_of(const doc::Value* value);
[[nodiscard]] const std::vector<doc::Value>& items_of(const doc::Value* value);
// A value at names below each other, or nullptr.
[[nodiscard]] const doc::Value* at(const doc::Value& value, std::initializer_list<std::string_view> path);
// A scalar's text; "" for anything else.
[[nodiscard]] std::string text_of(const doc::Value* value);
// A string, or a list of strings, as a list.
[[nodiscard]] doc::Value list_of(const doc::Value* value);

// Texts by name: versions of packages, requirements of dependencies.
using Names = std::map<std::string, std::vector<std::string>>;
void add_name(Names& names, std::string_view name, std::string_view text);
[[nodiscard]] doc::Value to_value(const Names& names);

}  // namespace chiron::repository
