#include "foundation/net/http.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <memory>

#include "foundation/base/text.h"

namespace chiron::net {

namespace {

// The few functions of libcurl that are used, looked up in the library.
struct Curl {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) init;
  decltype(&curl_easy_setopt) set;
  decltype(&curl_easy_perform) perform;
  decltype(&curl_easy_cleanup) cleanup;
  decltype(&curl_easy_getinfo) info;
  decltype(&curl_easy_strerror) message;
  decltype(&curl_slist_append) append;
  decltype(&curl_slist_free_all) free_list;
  decltype(&curl_url) url;
  decltype(&curl_url_set) url_set;
  decltype(&curl_url_get) url_get;
  decltype(&curl_url_cleanup) url_cleanup;
  decltype(&curl_free) free;
};

template <class Function>
bool take(void* library, const char* name, Function& out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  return out != nullptr;
}

const Curl* load() {
  static const Curl* const loaded = []() -> const Curl* {
    void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    static Curl curl;
    if (library == nullptr || !take(library, "curl_global_init", curl.global_init) ||
        !take(library, "curl_easy_init", curl.init) || !take(library, "curl_easy_setopt", curl.set) ||
        !take(library, "curl_easy_perform", curl.perform) || !take(library, "curl_easy_cleanup", curl.cleanup) ||
        !take(library, "curl_easy_getinfo", curl.info) || !take(library, "curl_easy_strerror", curl.message) ||
        !take(library, "curl_slist_append", curl.append) || !take(library, "curl_slist_free_all", curl.free_list) ||
        !take(library, "curl_url", curl.url) || !take(library, "curl_url_set", curl.url_set) ||
        !take(library, "curl_url_get", curl.url_get) || !take(library, "curl_url_cleanup", curl.url_cleanup) ||
        !take(library, "curl_free", curl.free) || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      return nullptr;
    return &curl;
  }();
  return loaded;
}

Result<const Curl*> library() {
  if (const Curl* curl = load()) return curl;
  return fail(ErrorKind::unsupported, "net.no-library",
              "requests need the library libcurl.so.4, which is not installed (Debian: apt-get install libcurl4)");
}

struct Exchange {
  HttpResponse response;
  std::uint64_t max_body_bytes;
  const task::CancelToken* cancel;
  bool too_large = false;
};

constexpr std::size_t kHeaderBytes = std::size_t{1} << 20U;

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto& exchange = *static_cast<Exchange*>(to);
  if (exchange.response.body.size() + size * count > exchange.max_body_bytes) {
    exchange.too_large = true;
    return 0;
  }
  exchange.response.body.append(data, size * count);
  return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* to) {
  auto& exchange = *static_cast<Exchange*>(to);
  const std::string_view line = text::trim(std::string_view(data, size * count));
  HttpResponse& response = exchange.response;
  if (line.starts_with("HTTP/")) {  // a new answer (after 100 Continue, say)
    response.headers.clear();
    const std::size_t code = line.find(' ');
    const std::size_t reason = code == line.npos ? line.npos : line.find(' ', code + 1);
    response.reason = reason == line.npos ? "" : std::string(line.substr(reason + 1));
    return size * count;
  }
  std::size_t total = line.size();
  for (const auto& [name, value] : response.headers) total += name.size() + value.size();
  if (total > kHeaderBytes) {
    exchange.too_large = true;
    return 0;
  }
  if (const std::size_t colon = line.find(':'); colon != line.npos)
    response.headers.emplace_back(text::to_lower_ascii(line.substr(0, colon)),
                                  std::string(text::trim(line.substr(colon + 1))));
  return size * count;
}

int on_progress(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& exchange = *static_cast<Exchange*>(to);
  return exchange.cancel != nullptr && exchange.cancel->cancelled() ? 1 : 0;
}

curl_blob blob(const std::string& text) { return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY}; }

}  // namespace

Result<HttpResponse> send_http(const HttpRequest& request, const task::CancelToken* cancel) {
  const Curl& curl = *TRY(library());
  const std::unique_ptr<CURL, decltype(curl.cleanup)> handle(curl.init(), curl.cleanup);
  if (!handle) return fail(ErrorKind::io, "net.failed", "libcurl cannot be set up");
  CURL* const h = handle.get();
  Exchange exchange{{}, request.max_body_bytes, cancel};

  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) {
    if (curl_slist* longer = curl.append(list, line.c_str())) list = longer;
  };
  for (const auto& [name, value] : request.headers) {
    if ((name + value).find_first_of("\r\n") != std::string::npos) {
      curl.free_list(list);
      return fail(ErrorKind::input, "net.header", "header " + name + " holds a line break");
    }
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  add("Expect:");  // no pause before a body
  const std::unique_ptr<curl_slist, decltype(curl.free_list)> headers(list, curl.free_list);

  curl.set(h, CURLOPT_URL, request.url.c_str());
  curl.set(h, CURLOPT_PROTOCOLS_STR, "http,https");
  curl.set(h, CURLOPT_PROXY, "");
  curl.set(h, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  curl.set(h, CURLOPT_FOLLOWLOCATION, 0L);
  curl.set(h, CURLOPT_NOSIGNAL, 1L);
  curl.set(h, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl.set(h, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl.set(h, CURLOPT_HTTPHEADER, headers.get());
  if (request.method == "HEAD") curl.set(h, CURLOPT_NOBODY, 1L);
  if (!request.body.empty()) {
    curl.set(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl.set(h, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl.set(h, CURLOPT_SSL_VERIFYPEER, request.verify ? 1L : 0L);
  curl.set(h, CURLOPT_SSL_VERIFYHOST, request.verify ? 2L : 0L);
  if (!request.authorities.empty()) {
    const curl_blob given = blob(request.authorities);
    curl.set(h, CURLOPT_CAINFO_BLOB, &given);
  }
  if (!request.certificate.empty()) {
    const curl_blob certificate = blob(request.certificate), key = blob(request.key);
    curl.set(h, CURLOPT_SSLCERT_BLOB, &certificate);
    curl.set(h, CURLOPT_SSLKEY_BLOB, &key);
  }
  curl.set(h, CURLOPT_WRITEFUNCTION, &on_body);
  curl.set(h, CURLOPT_WRITEDATA, &exchange);
  curl.set(h, CURLOPT_HEADERFUNCTION, &on_header);
  curl.set(h, CURLOPT_HEADERDATA, &exchange);
  curl.set(h, CURLOPT_NOPROGRESS, 0L);
  curl.set(h, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl.set(h, CURLOPT_XFERINFODATA, &exchange);

  const CURLcode code = curl.perform(h);
  if (exchange.too_large)
    return fail(
        ErrorKind::input, "net.body-size",
        "the answer of " + request.url + " is larger than " + std::to_string(request.max_body_bytes) + " bytes");
  if (code == CURLE_OPERATION_TIMEDOUT)
    return fail(ErrorKind::io, "net.timeout",
                request.url + " did not answer within " + std::to_string(request.timeout.count()) + " ms");
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
    return fail(ErrorKind::input, "net.url", "no URL of http or https: " + request.url);
  if (code != CURLE_OK) return fail(ErrorKind::io, "net.failed", request.url + ": " + curl.message(code));
  long status = 0;
  curl.info(h, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

namespace {

// A URL taken apart by the parser that the request goes through too; `reference` is added to it where it is not empty.
Result<std::string> part_of_url(const std::string& base, const std::string& reference, CURLUPart part) {
  const Curl& curl = *TRY(library());
  const std::unique_ptr<CURLU, decltype(curl.url_cleanup)> url(curl.url(), curl.url_cleanup);
  char* text = nullptr;
  if (!url || curl.url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK ||
      (!reference.empty() && curl.url_set(url.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK) ||
      curl.url_get(url.get(), part, &text, 0) != CURLUE_OK)
    return fail(ErrorKind::input, "net.url", "no URL: " + (reference.empty() ? base : reference));
  std::string out(text);
  curl.free(text);
  return out;
}

}  // namespace

Result<std::string> host_of_url(const std::string& url) {
  std::string host = text::to_lower_ascii(TRY(part_of_url(url, "", CURLUPART_HOST)));
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

Result<std::string> resolve_url(const std::string& page, const std::string& reference) {
  return part_of_url(page, reference, CURLUPART_URL);
}

}  // namespace chiron::net
