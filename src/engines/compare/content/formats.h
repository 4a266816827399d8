// The content formats' comparers, each declared by its two functions; table.cpp puts them in order.
#pragma once
#include "engines/compare/comparer.h"

namespace chiron::compare {

#define CHIRON_CONTENT_FORMAT(name)                                                 \
  [[nodiscard]] bool matches_##name(ByteView a, ByteView b, std::string_view path); \
  [[nodiscard]] Result<void> compare_##name(ByteView a, ByteView b, Context& context, Difference& out)

CHIRON_CONTENT_FORMAT(elf);
CHIRON_CONTENT_FORMAT(pyc);
CHIRON_CONTENT_FORMAT(java_class);
CHIRON_CONTENT_FORMAT(png);
CHIRON_CONTENT_FORMAT(jpeg);
CHIRON_CONTENT_FORMAT(gif);
CHIRON_CONTENT_FORMAT(message_catalog);
CHIRON_CONTENT_FORMAT(certificate);
CHIRON_CONTENT_FORMAT(ssh_key);
CHIRON_CONTENT_FORMAT(git_index);
CHIRON_CONTENT_FORMAT(control);
CHIRON_CONTENT_FORMAT(sqlite);
CHIRON_CONTENT_FORMAT(json);
CHIRON_CONTENT_FORMAT(yaml);
CHIRON_CONTENT_FORMAT(toml);
CHIRON_CONTENT_FORMAT(xml);
CHIRON_CONTENT_FORMAT(html);
CHIRON_CONTENT_FORMAT(wasm);
CHIRON_CONTENT_FORMAT(macho);
CHIRON_CONTENT_FORMAT(pe);
CHIRON_CONTENT_FORMAT(font);
CHIRON_CONTENT_FORMAT(rpm);
CHIRON_CONTENT_FORMAT(pdf);

#undef CHIRON_CONTENT_FORMAT

}  // namespace chiron::compare
