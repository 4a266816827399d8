// ar: the common format with GNU long names ("//" table), BSD long names ("#1/N"), thin archives, symbol tables; Debian
// packages are ar archives of three members.
#include <algorithm>

#include "engines/compare/container/container.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

constexpr std::string_view kMagic = "!<arch>\n", kThinMagic = "!<thin>\n";
constexpr std::size_t kHeader = 60;

std::string_view trimmed(ByteView header, std::size_t at, std::size_t length) {
  auto field = header.substr(at, length);
  while (field.ends_with(' ')) field.remove_suffix(1);
  return field;
}

class Ar final : public Container {
 public:
  explicit Ar(ByteView bytes) : Container(bytes) {}

  Result<void> read(Context& context) {
    const bool thin = bytes_.starts_with(kThinMagic);
    std::uint64_t at = kMagic.size();
    std::string_view long_names;
    regions_.push_back({"magic", {0, kMagic.size()}});
    while (at < bytes_.size()) {
      if (bytes_.size() - at < kHeader || bytes_.substr(at + 58, 2) != "`\n") {
        add_problem(at, format("the header at byte {} is damaged or cut off", at));
        regions_.push_back({"unreadable rest", {at, bytes_.size() - at}});
        break;
      }
      const auto header = bytes_.substr(at, kHeader);
      const auto size = text::parse_unsigned(trimmed(header, 48, 10));
      if (!size) {
        add_problem(at, format("the header at byte {} has no valid size", at));
        regions_.push_back({"unreadable rest", {at, bytes_.size() - at}});
        break;
      }
      Member member;
      auto name = trimmed(header, 0, 16);
      member.header = {at, kHeader};
      auto length = *size;
      const bool special = name == "/" || name == "//" || name == "/SYM64/";
      if (thin && !special) length = 0;
      if (length > bytes_.size() - member.header.end()) {
        add_problem(at, format("the data of {} at byte {} are cut off", name, member.header.end()));
        length = bytes_.size() - member.header.end();
      }
      member.data = {member.header.end(), length};
      if (name == "//") {
        long_names = this->at(member.data);
        name = "(long names)";
      } else if (name == "/" || name == "/SYM64/") {
        name = "(symbol table)";
      } else if (name.starts_with("#1/")) {
        const auto name_length = std::min(text::parse_unsigned(name.substr(3)).value_or(0), length);
        name = this->at({member.data.offset, name_length});
        name = name.substr(0, std::min(name.find('\0'), name.size()));
        member.header.length += name_length;
        member.data = {member.data.offset + name_length, length - name_length};
      } else if (name.size() > 1 && name[0] == '/') {
        const auto offset = text::parse_unsigned(name.substr(1)).value_or(long_names.size());
        if (offset < long_names.size()) {
          name = long_names.substr(offset);
          name = name.substr(0, std::min(name.find('\n'), name.size()));
          if (name.ends_with('/')) name.remove_suffix(1);
        }
      } else if (name.ends_with('/')) {
        name.remove_suffix(1);
      }
      member.name = name;
      member.size = member.data.length;
      const auto end = member.data.end();
      member.padding = {end, (end & 1) != 0 && end < bytes_.size() ? 1u : 0u};
      members_.push_back(member);
      TRY(count_member(context));
      at = end + member.padding.length;
    }
    return {};
  }

  [[nodiscard]] Result<Content> open(std::size_t member, Context&, std::string&) const override {
    return Content{at(members_[member].data), nullptr};
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t index) const override {
    const auto base = members_[index].header.offset;
    const auto header = bytes_.substr(base, kHeader);
    const auto mtime = text::parse_unsigned(trimmed(header, 16, 12));
    constexpr std::string_view kOwnerNoise = "the owner when it was packed";
    return {
        {"name field", std::string(trimmed(header, 0, 16)), {base, 16}, Kind::header, "how the name is kept"},
        {"mtime",
         mtime ? time_text(static_cast<std::int64_t>(*mtime)) : std::string(trimmed(header, 16, 12)),
         {base + 16, 12},
         Kind::metadata,
         "a time stamp of packing"},
        {"uid", std::string(trimmed(header, 28, 6)), {base + 28, 6}, Kind::metadata, kOwnerNoise},
        {"gid", std::string(trimmed(header, 34, 6)), {base + 34, 6}, Kind::metadata, kOwnerNoise},
        {"mode", std::string(trimmed(header, 40, 8)), {base + 40, 8}, Kind::metadata},
        {"size", std::string(trimmed(header, 48, 10)), {base + 48, 10}, Kind::header, {}, true},
    };
  }
};

}  // namespace

bool is_ar(ByteView bytes, std::string_view) { return bytes.starts_with(kMagic) || bytes.starts_with(kThinMagic); }

Result<std::unique_ptr<Container>> open_ar(ByteView bytes, std::string_view, Context& context) {
  auto ar = std::make_unique<Ar>(bytes);
  TRY(ar->read(context));
  return ar;
}

}  // namespace chiron::compare
