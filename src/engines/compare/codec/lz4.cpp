// lz4 frames and blocks over liblz4.
#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>

#include "engines/compare/codec/codec.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {
Error damaged(std::uint64_t at, std::string_view why) {
  return {ErrorKind::input,
          "compare.damaged",
          format("the lz4 stream is damaged near its byte {}: {}", at, why),
          {},
          {},
          {}};
}
}  // namespace

Decoded decode_lz4_frame(ByteView input, Store& out) {
  LZ4F_dctx* decoder = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&decoder, LZ4F_VERSION)) != 0) {
    return {0, memory_error("an lz4 decoder", 1 << 18)};
  }
  Decoded decoded;
  for (;;) {
    auto room = out.room(1 << 20);
    if (!room) {
      decoded.error = room.error();
      break;
    }
    std::size_t produced = 1 << 20;
    std::size_t taken = input.size() - decoded.consumed;
    const auto left = LZ4F_decompress(decoder, *room, &produced, input.data() + decoded.consumed, &taken, nullptr);
    out.filled(produced);
    decoded.consumed += taken;
    if (LZ4F_isError(left) != 0) {
      decoded.error = damaged(decoded.consumed, LZ4F_getErrorName(left));
      break;
    }
    if (left == 0) break;
    if (taken == 0 && produced == 0) {
      decoded.error = damaged(decoded.consumed, "it ends too early");
      break;
    }
  }
  LZ4F_freeDecompressionContext(decoder);
  out.shrink();
  return decoded;
}

Decoded decode_lz4_legacy(ByteView input, Store& out) {
  constexpr std::uint32_t kBlock = 8 << 20, kMostStored = LZ4_COMPRESSBOUND(kBlock);
  const auto word = [&](std::uint64_t at) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i)
      value = value << 8 | static_cast<unsigned char>(input[at + static_cast<std::uint64_t>(i)]);
    return value;
  };
  Decoded decoded;
  decoded.consumed = 4;
  while (input.size() - decoded.consumed >= 4) {
    const auto length = word(decoded.consumed);
    if (length == 0 || length > kMostStored) break;  // another frame, or what follows a kernel
    const auto left = input.size() - decoded.consumed - 4;
    if (length > left) {
      decoded.error = damaged(decoded.consumed, "a block is cut off");
      break;
    }
    const auto block = decode_lz4_block(input.substr(decoded.consumed + 4, length), kBlock, out);
    if (block.error) {
      decoded.error = block.error;
      break;
    }
    decoded.consumed += 4 + length;
  }
  out.shrink();
  return decoded;
}

Decoded decode_lz4_block(ByteView input, std::uint64_t max_size, Store& out) {
  auto room = out.room(max_size);
  if (!room) return {0, room.error()};
  const auto produced =
      LZ4_decompress_safe(input.data(), *room, static_cast<int>(input.size()), static_cast<int>(max_size));
  if (produced < 0) return {0, damaged(static_cast<std::uint64_t>(-produced), "bad block")};
  out.filled(static_cast<std::uint64_t>(produced));
  return {input.size(), std::nullopt};
}

}  // namespace chiron::compare
