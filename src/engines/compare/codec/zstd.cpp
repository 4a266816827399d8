// zstd over libzstd, one frame a call.
#include <zstd.h>

#include <algorithm>

#include "engines/compare/codec/codec.h"
#include "foundation/base/format.h"

namespace chiron::compare {

Decoded decode_zstd(ByteView input, Store& out) {
  auto* decoder = ZSTD_createDStream();
  if (decoder == nullptr) return {0, memory_error("a zstd decoder", 1 << 20)};
  ZSTD_DCtx_setParameter(decoder, ZSTD_d_windowLogMax, 30);
  const auto claimed = ZSTD_getFrameContentSize(input.data(), input.size());
  // What a header claims is believed up to a plausible ratio; the rest is asked for as it comes.
  auto piece = std::max<std::uint64_t>(ZSTD_DStreamOutSize(), std::min<std::uint64_t>(input.size() * 4, 64 << 20));
  if (claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed != ZSTD_CONTENTSIZE_ERROR && claimed / 64 <= input.size()) {
    piece = std::max<std::uint64_t>(claimed, 1);
  }
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  Decoded decoded;
  for (;;) {
    auto room = out.room(out.room_left() > 0 ? 1 : piece);
    if (!room) {
      decoded.error = room.error();
      break;
    }
    ZSTD_outBuffer buffer{*room, out.room_left(), 0};
    const auto before = in.pos;
    const auto left = ZSTD_decompressStream(decoder, &buffer, &in);
    out.filled(buffer.pos);
    if (ZSTD_isError(left) != 0 || (left > 0 && buffer.pos == 0 && in.pos == before)) {
      decoded.error = Error{ErrorKind::input,
                            "compare.damaged",
                            format("the zstd stream is damaged near its byte {}: {}", in.pos,
                                   ZSTD_isError(left) != 0 ? ZSTD_getErrorName(left) : "it ends too early"),
                            {},
                            {},
                            {}};
      break;
    }
    if (left == 0) break;
    piece = std::max<std::uint64_t>(ZSTD_DStreamOutSize(), out.bytes().size() / 2);
  }
  decoded.consumed = in.pos;
  ZSTD_freeDStream(decoder);
  out.shrink();
  return decoded;
}

}  // namespace chiron::compare
