// Reports that the tools themselves wrote (fixtures/make.sh): what two formats say of one run must be the same.
#include <cstdlib>
#include <map>

#include "engines/coverage/mapping.h"
#include "foundation/io/files.h"
#include "helpers.h"

using namespace chiron;
using namespace chiron::coverage;

namespace {

std::string fixture(std::string_view name) {
  const char* source = std::getenv("CHIRON_SOURCE");
  return std::string(source == nullptr ? "." : source) + "/tests/engines/coverage/fixtures/" + std::string(name);
}

Report read_fixture(std::string_view name) {
  ReaderOptions options;
  options.read_source = [](std::string_view path) -> std::optional<std::string> {
    auto text = io::read_file(fixture("python/" + std::string(io::file_name(path))));
    if (!text) return std::nullopt;
    return std::move(*text);
  };
  auto report = read_report_file(fixture(name), options);
  if (!report) MESSAGE(to_string(report.error()));
  REQUIRE(report.has_value());
  return std::move(*report);
}

SourceFile file_of(const Report& report, std::string_view name) {
  SourceFile found;
  for (const auto& file : report.files)
    if (io::file_name(file.path) == name) found = file;
  REQUIRE_FALSE(found.path.empty());
  normalize(found, Instances::add);
  return found;
}

// "7:3 8:1": lines with their counts.
std::string lines(const SourceFile& file) {
  std::string text;
  for (const auto& line : file.lines) text += format_line(line);
  return text;
}
// The same, only run (+) or not (-): what formats without counts can be compared by.
std::string run(const SourceFile& file) {
  std::string text;
  for (const auto& line : file.lines) text += " " + std::to_string(line.number) + (line.hits != 0 ? "+" : "-");
  return text;
}
// "6:1/2": the ways of each line, taken of all.
std::string ways(const SourceFile& file) {
  std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> sums;
  for (const auto& branch : file.branches) {
    sums[branch.line].first += branch.taken;
    sums[branch.line].second += branch.total;
  }
  std::string text;
  for (const auto& [line, sum] : sums)
    text += " " + std::to_string(line) + ":" + std::to_string(sum.first) + "/" + std::to_string(sum.second);
  return text;
}

}  // namespace

TEST_CASE("clang: JSON and LCOV of one run have the same lines") {
  const auto json = read_fixture("cpp/llvm.json"), lcov = read_fixture("cpp/llvm.info");
  CHECK(json.format == Format::llvm_json);
  for (const auto* name : {"main.cpp", "shapes.h"}) CHECK(lines(file_of(json, name)) == lines(file_of(lcov, name)));
}

TEST_CASE("clang: conditions of MC/DC, branches of a macro at its definition, instances of a template together") {
  const auto json = read_fixture("cpp/llvm.json");
  const auto main = file_of(json, "main.cpp"), shapes = file_of(json, "shapes.h");
  REQUIRE(main.decisions.size() == 1);
  const auto& conditions = main.decisions[0].conditions;
  REQUIRE(conditions.size() == 3);
  CHECK(main.decisions[0].line == 4);
  CHECK(conditions[0].independent);
  CHECK(conditions[1].independent);
  CHECK_FALSE(conditions[2].independent);
  CHECK(conditions[2].column == 18);
  CHECK_FALSE(conditions[2].seen_true);
  CHECK(conditions[2].seen_false);
  // CLAMP's two questions at line 4, largest<int> and largest<double> at line 8.
  CHECK(ways(shapes) == " 4:4/4 8:2/2 14:2/2");
}

TEST_CASE("gcc: notes and data, gcov's JSON, LCOV and gcovr's Cobertura of one run") {
  const auto data = read_fixture("cpp/main.gcda"), json = read_fixture("cpp/gcov.json");
  const auto lcov = read_fixture("cpp/lcov.info"), xml = read_fixture("cpp/gcovr.xml");
  CHECK(data.format == Format::gcov_data);
  CHECK(json.format == Format::gcov_json);
  for (const auto* name : {"main.cpp", "shapes.h"}) {
    const auto ours = file_of(data, name);
    CHECK(lines(ours) == lines(file_of(json, name)));
    CHECK(ours.branches == file_of(json, name).branches);
    CHECK(run(ours) == run(file_of(xml, name)));
    CHECK(lines(ours) == lines(file_of(lcov, name)));
  }
  CHECK(ways(file_of(data, "shapes.h")) == " 8:2/2 14:2/2");
}

TEST_CASE("coverage.py: JSON, XML and data files of one run, with jumps, contexts, and lines only") {
  const auto json = read_fixture("python/coverage.json"), xml = read_fixture("python/coverage.xml");
  CHECK(json.format == Format::coveragepy_json);
  const auto expected = file_of(json, "shop.py");
  CHECK(lines(expected) == lines(file_of(xml, "shop.py")));
  CHECK(ways(expected) == ways(file_of(xml, "shop.py")));
  CHECK(ways(expected) == " 6:1/2 8:1/2 15:2/2 16:2/2 39:0/2");
  for (const auto* name : {"python/branches.coverage", "python/lines.coverage"}) {
    const auto data = read_fixture(name);
    CHECK(data.format == Format::coveragepy_sqlite);
    CHECK(run(expected) == run(file_of(data, "shop.py")));
  }
}

TEST_CASE("JaCoCo: lines, branches and methods, with the class's initialisers and a lambda") {
  const auto report = read_fixture("java/jacoco.xml");
  CHECK(report.format == Format::jacoco);
  CHECK(report.made_at_s > 1'700'000'000);
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].path == "shop/Cart.java");
  const auto cart = file_of(report, "Cart.java");
  CHECK(run(cart) == " 6+ 7+ 10+ 11+ 13+ 16+ 17+ 18+ 19+ 20+ 24- 27+ 28+ 32+ 33+ 34+ 35+ 36+ 37+ 38+");
  CHECK(ways(cart) == " 10:3/4 17:2/2 18:1/2 37:1/2");
}

TEST_CASE("Istanbul: Clover, LCOV and Cobertura of one run") {
  const auto clover = read_fixture("javascript/clover.xml");
  CHECK(clover.format == Format::clover);
  const auto expected = file_of(clover, "cart.js");
  for (const auto* name : {"javascript/lcov.info", "javascript/cobertura.xml"}) {
    const auto other = file_of(read_fixture(name), "cart.js");
    CHECK(ways(expected) == ways(other));
    if (std::string_view(name).ends_with(".xml")) CHECK(lines(expected) == lines(other));
  }
  CHECK(ways(expected) == " 2:3/4 5:1/2 17:1/2 29:1/2");
}

TEST_CASE("coverage.py's data file cut off anywhere is refused or read, never more") {
  const auto whole = io::read_file(fixture("python/branches.coverage"));
  REQUIRE(whole.has_value());
  auto folder = io::TemporaryFolder::create("coverage-sqlite");
  REQUIRE(folder.has_value());
  const auto path = folder->path() + "/.coverage";
  const auto expected = read_report_file(fixture("python/branches.coverage"), {});
  REQUIRE(expected.has_value());
  std::size_t refused = 0;
  for (std::size_t length = 16; length < whole->size(); length += 1000) {
    REQUIRE(io::write_file_atomic(path, std::string_view(*whole).substr(0, length)));
    const auto report = read_report_file(path, {});
    if (!report) CHECK(report.error().code == "coverage.sqlite");
    if (report) CHECK(report->files == expected->files);  // only pages that are not in use were lost
    refused += report ? 0 : 1;
  }
  CHECK(refused > 10);
  // A database of something else.
  auto other = *whole;
  for (auto at = other.find("line_bits"); at != std::string::npos; at = other.find("line_bits", at + 1))
    other.replace(at, 9, "line_bytes", 9);
  REQUIRE(io::write_file_atomic(path, other));
  CHECK_FALSE(read_report_file(path, {}).has_value());
}

TEST_CASE("gcc's notes with lengths and counts that lie") {
  const auto notes = io::read_file(fixture("cpp/main.gcno")), data = io::read_file(fixture("cpp/main.gcda"));
  REQUIRE(notes.has_value());
  REQUIRE(data.has_value());
  for (std::size_t at = 16; at + 4 <= notes->size(); at += 4) {
    for (const auto* lie : {"\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\x00\x00\x00\x80", "\x00\x00\x10\x00"}) {
      auto bad = *notes;
      bad.replace(at, 4, lie, 4);
      (void)read_gcov_bytes(bad, *data, "t", {});
    }
  }
  for (std::size_t at = 16; at + 4 <= data->size(); at += 4) {
    auto bad = *data;
    bad.replace(at, 4, "\xff\xff\xff\x7f", 4);
    (void)read_gcov_bytes(*notes, bad, "t", {});
  }
  CHECK(read_gcov_bytes(*notes, *data, "t", {}).has_value());
}
