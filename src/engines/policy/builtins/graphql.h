// GraphQL (October 2021 edition): queries and schemas as trees of values, and their validation.
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engines/policy/value.h"

namespace chiron::policy::graphql {

// Nesting of selections, types and values; the parser recurses.
inline constexpr int kDepth = 500;
inline constexpr std::size_t kBytes = std::size_t{16} << 20;

struct Position {
  std::uint32_t line = 0, column = 0;
};
// Where the nodes of a document stand in its source, by node. Trees given as values have no places.
using Positions = std::unordered_map<std::uint64_t, Position>;

// The tree in the shape that policies know: Operations and Fragments of a query; Schema, SchemaExtension, Directives,
// Definitions and Extensions of a schema; empty lists are left out. The error says where.
[[nodiscard]] std::expected<Value, std::string> parse_query(Store& store, std::string_view text,
                                                            Positions* positions = nullptr);
[[nodiscard]] std::expected<Value, std::string> parse_schema(Store& store, std::string_view text,
                                                             Positions* positions = nullptr);

// What is wrong with a schema, or with a query against a valid schema; "" where nothing is.
[[nodiscard]] std::string validate_schema(Store& store, Value schema, const Positions& positions);
[[nodiscard]] std::string validate_query(Store& store, Value query, Value schema, const Positions& positions);

}  // namespace chiron::policy::graphql
