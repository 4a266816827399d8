// OpenSSH public keys, one a line as in id_rsa.pub, authorized_keys and known_hosts: kind, size, fingerprint and
// comment (RFC 4253, section 6.6, and the formats of the public key files in sshd(8)).
#include <openssl/evp.h>

#include "engines/compare/container/container.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"

namespace chiron::compare {
namespace {

constexpr std::size_t kMaxBytes = 16 * limits::kMiB;
constexpr std::size_t kMaxKeyText = 64 * 1024;

bool is_kind(std::string_view word) {
  return word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-") || word.starts_with("sk-ssh-") ||
         word.starts_with("sk-ecdsa-");
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > kMaxKeyText) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  // The library counts the padding as bytes.
  auto size = static_cast<std::size_t>(length);
  for (std::size_t i = text.size(); i-- > text.size() - 2 && text[i] == '=';) --size;
  out.resize(size);
  return out;
}

std::string encode_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  while (out.ends_with('=')) out.pop_back();
  return out;
}

// The strings and numbers of the blob, each behind its length.
std::vector<std::string_view> parts_of(std::string_view blob) {
  std::vector<std::string_view> parts;
  while (blob.size() >= 4) {
    const auto length = big32(blob, 0);
    if (length > blob.size() - 4) break;
    parts.push_back(blob.substr(4, length));
    blob.remove_prefix(4 + length);
  }
  return parts;
}

std::uint64_t bits_of(std::string_view number) {
  while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
  if (number.empty()) return 0;
  std::uint64_t bits = (number.size() - 1) * 8;
  for (auto first = static_cast<unsigned char>(number.front()); first != 0;
       first = static_cast<unsigned char>(first >> 1))
    ++bits;
  return bits;
}

std::uint64_t key_bits(const std::vector<std::string_view>& parts) {
  if (parts.size() < 2) return 0;
  const auto kind = parts[0];
  if (kind == "ssh-rsa") return parts.size() < 3 ? 0 : bits_of(parts[2]);
  if (kind == "ssh-dss") return bits_of(parts[1]);
  if (kind.find("ed25519") != std::string_view::npos) return 256;
  const auto curve = kind.rfind("nistp");
  if (curve == std::string_view::npos) return 0;
  auto digits = kind.substr(curve + 5);
  return text::parse_unsigned(digits.substr(0, digits.find('@'))).value_or(0);
}

std::string_view kind_name(std::string_view kind) {
  if (kind == "ssh-rsa") return "RSA";
  if (kind == "ssh-dss") return "DSA";
  if (kind.find("ed25519") != std::string_view::npos) return kind.starts_with("sk-") ? "ED25519-SK" : "ED25519";
  if (kind.find("ecdsa") != std::string_view::npos) return kind.starts_with("sk-") ? "ECDSA-SK" : "ECDSA";
  return kind;
}

// A line's words; options before the kind may hold quoted blanks.
struct Line {
  std::string_view options, kind, key, comment;
};
std::optional<Line> split_line(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    auto end = line.find(' ', at);
    if (end == std::string_view::npos) end = line.size();
    if (is_kind(line.substr(at, end - at)) && end < line.size()) {
      Line found;
      found.options = text::trim(line.substr(0, at));
      found.kind = line.substr(at, end - at);
      const auto rest = text::trim(line.substr(end));
      const auto blank = rest.find(' ');
      found.key = rest.substr(0, blank);
      if (blank != std::string_view::npos) found.comment = text::trim(rest.substr(blank));
      return found;
    }
    at = end + 1;
  }
  return std::nullopt;
}

std::string_view first_line(ByteView bytes) {
  for (const auto line : text::split_lines(bytes.substr(0, kMaxKeyText))) {
    const auto trimmed = text::trim(line);
    if (!trimmed.empty() && trimmed.front() != '#') return trimmed;
  }
  return {};
}

bool is_ssh_key(ByteView bytes) {
  if (bytes.size() > kMaxBytes) return false;
  const auto line = split_line(first_line(bytes));
  if (!line) return false;
  const auto blob = decode_base64(line->key);
  if (!blob) return false;
  const auto parts = parts_of(*blob);
  return parts.size() >= 2 && parts[0] == line->kind;
}

Item items_of(ByteView bytes) {
  Item items;
  std::size_t number = 0;
  std::string others;
  for (const auto raw : text::split_lines(bytes)) {
    const auto line = split_line(text::trim(raw));
    const auto blob = line && !raw.starts_with('#') ? decode_base64(line->key) : std::nullopt;
    if (!blob) {
      others += std::string(raw) + "\n";
      continue;
    }
    const auto parts = parts_of(*blob);
    const auto offset = static_cast<std::uint64_t>(raw.data() - bytes.data());
    auto& item = items.add(format("key {}", ++number), {}, {offset, raw.size()});
    const auto place = [&](std::string_view part) {
      return Range{static_cast<std::uint64_t>(part.data() - bytes.data()), part.size()};
    };
    if (!line->options.empty()) item.add("options", printable(line->options), place(line->options));
    item.add("kind", kind_name(line->kind), place(line->kind));
    item.add("bits", format("{}", key_bits(parts)), place(line->key));
    item.add("fingerprint", "SHA256:" + encode_base64(crypto::digest(crypto::Algorithm::sha256, *blob)),
             place(line->key));
    item.add("comment", printable(line->comment), place(line->comment), Kind::metadata);
  }
  items.add("other lines", printable(others)).mark_noise("lines that hold no key");
  return items;
}

}  // namespace

bool matches_ssh_key(ByteView a, ByteView b, std::string_view) { return is_ssh_key(a) && is_ssh_key(b); }

Result<void> compare_ssh_key(ByteView a, ByteView b, Context& context, Difference& out) {
  compare_items(items_of(a), items_of(b), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
