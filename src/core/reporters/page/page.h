// The sources of the HTML report, embedded at build time from the files of this folder.
#pragma once
#include <string_view>

namespace chiron::page {

extern const std::string_view k_html;  // with {{title}}, {{policy}}, {{style}}, {{script}} and {{data}} in it
extern const std::string_view k_css;
extern const std::string_view k_js;

}  // namespace chiron::page
