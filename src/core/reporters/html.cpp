// One HTML page that holds the whole report: style, script and data are inside, nothing is fetched.
//
// The findings are embedded as JSON in rows with shared tables of gates, rules and files, every "<" in it escaped, so
// that no text of a finding can end the element. The page's own script is the only one its content security policy lets
// run (by digest), and it makes text nodes only. page/ holds the sources.
#include <unordered_map>

#include "core/history.h"
#include "core/json_stream.h"
#include "core/reporters/page/page.h"
#include "core/reporters/reporter.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"

namespace chiron {

namespace {

// Passes text on with "<" as \u003c; only JSON goes through it, where "<" occurs in strings only.
class ScriptData final : public io::Output {
 public:
  explicit ScriptData(io::Output& inner) : inner_(inner) {}

 private:
  Result<void> write_all(std::string_view text) override {
    while (!text.empty()) {
      const auto at = text.find('<');
      inner_.write(text.substr(0, at));
      if (at == std::string_view::npos) break;
      inner_.write("\\u003c");
      text.remove_prefix(at + 1);
    }
    return {};
  }
  io::Output& inner_;
};

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
    };
    const auto word = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (unsigned k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : kDigits[word >> (18 - 6 * k) & 63];
  }
  return out;
}

// Names in the order in which they are first asked for. The views are into the report.
class Table {
 public:
  Table() { (void)index(""); }  // entry 0: no file
  std::uint32_t index(std::string_view name) {
    if (!names_.empty() && last_ < names_.size() && names_[last_] == name) return last_;
    const auto [at, is_new] = index_.emplace(name, static_cast<std::uint32_t>(names_.size()));
    if (is_new) names_.push_back(name);
    return last_ = at->second;
  }
  [[nodiscard]] const std::vector<std::string_view>& names() const { return names_; }

 private:
  std::unordered_map<std::string_view, std::uint32_t> index_;
  std::vector<std::string_view> names_;
  std::uint32_t last_ = 0;
};

enum class State { plain, added, kept, fixed };

class PageData {
 public:
  PageData(const Report& report, const Timeline* timeline, const ReporterOptions& options, io::Output& output)
      : report_(report), timeline_(timeline), options_(options), output_(output), json_(output) {
    for (const auto& gate : report.gates) (void)gate_index(gate.gate);
    for (const auto& rule : report.rules) (void)rule_index(rule.id);
  }

  void write(const std::string& title) {
    json_.begin_object();
    json_.member("title", title);
    json_.member("workspace", report_.workspace);
    json_.member("version", report_.tool_version);
    json_.member("revision", report_.revision);
    json_.member("base", report_.base_revision);
    json_.member("failLevel", to_string(report_.fail_level));
    json_.member("verdict", to_string(report_.verdict));
    json_.member("compared", options_.before != nullptr);
    write_findings();
    write_gates();
    if (options_.trend != nullptr && options_.trend->runs.size() > 1) write_trend(*options_.trend);
    write_rules();
    json_.line_break();
    json_.key("files");
    json_.begin_array();
    for (const auto name : files_.names()) json_.string(name);
    json_.end_array();
    json_.end_object();
  }

 private:
  std::uint32_t gate_index(const std::string& gate) { return index(gates_, gate_names_, gate); }
  std::uint32_t rule_index(const std::string& rule) { return index(rules_, rule_names_, rule); }
  static std::uint32_t index(std::unordered_map<std::string_view, std::uint32_t>& map,
                             std::vector<std::string_view>& names, std::string_view name) {
    const auto [at, is_new] = map.emplace(name, static_cast<std::uint32_t>(names.size()));
    if (is_new) names.push_back(name);
    return at->second;
  }

  void write_findings() {
    json_.line_break();
    json_.key("findings");
    json_.begin_array();
    Comparison comparison;
    std::vector<bool> is_new;
    if (options_.before != nullptr) {
      comparison = compare_reports(*options_.before, report_);
      is_new.resize(report_.findings.size());
      for (const auto i : comparison.added) is_new[i] = true;
    }
    for (std::size_t i = 0; i < report_.findings.size() && !output_.failed(); ++i)
      write_finding(report_.findings[i], is_new.empty() ? State::plain : is_new[i] ? State::added : State::kept);
    for (const auto i : comparison.fixed) write_finding(options_.before->findings[i], State::fixed);
    json_.line_break();
    json_.end_array();
  }

  // [gate, rule, level, state, message, file, line, column, end line, end column, excerpt, extra]; what is 0 or empty
  // at the end is left out.
  void write_finding(const Finding& finding, State state) {
    const auto& place = finding.place;
    const bool has_extra = !finding.related.empty() || !finding.fixes.empty() || !finding.evidence.is_null();
    json_.line_break();
    json_.begin_array();
    json_.number(gate_index(finding.gate));
    json_.number(rule_index(finding.rule));
    json_.number(static_cast<unsigned>(finding.level));
    json_.number(static_cast<unsigned>(state));
    json_.string(finding.message);
    if (has_extra || !place.file.empty()) {
      json_.number(files_.index(place.file));
      if (has_extra || place.line != 0 || !finding.excerpt.empty()) {
        json_.number(place.line);
        json_.number(place.column);
        json_.number(place.end_line);
        json_.number(place.end_column);
        json_.string(finding.excerpt);
      }
    }
    if (has_extra) write_extra(finding);
    json_.end_array();
  }

  void write_extra(const Finding& finding) {
    json_.begin_object();
    if (!finding.related.empty()) {
      json_.key("r");
      json_.begin_array();
      for (const auto& related : finding.related) {
        json_.begin_array();
        json_.begin_array();
        json_.number(files_.index(related.place.file));
        json_.number(related.place.line);
        json_.number(related.place.column);
        json_.end_array();
        json_.string(related.message);
        json_.end_array();
      }
      json_.end_array();
    }
    if (!finding.fixes.empty()) {
      json_.key("x");
      json_.begin_array();
      for (const auto& fix : finding.fixes) {
        json_.begin_array();
        json_.string(fix.description);
        json_.begin_array();
        for (const auto& edit : fix.edits) {
          json_.begin_array();
          json_.number(files_.index(edit.file));
          json_.string(removed_text(finding, edit));
          json_.string(edit.replacement);
          json_.end_array();
        }
        json_.end_array();
        json_.end_array();
      }
      json_.end_array();
    }
    if (!finding.evidence.is_null()) {
      json_.key("e");
      json_.raw(doc::write_json(finding.evidence));
    }
    json_.member_unless_empty("p", finding.fingerprint);
    json_.end_object();
  }

  // The text that an edit replaces, where the excerpt has it: the byte range of the place tells where the excerpt lies.
  static std::string removed_text(const Finding& finding, const Edit& edit) {
    const auto& place = finding.place;
    if (!place.has_range || place.column == 0 || edit.file != place.file) return "";
    const auto line = std::string_view(finding.excerpt).substr(0, finding.excerpt.find('\n'));
    std::size_t before = 0;
    for (std::uint32_t i = 1; i < place.column && before < line.size(); ++i)
      before += utf8::decode(line, before).length;
    if (before > place.offset || edit.offset < place.offset - before) return "";
    const auto begin = edit.offset - (place.offset - before);
    if (begin > line.size() || edit.length > line.size() - begin) return "";
    return std::string(line.substr(begin, edit.length));
  }

  void write_gates() {
    json_.line_break();
    json_.key("gates");
    json_.begin_array();
    for (const auto name : gate_names_) {
      const auto at = std::ranges::find(report_.gates, name, &GateResult::gate);
      write_gate(name, at != report_.gates.end() ? *at : GateResult{});
    }
    json_.end_array();
    if (timeline_ == nullptr) return;
    json_.key("timeline");
    json_.begin_object();
    json_.member("started", timeline_->started);
    json_.member("duration", timeline_->duration_ms);
    json_.key("gates");
    json_.begin_array();
    for (const auto name : gate_names_) {
      const auto* timing = timeline_->find(name);
      if (timing == nullptr) {
        json_.raw("null");
        continue;
      }
      json_.begin_array();
      json_.number(timing->start_ms);
      json_.number(timing->duration_ms);
      json_.number(timing->cpu_ms);
      json_.boolean(timing->cached);
      json_.end_array();
    }
    json_.end_array();
    json_.end_object();
  }

  void write_gate(std::string_view name, const GateResult& gate) {
    json_.begin_object();
    json_.member("gate", name);
    json_.member("status", to_string(gate.status));
    json_.member("reason", gate.reason);
    json_.key("counts");
    json_.begin_array();
    json_.number(gate.counts.errors);
    json_.number(gate.counts.warnings);
    json_.number(gate.counts.notes);
    json_.end_array();
    json_.member("suppressed", gate.suppressed);
    json_.member("baselined", gate.baselined);
    json_.key("metrics");
    json_.begin_array();
    for (const auto& metric : gate.metrics) {
      json_.begin_array();
      json_.string(metric.name);
      json_.number(metric.value);
      json_.string(metric.unit);
      json_.end_array();
    }
    json_.end_array();
    json_.end_object();
  }

  // Runs as [started, revision, verdict, duration, errors, warnings, notes]; a measure with one value a run, null where
  // the run did not take it.
  void write_trend(const Trend& trend) {
    json_.line_break();
    json_.key("trend");
    json_.begin_object();
    json_.key("runs");
    json_.begin_array();
    for (const auto& run : trend.runs) {
      json_.begin_array();
      json_.string(run.started);
      json_.string(run.revision);
      json_.string(run.verdict);
      for (const auto number : {run.duration_ms, run.errors, run.warnings, run.notes}) json_.number(number);
      json_.end_array();
    }
    json_.end_array();
    json_.key("metrics");
    json_.begin_array();
    const auto& metrics = trend.metrics;
    for (std::size_t begin = 0; begin < metrics.size();) {
      auto end = begin;
      const auto same = [&](const HistoryMetric& a, const HistoryMetric& b) {
        return std::tie(a.gate, a.name, a.unit) == std::tie(b.gate, b.name, b.unit);
      };
      while (end < metrics.size() && same(metrics[begin], metrics[end])) ++end;
      json_.begin_array();
      json_.string(metrics[begin].gate);
      json_.string(metrics[begin].name);
      json_.string(metrics[begin].unit);
      json_.begin_array();
      auto at = begin;
      for (const auto& run : trend.runs) {
        while (at < end && metrics[at].run < run.id) ++at;
        if (at < end && metrics[at].run == run.id)
          json_.number(metrics[at].value);
        else
          json_.raw("null");
      }
      json_.end_array();
      json_.end_array();
      begin = end;
    }
    json_.end_array();
    json_.end_object();
  }

  void write_rules() {
    json_.line_break();
    json_.key("rules");
    json_.begin_array();
    for (const auto name : rule_names_) {
      json_.begin_object();
      json_.member("id", name);
      for (const auto* rules : {&report_.rules, options_.before != nullptr ? &options_.before->rules : nullptr}) {
        if (rules == nullptr) continue;
        const auto at = std::ranges::find(*rules, name, &Rule::id);
        if (at == rules->end()) continue;
        json_.member_unless_empty("summary", at->summary);
        json_.member_unless_empty("help", at->help);
        json_.member_unless_empty("uri", at->help_uri);
        break;
      }
      json_.end_object();
    }
    json_.end_array();
  }

  const Report& report_;
  const Timeline* timeline_;
  const ReporterOptions& options_;
  io::Output& output_;
  JsonStream json_;
  Table files_;
  std::unordered_map<std::string_view, std::uint32_t> gates_;
  std::vector<std::string_view> gate_names_;
  std::unordered_map<std::string_view, std::uint32_t> rules_;
  std::vector<std::string_view> rule_names_;
};

std::string content_policy() {
  const auto source = [](std::string_view text) {
    return "'sha256-" + base64(crypto::digest(crypto::Algorithm::sha256, text)) + "'";
  };
  return format("default-src 'none'; base-uri 'none'; form-action 'none'; style-src {}; script-src {}",
                source(page::k_css), source(page::k_js));
}

}  // namespace

Result<void> write_html(const Report& report, const Timeline* timeline, io::Output& output,
                        const ReporterOptions& options) {
  auto title = options.title;
  if (title.empty()) title = report.workspace.empty() ? "Chiron report" : report.workspace + " · Chiron report";
  std::string_view rest = page::k_html;
  while (!rest.empty()) {
    const auto open = rest.find("{{");
    output.write(rest.substr(0, open));
    if (open == std::string_view::npos) break;
    const auto close = rest.find("}}", open);
    const auto name = rest.substr(open + 2, close - open - 2);
    rest.remove_prefix(close + 2);
    if (name == "title")
      output.write(text::escape_html(utf8::sanitize(title)));
    else if (name == "policy")
      output.write(content_policy());
    else if (name == "style")
      output.write(page::k_css);
    else if (name == "script")
      output.write(page::k_js);
    else if (name == "data") {
      ScriptData data(output);
      PageData(report, timeline, options, data).write(title);
      TRY(data.finish());
    }
  }
  return {};
}

}  // namespace chiron
