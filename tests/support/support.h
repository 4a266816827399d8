// What tests share: the folders of the source tree and of the shared conformance data, golden files, temporary folders.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace chiron::test {

// Root of Chiron's sources ($CHIRON_SOURCE, set by CTest).
[[nodiscard]] std::string source_folder();
// Path of the chiron program under test ($CHIRON_BINARY).
[[nodiscard]] std::string chiron_binary();
// Folder below the shared conformance data, or nothing where that is absent.
[[nodiscard]] std::optional<std::string> conformance_folder(std::string_view suite);
// A file below tests/ in the sources, read whole; stops the test where it is missing.
[[nodiscard]] std::string read_test_file(std::string_view path);

// Compares with tests/golden/NAME; with CHIRON_ACCEPT=1 in the environment rewrites the file and prints the change.
// Returns "" where equal, else the first difference, to be CHECKed.
[[nodiscard]] std::string compare_golden(std::string_view name, std::string_view actual);

}  // namespace chiron::test
