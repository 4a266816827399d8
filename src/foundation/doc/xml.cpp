// The adapter around expat. Everything the library reports goes through one State, so that a stop for our own
// reason (depth, entity, the sink's wish) is told apart from a syntax error.
#include "foundation/doc/xml.h"

#include <expat.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "foundation/base/format.h"
#include "foundation/base/limits.h"

namespace chiron::doc {

namespace {

// Big enough that the per-chunk work of the library does not show, small enough to stay in the second-level cache.
constexpr std::size_t kChunkBytes = 256 * limits::kKiB;

struct ParserFree {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserFree>;

enum class Stop { none, by_sink, entity, depth };

struct State {
  XML_Parser parser = nullptr;
  XmlSink* sink = nullptr;
  std::size_t depth = 0;
  std::size_t max_depth = 0;
  Stop stop = Stop::none;
  std::string entity;
  std::vector<XmlAttribute> attributes;

  void stop_for(Stop reason) {
    if (stop != Stop::none) return;
    stop = reason;
    XML_StopParser(parser, XML_FALSE);
  }
};

void XMLCALL on_begin(void* user, const XML_Char* name, const XML_Char** pairs) {
  auto& state = *static_cast<State*>(user);
  // After a stop the library may still deliver the end of an empty element and the like.
  if (state.stop != Stop::none) return;
  if (++state.depth > state.max_depth) return state.stop_for(Stop::depth);
  state.attributes.clear();
  for (; pairs[0] != nullptr; pairs += 2) state.attributes.push_back({pairs[0], pairs[1]});
  const auto offset = static_cast<std::uint64_t>(std::max<XML_Index>(0, XML_GetCurrentByteIndex(state.parser)));
  if (!state.sink->begin_element(name, state.attributes, offset)) state.stop_for(Stop::by_sink);
}

void XMLCALL on_end(void* user, const XML_Char* name) {
  auto& state = *static_cast<State*>(user);
  if (state.stop != Stop::none) return;
  --state.depth;
  if (!state.sink->end_element(name)) state.stop_for(Stop::by_sink);
}

void XMLCALL on_text(void* user, const XML_Char* text, int length) {
  auto& state = *static_cast<State*>(user);
  if (state.stop != Stop::none) return;
  if (!state.sink->text({text, static_cast<std::size_t>(length)})) state.stop_for(Stop::by_sink);
}

void refuse_entity(State& state, const XML_Char* name) {
  if (state.stop != Stop::none) return;
  state.entity = name == nullptr ? "" : name;
  state.stop_for(Stop::entity);
}

// Any declaration is refused, used or not: the cheapest place to end a billion laughs or a read of /etc/passwd.
void XMLCALL on_entity_declared(void* user, const XML_Char* name, int, const XML_Char*, int, const XML_Char*,
                                const XML_Char*, const XML_Char*, const XML_Char*) {
  refuse_entity(*static_cast<State*>(user), name);
}

// With an external DTD that nobody loads, the library would drop `&unknown;` silently.
void XMLCALL on_entity_skipped(void* user, const XML_Char* name, int) {
  refuse_entity(*static_cast<State*>(user), name);
}

class Reader {
 public:
  [[nodiscard]] static Result<Reader> create(XmlSink& sink, const ReadOptions& options) {
    Reader reader(options);
    reader.parser_.reset(XML_ParserCreate(nullptr));
    if (!reader.parser_) return fail(ErrorKind::internal, "xml.memory", "failed to read XML: out of memory");
    reader.state_ = std::make_unique<State>();
    reader.state_->parser = reader.parser_.get();
    reader.state_->sink = &sink;
    reader.state_->max_depth = std::min(options.max_depth, limits::kXmlDepth);
    XML_Parser parser = reader.parser_.get();
    XML_SetUserData(parser, reader.state_.get());
    XML_SetElementHandler(parser, on_begin, on_end);
    if (sink.wants_text()) XML_SetCharacterDataHandler(parser, on_text);
    XML_SetEntityDeclHandler(parser, on_entity_declared);
    XML_SetSkippedEntityHandler(parser, on_entity_skipped);
    XML_SetParamEntityParsing(parser, XML_PARAM_ENTITY_PARSING_NEVER);
    return reader;
  }

  // The library's own buffer for the next chunk.
  [[nodiscard]] Result<std::span<char>> buffer() {
    void* memory = XML_GetBuffer(parser_.get(), static_cast<int>(kChunkBytes));
    if (memory == nullptr) return std::unexpected(error());
    return std::span<char>(static_cast<char*>(memory), kChunkBytes);
  }

  [[nodiscard]] Result<void> parse(std::size_t length, bool is_final) {
    total_ += length;
    if (total_ > options_.max_bytes) {
      return fail(ErrorKind::limit, "limit.size", format("XML document is larger than {} bytes", options_.max_bytes),
                  Place{options_.file}, "split it, or raise the bound");
    }
    if (XML_ParseBuffer(parser_.get(), static_cast<int>(length), is_final ? 1 : 0) != XML_STATUS_OK ||
        state_->stop != Stop::none)
      return std::unexpected(error());
    return {};
  }

 private:
  explicit Reader(const ReadOptions& options) : options_(options) {}

  [[nodiscard]] Error error() const {
    XML_Parser parser = parser_.get();
    Error error{ErrorKind::input, "xml.syntax", "", Place{}, {}, ""};
    error.place->file = options_.file;
    error.place->line = static_cast<std::uint32_t>(XML_GetCurrentLineNumber(parser));
    error.place->column = static_cast<std::uint32_t>(XML_GetCurrentColumnNumber(parser)) + 1;
    switch (state_->stop) {
      case Stop::by_sink:
        error.code = "doc.stopped";
        error.message = "reading stopped";
        return error;
      case Stop::entity:
        error.code = "xml.entity";
        error.message =
            format("XML entity '{}' is declared by the document or unknown; entities are refused", state_->entity);
        error.next = "write the text out in place of the entity";
        return error;
      case Stop::depth:
        error.kind = ErrorKind::limit;
        error.code = "limit.depth";
        error.message = format("XML elements are nested deeper than {}", state_->max_depth);
        return error;
      case Stop::none:
        break;
    }
    const auto code = XML_GetErrorCode(parser);
    const char* reason = XML_ErrorString(code);
    error.message = format("malformed XML: {}", reason == nullptr ? "unknown error" : reason);
    if (code == XML_ERROR_UNKNOWN_ENCODING) {
      error.code = "xml.encoding";
      error.next = "UTF-8, UTF-16, ISO-8859-1 and US-ASCII are read";
    } else if (code == XML_ERROR_UNDEFINED_ENTITY || code == XML_ERROR_EXTERNAL_ENTITY_HANDLING) {
      error.code = "xml.entity";
      error.next = "write the text out in place of the entity";
    }
    return error;
  }

  ReadOptions options_;
  Parser parser_;
  std::unique_ptr<State> state_;  // its address is the library's user data, so it must not move
  std::uint64_t total_ = 0;
};

}  // namespace

Result<void> read_xml_stream(const std::function<Result<std::size_t>(std::span<char>)>& next, XmlSink& sink,
                             const ReadOptions& options) {
  auto reader = TRY(Reader::create(sink, options));
  for (;;) {
    const auto buffer = TRY(reader.buffer());
    const auto length = TRY(next(buffer));
    TRY(reader.parse(std::min(length, buffer.size()), length == 0));
    if (length == 0) return {};
  }
}

Result<void> read_xml(std::string_view text, XmlSink& sink, const ReadOptions& options) {
  return read_xml_stream(
      [&](std::span<char> buffer) -> Result<std::size_t> {
        const auto length = std::min(buffer.size(), text.size());
        std::memcpy(buffer.data(), text.data(), length);
        text.remove_prefix(length);
        return length;
      },
      sink, options);
}

}  // namespace chiron::doc
