// Bundles: manifest, data at its paths, roots, signatures.
#include "engines/policy/bundle/bundle.h"

#include <algorithm>
#include <unordered_map>

#include "engines/policy/builtins/keys.h"
#include "engines/policy/builtins/support.h"
#include "engines/policy/bundle/archive.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"
#include "foundation/doc/json.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::policy {

namespace {

constexpr std::string_view kManifest = ".manifest", kSignatures = ".signatures.json";

std::unexpected<Error> bad_manifest(std::string message) {
  return fail(ErrorKind::input, "bundle.manifest", "the bundle's manifest: " + std::move(message));
}
std::unexpected<Error> bad_signature(std::string message) {
  return fail(ErrorKind::input, "bundle.signature", "the bundle's signature: " + std::move(message));
}

// Joins two documents; false where something other than objects meets.
bool merge(doc::Value& into, const doc::Value& from) {
  if (!into.is_object() || !from.is_object()) return false;
  for (const auto& member : from.members()) {
    bool found = false;
    for (auto& mine : into.members())
      if (mine.name == member.name) {
        found = true;
        if (!merge(mine.value, member.value)) return false;
      }
    if (!found) into.members().push_back(member);
  }
  return true;
}

// Every path of the document that is no object must lie below a root.
std::optional<std::string> outside_roots(const doc::Value& data, const BundleManifest& manifest,
                                         const std::string& path) {
  if (within_roots(manifest, path)) return std::nullopt;
  if (!data.is_object() || data.members().empty())
    return path.empty() && data.is_object() ? std::nullopt : std::optional(path);
  for (const auto& member : data.members())
    if (auto outside = outside_roots(member.value, manifest, path.empty() ? member.name : path + "/" + member.name))
      return outside;
  return std::nullopt;
}

// Files are hashed as they are, JSON and YAML documents by their canonical JSON.
std::string hash_of(const BundleMember& member) {
  const auto name = io::file_name(member.path);
  const bool json = name == "data.json" || name == kManifest;
  const bool yaml = name == "data.yaml" || name == "data.yml";
  if (json || yaml) {
    auto value = json ? doc::parse_json(member.bytes) : doc::parse_yaml(member.bytes);
    if (value) {
      Store store;
      return crypto::sha256_hex(to_json(store.from_document(*value), {.indent = 0, .escape_html = false}));
    }
  }
  return crypto::sha256_hex(member.bytes);
}

Result<std::vector<functions::Key>> keys_of(const BundleVerification& verification) {
  std::vector<functions::Key> keys;
  if (verification.algorithm.starts_with("HS")) {
    functions::Key key;
    key.symmetric = true;
    key.secret = verification.key;
    keys.push_back(std::move(key));
    return keys;
  }
  auto read = functions::read_verification_keys(text::trim(verification.key));
  if (!read) return bad_signature(read.error());
  return std::move(*read);
}

Result<void> check_signatures(const Bundle& bundle, const BundleVerification& verification) {
  if (verification.key.empty()) {
    if (verification.required && !bundle.signatures)
      return fail(ErrorKind::input, "bundle.unsigned", "the bundle is not signed, and a signature is required");
    if (verification.required) return bad_signature("there is no key to check it with");
    return {};
  }
  if (!bundle.signatures)
    return fail(ErrorKind::input, "bundle.unsigned", "the bundle is not signed (it has no .signatures.json)");
  const auto document = doc::parse_json(*bundle.signatures);
  const auto* tokens = document ? document->find("signatures") : nullptr;
  if (tokens == nullptr || !tokens->is_array() || tokens->items().size() != 1 || !tokens->items().front().is_string())
    return bad_signature(".signatures.json does not hold exactly one token");
  const std::string& token = tokens->items().front().as_string();
  const auto parts = text::split(token, '.');
  if (parts.size() != 3) return bad_signature("the token has not three parts");
  const auto header_text = functions::decode_base64url(parts[0]), payload_text = functions::decode_base64url(parts[1]),
             signature = functions::decode_base64url(parts[2]);
  if (!header_text || !payload_text || !signature) return bad_signature("the token is no base64url");
  const auto header = doc::parse_json(*header_text), payload = doc::parse_json(*payload_text);
  if (!header || !payload || !header->is_object() || !payload->is_object())
    return bad_signature("the token is no JSON");
  if (header->string_or("alg", "") != verification.algorithm)
    return bad_signature(
        format("its algorithm is {}, not {}", header->string_or("alg", "none"), verification.algorithm));
  if (!verification.key_id.empty()) {
    const auto kid = header->string_or("kid", payload->string_or("keyid", ""));
    if (kid != verification.key_id)
      return bad_signature(format("it is made with the key \"{}\", not \"{}\"", kid, verification.key_id));
  }
  const auto keys = TRY(keys_of(verification));
  const std::string message = format("{}.{}", parts[0], parts[1]);
  if (std::ranges::none_of(keys, [&](const functions::Key& key) {
        return functions::verify_jws(key, verification.algorithm, message, *signature);
      }))
    return bad_signature("it was not made with the key");
  if (payload->string_or("scope", "") != verification.scope)
    return bad_signature(
        format("its scope is \"{}\", not \"{}\"", payload->string_or("scope", ""), verification.scope));

  std::unordered_map<std::string, std::pair<std::string, std::string>> promised;
  if (const auto* files = payload->find("files"); files != nullptr && files->is_array())
    for (const auto& file : files->items())
      promised[std::string(file.string_or("name", ""))] = {std::string(file.string_or("hash", "")),
                                                           std::string(file.string_or("algorithm", ""))};
  std::size_t checked = 0;
  for (const auto& member : bundle.members) {
    if (member.path == kSignatures) continue;
    if (std::ranges::any_of(verification.exclude,
                            [&](const std::string& pattern) { return text::glob_match(pattern, member.path); }))
      continue;
    const auto found = promised.find(member.path);
    if (found == promised.end()) return bad_signature(format("the file {} is not signed", member.path));
    if (found->second.second != "SHA-256")
      return bad_signature(format("the digest of {} is {}, only SHA-256 is known", member.path, found->second.second));
    if (found->second.first != hash_of(member))
      return bad_signature(format("the file {} was changed after it was signed", member.path));
    ++checked;
  }
  if (checked < promised.size())
    for (const auto& [name, promise] : promised)
      if (std::ranges::none_of(bundle.members,
                               [&, &wanted = name](const BundleMember& member) { return member.path == wanted; }))
        return bad_signature(format("the signed file {} is missing", name));
  return {};
}

std::string package_path(std::string_view text) {
  // The package clause is the first statement: comments and white space stand before it.
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (static_cast<unsigned char>(text[at]) <= ' ') {
      ++at;
    } else {
      break;
    }
  }
  if (!text.substr(at).starts_with("package")) return {};
  at += 7;
  auto line = text::trim(text.substr(at, text.find('\n', at) - at));
  std::string path;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '.') {
      path += '/';
      ++i;
    } else if (line[i] == '[' && i + 1 < line.size() && line[i + 1] == '"') {
      const auto close = line.find('"', i + 2);
      path += "/" + std::string(line.substr(i + 2, close - i - 2));
      i = close == std::string_view::npos ? line.size() : close + 2;
    } else if (line[i] == ' ' || line[i] == '#' || line[i] == ';') {
      break;
    } else {
      path += line[i++];
    }
  }
  return path;
}

Result<Bundle> assemble(std::vector<BundleMember> members, const BundleVerification& verification,
                        const std::string& shown) {
  Bundle bundle;
  std::ranges::sort(members, {}, &BundleMember::path);
  for (const auto& member : members) {
    if (member.path == kManifest) bundle.manifest = TRY(read_manifest(member.bytes));
    if (member.path == kSignatures) bundle.signatures = member.bytes;
  }
  bundle.members = std::move(members);
  TRY(check_signatures(bundle, verification));
  bundle.data = doc::Value::object();
  for (const auto& member : bundle.members) {
    const auto name = io::file_name(member.path);
    const std::string folder(io::parent_path(member.path));
    if (name.ends_with(".rego")) {
      const std::string package = package_path(member.bytes);
      if (!package.empty() && !within_roots(bundle.manifest, package))
        return fail(ErrorKind::input, "bundle.roots",
                    format("manifest roots [{}] do not permit 'package {}' in module '{}'",
                           text::join(bundle.manifest.roots, " "), text::replace_all(package, "/", "."),
                           shown.empty() ? member.path : shown + "/" + member.path));
      bundle.modules.push_back(member);
      continue;
    }
    const bool json = name == "data.json", yaml = name == "data.yaml" || name == "data.yml";
    if (!json && !yaml) continue;
    doc::ReadOptions options;
    options.file = member.path;
    doc::Value value = TRY(json ? doc::parse_json(member.bytes, options) : doc::parse_yaml(member.bytes, options));
    if (folder.empty() && !value.is_object())
      return fail(ErrorKind::input, "bundle.data",
                  format("{}: the data at the root of a bundle is an object", member.path));
    if (!folder.empty()) {
      const auto parts = text::split(folder, '/');
      for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        doc::Value outer = doc::Value::object();
        outer.set(*part, std::move(value));
        value = std::move(outer);
      }
    }
    if (!merge(bundle.data, value))
      return fail(ErrorKind::input, "bundle.data", format("{}: the document meets another at its path", member.path));
    bundle.data_files.push_back(member);
  }
  if (const auto outside = outside_roots(bundle.data, bundle.manifest, ""))
    return fail(ErrorKind::input, "bundle.roots",
                format("manifest roots [{}] do not permit data at path '/{}' (hint: check bundle directory structure)",
                       text::join(bundle.manifest.roots, " "), *outside));
  return bundle;
}

}  // namespace

Result<BundleManifest> read_manifest(std::string_view text) {
  BundleManifest manifest;
  const auto parsed = doc::parse_json(text);
  if (!parsed) return bad_manifest(parsed.error().message);
  if (!parsed->is_object()) return bad_manifest("is no object");
  for (const auto& member : parsed->members()) {
    const auto& value = member.value;
    if (member.name == "revision") {
      if (!value.is_string()) return bad_manifest("revision is no string");
      manifest.revision = value.as_string();
    } else if (member.name == "roots") {
      if (value.is_null()) continue;
      if (!value.is_array()) return bad_manifest("roots is no array");
      manifest.roots.clear();
      manifest.roots_given = true;
      for (const auto& root : value.items()) {
        if (!root.is_string()) return bad_manifest("a root is no string");
        std::string_view path = root.as_string();
        while (path.starts_with('/')) path.remove_prefix(1);
        while (path.ends_with('/')) path.remove_suffix(1);
        manifest.roots.emplace_back(path);
      }
    } else if (member.name == "rego_version") {
      const auto version = value.as_integer();
      if (!version || *version < 0 || *version > 1) return bad_manifest("rego_version is neither 0 nor 1");
      manifest.rego_version = static_cast<int>(*version);
    } else if (member.name == "file_rego_versions") {
      if (!value.is_object()) return bad_manifest("file_rego_versions is no object");
      for (const auto& file : value.members()) {
        const auto version = file.value.as_integer();
        if (!version || *version < 0 || *version > 1)
          return bad_manifest(format("the version of {} is neither 0 nor 1", file.name));
        manifest.file_rego_versions[file.name] = static_cast<int>(*version);
      }
    } else if (member.name == "metadata") {
      manifest.metadata = value;
    } else if (member.name == "wasm") {
      manifest.wasm = value;
    }
  }
  for (std::size_t i = 0; i < manifest.roots.size(); ++i)
    for (std::size_t j = 0; j < manifest.roots.size(); ++j) {
      const auto &a = manifest.roots[i], &b = manifest.roots[j];
      if (i != j && (a.empty() || b == a || b.starts_with(a + "/")))
        return bad_manifest(format("the roots \"{}\" and \"{}\" overlap", a, b));
    }
  return manifest;
}

bool within_roots(const BundleManifest& manifest, std::string_view path) {
  return std::ranges::any_of(manifest.roots, [&](const std::string& root) {
    return root.empty() || path == root || path.starts_with(root + "/");
  });
}

Result<Bundle> read_bundle(std::string_view archive, const BundleVerification& verification) {
  return assemble(TRY(read_archive(archive)), verification, "");
}

Result<Bundle> read_bundle_folder(const std::string& folder, const std::vector<std::string>& ignore,
                                  const BundleVerification& verification) {
  std::vector<BundleMember> members;
  std::uint64_t total = 0;
  for (const auto& entry : TRY(io::walk(folder))) {
    if (entry.type != io::EntryType::file) continue;
    const auto name = io::file_name(entry.path);
    const bool known = name.ends_with(".rego") || name == "data.json" || name == "data.yaml" || name == "data.yml" ||
                       entry.path == kManifest || entry.path == kSignatures;
    const bool ignored = std::ranges::any_of(ignore, [&](const std::string& pattern) {
      return text::glob_match(pattern, name) || text::glob_match(pattern, entry.path);
    });
    if (!known || ignored) continue;
    total += entry.size_bytes;
    if (total > bundle_limits::kContentBytes)
      return fail(ErrorKind::limit, "limit.size",
                  format("the bundle {} has more than {} bytes", folder, bundle_limits::kContentBytes));
    members.push_back({entry.path, TRY(io::read_file(io::join_path(folder, entry.path), bundle_limits::kMemberBytes))});
  }
  return assemble(std::move(members), verification, folder);
}

Result<std::string> sign_members(const std::vector<BundleMember>& members, const BundleSigning& signing) {
  if (!functions::is_jws_algorithm(signing.algorithm))
    return fail(ErrorKind::usage, "bundle.algorithm", format("unsupported signature algorithm: {}", signing.algorithm));
  std::vector<const BundleMember*> sorted;
  for (const auto& member : members)
    if (member.path != kSignatures) sorted.push_back(&member);
  std::ranges::sort(sorted, {}, [](const BundleMember* member) { return std::string_view(member->path); });
  doc::Value files = doc::Value::array();
  for (const BundleMember* member : sorted) {
    doc::Value file = doc::Value::object();
    file.set("name", doc::Value(member->path));
    file.set("hash", doc::Value(hash_of(*member)));
    file.set("algorithm", doc::Value("SHA-256"));
    files.push(std::move(file));
  }
  doc::Value payload = doc::Value::object();
  payload.set("files", std::move(files));
  if (signing.claims.is_object())
    for (const auto& claim : signing.claims.members()) payload.set(claim.name, claim.value);
  doc::Value header = doc::Value::object();
  header.set("alg", doc::Value(signing.algorithm));
  if (!signing.key_id.empty()) {
    header.set("kid", doc::Value(signing.key_id));
    payload.set("keyid", doc::Value(signing.key_id));
  }
  functions::Key key;
  if (signing.algorithm.starts_with("HS")) {
    key.symmetric = true;
    key.secret = signing.key;
  } else {
    auto keys = functions::read_private_keys(signing.key);
    if (!keys || keys->empty())
      return fail(ErrorKind::input, "bundle.key",
                  "the signing key is no PEM private key" + (keys ? std::string() : ": " + keys.error()));
    key = std::move(keys->front());
  }
  const std::string message = functions::encode_base64(doc::write_json(header), true, false) + "." +
                              functions::encode_base64(doc::write_json(payload), true, false);
  auto signature = functions::sign_jws(key, signing.algorithm, message);
  if (!signature) return fail(ErrorKind::input, "bundle.key", signature.error());
  doc::Value tokens = doc::Value::array();
  tokens.push(doc::Value(message + "." + functions::encode_base64(*signature, true, false)));
  doc::Value out = doc::Value::object();
  out.set("signatures", std::move(tokens));
  if (!signing.plugin.empty()) out.set("plugin", doc::Value(signing.plugin));
  return doc::write_json(out);
}

doc::Value write_manifest(const BundleManifest& manifest) {
  doc::Value out = doc::Value::object();
  out.set("revision", doc::Value(manifest.revision));
  doc::Value roots = doc::Value::array();
  for (const auto& root : manifest.roots) roots.push(doc::Value(root));
  out.set("roots", std::move(roots));
  if (!manifest.wasm.is_null()) out.set("wasm", manifest.wasm);
  if (manifest.rego_version) out.set("rego_version", doc::Value(*manifest.rego_version));
  if (!manifest.file_rego_versions.empty()) {
    doc::Value versions = doc::Value::object();
    for (const auto& [file, version] : manifest.file_rego_versions) versions.set(file, doc::Value(version));
    out.set("file_rego_versions", std::move(versions));
  }
  if (!manifest.metadata.is_null()) out.set("metadata", manifest.metadata);
  return out;
}

Result<std::string> write_bundle(const BundleManifest& manifest, const doc::Value& data,
                                 const std::vector<BundleMember>& modules,
                                 const std::optional<BundleSigning>& signing) {
  std::vector<BundleMember> members;
  members.push_back({"data.json", doc::write_json_canonical(data) + "\n"});
  std::vector<BundleMember> sorted = modules;
  std::ranges::sort(sorted, {}, &BundleMember::path);
  members.insert(members.end(), sorted.begin(), sorted.end());
  members.push_back({std::string(kManifest), doc::write_json(write_manifest(manifest)) + "\n"});
  if (signing) members.push_back({std::string(kSignatures), TRY(sign_members(members, *signing))});
  return write_archive(members);
}

}  // namespace chiron::policy
