// ELF files compiled here with small, known changes between them.
#include <doctest/doctest.h>

#include "engines/compare/content/support.h"
#include "foundation/io/files.h"

namespace chiron::test {
namespace {

constexpr std::string_view kSource = R"(#include <stdio.h>
int helper(int a) {
  return a * 3;
}
int other(int a) {
  int sum = 0;
  for (int i = 0; i < a; ++i) sum += helper(i);
  return sum;
}
const char* banner(void) { return "built by alice"; }
int main(int argc, char** argv) {
  printf("%s %d\n", banner(), other(argc));
  return argv == 0;
}
)";

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const auto at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), to);
}

std::pair<std::string, std::string> compile_both(std::string_view a, std::string_view b, const std::string& options) {
  auto folder = io::TemporaryFolder::create();
  REQUIRE(folder.has_value());
  std::pair<std::string, std::string> out;
  for (const bool first : {true, false}) {
    write(folder->path() + "/demo.c", first ? a : b);
    run_in(folder->path(), "gcc -O1 -fno-inline " + options + " -o demo demo.c");
    (first ? out.first : out.second) = read(folder->path() + "/demo");
  }
  return out;
}

}  // namespace

TEST_CASE("ELF: a changed function is told by name and source line, moved ones as noise") {
  const auto [a, b] = compile_both(kSource, replaced(kSource, "a * 3", "a * 3 + 100000 / (a + 7)"), "-g");
  const auto result = compare_content(a, b, "demo");
  CAPTURE(dump(result));
  const auto* helper = find(result, {".text", "helper"});
  REQUIRE(helper != nullptr);
  CHECK(helper->semantic);
  CHECK(!helper->hunks.empty());
  REQUIRE(!helper->comments.empty());
  CHECK(helper->comments.front().find("demo.c:3") != std::string::npos);
  CHECK(find(result, {".text", "other"}) == nullptr);
  CHECK(find(result, {".text", "main"}) == nullptr);
  const auto* moved = find(result, {".text", "addresses"});
  REQUIRE(moved != nullptr);
  CHECK(!moved->semantic);
}

TEST_CASE("ELF: a changed string is told with the function that uses it") {
  const auto [a, b] = compile_both(kSource, replaced(kSource, "alice", "carol"), "-g");
  const auto result = compare_content(a, b, "demo");
  CAPTURE(dump(result));
  const auto* rodata = find(result, {".rodata"});
  REQUIRE(rodata != nullptr);
  REQUIRE(rodata->children.size() == 1);
  const auto& text = rodata->children.front();
  CHECK(text.old_value == "\"built by alice\"");
  CHECK(text.new_value == "\"built by carol\"");
  REQUIRE(!text.comments.empty());
  CHECK(text.comments.front().find("banner (demo.c:10)") != std::string::npos);
  CHECK(a.substr(rodata->place_a.offset + text.place_a.offset, text.place_a.length) == "built by alice");
}

TEST_CASE("ELF: a string that is put between others is told alone, addresses in data that follow it are not") {
  constexpr std::string_view source =
      "const char first[] = \"the first of the strings\";\nconst char later[] = \"a later string of them\";\n"
      "const char *table[] = {first, later};\nint main(int c, char** v) { return table[c & 1][1] + (v == 0); }\n";
  const auto [a, b] = compile_both(
      source, replaced(source, "const char later", "const char put[] = \"put between the two\";\nconst char later"),
      "-fPIE -pie");
  const auto result = compare_content(a, b, "demo");
  CAPTURE(dump(result));
  const auto* rodata = find(result, {".rodata"});
  REQUIRE(rodata != nullptr);
  REQUIRE(rodata->children.size() == 1);
  CHECK(rodata->children[0].kind == compare::Kind::only_in_b);
  CHECK(rodata->children[0].comments.at(0) == "\"put between the two\"");
}

TEST_CASE("ELF: object files are read through their relocations") {
  const auto [a, b] =
      compile_both(kSource, replaced(kSource, "helper(i)", "helper(i + 1)"), "-g -c -ffunction-sections");
  const auto result = compare_content(a, b, "demo.o");
  CAPTURE(dump(result));
  const auto* other = find(result, {".text.other", "other"});
  REQUIRE(other != nullptr);
  CHECK(other->comments.front().find("demo.c:7") != std::string::npos);
}

TEST_CASE("ELF: a call of another function shows although the bytes are as many") {
  constexpr std::string_view source =
      "int f(int a) { return a + 1; }\nint g(int a) { return a + 2; }\n"
      "int main(int c, char** v) { return f(c) + (v == 0); }\n";
  const auto [a, b] = compile_both(source, replaced(source, "return f(c)", "return g(c)"), "");
  const auto result = compare_content(a, b, "demo");
  CAPTURE(dump(result));
  const auto* main_function = find(result, {".text", "main"});
  REQUIRE(main_function != nullptr);
  const auto text = dump(*main_function);
  CHECK(text.find("-    call f") != std::string::npos);
  CHECK(text.find("+    call g") != std::string::npos);
}

TEST_CASE("ELF: stripped programs are compared by the unwind tables' functions") {
  const auto [a, b] = compile_both(kSource, replaced(kSource, "a * 3", "a * 5"), "-s");
  const auto result = compare_content(a, b, "demo");
  CAPTURE(dump(result));
  const auto* text = find(result, {".text"});
  REQUIRE(text != nullptr);
  REQUIRE(text->children.size() >= 1);
  CHECK(dump(*text).find("lea eax") != std::string::npos);
}

TEST_CASE("ELF: a changed header field, a note and padding are told at their bytes") {
  const auto [a, unused] = compile_both(kSource, kSource, "-g -Wl,--build-id=sha1");
  SUBCASE("equal builds are equal") { CHECK(a == unused); }
  SUBCASE("entry point") {
    auto b = a;
    b[24] = static_cast<char>(b[24] ^ 0x40);
    const auto result = compare_content(a, b, "demo");
    const auto* field = find(result, {"ELF header", "entry point"});
    REQUIRE(field != nullptr);
    CHECK(field->place_a == compare::Range{24, 8});
  }
  SUBCASE("build id") {
    auto b = a;
    const auto at = b.find(std::string_view("GNU\0", 4), b.find(std::string_view("\x14\0\0\0\x03\0\0\0GNU", 11)));
    REQUIRE(at != std::string::npos);
    b[at + 10] = static_cast<char>(~b[at + 10]);
    const auto result = compare_content(a, b, "demo");
    CAPTURE(dump(result));
    const auto* id = find(result, {".note.gnu.build-id", "build id"});
    REQUIRE(id != nullptr);
    CHECK(!id->semantic);
    CHECK(id->place_a.length == 20);
  }
}

TEST_CASE("ELF: every single changed byte is told") {
  const auto [a, unused] = compile_both(kSource, kSource, "-g");
  for (std::size_t at = 4; at < a.size(); at += 97) {
    auto b = a;
    b[at] = static_cast<char>(b[at] ^ 0x01);
    const auto result = compare_content(a, b, "demo");
    if (result.kind == compare::Kind::error) {
      CHECK(at < 64);  // only the header makes the file unreadable
      continue;
    }
    CHECK_MESSAGE(!result.children.empty(), at);
  }
}

TEST_CASE("ELF: cut files are compared as far as they go") {
  const auto [a, unused] = compile_both(kSource, kSource, "-g");
  for (const std::size_t size :
       {std::size_t{20}, std::size_t{60}, std::size_t{64}, std::size_t{500}, a.size() / 2, a.size() - 1}) {
    const auto result = compare_content(a, a.substr(0, size), "demo");
    CHECK((result.kind == compare::Kind::error || !result.children.empty() || !result.comments.empty()));
  }
}

}  // namespace chiron::test
