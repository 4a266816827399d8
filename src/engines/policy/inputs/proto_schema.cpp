// Reads .proto files (proto2, proto3, editions) as far as the text format needs them: messages, enumerations and
// extensions. Services and options leave no trace.
#include "engines/policy/inputs/proto_schema.h"

#include <optional>

#include "engines/policy/inputs/proto_lexer.h"
#include "foundation/base/format.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::policy::proto {

namespace {

constexpr std::size_t kMostProtoFiles = 10'000;

// What other programs' compilers have built in, and this one reads without their files.
constexpr std::string_view kWellKnown = R"(syntax = "proto3"; package google.protobuf;
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message Empty {}
message DoubleValue { double value = 1; }
message FloatValue { float value = 1; }
message Int64Value { int64 value = 1; }
message UInt64Value { uint64 value = 1; }
message Int32Value { int32 value = 1; }
message UInt32Value { uint32 value = 1; }
message BoolValue { bool value = 1; }
message StringValue { string value = 1; }
message BytesValue { bytes value = 1; }
)";

std::optional<FieldType> scalar_type(std::string_view name) {
  static constexpr std::pair<std::string_view, FieldType> kScalars[] = {
      {"double", FieldType::real},    {"float", FieldType::single_real}, {"int32", FieldType::int32},
      {"int64", FieldType::int64},    {"uint32", FieldType::uint32},     {"uint64", FieldType::uint64},
      {"sint32", FieldType::int32},   {"sint64", FieldType::int64},      {"fixed32", FieldType::uint32},
      {"fixed64", FieldType::uint64}, {"sfixed32", FieldType::int32},    {"sfixed64", FieldType::int64},
      {"bool", FieldType::boolean},   {"string", FieldType::string},     {"bytes", FieldType::bytes}};
  for (const auto& [known, type] : kScalars)
    if (name == known) return type;
  return std::nullopt;
}

std::string joined(std::string_view scope, std::string_view name) {
  return scope.empty() ? std::string(name) : std::string(scope) + "." + std::string(name);
}

}  // namespace

class SchemaParser {
 public:
  SchemaParser(Schema& schema, std::string_view text, const doc::ReadOptions& options)
      : schema_(schema), lexer_("proto", text, options, false) {}

  Result<void> file() {
    TRY(lexer_.advance());
    while (lexer_.current().kind != TokenKind::end) {
      if (lexer_.at("syntax") || lexer_.at("edition")) {
        const bool edition = lexer_.at("edition");
        TRY(lexer_.advance());
        TRY(expect("="));
        tracked_ = edition || lexer_.current().content != "proto3";
        TRY(lexer_.advance());
        TRY(expect(";"));
      } else if (lexer_.at("package")) {
        TRY(lexer_.advance());
        package_ = TRY(name());
        TRY(expect(";"));
      } else {
        TRY(definition(package_, nullptr, 0));
      }
    }
    return {};
  }

 private:
  Result<void> expect(std::string_view mark) {
    if (!lexer_.at(mark)) return lexer_.wrong(format("expected \"{}\"", mark));
    return lexer_.advance();
  }

  // a.b.c, perhaps with a dot before.
  Result<std::string> name() {
    std::string out;
    if (lexer_.at(".")) {
      out = ".";
      TRY(lexer_.advance());
    }
    while (true) {
      if (lexer_.current().kind != TokenKind::word) return lexer_.wrong("expected a name");
      out += lexer_.current().text;
      TRY(lexer_.advance());
      if (!lexer_.at(".")) return out;
      out += '.';
      TRY(lexer_.advance());
    }
  }

  // Up to and with the semicolon, or the brace that closes what was opened.
  Result<void> skip_statement() {
    std::size_t open = 0;
    while (true) {
      if (lexer_.current().kind == TokenKind::end) return lexer_.wrong("unexpected end of the file");
      const bool opens = lexer_.at("{") || lexer_.at("["), closes = lexer_.at("}") || lexer_.at("]");
      const bool brace = lexer_.at("}"), ends = lexer_.at(";");
      if (opens) ++open;
      if (closes && open == 0) return lexer_.wrong("unexpected closing bracket");
      if (closes) --open;
      TRY(lexer_.advance());
      if (open == 0 && (ends || brace)) {
        if (brace && lexer_.at(";")) TRY(lexer_.advance());
        return {};
      }
    }
  }

  // What may stand in a file and in a message; `owner` is the message, or nullptr.
  Result<void> definition(const std::string& scope, Message* owner, std::size_t depth) {
    if (depth > inputs::kBlockDepth) return lexer_.too_deep();
    if (lexer_.at(";")) return lexer_.advance();
    for (const std::string_view word : {"import", "option", "service", "extensions"})
      if (lexer_.at(word)) return skip_statement();
    if (lexer_.at("message")) {
      TRY(lexer_.advance());
      const std::string full = joined(scope, TRY(name()));
      return message(full, depth);
    }
    if (lexer_.at("enum")) {
      TRY(lexer_.advance());
      const std::string full = joined(scope, TRY(name()));
      return enumeration(full);
    }
    if (lexer_.at("extend")) return extend(scope, depth);
    if (owner == nullptr) return lexer_.wrong("expected message, enum, extend, service, import or option");
    return lexer_.wrong("expected a field");
  }

  Result<void> message(const std::string& full, std::size_t depth) {
    TRY(expect("{"));
    Message made;
    int oneofs = 0;
    while (!lexer_.at("}")) {
      if (lexer_.current().kind == TokenKind::end) return lexer_.wrong(format("message {} not closed", full));
      if (lexer_.at("oneof")) {
        TRY(lexer_.advance());
        TRY(name());
        TRY(expect("{"));
        while (!lexer_.at("}")) {
          if (lexer_.at("option")) {
            TRY(skip_statement());
            continue;
          }
          Field field = TRY(read_field(full, depth));
          field.oneof = oneofs;
          field.presence = Presence::tracked;
          TRY(add_field(made, std::move(field)));
        }
        ++oneofs;
        TRY(lexer_.advance());
      } else if (lexer_.at("reserved")) {
        TRY(lexer_.advance());
        while (!lexer_.at(";")) {
          if (lexer_.current().kind == TokenKind::end) return lexer_.wrong("unexpected end of the file");
          if (lexer_.current().kind == TokenKind::string) made.reserved.insert(lexer_.current().content);
          TRY(lexer_.advance());
        }
        TRY(lexer_.advance());
      } else if (is_definition()) {
        TRY(definition(full, &made, depth + 1));
      } else {
        Field field = TRY(read_field(full, depth));
        TRY(add_field(made, std::move(field)));
      }
    }
    TRY(lexer_.advance());
    if (!schema_.messages_.try_emplace(full, std::move(made)).second)
      return lexer_.wrong(format("message {} is defined twice", full));
    return {};
  }

  [[nodiscard]] bool is_definition() const {
    for (const std::string_view word : {"message", "enum", "extend", "option", "extensions", ";"})
      if (lexer_.at(word)) return true;
    return false;
  }

  Result<void> add_field(Message& made, Field field) const {
    const std::string spelt = field.name;
    if (!made.fields.try_emplace(spelt, std::move(field)).second)
      return lexer_.wrong(format("field {} is defined twice", spelt));
    return {};
  }

  Result<Field> read_field(const std::string& scope, std::size_t depth) {
    Field field;
    field.presence = tracked_ ? Presence::tracked : Presence::not_tracked;
    if (lexer_.at("repeated") || lexer_.at("optional") || lexer_.at("required")) {
      field.repeated = lexer_.at("repeated");
      if (lexer_.at("optional")) field.presence = Presence::tracked;
      if (lexer_.at("required")) field.presence = Presence::required;
      TRY(lexer_.advance());
    }
    if (lexer_.at("group")) return group(std::move(field), scope, depth);
    std::string type = TRY(name());
    if (type == "map" && lexer_.at("<")) {
      TRY(lexer_.advance());
      const auto key = scalar_type(TRY(name()));
      if (!key) return lexer_.wrong("the keys of a map are numbers, booleans or strings");
      field.key = *key;
      field.is_map = true;
      TRY(expect(","));
      type = TRY(name());
      TRY(expect(">"));
    }
    if (const auto scalar = scalar_type(type)) {
      field.type = *scalar;
    } else {
      field.type = FieldType::message;  // or an enumeration; link() knows
      field.type_name = std::move(type);
    }
    if (lexer_.current().kind != TokenKind::word) return lexer_.wrong("expected the field's name");
    field.name = std::string(lexer_.current().text);
    TRY(lexer_.advance());
    TRY(expect("="));
    TRY(skip_statement());
    return field;
  }

  // optional group Name = 1 { … }: a message and a field of it, which the text format spells as the message.
  Result<Field> group(Field field, const std::string& scope, std::size_t depth) {
    if (depth > inputs::kBlockDepth) return lexer_.too_deep();
    TRY(lexer_.advance());
    field.name = TRY(name());
    field.type = FieldType::message;
    field.type_name = "." + joined(scope, field.name);
    TRY(expect("="));
    while (!lexer_.at("{")) {
      if (lexer_.current().kind == TokenKind::end) return lexer_.wrong("unexpected end of the file");
      TRY(lexer_.advance());
    }
    TRY(message(joined(scope, field.name), depth + 1));
    return field;
  }

  Result<void> enumeration(const std::string& full) {
    TRY(expect("{"));
    Enumeration made;
    while (!lexer_.at("}")) {
      if (lexer_.current().kind == TokenKind::end) return lexer_.wrong(format("enum {} not closed", full));
      if (lexer_.at("option") || lexer_.at("reserved") || lexer_.at(";")) {
        TRY(skip_statement());
        continue;
      }
      const std::string value = TRY(name());
      TRY(expect("="));
      const bool negative = lexer_.at("-");
      if (negative) TRY(lexer_.advance());
      std::string digits = (negative ? "-" : "") + std::string(lexer_.current().text);
      const auto number = lexer_.current().text.starts_with("0x")
                              ? std::optional<std::int64_t>(std::strtoll(digits.c_str(), nullptr, 16))
                              : text::parse_signed(digits);
      if (lexer_.current().kind != TokenKind::number || !number || *number < INT32_MIN || *number > INT32_MAX)
        return lexer_.wrong("expected the enumeration value's number");
      made.numbers[value] = static_cast<std::int32_t>(*number);
      made.names.try_emplace(static_cast<std::int32_t>(*number), value);
      TRY(skip_statement());
    }
    TRY(lexer_.advance());
    if (!schema_.enumerations_.try_emplace(full, std::move(made)).second)
      return lexer_.wrong(format("enum {} is defined twice", full));
    return {};
  }

  Result<void> extend(const std::string& scope, std::size_t depth) {
    TRY(lexer_.advance());
    const std::string extended = TRY(name());
    TRY(expect("{"));
    while (!lexer_.at("}")) {
      if (lexer_.at(";")) {
        TRY(lexer_.advance());
        continue;
      }
      Field field = TRY(read_field(scope, depth + 1));
      const std::string full = joined(scope, field.name);
      if (field.presence == Presence::not_tracked) field.presence = Presence::tracked;
      schema_.extensions_.insert_or_assign(full, Schema::Extension{extended, scope, std::move(field)});
    }
    return lexer_.advance();
  }

  Schema& schema_;
  Lexer lexer_;
  std::string package_;
  bool tracked_ = true;  // proto2 and editions: a field that is set to its default is set
};

Schema::Schema() { (void)add("google/protobuf", kWellKnown); }

Result<void> Schema::add(std::string_view path, std::string_view text) {
  doc::ReadOptions options;
  options.file = path;
  return SchemaParser(*this, text, options).file();
}

const Message* Schema::message(std::string_view full_name) const {
  const auto found = messages_.find(full_name);
  return found == messages_.end() ? nullptr : &found->second;
}

const Enumeration* Schema::enumeration(std::string_view full_name) const {
  const auto found = enumerations_.find(full_name);
  return found == enumerations_.end() ? nullptr : &found->second;
}

const Field* Schema::extension(std::string_view extended, std::string_view name) const {
  const auto found = extensions_.find(name);
  return found == extensions_.end() || found->second.extended != extended ? nullptr : &found->second.field;
}

// From the innermost scope outwards, as C++ finds names.
std::string Schema::resolve(std::string_view name, std::string_view scope) const {
  auto known = [&](const std::string& full) { return messages_.contains(full) || enumerations_.contains(full); };
  if (name.starts_with('.')) return known(std::string(name.substr(1))) ? std::string(name.substr(1)) : std::string();
  while (true) {
    std::string full = joined(scope, name);
    if (known(full)) return full;
    if (scope.empty()) return {};
    const auto dot = scope.rfind('.');
    scope = dot == std::string_view::npos ? std::string_view() : scope.substr(0, dot);
  }
}

Result<void> Schema::link_field(Field& field, const std::string& scope, std::string_view owner) const {
  if (field.type != FieldType::message) return {};
  std::string full = resolve(field.type_name, scope);
  if (full.empty())
    return fail(ErrorKind::input, "proto.type",
                format("the type {} of {}.{} is not defined in any .proto file", field.type_name, owner, field.name),
                {}, "add the folder of the file that defines it to --proto-file-dirs");
  if (enumerations_.contains(full)) {
    field.type = FieldType::enumeration;
  } else if (field.presence == Presence::not_tracked) {
    field.presence = Presence::tracked;  // a message is there or not
  }
  field.type_name = std::move(full);
  return {};
}

Result<void> Schema::link() {
  for (auto& [name, message] : messages_)
    for (auto& [field_name, field] : message.fields) TRY(link_field(field, name, name));
  for (auto& [name, extension] : extensions_) {
    TRY(link_field(extension.field, extension.scope, name));
    if (std::string full = resolve(extension.extended, extension.scope); !full.empty())
      extension.extended = std::move(full);
  }
  return {};
}

Result<std::set<std::string>> schema_files(const std::vector<std::string>& folders) {
  std::set<std::string> files;
  for (const auto& folder : folders)
    for (const auto& entry : TRY(io::walk(folder)))
      if (entry.type == io::EntryType::file && entry.path.ends_with(".proto"))
        files.insert(io::join_path(folder, entry.path));
  if (files.size() > kMostProtoFiles)
    return fail(ErrorKind::limit, "limit.files", format("more than {} .proto files", kMostProtoFiles));
  return files;
}

Result<Schema> load_schema(const std::vector<std::string>& folders) {
  Schema schema;
  for (const auto& file : TRY(schema_files(folders)))
    TRY(schema.add(file, TRY(io::read_file(file, limits::kConfigBytes))));
  TRY(schema.link());
  return schema;
}

}  // namespace chiron::policy::proto
