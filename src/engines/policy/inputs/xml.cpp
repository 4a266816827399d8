// XML as a document in goxml2json's shape, which Conftest gives: an element with text alone is that string,
// attributes are members named "-name", text beside children is "#content", repeated children become an array.
#include "foundation/doc/xml.h"

#include <unordered_map>

#include "engines/policy/inputs/xml_tree.h"
#include "foundation/base/format.h"
#include "foundation/base/limits.h"

namespace chiron::policy::inputs {

namespace {

std::string_view local_name(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

class TreeSink final : public doc::XmlSink {
 public:
  bool begin_element(std::string_view name, std::span<const doc::XmlAttribute> attributes,
                     std::uint64_t offset) override {
    XmlElement element;
    element.name = local_name(name);
    element.span = {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(offset + name.size() + 1)};
    for (const auto& attribute : attributes)
      element.attributes.emplace_back(local_name(attribute.name), attribute.value);
    if (!open_.empty()) fresh_text_ = true;
    open_.push_back(std::move(element));
    fresh_text_ = true;
    return true;
  }
  bool end_element(std::string_view) override {
    XmlElement element = std::move(open_.back());
    open_.pop_back();
    fresh_text_ = true;
    if (open_.empty())
      root = std::move(element);
    else
      open_.back().children.push_back(std::move(element));
    return true;
  }
  bool text(std::string_view piece) override {
    if (open_.empty()) return true;
    auto& element = open_.back();
    if (fresh_text_) element.last_text.clear();
    fresh_text_ = false;
    element.text += piece;
    element.last_text += piece;
    return true;
  }

  XmlElement root;

 private:
  std::vector<XmlElement> open_;
  bool fresh_text_ = true;
};

bool is_trimmed(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_trimmed(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_trimmed(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// Depth is bounded by kXmlDepth in the reader below this, small enough for recursion.
Value convert(const XmlElement& element) {
  const std::string content = trimmed(element.last_text);
  if (element.children.empty() && element.attributes.empty()) {
    Value value(content);
    value.span = element.span;
    return value;
  }
  Value object = Value::object();
  object.span = element.span;
  auto& members = object.members();
  struct Slot {
    std::size_t position;
    bool repeated;
  };
  std::unordered_map<std::string, Slot> slots;
  auto add = [&](const std::string& name, Value value) {
    const auto [found, fresh] = slots.try_emplace(name, Slot{members.size(), false});
    if (fresh) {
      const Span span = value.span;
      members.push_back({name, span, std::move(value)});
      return;
    }
    auto& existing = members[found->second.position].value;
    if (!found->second.repeated) {
      found->second.repeated = true;
      Value array = Value::array();
      array.span = existing.span;
      array.items().push_back(std::move(existing));
      existing = std::move(array);
    }
    existing.items().push_back(std::move(value));
  };
  if (!content.empty()) add("#content", string_value(content, element.span.begin, element.span.end));
  for (const auto& [name, value] : element.attributes)
    add("-" + name, string_value(value, element.span.begin, element.span.end));
  for (const auto& child : element.children) add(child.name, convert(child));
  return object;
}

}  // namespace

Result<XmlElement> read_xml_tree(std::string_view text, const ReadOptions& options) {
  TreeSink sink;
  TRY(doc::read_xml(text, sink, options));
  return std::move(sink.root);
}

Result<Value> read_xml(std::string_view text, const ReadOptions& options) {
  const auto element = TRY(read_xml_tree(text, options));
  Value root = Value::object();
  root.span = element.span;
  root.members().push_back({element.name, element.span, convert(element)});
  return root;
}

}  // namespace chiron::policy::inputs
