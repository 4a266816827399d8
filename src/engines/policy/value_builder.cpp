// Building values from a reader's events, and finding the places of their parts.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>

#include "engines/policy/hash.h"
#include "engines/policy/store_tables.h"
#include "engines/policy/value.h"

namespace chiron::policy {

using namespace detail;

namespace {
// Longer strings seldom repeat.
constexpr std::size_t kRecentText = 40;
constexpr std::size_t kShapeMembers = 64;
}  // namespace

ValueBuilder::ValueBuilder(Store& store) : store_(store) {}
ValueBuilder::~ValueBuilder() = default;

void ValueBuilder::add(Value value) {
  if (open_.empty())
    root_ = value;
  else
    pending_.push_back(value);
}

bool ValueBuilder::null(doc::Span) {
  add(Value::null());
  return true;
}
bool ValueBuilder::boolean(bool value, doc::Span) {
  add(Value::boolean(value));
  return true;
}
bool ValueBuilder::number(std::string_view text, doc::Span) {
  if (!is_number_text(text)) return false;
  add(store_.number(text));
  return true;
}
bool ValueBuilder::string(std::string_view text, doc::Span) {
  if (text.size() > kRecentText) {
    add(store_.string(text));
    return true;
  }
  if (!store_.tables_) store_.tables_ = std::make_unique<Store::Tables>();
  const std::uint32_t hash = hash_bytes(text.data(), text.size());
  Store::Tables::Met::Recent& recent = store_.tables_->lately().recent[hash % Store::Tables::Met::kRecentWords];
  if (recent.hash != hash || !recent.word.defined() || recent.word.string() != text) {
    recent.word = store_.string(text);
    recent.hash = hash;
  }
  add(recent.word);
  return true;
}
bool ValueBuilder::begin_array(doc::Span) {
  open_.push_back(pending_.size());
  return true;
}
bool ValueBuilder::end_array(doc::Span) {
  const std::size_t start = open_.back();
  open_.pop_back();
  const Value value = store_.array(std::span(pending_).subspan(start));
  pending_.resize(start);
  add(value);
  return true;
}
bool ValueBuilder::begin_object(doc::Span) {
  open_.push_back(pending_.size());
  return true;
}
bool ValueBuilder::key(std::string_view name, doc::Span) {
  const std::size_t depth = open_.size(), position = (pending_.size() - open_.back()) / 2;
  if (depth >= Store::Tables::Met::kExpectedDepth || position >= Store::Tables::Met::kExpectedMembers) {
    pending_.push_back(store_.intern(name));
    return true;
  }
  if (!store_.tables_) store_.tables_ = std::make_unique<Store::Tables>();
  Value& expected = store_.tables_->lately().expected[depth][position];
  if (!expected.defined() || expected.string() != name) expected = store_.intern(name);
  pending_.push_back(expected);
  return true;
}

bool ValueBuilder::end_object(doc::Span) {
  const std::size_t start = open_.back();
  open_.pop_back();
  const std::size_t count = (pending_.size() - start) / 2;
  const Value* parts = pending_.data() + start;
  Value value;
  if (count == 0 || count > kShapeMembers) {
    std::vector<Member> members(count);
    for (std::size_t i = 0; i < count; ++i) members[i] = {parts[2 * i], parts[2 * i + 1]};
    value = store_.object(members);
  } else {
    // The same members in the same order as an object before? Then sorting and looking up is done already.
    if (!store_.tables_) store_.tables_ = std::make_unique<Store::Tables>();
    std::uint64_t h = 0x5a;
    for (std::size_t i = 0; i < count; ++i) h = (h ^ parts[2 * i].bits()) * 0x9e3779b97f4a7c15ULL;
    const std::uint32_t hash = fold(h);
    std::uint64_t& slot = store_.tables_->shapes.slot(
        hash,
        [&](std::uint64_t bits) {
          const auto* shape = reinterpret_cast<const SourceShape*>(bits);
          if (shape->hash != hash || shape->count != count) return false;
          for (std::size_t i = 0; i < count; ++i) {
            if (shape->key_bits()[i] != parts[2 * i].bits()) return false;
          }
          return true;
        },
        [](std::uint64_t bits) { return reinterpret_cast<const SourceShape*>(bits)->hash; });
    const SourceShape* shape = nullptr;
    if (slot != 0) {
      shape = reinterpret_cast<const SourceShape*>(InternTable::pointer(slot));
    } else {
      auto* made = static_cast<SourceShape*>(
          store_.arena_.allocate(sizeof(SourceShape) + count * (sizeof(std::uint64_t) + sizeof(std::uint32_t))));
      made->hash = hash;
      made->count = static_cast<std::uint32_t>(count);
      auto* key_bits = reinterpret_cast<std::uint64_t*>(made + 1);
      auto* positions = reinterpret_cast<std::uint32_t*>(key_bits + count);
      std::vector<Value> sorted(count);
      for (std::size_t i = 0; i < count; ++i) {
        key_bits[i] = parts[2 * i].bits();
        sorted[i] = parts[2 * i];
      }
      std::sort(sorted.begin(), sorted.end());
      sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());  // repeated keys: the last wins below
      made->keys = store_.make_keys(sorted);
      for (std::size_t i = 0; i < count; ++i) positions[i] = made->keys->find(parts[2 * i]);
      slot = store_.tables_->shapes.entry(hash, reinterpret_cast<std::uint64_t>(made));
      shape = made;
    }
    ObjectNode* node = store_.new_object(shape->keys);
    auto* values = reinterpret_cast<Value*>(node + 1);
    const std::uint32_t* positions = shape->positions();
    for (std::size_t i = 0; i < count; ++i) values[positions[i]] = parts[2 * i + 1];
    value = store_.finish_object(node);
  }
  pending_.resize(start);
  add(value);
  return true;
}

Value ValueBuilder::take() {
  const Value value = root_;
  root_ = {};
  pending_.clear();
  open_.clear();
  return value;
}

// ---- places -------------------------------------------------------------------------------------------------------

struct SpanTable::Tables {
  struct Container {
    Value value;
    std::uint32_t next;
    std::uint32_t begin;
    std::uint32_t slot;
  };
  struct Address {
    std::uint64_t container;
    std::uint32_t position;
    bool operator==(const Address&) const = default;
  };
  struct AddressHash {
    std::size_t operator()(const Address& a) const { return mix(a.container, a.position); }
  };
  std::unordered_map<Address, Entry, AddressHash> entries;
  std::vector<Container> stack;
  doc::Span key;
  Entry root;
};

SpanTable::SpanTable(Value root) : root_(root), tables_(std::make_unique<Tables>()) {}
SpanTable::~SpanTable() = default;

// Records the span of the next child of the open container; `open` children are completed when they close.
bool SpanTable::leaf(doc::Span span) {
  Tables& t = *tables_;
  if (t.stack.empty()) {
    t.root.value = span;
    return true;
  }
  Tables::Container& top = t.stack.back();
  if (top.value.is_array())
    t.entries[{top.value.bits(), top.next++}] = {{}, span};
  else if (top.value.is_object() && top.next != Keys::npos)
    t.entries[{top.value.bits(), top.next}] = {t.key, span};
  return true;
}

bool SpanTable::open(doc::Span span) {
  Tables& t = *tables_;
  Value child;
  std::uint32_t slot = 0;
  if (t.stack.empty()) {
    child = root_;
  } else {
    const Tables::Container& top = t.stack.back();
    slot = top.next;
    if (top.value.is_array()) {
      if (top.next < top.value.size()) child = top.value.items()[top.next];
    } else if (top.value.is_object() && top.next != Keys::npos) {
      child = top.value.value_at(top.next);
    }
  }
  leaf(span);
  t.stack.push_back({child, 0, span.begin, slot});
  return true;
}

bool SpanTable::close(doc::Span span) {
  Tables& t = *tables_;
  const Tables::Container closed = t.stack.back();
  t.stack.pop_back();
  const doc::Span whole{closed.begin, span.end};
  if (t.stack.empty()) {
    t.root.value = whole;
    return true;
  }
  const auto found = t.entries.find({t.stack.back().value.bits(), closed.slot});
  if (found != t.entries.end()) found->second.value = whole;
  return true;
}

bool SpanTable::null(doc::Span span) { return leaf(span); }
bool SpanTable::boolean(bool, doc::Span span) { return leaf(span); }
bool SpanTable::number(std::string_view, doc::Span span) { return leaf(span); }
bool SpanTable::string(std::string_view, doc::Span span) { return leaf(span); }
bool SpanTable::begin_array(doc::Span span) { return open(span); }
bool SpanTable::begin_object(doc::Span span) { return open(span); }
bool SpanTable::end_array(doc::Span span) { return close(span); }
bool SpanTable::end_object(doc::Span span) { return close(span); }
bool SpanTable::key(std::string_view name, doc::Span span) {
  Tables& t = *tables_;
  t.key = span;
  Tables::Container& top = t.stack.back();
  top.next = top.value.is_object() ? top.value.keys().find(name) : Keys::npos;
  return true;
}

const SpanTable::Entry* SpanTable::find(std::span<const Value> path) const {
  const Entry* entry = &tables_->root;
  Value at = root_;
  for (const Value step : path) {
    std::uint32_t position = Keys::npos;
    std::int64_t index = 0;
    if (at.is_object())
      position = at.keys().find(step);
    else if (at.is_array() && step.is_number() && step.number_integer(index) && index >= 0 && index < at.size())
      position = static_cast<std::uint32_t>(index);
    if (position == Keys::npos) return nullptr;
    const auto found = tables_->entries.find({at.bits(), position});
    if (found == tables_->entries.end()) return nullptr;
    entry = &found->second;
    at = at.is_object() ? at.value_at(position) : at.items()[position];
  }
  return entry;
}

std::optional<doc::Span> SpanTable::value_span(std::span<const Value> path) const {
  const Entry* entry = find(path);
  return entry == nullptr ? std::nullopt : std::optional(entry->value);
}

std::optional<doc::Span> SpanTable::key_span(std::span<const Value> path) const {
  const Entry* entry = find(path);
  return entry == nullptr || path.empty() ? std::nullopt : std::optional(entry->key);
}

}  // namespace chiron::policy
