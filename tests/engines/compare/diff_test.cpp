// The two difference algorithms against slow oracles, and the extents against a byte-by-byte scan.
#include <doctest/doctest.h>

#include <random>

#include "engines/compare/byte_diff.h"
#include "engines/compare/sequence_diff.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

// What a diff must always satisfy: what lies between the edits is equal, and the edits cover both sides in order.
bool reproduces(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b,
                const std::vector<Edit>& edits) {
  std::size_t x = 0, y = 0;
  for (const auto& edit : edits) {
    if (edit.count_a == 0 && edit.count_b == 0) return false;
    if (edit.a < x || edit.a - x != edit.b - y) return false;
    for (; x < edit.a; ++x, ++y) {
      if (a[x] != b[y]) return false;
    }
    x += edit.count_a;
    y += edit.count_b;
  }
  if (a.size() - x != b.size() - y) return false;
  for (; x < a.size(); ++x, ++y) {
    if (a[x] != b[y]) return false;
  }
  return true;
}

std::size_t longest_common(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  std::vector<std::size_t> row(b.size() + 1, 0);
  for (const auto x : a) {
    std::size_t corner = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto above = row[j + 1];
      row[j + 1] = x == b[j] ? corner + 1 : std::max(above, row[j]);
      corner = above;
    }
  }
  return row[b.size()];
}

}  // namespace

TEST_CASE("sequences: every script reproduces the other side, without anchors it is shortest") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const std::uint32_t symbols = 1 + random() % (round % 2 == 0 ? 3 : 40);
    std::vector<std::uint32_t> a(random() % 30), b;
    for (auto& symbol : a) symbol = random() % symbols;
    b = a;
    for (int change = 0; change < 4 && !b.empty(); ++change) {
      const auto at = random() % b.size();
      if (random() % 2 == 0)
        b.erase(b.begin() + static_cast<std::ptrdiff_t>(at));
      else
        b.insert(b.begin() + static_cast<std::ptrdiff_t>(at), random() % symbols);
    }
    const auto edits = diff_sequences(a, b, symbols);
    REQUIRE(reproduces(a, b, edits));
    // Each symbol twice or more on a side: no unique anchors, so Myers alone decides and must be minimal.
    std::vector<std::uint32_t> twice_a = a, twice_b = b;
    twice_a.insert(twice_a.end(), a.begin(), a.end());
    twice_b.insert(twice_b.end(), b.begin(), b.end());
    const auto doubled = diff_sequences(twice_a, twice_b, symbols);
    REQUIRE(reproduces(twice_a, twice_b, doubled));
    std::size_t removed = 0;
    for (const auto& edit : diff_sequences(a, b, symbols)) removed += edit.count_a;
    CHECK(removed >= a.size() - longest_common(a, b));
  }
}

TEST_CASE("extents of views of equal length are exactly the differing bytes") {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string a(random() % 20000, 'x');
    for (auto& c : a) c = static_cast<char>(random());
    auto b = a;
    const int changes = static_cast<int>(random() % 6);
    for (int i = 0; i < changes && !b.empty(); ++i) b[random() % b.size()] ^= 1;
    Difference out;
    find_extents(a, b, nullptr, Budget(), out);
    for (std::size_t i = 0; i < a.size(); ++i) {
      bool covered = false;
      for (const auto& extent : out.extents) covered = covered || (i >= extent.a.offset && i < extent.a.end());
      if (a[i] != b[i]) REQUIRE(covered);
    }
    for (const auto& extent : out.extents) {
      CHECK(a[extent.a.offset] != b[extent.b.offset]);
      CHECK(a[extent.a.end() - 1] != b[extent.b.end() - 1]);
    }
    CHECK((out.extent_count == 0) == (a == b));
  }
}

TEST_CASE("extents of an insertion are the inserted bytes") {
  std::mt19937 random(3);
  std::string a(100'000, '\0');
  for (auto& c : a) c = static_cast<char>(random());
  auto b = a;
  b.insert(30'000, "inserted here");
  b[80'000] ^= 0x55;
  Difference out;
  find_extents(a, b, nullptr, Budget(), out);
  REQUIRE(out.extent_count == 2);
  CHECK(out.extents[0].a == Range{30'000, 0});
  CHECK(out.extents[0].b == Range{30'000, 13});
  CHECK(out.extents[1].a == Range{80'000 - 13, 1});
  CHECK(out.extents[1].b == Range{80'000, 1});
}

TEST_CASE("text: line numbers, context, highlighted words, a missing newline at the end") {
  std::string a, b;
  for (int i = 1; i <= 1000; ++i) {
    a += format("line {} of the log\n", i);
    b += i == 500 ? std::string("line 500 in the log\n") : format("line {} of the log\n", i);
  }
  Difference out;
  diff_text(a, b, Budget(), out);
  REQUIRE(out.hunks.size() == 1);
  const auto& hunk = out.hunks[0];
  CHECK(hunk.line_a == 497);
  CHECK(hunk.count_a == 7);
  REQUIRE(hunk.lines.size() == 8);
  CHECK(hunk.lines[3].text == "line 500 of the log");
  REQUIRE(hunk.lines[4].highlights.size() == 1);
  CHECK(hunk.lines[4].text.substr(hunk.lines[4].highlights[0].begin, 2) == "in");

  Difference cut;
  diff_text("one\ntwo\n", "one\ntwo", Budget(), cut);
  REQUIRE(cut.comments.size() == 1);
  CHECK(cut.comments[0] == "no newline at the end of b");
}

TEST_CASE("text: random edits give hunks that patch a into b") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> a(random() % 60), b;
    for (auto& line : a) line = format("{}", random() % 12);
    for (const auto& line : a) {
      if (random() % 8 == 0) continue;
      b.push_back(line);
      if (random() % 8 == 0) b.push_back("new");
    }
    const auto text_a = text::join(a, "\n") + "\n", text_b = text::join(b, "\n") + "\n";
    Difference out;
    diff_text(text_a, text_b, Budget(), out);
    const auto lines_a = text::split_lines(text_a);
    std::vector<std::string> patched;
    std::size_t next = 0;
    for (const auto& hunk : out.hunks) {
      for (; next + 1 < hunk.line_a; ++next) patched.emplace_back(lines_a[next]);
      for (const auto& line : hunk.lines) {
        if (line.mark != LineMark::removed) patched.push_back(line.text);
        if (line.mark != LineMark::added) {
          REQUIRE(next < lines_a.size());
          CHECK(lines_a[next++] == line.text);
        }
      }
    }
    for (; next < lines_a.size(); ++next) patched.emplace_back(lines_a[next]);
    CHECK(text::join(patched, "\n") + "\n" == text_b);
  }
}

}  // namespace chiron::compare
