// The HTML tokenizer, after the states of the HTML standard that matter for prose.
#include "engines/prose/html_tokens.h"

#include <algorithm>
#include <iterator>

#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

struct Named {
  std::string_view name;
  char32_t point;
};
// The names of HTML 4 and the punctuation of HTML 5, sorted.
constexpr Named kEntities[] = {
    {"AElig", 0xc6},    {"Aacute", 0xc1},   {"Acirc", 0xc2},     {"Agrave", 0xc0},   {"Alpha", 0x391},
    {"Aring", 0xc5},    {"Atilde", 0xc3},   {"Auml", 0xc4},      {"Beta", 0x392},    {"Ccedil", 0xc7},
    {"Chi", 0x3a7},     {"Dagger", 0x2021}, {"Delta", 0x394},    {"ETH", 0xd0},      {"Eacute", 0xc9},
    {"Ecirc", 0xca},    {"Egrave", 0xc8},   {"Epsilon", 0x395},  {"Eta", 0x397},     {"Euml", 0xcb},
    {"Gamma", 0x393},   {"Hat", 0x5e},      {"Iacute", 0xcd},    {"Icirc", 0xce},    {"Igrave", 0xcc},
    {"Iota", 0x399},    {"Iuml", 0xcf},     {"Kappa", 0x39a},    {"Lambda", 0x39b},  {"Mu", 0x39c},
    {"NewLine", 0xa},   {"Ntilde", 0xd1},   {"Nu", 0x39d},       {"OElig", 0x152},   {"Oacute", 0xd3},
    {"Ocirc", 0xd4},    {"Ograve", 0xd2},   {"Omega", 0x3a9},    {"Omicron", 0x39f}, {"Oslash", 0xd8},
    {"Otilde", 0xd5},   {"Ouml", 0xd6},     {"Phi", 0x3a6},      {"Pi", 0x3a0},      {"Prime", 0x2033},
    {"Psi", 0x3a8},     {"Rho", 0x3a1},     {"Scaron", 0x160},   {"Sigma", 0x3a3},   {"THORN", 0xde},
    {"Tab", 0x9},       {"Tau", 0x3a4},     {"Theta", 0x398},    {"Uacute", 0xda},   {"Ucirc", 0xdb},
    {"Ugrave", 0xd9},   {"Upsilon", 0x3a5}, {"Uuml", 0xdc},      {"Xi", 0x39e},      {"Yacute", 0xdd},
    {"Yuml", 0x178},    {"Zeta", 0x396},    {"aacute", 0xe1},    {"acirc", 0xe2},    {"acute", 0xb4},
    {"aelig", 0xe6},    {"agrave", 0xe0},   {"alefsym", 0x2135}, {"alpha", 0x3b1},   {"amp", 0x26},
    {"and", 0x2227},    {"ang", 0x2220},    {"apos", 0x27},      {"aring", 0xe5},    {"ast", 0x2a},
    {"asymp", 0x2248},  {"atilde", 0xe3},   {"auml", 0xe4},      {"bdquo", 0x201e},  {"beta", 0x3b2},
    {"brvbar", 0xa6},   {"bsol", 0x5c},     {"bull", 0x2022},    {"cap", 0x2229},    {"ccedil", 0xe7},
    {"cedil", 0xb8},    {"cent", 0xa2},     {"check", 0x2713},   {"chi", 0x3c7},     {"circ", 0x2c6},
    {"clubs", 0x2663},  {"colon", 0x3a},    {"comma", 0x2c},     {"commat", 0x40},   {"cong", 0x2245},
    {"copy", 0xa9},     {"crarr", 0x21b5},  {"cross", 0x2717},   {"cup", 0x222a},    {"curren", 0xa4},
    {"dArr", 0x21d3},   {"dagger", 0x2020}, {"darr", 0x2193},    {"dash", 0x2010},   {"deg", 0xb0},
    {"delta", 0x3b4},   {"diams", 0x2666},  {"divide", 0xf7},    {"dollar", 0x24},   {"eacute", 0xe9},
    {"ecirc", 0xea},    {"egrave", 0xe8},   {"empty", 0x2205},   {"emsp", 0x2003},   {"ensp", 0x2002},
    {"epsilon", 0x3b5}, {"equals", 0x3d},   {"equiv", 0x2261},   {"eta", 0x3b7},     {"eth", 0xf0},
    {"euml", 0xeb},     {"euro", 0x20ac},   {"excl", 0x21},      {"exist", 0x2203},  {"fnof", 0x192},
    {"forall", 0x2200}, {"frac12", 0xbd},   {"frac14", 0xbc},    {"frac34", 0xbe},   {"frasl", 0x2044},
    {"gamma", 0x3b3},   {"ge", 0x2265},     {"grave", 0x60},     {"gt", 0x3e},       {"hArr", 0x21d4},
    {"harr", 0x2194},   {"hearts", 0x2665}, {"hellip", 0x2026},  {"horbar", 0x2015}, {"hyphen", 0x2010},
    {"iacute", 0xed},   {"icirc", 0xee},    {"iexcl", 0xa1},     {"igrave", 0xec},   {"image", 0x2111},
    {"infin", 0x221e},  {"int", 0x222b},    {"iota", 0x3b9},     {"iquest", 0xbf},   {"isin", 0x2208},
    {"iuml", 0xef},     {"kappa", 0x3ba},   {"lArr", 0x21d0},    {"lambda", 0x3bb},  {"lang", 0x2329},
    {"laquo", 0xab},    {"larr", 0x2190},   {"lbrace", 0x7b},    {"lbrack", 0x5b},   {"lceil", 0x2308},
    {"ldquo", 0x201c},  {"ldquor", 0x201e}, {"le", 0x2264},      {"lfloor", 0x230a}, {"lowast", 0x2217},
    {"lowbar", 0x5f},   {"loz", 0x25ca},    {"lpar", 0x28},      {"lrm", 0x200e},    {"lsaquo", 0x2039},
    {"lsquo", 0x2018},  {"lsquor", 0x201a}, {"lt", 0x3c},        {"macr", 0xaf},     {"mdash", 0x2014},
    {"micro", 0xb5},    {"middot", 0xb7},   {"minus", 0x2212},   {"mldr", 0x2026},   {"mu", 0x3bc},
    {"nabla", 0x2207},  {"nbsp", 0xa0},     {"ndash", 0x2013},   {"ne", 0x2260},     {"ni", 0x220b},
    {"nldr", 0x2025},   {"not", 0xac},      {"notin", 0x2209},   {"nsub", 0x2284},   {"ntilde", 0xf1},
    {"nu", 0x3bd},      {"num", 0x23},      {"oacute", 0xf3},    {"ocirc", 0xf4},    {"oelig", 0x153},
    {"ograve", 0xf2},   {"oline", 0x203e},  {"omega", 0x3c9},    {"omicron", 0x3bf}, {"oplus", 0x2295},
    {"or", 0x2228},     {"ordf", 0xaa},     {"ordm", 0xba},      {"oslash", 0xf8},   {"otilde", 0xf5},
    {"otimes", 0x2297}, {"ouml", 0xf6},     {"para", 0xb6},      {"part", 0x2202},   {"percnt", 0x25},
    {"period", 0x2e},   {"permil", 0x2030}, {"perp", 0x22a5},    {"phi", 0x3c6},     {"phone", 0x260e},
    {"pi", 0x3c0},      {"piv", 0x3d6},     {"plus", 0x2b},      {"plusmn", 0xb1},   {"pound", 0xa3},
    {"prime", 0x2032},  {"prod", 0x220f},   {"prop", 0x221d},    {"psi", 0x3c8},     {"quest", 0x3f},
    {"quot", 0x22},     {"rArr", 0x21d2},   {"radic", 0x221a},   {"rang", 0x232a},   {"raquo", 0xbb},
    {"rarr", 0x2192},   {"rbrace", 0x7d},   {"rbrack", 0x5d},    {"rceil", 0x2309},  {"rdquo", 0x201d},
    {"rdquor", 0x201d}, {"real", 0x211c},   {"reg", 0xae},       {"rfloor", 0x230b}, {"rho", 0x3c1},
    {"rlm", 0x200f},    {"rpar", 0x29},     {"rsaquo", 0x203a},  {"rsquo", 0x2019},  {"rsquor", 0x2019},
    {"sbquo", 0x201a},  {"scaron", 0x161},  {"sdot", 0x22c5},    {"sect", 0xa7},     {"semi", 0x3b},
    {"shy", 0xad},      {"sigma", 0x3c3},   {"sigmaf", 0x3c2},   {"sim", 0x223c},    {"sol", 0x2f},
    {"spades", 0x2660}, {"star", 0x2606},   {"sub", 0x2282},     {"sube", 0x2286},   {"sum", 0x2211},
    {"sup", 0x2283},    {"sup1", 0xb9},     {"sup2", 0xb2},      {"sup3", 0xb3},     {"supe", 0x2287},
    {"szlig", 0xdf},    {"tau", 0x3c4},     {"there4", 0x2234},  {"theta", 0x3b8},   {"thetasym", 0x3d1},
    {"thinsp", 0x2009}, {"thorn", 0xfe},    {"tilde", 0x2dc},    {"times", 0xd7},    {"trade", 0x2122},
    {"uArr", 0x21d1},   {"uacute", 0xfa},   {"uarr", 0x2191},    {"ucirc", 0xfb},    {"ugrave", 0xf9},
    {"uml", 0xa8},      {"upsih", 0x3d2},   {"upsilon", 0x3c5},  {"uuml", 0xfc},     {"verbar", 0x7c},
    {"vert", 0x7c},     {"weierp", 0x2118}, {"xi", 0x3be},       {"yacute", 0xfd},   {"yen", 0xa5},
    {"yuml", 0xff},     {"zeta", 0x3b6},    {"zwj", 0x200d},     {"zwnj", 0x200c},
};
constexpr std::size_t kLongestEntityName = 16;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f'; }

std::size_t find_ignoring_case(std::string_view text, std::string_view wanted, std::size_t from) {
  for (auto at = text.find(wanted[0], from); at != std::string_view::npos; at = text.find(wanted[0], at + 1)) {
    if (at + wanted.size() > text.size()) break;
    if (text::to_lower_ascii(text.substr(at, wanted.size())) == wanted) return at;
  }
  return std::string_view::npos;
}

// Reads the attributes of a tag from `at` on; leaves `at` after the ">".
std::vector<Attribute> read_attributes(std::string_view source, std::size_t& at, std::size_t end, bool& closed,
                                       std::deque<std::string>& names) {
  std::vector<Attribute> attributes;
  closed = false;
  while (at < end) {
    while (at < end && (is_space(source[at]) || source[at] == '/')) {
      closed = source[at] == '/';
      ++at;
    }
    if (at >= end || source[at] == '>') break;
    const auto name_begin = at;
    while (at < end && !is_space(source[at]) && source[at] != '=' && source[at] != '>' && source[at] != '/') ++at;
    if (at == name_begin) ++at;  // a stray "="
    Attribute attribute;
    attribute.name = names.emplace_back(text::to_lower_ascii(source.substr(name_begin, at - name_begin)));
    while (at < end && is_space(source[at])) ++at;
    if (at < end && source[at] == '=') {
      ++at;
      while (at < end && is_space(source[at])) ++at;
      auto value_begin = at;
      if (at < end && (source[at] == '"' || source[at] == '\'')) {
        const auto quote = source[at];
        value_begin = ++at;
        while (at < end && source[at] != quote) ++at;
        attribute.source = {static_cast<std::uint32_t>(value_begin), static_cast<std::uint32_t>(at)};
        if (at < end) ++at;
      } else {
        while (at < end && !is_space(source[at]) && source[at] != '>') ++at;
        attribute.source = {static_cast<std::uint32_t>(value_begin), static_cast<std::uint32_t>(at)};
      }
      attribute.value =
          decode_entities(source.substr(attribute.source.begin, attribute.source.end - attribute.source.begin));
    }
    closed = false;
    attributes.push_back(std::move(attribute));
  }
  if (at < end) ++at;
  return attributes;
}

}  // namespace

Entity decode_entity(std::string_view source, std::size_t at) {
  if (at + 2 >= source.size()) return {};
  if (source[at + 1] == '#') {
    const bool hex = source[at + 2] == 'x' || source[at + 2] == 'X';
    auto digit = at + (hex ? 3u : 2u);
    const auto first = digit;
    std::uint32_t point = 0;
    while (digit < source.size() && digit - first < 8) {
      const auto c = source[digit];
      std::uint32_t value = 0;
      if (c >= '0' && c <= '9') {
        value = static_cast<std::uint32_t>(c - '0');
      } else if (hex && ((c | 32) >= 'a' && (c | 32) <= 'f')) {
        value = static_cast<std::uint32_t>((c | 32) - 'a') + 10;
      } else {
        break;
      }
      point = point * (hex ? 16 : 10) + value;
      ++digit;
    }
    if (digit == first || digit >= source.size() || source[digit] != ';') return {};
    if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) point = 0xFFFD;
    Entity entity;
    utf8::append(entity.shown, point);
    entity.length = static_cast<std::uint32_t>(digit + 1 - at);
    return entity;
  }
  auto stop = at + 1;
  while (stop < source.size() && stop - at <= kLongestEntityName &&
         (is_letter(source[stop]) || (source[stop] >= '0' && source[stop] <= '9'))) {
    ++stop;
  }
  if (stop >= source.size() || source[stop] != ';') return {};
  const auto name = source.substr(at + 1, stop - at - 1);
  const auto found = std::lower_bound(std::begin(kEntities), std::end(kEntities), name,
                                      [](const Named& known, std::string_view wanted) { return known.name < wanted; });
  if (found == std::end(kEntities) || found->name != name) return {};
  Entity entity;
  utf8::append(entity.shown, found->point);
  entity.length = static_cast<std::uint32_t>(stop + 1 - at);
  return entity;
}

std::string decode_entities(std::string_view text) {
  std::string decoded;
  std::size_t from = 0;
  for (auto at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1)) {
    const auto entity = decode_entity(text, at);
    if (entity.length == 0) continue;
    decoded.append(text.substr(from, at - from)).append(entity.shown);
    from = at + entity.length;
    at = from - 1;
  }
  return decoded.append(text.substr(from));
}

void tell_text_with_entities(std::string_view source, std::uint32_t begin, std::uint32_t end, Walker& walker) {
  const auto part = source.substr(0, end);
  for (auto at = part.find('&', begin); at != std::string_view::npos; at = part.find('&', at + 1)) {
    const auto entity = decode_entity(part, at);
    if (entity.length == 0) continue;
    const auto place = static_cast<std::uint32_t>(at);
    walker.text(begin, place);
    walker.replaced(entity.shown, place, place + entity.length);
    begin = place + entity.length;
    at = begin - 1;
  }
  walker.text(begin, end);
}

void tell_html(std::string_view source, std::uint32_t begin, std::uint32_t end, Walker& walker) {
  const auto part = source.substr(0, end);
  std::deque<std::string> names;
  std::size_t at = begin;
  while (at < end) {
    auto tag = part.find('<', at);
    if (tag == std::string_view::npos) tag = end;
    if (tag > at)
      tell_text_with_entities(source, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(tag), walker);
    at = tag;
    if (at >= end) break;
    const auto next = at + 1 < end ? part[at + 1] : '\0';
    if (part.substr(at).starts_with("<!--")) {
      auto stop = part.find("-->", at + 4);
      if (stop == std::string_view::npos) stop = end;
      walker.comment(part.substr(at + 4, stop - at - 4));
      at = std::min<std::size_t>(end, stop + 3);
    } else if (next == '!' || next == '?') {
      auto stop = part.find('>', at);
      at = stop == std::string_view::npos ? end : stop + 1;
    } else if (next == '/' && at + 2 < end && is_letter(part[at + 2])) {
      auto stop = at + 2;
      while (stop < end && !is_space(part[stop]) && part[stop] != '>' && part[stop] != '/') ++stop;
      walker.close(text::to_lower_ascii(part.substr(at + 2, stop - at - 2)));
      stop = part.find('>', stop);
      at = stop == std::string_view::npos ? end : stop + 1;
    } else if (is_letter(next)) {
      auto stop = at + 1;
      while (stop < end && !is_space(part[stop]) && part[stop] != '>' && part[stop] != '/') ++stop;
      const auto name = text::to_lower_ascii(part.substr(at + 1, stop - at - 1));
      at = stop;
      bool closed = false;
      names.clear();
      const auto attributes = read_attributes(part, at, end, closed, names);
      walker.open(name, attributes);
      if (closed) walker.close(name);
      if (!closed && (name == "script" || name == "style" || name == "title" || name == "textarea")) {
        // What they hold is text up to their own end tag, whatever it looks like.
        auto finish = find_ignoring_case(part, "</" + name, at);
        if (finish == std::string_view::npos) finish = end;
        tell_text_with_entities(source, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(finish), walker);
        at = finish;
      }
    } else {
      walker.text(static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + 1));
      ++at;
    }
  }
}

Result<Document> read_html(std::string_view source, const ReadOptions& options) {
  std::string work;
  const std::string_view* shown = &source;
  std::string_view blanked;
  if (!options.ignored_blocks.empty()) {
    work = source;
    for (const auto& range : options.ignored_blocks) {
      for (auto i = range.begin; i < range.end; ++i) {
        if (work[i] != '\n') work[i] = ' ';
      }
    }
    blanked = work;
    shown = &blanked;
  }
  Walker walker(*shown, options);
  tell_html(*shown, 0, static_cast<std::uint32_t>(source.size()), walker);
  return walker.finish();
}

}  // namespace chiron::prose
