// The fields of an operation's request, each described once. From the description follow the command line's flags and
// help, the keys of chiron.toml, the JSON Schema, shell completion, manual pages and the reference.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "foundation/base/result.h"

namespace chiron {

enum class FieldType : std::uint8_t {
  flag,     // on or off; bool
  integer,  // std::int64_t
  real,     // double
  text,     // std::string
  path,     // std::string, relative to the workspace in chiron.toml, to the current folder on the command line
  choice,   // std::string, one of `choices`
  list,     // std::vector<std::string>; repeated flag, array of strings in chiron.toml
  paths     // a list of paths
};
[[nodiscard]] std::string_view to_string(FieldType type);

// Where a field may be given.
enum class FieldScope : std::uint8_t { everywhere, command_line, config };

using FieldValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

struct Field {
  std::string_view name;  // "fail-level": the flag --fail-level and the key fail-level
  FieldType type = FieldType::flag;
  std::string_view help;         // one sentence without a full stop
  std::string_view fallback;     // the default as text, "" where there is none
  std::string_view placeholder;  // of the value in help: "REV", "FILE"
  std::string_view example;      // a value that makes sense
  std::vector<std::string_view> choices;
  std::optional<double> minimum, maximum;  // of integers and reals
  char letter = 0;                         // -j
  bool positional = false;                 // given without a flag's name
  bool required = false;
  FieldScope scope = FieldScope::everywhere;
  // What is wrong with a text (of a list: with one of its items), in words that follow "NAME: "; nothing where it is
  // well-formed. For values whose form choices and bounds cannot tell.
  std::optional<std::string> (*check)(std::string_view text) = nullptr;
  // Puts a value of the matching alternative into the request.
  std::function<void(void* request, const FieldValue& value)> assign;
};

// What the author of an operation writes for a field; the type follows from the member it is bound to.
struct FieldText {
  std::string_view help;
  std::string_view fallback = {};
  std::string_view placeholder = {};
  std::string_view example = {};
  std::vector<std::string_view> choices = {};
  std::optional<double> minimum = {}, maximum = {};
  char letter = 0;
  bool positional = false;
  bool required = false;
  bool is_path = false;
  FieldScope scope = FieldScope::everywhere;
  std::optional<std::string> (*check)(std::string_view text) = nullptr;
};

// Describes the fields of request type R, bound to its members:
//   Fields<DiffRequest>().add("base", &DiffRequest::base, {.help = "…", .placeholder = "REV"}).take()
template <class R>
class Fields {
 public:
  template <class T>
  Fields& add(std::string_view name, T R::* member, FieldText text) {
    Field field{name,          type_of<T>(text), text.help,
                text.fallback, text.placeholder, text.example,
                text.choices,  text.minimum,     text.maximum,
                text.letter,   text.positional,  text.required,
                text.scope,    text.check,       {}};
    field.assign = [member](void* request, const FieldValue& value) {
      auto& target = static_cast<R*>(request)->*member;
      if constexpr (std::is_same_v<T, std::optional<std::string>> || std::is_same_v<T, std::string>)
        target = std::get<std::string>(value);
      else if constexpr (std::is_same_v<T, std::optional<double>> || std::is_same_v<T, double>)
        target = std::get<double>(value);
      else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::optional<bool>>)
        target = std::get<bool>(value);
      else if constexpr (std::is_same_v<T, std::vector<std::string>>)
        target = std::get<std::vector<std::string>>(value);
      else
        target = static_cast<typename Plain<T>::type>(std::get<std::int64_t>(value));
    };
    fields_.push_back(std::move(field));
    return *this;
  }
  std::vector<Field> take() { return std::move(fields_); }

 private:
  template <class T>
  struct Plain {
    using type = T;
  };
  template <class T>
  struct Plain<std::optional<T>> {
    using type = T;
  };
  template <class T>
  static FieldType type_of(const FieldText& text) {
    using P = typename Plain<T>::type;
    if constexpr (std::is_same_v<P, bool>)
      return FieldType::flag;
    else if constexpr (std::is_same_v<P, double>)
      return FieldType::real;
    else if constexpr (std::is_integral_v<P>)
      return FieldType::integer;
    else if constexpr (std::is_same_v<P, std::vector<std::string>>)
      return text.is_path ? FieldType::paths : FieldType::list;
    else if (!text.choices.empty())
      return FieldType::choice;
    else
      return text.is_path ? FieldType::path : FieldType::text;
  }
  std::vector<Field> fields_;
};

// Turns the text of a flag's value into a FieldValue. Errors: "usage.value" naming the field and what is allowed.
[[nodiscard]] Result<FieldValue> parse_field(const Field& field, std::string_view text);
// Checks a value against choices and bounds. Errors: "usage.value".
[[nodiscard]] Result<void> check_field(const Field& field, const FieldValue& value);

}  // namespace chiron
