// Damaged files of every format: whatever bytes are changed, cut or repeated, the comparison ends, and says something.
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "engines/compare/content/support.h"

namespace chiron::test {
namespace {

std::string damaged(const std::string& whole, std::mt19937& random) {
  std::string out = whole;
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  const std::size_t changes = 1 + below(8);
  for (std::size_t i = 0; i < changes && out.size() > 16; ++i) {
    const std::size_t at = below(out.size());
    switch (below(6)) {
      case 0:
        out[at] = static_cast<char>(below(256));
        break;
      case 1:
        out[at] = static_cast<char>(out[at] ^ static_cast<char>(1u << below(8)));
        break;
      case 2:
        out.resize(std::max<std::size_t>(16, at));
        break;
      case 3: {  // a number that lies
        const std::uint32_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 0x10000};
        std::memcpy(out.data() + std::min(at, out.size() - 4), &values[below(7)], 4);
        break;
      }
      case 4:
        out.insert(at, out.substr(below(out.size()), below(64) + 1));
        break;
      default:
        out.erase(at, below(32) + 1);
        break;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("damaged files end in a difference or an error, whatever the format") {
  const char* names[] = {"test1.o",        "test1.pyc-renamed", "test1.png",   "test1.jpg",
                         "test1_meta.jpg", "test1.gif",         "test1.mo",    "test1.git-index",
                         "test1.sqlite3",  "test1.json",        "test1.html",  "test1.dsc",
                         "test1.changes",  "hello1.wasm",       "test1.macho", "Samyak-Malayalam1.ttf"};
  if (shared_file("test1.o").empty()) return;
  std::mt19937 random(20231114);
  for (const auto* name : names) {
    const auto whole = shared_file(name);
    for (int round = 0; round < 150; ++round) {
      const auto other = damaged(whole, random);
      if (other == whole) continue;
      const auto result = compare_content(whole, other, name);
      // Where nothing is told the engine falls back to the bytes; what may not happen is that this does not return.
      CHECK((result.kind == compare::Kind::error || result.extent_count == 0 || !result.children.empty()));
    }
  }
}

}  // namespace chiron::test
