// The world as it is: children that are killed, disks that are full, repositories that are cut off, names of any bytes.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "surfaces/cli/home.h"

using namespace chiron;
using test::has;
using test::Home;

namespace {

std::string command_gate(const std::string& name, const std::string& run, const std::string& more = "") {
  return "[gate." + name + "]\nkind = \"command\"\nrun = '''" + run + "'''\n" + more;
}

}  // namespace

TEST_CASE("hostile: kill -9 of a gate's program is no verdict, and the other gates still count") {
  const Home home;
  home.write("chiron.toml", command_gate("killed", "kill -9 $$") +
                                command_gate("orphan", "sh -c 'kill -9 $PPID'; sleep 1") +
                                command_gate("fine", "echo a.c:1: error: seen", "reads = [\"gnu\"]\n"));
  const auto result = home.run({"chiron", "check"});
  CHECK(result.exit_code == 2);
  CHECK(has(result.output, "ended by signal 9"));
  CHECK(has(result.output, "seen"));
  CHECK(has(result.output, "2 of 3 gates could not run"));
}

TEST_CASE("hostile: a program that ignores signals ends with its gate's time, and what it started too") {
  const Home home;
  home.write("chiron.toml",
             command_gate("deaf", "trap '' TERM INT HUP; (trap '' TERM; sleep 100) & echo $! > pid; sleep 100",
                          "timeout = 1\n"));
  const auto result = home.run({"chiron", "check"});
  CHECK(result.exit_code == 2);
  CHECK(has(result.output, "ended after 1 s, its timeout"));
  CHECK(result.wall < std::chrono::seconds(60));
  const auto started = std::stoi(*io::read_file(home.path + "/pid"));
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    gone = ::kill(started, 0) != 0;
    if (!gone) ::usleep(10'000);
  }
  CHECK(gone);
}

TEST_CASE("hostile: a full disk ends with an error that names it, and leaves no half of a file") {
  const Home home;
  if (::geteuid() != 0) {
    MESSAGE("not run: only root can mount a small file system");
    return;
  }
  const auto disk = home.path + "/disk";
  REQUIRE(io::make_folders(disk));
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) {
    MESSAGE("not run: mounting is not allowed here");
    return;
  }
  home.write("disk/chiron.toml",
             command_gate("many", "seq 1 20000 | sed 's/.*/a.c:&: error: message &/'", "reads = [\"gnu\"]\n"));
  const auto check = home.run({"chiron", "-C", "disk", "check", "-q", "--format", "sarif", "-o", "out.json"});
  CHECK(check.exit_code == 2);
  CHECK(has(check.error_output, "No space left"));
  CHECK(!io::exists(disk + "/out.json"));
  const auto entries = io::walk(disk, [](const io::Entry&) { return true; });
  REQUIRE(entries);
  for (const auto& entry : *entries) CHECK(!entry.path.ends_with(".tmp"));
  CHECK(::umount2(disk.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("hostile: a shallow clone says that it lacks the base, and works with one that it has") {
  const Home home;
  home.git({"init", "-q", "origin"});
  home.write("origin/chiron.toml", command_gate("a", "echo a.c:1: error: one", "reads = [\"gnu\"]\n"));
  home.write("origin/a.c", "one\n");
  home.git({"-C", "origin", "add", "."});
  home.git({"-C", "origin", "commit", "-qm", "one"});
  home.git({"-C", "origin", "tag", "first"});
  home.write("origin/a.c", "two\n");
  home.git({"-C", "origin", "commit", "-qam", "two"});
  home.git({"clone", "-q", "--depth", "1", "file://" + home.path + "/origin", "clone"});
  CHECK(home.run({"chiron", "-C", "clone", "check"}).exit_code == 1);
  CHECK(home.run({"chiron", "-C", "clone", "check", "--since", "HEAD"}).exit_code == 0);
  const auto absent = home.run({"chiron", "-C", "clone", "check", "--since", "first"});
  CHECK(absent.exit_code == 2);
  CHECK(has(absent.error_output, "shallow"));
}

TEST_CASE("hostile: a submodule is a repository of its own, and its changes are not the outer one's") {
  const Home home;
  home.git({"init", "-q", "inner"});
  home.write("inner/b.c", "one\n");
  home.git({"-C", "inner", "add", "."});
  home.git({"-C", "inner", "commit", "-qm", "one"});
  home.git({"init", "-q", "outer"});
  home.write("outer/chiron.toml",
             command_gate("a", "echo 'sub/b.c:1: error: inner'; echo 'a.c:1: error: outer'", "reads = [\"gnu\"]\n"));
  home.write("outer/a.c", "one\n");
  home.git(
      {"-C", "outer", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", home.path + "/inner", "sub"});
  home.git({"-C", "outer", "add", "."});
  home.git({"-C", "outer", "commit", "-qm", "one"});
  CHECK(home.run({"chiron", "-C", "outer", "check"}).exit_code == 1);
  CHECK(home.run({"chiron", "-C", "outer", "check", "--since", "HEAD"}).exit_code == 0);
  home.write("outer/a.c", "two\n");
  const auto changed = home.run({"chiron", "-C", "outer", "check", "--since", "HEAD", "--format", "json"});
  CHECK(changed.exit_code == 1);
  CHECK(has(changed.output, "\"message\":\"outer\""));
  // From inside of the submodule, it is the repository.
  home.write("outer/sub/chiron.toml", command_gate("b", "true"));
  CHECK(home.run({"chiron", "-C", "outer/sub", "check", "--since", "HEAD"}).exit_code == 0);
}

TEST_CASE("hostile: file names with spaces, newlines, quotes and bytes that are no UTF-8 go through every form") {
  const Home home;
  home.git({"init", "-q"});
  const std::string names[] = {"a b.c", "new\nline.c", "bytes\xff.c", "quote\".c", "-dash.c", "\xc3\xa4.c"};
  for (const auto& name : names) home.write(name, "int a;\n");
  std::string results;
  for (const std::string uri : {"a%20b.c", "new%0Aline.c", "bytes%FF.c", "quote%22.c", "-dash.c", "%C3%A4.c"})
    results += std::string(results.empty() ? "" : ",") +
               R"({"level":"error","message":{"text":"found"},"locations":[)" +
               R"({"physicalLocation":{"artifactLocation":{"uri":")" + uri + R"("},"region":{"startLine":1}}}]})";
  home.write("kept.sarif",
             R"({"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[)" + results + "]}]}");
  home.write("chiron.toml", command_gate("t", "cat kept.sarif", "reads = [\"sarif\"]\n"));
  home.git({"add", "."});
  home.git({"commit", "-qm", "one"});
  const auto all = home.run({"chiron", "check", "-q", "-o", "r.json", "-o", "r.sarif", "-o", "r.xml", "-o", "r.html",
                             "-o", "r.md", "-o", "gitlab:g.json", "-o", "github:g.txt"});
  CHECK(all.exit_code == 1);
  CHECK(has(all.output, "6 errors"));
  const auto read = home.run({"python3", "-c",
                              "import json, xml.dom.minidom as x\n"
                              "for name in ('r.json', 'r.sarif', 'g.json'): json.load(open(name, encoding='utf-8'))\n"
                              "x.parse('r.xml')\n"
                              "for name in ('r.html', 'r.md', 'g.txt'): open(name, encoding='utf-8').read()"});
  CHECK_MESSAGE(read.exit_code == 0, read.error_output);
  CHECK(has(home.run({"chiron", "report", "r.json", "-q"}).output, "6 errors"));
  // Only the file that changes counts, whatever its name is.
  for (const auto& name : names) {
    CAPTURE(name);
    home.write(name, "int b;\n");
    const auto since = home.run({"chiron", "check", "-q", "--since", "HEAD"});
    CHECK(since.exit_code == 1);
    CHECK_MESSAGE(has(since.output, ": 1 error"), since.output);
    home.write(name, "int a;\n");
  }
}

TEST_CASE("hostile: several checks of one workspace at once all count, and the history has each") {
  const Home home;
  home.write("chiron.toml", command_gate("a", "true") + command_gate("b", "true", "inputs = [\"chiron.toml\"]\n"));
  constexpr std::size_t kRuns = 8;
  std::vector<int> codes(kRuns, -1);
  std::vector<std::string> said(kRuns);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kRuns; ++i)
    threads.emplace_back([&, i] {
      io::ProcessSpec spec;
      spec.arguments = {test::chiron_binary(), "check", "-j", "1"};
      spec.working_folder = home.path;
      const auto result = io::run_process(spec);
      if (result) codes[i] = result->exit_code;
      if (result) said[i] = result->error_output;
    });
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < kRuns; ++i) {
    CHECK(codes[i] == 0);
    CHECK(!has(said[i], "history"));
  }
  const auto history = home.run({"chiron", "history", "--form", "json"});
  std::size_t runs = 0;
  for (auto at = history.output.find("\"started\""); at != std::string::npos;
       at = history.output.find("\"started\"", at + 1))
    ++runs;
  CHECK(runs == kRuns);
}
