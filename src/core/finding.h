// What a gate found. Data, not an error; one model for every gate, of which SARIF, JUnit and the terminal are prints.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/place.h"
#include "foundation/doc/value.h"

namespace chiron {

enum class Level : std::uint8_t { none, note, warning, error };
[[nodiscard]] std::string_view to_string(Level level);
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);

// What a rule is; the page of `chiron explain RULE` is made from it.
struct Rule {
  std::string id;       // "coverage/uncovered-line": family/pattern that is flagged
  std::string name;     // PascalCase for SARIF, may be empty
  std::string summary;  // one sentence
  std::string help;     // Markdown: what it does, why it is bad, example, how to fix
  Level level = Level::warning;
  std::string help_uri;
  std::vector<std::string> tags;
};

// One replacement of bytes [offset, offset + length) of `file`.
struct Edit {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string replacement;
};

struct Fix {
  std::string description;
  std::vector<Edit> edits;
};

struct RelatedPlace {
  Place place;
  std::string message;
};

struct Finding {
  std::string rule;
  Level level = Level::warning;
  std::string message;
  Place place;                        // the file is relative to the workspace's root, "/" between parts
  std::vector<RelatedPlace> related;  // in the order of a data flow, where it is one
  doc::Value evidence;                // an object of what the rule saw, or null
  std::vector<Fix> fixes;
  // Filled in by the core where an engine leaves them empty:
  std::string gate;
  std::string fingerprint;  // stable under moved lines
  std::string excerpt;      // the source line(s) of the place, for reports without the sources
};

// A number a gate measured ("coverage.changed-lines", 87.5, "%").
struct Metric {
  std::string name;
  double value = 0;
  std::string unit;
};

}  // namespace chiron
