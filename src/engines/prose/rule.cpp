#include "engines/prose/rule.h"

#include <algorithm>

#include "engines/prose/checks.h"
#include "engines/prose/script.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

struct Kind {
  std::string_view name;
  Made (*make)(RuleHead, Fields&, const RuleContext&);
};
constexpr Kind kKinds[] = {
    {"capitalization", make_capitalization},
    {"conditional", make_conditional},
    {"consistency", make_consistency},
    {"existence", make_existence},
    {"metric", make_metric},
    {"occurrence", make_occurrence},
    {"readability", make_readability},
    {"repetition", make_repetition},
    {"script", make_script},
    {"sequence", make_sequence},
    {"spelling", make_spelling},
    {"substitution", make_substitution},
};

Result<RuleHead> read_head(Fields& fields, const std::string& name, const RuleContext& context) {
  RuleHead head;
  head.name = name;
  head.file = fields.file();
  if (!fields.has("extends")) return fields.wrong("extends", "Missing the required 'extends' key.");
  if (!fields.has("message")) return fields.wrong("message", "Missing the required 'message' key.");
  head.extends = TRY(fields.text("extends"));
  head.message = TRY(fields.text("message"));
  head.description = TRY(fields.text("description"));
  head.link = TRY(fields.text("link"));
  const auto limit = TRY(fields.number("limit", 0));
  head.limit = limit > 0 ? static_cast<std::size_t>(limit) : 0;
  (void)TRY(fields.text("name"));
  // `code: false` is a leftover of old styles; `true` asks for what `scope: raw` does now.
  if (TRY(fields.flag("code", false)))
    return fields.wrong("code", "`code` is deprecated; please use `scope: raw` instead.");
  const auto style = name.substr(0, name.find('.'));
  const auto level = TRY(fields.text("level", "warning"));
  const auto parsed = parse_severity(level);
  if (!parsed) return fields.wrong("level", "'level' must be one of suggestion, warning, error");
  head.level = *parsed;
  if (const auto own = context.config.levels.find(name); own != context.config.levels.end()) {
    head.level = own->second;
  } else if (const auto all = context.config.levels.find(style); all != context.config.levels.end()) {
    head.level = all->second;
  }
  head.scope = TRY(fields.list("scope"));
  for (const auto& scope : head.scope) {
    if (scope.find('&') == std::string::npos && scope.find('(') == std::string::npos &&
        text::trim(scope).find(' ') != std::string_view::npos && !scope.starts_with('~')) {
      return fields.wrong("scope", format("scope '{}' contains spaces.", scope));
    }
    if (scope.starts_with("doc(")) {
      return fields.wrong("scope", "selectors in 'doc(…)' are not supported", "name a scope such as heading.h2");
    }
  }
  if (const auto* action = fields.value("action"); action != nullptr && !action->is_null()) {
    if (!action->is_object()) return fields.wrong("action", "'action' must be a map with 'name' and 'params'");
    Fields inner(*action, fields.file(), fields.source());
    head.action.name = TRY(inner.text("name"));
    head.action.params = TRY(inner.list("params"));
    TRY(inner.finish());
    constexpr std::string_view kActions[] = {"", "suggest", "replace", "remove", "convert", "edit"};
    if (std::find(std::begin(kActions), std::end(kActions), head.action.name) == std::end(kActions)) {
      return fields.wrong("action", format("unknown action '{}'", head.action.name),
                          "it is one of suggest, replace, remove, convert, edit");
    }
  }
  return head;
}

}  // namespace

Alert Rule::alert(const View& view, std::size_t begin, std::size_t end) const {
  Alert made;
  made.begin = begin;
  made.end = end;
  made.check = head.name;
  made.severity = head.level;
  made.match = view.text.substr(begin, end - begin);
  made.link = head.link;
  made.action = head.action;
  std::vector<std::string> arguments{made.match};
  if (!head.action.name.empty() &&
      (head.message.find("%s") != std::string::npos || head.message.find("%[") != std::string::npos)) {
    // A message may show what the action makes of the match.
    if (head.action.name == "replace" || head.action.name == "remove" || head.action.name == "edit") {
      const Config none;
      if (auto solved = solve(made, nullptr, none)) {
        if (solved->size() == 1) {
          arguments.push_back(solved->front());
        } else if (solved->size() > 1) {
          arguments.push_back(to_sentence(*solved, "or"));
        } else {
          arguments.push_back(made.match);
        }
      } else {
        arguments.push_back(made.match);
      }
    }
  }
  made.message = format_message(head.message, arguments);
  made.description = format_message(head.description, arguments);
  return made;
}

Result<std::unique_ptr<Rule>> load_rule(std::string_view yaml, const std::string& file, const std::string& name,
                                        const RuleContext& context) {
  doc::ReadOptions options;
  options.file = file;
  options.allow_duplicate_keys = true;
  auto parsed = doc::parse_yaml(yaml, options);
  if (!parsed && parsed.error().message.find("escape") != std::string::npos) {
    // The YAML library that styles are written for reads \' in double quotes as an apostrophe.
    parsed = doc::parse_yaml(text::replace_all(yaml, "\\'", "'"), options);
  }
  const auto definition = TRY(std::move(parsed));
  if (!definition.is_object()) {
    return fail(ErrorKind::config, "prose.rule", "a rule is a map of keys", Place{file, 1, 1},
                "start it with 'extends: existence'");
  }
  return make_rule(definition, file, yaml, name, context);
}

Result<std::unique_ptr<Rule>> make_rule(const doc::Value& definition, const std::string& file, std::string_view source,
                                        const std::string& name, const RuleContext& context) {
  Fields fields(definition, file, source);
  auto head = TRY(read_head(fields, name, context));
  const auto kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.name == head.extends; });
  if (kind == std::end(kKinds)) {
    std::vector<std::string> known;
    for (const auto& each : kKinds) known.emplace_back(each.name);
    return fields.wrong("extends", format("'extends' key must be one of [{}].", text::join(known, " ")));
  }
  if (head.scope.empty() && head.extends != "metric" && head.extends != "readability") head.scope = {"text"};
  if (head.extends == "metric" || head.extends == "readability") {
    // A measure without a scope, or with plain text, is one of the whole document.
    if (head.scope.empty() || (head.scope.size() == 1 && head.scope[0] == "text")) head.scope = {"summary"};
  }
  if (head.extends == "sequence") {
    std::vector<std::string> scopes;
    for (const auto& scope : head.scope)
      scopes.push_back(scope.find("sentence") == std::string::npos ? scope + " & sentence" : scope);
    head.scope = scopes;
  }
  auto rule = TRY(kind->make(std::move(head), fields, context));
  TRY(fields.finish());
  return rule;
}

std::string format_message(std::string_view message, const std::vector<std::string>& arguments) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t at = 0; at < message.size(); ++at) {
    if (message[at] == '\n') {
      out.push_back(' ');
      continue;
    }
    if (message[at] != '%' || at + 1 >= message.size()) {
      out.push_back(message[at]);
      continue;
    }
    auto stop = at + 1;
    if (message[stop] == '%') {
      out.push_back('%');
      at = stop;
      continue;
    }
    if (message[stop] == '[') {
      const auto close = message.find(']', stop);
      const auto index = close == std::string_view::npos
                             ? std::nullopt
                             : text::parse_unsigned(message.substr(stop + 1, close - stop - 1));
      if (index && *index > 0) {
        next = *index - 1;
        stop = close + 1;
      }
    }
    if (stop >= message.size() ||
        (message[stop] != 's' && message[stop] != 'd' && message[stop] != 'v' && message[stop] != 'q')) {
      out.push_back('%');
      continue;
    }
    if (next < arguments.size()) {
      const auto& argument = arguments[next];
      out += message[stop] == 'q' ? "\"" + argument + "\"" : argument;
    }
    ++next;
    at = stop;
  }
  for (auto& c : out) {
    if (c == '\n') c = ' ';
  }
  return out;
}

std::string to_sentence(const std::vector<std::string>& words, std::string_view conjunction) {
  if (words.empty()) return "";
  if (words.size() == 1) return "'" + words[0] + "'";
  if (words.size() == 2) return "'" + words[0] + "' " + std::string(conjunction) + " '" + words[1] + "'";
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += ", ";
    if (i + 1 == words.size()) out += std::string(conjunction) + " ";
    out += "'" + words[i] + "'";
  }
  return out;
}

Result<std::vector<std::string>> solve(const Alert& alert, const Rule* rule, const Config& config) {
  const auto& params = alert.action.params;
  const auto& match = alert.match;
  const auto wrong = [](std::string message) { return fail(ErrorKind::input, "prose.action", std::move(message)); };
  if (alert.action.name == "replace") return params;
  if (alert.action.name == "remove") return std::vector<std::string>{""};
  if (alert.action.name == "convert") {
    if (params.empty()) return wrong("no parameters");
    if (params[0] != "simple") return std::vector<std::string>{match};
    std::string out;
    char32_t old = ' ';
    std::size_t index = 0;
    for (std::size_t at = 0; at < match.size(); ++index) {
      const auto [point, length] = chiron::utf8::decode(match, at);
      at += length;
      const bool word = is_letter(point) || (point >= '0' && point <= '9');
      if ((index > 1 && is_letter(old) && !is_upper(old) && is_upper(point)) || !word) out.push_back(' ');
      if (word) chiron::utf8::append(out, to_lower(point));
      old = point;
    }
    std::string tight;
    for (const auto c : text::trim(out)) {
      if (c != ' ' || (!tight.empty() && tight.back() != ' ')) tight.push_back(c);
    }
    return std::vector<std::string>{tight};
  }
  if (alert.action.name == "suggest") {
    if (params.empty()) return wrong("no parameters");
    if (params[0] == "spellings") {
      if (rule == nullptr) return wrong(format("unknown check '{}'", alert.check));
      return rule->suggest(match);
    }
    auto file = config.find_asset("config/actions", params[0]);
    if (file.empty()) {
      const auto dot = alert.check.find('.');
      if (dot != std::string::npos) file = config.find_anywhere(alert.check.substr(0, dot) + "/" + params[0]);
    }
    if (file.empty()) return wrong(format("script '{}' not found", params[0]));
    const auto source = TRY(io::read_file(file, chiron::limits::kConfigBytes));
    const auto script = TRY(Script::compile(source, file));
    return script.run_suggestions(match);
  }
  if (alert.action.name == "edit") {
    if (params.empty()) return wrong("no parameters");
    const auto& kind = params[0];
    const auto trim_left = [](std::string_view text, std::string_view set) {
      const auto at = text.find_first_not_of(set);
      return std::string(at == std::string_view::npos ? std::string_view() : text.substr(at));
    };
    const auto trim_right = [](std::string_view text, std::string_view set) {
      const auto at = text.find_last_not_of(set);
      return std::string(at == std::string_view::npos ? std::string_view() : text.substr(0, at + 1));
    };
    const std::size_t wanted = kind == "regex" || kind == "split" ? 3 : 2;
    if (params.size() != wanted) return wrong("invalid number of parameters");
    std::string made = match;
    if (kind == "regex") {
      made = TRY(Pattern::compile(params[1])).replace(match, params[2]);
    } else if (kind == "trim") {
      made = trim_left(trim_right(match, params[1]), params[1]);
    } else if (kind == "trim_left") {
      made = trim_left(match, params[1]);
    } else if (kind == "trim_right") {
      made = trim_right(match, params[1]);
    } else if (kind == "truncate") {
      made = match.substr(0, params[1].empty() ? std::string::npos : match.find(params[1]));
    } else if (kind == "split") {
      const auto index = text::parse_unsigned(params[2]);
      if (!index) return wrong("the index is not a number");
      std::vector<std::string> parts;
      std::size_t from = 0;
      while (!params[1].empty()) {
        const auto at = match.find(params[1], from);
        parts.push_back(match.substr(from, at == std::string::npos ? at : at - from));
        if (at == std::string::npos) break;
        from = at + params[1].size();
      }
      if (*index >= parts.size()) return wrong("index out of range");
      made = parts[*index];
    } else {
      return wrong(format("unknown edit '{}'", kind));
    }
    return std::vector<std::string>{std::string(text::trim(made))};
  }
  return wrong(format("unknown action '{}'", alert.action.name));
}

}  // namespace chiron::prose
