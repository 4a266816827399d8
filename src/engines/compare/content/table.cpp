// The content comparers in the order they are tried: formats with a magic number first, then those known by their
// extension, so that a sniff by name never hides a sure one.
#include "engines/compare/comparer.h"
#include "engines/compare/content/elf_compare.h"

namespace chiron::compare {
namespace {

constexpr Comparer kComparers[] = {
    {"ELF file", matches_elf, compare_elf},
};

}  // namespace

std::span<const Comparer> content_comparers() { return kComparers; }

}  // namespace chiron::compare
