// Keys over OpenSSL.
#include "engines/policy/builtins/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

void KeyDeleter::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

namespace {

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using BigPointer = std::unique_ptr<BIGNUM, Deleter<BIGNUM, BN_clear_free>>;
using ContextPointer = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestPointer = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX, EVP_MD_CTX_free>>;
using BuilderPointer = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using ParametersPointer = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM, OSSL_PARAM_free>>;
using SignaturePointer = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG, ECDSA_SIG_free>>;
using CertificatePointer = std::unique_ptr<X509, Deleter<X509, X509_free>>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
BigPointer big_of(std::string_view bytes) {
  return BigPointer(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

struct Algorithm {
  std::string_view name;
  enum Family { hmac, rsa, pss, ecdsa, eddsa } family;
  const char* digest;
  int coordinate_bytes;  // ECDSA
};
constexpr std::array kAlgorithms = {
    Algorithm{"HS256", Algorithm::hmac, "SHA256", 0},   Algorithm{"HS384", Algorithm::hmac, "SHA384", 0},
    Algorithm{"HS512", Algorithm::hmac, "SHA512", 0},   Algorithm{"RS256", Algorithm::rsa, "SHA256", 0},
    Algorithm{"RS384", Algorithm::rsa, "SHA384", 0},    Algorithm{"RS512", Algorithm::rsa, "SHA512", 0},
    Algorithm{"PS256", Algorithm::pss, "SHA256", 0},    Algorithm{"PS384", Algorithm::pss, "SHA384", 0},
    Algorithm{"PS512", Algorithm::pss, "SHA512", 0},    Algorithm{"ES256", Algorithm::ecdsa, "SHA256", 32},
    Algorithm{"ES384", Algorithm::ecdsa, "SHA384", 48}, Algorithm{"ES512", Algorithm::ecdsa, "SHA512", 66},
    Algorithm{"EdDSA", Algorithm::eddsa, nullptr, 0}};

const Algorithm* find_algorithm(std::string_view name) {
  const auto* found = std::ranges::find(kAlgorithms, name, &Algorithm::name);
  return found == kAlgorithms.end() ? nullptr : found;
}

// The member as bytes (base64url); empty where it is absent.
KeyResult<std::string> jwk_bytes(Value jwk, std::string_view name) {
  const Value member = jwk.get(name);
  if (!member) return std::string();
  if (!member.is_string()) return std::unexpected(format("failed to parse a JWK key (set): \"{}\" is no string", name));
  auto bytes = decode_base64url(member.string());
  if (!bytes) return std::unexpected(format("failed to parse a JWK key (set): \"{}\" is no base64url", name));
  return *bytes;
}

KeyResult<KeyPointer> build(const char* type, OSSL_PARAM_BLD* builder, bool is_private) {
  const ParametersPointer parameters(OSSL_PARAM_BLD_to_param(builder));
  const ContextPointer context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, parameters.get()) <=
          0)
    return std::unexpected("failed to parse a JWK key (set): the key is invalid");
  return KeyPointer(key);
}

KeyResult<KeyPointer> rsa_of(Value jwk) {
  struct Part {
    const char* member;
    const char* parameter;
    bool required;
  };
  static constexpr std::array kParts = {
      Part{"n", OSSL_PKEY_PARAM_RSA_N, true},           Part{"e", OSSL_PKEY_PARAM_RSA_E, true},
      Part{"d", OSSL_PKEY_PARAM_RSA_D, false},          Part{"p", OSSL_PKEY_PARAM_RSA_FACTOR1, false},
      Part{"q", OSSL_PKEY_PARAM_RSA_FACTOR2, false},    Part{"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, false},
      Part{"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, false}, Part{"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, false}};
  const BuilderPointer builder(OSSL_PARAM_BLD_new());
  std::vector<BigPointer> numbers;  // kept until the parameters are built
  bool is_private = false;
  for (const auto& part : kParts) {
    auto bytes = jwk_bytes(jwk, part.member);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) {
      if (part.required)
        return std::unexpected(format("failed to parse a JWK key (set): required field {} is missing", part.member));
      continue;
    }
    numbers.push_back(big_of(*bytes));
    OSSL_PARAM_BLD_push_BN(builder.get(), part.parameter, numbers.back().get());
    is_private = is_private || std::string_view(part.member) == "d";
  }
  return build("RSA", builder.get(), is_private);
}

KeyResult<KeyPointer> ec_of(Value jwk) {
  const Value curve = jwk.get("crv");
  const std::string_view name = curve && curve.is_string() ? curve.string() : std::string_view();
  const char* group = name == "P-256"   ? "prime256v1"
                      : name == "P-384" ? "secp384r1"
                      : name == "P-521" ? "secp521r1"
                                        : nullptr;
  if (group == nullptr) return std::unexpected(format("failed to parse a JWK key (set): unknown curve \"{}\"", name));
  const std::size_t size = name == "P-256" ? 32 : name == "P-384" ? 48 : 66;
  auto x = jwk_bytes(jwk, "x"), y = jwk_bytes(jwk, "y"), d = jwk_bytes(jwk, "d");
  if (!x || !y || !d) return std::unexpected(!x ? x.error() : !y ? y.error() : d.error());
  if (x->size() > size || y->size() > size || x->empty() || y->empty())
    return std::unexpected("failed to parse a JWK key (set): the point has the wrong size");
  std::string point = "\x04";
  point.append(size - x->size(), '\0').append(*x).append(size - y->size(), '\0').append(*y);
  const BuilderPointer builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  BigPointer secret;
  if (!d->empty()) {
    secret = big_of(*d);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  }
  return build("EC", builder.get(), secret != nullptr);
}

KeyResult<KeyPointer> okp_of(Value jwk) {
  const Value curve = jwk.get("crv");
  if (!curve || !curve.is_string() || curve.string() != "Ed25519")
    return std::unexpected("failed to parse a JWK key (set): the curve of an OKP key must be Ed25519");
  auto x = jwk_bytes(jwk, "x"), d = jwk_bytes(jwk, "d");
  if (!x || !d) return std::unexpected(!x ? x.error() : d.error());
  KeyPointer key(d->empty() ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), x->size())
                            : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(*d), d->size()));
  if (!key) return std::unexpected("failed to parse a JWK key (set): the key has the wrong size");
  return key;
}

KeyResult<Key> key_of(Value jwk) {
  Key key;
  const Value type = jwk.is_object() ? jwk.get("kty") : Value();
  if (!type || !type.is_string()) return std::unexpected("failed to parse a JWK key (set): \"kty\" is missing");
  for (auto [name, to] : {std::pair{"alg", &key.algorithm}, std::pair{"kid", &key.id}})
    if (const Value member = jwk.get(name); member && member.is_string()) *to = member.string();
  if (type.string() == "oct") {
    auto secret = jwk_bytes(jwk, "k");
    if (!secret) return std::unexpected(secret.error());
    key.symmetric = true;
    key.secret = *secret;
    return key;
  }
  auto pointer =
      type.string() == "RSA"  ? rsa_of(jwk)
      : type.string() == "EC" ? ec_of(jwk)
      : type.string() == "OKP"
          ? okp_of(jwk)
          : std::unexpected(format("failed to parse a JWK key (set): unknown key type \"{}\"", type.string()));
  if (!pointer) return std::unexpected(pointer.error());
  key.asymmetric = std::move(*pointer);
  return key;
}

bool configure_pss(EVP_PKEY_CTX* context, int salt) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) > 0;
}

}  // namespace

std::string hmac(const char* digest, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  static constexpr unsigned char kNothing = 0;
  const auto* bytes = key.empty() ? &kNothing : bytes_of(key);
  HMAC(EVP_get_digestbyname(digest), bytes, static_cast<int>(key.size()), bytes_of(message), message.size(), out.data(),
       &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}
std::string hash(const char* digest, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  EVP_Digest(message.data(), message.size(), out.data(), &size, EVP_get_digestbyname(digest), nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

bool is_jws_algorithm(std::string_view name) { return find_algorithm(name) != nullptr; }

bool next_pem_block(std::string_view& rest, PemBlock& block) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  auto begin = rest.find(kBegin);
  while (begin != std::string_view::npos && begin > 0 && rest[begin - 1] != '\n') begin = rest.find(kBegin, begin + 1);
  if (begin == std::string_view::npos) return false;
  const auto type_end = rest.find(kDashes, begin + kBegin.size());
  if (type_end == std::string_view::npos) return false;
  block.type = rest.substr(begin + kBegin.size(), type_end - begin - kBegin.size());
  const auto body = type_end + kDashes.size();
  const std::string end_line = std::string(kEnd) + block.type + std::string(kDashes);
  const auto end = rest.find(end_line, body);
  if (end == std::string_view::npos) return false;
  std::string base64;
  for (auto line : text::split_lines(rest.substr(body, end - body))) {
    if (line.find(':') != std::string_view::npos) continue;  // a header
    base64 += text::trim(line);
  }
  auto decoded = decode_base64(base64, false);
  rest.remove_prefix(end + end_line.size());
  while (rest.starts_with('\r') || rest.starts_with('\n') || rest.starts_with(' ')) rest.remove_prefix(1);
  if (!decoded) return false;
  block.bytes = std::move(*decoded);
  return true;
}

KeyResult<std::vector<Key>> read_jwks(std::string_view json) {
  Store store;
  auto document = parse_json_text(store, json);
  if (!document) return std::unexpected("failed to parse a JWK key (set): " + document.error());
  std::vector<Key> keys;
  const Value list = document->is_object() ? document->get("keys") : Value();
  if (!list) {
    auto key = key_of(*document);
    if (!key) return std::unexpected(key.error());
    keys.push_back(std::move(*key));
    return keys;
  }
  if (!list.is_array()) return std::unexpected("failed to parse a JWK key (set): \"keys\" is no array");
  for (const Value item : list.items()) {
    auto key = key_of(item);
    if (!key) return std::unexpected(key.error());
    keys.push_back(std::move(*key));
  }
  return keys;
}

KeyResult<std::vector<Key>> read_verification_keys(std::string_view text) {
  std::vector<Key> keys;
  PemBlock block;
  std::string_view rest = text;
  if (next_pem_block(rest, block)) {
    if (!rest.empty()) return std::unexpected("extra data after a PEM certificate block");
    const auto* bytes = bytes_of(block.bytes);
    Key key;
    if (block.type == "CERTIFICATE") {
      const CertificatePointer certificate(d2i_X509(nullptr, &bytes, static_cast<long>(block.bytes.size())));
      if (!certificate) return std::unexpected("failed to parse a PEM certificate: x509: malformed certificate");
      key.asymmetric.reset(X509_get_pubkey(certificate.get()));
    } else if (block.type == "PUBLIC KEY") {
      key.asymmetric.reset(d2i_PUBKEY(nullptr, &bytes, static_cast<long>(block.bytes.size())));
      if (!key.asymmetric) return std::unexpected("failed to parse a PEM public key: asn1: structure error");
    } else {
      return std::unexpected("failed to extract a Key from the PEM certificate");
    }
    keys.push_back(std::move(key));
    return keys;
  }
  auto all = read_jwks(text);
  if (!all) return all;
  // A key for an algorithm that is not known cannot verify anything.
  std::erase_if(*all, [](const Key& key) { return !key.algorithm.empty() && !is_jws_algorithm(key.algorithm); });
  return all;
}

KeyResult<std::vector<Key>> read_private_keys(std::string_view pem) {
  std::vector<Key> keys;
  PemBlock block;
  while (next_pem_block(pem, block)) {
    if (block.type != "RSA PRIVATE KEY" && block.type != "PRIVATE KEY" && block.type != "EC PRIVATE KEY") continue;
    const auto* bytes = bytes_of(block.bytes);
    Key key;
    key.asymmetric.reset(d2i_AutoPrivateKey(nullptr, &bytes, static_cast<long>(block.bytes.size())));
    if (!key.asymmetric) return std::unexpected("failed to parse the private key: asn1: structure error");
    keys.push_back(std::move(key));
  }
  return keys;
}

KeyResult<Value> write_jwk(Store& store, const Key& key) {
  std::vector<Member> members;
  auto add = [&](std::string_view name, std::string_view value) {
    members.push_back({store.intern(name), store.string(value)});
  };
  EVP_PKEY* pointer = key.asymmetric.get();
  auto number = [&](const char* parameter, std::size_t size = 0) {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(pointer, parameter, &value) <= 0) return std::string();
    const BigPointer kept(value);
    std::string bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(value))), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    return bytes;
  };
  auto add_number = [&](std::string_view name, const char* parameter, std::size_t size = 0) {
    const std::string bytes = number(parameter, size);
    if (!bytes.empty()) add(name, encode_base64(bytes, true, false));
  };
  if (EVP_PKEY_is_a(pointer, "RSA") != 0) {
    add("kty", "RSA");
    add_number("n", OSSL_PKEY_PARAM_RSA_N);
    add_number("e", OSSL_PKEY_PARAM_RSA_E);
    add_number("d", OSSL_PKEY_PARAM_RSA_D);
    add_number("p", OSSL_PKEY_PARAM_RSA_FACTOR1);
    add_number("q", OSSL_PKEY_PARAM_RSA_FACTOR2);
    add_number("dp", OSSL_PKEY_PARAM_RSA_EXPONENT1);
    add_number("dq", OSSL_PKEY_PARAM_RSA_EXPONENT2);
    add_number("qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
  } else if (EVP_PKEY_is_a(pointer, "EC") != 0) {
    const int bits = EVP_PKEY_get_bits(pointer);
    const std::size_t size = static_cast<std::size_t>((bits + 7) / 8);
    add("kty", "EC");
    add("crv", bits == 256 ? "P-256" : bits == 384 ? "P-384" : "P-521");
    add_number("x", OSSL_PKEY_PARAM_EC_PUB_X, size);
    add_number("y", OSSL_PKEY_PARAM_EC_PUB_Y, size);
    add_number("d", OSSL_PKEY_PARAM_PRIV_KEY, size);
  } else if (EVP_PKEY_is_a(pointer, "ED25519") != 0) {
    add("kty", "OKP");
    add("crv", "Ed25519");
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    const std::string_view view(reinterpret_cast<const char*>(raw.data()), raw.size());
    if (EVP_PKEY_get_raw_public_key(pointer, raw.data(), &size) > 0) add("x", encode_base64(view, true, false));
    if (EVP_PKEY_get_raw_private_key(pointer, raw.data(), &size) > 0) add("d", encode_base64(view, true, false));
  } else {
    return std::unexpected("invalid key type");
  }
  return store.object(members);
}

bool verify_jws(const Key& key, std::string_view algorithm, std::string_view message, std::string_view signature) {
  const auto* known = find_algorithm(algorithm);
  if (known == nullptr) return false;
  if (known->family == Algorithm::hmac) {
    if (!key.symmetric) return false;
    const std::string expected = hmac(known->digest, key.secret, message);
    return expected.size() == signature.size() &&
           CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
  }
  if (key.symmetric || !key.asymmetric) return false;
  EVP_PKEY* pointer = key.asymmetric.get();
  std::string encoded(signature);
  if (known->family == Algorithm::ecdsa) {
    if (EVP_PKEY_is_a(pointer, "EC") == 0 || signature.size() < 2) return false;
    const SignaturePointer pair(ECDSA_SIG_new());
    const auto half = signature.size() / 2;
    if (ECDSA_SIG_set0(pair.get(), big_of(signature.substr(0, half)).release(),
                       big_of(signature.substr(half)).release()) == 0)
      return false;
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    if (size <= 0) return false;
    encoded.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
  } else if (EVP_PKEY_is_a(pointer, known->family == Algorithm::eddsa ? "ED25519" : "RSA") == 0) {
    return false;
  }
  const DigestPointer context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  const EVP_MD* digest = known->digest == nullptr ? nullptr : EVP_get_digestbyname(known->digest);
  if (EVP_DigestVerifyInit(context.get(), &inner, digest, nullptr, pointer) <= 0) return false;
  if (known->family == Algorithm::pss && !configure_pss(inner, RSA_PSS_SALTLEN_AUTO)) return false;
  return EVP_DigestVerify(context.get(), bytes_of(encoded), encoded.size(), bytes_of(message), message.size()) == 1;
}

KeyResult<std::string> sign_jws(const Key& key, std::string_view algorithm, std::string_view message) {
  const auto* known = find_algorithm(algorithm);
  if (known == nullptr) return std::unexpected(format("unknown JWS algorithm: {}", algorithm));
  if (known->family == Algorithm::hmac) {
    if (!key.symmetric) return std::unexpected(format("the key does not fit the algorithm {}", algorithm));
    return hmac(known->digest, key.secret, message);
  }
  EVP_PKEY* pointer = key.asymmetric.get();
  const char* type = known->family == Algorithm::ecdsa ? "EC" : known->family == Algorithm::eddsa ? "ED25519" : "RSA";
  if (pointer == nullptr || EVP_PKEY_is_a(pointer, type) == 0)
    return std::unexpected(format("the key does not fit the algorithm {}", algorithm));
  const DigestPointer context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  const EVP_MD* digest = known->digest == nullptr ? nullptr : EVP_get_digestbyname(known->digest);
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), &inner, digest, nullptr, pointer) <= 0 ||
      (known->family == Algorithm::pss && !configure_pss(inner, RSA_PSS_SALTLEN_DIGEST)) ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) <= 0)
    return std::unexpected("failed to sign: the key has no private part");
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(message),
                     message.size()) <= 0)
    return std::unexpected("failed to sign: the key has no private part");
  signature.resize(size);
  if (known->family != Algorithm::ecdsa) return signature;
  const auto* der = bytes_of(signature);
  const SignaturePointer pair(d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size())));
  if (!pair) return std::unexpected("failed to sign");
  std::string raw(static_cast<std::size_t>(known->coordinate_bytes) * 2, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  if (BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, known->coordinate_bytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + known->coordinate_bytes, known->coordinate_bytes) < 0)
    return std::unexpected(format("the key does not fit the algorithm {}", algorithm));
  return raw;
}

}  // namespace chiron::policy::functions
