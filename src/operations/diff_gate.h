// `[gate.diff]`: a comparison as a step of `check`. What differs and is not allowed becomes findings; the digests of
// both sides go into every finding and into the evidence file.
#pragma once
#include <string>
#include <vector>

#include "core/operation.h"
#include "engines/compare/compare.h"

namespace chiron::diff_gate {

struct Expectation {
  std::string a, b;  // as given
  bool equal = true;
  std::vector<std::string> allow;  // "PATH" or "PATH: KIND"
  std::size_t told = 100;          // differences that become findings of their own
  std::string evidence;            // a file to write, "" for none
};

// The findings of that comparison; writes the evidence file. Errors: "diff.allow" for a kind that does not exist.
[[nodiscard]] Result<Response> judge(const Expectation& expectation, const compare::Comparison& comparison,
                                     Context& context);

[[nodiscard]] std::vector<Rule> rules();
// The lines of a section for two artifacts of one name of which one folder is told to be the reference, or nothing.
[[nodiscard]] std::optional<std::string> detect(Context& context);
// SHA-256 of a file's bytes; of a folder over the sorted types, modes, names and digests of what is in it.
[[nodiscard]] Result<std::string> digest_of(const std::string& path, Context& context);

}  // namespace chiron::diff_gate
