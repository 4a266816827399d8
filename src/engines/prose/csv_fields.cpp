#include "engines/prose/csv_fields.h"

namespace chiron::prose {

void csv_fields(std::string_view source, std::span<const Line> lines, char separator,
                const std::function<void(std::vector<Line>& field, bool line_ends)>& tell) {
  std::vector<Line> field;
  const auto finish = [&](bool line_ends) {
    tell(field, line_ends);
    field.clear();
  };
  bool quoted = false;
  for (const auto& line : lines) {
    if (line.blank() && !quoted) continue;
    auto begin = line.begin;
    bool glued = false;
    const auto take = [&](std::uint32_t to) {
      Line part = line;
      part.begin = begin;
      part.end = to;
      if (!quoted) {
        while (part.begin < part.end && source[part.begin] == ' ') ++part.begin;
        while (part.end > part.begin && source[part.end - 1] == ' ') --part.end;
      }
      part.glued = glued;
      field.push_back(part);
    };
    for (auto at = line.begin; at < line.end; ++at) {
      const auto c = source[at];
      if (quoted && c == '"') {
        if (at + 1 < line.end && source[at + 1] == '"') {
          take(at + 1);  // two of them stand for one
          begin = ++at + 1;
          glued = true;
          continue;
        }
        take(at);
        quoted = false;
        begin = at + 1;
        glued = true;
      } else if (!quoted && c == '"' &&
                 source.substr(begin, at - begin).find_first_not_of(' ') == std::string_view::npos) {
        quoted = true;
        begin = at + 1;
        glued = false;
      } else if (!quoted && c == separator) {
        take(at);
        finish(false);
        begin = at + 1;
        glued = false;
      }
    }
    take(line.end);
    if (!quoted) finish(true);
  }
  if (!field.empty()) finish(true);
}

}  // namespace chiron::prose
