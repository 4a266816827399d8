// JSON that is read piece by piece.
#pragma once
#include <functional>
#include <span>

#include "foundation/doc/json.h"

namespace chiron::doc {

// Fills the front of a buffer with the bytes that come next, and says how many; 0 at the end.
using ReadBytes = std::function<std::size_t(std::span<char>)>;
// As read_json over bytes that are fetched as they are needed, so that the text never lies in memory as a whole. False
// where that did not lead to the end, for whatever reason: the sink has got a part, and read_json says what is wrong
// (or, with a number of thousands of digits, reads it).
[[nodiscard]] bool stream_json(const ReadBytes& read, Sink& sink, const ReadOptions& options = {});

}  // namespace chiron::doc
