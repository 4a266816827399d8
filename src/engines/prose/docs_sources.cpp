// What the sources and manifests of a repository say of its programs: see docs_program.h.
#include <algorithm>

#include "engines/prose/docs_program.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

constexpr std::size_t kSourceBytes = 1u << 20;   // a larger file is data
constexpr std::size_t kTotalBytes = 128u << 20;  // of sources; with more nothing is said of flags
constexpr std::size_t kWords = 1'000'000;
constexpr std::size_t kLongestQuote = 160;
constexpr std::size_t kFollowers = 3;  // words that make a program one with commands

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }

bool is_page(std::string_view path) {
  constexpr std::string_view kPages[] = {".md", ".rst", ".adoc", ".txt", ".html", ".org", ".mdx"};
  return std::any_of(std::begin(kPages), std::end(kPages), [&](std::string_view end) { return path.ends_with(end); }) &&
         !path.ends_with("CMakeLists.txt");
}

bool is_binary(std::string_view content) { return content.substr(0, 4096).find('\0') != std::string_view::npos; }

class Gatherer {
 public:
  Gatherer(const ProgramFacts::Names& files, const ReadSource& read) : files_(files), read_(read) {}

  ProgramFacts run() {
    facts_.words_known = true;
    std::vector<std::string> pages;
    for (const auto& path : files_) {
      const auto name = io::file_name(path);
      if (is_changelog(name)) changelog(path);
      if (path.ends_with(".md")) pages.push_back(path);
      if (is_page(path)) continue;
      auto content = read_(path);
      if (!content) continue;
      if (path.find('/') == std::string::npos || name == "CMakeLists.txt" || name == "package.json" ||
          name == "pyproject.toml" || name == "Cargo.toml") {
        manifest(path, name, *content);
      }
      if (name.ends_with(".schema.json")) schema(name, *content);
      if (content->size() > kSourceBytes || is_binary(*content)) continue;
      total_ += content->size();
      if (total_ > kTotalBytes || facts_.words.size() > kWords) {
        facts_.words_known = false;
        facts_.words.clear();
      }
      const bool identifiers = path.ends_with(".py") || path.ends_with(".rs");
      if (facts_.words_known) collect_words(*content, identifiers);
    }
    go_programs();
    facts_.names.insert(facts_.programs.begin(), facts_.programs.end());
    for (const auto& version : facts_.own_versions) facts_.versions.insert(version);
    if (facts_.words_known) find_commands(pages);
    return std::move(facts_);
  }

 private:
  static bool is_changelog(std::string_view name) {
    constexpr std::string_view kNames[] = {"CHANGELOG", "CHANGES", "HISTORY", "NEWS", "RELEASES"};
    std::string upper;
    for (const auto c : name.substr(0, name.find('.'))) upper += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return std::find(std::begin(kNames), std::end(kNames), upper) != std::end(kNames);
  }

  // Every version that a changelog names counts.
  void changelog(const std::string& path) {
    const auto content = read_(path);
    if (!content) return;
    bool any = false;
    const std::string_view text = *content;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] < '0' || text[at] > '9') continue;
      auto end = at;
      while (end < text.size() && (is_name(text[end]) || text[end] == '.')) ++end;
      auto version = text.substr(at, end - at);
      while (version.ends_with('.')) version.remove_suffix(1);
      if (std::count(version.begin(), version.end(), '.') >= 2) any = facts_.versions.emplace(version).second || any;
      at = end;
    }
    // The one nearest to the root is named.
    if (any && (facts_.changelog.empty() || path.size() < facts_.changelog.size())) facts_.changelog = path;
  }

  void own_version(std::string_view version) {
    version = text::trim(version);
    if (version.starts_with('v')) version.remove_prefix(1);
    if (version.empty() || version[0] < '0' || version[0] > '9' || version == "0.0.0") return;
    if (version.size() < 40) facts_.own_versions.emplace_back(version);
  }

  void manifest(const std::string& path, std::string_view name, const std::string& content) {
    const bool at_root = path.find('/') == std::string::npos;
    if (name == "CMakeLists.txt") {
      for (auto at = content.find("add_executable("); at != std::string::npos;
           at = content.find("add_executable(", at + 1)) {
        auto begin = content.find_first_not_of(" \t\n", at + 15);
        if (begin == std::string::npos) break;
        auto end = begin;
        while (end < content.size() && is_name(content[end])) ++end;
        if (end > begin) facts_.programs.insert(content.substr(begin, end - begin));
      }
    } else if (name == "package.json") {
      const auto json = doc::parse_json(content);
      if (!json) return;
      const auto package = std::string(json->string_or("name", ""));
      if (at_root) own_version(json->string_or("version", ""));
      if (at_root && !package.empty()) facts_.names.insert(package);
      const auto* bin = json->find("bin");
      if (bin != nullptr && bin->is_string()) facts_.programs.emplace(package.substr(package.find('/') + 1));
      if (bin != nullptr && bin->is_object()) {
        for (const auto& member : bin->members()) facts_.programs.insert(member.name);
      }
    } else if (name == "pyproject.toml" || name == "Cargo.toml") {
      const auto toml = doc::parse_toml(content);
      if (toml) tables(*toml, path, at_root);
    } else if (at_root && name == "VERSION") {
      own_version(content.substr(0, content.find('\n')));
    }
  }

  void tables(const doc::Value& toml, const std::string& path, bool at_root) {
    const auto named = [](const doc::Value* table, std::string_view key) {
      return table == nullptr ? std::string() : std::string(table->string_or(key, ""));
    };
    const auto keys = [&](const doc::Value* table) {
      if (table == nullptr || !table->is_object()) return;
      for (const auto& member : table->members()) facts_.programs.insert(member.name);
    };
    const auto* tool = toml.find("tool");
    const auto* poetry = tool == nullptr ? nullptr : tool->find("poetry");
    for (const auto* table : {toml.find("project"), poetry, toml.find("package")}) {
      if (table == nullptr || !table->is_object()) continue;
      if (at_root) own_version(named(table, "version"));
      if (at_root && !named(table, "name").empty()) facts_.names.insert(named(table, "name"));
      keys(table->find("scripts"));
    }
    const auto folder = std::string(io::parent_path(path));
    const auto main = folder.empty() ? "src/main.rs" : folder + "/src/main.rs";
    if (const auto name = named(toml.find("package"), "name"); !name.empty() && files_.count(main) != 0) {
      facts_.programs.insert(name);
    }
    if (const auto* bins = toml.find("bin"); bins != nullptr && bins->is_array()) {
      for (const auto& bin : bins->items()) {
        if (const auto name = named(&bin, "name"); !name.empty()) facts_.programs.insert(name);
      }
    }
  }

  void go_programs() {
    for (const auto& path : files_) {
      if (!path.starts_with("cmd/") || !path.ends_with("/main.go")) continue;
      facts_.programs.insert(std::string(io::file_name(io::parent_path(path))));
    }
  }

  // "chiron.schema.json", or the title, is the file that the schema is for.
  void schema(std::string_view name, const std::string& content) {
    auto json = doc::parse_json(content);
    if (!json || !json->is_object()) return;
    auto file = std::string(json->string_or("title", ""));
    const bool is_file = file.find('.') != std::string::npos && file.find(' ') == std::string::npos;
    if (is_file) {
      facts_.schemas.emplace(std::move(file), *std::move(json));
      return;
    }
    const auto stem = std::string(name.substr(0, name.size() - std::string_view(".schema.json").size()));
    for (const auto* ending : {".toml", ".yaml", ".yml", ".json"}) facts_.schemas.emplace(stem + ending, *json);
  }

  void add_words(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      if (!is_name(text[at]) || text[at] == '-') {
        ++at;
        continue;
      }
      auto end = at;
      while (end < text.size() && is_name(text[end])) ++end;
      facts_.words.emplace(text.substr(at, end - at));
      at = end;
    }
  }

  void collect_words(std::string_view content, bool identifiers) {
    if (identifiers) return add_words(content);
    for (std::size_t at = 0; at < content.size(); ++at) {
      const auto c = content[at];
      if (c == '-' && at + 2 < content.size() && content[at + 1] == '-' && is_name(content[at + 2])) {
        auto end = at + 2;
        while (end < content.size() && is_name(content[end])) ++end;
        add_words(content.substr(at, end - at));
        at = end - 1;
      } else if (c == '"' || c == '\'' || c == '`') {
        const auto stop = content.find_first_of(c == '"' ? "\"\n" : c == '\'' ? "'\n" : "`\n", at + 1);
        if (stop == std::string_view::npos || content[stop] == '\n' || stop - at > kLongestQuote) continue;
        add_words(content.substr(at + 1, stop - at - 1));
        // Not moved past the closing quote: where the pairing is wrong it opens the next.
        at = stop - 1;
        if (content[stop] == c) ++at;
      }
    }
  }

  // A program has commands where most of the words that follow it on the pages are known to the sources.
  void find_commands(const std::vector<std::string>& pages) {
    std::map<std::string, ProgramFacts::Names, std::less<>> followers;
    for (const auto& page : pages) {
      const auto content = read_(page);
      if (!content) continue;
      each_command(*content, [&](const CommandLine& command) {
        if (facts_.programs.count(command.program) == 0 || command.words.empty() || command.words[0].quoted) return;
        const auto word = command.words[0].text;
        if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos) return;
        if (word[0] != '-') followers[std::string(command.program)].emplace(word);
      });
    }
    for (const auto& [program, words] : followers) {
      const auto known = static_cast<std::size_t>(std::count_if(
          words.begin(), words.end(), [&](const std::string& word) { return facts_.words.count(word) != 0; }));
      if (known >= kFollowers && known * 3 >= words.size() * 2) facts_.with_commands.insert(program);
    }
  }

  const ProgramFacts::Names& files_;
  const ReadSource& read_;
  ProgramFacts facts_;
  std::size_t total_ = 0;
};

}  // namespace

ProgramFacts gather_program(const ProgramFacts::Names& files, const ReadSource& read) {
  return Gatherer(files, read).run();
}

}  // namespace chiron::prose
