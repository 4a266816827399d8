// Formats that are known by name and have no reader here.
#include "engines/prose/reader.h"
#include "foundation/base/format.h"

namespace chiron::prose {

namespace {
std::unexpected<Error> refuse(const char* format_name) {
  return fail(ErrorKind::unsupported, "prose.unsupported", format("there is no reader for {} yet", format_name),
              Place{}, "leave such files out with --glob or a section of .vale.ini");
}
}  // namespace

Result<Document> read_mdx(std::string_view, const ReadOptions&) { return refuse("MDX"); }
Result<Document> read_xml_text(std::string_view, const ReadOptions&) { return refuse("XML and DITA"); }

}  // namespace chiron::prose
