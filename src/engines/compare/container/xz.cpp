// xz, lzip and lzma files: their headers read here, their data decoded by liblzma.
#include <algorithm>

#include "engines/compare/container/stream.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

constexpr std::string_view kPackerNoise = "a setting of the packing program";
constexpr std::string_view kXzMagic{
    "\xfd"
    "7zXZ\0",
    6};

std::string_view check_name(unsigned id) {
  switch (id) {
    case 0:
      return "none";
    case 1:
      return "CRC-32";
    case 4:
      return "CRC-64";
    case 10:
      return "SHA-256";
    default:
      return "unknown";
  }
}

std::string filter_name(std::uint64_t id) {
  switch (id) {
    case 0x03:
      return "delta";
    case 0x04:
      return "x86";
    case 0x05:
      return "PowerPC";
    case 0x06:
      return "IA-64";
    case 0x07:
      return "ARM";
    case 0x08:
      return "ARM-Thumb";
    case 0x09:
      return "SPARC";
    case 0x0a:
      return "ARM64";
    case 0x21:
      return "LZMA2";
    default:
      return format("filter 0x{:x}", id);
  }
}

// xz's variable-length integers: 7 bits a byte, low first.
std::optional<std::uint64_t> variable(ByteView bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    if (at >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

std::string dictionary_text(unsigned code) {
  if (code > 40) return "invalid";
  if (code == 40) return "4 GiB";
  const std::uint64_t size = static_cast<std::uint64_t>(2 | (code & 1)) << (code / 2 + 11);
  return size >= (1 << 20) ? format("{} MiB", size >> 20) : format("{} KiB", size >> 10);
}

void read_block_header(ByteView bytes, Stream& stream) {
  constexpr std::size_t kStreamHeader = 12;
  if (bytes.size() < kStreamHeader + 2 || bytes[kStreamHeader] == '\0') return;  // an empty stream has no block
  const auto length = (static_cast<unsigned char>(bytes[kStreamHeader]) + 1u) * 4u;
  const auto header = bytes.substr(kStreamHeader, length);
  if (header.size() < length) return;
  const auto flags = static_cast<unsigned char>(header[1]);
  std::size_t at = 2;
  if ((flags & 0x40) != 0) variable(header, at);
  if ((flags & 0x80) != 0) {
    const auto size = variable(header, at);
    stream.add_field(0, "size in block header", size ? std::to_string(*size) : "damaged", {kStreamHeader, length}, {},
                     true);
  } else {
    stream.add_field(0, "size in block header", "none", {kStreamHeader, length}, kPackerNoise);
  }
  for (unsigned i = 0; i <= (flags & 3u); ++i) {
    const auto id = variable(header, at);
    const auto properties = variable(header, at);
    if (!id || !properties || *properties > header.size() - std::min(at, header.size())) return;
    const auto value = header.substr(at, *properties);
    const Range place{kStreamHeader + at, value.size()};
    if (*id == 0x21 && value.size() == 1) {
      stream.add_field(0, "dictionary", dictionary_text(static_cast<unsigned char>(value[0])), place, kPackerNoise);
    } else {
      stream.add_field(0, format("filter {}", i + 1), format("{} {}", filter_name(*id), text::to_hex(value)), place,
                       kPackerNoise);
    }
    at += *properties;
  }
}

void read_index(ByteView bytes, Stream& stream) {
  auto end = bytes.size();
  while (end >= 4 && bytes.substr(end - 4, 4) == std::string_view("\0\0\0\0", 4)) end -= 4;
  if (end < 24 || bytes.substr(end - 2, 2) != "YZ") return;
  const auto length = (static_cast<std::uint64_t>(little32(bytes, end - 8)) + 1) * 4;
  if (length > end - 12) return;
  const auto start = end - 12 - length;
  const auto index = bytes.substr(start, length);
  std::size_t at = 1;
  if (const auto records = variable(index, at)) {
    stream.add_field(0, "blocks", std::to_string(*records), {start, length}, kPackerNoise);
  }
}

}  // namespace

bool is_xz(ByteView bytes, std::string_view) { return bytes.size() >= 24 && bytes.starts_with(kXzMagic); }

Result<std::unique_ptr<Container>> open_xz(ByteView bytes, std::string_view name, Context& context) {
  auto stream = std::make_unique<Stream>(bytes, stream_content_name(name, ".xz"), context.budget());
  stream->add_field(0, "check", std::string(check_name(static_cast<unsigned char>(bytes[7]) & 15)), {6, 2},
                    kPackerNoise);
  read_block_header(bytes, *stream);
  read_index(bytes, *stream);
  const auto decoded = decode_xz(bytes, stream->store());
  TRY(stream->note(decoded, 0));
  if (decoded.consumed < bytes.size()) {
    stream->add_region("behind the stream", {decoded.consumed, bytes.size() - decoded.consumed});
  }
  return stream;
}

bool is_lzip(ByteView bytes, std::string_view) { return bytes.size() >= 26 && bytes.starts_with("LZIP\x01"); }

Result<std::unique_ptr<Container>> open_lzip(ByteView bytes, std::string_view name, Context& context) {
  auto stream = std::make_unique<Stream>(bytes, stream_content_name(name, ".lz"), context.budget());
  std::uint64_t at = 0;
  std::size_t index = 0;
  while (is_lzip(bytes.substr(at), {})) {
    const auto code = static_cast<unsigned char>(bytes[at + 5]);
    // Five bits of exponent, three of sixteenths to take off (lzip's manual, "File format").
    const auto base_size = std::uint64_t{1} << (code & 0x1f);
    const auto dictionary = base_size - base_size / 16 * (code >> 5);
    stream->add_field(index, "dictionary", format("{} bytes", dictionary), {at + 5, 1}, kPackerNoise);
    if (dictionary < 4096 || dictionary > (512u << 20)) {
      stream->note_problem(at + 5, "the dictionary size is not a valid one");
      break;
    }
    const auto before = stream->store().bytes().size();
    const auto decoded = decode_lzip(bytes.substr(at + 6), static_cast<std::uint32_t>(dictionary), stream->store());
    TRY(stream->note(decoded, at + 6));
    if (decoded.error) {
      at = bytes.size();
      break;
    }
    const auto trailer = at + 6 + decoded.consumed;
    if (trailer + 20 > bytes.size()) {
      stream->note_problem(trailer, "the lzip trailer is cut off");
      at = bytes.size();
      break;
    }
    const auto content = stream->store().bytes().substr(before);
    if (little32(bytes, trailer) != crc32(content)) stream->note_problem(trailer, "the lzip checksum does not match");
    stream->add_field(index, "crc32", format("{:08x}", little32(bytes, trailer)), {trailer, 4}, {}, true);
    stream->add_field(index, "size", std::to_string(little64(bytes, trailer + 4)), {trailer + 4, 8}, {}, true);
    stream->add_field(index, "member size", std::to_string(little64(bytes, trailer + 12)), {trailer + 12, 8}, {}, true);
    at = trailer + 20;
    ++index;
  }
  if (at < bytes.size()) stream->add_region("behind the stream", {at, bytes.size() - at});
  return stream;
}

// The old format has no magic number: properties byte of the usual settings, a power of two as dictionary, and the
// name.
bool is_lzma(ByteView bytes, std::string_view name) {
  if (bytes.size() < 18 || !(name.ends_with(".lzma") || name.ends_with(".tlz"))) return false;
  const auto dictionary = little32(bytes, 1);
  return static_cast<unsigned char>(bytes[0]) < 225 && dictionary != 0 && (dictionary & (dictionary - 1)) == 0;
}

Result<std::unique_ptr<Container>> open_lzma(ByteView bytes, std::string_view name, Context& context) {
  auto stream = std::make_unique<Stream>(bytes, stream_content_name(name, ".lzma"), context.budget());
  stream->add_field(0, "properties", format("0x{:02x}", static_cast<unsigned char>(bytes[0])), {0, 1}, kPackerNoise);
  stream->add_field(0, "dictionary", format("{} bytes", little32(bytes, 1)), {1, 4}, kPackerNoise);
  stream->add_field(0, "size", std::to_string(static_cast<std::int64_t>(little64(bytes, 5))), {5, 8}, {}, true);
  const auto decoded = decode_lzma_alone(bytes, stream->store());
  TRY(stream->note(decoded, 0));
  return stream;
}

}  // namespace chiron::compare
