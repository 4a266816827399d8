// Listing: asks every program for its tests, with a cache by the binary's digest.
#include <unistd.h>

#include "engines/testing/adapter.h"
#include "engines/testing/zygote.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

namespace chiron::testing {
namespace {

std::string describe_end(const io::ProcessResult& result) {
  switch (result.reason) {
    case io::ExitReason::exited:
      return format("ended with exit code {}", result.exit_code);
    case io::ExitReason::signalled:
      return format("was ended by signal {}", result.signal);
    case io::ExitReason::timed_out:
      return "did not end in time";
    case io::ExitReason::cancelled:
      return "was cancelled";
  }
  return {};
}

Error list_error(const Program& program, std::string what, const io::ProcessResult& result) {
  Error error{
      ErrorKind::input, "testing.list", format("failed to list the tests of {}: {}", program.id, what), {}, {}, ""};
  std::string said = result.error_output.empty() ? result.output : result.error_output;
  if (said.size() > 2000) said.resize(2000);
  if (!said.empty()) error.notes.push_back("it said:\n" + said);
  return error;
}

// Under what a list is kept: the binary's content and everything that we tell it.
std::string cache_key(const Program& program) {
  crypto::Hasher hasher;
  hasher.field("list-1");
  hasher.field(to_string(program.framework));
  hasher.field(program.digest);
  for (const auto& argument : program.arguments) hasher.field(argument);
  for (const auto& [name, value] : program.environment) {
    hasher.field(name);
    hasher.field(value);
  }
  return hasher.finish_hex();
}

// Cached form: the framework's own list output, so that reading it is the same code.
Result<std::vector<TestCase>> list_binary(Program& program, const Adapter& adapter, const ListOptions& options) {
  std::string cache_path;
  if (!options.cache_folder.empty()) {
    auto file = TRY(io::MappedFile::open(program.path));
    program.digest = crypto::sha256_hex(file.bytes());
    cache_path = format("{}/{}.list", options.cache_folder, cache_key(program));
    if (auto cached = io::read_file(cache_path, limits::kListBytes)) {
      if (auto tests = adapter.parse_list(*cached)) return tests;
    }
  }
  io::ProcessSpec spec;
  spec.arguments.push_back(program.path);
  spec.arguments.insert(spec.arguments.end(), program.arguments.begin(), program.arguments.end());
  for (auto& argument : adapter.list_arguments(program)) spec.arguments.push_back(std::move(argument));
  spec.working_folder = program.working_folder;
  spec.environment = program.environment;
  spec.environment.insert(spec.environment.end(), adapter.list_environment.begin(), adapter.list_environment.end());
  if (!options.scratch_folder.empty()) {
    // A program built with counters writes them at its end; a listing is no run that should count.
    spec.environment.emplace_back("GCOV_PREFIX", options.scratch_folder + "/listing");
    spec.environment.emplace_back("LLVM_PROFILE_FILE", options.scratch_folder + "/listing/%p.profraw");
  }
  spec.timeout = options.timeout;
  spec.max_output_bytes = limits::kListBytes;
  auto ran = TRY(io::run_process(spec, options.cancel));
  if (ran.reason == io::ExitReason::cancelled) return fail(ErrorKind::interrupted, "interrupted", "interrupted");
  // Catch2 2 ends a listing with the number of tests as its code.
  const bool ended_well =
      ran.reason == io::ExitReason::exited && (ran.exit_code == 0 || program.framework == Framework::catch2);
  if (!ended_well) return std::unexpected(list_error(program, "it " + describe_end(ran), ran));
  if (ran.dropped_bytes > 0) return std::unexpected(list_error(program, "the list is longer than 256 MiB", {}));
  // Boost.Test prints its lists to standard error.
  const std::string& output =
      program.framework == Framework::boost_test && ran.output.find("digraph") == std::string::npos ? ran.error_output
                                                                                                    : ran.output;
  auto tests = adapter.parse_list(output);
  if (!tests) return std::unexpected(list_error(program, tests.error().message, ran));
  if (!cache_path.empty() && io::make_folders(options.cache_folder)) (void)io::write_file_atomic(cache_path, output);
  return tests;
}

Result<std::vector<TestCase>> list_ctest(const Program& program, const ListOptions& options) {
  io::ProcessSpec spec;
  spec.arguments = {"ctest", "--show-only=json-v1"};
  spec.arguments.insert(spec.arguments.end(), program.arguments.begin(), program.arguments.end());
  spec.working_folder = program.path;
  spec.environment = program.environment;
  spec.timeout = options.timeout;
  spec.max_output_bytes = limits::kListBytes;
  auto ran = TRY(io::run_process(spec, options.cancel));
  if (ran.reason != io::ExitReason::exited || ran.exit_code != 0) {
    return std::unexpected(list_error(program, "ctest " + describe_end(ran), ran));
  }
  auto tests = parse_ctest_list(ran.output);
  if (!tests) return std::unexpected(list_error(program, tests.error().message, ran));
  return tests;
}

}  // namespace

Result<Catalog> list_tests(std::vector<Program> programs, const ListOptions& options) {
  Catalog catalog;
  catalog.programs = std::move(programs);
  catalog.python = options.python;
  catalog.zygotes.resize(catalog.programs.size());
  for (ProgramIndex index = 0; index < catalog.programs.size(); ++index) {
    Program& program = catalog.programs[index];
    std::vector<TestCase> tests;
    if (const Adapter* adapter = find_adapter(program.framework)) {
      tests = TRY(list_binary(program, *adapter, options));
    } else if (program.framework == Framework::ctest) {
      tests = TRY(list_ctest(program, options));
    } else if (program.framework == Framework::tap) {
      TestCase test;
      test.name = io::file_name(program.path);
      test.file = program.path;
      tests.push_back(std::move(test));
    } else {
      auto zygote = TRY(Zygote::start(program, index, options));
      zygote->first_test = static_cast<TestIndex>(catalog.tests.size());
      tests = zygote->take_tests();
      catalog.problems.insert(catalog.problems.end(), zygote->problems().begin(), zygote->problems().end());
      catalog.zygotes[index] = std::move(zygote);
    }
    if (catalog.tests.size() + tests.size() > limits::kTests) {
      return fail(ErrorKind::limit, "testing.list", "more tests than 2,000,000");
    }
    for (auto& test : tests) {
      test.program = index;
      catalog.tests.push_back(std::move(test));
    }
  }
  return catalog;
}

}  // namespace chiron::testing
