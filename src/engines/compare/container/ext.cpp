// ext2, ext3 and ext4 images (the kernel's documentation, "ext4 Data Structures and Algorithms"): files by extents, by
// block maps or within their inode, links, devices, extended attributes.
#include <algorithm>
#include <unordered_set>

#include "engines/compare/container/file_system.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::compare {

namespace {

constexpr std::uint64_t kSuper = 1024;
constexpr std::uint32_t kRootInode = 2;
constexpr std::string_view kOwnerNoise = "the owner when it was packed";

// Feature bits that change where things lie.
constexpr std::uint32_t kMetaGroups = 0x10, k64Bit = 0x80, kNeedsRecovery = 0x4, kJournalDevice = 0x8;
// Flags of inodes.
constexpr std::uint32_t kEncrypted = 0x800, kUsesExtents = 0x80000, kInline = 0x10000000;

struct Inode {
  std::uint64_t at = 0;
  ByteView bytes;
  unsigned mode = 0;
  std::uint64_t size = 0;
  std::uint32_t flags = 0;
  std::size_t extra = 0;  // bytes behind the first 128
  [[nodiscard]] unsigned kind() const { return mode >> 12; }
  [[nodiscard]] std::uint64_t block_map() const { return at + 40; }
};

std::string attribute_prefix(unsigned index) {
  switch (index) {
    case 1:
      return "user.";
    case 2:
      return "system.posix_acl_access";
    case 3:
      return "system.posix_acl_default";
    case 4:
      return "trusted.";
    case 6:
      return "security.";
    case 7:
      return "system.";
    default:
      return index == 0 ? "" : format("{}.", index);
  }
}

class Ext final : public FileSystem {
 public:
  explicit Ext(ByteView bytes) : FileSystem(bytes) {}

  Result<void> read(Context& context) {
    const auto shift = super32(24);
    if (shift > 6)
      return fail(ErrorKind::input, "compare.damaged", format("block size 2^{} is no valid one", shift + 10));
    block_ = std::uint64_t{1024} << shift;
    inodes_ = super32(0);
    per_group_ = super32(40);
    const auto revision = super32(76);
    inode_size_ = revision == 0 ? 128 : little16(bytes_, kSuper + 88);
    const auto incompatible = super32(96);
    if ((incompatible & (kMetaGroups | kJournalDevice)) != 0) {
      return fail(ErrorKind::unsupported, "compare.method",
                  (incompatible & kMetaGroups) != 0 ? "an image with meta block groups is not read"
                                                    : "a journal without a file system is not read");
    }
    wide_ = (incompatible & k64Bit) != 0;
    descriptor_size_ = wide_ ? std::max<std::uint64_t>(32, little16(bytes_, kSuper + 254)) : 32;
    if (inode_size_ < 128 || inode_size_ > block_ || per_group_ == 0 || descriptor_size_ > block_) {
      return fail(ErrorKind::input, "compare.damaged", "the superblock's sizes are not valid ones");
    }
    blocks_ = super32(4) | (wide_ ? static_cast<std::uint64_t>(super32(0x150)) << 32 : 0);
    regions_.push_back({"boot block", {0, kSuper}});
    if ((incompatible & kNeedsRecovery) != 0) {
      add_problem(kSuper + 96, "the journal was not played back: files are shown as they are without it");
    }
    const auto root = inode(kRootInode);
    if (!root || root->kind() != 4) return fail(ErrorKind::input, "compare.damaged", "the root folder is damaged");
    TRY(walk(*root, kRootInode, "", 0, context));
    if (const auto end = blocks_ * block_; end < bytes_.size()) {
      regions_.push_back({"behind the file system", {end, bytes_.size() - end}});
    }
    return {};
  }

  [[nodiscard]] std::vector<Field> fields() const override {
    constexpr std::string_view kShape = "the way of packing";
    constexpr std::string_view kCounter = "a count of free or used space";
    const auto number = [&](std::string_view name, std::uint64_t offset, unsigned width, std::string_view noise) {
      return number_field(name, kSuper + offset, width, noise);
    };
    const auto time = [&](std::string_view name, std::uint64_t offset) {
      return Field{std::string(name), time_text(super32(offset)), {kSuper + offset, 4}, Kind::metadata, kTimeNoise};
    };
    const auto flags = [&](std::string_view name, std::uint64_t offset) {
      return Field{std::string(name), format("0x{:x}", super32(offset)), {kSuper + offset, 4}, Kind::header, kShape};
    };
    const auto hexadecimal = [&](std::string_view name, std::uint64_t offset, std::uint64_t length) {
      return Field{std::string(name),
                   text::to_hex(at({kSuper + offset, length})),
                   {kSuper + offset, length},
                   Kind::metadata,
                   "made at random when it was packed"};
    };
    const auto label = [&](std::string_view name, std::uint64_t offset, std::uint64_t length) {
      const auto value = at({kSuper + offset, length});
      return Field{std::string(name), utf8::sanitize(value.substr(0, value.find('\0'))), {kSuper + offset, length}};
    };
    return {number("inodes", 0, 4, kShape),
            number("blocks", 4, 4, kShape),
            number("free blocks", 12, 4, kCounter),
            number("free inodes", 16, 4, kCounter),
            number("block size shift", 24, 4, kShape),
            number("blocks per group", 32, 4, kShape),
            number("inodes per group", 40, 4, kShape),
            time("mounted", 44),
            time("written", 48),
            number("mount count", 52, 2, kTimeNoise),
            number("most mounts before a check", 54, 2, kShape),
            number("state", 58, 2, {}),
            number("behaviour on errors", 60, 2, {}),
            time("checked", 64),
            number("check interval", 68, 4, kShape),
            number("revision", 76, 4, kShape),
            number("reserved for user", 80, 2, {}),
            number("reserved for group", 82, 2, {}),
            number("inode size", 88, 2, kShape),
            flags("features", 92),
            flags("incompatible features", 96),
            flags("read-only features", 100),
            hexadecimal("uuid", 104, 16),
            label("label", 120, 16),
            label("last mounted on", 136, 64),
            hexadecimal("hash seed", 236, 16),
            time("made", 264),
            number("kilobytes written", 376, 8, kCounter)};
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t index) const override {
    const auto found = inode_at(members_[index].header.offset);
    if (!found) return {};
    const auto& node = *found;
    const auto place = [&](std::uint64_t offset, std::uint64_t length) { return Range{node.at + offset, length}; };
    static constexpr std::string_view kKinds[] = {
        "unknown", "fifo",    "character device", "unknown", "folder", "unknown", "block device", "unknown",
        "file",    "unknown", "symbolic link",    "unknown", "socket", "unknown", "unknown",      "unknown"};
    const auto wide = [&](std::size_t low, std::size_t high) {
      return std::to_string(little16(node.bytes, low) | static_cast<std::uint32_t>(little16(node.bytes, high)) << 16);
    };
    std::vector<Field> out{
        {"type", std::string(kKinds[node.kind()]), place(0, 2)},
        {"mode", mode_text(node.mode & 07777), place(0, 2)},
        {"uid", wide(2, 120), place(2, 2), Kind::metadata, kOwnerNoise},
        {"gid", wide(24, 122), place(24, 2), Kind::metadata, kOwnerNoise},
        {"links", std::to_string(little16(node.bytes, 26)), place(26, 2)},
        {"flags", format("0x{:x}", node.flags), place(32, 4), Kind::header, "how the content is stored"},
        {"generation", std::to_string(little32(node.bytes, 100)), place(100, 4), Kind::metadata,
         "made at random when it was packed"},
    };
    add_times(node, out);
    if (node.kind() == 2 || node.kind() == 6) {
      const auto old_form = little32(node.bytes, 40), new_form = little32(node.bytes, 44);
      const auto major = old_form != 0 ? old_form >> 8 : (new_form >> 8) & 0xfff;
      const auto minor = old_form != 0 ? old_form & 0xff : (new_form & 0xff) | ((new_form >> 12) & 0xfff00);
      out.push_back({"device", format("{}, {}", major, minor), place(40, 8)});
    }
    if (auto text = holes(index); !text.empty()) out.push_back({"holes", std::move(text), {}});
    add_attributes(node, out);
    // Where the content lies, counts and checksums: shown by nothing, and their bytes are accounted for.
    out.push_back({"inode", std::string(node.bytes), {node.at, node.bytes.size()}, Kind::header, {}, false, true});
    return out;
  }

  // Inodes hold where things lie and checksums: what counts is what the fields say.
  [[nodiscard]] bool same_framing(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto* image = dynamic_cast<const Ext*>(&other);
    if (image == nullptr) return false;
    const auto mine = member_fields(member), theirs = image->member_fields(other_member);
    return std::ranges::equal(mine, theirs, [](const Field& a, const Field& b) {
      return a.name == b.name && (a.silent || a.value == b.value);
    });
  }

 private:
  [[nodiscard]] std::uint32_t super32(std::uint64_t offset) const { return little32(bytes_, kSuper + offset); }

  [[nodiscard]] std::optional<Inode> inode(std::uint32_t number) const {
    if (number == 0 || number > inodes_) return std::nullopt;
    const std::uint64_t group = (number - 1) / per_group_, index = (number - 1) % per_group_;
    const auto descriptor = (block_ == 1024 ? 2 * block_ : block_) + group * descriptor_size_;
    if (descriptor > bytes_.size() || bytes_.size() - descriptor < descriptor_size_) return std::nullopt;
    std::uint64_t table = little32(bytes_, descriptor + 8);
    if (wide_ && descriptor_size_ >= 64) table |= static_cast<std::uint64_t>(little32(bytes_, descriptor + 40)) << 32;
    if (table >= bytes_.size() / block_ + 1) return std::nullopt;
    return inode_at(table * block_ + index * inode_size_);
  }

  [[nodiscard]] std::optional<Inode> inode_at(std::uint64_t place) const {
    if (place > bytes_.size() || bytes_.size() - place < inode_size_) return std::nullopt;
    Inode node;
    node.at = place;
    node.bytes = bytes_.substr(place, inode_size_);
    node.mode = little16(node.bytes, 0);
    node.size = little32(node.bytes, 4) | static_cast<std::uint64_t>(little32(node.bytes, 108)) << 32;
    node.flags = little32(node.bytes, 32);
    if (inode_size_ >= 132) node.extra = std::min<std::size_t>(little16(node.bytes, 128), inode_size_ - 128);
    return node;
  }

  // Seconds have two more bits, nanoseconds the other thirty, in the larger inodes.
  void add_times(const Inode& node, std::vector<Field>& out) const {
    static constexpr struct {
      std::string_view name;
      std::uint8_t at, extra;
    } kTimes[] = {{"accessed", 8, 140}, {"changed", 12, 132}, {"mtime", 16, 136}, {"created", 144, 148}};
    for (const auto& time : kTimes) {
      if (time.at >= 128 && node.extra + 128 < time.extra + 4u) continue;
      std::int64_t seconds = static_cast<std::int32_t>(little32(node.bytes, time.at));
      std::uint32_t nanoseconds = 0;
      if (node.extra + 128 >= time.extra + 4u) {
        const auto more = little32(node.bytes, time.extra);
        seconds += static_cast<std::int64_t>(more & 3) << 32;
        nanoseconds = more >> 2;
      }
      out.push_back({std::string(time.name),
                     time_text(seconds, nanoseconds),
                     {node.at + time.at, 4},
                     Kind::metadata,
                     kTimeNoise});
    }
  }

  // Every extended attribute of the inode: those behind its fields and those in a block of their own.
  template <class Body>
  void each_attribute(const Inode& node, Body&& body) const {
    constexpr std::uint32_t kMagic = 0xEA020000;
    const auto walk_entries = [&](ByteView area, std::size_t first, std::size_t values_from) {
      std::size_t position = first;
      while (position + 16 <= area.size() && little32(area, position) != 0) {
        const auto name_length = byte_at(area, position);
        if (position + 16 + name_length > area.size()) return;
        const std::size_t offset = values_from + little16(area, position + 2);
        const std::size_t length = little32(area, position + 8);
        const bool elsewhere = little32(area, position + 4) != 0;
        const auto name =
            attribute_prefix(byte_at(area, position + 1)) + utf8::sanitize(area.substr(position + 16, name_length));
        if (!elsewhere && offset <= area.size() && area.size() - offset >= length) {
          body(name, area.substr(offset, length));
        } else {
          body(name, std::optional<ByteView>());
        }
        position += (16 + name_length + 3) / 4 * 4;
      }
    };
    const auto inner = 128 + node.extra;
    if (inner + 4 <= inode_size_ && little32(node.bytes, inner) == kMagic) {
      walk_entries(node.bytes.substr(inner + 4), 0, 0);
    }
    const auto block = little32(node.bytes, 104) | static_cast<std::uint64_t>(little16(node.bytes, 118)) << 32;
    const auto outer = block == 0 ? ByteView() : block_bytes(block);
    if (outer.size() == block_ && little32(outer, 0) == kMagic) walk_entries(outer, 32, 0);
  }

  void add_attributes(const Inode& node, std::vector<Field>& out) const {
    each_attribute(node, [&](const std::string& name, std::optional<ByteView> value) {
      if (name == "system.data") return;  // content that lies in the inode
      Range place;
      if (value) place = {static_cast<std::uint64_t>(value->data() - bytes_.data()), value->size()};
      out.push_back({"attribute " + name, value ? text::to_hex(*value) : "in an inode of its own", place});
    });
  }

  [[nodiscard]] ByteView block_bytes(std::uint64_t block) const {
    if (block >= bytes_.size() / block_) return {};
    return bytes_.substr(block * block_, block_);
  }

  // Takes the pieces of a file, block after block, with holes between them.
  struct Pieces {
    std::vector<Range> list;
    std::uint64_t position = 0, size = 0;  // bytes so far, bytes in all
    void add(std::uint64_t offset, std::uint64_t length) {
      length = std::min(length, size - position);
      if (length == 0) return;
      auto* last = list.empty() ? nullptr : &list.back();
      const bool hole = offset == kHole;
      if (last != nullptr && (hole ? last->offset == kHole : last->offset != kHole && last->end() == offset)) {
        last->length += length;
      } else {
        list.push_back({offset, length});
      }
      position += length;
    }
    void fill_to(std::uint64_t place) {
      if (place > position) add(kHole, place - position);
    }
  };

  // All trees together have no more blocks than the image, but for what a damaged one has twice.
  [[nodiscard]] bool step() { return ++steps_ <= bytes_.size() / block_ * 2 + 100'000; }

  bool take_extents(ByteView node, unsigned depth, Pieces& pieces) {
    if (node.size() < 12 || little16(node, 0) != 0xf30a || depth > 6) return false;
    const auto entries = little16(node, 2);
    const bool leaf = little16(node, 6) == 0;
    for (unsigned i = 0; i < entries; ++i) {
      const std::size_t entry = 12 + i * 12u;
      if (entry + 12 > node.size() || !step()) return false;
      if (!leaf) {
        const auto block = little32(node, entry + 4) | static_cast<std::uint64_t>(little16(node, entry + 8)) << 32;
        if (!take_extents(block_bytes(block), depth + 1, pieces)) return false;
        continue;
      }
      std::uint64_t length = little16(node, entry + 4);
      const bool unwritten = length > 32768;
      if (unwritten) length -= 32768;
      const auto start = static_cast<std::uint64_t>(little16(node, entry + 6)) << 32 | little32(node, entry + 8);
      const auto first = std::uint64_t{little32(node, entry)} * block_;
      if (first < pieces.position) return false;
      pieces.fill_to(first);
      pieces.add(unwritten ? kHole : start * block_, length * block_);
    }
    return true;
  }

  bool take_map(std::uint64_t block, unsigned level, Pieces& pieces) {
    if (pieces.position >= pieces.size) return true;
    if (!step()) return false;
    if (level == 0) {
      pieces.add(block == 0 ? kHole : block * block_, block_);
      return true;
    }
    std::uint64_t covered = block_;
    for (unsigned i = 0; i < level; ++i) covered *= block_ / 4;
    if (block == 0) {
      pieces.add(kHole, covered);
      return true;
    }
    const auto bytes = block_bytes(block);
    if (bytes.empty()) return false;
    for (std::size_t i = 0; i < block_ / 4; ++i) {
      if (!take_map(little32(bytes, i * 4), level - 1, pieces)) return false;
    }
    return true;
  }

  // Where the content lies; false where that is damaged, with what was read of it.
  bool pieces_of(const Inode& node, Pieces& pieces) {
    pieces.size = node.size;
    if ((node.flags & kInline) != 0) {
      pieces.add(node.block_map(), 60);
      each_attribute(node, [&](const std::string& name, std::optional<ByteView> value) {
        if (name != "system.data" || !value) return;
        pieces.add(static_cast<std::uint64_t>(value->data() - bytes_.data()), value->size());
      });
      return pieces.position == pieces.size;
    }
    if ((node.flags & kUsesExtents) != 0) {
      const bool whole = take_extents(at({node.block_map(), 60}), 0, pieces);
      if (whole) pieces.fill_to(pieces.size);
      return whole;
    }
    for (unsigned i = 0; i < 15; ++i) {
      if (!take_map(little32(node.bytes, 40 + i * 4), i < 12 ? 0 : i - 11, pieces)) return false;
    }
    pieces.fill_to(pieces.size);
    return true;
  }

  Result<void> walk(const Inode& folder, std::uint32_t number, const std::string& path, unsigned depth,
                    Context& context) {
    const std::string_view shown = path.empty() ? std::string_view("/") : std::string_view(path);
    if (depth > kMaxFolders || !seen_.insert(number).second) {
      add_problem(folder.at, format("the folder {} is nested too deep or within itself", shown));
      return {};
    }
    if ((folder.flags & kEncrypted) != 0) {
      add_problem(folder.at, format("the folder {} is encrypted: its names are not read", shown));
      return {};
    }
    Pieces pieces;
    if (!pieces_of(folder, pieces)) add_problem(folder.at, format("the blocks of the folder {} are damaged", shown));
    // A folder within its inode begins with the number of its parent.
    std::uint64_t skip = (folder.flags & kInline) != 0 ? 4 : 0;
    for (const auto& piece : pieces.list) {
      if (piece.offset == kHole) continue;
      const auto end = std::min<std::uint64_t>(piece.end(), bytes_.size());
      // Entries do not cross blocks; a damaged one ends its block.
      auto place = piece.offset + std::exchange(skip, 0);
      while (place + 8 <= end) {
        const auto stop = std::min(end, (folder.flags & kInline) != 0 ? end : (place / block_ + 1) * block_);
        const auto length = little16(bytes_, place + 4);
        const auto name_length = byte_at(bytes_, place + 6);
        if (length < 8 || length > stop - place || name_length + 8u > length) {
          if (length != 0 || (folder.flags & kInline) == 0) {
            add_problem(place, format("an entry of the folder {} is damaged", shown));
          }
          place = stop;
          continue;
        }
        const auto child = little32(bytes_, place);
        const auto name = bytes_.substr(place + 8, name_length);
        place += length;
        if (child == 0 || name == "." || name == "..") continue;
        TRY(add_entry(child, name, path, depth, context));
      }
    }
    return {};
  }

  Result<void> add_entry(std::uint32_t number, ByteView name, const std::string& path, unsigned depth,
                         Context& context) {
    const auto full = path.empty() ? std::string(name) : path + "/" + std::string(name);
    const auto found = inode(number);
    if (!found) {
      add_problem(0, format("{} has the inode {}, which is not in the image", full, number));
      return {};
    }
    Node node;
    node.name = keep(full);
    node.header = {found->at, inode_size_};
    const auto kind = found->kind();
    node.type = kind == 4    ? MemberType::folder
                : kind == 8  ? MemberType::file
                : kind == 10 ? MemberType::symlink
                             : MemberType::device;
    if (kind == 8 || kind == 10) {
      node.size = found->size;
      Pieces pieces;
      // A short target lies where the blocks would be listed.
      if (kind == 10 && found->size < 60 && (found->flags & (kUsesExtents | kInline)) == 0) {
        pieces.size = found->size;
        pieces.add(found->block_map(), found->size);
      } else if (!pieces_of(*found, pieces)) {
        add_problem(found->at, format("the blocks of {} are damaged", full));
      }
      if ((found->flags & kEncrypted) != 0) add_problem(found->at, format("{} is encrypted: compared as stored", full));
      node.pieces = std::move(pieces.list);
    }
    TRY(add(context, std::move(node)));
    return kind == 4 ? walk(*found, number, full, depth + 1, context) : Result<void>();
  }

  std::uint64_t block_ = 1024, blocks_ = 0, inode_size_ = 128, descriptor_size_ = 32, steps_ = 0;
  std::uint32_t inodes_ = 0, per_group_ = 1;
  bool wide_ = false;
  std::unordered_set<std::uint32_t> seen_;
};

}  // namespace

bool is_ext(ByteView bytes, std::string_view) {
  // Two bytes are a weak mark: the sizes have to be possible ones, too.
  if (bytes.size() < 3 * kSuper || little16(bytes, kSuper + 56) != 0xef53) return false;
  const auto shift = little32(bytes, kSuper + 24);
  return shift <= 6 && little32(bytes, kSuper + 76) <= 1 && little32(bytes, kSuper + 20) == (shift == 0 ? 1u : 0u) &&
         little32(bytes, kSuper) != 0 && little32(bytes, kSuper + 32) != 0 && little32(bytes, kSuper + 40) != 0;
}

Result<std::unique_ptr<Container>> open_ext(ByteView bytes, std::string_view, Context& context) {
  auto image = std::make_unique<Ext>(bytes);
  TRY(image->read(context));
  return image;
}

}  // namespace chiron::compare
