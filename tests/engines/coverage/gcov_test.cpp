// GCC's notes and data: a graph made by hand, every way to cut it off, and real programs against gcov itself.
#include <map>

#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "helpers.h"

using namespace chiron;
using namespace chiron::coverage;

namespace {

struct Bytes {
  std::string bytes;
  Bytes& word(std::uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  Bytes& text(std::string_view value) {
    word(static_cast<std::uint32_t>(value.size() + 1));
    bytes += value;
    bytes += '\0';
    return *this;
  }
  Bytes& record(std::uint32_t tag, const Bytes& content) {
    word(tag).word(static_cast<std::uint32_t>(content.bytes.size()));
    bytes += content.bytes;
    return *this;
  }
};

constexpr std::uint32_t kVersion12 = 0x42323220;  // "B22 " read as a word

// entry 0 -> 2; 2 -> 3 (counted), 2 -> 4; 3 -> 4; 4 -> exit 1. Lines: 2 at 10, 3 at 11, 4 at 12.
std::string notes() {
  Bytes out;
  out.word(0x67636e6f).word(kVersion12).word(77).word(0).text("/build").word(1);
  out.record(0x01000000,
             Bytes().word(1).word(2).word(3).text("f").word(0).text("a.c").word(10).word(1).word(13).word(1));
  out.record(0x01410000, Bytes().word(5));
  out.record(0x01430000, Bytes().word(0).word(2).word(5));
  out.record(0x01430000, Bytes().word(2).word(3).word(0).word(4).word(5));
  out.record(0x01430000, Bytes().word(3).word(4).word(5));
  out.record(0x01430000, Bytes().word(4).word(1).word(0));
  for (std::uint32_t block = 2; block <= 4; ++block)
    out.record(0x01450000, Bytes().word(block).word(0).text("a.c").word(8 + block).word(0).word(0));
  return out.bytes;
}

std::string data(std::uint32_t stamp = 77) {
  Bytes out;
  out.word(0x67636461).word(kVersion12).word(stamp).word(0);
  out.record(0x01000000, Bytes().word(1).word(2).word(3));
  out.record(0x01a10000, Bytes().word(3).word(0).word(9).word(0));
  return out.bytes;
}

}  // namespace

TEST_CASE("counts of a graph follow from the few that were counted") {
  const auto report = read_gcov_bytes(notes(), data(), "t", {});
  REQUIRE(report.has_value());
  CHECK(lines_of(*report) == "/build/a.c 10:9 11:3 12:9");
  REQUIRE(report->files[0].branches.size() == 1);
  CHECK(report->files[0].branches[0].arms[0].hits == 3);
  CHECK(report->files[0].branches[0].arms[1].hits == 6);
  CHECK(report->files[0].functions[0].hits == 9);
  const auto never = read_gcov_bytes(notes(), "", "t", {});
  REQUIRE(never.has_value());
  CHECK(lines_of(*never) == "/build/a.c 10:0 11:0 12:0");
}

TEST_CASE("data of another build, other compilers and damage are refused") {
  CHECK(read_gcov_bytes(notes(), data(78), "t", {}).error().code == "gcov.stamp");
  auto old = notes();
  old.replace(4, 4, "*804");
  CHECK(read_gcov_bytes(old, "", "t", {}).error().code == "gcov.version");
  CHECK(read_gcov_bytes("nonsense and more of it", "", "t", {}).error().code == "gcov.format");
}

TEST_CASE("notes and data may be cut off anywhere") {
  const auto whole_notes = notes(), whole_data = data();
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole_notes.size(); ++length)
    refused += read_gcov_bytes(whole_notes.substr(0, length), whole_data, "t", {}).has_value() ? 0 : 1;
  // Only where a record ends is what is left a file of its own.
  CHECK(refused >= whole_notes.size() - 12);
  refused = 0;
  for (std::size_t length = 1; length < whole_data.size(); ++length)
    refused += read_gcov_bytes(whole_notes, whole_data.substr(0, length), "t", {}).has_value() ? 0 : 1;
  CHECK(refused >= whole_data.size() - 4);
}

TEST_CASE("a damaged byte never does more than change the answer") {
  const auto good_notes = notes(), good_data = data();
  for (std::size_t i = 0; i < good_notes.size(); ++i) {
    for (const int value : {0, 1, 0x7f, 0xff}) {
      auto bad = good_notes;
      bad[i] = static_cast<char>(value);
      (void)read_gcov_bytes(bad, good_data, "t", {});
    }
  }
  for (std::size_t i = 0; i < good_data.size(); ++i) {
    auto bad = good_data;
    bad[i] = static_cast<char>(0xff);
    (void)read_gcov_bytes(good_notes, bad, "t", {});
  }
  CHECK(true);
}

TEST_CASE("a real program has the counts that gcov gives it") {
  if (!io::find_program("g++") || !io::find_program("gcov")) {
    MESSAGE("not run: needs g++ and gcov");
    return;
  }
  auto folder = io::TemporaryFolder::create("gcov");
  REQUIRE(folder.has_value());
  const auto& path = folder->path();
  REQUIRE(io::write_file_atomic(io::join_path(path, "p.cpp"), R"(
template <class T> T clamp(T v, T lo, T hi) {
  if (v < lo) return lo;
  if (v > hi) return hi;
  return v;
}
struct Guard { Guard() {} ~Guard() {} };
int risky(int n) {
  Guard g;
  if (n > 2 && n % 2 == 0) throw n;
  return n;
}
int never(int x) { return x * 2; }
int main(int argc, char**) {
  int sum = 0;
  for (int i = 0; i < 5; ++i) for (int j = 0; j < 3; ++j) sum += i * j;
  sum += clamp(5, 0, 3) + static_cast<int>(clamp(2.5, 0.0, 3.0));
  try { sum += risky(1); sum += risky(4); } catch (int e) { sum += e; }
  auto f = [&](int k) { return k + sum; }; auto h = [](int k) { return k; };
  switch (argc) { case 1: sum += f(1); break; case 2: sum += h(2); break; default: sum = never(sum); }
  do { sum -= 7; } while (sum > 0);
  return argc > 3 ? sum : 0;
}
)"));
  const auto run = [&](std::vector<std::string> words) {
    io::ProcessSpec spec;
    spec.arguments = std::move(words);
    spec.working_folder = path;
    spec.timeout = std::chrono::seconds(60);
    auto result = io::run_process(spec);
    REQUIRE(result.has_value());
    REQUIRE(result->exit_code == 0);
    return result->output;
  };
  run({"g++", "--coverage", "-O0", "p.cpp", "-o", "p"});
  run({"./p"});
  const auto json = run({"gcov", "--json-format", "--stdout", "p.gcda"});
  const auto theirs = must_read(json);
  const auto ours = read_report_file(path, {});
  REQUIRE(ours.has_value());
  std::map<std::string, std::string> by_name;
  for (auto file : theirs.files) {
    normalize(file, Instances::add);
    for (const auto& line : file.lines)
      by_name[io::normalize_path(io::join_path(path, file.path))] += format_line(line);
  }
  REQUIRE_FALSE(by_name.empty());
  for (const auto& file : ours->files) {
    std::string text;
    for (const auto& line : file.lines) text += format_line(line);
    CHECK(by_name[file.path] == text);
  }
}
