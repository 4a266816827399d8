// Arithmetic, rounding, aggregates of numbers, bits, ranges. Whole numbers are exact of any size (GMP);
// others are computed with 64 bits of mantissa, as the reference does with its big floats.
#include <gmp.h>

#include <charconv>
#include <cmath>

#include "engines/policy/builtins/support.h"
#include "engines/policy/number.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

// A GMP integer that frees itself.
class Big {
 public:
  Big() { mpz_init(value_); }
  ~Big() { mpz_clear(value_); }
  Big(const Big&) = delete;
  Big& operator=(const Big&) = delete;
  operator mpz_ptr() { return value_; }           // NOLINT: stands for its mpz_t
  operator mpz_srcptr() const { return value_; }  // NOLINT

  // Whole numbers only; false for others and for such with enormous exponents.
  [[nodiscard]] bool assign(Value number) {
    std::int64_t small = 0;
    if (number.is_small() || number.number_integer(small)) {
      if (number.is_small()) small = number.small_value();
      mpz_set_si(value_, small);
      return true;
    }
    const std::string text = number.number_text();
    const Decimal decimal = parse_decimal(text);
    if (!decimal.is_integer() || decimal.exponent > static_cast<std::int64_t>(kMaxExponent)) return false;
    std::string digits = decimal.digits.empty() ? "0" : decimal.digits;
    if (!decimal.digits.empty()) digits.append(static_cast<std::size_t>(decimal.exponent) - digits.size(), '0');
    mpz_set_str(value_, digits.c_str(), 10);
    if (decimal.negative) mpz_neg(value_, value_);
    return true;
  }
  // A floating-point number without its fraction.
  void truncate(long double number) {
    int exponent = 0;
    const long double mantissa = std::frexp(std::abs(std::trunc(number)), &exponent);
    mpz_set_ui(value_, static_cast<unsigned long>(std::ldexp(mantissa, 64)));
    if (exponent >= 64)
      mpz_mul_2exp(value_, value_, static_cast<mp_bitcnt_t>(exponent - 64));
    else
      mpz_fdiv_q_2exp(value_, value_, static_cast<mp_bitcnt_t>(64 - exponent));
    if (number < 0) mpz_neg(value_, value_);
  }
  [[nodiscard]] std::string text(int base = 10) const {
    std::string out(mpz_sizeinbase(value_, base) + 2, '\0');
    mpz_get_str(out.data(), base, value_);
    out.resize(std::char_traits<char>::length(out.c_str()));
    return out;
  }
  [[nodiscard]] Value make(Store& store) const {
    return mpz_fits_slong_p(value_) != 0 ? store.integer(mpz_get_si(value_)) : store.number(text());
  }
  [[nodiscard]] bool fits_unsigned() const { return mpz_fits_ulong_p(value_) != 0; }
  [[nodiscard]] std::uint64_t as_unsigned() const { return mpz_get_ui(value_); }
  [[nodiscard]] bool above(std::uint64_t bound) const { return mpz_cmp_ui(value_, bound) > 0; }
  [[nodiscard]] int sign() const { return mpz_sgn(value_); }
  [[nodiscard]] std::size_t bits() const { return mpz_sizeinbase(value_, 2); }

 private:
  mpz_t value_;
};

using BigOperation = void (*)(mpz_ptr, mpz_srcptr, mpz_srcptr);

bool take_numbers(BuiltinContext& context, Arguments arguments) {
  return require(context, arguments, 0, Kind::number) && require(context, arguments, 1, Kind::number);
}

Value exact(BuiltinContext& context, const Big& a, const Big& b, BigOperation operation) {
  Big result;
  operation(result, a, b);
  return result.make(context.store);
}

Value add(BuiltinContext& context, Value x, Value y) {
  if (x.is_small() && y.is_small()) return context.store.integer(x.small_value() + y.small_value());
  Big a, b;
  if (a.assign(x) && b.assign(y)) return exact(context, a, b, mpz_add);
  return make_real(context.store, number_real(x) + number_real(y));
}
Value subtract(BuiltinContext& context, Value x, Value y) {
  if (x.is_small() && y.is_small()) return context.store.integer(x.small_value() - y.small_value());
  Big a, b;
  if (a.assign(x) && b.assign(y)) return exact(context, a, b, mpz_sub);
  return make_real(context.store, number_real(x) - number_real(y));
}
Value multiply(BuiltinContext& context, Value x, Value y) {
  std::int64_t product = 0;
  if (x.is_small() && y.is_small() && !__builtin_mul_overflow(x.small_value(), y.small_value(), &product))
    return context.store.integer(product);
  Big a, b;
  if (a.assign(x) && b.assign(y)) {
    if (a.bits() + b.bits() > kMaxNumberBits) return too_large(context);
    return exact(context, a, b, mpz_mul);
  }
  return make_real(context.store, number_real(x) * number_real(y));
}

template <class Round>
Value round_with(BuiltinContext& context, Arguments arguments, Round round) {
  if (!require(context, arguments, 0, Kind::number)) return {};
  Big whole;
  if (whole.assign(arguments[0])) return whole.make(context.store);
  const long double rounded = round(number_real(arguments[0]));
  if (!std::isfinite(rounded)) return arguments[0];
  whole.truncate(rounded);
  return whole.make(context.store);
}

bool take_big(BuiltinContext& context, Arguments arguments, std::size_t index, Big& out) {
  if (!require(context, arguments, index, Kind::number)) return false;
  if (out.assign(arguments[index])) return true;
  context.fail(format("operand {} must be integer number but got floating-point number", index + 1),
               BuiltinErrorCode::type);
  return false;
}

Value bitwise(BuiltinContext& context, Arguments arguments, BigOperation operation) {
  Big a, b;
  if (!take_big(context, arguments, 0, a) || !take_big(context, arguments, 1, b)) return {};
  return exact(context, a, b, operation);
}

// The second operand of a shift.
bool take_shift(BuiltinContext& context, Arguments arguments, std::uint64_t& shift) {
  Big count;
  if (!take_big(context, arguments, 1, count)) return false;
  if (count.sign() < 0) {
    context.fail("operand 2 must be an unsigned integer number but got a negative integer", BuiltinErrorCode::type);
    return false;
  }
  shift = count.fits_unsigned() ? count.as_unsigned() : ~std::uint64_t{0};
  return true;
}

Value make_range(BuiltinContext& context, const Big& from, const Big& to, const Big& step) {
  Big at, distance;
  mpz_sub(distance, to, from);
  const bool up = distance.sign() >= 0;
  mpz_abs(distance, distance);
  mpz_fdiv_q(distance, distance, step);
  if (distance.above(kMaxElements)) return too_large(context);
  const std::size_t count = distance.as_unsigned() + 1;
  std::vector<Value> items;
  items.reserve(count);
  mpz_set(at, from);
  for (std::size_t i = 0; i < count; ++i) {
    if (interrupted(context, i + 1)) return {};
    items.push_back(at.make(context.store));
    if (up)
      mpz_add(at, at, step);
    else
      mpz_sub(at, at, step);
  }
  return context.store.array(items);
}

Value total(BuiltinContext& context, Arguments arguments, Value start,
            Value (*combine)(BuiltinContext&, Value, Value)) {
  if (!is_collection(arguments[0])) return fail_one_of(context, 1, "set, array", arguments[0]);
  Value sum = start;
  for (const Value item : arguments[0].items()) {
    if (!item.is_number())
      return context.fail(
          format("operand 1 must be {} of number but got {} containing {}", to_string(arguments[0].kind()),
                 to_string(arguments[0].kind()), to_string(item.kind())),
          BuiltinErrorCode::type);
    sum = combine(context, sum, item);
    if (!sum) return {};
  }
  return sum;
}

}  // namespace

long double number_real(Value number) {
  if (number.is_small()) return static_cast<long double>(number.small_value());
  return std::strtold(number.number_text().c_str(), nullptr);
}

Value make_real(Store& store, long double number) {
  if (!std::isfinite(number)) return store.number(number < 0 ? "-1e9999" : "1e9999");
  if (number == std::trunc(number)) {
    Big whole;
    whole.truncate(number);
    return whole.make(store);
  }
  char buffer[80];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  const std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = scientific.find('e');
  int exponent = 0;
  std::from_chars(scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1), scientific.data() + scientific.size(),
                  exponent);
  if (exponent >= -4 && exponent < 21) {
    auto fixed = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
    return store.number(std::string_view(buffer, static_cast<std::size_t>(fixed.ptr - buffer)));
  }
  return store.number(scientific);
}

Value plus(BuiltinContext& context, Arguments arguments) {
  if (!take_numbers(context, arguments)) return {};
  return add(context, arguments[0], arguments[1]);
}
Value minus(BuiltinContext& context, Arguments arguments) {
  const Value a = arguments[0], b = arguments[1];
  if (a.is_number() && b.is_number()) return subtract(context, a, b);
  if (a.is_set() && b.is_set()) {
    std::vector<Value> kept;
    for (const Value item : a.items())
      if (!b.set_contains(item)) kept.push_back(item);
    return context.store.set_of_sorted(kept);
  }
  if (!a.is_number() && !a.is_set()) return fail_one_of(context, 1, "number, set", a);
  return context.fail_operand(2, to_string(a.kind()), b);
}
Value mul(BuiltinContext& context, Arguments arguments) {
  if (!take_numbers(context, arguments)) return {};
  return multiply(context, arguments[0], arguments[1]);
}
Value div(BuiltinContext& context, Arguments arguments) {
  if (!take_numbers(context, arguments)) return {};
  const long double divisor = number_real(arguments[1]);
  if (divisor == 0) return context.fail("divide by zero");
  Big a, b;
  if (a.assign(arguments[0]) && b.assign(arguments[1]) && mpz_divisible_p(a, b) != 0)
    return exact(context, a, b, mpz_divexact);
  return make_real(context.store, number_real(arguments[0]) / divisor);
}
Value rem(BuiltinContext& context, Arguments arguments) {
  if (!take_numbers(context, arguments)) return {};
  Big a, b;
  if (!a.assign(arguments[0]) || !b.assign(arguments[1])) return context.fail("modulo on floating-point number");
  if (b.sign() == 0) return context.fail("modulo by zero");
  return exact(context, a, b, mpz_tdiv_r);
}
Value round(BuiltinContext& context, Arguments arguments) {
  return round_with(context, arguments, [](long double n) { return std::trunc(n < 0 ? n - 0.5L : n + 0.5L); });
}
Value ceil(BuiltinContext& context, Arguments arguments) {
  return round_with(context, arguments, [](long double n) { return std::ceil(n); });
}
Value floor(BuiltinContext& context, Arguments arguments) {
  return round_with(context, arguments, [](long double n) { return std::floor(n); });
}
Value abs(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::number)) return {};
  const Value n = arguments[0];
  if (n.is_small()) return n.small_value() < 0 ? context.store.integer(-n.small_value()) : n;
  const std::string text = n.number_text();
  return text.starts_with('-') ? context.store.number(std::string_view(text).substr(1)) : n;
}
Value sum(BuiltinContext& context, Arguments arguments) { return total(context, arguments, Value::small(0), add); }
Value product(BuiltinContext& context, Arguments arguments) {
  return total(context, arguments, Value::small(1), multiply);
}

Value bits_and(BuiltinContext& context, Arguments arguments) { return bitwise(context, arguments, mpz_and); }
Value bits_or(BuiltinContext& context, Arguments arguments) { return bitwise(context, arguments, mpz_ior); }
Value bits_xor(BuiltinContext& context, Arguments arguments) { return bitwise(context, arguments, mpz_xor); }
Value bits_negate(BuiltinContext& context, Arguments arguments) {
  Big a;
  if (!take_big(context, arguments, 0, a)) return {};
  mpz_com(a, a);
  return a.make(context.store);
}
Value bits_lsh(BuiltinContext& context, Arguments arguments) {
  Big a;
  std::uint64_t shift = 0;
  if (!take_big(context, arguments, 0, a) || !take_shift(context, arguments, shift)) return {};
  if (a.sign() == 0) return Value::small(0);
  if (shift > kMaxNumberBits || a.bits() + shift > kMaxNumberBits) return too_large(context);
  mpz_mul_2exp(a, a, shift);
  return a.make(context.store);
}
Value bits_rsh(BuiltinContext& context, Arguments arguments) {
  Big a;
  std::uint64_t shift = 0;
  if (!take_big(context, arguments, 0, a) || !take_shift(context, arguments, shift)) return {};
  mpz_fdiv_q_2exp(a, a, shift);
  return a.make(context.store);
}

Value numbers_range(BuiltinContext& context, Arguments arguments) {
  Big from, to, step;
  if (!take_big(context, arguments, 0, from) || !take_big(context, arguments, 1, to)) return {};
  mpz_set_ui(step, 1);
  return make_range(context, from, to, step);
}
Value numbers_range_step(BuiltinContext& context, Arguments arguments) {
  Big from, to, step;
  if (!take_big(context, arguments, 0, from) || !take_big(context, arguments, 1, to) ||
      !take_big(context, arguments, 2, step))
    return {};
  if (step.sign() <= 0) return context.fail("step must be a positive integer");
  return make_range(context, from, to, step);
}

Value format_int(BuiltinContext& context, Arguments arguments) {
  if (!take_numbers(context, arguments)) return {};
  const std::string base_text = arguments[1].number_text();
  const int base = base_text == "2" ? 2 : base_text == "8" ? 8 : base_text == "10" ? 10 : base_text == "16" ? 16 : 0;
  if (base == 0) return context.fail("operand 2 must be one of {2, 8, 10, 16}", BuiltinErrorCode::type);
  Big whole;
  if (!whole.assign(arguments[0])) {
    const long double number = number_real(arguments[0]);
    if (!std::isfinite(number)) return too_large(context);
    whole.truncate(number);
  }
  return context.store.string(whole.text(base));
}

Value to_number(BuiltinContext& context, Arguments arguments) {
  const Value value = arguments[0];
  switch (value.kind()) {
    case Kind::null:
      return Value::small(0);
    case Kind::boolean:
      return Value::small(value.is_true() ? 1 : 0);
    case Kind::number:
      return value;
    case Kind::string:
      break;
    default:
      return fail_one_of(context, 1, "null, boolean, number, string", value);
  }
  const std::string_view text = value.string();
  if (is_number_text(text)) return context.store.number(text);
  // What Go reads as a number beyond JSON's grammar: a sign, leading zeros, a bare point.
  std::string_view digits = text;
  std::string normal;
  if (digits.starts_with('+') || digits.starts_with('-')) {
    if (digits.front() == '-') normal = "-";
    digits.remove_prefix(1);
  }
  while (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') digits.remove_prefix(1);
  if (digits.starts_with('.')) normal += '0';
  normal += digits;
  if (const auto point = normal.find('.');
      point != std::string::npos &&
      (point + 1 == normal.size() || normal[point + 1] == 'e' || normal[point + 1] == 'E'))
    normal.insert(point + 1, "0");
  const std::string word = text::to_lower_ascii(digits);
  if (word == "inf" || word == "infinity" || word == "nan")
    return context.fail_operand(1, "valid number string", value);
  if (text != "." && is_number_text(normal)) return context.store.number(normal);
  return context.fail(format("strconv.ParseFloat: parsing {}: invalid syntax", to_rego(value)));
}

}  // namespace chiron::policy::functions
