// `chiron check --watch` as a user leaves it running.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "surfaces/cli/home.h"

using namespace chiron;
using test::has;
using test::Home;

namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The program in the background, its output in a file outside of the workspace.
struct Watching {
  io::TemporaryFolder folder = *io::TemporaryFolder::create("watch-out");
  std::string out = folder.path() + "/out";
  pid_t child = -1;

  explicit Watching(const Home& home) {
    const auto binary = test::chiron_binary();
    child = ::fork();
    REQUIRE(child >= 0);
    if (child != 0) return;
    const int file = ::open(out.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
    if (::chdir(home.path.c_str()) != 0) ::_exit(9);
    ::execl(binary.c_str(), "chiron", "check", "--watch", static_cast<char*>(nullptr));
    ::_exit(9);
  }
  [[nodiscard]] std::string text() const { return io::read_file(out).value_or(""); }
  // Waits until `part` was printed `times` times.
  void wait_for(std::string_view part, std::size_t times) const {
    for (int i = 0; i < 6000 && count_of(text(), part) < times; ++i) ::usleep(10'000);
    REQUIRE_MESSAGE(count_of(text(), part) >= times, text());
  }
  [[nodiscard]] int end() const {
    ::kill(child, SIGINT);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

}  // namespace

TEST_CASE("cli: --watch runs again for a changed and for a new file, not for an ignored one or a gate's own") {
  const Home home;
  home.git({"init", "-q"});
  home.write(".gitignore", "*.o\n");
  home.write("src/a.c", "good\n");
  home.write("chiron.toml",
             "[gate.words]\nkind = \"command\"\nrun = \"date +%N > made.txt; grep -Hn bad src/*.c || true\"\n"
             "reads = [\"gnu\"]\n");
  const Watching watching(home);
  watching.wait_for("watching", 1);
  home.write("src/a.c", "bad: error: word\n");
  watching.wait_for("changed: src/a.c", 1);
  watching.wait_for("watching", 2);
  home.write("src/a.o", "");
  home.write("src/deeper/b.c", "good\n");
  watching.wait_for("changed: src/deeper/b.c", 1);
  watching.wait_for("watching", 3);
  home.write("chiron.toml", "[gate.words\n");
  watching.wait_for("changed: chiron.toml", 1);
  watching.wait_for("watching", 4);
  CHECK(watching.end() == 2);
  CHECK_FALSE(has(watching.text(), "a.o"));
  CHECK(count_of(watching.text(), "changed: made.txt") <= 1);
}

TEST_CASE("cli: --watch does not write baselines, and gives the last verdict when it ends") {
  const Home home;
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"echo a.c:1: error: seen\"\nreads = [\"gnu\"]\n");
  const auto refused = home.run({"chiron", "check", "--watch", "--write-baseline"});
  // A check that watches would never end by itself.
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.error_output, "does not go with"));
  const Watching watching(home);
  watching.wait_for("watching", 1);
  CHECK(watching.end() == 1);
}
