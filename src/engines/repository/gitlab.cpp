// Pipelines of GitLab CI.
#include <algorithm>
#include <array>

#include "engines/repository/workflows.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::repository {

namespace {

// Names at the top that are no jobs.
constexpr std::array<std::string_view, 12> kReserved = {"stages",        "variables",    "workflow", "include",
                                                        "default",       "image",        "services", "cache",
                                                        "before_script", "after_script", "spec",     "types"};

doc::Value text_or_null(const doc::Value* value) {
  auto text = text_of(value);
  return text.empty() ? doc::Value() : doc::Value(std::move(text));
}

// Lines of scripts, also of lists in lists (anchors and !reference are put in so).
void add_lines(const File& file, const doc::Value* script, std::string_view section, doc::Value& steps) {
  if (script == nullptr) return;
  std::vector<const doc::Value*> open{script};
  while (!open.empty()) {
    const auto* value = open.back();
    open.pop_back();
    if (value->is_array()) {
      for (auto item = value->items().rbegin(); item != value->items().rend(); ++item) open.push_back(&*item);
      continue;
    }
    const auto text = text_of(value);
    if (text.empty()) continue;
    doc::Value step = doc::Value::object();
    step.set("index", doc::Value(steps.items().size()));
    step.set("label", doc::Value(text::trim(text.substr(0, text.find('\n')))));
    step.set("section", doc::Value(section));
    step.set("uses", doc::Value());
    step.set("run", doc::Value(text));
    step.set("place", file.place(value->span));
    steps.push(std::move(step));
  }
}

void add_image(const File& file, const doc::Value* image, doc::Value& images) {
  if (image == nullptr) return;
  if (auto described = describe_image(file, *image); !described.is_null()) images.push(std::move(described));
}

// `rules: [{if: …}]`, `only: [tags]`: what a job waits for, as texts.
doc::Value conditions_of(const doc::Value& job) {
  doc::Value list = doc::Value::array();
  for (const auto& rule : items_of(job.find("rules")))
    if (const auto text = text_of(rule.find("if")); !text.empty()) list.push(doc::Value(text));
  const auto* only = job.find("only");
  if (only != nullptr && only->is_object()) only = only->find("refs");
  for (const auto& name : list_of(only).items()) list.push(doc::Value("only " + name.as_string()));
  return list;
}

doc::Value describe_job(const File& file, const doc::Member& member) {
  const auto& job = member.value;
  doc::Value needs = doc::Value::array();
  for (const auto& need : items_of(job.find("needs"))) {
    const auto name = need.is_object() ? text_of(need.find("job")) : text_of(&need);
    if (!name.empty()) needs.push(doc::Value(name));
  }
  const auto* environment = job.find("environment");
  if (environment != nullptr && environment->is_object()) environment = environment->find("name");
  doc::Value images = doc::Value::array();
  add_image(file, job.find("image"), images);
  for (const auto& service : items_of(job.find("services"))) add_image(file, &service, images);
  doc::Value steps = doc::Value::array();
  for (const char* section : {"before_script", "script", "after_script"})
    add_lines(file, job.find(section), section, steps);
  doc::Value out = doc::Value::object();
  out.set("id", doc::Value(member.name));
  out.set("name", doc::Value(member.name));
  out.set("stage", text_or_null(job.find("stage")));
  out.set("hidden", doc::Value(member.name.starts_with('.')));
  out.set("extends", list_of(job.find("extends")));
  out.set("needs", std::move(needs));
  out.set("conditions", conditions_of(job));
  out.set("environment", text_or_null(environment));
  out.set("permissions", doc::Value());
  out.set("uses", doc::Value());
  out.set("release", doc::Value(job.find("release") != nullptr));
  out.set("images", std::move(images));
  out.set("steps", std::move(steps));
  out.set("place", file.place(member.name_span));
  return out;
}

// A text alone is a file of this repository, or an address.
doc::Value describe_include(const File& file, const doc::Value& include) {
  std::string_view kind = "local";
  std::string text, ref, path;
  bool pinned = true;
  if (include.is_object()) {
    for (const char* name : {"local", "remote", "template", "project", "component", "artifact"})
      if (const auto* found = include.find(name)) {
        kind = name;
        text = text_of(found);
        break;
      }
    ref = text_of(include.find("ref"));
    if (const auto* files = include.find("file")) path = files->is_string() ? files->as_string() : std::string();
  } else {
    text = text_of(&include);
    if (text.starts_with("http://") || text.starts_with("https://")) kind = "remote";
  }
  if (kind == "component") {
    const auto mark = text.rfind('@');
    ref = mark == std::string::npos ? std::string() : text.substr(mark + 1);
  }
  if (kind == "project" || kind == "component") pinned = is_commit(ref);
  if (kind == "remote") pinned = include.find("integrity") != nullptr;
  if (kind == "local") {
    path = text;
    while (path.starts_with('/')) path.erase(0, 1);
  }
  doc::Value out = doc::Value::object();
  out.set("text", doc::Value(text));
  out.set("kind", doc::Value(kind));
  out.set("path", path.empty() ? doc::Value() : doc::Value(path));
  out.set("ref", ref.empty() ? doc::Value() : doc::Value(ref));
  out.set("pinned", doc::Value(pinned));
  out.set("place", file.place(include.span));
  return out;
}

}  // namespace

Result<std::vector<doc::Member>> read_gitlab_pipeline(const File& file) {
  // A component's description (spec) may stand in a document of its own before the pipeline.
  doc::ReadOptions options;
  options.file = file.path();
  options.allow_duplicate_keys = true;
  auto documents = TRY(doc::parse_yaml_all(file.text(), options));
  if (documents.empty() || !documents.back().is_object())
    return fail(ErrorKind::input, "context.workflow", "a pipeline is a mapping of jobs");
  const auto& root = documents.back();
  std::vector<doc::Member> members;
  const auto add = [&](std::string_view name, doc::Value value) {
    members.push_back({std::string(name), {}, std::move(value)});
  };
  doc::Value includes = doc::Value::array();
  const auto* include = root.find("include");
  if (include != nullptr && !include->is_array()) {
    includes.push(describe_include(file, *include));
  } else {
    for (const auto& item : items_of(include)) includes.push(describe_include(file, item));
  }
  doc::Value images = doc::Value::array();
  add_image(file, root.find("image"), images);
  if (const auto* fallback = root.find("default")) add_image(file, fallback->find("image"), images);
  doc::Value jobs = doc::Value::array();
  for (const auto& member : members_of(&root))
    if (member.value.is_object() && std::ranges::find(kReserved, member.name) == kReserved.end())
      jobs.push(describe_job(file, member));
  add("system", doc::Value("gitlab"));
  add("name", doc::Value(io::file_name(file.path())));
  add("triggers", doc::Value::array());
  add("permissions", doc::Value());
  add("stages", list_of(root.find("stages")));
  add("images", std::move(images));
  add("jobs", std::move(jobs));
  add("includes", std::move(includes));
  return members;
}

}  // namespace chiron::repository
