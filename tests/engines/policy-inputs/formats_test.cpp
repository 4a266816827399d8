// The readers of configuration languages: VCL, EDN, nginx, the text format of protocol buffers, against the documents
// that Conftest's parsers make of them; places, bounds and bad input.
#include <doctest/doctest.h>

#include "engines/policy/inputs/proto_schema.h"
#include "engines/policy/inputs/reader.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "support/support.h"

using namespace chiron;
using policy::InputFormat;

namespace {

std::string as_json(InputFormat format, std::string_view text, const policy::InputOptions& options = {}) {
  const auto value = policy::parse_input(format, text, options);
  return value ? doc::write_json_canonical(*value) : "error: " + value.error().message;
}

// "line:column" of the value at a path of member names and array positions.
std::string place_of(InputFormat format, std::string_view text, const std::vector<std::string>& path,
                     const policy::InputOptions& options = {}) {
  const auto root = policy::parse_input(format, text, options);
  if (!root) return root.error().message;
  const doc::Value* value = &*root;
  for (const auto& step : path) {
    value = value->is_array() ? &value->items().at(std::stoul(step)) : value->find(step);
    if (value == nullptr) return "no " + step;
  }
  const auto place = utf8::LineIndex(text).place("f", value->span.begin, value->span.end);
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

// Bad input gives an error that knows its line.
void refuses(InputFormat format, std::string_view text, const policy::InputOptions& options = {}) {
  const auto value = policy::parse_input(format, text, options);
  CHECK_MESSAGE(!value, text);
  if (value) return;
  REQUIRE_MESSAGE(value.error().place.has_value(), value.error().message);
  CHECK(value.error().place->line >= 1);
}

policy::InputOptions schema_of(std::string_view definitions) {
  policy::proto::Schema schema;
  const auto added = schema.add("test.proto", definitions);
  REQUIRE_MESSAGE(added, (added ? "" : to_string(added.error())));
  const auto linked = schema.link();
  REQUIRE_MESSAGE(linked, (linked ? "" : to_string(linked.error())));
  policy::InputOptions options;
  options.messages = std::make_shared<const policy::proto::Schema>(std::move(schema));
  return options;
}

std::string nested(std::string_view open, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += open;
  return out;
}

}  // namespace

TEST_CASE("VCL: blocks by kind and name, their assignments") {
  constexpr std::string_view kFile = R"V(vcl 4.0; import std; # c
backend app {
    .host = "127.0.0.1"; // c
    .port = "8081";
    .connect_timeout = 60s;
    .ssl = true;
    .share = 10%;
    .probe = { .url = "/x"; .window = 010; }
}
/* c */ acl purge { "127.0.0.1"; "10.0.0.0"/8; }
table redirects { "a": "b", "c": "d" }
sub vcl_recv {
  set req.url = std.lower(req.url);
  set req.http.X = "a" + "b";
  if (req.url ~ "/wp-(login|admin)") {
    set req.http.Y = "1";
    return (pass);
  }
  else {
    return (hash);
  }
  unset req.http.cookie;
}
)V";
  CHECK(as_json(InputFormat::vcl, kFile) ==
        R"({"acl":{"purge":{}},"backend":{"app":{".connect_timeout":60,".host":"127.0.0.1",".port":"8081",)"
        R"(".probe":{".url":"\"/x",".window":8},".share":"10%",".ssl":true}},)"
        R"("sub":{"vcl_recv":{"req.http.X":"\"a\" + \"b\"","req.url":"std.lower"}},)"
        R"("table":{"redirects":{"a":"b","c":"d"}}})");
  CHECK(place_of(InputFormat::vcl, kFile, {"backend", "app", ".port"}) == "4:13");
  CHECK(as_json(InputFormat::vcl, "director d random { .quorum = 50%; { .backend = a; } }") ==
        R"({"director":{"d":{"random":{".quorum":"50%"}}}})");
  CHECK(as_json(InputFormat::vcl, "").starts_with("{"));
  for (const auto* bad : {"backend a", "backend a {", "sub x { if (a) {", "backend a { .p = { }"})
    refuses(InputFormat::vcl, bad);
  CHECK(policy::parse_input(InputFormat::vcl, nested("sub a {", 300)).error().code == "limit.depth");
  CHECK(policy::parse_input(InputFormat::vcl, nested("(", 100'000)).error().code == "limit.depth");
  CHECK(policy::parse_input(InputFormat::vcl, nested("!", 100'000)).error().code == "limit.depth");
}

TEST_CASE("EDN: values as they are printed") {
  CHECK(
      as_json(InputFormat::edn, "{;; c\n:a \"x\", :b false\n:c 5432 :d nil :e #{:z :y} #_:gone :f [1 (2.5 \"q\")]}") ==
      R"({":a":"x",":b":"false",":c":"5432",":d":"<nil>",":e":"map[:y:true :z:true]",":f":["1",["2.5","q"]]})");
  CHECK(as_json(InputFormat::edn, "{:t #inst \"2032-01-01T12:20:50.52Z\" :d #duration \"20m\" :c \\newline :x \\é}") ==
        R"({":c":"10",":d":"#duration 20m",":t":"2032-01-01 12:20:50.52 +0000 UTC",":x":"233"})");
  CHECK(as_json(InputFormat::edn, "[1e3 1e21 1.5e-7 -0.0 12N 1.50M 100000000.0 sym a/b]") ==
        R"(["1000","1e+21","1.5e-07","-0","12","1.5","1e+08","sym","a/b"])");
  CHECK(as_json(InputFormat::edn, "{1 2, \"s\" #base64 \"AQI=\"}") == R"({"1":"2","s":"[1 2]"})");
  CHECK(place_of(InputFormat::edn, "{:a 1\n :b [2 :c]}", {":b", "1"}) == "2:8");
  for (const auto* bad : {"",
                          "{",
                          "{:a}",
                          "[1",
                          "(",
                          "#{",
                          "\"x",
                          "\"\\q\"",
                          ":",
                          "::a",
                          "01",
                          "1.",
                          "1e",
                          "#",
                          "}",
                          "#inst \"x\"",
                          "#base64 \"a\"",
                          "\\",
                          "99999999999999999999",
                          "#_",
                          "\\newlin"})
    refuses(InputFormat::edn, bad);
  CHECK(policy::parse_input(InputFormat::edn, nested("[", 100'000)).error().code == "limit.depth");
  CHECK(policy::parse_input(InputFormat::edn, nested("#_", 100'000)).error().code == "limit.depth");
}

TEST_CASE("nginx: directives with parameters and blocks") {
  CHECK(as_json(InputFormat::nginx,
                "worker_processes 1; # c\nhttp {\n  server {\n    listen 80;\n    location ~ \\.php$ { root \"/a b\"; "
                "}\n  }\n"
                "  gzip on;\n}\n") ==
        R"({"directives":[{"name":"worker_processes","parameters":["1"]},{"block":{"directives":[)"
        R"({"name":"gzip","parameters":["on"]},{"block":{"directives":[{"name":"listen","parameters":["80"]},)"
        R"({"block":{"directives":[{"name":"root","parameters":["\"/a b\""]}]},"name":"location",)"
        R"("parameters":["~","\\.php$"]}]},"name":"server"}]},"name":"http"}]})");
  CHECK(
      as_json(InputFormat::nginx, "upstream u { server a:1 backup weight=2 fail_timeout=3s; keepalive 4; }") ==
      R"({"directives":[{"block":{"directives":[{"name":"keepalive","parameters":["4"]},)"
      R"({"name":"server","parameters":["a:1","fail_timeout=3s","weight=2","backup"]}]},"name":"upstream","parameters":["u"]}]})");
  CHECK(as_json(InputFormat::nginx, "set $a ${b}c;\ncontent_by_lua_block { if {} then -- }\n end }") ==
        R"({"directives":[{"name":"set","parameters":["$a","${b}c"]},)"
        R"({"block":{"directives":[]},"name":"content_by_lua_block"}]})");
  CHECK(place_of(InputFormat::nginx, "a 1;\nb {\n  c 2 3;\n}\n",
                 {"directives", "1", "block", "directives", "0", "parameters", "1"}) == "3:7");
  for (const auto* bad : {"http {", "a", "a \"x", "}", "{ }", "location { }", "location a b c { }", "upstream { }",
                          "include a b;", "x_by_lua_block {", "a } b;"})
    refuses(InputFormat::nginx, bad);
  CHECK(policy::parse_input(InputFormat::nginx, nested("a {", 100'000)).error().code == "limit.depth");
}

TEST_CASE("CUE: data as its JSON") {
  constexpr std::string_view kFile = R"(package x
// c
a: "1", b: c: d: 2 @tag(x)
b: { e: [1, "x", {y: null},] }
"q-r": true
b: c: { d: 2 & 2 }
_hidden: 1, #Definition: { z: 1 }
m: """
  one
    two\tx

  three
  """
raw: #"a\n\#n"#
n: [1_000, 0x10, 1.50, -2, 3K, 1Ki, 1.5e3]
by: '\x01\xff'
...
)";
  CHECK(as_json(InputFormat::cue, kFile) ==
        R"({"a":"1","b":{"c":{"d":2},"e":[1,"x",{"y":null}]},"by":"Af8=","m":"one\n  two\tx\n\nthree",)"
        R"("n":[1000,16,1.5,-2,3000,1024,1500],"q-r":true,"raw":"a\\n\n"})");
  CHECK(as_json(InputFormat::cue, "{\n  \"a\": [1, 2]\n}\n") == R"({"a":[1,2]})");
  CHECK(as_json(InputFormat::cue, "") == "{}");
  CHECK(place_of(InputFormat::cue, kFile, {"b", "e", "1"}) == "4:13");
  for (const auto* evaluated :
       {"a: string", "a: b", "a: 1 | 2", "a: *1 | int", "a: 1 + 2", "a?: 1", "[string]: 1", "a: [for x in y {x}]",
        "import \"x\"", "a: >1", "if true { a: 1 }", "a: \"\\(b)\"", "a: [...int]", "a: (1)", "let x = 1"}) {
    const auto value = policy::parse_input(InputFormat::cue, evaluated);
    REQUIRE_MESSAGE(!value, evaluated);
    CHECK_MESSAGE((value.error().code == "cue.unsupported" || std::string_view(evaluated).front() == '['), evaluated);
    CHECK(value.error().place.has_value());
  }
  for (const auto* bad :
       {"a: {", "a:", "a: [1", "a: \"x", "a: 1 b: 2", "a: 1\na: 2", "a: 1\na: b: 2", "a: {b: 1}\na: 1", "}", "a: 01",
        "a: \"\\q\"", "a: \"\"\"\n x\"\"\"", "a: '\\x1'", "a: 1x", "a: #", "a: 0x", "a: @x("})
    refuses(InputFormat::cue, bad);
  for (const auto* deep : {"a: {", "a:", "[", "{"})
    CHECK(policy::parse_input(InputFormat::cue, nested(deep, 100'000)).error().code == "limit.depth");
}

TEST_CASE("Groovy: the tree of a pipeline") {
  CHECK(as_json(InputFormat::groovy, "sh 'echo ok'") ==
        R"({"children":[{"children":[{"children":[{"children":[{"column":1,"kind":"Identifier","line":1,"text":"sh"}],)"
        R"("column":1,"kind":"IdentExpr","line":1},{"children":[{"column":4,"kind":"StringLiteral","line":1,)"
        R"("text":"'echo ok'"}],"column":4,"kind":"LiteralExpr","line":1}],"column":1,"kind":"CallExpr","line":1}],)"
        R"("column":1,"kind":"ExpressionStmt","line":1}],"column":1,"kind":"FileNode","line":1})");
  CHECK(as_json(InputFormat::groovy, "// c\n") == R"({"column":1,"kind":"FileNode","line":1})");
  CHECK(place_of(InputFormat::groovy, "a()\nb 'c'", {"children", "1", "children", "0", "children", "1"}) == "2:3");
  for (const auto* good :
       {"pipeline {\n  agent any\n  stages { stage('B') { steps { sh \"\"\"x ${env.A ?: 'b'} $BUILD_ID.x\n\"\"\" } } "
        "}\n}",
        "@Library('shared@v1') _\nimport a.b.*\n@Field def x = [a: 1, 'b': [1, 2], (c): [:]]",
        "node('linux') { def r = sh(script: 'ls', returnStdout: true).trim()\n if (r == '') { error 'none' } else echo "
        "r }",
        "def f(String a, int b = 2, Map<String, List<Integer>> c) { return a + b ** 2 - c?.size() }",
        "for (int i = 0; i < 3; i++) { println i }\nfor (x in [1, 2]) { }\nwhile (true) break",
        "try { a() } catch (IOException | Foo e) { throw e } finally { b() }",
        "switch (x) { case 'a': case ~/b.*/: y = 1; break\n default: z() }",
        "list.collect { it -> it.a }.findAll { a, b -> a >> b }\n  .each { println \"$it\" }",
        "x = a ? b : c ?: d\ny = (String) z",
        "class A extends B implements C { private static final int X = 1\n A(int x) { this.x = x }\n void m() { } }",
        "enum E { A, B(1) }",
        "def (a, b) = [1, 2]\nString s = $/a/b/$ + /c\\/d/",
        "withEnv([\"A=${b}\"]) { checkout scm }",
        "input message: 'ok?', parameters: [string(name: 'x', defaultValue: '')]",
        "assert x instanceof String : 'm'",
        "def c = new Foo<Bar>(1) { int y() { 2 } }\nint[] z = new int[3]",
        "a b c d",
        "x = !y in z",
        "\"${x}\"",
        "a.b.&c"}) {
    const auto tree = policy::parse_input(InputFormat::groovy, good);
    CHECK_MESSAGE(tree, good, ": ", (tree ? "" : to_string(tree.error())));
  }
  const auto open = policy::parse_input(InputFormat::groovy, "pipeline {");
  REQUIRE_FALSE(open);
  CHECK(open.error().place->column == 11);
  for (const auto* bad :
       {"(",   "a(", "[1",   "'x",  "\"x", "\"${x", "\"${x}", "/x", "$/x",   "'''x",      "/* x",   "if (", "if (a",
        "try", "a.", "x = ", "def", "new", "new A", "a b c(", "}",  "1 2 3", "class A {", "f(a b)", "\x01"})
    refuses(InputFormat::groovy, bad);
  for (const auto* deep : {"(", "[", "{", "!", "a(", "a{", "if(a)", "a=", "\"${", "x:", "a?b:"}) {
    const auto tree = policy::parse_input(InputFormat::groovy, nested(deep, 50'000));
    REQUIRE_FALSE(tree);
    CHECK_MESSAGE(tree.error().code == "limit.depth", deep);
  }
  for (const auto* chain : {".a", "+a", "()", "[1]"}) {
    const auto tree = policy::parse_input(InputFormat::groovy, "a" + nested(chain, 50'000));
    REQUIRE_FALSE(tree);
    CHECK_MESSAGE(tree.error().code == "limit.depth", chain);
  }
  CHECK(policy::parse_input(InputFormat::groovy, nested("a\n", 100'000)).error().code == "limit.nodes");
}

TEST_CASE("text format: the canonical JSON of the message that the comment names") {
  const auto options = schema_of(R"(syntax = "proto3"; package a.b;
import "google/protobuf/timestamp.proto";
option java_package = "x";
enum Kind { reserved 5; KIND_NONE = 0; KIND_GOOD = 1; }
service S { rpc Do(M) returns (M) { option (x) = { y: "z" }; } }
message M {
  message Inner { string s = 1; optional int32 o = 2; }
  string name = 1; int32 number = 2 [deprecated = true]; bool truthy = 3; Kind kind = 4;
  repeated int64 wide = 5; Inner inner = 6; repeated Inner inners = 7; bytes raw = 8;
  map<string, int32> counts = 9; map<int32, Inner> by = 10;
  oneof choice { string left = 11; int32 right = 12; }
  double real = 13; float single = 14; google.protobuf.Timestamp at = 15; google.protobuf.Duration long = 16;
  google.protobuf.StringValue text = 17; reserved 20; reserved "old";
})");
  const std::string head = "# proto-message: a.b.M\n";
  CHECK(as_json(InputFormat::textproto,
                head +
                    "name: \"foo\" 'bar' number: -12, truthy: true; kind: KIND_GOOD wide: [1, 0x10] wide: 010\n"
                    "inner { s: \"\" o: 0 } inners < s: 'x' > inners: [{}, {s: \"\\u00e9\\101\"}] raw: \"\\001\\xff\"",
                options) ==
        "{\"inner\":{\"o\":0},\"inners\":[{\"s\":\"x\"},{},{\"s\":\"éA\"}],\"kind\":\"KIND_GOOD\",\"name\":\"foobar\","
        "\"number\":-12,\"raw\":\"Af8=\",\"truthy\":true,\"wide\":[\"1\",\"16\",\"8\"]}");
  CHECK(
      as_json(
          InputFormat::textproto,
          head +
              "counts { key: \"a\" value: 1 } counts: [{key: 'b'}] by { key: 3 value { s: \"q\" } } left: \"\" old: "
              "{x: [1]}\n"
              "real: 1e3 single: 0.1 at { seconds: 951827696 nanos: 5000000 } long { seconds: -1 nanos: -500000000 }\n"
              "text { value: \"v\" } number: 0 kind: KIND_NONE",
          options) ==
      R"({"at":"2000-02-29T12:34:56.005Z","by":{"3":{"s":"q"}},"counts":{"a":1,"b":0},"left":"","long":"-1.500s",)"
      R"("real":1000,"single":0.1,"text":"v"})");
  CHECK(as_json(InputFormat::textproto, head + "real: -inf single: nan kind: 7", options) ==
        R"({"kind":7,"real":"-Infinity","single":"NaN"})");
  CHECK(place_of(InputFormat::textproto, head + "inner {\n  s: \"x\"\n}", {"inner", "s"}, options) == "3:6");
  for (const auto* bad : {"nothing: 1",
                          "name \"x\"",
                          "name: 1",
                          "number: 1.5",
                          "number: 3000000000",
                          "number: \"x\"",
                          "name: \"a\" name: \"b\"",
                          "name: [\"a\"]",
                          "left: \"x\" right: 1",
                          "inner {",
                          "truthy: 2",
                          "kind: KIND_BAD",
                          "wide: [1",
                          "wide: [1,]",
                          "counts { key: 1 }",
                          "name: \"x",
                          "name: '\\q'",
                          "name: \"\\xff\"",
                          "[a.b]: 1",
                          "at { nanos: -1 }",
                          "inner: 3"})
    refuses(InputFormat::textproto, head + bad, options);
  refuses(InputFormat::textproto, "name: \"x\"", options);
  CHECK(policy::parse_input(InputFormat::textproto, "# proto-message: a.Other\n", options)
            .error()
            .message.starts_with("look up message type \"a.Other\""));
  CHECK_FALSE(policy::parse_input(InputFormat::textproto, head));
}

TEST_CASE("text format: proto2, extensions, groups, nesting") {
  const auto options = schema_of(R"(syntax = "proto2"; package p;
message M { required int32 id = 1; optional int32 n = 2; optional M m = 3; repeated group Part = 4 { optional bool b = 1; }
  extensions 100 to max; enum E { A = 1; B = -2; } optional E e = 5; }
extend M { optional string note = 100; })");
  const std::string head = "# proto-message: p.M\n";
  CHECK(as_json(InputFormat::textproto, head + "id: 0 n: 0 Part { b: false } e: B [p.note]: \"x\"", options) ==
        R"({"Part":[{"b":false}],"[p.note]":"x","e":"B","id":0,"n":0})");
  refuses(InputFormat::textproto, head + "n: 1", options);
  CHECK(policy::parse_input(InputFormat::textproto, head + nested("id: 1 m {", 300), options).error().code ==
        "limit.depth");
  for (const auto* bad : {"message", "message M {", "message M { int32 }", "message M { Nothing n = 1; }",
                          "enum E { A = x; }", "syntax = \"proto3\"", "message M {} message M {}", "/* x", "rubbish;",
                          "message M { map<M, M> m = 1; }", "message M { int32 a = 1; int32 a = 2; }"}) {
    policy::proto::Schema schema;
    const auto added = schema.add("x.proto", bad);
    CHECK_MESSAGE(!(added && schema.link()), bad);
  }
  policy::proto::Schema deep;
  CHECK(deep.add("x.proto", nested("message M {", 100'000)).error().code == "limit.depth");
}

TEST_CASE("examples that Conftest comes with") {
  const auto folder = test::conformance_folder("conftest/fixtures/examples");
  if (!folder) return;
  const auto edn = io::read_file(*folder + "/edn/sample_config.edn");
  REQUIRE(edn);
  const auto config = policy::parse_input(InputFormat::edn, *edn);
  REQUIRE(config);
  CHECK(config->find(":db")->string_or(":port", "") == "5432");
  CHECK(config->find(":myapp")->find(":foo")->string_or(":recheck-frequency", "") == "#duration 20m");
  const auto vcl = io::read_file(*folder + "/vcl/varnish.vcl");
  REQUIRE(vcl);
  CHECK(policy::parse_input(InputFormat::vcl, *vcl)->find("backend")->find("app")->string_or(".port", "") == "8081");
  const auto jenkins = io::read_file(*folder + "/jenkins/Jenkinsfile");
  REQUIRE(jenkins);
  CHECK(policy::parse_input(InputFormat::groovy, *jenkins)->string_or("kind", "") == "FileNode");
  const auto cue = io::read_file(*folder + "/cue/deployment.cue");
  REQUIRE(cue);
  CHECK(place_of(InputFormat::cue, *cue,
                 {"spec", "template", "spec", "containers", "0", "ports", "0", "containerPort"}) == "13:20");
  const auto messages = policy::proto::load_schema({*folder + "/textproto/protos"});
  REQUIRE(messages);
  policy::InputOptions options;
  options.messages = std::make_shared<const policy::proto::Schema>(*messages);
  const auto text = io::read_file(*folder + "/textproto/fail.textproto");
  REQUIRE(text);
  CHECK(as_json(InputFormat::textproto, *text, options) == R"({"name":"fail","number":9000})");
  CHECK(place_of(InputFormat::textproto, *text, {"number"}, options) == "4:9");
}
