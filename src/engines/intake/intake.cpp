#include "engines/intake/intake.h"

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::intake {

std::optional<Form> parse_form(std::string_view name) {
  for (const auto form : {Form::gnu, Form::sarif, Form::junit, Form::github, Form::checkstyle})
    if (name == to_string(form)) return form;
  return std::nullopt;
}

std::string_view to_string(Form form) {
  switch (form) {
    case Form::gnu:
      return "gnu";
    case Form::sarif:
      return "sarif";
    case Form::junit:
      return "junit";
    case Form::github:
      return "github";
    case Form::checkstyle:
      return "checkstyle";
  }
  return "";
}

std::optional<Form> detect_form(std::string_view text) {
  const auto head = text::trim(text.substr(0, 4096));
  if (head.starts_with('{') && text.find("\"runs\"") != std::string_view::npos) return Form::sarif;
  if (head.starts_with('<') && head.find("<checkstyle") != std::string_view::npos) return Form::checkstyle;
  if (head.starts_with('<') && head.find("<testsuite") != std::string_view::npos) return Form::junit;
  if (text.starts_with("::") || text.find("\n::") != std::string_view::npos) return Form::github;
  return std::nullopt;
}

Result<Taken> read(Form form, std::string_view text, const Options& options) {
  switch (form) {
    case Form::gnu:
      return read_gnu(text, options);
    case Form::sarif:
      return read_sarif(text, options);
    case Form::junit:
      return read_junit(text, options);
    case Form::github:
      return read_github(text, options);
    case Form::checkstyle:
      return read_checkstyle(text, options);
  }
  return fail(ErrorKind::internal, "intake.format", "unknown form");
}

namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      unsigned value = 0;
      const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      if (error == std::errc{} && end == text.data() + i + 3) {
        out += static_cast<char>(value);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace

std::string workspace_path(std::string_view named, const Options& options) {
  if (named.empty()) return "";
  std::string path(named);
  if (path.starts_with("file:")) {
    path = percent_decoded(path.substr(5));
    while (path.starts_with("//")) path.erase(0, 1);
  }
  path = io::normalize_path(io::join_path(options.folder, path));
  if (path.starts_with(options.root + "/")) path.erase(0, options.root.size() + 1);
  return path;
}

std::string rule_id(std::string_view family, std::string_view rule) {
  std::string id = text::to_lower_ascii(family);
  for (char& c : id)
    if (c == ' ') c = '-';
  if (rule.empty()) return id;
  std::string own(rule);
  for (char& c : own)
    if (static_cast<unsigned char>(c) <= ' ') c = '-';
  return own.starts_with(id + "/") ? own : id + "/" + own;
}

}  // namespace chiron::intake
