// Reading the canonical JSON of a report: the reader's events are gathered into a small tree for each gate, rule and
// finding, which is turned into the struct and dropped; the whole report is never a tree.
//
// Strict on purpose: an unknown member, a wrong type or a missing member is an error with its place, because evidence
// is signed over these bytes and nothing in them may be passed over in silence.
#include "core/report_json.h"
#include "foundation/base/format.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron {

namespace {

constexpr std::string_view kNext =
    "write the report again with `chiron check`; the form is docs/reference/report.schema.json";

std::optional<std::string> from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (digit(hex[i]) < 0 || digit(hex[i + 1]) < 0) return std::nullopt;
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

// Takes members out of one object and remembers the first thing that is wrong with it.
class Fields {
 public:
  // `what` names the object in errors: "finding".
  Fields(const doc::Value& object, std::string_view what) : object_(object), what_(what) {
    if (!object.is_object()) fail_at(object, format("{} must be an object", what));
  }

  const doc::Value* find(std::string_view name) {
    if (failed_) return nullptr;
    ++known_;
    const auto* value = object_.find(name);
    if (value == nullptr) --known_;
    return value;
  }
  void text(std::string_view name, std::string& into, bool required = false) {
    const auto* value = find(name);
    if (value == nullptr) return missing(name, required);
    if (!value->is_string()) return fail_at(*value, format("\"{}\" of a {} must be a string", name, what_));
    into = value->as_string();
  }
  template <std::unsigned_integral T>
  void number(std::string_view name, T& into, bool required = false) {
    const auto* value = find(name);
    if (value == nullptr) return missing(name, required);
    const auto parsed = value->is_number() ? text::parse_unsigned(value->as_string()) : std::nullopt;
    if (!parsed || *parsed > std::numeric_limits<T>::max())
      return fail_at(*value, format("\"{}\" of a {} must be a whole number from 0 to {}", name, what_,
                                    std::numeric_limits<T>::max()));
    into = static_cast<T>(*parsed);
  }
  void flag(std::string_view name, bool& into) {
    const auto* value = find(name);
    if (value == nullptr) return missing(name, true);
    if (!value->is_boolean()) return fail_at(*value, format("\"{}\" of a {} must be true or false", name, what_));
    into = value->as_boolean();
  }
  // One of the words that `parse` knows.
  template <class T, class Parse>
  void word(std::string_view name, T& into, Parse parse, bool required = true) {
    std::string spelling;
    const auto* value = find(name);
    if (value == nullptr) return missing(name, required);
    if (value->is_string())
      if (const auto parsed = parse(value->as_string())) {
        into = *parsed;
        return;
      }
    fail_at(*value, format("\"{}\" of a {} is none of the known words", name, what_));
  }
  template <class Each>
  void list(std::string_view name, Each each) {
    const auto* value = find(name);
    if (value == nullptr) return;
    if (!value->is_array()) return fail_at(*value, format("\"{}\" of a {} must be an array", name, what_));
    for (const auto& item : value->items()) {
      each(item);
      if (failed_) return;
    }
  }
  void file(std::string& into) {
    text("file", into);
    const auto* value = find("file_hex");
    if (value == nullptr) return;
    auto bytes = value->is_string() ? from_hex(value->as_string()) : std::nullopt;
    if (!bytes) return fail_at(*value, "\"file_hex\" must be bytes in lower-case hexadecimal");
    into = *std::move(bytes);
  }
  void fail_at(const doc::Value& value, std::string message) {
    if (failed_) return;
    failed_ = true;
    message_ = std::move(message);
    span_ = value.span;
  }
  // Takes over what went wrong in an inner object.
  void adopt(Fields& inner) {
    inner.finish();
    if (!inner.failed_ || failed_) return;
    failed_ = true;
    message_ = std::move(inner.message_);
    span_ = inner.span_;
  }
  // Members that nobody asked for are an error.
  void finish() {
    if (failed_ || known_ == object_.members().size()) return;
    fail_at(object_, format("a {} has a member that this version of the format does not know", what_));
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] doc::Span span() const { return span_; }

 private:
  void missing(std::string_view name, bool required) {
    if (required) fail_at(object_, format("a {} must have \"{}\"", what_, name));
  }
  const doc::Value& object_;
  std::string_view what_;
  std::size_t known_ = 0;
  bool failed_ = false;
  std::string message_;
  doc::Span span_;
};

void read_place(Fields& outer, const doc::Value& value, Place& place) {
  Fields fields(value, "place");
  fields.file(place.file);
  fields.number("line", place.line);
  fields.number("column", place.column);
  fields.number("end_line", place.end_line);
  fields.number("end_column", place.end_column);
  place.has_range = value.find("offset") != nullptr;
  fields.number("offset", place.offset, place.has_range);
  fields.number("length", place.length, place.has_range);
  outer.adopt(fields);
}

void read_gate(Fields& fields, GateResult& gate) {
  fields.text("gate", gate.gate, true);
  fields.word("status", gate.status, parse_gate_status);
  fields.text("reason", gate.reason);
  fields.word("fail_level", gate.fail_level, parse_level, false);
  fields.list("metrics", [&](const doc::Value& value) {
    Fields inner(value, "metric");
    Metric metric;
    inner.text("name", metric.name, true);
    if (const auto* number = inner.find("value"); number != nullptr) {
      if (number->is_number())
        metric.value = number->as_double();
      else if (number->is_null())
        metric.value = std::numeric_limits<double>::quiet_NaN();
      else
        inner.fail_at(*number, "\"value\" of a metric must be a number or null");
    }
    inner.text("unit", metric.unit);
    fields.adopt(inner);
    gate.metrics.push_back(std::move(metric));
  });
  if (const auto* counts = fields.find("counts"); counts != nullptr) {
    Fields inner(*counts, "count");
    inner.number("errors", gate.counts.errors, true);
    inner.number("warnings", gate.counts.warnings, true);
    inner.number("notes", gate.counts.notes, true);
    fields.adopt(inner);
  }
  fields.number("suppressed", gate.suppressed);
  fields.number("baselined", gate.baselined);
}

void read_rule(Fields& fields, Rule& rule) {
  fields.text("id", rule.id, true);
  fields.text("name", rule.name);
  fields.text("summary", rule.summary);
  fields.text("help", rule.help);
  fields.word("level", rule.level, parse_level);
  fields.text("help_uri", rule.help_uri);
  fields.list("tags", [&](const doc::Value& tag) {
    if (!tag.is_string()) return fields.fail_at(tag, "a tag of a rule must be a string");
    rule.tags.push_back(tag.as_string());
  });
}

void read_fix(Fields& outer, const doc::Value& value, Fix& fix) {
  Fields fields(value, "fix");
  fields.text("description", fix.description);
  fields.list("edits", [&](const doc::Value& item) {
    Fields inner(item, "edit");
    Edit edit;
    inner.file(edit.file);
    inner.number("offset", edit.offset, true);
    inner.number("length", edit.length, true);
    inner.text("replacement", edit.replacement, true);
    fields.adopt(inner);
    fix.edits.push_back(std::move(edit));
  });
  outer.adopt(fields);
}

void clear_spans(doc::Value& root) {
  std::vector<doc::Value*> open = {&root};
  while (!open.empty()) {
    auto* value = open.back();
    open.pop_back();
    value->span = {};
    if (value->is_array())
      for (auto& item : value->items()) open.push_back(&item);
    if (value->is_object())
      for (auto& member : value->members()) {
        member.name_span = {};
        open.push_back(&member.value);
      }
  }
}

void read_finding(Fields& fields, Finding& finding) {
  fields.text("gate", finding.gate, true);
  fields.text("rule", finding.rule, true);
  fields.word("level", finding.level, parse_level);
  fields.text("message", finding.message, true);
  if (const auto* place = fields.find("place"); place != nullptr) read_place(fields, *place, finding.place);
  fields.list("related", [&](const doc::Value& value) {
    Fields inner(value, "related place");
    RelatedPlace related;
    if (const auto* place = inner.find("place"); place != nullptr) read_place(inner, *place, related.place);
    inner.text("message", related.message);
    fields.adopt(inner);
    finding.related.push_back(std::move(related));
  });
  if (const auto* evidence = fields.find("evidence"); evidence != nullptr) {
    finding.evidence = *evidence;
    clear_spans(finding.evidence);
  }
  fields.list("fixes", [&](const doc::Value& value) { read_fix(fields, value, finding.fixes.emplace_back()); });
  fields.text("fingerprint", finding.fingerprint);
  fields.text("excerpt", finding.excerpt);
}

// Splits the events of a document into its top-level members and, of the named arrays, their elements.
class Splitter final : public doc::Sink {
 public:
  using Take = std::function<bool(std::string_view member, bool in_array, doc::Value value)>;
  // `take` gets each scalar or object member, and each element of each array member; false stops.
  explicit Splitter(Take take) : take_(std::move(take)) {}
  [[nodiscard]] bool was_object() const { return was_object_; }

  bool null(doc::Span span) override { return inside() && builder_.null(span) && after_scalar(); }
  bool boolean(bool value, doc::Span span) override {
    return inside() && builder_.boolean(value, span) && after_scalar();
  }
  bool number(std::string_view text, doc::Span span) override {
    return inside() && builder_.number(text, span) && after_scalar();
  }
  bool string(std::string_view text, doc::Span span) override {
    return inside() && builder_.string(text, span) && after_scalar();
  }
  bool begin_array(doc::Span open) override {
    if (!inside()) return false;
    if (depth_++ == 1) {
      in_array_ = true;
      return true;
    }
    return builder_.begin_array(open);
  }
  bool end_array(doc::Span close) override {
    if (--depth_ == 1) {
      in_array_ = false;
      return true;
    }
    return builder_.end_array(close) && after_close();
  }
  bool begin_object(doc::Span open) override {
    if (depth_++ == 0) return was_object_ = true;
    return builder_.begin_object(open);
  }
  bool key(std::string_view name, doc::Span span) override {
    if (depth_ == 1) {
      member_ = name;
      return true;
    }
    return builder_.key(name, span);
  }
  bool end_object(doc::Span close) override {
    if (--depth_ == 0) return true;
    return builder_.end_object(close) && after_close();
  }

 private:
  [[nodiscard]] bool inside() const { return depth_ > 0; }
  [[nodiscard]] std::size_t element_depth() const { return in_array_ ? 2 : 1; }
  bool after_scalar() { return depth_ != element_depth() || hand_over(); }
  bool after_close() { return depth_ != element_depth() || hand_over(); }
  bool hand_over() {
    const bool go_on = take_(member_, in_array_, builder_.take());
    builder_ = doc::TreeBuilder();
    return go_on;
  }

  Take take_;
  doc::TreeBuilder builder_;
  std::string member_;
  std::size_t depth_ = 0;
  bool in_array_ = false;
  bool was_object_ = false;
};

class DocumentReader {
 public:
  DocumentReader(std::string_view text, std::string name, std::string_view format_name)
      : text_(text), name_(std::move(name)), format_name_(format_name) {}

  // Reads all; `element` gets the elements of arrays and the scalars that are not the header's.
  Result<void> read(const std::function<bool(std::string_view, const doc::Value&)>& element,
                    const std::function<void(std::size_t)>& progress = {}) {
    Splitter splitter([&](std::string_view member, bool in_array, const doc::Value& value) {
      if (progress) progress(value.span.end);
      const bool wants_array = member == "gates" || member == "rules" || member == "findings";
      if (in_array != wants_array)
        return refuse(value.span, format("\"{}\" must {}be an array", member, wants_array ? "" : "not "));
      if (member == "format" || member == "version") return header(member, value);
      return element(member, value);
    });
    doc::ReadOptions options;
    options.file = name_;
    auto read = doc::read_json(text_, splitter, options);
    if (error_) return std::unexpected(*std::move(error_));
    if (!read && read.error().code == "doc.stopped" && !splitter.was_object())
      return fail(ErrorKind::input, "report.format", format("this is not a {}", format_name_), {.file = name_},
                  std::string(kNext));
    if (!read) return std::unexpected(std::move(read).error());
    if (!has_format_ || !has_version_)
      return fail(ErrorKind::input, "report.format",
                  format("this is not a {}: \"{}\" is missing", format_name_, has_format_ ? "version" : "format"),
                  {.file = name_}, std::string(kNext));
    return {};
  }

  bool refuse(doc::Span span, std::string message) {
    error_ = Error{ErrorKind::input,
                   "report.format",
                   std::move(message),
                   utf8::LineIndex(text_).place(name_, span.begin, span.end),
                   {},
                   std::string(kNext)};
    return false;
  }
  // False, with the error kept, where something was wrong with the object.
  bool accept(Fields& fields) {
    fields.finish();
    return !fields.failed() || refuse(fields.span(), fields.message());
  }

 private:
  bool header(std::string_view member, const doc::Value& value) {
    if (member == "format") {
      has_format_ = true;
      if (value.is_string() && value.as_string() == format_name_) return true;
      return refuse(value.span, format("this is not a {}", format_name_));
    }
    has_version_ = true;
    if (value.as_integer() == kReportFormatVersion) return true;
    return refuse(value.span, format("this version of the format is not known; this Chiron reads version {}",
                                     kReportFormatVersion));
  }

  std::string_view text_;
  std::string name_;
  std::string_view format_name_;
  std::optional<Error> error_;
  bool has_format_ = false;
  bool has_version_ = false;
};

// Reads one object of the report and appends it.
template <class T, class Read>
bool append(DocumentReader& reader, std::vector<T>& into, const doc::Value& value, std::string_view what, Read read) {
  Fields fields(value, what);
  if (!fields.failed()) read(fields, into.emplace_back());
  return reader.accept(fields);
}

Result<Report> parse(std::string_view text, const std::string& name, const std::function<void(std::size_t)>& progress) {
  Report report;
  DocumentReader reader(text, name, "chiron-report");
  const auto scalar = [&](const doc::Value& value, std::string& into) {
    if (!value.is_string()) return reader.refuse(value.span, "this member must be a string");
    into = value.as_string();
    return true;
  };
  const auto word = [&](const doc::Value& value, auto& into, auto parse_word) {
    const auto parsed = value.is_string() ? parse_word(value.as_string()) : std::nullopt;
    if (!parsed) return reader.refuse(value.span, "this is none of the known words");
    into = *parsed;
    return true;
  };
  TRY(reader.read(
      [&](std::string_view member, const doc::Value& value) {
        if (member == "findings") return append(reader, report.findings, value, "finding", read_finding);
        if (member == "gates") return append(reader, report.gates, value, "gate", read_gate);
        if (member == "rules") return append(reader, report.rules, value, "rule", read_rule);
        if (member == "tool_version") return scalar(value, report.tool_version);
        if (member == "workspace") return scalar(value, report.workspace);
        if (member == "revision") return scalar(value, report.revision);
        if (member == "base_revision") return scalar(value, report.base_revision);
        if (member == "fail_level") return word(value, report.fail_level, parse_level);
        if (member == "verdict") return word(value, report.verdict, parse_verdict);
        return reader.refuse(value.span, format("a report has no member \"{}\"", member));
      },
      progress));
  return report;
}

}  // namespace

Result<Report> parse_report(std::string_view text, const std::string& name) { return parse(text, name, {}); }

Result<Report> read_report(const std::string& path) {
  constexpr std::size_t kDiscardBytes = 16 * limits::kMiB;
  auto file = TRY(io::MappedFile::open(path));
  std::size_t discarded = 0;
  return parse(file.bytes(), path, [&](std::size_t offset) {
    if (offset < discarded + kDiscardBytes) return;
    file.discard_before(offset);
    discarded = offset;
  });
}

Result<Timeline> parse_timeline(std::string_view text, const std::string& name) {
  Timeline timeline;
  DocumentReader reader(text, name, "chiron-timeline");
  TRY(reader.read([&](std::string_view member, const doc::Value& value) {
    if (member == "gates")
      return append(reader, timeline.gates, value, "gate", [](Fields& fields, Timing& timing) {
        fields.text("gate", timing.gate, true);
        fields.number("start_ms", timing.start_ms, true);
        fields.number("duration_ms", timing.duration_ms, true);
        fields.number("cpu_ms", timing.cpu_ms, true);
        fields.flag("cached", timing.cached);
      });
    if (member == "started" && value.is_string()) {
      timeline.started = value.as_string();
      return true;
    }
    if (member == "duration_ms" && value.as_integer().value_or(-1) >= 0) {
      timeline.duration_ms = static_cast<std::uint64_t>(*value.as_integer());
      return true;
    }
    return reader.refuse(value.span, format("a time line has no such member \"{}\"", member));
  }));
  return timeline;
}

}  // namespace chiron
