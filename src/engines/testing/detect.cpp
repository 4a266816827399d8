// Which framework a program is built with, without running it; and commands as a user would type them.
#include <sys/stat.h>

#include <string.h>

#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::testing {

const Adapter* find_adapter(Framework framework) {
  switch (framework) {
    case Framework::googletest: return &googletest_adapter();
    case Framework::catch2: return &catch2_adapter();
    case Framework::doctest: return &doctest_adapter();
    case Framework::boost_test: return &boost_test_adapter();
    default: return nullptr;
  }
}

Result<Framework> detect_framework(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return std::unexpected(io::errno_error("read", path, errno));
  auto file = TRY(io::MappedFile::open(path));
  const std::string_view bytes = file.bytes();
  const auto has = [&](std::string_view needle) {
    return !bytes.empty() && memmem(bytes.data(), bytes.size(), needle.data(), needle.size()) != nullptr;
  };
  if (bytes.starts_with("\x7f" "ELF")) {
    // A library with a framework's name beside the option names, for programs linked to it dynamically.
    if (has("gtest_list_tests") || has("libgtest.so")) return Framework::googletest;
    if (has("dt-list-test-cases") || has("[doctest] ")) return Framework::doctest;
    if (has("list-test-names-only") || has("libCatch2") || has("Catch2TestRun")) return Framework::catch2;
    if (has("BOOST_TEST_LIST_CONTENT") || has("libboost_unit_test_framework")) return Framework::boost_test;
  }
  Error error{ErrorKind::usage, "testing.unknown-framework",
              format("{} holds none of the test frameworks known here (GoogleTest, Catch2, doctest, Boost.Test)", path),
              {}, {}, "name the framework in chiron.toml, or take it as a program that speaks TAP: tap:" + path};
  return std::unexpected(std::move(error));
}

std::string shell_command(const std::vector<std::string>& arguments, const Environment& environment) {
  const auto quote = [](const std::string& text) {
    const bool plain = !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                              "0123456789_-+=./:,@%") == std::string::npos;
    if (plain) return text;
    std::string out = "'";
    for (const char c : text) {
      if (c == '\'') out += "'\\''";
      else out += c;
    }
    return out + "'";
  };
  std::string line;
  for (const auto& [name, value] : environment) line += name + "=" + quote(value) + " ";
  for (const auto& argument : arguments) line += quote(argument) + " ";
  if (!line.empty()) line.pop_back();
  return line;
}

}  // namespace chiron::testing
