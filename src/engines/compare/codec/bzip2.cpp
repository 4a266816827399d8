// bzip2 over libbz2, one stream a call.
#include <bzlib.h>

#include <algorithm>

#include "engines/compare/codec/codec.h"
#include "foundation/base/format.h"

namespace chiron::compare {

Decoded decode_bzip2(ByteView input, Store& out) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return {0, memory_error("a bzip2 decoder", 4 << 20)};
  Decoded decoded;
  constexpr std::uint64_t kPiece = 1 << 20;
  std::uint64_t fed = 0;
  for (;;) {
    if (stream.avail_in == 0 && fed < input.size()) {
      const auto take = std::min<std::uint64_t>(input.size() - fed, 1u << 30);
      stream.next_in = const_cast<char*>(input.data() + fed);
      stream.avail_in = static_cast<unsigned>(take);
      fed += take;
    }
    auto room = out.room(kPiece);
    if (!room) {
      decoded.error = room.error();
      break;
    }
    stream.next_out = *room;
    stream.avail_out = static_cast<unsigned>(kPiece);
    const auto status = BZ2_bzDecompress(&stream);
    out.filled(kPiece - stream.avail_out);
    if (status == BZ_STREAM_END) break;
    if (status != BZ_OK || (stream.avail_in == 0 && fed == input.size() && stream.avail_out > 0)) {
      decoded.error = Error{ErrorKind::input,
                            "compare.damaged",
                            format("the bzip2 stream is damaged near its byte {}", fed - stream.avail_in),
                            {},
                            {},
                            {}};
      break;
    }
  }
  decoded.consumed = fed - stream.avail_in;
  BZ2_bzDecompressEnd(&stream);
  return decoded;
}

}  // namespace chiron::compare
