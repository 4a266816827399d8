// A container: bytes that hold named members. Its reader knows the exact place of every header byte and can describe a
// member field by field, but does so only when asked: members whose bytes are equal are never looked at.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/comparer.h"
#include "engines/compare/store.h"

namespace chiron::compare {

enum class MemberType : std::uint8_t { file, folder, symlink, hardlink, device, other };

struct Member {
  std::string_view name;  // lives as long as the container
  MemberType type = MemberType::file;
  bool stored = true;      // the bytes at `data` are the content itself
  Range header;            // framing before the data, in the container's bytes
  Range entry;             // a second header elsewhere (zip's central directory)
  Range data;              // the content as stored
  Range padding;           // filler that belongs to the member
  std::uint64_t size = 0;  // of the content, where known beforehand
  Range place = {};        // where it lies, if the above do not say (a block shared with others)
};

// One thing said about a member or a container beside its content.
struct Field {
  std::string name;
  std::string value;
  Range place;  // in the container's bytes; length 0 where it has none
  Kind kind = Kind::metadata;
  std::string_view noise = {};  // why it does not change the meaning; empty where it does
  bool derived = false;         // follows from the content (a checksum): only shown where the content is equal
  bool silent = false;          // never shown: explains its bytes, which follow from what else differs
};

// Framing bytes that belong to no member.
struct Region {
  std::string name;
  Range place;
};

struct Problem {
  std::uint64_t offset = 0;
  std::string message;
};

class Container {
 public:
  virtual ~Container() = default;
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }

  [[nodiscard]] virtual std::vector<Field> fields() const { return {}; }
  [[nodiscard]] virtual std::vector<Field> member_fields(std::size_t) const { return {}; }
  // The content of a member. An error with partial content comes as a Problem in `damage`.
  [[nodiscard]] virtual Result<Content> open(std::size_t member, Context& context, std::string& damage) const = 0;
  // Whether two members are surely equal in content, told from the stored bytes alone. The default compares `data`.
  [[nodiscard]] virtual bool same_stored(std::size_t member, const Container& other, std::size_t other_member) const;
  // Whether two members' framing is surely equal; the default compares `header`, `entry` and `padding`.
  [[nodiscard]] virtual bool same_framing(std::size_t member, const Container& other, std::size_t other_member) const;
  // One stream without a name of its own (gzip): its fields and problems are shown as the container's.
  [[nodiscard]] virtual bool is_stream() const { return false; }
  // Whether the order of members is part of the bytes (an archive) or chosen by us (a folder).
  [[nodiscard]] virtual bool ordered() const { return true; }
  // Says how a stream was made, asked where the content is equal and the compressed bytes differ.
  [[nodiscard]] virtual std::string producer(std::size_t, ByteView) const { return {}; }

  [[nodiscard]] ByteView bytes() const { return bytes_; }

 protected:
  explicit Container(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] ByteView at(Range range) const;
  // Counts one more entry against the limits, and what the tables keep of it against --max-memory: the member itself,
  // with room for a vector to grow, and `more` bytes of the reader's own. Errors: "limit.members", "limit.memory".
  [[nodiscard]] Result<void> count_member(Context& context, std::size_t more = 0);
  void add_problem(std::uint64_t offset, std::string message);

  ByteView bytes_;
  std::vector<Member> members_;
  std::vector<Region> regions_;
  std::vector<Problem> problems_;

 private:
  MemoryLease tables_;
  std::uint64_t tables_used_ = 0, tables_granted_ = 0;
};

struct ContainerFormat {
  std::string_view name;  // "tar archive"
  bool (*matches)(ByteView bytes, std::string_view name);
  // `name` is the artifact's path, for the name of a stream's only member.
  Result<std::unique_ptr<Container>> (*open)(ByteView bytes, std::string_view name, Context& context);
};

// An image of containers (OCI layout or docker archive, packed or unpacked) seen by manifest, configuration and layer;
// nothing where the container is no such image. The image keeps the container.
[[nodiscard]] std::unique_ptr<Container> open_image(std::unique_ptr<Container>& archive, Context& context);
// The file system that the layers of an image make together, or nullptr.
[[nodiscard]] const Container* merged_view(const Container& image);

// All formats in the order they are tried; explicit, in container/table.cpp.
[[nodiscard]] std::span<const ContainerFormat> container_formats();
[[nodiscard]] const ContainerFormat* find_container_format(ByteView bytes, std::string_view name);

// Names made by a reader live in here.
class NameArena {
 public:
  std::string_view keep(std::string_view text);

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t used_ = 0, capacity_ = 0;
};

// Helpers of the readers.
[[nodiscard]] std::string time_text(std::int64_t seconds, std::uint32_t nanoseconds = 0);  // "2015-06-29 15:49:09 UTC"
[[nodiscard]] std::string mode_text(std::uint32_t mode);                                   // "0644 (rw-r--r--)"
[[nodiscard]] std::string_view member_base_name(std::string_view name, std::string_view suffix, std::string_view other);

inline std::uint16_t little16(ByteView b, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(b[at]) | static_cast<unsigned char>(b[at + 1]) << 8);
}
inline std::uint32_t little32(ByteView b, std::size_t at) {
  return little16(b, at) | static_cast<std::uint32_t>(little16(b, at + 2)) << 16;
}
inline std::uint64_t little64(ByteView b, std::size_t at) {
  return little32(b, at) | static_cast<std::uint64_t>(little32(b, at + 4)) << 32;
}
inline std::uint32_t big32(ByteView b, std::size_t at) { return __builtin_bswap32(little32(b, at)); }

// The readers, one file each.
bool is_tar(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_tar(ByteView, std::string_view, Context&);
bool is_zip(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_zip(ByteView, std::string_view, Context&);
bool is_ar(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_ar(ByteView, std::string_view, Context&);
bool is_cpio(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_cpio(ByteView, std::string_view, Context&);
bool is_gzip(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_gzip(ByteView, std::string_view, Context&);
bool is_xz(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_xz(ByteView, std::string_view, Context&);
bool is_lzip(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_lzip(ByteView, std::string_view, Context&);
bool is_lzma(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_lzma(ByteView, std::string_view, Context&);
bool is_zstd(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_zstd(ByteView, std::string_view, Context&);
bool is_bzip2(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_bzip2(ByteView, std::string_view, Context&);
bool is_lz4(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_lz4(ByteView, std::string_view, Context&);
bool is_iso9660(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_iso9660(ByteView, std::string_view, Context&);
bool is_ext(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_ext(ByteView, std::string_view, Context&);
bool is_fat(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_fat(ByteView, std::string_view, Context&);
bool is_squashfs(ByteView, std::string_view);
Result<std::unique_ptr<Container>> open_squashfs(ByteView, std::string_view, Context&);

}  // namespace chiron::compare
