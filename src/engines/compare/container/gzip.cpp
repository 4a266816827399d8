// gzip (RFC 1952): every header field of every member of the file, then its deflate stream.
#include <algorithm>

#include "engines/compare/container/stream.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

constexpr std::string_view kPackerNoise = "a mark of the packing program";

std::string_view system_name(unsigned value) {
  switch (value) {
    case 0:
      return "FAT";
    case 3:
      return "Unix";
    case 7:
      return "Macintosh";
    case 10:
      return "TOPS-20";
    case 11:
      return "NTFS";
    case 255:
      return "unknown";
    default:
      return "other";
  }
}

std::string level_text(unsigned value) {
  if (value == 2) return "maximum compression";
  if (value == 4) return "fastest";
  if (value == 0) return "normal";
  return format("0x{:02x}", value);
}

// The header's length, or 0 where it is cut off.
std::size_t read_header(ByteView bytes, std::uint64_t base, std::size_t index, Stream& stream) {
  const auto flags = static_cast<unsigned char>(bytes[3]);
  std::size_t at = 10;
  const auto mtime = little32(bytes, 4);
  stream.add_field(index, "flags", format("0x{:02x}", flags), {base + 3, 1}, kPackerNoise);
  stream.add_field(index, "mtime", mtime == 0 ? "none" : time_text(mtime), {base + 4, 4}, "a time stamp of packing");
  stream.add_field(index, "level", level_text(static_cast<unsigned char>(bytes[8])), {base + 8, 1}, kPackerNoise);
  stream.add_field(
      index, "operating system",
      format("{} ({})", system_name(static_cast<unsigned char>(bytes[9])), static_cast<unsigned char>(bytes[9])),
      {base + 9, 1}, kPackerNoise);
  if ((flags & 4) != 0) {
    if (at + 2 > bytes.size()) return 0;
    const auto length = little16(bytes, at);
    if (at + 2 + length > bytes.size()) return 0;
    stream.add_field(index, "extra field", text::to_hex(bytes.substr(at + 2, length)), {base + at, 2u + length},
                     kPackerNoise);
    at += 2u + length;
  }
  for (const auto& [bit, name] : {std::pair{8, "file name"}, std::pair{16, "comment"}}) {
    if ((flags & bit) == 0) continue;
    const auto end = bytes.find('\0', at);
    if (end == ByteView::npos) return 0;
    stream.add_field(index, name, std::string(bytes.substr(at, end - at)), {base + at, end + 1 - at}, kPackerNoise);
    at = end + 1;
  }
  if ((flags & 2) != 0) {
    if (at + 2 > bytes.size()) return 0;
    const auto computed = crc32(bytes.substr(0, at)) & 0xffff;
    stream.add_field(index, "header checksum", little16(bytes, at) == computed ? "holds" : "does not hold",
                     {base + at, 2}, kPackerNoise);
    at += 2;
  }
  return at;
}

}  // namespace

bool is_gzip(ByteView bytes, std::string_view) { return bytes.size() >= 18 && bytes.starts_with("\x1f\x8b\x08"); }

Result<std::unique_ptr<Container>> open_gzip(ByteView bytes, std::string_view name, Context& context) {
  auto stream = std::make_unique<Stream>(bytes, stream_content_name(name, ".gz"), context.budget());
  std::uint64_t at = 0;
  std::size_t index = 0;
  while (is_gzip(bytes.substr(at), {})) {
    TRY(stream->count_part(context));
    const auto rest = bytes.substr(at);
    const auto header = read_header(rest, at, index, *stream);
    if (header == 0) {
      stream->note_problem(at, format("the gzip header at byte {} is cut off", at));
      break;
    }
    const auto before = stream->store().bytes().size();
    // The size at the very end is that of the last member, which nearly always is the only one.
    const auto hint = index == 0 ? little32(bytes, bytes.size() - 4) : 0;
    const auto decoded = decode_deflate(rest.substr(header), hint, stream->store());
    TRY(stream->note(decoded, at + header));
    if (index == 0) stream->set_data({at + header, decoded.consumed}, true);
    if (index == 1) stream->set_data({0, bytes.size()}, false);
    const auto trailer = at + header + decoded.consumed;
    at = std::min<std::uint64_t>(bytes.size(), trailer + 8);
    if (decoded.error) break;
    if (trailer + 8 > bytes.size()) {
      stream->note_problem(trailer, "the gzip trailer is cut off");
      break;
    }
    const auto content = stream->store().bytes().substr(before);
    const auto stored_crc = little32(bytes, trailer), stored_size = little32(bytes, trailer + 4);
    if (stored_crc != crc32(content)) stream->note_problem(trailer, "the gzip checksum does not match the content");
    if (stored_size != static_cast<std::uint32_t>(content.size())) {
      stream->note_problem(trailer + 4, "the gzip trailer's size does not match the content");
    }
    stream->add_field(index, "crc32", format("{:08x}", stored_crc), {trailer, 4}, {}, true);
    stream->add_field(index, "size", std::to_string(stored_size), {trailer + 4, 4}, {}, true);
    ++index;
  }
  if (at < bytes.size()) stream->add_region("behind the stream", {at, bytes.size() - at});
  return stream;
}

}  // namespace chiron::compare
