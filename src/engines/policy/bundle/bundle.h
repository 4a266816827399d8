// OPA bundles: a gzipped tar of modules, data and a manifest, signed or not. Reading checks everything that a manifest
// and a signature promise before a byte is used; writing gives the same bytes for the same content.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "foundation/doc/value.h"

namespace chiron::policy {

namespace bundle_limits {
inline constexpr std::uint64_t kArchiveBytes = std::uint64_t{1} << 30;   // of the archive itself
inline constexpr std::uint64_t kContentBytes = std::uint64_t{1} << 30;   // of all members together, unpacked
inline constexpr std::uint64_t kMemberBytes = std::uint64_t{512} << 20;  // of one member
inline constexpr std::size_t kMembers = 100'000;
inline constexpr std::size_t kPathBytes = 4096;
}  // namespace bundle_limits

struct BundleManifest {
  std::string revision;
  std::vector<std::string> roots{""};  // "" is all of data
  std::optional<int> rego_version;
  std::map<std::string, int> file_rego_versions;  // by path pattern
  doc::Value metadata;                            // an object or null
  doc::Value wasm;                                // kept as it is
  bool roots_given = false;
};

struct BundleMember {
  std::string path;  // "zone/zone.rego": without a leading slash, "/" between parts
  std::string bytes;
};

struct Bundle {
  BundleManifest manifest;
  doc::Value data;                    // an object: all data files at their folders' paths
  std::vector<BundleMember> modules;  // .rego files, sorted by path
  std::vector<BundleMember> data_files;
  std::optional<std::string> signatures;  // .signatures.json as it stands
  std::vector<BundleMember> members;      // everything, sorted: what signatures speak of
};

// Which key a signature is checked with. Without a key a signed bundle is read unchecked unless `required`.
struct BundleVerification {
  std::string key;  // HMAC's secret, or a PEM public key or certificate
  std::string algorithm = "RS256";
  std::string key_id;                // of the token's header or claim; "" for any
  std::string scope;                 // the token's scope claim must equal it
  std::vector<std::string> exclude;  // members that need no signature, as glob patterns
  bool required = false;             // an unsigned bundle is refused
};

// Errors: "bundle.archive", "bundle.path" (a member that escapes or repeats), "limit.size", "bundle.manifest",
// "bundle.roots" (a module or data outside the roots), "bundle.unsigned", "bundle.signature" (tampered, wrong key).
[[nodiscard]] Result<Bundle> read_bundle(std::string_view archive, const BundleVerification& verification = {});
// The same from a folder, leaving out what `ignore` matches (glob patterns of names and paths).
[[nodiscard]] Result<Bundle> read_bundle_folder(const std::string& folder, const std::vector<std::string>& ignore = {},
                                                const BundleVerification& verification = {});

struct BundleSigning {
  std::string key;  // HMAC's secret, or a PEM private key
  std::string algorithm = "RS256";
  std::string key_id;
  doc::Value claims;  // further claims of the payload
  std::string plugin;  // that signed, where the file of signatures is to name it
};
// The content of .signatures.json for the members, by their paths.
[[nodiscard]] Result<std::string> sign_members(const std::vector<BundleMember>& members, const BundleSigning& signing);

// data.json, the modules, .manifest and, where given, .signatures.json. No times, owners or order of the file system.
[[nodiscard]] Result<std::string> write_bundle(const BundleManifest& manifest, const doc::Value& data,
                                               const std::vector<BundleMember>& modules,
                                               const std::optional<BundleSigning>& signing = std::nullopt);
[[nodiscard]] doc::Value write_manifest(const BundleManifest& manifest);
// The content of a .manifest.
[[nodiscard]] Result<BundleManifest> read_manifest(std::string_view text);
// Whether a path ("a/b") lies below one of the roots.
[[nodiscard]] bool within_roots(const BundleManifest& manifest, std::string_view path);

}  // namespace chiron::policy
