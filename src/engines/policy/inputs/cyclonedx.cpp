// CycloneDX SBOMs: JSON as it is, XML in the shape of the JSON form (CycloneDX 1.0–1.6).
#include <algorithm>
#include <array>

#include "engines/policy/inputs/xml_tree.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"

namespace chiron::policy::inputs {

namespace {

// Elements that hold a list of others: the list becomes an array.
constexpr std::array<std::string_view, 38> kLists = {
    "components",      "services",    "dependencies", "externalReferences",
    "hashes",          "licenses",    "properties",   "compositions",
    "vulnerabilities", "annotations", "formulation",  "authors",
    "tools",           "endpoints",   "data",         "commits",
    "patches",         "ancestors",   "descendants",  "variants",
    "notes",           "ratings",     "cwes",         "advisories",
    "references",      "affects",     "versions",     "lifecycles",
    "assemblies",      "subjects",    "tags",         "workflows",
    "tasks",           "steps",       "inputs",       "outputs",
    "responses",       "resolves"};
constexpr std::array<std::string_view, 4> kBooleans = {"authenticated", "x-trust-boundary", "isExternal", "signed"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Value convert(const XmlElement& element, std::string_view parent);

Value scalar(const XmlElement& element) {
  const auto text = text::trim(element.text);
  if (is_one_of(kBooleans, element.name) && (text == "true" || text == "false")) {
    Value value(text == "true");
    value.span = element.span;
    return value;
  }
  return string_value(text, element.span.begin, element.span.end);
}

Value list(const XmlElement& element) {
  Value array = Value::array();
  array.span = element.span;
  for (const auto& child : element.children) {
    if (element.name == "licenses") {
      Value choice = Value::object();
      choice.span = child.span;
      choice.members().push_back({child.name, child.span, convert(child, element.name)});
      array.items().push_back(std::move(choice));
    } else {
      array.items().push_back(convert(child, element.name));
    }
  }
  return array;
}

// Nesting is bounded by the XML reader (limits::kXmlDepth), small enough for recursion.
Value convert(const XmlElement& element, std::string_view parent) {
  if (parent == "dependencies" || element.name == "dependency") {
    Value object = Value::object();
    object.span = element.span;
    for (const auto& [name, value] : element.attributes)
      object.members().push_back({name, element.span, string_value(value, element.span.begin, element.span.end)});
    if (!element.children.empty()) {
      Value depends = Value::array();
      depends.span = element.span;
      for (const auto& child : element.children)
        for (const auto& [name, value] : child.attributes)
          if (name == "ref") depends.items().push_back(string_value(value, child.span.begin, child.span.end));
      object.members().push_back({"dependsOn", element.span, std::move(depends)});
    }
    return object;
  }
  if (is_one_of(kLists, element.name) && element.attributes.empty() && text::trim(element.text).empty())
    return list(element);
  if (element.children.empty() && element.attributes.empty()) return scalar(element);

  Value object = Value::object();
  object.span = element.span;
  auto set = [&](std::string_view name, Value value) { set_member(object, name, element.span, std::move(value)); };
  for (const auto& [name, value] : element.attributes) {
    if (name == "xmlns" || name == "xsi" || name == "xsd" || name == "schemaLocation") continue;
    set(name, string_value(value, element.span.begin, element.span.end));
  }
  const auto text = text::trim(element.text);
  if (element.children.empty() && !text.empty()) {
    // hash: <hash alg="…">value</hash>; property: <property name="…">value</property>; texts: content.
    const std::string_view member = element.name == "property" ? "value" : "content";
    set(member, string_value(text, element.span.begin, element.span.end));
  }
  for (const auto& child : element.children) set(child.name, convert(child, element.name));
  return object;
}

}  // namespace

Result<Value> read_cyclonedx(std::string_view text, const ReadOptions& options) {
  auto content = text::trim(text);
  if (content.starts_with("\xEF\xBB\xBF")) content = text::trim(content.substr(3));
  if (content.starts_with('{')) return doc::parse_json(text, options);
  const auto bom = TRY(read_xml_tree(text, options));
  if (bom.name != "bom")
    return syntax_error("cyclonedx", text, options, bom.span.begin,
                        "the root element of a CycloneDX document is <bom>");
  Value root = Value::object();
  root.span = {0, static_cast<std::uint32_t>(text.size())};
  auto set = [&](std::string_view name, Value value) { set_member(root, name, bom.span, std::move(value)); };
  constexpr std::string_view kNamespace = "http://cyclonedx.org/schema/bom/";
  for (const auto& [name, value] : bom.attributes) {
    if (name == "xmlns" && value.starts_with(kNamespace)) {
      set("bomFormat", string_value("CycloneDX", bom.span.begin, bom.span.end));
      set("specVersion", string_value(value.substr(kNamespace.size()), bom.span.begin, bom.span.end));
    } else if (name == "serialNumber") {
      set(name, string_value(value, bom.span.begin, bom.span.end));
    } else if (name == "version") {
      const auto number = text::parse_signed(value);
      Value version = number ? Value(*number) : Value(value);
      version.span = bom.span;
      set(name, std::move(version));
    }
  }
  for (const auto& child : bom.children) set(child.name, convert(child, "bom"));
  return root;
}

}  // namespace chiron::policy::inputs
