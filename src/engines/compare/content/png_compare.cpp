// PNG (ISO/IEC 15948): chunks by type, texts by keyword, and the pixels after inflating and unfiltering, so that a
// picture that was merely packed in another way is told as such.
#include <zlib.h>

#include <cstdlib>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/pixels.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::string_view kMagic("\x89PNG\r\n\x1a\n", 8);
constexpr std::size_t kMaxChunks = 1'000'000;
constexpr std::uint64_t kMaxTextBytes = 16 * limits::kMiB;  // of compressed texts, inflated

struct Header {
  std::uint32_t width = 0, height = 0;
  std::uint8_t depth = 0, color = 0, compression = 0, filter = 0, interlace = 0;
  [[nodiscard]] unsigned channels() const { return color == 2 ? 3 : color == 4 ? 2 : color == 6 ? 4 : 1; }
  [[nodiscard]] bool valid() const {
    const bool depth_fits = color == 0   ? depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16
                            : color == 3 ? depth == 1 || depth == 2 || depth == 4 || depth == 8
                                         : depth == 8 || depth == 16;
    return (color == 0 || color == 2 || color == 3 || color == 4 || color == 6) && depth_fits && width != 0 &&
           height != 0 && width < 1u << 31 && height < 1u << 31 && interlace < 2;
  }
};

struct File {
  Header header;
  Item items;
  std::string packed;  // all IDAT chunks
  std::size_t data_chunks = 0;
  Range data_place;
};

std::string inflate_bounded(std::string_view packed, std::uint64_t limit, bool& whole) {
  std::string out;
  z_stream stream{};
  whole = false;
  if (inflateInit(&stream) != Z_OK) return out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(packed.size(), UINT32_MAX));
  int status = Z_OK;
  while (status == Z_OK && out.size() < limit) {
    const std::size_t before = out.size();
    const std::size_t step =
        static_cast<std::size_t>(std::min<std::uint64_t>(std::max<std::size_t>(before, 64 * 1024), limit - before));
    out.resize(before + step);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(step);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + step - stream.avail_out);
    if (out.size() == before) break;
  }
  whole = status == Z_STREAM_END;
  inflateEnd(&stream);
  return out;
}

void add_text(std::string_view type, std::string_view content, Range place, std::uint64_t& inflated, Item& out) {
  const auto end = content.find('\0');
  if (end == std::string_view::npos) {
    out.add(type, hex_bytes(content), place, Kind::metadata);
    return;
  }
  const std::string name = std::string(type) + " " + printable(content.substr(0, end), 80);
  auto rest = content.substr(end + 1);
  bool packed = type == "zTXt";
  if (type == "iTXt" && rest.size() >= 2) {
    packed = rest[0] == 1;
    rest.remove_prefix(2);
    for (int i = 0; i < 2; ++i) {
      const auto stop = rest.find('\0');
      if (stop == std::string_view::npos) break;
      rest.remove_prefix(stop + 1);
    }
  } else if (packed && !rest.empty()) {
    rest.remove_prefix(1);
  }
  bool whole = true;
  const std::string text =
      packed ? inflate_bounded(rest, kMaxTextBytes - std::min(inflated, kMaxTextBytes), whole) : std::string(rest);
  if (packed) inflated += text.size();
  auto& item = out.add(name, printable(text, 64 * 1024) + (whole ? "" : " (damaged)"), place, Kind::metadata);
  if (name == "tEXt date:create" || name == "tEXt date:modify" || name == "tEXt Software" ||
      name == "tEXt Creation Time") {
    item.mark_noise("a mark of the program that wrote the picture");
  }
}

Result<File> read_png(std::string_view bytes) {
  File file;
  ByteReader in(bytes, Endian::big);
  in.skip(8);
  std::size_t chunks = 0;
  bool ended = false;
  std::uint64_t inflated = 0;
  while (!in.at_end() && !ended) {
    if (++chunks > kMaxChunks) return fail(ErrorKind::limit, "compare.png", "more than 1,000,000 chunks");
    const std::uint64_t start = in.offset();
    const std::uint32_t length = in.u32();
    const auto type = in.take(4);
    const std::uint64_t at = in.offset();
    const auto content = in.take(length);
    const std::uint32_t checksum = in.u32();
    if (!in.ok()) return fail(ErrorKind::input, "compare.png", format("the chunk at {:#x} is cut off", start));
    const Range place{at, length};
    const auto actual = static_cast<std::uint32_t>(crc32(crc32(0, reinterpret_cast<const Bytef*>(type.data()), 4),
                                                         reinterpret_cast<const Bytef*>(content.data()), length));
    const std::string name = printable(type);
    if (actual != checksum) {
      file.items.header(name + " checksum", format("{:#010x}, which is wrong", checksum), {at + length, 4});
    }
    ByteReader field(content, Endian::big);
    if (type == "IHDR") {
      auto& h = file.header;
      h.width = field.u32();
      h.height = field.u32();
      h.depth = field.u8();
      h.color = field.u8();
      h.compression = field.u8();
      h.filter = field.u8();
      h.interlace = field.u8();
      auto& item = file.items.add("IHDR", "", place);
      item.add("width", format("{}", h.width), {at, 4});
      item.add("height", format("{}", h.height), {at + 4, 4});
      item.add("bit depth", format("{}", h.depth), {at + 8, 1});
      constexpr std::string_view kColors[] = {"grey", "1", "RGB", "palette", "grey with alpha", "5", "RGB with alpha"};
      item.add("colour type", h.color < 7 ? std::string(kColors[h.color]) : format("{}", h.color), {at + 9, 1});
      item.add("compression", format("{}", h.compression), {at + 10, 1});
      item.add("filter", format("{}", h.filter), {at + 11, 1});
      item.header("interlace", h.interlace == 1 ? "Adam7" : format("{}", h.interlace), {at + 12, 1});
    } else if (type == "IDAT") {
      file.packed += content;
      if (file.data_chunks++ == 0) file.data_place.offset = start;
      file.data_place.length = in.offset() - file.data_place.offset;
    } else if (type == "tEXt" || type == "zTXt" || type == "iTXt") {
      add_text(type, content, place, inflated, file.items);
    } else if (type == "PLTE") {
      auto& item = file.items.add("PLTE", "", place);
      item.matching = Matching::as_lines;
      for (std::size_t i = 0; i + 2 < content.size(); i += 3)
        item.add("", format("{} {}", i / 3, hex_bytes(content.substr(i, 3))));
    } else if (type == "tIME" && length == 7) {
      const auto year = field.u16();
      const auto month = field.u8(), day = field.u8(), hour = field.u8(), minute = field.u8(), second = field.u8();
      file.items
          .add("tIME", format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year, month, day, hour, minute, second), place,
               Kind::metadata)
          .mark_noise("the time the picture was last changed");
    } else if (type == "pHYs" && length == 9) {
      const auto x = field.u32(), y = field.u32();
      file.items.add("pHYs", format("{} × {} pixels per {}", x, y, field.u8() == 1 ? "metre" : "unit"), place,
                     Kind::metadata);
    } else if (type == "gAMA" && length == 4) {
      file.items.add("gAMA", format("{}", field.u32()), place, Kind::metadata);
    } else {
      file.items.add(name, hex_bytes(content, 4096), place, Kind::metadata);
      ended = type == "IEND";
    }
  }
  if (!in.at_end()) {
    file.items.add("after IEND", hex_bytes(bytes.substr(in.offset())), {in.offset(), in.left()});
  }
  return file;
}

std::uint8_t paeth(int a, int b, int c) {
  const int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  return static_cast<std::uint8_t>(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

// Undoes the filters of `rows` rows of `row_bytes` bytes at `data`; each is preceded by its filter's number.
bool unfilter(std::string_view data, std::size_t rows, std::size_t row_bytes, std::size_t step, std::string& out) {
  if (data.size() < rows * (row_bytes + 1)) return false;
  out.assign(rows * row_bytes, '\0');
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  for (std::size_t y = 0; y < rows; ++y) {
    const auto* from = reinterpret_cast<const std::uint8_t*>(data.data()) + y * (row_bytes + 1);
    auto* row = to + y * row_bytes;
    const auto* above = y > 0 ? row - row_bytes : nullptr;
    const std::uint8_t filter = *from++;
    if (filter > 4) return false;
    for (std::size_t x = 0; x < row_bytes; ++x) {
      const int left = x >= step ? row[x - step] : 0;
      const int up = above != nullptr ? above[x] : 0;
      const int corner = above != nullptr && x >= step ? above[x - step] : 0;
      const int add = filter == 0   ? 0
                      : filter == 1 ? left
                      : filter == 2 ? up
                      : filter == 3 ? (left + up) / 2
                                    : paeth(left, up, corner);
      row[x] = static_cast<std::uint8_t>(from[x] + add);
    }
  }
  return true;
}

// The picture as samples of whole bytes; pixels of less than a byte are spread to one byte each.
// `memory` holds what the picture takes.
bool decode(const File& file, Budget& budget, MemoryLease& memory, Picture& picture) {
  const auto& h = file.header;
  if (!h.valid()) return false;
  const unsigned bits = h.channels() * h.depth;
  picture.width = h.width;
  picture.height = h.height;
  picture.pixel_bytes = std::max(1u, bits / 8);
  if (std::uint64_t{h.width} * h.height > kMaxPixelBytes / picture.pixel_bytes) return false;
  const std::uint64_t total = std::uint64_t{h.width} * h.height * picture.pixel_bytes;
  struct Pass {
    std::uint32_t x, y, dx, dy;
  };
  static constexpr Pass kWhole[] = {{0, 0, 1, 1}};
  static constexpr Pass kAdam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                    {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  const std::span<const Pass> passes = h.interlace == 1 ? std::span<const Pass>(kAdam7) : std::span<const Pass>(kWhole);
  std::uint64_t needed = 0;
  for (const auto& pass : passes) {
    const std::uint64_t columns = h.width > pass.x ? (h.width - pass.x + pass.dx - 1) / pass.dx : 0;
    const std::uint64_t rows = h.height > pass.y ? (h.height - pass.y + pass.dy - 1) / pass.dy : 0;
    if (columns > 0) needed += rows * ((columns * bits + 7) / 8 + 1);
  }
  // Deflate reaches 1032 to one at most: less packed data cannot hold the picture.
  if (needed > file.packed.size() * 1100 + 1024) return false;
  memory = MemoryLease(budget, total + 2 * needed);
  if (!memory.ok() || !budget.count_decoded(needed)) return false;
  bool whole = false;
  const std::string data = inflate_bounded(file.packed, needed, whole);
  if (data.size() < needed) return false;
  picture.bytes.assign(static_cast<std::size_t>(total), '\0');
  std::size_t at = 0;
  std::string plain;
  for (const auto& pass : passes) {
    const std::size_t columns = h.width > pass.x ? (h.width - pass.x + pass.dx - 1) / pass.dx : 0;
    const std::size_t rows = h.height > pass.y ? (h.height - pass.y + pass.dy - 1) / pass.dy : 0;
    if (columns == 0 || rows == 0) continue;
    const std::size_t row_bytes = (columns * bits + 7) / 8;
    if (!unfilter(std::string_view(data).substr(at), rows, row_bytes, std::max(1u, bits / 8), plain)) return false;
    at += rows * (row_bytes + 1);
    if (passes.size() == 1 && bits >= 8) {
      picture.bytes = std::move(plain);
      return true;
    }
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        char* to =
            picture.bytes.data() + ((pass.y + y * pass.dy) * h.width + pass.x + x * pass.dx) * picture.pixel_bytes;
        if (bits >= 8) {
          std::memcpy(to, plain.data() + y * row_bytes + x * picture.pixel_bytes, picture.pixel_bytes);
        } else {
          const auto byte = static_cast<std::uint8_t>(plain[y * row_bytes + x * bits / 8]);
          *to = static_cast<char>(byte >> (8 - bits - x * bits % 8) & ((1u << bits) - 1));
        }
      }
    }
  }
  return true;
}

}  // namespace

bool matches_png(ByteView a, ByteView b, std::string_view) { return a.starts_with(kMagic) && b.starts_with(kMagic); }

Result<void> compare_png(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(read_png(a));
  const auto right = TRY(read_png(b));
  compare_items(left.items, right.items, context.budget(), out);
  if (left.packed == right.packed) {
    if (left.data_chunks != right.data_chunks || left.data_place.length != right.data_place.length) {
      out.add_field(Kind::header, "IDAT chunks", format("{}", left.data_chunks), format("{}", right.data_chunks),
                    left.data_place, right.data_place)
          ->mark_noise("the same packed data in other pieces");
    }
    return {};
  }
  Picture picture_a, picture_b;
  MemoryLease memory_a, memory_b;
  const bool decoded_a = decode(left, context.budget(), memory_a, picture_a);
  memory_a.shrink_to(picture_a.bytes.size());
  if (!decoded_a || !decode(right, context.budget(), memory_b, picture_b)) {
    auto& child = out.add_child(Kind::content, "IDAT", "IDAT");
    child.set_place(left.data_place, right.data_place);
    child.field = "IDAT";
    child.old_value = format("{} packed bytes", left.packed.size());
    child.new_value = format("{} packed bytes", right.packed.size());
    child.comments.push_back("the pixels could not be decoded (damaged, or larger than the limits)");
    return {};
  }
  if (compare_pixels(picture_a, picture_b, "pixels", out)) {
    auto& child = out.add_child(Kind::header, "compression", "compression");
    child.field = "compression";
    child.old_value = format("{} bytes in {} chunks, zlib header {}", left.packed.size(), left.data_chunks,
                             hex_bytes(left.packed.substr(0, 2)));
    child.new_value = format("{} bytes in {} chunks, zlib header {}", right.packed.size(), right.data_chunks,
                             hex_bytes(right.packed.substr(0, 2)));
    child.mark_noise("the same pixels packed in another way");
  }
  out.children.back().set_place(left.data_place, right.data_place);
  return {};
}

}  // namespace chiron::compare
