// A folder to run the program in, as a user does.
#pragma once
#include <doctest/doctest.h>

#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"

namespace chiron::test {

struct Home {
  io::TemporaryFolder folder = *io::TemporaryFolder::create("cli-test");
  std::string path = folder.path();

  void write(const std::string& name, std::string_view text) const {
    REQUIRE(io::make_folders(std::string(io::parent_path(path + "/" + name))));
    REQUIRE(io::write_file_atomic(path + "/" + name, text));
  }
  io::ProcessResult run(std::vector<std::string> arguments,
                        std::vector<std::pair<std::string, std::string>> environment = {}) const {
    io::ProcessSpec spec;
    spec.arguments = std::move(arguments);
    if (spec.arguments[0] == "chiron") spec.arguments[0] = chiron_binary();
    spec.working_folder = path;
    spec.environment = std::move(environment);
    spec.timeout = std::chrono::seconds(120);
    auto result = io::run_process(spec);
    REQUIRE_MESSAGE(result, (result ? "" : to_string(result.error())));
    REQUIRE(result->reason != io::ExitReason::timed_out);
    return *std::move(result);
  }
  void git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(),
                     {"git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"});
    const auto result = run(std::move(arguments));
    REQUIRE_MESSAGE(result.exit_code == 0, result.error_output);
  }
};

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace chiron::test
