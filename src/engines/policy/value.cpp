// Values: access, hashing, equality and order.
#include "engines/policy/value.h"

#include <cassert>
#include <cmath>
#include <optional>

#include "engines/policy/hash.h"
#include "engines/policy/number.h"

namespace chiron::policy {
namespace {

using namespace detail;

const std::uint32_t* index_slots(const Value* values, std::uint32_t count) {
  return reinterpret_cast<const std::uint32_t*>(values + count);
}

std::uint32_t probe(const Value* values, std::uint32_t count, std::uint32_t mask, Value key) {
  const std::uint32_t* slots = index_slots(values, count);
  for (std::uint32_t slot = key.hash() & mask;; slot = (slot + 1) & mask) {
    const std::uint32_t position = slots[slot];
    if (position == 0) return Keys::npos;
    if (values[position - 1] == key) return position - 1;
  }
}

std::uint32_t find_in(const Value* values, std::uint32_t count, std::uint32_t mask, Value key) {
  if (mask != 0) return probe(values, count, mask, key);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (values[i].bits() == key.bits()) return i;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (equal_slow(values[i], key)) return i;
  }
  return Keys::npos;
}

Decimal decimal_of(Value number) { return parse_decimal(number.number_text()); }

int compare_numbers(Value a, Value b) {
  if (a.is_small() && b.is_small()) {
    const auto left = a.small_value(), right = b.small_value();
    return left < right ? -1 : left > right ? 1 : 0;
  }
  const double left = a.number_double(), right = b.number_double();
  const double scale = std::max(std::fabs(left), std::fabs(right));
  if (std::isfinite(left) && std::isfinite(right) && std::fabs(left - right) > scale * 1e-14)
    return left < right ? -1 : 1;
  return compare_decimal(decimal_of(a), decimal_of(b));
}

int compare_strings(Value a, Value b) {
  const int order = a.string().compare(b.string());
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

// Children in comparison order: an object's are key, value, key, value …
std::uint32_t child_count(Value v) { return v.is_object() ? v.size() * 2 : v.size(); }
Value child(Value v, std::uint32_t i) {
  if (!v.is_object()) return v.items()[i];
  return (i & 1) == 0 ? v.key_at(i / 2) : v.value_at(i / 2);
}

int sign_of(std::uint32_t a, std::uint32_t b) { return a < b ? -1 : a > b ? 1 : 0; }

// Composites of one kind; own stack, because nesting is the input's choice.
int compare_composites(Value a, Value b) {
  struct Frame {
    Value a, b;
    std::uint32_t next;
  };
  std::vector<Frame> stack{{a, b, 0}};
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const std::uint32_t count_a = child_count(frame.a), count_b = child_count(frame.b);
    const std::uint32_t common = std::min(count_a, count_b);
    bool pushed = false;
    while (frame.next < common) {
      const Value x = child(frame.a, frame.next), y = child(frame.b, frame.next);
      ++frame.next;
      if (x.bits() == y.bits()) continue;
      const Kind kind_x = x.kind(), kind_y = y.kind();
      if (kind_x != kind_y) return kind_x < kind_y ? -1 : 1;
      if (kind_x >= Kind::array) {
        stack.push_back({x, y, 0});
        pushed = true;
        break;
      }
      if (const int order = compare(x, y); order != 0) return order;
    }
    if (pushed) continue;
    if (count_a != count_b) return sign_of(count_a, count_b);
    stack.pop_back();
  }
  return 0;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::undefined:
      return "undefined";
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "boolean";
    case Kind::number:
      return "number";
    case Kind::string:
      return "string";
    case Kind::array:
      return "array";
    case Kind::object:
      return "object";
    case Kind::set:
      return "set";
  }
  return "";
}

std::uint32_t Keys::find(Value key) const { return find_in(begin(), count, index_mask, key); }

std::uint32_t Keys::find(std::string_view key) const {
  const std::uint32_t wanted = hash_bytes(key.data(), key.size());
  auto matches = [&](Value v) { return v.is_string() && v.hash() == wanted && v.string() == key; };
  if (index_mask != 0) {
    const std::uint32_t* slots = index_slots(begin(), count);
    for (std::uint32_t slot = wanted & index_mask;; slot = (slot + 1) & index_mask) {
      if (slots[slot] == 0) return npos;
      if (matches(begin()[slots[slot] - 1])) return slots[slot] - 1;
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (matches(begin()[i])) return i;
  }
  return npos;
}

std::uint32_t Value::set_find(Value value) const {
  const auto* node = at<SetNode>();
  return find_in(reinterpret_cast<const Value*>(node + 1), node->count, node->index_mask, value);
}

std::string Value::number_text() const {
  if (is_small()) return std::to_string(small_value());
  const auto* node = at<NumberNode>();
  return {reinterpret_cast<const char*>(node + 1), node->length};
}

double Value::number_double() const {
  return is_small() ? static_cast<double>(small_value()) : at<NumberNode>()->approximate;
}

bool Value::number_integer(std::int64_t& out) const {
  if (is_small()) {
    out = small_value();
    return true;
  }
  const Decimal decimal = decimal_of(*this);
  if (!decimal.is_integer() || decimal.exponent > 19) return false;
  unsigned __int128 magnitude = 0;
  for (std::int64_t i = 0; i < decimal.exponent; ++i) {
    const auto at_i = static_cast<std::size_t>(i);
    magnitude = magnitude * 10 + static_cast<unsigned>(at_i < decimal.digits.size() ? decimal.digits[at_i] - '0' : 0);
  }
  const auto bound = static_cast<unsigned __int128>(std::uint64_t{1} << 63);
  if (magnitude > (decimal.negative ? bound : bound - 1)) return false;
  const auto word = static_cast<std::uint64_t>(magnitude);
  out = static_cast<std::int64_t>(decimal.negative ? ~word + 1 : word);
  return true;
}

bool Value::number_is_integer() const { return is_small() || decimal_of(*this).is_integer(); }

std::uint32_t Value::size() const {
  switch (kind()) {
    case Kind::array:
      return at<ArrayNode>()->count;
    case Kind::object:
      return at<ObjectNode>()->keys->count;
    case Kind::set:
      return at<SetNode>()->count;
    default:
      assert(!"size of a scalar");
      return 0;
  }
}

Value Value::get(Value key) const {
  switch (bits_ & 7) {
    case kObjectTag: {
      const std::uint32_t i = keys().find(key);
      return i == Keys::npos ? Value() : value_at(i);
    }
    case kArrayTag: {
      std::int64_t i = 0;
      if (!key.is_number() || !key.number_integer(i)) return {};
      const auto all = items();
      return i >= 0 && static_cast<std::uint64_t>(i) < all.size() ? all[static_cast<std::size_t>(i)] : Value();
    }
    case kSetTag: {
      const std::uint32_t i = set_find(key);
      return i == Keys::npos ? Value() : items()[i];
    }
    default:
      return {};
  }
}

Value Value::get(std::string_view key) const {
  if (!is_object()) return {};
  const std::uint32_t i = keys().find(key);
  return i == Keys::npos ? Value() : value_at(i);
}

std::uint32_t Value::hash() const {
  switch (bits_ & 7) {
    case kSmallTag:
      return hash_double(static_cast<double>(small_value()));
    case kNumberTag:
      return at<NumberNode>()->hash;
    case kStringTag:
      return at<StringNode>()->hash;
    case kArrayTag:
      return at<ArrayNode>()->hash;
    case kObjectTag:
      return at<ObjectNode>()->hash;
    case kSetTag:
      return at<SetNode>()->hash;
    default:
      return fold(mix(bits_, 0x77));
  }
}

std::uint32_t Value::depth() const {
  switch (bits_ & 7) {
    case kArrayTag:
      return at<ArrayNode>()->depth;
    case kObjectTag:
      return at<ObjectNode>()->depth;
    case kSetTag:
      return at<SetNode>()->depth;
    default:
      return 0;
  }
}

bool equal_slow(Value a, Value b) {
  const Kind kind = a.kind();
  if (kind != b.kind()) return false;
  switch (kind) {
    case Kind::number:
      return !(a.is_small() && b.is_small()) && a.hash() == b.hash() && compare_numbers(a, b) == 0;
    case Kind::string:
      return a.hash() == b.hash() && a.string() == b.string();
    case Kind::array:
    case Kind::object:
    case Kind::set:
      return a.hash() == b.hash() && a.size() == b.size() && a.bits() != b.bits() ? compare_composites(a, b) == 0
                                                                                  : a.bits() == b.bits();
    default:
      return a.bits() == b.bits();
  }
}

int compare(Value a, Value b) {
  if (a.bits() == b.bits()) return 0;
  const Kind kind = a.kind(), other = b.kind();
  if (kind != other) return kind < other ? -1 : 1;
  switch (kind) {
    case Kind::boolean:
      return a.is_false() ? -1 : 1;
    case Kind::number:
      return compare_numbers(a, b);
    case Kind::string:
      return compare_strings(a, b);
    case Kind::array:
    case Kind::object:
    case Kind::set:
      return compare_composites(a, b);
    default:
      return 0;
  }
}

}  // namespace chiron::policy
