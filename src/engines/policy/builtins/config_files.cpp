// parse_config, parse_config_file, parse_combined_config_files: configuration in any readable format as a value. Files
// are found from the folder of the policy that calls.
#include "engines/policy/builtins/support.h"
#include "engines/policy/inputs/reader.h"
#include "foundation/io/files.h"

namespace chiron::policy::functions {

namespace {

constexpr std::size_t kConfigFileBytes = std::size_t{256} << 20;

Value read_file_here(BuiltinContext& context, std::string_view path) {
  const std::string folder(io::parent_path(context.call_file));
  const std::string full = path.starts_with('/') || folder.empty() ? std::string(path) : io::join_path(folder, path);
  const auto text = io::read_file(full, kConfigFileBytes);
  if (!text) {
    const bool missing = text.error().code == "io.not-found";
    return context.fail("open " + full + ": " + (missing ? "no such file or directory" : text.error().message));
  }
  const auto format = input_format_of(full);
  if (!format) return context.fail("new parser: " + format.error().message);
  const auto value = parse_input(*format, *text);
  if (!value) return context.fail("parse configurations: " + full + ": " + value.error().message);
  return context.store.from_document(*value);
}

}  // namespace

Value parse_config(BuiltinContext& context, Arguments arguments) {
  std::string_view parser, text;
  if (!take_string(context, arguments, 0, parser) || !take_string(context, arguments, 1, text)) return {};
  const auto format = parse_input_format(parser);
  if (!format) return context.fail("create config parser: " + format.error().message);
  const auto value = parse_input(*format, text);
  if (!value) return context.fail("unmarshal config: " + value.error().message);
  return context.store.from_document(*value);
}

Value parse_config_file(BuiltinContext& context, Arguments arguments) {
  std::string_view path;
  if (!take_string(context, arguments, 0, path)) return {};
  return read_file_here(context, path);
}

Value parse_combined_config_files(BuiltinContext& context, Arguments arguments) {
  std::vector<std::string_view> paths;
  if (!take_strings(context, arguments, 0, paths)) return {};
  std::vector<Value> entries;
  for (const std::string_view path : paths) {
    const Value contents = read_file_here(context, path);
    if (context.failed()) return {};
    entries.push_back(context.store.object({Member{context.store.intern("contents"), contents},
                                            Member{context.store.intern("path"), context.store.string(path)}}));
  }
  return context.store.array(entries);
}

}  // namespace chiron::policy::functions
