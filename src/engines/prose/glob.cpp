#include "engines/prose/glob.h"

#include "foundation/base/format.h"

namespace chiron::prose {

namespace {

constexpr std::size_t kAlternatives = 4096;

// Expands the first brace group of each pattern until none is left.
bool expand(std::string_view pattern, std::vector<std::string>& out) {
  std::vector<std::string> work{std::string(pattern)};
  while (!work.empty()) {
    if (work.size() + out.size() > kAlternatives) return false;
    auto text = std::move(work.back());
    work.pop_back();
    std::size_t open = std::string::npos;
    bool in_class = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\\') {
        ++at;
      } else if (in_class) {
        in_class = text[at] != ']';
      } else if (text[at] == '[') {
        in_class = true;
      } else if (text[at] == '{') {
        open = at;
        break;
      }
    }
    if (open == std::string::npos) {
      out.push_back(std::move(text));
      continue;
    }
    std::vector<std::size_t> cuts{open};
    std::size_t depth = 0;
    std::size_t close = std::string::npos;
    for (auto at = open; at < text.size(); ++at) {
      if (text[at] == '\\') {
        ++at;
      } else if (text[at] == '{') {
        ++depth;
      } else if (text[at] == ',' && depth == 1) {
        cuts.push_back(at);
      } else if (text[at] == '}' && --depth == 0) {
        close = at;
        break;
      }
    }
    if (close == std::string::npos) return false;
    cuts.push_back(close);
    for (std::size_t i = cuts.size() - 1; i-- > 0;) {
      work.push_back(text.substr(0, open) + text.substr(cuts[i] + 1, cuts[i + 1] - cuts[i] - 1) +
                     text.substr(close + 1));
    }
  }
  return true;
}

// Matches one character class at pattern[at] == '['; leaves `at` after it.
bool class_matches(std::string_view pattern, std::size_t& at, char c) {
  auto stop = at + 1;
  const bool negated = stop < pattern.size() && (pattern[stop] == '!' || pattern[stop] == '^');
  if (negated) ++stop;
  bool found = false;
  bool first = true;
  while (stop < pattern.size() && (first || pattern[stop] != ']')) {
    first = false;
    auto low = pattern[stop];
    if (low == '\\' && stop + 1 < pattern.size()) low = pattern[++stop];
    auto high = low;
    if (stop + 2 < pattern.size() && pattern[stop + 1] == '-' && pattern[stop + 2] != ']') {
      high = pattern[stop + 2];
      stop += 2;
    }
    found = found || (c >= low && c <= high);
    ++stop;
  }
  at = stop + 1;
  return found != negated;
}

// Wildcard match with one place to go back to: linear in most cases, never exponential.
bool wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (true) {
    if (p < pattern.size() && pattern[p] == '*') {
      while (p < pattern.size() && pattern[p] == '*') ++p;
      star = p;
      star_text = t;
      continue;
    }
    bool step = false;
    if (t < text.size() && p < pattern.size()) {
      auto next = p + 1;
      if (pattern[p] == '[') {
        next = p;
        step = class_matches(pattern, next, text[t]);
      } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        step = pattern[p + 1] == text[t];
        next = p + 2;
      } else {
        step = pattern[p] == '?' || pattern[p] == text[t];
      }
      if (step) {
        p = next;
        ++t;
      }
    } else if (t == text.size() && p == pattern.size()) {
      return true;
    }
    if (step) continue;
    if (star == std::string_view::npos || star_text >= text.size()) return false;
    p = star;
    t = ++star_text;
  }
}

}  // namespace

Result<Glob> Glob::compile(std::string_view pattern, bool allow_negation) {
  Glob glob;
  if (allow_negation && pattern.starts_with('!')) {
    glob.negated_ = true;
    pattern.remove_prefix(1);
  }
  if (!expand(pattern, glob.alternatives_)) {
    return fail(ErrorKind::config, "prose.glob", format("the glob pattern '{}' could not be compiled", pattern));
  }
  // "**/" also stands for no folder at all.
  const auto count = glob.alternatives_.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (glob.alternatives_[i].starts_with("**/")) glob.alternatives_.push_back(glob.alternatives_[i].substr(3));
  }
  return glob;
}

bool Glob::matches(std::string_view path) const {
  for (const auto& alternative : alternatives_) {
    if (wildcard(alternative, path)) return !negated_;
  }
  return negated_;
}

}  // namespace chiron::prose
