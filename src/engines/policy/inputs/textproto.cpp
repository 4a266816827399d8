// The text format of protocol buffers: read by the message that a comment "# proto-message: NAME" names, given in the
// canonical JSON of that message with the fields' own names, as Conftest gives it: 64-bit integers and bytes (base64)
// are strings, enumerations are names, and what proto3 does not tell from its default is left out.
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "engines/policy/inputs/object_builder.h"
#include "engines/policy/inputs/proto_lexer.h"
#include "engines/policy/inputs/proto_schema.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs {

namespace {

using proto::Field;
using proto::FieldType;
using proto::Message;
using proto::TokenKind;

bool is_type_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// The first "# proto-message: NAME" of the text.
std::string_view message_type(std::string_view text) {
  constexpr std::string_view kMark = "proto-message:";
  for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    std::size_t before = at;
    while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t')) --before;
    if (before == at || before == 0 || text[before - 1] != '#') continue;
    std::size_t begin = at + kMark.size();
    while (begin < text.size() && (text[begin] == ' ' || text[begin] == '\t')) ++begin;
    std::size_t end = begin;
    while (end < text.size() && is_type_character(text[end])) ++end;
    if (begin > at + kMark.size() && end > begin) return text.substr(begin, end - begin);
  }
  return {};
}

template <class T>
std::string shortest(T number) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return error == std::errc() ? std::string(buffer, end) : std::string("0");
}

// A value as JSON has it, and whether it is its type's default.
struct Scalar {
  Value value;
  bool is_default = false;
};

// A message while its fields come in.
struct Filling {
  const Message* message = nullptr;
  std::string name;
  ObjectBuilder object;
  std::map<std::string, ObjectBuilder> maps;
  std::map<std::string, Span> set;  // singular fields, also those left out of the JSON
  std::map<int, std::string> oneofs;
};

class TextReader {
 public:
  TextReader(std::string_view text, const ReadOptions& options, const proto::Schema& schema)
      : text_(text), schema_(schema), lexer_("textproto", text, options, true) {}

  Result<Value> read(std::string_view type) {
    TRY(lexer_.advance());
    return message(std::string(type), "", {0, static_cast<std::uint32_t>(text_.size())}, 0);
  }

 private:
  // The fields up to `close`, which is current afterwards ("" is the end of the text).
  Result<Value> message(const std::string& type, std::string_view close, Span open, std::size_t depth) {
    if (depth > kBlockDepth) return lexer_.too_deep();
    Filling filling;
    filling.message = schema_.message(type);
    filling.name = type;
    if (filling.message == nullptr) return lexer_.wrong_at(open, format("message {} is not defined", type));
    while (true) {
      if (lexer_.current().kind == TokenKind::end) {
        if (!close.empty()) return lexer_.wrong_at(open, format("message not closed with {}", close));
        break;
      }
      if (!close.empty() && lexer_.at(close)) break;
      TRY(field(filling, depth));
      if (lexer_.at(",") || lexer_.at(";")) TRY(lexer_.advance());
    }
    for (const auto& [name, field] : filling.message->fields)
      if (field.presence == proto::Presence::required && !filling.set.contains(name))
        return lexer_.wrong_at(open, format("required field {}.{} not set", type, name));
    for (auto& [name, entries] : filling.maps) {
      const Span span = filling.object.find(name)->span;
      filling.object.set(name, span, entries.take(span));
    }
    const Span whole = close.empty() ? open : Span{open.begin, lexer_.current().span.end};
    return well_known(type, filling.object.take(whole));
  }

  Result<void> field(Filling& filling, std::size_t depth) {
    const Span begin = lexer_.current().span;
    std::string name;
    const Field* found = nullptr;
    if (lexer_.at("[")) {
      name = TRY(extension_name());
      found = schema_.extension(filling.name, name.substr(1, name.size() - 2));
    } else {
      if (lexer_.current().kind != TokenKind::word) return lexer_.wrong("expected a field's name");
      name = std::string(lexer_.current().text);
      const auto known = filling.message->fields.find(name);
      if (known != filling.message->fields.end()) found = &known->second;
      TRY(lexer_.advance());
    }
    const Span name_span{begin.begin, static_cast<std::uint32_t>(last_end_ > begin.begin ? last_end_ : begin.end)};
    if (found == nullptr && filling.message->reserved.contains(name)) return skip_value(depth);
    if (found == nullptr)
      return lexer_.wrong_at(begin, format("unknown field: {} of {}", name, filling.name),
                             "correct its name, or add it to the .proto file");
    const bool colon = lexer_.at(":");
    if (colon) TRY(lexer_.advance());
    if (!colon && found->type != FieldType::message && !found->is_map)
      return lexer_.wrong(format("missing : behind {}", name));
    if (!lexer_.at("[") || !colon) return add(filling, *found, name, name_span, depth);
    if (!found->repeated && !found->is_map) return lexer_.wrong(format("{} is not repeated, but has a list", name));
    TRY(lexer_.advance());
    while (!lexer_.at("]")) {
      TRY(add(filling, *found, name, name_span, depth));
      if (lexer_.at(",")) {
        TRY(lexer_.advance());
        if (lexer_.at("]")) return lexer_.wrong("expected a value behind the comma");
      } else if (!lexer_.at("]")) {
        return lexer_.wrong("expected , or ] in a list");
      }
    }
    return lexer_.advance();
  }

  // [full.name]: an extension.
  Result<std::string> extension_name() {
    std::string name;
    while (!lexer_.at("]")) {
      if (lexer_.current().kind == TokenKind::end) return lexer_.wrong("extension's name not closed");
      if (lexer_.at("/")) return lexer_.wrong("google.protobuf.Any in its expanded form is not supported");
      name += lexer_.current().text;
      TRY(lexer_.advance());
    }
    last_end_ = lexer_.current().span.end;
    TRY(lexer_.advance());
    return name + "]";
  }

  Result<void> add(Filling& filling, const Field& field, const std::string& name, Span name_span, std::size_t depth) {
    if (field.is_map) return add_entry(filling, field, name, name_span, depth);
    const Span at = lexer_.current().span;
    Scalar made = TRY(value(field, depth));
    if (field.repeated) {
      Value* list = filling.object.find(name);
      if (list == nullptr) {
        Value fresh = Value::array();
        fresh.span = made.value.span;
        filling.object.set(name, name_span, std::move(fresh));
        list = filling.object.find(name);
      }
      list->span.end = made.value.span.end;
      list->items().push_back(std::move(made.value));
      return {};
    }
    if (!filling.set.try_emplace(name, at).second)
      return lexer_.wrong_at(at, format("non-repeated field {} is repeated", name));
    if (field.oneof >= 0 && !filling.oneofs.try_emplace(field.oneof, name).second)
      return lexer_.wrong_at(at,
                             format("{} is set, but {} of the same choice is, too", name, filling.oneofs[field.oneof]));
    if (field.presence == proto::Presence::not_tracked && made.is_default) return {};
    filling.object.set(name, name_span, std::move(made.value));
    return {};
  }

  // { key: … value: … }; a missing half is its type's default.
  Result<void> add_entry(Filling& filling, const Field& field, const std::string& name, Span name_span,
                         std::size_t depth) {
    const Span open = lexer_.current().span;
    const bool brace = lexer_.at("{");
    if (!brace && !lexer_.at("<")) return lexer_.wrong(format("expected an entry {{ key: … value: … }} of {}", name));
    const std::string_view close = brace ? "}" : ">";
    TRY(lexer_.advance());
    Field key_field, value_field = field;
    key_field.type = field.key;
    value_field.is_map = false;
    std::optional<Scalar> key, inner;
    while (!lexer_.at(close)) {
      const bool is_key = lexer_.at("key");
      if (!is_key && !lexer_.at("value")) return lexer_.wrong("expected key or value of an entry");
      TRY(lexer_.advance());
      if (lexer_.at(":"))
        TRY(lexer_.advance());
      else if (is_key || field.type != FieldType::message)
        return lexer_.wrong("missing : behind key or value");
      (is_key ? key : inner) = TRY(value(is_key ? key_field : value_field, depth));
      if (lexer_.at(",") || lexer_.at(";")) TRY(lexer_.advance());
    }
    const Span span{open.begin, lexer_.current().span.end};
    TRY(lexer_.advance());
    if (!key) key = default_of(key_field, span);
    if (!inner) inner = default_of(value_field, span);
    if (filling.object.find(name) == nullptr) {
      Value whole = Value::object();
      whole.span = span;
      filling.object.set(name, name_span, std::move(whole));
    }
    filling.object.find(name)->span.end = span.end;
    const std::string spelt =
        key->value.is_boolean() ? (key->value.as_boolean() ? "true" : "false") : key->value.as_string();
    filling.maps[name].set(spelt, key->value.span, std::move(inner->value));
    return {};
  }

  Scalar default_of(const Field& field, Span span) const {
    Scalar made;
    made.is_default = true;
    switch (field.type) {
      case FieldType::message:
        made.value = Value::object();
        break;
      case FieldType::boolean:
        made.value = Value(false);
        break;
      case FieldType::string:
      case FieldType::bytes:
        made.value = Value("");
        break;
      case FieldType::int64:
      case FieldType::uint64:
        made.value = Value("0");
        break;
      case FieldType::enumeration:
        if (const auto* known = schema_.enumeration(field.type_name)) {
          const auto zero = known->names.find(0);
          made.value = zero == known->names.end() ? Value(0) : Value(zero->second);
        }
        break;
      default:
        made.value = Value(0);
        break;
    }
    made.value.span = span;
    return made;
  }

  Result<Scalar> value(const Field& field, std::size_t depth) {
    if (field.type == FieldType::message) {
      const Span open = lexer_.current().span;
      const bool brace = lexer_.at("{");
      if (!brace && !lexer_.at("<")) return lexer_.wrong("expected { before a message");
      TRY(lexer_.advance());
      Scalar made;
      made.value = TRY(message(field.type_name, brace ? "}" : ">", open, depth + 1));
      TRY(lexer_.advance());
      return made;
    }
    if (field.type == FieldType::string || field.type == FieldType::bytes) return text_value(field);
    const Span begin = lexer_.current().span;
    const bool negative = lexer_.at("-");
    if (negative) TRY(lexer_.advance());
    const std::string word(lexer_.current().text);
    const TokenKind kind = lexer_.current().kind;
    const Span span{begin.begin, lexer_.current().span.end};
    if (kind != TokenKind::word && kind != TokenKind::number) return lexer_.wrong("expected a value");
    TRY(lexer_.advance());
    Scalar made;
    switch (field.type) {
      case FieldType::boolean:
        made = TRY(boolean(word, negative, span));
        break;
      case FieldType::enumeration:
        made = TRY(enumeration(field, word, kind, negative, span));
        break;
      case FieldType::real:
      case FieldType::single_real:
        made = TRY(real(field.type, word, kind, negative, span));
        break;
      default:
        made = TRY(integer(field.type, word, kind, negative, span));
        break;
    }
    made.value.span = span;
    return made;
  }

  // Neighbouring strings are one.
  Result<Scalar> text_value(const Field& field) {
    if (lexer_.current().kind != TokenKind::string) return lexer_.wrong("expected a string");
    Span span = lexer_.current().span;
    std::string content;
    while (lexer_.current().kind == TokenKind::string) {
      content += lexer_.current().content;
      span.end = lexer_.current().span.end;
      TRY(lexer_.advance());
    }
    if (field.type == FieldType::string && utf8::find_invalid(content) != std::string::npos)
      return lexer_.wrong_at(span, "a string that is not valid UTF-8");
    Scalar made;
    made.is_default = content.empty();
    made.value = Value(field.type == FieldType::bytes ? base64(content) : content);
    made.value.span = span;
    return made;
  }

  Result<Scalar> boolean(const std::string& word, bool negative, Span span) const {
    for (const std::string_view yes : {"true", "True", "t", "1"})
      if (!negative && word == yes) return Scalar{Value(true), false};
    for (const std::string_view no : {"false", "False", "f", "0"})
      if (!negative && word == no) return Scalar{Value(false), true};
    return lexer_.wrong_at(span, format("{} is no boolean", word));
  }

  Result<Scalar> enumeration(const Field& field, const std::string& word, TokenKind kind, bool negative,
                             Span span) const {
    const auto* known = schema_.enumeration(field.type_name);
    if (kind == TokenKind::word && !negative) {
      const auto found = known->numbers.find(word);
      if (found == known->numbers.end())
        return lexer_.wrong_at(span, format("{} is no value of {}", word, field.type_name));
      return Scalar{Value(known->names.at(found->second)), found->second == 0};
    }
    const auto number = text::parse_signed((negative ? "-" : "") + word);
    if (!number || *number < INT32_MIN || *number > INT32_MAX)
      return lexer_.wrong_at(span, format("{} is no value of {}", word, field.type_name));
    const auto named = known->names.find(static_cast<std::int32_t>(*number));
    return Scalar{named == known->names.end() ? Value(*number) : Value(named->second), *number == 0};
  }

  Result<Scalar> integer(FieldType type, const std::string& word, TokenKind kind, bool negative, Span span) const {
    const bool hex = word.starts_with("0x") || word.starts_with("0X");
    const bool octal = !hex && word.size() > 1 && word.front() == '0';
    const char* first = word.c_str() + (hex ? 2 : octal ? 1 : 0);
    const char* last = word.c_str() + word.size();
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(first, last, size, hex ? 16 : octal ? 8 : 10);
    if (kind != TokenKind::number || error == std::errc::invalid_argument || end != last)
      return lexer_.wrong_at(span, format("{} is no integer", word));
    std::uint64_t most = 0;
    switch (type) {
      case FieldType::int32:
        most = std::uint64_t{INT32_MAX} + (negative ? 1 : 0);
        break;
      case FieldType::int64:
        most = std::uint64_t{INT64_MAX} + (negative ? 1 : 0);
        break;
      case FieldType::uint32:
        most = negative ? 0 : UINT32_MAX;
        break;
      default:
        most = negative ? 0 : UINT64_MAX;
        break;
    }
    if (error != std::errc() || size > most)
      return lexer_.wrong_at(span, format("{}{} is out of the range of its field", negative ? "-" : "", word));
    std::string spelt = (negative && size > 0 ? "-" : "") + std::to_string(size);
    const bool wide = type == FieldType::int64 || type == FieldType::uint64;
    return Scalar{wide ? Value(spelt) : Value::number(spelt), size == 0};
  }

  Result<Scalar> real(FieldType type, std::string word, TokenKind kind, bool negative, Span span) const {
    const std::string lower = text::to_lower_ascii(word);
    if (kind == TokenKind::word) {
      if (lower == "nan") return Scalar{Value("NaN"), false};
      if (lower == "inf" || lower == "infinity" || lower == "inff" || lower == "infinityf")
        return Scalar{Value(negative ? "-Infinity" : "Infinity"), false};
      return lexer_.wrong_at(span, format("{} is no number", word));
    }
    if (lower.ends_with('f') && !lower.starts_with("0x")) word.pop_back();
    if (lower.starts_with("0x") || (word.size() > 1 && word[0] == '0' && is_octal(word))) {
      const auto whole = TRY(integer(FieldType::uint64, word, kind, false, span));
      word = whole.value.as_string();
    }
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (end != word.data() + word.size() || error == std::errc::invalid_argument)
      return lexer_.wrong_at(span, format("{} is no number", word));
    if (error == std::errc::result_out_of_range) number = std::strtod(word.c_str(), nullptr);
    if (type == FieldType::single_real) number = static_cast<double>(static_cast<float>(number));
    if (negative) number = -number;
    if (std::isinf(number)) return Scalar{Value(negative ? "-Infinity" : "Infinity"), false};
    std::string spelt = type == FieldType::single_real ? shortest(static_cast<float>(number)) : shortest(number);
    return Scalar{Value::number(std::move(spelt)), number == 0 && !std::signbit(number)};
  }

  static bool is_octal(std::string_view word) { return word.find_first_not_of("01234567") == std::string_view::npos; }

  // The value of a name that the message reserves.
  Result<void> skip_value(std::size_t depth) {
    if (depth > kBlockDepth) return lexer_.too_deep();
    if (lexer_.at(":")) TRY(lexer_.advance());
    std::size_t open = 0;
    while (true) {
      if (lexer_.current().kind == TokenKind::end) return lexer_.wrong("unexpected end of the file");
      const bool string = lexer_.current().kind == TokenKind::string;
      const bool sign = lexer_.at("-");
      if (lexer_.at("{") || lexer_.at("[") || lexer_.at("<")) ++open;
      if (lexer_.at("}") || lexer_.at("]") || lexer_.at(">")) {
        if (open == 0) return lexer_.wrong("expected a value");
        --open;
      }
      TRY(lexer_.advance());
      if (open == 0 && !sign && !(string && lexer_.current().kind == TokenKind::string)) return {};
    }
  }

  // Messages that JSON has a form of its own for.
  Result<Value> well_known(std::string_view type, Value made) const {
    constexpr std::string_view kPackage = "google.protobuf.";
    if (!type.starts_with(kPackage)) return made;
    const std::string_view name = type.substr(kPackage.size());
    const Span span = made.span;
    if (name.ends_with("Value") && schema_.message(type)->fields.size() == 1) {
      const Value* inner = made.find("value");
      Value out = inner != nullptr ? *inner : default_of(schema_.message(type)->fields.begin()->second, span).value;
      out.span = span;
      return out;
    }
    if (name != "Timestamp" && name != "Duration") return made;
    const std::int64_t seconds = text::parse_signed(made.string_or("seconds", "0")).value_or(0);
    const std::int64_t nanos = made.integer_or("nanos", 0);
    if (name == "Timestamp") return timestamp(seconds, nanos, span);
    constexpr std::int64_t kMostSeconds = 315'576'000'000;
    if (std::abs(seconds) > kMostSeconds || std::abs(nanos) > 999'999'999 ||
        (seconds != 0 && nanos != 0 && (seconds < 0) != (nanos < 0)))
      return lexer_.wrong_at(span, "a duration out of range");
    const bool negative = seconds < 0 || nanos < 0;
    return string_value((negative ? "-" : "") + std::to_string(std::abs(seconds)) + fraction(std::abs(nanos)) + "s",
                        span.begin, span.end);
  }

  // Nothing, or a point and 3, 6 or 9 digits.
  static std::string fraction(std::int64_t nanos) {
    if (nanos == 0) return {};
    std::string digits = format(".{:09}", nanos);
    while (digits.ends_with("000")) digits.erase(digits.size() - 3);
    return digits;
  }

  Result<Value> timestamp(std::int64_t seconds, std::int64_t nanos, Span span) const {
    constexpr std::int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799, kDay = 86'400;
    if (seconds < kFirst || seconds > kLast || nanos < 0 || nanos > 999'999'999)
      return lexer_.wrong_at(span, "a timestamp out of range");
    // Days since 1970 to a date of the Gregorian calendar, by eras of 400 years beginning in March.
    const std::int64_t day = (seconds - (seconds % kDay + kDay) % kDay) / kDay, second = seconds - day * kDay;
    const std::int64_t shifted = day + 719'468, era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
    const std::int64_t of_era = shifted - era * 146'097;
    const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
    const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t march = (5 * of_year + 2) / 153, month = march < 10 ? march + 3 : march - 9;
    const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return string_value(
        format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", year, month, of_year - (153 * march + 2) / 5 + 1,
               second / 3600, second / 60 % 60, second % 60, fraction(nanos)),
        span.begin, span.end);
  }

  std::string_view text_;
  const proto::Schema& schema_;
  proto::Lexer lexer_;
  std::size_t last_end_ = 0;  // of an extension's name
};

}  // namespace

Result<Value> read_textproto(std::string_view text, const ReadOptions& options, const proto::Schema* schema) {
  const std::string_view type = message_type(text);
  if (type.empty())
    return fail(ErrorKind::input, "textproto.type",
                "extract proto message type: file does not contain necessary "
                "proto-message comment",
                Place{.file = options.file, .line = 1, .column = 1},
                "name the message in a comment: # proto-message: package.Message");
  if (schema == nullptr || schema->message(type) == nullptr) {
    const auto at = static_cast<std::uint32_t>(type.data() - text.data());
    return fail(ErrorKind::input, "textproto.type", format("look up message type \"{}\": not found", type),
                place_of(text, options, {at, at + static_cast<std::uint32_t>(type.size())}),
                "give the folder of its .proto file with --proto-file-dirs");
  }
  return TextReader(text, options, *schema).read(type);
}

}  // namespace chiron::policy::inputs
