#include "foundation/git/git.h"

#include <doctest/doctest.h>

#include "foundation/io/files.h"
#include "foundation/io/process.h"

using namespace chiron;

namespace {
struct Fixture {
  io::TemporaryFolder folder = *io::TemporaryFolder::create("git-test");
  std::string root = folder.path();
  void run(std::vector<std::string> arguments) const {
    io::ProcessSpec spec;
    spec.arguments = {"git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"};
    spec.arguments.insert(spec.arguments.end(), arguments.begin(), arguments.end());
    spec.working_folder = root;
    const auto result = io::run_process(spec);
    REQUIRE(result);
    REQUIRE_MESSAGE(result->exit_code == 0, result->error_output);
  }
  void write(const std::string& name, std::string_view text) const {
    REQUIRE(io::make_folders(std::string(io::parent_path(io::join_path(root, name)))));
    REQUIRE(io::write_file_atomic(io::join_path(root, name), text));
  }
};
}  // namespace

TEST_CASE("git: changed lines, renames, odd names and untracked files") {
  const Fixture f;
  f.run({"init", "-q"});
  f.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n");
  f.write("gone", "x\n");
  f.write("old name", "one\ntwo\nthree\nfour\nfive\n");
  f.run({"add", "."});
  f.run({"commit", "-qm", "one"});
  f.run({"checkout", "-qb", "topic"});
  f.write("a.txt", "1\n2\nX\n4\n5\n6\n7\n8\nnew\n");
  f.run({"rm", "-q", "gone"});
  f.run({"mv", "old name", "new\nname"});
  f.run({"commit", "-qam", "two"});
  f.write("bytes\xff", "a\nb\n");
  f.write("sub/with space", "+++ b/fake\n@@ -1 +1 @@\ndiff --git a/x b/x\n");
  f.run({"add", "sub"});

  const auto repository = git::Repository::open(f.root);
  REQUIRE(repository);
  CHECK(repository->branch() == "topic");
  const auto base = repository->merge_base("main");
  REQUIRE(base);
  const auto changes = repository->changes_since(*base);
  REQUIRE(changes);
  REQUIRE(changes->size() == 5);
  CHECK((*changes)[0].path == "a.txt");
  CHECK((*changes)[0].lines == std::vector<git::LineRange>{{3, 3}, {9, 9}});
  CHECK((*changes)[1].path == "bytes\xff");
  CHECK((*changes)[1].added);
  CHECK((*changes)[1].lines == std::vector<git::LineRange>{{1, 2}});
  CHECK((*changes)[2].deleted);
  CHECK((*changes)[3].path == "new\nname");
  CHECK((*changes)[3].old_path == "old name");
  CHECK((*changes)[4].lines == std::vector<git::LineRange>{{1, 3}});
  CHECK(*repository->content_at(*base, "gone") == "x\n");
  CHECK(!*repository->content_at(*base, "none"));
  CHECK(*repository->dirty());
}

TEST_CASE("git: no repository, no commit, unknown and detached revisions") {
  const Fixture f;
  CHECK(git::Repository::open(f.root).error().code == "git.none");
  f.run({"init", "-q"});
  auto empty = git::Repository::open(f.root);
  REQUIRE(empty);
  CHECK(!empty->head());
  CHECK(empty->resolve("nope").error().code == "git.revision");
  f.write("a", "1\n");
  f.run({"add", "."});
  f.run({"commit", "-qm", "one"});
  f.run({"checkout", "-q", "--detach"});
  const auto detached = git::Repository::open(f.root);
  CHECK(detached->head());
  CHECK(!detached->branch());
  CHECK(detached->resolve("--output=x").error().code == "git.revision");
}

TEST_CASE("git: a shallow clone says so when history is missing, worktrees work") {
  const Fixture f;
  f.run({"init", "-q"});
  f.write("a", "1\n");
  f.run({"add", "."});
  f.run({"commit", "-qm", "one"});
  f.run({"tag", "first"});
  f.write("a", "2\n");
  f.run({"commit", "-qam", "two"});
  f.run({"clone", "-q", "--depth", "1", "file://" + f.root, "shallow"});
  const auto shallow = git::Repository::open(f.root + "/shallow");
  REQUIRE(shallow);
  CHECK(shallow->shallow());
  CHECK(shallow->merge_base("first").error().next.find("--unshallow") != std::string::npos);
  f.run({"worktree", "add", "-q", "tree", "first"});
  CHECK(git::Repository::open(f.root + "/tree")->root().ends_with("/tree"));
}
