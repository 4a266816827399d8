// Runs Chiron's comparison over diffoscope's test pairs: conformance-diffoscope FOLDER [--known FILE] [--verbose].
//
// A pair passes where it is told different (or equal) as recorded, where the first differing byte of the artifact is
// reported exactly, and, for formats that are read, where what diffoscope prints as changed is found in our report: the
// words that stand on one side only of its diff. A format that is not read has to be shown as bytes.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace {

using namespace chiron;

constexpr double kWordsFound = 0.5;  // of the changed words of diffoscope's diff

// Words of at least three bytes on lines of one mark.
std::set<std::string> words(std::string_view diff, char mark) {
  std::set<std::string> found;
  for (auto line : text::split_lines(diff)) {
    if (line.empty() || line[0] != mark || line.starts_with("---") || line.starts_with("+++")) continue;
    line.remove_prefix(1);
    std::string word;
    const auto plain = text::replace_all(line, "\xef\xbb\xbf", "");  // a byte order mark is no letter
    for (const char c : plain) {
      const bool part = (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '_' || c == '.' || c == ':' ||
                        static_cast<unsigned char>(c) >= 0x80;
      if (part) word += c;
      if (part) continue;
      if (word.size() >= 3) found.insert(word);
      word.clear();
    }
    if (word.size() >= 3) found.insert(word);
  }
  return found;
}

std::vector<std::string> changed_words(std::string_view diff) {
  const auto removed = words(diff, '-'), added = words(diff, '+');
  std::vector<std::string> only;
  std::set_symmetric_difference(removed.begin(), removed.end(), added.begin(), added.end(), std::back_inserter(only));
  return only;
}

double share_found(const std::vector<std::string>& wanted, std::string_view report) {
  if (wanted.empty()) return 1;
  const auto hits = std::count_if(wanted.begin(), wanted.end(),
                                  [&](const std::string& word) { return report.find(word) != std::string_view::npos; });
  return static_cast<double>(hits) / static_cast<double>(wanted.size());
}

std::string check(const std::string& folder, const doc::Value& pair, bool verbose) {
  const auto path_a = folder + "/data/" + std::string(pair.string_or("a", ""));
  const auto path_b = folder + "/data/" + std::string(pair.string_or("b", ""));
  const auto compared = compare::compare_paths(path_a, path_b, {});
  if (!compared) return to_string(compared.error());
  const auto& root = compared->root;
  if (compared->differs != pair.boolean_or("differs", true)) return compared->differs ? "told different" : "told equal";
  if (!compared->differs) return "";
  const auto bytes_a = io::read_file(path_a).value_or(""), bytes_b = io::read_file(path_b).value_or("");
  const auto mismatch = std::mismatch(bytes_a.begin(), bytes_a.end(), bytes_b.begin(), bytes_b.end());
  const auto first = static_cast<std::uint64_t>(mismatch.first - bytes_a.begin());
  if (root.extents.empty() || root.extents[0].a.offset != first) {
    return format("the first difference is at byte {} and not reported there", first);
  }
  compare::ReportOptions options;
  const auto report = compare::print_text(*compared, options);
  if (root.format == "bytes") return root.windows.empty() ? "compared as bytes, and none are shown" : "";
  if (root.children.empty() && root.hunks.empty() && root.windows.empty()) return "nothing is said about what differs";
  const auto* expected = pair.find("expected");
  double best = -1;
  std::string best_name;
  for (const auto& name : expected->items()) {
    const auto diff = io::read_file(folder + "/data/" + name.as_string());
    if (!diff) continue;
    const auto changed = changed_words(*diff);
    auto values = changed;
    // The wording of labels is each program's own; values carry digits.
    std::erase_if(values,
                  [](const std::string& word) { return word.find_first_of("0123456789") == std::string::npos; });
    const auto share = std::max(share_found(changed, report), values.empty() ? 0.0 : share_found(values, report));
    if (share > best) best = share, best_name = name.as_string();
  }
  if (verbose && best >= 0) std::printf("     %s: %.0f %% of %s\n", path_a.c_str(), best * 100, best_name.c_str());
  if (best >= 0 && best < kWordsFound) {
    return format("read as {}; only {:.0f} % of what {} names as changed is reported", root.format, best * 100,
                  best_name);
  }
  return "";
}

std::map<std::string, std::string> read_known(const std::string& path) {
  std::map<std::string, std::string> known;
  const auto content = io::read_file(path).value_or("");
  for (const auto line : text::split_lines(content)) {
    // "- `name`: reason"
    if (!line.starts_with("- `")) continue;
    const auto end = line.find("`: ");
    if (end != std::string_view::npos) known[std::string(line.substr(3, end - 3))] = line.substr(end + 3);
  }
  return known;
}

}  // namespace

int main(int count, char** arguments) {
  std::string folder, known_file;
  bool verbose = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--known" && i + 1 < count)
      known_file = arguments[++i];
    else if (argument == "--verbose")
      verbose = true;
    else
      folder = argument;
  }
  if (folder.empty()) {
    std::fprintf(stderr, "usage: conformance-diffoscope FOLDER [--known FILE] [--verbose]\n");
    return 2;
  }
  if (known_file.empty()) {
    const char* source = std::getenv("CHIRON_SOURCE");
    known_file = std::string(source != nullptr ? source : ".") + "/tests/conformance/diffoscope/known.md";
  }
  const auto known = read_known(known_file);
  const auto listing = io::read_file(folder + "/pairs.json");
  const auto pairs = listing ? doc::parse_json(*listing) : Result<doc::Value>(std::unexpected(listing.error()));
  if (!pairs) {
    std::fprintf(stderr, "%s\n", to_string(pairs.error()).c_str());
    return 2;
  }
  int passed = 0, failed = 0, skipped = 0;
  for (const auto& pair : pairs->items()) {
    const std::string name(pair.string_or("a", ""));
    const auto reason = check(folder, pair, verbose);
    if (reason.empty()) {
      ++passed;
    } else if (const auto entry = known.find(name); entry != known.end()) {
      ++skipped;
      std::printf("SKIP %s: %s (%s)\n", name.c_str(), reason.c_str(), entry->second.c_str());
    } else {
      ++failed;
      std::printf("FAIL %s: %s\n", name.c_str(), reason.c_str());
    }
  }
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}
