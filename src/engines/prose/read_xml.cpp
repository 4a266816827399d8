// The text of XML by Expat, which tells where each piece of it stands. Elements of DITA and DocBook become what they
// are in HTML; any other one is a block without a scope.
#include <expat.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "engines/prose/markup_text.h"
#include "engines/prose/reader.h"
#include "foundation/base/format.h"
#include "foundation/base/limits.h"

namespace chiron::prose {

namespace {

struct Known {
  std::string_view name;
  std::string_view tag;  // "" for what is no prose
};

// Sorted by name.
constexpr Known kElements[] = {
    {"abbrev", "abbr"},
    {"abbreviated-form", "abbr"},
    {"acronym", "abbr"},
    {"address", ""},
    {"apiname", "code"},
    {"application", "span"},
    {"author", ""},
    {"b", "b"},
    {"bibliodiv", "div"},
    {"blockquote", "blockquote"},
    {"citation", "cite"},
    {"cite", "cite"},
    {"citetitle", "cite"},
    {"classname", "code"},
    {"cmdname", "code"},
    {"code", "code"},
    {"codeblock", "pre"},
    {"codeph", "code"},
    {"command", "code"},
    {"computeroutput", "code"},
    {"constant", "code"},
    {"copyright", ""},
    {"date", ""},
    {"email", "code"},
    {"emphasis", "em"},
    {"envar", "code"},
    {"errorcode", "code"},
    {"errorname", "code"},
    {"filename", "code"},
    {"filepath", "code"},
    {"firstterm", "em"},
    {"foreignphrase", "span"},
    {"function", "code"},
    {"guibutton", "strong"},
    {"guiicon", "strong"},
    {"guilabel", "strong"},
    {"guimenu", "strong"},
    {"guimenuitem", "strong"},
    {"i", "em"},
    {"indexterm", ""},
    {"keycap", "kbd"},
    {"keycode", "kbd"},
    {"keycombo", "kbd"},
    {"keyword", "span"},
    {"keywords", ""},
    {"li", "li"},
    {"line-through", "del"},
    {"link", "a"},
    {"listitem", "li"},
    {"literal", "code"},
    {"literallayout", "pre"},
    {"lq", "blockquote"},
    {"markup", "code"},
    {"math", ""},
    {"member", "li"},
    {"menucascade", "span"},
    {"metadata", ""},
    {"msgblock", "pre"},
    {"msgnum", "code"},
    {"msgph", "code"},
    {"ol", "ol"},
    {"option", "code"},
    {"p", "p"},
    {"para", "p"},
    {"parameter", "code"},
    {"parmname", "code"},
    {"personname", ""},
    {"ph", "span"},
    {"phrase", "span"},
    {"pre", "pre"},
    {"productname", "span"},
    {"programlisting", "pre"},
    {"prolog", ""},
    {"prompt", "code"},
    {"pubdate", ""},
    {"publisher", ""},
    {"q", "q"},
    {"quote", "q"},
    {"releaseinfo", ""},
    {"replaceable", "code"},
    {"revhistory", ""},
    {"screen", "pre"},
    {"script", "script"},
    {"simpara", "p"},
    {"sli", "li"},
    {"step", "li"},
    {"strong", "strong"},
    {"structfield", "code"},
    {"structname", "code"},
    {"style", "style"},
    {"sub", "sub"},
    {"subscript", "sub"},
    {"substep", "li"},
    {"sup", "sup"},
    {"superscript", "sup"},
    {"svg", ""},
    {"symbol", "code"},
    {"synopsis", "pre"},
    {"synph", "code"},
    {"systemitem", "code"},
    {"systemoutput", "code"},
    {"tag", "code"},
    {"td", "td"},
    {"term", "span"},
    {"tgroup", "div"},
    {"th", "th"},
    {"tm", "span"},
    {"tr", "tr"},
    {"trademark", "span"},
    {"tt", "tt"},
    {"type", "code"},
    {"u", "u"},
    {"uicontrol", "strong"},
    {"ul", "ul"},
    {"ulink", "a"},
    {"userinput", "code"},
    {"varname", "code"},
    {"wintitle", "strong"},
    {"xref", "a"},
};

std::string_view known_tag(std::string_view name, bool& known) {
  const auto found = std::lower_bound(std::begin(kElements), std::end(kElements), name,
                                      [](const Known& each, std::string_view wanted) { return each.name < wanted; });
  known = found != std::end(kElements) && found->name == name;
  return known ? found->tag : "div";
}

bool is_section(std::string_view name) {
  constexpr std::string_view kSections[] = {
      "appendix", "article",  "bibliography", "body",     "book",       "bookmap", "chapter",
      "concept",  "example",  "glossary",     "map",      "part",       "preface", "reference",
      "refentry", "refsect1", "refsect2",     "refsect3", "refsection", "sect1",   "sect2",
      "sect3",    "sect4",    "sect5",        "section",  "simplesect", "task",    "topic"};
  return std::find(std::begin(kSections), std::end(kSections), name) != std::end(kSections);
}

bool has_caption(std::string_view name) {
  constexpr std::string_view kTitled[] = {"fig", "figure", "informalfigure", "informaltable", "simpletable", "table"};
  return std::find(std::begin(kTitled), std::end(kTitled), name) != std::end(kTitled);
}

class Reading {
 public:
  Reading(std::string_view source, const ReadOptions& options) : source_(source), walker_(source, options) {}

  [[nodiscard]] Result<Document> run() {
    const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> owner(XML_ParserCreate("UTF-8"), XML_ParserFree);
    parser_ = owner.get();
    if (parser_ == nullptr) return fail(ErrorKind::limit, "prose.xml", "the XML reader ran out of memory");
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, on_begin, on_end);
    XML_SetCharacterDataHandler(parser_, on_text);
    XML_SetCommentHandler(parser_, on_comment);
    XML_SetSkippedEntityHandler(parser_, on_skipped);
    XML_SetParamEntityParsing(parser_, XML_PARAM_ENTITY_PARSING_NEVER);
    // In parts, as the length is an int.
    constexpr std::size_t kPart = 16u << 20;
    for (std::size_t at = 0; at <= source_.size();) {
      const auto length = std::min(kPart, source_.size() - at);
      const bool last = at + length == source_.size();
      if (XML_Parse(parser_, source_.data() + at, static_cast<int>(length), last ? 1 : 0) != XML_STATUS_OK) {
        Place place;
        place.line = static_cast<std::uint32_t>(XML_GetCurrentLineNumber(parser_));
        place.column = static_cast<std::uint32_t>(XML_GetCurrentColumnNumber(parser_)) + 1;
        const std::string reason = too_deep_ ? format("elements nested more than {} deep", chiron::limits::kXmlDepth)
                                             : XML_ErrorString(XML_GetErrorCode(parser_));
        return fail(ErrorKind::input, "prose.xml",
                    format("no well-formed XML at {}:{}: {}", place.line, place.column, reason), place,
                    "mend the file, or leave it out with --glob or a section of .vale.ini");
      }
      at += length;
      if (last) break;
    }
    return walker_.finish();
  }

 private:
  struct Open {
    std::string name;
    std::string tag;
    bool section = false;
    bool head = false;  // of a table
  };

  static Reading& self(void* user) { return *static_cast<Reading*>(user); }
  static void on_begin(void* user, const XML_Char* name, const XML_Char** pairs) { self(user).begin(name, pairs); }
  static void on_end(void* user, const XML_Char*) { self(user).end(); }
  static void on_text(void* user, const XML_Char* text, int length) {
    self(user).text({text, static_cast<std::size_t>(length)});
  }
  static void on_comment(void* user, const XML_Char* text) { self(user).walker_.comment(text); }
  static void on_skipped(void* user, const XML_Char*, int is_parameter) {
    // An entity of a document type that is not read here.
    const auto range = self(user).event();
    if (is_parameter == 0) self(user).walker_.mask(range.begin, range.end);
  }

  [[nodiscard]] Range event() const {
    const auto at = static_cast<std::uint32_t>(std::max<XML_Index>(0, XML_GetCurrentByteIndex(parser_)));
    const auto length = static_cast<std::uint32_t>(std::max(0, XML_GetCurrentByteCount(parser_)));
    const auto size = static_cast<std::uint32_t>(source_.size());
    return {std::min(at, size), std::min(at + length, size)};
  }

  void begin(std::string_view name, const XML_Char** pairs) {
    if (open_.size() >= chiron::limits::kXmlDepth) {
      too_deep_ = true;
      XML_StopParser(parser_, XML_FALSE);
      return;
    }
    if (const auto colon = name.rfind(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
    Open element;
    element.name = name;
    element.section = is_section(name);
    element.head = name == "thead" || name == "sthead" || name == "header" || (!open_.empty() && open_.back().head);
    bool known = false;
    auto tag = known_tag(name, known);
    const auto parent = open_.empty() ? std::string_view() : std::string_view(open_.back().name);
    if (name == "title" || name == "subtitle") {
      if (has_caption(parent)) {
        tag = parent.find("table") != std::string_view::npos ? "caption" : "figcaption";
      } else {
        constexpr std::string_view kHeadings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};
        tag = kHeadings[std::min<std::size_t>(sections_ == 0 ? 0 : sections_ - 1, 5)];
      }
    } else if (name == "entry" || name == "stentry") {
      tag = element.head ? "th" : "td";
    } else if (name == "alt" || (name == "phrase" && parent == "textobject")) {
      tag = "alt";
    }
    // A body or an example does not make a title below of it a deeper one.
    if (element.section && name != "body" && name != "example") {
      ++sections_;
    } else {
      element.section = false;
    }
    if (tag.empty()) {
      tag = "pre";  // left out, as what is preformatted
      ++left_out_;
      element.tag = "";
    } else {
      element.tag = tag;
    }
    open_.push_back(std::move(element));
    if (left_out_ != 0) return;
    if (tag == "alt") {
      alternative_.clear();
      return;
    }
    std::string classes;
    for (; *pairs != nullptr; pairs += 2) {
      const std::string_view key = pairs[0];
      if (key == "class" || key == "outputclass" || key == "role") classes = pairs[1];
    }
    const Attribute attribute{"class", classes, {}};
    walker_.open(tag, {&attribute, 1});
  }

  void end() {
    const auto element = std::move(open_.back());
    open_.pop_back();
    if (element.section) --sections_;
    if (element.tag.empty()) {
      --left_out_;
    } else if (left_out_ == 0 && element.tag == "alt") {
      alternative_.trim();
      walker_.alternative(std::move(alternative_));
      alternative_.clear();
    } else if (left_out_ == 0) {
      walker_.close(element.tag);
    }
  }

  void text(std::string_view shown) {
    if (left_out_ != 0 || open_.empty()) return;
    const auto range = event();
    const bool verbatim = source_.substr(range.begin, shown.size()) == shown && range.end - range.begin == shown.size();
    if (open_.back().tag == "alt") {
      verbatim ? alternative_.append(source_, range.begin, range.end)
               : alternative_.append_replaced(shown, range.begin, range.end);
      return;
    }
    if (verbatim && shown.find_first_of(" \t") != 0) return walker_.text(range.begin, range.end);
    if (!verbatim) return walker_.replaced(shown, range.begin, range.end);
    // The indentation of a line says nothing.
    const auto first = std::min(shown.find_first_not_of(" \t"), shown.size());
    const bool line_start = range.begin == 0 || source_[range.begin - 1] == '\n';
    walker_.text(range.begin + (line_start ? static_cast<std::uint32_t>(first) : 0), range.end);
  }

  std::string_view source_;
  Walker walker_;
  XML_Parser parser_ = nullptr;
  std::vector<Open> open_;
  MappedText alternative_;
  std::size_t sections_ = 0;
  std::size_t left_out_ = 0;
  bool too_deep_ = false;
};

}  // namespace

Result<Document> read_xml_text(std::string_view source, const ReadOptions& options) {
  if (options.ignored_blocks.empty()) return Reading(source, options).run();
  std::string work(source);
  for (const auto& range : options.ignored_blocks) {
    for (auto i = range.begin; i < range.end; ++i) {
      if (work[i] != '\n') work[i] = ' ';
    }
  }
  return Reading(work, options).run();
}

}  // namespace chiron::prose
