// checkstyle's XML: <checkstyle><file name="…"><error line column severity message source/></file></checkstyle>.
#include "engines/intake/intake.h"
#include "foundation/base/text.h"
#include "foundation/doc/xml.h"

namespace chiron::intake {

namespace {

class Sink final : public doc::XmlSink {
 public:
  Sink(Taken& taken, const Options& options) : taken_(taken), options_(options) {}
  bool is_checkstyle = false;
  bool too_many = false;

  bool begin_element(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::uint64_t) override {
    const auto attribute = [&](std::string_view wanted) -> std::string_view {
      for (const auto& a : attributes)
        if (a.name == wanted) return a.value;
      return {};
    };
    if (name == "checkstyle") is_checkstyle = true;
    if (name == "file") file_ = workspace_path(attribute("name"), options_);
    if (name != "error" || !is_checkstyle) return true;
    if (taken_.findings.size() == kMaxFindings) {
      too_many = true;
      return false;
    }
    Finding finding;
    const auto severity = attribute("severity");
    finding.level = severity == "error"     ? Level::error
                    : severity == "warning" ? Level::warning
                    : severity == "ignore"  ? Level::none
                    : severity == "info"    ? Level::note
                                            : options_.default_level;
    finding.message = attribute("message");
    finding.place.file = file_;
    finding.place.line = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(text::parse_unsigned(attribute("line")).value_or(0), 0x7FFFFFFF));
    finding.place.column = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(text::parse_unsigned(attribute("column")).value_or(0), 0x7FFFFFFF));
    const auto source = attribute("source");
    finding.rule = rule_id(options_.gate, source.empty() ? "error" : source);
    taken_.findings.push_back(std::move(finding));
    return true;
  }
  bool end_element(std::string_view) override { return true; }

 private:
  Taken& taken_;
  const Options& options_;
  std::string file_;
};

}  // namespace

Result<Taken> read_checkstyle(std::string_view text, const Options& options) {
  Taken taken;
  Sink sink(taken, options);
  doc::ReadOptions read;
  read.file = options.source;
  const auto result = doc::read_xml(text, sink, read);
  if (sink.too_many)
    return fail(ErrorKind::limit, "limit.findings", options.source + " holds more findings than are taken");
  if (!result) return std::unexpected(result.error());
  if (!sink.is_checkstyle)
    return fail(ErrorKind::input, "intake.format", options.source + " is no checkstyle report", Place{options.source},
                "Set reads to the form that the program writes.");
  return taken;
}

}  // namespace chiron::intake
