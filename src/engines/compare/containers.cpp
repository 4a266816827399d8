// Two containers, member by member. Members whose stored bytes and framing are equal cost a memcmp each; the others are
// opened, compared by their own format and described. Every byte of the framing that differs is either explained by a
// named field or shown as bytes.
#include <algorithm>
#include <unordered_map>

#include "engines/compare/byte_diff.h"
#include "engines/compare/engine.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kListedMoves = 1000;
constexpr std::size_t kNamedExcluded = 10'000;

bool all_zero(ByteView bytes) { return bytes.find_first_not_of('\0') == ByteView::npos; }

// Bytes of one piece of framing as a child with windows; offsets are those of the container.
void add_raw(std::string_view name, ByteView a, ByteView b, Range at_a, Range at_b, const Budget& budget,
             Difference& out) {
  if (all_zero(a) && all_zero(b)) {
    auto* filler = out.add_field(Kind::header, name, format("{} zero bytes", a.size()),
                                 format("{} zero bytes", b.size()), at_a, at_b);
    if (filler != nullptr) filler->mark_noise("filler of another length");
    return;
  }
  auto& child = out.add_child(Kind::header, name, name);
  child.field = name;
  child.format = "bytes";
  child.set_place(at_a, at_b);
  find_extents(a, b, nullptr, budget, child);
  add_windows(a, b, child);
}

// Whether the byte at `offset` lies in a field that differs or is known to follow from others.
bool explained(std::uint64_t offset, const std::vector<Field>& fields, const std::vector<bool>& differs) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& place = fields[i].place;
    if (differs[i] && offset >= place.offset && offset < place.end()) return true;
  }
  return false;
}

std::vector<bool> differing_fields(const std::vector<Field>& mine, const std::vector<Field>& theirs) {
  std::vector<bool> differs(mine.size(), true);
  std::vector<bool> taken(theirs.size(), false);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    for (std::size_t j = 0; j < theirs.size(); ++j) {
      if (taken[j] || theirs[j].name != mine[i].name) continue;
      taken[j] = true;
      differs[i] = theirs[j].value != mine[i].value;
      break;
    }
  }
  return differs;
}

Range whole_place(const Member& member) {
  return member.data.length > 0 ? member.data : member.header.length > 0 ? member.header : member.place;
}

}  // namespace

void Scope::compare_fields(const std::vector<Field>& a, const std::vector<Field>& b, bool content_equal,
                           Difference& out) {
  std::vector<bool> taken(b.size(), false);
  const auto add = [&](const Field* mine, const Field* theirs) {
    const auto& shown = mine != nullptr ? *mine : *theirs;
    if (shown.silent || (shown.derived && !content_equal)) return;
    const std::string_view none = "(none)";
    auto* child = out.add_field(shown.kind, shown.name, mine != nullptr ? std::string_view(mine->value) : none,
                                theirs != nullptr ? std::string_view(theirs->value) : none);
    if (child == nullptr) return;
    const Range at_a = mine != nullptr ? mine->place : Range{}, at_b = theirs != nullptr ? theirs->place : Range{};
    if (at_a.length > 0 || at_b.length > 0) child->set_place(at_a, at_b);
    if (!shown.noise.empty()) child->mark_noise(shown.noise);
  };
  for (const auto& mine : a) {
    const Field* found = nullptr;
    for (std::size_t j = 0; j < b.size() && found == nullptr; ++j) {
      if (taken[j] || b[j].name != mine.name) continue;
      taken[j] = true;
      found = &b[j];
    }
    add(&mine, found);
  }
  for (std::size_t j = 0; j < b.size(); ++j) {
    if (!taken[j]) add(nullptr, &b[j]);
  }
}

void Scope::compare_regions(const Container& a, const Container& b, Difference& out) {
  std::vector<bool> taken(b.regions().size(), false);
  const auto bytes_of = [](const Container& from, Range range) {
    return from.bytes().substr(range.offset, range.length);
  };
  // First with first of one name, second with second; hostile archives have a million gaps.
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> by_name;
  for (auto j = static_cast<std::uint32_t>(b.regions().size()); j-- > 0;) by_name[b.regions()[j].name].push_back(j);
  for (const auto& mine : a.regions()) {
    if (run_.budget.stopped()) return;
    const auto named = by_name.find(mine.name);
    const Region* theirs = nullptr;
    if (named != by_name.end() && !named->second.empty()) {
      taken[named->second.back()] = true;
      theirs = &b.regions()[named->second.back()];
      named->second.pop_back();
    }
    const Range at_b = theirs != nullptr ? theirs->place : Range{b.bytes().size(), 0};
    const auto bytes_a = bytes_of(a, mine.place), bytes_b = bytes_of(b, at_b);
    if (bytes_a != bytes_b) add_raw(mine.name, bytes_a, bytes_b, mine.place, at_b, run_.budget, out);
  }
  for (std::size_t j = 0; j < b.regions().size(); ++j) {
    if (taken[j]) continue;
    const auto& theirs = b.regions()[j];
    add_raw(theirs.name, {}, bytes_of(b, theirs.place), {a.bytes().size(), 0}, theirs.place, run_.budget, out);
  }
}

void Scope::compare_framing(const Container& a, const Container& b, const Pair& pair, bool content_equal,
                            Difference& out) {
  const auto& mine = a.members()[pair.a];
  const auto& theirs = b.members()[pair.b];
  const auto fields_a = a.member_fields(pair.a), fields_b = b.member_fields(pair.b);
  const auto before = out.children.size();
  compare_fields(fields_a, fields_b, content_equal, out);
  const bool named = out.children.size() > before;
  const auto differs = differing_fields(fields_a, fields_b);
  // What no field accounts for. Pieces of unequal length cannot be laid side by side; there a named field is enough.
  struct Piece {
    std::string_view name;
    Range a, b;
  };
  for (const auto& piece :
       {Piece{"header bytes", mine.header, theirs.header}, Piece{"directory entry bytes", mine.entry, theirs.entry},
        Piece{"padding", mine.padding, theirs.padding}}) {
    const auto bytes_a = a.bytes().substr(piece.a.offset, piece.a.length);
    const auto bytes_b = b.bytes().substr(piece.b.offset, piece.b.length);
    if (bytes_a == bytes_b) continue;
    bool unexplained = false;
    if (bytes_a.size() == bytes_b.size()) {
      for (std::size_t i = 0; i < bytes_a.size() && !unexplained; ++i) {
        unexplained = bytes_a[i] != bytes_b[i] && !explained(piece.a.offset + i, fields_a, differs);
      }
    } else {
      unexplained = !named && (content_equal || piece.name != "padding") && !pair.renamed;
    }
    // A renamed member's header differs by its name, which is said already.
    if (unexplained && !(pair.renamed && piece.name != "padding")) {
      add_raw(piece.name, bytes_a, bytes_b, piece.a, piece.b, run_.budget, out);
    }
  }
}

bool Scope::compare_member(const Container& a, const Container& b, const Pair& pair, Difference& out) {
  const auto& mine = a.members()[pair.a];
  const auto& theirs = b.members()[pair.b];
  const bool known_same = mine.stored && theirs.stored && mine.data.length > 0 &&
                          run_.same.known(a.bytes().substr(mine.data.offset, mine.data.length),
                                          b.bytes().substr(theirs.data.offset, theirs.data.length));
  const bool same_stored = known_same || a.same_stored(pair.a, b, pair.b);
  const bool same_framing = a.same_framing(pair.a, b, pair.b);
  if (same_stored && same_framing && !pair.renamed) return false;
  out.name_a = mine.name;
  out.name_b = theirs.name;
  out.kind = pair.renamed ? Kind::renamed : Kind::group;
  const auto place_a = whole_place(mine), place_b = whole_place(theirs);
  if (place_a.length > 0 || place_b.length > 0) out.set_place(place_a, place_b);
  if (pair.renamed) {
    out.comments.push_back(pair.repacked            ? "the same name, compressed by another format"
                           : pair.similarity == 100 ? "renamed or moved, with the same content"
                                                    : format("renamed or moved, {} % similar", pair.similarity));
  }
  bool differs = pair.renamed;
  bool content_equal = same_stored;
  if (!same_stored) {
    std::string damage_a, damage_b;
    const auto content_a = a.open(pair.a, *this, damage_a);
    const auto content_b = b.open(pair.b, *this, damage_b);
    if (!content_a || !content_b) {
      const auto& error = content_a ? content_b.error() : content_a.error();
      auto& child = out.add_child(Kind::error, "content", "content");
      child.comments.push_back(format("{} cannot be opened: {}", content_a ? "b" : "a", comment_of(error)));
      // The stored bytes differ, and that much can be shown.
      const auto stored_a = a.bytes().substr(mine.data.offset, mine.data.length);
      const auto stored_b = b.bytes().substr(theirs.data.offset, theirs.data.length);
      if (stored_a != stored_b) {
        child.set_place(mine.data, theirs.data);
        find_extents(stored_a, stored_b, nullptr, run_.budget, child);
        add_windows(stored_a, stored_b, child);
      }
      differs = true;
    } else {
      if (damage_a != damage_b) {
        auto& child = out.add_child(Kind::error, "content", "content");
        if (!damage_a.empty()) child.comments.push_back("a: " + damage_a);
        if (!damage_b.empty()) child.comments.push_back("b: " + damage_b);
        child.set_place(mine.data, theirs.data);
        differs = true;
      } else if (!damage_a.empty()) {
        out.comments.push_back("both: " + damage_a);
      }
      Scope inner(run_, depth_ + 1, path_.empty() ? std::string(mine.name) : path_ + "/" + std::string(mine.name));
      content_equal = !inner.compare(content_a->bytes, content_b->bytes, out);
      differs = differs || !content_equal;
      if (content_equal && !mine.stored && !theirs.stored) {
        const auto stored_a = a.bytes().substr(mine.data.offset, mine.data.length);
        const auto stored_b = b.bytes().substr(theirs.data.offset, theirs.data.length);
        if (stored_a != stored_b) {
          auto& child = out.add_child(Kind::header, "compressed data", "compressed data");
          child.field = "compressed data";
          child.old_value = format("{} bytes {}", stored_a.size(), a.producer(pair.a, content_a->bytes));
          child.new_value = format("{} bytes {}", stored_b.size(), b.producer(pair.b, content_b->bytes));
          child.comments.push_back("the same content, packed in another way");
          child.set_place(mine.data, theirs.data);
          find_extents(stored_a, stored_b, nullptr, run_.budget, child);
          child.mark_noise("the way of packing");
          differs = true;
        }
      }
    }
  }
  if (!same_framing) {
    const auto before = out.children.size();
    compare_framing(a, b, pair, content_equal, out);
    differs = differs || out.children.size() > before;
  }
  // A member whose text differs and whose header does too is content with children: the text stays a finding.
  if (out.kind == Kind::content && !out.children.empty() && (!out.hunks.empty() || !out.windows.empty())) {
    Difference content;
    content.name_a = content.name_b = "content";
    content.kind = Kind::content;
    content.format = out.format;
    content.size_a = out.size_a, content.size_b = out.size_b;
    content.set_place({0, out.size_a}, {0, out.size_b});
    content.extents = out.extents;
    content.extent_count = out.extent_count;
    content.differing_bytes = out.differing_bytes;
    content.hunks = std::move(out.hunks);
    content.windows = std::move(out.windows);
    content.lines_added = out.lines_added, content.lines_removed = out.lines_removed;
    content.hunks_left_off = out.hunks_left_off, content.windows_left_off = out.windows_left_off;
    content.comments = std::move(out.comments);
    content.ignored = out.ignored;
    content.reason = out.ignored ? out.reason : std::string();
    out.hunks.clear(), out.windows.clear(), out.comments.clear();
    out.ignored = false;
    out.kind = Kind::group;
    out.children.insert(out.children.begin(), std::move(content));
  }
  return differs;
}

std::vector<bool> Scope::excluded_members(const Container& container) {
  std::vector<bool> skip(container.members().size(), false);
  if (run_.options.exclude.empty()) return skip;
  for (std::size_t i = 0; i < skip.size(); ++i) {
    const std::string name(container.members()[i].name);
    const auto path = path_.empty() ? name : path_ + "/" + name;
    skip[i] = run_.filter.excluded(name) || run_.filter.excluded(path);
    if (!skip[i]) continue;
    const std::lock_guard lock(run_.excluded_guard);
    ++run_.excluded_count;
    if (run_.excluded.size() < kNamedExcluded) run_.excluded.push_back(path);
  }
  return skip;
}

void Scope::add_order(const Container& a, const Container& b, const Matching& matching, Difference& out) {
  if (matching.moved.empty()) return;
  auto& child = out.add_child(Kind::order, "member order", "member order");
  child.field = "member order";
  child.mark_noise("the order of members");
  std::string list_a, list_b;
  std::vector<const Member*> by_b;
  const auto line = [](std::string& list, const Member& member) { list.append(member.name).push_back('\n'); };
  auto pairs = matching.pairs;
  std::erase_if(pairs, [](const Pair& pair) { return pair.renamed; });
  for (const auto& pair : pairs) line(list_a, a.members()[pair.a]);
  std::sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) { return x.b < y.b; });
  for (const auto& pair : pairs) line(list_b, b.members()[pair.b]);
  diff_text(list_a, list_b, run_.budget, child);
  for (const auto index : matching.moved) {
    if (child.comments.size() == kListedMoves) {
      child.comments.push_back(format("{} more moved", matching.moved.size() - kListedMoves));
      break;
    }
    const auto& pair = matching.pairs[index];
    child.comments.push_back(format("{}: position {} in a, {} in b", a.members()[pair.a].name, pair.a + 1, pair.b + 1));
  }
}

void Scope::add_lonely(const Container& container, const std::vector<std::uint32_t>& members, Kind kind,
                       Difference& out) {
  static constexpr std::string_view kTypes[] = {"file",      "folder",       "symbolic link",
                                                "hard link", "special file", "entry"};
  for (const auto index : members) {
    const auto& member = container.members()[index];
    const bool in_a = kind == Kind::only_in_a;
    auto& child = out.add_child(kind, in_a ? member.name : std::string_view{}, in_a ? std::string_view{} : member.name);
    child.comments.push_back(
        member.type == MemberType::file
            ? format("file of {} bytes, only in {}", member.size, in_a ? "a" : "b")
            : format("{}, only in {}", kTypes[static_cast<std::size_t>(member.type)], in_a ? "a" : "b"));
    (in_a ? child.size_a : child.size_b) = member.size;
    const auto place = whole_place(member);
    if (place.length > 0) child.set_place(in_a ? place : Range{}, in_a ? Range{} : place);
  }
}

void Scope::compare_containers(const Container& a, const Container& b, Difference& out, bool same_format) {
  const auto skip_a = excluded_members(a), skip_b = excluded_members(b);
  auto matching = match_by_name(a, b, skip_a, skip_b);
  if (a.is_stream() && b.is_stream()) {
    matching = {};
    if (!skip_a[0] && !skip_b[0]) matching.pairs.push_back({0, 0});
  }
  match_renamed(a, b, *this, matching);
  run_.members += matching.pairs.size();

  std::vector<std::unique_ptr<Difference>> found(matching.pairs.size());
  // Several pairs a task: most are equal and cost little more than the taking of a task.
  constexpr std::size_t kChunk = 16;
  const auto chunks = (matching.pairs.size() + kChunk - 1) / kChunk;
  run_.pool.for_each(chunks, [&](std::size_t chunk) {
    const auto end = std::min(matching.pairs.size(), (chunk + 1) * kChunk);
    for (auto i = chunk * kChunk; i < end && !run_.budget.stopped(); ++i) {
      auto child = std::make_unique<Difference>();
      if (compare_member(a, b, matching.pairs[i], *child)) found[i] = std::move(child);
    }
  });

  bool content_equal = matching.only_a.empty() && matching.only_b.empty();
  std::vector<Difference> members;
  for (auto& child : found) {
    if (!child) continue;
    content_equal = content_equal && (child->kind == Kind::group && child->size_a == 0 && child->size_b == 0);
    members.push_back(std::move(*child));
  }
  if (same_format) compare_fields(a.fields(), b.fields(), content_equal, out);
  for (const auto* side : {&a, &b}) {
    for (const auto& problem : side->problems()) {
      const auto& others = (side == &a ? b : a).problems();
      const bool both = std::any_of(others.begin(), others.end(),
                                    [&](const Problem& other) { return other.message == problem.message; });
      if (both) {
        if (side == &a) out.comments.push_back("both: " + problem.message);
        continue;
      }
      auto& child = out.add_child(Kind::error, "structure", "structure");
      child.comments.push_back(format("{}: {}", side == &a ? "a" : "b", problem.message));
      const Range at{problem.offset, 1};
      child.set_place(side == &a ? at : Range{}, side == &a ? Range{} : at);
    }
  }
  for (auto& member : members) out.children.push_back(std::move(member));
  if (const auto *merged_a = merged_view(a), *merged_b = merged_view(b); merged_a != nullptr && merged_b != nullptr) {
    Difference merged;
    merged.name_a = merged.name_b = "merged view";
    merged.format = "file system of all layers";
    Scope(run_, depth_ + 1, "merged view").compare_containers(*merged_a, *merged_b, merged);
    if (!merged.children.empty()) out.children.push_back(std::move(merged));
  }
  add_lonely(a, matching.only_a, Kind::only_in_a, out);
  add_lonely(b, matching.only_b, Kind::only_in_b, out);
  add_order(a, b, matching, out);
  compare_regions(a, b, out);
}

}  // namespace chiron::compare
