// GIF 87a and 89a: screen, palettes, extensions, and every frame's pixels (as indices into its palette) by our own
// LZW decoder, which is bounded by the frame's own size. Only frames whose packed data differ are decoded, one at a
// time.
#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/pixels.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::size_t kMaxFrames = 100'000;
constexpr std::uint64_t kTablesOfBlock = 3 * 1024;  // what the items of one frame or extension take, measured

struct Frame {
  std::uint32_t width = 0, height = 0;
  std::uint8_t minimum_bits = 0;
  std::string packed;
  Range place;
};

struct File {
  explicit File(const Budget& budget) : memory(budget, 0) {}
  Result<void> count(std::uint64_t bytes) {
    if (memory.grow(bytes)) return {};
    return std::unexpected(memory_error("the table of frames", bytes));
  }

  Item items;
  std::vector<Frame> frames;
  MemoryLease memory;
};

std::string sub_blocks(ByteReader& in) {
  std::string out;
  while (in.ok()) {
    const std::uint8_t length = in.u8();
    if (length == 0) break;
    out += in.take(length);
  }
  return out;
}

void add_palette(std::string_view name, std::string_view colors, Range place, Item& out) {
  std::string lines;
  for (std::size_t i = 0; i + 2 < colors.size(); i += 3) {
    lines += format("{} {}\n", i / 3, hex_bytes(colors.substr(i, 3)));
  }
  out.add(name, lines, place);
}

bool decode_lzw(std::string_view packed, unsigned minimum_bits, std::size_t pixels, std::string& out) {
  if (minimum_bits < 2 || minimum_bits > 8) return false;
  const unsigned clear = 1u << minimum_bits, stop = clear + 1;
  std::vector<std::uint16_t> prefix(4096);
  std::vector<std::uint8_t> suffix(4096), stack(4097);
  unsigned next = stop + 1, width = minimum_bits + 1, bits = 0, previous = UINT32_MAX;
  std::uint32_t hold = 0;
  std::uint8_t first = 0;
  std::size_t at = 0;
  while (out.size() < pixels) {
    while (bits < width) {
      if (at >= packed.size()) return false;
      hold |= static_cast<std::uint32_t>(static_cast<unsigned char>(packed[at++])) << bits;
      bits += 8;
    }
    const unsigned code = hold & ((1u << width) - 1);
    hold >>= width;
    bits -= width;
    if (code == clear) {
      next = stop + 1;
      width = minimum_bits + 1;
      previous = UINT32_MAX;
      continue;
    }
    if (code == stop) return out.size() == pixels;
    if (previous == UINT32_MAX) {
      if (code >= clear) return false;
      first = static_cast<std::uint8_t>(code);
      out += static_cast<char>(first);
      previous = code;
      continue;
    }
    if (code > next || (code == next && next >= 4096)) return false;
    unsigned walk = code, depth = 0;
    if (code == next) {
      stack[depth++] = first;
      walk = previous;
    }
    while (walk > stop) {
      if (depth >= 4096) return false;
      stack[depth++] = suffix[walk];
      walk = prefix[walk];
    }
    first = static_cast<std::uint8_t>(walk);
    stack[depth++] = first;
    while (depth > 0) out += static_cast<char>(stack[--depth]);
    if (next < 4096) {
      prefix[next] = static_cast<std::uint16_t>(previous);
      suffix[next] = first;
      if (++next == 1u << width && width < 12) ++width;
    }
    previous = code;
  }
  out.resize(pixels);
  return true;
}

// The frame's pixels, or nothing where they are damaged or do not fit the memory; `memory` holds what they take.
std::optional<Picture> decode_frame(const Frame& frame, Budget& budget, MemoryLease& memory) {
  const auto pixels = std::uint64_t{frame.width} * frame.height;
  // A code of twelve bits stands for at most 4096 pixels.
  if (pixels / 4096 > frame.packed.size() || pixels > kMaxPixelBytes) return std::nullopt;
  memory = MemoryLease(budget, pixels + 4096);
  if (!memory.ok() || !budget.count_decoded(pixels)) return std::nullopt;
  Picture picture{frame.width, frame.height, 1, {}};
  picture.bytes.reserve(pixels + 4096);  // the last code may pass the end
  if (!decode_lzw(frame.packed, frame.minimum_bits, pixels, picture.bytes)) return std::nullopt;
  return picture;
}

Result<void> read_frame(ByteReader& in, File& file) {
  TRY(file.count(kTablesOfBlock));
  Frame frame;
  const std::uint64_t start = in.offset();
  auto& item = file.items.add(format("frame {}", file.frames.size() + 1), "");
  item.add("left", format("{}", in.u16()), {start, 2});
  item.add("top", format("{}", in.u16()), {start + 2, 2});
  frame.width = in.u16();
  frame.height = in.u16();
  item.add("width", format("{}", frame.width), {start + 4, 2});
  item.add("height", format("{}", frame.height), {start + 6, 2});
  const std::uint8_t flags = in.u8();
  item.add("interlaced", (flags & 0x40) != 0 ? "yes" : "no", {start + 8, 1}, Kind::header);
  item.add("palette sorted", (flags & 0x20) != 0 ? "yes" : "no", {start + 8, 1}, Kind::header);
  if ((flags & 0x80) != 0) {
    const std::uint64_t at = in.offset();
    const auto colors = in.take(3u << ((flags & 7) + 1));
    TRY(file.count(8 * colors.size()));
    add_palette("palette", colors, {at, colors.size()}, item);
  }
  const std::uint64_t data = in.offset();
  frame.minimum_bits = in.u8();
  frame.packed = sub_blocks(in);
  frame.place = {data, in.offset() - data};
  item.place = {start, in.offset() - start};
  if (!in.ok()) return fail(ErrorKind::input, "compare.gif", format("the frame at {:#x} is cut off", start));
  file.frames.push_back(std::move(frame));
  return {};
}

Result<File> read_gif(std::string_view bytes, const Budget& budget) {
  File file(budget);
  auto& items = file.items;
  ByteReader in(bytes);
  items.header("version", printable(in.take(6)), {0, 6});
  items.add("screen width", format("{}", in.u16()), {6, 2});
  items.add("screen height", format("{}", in.u16()), {8, 2});
  const std::uint8_t flags = in.u8();
  items.add("colour resolution", format("{}", ((flags >> 4) & 7) + 1), {10, 1}, Kind::header);
  items.add("palette sorted", (flags & 8) != 0 ? "yes" : "no", {10, 1}, Kind::header);
  items.add("background", format("{}", in.u8()), {11, 1});
  items.add("pixel aspect", format("{}", in.u8()), {12, 1});
  if ((flags & 0x80) != 0) {
    const auto colors = in.take(3u << ((flags & 7) + 1));
    add_palette("palette", colors, {13, colors.size()}, items);
  }
  int comments = 0;
  std::size_t blocks = 0;
  while (in.ok() && !in.at_end()) {
    if (file.frames.size() >= kMaxFrames || ++blocks > 10 * kMaxFrames) {
      return fail(ErrorKind::limit, "compare.gif", "more than 100,000 frames");
    }
    const std::uint64_t start = in.offset();
    const std::uint8_t kind = in.u8();
    if (kind == 0x3b) break;
    if (kind == 0x2c) {
      TRY(read_frame(in, file));
      continue;
    }
    if (kind != 0x21) return fail(ErrorKind::input, "compare.gif", format("byte {:#x} starts no block", start));
    TRY(file.count(kTablesOfBlock));
    const std::uint8_t label = in.u8();
    const auto content = sub_blocks(in);
    const Range place{start, in.offset() - start};
    if (label == 0xf9 && content.size() == 4) {
      auto& item = items.add(format("control of frame {}", file.frames.size() + 1), "", place);
      ByteReader field(content);
      const std::uint8_t bits = field.u8();
      item.add("disposal", format("{}", (bits >> 2) & 7), {start + 3, 1});
      item.add("waits for input", (bits & 2) != 0 ? "yes" : "no", {start + 3, 1});
      item.add("delay", format("{} ms", field.u16() * 10), {start + 4, 2});
      item.add("transparent index", (bits & 1) != 0 ? format("{}", field.u8()) : "none", {start + 6, 1});
    } else if (label == 0xfe) {
      items.add(format("comment {}", ++comments), printable(content, 65536), place, Kind::metadata);
    } else if (label == 0xff) {
      items.add("application " + printable(std::string_view(content).substr(0, 11)),
                hex_bytes(std::string_view(content).substr(std::min<std::size_t>(11, content.size())), 65536), place,
                Kind::metadata);
    } else {
      items.add(format("extension {:#04x}", label), hex_bytes(content, 65536), place);
    }
  }
  if (!in.ok()) return fail(ErrorKind::input, "compare.gif", "the file is cut off");
  if (!in.at_end()) items.add("after the end", hex_bytes(bytes.substr(in.offset())), {in.offset(), in.left()});
  return file;
}

}  // namespace

bool matches_gif(ByteView a, ByteView b, std::string_view) {
  const auto is = [](ByteView bytes) {
    return bytes.size() >= 13 && (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a"));
  };
  return is(a) && is(b);
}

Result<void> compare_gif(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(read_gif(a, context.budget()));
  const auto right = TRY(read_gif(b, context.budget()));
  compare_items(left.items, right.items, context.budget(), out);
  for (std::size_t i = 0; i < std::min(left.frames.size(), right.frames.size()); ++i) {
    const auto& fa = left.frames[i];
    const auto& fb = right.frames[i];
    if (fa.packed == fb.packed) continue;
    const std::string name = format("pixels of frame {}", i + 1);
    MemoryLease memory_a, memory_b;
    const auto picture_a = decode_frame(fa, context.budget(), memory_a);
    const auto picture_b = picture_a ? decode_frame(fb, context.budget(), memory_b) : std::nullopt;
    if (!picture_b) {
      auto& child = out.add_child(Kind::content, name, name);
      child.comments.push_back("could not be decoded (damaged, or larger than the limits)");
    } else if (compare_pixels(*picture_a, *picture_b, name, out)) {
      out.add_child(Kind::header, name, name).comments.push_back("the same pixels packed in another way");
      out.children.back().mark_noise("the same pixels packed in another way");
    }
    out.children.back().set_place(fa.place, fb.place);
  }
  return {};
}

}  // namespace chiron::compare
