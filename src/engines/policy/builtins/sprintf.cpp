// sprintf with Go's verbs, flags and complaints. Whole numbers print as integers of any size, others as doubles,
// strings as themselves, everything else as a Rego term.
#include <gmp.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engines/policy/builtins/support.h"
#include "engines/policy/text.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::functions {

namespace {

// The largest width and precision that Go takes.
constexpr int kMaxWidth = 1'000'000;

enum class ArgumentKind { integer, big_integer, real, string };
struct Argument {
  ArgumentKind kind = ArgumentKind::string;
  std::string text;  // integers: decimal digits; strings: content
  double real = 0;
};

bool is_decimal_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Argument make_argument(Value value) {
  if (value.is_string()) return {ArgumentKind::string, std::string(value.string()), 0};
  if (!value.is_number()) return {ArgumentKind::string, to_rego(value), 0};
  std::string text = value.number_text();
  if (is_decimal_integer(text))
    return {text::parse_signed(text) ? ArgumentKind::integer : ArgumentKind::big_integer, std::move(text), 0};
  const double real = value.number_double();
  if (std::isinf(real)) return {ArgumentKind::string, std::move(text), 0};
  return {ArgumentKind::real, std::move(text), real};
}

std::string_view type_name_of(const Argument& argument) {
  switch (argument.kind) {
    case ArgumentKind::integer:
      return "int";
    case ArgumentKind::big_integer:
      return "*big.Int";
    case ArgumentKind::real:
      return "float64";
    case ArgumentKind::string:
      return "string";
  }
  return "";
}

struct Directive {
  bool plus = false, minus = false, sharp = false, space = false, zero = false;
  int width = -1, precision = -1;
  char32_t verb = 0;
};

std::string in_base(const std::string& decimal, int base) {
  mpz_t number;
  mpz_init_set_str(number, decimal.c_str(), 10);
  std::string out(mpz_sizeinbase(number, base) + 2, '\0');
  mpz_get_str(out.data(), base, number);
  mpz_clear(number);
  out.resize(std::char_traits<char>::length(out.c_str()));
  return out;
}

std::string shortest(double value, char form, int precision, bool sharp) {
  char buffer[1600];
  if (precision >= 0) {
    const std::string pattern = std::string(sharp ? "%#" : "%") + ".*" + form;
    std::snprintf(buffer, sizeof buffer, pattern.c_str(), std::min(precision, 1000), value);
    return buffer;
  }
  const auto shape = form == 'e'   ? std::chars_format::scientific
                     : form == 'f' ? std::chars_format::fixed
                                   : std::chars_format::scientific;
  auto result = std::to_chars(buffer, buffer + sizeof buffer, value, shape);
  std::string text(buffer, result.ptr);
  if (form != 'g') return text;
  // Go's %v: exponent form below 1e-4 and from 1e21 on.
  const auto e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 21) return text;
  result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return {buffer, result.ptr};
}

class Formatter {
 public:
  Formatter(std::string_view pattern, std::vector<Argument> arguments)
      : pattern_(pattern), arguments_(std::move(arguments)) {}

  // Nothing where the text grows past its bound.
  std::optional<std::string> run() {
    bool reordered = false;
    while (at_ < pattern_.size()) {
      const auto percent = std::min(pattern_.find('%', at_), pattern_.size());
      out_ += pattern_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ >= pattern_.size()) break;
      ++at_;
      directive();
      reordered = reordered || indexed_ever_;
      if (out_.size() > kMaxStringBytes) return std::nullopt;
    }
    if (!reordered && next_ < arguments_.size()) {
      out_ += "%!(EXTRA ";
      for (std::size_t i = next_; i < arguments_.size(); ++i) {
        if (i > next_) out_ += ", ";
        out_ += type_name_of(arguments_[i]);
        out_ += '=';
        Directive plain;
        plain.verb = 'v';
        print(plain, arguments_[i]);
      }
      out_ += ')';
    }
    return std::move(out_);
  }

 private:
  char peek() const { return at_ < pattern_.size() ? pattern_[at_] : '\0'; }

  std::optional<int> number() {
    int value = 0;
    const auto begin = at_;
    while (peek() >= '0' && peek() <= '9') {
      value = value * 10 + (peek() - '0');
      if (value > kMaxWidth) return std::nullopt;
      ++at_;
    }
    return at_ == begin ? std::nullopt : std::optional(value);
  }

  // [n]: the next operand is the n-th.
  void argument_index() {
    if (peek() != '[') return;
    indexed_ever_ = true;
    const auto close = pattern_.find(']', at_);
    if (close == std::string_view::npos) {
      good_index_ = false;
      ++at_;
      return;
    }
    const auto index = text::parse_unsigned(pattern_.substr(at_ + 1, close - at_ - 1));
    at_ = close + 1;
    if (!index || *index < 1 || *index > arguments_.size()) {
      good_index_ = false;
      return;
    }
    next_ = static_cast<std::size_t>(*index) - 1;
    indexed_ = true;
  }

  // The width or precision that "*" takes from the operands.
  std::optional<int> star() {
    if (next_ >= arguments_.size()) return std::nullopt;
    const auto& argument = arguments_[next_++];
    if (argument.kind != ArgumentKind::integer) return std::nullopt;
    const auto value = text::parse_signed(argument.text);
    if (!value || *value > kMaxWidth || *value < -kMaxWidth) return std::nullopt;
    return static_cast<int>(*value);
  }

  void directive() {
    Directive d;
    good_index_ = true;
    indexed_ = false;
    for (bool flags = true; flags && at_ < pattern_.size();) {
      switch (peek()) {
        case '#':
          d.sharp = true;
          break;
        case '0':
          d.zero = true;
          break;
        case '+':
          d.plus = true;
          break;
        case '-':
          d.minus = true;
          break;
        case ' ':
          d.space = true;
          break;
        default:
          flags = false;
          continue;
      }
      ++at_;
    }
    argument_index();
    if (peek() == '*') {
      ++at_;
      if (auto width = star()) {
        d.width = *width;
        if (d.width < 0) {
          d.width = -d.width;
          d.minus = true;
          d.zero = false;
        }
      } else {
        out_ += "%!(BADWIDTH)";
      }
      indexed_ = false;
    } else if (auto width = number()) {
      d.width = *width;
      if (indexed_) good_index_ = false;
    }
    if (peek() == '.') {
      ++at_;
      if (indexed_) good_index_ = false;
      argument_index();
      if (peek() == '*') {
        ++at_;
        const auto precision = star();
        if (precision && *precision >= 0)
          d.precision = *precision;
        else if (!precision)
          out_ += "%!(BADPREC)";
        indexed_ = false;
      } else {
        d.precision = number().value_or(0);
      }
    }
    if (!indexed_) argument_index();
    if (at_ >= pattern_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const auto decoded = utf8::decode(pattern_, at_);
    at_ += decoded.length;
    d.verb = decoded.point;
    std::string verb;
    utf8::append(verb, d.verb);
    if (d.verb == '%') {
      out_ += '%';
    } else if (!good_index_) {
      out_ += "%!" + verb + "(BADINDEX)";
    } else if (next_ >= arguments_.size()) {
      out_ += "%!" + verb + "(MISSING)";
    } else {
      print(d, arguments_[next_++]);
    }
  }

  void pad(const Directive& d, std::string_view text) {
    const std::size_t length = utf8::count(text);
    const std::size_t missing =
        d.width > 0 && static_cast<std::size_t>(d.width) > length ? static_cast<std::size_t>(d.width) - length : 0;
    if (d.minus) {
      out_ += text;
      out_.append(missing, ' ');
    } else {
      out_.append(missing, d.zero ? '0' : ' ');
      out_ += text;
    }
  }

  void bad_verb(const Directive& d, const Argument& argument) {
    out_ += "%!";
    utf8::append(out_, d.verb);
    out_ += '(';
    out_ += type_name_of(argument);
    out_ += '=';
    Directive plain;
    plain.verb = 'v';
    print(plain, argument);
    out_ += ')';
  }

  void print(const Directive& d, const Argument& argument) {
    if (d.verb == 'T') return pad(d, type_name_of(argument));
    switch (argument.kind) {
      case ArgumentKind::integer:
      case ArgumentKind::big_integer:
        return print_integer(d, argument);
      case ArgumentKind::real:
        return print_real(d, argument);
      case ArgumentKind::string:
        return print_string(d, argument);
    }
  }

  void print_integer(const Directive& d, const Argument& argument) {
    int base = 10;
    std::string prefix;
    bool upper = false;
    switch (d.verb) {
      case 'v':
      case 'd':
        break;
      case 's':
        if (argument.kind != ArgumentKind::big_integer) return bad_verb(d, argument);
        break;
      case 'b':
        base = 2;
        if (d.sharp) prefix = "0b";
        break;
      case 'o':
        base = 8;
        if (d.sharp) prefix = "0";
        break;
      case 'O':
        base = 8;
        prefix = "0o";
        break;
      case 'x':
        base = 16;
        if (d.sharp) prefix = "0x";
        break;
      case 'X':
        base = 16;
        upper = true;
        if (d.sharp) prefix = "0X";
        break;
      case 'c':
      case 'q':
      case 'U':
        return print_code_point(d, argument);
      default:
        return bad_verb(d, argument);
    }
    std::string digits = base == 10 ? argument.text : in_base(argument.text, base);
    const bool negative = digits.starts_with('-');
    if (negative) digits.erase(0, 1);
    if (upper) digits = text::to_upper_ascii(digits);
    const std::string sign = negative ? "-" : d.plus ? "+" : d.space ? " " : "";
    if (d.precision >= 0) {
      if (d.precision == 0 && digits == "0") digits.clear();
      if (digits.size() < static_cast<std::size_t>(d.precision))
        digits.insert(0, static_cast<std::size_t>(d.precision) - digits.size(), '0');
    } else if (d.zero && !d.minus && d.width > 0) {
      const std::size_t taken = sign.size();
      if (digits.size() + taken < static_cast<std::size_t>(d.width))
        digits.insert(0, static_cast<std::size_t>(d.width) - digits.size() - taken, '0');
    }
    Directive spaces = d;
    spaces.zero = false;
    pad(spaces, sign + prefix + digits);
  }

  void print_code_point(const Directive& d, const Argument& argument) {
    const auto number = text::parse_signed(argument.text);
    if (argument.kind == ArgumentKind::big_integer) return bad_verb(d, argument);
    const bool valid = number && *number >= 0 && *number <= 0x10FFFF && !(*number >= 0xD800 && *number <= 0xDFFF);
    const char32_t point = valid ? static_cast<char32_t>(*number) : 0xFFFD;
    if (d.verb == 'U') {
      std::string text = format("U+{:04X}", number.value_or(0) < 0 ? 0 : static_cast<std::uint64_t>(*number));
      if (d.sharp && valid) {
        text += " '";
        utf8::append(text, point);
        text += '\'';
      }
      return pad(d, text);
    }
    std::string text;
    if (d.verb == 'c') {
      utf8::append(text, point);
    } else {
      text = "'";
      if (point == '\'' || point == '\\') {
        text += '\\';
        utf8::append(text, point);
      } else {
        std::string raw, quoted;
        utf8::append(raw, point);
        append_go_quoted(quoted, raw);
        text += raw == "\"" ? raw : quoted.substr(1, quoted.size() - 2);
      }
      text += '\'';
    }
    pad(d, text);
  }

  void print_real(const Directive& d, const Argument& argument) {
    const double magnitude = std::abs(argument.real);
    std::string text;
    switch (d.verb) {
      case 'v':
        text = shortest(magnitude, 'g', d.precision, d.sharp);
        break;
      case 'g':
      case 'G':
        text = shortest(magnitude, 'g', d.precision, d.sharp);
        break;
      case 'e':
      case 'E':
        text = shortest(magnitude, 'e', d.precision < 0 ? 6 : d.precision, d.sharp);
        break;
      case 'f':
      case 'F':
        text = shortest(magnitude, 'f', d.precision < 0 ? 6 : d.precision, d.sharp);
        break;
      case 'x':
      case 'X': {
        char buffer[128];
        const auto result =
            d.precision < 0
                ? std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::hex)
                : std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::hex, d.precision);
        text = "0x" + std::string(buffer, result.ptr);
        if (const auto p = text.find('p'); p != std::string::npos && text.size() - p == 3) text.insert(p + 2, "0");
        break;
      }
      case 'b': {
        int exponent = 0;
        const double mantissa = std::frexp(magnitude, &exponent);
        text = format("{}p{:+}", static_cast<std::uint64_t>(std::ldexp(mantissa, 53)), exponent - 53);
        break;
      }
      default:
        return bad_verb(d, argument);
    }
    if (d.verb == 'G' || d.verb == 'E' || d.verb == 'X') text = text::to_upper_ascii(text);
    const std::string sign = std::signbit(argument.real) ? "-" : d.plus ? "+" : d.space ? " " : "";
    if (d.zero && !d.minus && d.width > 0 && text.size() + sign.size() < static_cast<std::size_t>(d.width))
      text.insert(0, static_cast<std::size_t>(d.width) - text.size() - sign.size(), '0');
    Directive spaces = d;
    spaces.zero = false;
    pad(spaces, sign + text);
  }

  void print_string(const Directive& d, const Argument& argument) {
    std::string_view text = argument.text;
    auto cut = [&](std::string_view whole) {
      if (d.precision < 0) return whole;
      std::size_t at = 0;
      for (int i = 0; i < d.precision && at < whole.size(); ++i) at += utf8::decode(whole, at).length;
      return whole.substr(0, at);
    };
    switch (d.verb) {
      case 'v':
        if (d.sharp) {
          std::string quoted;
          append_go_quoted(quoted, text);
          return pad(d, quoted);
        }
        return pad(d, cut(text));
      case 's':
        return pad(d, cut(text));
      case 'q': {
        text = cut(text);
        if (d.sharp && text.find('`') == std::string_view::npos && std::ranges::none_of(text, [](char c) {
              return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
            }))
          return pad(d, "`" + std::string(text) + "`");
        std::string quoted;
        append_go_quoted(quoted, text);
        return pad(d, quoted);
      }
      case 'x':
      case 'X': {
        if (d.precision >= 0) text = text.substr(0, static_cast<std::size_t>(d.precision));
        std::string hex;
        for (std::size_t i = 0; i < text.size(); ++i) {
          if (d.space && i > 0) hex += ' ';
          if (d.sharp && (d.space || i == 0)) hex += "0x";
          hex += text::to_hex(text.substr(i, 1));
        }
        return pad(d, d.verb == 'X' ? text::to_upper_ascii(hex) : hex);
      }
      default:
        return bad_verb(d, argument);
    }
  }

  std::string_view pattern_;
  std::vector<Argument> arguments_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  std::string out_;
  bool good_index_ = true;
  bool indexed_ = false;
  bool indexed_ever_ = false;
};

}  // namespace

Value sprintf(BuiltinContext& context, Arguments arguments) {
  std::string_view pattern;
  if (!take_string(context, arguments, 0, pattern) || !require(context, arguments, 1, Kind::array)) return {};
  std::vector<Argument> operands;
  for (const Value item : arguments[1].items()) operands.push_back(make_argument(item));
  auto text = Formatter(pattern, std::move(operands)).run();
  return text ? context.store.string(*text) : too_large(context);
}

}  // namespace chiron::policy::functions
