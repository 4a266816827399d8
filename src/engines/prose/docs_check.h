// The built-in style "Chiron": what a Markdown page names must be in the repository — relative links, anchors, paths in
// code spans, Make targets, commands and flags of its programs, keys of its configuration, its versions.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engines/prose/docs_program.h"
#include "engines/prose/lint.h"

namespace chiron::prose {

struct RepositoryFacts {
  std::set<std::string, std::less<>> files;  // relative to the root, "/" between parts
  std::set<std::string, std::less<>> folders;
  std::set<std::string, std::less<>> make_targets;  // empty where there is no Makefile
  bool has_makefile = false;
  ProgramFacts program;  // empty until gather_program() filled it
  // The content of a file, for the anchors of the pages that are linked to.
  std::function<Result<std::string>(const std::string& path)> read;
};
[[nodiscard]] RepositoryFacts gather_facts(const std::vector<std::string>& files,
                                           std::function<Result<std::string>(const std::string& path)> read);

// Names and meanings of the style's rules.
struct DocsRule {
  std::string_view name;  // "Chiron.BrokenLink"
  std::string_view summary;
};
[[nodiscard]] std::span<const DocsRule> docs_rules();

// Findings of one page, whose path is relative to the root.
[[nodiscard]] std::vector<Hit> check_docs(const std::string& path, std::string_view content,
                                          const RepositoryFacts& facts);

// The anchors of a page's headings, as GitHub makes them.
[[nodiscard]] std::set<std::string, std::less<>> heading_anchors(std::string_view markdown);

}  // namespace chiron::prose
