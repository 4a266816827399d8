// chiron init: a chiron.toml that fits the repository, hooks, and workflows for GitHub.
#include <sys/stat.h>

#include "core/config.h"
#include "core/version.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "operations/init_detect.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct InitRequest {
  std::vector<std::string> hooks;
  std::string ci = "auto";
  bool force = false;
  bool dry_run = false;
};

std::string configuration_text(const std::vector<DetectedGate>& gates, const std::vector<std::string>& excludes,
                               bool has_git) {
  std::string out =
      "# The gate of this repository; run it with: chiron check\n"
      "# All keys: chiron schema, or docs/reference/configuration.md of Chiron.\n\n"
      "[workspace]\nfail-level = \"error\"\n";
  if (!excludes.empty()) out += "exclude = [\"" + text::join(excludes, "\", \"") + "\"]\n";
  for (const auto& gate : gates) out += format("\n# {}\n[gate.{}]\n{}", gate.why, gate.name, gate.section);
  if (gates.empty())
    out += format(
        "\n# Nothing was found that tells how this repository is built or checked. A first gate: spaces at ends of "
        "lines\n"
        "[gate.whitespace]\nkind = \"command\"\nrun = \"{}\"\nreads = [\"gnu\"]\nlevel = \"error\"\nsuccess = "
        "[\"1\"]\n",
        has_git ? "git grep -nI --untracked ' $' -- ." : "grep -rnI --exclude-dir=.chiron ' $' .");
  return out;
}

constexpr std::string_view kGitHook = R"(#!/bin/sh
# Runs the gate over what the commit changes; skip once with git commit --no-verify.
# Before the first commit there is nothing to compare with.
git rev-parse --quiet --verify HEAD >/dev/null && set -- --since HEAD
exec chiron check --quiet "$@"
)";

constexpr std::string_view kPreCommit = R"(repos:
  - repo: local
    hooks:
      - id: chiron
        name: chiron check
        entry: chiron check --since HEAD --quiet
        language: system
        pass_filenames: false
)";

// Actions are pinned by commit; the tarball by its digest.
constexpr std::string_view kInstallStep = R"(      - name: Install Chiron
        # Repository variables: where the release tarball lies, and its SHA-256.
        env:
          URL: ${{ vars.CHIRON_TARBALL_URL }}
          DIGEST: ${{ vars.CHIRON_TARBALL_SHA256 }}
        run: |
          test -n "$URL" && test -n "$DIGEST" || { echo "::error::set the repository variables CHIRON_TARBALL_URL and CHIRON_TARBALL_SHA256"; exit 2; }
          curl -fsSL --retry 3 -o "$RUNNER_TEMP/chiron.tar.gz" "$URL"
          echo "$DIGEST  $RUNNER_TEMP/chiron.tar.gz" | sha256sum --check -
          mkdir -p "$RUNNER_TEMP/chiron"
          tar -xzf "$RUNNER_TEMP/chiron.tar.gz" --strip-components=1 -C "$RUNNER_TEMP/chiron"
          echo "$RUNNER_TEMP/chiron/bin" >> "$GITHUB_PATH"
)";

std::string workflow(bool weekly) {
  std::string out = weekly
                        ? "name: chiron-weekly\n\non:\n  schedule:\n    - cron: \"17 4 * * 1\"\n  workflow_dispatch:\n"
                        : "name: chiron\n\non:\n  push:\n    branches: [main, master]\n  pull_request:\n";
  out += format(
      "\npermissions:\n  contents: read\n\nconcurrency:\n  group: {0}-${{{{ github.ref }}}}\n  cancel-in-progress: "
      "true\n\n"
      "jobs:\n  check:\n    runs-on: ubuntu-latest\n    timeout-minutes: 60\n    permissions:\n      contents: read\n  "
      "    security-events: write\n{1}"
      "    steps:\n"
      "      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2\n"
      "        with:\n          fetch-depth: 0\n          persist-credentials: false\n",
      weekly ? "chiron-weekly" : "chiron", weekly ? "" : "      pull-requests: write\n");
  out += kInstallStep;
  out +=
      "      - uses: actions/cache@1bd1e32a3bdc45362d1e726936510720a7c30a57 # v4.2.0\n"
      "        with:\n          path: |\n            .chiron/*\n            !.chiron/build\n"
      "          key: chiron-${{ github.run_id }}\n          restore-keys: chiron-\n"
      "      - name: Check\n";
  out += weekly
             ? "        run: chiron check --no-cache -o sarif:chiron.sarif -o html:chiron.html -o github:/dev/stdout\n"
             : "        env:\n          BASE: ${{ github.base_ref }}\n"
               "        run: chiron check ${BASE:+--since \"origin/$BASE\"} -o sarif:chiron.sarif -o "
               "markdown:chiron.md -o html:chiron.html -o github:/dev/stdout\n";
  out +=
      "      - name: Upload SARIF\n        if: always() && hashFiles('chiron.sarif') != ''\n"
      "        uses: github/codeql-action/upload-sarif@48ab28a6f5dbc2a99bf1e0131198dd8f1df78169 # v3.28.0\n"
      "        with:\n          sarif_file: chiron.sarif\n"
      "      - name: Keep the report\n        if: always()\n"
      "        uses: actions/upload-artifact@65c4c4a1ddee5b72f698fdd19549f0f0fb45cf08 # v4.6.0\n"
      "        with:\n          name: chiron-report\n          path: |\n            chiron.html\n            "
      ".chiron/report.json\n";
  if (!weekly)
    out +=
        "      - name: Comment on the pull request\n"
        "        if: always() && github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name "
        "== github.repository\n"
        "        env:\n          GH_TOKEN: ${{ github.token }}\n          NUMBER: ${{ github.event.number }}\n"
        "        run: |\n"
        "          gh pr comment \"$NUMBER\" --edit-last --body-file chiron.md || gh pr comment \"$NUMBER\" "
        "--body-file chiron.md\n";
  return out;
}

class Init {
 public:
  Init(const InitRequest& request, Context& context) : request_(request), context_(context) {}

  Result<Response> run() {
    const auto gates = TRY(detect_gates(context_));
    const auto text = configuration_text(gates, detect_excludes(context_), context_.workspace.repository().has_value());
    // What is written must be what chiron check accepts.
    TRY(parse_config(text, "chiron.toml", *context_.registry));
    const bool more = !request_.hooks.empty() || request_.ci == "github";
    const bool keeps = more && !request_.force && !request_.dry_run &&
                       context_.workspace.file_system().exists(context_.workspace.absolute("chiron.toml"));
    if (!keeps && context_.workspace.file_system().exists(context_.workspace.absolute("chiron.toml")) &&
        !request_.force && !request_.dry_run)
      return fail(ErrorKind::usage, "init.exists", "chiron.toml is there already", {},
                  "Use --force to write it anew, or --dry-run to see what would be written.");
    if (keeps)
      out_ += "kept chiron.toml as it is\n";
    else
      TRY(write("chiron.toml", text));
    for (const auto& hook : request_.hooks) TRY(write_hook(hook));
    const bool github =
        request_.ci == "github" ||
        (request_.ci == "auto" && context_.workspace.file_system().exists(context_.workspace.absolute(".github")));
    if (github) {
      TRY(write_if_absent(".github/workflows/chiron.yml", workflow(false)));
      TRY(write_if_absent(".github/workflows/chiron-weekly.yml", workflow(true)));
    }
    if (!request_.dry_run) {
      if (!keeps) {
        out_ += "\nGates found:\n";
        for (const auto& gate : gates) out_ += format("  {:<14} {}\n", gate.name, gate.why);
        if (gates.empty()) out_ += "  none; chiron.toml holds a first one to change\n";
      }
      out_ += "\nNext: chiron check --dry-run shows the plan, chiron check runs it.\n";
      if (request_.hooks.empty()) out_ += "A hook on commit: chiron init --hooks git, or --hooks pre-commit.\n";
      if (!github && request_.ci == "auto") out_ += "Workflows for GitHub: chiron init --ci github.\n";
    }
    Response response;
    response.output = out_;
    return response;
  }

 private:
  Result<void> write(const std::string& file, std::string_view text) {
    if (request_.dry_run) {
      out_ += format("# {}\n{}\n", file, text);
      return {};
    }
    const auto path = context_.workspace.absolute(file);
    TRY(io::make_folders(std::string(io::parent_path(path))));
    TRY(io::write_file_atomic(path, text));
    out_ += format("wrote {}\n", file);
    return {};
  }

  Result<void> write_if_absent(const std::string& file, std::string_view text) {
    if (context_.workspace.file_system().exists(context_.workspace.absolute(file)) && !request_.force) {
      out_ += format("kept {} as it is\n", file);
      return {};
    }
    return write(file, text);
  }

  Result<void> write_hook(const std::string& kind) {
    if (kind == "git") {
      const auto* repository = TRY(context_.workspace.repository());
      auto folder = TRY(repository->run({"rev-parse", "--git-path", "hooks"}));
      while (folder.ends_with('\n')) folder.pop_back();
      const auto path = io::join_path(io::join_path(repository->root(), folder), "pre-commit");
      if (io::exists(path) && !request_.force) {
        out_ += format("kept {} as it is; add to it: chiron check --since HEAD --quiet\n",
                       context_.workspace.relative(path));
        return {};
      }
      if (request_.dry_run) {
        out_ += format("# {}\n{}\n", context_.workspace.relative(path), kGitHook);
        return {};
      }
      TRY(io::make_folders(std::string(io::parent_path(path))));
      TRY(io::write_file_atomic(path, kGitHook));
      ::chmod(path.c_str(), 0755);
      out_ += format("wrote {}\n", context_.workspace.relative(path));
      return {};
    }
    const auto file = std::string(".pre-commit-config.yaml");
    if (!context_.workspace.file_system().exists(context_.workspace.absolute(file))) return write(file, kPreCommit);
    // A file that is there has an order and comments of its own: the entry is shown, not forced into it.
    out_ += format("add to {}:\n{}", file, kPreCommit.substr(kPreCommit.find('\n') + 1));
    return {};
  }

  const InitRequest& request_;
  Context& context_;
  std::string out_;
};

Result<Response> run_init(const InitRequest& request, Context& context) { return Init(request, context).run(); }

}  // namespace

Operation init_operation() {
  auto made =
      operation<InitRequest>("init", "Look at the repository and write a chiron.toml that fits it",
                             Fields<InitRequest>()
                                 .add("hooks", &InitRequest::hooks,
                                      {.help = "Also write a hook that checks each commit; repeatable",
                                       .placeholder = "KIND",
                                       .choices = {"git", "pre-commit"}})
                                 .add("ci", &InitRequest::ci,
                                      {.help = "Also write workflows; auto: for GitHub where there is a .github folder",
                                       .fallback = "auto",
                                       .choices = {"auto", "github", "none"}})
                                 .add("force", &InitRequest::force, {.help = "Write over files that are there"})
                                 .add("dry-run", &InitRequest::dry_run, {.help = "Print what would be written"})
                                 .take(),
                             run_init);
  made.description =
      "Finds the build, the tests and the linters the repository already has, and makes gates of them, besides the "
      "gates of Chiron's own that fit.";
  made.examples = {{"chiron init --dry-run", "See what would be written."},
                   {"chiron init --ci github --hooks pre-commit", "Configuration, workflows and a hook."}};
  return made;
}

}  // namespace chiron
