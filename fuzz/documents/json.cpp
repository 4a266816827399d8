// The json reader on arbitrary bytes: an error or a value whose spans lie in the text, never a crash;
// and the same value where the bytes come piece by piece.
#include <algorithm>
#include <cstdlib>

#include "foundation/doc/json_stream.h"
#include "spans.h"

using namespace chiron;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = doc::parse_json(text);
  if (value) check_spans(*value, size);
  std::string_view rest = text;
  doc::TreeBuilder pieces;
  const bool read = doc::stream_json(
      [&rest](std::span<char> into) {
        const auto count = std::min({into.size(), rest.size(), rest.size() % 7 + 1});
        std::copy_n(rest.data(), count, into.data());
        rest.remove_prefix(count);
        return count;
      },
      pieces);
  if (read && !(value && pieces.take() == *value)) std::abort();
  return 0;
}
