#include "engines/prose/docs_program.h"

#include <algorithm>

#include "engines/prose/markdown_fences.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

constexpr std::size_t kSchemaDepth = 64;

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }

// --- command lines ---

// The words of a shell line up to where the command ends; `line` is moved behind that.
std::vector<CommandLine::Word> take_words(std::string_view whole, std::size_t& at) {
  std::vector<CommandLine::Word> words;
  while (at < whole.size()) {
    const auto c = whole[at];
    if (c == ' ' || c == '\t') {
      ++at;
    } else if (c == '#' || c == '\\') {
      at = whole.size();  // a comment; a line that goes on is looked at by itself
    } else if (std::string_view("|;&<>()").find(c) != std::string_view::npos) {
      // What a stream is sent to is no command.
      const bool stream = c == '<' || c == '>';
      ++at;
      while (stream && at < whole.size() && whole[at] == ' ') ++at;
      while (stream && at < whole.size() && whole[at] != ' ') ++at;
      if (!stream) return words;
    } else {
      const auto begin = at;
      bool quoted = false;
      while (at < whole.size() && std::string_view(" \t|;&<>()").find(whole[at]) == std::string_view::npos) {
        if (whole[at] == '"' || whole[at] == '\'') {
          quoted = true;
          const auto close = whole.find(whole[at], at + 1);
          at = close == std::string_view::npos ? whole.size() : close + 1;
        } else {
          ++at;
        }
      }
      words.push_back({whole.substr(begin, at - begin), begin, quoted});
    }
  }
  return words;
}

void take_commands(std::string_view line, std::size_t offset, const std::function<void(const CommandLine&)>& visit) {
  std::size_t at = 0;
  while (at < line.size()) {
    auto words = take_words(line, at);
    std::size_t first = 0;
    const auto skipped = [](std::string_view word) {
      return word == "$" || word == "%" || word == "sudo" || word == "npx" || word == "env" || word == "exec" ||
             word == "time" || (word.find('=') != std::string_view::npos && !word.starts_with('-'));
    };
    while (first < words.size() && skipped(words[first].text)) ++first;
    if (first >= words.size()) continue;
    CommandLine command;
    command.program = io::file_name(words[first].text);
    for (auto i = first + 1; i < words.size(); ++i) {
      words[i].offset += offset;
      command.words.push_back(words[i]);
    }
    visit(command);
  }
}

bool is_shell(std::string_view language) {
  constexpr std::string_view kShells[] = {"sh", "bash", "zsh", "shell", "console", "shell-session", "terminal"};
  return std::find(std::begin(kShells), std::end(kShells), language) != std::end(kShells);
}

class Checker {
 public:
  Checker(const std::string& path, std::string_view page, const ProgramFacts& facts, const TellDocs& tell)
      : path_(path), page_(page), facts_(facts), tell_(tell) {}

  void run() {
    if (facts_.words_known) {
      each_command(page_, [&](const CommandLine& command) { check_command(command); });
    }
    if (!facts_.schemas.empty()) each_fence(page_, [&](const Fence& fence) { check_block(fence); });
    if (!facts_.own_versions.empty() && path_ != facts_.changelog) versions();
  }

 private:
  [[nodiscard]] bool knows(std::string_view word) const {
    if (facts_.words.count(word) != 0) return true;
    if (word.starts_with("no-") && facts_.words.count(word.substr(3)) != 0) return true;
    return facts_.words.count(text::replace_all(word, "-", "_")) != 0;
  }

  void check_command(const CommandLine& command) {
    if (facts_.programs.count(command.program) == 0) return;
    for (std::size_t i = 0; i < command.words.size(); ++i) {
      const auto& word = command.words[i];
      if (word.text == "--") return;  // what follows is another program's
      if (i == 0 && facts_.with_commands.count(command.program) != 0 && is_command(word) && !knows(word.text)) {
        tell_("Chiron.MissingCommand", word.offset, word.text.size(),
              format("'{}' has no command '{}'.", command.program, word.text));
      }
      if (!word.text.starts_with("--")) continue;
      auto end = std::size_t{2};
      while (end < word.text.size() && is_name(word.text[end])) ++end;
      const auto name = word.text.substr(2, end - 2);
      const bool whole =
          end == word.text.size() || std::string_view("=[,.:").find(word.text[end]) != std::string_view::npos;
      const bool lower = std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
      if (name.empty() || !whole ||
          (!lower && name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos))
        continue;
      if (name == "help" || name == "version" || knows(name)) continue;
      tell_("Chiron.MissingFlag", word.offset, end, format("'{}' has no flag '--{}'.", command.program, name));
    }
  }

  // --- configuration ---

  // The schema that a block is for: its first line, its fence or the paragraph above names the file.
  const doc::Value* schema_of(const Fence& fence) const {
    for (const auto& [file, schema] : facts_.schemas) {
      const auto first = text::trim(fence.content.substr(0, fence.content.find('\n')));
      const bool commented = first.starts_with('#') || first.starts_with("//");
      if (commented && first.find(file) != std::string_view::npos) return &schema;
      if (fence.info.find(file) != std::string_view::npos) return &schema;
      if (fence.before.find("`" + file + "`") != std::string_view::npos) return &schema;
    }
    return nullptr;
  }

  void check_block(const Fence& fence) {
    const auto* schema = schema_of(fence);
    if (schema == nullptr) return;
    const auto language = fence.language();
    Result<doc::Value> parsed = fail(ErrorKind::input, "prose.docs", "no language");
    if (language == "toml") parsed = doc::parse_toml(fence.content);
    if (language == "json") parsed = doc::parse_json(fence.content);
    if (language == "yaml" || language == "yml") parsed = doc::parse_yaml(fence.content);
    if (!parsed || !parsed->is_object()) return;
    // A block of which no key is known at the top shows a part of the file.
    const auto known = [&](const doc::Member& member) {
      bool open = false;
      return !find_key(*schema, *schema, member.name, open, 0).empty() || open;
    };
    if (std::none_of(parsed->members().begin(), parsed->members().end(), known)) return;
    check_keys(*parsed, {schema}, *schema, fence, "", 0);
  }

  static const doc::Value* resolve(const doc::Value* schema, const doc::Value& root) {
    for (int i = 0; i < 16 && schema != nullptr && schema->is_object(); ++i) {
      const auto reference = schema->string_or("$ref", "");
      if (!reference.starts_with("#/")) break;
      const doc::Value* at = &root;
      for (const auto part : text::split(reference.substr(2), '/')) at = at == nullptr ? nullptr : at->find(part);
      schema = at;
    }
    return schema;
  }

  // The schemas of a key; `open` where any key may stand.
  static std::vector<const doc::Value*> find_key(const doc::Value& schema, const doc::Value& root,
                                                 std::string_view name, bool& open, std::size_t depth) {
    std::vector<const doc::Value*> found;
    const auto* at = resolve(&schema, root);
    if (at == nullptr || !at->is_object() || depth > kSchemaDepth) {
      open = true;
      return found;
    }
    bool combined = false;
    for (const auto* all : {"allOf", "anyOf", "oneOf"}) {
      const auto* list = at->find(all);
      if (list == nullptr || !list->is_array()) continue;
      for (const auto& part : list->items()) {
        const auto* resolved = resolve(&part, root);
        if (resolved == nullptr || !resolved->is_object()) continue;
        if (const auto type = resolved->string_or("type", "object"); type != "object") continue;
        combined = true;
        const auto more = find_key(part, root, name, open, depth + 1);
        found.insert(found.end(), more.begin(), more.end());
      }
    }
    const auto* properties = at->find("properties");
    if (properties != nullptr) {
      if (const auto* own = properties->find(name)) found.push_back(own);
    }
    const auto* other = at->find("additionalProperties");
    const bool closed = other != nullptr && other->is_boolean() && !other->as_boolean();
    const bool patterns = at->find("patternProperties") != nullptr || at->find("unevaluatedProperties") != nullptr;
    if (found.empty() && other != nullptr && other->is_object()) found.push_back(other);
    if (patterns || (!combined && properties == nullptr && !closed)) open = true;
    if (other != nullptr && other->is_boolean() && !closed) open = true;
    return found;
  }

  void check_keys(const doc::Value& value, const std::vector<const doc::Value*>& schemas, const doc::Value& root,
                  const Fence& fence, const std::string& above, std::size_t depth) {
    if (depth > kSchemaDepth) return;
    if (value.is_array()) {
      std::vector<const doc::Value*> of_items;
      for (const auto* schema : schemas) {
        const auto* at = resolve(schema, root);
        if (at != nullptr && at->is_object() && at->find("items") != nullptr) of_items.push_back(at->find("items"));
      }
      if (of_items.empty()) return;
      for (const auto& item : value.items()) check_keys(item, of_items, root, fence, above, depth + 1);
      return;
    }
    if (!value.is_object()) return;
    for (const auto& member : value.members()) {
      bool open = false;
      std::vector<const doc::Value*> below;
      for (const auto* schema : schemas) {
        const auto more = find_key(*schema, root, member.name, open, 0);
        below.insert(below.end(), more.begin(), more.end());
      }
      const auto name = above.empty() ? member.name : above + "." + member.name;
      if (!below.empty()) {
        check_keys(member.value, below, root, fence, name, depth + 1);
      } else if (!open && member.name_span.end > member.name_span.begin) {
        tell_("Chiron.MissingKey", fence.offset + member.name_span.begin, member.name_span.end - member.name_span.begin,
              format("The schema has no key '{}'.", name));
      }
    }
  }

  // --- versions ---

  void versions() {
    for (const auto& name : facts_.names) {
      if (name.size() < 3) continue;
      for (auto at = page_.find(name); at != std::string_view::npos; at = page_.find(name, at + name.size())) {
        if (at > 0 && (is_name(page_[at - 1]) || page_[at - 1] == '.' || page_[at - 1] == '/')) continue;
        auto begin = at + name.size();
        const auto between = begin;
        while (begin < page_.size() && begin - between < 6 &&
               std::string_view(" @=\"'v^~:").find(page_[begin]) != std::string_view::npos) {
          ++begin;
        }
        if (begin == between) continue;
        const auto end = version_end(begin);
        if (end != begin) check_version(name, begin, end);
      }
    }
  }

  // Past "1.2.3" or "1.2.3-rc.1"; `begin` where there is no version of three parts.
  std::size_t version_end(std::size_t begin) const {
    auto at = begin;
    for (int part = 0; part < 3; ++part) {
      const auto digits = at;
      while (at < page_.size() && page_[at] >= '0' && page_[at] <= '9') ++at;
      if (at == digits) return begin;
      if (part < 2 && (at >= page_.size() || page_[at++] != '.')) return begin;
    }
    if (at < page_.size() && page_[at] == '.' && at + 1 < page_.size() && page_[at + 1] >= '0' && page_[at + 1] <= '9')
      return begin;
    if (at < page_.size() && (page_[at] == '-' || page_[at] == '+')) {
      auto more = at + 1;
      while (more < page_.size() && (is_name(page_[more]) || page_[more] == '.')) ++more;
      while (more > at + 1 && page_[more - 1] == '.') --more;
      // A name of a file such as "tool-1.2.3-x86_64.tar.gz" says nothing of a release candidate.
      const auto suffix = page_.substr(at + 1, more - at - 1);
      if (suffix.starts_with("rc") || suffix.starts_with("alpha") || suffix.starts_with("beta")) at = more;
    }
    return at;
  }

  void check_version(std::string_view name, std::size_t begin, std::size_t end) {
    const auto version = page_.substr(begin, end - begin);
    if (facts_.versions.count(version) != 0) return;
    if (!facts_.changelog.empty()) {
      tell_("Chiron.UnknownVersion", begin, version.size(),
            format("{} knows no version {} of {}.", facts_.changelog, version, name));
      return;
    }
    // Without a list of versions only those are wrong that are still to come.
    const auto later = [&](const std::string& own) { return numbers(version) > numbers(own); };
    if (std::all_of(facts_.own_versions.begin(), facts_.own_versions.end(), later)) {
      tell_("Chiron.UnknownVersion", begin, version.size(),
            format("{} is at version {}: there is no {} yet.", name, facts_.own_versions.front(), version));
    }
  }

  static std::vector<unsigned long> numbers(std::string_view version) {
    std::vector<unsigned long> parts;
    for (const auto part : text::split(version.substr(0, version.find_first_of("-+")), '.')) {
      parts.push_back(std::strtoul(std::string(part.substr(0, 9)).c_str(), nullptr, 10));
    }
    return parts;
  }

  static bool is_command(const CommandLine::Word& word) {
    return !word.quoted && word.text.size() > 1 && word.text[0] >= 'a' && word.text[0] <= 'z' &&
           word.text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
  }

  const std::string& path_;
  std::string_view page_;
  const ProgramFacts& facts_;
  const TellDocs& tell_;
};

}  // namespace

void each_command(std::string_view page, const std::function<void(const CommandLine&)>& visit) {
  each_fence(page, [&](const Fence& fence) {
    if (!is_shell(fence.language())) return;
    const bool prompted = fence.content.find("$ ") == 0 || fence.content.find("\n$ ") != std::string_view::npos;
    for (std::size_t at = 0; at < fence.content.size();) {
      auto end = fence.content.find('\n', at);
      if (end == std::string_view::npos) end = fence.content.size();
      const auto line = fence.content.substr(at, end - at);
      // Where prompts are shown the other lines are what is printed.
      if (!prompted || line.starts_with("$ ")) take_commands(line, fence.offset + at, visit);
      at = end + 1;
    }
  });
  each_text_line(page, [&](std::string_view line, std::size_t offset) {
    each_code_span(line, [&](std::string_view span, std::size_t at) { take_commands(span, offset + at, visit); });
  });
}

void check_program(const std::string& path, std::string_view page, const ProgramFacts& facts, const TellDocs& tell) {
  Checker(path, page, facts, tell).run();
}

}  // namespace chiron::prose
