// What all container readers share.
#include "engines/compare/container/container.h"

#include <cstring>
#include <ctime>

#include "foundation/base/format.h"

namespace chiron::compare {

ByteView Container::at(Range range) const {
  if (range.offset > bytes_.size()) return {};
  return bytes_.substr(range.offset, range.length);
}

Result<void> Container::count_member(Context& context, std::size_t more) {
  if (!context.budget().count_members(1)) {
    return fail(ErrorKind::limit, "limit.members", "more entries than the limit");
  }
  constexpr std::uint64_t kStep = 64 * 1024;
  tables_used_ += 2 * (sizeof(Member) + more);
  if (tables_used_ <= tables_granted_) return {};
  if (tables_granted_ == 0) tables_ = MemoryLease(context.budget(), 0);
  if (!tables_.grow(kStep)) return std::unexpected(memory_error("the table of members", tables_used_));
  tables_granted_ += kStep;
  return {};
}

void Container::add_problem(std::uint64_t offset, std::string message) {
  constexpr std::size_t kKeptProblems = 100;
  if (problems_.size() < kKeptProblems) problems_.push_back({offset, std::move(message)});
}

bool Container::same_stored(std::size_t member, const Container& other, std::size_t other_member) const {
  const auto& mine = members_[member];
  const auto& theirs = other.members_[other_member];
  return mine.stored && theirs.stored && at(mine.data) == other.at(theirs.data);
}

bool Container::same_framing(std::size_t member, const Container& other, std::size_t other_member) const {
  const auto& mine = members_[member];
  const auto& theirs = other.members_[other_member];
  return at(mine.header) == other.at(theirs.header) && at(mine.entry) == other.at(theirs.entry) &&
         at(mine.padding) == other.at(theirs.padding);
}

std::string_view NameArena::keep(std::string_view text) {
  if (used_ + text.size() > capacity_) {
    capacity_ = std::max<std::size_t>(text.size(), 64 * 1024);
    blocks_.push_back(std::make_unique<char[]>(capacity_));
    used_ = 0;
  }
  char* at = blocks_.empty() ? nullptr : blocks_.back().get() + used_;
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  used_ += text.size();
  return {at, text.size()};
}

std::string time_text(std::int64_t seconds, std::uint32_t nanoseconds) {
  std::tm parts{};
  const auto value = static_cast<std::time_t>(seconds);
  if (gmtime_r(&value, &parts) == nullptr) return format("{} s since 1970", seconds);
  auto text = format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (nanoseconds != 0) text += format(".{:09}", nanoseconds);
  return text + " UTC";
}

std::string mode_text(std::uint32_t mode) {
  std::string letters = "rwxrwxrwx";
  for (int bit = 0; bit < 9; ++bit) {
    if ((mode & (1u << (8 - bit))) == 0) letters[static_cast<std::size_t>(bit)] = '-';
  }
  if ((mode & 04000) != 0) letters[2] = letters[2] == 'x' ? 's' : 'S';
  if ((mode & 02000) != 0) letters[5] = letters[5] == 'x' ? 's' : 'S';
  if ((mode & 01000) != 0) letters[8] = letters[8] == 'x' ? 't' : 'T';
  return format("{:04o} ({})", mode, letters);
}

std::string_view member_base_name(std::string_view name, std::string_view suffix, std::string_view other) {
  const auto slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return other.empty() ? name : other;
}

const ContainerFormat* find_container_format(ByteView bytes, std::string_view name) {
  for (const auto& candidate : container_formats()) {
    if (candidate.matches(bytes, name)) return &candidate;
  }
  return nullptr;
}

}  // namespace chiron::compare
