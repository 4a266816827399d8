// The context document: what readers take from files of their kinds, where it stands, and what git says of them.
#include "engines/repository/context.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "engines/repository/facts.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

using namespace chiron;

namespace {

doc::Value describe(const std::map<std::string, std::string>& files, std::int64_t window_days = 90) {
  repository::Source source;
  for (const auto& [path, text] : files) source.files.push_back(path);
  source.now_s = 1'714'564'800;  // 2024-05-01T12:00:00Z
  source.window_days = window_days;
  source.read = [&](const std::string& path, std::uint64_t max_bytes) -> Result<std::string> {
    const auto& text = files.at(path);
    if (text.size() > max_bytes) return fail(ErrorKind::limit, "limit.size", "too large");
    return text;
  };
  source.modified_s = [&](const std::string&) { return std::optional<std::int64_t>(source.now_s - 3 * 86'400); };
  auto context = repository::describe(source);
  REQUIRE_MESSAGE(context, (context ? "" : context.error().message));
  return std::move(*context);
}

const doc::Value& only(const doc::Value& context, std::string_view list) {
  const auto* found = context.find(list);
  REQUIRE(found != nullptr);
  REQUIRE(found->items().size() == 1);
  return found->items()[0];
}

std::string json(const doc::Value* value) { return value == nullptr ? "absent" : doc::write_json(*value); }

// Follows names, and numbers into lists.
const doc::Value* at(const doc::Value& value, std::initializer_list<std::string_view> path) {
  const doc::Value* found = &value;
  for (const auto step : path) {
    if (found == nullptr) return nullptr;
    if (found->is_array()) {
      const auto index = static_cast<std::size_t>(std::atoi(std::string(step).c_str()));
      found = index < found->items().size() ? &found->items()[index] : nullptr;
    } else {
      found = found->find(step);
    }
  }
  return found;
}

// `name requirement scope` of each dependency.
std::string dependencies(const std::string& path, const std::string& text) {
  std::string out;
  const auto context = describe({{path, text}});
  for (const auto& item : only(context, "manifests").find("dependencies")->items()) {
    if (!out.empty()) out += "; ";
    out += std::string(item.string_or("name", "")) + " " + std::string(item.string_or("requirement", "")) + " " +
           std::string(item.string_or("scope", "")) + (item.boolean_or("local", false) ? " local" : "") + " " +
           std::to_string(item.find("place")->integer_or("line", 0));
  }
  return out;
}

std::string packages(const std::string& path, const std::string& text) {
  const auto context = describe({{path, text}});
  return json(only(context, "locks").find("packages"));
}

}  // namespace

TEST_CASE("manifests") {
  CHECK(dependencies("package.json", R"({"dependencies": {"a": "^1", "b": "file:../b", "c": "acme/c"},
 "peerDependencies": {"d": ">=2"}, "resolutions": {"e": "1"}, "devDependencies": {"e": "^1"}})") ==
        "a ^1 runtime 1; b file:../b runtime local 1; c acme/c runtime local 1; e ^1 development local 2; "
        "d >=2 peer 2");
  CHECK(dependencies("pyproject.toml",
                     "[project]\ndependencies = [\n  'A_b.C[x,y] >= 1, <2 ; python_version > \"3\"',\n  'd @ "
                     "https://x/d.whl',\n]\n[project.optional-dependencies]\ntest = ['pytest (>=8)']\n"
                     "[dependency-groups]\ndev = ['ruff', {include-group = 'test'}]\n") ==
        "a-b-c <2,>=1 runtime 3; d  runtime local 4; pytest >=8 optional 7; ruff  development 9");
  CHECK(dependencies("pyproject.toml",
                     "[tool.poetry.dependencies]\npython = '^3'\na = '^1'\nb = {git = 'x'}\nc = {version = '2', "
                     "optional = true}\n[tool.poetry.group.dev.dependencies]\nd = '*'\n") ==
        "a ^1 runtime 3; b  runtime local 4; c 2 optional 5; d * development 7");
  CHECK(dependencies("requirements-dev.in", "# x\n-r requirements.in\nA>=1 # why\ngit+https://x/y\n") ==
        "a >=1 runtime 3; git  runtime local 4");
  CHECK(dependencies("Cargo.toml",
                     "[dependencies]\na = '1'\nb = {version = '2', package = 'c'}\nd = {path = 'd'}\n"
                     "[target.'cfg(unix)'.dev-dependencies]\ne = '0.3'\n") ==
        "a 1 runtime 2; c 2 runtime 3; d  runtime local 4; e 0.3 development 6");
  CHECK(dependencies("go.mod",
                     "module x\n\nrequire a.b/c v1.0.0\nrequire (\n\td v2.0.0 // indirect\n\te v1.0.0\n\tf v1.0.0\n)\n"
                     "replace e => ./e\nreplace (\n\tf v1.0.0 => g v3.0.0\n)\n") ==
        "a.b/c v1.0.0 runtime 3; d v2.0.0 indirect 5; e v1.0.0 runtime local 6; g v3.0.0 runtime 7");
  CHECK(dependencies("composer.json", R"({"require": {"php": "^8", "ext-x": "*", "A/b": "^1"}})") ==
        "a/b ^1 runtime 1");
  CHECK(dependencies("Gemfile",
                     "gem 'a', '~> 1.0', '>= 1.0.2'\ngem(\"b\", \"1.2\", require: false)\ngem 'c', path: 'c'\n"
                     "group :test do\n  gem 'd'\nend\ngem 'e', platforms: :jruby\n") ==
        "a >=1.0.2,~>1.0 runtime 1; b =1.2 runtime 2; c  runtime local 3; d  development 5; e  optional 7");
}

TEST_CASE("lock files") {
  CHECK(packages("package-lock.json", R"({"packages": {"": {}, "node_modules/@a/b": {"version": "1"},
    "node_modules/c/node_modules/@a/b": {"version": "2"}, "web": {}}})") == R"({"@a/b":["1","2"]})");
  CHECK(packages("package-lock.json", R"({"lockfileVersion": 1, "dependencies": {"a": {"version": "1"}}})") ==
        R"({"a":["1"]})");
  CHECK(packages("pnpm-lock.yaml", "---\nx: 1\n---\npackages:\n  /a/1.0.0: {}\n  '@b/c@2.0.0(d@1)': {}\n") ==
        R"({"@b/c":["2.0.0"],"a":["1.0.0"]})");
  CHECK(packages("yarn.lock", "__metadata:\n  version: 8\n\"a@npm:^1, a@npm:^1.1\":\n  version: 1.2.0\n") ==
        R"({"a":["1.2.0"]})");
  CHECK(packages("requirements.txt", "--index-url x\na==1.0 --hash=sha256:0\nB_c==2 ; x\n    # via a\n") ==
        R"({"a":["1.0"],"b-c":["2"]})");
  CHECK(packages("Pipfile.lock", R"({"default": {"a": {"version": "==1"}}, "develop": {"b": {"git": "x"}}})") ==
        R"({"a":["1"],"b":[""]})");
  CHECK(packages("go.sum", "a v1.0.0 h1:x=\na v1.0.0/go.mod h1:x=\nb v2.0.0/go.mod h1:x=\n") == R"({"a":["v1.0.0"]})");
  CHECK(packages("Gemfile.lock", "GEM\n  specs:\n    a (1.0)\n      b (>= 2)\n\nDEPENDENCIES\n  a\n") ==
        R"({"a":["1.0"]})");
}

TEST_CASE("which lock file is of which manifest") {
  const auto context =
      describe({{"package.json", "{}"},
                {"web/package.json", R"({"dependencies": {"a": "1"}})"},
                {"other/package.json", "{}"},
                {"node_modules/x/package.json", "{}"},
                {"package-lock.json", R"({"packages": {"": {}, "web": {"dependencies": {"a": "2"}}}})"}});
  const auto& lock = only(context, "locks");
  CHECK(json(lock.find("manifests")) == R"(["package.json","web/package.json"])");
  CHECK(json(at(lock, {"requirements", "web/package.json"})) == R"({"a":["2"]})");
  CHECK(context.find("manifests")->items().size() == 3);
  CHECK(json(at(context, {"manifests", "0", "locks"})) == "[]");
}

TEST_CASE("a workflow of GitHub Actions") {
  const auto context = describe({{".github/workflows/release.yml",
                                  R"(name: Release
on:
  push:
    tags: ['v*']
  schedule:
    - cron: '0 1 * * *'
permissions:
  contents: read
  id-token: write
env: &shared
  A: b
jobs:
  build:
    runs-on: [self-hosted, linux]
    container: ghcr.io:443/acme/build:1.2@sha256:0000000000000000000000000000000000000000000000000000000000000000
    services:
      db: {image: "postgres:16"}
    steps:
      - name: Check out
        uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with: {fetch-depth: 0}
      - run: |
          make
          make sign
        env: *shared
        continue-on-error: true
  call:
    needs: build
    uses: ./.github/workflows/sign.yml
    secrets: inherit
    permissions: {}
)"}});
  const auto& workflow = only(context, "workflows");
  CHECK(workflow.string_or("name", "") == "Release");
  CHECK(workflow.string_or("system", "") == "github");
  CHECK(json(at(workflow, {"triggers", "0", "tags"})) == R"(["v*"])");
  CHECK(json(at(workflow, {"triggers", "1", "cron"})) == R"(["0 1 * * *"])");
  CHECK(json(at(workflow, {"permissions", "write"})) == R"(["id-token"])");
  CHECK(json(at(workflow, {"permissions", "scopes", "id-token", "place", "line"})) == "9");
  const auto& build = *at(workflow, {"jobs", "0"});
  CHECK(json(build.find("runs_on")) == R"(["self-hosted","linux"])");
  CHECK(json(at(build, {"images", "0", "name"})) == R"("ghcr.io:443/acme/build")");
  CHECK(json(at(build, {"images", "0", "pinned"})) == "true");
  CHECK(json(at(build, {"images", "1", "tag"})) == R"("16")");
  CHECK(json(build.find("permissions")) == "absent");
  const auto& checkout = *at(build, {"steps", "0"});
  CHECK(json(at(checkout, {"uses", "name"})) == R"("actions/checkout")");
  CHECK(json(at(checkout, {"uses", "pinned"})) == "true");
  CHECK(json(at(checkout, {"uses", "comment"})) == R"("v5.0.0")");
  CHECK(json(at(checkout, {"uses", "place", "line"})) == "20");
  CHECK(json(at(checkout, {"with", "fetch-depth"})) == R"("0")");
  CHECK(json(at(build, {"steps", "1", "label"})) == R"("make")");
  CHECK(json(at(build, {"steps", "1", "env"})) == R"({"A":"b"})");
  CHECK(json(at(build, {"steps", "1", "continue_on_error"})) == "true");
  const auto& call = *at(workflow, {"jobs", "1"});
  CHECK(json(at(call, {"uses", "kind"})) == R"("local")");
  CHECK(json(at(call, {"uses", "path"})) == R"(".github/workflows/sign.yml")");
  CHECK(json(at(call, {"permissions", "all"})) == R"("none")");
  CHECK(json(call.find("needs")) == R"(["build"])");
}

TEST_CASE("keys that other tools wrote back, and what is used") {
  for (const char* on : {"on: push", "'on': push", "true: push", "\"on\": [push]", "on: {push: }"}) {
    const auto context = describe({{".github/workflows/a.yml", std::string(on) + "\njobs: {a: {steps: []}}\n"}});
    CHECK_MESSAGE(json(at(context, {"workflows", "0", "triggers", "0", "name"})) == R"("push")", on);
  }
  const auto uses = [](const std::string& text) {
    const auto context = describe({{"action.yml", "runs: {using: composite, steps: [{uses: '" + text + "'}]}\n"}});
    const auto* found = at(context, {"actions", "0", "steps", "0", "uses"});
    return std::string(found->string_or("kind", "")) + (found->boolean_or("pinned", false) ? " pinned" : "");
  };
  CHECK(uses("a/b@v1") == "action");
  CHECK(uses("a/b/c@0123456789012345678901234567890123456789") == "action pinned");
  CHECK(uses("a/b@0123456789012345678901234567890123456789 ") == "action pinned");
  CHECK(uses("a/b@012345678901234567890123456789012345678X") == "action");
  CHECK(uses("a/b") == "action");
  CHECK(uses("a/b/.github/workflows/c.yml@main") == "workflow");
  CHECK(uses("docker://a:1") == "docker");
  CHECK(uses("docker://a@sha256:" + std::string(64, 'a')) == "docker pinned");
  CHECK(uses("docker://a@sha256:" + std::string(63, 'a')) == "docker");
  CHECK(uses("./a") == "local pinned");
}

TEST_CASE("a pipeline of GitLab CI") {
  const auto context = describe({{".gitlab-ci.yml",
                                  R"(spec: {inputs: {}}
---
stages: [test, release]
include: /ci/a.yml
default: {image: "alpine:3"}
.setup: &setup
  - make setup
.job:
  tags: [linux]
test:
  extends: .job
  before_script: [*setup]
  script:
    - make test
  services: [{name: "postgres:16"}]
release:
  stage: release
  needs: [{job: test}]
  script: make release
  release: {tag_name: v1}
  rules: [{if: $CI_COMMIT_TAG}]
)"}});
  const auto& pipeline = only(context, "workflows");
  CHECK(json(pipeline.find("stages")) == R"(["test","release"])");
  CHECK(json(at(pipeline, {"includes", "0", "path"})) == R"("ci/a.yml")");
  CHECK(json(at(pipeline, {"images", "0", "name"})) == R"("alpine")");
  REQUIRE(pipeline.find("jobs")->items().size() == 3);
  CHECK(json(at(pipeline, {"jobs", "0", "hidden"})) == "true");
  CHECK(json(at(pipeline, {"jobs", "1", "extends"})) == R"([".job"])");
  CHECK(json(at(pipeline, {"jobs", "1", "steps", "0", "run"})) == R"("make setup")");
  CHECK(json(at(pipeline, {"jobs", "1", "steps", "0", "section"})) == R"("before_script")");
  CHECK(json(at(pipeline, {"jobs", "1", "images", "0", "tag"})) == R"("16")");
  CHECK(json(at(pipeline, {"jobs", "2", "release"})) == "true");
  CHECK(json(at(pipeline, {"jobs", "2", "conditions"})) == R"(["$CI_COMMIT_TAG"])");
  CHECK(json(at(pipeline, {"jobs", "2", "needs"})) == R"(["test"])");
}

TEST_CASE("bills of materials") {
  const auto one = [](const std::string& path, const std::string& text) {
    const auto context = describe({{path, text}}, 30);
    const auto& bill = only(context, "sboms");
    return std::string(bill.string_or("format", "")) + " " + std::string(bill.string_or("version", "")) + " " +
           json(bill.find("generated_days")) + " " + json(bill.find("in_window")) + " " + json(bill.find("components"));
  };
  CHECK(
      one("bom.json",
          R"({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"timestamp": "2024-04-21T12:00:00.5+02:00"},
    "components": [{"group": "@a", "name": "b", "version": "1", "components": [{"name": "c", "version": "2"}]},
    {"name": "X_y", "version": "3", "purl": "pkg:pypi/x-y@3"}]})") ==
      R"(CycloneDX 1.6 10 true {"@a/b":["1"],"c":["2"],"x-y":["3"]})");
  CHECK(
      one("app.cdx.xml",
          R"(<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><metadata><timestamp>2023-05-01T12:00:00Z</timestamp>
    <component><name>app</name></component></metadata><components><component><group>g</group><name>n</name><version>1</version>
    </component></components></bom>)") == R"(CycloneDX 1.5 366 false {"g/n":["1"]})");
  CHECK(one("a.spdx.json", R"({"spdxVersion": "SPDX-2.3", "creationInfo": {"created": "2024-04-30T00:00:00Z"},
    "packages": [{"name": "npm:a", "versionInfo": "1"}]})") == R"(SPDX SPDX-2.3 1 true {"a":["1"]})");
  CHECK(one("a.spdx", "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageName: b\nPackageVersion: 2\n") ==
        R"(SPDX SPDX-2.3 3 true {"a":[""],"b":["2"]})");
  CHECK(one("sbom.json",
            R"({"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": [{"type": "CreationInfo", "specVersion": "3.0.1",
    "created": "2024-04-30T00:00:00Z"}, {"type": "software_Package", "name": "a", "software_packageVersion": "1"}]})") ==
        R"(SPDX SPDX-3.0.1 1 true {"a":["1"]})");
  CHECK(describe({{"sbom-config.json", "{}"}, {"sbom.xml", "<x/>"}}).find("sboms")->items().empty());
}

TEST_CASE("what cannot be read is told, with its place") {
  const std::string bomb = [] {
    std::string text = "a0: &a0 [x, x]\n";
    for (int i = 1; i < 40; ++i) {
      const auto previous = "*a" + std::to_string(i - 1);
      text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + previous + ", " + previous + "]\n";
    }
    return text + "jobs: *a39\n";
  }();
  const auto context = describe({{".github/workflows/bomb.yml", bomb},
                                 {".github/workflows/big.yml", std::string((4U << 20) + 1, ' ')},
                                 {".github/workflows/deep.yml", std::string(100'000, '[')},
                                 {".github/workflows/jobs.yml", "jobs: [a]\n"},
                                 {".github/workflows/job.yml", "jobs: {a: 1}\n"},
                                 {"Cargo.lock", "[[package]\n"},
                                 {"go.mod", "require a\n"},
                                 {"package.json", "{\n  \"a\": \xff}"},
                                 {"yarn.lock", "a b\n"},
                                 {"action.yml", "- a\n"}});
  const auto& unreadable = context.find("unreadable")->items();
  REQUIRE(unreadable.size() == 10);
  for (const auto& file : unreadable) {
    CHECK(!file.string_or("message", "").empty());
    CHECK(file.find("place")->integer_or("line", 0) >= 1);
  }
  CHECK(context.find("workflows")->items().empty());
}

TEST_CASE("odd values are no error") {
  const auto context =
      describe({{".github/workflows/a.yml",
                 "on: 1\nname: [x]\npermissions: [a]\njobs: {a: {steps: 1, needs: {}, permissions: }, b: "
                 "{steps: [1, {uses: [x]}, {run: {a: b}}], container: [], services: 1}}\n"},
                {"package.json", R"({"dependencies": ["a"], "name": 1, "private": "x"})"},
                {"package-lock.json", R"({"packages": []})"},
                {"pyproject.toml", "project = 1\ntool = [1]\n"},
                {"Cargo.toml", "dependencies = 1\n"},
                {"Gemfile", "gem\ngem \"\ngem 'a\n"},
                {"bom.json", R"({"bomFormat": "CycloneDX", "components": {"a": 1}, "metadata": []})"}});
  CHECK(context.find("unreadable")->items().empty());
  CHECK(json(at(context, {"workflows", "0", "jobs", "0", "permissions", "all"})) == R"("none")");
}

TEST_CASE("times") {
  CHECK(repository::to_rfc3339(0) == "1970-01-01T00:00:00Z");
  for (const char* text : {"2024-02-29T23:59:59Z", "1969-12-31T23:59:59Z"})
    CHECK(repository::to_rfc3339(repository::parse_rfc3339(text).value_or(0)) == text);
  CHECK(repository::parse_rfc3339("2024-05-01T14:00:00+02:00") == 1'714'564'800);
  CHECK(repository::parse_rfc3339("2024-05-01") == 1'714'521'600);
  for (const char* text : {"", "2024", "2024-13-01", "2024-02-30", "2024-05-01T", "2024-05-01T25:00:00Z",
                           "2024-05-01T12:00:00+2", "2024-05-01T12:00:00Zx", "x024-05-01"})
    CHECK_FALSE(repository::parse_rfc3339(text));
}

namespace {

struct GitFolder {
  io::TemporaryFolder folder = std::move(*io::TemporaryFolder::create());
  void run(const std::string& command, const std::string& date = "2024-05-01T12:00:00Z") const {
    const auto whole = "cd '" + folder.path() + "' && export GIT_COMMITTER_DATE=" + date + " GIT_AUTHOR_DATE=" + date +
                       " GIT_CONFIG_GLOBAL=/dev/null && git() { command git -c user.name=a -c user.email=a@b "
                       "-c init.defaultBranch=main \"$@\"; } && { " +
                       command + "; } >/dev/null 2>&1";
    REQUIRE(std::system(whole.c_str()) == 0);
  }
  [[nodiscard]] doc::Value describe(const std::string& below = "", const std::string& base = "") const {
    const auto git = git::Repository::open(folder.path());
    REQUIRE(git);
    const auto root = io::join_path(folder.path(), below);
    repository::Source source;
    const auto entries = io::walk(root, [](const io::Entry& e) { return e.path != ".git"; });
    REQUIRE(entries);
    for (const auto& entry : *entries)
      if (entry.type == io::EntryType::file) source.files.push_back(entry.path);
    source.read = [&](const std::string& path, std::uint64_t max) {
      return io::read_file(io::join_path(root, path), max);
    };
    source.modified_s = [](const std::string&) { return std::optional<std::int64_t>(1'714'700'000); };
    source.git = &*git;
    source.below = below;
    if (!base.empty()) source.base = *git->merge_base(base);
    source.now_s = 1'714'737'600;  // 2024-05-03T12:00:00Z
    return std::move(*repository::describe(source));
  }
};

}  // namespace

TEST_CASE("what git says") {
  GitFolder folder;
  folder.run(
      "git init && mkdir sub && echo '{}' > package.json && echo '{}' > sub/package.json && git add . && "
      "git commit -m 1 && git branch base");
  folder.run("echo '{\"packages\": {}}' > package-lock.json && git add . && git commit -m 2", "2024-05-02T12:00:00Z");
  auto context = folder.describe();
  CHECK(json(at(context, {"git", "branch"})) == R"("main")");
  CHECK(json(at(context, {"git", "dirty"})) == "false");
  CHECK(json(at(context, {"git", "time"})) == R"("2024-05-02T12:00:00Z")");
  CHECK(json(at(context, {"manifests", "0", "time"})) == R"("2024-05-01T12:00:00Z")");
  CHECK(json(at(context, {"manifests", "0", "age_days"})) == "2");
  CHECK(json(at(context, {"manifests", "0", "time_source"})) == R"("commit")");
  CHECK(json(at(context, {"manifests", "0", "changed"})) == "absent");
  CHECK(json(at(context, {"locks", "0", "behind"})) == "[]");

  folder.run(
      "echo '{ }' > package.json && git add package.json && echo '{  }' > package.json && rm sub/package.json && "
      "echo '{}' > composer.json");
  context = folder.describe("", "base");
  CHECK(json(at(context, {"git", "dirty"})) == "true");
  const auto& manifests = *context.find("manifests");
  const auto& added = *at(manifests, {"0"});
  CHECK(added.string_or("path", "") == "composer.json");
  CHECK_FALSE(added.boolean_or("tracked", true));
  CHECK(added.boolean_or("changed", false));
  const auto& modified = *at(manifests, {"1"});
  CHECK(modified.boolean_or("staged", false));
  CHECK(modified.boolean_or("modified", false));
  CHECK(modified.string_or("time_source", "") == "file");
  const auto& deleted = *at(manifests, {"2"});
  CHECK(deleted.string_or("path", "") == "sub/package.json");
  CHECK_FALSE(deleted.boolean_or("exists", true));
  CHECK(json(at(context, {"locks", "0", "behind", "0", "path"})) == R"("package.json")");
  CHECK(json(at(context, {"locks", "0", "changed"})) == "true");
}

TEST_CASE("a folder below the repository's root, a shallow clone, a repository without a commit") {
  GitFolder folder;
  folder.run(
      "git init && mkdir -p 'a b/sub' && echo '{}' > package.json && echo '{}' > 'a b/package.json' && "
      "git add . && git commit -m 1");
  folder.run("echo '{ }' > package.json && git commit -a -m 2", "2024-05-02T12:00:00Z");
  const auto context = folder.describe("a b");
  REQUIRE(context.find("manifests")->items().size() == 1);
  CHECK(json(at(context, {"manifests", "0", "time"})) == R"("2024-05-01T12:00:00Z")");

  folder.run(
      "git clone --depth 1 \"file://$PWD\" shallow && mv shallow/.git shallow.git && rm -rf .git shallow && "
      "mv shallow.git .git");
  const auto shallow = folder.describe("a b");
  CHECK(json(at(shallow, {"git", "shallow"})) == "true");
  CHECK(json(at(shallow, {"manifests", "0", "time_source"})) == R"("boundary")");

  GitFolder fresh;
  fresh.run("git init && echo '{}' > package.json && git add .");
  const auto started = fresh.describe();
  CHECK(json(at(started, {"git", "head"})) == "absent");
  CHECK(json(at(started, {"manifests", "0", "staged"})) == "true");
}
