// Messages of protocol buffers as .proto files define them: what the text format is read by.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::policy::proto {

enum class FieldType : std::uint8_t {
  real,         // double
  single_real,  // float
  int32,
  int64,
  uint32,
  uint64,
  boolean,
  string,
  bytes,
  enumeration,
  message
};
enum class Presence : std::uint8_t { tracked, not_tracked, required };

struct Field {
  std::string name;  // as the text format spells it
  FieldType type = FieldType::string;
  std::string type_name;  // of messages and enumerations; full once the schema is linked
  bool repeated = false;
  bool is_map = false;  // then type and type_name are the value's
  FieldType key = FieldType::string;
  Presence presence = Presence::tracked;
  int oneof = -1;  // which of the message's choices it belongs to
};

struct Message {
  std::map<std::string, Field, std::less<>> fields;
  std::set<std::string, std::less<>> reserved;
};

struct Enumeration {
  std::map<std::string, std::int32_t, std::less<>> numbers;
  std::map<std::int32_t, std::string> names;  // the first name of a number
};

class Schema {
 public:
  Schema();
  // Adds a file's definitions; `path` is for errors.
  [[nodiscard]] Result<void> add(std::string_view path, std::string_view text);
  // Finds the types that fields name. Call once, after the last file.
  [[nodiscard]] Result<void> link();

  [[nodiscard]] const Message* message(std::string_view full_name) const;
  [[nodiscard]] const Enumeration* enumeration(std::string_view full_name) const;
  // The extension `name` of the message `extended`.
  [[nodiscard]] const Field* extension(std::string_view extended, std::string_view name) const;

 private:
  friend class SchemaParser;
  struct Extension {
    std::string extended;
    std::string scope;
    Field field;
  };
  [[nodiscard]] Result<void> link_field(Field& field, const std::string& scope, std::string_view owner) const;
  [[nodiscard]] std::string resolve(std::string_view name, std::string_view scope) const;

  std::map<std::string, Message, std::less<>> messages_;
  std::map<std::string, Enumeration, std::less<>> enumerations_;
  std::map<std::string, Extension, std::less<>> extensions_;
};

// The .proto files below the folders, sorted.
[[nodiscard]] Result<std::set<std::string>> schema_files(const std::vector<std::string>& folders);
// What those files define, linked.
[[nodiscard]] Result<Schema> load_schema(const std::vector<std::string>& folders);

}  // namespace chiron::policy::proto
