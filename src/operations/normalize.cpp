// chiron normalize FILE…: remove what differs from build to build without meaning anything.
#include "engines/compare/normalize/normalize.h"

#include "core/operation.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
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
               {.help = "Files to normalise in place",
                .placeholder = "FILE",
                .example = "dist/app.whl",
                .positional = true,
                .required = true,
                .is_path = true})
          .add("check", &NormalizeRequest::check, {.help = "Change nothing; exit with 1 where a file is not normal"})
          .add("output", &NormalizeRequest::output,
               {.help = "Write the normal form here and keep the file",
                .placeholder = "FILE",
                .example = "normal.whl",
                .is_path = true,
                .scope = FieldScope::command_line})
          .add("form", &NormalizeRequest::form,
               {.help = "How the record of changes is printed", .fallback = "text", .choices = {"text", "json"}})
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
  return made;
}

}  // namespace chiron
