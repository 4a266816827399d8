// A small tree of an XML document, for the readers that give it a shape (xml.cpp, cyclonedx.cpp).
#pragma once
#include <string>
#include <vector>

#include "engines/policy/inputs/formats.h"

namespace chiron::policy::inputs {

struct XmlElement {
  std::string name;  // without its namespace prefix
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<XmlElement> children;
  std::string text;       // all of it
  std::string last_text;  // the last run of it
  Span span;
};

// The root element.
[[nodiscard]] Result<XmlElement> read_xml_tree(std::string_view text, const ReadOptions& options);

}  // namespace chiron::policy::inputs
