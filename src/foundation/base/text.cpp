#include "foundation/base/text.h"

#include <algorithm>
#include <charconv>

#include "foundation/base/utf8.h"

namespace chiron::text {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (;;) {
    const auto end = text.find(separator, begin);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    auto end = text.find('\n', begin);
    if (end == std::string_view::npos) end = text.size();
    auto line = text.substr(begin, end - begin);
    if (end < text.size() && line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    begin = end + 1;
  }
  return lines;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) joined += separator;
    joined += parts[i];
  }
  return joined;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string to_upper_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) return std::string(text);
  std::string out;
  std::size_t begin = 0;
  for (;;) {
    const auto at = text.find(from, begin);
    if (at == std::string_view::npos) break;
    out.append(text.substr(begin, at - begin)).append(to);
    begin = at + from.size();
  }
  out.append(text.substr(begin));
  return out;
}

namespace {
void append_escaped(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += c;
  }
}
}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) append_escaped(out, c);
  return out;
}

std::string escape_xml(std::string_view text) {
  std::string clean;
  if (utf8::find_invalid(text) != std::string_view::npos) {
    clean = utf8::sanitize(text);
    text = clean;
  }
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') continue;
    append_escaped(out, c);
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

namespace {
template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}
}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) { return parse_whole<std::uint64_t>(text); }
std::optional<std::int64_t> parse_signed(std::string_view text) { return parse_whole<std::int64_t>(text); }
std::optional<double> parse_double(std::string_view text) { return parse_whole<double>(text); }

namespace {
// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    std::swap(before, row);
    std::swap(row, next);
  }
  return row[b.size()];
}
}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  // Two slips are a misspelling, in long words a third of the letters.
  std::size_t best_distance = std::min(word.size(), std::max<std::size_t>(2, word.size() / 3) + 1);
  if (word.size() > 200) return best;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

namespace {

// Backtracking over `*` only: the last star is retried, so the cost is at most pattern × path per `**`.
bool match_here(std::string_view pattern, std::string_view path, int depth);

bool match_class(std::string_view& pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool matched = false;
  bool first = true;
  for (; i < pattern.size() && (first || pattern[i] != ']'); ++i) {
    first = false;
    char low = pattern[i];
    if (low == '\\' && i + 1 < pattern.size()) low = pattern[++i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    if (low <= c && c <= high) matched = true;
  }
  pattern.remove_prefix(std::min(i + 1, pattern.size()));
  return matched != negated && c != '/';
}

bool match_braces(std::string_view pattern, std::string_view path, int depth) {
  int nesting = 0;
  std::size_t begin = 1;
  std::vector<std::string_view> choices;
  std::size_t i = 0;
  for (; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++nesting;
    if ((pattern[i] == ',' && nesting == 1) || (pattern[i] == '}' && nesting == 1)) {
      choices.push_back(pattern.substr(begin, i - begin));
      begin = i + 1;
    }
    if (pattern[i] == '}' && --nesting == 0) break;
  }
  if (i == pattern.size())
    return !path.empty() && path[0] == '{' && match_here(pattern.substr(1), path.substr(1), depth + 1);
  const auto rest = pattern.substr(i + 1);
  for (const auto choice : choices) {
    std::string joined(choice);
    joined += rest;
    if (match_here(joined, path, depth + 1)) return true;
  }
  return false;
}

bool match_here(std::string_view pattern, std::string_view path, int depth) {
  constexpr int kDepth = 64;
  if (depth > kDepth) return false;
  while (!pattern.empty()) {
    if (pattern.starts_with("**")) {
      auto rest = pattern.substr(2);
      if (rest.starts_with('/')) {
        rest.remove_prefix(1);
        if (match_here(rest, path, depth + 1)) return true;
        for (std::size_t i = 0; i < path.size(); ++i)
          if (path[i] == '/' && match_here(rest, path.substr(i + 1), depth + 1)) return true;
        return false;
      }
      if (rest.empty()) return true;
      for (std::size_t i = 0; i <= path.size(); ++i)
        if (match_here(rest, path.substr(i), depth + 1)) return true;
      return false;
    }
    if (pattern[0] == '*') {
      const auto rest = pattern.substr(1);
      for (std::size_t i = 0;; ++i) {
        if (match_here(rest, path.substr(i), depth + 1)) return true;
        if (i == path.size() || path[i] == '/') return false;
      }
    }
    if (pattern[0] == '{') return match_braces(pattern, path, depth);
    if (path.empty()) return false;
    if (pattern[0] == '[') {
      if (!match_class(pattern, path[0])) return false;
    } else if (pattern[0] == '?') {
      if (path[0] == '/') return false;
      pattern.remove_prefix(1);
    } else {
      if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
      if (pattern[0] != path[0]) return false;
      pattern.remove_prefix(1);
    }
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view path) { return match_here(pattern, path, 0); }

}  // namespace chiron::text
