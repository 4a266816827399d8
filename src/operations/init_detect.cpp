#include "operations/init_detect.h"

#include <algorithm>

#include "core/operation.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

namespace chiron {

namespace {

class Detector {
 public:
  explicit Detector(Context& context) : context_(context) {}

  std::vector<DetectedGate> run() {
    build();
    javascript();
    python();
    others();
    own_gates();
    return std::move(gates_);
  }

 private:
  [[nodiscard]] bool has(std::string_view file) {
    return context_.workspace.file_system().exists(context_.workspace.absolute(file));
  }
  [[nodiscard]] std::string text_of(std::string_view file) {
    return context_.workspace.read(std::string(file)).value_or("");
  }
  [[nodiscard]] bool any(const std::vector<std::string>& globs) {
    const auto found = context_.workspace.files_matching(globs);
    return found && !found->empty();
  }

  void add(std::string name, const std::string& why, std::string run, std::string reads, std::string more = {}) {
    std::string section = "kind = \"command\"\nrun = " + quoted(run) + "\n";
    if (!reads.empty()) section += "reads = [" + quoted(reads) + "]\n";
    gates_.push_back({std::move(name), "from " + why, section + more});
  }
  static std::string quoted(std::string_view text) {
    return "\"" + text::replace_all(text::replace_all(text, "\\", "\\\\"), "\"", "\\\"") + "\"";
  }

  void build() {
    if (has("CMakeLists.txt")) {
      // In the state folder, which git ignores: a folder of its own would make the tree look changed.
      add("build", "CMakeLists.txt", "cmake -S . -B .chiron/build && cmake --build .chiron/build", "gnu");
      const bool tests = text_of("CMakeLists.txt").find("enable_testing") != std::string::npos ||
                         text_of("CMakeLists.txt").find("include(CTest)") != std::string::npos;
      if (tests)
        add("ctest", "enable_testing() in CMakeLists.txt",
            "ctest --test-dir .chiron/build --output-on-failure --output-junit chiron-junit.xml",
            "junit:.chiron/build/chiron-junit.xml", "needs = [\"build\"]\n");
    } else if (has("meson.build")) {
      add("build", "meson.build", "{ [ -d build ] || meson setup build; } && meson compile -C build", "gnu");
      add("meson-test", "meson.build", "meson test -C build", "junit:build/meson-logs/testlog.junit.xml",
          "needs = [\"build\"]\n");
    } else if (has("Makefile") || has("GNUmakefile")) {
      add("build", "Makefile", "make", "gnu");
      const auto makefile = text_of(has("GNUmakefile") ? "GNUmakefile" : "Makefile");
      for (const auto* target : {"test", "check"})
        if (("\n" + makefile).find(format("\n{}:", target)) != std::string::npos) {
          add("tests", format("the target {} of the Makefile", target), format("make {}", target), "gnu",
              "needs = [\"build\"]\n");
          break;
        }
    }
    if (has(".clang-format") && any({"*.c", "*.cc", "*.cpp", "*.h", "*.hpp"}))
      add("format", ".clang-format",
          "git ls-files -z '*.c' '*.cc' '*.cpp' '*.h' '*.hpp' | xargs -0 clang-format --dry-run", "gnu",
          "when = [\"*.c\", \"*.cc\", \"*.cpp\", \"*.h\", \"*.hpp\"]\n");
  }

  void javascript() {
    if (!has("package.json")) return;
    const auto manifest = doc::parse_json(text_of("package.json"));
    if (!manifest) return;
    const auto* scripts = manifest->find("scripts");
    if (scripts == nullptr) return;
    if (!scripts->string_or("lint", "").empty())
      add("lint", "the script lint of package.json", "npm run --silent lint", "gnu");
    if (!scripts->string_or("typecheck", "").empty())
      add("types", "the script typecheck of package.json", "npm run --silent typecheck", "gnu");
    const auto test = scripts->string_or("test", "");
    if (!test.empty() && test.find("no test specified") == std::string_view::npos)
      add("npm-test", "the script test of package.json", "npm test --silent", "");
  }

  void python() {
    const auto project =
        has("pyproject.toml") ? doc::parse_toml(text_of("pyproject.toml")) : Result<doc::Value>(doc::Value());
    const auto* tool = project ? project->find("tool") : nullptr;
    const auto configured = [&](std::string_view name) { return tool != nullptr && tool->find(name) != nullptr; };
    if (configured("ruff") || has("ruff.toml") || has(".ruff.toml"))
      add("ruff", "ruff's configuration", "ruff check --output-format=sarif", "sarif", "success = [\"0\", \"1\"]\n");
    if (configured("mypy") || has("mypy.ini"))
      add("mypy", "mypy's configuration", "mypy --no-color-output --show-column-numbers .", "gnu");
    if (has(".flake8")) add("flake8", ".flake8", "flake8", "gnu");
  }

  void others() {
    if (has("Cargo.toml")) {
      add("cargo-clippy", "Cargo.toml", "cargo clippy --quiet --message-format=short", "gnu");
      add("cargo-test", "Cargo.toml", "cargo test --quiet", "");
    }
    if (has("go.mod")) {
      add("go-vet", "go.mod", "go vet ./...", "gnu", "level = \"error\"\n");
      add("go-test", "go.mod", "go test ./...", "");
    }
    if (any({"*.sh"})) {
      if (context_.environment != nullptr && program_exists("shellcheck"))
        add("shellcheck", "shell scripts, and shellcheck is installed",
            "git ls-files -z '*.sh' | xargs -0 -r shellcheck --format=gcc", "gnu", "when = [\"*.sh\"]\n");
    }
  }

  [[nodiscard]] bool program_exists(std::string_view name) const {
    for (const auto folder : text::split(context_.environment("PATH").value_or(""), ':'))
      if (io::exists(io::join_path(folder, name))) return true;
    return false;
  }

  void own_gates() {
    for (const auto& operation : context_.registry->operations()) {
      if (!operation.gate || operation.gate->detect == nullptr) continue;
      if (auto section = operation.gate->detect(context_))
        gates_.push_back({std::string(gate_kind(operation)), std::string(operation.summary), *std::move(section)});
    }
  }

  Context& context_;
  std::vector<DetectedGate> gates_;
};

}  // namespace

std::optional<std::string> find_python_with(Context& context, std::string_view module) {
  // A virtual environment of the workspace knows the project's packages, so it comes first.
  for (const std::string name : {".venv/bin/python", "venv/bin/python", "env/bin/python", "python3", "python"}) {
    io::ProcessSpec spec;
    const bool inside = name.find('/') != std::string::npos;
    spec.arguments = {inside ? context.workspace.absolute(name) : name, "-c", format("import {}", module)};
    if (inside && !io::exists(spec.arguments[0])) continue;
    spec.working_folder = context.workspace.root();
    spec.timeout = std::chrono::seconds(20);
    const auto result = io::run_process(spec, &context.cancel);
    if (result && result->reason == io::ExitReason::exited && result->exit_code == 0) return name;
  }
  return std::nullopt;
}

Result<std::vector<DetectedGate>> detect_gates(Context& context) {
  TRY(context.workspace.files());
  return Detector(context).run();
}

std::vector<std::string> detect_excludes(Context& context) {
  std::vector<std::string> found;
  for (const auto* folder : {"vendor", "third_party", "node_modules", "dist", "build"}) {
    const auto files = context.workspace.files_matching({std::string(folder) + "/**"});
    if (files && !files->empty()) found.push_back(std::string(folder) + "/**");
  }
  return found;
}

}  // namespace chiron
