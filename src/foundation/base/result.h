// Errors as values. Own code does not throw: what can fail returns Result<T>, adapters around
// libraries catch. An Error says what, where, why and what to do next.
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "foundation/base/place.h"

namespace chiron {

// What kind of thing went wrong; surfaces choose the exit code by it (130 for `interrupted`, else 2).
enum class ErrorKind {
  usage,        // the command line or a request is wrong
  config,       // chiron.toml or another configuration file is wrong
  input,        // a file given as input is malformed
  limit,        // a named bound was exceeded
  io,           // the operating system refused
  unsupported,  // understood, but deliberately not done
  interrupted,  // cancelled by the user
  internal      // a broken promise of our own
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string code;  // stable, dotted: "json.syntax", "io.not-found"; listed in docs/errors.md
  std::string message;
  std::optional<Place> place;
  std::vector<std::string> notes;
  std::string next;  // what the user can do about it
};

// "file:line:col: message" with notes and the next step on lines of their own.
[[nodiscard]] std::string to_string(const Error& error);

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string code, std::string message) {
  return std::unexpected(Error{kind, std::move(code), std::move(message), {}, {}, {}});
}
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string code, std::string message, Place place,
                                                 std::string next = {}) {
  return std::unexpected(Error{kind, std::move(code), std::move(message), std::move(place), {}, std::move(next)});
}

namespace detail {
template <class T>
T take(Result<T>& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace detail

}  // namespace chiron

// TRY(expression): its value, or return its Error from the enclosing function.
#define TRY(...) CHIRON_TRY_NAMED_(__COUNTER__, __VA_ARGS__)
#define CHIRON_TRY_NAMED_(n, ...) CHIRON_TRY_(n, __VA_ARGS__)
#define CHIRON_TRY_(n, ...)                                                             \
  __extension__({                                                                       \
    auto try_result_##n = (__VA_ARGS__);                                                \
    if (!try_result_##n) return ::std::unexpected(::std::move(try_result_##n).error()); \
    ::chiron::detail::take(try_result_##n);                                             \
  })
