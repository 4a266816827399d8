// See filter.h. The adapter around RE2 (its time is linear in the text whatever the pattern).
#include "engines/compare/filter.h"

#include <re2/re2.h>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

struct Filter::Masks {
  std::vector<std::unique_ptr<RE2>> patterns;
  [[nodiscard]] std::string apply(ByteView bytes) const {
    std::string text(bytes);
    for (const auto& pattern : patterns) RE2::GlobalReplace(&text, *pattern, "\xff");
    return text;
  }
};

Filter::Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

Result<Filter> Filter::create(const Options& options) {
  Filter filter;
  filter.exclude_ = options.exclude;
  filter.exclude_metadata_ = options.exclude_metadata;
  filter.semantic_ = options.semantic;
  if (options.masks.empty()) return filter;
  filter.masks_ = std::make_unique<Masks>();
  for (const auto& mask : options.masks) {
    RE2::Options settings;
    settings.set_encoding(RE2::Options::EncodingLatin1);  // content may be any bytes
    settings.set_log_errors(false);
    settings.set_dot_nl(false);
    auto pattern = std::make_unique<RE2>(mask, settings);
    if (!pattern->ok()) {
      return fail(ErrorKind::usage, "compare.mask", format("--mask {}: {}", mask, pattern->error()));
    }
    filter.masks_->patterns.push_back(std::move(pattern));
  }
  return filter;
}

bool Filter::has_masks() const { return masks_ != nullptr; }

bool Filter::excluded(std::string_view path) const {
  if (exclude_.empty()) return false;
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with("./")) path.remove_prefix(2);
  const auto slash = path.rfind('/');
  const auto base = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (const auto& pattern : exclude_) {
    if (text::glob_match(pattern, path) || text::glob_match(pattern, base)) return true;
  }
  return false;
}

bool Filter::equal_masked(ByteView a, ByteView b) const {
  constexpr std::size_t kMaskedBytes = 256 << 20;
  if (masks_ == nullptr || std::max(a.size(), b.size()) > kMaskedBytes) return false;
  return masks_->apply(a) == masks_->apply(b);
}

bool Filter::mark(Difference& root) const {
  bool left = false;
  std::vector<Difference*> open{&root};
  while (!open.empty()) {
    auto& node = *open.back();
    open.pop_back();
    if (!node.ignored) {
      const bool beside = node.kind == Kind::metadata || node.kind == Kind::header || node.kind == Kind::order;
      if (exclude_metadata_ && beside) {
        node.ignored = true;
        if (node.reason.empty()) node.reason = "excluded as metadata";
      } else if (semantic_ && !node.semantic) {
        node.ignored = true;
      } else if (!node.old_value.empty() && equal_masked(node.old_value, node.new_value)) {
        node.ignored = true;
        node.reason = "differs only where a mask matches";
      }
    }
    if (node.ignored) continue;
    const bool own = node.kind != Kind::group && (node.kind != Kind::content || node.children.empty());
    // A renamed member is a difference even where its content is equal.
    left = left || (own && !node.empty()) || node.kind == Kind::renamed;
    for (auto& child : node.children) open.push_back(&child);
  }
  return left;
}

}  // namespace chiron::compare
