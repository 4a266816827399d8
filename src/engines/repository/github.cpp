// Workflows and composite actions of GitHub Actions.
#include <algorithm>

#include "engines/repository/workflows.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::repository {

namespace {

doc::Value text_or_null(const doc::Value* value) {
  auto text = text_of(value);
  return text.empty() ? doc::Value() : doc::Value(std::move(text));
}

// A mapping of scalars as it is, other values left out: `with`, `env`.
doc::Value scalars_of(const doc::Value* value) {
  std::vector<doc::Member> members;
  for (const auto& member : members_of(value))
    if (!member.value.is_array() && !member.value.is_object())
      members.push_back({member.name, {}, doc::Value(text_of(&member.value))});
  return doc::Value::object(std::move(members));
}

// Null where nothing is declared. `all` is read-all, write-all or none where one word says everything.
doc::Value describe_permissions(const File& file, const doc::Member* declared) {
  if (declared == nullptr) return {};
  doc::Value out = doc::Value::object();
  const auto& value = declared->value;
  const bool empty = value.is_null() || (value.is_object() && value.members().empty());
  out.set("all", value.is_string() ? doc::Value(value.as_string()) : empty ? doc::Value("none") : doc::Value());
  std::vector<doc::Member> scopes;
  doc::Value written = doc::Value::array();
  for (const auto& member : members_of(&value)) {
    doc::Value scope = doc::Value::object();
    scope.set("level", doc::Value(text_of(&member.value)));
    scope.set("place", file.place(member.name_span));
    if (text_of(&member.value) == "write") written.push(doc::Value(member.name));
    scopes.push_back({member.name, {}, std::move(scope)});
  }
  out.set("scopes", doc::Value::object(std::move(scopes)));
  out.set("write", std::move(written));
  out.set("place", file.place(declared->name_span));
  return out;
}

const doc::Member* member_of(const doc::Value& value, std::string_view name) {
  const auto& members = members_of(&value);
  const auto found = std::ranges::find(members, name, &doc::Member::name);
  return found == members.end() ? nullptr : &*found;
}

// `on: push`, `on: [push, release]`, `on: {push: {tags: [v*]}}`.
doc::Value describe_triggers(const File& file, const doc::Value* on) {
  doc::Value list = doc::Value::array();
  const auto add = [&](std::string_view name, const doc::Value* filters, doc::Span span) {
    doc::Value trigger = doc::Value::object();
    trigger.set("name", doc::Value(name));
    for (const char* filter :
         {"branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore", "types", "workflows"})
      if (filters != nullptr)
        if (const auto* found = filters->find(filter)) trigger.set(filter, list_of(found));
    if (name == "schedule") {
      doc::Value times = doc::Value::array();
      for (const auto& item : items_of(filters)) times.push(doc::Value(text_of(item.find("cron"))));
      trigger.set("cron", std::move(times));
    }
    trigger.set("place", file.place(span));
    list.push(std::move(trigger));
  };
  if (on == nullptr) return list;
  if (on->is_string()) add(on->as_string(), nullptr, on->span);
  for (const auto& item : items_of(on))
    if (item.is_string()) add(item.as_string(), nullptr, item.span);
  for (const auto& member : members_of(on)) add(member.name, &member.value, member.name_span);
  return list;
}

doc::Value describe_steps(const File& file, const doc::Value* steps) {
  doc::Value list = doc::Value::array();
  std::int64_t index = 0;
  for (const auto& step : items_of(steps)) {
    doc::Value out = doc::Value::object();
    const auto* uses = step.find("uses");
    const auto* run = step.find("run");
    out.set("index", doc::Value(index++));
    out.set("id", text_or_null(step.find("id")));
    out.set("name", text_or_null(step.find("name")));
    auto label = text_of(step.find("name"));
    if (label.empty()) label = text_of(uses);
    if (label.empty()) label = text::trim(text_of(run).substr(0, text_of(run).find('\n')));
    out.set("label", doc::Value(label));
    out.set("uses", uses != nullptr && uses->is_string() ? describe_uses(file, *uses) : doc::Value());
    out.set("run", text_or_null(run));
    out.set("if", text_or_null(step.find("if")));
    out.set("with", scalars_of(step.find("with")));
    out.set("env", scalars_of(step.find("env")));
    out.set("continue_on_error", doc::Value(text_of(step.find("continue-on-error")) == "true"));
    out.set("place", file.place(step.span));
    list.push(std::move(out));
  }
  return list;
}

doc::Value describe_images(const File& file, const doc::Value& job) {
  doc::Value images = doc::Value::array();
  const auto add = [&](const doc::Value* image) {
    if (image == nullptr) return;
    if (auto described = describe_image(file, *image); !described.is_null()) images.push(std::move(described));
  };
  add(job.find("container"));
  for (const auto& service : members_of(job.find("services"))) add(&service.value);
  return images;
}

doc::Value describe_job(const File& file, const doc::Member& member) {
  const auto& job = member.value;
  const auto* uses = job.find("uses");
  const auto* environment = job.find("environment");
  if (environment != nullptr && environment->is_object()) environment = environment->find("name");
  doc::Value out = doc::Value::object();
  out.set("id", doc::Value(member.name));
  out.set("name", text_or_null(job.find("name")));
  out.set("runs_on", list_of(job.find("runs-on")));
  out.set("needs", list_of(job.find("needs")));
  out.set("if", text_or_null(job.find("if")));
  out.set("environment", text_or_null(environment));
  out.set("permissions", describe_permissions(file, member_of(job, "permissions")));
  out.set("uses", uses != nullptr && uses->is_string() ? describe_uses(file, *uses) : doc::Value());
  out.set("secrets", text_of(job.find("secrets")) == "inherit" ? doc::Value("inherit") : doc::Value());
  out.set("images", describe_images(file, job));
  out.set("steps", describe_steps(file, job.find("steps")));
  out.set("place", file.place(member.name_span));
  return out;
}

}  // namespace

Result<std::vector<doc::Member>> read_github_workflow(const File& file) {
  const auto root = TRY(file.yaml());
  if (!root.is_object() || root.find("jobs") == nullptr || !root.find("jobs")->is_object())
    return fail(ErrorKind::input, "context.workflow", "a workflow has a mapping of jobs");
  // YAML 1.1 reads a bare `on` as true, and some tools write it back so.
  const auto* on = root.find("on");
  if (on == nullptr) on = root.find("true");
  std::vector<doc::Member> members;
  const auto add = [&](std::string_view name, doc::Value value) {
    members.push_back({std::string(name), {}, std::move(value)});
  };
  add("system", doc::Value(file.path().substr(1, file.path().find('/') - 1)));
  add("name", root.find("name") != nullptr ? text_or_null(root.find("name")) : doc::Value(io::file_name(file.path())));
  add("triggers", describe_triggers(file, on));
  add("permissions", describe_permissions(file, member_of(root, "permissions")));
  doc::Value jobs = doc::Value::array();
  for (const auto& job : members_of(root.find("jobs"))) {
    if (!job.value.is_object())
      return fail(ErrorKind::input, "context.workflow", format("the job {} is no mapping", job.name));
    jobs.push(describe_job(file, job));
  }
  add("jobs", std::move(jobs));
  add("includes", doc::Value::array());
  return members;
}

Result<std::vector<doc::Member>> read_github_action(const File& file) {
  const auto root = TRY(file.yaml());
  const auto* runs = root.find("runs");
  if (runs == nullptr || !runs->is_object())
    return fail(ErrorKind::input, "context.workflow", "an action has a mapping named runs");
  std::vector<doc::Member> members;
  members.push_back({"name", {}, text_or_null(root.find("name"))});
  members.push_back({"using", {}, text_or_null(runs->find("using"))});
  // An action of an image: docker://… or a Dockerfile beside it.
  const auto* image = runs->find("image");
  const bool remote = image != nullptr && text_of(image).starts_with("docker://");
  members.push_back({"uses", {}, remote ? describe_uses(file, *image) : doc::Value()});
  members.push_back({"steps", {}, describe_steps(file, runs->find("steps"))});
  return members;
}

WorkflowKind workflow_kind(std::string_view path) {
  const auto name = io::file_name(path);
  if (!name.ends_with(".yml") && !name.ends_with(".yaml")) return WorkflowKind::none;
  const auto folder = io::parent_path(path);
  for (const std::string_view workflows : {".github/workflows", ".gitea/workflows", ".forgejo/workflows"})
    if (folder == workflows) return WorkflowKind::github;
  if (name == "action.yml" || name == "action.yaml") return WorkflowKind::github_action;
  if (name == ".gitlab-ci.yml" || name.ends_with(".gitlab-ci.yml") || name.ends_with(".gitlab-ci.yaml") ||
      folder.starts_with(".gitlab/ci"))
    return WorkflowKind::gitlab;
  return WorkflowKind::none;
}

}  // namespace chiron::repository
