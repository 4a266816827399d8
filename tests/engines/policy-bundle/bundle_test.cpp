// Bundles: what is written reads back, the same content gives the same bytes, and what is tampered with, unsigned, too
// large, outside its roots or escaping is refused with the reason.
#include "engines/policy/bundle/bundle.h"

#include <doctest/doctest.h>

#include "engines/policy/bundle/archive.h"
#include "foundation/doc/json.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

const std::string kModule = "package zone\n\nallow if input.x < 3\n";

BundleSigning secret_signing() {
  BundleSigning signing;
  signing.key = "a secret";
  signing.algorithm = "HS256";
  signing.key_id = "one";
  return signing;
}
BundleVerification secret_verification() {
  BundleVerification verification;
  verification.key = "a secret";
  verification.algorithm = "HS256";
  return verification;
}

std::string build(const std::optional<BundleSigning>& signing = std::nullopt) {
  BundleManifest manifest;
  manifest.revision = "r1";
  manifest.roots = {"zone", "extra"};
  manifest.roots_given = true;
  manifest.rego_version = 1;
  const auto data = doc::parse_json(R"({"extra":{"limit":9}})").value();
  auto written = write_bundle(manifest, data, {{"zone/zone.rego", kModule}}, signing);
  REQUIRE(written);
  return *written;
}

std::string code_of(const Result<Bundle>& bundle) { return bundle ? "read" : bundle.error().code; }

}  // namespace

TEST_CASE("a bundle reads back as it was written") {
  const auto archive = build();
  CHECK(archive == build());
  const auto bundle = read_bundle(archive);
  REQUIRE_MESSAGE(bundle, (bundle ? "" : bundle.error().message));
  CHECK(bundle->manifest.revision == "r1");
  CHECK(bundle->manifest.roots == std::vector<std::string>{"zone", "extra"});
  CHECK(bundle->manifest.rego_version == 1);
  REQUIRE(bundle->modules.size() == 1);
  CHECK(bundle->modules[0].bytes == kModule);
  CHECK(doc::write_json(bundle->data) == R"({"extra":{"limit":9}})");
  CHECK_FALSE(bundle->signatures);
}

TEST_CASE("signatures") {
  const auto archive = build(secret_signing());
  CHECK(code_of(read_bundle(archive, secret_verification())) == "read");
  CHECK(code_of(read_bundle(build(), secret_verification())) == "bundle.unsigned");
  auto required = BundleVerification();
  required.required = true;
  CHECK(code_of(read_bundle(build(), required)) == "bundle.unsigned");
  auto wrong = secret_verification();
  wrong.key = "another secret";
  CHECK(code_of(read_bundle(archive, wrong)) == "bundle.signature");
  wrong = secret_verification();
  wrong.key_id = "two";
  CHECK(code_of(read_bundle(archive, wrong)) == "bundle.signature");
  wrong = secret_verification();
  wrong.scope = "write";
  CHECK(code_of(read_bundle(archive, wrong)) == "bundle.signature");

  auto members = read_archive(archive).value();
  auto tampered = members;
  for (auto& member : tampered)
    if (member.path == "zone/zone.rego") member.bytes += "# more\n";
  auto result = read_bundle(write_archive(tampered).value(), secret_verification());
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("zone/zone.rego was changed after it was signed") != std::string::npos);

  auto added = members;
  added.push_back({"zone/more.rego", "package zone\n"});
  result = read_bundle(write_archive(added).value(), secret_verification());
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("zone/more.rego is not signed") != std::string::npos);

  auto removed = members;
  std::erase_if(removed, [](const BundleMember& member) { return member.path == "zone/zone.rego"; });
  result = read_bundle(write_archive(removed).value(), secret_verification());
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("zone/zone.rego is missing") != std::string::npos);
}

TEST_CASE("paths, roots and manifests") {
  auto code = [](const std::vector<BundleMember>& members) {
    return code_of(read_bundle(write_archive(members).value()));
  };
  CHECK(code({{"../escape.rego", "package a"}}) == "bundle.path");
  CHECK(code({{"a/../../b/data.json", "{}"}}) == "bundle.path");
  CHECK(code({{"a.rego", "package a"}, {"./a.rego", "package a"}}) == "bundle.path");
  CHECK(code({{".manifest", R"({"roots":["mine"]})"}, {"other/o.rego", "package other"}}) == "bundle.roots");
  CHECK(code({{".manifest", R"({"roots":["mine"]})"}, {"data.json", R"({"other":1})"}}) == "bundle.roots");
  CHECK(code({{".manifest", R"({"roots":["a","a/b"]})"}}) == "bundle.manifest");
  CHECK(code({{".manifest", R"({"rego_version":7})"}}) == "bundle.manifest");
  CHECK(code({{".manifest", "no JSON"}}) == "bundle.manifest");
  CHECK(code({{"a/data.json", "1"}, {"data.json", R"({"a":{"b":2}})"}}) == "bundle.data");
  CHECK(code_of(read_bundle("no archive at all")) == "bundle.archive");
  CHECK(code({{"a/b/data.json", "[1]"}, {"a/data.json", R"({"c":2})"}}) == "read");
}
