#include "engines/prose/frontmatter.h"

#include "engines/prose/scope.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/doc/yaml.h"

namespace chiron::prose {

FrontMatter find_front_matter(std::string_view source) {
  FrontMatter front;
  front.toml = source.starts_with("+++\n");
  front.json = source.starts_with(";;;\n");
  if (!front.toml && !front.json && !source.starts_with("---\n")) return {};
  const std::string_view fence = front.toml ? "\n+++" : front.json ? "\n;;;" : "\n---";
  const auto close = source.find(fence, 3);
  if (close == std::string_view::npos || close == 3) return {};
  front.content_begin = 4;
  front.content_end = static_cast<std::uint32_t>(close);
  front.end = static_cast<std::uint32_t>(close + fence.size());
  return front;
}

Result<void> tell_front_matter(std::string_view source, const FrontMatter& front, const ReadOptions& options,
                               Walker& walker) {
  const auto text = source.substr(front.content_begin, front.content_end - front.content_begin);
  doc::ReadOptions reading;
  reading.allow_duplicate_keys = true;
  const auto parsed = front.toml   ? doc::parse_toml(text, reading)
                      : front.json ? doc::parse_json(text, reading)
                                   : doc::parse_yaml(text, reading);
  // A head that is no valid YAML or TOML (a thematic break at the top of a file) is left to the reader of the body.
  if (!parsed || !parsed->is_object()) return {};
  for (const auto& member : parsed->members()) {
    if (!member.value.is_string() || member.value.as_string().empty()) continue;
    auto scope = "text.frontmatter." + member.name + options.extension;
    bool ignored = false;
    for (const auto& pattern : options.ignored_scopes) ignored = ignored || selects(pattern, scope);
    if (ignored) continue;
    const auto& value = member.value.as_string();
    const auto span = member.value.span;
    const auto spelt = text.substr(span.begin, span.end > span.begin ? span.end - span.begin : 0);
    MappedText content;
    const auto base = front.content_begin + span.begin;
    if (const auto inside = spelt.find(value); inside != std::string_view::npos) {
      const auto from = base + static_cast<std::uint32_t>(inside);
      content.append(source, from, from + static_cast<std::uint32_t>(value.size()));
    } else {
      content.append_replaced(value, base, base + static_cast<std::uint32_t>(spelt.size()));
    }
    walker.block(std::move(scope), std::move(content));
  }
  return {};
}

}  // namespace chiron::prose
