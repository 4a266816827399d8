// chiron test --coverage and --since on real projects: what each test ran is recorded, and a change runs what it can
// break.
#include "project.h"

namespace chiron::test {

namespace {

bool have(const std::string& line) {
  io::ProcessSpec spec;
  spec.arguments = {"sh", "-c", line};
  const auto ran = io::run_process(spec);
  return ran && ran->exit_code == 0;
}

// Two libraries and a GoogleTest program; build.sh is its build system.
void make_native(const Project& project) {
  project.save(".gitignore", "build/\n.chiron/\n");
  project.save("README.md", "Sums and products.\n");
  project.save("include/calc.h", "#pragma once\n#define UNIT 1\nint add(int a, int b);\nint mul(int a, int b);\n");
  project.save("src/add.cpp", "#include \"calc.h\"\n\nint add(int a, int b) {\n  return a + b;\n}\n");
  project.save("src/mul.cpp",
               "#include \"calc.h\"\n\nint mul(int a, int b) {\n  int sum = 0;\n  for (int i = 0; i < b; ++i)\n"
               "    sum = add(sum, a) * UNIT;\n  return sum;\n}\n");
  project.save(
      "tests/calc.cpp",
      "#include <gtest/gtest.h>\n#include <cstdlib>\n#include \"calc.h\"\n\nTEST(Add, Sums) {\n  EXPECT_EQ(add(1, 2), "
      "3);\n}\n\nTEST(Add, Zero) {\n  EXPECT_EQ(add(0, 0), 0);\n}\n\nTEST(Mul, Product) {\n  EXPECT_EQ(mul(2, "
      "3), 6);\n}\n\nTEST(Odd, Dies) {\n  if (std::getenv(\"DIE\") != nullptr) std::abort();\n}\n");
  project.save(
      "build.sh",
      "set -e\nmkdir -p build\nfor f in src/add src/mul tests/calc; do\n  o=build/$(basename $f).o\n  if [ ! -e "
      "$o ] || [ $f.cpp -nt $o ] || [ include/calc.h -nt $o ]; then\n    g++ --coverage -O0 -Iinclude -c $f.cpp "
      "-o $o\n  fi\ndone\ng++ --coverage build/*.o -o build/tests -lgtest_main -lgtest -pthread\n");
}

}  // namespace

TEST_CASE("a C++ project: a change of one function runs the tests that entered it, one of a macro all of them") {
  if (!have("printf '#include <gtest/gtest.h>\\n' | g++ -E -x c++ - >/dev/null 2>&1 && ls /usr/lib/*/libgtest_main.a"))
    return;
  Project project;
  make_native(project);
  project.commit("first");
  project.shell("sh build.sh");
  const auto recorded = project.chiron({"test", "build/tests", "--coverage"});
  REQUIRE_MESSAGE(recorded.exit_code == 0, recorded.output, recorded.error_output);
  CHECK(has(recorded.error_output, "what 4 tests ran"));
  CHECK_FALSE(has(project.run({"sh", "-c", "find build -name '*.gcda'"}).output, "gcda"));
  const auto shown = project.chiron({"coverage", "show", ".chiron/test/coverage.info"});
  CHECK(has(shown.output, "src/mul.cpp"));

  // Nothing changed: nothing runs, and that is no error.
  const auto none = project.chiron({"test", "build/tests", "--since", "HEAD"});
  CHECK(none.exit_code == 0);
  CHECK(has(none.output, "0 tests"));
  CHECK(has(none.error_output, "0 of 4 tests"));

  project.replace("src/mul.cpp", "sum = 0", "sum = 0 + 0");
  project.replace("README.md", "Sums", "All sums");
  const auto unbuilt = project.chiron({"test", "list", "build/tests", "--since", "HEAD"});
  CHECK(has(unbuilt.error_output, "is it built?"));
  project.shell("sh build.sh");
  const auto one = project.chiron({"test", "list", "build/tests", "--since", "HEAD", "--why"});
  CHECK(has(one.output, "run   build/tests::Mul.Product  (src/mul.cpp:3 mul(int, int) changed)"));
  CHECK(has(one.output, "skip  build/tests::Add.Sums  (nothing that it ran has changed)"));
  const auto ran = project.chiron({"test", "build/tests", "--since", "HEAD"});
  CHECK(has(ran.output, "1 tests: 1 passed"));

  // add() is called by mul(): its test is affected too, and so is nothing else.
  project.replace("src/add.cpp", "a + b", "b + a");
  project.shell("sh build.sh");
  CHECK(project.chiron({"test", "list", "build/tests", "--since", "HEAD"}).output ==
        "build/tests::Add.Sums\nbuild/tests::Add.Zero\nbuild/tests::Mul.Product\n");
  project.commit("second");
  // Since the commit nothing changed, but the record is older than it: what it says of changed code does not count.
  CHECK(project.chiron({"test", "list", "build/tests", "--since", "HEAD"}).output ==
        "build/tests::Add.Sums\nbuild/tests::Add.Zero\nbuild/tests::Mul.Product\n");
  project.shell("sh build.sh");
  CHECK(project.chiron({"test", "build/tests", "--coverage", "--since", "HEAD"}).exit_code == 0);
  CHECK(project.chiron({"test", "list", "build/tests", "--since", "HEAD"}).output.empty());
  CHECK(project.chiron({"test", "list", "build/tests", "--since", "HEAD~1"}).output ==
        "build/tests::Add.Sums\nbuild/tests::Add.Zero\nbuild/tests::Mul.Product\n");

  project.replace("include/calc.h", "UNIT 1", "UNIT 1L");
  project.shell("sh build.sh");
  CHECK(has(project.chiron({"test", "list", "build/tests", "--since", "HEAD", "--why"}).output,
            "calc.h changed, which no record knows"));
}

TEST_CASE("a killed test is told as lost and runs the next time; a failure found by check --since counts") {
  if (!have("ls /usr/lib/*/libgtest_main.a")) return;
  Project project;
  make_native(project);
  project.save("chiron.toml", "[gate.test]\ntargets = [\"build/tests\"]\n");
  project.commit("first");
  project.shell("sh build.sh");
  const auto lost = project.chiron({"test", "build/tests", "--coverage", "--env", "DIE=1"});
  CHECK(lost.exit_code == 1);
  CHECK(
      has(lost.error_output, "the coverage of 1 test is lost, because the process was killed: build/tests::Odd.Dies"));
  CHECK(project.chiron({"test", "list", "build/tests", "--since", "HEAD"}).output == "build/tests::Odd.Dies\n");
  project.replace("src/mul.cpp", "return sum", "return sum + 1");
  project.shell("sh build.sh");
  const auto check = project.chiron({"check", "--since", "HEAD", "--format", "json"});
  CHECK(check.exit_code == 1);
  CHECK(has(check.output, "Mul.Product"));
  CHECK_FALSE(has(check.output, "Add.Sums"));
}

TEST_CASE("a program without counters is no silent success") {
  Project project;
  project.save("plain.sh", "#!/bin/sh\necho 1..1\necho ok 1\n");
  project.shell("chmod +x plain.sh; git init -q");
  const auto ran = project.chiron({"test", "tap:plain.sh", "--coverage"});
  CHECK(ran.exit_code == 1);
  CHECK(has(ran.output, "plain.sh left no coverage"));
}

TEST_CASE("a pytest project: functions, fixtures that tests share, module level through imports, new tests") {
  if (!have("/usr/bin/python3 -c 'import pytest, coverage'")) return;
  Project project;
  project.save(".gitignore", ".chiron/\n__pycache__/\n.pytest_cache/\n");
  project.save("shop/__init__.py", "");
  project.save("shop/settings.py", "LIMIT = 10\n");
  project.save(
      "shop/cart.py",
      "from shop.settings import LIMIT\n\n\ndef fits(n):\n    return n < LIMIT\n\n\ndef size():\n    return 3\n");
  project.save("shop/store.py", "def connect():\n    return make()\n\n\ndef make():\n    return {}\n");
  project.save("tests/conftest.py",
               "import pytest\nfrom shop import store\n\n\n@pytest.fixture(scope=\"session\")\ndef db():\n    return "
               "store.connect()\n");
  project.save("tests/test_cart.py",
               "from shop import cart\n\n\ndef test_fits():\n    assert cart.fits(1)\n\n\ndef test_size():\n    assert "
               "cart.size() == 3\n");
  project.save("tests/test_store.py",
               "def test_one(db):\n    assert db == {}\n\n\ndef test_two(db):\n    assert db == {}\n\n\ndef "
               "test_none():\n    pass\n");
  project.commit("first");
  const auto since = [&] {
    return project.chiron({"test", "list", "tests", "--python", "/usr/bin/python3", "--since", "HEAD"}).output;
  };
  const auto restore = [&] { project.shell("git checkout -q . && git clean -fdq"); };
  const auto recorded = project.chiron({"test", "tests", "--python", "/usr/bin/python3", "--coverage"});
  REQUIRE_MESSAGE(recorded.exit_code == 0, recorded.output, recorded.error_output);
  CHECK(has(recorded.error_output, "what 5 tests ran"));
  CHECK(since().empty());
  project.replace("shop/cart.py", "return 3", "return 2 + 1");
  CHECK(since() == "pytest::tests/test_cart.py::test_size\n");
  restore();
  // Run once within whichever test came first, by a fixture; it counts for both who use it.
  project.replace("shop/store.py", "return {}", "return dict()");
  CHECK(since() == "pytest::tests/test_store.py::test_one\npytest::tests/test_store.py::test_two\n");
  restore();
  // Nobody runs a constant; who imports what imports it is affected.
  project.replace("shop/settings.py", "10", "11");
  CHECK(since() == "pytest::tests/test_cart.py::test_fits\npytest::tests/test_cart.py::test_size\n");
  restore();
  project.save("tests/test_new.py", "def test_new():\n    pass\n");
  CHECK(since() == "pytest::tests/test_new.py::test_new\n");
  restore();
  project.replace("tests/conftest.py", "import pytest\n", "import pytest\nX = 1\n");
  CHECK(text::split_lines(since()).size() == 5);
  const auto shown = project.chiron({"coverage", "show", ".chiron/test/coverage.info"});
  CHECK(has(shown.output, "shop/cart.py"));
}

TEST_CASE("a filter that selects nothing is an error unless that is allowed") {
  Project project;
  project.save("plain.sh", "#!/bin/sh\necho 1..1\necho ok 1\n");
  project.shell("chmod +x plain.sh");
  const auto none = project.chiron({"test", "tap:plain.sh", "--filter", "name(missing)"});
  CHECK(none.exit_code == 2);
  CHECK(has(none.error_output, "selects none of 1 tests"));
  CHECK(project.chiron({"test", "tap:plain.sh", "--filter", "name(missing)", "--allow-none"}).exit_code == 0);
}

TEST_CASE("TAP points are tests, and a recorded run shows commands that work") {
  Project project;
  project.save(
      "t/a b.sh",
      "#!/bin/sh\necho 1..3\necho ok 1 - opens\necho not ok 2 - reads\necho '# got 3'\necho 'ok 3 # SKIP later'\n");
  project.shell("chmod +x t/*.sh");
  const auto ran = project.chiron({"test", "tap:t/a b.sh", "--junit", "j.xml"});
  CHECK(ran.exit_code == 1);
  CHECK(has(ran.output, "FAILED t/a b.sh::2 - reads"));
  CHECK(has(ran.output, "got 3"));
  CHECK(has(ran.output, "again: chiron test 'tap:t/a b.sh'\n"));
  CHECK(has(ran.output, "3 tests: 1 passed, 1 failed, 1 skipped"));
  CHECK(has(project.read("j.xml"), "name=\"2 - reads\""));
  const auto replayed = project.chiron({"test", "replay"});
  CHECK(has(replayed.output, "again: chiron test 'tap:t/a b.sh'\n"));
  CHECK(has(replayed.output, "3 tests: 1 passed, 1 failed, 1 skipped"));
}

}  // namespace chiron::test
