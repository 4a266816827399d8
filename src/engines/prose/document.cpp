#include "engines/prose/document.h"

#include <algorithm>

#include "foundation/base/text.h"

namespace chiron::prose {

void MappedText::add(std::uint32_t length, std::uint32_t begin, std::uint32_t end) {
  const auto source_length = end - begin;
  if (length == source_length && !pieces_.empty()) {
    auto& last = pieces_.back();
    if (last.length == last.source_length && last.source + last.source_length == begin) {
      last.length += length;
      last.source_length += length;
      return;
    }
  }
  pieces_.push_back({static_cast<std::uint32_t>(text_.size()), length, begin, source_length});
}

void MappedText::append(std::string_view source, std::uint32_t begin, std::uint32_t end) {
  if (begin >= end) return;
  add(end - begin, begin, end);
  text_.append(source.substr(begin, end - begin));
}

void MappedText::append_replaced(std::string_view shown, std::uint32_t begin, std::uint32_t end) {
  if (shown.empty()) return;
  add(static_cast<std::uint32_t>(shown.size()), begin, end);
  text_.append(shown);
}

void MappedText::append_masked(std::string_view source, std::uint32_t begin, std::uint32_t end, char mask) {
  while (begin < end) {
    const auto byte = static_cast<unsigned char>(source[begin]);
    std::uint32_t length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    length = std::min(length, end - begin);
    add(1, begin, begin + length);
    text_.push_back(byte == '\n' ? '\n' : mask);
    begin += length;
  }
}

void MappedText::append(const MappedText& other) {
  const auto shift = static_cast<std::uint32_t>(text_.size());
  pieces_.reserve(pieces_.size() + other.pieces_.size());
  for (auto piece : other.pieces_) {
    piece.text += shift;
    pieces_.push_back(piece);
  }
  text_ += other.text_;
}

void MappedText::append_generated(std::string_view shown) {
  if (shown.empty()) return;
  const auto at = pieces_.empty() ? 0 : pieces_.back().source + pieces_.back().source_length;
  pieces_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(shown.size()), at, 0});
  text_.append(shown);
}

void MappedText::trim() {
  constexpr std::string_view kWhite = " \t\n\r\f\v";
  const auto begin = text_.find_first_not_of(kWhite);
  if (begin == std::string::npos) return clear();
  const auto end = text_.find_last_not_of(kWhite) + 1;
  if (begin == 0 && end == text_.size()) return;
  *this = slice(begin, end);
}

MappedText MappedText::slice(std::size_t begin, std::size_t end) const {
  MappedText part;
  end = std::min(end, text_.size());
  if (begin >= end) return part;
  part.text_ = text_.substr(begin, end - begin);
  auto at = std::upper_bound(pieces_.begin(), pieces_.end(), begin,
                             [](std::size_t offset, const Piece& piece) { return offset < piece.text; });
  if (at != pieces_.begin()) --at;
  for (; at != pieces_.end() && at->text < end; ++at) {
    auto piece = *at;
    const bool exact = piece.length == piece.source_length;
    const auto from = std::max<std::size_t>(piece.text, begin);
    const auto to = std::min<std::size_t>(piece.text + piece.length, end);
    if (from >= to) continue;
    if (exact) {
      piece.source += static_cast<std::uint32_t>(from - piece.text);
      piece.source_length = static_cast<std::uint32_t>(to - from);
    }
    piece.length = static_cast<std::uint32_t>(to - from);
    // A cut through a replaced piece may make both lengths equal by chance; it still maps as a whole, which is
    // within the same source bytes either way.
    piece.text = static_cast<std::uint32_t>(from - begin);
    part.pieces_.push_back(piece);
  }
  return part;
}

Range MappedText::to_source(std::size_t begin, std::size_t end) const {
  if (pieces_.empty()) return {};
  const auto piece_at = [&](std::size_t offset) {
    auto at = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                               [](std::size_t wanted, const Piece& piece) { return wanted < piece.text; });
    if (at != pieces_.begin()) --at;
    return at;
  };
  const auto first = piece_at(begin);
  const auto into = static_cast<std::uint32_t>(std::min<std::size_t>(begin - first->text, first->length));
  const std::uint32_t from = first->length == first->source_length ? first->source + into
                             : into == first->length               ? first->source + first->source_length
                                                                   : first->source;
  if (end <= begin) return {from, from};
  const auto last = piece_at(end - 1);
  const auto past = static_cast<std::uint32_t>(end - last->text);
  const std::uint32_t to =
      last->length == last->source_length ? last->source + past : last->source + last->source_length;
  return {from, std::max(from, to)};
}

void MappedText::clear() {
  text_.clear();
  pieces_.clear();
}

std::string_view control_of(std::string_view line, Marks marks) {
  line = text::trim(line);
  const bool marked = line.starts_with("<!--") && line.ends_with("-->") && line.size() >= 7;
  if (marked) line = text::trim(line.substr(4, line.size() - 7));
  if (!marked && marks == Marks::needed) return {};
  if (!line.starts_with("vale ")) return {};
  if (line == "vale off" || line == "vale on") return line;
  const auto equals = line.find(" = ");
  if (equals == std::string_view::npos) return {};
  // "vale Style.Rule = NO" and the like; "vale of tears = sad" is a sentence.
  const auto subject = line.substr(5, equals - 5);
  const bool one_word = subject.substr(0, subject.find('[')).find(' ') == std::string_view::npos;
  return one_word ? line : std::string_view();
}

std::uint32_t NormalisedSource::original(std::uint32_t offset) const {
  const auto before = std::upper_bound(removed.begin(), removed.end(), offset) - removed.begin();
  return offset + static_cast<std::uint32_t>(before);
}

NormalisedSource normalise(std::string_view source) {
  NormalisedSource result;
  if (source.find('\r') == std::string_view::npos) {
    result.text = source;
    return result;
  }
  result.text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      result.text.push_back(source[i]);
    } else if (i + 1 < source.size() && source[i + 1] == '\n') {
      result.removed.push_back(static_cast<std::uint32_t>(result.text.size()));
    } else {
      result.text.push_back('\n');
    }
  }
  return result;
}

}  // namespace chiron::prose
