#include "core/config.h"

#include <algorithm>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"

namespace chiron {

const std::vector<Field>& gate_common_fields() {
  static const auto fields =
      Fields<GateCommon>()
          .add("kind", &GateCommon::kind,
               {.help = "Kind of the gate; the section's name unless given",
                .example = "command",
                .scope = FieldScope::config})
          .add("enabled", &GateCommon::enabled,
               {.help = "Whether the gate takes part", .fallback = "true", .scope = FieldScope::config})
          .add("fail-level", &GateCommon::fail_level,
               {.help = "Level of a finding from which the gate fails, if not the workspace's",
                .choices = {"note", "warning", "error", "never"},
                .scope = FieldScope::config})
          .add("needs", &GateCommon::needs,
               {.help = "Gates that must have passed before this one starts",
                .example = "[\"build\"]",
                .scope = FieldScope::config})
          .add("when", &GateCommon::when,
               {.help = "Globs of files: without one that matches (with --since: a changed one) the gate is skipped",
                .example = "[\"**/*.md\"]",
                .scope = FieldScope::config})
          .add("timeout", &GateCommon::timeout_seconds,
               {.help = "Seconds after which the gate is ended and counts as could not run; 0 for none",
                .fallback = "0",
                .minimum = 0,
                .maximum = 604800,
                .scope = FieldScope::config})
          .add("memory", &GateCommon::memory_mib,
               {.help = "MiB the gate is counted with against the memory budget",
                .fallback = "0",
                .minimum = 0,
                .maximum = 1 << 20,
                .scope = FieldScope::config})
          .add("cache", &GateCommon::cache,
               {.help = "Whether its result may come from the cache", .fallback = "true", .scope = FieldScope::config})
          .take();
  return fields;
}

const std::vector<Field>& workspace_fields() {
  static const auto fields =
      Fields<WorkspaceConfig>()
          .add("name", &WorkspaceConfig::name,
               {.help = "Name in reports; the folder's unless given", .scope = FieldScope::config})
          .add("include", &WorkspaceConfig::include,
               {.help = "Globs of the files under check; all unless given",
                .example = "[\"src/**\"]",
                .scope = FieldScope::config})
          .add("exclude", &WorkspaceConfig::exclude,
               {.help = "Globs of files left out", .example = "[\"vendor/**\"]", .scope = FieldScope::config})
          .add("fail-level", &WorkspaceConfig::fail_level,
               {.help = "Level of a finding from which a gate fails",
                .fallback = "error",
                .choices = {"note", "warning", "error", "never"},
                .scope = FieldScope::config})
          .add("baseline", &WorkspaceConfig::baseline,
               {.help = "Baseline file of known findings",
                .example = "chiron.baseline.json",
                .is_path = true,
                .scope = FieldScope::config})
          .add("jobs", &WorkspaceConfig::jobs,
               {.help = "Workers; 0 for one per core",
                .fallback = "0",
                .minimum = 0,
                .maximum = 1024,
                .scope = FieldScope::config})
          .add("memory", &WorkspaceConfig::memory_mib,
               {.help = "MiB that gates running at once may be counted with; 0 for no bound",
                .fallback = "0",
                .minimum = 0,
                .maximum = 1 << 20,
                .scope = FieldScope::config})
          .take();
  return fields;
}

const std::vector<Field>& profile_fields() {
  static const auto fields =
      Fields<ProfileConfig>()
          .add("gates", &ProfileConfig::gates,
               {.help = "Only these gates; all unless given", .scope = FieldScope::config})
          .add("skip", &ProfileConfig::skip, {.help = "Gates left out", .scope = FieldScope::config})
          .add("fail-level", &ProfileConfig::fail_level,
               {.help = "Level of a finding from which a gate fails",
                .choices = {"note", "warning", "error", "never"},
                .scope = FieldScope::config})
          .take();
  return fields;
}

const GateConfig* Config::find_gate(std::string_view name) const {
  for (const auto& gate : gates)
    if (gate.name == name) return &gate;
  return nullptr;
}

namespace {

const Field* find_field(const std::vector<Field>& fields, std::string_view name) {
  for (const auto& field : fields)
    if (field.name == name && field.scope != FieldScope::command_line) return &field;
  return nullptr;
}

std::unexpected<Error> at(const doc::Document& document, doc::Span span, std::string code, std::string message,
                          std::string next = {}) {
  return fail(ErrorKind::config, std::move(code), std::move(message), document.place(span), std::move(next));
}

// The field's example as it would stand in the file: most are given as on the command line, where nothing is quoted.
std::string example_of(const Field& field) {
  if (field.example.empty()) return {};
  std::string value;
  const bool many = field.type == FieldType::list || field.type == FieldType::paths;
  const bool bare = field.type == FieldType::flag || field.type == FieldType::integer || field.type == FieldType::real;
  if (bare || field.example.starts_with('[') || field.example.starts_with('"'))
    value = field.example;
  else
    doc::append_json_string(value, field.example);
  if (many && !value.starts_with('[')) value = "[" + value + "]";
  return format("For example: {} = {}", field.name, value);
}

std::unexpected<Error> wrong_type(const doc::Document& document, const Field& field, const doc::Value& value) {
  return at(document, value.span, "config.type",
            format("{} is a {}, not {} {}", field.name, to_string(field.type),
                   value.is_array() || value.is_object() ? "an" : "a", to_string(value.kind())),
            example_of(field));
}

Result<FieldValue> convert(const Field& field, const doc::Value& value, const doc::Document& document) {
  switch (field.type) {
    case FieldType::flag:
      if (value.is_boolean()) return value.as_boolean();
      break;
    case FieldType::integer:
      if (const auto number = value.as_integer()) return *number;
      break;
    case FieldType::real:
      if (value.is_number()) return value.as_double();
      break;
    case FieldType::text:
    case FieldType::path:
    case FieldType::choice:
      if (value.is_string()) return value.as_string();
      break;
    case FieldType::list:
    case FieldType::paths: {
      if (value.is_string()) return std::vector<std::string>{value.as_string()};
      if (!value.is_array()) break;
      std::vector<std::string> list;
      for (const auto& item : value.items()) {
        if (!item.is_string()) return wrong_type(document, field, item);
        list.push_back(item.as_string());
      }
      return list;
    }
  }
  return wrong_type(document, field, value);
}

// Collects errors so that a user sees all of them at once.
class Errors {
 public:
  void add(Error error) {
    if (!first_)
      first_ = std::move(error);
    else
      first_->notes.push_back(to_string(error));
  }
  template <class T>
  bool take(Result<T>&& result) {
    if (result) return true;
    add(std::move(result).error());
    return false;
  }
  [[nodiscard]] std::optional<Error>& first() { return first_; }

 private:
  std::optional<Error> first_;
};

// Tells a wrong value at its place; of a list, at the place of each wrong item.
bool check_value(const Field& field, const FieldValue& value, const doc::Value& written, const doc::Document& document,
                 Errors& errors) {
  const auto check = [&](const FieldValue& part, doc::Span span) {
    auto checked = check_field(field, part);
    if (checked) return true;
    auto error = std::move(checked).error();
    error.kind = ErrorKind::config;
    error.code = "config.value";
    error.place = document.place(span);
    errors.add(std::move(error));
    return false;
  };
  const auto* list = std::get_if<std::vector<std::string>>(&value);
  if (list == nullptr || !written.is_array()) return check(value, written.span);
  bool right = true;
  for (std::size_t i = 0; i < list->size(); ++i)
    right &= check(std::vector<std::string>{(*list)[i]}, written.items()[i].span);
  return right;
}

void assign_members(const std::vector<Field>& fields, void* request, const doc::Value& object,
                    const doc::Document& document, const std::vector<Field>* others, Errors& errors) {
  for (const auto& member : object.members()) {
    const auto* field = find_field(fields, member.name);
    if (field == nullptr) {
      if (others != nullptr && find_field(*others, member.name) != nullptr) continue;
      std::vector<std::string> known;
      for (const auto* list : {&fields, others})
        if (list != nullptr)
          for (const auto& f : *list)
            if (f.scope != FieldScope::command_line) known.emplace_back(f.name);
      std::string next;
      if (const auto nearest = text::nearest(member.name, known))
        next = format("Did you mean {}?", *nearest);
      else
        next = "Known keys: " + text::join(known, ", ") + ".";
      errors.take(Result<void>(
          at(document, member.name_span, "config.unknown-key", format("unknown key {}", member.name), next)));
      continue;
    }
    auto value = convert(*field, member.value, document);
    if (!value) {
      errors.add(std::move(value).error());
      continue;
    }
    if (check_value(*field, *value, member.value, document, errors)) field->assign(request, *value);
  }
}

class Parser {
 public:
  Parser(doc::Document& document, const Registry& registry) : document_(document), registry_(registry) {}

  Result<Config> parse() {
    config_.file = document_.file;
    for (const auto& member : document_.root.members()) {
      if (member.name == "workspace") {
        if (is_table(member))
          assign_members(workspace_fields(), &config_.workspace, member.value, document_, nullptr, errors_);
      } else if (member.name == "gate") {
        if (is_table(member)) gates(member.value);
      } else if (member.name == "profile") {
        if (is_table(member)) profiles(member.value);
      } else {
        const auto nearest = text::nearest(member.name, {"workspace", "gate", "profile"});
        errors_.take(Result<void>(at(
            document_, member.name_span, "config.unknown-key", format("unknown section {}", member.name),
            nearest ? format("Did you mean {}?", *nearest) : "Sections are workspace, gate.NAME and profile.NAME.")));
      }
    }
    check_references();
    if (errors_.first()) return std::unexpected(std::move(*errors_.first()));
    return std::move(config_);
  }

 private:
  bool is_table(const doc::Member& member) {
    if (member.value.is_object()) return true;
    errors_.take(Result<void>(at(document_, member.value.span, "config.type", format("{} must be a table", member.name),
                                 format("Write [{}] on a line of its own.", member.name))));
    return false;
  }

  void gates(const doc::Value& table) {
    for (const auto& member : table.members()) {
      if (!is_table(member)) continue;
      if (config_.gates.size() == kMaxGates) {
        errors_.take(
            Result<void>(at(document_, member.name_span, "limit.gates", format("more than {} gates", kMaxGates))));
        return;
      }
      gate(member);
    }
  }

  void gate(const doc::Member& member) {
    GateConfig gate;
    gate.name = member.name;
    gate.common.kind = std::string(member.value.string_or("kind", member.name));
    gate.place = document_.place(member.name_span);
    gate.section = member.value;
    gate.operation = registry_.find_gate(gate.common.kind);
    if (gate.operation == nullptr) {
      const auto kinds = registry_.gate_kinds();
      const auto* kind = member.value.find("kind");
      const auto nearest = text::nearest(gate.common.kind, kinds);
      errors_.take(
          Result<void>(at(document_, kind != nullptr ? kind->span : member.name_span, "config.unknown-gate",
                          format("there is no kind of gate named {}", gate.common.kind),
                          (nearest ? format("Did you mean {}? ", *nearest) : std::string()) + "Kinds are " +
                              text::join(kinds, ", ") + "; give kind = \"…\" where the gate has a name of its own.")));
      return;
    }
    gate.request = gate.operation->make_request();
    // A key that the operation has too is the operation's: the timeout of a test gate is that of each test.
    doc::Value own = doc::Value::object();
    doc::Value common = doc::Value::object();
    for (const auto& m : member.value.members())
      (find_field(gate.operation->fields, m.name) != nullptr ? own : common).members().push_back(m);
    assign_members(gate_common_fields(), &gate.common, common, document_, &gate.operation->fields, errors_);
    assign_members(gate.operation->fields, gate.request.get(), own, document_, nullptr, errors_);
    for (const auto& field : gate.operation->fields)
      if (field.required && field.scope != FieldScope::command_line && member.value.find(field.name) == nullptr)
        errors_.take(Result<void>(at(document_, member.name_span, "config.missing-key",
                                     format("the gate {} needs the key {}", gate.name, field.name),
                                     field.example.empty() ? std::string(field.help) + "." : example_of(field))));
    if (gate.operation->gate->check != nullptr && !errors_.first()) {
      if (auto checked = gate.operation->gate->check(gate.request.get()); !checked) {
        auto error = std::move(checked).error();
        error.place = gate.place;
        errors_.add(std::move(error));
      }
    }
    config_.gates.push_back(std::move(gate));
  }

  void profiles(const doc::Value& table) {
    for (const auto& member : table.members()) {
      if (!is_table(member)) continue;
      ProfileConfig profile;
      profile.name = member.name;
      assign_members(profile_fields(), &profile, member.value, document_, nullptr, errors_);
      for (const auto* key : {"gates", "skip"})
        if (const auto* list = member.value.find(key); list != nullptr && list->is_array())
          for (const auto& item : list->items()) check_gate_name(item);
      config_.profiles.push_back(std::move(profile));
    }
  }

  void check_gate_name(const doc::Value& item) {
    if (item.is_string()) named_.push_back(&item);
  }

  void check_references() {
    for (const auto& gate : config_.gates)
      if (const auto* needs = gate.section.find("needs"); needs != nullptr && needs->is_array())
        for (const auto& item : needs->items()) check_gate_name(item);
    std::vector<std::string> names;
    for (const auto& gate : config_.gates) names.push_back(gate.name);
    const auto* gate_table = document_.root.find("gate");
    for (const auto* item : named_) {
      if (gate_table != nullptr && gate_table->find(item->as_string()) != nullptr) continue;
      const auto nearest = text::nearest(item->as_string(), names);
      errors_.take(Result<void>(at(document_, item->span, "config.unknown-gate",
                                   format("there is no gate named {}", item->as_string()),
                                   nearest ? format("Did you mean {}?", *nearest) : std::string())));
    }
    check_cycles();
  }

  void check_cycles() {
    // Removes gates whose needs are all removed; what stays is in a cycle (or behind one).
    std::vector<const GateConfig*> left;
    for (const auto& gate : config_.gates) left.push_back(&gate);
    for (bool removed = true; removed;) {
      removed = std::erase_if(left, [&](const GateConfig* gate) {
                  return std::ranges::none_of(gate->common.needs, [&](const std::string& need) {
                    return std::ranges::any_of(left, [&](const GateConfig* other) { return other->name == need; });
                  });
                }) != 0;
    }
    if (!left.empty())
      errors_.add({ErrorKind::config,
                   "config.cycle",
                   format("the gate {} needs itself, by way of others", left[0]->name),
                   left[0]->place,
                   {},
                   "Remove one of the needs."});
  }

  doc::Document& document_;
  const Registry& registry_;
  Config config_;
  Errors errors_;
  std::vector<const doc::Value*> named_;
};

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& file, const Registry& registry) {
  doc::ReadOptions options;
  options.file = file;
  auto root = doc::parse_toml(text, options);
  if (!root) {
    root.error().kind = ErrorKind::config;
    return std::unexpected(std::move(root).error());
  }
  doc::Document document{file, std::string(text), *std::move(root)};
  return Parser(document, registry).parse();
}

Result<void> assign_fields(const std::vector<Field>& fields, void* request, const doc::Value& object,
                           const doc::Document& document) {
  Errors errors;
  assign_members(fields, request, object, document, nullptr, errors);
  if (errors.first()) return std::unexpected(std::move(*errors.first()));
  return {};
}

namespace {

doc::Value field_schema(const Field& field) {
  doc::Value schema = doc::Value::object();
  std::string description(field.help);
  if (!field.fallback.empty()) description += format(" (default {})", field.fallback);
  schema.set("description", doc::Value(description));
  doc::Value choices;
  for (const auto choice : field.choices) choices.push(doc::Value(choice));
  switch (field.type) {
    case FieldType::flag:
      schema.set("type", doc::Value("boolean"));
      break;
    case FieldType::integer:
      schema.set("type", doc::Value("integer"));
      break;
    case FieldType::real:
      schema.set("type", doc::Value("number"));
      break;
    case FieldType::list:
    case FieldType::paths: {
      doc::Value item = doc::Value::object();
      item.set("type", doc::Value("string"));
      if (!choices.is_null()) item.set("enum", choices);
      doc::Value array = doc::Value::object();
      array.set("type", doc::Value("array")).set("items", item);
      doc::Value either;
      either.push(item).push(array);
      schema.set("oneOf", either);
      return schema;
    }
    default:
      schema.set("type", doc::Value("string"));
      if (!choices.is_null()) schema.set("enum", choices);
  }
  if (field.minimum) schema.set("minimum", doc::Value(*field.minimum));
  if (field.maximum) schema.set("maximum", doc::Value(*field.maximum));
  return schema;
}

doc::Value table_schema(std::initializer_list<const std::vector<Field>*> lists) {
  doc::Value properties = doc::Value::object();
  for (const auto* fields : lists)
    for (const auto& field : *fields)
      if (field.scope != FieldScope::command_line) properties.set(field.name, field_schema(field));
  doc::Value schema = doc::Value::object();
  schema.set("type", doc::Value("object")).set("properties", properties).set("additionalProperties", doc::Value(false));
  return schema;
}

}  // namespace

doc::Value config_schema(const Registry& registry) {
  // A gate's keys depend on its kind: each kind is an alternative, chosen by `kind` or by the section's name.
  doc::Value gate_properties = doc::Value::object();
  doc::Value named = doc::Value::array();
  for (const auto& operation : registry.operations()) {
    if (!operation.gate) continue;
    auto schema = table_schema({&gate_common_fields(), &operation.fields});
    schema.set("description", doc::Value(operation.summary));
    gate_properties.set(gate_kind(operation), schema);
    doc::Value only = doc::Value::array();
    only.push(doc::Value(gate_kind(operation)));
    doc::Value kind = doc::Value::object();
    kind.set("enum", only);
    auto with_kind = table_schema({&gate_common_fields(), &operation.fields});
    for (auto& member : with_kind.members())
      if (member.name == "properties") member.value.set("kind", kind);
    doc::Value required = doc::Value::array();
    required.push(doc::Value("kind"));
    with_kind.set("required", required);
    named.push(with_kind);
  }
  doc::Value other = doc::Value::object();
  other.set("anyOf", named);
  doc::Value gates = doc::Value::object();
  gates.set("type", doc::Value("object")).set("properties", gate_properties).set("additionalProperties", other);
  doc::Value profiles = doc::Value::object();
  profiles.set("type", doc::Value("object")).set("additionalProperties", table_schema({&profile_fields()}));
  doc::Value properties = doc::Value::object();
  properties.set("workspace", table_schema({&workspace_fields()})).set("gate", gates).set("profile", profiles);
  doc::Value schema = doc::Value::object();
  schema.set("$schema", doc::Value("http://json-schema.org/draft-07/schema#"))
      .set("title", doc::Value("chiron.toml"))
      .set("type", doc::Value("object"))
      .set("properties", properties)
      .set("additionalProperties", doc::Value(false));
  return schema;
}

}  // namespace chiron
