// Input readers: each format's text against the document that Conftest's parser of that name makes of it,
// places of values, refusals, and bad input.
#include <doctest/doctest.h>

#include "engines/policy/inputs/reader.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "support/support.h"

using namespace chiron;
using policy::InputFormat;

namespace {

std::string as_json(InputFormat format, std::string_view text) {
  const auto value = policy::parse_input(format, text);
  return value ? doc::write_json_canonical(*value) : "error: " + value.error().message;
}

// "line:column" of the value at a path of member names and array positions.
std::string place_of(InputFormat format, std::string_view text, std::vector<std::string> path) {
  const auto root = policy::parse_input(format, text);
  if (!root) return root.error().message;
  const doc::Value* value = &*root;
  for (const auto& step : path) {
    value = value->is_array() ? &value->items().at(std::stoul(step)) : value->find(step);
    if (value == nullptr) return "no " + step;
  }
  const auto place = utf8::LineIndex(text).place("f", value->span.begin, value->span.end);
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace

TEST_CASE("formats are found by name and by file name") {
  CHECK(policy::input_format_of("a/Dockerfile").value() == InputFormat::dockerfile);
  CHECK(policy::input_format_of("dev.Dockerfile").value() == InputFormat::dockerfile);
  CHECK(policy::input_format_of("Dockerfile.debug").value() == InputFormat::dockerfile);
  CHECK(policy::input_format_of("x.tf").value() == InputFormat::hcl2);
  CHECK(policy::input_format_of(".gitignore").value() == InputFormat::ignore);
  CHECK(policy::input_format_of("sample.env").value() == InputFormat::dotenv);
  CHECK(policy::input_format_of("-").value() == InputFormat::yaml);
  CHECK(policy::input_format_of("noextension").value() == InputFormat::yaml);
  CHECK(policy::input_format_of("sbom.spdx").value() == InputFormat::spdx);
  for (auto refused : {"hocon", "jsonnet"}) {
    const auto format = policy::parse_input_format(refused);
    REQUIRE_FALSE(format);
    CHECK(format.error().code == "input.format-unsupported");
    CHECK(format.error().message.find(refused) != std::string::npos);
  }
  CHECK(policy::parse_input_format("jsn").error().next == "did you mean json?");
  CHECK(policy::input_format_of("varnish.vcl").value() == InputFormat::vcl);
  CHECK(policy::input_format_of("a.textpb").value() == InputFormat::textproto);
  CHECK_FALSE(policy::is_input_file("nginx.conf"));
  CHECK(policy::input_format_of("nginx.conf").error().next.find("--parser") != std::string::npos);
}

TEST_CASE("HCL blocks, expressions and templates") {
  struct Case {
    const char* text;
    const char* json;
  };
  const Case cases[] = {
      {"a = 1\n", R"J({"a":1})J"},
      {"a = -1.50\nb = 1e3\nc = null\nd = true\ne = !true", R"J({"a":-1.5,"b":1000,"c":null,"d":true,"e":false})J"},
      {"resource \"x\" \"y\" {\n  n = \"v\"\n}\n", R"J({"resource":{"x":{"y":[{"n":"v"}]}}})J"},
      {"p \"a\" { v = 1 }\np \"a\" { v = 2 }\n", R"J({"p":{"a":[{"v":1},{"v":2}]}})J"},
      {"locals {\n}\n", R"J({"locals":[{}]})J"},
      {"a = test > 2 ? 1: 0\n", R"J({"a":"${test > 2 ? 1: 0}"})J"},
      {"a = \"x ${local.other.3} y\"\n", R"J({"a":"x ${local.other.3} y"})J"},
      {"a = \"${4 - 2}\"\nb = \"${5}\"\n", R"J({"a":"${4 - 2}","b":5})J"},
      {"a = [1, \"b\", var.c,]\n", R"J({"a":[1,"b","${var.c}"]})J"},
      {"t = { environment = \"prod\"\n  \"a b\" : 2, (var.k) = 3 }\n",
       R"J({"t":{"${(var.k)}":3,"a b":2,"environment":"prod"}})J"},
      {"type = list(string)\nv = setting.value\n", R"J({"type":"list(string)","v":"setting.value"})J"},
      {"a = <<-EOF\n\t\tone\n\t\t  two ${x}\n\t\tEOF\n", R"J({"a":"one\n  two ${x}\n"})J"},
      {"a = <<EOF\n  keep \\n\n  EOF\nb = 2", R"J({"a":"  keep \\n\n","b":2})J"},
      {"a = \"%{for x in local.arr}x,%{endfor}\"\n", R"J({"a":"%{for x in local.arr}x,%{endfor}"})J"},
      {"a = \"%{if true ? false : true}\\\"gotcha\\\"%{else}4%{endif}\"\n",
       R"J({"a":"%{if true ? false : true}\"gotcha\"%{else}4%{endif}"})J"},
      {"a = \"$${not} %%{this} \\u00e9\\t\"\n", "{\"a\":\"${not} %{this} é\\t\"}"},
      {"a = [for s in var.list : upper(s) if s != \"\"]\n",
       R"J({"a":"${[for s in var.list : upper(s) if s != \"\"]}"})J"},
      {"a = {for k, v in m : k => v...}\n", R"J({"a":"${{for k, v in m : k => v...}}"})J"},
      {"# c\na = f(1,\n  2) // c\n/* x\n*/ b = a[*].c[\"d\"].0\n",
       "{\"a\":\"${f(1,\\n  2)}\",\"b\":\"${a[*].c[\\\"d\\\"].0}\"}"},
  };
  for (const auto& test : cases) CHECK_MESSAGE(as_json(InputFormat::hcl2, test.text) == test.json, test.text);
  CHECK(as_json(InputFormat::hcl2, "a = ").starts_with("error: Missing expression"));
  CHECK(as_json(InputFormat::hcl2, "a = 1\na = 2\n").starts_with("error: Attribute redefined"));
  CHECK(as_json(InputFormat::hcl2, "a {").starts_with("error: Unclosed configuration block"));
  CHECK(as_json(InputFormat::hcl2, "a = \"x").starts_with("error: Unterminated template"));
  CHECK(as_json(InputFormat::hcl2, "a = " + std::string(100'000, '[')).find("levels of nesting") != std::string::npos);
  CHECK(as_json(InputFormat::hcl2, "a = " + std::string(100'000, '-')).find("levels of nesting") != std::string::npos);
  CHECK(place_of(InputFormat::hcl2, "resource \"x\" \"y\" {\n  n = \"v\"\n}\n", {"resource", "x", "y", "0", "n"}) ==
        "2:7");
}

TEST_CASE("HCL 1: blocks and assigned objects are lists, labels are levels") {
  CHECK(as_json(InputFormat::hcl1, "a = 1\nb = \"x${c.d[\"e\"]}\"\nc = [1, 2.5, \"z\",]\nd = true\n") ==
        R"({"a":1,"b":"x${c.d[\"e\"]}","c":[1,2.5,"z"],"d":true})");
  CHECK(as_json(InputFormat::hcl1, "r \"t\" \"n\" { k = 0x10 }\nr \"t\" \"m\" { k = 010 }\no = { p = 1 }") ==
        R"({"o":[{"p":1}],"r":[{"t":[{"n":[{"k":16}]}]},{"t":[{"m":[{"k":8}]}]}]})");
  CHECK(as_json(InputFormat::hcl1, "# one\n/* two */ v = <<-E\n    a\n      b\n    E\nw = <<E\nx\nE\n") ==
        R"({"v":"a\n  b\n","w":"x\n"})");
  CHECK(place_of(InputFormat::hcl1, "r \"t\" {\n  k = [1, 2]\n}\n", {"r", "0", "t", "0", "k", "1"}) == "2:11");
  for (auto bad : {"a", "a =", "a = {", "a = [1 2]", "a b = 1", "= 1", "a = \"x", "a = \"\\q\"", "a = 1.",
                   "a = <<E\nx\n", "a = yes", "/* x", "a = 0x", "a = [,]"}) {
    const auto value = policy::parse_input(InputFormat::hcl1, bad);
    CHECK_MESSAGE(!value, bad);
    if (!value) CHECK(value.error().place->line >= 1);
  }
  const std::string deep(300, '[');
  CHECK(policy::parse_input(InputFormat::hcl1, "a = " + deep).error().code == "limit.depth");
}

TEST_CASE("INI") {
  CHECK(
      as_json(InputFormat::ini, "app = 1\n# c\n[server]\nport = 3000\nname = \"q # x\" ; c\nflag = true\nempty =\n") ==
      R"({"server":{"empty":"","flag":true,"name":"q # x","port":3000}})");
  CHECK(as_json(InputFormat::ini, "[a]\nlong = one \\\n  two\nm = \"\"\"x\ny\"\"\"\n") ==
        R"({"a":{"long":"onetwo","m":"x\ny"}})");
  CHECK(as_json(InputFormat::ini, "[a\n").starts_with("error: unclosed section"));
  CHECK(as_json(InputFormat::ini, "[a]\nword\n").starts_with("error: key-value delimiter not found"));
  CHECK(place_of(InputFormat::ini, "[a]\nx = 1\n  y = 2\n", {"a", "y"}) == "3:7");
}

TEST_CASE("dotenv") {
  CHECK(as_json(InputFormat::dotenv, "A=1\nexport B=\"x\\ny\" # c\nC='$A'\nD=${A}2\nE: v\n# c\n\nF=\n") ==
        R"({"A":"1","B":"x\ny","C":"$A","D":"12","E":"v","F":""})");
  CHECK(as_json(InputFormat::dotenv, "what is this\n").starts_with("error: Line"));
  CHECK(place_of(InputFormat::dotenv, "A=1\nB= two\n", {"B"}) == "2:4");
}

TEST_CASE("properties") {
  CHECK(as_json(InputFormat::properties, "# c\na.b=1\nc : two words\nd\\ e three\\\n   more\nf=${a.b}!\ng=\\u00e9\n") ==
        "{\"a.b\":\"1\",\"c\":\"two words\",\"d e\":\"threemore\",\"f\":\"1!\",\"g\":\"é\"}");
  CHECK(as_json(InputFormat::properties, "a=${b}\nb=${a}\n").find("circular reference") != std::string::npos);
  CHECK(place_of(InputFormat::properties, "a=1\nb = 2\n", {"b"}) == "2:5");
}

TEST_CASE("XML") {
  CHECK(as_json(InputFormat::xml, "<n><to>foo</to><p id=\"1\">x</p><p>y</p><e/></n>") ==
        R"({"n":{"e":"","p":[{"#content":"x","-id":"1"},"y"],"to":"foo"}})");
  CHECK(place_of(InputFormat::xml, "<n>\n <to>foo</to>\n</n>", {"n", "to"}) == "2:2");
  CHECK(as_json(InputFormat::xml, "<a><b></a>").starts_with("error: "));
}

TEST_CASE("Dockerfile") {
  CHECK(as_json(InputFormat::dockerfile, "# base\nFROM a AS b\nRUN x && \\\n  # c\n  y\n") ==
        R"([[{"Cmd":"comment","Flags":null,"JSON":false,"Stage":0,"SubCmd":"","Value":["base"]},)"
        R"({"Cmd":"from","Flags":[],"JSON":false,"Stage":0,"SubCmd":"","Value":["a","AS","b"]},)"
        R"({"Cmd":"run","Flags":[],"JSON":false,"Stage":0,"SubCmd":"","Value":["x &&   y"]}]])");
  CHECK(as_json(InputFormat::dockerfile,
                "FROM a\nFROM b\nENV k=\"v w\" l=2\nONBUILD CMD [\"p\",\"q\"]\nCOPY --from=b x y\n") ==
        R"([[{"Cmd":"from","Flags":[],"JSON":false,"Stage":0,"SubCmd":"","Value":["a"]},)"
        R"({"Cmd":"from","Flags":[],"JSON":false,"Stage":1,"SubCmd":"","Value":["b"]},)"
        R"({"Cmd":"env","Flags":[],"JSON":false,"Stage":1,"SubCmd":"","Value":["k","\"v w\"","=","l","2","="]},)"
        R"({"Cmd":"onbuild","Flags":[],"JSON":true,"Stage":1,"SubCmd":"CMD","Value":["p","q"]},)"
        R"({"Cmd":"copy","Flags":["--from=b"],"JSON":false,"Stage":1,"SubCmd":"","Value":["x","y"]}]])");
  CHECK(as_json(InputFormat::dockerfile, "FROM a\nRUNN x\n") == "error: unknown instruction: RUNN");
  CHECK(as_json(InputFormat::dockerfile, "\n") == "error: file with no instructions");
  CHECK(place_of(InputFormat::dockerfile, "FROM a\nCOPY \\\n  one two\n", {"0", "1", "Value", "1"}) == "3:7");
}

TEST_CASE("ignore files") {
  CHECK(as_json(InputFormat::ignore, "!bar\n\n# Test") ==
        R"([[{"Kind":"NegatedPath","Original":"!bar","Value":"bar"},{"Kind":"Empty","Original":"","Value":""},)"
        R"({"Kind":"Comment","Original":"# Test","Value":" Test"}]])");
}

TEST_CASE("CycloneDX") {
  CHECK(as_json(InputFormat::cyclonedx, R"({"bomFormat":"CycloneDX"})") == R"({"bomFormat":"CycloneDX"})");
  CHECK(
      as_json(
          InputFormat::cyclonedx,
          "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.3\" version=\"1\"><components><component type=\"library\" "
          "bom-ref=\"r\"><name>n</name><hashes><hash "
          "alg=\"MD5\">ab</hash></hashes><licenses><license><id>MIT</id></license>"
          "</licenses></component></components><dependencies><dependency ref=\"r\"><dependency ref=\"s\"/></dependency>"
          "</dependencies></bom>") ==
      R"({"bomFormat":"CycloneDX","components":[{"bom-ref":"r","hashes":[{"alg":"MD5","content":"ab"}],)"
      R"("licenses":[{"license":{"id":"MIT"}}],"name":"n","type":"library"}],)"
      R"("dependencies":[{"dependsOn":["s"],"ref":"r"}],"specVersion":"1.3","version":1})");
}

TEST_CASE("SPDX") {
  CHECK(
      as_json(InputFormat::spdx,
              "SPDXVersion: SPDX-2.2\nDataLicense: demo\nSPDXID: SPDXRef-DOCUMENT\nCreator: Tool: x\nCreated: "
              "2021-08-26T01:46:00Z\n"
              "PackageName: p\nSPDXID: SPDXRef-p\nPackageComment: <text>a\nb</text>\nPackageChecksum: SHA1: ff\n"
              "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-p\nPackageVersion: 2\n") ==
      R"({"SPDXID":"SPDXRef-DOCUMENT","creationInfo":{"created":"2021-08-26T01:46:00Z","creators":["Tool: x"]},)"
      R"("dataLicense":"demo","packages":[{"SPDXID":"SPDXRef-p","checksums":[{"algorithm":"SHA1","checksumValue":"ff"}],)"
      R"("comment":"a\nb","name":"p","versionInfo":"2"}],)"
      R"("relationships":[{"relatedSpdxElement":"SPDXRef-p","relationshipType":"DESCRIBES","spdxElementId":"SPDXRef-DOCUMENT"}],)"
      R"("spdxVersion":"SPDX-2.2"})");
  CHECK(as_json(InputFormat::spdx, "SPDXVersion: SPDX-2.2\nNope: x\n") == "error: received unknown tag Nope");
}

TEST_CASE("documents of a stream, comments in JSON") {
  std::size_t documents = 0;
  const auto value = policy::parse_input(InputFormat::yaml, "a: 1\n---\nb: 2\n", {}, &documents);
  REQUIRE(value);
  CHECK(documents == 2);
  CHECK(doc::write_json(*value) == R"([{"a":1},{"b":2}])");
  CHECK(as_json(InputFormat::jsonc, "{\"a\": 1, // c\n}") == R"({"a":1})");
  CHECK(as_json(InputFormat::toml, "[a]\nb = 1\n") == R"({"a":{"b":1}})");
}

TEST_CASE("events replay a tree") {
  const auto value = policy::parse_input(InputFormat::json, R"({"a":[1,{"b":null}],"c":"d"})").value();
  doc::TreeBuilder builder;
  CHECK(policy::feed(value, builder));
  CHECK(builder.take() == value);
}

TEST_CASE("each reader keeps the places of values") {
  CHECK(place_of(InputFormat::json, "{\"a\": [1,\n 22]}", {"a", "1"}) == "2:2");
  CHECK(place_of(InputFormat::jsonc, "{ // c\n \"a\": /* d */ true}", {"a"}) == "2:15");
  CHECK(place_of(InputFormat::yaml, "a:\n  - b: 1\n    c: two\n", {"a", "0", "c"}) == "3:8");
  CHECK(place_of(InputFormat::yaml, "a: 1\n---\nb: 2\n", {"1", "b"}) == "3:4");
  CHECK(place_of(InputFormat::toml, "[t]\na = 1\nb = \"x\"\n", {"t", "b"}) == "3:5");
  CHECK(place_of(InputFormat::ignore, "# c\nnode_modules\n", {"0", "0"}).starts_with("1:"));
  CHECK(place_of(InputFormat::cyclonedx, "{\"bomFormat\": \"CycloneDX\",\n\"version\": 1}", {"version"}) == "2:12");
}

// Every string and number of a real file stands where its span says, but for what escapes and references make of it.
TEST_CASE("places of values in the files that users keep") {
  const auto folder = test::conformance_folder("conftest/fixtures/examples");
  if (!folder) return;
  for (auto [name, format] : {std::pair{"dotenv/sample.env", InputFormat::dotenv},
                              {"properties/sample.properties", InputFormat::properties},
                              {"ini/grafana.ini", InputFormat::ini},
                              {"hcl2/terraform.tf", InputFormat::hcl2},
                              {"hcl1/gke.tf", InputFormat::hcl1},
                              {"traefik/traefik.toml", InputFormat::toml},
                              {"combine/combine.yaml", InputFormat::yaml},
                              {"kubernetes/service.yaml", InputFormat::yaml},
                              {"cyclonedx/cyclonedx.json", InputFormat::json}}) {
    const auto text = io::read_file(*folder + "/" + name);
    if (!text) continue;
    const auto root = policy::parse_input(format, *text);
    REQUIRE(root);
    std::size_t scalars = 0;
    std::vector<const doc::Value*> pending{&*root};
    while (!pending.empty()) {
      const doc::Value& value = *pending.back();
      pending.pop_back();
      if (value.is_array())
        for (const auto& item : value.items()) pending.push_back(&item);
      if (value.is_object())
        for (const auto& member : value.members()) pending.push_back(&member.value);
      if (!value.is_string() && !value.is_number()) continue;
      ++scalars;
      const std::string source = text->substr(value.span.begin, value.span.end - value.span.begin);
      const std::string content(value.as_string());
      if (source.find_first_of("\\$\n") != std::string::npos) continue;
      CHECK_MESSAGE(source.find(content) != std::string::npos, name, ": ", content, " at ", source);
    }
    CHECK_MESSAGE(scalars > 0, name);
  }
}

TEST_CASE("the files that users keep") {
  const auto folder = test::conformance_folder("conftest/fixtures/examples");
  if (!folder) return;
  for (auto name :
       {"docker/Dockerfile", "dotenv/sample.env", "properties/sample.properties", "xml/pom.xml", "ini/grafana.ini",
        "hcl2/terraform.tf", "hcl2/policy/unencrypted_azure_disk.tf", "hcl1/gke.tf", "spdx/sbom.spdx",
        "ignore/gitignore/.gitignore", "ignore/dockerignore/.dockerignore", "traefik/traefik.toml"}) {
    const auto path = *folder + "/" + name;
    const auto text = io::read_file(path);
    REQUIRE_MESSAGE(text, path);
    doc::ReadOptions options;
    options.file = path;
    const auto value = policy::parse_input(policy::input_format_of(path).value(), *text, options);
    CHECK_MESSAGE(value, (value ? "" : to_string(value.error())));
  }
  for (auto name : {"cyclonedx/cyclonedx.json", "cyclonedx/cyclonedx.xml"}) {
    const auto text = io::read_file(*folder + "/" + name);
    const auto value = policy::parse_input(InputFormat::cyclonedx, text.value());
    REQUIRE(value);
    CHECK(value->find("metadata")->find("component")->string_or("version", "").starts_with("sha256:d7ec60cf"));
  }
}
