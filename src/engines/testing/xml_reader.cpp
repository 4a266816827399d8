// The XML that Catch2 (2 and 3) and doctest print, read line by line while it comes.
//
// No XML parser: the tests' own output stands between the reporter's lines, so the stream as a whole is no XML. The
// reporters print one tag a line and flush it, which is why a process that dies still names its test.
#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::testing {

std::string decode_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '&') {
      out += text[i];
      continue;
    }
    const std::size_t end = text.find(';', i);
    const std::string_view name =
        end == std::string_view::npos || end - i > 10 ? std::string_view() : text.substr(i + 1, end - i - 1);
    if (name == "lt")
      out += '<';
    else if (name == "gt")
      out += '>';
    else if (name == "amp")
      out += '&';
    else if (name == "quot")
      out += '"';
    else if (name == "apos")
      out += '\'';
    else if (name.starts_with("#x"))
      utf8::append(out, static_cast<char32_t>(std::strtoul(std::string(name.substr(2)).c_str(), nullptr, 16)));
    else if (name.starts_with("#"))
      utf8::append(out, static_cast<char32_t>(text::parse_unsigned(name.substr(1)).value_or(0xFFFD)));
    else {
      out += '&';
      continue;
    }
    i = end;
  }
  return out;
}

std::optional<std::string> xml_attribute(std::string_view tag, std::string_view name) {
  const std::string needle = format(" {}=\"", name);
  const std::size_t at = tag.find(needle);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + needle.size();
  const std::size_t end = tag.find('"', begin);
  if (end == std::string_view::npos) return {};
  return decode_xml(tag.substr(begin, end - begin));
}

namespace {

constexpr std::array<std::string_view, 11> kTextElements = {
    "Original", "Expanded", "Info",   "Warning", "Exception", "FatalErrorCondition",
    "Failure",  "Text",     "StdOut", "StdErr",  "Skip"};
constexpr std::array<std::string_view, 16> kOtherElements = {"TestCase",
                                                             "OverallResult",
                                                             "OverallResults",
                                                             "OverallResultsAsserts",
                                                             "OverallResultsCases",
                                                             "Group",
                                                             "Catch",
                                                             "Catch2TestRun",
                                                             "OverallResultsTestCases",
                                                             "Expression",
                                                             "Section",
                                                             "SubCase",
                                                             "TestSuite",
                                                             "doctest",
                                                             "Options",
                                                             "Message"};

class XmlReader final : public OutputReader {
 public:
  void line(std::string_view text, TestSink& sink) override {
    if (!inside_.empty()) {
      take_text(text, sink);
      return;
    }
    // The reporter's tag may follow output that did not end its line.
    for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
      const std::string_view rest = text.substr(at);
      if (rest.starts_with("<?xml ")) return;
      const bool closing = rest.starts_with("</");
      const std::size_t start = closing ? 2 : 1;
      std::size_t end = start;
      while (end < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[end])) != 0)) ++end;
      const std::string_view name = rest.substr(start, end - start);
      const bool has_text = std::find(kTextElements.begin(), kTextElements.end(), name) != kTextElements.end();
      if (!has_text && std::find(kOtherElements.begin(), kOtherElements.end(), name) == kOtherElements.end()) continue;
      if (!text::trim(text.substr(0, at)).empty()) sink.output(text.substr(0, at));
      element(name, closing, text::trim(rest), sink);
      // "</Section>out": what a test printed right after the tag.
      const std::size_t close = rest.find('>', end);
      if (closing && close != std::string_view::npos && !text::trim(rest.substr(close + 1)).empty()) {
        sink.output(rest.substr(close + 1));
      }
      return;
    }
    if (!text::trim(text).empty() || running_) sink.output(text);
  }

 private:
  void element(std::string_view name, bool closing, std::string_view tag, TestSink& sink) {
    if (name == "TestCase") {
      if (closing) {
        finish(sink);
        return;
      }
      if (tag.ends_with("/>")) return;  // doctest lists what it skips
      auto test = xml_attribute(tag, "name");
      if (!test || !sink.expects(*test)) return;
      const auto line = text::parse_unsigned(xml_attribute(tag, "line").value_or(""));
      if (running_) finish(sink);
      running_ = true;
      status_ = Status::lost;
      duration_ = Nanoseconds{0};
      sink.started(*test, static_cast<std::uint32_t>(line.value_or(0)));
      return;
    }
    if (closing) {
      if (name == "Expression" && !expression_.empty()) end_expression(sink);
      return;
    }
    if (name == "OverallResult" || name == "OverallResultsAsserts") {
      if (!running_) return;
      const bool catch2 = name == "OverallResult";
      const auto success = xml_attribute(tag, catch2 ? "success" : "test_case_success");
      status_ = success == "true" ? Status::passed : Status::failed;
      const auto skips = xml_attribute(tag, "skips");
      if (skips && *skips != "0" && status_ == Status::passed) status_ = Status::skipped;
      const auto seconds = xml_attribute(tag, catch2 ? "durationInSeconds" : "duration");
      if (seconds) {
        const double value = text::parse_double(*seconds).value_or(0);
        if (value > 0 && value < 1e6) duration_ = Nanoseconds(static_cast<std::int64_t>(value * 1e9));
      }
      return;
    }
    if (name == "Expression") {
      if (xml_attribute(tag, "success") == "true") return;
      expression_ = xml_attribute(tag, "type").value_or("CHECK");
      original_.clear();
      expanded_.clear();
      place(tag);
      return;
    }
    if (name == "Message") {
      place(tag);
      return;
    }
    if (std::find(kTextElements.begin(), kTextElements.end(), name) != kTextElements.end() && !tag.ends_with("/>")) {
      inside_ = name;
      collected_.clear();
      // A text inside an expression or message belongs to that one's place.
      if (name == "Exception" || name == "FatalErrorCondition" || xml_attribute(tag, "line")) place(tag);
    }
  }

  void place(std::string_view tag) {
    file_ = xml_attribute(tag, "filename").value_or("");
    line_ = static_cast<std::uint32_t>(text::parse_unsigned(xml_attribute(tag, "line").value_or("")).value_or(0));
  }

  void take_text(std::string_view text, TestSink& sink) {
    const std::string closing = format("</{}>", inside_);
    const std::size_t at = text.find(closing);
    const bool streams = inside_ == "StdOut" || inside_ == "StdErr";
    const std::string_view body = at == std::string_view::npos ? text : text.substr(0, at);
    if (streams) {
      if (!text::trim(body).empty()) sink.output(decode_xml(body));
    } else if (collected_.size() < 16 * 1024) {
      collected_ += decode_xml(body);
    }
    if (at == std::string_view::npos) return;
    const std::string element = std::exchange(inside_, {});
    const std::string text_of(text::trim(collected_));
    if (element == "Original")
      original_ = text_of;
    else if (element == "Expanded")
      expanded_ = text_of;
    else if (element == "Info" || element == "Warning")
      sink.output(format("  {}\n", text_of));
    else if (!streams)
      report(element == "Text" || element == "Failure" ? text_of : format("{}: {}", label(element), text_of), sink);
  }

  static std::string_view label(std::string_view element) {
    if (element == "Exception") return "exception";
    if (element == "FatalErrorCondition") return "fatal error";
    return "skipped";
  }

  void end_expression(TestSink& sink) {
    const std::string what = original_ == expanded_
                                 ? format("{}( {} ) failed", expression_, original_)
                                 : format("{}( {} ) failed, with {}", expression_, original_, expanded_);
    expression_.clear();
    report(what, sink);
  }

  void report(std::string_view what, TestSink& sink) {
    sink.output(file_.empty() ? format("{}\n", what) : format("{}:{}: {}\n", file_, line_, what));
    if (running_) sink.failure(what, file_, line_);
  }

  void finish(TestSink& sink) {
    if (!running_) return;
    running_ = false;
    sink.finished(status_, duration_);
  }

  bool running_ = false;
  Status status_ = Status::lost;
  Nanoseconds duration_{0};
  std::string inside_, collected_, expression_, original_, expanded_, file_;
  std::uint32_t line_ = 0;
};

}  // namespace

std::unique_ptr<OutputReader> make_xml_reader() { return std::make_unique<XmlReader>(); }

}  // namespace chiron::testing
