// What the readers of file system images share: members whose content lies in pieces of the image, in any order and
// with holes between them.
#pragma once
#include "engines/compare/container/container.h"

namespace chiron::compare {

[[nodiscard]] inline unsigned byte_at(ByteView bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

class FileSystem : public Container {
 public:
  [[nodiscard]] bool ordered() const override { return false; }  // the order within a folder means nothing
  [[nodiscard]] Result<Content> open(std::size_t member, Context& context, std::string& damage) const override;
  [[nodiscard]] bool same_stored(std::size_t member, const Container& other, std::size_t other_member) const override;

 protected:
  static constexpr std::uint64_t kHole = UINT64_MAX;  // as the offset of a piece: zeros that are not stored
  static constexpr std::uint64_t kFilledHoles = 64 << 20;
  static constexpr unsigned kMaxFolders = 200;  // within one another
  static constexpr std::string_view kTimeNoise = "a time stamp of packing";

  using Container::Container;

  struct Node {
    std::string_view name;  // the path; kept by the container
    MemberType type = MemberType::file;
    Range header;
    std::vector<Range> pieces;  // of the content, in order
    std::string_view text;      // the content where it is not stored as such (a link's target)
    std::uint64_t size = 0;
  };
  // Adds a member. Pieces that follow each other become one, what lies past the image's end is damage. Where holes are
  // larger than `kFilledHoles`, they are left out of the content; holes() tells them.
  Result<void> add(Context& context, Node node);
  // A header's field: the whole number of `width` bytes, the least first, at a place within the image.
  [[nodiscard]] Field number_field(std::string_view name, std::uint64_t place, unsigned width,
                                   std::string_view noise) const;
  [[nodiscard]] std::string_view keep(std::string_view text) { return names_.keep(text); }
  // Where content is stored and where it has holes, as a value for the report; empty for files without large holes.
  [[nodiscard]] std::string holes(std::size_t member) const { return nodes_[member].holes; }

 private:
  struct Kept {
    std::vector<Range> pieces;
    std::string_view text;
    std::string holes;
    std::uint64_t missing = 0;  // bytes that lie past the end of the image
  };
  NameArena names_;
  std::vector<Kept> nodes_;
};

}  // namespace chiron::compare
