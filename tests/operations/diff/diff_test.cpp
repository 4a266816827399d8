// The gates diff and normalize, as `chiron check` runs them: what fails, what is allowed, what --since means, evidence.
#include <doctest/doctest.h>

#include <filesystem>

#include "foundation/crypto/digest.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"

using namespace chiron;
using namespace std::chrono_literals;

namespace {

struct Home {
  io::TemporaryFolder folder = *io::TemporaryFolder::create("diff-gate-test");
  std::string path = folder.path();

  void write(const std::string& name, std::string_view text) const {
    REQUIRE(io::make_folders(std::string(io::parent_path(path + "/" + name))));
    REQUIRE(io::write_file_atomic(path + "/" + name, text));
  }
  io::ProcessResult run(std::vector<std::string> arguments) const {
    io::ProcessSpec spec;
    spec.arguments = std::move(arguments);
    if (spec.arguments[0] == "chiron") spec.arguments[0] = test::chiron_binary();
    spec.working_folder = path;
    spec.timeout = 120s;
    auto result = io::run_process(spec);
    REQUIRE_MESSAGE(result, (result ? "" : to_string(result.error())));
    return *std::move(result);
  }
  struct Checked {
    int exit_code;
    doc::Value report;
    [[nodiscard]] std::vector<std::string> rules() const {
      std::vector<std::string> found;
      for (const auto& finding : report.find("findings")->items()) found.emplace_back(finding.string_or("rule", ""));
      return found;
    }
    [[nodiscard]] const doc::Value& finding(std::size_t index) const { return report.find("findings")->items()[index]; }
  };
  [[nodiscard]] Checked check(std::string_view section, std::vector<std::string> more = {}) const {
    write("chiron.toml", section);
    std::vector<std::string> arguments = {"chiron", "check", "--format", "json", "--no-cache"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = run(arguments);
    auto report = doc::parse_json(result.output);
    REQUIRE_MESSAGE(report.has_value(), result.error_output);
    return {result.exit_code, *std::move(report)};
  }
  void git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(),
                     {"git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"});
    REQUIRE(run(std::move(arguments)).exit_code == 0);
  }
};

using Rules = std::vector<std::string>;

void two_folders(const Home& home) {
  for (const auto* side : {"old", "new"}) {
    home.write(std::string(side) + "/same", "equal\n");
    home.write(std::string(side) + "/text", side == std::string("old") ? "1\n2\n3\n" : "1\n2\nthree\n");
  }
  home.write("old/gone", "first\n");
  home.write("new/fresh", std::string("\0\1\2 nothing alike", 17));
}

}  // namespace

TEST_CASE("gate diff: each difference is a finding at its file, with both digests") {
  const Home home;
  two_folders(home);
  const auto checked = home.check("[gate.diff]\na = \"old\"\nb = \"new\"\n");
  CHECK(checked.exit_code == 1);
  CHECK(checked.rules() == Rules{"diff/added-member", "diff/changed-content", "diff/missing-member"});
  CHECK(checked.finding(1).find("place")->string_or("file", "") == "new/text");
  CHECK(checked.finding(1).find("place")->integer_or("line", 0) == 3);
  CHECK(checked.finding(2).find("place")->string_or("file", "") == "old/gone");
  const auto* evidence = checked.finding(1).find("evidence");
  REQUIRE(evidence != nullptr);
  CHECK(evidence->find("a")->string_or("sha256", "").size() == 64);
  CHECK(evidence->find("a")->string_or("sha256", "") != evidence->find("b")->string_or("sha256", ""));
}

TEST_CASE("gate diff: allowed differences, by path and by kind; one that matches nothing is told") {
  const Home home;
  two_folders(home);
  const auto allowed =
      home.check("[gate.diff]\na = \"old\"\nb = \"new\"\nallow = [\"text: content\", \"gone\", \"fresh: added\"]\n");
  CHECK(allowed.exit_code == 0);
  CHECK(allowed.rules().empty());
  const auto wrong =
      home.check("[gate.diff]\na = \"old\"\nb = \"new\"\nallow = [\"text: mtime\", \"gone\", \"fresh\"]\n");
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.rules() == Rules{"diff/unused-allow", "diff/changed-content"});
}

TEST_CASE("gate diff: expected different, equal files, a bounded number of findings") {
  const Home home;
  two_folders(home);
  CHECK(home.check("[gate.diff]\na = \"old\"\nb = \"old\"\n").exit_code == 0);
  const auto same = home.check("[gate.diff]\na = \"old\"\nb = \"old\"\nexpected = \"different\"\n");
  CHECK(same.exit_code == 1);
  CHECK(same.rules() == Rules{"diff/unexpected-equality"});
  CHECK(home.check("[gate.diff]\na = \"old\"\nb = \"new\"\nexpected = \"different\"\n").exit_code == 0);
  const auto bounded = home.check("[gate.diff]\na = \"old\"\nb = \"new\"\nfindings = 1\n");
  CHECK(bounded.rules() == Rules{"diff/more-differences", "diff/changed-content"});
  const auto missing = home.check("[gate.diff]\na = \"old\"\nb = \"nowhere\"\n");
  CHECK(missing.exit_code == 2);
}

TEST_CASE("gate diff: with --since every difference of the artifact counts") {
  const Home home;
  home.git({"init", "-q"});
  two_folders(home);
  home.write(".gitignore", "new/\n");
  home.git({"add", "."});
  home.git({"commit", "-qm", "one"});
  const auto checked = home.check("[gate.diff]\na = \"old\"\nb = \"new\"\n", {"--since", "HEAD"});
  CHECK(checked.exit_code == 1);
  CHECK(checked.rules().size() == 3);
}

TEST_CASE("gate diff: the evidence file is a statement about both artifacts") {
  const Home home;
  home.write("a.txt", "one\n");
  home.write("b.txt", "two\n");
  CHECK(home.check("[gate.diff]\na = \"a.txt\"\nb = \"b.txt\"\nevidence = \"out/diff.json\"\n").exit_code == 1);
  const auto statement = doc::parse_json(*io::read_file(home.path + "/out/diff.json"));
  REQUIRE(statement.has_value());
  CHECK(statement->string_or("_type", "") == "https://in-toto.io/Statement/v1");
  const auto& subject = statement->find("subject")->items()[1];
  CHECK(subject.string_or("name", "") == "b.txt");
  CHECK(subject.find("digest")->string_or("sha256", "") == crypto::sha256_hex("two\n"));
  CHECK_FALSE(statement->find("predicate")->boolean_or("met", true));
  CHECK(statement->find("predicate")->integer_or("difference-count", 0) == 1);
}

TEST_CASE("gate diff: init finds a reference beside a build of the same name") {
  const Home home;
  home.write("released/tool.tar", std::string(1024, '\0'));
  home.write("out/tool.tar", std::string(1024, '\0'));
  CHECK(home.run({"chiron", "init"}).exit_code == 0);
  const auto written = io::read_file(home.path + "/chiron.toml");
  REQUIRE(written.has_value());
  CHECK(written->find("a = \"released/tool.tar\"") != std::string::npos);
  CHECK(written->find("b = \"out/tool.tar\"") != std::string::npos);
}

TEST_CASE("gate normalize: what is not normal fails, what is passes, damage does not stop the rest") {
  const Home home;
  home.write("in/a", "x\n");
  REQUIRE(home.run({"tar", "-C", "in", "-czf", "raw.tar.gz", "a"}).exit_code == 0);
  const auto section = "[gate.normalize]\nfiles = [\"*.tar.gz\"]\n";
  const auto raw = home.check(section);
  CHECK(raw.exit_code == 1);
  CHECK(raw.rules() == Rules{"normalize/not-normal"});
  CHECK(home.run({"chiron", "normalize", "raw.tar.gz"}).exit_code == 0);
  CHECK(home.check(section).exit_code == 0);
  home.write("bad.tar.gz", io::read_file(home.path + "/raw.tar.gz")->substr(0, 60));
  CHECK(home.check(section).rules() == Rules{"normalize/unreadable"});
  CHECK(home.check("[gate.normalize]\nfiles = [\"*.whl\"]\n").exit_code == 0);
}
