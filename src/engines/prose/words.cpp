#include "engines/prose/words.h"

#include <algorithm>
#include <array>

#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

constexpr std::string_view kPrefixes[] = {"$", "(", "\"", "[", "'", "\xE2\x80\x9C", "\xE2\x80\x98"};
constexpr std::string_view kSuffixes[] = {",", ")", "\"",           "]",           "!", ";", ".", "?",
                                          ":", "'", "\xE2\x80\x9D", "\xE2\x80\x99"};

// "U.S.", "e.g." and the like, and "Mr.": words that keep their dots.
bool keeps_dots(std::string_view word) {
  if (word.size() >= 4 && word.size() % 2 == 0) {
    bool pairs = true;
    for (std::size_t i = 0; i < word.size() && pairs; i += 2) {
      const auto letter = word[i] | 32;
      pairs = letter >= 'a' && letter <= 'z' && word[i + 1] == '.';
    }
    if (pairs) return true;
  }
  if (word.size() < 3 || word.size() > 4 || word.back() != '.') return false;
  if (word[0] < 'A' || word[0] > 'Z') return false;
  for (std::size_t i = 1; i + 1 < word.size(); ++i) {
    if (word[i] < 'a' || word[i] > 'z') return false;
  }
  return true;
}

bool has_letter(std::string_view word) {
  for (std::size_t at = 0; at < word.size();) {
    const auto [point, length] = utf8::decode(word, at);
    if (is_letter(point)) return true;
    at += length;
  }
  return false;
}

// Abbreviations that do not end a sentence where a capital follows.
constexpr std::array<std::string_view, 96> kAbbreviations = {
    "adj", "adm",  "al",   "apr", "assn", "asst", "aug",  "ave",  "bldg", "blvd",   "brig", "bros", "capt", "cf",
    "ch",  "cmdr", "co",   "col", "corp", "cpl",  "dec",  "dept", "dist", "dr",     "e.g",  "ed",   "eg",   "eq",
    "esp", "est",  "etc",  "ex",  "feb",  "fig",  "figs", "fri",  "ft",   "gen",    "gov",  "hon",  "i.e",  "ie",
    "inc", "jan",  "jr",   "jul", "jun",  "lt",   "ltd",  "maj",  "mar",  "messrs", "mfg",  "mon",  "mr",   "mrs",
    "ms",  "msgr", "mt",   "no",  "nos",  "nov",  "oct",  "op",   "p",    "pp",     "ph",   "prof", "pt",   "pvt",
    "ref", "rep",  "reps", "rev", "sat",  "sec",  "sen",  "sens", "sep",  "sept",   "sgt",  "sr",   "st",   "ste",
    "sun", "thu",  "tue",  "u.k", "u.n",  "u.s",  "v",    "viz",  "vol",  "vs",     "wed",  "a.m"};

bool is_abbreviation(std::string_view word) {
  while (!word.empty() && (word.front() == '(' || word.front() == '"' || word.front() == '[' || word.front() == '\'')) {
    word.remove_prefix(1);
  }
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z' && word[0] != 'I') return true;  // an initial
  const auto lower = text::to_lower_ascii(word);
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), lower) != kAbbreviations.end();
}

}  // namespace

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  const auto add = [&](std::size_t begin, std::size_t end) {
    while (begin < end) {
      const auto word = text.substr(begin, end - begin);
      if (keeps_dots(word)) break;
      bool stripped = false;
      for (const auto prefix : kPrefixes) {
        if (word.size() > prefix.size() && word.starts_with(prefix)) {
          begin += prefix.size();
          stripped = true;
          break;
        }
      }
      if (stripped) continue;
      for (const auto suffix : kSuffixes) {
        if (word.size() > suffix.size() && word.ends_with(suffix)) {
          end -= suffix.size();
          stripped = true;
          break;
        }
      }
      if (!stripped) break;
    }
    if (has_letter(text.substr(begin, end - begin))) words.push_back({begin, end});
  };
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    std::size_t length = 1;
    bool space = byte == ' ' || (byte >= 9 && byte <= 13);
    if (byte >= 0x80) {
      const auto decoded = utf8::decode(text, at);
      length = decoded.length;
      space = is_space(decoded.point);
    }
    if (space) {
      if (begin < at) add(begin, at);
      begin = at + length;
    }
    at += length;
  }
  if (begin < text.size()) add(begin, text.size());
  return words;
}

std::vector<Word> split_sentences(std::string_view text) {
  std::vector<Word> sentences;
  const auto add = [&](std::size_t begin, std::size_t end) {
    constexpr std::string_view kWhite = " \t\n\r\f\v";
    begin = text.find_first_not_of(kWhite, begin);
    if (begin == std::string_view::npos || begin >= end) return;
    while (end > begin && kWhite.find(text[end - 1]) != std::string_view::npos) --end;
    sentences.push_back({begin, end});
  };
  std::size_t begin = 0;
  for (auto at = text.find_first_of(".?!\n"); at != std::string_view::npos; at = text.find_first_of(".?!\n", at)) {
    if (text[at] == '\n') {
      // An empty line ends what came before it, full stop or not.
      if (at + 1 < text.size() && text[at + 1] == '\n') {
        add(begin, at);
        begin = at;
      }
      ++at;
      continue;
    }
    const auto mark = at;
    while (at < text.size() && (text[at] == '.' || text[at] == '?' || text[at] == '!')) ++at;
    const auto marks = text.substr(mark, at - mark);
    // Closing quotes and brackets belong to the sentence.
    while (at < text.size()) {
      if (text[at] == '"' || text[at] == '\'' || text[at] == ')' || text[at] == ']' || text[at] == '*' ||
          text[at] == '_') {
        ++at;
      } else if (text.substr(at).starts_with("\xE2\x80\x9D") || text.substr(at).starts_with("\xE2\x80\x99")) {
        at += 3;
      } else {
        break;
      }
    }
    if (at >= text.size()) break;
    if (text[at] != ' ' && text[at] != '\n' && text[at] != '\t') continue;
    auto next = text.find_first_not_of(" \t\n", at);
    if (next == std::string_view::npos) break;
    while (next < text.size() && (text[next] == '"' || text[next] == '\'' || text[next] == '(' || text[next] == '[' ||
                                  text[next] == '*' || text[next] == '_')) {
      ++next;
    }
    const auto first = next < text.size() ? utf8::decode(text, next).point : U' ';
    const bool lower = is_letter(first) && !is_upper(first);
    if (marks == ".") {
      auto word_begin = text.find_last_of(" \t\n", mark);
      word_begin = word_begin == std::string_view::npos ? 0 : word_begin + 1;
      const auto word = text.substr(word_begin, mark - word_begin);
      if (lower) continue;
      if (is_abbreviation(word)) continue;
    } else if (lower && marks.front() == '.') {
      continue;  // an ellipsis in mid-sentence
    } else if (lower && marks.size() == 1) {
      continue;
    }
    add(begin, at);
    begin = at;
  }
  add(begin, text.size());
  return sentences;
}

int count_syllables(std::string_view word) {
  int count = 0;
  bool last = false;
  for (const auto c : word) {
    const bool vowel = std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos;
    if (vowel && !last) ++count;
    last = vowel;
  }
  if ((word.size() > 2 && word.ends_with("es")) || (word.size() > 1 && word.ends_with("e"))) --count;
  return std::max(count, 1);
}

Measures measure(std::string_view text) {
  Measures result;
  for (const auto& sentence : split_sentences(text)) {
    const auto part = text.substr(sentence.begin, sentence.end - sentence.begin);
    result.sentences += 1;
    // A word here is a run of letters, digits and inner marks.
    std::size_t at = 0;
    while (at < part.size()) {
      auto [point, length] = utf8::decode(part, at);
      const auto in_word = [](char32_t p) { return is_letter(p) || (p >= '0' && p <= '9') || p == '_'; };
      if (!in_word(point)) {
        at += length;
        continue;
      }
      const auto begin = at;
      double characters = 0;
      while (at < part.size()) {
        const auto here = utf8::decode(part, at);
        const bool inner = here.point == '\'' || here.point == '-' || here.point == 0x2019 || here.point == '.';
        if (in_word(here.point)) {
          if (here.point != '_') characters += 1;
        } else if (!inner || at + here.length >= part.size() || !in_word(utf8::decode(part, at + here.length).point)) {
          break;
        }
        at += here.length;
      }
      const auto word = part.substr(begin, at - begin);
      const auto syllables = count_syllables(word);
      result.words += 1;
      result.characters += characters;
      result.syllables += syllables;
      if (syllables > 2) result.polysyllabic_words += 1;
      if (characters > 6) result.long_words += 1;
      const bool suffixed = word.ends_with("es") || word.ends_with("ed") || word.ends_with("ing");
      if (syllables - (suffixed ? 1 : 0) > 2) result.complex_words += 1;
    }
  }
  for (std::size_t at = 0; (at = text.find("\n\n", at)) != std::string_view::npos; at += 2) result.paragraphs += 1;
  return result;
}

}  // namespace chiron::prose
