// RapidJSON as a validating, iterative SAX parser over a window of the text (json_window.h), which knows where strings
// begin; everything else has a length, so spans are exact without a parser of our own.
#include "foundation/doc/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <unordered_set>

#include "foundation/base/format.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"
#include "foundation/doc/json_window.h"

namespace chiron::doc {

namespace {

constexpr unsigned kFlags =
    rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag;
// With comments, which may hold any bytes, the parser checks the encoding of strings; without, the window sweeps over
// everything, which costs a tenth of a check at every character.
constexpr unsigned kRelaxedFlags = kFlags | rapidjson::kParseCommentsFlag | rapidjson::kParseTrailingCommasFlag |
                                   rapidjson::kParseValidateEncodingFlag;

class Handler {
 public:
  // `source`: the whole text, where it is at hand.
  Handler(std::optional<std::string_view> source, JsonWindow& stream, Sink& sink, const ReadOptions& options)
      : source_(source), stream_(stream), sink_(sink), options_(options) {}

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
    const auto spelt = source_ ? source_->substr(span.begin, length) : stream_.last(length);
    return spelt && (known() || sink_.number(*spelt, span));
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
  Span token(std::size_t length) const {
    const auto end = stream_.Tell();
    return {static_cast<std::uint32_t>(end - length), static_cast<std::uint32_t>(end)};
  }
  // The iterative parser reports a bracket before it steps over it.
  Span bracket() const {
    const auto at = stream_.Tell();
    return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + 1)};
  }
  Span string_token() const {
    return {static_cast<std::uint32_t>(stream_.string_begin()), static_cast<std::uint32_t>(stream_.Tell())};
  }

  // Counts an event; true where the sink has it already.
  bool known() { return events_++ < passed_over_; }

  std::optional<std::string_view> source_;
  JsonWindow& stream_;
  Sink& sink_;
  const ReadOptions& options_;
  std::vector<Names> names_;
  std::size_t depth_ = 0;
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

rapidjson::ParseResult parse(JsonWindow& stream, Handler& handler, const ReadOptions& options) {
  rapidjson::Reader reader;
  return options.allow_comments ? reader.Parse<kRelaxedFlags>(stream, handler) : reader.Parse<kFlags>(stream, handler);
}

}  // namespace

Result<void> read_json(std::string_view text, Sink& sink, const ReadOptions& options) {
  if (text.size() > std::min(options.max_bytes, limits::kDocumentBytes))
    return fail(ErrorKind::limit, "limit.size",
                format("the document has {} bytes; {} are allowed", text.size(), options.max_bytes),
                Place{options.file});
  const auto source = text;
  std::optional<JsonWindow> stream;
  std::optional<Handler> handler;
  std::string_view rest;
  const ReadBytes read = [&rest](std::span<char> into) {
    const auto count = std::min(into.size(), rest.size());
    std::copy_n(rest.data(), count, into.data());
    rest.remove_prefix(count);
    return count;
  };
  const auto run = [&](std::size_t passed_over) {
    rest = text;
    stream.emplace(read, !options.allow_comments, text.size());
    handler.emplace(source, *stream, sink, options);
    handler->pass_over(passed_over);
    return parse(*stream, *handler, options);
  };
  rapidjson::ParseResult result = run(0);
  std::string tamed;
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) {
    tamed = text;
    tame_numbers(tamed);
    text = tamed;
    result = run(handler->events());
  }
  if (!result.IsError() && stream->finished() && !stream->invalid()) return {};
  const utf8::LineIndex lines(text);
  if (result.Code() == rapidjson::kParseErrorTermination) return handler->stop_reason(lines);
  // A NUL behind the document looks like its end to the parser.
  const auto offset = std::min(result.IsError() ? result.Offset() : stream->Tell(), text.size());
  const auto bad = options.allow_comments ? std::string_view::npos : utf8::find_invalid(text);
  if (result.Code() == rapidjson::kParseErrorStringInvalidEncoding || bad <= offset) {
    const auto at = std::min(bad, offset);
    return fail(ErrorKind::input, "json.encoding", "this byte is not UTF-8", lines.place(options.file, at, at),
                "Save the file as UTF-8.");
  }
  const auto code = result.IsError() ? result.Code() : rapidjson::kParseErrorDocumentRootNotSingular;
  return fail(ErrorKind::input, "json.syntax", syntax_message(code, text, offset),
              lines.place(options.file, offset, offset));
}

bool stream_json(const ReadBytes& read, Sink& sink, const ReadOptions& options) {
  const auto bound = std::min(options.max_bytes, limits::kDocumentBytes);
  std::uint64_t total = 0;
  const ReadBytes bounded = [&](std::span<char> into) {
    const auto got = read(into);
    total += got;
    return total > bound ? 0 : got;
  };
  JsonWindow stream(bounded, !options.allow_comments);
  Handler handler(std::nullopt, stream, sink, options);
  return !parse(stream, handler, options).IsError() && stream.finished() && !stream.invalid() && total <= bound;
}

Result<Value> parse_json(std::string_view text, const ReadOptions& options) {
  TreeBuilder builder;
  TRY(read_json(text, builder, options));
  return builder.take();
}

}  // namespace chiron::doc
