#include "engines/repository/sbom.h"

#include <optional>

#include "engines/repository/facts.h"
#include "engines/repository/manifests.h"
#include "foundation/base/text.h"
#include "foundation/doc/xml.h"
#include "foundation/io/files.h"

namespace chiron::repository {

namespace {

struct Bill {
  std::string format, version, generated;
  Names components;
};

std::string component_name(std::string_view group, std::string_view name, std::string_view purl) {
  if (purl.starts_with("pkg:pypi/")) return python_name(name);
  if (group.empty()) return std::string(name);
  return std::string(group) + "/" + std::string(name);
}

void add_component(Bill& bill, std::string_view group, std::string_view name, std::string_view version,
                   std::string_view purl) {
  if (!name.empty()) add_name(bill.components, component_name(group, name, purl), version);
}

Bill read_cyclonedx(const doc::Value& root) {
  Bill bill;
  bill.format = "CycloneDX";
  bill.version = root.string_or("specVersion", "");
  bill.generated = text_of(at(root, {"metadata", "timestamp"}));
  std::vector<const doc::Value*> open{&root};
  while (!open.empty()) {
    const auto* holder = open.back();
    open.pop_back();
    for (const auto& component : items_of(holder->find("components"))) {
      add_component(bill, component.string_or("group", ""), component.string_or("name", ""),
                    component.string_or("version", ""), component.string_or("purl", ""));
      open.push_back(&component);
    }
  }
  return bill;
}

Bill read_spdx(const doc::Value& root) {
  Bill bill;
  bill.format = "SPDX";
  bill.version = root.string_or("spdxVersion", "");
  bill.generated = text_of(at(root, {"creationInfo", "created"}));
  for (const auto& package : items_of(root.find("packages"))) {
    std::string_view purl;
    for (const auto& reference : items_of(package.find("externalRefs")))
      if (reference.string_or("referenceType", "") == "purl") purl = reference.string_or("referenceLocator", "");
    auto name = package.string_or("name", "");
    for (const std::string_view prefix : {"npm:", "pip:", "go:", "rust:", "composer:", "rubygems:"})  // GitHub's export
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    add_component(bill, {}, name, package.string_or("versionInfo", ""), purl);
  }
  return bill;
}

// SPDX 3: a graph of elements.
Bill read_spdx_graph(const doc::Value& graph) {
  Bill bill;
  bill.format = "SPDX";
  for (const auto& element : items_of(&graph)) {
    const auto type = element.string_or("type", "");
    if (type == "CreationInfo") {
      bill.version = "SPDX-" + std::string(element.string_or("specVersion", ""));
      bill.generated = element.string_or("created", "");
    } else if (type == "software_Package") {
      add_component(bill, {}, element.string_or("name", ""), element.string_or("software_packageVersion", ""),
                    element.string_or("software_packageUrl", ""));
    }
  }
  return bill;
}

Bill read_tag_value(std::string_view text) {
  Bill bill;
  bill.format = "SPDX";
  std::string name;
  for (const auto line : text::split_lines(text)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto tag = line.substr(0, colon);
    const auto value = text::trim(line.substr(colon + 1));
    if (tag == "SPDXVersion") bill.version = value;
    if (tag == "Created") bill.generated = value;
    if (tag == "PackageName") {
      if (!name.empty()) add_component(bill, {}, name, {}, {});
      name = value;
    }
    if (tag == "PackageVersion" && !name.empty()) {
      add_component(bill, {}, name, value, {});
      name.clear();
    }
  }
  if (!name.empty()) add_component(bill, {}, name, {}, {});
  return bill;
}

class XmlReader final : public doc::XmlSink {
 public:
  bool begin_element(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::uint64_t) override {
    const auto local = name.substr(name.rfind(':') + 1);
    if (path_.empty() && local == "bom") {
      is_bill = true;
      bill.format = "CycloneDX";
      for (const auto& attribute : attributes)
        if (attribute.name.starts_with("xmlns") && attribute.value.starts_with("http://cyclonedx.org/schema/bom/"))
          bill.version = attribute.value.substr(32);
    }
    path_.emplace_back(local);
    if (local == "component") open_.push_back({});
    text_.clear();
    return is_bill;
  }
  bool end_element(std::string_view) override {
    const auto name = path_.back();
    path_.pop_back();
    const std::string_view parent = path_.empty() ? std::string_view() : std::string_view(path_.back());
    const auto text = std::string(text::trim(text_));
    if (parent == "metadata" && name == "timestamp") bill.generated = text;
    if (parent == "component" && !open_.empty()) {
      if (name == "group") open_.back().group = text;
      if (name == "name") open_.back().name = text;
      if (name == "version") open_.back().version = text;
      if (name == "purl") open_.back().purl = text;
    }
    if (name == "component" && !open_.empty()) {
      const auto& part = open_.back();
      // What the bill is about is no part of itself.
      if (parent == "components") add_component(bill, part.group, part.name, part.version, part.purl);
      open_.pop_back();
    }
    text_.clear();
    return true;
  }
  bool text(std::string_view piece) override {
    text_ += piece;
    return true;
  }
  bool is_bill = false;
  Bill bill;

 private:
  struct Part {
    std::string group, name, version, purl;
  };
  std::vector<std::string> path_;
  std::vector<Part> open_;
  std::string text_;
};

Result<std::optional<Bill>> read_bill(const File& file) {
  const auto start = text::trim(file.text().substr(0, 4096));
  if (start.starts_with('<')) {
    XmlReader reader;
    doc::ReadOptions options;
    options.file = file.path();
    const auto read = doc::read_xml(file.text(), reader, options);
    if (!reader.is_bill) return std::nullopt;
    TRY(read);
    return std::move(reader.bill);
  }
  if (start.find("SPDXVersion:") != std::string_view::npos) return read_tag_value(file.text());
  if (!start.starts_with('{')) return std::nullopt;
  const auto root = TRY(file.json());
  if (root.string_or("bomFormat", "") == "CycloneDX") return read_cyclonedx(root);
  if (root.find("spdxVersion") != nullptr) return read_spdx(root);
  if (const auto* graph = root.find("@graph");
      graph != nullptr && text_of(root.find("@context")).find("spdx") != std::string::npos)
    return read_spdx_graph(*graph);
  return std::nullopt;
}

}  // namespace

bool may_be_sbom(std::string_view path) {
  const auto name = text::to_lower_ascii(io::file_name(path));
  if (name.ends_with(".cdx.json") || name.ends_with(".cdx.xml") || name.ends_with(".spdx.json") ||
      name.ends_with(".spdx") || name == "bom.json" || name == "bom.xml")
    return true;
  const bool data = name.ends_with(".json") || name.ends_with(".xml");
  return data && (name.find("sbom") != std::string::npos || name.find("cyclonedx") != std::string::npos);
}

Result<std::optional<std::vector<doc::Member>>> read_sbom(const File& file) {
  const auto bill = TRY(read_bill(file));
  if (!bill) return std::nullopt;
  const auto generated = parse_rfc3339(bill->generated);
  std::vector<doc::Member> members;
  const auto add = [&](std::string_view name, doc::Value value) {
    members.push_back({std::string(name), {}, std::move(value)});
  };
  add("format", doc::Value(bill->format));
  add("version", doc::Value(bill->version));
  add("generated", generated ? doc::Value(to_rfc3339(*generated)) : doc::Value());
  add("components", to_value(bill->components));
  return members;
}

}  // namespace chiron::repository
