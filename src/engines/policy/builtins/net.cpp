// IP addresses and networks, and what would leave the machine: net.lookup_ip_addr works only towards
// hosts that are named as allowed.
#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

using Bits = unsigned __int128;

// IPv4 addresses are the last 32 bits of ::ffff:0:0/96.
constexpr Bits kV4Prefix = static_cast<Bits>(0xffff) << 32;

struct Address {
  Bits bits = 0;
  bool v4 = false;
};
struct Network {
  Address address;  // as written
  int length = 0;   // of the prefix, in bits of the address' own family
  [[nodiscard]] Bits host_mask() const {
    const int width = address.v4 ? 32 : 128;
    const int host = width - length;
    return host >= 128 ? ~static_cast<Bits>(0) : (static_cast<Bits>(1) << host) - 1;
  }
  [[nodiscard]] Bits first() const { return address.bits & ~host_mask(); }
  [[nodiscard]] Bits last() const { return address.bits | host_mask(); }
  [[nodiscard]] bool contains(const Address& other) const {
    return other.v4 == address.v4 && (other.bits & ~host_mask()) == first();
  }
};

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  std::array<unsigned char, 16> bytes{};
  Address address;
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
    for (int i = 0; i < 4; ++i) address.bits = address.bits << 8 | bytes[static_cast<std::size_t>(i)];
    address.bits |= kV4Prefix;
    address.v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) != 1) return std::nullopt;
  for (const auto byte : bytes) address.bits = address.bits << 8 | byte;
  address.v4 = (address.bits >> 32) == 0xffff;
  return address;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  const auto length = text::parse_unsigned(text.substr(slash + 1));
  if (!address || !length) return std::nullopt;
  const bool colon = text.substr(0, slash).find(':') != std::string_view::npos;
  if (*length > (colon ? 128U : 32U)) return std::nullopt;
  Network network{*address, static_cast<int>(*length)};
  if (colon && address->v4) {  // ::ffff:1.2.3.4/120
    if (*length >= 96)
      network.length -= 96;
    else
      network.address.v4 = false;
  }
  return network;
}

std::string to_text(const Address& address) {
  if (address.v4) {
    const auto low = static_cast<std::uint32_t>(address.bits);
    return format("{}.{}.{}.{}", low >> 24, low >> 16 & 255, low >> 8 & 255, low & 255);
  }
  std::array<std::uint16_t, 8> words{};
  for (std::size_t i = 0; i < 8; ++i) words[i] = static_cast<std::uint16_t>(address.bits >> (112 - 16 * i));
  // The longest run of zeros of at least two words becomes "::".
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && words[end] == 0) ++end;
    if (end - i > best_length) best = i, best_length = end - i;
    i = end + 1;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with("::")) out += ':';
    out += format("{:x}", words[i]);
  }
  return out;
}
std::string to_text(Bits bits, bool v4) { return to_text(Address{bits, v4}); }

bool take_network(BuiltinContext& context, Value value, Network& network) {
  if (!value.is_string()) {
    context.fail_operand(1, "string", value);
    return false;
  }
  const auto parsed = parse_network(value.string());
  if (!parsed) {
    context.fail(format("invalid CIDR address: {}", value.string()));
    return false;
  }
  network = *parsed;
  return true;
}

// Whether a network contains an address or a network; nothing after context.fail.
std::optional<bool> contains_value(BuiltinContext& context, Value outer, Value inner) {
  Network network;
  if (!take_network(context, outer, network)) return std::nullopt;
  if (!inner.is_string()) {
    context.fail_operand(1, "string", inner);
    return std::nullopt;
  }
  if (const auto address = parse_address(inner.string())) return network.contains(*address);
  const auto other = parse_network(inner.string());
  if (!other) {
    context.fail(format("not a valid textual representation of an IP address or CIDR: {}", inner.string()));
    return std::nullopt;
  }
  return network.contains({other->first(), other->address.v4}) && network.contains({other->last(), other->address.v4});
}

struct Item {
  Value network, index;
};

// The networks of an operand of cidr_contains_matches, each with what names it.
bool take_items(BuiltinContext& context, Arguments arguments, std::size_t operand, std::vector<Item>& items) {
  const Value value = arguments[operand];
  auto add = [&](Value element, Value index) {
    if (element.is_array() && element.size() > 0)
      element = element.items().front();
    else if (!element.is_string()) {
      context.fail(format("operand {}: element must be string or non-empty array", operand + 1));
      return false;
    }
    items.push_back({element, index});
    return true;
  };
  if (value.is_string()) {
    items.push_back({value, value});
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.items().size(); ++i)
      if (!add(value.items()[i], Value::small(static_cast<std::int64_t>(i)))) return false;
  } else if (value.is_set()) {
    for (const Value item : value.items())
      if (!add(item, item)) return false;
  } else if (value.is_object()) {
    for (std::uint32_t i = 0; i < value.size(); ++i)
      if (!add(value.value_at(i), value.key_at(i))) return false;
  }
  return true;
}

struct Range {
  Bits first, last;
  bool v4;
  std::string text;  // of the network it was, "" where merged
};

// The smallest list of networks that covers first…last exactly.
void append_networks(std::vector<std::string>& out, Bits first, Bits last, bool v4) {
  while (true) {
    int host = 0;
    const int most = v4 ? 32 : 128;
    while (host < most) {
      const Bits mask = host + 1 >= 128 ? ~static_cast<Bits>(0) : (static_cast<Bits>(1) << (host + 1)) - 1;
      if ((first & mask) != 0 && !(host + 1 >= 128 && first == 0)) break;
      if ((first | mask) > last) break;
      ++host;
    }
    out.push_back(format("{}/{}", to_text(first, v4), most - host));
    const Bits mask = host >= 128 ? ~static_cast<Bits>(0) : (static_cast<Bits>(1) << host) - 1;
    const Bits end = first | mask;
    if (end >= last) return;
    first = end + 1;
  }
}

}  // namespace

Value net_cidr_is_valid(BuiltinContext&, Arguments arguments) {
  return Value::boolean(arguments[0].is_string() && parse_network(arguments[0].string()).has_value());
}
Value net_cidr_contains(BuiltinContext& context, Arguments arguments) {
  const auto result = contains_value(context, arguments[0], arguments[1]);
  return result ? Value::boolean(*result) : Value();
}
Value net_cidr_overlap(BuiltinContext& context, Arguments arguments) { return net_cidr_contains(context, arguments); }
Value net_cidr_intersects(BuiltinContext& context, Arguments arguments) {
  Network a, b;
  if (!take_network(context, arguments[0], a) || !take_network(context, arguments[1], b)) return {};
  return Value::boolean(a.contains({b.first(), b.address.v4}) || b.contains({a.first(), a.address.v4}));
}
Value net_cidr_contains_matches(BuiltinContext& context, Arguments arguments) {
  std::vector<Item> outer, inner;
  if (!take_items(context, arguments, 0, outer) || !take_items(context, arguments, 1, inner)) return {};
  std::vector<Value> pairs;
  std::size_t step = 0;
  for (const auto& a : outer)
    for (const auto& b : inner) {
      if (interrupted(context, ++step)) return {};
      const auto contained = contains_value(context, a.network, b.network);
      if (!contained) return {};
      if (*contained) pairs.push_back(context.store.array({a.index, b.index}));
    }
  return context.store.set(pairs);
}
Value net_cidr_expand(BuiltinContext& context, Arguments arguments) {
  Network network;
  if (!take_network(context, arguments[0], network)) return {};
  if (network.host_mask() >= kMaxElements) return too_large(context);
  std::vector<Value> addresses;
  for (Bits at = network.first();; ++at) {
    if (interrupted(context, addresses.size() + 1)) return {};
    addresses.push_back(context.store.string(to_text(at, network.address.v4)));
    if (at == network.last()) break;
  }
  return context.store.set(addresses);
}
Value net_cidr_merge(BuiltinContext& context, Arguments arguments) {
  if (!is_collection(arguments[0])) return context.fail("operand must be an array");
  std::vector<Range> ranges;
  for (const Value item : arguments[0].items()) {
    if (!item.is_string()) return context.fail("element must be string");
    const auto text = item.string();
    if (const auto address = parse_address(text)) {
      if (!address->v4) return context.fail("IPv6 invalid: needs prefix length");
      // A bare address stands for the network of its historic class.
      const auto top = static_cast<std::uint32_t>(address->bits) >> 24;
      const Network network{*address, top < 128 ? 8 : top < 192 ? 16 : 24};
      ranges.push_back({network.first(), network.last(), true, format("{}/{}", to_text(*address), network.length)});
      continue;
    }
    const auto network = parse_network(text);
    if (!network) return context.fail(format("invalid CIDR address: {}", text));
    const bool v4 = network->address.v4;
    ranges.push_back(
        {network->first(), network->last(), v4, format("{}/{}", to_text(network->first(), v4), network->length)});
  }
  std::ranges::sort(
      ranges, [](const Range& a, const Range& b) { return a.last != b.last ? a.last < b.last : a.first < b.first; });
  for (std::size_t i = ranges.size(); i-- > 1;) {
    auto& current = ranges[i];
    auto& previous = ranges[i - 1];
    if (current.v4 != previous.v4 || (current.first != 0 && current.first - 1 > previous.last)) continue;
    previous = {std::min(previous.first, current.first), current.last, current.v4, {}};
    ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::vector<std::string> networks;
  for (const auto& range : ranges) {
    if (!range.text.empty())
      networks.push_back(range.text);
    else
      append_networks(networks, range.first, range.last, range.v4);
  }
  std::vector<Value> values;
  for (const auto& network : networks) values.push_back(context.store.string(network));
  return context.store.set(values);
}

namespace {}  // namespace

bool is_allowed_host(const BuiltinContext& context, std::string_view host) {
  return std::ranges::any_of(context.allow_net, [&](const std::string& allowed) { return allowed == host; });
}

Value net_lookup_ip_addr(BuiltinContext& context, Arguments arguments) {
  std::string_view host;
  if (!take_string(context, arguments, 0, host)) return {};
  if (const auto address = parse_address(host)) return context.store.set({context.store.string(to_text(*address))});
  if (host != "localhost" && !is_allowed_host(context, host))
    return context.fail(format("unallowed host: {} (name it with --allow-net to let policies look it up)", host));
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(std::string(host).c_str(), nullptr, &hints, &found);
  if (status != 0) return context.fail(format("lookup {}: {}", host, gai_strerror(status)));
  std::vector<Value> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* raw = at->ai_family == AF_INET
                          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr)
                          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(at->ai_addr)->sin6_addr);
    if (inet_ntop(at->ai_family, raw, text.data(), text.size()) == nullptr) continue;
    if (const auto address = parse_address(text.data())) addresses.push_back(context.store.string(to_text(*address)));
  }
  freeaddrinfo(found);
  return context.store.set(addresses);
}

}  // namespace chiron::policy::functions
