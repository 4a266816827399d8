#include "engines/coverage/model.h"

#include <algorithm>
#include <tuple>

#include "engines/coverage/limits.h"

namespace chiron::coverage {

std::string_view to_string(Format format) {
  switch (format) {
    case Format::cobertura:
      return "Cobertura XML";
    case Format::jacoco:
      return "JaCoCo XML";
    case Format::clover:
      return "Clover XML";
    case Format::lcov:
      return "LCOV";
    case Format::gcov_json:
      return "gcov JSON";
    case Format::gcov_data:
      return "gcov data";
    case Format::llvm_json:
      return "llvm-cov JSON";
    case Format::coveragepy_json:
      return "coverage.py JSON";
    case Format::coveragepy_sqlite:
      return "coverage.py data";
  }
  return "";
}

void Report::note(std::string text) {
  if (notes.size() < limits::kNotes) notes.push_back(std::move(text));
}

namespace {

void merge_branch(Branch& target, const Branch& other) {
  if (!target.arms.empty() && target.arms.size() == other.arms.size()) {
    target.taken = 0;
    for (std::size_t i = 0; i < target.arms.size(); ++i) {
      target.arms[i].hits = add_counts(target.arms[i].hits, other.arms[i].hits);
      if (target.arms[i].label.empty()) target.arms[i].label = other.arms[i].label;
      target.taken += target.arms[i].hits != 0 ? 1 : 0;
    }
    return;
  }
  // Only counts, or two shapes of the same branch: which arms the two runs share is unknown. What the better run
  // took is certain; more would be a guess.
  if (other.taken != target.taken) target.missing.clear();
  if (other.arms.size() > target.arms.size() || other.total > target.total) {
    const auto taken = std::max(target.taken, other.taken);
    target = other;
    target.taken = std::max(target.taken, std::min(taken, target.total));
  } else {
    target.taken = std::max(target.taken, std::min(other.taken, target.total));
  }
}

void merge_decision(Decision& target, const Decision& other) {
  if (target.conditions.size() != other.conditions.size()) {
    if (other.conditions.size() > target.conditions.size()) target = other;
    return;
  }
  target.has_mcdc = target.has_mcdc || other.has_mcdc;
  for (std::size_t i = 0; i < target.conditions.size(); ++i) {
    auto& condition = target.conditions[i];
    condition.seen_true |= other.conditions[i].seen_true;
    condition.seen_false |= other.conditions[i].seen_false;
    condition.independent |= other.conditions[i].independent;
  }
}

// Merges neighbours with the same key after a stable sort, so that the first record's labels win.
template <class T, class Key, class Merge>
void sort_and_merge(std::vector<T>& items, Key key, Merge merge) {
  const auto before = [&](const T& a, const T& b) { return key(a) < key(b); };
  if (!std::is_sorted(items.begin(), items.end(), before)) std::stable_sort(items.begin(), items.end(), before);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (kept != 0 && key(items[kept - 1]) == key(items[i])) {
      merge(items[kept - 1], items[i]);
    } else {
      if (kept != i) items[kept] = std::move(items[i]);
      ++kept;
    }
  }
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(kept), items.end());
}

auto branch_key(const Branch& branch) { return std::tuple(branch.line, branch.column, branch.id); }
auto decision_key(const Decision& decision) { return std::tuple(decision.line, decision.column); }
auto function_key(const Function& function) { return std::tuple(function.line, std::string_view(function.name)); }

}  // namespace

void normalize(SourceFile& file, Instances instances) {
  sort_and_merge(
      file.lines, [](const Line& line) { return line.number; },
      [&](Line& target, const Line& other) {
        if (instances == Instances::all_needed && (target.hits == 0 || other.hits == 0))
          target.hits = 0;
        else
          target.hits = add_counts(target.hits, other.hits);
      });
  sort_and_merge(file.branches, branch_key, merge_branch);
  sort_and_merge(file.decisions, decision_key, merge_decision);
  sort_and_merge(file.functions, function_key,
                 [](Function& target, const Function& other) { target.hits = add_counts(target.hits, other.hits); });
}

void merge_into(SourceFile& target, const SourceFile& other) {
  target.lines.insert(target.lines.end(), other.lines.begin(), other.lines.end());
  target.branches.insert(target.branches.end(), other.branches.begin(), other.branches.end());
  target.decisions.insert(target.decisions.end(), other.decisions.begin(), other.decisions.end());
  target.functions.insert(target.functions.end(), other.functions.begin(), other.functions.end());
  normalize(target, Instances::add);
}

Totals& Totals::operator+=(const Totals& other) {
  lines += other.lines;
  covered_lines += other.covered_lines;
  arms += other.arms;
  taken_arms += other.taken_arms;
  conditions += other.conditions;
  covered_conditions += other.covered_conditions;
  functions += other.functions;
  covered_functions += other.covered_functions;
  return *this;
}

Totals totals(const SourceFile& file) {
  Totals sum;
  sum.lines = file.lines.size();
  for (const auto& line : file.lines) sum.covered_lines += line.hits != 0 ? 1 : 0;
  for (const auto& branch : file.branches) {
    sum.arms += branch.total;
    sum.taken_arms += branch.taken;
  }
  for (const auto& decision : file.decisions) {
    for (const auto& condition : decision.conditions) {
      ++sum.conditions;
      const bool covered = decision.has_mcdc ? condition.independent : condition.seen_true && condition.seen_false;
      sum.covered_conditions += covered ? 1 : 0;
    }
  }
  sum.functions = file.functions.size();
  for (const auto& function : file.functions) sum.covered_functions += function.hits != 0 ? 1 : 0;
  return sum;
}

double percent(std::uint64_t covered, std::uint64_t total) {
  return total == 0 ? 100.0 : 100.0 * static_cast<double>(covered) / static_cast<double>(total);
}

const Line* find_line(const SourceFile& file, std::uint32_t number) {
  const auto found = std::lower_bound(file.lines.begin(), file.lines.end(), number,
                                      [](const Line& line, std::uint32_t wanted) { return line.number < wanted; });
  return found != file.lines.end() && found->number == number ? &*found : nullptr;
}

}  // namespace chiron::coverage
