// Rego values: immutable, eight bytes each, living in the arena of a Store.
//
// A Value is a tagged word: small integers, booleans and null are in the word itself, everything else points at a
// node that never changes once made, so values may be shared between threads and between stores as long as the
// store that made them lives. The default Value is *undefined*, which is no Rego value: it says "no result".
//
// Objects share their sorted keys (`Keys`, interned per store), so an object with the same members as its
// neighbour costs one word a member, and a member access can be cached as (keys, position).
// Hashes and nesting depths are computed when a node is made; nothing here recurses over the nesting.
#pragma once
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/doc/value.h"

namespace chiron::policy {

// In OPA's order of types, which is the order values of different types compare in.
enum class Kind : std::uint8_t { undefined, null, boolean, number, string, array, object, set };
[[nodiscard]] std::string_view to_string(Kind kind);  // as `type_name` says it

class Value;

// The sorted, distinct keys of an object. `find` is by hash; small key sets are scanned.
struct Keys {
  std::uint32_t count;
  std::uint32_t hash;        // of all keys, in order
  std::uint32_t index_mask;  // slots - 1 of the hash index that follows the keys, 0 where there is none
  std::uint32_t depth;       // deepest key
  [[nodiscard]] const Value* begin() const { return reinterpret_cast<const Value*>(this + 1); }
  [[nodiscard]] std::span<const Value> all() const;
  static constexpr std::uint32_t npos = 0xffffffffU;
  [[nodiscard]] std::uint32_t find(Value key) const;
  [[nodiscard]] std::uint32_t find(std::string_view key) const;
};

namespace detail {
struct StringNode {
  std::uint32_t length, hash;
};  // text follows
struct NumberNode {
  std::uint32_t length, hash;
  double approximate;
};  // text follows
struct ArrayNode {
  std::uint32_t count, hash, depth, unused;
};  // values follow
struct ObjectNode {
  std::uint32_t hash, depth;
  const Keys* keys;
};  // values follow, in the order of the keys
struct SetNode {
  std::uint32_t count, hash, depth, index_mask;
};  // values follow (sorted), then the hash index
}  // namespace detail

class Value {
 public:
  constexpr Value() = default;
  [[nodiscard]] static constexpr Value null() { return Value(8); }
  [[nodiscard]] static constexpr Value boolean(bool b) { return Value(b ? 24 : 16); }
  // Integers up to ±2^60 are in the word; Store::integer takes any.
  static constexpr std::int64_t kSmallMax = (std::int64_t{1} << 60) - 1;
  [[nodiscard]] static constexpr bool fits_small(std::int64_t n) { return n <= kSmallMax && n >= -kSmallMax; }
  [[nodiscard]] static constexpr Value small(std::int64_t n) {
    return Value((static_cast<std::uint64_t>(n) << 3) | kSmallTag);
  }

  [[nodiscard]] constexpr Kind kind() const {
    switch (bits_ & 7) {
      case 0:
        return bits_ == 0 ? Kind::undefined : bits_ == 8 ? Kind::null : Kind::boolean;
      case kSmallTag:
      case kNumberTag:
        return Kind::number;
      case kStringTag:
        return Kind::string;
      case kArrayTag:
        return Kind::array;
      case kObjectTag:
        return Kind::object;
      default:
        return Kind::set;
    }
  }
  [[nodiscard]] constexpr bool defined() const { return bits_ != 0; }
  explicit constexpr operator bool() const { return bits_ != 0; }  // defined, not truth
  [[nodiscard]] constexpr bool is_null() const { return bits_ == 8; }
  [[nodiscard]] constexpr bool is_boolean() const { return bits_ == 16 || bits_ == 24; }
  [[nodiscard]] constexpr bool is_true() const { return bits_ == 24; }
  [[nodiscard]] constexpr bool is_false() const { return bits_ == 16; }
  [[nodiscard]] constexpr bool is_number() const { return (bits_ & 7) == kSmallTag || (bits_ & 7) == kNumberTag; }
  [[nodiscard]] constexpr bool is_small() const { return (bits_ & 7) == kSmallTag; }
  [[nodiscard]] constexpr bool is_string() const { return (bits_ & 7) == kStringTag; }
  [[nodiscard]] constexpr bool is_array() const { return (bits_ & 7) == kArrayTag; }
  [[nodiscard]] constexpr bool is_object() const { return (bits_ & 7) == kObjectTag; }
  [[nodiscard]] constexpr bool is_set() const { return (bits_ & 7) == kSetTag; }
  [[nodiscard]] constexpr bool is_composite() const { return (bits_ & 7) >= kArrayTag; }

  // Strings.
  [[nodiscard]] std::string_view string() const {
    const auto* node = at<detail::StringNode>();
    return {reinterpret_cast<const char*>(node + 1), node->length};
  }

  // Numbers. Their spelling is kept: 3.50 stays 3.50, 1e3 stays 1e3.
  [[nodiscard]] constexpr std::int64_t small_value() const { return static_cast<std::int64_t>(bits_) >> 3; }
  [[nodiscard]] std::string number_text() const;
  [[nodiscard]] double number_double() const;  // nearest double
  // The value where it is a whole number that fits (1.0 and 1e3 are whole).
  [[nodiscard]] bool number_integer(std::int64_t& out) const;
  [[nodiscard]] bool number_is_integer() const;  // whole, of any size

  // Arrays and sets: the elements (a set's are sorted and distinct).
  [[nodiscard]] std::span<const Value> items() const {
    if (is_array()) {
      const auto* node = at<detail::ArrayNode>();
      return {reinterpret_cast<const Value*>(node + 1), node->count};
    }
    const auto* node = at<detail::SetNode>();
    return {reinterpret_cast<const Value*>(node + 1), node->count};
  }
  // Sets: the position of an element equal to `value`, or Keys::npos.
  [[nodiscard]] std::uint32_t set_find(Value value) const;
  [[nodiscard]] bool set_contains(Value value) const { return set_find(value) != Keys::npos; }

  // Objects: members in the order of their keys.
  [[nodiscard]] const Keys& keys() const { return *at<detail::ObjectNode>()->keys; }
  [[nodiscard]] Value key_at(std::uint32_t i) const { return keys().begin()[i]; }
  [[nodiscard]] Value value_at(std::uint32_t i) const { return member_values()[i]; }
  [[nodiscard]] const Value* member_values() const {
    return reinterpret_cast<const Value*>(at<detail::ObjectNode>() + 1);
  }

  // Elements of an array, object or set; code points of nothing else (asserted).
  [[nodiscard]] std::uint32_t size() const;
  // One step of a reference: array by whole number, object by key, set by element; undefined where there is none.
  [[nodiscard]] Value get(Value key) const;
  [[nodiscard]] Value get(std::string_view key) const;  // object member; undefined for other kinds

  [[nodiscard]] std::uint32_t hash() const;
  [[nodiscard]] std::uint32_t depth() const;  // 0 for scalars, 1 for an array of scalars …
  [[nodiscard]] std::uint64_t bits() const { return bits_; }
  // A word from bits(): for side tables keyed by node identity.
  [[nodiscard]] static constexpr Value from_bits(std::uint64_t bits) { return Value(bits); }

 private:
  friend class Store;
  friend struct Keys;
  static constexpr std::uint64_t kSmallTag = 1, kNumberTag = 2, kStringTag = 3, kArrayTag = 4, kObjectTag = 5,
                                 kSetTag = 6;
  explicit constexpr Value(std::uint64_t bits) : bits_(bits) {}
  template <class Node>
  [[nodiscard]] const Node* at() const {
    return reinterpret_cast<const Node*>(bits_ & ~std::uint64_t{7});
  }
  std::uint64_t bits_ = 0;
};
static_assert(sizeof(Value) == 8);

inline std::span<const Value> Keys::all() const { return {begin(), count}; }

// Rego equality: 1 == 1.0, never across kinds. Undefined equals only itself.
[[nodiscard]] bool equal_slow(Value a, Value b);
[[nodiscard]] inline bool operator==(Value a, Value b) { return a.bits() == b.bits() || equal_slow(a, b); }
// OPA's total order: -1, 0, 1.
[[nodiscard]] int compare(Value a, Value b);
[[nodiscard]] inline bool operator<(Value a, Value b) { return compare(a, b) < 0; }

struct Hash {
  std::size_t operator()(Value value) const { return value.hash(); }
};

struct Member {
  Value key, value;
};

// Chunks of memory that are freed together.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();
  [[nodiscard]] void* allocate(std::size_t bytes) {  // 8-byte aligned
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > static_cast<std::size_t>(end_ - next_)) return allocate_slow(bytes);
    void* result = next_;
    next_ += bytes;
    return result;
  }
  // Gives back the tail of the last allocation.
  void shrink_last(void* end) { next_ = static_cast<char*>(end); }
  [[nodiscard]] std::uint64_t bytes() const { return total_ - static_cast<std::uint64_t>(end_ - next_); }
  // Frees all but the first chunk; everything allocated is gone.
  void reset();

 private:
  struct Chunk {
    Chunk* previous;
    std::size_t size;
  };
  void* allocate_slow(std::size_t bytes);
  Chunk* last_ = nullptr;
  char* next_ = nullptr;
  char* end_ = nullptr;
  std::uint64_t total_ = 0;
  std::size_t next_size_ = std::size_t{16} << 10;
};

// Makes values. Not thread-safe; what it made may be read from any thread.
class Store {
 public:
  Store();
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] Value string(std::string_view text);  // a fresh copy
  [[nodiscard]] Value intern(std::string_view text);  // one node per distinct text; for keys and repeated words
  // `a` + `b` without an intermediate string.
  [[nodiscard]] Value concat(std::string_view a, std::string_view b);

  [[nodiscard]] Value integer(std::int64_t n);
  [[nodiscard]] Value unsigned_integer(std::uint64_t n);
  // A JSON number as spelt; asserted to be one (`is_number_text`).
  [[nodiscard]] Value number(std::string_view text);
  // The shortest spelling that reads back as `d`, as Go's 'g' format with exponent where it is < -4 or >= 21.
  [[nodiscard]] Value real(double d);

  [[nodiscard]] Value array(std::span<const Value> items);
  [[nodiscard]] Value array(std::initializer_list<Value> items) {
    return array(std::span(items.begin(), items.size()));
  }
  // Sorts and drops repeated elements.
  [[nodiscard]] Value set(std::span<const Value> items);
  [[nodiscard]] Value set(std::initializer_list<Value> items) { return set(std::span(items.begin(), items.size())); }
  // Sorts by key; of equal keys the last wins.
  [[nodiscard]] Value object(std::span<const Member> members);
  [[nodiscard]] Value object(std::initializer_list<Member> members) {
    return object(std::span(members.begin(), members.size()));
  }
  // The object with one member added or replaced, or removed where `value` is undefined.
  [[nodiscard]] Value with_member(Value object, Value key, Value value);
  // Same keys, new values (in key order).
  [[nodiscard]] Value object_like(const Keys& keys, std::span<const Value> values);
  // Elements known to be sorted and distinct.
  [[nodiscard]] Value set_of_sorted(std::span<const Value> items);
  // Members known to be sorted by distinct keys.
  [[nodiscard]] Value object_of_sorted(std::span<const Member> members);

  // A copy in this store of a value made elsewhere (needed only where that store may go first).
  [[nodiscard]] Value copy(Value value);

  // From and to document trees (sets become arrays, other keys their text).
  [[nodiscard]] Value from_document(const doc::Value& value);

  [[nodiscard]] std::uint64_t bytes() const { return arena_.bytes(); }
  // Forgets everything made; every value of this store is dead afterwards.
  void reset();
  [[nodiscard]] Arena& arena() { return arena_; }

 private:
  friend class ValueBuilder;
  struct Tables;
  [[nodiscard]] const Keys* make_keys(std::span<const Value> sorted);
  [[nodiscard]] detail::ObjectNode* new_object(const Keys* keys);
  [[nodiscard]] Value finish_object(detail::ObjectNode* node);
  Arena arena_;
  std::unique_ptr<Tables> tables_;
};

// Whether `text` is a number by JSON's grammar.
[[nodiscard]] bool is_number_text(std::string_view text);

// Builds a value from a reader's events. Strings and shapes are interned; spans are not kept (see SpanTable).
class ValueBuilder final : public doc::Sink {
 public:
  explicit ValueBuilder(Store& store);
  ~ValueBuilder() override;
  bool null(doc::Span span) override;
  bool boolean(bool value, doc::Span span) override;
  bool number(std::string_view text, doc::Span span) override;
  bool string(std::string_view text, doc::Span span) override;
  bool begin_array(doc::Span open) override;
  bool end_array(doc::Span close) override;
  bool begin_object(doc::Span open) override;
  bool key(std::string_view name, doc::Span span) override;
  bool end_object(doc::Span close) override;
  // The finished value (undefined before the document's end); the builder is then ready for the next document.
  [[nodiscard]] Value take();

 private:
  void add(Value value);
  Store& store_;
  std::vector<Value> pending_;  // members of open containers: values, and keys before them
  std::vector<std::size_t> open_;
  std::vector<std::uint64_t> scratch_;
  Value root_;
};

// Where the parts of one input stand in its text. Filled by running the same reader over the same text a second
// time, which is done only when a place is asked for: a gate without findings pays nothing for places.
class SpanTable final : public doc::Sink {
 public:
  explicit SpanTable(Value root);
  ~SpanTable() override;
  bool null(doc::Span span) override;
  bool boolean(bool value, doc::Span span) override;
  bool number(std::string_view text, doc::Span span) override;
  bool string(std::string_view text, doc::Span span) override;
  bool begin_array(doc::Span open) override;
  bool end_array(doc::Span close) override;
  bool begin_object(doc::Span open) override;
  bool key(std::string_view name, doc::Span span) override;
  bool end_object(doc::Span close) override;

  // The span of the value at `path` below the root (keys and indices), of its key where it is a member;
  // nothing where the path leads nowhere.
  [[nodiscard]] std::optional<doc::Span> value_span(std::span<const Value> path) const;
  [[nodiscard]] std::optional<doc::Span> key_span(std::span<const Value> path) const;

 private:
  struct Entry {
    doc::Span key, value;
  };
  struct Tables;
  [[nodiscard]] const Entry* find(std::span<const Value> path) const;
  bool leaf(doc::Span span);
  bool open(doc::Span span);
  bool close(doc::Span span);
  Value root_;
  std::unique_ptr<Tables> tables_;
};

// Text forms. JSON: sets are arrays, a key that is no string is its JSON text; `escape_html` writes < > & as \u003c
// and so on (Go's default, which OPA's output has). Rego: as a term in source (sets as {…} or set()).
struct JsonStyle {
  int indent = 0;  // 0: one line without spaces
  bool escape_html = false;
};
void append_json(std::string& out, Value value, JsonStyle style = {});
[[nodiscard]] std::string to_json(Value value, JsonStyle style = {});
void append_rego(std::string& out, Value value);
[[nodiscard]] std::string to_rego(Value value);
[[nodiscard]] doc::Value to_document(Value value);

}  // namespace chiron::policy
