#include "engines/testing/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "engines/testing/child.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

namespace chiron::testing {

namespace {

std::unexpected<Error> refuse(std::string message, std::string next = "") {
  return fail(ErrorKind::input, "testing.archive", std::move(message), {}, std::move(next));
}

// The path below the folder, or nothing where it lies elsewhere.
std::optional<std::string> below(const std::string& folder, const std::string& path) {
  const std::string clean = io::normalize_path(path);
  if (!clean.starts_with(folder + "/")) return {};
  return clean.substr(folder.size() + 1);
}

class Writer {
 public:
  static Result<Writer> create(const std::string& path) {
    Writer writer;
    writer.path_ = path;
    writer.temporary_ = format("{}.{}.tmp", path, static_cast<std::uint64_t>(getpid()));
    writer.archive_.reset(archive_write_new());
    auto* out = writer.archive_.get();
    archive_write_set_format_pax_restricted(out);
    if (archive_write_add_filter_zstd(out) != ARCHIVE_OK ||
        archive_write_open_filename(out, writer.temporary_.c_str()) != ARCHIVE_OK)
      return refuse(format("{} cannot be written: {}", path, archive_error_string(out)));
    return writer;
  }
  Writer(Writer&&) = default;
  Writer& operator=(Writer&&) = default;
  ~Writer() {
    if (!archive_) return;
    archive_.reset();
    unlink(temporary_.c_str());
  }

  Result<void> add(const std::string& name, std::string_view content, bool executable) {
    TRY(begin(name, content.size(), executable));
    return append(name, content);
  }
  Result<std::uint64_t> add_file(const std::string& name, const std::string& from) {
    const Descriptor file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat found = {};
    if (!file || fstat(file.get(), &found) != 0) return std::unexpected(io::errno_error("read", from, errno));
    if (!S_ISREG(found.st_mode)) return refuse(format("{} is no regular file", from));
    const auto size = static_cast<std::uint64_t>(found.st_size);
    TRY(begin(name, size, (found.st_mode & 0111) != 0));
    std::string piece(1u << 20, '\0');
    for (std::uint64_t left = size; left > 0;) {
      const ssize_t count = ::read(file.get(), piece.data(), std::min<std::uint64_t>(piece.size(), left));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::unexpected(io::errno_error("read", from, errno));
      if (count == 0)
        return refuse(format("{} became shorter while it was read", from), "archive again when the build is done");
      TRY(append(name, std::string_view(piece).substr(0, static_cast<std::size_t>(count))));
      left -= static_cast<std::uint64_t>(count);
    }
    return size;
  }
  Result<void> finish() {
    const int state = archive_write_close(archive_.get());
    const std::string why = state == ARCHIVE_OK ? "" : archive_error_string(archive_.get());
    archive_.reset();
    if (state != ARCHIVE_OK || rename(temporary_.c_str(), path_.c_str()) != 0) {
      const int error = errno;
      unlink(temporary_.c_str());
      if (state != ARCHIVE_OK) return refuse(format("{} cannot be written: {}", path_, why));
      return std::unexpected(io::errno_error("write", path_, error));
    }
    return {};
  }

 private:
  Writer() = default;
  Result<void> begin(const std::string& name, std::uint64_t size, bool executable) {
    struct FreeEntry {
      void operator()(archive_entry* entry) const { archive_entry_free(entry); }
    };
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), executable ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    if (archive_write_header(archive_.get(), entry.get()) < ARCHIVE_WARN) return broken(name);
    return {};
  }
  Result<void> append(const std::string& name, std::string_view piece) {
    if (piece.empty()) return {};
    if (archive_write_data(archive_.get(), piece.data(), piece.size()) < 0) return broken(name);
    return {};
  }
  std::unexpected<Error> broken(const std::string& name) {
    return refuse(format("{} cannot be added to {}: {}", name, path_, archive_error_string(archive_.get())));
  }
  struct Free {
    void operator()(archive* a) const { archive_write_free(a); }
  };
  std::string path_, temporary_;
  std::unique_ptr<archive, Free> archive_;
};

// What the loader would load for this program, by its own word; nothing for one that is linked statically.
Result<std::vector<std::string>> libraries_of(const Program& program) {
  io::ProcessSpec spec;
  spec.arguments = {"/lib64/ld-linux-x86-64.so.2", "--list", program.path};
  spec.timeout = std::chrono::seconds(30);
  const auto ran = TRY(io::run_process(spec));
  std::vector<std::string> libraries;
  for (const auto line : text::split_lines(ran.output)) {
    const std::size_t arrow = line.find(" => ");
    if (arrow == std::string_view::npos) continue;
    std::string_view path = line.substr(arrow + 4);
    if (path.starts_with("not found")) {
      return refuse(format("{} does not find its library {}", program.id, text::trim(line.substr(0, arrow))),
                    "set LD_LIBRARY_PATH as for a run of the program");
    }
    path = path.substr(0, path.rfind(" ("));
    if (path.starts_with("/")) libraries.emplace_back(path);
  }
  return libraries;
}

doc::Value strings(const std::vector<std::string>& items) {
  doc::Value array = doc::Value::array();
  for (const auto& item : items) array.push(doc::Value(item));
  return array;
}

Result<std::vector<std::string>> strings_of(const doc::Value& manifest, std::string_view name) {
  std::vector<std::string> out;
  const doc::Value* found = manifest.find(name);
  if (found == nullptr || !found->is_array()) return refuse(format("its {} has no list \"{}\"", kManifest, name));
  for (const auto& item : found->items()) {
    if (!item.is_string()) return refuse(format("in its {} an item of \"{}\" is no text", kManifest, name));
    out.push_back(item.as_string());
  }
  return out;
}

bool is_inside(std::string_view name) {
  return !name.empty() && !name.starts_with("/") && name != ".." && !name.starts_with("../") && name != ".";
}

struct CloseReader {
  void operator()(archive* a) const { archive_read_free(a); }
};

Result<void> unpack_member(archive* reader, archive_entry* entry, const std::string& name, const std::string& folder,
                           std::uint64_t& left) {
  if (archive_entry_filetype(entry) != AE_IFREG) return refuse(format("its member {} is no regular file", name));
  const std::string path = io::join_path(folder, name);
  TRY(io::make_folders(std::string(io::parent_path(path))));
  const mode_t mode = (archive_entry_perm(entry) & 0111) != 0 ? 0755 : 0644;
  const Descriptor out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!out) return std::unexpected(io::errno_error("write", path, errno));
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  for (;;) {
    const int state = archive_read_data_block(reader, &block, &size, &offset);
    if (state == ARCHIVE_EOF) return {};
    if (state < ARCHIVE_WARN) return refuse(format("its member {} is damaged: {}", name, archive_error_string(reader)));
    if (size > left) return refuse(format("it holds more than {} GiB", limits::kArchiveBytes >> 30));
    left -= size;
    const auto* bytes = static_cast<const char*>(block);
    for (std::size_t done = 0; done < size;) {
      const ssize_t count = ::pwrite(out.get(), bytes + done, size - done, offset + static_cast<la_int64_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return std::unexpected(io::errno_error("write", path, errno));
      done += static_cast<std::size_t>(count);
    }
  }
}

Result<OpenedArchive> read_manifest(const std::string& folder) {
  const auto text = TRY(io::read_file(io::join_path(folder, kManifest), limits::kManifestBytes));
  const auto manifest = doc::parse_json(text);
  if (!manifest || !manifest->is_object()) return refuse(format("its {} is no JSON object", kManifest));
  if (const auto version = manifest->integer_or("version", 0); version != 1)
    return refuse(format("it is of version {}; this Chiron reads version 1", version));
  OpenedArchive opened;
  opened.targets = TRY(strings_of(*manifest, "targets"));
  std::string paths;
  for (const auto& library_folder : TRY(strings_of(*manifest, "library-folders"))) {
    const std::string clean = io::normalize_path(library_folder);
    if (clean != "." && !is_inside(clean))
      return refuse(format("its library folder {} lies outside of it", library_folder));
    paths += (paths.empty() ? "" : ":") + io::join_path(folder, clean);
  }
  if (!paths.empty()) opened.environment.emplace_back("LD_LIBRARY_PATH", paths);
  return opened;
}

}  // namespace

Result<ArchiveSummary> write_archive(const ArchiveRequest& request, const std::string& path) {
  const auto programs = TRY(find_programs(request.targets, request.folder, {}));
  // By the name within the archive, each once.
  std::map<std::string, std::string> members;
  std::set<std::string> library_folders;
  std::vector<std::string> targets;
  ArchiveSummary summary;
  for (const auto& program : programs) {
    if (program.framework == Framework::pytest || program.framework == Framework::ctest) {
      return refuse(format("{}: {} cannot be archived", program.id,
                           program.framework == Framework::pytest ? "a pytest project" : "a CTest build folder"),
                    program.framework == Framework::pytest
                        ? "run it from a checkout; nothing of it is built"
                        : "its commands name absolute paths; name the test programs themselves");
    }
    const auto name = below(request.folder, program.path);
    if (!name)
      return refuse(format("{} lies outside of {}", program.path, request.folder), "start in a folder that holds both");
    members.emplace(*name, program.path);
    ++summary.programs;
    targets.push_back(format("{}:{}", to_string(program.framework), *name));
    if (program.framework == Framework::tap) continue;
    for (const auto& library : TRY(libraries_of(program))) {
      const auto place = below(request.folder, library);
      if (!place) continue;
      if (members.emplace(*place, library).second) ++summary.libraries;
      library_folders.emplace(io::parent_path(*place).empty() ? "." : io::parent_path(*place));
    }
  }
  for (const auto& file : request.files) {
    const auto name = below(request.folder, io::join_path(request.folder, file));
    if (!name) return refuse(format("{} lies outside of {}", file, request.folder));
    if (members.emplace(*name, io::join_path(request.folder, file)).second) ++summary.files;
  }
  doc::Value manifest;
  manifest.set("version", doc::Value(1)).set("targets", strings(targets));
  manifest.set("library-folders", strings({library_folders.begin(), library_folders.end()}));
  auto writer = TRY(Writer::create(path));
  TRY(writer.add(std::string(kManifest), doc::write_json(manifest) + "\n", false));
  if (!request.timings.empty() && io::exists(request.timings)) {
    TRY(writer.add_file(std::string(kArchivedTimings), request.timings));
    members.erase(std::string(kArchivedTimings));
  }
  members.erase(std::string(kManifest));
  for (const auto& [name, from] : members) summary.bytes += TRY(writer.add_file(name, from));
  TRY(writer.finish());
  return summary;
}

Result<OpenedArchive> unpack_archive(const std::string& path, const std::string& folder) {
  const auto named = [&](std::unexpected<Error> error) {
    if (error.error().code == "testing.archive") error.error().message = path + ": " + error.error().message;
    return error;
  };
  if (!io::exists(path)) return std::unexpected(io::errno_error("read", path, ENOENT));
  TRY(io::make_folders(folder));
  if (!TRY(io::walk(folder, [](const io::Entry&) { return false; })).empty())
    return refuse(format("the folder {} is not empty", folder), "name another one to unpack the archive in");
  const std::unique_ptr<archive, CloseReader> reader(archive_read_new());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), 1u << 16) != ARCHIVE_OK)
    return named(refuse("it is no archive of chiron test archive"));
  std::uint64_t left = limits::kArchiveBytes;
  std::size_t members = 0;
  archive_entry* entry = nullptr;
  for (;;) {
    const int state = archive_read_next_header(reader.get(), &entry);
    if (state == ARCHIVE_EOF) break;
    if (state < ARCHIVE_WARN) return named(refuse(format("it is damaged: {}", archive_error_string(reader.get()))));
    if (++members > limits::kArchiveMembers) return named(refuse("it has too many members"));
    const char* given = archive_entry_pathname(entry);
    const std::string name = given == nullptr ? "" : io::normalize_path(given);
    if (!is_inside(name))
      return named(refuse(format("its member {} lies outside of it", given == nullptr ? "" : given)));
    if (members == 1 && name != kManifest) return named(refuse("it is no archive of chiron test archive"));
    if (auto done = unpack_member(reader.get(), entry, name, folder, left); !done)
      return named(std::unexpected(std::move(done.error())));
  }
  if (members == 0) return named(refuse("it is empty"));
  auto opened = read_manifest(folder);
  if (!opened) return named(std::unexpected(std::move(opened.error())));
  return opened;
}

}  // namespace chiron::testing
