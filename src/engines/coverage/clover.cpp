// Clover (OpenClover, Jest and Vitest, PHPUnit).
//
//   coverage(generated clover) > project > package* > file(name path) > line(num type count truecount falsecount)
//
// `path` is absolute where it stands; PHPUnit has the path in `name`. A "cond" line counts both outcomes, but
// Istanbul's (Jest, Vitest, nyc, c8) counts the line and says how many of its ways were taken.
#include "engines/coverage/limits.h"
#include "engines/coverage/xml_report.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

class Clover final : public XmlFormat {
 public:
  explicit Clover(XmlReportBuilder& builder) : builder_(builder) {}

  bool begin(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::size_t depth) override {
    skipped_ = false;
    if (name == "line") return file_ == nullptr || begin_line(attributes);
    if (name == "file") {
      const auto* path = find_attribute(attributes, "path");
      if (path == nullptr) path = find_attribute(attributes, "name");
      file_ = nullptr;
      skipped_ = true;
      if (path == nullptr || path->empty() || !builder_.wanted(*path)) return true;
      if (path->size() > limits::kPathBytes) return builder_.fail_with("file name is too long");
      skipped_ = false;
      file_ = &builder_.file(*path);
    } else if (depth == 0) {
      const auto* generated = find_attribute(attributes, "generated");
      const auto value = generated == nullptr ? 0 : text::parse_unsigned(*generated).value_or(0);
      const auto seconds = value > 100'000'000'000ULL ? value / 1000 : value;
      if (seconds < 100'000'000'000ULL) builder_.report.made_at_s = static_cast<std::int64_t>(seconds);
    }
    return true;
  }

  bool end(std::string_view name, std::size_t) override {
    skipped_ = false;
    if (name == "file") file_ = nullptr;
    return true;
  }

  bool skip() override { return skipped_; }

 private:
  bool begin_line(std::span<const doc::XmlAttribute> attributes) {
    const auto* type = find_attribute(attributes, "type");
    if (type == nullptr) return true;
    const auto* number = find_attribute(attributes, "num");
    const auto* count = find_attribute(attributes, "count");
    if (*type == "method") {
      method(attributes, number, count);
      return true;
    }
    if (*type != "stmt" && *type != "cond") return true;
    std::uint32_t line = 0;
    if (!builder_.add_line(*file_, number, count, line)) return false;
    if (*type != "cond") return true;
    const auto* when_true = find_attribute(attributes, "truecount");
    const auto* when_false = find_attribute(attributes, "falsecount");
    if (when_true == nullptr || when_false == nullptr) return true;
    bool negative = false;
    const auto truths = parse_count(*when_true, negative).value_or(0);
    const auto falsehoods = parse_count(*when_false, negative).value_or(0);
    Branch branch;
    branch.line = line;
    if (count != nullptr) {
      // Istanbul's: a count of the line, and with it how many of its ways were taken and how many were not.
      if (truths > limits::kArmsOfBranch || falsehoods > limits::kArmsOfBranch || truths + falsehoods == 0) return true;
      branch.taken = static_cast<std::uint32_t>(truths);
      branch.total = static_cast<std::uint32_t>(truths + falsehoods);
    } else {
      branch.arms = {{"true", truths}, {"false", falsehoods}};
      branch.total = 2;
      branch.taken = (truths != 0 ? 1U : 0U) + (falsehoods != 0 ? 1U : 0U);
      file_->lines.back().hits = add_counts(truths, falsehoods);
    }
    file_->branches.push_back(std::move(branch));
    return true;
  }

  void method(std::span<const doc::XmlAttribute> attributes, const std::string_view* number,
              const std::string_view* count) {
    const auto* name = find_attribute(attributes, "name");
    if (name == nullptr) name = find_attribute(attributes, "signature");
    const auto line = number == nullptr ? std::nullopt : parse_line_number(*number);
    bool negative = false;
    if (!line) return;
    file_->functions.push_back({name == nullptr ? "" : std::string(*name).substr(0, limits::kPathBytes), *line,
                                count == nullptr ? 0 : parse_count(*count, negative).value_or(0)});
  }

  XmlReportBuilder& builder_;
  SourceFile* file_ = nullptr;
  bool skipped_ = false;
};

}  // namespace

std::unique_ptr<XmlFormat> make_clover(XmlReportBuilder& builder) { return std::make_unique<Clover>(builder); }

}  // namespace chiron::coverage
