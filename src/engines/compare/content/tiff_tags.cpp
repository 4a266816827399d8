// TIFF 6.0, section 2; the tags' names from Exif 2.32.
#include "engines/compare/content/tiff_tags.h"

#include "engines/compare/content/bytes.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr int kMaxFolders = 16;

std::string tag_name(std::uint16_t tag) {
  switch (tag) {
    case 0x010e:
      return "ImageDescription";
    case 0x010f:
      return "Make";
    case 0x0110:
      return "Model";
    case 0x0112:
      return "Orientation";
    case 0x011a:
      return "XResolution";
    case 0x011b:
      return "YResolution";
    case 0x0128:
      return "ResolutionUnit";
    case 0x0131:
      return "Software";
    case 0x0132:
      return "DateTime";
    case 0x013b:
      return "Artist";
    case 0x0201:
      return "ThumbnailOffset";
    case 0x0202:
      return "ThumbnailLength";
    case 0x8298:
      return "Copyright";
    case 0x829a:
      return "ExposureTime";
    case 0x829d:
      return "FNumber";
    case 0x8769:
      return "ExifIFD";
    case 0x8825:
      return "GPSInfo";
    case 0x8827:
      return "ISOSpeedRatings";
    case 0x9000:
      return "ExifVersion";
    case 0x9003:
      return "DateTimeOriginal";
    case 0x9004:
      return "DateTimeDigitized";
    case 0x920a:
      return "FocalLength";
    case 0x927c:
      return "MakerNote";
    case 0x9286:
      return "UserComment";
    case 0xa001:
      return "ColorSpace";
    case 0xa002:
      return "PixelXDimension";
    case 0xa003:
      return "PixelYDimension";
    case 0xa005:
      return "InteroperabilityIFD";
    default:
      return format("tag {:#06x}", tag);
  }
}

std::string value_text(ByteReader in, std::uint16_t type, std::uint32_t count, unsigned width) {
  const std::string_view raw = in.bytes().substr(in.offset(), static_cast<std::size_t>(std::uint64_t{count} * width));
  if (type == 2) return printable(raw.substr(0, raw.find('\0')));
  if (type == 1 || type == 6 || type == 7) return hex_bytes(raw, 4096);
  std::string out;
  for (std::uint32_t i = 0; i < count && i < 256 && in.ok(); ++i) {
    if (i > 0) out += ' ';
    switch (type) {
      case 3:
        out += format("{}", in.u16());
        break;
      case 4:
        out += format("{}", in.u32());
        break;
      case 8:
        out += format("{}", in.i16());
        break;
      case 9:
        out += format("{}", in.i32());
        break;
      case 5: {
        const auto over = in.u32();
        out += format("{}/{}", over, in.u32());
        break;
      }
      case 10: {
        const auto over = in.i32();
        out += format("{}/{}", over, in.i32());
        break;
      }
      default:
        return hex_bytes(raw, 4096);
    }
  }
  if (count > 256) out += " " + hex_bytes(raw, 16);
  return out;
}

}  // namespace

Item exif_items(std::string_view bytes, std::uint64_t base) {
  Item items("EXIF", "", {base, bytes.size()}, Kind::metadata);
  if (bytes.size() < 8) return items;
  ByteReader in(bytes, bytes[0] == 'M' ? Endian::big : Endian::little);
  in.skip(4);
  constexpr std::uint64_t kMaxShownBytes = 4 * limits::kMiB;  // entries may share their values
  std::uint64_t shown = 0;
  std::vector<std::pair<std::string, std::uint32_t>> folders{{"", in.u32()}};
  for (std::size_t f = 0; f < folders.size() && folders.size() <= kMaxFolders; ++f) {
    const auto prefix = folders[f].first;
    in = ByteReader(bytes, in.endian());
    in.seek(folders[f].second);
    const std::uint16_t count = in.u16();
    for (std::uint16_t i = 0; i < count && in.left() >= 12; ++i) {
      const std::uint64_t entry = in.offset();
      const std::uint16_t tag = in.u16(), type = in.u16();
      const std::uint32_t values = in.u32();
      constexpr unsigned kWidths[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
      const unsigned width = type < 13 ? kWidths[type] : 0;
      ByteReader value(bytes, in.endian());
      value.seek(std::uint64_t{values} * width <= 4 ? in.offset() : in.u32());
      if (value.ok() && std::uint64_t{values} * width <= value.left() && width > 0) {
        if (tag == 0x8769 || tag == 0x8825 || tag == 0xa005) {
          folders.emplace_back(tag_name(tag) + " ", ByteReader(value).u32());
        } else {
          if ((shown += std::uint64_t{values} * width) > kMaxShownBytes) return items;
          auto& item = items.add(prefix + tag_name(tag), value_text(value, type, values, width),
                                 {base + value.offset(), std::uint64_t{values} * width}, Kind::metadata);
          if (tag == 0x0131 || tag == 0x0132 || tag == 0x9004)
            item.mark_noise("a mark of the program that wrote the picture");
        }
      } else {
        items.add(prefix + tag_name(tag), "damaged", {base + entry, 12}, Kind::metadata);
      }
      in = ByteReader(bytes, in.endian());
      in.seek(entry + 12);
    }
    if (prefix.empty() || prefix == "thumbnail ") {
      const std::uint32_t next = in.left() >= 4 ? in.u32() : 0;
      if (next != 0) folders.emplace_back("thumbnail ", next);
    }
  }
  return items;
}

}  // namespace chiron::compare
