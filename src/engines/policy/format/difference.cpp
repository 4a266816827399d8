// Myers' algorithm from both ends ("An O(ND) Difference Algorithm and Its Variations", 1986), behind the usual
// shortcuts: common ends, one text within the other, a long middle in common. Afterwards changes next to one another
// are joined and moved over what is equal, as Google's diff-match-patch does, whose output OPA shows.
#include "engines/policy/format/difference.h"

#include <algorithm>

#include "foundation/base/utf8.h"

namespace chiron::policy {

namespace {

using Kind = TextChange::Kind;
using Text = std::u32string_view;
using Changes = std::vector<TextChange>;

constexpr std::size_t kSteps = 20'000;  // edits looked for by the search from both ends

std::u32string decode(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto point = utf8::decode(text, i);
    out += point.point;
    i += std::max<std::size_t>(1, point.length);
  }
  return out;
}

std::size_t common_begin(Text a, Text b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < most && a[i] == b[i]) ++i;
  return i;
}

std::size_t common_end(Text a, Text b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < most && a[a.size() - 1 - i] == b[b.size() - 1 - i]) ++i;
  return i;
}

void append(Changes& to, Kind kind, Text text) {
  if (!text.empty()) to.push_back({kind, std::u32string(text)});
}

Changes differ(Text a, Text b);

Changes whole(Text a, Text b) {
  Changes out;
  append(out, Kind::removed, a);
  append(out, Kind::added, b);
  return out;
}

struct Middle {
  std::size_t long_begin = 0, short_begin = 0, length = 0;
};

// A part of at least half of `longer` that both have, grown from a quarter of it at `seed_at`.
Middle common_middle(Text longer, Text shorter, std::size_t seed_at) {
  const Text seed = longer.substr(seed_at, longer.size() / 4);
  Middle best;
  for (std::size_t at = shorter.find(seed); at != Text::npos; at = shorter.find(seed, at + 1)) {
    const std::size_t after = common_begin(longer.substr(seed_at), shorter.substr(at));
    const std::size_t before = common_end(longer.substr(0, seed_at), shorter.substr(0, at));
    if (best.length < after + before) best = {seed_at - before, at - before, after + before};
  }
  return best.length * 2 >= longer.size() ? best : Middle();
}

Changes joined(Changes first, Changes second) {
  first.insert(first.end(), std::make_move_iterator(second.begin()), std::make_move_iterator(second.end()));
  return first;
}

// The middle of a shortest script, found from both ends; the two halves are looked at on their own.
Changes bisect(Text a, Text b) {
  const auto a_size = static_cast<std::ptrdiff_t>(a.size()), b_size = static_cast<std::ptrdiff_t>(b.size());
  const std::ptrdiff_t most = (a_size + b_size + 1) / 2;
  const std::ptrdiff_t width = 2 * most;
  std::vector<std::ptrdiff_t> front(static_cast<std::size_t>(width) + 2, -1), back(front.size(), -1);
  front[static_cast<std::size_t>(most) + 1] = back[static_cast<std::size_t>(most) + 1] = 0;
  const std::ptrdiff_t delta = a_size - b_size;
  const bool odd = delta % 2 != 0;
  std::ptrdiff_t front_begin = 0, front_end = 0, back_begin = 0, back_end = 0;
  auto split = [&](std::ptrdiff_t x, std::ptrdiff_t y) {
    const auto at = static_cast<std::size_t>(x), other = static_cast<std::size_t>(y);
    return joined(differ(a.substr(0, at), b.substr(0, other)), differ(a.substr(at), b.substr(other)));
  };
  for (std::ptrdiff_t d = 0; d < most && d < static_cast<std::ptrdiff_t>(kSteps); ++d) {
    for (std::ptrdiff_t k = -d + front_begin; k <= d - front_end; k += 2) {
      const auto at = static_cast<std::size_t>(most + k);
      std::ptrdiff_t x = k == -d || (k != d && front[at - 1] < front[at + 1]) ? front[at + 1] : front[at - 1] + 1;
      std::ptrdiff_t y = x - k;
      while (x < a_size && y < b_size && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(y)]) ++x, ++y;
      front[at] = x;
      if (x > a_size) {
        front_end += 2;
      } else if (y > b_size) {
        front_begin += 2;
      } else if (odd) {
        const std::ptrdiff_t other = most + delta - k;
        if (other >= 0 && other < width && back[static_cast<std::size_t>(other)] != -1 &&
            x >= a_size - back[static_cast<std::size_t>(other)]) {
          return split(x, y);
        }
      }
    }
    for (std::ptrdiff_t k = -d + back_begin; k <= d - back_end; k += 2) {
      const auto at = static_cast<std::size_t>(most + k);
      std::ptrdiff_t x = k == -d || (k != d && back[at - 1] < back[at + 1]) ? back[at + 1] : back[at - 1] + 1;
      std::ptrdiff_t y = x - k;
      while (x < a_size && y < b_size &&
             a[static_cast<std::size_t>(a_size - x - 1)] == b[static_cast<std::size_t>(b_size - y - 1)]) {
        ++x, ++y;
      }
      back[at] = x;
      if (x > a_size) {
        back_end += 2;
      } else if (y > b_size) {
        back_begin += 2;
      } else if (!odd) {
        const std::ptrdiff_t other = most + delta - k;
        if (other >= 0 && other < width && front[static_cast<std::size_t>(other)] != -1) {
          const std::ptrdiff_t from = front[static_cast<std::size_t>(other)];
          if (from >= a_size - x) return split(from, from - (other - most));
        }
      }
    }
  }
  return whole(a, b);
}

Changes differ_inside(Text a, Text b) {
  if (a.empty() || b.empty()) return whole(a, b);
  const bool shrinks = a.size() > b.size();
  const Text longer = shrinks ? a : b, shorter = shrinks ? b : a;
  if (const std::size_t at = longer.find(shorter); at != Text::npos) {
    const Kind kind = shrinks ? Kind::removed : Kind::added;
    Changes out;
    append(out, kind, longer.substr(0, at));
    append(out, Kind::same, shorter);
    append(out, kind, longer.substr(at + shorter.size()));
    return out;
  }
  if (shorter.size() == 1) return whole(a, b);
  if (longer.size() >= 4 && shorter.size() * 2 >= longer.size()) {
    const Middle second = common_middle(longer, shorter, (longer.size() + 3) / 4);
    const Middle third = common_middle(longer, shorter, (longer.size() + 1) / 2);
    const Middle& best = second.length > third.length ? second : third;
    if (best.length > 0) {
      const std::size_t in_a = shrinks ? best.long_begin : best.short_begin;
      const std::size_t in_b = shrinks ? best.short_begin : best.long_begin;
      Changes out = differ(a.substr(0, in_a), b.substr(0, in_b));
      append(out, Kind::same, a.substr(in_a, best.length));
      return joined(std::move(out), differ(a.substr(in_a + best.length), b.substr(in_b + best.length)));
    }
  }
  return bisect(a, b);
}

// Joins changes between two equal parts into one removed and one added, and what these share with the equal parts
// beside them.
Changes join_runs(const Changes& changes) {
  Changes out;
  std::u32string removed, added;
  auto flush = [&](std::u32string same) {
    if (!removed.empty() && !added.empty()) {
      const std::size_t begin = common_begin(removed, added);
      if (begin > 0) {
        if (!out.empty() && out.back().kind == Kind::same)
          out.back().text += added.substr(0, begin);
        else
          append(out, Kind::same, Text(added).substr(0, begin));
        removed.erase(0, begin);
        added.erase(0, begin);
      }
      const std::size_t end = common_end(removed, added);
      same = added.substr(added.size() - end) + same;
      removed.resize(removed.size() - end);
      added.resize(added.size() - end);
    }
    append(out, Kind::removed, removed);
    append(out, Kind::added, added);
    removed.clear();
    added.clear();
    if (same.empty()) return;
    if (!out.empty() && out.back().kind == Kind::same)
      out.back().text += same;
    else
      append(out, Kind::same, same);
  };
  for (const TextChange& change : changes) {
    if (change.kind == Kind::removed)
      removed += change.text;
    else if (change.kind == Kind::added)
      added += change.text;
    else
      flush(change.text);
  }
  flush({});
  return out;
}

// A change between two equal parts that ends as the first or begins as the second swallows that part: A(BA)C reads
// (AB)AC. True where something moved.
bool shift_single(Changes& changes) {
  bool moved = false;
  for (std::size_t i = 1; i + 1 < changes.size(); ++i) {
    if (changes[i - 1].kind != Kind::same || changes[i + 1].kind != Kind::same) continue;
    std::u32string& text = changes[i].text;
    const std::u32string before = changes[i - 1].text, after = changes[i + 1].text;
    if (text.ends_with(before)) {
      text = before + text.substr(0, text.size() - before.size());
      changes[i + 1].text = before + after;
      changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(i) - 1);
      moved = true;
    } else if (text.starts_with(after)) {
      changes[i - 1].text += after;
      text = text.substr(after.size()) + after;
      changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      moved = true;
    }
  }
  return moved;
}

Changes cleaned(Changes changes) {
  do {
    changes = join_runs(changes);
  } while (shift_single(changes));
  return changes;
}

Changes differ(Text a, Text b) {
  Changes out;
  if (a == b) {
    append(out, Kind::same, a);
    return out;
  }
  const std::size_t begin = common_begin(a, b);
  const std::size_t end = common_end(a.substr(begin), b.substr(begin));
  append(out, Kind::same, a.substr(0, begin));
  out = joined(std::move(out),
               differ_inside(a.substr(begin, a.size() - begin - end), b.substr(begin, b.size() - begin - end)));
  append(out, Kind::same, a.substr(a.size() - end));
  return cleaned(std::move(out));
}

}  // namespace

std::vector<TextChange> text_changes(std::string_view from, std::string_view to) {
  const std::u32string a = decode(from), b = decode(to);
  return differ(a, b);
}

std::string coloured(const std::vector<TextChange>& changes) {
  std::string out;
  for (const TextChange& change : changes) {
    if (change.kind == Kind::removed) out += "\x1b[31m";
    if (change.kind == Kind::added) out += "\x1b[32m";
    for (const char32_t point : change.text) utf8::append(out, point);
    if (change.kind != Kind::same) out += "\x1b[0m";
  }
  return out;
}

}  // namespace chiron::policy
