// Machine code as instructions (over Capstone), with the address that an instruction refers to kept apart from its
// text, so that two listings can be compared without regard to where the linker put things.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/content/bytes.h"

namespace chiron::compare {

struct Instruction {
  std::uint64_t address = 0;
  std::uint32_t size = 0;
  bool has_target = false;  // then `text` holds kTargetMark where the address stood
  std::uint64_t target = 0;
  std::string text;
};
inline constexpr char kTargetMark = '\x01';

class Disassembler {
 public:
  // ELF's number of the machine; nullptr where Capstone cannot do it.
  [[nodiscard]] static std::unique_ptr<Disassembler> create(std::uint16_t machine, bool is_64, Endian endian);
  virtual ~Disassembler() = default;
  // Decodes `code`, which lies at `address`; bytes that are no instruction become ".byte" lines.
  // `absolute` says that immediate operands may be addresses in [low, high) (programs that are not relocatable).
  virtual void decode(std::string_view code, std::uint64_t address, std::uint64_t low, std::uint64_t high,
                      std::vector<Instruction>& out) = 0;
};

}  // namespace chiron::compare
