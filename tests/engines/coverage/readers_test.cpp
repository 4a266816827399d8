#include "engines/coverage/limits.h"
#include "engines/coverage/python_lines.h"
#include "helpers.h"

using namespace chiron;
using namespace chiron::coverage;

namespace {

constexpr std::string_view kCobertura =
    "<?xml version=\"1.0\" ?>\n<!DOCTYPE coverage SYSTEM \"http://cobertura.example/coverage-04.dtd\">\n"
    "<coverage line-rate=\"0.5\" timestamp=\"1700000000000\"><sources><source>/repo/src</source></sources><packages>"
    "<package name=\"p\"><classes><class name=\"A\" filename=\"a.py\"><methods><method name=\"f\" signature=\"()\">"
    "<lines><line number=\"1\" hits=\"4\"/></lines></method></methods><lines><line number=\"1\" hits=\"4\"/>"
    "<line number=\"2\" hits=\"0\" branch=\"true\" condition-coverage=\"50% (1/2)\" "
    "missing-branches=\"9\"/></lines></class>"
    "<class name=\"A$1\" filename=\"a.py\"><methods/><lines><line number=\"2\" hits=\"3\"/></lines></class>"
    "<class name=\"B\" filename=\"b.py\"><methods/><lines><line number=\"7\" hits=\"1\"/></lines></class>"
    "</classes></package></packages></coverage>";

}  // namespace

TEST_CASE("Cobertura: sources, lines of several classes, branches, methods, time") {
  const auto report = must_read(kCobertura);
  CHECK(report.format == Format::cobertura);
  CHECK(report.made_at_s == 1700000000);
  REQUIRE(report.source_roots.size() == 1);
  CHECK(report.source_roots[0] == "/repo/src");
  CHECK(lines_of(report) == "a.py 1:4 2:3 | b.py 7:1");
  CHECK(lines_of(report, Instances::all_needed) == "a.py 1:4 2:0 | b.py 7:1");
  REQUIRE(report.files[0].branches.size() == 1);
  CHECK(report.files[0].branches[0].taken == 1);
  CHECK(report.files[0].branches[0].total == 2);
  CHECK(report.files[0].branches[0].missing == "to line 9");
  REQUIRE(report.files[0].functions.size() == 1);
  CHECK(report.files[0].functions[0].hits == 4);
}

TEST_CASE("files nobody asked for are skipped, in the fast path and in the slow one") {
  ReaderOptions options;
  options.wanted = [](std::string_view path) { return path == "b.py"; };
  CHECK(lines_of(must_read(kCobertura, options)) == "b.py 7:1");
  // A CDATA section sends the reader to the library.
  auto text = std::string(kCobertura);
  text.insert(text.find("<packages>"), "<!-- c --><x><![CDATA[</class>]]></x>");
  CHECK(lines_of(must_read(text, options)) == "b.py 7:1");
  CHECK(lines_of(must_read(text)) == "a.py 1:4 2:3 | b.py 7:1");
}

TEST_CASE("Cobertura's conditions are branches of their own where they add up") {
  const auto report = must_read(
      "<coverage line-rate=\"1\"><class filename=\"a\"><lines><line number=\"3\" hits=\"1\" branch=\"true\" "
      "condition-coverage=\"75% (3/4)\"><conditions><condition number=\"0\" type=\"jump\" coverage=\"100%\"/>"
      "<condition number=\"1\" type=\"jump\" coverage=\"50%\"/></conditions></line></lines></class></coverage>");
  REQUIRE(report.files.size() == 1);
  REQUIRE(report.files[0].branches.size() == 2);
  CHECK_FALSE(report.files[0].branches[0].partial());
  CHECK(report.files[0].branches[1].partial());
}

TEST_CASE("JaCoCo: package and source file make the path, instructions the count") {
  const auto report = must_read(
      "<!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\"><report name=\"x\">"
      "<sessioninfo id=\"s\" start=\"1\" dump=\"1700000000123\"/><group name=\"g\"><package name=\"com/x\">"
      "<class name=\"com/x/A\" sourcefilename=\"A.java\"><method name=\"f\" desc=\"()V\" line=\"3\">"
      "<counter type=\"METHOD\" missed=\"0\" covered=\"1\"/></method></class>"
      "<sourcefile name=\"A.java\"><line nr=\"3\" mi=\"0\" ci=\"5\" mb=\"1\" cb=\"3\"/><line nr=\"4\" mi=\"2\" "
      "ci=\"0\" mb=\"0\" cb=\"0\"/>"
      "</sourcefile></package></group></report>");
  CHECK(report.format == Format::jacoco);
  CHECK(report.made_at_s == 1700000000);
  CHECK(lines_of(report) == "com/x/A.java 3:5 4:0");
  REQUIRE(report.files[0].branches.size() == 1);
  CHECK(report.files[0].branches[0].taken == 3);
  CHECK(report.files[0].branches[0].total == 4);
  REQUIRE(report.files[0].functions.size() == 1);
  CHECK(report.files[0].functions[0].name == "f");
}

TEST_CASE("Clover: statements, conditions with both outcomes, methods; PHPUnit's spelling") {
  const auto report = must_read(
      "<coverage generated=\"1700000000\" clover=\"3.2.0\"><project><package name=\"p\"><file name=\"a.js\" "
      "path=\"/r/a.js\">"
      "<line num=\"1\" type=\"method\" name=\"f\" count=\"2\"/><line num=\"2\" type=\"stmt\" count=\"0\"/>"
      "<line num=\"3\" type=\"cond\" truecount=\"4\" falsecount=\"0\"/></file></package></project></coverage>");
  CHECK(report.format == Format::clover);
  CHECK(lines_of(report) == "/r/a.js 2:0 3:4");
  REQUIRE(report.files[0].branches.size() == 1);
  CHECK(report.files[0].branches[0].arms[1] == Arm{"false", 0});
  const auto php = must_read(
      "<coverage generated=\"1700000000\"><project timestamp=\"1\"><file name=\"/r/A.php\"><line num=\"2\" "
      "type=\"stmt\" "
      "count=\"1\"/></file></project></coverage>");
  CHECK(php.format == Format::clover);
  CHECK(lines_of(php) == "/r/A.php 2:1");
}

TEST_CASE("LCOV: sums, branches, exceptions, functions in both forms, MC/DC") {
  constexpr std::string_view text =
      "TN:t\nSF:a.c\nFN:1,main\nFNDA:2,main\nFNL:0,9,12\nFNA:0,5,other\nDA:1,2\nDA:2,0,checksum\nDA:1,1\n"
      "BRDA:2,0,0,-\nBRDA:2,0,1,3\nBRDA:5,e0,a<b,c,1\nBRDA:5,e0,1,0\nMCDC:7,2,t,1,0,a\nMCDC:7,2,f,0,0,a\n"
      "LF:2\nLH:1\nend_of_record\n";
  const auto report = must_read(text);
  // Line 2 has count 0 but a branch that ran; line 5 is only known by its branches, one of which did not.
  CHECK(lines_of(report) == "a.c 1:3 2:0 5:0");
  ReaderOptions options;
  options.branches_overrule_lines = true;
  CHECK(lines_of(must_read(text, options)) == "a.c 1:3 2:3 5:0");
  REQUIRE(report.files[0].branches.size() == 2);
  CHECK(report.files[0].branches[1].arms[0].label == "a<b,c (exception)");
  REQUIRE(report.files[0].decisions.size() == 1);
  CHECK(report.files[0].decisions[0].conditions[0].seen_true);
  CHECK_FALSE(report.files[0].decisions[0].conditions[0].seen_false);
  CHECK(report.files[0].functions.size() == 2);
}

TEST_CASE("lying LCOV: each lie is refused with its line, or read as what it can mean") {
  const auto refused = [](std::string_view text) {
    const auto report = read_text(text);
    REQUIRE_FALSE(report.has_value());
    return report.error().code + "@" + std::to_string(report.error().place->line);
  };
  CHECK(refused("SF:a\nDA:4294967296,1\nend_of_record\n") == "lcov.syntax@2");
  CHECK(refused("SF:a\nDA:50000001,1\n") == "lcov.syntax@2");
  CHECK(refused("SF:a\nDA:1\n") == "lcov.syntax@2");
  CHECK(refused("SF:a\nDA:x,1\n") == "lcov.syntax@2");
  CHECK(refused("SF:a\nDA:1,many\n") == "lcov.syntax@2");
  CHECK(refused("TN:\nDA:1,1\n") == "lcov.syntax@2");
  CHECK(refused("SF:a\nend_of_record\nend_of_record\n") == "lcov.syntax@3");
  CHECK(refused("SF:a\nNEW:1\n") == "lcov.syntax@2");
  CHECK(refused("SF:a\nMCDC:1,2,t,1,2,x\n") == "lcov.syntax@2");
  CHECK(refused("SF:" + std::string(limits::kPathBytes + 1, 'a') + "\n") == "lcov.syntax@1");
  CHECK(refused("SF:a\nDA:" + std::string(3 * limits::kTextLineBytes, '1')) == "limit.size@2");

  CHECK(lines_of(must_read("SF:a\nDA:50000000,1\nend_of_record\n")) == "a 50000000:1");
  const auto negative = must_read("SF:a\nDA:1,-5\nDA:2,99999999999999999999999\nend_of_record\n");
  CHECK(lines_of(negative) == "a 1:0 2:18446744073709551615");
  CHECK(negative.notes.size() == 1);
  const auto open_record = must_read("SF:a\nDA:1,1\nSF:b\nDA:2,1\n");
  CHECK(lines_of(open_record) == "a 1:1 | b 2:1");
  CHECK(open_record.notes.size() == 2);
}

TEST_CASE("broken and hostile XML is refused with its place") {
  const auto code = [](std::string_view text) {
    const auto report = read_text(text);
    REQUIRE_FALSE(report.has_value());
    return report.error().code;
  };
  CHECK(
      code(
          "<coverage line-rate='1'><class filename='a'><lines><line number='1' hits='1'></lines></class></coverage>") ==
      "xml.syntax");
  CHECK(code("<coverage line-rate='1'>") == "xml.syntax");
  for (const std::string broken :
       {"coveraYg SeTSEM \"a.dtd\"", "coverage SYSTEM", "coverage SYSTEM a", "coverage PUBLIC 'a'",
        "coverage PUBLIC 'a&' 'b'", "coverage SYSTEM 'a' b", "", "-c", "coverage SYSTEM\"a\""})
    CHECK_MESSAGE(code("<!DOCTYPE " + broken + "><coverage line-rate='1'></coverage>") == "xml.syntax", broken);
  CHECK(code("<!DOCTYPE c [<!ENTITY l 'ha'><!ENTITY m '&l;&l;'>]><coverage line-rate='1'>&m;</coverage>") ==
        "xml.entity");
  CHECK(code("<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><coverage line-rate='1'>&x;</coverage>") ==
        "xml.entity");
  CHECK(code("<html><body/></html>") == "coverage.format");
  CHECK(code("<coverage line-rate='1'><class filename='a'><lines><line number='0' "
             "hits='1'/></lines></class></coverage>") == "coverage.format");
  CHECK(code("<coverage line-rate='1'><class filename='a'><lines><line number='1' "
             "hits='x'/></lines></class></coverage>") == "coverage.format");
  CHECK(code("no report at all") == "coverage.format");
  std::string deep = "<coverage line-rate='1'>";
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  CHECK(code(deep) == "limit.depth");
}

TEST_CASE("hostile JSON, endless records and entity bombs end at a named bound") {
  const auto code = [](std::string_view text) {
    const auto report = read_text(text);
    REQUIRE_FALSE(report.has_value());
    return report.error().code;
  };
  for (const auto* head : {"{\"meta\":", "{\"gcc_version\":", "{\"data\":"}) {
    const auto deep = code(head + std::string(100'000, '['));
    CHECK_MESSAGE(deep == "limit.depth", deep);
    CHECK(code(std::string(head) + "{\"a\": tru") == "json.syntax");
  }
  // Numbers that no line has are not lines; a count beyond 64 bits is the largest.
  CHECK(lines_of(must_read(
            "{\"meta\":{},\"files\":{\"a\":{\"executed_lines\":[1,1e300,-4,1152921504606846976,0]}}}")) == "a 1:1");
  CHECK(lines_of(must_read("{\"gcc_version\":\"12\",\"files\":[{\"file\":\"a\",\"lines\":[{\"line_number\":2,\"count\":"
                           "99999999999999999999999},{\"line_number\":3,\"count\":-1}]}]}")) ==
        "a 2:18446744073709551615 3:0");
  std::string bomb = "<!DOCTYPE c [<!ENTITY a0 'ha'>";
  for (int i = 1; i < 20; ++i)
    bomb += "<!ENTITY a" + std::to_string(i) + " '&a" + std::to_string(i - 1) + ";&a" + std::to_string(i - 1) + ";'>";
  CHECK(code(bomb + "]><coverage line-rate='1'><sources><source>&a19;</source></sources></coverage>") == "xml.entity");
  // The same record without end: it costs a line each and adds up.
  std::string endless = "SF:a\n";
  for (int i = 0; i < 200'000; ++i) endless += "DA:7,9223372036854775807\n";
  CHECK(lines_of(must_read(endless)) == "a 7:18446744073709551615");
  std::string arms = "SF:a\n";
  for (std::size_t i = 0; i <= limits::kArmsOfBranch; ++i) arms += "BRDA:1,0," + std::to_string(i) + ",1\n";
  CHECK(code(arms) == "lcov.syntax");
}

TEST_CASE("a comment that is no UTF-8 is refused, though nothing of it is read") {
  CHECK_FALSE(read_text("<coverage line-rate='1'><!-- \x8e\x9e --></coverage>").has_value());
  CHECK(read_text("<coverage line-rate='1'><!-- \xC3\xA4 --></coverage>").has_value());
  CHECK_FALSE(read_text("<coverage line-rate='1'><? x?></coverage>").has_value());
}

TEST_CASE("the end tag as text within what is skipped does not end it") {
  const std::string text =
      "<coverage line-rate='1'><class filename='a'><?x </class> ?><lines><line number='1' hits='1'/></lines></class>"
      "<class filename='b'><lines><line number='2' hits='1'/></lines></class></coverage>";
  ReaderOptions options;
  options.wanted = [](std::string_view path) { return path == "b"; };
  CHECK(lines_of(must_read(text, options)) == "b 2:1");
}

TEST_CASE("the fast path and the library read the same") {
  // The same report with something in it that only the library takes.
  for (const auto* text : {
           "<coverage line-rate='1'><class filename='a&amp;b'><lines><line number='1' "
           "hits='2'/></lines></class></coverage>",
           "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?><coverage line-rate='1'><class "
           "filename='\xC3\xA4.py'><lines>"
           "<line number='1' hits='2' /></lines></class></coverage>\n",
           "<coverage line-rate='1'><sources><source> /a/b </source></sources><class filename='x'><methods><method "
           "name='m'>"
           "<lines><line number='4' hits='1'/></lines></method></methods><lines></lines></class></coverage>",
       }) {
    auto with_cdata = std::string(text);
    with_cdata.insert(with_cdata.find("</coverage>"), "<e><![CDATA[x]]></e>");
    const auto fast = must_read(text), slow = must_read(with_cdata);
    CHECK(lines_of(fast) == lines_of(slow));
    CHECK(fast.source_roots == slow.source_roots);
    CHECK(fast.files[0].functions == slow.files[0].functions);
  }
}

TEST_CASE("llvm-cov JSON: lines from segments, branches, MC/DC") {
  const auto report = must_read(R"({"data":[{"files":[{"filename":"/s/a.c","segments":[
    [1,12,4,true,true,false],[2,7,4,true,true,false],[2,20,1,true,true,false],[4,1,3,true,false,false],
    [6,1,0,true,true,false],[6,9,4,true,false,false],[8,2,0,false,false,false]],
    "branches":[[2,7,2,9,1,3,0,0,6],[2,13,2,15,0,1,0,0,6]],
    "mcdc_records":[[2,7,2,15,0,5,[true,false]]]}],
    "functions":[{"name":"f","count":4,"filenames":["/s/a.c"],"regions":[[1,12,8,2,4,0,0,0]]}]}],
    "type":"llvm.coverage.json.export","version":"2.0.1"})");
  CHECK(report.format == Format::llvm_json);
  CHECK(lines_of(report) == "/s/a.c 1:4 2:4 3:1 4:1 5:3 6:3 7:4 8:4");
  REQUIRE(report.files[0].branches.size() == 2);
  CHECK(report.files[0].branches[1].partial());
  REQUIRE(report.files[0].decisions.size() == 1);
  const auto& decision = report.files[0].decisions[0];
  CHECK(decision.conditions[0].independent);
  CHECK_FALSE(decision.conditions[1].independent);
  CHECK_FALSE(decision.conditions[1].seen_true);
  REQUIRE(report.files[0].functions.size() == 1);
  // Two segments that claim fifty million lines between them.
  CHECK(read_text(R"({"data":[{"files":[{"filename":"a","segments":[[1,1,1,true,true],[49999999,1,0,false,false]]}]}],)"
                  R"("type":"llvm.coverage.json.export"})")
            .error()
            .code == "limit.lines");
}

TEST_CASE("gcov JSON: instances add up, an exception's way is no branch, conditions of GCC 14") {
  const auto report = must_read(R"({"gcc_version":"14","files":[{"file":"a.cpp","lines":[
    {"line_number":3,"count":2,"function_name":"f<int>","branches":[{"count":2,"throw":false,"fallthrough":true},
      {"count":0,"throw":false,"fallthrough":false},{"count":0,"throw":true,"fallthrough":false}],
      "conditions":[{"count":4,"covered":3,"not_covered_true":[],"not_covered_false":[1]}]},
    {"line_number":3,"count":5,"function_name":"f<double>","branches":[{"count":0,"throw":false,"fallthrough":true},
      {"count":5,"throw":false,"fallthrough":false}]}],
    "functions":[{"name":"_Zf","demangled_name":"f","start_line":3,"execution_count":7}]}],
    "current_working_directory":"/b"})");
  CHECK(report.source_roots == std::vector<std::string>{"/b"});
  auto file = report.files[0];
  normalize(file, Instances::add);
  CHECK(file.lines == std::vector<Line>{{3, 7}});
  REQUIRE(file.branches.size() == 1);
  CHECK(file.branches[0].taken == 2);
  REQUIRE(file.decisions.size() == 1);
  CHECK(file.decisions[0].conditions[0].independent);
  CHECK_FALSE(file.decisions[0].conditions[1].seen_false);
}

TEST_CASE("coverage.py JSON: run and missed lines, jumps") {
  const auto report = must_read(R"({"meta":{"version":"7.6","branch_coverage":true},"files":{"a.py":{
    "executed_lines":[1,2,4],"missing_lines":[5],"excluded_lines":[],"executed_branches":[[2,4]],
    "missing_branches":[[2,5],[4,-1]],"functions":{"f":{"executed_lines":[4],"missing_lines":[5]},"":{}}}},"totals":{}})");
  CHECK(lines_of(report) == "a.py 1:1 2:1 4:1 5:0");
  REQUIRE(report.files[0].branches.size() == 2);
  CHECK(report.files[0].branches[0].arms[1] == Arm{"to line 5", 0});
  CHECK(report.files[0].branches[1].arms[0] == Arm{"to exit", 0});
  REQUIRE(report.files[0].functions.size() == 1);
  CHECK(report.files[0].functions[0].line == 4);
}

TEST_CASE("Python statements are found without running Python") {
  const auto python = find_python_lines(
      "\"\"\"doc\nstring\"\"\"\nimport os\n\n# comment\nclass A:\n    'doc'\n    x = [1,\n         2]\n"
      "    def f(self, y):  # pragma: no cover\n        return y\n\n    def g(self):\n        global z\n"
      "        try:\n            return 1 + \\\n                2\n        finally:\n            pass\n"
      "if os: pass\nelse:\n    s = '''a\n# no\n'''\n");
  CHECK(python.statements == std::vector<std::uint32_t>{3, 6, 8, 13, 15, 16, 19, 20, 22});
  CHECK(python.statement_of(9) == 8);
  CHECK(python.statement_of(17) == 16);
  CHECK(python.statement_of(24) == 22);
}

TEST_CASE("formats are told by content") {
  CHECK(detect_format("TN:\nSF:a\n") == Format::lcov);
  CHECK(detect_format("SQLite format 3") == Format::coveragepy_sqlite);
  CHECK(detect_format("oncg*22B") == Format::gcov_data);
  CHECK(detect_format("{\"meta\": {") == Format::coveragepy_json);
  CHECK(detect_format("  <?xml version='1.0'?><report name='x'>") == Format::jacoco);
  CHECK_FALSE(detect_format("hello").has_value());
  CHECK(must_read("").notes.size() == 1);
}
