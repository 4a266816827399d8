// URIs as Go's net/url parses them: what is accepted, how escapes are read, and its messages.
#include <algorithm>

#include "engines/policy/builtins/support.h"
#include "engines/policy/text.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_one_of(char c, std::string_view characters) { return characters.find(c) != std::string_view::npos; }

enum class Mode { path, user, host, zone, fragment };
using Text = std::expected<std::string, std::string>;

Text unescape(std::string_view text, Mode mode) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      const auto escape = text.substr(i, 3);
      if (high < 0 || low < 0) return std::unexpected(format("invalid URL escape \"{}\"", escape));
      const int byte = high * 16 + low;
      // In a host only non-ASCII bytes may be escaped, and %25 in an IPv6 zone.
      if (mode == Mode::host && high < 8 && escape != "%25")
        return std::unexpected(format("invalid URL escape \"{}\"", escape));
      if (mode == Mode::zone && escape != "%25" && byte != ' ' && byte < 0x80 && !is_letter(static_cast<char>(byte)) &&
          !is_digit(static_cast<char>(byte)) && !is_one_of(static_cast<char>(byte), "-_.~"))
        return std::unexpected(format("invalid URL escape \"{}\"", escape));
      out += static_cast<char>(byte);
      i += 2;
      continue;
    }
    if ((mode == Mode::host || mode == Mode::zone) && static_cast<unsigned char>(c) < 0x80 && !is_letter(c) &&
        !is_digit(c) && !is_one_of(c, "-_.~!$&'()*+,;=:[]<>\""))
      return std::unexpected(format("invalid character \"{}\" in host name", c));
    out += c;
  }
  return out;
}

bool is_valid_userinfo(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return is_letter(c) || is_digit(c) || is_one_of(c, "-._:~!$&'()*+,;=%@"); });
}
bool is_valid_port(std::string_view text) {
  return text.empty() || (text[0] == ':' && std::ranges::all_of(text.substr(1), is_digit));
}

// What Go escapes in a path by itself; a path spelt otherwise keeps its raw form.
std::string escape_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (is_letter(c) || is_digit(c) || is_one_of(c, "-_.~$&+,/:;=@"))
      out += c;
    else
      out += format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}
bool is_valid_encoding(std::string_view path) {
  return std::ranges::all_of(
      path, [](char c) { return is_letter(c) || is_digit(c) || is_one_of(c, "-_.~!$&'()*+,;=:@[]%/"); });
}

struct Uri {
  std::string scheme, hostname, port, path, raw_path, raw_query, fragment;
};

std::expected<Uri, std::string> parse_authority_and_path(std::string_view rest, Uri uri) {
  if (rest.starts_with("//") && (!uri.scheme.empty() || !rest.starts_with("///"))) {
    rest.remove_prefix(2);
    auto authority = rest.substr(0, rest.find('/'));
    rest.remove_prefix(authority.size());
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
      const auto user = authority.substr(0, at);
      if (!is_valid_userinfo(user)) return std::unexpected("net/url: invalid userinfo");
      if (auto decoded = unescape(user, Mode::user); !decoded) return std::unexpected(decoded.error());
      authority.remove_prefix(at + 1);
    }
    std::string_view host = authority;
    std::string_view port;
    if (host.starts_with('[')) {
      const auto close = host.rfind(']');
      if (close == std::string_view::npos) return std::unexpected("missing ']' in host");
      port = host.substr(close + 1);
      if (!is_valid_port(port)) return std::unexpected(format("invalid port \"{}\" after host", port));
      const auto inner = host.substr(1, close - 1);
      const auto zone = inner.find("%25");
      auto address = unescape(inner.substr(0, zone), Mode::host);
      if (!address) return std::unexpected(address.error());
      uri.hostname = *address;
      if (zone != std::string_view::npos) {
        auto name = unescape(inner.substr(zone), Mode::zone);
        if (!name) return std::unexpected(name.error());
        uri.hostname += *name;
      }
    } else {
      if (const auto colon = host.rfind(':'); colon != std::string_view::npos) {
        port = host.substr(colon);
        if (!is_valid_port(port)) return std::unexpected(format("invalid port \"{}\" after host", port));
        host = host.substr(0, colon);
      }
      auto name = unescape(host, Mode::host);
      if (!name) return std::unexpected(name.error());
      uri.hostname = *name;
    }
    if (!port.empty()) uri.port = port.substr(1);
  }
  auto path = unescape(rest, Mode::path);
  if (!path) return std::unexpected(path.error());
  uri.path = *path;
  // Where the spelling is not what escaping the path by default gives, the spelling is kept; else the path stands.
  uri.raw_path = escape_path(uri.path) == rest || !is_valid_encoding(rest) ? uri.path : std::string(rest);
  return uri;
}

std::expected<Uri, std::string> parse(std::string_view whole) {
  auto fail = [&](std::string_view text, const std::string& why) {
    std::string quoted;
    append_go_quoted(quoted, text);
    return std::unexpected("parse " + quoted + ": " + why);
  };
  std::string_view text = whole;
  Uri uri;
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    auto fragment = unescape(text.substr(hash + 1), Mode::fragment);
    if (!fragment) return fail(whole, fragment.error());
    uri.fragment = *fragment;
    text = text.substr(0, hash);
  }
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }))
    return fail(text, "net/url: invalid control character in URL");
  if (text == "*") {
    uri.path = uri.raw_path = "*";
    return uri;
  }
  // scheme ":"
  std::string_view rest = text;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (is_letter(c) || (i > 0 && (is_digit(c) || is_one_of(c, "+-.")))) continue;
    if (c == ':') {
      if (i == 0) return fail(text, "missing protocol scheme");
      uri.scheme = text::to_lower_ascii(rest.substr(0, i));
      rest.remove_prefix(i + 1);
    }
    break;
  }
  if (const auto question = rest.find('?'); question != std::string_view::npos) {
    uri.raw_query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {
    if (!uri.scheme.empty()) return uri;  // opaque: mailto:x
    const auto segment = rest.substr(0, rest.find('/'));
    if (segment.find(':') != std::string_view::npos)
      return fail(text, "first path segment in URL cannot contain colon");
  }
  auto parsed = parse_authority_and_path(rest, std::move(uri));
  if (!parsed) return fail(text, parsed.error());
  return parsed;
}

}  // namespace

Value uri_is_valid(BuiltinContext&, Arguments arguments) {
  return Value::boolean(arguments[0].is_string() && !arguments[0].string().empty() &&
                        parse(arguments[0].string()).has_value());
}
Value uri_parse(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  const auto uri = parse(text);
  if (!uri) return context.fail(uri.error());
  std::vector<Member> members;
  auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) members.push_back({context.store.intern(name), context.store.string(value)});
  };
  add("scheme", uri->scheme);
  add("hostname", uri->hostname);
  add("port", uri->port);
  add("path", uri->path);
  add("raw_path", uri->raw_path);
  add("raw_query", uri->raw_query);
  add("fragment", uri->fragment);
  return context.store.object(members);
}

}  // namespace chiron::policy::functions
