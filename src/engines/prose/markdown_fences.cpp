#include "engines/prose/markdown_fences.h"

#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

void walk(std::string_view page, const std::function<void(std::string_view, std::size_t)>& on_line,
          const std::function<void(const Fence&)>& on_fence) {
  std::string_view mark;
  Fence fence;
  std::string_view last;
  for (std::size_t at = 0; at < page.size();) {
    auto end = page.find('\n', at);
    if (end == std::string_view::npos) end = page.size();
    const auto line = page.substr(at, end - at);
    const auto trimmed = text::trim(line);
    if (mark.empty() && (trimmed.starts_with("```") || trimmed.starts_with("~~~"))) {
      mark = trimmed.substr(0, trimmed.find_first_not_of(trimmed[0]));
      fence.info = text::trim(trimmed.substr(mark.size()));
      fence.offset = std::min(end + 1, page.size());
      fence.before = last;
    } else if (!mark.empty()) {
      if (trimmed.starts_with(mark) && trimmed.find_first_not_of(mark[0]) == std::string_view::npos) {
        fence.content = page.substr(fence.offset, at - fence.offset);
        if (on_fence) on_fence(fence);
        mark = {};
      }
    } else {
      if (!trimmed.empty()) last = line;
      if (on_line) on_line(line, at);
    }
    at = end + 1;
  }
}

}  // namespace

void each_text_line(std::string_view page, const std::function<void(std::string_view, std::size_t)>& visit) {
  walk(page, visit, nullptr);
}

void each_fence(std::string_view page, const std::function<void(const Fence&)>& visit) { walk(page, nullptr, visit); }

void each_code_span(std::string_view line, const std::function<void(std::string_view, std::size_t)>& visit) {
  for (auto open = line.find('`'); open != std::string_view::npos;) {
    auto ticks = open;
    while (ticks < line.size() && line[ticks] == '`') ++ticks;
    const auto fence = line.substr(open, ticks - open);
    const auto close = line.find(fence, ticks);
    if (close == std::string_view::npos) return;
    visit(line.substr(ticks, close - ticks), ticks);
    open = line.find('`', close + fence.size());
  }
}

}  // namespace chiron::prose
