// Built-in functions called directly: a table of calls written as JSON arrays of arguments (sets as {"$set": […]}),
// with the result, "undefined", or the error's text.
#include <doctest/doctest.h>

#include "engines/policy/builtin.h"
#include "foundation/doc/json.h"

using namespace chiron;
using policy::Value;

namespace {

Value decode(policy::Store& store, Value value) {
  if (value.is_array()) {
    std::vector<Value> items;
    for (const Value item : value.items()) items.push_back(decode(store, item));
    return store.array(items);
  }
  if (!value.is_object()) return value;
  if (const Value set = value.get("$set")) return store.set(decode(store, set).items());
  std::vector<policy::Member> members;
  for (std::uint32_t i = 0; i < value.size(); ++i)
    members.push_back({value.key_at(i), decode(store, value.value_at(i))});
  return store.object(members);
}

std::string call(std::string_view name, std::string_view arguments_json) {
  policy::Store store;
  policy::ValueBuilder builder(store);
  const auto read = doc::read_json(arguments_json, builder);
  if (!read) return "bad arguments: " + read.error().message;
  const Value arguments = decode(store, builder.take());
  policy::BuiltinContext context(store);
  context.time_ns = 1'700'000'000'000'000'000;
  const auto* builtin = policy::find_builtin(name);
  if (builtin == nullptr || builtin->call == nullptr) return "no such built-in";
  const Value result = builtin->call(context, arguments.items());
  if (auto error = context.take_error()) return "error: " + error->message;
  return result ? policy::to_rego(result) : "undefined";
}

}  // namespace

TEST_CASE("the table is OPA's capabilities list") {
  CHECK(policy::builtins().size() == 206);
  CHECK(std::ranges::is_sorted(policy::builtins(), {}, &policy::Builtin::name));
  CHECK(policy::find_infix("+")->name == "plus");
  CHECK(policy::find_builtin("walk")->relation);
  CHECK(policy::find_builtin("re_match")->deprecated);
  CHECK(policy::find_builtin("nope") == nullptr);
}

TEST_CASE("calls") {
  struct Case {
    const char* name;
    const char* arguments;
    const char* result;
  };
  const Case cases[] = {
      {"plus", "[1, 2]", "3"},
      {"plus", "[18446744073709551617, 1]", "18446744073709551618"},
      {"plus", "[0.1, 0.2]", "0.3"},
      {"div", "[1, 3]", "0.33333333333333333334"},
      {"div", "[7, 2]", "3.5"},
      {"div", "[1, 0]", "error: divide by zero"},
      {"rem", "[18446744073709551617, 18446744073709551616]", "1"},
      {"rem", "[1.5, 2]", "error: modulo on floating-point number"},
      {"minus", R"([{"$set": [1,2]}, {"$set": [2]}])", "{1}"},
      {"minus", R"([{"$set": [1,2]}, 1])", "error: operand 2 must be set but got number"},
      {"round", "[-2.5]", "-3"},
      {"ceil", "[1.1]", "2"},
      {"abs", "[-1.50]", "1.50"},
      {"sum", "[[9223372036854775807, 1]]", "9223372036854775808"},
      {"product", "[[1.5, 2]]", "3"},
      {"bits.lsh", "[1, 70]", "1180591620717411303424"},
      {"bits.negate", "[5]", "-6"},
      {"bits.rsh", "[1, -1]", "error: operand 2 must be an unsigned integer number but got a negative integer"},
      {"numbers.range", "[3, 1]", "[3, 2, 1]"},
      {"numbers.range_step", "[0, 10, 4]", "[0, 4, 8]"},
      {"numbers.range", "[0, 99999999999]", "error: the result would be too large"},
      {"format_int", "[255, 16]", "\"ff\""},
      {"to_number", "[\"1e3\"]", "1e3"},
      {"to_number", "[\"abc\"]", "error: strconv.ParseFloat: parsing \"abc\": invalid syntax"},
      {"array.slice", "[[1,2,3], 1, 9]", "[2, 3]"},
      {"array.flatten", "[[1,[2,[3]]]]", "[1, 2, [3]]"},
      {"graph.reachable", R"([{"a":["b"],"b":["a"],"c":[]}, ["a"]])", "{\"a\", \"b\"}"},
      {"graph.reachable_paths", R"([{"a":["b","c"],"b":[],"c":["a"]}, ["a"]])", "{[\"a\", \"b\"], [\"a\", \"c\"]}"},
      {"split", R"(["a.b", ""])", R"(["a", ".", "b"])"},
      {"replace", R"(["aaa", "a", "bb"])", "\"bbbbbb\""},
      {"strings.replace_n", R"([{"a":"1","b":"2"}, "abc"])", "\"12c\""},
      {"substring", R"(["åäö", 1, -1])", "\"äö\""},
      {"indexof", R"(["åäö", "ö"])", "2"},
      {"upper", R"(["straße é"])", "\"STRAßE É\""},
      {"trim_space", R"([" \u00a0x\n"])", "\"x\""},
      {"strings.any_suffix_match", R"([["a.go","b"], [".go"]])", "true"},
      {"sprintf", R"(["%s %d %v %.2f %5d|%-5s|%05d", ["a", 1, {"b": [true]}, 3.14159, 7, "x", 42]])",
       "\"a 1 {\\\"b\\\": [true]} 3.14     7|x    |00042\""},
      {"sprintf", R"(["%d %s", ["x", 5]])", "\"%!d(string=x) %!s(int=5)\""},
      {"sprintf", R"(["%v", [2e308]])", "\"2e308\""},
      {"sprintf", R"(["x", [1]])", "\"x%!(EXTRA int=1)\""},
      {"sprintf", R"(["%d %d", [1]])", "\"1 %!d(MISSING)\""},
      {"sprintf", R"(["%[2]v %[1]v %x %X", ["a", "b", 255, "hi"]])", "\"b a 62 FF\""},
      {"sprintf", R"(["%v %g %e", [1e21, 0.00001, 123456.789]])", "\"1e+21 1e-05 1.234568e+05\""},
      {"object.union", R"([{"a":{"b":1}}, {"a":{"c":2}}])", R"({"a": {"b": 1, "c": 2}})"},
      {"object.get", R"([{"a":[{"b":1}]}, ["a", 0, "b"], 9])", "1"},
      {"object.subset", R"([{"a":{"b":1,"c":2}}, {"a":{"c":2}}])", "true"},
      {"json.remove", R"([{"a":[1,2,{"b":3}]}, ["a/0", "/a/2/b"]])", R"({"a": [2, {}]})"},
      {"json.filter", R"([{"a":{"b":1,"c":2},"d":3}, ["a/b"]])", R"({"a": {"b": 1}})"},
      {"json.patch", R"([{"a":[1]}, [{"op":"add","path":"/a/-","value":2},{"op":"move","from":"/a/0","path":"/b"}]])",
       R"({"a": [2], "b": 1})"},
      {"json.patch", R"([{"a":1}, [{"op":"test","path":"/a","value":2}]])", "undefined"},
      {"base64.decode", R"(["aGk="])", "\"hi\""},
      {"base64.decode", R"(["a"])", "error: illegal base64 data at input byte 0"},
      {"base64url.encode_no_pad", R"(["\u00ff?"])", "\"w78_\""},
      {"hex.decode", R"(["6g"])", "error: encoding/hex: invalid byte: U+0067 'g'"},
      {"urlquery.encode_object", R"([{"a":"1 2","b":["x","y"]}])", "\"a=1+2&b=x&b=y\""},
      {"urlquery.decode_object", R"(["a=1&a=2&b"])", R"({"a": ["1", "2"], "b": [""]})"},
      {"yaml.unmarshal", R"(["a: [1, x]\n"])", R"({"a": [1, "x"]})"},
      {"yaml.marshal", R"([{"b":[1,{"c":"yes"}],"a":"x: y"}])", "\"a: 'x: y'\\nb:\\n- 1\\n- c: \\\"yes\\\"\\n\""},
      {"json.marshal_with_options", R"([{"a":[1]}, {"indent":" ","prefix":">"}])",
       "\">{\\n> \\\"a\\\": [\\n>  1\\n> ]\\n>}\""},
      {"regex.split", R"(["a", "banana"])", R"(["b", "n", "n", ""])"},
      {"regex.find_n", R"(["[oa]+", "foo bar", -1])", R"(["oo", "a"])"},
      {"regex.find_all_string_submatch_n", R"(["a(x*)b", "-axxb-ab-", -1])", R"([["axxb", "xx"], ["ab", ""]])"},
      {"regex.replace", R"(["-ab-axxb-", "a(x*)b", "${1}W"])", "\"-W-xxW-\""},
      {"regex.template_match", R"(["urn:foo:{.*}", "urn:foo:bar:baz", "{", "}"])", "true"},
      {"regex.globs_match", R"(["a.a.[0-9]+z", ".b.b2359825792*594823z"])", "true"},
      {"regex.globs_match", R"(["[a-z]+", "[0-9]*"])", "false"},
      {"regex.match", R"(["(", "x"])", "error: error parsing regexp: missing closing ): `(`"},
      {"glob.match", R"(["*.github.com", ["."], "api.github.com"])", "true"},
      {"glob.match", R"(["*", [], "foo.bar"])", "false"},
      {"glob.match", R"(["{cat,bat,[fr]at}", [], "rat"])", "true"},
      {"glob.quote_meta", R"(["*.x"])", "\"\\\\*.x\""},
      {"semver.compare", R"(["1.0.0-alpha.2", "1.0.0-alpha.10"])", "-1"},
      {"strings.split_n", R"(["a.b.c.d", ".", 2])", R"(["a", "b"])"},
      {"strings.split_n", R"(["a.b.c.d", ".", -1])", R"(["d"])"},
      {"to_number", "[\"-Inf\"]", "error: operand 1 must be valid number string but got string"},
      {"units.parse", R"(["1.5Mi"])", "1572864"},
      {"units.parse", R"(["10m"])", "0.0100000000"},
      {"units.parse_bytes", R"(["1.5KiB"])", "1536"},
      {"uuid.parse", R"(["000003e8-48b9-21ee-b200-325096b39f47"])",
       R"({"clocksequence": 12800, "domain": "Person", "id": 1000, "macvariables": "local:unicast", "nodeid": "32-50-96-b3-9f-47", "time": 1693566990121469600, "variant": "RFC4122", "version": 2})"},
      {"net.cidr_contains", R"(["10.0.0.0/8", "10.1.0.0/16"])", "true"},
      {"net.cidr_merge", R"([["192.0.128.0/24", "192.0.129.0/24"]])", R"({"192.0.128.0/23"})"},
      {"net.cidr_merge", R"([["2601:600:8a80:207e:a57d:7567:e2c9:e7b3/64"]])", R"({"2601:600:8a80:207e::/64"})"},
      {"net.cidr_expand", R"(["10.0.0.0/31"])", R"({"10.0.0.0", "10.0.0.1"})"},
      {"net.cidr_expand", R"(["192.168.1.1/33"])", "error: invalid CIDR address: 192.168.1.1/33"},
      {"net.lookup_ip_addr", R"(["::"])", R"({"::"})"},
      {"time.parse_ns", R"(["02 Jan 06 15:04 -0700", "02 Jun 17 19:00 -0700"])", "1496455200000000000"},
      {"time.parse_rfc3339_ns", R"(["2017-06-02T19:00:00-07:00"])", "1496455200000000000"},
      {"time.parse_rfc3339_ns", R"(["9999-01-01T00:00:00Z"])", "error: time outside of valid range"},
      {"time.format", R"([[1700000000000000000, "Europe/Berlin", "Mon Jan _2 15:04:05 MST 2006"]])",
       "\"Tue Nov 14 23:13:20 CET 2023\""},
      {"time.add_date", "[1700000000000000000, 1, 2, 3]", "1737152000000000000"},
      {"time.diff", "[1700000000000000000, 1600000000000000000]", "[3, 2, 1, 9, 46, 40]"},
      {"time.parse_duration_ns", R"(["1h15m30.918273645s"])", "4530918273645"},
      {"time.weekday", "[1517832000000000000]", "\"Monday\""},
      {"uri.parse", R"(["https://u@example.com:8080/a%20b?q=1#f"])",
       R"({"fragment": "f", "hostname": "example.com", "path": "/a b", "port": "8080", "raw_path": "/a b", "raw_query": "q=1", "scheme": "https"})"},
      {"uri.parse", R"(["http://exa%6dple.com/"])",
       "error: parse \"http://exa%6dple.com/\": invalid URL escape \"%6d\""},
      {"crypto.sha256", R"(["foo"])", "\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\""},
      {"crypto.hmac.md5", R"(["abc", "123"])", "\"ffb7c0fc166f7ca075dfa04d59aed232\""},
      {"io.jwt.encode_sign", R"([{"alg":"HS256","typ":"JWT"}, {"a":1}, {"kty":"oct","k":"c2VjcmV0"}])",
       "\"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.57TF7smP9XDhIexBqPC-F1toZReYZLWb_YRU5tv0sxM\""},
      {"http.send", R"([{"method":"get","url":"https://x.org/"}])", "error: unallowed host: x.org"},
      {"http.send", R"([{"method":"get"}])", "error: operand 1 missing required request parameters(s): {\"url\"}"},
  };
  for (const auto& test : cases) {
    const std::string result = call(test.name, test.arguments);
    CHECK_MESSAGE(result == test.result, test.name, test.arguments, " => ", result, ", want ", test.result);
  }
}

TEST_CASE("tokens sign and verify in every algorithm") {
  // An EdDSA key of RFC 8037, and what it signs is what it verifies.
  const std::string jwk =
      R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
  const std::string token = call("io.jwt.encode_sign", R"([{"alg":"EdDSA"}, {"a":1}, )" + jwk + "]");
  REQUIRE(token.starts_with("\"ey"));
  doc::Value arguments = doc::Value::array();
  arguments.push(doc::parse_json(token).value());
  arguments.push(doc::Value(jwk));
  CHECK(call("io.jwt.verify_eddsa", doc::write_json(arguments)) == "true");
  CHECK(call("io.jwt.verify_es256", doc::write_json(arguments)) == "false");
}

TEST_CASE("random values depend on seed and key alone") {
  CHECK(call("rand.intn", R"(["k", 100])") == call("rand.intn", R"(["k", 100])"));
  CHECK(call("uuid.rfc4122", R"(["k"])") == call("uuid.rfc4122", R"(["k"])"));
  CHECK(call("uuid.rfc4122", R"(["k"])") != call("uuid.rfc4122", R"(["l"])"));
}
