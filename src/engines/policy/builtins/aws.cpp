// providers.aws.sign_req: AWS Signature Version 4 of a request that http.send would make.
#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <map>

#include "engines/policy/builtins/go_time.h"
#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

// The members of an object that are missing or no strings.
bool check_strings(BuiltinContext& context, Value object, int operand, std::span<const std::string_view> names,
                   std::string_view what) {
  std::vector<Value> missing, invalid;
  for (const auto name : names) {
    const Value value = object.get(name);
    if (!value)
      missing.push_back(context.store.string(name));
    else if (!value.is_string())
      invalid.push_back(context.store.string(name));
  }
  if (!missing.empty())
    context.fail(format("operand {} missing required {}(s): {}", operand, what, to_rego(context.store.set(missing))),
                 BuiltinErrorCode::type);
  else if (!invalid.empty())
    context.fail(
        format("operand {} invalid values for required {}(s): {}", operand, what, to_rego(context.store.set(invalid))),
        BuiltinErrorCode::type);
  return missing.empty() && invalid.empty();
}

std::string encode(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~' || (keep_slash && c == '/');
    out += plain ? std::string(1, c) : format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

struct Url {
  std::string host, path, query;
};
Url cut_url(std::string_view url) {
  Url out;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('#'));
  const auto question = url.find('?');
  if (question != std::string_view::npos) out.query = url.substr(question + 1);
  url = url.substr(0, question);
  const auto slash = url.find('/');
  out.host = url.substr(0, slash);
  if (const auto at = out.host.rfind('@'); at != std::string::npos) out.host.erase(0, at + 1);
  if (slash != std::string_view::npos) out.path = url.substr(slash);
  return out;
}

}  // namespace

Value providers_aws_sign_req(BuiltinContext& context, Arguments arguments) {
  static constexpr std::array<std::string_view, 2> kRequest = {"method", "url"};
  static constexpr std::array<std::string_view, 4> kConfig = {"aws_access_key", "aws_region", "aws_secret_access_key",
                                                              "aws_service"};
  auto& store = context.store;
  if (!require(context, arguments, 0, Kind::object) || !require(context, arguments, 1, Kind::object) ||
      !check_strings(context, arguments[0], 1, kRequest, "request parameters") ||
      !check_strings(context, arguments[1], 2, kConfig, "AWS config parameters"))
    return {};
  const Value request = arguments[0], config = arguments[1];
  bool sign_payload = true;
  if (const Value disable = config.get("disable_payload_signing")) {
    if (!disable.is_boolean())
      return context.fail("operand 2 invalid value for 'disable_payload_signing' in AWS config",
                          BuiltinErrorCode::type);
    sign_payload = !disable.is_true();
  }
  const Value session_token = config.get("aws_session_token");
  std::int64_t time_ns = 0;
  if (!require(context, arguments, 2, Kind::number)) return {};
  const auto stamp_ns = text::parse_signed(arguments[2].number_text());  // as spelt: 1e9 is no time stamp
  time_ns = stamp_ns.value_or(0);
  if (!stamp_ns)
    return context.fail("operand 3 could not convert time_ns value into a unix timestamp", BuiltinErrorCode::type);

  const auto zone = absl::UTCTimeZone();
  const std::string stamp = format_time(absl::FromUnixNanos(time_ns), zone, "20060102T150405Z");
  const std::string date = stamp.substr(0, 8);
  std::string body;
  if (const Value value = request.get("body")) body = to_json(value, {.indent = 0, .escape_html = true});
  if (const Value raw = request.get("raw_body"); raw && raw.is_string()) body = raw.string();
  const std::string body_hash = sign_payload ? text::to_hex(hash("SHA256", body)) : std::string(kUnsigned);
  const Url url = cut_url(request.get("url").string());

  // Headers: those of the request, then what signing adds.
  std::map<std::string, std::string> headers;         // as they are returned
  std::map<std::string, std::string> signed_headers;  // lower case
  if (const Value given = request.get("headers"); given && given.is_object())
    for (std::uint32_t i = 0; i < given.size(); ++i) {
      const Value key = given.key_at(i), value = given.value_at(i);
      if (!key.is_string()) continue;
      const std::string text = value.is_string() ? std::string(value.string()) : to_json(value);
      headers[std::string(key.string())] = text;
      const std::string lower = text::to_lower_ascii(key.string());
      if (lower != "authorization" && lower != "user-agent" && lower != "x-amzn-trace-id")
        signed_headers[lower] = std::string(text::trim(text));
    }
  auto add = [&](const std::string& name, const std::string& value) {
    headers[name] = value;
    signed_headers.try_emplace(name, value);  // what the request says is what is signed
  };
  add("host", url.host);
  add("x-amz-date", stamp);
  const auto service = config.get("aws_service").string();
  if (service == "s3" || service == "glacier" || !sign_payload) add("x-amz-content-sha256", body_hash);
  if (session_token && session_token.is_string()) add("x-amz-security-token", std::string(session_token.string()));

  std::string names, canonical_headers;
  for (const auto& [name, value] : signed_headers) {
    names += (names.empty() ? "" : ";") + name;
    canonical_headers += name + ":" + value + "\n";
  }
  std::vector<std::string> parameters;
  for (auto part : text::split(url.query, '&')) {
    if (part.empty()) continue;
    parameters.emplace_back(part.find('=') == std::string_view::npos ? std::string(part) + "=" : std::string(part));
  }
  std::ranges::sort(parameters);
  const std::string canonical =
      std::string(request.get("method").string()) + "\n" + (url.path.empty() ? std::string() : encode(url.path, true)) +
      "\n" + text::join(parameters, "&") + "\n" + canonical_headers + "\n" + names + "\n" + body_hash;
  const auto region = config.get("aws_region").string();
  const std::string scope = format("{}/{}/{}/aws4_request", date, region, service);
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + text::to_hex(hash("SHA256", canonical));
  std::string key = hmac("SHA256", "AWS4" + std::string(config.get("aws_secret_access_key").string()), date);
  key = hmac("SHA256", key, region);
  key = hmac("SHA256", key, service);
  key = hmac("SHA256", key, "aws4_request");
  headers["Authorization"] =
      format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}", config.get("aws_access_key").string(),
             scope, names, text::to_hex(hmac("SHA256", key, to_sign)));
  std::vector<Member> members;
  for (const auto& [name, value] : headers) members.push_back({store.intern(name), store.string(value)});
  return store.with_member(request, store.intern("headers"), store.object(members));
}

}  // namespace chiron::policy::functions
