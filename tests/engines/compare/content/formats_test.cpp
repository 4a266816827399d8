// The content formats on files made here by the formats' own tools, and on small ones written out.
#include <doctest/doctest.h>

#include <cstdlib>

#include "engines/compare/content/support.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::test {
namespace {

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

// Two files made by `command` from two inputs.
std::pair<std::string, std::string> make_both(std::string_view input, std::string_view a, std::string_view b,
                                              const std::string& command, const std::string& output) {
  std::pair<std::string, std::string> out;
  for (const bool first : {true, false}) {
    auto folder = io::TemporaryFolder::create();
    REQUIRE(folder.has_value());
    write(folder->path() + "/" + std::string(input), first ? a : b);
    run_in(folder->path(), command);
    (first ? out.first : out.second) = read(folder->path() + "/" + output);
  }
  return out;
}

}  // namespace

TEST_CASE("Python bytecode: a changed constant is told in its function, at its source line") {
  constexpr std::string_view source =
      "import os\n\nclass Shop:\n    def price(self, n):\n        total = n * 3\n        return total + 1\n\n"
      "def main():\n    return Shop().price(2)\n";
  auto changed = text::replace_all(source, "n * 3", "n * 4");
  const auto [a, b] = make_both("app.py", source, changed,
                                "/usr/bin/python3 -c \"import py_compile; py_compile.compile('app.py', "
                                "cfile='app.pyc', invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)\"",
                                "app.pyc");
  const auto result = compare_content(a, b, "app.pyc");
  CAPTURE(dump(result));
  CHECK(result.format == "Python bytecode");
  const auto* code = find(result, {"code <module>", "code Shop", "code Shop.price", "bytecode"});
  REQUIRE(code != nullptr);
  REQUIRE(!code->comments.empty());
  CHECK(code->comments.front() == "source: app.py:5");
  CHECK(find(result, {"code <module>", "code main"}) == nullptr);
  const auto* hash = find(result, {"source hash"});
  REQUIRE(hash != nullptr);
  CHECK(hash->place_a == compare::Range{8, 8});
}

TEST_CASE("Python bytecode: only the time of the source differs") {
  constexpr std::string_view source = "print('hello')\n";
  auto [a, unused] = make_both("app.py", source, source,
                               "touch -d @1000000 app.py; /usr/bin/python3 -c \"import py_compile; "
                               "py_compile.compile('app.py', cfile='app.pyc')\"",
                               "app.pyc");
  auto b = a;
  b[8] = static_cast<char>(b[8] ^ 1);
  const auto result = compare_content(a, b, "app.pyc");
  REQUIRE(result.children.size() == 1);
  CHECK(result.children[0].name_a == "source time");
  CHECK(result.children[0].kind == compare::Kind::metadata);
  CHECK(!result.children[0].semantic);
}

TEST_CASE("Python bytecode: damaged modules are errors, never more") {
  constexpr std::string_view source =
      "def f(a, *b, c=1, **d):\n    x = [i for i in b]\n    return {a: x, 'k': (1, 2.5, None, b'z')}\n";
  const auto [a, unused] =
      make_both("app.py", source, source,
                "/usr/bin/python3 -c \"import py_compile; py_compile.compile('app.py', cfile='app.pyc')\"", "app.pyc");
  for (std::size_t size = 16; size < a.size(); ++size) {
    const auto result = compare_content(a, a.substr(0, size), "app.pyc");
    CHECK(result.kind == compare::Kind::error);
  }
}

TEST_CASE("Java class: a changed method is told by name, instruction and line") {
  if (!has_program("javac")) return;
  constexpr std::string_view source =
      "public class Demo {\n  static int twice(int a) {\n    return a * 2;\n  }\n"
      "  public static void main(String[] args) {\n    System.out.println(twice(args.length));\n  }\n}\n";
  const auto [a, b] =
      make_both("Demo.java", source, text::replace_all(source, "a * 2", "a + 2"), "javac Demo.java", "Demo.class");
  const auto result = compare_content(a, b, "Demo.class");
  CAPTURE(dump(result));
  const auto* code = find(result, {"methods", "twice (I)I", "Code", "bytecode"});
  REQUIRE(code != nullptr);
  const auto text = dump(*code);
  CHECK(text.find("-imul") != std::string::npos);
  CHECK(text.find("+iadd") != std::string::npos);
  CHECK(text.find("Demo.java:3") != std::string::npos);
  CHECK(find(result, {"methods", "main ([Ljava/lang/String;)V"}) == nullptr);
}

TEST_CASE("Java class: debugging information and numbering change no meaning") {
  if (!has_program("javac")) return;
  constexpr std::string_view source = "public class Demo { int f(int a) { int b = a + 1; return b; } }\n";
  const auto with = make_both("Demo.java", source, source, "javac -g Demo.java", "Demo.class").first;
  const auto without = make_both("Demo.java", source, source, "javac -g:none Demo.java", "Demo.class").first;
  const auto result = compare_content(with, without, "Demo.class");
  CAPTURE(dump(result));
  CHECK(!result.children.empty());
  CHECK(all_noise(result));
}

TEST_CASE("gettext: a changed message is told by its id") {
  constexpr std::string_view source =
      "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n\nmsgctxt \"menu\"\nmsgid \"Open\"\nmsgstr "
      "\"Öffnen\"\n";
  const auto [a, b] =
      make_both("x.po", source, text::replace_all(source, "Öffnen", "Auf"), "msgfmt -o x.mo x.po", "x.mo");
  const auto result = compare_content(a, b, "x.mo");
  CAPTURE(dump(result));
  const auto* message = find(result, {"message menu | \"Open\""});
  REQUIRE(message != nullptr);
  CHECK(message->old_value == "\"Öffnen\"");
  CHECK(message->new_value == "\"Auf\"");
  CHECK(a.substr(message->place_a.offset, message->place_a.length) == "Öffnen");
}

TEST_CASE("SQLite: rows and schema are told by table, packing is framing") {
  if (!has_program("sqlite3")) return;
  constexpr std::string_view script =
      "create table item(id integer primary key, name text, price real);\ninsert into item "
      "values(1,'cup',2.5),(2,'pot',9.0);\ncreate index by_name on item(name);\n";
  SUBCASE("row") {
    const auto [a, b] =
        make_both("x.sql", script, text::replace_all(script, "'pot'", "'pan'"), "sqlite3 x.db < x.sql", "x.db");
    const auto result = compare_content(a, b, "x.db");
    CAPTURE(dump(result));
    const auto* table = find(result, {"table item"});
    REQUIRE(table != nullptr);
    CHECK(table->lines_removed == 1);
    CHECK(dump(*table).find("+2, 'pan', 9") != std::string::npos);
  }
  SUBCASE("schema") {
    const auto [a, b] =
        make_both("x.sql", script, std::string(script) + "create table more(x);", "sqlite3 x.db < x.sql", "x.db");
    const auto result = compare_content(a, b, "x.db");
    CHECK(find(result, {"schema", "table more"}) != nullptr);
  }
  SUBCASE("only packing") {
    const auto [a, b] =
        make_both("x.sql", script, "pragma page_size=8192;\n" + std::string(script), "sqlite3 x.db < x.sql", "x.db");
    const auto result = compare_content(a, b, "x.db");
    CAPTURE(dump(result));
    CHECK(all_noise(result));
  }
}

TEST_CASE("certificates: fields by name, keys never shown") {
  if (!has_program("openssl")) return;
  constexpr std::string_view none = "";
  const auto [a, b] = make_both("x", none, none,
                                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem "
                                "-out cert.pem -subj /CN=demo -days 10 && cat cert.pem key.pem > all.pem",
                                "all.pem");
  const auto result = compare_content(a, b, "all.pem");
  CAPTURE(dump(result));
  CHECK(find(result, {"CERTIFICATE 1", "serial number"}) != nullptr);
  CHECK(find(result, {"CERTIFICATE 1", "public key", "key"}) != nullptr);
  CHECK(find(result, {"CERTIFICATE 1", "subject"}) == nullptr);
  const auto* key = find(result, {"PRIVATE KEY 1"});
  REQUIRE(key != nullptr);
  CHECK(dump(result).find("BEGIN PRIVATE") == std::string::npos);
}

TEST_CASE("git index: entries by path, what git saw of the file as noise") {
  auto folder = io::TemporaryFolder::create();
  REQUIRE(folder.has_value());
  run_in(folder->path(),
         "git init -q . && echo a > a && echo b > b && git add a b && cp .git/index ../one.$$ && mv ../one.$$ one && "
         "touch -d @1 a && git update-index --refresh; cp .git/index two; echo c > b; git add b; cp .git/index three");
  const auto one = read(folder->path() + "/one"), two = read(folder->path() + "/two"),
             three = read(folder->path() + "/three");
  const auto touched = compare_content(one, two, "index");
  CAPTURE(dump(touched));
  CHECK(find(touched, {"a", "modified"}) != nullptr);
  CHECK(all_noise(touched));
  const auto changed = compare_content(two, three, "index");
  const auto* object = find(changed, {"b", "object"});
  REQUIRE(object != nullptr);
  CHECK(object->semantic);
}

TEST_CASE("control files: fields, files and packages by name") {
  const std::string a =
      "Format: 1.0\nSource: demo\nInstalled-Build-Depends: gcc (= 1), make (= 2)\nChecksums-Sha256:\n aaaa 10 "
      "demo.deb\nBuild-Date: today\n";
  auto b = text::replace_all(a, "make (= 2)", "make (= 3)");
  b = text::replace_all(b, "aaaa", "bbbb");
  const auto result = compare_content(a, b, "demo.buildinfo");
  CAPTURE(dump(result));
  const auto* make = find(result, {"paragraph 1", "Installed-Build-Depends", "make"});
  REQUIRE(make != nullptr);
  CHECK(make->new_value == "make (= 3)");
  CHECK(find(result, {"paragraph 1", "Checksums-Sha256", "demo.deb"}) != nullptr);
  const auto dated = compare_content(a, text::replace_all(a, "today", "later"), "demo.buildinfo");
  CHECK(all_noise(dated));
}

TEST_CASE("JSON: changes by path with their bytes; order and spelling as noise") {
  const auto only = [](std::string_view a, std::string_view b) {
    auto result = compare_content(a, b, "x.json");
    CAPTURE(dump(result));
    REQUIRE(result.children.size() == 1);
    return result.children[0];
  };
  const auto changed = only(R"({"a": {"b": [1, 2, 3]}})", R"({"a": {"b": [1, 5, 3]}})");
  CHECK(changed.name_a == "$.a.b[1]");
  CHECK(changed.old_value == "2");
  CHECK(changed.place_a == compare::Range{16, 1});
  CHECK(changed.semantic);
  const auto added = only(R"({"a": [1, 2]})", R"({"a": [1, 7, 2]})");
  CHECK(added.kind == compare::Kind::only_in_b);
  CHECK(added.name_b == "$.a[1]");
  const auto order = only(R"({"a": 1, "b": 2})", R"({"b": 2, "a": 1})");
  CHECK(order.kind == compare::Kind::order);
  CHECK(!order.semantic);
  const auto items = only(R"([1, 2, 3])", R"([3, 1, 2])");
  CHECK(items.kind == compare::Kind::order);
  CHECK(items.semantic);
  const auto spelling = only(R"({"a": 1.0})", R"({"a": 1.00})");
  CHECK(!spelling.semantic);
  const auto layout = only(R"({"a": 1})", R"({ "a":1 })");
  CHECK(layout.name_a == "layout");
  CHECK(!layout.semantic);
  const auto type = only(R"({"a": 1})", R"({"a": "1"})");
  CHECK(type.semantic);
}

TEST_CASE("YAML and TOML: the same by path; comments are layout") {
  const auto yaml = compare_content("a:\n  b: 1\n  c: [x, y]\n", "a:\n  b: 2\n  c: [x, y]\n", "x.yaml");
  CHECK(find(yaml, {"$.a.b"}) != nullptr);
  CHECK(all_noise(compare_content("a: 1\n", "a: 1 # one\n", "x.yaml")));
  const auto toml = compare_content("[tool]\nname = 'x'\n", "[tool]\nname = 'y'\n", "x.toml");
  CHECK(find(toml, {"$.tool.name"}) != nullptr);
  CHECK(all_noise(compare_content("a = 'x'\n", "a = \"x\"\n", "x.toml")));
}

TEST_CASE("XML: elements and attributes by path; order of elements told, order of attributes noise") {
  const auto attribute = compare_content("<?xml version=\"1.0\"?><r><i k='1' m='2'/><i k='3'/></r>",
                                         "<?xml version=\"1.0\"?><r><i k='1' m='2'/><i k='4'/></r>", "x.xml");
  CAPTURE(dump(attribute));
  CHECK(find(attribute, {"/r/i[2]/@k"}) != nullptr);
  const auto order = compare_content("<?xml version=\"1.0\"?><r><i k='1' m='2'/></r>",
                                     "<?xml version=\"1.0\"?><r><i m='2' k='1'/></r>", "x.xml");
  CAPTURE(dump(order));
  CHECK(all_noise(order));
  const auto elements =
      compare_content("<?xml version=\"1.0\"?><foo><bar attr=\"foo\"/><bar attr=\"bar\"/></foo>",
                      "<?xml version=\"1.0\"?><foo><bar attr=\"bar\"/><bar attr=\"foo\"/></foo>", "x.xml");
  REQUIRE(elements.children.size() == 1);
  CHECK(elements.children[0].kind == compare::Kind::order);
  CHECK(elements.children[0].semantic);
  CHECK(all_noise(
      compare_content("<?xml version=\"1.0\"?><r><i/></r>", "<?xml version=\"1.0\"?>\n<r>\n <i></i>\n</r>", "x.xml")));
}

TEST_CASE("HTML: tags and visible text; layout is noise") {
  const auto result = compare_content("<!doctype html><html><body><p class=a>one</p></body></html>",
                                      "<!doctype html><html><body><p class=a>two</p></body></html>", "x.html");
  CHECK(find(result, {"text"}) != nullptr);
  CHECK(all_noise(compare_content("<!doctype html><html><p id=x class=y>a</p></html>",
                                  "<!doctype html><html>\n<p class=\"y\" id=\"x\">a</P>\n</html>", "x.html")));
}

TEST_CASE("WebAssembly, Mach-O, fonts: the shared files") {
  if (shared_file("hello1.wasm").empty()) return;
  const auto wasm = compare_content(shared_file("hello1.wasm"), shared_file("hello2.wasm"), "x.wasm");
  CAPTURE(dump(wasm));
  CHECK(find(wasm, {"imports", "\"\".\"hello\""}) != nullptr);
  CHECK(find(wasm, {"imports", "\"\".\"iello\""}) != nullptr);
  const auto macho = compare_content(shared_file("test1.macho"), shared_file("test2.macho"), "x");
  CAPTURE(dump(macho));
  CHECK(macho.format == "Mach-O file");
  CHECK(!macho.children.empty());
  const auto font =
      compare_content(shared_file("Samyak-Malayalam1.ttf"), shared_file("Samyak-Malayalam2.ttf"), "x.ttf");
  CAPTURE(dump(font));
  CHECK(find(font, {"head", "checksum adjustment"}) != nullptr);
  CHECK(find(font, {"name"}) != nullptr);
}

TEST_CASE("every shared pair of a known format is told inside the file") {
  const char* pairs[][2] = {{"test1.mo", "test2.mo"},
                            {"test1.png", "test2.png"},
                            {"test1.jpg", "test2.jpg"},
                            {"test1.gif", "test2.gif"},
                            {"test1.git-index", "test2.git-index"},
                            {"test1.json", "test2.json"},
                            {"test1.html", "test2.html"},
                            {"test1.sqlite3", "test2.sqlite3"},
                            {"test1.pyc-renamed", "test2.pyc-renamed"},
                            {"test1.o", "test2.o"},
                            {"test1.dsc", "test2.dsc"},
                            {"test1.changes", "test2.changes"},
                            {"test1.buildinfo", "test2.buildinfo"}};
  if (shared_file("test1.mo").empty()) return;
  for (const auto& pair : pairs) {
    const auto result = compare_content(shared_file(pair[0]), shared_file(pair[1]), pair[0]);
    CAPTURE(dump(result));
    CHECK(result.kind != compare::Kind::error);
    CHECK_MESSAGE(!result.children.empty(), pair[0]);
    CHECK_MESSAGE(!all_noise(result), pair[0]);
  }
}

}  // namespace chiron::test
