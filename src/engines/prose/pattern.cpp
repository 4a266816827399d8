#include "engines/prose/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "foundation/base/format.h"

namespace chiron::prose {

namespace {

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct DataDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct ContextDeleter {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
using Code = std::unique_ptr<pcre2_code, CodeDeleter>;

constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;

// The end of the group that opens at `open`, past its ")"; npos where it is never closed.
std::size_t group_end(std::string_view text, std::size_t open) {
  std::size_t depth = 0;
  bool in_class = false;
  for (auto at = open; at < text.size(); ++at) {
    const auto c = text[at];
    if (c == '\\') {
      ++at;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      if (at + 1 < text.size() && text[at + 1] == '^') ++at;
      if (at + 1 < text.size() && text[at + 1] == ']') ++at;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Spellings of .NET and of Go that PCRE2 has other ones for, or refuses.
std::string translate(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_class = false;
  std::size_t class_begin = 0;  // where "]" would stand for itself
  bool after_set = false;       // right behind "\\w" and the like inside of brackets
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool behind_set = std::exchange(after_set, false);
    if (text[at] != '\\' || at + 1 >= text.size()) {
      const auto c = text[at];
      if (!in_class && c == '[') {
        in_class = true;
        class_begin = at + 1 < text.size() && text[at + 1] == '^' ? at + 2 : at + 1;
      } else if (in_class && c == ']' && at != class_begin) {
        in_class = false;
      } else if (in_class && behind_set && c == '-' && at + 1 < text.size() && text[at + 1] != ']') {
        // A set begins no range: in "[\\w-_]" the hyphen is one, which PCRE2 wants to be told.
        out.push_back('\\');
      }
      out.push_back(c);
      continue;
    }
    const auto next = text[at + 1];
    after_set = in_class && std::string_view("wWdDsS").find(next) != std::string_view::npos;
    if (next == 'u' && at + 5 < text.size() &&
        std::all_of(
            text.begin() + static_cast<std::ptrdiff_t>(at) + 2, text.begin() + static_cast<std::ptrdiff_t>(at) + 6,
            [](char c) { return std::string_view("0123456789abcdefABCDEF").find(c) != std::string_view::npos; })) {
      out += "\\x{" + std::string(text.substr(at + 2, 4)) + "}";
      at += 5;
    } else if (next == 'Z') {
      out += "\\Z";
      ++at;
    } else if (next == 'C') {
      out += "C";
      ++at;
    } else {
      // An escaped letter without a meaning stands for itself, as in .NET with ECMAScript's leniency.
      constexpr std::string_view kKnown = "abBdDsSwWnrtfvexpPkGzZAQEKRXhHVNoucg0123456789";
      const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
      if (!letter || kKnown.find(next) != std::string_view::npos) out.push_back('\\');
      out.push_back(next);
      ++at;
    }
  }
  return out;
}

struct LookBehind {
  Code code;
  bool negative = false;
};

Code compile_code(std::string_view text, std::uint32_t more, int& error, std::size_t& offset) {
  PCRE2_SIZE at = 0;
  Code code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), kOptions | more, &error, &at, nullptr));
  offset = at;
  if (code) pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

std::string error_text(int error) {
  PCRE2_UCHAR buffer[160];
  const auto length = pcre2_get_error_message(error, buffer, sizeof buffer);
  return length > 0 ? std::string(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(length)) : "unknown";
}

// What one thread searches with.
struct Scratch {
  const std::vector<LookBehind>* look_behinds = nullptr;
  std::unique_ptr<pcre2_match_data, DataDeleter> data;
  std::unique_ptr<pcre2_match_context, ContextDeleter> context;
  // A callout runs inside of a search, which holds its own match data: this one is the look-behinds'.
  std::unique_ptr<pcre2_match_data, DataDeleter> behind_data;
  std::unique_ptr<pcre2_match_context, ContextDeleter> behind_context;  // the same bounds without callouts
};

}  // namespace

struct Pattern::Impl {
  std::string text;
  Code code;
  std::vector<LookBehind> look_behinds;
  std::uint32_t groups = 0;
  std::vector<std::string> names;
  // Used again: a free list, since several threads search at once.
  std::mutex mutex;
  std::vector<std::unique_ptr<Scratch>> spare;

  [[nodiscard]] std::unique_ptr<Scratch> take();
  void give_back(std::unique_ptr<Scratch> scratch);
  [[nodiscard]] bool search(Scratch& scratch, std::string_view subject, std::size_t from, Match& match) const;
};

namespace {

// Whether the look-behind's pattern matches some stretch of text that ends at `at`. It ends in \z, and the text is cut
// there: one search tries every beginning, compiled (an anchor asked for at match time would be interpreted).
bool is_behind(const LookBehind& look, const Scratch& scratch, std::string_view subject, std::size_t at) {
  auto lowest = at > limits::kLookBehindBytes ? at - limits::kLookBehindBytes : 0;
  while (lowest < at && (static_cast<unsigned char>(subject[lowest]) & 0xC0) == 0x80) ++lowest;
  return pcre2_match(look.code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), at, lowest,
                     PCRE2_NO_UTF_CHECK | PCRE2_NOTEOL, scratch.behind_data.get(), scratch.behind_context.get()) >= 0;
}

int on_callout(pcre2_callout_block* block, void* user) {
  const auto& scratch = *static_cast<const Scratch*>(user);
  const auto number = block->callout_number;
  if (number == 0 || number > scratch.look_behinds->size()) return 0;
  const auto& look = (*scratch.look_behinds)[number - 1];
  const std::string_view subject(reinterpret_cast<const char*>(block->subject), block->subject_length);
  return is_behind(look, scratch, subject, block->current_position) != look.negative ? 0 : 1;
}

}  // namespace

std::unique_ptr<Scratch> Pattern::Impl::take() {
  {
    const std::lock_guard lock(mutex);
    if (!spare.empty()) {
      auto scratch = std::move(spare.back());
      spare.pop_back();
      return scratch;
    }
  }
  auto scratch = std::make_unique<Scratch>();
  scratch->data.reset(pcre2_match_data_create_from_pattern(code.get(), nullptr));
  scratch->context.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(scratch->context.get(), limits::kMatchSteps);
  if (look_behinds.empty()) return scratch;
  scratch->look_behinds = &look_behinds;
  pcre2_set_callout(scratch->context.get(), &on_callout, scratch.get());
  scratch->behind_data.reset(pcre2_match_data_create(1, nullptr));
  scratch->behind_context.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(scratch->behind_context.get(), limits::kMatchSteps);
  return scratch;
}

void Pattern::Impl::give_back(std::unique_ptr<Scratch> scratch) {
  const std::lock_guard lock(mutex);
  spare.push_back(std::move(scratch));
}

bool Pattern::Impl::search(Scratch& scratch, std::string_view subject, std::size_t from, Match& match) const {
  const char* bytes = subject.data() == nullptr ? "" : subject.data();
  const auto found = pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(bytes), subject.size(), from,
                                 PCRE2_NO_UTF_CHECK, scratch.data.get(), scratch.context.get());
  if (found <= 0) return false;
  const auto* bounds = pcre2_get_ovector_pointer(scratch.data.get());
  const auto* known = bounds + 2 * static_cast<std::size_t>(found);
  match.bounds.assign(bounds, known);
  match.bounds.resize(2 * (static_cast<std::size_t>(groups) + 1), Match::kUnset);
  return true;
}

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(std::string_view text) {
  if (text.size() > limits::kPatternBytes) {
    return fail(ErrorKind::limit, "limit.size", format("a pattern of {} bytes is too long", text.size()));
  }
  auto impl = std::make_unique<Impl>();
  impl->text = text;
  auto rewritten = translate(text);
  int error = 0;
  std::size_t offset = 0;
  impl->code = compile_code(rewritten, 0, error, offset);
  if (!impl->code && error == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH) {
    // Every look-behind that PCRE2 refuses becomes a callout, innermost first since inner ones stay in the copies.
    const bool caseless = rewritten.starts_with("(?i)");
    std::size_t at = 0;
    while ((at = rewritten.find("(?<", at)) != std::string::npos) {
      const auto kind = at + 3 < rewritten.size() ? rewritten[at + 3] : '\0';
      const bool escaped = at > 0 && rewritten[at - 1] == '\\' && !(at > 1 && rewritten[at - 2] == '\\');
      if ((kind != '=' && kind != '!') || escaped) {
        at += 3;
        continue;
      }
      const auto end = group_end(rewritten, at);
      if (end == std::string::npos) break;
      const auto whole = rewritten.substr(at, end - at);
      int own_error = 0;
      if (compile_code(whole, 0, own_error, offset)) {
        at = end;
        continue;
      }
      if (own_error != PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH || impl->look_behinds.size() >= limits::kLookBehinds)
        break;
      const auto inner = (caseless ? "(?i)(?:" : "(?:") + whole.substr(4, whole.size() - 5) + ")\\z";
      LookBehind look;
      look.negative = kind == '!';
      look.code = compile_code(inner, 0, own_error, offset);
      if (!look.code) break;
      impl->look_behinds.push_back(std::move(look));
      const auto callout = format("(?C{})", impl->look_behinds.size());
      rewritten.replace(at, end - at, callout);
      at += callout.size();
    }
    // Where a start place is skipped its callouts are too, which is right: they only ever refuse.
    impl->code = compile_code(rewritten, 0, error, offset);
  }
  if (!impl->code) {
    return fail(ErrorKind::config, "prose.pattern",
                format("the regular expression is not valid: {} at byte {} of {}", error_text(error), offset, text));
  }
  pcre2_pattern_info(impl->code.get(), PCRE2_INFO_CAPTURECOUNT, &impl->groups);
  impl->names.resize(impl->groups + 1);
  std::uint32_t named = 0;
  pcre2_pattern_info(impl->code.get(), PCRE2_INFO_NAMECOUNT, &named);
  if (named > 0) {
    PCRE2_SPTR table = nullptr;
    std::uint32_t entry = 0;
    pcre2_pattern_info(impl->code.get(), PCRE2_INFO_NAMETABLE, &table);
    pcre2_pattern_info(impl->code.get(), PCRE2_INFO_NAMEENTRYSIZE, &entry);
    for (std::uint32_t i = 0; i < named; ++i, table += entry) {
      const auto group = static_cast<std::size_t>(table[0]) << 8 | table[1];
      if (group < impl->names.size()) impl->names[group] = reinterpret_cast<const char*>(table + 2);
    }
  }
  Pattern pattern;
  pattern.impl_ = std::move(impl);
  return pattern;
}

const std::string& Pattern::text() const { return impl_->text; }
std::size_t Pattern::group_count() const { return impl_ == nullptr ? 0 : impl_->groups; }
std::string_view Pattern::group_name(std::size_t group) const { return impl_->names[group]; }

bool Pattern::search(std::string_view subject, std::size_t from, Match& match) const {
  if (impl_ == nullptr || from > subject.size()) return false;
  auto scratch = impl_->take();
  const bool found = impl_->search(*scratch, subject, from, match);
  impl_->give_back(std::move(scratch));
  return found;
}

bool Pattern::found_in(std::string_view subject) const {
  Match match;
  return search(subject, 0, match);
}

void Pattern::each(std::string_view subject, const std::function<void(const Match&)>& visit) const {
  if (impl_ == nullptr) return;
  auto scratch = impl_->take();
  Match match;
  std::size_t from = 0;
  while (from <= subject.size() && impl_->search(*scratch, subject, from, match)) {
    from = match.end();
    if (match.begin() == match.end()) {
      ++from;
      while (from < subject.size() && (static_cast<unsigned char>(subject[from]) & 0xC0) == 0x80) ++from;
    }
    visit(match);
  }
  impl_->give_back(std::move(scratch));
}

std::vector<Match> Pattern::find_all(std::string_view subject) const {
  std::vector<Match> all;
  each(subject, [&](const Match& match) { all.push_back(match); });
  return all;
}

std::string Pattern::replace(std::string_view subject, std::string_view replacement, std::size_t limit) const {
  std::string out;
  std::size_t from = 0;
  std::size_t count = 0;
  for (const auto& match : find_all(subject)) {
    if (limit != 0 && count++ == limit) break;
    out.append(subject.substr(from, match.begin() - from));
    from = match.end();
    for (std::size_t at = 0; at < replacement.size(); ++at) {
      if (replacement[at] != '$' || at + 1 >= replacement.size()) {
        out.push_back(replacement[at]);
        continue;
      }
      if (replacement[at + 1] == '$') {
        out.push_back('$');
        ++at;
        continue;
      }
      const bool braced = replacement[at + 1] == '{';
      auto stop = at + (braced ? 2 : 1);
      const auto name_begin = stop;
      while (stop < replacement.size() &&
             (braced ? replacement[stop] != '}' : replacement[stop] >= '0' && replacement[stop] <= '9')) {
        ++stop;
      }
      const auto name = replacement.substr(name_begin, stop - name_begin);
      if (name.empty()) {
        out.push_back('$');
        continue;
      }
      std::size_t group = match.groups();
      if (name.find_first_not_of("0123456789") == std::string_view::npos && name.size() < 4) {
        group = 0;
        for (const auto digit : name) group = group * 10 + static_cast<std::size_t>(digit - '0');
      } else {
        const auto found = std::find(impl_->names.begin(), impl_->names.end(), name);
        if (found != impl_->names.end()) group = static_cast<std::size_t>(found - impl_->names.begin());
      }
      if (group < match.groups() && match.begin(group) != Match::kUnset) {
        out.append(subject.substr(match.begin(group), match.end(group) - match.begin(group)));
      }
      at = braced ? stop : stop - 1;
    }
  }
  return out.append(subject.substr(from));
}

std::string quote_pattern(std::string_view text) {
  std::string out;
  for (const auto c : text) {
    if (std::string_view("\\^$.|?*+()[]{}#- ").find(c) != std::string_view::npos && c != ' ') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

}  // namespace chiron::prose
