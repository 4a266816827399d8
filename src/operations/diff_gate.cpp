// See diff_gate.h. A finding's place is the file of the workspace that the difference lies in: the second artifact, or
// the file below it where a folder is compared.
#include "operations/diff_gate.h"

#include <unistd.h>

#include <algorithm>
#include <map>

#include "core/version.h"
#include "engines/compare/report/shared.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/crypto/digest.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::diff_gate {

namespace {

using compare::Difference;
using compare::Kind;

constexpr std::size_t kEvidenceLines = 40;            // of a text diff, a finding
constexpr std::size_t kEvidenceDifferences = 10'000;  // listed in the evidence file
constexpr std::string_view kPredicate = "urn:chiron:comparison:1";

constexpr std::string_view kChangedContent = "diff/changed-content", kChangedMetadata = "diff/changed-metadata",
                           kChangedOrder = "diff/changed-order", kMissingMember = "diff/missing-member",
                           kAddedMember = "diff/added-member", kRenamedMember = "diff/renamed-member",
                           kUnreadableMember = "diff/unreadable-member", kUnexpectedEqual = "diff/unexpected-equality",
                           kMoreDifferences = "diff/more-differences", kUnusedAllow = "diff/unused-allow";

// What an allow entry may name after its path.
std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::metadata:
    case Kind::header:
      return "metadata";
    case Kind::order:
      return "order";
    case Kind::only_in_a:
      return "missing";
    case Kind::only_in_b:
      return "added";
    case Kind::renamed:
      return "renamed";
    case Kind::error:
      return "unreadable";
    case Kind::group:
    case Kind::content:
      break;
  }
  return "content";
}

std::string_view rule_of(Kind kind) {
  switch (kind) {
    case Kind::metadata:
    case Kind::header:
      return kChangedMetadata;
    case Kind::order:
      return kChangedOrder;
    case Kind::only_in_a:
      return kMissingMember;
    case Kind::only_in_b:
      return kAddedMember;
    case Kind::renamed:
      return kRenamedMember;
    case Kind::error:
      return kUnreadableMember;
    case Kind::group:
    case Kind::content:
      break;
  }
  return kChangedContent;
}

struct Allow {
  std::string text;  // as written
  std::string path;  // wildcard
  std::string kind;  // "", a kind, or the name of a property
  std::uint64_t used = 0;
};

// "PATH" or "PATH: KIND"; the last ": " parts them, so that a path may hold one.
Allow parse_allow(const std::string& text) {
  const auto colon = text.rfind(": ");
  if (colon == std::string::npos) return {text, text, ""};
  return {text, text.substr(0, colon), std::string(text::trim(std::string_view(text).substr(colon + 2)))};
}

std::string clean_name(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  while (name.ends_with('/')) name.remove_suffix(1);
  return utf8::sanitize(name);
}

// Whether `pattern` names `path` or something above it; a pattern without "/" names any part alone.
bool path_matches(const std::string& pattern, std::string_view path) {
  if (pattern == "**" || pattern == "*") return true;
  for (auto end = path.find('/');; end = path.find('/', end + 1)) {
    const auto above = path.substr(0, end);
    const auto slash = above.rfind('/');
    const auto base = slash == std::string_view::npos ? above : above.substr(slash + 1);
    if (text::glob_match(pattern, above) || text::glob_match(pattern, base)) return true;
    if (end == std::string_view::npos) return false;
  }
}

struct Item {
  const Difference* node = nullptr;
  std::string path;   // of the member, "" for the artifact itself
  std::string first;  // the outermost member, for artifacts that are folders
};

std::string describe(const Item& item) {
  const auto& node = *item.node;
  const auto who = item.path.empty() ? std::string() : item.path + ": ";
  switch (node.kind) {
    case Kind::metadata:
    case Kind::header:
      if (node.old_value.empty() && node.new_value.empty()) return format("{}{} differs", who, node.title());
      return format("{}{} was {}, is {}", who, node.field, node.old_value, node.new_value);
    case Kind::order:
      return who + "the members are in another order";
    case Kind::only_in_a:
      return who + "missing";
    case Kind::only_in_b:
      return who + "not expected";
    case Kind::renamed:
      return format("{} is now {}", clean_name(node.name_a), clean_name(node.name_b));
    case Kind::error:
      return who + (node.comments.empty() ? std::string("cannot be read") : node.comments.front());
    case Kind::group:
    case Kind::content:
      break;
  }
  const auto extents = compare::extent_text(node);
  if (node.lines_added + node.lines_removed > 0) {
    const auto lines = [](std::uint64_t number, std::string_view what) {
      return number == 0 ? std::string() : format("{} line{} {}", number, number == 1 ? "" : "s", what);
    };
    const auto removed = lines(node.lines_removed, "removed"), added = lines(node.lines_added, "added");
    return format("{}content differs: {}{}{}", who, removed, removed.empty() || added.empty() ? "" : ", ", added);
  }
  return format("{}content differs{}{}", who, extents.empty() ? "" : ": ", extents);
}

class Judgement {
 public:
  Judgement(const Expectation& expectation, const compare::Comparison& comparison, Context& context)
      : expectation_(expectation), comparison_(comparison), context_(context) {
    file_a_ = context.workspace.relative(context.absolute(expectation.a));
    file_b_ = context.workspace.relative(context.absolute(expectation.b));
  }

  Result<Response> run() {
    for (const auto& text : expectation_.allow) allows_.push_back(parse_allow(text));
    digest_a_ = TRY(digest_of(context_.absolute(expectation_.a), context_));
    digest_b_ = TRY(digest_of(context_.absolute(expectation_.b), context_));
    folder_ = io::is_folder(context_.absolute(expectation_.b));
    walk();
    if (expectation_.equal) {
      for (const auto& item : left_) {
        if (response_.findings.size() == expectation_.told) break;
        response_.findings.push_back(finding_of(item));
      }
      tell_rest();
    } else if (left_.empty()) {
      add(kUnexpectedEqual, Level::error, format("{} and {} are equal; a difference is expected", file_a_, file_b_));
    }
    for (const auto& allow : allows_) {
      if (allow.used > 0) continue;
      add(kUnusedAllow, Level::warning, format("allow = \"{}\" matches no difference", allow.text));
    }
    const auto number = [&](std::string_view name, std::uint64_t value) {
      response_.metrics.push_back({std::string(name), static_cast<double>(value), ""});
    };
    number("differences", left_.size());
    number("allowed", allowed_);
    number("ignored", ignored_);
    number("members", comparison_.compared_members);
    response_.rules = rules();
    if (!folder_) response_.inputs = {file_a_, file_b_};
    if (!expectation_.evidence.empty()) TRY(write_evidence());
    return std::move(response_);
  }

 private:
  void walk() {
    struct Step {
      const Difference* node;
      std::string path, first;
      std::size_t depth;
    };
    std::vector<Step> open{{&comparison_.root, "", "", 0}};
    while (!open.empty()) {
      auto step = std::move(open.back());
      open.pop_back();
      const auto& node = *step.node;
      if (node.ignored) {
        ++ignored_;
        continue;
      }
      const bool own = node.kind != Kind::group && (node.kind != Kind::content || node.children.empty());
      if (own && !node.empty()) place({&node, step.path, step.first});
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
        Step next{&*child, step.path, step.first, step.depth + 1};
        // A property belongs to the member above it; everything else is a part with a name of its own.
        const bool beside = child->kind == Kind::metadata || child->kind == Kind::header || child->kind == Kind::order;
        const auto name = clean_name(child->name_b.empty() ? child->name_a : child->name_b);
        if (!beside && name != "content") {
          next.path = next.path.empty() ? name : next.path + "/" + name;
          if (step.depth == 0) next.first = name;
        }
        open.push_back(std::move(next));
      }
    }
  }

  void place(Item item) {
    bool found = false;
    for (auto& allow : allows_) {
      const bool kind = allow.kind.empty() || allow.kind == kind_name(item.node->kind) ||
                        (!item.node->field.empty() && text::glob_match(allow.kind, item.node->field));
      if (!kind || !path_matches(allow.path, item.path)) continue;
      ++allow.used;
      found = true;
    }
    if (found) {
      ++allowed_;
    } else {
      left_.push_back(std::move(item));
    }
  }

  void add(std::string_view rule, Level level, std::string message) {
    Finding finding;
    finding.rule = rule;
    finding.level = level;
    finding.message = std::move(message);
    finding.place.file = file_b_;
    finding.evidence = sides();
    response_.findings.push_back(std::move(finding));
  }

  [[nodiscard]] doc::Value sides() const {
    auto evidence = doc::Value::object();
    const auto side = [](const std::string& file, const std::string& digest) {
      auto value = doc::Value::object();
      value.set("file", doc::Value(file)).set("sha256", doc::Value(digest));
      return value;
    };
    evidence.set("a", side(file_a_, digest_a_)).set("b", side(file_b_, digest_b_));
    return evidence;
  }

  [[nodiscard]] Finding finding_of(const Item& item) const {
    const auto& node = *item.node;
    Finding finding;
    finding.rule = rule_of(node.kind);
    finding.level = Level::error;
    finding.message = utf8::sanitize(describe(item));
    const bool only_a = node.kind == Kind::only_in_a;
    finding.place.file = only_a && folder_ ? file_a_ : file_b_;
    if (folder_ && !item.first.empty()) finding.place.file += "/" + item.first;
    // The lines of a text that is itself a file; those of a member count within the member.
    const bool whole = item.path.empty() || (folder_ && item.path == item.first);
    if (whole && !node.hunks.empty()) finding.place.line = first_line(node.hunks.front());
    if (whole && node.hunks.empty() && !node.extents.empty()) {
      finding.place.offset = node.extents.front().b.offset;
      finding.place.length = node.extents.front().b.length;
      finding.place.has_range = true;
    }
    finding.evidence = sides();
    add_facts(item, finding.evidence);
    return finding;
  }

  static std::uint32_t first_line(const compare::Hunk& hunk) {
    auto line = hunk.line_b;
    for (const auto& shown : hunk.lines) {
      if (shown.mark != compare::LineMark::same) break;
      ++line;
    }
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(line, 1, UINT32_MAX));
  }

  static void add_facts(const Item& item, doc::Value& to) {
    const auto& node = *item.node;
    const auto text_value = [](std::string_view text) { return doc::Value(utf8::sanitize(text)); };
    if (!item.path.empty()) to.set("member", doc::Value(item.path));
    to.set("kind", doc::Value(std::string(kind_name(node.kind))));
    if (!node.format.empty()) to.set("format", doc::Value(node.format));
    if (!node.field.empty()) to.set("field", text_value(node.field));
    if (!node.old_value.empty()) to.set("old", text_value(node.old_value));
    if (!node.new_value.empty()) to.set("new", text_value(node.new_value));
    if (!node.extents.empty()) {
      const auto& first = node.extents.front();
      auto ranges = doc::Value::array();
      for (const auto number : {first.a.offset, first.a.length, first.b.offset, first.b.length})
        ranges.push(doc::Value(number));
      to.set("first-extent", std::move(ranges)).set("extents", doc::Value(node.extent_count));
    }
    if (node.hunks.empty()) return;
    auto lines = doc::Value::array();
    for (const auto& line : compare::diff_lines(node)) {
      if (lines.items().size() == kEvidenceLines) break;
      lines.push(doc::Value(line.mark == '@' ? line.text : line.mark + line.text));
    }
    to.set("diff", std::move(lines));
  }

  void tell_rest() {
    if (left_.size() <= response_.findings.size()) return;
    const auto more = left_.size() - response_.findings.size();
    add(kMoreDifferences, Level::error,
        format("{} more differences are not told one by one; chiron diff {} {} shows them all", more, expectation_.a,
               expectation_.b));
  }

  // An in-toto statement, not signed: both artifacts by digest, and what was found between them.
  Result<void> write_evidence() const {
    auto subjects = doc::Value::array();
    for (const auto& [file, digest] : {std::pair{file_a_, digest_a_}, std::pair{file_b_, digest_b_}}) {
      auto digests = doc::Value::object();
      digests.set(folder_ ? "chironTreeSha256" : "sha256", doc::Value(digest));
      auto subject = doc::Value::object();
      subject.set("name", doc::Value(file)).set("digest", std::move(digests));
      subjects.push(std::move(subject));
    }
    auto differences = doc::Value::array();
    for (const auto& item : left_) {
      if (differences.items().size() == kEvidenceDifferences) break;
      auto entry = doc::Value::object();
      add_facts(item, entry);
      differences.push(std::move(entry));
    }
    auto allowed = doc::Value::array();
    for (const auto& allow : allows_) {
      auto entry = doc::Value::object();
      entry.set("allow", doc::Value(allow.text)).set("differences", doc::Value(allow.used));
      allowed.push(std::move(entry));
    }
    auto predicate = doc::Value::object();
    predicate.set("tool", doc::Value(format("chiron {}", version())))
        .set("expected", doc::Value(expectation_.equal ? "equal" : "different"))
        .set("met", doc::Value(expectation_.equal == left_.empty()))
        .set("members", doc::Value(comparison_.compared_members))
        .set("excluded", doc::Value(comparison_.excluded_count))
        .set("ignored", doc::Value(ignored_))
        .set("allowed", std::move(allowed))
        .set("difference-count", doc::Value(left_.size()))
        .set("differences", std::move(differences));
    auto statement = doc::Value::object();
    statement.set("_type", doc::Value("https://in-toto.io/Statement/v1"))
        .set("subject", std::move(subjects))
        .set("predicateType", doc::Value(std::string(kPredicate)))
        .set("predicate", std::move(predicate));
    const auto path = context_.absolute(expectation_.evidence);
    if (const auto folder = std::string(io::parent_path(path)); !folder.empty()) TRY(io::make_folders(folder));
    return io::write_file_atomic(path, doc::write_json_pretty(statement) + "\n");
  }

  const Expectation& expectation_;
  const compare::Comparison& comparison_;
  Context& context_;
  std::string file_a_, file_b_, digest_a_, digest_b_;
  bool folder_ = false;
  std::vector<Allow> allows_;
  std::vector<Item> left_;
  std::uint64_t allowed_ = 0, ignored_ = 0;
  Response response_;
};

}  // namespace

Result<Response> judge(const Expectation& expectation, const compare::Comparison& comparison, Context& context) {
  return Judgement(expectation, comparison, context).run();
}

std::vector<Rule> rules() {
  const auto rule = [](std::string_view id, std::string_view name, std::string_view summary, std::string_view help,
                       Level level = Level::error) {
    return Rule{std::string(id), std::string(name), std::string(summary), std::string(help), level, "", {}};
  };
  return {
      rule(kAddedMember, "AddedMember", "The second artifact has a member that the first has not.",
           "Leave it out of the build, or allow it: `allow = [\"PATH: added\"]`."),
      rule(kChangedContent, "ChangedContent", "The bytes of a file or member differ.",
           "The message says where; `chiron diff A B` shows the lines, fields or bytes. Remove the cause, or allow the "
           "member: `allow = [\"PATH: content\"]`."),
      rule(kChangedMetadata, "ChangedMetadata", "A time, owner, mode or header field of a member differs.",
           "Builds differ so where they take the clock, the user or the umask into what they pack. Set "
           "`SOURCE_DATE_EPOCH`, run `chiron normalize`, or allow the field: `allow = [\"PATH: mtime\"]`."),
      rule(kChangedOrder, "ChangedOrder", "The members of an archive are in another order.",
           "Packers that take the order of the folder give it. Sort the names, or allow it: `allow = [\"PATH: "
           "order\"]`."),
      rule(kMissingMember, "MissingMember", "The second artifact lacks a member that the first has.",
           "Add it to the build, or allow it: `allow = [\"PATH: missing\"]`."),
      rule(kMoreDifferences, "MoreDifferences", "More differences than are told one by one.",
           "Raise `findings`, or look at all of them with `chiron diff A B`."),
      rule(kRenamedMember, "RenamedMember", "A member has another name.",
           "Its content is the same or similar. Allow it with `allow = [\"PATH: renamed\"]`."),
      rule(kUnexpectedEqual, "UnexpectedEquality", "Nothing differs where a difference is expected.",
           "`expected = \"different\"` asks for at least one difference that nothing allows. Either the change did not "
           "reach the artifact, or the expectation is out of date."),
      rule(kUnreadableMember, "UnreadableMember", "A member could not be read on one side.",
           "It is damaged, encrypted or beyond a limit; the message says which. What can be compared was compared."),
      rule(kUnusedAllow, "UnusedAllow", "An entry of allow matches no difference.",
           "What it allowed no longer differs. Remove the entry, so that it hides nothing later.", Level::warning),
  };
}

Result<std::string> digest_of(const std::string& path, Context& context) {
  if (!io::is_folder(path)) return crypto::sha256_hex(TRY(io::MappedFile::open(path)).bytes());
  const auto entries = TRY(io::walk(path));
  std::vector<Result<std::string>> digests(entries.size(), Result<std::string>(std::string()));
  context.pool.for_each(entries.size(), [&](std::size_t i) {
    const auto full = io::join_path(path, entries[i].path);
    if (entries[i].type == io::EntryType::file) {
      digests[i] = digest_of(full, context);
    } else if (entries[i].type == io::EntryType::symlink) {
      std::string target(4096, '\0');
      const auto length = ::readlink(full.c_str(), target.data(), target.size());
      target.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
      digests[i] = std::move(target);
    }
  });
  crypto::Hasher hasher;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool link = entries[i].type == io::EntryType::symlink;
    hasher.field(format("{} {:o}", static_cast<int>(entries[i].type), link ? 0 : entries[i].mode & 07777));
    hasher.field(entries[i].path);
    hasher.field(TRY(std::move(digests[i])));
  }
  return hasher.finish_hex();
}

std::optional<std::string> detect(Context& context) {
  static constexpr std::string_view kReferences[] = {"reference", "expected", "golden", "baseline", "released"};
  const auto found = context.workspace.files_matching({"*.whl", "*.jar", "*.deb", "*.apk", "*.tar", "*.tar.gz", "*.tgz",
                                                       "*.tar.xz", "*.tar.zst", "*.zip", "*.squashfs"});
  if (!found) return std::nullopt;
  std::map<std::string_view, std::vector<std::string_view>> by_name;
  for (const auto& file : *found) by_name[io::file_name(file)].push_back(file);
  for (const auto& [name, files] : by_name) {
    if (files.size() != 2) continue;
    const auto is_reference = [](std::string_view file) {
      const auto folder = io::file_name(io::parent_path(file));
      return std::ranges::find(kReferences, folder) != std::end(kReferences);
    };
    const bool first = is_reference(files[0]), second = is_reference(files[1]);
    if (first == second) continue;
    return format("a = {}\nb = {}\n", doc::write_json(doc::Value(files[first ? 0 : 1])),
                  doc::write_json(doc::Value(files[first ? 1 : 0])));
  }
  return std::nullopt;
}

}  // namespace chiron::diff_gate
