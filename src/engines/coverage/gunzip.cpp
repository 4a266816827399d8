#include "engines/coverage/gunzip.h"

#include <zlib.h>

#include "foundation/base/format.h"

namespace chiron::coverage {

Result<std::string> gunzip(std::string_view bytes, std::uint64_t max_bytes, const std::string& name) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
    return fail(ErrorKind::internal, "coverage.gzip", "failed to start zlib", Place{name});
  std::string out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 0xffffffff));
  int status = Z_OK;
  while (status == Z_OK && out.size() <= max_bytes) {
    const auto length = out.size();
    out.resize(length + std::max<std::size_t>(64 * 1024, length / 2));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + length);
    stream.avail_out = static_cast<uInt>(out.size() - length);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && stream.avail_out != 0)) break;
  }
  inflateEnd(&stream);
  if (out.size() > max_bytes) {
    return fail(ErrorKind::limit, "limit.size", format("unpacks to more than {} bytes", max_bytes), Place{name});
  }
  if (status != Z_STREAM_END)
    return fail(ErrorKind::input, "coverage.gzip", "compressed data is damaged or cut off", Place{name});
  return out;
}

}  // namespace chiron::coverage
