#include "engines/testing/child.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <unordered_set>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

extern char** environ;

namespace chiron::testing {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

namespace {

struct ChildPlan {
  const char* path;
  char** arguments;
  char** environment;
  const char* folder;  // nullptr for ours
  int input, output, control;
  pid_t parent;
  volatile int error = 0;  // written by the child: the parent's memory is shared until exec
};

// Runs in the child between vfork and exec: system calls only, on memory it shares with the stopped parent.
[[noreturn]] void become(ChildPlan* plan) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan->parent) _exit(127);
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaction(number, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (plan->folder && chdir(plan->folder) != 0) {
    plan->error = errno;
    _exit(127);
  }
  dup2(plan->input, 0);
  dup2(plan->output, 1);
  dup2(plan->output, 2);
  if (plan->control >= 0) fcntl(plan->control, F_SETFD, 0);
  execve(plan->path, plan->arguments, plan->environment);
  plan->error = errno;
  _exit(127);
}

// A function of its own, so that no local of the caller lives in a register across vfork.
__attribute__((noinline)) pid_t start(ChildPlan* plan) {
  const pid_t pid = vfork();
  if (pid == 0) become(plan);
  return pid;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

}  // namespace

Result<Child> spawn(const SpawnRequest& request) {
  const auto& arguments = *request.arguments;
  if (arguments.empty()) return fail(ErrorKind::usage, "process.start", "no program to start");
  std::string path = arguments[0];
  if (path.find('/') == std::string::npos) {
    auto found = io::find_program(path);
    if (!found) {
      return fail(ErrorKind::io, "process.not-found", format("failed to start {}: no such program on PATH", path));
    }
    path = *found;
  }
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(*request.environment);
  ChildPlan plan{path.c_str(),
                 argument_pointers.data(),
                 environment_pointers.data(),
                 request.working_folder.empty() ? nullptr : request.working_folder.c_str(),
                 null.get(),
                 request.output,
                 request.control,
                 getpid()};
  const pid_t pid = start(&plan);
  if (pid < 0) return std::unexpected(io::errno_error("start", path, errno));
  if (plan.error != 0) {
    int status = 0;
    waitpid(pid, &status, 0);
    Error error = io::errno_error("start", path, plan.error);
    error.code = "process.start";
    return std::unexpected(std::move(error));
  }
  Child child;
  child.pid = pid;
  child.pidfd = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!child.pidfd) {
    Error error = io::errno_error("watch", path, errno);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return std::unexpected(std::move(error));
  }
  return child;
}

Ended reap(pid_t pid) {
  Ended ended;
  int status = 0;
  rusage usage = {};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    ended.signal = WTERMSIG(status);
  } else {
    ended.exit_code = WEXITSTATUS(status);
  }
  const auto of = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  ended.cpu = of(usage.ru_utime) + of(usage.ru_stime);
  return ended;
}

Result<PipePair> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(io::errno_error("make", "a pipe", errno));
  PipePair pair;
  pair.read = Descriptor(ends[0]);
  pair.write = Descriptor(ends[1]);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return pair;
}

Result<PipePair> make_socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(io::errno_error("make", "a socket pair", errno));
  }
  PipePair pair;
  pair.read = Descriptor(ends[0]);
  pair.write = Descriptor(ends[1]);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return pair;
}

std::vector<std::string> build_environment(std::span<const Environment* const> changes,
                                           std::span<const std::string_view> without) {
  std::vector<std::string> result;
  std::unordered_set<std::string_view> replaced(without.begin(), without.end());
  for (const auto* list : changes) {
    for (const auto& [name, value] : *list) replaced.insert(name);
  }
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    if (!replaced.contains(text.substr(0, text.find('=')))) result.emplace_back(text);
  }
  std::unordered_set<std::string_view> done;
  for (auto list = changes.rbegin(); list != changes.rend(); ++list) {
    for (auto entry = (*list)->rbegin(); entry != (*list)->rend(); ++entry) {
      if (done.insert(entry->first).second) result.push_back(entry->first + "=" + entry->second);
    }
  }
  return result;
}

Subreaper::Subreaper() {
  prctl(PR_GET_CHILD_SUBREAPER, &before_);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}
Subreaper::~Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, before_); }

namespace {

// /proc files report no size and are small; read with one call.
std::string read_small(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > (4u << 20)) break;
  }
  return text;
}

std::vector<pid_t> our_children() {
  std::vector<pid_t> result;
  DIR* folder = opendir("/proc/self/task");
  if (!folder) return result;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    const std::string text = read_small(format("/proc/self/task/{}/children", entry->d_name));
    for (const auto part : text::split(text, ' ')) {
      if (const auto pid = text::parse_unsigned(part)) result.push_back(static_cast<pid_t>(*pid));
    }
  }
  closedir(folder);
  return result;
}

struct Identity {
  pid_t session = 0;
  bool zombie = false;
};
std::optional<Identity> identify(pid_t pid) {
  const std::string stat = read_small(format("/proc/{}/stat", pid));
  const std::size_t close = stat.rfind(')');
  if (close == std::string::npos || close + 2 >= stat.size()) return {};
  const auto fields = text::split(std::string_view(stat).substr(close + 2), ' ');
  if (fields.size() < 4) return {};
  Identity identity;
  identity.zombie = fields[0] == "Z";
  identity.session = static_cast<pid_t>(text::parse_unsigned(fields[3]).value_or(0));
  return identity;
}

bool has_mark(pid_t pid, const std::string& token) {
  const std::string environment = read_small(format("/proc/{}/environ", pid));
  return environment.find("CHIRON_TEST_PROCESS=" + token + std::string(1, '\0')) != std::string::npos;
}

// Listening sockets by inode, from /proc/PID/net/tcp and tcp6.
std::vector<std::string> listening_ports(pid_t pid) {
  std::unordered_map<std::string, std::string> by_inode;
  for (const char* family : {"tcp", "tcp6"}) {
    const std::string table = read_small(format("/proc/{}/net/{}", pid, family));
    for (const auto line : text::split_lines(table)) {
      std::vector<std::string_view> fields;
      for (const auto field : text::split(line, ' ')) {
        if (!field.empty()) fields.push_back(field);
      }
      if (fields.size() < 10 || fields[3] != "0A") continue;  // 0A: LISTEN
      const std::size_t colon = fields[1].rfind(':');
      if (colon == std::string_view::npos) continue;
      const unsigned port =
          static_cast<unsigned>(std::strtoul(std::string(fields[1].substr(colon + 1)).c_str(), nullptr, 16));
      by_inode.emplace(format("socket:[{}]", fields[9]), format("tcp port {}", port));
    }
  }
  std::vector<std::string> result;
  const std::string folder_path = format("/proc/{}/fd", pid);
  DIR* folder = opendir(folder_path.c_str());
  if (!folder) return result;
  while (const dirent* entry = readdir(folder)) {
    char target[128];
    const ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
    if (length <= 0) continue;
    const auto found = by_inode.find(std::string(target, static_cast<std::size_t>(length)));
    if (found != by_inode.end()) result.push_back(found->second);
  }
  closedir(folder);
  return result;
}

std::vector<pid_t> orphan_pids(pid_t session, const std::string& token, std::span<const pid_t> known) {
  std::vector<pid_t> result;
  for (const pid_t pid : our_children()) {
    if (std::find(known.begin(), known.end(), pid) != known.end()) continue;
    const auto identity = identify(pid);
    if (!identity) continue;
    // A zombie's environment is gone, so one outside the session is left alone: it may be another part's child.
    if (identity->session != session && (identity->zombie || !has_mark(pid, token))) continue;
    if (identity->zombie) {
      waitpid(pid, nullptr, WNOHANG);
      continue;
    }
    result.push_back(pid);
  }
  return result;
}

}  // namespace

std::vector<Orphan> find_orphans(pid_t session, const std::string& token, std::span<const pid_t> known) {
  std::vector<Orphan> result;
  for (const pid_t pid : orphan_pids(session, token, known)) {
    Orphan orphan;
    orphan.pid = pid;
    orphan.command = read_small(format("/proc/{}/cmdline", pid)).substr(0, 300);
    for (char& c : orphan.command) {
      if (c == '\0') c = ' ';
    }
    orphan.command = std::string(text::trim(orphan.command));
    orphan.ports = listening_ports(pid);
    result.push_back(std::move(orphan));
  }
  return result;
}

void end_orphans(pid_t session, const std::string& token, std::span<const pid_t> known) {
  // Killing one may hand us its children: repeat until nothing is left, but not for ever against a fork bomb.
  for (int round = 0; round < 50; ++round) {
    const auto pids = orphan_pids(session, token, known);
    if (pids.empty()) return;
    for (const pid_t pid : pids) kill(pid, SIGKILL);
    for (const pid_t pid : pids) waitpid(pid, nullptr, 0);
  }
}

void remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return;
  // A test may leave folders without permissions.
  for (auto it = std::filesystem::recursive_directory_iterator(
           path, std::filesystem::directory_options::skip_permission_denied, error);
       !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
      std::filesystem::permissions(it->path(), std::filesystem::perms::owner_all, ignored);
    }
  }
  std::filesystem::remove_all(path, error);
}

}  // namespace chiron::testing
