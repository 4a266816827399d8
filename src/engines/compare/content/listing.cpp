#include "engines/compare/content/listing.h"

#include <ctime>
#include <unordered_map>
#include <unordered_set>

#include "engines/compare/hash.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::compare {
namespace {

constexpr std::size_t kRenderedBytes = 256 * 1024;  // of an item that one side lacks
constexpr std::size_t kNamesInOrder = 40;           // names told where only the order differs
constexpr int kItemDepth = 200;                     // readers stay far below; a bound on the recursion here

// Where the current node's byte space begins in the artifact, on both sides.
struct Base {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};

Range relative(Range place, std::uint64_t base) {
  return place.length == 0 && place.offset == 0 ? Range{}
                                                : Range{place.offset - std::min(base, place.offset), place.length};
}

void place_child(Difference& child, Range a, Range b, Base base) {
  if (a.length != 0 || b.length != 0) child.set_place(relative(a, base.a), relative(b, base.b));
}

void render_into(const Item& item, std::size_t indent, int depth, std::string& out) {
  if (out.size() > kRenderedBytes || depth > kItemDepth) return;
  std::string pad(indent, ' ');
  if (item.value.find('\n') != std::string::npos) {
    if (!item.name.empty()) out += pad + item.name + ":\n";
    std::size_t start = 0;
    while (start < item.value.size()) {
      auto end = item.value.find('\n', start);
      if (end == std::string::npos) end = item.value.size();
      out += pad + "  " + item.value.substr(start, end - start) + "\n";
      start = end + 1;
    }
  } else if (item.name.empty()) {
    out += pad + item.value + "\n";
  } else if (item.value.empty()) {
    out += pad + item.name + (item.children.empty() ? "\n" : ":\n");
  } else {
    out += pad + item.name + ": " + item.value + "\n";
  }
  for (const auto& child : item.children) render_into(child, indent + 2, depth + 1, out);
}

std::string lines_of(const Item& item) {
  std::string out;
  for (const auto& child : item.children) {
    out += child.name;
    if (!child.value.empty()) {
      if (!child.name.empty()) out += ' ';
      out += child.value;
    }
    out += '\n';
  }
  return out;
}

void add_one_sided(const Item& item, bool in_a, const char* noise, Base base, const Budget& budget, Difference& out) {
  auto& child = out.add_child(in_a ? Kind::only_in_a : Kind::only_in_b, in_a ? item.name : "", in_a ? "" : item.name);
  if (item.place.length != 0) {
    child.has_place = true;
    (in_a ? child.place_a : child.place_b) = relative(item.place, in_a ? base.a : base.b);
  }
  // A group shows all it holds; a single fact its value, the name being told already.
  const std::string text = item.children.empty() ? item.value + "\n" : render(item);
  if (text.size() > 1) diff_text(in_a ? text : "", in_a ? "" : text, budget, child);
  if (const char* why = item.noise != nullptr ? item.noise : noise) child.mark_noise(why);
}

// The source lines of the removed and added lines of a listing.
void tell_source(const Item& a, const Item& b, Difference& node) {
  if (a.source_lines.empty() || b.source_lines.empty()) return;
  constexpr std::size_t kToldLines = 8;
  const auto tell = [&](const Item& item, bool left) {
    std::vector<std::uint32_t> lines;
    for (const auto& hunk : node.hunks) {
      std::uint64_t at = left ? hunk.line_a : hunk.line_b;
      for (const auto& line : hunk.lines) {
        if (line.mark == (left ? LineMark::added : LineMark::removed)) continue;
        if (line.mark != LineMark::same && at >= 1 && at <= item.source_lines.size()) {
          const auto source = item.source_lines[static_cast<std::size_t>(at - 1)];
          if (source != 0) lines.push_back(source);
        }
        ++at;
      }
    }
    std::sort(lines.begin(), lines.end());
    lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
    std::string out;
    for (std::size_t i = 0; i < lines.size() && i < kToldLines; ++i) {
      out += (i == 0 ? "" : ", ") + format("{}:{}", item.source, lines[i]);
    }
    if (lines.size() > kToldLines) out += format(" and {} more lines", lines.size() - kToldLines);
    return out;
  };
  const auto from = tell(a, true), to = tell(b, false);
  if (from.empty() && to.empty()) return;
  node.comments.push_back(from == to ? "source: " + from
                                     : "source: " + (from.empty() ? "-" : from) + " → " + (to.empty() ? "-" : to));
}

void compare_level(const Item& a, const Item& b, const char* noise, Base base, int depth, const Budget& budget,
                   Difference& out);

void compare_pair(const Item& a, const Item& b, const char* noise, Base base, int depth, const Budget& budget,
                  Difference& out) {
  const char* why = a.noise != nullptr ? a.noise : b.noise != nullptr ? b.noise : noise;
  const bool values_differ = a.value != b.value;
  if (a.children.empty() && b.children.empty()) {
    if (!values_differ) return;
    Difference* child = nullptr;
    if (a.value.find('\n') != std::string::npos || b.value.find('\n') != std::string::npos) {
      child = diff_listing(a.name, "text", a.value, b.value, budget, out);
    } else {
      child = out.add_field(a.kind, a.name, a.value, b.value);
    }
    if (child == nullptr) return;
    place_child(*child, a.place, b.place, base);
    if (why != nullptr) child->mark_noise(why);
    return;
  }
  // A group: its own node, kept only where something below differs.
  auto& child = out.add_child(Kind::group, a.name, b.name);
  Base inner = base;
  if (a.place.length != 0 && b.place.length != 0) {
    place_child(child, a.place, b.place, base);
    inner = {a.place.offset, b.place.offset};
    child.size_a = a.place.length;
    child.size_b = b.place.length;
  } else {
    child.size_a = out.size_a;
    child.size_b = out.size_b;
    child.set_place({0, out.size_a}, {0, out.size_b});
  }
  if (values_differ) child.add_field(a.kind, "value", a.value, b.value);
  if (a.matching == Matching::as_lines) {
    diff_text(lines_of(a), lines_of(b), budget, child);
    if (!child.hunks.empty()) child.kind = Kind::content;
    tell_source(a, b, child);
  } else {
    compare_level(a, b, why, inner, depth + 1, budget, child);
  }
  if (why != nullptr) child.mark_noise(why);
  if (child.children.empty() && child.hunks.empty()) out.children.pop_back();
}

void compare_level(const Item& a, const Item& b, const char* noise, Base base, int depth, const Budget& budget,
                   Difference& out) {
  if (depth > kItemDepth) return;
  if (a.matching == Matching::as_lines) {
    diff_text(lines_of(a), lines_of(b), budget, out);
    return;
  }
  // Same names in the same order is the common case and needs no table.
  const auto same_names = a.children.size() == b.children.size() &&
                          std::equal(a.children.begin(), a.children.end(), b.children.begin(),
                                     [](const Item& x, const Item& y) { return x.name == y.name; });
  if (same_names) {
    for (std::size_t i = 0; i < a.children.size(); ++i) {
      compare_pair(a.children[i], b.children[i], noise, base, depth, budget, out);
    }
    return;
  }
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_name;  // positions in b, the last one first
  for (std::size_t j = b.children.size(); j-- > 0;) by_name[b.children[j].name].push_back(j);
  std::vector<std::size_t> partner(a.children.size(), SIZE_MAX);
  std::vector<bool> taken(b.children.size(), false);
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    const auto found = by_name.find(a.children[i].name);
    if (found == by_name.end() || found->second.empty()) continue;
    partner[i] = found->second.back();
    found->second.pop_back();
    taken[partner[i]] = true;
  }
  std::size_t next_b = 0;
  bool reordered = false;
  std::size_t last = 0;
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    if (partner[i] == SIZE_MAX) {
      add_one_sided(a.children[i], true, noise, base, budget, out);
      continue;
    }
    if (partner[i] < last) reordered = true;
    last = partner[i];
    for (; next_b < partner[i]; ++next_b) {
      if (!taken[next_b]) add_one_sided(b.children[next_b], false, noise, base, budget, out);
    }
    compare_pair(a.children[i], b.children[partner[i]], noise, base, depth, budget, out);
  }
  for (; next_b < b.children.size(); ++next_b) {
    if (!taken[next_b]) add_one_sided(b.children[next_b], false, noise, base, budget, out);
  }
  if (!reordered) return;
  std::string order_a, order_b;
  std::size_t told = 0, common = 0;
  std::vector<std::size_t> in_b;
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    if (partner[i] == SIZE_MAX) continue;
    ++common;
    in_b.push_back(partner[i]);
    if (told++ < kNamesInOrder) order_a += (order_a.empty() ? "" : ", ") + a.children[i].name;
  }
  std::sort(in_b.begin(), in_b.end());
  for (std::size_t i = 0; i < in_b.size() && i < kNamesInOrder; ++i) {
    order_b += (order_b.empty() ? "" : ", ") + b.children[in_b[i]].name;
  }
  auto& child = out.add_child(Kind::order, "order", "order");
  child.field = "order";
  child.old_value = std::move(order_a);
  child.new_value = std::move(order_b);
  if (common > kNamesInOrder) child.comments.push_back(format("{} more names are not shown", common - kNamesInOrder));
  if (a.matching == Matching::by_name) {
    child.mark_noise("the order of these entries carries no meaning");
  } else if (noise != nullptr) {
    child.mark_noise(noise);
  }
}

}  // namespace

Item& Item::add(std::string_view item_name, std::string_view item_value, Range item_place, Kind item_kind) {
  return children.emplace_back(item_name, item_value, item_place, item_kind);
}

void compare_items(const Item& a, const Item& b, const Budget& budget, Difference& out) {
  if (a.value != b.value) out.add_field(a.kind, a.name.empty() ? "value" : a.name, a.value, b.value);
  compare_level(a, b, a.noise, {}, 0, budget, out);
}

std::string render(const Item& item) {
  std::string out;
  render_into(item, 0, 0, out);
  if (out.size() > kRenderedBytes) out += "... (cut here: more than 256 KiB of text)\n";
  return out;
}

namespace {

// The hash makes two cut values differ where what is cut off differs.
std::string cut_mark(std::string_view bytes) {
  return format("... ({} bytes in all, hash {:016x})", bytes.size(), hash_bytes(bytes));
}

}  // namespace

std::string printable(std::string_view bytes, std::size_t limit) {
  const std::string_view shown = bytes.substr(0, limit);
  std::string out;
  out.reserve(shown.size());
  std::size_t i = 0;
  while (i < shown.size()) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    if (byte >= 0x20 && byte < 0x7f) {
      out += shown[i++];
      continue;
    }
    if (byte >= 0x80) {
      const auto [point, length] = utf8::decode(shown, i);
      if (length > 1) {
        out += shown.substr(i, length);
        i += length;
        continue;
      }
    }
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\r') {
      out += "\\r";
    } else {
      out += format("\\x{:02x}", byte);
    }
    ++i;
  }
  if (bytes.size() > limit) out += cut_mark(bytes);
  return out;
}

std::string in_quotes(std::string_view bytes, std::size_t limit) { return "\"" + printable(bytes, limit) + "\""; }

std::string hex(std::uint64_t value) { return format("{:#x}", value); }

std::string hex_bytes(std::string_view bytes, std::size_t limit) {
  std::string out;
  for (const char c : bytes.substr(0, limit)) out += format("{:02x}", static_cast<unsigned char>(c));
  if (bytes.size() > limit) out += cut_mark(bytes);
  return out;
}

std::string utc_time(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return format("{} s since the epoch", seconds);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return std::string(text, length);
}

StringSets compare_string_tables(std::string_view a, std::string_view b) {
  const auto each = [](std::string_view table, auto&& body) {
    std::size_t at = 0;
    while (at < table.size()) {
      auto end = table.find('\0', at);
      if (end == std::string_view::npos) end = table.size();
      if (end > at) body(table.substr(at, end - at), at);
      at = end + 1;
    }
  };
  // Equal ends need no table; cut at string borders.
  std::size_t prefix = 0;
  const std::size_t shorter = std::min(a.size(), b.size());
  prefix = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin()).first - a.begin());
  while (prefix > 0 && a[prefix - 1] != '\0') --prefix;
  std::size_t suffix = 0;
  while (suffix < shorter - prefix && a[a.size() - 1 - suffix] == b[b.size() - 1 - suffix]) ++suffix;
  while (suffix > 0 && !(a[a.size() - suffix] == '\0')) --suffix;
  const auto middle_a = a.substr(prefix, a.size() - prefix - suffix);
  const auto middle_b = b.substr(prefix, b.size() - prefix - suffix);
  StringSets sets;
  std::unordered_map<std::string_view, std::size_t> in_a;
  each(middle_a, [&](std::string_view text, std::size_t) { ++in_a[text]; });
  each(middle_b, [&](std::string_view text, std::size_t at) {
    const auto found = in_a.find(text);
    if (found == in_a.end() || found->second == 0) {
      sets.only_b.emplace_back(text, at + prefix);
    } else {
      --found->second;
    }
  });
  // What is left in the table only `a` has; told in order of its places.
  each(middle_a, [&](std::string_view text, std::size_t at) {
    const auto found = in_a.find(text);
    if (found != in_a.end() && found->second > 0) {
      --found->second;
      sets.only_a.emplace_back(text, at + prefix);
    }
  });
  sets.same_strings = sets.only_a.empty() && sets.only_b.empty();
  return sets;
}

}  // namespace chiron::compare
