// Functions of two programs compared as instructions, so that what the compiler changed stands out and what the linker
// merely moved does not.
#pragma once
#include <string>
#include <vector>

#include "engines/compare/comparer.h"
#include "engines/compare/content/elf_program.h"

namespace chiron::compare::elf {

// Compares the functions of the code section `a` (of `left`) with those of `b` (of `right`): one child of `out` per
// function that differs, is missing or was added. `out`'s byte spaces are the sections'.
void compare_code(const Program& left, const Section& a, const Program& right, const Section& b, Context& context,
                  Difference& out);

// The instructions that refer to addresses in [begin, end): "main (hello.c:3)". At most `limit`.
struct Use {
  std::string text;
  std::uint64_t address = 0;
};
[[nodiscard]] std::vector<Use> find_uses(const Program& program, std::uint64_t begin, std::uint64_t end,
                                         std::size_t limit);

}  // namespace chiron::compare::elf
