// Decompression, done by the formats' own libraries. What could be decoded before damage is kept: the caller gets both
// the bytes and the error, so that a damaged stream is still compared as far as it goes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "engines/compare/store.h"

namespace chiron::compare {

struct Decoded {
  std::uint64_t consumed = 0;  // bytes of the input that belong to the stream
  std::optional<Error> error;  // damage, or a limit
};

// A raw deflate stream. `size_hint` is what headers claim (0: unknown); a lie costs time, never memory past the output.
[[nodiscard]] Decoded decode_deflate(ByteView input, std::uint64_t size_hint, Store& out);
// zlib's framing around one (squashfs blocks, PNG).
[[nodiscard]] Decoded decode_zlib(ByteView input, std::uint64_t size_hint, Store& out);
// All streams and padding of an .xz file; all of an .lzma file.
[[nodiscard]] Decoded decode_xz(ByteView input, Store& out);
[[nodiscard]] Decoded decode_lzma_alone(ByteView input, Store& out);
// One member of an .lz file (a raw LZMA stream with lzip's fixed properties).
[[nodiscard]] Decoded decode_lzip(ByteView input, std::uint32_t dictionary_bytes, Store& out);
// The LZMA data of a zip member: version, length of the properties, properties, a raw stream.
[[nodiscard]] Decoded decode_zip_lzma(ByteView input, std::uint64_t size, Store& out);
[[nodiscard]] Decoded decode_zstd(ByteView input, Store& out);   // one frame
[[nodiscard]] Decoded decode_bzip2(ByteView input, Store& out);  // one stream
[[nodiscard]] Decoded decode_lz4_frame(ByteView input, Store& out);
// The older framing of lz4 (Linux kernels): blocks of 8 MiB up to the end or to the next magic number.
[[nodiscard]] Decoded decode_lz4_legacy(ByteView input, Store& out);
[[nodiscard]] Decoded decode_lz4_block(ByteView input, std::uint64_t max_size, Store& out);

// CRC-32 as zip, gzip and PNG use it.
[[nodiscard]] std::uint32_t crc32(ByteView bytes, std::uint32_t seed = 0);

// A raw deflate stream of the bytes as zlib makes it at that level.
[[nodiscard]] std::string encode_deflate(ByteView bytes, int level, int memory_level = 8);
// Which of zlib's settings make exactly this stream ("zlib level 6"), or nothing; looks at no more than the first
// `kGuessBytes` of the content.
[[nodiscard]] std::optional<std::string> guess_deflate_producer(ByteView compressed, ByteView content);

}  // namespace chiron::compare
