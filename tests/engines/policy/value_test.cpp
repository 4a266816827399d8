// Values: order, equality, spelling, hashing, sharing, depth.
#include "engines/policy/value.h"

#include <doctest/doctest.h>

#include "foundation/doc/json.h"

using namespace chiron;
using namespace chiron::policy;

namespace {
Value json(Store& store, std::string_view text) {
  ValueBuilder builder(store);
  REQUIRE(doc::read_json(text, builder).has_value());
  return builder.take();
}
}  // namespace

TEST_CASE("values of different kinds come in the order of the types") {
  Store store;
  const Value ordered[] = {Value::null(),
                           Value::boolean(false),
                           Value::boolean(true),
                           json(store, "-3"),
                           json(store, "2.5"),
                           json(store, "\"\""),
                           json(store, "\"a\""),
                           json(store, "[]"),
                           json(store, "[1]"),
                           json(store, "{}"),
                           json(store, "{\"a\":1}"),
                           store.set({}),
                           store.set({Value::small(1)})};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t k = 0; k < std::size(ordered); ++k)
      CHECK(compare(ordered[i], ordered[k]) == (i < k ? -1 : i > k ? 1 : 0));
  }
}

TEST_CASE("numbers keep their spelling and compare by value") {
  Store store;
  CHECK(to_json(json(store, "[3.50,1e3,-0,100000000000000000000000]")) == "[3.50,1e3,-0,100000000000000000000000]");
  CHECK(json(store, "1.0") == Value::small(1));
  CHECK(json(store, "1e3").hash() == Value::small(1000).hash());
  CHECK(compare(json(store, "0.1"), json(store, "0.10000000000000000000001")) == -1);
  CHECK(compare(json(store, "123456789012345678901"), json(store, "123456789012345678902")) == -1);
  CHECK(compare(store.number("1e400"), store.number("1e401")) == -1);
  CHECK(compare(store.number("-1e400"), store.number("1e-400")) == -1);
  std::int64_t n = 0;
  CHECK(json(store, "2.50e1").number_integer(n));
  CHECK(n == 25);
  CHECK_FALSE(json(store, "9223372036854775808").number_integer(n));
}

TEST_CASE("objects with the same members share their keys, whatever their order") {
  Store store;
  const Value a = json(store, R"({"x":1,"y":2})"), b = json(store, R"({"y":3,"x":1})");
  CHECK(&a.keys() == &b.keys());
  CHECK(b.get("y") == Value::small(3));
  CHECK_FALSE(b.get("z").defined());
  CHECK_FALSE(a == b);
  CHECK(store.with_member(b, store.string("y"), Value::small(2)) == a);
}

TEST_CASE("large objects and sets are found by their index") {
  Store store;
  std::vector<Member> members;
  std::vector<Value> items;
  for (int i = 0; i < 1000; ++i) {
    members.push_back({store.string("k" + std::to_string(i)), Value::small(i)});
    items.push_back(store.string("k" + std::to_string(999 - i)));
  }
  const Value object = store.object(members), set = store.set(items);
  for (int i = 0; i < 1000; ++i) {
    CHECK(object.get("k" + std::to_string(i)) == Value::small(i));
    CHECK(set.set_contains(store.string("k" + std::to_string(i))));
  }
  CHECK_FALSE(set.set_contains(store.string("k1000")));
}

TEST_CASE("ten thousand levels are built, compared, copied and written without deep recursion") {
  Store store, other;
  const std::string text = std::string(10'000, '[') + std::string(10'000, ']');
  const Value a = json(store, text), b = json(other, text);
  CHECK(a.depth() == 10'000);
  CHECK(a == b);
  CHECK(compare(a, b) == 0);
  CHECK(to_json(other.copy(a)) == text);
}

TEST_CASE("places are found by reading the text again") {
  Store store;
  const std::string text = R"({"a": [1, {"b": "c"}]})";
  const Value root = json(store, text);
  SpanTable spans(root);
  REQUIRE(doc::read_json(text, spans).has_value());
  const Value path[] = {store.string("a"), Value::small(1), store.string("b")};
  const auto span = spans.value_span(path);
  REQUIRE(span.has_value());
  CHECK(text.substr(span->begin, span->end - span->begin) == "\"c\"");
  const Value nowhere[] = {store.string("z")};
  CHECK_FALSE(spans.value_span(nowhere).has_value());
}
