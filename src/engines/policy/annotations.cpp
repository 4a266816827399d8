// METADATA blocks: YAML in comments, attached to the statement that follows; and what rego.metadata.* says of them.
#include <algorithm>

#include "engines/policy/compiler.h"
#include "engines/policy/parser.h"
#include "foundation/base/text.h"
#include "foundation/doc/yaml.h"

namespace chiron::policy {

using ast::Annotations;
using ast::AnnotationScope;

namespace {

void report(const ast::Module& module, PolicyErrors& errors, ast::Location location, std::string message) {
  PolicyError error;
  error.code = "rego_parse_error";
  error.message = std::move(message);
  error.file = module.file;
  error.row = module.row(location.begin);
  error.column = module.column(location.begin);
  errors.push_back(std::move(error));
}

std::vector<std::string> dotted(std::string_view text) {
  std::vector<std::string> parts;
  for (const std::string_view part : text::split(text, '.')) parts.emplace_back(part);
  return parts;
}

// "Name <mail>" or an object of both.
doc::Value author(const doc::Value& given) {
  if (!given.is_string()) return given;
  const std::string& text = given.as_string();
  doc::Value out = doc::Value::object();
  const std::size_t open = text.find('<'), close = text.rfind('>');
  if (open != std::string::npos && close != std::string::npos && close > open) {
    const std::string_view name = text::trim(std::string_view(text).substr(0, open));
    if (!name.empty()) out.set("name", doc::Value(name));
    out.set("email", doc::Value(text.substr(open + 1, close - open - 1)));
  } else {
    out.set("name", doc::Value(text::trim(text)));
  }
  return out;
}

bool normalise(const doc::Value& yaml, Annotations& out, std::string& problem) {
  doc::Value result = doc::Value::object();
  if (!yaml.is_object()) {
    problem = "expected METADATA block, found whitespace";
    return false;
  }
  const std::string_view scope = yaml.string_or("scope", "");
  if (!scope.empty()) {
    out.scope_given = true;
    if (scope == "package")
      out.scope = AnnotationScope::package;
    else if (scope == "subpackages")
      out.scope = AnnotationScope::subpackages;
    else if (scope == "rule")
      out.scope = AnnotationScope::rule;
    else if (scope == "document")
      out.scope = AnnotationScope::document;
    else {
      problem = "invalid annotation scope '" + std::string(scope) + "'. Use one of [package subpackages rule document]";
      return false;
    }
  }
  out.entrypoint = yaml.boolean_or("entrypoint", false);
  if (out.entrypoint && !out.scope_given) out.scope = AnnotationScope::document;
  for (const char* name : {"title", "description", "organizations", "related_resources", "authors", "custom"}) {
    const doc::Value* found = yaml.find(name);
    if (found == nullptr || found->is_null()) continue;
    const std::string_view key = name;
    if (key == "related_resources" && found->is_array()) {
      doc::Value list = doc::Value::array();
      for (const doc::Value& each : found->items()) {
        if (each.is_string())
          list.push(doc::Value::object().set("ref", each));
        else
          list.push(each);
      }
      result.set(name, std::move(list));
    } else if (key == "authors" && found->is_array()) {
      doc::Value list = doc::Value::array();
      for (const doc::Value& each : found->items()) list.push(author(each));
      result.set(name, std::move(list));
    } else {
      result.set(name, *found);
    }
  }
  if (out.entrypoint) result.set("entrypoint", doc::Value(true));
  if (const doc::Value* schemas = yaml.find("schemas"); schemas != nullptr && schemas->is_array()) {
    doc::Value list = doc::Value::array();
    for (const doc::Value& each : schemas->items()) {
      if (!each.is_object()) continue;
      for (const doc::Member& member : each.members()) {
        Annotations::Schema schema;
        schema.path = dotted(member.name);
        doc::Value entry = doc::Value::object();
        doc::Value path = doc::Value::array();
        for (const std::string& step : schema.path) path.push(doc::Value(step));
        entry.set("path", std::move(path));
        if (member.value.is_string()) {
          schema.schema = dotted(member.value.as_string());
          doc::Value reference = doc::Value::array();
          for (const std::string& step : schema.schema) reference.push(doc::Value(step));
          entry.set("schema", std::move(reference));
        } else {
          schema.definition = member.value;
          entry.set("definition", member.value);
        }
        list.push(std::move(entry));
        out.schemas.push_back(std::move(schema));
      }
    }
    result.set("schemas", std::move(list));
  }
  out.value = std::move(result);
  return true;
}

}  // namespace

void read_annotations(ast::Module& module, PolicyErrors& errors) {
  const auto& comments = module.comments;
  for (std::size_t i = 0; i < comments.size(); ++i) {
    if (text::trim(comments[i].text) != "METADATA") continue;
    std::string yaml;
    std::size_t last = i;
    while (last + 1 < comments.size() &&
           module.row(comments[last + 1].location.begin) == module.row(comments[last].location.begin) + 1 &&
           text::trim(comments[last + 1].text) != "METADATA") {
      yaml += std::string(comments[++last].text) + "\n";
    }
    auto made = std::make_unique<Annotations>();
    made->location = {comments[i].location.begin, comments[last].location.end};
    made->row = module.row(comments[i].location.begin);
    made->end_row = module.row(comments[last].location.begin);
    if (text::trim(yaml).empty()) {
      report(module, errors, comments[i].location, "expected METADATA block, found whitespace");
      return;
    }
    const auto parsed = doc::parse_yaml(yaml);
    if (!parsed) {
      report(module, errors, comments[i].location, "yaml: " + parsed.error().message);
      return;
    }
    // What follows the block is what it speaks of.
    const std::uint32_t end = made->location.end;
    const bool package = module.package_location.begin > end;
    if (package) made->scope = AnnotationScope::package;
    std::string problem;
    if (!normalise(*parsed, *made, problem)) {
      report(module, errors, comments[i].location, problem);
      return;
    }
    made->value.set("scope", doc::Value(ast::to_string(made->scope)));
    const Annotations* kept = made.get();
    module.annotations.push_back(std::move(made));
    i = last;
    if (package) continue;
    ast::Rule* next = nullptr;
    for (ast::Rule* rule : module.rules) {
      if (rule->location.begin > end) {
        next = rule;
        break;
      }
    }
    if (next == nullptr) {
      if (kept->scope == AnnotationScope::rule || kept->scope == AnnotationScope::document) {
        report(module, errors, comments[kept == nullptr ? 0 : i].location,
               "annotation scope '" + std::string(ast::to_string(kept->scope)) + "' must be applied to rule");
        return;
      }
      continue;
    }
    std::vector<const Annotations*> all(next->annotations.begin(), next->annotations.end());
    all.push_back(kept);
    next->annotations = module.make_list<const Annotations*>(all);
  }
}

Value metadata_value(Program& program, const ast::Rule* rule, bool chain) {
  if (rule == nullptr) return {};
  Store& store = program.store;
  auto package_path = [&](const ast::Module& module) {
    std::vector<Value> path;
    for (const ast::Term* part : module.package->items.subspan(1)) path.push_back(part->constant);
    return path;
  };
  auto rule_path = [&](const ast::Rule& each) {
    std::vector<Value> path = package_path(*each.module);
    const ast::Term& reference = *each.head.reference;
    if (reference.kind == ast::TermKind::var) {
      path.push_back(store.intern(reference.text));
    } else {
      path.push_back(store.intern(reference.items[0]->text));
      for (const ast::Term* part : reference.items.subspan(1)) {
        if (!part->constant.defined()) break;
        path.push_back(part->constant);
      }
    }
    return path;
  };
  const Value annotations_key = store.intern("annotations"), path_key = store.intern("path");
  const std::vector<Value> own = rule_path(*rule);
  auto entry = [&](const std::vector<Value>& path, const Annotations* annotations) {
    const Value where = store.array(path);
    if (annotations == nullptr) return store.object({Member{path_key, where}});
    return store.object({Member{annotations_key, store.from_document(annotations->value)}, Member{path_key, where}});
  };
  const Annotations* of_rule = nullptr;
  for (const Annotations* each : rule->annotations) {
    if (each->scope == AnnotationScope::rule) of_rule = each;
  }
  if (!chain) return of_rule == nullptr ? store.object({}) : store.from_document(of_rule->value);
  std::vector<Value> links{entry(own, of_rule)};
  for (const ast::Module* module : program.modules) {
    for (const ast::Rule* each : module->rules) {
      for (const Annotations* annotations : each->annotations) {
        if (annotations->scope == AnnotationScope::document && rule_path(*each) == own)
          links.push_back(entry(own, annotations));
      }
    }
  }
  const std::vector<Value> package = package_path(*rule->module);
  for (const ast::Module* module : program.modules) {
    if (package_path(*module) != package) continue;
    for (const auto& annotations : module->annotations) {
      if (annotations->scope == AnnotationScope::package) links.push_back(entry(package, annotations.get()));
    }
  }
  for (std::size_t length = package.size(); length > 0; --length) {
    const std::vector<Value> above(package.begin(), package.begin() + static_cast<std::ptrdiff_t>(length));
    for (const ast::Module* module : program.modules) {
      if (package_path(*module) != above) continue;
      for (const auto& annotations : module->annotations) {
        if (annotations->scope == AnnotationScope::subpackages) links.push_back(entry(above, annotations.get()));
      }
    }
  }
  return store.array(links);
}

}  // namespace chiron::policy
