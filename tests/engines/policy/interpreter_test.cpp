// The interpreter against the machine: the same answers, also where a part of them is worked out before the input is
// known; traces and explanations.
#include <doctest/doctest.h>

#include <random>

#include "engines/policy/interpreter/explain.h"
#include "engines/policy/interpreter/show.h"

using namespace chiron;
using namespace chiron::policy;
namespace in = chiron::policy::interpreter;

namespace {

std::unique_ptr<Policy> policy_of(const std::vector<std::pair<std::string, std::string>>& modules,
                                  const char* data = nullptr) {
  auto policy = std::make_unique<Policy>(PolicyOptions{});
  for (const auto& [file, text] : modules) {
    const PolicyErrors errors = policy->add_module(file, text);
    INFO(text, to_string(errors));
    REQUIRE(errors.empty());
  }
  if (data != nullptr) {
    auto prepared = std::make_unique<Policy>(PolicyOptions{});
    REQUIRE(prepared->compile().empty());
    auto query = prepared->prepare(data);
    REQUIRE(query);
    Evaluator evaluator(*prepared);
    auto rows = evaluator.evaluate(**query, {});
    REQUIRE(rows);
    REQUIRE(policy->add_data(policy->store().from_document(to_document((*rows)[0].expressions[0].value))));
  }
  return policy;
}

std::string answer(Policy& policy, const std::string& query, Value input) {
  auto prepared = policy.prepare(query);
  if (!prepared) return "error: " + to_string(prepared.error());
  Evaluator evaluator(policy);
  EvaluationOptions options;
  options.input = input;
  auto rows = evaluator.evaluate(**prepared, options);
  if (!rows) return "error: " + rows.error().code;
  std::string out;
  for (const ResultRow& row : *rows) {
    for (const auto& [name, value] : row.bindings) out += name + "=" + to_rego(value) + ";";
  }
  return out;
}

// The distinct answers, each by the variables of the query itself: what a partial result ties to names of its own
// making is no part of them, and may hold in more than one way.
std::set<std::string> answers(Policy& policy, const std::string& query, Value input) {
  auto prepared = policy.prepare(query);
  if (!prepared) return {"error: " + to_string(prepared.error())};
  Evaluator evaluator(policy);
  EvaluationOptions options;
  options.input = input;
  auto rows = evaluator.evaluate(**prepared, options);
  if (!rows) return {"error: " + rows.error().code};
  std::set<std::string> out;
  for (const ResultRow& row : *rows) {
    std::string text = "row;";
    for (const auto& [name, value] : row.bindings)
      if (!name.starts_with("__")) text += name + "=" + to_rego(value) + ";";
    out.insert(std::move(text));
  }
  return out;
}

std::string stepped(Policy& policy, const std::string& query, Value input) {
  auto prepared = policy.prepare(query);
  if (!prepared) return "error: " + to_string(prepared.error());
  in::Tree tree(policy);
  in::Options options;
  options.evaluation.input = input;
  in::Interpreter run(tree, options);
  auto rows = run.query(tree.query((*prepared)->parsed, {}));
  if (!rows) return "error: " + rows.error().code;
  std::string out;
  for (const auto& row : *rows) {
    for (const auto& [name, value] : row) out += name + "=" + to_rego(value) + ";";
  }
  return out;
}

in::PartialResult partially(Policy& policy, in::Tree& tree, const std::string& query, bool shallow = false) {
  auto prepared = policy.prepare(query);
  REQUIRE(prepared);
  in::Options options;
  options.partial = true;
  options.unknowns = {"input"};
  options.shallow_inlining = shallow;
  in::Interpreter run(tree, options);
  auto result = run.partial(tree.query((*prepared)->parsed, {}));
  REQUIRE(result);
  return std::move(*result);
}

// Small policies out of parts: rules over an input of a few fields, that use each other.
struct Maker {
  std::mt19937 random;
  std::size_t pick(std::size_t n) { return random() % n; }
  std::string value() {
    static const char* kValues[] = {"1", "2", "\"a\"", "\"b\"", "true", "false"};
    return kValues[pick(6)];
  }
  std::string reference() {
    static const char* kReferences[] = {"input.x", "input.y", "input.z", "input.list[0]", "data.d.k", "data.d.m"};
    return kReferences[pick(6)];
  }
  std::string condition(int rule, int depth = 0) {
    switch (pick(depth > 1 ? 6 : 10)) {
      case 0:
        return reference() + " == " + value();
      case 1:
        return "input.x != " + value();
      case 2:
        return "some e in input.list\n\te == " + value();
      case 3:
        return rule > 0 ? "p" + std::to_string(pick(static_cast<std::size_t>(rule))) : "input.y";
      case 4:
        return "some v in data.d.list\n\tv == input.y";
      case 5:
        return "count(input.list) > " + std::to_string(pick(3));
      case 6:
        return rule > 0 ? "not p" + std::to_string(pick(static_cast<std::size_t>(rule))) : "not input.x";
      case 7:
        return "not " + reference() + " == " + value();
      case 8:
        return "f(input.x) == " + value();
      default:
        return "every w in data.d.list { w != input.z }";
    }
  }
  std::string module(int rules) {
    std::string out = "package t\n\nf(a) := a if a != 2\n\nf(a) := \"two\" if a == 2\n\n";
    for (int i = 0; i < rules; ++i) {
      const std::string name = "p" + std::to_string(i);
      if (pick(4) == 0) out += "default " + name + " := " + (pick(2) == 0 ? "false" : "true") + "\n\n";
      const std::size_t bodies = 1 + pick(2);
      for (std::size_t k = 0; k < bodies; ++k) {
        out += name + " if {\n";
        const std::size_t conditions = 1 + pick(3);
        bool listed = false;
        for (std::size_t c = 0; c < conditions; ++c) {
          std::string made = condition(i);
          if (made.starts_with("some")) {
            if (listed) continue;
            listed = true;
          }
          out += "\t" + made + "\n";
        }
        out += "}\n\n";
      }
    }
    return out + "s contains v if {\n\tsome v in input.list\n\tv != input.y\n}\n";
  }
  std::string input() {
    std::string out = "{";
    for (const char* name : {"x", "y", "z"}) {
      if (pick(4) != 0) out += std::string(out.size() > 1 ? ", " : "") + "\"" + name + "\": " + value();
    }
    out += std::string(out.size() > 1 ? ", " : "") + "\"list\": [";
    const std::size_t count = pick(4);
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? ", " : "") + value();
    return out + "]}";
  }
};

Value value_of(Policy& policy, const std::string& text) {
  auto prepared = policy.prepare(text);
  REQUIRE(prepared);
  static std::vector<std::unique_ptr<Evaluator>> kept;
  kept.push_back(std::make_unique<Evaluator>(policy));
  auto rows = kept.back()->evaluate(**prepared, {});
  REQUIRE(rows);
  return policy.store().from_document(to_document((*rows)[0].expressions[0].value));
}

constexpr const char* kQueries[] = {"v := data.t.p3", "data.t.p3 == true; v := 1", "v := data.t.s",
                                    "not data.t.p2; v := 1"};
constexpr const char* kData = "{\"d\": {\"k\": 1, \"m\": \"a\", \"list\": [1, \"a\"]}}";

}  // namespace

TEST_CASE("stepping gives what the machine gives") {
  struct Case {
    const char* module;
    const char* query;
  };
  const Case cases[] = {
      {"x := [y | y := data.d.list[_]]", "v := data.t.x"},
      {"x[k] := v if some k, v in input", "v := data.t.x"},
      {"x contains v if { some v in input.list; v != 1 }", "v := data.t.x"},
      {"f(a, b) := a + b\n\nx := f(1, f(2, 3))", "v := data.t.x"},
      {"x := 1 if input.x == 9\nelse := 2 if input.x == 1\nelse := 3", "v := data.t.x"},
      {"default x := 7\n\nx := 1 if input.none", "v := data.t.x"},
      {"p := input.x\n\nx := p with input.x as 5", "v := data.t.x"},
      {"f(_) := 1\n\nx := count([1, 2]) with count as f", "v := data.t.x"},
      {"x if every e in input.list { e != 9 }", "v := data.t.x"},
      {"x := {k: v | some k, v in data.d}", "v := data.t.x"},
      {"x := [p | walk(input, [p, \"a\"])]", "v := data.t.x"},
      {"a.b.c := 1\n\na.b[k] := v if some k, v in {\"e\": 2}", "v := data.t.a"},
      {"x := $\"v {input.x} w\"", "v := data.t.x"},
      {"[a, {\"b\": b}] := [1, {\"b\": 2}] if true", "v := 1"},
      {"x := y if [y, 2] = [1, 2]", "v := data.t.x"},
      {"x if not input.nothing", "v := data.t"},
  };
  for (const Case& each : cases) {
    auto policy = std::make_unique<Policy>(PolicyOptions{});
    if (!policy->add_module("t.rego", std::string("package t\n\n") + each.module + "\n").empty()) continue;
    auto empty = policy_of({});
    REQUIRE(empty->compile().empty());
    REQUIRE(policy->add_data(policy->store().from_document(to_document(value_of(*empty, kData)))));
    if (!policy->compile().empty()) continue;
    const Value input = value_of(*policy, "{\"x\": 1, \"list\": [1, \"a\"]}");
    INFO(each.module);
    CHECK(stepped(*policy, each.query, input) == answer(*policy, each.query, input));
  }
}

TEST_CASE("random policies: stepping answers as the machine does") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Maker maker{std::mt19937(seed)};
    const std::string text = maker.module(4);
    auto policy = policy_of({{"t.rego", text}}, kData);
    REQUIRE(policy->compile().empty());
    for (const char* query : kQueries) {
      for (int round = 0; round < 4; ++round) {
        const std::string input_text = maker.input();
        const Value input = value_of(*policy, input_text);
        INFO(seed, "\n", text, "\n", query, "\n", input_text);
        REQUIRE(stepped(*policy, query, input) == answer(*policy, query, input));
      }
    }
  }
}

TEST_CASE("random policies: partial results with the input added answer as the policy does") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Maker maker{std::mt19937(seed)};
    const std::string text = maker.module(4);
    auto policy = policy_of({{"t.rego", text}}, kData);
    REQUIRE(policy->compile().empty());
    for (const char* query : kQueries) {
      for (const bool shallow : {false, true}) {
        in::Tree tree(*policy);
        in::PartialResult partial = partially(*policy, tree, query, shallow);
        const std::string shown = in::partial_source(partial);
        std::vector<std::pair<std::string, std::string>> modules{{"t.rego", text}};
        for (std::size_t i = 0; i < partial.modules.size(); ++i)
          modules.emplace_back("s" + std::to_string(i) + ".rego", in::module_text(partial.modules[i]));
        auto again = policy_of(modules, kData);
        const PolicyErrors errors = again->compile();
        INFO(seed, "\n", text, "\n", query, "\n", shown, to_string(errors));
        REQUIRE(errors.empty());
        for (int round = 0; round < 4; ++round) {
          const std::string input_text = maker.input();
          const Value input = value_of(*policy, input_text);
          std::set<std::string> got;
          for (const in::Body& body : partial.queries) {
            std::string joined;
            for (const in::Expr* expr : body) joined += (joined.empty() ? "" : "; ") + in::source_text(*expr);
            got.merge(answers(*again, joined.empty() ? "true" : joined, input));
          }
          INFO(input_text);
          REQUIRE(got == answers(*policy, query, input));
        }
      }
    }
  }
}

TEST_CASE("a trace shows the way to each failure") {
  auto policy = policy_of({{"t.rego", "package t\n\nok if {\n\tx := 4\n\tx + 1 == 6\n}\n"}});
  REQUIRE(policy->compile().empty());
  in::Tree tree(*policy);
  Store names;
  const std::vector<Value> path{names.intern("t"), names.intern("ok")};
  CHECK(in::document_trace(tree, {path, {}, in::Detail::fails, false}) ==
        "  query:1        Enter data.t.ok = _  \n"
        "  t.rego:3       | Enter data.t.ok  \n"
        "  t.rego:5       | | Fail __local1__ = 6  \n"
        "  query:1        | Fail data.t.ok = _  \n");
  CHECK(in::document_trace(tree, {path, {}, in::Detail::full, false})
            .find("Index data.t.ok (matched 1 rule, early exit)") != std::string::npos);
}

TEST_CASE("explanations name conditions and what they read") {
  auto policy =
      policy_of({{"t.rego",
                  "package t\n\ndeny contains msg if {\n\tsome r in input.list\n\tnot r.owner\n\tmsg := r.name\n}\n\n"
                  "allow if input.role == \"admin\"\n\nopen if allow\n"}});
  REQUIRE(policy->compile().empty());
  in::Tree tree(*policy);
  EvaluationOptions evaluation;
  evaluation.input =
      value_of(*policy, "{\"role\": \"user\", \"list\": [{\"name\": \"a\", \"owner\": \"o\"}, {\"name\": \"b\"}]}");
  Store names;
  const auto deny = in::explain(tree, std::vector<Value>{names.intern("t"), names.intern("deny")}, evaluation);
  REQUIRE(deny);
  REQUIRE(deny->reasons.size() == 1);
  CHECK(deny->reasons[0].value == "\"b\"");
  REQUIRE(deny->reasons[0].conditions.size() == 3);
  CHECK(deny->reasons[0].conditions[1].text == "not r.owner");
  REQUIRE(deny->reasons[0].conditions[1].readings.size() == 1);
  CHECK(in::input_path_text(deny->reasons[0].conditions[1].readings[0].path) == "input.list[1].owner");
  const auto open = in::explain(tree, std::vector<Value>{names.intern("t"), names.intern("open")}, evaluation);
  REQUIRE(open);
  CHECK(open->reasons.empty());
  REQUIRE(open->failures.size() == 1);
  CHECK(open->failures[0].condition.text == "allow");
  REQUIRE(open->failures[0].inner.size() == 1);
  CHECK(open->failures[0].inner[0].condition.text == "input.role == \"admin\"");
  CHECK(to_rego(open->failures[0].inner[0].condition.readings[0].value) == "\"user\"");
  CHECK_FALSE(in::explain(tree, std::vector<Value>{names.intern("t"), names.intern("none")}, evaluation));
}
