// Kinds of rules that look for regular expressions: existence, substitution, occurrence, repetition, consistency,
// conditional.
#include <algorithm>

#include "engines/prose/checks.h"
#include "engines/prose/literals.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return text::join(parts, separator);
}

bool only_letters(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto [point, length] = utf8::decode(text, at);
    if (!is_letter(point)) return false;
    at += length;
  }
  return true;
}

// Letters, digits, spaces and hyphens: a phrase, not a pattern.
bool is_phrase(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto [point, length] = utf8::decode(text, at);
    if (!is_letter(point) && point != ' ' && point != '-' && !(point >= '0' && point <= '9')) return false;
    at += length;
  }
  return true;
}

bool excepted(const Pattern& exceptions, std::string_view match) {
  return !exceptions.empty() && exceptions.found_in(match);
}

// Where a capturing group opens that is neither escaped nor special.
bool has_capture(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern[at] == '(' && (at + 1 >= pattern.size() || pattern[at + 1] != '?')) {
      return true;
    }
  }
  return false;
}

std::string without_captures(std::string_view pattern) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    out.push_back(pattern[at]);
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      out.push_back(pattern[++at]);
    } else if (pattern[at] == '(' && (at + 1 >= pattern.size() || pattern[at + 1] != '?')) {
      out += "?:";
    }
  }
  return out;
}

class Existence final : public Rule {
 public:
  using Rule::Rule;
  Pattern pattern;
  Pattern exceptions;
  Pattern phrases;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    pattern.each(view.text, [&](const Match& match) {
      const auto found = view.text.substr(match.begin(), match.end() - match.begin());
      if (excepted(exceptions, text::trim(found))) return;
      if (within_phrase(phrases, view.text, match.begin(), match.end())) return;
      alerts.push_back(alert(view, match.begin(), match.end()));
    });
    return {};
  }
  std::string pattern_text() const override { return pattern.text(); }
};

class Substitution final : public Rule {
 public:
  using Rule::Rule;
  Pattern pattern;
  Pattern exceptions;
  struct Term {
    std::string from;
    std::string to;
    Pattern from_pattern;  // where the replacement names groups
    Pattern to_pattern;    // where the replacement is itself a pattern of accepted forms
  };
  std::vector<Term> terms;
  bool capitalize = false;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    for (const auto& match : pattern.find_all(view.text)) {
      for (std::size_t group = 1; group < match.groups() && group <= terms.size(); ++group) {
        if (match.begin(group) == Match::kUnset) continue;
        const auto observed = std::string(view.text.substr(match.begin(group), match.end(group) - match.begin(group)));
        const auto& term = terms[group - 1];
        auto expected = term.to;
        const bool capital = capitalize && observed == to_title(observed, false);
        if (capital) expected = to_title(expected, false);
        if (!term.from_pattern.empty()) expected = term.from_pattern.replace(observed, expected);
        const auto options = split_options(expected);
        const bool replaces = head.action.name == "replace";
        bool same = observed == expected;
        if (replaces && head.name != "Vale.Terms") {
          same = std::find(options.begin(), options.end(), observed) != options.end();
        } else if (!same && !term.to_pattern.empty()) {
          Match whole;
          same = term.to_pattern.search(observed, 0, whole);
        }
        if (same || excepted(exceptions, observed)) continue;
        auto made = alert(view, match.begin(group), match.end(group));
        auto message = head.message;
        if (replaces && head.action.params.empty()) {
          made.action.params = options;
          if (capital) {
            for (auto& option : made.action.params) option = to_title(option, false);
          }
          expected = to_sentence(made.action.params, "or");
          // The suggestion brings its own quotes.
          for (const std::string_view quoted : {"'%s'", "\"%s\""}) {
            const auto first = message.find(quoted);
            if (first != std::string::npos && message.find(quoted, first + 1) != std::string::npos) {
              message.replace(first, quoted.size(), "%s");
            }
          }
        } else {
          made.action = head.action;
        }
        made.message = format_message(message, {expected, observed});
        made.description = format_message(head.description, {expected, observed});
        alerts.push_back(std::move(made));
      }
    }
    return {};
  }
  std::string pattern_text() const override { return pattern.text(); }

  static std::vector<std::string> split_options(std::string_view text) {
    std::vector<std::string> options(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '|') {
        options.back().push_back('|');
        ++at;
      } else if (text[at] == '|') {
        options.emplace_back();
      } else {
        options.back().push_back(text[at]);
      }
    }
    std::erase(options, "");
    return options;
  }
};

class Occurrence final : public Rule {
 public:
  using Rule::Rule;
  Pattern pattern;
  double most = 0;
  double least = 0;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    const auto matches = pattern.find_all(view.text);
    const auto count = static_cast<double>(matches.size());
    if (!((most > 0 && count > most) || (least > 0 && count < least))) return {};
    Alert made;
    if (matches.empty()) {
      made = alert(view, 0, 0);
      made.placeless = true;
    } else {
      const Match* shown = nullptr;
      for (const auto& match : matches) {
        const auto found = view.text.substr(match.begin(), match.end() - match.begin());
        if (text::trim(found).empty() || found.find_first_not_of("*@") == std::string_view::npos) continue;
        shown = &match;
        break;
      }
      if (shown == nullptr) return {};
      made = alert(view, shown->begin(), shown->end());
    }
    const auto shown_count = format("{}", matches.size());
    made.message = format_message(head.message, {shown_count});
    made.description = format_message(head.description, {shown_count});
    alerts.push_back(std::move(made));
    return {};
  }
  std::string pattern_text() const override { return pattern.text(); }
};

class Repetition final : public Rule {
 public:
  using Rule::Rule;
  Pattern pattern;
  Pattern exceptions;
  Pattern phrases;
  bool ignore_case = false;
  bool alpha = false;
  double most = 0;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    std::string_view previous;
    std::size_t previous_begin = 0;
    double count = 0;
    pattern.each(view.text, [&](const Match& match) {
      const auto begin = match.begin();
      const auto end = match.end();
      const auto current = text::trim(view.text.substr(begin, end - begin));
      bool hit = !current.empty() && current.size() == previous.size() &&
                 (current == previous || (ignore_case && equal_fold(current, previous)));
      hit = hit && (!alpha || only_letters(current));
      if (hit) ++count;
      if (hit && count > most) {
        const auto whole = view.text.substr(previous_begin, end - previous_begin);
        if (split_sentences(whole).size() == 1 && !excepted(exceptions, whole) &&
            !within_phrase(phrases, view.text, previous_begin, end)) {
          auto made = alert(view, previous_begin, end);
          made.message = format_message(head.message, {std::string(current)});
          made.description = format_message(head.description, {std::string(current)});
          alerts.push_back(std::move(made));
          count = 0;
        }
      }
      previous = current;
      previous_begin = begin;
    });
    return {};
  }
  std::string pattern_text() const override { return pattern.text(); }
};

class Consistency final : public Rule {
 public:
  using Rule::Rule;
  struct Step {
    Pattern pattern;
    std::string first;
    std::string second;
  };
  std::vector<Step> steps;

  Result<void> run(const View& view, FileState& state, std::vector<Alert>& alerts) const override {
    for (const auto& step : steps) {
      const auto matches = step.pattern.find_all(view.text);
      if (matches.empty()) continue;
      std::size_t begin = 0;
      std::size_t end = 0;
      for (const auto& match : matches) {
        for (std::size_t group = 1; group < match.groups(); ++group) {
          if (match.begin(group) == Match::kUnset) continue;
          const auto name = step.pattern.group_name(group);
          if (name != "chironfirst" && name != "chironsecond") continue;
          begin = match.begin(group);
          end = match.end(group);
          state.sequences.insert(name == "chironfirst" ? step.first : step.second);
        }
      }
      if (state.sequences.count(step.first) != 0 && state.sequences.count(step.second) != 0) {
        alerts.push_back(alert(view, begin, end));
      }
    }
    return {};
  }
};

class Conditional final : public Rule {
 public:
  using Rule::Rule;
  Pattern first;
  Pattern second;
  Pattern exceptions;
  Pattern phrases;
  bool second_captures = false;

  Result<void> run(const View& view, FileState& state, std::vector<Alert>& alerts) const override {
    if (!second_captures) {
      if (second.found_in(view.text)) return {};
    } else {
      for (const auto& match : second.find_all(view.text)) {
        for (std::size_t group = 1; group < match.groups(); ++group) {
          if (match.begin(group) == Match::kUnset || match.end(group) == match.begin(group)) continue;
          state.sequences.emplace(view.text.substr(match.begin(group), match.end(group) - match.begin(group)));
        }
      }
    }
    for (const auto& match : first.find_all(view.text)) {
      const auto found = std::string(view.text.substr(match.begin(), match.end() - match.begin()));
      if ((second_captures && state.sequences.count(found) != 0) || excepted(exceptions, found) ||
          within_phrase(phrases, view.text, match.begin(), match.end())) {
        continue;
      }
      alerts.push_back(alert(view, match.begin(), match.end()));
    }
    return {};
  }
};

template <class T>
std::unique_ptr<T> start(RuleHead head) {
  return std::make_unique<T>(std::move(head));
}

}  // namespace

std::string wrap_tokens(const std::string& tokens, bool word, bool ignore_case, const std::string& word_template) {
  std::string form = word ? (word_template.empty() ? "(?m)\\b(?:%s)\\b" : word_template) : "(?m)(?:%s)";
  const auto at = form.find("%s");
  if (at != std::string::npos) form.replace(at, 2, tokens);
  return (ignore_case ? "(?i)" : "") + form;
}

Result<Pattern> compile_at(const std::string& pattern, const Fields& fields, std::string_view key) {
  auto compiled = Pattern::compile(pattern);
  if (!compiled) {
    auto error = fields.wrong(key, compiled.error().message, "correct the regular expression").error();
    error.code = compiled.error().code;
    return std::unexpected(std::move(error));
  }
  return compiled;
}

Result<Pattern> exception_pattern(std::vector<std::string> exceptions, const Config& config, bool vocab,
                                  const Fields& fields) {
  if (vocab) exceptions.insert(exceptions.end(), config.accepted.begin(), config.accepted.end());
  if (exceptions.empty()) return Pattern();
  std::stable_sort(exceptions.begin(), exceptions.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (auto& term : exceptions) {
    if (!term.starts_with("(?i)")) term = "(?-i)" + term;
    term = "(?:" + term + ")";
  }
  return compile_at("(?m)\\b(?:" + join(exceptions, "|") + ")\\b", fields, "exceptions");
}

Result<Pattern> phrase_pattern(const std::vector<std::string>& exceptions, const Config& config, bool vocab,
                               const Fields& fields) {
  std::vector<std::string> phrases;
  const auto add = [&](const std::vector<std::string>& terms) {
    for (const auto& term : terms) {
      if (term.find(' ') != std::string::npos) phrases.push_back("(?:" + term + ")");
    }
  };
  add(exceptions);
  if (vocab) add(config.accepted);
  if (phrases.empty()) return Pattern();
  std::stable_sort(phrases.begin(), phrases.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return compile_at("(?m)\\b(?:" + join(phrases, "|") + ")\\b", fields, "exceptions");
}

bool within_phrase(const Pattern& phrases, std::string_view text, std::size_t begin, std::size_t end) {
  if (phrases.empty()) return false;
  for (const auto& match : phrases.find_all(text)) {
    if (match.begin() <= begin && end <= match.end()) return true;
    if (match.begin() > begin) break;
  }
  return false;
}

Made make_existence(RuleHead head, Fields& fields, const RuleContext& context) {
  const auto raw = TRY(fields.list("raw"));
  auto tokens = TRY(fields.list("tokens"));
  const auto exceptions = TRY(fields.list("exceptions"));
  const auto append = TRY(fields.flag("append", false));
  const auto ignore_case = TRY(fields.flag("ignorecase", false));
  const auto nonword = TRY(fields.flag("nonword", false));
  const auto vocab = TRY(fields.flag("vocab", true));
  std::erase_if(tokens, [](const std::string& token) { return text::trim(token).empty(); });
  if (raw.empty() && tokens.empty() && head.name != "Vale.Avoid") {
    return fields.wrong("tokens", "an existence rule needs 'tokens' or 'raw'");
  }
  auto rule = start<Existence>(std::move(head));
  rule->exceptions = TRY(exception_pattern(exceptions, context.config, vocab && !nonword, fields));
  rule->phrases = TRY(phrase_pattern(exceptions, context.config, vocab && !nonword, fields));
  const bool word = !nonword && !tokens.empty();
  const auto body = wrap_tokens(join(tokens, "|"), word, false, context.config.word_template);
  const auto text = (ignore_case ? "(?i)" : "") + (append ? body + join(raw, "") : join(raw, "") + body);
  rule->pattern = TRY(compile_at(text, fields, tokens.empty() ? "raw" : "tokens"));
  rule->required = required_literals(text);
  return rule;
}

Made make_substitution(RuleHead head, Fields& fields, const RuleContext& context) {
  auto swap = TRY(fields.pairs("swap"));
  const auto exceptions = TRY(fields.list("exceptions"));
  const auto ignore_case = TRY(fields.flag("ignorecase", false));
  const auto nonword = TRY(fields.flag("nonword", false));
  const auto vocab = TRY(fields.flag("vocab", true));
  const auto capitalize = TRY(fields.flag("capitalize", false));
  (void)TRY(fields.text("pos"));
  auto rule = start<Substitution>(std::move(head));
  rule->capitalize = capitalize;
  rule->exceptions = TRY(exception_pattern(exceptions, context.config, vocab, fields));
  // Later entries of the same key win, as in a map; the longest terms are tried first.
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < swap.size(); ++i) last[swap[i].first] = i;
  std::vector<std::pair<std::string, std::string>> terms;
  for (std::size_t i = 0; i < swap.size(); ++i) {
    if (last[swap[i].first] == i) terms.push_back(std::move(swap[i]));
  }
  std::stable_sort(terms.begin(), terms.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  std::vector<std::string> tokens;
  for (auto& [from, to] : terms) {
    Substitution::Term term;
    tokens.push_back("(" + without_captures(from) + ")");
    const auto dollar = to.find('$');
    if (dollar != std::string::npos && dollar + 1 < to.size() && to[dollar + 1] >= '0' && to[dollar + 1] <= '9') {
      term.from_pattern = TRY(compile_at((ignore_case ? "(?i)" : "") + from, fields, "swap"));
    }
    // A vocabulary's terms are patterns of what is right.
    const bool literal = rule->head.action.name == "replace" && rule->head.name != "Vale.Terms";
    if (!literal && !is_phrase(to)) {
      // Not every replacement is meant as a pattern; one that is none is plain text.
      if (auto accepted = Pattern::compile("^(?:" + to + ")$")) term.to_pattern = std::move(*accepted);
    }
    term.from = std::move(from);
    term.to = std::move(to);
    rule->terms.push_back(std::move(term));
  }
  if (tokens.empty()) return fields.wrong("swap", "a substitution rule needs 'swap'");
  const auto text = wrap_tokens(join(tokens, "|"), !nonword, ignore_case, context.config.word_template);
  rule->pattern = TRY(compile_at(text, fields, "swap"));
  if (rule->pattern.group_count() != rule->terms.size()) {
    return fields.wrong("swap", "the terms of a substitution rule must not name groups");
  }
  rule->required = required_literals(text);
  return rule;
}

Made make_occurrence(RuleHead head, Fields& fields, const RuleContext&) {
  const auto token = TRY(fields.text("token"));
  const auto most = TRY(fields.number("max", 0));
  const auto least = TRY(fields.number("min", 0));
  const auto ignore_case = TRY(fields.flag("ignorecase", false));
  auto rule = start<Occurrence>(std::move(head));
  rule->most = most;
  rule->least = least;
  const auto text = (ignore_case ? "(?i)" : "") + ("(?:" + token + ")");
  rule->pattern = TRY(compile_at(text, fields, "token"));
  if (least <= 0) rule->required = required_literals(text);
  return rule;
}

Made make_repetition(RuleHead head, Fields& fields, const RuleContext& context) {
  const auto tokens = TRY(fields.list("tokens"));
  const auto exceptions = TRY(fields.list("exceptions"));
  const auto ignore_case = TRY(fields.flag("ignorecase", false));
  const auto vocab = TRY(fields.flag("vocab", true));
  auto rule = start<Repetition>(std::move(head));
  rule->ignore_case = ignore_case;
  rule->alpha = TRY(fields.flag("alpha", false));
  rule->most = TRY(fields.number("max", 0));
  rule->exceptions = TRY(exception_pattern(exceptions, context.config, vocab, fields));
  rule->phrases = TRY(phrase_pattern(exceptions, context.config, vocab, fields));
  const auto text = (ignore_case ? "(?i)" : "") + ("(" + join(tokens, "|") + ")");
  rule->pattern = TRY(compile_at(text, fields, "tokens"));
  rule->required = required_literals(text);
  return rule;
}

Made make_consistency(RuleHead head, Fields& fields, const RuleContext& context) {
  const auto either = TRY(fields.pairs("either"));
  const auto ignore_case = TRY(fields.flag("ignorecase", false));
  const auto nonword = TRY(fields.flag("nonword", false));
  auto rule = start<Consistency>(std::move(head));
  std::vector<std::string> all;
  for (const auto& [one, other] : either) {
    const auto text = wrap_tokens("(?P<chironfirst>" + one + ")|(?P<chironsecond>" + other + ")", !nonword, ignore_case,
                                  context.config.word_template);
    Consistency::Step step;
    step.pattern = TRY(compile_at(text, fields, "either"));
    step.first = rule->head.name + ":" + one + ":1";
    step.second = rule->head.name + ":" + one + ":2";
    rule->steps.push_back(std::move(step));
    all.push_back(text);
  }
  rule->required = required_literals(join(all, "|"));
  return rule;
}

Made make_conditional(RuleHead head, Fields& fields, const RuleContext& context) {
  const auto exceptions = TRY(fields.list("exceptions"));
  (void)TRY(fields.flag("ignorecase", false));
  const auto vocab = TRY(fields.flag("vocab", true));
  const auto first = TRY(fields.text("first"));
  const auto second = TRY(fields.text("second"));
  auto rule = start<Conditional>(std::move(head));
  rule->exceptions = TRY(exception_pattern(exceptions, context.config, vocab, fields));
  rule->phrases = TRY(phrase_pattern(exceptions, context.config, vocab, fields));
  rule->second = TRY(compile_at(second, fields, "second"));
  rule->first = TRY(compile_at(first, fields, "first"));
  rule->second_captures = has_capture(second);
  return rule;
}

}  // namespace chiron::prose
