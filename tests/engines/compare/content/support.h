// Compares two byte strings by the content comparers' table, without the engine around it, and looks things up in the
// result.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/comparer.h"

namespace chiron::test {

// The result with its format set; an error of the comparer is a node of kind error with the message as its comment.
[[nodiscard]] compare::Difference compare_content(std::string_view a, std::string_view b, std::string_view name);

// The node along the path of names ("section/.text/main"), or nullptr. A part matches the name of either side.
[[nodiscard]] const compare::Difference* find(const compare::Difference& root, const std::vector<std::string>& path);

// All nodes as text, a line each, for messages and for searching: title, kind, old and new value, lines of hunks.
[[nodiscard]] std::string dump(const compare::Difference& root);
// Whether every leaf below is marked as without meaning.
[[nodiscard]] bool all_noise(const compare::Difference& root);

// Output of a command run in `folder`; the test fails where it does not succeed.
void run_in(const std::string& folder, const std::string& command);
[[nodiscard]] std::string read(const std::string& path);
void write(const std::string& path, std::string_view content);
// A file of the shared pairs of compared files, or nothing where they are absent.
[[nodiscard]] std::string shared_file(std::string_view name);

}  // namespace chiron::test
