// Documents: values with their places in the source, and the event interface that every reader feeds.
//
// A reader (json.h, yaml.h, toml.h) turns text into events. Whoever needs a tree uses TreeBuilder;
// whoever needs speed or a representation of their own (the policy engine's interned terms) implements Sink.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"
#include "foundation/base/utf8.h"

namespace chiron::doc {

// Byte offsets [begin, end) into the source text.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// Receives a document in order. Each returns false to stop the reader (which then fails with "doc.stopped").
// Text views live only during the call. Numbers come as spelt in the source.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool null(Span span) = 0;
  virtual bool boolean(bool value, Span span) = 0;
  virtual bool number(std::string_view text, Span span) = 0;
  virtual bool string(std::string_view text, Span span) = 0;
  virtual bool begin_array(Span open) = 0;
  virtual bool end_array(Span close) = 0;
  virtual bool begin_object(Span open) = 0;
  virtual bool key(std::string_view name, Span span) = 0;
  virtual bool end_object(Span close) = 0;
};

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
[[nodiscard]] std::string_view to_string(Kind kind);

struct Member;

// One node of a document tree, owning its children. Numbers keep their spelling in `text`.
class Value {
 public:
  Value() = default;
  explicit Value(bool b) : kind_(Kind::boolean), boolean_(b) {}
  explicit Value(std::string s) : kind_(Kind::string), text_(std::move(s)) {}
  explicit Value(std::string_view s) : Value(std::string(s)) {}
  explicit Value(const char* s) : Value(std::string(s)) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  explicit Value(T n) : kind_(Kind::number), text_(std::to_string(n)) {}
  explicit Value(double n);
  [[nodiscard]] static Value number(std::string text, Span span = {});
  [[nodiscard]] static Value array(std::vector<Value> items = {});
  [[nodiscard]] static Value object();
  [[nodiscard]] static Value object(std::vector<Member> members);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == Kind::null; }
  [[nodiscard]] bool is_string() const { return kind_ == Kind::string; }
  [[nodiscard]] bool is_number() const { return kind_ == Kind::number; }
  [[nodiscard]] bool is_boolean() const { return kind_ == Kind::boolean; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::array; }
  [[nodiscard]] bool is_object() const { return kind_ == Kind::object; }

  // Each asks for the matching kind (asserted).
  [[nodiscard]] bool as_boolean() const;
  [[nodiscard]] const std::string& as_string() const;            // also a number's spelling
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;  // nothing where it is no integer that fits
  [[nodiscard]] double as_double() const;
  [[nodiscard]] const std::vector<Value>& items() const;
  [[nodiscard]] std::vector<Value>& items();
  [[nodiscard]] const std::vector<Member>& members() const;
  [[nodiscard]] std::vector<Member>& members();

  // The member of that name, or nullptr (also when this is no object).
  [[nodiscard]] const Value* find(std::string_view name) const;
  // find() with conveniences for optional members of a given kind.
  [[nodiscard]] std::string_view string_or(std::string_view name, std::string_view fallback) const;
  [[nodiscard]] std::int64_t integer_or(std::string_view name, std::int64_t fallback) const;
  [[nodiscard]] bool boolean_or(std::string_view name, bool fallback) const;

  // Adds or replaces a member (makes this an object if it is null); returns *this for chaining.
  Value& set(std::string_view name, Value value);
  // Appends (makes this an array if it is null).
  Value& push(Value value);

  Span span;  // {0,0} for values made in memory

  // Equality of content, not of spans; objects compare without regard to order, numbers by spelling.
  [[nodiscard]] bool operator==(const Value& other) const;

 private:
  friend class TreeBuilder;
  Kind kind_ = Kind::null;
  bool boolean_ = false;
  std::string text_;
  std::vector<Value> items_;
  // Member holds a Value and is incomplete here: its vector is destroyed where both are known.
  struct MembersDeleter {
    void operator()(std::vector<Member>* members) const;
  };
  std::unique_ptr<std::vector<Member>, MembersDeleter> members_;

 public:
  Value(const Value& other);
  Value& operator=(const Value& other);
  Value(Value&&) noexcept = default;
  Value& operator=(Value&&) noexcept = default;
  ~Value() = default;
};

struct Member {
  std::string name;
  Span name_span;
  Value value;
};

// What readers may be told.
struct ReadOptions {
  std::string file;         // for places in errors
  std::uint64_t max_bytes;  // limits::kDocumentBytes unless told
  std::size_t max_depth;
  bool allow_duplicate_keys = false;  // else a repeated key is an error; when allowed the last one wins
  bool allow_comments = false;        // JSON only: // and /* */ and a trailing comma (JSONC)
  ReadOptions();
};

// A parsed document: owns the text so that spans can be turned into places.
struct Document {
  std::string file;
  std::string text;
  Value root;
  [[nodiscard]] Place place(Span span) const;
  [[nodiscard]] Place place(const Value& value) const { return place(value.span); }
};

// Builds a Value tree from events.
class TreeBuilder final : public Sink {
 public:
  bool null(Span span) override;
  bool boolean(bool value, Span span) override;
  bool number(std::string_view text, Span span) override;
  bool string(std::string_view text, Span span) override;
  bool begin_array(Span open) override;
  bool end_array(Span close) override;
  bool begin_object(Span open) override;
  bool key(std::string_view name, Span span) override;
  bool end_object(Span close) override;
  // The finished value; call once, after the reader succeeded.
  [[nodiscard]] Value take() { return std::move(root_); }

 private:
  bool add(Value value);
  Value root_;
  std::vector<Value> open_;
  std::vector<Member> keys_;  // the pending key of each open object, in `name` and `name_span`
};

}  // namespace chiron::doc
