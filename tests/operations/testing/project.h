// A project in a temporary folder, worked on as a user does: files, git, compilers, chiron.
#pragma once
#include <doctest/doctest.h>

#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"

namespace chiron::test {

class Project {
 public:
  void save(const std::string& name, const std::string& text) const {
    REQUIRE(io::make_folders(std::string(io::parent_path(path(name)))));
    REQUIRE(io::write_file_atomic(path(name), text));
  }
  void replace(const std::string& name, std::string_view from, std::string_view to) const {
    const auto text = read(name);
    REQUIRE(text.find(from) != std::string::npos);
    save(name, text::replace_all(text, from, to));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  [[nodiscard]] std::string read(const std::string& name) const { return io::read_file(path(name)).value_or(""); }
  io::ProcessResult run(std::vector<std::string> arguments) const {
    io::ProcessSpec spec;
    spec.arguments = std::move(arguments);
    spec.working_folder = folder_.path();
    spec.environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_SYSTEM", "/dev/null"}};
    auto result = io::run_process(spec);
    REQUIRE(result);
    return *std::move(result);
  }
  io::ProcessResult chiron(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), chiron_binary());
    return run(std::move(arguments));
  }
  // Runs a line of shell that must succeed.
  void shell(const std::string& line) const {
    const auto ran = run({"sh", "-c", line});
    REQUIRE_MESSAGE(ran.exit_code == 0, ran.output, ran.error_output);
  }
  void commit(const std::string& message) const {
    shell("git init -q 2>/dev/null; git add -A && git -c user.name=a -c user.email=a@b commit -qm '" + message + "'");
  }

 private:
  io::TemporaryFolder folder_ = io::TemporaryFolder::create("project").value();
};

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace chiron::test
