// squashfs 4.0, read in place: superblock, inode, directory, fragment and id tables. Files whose compressed blocks are
// equal are never decoded; a fragment block that many small files share is decoded once.
#include <algorithm>
#include <map>
#include <mutex>

#include "engines/compare/codec/codec.h"
#include "engines/compare/container/container.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kSuperblock = 96;
constexpr std::uint32_t kNoFragment = 0xffffffff;
constexpr std::uint32_t kUncompressedBlock = 1u << 24;
constexpr std::size_t kMetadataBlock = 8192;
constexpr std::size_t kMaxPath = 4096;  // as Linux has it; a chain of folders would else cost its square
constexpr std::string_view kTimeNoise = "a time stamp of packing";

std::string_view compression_name(unsigned id) {
  static constexpr std::string_view kNames[] = {"unknown", "gzip", "lzma", "lzo", "xz", "lz4", "zstd"};
  return id < std::size(kNames) ? kNames[id] : kNames[0];
}

std::uint64_t read_little(ByteView bytes, std::size_t at, std::size_t width) {
  if (at > bytes.size() || bytes.size() - at < width) return 0;
  switch (width) {
    case 2:
      return little16(bytes, at);
    case 4:
      return little32(bytes, at);
    default:
      return little64(bytes, at);
  }
}

// A table of metadata blocks, decoded whole; positions are given as (offset of the compressed block, offset within).
struct Table {
  std::shared_ptr<Store> store;
  std::map<std::uint64_t, std::uint64_t> starts;  // compressed offset from the table's start -> decoded offset
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t block, std::uint64_t offset) const {
    const auto entry = starts.find(block);
    if (entry == starts.end() || entry->second + offset > store->bytes().size()) return std::nullopt;
    return entry->second + offset;
  }
};

struct Facts {
  std::uint16_t type = 0;
  std::uint16_t mode = 0;
  std::uint32_t uid = 0, gid = 0, mtime = 0, links = 1, device = 0;
  std::uint32_t fragment = kNoFragment, fragment_offset = 0;
  std::uint64_t size = 0, blocks_at = 0;
  std::vector<std::uint32_t> blocks;  // stored sizes
  std::string target;
};

class Squashfs final : public Container {
 public:
  explicit Squashfs(ByteView bytes) : Container(bytes) {}

  Result<void> read(Context& context) {
    block_size_ = little32(bytes_, 12);
    compression_ = little16(bytes_, 20);
    const auto used = little64(bytes_, 40);
    if (block_size_ < 4096 || block_size_ > (1u << 20)) {
      return fail(ErrorKind::input, "compare.damaged", format("block size {} is not a valid one", block_size_));
    }
    if (compression_ == 2 || compression_ == 3 || compression_ == 0 || compression_ > 6) {
      return fail(ErrorKind::unsupported, "compare.method",
                  format("squashfs compression {} ({}) is not read", compression_, compression_name(compression_)));
    }
    const auto inodes_at = little64(bytes_, 64), directories_at = little64(bytes_, 72),
               fragments_at = little64(bytes_, 80), ids_at = little64(bytes_, 48);
    const auto fragment_count = little32(bytes_, 16);
    const auto directory_end =
        fragment_count > 0 ? read_little(bytes_, fragments_at, 8) : read_little(bytes_, ids_at, 8);
    inodes_ = TRY(read_table(inodes_at, directories_at, context));
    directories_ = TRY(read_table(directories_at, directory_end, context));
    if (fragment_count > 0) fragments_ = TRY(read_indexed(fragments_at, std::uint64_t{fragment_count} * 16, context));
    ids_ = TRY(read_indexed(ids_at, std::uint64_t{little16(bytes_, 26)} * 4, context));
    TRY(walk(context));
    if (used < bytes_.size()) regions_.push_back({"behind the image", {used, bytes_.size() - used}});
    return {};
  }

  [[nodiscard]] bool ordered() const override { return false; }  // folders are sorted by the format

  [[nodiscard]] Result<Content> open(std::size_t member, Context& context, std::string& damage) const override;
  [[nodiscard]] bool same_stored(std::size_t member, const Container& other, std::size_t other_member) const override;
  [[nodiscard]] bool same_framing(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto* image = dynamic_cast<const Squashfs*>(&other);
    if (image == nullptr) return false;
    const auto& mine = facts_[member];
    const auto& theirs = image->facts_[other_member];
    return mine.type == theirs.type && mine.mode == theirs.mode && mine.uid == theirs.uid && mine.gid == theirs.gid &&
           mine.mtime == theirs.mtime && mine.device == theirs.device && mine.links == theirs.links;
  }

  [[nodiscard]] std::vector<Field> fields() const override {
    const auto number = [&](std::size_t at, std::size_t width) {
      return std::to_string(read_little(bytes_, at, width));
    };
    return {
        {"inodes", number(4, 4), {4, 4}, Kind::header, {}, true},
        {"mtime", time_text(little32(bytes_, 8)), {8, 4}, Kind::metadata, kTimeNoise},
        {"block size", number(12, 4), {12, 4}, Kind::header, "the way of packing"},
        {"fragments", number(16, 4), {16, 4}, Kind::header, {}, true},
        {"compression", std::string(compression_name(compression_)), {20, 2}, Kind::header, "the way of packing"},
        {"flags", format("0x{:04x}", little16(bytes_, 24)), {24, 2}, Kind::header, "the way of packing"},
        {"ids", number(26, 2), {26, 2}, Kind::header, {}, true},
    };
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t index) const override {
    static constexpr std::string_view kTypes[] = {"unknown",      "folder",           "file", "symbolic link",
                                                  "block device", "character device", "fifo", "socket"};
    constexpr std::string_view kOwnerNoise = "the owner when it was packed";
    const auto& facts = facts_[index];
    const auto basic = facts.type > 7 ? facts.type - 7u : facts.type;
    std::vector<Field> fields{
        {"type", std::string(kTypes[basic < std::size(kTypes) ? basic : 0]), {}},
        {"mode", mode_text(facts.mode), {}},
        {"uid", std::to_string(facts.uid), {}, Kind::metadata, kOwnerNoise},
        {"gid", std::to_string(facts.gid), {}, Kind::metadata, kOwnerNoise},
        {"mtime", time_text(facts.mtime), {}, Kind::metadata, kTimeNoise},
        {"links", std::to_string(facts.links), {}},
    };
    if (basic == 4 || basic == 5) {
      fields.push_back(
          {"device",
           format("{}, {}", (facts.device >> 8) & 0xfff, (facts.device & 0xff) | ((facts.device >> 12) & 0xfff00)),
           {}});
    }
    return fields;
  }

 private:
  Decoded decode(ByteView stored, std::uint64_t most, Store& out) const {
    switch (compression_) {
      case 1:
        return decode_zlib(stored, most, out);
      case 4:
        return decode_xz(stored, out);
      case 5:
        return decode_lz4_block(stored, most, out);
      default:
        return decode_zstd(stored, out);
    }
  }

  // One metadata block; its stored length with its header, or an error.
  Result<std::uint64_t> read_metadata(std::uint64_t at, Store& out) const {
    if (at > bytes_.size() || bytes_.size() - at < 2) {
      return fail(ErrorKind::input, "compare.damaged", format("a metadata block lies past the end at byte {}", at));
    }
    const auto header = little16(bytes_, at);
    const auto length = static_cast<std::uint64_t>(header & 0x7fff);
    const auto stored = bytes_.substr(at + 2, length);
    if (stored.size() < length || length == 0) {
      return fail(ErrorKind::input, "compare.damaged", format("the metadata block at byte {} is cut off", at));
    }
    if ((header & 0x8000) != 0) {
      auto* room = TRY(out.room(length));
      std::memcpy(room, stored.data(), length);
      out.filled(length);
    } else if (const auto decoded = decode(stored, kMetadataBlock, out); decoded.error) {
      return std::unexpected(*decoded.error);
    }
    return length + 2;
  }

  Result<Table> read_table(std::uint64_t begin, std::uint64_t end, Context& context) const {
    Table table;
    table.store = std::make_shared<Store>(context.budget());
    end = std::min<std::uint64_t>(end, bytes_.size());
    for (auto at = begin; at < end;) {
      table.starts[at - begin] = table.store->bytes().size();
      at += TRY(read_metadata(at, *table.store));
    }
    return table;
  }

  // A table reached through a list of its blocks' places.
  Result<Table> read_indexed(std::uint64_t list, std::uint64_t bytes, Context& context) const {
    Table table;
    table.store = std::make_shared<Store>(context.budget());
    for (std::uint64_t block = 0; block < (bytes + kMetadataBlock - 1) / kMetadataBlock; ++block) {
      const auto entry = list + block * 8;
      if (entry > bytes_.size() || bytes_.size() - entry < 8) {
        return fail(ErrorKind::input, "compare.damaged", "a table's index lies past the end");
      }
      TRY(read_metadata(little64(bytes_, entry), *table.store));
    }
    return table;
  }

  Result<void> walk(Context& context);
  Result<Facts> read_inode(std::uint64_t block, std::uint64_t offset) const;
  [[nodiscard]] Result<std::shared_ptr<Store>> fragment(std::uint32_t index, Context& context) const;
  [[nodiscard]] Range fragment_place(std::uint32_t index) const {
    const auto table = fragments_.store != nullptr ? fragments_.store->bytes() : ByteView{};
    const auto entry = std::uint64_t{index} * 16;
    if (entry + 16 > table.size()) return {};
    return {little64(table, entry), little32(table, entry + 8) & ~kUncompressedBlock};
  }

  std::uint32_t block_size_ = 0;
  unsigned compression_ = 0;
  Table inodes_, directories_, fragments_, ids_;
  std::vector<Facts> facts_;
  NameArena names_;
  mutable std::mutex cache_guard_;
  mutable std::map<std::uint32_t, std::shared_ptr<Store>> cache_;  // decoded fragment blocks
};

Result<Facts> Squashfs::read_inode(std::uint64_t block, std::uint64_t offset) const {
  const auto at = inodes_.find(block, offset);
  const auto table = inodes_.store->bytes();
  if (!at || table.size() - *at < 20)
    return fail(ErrorKind::input, "compare.damaged", "an inode lies outside its table");
  const auto inode = table.substr(*at);
  const auto take = [&](std::size_t position, std::size_t width) { return read_little(inode, position, width); };
  Facts facts;
  facts.type = static_cast<std::uint16_t>(take(0, 2));
  facts.mode = static_cast<std::uint16_t>(take(2, 2));
  const auto id = [&](std::uint64_t index) {
    return static_cast<std::uint32_t>(read_little(ids_.store->bytes(), index * 4, 4));
  };
  facts.uid = id(take(4, 2));
  facts.gid = id(take(6, 2));
  facts.mtime = static_cast<std::uint32_t>(take(8, 4));
  std::size_t list = 0;
  switch (facts.type) {
    case 1:  // folder: size holds the listing's length, blocks_at and fragment_offset its place
      facts.blocks_at = take(16, 4);
      facts.links = static_cast<std::uint32_t>(take(20, 4));
      facts.size = take(24, 2);
      facts.fragment_offset = static_cast<std::uint32_t>(take(26, 2));
      break;
    case 8:
      facts.links = static_cast<std::uint32_t>(take(16, 4));
      facts.size = take(20, 4);
      facts.blocks_at = take(24, 4);
      facts.fragment_offset = static_cast<std::uint32_t>(take(34, 2));
      break;
    case 2:
      facts.blocks_at = take(16, 4);
      facts.fragment = static_cast<std::uint32_t>(take(20, 4));
      facts.fragment_offset = static_cast<std::uint32_t>(take(24, 4));
      facts.size = take(28, 4);
      list = 32;
      break;
    case 9:
      facts.blocks_at = take(16, 8);
      facts.size = take(24, 8);
      facts.links = static_cast<std::uint32_t>(take(40, 4));
      facts.fragment = static_cast<std::uint32_t>(take(44, 4));
      facts.fragment_offset = static_cast<std::uint32_t>(take(48, 4));
      list = 56;
      break;
    case 3:
    case 10:
      facts.links = static_cast<std::uint32_t>(take(16, 4));
      facts.target = inode.substr(std::min<std::size_t>(24, inode.size()), take(20, 4));
      break;
    case 4:
    case 5:
    case 11:
    case 12:
      facts.device = static_cast<std::uint32_t>(take(20, 4));
      [[fallthrough]];
    case 6:
    case 7:
    case 13:
    case 14:
      facts.links = static_cast<std::uint32_t>(take(16, 4));
      break;
    default:
      return fail(ErrorKind::input, "compare.damaged", format("an inode has the unknown type {}", facts.type));
  }
  if (list > 0) {
    const auto count =
        facts.fragment == kNoFragment ? (facts.size + block_size_ - 1) / block_size_ : facts.size / block_size_;
    if (count > (inode.size() - std::min(list, inode.size())) / 4) {
      return fail(ErrorKind::input, "compare.damaged", "a file's block list reaches past its table");
    }
    facts.blocks.resize(count);
    for (std::size_t i = 0; i < count; ++i) facts.blocks[i] = little32(inode, list + i * 4);
  }
  return facts;
}

Result<void> Squashfs::walk(Context& context) {
  struct Step {
    std::string path;
    Facts facts;
  };
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;  // folders' listings: a loop shows one twice
  const auto root = little64(bytes_, 32);
  std::vector<Step> open{{"", TRY(read_inode(root >> 16, root & 0xffff))}};
  while (!open.empty()) {
    const auto step = std::move(open.back());
    open.pop_back();
    if (step.facts.size <= 3 || !seen.emplace(step.facts.blocks_at, step.facts.fragment_offset).second) continue;
    const auto begin = directories_.find(step.facts.blocks_at, step.facts.fragment_offset);
    if (!begin) {
      add_problem(little64(bytes_, 72), format("the listing of /{} lies outside its table", step.path));
      continue;
    }
    const auto listing = directories_.store->bytes().substr(*begin, step.facts.size - 3);
    std::size_t at = 0;
    while (at + 12 <= listing.size()) {
      if (context.budget().stopped()) return std::unexpected(context.budget().stop_error());
      const auto count = std::uint64_t{little32(listing, at)} + 1;
      const auto inode_block = little32(listing, at + 4);
      at += 12;
      for (std::uint64_t i = 0; i < count && at + 8 <= listing.size(); ++i) {
        const auto offset = little16(listing, at), length = static_cast<std::uint16_t>(little16(listing, at + 6) + 1);
        const auto name = listing.substr(at + 8, length);
        at += 8u + length;
        const auto path = step.path.empty() ? std::string(name) : step.path + "/" + std::string(name);
        if (path.size() > kMaxPath) {
          add_problem(little64(bytes_, 72),
                      format("a path is longer than {} bytes; what lies below is left out", kMaxPath));
          continue;
        }
        auto facts = read_inode(inode_block, offset);
        if (!facts) {
          add_problem(little64(bytes_, 64), format("{}: {}", path, facts.error().message));
          continue;
        }
        TRY(count_member(context, sizeof(Facts) + path.size()));
        Member member;
        member.name = names_.keep(path);
        member.stored = false;
        const auto basic = facts->type > 7 ? facts->type - 7 : facts->type;
        member.type = basic == 1   ? MemberType::folder
                      : basic == 2 ? MemberType::file
                      : basic == 3 ? MemberType::symlink
                                   : MemberType::device;
        if (basic == 2) {
          member.size = facts->size;
          std::uint64_t stored = 0;
          for (const auto size : facts->blocks) stored += size & ~kUncompressedBlock;
          member.data = {facts->blocks_at, stored};
          if (stored == 0 && facts->fragment != kNoFragment) {
            member.data = {};
            member.place = fragment_place(facts->fragment);
          }
        }
        members_.push_back(member);
        facts_.push_back(*facts);
        if (basic == 1) open.push_back({path, *std::move(facts)});
      }
    }
  }
  return {};
}

Result<std::shared_ptr<Store>> Squashfs::fragment(std::uint32_t index, Context& context) const {
  const std::lock_guard lock(cache_guard_);
  if (const auto entry = cache_.find(index); entry != cache_.end()) return entry->second;
  const auto place = fragment_place(index);
  const auto stored = at(place);
  if (stored.size() < place.length || place.length == 0) {
    return fail(ErrorKind::input, "compare.damaged", format("fragment block {} lies past the end", index));
  }
  auto store = std::make_shared<Store>(context.budget());
  if ((little32(fragments_.store->bytes(), std::uint64_t{index} * 16 + 8) & kUncompressedBlock) != 0) {
    auto* room = TRY(store->room(stored.size()));
    std::memcpy(room, stored.data(), stored.size());
    store->filled(stored.size());
  } else if (const auto decoded = decode(stored, block_size_, *store); decoded.error) {
    return std::unexpected(*decoded.error);
  }
  cache_[index] = store;
  return store;
}

Result<Content> Squashfs::open(std::size_t member, Context& context, std::string& damage) const {
  const auto& facts = facts_[member];
  if (members_[member].type == MemberType::symlink) return Content{facts.target, nullptr};
  if (members_[member].type != MemberType::file || facts.size == 0) return Content{};
  const auto tail = facts.fragment != kNoFragment ? facts.size % block_size_ : 0;
  if (facts.blocks.empty() && tail > 0) {
    auto block = TRY(fragment(facts.fragment, context));
    const auto bytes = block->bytes();
    if (facts.fragment_offset > bytes.size() || bytes.size() - facts.fragment_offset < tail) {
      return fail(ErrorKind::input, "compare.damaged", "the file reaches past its fragment block");
    }
    return Content{bytes.substr(facts.fragment_offset, tail), std::move(block)};
  }
  auto store = std::make_shared<Store>(context.budget());
  auto position = facts.blocks_at;
  for (std::size_t i = 0; i < facts.blocks.size(); ++i) {
    const auto length = facts.blocks[i] & ~kUncompressedBlock;
    const auto wanted = std::min<std::uint64_t>(block_size_, facts.size - i * std::uint64_t{block_size_});
    const auto stored = at({position, length});
    if (stored.size() < length) {
      damage = format("block {} lies past the end of the image", i);
      break;
    }
    position += length;
    if (length == 0 || (facts.blocks[i] & kUncompressedBlock) != 0) {
      const auto size = length == 0 ? wanted : length;  // a hole is a block without bytes
      auto* room = TRY(store->room(size));
      if (length == 0)
        std::memset(room, 0, size);
      else
        std::memcpy(room, stored.data(), size);
      store->filled(size);
      continue;
    }
    const auto decoded = decode(stored, block_size_, *store);
    if (decoded.error) {
      if (decoded.error->kind != ErrorKind::input) return std::unexpected(*decoded.error);
      damage = format("block {}: {}", i, decoded.error->message);
      break;
    }
  }
  if (tail > 0 && damage.empty()) {
    const auto block = TRY(fragment(facts.fragment, context));
    const auto bytes = block->bytes();
    if (facts.fragment_offset > bytes.size() || bytes.size() - facts.fragment_offset < tail) {
      damage = "the file reaches past its fragment block";
    } else {
      auto* room = TRY(store->room(tail));
      std::memcpy(room, bytes.data() + facts.fragment_offset, tail);
      store->filled(tail);
    }
  }
  const auto bytes = store->bytes();
  return Content{bytes, std::move(store)};
}

bool Squashfs::same_stored(std::size_t member, const Container& other, std::size_t other_member) const {
  const auto* image = dynamic_cast<const Squashfs*>(&other);
  if (image == nullptr || image->compression_ != compression_ || image->block_size_ != block_size_) return false;
  const auto& mine = facts_[member];
  const auto& theirs = image->facts_[other_member];
  if (members_[member].type != image->members_[other_member].type) return false;
  if (members_[member].type == MemberType::symlink) return mine.target == theirs.target;
  if (members_[member].type != MemberType::file) return true;
  if (mine.size != theirs.size || mine.blocks != theirs.blocks) return false;
  if (at(members_[member].data) != image->at(image->members_[other_member].data)) return false;
  if ((mine.fragment == kNoFragment) != (theirs.fragment == kNoFragment)) return false;
  if (mine.fragment == kNoFragment) return true;
  return mine.fragment_offset == theirs.fragment_offset &&
         at(fragment_place(mine.fragment)) == image->at(image->fragment_place(theirs.fragment));
}

}  // namespace

bool is_squashfs(ByteView bytes, std::string_view) {
  return bytes.size() >= kSuperblock && bytes.starts_with("hsqs") && little16(bytes, 28) == 4 &&
         little16(bytes, 30) == 0;
}

Result<std::unique_ptr<Container>> open_squashfs(ByteView bytes, std::string_view, Context& context) {
  auto image = std::make_unique<Squashfs>(bytes);
  TRY(image->read(context));
  return image;
}

}  // namespace chiron::compare
