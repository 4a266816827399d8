// Letters and case. The tables are the C library's wide-character ones for the range that towlower knows in every
// locale (none in "C"), so the few ranges of cased scripts are spelt out here: Latin, Greek, Cyrillic, Armenian.
#include <algorithm>

#include "engines/prose/words.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

// Where upper and lower case alternate, upper first at an even (or odd) code point.
bool alternates_even(char32_t p) {
  return (p >= 0x100 && p <= 0x137) || (p >= 0x14A && p <= 0x177) || (p >= 0x1DE && p <= 0x1EF) ||
         (p >= 0x1F8 && p <= 0x21F) || (p >= 0x222 && p <= 0x233) || (p >= 0x370 && p <= 0x373) ||
         (p >= 0x3D8 && p <= 0x3EF) || (p >= 0x460 && p <= 0x481) || (p >= 0x48A && p <= 0x4BF) ||
         (p >= 0x4D0 && p <= 0x52F) || (p >= 0x1E00 && p <= 0x1E95) || (p >= 0x1EA0 && p <= 0x1EFF);
}
bool alternates_odd(char32_t p) {
  return (p >= 0x139 && p <= 0x148) || (p >= 0x179 && p <= 0x17E) || (p >= 0x1CD && p <= 0x1DC) ||
         (p >= 0x4C1 && p <= 0x4CE);
}

}  // namespace

bool is_upper(char32_t p) { return to_lower(p) != p; }

char32_t to_lower(char32_t p) {
  if (p < 0x80) return p >= 'A' && p <= 'Z' ? p + 32 : p;
  if (p >= 0xC0 && p <= 0xDE && p != 0xD7) return p + 32;
  if (p == 0x130) return 'i';
  if (p == 0x178) return 0xFF;
  if (p == 0x138 || p == 0x149) return p;
  if (alternates_even(p)) return p % 2 == 0 ? p + 1 : p;
  if (alternates_odd(p)) return p % 2 == 1 ? p + 1 : p;
  if (p >= 0x391 && p <= 0x3AB && p != 0x3A2) return p + 32;
  if (p == 0x386) return 0x3AC;
  if (p >= 0x388 && p <= 0x38A) return p + 37;
  if (p == 0x38C) return 0x3CC;
  if (p == 0x38E || p == 0x38F) return p + 63;
  if (p >= 0x410 && p <= 0x42F) return p + 32;
  if (p >= 0x400 && p <= 0x40F) return p + 80;
  if (p >= 0x531 && p <= 0x556) return p + 48;
  return p;
}

char32_t to_upper(char32_t p) {
  if (p < 0x80) return p >= 'a' && p <= 'z' ? p - 32 : p;
  if (p >= 0xE0 && p <= 0xFE && p != 0xF7) return p - 32;
  if (p == 0xFF) return 0x178;
  if (p == 0x131) return 'I';
  if (p == 0x138 || p == 0x149) return p;
  if (alternates_even(p)) return p % 2 == 1 ? p - 1 : p;
  if (alternates_odd(p)) return p % 2 == 0 ? p - 1 : p;
  if (p == 0x3C2) return 0x3A3;
  if (p >= 0x3B1 && p <= 0x3CB) return p - 32;
  if (p == 0x3AC) return 0x386;
  if (p >= 0x3AD && p <= 0x3AF) return p - 37;
  if (p == 0x3CC) return 0x38C;
  if (p == 0x3CD || p == 0x3CE) return p - 63;
  if (p >= 0x430 && p <= 0x44F) return p - 32;
  if (p >= 0x450 && p <= 0x45F) return p - 80;
  if (p >= 0x561 && p <= 0x586) return p - 48;
  return p;
}

bool is_space(char32_t p) {
  return p == ' ' || (p >= 9 && p <= 13) || p == 0x85 || p == 0xA0 || p == 0x1680 || (p >= 0x2000 && p <= 0x200A) ||
         p == 0x2028 || p == 0x2029 || p == 0x202F || p == 0x205F || p == 0x3000;
}

bool is_letter(char32_t p) {
  if (p < 0x80) return (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z');
  if (p < 0xC0) return p == 0xAA || p == 0xB5 || p == 0xBA;
  if (p == 0xD7 || p == 0xF7) return false;
  if (p < 0x2C2) return true;
  if (p < 0x370) return (p >= 0x2E0 && p <= 0x2E4) || p == 0x2EC || p == 0x2EE;
  if (p < 0x2000) {
    // Scripts between Greek and the general punctuation: their digits and marks are few and no words.
    return p != 0x375 && p != 0x37E && p != 0x384 && p != 0x385 && p != 0x387 && !(p >= 0x482 && p <= 0x489) &&
           !(p >= 0x55A && p <= 0x55F) && !(p >= 0x589 && p <= 0x5CF) && !(p >= 0x600 && p <= 0x61F) &&
           !(p >= 0x64B && p <= 0x66D) && !(p >= 0x6D4 && p <= 0x6ED) && !(p >= 0x964 && p <= 0x96F) && p != 0x1680;
  }
  if (p < 0x2C00)
    return p == 0x2071 || p == 0x207F || (p >= 0x2090 && p <= 0x209C) || p == 0x2102 || p == 0x210A ||
           (p >= 0x2119 && p <= 0x211D) || p == 0x212A || p == 0x212B;
  if (p < 0x3000) return p < 0x2E00;
  if (p < 0x3041) return p == 0x3005 || p == 0x3006;
  return p < 0xD7FC
             ? p != 0x30FB
             : (p >= 0xF900 && p < 0xFE00) || (p >= 0xFF21 && p <= 0xFF3A) || (p >= 0xFF41 && p <= 0xFF5A) ||
                   (p >= 0xFF66 && p <= 0xFFDC) || (p >= 0x10000 && p < 0x1D000) || (p >= 0x20000 && p < 0x32000);
}

std::string to_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<signed char>(text[at]) >= 0) {
      const auto c = text[at++];
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c);
      continue;
    }
    const auto [point, length] = utf8::decode(text, at);
    utf8::append(out, to_lower(point));
    at += length;
  }
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto [point, length] = utf8::decode(text, at);
    utf8::append(out, to_upper(point));
    at += length;
  }
  return out;
}

bool equal_fold(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; };
  const auto common = std::min(a.size(), b.size());
  for (std::size_t at = 0; at < common; ++at) {
    // Beyond ASCII letters change their length in bytes, too.
    if (static_cast<signed char>(a[at] | b[at]) < 0) return to_lower(a.substr(at)) == to_lower(b.substr(at));
    if (fold(a[at]) != fold(b[at])) return false;
  }
  return a.size() == b.size();
}

std::string to_title(std::string_view word, bool lower_rest) {
  if (word.empty()) return "";
  const auto [point, length] = utf8::decode(word, 0);
  std::string out;
  utf8::append(out, to_upper(point));
  const auto rest = word.substr(length);
  return out + (lower_rest ? to_lower(rest) : std::string(rest));
}

}  // namespace chiron::prose
