// What the compressed streams share; see stream.h.
#include "engines/compare/container/stream.h"

#include "foundation/base/format.h"

namespace chiron::compare {

void Stream::add_field(std::size_t index, std::string_view name, std::string value, Range place, std::string_view noise,
                       bool derived) {
  constexpr std::size_t kDescribedStreams = 64;
  if (index >= kDescribedStreams) return;
  fields_.push_back({index == 0 ? std::string(name) : format("stream {}: {}", index + 1, name), std::move(value), place,
                     Kind::header, noise, derived});
}

Result<void> Stream::note(const Decoded& decoded, std::uint64_t base) {
  if (!decoded.error) return {};
  if (decoded.error->kind != ErrorKind::input) return std::unexpected(*decoded.error);
  add_problem(base + decoded.consumed, decoded.error->message);
  return {};
}

std::string Stream::producer(std::size_t, ByteView content) const {
  if (!deflate_) return {};
  return guess_deflate_producer(at(members_[0].data), content).value_or("deflate, not as zlib makes it");
}

std::string stream_content_name(std::string_view name, std::string_view suffix) {
  const auto slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (name.size() > suffix.size() && name.ends_with(suffix))
    return std::string(name.substr(0, name.size() - suffix.size()));
  static constexpr std::string_view kShort[] = {".tgz", ".txz", ".tbz", ".tbz2", ".tzst", ".tlz"};
  for (const auto ending : kShort) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      return std::string(name.substr(0, name.size() - ending.size())) + ".tar";
    }
  }
  return std::string(name) + "-content";
}

}  // namespace chiron::compare
