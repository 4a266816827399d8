// Indexes change no result: joins and globs against the same conditions where no index can reach them.
#include <doctest/doctest.h>

#include <random>

#include "engines/policy/engine.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

std::string evaluate(const std::string& module, const std::string& query, const std::string& input) {
  Policy policy;
  if (const auto errors = policy.add_module("t.rego", "package t\n" + module); !errors.empty())
    return to_string(errors);
  if (const auto errors = policy.compile(); !errors.empty()) return to_string(errors);
  auto prepared = policy.prepare(query + " with input as " + input);
  if (!prepared) return to_string(prepared.error());
  Evaluator evaluator(policy);
  EvaluationOptions evaluation;
  evaluation.timeout = std::chrono::milliseconds(20'000);
  auto rows = evaluator.evaluate(**prepared, evaluation);
  if (!rows) return to_string(rows.error());
  return rows->empty() ? "undefined" : to_rego((*rows)[0].expressions[0].value);
}

class Documents {
 public:
  explicit Documents(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  std::string scalar() {
    static constexpr const char* kScalars[] = {"1", "1.0", "2", "\"1\"", "\"a\"", "null", "true", "[1]", "{\"b\": 1}"};
    return kScalars[below(std::size(kScalars))];
  }
  std::string element() {
    std::string k = scalar();
    if (below(3) == 0) k = "{\"c\": " + scalar() + "}";
    return below(8) == 0 ? scalar() : "{\"k\": " + k + ", \"n\": " + std::to_string(below(1000)) + "}";
  }
  std::string collection() {
    const bool object = below(2) == 0;
    std::string out = object ? "{" : "[";
    const std::size_t count = 10 + below(40);
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out += ", ";
      if (object) out += "\"m" + std::to_string(i) + "\": ";
      out += element();
    }
    return out + (object ? "}" : "]");
  }

 private:
  std::mt19937 random_;
};

// Each condition once as it is, and once within a comprehension, where no join looks (there without the generators,
// which `scanned` names).
struct Joined {
  const char* body;
  const char* condition;
  const char* scanned = nullptr;
};
constexpr Joined kJoined[] = {
    {"some i, x in input.a; some j, y in input.b", "x.k == y.k"},
    {"some i, x in input.a; some j, y in input.b", "y.k.c == x.k"},
    {"some i, x in input.a; some j, y in input.b", "x == y"},
    {"some i, x in input.a; some j, y in {v | some v in input.b}", "y.k == x.k"},
    {"some i, x in input.a; some j", "input.b[j].k == x.k", "some i, x in input.a; some j, _ in input.b"},
    {"some i, j", "input.a[i].k == input.b[j].k", "some i, _ in input.a; some j, _ in input.b"},
    {"some i, x in input.a; some j, y in input.b; y.n > 500", "y.k == input.wanted"},
    {"some i, x in input.a; some j, y in input.b; y.k != null", "y.k == x.k"},
};

}  // namespace

TEST_CASE("joins give what scans give") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Documents documents(seed);
    const std::string input = "{\"a\": " + documents.collection() + ", \"b\": " + documents.collection() +
                              ", \"wanted\": " + documents.scalar() + "}";
    for (const auto& [body, condition, plain] : kJoined) {
      CAPTURE(seed);
      CAPTURE(body);
      CAPTURE(condition);
      const std::string head = "p := [[i, j] | ";
      const std::string joined = evaluate(head + body + "; " + condition + "]", "data.t.p", input);
      const std::string scanned =
          evaluate(head + (plain == nullptr ? body : plain) + "; [1 | " + condition + "] == [1]]", "data.t.p", input);
      CHECK(joined == scanned);
    }
  }
}

TEST_CASE("rules found by a glob's segments are those that match") {
  static constexpr const char* kParts[] = {"a", "b", "*", "?", "**", "{a,b}", "[ab]", "a*", "", "\\\\*"};
  static constexpr const char* kTexts[] = {"a", "b", "ab", "c", "", "*"};
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Documents documents(seed);
    std::string rules, patterns = "patterns := [";
    for (std::size_t rule = 0; rule < 30; ++rule) {
      std::string pattern;
      for (std::size_t part = 0, parts = 1 + documents.below(4); part < parts; ++part)
        pattern += (part > 0 ? ":" : "") + std::string(kParts[documents.below(std::size(kParts))]);
      rules += "p contains " + std::to_string(rule) + " if glob.match(\"" + pattern + "\", [\":\"], input.text)\n";
      patterns += (rule > 0 ? ", \"" : "\"") + pattern + "\"";
    }
    for (std::size_t i = 0; i < 10; ++i) {
      std::string text;
      for (std::size_t part = 0, parts = 1 + documents.below(4); part < parts; ++part)
        text += (part > 0 ? ":" : "") + std::string(kTexts[documents.below(std::size(kTexts))]);
      CAPTURE(seed);
      CAPTURE(rules);
      CAPTURE(text);
      const std::string input = "{\"text\": \"" + text + "\"}";
      CHECK(evaluate(rules, "data.t.p", input) ==
            evaluate(patterns + "]\np contains i if { some i; glob.match(patterns[i], [\":\"], input.text) }",
                     "data.t.p", input));
    }
  }
}

TEST_CASE("a replaced function is asked, not the index") {
  const std::string rules =
      "p if glob.match(\"a:*\", [\":\"], input.text)\np if glob.match(\"b:*\", [\":\"], input.text)\n"
      "q if p with glob.match as true";
  CHECK(evaluate(rules, "data.t.q", "{\"text\": \"none\"}") == "true");
  CHECK(evaluate(rules, "data.t.p", "{\"text\": \"none\"}") == "undefined");
}
