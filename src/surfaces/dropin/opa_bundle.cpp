// opa build, sign and capabilities. Modules are built as they are written, not laid out anew.
#include <algorithm>

#include "engines/policy/builtins/capabilities.h"
#include "engines/policy/bundle/bundle.h"
#include "engines/policy/loader.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
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
  if (const auto target = given.value("target", "rego"); target != "rego")
    return failed(context, format("the target {} is not supported here: only rego is", target));
  for (auto refused : {"entrypoint", "signing-plugin", "prune-unused"})
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
  for (const auto& module : loaded.modules()) modules.push_back({io::normalize_path(module->file), module->text});
  const auto data = policy::to_document(loaded.data());
  if (const auto errors = loaded.compile(); !errors.empty()) return failed(context, policy::to_string(errors));
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
  if (given.has("version")) return failed(context, format("no capabilities version found {}", given.value("version")));
  context.out.write(
      pretty(policy::capabilities(given.has("v0-compatible") ? policy::RegoVersion::v0 : policy::RegoVersion::v1)));
  return 0;
}

}  // namespace chiron
