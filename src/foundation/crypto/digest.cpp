// SHA-256, which every check needs, by OpenSSL's own functions for it; the rest by its general interface. The general
// one sets up the library's tables of names and reads its configuration file first: a third of a cached check's
// instructions.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "foundation/crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cassert>
#include <cstdlib>
#include <utility>

#include "foundation/base/text.h"

namespace chiron::crypto {

namespace {
const EVP_MD* method(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::md5:
      return EVP_md5();
    case Algorithm::sha1:
      return EVP_sha1();
    case Algorithm::sha256:
      break;
    case Algorithm::sha384:
      return EVP_sha384();
    case Algorithm::sha512:
      return EVP_sha512();
  }
  return nullptr;
}
}  // namespace

struct Hasher::State {
  EVP_MD_CTX* general = nullptr;  // none where it is SHA-256
  SHA256_CTX sha256;
  ~State() { EVP_MD_CTX_free(general); }
};

Hasher::Hasher(Algorithm algorithm) : state_(std::make_unique<State>()) {
  bool ready = true;
  if (algorithm == Algorithm::sha256) {
    ready = SHA256_Init(&state_->sha256) == 1;
  } else {
    state_->general = EVP_MD_CTX_new();
    ready = EVP_DigestInit_ex(state_->general, method(algorithm), nullptr) == 1;
  }
  if (!ready) std::abort();  // only without memory
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::string_view bytes) {
  if (state_->general == nullptr)
    SHA256_Update(&state_->sha256, bytes.data(), bytes.size());
  else
    EVP_DigestUpdate(state_->general, bytes.data(), bytes.size());
}

void Hasher::field(std::string_view bytes) {
  char length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(bytes.size() >> (8 * i));
  update({length, 8});
  update(bytes);
}

std::string Hasher::finish() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = SHA256_DIGEST_LENGTH;
  if (state_->general == nullptr)
    SHA256_Final(out, &state_->sha256);
  else
    EVP_DigestFinal_ex(state_->general, out, &length);
  return {reinterpret_cast<char*>(out), length};
}

std::string Hasher::finish_hex() { return text::to_hex(finish()); }

std::string digest(Algorithm algorithm, std::string_view bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

std::string sha256_hex(std::string_view bytes) { return text::to_hex(digest(Algorithm::sha256, bytes)); }

}  // namespace chiron::crypto
