// `chiron prose --fix` on files that resist: it writes a file whole or leaves it as it was.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "surfaces/cli/home.h"

using namespace chiron;
using test::has;
using test::Home;

namespace {

// Rules of which two want the same words; a page of about 60 kB with 3,000 matches.
std::string prepare(const Home& home) {
  const std::string head =
      "extends: substitution\nmessage: use '%s' not '%s'\nlevel: error\naction:\n  name: replace\n";
  home.write("styles/T/A.yml", head + "swap:\n  utilize: use\n  in order to: to\n");
  home.write("styles/T/B.yml", head + "swap:\n  order to utilize: for\n");
  home.write(".vale.ini", "StylesPath = styles\n[*.md]\nBasedOnStyles = T\n");
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "We utilize it in order to utilize this.\n\n";
  return text;
}

std::string fixed_text() {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "We use it to use this.\n\n";
  return text;
}

// What stands below docs, so that nothing half-written is left there unseen.
std::vector<std::string> files_of(const Home& home) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(home.path + "/docs"))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("prose --fix: what overlaps is fixed once, and a second run finds nothing to do") {
  const Home home;
  home.write("docs/a.md", prepare(home));
  ::chmod((home.path + "/docs/a.md").c_str(), 0640);
  const auto first = home.run({"chiron", "prose", "--fix"});
  CHECK(has(first.output + first.error_output, "3000 fixes in 1 file"));
  CHECK(*io::read_file(home.path + "/docs/a.md") == fixed_text());
  struct stat info{};
  REQUIRE(::stat((home.path + "/docs/a.md").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  const auto second = home.run({"chiron", "prose", "--fix"});
  CHECK(second.exit_code == 0);
  CHECK(has(second.output + second.error_output, "0 fixes in 0 files"));
  CHECK(*io::read_file(home.path + "/docs/a.md") == fixed_text());
}

TEST_CASE("prose --fix: a write that is cut off leaves the old file") {
  const Home home;
  const auto text = prepare(home);
  home.write("docs/a.md", text);
  // Refused by the system after 8 KiB: an error that names the file, and nothing beside it.
  const auto refused =
      home.run({"sh", "-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" prose --fix", test::chiron_binary()});
  CHECK(refused.exit_code == 2);
  CHECK(has(refused.error_output, "docs/a.md"));
  CHECK(*io::read_file(home.path + "/docs/a.md") == text);
  CHECK(files_of(home) == std::vector<std::string>{"a.md"});
  // Killed in the middle of the write.
  const auto killed =
      home.run({"sh", "-c", "ulimit -c 0; ulimit -f 16; exec \"$0\" prose --fix", test::chiron_binary()});
  CHECK(killed.reason == io::ExitReason::signalled);
  CHECK(*io::read_file(home.path + "/docs/a.md") == text);
}

TEST_CASE("prose --fix: a folder that cannot be written to keeps its files") {
  const Home home;
  const auto text = prepare(home);
  home.write("docs/a.md", text);
  const auto docs = home.path + "/docs";
  const bool root = ::geteuid() == 0;
  if (root) {
    // Permissions do not bind root; a mount that is read-only does.
    if (::mount(docs.c_str(), docs.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        ::mount(nullptr, docs.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
      MESSAGE("not run: mounting is not allowed here");
      return;
    }
  } else {
    REQUIRE(::chmod(docs.c_str(), 0555) == 0);
  }
  const auto result = home.run({"chiron", "prose", "--fix"});
  CHECK(result.exit_code == 2);
  CHECK(has(result.error_output, "docs/a.md"));
  CHECK(*io::read_file(docs + "/a.md") == text);
  CHECK(files_of(home) == std::vector<std::string>{"a.md"});
  if (root) {
    CHECK(::umount2(docs.c_str(), MNT_DETACH) == 0);
  } else {
    CHECK(::chmod(docs.c_str(), 0755) == 0);
  }
}

TEST_CASE("prose --fix: a link stays a link, and what it leads to is fixed once") {
  const Home home;
  home.write("docs/a.md", prepare(home));
  std::filesystem::create_symlink("a.md", home.path + "/docs/b.md");
  const auto result = home.run({"chiron", "prose", "--fix"});
  CHECK(result.exit_code == 0);
  CHECK(std::filesystem::is_symlink(home.path + "/docs/b.md"));
  CHECK(*io::read_file(home.path + "/docs/a.md") == fixed_text());
  CHECK(files_of(home) == std::vector<std::string>{"a.md", "b.md"});
}

TEST_CASE("prose --diff writes nothing and shows what --fix writes") {
  const Home home;
  const auto text = prepare(home);
  home.write("docs/a.md", text);
  const auto shown = home.run({"chiron", "prose", "--diff"});
  CHECK(shown.exit_code == 1);
  CHECK(*io::read_file(home.path + "/docs/a.md") == text);
  home.write("fix.diff", shown.output);
  CHECK(home.run({"patch", "-p1", "-s", "-i", "fix.diff"}).exit_code == 0);
  CHECK(*io::read_file(home.path + "/docs/a.md") == fixed_text());
}
