// Java class files: the constant pool and the members' attributes, read with bounds.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/content/bytes.h"
#include "engines/compare/difference.h"
#include "foundation/base/result.h"

namespace chiron::compare::java {

struct Constant {
  std::uint8_t tag = 0;
  std::uint16_t first = 0, second = 0;  // indices; the kind of a method handle
  std::uint64_t number = 0;
  std::string_view text;
  Range place;
};

struct Attribute {
  std::string_view name;
  std::string_view content;
  std::uint64_t offset = 0;  // of the content in the file
};

struct Member {
  std::uint16_t flags = 0;
  std::string_view name, descriptor;
  std::vector<Attribute> attributes;
  Range place;
};

struct ClassFile {
  std::uint16_t minor = 0, major = 0, flags = 0, this_class = 0, super_class = 0;
  std::vector<Constant> constants;  // index 0 unused
  std::vector<std::uint16_t> interfaces;
  std::vector<Member> fields, methods;
  std::vector<Attribute> attributes;
  std::uint64_t pool_end = 0, end = 0;

  [[nodiscard]] std::string_view text(std::uint16_t index) const;
  // A constant as javap names it: "Method java/io/PrintStream.println:(I)V".
  [[nodiscard]] std::string show(std::uint16_t index) const;
};

[[nodiscard]] Result<ClassFile> read_class(std::string_view bytes);
// Attributes nested in another's content (those of Code).
[[nodiscard]] std::vector<Attribute> read_attributes(const ClassFile& file, ByteReader& in, std::uint64_t base);

struct Step {
  std::uint32_t offset = 0;
  std::uint32_t line = 0;
  std::string text;
};
// The instructions of a method; `lines` maps an offset's start to a line, in ascending order of offsets.
[[nodiscard]] std::vector<Step> list_code(const ClassFile& file, std::string_view code,
                                          const std::vector<std::pair<std::uint16_t, std::uint16_t>>& lines);
[[nodiscard]] std::span<const std::string_view> opcode_table();

}  // namespace chiron::compare::java
