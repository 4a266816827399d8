// Deflate: libdeflate where the whole stream fits one call (three times zlib's speed), zlib where it is damaged and the
// part before the damage is wanted, and for compressing as other programs do.
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>

#include "engines/compare/codec/codec.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

constexpr std::uint64_t kMostExpansion = 1032;  // deflate cannot make more of a byte
constexpr std::uint64_t kGuessBytes = 256 * 1024;

Error damaged(std::uint64_t at) {
  return {
      ErrorKind::input, "compare.damaged", format("the deflate stream is damaged near its byte {}", at), {}, {}, {}};
}

// zlib, piece by piece: `window_bits` negative for a raw stream.
Decoded stream_inflate(ByteView input, int window_bits, Store& out) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return {0, damaged(0)};
  Decoded decoded;
  constexpr std::uint64_t kPiece = 1 << 20;
  std::uint64_t fed = 0;
  for (;;) {
    if (stream.avail_in == 0 && fed < input.size()) {
      const auto take = std::min<std::uint64_t>(input.size() - fed, 1u << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data() + fed));
      stream.avail_in = static_cast<uInt>(take);
      fed += take;
    }
    auto room = out.room(kPiece);
    if (!room) {
      decoded.error = room.error();
      break;
    }
    stream.next_out = reinterpret_cast<Bytef*>(*room);
    stream.avail_out = static_cast<uInt>(kPiece);
    const auto status = inflate(&stream, Z_NO_FLUSH);
    out.filled(kPiece - stream.avail_out);
    if (status == Z_STREAM_END) break;
    if (status != Z_OK || (stream.avail_in == 0 && fed == input.size() && stream.avail_out > 0)) {
      decoded.error = damaged(fed - stream.avail_in);
      break;
    }
  }
  decoded.consumed = fed - stream.avail_in;
  inflateEnd(&stream);
  return decoded;
}

enum class Framing { raw, zlib };

Decoded decode(ByteView input, std::uint64_t size_hint, Framing framing, Store& out) {
  const auto before = out.bytes().size();
  auto* decompressor = libdeflate_alloc_decompressor();
  if (decompressor == nullptr) return {0, memory_error("a deflate decoder", 1 << 16)};
  const auto most = input.size() * kMostExpansion + 64;
  // A header's claim is believed up to a plausible ratio, so that a lie cannot reserve gigabytes for a few bytes.
  const auto plausible = std::max<std::uint64_t>(1 << 20, input.size() * 32);
  auto capacity =
      std::min({most, plausible, size_hint > 0 ? size_hint + 64 : std::max<std::uint64_t>(4096, input.size() * 4)});
  Decoded decoded;
  for (;;) {
    auto room = out.room(capacity);
    if (!room) {
      decoded.error = room.error();
      break;
    }
    std::size_t consumed = 0, produced = 0;
    const auto status = framing == Framing::raw
                            ? libdeflate_deflate_decompress_ex(decompressor, input.data(), input.size(), *room,
                                                               capacity, &consumed, &produced)
                            : libdeflate_zlib_decompress_ex(decompressor, input.data(), input.size(), *room, capacity,
                                                            &consumed, &produced);
    if (status == LIBDEFLATE_SUCCESS) {
      out.filled(produced);
      decoded.consumed = consumed;
      break;
    }
    if (status == LIBDEFLATE_INSUFFICIENT_SPACE && capacity < most) {
      capacity = std::min(most, capacity * 4);
      continue;
    }
    libdeflate_free_decompressor(decompressor);
    return stream_inflate(input, framing == Framing::raw ? -15 : 15, out);
  }
  libdeflate_free_decompressor(decompressor);
  if (before == 0) out.shrink();
  return decoded;
}

}  // namespace

Decoded decode_deflate(ByteView input, std::uint64_t size_hint, Store& out) {
  return decode(input, size_hint, Framing::raw, out);
}

Decoded decode_zlib(ByteView input, std::uint64_t size_hint, Store& out) {
  return decode(input, size_hint, Framing::zlib, out);
}

std::uint32_t crc32(ByteView bytes, std::uint32_t seed) { return libdeflate_crc32(seed, bytes.data(), bytes.size()); }

std::string encode_deflate(ByteView bytes, int level, int memory_level) {
  z_stream stream{};
  std::string out;
  if (deflateInit2(&stream, level, Z_DEFLATED, -15, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) return out;
  std::uint64_t fed = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0 && fed < bytes.size()) {
      const auto take = std::min<std::uint64_t>(bytes.size() - fed, 1u << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + fed));
      stream.avail_in = static_cast<uInt>(take);
      fed += take;
    }
    const auto filled = out.size();
    constexpr std::size_t kPiece = 256 * 1024;
    out.resize(filled + kPiece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream.avail_out = kPiece;
    status = deflate(&stream, fed == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    out.resize(filled + kPiece - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

std::optional<std::string> guess_deflate_producer(ByteView compressed, ByteView content) {
  const auto part = content.substr(0, kGuessBytes);
  for (const int memory_level : {8, 9}) {
    for (const int level : {6, 9, 1, 5, 7, 8, 4, 3, 2}) {
      const auto made = encode_deflate(part, level, memory_level);
      const bool whole = part.size() == content.size();
      // Of a longer content only the first blocks are comparable: what follows was not seen here.
      const auto length = whole ? made.size() : std::min<std::size_t>(made.size() / 2, compressed.size());
      if ((whole && made.size() != compressed.size()) || length == 0) continue;
      if (compressed.substr(0, length) == ByteView(made).substr(0, length)) {
        return format("zlib level {}{}", level, memory_level == 9 ? " (memory level 9)" : "");
      }
    }
  }
  return std::nullopt;
}

}  // namespace chiron::compare
