#include "surfaces/dropin/dropin.h"

#include <vector>

#include "surfaces/dropin/conftest.h"
#include "surfaces/dropin/diff_cover.h"
#include "surfaces/dropin/diffoscope.h"
#include "surfaces/dropin/opa.h"

namespace chiron {

int run_vale_drop_in(std::span<const std::string> arguments, DropInContext& context);

namespace {
// One line a tool; its function lives in a file of its own beside this one.
const std::vector<DropIn>& table() {
  static const std::vector<DropIn> tools{
      {"conftest", "policies against configuration files, as conftest", "policy", run_conftest},
      {"opa", "policies in Rego, as Open Policy Agent's command line", "policy", run_opa},
      {"diff-cover", "coverage of the changed lines, as diff-cover", "coverage", diff_cover_tool},
      {"diffoscope", "what differs between two files, folders or archives, as diffoscope", "diff", run_diffoscope},
      {"vale", "style rules over texts, as Vale", "prose", run_vale_drop_in},
  };
  return tools;
}
}  // namespace

std::span<const DropIn> drop_ins() { return table(); }

const DropIn* find_drop_in(std::string_view name) {
  for (const auto& tool : table())
    if (tool.name == name) return &tool;
  return nullptr;
}

}  // namespace chiron
