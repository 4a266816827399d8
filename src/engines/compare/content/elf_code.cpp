#include "engines/compare/content/elf_code.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engines/compare/content/listing.h"
#include "engines/compare/sequence_diff.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"
#include "foundation/task/pool.h"

namespace chiron::compare::elf {
namespace {

constexpr std::uint64_t kMaxFunctionBytes = 4 * limits::kMiB;  // disassembled; a longer one is compared as bytes
constexpr std::size_t kToldPlaces = 8;                         // source lines named per function

// One function's instructions with what they refer to.
struct Listing {
  std::vector<Instruction> instructions;
  std::vector<std::string> texts;   // targets described, except those within the function
  std::vector<std::int64_t> local;  // index of the instruction within the function that is jumped to, or -1
};

Listing list(const Program& program, const Function& function, Disassembler& disassembler) {
  Listing listing;
  std::uint64_t low = 0, high = 0;
  if (program.image.type == 2) {  // fixed addresses: immediate operands may be some
    low = UINT64_MAX;
    for (const auto& section : program.image.sections) {
      if ((section.flags & 2) == 0 || section.size == 0) continue;
      low = std::min(low, section.address);
      high = std::max(high, section.address + section.size);
    }
  }
  disassembler.decode(function.bytes, function.address, low, high, listing.instructions);
  std::unordered_map<std::uint64_t, std::int64_t> index_of;
  index_of.reserve(listing.instructions.size());
  for (std::size_t i = 0; i < listing.instructions.size(); ++i) {
    index_of.emplace(listing.instructions[i].address, static_cast<std::int64_t>(i));
  }
  listing.texts.reserve(listing.instructions.size());
  listing.local.reserve(listing.instructions.size());
  for (const auto& instruction : listing.instructions) {
    std::string text = instruction.text;
    std::int64_t local = -1;
    std::string target;
    for (const auto& relocation : program.relocations_in(instruction.address, instruction.address + instruction.size)) {
      if (!target.empty()) target += ", ";
      target += program.describe(relocation);
    }
    if (instruction.has_target) {
      const auto mark = text.find(kTargetMark);
      if (target.empty()) {
        const auto found = index_of.find(instruction.target);
        if (found != index_of.end()) {
          local = found->second;
          text.replace(mark, 1, "L");
        } else {
          text.replace(mark, 1, program.describe(instruction.target));
        }
      } else {
        text.replace(mark, 1, target);
      }
    } else if (!target.empty()) {
      text += "  ; " + target;
    }
    listing.texts.push_back(std::move(text));
    listing.local.push_back(local);
  }
  return listing;
}

struct Interner {
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  std::uint32_t of(std::string_view text) {
    return numbers.emplace(text, static_cast<std::uint32_t>(numbers.size())).first->second;
  }
};

// Which instruction of the right side each of the left is matched with; -1 where none.
std::vector<std::int64_t> match(const Listing& left, const Listing& right) {
  Interner interner;
  std::vector<std::uint32_t> a, b;
  for (const auto& text : left.texts) a.push_back(interner.of(text));
  for (const auto& text : right.texts) b.push_back(interner.of(text));
  const auto edits = diff_sequences(a, b, static_cast<std::uint32_t>(interner.numbers.size()));
  std::vector<std::int64_t> partner(a.size(), -1);
  std::size_t i = 0, j = 0;
  for (const auto& edit : edits) {
    while (i < edit.a) partner[i++] = static_cast<std::int64_t>(j++);
    i = edit.a + edit.count_a;
    j = edit.b + edit.count_b;
  }
  while (i < a.size() && j < b.size()) partner[i++] = static_cast<std::int64_t>(j++);
  return partner;
}

// The listings as text: a jump within the function names its target by a label, and the labels of both sides agree
// where their targets are matched, so that only real changes make lines differ.
std::pair<std::string, std::string> label(const Listing& left, const Listing& right,
                                          const std::vector<std::int64_t>& partner) {
  std::vector<std::string> labels_a(left.texts.size()), labels_b(right.texts.size());
  const auto mark_targets = [](const Listing& listing, std::vector<bool>& is_target) {
    is_target.assign(listing.texts.size(), false);
    for (const auto target : listing.local) {
      if (target >= 0) is_target[static_cast<std::size_t>(target)] = true;
    }
  };
  std::vector<bool> target_a, target_b;
  mark_targets(left, target_a);
  mark_targets(right, target_b);
  int shared = 0, only_a = 0, only_b = 0;
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] < 0) {
      if (target_a[i]) labels_a[i] = format("La{}", ++only_a);
      continue;
    }
    const auto j = static_cast<std::size_t>(partner[i]);
    if (target_a[i] || target_b[j]) labels_a[i] = labels_b[j] = format("L{}", ++shared);
  }
  for (std::size_t j = 0; j < labels_b.size(); ++j) {
    if (target_b[j] && labels_b[j].empty()) labels_b[j] = format("Lb{}", ++only_b);
  }
  const auto write = [](const Listing& listing, const std::vector<std::string>& labels) {
    std::string out;
    for (std::size_t i = 0; i < listing.texts.size(); ++i) {
      if (!labels[i].empty()) out += labels[i] + ":\n";
      out += "    ";
      const auto& text = listing.texts[i];
      if (listing.local[i] >= 0) {
        const auto at = text.rfind('L');
        out += text.substr(0, at) + labels[static_cast<std::size_t>(listing.local[i])] + text.substr(at + 1);
      } else {
        out += text;
      }
      out += '\n';
    }
    return out;
  };
  return {write(left, labels_a), write(right, labels_b)};
}

std::string places(const Program& program, const Listing& listing, const std::vector<bool>& changed) {
  std::string out;
  std::unordered_set<std::string> seen;
  std::size_t left_off = 0;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (!changed[i]) continue;
    auto place = program.lines.place(listing.instructions[i].address);
    if (place.empty() || !seen.insert(place).second) continue;
    if (seen.size() > kToldPlaces) {
      ++left_off;
      continue;
    }
    out += (out.empty() ? "" : ", ") + place;
  }
  if (left_off > 0) out += format(" and {} more lines", left_off);
  return out;
}

enum class Verdict : std::uint8_t { same, moved, changed };

Range place_in(const Function& function) { return {function.file_offset - function.section->offset, function.size}; }

// Compares one pair; fills `out` (its names are set) where the functions differ.
Verdict compare_pair(const Program& left, const Function& a, const Program& right, const Function& b,
                     Disassembler* disassembler, Context& context, Difference& out) {
  out.set_place(place_in(a), place_in(b));
  out.size_a = a.size;
  out.size_b = b.size;
  out.format = "machine code";
  if (disassembler == nullptr || a.size > kMaxFunctionBytes || b.size > kMaxFunctionBytes) {
    if (a.bytes == b.bytes) return Verdict::same;
    out.comments.push_back(disassembler == nullptr ? "no disassembler for this machine; compared as bytes"
                                                   : "longer than 4 MiB; compared as bytes");
    return Verdict::changed;
  }
  const auto listing_a = list(left, a, *disassembler);
  const auto listing_b = list(right, b, *disassembler);
  const auto partner = match(listing_a, listing_b);
  std::vector<bool> changed_a(listing_a.texts.size(), true), changed_b(listing_b.texts.size(), true);
  bool changed = listing_a.texts.size() != listing_b.texts.size();
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] < 0) {
      changed = true;
      continue;
    }
    const auto j = static_cast<std::size_t>(partner[i]);
    const auto jump_a = listing_a.local[i];
    const auto jump_b = listing_b.local[j];
    const bool same_jump = (jump_a < 0 && jump_b < 0) ||
                           (jump_a >= 0 && jump_b >= 0 && partner[static_cast<std::size_t>(jump_a)] == jump_b);
    if (!same_jump) {
      changed = true;
      continue;
    }
    changed_a[i] = changed_b[j] = false;
  }
  if (!changed) return a.bytes == b.bytes ? Verdict::same : Verdict::moved;
  const auto [text_a, text_b] = label(listing_a, listing_b, partner);
  out.kind = Kind::content;
  diff_text(text_a, text_b, context.budget(), out);
  const auto place_a = places(left, listing_a, changed_a);
  const auto place_b = places(right, listing_b, changed_b);
  if (!place_a.empty() || !place_b.empty()) {
    out.comments.push_back(place_a == place_b ? format("source: {}", place_a)
                                              : format("source: {} → {}", place_a.empty() ? "?" : place_a,
                                                       place_b.empty() ? "?" : place_b));
  }
  return Verdict::changed;
}

struct Pair {
  const Function* a = nullptr;
  const Function* b = nullptr;
};

bool surely_same(const Program& left, const Function& a, const Program& right, const Function& b) {
  return a.address == b.address && a.bytes == b.bytes && left.image.type != 1 && right.image.type != 1;
}

std::vector<Pair> pair_functions(const Program& left, const Section& a, const Program& right, const Section& b) {
  std::vector<const Function*> in_a, in_b;
  for (const auto& f : left.functions) {
    if (f.section == &a) in_a.push_back(&f);
  }
  for (const auto& f : right.functions) {
    if (f.section == &b) in_b.push_back(&f);
  }
  std::vector<Pair> pairs;
  std::unordered_map<std::string_view, const Function*> by_name;
  for (const auto* f : in_b) {
    if (f->named) by_name.emplace(f->name, f);
  }
  std::unordered_set<const Function*> taken;
  std::vector<const Function*> rest_a, rest_b;
  for (const auto* f : in_a) {
    const auto found = f->named ? by_name.find(f->name) : by_name.end();
    if (found != by_name.end() && taken.insert(found->second).second) {
      pairs.push_back({f, found->second});
    } else if (f->named) {
      pairs.push_back({f, nullptr});
    } else {
      rest_a.push_back(f);
    }
  }
  for (const auto* f : in_b) {
    if (taken.contains(f)) continue;
    if (f->named) {
      pairs.push_back({nullptr, f});
    } else {
      rest_b.push_back(f);
    }
  }
  // Nameless code is aligned by its bytes; what lies between equal pieces is paired in order.
  Interner interner;
  std::vector<std::uint32_t> numbers_a, numbers_b;
  for (const auto* f : rest_a) numbers_a.push_back(interner.of(f->bytes));
  for (const auto* f : rest_b) numbers_b.push_back(interner.of(f->bytes));
  std::size_t i = 0, j = 0;
  for (const auto& edit : diff_sequences(numbers_a, numbers_b, static_cast<std::uint32_t>(interner.numbers.size()))) {
    while (i < edit.a) pairs.push_back({rest_a[i++], rest_b[j++]});
    const std::size_t both = std::min(edit.count_a, edit.count_b);
    for (std::size_t k = 0; k < std::max(edit.count_a, edit.count_b); ++k) {
      pairs.push_back({k < edit.count_a ? rest_a[i + k] : nullptr, k < edit.count_b ? rest_b[j + k] : nullptr});
      (void)both;
    }
    i += edit.count_a;
    j += edit.count_b;
  }
  while (i < rest_a.size() && j < rest_b.size()) pairs.push_back({rest_a[i++], rest_b[j++]});
  std::erase_if(
      pairs, [&](const Pair& p) { return p.a != nullptr && p.b != nullptr && surely_same(left, *p.a, right, *p.b); });
  return pairs;
}

void add_one_sided(const Program& program, const Function& function, bool in_a, Disassembler* disassembler,
                   Context& context, Difference& out) {
  auto& child =
      out.add_child(in_a ? Kind::only_in_a : Kind::only_in_b, in_a ? function.name : "", in_a ? "" : function.name);
  child.format = "machine code";
  child.has_place = true;
  (in_a ? child.place_a : child.place_b) = place_in(function);
  (in_a ? child.size_a : child.size_b) = function.size;
  if (disassembler == nullptr || function.size > kMaxFunctionBytes) return;
  const auto listing = list(program, function, *disassembler);
  const auto [text, nothing] = label(listing, {}, std::vector<std::int64_t>(listing.texts.size(), -1));
  diff_text(in_a ? text : "", in_a ? "" : text, context.budget(), child);
  if (const auto place = program.lines.place(function.address); !place.empty()) {
    child.comments.push_back("source: " + place);
  }
}

}  // namespace

void compare_code(const Program& left, const Section& a, const Program& right, const Section& b, Context& context,
                  Difference& out) {
  const auto pairs = pair_functions(left, a, right, b);
  std::vector<Verdict> verdicts(pairs.size(), Verdict::same);
  std::vector<Difference> results(pairs.size());
  // A chunk shares one disassembler; a whole program is a few hundred chunks.
  constexpr std::size_t kChunk = 64;
  const std::size_t chunks = (pairs.size() + kChunk - 1) / kChunk;
  context.pool().for_each(chunks, [&](std::size_t chunk) {
    const auto disassembler = left.image.machine != right.image.machine
                                  ? nullptr
                                  : Disassembler::create(left.image.machine, left.image.is_64, left.image.endian);
    for (std::size_t i = chunk * kChunk; i < std::min(pairs.size(), (chunk + 1) * kChunk); ++i) {
      if (context.budget().stopped()) return;
      const auto& [fa, fb] = pairs[i];
      auto& result = results[i];
      if (fa == nullptr || fb == nullptr) {
        Difference holder;
        add_one_sided(fa != nullptr ? left : right, fa != nullptr ? *fa : *fb, fa != nullptr, disassembler.get(),
                      context, holder);
        result = std::move(holder.children.front());
        verdicts[i] = Verdict::changed;
        continue;
      }
      result.name_a = fa->name;
      result.name_b = fb->name;
      result.kind = Kind::content;
      verdicts[i] = compare_pair(left, *fa, right, *fb, disassembler.get(), context, result);
    }
  });
  std::size_t moved = 0;
  Difference* first_moved = nullptr;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (verdicts[i] == Verdict::moved) {
      ++moved;
      if (first_moved == nullptr) first_moved = &results[i];
    }
    if (verdicts[i] == Verdict::changed) out.children.push_back(std::move(results[i]));
  }
  if (moved > 0) {
    auto& child = out.add_child(Kind::header, "addresses", "addresses");
    child.comments.push_back(format("{} in the addresses {} to, the first is {}",
                                    moved == 1 ? "1 function differs only" : format("{} functions differ only", moved),
                                    moved == 1 ? "it refers" : "they refer", first_moved->name_a));
    child.set_place(first_moved->place_a, first_moved->place_b);
    child.mark_noise("the same instructions refer to the same things at other addresses");
  }
}

std::vector<Use> find_uses(const Program& program, std::uint64_t begin, std::uint64_t end, std::size_t limit) {
  std::vector<Use> uses;
  const auto add = [&](std::uint64_t address) {
    if (uses.size() >= limit) return;
    const auto* function = program.function_at(address);
    std::string text = function != nullptr && function->named ? function->name : hex(address);
    if (const auto place = program.lines.place(address); !place.empty()) text += " (" + place + ")";
    for (const auto& use : uses) {
      if (use.text == text) return;
    }
    uses.push_back({std::move(text), address});
  };
  if (program.image.type == 1) {
    for (const auto& relocation : program.relocations) {
      if (!relocation.defined || relocation.target < begin || relocation.target >= end) continue;
      const auto* section = program.section_holding(relocation.address);
      if (section != nullptr && (section->flags & 4) != 0) add(relocation.address);
    }
    return uses;
  }
  if (program.image.machine != 62) return uses;
  // Every place whose four bytes, read as a displacement, reach the range is a candidate; the disassembly of its
  // function decides. An immediate of up to four bytes may stand behind the displacement.
  std::unique_ptr<Disassembler> disassembler;
  for (const auto& section : program.image.sections) {
    if ((section.flags & 4) == 0 || section.type != 1 || section.bytes.size() < 4) continue;
    const auto* bytes = section.bytes.data();
    for (std::size_t i = 0; i + 4 <= section.bytes.size(); ++i) {
      std::int32_t displacement = 0;
      std::memcpy(&displacement, bytes + i, 4);
      const std::uint64_t target =
          section.address + i + 4 + static_cast<std::uint64_t>(static_cast<std::int64_t>(displacement));
      if (target + 4 < begin || target >= end) continue;
      const auto* function = program.function_at(section.address + i);
      if (function == nullptr || function->size > kMaxFunctionBytes || uses.size() >= limit) continue;
      if (disassembler == nullptr) {
        disassembler = Disassembler::create(program.image.machine, program.image.is_64, program.image.endian);
        if (disassembler == nullptr) return uses;
      }
      std::vector<Instruction> instructions;
      disassembler->decode(function->bytes, function->address, 0, 0, instructions);
      for (const auto& instruction : instructions) {
        if (instruction.has_target && instruction.target >= begin && instruction.target < end) add(instruction.address);
      }
      // The rest of this function has been looked at.
      const std::size_t after = static_cast<std::size_t>(function->address + function->size - section.address);
      if (after > i + 1) i = std::max(i, after - 4);
    }
  }
  return uses;
}

}  // namespace chiron::compare::elf
