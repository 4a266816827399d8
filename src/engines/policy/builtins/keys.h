// Keys over OpenSSL: from PEM, X.509 certificates and JWKs; signing and verifying in JWS's algorithms (RFC 7518, 8037).
#pragma once
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engines/policy/value.h"

struct evp_pkey_st;

namespace chiron::policy::functions {

struct KeyDeleter {
  void operator()(evp_pkey_st* key) const;
};
using KeyPointer = std::unique_ptr<evp_pkey_st, KeyDeleter>;

struct Key {
  KeyPointer asymmetric;
  std::string secret;  // of symmetric keys ("oct")
  bool symmetric = false;
  std::string algorithm, id;  // "alg" and "kid" of a JWK
};
template <class T>
using KeyResult = std::expected<T, std::string>;

// Whether the name is one of JWS's algorithms that are known here.
[[nodiscard]] bool is_jws_algorithm(std::string_view name);
// The public keys in a PEM certificate, a PEM public key, a JWK or a JWK set.
[[nodiscard]] KeyResult<std::vector<Key>> read_verification_keys(std::string_view text);
// The keys of a JWK or a JWK set, private parts and all.
[[nodiscard]] KeyResult<std::vector<Key>> read_jwks(std::string_view json);
// The private keys of PEM blocks, in order; other blocks are skipped.
[[nodiscard]] KeyResult<std::vector<Key>> read_private_keys(std::string_view pem);
// A private or public key as members of a JWK (RFC 7518, section 6).
[[nodiscard]] KeyResult<Value> write_jwk(Store& store, const Key& key);

[[nodiscard]] bool verify_jws(const Key& key, std::string_view algorithm, std::string_view message,
                              std::string_view signature);
[[nodiscard]] KeyResult<std::string> sign_jws(const Key& key, std::string_view algorithm, std::string_view message);

// One PEM block: its type, its decoded bytes; `rest` is moved behind it. Nothing where there is none.
struct PemBlock {
  std::string type, bytes;
};
[[nodiscard]] bool next_pem_block(std::string_view& rest, PemBlock& block);

}  // namespace chiron::policy::functions
