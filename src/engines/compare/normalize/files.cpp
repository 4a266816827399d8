// PNG, Python bytecode and gettext catalogues.
#include "engines/compare/codec/codec.h"
#include "engines/compare/container/container.h"
#include "engines/compare/normalize/normalizers.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

// Time and text chunks that carry dates or programs' marks go; everything that changes the picture stays.
Result<std::string> Normalizer::png(ByteView bytes) {
  std::string out(bytes.substr(0, 8));
  std::size_t at = 8;
  while (at < bytes.size()) {
    if (bytes.size() - at < 12) return fail(ErrorKind::input, "normalize.damaged", "the PNG is cut off within a chunk");
    const auto length = big32(bytes, at);
    if (length > bytes.size() - at - 12)
      return fail(ErrorKind::input, "normalize.damaged", "a PNG chunk reaches past the end");
    const auto kind = bytes.substr(at + 4, 4);
    const auto data = bytes.substr(at + 8, length);
    const auto end = data.find('\0');
    const auto keyword = data.substr(0, end == ByteView::npos ? 0 : end);
    const bool is_text = kind == "tEXt" || kind == "zTXt" || kind == "iTXt";
    const bool noise = kind == "tIME" || (is_text && (keyword.starts_with("date:") || keyword == "Creation Time" ||
                                                      keyword == "Software" || keyword.starts_with("Thumb::")));
    if (noise) {
      note("", format("chunk {}{}{}", kind, keyword.empty() ? "" : " ", keyword), format("{} bytes", length),
           "(removed)");
    } else {
      out += bytes.substr(at, std::size_t{length} + 12);
    }
    at += std::size_t{length} + 12;
    if (kind == "IEND") break;
  }
  if (at < bytes.size()) note("", "bytes behind the picture", std::to_string(bytes.size() - at), "(removed)");
  return out;
}

// The header of Python 3.7 and later: magic, flags, then either the source's time and size or its hash. A time stamp
// becomes the normal one; the size stays, since Python checks it.
Result<std::string> Normalizer::pyc(ByteView bytes) {
  std::string out(bytes);
  if (little32(bytes, 4) != 0) return out;  // checked by hash: nothing depends on when it was built
  const auto before = little32(bytes, 8);
  const auto after = static_cast<std::uint32_t>(options_.time);
  if (before == after) return out;
  note("", "mtime of the source", time_text(before), time_text(after));
  for (std::size_t i = 0; i < 4; ++i) out[8 + i] = static_cast<char>(after >> (8 * i));
  return out;
}

// .po: the POT-Creation-Date line of the header. .mo: the same within the table, kept at its length so that no offset
// moves.
Result<std::string> Normalizer::gettext(ByteView bytes, std::string_view) {
  constexpr std::string_view kField = "POT-Creation-Date: ";
  constexpr std::string_view kShape = "YYYY-MM-DD HH:MM";
  std::string out(bytes);
  const auto at = out.find(kField);
  if (at == std::string::npos) return out;
  const auto begin = at + kField.size();
  // Digits with the separators of "2026-11-22 10:00+0100"; anything else is not a date and stays.
  if (out.size() - begin < kShape.size() + 5) return out;
  const auto old = out.substr(begin, kShape.size() + 5);
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = old[i] >= '0' && old[i] <= '9';
    const bool letter = kShape[i] >= 'A' && kShape[i] <= 'Z';
    if (letter != digit || (!letter && old[i] != kShape[i])) return out;
  }
  if (old[16] != '+' && old[16] != '-') return out;
  const auto when = time_text(options_.time);  // "2015-06-29 15:49:09 UTC"
  const auto normal = when.substr(0, 16) + "+0000";
  if (old == normal) return out;
  note("", "POT-Creation-Date", old, normal);
  out.replace(begin, normal.size(), normal);
  return out;
}

}  // namespace chiron::compare
