// chiron completion SHELL: scripts that complete commands, options and their values, from the operations' descriptions.
#include <algorithm>
#include <functional>
#include <map>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "operations/globals.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct CompletionRequest {
  std::string shell;
};

std::string flag_words(const Operation& operation) {
  std::vector<std::string> words;
  for (const auto* field : command_fields(operation)) {
    if (field->positional) continue;
    words.push_back("--" + std::string(field->name));
    if (field->type == FieldType::flag && field->fallback == "true")
      words.push_back("--no-" + std::string(field->name));
    if (field->letter != 0) words.push_back(std::string{'-', field->letter});
  }
  return text::join(words, " ");
}

std::string choice_words(const Field& field) {
  return text::join(std::vector<std::string>(field.choices.begin(), field.choices.end()), " ");
}

bool is_path(const Field& field) { return field.type == FieldType::path || field.type == FieldType::paths; }

// The words that may follow a sequence of words: {"": "check coverage …", "coverage": "diff show"}.
std::map<std::string, std::string> following_words(const Registry& registry) {
  std::map<std::string, std::vector<std::string>> next;
  for (const auto& operation : registry.operations()) {
    std::string prefix;
    for (const auto word : text::split(operation.name, ' ')) {
      auto& words = next[prefix];
      if (std::ranges::find(words, word) == words.end()) words.emplace_back(word);
      prefix += (prefix.empty() ? "" : " ") + std::string(word);
    }
  }
  std::map<std::string, std::string> joined;
  for (const auto& [prefix, words] : next) joined[prefix] = text::join(words, " ");
  return joined;
}

// Those of more words first, so that "test list" is not taken for "test" with an argument.
std::vector<const Operation*> deepest_first(const Registry& registry) {
  std::vector<const Operation*> operations;
  for (const auto& operation : registry.operations()) operations.push_back(&operation);
  std::ranges::stable_sort(operations, std::greater(),
                           [](const Operation* operation) { return std::ranges::count(operation->name, ' '); });
  return operations;
}

// What an operation does; of a group ("coverage"), the commands it has.
std::string summary_of(const std::string& name, const Registry& registry) {
  if (const auto* operation = registry.find(name)) return std::string(operation->summary);
  std::vector<std::string> words;
  for (const auto& operation : registry.operations())
    if (operation.name.starts_with(name + " ")) words.emplace_back(operation.name.substr(name.size() + 1));
  return text::join(words, ", ");
}

std::string joined(const std::string& prefix, std::string_view word) {
  return prefix.empty() ? std::string(word) : prefix + " " + std::string(word);
}

std::string positional_choices(const Operation& operation) {
  for (const auto* field : command_fields(operation))
    if (field->positional && !field->choices.empty()) return choice_words(*field);
  return {};
}

std::string bash_script(const Registry& registry) {
  std::string out =
      "# bash completion of chiron; load with: source <(chiron completion bash)\n"
      "_chiron() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words='' i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in -*) break ;; *) words=${words:+$words }${COMP_WORDS[i]} ;; esac\n"
      "  done\n"
      "  local flags='' next=''\n"
      "  case $words in\n";
  for (const auto& [prefix, words] : following_words(registry)) {
    const auto* operation = registry.find(prefix);
    out += format("    '{}') next='{}'; flags='{}' ;;\n", prefix, words,
                  operation != nullptr ? flag_words(*operation) : "--help --version");
  }
  for (const auto* operation : deepest_first(registry))
    out += format("    '{0}'|'{0} '*) next='{1}'; flags='{2}' ;;\n", operation->name, positional_choices(*operation),
                  flag_words(*operation));
  out += "  esac\n  case \"$words $prev\" in\n";
  for (const auto* operation : deepest_first(registry))
    for (const auto* field : command_fields(*operation)) {
      if (field->type == FieldType::flag) continue;
      const auto reply = !field->choices.empty()
                             ? format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", choice_words(*field))
                         : is_path(*field) ? std::string("compopt -o default")
                                           : std::string(":");
      if (!field->positional)
        out += format("    '{0} --{1}'|'{0} '*' --{1}') {2}; return ;;\n", operation->name, field->name, reply);
    }
  out +=
      "  esac\n"
      "  case $cur in\n"
      "    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\")) ;;\n"
      "    *) COMPREPLY=($(compgen -W \"$next\" -- \"$cur\")); [ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default ;;\n"
      "  esac\n"
      "}\n"
      "complete -F _chiron chiron\n";
  return out;
}

std::string single_quoted(std::string_view text) { return text::replace_all(text, "'", "'\\''"); }

std::string zsh_script(const Registry& registry) {
  // "path" would be the shell's own list of folders with programs.
  std::string out =
      "#compdef chiron\n"
      "# zsh completion of chiron; save as _chiron in a folder of $fpath\n"
      "_chiron() {\n"
      "  local given='' word\n"
      "  local -a next\n"
      "  for word in ${words[2,$((CURRENT - 1))]}; do\n"
      "    [[ $word == -* ]] && break\n"
      "    given=\"${given:+$given }$word\"\n"
      "  done\n"
      "  case $given in\n";
  for (const auto& [prefix, words] : following_words(registry)) {
    if (registry.find(prefix) != nullptr) continue;
    out += format("    '{}') next=(", prefix);
    for (const auto word : text::split(words, ' '))
      out += format("'{}:{}' ", word, single_quoted(summary_of(joined(prefix, word), registry)));
    out += "); _describe command next ;;\n";
  }
  for (const auto* operation : deepest_first(registry)) {
    out += format("    '{0}'|'{0} '*) _arguments", operation->name);
    for (const auto* field : command_fields(*operation)) {
      const auto action = !field->choices.empty()          ? format(":{}:({})", field->name, choice_words(*field))
                          : is_path(*field)                ? format(":{}:_files", field->name)
                          : field->type == FieldType::flag ? std::string()
                                                           : format(":{}:", field->name);
      const auto help = text::replace_all(text::replace_all(single_quoted(field->help), "[", "("), "]", ")");
      if (field->positional)
        out += format(" '*{}'", field->choices.empty() ? format(":{}:_files", field->name) : action);
      else
        out += format(" '*--{}[{}]{}'", field->name, text::replace_all(help, ":", " -"), action);
    }
    out += " ;;\n";
  }
  return out + "  esac\n}\n_chiron \"$@\"\n";
}

std::string fish_script(const Registry& registry) {
  std::string out =
      "# fish completion of chiron; save as ~/.config/fish/completions/chiron.fish\n"
      "function __chiron_words\n"
      "  set -l given\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    string match -q -- '-*' $word; and break\n"
      "    set -a given $word\n"
      "  end\n"
      "  echo \"$given\"\n"
      "end\n"
      "function __chiron_after\n"
      "  test (__chiron_words) = \"$argv\"\n"
      "end\n"
      "function __chiron_in\n"
      "  set -l given (__chiron_words)\n"
      "  for name in";
  for (const auto* operation : deepest_first(registry)) out += format(" '{}'", operation->name);
  out +=
      "\n"
      "    if string match -q -- \"$name *\" \"$given \"\n"
      "      test \"$name\" = \"$argv\"\n"
      "      return\n"
      "    end\n"
      "  end\n"
      "  false\n"
      "end\n"
      "complete -c chiron -f\n";
  for (const auto& [prefix, words] : following_words(registry))
    for (const auto word : text::split(words, ' '))
      out += format("complete -c chiron -n '__chiron_after {}' -a '{}' -d '{}'\n", prefix, word,
                    single_quoted(summary_of(joined(prefix, word), registry)));
  for (const auto& operation : registry.operations())
    for (const auto* field : command_fields(operation)) {
      const auto condition = format("-n '__chiron_in {}'", operation.name);
      if (field->positional) {
        if (is_path(*field)) out += format("complete -c chiron {} -F\n", condition);
        if (!field->choices.empty()) out += format("complete -c chiron {} -a '{}'\n", condition, choice_words(*field));
        continue;
      }
      out += format("complete -c chiron {} -l '{}'", condition, field->name);
      if (field->letter != 0) out += format(" -s {}", field->letter);
      if (!field->choices.empty())
        out += format(" -x -a '{}'", choice_words(*field));
      else if (is_path(*field))
        out += " -r -F";
      else if (field->type != FieldType::flag)
        out += " -x";
      out += format(" -d '{}'\n", single_quoted(field->help));
    }
  return out;
}

Result<Response> run_completion(const CompletionRequest& request, Context& context) {
  Response response;
  if (request.shell == "bash") response.output = bash_script(*context.registry);
  if (request.shell == "zsh") response.output = zsh_script(*context.registry);
  if (request.shell == "fish") response.output = fish_script(*context.registry);
  return response;
}

}  // namespace

Operation completion_operation() {
  auto made = operation<CompletionRequest>("completion", "Print the completion script of a shell",
                                           Fields<CompletionRequest>()
                                               .add("shell", &CompletionRequest::shell,
                                                    {.help = "Which shell",
                                                     .placeholder = "SHELL",
                                                     .example = "bash",
                                                     .choices = {"bash", "zsh", "fish"},
                                                     .positional = true,
                                                     .required = true})
                                               .take(),
                                           run_completion);
  made.examples = {{"source <(chiron completion bash)", "Complete commands and options in this shell."}};
  return made;
}

}  // namespace chiron
