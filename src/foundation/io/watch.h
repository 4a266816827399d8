// Waiting until something in some folders changes, without looking at them again and again (Linux's inotify).
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "foundation/base/result.h"
#include "foundation/task/cancel.h"

namespace chiron::io {

class FolderWatch {
 public:
  // Entries of these folders, not of the folders below them; one that is not there is left out. Errors: "watch.limit"
  // where the system allows no more.
  [[nodiscard]] static Result<FolderWatch> create(const std::vector<std::string>& folders);
  FolderWatch(FolderWatch&& other) noexcept;
  FolderWatch& operator=(FolderWatch&& other) noexcept;
  ~FolderWatch();

  // Returns when an entry was made, written, renamed or removed since the watch began (or since the last wait) and then
  // nothing more happened for `quiet`. False when cancelled first.
  [[nodiscard]] bool wait(const task::CancelToken& cancel, std::chrono::milliseconds quiet) const;

 private:
  explicit FolderWatch(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace chiron::io
