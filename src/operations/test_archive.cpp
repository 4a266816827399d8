// chiron test archive: a build's test programs in one file, to be run elsewhere.
#include "core/reporters/words.h"
#include "engines/testing/archive.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/operations.h"
#include "operations/test_common.h"

namespace chiron {

namespace {

Result<Response> run_archive(const TestRequest& request, Context& context) {
  testing::ArchiveRequest archive;
  archive.targets = request.targets;
  archive.folder = context.folder;
  archive.timings =
      request.timings.empty() ? context.workspace.absolute(".chiron/test/timings") : context.absolute(request.timings);
  for (const auto& pattern : request.include) {
    const auto files = TRY(context.workspace.files_matching({pattern}));
    if (files.empty()) {
      return fail(ErrorKind::usage, "testing.archive", format("--include: nothing matches {}", pattern), {},
                  "patterns are relative to the workspace; ignored files do not count");
    }
    for (const auto& file : files) {
      archive.files.push_back(io::relative_path(context.workspace.absolute(file), context.folder));
    }
  }
  const auto summary = TRY(testing::write_archive(archive, context.absolute(request.archive)));
  Response response;
  response.output = format("{}: {}, {} of the build, {}; {:.1f} MiB before compression\n", request.archive,
                           counted(summary.programs, "program"),
                           summary.libraries == 1 ? "1 library" : with_thousands(summary.libraries) + " libraries",
                           counted(summary.files, "other file"), static_cast<double>(summary.bytes) / 1048576.0);
  return response;
}

}  // namespace

Operation test_archive_operation() {
  Fields<TestRequest> fields;
  fields
      .add("file", &TestRequest::archive,
           {.help = "The archive to write (tar, compressed with zstd)",
            .placeholder = "FILE",
            .example = "tests.tar.zst",
            .positional = true,
            .required = true,
            .is_path = true})
      .add("targets", &TestRequest::targets,
           {.help = "Test programs; FRAMEWORK:PROGRAM where it cannot be told",
            .placeholder = "TARGET",
            .example = "build/bin/unit-tests",
            .positional = true,
            .required = true})
      .add("include", &TestRequest::include,
           {.help = "Files that the tests read", .placeholder = "GLOB", .example = "tests/data/**"})
      .add("timings", &TestRequest::timings,
           {.help = "Durations to take along, in place of those kept from earlier runs",
            .placeholder = "FILE",
            .example = "timings",
            .is_path = true});
  auto made = operation<TestRequest>("test archive", "Put a build's test programs into one file, to be run elsewhere",
                                     fields.take(), run_archive);
  made.description =
      "The archive holds the programs, the shared libraries of the build that they load, the files of --include and "
      "the "
      "recorded durations. Programs run in the folder it is unpacked in. pytest projects and CTest build folders are "
      "refused: run the first from a checkout, and name the programs of the second.";
  made.examples = {
      {"chiron test archive tests.tar.zst build/bin/*-tests --include 'tests/data/**'", "On the machine that builds."},
      {"chiron test --archive tests.tar.zst --shard 1/4", "On one of four that test."}};
  return made;
}

}  // namespace chiron
