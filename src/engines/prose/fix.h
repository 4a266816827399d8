// What the actions of alerts make of a file: edits that never overlap, and the text that comes of them.
#pragma once
#include <string>
#include <vector>

#include "engines/prose/lint.h"
#include "foundation/base/result.h"

namespace chiron::prose {

// One replacement of bytes [offset, offset + length).
struct Replacement {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string text;
  std::string check;
  std::uint32_t line = 0;
};

// The replacement that an alert's action asks for, where there is exactly one and the match stands in the source as it
// was matched: nothing where markup stands inside of it, or where several suggestions are equally good.
[[nodiscard]] std::optional<Replacement> replacement_for(const Hit& hit, const Linter& linter,
                                                         std::string_view content);
// All of a report's, in order; of two that overlap the first one is taken.
[[nodiscard]] std::vector<Replacement> replacements(const FileReport& report, const Linter& linter,
                                                    std::string_view content);
[[nodiscard]] std::string apply(std::string_view content, const std::vector<Replacement>& edits);
// The change as a unified diff with three lines around it; "" where nothing changes.
[[nodiscard]] std::string unified_diff(const std::string& path, std::string_view before,
                                       const std::vector<Replacement>& edits);

}  // namespace chiron::prose
