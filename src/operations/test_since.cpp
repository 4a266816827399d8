// `chiron test --since REV`: the tests that a change can affect, by the record that `chiron test --coverage` keeps.
#include <algorithm>

#include "engines/testing/affected.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"
#include "foundation/io/files.h"
#include "operations/test_coverage.h"

namespace chiron {

namespace {

std::vector<testing::SourceChange> changes_of(const Change& change, const std::string& below) {
  std::vector<testing::SourceChange> changes;
  for (const auto& file : change.files) {
    if (file.path.starts_with(".chiron/")) continue;
    testing::SourceChange made;
    made.path = file.path;
    made.old_path = !below.empty() && file.old_path.starts_with(below) ? file.old_path.substr(below.size())
                    : file.old_path.empty()                            ? file.path
                                                                       : file.old_path;
    made.added = file.added;
    made.deleted = file.deleted;
    changes.push_back(std::move(made));
  }
  return changes;
}

// Programs that are, byte for byte, what was recorded, although sources of theirs changed since.
void tell_stale(const testing::CoverageMap& map, const testing::Catalog& catalog,
                const std::vector<testing::SourceChange>& changes, std::vector<std::string>& notices) {
  for (const auto& program : catalog.programs) {
    const auto known = map.programs().find(program.id);
    if (known == map.programs().end() || known->second.digest.empty()) continue;
    const auto changed = std::find_if(changes.begin(), changes.end(), [&](const testing::SourceChange& change) {
      return std::binary_search(known->second.sources.begin(), known->second.sources.end(), change.path);
    });
    if (changed == changes.end()) continue;
    auto file = io::MappedFile::open(program.path);
    if (file && crypto::sha256_hex(file->bytes()) == known->second.digest)
      notices.push_back(
          format("{} is the program that was recorded, although {} changed: is it built?", program.id, changed->path));
  }
}

}  // namespace

void limit_to_affected(testing::SessionRequest& session, const TestRequest& request, Context& context,
                       std::vector<std::string>& notices, std::string* why) {
  session.limit = [&request, &context, &notices, why](
                      const testing::Catalog& catalog, const std::vector<testing::TestIndex>& selected,
                      const testing::FilterContext& known) -> Result<std::vector<testing::TestIndex>> {
    const auto& change = *context.workspace.change();
    const auto map = TRY(testing::read_coverage_map(coverage_map_path(context)));
    if (!map) {
      notices.emplace_back("every test runs: there is no record of what tests run; chiron test --coverage makes it");
      return selected;
    }
    const auto* repository = TRY(context.workspace.repository());
    const std::string below = context.workspace.root() == repository->root()
                                  ? ""
                                  : io::relative_path(context.workspace.root(), repository->root()) + "/";
    testing::AffectedRequest asked;
    asked.changes = changes_of(change, below);
    asked.unrelated = request.unrelated;
    if (asked.unrelated.empty())
      for (const auto pattern : text::split(kUnrelated, ' ')) asked.unrelated.emplace_back(pattern);
    asked.now = [&](const std::string& path) -> std::optional<std::string> {
      auto text = io::read_file(context.workspace.absolute(path));
      return text ? std::optional(std::move(*text)) : std::nullopt;
    };
    asked.at_base = [&](const std::string& path) -> std::optional<std::string> {
      auto text = repository->content_at(change.base, below + path);
      return text ? std::move(*text) : std::nullopt;
    };
    asked.test_file = [&](const testing::TestCase& test) -> std::string {
      const auto path =
          context.workspace.relative(io::normalize_path(io::join_path(catalog.programs[test.program].path, test.file)));
      if (io::exists(context.workspace.absolute(path))) return path;
      // pytest names files relative to its own root folder.
      for (const auto& source : map->sources())
        if (source.path.ends_with("/" + test.file)) return source.path;
      return {};
    };
    asked.failed_last = known.failed_last;
    auto affected = testing::find_affected(*map, catalog, selected, asked);
    std::vector<testing::TestIndex> kept;
    std::size_t counts[5] = {};
    std::map<std::string, std::size_t> reasons;
    for (std::size_t i = 0; i < selected.size(); ++i) {
      const auto& influence = affected.of[i];
      ++counts[static_cast<std::size_t>(influence.cause)];
      const bool runs = influence.cause != testing::Cause::none;
      if (runs) {
        kept.push_back(selected[i]);
        ++reasons[influence.why];
      }
      if (why != nullptr) {
        *why += format("{}  {}  ({})\n", runs ? "run " : "skip",
                       testing::test_id(catalog.programs, catalog.tests[selected[i]]),
                       runs ? influence.why : "nothing that it ran has changed");
      }
    }
    notices.push_back(
        format("{} of {} tests can be affected by what changed since {}; left out: {}, which ran nothing "
               "that changed",
               kept.size(), selected.size(), change.base.substr(0, 12), selected.size() - kept.size()));
    std::vector<std::pair<std::size_t, std::string>> ordered;
    for (auto& [text, count] : reasons) ordered.emplace_back(count, text);
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t i = 0; i < ordered.size() && i < 5; ++i)
      notices.push_back(
          format("  {} test{}: {}", ordered[i].first, ordered[i].first == 1 ? "" : "s", ordered[i].second));
    if (ordered.size() > 5) notices.push_back(format("  and {} further reasons", ordered.size() - 5));
    tell_stale(*map, catalog, asked.changes, notices);
    return kept;
  };
}

}  // namespace chiron
