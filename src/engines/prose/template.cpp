// Go templates, the part that output templates use: pipelines, variables, range, if, with, and the functions that
// their authors know from Go and Sprig. Depth, steps and output are bounded.
#include <algorithm>
#include <utility>

#include "engines/prose/template_functions.h"
#include "engines/prose/vale.h"
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

class Template {
 public:
  Template(std::string_view text, const std::string& file) : file_(file) { split(text); }

  Result<std::string> run(const Value& data) {
    TRY(problem_.empty() ? Result<void>{} : Result<void>(wrong(1, problem_)));
    TRY(find_definitions());
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
    for (const std::string_view word : {"range ", "if ", "with ", "define ", "block "}) {
      if (action.starts_with(word)) return true;
    }
    return false;
  }

  // Named templates: wherever they stand, they are known from the start.
  Result<void> find_definitions() {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const auto& part = parts_[i];
      if (!part.action || !(part.text.starts_with("define ") || part.text.starts_with("block "))) continue;
      const auto all = TRY(tokens(part));
      if (all.size() < 2 || all[1].kind != Token::Kind::text)
        return wrong(part.line, format("'{}' asks for a name in quotes", all[0].text));
      definitions_[all[1].text] = i + 1;
    }
    return {};
  }

  // {{template "name" value}}: its body sees the value and none of the variables here.
  Result<void> invoke(const std::vector<Token>& all, const Value& dot, std::uint32_t line) {
    const auto named = all.size() > 1 ? definitions_.find(all[1].text) : definitions_.end();
    if (named == definitions_.end()) {
      return wrong(line, format("the template '{}' is not defined", all.size() > 1 ? all[1].text : ""));
    }
    std::size_t token = 2;
    const auto value = token < all.size() ? TRY(pipeline(all, token, dot, line)) : Value();
    auto outer = std::exchange(variables_, {{{"$", value}}});
    auto at = named->second;
    TRY(execute(at, value));
    variables_ = std::move(outer);
    return {};
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
      if (text == "break" || text == "continue") {
        leaving_ = text == "break" ? Leaving::loop : Leaving::turn;
        ++at;
        TRY(skip(at));
        break;
      }
      if (text.starts_with("define ") || text.starts_with("block ")) {
        if (text.starts_with("block ")) TRY(invoke(TRY(tokens(part)), dot, part.line));
        ++at;
        TRY(skip(at));
        continue;
      }
      if (opens(text)) {
        TRY(body(at, dot));
        if (leaving_ == Leaving::nothing) continue;
        ++at;
        TRY(skip(at));
        break;
      }
      const auto all = TRY(tokens(part));
      if (!all.empty() && all[0].kind == Token::Kind::word && all[0].text == "template") {
        TRY(invoke(all, dot, part.line));
        continue;
      }
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
        TRY(execute(at, item));
        if (leaving_ == Leaving::turn) leaving_ = Leaving::nothing;
        return {};
      };
      if (value.is_array()) {
        for (std::size_t i = 0; i < value.items().size() && leaving_ == Leaving::nothing; ++i)
          TRY(one(Value(i), value.items()[i]));
      } else if (value.is_object()) {
        for (auto member = value.members().begin(); member != value.members().end() && leaving_ == Leaving::nothing;
             ++member)
          TRY(one(Value(member->name), member->value));
      } else if (!value.is_null()) {
        return wrong(line, "a range goes over a list or a map");
      }
      leaving_ = Leaving::nothing;
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

  Result<Value> call(const std::string& name, std::vector<Value>& a, const std::string& first_variable,
                     std::uint32_t line) {
    // The only one that changes what a variable holds.
    if (name == "set" && a.size() == 3) {
      auto map = a[0];
      map.set(show(a[1]), a[2]);
      if (auto* known = first_variable.empty() ? nullptr : variable(first_variable)) *known = map;
      return map;
    }
    // Tables are printed where they are rendered, whatever becomes of the value.
    if (name == "renderTable" && a.size() == 1) {
      out_ += render_table(a[0]);
      return Value("");
    }
    auto value = call_template_function(name, a);
    if (!value) return wrong(line, value.error().message);
    return value;
  }

  const std::string& file_;
  std::string problem_;
  std::vector<Part> parts_;
  enum class Leaving : std::uint8_t { nothing, turn, loop } leaving_ = Leaving::nothing;
  std::map<std::string, std::size_t> definitions_;  // where a named template's body begins
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
