// fmt: policies laid out anew, on standard output or in place.
#include "engines/policy/format/difference.h"
#include "engines/policy/format/format.h"
#include "foundation/io/files.h"
#include "operations/policy_tool.h"

namespace chiron {

using namespace policy;

namespace {

FormatOptions options_of(const PolicyFormatRequest& request) {
  FormatOptions options;
  options.drop_v0_imports = request.drop_v0_imports;
  if (request.v1_compatible) return options;
  if (request.v0_v1 || request.v0_compatible) options.read_as = RegoVersion::v0;
  if (request.v0_v1)
    options.target = FormatTarget::both;
  else if (request.v0_compatible)
    options.target = FormatTarget::v0;
  return options;
}

struct Formatting {
  const PolicyFormatRequest& request;
  const FormatOptions options;
  PolicyToolResult result;

  bool stop(std::string message, int code) {
    result.err += message + "\n";
    result.exit_code = code;
    return false;
  }
  bool unexpected() { return stop("unexpected diff", 2); }

  // False to stop there.
  bool file(const std::string& path) {
    auto text = io::read_file(path);
    if (!text) return stop("failed to open file: open " + path + ": " + text.error().message, 2);
    const auto formatted = format_policy(path, *text, options);
    if (!formatted) return stop("failed to format Rego source file: " + to_string(formatted.error()), 2);
    if (!request.no_check_result) {
      ParseOptions parse;
      parse.version = options.target == FormatTarget::v1 ? RegoVersion::v1 : RegoVersion::v0;
      parse.logic_keywords = true;
      if (const auto again = parse_module("formatted", *formatted, parse); !again) {
        return stop(path + " was successfully formatted, but the result is invalid: " + to_string(again.error()) +
                        "\n\nTo inspect the formatted Rego, you can turn off this check with --check-result=false.",
                    2);
      }
    }
    const bool changed = *formatted != *text;
    if (request.fail && changed && !request.list && !request.diff) return unexpected();
    if (request.list || request.diff) {
      if (!changed) return true;
      result.out += request.list ? path : coloured(text_changes(*text, *formatted));
      result.out += '\n';
      return request.fail ? unexpected() : true;
    }
    if (!request.write) {
      result.out += *formatted;
      return true;
    }
    if (!changed) return true;
    if (const auto written = io::write_file_atomic(path, *formatted); !written) return stop(written.error().message, 2);
    return true;
  }

  bool path(const std::string& given) {
    if (!io::exists(given)) return stop("lstat " + given + ": no such file or directory", 1);
    if (!io::is_folder(given)) return given.ends_with(".rego") ? file(given) : true;
    const auto entries = io::walk(given);
    if (!entries) return stop(entries.error().message, 1);
    for (const io::Entry& entry : *entries) {
      if (entry.type != io::EntryType::file || !entry.path.ends_with(".rego")) continue;
      if (!file(io::normalize_path(io::join_path(given, entry.path)))) return false;
    }
    return true;
  }
};

}  // namespace

PolicyToolResult policy_format(const PolicyFormatRequest& request, PolicyToolContext& context) {
  Formatting formatting{request, options_of(request), {}};
  if (request.paths.empty()) {
    auto text = context.read_input ? context.read_input() : Result<std::string>();
    if (!text) return {"", text.error().message + "\n", 1};
    auto formatted = format_policy("stdin", *text, formatting.options);
    if (!formatted) return {"", "failed to format Rego source: " + to_string(formatted.error()) + "\n", 1};
    if (request.diff) {
      if (*formatted == *text) return {};
      return {coloured(text_changes(*text, *formatted)) + "\n", request.fail ? "unexpected diff\n" : "",
              request.fail ? 2 : 0};
    }
    return {std::move(*formatted), "", 0};
  }
  for (const std::string& path : request.paths) {
    if (!formatting.path(path)) break;
  }
  return std::move(formatting.result);
}

}  // namespace chiron
