// inspect as OPA shows it: manifest, namespaces, annotations, and what the policies need of an engine.
#include <algorithm>
#include <map>
#include <set>

#include "engines/policy/builtin.h"
#include "engines/policy/builtins/capabilities.h"
#include "engines/policy/bundle/bundle.h"
#include "engines/policy/format/visit.h"
#include "engines/policy/report.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "operations/policy_tool.h"

namespace chiron {

using namespace policy;

namespace {

using Modules = std::vector<std::unique_ptr<ast::Module>>;
// Lines of cells; the first is the head. Where `merge`, a cell that repeats the one above it is left empty.
std::string table(const std::vector<std::vector<std::string>>& lines, bool merge) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string rule = "+";
  for (const std::size_t width : widths) rule += std::string(width + 2, '-') + "+";
  rule += "\n";
  std::string out = rule;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    out += "|";
    for (std::size_t i = 0; i < widths.size(); ++i) {
      std::string cell = lines[at][i];
      if (merge && at > 1 && cell == lines[at - 1][i]) cell.clear();
      const std::size_t space = widths[i] - cell.size();
      const std::size_t before = at == 0 ? space / 2 : 0;  // heads stand in the middle
      out += " " + std::string(before, ' ') + cell + std::string(space - before, ' ') + " |";
    }
    out += "\n";
    if (at == 0) out += rule;
  }
  return out + rule;
}

std::string package_of(const ast::Module& module) { return ast::to_string(*module.package); }

// Where annotations stand, and what they speak of.
struct Note {
  const ast::Module* module = nullptr;
  const ast::Annotations* annotations = nullptr;
  const ast::Rule* rule = nullptr;  // null for a package
  [[nodiscard]] std::uint32_t begin() const {
    return rule != nullptr ? rule->location.begin : module->package_location.begin;
  }
  [[nodiscard]] std::string path() const {
    return package_of(*module) + (rule != nullptr ? "." + ast::to_string(*rule->head.reference) : "");
  }
};

std::vector<Note> notes_of(const Modules& modules) {
  std::vector<Note> notes;
  for (const auto& module : modules) {
    for (const auto& annotations : module->annotations) {
      Note note{module.get(), annotations.get(), nullptr};
      for (const ast::Rule* rule : module->rules) {
        if (std::find(rule->annotations.begin(), rule->annotations.end(), annotations.get()) != rule->annotations.end())
          note.rule = rule;
      }
      notes.push_back(note);
    }
  }
  std::stable_sort(notes.begin(), notes.end(), [](const Note& a, const Note& b) { return a.path() < b.path(); });
  return notes;
}

doc::Value path_document(const Note& note) {
  doc::Value list = doc::Value::array();
  auto add = [&](std::string_view type, doc::Value value) {
    list.push(doc::Value::object().set("type", doc::Value(type)).set("value", std::move(value)));
  };
  add("var", doc::Value("data"));
  for (const ast::Term* part : note.module->package->items.subspan(1)) add("string", doc::Value(part->text));
  if (note.rule == nullptr) return list;
  const ast::Term& name = *note.rule->head.reference;
  if (name.kind == ast::TermKind::var) {
    add("string", doc::Value(name.text));
    return list;
  }
  for (std::size_t i = 0; i < name.items.size(); ++i) {
    const ast::Term& part = *name.items[i];
    if (i > 0 && part.constant.defined())
      add(to_string(part.constant.kind()), to_document(part.constant));
    else
      add(i == 0 ? "string" : "var", doc::Value(part.text));
  }
  return list;
}

doc::Value annotations_document(const std::vector<Note>& notes) {
  doc::Value list = doc::Value::array();
  for (const Note& note : notes) {
    doc::Value location = doc::Value::object();
    location.set("file", doc::Value(note.module->file));
    location.set("row", doc::Value(static_cast<std::int64_t>(note.module->row(note.begin()))));
    location.set("col", doc::Value(static_cast<std::int64_t>(note.module->column(note.begin()))));
    doc::Value each = doc::Value::object();
    each.set("annotations", note.annotations->value);
    each.set("location", std::move(location));
    each.set("path", path_document(note));
    list.push(std::move(each));
  }
  return list;
}

std::string annotations_text(const std::vector<Note>& notes) {
  std::string out = "ANNOTATIONS:\n";
  for (const Note& note : notes) {
    const doc::Value& value = note.annotations->value;
    std::string title(value.string_or("title", ""));
    if (title.empty()) title = note.path();
    out += title + "\n" + std::string(title.size(), '=') + "\n\n";
    if (const auto text = value.string_or("description", ""); !text.empty()) out += std::string(text) + "\n\n";
    out += "Package:  " + package_of(*note.module).substr(5) + "\n";
    if (note.rule != nullptr) out += "Rule:     " + ast::to_string(*note.rule->head.reference) + "\n";
    out += "Location: " + note.module->file + ":" + std::to_string(note.module->row(note.begin())) + "\n";
    out += "Scope: " + std::string(ast::to_string(note.annotations->scope)) + "\n";
    if (note.annotations->entrypoint) out += "Entrypoint: true\n";
    out += "\n";
    auto section = [&](std::string_view head, std::string_view name, auto&& line) {
      const doc::Value* list = value.find(name);
      if (list == nullptr) return;
      out += std::string(head) + ":\n";
      if (list->is_array())
        for (const doc::Value& each : list->items()) out += " " + line(each) + "\n";
      if (list->is_object())
        for (const doc::Member& each : list->members())
          out += " " + each.name + ": " + doc::write_json(each.value) + "\n";
      out += "\n";
    };
    auto plain = [](const doc::Value& each) {
      return each.is_string() ? std::string(each.as_string()) : doc::write_json(each);
    };
    section("Organizations", "organizations", plain);
    section("Authors", "authors", [](const doc::Value& each) {
      std::string text(each.string_or("name", ""));
      if (const auto mail = each.string_or("email", ""); !mail.empty())
        text += (text.empty() ? "<" : " <") + std::string(mail) + ">";
      return text;
    });
    section("Related Resources", "related_resources", [](const doc::Value& each) {
      std::string text(each.string_or("ref", ""));
      if (const auto about = each.string_or("description", ""); !about.empty()) text += " " + std::string(about);
      return text;
    });
    if (!note.annotations->schemas.empty()) {
      out += "Schemas:\n";
      for (const auto& schema : note.annotations->schemas) {
        out += " " + text::join(schema.path, ".") + ": " +
               (schema.schema.empty() ? doc::write_json(schema.definition) : text::join(schema.schema, ".")) + "\n";
      }
      out += "\n";
    }
    section("Custom", "custom", plain);
  }
  return out;
}

// The built-in functions and features that the modules use.
doc::Value needs_of(const Modules& modules, RegoVersion version) {
  std::set<std::string, std::less<>> used{"eq"};
  std::set<std::string> keywords;
  bool v1 = false;
  for (const auto& module : modules) {
    v1 = v1 || module->version == RegoVersion::v1 || module->imports_rego_v1;
    format::visit_calls(*module, [&](const ast::Term& call, ast::Location) {
      const ast::Term& name = *call.items[0];
      const std::string text = ast::to_string(name);
      if (text != "assign" && find_builtin(text) != nullptr) used.insert(text);
    });
    for (const ast::Import* import : module->imports) {
      const auto path = import->path->items;
      if (path.size() == 3 && path[0]->text == "future" && path[1]->text == "keywords") keywords.emplace(path[2]->text);
    }
  }
  const doc::Value all = capabilities(version);
  doc::Value builtins = doc::Value::array();
  for (const doc::Value& each : all.find("builtins")->items()) {
    if (used.contains(each.string_or("name", ""))) builtins.push(each);
  }
  doc::Value out = doc::Value::object();
  out.set("builtins", std::move(builtins));
  if (!keywords.empty()) {
    doc::Value list = doc::Value::array();
    for (const std::string& keyword : keywords) list.push(doc::Value(keyword));
    out.set("future_keywords", std::move(list));
  }
  if (v1) out.set("features", doc::Value::array().push(doc::Value("rego_v1")));
  return out;
}

std::string manifest_text(const BundleManifest& manifest) {
  std::vector<std::vector<std::string>> lines{{"FIELD", "VALUE"}};
  if (manifest.rego_version) lines.push_back({"Rego Version", std::to_string(*manifest.rego_version)});
  if (!manifest.revision.empty()) lines.push_back({"Revision", manifest.revision});
  std::vector<std::string> roots = manifest.roots;
  std::sort(roots.begin(), roots.end());
  for (std::size_t i = 0; manifest.roots_given && i < roots.size(); ++i)
    lines.push_back({i == 0 ? "Roots" : "", roots[i]});
  if (manifest.metadata.is_object()) lines.push_back({"Metadata", doc::write_json(manifest.metadata)});
  return lines.size() == 1 ? std::string() : "MANIFEST:\n" + table(lines, false);
}

}  // namespace

PolicyToolResult policy_inspect(const PolicyInspectRequest& request) {
  const std::string& path = request.path;
  auto error = [](const std::string& message) { return PolicyToolResult{"", "error: " + message + "\n", 1}; };
  if (!io::exists(path)) return error("error reading \"" + path + "\": stat " + path + ": no such file or directory");
  Bundle bundle;
  const bool folder = io::is_folder(path);
  if (!folder && path.ends_with(".rego")) {
    auto text = io::read_file(path);
    if (!text) return error(text.error().message);
    bundle.modules.push_back({path, std::move(*text)});
  } else {
    auto archive = folder ? Result<std::string>() : io::read_file(path, bundle_limits::kArchiveBytes);
    if (!archive) return error(archive.error().message);
    auto read = folder ? read_bundle_folder(path) : read_bundle(*archive);
    if (!read) return error("bundle " + path + ": " + read.error().message);
    bundle = std::move(*read);
    auto named = [&](std::vector<BundleMember>& members) {
      for (BundleMember& member : members) member.path = folder ? io::join_path(path, member.path) : "/" + member.path;
    };
    named(bundle.modules);
    named(bundle.data_files);
  }
  ParseOptions parse;
  if (request.v0_compatible || bundle.manifest.rego_version.value_or(1) == 0) parse.version = RegoVersion::v0;
  Modules modules;
  std::map<std::string, std::vector<std::string>> spaces;
  for (BundleMember& member : bundle.modules) {
    auto module = parse_module(member.path, std::move(member.bytes), parse);
    if (!module) return error(to_string(module.error()));
    spaces[package_of(**module)].push_back(member.path);
    modules.push_back(std::move(*module));
  }
  const std::string base = folder ? io::join_path(path, "") : "/";
  for (const BundleMember& member : bundle.data_files) {
    std::string_view below =
        io::parent_path(std::string_view(member.path).substr(std::min(base.size(), member.path.size())));
    std::string space = "data";
    for (const std::string_view part : text::split(below, '/')) {
      if (part.empty()) continue;
      space += ast::is_plain_name(part) ? "." + std::string(part) : "[\"" + std::string(part) + "\"]";
    }
    spaces[space].push_back(member.path);
  }
  const std::vector<Note> notes = request.annotations ? notes_of(modules) : std::vector<Note>();
  if (request.format == "json") {
    doc::Value out = doc::Value::object();
    out.set("manifest", write_manifest(bundle.manifest));
    out.set("signatures_config", doc::Value::object());
    doc::Value namespaces = doc::Value::object();
    for (const auto& [name, files] : spaces) {
      doc::Value list = doc::Value::array();
      for (const std::string& file : files) list.push(doc::Value(file));
      namespaces.set(name, std::move(list));
    }
    out.set("namespaces", std::move(namespaces));
    if (!notes.empty()) out.set("annotations", annotations_document(notes));
    out.set("capabilities", needs_of(modules, parse.version));
    return {pretty_json(out), "", 0};
  }
  if (request.format != "pretty") return error("invalid output format: " + request.format);
  std::string out = manifest_text(bundle.manifest);
  std::vector<std::vector<std::string>> lines{{"NAMESPACE", "FILE"}};
  for (const auto& [name, files] : spaces) {
    for (const std::string& file : files) lines.push_back({name, file});
  }
  if (lines.size() > 1) out += "NAMESPACES:\n" + table(lines, true);
  if (!notes.empty()) out += annotations_text(notes);
  return {out, "", 0};
}

}  // namespace chiron
