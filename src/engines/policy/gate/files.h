// Finding and reading what a gate needs: policies, data and inputs, by the paths that a user names.
#pragma once
#include "engines/policy/gate/gate.h"

namespace chiron::policy::gate {

enum class Tests : std::uint8_t { leave_out, include };
// The .rego files at the paths and below the folders, sorted; tests (name_test.rego) with them where asked for.
// Errors: "policy.none" where there are none.
[[nodiscard]] Result<std::vector<SourceFile>> load_policies(const std::vector<std::string>& paths, Tests tests);
// The JSON and YAML files at the paths and below the folders.
[[nodiscard]] Result<std::vector<SourceFile>> load_data(const std::vector<std::string>& paths);
// Files as they are named; folders give the files below them that a reader knows, but for those whose path
// the regular expression `ignore` matches. "-" is standard input.
[[nodiscard]] Result<std::vector<std::string>> find_inputs(const std::vector<std::string>& paths,
                                                           const std::string& ignore);
// Reads the inputs; `read_standard_input` is asked for "-". `parser` names the format, or is empty. `proto_folders`
// hold the .proto files of inputs in the text format.
[[nodiscard]] Result<std::vector<Gate::Input>> load_inputs(
    const std::vector<std::string>& paths, const std::string& parser, const std::vector<std::string>& proto_folders,
    const std::function<Result<std::string>()>& read_standard_input);
// The namespaces of the gate that the patterns match ("main", "team.*"); a plain name stands for itself.
[[nodiscard]] std::vector<std::string> match_namespaces(const Gate& gate, const std::vector<std::string>& patterns);

}  // namespace chiron::policy::gate
