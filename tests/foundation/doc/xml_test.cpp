#include "foundation/doc/xml.h"

#include <doctest/doctest.h>

#include "foundation/base/format.h"
#include "foundation/base/limits.h"

using namespace chiron;

namespace {

// Writes what it hears as one line of text, which is what the tests compare.
class Recorder final : public doc::XmlSink {
 public:
  bool begin_element(std::string_view name, std::span<const doc::XmlAttribute> attributes,
                     std::uint64_t offset) override {
    heard += "<" + std::string(name);
    for (const auto& [key, value] : attributes) heard += " " + std::string(key) + "=" + std::string(value);
    heard += "@" + std::to_string(offset);
    return name != stop_at;
  }
  bool end_element(std::string_view name) override {
    heard += "</" + std::string(name);
    return true;
  }
  bool text(std::string_view piece) override {
    heard += "'" + std::string(piece) + "'";
    return true;
  }
  std::string heard;
  std::string stop_at;
};

Error refused(std::string_view text, doc::ReadOptions options = {}) {
  Recorder recorder;
  options.file = "c.xml";
  const auto result = doc::read_xml(text, recorder, options);
  REQUIRE_FALSE(result.has_value());
  return result.error();
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "<a>";
  for (std::size_t i = 0; i < depth; ++i) text += "</a>";
  return text;
}

}  // namespace

TEST_CASE("elements, attributes, text and built-in entities arrive in order") {
  Recorder recorder;
  REQUIRE(doc::read_xml("<?xml version='1.0'?><a x='1' y='&lt;&#65;'>t<b/><!-- no --><![CDATA[<c>]]></a>", recorder));
  CHECK(recorder.heard == "<a x=1 y=<A@21't'<b@45</b'<c>'</a");
}

TEST_CASE("a DOCTYPE that only names a DTD is accepted and not loaded") {
  for (const auto* text : {"<!DOCTYPE coverage SYSTEM \"http://example.invalid/coverage-04.dtd\"><coverage/>",
                           "<!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\"><report/>",
                           "<!DOCTYPE a [<!ELEMENT a EMPTY>]><a/>"}) {
    Recorder recorder;
    CHECK(doc::read_xml(text, recorder).has_value());
  }
}

TEST_CASE("entities are refused, declared, external, nested or unknown") {
  for (const auto* text : {
           "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>",
           "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
           "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://example.invalid/'> %p;]><a/>",
           "<!DOCTYPE a [<!ENTITY l 'ha'><!ENTITY m '&l;&l;&l;'><!ENTITY n '&m;&m;&m;'>]><a>&n;</a>",
           "<!DOCTYPE a SYSTEM 'a.dtd'><a>&unknown;</a>",
           "<a>&unknown;</a>",
       }) {
    CAPTURE(text);
    CHECK(refused(text).code == "xml.entity");
  }
}

TEST_CASE("errors name line and column, columns in code points") {
  const auto error = refused("<a>\n<b ä='ö'></a>");
  CHECK(error.code == "xml.syntax");
  CHECK(to_string(*error.place) == "c.xml:2:12");
  CHECK(refused("").code == "xml.syntax");
  CHECK(refused("<a>").code == "xml.syntax");
  CHECK(refused("<a/><b/>").code == "xml.syntax");
  CHECK(refused("<?xml version='1.0' encoding='x-klingon'?><a/>").code == "xml.encoding");
}

TEST_CASE("depth and size have bounds, tested at the limit and one past it") {
  Recorder recorder;
  CHECK(doc::read_xml(nested(limits::kXmlDepth), recorder).has_value());
  CHECK(refused(nested(limits::kXmlDepth + 1)).code == "limit.depth");
  doc::ReadOptions options;
  options.max_bytes = 4;
  CHECK(doc::read_xml("<a/>", recorder, options).has_value());
  CHECK(refused("<ab/>", options).code == "limit.size");
}

TEST_CASE("a sink can stop the reader, and nothing arrives afterwards") {
  Recorder recorder;
  recorder.stop_at = "b";
  const auto result = doc::read_xml("<a><b/><c/></a>", recorder);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == "doc.stopped");
  CHECK(recorder.heard == "<a@0<b@3");
}

TEST_CASE("chunks may end anywhere") {
  const std::string text = "<a x='ö'><b y='&amp;'/></a>";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    Recorder recorder;
    std::size_t at = 0;
    REQUIRE(doc::read_xml_stream(
        [&](std::span<char> buffer) -> Result<std::size_t> {
          const auto length = std::min(step, text.size() - at);
          text.copy(buffer.data(), length, at);
          at += length;
          return length;
        },
        recorder));
    CHECK(recorder.heard == "<a x=ö@0<b y=&@10</b</a");
  }
}
