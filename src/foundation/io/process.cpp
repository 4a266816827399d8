// vfork and exec with a status pipe (so that a failed exec is an error of ours, not an exit code of the child),
// then one poll loop over the child's streams and its pidfd.
#include "foundation/io/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_set>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

extern char** environ;

namespace chiron::io {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  ~Pipe() {
    close_read();
    close_write();
  }
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  void close_read() {
    if (read_end >= 0) ::close(std::exchange(read_end, -1));
  }
  void close_write() {
    if (write_end >= 0) ::close(std::exchange(write_end, -1));
  }
};

std::vector<std::string> child_environment(const ProcessSpec& spec) {
  std::vector<std::string> variables;
  std::unordered_set<std::string_view> replaced;
  for (const auto& [name, value] : spec.environment) replaced.insert(name);
  if (!spec.clear_environment)
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view variable = *entry;
      if (!replaced.contains(variable.substr(0, variable.find('=')))) variables.emplace_back(variable);
    }
  for (const auto& [name, value] : spec.environment) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

struct Start {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;
  int input, output, error, status;
  pid_t parent;
};

// In our own memory until exec: only async-signal-safe calls, and nothing is changed that the parent reads.
[[noreturn]] void run_child(const Start& start) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != start.parent) ::_exit(127);
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGCHLD}) ::sigaction(signal, &plain, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(start.input, 0);
  ::dup2(start.output, 1);
  ::dup2(start.error, 2);
  if (start.folder == nullptr || ::chdir(start.folder) == 0)
    ::execve(start.program, start.arguments, start.environment);
  const int error_number = errno;
  const auto ignored = ::write(start.status, &error_number, sizeof error_number);
  (void)ignored;
  ::_exit(127);
}

// vfork: with fork, every page that we touch next is faulted in again, a fifth of a cached check's time. A function of
// its own, so that no local of the caller lives in a register across it.
[[gnu::noinline]] pid_t start_child(const Start& start) {
  const pid_t pid = ::vfork();
  if (pid == 0) run_child(start);
  return pid;
}

class Running {
 public:
  Running(const ProcessSpec& spec, const task::CancelToken* cancel) : spec_(spec), cancel_(cancel) {}

  Result<ProcessResult> run() {
    TRY(start());
    begun_ = Clock::now();
    loop();
    return std::move(result_);
  }

 private:
  Result<void> start() {
    if (spec_.arguments.empty()) return fail(ErrorKind::usage, "process.empty", "no program is named");
    const auto program = find_program(spec_.arguments[0]);
    if (!program)
      return fail(ErrorKind::io, "process.not-found", format("the program {} is not found", spec_.arguments[0]), {},
                  "Install it, or correct its name or PATH.");
    Pipe status;
    if (!in_.open() || !out_.open() || (!spec_.merge_streams && !err_.open()) || !status.open())
      return std::unexpected(errno_error("start", spec_.arguments[0], errno));
    auto arguments = spec_.arguments;
    auto variables = child_environment(spec_);
    const auto argument_pointers = pointers(arguments);
    const auto variable_pointers = pointers(variables);
    const Start start{program->c_str(),
                      argument_pointers.data(),
                      variable_pointers.data(),
                      spec_.working_folder.empty() ? nullptr : spec_.working_folder.c_str(),
                      in_.read_end,
                      out_.write_end,
                      spec_.merge_streams ? out_.write_end : err_.write_end,
                      status.write_end,
                      ::getpid()};
    // No handler may run in the child, whose memory is ours.
    sigset_t every, before;
    ::sigfillset(&every);
    ::pthread_sigmask(SIG_SETMASK, &every, &before);
    child_ = start_child(start);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child_ < 0) return std::unexpected(errno_error("start", spec_.arguments[0], errno));
    ::setpgid(child_, child_);
    status.close_write();
    in_.close_read();
    out_.close_write();
    err_.close_write();
    int error_number = 0;
    ssize_t got;
    do got = ::read(status.read_end, &error_number, sizeof error_number);
    while (got < 0 && errno == EINTR);
    if (got == sizeof error_number) {
      ::waitpid(child_, nullptr, 0);
      return std::unexpected(errno_error("start", spec_.arguments[0], error_number));
    }
    ::fcntl(in_.write_end, F_SETFL, O_NONBLOCK);
    ::fcntl(out_.read_end, F_SETFL, O_NONBLOCK);
    if (err_.read_end >= 0) ::fcntl(err_.read_end, F_SETFL, O_NONBLOCK);
    return {};
  }

  void loop() {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child_, 0));
    if (spec_.input.empty()) in_.close_write();
    bool ended = false;
    while (!ended || out_.read_end >= 0 || err_.read_end >= 0) {
      pollfd waits[4];
      nfds_t count = 0;
      const auto add = [&](int fd, short events) {
        if (fd >= 0) waits[count++] = {fd, events, 0};
      };
      add(out_.read_end, POLLIN);
      add(err_.read_end, POLLIN);
      add(in_.write_end, POLLOUT);
      if (!ended) add(pidfd, POLLIN);
      ::poll(waits, count, wait_ms(ended));
      pump(out_, result_.output, false);
      pump(err_, result_.error_output, true);
      feed();
      if (!ended) ended = reap(pidfd < 0 ? 0 : WNOHANG);
      if (ended && ended_at_ == Clock::time_point{}) {
        ended_at_ = Clock::now();
        // A descendant that kept our pipe open gets a moment to finish, then the group is ended.
      }
      if (ended && Clock::now() - ended_at_ > std::chrono::milliseconds(200)) {
        ::kill(-child_, SIGKILL);
        pump(out_, result_.output, false);
        pump(err_, result_.error_output, true);
        break;
      }
      if (!ended) check_limits();
    }
    if (pidfd >= 0) ::close(pidfd);
    if (result_.reason == ExitReason::timed_out || result_.reason == ExitReason::cancelled) ::kill(-child_, SIGKILL);
    result_.wall = Clock::now() - begun_;
  }

  [[nodiscard]] int wait_ms(bool ended) const {
    if (ended) return 20;
    return spec_.timeout.count() > 0 || cancel_ != nullptr || stopping_ ? 50 : 1000;
  }

  void pump(Pipe& pipe, std::string& store, bool is_error) {
    if (pipe.read_end < 0) return;
    char buffer[65536];
    for (int rounds = 0; rounds < 64; ++rounds) {
      const auto got = ::read(pipe.read_end, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) {
        pipe.close_read();
        return;
      }
      const std::string_view piece(buffer, static_cast<std::size_t>(got));
      if (spec_.on_output) spec_.on_output(piece, is_error);
      const auto room = spec_.max_output_bytes - std::min<std::uint64_t>(spec_.max_output_bytes, store.size());
      store.append(piece.substr(0, room));
      if (piece.size() > room) result_.dropped_bytes += piece.size() - room;
    }
  }

  void feed() {
    while (in_.write_end >= 0 && fed_ < spec_.input.size()) {
      const auto written = ::write(in_.write_end, spec_.input.data() + fed_, spec_.input.size() - fed_);
      if (written < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) in_.close_write();  // the child does not read it: its choice
        return;
      }
      fed_ += static_cast<std::size_t>(written);
    }
    if (fed_ == spec_.input.size()) in_.close_write();
  }

  bool reap(int flags) {
    int status = 0;
    rusage usage{};
    const auto got = ::wait4(child_, &status, flags, &usage);
    if (got != child_) return got < 0 && errno == ECHILD;
    const auto to_ns = [](const timeval& t) {
      return std::chrono::nanoseconds(t.tv_sec * 1'000'000'000LL + t.tv_usec * 1000LL);
    };
    result_.cpu = to_ns(usage.ru_utime) + to_ns(usage.ru_stime);
    result_.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    if (WIFSIGNALED(status)) {
      result_.signal = WTERMSIG(status);
      if (!stopping_) result_.reason = ExitReason::signalled;
    } else {
      result_.exit_code = WEXITSTATUS(status);
    }
    return true;
  }

  void check_limits() {
    const auto now = Clock::now();
    if (!stopping_) {
      const bool cancelled = cancel_ != nullptr && cancel_->cancelled();
      const bool late = spec_.timeout.count() > 0 && now - begun_ > spec_.timeout;
      if (!cancelled && !late) return;
      result_.reason = cancelled ? ExitReason::cancelled : ExitReason::timed_out;
      stopping_ = true;
      kill_at_ = now + spec_.grace;
      ::kill(-child_, SIGTERM);
    } else if (now > kill_at_) {
      ::kill(-child_, SIGKILL);
    }
  }

  const ProcessSpec& spec_;
  const task::CancelToken* cancel_;
  Pipe in_, out_, err_;
  pid_t child_ = -1;
  ProcessResult result_;
  Clock::time_point begun_, kill_at_, ended_at_;
  std::size_t fed_ = 0;
  bool stopping_ = false;
};

}  // namespace

Result<ProcessResult> run_process(const ProcessSpec& spec, const task::CancelToken* cancel) {
  return Running(spec, cancel).run();
}

std::optional<std::string> find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return std::string(name);
  const char* path = std::getenv("PATH");
  for (const auto folder : text::split(path != nullptr ? path : "/usr/bin:/bin", ':')) {
    auto candidate = join_path(folder.empty() ? "." : folder, name);
    if (::access(candidate.c_str(), X_OK) == 0 && !is_folder(candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace chiron::io
