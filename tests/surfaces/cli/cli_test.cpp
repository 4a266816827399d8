// The program as a user starts it: exit codes, messages, and what happens when things go wrong.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"
#include "surfaces/cli/home.h"

using namespace chiron;
using test::has;
using test::Home;

TEST_CASE("cli: help, version, and words that were misspelt") {
  const Home home;
  CHECK(home.run({"chiron", "--version"}).output.starts_with("chiron "));
  CHECK(home.run({"chiron", "--help"}).exit_code == 0);
  CHECK(home.run({"chiron"}).exit_code == 2);
  CHECK(has(home.run({"chiron", "check", "--help"}).output, "--since REV"));
  auto wrong = home.run({"chiron", "chekc"});
  CHECK(wrong.exit_code == 2);
  CHECK(has(wrong.error_output, "Did you mean chiron check?"));
  CHECK(has(home.run({"chiron", "check", "--sinse", "x"}).error_output, "Did you mean --since?"));
  CHECK(has(home.run({"chiron", "history", "--limit", "0"}).error_output, "at least 1"));
  CHECK(has(home.run({"chiron", "history", "--form", "tabel"}).error_output, "Did you mean \"table\"?"));
  CHECK(has(home.run({"chiron", "check", "--since"}).error_output, "--since needs a value (REV)"));
  CHECK(has(home.run({"chiron", "check", "-j", "x"}).error_output, "--jobs takes a whole number, not \"x\""));
  CHECK(has(home.run({"chiron", "as", "vael"}).error_output, "Chiron does not stand in for"));
  for (const auto* shell : {"bash", "zsh", "fish"})
    CHECK(has(home.run({"chiron", "completion", shell}).output, "check"));
}

TEST_CASE("cli: bash completes commands, options and values") {
  const Home home;
  home.write("c.bash", home.run({"chiron", "completion", "bash"}).output);
  CHECK(home.run({"bash", "-n", "c.bash"}).exit_code == 0);
  const auto complete = [&](const std::string& words, int at) {
    return home
        .run({"bash", "-c",
              "source c.bash; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                  "; _chiron; echo ${COMPREPLY[@]}"})
        .output;
  };
  CHECK(complete("chiron coverage ''", 2) == "diff show merge\n");
  CHECK(has(complete("chiron check --s", 2), "--since"));
  CHECK(has(complete("chiron check lint --s", 3), "--skip"));
  CHECK(has(complete("chiron check --format ''", 3), "sarif"));
  CHECK(complete("chiron completion z", 2) == "zsh\n");
  // A command of two words is not the one of its first word with an argument.
  CHECK(complete("chiron report compare --time", 3) == "\n");
  CHECK(complete("chiron report --time", 2) == "--timeline\n");
}

TEST_CASE("cli: zsh and fish accept their scripts and complete") {
  const Home home;
  home.write("_chiron", home.run({"chiron", "completion", "zsh"}).output);
  home.write("c.fish", home.run({"chiron", "completion", "fish"}).output);
  if (io::find_program("zsh")) CHECK(home.run({"zsh", "-n", "_chiron"}).exit_code == 0);
  if (!io::find_program("fish")) return;
  const auto groups = home.run({"fish", "-c", "source c.fish; complete -C 'chiron co'"});
  CHECK(has(groups.output, "coverage\tdiff, show, merge"));
  CHECK(groups.error_output.empty());
  CHECK(has(home.run({"fish", "-c", "source c.fish; complete -C 'chiron check --si'"}).output, "--since"));
  CHECK(has(home.run({"fish", "-c", "source c.fish; complete -C 'chiron report --time'"}).output, "--timeline"));
  CHECK(home.run({"fish", "-c", "source c.fish; complete -C 'chiron report compare --time'"}).output.empty());
}

TEST_CASE("cli: exit codes of check, and a broken configuration") {
  const Home home;
  auto none = home.run({"chiron", "check"});
  CHECK(none.exit_code == 2);
  CHECK(has(none.error_output, "chiron init"));
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"true\"\n");
  CHECK(home.run({"chiron", "check"}).exit_code == 0);
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"false\"\n");
  CHECK(home.run({"chiron", "check"}).exit_code == 1);
  CHECK(home.run({"chiron", "check", "--fail-level", "never"}).exit_code == 0);
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\narguments = [\"no-such-program-anywhere\"]\n");
  CHECK(home.run({"chiron", "check"}).exit_code == 2);
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrnu = \"true\"\n");
  const auto broken = home.run({"chiron", "check"});
  CHECK(broken.exit_code == 2);
  CHECK(has(broken.error_output, "chiron.toml:3:1"));
  CHECK(has(broken.error_output, "Did you mean run?"));
}

TEST_CASE("cli: what is wrong in a command gate is told when the configuration is read") {
  const Home home;
  home.write("chiron.toml",
             "[gate.a]\nkind = \"command\"\nrun = \"touch ran\"\nreads = [\"gnu\", \"sarfi:a\"]\nsuccess = [\"0\", "
             "\"x\"]\nenvironment = \"A\"\n");
  const auto wrong = home.run({"chiron", "check", "--dry-run"});
  CHECK(wrong.exit_code == 2);
  CHECK(has(wrong.error_output, "chiron.toml:4:17"));
  CHECK(has(wrong.error_output, "did you mean sarif?"));
  CHECK(has(wrong.error_output, "chiron.toml:5:17"));
  CHECK(has(wrong.error_output, "chiron.toml:6:15"));
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\n");
  CHECK(has(home.run({"chiron", "check"}).error_output, "chiron.toml:1:7: a command needs run or arguments"));
  CHECK(home.run({"chiron", "command", "--reads", "gmu", "--", "true"}).exit_code == 2);
}

TEST_CASE("cli: a reader that leaves early costs neither the exit code nor the files, and nothing is said") {
  const Home home;
  home.write("chiron.toml",
             "[gate.a]\nkind = \"command\"\nrun = \"seq 1 20000 | sed 's/.*/a.c:&: error: e&/'\"\nreads = [\"gnu\"]\n");
  const auto result = home.run({"bash", "-c",
                                "set -o pipefail; " + test::chiron_binary() +
                                    " check -q -o report.json | head -n 1; echo status ${PIPESTATUS[0]}"});
  CHECK(has(result.output, "status 1"));
  CHECK(result.error_output == "");
  CHECK(io::exists(home.path + "/report.json"));
}

TEST_CASE("cli: --quiet prints findings and why a gate could not run, and no table") {
  const Home home;
  home.write("chiron.toml",
             "[gate.a]\nkind = \"command\"\nrun = \"echo a.c:1: error: one\"\nreads = [\"gnu\"]\n"
             "[gate.b]\nkind = \"command\"\narguments = [\"no-such-program-anywhere\"]\n");
  const auto result = home.run({"chiron", "check", "-q"});
  CHECK(result.exit_code == 2);
  CHECK(has(result.output, "error[a/message]: one"));
  CHECK(has(result.output, "could not run: b: "));
  CHECK(!has(result.output, "status"));
  CHECK(has(result.output, "1 error"));
  CHECK(!has(result.output, "1 errors"));
}

TEST_CASE("cli: a test gate that selects nothing could not run") {
  const Home home;
  home.write("tap.sh", "#!/bin/sh\necho '1..1'\necho 'ok 1 - fine'\n");
  ::chmod((home.path + "/tap.sh").c_str(), 0755);
  CHECK(home.run({"chiron", "test", "tap:./tap.sh"}).exit_code == 0);
  const auto none = home.run({"chiron", "test", "tap:./tap.sh", "--filter", "name(absent)"});
  CHECK(none.exit_code == 2);
  CHECK(has(none.error_output, "selects none of 1 tests"));
  CHECK(home.run({"chiron", "test", "tap:./tap.sh", "--filter", "name(absent)", "--allow-none"}).exit_code == 0);
  home.write("chiron.toml", "[gate.test]\ntargets = [\"tap:./tap.sh\"]\nfilter = \"name(absent)\"\n");
  CHECK(home.run({"chiron", "check"}).exit_code == 2);
}

TEST_CASE("cli: --since counts changed lines only; file names of any bytes come through") {
  const Home home;
  home.git({"init", "-q"});
  home.write("a b.c", "one\ntwo\nthree\n");
  home.write("new\nline.c", "one\n");
  home.write("chiron.toml",
             "[gate.a]\nkind = \"command\"\nrun = \"printf 'a b.c:1: error: old\\\\na b.c:2: error: new\\\\n'\"\nreads "
             "= [\"gnu\"]\n");
  home.git({"add", "."});
  home.git({"commit", "-qm", "one"});
  home.write("a b.c", "one\nTWO\nthree\n");
  home.write("bytes\xff.c", "x\n");
  const auto all = home.run({"chiron", "check", "--format", "json"});
  CHECK(has(all.output, "\"message\":\"old\""));
  const auto since = home.run({"chiron", "check", "--format", "json", "--since", "HEAD"});
  CHECK(!has(since.output, "\"message\":\"old\""));
  CHECK(has(since.output, "\"message\":\"new\""));
  CHECK(since.exit_code == 1);
  CHECK(has(home.run({"chiron", "check", "--since", "nope"}).error_output, "is no revision"));
}

TEST_CASE("cli: without git only --since is refused; a detached head and a worktree work") {
  const Home home;
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"true\"\n");
  CHECK(home.run({"chiron", "check"}).exit_code == 0);
  const auto since = home.run({"chiron", "check", "--since", "main"});
  CHECK(since.exit_code == 2);
  CHECK(has(since.error_output, "is not in a git repository"));
  home.git({"init", "-q"});
  home.git({"add", "."});
  home.git({"commit", "-qm", "one"});
  home.git({"checkout", "-q", "--detach"});
  CHECK(home.run({"chiron", "check", "--since", "main"}).exit_code == 0);
  home.git({"worktree", "add", "-q", "tree"});
  CHECK(home.run({"chiron", "-C", "tree", "check", "--since", "main"}).exit_code == 0);
}

TEST_CASE("cli: Ctrl-C ends the children and still prints what is known") {
  const Home home;
  home.write("chiron.toml",
             "[gate.done]\nkind = \"command\"\nrun = \"echo a.c:1: error: seen\"\nreads = [\"gnu\"]\n"
             "[gate.slow]\nkind = \"command\"\nrun = \"echo $$ > pid; touch started; trap '' TERM; sleep 60\"\n");
  const auto out = home.path + "/out";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const int file = ::open(out.c_str(), O_CREAT | O_WRONLY, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
    if (::chdir(home.path.c_str()) != 0) ::_exit(9);
    const auto binary = test::chiron_binary();
    ::execl(binary.c_str(), "chiron", "check", "-j2", static_cast<char*>(nullptr));
    ::_exit(9);
  }
  for (int i = 0; i < 2000 && !io::exists(home.path + "/started"); ++i) ::usleep(10'000);
  REQUIRE(io::exists(home.path + "/started"));
  ::usleep(300'000);  // lets the quick gate end too; the slow one runs for a minute
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  const auto text = *io::read_file(out);
  CHECK(has(text, "seen"));
  CHECK(has(text, "interrupted"));
  const auto slow = std::stoi(*io::read_file(home.path + "/pid"));
  CHECK(::kill(slow, 0) != 0);
}

TEST_CASE("cli: kill -9 of Chiron takes its children along and leaves no half-written state") {
  const Home home;
  home.write("chiron.toml", "[gate.slow]\nkind = \"command\"\nrun = \"echo $$ > pid; touch started; exec sleep 60\"\n");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::chdir(home.path.c_str()) != 0) ::_exit(9);
    const auto binary = test::chiron_binary();
    ::execl(binary.c_str(), "chiron", "check", "-q", static_cast<char*>(nullptr));
    ::_exit(9);
  }
  for (int i = 0; i < 2000 && !io::exists(home.path + "/started"); ++i) ::usleep(10'000);
  ::usleep(100'000);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto slow = std::stoi(*io::read_file(home.path + "/pid"));
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    ::usleep(10'000);
    gone = ::kill(slow, 0) != 0;
  }
  CHECK(gone);
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"true\"\n");
  CHECK(home.run({"chiron", "check"}).exit_code == 0);
}

TEST_CASE("cli: a full disk is an error, not a half report") {
  const Home home;
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"true\"\n");
  const auto full = home.run({"sh", "-c", test::chiron_binary() + " check --format json > /dev/full"});
  CHECK(full.exit_code == 2);
  CHECK(has(full.error_output, "No space left"));
  const auto file = home.run({"chiron", "check", "-o", "json:/dev/full"});
  CHECK(file.exit_code == 2);
}

TEST_CASE("cli: a read-only workspace is checked without cache and history") {
  if (::geteuid() != 0) return;  // needs another user to drop to
  const Home home;
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"true\"\n");
  ::chmod(home.path.c_str(), 0555);
  ::chmod(io::TemporaryFolder::create("x")->path().c_str(), 0755);
  const auto result =
      home.run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", test::chiron_binary(), "check"});
  if (result.exit_code == 127 || has(result.error_output, "setpriv:"))
    return;  // the program lies where that user may not go
  CHECK(result.exit_code == 0);
  CHECK(has(result.error_output, "without cache and history"));
}

TEST_CASE("cli: a command that prints a gigabyte is bounded in memory and refused, not cut") {
  const Home home;
  home.write(
      "chiron.toml",
      "[gate.loud]\nkind = \"command\"\nrun = \"head -c 1000000000 /dev/zero\"\nreads = [\"gnu\"]\noutput-mib = 8\n");
  const auto result = home.run({"chiron", "check", "--format", "json"});
  CHECK(result.exit_code == 2);
  CHECK(has(result.output, "MiB that are read"));
  CHECK(result.peak_rss_bytes < 200 * limits::kMiB);
}

TEST_CASE("cli: report files of every form are written whole") {
  const Home home;
  home.write("chiron.toml",
             "[gate.a]\nkind = \"command\"\nrun = \"echo 'chiron.toml:1:2: error: <b>&amp;'\"\nreads = [\"gnu\"]\n");
  const auto result = home.run({"chiron", "check", "-o", "r.sarif", "-o", "junit:r.xml", "-o", "r.md", "-o", "r.html",
                                "-o", "github:r.txt", "-o", "sub/r.json"});
  CHECK(result.exit_code == 1);
  for (const auto* file : {"r.sarif", "r.xml", "r.md", "r.html", "r.txt", "sub/r.json"})
    CHECK(io::read_file(home.path + "/" + file)->size() > 50);
  CHECK(home.run({"chiron", "check", "-o", "r.unknown"}).exit_code == 2);
}

TEST_CASE("cli: init finds what every kind of gate looks for") {
  const Home home;
  home.git({"init", "-q"});
  home.write("policy/a.rego", "package main\nimport rego.v1\ndeny contains \"b\" if input.kind == \"B\"\n");
  home.write("deploy.yml", "kind: B\n");
  home.write(".vale.ini", "StylesPath = styles\n[*.md]\nBasedOnStyles = Vale\n");
  home.write("styles/.keep", "");
  home.write("lcov.info", "SF:a.py\nDA:1,1\nend_of_record\n");
  home.write("a.py", "pass\n");
  home.write("dist/a.zip", "PK\5\6" + std::string(18, '\0'));
  home.write("expected/a.zip", "PK\5\6" + std::string(18, '\0'));
  const auto made = home.run({"chiron", "init"});
  CHECK_MESSAGE(made.exit_code == 0, made.error_output);
  const auto text = *io::read_file(home.path + "/chiron.toml");
  for (const auto* gate : {"[gate.policy]", "[gate.prose]", "[gate.coverage]", "[gate.diff]"})
    CHECK_MESSAGE(has(text, gate), text);
  CHECK(home.run({"chiron", "check", "coverage", "diff"}).exit_code == 0);
  CHECK(has(home.run({"chiron", "check", "policy"}).output, "deploy.yml"));
}

TEST_CASE("cli: init without git still makes a check that runs") {
  const Home home;
  home.write("a.txt", "fine\n");
  CHECK(home.run({"chiron", "init"}).exit_code == 0);
  CHECK(home.run({"chiron", "check"}).exit_code == 0);
  home.write("b.txt", "bad \n");
  const auto found = home.run({"chiron", "check"});
  CHECK(found.exit_code == 1);
  CHECK(has(found.output, "b.txt:1"));
}

TEST_CASE("cli: init writes what check accepts, and keeps what is there") {
  const Home home;
  home.git({"init", "-q"});
  home.write("Makefile", "all:\n\ttrue\ntest:\n\ttrue\n");
  CHECK(home.run({"chiron", "init", "--ci", "github", "--hooks", "git"}).exit_code == 0);
  CHECK(has(*io::read_file(home.path + "/chiron.toml"), "make test"));
  CHECK(has(*io::read_file(home.path + "/.github/workflows/chiron.yml"), "upload-sarif"));
  CHECK(::access((home.path + "/.git/hooks/pre-commit").c_str(), X_OK) == 0);
  CHECK(home.run({"chiron", "check"}).exit_code == 0);
  const auto again = home.run({"chiron", "init"});
  CHECK(again.exit_code == 2);
  CHECK(has(again.error_output, "--force"));
}

TEST_CASE("cli: what follows -- is arguments, whatever it looks like") {
  const Home home;
  home.write("a.c", "int main(void) { int unused; return 0; }\n");
  const auto result = home.run(
      {"chiron", "command", "--reads", "gnu", "--format", "json", "--", "gcc", "-Wall", "-fsyntax-only", "a.c"});
  CHECK(result.exit_code == 0);
  CHECK(has(result.output, "-Wunused-variable"));
}

TEST_CASE("cli: a part of the shards is no whole run, a part of the gates no baseline") {
  const Home home;
  home.write("chiron.toml",
             "[gate.a]\nkind = \"command\"\nrun = \"false\"\n[gate.b]\nkind = \"command\"\nrun = \"true\"\n");
  (void)home.run({"chiron", "check", "--shard", "1/2", "-o", "s1.json"});
  (void)home.run({"chiron", "check", "--shard", "2/2", "-o", "s2.json"});
  CHECK(home.run({"chiron", "report", "merge", "s2.json"}).exit_code == 2);
  CHECK(home.run({"chiron", "report", "merge", "s1.json", "s2.json"}).exit_code == 1);
  CHECK(home.run({"chiron", "check", "a", "--write-baseline"}).exit_code == 2);
  CHECK(home.run({"chiron", "check", "--write-baseline", "--expires", "tomorrow"}).exit_code == 2);
  CHECK(!io::exists(home.path + "/chiron.baseline.json"));
  (void)home.run({"chiron", "check", "--write-baseline"});
  CHECK(home.run({"chiron", "check"}).exit_code == 0);
}

TEST_CASE("cli: a misspelt form of report is told before anything runs") {
  const Home home;
  home.write("chiron.toml", "[gate.a]\nkind = \"command\"\nrun = \"touch ran\"\n");
  CHECK(home.run({"chiron", "check", "-o", "r.unknown"}).exit_code == 2);
  CHECK(!io::exists(home.path + "/ran"));
}

TEST_CASE("cli: init keeps a chiron.toml that is there when asked for a hook") {
  const Home home;
  home.git({"init", "-q"});
  home.write("chiron.toml", "[gate.mine]\nkind = \"command\"\nrun = \"true\"\n");
  CHECK(home.run({"chiron", "init", "--hooks", "git"}).exit_code == 0);
  CHECK(has(*io::read_file(home.path + "/chiron.toml"), "gate.mine"));
  home.git({"add", "."});
  home.git({"config", "user.name", "t"});
  home.git({"config", "user.email", "t@t"});
  const auto path = std::string(std::getenv("PATH")) + ":" + std::string(io::parent_path(test::chiron_binary()));
  CHECK(home.run({"git", "commit", "-qm", "first"}, {{"PATH", path}}).exit_code == 0);
}

TEST_CASE("cli: coverage of a repository below a folder with a chiron.toml; an empty report is no pass") {
  const Home home;
  home.write("chiron.toml", "[gate.coverage]\nreports = [\"sub/empty.info\"]\nfail-under = 80\n");
  home.write("sub/a.py", "x = 1\n");
  home.write("sub/l.info", "SF:a.py\nDA:1,0\nend_of_record\n");
  home.write("sub/empty.info", "");
  home.git({"init", "-q", "sub"});
  home.git({"-C", "sub", "add", "."});
  home.git({"-C", "sub", "commit", "-qm", "one"});
  home.write("sub/a.py", "x = 1\ny = 2\n");
  CHECK(home.run({"chiron", "-C", "sub", "coverage", "diff", "l.info", "--compare-branch", "HEAD"}).exit_code <= 1);
  CHECK(home.run({"chiron", "check"}).exit_code == 2);
}

TEST_CASE("cli: the committed reference pages are what the program writes") {
  const Home home;
  const auto result = home.run({"chiron", "reference", test::source_folder() + "/docs/reference", "--check"});
  CHECK_MESSAGE(result.exit_code == 0, result.output);
}
