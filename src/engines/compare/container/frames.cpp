// zstd, lz4 and bzip2 files: sequences of frames, whose headers are read here.
#include <algorithm>

#include "engines/compare/container/stream.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

constexpr std::string_view kPackerNoise = "a setting of the packing program";
constexpr std::uint32_t kZstdMagic = 0xFD2FB528, kLz4Magic = 0x184D2204, kLz4LegacyMagic = 0x184C2102;
bool is_skippable(std::uint32_t magic) { return (magic & 0xFFFFFFF0) == 0x184D2A50; }

// RFC 8878, section 3.1.1.1.
void read_zstd_header(ByteView frame, std::uint64_t base, std::size_t index, Stream& stream) {
  if (frame.size() < 6) return;
  const auto descriptor = static_cast<unsigned char>(frame[4]);
  const bool single = (descriptor & 0x20) != 0;
  std::size_t at = 5;
  std::string window = "as the content";
  if (!single) {
    const auto code = static_cast<unsigned char>(frame[at++]);
    const auto power = std::uint64_t{1} << (10 + (code >> 3));
    window = format("{} bytes", power + power / 8 * (code & 7));
  }
  stream.add_field(index, "checksum", (descriptor & 4) != 0 ? "yes" : "no", {base + 4, 1}, kPackerNoise);
  stream.add_field(index, "window", window, {base + 5, single ? 0u : 1u}, kPackerNoise);
  static constexpr std::size_t kIdSizes[] = {0, 1, 2, 4};
  const auto id_size = kIdSizes[descriptor & 3];
  if (id_size > 0 && at + id_size <= frame.size()) {
    std::uint32_t id = 0;
    for (std::size_t i = 0; i < id_size; ++i)
      id |= static_cast<std::uint32_t>(static_cast<unsigned char>(frame[at + i])) << (8 * i);
    stream.add_field(index, "dictionary id", std::to_string(id), {base + at, id_size}, {});
  }
  at += id_size;
  static constexpr std::size_t kContentSizes[] = {0, 2, 4, 8};
  const auto size_length = (descriptor >> 6) == 0 && single ? 1 : kContentSizes[descriptor >> 6];
  if (size_length == 0) {
    stream.add_field(index, "content size", "not given", {base + 4, 1}, kPackerNoise);
  } else if (at + size_length <= frame.size()) {
    std::uint64_t size = size_length == 2 ? 256 : 0;
    for (std::size_t i = 0; i < size_length; ++i)
      size += static_cast<std::uint64_t>(static_cast<unsigned char>(frame[at + i])) << (8 * i);
    stream.add_field(index, "content size", std::to_string(size), {base + at, size_length}, {}, true);
  }
}

// The LZ4 frame format, "Frame descriptor".
void read_lz4_header(ByteView frame, std::uint64_t base, std::size_t index, Stream& stream) {
  if (frame.size() < 7) return;
  const auto flags = static_cast<unsigned char>(frame[4]), blocks = static_cast<unsigned char>(frame[5]);
  stream.add_field(index, "flags",
                   format("0x{:02x}{}{}{}", flags, (flags & 0x20) != 0 ? " independent blocks" : " linked blocks",
                          (flags & 0x10) != 0 ? " block checksums" : "", (flags & 4) != 0 ? " content checksum" : ""),
                   {base + 4, 1}, kPackerNoise);
  stream.add_field(index, "largest block", format("{} KiB", 1u << (2 * ((blocks >> 4) & 7))), {base + 5, 1},
                   kPackerNoise);
  if ((flags & 8) != 0 && frame.size() >= 14) {
    stream.add_field(index, "content size", std::to_string(little64(frame, 6)), {base + 6, 8}, {}, true);
  }
}

using ReadHeader = void (*)(ByteView, std::uint64_t, std::size_t, Stream&);
using Decode = Decoded (*)(ByteView, Store&);

Result<std::unique_ptr<Container>> open_frames(ByteView bytes, std::string_view name, std::uint32_t magic,
                                               ReadHeader read_header, Decode decode, Context& context) {
  auto stream = std::make_unique<Stream>(bytes, name, context.budget());
  std::uint64_t at = 0;
  std::size_t index = 0;
  while (bytes.size() - at >= 8) {
    const auto found = little32(bytes, at);
    if (is_skippable(found)) {
      TRY(stream->count_part(context));
      const auto length = std::min<std::uint64_t>(std::uint64_t{8} + little32(bytes, at + 4), bytes.size() - at);
      stream->add_region("skippable frame", {at, length});
      at += length;
      continue;
    }
    if (found != magic && !(found == kLz4LegacyMagic && magic == kLz4Magic)) break;
    TRY(stream->count_part(context));
    const bool legacy = found != magic;
    if (!legacy) read_header(bytes.substr(at), at, index, *stream);
    stream->add_field(index, "framing", legacy ? "legacy" : "frame", {at, 4}, kPackerNoise);
    const auto decoded = (legacy ? decode_lz4_legacy : decode)(bytes.substr(at), stream->store());
    TRY(stream->note(decoded, at));
    at += decoded.consumed;
    ++index;
    if (decoded.error || decoded.consumed == 0) break;
  }
  if (at < bytes.size()) stream->add_region("behind the stream", {at, bytes.size() - at});
  return stream;
}

}  // namespace

bool is_zstd(ByteView bytes, std::string_view name) {
  if (bytes.size() < 9) return false;
  const auto magic = little32(bytes, 0);
  return magic == kZstdMagic || (is_skippable(magic) && name.ends_with(".zst"));
}
Result<std::unique_ptr<Container>> open_zstd(ByteView bytes, std::string_view name, Context& context) {
  return open_frames(bytes, stream_content_name(name, ".zst"), kZstdMagic, read_zstd_header, decode_zstd, context);
}

bool is_lz4(ByteView bytes, std::string_view) {
  return bytes.size() >= 11 && (little32(bytes, 0) == kLz4Magic || little32(bytes, 0) == kLz4LegacyMagic);
}
Result<std::unique_ptr<Container>> open_lz4(ByteView bytes, std::string_view name, Context& context) {
  return open_frames(bytes, stream_content_name(name, ".lz4"), kLz4Magic, read_lz4_header, decode_lz4_frame, context);
}

bool is_bzip2(ByteView bytes, std::string_view) {
  return bytes.size() >= 14 && bytes.starts_with("BZh") && bytes[3] >= '1' && bytes[3] <= '9' &&
         (bytes.substr(4, 6) == "\x31\x41\x59\x26\x53\x59" || bytes.substr(4, 6) == "\x17\x72\x45\x38\x50\x90");
}
Result<std::unique_ptr<Container>> open_bzip2(ByteView bytes, std::string_view name, Context& context) {
  auto stream = std::make_unique<Stream>(bytes, stream_content_name(name, ".bz2"), context.budget());
  std::uint64_t at = 0;
  std::size_t index = 0;
  while (is_bzip2(bytes.substr(at), {})) {
    TRY(stream->count_part(context));
    stream->add_field(index, "level", std::string(1, bytes[at + 3]), {at + 3, 1}, kPackerNoise);
    const auto decoded = decode_bzip2(bytes.substr(at), stream->store());
    TRY(stream->note(decoded, at));
    at += decoded.consumed;
    ++index;
    if (decoded.error) break;
  }
  if (at < bytes.size()) stream->add_region("behind the stream", {at, bytes.size() - at});
  return stream;
}

}  // namespace chiron::compare
