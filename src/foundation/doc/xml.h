// XML: a streaming reader over expat (coverage files of hundreds of megabytes).
// A DOCTYPE is accepted and never loaded; declaring an entity, or using one that is not built in, is refused.
#pragma once
#include <functional>
#include <span>

#include "foundation/doc/value.h"

namespace chiron::doc {

struct XmlAttribute {
  std::string_view name;
  std::string_view value;
};

// Receives elements in order; views live only during the call. Return false to stop ("doc.stopped").
// Names keep their prefix ("ns:element"); `offset` is the byte offset of the "<".
class XmlSink {
 public:
  virtual ~XmlSink() = default;
  virtual bool begin_element(std::string_view name, std::span<const XmlAttribute> attributes, std::uint64_t offset) = 0;
  virtual bool end_element(std::string_view name) = 0;
  // Character data in pieces (a text may come in several). Asked for once, before reading: a reader of attributes
  // only says no and saves a call for every line's white space.
  [[nodiscard]] virtual bool wants_text() const { return true; }
  virtual bool text(std::string_view) { return true; }
};

// Errors: "xml.syntax", "xml.entity" (a declared or unknown entity), "xml.encoding", "limit.depth", "limit.size",
// "doc.stopped", with their place. The depth bound is limits::kXmlDepth or options.max_depth, whichever is less.
[[nodiscard]] Result<void> read_xml(std::string_view text, XmlSink& sink, const ReadOptions& options = {});

// The same from a source of chunks: `next` fills the buffer and returns the bytes it wrote, 0 at the end.
[[nodiscard]] Result<void> read_xml_stream(const std::function<Result<std::size_t>(std::span<char>)>& next,
                                           XmlSink& sink, const ReadOptions& options = {});

}  // namespace chiron::doc
