#include "foundation/git/git.h"

#include <doctest/doctest.h>
#include <unistd.h>

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
  CHECK((*repository->status())->branch == "topic");
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
  CHECK((*repository->status())->dirty());
}

TEST_CASE("git: no repository, no commit, unknown and detached revisions") {
  const Fixture f;
  CHECK(git::Repository::open(f.root).error().code == "git.none");
  f.run({"init", "-q"});
  auto empty = git::Repository::open(f.root);
  REQUIRE(empty);
  CHECK(!(*empty->status())->head);
  CHECK((*empty->status())->branch == "main");
  CHECK(empty->resolve("nope").error().code == "git.revision");
  f.write("a", "1\n");
  f.run({"add", "."});
  f.run({"commit", "-qm", "one"});
  f.run({"checkout", "-q", "--detach"});
  const auto detached = git::Repository::open(f.root);
  CHECK((*detached->status())->head->size() == 40);
  CHECK(!(*detached->status())->branch);
  CHECK(!(*detached->status())->dirty());
  CHECK(detached->resolve("--output=x").error().code == "git.revision");
}

TEST_CASE("git: files are those that are there: not deleted, not ignored, not left out by a sparse checkout") {
  const Fixture f;
  f.run({"init", "-q"});
  for (const auto* name : {".gitignore", "kept", "gone", "removed", "old\nname", "in/a b", "in/sparse", "conflict"})
    f.write(name, name == std::string_view(".gitignore") ? "*.o\n" : "one\ntwo\nthree\n");
  f.run({"add", "."});
  f.run({"commit", "-qm", "one"});
  f.run({"checkout", "-qb", "other"});
  f.write("conflict", "theirs\n");
  f.run({"commit", "-qam", "two"});
  f.run({"checkout", "-q", "main"});
  f.run({"rm", "-q", "conflict"});
  f.run({"commit", "-qm", "three"});
  io::ProcessSpec merge;
  merge.arguments = {"git", "-c", "user.name=t", "-c", "user.email=t@t", "merge", "-q", "other"};
  merge.working_folder = f.root;
  REQUIRE(io::run_process(merge)->exit_code == 1);
  f.run({"update-index", "--skip-worktree", "in/sparse"});
  f.run({"rm", "-q", "removed"});
  f.run({"mv", "old\nname", "new\nname"});
  REQUIRE(::unlink((f.root + "/gone").c_str()) == 0);
  REQUIRE(::unlink((f.root + "/in/sparse").c_str()) == 0);
  f.write("in/new\xff", "");
  f.write("in/made.o", "");
  f.write("-new", "");
  const auto repository = git::Repository::open(f.root + "/in");
  REQUIRE(repository);
  using Paths = std::vector<std::string>;
  CHECK(*repository->files() == Paths{"-new", ".gitignore", "conflict", "in/a b", "in/new\xff", "kept", "new\nname"});
  CHECK(*repository->files("in") == Paths{"in/a b", "in/new\xff"});
}

TEST_CASE("git: the root is the one that git names, whatever lies between") {
  const Fixture f;
  f.run({"init", "-q"});
  f.write("a/b/file", "");
  f.run({"init", "-q", "--bare", "a/bare.git"});
  REQUIRE(io::make_folders(f.root + "/linked"));
  REQUIRE(::symlink((f.root + "/a/b").c_str(), (f.root + "/linked/b").c_str()) == 0);
  const auto real = git::Repository::open(f.root)->root();
  CHECK(git::Repository::open(f.root + "/a/b")->root() == real);
  CHECK(git::Repository::open(f.root + "/linked/b")->root() == real);
  CHECK(git::Repository::open(f.root + "/a/bare.git").error().code == "git.none");
  REQUIRE(io::make_folders(f.root + "/a/b/.git"));  // no repository: git looks further up
  CHECK(git::Repository::open(f.root + "/a/b")->root() == real);
  f.run({"config", "core.worktree", f.root + "/a"});
  CHECK(git::Repository::open(f.root + "/a/b")->root() == real + "/a");
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
