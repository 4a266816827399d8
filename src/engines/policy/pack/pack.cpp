#include "engines/policy/pack/pack.h"

#include <algorithm>
#include <cassert>

#include "engines/policy/parser.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::policy::pack {

namespace {

struct Described {
  std::string pack, name_space, rule;
  Rule page;
};

// deny_unpinned_action -> unpinned-action
std::string id_of(std::string_view rule) {
  rule.remove_prefix(std::min(rule.find('_'), rule.size() - 1) + 1);
  return text::replace_all(rule, "_", "-");
}

// Paragraphs as lines: whoever shows them breaks them anew.
std::string joined_paragraphs(std::string_view text) {
  std::string out;
  for (const auto line : text::split_lines(text::trim(text))) {
    if (line.empty()) {
      out += "\n\n";
    } else {
      if (!out.empty() && out.back() != '\n') out += ' ';
      out += line;
    }
  }
  return out;
}

// UnpinnedAction
std::string pascal_case(std::string_view id) {
  std::string out;
  for (const auto part : text::split(id, '-'))
    out += text::to_upper_ascii(part.substr(0, 1)) + std::string(part.substr(1));
  return out;
}

std::vector<Described> describe_all() {
  std::vector<Described> all;
  for (const auto& file : files()) {
    Policy policy;
    const auto errors = policy.add_module(std::string(file.path), std::string(file.text));
    assert(errors.empty());
    if (!errors.empty()) continue;
    const auto& module = *policy.modules().front();
    std::string name_space;
    for (std::size_t i = 1; i < module.package->items.size(); ++i)
      name_space += (i > 1 ? "." : "") + std::string(module.package->items[i]->text);
    for (const ast::Rule* rule : module.rules) {
      const auto* reference = rule->head.reference;
      const auto name = reference->kind == ast::TermKind::ref ? reference->items.front()->text : reference->text;
      const bool failure = gate::is_failure_rule(name);
      if (!failure && !gate::is_warning_rule(name)) continue;
      Described described{std::string(file.path.substr(0, file.path.find('/'))), name_space, std::string(name), {}};
      described.page.id = "policy/" + id_of(name);
      described.page.name = pascal_case(id_of(name));
      described.page.level = failure ? Level::error : Level::warning;
      for (const auto* annotations : rule->annotations) {
        described.page.summary = annotations->value.string_or("title", "");
        described.page.help = joined_paragraphs(annotations->value.string_or("description", ""));
      }
      described.page.help += format("\n\nThe rule `data.{}.{}` of the pack `{}`.", name_space, name, described.pack);
      all.push_back(std::move(described));
    }
  }
  return all;
}

const std::vector<Described>& described() {
  static const std::vector<Described> all = describe_all();
  return all;
}

}  // namespace

std::vector<gate::SourceFile> sources(std::string_view pack) {
  std::vector<gate::SourceFile> found;
  for (const auto& file : files())
    if (file.path.substr(0, file.path.find('/')) == pack)
      found.push_back({"pack/" + std::string(file.path), std::string(file.text)});
  return found;
}

std::vector<std::string> namespaces(std::string_view pack) {
  std::vector<std::string> found;
  for (const auto& each : described())
    if (each.pack == pack && std::ranges::find(found, each.name_space) == found.end()) found.push_back(each.name_space);
  return found;
}

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = [] {
    std::vector<Rule> pages;
    for (const auto& each : described()) pages.push_back(each.page);
    return pages;
  }();
  return all;
}

std::string finding_rule(std::string_view name_space, std::string_view rule) {
  for (const auto& each : described())
    if (each.name_space == name_space && each.rule == rule) return each.page.id;
  return format("policy/{}.{}", name_space, rule);
}

}  // namespace chiron::policy::pack
