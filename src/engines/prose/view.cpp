#include "engines/prose/view.h"

#include "engines/prose/fields.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

constexpr std::size_t kSelected = 1'000'000;

struct Step {
  enum class Kind : std::uint8_t { key, index, all, search, property, map } kind = Kind::key;
  std::vector<std::string> names;
  bool optional = false;
};

std::unexpected<Error> wrong(std::string_view query, std::string_view what) {
  return fail(ErrorKind::config, "prose.view", format("the query '{}' cannot be read: {}", query, what), Place{},
              "keys, [n], all(), property(a, b), search(has(\"key\")) and map(key) are known");
}

// What stands between "(" at `open` and its ")".
std::optional<std::string_view> arguments(std::string_view query, std::size_t open, std::size_t& after) {
  std::size_t depth = 0;
  for (auto at = open; at < query.size(); ++at) {
    if (query[at] == '(') ++depth;
    if (query[at] == ')' && --depth == 0) {
      after = at + 1;
      return query.substr(open + 1, at - open - 1);
    }
  }
  return std::nullopt;
}

std::string unquoted(std::string_view text) {
  text = text::trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return std::string(text.substr(1, text.size() - 2));
  }
  return std::string(text);
}

Result<std::vector<Step>> parse(std::string_view query) {
  std::vector<Step> steps;
  std::size_t at = 0;
  while (at < query.size()) {
    if (query[at] == '.' || query[at] == ' ') {
      ++at;
      continue;
    }
    Step step;
    if (query[at] == '[') {
      const auto close = query.find(']', at);
      if (close == std::string_view::npos) return wrong(query, "']' is missing");
      step.kind = Step::Kind::index;
      step.names = {unquoted(query.substr(at + 1, close - at - 1))};
      at = close + 1;
      steps.push_back(std::move(step));
      continue;
    }
    const auto begin = at;
    while (at < query.size() && std::string_view(".([ ").find(query[at]) == std::string_view::npos) ++at;
    auto name = std::string(query.substr(begin, at - begin));
    if (name.ends_with('?')) {
      step.optional = true;
      name.pop_back();
    }
    if (at < query.size() && query[at] == '(') {
      const auto inside = arguments(query, at, at);
      if (!inside) return wrong(query, "')' is missing");
      if (name == "all") {
        step.kind = Step::Kind::all;
      } else if (name == "property") {
        step.kind = Step::Kind::property;
        for (const auto part : text::split(*inside, ',')) step.names.push_back(unquoted(part));
      } else if (name == "map") {
        step.kind = Step::Kind::map;
        step.names = {unquoted(*inside)};
      } else if (name == "search") {
        const auto test = text::trim(*inside);
        if (!test.starts_with("has(") || !test.ends_with(")")) return wrong(query, "search() asks for has(\"key\")");
        step.kind = Step::Kind::search;
        step.names = {unquoted(test.substr(4, test.size() - 5))};
      } else {
        return wrong(query, format("the function '{}' is not known", name));
      }
    } else {
      if (name.empty()) return wrong(query, format("'{}' has no meaning there", query[at]));
      step.names = {std::move(name)};
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

void search(const doc::Value& root, const std::string& key, std::vector<const doc::Value*>& found) {
  // Document order without recursion: children are pushed last first.
  std::vector<const doc::Value*> open{&root};
  while (!open.empty() && found.size() < kSelected) {
    const auto* value = open.back();
    open.pop_back();
    if (value->is_object()) {
      if (value->find(key) != nullptr) found.push_back(value);
      for (auto member = value->members().rbegin(); member != value->members().rend(); ++member)
        open.push_back(&member->value);
    } else if (value->is_array()) {
      for (auto item = value->items().rbegin(); item != value->items().rend(); ++item) open.push_back(&*item);
    }
  }
}

}  // namespace

Result<DataView> load_view(const std::string& file) {
  const auto text = TRY(io::read_file(file, chiron::limits::kConfigBytes));
  doc::ReadOptions options;
  options.file = file;
  const auto root = TRY(doc::parse_yaml(text, options));
  if (!root.is_object())
    return fail(ErrorKind::config, "prose.view", "a view is a map with 'engine' and 'scopes'", Place{file, 1, 1});
  DataView view;
  Fields fields(root, file, text);
  view.engine = TRY(fields.text("engine"));
  if (view.engine != "dasel" && view.engine != "tree-sitter") {
    return fields.wrong("engine", format("the engine '{}' is not known", view.engine), "it is dasel or tree-sitter");
  }
  const auto* scopes = fields.value("scopes");
  if (scopes == nullptr || !scopes->is_array() || scopes->items().empty())
    return fields.wrong("scopes", "a view needs 'scopes'");
  for (const auto& item : scopes->items()) {
    if (!item.is_object()) return fields.wrong("scopes", "each scope is a map with 'expr'");
    Fields inner(item, file, text);
    ViewScope scope;
    scope.name = TRY(inner.text("name"));
    scope.query = TRY(inner.text("expr"));
    scope.type = TRY(inner.text("type"));
    TRY(inner.finish());
    view.scopes.push_back(std::move(scope));
  }
  TRY(fields.finish());
  return view;
}

Result<std::vector<const doc::Value*>> select(const doc::Value& root, std::string_view query) {
  std::vector<const doc::Value*> values{&root};
  for (const auto& step : TRY(parse(query))) {
    std::vector<const doc::Value*> next;
    const auto take = [&](const doc::Value* value) {
      if (value != nullptr && next.size() < kSelected) next.push_back(value);
    };
    for (const auto* value : values) {
      switch (step.kind) {
        case Step::Kind::key:
          take(value->find(step.names[0]));
          break;
        case Step::Kind::index:
          if (value->is_array()) {
            const auto index = text::parse_unsigned(step.names[0]);
            if (index && *index < value->items().size()) take(&value->items()[*index]);
          } else {
            take(value->find(step.names[0]));
          }
          break;
        case Step::Kind::all:
          if (value->is_array()) {
            for (const auto& item : value->items()) take(&item);
          } else if (value->is_object()) {
            for (const auto& member : value->members()) take(&member.value);
          }
          break;
        case Step::Kind::search:
          search(*value, step.names[0], next);
          break;
        case Step::Kind::map:
          take(value->find(step.names[0]));
          break;
        case Step::Kind::property:
          for (const auto& name : step.names) take(value->find(name));
          break;
      }
    }
    values = std::move(next);
  }
  std::vector<const doc::Value*> texts;
  for (const auto* value : values) {
    if (value->is_array()) {
      for (const auto& item : value->items()) {
        if (item.is_string()) texts.push_back(&item);
      }
    } else if (value->is_string()) {
      texts.push_back(value);
    }
  }
  return texts;
}

MappedText map_scalar(std::string_view source, doc::Span span, const std::string& value) {
  MappedText text;
  std::uint32_t at = span.begin;
  const auto end = std::min<std::uint32_t>(span.end, static_cast<std::uint32_t>(source.size()));
  const auto is_blank = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  bool single_quoted = false;
  // A block scalar's header, or an opening quote.
  if (at < end && (source[at] == '|' || source[at] == '>')) {
    at = std::min(end, static_cast<std::uint32_t>(std::min(source.find('\n', at), source.size())) + 1);
  } else if (at < end && (source[at] == '"' || source[at] == '\'') && (value.empty() || value[0] != source[at])) {
    single_quoted = source[at] == '\'';
    ++at;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = value[i];
    // Indentation that the value does not hold.
    if (!is_blank(c)) {
      while (at < end && is_blank(source[at])) ++at;
    }
    if (single_quoted && c == '\'' && at + 1 < end && source[at] == c && source[at + 1] == c) {
      // Within single quotes a quote is written twice.
      text.append_replaced(std::string_view(&value[i], 1), at, at + 2);
      at += 2;
      continue;
    }
    if (at < end && source[at] == c) {
      text.append(source, at, at + 1);
      ++at;
      continue;
    }
    if (at < end && is_blank(c) && is_blank(source[at])) {
      // A folded line: one blank for a line end and what follows it.
      const auto begin = at;
      ++at;
      text.append_replaced(std::string_view(&value[i], 1), begin, at);
      continue;
    }
    if (at < end && source[at] == '\\') {
      std::uint32_t length = 2;
      if (at + 1 < end && source[at + 1] == 'u') length = 6;
      if (at + 1 < end && source[at + 1] == 'x') length = 4;
      const auto stop = std::min(end, at + length);
      auto shown = i + 1;
      while (shown < value.size() && (static_cast<unsigned char>(value[shown]) & 0xC0) == 0x80) ++shown;
      text.append_replaced(std::string_view(value).substr(i, shown - i), at, stop);
      at = stop;
      i = shown - 1;
      continue;
    }
    text.append_replaced(std::string_view(&value[i], 1), std::min(at, end), std::min(at, end));
  }
  return text;
}

}  // namespace chiron::prose
