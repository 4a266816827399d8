// YAML: reader over libyaml's event parser.
//
// Scalars are resolved by the YAML 1.1/1.2 mix that Go's YAML library uses and that OPA, Conftest and Kubernetes
// tools share: null, ~, true/false in their three spellings, integers (decimal, 0x, 0o, 0b, underscores), floats,
// .inf/.nan (as strings here: JSON has no such number); yes/no/on/off stay strings. Time stamps are strings. Merge keys
// (<<) are applied.
#pragma once
#include "foundation/doc/value.h"

namespace chiron::doc {

// Errors: "yaml.syntax", "yaml.duplicate-key", "yaml.alias" (unknown or cyclic), "limit.depth", "limit.aliases".
// Every document of the stream, in order; an empty stream gives none.
[[nodiscard]] Result<std::vector<Value>> parse_yaml_all(std::string_view text, const ReadOptions& options = {});
// Exactly one document (an empty stream gives null); more are an error.
[[nodiscard]] Result<Value> parse_yaml(std::string_view text, const ReadOptions& options = {});

}  // namespace chiron::doc
