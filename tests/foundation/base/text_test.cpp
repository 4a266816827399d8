#include "foundation/base/text.h"

#include <doctest/doctest.h>

#include <random>

#include "foundation/base/format.h"
#include "foundation/base/placer.h"
#include "foundation/base/result.h"
#include "foundation/base/utf8.h"

using namespace chiron;

TEST_CASE("text: globs match whole paths") {
  const std::tuple<std::string_view, std::string_view, bool> cases[] = {{"*.c", "a.c", true},
                                                                        {"*.c", "d/a.c", false},
                                                                        {"**/*.c", "d/e/a.c", true},
                                                                        {"**/*.c", "a.c", true},
                                                                        {"src/**", "src/a/b", true},
                                                                        {"src/**", "srcs/a", false},
                                                                        {"a?c", "abc", true},
                                                                        {"a?c", "a/c", false},
                                                                        {"[a-c]x", "bx", true},
                                                                        {"[!a-c]x", "bx", false},
                                                                        {"*.{c,h}", "x.h", true},
                                                                        {"*.{c,h}", "x.cc", false},
                                                                        {"a{b", "a{b", true},
                                                                        {"\\*", "*", true},
                                                                        {"\\*", "x", false},
                                                                        {"**", "a/b/c", true},
                                                                        {"a/**/b", "a/b", true},
                                                                        {"a/**/b", "a/x/y/b", true},
                                                                        {"", "", true},
                                                                        {"", "a", false}};
  for (const auto& [pattern, path, expected] : cases) {
    CAPTURE(pattern);
    CAPTURE(path);
    CHECK(text::glob_match(pattern, path) == expected);
  }
}

TEST_CASE("text: lines, splitting, numbers, suggestions") {
  CHECK(text::split_lines("a\r\nb\n\nc").size() == 4);
  CHECK(text::split_lines("a\n").size() == 1);
  CHECK(text::split_lines("").empty());
  CHECK(text::parse_unsigned("12") == 12);
  CHECK(!text::parse_unsigned("12x"));
  CHECK(!text::parse_unsigned("-1"));
  CHECK(text::parse_signed("-1") == -1);
  CHECK(text::nearest("chekc", {"check", "report"}) == "check");
  CHECK(text::nearest("raeds", {"needs", "reads"}) == "reads");
  CHECK(!text::nearest("zzzzz", {"check", "report"}));
  CHECK(text::escape_xml(std::string_view("a\x01<\"&\xff", 6)) == "a&lt;&quot;&amp;\xEF\xBF\xBD");
  CHECK(format("{:.2f} {:>4}|{}", 1.5, 7, "x") == "1.50    7|x");
}

TEST_CASE("utf8: validity by the Unicode table") {
  const std::pair<std::string_view, bool> cases[] = {{"abc", true},
                                                     {"\xC3\xA9", true},
                                                     {"\xC0\x80", false},
                                                     {"\xED\xA0\x80", false},
                                                     {"\xF4\x90\x80\x80", false},
                                                     {"\xE2\x82", false},
                                                     {"\xF0\x9F\x98\x80", true},
                                                     {"\xE0\x80\x80", false},
                                                     {"12345678\x80", false}};
  for (const auto& [text, valid] : cases) CHECK((utf8::find_invalid(text) == std::string_view::npos) == valid);
  CHECK(utf8::count("a\xC3\xA9\xF0\x9F\x98\x80") == 3);
  CHECK(utf8::display_width("a漢") == 3);
}

TEST_CASE("utf8: offsets and places are each other's inverse") {
  const std::string text =
      "ab\nc\xC3\xA9"
      "d\r\n\nlast";
  const utf8::LineIndex lines(text);
  CHECK(lines.line_count() == 4);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    const auto place = lines.place("f", i, i);
    CHECK(lines.offset_of(place.line, place.column) == i);
  }
  CHECK(lines.line_text(2) ==
        "c\xC3\xA9"
        "d");
  CHECK(to_string(lines.place("f", 6, 7)) == "f:2:3");
}

namespace {
Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorKind::usage, "odd", "is odd");
  return n / 2;
}
Result<void> check(int n) {
  TRY(half(n));
  return {};
}
Result<int> quarter(int n) {
  const int h = TRY(half(n));
  TRY(check(h));
  return TRY(half(h));
}
}  // namespace

TEST_CASE("result: TRY passes values and errors on") {
  CHECK(quarter(8) == 2);
  CHECK(quarter(6).error().code == "odd");
}

TEST_CASE("a placer tells what a line index tells, and a long line takes no time that grows with its square") {
  std::mt19937 random(7);
  const std::string parts[] = {"a", "word ", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\x80", "\xE2\x82"};
  std::string text = "first\n";
  for (int i = 0; i < 12'000; ++i) text += parts[random() % std::size(parts)];
  text += "\n\xC3\xA9 last";
  const utf8::Placer placer(text);
  const utf8::LineIndex lines(text);
  for (int i = 0; i < 2'000; ++i) {
    const auto begin = random() % (text.size() + 2);
    const auto end = begin + random() % 30;
    const auto one = placer.place("f", begin, end);
    const auto other = lines.place("f", begin, end);
    CHECK(one.column == other.column);
    CHECK(one.end_column == other.end_column);
    CHECK(one.line == other.line);
  }
  const std::string line(10'000'000, 'x');
  const utf8::Placer long_line(line);
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < line.size(); at += 100) sum += long_line.column_of(at);
  CHECK(sum == 500'000'000'000 - 5'000'000 + 100'000);
}
