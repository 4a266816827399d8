// Semantic versions, units, UUIDs, random numbers, the runtime.
#include <gmp.h>

#include <algorithm>
#include <array>

#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"

namespace chiron::policy::functions {

namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// --- semantic versions (semver.org 2.0.0) ---

struct Version {
  std::array<std::uint64_t, 3> numbers{};
  std::string_view pre_release;
};

bool is_identifiers(std::string_view text) {
  for (auto part : text::split(text, '.')) {
    const bool named = !part.empty() && std::ranges::all_of(part, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (!named) return false;
  }
  return true;
}

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  if (const auto build = text.find('+'); build != std::string_view::npos) {
    if (!is_identifiers(text.substr(build + 1))) return std::nullopt;
    text = text.substr(0, build);
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    version.pre_release = text.substr(dash + 1);
    if (!is_identifiers(version.pre_release)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const auto parts = text::split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!is_digits(parts[i]) || (parts[i].size() > 1 && parts[i][0] == '0')) return std::nullopt;
    const auto number = text::parse_unsigned(parts[i]);
    if (!number || *number > INT64_MAX) return std::nullopt;
    version.numbers[i] = *number;
  }
  return version;
}

int compare_pre_release(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? 0 : a.empty() ? 1 : -1;
  const auto x = text::split(a, '.'), y = text::split(b, '.');
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    const bool nx = is_digits(x[i]), ny = is_digits(y[i]);
    if (nx != ny) return nx ? -1 : 1;
    if (nx) {
      const auto p = text::parse_unsigned(x[i]).value_or(~0ULL), q = text::parse_unsigned(y[i]).value_or(~0ULL);
      if (p != q) return p < q ? -1 : 1;
    } else if (x[i] != y[i]) {
      return x[i] < y[i] ? -1 : 1;
    }
  }
  return x.size() == y.size() ? 0 : x.size() < y.size() ? -1 : 1;
}

int compare_versions(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < 3; ++i)
    if (a.numbers[i] != b.numbers[i]) return a.numbers[i] < b.numbers[i] ? -1 : 1;
  return compare_pre_release(a.pre_release, b.pre_release);
}

// --- units ---

struct Quantity {
  std::string number, unit;
};

// "10.5MiB" as number and unit; nothing where the exponent has more than six digits.
std::optional<Quantity> cut_unit(std::string_view text) {
  auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  auto sign = [&](std::size_t at) { return at < text.size() && (text[at] == '+' || text[at] == '-'); };
  std::size_t cut = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool exponent = c == 'e' || c == 'E';
    if (!digit(i) && c != '.' && !exponent && !sign(i)) {
      cut = i;
      break;
    }
    if (!exponent) continue;
    if (!digit(i + 1) && !sign(i + 1)) {
      cut = i;
      break;
    }
    if (sign(i + 1)) ++i;
    std::size_t end = i + 1;
    while (digit(end)) ++end;
    if (end - i - 1 > 6) return std::nullopt;
  }
  return Quantity{std::string(text.substr(0, cut)), std::string(text.substr(cut))};
}

// A rational that frees itself.
class Rational {
 public:
  Rational() { mpq_init(value_); }
  ~Rational() { mpq_clear(value_); }
  Rational(const Rational&) = delete;
  Rational& operator=(const Rational&) = delete;
  // A decimal number with fraction and exponent; false for other text.
  [[nodiscard]] bool assign(std::string_view text) {
    bool negative = false;
    if (text.starts_with('+') || text.starts_with('-')) {
      negative = text.front() == '-';
      text.remove_prefix(1);
    }
    std::int64_t exponent = 0;
    if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
      auto digits = text.substr(e + 1);
      if (digits.starts_with('+')) digits.remove_prefix(1);
      const auto parsed = text::parse_signed(digits);
      if (!parsed) return false;
      exponent = *parsed;
      text = text.substr(0, e);
    }
    const auto point = text.find('.');
    std::string digits(text.substr(0, point));
    if (point != std::string_view::npos) {
      digits += text.substr(point + 1);
      exponent -= static_cast<std::int64_t>(text.size() - point - 1);
    }
    if (!is_digits(digits)) return false;
    mpz_set_str(mpq_numref(value_), digits.c_str(), 10);
    mpz_set_ui(mpq_denref(value_), 1);
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, static_cast<unsigned long>(std::abs(exponent)));
    if (exponent < 0)
      mpz_set(mpq_denref(value_), power);
    else
      mpz_mul(mpq_numref(value_), mpq_numref(value_), power);
    mpz_clear(power);
    mpq_canonicalize(value_);
    if (negative) mpq_neg(value_, value_);
    return true;
  }
  void multiply(std::uint64_t numerator, std::uint64_t denominator) {
    mpz_mul_ui(mpq_numref(value_), mpq_numref(value_), numerator);
    mpz_mul_ui(mpq_denref(value_), mpq_denref(value_), denominator);
    mpq_canonicalize(value_);
  }
  [[nodiscard]] bool whole() const { return mpz_cmp_ui(mpq_denref(value_), 1) == 0; }
  // The whole part, towards zero.
  [[nodiscard]] std::string truncated() const {
    mpz_t quotient;
    mpz_init(quotient);
    mpz_tdiv_q(quotient, mpq_numref(value_), mpq_denref(value_));
    std::string out = text_of(quotient);
    mpz_clear(quotient);
    return out;
  }
  // Ten decimal places, halves away from zero.
  [[nodiscard]] std::string fixed() const {
    mpz_t scaled, twice;
    mpz_inits(scaled, twice, nullptr);
    mpz_ui_pow_ui(scaled, 10, 10);
    mpz_mul(scaled, scaled, mpq_numref(value_));
    const bool negative = mpz_sgn(scaled) < 0;
    mpz_abs(scaled, scaled);
    mpz_mul_ui(scaled, scaled, 2);
    mpz_add(scaled, scaled, mpq_denref(value_));
    mpz_mul_ui(twice, mpq_denref(value_), 2);
    mpz_fdiv_q(scaled, scaled, twice);
    std::string digits = text_of(scaled);
    mpz_clears(scaled, twice, nullptr);
    if (digits.size() < 11) digits.insert(0, 11 - digits.size(), '0');
    digits.insert(digits.size() - 10, ".");
    return negative ? "-" + digits : digits;
  }

 private:
  static std::string text_of(mpz_srcptr number) {
    std::string out(mpz_sizeinbase(number, 10) + 2, '\0');
    mpz_get_str(out.data(), 10, number);
    out.resize(std::char_traits<char>::length(out.c_str()));
    return out;
  }
  mpq_t value_;
};

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::uint64_t kKilo = 1000, kKibi = 1024;
constexpr std::array kPrefixes = {Unit{"k", kKilo},
                                  Unit{"m", kKilo* kKilo},
                                  Unit{"g", kKilo* kKilo* kKilo},
                                  Unit{"t", kKilo* kKilo* kKilo* kKilo},
                                  Unit{"p", kKilo* kKilo* kKilo* kKilo* kKilo},
                                  Unit{"e", kKilo* kKilo* kKilo* kKilo* kKilo* kKilo},
                                  Unit{"ki", kKibi},
                                  Unit{"mi", kKibi* kKibi},
                                  Unit{"gi", kKibi* kKibi* kKibi},
                                  Unit{"ti", kKibi* kKibi* kKibi* kKibi},
                                  Unit{"pi", kKibi* kKibi* kKibi* kKibi* kKibi},
                                  Unit{"ei", kKibi* kKibi* kKibi* kKibi* kKibi* kKibi}};

std::uint64_t prefix_factor(std::string_view name) {
  const auto found = std::ranges::find(kPrefixes, name, &Unit::name);
  return found == kPrefixes.end() ? 0 : found->factor;
}

}  // namespace

Value semver_is_valid(BuiltinContext&, Arguments arguments) {
  return Value::boolean(arguments[0].is_string() && parse_version(arguments[0].string()).has_value());
}
Value semver_compare(BuiltinContext& context, Arguments arguments) {
  std::string_view a, b;
  if (!take_string(context, arguments, 0, a) || !take_string(context, arguments, 1, b)) return {};
  const auto x = parse_version(a);
  if (!x) return context.fail(format("operand 1: string \"{}\" is not a valid SemVer", a));
  const auto y = parse_version(b);
  if (!y) return context.fail(format("operand 2: string \"{}\" is not a valid SemVer", b));
  return Value::small(compare_versions(*x, *y));
}

Value units_parse(BuiltinContext& context, Arguments arguments) {
  std::string_view raw;
  if (!take_string(context, arguments, 0, raw)) return {};
  const std::string text = text::replace_all(raw, "\"", "");
  if (text.find(' ') != std::string::npos) return context.fail("spaces not allowed in resource strings");
  auto quantity = cut_unit(text);
  if (!quantity) return context.fail("exponent too large");
  if (quantity->number.empty()) return context.fail("no amount provided");
  // The first letter's case counts: m is milli, M is mega.
  std::string unit = quantity->unit;
  if (unit.size() > 1) unit = unit.substr(0, 1) + text::to_lower_ascii(std::string_view(unit).substr(1));
  std::uint64_t factor = 1, divisor = 1;
  if (unit == "m") {
    divisor = 1000;
  } else if (!unit.empty()) {
    factor = prefix_factor(text::to_lower_ascii(unit));
    if (factor == 0) return context.fail(format("unit {} not recognized", unit));
  }
  Rational number;
  if (!number.assign(quantity->number)) return context.fail("could not parse amount to a number");
  number.multiply(factor, divisor);
  return context.store.number(number.whole() ? number.truncated() : number.fixed());
}
Value units_parse_bytes(BuiltinContext& context, Arguments arguments) {
  std::string_view raw;
  if (!take_string(context, arguments, 0, raw)) return {};
  const std::string text = text::replace_all(text::to_lower_ascii(raw), "\"", "");
  if (text.find(' ') != std::string::npos) return context.fail("spaces not allowed in resource strings");
  auto quantity = cut_unit(text);
  if (!quantity) return context.fail("exponent too large");
  if (quantity->number.empty()) return context.fail("no byte amount provided");
  std::string_view unit = quantity->unit;
  if (unit.size() > 1 && unit.ends_with('b')) unit.remove_suffix(1);
  const std::uint64_t factor = unit.empty() ? 1 : prefix_factor(unit);
  if (factor == 0) return context.fail(format("byte unit {} not recognized", quantity->unit));
  Rational number;
  if (!number.assign(quantity->number)) return context.fail("could not parse byte amount to a number");
  number.multiply(factor, 1);
  return context.store.number(number.truncated());
}

namespace {

// Bytes that depend on the query's seed and the call's key alone.
std::string seeded_bytes(const BuiltinContext& context, std::string_view purpose, std::string_view key) {
  crypto::Hasher hasher;
  hasher.field(purpose);
  hasher.field(std::to_string(context.seed));
  hasher.field(key);
  return hasher.finish();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text) {
  if (text.size() == 45 && text::to_lower_ascii(text.substr(0, 9)) == "urn:uuid:") text.remove_prefix(9);
  if (text.size() == 38) text = text.substr(1, 36);
  std::string digits;
  if (text.size() == 32) {
    digits = text;
  } else if (text.size() == 36) {
    for (std::size_t i = 0; i < 36; ++i) {
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash != (text[i] == '-')) return std::nullopt;
      if (!dash) digits += text[i];
    }
  } else {
    return std::nullopt;
  }
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 16; ++i) {
    const int high = hex_digit(digits[i * 2]), low = hex_digit(digits[i * 2 + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return bytes;
}

}  // namespace

Value uuid_parse(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  const auto uuid = parse_uuid(text);
  if (!uuid) return {};
  const auto& b = *uuid;
  auto& store = context.store;
  const int version = b[6] >> 4;
  const std::string_view variant = (b[8] & 0xc0) == 0x80   ? "RFC4122"
                                   : (b[8] & 0xe0) == 0xc0 ? "Microsoft"
                                   : (b[8] & 0xe0) == 0xe0 ? "Future"
                                                           : "Reserved";
  std::vector<Member> members{{store.intern("version"), Value::small(version)},
                              {store.intern("variant"), store.intern(variant)}};
  if (version == 1 || version == 2) {
    auto word = [&](std::size_t at, std::size_t count) {
      std::uint64_t value = 0;
      for (std::size_t i = 0; i < count; ++i) value = value << 8 | b[at + i];
      return value;
    };
    // 100 ns since 15 October 1582.
    const std::int64_t ticks = static_cast<std::int64_t>(word(0, 4) | word(4, 2) << 32 | (word(6, 2) & 0xfff) << 48);
    const std::int64_t since_epoch = ticks - 0x01B21DD213814000;
    members.push_back({store.intern("time"), store.integer(since_epoch * 100)});
    const std::string_view mac = (b[10] & 3) == 3   ? "local:multicast"
                                 : (b[10] & 1) == 1 ? "global:multicast"
                                 : (b[10] & 2) == 2 ? "local:unicast"
                                                    : "global:unicast";
    members.push_back({store.intern("macvariables"), store.intern(mac)});
    std::string node;
    for (std::size_t i = 10; i < 16; ++i) node += format("{}{:02x}", i > 10 ? "-" : "", b[i]);
    members.push_back({store.intern("nodeid"), store.string(node)});
    members.push_back({store.intern("clocksequence"), Value::small(static_cast<std::int64_t>(word(8, 2) & 0x3fff))});
    if (version == 2) {
      members.push_back({store.intern("id"), Value::small(static_cast<std::int64_t>(word(0, 4)))});
      constexpr std::array<std::string_view, 3> kDomains = {"Person", "Group", "Org"};
      members.push_back(
          {store.intern("domain"), store.string(b[9] < 3 ? std::string(kDomains[b[9]]) : format("Domain{}", b[9]))});
    }
  }
  return store.object(members);
}
Value uuid_rfc4122(BuiltinContext& context, Arguments arguments) {
  std::string bytes = seeded_bytes(context, "uuid", to_rego(arguments[0])).substr(0, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string hex = text::to_hex(bytes);
  for (std::size_t at : {20UL, 16UL, 12UL, 8UL}) hex.insert(at, "-");
  return context.store.string(hex);
}
Value rand_intn(BuiltinContext& context, Arguments arguments) {
  std::string_view key;
  std::int64_t bound = 0;
  if (!take_string(context, arguments, 0, key) || !take_integer(context, arguments, 1, bound)) return {};
  if (bound == 0) return Value::small(0);
  if (bound < 0) bound = bound == INT64_MIN ? INT64_MAX : -bound;
  const std::string bytes = seeded_bytes(context, "rand", format("{}-{}", key, bound));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return context.store.integer(static_cast<std::int64_t>(number % static_cast<std::uint64_t>(bound)));
}

Value opa_runtime(BuiltinContext& context, Arguments) {
  return context.runtime.defined() ? context.runtime : context.store.object({});
}

}  // namespace chiron::policy::functions
