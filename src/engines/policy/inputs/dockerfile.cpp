// Dockerfiles in Conftest's shape: an array with one array of commands, each with Cmd, SubCmd, JSON, Flags, Value and
// Stage, comments as commands of their own. The value of each instruction is cut into words as BuildKit's parser
// does it; every word knows its place, over line continuations, too.
#include <algorithm>
#include <array>
#include <optional>

#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"

namespace chiron::policy::inputs {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

// Text joined from several lines, each byte with its offset in the file.
struct Joined {
  std::string text;
  std::vector<std::uint32_t> offsets;

  void append(std::string_view piece, std::size_t offset) {
    for (std::size_t i = 0; i < piece.size(); ++i) {
      text += piece[i];
      offsets.push_back(static_cast<std::uint32_t>(offset + i));
    }
  }
  [[nodiscard]] Joined slice(std::size_t begin, std::size_t end) const {
    return {text.substr(begin, end - begin),
            {offsets.begin() + static_cast<std::ptrdiff_t>(begin), offsets.begin() + static_cast<std::ptrdiff_t>(end)}};
  }
  [[nodiscard]] Joined trimmed() const {
    std::size_t begin = 0, end = text.size();
    while (begin < end && is_space(text[begin])) ++begin;
    while (end > begin && is_space(text[end - 1])) --end;
    return slice(begin, end);
  }
  [[nodiscard]] Value value() const {
    Value out(text);
    if (!offsets.empty()) out.span = {offsets.front(), offsets.back() + 1};
    return out;
  }
};

enum class Form { words, json_or_text, json_or_words, assignments, names, text, health, sub_command };
struct Instruction {
  std::string_view name;
  Form form;
};
constexpr std::array kInstructions = {
    Instruction{"add", Form::json_or_words},
    Instruction{"arg", Form::names},
    Instruction{"cmd", Form::json_or_text},
    Instruction{"copy", Form::json_or_words},
    Instruction{"entrypoint", Form::json_or_text},
    Instruction{"env", Form::assignments},
    Instruction{"expose", Form::words},
    Instruction{"from", Form::words},
    Instruction{"healthcheck", Form::health},
    Instruction{"label", Form::assignments},
    Instruction{"maintainer", Form::text},
    Instruction{"onbuild", Form::sub_command},
    Instruction{"run", Form::json_or_text},
    Instruction{"shell", Form::json_or_text},
    Instruction{"stopsignal", Form::text},
    Instruction{"user", Form::text},
    Instruction{"volume", Form::json_or_words},
    Instruction{"workdir", Form::text},
};

struct Node {
  std::string name;  // as spelt
  std::vector<Value> flags;
  std::vector<Value> values;
  bool json = false;
  Span span;
};

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {}

  Result<Value> read() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    read_directives();
    int stage = -1;
    std::vector<Value> comments;
    Value commands = Value::array();
    commands.span = {0, static_cast<std::uint32_t>(text_.size())};
    while (at_ < text_.size()) {
      const auto begin = at_;
      const auto line = take_line();
      const auto content = text::trim(line);
      if (content.empty()) continue;
      if (content.front() == '#') {
        const auto comment = text::trim(content.substr(1));
        const auto offset = static_cast<std::size_t>(content.data() - text_.data());
        comments.push_back(string_value(comment, offset, offset + content.size()));
        continue;
      }
      Joined logical = join_continuation(line, begin);
      Node node = TRY(parse_instruction(logical.trimmed(), begin));
      const std::string name = text::to_lower_ascii(node.name);
      if (name == "from") ++stage;
      const int shown = std::max(stage, 0);
      for (auto& comment : comments) {
        const Span span = comment.span;
        std::vector<Value> values;
        values.push_back(std::move(comment));
        commands.items().push_back(command("comment", "", false, std::nullopt, std::move(values), shown, span));
      }
      comments.clear();
      std::string sub_command;
      Node inner;
      Node* source = &node;
      if (name == "onbuild") {
        inner = TRY(parse_instruction(std::move(sub_), begin));
        sub_command = inner.name;
        inner.span = node.span;
        source = &inner;
      }
      commands.items().push_back(
          command(name, sub_command, source->json, std::move(node.flags), std::move(source->values), shown, node.span));
      skip_heredocs(logical.text, name);
    }
    if (commands.items().empty()) return syntax_error("dockerfile", text_, options_, 0, "file with no instructions");
    Value root = Value::array();
    root.span = commands.span;
    root.items().push_back(std::move(commands));
    return root;
  }

 private:
  std::string_view take_line() {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    auto line = text_.substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    return line;
  }

  // "# escape=`" at the very top changes the continuation character.
  void read_directives() {
    auto ahead = at_;
    while (ahead < text_.size()) {
      const auto end = std::min(text_.find('\n', ahead), text_.size());
      auto line = text::trim(text_.substr(ahead, end - ahead));
      if (!line.starts_with('#')) return;
      line = text::trim(line.substr(1));
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) return;
      const auto name = text::to_lower_ascii(text::trim(line.substr(0, equals)));
      const auto value = text::trim(line.substr(equals + 1));
      if (name == "escape" && value.size() == 1) escape_ = value.front();
      if (name != "escape" && name != "syntax" && name != "check") return;
      ahead = end + 1;
    }
  }

  // Whether the line goes on; `line` loses the continuation character.
  bool take_continuation(std::string_view& line) const {
    auto cut = line;
    while (!cut.empty() && is_space(cut.back())) cut.remove_suffix(1);
    if (cut.empty() || cut.back() != escape_) return false;
    cut.remove_suffix(1);
    if (escape_ == '\\' && !cut.empty() && cut.back() == '\\') return false;
    line = cut;
    return true;
  }

  Joined join_continuation(std::string_view first, std::size_t begin) {
    Joined joined;
    std::string_view line = first;
    std::size_t offset = begin;
    bool more = take_continuation(line);
    if (!more && line.ends_with('\r')) line.remove_suffix(1);
    joined.append(line, offset);
    while (more && at_ < text_.size()) {
      offset = at_;
      line = take_line();
      const auto content = text::trim(line);
      if (content.empty() || content.front() == '#') continue;  // dropped inside a continuation
      more = take_continuation(line);
      if (!more && line.ends_with('\r')) line.remove_suffix(1);
      joined.append(line, offset);
    }
    return joined;
  }

  // RUN <<EOF … EOF: the lines up to the marker belong to the instruction.
  void skip_heredocs(std::string_view line, const std::string& name) {
    if (name != "run" && name != "copy" && name != "add") return;
    std::size_t from = 0;
    while ((from = line.find("<<", from)) != std::string_view::npos) {
      from += 2;
      bool chomp = false;
      if (from < line.size() && line[from] == '-') {
        chomp = true;
        ++from;
      }
      if (from < line.size() && line[from] == '<') return;
      char quote = '\0';
      if (from < line.size() && (line[from] == '"' || line[from] == '\'')) quote = line[from++];
      auto end = from;
      while (end < line.size() && !is_space(line[end]) && line[end] != quote && line[end] != ';' && line[end] != '>')
        ++end;
      const auto marker = line.substr(from, end - from);
      from = end;
      if (marker.empty()) continue;
      while (at_ < text_.size()) {
        auto body = take_line();
        if (body.ends_with('\r')) body.remove_suffix(1);
        if (chomp)
          while (body.starts_with('\t')) body.remove_prefix(1);
        if (body == marker) break;
      }
    }
  }

  Result<Node> parse_instruction(Joined line, std::size_t begin) {
    Node node;
    std::size_t end = 0;
    while (end < line.text.size() && !is_space(line.text[end])) ++end;
    node.name = line.text.substr(0, end);
    node.span = line.offsets.empty() ? Span{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin)}
                                     : Span{line.offsets.front(), line.offsets.back() + 1};
    const std::string name = text::to_lower_ascii(node.name);
    const auto* known = std::ranges::find(kInstructions, name, &Instruction::name);
    if (known == kInstructions.end()) {
      std::vector<std::string> names;
      for (const auto& instruction : kInstructions) names.emplace_back(instruction.name);
      const auto near = text::nearest(name, names);
      return syntax_error("dockerfile", text_, options_, node.span.begin, format("unknown instruction: {}", node.name),
                          near ? format("did you mean {}?", text::to_upper_ascii(*near)) : "");
    }
    Joined rest = line.slice(end, line.text.size()).trimmed();
    take_flags(rest, node);
    if (rest.text.empty() && known->form != Form::json_or_text && known->form != Form::text)
      return syntax_error("dockerfile", text_, options_, node.span.begin,
                          format("{} requires at least one argument", text::to_upper_ascii(node.name)));
    switch (known->form) {
      case Form::words:
        split_words(rest, node.values);
        break;
      case Form::json_or_text:
        if (!take_json(rest, node) && !rest.text.empty()) node.values.push_back(rest.value());
        break;
      case Form::json_or_words:
        if (!take_json(rest, node)) split_words(rest, node.values);
        break;
      case Form::assignments:
        TRY(split_assignments(rest, node));
        break;
      case Form::names:
        for (auto& word : shell_words(rest)) node.values.push_back(word.value());
        break;
      case Form::text:
        if (!rest.text.empty()) node.values.push_back(rest.value());
        break;
      case Form::health: {
        std::size_t word = 0;
        while (word < rest.text.size() && !is_space(rest.text[word])) ++word;
        Joined kind = rest.slice(0, word);
        kind.text = text::to_upper_ascii(kind.text);
        node.values.push_back(kind.value());
        Joined command = rest.slice(word, rest.text.size()).trimmed();
        if (!command.text.empty() && !take_json(command, node)) node.values.push_back(command.value());
        break;
      }
      case Form::sub_command:
        sub_ = std::move(rest);
        break;
    }
    return node;
  }

  void take_flags(Joined& rest, Node& node) const {
    while (rest.text.starts_with("--")) {
      std::size_t end = 0;
      char quote = '\0';
      while (end < rest.text.size()) {
        const char c = rest.text[end];
        if (quote != '\0') {
          if (c == quote) quote = '\0';
        } else if (c == '"' || c == '\'') {
          quote = c;
        } else if (is_space(c)) {
          break;
        }
        ++end;
      }
      Joined flag = rest.slice(0, end);
      rest = rest.slice(end, rest.text.size()).trimmed();
      if (flag.text == "--") return;
      std::erase_if(flag.text, [](char c) { return c == '"' || c == '\''; });
      node.flags.push_back(flag.value());
    }
  }

  static void split_words(const Joined& rest, std::vector<Value>& out) {
    for (std::size_t i = 0; i < rest.text.size();) {
      while (i < rest.text.size() && is_space(rest.text[i])) ++i;
      const auto begin = i;
      while (i < rest.text.size() && !is_space(rest.text[i])) ++i;
      if (i > begin) out.push_back(rest.slice(begin, i).value());
    }
  }

  // Words that keep their quotes; a quote or an escape protects a space.
  std::vector<Joined> shell_words(const Joined& rest) const {
    std::vector<Joined> words;
    for (std::size_t i = 0; i < rest.text.size();) {
      while (i < rest.text.size() && is_space(rest.text[i])) ++i;
      const auto begin = i;
      char quote = '\0';
      while (i < rest.text.size()) {
        const char c = rest.text[i];
        if (c == escape_ && quote != '\'' && i + 1 < rest.text.size()) {
          i += 2;
          continue;
        }
        if (quote != '\0') {
          if (c == quote) quote = '\0';
        } else if (c == '"' || c == '\'') {
          quote = c;
        } else if (is_space(c)) {
          break;
        }
        ++i;
      }
      if (i > begin) words.push_back(rest.slice(begin, std::min(i, rest.text.size())));
    }
    return words;
  }

  // NAME=value pairs, or the old form NAME value; each gives name, value and the separator.
  Result<void> split_assignments(const Joined& rest, Node& node) {
    const auto words = shell_words(rest);
    auto add = [&](const Joined& name, const Joined& value, std::string_view separator) {
      node.values.push_back(name.value());
      node.values.push_back(value.value());
      Value mark{separator};
      mark.span = node.values.back().span;
      node.values.push_back(std::move(mark));
    };
    if (!words.empty() && words.front().text.find('=') == std::string::npos) {
      std::size_t end = 0;
      while (end < rest.text.size() && !is_space(rest.text[end])) ++end;
      const Joined value = rest.slice(end, rest.text.size()).trimmed();
      if (value.text.empty())
        return syntax_error("dockerfile", text_, options_, node.span.begin,
                            format("{} must have two arguments", text::to_upper_ascii(node.name)));
      add(rest.slice(0, end), value, "");
      return {};
    }
    for (const auto& word : words) {
      const auto equals = word.text.find('=');
      if (equals == std::string::npos)
        return syntax_error(
            "dockerfile", text_, options_, node.span.begin,
            format("Syntax error - can't find = in \"{}\". Must be of the form: name=value", word.text));
      add(word.slice(0, equals), word.slice(equals + 1, word.text.size()), "=");
    }
    return {};
  }

  // The exec form: an array of strings. The place of each is searched in the source.
  static bool take_json(const Joined& rest, Node& node) {
    if (!rest.text.starts_with('[')) return false;
    const auto parsed = doc::parse_json(rest.text);
    if (!parsed || !parsed->is_array()) return false;
    for (const auto& item : parsed->items())
      if (!item.is_string()) return false;
    node.json = true;
    for (const auto& item : parsed->items()) {
      Value value(item.as_string());
      const auto last = std::min<std::size_t>(item.span.end, rest.offsets.size());
      if (item.span.begin < last) value.span = {rest.offsets[item.span.begin], rest.offsets[last - 1] + 1};
      node.values.push_back(std::move(value));
    }
    return true;
  }

  static Value command(std::string_view name, std::string_view sub_command, bool json,
                       std::optional<std::vector<Value>> flags, std::vector<Value> values, int stage, Span span) {
    Value object = Value::object();
    object.span = span;
    auto set = [&](std::string_view key, Value value) {
      if (value.span.end == 0) value.span = span;
      object.members().push_back({std::string(key), span, std::move(value)});
    };
    auto list = [&](std::vector<Value> items) {
      for (auto& item : items)
        if (item.span.end == 0) item.span = span;
      return Value::array(std::move(items));
    };
    set("Cmd", Value(name));
    set("SubCmd", Value(sub_command));
    set("JSON", Value(json));
    set("Flags", flags ? list(std::move(*flags)) : Value());
    set("Value", values.empty() ? Value() : list(std::move(values)));
    set("Stage", Value(stage));
    return object;
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
  char escape_ = '\\';
  Joined sub_;  // what ONBUILD carries
};

}  // namespace

Result<Value> read_dockerfile(std::string_view text, const ReadOptions& options) {
  return Reader(text, options).read();
}

}  // namespace chiron::policy::inputs
