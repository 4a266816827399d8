// Kind "capitalization": title case after AP or Chicago, sentence case, all lower or upper, or a pattern.
#include <algorithm>

#include "engines/prose/checks.h"
#include "engines/prose/tagger.h"
#include "engines/prose/words.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

constexpr std::string_view kSmall[] = {"a",  "an", "and", "as",  "at",  "but", "by", "en",  "for", "if", "in", "nor",
                                       "of", "on", "or",  "per", "the", "to",  "vs", "vs.", "via", "v",  "v."};
constexpr std::string_view kPrepositions[] = {
    "with",       "from",    "into",    "during", "including",  "until", "against", "among",
    "throughout", "despite", "towards", "upon",   "concerning", "about", "over",    "through",
    "before",     "between", "after",   "since",  "without",    "under", "within",  "along",
    "following",  "across",  "beyond",  "around", "down",       "near",  "above"};

bool one_of(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

struct VocabularyTerm {
  std::string text;
  Pattern pattern;
};

class Capitalization final : public Rule {
 public:
  using Rule::Rule;
  std::string match;
  bool chicago = false;
  double threshold = 0.8;
  std::vector<std::string> indicators;
  std::vector<VocabularyTerm> vocabulary;  // longest first
  Pattern exceptions;
  Pattern prefix;
  Pattern custom;
  Pattern words;        // of a title, exceptions first
  Pattern title_words;  // as the title converter splits
  Pattern sentence_words;
  const Tagger* tagger = nullptr;

  Result<void> run(const View& view, FileState&, std::vector<Alert>& alerts) const override {
    std::string expected;
    if (fits(view.text, expected)) return {};
    auto made = alert(view, 0, view.text.size());
    made.message = format_message(head.message, {std::string(view.text), expected});
    made.description = format_message(head.description, {std::string(view.text), expected});
    if (head.action.name == "replace" && head.action.params.empty() && (match == "$title" || match == "$sentence")) {
      made.action.params = {expected};
    }
    alerts.push_back(std::move(made));
    return {};
  }

 private:
  bool excepted(std::string_view text) const { return !exceptions.empty() && exceptions.found_in(text); }

  bool fits(std::string_view text, std::string& expected) const {
    if (match == "$lower") {
      expected = to_lower(text);
      return text == expected || excepted(text);
    }
    if (match == "$upper") {
      expected = to_upper(text);
      return text == expected || excepted(text);
    }
    if (match == "$title" || match == "$sentence") {
      expected = match == "$title" ? title(text) : sentence(text);
      return agrees(text, expected);
    }
    expected = custom.text();
    return custom.found_in(text) || excepted(text);
  }

  // Word by word: enough of them as expected.
  bool agrees(std::string_view text, const std::string& expected) const {
    const auto wanted = words.find_all(expected);
    const auto there = words.find_all(text);
    if (there.empty()) return true;
    double good = 0;
    for (std::size_t i = 0; i < there.size(); ++i) {
      const auto word = text.substr(there[i].begin(), there[i].end() - there[i].begin());
      if (i >= wanted.size()) {
        ++good;
        continue;
      }
      const auto other = std::string_view(expected).substr(wanted[i].begin(), wanted[i].end() - wanted[i].begin());
      if (word == other || excepted(word)) {
        ++good;
      } else if (match == "$title") {
        if (word == to_upper(word)) ++good;
      } else if (i == 0 && word != title_each(to_lower(word))) {
        return false;
      }
    }
    return good / static_cast<double>(there.size()) >= threshold;
  }

  // Every word's first letter, as a word begins after anything that is no letter, digit, "_" or "'".
  static std::string title_each(const std::string& text) {
    std::string out;
    bool start = true;
    for (std::size_t at = 0; at < text.size();) {
      const auto [point, length] = utf8::decode(text, at);
      utf8::append(out, start ? to_upper(point) : point);
      start = !(is_letter(point) || (point >= '0' && point <= '9') || point == '_' || point == '\'');
      at += length;
    }
    return out;
  }

  const std::string* in_vocabulary(std::string_view word, std::string& kept) const {
    for (const auto& term : vocabulary) {
      if (equal_fold(term.text, word)) return &term.text;
      if (!term.pattern.empty() && term.pattern.found_in(word)) {
        kept = word;
        return &kept;
      }
    }
    return nullptr;
  }

  std::string take_prefix(std::string_view& text) const {
    Match found;
    if (prefix.empty() || !prefix.search(text, 0, found)) return "";
    const auto taken = std::string(text.substr(found.begin(), found.end() - found.begin()));
    if (text.starts_with(taken)) text.remove_prefix(taken.size());
    return taken;
  }

  bool indicates(std::string_view previous, std::size_t index) const {
    for (const auto& indicator : indicators) {
      if (previous.size() > indicator.size() && previous.ends_with(indicator)) return true;
    }
    // "1." at the start numbers a list.
    if (index != 0) return false;
    const auto dot = previous.find('.');
    return dot != std::string_view::npos && dot > 0 && previous[dot - 1] >= '0' && previous[dot - 1] <= '9';
  }

  std::string sentence(std::string_view text) const {
    auto made = take_prefix(text);
    std::string_view previous;
    std::size_t i = 0;
    for (const auto& found : sentence_words.find_all(text)) {
      const auto word = text.substr(found.begin(), found.end() - found.begin());
      if (i > 0) made.push_back(' ');
      std::string kept;
      if (const auto* term = in_vocabulary(word, kept)) {
        made += *term;
      } else if (i == 0 || indicates(previous, i - 1)) {
        made += to_title(word, true);
      } else {
        made += to_lower(word);
      }
      previous = word;
      ++i;
    }
    return made;
  }

  std::string title(std::string_view text) const {
    auto made = take_prefix(text);
    const auto found = title_words.find_all(text);
    std::size_t from = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto begin = found[i].begin();
      const auto end = found[i].end();
      const auto word = text.substr(begin, end - begin);
      made.append(text.substr(from, begin - from));
      from = end;
      const auto lower = to_lower(word);
      const auto at = [&](std::size_t place) { return place < text.size() ? text[place] : '\0'; };
      const auto before = begin > 0 ? at(begin - 1) : '\0';
      const auto before_that = begin > 1 ? at(begin - 2) : '\0';
      std::string kept;
      if (const auto* term = in_vocabulary(word, kept)) {
        made += *term;
        continue;
      }
      const bool edge = begin == 0 || end == text.size();
      bool small = false;
      if (!chicago && lower == "to" && i + 1 < found.size()) {
        // Capitalised before a verb, not before a noun.
        const auto next = text.substr(found[i + 1].begin(), found[i + 1].end() - found[i + 1].begin());
        small = tagger->tag_after_to(next).starts_with("NN");
      } else {
        small = !edge && (one_of(kSmall, lower) || (chicago && one_of(kPrepositions, lower)));
      }
      small = small && (before == ' ' || before == '-' || before == '/') && before_that != ':' && before_that != '-' &&
              (at(end) != '-' || before == '-');
      made += small ? lower : to_title(word, false);
    }
    return made + std::string(text.substr(from));
  }
};

}  // namespace

Made make_capitalization(RuleHead head, Fields& fields, const RuleContext& context) {
  const auto match = TRY(fields.text("match"));
  const auto style = TRY(fields.text("style"));
  auto exceptions = TRY(fields.list("exceptions"));
  const auto indicators = TRY(fields.list("indicators"));
  const auto threshold = TRY(fields.number("threshold", 0));
  const auto vocab = TRY(fields.flag("vocab", true));
  const auto prefix = TRY(fields.text("prefix"));
  if (match.empty()) return fields.wrong("match", "a capitalization rule needs 'match'");
  auto rule = std::make_unique<Capitalization>(std::move(head));
  rule->match = match;
  rule->chicago = style == "Chicago";
  if (threshold > 0) rule->threshold = threshold;
  rule->indicators = indicators;
  rule->tagger = &context.tagger;
  rule->exceptions = TRY(exception_pattern(exceptions, context.config, vocab, fields));
  if (!prefix.empty()) rule->prefix = TRY(compile_at(prefix, fields, "prefix"));
  if (vocab) exceptions.insert(exceptions.end(), context.config.accepted.begin(), context.config.accepted.end());
  std::stable_sort(exceptions.begin(), exceptions.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (const auto& term : exceptions) {
    VocabularyTerm made;
    made.text = term;
    if (auto pattern = Pattern::compile(term)) made.pattern = std::move(*pattern);
    rule->vocabulary.push_back(std::move(made));
  }
  const std::string plain = "[\\p{N}\\p{L}*]+[^\\s]*";
  rule->words =
      TRY(compile_at(rule->exceptions.empty() ? plain : rule->exceptions.text() + "|" + plain, fields, "exceptions"));
  rule->title_words = TRY(compile_at("[\\p{N}\\p{L}]+[^\\s\\-/]*", fields, "match"));
  const auto terms = text::join(exceptions, "|");
  rule->sentence_words = TRY(
      compile_at(exceptions.empty() ? "(?i)" + plain : "(?i)\\b(?:" + terms + ")\\b|" + plain, fields, "exceptions"));
  if (match[0] != '$') {
    rule->custom = TRY(compile_at(match, fields, "match"));
  } else if (match != "$title" && match != "$sentence" && match != "$lower" && match != "$upper") {
    // A pattern may begin with "$" too, odd as that is.
    rule->custom = TRY(compile_at(match, fields, "match"));
  }
  return rule;
}

}  // namespace chiron::prose
