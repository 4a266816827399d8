// Kind "spelling", and the adapter of the Hunspell library.
#include "engines/prose/spelling.h"

#include <algorithm>
#include <cstdlib>
#include <hunspell/hunspell.hxx>
#include <unordered_map>
#include <unordered_set>

#include "engines/prose/checks.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"

namespace chiron::prose {

struct Speller::Impl {
  // Hunspell's questions change its state; answers are kept, since words repeat.
  mutable std::mutex mutex;
  // Loading one takes tens of milliseconds: it waits for the first word.
  std::vector<std::pair<std::string, std::string>> files;
  mutable std::vector<std::unique_ptr<Hunspell>> dictionaries;
  void load() const {
    if (dictionaries.size() == files.size()) return;
    for (const auto& [aff, dic] : files) dictionaries.push_back(std::make_unique<Hunspell>(aff.c_str(), dic.c_str()));
  }
  mutable std::unordered_map<std::string, bool> answers;
  std::unordered_set<std::string> words;
};

Speller::Speller() : impl_(std::make_unique<Impl>()) {}
Speller::~Speller() = default;

Result<void> Speller::add(const std::string& aff, const std::string& dic) {
  for (const auto& file : {aff, dic}) {
    if (!io::exists(file)) {
      return fail(ErrorKind::config, "prose.dictionary", format("the dictionary file {} does not exist", file), Place{},
                  "put the .aff and .dic files below config/dictionaries of StylesPath");
    }
  }
  impl_->files.emplace_back(aff, dic);
  return {};
}

void Speller::add_word(const std::string& word) { impl_->words.insert(to_lower(word)); }

bool Speller::knows(const std::string& word) const {
  if (word.size() > 100) return true;  // Hunspell's limit; no word of a language
  const std::lock_guard lock(impl_->mutex);
  if (const auto found = impl_->answers.find(word); found != impl_->answers.end()) return found->second;
  impl_->load();
  bool known = impl_->words.count(to_lower(word)) != 0;
  for (auto& dictionary : impl_->dictionaries) known = known || dictionary->spell(word);
  impl_->answers.emplace(word, known);
  return known;
}

std::vector<std::string> Speller::suggest(const std::string& word) const {
  const std::lock_guard lock(impl_->mutex);
  impl_->load();
  std::vector<std::string> all;
  for (auto& dictionary : impl_->dictionaries) {
    for (auto& suggestion : dictionary->suggest(word)) {
      if (all.size() < 5 && std::find(all.begin(), all.end(), suggestion) == all.end())
        all.push_back(std::move(suggestion));
    }
  }
  return all;
}

Spellers::Spellers() = default;
Spellers::~Spellers() = default;

Result<std::shared_ptr<Speller>> Spellers::get(const std::vector<std::pair<std::string, std::string>>& dictionaries,
                                               const std::vector<std::string>& words) {
  auto speller = std::make_shared<Speller>();
  for (const auto& [aff, dic] : dictionaries) TRY(speller->add(aff, dic));
  for (const auto& word : words) speller->add_word(word);
  return speller;
}

namespace {

bool ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool ascii_lower(char c) { return c >= 'a' && c <= 'z'; }
bool word_byte(char c) { return ascii_upper(c) || ascii_lower(c) || (c >= '0' && c <= '9') || c == '_'; }

// Not looked up unless the rule says `custom: true`: what holds digits or marks, ends in a capital, or is CamelCase.
bool skipped_by_default(std::string_view word) {
  char32_t last = 0;
  for (std::size_t at = 0; at < word.size();) {
    const auto [point, length] = utf8::decode(word, at);
    if (!is_letter(point) && point != '_' && point != '\'') return true;
    if (point >= 0x2E80) return true;  // no dictionary of an alphabet knows words of these scripts
    last = point;
    at += length;
  }
  if (is_upper(last)) return true;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (!ascii_upper(word[i])) continue;
    auto j = i + 1;
    while (j < word.size() && ascii_lower(word[j])) ++j;
    if (j == i + 1) continue;
    auto k = j;
    while (k < word.size() && ascii_upper(word[k])) ++k;
    if (k - j >= 2 || (k - j == 1 && k < word.size() && word_byte(word[k]))) return true;
  }
  return false;
}

// Marks that follow a word behind the end of an inline element ("<a>name</a>()") are not part of it.
std::size_t without_tail(const View& view, std::size_t begin, std::size_t end) {
  auto last = end;
  while (last > begin && !word_byte(view.text[last - 1]) && static_cast<unsigned char>(view.text[last - 1]) < 0x80)
    --last;
  if (last == end || last == begin) return end;
  const auto word = view.content->to_source(view.offset + begin, view.offset + last);
  const auto tail = view.content->to_source(view.offset + last, view.offset + end);
  return tail.begin > word.end ? last : end;
}

class Spelling final : public Rule {
 public:
  using Rule::Rule;
  std::shared_ptr<Speller> speller;
  std::vector<Pattern> filters;
  Pattern exceptions;
  Pattern phrases;
  bool custom = false;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    std::string masked;
    auto text = view.text;
    if (!phrases.empty()) {
      const auto found = phrases.find_all(text);
      if (!found.empty()) {
        masked = text;
        for (const auto& match : found)
          std::fill(masked.begin() + static_cast<std::ptrdiff_t>(match.begin()),
                    masked.begin() + static_cast<std::ptrdiff_t>(match.end()), ' ');
        text = masked;
      }
    }
    for (const auto& word : split_words(text)) {
      auto end = word.end;
      if (view.content != nullptr) end = without_tail(view, word.begin, end);
      auto spelt = std::string(text.substr(word.begin, end - word.begin));
      // Typographic apostrophes are apostrophes to a dictionary.
      for (const std::string_view mark : {"\xE2\x80\x99", "\xE2\x80\x98"}) {
        if (spelt.find(mark) != std::string::npos) spelt = text::replace_all(spelt, mark, "'");
      }
      if (!custom && skipped_by_default(spelt)) continue;
      bool filtered = false;
      for (const auto& filter : filters) filtered = filtered || filter.found_in(spelt);
      if (filtered || speller->knows(spelt)) continue;
      if (!exceptions.empty() && exceptions.found_in(spelt)) continue;
      auto made = alert(view, word.begin, end);
      made.match = spelt;
      made.message = format_message(head.message, {spelt});
      made.description = format_message(head.description, {spelt});
      alerts.push_back(std::move(made));
    }
    return {};
  }

  std::vector<std::string> suggest(const std::string& word) const override { return speller->suggest(word); }
};

// Vale brings a dictionary of its own, made for texts on the web; the system's en_US, which is used here, is one of
// general English. These are words that any text about software may use and that general English lacks. A project's
// names and jargon are not among them: they belong into its vocabulary.
constexpr const char* kTechnicalWords[] = {
    "allowlist",     "allowlists",  "analytics",    "autocomplete",   "backend",        "backends",     "backport",
    "backported",    "backtick",    "backticks",    "bitwise",        "blockchain",     "boolean",      "booleans",
    "changelog",     "changelogs",  "chatbot",      "checkbox",       "checkboxes",     "checksum",     "checksums",
    "classpath",     "codebase",    "codebases",    "cryptocurrency", "dataset",        "datasets",     "datastore",
    "datastores",    "deduplicate", "deduplicated", "deduplication",  "denylist",       "dropdown",     "dropdowns",
    "emoji",         "emojis",      "endpoint",     "endpoints",      "failover",       "filesystem",   "filesystems",
    "firewall",      "formatter",   "formatters",   "frontend",       "frontends",      "geolocation",  "gitignore",
    "hardcode",      "hardcoded",   "hashtag",      "hostname",       "hostnames",      "hyperlink",    "inline",
    "inlined",       "iterable",    "iterator",     "iterators",      "keystore",       "keystroke",    "lifecycle",
    "linter",        "linters",     "localhost",    "lookup",         "lookups",        "metadata",     "microservice",
    "microservices", "middleware",  "namespace",    "namespaces",     "nullable",       "offline",      "ok",
    "onboarding",    "parallelize", "parser",       "parsers",        "passphrase",     "pipelining",   "plaintext",
    "plugin",        "plugins",     "preprocess",   "preprocessor",   "prefetch",       "quickstart",   "quickstarts",
    "rebase",        "rebased",     "refactor",     "refactored",     "refactoring",    "runtime",      "runtimes",
    "sandboxed",     "scalability", "screencast",   "screenshot",     "screenshots",    "serverless",   "stateful",
    "stylesheet",    "stylesheets", "subcommand",   "subcommands",    "subdirectories", "subdirectory", "subdomain",
    "subdomains",    "submodule",   "submodules",   "subnet",         "subnets",        "symlink",      "symlinks",
    "timestamp",     "timestamps",  "toolchain",    "toolchains",     "uninstall",      "untrusted",    "username",
    "usernames",     "webhook",     "webhooks",     "webpage",        "webpages",       "whitespace",   "wildcard",
    "wildcards",     "workaround",  "workarounds",  "workflow",       "workflows",      "workspace",    "workspaces"};

// A dictionary's two files in one of the places where dictionaries are kept.
std::optional<std::pair<std::string, std::string>> find_dictionary(const std::string& name,
                                                                   const std::vector<std::string>& folders) {
  for (const auto& folder : folders) {
    auto aff = io::join_path(folder, name + ".aff");
    auto dic = io::join_path(folder, name + ".dic");
    if (io::exists(aff) && io::exists(dic)) return std::pair(std::move(aff), std::move(dic));
  }
  return std::nullopt;
}

}  // namespace

Made make_spelling(RuleHead head, Fields& fields, const RuleContext& context) {
  const auto filters = TRY(fields.list("filters"));
  const auto ignore = TRY(fields.list("ignore"));
  const auto own_exceptions = TRY(fields.list("exceptions"));
  auto dictionaries = TRY(fields.list("dictionaries"));
  const auto aff = TRY(fields.text("aff"));
  const auto dic = TRY(fields.text("dic"));
  const auto dicpath = TRY(fields.text("dicpath"));
  const auto custom = TRY(fields.flag("custom", false));
  const auto append = TRY(fields.flag("append", false));
  (void)TRY(fields.number("threshold", 0));
  const auto& config = context.config;
  const bool built_in = head.name == "Vale.Spelling";

  std::vector<std::string> folders;
  if (!dicpath.empty()) {
    folders.push_back(dicpath);
    for (const auto& path : config.styles_paths) folders.push_back(io::join_path(path, dicpath));
    if (!config.files.empty()) folders.push_back(io::join_path(std::string(io::parent_path(config.root())), dicpath));
    if (std::none_of(folders.begin(), folders.end(), [](const std::string& f) { return io::is_folder(f); })) {
      return fields.wrong(
          "dicpath",
          format("unable to resolve dicpath: rule {} wants a folder '{}', which is not there", head.name, dicpath),
          format("put the dictionary's .aff and .dic into {}",
                 config.styles_paths.empty() ? dicpath : io::join_path(config.styles_paths.back(), dicpath)));
    }
  } else {
    for (const auto& path : config.styles_paths) folders.push_back(io::join_path(path, "config/dictionaries"));
  }
  std::vector<std::string> standard;
  if (const char* path = std::getenv("DICPATH"); path != nullptr) {
    for (const auto folder : text::split(path, ':')) standard.emplace_back(folder);
  }
  standard.emplace_back("/usr/share/hunspell");
  standard.emplace_back("/usr/share/myspell/dicts");

  std::vector<std::pair<std::string, std::string>> files;
  const auto own_aff = aff.empty() ? "" : config.find_anywhere(aff);
  const auto own_dic = dic.empty() ? "" : config.find_anywhere(dic);
  if (!own_aff.empty() && !own_dic.empty()) {
    files.emplace_back(own_aff, own_dic);
  } else {
    const bool use_standard = dictionaries.empty() || append;
    for (const auto& name : dictionaries) {
      auto found = find_dictionary(name, folders);
      if (!found) found = find_dictionary(name, standard);
      if (!found) {
        return fields.wrong("dictionaries",
                            format("rule {} wants the dictionary '{}', which was not found", head.name, name),
                            dicpath.empty() ? "put its .aff and .dic below config/dictionaries of StylesPath"
                                            : format("put its .aff and .dic into {}", folders.front()));
      }
      files.push_back(*std::move(found));
    }
    if (use_standard) {
      auto found = find_dictionary("en_US", standard);
      if (!found) found = find_dictionary("en_US", folders);
      if (!found) {
        return fields.wrong(
            "extends", "no English dictionary (en_US.aff, en_US.dic) was found",
            "install the package hunspell-en-us, or put the files below config/dictionaries of StylesPath");
      }
      files.push_back(*std::move(found));
    }
    // The project's own dictionaries all count for the built-in rule.
    if (built_in && dicpath.empty()) {
      for (const auto& folder : folders) {
        if (!io::is_folder(folder)) continue;
        for (const auto& entry : TRY(io::walk(folder))) {
          if (!entry.path.ends_with(".dic")) continue;
          const auto base = io::join_path(folder, entry.path.substr(0, entry.path.size() - 4));
          const std::pair<std::string, std::string> pair{base + ".aff", base + ".dic"};
          if (io::exists(pair.first) && std::find(files.begin(), files.end(), pair) == files.end())
            files.push_back(pair);
        }
      }
    }
  }
  // Word lists: every file of config/ignore for the built-in rule, the named ones for others.
  std::vector<std::string> lists;
  if (built_in) {
    if (!config.styles_paths.empty()) {
      const auto folder = io::join_path(config.styles_paths.back(), "config/ignore");
      if (io::is_folder(folder)) {
        for (const auto& entry : TRY(io::walk(folder))) {
          if (entry.type == io::EntryType::file && entry.path.ends_with(".txt"))
            lists.push_back(io::join_path(folder, entry.path));
        }
      }
    }
  } else {
    for (const auto& name : ignore) {
      if (io::exists(name)) lists.push_back(name);
      for (const auto& path : config.styles_paths) {
        for (const auto& candidate : {io::join_path(path, name), io::join_path(path, "config/ignore/" + name)}) {
          if (io::exists(candidate) && !io::is_folder(candidate)) lists.push_back(candidate);
        }
      }
    }
  }
  std::vector<std::string> words(std::begin(kTechnicalWords), std::end(kTechnicalWords));
  for (const auto& list : lists) {
    for (const auto line : text::split_lines(TRY(io::read_file(list, chiron::limits::kConfigBytes)))) {
      const auto word = text::trim(line);
      if (!word.empty() && !word.starts_with("# ")) words.emplace_back(word);
    }
  }

  auto rule = std::make_unique<Spelling>(std::move(head));
  rule->custom = custom;
  for (const auto& filter : filters) rule->filters.push_back(TRY(compile_at(filter, fields, "filters")));
  std::vector<std::string> terms = own_exceptions;
  for (const auto& term : config.accepted) terms.push_back("\\b" + term + "\\b");
  if (!terms.empty()) rule->exceptions = TRY(compile_at("(?i)" + text::join(terms, "|"), fields, "exceptions"));
  rule->phrases = TRY(phrase_pattern({}, config, true, fields));
  rule->speller = TRY(context.spellers.get(files, words));
  return rule;
}

}  // namespace chiron::prose
