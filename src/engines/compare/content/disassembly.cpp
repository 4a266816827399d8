#include "engines/compare/content/disassembly.h"

#include <capstone/capstone.h>

#include <charconv>
#include <cstring>

#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

// The hexadecimal number at `at` in `text`; moves `at` past it.
bool parse_hex(std::string_view text, std::size_t& at, std::uint64_t& value) {
  if (text.substr(at, 2) != "0x") return false;
  const char* first = text.data() + at + 2;
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value, 16);
  if (error != std::errc{}) return false;
  at = static_cast<std::size_t>(end - text.data());
  return true;
}

class CapstoneDisassembler final : public Disassembler {
 public:
  CapstoneDisassembler(csh handle, cs_insn* instruction, std::uint16_t machine, std::uint32_t step)
      : handle_(handle), instruction_(instruction), machine_(machine), step_(step) {}
  CapstoneDisassembler(const CapstoneDisassembler&) = delete;
  CapstoneDisassembler& operator=(const CapstoneDisassembler&) = delete;
  ~CapstoneDisassembler() override {
    cs_free(instruction_, 1);
    cs_close(&handle_);
  }

  void decode(std::string_view code, std::uint64_t address, std::uint64_t low, std::uint64_t high,
              std::vector<Instruction>& out) override {
    const auto* at = reinterpret_cast<const std::uint8_t*>(code.data());
    std::size_t left = code.size();
    while (left > 0) {
      if (cs_disasm_iter(handle_, &at, &left, &address, instruction_)) {
        out.push_back(convert(*instruction_, low, high));
        continue;
      }
      const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(step_, left));
      Instruction bad;
      bad.address = address;
      bad.size = taken;
      bad.text = ".byte";
      for (std::uint32_t i = 0; i < taken; ++i) bad.text += format(" {:02x}", at[i]);
      out.push_back(std::move(bad));
      at += taken;
      left -= taken;
      address += taken;
    }
  }

 private:
  Instruction convert(const cs_insn& from, std::uint64_t low, std::uint64_t high) const {
    Instruction to;
    to.address = from.address;
    to.size = from.size;
    const std::string_view mnemonic = from.mnemonic;
    const std::string_view operands = from.op_str;
    to.text = mnemonic;
    if (operands.empty()) return to;
    to.text += ' ';
    std::size_t begin = 0, end = 0;
    to.has_target = machine_ == 62 || machine_ == 3
                        ? x86_target(from, mnemonic, operands, low, high, begin, end, to.target)
                        : other_target(mnemonic, operands, begin, end, to.target);
    if (!to.has_target) {
      to.text += operands;
      return to;
    }
    to.text += operands.substr(0, begin);
    to.text += kTargetMark;
    to.text += operands.substr(end);
    return to;
  }

  static bool x86_target(const cs_insn& from, std::string_view mnemonic, std::string_view operands, std::uint64_t low,
                         std::uint64_t high, std::size_t& begin, std::size_t& end, std::uint64_t& target) {
    const bool branch = mnemonic[0] == 'j' || mnemonic.starts_with("call") || mnemonic.starts_with("loop") ||
                        mnemonic.starts_with("xbegin") || mnemonic.find(" j") != std::string_view::npos ||
                        mnemonic.find(" call") != std::string_view::npos;
    if (branch) {
      end = 0;
      begin = 0;
      return parse_hex(operands, end, target) && end == operands.size();
    }
    for (const bool minus : {false, true}) {
      const auto found = operands.find(minus ? "rip - 0x" : "rip + 0x");
      if (found == std::string_view::npos) continue;
      begin = found;
      end = found + 6;
      std::uint64_t displacement = 0;
      if (!parse_hex(operands, end, displacement)) return false;
      target = from.address + from.size + (minus ? ~displacement + 1 : displacement);
      return true;
    }
    if (high <= low) return false;
    for (std::size_t at = operands.find("0x"); at != std::string_view::npos; at = operands.find("0x", at + 1)) {
      std::size_t stop = at;
      std::uint64_t value = 0;
      if (!parse_hex(operands, stop, value) || value < low || value >= high) continue;
      begin = at;
      end = stop;
      target = value;
      return true;
    }
    return false;
  }

  static bool other_target(std::string_view mnemonic, std::string_view operands, std::size_t& begin, std::size_t& end,
                           std::uint64_t& target) {
    const bool branch = (mnemonic[0] == 'b' && !mnemonic.starts_with("bf") && !mnemonic.starts_with("bi") &&
                         !mnemonic.starts_with("bk")) ||
                        mnemonic.starts_with("cb") || mnemonic.starts_with("tb") || mnemonic[0] == 'j' ||
                        mnemonic.starts_with("adr") || mnemonic == "call";
    if (!branch) return false;
    const auto last = operands.rfind("0x");
    if (last == std::string_view::npos) return false;
    begin = last > 0 && operands[last - 1] == '#' ? last - 1 : last;
    end = last;
    return parse_hex(operands, end, target) && end == operands.size();
  }

  csh handle_;
  cs_insn* instruction_;
  std::uint16_t machine_;
  std::uint32_t step_;
};

}  // namespace

std::unique_ptr<Disassembler> Disassembler::create(std::uint16_t machine, bool is_64, Endian endian) {
  cs_arch arch = CS_ARCH_X86;
  int mode = 0;
  std::uint32_t step = 4;
  const int big = endian == Endian::big ? static_cast<int>(CS_MODE_BIG_ENDIAN) : 0;
  switch (machine) {
    case 62:
      arch = CS_ARCH_X86;
      mode = CS_MODE_64;
      step = 1;
      break;
    case 3:
      arch = CS_ARCH_X86;
      mode = CS_MODE_32;
      step = 1;
      break;
    case 183:
      arch = CS_ARCH_ARM64;
      mode = CS_MODE_ARM;
      break;
    case 40:
      arch = CS_ARCH_ARM;
      mode = CS_MODE_ARM | big;
      break;
    case 8:
      arch = CS_ARCH_MIPS;
      mode = (is_64 ? CS_MODE_MIPS64 : CS_MODE_MIPS32) | big;
      break;
    case 20:
      arch = CS_ARCH_PPC;
      mode = CS_MODE_32 | big;
      break;
    case 21:
      arch = CS_ARCH_PPC;
      mode = CS_MODE_64 | big;
      break;
    case 2:
      arch = CS_ARCH_SPARC;
      mode = CS_MODE_BIG_ENDIAN;
      break;
    case 43:
      arch = CS_ARCH_SPARC;
      mode = static_cast<int>(CS_MODE_V9) | static_cast<int>(CS_MODE_BIG_ENDIAN);
      break;
    case 22:
      arch = CS_ARCH_SYSZ;
      mode = CS_MODE_BIG_ENDIAN;
      step = 2;
      break;
    default:
      return nullptr;
  }
  csh handle = 0;
  if (cs_open(arch, static_cast<cs_mode>(mode), &handle) != CS_ERR_OK) return nullptr;
  cs_insn* instruction = cs_malloc(handle);
  if (instruction == nullptr) {
    cs_close(&handle);
    return nullptr;
  }
  return std::make_unique<CapstoneDisassembler>(handle, instruction, machine, step);
}

}  // namespace chiron::compare
