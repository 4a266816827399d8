// The readers behind read_input, one a format, and what they share.
#pragma once
#include <string_view>

#include "foundation/doc/value.h"

namespace chiron::policy::proto {
class Schema;
}

namespace chiron::policy::inputs {

using doc::ReadOptions;
using doc::Span;
using doc::Value;

// Nesting of blocks, expressions and templates in HCL; the parser recurses, so the bound keeps it off the stack's end.
inline constexpr std::size_t kHclDepth = 250;
// Nesting in the other readers that recurse.
inline constexpr std::size_t kBlockDepth = 250;
// References expanded in one .properties or dotenv value, and the bytes a value may grow to by it.
inline constexpr std::size_t kExpansionDepth = 32;
inline constexpr std::size_t kExpandedBytes = 1024 * 1024;

[[nodiscard]] Result<Value> read_hcl1(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_hcl2(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_ini(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_dotenv(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_properties(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_xml(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_dockerfile(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_ignore(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_cyclonedx(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_spdx(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_vcl(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_edn(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_nginx(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_groovy(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_cue(std::string_view text, const ReadOptions& options);
[[nodiscard]] Result<Value> read_textproto(std::string_view text, const ReadOptions& options,
                                           const proto::Schema* schema);

// Bytes as JSON has them.
[[nodiscard]] std::string base64(std::string_view bytes);
// The place of a span, for errors.
[[nodiscard]] Place place_of(std::string_view text, const ReadOptions& options, Span span);
// "limit.depth": nested deeper than a reader follows.
[[nodiscard]] std::unexpected<Error> too_deep(std::string_view text, const ReadOptions& options, std::size_t offset,
                                              std::size_t levels = kBlockDepth);
// A syntax error at a byte offset: "FORMAT.syntax".
[[nodiscard]] std::unexpected<Error> syntax_error(std::string_view format, std::string_view text,
                                                  const ReadOptions& options, std::size_t offset, std::string message,
                                                  std::string next = {});
[[nodiscard]] Value string_value(std::string_view text, std::size_t begin, std::size_t end);
// Sets a member, replacing one of that name; keeps the key's span.
void set_member(Value& object, std::string_view name, Span name_span, Value value);

}  // namespace chiron::policy::inputs
