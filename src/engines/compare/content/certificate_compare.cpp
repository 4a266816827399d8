// X.509 certificates, requests and keys, in PEM (one or more, with text between) or DER. OpenSSL does the reading; of
// private keys only the kind, the size and the public half are shown.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::size_t kMaxBytes = 64 * limits::kMiB;
constexpr std::size_t kMaxBlocks = 10'000;

template <auto Function>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    Function(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

std::string content(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return printable(content(bio));
}

std::string time_text(const ASN1_TIME* time) {
  const Bio bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), time);
  return printable(content(bio));
}

std::string object_text(const ASN1_OBJECT* object) {
  char text[256];
  OBJ_obj2txt(text, sizeof text, object, 0);
  return printable(text);
}

void add_public_key(EVP_PKEY* key, Item& out) {
  if (key == nullptr) return;
  auto& item = out.add("public key");
  const char* kind = EVP_PKEY_get0_type_name(key);
  item.add("algorithm", kind != nullptr ? printable(kind) : format("{}", EVP_PKEY_get_base_id(key)));
  item.add("bits", format("{}", EVP_PKEY_get_bits(key)));
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size > 0) item.add("key", hex_bytes({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)}, 4096));
  OPENSSL_free(der);
}

Item certificate_items(X509* certificate, std::string_view name, Range place) {
  Item items(name, "", place);
  items.add("version", format("{}", X509_get_version(certificate) + 1));
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  items.add("serial number", hex_bytes({reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                                        static_cast<std::size_t>(ASN1_STRING_length(serial))}));
  items.add("issuer", name_text(X509_get_issuer_name(certificate)));
  items.add("subject", name_text(X509_get_subject_name(certificate)));
  items.add("not before", time_text(X509_get0_notBefore(certificate)));
  items.add("not after", time_text(X509_get0_notAfter(certificate)));
  add_public_key(X509_get0_pubkey(certificate), items);
  {
    auto& extensions = items.add("extensions");
    for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
      X509_EXTENSION* extension = X509_get_ext(certificate, i);
      const Bio bio(BIO_new(BIO_s_mem()));
      const auto* data = X509_EXTENSION_get_data(extension);
      std::string value;
      if (X509V3_EXT_print(bio.get(), extension, X509V3_EXT_ERROR_UNKNOWN, 0) == 1) {
        value = content(bio);
      } else {
        value = hex_bytes({reinterpret_cast<const char*>(ASN1_STRING_get0_data(data)),
                           static_cast<std::size_t>(ASN1_STRING_length(data))},
                          4096);
      }
      while (!value.empty() && value.back() == '\n') value.pop_back();
      extensions.add(object_text(X509_EXTENSION_get_object(extension)),
                     (X509_EXTENSION_get_critical(extension) != 0 ? "critical, " : "") + value);
    }
  }
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, certificate);
  const ASN1_OBJECT* identifier = nullptr;
  X509_ALGOR_get0(&identifier, nullptr, nullptr, algorithm);
  items.add("signature algorithm", object_text(identifier));
  items.add("signature", hex_bytes({reinterpret_cast<const char*>(ASN1_STRING_get0_data(signature)),
                                    static_cast<std::size_t>(ASN1_STRING_length(signature))},
                                   4096));
  return items;
}

Item key_items(EVP_PKEY* key, std::string_view name, Range place) {
  Item items(name, "", place);
  add_public_key(key, items);
  return items;
}

Item request_items(X509_REQ* request, std::string_view name, Range place) {
  Item items(name, "", place);
  items.add("subject", name_text(X509_REQ_get_subject_name(request)));
  add_public_key(X509_REQ_get0_pubkey(request), items);
  return items;
}

void add_block(std::string_view label, std::string_view der, int number, Range place, Item& out) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  const auto size = static_cast<long>(der.size());
  const std::string name = format("{} {}", printable(label), number);
  Item item(name, hex_bytes(der, 256), place);
  if (label == "CERTIFICATE" || label == "TRUSTED CERTIFICATE" || label == "X509 CERTIFICATE") {
    if (const Certificate certificate(d2i_X509(nullptr, &data, size)); certificate)
      item = certificate_items(certificate.get(), name, place);
  } else if (label == "CERTIFICATE REQUEST") {
    if (const Request request(d2i_X509_REQ(nullptr, &data, size)); request)
      item = request_items(request.get(), name, place);
  } else if (label == "PUBLIC KEY") {
    if (const Key key(d2i_PUBKEY(nullptr, &data, size)); key) item = key_items(key.get(), name, place);
  } else if (label.ends_with("PRIVATE KEY")) {
    // Never the key itself: a digest says whether it is the same.
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest(der.data(), der.size(), digest, &length, EVP_sha256(), nullptr);
    const std::string print = hex_bytes({reinterpret_cast<const char*>(digest), length});
    if (const Key key(label.starts_with("ENCRYPTED") ? nullptr : d2i_AutoPrivateKey(nullptr, &data, size)); key) {
      item = key_items(key.get(), name, place);
      item.add("SHA-256 of the private key", print);
    } else {
      item = Item(name, "SHA-256 " + print, place);
    }
  }
  ERR_clear_error();
  out.children.push_back(std::move(item));
}

Item pem_items(ByteView bytes) {
  Item items;
  std::size_t at = 0;
  std::unordered_map<std::string, int> seen;
  std::size_t blocks = 0;
  std::string between;
  while (at < bytes.size() && ++blocks <= kMaxBlocks) {
    const auto begin = bytes.find("-----BEGIN ", at);
    between += bytes.substr(at, (begin == std::string_view::npos ? bytes.size() : begin) - at);
    if (begin == std::string_view::npos) break;
    const auto end = bytes.find("-----END ", begin);
    auto stop = end == std::string_view::npos ? bytes.size() : bytes.find('\n', end);
    if (stop == std::string_view::npos) stop = bytes.size();
    const auto block = bytes.substr(begin, stop - begin);
    at = std::min(stop + 1, bytes.size());
    const Bio bio(BIO_new_mem_buf(block.data(), static_cast<int>(block.size())));
    char *label = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &label, &header, &data, &size) == 1) {
      add_block(label, {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)}, ++seen[label],
                {begin, block.size()}, items);
    } else {
      items.add("block", printable(block), {begin, block.size()});
    }
    OPENSSL_free(label);
    OPENSSL_free(header);
    if (data != nullptr) OPENSSL_clear_free(data, static_cast<std::size_t>(size));
    ERR_clear_error();
  }
  items.add("text between", between).mark_noise("text around the blocks is not read");
  return items;
}

bool is_pem(ByteView bytes) {
  const auto head = bytes.substr(0, 64 * 1024);
  const auto begin = head.find("-----BEGIN ");
  if (begin == std::string_view::npos || (begin > 0 && head[begin - 1] != '\n')) return false;
  const auto label = head.substr(begin + 11, 40);
  return label.starts_with("CERTIFICATE") || label.starts_with("TRUSTED CERT") || label.starts_with("X509") ||
         label.starts_with("PUBLIC KEY") || label.substr(0, label.find("-----")).ends_with("PRIVATE KEY");
}

bool is_der(ByteView bytes, std::string_view path) {
  if (bytes.size() < 64 || bytes[0] != 0x30) return false;
  return path.ends_with(".der") || path.ends_with(".cer") || path.ends_with(".crt");
}

}  // namespace

bool matches_certificate(ByteView a, ByteView b, std::string_view path) {
  if (a.size() > kMaxBytes || b.size() > kMaxBytes) return false;
  return (is_pem(a) && is_pem(b)) || (is_der(a, path) && is_der(b, path));
}

Result<void> compare_certificate(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto items = [](ByteView bytes) {
    if (is_pem(bytes)) return pem_items(bytes);
    Item all;
    add_block("CERTIFICATE", bytes, 1, {0, bytes.size()}, all);
    return all;
  };
  compare_items(items(a), items(b), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
