#include "engines/testing/affected.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "engines/testing/line_changes.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::testing {
namespace {

bool is_python(std::string_view path) { return path.ends_with(".py"); }

// Compiled for itself; what is neither this nor Python is taken for something that others include.
bool is_translation_unit(std::string_view path) {
  static constexpr std::string_view kEndings[] = {".c", ".cc", ".cpp", ".cxx", ".c++", ".C", ".m", ".mm", ".cu"};
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

bool has_directive(std::string_view text, std::uint32_t first, std::uint32_t last) {
  const auto lines = text::split_lines(text);
  for (std::size_t i = first; i <= last && i <= lines.size(); ++i)
    if (i > 0 && text::trim(lines[i - 1]).starts_with("#")) return true;
  return false;
}

// What a change made of one recorded version of a source.
struct VersionChange {
  bool whole = false;  // gone, or new since the base
  bool outer = false;  // changed outside of functions
  std::set<std::uint32_t> functions;
  [[nodiscard]] bool any() const { return whole || outer || !functions.empty(); }
};

class Finder {
 public:
  Finder(const CoverageMap& map, const Catalog& catalog, const AffectedRequest& request)
      : map_(map), catalog_(catalog), request_(request) {}

  Affected find(const std::vector<TestIndex>& tests) {
    compare_sources();
    find_unknown();
    Affected affected;
    for (const TestIndex test : tests) affected.of.push_back(influence(test));
    affected.notices = std::move(notices_);
    return affected;
  }

 private:
  void compare_sources() {
    for (const auto& change : request_.changes) {
      changed_.insert(change.path);
      changed_.insert(change.old_path);
    }
    std::vector<std::unordered_set<std::uint32_t>> entered(map_.sources().size());
    for (const auto& set : map_.sets()) entered[set.source].insert(set.functions.begin(), set.functions.end());
    std::map<std::string, SourceVersion> now;
    versions_.resize(map_.sources().size());
    for (std::size_t i = 0; i < map_.sources().size(); ++i) {
      const auto& source = map_.sources()[i];
      known_.insert(source.path);
      by_path_.emplace(source.path, i);
      auto known = now.find(source.path);
      if (known == now.end()) {
        const auto text = request_.now(source.path);
        known = now.emplace(source.path, text ? describe_source(source.path, *text) : SourceVersion{}).first;
      }
      compare(source, known->second, entered[i], versions_[i]);
      auto& change = versions_[i];
      // Constants, types and macros act wherever the file is included or imported, without being run.
      if ((change.outer || change.whole) && !is_translation_unit(source.path)) outer_.insert(source.path);
    }
    for (const auto& [id, program] : map_.programs()) {
      for (const auto& path : program.sources) {
        // Built in, but run by no test.
        if (known_.insert(path).second && changed_.contains(path) && !is_translation_unit(path)) outer_.insert(path);
      }
    }
  }

  void compare(const SourceVersion& source, const SourceVersion& now, const std::unordered_set<std::uint32_t>& entered,
               VersionChange& change) {
    if (now.path.empty()) {
      change.whole = true;
      return;
    }
    if (now.digest != source.digest) add_changes(source, now.line_hashes, request_.now(source.path), entered, change);
    if (!changed_.contains(source.path)) return;
    const auto base = request_.at_base(source.path);
    if (!base)
      change.whole = true;
    else
      add_changes(source, hash_lines(*base), base, entered, change);
  }

  void add_changes(const SourceVersion& source, const std::vector<std::uint32_t>& other,
                   const std::optional<std::string>& other_text, const std::unordered_set<std::uint32_t>& entered,
                   VersionChange& change) {
    const bool included = !is_python(source.path) && !is_translation_unit(source.path);
    for (const auto& lines : changed_lines(source.line_hashes, other)) {
      bool within = false;
      for (std::uint32_t i = 0; i < source.functions.size(); ++i) {
        const auto& function = source.functions[i];
        // Added lines belong to the function that stands on both sides of them.
        const bool holds = lines.last < lines.first ? function.first <= lines.last && lines.first <= function.last
                                                    : function.first <= lines.first && lines.last <= function.last;
        const bool touches = lines.last >= lines.first && function.first <= lines.last && lines.first <= function.last;
        if (!holds && !touches) continue;
        change.functions.insert(i);
        within = within || (holds && !(included && (function.constant || !entered.contains(i))));
      }
      const auto directive = std::lower_bound(source.directives.begin(), source.directives.end(), lines.first);
      const bool old_directive = directive != source.directives.end() && *directive <= lines.last;
      const bool new_directive =
          !is_python(source.path) && other_text && has_directive(*other_text, lines.new_first, lines.new_last);
      if (!within || (!is_python(source.path) && (old_directive || new_directive))) change.outer = true;
    }
  }

  void find_unknown() {
    for (const auto& change : request_.changes) {
      if (known_.contains(change.path) || known_.contains(change.old_path)) continue;
      const bool apart = std::any_of(request_.unrelated.begin(), request_.unrelated.end(), [&](const auto& pattern) {
        return text::glob_match(pattern, change.path) ||
               (pattern.find('/') == std::string::npos && text::glob_match(pattern, io::file_name(change.path)));
      });
      if (apart) continue;
      // A module that did not exist when tests were recorded: what imports it is changed itself.
      const auto name = io::file_name(change.path);
      if (change.added && is_python(name) && name != "conftest.py" && name != "__init__.py" && name != "setup.py" &&
          change.path == change.old_path)
        continue;
      unknown_.push_back(change.path);
    }
    if (unknown_.empty()) return;
    std::string names;
    for (std::size_t i = 0; i < unknown_.size() && i < 3; ++i) names += (i ? ", " : "") + unknown_[i];
    if (unknown_.size() > 3) names += format(" and {} more", unknown_.size() - 3);
    unknown_names_ = names + " changed, which no record knows";
  }

  Influence influence(TestIndex test) {
    const std::string id = test_id(catalog_.programs, catalog_.tests[test]);
    const auto found = map_.tests().find(id);
    if (found == map_.tests().end()) return {Cause::no_record, "there is no record of what it runs"};
    if (!unknown_.empty()) return {Cause::unknown_file, unknown_names_};
    for (const auto index : found->second) {
      const auto& set = map_.sets()[index];
      const auto& change = versions_[set.source];
      if (!change.any()) continue;
      const auto& source = map_.sources()[set.source];
      if (change.whole) return {Cause::code, source.path + " was added, moved or deleted"};
      for (const auto function : set.functions) {
        if (!change.functions.contains(function)) continue;
        const auto& code = source.functions[function];
        return {Cause::code, format("{}:{} {} changed", source.path, code.first, code.name)};
      }
      if (change.outer) return {Cause::code, source.path + " changed outside of functions"};
    }
    if (!outer_.empty()) {
      for (const auto& path : reached_from(test)) {
        if (outer_.contains(path)) return {Cause::code, path + " changed outside of functions; it is built from it"};
      }
    }
    if (request_.failed_last && request_.failed_last(id)) return {Cause::failed_last, "it did not pass the last time"};
    return {};
  }

  // The sources that act on a test without its running them: those of its program; for a test module, what it and
  // the conftest.py files above it import.
  const std::set<std::string>& reached_from(TestIndex test) {
    const auto& program = catalog_.programs[catalog_.tests[test].program];
    if (program.framework != Framework::pytest) {
      auto [entry, fresh] = reached_.try_emplace(program.id);
      const auto known = map_.programs().find(program.id);
      if (fresh && known != map_.programs().end())
        entry->second.insert(known->second.sources.begin(), known->second.sources.end());
      return entry->second;
    }
    const std::string file = request_.test_file(catalog_.tests[test]);
    auto [entry, fresh] = reached_.try_emplace(program.id + "::" + file);
    if (!fresh) return entry->second;
    auto& reached = entry->second;
    if (!by_path_.contains(file)) {
      // Its module ran, so it must be known: where it is not found, nothing can be ruled out.
      reached = outer_;
      return reached;
    }
    std::vector<std::string> open = {file};
    find_late();
    open.insert(open.end(), late_.begin(), late_.end());
    for (std::string_view folder = io::parent_path(file);; folder = io::parent_path(folder)) {
      for (const std::string_view name : {"conftest.py", "__init__.py"})
        open.push_back(folder.empty() ? std::string(name) : format("{}/{}", folder, name));
      if (folder.empty()) break;
    }
    while (!open.empty()) {
      const std::string path = std::move(open.back());
      open.pop_back();
      if (!reached.insert(path).second) continue;
      const auto [begin, end] = by_path_.equal_range(path);
      for (auto place = begin; place != end; ++place) {
        const auto& imports = map_.sources()[place->second].imports;
        open.insert(open.end(), imports.begin(), imports.end());
      }
    }
    return reached;
  }

  // Modules that a test imported while it ran: the other tests of its process found them imported, so any may use
  // them.
  void find_late() {
    if (std::exchange(late_known_, true)) return;
    for (const auto& set : map_.sets()) {
      const auto& source = map_.sources()[set.source];
      if (!is_python(source.path) || late_.contains(source.path)) continue;
      const bool outside = std::any_of(set.lines.begin(), set.lines.end(), [&](std::uint32_t line) {
        return std::none_of(source.functions.begin(), source.functions.end(),
                            [&](const CodeFunction& f) { return f.first <= line && line <= f.last; });
      });
      if (outside) late_.insert(source.path);
    }
  }

  const CoverageMap& map_;
  const Catalog& catalog_;
  const AffectedRequest& request_;
  std::unordered_set<std::string> changed_, known_;
  std::unordered_multimap<std::string, std::size_t> by_path_;
  std::vector<VersionChange> versions_;
  std::set<std::string> outer_, late_;
  std::vector<std::string> unknown_, notices_;
  std::string unknown_names_;
  std::map<std::string, std::set<std::string>> reached_;
  bool late_known_ = false;
};

}  // namespace

Affected find_affected(const CoverageMap& map, const Catalog& catalog, const std::vector<TestIndex>& tests,
                       const AffectedRequest& request) {
  return Finder(map, catalog, request).find(tests);
}

}  // namespace chiron::testing
