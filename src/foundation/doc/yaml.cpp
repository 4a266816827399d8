// libyaml's events, composed into our values: tags and plain scalars resolved, aliases expanded within a bound,
// merge keys applied. libyaml counts positions in characters; the byte offset is found through the line.
#include "foundation/doc/yaml.h"

#include <yaml.h>

#include <map>
#include <unordered_map>

#include "foundation/base/format.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"

namespace chiron::doc {

namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

// The JSON spelling of an integer in YAML's forms (underscores, 0x, 0o, 0b, a plus sign), or nothing.
std::optional<std::string> integer_spelling(std::string_view text) {
  std::string digits;
  bool negative = false;
  if (text.starts_with('+') || text.starts_with('-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] == '_') return std::nullopt;
  int base = 10;
  if (text.starts_with("0x"))
    base = 16;
  else if (text.starts_with("0o"))
    base = 8;
  else if (text.starts_with("0b"))
    base = 2;
  if (base != 10)
    text.remove_prefix(2);
  else if (text.size() > 1 && text[0] == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  for (const char c : text) {
    if (c == '_') continue;
    digits += c;
  }
  if (digits.empty()) return std::nullopt;
  if (base == 10) {
    for (const char c : digits)
      if (c < '0' || c > '9') return std::nullopt;
    return (negative ? "-" : "") + digits;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return (negative && value != 0 ? "-" : "") + std::to_string(value);
}

// A float in JSON's spelling, or nothing: [-+]? ( [0-9]* . [0-9]+ | [0-9]+ (.[0-9]*)? ) ([eE][-+]?[0-9]+)?
std::optional<std::string> float_spelling(std::string_view text) {
  std::string whole, fraction, exponent;
  bool negative = false;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  const auto digits = [&](std::string& out) {
    while (i < text.size() && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '_' && !out.empty()))) {
      if (text[i] != '_') out += text[i];
      ++i;
    }
  };
  digits(whole);
  bool has_point = false;
  if (i < text.size() && text[i] == '.') {
    has_point = true;
    ++i;
    digits(fraction);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  bool has_exponent = false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    has_exponent = true;
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) {
      if (text[i] == '-') exponent = "-";
      ++i;
    }
    const auto before = exponent.size();
    digits(exponent);
    if (exponent.size() == before) return std::nullopt;
  }
  if (i != text.size() || (!has_point && !has_exponent)) return std::nullopt;
  std::string out = negative ? "-" : "";
  const auto first = whole.find_first_not_of('0');
  out += first == std::string::npos ? "0" : whole.substr(first);
  if (!fraction.empty()) out += "." + fraction;
  if (has_exponent) out += "e" + exponent;
  return out;
}

Value resolve_plain(std::string_view text) {
  if (text.empty() || is_one_of(text, {"~", "null", "Null", "NULL"})) return {};
  if (is_one_of(text, {"true", "True", "TRUE"})) return Value(true);
  if (is_one_of(text, {"false", "False", "FALSE"})) return Value(false);
  const char c = text[0];
  if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.') {
    if (auto integer = integer_spelling(text)) return Value::number(*std::move(integer));
    if (auto real = float_spelling(text)) return Value::number(*std::move(real));
  }
  return Value(text);
}

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options) : text_(text), options_(options), lines_(text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Reader() { yaml_parser_delete(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<std::vector<Value>> read() {
    std::vector<Value> documents;
    for (;;) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) return std::unexpected(syntax_error());
      const auto kind = event.type;
      Result<void> result;
      if (kind == YAML_DOCUMENT_START_EVENT) {
        root_.reset();
        anchors_.clear();
      } else if (kind == YAML_DOCUMENT_END_EVENT) {
        documents.push_back(root_ ? std::move(*root_) : Value());
      } else {
        result = take(event);
      }
      yaml_event_delete(&event);
      if (!result) return std::unexpected(std::move(result).error());
      if (kind == YAML_STREAM_END_EVENT) return documents;
    }
  }

 private:
  struct Open {
    Value value;
    std::string anchor;
    bool is_mapping = false;
    bool has_key = false;
    std::string key;
    Span key_span;
    std::size_t merged = 0;  // members [0, merged) came from "<<" and may be overridden
    std::unordered_map<std::string, std::size_t> index;
  };

  Result<void> take(const yaml_event_t& event) {
    const Span span{offset(event.start_mark), offset(event.end_mark)};
    switch (event.type) {
      case YAML_SCALAR_EVENT:
        return scalar(event, span);
      case YAML_ALIAS_EVENT:
        return alias(event, span);
      case YAML_SEQUENCE_START_EVENT:
        return begin(false, event.data.sequence_start.anchor, span);
      case YAML_MAPPING_START_EVENT:
        return begin(true, event.data.mapping_start.anchor, span);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return finish(span);
      default:
        return {};
    }
  }

  Result<void> begin(bool is_mapping, const yaml_char_t* anchor, Span span) {
    if (open_.size() >= std::min(options_.max_depth, limits::kYamlDepth))
      return fail(ErrorKind::limit, "limit.depth",
                  format("nested deeper than {} levels", std::min(options_.max_depth, limits::kYamlDepth)),
                  place(span));
    if (!open_.empty() && open_.back().is_mapping && !open_.back().has_key)
      return fail(ErrorKind::input, "yaml.key", "a mapping's key must be a scalar", place(span),
                  "Write the key as plain or quoted text.");
    Open open;
    open.value = is_mapping ? Value::object() : Value::array();
    open.value.span = span;
    open.is_mapping = is_mapping;
    if (anchor != nullptr) open.anchor = reinterpret_cast<const char*>(anchor);
    open_.push_back(std::move(open));
    return {};
  }

  Result<void> finish(Span span) {
    auto open = std::move(open_.back());
    open_.pop_back();
    // A block collection's end mark lies where the next token begins; its last child says where it ends.
    open.value.span.end = std::max(last_end_, open.value.span.begin);
    if (span.end > span.begin) open.value.span.end = span.end;
    last_end_ = open.value.span.end;
    if (!open.anchor.empty()) TRY(remember(open.anchor, open.value, open.value.span));
    return add(std::move(open.value));
  }

  Result<void> scalar(const yaml_event_t& event, Span span) {
    const auto& s = event.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(s.value), s.length);
    last_end_ = span.end;
    if (!open_.empty() && open_.back().is_mapping && !open_.back().has_key) {
      auto& top = open_.back();
      top.has_key = true;
      top.key = text;
      top.key_span = span;
      is_merge_ = s.style == YAML_PLAIN_SCALAR_STYLE && text == "<<" && s.tag == nullptr;
      merge_flags_.resize(open_.size());
      merge_flags_.back() = is_merge_;
      if (s.anchor != nullptr) TRY(remember(reinterpret_cast<const char*>(s.anchor), Value(text), span));
      return {};
    }
    Value value;
    const std::string_view tag = s.tag != nullptr ? reinterpret_cast<const char*>(s.tag) : "";
    if (tag.empty() || tag == "!") {
      value = s.style == YAML_PLAIN_SCALAR_STYLE && tag.empty() ? resolve_plain(text) : Value(text);
    } else {
      value = TRY(tagged(tag, text, span));
    }
    value.span = span;
    if (s.anchor != nullptr) TRY(remember(reinterpret_cast<const char*>(s.anchor), value, span));
    return add(std::move(value));
  }

  Result<Value> tagged(std::string_view tag, std::string_view text, Span span) {
    if (!tag.starts_with(kTagPrefix)) return Value(text);  // a local tag says nothing to us about the type
    const auto name = tag.substr(kTagPrefix.size());
    if (name == "str" || name == "binary" || name == "timestamp") return Value(text);
    auto value = resolve_plain(text);
    if (name == "int" && value.is_number()) return value;
    if (name == "float" && value.is_number()) return value;
    if (name == "bool" && value.is_boolean()) return value;
    if (name == "null" && value.is_null()) return value;
    return fail(ErrorKind::input, "yaml.tag", format("\"{}\" cannot be read as !!{}", text, name), place(span));
  }

  Result<void> alias(const yaml_event_t& event, Span span) {
    const std::string name = reinterpret_cast<const char*>(event.data.alias.anchor);
    last_end_ = span.end;
    const auto found = anchors_.find(name);
    if (found == anchors_.end())
      return fail(ErrorKind::input, "yaml.alias", format("the anchor &{} is not defined before this alias", name),
                  place(span));
    expanded_ += found->second.nodes;
    if (expanded_ > limits::kYamlAliasExpansion)
      return fail(ErrorKind::limit, "limit.aliases",
                  format("aliases expand to more than {} values", limits::kYamlAliasExpansion), place(span),
                  "Write the repeated parts out, or split the file.");
    if (!open_.empty() && open_.back().is_mapping && !open_.back().has_key) {
      if (!found->second.value.is_string())
        return fail(ErrorKind::input, "yaml.key", "a mapping's key must be a scalar", place(span));
      open_.back().has_key = true;
      open_.back().key = found->second.value.as_string();
      open_.back().key_span = span;
      merge_flags_.resize(open_.size());
      merge_flags_.back() = false;
      return {};
    }
    return add(found->second.value);
  }

  struct Anchor {
    Value value;
    std::size_t nodes;
  };

  static std::size_t count_nodes(const Value& value) {
    // Bounded by the depth limit on what was read.
    std::size_t nodes = 1;
    if (value.is_array())
      for (const auto& item : value.items()) nodes += count_nodes(item);
    if (value.is_object())
      for (const auto& member : value.members()) nodes += count_nodes(member.value);
    return nodes;
  }

  Result<void> remember(const std::string& name, const Value& value, Span span) {
    const auto nodes = count_nodes(value);
    expanded_ += nodes;  // the copy kept for the anchor costs memory too
    if (expanded_ > limits::kYamlAliasExpansion)
      return fail(ErrorKind::limit, "limit.aliases",
                  format("anchors hold more than {} values", limits::kYamlAliasExpansion), place(span));
    anchors_[name] = {value, nodes};
    return {};
  }

  Result<void> add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return {};
    }
    auto& top = open_.back();
    if (!top.is_mapping) {
      top.value.items().push_back(std::move(value));
      return {};
    }
    top.has_key = false;
    if (open_.size() <= merge_flags_.size() && merge_flags_[open_.size() - 1]) return merge(top, value);
    auto& members = top.value.members();
    const auto [position, is_new] = top.index.emplace(top.key, members.size());
    if (!is_new) {
      if (position->second >= top.merged && !options_.allow_duplicate_keys)
        return fail(ErrorKind::input, "yaml.duplicate-key", format("the key \"{}\" is given twice", top.key),
                    place(top.key_span), "Remove one of the two.");
      members[position->second].value = std::move(value);
      members[position->second].name_span = top.key_span;
      return {};
    }
    members.push_back({std::move(top.key), top.key_span, std::move(value)});
    return {};
  }

  // "<<: mapping" or "<<: [mapping, …]": keys that are not given here are taken over; earlier ones win.
  Result<void> merge(Open& top, const Value& source) {
    if (source.is_array()) {
      for (const auto& item : source.items()) {
        if (!item.is_object()) return fail(ErrorKind::input, "yaml.merge", "<< takes mappings", place(top.key_span));
        TRY(merge(top, item));
      }
      return {};
    }
    if (!source.is_object()) return fail(ErrorKind::input, "yaml.merge", "<< takes a mapping", place(top.key_span));
    auto& members = top.value.members();
    for (const auto& member : source.members())
      if (top.index.emplace(member.name, members.size()).second) {
        // Only members that came before any own key count as overridable without a duplicate error.
        if (top.merged == members.size()) ++top.merged;
        members.push_back(member);
      }
    return {};
  }

  [[nodiscard]] std::uint32_t offset(const yaml_mark_t& mark) {
    // Most lines are ASCII: the column is then the byte offset in the line.
    const auto line = static_cast<std::uint32_t>(mark.line) + 1;
    const auto start = lines_.line_start(line);
    if (line != ascii_line_) {
      ascii_line_ = line;
      line_is_ascii_ =
          std::ranges::all_of(lines_.line_text(line), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    }
    const auto at =
        line_is_ascii_ ? start + mark.column : lines_.offset_of(line, static_cast<std::uint32_t>(mark.column) + 1);
    return static_cast<std::uint32_t>(std::min(at, text_.size()));
  }
  [[nodiscard]] Place place(Span span) const { return lines_.place(options_.file, span.begin, span.end); }

  Error syntax_error() {
    const auto& mark = parser_.problem_mark;
    std::string message = parser_.problem != nullptr ? parser_.problem : "cannot be read";
    if (parser_.context != nullptr) message += format(" ({})", parser_.context);
    if (parser_.error == YAML_READER_ERROR) {
      const auto at = std::min<std::size_t>(parser_.problem_offset, text_.size());
      return {ErrorKind::input,
              "yaml.encoding",
              message,
              lines_.place(options_.file, at, at),
              {},
              "Save the file as UTF-8 without control characters."};
    }
    if (parser_.error == YAML_MEMORY_ERROR)
      return {ErrorKind::limit, "limit.memory", "out of memory", Place{options_.file}, {}, {}};
    const auto at = offset(mark);
    return {ErrorKind::input, "yaml.syntax", message, place({at, at}), {}, {}};
  }

  std::string_view text_;
  const ReadOptions& options_;
  utf8::LineIndex lines_;
  yaml_parser_t parser_{};
  std::optional<Value> root_;
  std::vector<Open> open_;
  std::vector<bool> merge_flags_;
  bool is_merge_ = false;
  std::map<std::string, Anchor> anchors_;
  std::size_t expanded_ = 0;
  std::uint32_t last_end_ = 0;
  std::uint32_t ascii_line_ = 0;
  bool line_is_ascii_ = false;
};

}  // namespace

Result<std::vector<Value>> parse_yaml_all(std::string_view text, const ReadOptions& options) {
  if (text.size() > std::min(options.max_bytes, limits::kDocumentBytes))
    return fail(ErrorKind::limit, "limit.size",
                format("the document has {} bytes; {} are allowed", text.size(), options.max_bytes),
                Place{options.file});
  return Reader(text, options).read();
}

Result<Value> parse_yaml(std::string_view text, const ReadOptions& options) {
  auto documents = TRY(parse_yaml_all(text, options));
  if (documents.empty()) return Value();
  if (documents.size() > 1)
    return fail(ErrorKind::input, "yaml.documents",
                format("{} documents in one file where one is expected", documents.size()), Place{options.file});
  return std::move(documents.front());
}

}  // namespace chiron::doc
