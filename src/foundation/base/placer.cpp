#include "foundation/base/placer.h"

#include <algorithm>

namespace chiron::utf8 {

namespace {

constexpr std::size_t kStep = 4096;

}  // namespace

Placer::Placer(std::string_view text) : text_(text), lines_(text) {
  for (std::uint32_t line = 1; line <= lines_.line_count(); ++line) {
    const auto end = line < lines_.line_count() ? lines_.line_start(line + 1) : text_.size();
    auto at = lines_.line_start(line);
    std::uint32_t column = 1;
    while (end - at > kStep) {
      // A step ends between two characters: what goes on one is at most three bytes long.
      auto next = at + kStep;
      for (int i = 0; i < 3 && next < end && (static_cast<unsigned char>(text_[next]) & 0xC0) == 0x80; ++i) ++next;
      column += static_cast<std::uint32_t>(count(text_.substr(at, next - at)));
      at = next;
      steps_.push_back({at, column});
    }
  }
}

std::uint32_t Placer::column_of(std::size_t offset) const {
  auto from = lines_.line_start(lines_.line_of(offset));
  std::uint32_t column = 1;
  const auto after = std::upper_bound(steps_.begin(), steps_.end(), offset,
                                      [](std::size_t wanted, const Step& step) { return wanted < step.offset; });
  if (after != steps_.begin() && std::prev(after)->offset > from) {
    from = std::prev(after)->offset;
    column = std::prev(after)->column;
  }
  return column + static_cast<std::uint32_t>(count(text_.substr(from, offset - from)));
}

Place Placer::place(std::string_view file, std::size_t begin, std::size_t end) const {
  begin = std::min(begin, text_.size());
  end = std::clamp(end, begin, text_.size());
  Place place;
  place.file = file;
  place.line = lines_.line_of(begin);
  place.column = column_of(begin);
  place.end_line = lines_.line_of(end);
  place.end_column = column_of(end);
  place.offset = begin;
  place.length = end - begin;
  place.has_range = true;
  return place;
}

}  // namespace chiron::utf8
