// The HTML report: one file without any reference outside. The tree travels as the JSON report; the page's script
// renders only what is looked at, so a report of a hundred thousand findings opens at once.
#include "engines/compare/report/html_page.h"
#include "engines/compare/report/shared.h"
#include "foundation/base/text.h"

namespace chiron::compare {

std::string print_html(const Comparison& comparison, const ReportOptions& options) {
  auto json = print_json(comparison, options);
  // Within <script> only "</" and "<!--" could end or change the element; JSON may spell "<" as an escape.
  json = text::replace_all(json, "<", "\\u003c");
  std::string out;
  const auto& root = comparison.root;
  out += "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out +=
      "<title>" + text::escape_html(shown(root.name_a)) + " ↔ " + text::escape_html(shown(root.name_b)) + "</title>\n";
  out += "<style>";
  out += kHtmlStyle;
  out += "</style></head>\n<body>\n";
  out += kHtmlBody;
  out += "<script type=\"application/json\" id=\"data\">" + json + "</script>\n<script>";
  out += kHtmlScript;
  out += "</script>\n</body></html>\n";
  return out;
}

}  // namespace chiron::compare
