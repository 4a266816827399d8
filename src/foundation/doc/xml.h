// XML: a streaming reader over expat (coverage files of hundreds of megabytes) and a tree over pugixml.
// Neither loads external entities; entity expansion is refused.
#pragma once
#include <functional>

#include "foundation/doc/value.h"

namespace chiron::doc {

struct XmlAttribute {
  std::string_view name;
  std::string_view value;
};

// Receives elements in order; views live only during the call. Return false to stop ("doc.stopped").
class XmlSink {
 public:
  virtual ~XmlSink() = default;
  virtual bool begin_element(std::string_view name, std::span<const XmlAttribute> attributes, std::uint64_t offset) = 0;
  virtual bool end_element(std::string_view name) = 0;
  virtual bool text(std::string_view) { return true; }
};

// Errors: "xml.syntax", "xml.entity" (a DOCTYPE that declares entities), "limit.depth", with their place.
[[nodiscard]] Result<void> read_xml(std::string_view text, XmlSink& sink, const ReadOptions& options = {});

// The same from a source of chunks: `next` fills the buffer and returns the bytes it wrote, 0 at the end.
[[nodiscard]] Result<void> read_xml_stream(const std::function<Result<std::size_t>(std::span<char>)>& next, XmlSink& sink,
                                           const ReadOptions& options = {});

}  // namespace chiron::doc
