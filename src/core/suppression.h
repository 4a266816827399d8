// Allow comments: `chiron: allow RULE reason` on the line of a finding, or alone on the line before, takes it out.
//
// One way for all gates. An allow that takes nothing out is itself a finding ("chiron/unused-allow"), as is one without
// a reason ("chiron/allow-without-reason").
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/report.h"

namespace chiron {

struct Allow {
  std::uint32_t line = 0;         // of the comment
  std::uint32_t target_line = 0;  // the line whose findings it takes out
  std::string rule;
  std::string reason;
  Place place;
  bool used = false;
};

// The allow comments of one file. Only text after a comment's start counts (// # /* * <!-- -- ; % .. "), in Markdown
// and HTML only <!--, so that prose about the comment is none.
[[nodiscard]] std::vector<Allow> find_allows(std::string_view text, const std::string& file);

// Takes allowed findings out of the report, counting them in their gate's result; marks the allows used.
void apply_allows(Report& report, std::unordered_map<std::string, std::vector<Allow>>& allows_by_file);

// The rules that this part reports.
[[nodiscard]] std::vector<Rule> suppression_rules();

}  // namespace chiron
