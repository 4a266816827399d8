// Layouts: pieces of text that stand for parts of the reference time, Mon Jan 2 15:04:05 MST 2006.
#include "engines/policy/builtins/go_time.h"

#include <absl/time/civil_time.h>

#include <array>
#include <optional>

#include "engines/policy/text.h"
#include "foundation/base/format.h"

namespace chiron::policy::functions {

namespace {

enum class Part {
  none,
  long_month,
  month,
  number_month,
  zero_month,
  long_weekday,
  weekday,
  day,
  under_day,
  zero_day,
  under_year_day,
  zero_year_day,
  hour,
  hour12,
  zero_hour12,
  minute,
  zero_minute,
  second,
  zero_second,
  long_year,
  year,
  upper_pm,
  lower_pm,
  zone_name,
  z_offset,
  z_offset_seconds,
  z_offset_short,
  z_offset_colon,
  z_offset_colon_seconds,
  offset,
  offset_seconds,
  offset_short,
  offset_colon,
  offset_colon_seconds,
  fraction_zero,
  fraction_nine
};

struct Spelling {
  std::string_view text;
  Part part;
};
// Longer spellings before their beginnings.
constexpr std::array kSpellings = {
    Spelling{"January", Part::long_month},
    Spelling{"Jan", Part::month},
    Spelling{"Monday", Part::long_weekday},
    Spelling{"Mon", Part::weekday},
    Spelling{"MST", Part::zone_name},
    Spelling{"2006", Part::long_year},
    Spelling{"__2", Part::under_year_day},
    Spelling{"_2", Part::under_day},
    Spelling{"002", Part::zero_year_day},
    Spelling{"01", Part::zero_month},
    Spelling{"02", Part::zero_day},
    Spelling{"03", Part::zero_hour12},
    Spelling{"04", Part::zero_minute},
    Spelling{"05", Part::zero_second},
    Spelling{"06", Part::year},
    Spelling{"15", Part::hour},
    Spelling{"1", Part::number_month},
    Spelling{"2", Part::day},
    Spelling{"3", Part::hour12},
    Spelling{"4", Part::minute},
    Spelling{"5", Part::second},
    Spelling{"PM", Part::upper_pm},
    Spelling{"pm", Part::lower_pm},
    Spelling{"Z07:00:00", Part::z_offset_colon_seconds},
    Spelling{"Z07:00", Part::z_offset_colon},
    Spelling{"Z070000", Part::z_offset_seconds},
    Spelling{"Z0700", Part::z_offset},
    Spelling{"Z07", Part::z_offset_short},
    Spelling{"-07:00:00", Part::offset_colon_seconds},
    Spelling{"-07:00", Part::offset_colon},
    Spelling{"-070000", Part::offset_seconds},
    Spelling{"-0700", Part::offset},
    Spelling{"-07", Part::offset_short},
};

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

struct Piece {
  std::string_view prefix;  // plain text before the part
  Part part = Part::none;
  std::string_view text;   // the part's spelling
  std::size_t digits = 0;  // of a fraction
};

// The first part of the layout, which loses it and what stands before.
Piece next_piece(std::string_view& layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const auto rest = layout.substr(i);
    auto found = [&](Part part, std::size_t length, std::size_t digits = 0) {
      Piece piece{layout.substr(0, i), part, rest.substr(0, length), digits};
      layout.remove_prefix(i + length);
      return piece;
    };
    if ((rest[0] == '.' || rest[0] == ',') && rest.size() > 1 && (rest[1] == '0' || rest[1] == '9')) {
      std::size_t end = 1;
      while (end < rest.size() && rest[end] == rest[1]) ++end;
      if (end >= rest.size() || !is_digit(rest[end]))
        return found(rest[1] == '0' ? Part::fraction_zero : Part::fraction_nine, end, end - 1);
    }
    for (const auto& spelling : kSpellings) {
      if (!rest.starts_with(spelling.text)) continue;
      // "Jan" and "Mon" are not parts at the start of a longer word in lower case; "_2006" is "_" and a year.
      if ((spelling.part == Part::month || spelling.part == Part::weekday) && rest.size() > 3 && is_lower(rest[3]))
        continue;
      if (spelling.part == Part::under_day && rest.starts_with("_2006")) break;
      return found(spelling.part, spelling.text.size());
    }
  }
  Piece piece{layout, Part::none, {}, 0};
  layout = {};
  return piece;
}

void append_offset(std::string& out, Part part, int offset) {
  const bool z = part >= Part::z_offset && part <= Part::z_offset_colon_seconds;
  if (z && offset == 0) {
    out += 'Z';
    return;
  }
  out += offset < 0 ? '-' : '+';
  const int seconds = std::abs(offset);
  out += format("{:02}", seconds / 3600);
  const bool colon = part == Part::z_offset_colon || part == Part::offset_colon ||
                     part == Part::z_offset_colon_seconds || part == Part::offset_colon_seconds;
  if (colon) out += ':';
  if (part != Part::offset_short && part != Part::z_offset_short) out += format("{:02}", seconds / 60 % 60);
  if (part == Part::z_offset_seconds || part == Part::offset_seconds || part == Part::z_offset_colon_seconds ||
      part == Part::offset_colon_seconds) {
    if (colon) out += ':';
    out += format("{:02}", seconds % 60);
  }
}

class Reader {
 public:
  Reader(std::string_view layout, std::string_view text) : layout_(layout), text_(text) {}

  std::expected<absl::Time, std::string> run() {
    std::string_view layout = layout_, value = text_;
    while (true) {
      Piece piece = next_piece(layout);
      if (!skip_prefix(value, piece.prefix)) return mismatch(value, piece.prefix);
      if (piece.part == Part::none) {
        if (!value.empty()) return std::unexpected(head() + ": extra text: " + quoted(value));
        break;
      }
      const auto before = value;
      if (!take(piece, value, layout)) return mismatch(before, piece.text);
      if (!out_of_range_.empty()) return std::unexpected(head() + ": " + out_of_range_ + " out of range");
    }
    return assemble();
  }

 private:
  static std::string quoted(std::string_view text) {
    std::string out;
    append_go_quoted(out, text);
    return out;
  }
  std::string head() const { return "parsing time " + quoted(text_); }
  std::unexpected<std::string> mismatch(std::string_view value, std::string_view element) const {
    return std::unexpected(head() + " as " + quoted(layout_) + ": cannot parse " + quoted(value) + " as " +
                           quoted(element));
  }

  // White space in the layout stands for any.
  static bool skip_prefix(std::string_view& value, std::string_view prefix) {
    while (!prefix.empty()) {
      if (prefix.front() == ' ') {
        if (!value.empty() && value.front() != ' ') return false;
        while (prefix.starts_with(' ')) prefix.remove_prefix(1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        continue;
      }
      if (value.empty() || value.front() != prefix.front()) return false;
      prefix.remove_prefix(1);
      value.remove_prefix(1);
    }
    return true;
  }

  static bool number(std::string_view& value, std::size_t least, std::size_t most, int& out) {
    std::size_t count = 0;
    int total = 0;
    while (count < most && count < value.size() && is_digit(value[count])) total = total * 10 + (value[count++] - '0');
    if (count < least) return false;
    out = total;
    value.remove_prefix(count);
    return true;
  }
  template <std::size_t N>
  static bool name(std::string_view& value, const std::array<std::string_view, N>& names, std::size_t cut, int& out) {
    for (std::size_t i = 0; i < N; ++i) {
      const auto wanted = names[i].substr(0, cut);
      if (value.size() < wanted.size()) continue;
      bool same = true;
      for (std::size_t j = 0; j < wanted.size(); ++j) same = same && (value[j] | 0x20) == (wanted[j] | 0x20);
      if (same) {
        out = static_cast<int>(i);
        value.remove_prefix(wanted.size());
        return true;
      }
    }
    return false;
  }
  void check(int value, int low, int high, std::string_view what) {
    if (value < low || value > high) out_of_range_ = what;
  }

  bool take_fraction(std::string_view& value, std::size_t digits) {
    double scale = 1e8;
    double nanoseconds = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      nanoseconds += (value[i] - '0') * scale;
      scale /= 10;
    }
    nanoseconds_ = static_cast<int>(nanoseconds + 1e-6);
    value.remove_prefix(digits);
    return true;
  }

  bool take_offset(Part part, std::string_view& value) {
    const bool z = part >= Part::z_offset && part <= Part::z_offset_colon_seconds;
    if (z && value.starts_with('Z')) {
      value.remove_prefix(1);
      offset_ = 0;
      return true;
    }
    if (value.empty() || (value.front() != '+' && value.front() != '-')) return false;
    const int sign = value.front() == '-' ? -1 : 1;
    value.remove_prefix(1);
    const bool colon = part == Part::z_offset_colon || part == Part::offset_colon ||
                       part == Part::z_offset_colon_seconds || part == Part::offset_colon_seconds;
    int hours = 0, minutes = 0, seconds = 0;
    if (!number(value, 2, 2, hours)) return false;
    auto separator = [&] {
      if (!colon) return true;
      if (!value.starts_with(':')) return false;
      value.remove_prefix(1);
      return true;
    };
    if (part != Part::offset_short && part != Part::z_offset_short && (!separator() || !number(value, 2, 2, minutes)))
      return false;
    if ((part == Part::z_offset_seconds || part == Part::offset_seconds || part == Part::z_offset_colon_seconds ||
         part == Part::offset_colon_seconds) &&
        (!separator() || !number(value, 2, 2, seconds)))
      return false;
    check(hours, 0, 24, "time zone offset hour");
    check(minutes, 0, 60, "time zone offset minute");
    offset_ = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
  }

  bool take_zone_name(std::string_view& value) {
    if (value.starts_with("UTC")) {
      value.remove_prefix(3);
      offset_ = 0;
      return true;
    }
    std::size_t count = 0;
    while (count < value.size() && value[count] >= 'A' && value[count] <= 'Z') ++count;
    if (value.starts_with("GMT") && value.size() > 3 && (value[3] == '+' || value[3] == '-')) {
      auto rest = value.substr(4);
      int hours = 0;
      if (!number(rest, 1, 2, hours)) return false;
      offset_ = (value[3] == '-' ? -1 : 1) * hours * 3600;
      value = rest;
      return true;
    }
    if (count < 3 || count > 5) return false;
    value.remove_prefix(count);
    return true;  // an abbreviation whose offset nobody knows counts as UTC
  }

  bool take(const Piece& piece, std::string_view& value, std::string_view rest_of_layout) {
    switch (piece.part) {
      case Part::long_year:
        return number(value, 4, 4, year_);
      case Part::year:
        if (!number(value, 2, 2, year_)) return false;
        year_ += year_ >= 69 ? 1900 : 2000;
        return true;
      case Part::long_month:
        return name(value, kMonths, std::string_view::npos, month_) && (++month_, true);
      case Part::month:
        return name(value, kMonths, 3, month_) && (++month_, true);
      case Part::number_month:
      case Part::zero_month:
        if (!number(value, piece.part == Part::zero_month ? 2 : 1, 2, month_)) return false;
        check(month_, 1, 12, "month");
        return true;
      case Part::long_weekday:
        return name(value, kDays, std::string_view::npos, weekday_);
      case Part::weekday:
        return name(value, kDays, 3, weekday_);
      case Part::under_day:
        if (value.starts_with(' ')) value.remove_prefix(1);
        return number(value, 1, 2, day_);
      case Part::day:
        return number(value, 1, 2, day_);
      case Part::zero_day:
        return number(value, 2, 2, day_);
      case Part::under_year_day:
        for (int i = 0; i < 2 && value.starts_with(' '); ++i) value.remove_prefix(1);
        return number(value, 1, 3, year_day_);
      case Part::zero_year_day:
        return number(value, 3, 3, year_day_);
      case Part::hour:
        if (!number(value, 2, 2, hour_)) return false;
        check(hour_, 0, 23, "hour");
        return true;
      case Part::hour12:
      case Part::zero_hour12:
        if (!number(value, piece.part == Part::zero_hour12 ? 2 : 1, 2, hour_)) return false;
        check(hour_, 0, 12, "hour");
        return true;
      case Part::minute:
      case Part::zero_minute:
        if (!number(value, piece.part == Part::zero_minute ? 2 : 1, 2, minute_)) return false;
        check(minute_, 0, 59, "minute");
        return true;
      case Part::second:
      case Part::zero_second: {
        if (!number(value, piece.part == Part::zero_second ? 2 : 1, 2, second_)) return false;
        check(second_, 0, 59, "second");
        // A fraction may follow though the layout names none.
        if (value.size() >= 2 && (value[0] == '.' || value[0] == ',') && is_digit(value[1])) {
          auto ahead = rest_of_layout;
          const auto next = next_piece(ahead);
          if (next.part == Part::fraction_zero || next.part == Part::fraction_nine) return true;
          std::size_t digits = 1;
          while (digits < value.size() && is_digit(value[digits])) ++digits;
          value.remove_prefix(1);
          return take_fraction(value, digits - 1);
        }
        return true;
      }
      case Part::fraction_zero:
        if (value.size() < piece.digits + 1 || (value[0] != '.' && value[0] != ',')) return false;
        for (std::size_t i = 1; i <= piece.digits; ++i)
          if (!is_digit(value[i])) return false;
        value.remove_prefix(1);
        return take_fraction(value, piece.digits);
      case Part::fraction_nine: {
        if (value.size() < 2 || (value[0] != '.' && value[0] != ',') || !is_digit(value[1])) return true;
        std::size_t digits = 1;
        while (digits < value.size() && digits < 10 && is_digit(value[digits])) ++digits;
        value.remove_prefix(1);
        return take_fraction(value, digits - 1);
      }
      case Part::upper_pm:
      case Part::lower_pm: {
        const auto word = value.substr(0, 2);
        const bool upper = piece.part == Part::upper_pm;
        if (word == (upper ? "PM" : "pm"))
          pm_ = true;
        else if (word == (upper ? "AM" : "am"))
          am_ = true;
        else
          return false;
        value.remove_prefix(2);
        return true;
      }
      case Part::zone_name:
        return take_zone_name(value);
      default:
        return take_offset(piece.part, value);
    }
  }

  std::expected<absl::Time, std::string> assemble() {
    if (pm_ && hour_ < 12) hour_ += 12;
    if (am_ && hour_ == 12) hour_ = 0;
    absl::CivilDay date;
    if (year_day_ >= 0) {
      date = absl::CivilDay(year_, 1, 1) + (year_day_ - 1);
      if (year_day_ < 1 || date.year() != year_) return std::unexpected(head() + ": day-of-year out of range");
    } else {
      month_ = month_ < 0 ? 1 : month_;
      day_ = day_ < 0 ? 1 : day_;
      date = absl::CivilDay(year_, month_, day_);
      if (date.month() != month_ || date.day() != day_) return std::unexpected(head() + ": day out of range");
    }
    const absl::CivilSecond civil(date.year(), date.month(), date.day(), hour_, minute_, second_);
    return absl::FromCivil(civil, absl::UTCTimeZone()) - absl::Seconds(offset_) + absl::Nanoseconds(nanoseconds_);
  }

  std::string_view layout_, text_;
  std::string out_of_range_;
  int year_ = 0, month_ = -1, day_ = -1, year_day_ = -1, weekday_ = 0;
  int hour_ = 0, minute_ = 0, second_ = 0, nanoseconds_ = 0, offset_ = 0;
  bool pm_ = false, am_ = false;
};

}  // namespace

std::string format_time(absl::Time time, absl::TimeZone zone, std::string_view layout) {
  const auto info = zone.At(time);
  const auto& civil = info.cs;
  const auto nanoseconds = absl::ToInt64Nanoseconds(info.subsecond);
  const auto weekday =
      (static_cast<int>(absl::GetWeekday(absl::CivilDay(civil))) + 1) % 7;  // Abseil begins with Monday
  const int hour12 = civil.hour() % 12 == 0 ? 12 : civil.hour() % 12;
  std::string out;
  while (true) {
    const Piece piece = next_piece(layout);
    out += piece.prefix;
    switch (piece.part) {
      case Part::none:
        return out;
      case Part::long_month:
        out += kMonths[static_cast<std::size_t>(civil.month() - 1)];
        break;
      case Part::month:
        out += kMonths[static_cast<std::size_t>(civil.month() - 1)].substr(0, 3);
        break;
      case Part::number_month:
        out += std::to_string(civil.month());
        break;
      case Part::zero_month:
        out += format("{:02}", civil.month());
        break;
      case Part::long_weekday:
        out += kDays[static_cast<std::size_t>(weekday)];
        break;
      case Part::weekday:
        out += kDays[static_cast<std::size_t>(weekday)].substr(0, 3);
        break;
      case Part::day:
        out += std::to_string(civil.day());
        break;
      case Part::under_day:
        out += format("{:2}", civil.day());
        break;
      case Part::zero_day:
        out += format("{:02}", civil.day());
        break;
      case Part::under_year_day:
        out += format("{:3}", absl::GetYearDay(absl::CivilDay(civil)));
        break;
      case Part::zero_year_day:
        out += format("{:03}", absl::GetYearDay(absl::CivilDay(civil)));
        break;
      case Part::hour:
        out += format("{:02}", civil.hour());
        break;
      case Part::hour12:
        out += std::to_string(hour12);
        break;
      case Part::zero_hour12:
        out += format("{:02}", hour12);
        break;
      case Part::minute:
        out += std::to_string(civil.minute());
        break;
      case Part::zero_minute:
        out += format("{:02}", civil.minute());
        break;
      case Part::second:
        out += std::to_string(civil.second());
        break;
      case Part::zero_second:
        out += format("{:02}", civil.second());
        break;
      case Part::long_year:
        out += format("{:04}", civil.year());
        break;
      case Part::year:
        out += format("{:02}", civil.year() % 100);
        break;
      case Part::upper_pm:
        out += civil.hour() >= 12 ? "PM" : "AM";
        break;
      case Part::lower_pm:
        out += civil.hour() >= 12 ? "pm" : "am";
        break;
      case Part::zone_name:
        out += info.zone_abbr;
        break;
      case Part::fraction_zero:
      case Part::fraction_nine: {
        std::string digits = format("{:09}", nanoseconds).substr(0, piece.digits);
        if (piece.part == Part::fraction_nine)
          while (digits.ends_with('0')) digits.pop_back();
        if (!digits.empty()) out += piece.text.substr(0, 1), out += digits;
        break;
      }
      default:
        append_offset(out, piece.part, info.offset);
        break;
    }
  }
}

std::expected<absl::Time, std::string> parse_time(std::string_view layout, std::string_view text) {
  return Reader(layout, text).run();
}

}  // namespace chiron::policy::functions
