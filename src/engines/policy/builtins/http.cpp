// http.send: requests to the hosts that --allow-net names; the same request is sent once an evaluation.
#include "foundation/net/http.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::policy::functions {

namespace {

constexpr int kRedirects = 10;
constexpr int kRetries = 10;
constexpr std::chrono::milliseconds kTimeout{5'000};
constexpr std::chrono::milliseconds kLongestTimeout{300'000};
constexpr std::size_t kPemBytes = std::size_t{1} << 20U;

constexpr std::array<std::string_view, 28> kKeys = {"method",
                                                    "url",
                                                    "body",
                                                    "enable_redirect",
                                                    "force_json_decode",
                                                    "force_yaml_decode",
                                                    "headers",
                                                    "raw_body",
                                                    "tls_use_system_certs",
                                                    "tls_ca_cert",
                                                    "tls_ca_cert_file",
                                                    "tls_ca_cert_env_variable",
                                                    "tls_client_cert",
                                                    "tls_client_cert_file",
                                                    "tls_client_cert_env_variable",
                                                    "tls_client_key",
                                                    "tls_client_key_file",
                                                    "tls_client_key_env_variable",
                                                    "tls_insecure_skip_verify",
                                                    "tls_server_name",
                                                    "timeout",
                                                    "cache",
                                                    "force_cache",
                                                    "force_cache_duration_seconds",
                                                    "raise_error",
                                                    "caching_mode",
                                                    "max_retry_attempts",
                                                    "cache_ignored_headers"};

struct Answered : CacheEntry {
  explicit Answered(Value given) : value(given) {}
  Value value;
};

std::unexpected<Error> bad(std::string message) { return fail(ErrorKind::input, "net.request", std::move(message)); }

bool on(Value request, std::string_view key) { return request.get(key).is_true(); }

// A PEM text: given, in a file, or in a variable of the environment.
Result<std::string> pem(Value request, const std::string& name) {
  if (const Value given = request.get(name); given.is_string()) return std::string(given.string());
  if (const Value file = request.get(name + "_file"); file.is_string()) {
    auto text = io::read_file(std::string(file.string()), kPemBytes);
    if (!text) return bad(text.error().message);
    return std::move(*text);
  }
  if (const Value variable = request.get(name + "_env_variable"); variable.is_string()) {
    const char* text = std::getenv(std::string(variable.string()).c_str());
    if (text == nullptr) return bad("environment variable " + std::string(variable.string()) + " is not set");
    return std::string(text);
  }
  return std::string();
}

// Nanoseconds as a number, or a duration in Go's form.
Result<std::chrono::milliseconds> timeout_of(BuiltinContext& context, Value request) {
  const Value given = request.get("timeout");
  if (!given.defined()) return kTimeout;
  std::int64_t ns = 0;
  if (given.is_string()) {
    const Value arguments[] = {given};
    const Value parsed = time_parse_duration_ns(context, arguments);
    if (context.failed()) return bad(context.take_error()->message);
    if (!parsed.number_integer(ns)) return bad("timeout is out of range");
  } else if (!given.is_number() || !given.number_integer(ns)) {
    return bad("'timeout' must be one of {string, number} but got " + std::string(to_string(given.kind())));
  }
  if (ns <= 0) return kLongestTimeout;
  return std::clamp(std::chrono::milliseconds(ns / 1'000'000), std::chrono::milliseconds(1), kLongestTimeout);
}

Result<net::HttpRequest> request_of(BuiltinContext& context, Value given) {
  net::HttpRequest request;
  const Value method = given.get("method"), url = given.get("url");
  if (!method.is_string()) return bad("operand 1 'method' must be a string");
  if (!url.is_string()) return bad("operand 1 'url' must be a string");
  request.method = text::to_upper_ascii(method.string());
  request.url = url.string();
  if (given.get("tls_server_name").defined())
    return bad("'tls_server_name' is not supported: the name of the URL's host is asked for");
  if (const Value headers = given.get("headers"); headers.defined()) {
    if (!headers.is_object()) return bad("invalid type for headers: must be an object");
    for (std::uint32_t i = 0; i < headers.size(); ++i) {
      if (!headers.key_at(i).is_string() || !headers.value_at(i).is_string())
        return bad("invalid type for headers: names and values must be strings");
      request.headers.emplace_back(headers.key_at(i).string(), headers.value_at(i).string());
    }
  }
  if (const Value raw = given.get("raw_body"); raw.defined()) {
    if (!raw.is_string()) return bad("'raw_body' must be a string");
    request.body = raw.string();
  } else if (const Value body = given.get("body"); body.defined()) {
    request.body = to_json(body);
  }
  request.timeout = TRY(timeout_of(context, given));
  request.authorities = TRY(pem(given, "tls_ca_cert"));
  request.certificate = TRY(pem(given, "tls_client_cert"));
  request.key = TRY(pem(given, "tls_client_key"));
  request.verify = !on(given, "tls_insecure_skip_verify");
  return request;
}

Value answer(BuiltinContext& context, Value given, const net::HttpResponse& response) {
  Store& store = context.store;
  std::vector<Member> headers;
  std::string_view type;
  for (const auto& [name, value] : response.headers) {
    if (name == "content-type") type = value;
    const auto same = std::ranges::find_if(headers, [&](const Member& each) { return each.key.string() == name; });
    if (same == headers.end()) {
      const Value one[] = {store.string(value)};
      headers.push_back({store.string(name), store.array(one)});
    } else {
      std::vector<Value> all(same->value.items().begin(), same->value.items().end());
      all.push_back(store.string(value));
      same->value = store.array(all);
    }
  }
  Value body = Value::null();
  const std::string_view kind = text::trim(type.substr(0, type.find(';')));
  const bool yaml = on(given, "force_yaml_decode") || kind == "application/yaml" || kind == "application/x-yaml";
  if (on(given, "force_json_decode") || kind == "application/json" || kind.ends_with("+json")) {
    if (const auto parsed = parse_json_text(store, response.body)) body = *parsed;
  } else if (yaml) {
    const Value arguments[] = {store.string(response.body)};
    body = yaml_unmarshal(context, arguments);
    if (context.failed()) {
      (void)context.take_error();
      body = Value::null();
    }
  }
  const std::string status = std::to_string(response.status) + (response.reason.empty() ? "" : " " + response.reason);
  return store.object({
      Member{store.intern("body"), body},
      Member{store.intern("headers"), store.object(headers)},
      Member{store.intern("raw_body"), store.string(response.body)},
      Member{store.intern("status"), store.string(status)},
      Member{store.intern("status_code"), Value::small(response.status)},
  });
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Sends, follows where asked to, and never leaves the hosts that are allowed.
Result<net::HttpResponse> exchange(const BuiltinContext& context, net::HttpRequest request, bool follow) {
  for (int hop = 0;; ++hop) {
    const std::string host = TRY(net::host_of_url(request.url));
    if (!is_allowed_host(context, host)) return fail(ErrorKind::usage, "net.host", "unallowed host: " + host);
    auto response = TRY(net::send_http(request, context.cancel));
    if (!follow || !is_redirect(response.status)) return response;
    const auto location =
        std::ranges::find_if(response.headers, [](const auto& header) { return header.first == "location"; });
    if (location == response.headers.end()) return response;
    if (hop == kRedirects)
      return fail(ErrorKind::input, "net.redirects", format("stopped after {} redirects", kRedirects));
    request.url = TRY(net::resolve_url(request.url, location->second));
    if (response.status != 307 && response.status != 308 && request.method != "HEAD") {
      request.method = "GET";
      request.body.clear();
    }
    // What authorises at one host is not for another.
    if (TRY(net::host_of_url(request.url)) != host)
      std::erase_if(request.headers, [](const auto& header) {
        const std::string name = text::to_lower_ascii(header.first);
        return name == "authorization" || name == "cookie";
      });
  }
}

// The URL's host as far as it can be told without the parser of the library that sends.
std::string_view written_host(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  if (!url.starts_with('[')) url = url.substr(0, url.rfind(':'));
  return url;
}

}  // namespace

Value http_send(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::object)) return {};
  const Value given = arguments[0];
  std::vector<Value> unknown, missing;
  for (const Value key : given.keys().all())
    if (!key.is_string() || std::ranges::find(kKeys, key.string()) == kKeys.end()) unknown.push_back(key);
  if (!unknown.empty())
    return context.fail(format("operand 1 invalid request parameters(s): {}", to_rego(context.store.set(unknown))),
                        BuiltinErrorCode::type);
  for (const std::string_view key : {"method", "url"})
    if (!given.get(key)) missing.push_back(context.store.string(key));
  if (!missing.empty())
    return context.fail(
        format("operand 1 missing required request parameters(s): {}", to_rego(context.store.set(missing))),
        BuiltinErrorCode::type);
  auto request = request_of(context, given);
  if (!request) return context.fail(request.error().message, BuiltinErrorCode::type);
  if (context.allow_net.empty()) return context.fail(format("unallowed host: {}", written_host(request->url)));

  const std::string key = "http.send:" + to_rego(given);
  if (const auto found = context.query_cache.find(key); found != context.query_cache.end())
    return static_cast<const Answered&>(*found->second).value;

  std::int64_t attempts = 0;
  if (const Value retries = given.get("max_retry_attempts"); retries.is_number())
    (void)retries.number_integer(attempts);
  attempts = std::clamp<std::int64_t>(attempts, 0, kRetries);
  Result<net::HttpResponse> response = exchange(context, *request, on(given, "enable_redirect"));
  while (!response && response.error().kind == ErrorKind::io && attempts-- > 0 && !context.cancelled())
    response = exchange(context, *request, on(given, "enable_redirect"));
  Value result;
  if (response) {
    result = answer(context, given, *response);
  } else {
    if (!given.get("raise_error").is_false() || response.error().code == "net.host")
      return context.fail(response.error().message);
    Store& store = context.store;
    result = store.object({
        Member{store.intern("error"),
               store.object({Member{store.intern("code"), store.intern("eval_http_send_network_error")},
                             Member{store.intern("message"), store.string(response.error().message)}})},
        Member{store.intern("status_code"), Value::small(0)},
    });
  }
  context.query_cache[key] = std::make_unique<Answered>(result);
  return result;
}

}  // namespace chiron::policy::functions
