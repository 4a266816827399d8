// Where in its input a finding stands that names no place itself: where the value is that its message speaks of.
#include <algorithm>
#include <cctype>

#include "engines/policy/gate/gate.h"

namespace chiron::policy::gate {

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

bool stands_in(std::string_view message, std::string_view word) {
  for (auto at = message.find(word); at != std::string_view::npos; at = message.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word(message[at - 1]) || !is_word(word.front());
    const auto end = at + word.size();
    if (begins && (end == message.size() || !is_word(message[end]) || !is_word(word.back()))) return true;
  }
  return false;
}

// The longest of the words offered that the message has, the first of equals.
class Longest {
 public:
  explicit Longest(std::string_view message) : message_(message) {}
  bool take(std::string_view word) {
    if (word.size() < 2 || word.size() <= size_ || !stands_in(message_, word)) return false;
    size_ = word.size();
    return true;
  }

 private:
  std::string_view message_;
  std::size_t size_ = 0;
};

// {"file", "line", "column"} as a place; nothing for other values.
std::optional<Place> read_place(const doc::Value* value) {
  if (value == nullptr || value->string_or("file", "").empty()) return std::nullopt;
  const auto number = [&](std::string_view name) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value->integer_or(name, 0), 0, UINT32_MAX));
  };
  Place place;
  place.file = value->string_or("file", "");
  place.line = number("line");
  place.column = number("column");
  return place;
}

}  // namespace

doc::Span place_of_message(const doc::Value& document, std::string_view message) {
  Longest longest(message);
  doc::Span best{document.span.begin, document.span.begin};
  const auto offer = [&](std::string_view word, doc::Span span) {
    if (span.end != 0 && longest.take(word)) best = span;
  };
  std::vector<const doc::Value*> open{&document};
  while (!open.empty()) {
    const doc::Value* value = open.back();
    open.pop_back();
    if (value->is_string() || value->is_number()) {
      offer(value->as_string(), value->span);
    } else if (value->is_array()) {
      for (auto item = value->items().rbegin(); item != value->items().rend(); ++item) open.push_back(&*item);
    } else if (value->is_object()) {
      for (const auto& member : value->members()) offer(member.name, member.name_span);
      for (auto member = value->members().rbegin(); member != value->members().rend(); ++member)
        open.push_back(&member->value);
    }
  }
  return best;
}

Place stated_place(const doc::Value& document, std::string_view message) {
  struct Open {
    const doc::Value* value;
    const doc::Value* place;  // of the innermost object around it that states one
  };
  Longest longest(message);
  const doc::Value* best = nullptr;
  std::vector<Open> open{{&document, document.find("place")}};
  while (!open.empty()) {
    const auto [value, place] = open.back();
    open.pop_back();
    if (value->is_string()) {
      if (place != nullptr && longest.take(value->as_string())) best = place;
    } else if (value->is_array()) {
      for (auto item = value->items().rbegin(); item != value->items().rend(); ++item) open.push_back({&*item, place});
    } else if (value->is_object()) {
      const auto* stated = value->find("place");
      for (auto member = value->members().rbegin(); member != value->members().rend(); ++member)
        if (&member->value != stated) open.push_back({&member->value, stated != nullptr ? stated : place});
    }
  }
  return read_place(best).value_or(Place{});
}

namespace {

// The values on the way along a path, from the document on, as far as there are any.
template <class Each>
void follow(const doc::Value& document, std::span<const Value> path, Each each) {
  const doc::Value* at = &document;
  each(*at);
  for (const Value step : path) {
    const doc::Value* below = nullptr;
    std::int64_t index = 0;
    if (at->is_object() && step.is_string()) below = at->find(step.string());
    if (at->is_array() && step.is_number() && step.number_integer(index) && index >= 0 &&
        static_cast<std::size_t>(index) < at->items().size())
      below = &at->items()[static_cast<std::size_t>(index)];
    if (below == nullptr) return;
    at = below;
    each(*at);
  }
}

}  // namespace

doc::Span span_at(const doc::Value& document, std::span<const Value> path) {
  doc::Span span;
  follow(document, path, [&](const doc::Value& value) { span = value.span; });
  return span;
}

Place stated_place_at(const doc::Value& document, std::span<const Value> path) {
  Place place;
  follow(document, path, [&](const doc::Value& value) {
    if (auto stated = read_place(value.find("place"))) place = std::move(*stated);
  });
  return place;
}

std::vector<RelatedPlace> related_places(const doc::Value& metadata) {
  std::vector<RelatedPlace> places;
  const auto* listed = metadata.find("related");
  if (listed == nullptr || !listed->is_array()) return places;
  for (const auto& item : listed->items())
    if (auto place = read_place(&item))
      places.push_back({std::move(*place), std::string(item.string_or("message", ""))});
  return places;
}

}  // namespace chiron::policy::gate
