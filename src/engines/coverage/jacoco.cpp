// JaCoCo (report.dtd 1.0/1.1): counts bytecode instructions, so a line's "hits" are its covered instructions.
//
//   report(name) > sessioninfo(dump)
//   report > group* > package(name) > class(name sourcefilename) > method(name line) > counter(type covered)
//   package > sourcefile(name) > line(nr mi ci mb cb)
#include "engines/coverage/limits.h"
#include "engines/coverage/xml_report.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

class Jacoco final : public XmlFormat {
 public:
  explicit Jacoco(XmlReportBuilder& builder) : builder_(builder) {}

  bool begin(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::size_t) override {
    skipped_ = false;
    if (name == "line" && file_ != nullptr) return begin_line(attributes);
    if (name == "counter") {
      if (in_method_ && file_ != nullptr) method_counter(attributes);
    } else if (name == "package") {
      const auto* package = find_attribute(attributes, "name");
      package_ = package == nullptr ? "" : std::string(*package);
    } else if (name == "sourcefile") {
      return begin_file(find_attribute(attributes, "name"));
    } else if (name == "class") {
      return begin_file(find_attribute(attributes, "sourcefilename"));
    } else if (name == "method") {
      function_ = {};
      const auto* method = find_attribute(attributes, "name");
      const auto* line = find_attribute(attributes, "line");
      if (method != nullptr) function_.name = std::string(*method).substr(0, limits::kPathBytes);
      if (line != nullptr) function_.line = parse_line_number(*line).value_or(0);
      in_method_ = true;
    } else if (name == "sessioninfo") {
      const auto* dump = find_attribute(attributes, "dump");
      const auto stamp = dump == nullptr ? std::nullopt : text::parse_unsigned(*dump);
      if (stamp && *stamp / 1000 < 100'000'000'000ULL)
        builder_.report.made_at_s = std::max(builder_.report.made_at_s, static_cast<std::int64_t>(*stamp / 1000));
    }
    return true;
  }

  bool end(std::string_view name, std::size_t) override {
    skipped_ = false;
    if (name == "method") {
      in_method_ = false;
      if (file_ != nullptr && function_.line != 0) file_->functions.push_back(std::move(function_));
    } else if (name == "sourcefile" || name == "class") {
      file_ = nullptr;
    }
    return true;
  }

  bool skip() override { return skipped_; }

 private:
  bool begin_file(const std::string_view* name) {
    file_ = nullptr;
    skipped_ = true;
    if (name == nullptr || name->empty()) return true;
    const std::string path = package_.empty() ? std::string(*name) : package_ + "/" + std::string(*name);
    if (path.size() > limits::kPathBytes) return builder_.fail_with("file name is too long");
    if (!builder_.wanted(path)) return true;
    skipped_ = false;
    file_ = &builder_.file(path);
    return true;
  }

  bool begin_line(std::span<const doc::XmlAttribute> attributes) {
    std::uint32_t line = 0;
    if (!builder_.add_line(*file_, find_attribute(attributes, "nr"), find_attribute(attributes, "ci"), line))
      return false;
    const auto* missed_text = find_attribute(attributes, "mb");
    const auto* covered_text = find_attribute(attributes, "cb");
    const auto missed = missed_text == nullptr ? 0 : text::parse_unsigned(*missed_text).value_or(0);
    const auto covered = covered_text == nullptr ? 0 : text::parse_unsigned(*covered_text).value_or(0);
    if (missed > limits::kArmsOfBranch || covered > limits::kArmsOfBranch || missed + covered == 0) return true;
    Branch branch;
    branch.line = line;
    branch.total = static_cast<std::uint32_t>(missed + covered);
    branch.taken = static_cast<std::uint32_t>(covered);
    file_->branches.push_back(std::move(branch));
    return true;
  }

  void method_counter(std::span<const doc::XmlAttribute> attributes) {
    const auto* type = find_attribute(attributes, "type");
    const auto* covered = find_attribute(attributes, "covered");
    if (type != nullptr && *type == "METHOD" && covered != nullptr)
      function_.hits = text::parse_unsigned(*covered).value_or(0);
  }

  XmlReportBuilder& builder_;
  std::string package_;
  SourceFile* file_ = nullptr;
  Function function_;
  bool in_method_ = false, skipped_ = false;
};

}  // namespace

std::unique_ptr<XmlFormat> make_jacoco(XmlReportBuilder& builder) { return std::make_unique<Jacoco>(builder); }

}  // namespace chiron::coverage
