// ELF files compared by what they mean; see elf_compare.cpp.
#pragma once
#include "engines/compare/comparer.h"

namespace chiron::compare {

[[nodiscard]] bool matches_elf(ByteView a, ByteView b, std::string_view name);
[[nodiscard]] Result<void> compare_elf(ByteView a, ByteView b, Context& context, Difference& out);

}  // namespace chiron::compare
