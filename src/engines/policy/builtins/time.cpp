// Time: points in nanoseconds since the epoch, civil parts in IANA zones, Go's layouts and durations.
#include <absl/time/civil_time.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <array>

#include "engines/policy/builtins/go_time.h"
#include "engines/policy/builtins/support.h"
#include "engines/policy/text.h"

namespace chiron::policy::functions {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kNamedLayouts = {{
    {"ANSIC", "Mon Jan _2 15:04:05 2006"},
    {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
    {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
    {"RFC822", "02 Jan 06 15:04 MST"},
    {"RFC822Z", "02 Jan 06 15:04 -0700"},
    {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
    {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
    {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
    {"RFC3339", "2006-01-02T15:04:05Z07:00"},
    {"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
}};

std::string_view layout_of(std::string_view text) {
  for (const auto& [name, layout] : kNamedLayouts)
    if (name == text) return layout;
  return text;
}

Value safe_nanoseconds(BuiltinContext& context, absl::Time time) {
  if (time < absl::FromUnixNanos(INT64_MIN) || time > absl::FromUnixNanos(INT64_MAX))
    return context.fail("time outside of valid range");
  return context.store.integer(absl::ToUnixNanos(time));
}

struct Moment {
  absl::Time time;
  absl::TimeZone zone = absl::UTCTimeZone();
  std::string_view layout;
};

class ZoneEntry final : public CacheEntry {
 public:
  explicit ZoneEntry(absl::TimeZone loaded) : zone(loaded) {}
  absl::TimeZone zone;
};

bool take_zone(BuiltinContext& context, std::string_view name, absl::TimeZone& zone) {
  if (name.empty() || name == "UTC") return true;
  if (name == "Local") {
    zone = absl::LocalTimeZone();
    return true;
  }
  const std::string key = "time.zone:" + std::string(name);
  if (const auto found = context.query_cache.find(key); found != context.query_cache.end()) {
    zone = static_cast<ZoneEntry*>(found->second.get())->zone;
    return true;
  }
  const bool plain =
      name.find("..") == std::string_view::npos && name[0] != '/' && name.find('\\') == std::string_view::npos;
  if (!plain || !absl::LoadTimeZone(std::string(name), &zone)) {
    context.fail(format("unknown time zone {}", name));
    return false;
  }
  context.query_cache[key] = std::make_unique<ZoneEntry>(zone);
  return true;
}

// A number of nanoseconds, or [nanoseconds, zone, layout].
bool take_moment(BuiltinContext& context, Arguments arguments, std::size_t index, Moment& moment) {
  Value number = arguments[index];
  auto wrong = [&] {
    fail_one_of(context, 1, "either number (ns) or [number (ns), string (tz)]", arguments[index]);
    return false;
  };
  if (number.is_array()) {
    const auto items = number.items();
    if (items.empty()) return wrong();
    for (std::size_t i = 1; i < items.size(); ++i)
      if (!items[i].is_string()) {
        context.fail_operand(1, "string", items[i]);
        return false;
      }
    if (items.size() > 1 && !take_zone(context, items[1].string(), moment.zone)) return false;
    if (items.size() > 2) moment.layout = items[2].string();
    number = items[0];
    if (!number.is_number()) {
      context.fail_operand(1, "number", number);
      return false;
    }
  }
  if (!number.is_number()) return wrong();
  std::int64_t nanoseconds = 0;
  if (!number.number_integer(nanoseconds)) {
    context.fail("timestamp too big");
    return false;
  }
  moment.time = absl::FromUnixNanos(nanoseconds);
  return true;
}

Value three(BuiltinContext& context, std::int64_t a, std::int64_t b, std::int64_t c) {
  return context.store.array({Value::small(a), Value::small(b), Value::small(c)});
}

std::string quoted(std::string_view text) {
  std::string out;
  append_go_quoted(out, text);
  return out;
}

}  // namespace

Value time_now_ns(BuiltinContext& context, Arguments) { return context.store.integer(context.time_ns); }

Value time_parse_ns(BuiltinContext& context, Arguments arguments) {
  std::string_view layout, text;
  if (!take_string(context, arguments, 0, layout) || !take_string(context, arguments, 1, text)) return {};
  const auto time = parse_time(layout_of(layout), text);
  return time ? safe_nanoseconds(context, *time) : context.fail(time.error());
}
Value time_parse_rfc3339_ns(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  const auto time = parse_time(layout_of("RFC3339"), text);
  return time ? safe_nanoseconds(context, *time) : context.fail(time.error());
}
Value time_parse_duration_ns(BuiltinContext& context, Arguments arguments) {
  std::string_view whole;
  if (!take_string(context, arguments, 0, whole)) return {};
  auto text = whole;
  auto invalid = [&] { return context.fail("time: invalid duration " + quoted(whole)); };
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Value::small(0);
  if (text.empty()) return invalid();
  long double total = 0;
  __int128 exact = 0;
  while (!text.empty()) {
    std::size_t at = 0;
    __int128 integral = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      integral = integral * 10 + (text[at++] - '0');
      if (integral > INT64_MAX) return invalid();
    }
    const bool before = at > 0;
    long double fraction = 0, scale = 1;
    bool after = false;
    if (at < text.size() && text[at] == '.') {
      ++at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        if (scale < 1e18L) {  // further digits are less than a nanosecond
          scale *= 10;
          fraction = fraction * 10 + (text[at] - '0');
        }
        ++at;
        after = true;
      }
    }
    if (!before && !after) return invalid();
    const auto unit_begin = at;
    while (at < text.size() && text[at] != '.' && !(text[at] >= '0' && text[at] <= '9')) ++at;
    const auto unit = text.substr(unit_begin, at - unit_begin);
    constexpr std::int64_t kHour = 3'600'000'000'000;
    std::int64_t size = 0;
    if (unit == "ns")
      size = 1;
    else if (unit == "us" || unit == "µs" || unit == "μs")
      size = 1'000;
    else if (unit == "ms")
      size = 1'000'000;
    else if (unit == "s")
      size = 1'000'000'000;
    else if (unit == "m")
      size = 60'000'000'000;
    else if (unit == "h")
      size = kHour;
    else if (unit == "d")
      size = 24 * kHour;
    else if (unit == "w")
      size = 7 * 24 * kHour;
    else if (unit == "y")
      size = 365 * 24 * kHour;
    else if (unit.empty())
      return context.fail("time: missing unit in duration " + quoted(whole));
    else
      return context.fail("time: unknown unit " + quoted(unit) + " in duration " + quoted(whole));
    exact += integral * size + static_cast<__int128>(fraction / scale * static_cast<long double>(size));
    total = static_cast<long double>(exact);
    if (total > 9.3e18L) return invalid();
    text.remove_prefix(at);
  }
  if (exact > static_cast<__int128>(INT64_MAX) + (negative ? 1 : 0)) return invalid();
  return context.store.integer(static_cast<std::int64_t>(negative ? -exact : exact));
}

Value time_format(BuiltinContext& context, Arguments arguments) {
  Moment moment;
  if (!take_moment(context, arguments, 0, moment)) return {};
  const auto layout = moment.layout.empty() ? layout_of("RFC3339Nano") : layout_of(moment.layout);
  return context.store.string(format_time(moment.time, moment.zone, layout));
}
Value time_date(BuiltinContext& context, Arguments arguments) {
  Moment moment;
  if (!take_moment(context, arguments, 0, moment)) return {};
  const auto civil = moment.zone.At(moment.time).cs;
  return three(context, civil.year(), civil.month(), civil.day());
}
Value time_clock(BuiltinContext& context, Arguments arguments) {
  Moment moment;
  if (!take_moment(context, arguments, 0, moment)) return {};
  const auto civil = moment.zone.At(moment.time).cs;
  return three(context, civil.hour(), civil.minute(), civil.second());
}
Value time_weekday(BuiltinContext& context, Arguments arguments) {
  Moment moment;
  if (!take_moment(context, arguments, 0, moment)) return {};
  return context.store.intern(format_time(moment.time, moment.zone, "Monday"));
}
Value time_add_date(BuiltinContext& context, Arguments arguments) {
  Moment moment;
  std::int64_t years = 0, months = 0, days = 0;
  if (!take_moment(context, arguments, 0, moment) || !take_integer(context, arguments, 1, years) ||
      !take_integer(context, arguments, 2, months) || !take_integer(context, arguments, 3, days))
    return {};
  constexpr std::int64_t kMost = 100'000'000;
  if (std::abs(years) > kMost || std::abs(months) > kMost || std::abs(days) > kMost)
    return context.fail("time outside of valid range");
  const auto info = moment.zone.At(moment.time);
  const absl::CivilSecond moved(info.cs.year() + years, info.cs.month() + months, info.cs.day() + days, info.cs.hour(),
                                info.cs.minute(), info.cs.second());
  return safe_nanoseconds(context, moment.zone.At(moved).pre + info.subsecond);
}
Value time_diff(BuiltinContext& context, Arguments arguments) {
  Moment a, b;
  if (!take_moment(context, arguments, 0, a) || !take_moment(context, arguments, 1, b)) return {};
  const auto zone = a.zone;
  if (a.time > b.time) std::swap(a.time, b.time);
  const auto from = zone.At(a.time).cs, to = zone.At(b.time).cs;
  // Borrowing from the next larger unit; a month has as many days as the earlier one's.
  std::int64_t year = to.year() - from.year(), month = to.month() - from.month(), day = to.day() - from.day();
  std::int64_t hour = to.hour() - from.hour(), minute = to.minute() - from.minute(),
               second = to.second() - from.second();
  if (second < 0) second += 60, --minute;
  if (minute < 0) minute += 60, --hour;
  if (hour < 0) hour += 24, --day;
  if (day < 0) {
    const absl::CivilMonth month_of_from(from);
    day += absl::CivilDay(month_of_from + 1) - absl::CivilDay(month_of_from);
    --month;
  }
  if (month < 0) month += 12, --year;
  return context.store.array({Value::small(year), Value::small(month), Value::small(day), Value::small(hour),
                              Value::small(minute), Value::small(second)});
}

}  // namespace chiron::policy::functions
