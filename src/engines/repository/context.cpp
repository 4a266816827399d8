#include "engines/repository/context.h"

#include <algorithm>

#include "engines/repository/facts.h"
#include "engines/repository/manifests.h"
#include "engines/repository/sbom.h"
#include "engines/repository/workflows.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::repository {

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

// Packages that were put there by an installer are others' repositories.
bool is_installed(std::string_view path) {
  for (const auto part : text::split(io::parent_path(path), '/'))
    if (part == "node_modules" || part == "vendor" || part == ".venv" || part == "venv" || part == "site-packages")
      return true;
  return false;
}

doc::Value start_of(const std::string& path) {
  return doc::Value::object().set("file", doc::Value(path)).set("line", doc::Value(1)).set("column", doc::Value(1));
}

bool is_at_or_below(std::string_view path, std::string_view folder) {
  return folder.empty() || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

struct ReadLock {
  std::string path;
  Lock lock;
  std::vector<std::string> manifests;
};

// A lock file's requirements by the manifests that they are of, in place of their folders.
void name_requirements(ReadLock& read) {
  std::map<std::string, Names> named;
  for (auto& [folder, names] : read.lock.requirements) {
    if (folder == "*") {
      named["*"] = std::move(names);
      continue;
    }
    const auto full = io::normalize_path(io::join_path(io::parent_path(read.path), folder));
    for (const auto& manifest : read.manifests) {
      const auto parent = io::parent_path(manifest);
      if (full == parent || (parent.empty() && (full.empty() || full == "."))) named[manifest] = names;
    }
  }
  read.lock.requirements = std::move(named);
}

// What is not known is not there: in Rego `not job.permissions` then says what it seems to say. The depth is that of
// the context's form.
void drop_nulls(doc::Value& value) {
  if (value.is_array()) {
    for (auto& item : value.items()) drop_nulls(item);
  } else if (value.is_object()) {
    std::erase_if(value.members(), [](const doc::Member& member) { return member.value.is_null(); });
    for (auto& member : value.members()) drop_nulls(member.value);
  }
}

class Describer {
 public:
  explicit Describer(const Source& source) : source_(source) {}

  Result<doc::Value> describe() {
    std::vector<std::string> paths;
    for (const auto& path : source_.files)
      if (is_context_file(path)) paths.push_back(path);
    if (paths.size() > context_limits::kFiles)
      return fail(
          ErrorKind::limit, "limit.files",
          format("the context has more than {} files of manifests, lock files and workflows", context_limits::kFiles),
          {}, "Leave out folders with exclude in [workspace].");
    facts_.emplace(TRY(Facts::gather(source_, paths)));
    for (const auto& path : paths)
      if (std::ranges::find(facts_->deleted(), path) == facts_->deleted().end()) read(path);
    for (const auto& path : facts_->deleted())
      if (is_context_file(path)) add_deleted(path);
    join_locks();
    for (auto& lock : locks_) {
      auto members = members_for(lock.path, to_members(lock.lock));
      doc::Value names = doc::Value::array();
      for (const auto& manifest : lock.manifests) names.push(doc::Value(manifest));
      members.push_back({"manifests", {}, std::move(names)});
      members.push_back({"behind", {}, behind(lock.path, lock.manifests)});
      lists_["locks"].push_back(doc::Value::object(std::move(members)));
    }
    for (auto& [path, members] : bills_) add_bill(path, std::move(members));
    return finish();
  }

 private:
  std::vector<doc::Member> members_for(const std::string& path, std::vector<doc::Member> own) {
    auto members = facts_->of(path);
    members.push_back({"place", {}, start_of(path)});
    std::ranges::move(own, std::back_inserter(members));
    return members;
  }

  void add(const std::string& list, const std::string& path, std::vector<doc::Member> own) {
    lists_[list].push_back(doc::Value::object(members_for(path, std::move(own))));
  }

  void add_unreadable(const std::string& path, const Error& error) {
    doc::Value out = doc::Value::object();
    out.set("path", doc::Value(path));
    out.set("message", doc::Value(error.message));
    auto place = start_of(path);
    if (error.place && error.place->line != 0) {
      place.set("line", doc::Value(error.place->line));
      place.set("column", doc::Value(std::max(1U, error.place->column)));
    }
    out.set("place", std::move(place));
    lists_["unreadable"].push_back(std::move(out));
  }

  // What kind of file it is decides where it goes and how large it may be.
  void read(const std::string& path) {
    const auto done = [&]() -> Result<void> {
      if (const auto reader = manifest_reader(path)) {
        const File file(path, TRY(source_.read(path, context_limits::kManifestBytes)));
        manifests_.push_back({path, TRY(reader(file))});
      } else if (const auto lock_reader = repository::lock_reader(path)) {
        const File file(path, TRY(source_.read(path, context_limits::kLockBytes)));
        locks_.push_back({path, TRY(lock_reader(file)), {}});
      } else if (const auto kind = workflow_kind(path); kind != WorkflowKind::none) {
        const File file(path, TRY(source_.read(path, context_limits::kWorkflowBytes)));
        if (kind == WorkflowKind::github_action)
          add("actions", path, TRY(read_github_action(file)));
        else
          add("workflows", path,
              TRY(kind == WorkflowKind::github ? read_github_workflow(file) : read_gitlab_pipeline(file)));
      } else {
        const File file(path, TRY(source_.read(path, context_limits::kLockBytes)));
        if (auto bill = TRY(read_sbom(file))) bills_.emplace_back(path, std::move(*bill));
      }
      return {};
    }();
    if (!done) add_unreadable(path, done.error());
  }

  void add_deleted(const std::string& path) {
    const auto kind = workflow_kind(path);
    add(manifest_reader(path)                 ? "manifests"
        : lock_reader(path)                   ? "locks"
        : kind == WorkflowKind::github_action ? "actions"
        : kind != WorkflowKind::none          ? "workflows"
                                              : "sboms",
        path, {});
  }

  // The nearest lock file of a name that the manifest's tools write, beside it or above.
  void join_locks() {
    for (auto& [path, manifest] : manifests_) {
      std::vector<std::string> found;
      for (std::string folder(io::parent_path(path));; folder = io::parent_path(folder)) {
        for (auto& lock : locks_) {
          if (io::parent_path(lock.path) != folder ||
              std::ranges::find(manifest.lock_names, io::file_name(lock.path)) == manifest.lock_names.end())
            continue;
          const bool beside = folder == io::parent_path(path);
          const auto relative = io::relative_path(io::parent_path(path), folder);
          if (!beside && !takes_from_below(lock.lock, relative, manifest)) continue;
          lock.manifests.push_back(path);
          found.push_back(lock.path);
        }
        if (!found.empty() || folder.empty()) break;
      }
      // A crate with a main program is delivered as it is.
      const auto main_program = io::join_path(io::parent_path(path), "src/main.rs");
      if (manifest.ecosystem == "cargo" && !manifest.application &&
          std::ranges::find(source_.files, main_program) != source_.files.end())
        manifest.application = true;
      auto members = members_for(path, to_members(manifest));
      doc::Value names = doc::Value::array();
      for (const auto& name : found) names.push(doc::Value(name));
      members.push_back({"locks", {}, std::move(names)});
      lists_["manifests"].push_back(doc::Value::object(std::move(members)));
    }
    for (auto& lock : locks_) name_requirements(lock);
  }

  // Workspaces: one lock file for the packages of folders below it.
  static bool takes_from_below(const Lock& lock, const std::string& folder, const Manifest& manifest) {
    if (lock.lists_folders) return lock.requirements.contains(folder);
    if (lock.ecosystem == "cargo") return lock.packages.contains(manifest.name);
    return lock.tool == "yarn";
  }

  // Those of the files that changed later.
  doc::Value behind(const std::string& path, const std::vector<std::string>& others) {
    doc::Value list = doc::Value::array();
    const auto own = facts_->time_s(path);
    for (const auto& other : others) {
      const auto time = facts_->time_s(other);
      if (!own || !time || *time <= *own) continue;
      list.push(doc::Value::object()
                    .set("path", doc::Value(other))
                    .set("seconds", doc::Value(*time - *own))
                    .set("place", start_of(other)));
    }
    return list;
  }

  // A bill is of the manifests and lock files at and below its folder, or, where there are none, of the next above.
  void add_bill(const std::string& path, std::vector<doc::Member> own) {
    std::vector<std::string> manifests, locks;
    for (std::string folder(io::parent_path(path));; folder = io::parent_path(folder)) {
      for (const auto& [manifest, read] : manifests_)
        if (is_at_or_below(manifest, folder)) manifests.push_back(manifest);
      for (const auto& lock : locks_)
        if (is_at_or_below(lock.path, folder)) locks.push_back(lock.path);
      if (!manifests.empty() || !locks.empty() || folder.empty()) break;
    }
    auto covered = manifests;
    covered.insert(covered.end(), locks.begin(), locks.end());
    const auto generated = parse_rfc3339(doc::Value::object(own).string_or("generated", ""));
    const auto time = generated ? generated : facts_->time_s(path);
    const auto days = std::max<std::int64_t>(0, source_.now_s - time.value_or(source_.now_s)) / kSecondsPerDay;
    auto members = members_for(path, std::move(own));
    const auto append = [&](std::string_view name, const std::vector<std::string>& paths) {
      doc::Value list = doc::Value::array();
      for (const auto& each : paths) list.push(doc::Value(each));
      members.push_back({std::string(name), {}, std::move(list)});
    };
    append("manifests", manifests);
    append("locks", locks);
    members.push_back({"behind", {}, behind(path, covered)});
    members.push_back({"generated_days", {}, time ? doc::Value(days) : doc::Value()});
    const bool windowed = time && source_.window_days > 0;
    members.push_back({"in_window", {}, windowed ? doc::Value(days <= source_.window_days) : doc::Value()});
    lists_["sboms"].push_back(doc::Value::object(std::move(members)));
  }

  doc::Value finish() {
    doc::Value out = doc::Value::object();
    out.set("kind", doc::Value("context"));
    out.set("version", doc::Value(kContextVersion));
    out.set("time", doc::Value(to_rfc3339(source_.now_s)));
    out.set("window_days", doc::Value(source_.window_days));
    out.set("git", facts_->repository());
    for (const char* name : {"manifests", "locks", "sboms", "workflows", "actions", "unreadable"}) {
      auto& list = lists_[name];
      std::ranges::sort(list, {}, [](const doc::Value& item) { return item.string_or("path", ""); });
      out.set(name, doc::Value::array(std::move(list)));
    }
    drop_nulls(out);
    return out;
  }

  const Source& source_;
  std::optional<Facts> facts_;
  std::vector<std::pair<std::string, Manifest>> manifests_;
  std::vector<ReadLock> locks_;
  std::vector<std::pair<std::string, std::vector<doc::Member>>> bills_;
  std::map<std::string, std::vector<doc::Value>, std::less<>> lists_;
};

}  // namespace

bool is_context_file(std::string_view path) {
  if (is_installed(path)) return false;
  return manifest_reader(path) != nullptr || lock_reader(path) != nullptr ||
         workflow_kind(path) != WorkflowKind::none || may_be_sbom(path);
}

Result<doc::Value> describe(const Source& source) { return Describer(source).describe(); }

}  // namespace chiron::repository
