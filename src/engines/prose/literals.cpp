#include "engines/prose/literals.h"

#include <algorithm>
#include <deque>
#include <optional>

namespace chiron::prose {

namespace {

constexpr std::size_t kMostLiterals = 2000;
constexpr std::size_t kMostExact = 512;      // strings that a part can be
constexpr std::size_t kLongestLiteral = 48;  // a longer one is rarer, but hardly
constexpr std::size_t kDepth = 60;
constexpr std::size_t kLeastWeight = 4;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) { return is_lower_letter(c) || is_digit(c) || c == '_' || (c >= 'A' && c <= 'Z'); }

// A byte as the scanner knows it: lower case, one digit for all, one white space for all.
char fold(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c + 32);
  if (is_digit(c)) return '0';
  return is_space(c) ? ' ' : c;
}

// How rare a literal is: two letters are worth looking for, and so is one sign that is none, or a letter that is a
// word.
std::size_t weight(std::string_view literal) {
  std::size_t signs = 0;
  std::size_t edges = 0;
  for (const auto c : literal) {
    if (c == kWordEdge) {
      ++edges;
    } else {
      signs += is_lower_letter(c) || c == ' ' ? 2 : 4;
    }
  }
  return signs == 0 ? 0 : signs + edges;
}

// What a part of a pattern guarantees: `exact` lists all strings it can match (nothing where there are too many or
// unknown ones); `needed` is a set of which one occurs in every match (nothing where none is certain).
struct Knowledge {
  std::optional<std::vector<std::string>> exact;
  std::optional<std::vector<std::string>> needed;
};

std::size_t least_weight(const std::vector<std::string>& set) {
  std::size_t least = static_cast<std::size_t>(-1);
  for (const auto& text : set) least = std::min(least, weight(text));
  return least;
}

// The better of two requirements: rarer literals first, then fewer.
void keep_better(std::optional<std::vector<std::string>>& best, std::optional<std::vector<std::string>> other) {
  if (!other || other->empty()) return;
  const auto ours = least_weight(*other);
  if (ours < kLeastWeight) return;
  const auto theirs = best ? least_weight(*best) : 0;
  if (ours > theirs || (ours == theirs && other->size() < best->size())) best = std::move(other);
}

class Extractor {
 public:
  explicit Extractor(std::string_view pattern) : pattern_(pattern) {}

  Knowledge alternation(std::size_t depth) {
    Knowledge result;
    bool first = true;
    while (true) {
      auto part = sequence(depth);
      auto needed = std::move(part.needed);
      if (part.exact) keep_better(needed, part.exact);
      if (first) {
        result.exact = std::move(part.exact);
        result.needed = std::move(needed);
        first = false;
      } else {
        if (result.exact && part.exact && result.exact->size() + part.exact->size() <= kMostExact) {
          result.exact->insert(result.exact->end(), part.exact->begin(), part.exact->end());
        } else {
          result.exact.reset();
        }
        if (result.needed && needed && result.needed->size() + needed->size() <= kMostLiterals) {
          result.needed->insert(result.needed->end(), needed->begin(), needed->end());
        } else {
          result.needed.reset();
        }
      }
      if (failed_ || at_ >= pattern_.size() || pattern_[at_] != '|') break;
      ++at_;
    }
    return result;
  }

  [[nodiscard]] bool failed() const { return failed_ || at_ < pattern_.size(); }

 private:
  // Everything between "|" and ")".
  Knowledge sequence(std::size_t depth) {
    std::vector<std::string> running{""};  // all strings the last stretch of known parts can be
    bool all_exact = true;
    std::optional<std::vector<std::string>> needed;
    const auto cut = [&] {
      keep_better(needed, running);
      running.assign(1, "");
      all_exact = false;
    };
    while (!failed_ && at_ < pattern_.size() && pattern_[at_] != '|' && pattern_[at_] != ')') {
      auto part = atom(depth);
      // Quantifiers.
      std::size_t least = 1;
      bool repeated = false;
      bool optional = false;
      while (at_ < pattern_.size() && !failed_) {
        const auto c = pattern_[at_];
        if (c == '*' || c == '?') {
          least = 0;
          repeated = c == '*';
          optional = c == '?' && !quantified_;
        } else if (c == '+') {
          repeated = !quantified_;
          if (quantified_) {  // possessive
            ++at_;
            continue;
          }
        } else if (c == '{') {
          const auto close = pattern_.find('}', at_);
          const auto inside =
              close == std::string_view::npos ? std::string_view() : pattern_.substr(at_ + 1, close - at_ - 1);
          const bool digits = !inside.empty() && inside.find_first_not_of("0123456789,") == std::string_view::npos &&
                              inside.front() != ',';
          if (!digits) break;
          least = inside.front() == '0' && (inside.size() == 1 || inside[1] == ',') ? 0 : 1;
          repeated = inside != "1";
          at_ = close;
        } else {
          break;
        }
        ++at_;
        // A lazy or possessive mark changes nothing here.
        if (at_ < pattern_.size() && (pattern_[at_] == '?' || pattern_[at_] == '+')) ++at_;
        break;
      }
      if (least == 0) {
        if (optional && part.exact && part.exact->size() * 2 * running.size() <= kMostExact) {
          part.exact->push_back("");
          repeated = false;
        } else {
          cut();
          continue;
        }
      }
      if (repeated || !part.exact || part.exact->size() * running.size() > kMostExact) {
        // The start of it is still known: join, then cut.
        if (part.exact && part.exact->size() * running.size() <= kMostExact) {
          join(running, *part.exact);
          cut();
          continue;
        }
        cut();
        keep_better(needed, std::move(part.needed));
        continue;
      }
      join(running, *part.exact);
      if (running.front().size() > kLongestLiteral) cut();
    }
    Knowledge result;
    if (all_exact) {
      result.exact = running;
    }
    keep_better(needed, running);
    result.needed = std::move(needed);
    return result;
  }

  static void join(std::vector<std::string>& running, const std::vector<std::string>& part) {
    std::vector<std::string> joined;
    joined.reserve(running.size() * part.size());
    for (const auto& head : running) {
      for (const auto& tail : part) joined.push_back(head + tail);
    }
    running = std::move(joined);
  }

  static Knowledge literal(char c) {
    Knowledge known;
    // Only ASCII is folded by the scanner; other bytes are not relied on.
    if (static_cast<unsigned char>(c) >= 0x80 || (static_cast<unsigned char>(c) < 0x20 && !is_space(c))) return known;
    return exactly(fold(c));
  }
  static Knowledge exactly(char c) {
    Knowledge known;
    known.exact = std::vector<std::string>{std::string(1, c)};
    return known;
  }
  static Knowledge nothing() {
    Knowledge known;
    known.exact = std::vector<std::string>{""};
    return known;
  }

  Knowledge atom(std::size_t depth) {
    quantified_ = false;
    const auto c = pattern_[at_];
    if (c == '(') return group(depth);
    if (c == '[') return bracket();
    if (c == '\\') return escape();
    ++at_;
    if (c == '^' || c == '$') return nothing();
    if (c == '.') return {};
    return literal(c);
  }

  Knowledge group(std::size_t depth) {
    if (depth >= kDepth) {
      failed_ = true;
      return {};
    }
    ++at_;
    bool look = false;
    // A verb such as (*ACCEPT) may end the match before the literals that follow.
    if (at_ < pattern_.size() && pattern_[at_] == '*') {
      failed_ = true;
      return {};
    }
    if (at_ < pattern_.size() && pattern_[at_] == '?') {
      ++at_;
      if (at_ >= pattern_.size()) {
        failed_ = true;
        return {};
      }
      const auto kind = pattern_[at_];
      if (kind == ':' || kind == '>') {
        ++at_;
      } else if (kind == '=' || kind == '!') {
        look = true;
        ++at_;
      } else if (kind == '<' && at_ + 1 < pattern_.size() && (pattern_[at_ + 1] == '=' || pattern_[at_ + 1] == '!')) {
        look = true;
        at_ += 2;
      } else if (kind == '<' || kind == 'P' || kind == '\'') {
        const auto close = pattern_.find(kind == '\'' ? '\'' : '>', at_ + 2);
        if (close == std::string_view::npos) {
          failed_ = true;
          return {};
        }
        at_ = close + 1;
      } else if (kind == '#') {
        const auto close = pattern_.find(')', at_);
        if (close == std::string_view::npos) failed_ = true;
        at_ = close + 1;
        return nothing();
      } else {
        // Flags: (?i) or (?i:…). White space in patterns (x) would change what is read.
        while (at_ < pattern_.size() && pattern_[at_] != ')' && pattern_[at_] != ':') {
          if (pattern_[at_] == 'x' || (pattern_[at_] != 'i' && pattern_[at_] != 'm' && pattern_[at_] != 's' &&
                                       pattern_[at_] != '-' && pattern_[at_] != 'n' && pattern_[at_] != 'U')) {
            failed_ = true;
            return {};
          }
          ++at_;
        }
        if (at_ >= pattern_.size()) {
          failed_ = true;
          return {};
        }
        if (pattern_[at_++] == ')') return nothing();
      }
    }
    auto known = alternation(depth + 1);
    if (failed_ || at_ >= pattern_.size() || pattern_[at_] != ')') {
      failed_ = true;
      return {};
    }
    ++at_;
    if (look) return nothing();  // takes no text
    return known;
  }

  Knowledge bracket() {
    auto at = at_ + 1;
    bool negated = false;
    std::vector<std::string> members;
    bool simple = true;
    if (at < pattern_.size() && pattern_[at] == '^') {
      negated = true;
      ++at;
    }
    bool first = true;
    while (at < pattern_.size() && (first || pattern_[at] != ']')) {
      first = false;
      const auto c = pattern_[at];
      if (c == '\\') {
        simple = false;
        ++at;
      } else if (c == '[' && at + 1 < pattern_.size() && pattern_[at + 1] == ':') {
        const auto close = pattern_.find(":]", at);
        if (close != std::string_view::npos) at = close + 1;
        simple = false;
      } else if (c == '-' || static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x20) {
        simple = false;
      } else {
        members.push_back(std::string(1, fold(c)));
      }
      ++at;
    }
    if (at >= pattern_.size()) {
      failed_ = true;
      return {};
    }
    at_ = at + 1;
    if (negated || !simple || members.empty() || members.size() > 8) return {};
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    Knowledge known;
    known.exact = std::move(members);
    return known;
  }

  Knowledge escape() {
    if (at_ + 1 >= pattern_.size()) {
      failed_ = true;
      return {};
    }
    const auto c = pattern_[at_ + 1];
    at_ += 2;
    if (c == 'b') return exactly(kWordEdge);
    if (c == 's') return exactly(' ');
    if (c == 'd') return exactly('0');
    if (c == 'B' || c == 'A' || c == 'z' || c == 'Z' || c == 'G') return nothing();
    if (c == 'n') return literal('\n');
    if (c == 't') return literal('\t');
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      // Classes, properties, back-references, code points: skip what belongs to them.
      const auto opened = at_ < pattern_.size() ? pattern_[at_] : '\0';
      if (std::string_view("pPxkgoN").find(c) != std::string_view::npos &&
          (opened == '{' || opened == '<' || (c == 'k' && opened == '\''))) {
        const auto close = pattern_.find(opened == '{' ? '}' : opened == '<' ? '>' : '\'', at_ + 1);
        if (close == std::string_view::npos) {
          failed_ = true;
          return {};
        }
        at_ = close + 1;
      } else if (c == 'p' || c == 'P' || c == 'c') {
        ++at_;
      } else if (c == 'x' || c == 'u') {
        const auto most = std::min(pattern_.size(), at_ + (c == 'x' ? 2 : 4));
        while (at_ < most && std::isxdigit(static_cast<unsigned char>(pattern_[at_])) != 0) ++at_;
      } else if (is_digit(c) || c == 'g') {
        while (at_ < pattern_.size() && (is_digit(pattern_[at_]) || (c == 'g' && pattern_[at_] == '-'))) ++at_;
      } else if (c == 'Q') {
        failed_ = true;
      }
      if (at_ > pattern_.size()) failed_ = true;
      return {};
    }
    return literal(c);
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  bool failed_ = false;
  bool quantified_ = false;
};

}  // namespace

std::vector<std::string> required_literals(std::string_view pattern) {
  Extractor extractor(pattern);
  auto known = extractor.alternation(0);
  if (extractor.failed()) return {};
  auto best = std::move(known.needed);
  if (known.exact) keep_better(best, std::move(known.exact));
  if (!best) return {};
  std::sort(best->begin(), best->end());
  best->erase(std::unique(best->begin(), best->end()), best->end());
  return *std::move(best);
}

LiteralScanner::LiteralScanner(const std::vector<std::vector<std::string>>& sets) : classes_(256, 0) {
  std::uint8_t next_class = 1;
  for (const auto& set : sets) {
    for (const auto& literal : set) {
      for (const auto c : literal) {
        if (c == kWordEdge) continue;
        auto& known = classes_[static_cast<unsigned char>(c)];
        if (known == 0 && next_class != 0) known = next_class++;
      }
    }
  }
  for (unsigned byte = 0; byte < 128; ++byte) {
    classes_[byte] = classes_[static_cast<unsigned char>(fold(static_cast<char>(byte)))];
  }
  width_ = next_class;
  next_.assign(width_, 0);
  output_.emplace_back();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (const auto& literal : sets[i]) add(literal, static_cast<std::uint32_t>(i));
  }
  // Breadth first: each missing step goes where the longest proper suffix goes.
  std::vector<std::uint32_t> fallback(output_.size(), 0);
  std::deque<std::uint32_t> queue;
  for (std::size_t c = 0; c < width_; ++c) {
    if (next_[c] != 0) queue.push_back(next_[c]);
  }
  while (!queue.empty()) {
    const auto state = queue.front();
    queue.pop_front();
    const auto& inherited = output_[fallback[state]];
    output_[state].insert(output_[state].end(), inherited.begin(), inherited.end());
    for (std::size_t c = 0; c < width_; ++c) {
      auto& cell = next_[state * width_ + c];
      const auto shorter = next_[fallback[state] * width_ + c];
      if (cell == 0) {
        cell = shorter;
      } else {
        fallback[cell] = shorter;
        queue.push_back(cell);
      }
    }
  }
  for (auto& cell : next_) {
    const auto state = cell;
    cell = state * static_cast<std::uint32_t>(width_);
    if (!output_[state].empty()) cell |= kHasOutput;
  }
}

void LiteralScanner::add(std::string_view literal, std::uint32_t set) {
  Output output;
  output.set = set;
  std::string plain;
  for (const auto c : literal) {
    if (c != kWordEdge) plain.push_back(c);
  }
  // An edge says something of the byte beside the literal only where the literal's own is part of a word.
  output.length = static_cast<std::uint32_t>(plain.size());
  output.edge_before = literal.front() == kWordEdge && is_word(plain.front());
  output.edge_after = literal.back() == kWordEdge && is_word(plain.back());
  std::uint32_t state = 0;
  for (const auto c : plain) {
    const auto cell = state * width_ + classes_[static_cast<unsigned char>(c)];
    if (next_[cell] == 0) {
      next_[cell] = static_cast<std::uint32_t>(output_.size());
      next_.resize(next_.size() + width_, 0);
      output_.emplace_back();
    }
    state = next_[cell];
  }
  output_[state].push_back(output);
}

bool LiteralScanner::scan(std::string_view text, std::vector<std::uint8_t>& found) const {
  std::uint32_t row = 0;
  unsigned seen = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    seen |= static_cast<unsigned char>(text[at]);
    const auto cell = next_[row + classes_[static_cast<unsigned char>(text[at])]];
    row = cell & ~kHasOutput;
    if (cell == row) continue;
    for (const auto& output : output_[row / width_]) {
      if (output.edge_before && at >= output.length && is_word(text[at - output.length])) continue;
      if (output.edge_after && at + 1 < text.size() && is_word(text[at + 1])) continue;
      found[output.set] = 1;
    }
  }
  return seen < 0x80;
}

}  // namespace chiron::prose
