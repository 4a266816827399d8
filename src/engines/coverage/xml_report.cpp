#include "engines/coverage/xml_report.h"

#include "engines/coverage/limits.h"
#include "foundation/base/format.h"

namespace chiron::coverage {

const std::string_view* find_attribute(std::span<const doc::XmlAttribute> attributes, std::string_view name) {
  for (const auto& attribute : attributes)
    if (attribute.name.size() == name.size() && attribute.name == name) return &attribute.value;
  return nullptr;
}

XmlReportBuilder::XmlReportBuilder(std::string name, const ReaderOptions& options) : options_(options) {
  report.name = std::move(name);
}

bool XmlReportBuilder::wanted(std::string_view path) const { return !options_.wanted || options_.wanted(path); }

SourceFile& XmlReportBuilder::file(std::string_view path) {
  const auto [entry, is_new] = index_.try_emplace(std::string(path), report.files.size());
  if (is_new) report.files.emplace_back().path = entry->first;
  return report.files[entry->second];
}

bool XmlReportBuilder::fail_with(std::string text) {
  problem = std::move(text);
  return false;
}

bool XmlReportBuilder::add_line(SourceFile& target, const std::string_view* number, const std::string_view* hits,
                                std::uint32_t& line) {
  const auto parsed = number == nullptr ? std::nullopt : parse_line_number(*number);
  if (!parsed) return fail_with(format("line number '{}' is none", number == nullptr ? "" : *number));
  line = *parsed;
  bool negative = false;
  const auto count = hits == nullptr ? std::uint64_t{0} : parse_count(*hits, negative);
  if (!count) return fail_with(format("count '{}' of line {} is no number", *hits, line));
  if (negative && !negative_noted_) {
    negative_noted_ = true;
    report.note(format("negative counts are read as 0 ({} line {} is the first)", target.path, line));
  }
  target.lines.push_back({line, *count});
  return true;
}

namespace {

class XmlReportSink final : public ScanSink {
 public:
  XmlReportSink(const std::string& name, const ReaderOptions& options) : builder_(name, options) {}

  bool begin_element(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::uint64_t) override {
    if (depth_ == 0 && !choose(name, attributes)) return false;
    const bool go_on = format_->begin(name, attributes, depth_++);
    if (builder_.report.files.size() > limits::kFiles) return builder_.fail_with("too many source files");
    return go_on;
  }
  bool end_element(std::string_view name) override { return format_->end(name, --depth_); }
  bool text(std::string_view piece) override { return format_->text(piece); }
  bool skip_content() override { return format_->skip(); }

  [[nodiscard]] const std::string& problem() const { return builder_.problem; }
  [[nodiscard]] Report take() { return std::move(builder_.report); }

 private:
  // A Clover report says so in its root (PHPUnit's leaves the attribute out, but has `generated`); JaCoCo's root has
  // a name; everything else that calls itself coverage is read as Cobertura.
  bool choose(std::string_view name, std::span<const doc::XmlAttribute> attributes) {
    const bool is_coverage = name == "coverage";
    if (is_coverage &&
        (find_attribute(attributes, "clover") != nullptr ||
         (find_attribute(attributes, "generated") != nullptr && find_attribute(attributes, "line-rate") == nullptr))) {
      builder_.report.format = Format::clover;
      format_ = make_clover(builder_);
    } else if (name == "report" && find_attribute(attributes, "name") != nullptr) {
      builder_.report.format = Format::jacoco;
      format_ = make_jacoco(builder_);
    } else if (is_coverage) {
      builder_.report.format = Format::cobertura;
      format_ = make_cobertura(builder_);
    } else {
      return builder_.fail_with(
          format("root element <{}> is no coverage report's; Cobertura, JaCoCo and Clover are read", name));
    }
    return true;
  }

  XmlReportBuilder builder_;
  std::unique_ptr<XmlFormat> format_;
  std::size_t depth_ = 0;
};

Error problem_error(const std::string& problem, Place place) {
  return Error{ErrorKind::input,
               "coverage.format",
               problem,
               std::move(place),
               {},
               "write the report again with the tool that made it"};
}

}  // namespace

Result<Report> read_xml_report(Input& input, const ReaderOptions& options) {
  {
    XmlReportSink sink(input.name(), options);
    const auto scan = TRY(scan_plain_xml(input, sink));
    if (scan == Scan::done) return sink.take();
  }
  // Not plain, broken, or refused by us: the library reads it again and knows the place.
  return read_xml_report_by_library(input, options);
}

Result<Report> read_xml_report_by_library(Input& input, const ReaderOptions& options) {
  TRY(input.rewind());
  XmlReportSink sink(input.name(), options);
  doc::ReadOptions xml_options;
  xml_options.file = input.name();
  xml_options.max_bytes = limits::kReportBytes;
  auto read = doc::read_xml_stream([&](std::span<char> buffer) { return input.read(buffer); }, sink, xml_options);
  if (!read) {
    if (read.error().code == "doc.stopped" && !sink.problem().empty())
      return std::unexpected(problem_error(sink.problem(), read.error().place.value_or(Place{input.name()})));
    return std::unexpected(std::move(read).error());
  }
  return sink.take();
}

}  // namespace chiron::coverage
