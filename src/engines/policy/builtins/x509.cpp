// X.509 certificates, certificate requests and private keys over OpenSSL, as documents with the member names that
// Go's crypto/x509 has, since that is what policies read.
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "engines/policy/builtins/keys.h"
#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using Request = std::unique_ptr<X509_REQ, Deleter<X509_REQ, X509_REQ_free>>;
using BigPointer = std::unique_ptr<BIGNUM, Deleter<BIGNUM, BN_free>>;
using NamesPointer = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES, GENERAL_NAMES_free>>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
std::string_view view(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

template <class T, class Encode>
std::string der_of(T* object, Encode encode) {
  unsigned char* der = nullptr;
  const int size = encode(object, &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

// Collects members of an object.
class Members {
 public:
  explicit Members(Store& store) : store_(store) {}
  void add(std::string_view name, Value value) { members_.push_back({store_.intern(name), value}); }
  void text(std::string_view name, std::string_view value) { add(name, store_.string(value)); }
  void bytes(std::string_view name, std::string_view value) {
    add(name, value.empty() ? Value::null() : store_.string(encode_base64(value, false, true)));
  }
  void number(std::string_view name, std::int64_t value) { add(name, store_.integer(value)); }
  void flag(std::string_view name, bool value) { add(name, Value::boolean(value)); }
  // An empty list is null, as Go's nil slice.
  void list(std::string_view name, const std::vector<Value>& values) {
    add(name, values.empty() ? Value::null() : store_.array(values));
  }
  Value make() { return store_.object(members_); }

 private:
  Store& store_;
  std::vector<Member> members_;
};

Value big_number(Store& store, const BIGNUM* number) {
  char* decimal = BN_bn2dec(number);
  const Value value = store.number(decimal);
  OPENSSL_free(decimal);
  return value;
}

Value object_identifier(Store& store, const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  std::vector<Value> numbers;
  for (auto part : text::split(text.data(), '.')) numbers.push_back(store.number(part.empty() ? "0" : part));
  return store.array(numbers);
}

Value name_of(Store& store, const X509_NAME* name) {
  struct Attribute {
    int nid;
    std::string_view member;
  };
  static constexpr std::array kLists = {Attribute{NID_countryName, "Country"},
                                        Attribute{NID_organizationName, "Organization"},
                                        Attribute{NID_organizationalUnitName, "OrganizationalUnit"},
                                        Attribute{NID_localityName, "Locality"},
                                        Attribute{NID_stateOrProvinceName, "Province"},
                                        Attribute{NID_streetAddress, "StreetAddress"},
                                        Attribute{NID_postalCode, "PostalCode"}};
  std::array<std::vector<Value>, kLists.size()> lists;
  std::vector<Value> all;
  std::string serial, common;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(entry);
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    const std::string text =
        size < 0 ? std::string() : std::string(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    const int nid = OBJ_obj2nid(type);
    for (std::size_t j = 0; j < kLists.size(); ++j)
      if (kLists[j].nid == nid) lists[j].push_back(store.string(text));
    if (nid == NID_serialNumber) serial = text;
    if (nid == NID_commonName) common = text;
    Members attribute(store);
    attribute.add("Type", object_identifier(store, type));
    attribute.text("Value", text);
    all.push_back(attribute.make());
  }
  Members members(store);
  for (std::size_t j = 0; j < kLists.size(); ++j) members.list(kLists[j].member, lists[j]);
  members.text("SerialNumber", serial);
  members.text("CommonName", common);
  members.list("Names", all);
  members.add("ExtraNames", Value::null());
  return members.make();
}

// Go's numbering of signature and public key algorithms.
int signature_algorithm(int nid, const X509_ALGOR* algorithm) {
  switch (nid) {
    case NID_md2WithRSAEncryption:
      return 1;
    case NID_md5WithRSAEncryption:
      return 2;
    case NID_sha1WithRSAEncryption:
      return 3;
    case NID_sha256WithRSAEncryption:
      return 4;
    case NID_sha384WithRSAEncryption:
      return 5;
    case NID_sha512WithRSAEncryption:
      return 6;
    case NID_dsaWithSHA1:
      return 7;
    case NID_dsa_with_SHA256:
      return 8;
    case NID_ecdsa_with_SHA1:
      return 9;
    case NID_ecdsa_with_SHA256:
      return 10;
    case NID_ecdsa_with_SHA384:
      return 11;
    case NID_ecdsa_with_SHA512:
      return 12;
    case NID_rsassaPss: {
      const ASN1_STRING* parameters = algorithm->parameter != nullptr ? algorithm->parameter->value.sequence : nullptr;
      const std::string_view der = parameters != nullptr ? view(parameters) : std::string_view();
      const auto has = [&](std::string_view oid_tail) { return der.find(oid_tail) != std::string_view::npos; };
      if (has("\x60\x86\x48\x01\x65\x03\x04\x02\x02")) return 14;
      if (has("\x60\x86\x48\x01\x65\x03\x04\x02\x03")) return 15;
      return 13;
    }
    case NID_ED25519:
      return 16;
    default:
      return 0;
  }
}
int public_key_algorithm(const EVP_PKEY* key) {
  if (key == nullptr) return 0;
  if (EVP_PKEY_is_a(key, "RSA") != 0) return 1;
  if (EVP_PKEY_is_a(key, "DSA") != 0) return 2;
  if (EVP_PKEY_is_a(key, "EC") != 0) return 3;
  return EVP_PKEY_is_a(key, "ED25519") != 0 ? 4 : 0;
}

Value public_key(Store& store, EVP_PKEY* key) {
  if (key == nullptr) return Value::null();
  Members members(store);
  auto number = [&](std::string_view name, const char* parameter) {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key, parameter, &value) <= 0) return;
    const BigPointer kept(value);
    members.add(name, big_number(store, value));
  };
  if (EVP_PKEY_is_a(key, "RSA") != 0) {
    number("N", OSSL_PKEY_PARAM_RSA_N);
    number("E", OSSL_PKEY_PARAM_RSA_E);
    return members.make();
  }
  if (EVP_PKEY_is_a(key, "EC") != 0) {
    members.add("Curve", store.object({}));
    number("X", OSSL_PKEY_PARAM_EC_PUB_X);
    number("Y", OSSL_PKEY_PARAM_EC_PUB_Y);
    return members.make();
  }
  std::array<unsigned char, 64> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, raw.data(), &size) <= 0) return Value::null();
  return store.string(encode_base64({reinterpret_cast<const char*>(raw.data()), size}, false, true));
}

Value extensions_of(Store& store, const STACK_OF(X509_EXTENSION) * extensions) {
  std::vector<Value> values;
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(extensions, i);
    Members members(store);
    members.add("Id", object_identifier(store, X509_EXTENSION_get_object(extension)));
    members.flag("Critical", X509_EXTENSION_get_critical(extension) != 0);
    members.bytes("Value", view(X509_EXTENSION_get_data(extension)));
    values.push_back(members.make());
  }
  return values.empty() ? Value::null() : store.array(values);
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                parts.tm_hour, parts.tm_min, parts.tm_sec);
}

void add_alternative_names(Members& members, Store& store, const GENERAL_NAMES* names, bool uri_strings) {
  std::vector<Value> dns, emails, addresses, uris, uri_texts;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) dns.push_back(store.string(view(name->d.dNSName)));
    if (name->type == GEN_EMAIL) emails.push_back(store.string(view(name->d.rfc822Name)));
    if (name->type == GEN_URI) {
      const auto text = view(name->d.uniformResourceIdentifier);
      uri_texts.push_back(store.string(text));
      BuiltinContext scratch(store);
      const Value argument = store.string(text);
      const Value parsed = uri_parse(scratch, std::span(&argument, 1));
      Members uri(store);
      auto part = [&](std::string_view name_in, std::string_view name_out) {
        const Value value = parsed ? parsed.get(name_in) : Value();
        uri.add(name_out, value ? value : store.string(""));
      };
      part("scheme", "Scheme");
      part("hostname", "Host");
      part("path", "Path");
      part("raw_query", "RawQuery");
      part("fragment", "Fragment");
      uri.text("Opaque", "");
      uri.add("User", Value::null());
      uri.text("RawPath", "");
      uri.text("RawFragment", "");
      uri.flag("ForceQuery", false);
      uri.flag("OmitHost", false);
      uris.push_back(uri.make());
    }
    if (name->type == GEN_IPADD) {
      const auto raw = view(name->d.iPAddress);
      std::string text;
      if (raw.size() == 4)
        text = format("{}.{}.{}.{}", static_cast<unsigned char>(raw[0]), static_cast<unsigned char>(raw[1]),
                      static_cast<unsigned char>(raw[2]), static_cast<unsigned char>(raw[3]));
      else
        for (std::size_t j = 0; j + 1 < raw.size(); j += 2)
          text += format("{}{:x}", j > 0 ? ":" : "",
                         static_cast<unsigned char>(raw[j]) * 256U + static_cast<unsigned char>(raw[j + 1]));
      addresses.push_back(store.string(text));
    }
  }
  members.list("DNSNames", dns);
  members.list("EmailAddresses", emails);
  members.list("IPAddresses", addresses);
  members.list("URIs", uris);
  if (uri_strings) members.list("URIStrings", uri_texts);
}

void add_key_usages(Members& members, Store& store, X509* certificate) {
  struct Usage {
    int nid;
    int number;
  };
  static constexpr std::array kUsages = {
      Usage{NID_anyExtendedKeyUsage, 0}, Usage{NID_server_auth, 1},   Usage{NID_client_auth, 2},
      Usage{NID_code_sign, 3},           Usage{NID_email_protect, 4}, Usage{NID_ipsecEndSystem, 5},
      Usage{NID_ipsecTunnel, 6},         Usage{NID_ipsecUser, 7},     Usage{NID_time_stamp, 8},
      Usage{NID_OCSP_sign, 9},           Usage{NID_ms_sgc, 10},       Usage{NID_ns_sgc, 11},
      Usage{NID_ms_code_com, 12}};
  const std::uint32_t usage = X509_get_key_usage(certificate);
  // OpenSSL numbers the bits from the top of each byte, Go from the first bit up.
  std::int64_t bits = 0;
  if (usage != UINT32_MAX) {
    for (int i = 0; i < 8; ++i)
      if ((usage & (0x80U >> i)) != 0) bits |= 1 << i;
    if ((usage & 0x8000U) != 0) bits |= 1 << 8;
  }
  members.number("KeyUsage", bits);
  std::vector<Value> known, unknown;
  auto* extended = static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr));
  for (int i = 0; extended != nullptr && i < sk_ASN1_OBJECT_num(extended); ++i) {
    const ASN1_OBJECT* object = sk_ASN1_OBJECT_value(extended, i);
    const auto* found = std::ranges::find(kUsages, OBJ_obj2nid(object), &Usage::nid);
    if (found != kUsages.end())
      known.push_back(Value::small(found->number));
    else
      unknown.push_back(object_identifier(store, object));
  }
  EXTENDED_KEY_USAGE_free(extended);
  members.list("ExtKeyUsage", known);
  members.list("UnknownExtKeyUsage", unknown);
}

Value certificate_value(Store& store, X509* certificate, bool uri_strings) {
  Members members(store);
  members.bytes("Raw", der_of(certificate, i2d_X509));
  members.bytes("RawTBSCertificate", der_of(certificate, i2d_re_X509_tbs));
  members.bytes("RawSubjectPublicKeyInfo", der_of(X509_get_X509_PUBKEY(certificate), i2d_X509_PUBKEY));
  members.bytes("RawSubject", der_of(X509_get_subject_name(certificate), i2d_X509_NAME));
  members.bytes("RawIssuer", der_of(X509_get_issuer_name(certificate), i2d_X509_NAME));
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, certificate);
  members.bytes("Signature", view(signature));
  members.number("SignatureAlgorithm", signature_algorithm(X509_get_signature_nid(certificate), algorithm));
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  members.number("PublicKeyAlgorithm", public_key_algorithm(key));
  members.add("PublicKey", public_key(store, key));
  members.number("Version", X509_get_version(certificate) + 1);
  const BigPointer serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  members.add("SerialNumber", serial ? big_number(store, serial.get()) : Value::null());
  members.add("Issuer", name_of(store, X509_get_issuer_name(certificate)));
  members.add("Subject", name_of(store, X509_get_subject_name(certificate)));
  members.text("NotBefore", time_text(X509_get0_notBefore(certificate)));
  members.text("NotAfter", time_text(X509_get0_notAfter(certificate)));
  members.add("Extensions", extensions_of(store, X509_get0_extensions(certificate)));
  members.add("ExtraExtensions", Value::null());
  members.add("UnhandledCriticalExtensions", Value::null());
  add_key_usages(members, store, certificate);

  int critical = -1;
  auto* basic =
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, nullptr));
  const long path_length = basic != nullptr && basic->pathlen != nullptr ? ASN1_INTEGER_get(basic->pathlen) : -1;
  members.flag("BasicConstraintsValid", basic != nullptr);
  members.flag("IsCA", basic != nullptr && basic->ca != 0);
  members.number("MaxPathLen", basic != nullptr ? path_length : 0);
  members.flag("MaxPathLenZero", basic != nullptr && path_length == 0);
  BASIC_CONSTRAINTS_free(basic);
  const ASN1_OCTET_STRING* subject_key = X509_get0_subject_key_id(certificate);
  const ASN1_OCTET_STRING* authority_key = X509_get0_authority_key_id(certificate);
  members.bytes("SubjectKeyId", subject_key != nullptr ? view(subject_key) : std::string_view());
  members.bytes("AuthorityKeyId", authority_key != nullptr ? view(authority_key) : std::string_view());

  std::vector<Value> ocsp, issuers, points, policies;
  auto* access = static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr));
  for (int i = 0; access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access); ++i) {
    const ACCESS_DESCRIPTION* description = sk_ACCESS_DESCRIPTION_value(access, i);
    if (description->location->type != GEN_URI) continue;
    const Value text = store.string(view(description->location->d.uniformResourceIdentifier));
    if (OBJ_obj2nid(description->method) == NID_ad_OCSP) ocsp.push_back(text);
    if (OBJ_obj2nid(description->method) == NID_ad_ca_issuers) issuers.push_back(text);
  }
  AUTHORITY_INFO_ACCESS_free(access);
  auto* distribution =
      static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr));
  for (int i = 0; distribution != nullptr && i < sk_DIST_POINT_num(distribution); ++i) {
    const DIST_POINT* point = sk_DIST_POINT_value(distribution, i);
    if (point->distpoint == nullptr || point->distpoint->type != 0) continue;
    const GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, j);
      if (name->type == GEN_URI) points.push_back(store.string(view(name->d.uniformResourceIdentifier)));
    }
  }
  CRL_DIST_POINTS_free(distribution);
  auto* policy_list =
      static_cast<CERTIFICATEPOLICIES*>(X509_get_ext_d2i(certificate, NID_certificate_policies, nullptr, nullptr));
  for (int i = 0; policy_list != nullptr && i < sk_POLICYINFO_num(policy_list); ++i)
    policies.push_back(object_identifier(store, sk_POLICYINFO_value(policy_list, i)->policyid));
  CERTIFICATEPOLICIES_free(policy_list);
  members.list("OCSPServer", ocsp);
  members.list("IssuingCertificateURL", issuers);
  const NamesPointer names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  add_alternative_names(members, store, names.get(), uri_strings);
  members.flag("PermittedDNSDomainsCritical", false);
  for (auto name : {"PermittedDNSDomains", "ExcludedDNSDomains", "PermittedIPRanges", "ExcludedIPRanges",
                    "PermittedEmailAddresses", "ExcludedEmailAddresses", "PermittedURIDomains", "ExcludedURIDomains"})
    members.add(name, Value::null());
  members.list("CRLDistributionPoints", points);
  members.list("PolicyIdentifiers", policies);
  return members.make();
}

using Certificates = std::vector<Certificate>;

// PEM, or base64 of PEM or DER; several certificates one after another.
std::expected<Certificates, std::string> read_certificates(std::string_view input) {
  std::string decoded;
  std::string der;
  std::string_view text = input;
  if (!text.starts_with("-----BEGIN")) {
    auto bytes = decode_base64(text, false);
    if (!bytes) return std::unexpected(bytes.error());
    decoded = std::move(*bytes);
    text = decoded;
  }
  if (text.starts_with("-----BEGIN")) {
    PemBlock block;
    while (next_pem_block(text, block))
      if (block.type == "CERTIFICATE") der += block.bytes;
  } else {
    der = text;
  }
  Certificates certificates;
  const auto* at = bytes_of(der);
  const auto* end = at + der.size();
  while (at < end) {
    Certificate certificate(d2i_X509(nullptr, &at, end - at));
    if (!certificate) return std::unexpected("x509: malformed certificate");
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty()) return std::unexpected("x509: malformed certificate");
  return certificates;
}

Value list_of(Store& store, const Certificates& certificates, bool uri_strings) {
  std::vector<Value> values;
  for (const auto& certificate : certificates)
    values.push_back(certificate_value(store, certificate.get(), uri_strings));
  return store.array(values);
}

struct VerifyOptions {
  std::string dns_name;
  std::optional<std::int64_t> time_ns;
  std::vector<int> usages;  // NIDs
  bool any_usage = false;
};

// First the root, last the leaf, between them intermediates; the chain from leaf to root, or nothing.
std::optional<Certificates> verified_chain(const Certificates& certificates, const VerifyOptions& options,
                                           std::int64_t now_ns) {
  if (certificates.size() < 2) return std::nullopt;
  X509_STORE* trusted = X509_STORE_new();
  X509_STORE_add_cert(trusted, certificates.front().get());
  STACK_OF(X509)* between = sk_X509_new_null();
  for (std::size_t i = 1; i + 1 < certificates.size(); ++i) sk_X509_push(between, certificates[i].get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, trusted, certificates.back().get(), between);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(options.time_ns.value_or(now_ns) / 1'000'000'000));
  if (!options.dns_name.empty())
    X509_VERIFY_PARAM_set1_host(parameters, options.dns_name.c_str(), options.dns_name.size());
  std::optional<Certificates> chain;
  if (X509_verify_cert(context) == 1) {
    chain.emplace();
    STACK_OF(X509)* found = X509_STORE_CTX_get1_chain(context);
    for (int i = 0; i < sk_X509_num(found); ++i) chain->emplace_back(sk_X509_value(found, i));
    sk_X509_free(found);  // the certificates are ours now
    // Go asks for the use as a server where nothing else is asked for; a certificate that names no uses has all.
    auto* usages = static_cast<EXTENDED_KEY_USAGE*>(
        X509_get_ext_d2i(certificates.back().get(), NID_ext_key_usage, nullptr, nullptr));
    if (usages != nullptr && !options.any_usage) {
      const std::vector<int> wanted = options.usages.empty() ? std::vector<int>{NID_server_auth} : options.usages;
      bool allowed = false;
      for (int i = 0; i < sk_ASN1_OBJECT_num(usages); ++i) {
        const int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));
        allowed = allowed || nid == NID_anyExtendedKeyUsage || std::ranges::find(wanted, nid) != wanted.end();
      }
      if (!allowed) chain.reset();
    }
    EXTENDED_KEY_USAGE_free(usages);
  }
  X509_STORE_CTX_free(context);
  sk_X509_free(between);
  X509_STORE_free(trusted);
  return chain;
}

Value verify(BuiltinContext& context, std::string_view input, const VerifyOptions& options, bool uri_strings) {
  const Value refused = context.store.array({Value::boolean(false), context.store.array({})});
  const auto certificates = read_certificates(input);
  if (!certificates) return refused;
  const auto chain = verified_chain(*certificates, options, context.time_ns);
  if (!chain) return refused;
  return context.store.array({Value::boolean(true), list_of(context.store, *chain, uri_strings)});
}

bool take_options(BuiltinContext& context, Value object, VerifyOptions& options) {
  struct Usage {
    std::string_view name;
    int nid;
  };
  static constexpr std::array kUsages = {Usage{"KeyUsageAny", 0},
                                         Usage{"KeyUsageServerAuth", NID_server_auth},
                                         Usage{"KeyUsageClientAuth", NID_client_auth},
                                         Usage{"KeyUsageCodeSigning", NID_code_sign},
                                         Usage{"KeyUsageEmailProtection", NID_email_protect},
                                         Usage{"KeyUsageIPSECEndSystem", NID_ipsecEndSystem},
                                         Usage{"KeyUsageIPSECTunnel", NID_ipsecTunnel},
                                         Usage{"KeyUsageIPSECUser", NID_ipsecUser},
                                         Usage{"KeyUsageTimeStamping", NID_time_stamp},
                                         Usage{"KeyUsageOCSPSigning", NID_OCSP_sign},
                                         Usage{"KeyUsageMicrosoftServerGatedCrypto", NID_ms_sgc},
                                         Usage{"KeyUsageNetscapeServerGatedCrypto", NID_ns_sgc},
                                         Usage{"KeyUsageMicrosoftCommercialCodeSigning", NID_ms_code_com},
                                         Usage{"KeyUsageMicrosoftKernelCodeSigning", NID_ms_code_ind}};
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Value key = object.key_at(i), value = object.value_at(i);
    if (!key.is_string()) continue;
    const auto name = key.string();
    auto wrong = [&](std::string_view what) {
      context.fail(format("'{}' should be {}", name, what));
      return false;
    };
    if (name == "DNSName") {
      if (!value.is_string()) return wrong("a string");
      options.dns_name = value.string();
    } else if (name == "CurrentTime") {
      std::int64_t time = 0;
      if (!value.is_number()) return wrong("a number");
      if (!value.number_integer(time)) return wrong("a valid int64 number");
      options.time_ns = time;
    } else if (name == "MaxConstraintComparisons") {
      std::int64_t most = 0;
      if (!value.is_number()) return wrong("a number");
      if (!value.number_integer(most)) return wrong("a valid number");
    } else if (name == "KeyUsages") {
      if (!is_collection(value)) return wrong("an Array or Set");
      std::string invalid;
      for (const Value item : value.items()) {
        if (!item.is_string()) continue;
        const auto* found = std::ranges::find(kUsages, item.string(), &Usage::name);
        if (found == kUsages.end())
          invalid += (invalid.empty() ? "" : " ") + std::string(item.string());
        else if (found->nid == 0)
          options.any_usage = true;
        else
          options.usages.push_back(found->nid);
      }
      if (!invalid.empty()) {
        context.fail(format("invalid entries for 'KeyUsages' found: [{}]", invalid));
        return false;
      }
    } else {
      context.fail("invalid key option");
      return false;
    }
  }
  return true;
}

// A text that is PEM, or base64 of it.
std::expected<std::string, std::string> pem_of(std::string_view text) {
  if (text.starts_with("-----BEGIN")) return std::string(text);
  return decode_base64(text, false);
}

// A private key with the members of Go's rsa.PrivateKey, ecdsa.PrivateKey, or ed25519's bytes.
Value private_key_value(Store& store, EVP_PKEY* key) {
  auto number = [&](const char* parameter) {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key, parameter, &value) <= 0) return Value::null();
    const BigPointer kept(value);
    return big_number(store, value);
  };
  Members members(store);
  if (EVP_PKEY_is_a(key, "RSA") != 0) {
    members.add("N", number(OSSL_PKEY_PARAM_RSA_N));
    members.add("E", number(OSSL_PKEY_PARAM_RSA_E));
    members.add("D", number(OSSL_PKEY_PARAM_RSA_D));
    members.add("Primes", store.array({number(OSSL_PKEY_PARAM_RSA_FACTOR1), number(OSSL_PKEY_PARAM_RSA_FACTOR2)}));
    Members precomputed(store);
    precomputed.add("Dp", number(OSSL_PKEY_PARAM_RSA_EXPONENT1));
    precomputed.add("Dq", number(OSSL_PKEY_PARAM_RSA_EXPONENT2));
    precomputed.add("Qinv", number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1));
    precomputed.add("CRTValues", store.array({}));
    members.add("Precomputed", precomputed.make());
    return members.make();
  }
  if (EVP_PKEY_is_a(key, "EC") != 0) {
    members.add("Curve", store.object({}));
    members.add("X", number(OSSL_PKEY_PARAM_EC_PUB_X));
    members.add("Y", number(OSSL_PKEY_PARAM_EC_PUB_Y));
    members.add("D", number(OSSL_PKEY_PARAM_PRIV_KEY));
    return members.make();
  }
  std::array<unsigned char, 64> raw{};
  std::size_t size = 32, public_size = 32;
  EVP_PKEY_get_raw_private_key(key, raw.data(), &size);
  EVP_PKEY_get_raw_public_key(key, raw.data() + 32, &public_size);
  return store.string(encode_base64({reinterpret_cast<const char*>(raw.data()), raw.size()}, false, true));
}

}  // namespace

Value crypto_x509_parse_certificates(BuiltinContext& context, Arguments arguments) {
  std::string_view input;
  if (!take_string(context, arguments, 0, input)) return {};
  const auto certificates = read_certificates(input);
  return certificates ? list_of(context.store, *certificates, true) : context.fail(certificates.error());
}
Value crypto_x509_parse_and_verify_certificates(BuiltinContext& context, Arguments arguments) {
  std::string_view input;
  if (!take_string(context, arguments, 0, input)) return {};
  return verify(context, input, {}, true);
}
Value crypto_x509_parse_and_verify_certificates_with_options(BuiltinContext& context, Arguments arguments) {
  std::string_view input;
  VerifyOptions options;
  if (!take_string(context, arguments, 0, input) || !require(context, arguments, 1, Kind::object) ||
      !take_options(context, arguments[1], options))
    return {};
  return verify(context, input, options, false);
}

Value crypto_x509_parse_certificate_request(BuiltinContext& context, Arguments arguments) {
  std::string_view input;
  if (!take_string(context, arguments, 0, input)) return {};
  std::string bytes(input);
  if (!input.starts_with("-----BEGIN CERTIFICATE REQUEST-----")) {
    auto decoded = decode_base64(input, false);
    if (!decoded) return context.fail(decoded.error());
    bytes = std::move(*decoded);
  }
  std::string_view rest = bytes;
  PemBlock block;
  if (next_pem_block(rest, block)) {
    if (block.type != "CERTIFICATE REQUEST") return context.fail("invalid PEM-encoded certificate signing request");
    bytes = block.bytes;
  }
  const auto* at = bytes_of(bytes);
  const Request request(d2i_X509_REQ(nullptr, &at, static_cast<long>(bytes.size())));
  if (!request) return context.fail("asn1: structure error: malformed certificate signing request");
  auto& store = context.store;
  Members members(store);
  members.bytes("Raw", der_of(request.get(), i2d_X509_REQ));
  members.bytes("RawTBSCertificateRequest", der_of(request.get(), i2d_re_X509_REQ_tbs));
  members.bytes("RawSubjectPublicKeyInfo", der_of(X509_REQ_get_X509_PUBKEY(request.get()), i2d_X509_PUBKEY));
  members.bytes("RawSubject", der_of(X509_REQ_get_subject_name(request.get()), i2d_X509_NAME));
  members.number("Version", X509_REQ_get_version(request.get()));
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request.get(), &signature, &algorithm);
  members.bytes("Signature", view(signature));
  members.number("SignatureAlgorithm", signature_algorithm(X509_REQ_get_signature_nid(request.get()), algorithm));
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  members.number("PublicKeyAlgorithm", public_key_algorithm(key));
  members.add("PublicKey", public_key(store, key));
  members.add("Subject", name_of(store, X509_REQ_get_subject_name(request.get())));
  members.add("Attributes", Value::null());
  STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request.get());
  members.add("Extensions", extensions_of(store, extensions));
  members.add("ExtraExtensions", Value::null());
  const NamesPointer names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)));
  add_alternative_names(members, store, names.get(), false);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return members.make();
}

Value crypto_x509_parse_keypair(BuiltinContext& context, Arguments arguments) {
  std::string_view certificate_text, key_text;
  if (!take_string(context, arguments, 0, certificate_text) || !take_string(context, arguments, 1, key_text)) return {};
  const auto certificates = pem_of(certificate_text), key_pem = pem_of(key_text);
  if (!certificates || !key_pem) return context.fail(!certificates ? certificates.error() : key_pem.error());
  auto& store = context.store;
  std::vector<Value> chain;
  Certificate leaf;
  std::string_view rest = *certificates;
  PemBlock block;
  while (next_pem_block(rest, block)) {
    if (block.type != "CERTIFICATE") continue;
    chain.push_back(store.string(encode_base64(block.bytes, false, true)));
    const auto* at = bytes_of(block.bytes);
    if (!leaf) leaf.reset(d2i_X509(nullptr, &at, static_cast<long>(block.bytes.size())));
  }
  if (!leaf) return context.fail("tls: failed to find any PEM data in certificate input");
  auto keys = read_private_keys(*key_pem);
  if (!keys) return context.fail(keys.error());
  if (keys->empty()) return context.fail("tls: failed to find any PEM data in key input");
  EVP_PKEY* key = keys->front().asymmetric.get();
  if (X509_check_private_key(leaf.get(), key) != 1) return context.fail("tls: private key does not match public key");
  Members members(store);
  members.list("Certificate", chain);
  members.add("Leaf", certificate_value(store, leaf.get(), false));
  members.add("OCSPStaple", Value::null());
  members.add("PrivateKey", private_key_value(store, key));
  members.add("SignedCertificateTimestamps", Value::null());
  members.add("SupportedSignatureAlgorithms", Value::null());
  return members.make();
}

Value crypto_x509_parse_rsa_private_key(BuiltinContext& context, Arguments arguments) {
  std::string_view input;
  if (!take_string(context, arguments, 0, input)) return {};
  if (input.empty()) return context.fail("input PEM data was empty");
  const auto pem = pem_of(input);
  if (!pem) return context.fail(pem.error());
  auto keys = read_private_keys(*pem);
  if (!keys) return context.fail(keys.error());
  if (keys->empty()) return Value::null();
  auto jwk = write_jwk(context.store, keys->front());
  return jwk ? *jwk : context.fail(jwk.error());
}
Value crypto_parse_private_keys(BuiltinContext& context, Arguments arguments) {
  std::string_view input;
  if (!take_string(context, arguments, 0, input)) return {};
  if (input.empty()) return Value::null();
  const auto pem = pem_of(input);
  if (!pem) return context.fail(pem.error());
  auto keys = read_private_keys(*pem);
  if (!keys) return context.fail(keys.error());
  std::vector<Value> values;
  for (const auto& key : *keys) values.push_back(private_key_value(context.store, key.asymmetric.get()));
  return context.store.array(values);
}

}  // namespace chiron::policy::functions
