#include "support/support.h"

#include <cstdio>
#include <cstdlib>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::test {

namespace {
std::string environment_or(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::string(value) : std::move(fallback);
}
}  // namespace

std::string source_folder() { return environment_or("CHIRON_SOURCE", "."); }

std::string chiron_binary() { return environment_or("CHIRON_BINARY", source_folder() + "/build/release/bin/chiron"); }

std::optional<std::string> conformance_folder(std::string_view suite) {
  const auto shared = environment_or("CHIRON_SHARED", source_folder() + "/../shared");
  auto folder = shared + "/conformance/" + std::string(suite);
  if (!io::is_folder(folder)) return std::nullopt;
  return folder;
}

std::string read_test_file(std::string_view path) {
  auto content = io::read_file(source_folder() + "/tests/" + std::string(path));
  if (!content) {
    std::fprintf(stderr, "test file missing: %s\n", to_string(content.error()).c_str());
    std::abort();
  }
  return *std::move(content);
}

std::string compare_golden(std::string_view name, std::string_view actual) {
  const auto path = source_folder() + "/tests/golden/" + std::string(name);
  const auto expected = io::read_file(path).value_or("");
  if (expected == actual) return "";
  const auto old_lines = text::split_lines(expected);
  const auto new_lines = text::split_lines(actual);
  std::size_t at = 0;
  while (at < old_lines.size() && at < new_lines.size() && old_lines[at] == new_lines[at]) ++at;
  const auto shown = [&](const auto& lines) { return at < lines.size() ? std::string(lines[at]) : "(end of file)"; };
  auto difference = format("{} line {}:\n  golden: {}\n  actual: {}", name, at + 1, shown(old_lines), shown(new_lines));
  if (environment_or("CHIRON_ACCEPT", "") == "1") {
    std::printf("accepted %s\n", difference.c_str());
    const auto written = io::make_folders(std::string(io::parent_path(path)));
    if (written && io::write_file_atomic(path, actual)) return "";
  }
  return difference + "\n  (make accept rewrites golden files)";
}

}  // namespace chiron::test
