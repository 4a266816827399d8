// A bounded reader over bytes: every access is checked, and after the first access past the end all values are
// zero and ok() is false. Format readers can so read a whole header and ask once.
#pragma once
#include <cstdint>
#include <string_view>

namespace chiron::compare {

enum class Endian : std::uint8_t { little, big };

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes, Endian endian = Endian::little) : bytes_(bytes), endian_(endian) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - offset_; }
  [[nodiscard]] bool at_end() const { return offset_ >= bytes_.size(); }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] Endian endian() const { return endian_; }
  void set_endian(Endian endian) { endian_ = endian; }
  void fail() {
    ok_ = false;
    offset_ = bytes_.size();
  }

  void seek(std::uint64_t offset) {
    if (offset > bytes_.size()) return fail();
    offset_ = static_cast<std::size_t>(offset);
  }
  void skip(std::uint64_t count) {
    if (count > left()) return fail();
    offset_ += static_cast<std::size_t>(count);
  }
  [[nodiscard]] std::uint8_t peek() const { return at_end() ? 0 : static_cast<std::uint8_t>(bytes_[offset_]); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(number(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::int8_t i8() { return static_cast<std::int8_t>(u8()); }
  std::int16_t i16() { return static_cast<std::int16_t>(u16()); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }

  // An unsigned number of 1 to 8 bytes.
  std::uint64_t number(unsigned width) {
    if (width > left()) {
      fail();
      return 0;
    }
    std::uint64_t value = 0;
    const auto* p = reinterpret_cast<const unsigned char*>(bytes_.data()) + offset_;
    if (endian_ == Endian::little) {
      for (unsigned i = width; i-- > 0;) value = value << 8 | p[i];
    } else {
      for (unsigned i = 0; i < width; ++i) value = value << 8 | p[i];
    }
    offset_ += width;
    return value;
  }

  std::string_view take(std::uint64_t count) {
    if (count > left()) {
      fail();
      return {};
    }
    const auto piece = bytes_.substr(offset_, static_cast<std::size_t>(count));
    offset_ += static_cast<std::size_t>(count);
    return piece;
  }

  // Text up to a zero byte, which is consumed; a missing terminator is a failure.
  std::string_view zero_terminated() {
    const auto end = bytes_.find('\0', offset_);
    if (end == std::string_view::npos) {
      fail();
      return {};
    }
    const auto piece = bytes_.substr(offset_, end - offset_);
    offset_ = end + 1;
    return piece;
  }

  // LEB128 as DWARF and WebAssembly use it; more than ten bytes are a failure.
  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const std::uint8_t byte = u8();
      if (!ok_) return 0;
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
  }
  std::int64_t sleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const std::uint8_t byte = u8();
      if (!ok_) return 0;
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        if (shift + 7 < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << (shift + 7);
        return static_cast<std::int64_t>(value);
      }
    }
    fail();
    return 0;
  }

 private:
  std::string_view bytes_;
  std::size_t offset_ = 0;
  Endian endian_;
  bool ok_ = true;
};

}  // namespace chiron::compare
