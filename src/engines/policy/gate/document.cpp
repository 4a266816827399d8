#include "engines/policy/gate/document.h"

#include <algorithm>

#include "engines/policy/builtins/functions.h"

namespace chiron::policy::gate {

namespace {

constexpr std::string_view kPage =
    "{{ range $i, $section := . -}}\n"
    "{{ if $i }}\n{{ end }}{{ $section.H }} {{ if $section.Annotations.Title }}{{ $section.Annotations.Title }}"
    "{{ else }}{{ $section.RegoPackageName }}{{ end }}\n\n"
    "`{{ $section.RegoPackageName }}`\n"
    "{{ if $section.Annotations.Description }}\n{{ $section.Annotations.Description }}\n{{ end }}"
    "{{ if $section.Annotations.RelatedResources }}\nRelated resources:\n\n"
    "{{ range $section.Annotations.RelatedResources }}- {{ if .description }}[{{ .description }}]({{ .ref }})"
    "{{ else }}<{{ .ref }}>{{ end }}\n{{ end }}{{ end }}"
    "{{ end }}";

struct Section {
  std::string path;
  std::size_t depth;
  const ast::Annotations* annotations;
};

// The steps of a reference as they are written, up to the first that is no constant.
std::string path_of(const ast::Module& module, const ast::Rule* rule, std::size_t& depth) {
  std::string out;
  depth = 0;
  const auto step = [&](std::string_view name) {
    out += depth++ == 0 ? "" : ".";
    out += name;
  };
  for (const ast::Term* part : module.package->items.subspan(1)) step(part->text);
  if (rule == nullptr) return out;
  const ast::Term& reference = *rule->head.reference;
  if (reference.kind != ast::TermKind::ref) {
    step(reference.text);
    return out;
  }
  step(reference.items[0]->text);
  for (const ast::Term* part : reference.items.subspan(1)) {
    if (!part->constant.is_string()) break;
    step(part->constant.string());
  }
  return out;
}

// The names of the fields as templates for Go's values spell them.
Value fields(Store& store, const doc::Value& annotations) {
  static constexpr std::pair<const char*, const char*> kNames[] = {
      {"title", "Title"},           {"description", "Description"},
      {"scope", "Scope"},           {"organizations", "Organizations"},
      {"authors", "Authors"},       {"related_resources", "RelatedResources"},
      {"entrypoint", "Entrypoint"}, {"custom", "Custom"},
  };
  std::vector<Member> members;
  for (const auto& [key, name] : kNames) {
    const doc::Value* found = annotations.find(key);
    members.push_back({store.intern(name), found == nullptr ? store.string("") : store.from_document(*found)});
  }
  return store.object(members);
}

}  // namespace

Result<std::string> document_policies(const std::vector<SourceFile>& policies, std::string_view page) {
  std::vector<std::unique_ptr<ast::Module>> modules;
  std::vector<Section> sections;
  for (const SourceFile& policy : policies) {
    auto module = parse_module(policy.path, policy.text);
    if (!module) return fail(ErrorKind::input, "policy.syntax", to_string(module.error()));
    std::size_t depth = 0;
    for (const auto& annotations : (*module)->annotations) {
      if (annotations->scope != ast::AnnotationScope::package &&
          annotations->scope != ast::AnnotationScope::subpackages)
        continue;
      const std::string path = path_of(**module, nullptr, depth);
      sections.push_back({path, depth, annotations.get()});
    }
    for (const ast::Rule* rule : (*module)->rules) {
      for (const ast::Annotations* annotations : rule->annotations) {
        const std::string path = path_of(**module, rule, depth);
        sections.push_back({path, depth, annotations});
      }
    }
    modules.push_back(std::move(*module));
  }
  if (sections.empty())
    return fail(ErrorKind::input, "policy.undocumented", "no annotations found: add METADATA comments to the policies");
  std::ranges::stable_sort(sections, {}, &Section::path);
  std::size_t least = sections.front().depth;
  for (const Section& section : sections) least = std::min(least, section.depth);

  Store store;
  std::vector<Value> list;
  for (const Section& section : sections) {
    list.push_back(store.object({
        Member{store.intern("H"), store.string(std::string(std::min<std::size_t>(section.depth - least + 1, 6), '#'))},
        Member{store.intern("RegoPackageName"), store.string(section.path)},
        Member{store.intern("Annotations"), fields(store, section.annotations->value)},
    }));
  }
  BuiltinContext context(store);
  const Value text = functions::render_template(context, page.empty() ? kPage : page, store.array(list));
  if (context.failed()) return fail(ErrorKind::input, "policy.template", context.take_error()->message);
  return std::string(text.string());
}

}  // namespace chiron::policy::gate
