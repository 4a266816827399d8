// Go templates, the part that output templates use: pipelines, variables, range, if, with, and the functions that
// their authors know from Go and Sprig. Depth, steps and output are bounded.
#include <algorithm>

#include "engines/prose/rule.h"
#include "engines/prose/vale.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"

namespace chiron::prose {

namespace {

using doc::Value;
constexpr std::size_t kDepth = 100;
constexpr std::size_t kSteps = 20'000'000;
constexpr std::size_t kOutput = 256u << 20;

struct Part {
  bool action = false;
  std::string text;
  std::uint32_t line = 1;
};

struct Token {
  enum class Kind : std::uint8_t { word, text, mark } kind;
  std::string text;
};

bool truthy(const Value& value) {
  switch (value.kind()) {
    case doc::Kind::null:
      return false;
    case doc::Kind::boolean:
      return value.as_boolean();
    case doc::Kind::number:
      return value.as_double() != 0;
    case doc::Kind::string:
      return !value.as_string().empty();
    case doc::Kind::array:
      return !value.items().empty();
    case doc::Kind::object:
      return !value.members().empty();
  }
  return false;
}

std::string show(const Value& value) {
  switch (value.kind()) {
    case doc::Kind::null:
      return "";
    case doc::Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case doc::Kind::string:
    case doc::Kind::number:
      return value.as_string();
    case doc::Kind::array: {
      std::string out = "[";
      for (const auto& item : value.items()) out += (out.size() > 1 ? " " : "") + show(item);
      return out + "]";
    }
    case doc::Kind::object: {
      std::string out = "map[";
      for (const auto& member : value.members())
        out += (out.size() > 4 ? " " : "") + member.name + ":" + show(member.value);
      return out + "]";
    }
  }
  return "";
}

class Template {
 public:
  Template(std::string_view text, const std::string& file) : file_(file) { split(text); }

  Result<std::string> run(const Value& data) {
    TRY(problem_.empty() ? Result<void>{} : Result<void>(wrong(1, problem_)));
    variables_.push_back({{"$", data}});
    std::size_t at = 0;
    TRY(execute(at, data, true));
    if (at < parts_.size()) return wrong(parts_[at].line, "an 'end' or 'else' stands without a beginning");
    return std::move(out_);
  }

 private:
  std::unexpected<Error> wrong(std::uint32_t line, std::string message) const {
    return fail(ErrorKind::config, "prose.template", std::move(message), Place{file_, line});
  }

  void split(std::string_view text) {
    std::uint32_t line = 1;
    bool trim_next = false;
    std::size_t at = 0;
    while (at <= text.size()) {
      const auto open = text.find("{{", at);
      auto plain = text.substr(at, open == std::string_view::npos ? open : open - at);
      if (trim_next) plain.remove_prefix(std::min(plain.find_first_not_of(" \t\n\r"), plain.size()));
      const bool trims = open != std::string_view::npos && text.substr(open).starts_with("{{- ");
      const bool trims_tight = open != std::string_view::npos && text.substr(open).starts_with("{{-\n");
      if (trims || trims_tight) plain = plain.substr(0, plain.find_last_not_of(" \t\n\r") + 1);
      if (!plain.empty()) parts_.push_back({false, std::string(plain), line});
      if (open == std::string_view::npos) break;
      auto close = open;
      char quote = 0;
      for (close = open + 2; close < text.size(); ++close) {
        const auto c = text[close];
        if (quote != 0) {
          if (c == '\\' && quote == '"') {
            ++close;
          } else if (c == quote) {
            quote = 0;
          }
        } else if (c == '"' || c == '`') {
          quote = c;
        } else if (text.substr(close).starts_with("/*")) {
          close = std::min(text.find("*/", close + 2), text.size() - 1);
        } else if (text.substr(close).starts_with("}}")) {
          break;
        }
      }
      if (close >= text.size()) {
        problem_ = "an action is not closed";
        return;
      }
      auto inside = text.substr(open + 2, close - open - 2);
      if (trims || trims_tight) inside.remove_prefix(1);
      trim_next = inside.ends_with(" -") || inside == "-" || inside.ends_with("\n-");
      if (trim_next) inside.remove_suffix(1);
      inside = text::trim(inside);
      for (auto i = at; i < close; ++i) line += text[i] == '\n' ? 1u : 0u;
      if (!inside.starts_with("/*")) parts_.push_back({true, std::string(inside), line});
      at = close + 2;
    }
  }

  Result<std::vector<Token>> tokens(const Part& part) const {
    std::vector<Token> all;
    const std::string_view text = part.text;
    for (std::size_t at = 0; at < text.size();) {
      const auto c = text[at];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at;
      } else if (c == '"' || c == '`') {
        std::string value;
        auto stop = at + 1;
        while (stop < text.size() && text[stop] != c) {
          if (text[stop] == '\\' && c == '"' && stop + 1 < text.size()) {
            ++stop;
            value.push_back(text[stop] == 'n'   ? '\n'
                            : text[stop] == 't' ? '\t'
                            : text[stop] == 'r' ? '\r'
                                                : text[stop]);
          } else {
            value.push_back(text[stop]);
          }
          ++stop;
        }
        if (stop >= text.size()) return wrong(part.line, "a text is not closed");
        all.push_back({Token::Kind::text, std::move(value)});
        at = stop + 1;
      } else if (c == '(' || c == ')' || c == '|' || c == ',') {
        all.push_back({Token::Kind::mark, std::string(1, c)});
        ++at;
      } else if (text.substr(at).starts_with(":=")) {
        all.push_back({Token::Kind::mark, ":="});
        at += 2;
      } else if (c == '=') {
        all.push_back({Token::Kind::mark, "="});
        ++at;
      } else {
        auto stop = at;
        while (stop < text.size() && std::string_view(" \t\n\r()|,\"`=").find(text[stop]) == std::string_view::npos &&
               !text.substr(stop).starts_with(":=")) {
          ++stop;
        }
        all.push_back({Token::Kind::word, std::string(text.substr(at, stop - at))});
        at = stop;
      }
    }
    return all;
  }

  Value* variable(const std::string& name) {
    for (auto scope = variables_.rbegin(); scope != variables_.rend(); ++scope) {
      if (const auto found = scope->find(name); found != scope->end()) return &found->second;
    }
    return nullptr;
  }

  static bool opens(std::string_view action) {
    return action.starts_with("range ") || action.starts_with("if ") || action.starts_with("with ");
  }
  static bool is_else(std::string_view action) { return action == "else" || action.starts_with("else "); }

  // Past the body that begins at `at`, to its own else or end.
  Result<void> skip(std::size_t& at) const {
    std::size_t depth = 0;
    for (; at < parts_.size(); ++at) {
      if (!parts_[at].action) continue;
      const auto& text = parts_[at].text;
      if (opens(text)) ++depth;
      if (depth == 0 && (text == "end" || is_else(text))) return {};
      if (text == "end") --depth;
    }
    return wrong(parts_.empty() ? 1 : parts_.back().line, "an 'end' is missing");
  }

  // Runs parts until the end or else of the body (left at it), or to the end of the template.
  Result<void> execute(std::size_t& at, const Value& dot, bool top = false) {
    if (++depth_ > kDepth) return wrong(1, "the template is nested too deeply");
    for (; at < parts_.size(); ++at) {
      const auto& part = parts_[at];
      if (++steps_ > kSteps || out_.size() > kOutput) return wrong(part.line, "the template does not come to an end");
      if (!part.action) {
        out_ += part.text;
        continue;
      }
      const auto& text = part.text;
      if (text == "end" || is_else(text)) break;
      if (text.starts_with("define") || text.starts_with("template") || text.starts_with("block")) {
        return wrong(part.line, "named templates are not supported");
      }
      if (opens(text)) {
        TRY(body(at, dot));
        continue;
      }
      const auto all = TRY(tokens(part));
      std::size_t token = 0;
      if (all.size() > 2 && all[0].text.starts_with('$') && all[1].kind == Token::Kind::mark &&
          (all[1].text == ":=" || all[1].text == "=")) {
        token = 2;
        auto value = TRY(pipeline(all, token, dot, part.line));
        if (all[1].text == ":=") {
          variables_.back()[all[0].text] = std::move(value);
        } else if (auto* known = variable(all[0].text)) {
          *known = std::move(value);
        } else {
          return wrong(part.line, format("the variable {} is not defined", all[0].text));
        }
        continue;
      }
      if (!all.empty()) out_ += show(TRY(pipeline(all, token, dot, part.line)));
    }
    --depth_;
    if (top && at < parts_.size()) return wrong(parts_[at].line, "an 'end' or 'else' stands without a beginning");
    return {};
  }

  // `at` stands on the opening action; left on the matching end.
  Result<void> body(std::size_t& at, const Value& dot) {
    const auto& part = parts_[at];
    auto all = TRY(tokens(part));
    const auto kind = all[0].text;
    std::size_t token = 1;
    std::vector<std::string> names;
    for (std::size_t i = 1; i < all.size() && i < 5; ++i) {
      if (all[i].text != ":=") continue;
      for (std::size_t j = 1; j < i; ++j) {
        if (all[j].text.starts_with('$')) names.push_back(all[j].text);
      }
      token = i + 1;
      break;
    }
    const auto value = TRY(pipeline(all, token, dot, part.line));
    const auto line = part.line;
    ++at;
    const auto start = at;
    variables_.emplace_back();
    bool taken = false;
    if (kind == "range") {
      const auto one = [&](const Value& key, const Value& item) -> Result<void> {
        taken = true;
        at = start;
        variables_.back().clear();
        if (names.size() == 2) variables_.back()[names[0]] = key;
        if (!names.empty()) variables_.back()[names.back()] = item;
        return execute(at, item);
      };
      if (value.is_array()) {
        for (std::size_t i = 0; i < value.items().size(); ++i) TRY(one(Value(i), value.items()[i]));
      } else if (value.is_object()) {
        for (const auto& member : value.members()) TRY(one(Value(member.name), member.value));
      } else if (!value.is_null()) {
        return wrong(line, "a range goes over a list or a map");
      }
      if (!taken) TRY(skip(at));
    } else {
      if (!names.empty()) variables_.back()[names[0]] = value;
      if (truthy(value)) {
        taken = true;
        TRY(execute(at, kind == "with" ? value : dot));
      } else {
        TRY(skip(at));
      }
    }
    // The else branches.
    while (at < parts_.size() && is_else(parts_[at].text)) {
      const auto& otherwise = parts_[at];
      const bool chained = otherwise.text.starts_with("else if ");
      bool enter = !taken;
      if (enter && chained) {
        auto condition = TRY(tokens(otherwise));
        std::size_t from = 2;
        enter = truthy(TRY(pipeline(condition, from, dot, otherwise.line)));
      }
      ++at;
      if (enter) {
        taken = true;
        TRY(execute(at, dot));
      } else {
        TRY(skip(at));
      }
    }
    variables_.pop_back();
    if (at >= parts_.size()) return wrong(line, format("'{}' has no 'end'", kind));
    return {};
  }

  Result<Value> pipeline(const std::vector<Token>& all, std::size_t& at, const Value& dot, std::uint32_t line) {
    if (++depth_ > kDepth) return wrong(line, "the expression is nested too deeply");
    auto value = TRY(command(all, at, dot, line, nullptr));
    while (at < all.size() && all[at].kind == Token::Kind::mark && all[at].text == "|") {
      ++at;
      value = TRY(command(all, at, dot, line, &value));
    }
    --depth_;
    return value;
  }

  Result<Value> command(const std::vector<Token>& all, std::size_t& at, const Value& dot, std::uint32_t line,
                        const Value* piped) {
    if (at >= all.size()) return wrong(line, "an expression is expected");
    const auto& first = all[at];
    const bool function = first.kind == Token::Kind::word && !first.text.empty() &&
                          ((first.text[0] | 32) >= 'a' && (first.text[0] | 32) <= 'z') && first.text != "true" &&
                          first.text != "false" && first.text != "nil";
    if (!function) {
      auto value = TRY(operand(all, at, dot, line));
      if (at < all.size() && all[at].kind != Token::Kind::mark)
        return wrong(line, format("'{}' cannot be called", first.text));
      return value;
    }
    const auto name = first.text;
    ++at;
    std::vector<Value> arguments;
    std::string first_variable;
    while (at < all.size() && !(all[at].kind == Token::Kind::mark && (all[at].text == "|" || all[at].text == ")"))) {
      if (arguments.empty() && all[at].text.starts_with('$')) first_variable = all[at].text;
      arguments.push_back(TRY(operand(all, at, dot, line)));
    }
    if (piped != nullptr) arguments.push_back(*piped);
    return call(name, arguments, first_variable, line);
  }

  Result<Value> operand(const std::vector<Token>& all, std::size_t& at, const Value& dot, std::uint32_t line) {
    const auto token = all[at++];
    if (token.kind == Token::Kind::text) return Value(token.text);
    if (token.kind == Token::Kind::mark) {
      if (token.text != "(") return wrong(line, format("'{}' has no meaning there", token.text));
      auto value = TRY(pipeline(all, at, dot, line));
      if (at >= all.size() || all[at].text != ")") return wrong(line, "')' is missing");
      ++at;
      return value;
    }
    const auto& word = token.text;
    if (word == "true" || word == "false") return Value(word == "true");
    if (word == "nil") return Value();
    if (word[0] == '.' || word[0] == '$') {
      Value value;
      std::string_view path = word;
      if (word[0] == '$') {
        const auto dot_at = word.find('.');
        const auto* known = variable(word.substr(0, dot_at));
        if (known == nullptr) return wrong(line, format("the variable {} is not defined", word.substr(0, dot_at)));
        value = *known;
        path = dot_at == std::string::npos ? std::string_view() : path.substr(dot_at);
      } else {
        value = dot;
      }
      while (path.size() > 1) {
        path.remove_prefix(1);
        const auto stop = path.find('.');
        const auto* member = value.find(path.substr(0, stop));
        value = member == nullptr ? Value() : Value(*member);
        path = stop == std::string_view::npos ? std::string_view() : path.substr(stop);
      }
      return value;
    }
    if (text::parse_double(word)) return Value::number(word);
    std::vector<Value> none;
    return call(word, none, "", line);
  }

  Result<void> need(const std::string& name, const std::vector<Value>& a, std::size_t count, std::uint32_t line) const {
    if (a.size() >= count) return {};
    return wrong(line, format("'{}' asks for {} arguments", name, count));
  }
  static double number(const Value& value) {
    return value.is_number() ? value.as_double() : text::parse_double(show(value)).value_or(0);
  }
  static std::int64_t whole(const Value& value) {
    const auto n = number(value);
    return std::abs(n) < 9e15 ? static_cast<std::int64_t>(n) : std::int64_t{0};
  }

  Result<Value> call(const std::string& name, std::vector<Value>& a, const std::string& first_variable,
                     std::uint32_t line) {
    if (name == "dict") {
      Value map = Value::object();
      for (std::size_t i = 0; i + 1 < a.size(); i += 2) map.set(show(a[i]), std::move(a[i + 1]));
      return map;
    }
    if (name == "list") return Value::array(std::move(a));
    if (name == "newTable") return Value::array();
    TRY(need(name, a, 1, line));
    if (name == "not") return Value(!truthy(a[0]));
    if (name == "and" || name == "or") {
      for (const auto& value : a) {
        if (truthy(value) == (name == "or")) return value;
      }
      return a.back();
    }
    if (name == "len") {
      if (a[0].is_array()) return Value(a[0].items().size());
      if (a[0].is_object()) return Value(a[0].members().size());
      return Value(show(a[0]).size());
    }
    if (name == "printf") {
      std::vector<std::string> arguments;
      for (std::size_t i = 1; i < a.size(); ++i) arguments.push_back(show(a[i]));
      return Value(format_message_lines(show(a[0]), arguments));
    }
    if (name == "print" || name == "println") {
      std::string out;
      for (const auto& value : a) out += (out.empty() ? "" : " ") + show(value);
      return Value(out + (name == "println" ? "\n" : ""));
    }
    if (name == "index") {
      Value value = a[0];
      for (std::size_t i = 1; i < a.size(); ++i) {
        if (value.is_array()) {
          const auto at = whole(a[i]);
          if (at < 0 || static_cast<std::size_t>(at) >= value.items().size())
            return wrong(line, "the index lies outside of the list");
          value = Value(value.items()[static_cast<std::size_t>(at)]);
        } else {
          const auto* found = value.find(show(a[i]));
          value = found == nullptr ? Value() : Value(*found);
        }
      }
      return value;
    }
    if (name == "add1") return Value(whole(a[0]) + 1);
    if (name == "int" || name == "int64") return Value(whole(a[0]));
    if (name == "toString") return Value(show(a[0]));
    if (name == "toStrings") {
      Value out = Value::array();
      if (a[0].is_array())
        for (const auto& item : a[0].items()) out.push(Value(show(item)));
      return out;
    }
    if (name == "toJson" || name == "toRawJson") return Value(doc::write_json(a[0]));
    if (name == "toPrettyJson") return Value(doc::write_json_pretty(a[0]));
    if (name == "jsonEscape") {
      auto out = doc::write_json(Value(show(a[0])));
      return Value(out.substr(1, out.size() - 2));
    }
    if (name == "quote") return Value("\"" + show(a[0]) + "\"");
    if (name == "squote") return Value("'" + show(a[0]) + "'");
    if (name == "upper") return Value(to_upper(show(a[0])));
    if (name == "lower") return Value(to_lower(show(a[0])));
    if (name == "title") return Value(to_title(show(a[0]), false));
    if (name == "trim") return Value(std::string(text::trim(show(a[0]))));
    if (name == "html") return Value(text::escape_html(show(a[0])));
    // Output is not a terminal's: colours and underlining are left out.
    if (name == "red" || name == "yellow" || name == "blue" || name == "green" || name == "underline" ||
        name == "bold") {
      return Value(show(a[0]));
    }
    if (name == "keys" || name == "values") {
      Value out = Value::array();
      if (a[0].is_object()) {
        for (const auto& member : a[0].members()) out.push(name == "keys" ? Value(member.name) : member.value);
      }
      return out;
    }
    if (name == "first" || name == "last") {
      if (!a[0].is_array() || a[0].items().empty()) return Value();
      return Value(name == "first" ? a[0].items().front() : a[0].items().back());
    }
    if (name == "uniq") {
      Value out = Value::array();
      if (a[0].is_array()) {
        for (const auto& item : a[0].items()) {
          if (std::find(out.items().begin(), out.items().end(), item) == out.items().end()) out.push(item);
        }
      }
      return out;
    }
    if (name == "sortAlpha") {
      std::vector<std::string> items;
      if (a[0].is_array())
        for (const auto& item : a[0].items()) items.push_back(show(item));
      std::sort(items.begin(), items.end());
      Value out = Value::array();
      for (auto& item : items) out.push(Value(std::move(item)));
      return out;
    }
    if (name == "renderTable") return Value(render_table(a[0]));
    return call_with_more(name, a, first_variable, line);
  }

  // Functions of two and three arguments.
  Result<Value> call_with_more(const std::string& name, std::vector<Value>& a, const std::string& first_variable,
                               std::uint32_t line) {
    TRY(need(name, a, 2, line));
    if (name == "eq") {
      for (std::size_t i = 1; i < a.size(); ++i) {
        if (same(a[0], a[i])) return Value(true);
      }
      return Value(false);
    }
    if (name == "ne") return Value(!same(a[0], a[1]));
    if (name == "lt" || name == "le" || name == "gt" || name == "ge") {
      const int order = a[0].is_number() && a[1].is_number() ? (number(a[0]) < number(a[1])   ? -1
                                                                : number(a[0]) > number(a[1]) ? 1
                                                                                              : 0)
                                                             : show(a[0]).compare(show(a[1]));
      return Value(name == "lt" ? order < 0 : name == "le" ? order <= 0 : name == "gt" ? order > 0 : order >= 0);
    }
    if (name == "add" || name == "mul") {
      std::int64_t total = name == "add" ? 0 : 1;
      for (const auto& value : a) {
        const auto n = static_cast<std::uint64_t>(whole(value));
        const auto t = static_cast<std::uint64_t>(total);
        total = static_cast<std::int64_t>(name == "add" ? t + n : t * n);
      }
      return Value(total);
    }
    if (name == "sub") return Value(whole(a[0]) - whole(a[1]));
    if (name == "div" || name == "mod") {
      if (whole(a[1]) == 0) return wrong(line, "division by zero");
      return Value(name == "div" ? whole(a[0]) / whole(a[1]) : whole(a[0]) % whole(a[1]));
    }
    if (name == "max") return Value(std::max(whole(a[0]), whole(a[1])));
    if (name == "min") return Value(std::min(whole(a[0]), whole(a[1])));
    if (name == "default") return truthy(a[1]) ? a[1] : a[0];
    if (name == "get") {
      const auto* found = a[0].find(show(a[1]));
      return found == nullptr ? Value("") : Value(*found);
    }
    if (name == "hasKey") return Value(a[0].find(show(a[1])) != nullptr);
    if (name == "has") {
      return Value(a[1].is_array() && std::find(a[1].items().begin(), a[1].items().end(), a[0]) != a[1].items().end());
    }
    if (name == "append" || name == "addRow") {
      auto list = a[0].is_array() ? a[0] : Value::array();
      list.push(a[1]);
      return list;
    }
    if (name == "join") {
      const auto& list = a[1].is_array() ? a[1] : a[0];
      const auto separator = show(a[1].is_array() ? a[0] : a[1]);
      std::string out;
      if (list.is_array()) {
        for (std::size_t i = 0; i < list.items().size(); ++i) out += (i > 0 ? separator : "") + show(list.items()[i]);
      }
      return Value(out);
    }
    if (name == "split" || name == "splitList") {
      Value out = Value::array();
      const auto separator = show(a[0]);
      auto rest = show(a[1]);
      for (auto at = separator.empty() ? std::string::npos : rest.find(separator); at != std::string::npos;
           at = rest.find(separator)) {
        out.push(Value(rest.substr(0, at)));
        rest = rest.substr(at + separator.size());
      }
      out.push(Value(rest));
      return out;
    }
    if (name == "contains") return Value(show(a[1]).find(show(a[0])) != std::string::npos);
    if (name == "hasPrefix") return Value(show(a[1]).starts_with(show(a[0])));
    if (name == "hasSuffix") return Value(show(a[1]).ends_with(show(a[0])));
    if (name == "trimPrefix" || name == "trimSuffix") {
      auto out = show(a[1]);
      const auto cut = show(a[0]);
      if (name == "trimPrefix" && out.starts_with(cut)) out.erase(0, cut.size());
      if (name == "trimSuffix" && out.ends_with(cut)) out.resize(out.size() - cut.size());
      return Value(out);
    }
    if (name == "indent" || name == "nindent") {
      const std::string pad(static_cast<std::size_t>(std::clamp<std::int64_t>(whole(a[0]), 0, 200)), ' ');
      return Value((name == "nindent" ? "\n" : "") + pad + text::replace_all(show(a[1]), "\n", "\n" + pad));
    }
    if (name == "repeat") {
      const auto times = static_cast<std::size_t>(std::clamp<std::int64_t>(whole(a[0]), 0, 10'000));
      const auto unit = show(a[1]);
      std::string out;
      for (std::size_t i = 0; i < times && out.size() < kOutput; ++i) out += unit;
      return Value(out);
    }
    if (name == "trunc")
      return Value(show(a[1]).substr(0, static_cast<std::size_t>(std::max<std::int64_t>(0, whole(a[0])))));
    TRY(need(name, a, 3, line));
    if (name == "replace") return Value(text::replace_all(show(a[2]), show(a[0]), show(a[1])));
    if (name == "ternary") return truthy(a[2]) ? a[0] : a[1];
    if (name == "plural") return number(a[2]) == 1 ? a[0] : a[1];
    if (name == "set") {
      auto map = a[0];
      map.set(show(a[1]), a[2]);
      if (auto* known = first_variable.empty() ? nullptr : variable(first_variable)) *known = map;
      return map;
    }
    return wrong(line, format("the function '{}' is not available to templates", name));
  }

  // As format_message, line ends kept.
  static std::string format_message_lines(std::string_view message, const std::vector<std::string>& arguments) {
    std::string out;
    std::size_t from = 0;
    std::vector<std::string> left = arguments;
    for (auto at = message.find('\n');; at = message.find('\n', from)) {
      const auto line = message.substr(from, at == std::string_view::npos ? at : at - from);
      out += format_message(line, left);
      std::size_t used = 0;
      for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        if (line[i] == '%' && line[i + 1] != '%') ++used;
        if (line[i] == '%') ++i;
      }
      left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(std::min(used, left.size())));
      if (at == std::string_view::npos) return out;
      out.push_back('\n');
      from = at + 1;
    }
  }

  static bool same(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
    return a == b;
  }

  static std::string render_table(const Value& table) {
    std::vector<std::size_t> widths;
    std::string out;
    if (!table.is_array()) return out;
    for (const auto& row : table.items()) {
      if (!row.is_array()) continue;
      for (std::size_t i = 0; i < row.items().size(); ++i) {
        if (i >= widths.size()) widths.push_back(0);
        widths[i] = std::max(widths[i], utf8::display_width(show(row.items()[i])));
      }
    }
    for (const auto& row : table.items()) {
      if (!row.is_array()) continue;
      std::string text;
      for (std::size_t i = 0; i < row.items().size(); ++i) {
        const auto cell = show(row.items()[i]);
        text += " " + cell + std::string(widths[i] - utf8::display_width(cell), ' ') + " ";
      }
      out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }

  const std::string& file_;
  std::string problem_;
  std::vector<Part> parts_;
  std::vector<std::map<std::string, Value>> variables_;
  std::string out_;
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace

Result<std::string> print_template(const std::vector<FileReport>& reports, std::string_view text,
                                   const std::string& file) {
  Value files = Value::array();
  for (const auto& report : reports) {
    if (report.hits.empty()) continue;
    auto alerts = Value::array();
    const auto parsed = doc::parse_json(print_json({report}));
    if (parsed && !parsed->members().empty()) alerts = parsed->members()[0].value;
    Value entry = Value::object();
    entry.set("Path", Value(report.path)).set("Alerts", std::move(alerts));
    files.push(std::move(entry));
  }
  Value data = Value::object();
  data.set("Files", std::move(files)).set("LintedTotal", Value(reports.size()));
  return Template(text, file).run(data);
}

}  // namespace chiron::prose
