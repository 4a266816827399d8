#include "engines/prose/config.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "engines/prose/package.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

constexpr const char* kNames[] = {".vale", "_vale", "vale.ini", ".vale.ini", "_vale.ini"};
constexpr const char* kAssetFolders[] = {"config/vocabularies", "config/dictionaries", "config/templates",
                                         "config/ignore",       "config/actions",      "config/scripts",
                                         "config/filters",      "config/views"};

constexpr unsigned kPackageDepth = 4;

// Items between commas, "\," standing for a comma.
std::vector<std::string> split_list(const std::vector<std::string>& values) {
  std::vector<std::string> items;
  const auto add = [&](std::string_view item) {
    item = text::trim(item);
    if (!item.empty() && std::find(items.begin(), items.end(), item) == items.end()) items.emplace_back(item);
  };
  for (const auto& value : values) {
    std::string item;
    for (std::size_t at = 0; at < value.size(); ++at) {
      if (value[at] == '\\' && at + 1 < value.size() && value[at + 1] == ',') {
        item.push_back(',');
        ++at;
      } else if (value[at] == ',') {
        add(item);
        item.clear();
      } else {
        item.push_back(value[at]);
      }
    }
    add(item);
  }
  return items;
}

std::string resolve(const std::string& config_file, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  if (path.starts_with("~/")) {
    const char* home = std::getenv("HOME");
    return home == nullptr ? path : io::join_path(home, path.substr(2));
  }
  return io::join_path(std::string(io::parent_path(config_file)), path);
}

class Reader {
 public:
  Reader(const ConfigRequest& request, Config& config) : request_(request), config_(config) {}

  Result<void> read(const std::string& file, unsigned depth = 0) {
    const auto content = TRY(io::read_file(file, chiron::limits::kConfigBytes));
    auto sections = TRY(parse_ini(content, file));
    file_ = file;
    open_.push_back(io::normalize_path(file));
    TRY(read_core(sections[0], depth));
    open_.pop_back();
    file_ = file;
    for (auto& section : sections) {
      if (section.name == "formats") {
        for (const auto& key : section.keys) config_.formats[key.name] = key.values.back();
      } else if (section.name == "asciidoctor") {
        for (const auto& key : section.keys) config_.asciidoctor[key.name] = key.values.back();
      } else if (section.name == "*") {
        TRY(read_global(section));
      } else if (!section.name.empty() && section.name != "DEFAULT") {
        TRY(read_section(section));
      }
    }
    if (std::find(config_.files.begin(), config_.files.end(), file) == config_.files.end())
      config_.files.push_back(file);
    return {};
  }

  Result<void> load_vocabularies() {
    for (const auto& name : config_.vocabularies) {
      std::string folder;
      for (const auto& path : config_.styles_paths) {
        for (const auto* below : {"config/vocabularies", "Vocab"}) {
          const auto candidate = io::join_path(path, std::string(below) + "/" + name);
          if (folder.empty() && io::is_folder(candidate)) folder = candidate;
        }
      }
      if (folder.empty()) {
        return fail(ErrorKind::config, "prose.vocabulary",
                    format("'config/vocabularies/{}' directory does not exist", name), Place{vocab_file_, vocab_line_},
                    "make the folder below StylesPath, with accept.txt and reject.txt");
      }
      for (const auto& entry : TRY(io::walk(folder))) {
        const auto file = io::file_name(entry.path);
        if (file != "accept.txt" && file != "reject.txt") continue;
        const auto words = TRY(io::read_file(io::join_path(folder, entry.path), chiron::limits::kConfigBytes));
        for (auto word : text::split_lines(words)) {
          word = text::trim(word);
          if (word.empty() || word.starts_with("# ")) continue;
          (file == "accept.txt" ? config_.accepted : config_.rejected).emplace_back(word);
        }
      }
    }
    return {};
  }

 private:
  std::unexpected<Error> wrong(const IniKey& key, std::string message, std::string next = {}) {
    return fail(ErrorKind::config, "prose.ini", std::move(message), Place{file_, key.line, 1}, std::move(next));
  }

  Result<void> read_core(const IniSection& section, unsigned depth) {
    // StylesPath first: what a package brings is looked up beside it.
    for (const auto& key : section.keys) {
      if (key.name != "StylesPath") continue;
      const auto path = resolve(file_, key.values.back());
      if (!io::exists(path)) {
        return fail(ErrorKind::config, "prose.styles-path", format("The path '{}' does not exist.", path),
                    Place{file_, key.line, 1}, "create it, or correct StylesPath");
      }
      add_styles_path(path);
    }
    for (const auto& key : section.keys) {
      const auto& name = key.name;
      if (name == "StylesPath") continue;
      if (name == "MinAlertLevel") {
        const auto level = parse_severity(key.values.back());
        if (!level) return wrong(key, "MinAlertLevel must be 'suggestion', 'warning', or 'error'.");
        config_.min_level = *level;
      } else if (name == "IgnoredScopes") {
        config_.ignored_scopes = split_list(key.values);
      } else if (name == "SkippedScopes") {
        config_.skipped_scopes = split_list(key.values);
      } else if (name == "IgnoredClasses") {
        config_.ignored_classes = split_list(key.values);
      } else if (name == "WordTemplate") {
        config_.word_template = key.values.back();
      } else if (name == "Vocab") {
        config_.vocabularies = split_list(key.values);
        vocab_file_ = file_;
        vocab_line_ = key.line;
      } else if (name == "Packages") {
        TRY(read_packages(key, depth));
      } else if (name == "NLPEndpoint") {
        return fail(ErrorKind::unsupported, "prose.unsupported",
                    "NLPEndpoint sends texts to a server, which is not done here", Place{file_, key.line, 1},
                    "remove it; sentences and word classes are found by the program itself");
      } else if (is_syntax_option(name)) {
        return wrong(key, format("'{}' is a syntax-specific option", name), "move it below a section such as [*.md]");
      } else if (!is_past_option(name)) {
        return wrong(key, format("'{}' is no option", name),
                     "options here are StylesPath, MinAlertLevel, Vocab, Packages, IgnoredScopes, SkippedScopes, "
                     "IgnoredClasses and WordTemplate; rules are switched below a section such as [*.md]");
      }
    }
    return {};
  }

  Result<void> read_packages(const IniKey& key, unsigned depth) {
    for (const auto& package : split_list(key.values)) {
      config_.packages.push_back(package);
      if (depth > kPackageDepth) return wrong(key, "packages are nested too deeply");
      const auto found = TRY(open_package(package, file_, config_.styles_paths));
      if (!found.styles.empty()) add_styles_path(found.styles);
      if (!found.config.empty()) {
        const auto inner = io::normalize_path(found.config);
        if (std::find(open_.begin(), open_.end(), inner) != open_.end()) {
          return wrong(key, format("the package '{}' leads back to {}", package, inner), "take it out of Packages");
        }
        const auto outer = file_;
        TRY(read(inner, depth + 1));
        file_ = outer;
      }
    }
    return {};
  }

  static bool is_syntax_option(std::string_view name) {
    constexpr std::string_view kOptions[] = {"BasedOnStyles", "IgnorePatterns", "BlockIgnores", "CommentDelimiters",
                                             "TokenIgnores",  "Transform",      "Lang",         "View"};
    return std::find(std::begin(kOptions), std::end(kOptions), name) != std::end(kOptions);
  }
  // Options of past versions, which have no meaning any more and stand in files that work.
  static bool is_past_option(std::string_view name) {
    constexpr std::string_view kOptions[] = {"SphinxBuildPath", "SphinxAutoBuild", "DictionaryPath", "Project",
                                             "LTPath",          "Timeout",         "ProcessTimeout", "Processor"};
    return std::find(std::begin(kOptions), std::end(kOptions), name) != std::end(kOptions);
  }
  // "Style.Rule", or anything that is set to what a rule can be set to.
  static bool is_switch(const IniKey& key) {
    const auto& value = key.values.back();
    return key.name.find('.') != std::string::npos || value == "YES" || value == "NO" || parse_severity(value);
  }
  static bool is_core_option(std::string_view name) {
    constexpr std::string_view kOptions[] = {"StylesPath",    "MinAlertLevel",  "IgnoredScopes", "WordTemplate",
                                             "SkippedScopes", "IgnoredClasses", "Vocab",         "NLPEndpoint"};
    return std::find(std::begin(kOptions), std::end(kOptions), name) != std::end(kOptions);
  }

  void add_styles_path(const std::string& path) {
    const auto clean = io::normalize_path(path);
    auto& paths = config_.styles_paths;
    if (std::find(paths.begin(), paths.end(), clean) == paths.end()) paths.push_back(clean);
  }

  void add_styles(const std::vector<std::string>& styles, std::uint32_t line) {
    for (const auto& style : styles) {
      config_.named_at.emplace(style, Place{file_, line, 1});
      if (std::find(config_.styles.begin(), config_.styles.end(), style) == config_.styles.end()) {
        config_.styles.push_back(style);
      }
    }
  }

  // Whether a rule or a style is switched on.
  Result<bool> read_level(const IniKey& key) {
    const auto& value = key.values.back();
    const auto level = parse_severity(value);
    const bool off = value == "NO" || value == "no" || value == "off" || value == "false";
    if (value != "YES" && !level && !off) {
      return wrong(key, format("'{}' is nothing that a rule can be set to", value),
                   "set it to YES, NO, suggestion, warning or error");
    }
    if (key.name.find('.') != std::string::npos) config_.named_rules.push_back(key.name);
    if (!off) config_.named_at.emplace(key.name, Place{file_, key.line, 1});
    if (level) config_.levels[key.name] = *level;
    return !off;
  }

  Result<void> read_ignores(const IniKey& key, const std::string& label, std::vector<Ignores>& into) {
    Ignores ignores;
    ignores.section = label;
    ignores.glob = TRY(Glob::compile(label));
    ignores.patterns = split_list(key.values);
    into.push_back(std::move(ignores));
    return {};
  }

  Result<void> read_labelled(const IniKey& key, const std::string& label, std::vector<Labelled>& into) {
    Labelled labelled;
    labelled.section = label;
    labelled.glob = TRY(Glob::compile(label));
    labelled.values = split_list(key.values);
    labelled.place = Place{file_, key.line, 1};
    into.push_back(std::move(labelled));
    return {};
  }

  Result<void> misplaced(const IniKey& key) {
    return wrong(key, format("'{}' is a core option; it should be defined above any syntax-specific options (`[...]`).",
                             key.name));
  }

  Result<void> read_global(const IniSection& section) {
    for (const auto& key : section.keys) {
      if (is_core_option(key.name)) return misplaced(key);
      if (key.name == "BasedOnStyles") {
        config_.base_styles = split_list(key.values);
        add_styles(config_.base_styles, key.line);
      } else if (key.name == "BlockIgnores" || key.name == "IgnorePatterns") {
        TRY(read_ignores(key, "*", config_.block_ignores));
      } else if (key.name == "TokenIgnores") {
        TRY(read_ignores(key, "*", config_.token_ignores));
      } else if (key.name == "Lang") {
        TRY(read_labelled(key, "*", config_.languages));
      } else if (key.name == "Transform") {
        config_.transforms.push_back({"*", TRY(Glob::compile("*")), Place{file_, key.line, 1}});
      } else if (is_syntax_option(key.name)) {
        return wrong(key, format("'{}' is a syntax-specific option", key.name),
                     "move it below a section such as [*.md]");
      } else if (!is_switch(key)) {
        return wrong(key, format("'{}' is no option", key.name),
                     "options here are BasedOnStyles, BlockIgnores, TokenIgnores and Lang; a rule is switched by "
                     "STYLE.RULE = YES, NO or a level");
      } else {
        config_.checks[key.name] = TRY(read_level(key));
      }
    }
    return {};
  }

  Result<void> read_section(const IniSection& ini) {
    Section section;
    section.name = ini.name;
    auto glob = Glob::compile(ini.name);
    if (!glob) {
      return fail(ErrorKind::config, "prose.ini", format("The glob pattern '{}' could not be compiled.", ini.name),
                  Place{file_, ini.line, 1});
    }
    section.glob = std::move(*glob);
    for (const auto& key : ini.keys) {
      if (is_core_option(key.name)) return misplaced(key);
      if (key.name == "BasedOnStyles") {
        section.base_styles = split_list(key.values);
        add_styles(*section.base_styles, key.line);
      } else if (key.name == "BlockIgnores" || key.name == "IgnorePatterns") {
        TRY(read_ignores(key, ini.name, config_.block_ignores));
      } else if (key.name == "TokenIgnores") {
        TRY(read_ignores(key, ini.name, config_.token_ignores));
      } else if (key.name == "CommentDelimiters") {
        TRY(read_labelled(key, ini.name, config_.comment_delimiters));
        if (config_.comment_delimiters.back().values.size() != 2) {
          return wrong(key,
                       format("CommentDelimiters must be a comma-separated list of two delimiters, but got {} items",
                              config_.comment_delimiters.back().values.size()));
        }
      } else if (key.name == "Lang") {
        TRY(read_labelled(key, ini.name, config_.languages));
      } else if (key.name == "View") {
        TRY(read_labelled(key, ini.name, config_.views));
      } else if (key.name == "Transform") {
        // Kept with its place: files that it is for are refused, others of the same configuration are read.
        config_.transforms.push_back({ini.name, TRY(Glob::compile(ini.name)), Place{file_, key.line, 1}});
      } else if (!is_switch(key)) {
        return wrong(key, format("'{}' is no option", key.name),
                     "options here are BasedOnStyles, BlockIgnores, TokenIgnores, CommentDelimiters, Lang and View; "
                     "a rule is switched by STYLE.RULE = YES, NO or a level");
      } else {
        section.checks[key.name] = TRY(read_level(key));
      }
    }
    config_.sections.push_back(std::move(section));
    return {};
  }

  const ConfigRequest& request_;
  Config& config_;
  std::string file_;
  std::vector<std::string> open_;  // the files that led to the one that is read
  std::string vocab_file_;
  std::uint32_t vocab_line_ = 0;
};

std::string search_upwards(std::string folder) {
  while (true) {
    for (const auto* name : kNames) {
      const auto path = io::join_path(folder, name);
      if (io::exists(path) && !io::is_folder(path)) return path;
    }
    if (folder.empty() || folder == "/") return "";
    folder = std::string(io::parent_path(folder));
    if (folder.empty()) folder = "/";
  }
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::suggestion:
      return "suggestion";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "";
}

std::optional<Severity> parse_severity(std::string_view text) {
  if (text == "suggestion") return Severity::suggestion;
  if (text == "warning") return Severity::warning;
  if (text == "error") return Severity::error;
  return std::nullopt;
}

Result<void> Config::refuse_transform(std::string_view path) const {
  for (const auto& transform : transforms) {
    if (!path.empty() && !transform.glob.matches(path)) continue;
    return fail(ErrorKind::unsupported, "prose.unsupported",
                format("Transform for [{}] runs another program, which is not done here", transform.section),
                transform.place, "remove it, and leave such files out");
  }
  return {};
}

std::string Config::find_asset(std::string_view folder, std::string_view name) const {
  for (const auto& path : styles_paths) {
    auto candidate = io::join_path(path, std::string(folder) + "/" + std::string(name));
    if (io::exists(candidate) && !io::is_folder(candidate)) return candidate;
  }
  return "";
}

std::string Config::find_anywhere(std::string_view name) const {
  if (name.empty()) return "";
  for (const auto& path : styles_paths) {
    auto candidate = io::join_path(path, name);
    if (io::exists(candidate) && !io::is_folder(candidate)) return candidate;
  }
  for (const auto* folder : kAssetFolders) {
    auto found = find_asset(folder, name);
    if (!found.empty()) return found;
  }
  if (!files.empty()) {
    auto candidate = resolve(files.back(), std::string(name));
    if (io::exists(candidate) && !io::is_folder(candidate)) return candidate;
  }
  return "";
}

Result<Config> read_config(const ConfigRequest& request) {
  const auto variable = [&](std::string_view name) -> std::string {
    for (const auto& [key, value] : request.environment) {
      if (key == name) return value;
    }
    return "";
  };
  Config config;
  if (!request.ignore_global) {
    if (auto styles = variable("VALE_STYLES_PATH"); !styles.empty() && io::is_folder(styles)) {
      config.styles_paths.push_back(std::move(styles));
    }
  }
  auto file = request.path;
  if (file.empty()) file = variable("VALE_CONFIG_PATH");
  if (!file.empty() && !io::exists(file)) {
    return fail(ErrorKind::config, "prose.config-missing", format("path '{}' does not exist", file), Place{},
                "give --config an existing file");
  }
  if (file.empty()) file = search_upwards(request.start);
  Reader reader(request, config);
  if (!request.ignore_global) {
    if (const auto home = variable("HOME"); !home.empty()) {
      const auto own = io::join_path(home, ".config/vale/.vale.ini");
      if (own != file && io::exists(own)) TRY(reader.read(own));
    }
  }
  if (file.empty() && config.files.empty()) {
    return fail(ErrorKind::config, "prose.config-missing", "no configuration file found", Place{},
                "make one with `chiron prose init`, or name it with --config");
  }
  if (!file.empty()) TRY(reader.read(file));
  TRY(reader.load_vocabularies());
  if (!request.min_level.empty()) {
    const auto level = parse_severity(request.min_level);
    if (level) config.min_level = *level;
  }
  return config;
}

}  // namespace chiron::prose
