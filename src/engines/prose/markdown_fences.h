// Markdown by lines: what is fenced code and what is not, code spans of a line. For checks of what pages name, which
// look at code, too.
#pragma once
#include <functional>
#include <string_view>

namespace chiron::prose {

// A fenced block: what stands behind the fence, the content, the last line of text before.
struct Fence {
  std::string_view info;
  std::string_view content;
  std::size_t offset = 0;  // of the content
  std::string_view before;
  [[nodiscard]] std::string_view language() const { return info.substr(0, info.find_first_of(" ,{")); }
};

// Lines outside of fenced code, with their offsets.
void each_text_line(std::string_view page, const std::function<void(std::string_view line, std::size_t offset)>& visit);
void each_fence(std::string_view page, const std::function<void(const Fence&)>& visit);
// Code spans that open and close in the line, with their offsets in it.
void each_code_span(std::string_view line, const std::function<void(std::string_view span, std::size_t offset)>& visit);

}  // namespace chiron::prose
