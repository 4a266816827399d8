// The formatter on anything that parses: what it writes parses to the same rules, keeps the comments, and is settled.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "engines/policy/format/format.h"
#include "engines/policy/report.h"

namespace {

using namespace chiron::policy;

std::unique_ptr<ast::Module> parsed(const std::string& text, RegoVersion version) {
  ParseOptions options;
  options.version = version;
  options.annotations = false;
  options.logic_keywords = true;
  auto module = parse_module("f.rego", text, options);
  return module ? std::move(*module) : nullptr;
}

std::string rules_of(const ast::Module& module) {
  const std::string text = module_outline(module);
  const std::size_t begin = text.find("\n rule");
  return begin == std::string::npos ? std::string() : text.substr(begin);
}

void require(bool holds, const char* what, const std::string& text) {
  if (holds) return;
  std::fprintf(stderr, "%s\n%s\n", what, text.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const RegoVersion version : {RegoVersion::v0, RegoVersion::v1}) {
    const auto before = parsed(text, version);
    if (before == nullptr) continue;
    FormatOptions options;
    options.read_as = version;
    options.target = version == RegoVersion::v1 ? FormatTarget::v1 : FormatTarget::v0;
    const auto once = format_policy("f.rego", text, options);
    if (!once) continue;
    const auto after = parsed(*once, version);
    require(after != nullptr, "does not parse:", *once);
    require(after->comments.size() == before->comments.size(), "comments are lost:", *once);
    // Constants of template strings lose their braces, and sets and objects what they hold twice.
    const bool plain = text.find('$') == std::string::npos && text.find('{') == std::string::npos;
    require(!plain || rules_of(*before) == rules_of(*after), "another meaning:", *once);
    const auto twice = format_policy("f.rego", *once, options);
    require(twice.has_value(), "not twice:", *once);
    const auto thrice = format_policy("f.rego", *twice, options);
    require(thrice.has_value() && *thrice == *twice, "not settled:", *once + "----\n" + *twice);
  }
  return 0;
}
