// Compiled Python modules: the header and the marshalled code objects, read with bounds.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/difference.h"
#include "foundation/base/result.h"

namespace chiron::compare::pyc {

inline constexpr std::size_t kMaxObjects = 4'000'000;
inline constexpr int kMaxNesting = 200;  // of tuples and code objects
inline constexpr std::size_t kShownValueBytes = 2000;

// One marshalled object. Children and references are indices into Module::objects.
struct Object {
  char type = 'N';         // marshal's type letter
  std::string_view bytes;  // strings; the digits of numbers
  std::int64_t number = 0;
  double real = 0, imaginary = 0;
  std::vector<std::uint32_t> items;
  std::uint32_t code = UINT32_MAX;  // index into Module::codes
  Range place;
};

struct Code {
  std::int64_t argument_count = 0, positional_only = 0, keyword_only = 0, local_count = 0, stack_size = 0, flags = 0;
  std::int64_t first_line = 0;
  // Objects.
  std::uint32_t bytecode = 0, constants = 0, names = 0, variables = 0, variable_kinds = 0, free_variables = 0,
                cell_variables = 0, file = 0, name = 0, qualified_name = 0, line_table = 0, exception_table = 0;
  Range place;
};

struct Module {
  std::uint16_t magic = 0;
  int minor = 0;  // of 3.x; 0 where the magic number is not known
  std::uint32_t flags = 0, time = 0, source_size = 0;
  std::string_view source_hash;
  std::size_t header_bytes = 16;
  std::vector<Object> objects;
  std::vector<Code> codes;
  std::uint32_t root = 0;
  std::uint64_t end = 0;  // where the marshalled data ends

  [[nodiscard]] const Object& object(std::uint32_t index) const { return objects[index]; }
  // As Python would print it, cut at kShownValueBytes.
  [[nodiscard]] std::string show(std::uint32_t index) const;
  [[nodiscard]] std::string text(std::uint32_t index) const;  // a string's content, printable
};

[[nodiscard]] int minor_version(std::uint16_t magic);
[[nodiscard]] Result<Module> read_module(std::string_view bytes);

// Entries "number kind caches name", see pyc_opcodes.cpp; empty for versions that are not listed.
[[nodiscard]] std::string_view opcode_table(int minor_version);

// One instruction and the line it belongs to (0: none).
struct Step {
  std::uint32_t offset = 0;
  std::uint32_t line = 0;
  std::string text;
};
[[nodiscard]] std::vector<Step> list_code(const Module& module, const Code& code);

}  // namespace chiron::compare::pyc
