// opa build, inspect, sign and capabilities.
#include <algorithm>

#include "engines/policy/builtins/capabilities.h"
#include "engines/policy/bundle/bundle.h"
#include "engines/policy/format/format.h"
#include "engines/policy/loader.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "operations/policy_tool.h"
#include "surfaces/dropin/opa.h"

namespace chiron {

namespace {

int usage_error(DropInContext& context, std::string_view message) {
  context.err.write(format("Error: {}\n", message));
  return 1;
}
int failed(DropInContext& context, std::string_view message) {
  context.out.write(format("error: {}\n", message));
  return 1;
}

// A secret as it is given, or the content of the file of that name.
Result<std::string> key_text(const std::string& key) {
  return io::exists(key) && !io::is_folder(key) ? io::read_file(key, limits::kConfigBytes) : Result<std::string>(key);
}

std::string pretty(const doc::Value& value) {
  const auto parsed = doc::parse_json(doc::write_json_canonical(value));
  return doc::write_json_pretty(parsed ? *parsed : value) + "\n";
}

// Of OPA, up to the version whose command line this is.
bool was_released(std::string_view version) {
  if (!version.starts_with('v')) return false;
  const auto parts = text::split(version.substr(1), '.');
  if (parts.size() != 3) return false;
  const auto minor = text::parse_unsigned(parts[1]);
  return minor && ((parts[0] == "0" && *minor >= 17 && *minor <= 70) || (parts[0] == "1" && *minor <= 7));
}

// Whether "a/b" names a rule, or a package with rules.
bool is_decision(const policy::Policy& loaded, std::string_view entrypoint) {
  std::vector<std::string> wanted;
  for (const std::string_view part : text::split(entrypoint, '/')) wanted.emplace_back(part);
  for (const auto& module : loaded.modules()) {
    std::vector<std::string> path;
    for (const policy::ast::Term* part : module->package->items.subspan(1)) path.emplace_back(part->text);
    for (const policy::ast::Rule* rule : module->rules) {
      std::vector<std::string> full = path;
      const policy::ast::Term& name = *rule->head.reference;
      if (name.kind == policy::ast::TermKind::var)
        full.emplace_back(name.text);
      else
        for (const policy::ast::Term* part : name.items) full.emplace_back(part->text);
      const std::size_t shared = std::min(full.size(), wanted.size());
      if (std::equal(full.begin(), full.begin() + static_cast<std::ptrdiff_t>(shared), wanted.begin())) return true;
    }
  }
  return false;
}

}  // namespace

int opa_build(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {{"output", 'o', true},
                                       {"bundle", 'b'},
                                       {"revision", 'r', true},
                                       {"ignore", 0, true},
                                       {"signing-key", 0, true},
                                       {"signing-alg", 0, true},
                                       {"claims-file", 0, true},
                                       {"v0-compatible"},
                                       {"v1-compatible"},
                                       {"target", 't', true},
                                       {"entrypoint", 'e', true},
                                       {"optimize", 'O', true},
                                       {"capabilities", 0, true},
                                       {"prune-unused"},
                                       {"debug"},
                                       {"follow-symlinks"},
                                       {"verification-key", 0, true},
                                       {"verification-key-id", 0, true},
                                       {"scope", 0, true},
                                       {"signing-plugin", 0, true}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return usage_error(context, given.problem());
  if (given.positional().empty()) return usage_error(context, "expected at least one path");
  for (auto refused : {"signing-plugin", "prune-unused"})
    if (given.has(refused)) return failed(context, format("--{} is not supported here", refused));

  policy::PolicyOptions options;
  options.version = given.has("v0-compatible") ? policy::RegoVersion::v0 : policy::RegoVersion::v1;
  policy::BundleManifest manifest;
  const bool bundle = given.has("bundle");
  const auto ignore = given.values("ignore");
  if (bundle)
    for (const auto& path : given.positional()) {
      if (!io::is_folder(path)) continue;
      const auto read = policy::read_bundle_folder(path, ignore);
      if (!read) return failed(context, format("load error: bundle {}: {}", path, read.error().message));
      if (read->manifest.roots_given || !read->manifest.revision.empty()) manifest = read->manifest;
    }
  policy::Policy loaded(options);
  policy::LoadOptions load;
  load.ignore = ignore;
  load.bundle = bundle;
  const auto problem = policy::load_paths(loaded, given.positional(), load);
  if (problem.failed()) {
    const std::string message = problem.message.empty() ? policy::to_string(problem.errors) : problem.message;
    return failed(context, "load error: " + (message.find("occurred") != std::string::npos
                                                 ? text::replace_all(message, " occurred:", " occurred during loading:")
                                                 : "1 error occurred during loading: " + message));
  }
  std::vector<policy::BundleMember> modules;
  // Modules are laid out anew, as OPA does when it builds.
  policy::FormatOptions layout;
  layout.read_as = options.version;
  layout.target = options.version == policy::RegoVersion::v0 ? policy::FormatTarget::v0 : policy::FormatTarget::v1;
  for (const auto& module : loaded.modules()) {
    const auto formatted = policy::format_policy(module->file, module->text, layout);
    if (!formatted) return failed(context, policy::to_string(formatted.error()));
    modules.push_back({io::normalize_path(module->file), *formatted});
  }
  const auto data = policy::to_document(loaded.data());
  if (const auto errors = loaded.compile(); !errors.empty()) return failed(context, policy::to_string(errors));
  for (const auto& entrypoint : given.values("entrypoint")) {
    if (!is_decision(loaded, entrypoint)) {
      return failed(context, format("entrypoint \"{}\" does not refer to a rule or policy decision", entrypoint));
    }
  }
  if (const auto target = given.value("target", "rego"); target != "rego")
    return failed(context, format("the target {} is not supported here: only rego is", target));
  if (given.has("revision")) manifest.revision = given.value("revision");
  manifest.rego_version = options.version == policy::RegoVersion::v0 ? 0 : 1;
  std::optional<policy::BundleSigning> signing;
  if (given.has("signing-key")) {
    const auto key = key_text(given.value("signing-key"));
    if (!key) return failed(context, key.error().message);
    signing.emplace();
    signing->key = *key;
    signing->algorithm = given.value("signing-alg", "RS256");
    signing->key_id = "default";
    signing->plugin = "_default";
  }
  const auto archive = policy::write_bundle(manifest, data.is_object() ? data : doc::Value::object(), modules, signing);
  if (!archive) return failed(context, archive.error().message);
  if (auto written = io::write_file_atomic(given.value("output", "bundle.tar.gz"), *archive); !written)
    return failed(context, written.error().message);
  return 0;
}

int opa_sign(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {{"output-file-path", 'o', true}, {"bundle", 'b'},
                                       {"signing-key", 0, true},        {"signing-alg", 0, true},
                                       {"claims-file", 0, true},        {"signing-plugin", 0, true}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return usage_error(context, given.problem());
  if (given.positional().empty())
    return usage_error(context, "specify atleast one path containing policy and/or data files");
  if (!given.has("signing-key"))
    return usage_error(context,
                       "specify the secret (HMAC) or path of the PEM file containing the private key (RSA and ECDSA)");
  policy::BundleSigning signing;
  signing.algorithm = given.value("signing-alg", "RS256");
  const auto key = key_text(given.value("signing-key"));
  if (!key) return failed(context, key.error().message);
  signing.key = *key;
  if (given.has("claims-file")) {
    const auto text = io::read_file(given.value("claims-file"), limits::kConfigBytes);
    const auto claims = text ? doc::parse_json(*text) : Result<doc::Value>(std::unexpected(text.error()));
    if (!claims) return failed(context, claims.error().message);
    signing.claims = *claims;
  }
  std::vector<policy::BundleMember> members;
  for (const auto& path : given.positional()) {
    const auto read = policy::read_bundle_folder(path);
    if (!read) return failed(context, read.error().message);
    for (const auto& member : read->members)
      members.push_back({io::normalize_path(io::join_path(path, member.path)), member.bytes});
  }
  const auto signatures = policy::sign_members(members, signing);
  if (!signatures) return failed(context, signatures.error().message);
  const auto target = io::join_path(given.value("output-file-path", "."), ".signatures.json");
  if (auto written = io::write_file_atomic(target, *signatures); !written)
    return failed(context, written.error().message);
  return 0;
}

int opa_inspect(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {
      {"annotations", 'a'}, {"format", 'f', true}, {"v0-compatible"}, {"v1-compatible"}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return usage_error(context, given.problem());
  if (given.positional().size() != 1) return usage_error(context, "specify exactly one OPA bundle or path");
  PolicyInspectRequest request;
  request.path = given.positional()[0];
  request.format = given.value("format", "pretty");
  request.annotations = given.has("annotations");
  request.v0_compatible = given.has("v0-compatible");
  const PolicyToolResult result = policy_inspect(request);
  context.out.write(result.out);
  context.err.write(result.err);
  return result.exit_code;
}

int opa_capabilities(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {{"current"}, {"version", 0, true}, {"file", 0, true}, {"v0-compatible"}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return usage_error(context, given.problem());
  if (given.has("file")) {
    const auto text = io::read_file(given.value("file"), limits::kConfigBytes);
    const auto file = text ? doc::parse_json(*text) : Result<doc::Value>(std::unexpected(text.error()));
    if (!file) return failed(context, file.error().message);
    if (!file->is_object()) return failed(context, given.value("file") + " is no object of capabilities");
    // Lists that the file has but leaves empty are not told.
    doc::Value told = doc::Value::object();
    for (const doc::Member& member : file->members()) {
      if (!member.value.is_array() || member.name == "builtins" || !member.value.items().empty())
        told.set(member.name, member.value);
    }
    context.out.write(doc::write_json_pretty(told) + "\n");
    return 0;
  }
  if (given.has("version")) {
    // OPA says nothing of a version that never was; what this engine does not keep is told.
    if (was_released(given.value("version")))
      return failed(context, format("the lists of former versions are not kept: {}", given.value("version")));
    return 1;
  }
  context.out.write(
      pretty(policy::capabilities(given.has("v0-compatible") ? policy::RegoVersion::v0 : policy::RegoVersion::v1)));
  return 0;
}

}  // namespace chiron
