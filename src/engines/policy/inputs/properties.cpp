// Java properties: key and value on a logical line, \ escapes and continuation, ${key} references within the file.
#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {}

  Result<Value> read() {
    Value root = Value::object();
    root.span = {0, static_cast<std::uint32_t>(text_.size())};
    while (true) {
      while (at_ < text_.size() && (is_blank(text_[at_]) || at_end_of_line())) ++at_;
      if (at_ >= text_.size()) break;
      if (text_[at_] == '#' || text_[at_] == '!') {
        while (at_ < text_.size() && !at_end_of_line()) ++at_;
        continue;
      }
      const auto key_begin = at_;
      std::string key = TRY(read_key());
      const auto key_end = at_;
      skip_separator();
      const auto value_begin = at_;
      std::string value = TRY(read_value());
      set_member(root, key, {static_cast<std::uint32_t>(key_begin), static_cast<std::uint32_t>(key_end)},
                 string_value(value, value_begin, std::max(value_begin, at_)));
    }
    Value expanded = root;
    for (auto& member : expanded.members()) {
      std::size_t budget = kExpandedBytes;
      Value value = string_value(TRY(expand(member.value.as_string(), root, member, {member.name}, budget)),
                                 member.value.span.begin, member.value.span.end);
      member.value = std::move(value);
    }
    return expanded;
  }

 private:
  bool at_end_of_line() const { return text_[at_] == '\n' || text_[at_] == '\r'; }

  // A backslash at at_: a line continuation adds nothing.
  Result<void> take_escape(std::string& out) {
    ++at_;
    if (at_ >= text_.size()) return {};
    const char c = text_[at_++];
    switch (c) {
      case 'f':
        out += '\f';
        return {};
      case 'n':
        out += '\n';
        return {};
      case 'r':
        out += '\r';
        return {};
      case 't':
        out += '\t';
        return {};
      case '\r':
        if (at_ < text_.size() && text_[at_] == '\n') ++at_;
        [[fallthrough]];
      case '\n':
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
        return {};
      case 'u': {
        char32_t point = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
          const char h = at_ < text_.size() ? text_[at_] : '\0';
          const int digit = h >= '0' && h <= '9'   ? h - '0'
                            : h >= 'a' && h <= 'f' ? h - 'a' + 10
                            : h >= 'A' && h <= 'F' ? h - 'A' + 10
                                                   : -1;
          if (digit < 0)
            return syntax_error("properties", text_, options_, at_,
                                "invalid unicode literal: \\u is followed by four hexadecimal digits");
          point = point * 16 + static_cast<char32_t>(digit);
        }
        utf8::append(out, point >= 0xD800 && point <= 0xDFFF ? U'\uFFFD' : point);
        return {};
      }
      default:
        out += c;
        return {};
    }
  }

  Result<std::string> read_key() {
    std::string key;
    while (at_ < text_.size() && !at_end_of_line()) {
      const char c = text_[at_];
      if (c == '\\') {
        TRY(take_escape(key));
      } else if (c == '=' || c == ':' || is_blank(c)) {
        break;
      } else {
        key += c;
        ++at_;
      }
    }
    return key;
  }
  void skip_separator() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (at_ < text_.size() && (text_[at_] == '=' || text_[at_] == ':')) ++at_;
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  Result<std::string> read_value() {
    std::string value;
    while (at_ < text_.size() && !at_end_of_line()) {
      if (text_[at_] == '\\') {
        TRY(take_escape(value));
      } else {
        value += text_[at_++];
      }
    }
    return value;
  }

  Result<std::string> expand(std::string_view value, const Value& all, const doc::Member& owner,
                             std::vector<std::string> chain, std::size_t& budget) {
    std::string out;
    while (true) {
      const auto open = value.find("${");
      out += value.substr(0, open);
      if (open == std::string_view::npos) break;
      value.remove_prefix(open + 2);
      const auto close = value.find('}');
      if (close == std::string_view::npos)
        return syntax_error("properties", text_, options_, owner.value.span.begin,
                            "malformed expression: ${ without }");
      const std::string name(value.substr(0, close));
      value.remove_prefix(close + 1);
      for (const auto& link : chain)
        if (link == name)
          return syntax_error("properties", text_, options_, owner.value.span.begin,
                              format("circular reference in \"{}\" through ${{{}}}", owner.name, name));
      if (chain.size() > kExpansionDepth)
        return fail(ErrorKind::limit, "limit.depth", format("more than {} nested references", kExpansionDepth),
                    Place{.file = options_.file});
      if (const auto* target = all.find(name)) {
        auto longer = chain;
        longer.push_back(name);
        out += TRY(expand(target->as_string(), all, owner, std::move(longer), budget));
      }
      if (out.size() > budget)
        return fail(ErrorKind::limit, "limit.size",
                    format("a value grows past {} bytes by its references", kExpandedBytes),
                    Place{.file = options_.file});
    }
    return out;
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Value> read_properties(std::string_view text, const ReadOptions& options) {
  return Reader(text, options).read();
}

}  // namespace chiron::policy::inputs
