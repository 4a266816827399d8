// Which tests a change can affect: changed lines, the record's file, and what follows from both.
#include "engines/testing/affected.h"

#include <doctest/doctest.h>

#include "engines/testing/line_changes.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

using namespace chiron;
using namespace chiron::testing;

namespace {

std::vector<ChangedLines> changes(std::string_view before, std::string_view after) {
  return changed_lines(hash_lines(before), hash_lines(after));
}

// Applies what changed_lines says to the earlier text; the later one must come out.
std::string rebuilt(const std::vector<std::string>& before, const std::vector<std::string>& after,
                    const std::vector<ChangedLines>& all) {
  std::string out;
  std::size_t at = 1;
  for (const auto& change : all) {
    for (; at < change.first; ++at) out += before[at - 1] + "\n";
    for (auto line = change.new_first; line <= change.new_last; ++line) out += after[line - 1] + "\n";
    at = change.last + 1;
  }
  for (; at <= before.size(); ++at) out += before[at - 1] + "\n";
  return out;
}

const std::string kSource =
    "#include \"a.h\"\nint table = 3;\nint f() {\n  return 1;\n}\n\nint g() {\n  return 2;\n}\n";

// A program of two tests: A runs f, B runs g; both include a.h, which has a constexpr function.
struct World {
  CoverageMap map;
  Catalog catalog;
  AffectedRequest request;
  std::map<std::string, std::string> now, base;

  World() {
    now = {{"a.cpp", kSource}, {"a.h", "constexpr int k() {\n  return 9;\n}\ninline int h() {\n  return 4;\n}\n"}};
    base = now;
    Program program;
    program.id = "bin/t";
    catalog.programs.push_back(program);
    const auto source = map.add_source(describe_source("a.cpp", kSource));
    const auto f = map.add_function(source, {3, 5, false, "f"}), g = map.add_function(source, {7, 9, false, "g"});
    const auto header = map.add_source(describe_source("a.h", now["a.h"]));
    (void)map.add_function(header, {1, 3, true, "k"});
    const auto h = map.add_function(header, {4, 6, false, "h"});
    add("A", {map.add_set({source, {3, 4}, {f}}), map.add_set({header, {4, 5}, {h}})});
    add("B", {map.add_set({source, {7, 8}, {g}})});
    map.program("bin/t").sources = {"a.cpp", "a.h", "unused.h"};
    add("New", {});
    request.now = [this](const std::string& path) { return find(now, path); };
    request.at_base = [this](const std::string& path) { return find(base, path); };
    request.test_file = [](const TestCase& test) { return test.file; };
    request.unrelated = {"*.md", "docs/**"};
  }
  static std::optional<std::string> find(const std::map<std::string, std::string>& files, const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  }
  void add(const std::string& name, std::vector<std::uint32_t> sets) {
    TestCase test;
    test.name = name;
    catalog.tests.push_back(test);
    if (!sets.empty()) map.record("bin/t::" + name, std::move(sets));
  }
  void change(const std::string& path, const std::string& text) {
    now[path] = text;
    request.changes.push_back({path, path, !base.contains(path), false});
  }
  // Names of the tests that run, in the order of the list.
  std::string run() const {
    std::vector<TestIndex> tests;
    for (TestIndex i = 0; i < catalog.tests.size(); ++i) tests.push_back(i);
    const auto affected = find_affected(map, catalog, tests, request);
    std::string names;
    for (const auto i : tests)
      if (affected.of[i].cause != Cause::none) names += catalog.tests[i].name + " ";
    return names;
  }
};

}  // namespace

TEST_CASE("changed lines: replaced, added, taken away, at both ends") {
  CHECK(changes("a\nb\nc\n", "a\nb\nc\n").empty());
  CHECK(changes("a\nb\nc\n", "a\nX\nc\n") == std::vector<ChangedLines>{{2, 2, 2, 2}});
  CHECK(changes("a\nc\n", "a\nb\nc\n") == std::vector<ChangedLines>{{2, 1, 2, 2}});
  CHECK(changes("a\nb\nc\n", "a\nc\n") == std::vector<ChangedLines>{{2, 2, 2, 1}});
  CHECK(changes("", "a\n").size() == 1);
  CHECK(changes("a\n", "").size() == 1);
}

TEST_CASE("changed lines say how the later text comes of the earlier, whatever the two are") {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> before(random.below(30)), after;
    for (auto& line : before) line = format("{}", random.below(6));
    for (const auto& line : before) {
      if (random.below(4) != 0) after.push_back(line);
      if (random.below(4) == 0) after.push_back(format("{}", random.below(6)));
    }
    std::string first, second;
    for (const auto& line : before) first += line + "\n";
    for (const auto& line : after) second += line + "\n";
    CHECK(rebuilt(before, after, changes(first, second)) == second);
  }
  // Too many edits to look for: one change, and still a true one.
  std::vector<std::string> before, after;
  for (int i = 0; i < 4000; ++i) {
    before.push_back(format("a{}", i));
    after.push_back(format("b{}", i));
  }
  std::string first, second;
  for (const auto& line : before) first += line + "\n";
  for (const auto& line : after) second += line + "\n";
  CHECK(rebuilt(before, after, changes(first, second)) == second);
}

TEST_CASE("a change inside a function runs the tests that entered it; one without a record always runs") {
  World world;
  CHECK(world.run() == "New ");
  world.change("a.cpp", "#include \"a.h\"\nint table = 3;\nint f() {\n  return 7;\n}\n\nint g() {\n  return 2;\n}\n");
  CHECK(world.run() == "A New ");
}

TEST_CASE("a line added between two lines of a function belongs to it; one between functions to the file") {
  World world;
  world.change("a.cpp",
               "#include \"a.h\"\nint table = 3;\nint f() {\n  return 1;\n}\n\nint g() {\n  int x;\n  return 2;\n}\n");
  CHECK(world.run() == "B New ");
  World outside;
  outside.change("a.cpp", "#include \"a.h\"\nint table = 4;\nint f() {\n  return 1;\n}\n\nint g() {\n  return 2;\n}\n");
  CHECK(outside.run() == "A B New ");
}

TEST_CASE("in a header, constants and what nobody ran act on every test of the program") {
  World body;
  body.change("a.h", "constexpr int k() {\n  return 9;\n}\ninline int h() {\n  return 5;\n}\n");
  CHECK(body.run() == "A New ");
  World constant;
  constant.change("a.h", "constexpr int k() {\n  return 8;\n}\ninline int h() {\n  return 4;\n}\n");
  CHECK(constant.run() == "A B New ");
  World macro;
  macro.change("a.h", "constexpr int k() {\n  return 9;\n}\ninline int h() {\n#define X 3\n  return 4;\n}\n");
  CHECK(macro.run() == "A B New ");
  World unused;
  unused.base["unused.h"] = "int a;\n";
  unused.change("unused.h", "int b;\n");
  CHECK(unused.run() == "A B New ");
}

TEST_CASE("a file that no record knows runs everything, unless it decides nothing") {
  World world;
  world.base["README.md"] = world.base["docs/x.txt"] = "old";
  world.change("README.md", "new");
  world.change("docs/x.txt", "new");
  CHECK(world.run() == "New ");
  world.base["CMakeLists.txt"] = "old";
  world.change("CMakeLists.txt", "new");
  CHECK(world.run() == "A B New ");
  World added;
  added.change("tests/test_new.py", "def test_x(): pass\n");
  CHECK(added.run() == "New ");
  World conftest;
  conftest.change("tests/conftest.py", "x = 1\n");
  CHECK(conftest.run() == "A B New ");
}

TEST_CASE("a record older than the base of the change counts as changed where its code moved on") {
  World world;
  // The base has moved g on since the record; the change itself touches nothing.
  world.base["a.cpp"] = "#include \"a.h\"\nint table = 3;\nint f() {\n  return 1;\n}\n\nint g() {\n  return 5;\n}\n";
  world.now["a.cpp"] = world.base["a.cpp"];
  CHECK(world.run() == "B New ");
  // Recorded after the change was made: what differs is the base.
  World later;
  later.base["a.cpp"] = "#include \"a.h\"\nint table = 3;\nint f() {\n  return 0;\n}\n\nint g() {\n  return 2;\n}\n";
  later.change("a.cpp", kSource);
  CHECK(later.run() == "A New ");
}

TEST_CASE("tests that did not pass the last time run, and a deleted file affects who ran it") {
  World world;
  world.request.failed_last = [](const std::string& id) { return id == "bin/t::B"; };
  CHECK(world.run() == "B New ");
  World deleted;
  deleted.now.erase("a.h");
  deleted.request.changes.push_back({"a.h", "a.h", false, true});
  CHECK(deleted.run() == "A B New ");
}

TEST_CASE("Python: module level counts for whom imports it, also through others") {
  World world;
  world.catalog.programs[0].framework = Framework::pytest;
  world.catalog.programs[0].id = "pytest";
  const std::string text = "LIMIT = 3\ndef f():\n    return 1\n";
  world.now["settings.py"] = world.base["settings.py"] = text;
  auto settings = describe_source("settings.py", text);
  const auto index = world.map.add_source(settings);
  (void)world.map.add_function(index, {3, 3, false, "f"});
  for (const auto* name : {"x", "y"}) {
    const std::string path = format("tests/test_{}.py", name);
    world.now[path] = world.base[path] = "import helper\n";
    auto module = describe_source(path, "import helper\n");
    if (*name == 'x') module.imports = {"helper.py"};
    (void)world.map.add_source(module);
    TestCase test;
    test.name = name;
    test.file = path;
    world.catalog.tests.push_back(test);
world.map.record(std::string("pytest::") + name, {});
  }
  auto helper = describe_source("helper.py", "from settings import LIMIT\n");
  helper.imports = {"settings.py"};
  (void)world.map.add_source(helper);
  world.now["helper.py"] = world.base["helper.py"] = "from settings import LIMIT\n";
  world.change("settings.py", "LIMIT = 4\ndef f():\n    return 1\n");
  CHECK(world.run().find("x ") != std::string::npos);
  CHECK(world.run().find("y ") == std::string::npos);
}

TEST_CASE("the record's file: what was written is read, newer knowledge replaces older, damage is told") {
  auto folder = io::TemporaryFolder::create("record");
  REQUIRE(folder);
  const std::string path = folder->path() + "/coverage.sqlite";
  const auto none = read_coverage_map(path);
  REQUIRE(none);
  CHECK_FALSE(*none);
  World world;
  REQUIRE(update_coverage_map(path, world.map));
  auto read = read_coverage_map(path);
  REQUIRE(read);
  REQUIRE(*read);
  CHECK((*read)->tests().size() == 2);
  CHECK((*read)->sources().size() == 2);
  CHECK((*read)->programs().at("bin/t").sources.size() == 3);
  const auto& sets = (*read)->tests().at("bin/t::A");
  REQUIRE(sets.size() == 2);
  const auto& set = (*read)->sets()[sets[0]];
  CHECK((*read)->sources()[set.source] == world.map.sources()[set.source]);
  CHECK(set.lines == std::vector<std::uint32_t>{3, 4});
  // B is recorded again with another version of the file; A keeps its own.
  CoverageMap newer;
  const auto source = newer.add_source(describe_source("a.cpp", "int g() {\n  return 2;\n}\n"));
  const auto g = newer.add_function(source, {1, 3, false, "g"});
  newer.record("bin/t::B", {newer.add_set({source, {1, 2}, {g}})});
  REQUIRE(update_coverage_map(path, newer));
  read = read_coverage_map(path);
  REQUIRE(read);
  CHECK((*read)->tests().size() == 2);
  CHECK((*read)->sources().size() == 3);  // both versions of a.cpp
  REQUIRE(update_coverage_map(path, world.map));
  CHECK((*read_coverage_map(path))->sources().size() == 2);
  REQUIRE(io::write_file_atomic(path, "this is no database at all, and long enough to be looked at as one"));
  CHECK_FALSE(read_coverage_map(path));
}
