#include "engines/prose/package.h"

#include <archive.h>
#include <archive_entry.h>

#include "foundation/base/format.h"
#include "foundation/crypto/digest.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

constexpr std::uint64_t kPackageBytes = 256u << 20;  // unpacked
constexpr std::size_t kPackageFiles = 20'000;

// What a folder brings: "styles/" beside a .vale.ini, or the rules of one style.
Package describe(const std::string& folder) {
  Package package;
  const auto styles = io::join_path(folder, "styles");
  const auto ini = io::join_path(folder, ".vale.ini");
  if (io::exists(ini)) package.config = ini;
  package.styles = io::is_folder(styles) ? styles : std::string(io::parent_path(folder));
  return package;
}

Result<void> unpack(const std::string& file, const std::string& folder) {
  struct Closer {
    void operator()(archive* a) const { archive_read_free(a); }
  };
  std::unique_ptr<archive, Closer> reader(archive_read_new());
  archive_read_support_format_zip(reader.get());
  const auto bad = [&](std::string_view what) {
    return fail(ErrorKind::input, "prose.package", format("the package {} cannot be unpacked: {}", file, what));
  };
  if (archive_read_open_filename(reader.get(), file.c_str(), 1u << 16) != ARCHIVE_OK)
    return bad("it is no zip archive");
  archive_entry* entry = nullptr;
  std::uint64_t total = 0;
  std::size_t count = 0;
  while (true) {
    const auto state = archive_read_next_header(reader.get(), &entry);
    if (state == ARCHIVE_EOF) return {};
    if (state < ARCHIVE_WARN) return bad("it is damaged");
    if (++count > kPackageFiles) return bad("it holds too many files");
    const char* name = archive_entry_pathname_utf8(entry);
    if (name == nullptr) return bad("a file name is not UTF-8");
    const auto clean = io::normalize_path(name);
    if (clean.starts_with("..") || clean.starts_with("/")) return bad("a file lies outside of it");
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::string content;
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    int read = ARCHIVE_OK;
    while ((read = archive_read_data_block(reader.get(), &block, &size, &offset)) == ARCHIVE_OK) {
      total += size;
      if (total > kPackageBytes) return bad("it is too large");
      content.append(static_cast<const char*>(block), size);
    }
    if (read != ARCHIVE_EOF) return bad("it is damaged");
    const auto path = io::join_path(folder, clean);
    TRY(io::make_folders(std::string(io::parent_path(path))));
    TRY(io::write_file_atomic(path, content));
  }
}

}  // namespace

Result<Package> open_package(const std::string& name, const std::string& config_file,
                             const std::vector<std::string>& styles_paths) {
  if (name.find("://") != std::string::npos) {
    return fail(ErrorKind::unsupported, "prose.unsupported",
                format("the package {} lies on a server; nothing is downloaded here", name), Place{config_file},
                "fetch it, and name the local folder or zip file");
  }
  const auto base = std::string(io::parent_path(config_file));
  for (const auto& candidate : {io::join_path(base, name), io::join_path(base, name + ".zip")}) {
    if (io::is_folder(candidate)) return describe(candidate);
    if (!io::exists(candidate) || !candidate.ends_with(".zip")) continue;
    // Unpacked once, under its content's digest.
    const auto bytes = TRY(io::read_file(candidate, kPackageBytes));
    const auto folder = io::join_path(base, ".chiron/cache/packages/" + crypto::sha256_hex(bytes));
    if (!io::is_folder(folder)) TRY(unpack(candidate, folder));
    auto stem = std::string(io::file_name(candidate));
    stem.resize(stem.size() - 4);
    const auto inner = io::join_path(folder, stem);
    return describe(io::is_folder(inner) ? inner : folder);
  }
  auto stem = std::string(io::file_name(name));
  if (stem.ends_with(".zip")) stem.resize(stem.size() - 4);
  for (const auto& path : styles_paths) {
    if (io::is_folder(io::join_path(path, stem))) return Package{};
    const auto piped = io::join_path(path, ".vale-config/" + stem + ".ini");
    if (io::exists(piped)) return Package{"", piped};
  }
  return fail(ErrorKind::config, "prose.package",
              format("the package '{}' is neither a local folder or zip file nor a "
                     "style on StylesPath",
                     name),
              Place{config_file}, "fetch it, and name the local folder or zip file");
}

}  // namespace chiron::prose
