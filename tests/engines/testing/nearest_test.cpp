// Which tests come nearest to a line that none runs.
#include "engines/testing/nearest.h"

#include <doctest/doctest.h>

using namespace chiron::testing;

TEST_CASE("nearest tests: those of the same function first, then by distance, of the version at hand") {
  const std::string text = "f {\n1\n2\n3\n}\ng {\n6\n7\n}\n";
  CoverageMap map;
  const auto old = map.add_source(describe_source("a.c", "before\n"));
  auto now = describe_source("a.c", text);
  now.functions = {{1, 5, false, "f"}, {6, 9, false, "g"}};
  const auto source = map.add_source(now);
  const auto other = map.add_source(describe_source("b.c", text));
  map.record("far in f", {map.add_set({source, {2}, {0}})});
  map.record("near in g", {map.add_set({source, {6, 7}, {1}})});
  map.record("near in f", {map.add_set({source, {2, 3}, {0}}), map.add_set({other, {4}, {}})});
  map.record("elsewhere", {map.add_set({other, {4}, {}})});
  map.record("of before", {map.add_set({old, {4}, {}})});
  const auto found = nearest_tests(map, "a.c", text, 4, 10);
  REQUIRE(found.size() == 3);
  CHECK(found[0].test == "near in f");
  CHECK(found[0].line == 3);
  CHECK(found[0].same_function);
  CHECK(found[1].test == "far in f");
  CHECK(found[2].test == "near in g");
  CHECK(found[2].line == 6);
  CHECK_FALSE(found[2].same_function);
  CHECK(nearest_tests(map, "a.c", text, 4, 1).size() == 1);
  CHECK(nearest_tests(map, "none.c", text, 4, 10).empty());
  // A text that was not recorded takes the newest record of the file.
  CHECK(nearest_tests(map, "a.c", text + "more\n", 4, 10).size() == 3);
}
