// http.send against a server of our own on the loopback interface.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "engines/policy/engine.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

// Answers each connection once, by the request's path, and counts.
class Server {
 public:
  Server() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  [[nodiscard]] int requests() const { return requests_; }

 private:
  void serve() {
    while (true) {
      const int peer = ::accept(socket_, nullptr, nullptr);
      if (peer < 0) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::read(peer, buffer, sizeof buffer);
        if (got <= 0) break;
        request.append(buffer, static_cast<std::size_t>(got));
      }
      const std::size_t length = request.find("Content-Length: ");
      if (length != std::string::npos) {
        const std::size_t want = request.find("\r\n\r\n") + 4 + std::stoul(request.substr(length + 16));
        while (request.size() < want) {
          const ssize_t got = ::read(peer, buffer, sizeof buffer);
          if (got <= 0) break;
          request.append(buffer, static_cast<std::size_t>(got));
        }
      }
      ++requests_;
      const std::string answer = reply(request);
      std::size_t sent = 0;
      while (sent < answer.size()) {
        const ssize_t put = ::send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (put <= 0) break;
        sent += static_cast<std::size_t>(put);
      }
      ::close(peer);
    }
  }
  [[nodiscard]] std::string reply(const std::string& request) const {
    const auto with_body = [](const std::string& status, const std::string& headers, const std::string& body) {
      return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers +
             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    };
    const std::string path =
        request.substr(request.find(' ') + 1, request.find(' ', request.find(' ') + 1) - request.find(' ') - 1);
    if (path == "/json")
      return with_body("200 OK", "Content-Type: application/json\r\nX-Two: a\r\nX-Two: b\r\n", "{\"n\": 1}");
    if (path == "/echo")
      return with_body("201 Created", "",
                       request.substr(0, request.find(' ')) + "|" + request.substr(request.find("\r\n\r\n") + 4));
    if (path == "/there") return with_body("302 Found", "Location: /json\r\n", "");
    if (path == "/away") return with_body("302 Found", "Location: http://localhost:1/\r\n", "");
    if (path == "/loop") return with_body("302 Found", "Location: /loop\r\n", "");
    return with_body("404 Not Found", "", "no");
  }
  int socket_;
  int port_ = 0;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

std::string evaluate(const std::string& query, std::vector<std::string> hosts) {
  Policy policy;
  REQUIRE(policy.compile().empty());
  auto prepared = policy.prepare(query);
  if (!prepared) return to_string(prepared.error());
  Evaluator evaluator(policy);
  EvaluationOptions options;
  options.allow_net = hosts;
  options.strict_builtin_errors = true;
  auto rows = evaluator.evaluate(**prepared, options);
  if (!rows) return rows.error().message;
  return rows->empty() ? "undefined" : to_rego((*rows)[0].expressions[0].value);
}

}  // namespace

TEST_CASE("http.send sends where the user allows it") {
  const Server server;
  const std::vector<std::string> here = {"127.0.0.1"};
  const auto get = [&](const std::string& path, const std::string& more = "") {
    return "http.send({\"method\": \"get\", \"url\": \"" + server.url(path) + "\"" + more + "})";
  };
  CHECK(evaluate(get("/json"), {}) == "http.send: unallowed host: 127.0.0.1");
  CHECK(evaluate(get("/json"), {"localhost"}) == "http.send: unallowed host: 127.0.0.1");
  CHECK(server.requests() == 0);

  CHECK(evaluate("[x | r := " + get("/json") + "; x := [r.status, r.status_code, r.body, r.headers[\"x-two\"]]][0]",
                 here) == R"(["200 OK", 200, {"n": 1}, ["a", "b"]])");
  CHECK(evaluate(get("/none") + ".status_code", here) == "404");
  CHECK(evaluate(get("/none") + ".body", here) == "null");
  CHECK(evaluate("http.send({\"method\": \"POST\", \"url\": \"" + server.url("/echo") +
                     "\", \"body\": {\"a\": [1]}}).raw_body",
                 here) == R"("POST|{\"a\":[1]}")");
  CHECK(evaluate(get("/there") + ".status_code", here) == "302");
  CHECK(evaluate(get("/there", ", \"enable_redirect\": true") + ".body.n", here) == "1");
  CHECK(evaluate(get("/away", ", \"enable_redirect\": true") + ".body", here) ==
        "http.send: unallowed host: localhost");
  CHECK(evaluate(get("/loop", ", \"enable_redirect\": true") + ".body", here) ==
        "http.send: stopped after 10 redirects");

  const int before = server.requests();
  CHECK(evaluate("[x | some i in [1, 2, 3]; x := " + get("/json") + ".body.n + i]", here) == "[2, 3, 4]");
  CHECK(server.requests() == before + 1);
}

TEST_CASE("http.send says what went wrong") {
  const std::vector<std::string> here = {"127.0.0.1"};
  const std::string dead = R"({"method": "get", "url": "http://127.0.0.1:1/", "timeout": "2s"})";
  CHECK(evaluate("http.send(" + dead + ")", here).find("http.send: http://127.0.0.1:1/: ") == 0);
  CHECK(evaluate("http.send(object.union(" + dead + ", {\"raise_error\": false})).error.code", here) ==
        "\"eval_http_send_network_error\"");
  CHECK(evaluate(R"(http.send({"method": "get", "url": "file://127.0.0.1/etc/passwd"}))", here) ==
        "http.send: no URL: file://127.0.0.1/etc/passwd");
  CHECK(evaluate(R"(http.send({"method": "get", "url": "http://127.0.0.1:1/", "headers": {"A": "b\r\nC: d"}}))",
                 here) == "http.send: header A holds a line break");
  CHECK(
      evaluate(R"(http.send({"method": "get", "url": "http://127.0.0.1\\@localhost:1/"}))", here).find("http.send: ") ==
      0);
}
