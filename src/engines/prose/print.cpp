// The outputs: one line an alert, JSON, the terminal's table, and `ls-config` and `ls-metrics`.
#include <algorithm>

#include "engines/prose/vale.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

// Vale looks a match up in the source again. Where markup or an entity stands inside of a match of these two kinds it
// does not find it, and tells the start of the line.
std::size_t column(const Hit& hit) {
  const bool lost = !hit.as_it_stands && (hit.extends == "repetition" || hit.extends == "capitalization");
  return lost ? 1 : hit.place.column;
}

std::size_t span_end(const Hit& hit) { return std::max<std::size_t>(1, column(hit) + hit.columns - 1); }

doc::Value texts(const std::vector<std::string>& items) {
  doc::Value list = doc::Value::array();
  for (const auto& item : items) list.push(doc::Value(item));
  return list;
}

doc::Value texts_or_null(const std::vector<std::string>& items) { return items.empty() ? doc::Value() : texts(items); }

std::string plural(std::size_t count, std::string_view word) {
  return format("{} {}{}", count, word, count == 1 ? "" : "s");
}

// Words broken into lines of at most `width` columns.
std::vector<std::string> wrap_words(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (const auto word : text::split(text, ' ')) {
    const auto needed = utf8::display_width(word);
    if (!lines.back().empty() && utf8::display_width(lines.back()) + 1 + needed > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back().push_back(' ');
    lines.back() += word;
  }
  return lines;
}

}  // namespace

std::string print_lines(const std::vector<FileReport>& reports) {
  std::string out;
  for (const auto& report : reports) {
    for (const auto& hit : report.hits) {
      out += format("{}:{}:{}:{}:{}\n", report.path, hit.place.line, column(hit), hit.alert.check, hit.alert.message);
    }
  }
  return out;
}

std::string print_json(const std::vector<FileReport>& reports) {
  std::map<std::string, doc::Value> files;
  for (const auto& report : reports) {
    for (const auto& hit : report.hits) {
      doc::Value alert = doc::Value::object();
      doc::Value action = doc::Value::object();
      action.set("Name", doc::Value(hit.alert.action.name)).set("Params", texts_or_null(hit.alert.action.params));
      doc::Value span = doc::Value::array();
      span.push(doc::Value(column(hit))).push(doc::Value(span_end(hit)));
      alert.set("Action", std::move(action)).set("Span", std::move(span)).set("Check", doc::Value(hit.alert.check));
      alert.set("Description", doc::Value(hit.alert.description)).set("Link", doc::Value(hit.alert.link));
      alert.set("Message", doc::Value(hit.alert.message));
      alert.set("Severity", doc::Value(to_string(hit.alert.severity))).set("Match", doc::Value(hit.alert.match));
      alert.set("Line", doc::Value(hit.place.line));
      files[report.path].push(std::move(alert));
    }
  }
  doc::Value root = doc::Value::object();
  for (auto& [path, alerts] : files) root.set(path, std::move(alerts));
  return doc::write_json_pretty(root) + "\n";
}

std::string print_terminal(const std::vector<FileReport>& reports, bool wrap, bool colour) {
  const auto paint = [&](std::string_view text, int code) {
    return colour ? format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  };
  std::size_t counts[3] = {};
  std::string out;
  for (const auto& report : reports) {
    if (report.hits.empty()) continue;
    out += "\n " + paint(report.path, 4) + "\n";
    std::size_t place_width = 0;
    std::size_t message_width = 0;
    std::vector<std::vector<std::string>> messages;
    for (const auto& hit : report.hits) {
      place_width = std::max(place_width, format("{}:{}", hit.place.line, column(hit)).size());
      messages.push_back(wrap ? wrap_words(hit.alert.message, 30) : std::vector<std::string>{hit.alert.message});
      for (const auto& line : messages.back()) message_width = std::max(message_width, utf8::display_width(line));
    }
    for (std::size_t i = 0; i < report.hits.size(); ++i) {
      const auto& hit = report.hits[i];
      ++counts[static_cast<std::size_t>(hit.alert.severity)];
      const int codes[] = {34, 33, 31};
      const auto level = std::string(to_string(hit.alert.severity));
      auto place = format("{}:{}", hit.place.line, column(hit));
      for (std::size_t line = 0; line < messages[i].size(); ++line) {
        const auto& text = messages[i][line];
        const bool first = line == 0;
        out += " " + (first ? place : "") + std::string(place_width - (first ? place.size() : 0), ' ') + "  ";
        out += (first ? paint(level, codes[static_cast<std::size_t>(hit.alert.severity)]) : "") +
               std::string(10 - (first ? level.size() : 0), ' ') + "  ";
        out += text;
        if (first) out += std::string(message_width - utf8::display_width(text), ' ') + "  " + hit.alert.check;
        out += "\n";
      }
    }
  }
  const bool bad = counts[2] > 0 || counts[1] > 0;
  const bool input = reports.size() == 1 && reports[0].path.starts_with("stdin");
  return out + format("{}{} {}, {} and {} in {}.\n", out.empty() ? "" : "\n", bad ? "\xE2\x9C\x96" : "\xE2\x9C\x94",
                      paint(plural(counts[2], "error"), 31), paint(plural(counts[1], "warning"), 33),
                      paint(plural(counts[0], "suggestion"), 34), input ? "stdin" : plural(reports.size(), "file"));
}

std::string print_config(const Config& config) {
  const auto patterns = [](const std::vector<Ignores>& all) {
    doc::Value map = doc::Value::object();
    for (const auto& ignores : all) map.set(ignores.section, texts(ignores.patterns));
    return map;
  };
  const auto checks = [](const std::map<std::string, bool>& all) {
    doc::Value map = doc::Value::object();
    for (const auto& [name, on] : all) map.set(name, doc::Value(on));
    return map;
  };
  const auto strings = [](const std::map<std::string, std::string>& all) {
    doc::Value map = doc::Value::object();
    for (const auto& [name, value] : all) map.set(name, doc::Value(value));
    return map;
  };
  doc::Value levels = doc::Value::object();
  for (const auto& [name, level] : config.levels) levels.set(name, doc::Value(to_string(level)));
  doc::Value section_styles = doc::Value::object();
  doc::Value section_checks = doc::Value::object();
  for (const auto& section : config.sections) {
    if (section.base_styles) section_styles.set(section.name, texts(*section.base_styles));
    section_checks.set(section.name, checks(section.checks));
  }
  doc::Value languages = doc::Value::object();
  for (const auto& language : config.languages) {
    languages.set(language.section, doc::Value(language.values.empty() ? "" : language.values[0]));
  }
  doc::Value delimiters = doc::Value::object();
  for (const auto& each : config.comment_delimiters) delimiters.set(each.section, texts(each.values));
  doc::Value root = doc::Value::object();
  root.set("BlockIgnores", patterns(config.block_ignores)).set("Checks", texts_or_null(config.named_rules));
  root.set("Formats", strings(config.formats)).set("Asciidoctor", strings(config.asciidoctor));
  root.set("FormatToLang", std::move(languages)).set("GBaseStyles", texts_or_null(config.base_styles));
  root.set("GChecks", checks(config.checks)).set("IgnoredClasses", texts_or_null(config.ignored_classes));
  root.set("IgnoredScopes", texts_or_null(config.ignored_scopes));
  root.set("MinAlertLevel", doc::Value(static_cast<int>(config.min_level)));
  root.set("Vocab", texts_or_null(config.vocabularies)).set("RuleToLevel", std::move(levels));
  root.set("SBaseStyles", std::move(section_styles)).set("SChecks", std::move(section_checks));
  root.set("SkippedScopes", texts_or_null(config.skipped_scopes)).set("Stylesheets", doc::Value::object());
  root.set("TokenIgnores", patterns(config.token_ignores)).set("CommentDelimiters", std::move(delimiters));
  root.set("WordTemplate", doc::Value(config.word_template));
  root.set("RootINI", doc::Value(config.files.empty() ? "" : config.root()));
  root.set("Paths", texts_or_null(config.styles_paths)).set("ConfigFiles", texts_or_null(config.files));
  root.set("NLPEndpoint", doc::Value(""));
  return doc::write_json_pretty(root) + "\n";
}

std::string print_metrics(const Document& document) {
  const auto measures = measure(document.summary.text());
  std::map<std::string, double> values;
  if (measures.words > 0) {
    for (const auto& [name, count] : document.counts) {
      if (!name.starts_with("table")) values[text::replace_all(name, ".", "_")] = count;
    }
    values["characters"] = measures.characters;
    values["complex_words"] = measures.complex_words;
    values["long_words"] = measures.long_words;
    values["paragraphs"] = std::max(0.0, measures.paragraphs);
    values["polysyllabic_words"] = measures.polysyllabic_words;
    values["sentences"] = measures.sentences;
    values["syllables"] = measures.syllables;
    values["words"] = measures.words;
  }
  doc::Value root = doc::Value::object();
  for (const auto& [name, value] : values) root.set(name, doc::Value(static_cast<std::int64_t>(value)));
  return doc::write_json_pretty(root) + "\n";
}

}  // namespace chiron::prose
