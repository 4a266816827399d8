// Archives of test programs: written, moved, run elsewhere; and what is refused.
#include "engines/testing/archive.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"

using namespace chiron;
using namespace chiron::testing;

namespace {

io::TemporaryFolder temporary() {
  auto folder = io::TemporaryFolder::create("archive");
  REQUIRE(folder);
  return std::move(*folder);
}

void shell(const std::string& folder, const std::string& script) {
  io::ProcessSpec spec;
  spec.arguments = {"sh", "-ec", script};
  spec.working_folder = folder;
  spec.merge_streams = true;
  const auto ran = io::run_process(spec);
  REQUIRE(ran);
  REQUIRE_MESSAGE(ran->exit_code == 0, ran->output);
}

// A doctest program below build/, with a library of the build that it finds by an absolute path, and a file that it
// reads from where it is started.
std::string build_with_library(const std::string& folder) {
  REQUIRE(io::write_file_atomic(folder + "/answer.cpp", "int answer() { return 42; }\n"));
  REQUIRE(io::write_file_atomic(folder + "/data.txt", "42\n"));
  REQUIRE(io::write_file_atomic(
      folder + "/unit.cpp",
      "#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN\n#include <doctest/doctest.h>\n#include <fstream>\n"
      "int answer();\n"
      "TEST_CASE(\"library\") { CHECK(answer() == 42); }\n"
      "TEST_CASE(\"data\") { int n = 0; std::ifstream(\"data.txt\") >> n; CHECK(n == 42); }\n"));
  shell(folder,
        "mkdir -p build/lib && c++ -O0 -shared -fPIC answer.cpp -o build/lib/libanswer.so && "
        "c++ -O0 unit.cpp -o build/unit -Lbuild/lib -lanswer -Wl,-rpath,\"$PWD/build/lib\"");
  return "build/unit";
}

std::string random_text(std::size_t size) {
  Random random(7);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

std::string error_of(const Result<OpenedArchive>& opened) {
  REQUIRE_FALSE(opened);
  return opened.error().message;
}

}  // namespace

TEST_CASE(
    "an archive runs where neither build nor data are, with the library of the build and the recorded durations") {
  auto here = temporary();
  ArchiveRequest request;
  request.folder = here.path();
  request.targets = {build_with_library(here.path())};
  request.files = {"data.txt"};
  request.timings = here.path() + "/timings";
  REQUIRE(io::write_file_atomic(request.timings, "3000000000\tpassed\tbuild/unit::data\n"));
  auto there = temporary();
  const std::string file = there.path() + "/tests.tar.zst";
  const auto written = write_archive(request, file);
  REQUIRE_MESSAGE(written, written.error().message);
  CHECK(written->programs == 1);
  CHECK(written->libraries == 1);
  CHECK(written->files == 1);
  // What was built is gone.
  shell(here.path(), "rm -rf build data.txt");
  SessionRequest session;
  session.archive = file;
  session.folder = there.path();
  session.state_folder = there.path() + "/state";
  session.filter = "slower-than(2s)";
  auto slow = list_session(session);
  REQUIRE_MESSAGE(slow, slow.error().message);
  REQUIRE(slow->selected.size() == 1);
  CHECK(slow->catalog->tests[slow->selected[0]].name == "data");
  session.filter = "";
  session.unpack = there.path() + "/unpacked";
  auto ran = run_session(session);
  REQUIRE_MESSAGE(ran, ran.error().message);
  CHECK(ran->selected.size() == 2);
  for (const auto test : ran->selected) CHECK(ran->result.records[test].verdict == Verdict::passed);
  CHECK(test_id(ran->catalog->programs, ran->catalog->tests[0]).starts_with("build/unit::"));
  CHECK(io::exists(session.unpack + "/build/lib/libanswer.so"));
  // A second time the folder is in use.
  CHECK_FALSE(run_session(session));
}

TEST_CASE("what cannot be archived is refused by name, and leaves no file") {
  auto here = temporary();
  REQUIRE(io::make_folders(here.path() + "/tests"));
  REQUIRE(io::write_file_atomic(here.path() + "/tests/test_a.py", "def test_a(): pass\n"));
  const std::string file = here.path() + "/tests.tar.zst";
  ArchiveRequest request;
  request.folder = here.path();
  request.targets = {"tests"};
  auto written = write_archive(request, file);
  REQUIRE_FALSE(written);
  CHECK(written.error().message == "pytest: a pytest project cannot be archived");
  request.targets = {"tap:/bin/true"};
  written = write_archive(request, file);
  REQUIRE_FALSE(written);
  CHECK(written.error().message.find("lies outside of") != std::string::npos);
  CHECK_FALSE(io::exists(file));
  CHECK(io::walk(here.path())->size() == 2);
}

TEST_CASE(
    "an archive that is no such thing, damaged or hostile is refused, and nothing is written outside of its folder") {
  auto here = temporary();
  const std::string file = here.path() + "/tests.tar.zst";
  unsigned number = 0;
  const auto open = [&] { return unpack_archive(file, format("{}/out{}", here.path(), ++number)); };
  CHECK_FALSE(open());
  REQUIRE(io::write_file_atomic(file, "no archive at all"));
  CHECK(error_of(open()).find("no archive of chiron test archive") != std::string::npos);
  REQUIRE(io::write_file_atomic(file, ""));
  CHECK_FALSE(open());

  REQUIRE(io::write_file_atomic(here.path() + "/chiron-tests.json",
                                R"({"version":1,"targets":["tap:x"],"library-folders":[]})"));
  REQUIRE(io::write_file_atomic(here.path() + "/x", std::string(300'000, 'x')));
  const auto pack = [&](const std::string& members) {
    shell(here.path(), "rm -f tests.tar.zst; tar -cPf tests.tar.zst chiron-tests.json " + members);
  };
  pack("x");
  REQUIRE(open());
  // Cut off: in the middle of a member, and in the middle of the compressed bytes.
  const auto halve = [&] {
    const auto bytes = io::read_file(file, 1u << 20);
    REQUIRE(bytes);
    REQUIRE(io::write_file_atomic(file, bytes->substr(0, bytes->size() / 2)));
    const auto message = error_of(open());
    CHECK_MESSAGE(message.find("damaged") != std::string::npos, message);
  };
  halve();
  ArchiveRequest request;
  request.folder = here.path();
  REQUIRE(io::write_file_atomic(here.path() + "/noise", random_text(600'000)));
  request.targets = {"tap:x"};
  request.files = {"noise"};
  REQUIRE(write_archive(request, file));
  REQUIRE(open());
  halve();
  pack("--transform 's,^x$,../../escaped,' x");
  CHECK(error_of(open()).find("lies outside of it") != std::string::npos);
  pack("--transform 's,^x$," + here.path() + "/absolute,' x");
  CHECK(error_of(open()).find("lies outside of it") != std::string::npos);
  shell(here.path(), "ln -s /etc link");
  pack("link");
  CHECK(error_of(open()).find("no regular file") != std::string::npos);
  // A name that is there already: by a link it could lead anywhere.
  pack("x x");
  CHECK_FALSE(open());
  CHECK_FALSE(io::exists(here.path() + "/escaped"));
  CHECK_FALSE(io::exists(here.path() + "/absolute"));
  for (const std::string manifest : {"[]", R"({"version":2})", R"({"version":1,"targets":"x"})",
                                     R"({"version":1,"targets":[],"library-folders":["../lib"]})", "{"}) {
    REQUIRE(io::write_file_atomic(here.path() + "/chiron-tests.json", manifest));
    pack("x");
    CHECK_FALSE(open());
  }
}
