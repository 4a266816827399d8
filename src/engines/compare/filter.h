// What the user wants left out: excluded names, masked text, noise. Left out never means hidden: ignored nodes stay in
// the tree with their reason.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "engines/compare/compare.h"

namespace chiron::compare {

class Filter {
 public:
  [[nodiscard]] static Result<Filter> create(const Options& options);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  [[nodiscard]] bool excluded(std::string_view path) const;
  // Whether two values are equal once what the masks match is taken out.
  [[nodiscard]] bool equal_masked(ByteView a, ByteView b) const;
  [[nodiscard]] bool has_masks() const;
  // Marks what the options ignore; returns whether anything else is left that differs.
  bool mark(Difference& root) const;

 private:
  Filter();
  struct Masks;
  std::unique_ptr<Masks> masks_;
  std::vector<std::string> exclude_;
  bool exclude_metadata_ = false;
  bool semantic_ = false;
};

}  // namespace chiron::compare
