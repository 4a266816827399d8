// RapidJSON as a validating, iterative SAX parser. The token's begin is found from the end of the token before it
// (only white space, commas and colons lie between), so spans are exact without a parser of our own.
#include "foundation/doc/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <unordered_set>

#include "foundation/base/format.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"

namespace chiron::doc {

namespace {

// MemoryStream ends with '\0' at the end, which RapidJSON cannot tell from a NUL byte in the text; a NUL inside a
// document is refused as a syntax error either way.
using Stream = rapidjson::MemoryStream;

constexpr unsigned kFlags =
    rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
// For text that is known to be UTF-8: checked in one sweep, which costs a tenth of a check at every character.
constexpr unsigned kCheckedFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
constexpr unsigned kRelaxedFlags = kFlags | rapidjson::kParseCommentsFlag | rapidjson::kParseTrailingCommasFlag;

class Handler {
 public:
  // `text` is what is parsed, `source` the same bytes as they were given.
  Handler(std::string_view text, std::string_view source, Stream& stream, Sink& sink, const ReadOptions& options)
      : text_(text), source_(source), stream_(stream), sink_(sink), options_(options) {}

  // Does not tell the sink the first `count` events again: it had them before the parser was started anew.
  void pass_over(std::size_t count) { passed_over_ = count; }
  [[nodiscard]] std::size_t events() const { return events_; }

  bool Null() {
    const auto span = token(4);
    return known() || sink_.null(span);
  }
  bool Bool(bool value) {
    const auto span = token(value ? 4 : 5);
    return known() || sink_.boolean(value, span);
  }
  bool RawNumber(const char*, rapidjson::SizeType length, bool) {
    const auto span = token(length);
    // Spelt as in the source, which is not always what was parsed (see tame_numbers).
    return known() || sink_.number(source_.substr(span.begin, length), span);
  }
  bool String(const char* data, rapidjson::SizeType length, bool) {
    const auto span = string_token();
    return known() || sink_.string({data, length}, span);
  }
  bool Key(const char* data, rapidjson::SizeType length, bool) {
    const std::string_view name(data, length);
    const auto span = string_token();
    if (!options_.allow_duplicate_keys && !names_.empty() && !names_.back().insert(name)) {
      duplicate_ = name;
      duplicate_span_ = span;
      return false;
    }
    return known() || sink_.key(name, span);
  }
  bool StartObject() {
    if (!deeper()) return false;
    if (!options_.allow_duplicate_keys) names_.emplace_back();
    const auto span = bracket();
    return known() || sink_.begin_object(span);
  }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    if (!options_.allow_duplicate_keys) names_.pop_back();
    const auto span = bracket();
    return known() || sink_.end_object(span);
  }
  bool StartArray() {
    if (!deeper()) return false;
    const auto span = bracket();
    return known() || sink_.begin_array(span);
  }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    const auto span = bracket();
    return known() || sink_.end_array(span);
  }
  // Numbers come through RawNumber; the reader's template still names these.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  // Why the handler stopped the parser.
  [[nodiscard]] Result<void> stop_reason(const utf8::LineIndex& lines) const {
    if (duplicate_)
      return fail(ErrorKind::input, "json.duplicate-key", format("the key \"{}\" is given twice", *duplicate_),
                  lines.place(options_.file, duplicate_span_.begin, duplicate_span_.end), "Remove one of the two.");
    if (too_deep_)
      return fail(ErrorKind::limit, "limit.depth", format("nested deeper than {} levels", options_.max_depth),
                  lines.place(options_.file, stream_.Tell(), stream_.Tell()));
    return fail(ErrorKind::input, "doc.stopped", "reading was stopped",
                lines.place(options_.file, stream_.Tell(), stream_.Tell()));
  }

 private:
  // The names of one open object: few are compared one by one, many through a set.
  class Names {
   public:
    bool insert(std::string_view name) {
      if (set_.empty() && list_.size() < 16) {
        if (std::ranges::find(list_, name) != list_.end()) return false;
        list_.emplace_back(name);
        return true;
      }
      if (set_.empty())
        for (auto& known : list_) set_.insert(std::move(known));
      return set_.emplace(name).second;
    }

   private:
    std::vector<std::string> list_;
    std::unordered_set<std::string> set_;
  };

  bool deeper() {
    if (++depth_ > options_.max_depth) too_deep_ = true;
    return !too_deep_;
  }
  Span token(std::size_t length) {
    const auto end = stream_.Tell();
    last_end_ = end;
    return {static_cast<std::uint32_t>(end - length), static_cast<std::uint32_t>(end)};
  }
  // The iterative parser reports a bracket before it steps over it.
  Span bracket() {
    const auto at = stream_.Tell();
    last_end_ = at + 1;
    return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + 1)};
  }
  Span string_token() {
    auto begin = last_end_;
    while (begin < text_.size() && text_[begin] != '"') {
      if (text_[begin] == '/')
        begin = skip_comment(begin);
      else
        ++begin;
    }
    const auto end = stream_.Tell();
    last_end_ = end;
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  std::size_t skip_comment(std::size_t at) const {
    const bool block = text_.substr(at).starts_with("/*");
    const auto end = text_.find(block ? std::string_view("*/") : std::string_view("\n"), at + 2);
    return end == std::string_view::npos ? text_.size() : end + (block ? 2 : 1);
  }

  // Counts an event; true where the sink has it already.
  bool known() { return events_++ < passed_over_; }

  std::string_view text_;
  std::string_view source_;
  Stream& stream_;
  Sink& sink_;
  const ReadOptions& options_;
  std::vector<Names> names_;
  std::size_t depth_ = 0;
  std::size_t last_end_ = 0;
  std::size_t events_ = 0;
  std::size_t passed_over_ = 0;
  bool too_deep_ = false;
  std::optional<std::string> duplicate_;
  Span duplicate_span_;
};

std::string syntax_message(rapidjson::ParseErrorCode code, std::string_view text, std::size_t offset) {
  using namespace rapidjson;
  const bool at_end = offset >= text.size();
  switch (code) {
    case kParseErrorDocumentEmpty:
      return "the document is empty";
    case kParseErrorDocumentRootNotSingular:
      return "text follows the end of the document";
    case kParseErrorObjectMissName:
      return at_end ? "the object is not closed" : "a key in double quotes is expected here";
    case kParseErrorObjectMissColon:
      return "a colon is expected after the key";
    case kParseErrorObjectMissCommaOrCurlyBracket:
      return at_end ? "the object is not closed" : "a comma or } is expected here";
    case kParseErrorArrayMissCommaOrSquareBracket:
      return at_end ? "the array is not closed" : "a comma or ] is expected here";
    case kParseErrorStringMissQuotationMark:
      return "the string is not closed";
    case kParseErrorStringEscapeInvalid:
      return "this escape is not one of JSON's";
    case kParseErrorStringUnicodeEscapeInvalidHex:
      return "four hexadecimal digits are expected after \\u";
    case kParseErrorStringUnicodeSurrogateInvalid:
      return "half of a surrogate pair";
    case kParseErrorNumberMissFraction:
      return "digits are expected after the decimal point";
    case kParseErrorNumberMissExponent:
      return "digits are expected in the exponent";
    default:
      return at_end ? "the document ends too early" : "a value is expected here";
  }
}

// The bytes of the number (RFC 8259, section 6) at the front of `text`, 0 where there is none.
std::size_t number_length(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  if (text.starts_with('-')) ++i;
  const auto first = i;
  const auto whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return 0;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return 0;
  }
  return i;
}

// The parser refuses numbers that no double holds, which JSON allows. Each is overwritten by a small one of the same
// length; the handler takes the spelling from the source.
void tame_numbers(std::string& text) {
  constexpr std::size_t kHarmless = 20;  // shorter ones without an exponent fit
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == '"')
        in_string = false;
      continue;
    }
    if (text[i] == '"') in_string = true;
    if (text[i] != '-' && (text[i] < '0' || text[i] > '9')) continue;
    const auto length = number_length(std::string_view(text).substr(i));
    if (length == 0) continue;
    const auto number = std::string_view(text).substr(i, length);
    const bool has_exponent = number.find_first_of("eE") != std::string_view::npos;
    if (length >= 4 && (has_exponent || length > kHarmless)) {
      const std::size_t sign = text[i] == '-' ? 1 : 0;
      for (std::size_t k = sign; k < length; ++k) text[i + k] = k == sign + 1 ? '.' : '0';
    }
    i += length - 1;
  }
}

}  // namespace

Result<void> read_json(std::string_view text, Sink& sink, const ReadOptions& options) {
  if (text.size() > std::min(options.max_bytes, limits::kDocumentBytes))
    return fail(ErrorKind::limit, "limit.size",
                format("the document has {} bytes; {} are allowed", text.size(), options.max_bytes),
                Place{options.file});
  std::size_t skipped = 0;
  if (text.starts_with("\xEF\xBB\xBF")) skipped = 3;
  // A byte order mark is passed over in place so that offsets stay those of the file.
  std::string blanked;
  if (skipped != 0) {
    blanked.assign(text);
    blanked.replace(0, 3, "   ");
    text = blanked;
  }
  const auto source = text;
  std::optional<Stream> stream;
  std::optional<Handler> handler;
  // Ill-formed text is parsed with the check at every character: the error then comes with its place.
  const bool checked = utf8::find_invalid(text) == std::string_view::npos;
  const auto parse = [&](std::size_t passed_over) {
    stream.emplace(text.data(), text.size());
    handler.emplace(text, source, *stream, sink, options);
    handler->pass_over(passed_over);
    rapidjson::Reader reader;
    return options.allow_comments ? reader.Parse<kRelaxedFlags>(*stream, *handler)
           : checked              ? reader.Parse<kCheckedFlags>(*stream, *handler)
                                  : reader.Parse<kFlags>(*stream, *handler);
  };
  rapidjson::ParseResult result = parse(0);
  std::string tamed;
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) {
    tamed = text;
    tame_numbers(tamed);
    text = tamed;
    result = parse(handler->events());
  }
  if (!result.IsError()) return {};
  const utf8::LineIndex lines(text);
  if (result.Code() == rapidjson::kParseErrorTermination) return handler->stop_reason(lines);
  const auto offset = std::min(result.Offset(), text.size());
  auto place = lines.place(options.file, offset, offset);
  if (result.Code() == rapidjson::kParseErrorStringInvalidEncoding ||
      utf8::find_invalid(text.substr(0, offset)) != std::string_view::npos) {
    const auto bad = std::min(utf8::find_invalid(text), text.size());
    return fail(ErrorKind::input, "json.encoding", "this byte is not UTF-8", lines.place(options.file, bad, bad),
                "Save the file as UTF-8.");
  }
  return fail(ErrorKind::input, "json.syntax", syntax_message(result.Code(), text, offset), std::move(place));
}

Result<Value> parse_json(std::string_view text, const ReadOptions& options) {
  TreeBuilder builder;
  TRY(read_json(text, builder, options));
  return builder.take();
}

}  // namespace chiron::doc
