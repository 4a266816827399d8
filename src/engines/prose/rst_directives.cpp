// Explicit markup: footnotes, targets, substitutions, comments and directives. Which directives hold prose is known
// for those of docutils and Sphinx; the content of any other is left out, as nobody can say what it is.
#include <algorithm>
#include <iterator>

#include "engines/prose/markup_text.h"
#include "engines/prose/rst_inline.h"
#include "engines/prose/rst_reader.h"
#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

struct Known {
  std::string_view name;
  DirectiveKind kind;
};

// Sorted by name.
using Kind = DirectiveKind;
constexpr Known kDirectives[] = {
    {"admonition", Kind::titled},
    {"attention", Kind::body},
    {"card", Kind::titled},
    {"caution", Kind::body},
    {"centered", Kind::text},
    {"class", Kind::object},
    {"code", Kind::code},
    {"code-block", Kind::code},
    {"collapse", Kind::titled},
    {"compound", Kind::body},
    {"container", Kind::object},
    {"csv-table", Kind::table},
    {"danger", Kind::body},
    {"deprecated", Kind::version},
    {"deprecated-removed", Kind::object},
    {"details", Kind::titled},
    {"dropdown", Kind::titled},
    {"epigraph", Kind::quote},
    {"error", Kind::body},
    {"figure", Kind::figure},
    {"footer", Kind::body},
    {"glossary", Kind::body},
    {"grid", Kind::object},
    {"grid-item", Kind::object},
    {"grid-item-card", Kind::titled},
    {"header", Kind::body},
    {"highlights", Kind::quote},
    {"hint", Kind::body},
    {"hlist", Kind::body},
    {"image", Kind::image},
    {"impl-detail", Kind::body},
    {"important", Kind::body},
    {"line-block", Kind::body},
    {"list-table", Kind::table},
    {"literalinclude", Kind::code},
    {"note", Kind::body},
    {"only", Kind::object},
    {"parsed-literal", Kind::code},
    {"pull-quote", Kind::quote},
    {"replace", Kind::text},
    {"rubric", Kind::text},
    {"seealso", Kind::body},
    {"sidebar", Kind::titled},
    {"sourcecode", Kind::code},
    {"tab", Kind::titled},
    {"tab-item", Kind::titled},
    {"tab-set", Kind::object},
    {"table", Kind::table},
    {"tabs", Kind::object},
    {"tip", Kind::body},
    {"toctree", Kind::code},
    {"todo", Kind::body},
    {"topic", Kind::titled},
    {"versionadded", Kind::version},
    {"versionchanged", Kind::version},
    {"versionremoved", Kind::version},
    {"warning", Kind::body},
};

// Objects of Sphinx's domains: "function", "py:method", "c:macro" …; their content documents them.
constexpr std::string_view kObjects[] = {
    "attribute",
    "class",
    "classmethod",
    "confval",
    "cmdoption",
    "concept",
    "data",
    "decorator",
    "decoratormethod",
    "describe",
    "directive",
    "enum",
    "enumerator",
    "envvar",
    "exception",
    "function",
    "macro",
    "member",
    "method",
    "module",
    "namespace",
    "object",
    "opcode",
    "option",
    "pdbcommand",
    "program",
    "property",
    "role",
    "staticmethod",
    "struct",
    "type",
    "union",
    "var",
    "cfunction",
    "cmember",
    "cmacro",
    "ctype",
    "cvar",
    "2to3fixer",
    "monitoring-event",
    "audit-event",
    "setting",
    "templatefilter",
    "templatetag",
    "fieldlookup",
    "django-admin",
    "django-admin-option",
    "coroutinefunction",
    "coroutinemethod",
    "abstractmethod",
    "awaitablefunction",
    "awaitablemethod",
};

DirectiveKind kind_of(std::string_view name) {
  const auto lower = text::to_lower_ascii(name);
  const auto found = std::lower_bound(std::begin(kDirectives), std::end(kDirectives), lower,
                                      [](const Known& known, std::string_view wanted) { return known.name < wanted; });
  if (found != std::end(kDirectives) && found->name == lower) return found->kind;
  const auto colon = lower.rfind(':');
  const auto own = std::string_view(lower).substr(colon == std::string::npos ? 0 : colon + 1);
  const bool object =
      std::find(std::begin(kObjects), std::end(kObjects), own) != std::end(kObjects) || own.starts_with("auto");
  return object ? DirectiveKind::object : DirectiveKind::nothing;
}

// "name" of a directive at the start of the text: its length, or 0.
std::uint32_t directive_name(std::string_view text) {
  std::uint32_t at = 0;
  while (at < text.size() && at < limits::kRoleName &&
         (is_word_byte(text[at]) || text[at] == '-' || text[at] == '.' || text[at] == '+' ||
          (text[at] == ':' && at + 1 < text.size() && is_word_byte(text[at + 1])))) {
    ++at;
  }
  if (at == 0) return 0;
  auto rest = text.substr(at);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest.starts_with("::") && (rest.size() == 2 || is_space_byte(rest[2])) ? at : 0;
}

}  // namespace

RstReader::Lines RstReader::Parts::option(std::string_view wanted) const {
  for (const auto& [key, value] : options) {
    if (key == wanted) return value;
  }
  return {};
}

std::size_t RstReader::explicit_markup(Lines lines, std::uint32_t column) {
  const auto line = text(lines[0]);
  if (line.starts_with("__")) {
    return line.size() > 2 && is_space_byte(line[2]) ? item_lines(lines, column + 1) : 0;
  }
  if (!line.starts_with("..") || (line.size() > 2 && !is_space_byte(line[2]))) return 0;
  if (line.size() == 2 && (lines.size() == 1 || lines[1].blank())) return 1;  // an empty comment
  const auto used = item_lines(lines, column + 1);
  auto own = lines.first(used);
  const auto start = own[0];
  cut(own[0], 2);
  auto rest = text(own[0]);
  const auto comment = [&] {
    walker_.comment(source_.substr(own[0].begin, own.back().end - std::min(own.back().end, own[0].begin)));
    own[0] = start;
  };
  if (rest.starts_with('_') && rest.find(':') != std::string_view::npos) return used;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close != std::string_view::npos && close > 1 && close < limits::kInlineName &&
        rest.substr(0, close).find(' ') == std::string_view::npos &&
        (close + 1 == rest.size() || is_space_byte(rest[close + 1]))) {
      cut(own[0], static_cast<std::uint32_t>(close + 1));
      const auto edge = left_edge(own.subspan(1));
      own[0].column = edge == UINT32_MAX ? column : edge;
      walker_.open("div");
      body(own, own[0].column);
      walker_.close("div");
      return used;
    }
  }
  if (rest.starts_with('|')) {
    const auto close = rest.find("| ", 1);
    if (close != std::string_view::npos && close < limits::kInlineName) {
      cut(own[0], static_cast<std::uint32_t>(close + 1));
      rest = text(own[0]);
    }
  }
  const auto length = directive_name(rest);
  if (length == 0) {
    comment();
    return used;
  }
  cut(own[0], static_cast<std::uint32_t>(rest.find("::", length) + 2));
  directive(rest.substr(0, length), own, column);
  return used;
}

RstReader::Parts RstReader::take_apart(std::string_view name, Lines lines, std::uint32_t column) {
  Parts parts;
  parts.name = name;
  parts.all = lines;
  const auto edge = left_edge(lines.subspan(1));
  parts.edge = edge == UINT32_MAX ? column : edge;
  lines[0].column = parts.edge;
  // The head: up to the first empty line, but for an empty first one.
  std::size_t head = 1;
  while (head < lines.size() && !lines[head].blank()) ++head;
  const auto is_option = [&](const Line& line) {
    const auto own = text(line);
    const auto close = own.find(':', 1);
    return own.starts_with(':') && close != std::string_view::npos && close > 1 && close < limits::kRoleName &&
           (close + 1 == own.size() || is_space_byte(own[close + 1])) && is_word_byte(own[1]);
  };
  std::size_t first = 1;
  while (first < head && !is_option(lines[first])) ++first;
  const auto left = first < head ? lines[first].column : 0;
  for (auto i = first; i < head;) {
    auto stop = i + 1;
    while (stop < head && (lines[stop].column > left || !is_option(lines[stop]))) ++stop;
    const auto key_line = text(lines[i]);
    const auto close = key_line.find(':', 1);
    if (close == std::string_view::npos) break;
    const auto key = key_line.substr(1, close - 1);
    cut(lines[i], static_cast<std::uint32_t>(close + 1));
    parts.options.emplace_back(key, lines.subspan(i, stop - i));
    i = stop;
  }
  parts.arguments = lines.first(first);
  parts.content = lines.subspan(head);
  while (!parts.arguments.empty() && parts.arguments[0].blank()) parts.arguments = parts.arguments.subspan(1);
  return parts;
}

void RstReader::alternative_text(const Parts& parts) {
  const auto value = parts.option("alt");
  const auto begin = std::find_if(value.begin(), value.end(), [](const Line& line) { return !line.blank(); });
  if (begin == value.end()) return;
  const Run run(source_, {begin, value.end()});
  walker_.alternative(run.mapped(walker_.source()));
}

void RstReader::figure(const Parts& parts) {
  alternative_text(parts);
  auto content = parts.content;
  while (!content.empty() && content[0].blank()) content = content.subspan(1);
  std::size_t caption = 0;
  while (caption < content.size() && !content[caption].blank()) ++caption;
  if (caption > 0 && !text(content[0]).starts_with("..")) {
    paragraph_text(content.first(caption), "figcaption");
    content = content.subspan(caption);
  }
  body(content, parts.edge);
}

void RstReader::table_directive(const Parts& parts) {
  const auto number = [&](std::string_view key) {
    const auto value = parts.option(key);
    return value.empty() ? 0u : static_cast<unsigned>(text::parse_unsigned(text(value[0])).value_or(0));
  };
  walker_.open("table");
  paragraph_text(parts.arguments, "caption");
  const auto name = text::to_lower_ascii(parts.name);
  if (name == "list-table") {
    list_table(parts.content, parts.edge, number("header-rows"));
  } else if (name == "csv-table") {
    char separator = ',';
    if (const auto value = parts.option("delim"); !value.empty() && !value[0].blank()) {
      const auto spelt = text(value[0]);
      separator = spelt == "tab" ? '\t' : spelt == "space" ? ' ' : spelt[0];
    }
    csv_rows(parts.option("header"), SIZE_MAX, separator);
    csv_rows(parts.content, number("header-rows"), separator);
  } else {
    body(parts.content, parts.edge);
  }
  walker_.close("table");
}

void RstReader::directive(std::string_view name, Lines lines, std::uint32_t column) {
  const auto kind = kind_of(name);
  if (kind == DirectiveKind::nothing) return;
  auto parts = take_apart(name, lines, column);
  auto classes = text::to_lower_ascii(name);
  const auto add_classes = [&](Lines more) {
    for (const auto& line : more) {
      if (!line.blank()) classes += " " + std::string(text(line));
    }
  };
  add_classes(parts.option("class"));
  if (name == "container" || name == "class") add_classes(parts.arguments);
  if (kind == DirectiveKind::code) {
    const auto caption = parts.option("caption");
    if (!caption.empty() && !caption[0].blank()) paragraph_text(caption, "figcaption");
    walker_.open("pre");
    walker_.close("pre");
    return;
  }
  const Attribute attribute{"class", classes, {}};
  walker_.open("div", {&attribute, 1});
  directive_body(kind, parts);
  walker_.close("div");
}

void RstReader::directive_body(DirectiveKind kind, Parts& parts) {
  // Where arguments are content, the options between both are none.
  const auto all = [&] {
    for (auto& [key, value] : parts.options) {
      for (auto& line : value) line.begin = line.end;
    }
    body(parts.all, parts.edge);
  };
  switch (kind) {
    case DirectiveKind::body:
      all();
      break;
    case DirectiveKind::quote:
      walker_.open("blockquote");
      all();
      walker_.close("blockquote");
      break;
    case DirectiveKind::version:
      if (!parts.arguments.empty()) {
        auto& first = parts.arguments[0];
        const auto word = text(first).find_first_of(" \t");
        cut(first, word == std::string_view::npos ? first.end - first.begin : static_cast<std::uint32_t>(word));
        first.column = parts.edge;
      }
      all();
      break;
    case DirectiveKind::titled:
      paragraph_text(parts.arguments, "p");
      body(parts.content, parts.edge);
      break;
    case DirectiveKind::text:
      paragraph_text(parts.arguments, "p");
      break;
    case DirectiveKind::figure:
      figure(parts);
      break;
    case DirectiveKind::image:
      alternative_text(parts);
      break;
    case DirectiveKind::table:
      table_directive(parts);
      break;
    default:
      body(parts.content, parts.edge);
  }
}

}  // namespace chiron::prose
