// RPM packages (the format description in rpm's own documentation, versions 3 to 6): lead, signature header and main
// header tag by tag, then the payload as the archive it is.
#include <algorithm>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::string_view kLeadMagic = "\xed\xab\xee\xdb";
constexpr std::string_view kHeaderMagic = "\x8e\xad\xe8";
constexpr std::uint64_t kLeadBytes = 96;
constexpr std::uint32_t kMaxTags = 65'535;
constexpr std::uint64_t kMaxHeaderBytes = 256 << 20;

struct TagName {
  std::uint32_t number;
  std::string_view name;
  const char* noise = nullptr;
};

constexpr const char* kDerived = "follows from the rest of the package";
constexpr const char* kWhenBuilt = "when and where it was built";

// Tags of the signature header that have another meaning than in the main one.
constexpr TagName kSignatureTags[] = {
    {62, "HEADERSIGNATURES", kDerived}, {267, "DSAHEADER", kDerived},        {268, "RSAHEADER", kDerived},
    {269, "SHA1HEADER", kDerived},      {270, "LONGSIGSIZE", kDerived},      {271, "LONGARCHIVESIZE", kDerived},
    {273, "SHA256HEADER", kDerived},    {277, "VERITYSIGNATURES", kDerived}, {278, "OPENPGP", kDerived},
    {279, "SHA3HEADER", kDerived},      {1000, "SIGSIZE", kDerived},         {1002, "SIGPGP", kDerived},
    {1004, "SIGMD5", kDerived},         {1005, "SIGGPG", kDerived},          {1007, "SIGPAYLOADSIZE", kDerived},
    {1008, "RESERVEDSPACE", "filler"}};

constexpr TagName kTags[] = {{61, "HEADERIMAGE", kDerived},
                             {63, "HEADERIMMUTABLE", kDerived},
                             {100, "HEADERI18NTABLE"},
                             {1000, "NAME"},
                             {1001, "VERSION"},
                             {1002, "RELEASE"},
                             {1003, "EPOCH"},
                             {1004, "SUMMARY"},
                             {1005, "DESCRIPTION"},
                             {1006, "BUILDTIME", kWhenBuilt},
                             {1007, "BUILDHOST", kWhenBuilt},
                             {1008, "INSTALLTIME"},
                             {1009, "SIZE", kDerived},
                             {1010, "DISTRIBUTION"},
                             {1011, "VENDOR"},
                             {1014, "LICENSE"},
                             {1015, "PACKAGER"},
                             {1016, "GROUP"},
                             {1018, "SOURCE"},
                             {1019, "PATCH"},
                             {1020, "URL"},
                             {1021, "OS"},
                             {1022, "ARCH"},
                             {1023, "PREIN"},
                             {1024, "POSTIN"},
                             {1025, "PREUN"},
                             {1026, "POSTUN"},
                             {1027, "OLDFILENAMES"},
                             {1028, "FILESIZES"},
                             {1029, "FILESTATES"},
                             {1030, "FILEMODES"},
                             {1033, "FILERDEVS"},
                             {1034, "FILEMTIMES", kWhenBuilt},
                             {1035, "FILEDIGESTS"},
                             {1036, "FILELINKTOS"},
                             {1037, "FILEFLAGS"},
                             {1039, "FILEUSERNAME"},
                             {1040, "FILEGROUPNAME"},
                             {1044, "SOURCERPM"},
                             {1045, "FILEVERIFYFLAGS"},
                             {1046, "ARCHIVESIZE", kDerived},
                             {1047, "PROVIDENAME"},
                             {1048, "REQUIREFLAGS"},
                             {1049, "REQUIRENAME"},
                             {1050, "REQUIREVERSION"},
                             {1053, "CONFLICTFLAGS"},
                             {1054, "CONFLICTNAME"},
                             {1055, "CONFLICTVERSION"},
                             {1059, "EXCLUDEARCH"},
                             {1060, "EXCLUDEOS"},
                             {1061, "EXCLUSIVEARCH"},
                             {1062, "EXCLUSIVEOS"},
                             {1064, "RPMVERSION"},
                             {1065, "TRIGGERSCRIPTS"},
                             {1066, "TRIGGERNAME"},
                             {1067, "TRIGGERVERSION"},
                             {1068, "TRIGGERFLAGS"},
                             {1069, "TRIGGERINDEX"},
                             {1079, "VERIFYSCRIPT"},
                             {1080, "CHANGELOGTIME"},
                             {1081, "CHANGELOGNAME"},
                             {1082, "CHANGELOGTEXT"},
                             {1085, "PREINPROG"},
                             {1086, "POSTINPROG"},
                             {1087, "PREUNPROG"},
                             {1088, "POSTUNPROG"},
                             {1089, "BUILDARCHS"},
                             {1090, "OBSOLETENAME"},
                             {1091, "VERIFYSCRIPTPROG"},
                             {1092, "TRIGGERSCRIPTPROG"},
                             {1094, "COOKIE", kWhenBuilt},
                             {1095, "FILEDEVICES", kWhenBuilt},
                             {1096, "FILEINODES", kWhenBuilt},
                             {1097, "FILELANGS"},
                             {1098, "PREFIXES"},
                             {1106, "SOURCEPACKAGE"},
                             {1112, "PROVIDEFLAGS"},
                             {1113, "PROVIDEVERSION"},
                             {1114, "OBSOLETEFLAGS"},
                             {1115, "OBSOLETEVERSION"},
                             {1116, "DIRINDEXES"},
                             {1117, "BASENAMES"},
                             {1118, "DIRNAMES"},
                             {1122, "OPTFLAGS"},
                             {1123, "DISTURL"},
                             {1124, "PAYLOADFORMAT"},
                             {1125, "PAYLOADCOMPRESSOR"},
                             {1126, "PAYLOADFLAGS"},
                             {1131, "RHNPLATFORM"},
                             {1132, "PLATFORM"},
                             {1140, "FILECOLORS"},
                             {1141, "FILECLASS"},
                             {1142, "CLASSDICT"},
                             {1143, "FILEDEPENDSX"},
                             {1144, "FILEDEPENDSN"},
                             {1145, "DEPENDSDICT"},
                             {1146, "SOURCEPKGID"},
                             {1151, "PRETRANS"},
                             {1152, "POSTTRANS"},
                             {1153, "PRETRANSPROG"},
                             {1154, "POSTTRANSPROG"},
                             {1155, "DISTTAG"},
                             {5008, "LONGFILESIZES"},
                             {5009, "LONGSIZE", kDerived},
                             {5010, "FILECAPS"},
                             {5011, "FILEDIGESTALGO"},
                             {5012, "BUGURL"},
                             {5034, "VCS"},
                             {5035, "ORDERNAME"},
                             {5046, "RECOMMENDNAME"},
                             {5047, "RECOMMENDVERSION"},
                             {5048, "RECOMMENDFLAGS"},
                             {5049, "SUGGESTNAME"},
                             {5050, "SUGGESTVERSION"},
                             {5051, "SUGGESTFLAGS"},
                             {5052, "SUPPLEMENTNAME"},
                             {5055, "ENHANCENAME"},
                             {5062, "ENCODING"},
                             {5092, "PAYLOADSHA256", kDerived},
                             {5093, "PAYLOADSHA256ALGO"},
                             {5097, "PAYLOADSHA256ALT", kDerived}};

TagName tag_of(std::uint32_t number, bool signature) {
  if (signature) {
    for (const auto& tag : kSignatureTags) {
      if (tag.number == number) return tag;
    }
  }
  for (const auto& tag : kTags) {
    if (tag.number == number) return tag;
  }
  return {number, {}};
}

enum Type : std::uint32_t { none, character, int8, int16, int32, int64, string, binary, strings, translated };

struct Entry {
  std::uint32_t type, offset, count;
};

// The value as text, several ones as lines; how long it is in the data goes to `length`.
std::string value_text(std::string_view data, const Entry& entry, std::uint64_t& length) {
  const auto rest = data.substr(std::min<std::size_t>(entry.offset, data.size()));
  std::string out;
  length = 0;
  const auto numbers = [&](unsigned width) {
    ByteReader in(rest, Endian::big);
    for (std::uint32_t i = 0; i < entry.count && in.left() >= width; ++i) {
      if (entry.count > 1 && i > 0) out += '\n';
      out += std::to_string(in.number(width));
    }
    length = in.offset();
  };
  switch (entry.type) {
    case character:
    case int8:
      numbers(1);
      break;
    case int16:
      numbers(2);
      break;
    case int32:
      numbers(4);
      break;
    case int64:
      numbers(8);
      break;
    case binary: {
      constexpr std::size_t kShownBytes = 64;
      const auto bytes = rest.substr(0, entry.count);
      length = bytes.size();
      return hex_bytes(bytes, kShownBytes);
    }
    case string:
    case strings:
    case translated: {
      const std::uint32_t count = entry.type == string ? 1 : entry.count;
      for (std::uint32_t i = 0; i < count && length < rest.size(); ++i) {
        const auto end = std::min(rest.find('\0', length), rest.size());
        if (i > 0) out += '\n';
        out += rest.substr(length, end - length);
        length = end + 1;
      }
      length = std::min<std::uint64_t>(length, rest.size());
      break;
    }
    default:
      return entry.type == none ? "" : format("unknown type {}", entry.type);
  }
  return out;
}

struct Package {
  Item items;
  Range payload;
  std::string payload_name = "payload";
};

// One header; returns where it ends.
Result<std::uint64_t> read_header(std::string_view bytes, std::uint64_t at, bool signature, Package& package) {
  const auto what = signature ? "signature header" : "header";
  ByteReader in(bytes, Endian::big);
  in.seek(at);
  if (in.take(3) != kHeaderMagic) return fail(ErrorKind::input, "compare.rpm", format("no {} at byte {}", what, at));
  in.skip(5);
  const auto tags = in.u32(), data_length = in.u32();
  if (!in.ok() || tags > kMaxTags || data_length > kMaxHeaderBytes || in.left() < tags * 16ull + data_length) {
    return fail(ErrorKind::input, "compare.rpm", format("the {} at byte {} is cut off or damaged", what, at));
  }
  const auto data_at = in.offset() + tags * 16ull;
  const auto data = bytes.substr(data_at, data_length);
  // Entries may claim the same data again and again; all values together have no reason to be much more than it.
  std::uint64_t left = data_length * 2ull + 4096;
  auto& header = package.items.add(what, "", {at, data_at + data_length - at});
  for (std::uint32_t i = 0; i < tags; ++i) {
    const auto number = in.u32();
    const Entry entry{in.u32(), in.u32(), in.u32()};
    const auto tag = tag_of(number, signature);
    std::uint64_t length = 0;
    auto value = value_text(data, entry, length);
    if (length > left) return fail(ErrorKind::input, "compare.rpm", format("the entries of the {} overlap", what));
    left -= length;
    if (number == 1125 && !signature) {
      static constexpr std::pair<std::string_view, std::string_view> kSuffixes[] = {
          {"gzip", ".gz"}, {"xz", ".xz"}, {"lzma", ".lzma"}, {"bzip2", ".bz2"}, {"zstd", ".zst"}};
      for (const auto& [name, suffix] : kSuffixes) {
        if (value == name) package.payload_name = "payload.cpio" + std::string(suffix);
      }
    }
    const auto name = tag.name.empty() ? format("tag {}", number) : std::string(tag.name);
    auto& item = header.add(name, value, {data_at + entry.offset, length}, signature ? Kind::header : Kind::metadata);
    if (tag.noise != nullptr) item.mark_noise(tag.noise);
  }
  return data_at + data_length;
}

Result<Package> read_rpm(std::string_view bytes) {
  Package package;
  ByteReader in(bytes, Endian::big);
  in.skip(4);
  auto& lead = package.items.add("lead", "", {0, kLeadBytes}, Kind::header);
  const unsigned major = in.u8(), minor = in.u8();
  lead.header("format version", format("{}.{}", major, minor), {4, 2});
  const auto kind = in.u16();
  lead.header("kind", kind == 0 ? "binary" : kind == 1 ? "source" : format("{}", kind), {6, 2});
  lead.header("architecture", format("{}", in.u16()), {8, 2});
  const auto name = in.take(66);
  lead.header("name", printable(name.substr(0, name.find('\0'))), {10, 66});
  lead.header("operating system", format("{}", in.u16()), {76, 2});
  lead.header("signature type", format("{}", in.u16()), {78, 2});
  lead.header("reserved", hex_bytes(in.take(16)), {80, 16});
  if (!in.ok()) return fail(ErrorKind::input, "compare.rpm", "the lead is cut off");
  auto at = TRY(read_header(bytes, kLeadBytes, true, package));
  at = (at + 7) / 8 * 8;
  at = TRY(read_header(bytes, at, false, package));
  package.payload = {at, bytes.size() - at};
  return package;
}

}  // namespace

bool matches_rpm(ByteView a, ByteView b, std::string_view) {
  const auto is = [](ByteView bytes) { return bytes.size() > kLeadBytes + 16 && bytes.starts_with(kLeadMagic); };
  return is(a) && is(b);
}

Result<void> compare_rpm(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(read_rpm(a));
  const auto right = TRY(read_rpm(b));
  compare_items(left.items, right.items, context.budget(), out);
  context.compare_part(a.substr(left.payload.offset), b.substr(right.payload.offset), left.payload_name,
                       right.payload_name, left.payload, right.payload, out);
  return {};
}

}  // namespace chiron::compare
