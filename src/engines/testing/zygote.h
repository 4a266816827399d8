// The collected Python process of a pytest project: started once for the list, kept for the run, and forked for every
// process that the run needs. worker.py is its other half.
#pragma once
#include "engines/testing/child.h"
#include "engines/testing/runner.h"
#include "foundation/doc/value.h"

namespace chiron::testing {

// Lines of JSON from a worker or the collected process; the two frequent ones are taken apart by hand.
struct WorkerMessage {
  enum class Kind : std::uint8_t { started, passed, other } kind = Kind::other;
  std::uint32_t test = 0;
  Nanoseconds duration{0};
  doc::Value value;  // other
};

class WorkerLink {
 public:
  explicit WorkerLink(Descriptor socket) : socket_(std::move(socket)) {}
  [[nodiscard]] int get() const { return socket_.get(); }
  // Reads what has come. Returns false at the end of the stream (or where it makes no sense any more).
  bool read(std::vector<WorkerMessage>& messages);
  // Sends a line, with descriptors beside it. False where nobody listens.
  bool send(const std::string& line, std::span<const int> descriptors = {});
  void close() { socket_.close(); }

 private:
  Descriptor socket_;
  std::string buffer_;
};

class Zygote {
 public:
  // Starts Python, imports pytest, collects. Errors: "testing.pytest" with what Python said.
  [[nodiscard]] static Result<std::shared_ptr<Zygote>> start(const Program& program, ProgramIndex index,
                                                             const ListOptions& options);
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  [[nodiscard]] std::vector<TestCase> take_tests() { return std::move(tests_); }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] WorkerLink& link() { return link_; }
  [[nodiscard]] pid_t pid() const { return child_.pid; }
  // Asks it to end, waits, and returns what it printed (a coverage report, for one); "" a second time.
  std::string finish(Milliseconds patience);
  // The process is gone or useless.
  [[nodiscard]] bool broken() const { return broken_; }
  void mark_broken() { broken_ = true; }

  TestIndex first_test = 0;  // index in the catalog of its test 0

 private:
  Zygote(Child child, Descriptor socket) : child_(std::move(child)), link_(std::move(socket)) {}
  Result<void> collect(const Program& program, ProgramIndex index, const ListOptions& options);
  Child child_;
  WorkerLink link_;
  std::string output_path_;
  std::vector<TestCase> tests_;
  std::vector<std::string> problems_;
  bool broken_ = false;
};

}  // namespace chiron::testing
