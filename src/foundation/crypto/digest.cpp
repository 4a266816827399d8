#include "foundation/crypto/digest.h"

#include <openssl/evp.h>

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
      return EVP_sha256();
    case Algorithm::sha384:
      return EVP_sha384();
    case Algorithm::sha512:
      return EVP_sha512();
  }
  return nullptr;
}
}  // namespace

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(Algorithm algorithm) : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex(state_->context, method(algorithm), nullptr) != 1) std::abort();  // only without memory
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

void Hasher::field(std::string_view bytes) {
  char length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(bytes.size() >> (8 * i));
  update({length, 8});
  update(bytes);
}

std::string Hasher::finish() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context, out, &length);
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
