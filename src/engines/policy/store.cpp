// Store: making values. Strings and key sets are interned in open-addressed tables over arena memory.
#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>

#include "engines/policy/hash.h"
#include "engines/policy/number.h"
#include "engines/policy/store_tables.h"
#include "engines/policy/value.h"
#include "foundation/base/large_pages.h"

namespace chiron::policy {

using namespace detail;

namespace {

constexpr std::size_t kLargestChunk = kLargePage;
// Below this many keys a scan beats a hash index.
constexpr std::uint32_t kScanLimit = 8;

std::uint32_t index_size(std::uint32_t count) {
  if (count <= kScanLimit) return 0;
  std::uint32_t slots = 16;
  while (slots < count * 2) slots *= 2;
  return slots;
}

void fill_index(const Value* values, std::uint32_t count, std::uint32_t slots, std::uint32_t* index) {
  std::memset(index, 0, slots * sizeof *index);
  const std::uint32_t mask = slots - 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t slot = values[i].hash() & mask;
    while (index[slot] != 0) slot = (slot + 1) & mask;
    index[slot] = i + 1;
  }
}

}  // namespace

Arena::~Arena() {
  while (last_ != nullptr) {
    Chunk* previous = last_->previous;
    std::free(last_);
    last_ = previous;
  }
}

void* Arena::allocate_slow(std::size_t bytes) {
  std::size_t size = std::max(next_size_, bytes + sizeof(Chunk));
  if (size >= kLargePage) size = (size + kLargePage - 1) / kLargePage * kLargePage;
  auto* chunk = static_cast<Chunk*>(allocate_pages(size));
  if (chunk == nullptr) std::abort();  // the machine is out of memory: there is nothing left to report with
  next_size_ = std::min(kLargestChunk, next_size_ * 4);
  chunk->previous = last_;
  chunk->size = size;
  last_ = chunk;
  total_ += size;
  next_ = reinterpret_cast<char*>(chunk + 1);
  end_ = reinterpret_cast<char*>(chunk) + size;
  void* result = next_;
  next_ += bytes;
  return result;
}

void Arena::reset() {
  if (last_ == nullptr) return;
  // The newest chunk is the largest: keep that one, so that a repeated evaluation soon allocates nothing.
  Chunk* kept = last_;
  Chunk* chunk = kept->previous;
  while (chunk != nullptr) {
    Chunk* previous = chunk->previous;
    std::free(chunk);
    chunk = previous;
  }
  kept->previous = nullptr;
  next_ = reinterpret_cast<char*>(kept + 1);
  end_ = reinterpret_cast<char*>(kept) + kept->size;
  total_ = kept->size;
}

Store::Store() = default;
Store::~Store() = default;

void Store::reset() {
  if (tables_) tables_.reset();
  arena_.reset();
}

namespace {
StringNode* new_string(Arena& arena, std::size_t length) {
  auto* node = static_cast<StringNode*>(arena.allocate(sizeof(StringNode) + length));
  node->length = static_cast<std::uint32_t>(length);
  return node;
}
}  // namespace

Value Store::string(std::string_view text) {
  StringNode* node = new_string(arena_, text.size());
  std::memcpy(node + 1, text.data(), text.size());
  node->hash = hash_bytes(text.data(), text.size());
  return Value(reinterpret_cast<std::uint64_t>(node) | Value::kStringTag);
}

Value Store::concat(std::string_view a, std::string_view b) {
  StringNode* node = new_string(arena_, a.size() + b.size());
  char* to = reinterpret_cast<char*>(node + 1);
  std::memcpy(to, a.data(), a.size());
  std::memcpy(to + a.size(), b.data(), b.size());
  node->hash = hash_bytes(to, node->length);
  return Value(reinterpret_cast<std::uint64_t>(node) | Value::kStringTag);
}

Value Store::intern(std::string_view text) {
  if (!tables_) tables_ = std::make_unique<Tables>();
  const std::uint32_t hash = hash_bytes(text.data(), text.size());
  std::uint64_t& slot = tables_->strings.slot(
      hash,
      [&](std::uint64_t node_bits) {
        const auto* node = reinterpret_cast<const StringNode*>(node_bits);
        return node->hash == hash && node->length == text.size() &&
               std::memcmp(node + 1, text.data(), text.size()) == 0;
      },
      [](std::uint64_t node_bits) { return reinterpret_cast<const StringNode*>(node_bits)->hash; });
  if (slot == 0) {
    StringNode* node = new_string(arena_, text.size());
    std::memcpy(node + 1, text.data(), text.size());
    node->hash = hash;
    slot = tables_->strings.entry(hash, reinterpret_cast<std::uint64_t>(node));
    return Value(reinterpret_cast<std::uint64_t>(node) | Value::kStringTag);
  }
  return Value(InternTable::pointer(slot) | Value::kStringTag);
}

Value Store::integer(std::int64_t n) { return Value::fits_small(n) ? Value::small(n) : number(std::to_string(n)); }

Value Store::unsigned_integer(std::uint64_t n) {
  if (n <= static_cast<std::uint64_t>(Value::kSmallMax)) return Value::small(static_cast<std::int64_t>(n));
  return number(std::to_string(n));
}

Value Store::number(std::string_view text) {
  // Plain integers go into the word; every other spelling is kept as text.
  if (text.size() <= 18) {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    const bool canonical = text[0] != '0' && !(text[0] == '-' && text.size() > 1 && text[1] == '0');
    if (error == std::errc() && end == text.data() + text.size() && (canonical || text.size() == 1))
      return Value::small(n);
  }
  auto* node = static_cast<NumberNode*>(arena_.allocate(sizeof(NumberNode) + text.size()));
  node->length = static_cast<std::uint32_t>(text.size());
  std::memcpy(node + 1, text.data(), text.size());
  double d = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), d);
  (void)end;
  if (error == std::errc::result_out_of_range) {
    const Decimal decimal = parse_decimal(text);
    d = decimal.exponent > 0 ? HUGE_VAL : 0;
    if (decimal.negative) d = -d;
  }
  node->approximate = d;
  node->hash = hash_double(d);
  return Value(reinterpret_cast<std::uint64_t>(node) | Value::kNumberTag);
}

Value Store::real(double d) {
  if (std::fabs(d) < 1e15 && d == std::floor(d) && !(d == 0 && std::signbit(d)))
    return Value::small(static_cast<std::int64_t>(d));
  return number(format_double(d));
}

Value Store::array(std::span<const Value> items) {
  auto* node = static_cast<ArrayNode*>(arena_.allocate(sizeof(ArrayNode) + items.size_bytes()));
  node->count = static_cast<std::uint32_t>(items.size());
  node->unused = 0;
  std::uint64_t h = 0xa1;
  std::uint32_t depth = 0;
  auto* to = reinterpret_cast<Value*>(node + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    to[i] = items[i];
    h = chain(h, items[i].hash());
    depth = std::max(depth, items[i].depth());
  }
  node->hash = fold(h);
  node->depth = depth + 1;
  return Value(reinterpret_cast<std::uint64_t>(node) | Value::kArrayTag);
}

Value Store::set_of_sorted(std::span<const Value> items) {
  const auto count = static_cast<std::uint32_t>(items.size());
  const std::uint32_t slots = index_size(count);
  auto* node =
      static_cast<SetNode*>(arena_.allocate(sizeof(SetNode) + items.size_bytes() + slots * sizeof(std::uint32_t)));
  node->count = count;
  std::uint64_t h = 0x5e7;
  std::uint32_t depth = 0;
  auto* to = reinterpret_cast<Value*>(node + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    to[i] = items[i];
    h = chain(h, items[i].hash());
    depth = std::max(depth, items[i].depth());
  }
  node->hash = fold(h);
  node->depth = depth + 1;
  node->index_mask = slots == 0 ? 0 : slots - 1;
  if (slots != 0) fill_index(to, count, slots, reinterpret_cast<std::uint32_t*>(to + count));
  return Value(reinterpret_cast<std::uint64_t>(node) | Value::kSetTag);
}

Value Store::set(std::span<const Value> items) {
  std::vector<Value> sorted(items.begin(), items.end());
  std::stable_sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return set_of_sorted(sorted);
}

const Keys* Store::make_keys(std::span<const Value> sorted) {
  std::uint64_t h = 0x0b;
  std::uint32_t depth = 0;
  for (const Value key : sorted) {
    h = chain(h, key.hash());
    depth = std::max(depth, key.depth());
  }
  const std::uint32_t hash = fold(h);
  const auto count = static_cast<std::uint32_t>(sorted.size());
  // Large key sets are hardly ever shared; looking for them would cost more than it saves.
  constexpr std::uint32_t kSharedKeys = 64;
  std::uint64_t* slot = nullptr;
  if (count <= kSharedKeys) {
    if (!tables_) tables_ = std::make_unique<Tables>();
    slot = &tables_->keys.slot(
        hash,
        [&](std::uint64_t bits) {
          const auto* keys = reinterpret_cast<const Keys*>(bits);
          if (keys->hash != hash || keys->count != count) return false;
          for (std::uint32_t i = 0; i < count; ++i) {
            // Spelling counts here: {1.0: x} must not print as {1: x}.
            const Value a = keys->begin()[i], b = sorted[i];
            if (a.bits() != b.bits() && !(a.is_string() && b.is_string() && a == b)) return false;
          }
          return true;
        },
        [](std::uint64_t bits) { return reinterpret_cast<const Keys*>(bits)->hash; });
    if (*slot != 0) return reinterpret_cast<const Keys*>(InternTable::pointer(*slot));
  }
  const std::uint32_t slots = index_size(count);
  auto* keys = static_cast<Keys*>(arena_.allocate(sizeof(Keys) + sorted.size_bytes() + slots * sizeof(std::uint32_t)));
  keys->count = count;
  keys->hash = hash;
  keys->index_mask = slots == 0 ? 0 : slots - 1;
  keys->depth = depth;
  auto* to = reinterpret_cast<Value*>(keys + 1);
  std::copy(sorted.begin(), sorted.end(), to);
  if (slots != 0) fill_index(to, count, slots, reinterpret_cast<std::uint32_t*>(to + count));
  if (slot != nullptr) *slot = tables_->keys.entry(hash, reinterpret_cast<std::uint64_t>(keys));
  return keys;
}

ObjectNode* Store::new_object(const Keys* keys) {
  auto* node = static_cast<ObjectNode*>(arena_.allocate(sizeof(ObjectNode) + keys->count * sizeof(Value)));
  node->keys = keys;
  return node;
}

Value Store::finish_object(ObjectNode* node) {
  const auto* values = reinterpret_cast<const Value*>(node + 1);
  std::uint64_t h = node->keys->hash;
  std::uint32_t depth = node->keys->depth;
  for (std::uint32_t i = 0; i < node->keys->count; ++i) {
    h = chain(h, values[i].hash());
    depth = std::max(depth, values[i].depth());
  }
  node->hash = fold(h);
  node->depth = depth + 1;
  return Value(reinterpret_cast<std::uint64_t>(node) | Value::kObjectTag);
}

Value Store::object_like(const Keys& keys, std::span<const Value> values) {
  assert(values.size() == keys.count);
  ObjectNode* node = new_object(&keys);
  std::copy(values.begin(), values.end(), reinterpret_cast<Value*>(node + 1));
  return finish_object(node);
}

Value Store::object_of_sorted(std::span<const Member> members) {
  std::vector<Value> keys;
  keys.reserve(members.size());
  for (const Member& member : members) keys.push_back(member.key);
  ObjectNode* node = new_object(make_keys(keys));
  auto* to = reinterpret_cast<Value*>(node + 1);
  for (const Member& member : members) *to++ = member.value;
  return finish_object(node);
}

Value Store::object(std::span<const Member> members) {
  auto before = [](const Member& a, const Member& b) { return compare(a.key, b.key) < 0; };
  bool sorted = true;
  for (std::size_t i = 1; sorted && i < members.size(); ++i) sorted = before(members[i - 1], members[i]);
  if (sorted) return object_of_sorted(members);
  std::vector<Member> ordered(members.begin(), members.end());
  std::stable_sort(ordered.begin(), ordered.end(), before);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    if (kept > 0 && ordered[kept - 1].key == ordered[i].key)
      ordered[kept - 1].value = ordered[i].value;
    else
      ordered[kept++] = ordered[i];
  }
  ordered.resize(kept);
  return object_of_sorted(ordered);
}

Value Store::with_member(Value object, Value key, Value value) {
  const Keys& keys = object.keys();
  const std::uint32_t position = keys.find(key);
  if (position != Keys::npos && value.defined()) {
    std::vector<Value> values(object.member_values(), object.member_values() + keys.count);
    values[position] = value;
    return object_like(keys, values);
  }
  if (position == Keys::npos && !value.defined()) return object;
  std::vector<Member> members;
  members.reserve(keys.count + 1);
  for (std::uint32_t i = 0; i < keys.count; ++i) {
    if (i != position) members.push_back({keys.begin()[i], object.value_at(i)});
  }
  if (value.defined()) members.push_back({key, value});
  return this->object(members);
}

Value Store::copy(Value root) {
  struct Frame {
    Value source;
    std::uint32_t next;
    std::size_t start;
  };
  std::vector<Frame> stack;
  std::vector<Value> made;
  auto visit = [&](Value v) {
    switch (v.kind()) {
      case Kind::string:
        made.push_back(string(v.string()));
        break;
      case Kind::number:
        made.push_back(v.is_small() ? v : number(v.number_text()));
        break;
      case Kind::array:
      case Kind::set:
      case Kind::object:
        stack.push_back({v, 0, made.size()});
        break;
      default:
        made.push_back(v);
    }
  };
  visit(root);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const Value source = frame.source;
    const std::uint32_t count = source.is_object() ? source.size() * 2 : source.size();
    if (frame.next < count) {
      const std::uint32_t i = frame.next++;
      if (!source.is_object())
        visit(source.items()[i]);
      else
        visit((i & 1) == 0 ? source.key_at(i / 2) : source.value_at(i / 2));
      continue;
    }
    const std::size_t start = frame.start;
    const std::span<const Value> parts(made.data() + start, made.size() - start);
    Value result;
    if (source.is_array()) {
      result = array(parts);
    } else if (source.is_set()) {
      result = set_of_sorted(parts);
    } else {
      std::vector<Member> members;
      for (std::size_t i = 0; i + 1 < parts.size(); i += 2) members.push_back({parts[i], parts[i + 1]});
      result = object_of_sorted(members);
    }
    made.resize(start);
    stack.pop_back();
    made.push_back(result);
  }
  return made.back();
}

}  // namespace chiron::policy
