#include "engines/prose/markup_text.h"

#include <algorithm>

#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

char32_t point_at(std::string_view text, std::size_t at) { return utf8::decode(text, at).point; }

char32_t point_before(std::string_view text, std::size_t at) {
  auto start = at - 1;
  while (start > 0 && at - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
  return utf8::decode(text, start).point;
}

namespace {

// General punctuation, CJK punctuation and full-width forms; Latin-1's signs.
bool is_punctuation(char32_t point) {
  return point == 0xA0 || point == 0xA1 || point == 0xA7 || point == 0xAB || point == 0xB6 || point == 0xB7 ||
         point == 0xBB || point == 0xBF || (point >= 0x2000 && point <= 0x206F) ||
         (point >= 0x3000 && point <= 0x303F) || (point >= 0xFF01 && point <= 0xFF0F) ||
         (point >= 0xFF1A && point <= 0xFF20) || (point >= 0xFE10 && point <= 0xFE4F);
}

}  // namespace

bool is_opening_punctuation(char32_t point) { return is_punctuation(point); }
bool is_closing_punctuation(char32_t point) { return is_punctuation(point); }

FoundAddress find_address(std::string_view text, std::size_t colon, std::size_t from) {
  constexpr std::string_view kSchemes[] = {"http", "https", "ftp", "ftps",  "sftp", "file", "git", "ssh", "irc",
                                           "ircs", "news",  "svn", "rsync", "ldap", "nfs",  "ws",  "wss", "vscode"};
  auto begin = colon;
  while (begin > from && colon - begin < 12 && is_word_byte(text[begin - 1])) --begin;
  const auto scheme = text.substr(begin, colon - begin);
  if (scheme.empty() || (begin > from && is_word_byte(text[begin - 1]))) return {};
  const auto lower = text::to_lower_ascii(scheme);
  const bool slashes = text.substr(colon).starts_with("://");
  if (slashes ? std::find(std::begin(kSchemes), std::end(kSchemes), lower) == std::end(kSchemes) : lower != "mailto") {
    return {};
  }
  const auto first = colon + (slashes ? 3 : 1);
  auto end = first;
  while (end < text.size() && !is_space_byte(text[end]) && text[end] != '<' && text[end] != '>' && text[end] != '"' &&
         text[end] != '`' && text[end] != '[' && text[end] != ']' && text[end] != '|' && text[end] != '\\') {
    ++end;
  }
  // What ends a sentence or closes a bracket around it is not its own.
  while (end > first && std::string_view(".,;:!?'*_}").find(text[end - 1]) != std::string_view::npos) --end;
  const auto address = text.substr(first, end - first);
  auto excess = std::count(address.begin(), address.end(), ')') - std::count(address.begin(), address.end(), '(');
  while (excess-- > 0 && end > first && text[end - 1] == ')') --end;
  if (end == first) return {};
  return {begin, end};
}

}  // namespace chiron::prose
