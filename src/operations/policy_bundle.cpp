// chiron policy build, inspect, sign and capabilities: bundles of policies, and what the engine can do.
#include <algorithm>

#include "engines/policy/builtins/capabilities.h"
#include "engines/policy/bundle/bundle.h"
#include "engines/policy/engine.h"
#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct BuildRequest {
  std::vector<std::string> paths;
  std::string output = "bundle.tar.gz";
  std::string revision;
  std::vector<std::string> ignore;
  std::string signing_key;
  std::string signing_algorithm = "RS256";
  std::string signing_key_id;
  bool v0_compatible = false;
};

// A key given as text, or the content of the file of that name.
Result<std::string> key_text(const std::string& key, const Context& context) {
  const auto file = context.absolute(key);
  return io::exists(file) && !io::is_folder(file) ? io::read_file(file, limits::kConfigBytes)
                                                  : Result<std::string>(key);
}

Result<policy::Bundle> load(const std::string& path, const std::vector<std::string>& ignore,
                            const policy::BundleVerification& verification) {
  if (io::is_folder(path)) return policy::read_bundle_folder(path, ignore, verification);
  return policy::read_bundle(TRY(io::read_file(path, policy::bundle_limits::kArchiveBytes)), verification);
}

// What a bundle holds must compile; what does not is not built.
Result<void> check_compiles(const policy::Bundle& bundle, policy::RegoVersion version) {
  policy::PolicyOptions options;
  options.version = version;
  policy::Policy compiled(options);
  policy::PolicyErrors errors;
  for (const auto& module : bundle.modules) {
    auto found = compiled.add_module(module.path, module.bytes);
    errors.insert(errors.end(), found.begin(), found.end());
  }
  if (errors.empty()) errors = compiled.compile();
  if (errors.empty()) return {};
  return fail(ErrorKind::input, "policy.compile", policy::to_string(errors));
}

Result<Response> run_build(const BuildRequest& request, Context& context) {
  policy::BundleManifest manifest;
  doc::Value data = doc::Value::object();
  std::vector<policy::BundleMember> modules;
  const auto version = request.v0_compatible ? policy::RegoVersion::v0 : policy::RegoVersion::v1;
  for (const auto& path : request.paths) {
    auto bundle = TRY(load(context.absolute(path), request.ignore, {}));
    TRY(check_compiles(bundle, bundle.manifest.rego_version.value_or(version == policy::RegoVersion::v1 ? 1 : 0) == 0
                                   ? policy::RegoVersion::v0
                                   : version));
    if (request.paths.size() > 1 && bundle.manifest.roots_given && modules.empty() && manifest.roots_given)
      return fail(ErrorKind::unsupported, "policy.build",
                  "building one bundle out of several that name roots is not supported");
    if (bundle.manifest.roots_given)
      manifest = bundle.manifest;
    else if (!bundle.manifest.revision.empty())
      manifest.revision = bundle.manifest.revision;
    for (const auto& member : bundle.data.members()) {
      if (data.find(member.name) != nullptr)
        return fail(ErrorKind::input, "bundle.data", format("{}: the document {} is there already", path, member.name));
      data.set(member.name, member.value);
    }
    for (auto& module : bundle.modules) modules.push_back(std::move(module));
  }
  if (!request.revision.empty()) manifest.revision = request.revision;
  if (!manifest.rego_version) manifest.rego_version = version == policy::RegoVersion::v1 ? 1 : 0;
  std::optional<policy::BundleSigning> signing;
  if (!request.signing_key.empty()) {
    signing.emplace();
    signing->key = TRY(key_text(request.signing_key, context));
    signing->algorithm = request.signing_algorithm;
    signing->key_id = request.signing_key_id;
  }
  const auto archive = TRY(policy::write_bundle(manifest, data, modules, signing));
  TRY(io::write_file_atomic(context.absolute(request.output), archive));
  Response response;
  response.exit_code = 0;
  response.output = "";
  response.notices.push_back(format("wrote {} with {} modules", request.output, modules.size()));
  return response;
}

struct InspectRequest {
  std::string bundle;
  std::string verification_key;
  std::string algorithm = "RS256";
  std::string key_id;
  std::string scope;
  bool require_signature = false;
};

Result<Response> run_inspect(const InspectRequest& request, Context& context) {
  policy::BundleVerification verification;
  verification.algorithm = request.algorithm;
  verification.key_id = request.key_id;
  verification.scope = request.scope;
  verification.required = request.require_signature;
  if (!request.verification_key.empty()) verification.key = TRY(key_text(request.verification_key, context));
  const auto bundle = TRY(load(context.absolute(request.bundle), {}, verification));
  doc::Value out = doc::Value::object();
  out.set("manifest", policy::write_manifest(bundle.manifest));
  out.set("signed", doc::Value(bundle.signatures.has_value()));
  out.set("verified", doc::Value(bundle.signatures.has_value() && !verification.key.empty()));
  auto names = [](const std::vector<policy::BundleMember>& members) {
    doc::Value list = doc::Value::array();
    for (const auto& member : members) list.push(doc::Value(member.path));
    return list;
  };
  out.set("modules", names(bundle.modules));
  out.set("data", names(bundle.data_files));
  Response response;
  response.output = doc::write_json_pretty(out) + "\n";
  response.exit_code = 0;
  return response;
}

struct SignRequest {
  std::string bundle;
  std::string output = ".";
  std::string key;
  std::string algorithm = "RS256";
  std::string key_id;
  std::string claims;
};

Result<Response> run_sign(const SignRequest& request, Context& context) {
  const auto bundle = TRY(load(context.absolute(request.bundle), {}, {}));
  policy::BundleSigning signing;
  signing.key = TRY(key_text(request.key, context));
  signing.algorithm = request.algorithm;
  signing.key_id = request.key_id;
  if (!request.claims.empty())
    signing.claims = TRY(doc::parse_json(TRY(io::read_file(context.absolute(request.claims), limits::kConfigBytes))));
  const auto signatures = TRY(policy::sign_members(bundle.members, signing));
  const auto target = io::join_path(context.absolute(request.output), ".signatures.json");
  TRY(io::write_file_atomic(target, signatures));
  Response response;
  response.output = "";
  response.exit_code = 0;
  response.notices.push_back(format("wrote {}", target));
  return response;
}

struct CapabilitiesRequest {
  bool v0_compatible = false;
};

Result<Response> run_capabilities(const CapabilitiesRequest& request, Context&) {
  Response response;
  response.output = doc::write_json_pretty(policy::capabilities(request.v0_compatible ? policy::RegoVersion::v0
                                                                                      : policy::RegoVersion::v1)) +
                    "\n";
  response.exit_code = 0;
  return response;
}

}  // namespace

Operation policy_build_operation() {
  using R = BuildRequest;
  auto made = operation<R>(
      "policy build", "Build a bundle of policies and data, byte for byte the same for the same content",
      Fields<R>()
          .add("path", &R::paths,
               {.help = "Folders and bundles to build from",
                .placeholder = "PATH",
                .example = "policy",
                .positional = true,
                .required = true,
                .is_path = true})
          .add("bundle-file", &R::output,
               {.help = "The bundle to write", .fallback = "bundle.tar.gz", .placeholder = "FILE", .is_path = true})
          .add("revision", &R::revision, {.help = "The manifest's revision", .placeholder = "TEXT"})
          .add("ignore", &R::ignore, {.help = "Patterns of file names to leave out", .placeholder = "GLOB"})
          .add("signing-key", &R::signing_key,
               {.help = "Sign: a secret (HMAC) or a file with a PEM private key", .placeholder = "KEY"})
          .add("signing-alg", &R::signing_algorithm,
               {.help = "Algorithm of the signature", .fallback = "RS256", .example = "ES256"})
          .add("signing-key-id", &R::signing_key_id,
               {.help = "Name of the key, as the verifier knows it", .placeholder = "ID"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .take(),
      run_build);
  made.examples = {{"chiron policy build policy/", "write bundle.tar.gz"}};
  return made;
}

Operation policy_inspect_operation() {
  using R = InspectRequest;
  auto made = operation<R>(
      "policy inspect", "Show what a bundle holds, and check its signature",
      Fields<R>()
          .add("bundle", &R::bundle,
               {.help = "A bundle or a folder",
                .placeholder = "BUNDLE",
                .example = "bundle.tar.gz",
                .positional = true,
                .required = true,
                .is_path = true})
          .add("verification-key", &R::verification_key,
               {.help = "Check the signature: a secret (HMAC) or a file with a PEM public key", .placeholder = "KEY"})
          .add("signing-alg", &R::algorithm, {.help = "Algorithm that the signature must have", .fallback = "RS256"})
          .add("verification-key-id", &R::key_id, {.help = "Name that the key must have", .placeholder = "ID"})
          .add("scope", &R::scope, {.help = "Scope that the signature must have", .placeholder = "TEXT"})
          .add("require-signature", &R::require_signature, {.help = "Refuse an unsigned bundle"})
          .take(),
      run_inspect);
  made.examples = {{"chiron policy inspect bundle.tar.gz", "the manifest, modules and data"}};
  return made;
}

Operation policy_sign_operation() {
  using R = SignRequest;
  auto made = operation<R>(
      "policy sign", "Write the signature of a bundle's files",
      Fields<R>()
          .add("bundle", &R::bundle,
               {.help = "A bundle or a folder",
                .placeholder = "BUNDLE",
                .example = "policy",
                .positional = true,
                .required = true,
                .is_path = true})
          .add("folder", &R::output,
               {.help = "Where .signatures.json is written", .fallback = ".", .placeholder = "FOLDER", .is_path = true})
          .add("signing-key", &R::key,
               {.help = "A secret (HMAC) or a file with a PEM private key", .placeholder = "KEY", .required = true})
          .add("signing-alg", &R::algorithm,
               {.help = "Algorithm of the signature", .fallback = "RS256", .example = "ES256"})
          .add("signing-key-id", &R::key_id, {.help = "Name of the key, as the verifier knows it", .placeholder = "ID"})
          .add("claims-file", &R::claims,
               {.help = "JSON file with further claims", .placeholder = "FILE", .is_path = true})
          .take(),
      run_sign);
  made.examples = {{"chiron policy sign policy/ --signing-key key.pem", "write .signatures.json"}};
  return made;
}

Operation policy_capabilities_operation() {
  using R = CapabilitiesRequest;
  return operation<R>("policy capabilities", "List the built-in functions and features that policies may use",
                      Fields<R>().add("v0-compatible", &R::v0_compatible, {.help = "As Rego v0 sees them"}).take(),
                      run_capabilities);
}

}  // namespace chiron
