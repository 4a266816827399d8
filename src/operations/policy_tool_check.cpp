// check, parse, deps: what can be said of policies without evaluating them.
#include <algorithm>
#include <map>

#include "engines/policy/loader.h"
#include "engines/policy/report.h"
#include "engines/policy/types.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "operations/policy_tool.h"

namespace chiron {

using namespace policy;

namespace {

std::string loading_text(const PolicyErrors& errors) {
  std::string text = to_string(errors);
  const std::size_t at = text.find(" occurred:");
  if (at != std::string::npos) text.replace(at, 10, " occurred during loading:");
  return text;
}

PolicyToolResult usage(std::string message) { return {"", "Error: " + std::move(message) + "\n", 1}; }

}  // namespace

PolicyToolResult policy_check(const PolicyCheckRequest& request) {
  if (request.paths.empty()) return usage("specify at least one file");
  if (request.format != "pretty" && request.format != "json") {
    return usage("invalid argument \"" + request.format + "\" for \"-f, --format\" flag: must be one of {pretty,json}");
  }
  const bool json = request.format == "json";
  PolicyOptions options;
  options.version = request.v0_compatible ? RegoVersion::v0 : RegoVersion::v1;
  options.compile.strict = request.strict;
  options.compile.max_errors = static_cast<std::size_t>(std::max<std::int64_t>(0, request.max_errors));
  if (!request.capabilities.empty()) {
    auto text = io::read_file(request.capabilities);
    if (!text) return {"", "Error: open " + request.capabilities + ": no such file or directory\n", 1};
    auto parsed = doc::parse_json(*text);
    if (!parsed) return {"", to_string(parsed.error()) + "\n", 1};
    const doc::Value* list = parsed->find("builtins");
    options.compile.allowed_builtins.emplace_back("eq");
    if (list != nullptr && list->is_array()) {
      for (const doc::Value& each : list->items())
        options.compile.allowed_builtins.emplace_back(each.string_or("name", ""));
    }
  }
  SchemaSet schemas;
  if (!request.schema.empty()) {
    auto loaded = load_schemas(request.schema);
    if (!loaded) return {"", "Error: " + to_string(loaded.error()) + "\n", 1};
    schemas = std::move(*loaded);
    options.compile.schemas = &schemas;
  }
  Policy policy(options);
  LoadOptions load;
  load.ignore = request.ignore;
  load.bundle = request.bundle;
  load.skip_data = !request.bundle;
  const LoadProblem problem = load_paths(policy, request.paths, load);
  if (!problem.errors.empty()) {
    return {"", json ? pretty_json(errors_document(problem.errors)) : loading_text(problem.errors) + "\n", 1};
  }
  if (!problem.message.empty()) {
    if (!json) return {"", "1 error occurred during loading: " + problem.message + "\n", 1};
    PolicyError error;
    error.message = problem.message;
    return {"", pretty_json(errors_document({error})), 1};
  }
  const PolicyErrors errors = policy.compile();
  if (errors.empty()) return {};
  return {"", json ? pretty_json(errors_document(errors)) : to_string(errors) + "\n", 1};
}

PolicyToolResult policy_parse(const PolicyParseRequest& request) {
  if (request.paths.empty()) return usage("no source file specified");
  const std::string& path = request.paths[0];
  auto text = io::read_file(path);
  if (!text) {
    PolicyError error;
    error.message = "open " + path + ": no such file or directory";
    return {"", pretty_json(errors_document({error})), 1};
  }
  ParseOptions parse;
  parse.version = request.v0_compatible ? RegoVersion::v0 : RegoVersion::v1;
  auto module = parse_module(path, std::move(*text), parse);
  if (!module) return {"", pretty_json(errors_document(module.error())), 1};
  if (request.format == "json") {
    AstJsonOptions options;
    options.comments = request.json_include.find("-comments") == std::string::npos;
    options.locations = request.json_include.find("locations") != std::string::npos &&
                        request.json_include.find("-locations") == std::string::npos;
    return {pretty_json(module_document(**module, options)), "", 0};
  }
  if (request.format != "pretty") return usage("invalid format: " + request.format + " (must be pretty or json)");
  return {module_outline(**module), "", 0};
}

// ---- deps ---------------------------------------------------------------------------------------------------------

namespace {

// Follows every reference of a rule's syntax tree through the compiled tree of documents.
struct DependencyWalk {
  Policy& policy;
  std::map<std::vector<std::string>, doc::Value> base, documents;
  std::vector<const Leaf*> pending;
  std::vector<char> seen;

  static doc::Value part(std::string_view type, Value value) {
    doc::Value out = doc::Value::object();
    out.set("type", doc::Value(type));
    out.set("value", to_document(value));
    return out;
  }
  void add(std::map<std::vector<std::string>, doc::Value>& to, std::string_view root, std::span<const Value> path) {
    std::vector<std::string> key{std::string(root)};
    doc::Value list = doc::Value::array();
    doc::Value head = doc::Value::object();
    head.set("type", doc::Value("var"));
    head.set("value", doc::Value(root));
    list.push(std::move(head));
    for (const Value step : path) {
      key.push_back(to_rego(step));
      list.push(part(to_string(step.kind()), step));
    }
    to.emplace(std::move(key), std::move(list));
  }
  void reach(const Leaf* leaf) {
    if (seen.size() <= leaf->number) seen.resize(leaf->number + 1, 0);
    if (seen[leaf->number]) return;
    seen[leaf->number] = 1;
    pending.push_back(leaf);
    add(documents, "data", leaf->node->path);
  }
};

}  // namespace

PolicyToolResult policy_deps(const PolicyDepsRequest& request) {
  if (request.query.size() != 1) return usage("specify exactly one query argument");
  PolicyOptions options;
  options.version = request.v0_compatible ? RegoVersion::v0 : RegoVersion::v1;
  options.compile.keep_references = true;
  Policy policy(options);
  LoadOptions load;
  load.ignore = request.ignore;
  LoadProblem problem = load_paths(policy, request.data, load);
  if (!problem.failed()) {
    load.bundle = true;
    problem = load_paths(policy, request.bundles, load);
  }
  if (!problem.errors.empty()) return {"", to_string(problem.errors) + "\n", 1};
  if (!problem.message.empty()) return {"", "1 error occurred during loading: " + problem.message + "\n", 1};
  if (const PolicyErrors errors = policy.compile(); !errors.empty()) return {"", to_string(errors) + "\n", 1};
  auto prepared = policy.prepare(request.query[0]);
  if (!prepared) return {"", to_string(prepared.error()) + "\n", 1};

  DependencyWalk walk{policy, {}, {}, {}, {}};
  const Program& program = policy.program();
  auto references = [&](const std::vector<References::Reference>& list) {
    for (const auto& reference : list) {
      if (reference.leaves.empty()) {
        if (!reference.is_call) walk.add(walk.base, reference.root_input ? "input" : "data", reference.path);
      }
      for (const Leaf* leaf : reference.leaves) walk.reach(leaf);
    }
  };
  references((*prepared)->query.references.list);
  while (!walk.pending.empty()) {
    const Leaf* leaf = walk.pending.back();
    walk.pending.pop_back();
    const auto found = program.references.find(leaf);
    if (found != program.references.end()) references(found->second.list);
  }
  auto listed = [](const std::map<std::vector<std::string>, doc::Value>& from) {
    doc::Value list = doc::Value::array();
    // A document below another that is listed already says nothing new.
    const std::vector<std::string>* last = nullptr;
    for (const auto& [key, value] : from) {
      if (last != nullptr && last->size() <= key.size() && std::equal(last->begin(), last->end(), key.begin()))
        continue;
      last = &key;
      list.push(value);
    }
    return list;
  };
  doc::Value out = doc::Value::object();
  if (!walk.base.empty()) out.set("base", listed(walk.base));
  if (!walk.documents.empty()) out.set("virtual", listed(walk.documents));
  if (request.format == "json") return {pretty_json(out), "", 0};
  std::string text;
  for (const auto& [title, from] : {std::pair<std::string_view, const std::map<std::vector<std::string>, doc::Value>*>{
                                        "BASE DOCUMENTS", &walk.base},
                                    {"VIRTUAL DOCUMENTS", &walk.documents}}) {
    if (from->empty()) continue;
    text += std::string(title) + "\n";
    for (const auto& [key, value] : *from) {
      text += key[0];
      for (std::size_t i = 1; i < key.size(); ++i) {
        const std::string_view quoted = key[i];
        const std::string_view inner = quoted.size() > 1 ? quoted.substr(1, quoted.size() - 2) : quoted;
        text += quoted.starts_with('"') && ast::is_plain_name(inner) ? "." + std::string(inner) : "[" + key[i] + "]";
      }
      text += "\n";
    }
  }
  return {text, "", 0};
}

}  // namespace chiron
