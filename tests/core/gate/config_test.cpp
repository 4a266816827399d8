#include "core/config.h"

#include <doctest/doctest.h>

#include "foundation/doc/json.h"
#include "operations/registry.h"

using namespace chiron;

namespace {

struct LintRequest {
  std::string run;
  std::vector<std::string> files;
  std::int64_t depth = 3;
  bool strict = false;
  std::string mode = "fast";
};

Operation lint_operation() {
  auto lint =
      operation<LintRequest>("lint", "Lint",
                             Fields<LintRequest>()
                                 .add("run", &LintRequest::run, {.help = "What", .required = true})
                                 .add("files", &LintRequest::files, {.help = "Which"})
                                 .add("depth", &LintRequest::depth, {.help = "How deep", .minimum = 1, .maximum = 9})
                                 .add("strict", &LintRequest::strict, {.help = "Strict"})
                                 .add("mode", &LintRequest::mode, {.help = "Mode", .choices = {"fast", "slow"}})
                                 .take(),
                             [](const LintRequest&, Context&) -> Result<Response> { return Response{}; });
  lint.gate = GateFacet{};
  return lint;
}

Registry registry() { return Registry({{"lint", lint_operation}}); }

std::string error_of(std::string_view text) {
  static const auto known = registry();
  const auto config = parse_config(text, "chiron.toml", known);
  if (config) return "ok";
  return config.error().code + " " + to_string(*config.error().place) + " " + config.error().next;
}

}  // namespace

TEST_CASE("registry: every operation is found by its own name, and stays where it is") {
  const auto known = make_registry();
  std::size_t count = 0;
  for (const auto& operation : known.operations()) {
    CAPTURE(operation.name);
    CHECK(known.find(operation.name) == &operation);
    ++count;
  }
  CHECK(count > 30);
  CHECK(known.find("no such") == nullptr);
}

TEST_CASE("config: values reach the request, in every type") {
  const auto known = registry();
  const auto config = parse_config(
      "[workspace]\nfail-level = \"note\"\n[gate.a]\nkind = \"lint\"\nrun = \"x\"\nfiles = [\"f\", \"g\"]\ndepth = 7\n"
      "strict = true\nmode = \"slow\"\nneeds = [\"lint\"]\n[gate.lint]\nrun = \"y\"\nfiles = \"single\"\n",
      "chiron.toml", known);
  REQUIRE(config);
  CHECK(config->workspace.fail_level == "note");
  REQUIRE(config->gates.size() == 2);
  const auto& a = *static_cast<const LintRequest*>(config->gates[0].request.get());
  CHECK(a.run == "x");
  CHECK(a.files == std::vector<std::string>{"f", "g"});
  CHECK(a.depth == 7);
  CHECK(a.strict);
  CHECK(a.mode == "slow");
  CHECK(config->gates[0].common.needs == std::vector<std::string>{"lint"});
  CHECK(static_cast<const LintRequest*>(config->gates[1].request.get())->files == std::vector<std::string>{"single"});
}

TEST_CASE("config: each mistake is told at its place, with what was probably meant") {
  CHECK(error_of("[gate.lint]\nrun = \"x\"\nstrikt = true\n") ==
        "config.unknown-key chiron.toml:3:1 Did you mean strict?");
  CHECK(error_of("[gate.lint]\nrun = 1\n").starts_with("config.type chiron.toml:2:7"));
  CHECK(error_of("[gate.lint]\nrun = \"x\"\ndepth = 10\n").starts_with("config.value chiron.toml:3:9"));
  CHECK(error_of("[gate.lint]\nrun = \"x\"\nmode = \"fats\"\n") ==
        "config.value chiron.toml:3:8 Did you mean \"fast\"?");
  CHECK(error_of("[gate.lint]\n").starts_with("config.missing-key chiron.toml:1:7"));
  CHECK(error_of("[gate.x]\nkind = \"lnit\"\n").starts_with("config.unknown-gate chiron.toml:2:8 Did you mean lint?"));
  CHECK(error_of("[gates.x]\n") == "config.unknown-key chiron.toml:1:2 Did you mean gate?");
  CHECK(error_of("[gate.lint]\nrun = \"x\"\nneeds = [\"lin\"]\n") ==
        "config.unknown-gate chiron.toml:3:10 Did you mean lint?");
  CHECK(error_of("[gate.lint]\nrun = \"x\"\nneeds = [\"lint\"]\n").starts_with("config.cycle chiron.toml:1:7"));
  CHECK(error_of("[gate.lint\n").starts_with("toml.syntax chiron.toml:1"));
  CHECK(error_of("gate = 1\n").starts_with("config.type"));
}

TEST_CASE("config: all mistakes are told at once") {
  const auto known = registry();
  const auto config = parse_config("[gate.lint]\nrun = 1\ndepth = 10\nzzzzz = 1\n", "c", known);
  REQUIRE(!config);
  CHECK(config.error().notes.size() == 2);
}

TEST_CASE("config: the schema names every key and allows no other") {
  const auto schema = config_schema(registry());
  const auto* gate = schema.find("properties")->find("gate")->find("properties")->find("lint");
  REQUIRE(gate != nullptr);
  for (const auto* key : {"run", "files", "depth", "needs", "when", "timeout"})
    CHECK(gate->find("properties")->find(key) != nullptr);
  CHECK(gate->find("additionalProperties")->as_boolean() == false);
  CHECK(gate->find("properties")->find("depth")->integer_or("maximum", 0) == 9);
}
