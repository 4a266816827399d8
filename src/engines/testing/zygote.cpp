#include "engines/testing/zygote.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::testing {

extern const char kPytestWorker[];

bool WorkerLink::read(std::vector<WorkerMessage>& messages) {
  char piece[65536];
  bool open = true;
  for (;;) {
    const ssize_t count = ::read(socket_.get(), piece, sizeof piece);
    if (count > 0) {
      buffer_.append(piece, static_cast<std::size_t>(count));
      if (buffer_.size() > limits::kMessageBytes) return false;
      if (static_cast<std::size_t>(count) < sizeof piece) break;
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    open = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    break;
  }
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = buffer_.find('\n', begin);
    if (end == std::string::npos) break;
    const std::string_view line = std::string_view(buffer_).substr(begin, end - begin);
    begin = end + 1;
    WorkerMessage message;
    if (line.starts_with("{\"s\":") && line.ends_with("}")) {
      message.kind = WorkerMessage::Kind::started;
      message.test = static_cast<std::uint32_t>(text::parse_unsigned(line.substr(5, line.size() - 6)).value_or(~0u));
    } else if (line.starts_with("{\"p\":")) {
      const std::size_t comma = line.find(",\"t\":");
      if (comma == std::string_view::npos) return false;
      message.kind = WorkerMessage::Kind::passed;
      message.test = static_cast<std::uint32_t>(text::parse_unsigned(line.substr(5, comma - 5)).value_or(~0u));
      const double seconds = text::parse_double(line.substr(comma + 5, line.size() - comma - 6)).value_or(0);
      message.duration = Nanoseconds(static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e8) * 1e9));
    } else {
      auto value = doc::parse_json(line);
      if (!value) return false;  // not our worker any more
      message.value = std::move(*value);
    }
    messages.push_back(std::move(message));
  }
  buffer_.erase(0, begin);
  return open;
}

bool WorkerLink::send(const std::string& line, std::span<const int> descriptors) {
  std::string_view rest = line;
  bool first = true;
  while (!rest.empty()) {
    iovec piece{const_cast<char*>(rest.data()), rest.size()};
    msghdr header = {};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    alignas(cmsghdr) char space[CMSG_SPACE(4 * sizeof(int))] = {};
    if (first && !descriptors.empty()) {
      header.msg_control = space;
      header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
      cmsghdr* control = CMSG_FIRSTHDR(&header);
      control->cmsg_level = SOL_SOCKET;
      control->cmsg_type = SCM_RIGHTS;
      control->cmsg_len = CMSG_LEN(descriptors.size_bytes());
      std::memcpy(CMSG_DATA(control), descriptors.data(), descriptors.size_bytes());
    }
    const ssize_t count = sendmsg(socket_.get(), &header, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      // The other side is slow to read; a second is far more than it needs unless it hangs.
      pollfd wait{socket_.get(), POLLOUT, 0};
      if (poll(&wait, 1, 5000) > 0) continue;
      return false;
    }
    if (count < 0) return false;
    first = false;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Result<std::shared_ptr<Zygote>> Zygote::start(const Program& program, ProgramIndex index, const ListOptions& options) {
  PipePair sockets = TRY(make_socket_pair());
  doc::Value arguments = doc::Value::array({});
  arguments.push(doc::Value("-q"));
  for (const auto& argument : program.arguments) arguments.push(doc::Value(argument));
  Environment changes = {{"CHIRON_PYTEST_CONTROL", format("{}", sockets.write.get())},
                         {"CHIRON_PYTEST_ARGUMENTS", doc::write_json(arguments)},
                         {"PYTHONUNBUFFERED", "1"}};
  if (!options.coverage_folder.empty()) {
    const std::string folder = format("{}/pytest-{}", options.coverage_folder, index);
    TRY(io::make_folders(folder));
    changes.emplace_back("CHIRON_PYTEST_COVERAGE", folder);
  }
  const Environment* lists[] = {&program.environment, &changes};
  const auto environment = build_environment(lists);
  const std::vector<std::string> command = {options.python, "-c", kPytestWorker};
  const std::string output_path = format("{}/pytest-{}.out", options.scratch_folder, index);
  const Descriptor output(::open(output_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!output) return std::unexpected(io::errno_error("write", output_path, errno));
  SpawnRequest request;
  request.arguments = &command;
  request.environment = &environment;
  request.working_folder = program.path;
  request.output = output.get();
  request.control = sockets.write.get();
  Child child = TRY(spawn(request));
  sockets.write.close();
  auto zygote = std::shared_ptr<Zygote>(new Zygote(std::move(child), std::move(sockets.read)));
  zygote->output_path_ = output_path;
  TRY(zygote->collect(program, index, options));
  return zygote;
}

Result<void> Zygote::collect(const Program& program, ProgramIndex index, const ListOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  const auto refuse = [&](std::string why) -> std::unexpected<Error> {
    broken_ = true;
    auto said = io::read_file(output_path_, 16u << 20);
    std::string tail = said ? std::string(text::trim(*said)) : std::string();
    if (tail.size() > 4000) tail = "…" + tail.substr(tail.size() - 4000);
    Error error{ErrorKind::input, "testing.pytest", format("{}: {}", program.id, why), {}, {}, ""};
    if (!tail.empty()) error.notes.push_back("pytest said:\n" + tail);
    return std::unexpected(std::move(error));
  };
  std::vector<WorkerMessage> messages;
  for (;;) {
    pollfd wait{link_.get(), POLLIN, 0};
    poll(&wait, 1, 200);
    if (options.cancel && options.cancel->cancelled()) {
      broken_ = true;
      return fail(ErrorKind::interrupted, "interrupted", "interrupted");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return refuse(format("pytest did not finish collecting within {} s", options.timeout.count() / 1000));
    }
    const bool open = wait.revents == 0 || link_.read(messages);
    for (auto& message : messages) {
      const std::string_view event = message.value.string_or("event", "");
      if (event == "fatal") return refuse(std::string(message.value.string_or("message", "")));
      if (event == "end")
        return refuse(
            format("pytest ended with exit code {} before running tests", message.value.integer_or("code", 0)));
      if (event != "collected") continue;
      const auto* tests = message.value.find("tests");
      if (!tests || !tests->is_array()) return refuse("the list of tests is missing");
      for (const auto& row : tests->items()) {
        if (!row.is_array() || row.items().size() < 3 || !row.items()[0].is_string())
          return refuse("the list of tests is malformed");
        TestCase test;
        test.program = index;
        test.name = row.items()[0].as_string();
        const std::size_t bracket = test.name.find('[');
        const std::size_t last = test.name.rfind("::", bracket);
        test.suite = last == std::string::npos ? test.name : test.name.substr(0, last);
        test.file = row.items()[1].is_string() ? row.items()[1].as_string() : "";
        test.line = static_cast<std::uint32_t>(row.items()[2].as_integer().value_or(0));
        tests_.push_back(std::move(test));
      }
      if (const auto* errors = message.value.find("errors"); errors && errors->is_array()) {
        for (const auto& entry : errors->items()) {
          if (entry.is_array() && entry.items().size() == 2 && entry.items()[0].is_string() &&
              entry.items()[1].is_string()) {
            problems_.push_back(format("{}: failed to collect {}:\n{}", program.id, entry.items()[0].as_string(),
                                       entry.items()[1].as_string()));
          }
        }
      }
      return {};
    }
    messages.clear();
    if (!open) return refuse("Python ended while collecting");
  }
}

std::string Zygote::finish(Milliseconds patience) {
  if (child_.pid < 0) return {};
  if (!broken_) link_.send("{\"do\":\"finish\"}\n");
  const auto deadline = std::chrono::steady_clock::now() + (broken_ ? Milliseconds(0) : patience);
  std::vector<WorkerMessage> messages;
  for (;;) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      kill(-child_.pid, SIGKILL);
      kill(child_.pid, SIGKILL);
    }
    pollfd wait[2] = {{child_.pidfd.get(), POLLIN, 0}, {link_.get(), POLLIN, 0}};
    if (poll(wait, link_.get() >= 0 ? 2 : 1, static_cast<int>(std::max<std::int64_t>(left, 1000))) < 0) continue;
    if (wait[0].revents != 0) break;
    if (wait[1].revents != 0 && !link_.read(messages)) link_.close();
    messages.clear();
  }
  (void)reap(child_.pid);
  child_.pid = -1;
  auto said = io::read_file(output_path_, 16u << 20);
  return said ? *said : std::string();
}

Zygote::~Zygote() {
  if (child_.pid >= 0) (void)finish(Milliseconds(5000));
}

}  // namespace chiron::testing
