#include "foundation/doc/value.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "foundation/base/format.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"

namespace chiron::doc {

std::string_view to_string(Kind kind) {
  switch (kind) {
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
  }
  return "";
}

Value::Value(double n) : kind_(Kind::number) {
  assert(std::isfinite(n));
  text_ = format("{}", n);
  // Whole numbers are written without a fraction, as JSON writers commonly do.
  if (text_.ends_with(".0")) text_.resize(text_.size() - 2);
}

Value Value::number(std::string text, Span span) {
  Value value;
  value.kind_ = Kind::number;
  value.text_ = std::move(text);
  value.span = span;
  return value;
}

Value Value::array(std::vector<Value> items) {
  Value value;
  value.kind_ = Kind::array;
  value.items_ = std::move(items);
  return value;
}

void Value::MembersDeleter::operator()(std::vector<Member>* members) const { delete members; }

Value Value::object() { return object(std::vector<Member>()); }

Value Value::object(std::vector<Member> members) {
  Value value;
  value.kind_ = Kind::object;
  value.members_.reset(new std::vector<Member>(std::move(members)));
  return value;
}

Value::Value(const Value& other)
    : span(other.span), kind_(other.kind_), boolean_(other.boolean_), text_(other.text_), items_(other.items_) {
  if (other.members_) members_.reset(new std::vector<Member>(*other.members_));
}

Value& Value::operator=(const Value& other) {
  if (this != &other) *this = Value(other);
  return *this;
}

bool Value::as_boolean() const {
  assert(kind_ == Kind::boolean);
  return boolean_;
}
const std::string& Value::as_string() const {
  assert(kind_ == Kind::string || kind_ == Kind::number);
  return text_;
}
std::optional<std::int64_t> Value::as_integer() const {
  if (kind_ != Kind::number) return std::nullopt;
  return text::parse_signed(text_);
}
double Value::as_double() const {
  assert(kind_ == Kind::number);
  return text::parse_double(text_).value_or(0);
}
const std::vector<Value>& Value::items() const {
  assert(kind_ == Kind::array);
  return items_;
}
std::vector<Value>& Value::items() {
  assert(kind_ == Kind::array);
  return items_;
}
const std::vector<Member>& Value::members() const {
  assert(kind_ == Kind::object);
  return *members_;
}
std::vector<Member>& Value::members() {
  assert(kind_ == Kind::object);
  return *members_;
}

const Value* Value::find(std::string_view name) const {
  if (kind_ != Kind::object) return nullptr;
  for (const auto& member : *members_)
    if (member.name == name) return &member.value;
  return nullptr;
}
std::string_view Value::string_or(std::string_view name, std::string_view fallback) const {
  const auto* value = find(name);
  return value != nullptr && value->is_string() ? std::string_view(value->text_) : fallback;
}
std::int64_t Value::integer_or(std::string_view name, std::int64_t fallback) const {
  const auto* value = find(name);
  return value != nullptr ? value->as_integer().value_or(fallback) : fallback;
}
bool Value::boolean_or(std::string_view name, bool fallback) const {
  const auto* value = find(name);
  return value != nullptr && value->is_boolean() ? value->boolean_ : fallback;
}

Value& Value::set(std::string_view name, Value value) {
  if (kind_ == Kind::null) *this = object();
  assert(kind_ == Kind::object);
  for (auto& member : *members_)
    if (member.name == name) {
      member.value = std::move(value);
      return *this;
    }
  members_->push_back({std::string(name), {}, std::move(value)});
  return *this;
}

Value& Value::push(Value value) {
  if (kind_ == Kind::null) *this = array();
  assert(kind_ == Kind::array);
  items_.push_back(std::move(value));
  return *this;
}

bool Value::operator==(const Value& other) const {
  if (kind_ != other.kind_) return false;
  switch (kind_) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return boolean_ == other.boolean_;
    case Kind::number:
    case Kind::string:
      return text_ == other.text_;
    case Kind::array:
      return items_ == other.items_;
    case Kind::object:
      return members_->size() == other.members_->size() && std::ranges::all_of(*members_, [&](const Member& member) {
               const auto* twin = other.find(member.name);
               return twin != nullptr && *twin == member.value;
             });
  }
  return false;
}

ReadOptions::ReadOptions() : max_bytes(limits::kDocumentBytes), max_depth(limits::kDocumentDepth) {}

Place Document::place(Span span) const { return utf8::LineIndex(text).place(file, span.begin, span.end); }

bool TreeBuilder::add(Value value) {
  if (open_.empty()) {
    root_ = std::move(value);
    return true;
  }
  auto& parent = open_.back();
  if (parent.kind_ == Kind::array) {
    parent.items_.push_back(std::move(value));
    return true;
  }
  auto& key = keys_.back();
  for (auto& member : *parent.members_)
    if (parent.members_->size() < 16 && member.name == key.name) {
      member.value = std::move(value);
      return true;
    }
  parent.members_->push_back({std::move(key.name), key.name_span, std::move(value)});
  return true;
}

bool TreeBuilder::null(Span span) {
  Value value;
  value.span = span;
  return add(std::move(value));
}
bool TreeBuilder::boolean(bool b, Span span) {
  Value value(b);
  value.span = span;
  return add(std::move(value));
}
bool TreeBuilder::number(std::string_view text, Span span) { return add(Value::number(std::string(text), span)); }
bool TreeBuilder::string(std::string_view text, Span span) {
  Value value(text);
  value.span = span;
  return add(std::move(value));
}
bool TreeBuilder::begin_array(Span open) {
  open_.push_back(Value::array());
  open_.back().span = open;
  return true;
}
bool TreeBuilder::end_array(Span close) {
  Value value = std::move(open_.back());
  open_.pop_back();
  value.span.end = close.end;
  return add(std::move(value));
}
bool TreeBuilder::begin_object(Span open) {
  open_.push_back(Value::object());
  open_.back().span = open;
  keys_.emplace_back();
  return true;
}
bool TreeBuilder::key(std::string_view name, Span span) {
  keys_.back().name = name;
  keys_.back().name_span = span;
  return true;
}
bool TreeBuilder::end_object(Span close) {
  Value value = std::move(open_.back());
  open_.pop_back();
  keys_.pop_back();
  value.span.end = close.end;
  return add(std::move(value));
}

}  // namespace chiron::doc
