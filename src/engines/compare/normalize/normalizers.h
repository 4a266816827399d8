// The normalisers, one function a format; each returns the normal form and records what it changed.
#pragma once
#include "engines/compare/normalize/normalize.h"

namespace chiron::compare {

class Normalizer {
 public:
  Normalizer(const NormalizeOptions& options, Budget& budget) : options_(options), budget_(budget) {}

  // By format; bytes that none knows come back as they are.
  Result<std::string> any(ByteView bytes, std::string_view name, std::string& format);

  Result<std::string> tar(ByteView bytes);
  Result<std::string> zip(ByteView bytes, std::string_view name);
  Result<std::string> ar(ByteView bytes);
  Result<std::string> cpio(ByteView bytes);
  Result<std::string> gzip(ByteView bytes, std::string_view name);
  Result<std::string> png(ByteView bytes);
  Result<std::string> pyc(ByteView bytes);
  Result<std::string> gettext(ByteView bytes, std::string_view name);

  [[nodiscard]] std::vector<NormalizeChange> take_changes() { return std::move(changes_); }

 private:
  void note(std::string_view member, std::string_view what, std::string_view before, std::string_view after);
  // The content of a member in its own normal form.
  Result<std::string> nested(ByteView bytes, std::string_view name);

  const NormalizeOptions& options_;
  Budget& budget_;
  std::vector<NormalizeChange> changes_;
  std::vector<std::string> path_;  // the members around what is normalised now
};

// Whether unpacking a member of that name would write outside the folder.
[[nodiscard]] bool leaves_archive(std::string_view name);

}  // namespace chiron::compare
