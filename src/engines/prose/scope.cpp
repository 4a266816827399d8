#include "engines/prose/scope.h"

#include <algorithm>

#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

bool has_section(std::string_view scope, std::string_view section) {
  while (true) {
    const auto dot = scope.find('.');
    if (scope.substr(0, dot) == section) return true;
    if (dot == std::string_view::npos) return false;
    scope.remove_prefix(dot + 1);
  }
}

}  // namespace

bool selects(std::string_view selector, std::string_view scope) {
  for (const auto section : text::split(selector, '.')) {
    if (!has_section(scope, section)) return false;
  }
  return true;
}

ScopeSet::ScopeSet(const std::vector<std::string>& scopes) {
  for (const auto& scope : scopes) {
    auto& parts = alternatives_.emplace_back();
    for (auto piece : text::split(scope, '&')) {
      piece = text::trim(piece);
      Part part;
      if (piece.starts_with('~')) {
        part.negated = true;
        piece = text::trim(piece.substr(1));
      }
      for (const auto section : text::split(piece, '.')) part.sections.emplace_back(text::trim(section));
      parts.push_back(std::move(part));
    }
  }
}

bool ScopeSet::matches(std::string_view scope, std::string_view parent) const {
  const auto all_in = [](const Part& part, std::string_view where) {
    return std::all_of(part.sections.begin(), part.sections.end(),
                       [&](const std::string& section) { return has_section(where, section); });
  };
  const bool sized = has_section(scope, "raw") || has_section(scope, "summary");
  const bool fragment = has_section(scope, "sentence");
  for (const auto& parts : alternatives_) {
    bool fits = true;
    bool asks_for_sentence = false;
    for (const auto& part : parts) {
      if (part.negated) {
        // A negation asks for blocks elsewhere in the document, never for the document as a whole.
        fits = fits && !sized && !all_in(part, parent);
      } else {
        fits = fits && all_in(part, scope);
        asks_for_sentence = asks_for_sentence ||
                            std::find(part.sections.begin(), part.sections.end(), "sentence") != part.sections.end();
      }
    }
    // A sentence is looked at by rules for sentences only; the block it is part of is there for the others.
    if (fits && (!fragment || asks_for_sentence)) return true;
  }
  return false;
}

bool ScopeSet::names(std::string_view section) const {
  for (const auto& parts : alternatives_) {
    for (const auto& part : parts) {
      if (!part.negated && std::find(part.sections.begin(), part.sections.end(), section) != part.sections.end()) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace chiron::prose
