// Parts of a JSON document as trees, one at a time: reports are long lists of files, and only one file's tree need
// stand in memory.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/doc/value.h"

namespace chiron::coverage {

// Keys from the root; "*" is any member of an object or any item of an array.
struct JsonPart {
  std::vector<std::string> path;
  // Called with the innermost member's name ("" for an array's item). False stops reading ("doc.stopped").
  std::function<bool(std::string_view name, doc::Value value)> take;
};

[[nodiscard]] Result<void> read_json_parts(std::string_view text, std::string_view file,
                                           const std::vector<JsonPart>& parts);

}  // namespace chiron::coverage
