// GNU gettext catalogues (.mo): messages by their context and id, the header entry field by field, the hash table and
// the order of the strings as framing.
#include <algorithm>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {
namespace {

constexpr std::uint32_t kMaxMessages = 10'000'000;

bool is_catalog(ByteView bytes) {
  return bytes.size() >= 28 && (bytes.starts_with("\xde\x12\x04\x95") || bytes.starts_with("\x95\x04\x12\xde"));
}

// "context | id | plural": the parts of a key are told apart by a byte 4 and a byte 0.
std::string key_text(std::string_view key) {
  std::string out;
  const auto context = key.find('\x04');
  if (context != std::string_view::npos) {
    out = printable(key.substr(0, context), 1000) + " | ";
    key.remove_prefix(context + 1);
  }
  const auto plural = key.find('\0');
  out += in_quotes(key.substr(0, plural), 1000);
  if (plural != std::string_view::npos) out += " / " + in_quotes(key.substr(plural + 1), 1000);
  return out;
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

void add_header(std::string_view text, Range place, Item& out) {
  auto& item = out.add("header", "", place);
  for (const auto line : text::split_lines(text)) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    const auto value = colon == std::string_view::npos ? std::string_view{} : text::trim(line.substr(colon + 1));
    auto& field =
        item.add(printable(name), printable(value),
                 {place.offset + static_cast<std::uint64_t>(line.data() - text.data()), line.size()}, Kind::metadata);
    if (name == "POT-Creation-Date" || name == "PO-Revision-Date" || name == "X-Generator" ||
        name == "Last-Translator") {
      field.mark_noise("about the making of the catalogue");
    }
  }
}

Result<Item> catalog_items(std::string_view bytes) {
  Item items;
  ByteReader in(bytes, bytes[0] == '\xde' ? Endian::little : Endian::big);
  items.header("byte order", in.endian() == Endian::little ? "little-endian" : "big-endian", {0, 4});
  in.skip(4);
  const std::uint32_t revision = in.u32();
  items.header("revision", format("{}.{}", revision >> 16, revision & 0xffff), {4, 4});
  const std::uint32_t count = in.u32();
  const std::uint32_t keys = in.u32(), values = in.u32(), hash_size = in.u32(), hash_at = in.u32();
  if (count > kMaxMessages || std::uint64_t{keys} + std::uint64_t{count} * 8 > bytes.size() ||
      std::uint64_t{values} + std::uint64_t{count} * 8 > bytes.size()) {
    return fail(ErrorKind::input, "compare.mo",
                format("{} messages are announced, which do not fit in the file", count));
  }
  items.header("messages", format("{}", count), {8, 4}).mark_noise("follows from the messages");
  items.header("offset of ids", hex(keys), {12, 4}).mark_noise("where tables lie");
  items.header("offset of strings", hex(values), {16, 4}).mark_noise("where tables lie");
  items.header("hash table size", format("{}", hash_size), {20, 4})
      .mark_noise("the hash table only speeds up look-ups");
  items.header("offset of the hash table", hex(hash_at), {24, 4}).mark_noise("where tables lie");
  bool latin1 = false;
  std::uint64_t text_bytes = 0;
  std::vector<std::pair<std::string_view, std::string_view>> messages;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto read = [&](std::uint32_t table) {
      ByteReader entry(bytes, in.endian());
      entry.seek(std::uint64_t{table} + std::uint64_t{i} * 8);
      const std::uint32_t length = entry.u32(), offset = entry.u32();
      entry.seek(offset);
      const auto text = entry.take(length);
      return entry.ok() ? text : std::string_view{};
    };
    messages.emplace_back(read(keys), read(values));
    text_bytes += messages.back().first.size() + messages.back().second.size();
    if (text_bytes > 4 * bytes.size()) return fail(ErrorKind::input, "compare.mo", "the messages overlap");
    if (messages.back().first.empty()) {
      const auto lower = text::to_lower_ascii(messages.back().second.substr(0, 4096));
      latin1 = lower.find("charset=iso-8859-1\n") != std::string::npos ||
               lower.find("charset=iso8859-1\n") != std::string::npos ||
               lower.find("charset=latin1") != std::string::npos;
    }
  }
  const auto place = [&](std::string_view text) {
    return text.data() == nullptr ? Range{}
                                  : Range{static_cast<std::uint64_t>(text.data() - bytes.data()), text.size()};
  };
  for (const auto& [key, value] : messages) {
    if (key.empty()) {
      add_header(value, place(value), items);
    } else {
      items.add("message " + key_text(key), latin1 ? in_quotes(latin1_to_utf8(value), 65536) : in_quotes(value, 65536),
                place(value));
    }
  }
  const std::uint64_t table_bytes = std::uint64_t{hash_size} * 4;
  if (hash_at <= bytes.size() && table_bytes <= bytes.size() - hash_at && table_bytes > 0) {
    items
        .header("hash table", hex_bytes(bytes.substr(hash_at, static_cast<std::size_t>(table_bytes)), 64),
                {hash_at, table_bytes})
        .mark_noise("the hash table only speeds up look-ups");
  }
  return items;
}

}  // namespace

bool matches_message_catalog(ByteView a, ByteView b, std::string_view) { return is_catalog(a) && is_catalog(b); }

Result<void> compare_message_catalog(ByteView a, ByteView b, Context& context, Difference& out) {
  compare_items(TRY(catalog_items(a)), TRY(catalog_items(b)), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
