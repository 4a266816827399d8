// JUnit XML as test runners write it: a failed or errored test case is a finding, with its place where the runner
// tells one (pytest's and many others' file/line attributes, or "file:line" in the failure's text).
#include "engines/intake/intake.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/xml.h"

namespace chiron::intake {

namespace {

constexpr std::size_t kMessageBytes = 4000;

class Sink final : public doc::XmlSink {
 public:
  Sink(Taken& taken, const Options& options) : taken_(taken), options_(options) {}
  bool is_junit = false;
  bool too_many = false;
  std::uint64_t tests = 0, failures = 0, skipped = 0;

  bool begin_element(std::string_view name, std::span<const doc::XmlAttribute> attributes, std::uint64_t) override {
    const auto attribute = [&](std::string_view wanted) -> std::string_view {
      for (const auto& a : attributes)
        if (a.name == wanted) return a.value;
      return {};
    };
    if (name == "testsuites" || name == "testsuite") {
      is_junit = true;
      if (name == "testsuite") suite_file_ = attribute("file");
      if (name == "testsuite") suite_ = attribute("name");
    } else if (name == "testcase") {
      ++tests;
      name_ = attribute("name");
      class_ = attribute("classname");
      if (class_.empty()) class_ = suite_;
      file_ = attribute("file");
      if (file_.empty()) file_ = suite_file_;
      line_ = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(text::parse_unsigned(attribute("line")).value_or(0), 0x7FFFFFFF));
      told_ = false;
    } else if ((name == "failure" || name == "error") && !told_) {
      told_ = true;
      in_failure_ = true;
      kind_ = name;
      message_ = attribute("message");
      text_.clear();
    } else if (name == "skipped") {
      ++skipped;
    }
    return true;
  }

  bool text(std::string_view piece) override {
    if (in_failure_ && text_.size() < kMessageBytes) text_.append(piece.substr(0, kMessageBytes - text_.size()));
    return true;
  }

  bool end_element(std::string_view name) override {
    if (!in_failure_ || name != kind_) return true;
    in_failure_ = false;
    ++failures;
    if (taken_.findings.size() == kMaxFindings) {
      too_many = true;
      return false;
    }
    Finding finding;
    finding.rule = rule_id(options_.gate, kind_ == "error" ? "test-error" : "test-failure");
    finding.level = Level::error;
    const auto test = class_.empty() ? name_ : class_ + "." + name_;
    auto why = std::string(text::trim(message_.empty() ? std::string_view(text_) : std::string_view(message_)));
    finding.message = why.empty() ? format("{} failed", test) : format("{}: {}", test, why);
    place(finding.place);
    if (!text_.empty() && text_ != message_) finding.evidence.set("output", doc::Value(text_));
    taken_.findings.push_back(std::move(finding));
    return true;
  }

 private:
  // "tests/a_test.cpp:12" in the failure's text, where the test case names no file.
  void place(Place& place) {
    if (!file_.empty()) {
      place.file = workspace_path(file_, options_);
      place.line = line_;
      return;
    }
    for (const auto line : text::split_lines(text_)) {
      const auto colon = line.find(':');
      if (colon == std::string_view::npos || colon == 0) continue;
      const auto name = text::trim(line.substr(0, colon));
      const auto digits = line.substr(colon + 1);
      std::size_t length = 0;
      while (length < digits.size() && digits[length] >= '0' && digits[length] <= '9') ++length;
      if (length == 0 || length > 9 || name.find_first_of(" \t") != std::string_view::npos ||
          name.find('.') == std::string_view::npos)
        continue;
      place.file = workspace_path(name, options_);
      place.line = static_cast<std::uint32_t>(*text::parse_unsigned(digits.substr(0, length)));
      return;
    }
  }

  Taken& taken_;
  const Options& options_;
  std::string suite_, suite_file_, name_, class_, file_, kind_, message_, text_;
  std::uint32_t line_ = 0;
  bool told_ = false;
  bool in_failure_ = false;
};

}  // namespace

Result<Taken> read_junit(std::string_view text, const Options& options) {
  Taken taken;
  Sink sink(taken, options);
  doc::ReadOptions read;
  read.file = options.source;
  const auto result = doc::read_xml(text, sink, read);
  if (sink.too_many)
    return fail(ErrorKind::limit, "limit.findings", options.source + " holds more findings than are taken");
  if (!result) return std::unexpected(result.error());
  if (!sink.is_junit)
    return fail(ErrorKind::input, "intake.format", options.source + " is no JUnit report", Place{options.source},
                "Set reads to the form that the program writes.");
  taken.metrics = {{"tests", static_cast<double>(sink.tests), ""},
                   {"tests.failed", static_cast<double>(sink.failures), ""},
                   {"tests.skipped", static_cast<double>(sink.skipped), ""}};
  return taken;
}

}  // namespace chiron::intake
