// JPEG: segment by segment (ITU-T T.81, annex B), EXIF tag by tag, and the pixels as libjpeg-turbo decodes them.
#include <turbojpeg.h>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/pixels.h"
#include "engines/compare/content/tiff_tags.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::size_t kMaxSegments = 1'000'000;

std::string segment_name(std::uint8_t marker) {
  if (marker >= 0xe0 && marker <= 0xef) return format("APP{}", marker - 0xe0);
  if (marker >= 0xd0 && marker <= 0xd7) return format("RST{}", marker - 0xd0);
  switch (marker) {
    case 0xc4:
      return "DHT";
    case 0xcc:
      return "DAC";
    case 0xd9:
      return "EOI";
    case 0xda:
      return "SOS";
    case 0xdb:
      return "DQT";
    case 0xdd:
      return "DRI";
    case 0xfe:
      return "COM";
    default:
      return marker >= 0xc0 && marker <= 0xcf ? format("SOF{}", marker - 0xc0) : format("marker {:#04x}", marker);
  }
}

Item jpeg_items(std::string_view bytes) {
  Item items;
  ByteReader in(bytes, Endian::big);
  in.skip(2);
  std::size_t segments = 0;
  while (in.left() >= 2 && ++segments <= kMaxSegments) {
    const std::uint64_t start = in.offset();
    if (in.u8() != 0xff) {
      items.add("stray bytes", hex_bytes(bytes.substr(start)), {start, bytes.size() - start});
      return items;
    }
    while (in.peek() == 0xff && in.left() > 1) (void)in.u8();
    const std::uint8_t marker = in.u8();
    if (marker == 0xd9) break;
    const std::uint16_t length = in.u16();
    if (length < 2 || static_cast<std::size_t>(length - 2) > in.left()) {
      items.add(segment_name(marker), "cut off", {start, bytes.size() - start});
      return items;
    }
    const std::uint64_t at = in.offset();
    const auto content = in.take(length - 2u);
    const Range place{at, content.size()};
    ByteReader field(content, Endian::big);
    if (marker == 0xfe) {
      items.add("comment", printable(content, 65536), place, Kind::metadata);
    } else if (marker == 0xe0 && content.starts_with(std::string_view("JFIF\0", 5)) && content.size() >= 14) {
      auto& item = items.add("JFIF", "", place, Kind::metadata);
      field.skip(5);
      const auto major = field.u8();
      item.add("version", format("{}.{:02}", major, field.u8()), {at + 5, 2}, Kind::metadata);
      item.add("density unit", format("{}", field.u8()), {at + 7, 1}, Kind::metadata);
      item.add("horizontal density", format("{}", field.u16()), {at + 8, 2}, Kind::metadata);
      item.add("vertical density", format("{}", field.u16()), {at + 10, 2}, Kind::metadata);
      item.add("thumbnail", hex_bytes(content.substr(12), 4096), {at + 12, content.size() - 12}, Kind::metadata);
    } else if (marker == 0xe1 && content.starts_with(std::string_view("Exif\0\0", 6))) {
      items.children.push_back(exif_items(content.substr(6), at + 6));
    } else if (marker >= 0xe0 && marker <= 0xef) {
      const auto owner = content.substr(0, content.find('\0')).substr(0, 40);
      const bool text = owner.starts_with("http://") || owner.starts_with("XMP");
      items.add(segment_name(marker) + " " + printable(owner),
                text ? printable(content, 65536) : hex_bytes(content, 65536), place, Kind::metadata);
    } else if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
      auto& item = items.add("frame", "", place);
      item.add("kind",
               marker == 0xc0   ? "baseline"
               : marker == 0xc2 ? "progressive"
                                : segment_name(marker),
               {start, 2}, Kind::header);
      item.add("precision", format("{}", field.u8()), {at, 1});
      item.add("height", format("{}", field.u16()), {at + 1, 2});
      item.add("width", format("{}", field.u16()), {at + 3, 2});
      const std::uint8_t count = field.u8();
      for (std::uint8_t i = 0; i < count && field.left() >= 3; ++i) {
        const auto id = field.u8(), sampling = field.u8();
        item.add(format("component {}", id),
                 format("sampling {}×{} table {}", sampling >> 4, sampling & 15, field.u8()), {at + 6u + 3u * i, 3});
      }
    } else {
      items.header(segment_name(marker), hex_bytes(content, 65536), place);
    }
    if (marker != 0xda) continue;
    // Entropy-coded data runs up to the next marker that is neither stuffing nor a restart.
    const std::uint64_t data = in.offset();
    std::size_t end = data;
    while ((end = bytes.find('\xff', end)) != std::string_view::npos && end + 1 < bytes.size()) {
      const auto next = static_cast<unsigned char>(bytes[end + 1]);
      if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) break;
      end += next == 0xff ? 1 : 2;
    }
    if (end == std::string_view::npos || end + 1 >= bytes.size()) end = bytes.size();
    items.header("coded data", format("{}", hex_bytes(bytes.substr(data, end - data), 32)), {data, end - data});
    in.seek(end);
  }
  if (!in.at_end()) items.add("after the picture", hex_bytes(bytes.substr(in.offset())), {in.offset(), in.left()});
  return items;
}

// `memory` holds what the picture takes.
bool decode(std::string_view bytes, Budget& budget, MemoryLease& memory, Picture& picture) {
  if (bytes.size() > 1ull << 31) return false;
  tjhandle handle = tjInitDecompress();
  if (handle == nullptr) return false;
  int width = 0, height = 0, sampling = 0, color = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  bool done = false;
  if (tjDecompressHeader3(handle, data, bytes.size(), &width, &height, &sampling, &color) == 0 && width > 0 &&
      height > 0) {
    const bool cmyk = color == TJCS_CMYK || color == TJCS_YCCK;
    picture.width = static_cast<std::uint32_t>(width);
    picture.height = static_cast<std::uint32_t>(height);
    picture.pixel_bytes = color == TJCS_GRAY ? 1 : cmyk ? 4 : 3;
    const std::uint64_t total = std::uint64_t{picture.width} * picture.height * picture.pixel_bytes;
    // One byte codes at most 64 blocks' worth of nothing: far less data cannot be a whole picture of that size.
    const bool plausible = total <= kMaxPixelBytes && total / 50'000 <= bytes.size();
    if (plausible) memory = MemoryLease(budget, total);
    if (plausible && memory.ok() && budget.count_decoded(total)) {
      picture.bytes.resize(static_cast<std::size_t>(total));
      const int format_id = color == TJCS_GRAY ? TJPF_GRAY : cmyk ? TJPF_CMYK : TJPF_RGB;
      done = tjDecompress2(handle, data, bytes.size(), reinterpret_cast<unsigned char*>(picture.bytes.data()), width, 0,
                           height, format_id, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) == 0 ||
             tjGetErrorCode(handle) == TJERR_WARNING;
    }
  }
  tjDestroy(handle);
  return done;
}

}  // namespace

bool matches_jpeg(ByteView a, ByteView b, std::string_view) {
  return a.starts_with("\xff\xd8\xff") && b.starts_with("\xff\xd8\xff");
}

Result<void> compare_jpeg(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = jpeg_items(a);
  const auto right = jpeg_items(b);
  compare_items(left, right, context.budget(), out);
  Picture picture_a, picture_b;
  MemoryLease memory_a, memory_b;
  if (!decode(a, context.budget(), memory_a, picture_a) || !decode(b, context.budget(), memory_b, picture_b)) {
    out.comments.push_back("the pixels could not be decoded (damaged, or larger than the limits)");
    return {};
  }
  if (compare_pixels(picture_a, picture_b, "pixels", out)) {
    for (auto& child : out.children) {
      if (child.kind == Kind::header) child.mark_noise("coded in another way; the pixels are the same");
    }
  }
  return {};
}

}  // namespace chiron::compare
