#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "foundation/io/files.h"
#include "foundation/io/process.h"

using namespace chiron;
using namespace std::chrono_literals;

TEST_CASE("files: a write replaces whole files and keeps their mode") {
  const auto folder = *io::TemporaryFolder::create("io-test");
  const auto path = folder.path() + "/a.txt";
  REQUIRE(io::write_file_atomic(path, "one"));
  ::chmod(path.c_str(), 0751);
  REQUIRE(io::write_file_atomic(path, "two"));
  CHECK(*io::read_file(path) == "two");
  struct stat info{};
  ::stat(path.c_str(), &info);
  CHECK((info.st_mode & 07777) == 0751);
  CHECK(io::walk(folder.path())->size() == 1);
}

TEST_CASE("files: a link is written through, a loop is an error") {
  const auto folder = *io::TemporaryFolder::create("io-test");
  REQUIRE(io::write_file_atomic(folder.path() + "/real", "x"));
  REQUIRE(::symlink("real", (folder.path() + "/link").c_str()) == 0);
  REQUIRE(io::write_file_atomic(folder.path() + "/link", "y"));
  CHECK(*io::read_file(folder.path() + "/real") == "y");
  REQUIRE(::symlink("loop", (folder.path() + "/loop").c_str()) == 0);
  CHECK(io::read_file(folder.path() + "/loop").error().code == "io.link-loop");
}

TEST_CASE("files: bounds, folders, pipes and missing files are errors by name") {
  const auto folder = *io::TemporaryFolder::create("io-test");
  const auto path = folder.path() + "/a";
  REQUIRE(io::write_file_atomic(path, "12345"));
  CHECK(io::read_file(path, 5));
  CHECK(io::read_file(path, 4).error().code == "limit.size");
  CHECK(io::read_file(folder.path()).error().code == "io.is-folder");
  CHECK(io::read_file(folder.path() + "/none").error().code == "io.not-found");
  REQUIRE(::mkfifo((folder.path() + "/fifo").c_str(), 0600) == 0);
  CHECK(io::read_file(folder.path() + "/fifo").error().code == "io.not-file");
  CHECK(io::write_file_atomic(folder.path() + "/no/such", "x").error().code == "io.not-found");
  CHECK(io::MappedFile::open(path)->bytes() == "12345");
}

TEST_CASE("paths: lexical normal form") {
  CHECK(io::normalize_path("a/./b/../c//d/") == "a/c/d");
  CHECK(io::normalize_path("../x/..") == "..");
  CHECK(io::normalize_path("/../a") == "/a");
  CHECK(io::normalize_path("") == ".");
  CHECK(io::extension("d.x/.bashrc") == "");
  CHECK(io::extension("a/b.tar.gz") == ".gz");
}

TEST_CASE("process: output, exit codes, input, environment and folder") {
  io::ProcessSpec spec;
  spec.arguments = {"sh", "-c", "cat; echo err >&2; echo $X; pwd; exit 3"};
  spec.input = std::string(200'000, 'i');
  spec.environment = {{"X", "value"}};
  spec.working_folder = "/";
  const auto result = io::run_process(spec);
  REQUIRE(result);
  CHECK(result->exit_code == 3);
  CHECK(result->output == spec.input + "value\n/\n");
  CHECK(result->error_output == "err\n");
}

TEST_CASE("process: a missing program is an error, a signal is told") {
  io::ProcessSpec spec;
  spec.arguments = {"no-such-program-here"};
  CHECK(io::run_process(spec).error().code == "process.not-found");
  spec.arguments = {"./no-such-program-here"};
  CHECK(!io::run_process(spec));
  spec.arguments = {"sh", "-c", "kill -SEGV $$"};
  const auto result = io::run_process(spec);
  CHECK(result->reason == io::ExitReason::signalled);
  CHECK(result->signal == SIGSEGV);
}

TEST_CASE("process: a time-out ends the whole group, even one that ignores SIGTERM") {
  io::ProcessSpec spec;
  spec.arguments = {"sh", "-c", "trap '' TERM; sh -c 'trap \"\" TERM; sleep 60' & echo $!; wait; sleep 60"};
  spec.timeout = 200ms;
  spec.grace = 200ms;
  const auto result = io::run_process(spec);
  REQUIRE(result);
  CHECK(result->reason == io::ExitReason::timed_out);
  CHECK(result->wall < 5s);
}

TEST_CASE("process: output past the bound is counted, not kept") {
  io::ProcessSpec spec;
  spec.arguments = {"sh", "-c", "head -c 10000000 /dev/zero"};
  spec.max_output_bytes = 1000;
  const auto result = io::run_process(spec);
  CHECK(result->output.size() == 1000);
  CHECK(result->dropped_bytes == 9'999'000);
}

TEST_CASE("process: a descendant that keeps the pipe open does not hold us up") {
  io::ProcessSpec spec;
  spec.arguments = {"sh", "-c", "sleep 30 & echo done"};
  const auto result = io::run_process(spec);
  CHECK(result->output == "done\n");
  CHECK(result->wall < 5s);
}

TEST_CASE("process: cancellation") {
  task::CancelToken cancel;
  cancel.cancel();
  io::ProcessSpec spec;
  spec.arguments = {"sleep", "30"};
  CHECK(io::run_process(spec, &cancel)->reason == io::ExitReason::cancelled);
}
