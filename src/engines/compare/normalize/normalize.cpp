// Which normaliser an artifact gets, and the way down into nested ones; see normalize.h.
#include "engines/compare/normalize/normalize.h"

#include "engines/compare/container/container.h"
#include "engines/compare/normalize/normalizers.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kDeepest = 8;  // archives within archives
constexpr std::size_t kMaxChanges = 1'000'000;

bool is_pyc(ByteView bytes, std::string_view name) {
  return name.ends_with(".pyc") && bytes.size() >= 16 && bytes.substr(2, 2) == "\r\n" && little32(bytes, 4) <= 3;
}

bool is_gettext(ByteView bytes, std::string_view name) {
  if (bytes.size() >= 28 && (little32(bytes, 0) == 0x950412de || little32(bytes, 0) == 0xde120495)) return true;
  return (name.ends_with(".po") || name.ends_with(".pot")) && bytes.find("msgid") != ByteView::npos;
}

}  // namespace

bool leaves_archive(std::string_view name) {
  if (name.starts_with('/')) return true;
  for (const auto part : text::split(name, '/')) {
    if (part == "..") return true;
  }
  return false;
}

void Normalizer::note(std::string_view member, std::string_view what, std::string_view before, std::string_view after) {
  if (changes_.size() >= kMaxChanges) return;
  std::string path;
  for (const auto& part : path_) path += (path.empty() ? "" : "/") + part;
  if (!member.empty()) path += (path.empty() ? "" : "/") + std::string(member);
  changes_.push_back({std::move(path), std::string(what), std::string(before), std::string(after)});
}

Result<std::string> Normalizer::nested(ByteView bytes, std::string_view name) {
  if (path_.size() >= kDeepest) return std::string(bytes);
  if (budget_.stopped()) return std::unexpected(budget_.stop_error());
  path_.emplace_back(name);
  const auto noted = changes_.size();
  std::string found;
  auto result = any(bytes, name, found);
  path_.pop_back();
  // A member that cannot be normalised stays as it is; the archive around it still can be.
  if (!result && result.error().kind != ErrorKind::limit && result.error().kind != ErrorKind::interrupted) {
    changes_.resize(noted);
    return std::string(bytes);
  }
  return result;
}

Result<std::string> Normalizer::any(ByteView bytes, std::string_view name, std::string& format_name) {
  if (is_gzip(bytes, name)) return format_name = "gzip stream", gzip(bytes, name);
  if (is_ar(bytes, name)) return format_name = "ar archive", ar(bytes);
  if (is_cpio(bytes, name)) return format_name = "cpio archive", cpio(bytes);
  if (is_zip(bytes, name)) return format_name = "zip archive", zip(bytes, name);
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return format_name = "PNG image", png(bytes);
  if (is_pyc(bytes, name)) return format_name = "Python bytecode", pyc(bytes);
  if (is_gettext(bytes, name)) return format_name = "gettext catalogue", gettext(bytes, name);
  if (is_tar(bytes, name)) return format_name = "tar archive", tar(bytes);
  return std::string(bytes);
}

Result<Normalized> normalize(ByteView bytes, std::string_view name, const NormalizeOptions& options, Budget& budget) {
  if (bytes.size() > options.max_bytes) {
    return fail(ErrorKind::limit, "limit.size",
                format("{} has {} bytes, more than the limit of {}", name, bytes.size(), options.max_bytes));
  }
  Normalizer normalizer(options, budget);
  Normalized normalized;
  normalized.bytes = TRY(normalizer.any(bytes, name, normalized.format));
  normalized.changes = normalizer.take_changes();
  return normalized;
}

}  // namespace chiron::compare
