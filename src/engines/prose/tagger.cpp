#include "engines/prose/tagger.h"

#include <algorithm>

#include "engines/prose/words.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

struct Entry {
  std::string_view tags;
  std::string_view words;  // separated by spaces
};

constexpr Entry kLexicon[] = {
    {"DT", "a an the this these those each every no another any some either neither"},
    {"DT|IN|WDT", "that"},
    {"PDT|DT", "all both half such"},
    {"PRP",
     "i you he she it we they me him us them myself yourself himself herself itself ourselves themselves mine yours "
     "theirs"},
    {"PRP$", "my your his its our their"},
    {"PRP$|PRP", "her"},
    {"MD", "can could may might must shall should will would ought 'll wo ca cannot"},
    {"TO", "to"},
    {"EX|RB", "there"},
    {"CC", "and or but nor yet & plus"},
    {"IN",
     "of in for on with at by from as into through during including until against among throughout despite towards "
     "toward upon concerning about over before between after since without under within along following across behind "
     "beyond except up down off above near if while because although though unless whereas whether than via per amid "
     "around below beneath beside besides inside outside onto versus"},
    {"WDT", "which whichever whatever"},
    {"WP", "who what whom whoever"},
    {"WP$", "whose"},
    {"WRB", "when where why how whenever wherever"},
    {"RB",
     "not n't very also only then now here just too so even still again never always often already perhaps maybe quite "
     "rather almost ever once soon later away back together instead therefore however thus hence yes indeed ahead "
     "apart aside forward forth nearby twice today tomorrow yesterday far well else"},
    {"RBR", "more less better worse earlier faster sooner"},
    {"RBS", "most least"},
    {"JJR",
     "bigger larger smaller greater higher lower older newer easier longer shorter stronger further slower cheaper "
     "fewer"},
    {"JJS",
     "best worst biggest largest smallest greatest highest lowest oldest newest easiest longest shortest strongest "
     "latest "
     "fastest finest"},
    {"JJ",
     "good new old great high small large big long little other own same different early young important few public "
     "bad "
     "able many much several first second last next main certain simple easy hard possible available common full free "
     "clear current empty fine happy strong whole real right wrong true false short low open ready similar single "
     "special "
     "specific useful various valid visible necessary recent responsible sure usual safe secure local global final "
     "default white black red blue green dark hot cold warm cool rich poor nice"},
    {"VBZ|POS", "'s"},
    {"VBP", "am are 're 'm"},
    {"VBZ", "is has does"},
    {"VBD", "was were did had"},
    {"VBP|VB", "have do 've"},
    {"VB", "be"},
    {"VBN",
     "been done gone seen taken given written known shown chosen broken driven eaten fallen forgotten frozen gotten "
     "grown hidden proven risen spoken stolen sworn thrown torn woken worn drawn"},
    {"VBG|NN", "being having doing using"},
    {"VBD",
     "went saw took gave wrote knew chose broke drove ate fell forgot froze grew hid rose spoke stole threw tore woke "
     "wore drew began ran came became got sang swam rang"},
    {"VBD|VBN",
     "made said told thought brought bought built caught felt found held heard kept left lost meant met paid sent "
     "sold spent stood taught understood won led let read put set cut hit"},
    {"VB|VBP",
     "go see take give write know choose break drive eat fall forget grow hide rise speak steal throw wear draw begin "
     "become get make say tell think bring buy build catch feel find hold hear keep leave lose mean pay send sell "
     "spend stand teach understand lead let ensure allow add avoid apply ask assume become believe call carry "
     "click close configure connect consider contain continue create decide define delete deploy describe disable "
     "download edit enable enter execute expect explain follow happen help implement import improve include increase "
     "install learn like live look manage move need occur offer open perform prevent produce provide receive recommend "
     "reduce remember remove replace require restart return run save seem select serve show specify start stop "
     "suggest support talk try turn update upgrade upload use verify view visit wait want work install enforce develop "
     "devlop come accept compile convert copy fix merge modify rename reset resolve restore review sign skip sync "
     "test"},
    {"NN",
     "data metadata time year way day thing man world life hand part child eye woman place week case point government "
     "company number group problem fact user file system name page code server version team project service test "
     "example "
     "meet information software computer network database password team controller device language rule style text "
     "word nothing something anything everything"},
    {"NNS", "people children men women years days things files users data"},
    {"CD", "one two three four five six seven eight nine ten hundred thousand million billion dozen"},
    {"UH", "oh hello hi please"},
};

// Bases of verbs that are no nouns, so that they are verbs behind an adjective, too.
constexpr std::string_view kVerbsOnly =
    " accept add allow apply ask assume avoid become begin believe bring buy choose come configure connect consider "
    "contain continue create decide define delete describe eat enable ensure enter execute expect explain forget give "
    "go grow happen hide implement include install keep know learn let lose make manage mean modify occur perform "
    "prevent provide receive recommend reduce remember remove replace require say see seem select sell send serve "
    "speak specify suggest take teach tell think throw understand verify want wear write ";

bool is_word_point(char32_t p) { return is_letter(p) || (p >= '0' && p <= '9') || p == '_'; }

// Where a contraction is split off, or npos.
std::size_t contraction(std::string_view word) {
  for (const std::string_view tail : {"n't", "'s", "'re", "'ll", "'ve", "'d", "'m"}) {
    if (word.size() > tail.size() && text::to_lower_ascii(word.substr(word.size() - tail.size())) == tail) {
      return word.size() - tail.size();
    }
  }
  return std::string_view::npos;
}

bool may_be(std::string_view tags, std::string_view wanted) {
  while (true) {
    const auto bar = tags.find('|');
    if (tags.substr(0, bar) == wanted) return true;
    if (bar == std::string_view::npos) return false;
    tags.remove_prefix(bar + 1);
  }
}

std::string_view first_of(std::string_view tags) { return tags.substr(0, tags.find('|')); }

bool is_verb_base(std::string_view tags) { return may_be(tags, "VB") || may_be(tags, "VBP"); }
bool is_noun(std::string_view tag) { return tag.starts_with("NN"); }

// Words of closed classes whose tag hangs on their neighbours; "" where that says nothing.
std::string_view tag_closed_class(std::string_view word, std::string_view options, std::string_view previous,
                                  std::string_view next) {
  if (word == "that") {
    // "We know that it works", "the process that started", "that file".
    if (previous.starts_with("VB") && (next.starts_with("PRP") || next.starts_with("DT"))) return "IN";
    if (is_noun(previous) && (next.starts_with("VB") || next.starts_with("MD"))) return "WDT";
    return {};
  }
  if (options == "PDT|DT") return next.starts_with("DT") || next.starts_with("PRP$") ? "PDT" : "DT";
  if ((options == "RBR" || options == "JJR") && is_noun(next)) return "JJR";
  if (word == "like" && is_noun(previous)) return "IN";
  if (options == "VBD|VBN" && previous == "." && (word == "let" || word == "put" || word == "set" || word == "read")) {
    return "VB";
  }
  return {};
}

}  // namespace

Tagger::Tagger() {
  for (const auto& entry : kLexicon) {
    auto words = entry.words;
    while (!words.empty()) {
      const auto space = words.find(' ');
      const auto word = words.substr(0, space);
      if (!word.empty()) lexicon_.emplace(word, entry.tags);
      if (space == std::string_view::npos) break;
      words.remove_prefix(space + 1);
    }
  }
}

std::string_view Tagger::look_up(std::string_view lower) const {
  if (const auto found = lexicon_.find(lower); found != lexicon_.end()) return found->second;
  const auto stem = [&](std::size_t cut, std::string_view add = {}) {
    const auto found = lexicon_.find(std::string(lower.substr(0, lower.size() - cut)) + std::string(add));
    return found == lexicon_.end() ? std::string_view() : found->second;
  };
  if (lower.empty()) return "NN";
  if (lower.find_first_of("0123456789") != std::string_view::npos) return "CD";
  if (lower.ends_with("ly") && lower.size() > 4) return "RB";
  // "going", not "thing" or "string".
  if (lower.ends_with("ing") && lower.substr(0, lower.size() - 3).find_first_of("aeiouy") != std::string_view::npos)
    return "VBG|NN";
  if (lower.ends_with("ed") && lower.size() > 4) return "VBD|VBN|JJ";
  if (lower.ends_with("est") && lower.size() > 5) return "JJS|NN";
  if (lower.ends_with("s") && !lower.ends_with("ss") && !lower.ends_with("us") && !lower.ends_with("is") &&
      lower.size() > 3) {
    const auto base = stem(1);
    const auto base_es = lower.ends_with("es") ? stem(2) : std::string_view();
    const auto base_y = lower.ends_with("ies") ? stem(3, "y") : std::string_view();
    for (const auto tags : {base, base_es, base_y}) {
      if (!tags.empty() && is_verb_base(tags)) return "VBZ|NNS";
    }
    return "NNS|VBZ";
  }
  for (const std::string_view ending :
       {"able", "ible", "ful", "ous", "ive", "al", "ic", "less", "ish", "ary", "ent", "ant"}) {
    if (lower.ends_with(ending) && lower.size() > ending.size() + 3) return "JJ|NN";
  }
  return "NN|VB";
}

std::string_view Tagger::tag_after_to(std::string_view word) const {
  const auto tags = look_up(to_lower(word));
  if (is_verb_base(tags)) return "VB";
  // An unknown bare word after "to" is taken for a verb, an inflected or capitalised name for none.
  return tags == "NN|VB" ? std::string_view("VB") : first_of(tags);
}

std::vector<TaggedToken> Tagger::tag(std::string_view sentence) const {
  std::vector<TaggedToken> tokens;
  for (std::size_t at = 0; at < sentence.size();) {
    const auto [point, length] = utf8::decode(sentence, at);
    if (is_space(point)) {
      at += length;
      continue;
    }
    if (!is_word_point(point) &&
        !(point == '\'' && at + 1 < sentence.size() && is_letter(utf8::decode(sentence, at + 1).point) && at > 0 &&
          !is_space(utf8::decode(sentence, at - 1).point))) {
      tokens.push_back({at, at + length, {}});
      at += length;
      continue;
    }
    auto stop = at;
    while (stop < sentence.size()) {
      const auto next = utf8::decode(sentence, stop);
      const bool inner = (next.point == '\'' || next.point == '-' || next.point == '.' || next.point == 0x2019) &&
                         stop + next.length < sentence.size() &&
                         is_word_point(utf8::decode(sentence, stop + next.length).point);
      if (!is_word_point(next.point) && !inner) break;
      stop += next.length;
    }
    if (stop == at) stop = at + length;
    const auto word = sentence.substr(at, stop - at);
    const auto split = contraction(word);
    if (split != std::string_view::npos && split > 0) {
      tokens.push_back({at, at + split, {}});
      tokens.push_back({at + split, stop, {}});
    } else {
      tokens.push_back({at, stop, {}});
    }
    at = stop;
  }
  std::vector<std::string_view> options(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto word = sentence.substr(tokens[i].begin, tokens[i].end - tokens[i].begin);
    const auto point = utf8::decode(word, 0).point;
    if (!is_word_point(point) && word[0] != '\'') {
      tokens[i].tag = word == "." || word == "?" || word == "!" ? "."
                      : word == ","                             ? ","
                      : word == "("                             ? "("
                      : word == ")"                             ? ")"
                      : word == "\""                            ? "''"
                      : word == "$"                             ? "$"
                                                                : ":";
      options[i] = tokens[i].tag;
      continue;
    }
    auto lower = to_lower(word);
    options[i] = look_up(lower);
    tokens[i].tag = first_of(options[i]);
    // A capital inside a sentence is a name, unless the word is one of the closed classes.
    const bool unknown = lexicon_.find(lower) == lexicon_.end();
    if (i > 0 && is_upper(point) && (unknown || is_noun(tokens[i].tag)) && tokens[i - 1].tag != ".") {
      options[i] = tokens[i].tag =
          lower.ends_with("s") && !lower.ends_with("ss") && word != to_upper(word) ? "NNPS" : "NNP";
      if (options[i] == "NNPS") options[i] = tokens[i].tag = "NNP";
    }
  }
  const auto word_at = [&](std::size_t i) {
    return to_lower(sentence.substr(tokens[i].begin, tokens[i].end - tokens[i].begin));
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto& tag = tokens[i].tag;
    const auto previous = i > 0 ? tokens[i - 1].tag : std::string_view(".");
    const auto next = i + 1 < tokens.size() ? options[i + 1] : std::string_view(".");
    if (options[i] == "NNP") continue;
    if (const auto closed = tag_closed_class(word_at(i), options[i], previous, next); !closed.empty()) {
      tag = closed;
      continue;
    }
    if (previous == "TO" || previous == "MD" ||
        (i > 1 && previous == "RB" && (tokens[i - 2].tag == "MD" || tokens[i - 2].tag == "TO"))) {
      if (is_verb_base(options[i]) || options[i] == "NN|VB") tag = "VB";
    } else if (previous == "DT" || previous == "PRP$" || previous == "POS") {
      if (tag.starts_with("VB") && tag != "VBG" && tag != "VBN" && tag != "VBD")
        tag = options[i] == "VBZ|NNS" ? "NNS" : "NN";
      if (tag == "NNS" || options[i] == "NNS|VBZ") tag = "NNS";
    } else if (previous == "JJ" && (options[i] == "VBZ|NNS" || (is_verb_base(options[i]) && options[i] != "VBP|VB" &&
                                                                !kVerbsOnly.contains(" " + word_at(i) + " ")))) {
      tag = options[i] == "VBZ|NNS" ? "NNS" : "NN";
    } else if (may_be(options[i], "VBN") && may_be(options[i], "VBD")) {
      // A participle after a form of "have" or "be", adverbs between them aside.
      auto back = i;
      while (back > 0 && tokens[back - 1].tag == "RB") --back;
      const auto helper = back > 0 ? word_at(back - 1) : std::string();
      constexpr std::string_view kHelpers[] = {"have", "has",  "had",  "having", "be", "is",  "are",
                                               "was",  "were", "been", "being",  "am", "'ve", "'s",
                                               "'re",  "'m",   "get",  "gets",   "got"};
      if (std::find(std::begin(kHelpers), std::end(kHelpers), helper) != std::end(kHelpers)) tag = "VBN";
    } else if (previous == "PRP" && is_verb_base(options[i])) {
      // "We know", but "let us know".
      tag = i > 1 && word_at(i - 2) == "let" ? "VB" : "VBP";
    } else if (previous == "NNS" && first_of(options[i]) == "VB") {
      tag = "VBP";
    } else if (options[i] == "NNS|VBZ" && (is_noun(previous) || previous == "PRP") &&
               (next.starts_with("DT") || next.starts_with("PRP$") || next.starts_with("TO"))) {
      tag = "VBZ";
    } else if (options[i] == "VBZ|POS") {
      // "it's good" against "the user's file".
      tag = is_noun(previous) && (next.starts_with("NN") || next.starts_with("JJ")) ? "POS" : "VBZ";
    }
  }
  return tokens;
}

}  // namespace chiron::prose
