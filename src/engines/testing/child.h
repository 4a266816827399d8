// Children as the test runner needs them: started by vfork (a thousand starts a second must be cheap), watched
// through pidfds in one event loop, each in a session of its own, and ended with everything they left behind.
#pragma once
#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "engines/testing/model.h"

namespace chiron::testing {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }
  void close();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct SpawnRequest {
  const std::vector<std::string>* arguments = nullptr;    // [0] is a path or looked up on PATH
  const std::vector<std::string>* environment = nullptr;  // "NAME=value"
  std::string working_folder;
  int output = -1;   // becomes 1 and 2
  int control = -1;  // stays open at its own number, where given
};

struct Child {
  pid_t pid = -1;
  Descriptor pidfd;
};

// Errors: "process.not-found", "process.start".
[[nodiscard]] Result<Child> spawn(const SpawnRequest& request);

struct Ended {
  int exit_code = 0;
  int signal = 0;  // not 0 where it died of one
  Nanoseconds cpu{0};
};
// Reaps a child whose pidfd is readable.
[[nodiscard]] Ended reap(pid_t pid);

struct PipePair {
  Descriptor read, write;  // the reading end does not block; both close on exec
};
[[nodiscard]] Result<PipePair> make_pipe();
// A connected pair of stream sockets, close on exec.
[[nodiscard]] Result<PipePair> make_socket_pair();

// "NAME=value" lines of our environment, changed by `changes` (a later one wins) and without the names in `without`.
[[nodiscard]] std::vector<std::string> build_environment(std::span<const Environment* const> changes,
                                                         std::span<const std::string_view> without = {});

// While it lives, orphans of our children become our children instead of init's, so that none is lost sight of.
class Subreaper {
 public:
  Subreaper();
  ~Subreaper();
  Subreaper(const Subreaper&) = delete;
  Subreaper& operator=(const Subreaper&) = delete;

 private:
  int before_ = 0;
};

struct Orphan {
  pid_t pid = 0;
  std::string command;
  std::vector<std::string> ports;  // "tcp 127.0.0.1:8080", that it listens on
};
// Children of ours that we did not start ourselves: what tests left running. A child belongs to a process of the run
// by session, or by the mark CHIRON_TEST_PROCESS=token in its environment.
[[nodiscard]] std::vector<Orphan> find_orphans(pid_t session, const std::string& token, std::span<const pid_t> known);
// SIGKILL for every orphan and what it leaves in turn, reaped; bounded in rounds.
void end_orphans(pid_t session, const std::string& token, std::span<const pid_t> known);

// Removes a folder with everything in it; what cannot be removed is left.
void remove_tree(const std::string& path);

}  // namespace chiron::testing
