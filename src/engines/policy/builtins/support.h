// What the built-ins share: taking operands with OPA's messages, and bounds on what they may make.
#pragma once
#include <optional>

#include "engines/policy/builtins/functions.h"
#include "foundation/base/format.h"

namespace chiron::policy::functions {

// Bounds: what one call may make. A call past one ends the evaluation with an error.
inline constexpr std::size_t kMaxElements = 20'000'000;
inline constexpr std::size_t kMaxStringBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxNumberBits = std::size_t{1} << 22;  // of a number made by a shift or a product
inline constexpr std::size_t kMaxExponent = 20'000;                  // decimal; beyond it numbers are floating-point

// The operand as a string; false after context.fail_operand.
inline bool take_string(BuiltinContext& context, Arguments arguments, std::size_t index, std::string_view& out) {
  if (!arguments[index].is_string()) {
    context.fail_operand(static_cast<int>(index) + 1, "string", arguments[index]);
    return false;
  }
  out = arguments[index].string();
  return true;
}
inline bool require(BuiltinContext& context, Arguments arguments, std::size_t index, Kind kind) {
  if (arguments[index].kind() == kind) return true;
  context.fail_operand(static_cast<int>(index) + 1, to_string(kind), arguments[index]);
  return false;
}
// A whole number that fits.
inline bool take_integer(BuiltinContext& context, Arguments arguments, std::size_t index, std::int64_t& out) {
  if (!require(context, arguments, index, Kind::number)) return false;
  if (arguments[index].number_integer(out)) return true;
  context.fail(format("operand {} must be integer number but got floating-point number", index + 1),
               BuiltinErrorCode::type);
  return false;
}
inline bool is_collection(Value value) { return value.is_array() || value.is_set(); }
inline Value fail_one_of(BuiltinContext& context, int position, std::string_view kinds, Value got) {
  return context.fail(format("operand {} must be one of {{{}}} but got {}", position, kinds, to_string(got.kind())),
                      BuiltinErrorCode::type);
}
inline Value too_large(BuiltinContext& context) {
  return context.fail("the result would be too large", BuiltinErrorCode::halt);
}
// Stops long loops; true after context.fail.
inline bool interrupted(BuiltinContext& context, std::size_t step) {
  if ((step & 0xfff) != 0 || !context.cancelled()) return false;
  context.fail("cancelled", BuiltinErrorCode::halt);
  return true;
}

// The arithmetic of floating-point numbers: 64 bits of mantissa. The shortest text that reads back as the number.
[[nodiscard]] Value make_real(Store& store, long double number);
[[nodiscard]] long double number_real(Value number);

// Strings of an array or a set; an element of another kind is an error.
bool take_strings(BuiltinContext& context, Arguments arguments, std::size_t index, std::vector<std::string_view>& out,
                  std::string_view element = "string");

// Values as Rego prints them inside text: strings as they are, everything else as a term.
[[nodiscard]] std::string plain_text(Value value);

// Whether the user lets policies talk to this host.
[[nodiscard]] bool is_allowed_host(const BuiltinContext& context, std::string_view host);
// JSON text as a value; the error's text otherwise.
[[nodiscard]] std::expected<Value, std::string> parse_json_text(Store& store, std::string_view text);
// Go's encoding/base64: standard or URL alphabet, padded.
[[nodiscard]] std::expected<std::string, std::string> decode_base64(std::string_view text, bool url);
[[nodiscard]] std::string encode_base64(std::string_view bytes, bool url, bool padded);
// The URL form with or without padding.
[[nodiscard]] std::expected<std::string, std::string> decode_base64url(std::string_view text);
// HMAC over OpenSSL; `digest` is its name ("SHA256").
[[nodiscard]] std::string hmac(const char* digest, std::string_view key, std::string_view message);
[[nodiscard]] std::string hash(const char* digest, std::string_view message);

}  // namespace chiron::policy::functions
