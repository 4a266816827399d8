// The three XML formats share one sink: the root element decides which it is, and each format is a small state
// machine over the same few fields. A sink is thrown away and made anew when the fast scanner gives up.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>

#include "engines/coverage/model.h"
#include "engines/coverage/readers.h"
#include "engines/coverage/xml_scan.h"

namespace chiron::coverage {

// The attribute's value, or nullptr.
[[nodiscard]] const std::string_view* find_attribute(std::span<const doc::XmlAttribute> attributes,
                                                     std::string_view name);

// What the formats need from each other: the report in the making and the file of the lines to come.
class XmlReportBuilder {
 public:
  XmlReportBuilder(std::string name, const ReaderOptions& options);
  [[nodiscard]] bool wanted(std::string_view path) const;
  // The file of that path, made at its first mention. Valid until the next call.
  [[nodiscard]] SourceFile& file(std::string_view path);
  // A line from its attributes' text; false (with `problem` set) where they are no numbers.
  bool add_line(SourceFile& target, const std::string_view* number, const std::string_view* hits, std::uint32_t& line);
  bool fail_with(std::string text);

  Report report;
  std::string problem;  // why reading stopped

 private:
  const ReaderOptions& options_;
  std::unordered_map<std::string, std::size_t> index_;
  bool negative_noted_ = false;
};

// One format's state machine. `depth` is that of the element, the root being 0.
class XmlFormat {
 public:
  virtual ~XmlFormat() = default;
  virtual bool begin(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::size_t depth) = 0;
  virtual bool end(std::string_view name, std::size_t depth) = 0;
  virtual bool text(std::string_view) { return true; }
  [[nodiscard]] virtual bool skip() { return false; }
};

// Without the fast scanner: what it is compared with.
[[nodiscard]] Result<Report> read_xml_report_by_library(Input& input, const ReaderOptions& options);

[[nodiscard]] std::unique_ptr<XmlFormat> make_cobertura(XmlReportBuilder& builder);
[[nodiscard]] std::unique_ptr<XmlFormat> make_jacoco(XmlReportBuilder& builder);
[[nodiscard]] std::unique_ptr<XmlFormat> make_clover(XmlReportBuilder& builder);

}  // namespace chiron::coverage
