// xz, lzma and lzip over liblzma.
#include <lzma.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "engines/compare/codec/codec.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

constexpr std::uint64_t kDecoderMemory = 1 * limits::kGiB;  // a dictionary beyond is refused

// The dictionary is megabytes of which every page is written: huge pages save a fault for each 4 KiB.
void* allocate(void*, std::size_t count, std::size_t size) {
  constexpr std::size_t kHugePage = 2 << 20;
  const auto bytes = count * size;  // liblzma asks for one piece at a time
  if (bytes < kHugePage) return std::malloc(bytes);
  const auto rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, rounded);
  if (memory != nullptr) (void)::madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}
void deallocate(void*, void* memory) { std::free(memory); }

lzma_stream new_stream() {
  static constexpr lzma_allocator kAllocator{allocate, deallocate, nullptr};
  lzma_stream stream = LZMA_STREAM_INIT;
  stream.allocator = &kAllocator;
  return stream;
}

Decoded run(lzma_stream& stream, ByteView input, Store& out, std::string_view format_name) {
  Decoded decoded;
  constexpr std::uint64_t kPiece = 4 << 20;
  stream.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
  stream.avail_in = input.size();
  for (;;) {
    auto room = out.room(std::min<std::uint64_t>(kPiece, std::max<std::uint64_t>(input.size() * 4, 4096)));
    if (!room) {
      decoded.error = room.error();
      break;
    }
    const auto length = out.room_left();
    stream.next_out = reinterpret_cast<std::uint8_t*>(*room);
    stream.avail_out = length;
    const auto status = lzma_code(&stream, LZMA_FINISH);
    out.filled(length - stream.avail_out);
    if (status == LZMA_STREAM_END) break;
    if (status == LZMA_OK && stream.avail_out == 0) continue;
    if (status == LZMA_OK && stream.avail_in > 0) continue;
    if (status == LZMA_MEMLIMIT_ERROR) {
      decoded.error = memory_error(format("the dictionary of the {} stream", format_name), lzma_memusage(&stream));
    } else {
      decoded.error =
          Error{ErrorKind::input,
                "compare.damaged",
                format("the {} stream is damaged near its byte {}", format_name, input.size() - stream.avail_in),
                {},
                {},
                {}};
    }
    break;
  }
  decoded.consumed = input.size() - stream.avail_in;
  lzma_end(&stream);
  out.shrink();
  return decoded;
}

Decoded no_decoder() { return {0, memory_error("a decoder", 1 << 20)}; }

}  // namespace

Decoded decode_xz(ByteView input, Store& out) {
  auto stream = new_stream();
  if (lzma_stream_decoder(&stream, kDecoderMemory, LZMA_CONCATENATED) != LZMA_OK) return no_decoder();
  return run(stream, input, out, "xz");
}

Decoded decode_lzma_alone(ByteView input, Store& out) {
  auto stream = new_stream();
  if (lzma_alone_decoder(&stream, kDecoderMemory) != LZMA_OK) return no_decoder();
  return run(stream, input, out, "lzma");
}

Decoded decode_zip_lzma(ByteView input, std::uint64_t size, Store& out) {
  constexpr std::size_t kProperties = 5;
  if (input.size() < 4 + kProperties || input[2] != kProperties || input[3] != 0) {
    return {0, Error{ErrorKind::input, "compare.damaged", "the member's LZMA properties are damaged", {}, {}, {}}};
  }
  // liblzma's older container is the same properties, the size, the same stream.
  std::string head(input.substr(4, kProperties));
  for (int i = 0; i < 8; ++i) head += static_cast<char>(size >> (8 * i));
  auto stream = new_stream();
  if (lzma_alone_decoder(&stream, kDecoderMemory) != LZMA_OK) return no_decoder();
  stream.next_in = reinterpret_cast<const std::uint8_t*>(head.data());
  stream.avail_in = head.size();
  std::uint8_t none = 0;  // the decoder does nothing without room, though nothing comes out of a header
  stream.next_out = &none;
  stream.avail_out = 1;
  if (lzma_code(&stream, LZMA_RUN) != LZMA_OK || stream.avail_in != 0) {
    lzma_end(&stream);
    return {0, Error{ErrorKind::input, "compare.damaged", "the member's LZMA properties are refused", {}, {}, {}}};
  }
  auto decoded = run(stream, input.substr(4 + kProperties), out, "lzma");
  decoded.consumed += 4 + kProperties;
  // With the size known the marker at the end may be there or not.
  if (!decoded.error && decoded.consumed < input.size() && input.size() - decoded.consumed <= 6) {
    decoded.consumed = input.size();
  }
  return decoded;
}

Decoded decode_lzip(ByteView input, std::uint32_t dictionary_bytes, Store& out) {
  lzma_options_lzma options{};
  options.dict_size = dictionary_bytes;
  options.lc = 3;
  options.lp = 0;
  options.pb = 2;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  if (dictionary_bytes > kDecoderMemory)
    return {0, memory_error("the dictionary of the lzip stream", dictionary_bytes)};
  auto stream = new_stream();
  if (lzma_raw_decoder(&stream, filters) != LZMA_OK) return no_decoder();
  return run(stream, input, out, "lzip");
}

}  // namespace chiron::compare
