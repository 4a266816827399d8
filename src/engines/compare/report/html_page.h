// The fixed parts of the HTML report.
#pragma once
#include <string_view>

namespace chiron::compare {

extern const std::string_view kHtmlStyle;
extern const std::string_view kHtmlBody;
extern const std::string_view kHtmlScript;

}  // namespace chiron::compare
