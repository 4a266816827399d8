// JSON Web Tokens (RFC 7519, 7515) and plain digests.
#include <openssl/crypto.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "engines/policy/builtins/keys.h"
#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

// Tokens within tokens (cty: JWT).
constexpr int kMaxNesting = 64;

struct Token {
  std::string_view header, payload, signature;
  std::string signed_part;  // header "." payload
  Value decoded_header;
};

bool split_token(BuiltinContext& context, std::string_view text, Token& token) {
  if (text.find('.') == std::string_view::npos) {
    context.fail("encoded JWT had no period separators");
    return false;
  }
  const auto parts = text::split(text, '.');
  if (parts.size() != 3) {
    context.fail(format("encoded JWT must have 3 sections, found {}", parts.size()));
    return false;
  }
  token.header = parts[0];
  token.payload = parts[1];
  token.signature = parts[2];
  token.signed_part = format("{}.{}", parts[0], parts[1]);
  return true;
}

bool decode_part(BuiltinContext& context, std::string_view part, std::string_view name, std::string& out) {
  auto decoded = decode_base64url(part);
  if (!decoded) {
    context.fail(format("JWT {} had invalid encoding: {}", name, decoded.error()));
    return false;
  }
  out = std::move(*decoded);
  return true;
}

bool decode_object(BuiltinContext& context, std::string_view text, std::string_view name, Value& out) {
  auto value = parse_json_text(context.store, text);
  if (!value) {
    context.fail(format("invalid JSON in JWT {}: {}", name, value.error()));
    return false;
  }
  if (!value->is_object()) {
    context.fail(format("decoded JWT {} must be a JSON object", name));
    return false;
  }
  out = *value;
  return true;
}

bool decode_header(BuiltinContext& context, Token& token) {
  std::string text;
  if (!decode_part(context, token.header, "header", text) ||
      !decode_object(context, text, "header", token.decoded_header))
    return false;
  if (token.decoded_header.get("enc")) {
    context.fail("JWT is a JWE object, which is not supported");
    return false;
  }
  return true;
}

struct Header {
  std::string_view algorithm, key_id, content_type;
  bool valid = false;  // no critical parameter that is not understood
};

bool read_header(BuiltinContext& context, Value object, Header& header) {
  std::vector<std::string_view> unknown;
  std::unordered_set<std::string_view> critical;
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const auto name = object.key_at(i).string();
    const Value value = object.value_at(i);
    std::string_view ignored;
    std::string_view* to = name == "alg"   ? &header.algorithm
                           : name == "kid" ? &header.key_id
                           : name == "cty" ? &header.content_type
                           : name == "typ" ? &ignored
                                           : nullptr;
    if (to != nullptr) {
      if (!value.is_string()) {
        context.fail(format("{}: must be a string", name));
        return false;
      }
      *to = value.string();
    } else if (name == "crit") {
      if (!value.is_array()) {
        context.fail("crit: must be a list");
        return false;
      }
      for (const Value item : value.items())
        if (item.is_string()) critical.insert(item.string());
      if (critical.empty()) {
        context.fail("crit: must be a nonempty list");
        return false;
      }
    } else {
      unknown.push_back(name);
    }
  }
  header.valid = !header.algorithm.empty() &&
                 std::ranges::none_of(unknown, [&](std::string_view name) { return critical.contains(name); });
  return true;
}

// By the key of that id, else by any whose algorithm fits.
bool verify_with(const std::vector<Key>& keys, std::string_view key_id, std::string_view header_algorithm,
                 std::string_view algorithm, const Token& token, std::string_view signature) {
  if (!key_id.empty())
    for (const auto& key : keys)
      if (key.id == key_id) return verify_jws(key, algorithm, token.signed_part, signature);
  return std::ranges::any_of(keys, [&](const Key& key) {
    return (key.algorithm.empty() || key.algorithm == header_algorithm) &&
           verify_jws(key, algorithm, token.signed_part, signature);
  });
}

Value verify(BuiltinContext& context, Arguments arguments, std::string_view algorithm) {
  std::string_view text, key_text;
  Token token;
  if (!take_string(context, arguments, 0, text) || !split_token(context, text, token) ||
      !take_string(context, arguments, 1, key_text))
    return {};
  std::string signature;
  if (algorithm.starts_with("HS")) {
    if (!decode_part(context, token.signature, "signature", signature)) return {};
    Key key;
    key.symmetric = true;
    key.secret = key_text;
    return Value::boolean(verify_jws(key, algorithm, token.signed_part, signature));
  }
  auto keys = read_verification_keys(key_text);
  if (!keys) return context.fail(keys.error());
  Header header;
  if (!decode_part(context, token.signature, "signature", signature) || !decode_header(context, token) ||
      !read_header(context, token.decoded_header, header))
    return {};
  return Value::boolean(verify_with(*keys, header.key_id, header.algorithm, algorithm, token, signature));
}

struct Constraints {
  std::optional<std::vector<Key>> keys;
  std::string_view secret, algorithm, issuer, audience;
  double time_ns = -1;
};

bool take_constraints(BuiltinContext& context, Value object, Constraints& constraints) {
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Value key = object.key_at(i), value = object.value_at(i);
    const std::string_view name = key.is_string() ? key.string() : std::string_view();
    auto text = [&](std::string_view& to) {
      if (!value.is_string()) {
        context.fail(format("{} constraint: must be a string", name));
        return false;
      }
      to = value.string();
      return true;
    };
    if (name == "cert") {
      std::string_view certificate;
      if (!text(certificate)) return false;
      auto keys = read_verification_keys(certificate);
      if (!keys) {
        context.fail(keys.error());
        return false;
      }
      constraints.keys = std::move(*keys);
    } else if (name == "secret") {
      if (!text(constraints.secret)) return false;
    } else if (name == "alg") {
      if (!text(constraints.algorithm)) return false;
    } else if (name == "iss") {
      if (!text(constraints.issuer)) return false;
    } else if (name == "aud") {
      if (!text(constraints.audience)) return false;
    } else if (name == "time") {
      if (!value.is_number()) {
        context.fail("token time constraint: must be a number");
        return false;
      }
      constraints.time_ns = value.number_double();
      if (constraints.time_ns < 0) {
        context.fail("token time constraint: must not be negative");
        return false;
      }
    } else {
      context.fail(format("unknown token validation constraint: {}", name));
      return false;
    }
  }
  if (constraints.time_ns < 0) constraints.time_ns = static_cast<double>(context.time_ns);
  const int keys = (constraints.keys ? 1 : 0) + (constraints.secret.empty() ? 0 : 1);
  if (keys == 1) return true;
  context.fail(keys > 1 ? "duplicate key constraints" : "no key constraint");
  return false;
}

// Signs header and payload with the first key of the JWK (set).
Value encode_sign(BuiltinContext& context, std::string_view header_text, std::string_view payload,
                  std::string_view jwk) {
  auto keys = read_jwks(jwk);
  if (!keys) return context.fail(keys.error());
  if (keys->empty()) return context.fail("no keys found in JWK set");
  const std::string missing = "missing or invalid 'alg' header: ";
  auto header = parse_json_text(context.store, header_text);
  if (!header && header_text.starts_with('{')) return context.fail(missing + "cannot parse JSON: " + header.error());
  if (!header)
    return context.fail(missing + (header_text.empty()
                                       ? "cannot parse JSON: cannot parse empty string; unparsed tail: \"\""
                                       : "jwsbb: header \"alg\" not found"));
  const Value algorithm = header->is_object() ? header->get("alg") : Value();
  if (!algorithm) return context.fail(missing + "jwsbb: header \"alg\" not found");
  if (!algorithm.is_string()) return context.fail(missing + "jwsbb: header \"alg\" is not a string");
  if (!is_jws_algorithm(algorithm.string()))
    return context.fail(format("unknown JWS algorithm: {}", algorithm.string()));
  const Value type = header->get("typ");
  const bool is_jwt = !type || !type.is_string() || type.string() == "JWT";
  if (is_jwt && !parse_json_text(context.store, payload)) return context.fail("type is JWT but payload is not JSON");
  const std::string message = encode_base64(header_text, true, false) + "." + encode_base64(payload, true, false);
  auto signature = sign_jws(keys->front(), algorithm.string(), message);
  if (!signature) return context.fail(signature.error());
  return context.store.string(message + "." + encode_base64(*signature, true, false));
}

Value digest(BuiltinContext& context, Arguments arguments, const char* name) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  return context.store.string(text::to_hex(hash(name, text)));
}
Value keyed_digest(BuiltinContext& context, Arguments arguments, const char* name) {
  std::string_view message, key;
  if (!take_string(context, arguments, 0, message) || !take_string(context, arguments, 1, key)) return {};
  return context.store.string(text::to_hex(hmac(name, key, message)));
}

}  // namespace

Value io_jwt_decode(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  std::string nested;
  for (int level = 0; level < kMaxNesting; ++level) {
    Token token;
    std::string payload, signature;
    if (!split_token(context, text, token) || !decode_header(context, token) ||
        !decode_part(context, token.payload, "payload", payload))
      return {};
    const Value content_type = token.decoded_header.get("cty");
    if (content_type && content_type.is_string() && content_type.string() == "JWT") {
      const auto begin = payload.find_first_not_of("\"'");
      const auto end = payload.find_last_not_of("\"'");
      nested = begin == std::string::npos ? std::string() : payload.substr(begin, end - begin + 1);
      text = nested;
      continue;
    }
    Value object;
    if (!decode_object(context, payload, "payload", object) ||
        !decode_part(context, token.signature, "signature", signature))
      return {};
    return context.store.array({token.decoded_header, object, context.store.string(text::to_hex(signature))});
  }
  return context.fail(format("more than {} tokens within each other", kMaxNesting));
}

Value io_jwt_decode_verify(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  Constraints constraints;
  if (!take_string(context, arguments, 0, text) || !require(context, arguments, 1, Kind::object) ||
      !take_constraints(context, arguments[1], constraints))
    return {};
  auto& store = context.store;
  const Value empty = store.object({});
  const Value unverified = store.array({Value::boolean(false), empty, empty});
  Value header_object, payload_object;
  std::string nested;
  for (int level = 0;; ++level) {
    if (level == kMaxNesting) return context.fail(format("more than {} tokens within each other", kMaxNesting));
    Token token;
    Header header;
    std::string signature, payload;
    if (!split_token(context, text, token) || !decode_header(context, token) ||
        !read_header(context, token.decoded_header, header))
      return {};
    if (!header.valid) return unverified;
    if (!constraints.algorithm.empty() && constraints.algorithm != header.algorithm) return unverified;
    if (!decode_part(context, token.signature, "signature", signature)) return {};
    bool verified = false;
    if (constraints.keys) {
      verified = verify_with(*constraints.keys, header.key_id, header.algorithm, header.algorithm, token, signature);
    } else {
      Key key;
      key.symmetric = true;
      key.secret = constraints.secret;
      verified = verify_jws(key, header.algorithm, token.signed_part, signature);
    }
    if (!verified) return unverified;
    if (!decode_part(context, token.payload, "payload", payload)) return {};
    if (text::to_lower_ascii(header.content_type) == "jwt") {
      nested = payload;
      text = nested;
      continue;
    }
    if (!decode_object(context, payload, "payload", payload_object)) return {};
    header_object = token.decoded_header;
    break;
  }
  if (!constraints.issuer.empty()) {
    const Value issuer = payload_object.get("iss");
    if (!issuer || !issuer.is_string() || issuer.string() != constraints.issuer) return unverified;
  }
  const Value audience = payload_object.get("aud");
  if (audience) {
    auto is_ours = [&](Value value) { return value.is_string() && value.string() == constraints.audience; };
    const bool ours = audience.is_string() ? is_ours(audience)
                                           : audience.is_array() && std::ranges::any_of(audience.items(), is_ours);
    if (!ours) return unverified;
  } else if (!constraints.audience.empty()) {
    return unverified;
  }
  const double now_seconds = constraints.time_ns / 1e9;
  if (const Value expiry = payload_object.get("exp")) {
    if (!expiry.is_number()) return context.fail("exp value must be a number");
    if (now_seconds >= expiry.number_double()) return unverified;
  }
  if (const Value not_before = payload_object.get("nbf")) {
    if (!not_before.is_number()) return context.fail("nbf value must be a number");
    if (now_seconds < not_before.number_double()) return unverified;
  }
  return store.array({Value::boolean(true), header_object, payload_object});
}

Value io_jwt_encode_sign(BuiltinContext& context, Arguments arguments) {
  for (std::size_t i = 0; i < 3; ++i)
    if (!require(context, arguments, i, Kind::object)) return {};
  const JsonStyle style{.indent = 0, .escape_html = true};
  return encode_sign(context, to_json(arguments[0], style), to_json(arguments[1], style), to_json(arguments[2], style));
}
Value io_jwt_encode_sign_raw(BuiltinContext& context, Arguments arguments) {
  std::string_view header, payload, jwk;
  if (!take_string(context, arguments, 2, jwk) || !take_string(context, arguments, 0, header) ||
      !take_string(context, arguments, 1, payload))
    return {};
  return encode_sign(context, header, payload, jwk);
}

Value io_jwt_verify_rs256(BuiltinContext& c, Arguments a) { return verify(c, a, "RS256"); }
Value io_jwt_verify_rs384(BuiltinContext& c, Arguments a) { return verify(c, a, "RS384"); }
Value io_jwt_verify_rs512(BuiltinContext& c, Arguments a) { return verify(c, a, "RS512"); }
Value io_jwt_verify_ps256(BuiltinContext& c, Arguments a) { return verify(c, a, "PS256"); }
Value io_jwt_verify_ps384(BuiltinContext& c, Arguments a) { return verify(c, a, "PS384"); }
Value io_jwt_verify_ps512(BuiltinContext& c, Arguments a) { return verify(c, a, "PS512"); }
Value io_jwt_verify_es256(BuiltinContext& c, Arguments a) { return verify(c, a, "ES256"); }
Value io_jwt_verify_es384(BuiltinContext& c, Arguments a) { return verify(c, a, "ES384"); }
Value io_jwt_verify_es512(BuiltinContext& c, Arguments a) { return verify(c, a, "ES512"); }
Value io_jwt_verify_eddsa(BuiltinContext& c, Arguments a) { return verify(c, a, "EdDSA"); }
Value io_jwt_verify_hs256(BuiltinContext& c, Arguments a) { return verify(c, a, "HS256"); }
Value io_jwt_verify_hs384(BuiltinContext& c, Arguments a) { return verify(c, a, "HS384"); }
Value io_jwt_verify_hs512(BuiltinContext& c, Arguments a) { return verify(c, a, "HS512"); }

Value crypto_md5(BuiltinContext& c, Arguments a) { return digest(c, a, "MD5"); }
Value crypto_sha1(BuiltinContext& c, Arguments a) { return digest(c, a, "SHA1"); }
Value crypto_sha256(BuiltinContext& c, Arguments a) { return digest(c, a, "SHA256"); }
Value crypto_hmac_md5(BuiltinContext& c, Arguments a) { return keyed_digest(c, a, "MD5"); }
Value crypto_hmac_sha1(BuiltinContext& c, Arguments a) { return keyed_digest(c, a, "SHA1"); }
Value crypto_hmac_sha256(BuiltinContext& c, Arguments a) { return keyed_digest(c, a, "SHA256"); }
Value crypto_hmac_sha512(BuiltinContext& c, Arguments a) { return keyed_digest(c, a, "SHA512"); }
Value crypto_hmac_equal(BuiltinContext& context, Arguments arguments) {
  std::string_view a, b;
  if (!take_string(context, arguments, 0, a) || !take_string(context, arguments, 1, b)) return {};
  return Value::boolean(a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace chiron::policy::functions
