// chiron diff A B: what differs between two files, folders, archives or images.
#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "operations/diff_gate.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct DiffRequest {
  std::string a;
  std::string b;
  std::string form = "terminal";
  std::vector<std::string> exclude;
  std::vector<std::string> mask;
  bool exclude_metadata = false;
  bool semantic = false;
  bool folder_times = false;
  bool full = false;
  std::int64_t max_report = 0;
  std::int64_t max_memory = 2048;
  std::int64_t max_decoded = 65536;
  std::int64_t max_depth = 64;
  std::int64_t timeout = 0;
  // Of the gate.
  std::string expected = "equal";
  std::vector<std::string> allow;
  std::int64_t findings = 100;
  std::string evidence;
};

std::string print(const DiffRequest& request, const compare::Comparison& comparison, const Context& context) {
  compare::ReportOptions options;
  options.max_bytes = static_cast<std::uint64_t>(request.max_report);
  options.colour = context.colour;
  options.width = context.terminal ? context.width : 120;
  options.full = request.full;
  if (request.form == "text") return print_text(comparison, options);
  if (request.form == "json") return print_json(comparison, options);
  if (request.form == "diffoscope-json") return print_diffoscope_json(comparison, options);
  if (request.form == "markdown") return print_markdown(comparison, options);
  if (request.form == "html") return print_html(comparison, options);
  return print_terminal(comparison, options);
}

Result<Response> run_diff(const DiffRequest& request, Context& context) {
  compare::Options options;
  options.exclude = request.exclude;
  options.masks = request.mask;
  options.exclude_metadata = request.exclude_metadata;
  options.semantic = request.semantic;
  options.folder_times = request.folder_times;
  options.workers = context.pool.workers();
  options.limits.memory_bytes = static_cast<std::uint64_t>(request.max_memory) * limits::kMiB;
  if (context.memory_bytes != 0)
    options.limits.memory_bytes = std::min(options.limits.memory_bytes, context.memory_bytes);
  options.limits.decoded_bytes = static_cast<std::uint64_t>(request.max_decoded) * limits::kMiB;
  options.limits.depth = static_cast<std::uint32_t>(request.max_depth);
  options.limits.time = std::chrono::seconds(request.timeout);
  const auto path = [&](const std::string& given) {
    return given == "-" ? std::string("/dev/stdin") : context.absolute(given);
  };
  const auto comparison = TRY(compare::compare_paths(path(request.a), path(request.b), options, &context.cancel));
  if (!context.gate.empty()) {
    return diff_gate::judge({request.a, request.b, request.expected == "equal", request.allow,
                             static_cast<std::size_t>(request.findings), request.evidence},
                            comparison, context);
  }
  Response response;
  response.output = print(request, comparison, context);
  response.exit_code = comparison.differs ? 1 : 0;
  return response;
}

// Two files decide the result whole. Folders also differ by modes and links, which no digest of a file knows, and an
// evidence file is to be written each time: neither comes from the cache.
Result<std::optional<std::vector<std::string>>> diff_inputs(const void* pointer, Context& context) {
  const auto& request = *static_cast<const DiffRequest*>(pointer);
  std::vector<std::string> files;
  for (const auto& side : {request.a, request.b}) {
    const auto path = context.absolute(side);
    if (!request.evidence.empty() || !io::exists(path) || io::is_folder(path)) return std::nullopt;
    files.push_back(context.workspace.relative(path));
  }
  return files;
}

}  // namespace

Operation diff_operation() {
  auto made = operation<DiffRequest>(
      "diff", "Show what differs between two files, folders, archives or images",
      Fields<DiffRequest>()
          .add("a", &DiffRequest::a,
               {.help = "The first file or folder; - is standard input",
                .placeholder = "A",
                .example = "old.tar.gz",
                .positional = true,
                .required = true,
                .is_path = true})
          .add("b", &DiffRequest::b,
               {.help = "The second file or folder; - is standard input",
                .placeholder = "B",
                .example = "new.tar.gz",
                .positional = true,
                .required = true,
                .is_path = true})
          .add("form", &DiffRequest::form,
               {.help = "How the differences are shown",
                .fallback = "terminal",
                .example = "html",
                .choices = {"terminal", "text", "json", "diffoscope-json", "markdown", "html"},
                .scope = FieldScope::command_line})
          .add("exclude", &DiffRequest::exclude,
               {.help = "Leave out members whose path or name matches the wildcard",
                .placeholder = "GLOB",
                .example = "*.pyc"})
          .add("exclude-metadata", &DiffRequest::exclude_metadata,
               {.help = "Ignore times, owners, modes, header fields and member order, and list them as ignored"})
          .add("mask", &DiffRequest::mask,
               {.help = "Ignore what differs only where the regular expression matches",
                .placeholder = "REGEX",
                .example = "built at [0-9-]+"})
          .add("semantic", &DiffRequest::semantic,
               {.help = "Ignore what does not change the meaning, and list it as ignored"})
          .add("folder-times", &DiffRequest::folder_times,
               {.help = "In folders, also compare times and owners of files"})
          .add("full", &DiffRequest::full,
               {.help = "Fold nothing in the terminal form", .scope = FieldScope::command_line})
          .add("max-report", &DiffRequest::max_report,
               {.help = "Cut the report at this many bytes and say how much is left off (0: no bound)",
                .fallback = "0",
                .placeholder = "BYTES",
                .minimum = 0,
                .scope = FieldScope::command_line})
          .add("max-memory", &DiffRequest::max_memory,
               {.help = "MiB of memory for decoded data; more goes to a temporary file",
                .fallback = "2048",
                .placeholder = "MIB",
                .minimum = 1,
                .maximum = 1048576})
          .add("max-decoded", &DiffRequest::max_decoded,
               {.help = "MiB of data decoded in all, against decompression bombs",
                .fallback = "65536",
                .placeholder = "MIB",
                .minimum = 1,
                .maximum = 16777216})
          .add("max-depth", &DiffRequest::max_depth,
               {.help = "Containers within containers that are opened",
                .fallback = "64",
                .placeholder = "N",
                .minimum = 0,
                .maximum = 200})
          .add("timeout", &DiffRequest::timeout,
               {.help = "Stop after this many seconds (0: never)",
                .fallback = "0",
                .placeholder = "SECONDS",
                .minimum = 0,
                .scope = FieldScope::command_line})
          .add("expected", &DiffRequest::expected,
               {.help = "What the gate expects of the two",
                .fallback = "equal",
                .choices = {"equal", "different"},
                .scope = FieldScope::config})
          .add(
              "allow", &DiffRequest::allow,
              {.help = "Differences that may be: a wildcard of members' paths, alone or with what may differ (content, "
                       "metadata, order, added, missing, renamed, unreadable, or a property's name)",
               .placeholder = "PATH[: KIND]",
               .example = "[\"*.dist-info/RECORD: content\", \"**: mtime\"]",
               .scope = FieldScope::config})
          .add("findings", &DiffRequest::findings,
               {.help = "Differences that become findings of their own; one more counts the rest",
                .fallback = "100",
                .minimum = 1,
                .maximum = 100000,
                .scope = FieldScope::config})
          .add("evidence", &DiffRequest::evidence,
               {.help = "File to write an in-toto statement to: both digests and what differs",
                .placeholder = "FILE",
                .example = "build/diff.intoto.json",
                .is_path = true,
                .scope = FieldScope::config})
          .take(),
      run_diff);
  made.description =
      "Equal bytes are settled at the speed of memory; only what differs is opened, by its format, down to the member, "
      "header field, line or byte. Exit code 0: equal (or all differences ignored), 1: different, 2: could not "
      "compare.";
  made.examples = {{"chiron diff old.tar.gz new.tar.gz", "Which members differ, and where."},
                   {"chiron diff --semantic build-a build-b", "Ignore times, owners and packing."},
                   {"chiron diff --form html a.whl b.whl > report.html", "A page to share."}};
  GateFacet gate;
  gate.since = "The artifacts are compared whole and every difference counts: an artifact follows from all sources.";
  gate.counts_whole = true;
  gate.rules = diff_gate::rules;
  gate.inputs = diff_inputs;
  gate.detect = diff_gate::detect;
  made.gate = std::move(gate);
  return made;
}

}  // namespace chiron
