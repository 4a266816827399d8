// Kind "sequence": words and parts of speech in a row.
#include <algorithm>

#include "engines/prose/checks.h"
#include "engines/prose/literals.h"
#include "engines/prose/tagger.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

// One step of the sequence: a word that must be there, or one of the `skip` that may stand before it.
struct Step {
  Pattern word;    // anchored at both ends
  Pattern anchor;  // unanchored, for finding where to begin
  Pattern tag;
  Pattern universal_word;
  bool has_word = false;
  bool has_tag = false;
  bool negate = false;
  bool target = false;
  bool optional = false;
  bool start = false;
  bool end = false;
  std::size_t skip = 0;
  std::size_t group = 0;
};

class Sequence final : public Rule {
 public:
  using Rule::Rule;
  std::vector<std::shared_ptr<Step>> steps;  // shared: the copies of one token in its window
  std::vector<bool> optional;
  std::vector<Pattern> exceptions;
  const Tagger* tagger = nullptr;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    // The rarest word first: without it there is nothing to look for.
    for (const auto& step : steps) {
      if (step->has_word && !step->negate && step->skip == 0 && !step->anchor.found_in(view.text)) return {};
    }
    const auto tokens = tagger->tag(view.text);
    const auto anchor = anchor_index();
    std::vector<std::size_t> seen;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
      if (!fits(*steps[anchor], view, tokens[at])) continue;
      std::size_t low = at;
      std::size_t high = at;
      std::vector<std::pair<std::size_t, std::size_t>> words;  // step, token
      if (!left(view, tokens, anchor, at, low, words) || !right(view, tokens, anchor, at, high, words)) continue;
      auto begin = tokens[low].begin;
      auto end = tokens[high].end;
      for (const auto& [step, token] : words) {
        if (steps[step]->target && !optional[step]) {
          begin = tokens[token].begin;
          end = tokens[token].end;
        }
      }
      bool excepted = false;
      for (const auto& exception : exceptions) {
        for (const auto& match : exception.find_all(view.text)) {
          excepted = excepted || (begin >= match.begin() && begin < match.end());
        }
      }
      if (excepted) continue;
      auto made = alert(view, begin, end);
      std::vector<std::string> arguments;
      if (head.action.name == "edit" || head.action.name == "replace") {
        const Config none;
        if (const auto solved = solve(made, nullptr, none); solved && !solved->empty())
          arguments = {solved->front(), made.match};
      }
      if (arguments.empty()) {
        for (auto token = low; token <= high; ++token) {
          arguments.emplace_back(view.text.substr(tokens[token].begin, tokens[token].end - tokens[token].begin));
        }
      }
      made.message = format_message(head.message, arguments);
      made.description = format_message(head.description, arguments);
      alerts.push_back(std::move(made));
    }
    return {};
  }

  // Whether the window's last copy is the required one: reading from right to left the first one met is.
  [[nodiscard]] std::size_t anchor_index() const {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i]->has_word && !steps[i]->negate && !optional[i]) return i;
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!steps[i]->negate && !optional[i]) return i;
    }
    return 0;
  }

 private:
  static std::string_view text_of(const View& view, const TaggedToken& token) {
    return view.text.substr(token.begin, token.end - token.begin);
  }

  static bool fits(const Step& step, const View& view, const TaggedToken& token) {
    const auto word = text_of(view, token);
    const bool tag_fits = !step.has_tag || step.tag.found_in(token.tag);
    const bool word_fits = !step.has_word || step.word.found_in(word);
    const bool universal = step.universal_word.empty() || step.universal_word.found_in(word);
    const bool all = tag_fits && word_fits && universal;
    return step.negate ? !all : all;
  }

  [[nodiscard]] bool only_negated(std::size_t from, std::size_t to) const {
    for (auto i = from; i < to; ++i) {
      if (!steps[i]->negate) return false;
    }
    return true;
  }

  bool right(const View& view, const std::vector<TaggedToken>& tokens, std::size_t anchor, std::size_t at,
             std::size_t& high, std::vector<std::pair<std::size_t, std::size_t>>& words) const {
    auto token = at;
    for (auto step = anchor; step < steps.size();) {
      if (token >= tokens.size()) return only_negated(step, steps.size());
      const bool matched = fits(*steps[step], view, tokens[token]);
      if (!matched && !optional[step]) return false;
      if (!steps[step]->negate) high = std::max(high, token);
      if (matched) words.emplace_back(last_of_group(step), token);
      if (matched && optional[step]) {
        const auto group = steps[step]->group;
        while (step < steps.size() && steps[step]->group == group) ++step;
      } else {
        ++step;
      }
      ++token;
    }
    return true;
  }

  // The copy of the group that is the required one.
  [[nodiscard]] std::size_t last_of_group(std::size_t step) const {
    const auto group = steps[step]->group;
    while (step + 1 < steps.size() && steps[step + 1]->group == group) ++step;
    return step;
  }

  bool left(const View& view, const std::vector<TaggedToken>& tokens, std::size_t anchor, std::size_t at,
            std::size_t& low, std::vector<std::pair<std::size_t, std::size_t>>& words) const {
    auto token = at;
    auto step = anchor;
    while (step-- > 0) {
      if (token == 0) return only_negated(0, step + 1);
      --token;
      // In a window read from the right the first copy met may be missing, the outermost one may not.
      const auto group = steps[step]->group;
      const bool outermost = step == 0 || steps[step - 1]->group != group;
      const bool may_miss = steps[step]->skip > 0 && !outermost;
      const bool matched = fits(*steps[step], view, tokens[token]);
      if (!matched && !may_miss) return false;
      if (matched || may_miss) low = std::min(low, token);
      if (matched) {
        words.emplace_back(last_of_group(step), token);
        while (step > 0 && steps[step - 1]->group == group) --step;
      }
    }
    return true;
  }
};

// Universal tags in terms of Penn's.
struct Universal {
  std::string_view name;
  std::string_view penn;
  std::string_view words;
};
constexpr Universal kUniversal[] = {
    {"NOUN", "^NNS?$", ""},
    {"PROPN", "^NNPS?$", ""},
    {"VERB", "^VB[DGNPZ]?$", ""},
    {"ADJ", "^JJ[RS]?$", ""},
    {"ADV", "^(RB[RS]?|WRB)$", ""},
    {"PRON", "^(PRP\\$?|WP\\$?)$", ""},
    {"DET", "^(DT|PDT|WDT)$", ""},
    {"ADP", "^IN$", ""},
    {"CCONJ", "^CC$", ""},
    {"NUM", "^CD$", ""},
    {"PART", "^(TO|RP|POS)$", ""},
    {"INTJ", "^UH$", ""},
    {"PUNCT", "^[.,:()'\"]+$", ""},
    {"AUX", "^(MD|VB[DGNPZ]?)$",
     "(?i)^(be|am|is|are|was|were|been|being|have|has|had|do|does|did|can|could|may|might|must|"
     "shall|should|will|would)$"},
};

}  // namespace

Made make_sequence(RuleHead head, Fields& fields, const RuleContext& context) {
  const auto ignore_case = TRY(fields.flag("ignorecase", false));
  const auto exceptions = TRY(fields.list("exceptions"));
  if (!TRY(fields.text("model")).empty()) {
    return fields.wrong("model", "tagger models of one's own are not supported", "remove 'model'");
  }
  const auto* tokens = fields.value("tokens");
  if (tokens == nullptr || !tokens->is_array() || tokens->items().empty()) {
    return fields.wrong("tokens", "a sequence rule needs a list of 'tokens'");
  }
  auto rule = std::make_unique<Sequence>(std::move(head));
  rule->tagger = &context.tagger;
  std::size_t group = 0;
  for (const auto& item : tokens->items()) {
    if (!item.is_object()) return fields.wrong("tokens", "each token is a map with 'pattern' or 'tag'");
    Fields token(item, fields.file(), fields.source());
    const auto pattern = TRY(token.text("pattern"));
    auto tag = TRY(token.text("tag"));
    const auto universal = TRY(token.text("upos"));
    const auto skip = static_cast<std::size_t>(std::clamp(TRY(token.number("skip", 0)), 0.0, 100.0));
    const auto least = static_cast<std::size_t>(std::clamp(TRY(token.number("min", 1)), 1.0, 100.0));
    auto step = std::make_shared<Step>();
    step->negate = TRY(token.flag("negate", false));
    step->target = TRY(token.flag("target", false));
    step->skip = skip;
    TRY(token.finish());
    if (!universal.empty()) {
      if (!tag.empty()) return fields.wrong("tokens", "a token cannot set both `tag` and `upos`");
      const auto found = std::find_if(std::begin(kUniversal), std::end(kUniversal),
                                      [&](const Universal& u) { return u.name == universal; });
      if (found == std::end(kUniversal)) return fields.wrong("tokens", format("'{}' is no universal tag", universal));
      tag = found->penn;
      if (pattern.empty() && !found->words.empty()) {
        step->universal_word = TRY(compile_at(std::string(found->words), fields, "tokens"));
      }
    }
    if (!pattern.empty()) {
      step->has_word = true;
      const std::string flags = ignore_case ? "(?i)" : "";
      step->word = TRY(compile_at(flags + "^(?:" + pattern + ")$", fields, "tokens"));
      step->anchor = TRY(compile_at(flags + "(?:" + pattern + ")", fields, "tokens"));
    }
    if (!tag.empty()) {
      step->has_tag = true;
      // "PRP$" is the tag of that name, not the end of a text.
      step->tag = TRY(
          compile_at(text::replace_all(text::replace_all(tag, "PRP$", "PRP\\$"), "WP$", "WP\\$"), fields, "tokens"));
    }
    if (pattern.empty() && tag.empty() && skip == 0) return fields.wrong("tokens", "a token needs 'pattern' or 'tag'");
    const bool required = !pattern.empty() || !tag.empty();
    if (least > 1) return fields.wrong("tokens", "'min' above 1 is not supported", "repeat the token instead");
    step->group = ++group;
    for (std::size_t i = 0; i < skip; ++i) {
      rule->steps.push_back(step);
      rule->optional.push_back(true);
    }
    if (required) {
      rule->steps.push_back(step);
      rule->optional.push_back(false);
    }
  }
  for (const auto& exception : exceptions) rule->exceptions.push_back(TRY(compile_at(exception, fields, "exceptions")));
  // The strongest literal of any token is what the whole sentence must hold.
  for (const auto& item : tokens->items()) {
    if (item.boolean_or("negate", false) || item.integer_or("skip", 0) > 0) continue;
    const auto pattern = item.string_or("pattern", "");
    if (pattern.empty()) continue;
    auto literals = required_literals(pattern);
    if (!literals.empty() && (rule->required.empty() || literals[0].size() > rule->required[0].size()))
      rule->required = std::move(literals);
  }
  return rule;
}

}  // namespace chiron::prose
