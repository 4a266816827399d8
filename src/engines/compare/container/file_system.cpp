// See file_system.h.
#include "engines/compare/container/file_system.h"

#include <algorithm>
#include <cstring>

#include "foundation/base/format.h"

namespace chiron::compare {

Field FileSystem::number_field(std::string_view name, std::uint64_t place, unsigned width,
                               std::string_view noise) const {
  std::uint64_t value = 0;
  for (unsigned i = width; i-- > 0;) value = value << 8 | byte_at(bytes_, place + i);
  return {std::string(name), std::to_string(value), {place, width}, Kind::header, noise};
}

Result<void> FileSystem::add(Context& context, Node node) {
  if (context.budget().stopped()) return std::unexpected(context.budget().stop_error());
  Kept kept;
  kept.text = node.text;
  std::uint64_t hole_bytes = 0;
  for (const auto& piece : node.pieces) hole_bytes += piece.offset == kHole ? piece.length : 0;
  const bool leave_out = hole_bytes > kFilledHoles;
  std::uint64_t position = 0;
  for (auto piece : node.pieces) {
    const bool hole = piece.offset == kHole;
    constexpr std::size_t kToldHoles = 4096;
    if (hole && leave_out && kept.holes.size() < kToldHoles) {
      kept.holes += format("{}{}+{}", kept.holes.empty() ? "" : ", ", position, piece.length);
      if (kept.holes.size() >= kToldHoles) kept.holes += ", and more";
    }
    position += piece.length;
    if (hole && leave_out) continue;
    if (!hole) {
      const auto there = piece.offset < bytes_.size() ? std::min(piece.length, bytes_.size() - piece.offset) : 0;
      kept.missing += piece.length - there;
      piece.length = there;
    }
    if (piece.length == 0) continue;
    auto* last = kept.pieces.empty() ? nullptr : &kept.pieces.back();
    if (last != nullptr && hole && last->offset == kHole) {
      last->length += piece.length;
    } else if (last != nullptr && !hole && last->offset != kHole && last->end() == piece.offset) {
      last->length += piece.length;
    } else {
      kept.pieces.push_back(piece);
    }
  }
  TRY(count_member(context, sizeof(Kept) + kept.pieces.size() * sizeof(Range) + kept.holes.size() + node.name.size()));
  Member member;
  member.name = node.name;
  member.type = node.type;
  member.header = node.header;
  member.size = node.size;
  const bool whole =
      kept.text.empty() && kept.pieces.size() <= 1 && (kept.pieces.empty() || kept.pieces[0].offset != kHole);
  member.stored = whole;
  if (!kept.pieces.empty() && whole) member.data = kept.pieces[0];
  if (!kept.pieces.empty() && kept.pieces[0].offset != kHole) member.place = kept.pieces[0];
  members_.push_back(member);
  nodes_.push_back(std::move(kept));
  return {};
}

Result<Content> FileSystem::open(std::size_t member, Context& context, std::string& damage) const {
  const auto& node = nodes_[member];
  if (!node.text.empty()) return Content{node.text, nullptr};
  if (node.missing > 0) damage = format("{} bytes of the content lie past the end of the image", node.missing);
  if (node.pieces.size() == 1 && node.pieces[0].offset != kHole) return Content{at(node.pieces[0]), nullptr};
  if (node.pieces.empty()) return Content{};
  auto store = std::make_shared<Store>(context.budget());
  for (const auto& piece : node.pieces) {
    auto* room = TRY(store->room(piece.length));
    if (piece.offset == kHole)
      std::memset(room, 0, piece.length);
    else
      std::memcpy(room, at(piece).data(), piece.length);
    store->filled(piece.length);
  }
  const auto bytes = store->bytes();
  return Content{bytes, std::move(store)};
}

bool FileSystem::same_stored(std::size_t member, const Container& other, std::size_t other_member) const {
  const auto* system = dynamic_cast<const FileSystem*>(&other);
  if (system == nullptr) return Container::same_stored(member, other, other_member);
  const auto& mine = nodes_[member];
  const auto& theirs = system->nodes_[other_member];
  if (members_[member].type != system->members_[other_member].type) return false;
  if (mine.missing != 0 || theirs.missing != 0) return false;
  if (!mine.text.empty() || !theirs.text.empty()) return mine.text == theirs.text;
  // Pieces of other lengths may still hold the same content; then the contents are compared.
  return std::ranges::equal(mine.pieces, theirs.pieces, [&](const Range& a, const Range& b) {
    if (a.length != b.length || (a.offset == kHole) != (b.offset == kHole)) return false;
    return a.offset == kHole || at(a) == system->at(b);
  });
}

}  // namespace chiron::compare
