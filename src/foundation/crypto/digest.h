// Digests over OpenSSL.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace chiron::crypto {

enum class Algorithm { md5, sha1, sha256, sha384, sha512 };

// Raw bytes of the digest; text::to_hex makes it readable.
[[nodiscard]] std::string digest(Algorithm algorithm, std::string_view bytes);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// Incremental form.
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm = Algorithm::sha256);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(std::string_view bytes);
  // A length-prefixed field, so that ("ab","c") and ("a","bc") differ.
  void field(std::string_view bytes);
  [[nodiscard]] std::string finish();      // raw bytes; call once
  [[nodiscard]] std::string finish_hex();  // lower case
 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chiron::crypto
