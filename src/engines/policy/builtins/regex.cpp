// Regular expressions over RE2 (whose syntax Go's regexp shares), globs, and intersection of globs.
#include <re2/re2.h>

#include <algorithm>
#include <bitset>

#include "engines/policy/builtins/support.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::functions {

namespace {

// Memory that one compiled pattern may take.
constexpr std::int64_t kPatternBytes = 64 << 20;
constexpr std::size_t kCachedPatterns = 10'000;

class Pattern final : public CacheEntry {
 public:
  Pattern(std::string source, const re2::RE2::Options& options) : source_(std::move(source)), regex(source_, options) {}
  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  std::string source_;

 public:
  re2::RE2 regex;
};

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const re2::StringPiece& text) { return {text.data(), text.size()}; }

re2::RE2::Options regex_options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternBytes);
  return options;
}

// The compiled pattern: of this call, of the policy, or made now. Null after context.fail.
template <class MakeSource>
const re2::RE2* compiled(BuiltinContext& context, std::string_view key, MakeSource make_source) {
  struct Keyed final : CacheEntry {
    std::string key;
    std::unique_ptr<Pattern> pattern;
  };
  if (context.call_cache != nullptr && *context.call_cache != nullptr) {
    auto* kept = static_cast<Keyed*>(context.call_cache->get());
    if (kept->key == key) return &kept->pattern->regex;
  }
  auto* shared = context.policy_cache != nullptr ? context.policy_cache : &context.query_cache;
  const std::string shared_key = "regex:" + std::string(key);
  if (context.call_cache == nullptr)
    if (const auto found = shared->find(shared_key); found != shared->end())
      return &static_cast<Pattern*>(found->second.get())->regex;
  auto pattern = std::make_unique<Pattern>(make_source(), regex_options());
  if (!pattern->regex.ok()) {
    // RE2 puts the offending part behind its message, Go between back quotes.
    std::string why = pattern->regex.error();
    const std::string part = pattern->regex.error_arg();
    if (why.ends_with(": " + part)) why.resize(why.size() - part.size() - 2);
    if (why == "missing )") why = "missing closing )";
    context.fail(format("error parsing regexp: {}: `{}`", why, part));
    return nullptr;
  }
  const re2::RE2* regex = &pattern->regex;
  if (context.call_cache != nullptr) {
    auto kept = std::make_unique<Keyed>();
    kept->key = key;
    kept->pattern = std::move(pattern);
    *context.call_cache = std::move(kept);
  } else {
    if (shared->size() > kCachedPatterns) shared->clear();
    (*shared)[shared_key] = std::move(pattern);
  }
  return regex;
}
const re2::RE2* compiled(BuiltinContext& context, std::string_view pattern) {
  return compiled(context, pattern, [&] { return std::string(pattern); });
}

// Successive matches as Go finds them: an empty match right behind the previous match does not count.
template <class Action>
void for_each_match(const re2::RE2& regex, std::string_view text, std::int64_t limit,
                    std::vector<re2::StringPiece>& groups, Action action) {
  std::size_t at = 0, previous_end = std::string_view::npos;
  while (limit != 0 && at <= text.size()) {
    if (!regex.Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size())))
      break;
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const auto end = begin + groups[0].size();
    if (groups[0].empty() && begin == previous_end) {
      at = begin >= text.size() ? text.size() + 1 : begin + utf8::decode(text, begin).length;
      previous_end = std::string_view::npos;
      continue;
    }
    if (!action(begin, end)) return;
    --limit;
    previous_end = end;
    at = end > begin ? end : (end >= text.size() ? text.size() + 1 : end + utf8::decode(text, end).length);
  }
}

// $1, ${name}, $$ in a replacement.
void expand(std::string& out, std::string_view replacement, const re2::RE2& regex,
            const std::vector<re2::StringPiece>& groups) {
  for (std::size_t i = 0; i < replacement.size();) {
    if (replacement[i] != '$') {
      out += replacement[i++];
      continue;
    }
    if (i + 1 < replacement.size() && replacement[i + 1] == '$') {
      out += '$';
      i += 2;
      continue;
    }
    const bool brace = i + 1 < replacement.size() && replacement[i + 1] == '{';
    std::size_t end = i + 1 + (brace ? 1 : 0);
    const auto begin = end;
    while (end < replacement.size()) {
      const char c = replacement[end];
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')) break;
      ++end;
    }
    const std::string name(replacement.substr(begin, end - begin));
    if (name.empty() || (brace && (end >= replacement.size() || replacement[end] != '}'))) {
      out += replacement[i++];
      continue;
    }
    i = end + (brace ? 1 : 0);
    std::size_t index = groups.size();
    if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
      if (name.size() < 6) index = static_cast<std::size_t>(std::stoul(name));
    } else if (const auto found = regex.NamedCapturingGroups().find(name);
               found != regex.NamedCapturingGroups().end()) {
      index = static_cast<std::size_t>(found->second);
    }
    if (index < groups.size()) out += view(groups[index]);
  }
}

bool take_two(BuiltinContext& context, Arguments arguments, std::string_view& a, std::string_view& b) {
  return take_string(context, arguments, 0, a) && take_string(context, arguments, 1, b);
}

// --- globs ---

void append_quoted(std::string& out, std::string_view point) {
  if (point.size() == 1 && std::string_view("\\.+*?()|[]{}^$-&~#").find(point[0]) != std::string_view::npos)
    out += '\\';
  out += point;
}

// A glob as a regular expression; the error's text where it is malformed.
std::expected<std::string, std::string> glob_to_regex(std::string_view glob,
                                                      const std::vector<std::string_view>& delimiters) {
  std::string none_of = "[^";
  for (const auto delimiter : delimiters) append_quoted(none_of, delimiter);
  none_of += ']';
  const std::string single = delimiters.empty() ? "." : none_of;
  std::string out = "(?s)\\A(?:";
  std::size_t braces = 0;
  for (std::size_t i = 0; i < glob.size();) {
    const char c = glob[i];
    const auto length = utf8::decode(glob, i).length;
    if (c == '\\' && i + 1 < glob.size()) {
      const auto next = utf8::decode(glob, i + 1).length;
      append_quoted(out, glob.substr(i + 1, next));
      i += 1 + next;
    } else if (c == '*') {
      if (i + 1 < glob.size() && glob[i + 1] == '*') {
        out += ".*";
        while (i < glob.size() && glob[i] == '*') ++i;
      } else {
        out += single + "*";
        ++i;
      }
    } else if (c == '?') {
      out += single;
      ++i;
    } else if (c == '[') {
      auto end = i + 1;
      const bool negated = end < glob.size() && glob[end] == '!';
      if (negated) ++end;
      std::string members;
      bool closed = false;
      while (end < glob.size()) {
        if (glob[end] == ']') {
          closed = true;
          ++end;
          break;
        }
        if (glob[end] == '\\' && end + 1 < glob.size()) ++end;
        const auto size = utf8::decode(glob, end).length;
        if (glob[end] == '-' && !members.empty() && end + 1 < glob.size() && glob[end + 1] != ']')
          members += '-';
        else
          append_quoted(members, glob.substr(end, size));
        end += size;
      }
      if (!closed || members.empty()) return std::unexpected("syntax error: unterminated character class");
      out += std::string(negated ? "[^" : "[") + members + "]";
      i = end;
    } else if (c == '{') {
      out += "(?:";
      ++braces;
      ++i;
    } else if (c == '}' && braces > 0) {
      out += ')';
      --braces;
      ++i;
    } else if (c == ',' && braces > 0) {
      out += '|';
      ++i;
    } else {
      append_quoted(out, glob.substr(i, length));
      i += length;
    }
  }
  if (braces > 0) return std::unexpected("syntax error: unterminated alternatives");
  return out + ")\\z";
}

// --- whether two simple patterns (characters, ., [sets], each with * or + ) have a text in common ---

struct Token {
  std::bitset<256> characters;
  bool any = false;  // .
  enum { once, plus, star } times = once;
  [[nodiscard]] bool meets(const Token& other) const {
    return any || other.any || (characters & other.characters).any();
  }
};

std::expected<std::vector<Token>, std::string> parse_tokens(std::string_view text) {
  auto error = [&](std::size_t at, std::string_view why) {
    return std::unexpected(format("input:{}, pos:{}, {}: the input provided is invalid", text, at + 1, why));
  };
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < text.size();) {
    Token token;
    if (text[i] == '\\') {
      if (i + 1 == text.size()) return error(i, "escape at the end");
      token.characters.set(static_cast<unsigned char>(text[i + 1]));
      i += 2;
    } else if (text[i] == '.') {
      token.any = true;
      ++i;
    } else if (text[i] == '[') {
      const auto open = i++;
      bool closed = false;
      while (i < text.size()) {
        if (text[i] == ']') {
          closed = true;
          ++i;
          break;
        }
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        const auto first = static_cast<unsigned char>(text[i]);
        if (i + 2 < text.size() && text[i + 1] == '-' && text[i + 2] != ']') {
          const auto last = static_cast<unsigned char>(text[i + 2]);
          if (last < first) return error(i, "range is out of order");
          for (unsigned c = first; c <= last; ++c) token.characters.set(c);
          i += 3;
        } else {
          token.characters.set(first);
          ++i;
        }
      }
      if (!closed) return error(open, "set-open '[' with no matching ']'");
    } else if (text[i] == ']') {
      return error(i, "set-close ']' with no preceding '['");
    } else if (text[i] == '*' || text[i] == '+') {
      return error(i, format("flag '{}' must be preceded by a non-flag", text[i]));
    } else {
      token.characters.set(static_cast<unsigned char>(text[i]));
      ++i;
    }
    if (i < text.size() && (text[i] == '*' || text[i] == '+'))
      token.times = text[i++] == '*' ? Token::star : Token::plus;
    tokens.push_back(token);
  }
  return tokens;
}

// Reachability over pairs of positions; a position before a repeated token may stay on it.
bool intersect(const std::vector<Token>& a, const std::vector<Token>& b) {
  // A state: token index and whether a "+" has been matched once already.
  const std::size_t width = (b.size() + 1) * 2;
  std::vector<bool> seen((a.size() + 1) * 2 * width, false);
  struct State {
    std::size_t i;
    bool inside_a;
    std::size_t j;
    bool inside_b;
  };
  std::vector<State> open;
  auto visit = [&](State state) {
    const auto index = (state.i * 2 + (state.inside_a ? 1 : 0)) * width + state.j * 2 + (state.inside_b ? 1 : 0);
    if (!seen[index]) {
      seen[index] = true;
      open.push_back(state);
    }
  };
  visit({0, false, 0, false});
  while (!open.empty()) {
    const State s = open.back();
    open.pop_back();
    if (s.i == a.size() && s.j == b.size()) return true;
    const Token* x = s.i < a.size() ? &a[s.i] : nullptr;
    const Token* y = s.j < b.size() ? &b[s.j] : nullptr;
    if (x != nullptr && (x->times == Token::star || (x->times == Token::plus && s.inside_a)))
      visit({s.i + 1, false, s.j, s.inside_b});
    if (y != nullptr && (y->times == Token::star || (y->times == Token::plus && s.inside_b)))
      visit({s.i, s.inside_a, s.j + 1, false});
    if (x == nullptr || y == nullptr || !x->meets(*y)) continue;
    const bool stay_a = x->times != Token::once, stay_b = y->times != Token::once;
    visit({stay_a ? s.i : s.i + 1, stay_a, stay_b ? s.j : s.j + 1, stay_b});
  }
  return false;
}

}  // namespace

Value regex_is_valid(BuiltinContext&, Arguments arguments) {
  if (!arguments[0].is_string()) return Value::boolean(false);
  return Value::boolean(re2::RE2(piece(arguments[0].string()), regex_options()).ok());
}
Value regex_match(BuiltinContext& context, Arguments arguments) {
  std::string_view pattern, text;
  if (!take_two(context, arguments, pattern, text)) return {};
  const auto* regex = compiled(context, pattern);
  if (regex == nullptr) return {};
  return Value::boolean(regex->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0));
}
Value re_match(BuiltinContext& context, Arguments arguments) { return regex_match(context, arguments); }
Value regex_find_n(BuiltinContext& context, Arguments arguments) {
  std::string_view pattern, text;
  std::int64_t limit = 0;
  if (!take_two(context, arguments, pattern, text) || !take_integer(context, arguments, 2, limit)) return {};
  const auto* regex = compiled(context, pattern);
  if (regex == nullptr) return {};
  std::vector<re2::StringPiece> groups(1);
  std::vector<Value> found;
  for_each_match(*regex, text, limit, groups, [&](std::size_t begin, std::size_t end) {
    found.push_back(context.store.string(text.substr(begin, end - begin)));
    return true;
  });
  return context.store.array(found);
}
Value regex_find_all_string_submatch_n(BuiltinContext& context, Arguments arguments) {
  std::string_view pattern, text;
  std::int64_t limit = 0;
  if (!take_two(context, arguments, pattern, text) || !take_integer(context, arguments, 2, limit)) return {};
  const auto* regex = compiled(context, pattern);
  if (regex == nullptr) return {};
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex->NumberOfCapturingGroups()) + 1);
  std::vector<Value> found;
  for_each_match(*regex, text, limit, groups, [&](std::size_t, std::size_t) {
    std::vector<Value> match;
    for (const auto& group : groups) match.push_back(context.store.string(view(group)));
    found.push_back(context.store.array(match));
    return true;
  });
  return context.store.array(found);
}
Value regex_split(BuiltinContext& context, Arguments arguments) {
  std::string_view pattern, text;
  if (!take_two(context, arguments, pattern, text)) return {};
  const auto* regex = compiled(context, pattern);
  if (regex == nullptr) return {};
  std::vector<Value> parts;
  if (text.empty()) return pattern.empty() ? context.store.array({}) : context.store.array({context.store.string("")});
  std::vector<re2::StringPiece> groups(1);
  std::size_t begin_of_part = 0, end_of_part = 0;
  for_each_match(*regex, text, -1, groups, [&](std::size_t begin, std::size_t end) {
    end_of_part = begin;
    if (end != 0) parts.push_back(context.store.string(text.substr(begin_of_part, end_of_part - begin_of_part)));
    begin_of_part = end;
    return true;
  });
  if (end_of_part != text.size()) parts.push_back(context.store.string(text.substr(begin_of_part)));
  return context.store.array(parts);
}
Value regex_replace(BuiltinContext& context, Arguments arguments) {
  std::string_view text, pattern, replacement;
  if (!take_two(context, arguments, text, pattern) || !take_string(context, arguments, 2, replacement)) return {};
  const auto* regex = compiled(context, pattern);
  if (regex == nullptr) return {};
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex->NumberOfCapturingGroups()) + 1);
  std::string out;
  std::size_t copied = 0;
  bool large = false;
  for_each_match(*regex, text, -1, groups, [&](std::size_t begin, std::size_t end) {
    out += text.substr(copied, begin - copied);
    expand(out, replacement, *regex, groups);
    copied = end;
    large = out.size() > kMaxStringBytes;
    return !large;
  });
  if (large) return too_large(context);
  out += text.substr(copied);
  return out == text ? arguments[0] : context.store.string(out);
}
Value regex_template_match(BuiltinContext& context, Arguments arguments) {
  std::string_view pattern, text, open, close;
  if (!take_two(context, arguments, pattern, text) || !take_string(context, arguments, 2, open) ||
      !take_string(context, arguments, 3, close))
    return {};
  if (open.size() != 1)
    return context.fail(format("start delimiter has to be exactly one character long but is {} long", open.size()));
  if (close.size() != 1)
    return context.fail(format("end delimiter has to be exactly one character long but is {} long", open.size()));
  // Outside the delimiters the template is plain text, inside a regular expression.
  std::string source = "^";
  std::size_t at = 0;
  std::size_t level = 0, begin = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == open[0]) {
      if (level++ == 0) {
        for (char c : pattern.substr(at, i - at)) append_quoted(source, std::string_view(&c, 1));
        begin = i;
      }
    } else if (pattern[i] == close[0]) {
      if (level == 0) return context.fail(format("unbalanced braces in \"{}\"", pattern));
      if (--level == 0) {
        source += "(" + std::string(pattern.substr(begin + 1, i - begin - 1)) + ")";
        at = i + 1;
      }
    }
  }
  if (level != 0) return context.fail(format("unbalanced braces in \"{}\"", pattern));
  for (char c : pattern.substr(at)) append_quoted(source, std::string_view(&c, 1));
  source += '$';
  const auto* regex = compiled(context, source);
  if (regex == nullptr) return {};
  return Value::boolean(regex->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0));
}
Value regex_globs_match(BuiltinContext& context, Arguments arguments) {
  std::string_view a, b;
  if (!take_two(context, arguments, a, b)) return {};
  const auto x = parse_tokens(a);
  if (!x) return context.fail(x.error());
  const auto y = parse_tokens(b);
  if (!y) return context.fail(y.error());
  if ((x->size() + 1) * (y->size() + 1) > kMaxElements) return too_large(context);
  return Value::boolean(intersect(*x, *y));
}

Value glob_match(BuiltinContext& context, Arguments arguments) {
  std::string_view glob, text;
  if (!take_string(context, arguments, 0, glob)) return {};
  std::vector<std::string_view> delimiters;
  if (arguments[1].is_array()) {
    if (!take_strings(context, arguments, 1, delimiters)) return {};
    for (const auto delimiter : delimiters)
      if (utf8::count(delimiter) != 1)
        return context.fail(format("operand 2 contains a delimiter that is no single character: \"{}\"", delimiter),
                            BuiltinErrorCode::type);
    if (delimiters.empty()) delimiters.emplace_back(".");
  } else if (!arguments[1].is_null()) {
    return fail_one_of(context, 2, "array, null", arguments[1]);
  }
  if (!take_string(context, arguments, 2, text)) return {};
  std::string key = "glob:";
  for (const auto delimiter : delimiters) key += delimiter;
  key += ':';
  key += glob;
  std::string problem;
  const auto* regex = compiled(context, key, [&] {
    auto source = glob_to_regex(glob, delimiters);
    if (!source) problem = source.error();
    return source ? *source : std::string("(");
  });
  if (!problem.empty()) {
    (void)context.take_error();
    return context.fail(problem);
  }
  if (regex == nullptr) return {};
  return Value::boolean(regex->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0));
}
Value glob_quote_meta(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?\\[]{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return context.store.string(out);
}

}  // namespace chiron::policy::functions
