// One HTTP request at a time, by libcurl, which is loaded when the first request is made: a program that stays offline
// needs none and pays nothing.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "foundation/base/result.h"
#include "foundation/task/cancel.h"

namespace chiron::net {

using Headers = std::vector<std::pair<std::string, std::string>>;  // in the order of the wire

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{5'000};     // of the whole exchange
  std::uint64_t max_body_bytes = 64ULL << 20U;  // of the answer; more is an error
  // PEM texts; empty for the system's authorities, no client certificate.
  std::string authorities, certificate, key;
  bool verify = true;  // the server's certificate and name
};

struct HttpResponse {
  int status = 0;
  std::string reason;  // "OK"; empty in HTTP/2
  Headers headers;     // names in lower case
  std::string body;
};

// Follows no redirects and uses no proxy: the request goes to the URL's host and nowhere else.
// Errors: "net.no-library" (libcurl.so.4 is not installed), "net.url", "net.timeout", "net.body-size", "net.failed".
[[nodiscard]] Result<HttpResponse> send_http(const HttpRequest& request, const task::CancelToken* cancel = nullptr);

// The host that a request to the URL goes to, in lower case, without brackets. Error: "net.url".
[[nodiscard]] Result<std::string> host_of_url(const std::string& url);
// The URL that a reference means on a page (a Location header). Error: "net.url".
[[nodiscard]] Result<std::string> resolve_url(const std::string& page, const std::string& reference);

}  // namespace chiron::net
