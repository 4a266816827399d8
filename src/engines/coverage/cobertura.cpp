// Cobertura (coverage-03/04.dtd) as its many writers spell it: coverage.py, gcovr, coverlet, luacov, OpenCppCoverage.
//
//   coverage(timestamp) > sources > source
//   coverage > packages > package > classes > class(filename) > lines > line(number hits branch condition-coverage)
//   class > methods > method(name signature) > lines > line
//
// A line's `conditions` name each jump; coverage.py's `missing-branches` the lines never jumped to.
#include "engines/coverage/limits.h"
#include "engines/coverage/xml_report.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

// coverage.py's "12,exit" -> "to line 12, to exit"
std::string missing_ways(std::string_view list) {
  std::string ways;
  if (list.empty()) return ways;
  for (const auto part : text::split(list, ',')) {
    const auto target = text::trim(part);
    if (target.empty()) continue;
    ways += ways.empty() ? "to " : ", to ";
    if (text::parse_unsigned(target)) ways += "line ";
    ways += target;
  }
  return ways;
}

class Cobertura final : public XmlFormat {
 public:
  explicit Cobertura(XmlReportBuilder& builder) : builder_(builder) {}

  bool begin(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::size_t depth) override {
    switch (state_) {
      case State::outside:
        return begin_outside(name, attributes, depth);
      case State::source:
        return true;
      case State::skipped:
        return true;
      case State::in_class:
        if (name == "lines" && depth == class_depth_ + 1) {
          state_ = State::lines;
        } else if (name == "method") {
          begin_method(attributes);
        }
        return true;
      case State::lines:
        if (name == "line" && depth == class_depth_ + 2) return begin_line(attributes);
        if (name == "condition") begin_condition(attributes);
        return true;
      case State::method:
        if (name == "line") method_line(attributes);
        return true;
    }
    return true;
  }

  bool end(std::string_view name, std::size_t depth) override {
    switch (state_) {
      case State::outside:
        break;
      case State::source:
        if (name == "source") {
          const auto root = text::trim(source_);
          if (!root.empty()) builder_.report.source_roots.emplace_back(root);
          state_ = State::outside;
        }
        break;
      case State::method:
        if (depth == method_depth_) end_method();
        break;
      case State::lines:
        if (depth == class_depth_ + 2) end_line();
        if (depth == class_depth_ + 1) state_ = State::in_class;
        break;
      case State::in_class:
      case State::skipped:
        if (depth == class_depth_) state_ = State::outside;
        break;
    }
    return true;
  }

  bool text(std::string_view piece) override {
    if (state_ == State::source && source_.size() < limits::kPathBytes) source_ += piece;
    return true;
  }

  bool skip() override { return state_ == State::skipped; }

 private:
  enum class State { outside, source, in_class, lines, method, skipped };

  bool begin_outside(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::size_t depth) {
    if (depth == 0) {
      if (const auto* stamp = find_attribute(attributes, "timestamp")) {
        // Seconds or milliseconds: writers differ. No report was made before 1973, as milliseconds would say.
        const auto value = text::parse_unsigned(*stamp).value_or(0);
        const auto seconds = value > 100'000'000'000ULL ? value / 1000 : value;
        if (seconds < 100'000'000'000ULL) builder_.report.made_at_s = static_cast<std::int64_t>(seconds);
      }
    } else if (name == "source") {
      state_ = State::source;
      source_.clear();
    } else if (name == "class") {
      const auto* filename = find_attribute(attributes, "filename");
      class_depth_ = depth;
      if (filename == nullptr || filename->empty() || !builder_.wanted(*filename)) {
        state_ = State::skipped;
      } else {
        if (filename->size() > limits::kPathBytes) return builder_.fail_with("file name is too long");
        file_ = &builder_.file(*filename);
        state_ = State::in_class;
      }
    }
    return true;
  }

  bool begin_line(std::span<const doc::XmlAttribute> attributes) {
    const std::string_view* number = nullptr;
    const std::string_view* hits = nullptr;
    const std::string_view* coverage = nullptr;
    missing_.clear();
    conditions_.clear();
    branch_total_ = branch_taken_ = 0;
    for (const auto& [name, value] : attributes) {
      if (name == "number")
        number = &value;
      else if (name == "hits")
        hits = &value;
      else if (name == "condition-coverage")
        coverage = &value;
      else if (name == "missing-branches")
        missing_ = value;
    }
    if (!builder_.add_line(*file_, number, hits, line_)) return false;
    if (coverage != nullptr) parse_condition_coverage(*coverage);
    return true;
  }

  // "50% (1/2)"
  void parse_condition_coverage(std::string_view text) {
    const auto open = text.find('(');
    const auto slash = text.find('/', open == std::string_view::npos ? 0 : open);
    const auto close = text.find(')', slash == std::string_view::npos ? 0 : slash);
    if (open == std::string_view::npos || slash == std::string_view::npos || close == std::string_view::npos) return;
    const auto taken = text::parse_unsigned(text.substr(open + 1, slash - open - 1));
    const auto total = text::parse_unsigned(text.substr(slash + 1, close - slash - 1));
    if (!taken || !total || *total > limits::kArmsOfBranch || *taken > *total) return;
    branch_total_ = static_cast<std::uint32_t>(*total);
    branch_taken_ = static_cast<std::uint32_t>(*taken);
  }

  // <condition number="0" type="jump" coverage="50%"/>: a jump has two ways.
  void begin_condition(std::span<const doc::XmlAttribute> attributes) {
    const auto* number = find_attribute(attributes, "number");
    const auto* type = find_attribute(attributes, "type");
    const auto* coverage = find_attribute(attributes, "coverage");
    if (number == nullptr || type == nullptr || coverage == nullptr || *type != "jump") return;
    if (conditions_.size() >= limits::kArmsOfBranch) return;
    const auto id = text::parse_unsigned(*number);
    auto share = *coverage;
    if (share.ends_with('%')) share.remove_suffix(1);
    const auto value = text::parse_double(share);
    if (!id || *id > 0xffffffff || !value) return;
    Branch branch;
    branch.id = static_cast<std::uint32_t>(*id);
    branch.total = 2;
    branch.taken = *value >= 100 ? 2 : *value > 0 ? 1 : 0;
    conditions_.push_back(std::move(branch));
  }

  void end_line() {
    if (branch_total_ == 0) return;
    std::uint32_t total = 0, taken = 0;
    for (const auto& condition : conditions_) {
      total += condition.total;
      taken += condition.taken;
    }
    if (!conditions_.empty() && total == branch_total_ && taken == branch_taken_) {
      for (auto& condition : conditions_) {
        condition.line = line_;
        file_->branches.push_back(std::move(condition));
      }
    } else {
      Branch branch;
      branch.line = line_;
      branch.total = branch_total_;
      branch.taken = branch_taken_;
      branch.missing = missing_ways(missing_);
      file_->branches.push_back(std::move(branch));
    }
    branch_total_ = 0;
    conditions_.clear();
  }

  void begin_method(std::span<const doc::XmlAttribute> attributes) {
    const auto* name = find_attribute(attributes, "name");
    function_ = {};
    if (name != nullptr) function_.name = std::string(*name).substr(0, limits::kPathBytes);
    method_depth_ = class_depth_ + 2;
    state_ = State::method;
  }

  void method_line(std::span<const doc::XmlAttribute> attributes) {
    const auto* number = find_attribute(attributes, "number");
    const auto* hits = find_attribute(attributes, "hits");
    const auto line = number == nullptr ? std::nullopt : parse_line_number(*number);
    bool negative = false;
    const auto count = hits == nullptr ? std::nullopt : parse_count(*hits, negative);
    if (!count) return;
    const auto first = line.value_or(0);
    if (first == 0) return;
    if (function_.line == 0 || first < function_.line) function_.line = first;
    function_.hits = std::max(function_.hits, *count);
  }

  void end_method() {
    state_ = State::in_class;
    if (function_.line != 0) file_->functions.push_back(std::move(function_));
  }

  XmlReportBuilder& builder_;
  State state_ = State::outside;
  std::size_t class_depth_ = 0, method_depth_ = 0;
  SourceFile* file_ = nullptr;  // into the builder; lines of one class come before the next file is asked for
  std::string source_;
  std::uint32_t line_ = 0;
  std::uint32_t branch_total_ = 0, branch_taken_ = 0;
  std::string missing_;
  std::vector<Branch> conditions_;
  Function function_;
};

}  // namespace

std::unique_ptr<XmlFormat> make_cobertura(XmlReportBuilder& builder) { return std::make_unique<Cobertura>(builder); }

}  // namespace chiron::coverage
