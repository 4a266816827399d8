#include "engines/compare/container/container.h"
namespace chiron::compare {
bool is_squashfs(ByteView, std::string_view) { return false; }
Result<std::unique_ptr<Container>> open_squashfs(ByteView, std::string_view, Context&) { return fail(ErrorKind::unsupported,"",""); }
}
