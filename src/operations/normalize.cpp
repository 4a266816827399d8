// chiron normalize FILE…: remove what differs from build to build without meaning anything.
#include "engines/compare/normalize/normalize.h"

#include "core/operation.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "operations/expand_files.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct NormalizeRequest {
  std::vector<std::string> files;
  bool check = false;
  std::string output;
  std::string form = "text";
  std::optional<std::int64_t> time;
};

struct Done {
  std::string file;
  compare::Normalized result;
  bool changed = false;
};

std::string as_json(const std::vector<Done>& all) {
  auto list = doc::Value::array();
  for (const auto& done : all) {
    auto entry = doc::Value::object();
    entry.set("file", doc::Value(done.file))
        .set("format", doc::Value(done.result.format))
        .set("changed", doc::Value(done.changed));
    auto changes = doc::Value::array();
    for (const auto& change : done.result.changes) {
      auto item = doc::Value::object();
      item.set("member", doc::Value(change.member)).set("what", doc::Value(change.what));
      item.set("before", doc::Value(change.before)).set("after", doc::Value(change.after));
      changes.push(std::move(item));
    }
    entry.set("changes", std::move(changes));
    list.push(std::move(entry));
  }
  return doc::write_json_pretty(list) + "\n";
}

std::string as_text(const std::vector<Done>& all, bool check) {
  std::string out;
  for (const auto& done : all) {
    if (done.result.format.empty()) {
      out += format("{}: no format that is normalised\n", done.file);
    } else if (!done.changed) {
      out += format("{}: normal\n", done.file);
    } else {
      out += format("{}: {} ({} {})\n", done.file, check ? "not normal" : "normalised", done.result.changes.size(),
                    done.result.changes.size() == 1 ? "change" : "changes");
    }
    for (const auto& change : done.result.changes) {
      out += format("  {}{}{}: {} → {}\n", change.member, change.member.empty() ? "" : ": ", change.what, change.before,
                    change.after);
    }
  }
  return utf8::sanitize(out);
}

constexpr std::string_view kNotNormal = "normalize/not-normal", kUnreadable = "normalize/unreadable",
                           kUnknown = "normalize/unknown-format";
constexpr std::size_t kEvidenceChanges = 50;

std::vector<Rule> rules() {
  return {{std::string(kNotNormal),
           "NotNormal",
           "A file holds times, owners, order or marks of the packer.",
           "Such files differ from build to build although nothing of meaning does. `chiron normalize FILE` takes "
           "them out; the evidence lists what it would change.",
           Level::error,
           "",
           {}},
          {std::string(kUnknown),
           "UnknownFormat",
           "A file has no format that is normalised.",
           "It is left as it is. Take it out of `files`, or look at it with `file`.",
           Level::note,
           "",
           {}},
          {std::string(kUnreadable),
           "Unreadable",
           "A file is damaged, or of a kind that is refused.",
           "The message names the member and the reason. The other files are judged all the same.",
           Level::error,
           "",
           {}}};
}

Finding finding_of(const std::string& file, std::string_view rule, Level level, std::string message,
                   const compare::Normalized* result) {
  Finding finding;
  finding.rule = rule;
  finding.level = level;
  finding.message = utf8::sanitize(message);
  finding.place.file = file;
  if (result == nullptr) return finding;
  auto changes = doc::Value::array();
  for (const auto& change : result->changes) {
    if (changes.items().size() == kEvidenceChanges) break;
    changes.push(doc::Value(utf8::sanitize(format("{}{}{}: {} → {}", change.member, change.member.empty() ? "" : ": ",
                                                  change.what, change.before, change.after))));
  }
  finding.evidence = doc::Value::object();
  finding.evidence.set("format", doc::Value(result->format))
      .set("change-count", doc::Value(result->changes.size()))
      .set("changes", std::move(changes));
  return finding;
}

// The gate: no file is written, and one that cannot be judged does not keep the others from it.
Result<Response> judge(const NormalizeRequest& request, const compare::NormalizeOptions& options, Context& context) {
  const auto files = TRY(expand_files(request.files, context));
  Response response;
  if (files.empty()) {
    response.skipped = format("no file matches {}", text::join(request.files, ", "));
    return response;
  }
  std::uint64_t normal = 0;
  for (const auto& path : files) {
    if (context.cancel.cancelled()) return fail(ErrorKind::interrupted, "interrupted", "interrupted");
    const auto file = context.workspace.relative(path);
    response.inputs.push_back(file);
    const auto bytes = TRY(io::read_file(path, options.max_bytes));
    compare::Budget budget({}, &context.cancel);
    const auto result = compare::normalize(bytes, file, options, budget);
    if (!result) {
      response.findings.push_back(finding_of(file, kUnreadable, Level::error, result.error().message, nullptr));
    } else if (result->format.empty()) {
      response.findings.push_back(finding_of(file, kUnknown, Level::note, "no format that is normalised", nullptr));
    } else if (result->bytes == bytes) {
      ++normal;
    } else {
      response.findings.push_back(
          finding_of(file, kNotNormal, Level::error,
                     format("not in its normal form ({} {}): run chiron normalize {}", result->changes.size(),
                            result->changes.size() == 1 ? "change" : "changes", file),
                     &*result));
    }
  }
  response.metrics = {{"files", static_cast<double>(files.size()), ""}, {"normal", static_cast<double>(normal), ""}};
  response.rules = rules();
  return response;
}

Result<std::optional<std::vector<std::string>>> normalize_inputs(const void* pointer, Context& context) {
  const auto& request = *static_cast<const NormalizeRequest*>(pointer);
  if (!request.time) return std::nullopt;  // the environment may set the time
  std::vector<std::string> files;
  for (const auto& path : TRY(expand_files(request.files, context))) files.push_back(context.workspace.relative(path));
  return files;
}

Result<Response> run_normalize(const NormalizeRequest& request, Context& context) {
  if (!request.output.empty() && request.files.size() != 1) {
    return fail(ErrorKind::usage, "usage.argument", "--output takes the normal form of one file; give one file");
  }
  compare::NormalizeOptions options;
  const auto epoch = context.environment != nullptr ? context.environment("SOURCE_DATE_EPOCH") : std::nullopt;
  options.time = request.time.value_or(epoch ? text::parse_signed(*epoch).value_or(0) : 0);
  if (options.time < 0 || options.time > 0xffffffff) {
    return fail(ErrorKind::usage, "usage.value",
                format("the time {} does not fit 32 bits, as the formats need", options.time));
  }
  if (!context.gate.empty()) return judge(request, options, context);
  std::vector<Done> all;
  bool any_changed = false;
  for (const auto& file : request.files) {
    const auto path = context.absolute(file);
    const auto bytes = TRY(io::read_file(path, options.max_bytes));
    compare::Budget budget({}, &context.cancel);
    auto result = compare::normalize(bytes, file, options, budget);
    if (!result) {
      auto error = std::move(result).error();
      error.message = file + ": " + error.message;
      return std::unexpected(std::move(error));
    }
    Done done{file, *std::move(result), false};
    done.changed = done.result.bytes != bytes;
    any_changed = any_changed || done.changed;
    if (!request.check) {
      const auto target = request.output.empty() ? path : context.absolute(request.output);
      if (done.changed || !request.output.empty()) TRY(io::write_file_atomic(target, done.result.bytes));
    }
    done.result.bytes.clear();
    all.push_back(std::move(done));
  }
  Response response;
  response.output = request.form == "json" ? as_json(all) : as_text(all, request.check);
  response.exit_code = request.check && any_changed ? 1 : 0;
  return response;
}

}  // namespace

Operation normalize_operation() {
  auto made = operation<NormalizeRequest>(
      "normalize", "Remove times, owners, order and packers' marks from archives and files",
      Fields<NormalizeRequest>()
          .add("files", &NormalizeRequest::files,
               {.help = "Files to normalise in place; in the gate files or wildcards, only checked",
                .placeholder = "FILE",
                .example = "dist/app.whl",
                .positional = true,
                .required = true,
                .is_path = true})
          .add("check", &NormalizeRequest::check,
               {.help = "Change nothing; exit with 1 where a file is not normal", .scope = FieldScope::command_line})
          .add("output", &NormalizeRequest::output,
               {.help = "Write the normal form here and keep the file",
                .placeholder = "FILE",
                .example = "normal.whl",
                .is_path = true,
                .scope = FieldScope::command_line})
          .add("form", &NormalizeRequest::form,
               {.help = "How the record of changes is printed",
                .fallback = "text",
                .choices = {"text", "json"},
                .scope = FieldScope::command_line})
          .add("time", &NormalizeRequest::time,
               {.help = "Seconds since 1970 written as time stamps ($SOURCE_DATE_EPOCH, else 0)",
                .placeholder = "SECONDS",
                .minimum = 0,
                .maximum = 4294967295.0})
          .take(),
      run_normalize);
  made.description =
      "Formats: ar, tar, zip (jar, wheel), gzip, PNG, Python bytecode, gettext, cpio (newc); archives within archives "
      "too. "
      "Every change is listed. Doing it twice changes nothing more. Exit code 1 only with --check.";
  made.examples = {{"chiron normalize dist/app.whl", "Normalise a wheel in place."},
                   {"chiron normalize --check dist/*.tar.gz", "Fail where an archive is not normal."}};
  GateFacet gate;
  gate.since = "Every file is judged whole and every finding counts: an artifact follows from all sources.";
  gate.counts_whole = true;
  gate.rules = rules;
  gate.inputs = normalize_inputs;
  made.gate = std::move(gate);
  return made;
}

}  // namespace chiron
