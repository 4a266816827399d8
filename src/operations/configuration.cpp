#include "operations/configuration.h"

#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron {

Result<Config> load_config(Context& context) {
  const auto path = context.config_file.empty() ? context.workspace.absolute("chiron.toml") : context.config_file;
  if (!context.workspace.file_system().exists(path))
    return fail(ErrorKind::config, "config.none", format("there is no {}", context.workspace.relative(path)), {},
                "chiron init writes one that fits the repository.");
  const auto text = TRY(context.workspace.file_system().read(path));
  if (text.size() > limits::kConfigBytes)
    return fail(ErrorKind::limit, "limit.size",
                format("{} has {} bytes; {} are allowed", path, text.size(), limits::kConfigBytes));
  auto shown = io::relative_path(path, context.folder);
  if (shown.empty() || shown.starts_with("../")) shown = path;
  auto config = TRY(parse_config(text, shown, *context.registry));
  context.workspace.set_filters(config.workspace.include, config.workspace.exclude);
  return config;
}

}  // namespace chiron
