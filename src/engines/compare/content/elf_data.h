// Data of an ELF file: each differing stretch is told as the strings or the object it belongs to, with the functions
// that use it.
#pragma once
#include "engines/compare/content/elf_program.h"
#include "engines/compare/content/formats.h"

namespace chiron::compare::elf {

// Fills `node` with what differs between two data sections; places are in the sections' bytes.
void compare_data(const Program& left, const Section& a, const Program& right, const Section& b, Context& context,
                  Difference& node);

}  // namespace chiron::compare::elf
