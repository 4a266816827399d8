// The kinds of rules ("extension points"), one maker each; and what several of them share.
#pragma once
#include "engines/prose/fields.h"

namespace chiron::prose {

using Made = Result<std::unique_ptr<Rule>>;
[[nodiscard]] Made make_existence(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_substitution(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_occurrence(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_repetition(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_consistency(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_conditional(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_capitalization(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_metric(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_readability(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_spelling(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_sequence(RuleHead head, Fields& fields, const RuleContext& context);
[[nodiscard]] Made make_script(RuleHead head, Fields& fields, const RuleContext& context);

// The pattern around a rule's tokens: the configured word template, word boundaries, or nothing.
[[nodiscard]] std::string wrap_tokens(const std::string& tokens, bool word, bool ignore_case,
                                      const std::string& word_template);
// Words that are fine although a rule says otherwise: its own exceptions and the accepted vocabulary. The pattern is
// empty where there are none.
[[nodiscard]] Result<Pattern> exception_pattern(std::vector<std::string> exceptions, const Config& config, bool vocab,
                                                const Fields& fields);
// Accepted terms of several words, to be found around a match; empty where there are none.
[[nodiscard]] Result<Pattern> phrase_pattern(const std::vector<std::string>& exceptions, const Config& config,
                                             bool vocab, const Fields& fields);
[[nodiscard]] bool within_phrase(const Pattern& phrases, std::string_view text, std::size_t begin, std::size_t end);
// Compiles, telling a failure at the key it comes from.
[[nodiscard]] Result<Pattern> compile_at(const std::string& pattern, const Fields& fields, std::string_view key);

}  // namespace chiron::prose
