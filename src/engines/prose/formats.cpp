// Which extension is which format, as Vale assigns them.
#include <algorithm>

#include "engines/prose/lint.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

struct Known {
  std::string_view extensions;  // between spaces
  std::string_view reads_as;
  std::string_view family;
};
constexpr Known kFormats[] = {
    {" py py3 pyw rpy cpy rpyw SConstruct ", ".py", "code"},
    {" adoc asciidoc asc ", ".adoc", "markup"},
    {" clj cljs cljc cljd ", ".clj", "code"},
    {" cpp cc c cp cxx c++ h hpp h++ ", ".cpp", "code"},
    {" css ", ".css", "code"},
    {" cs csx ", ".c", "code"},
    {" dita ", ".dita", "markup"},
    {" go ", ".go", "code"},
    {" hs ", ".hs", "code"},
    {" html htm shtml xhtml ", ".html", "markup"},
    {" java bsh ", ".java", "code"},
    {" jl ", ".jl", "code"},
    {" js jsx ", ".js", "code"},
    {" lua ", ".lua", "code"},
    {" md mdown markdown markdn ", ".md", "markup"},
    {" mdx ", ".mdx", "markup"},
    {" org ", ".org", "markup"},
    {" php ", ".php", "code"},
    {" pl pm pod ", ".r", "code"},
    {" proto ", ".proto", "code"},
    {" ps1 psm1 psd1 ", ".ps1", "code"},
    {" rb Gemfile Rakefile Brewfile gemspec ", ".rb", "code"},
    {" rs ", ".rs", "code"},
    {" rst rest ", ".rst", "markup"},
    {" r R ", ".r", "code"},
    {" sass less ", ".c", "code"},
    {" scala sbt ", ".c", "code"},
    {" swift ", ".c", "code"},
    {" sh bash ", ".sh", "code"},
    {" ts tsx ", ".ts", "code"},
    {" txt ", ".txt", "text"},
    {" xml xsd ", ".xml", "markup"},
    {" yaml yml ", ".yml", "code"},
    {" json ", ".json", "data"},
    {" toml ", ".toml", "code"},
};

const Known* find(std::string_view extension) {
  const auto padded = " " + std::string(extension) + " ";
  for (const auto& known : kFormats) {
    if (!extension.empty() && known.extensions.find(padded) != std::string_view::npos) return &known;
  }
  return nullptr;
}

}  // namespace

Format format_of(std::string_view path, const std::map<std::string, std::string>& formats) {
  auto extension = std::string(io::extension(path));
  if (!extension.empty()) extension.erase(0, 1);
  const auto* own = find(extension);
  if (const auto mapped = formats.find(extension); mapped != formats.end()) {
    const auto* other = find(mapped->second);
    if (own != nullptr && other != nullptr && other->family == "markup") {
      if (own->family == "code") return {"." + mapped->second, "fragment"};
      if (own->family == "data") return {"." + mapped->second, "data"};
    }
    own = other;
  }
  if (own == nullptr) return {"unknown", "unknown"};
  return {std::string(own->reads_as), std::string(own->family)};
}

}  // namespace chiron::prose
