// Input readers: the files that policies judge, turned into one document with the place of every value.
//
// Each reader gives the same shape as Conftest's parser of that name, so that policies written for it
// work unchanged; on top of that it keeps the byte span of each value in the source.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/doc/value.h"

namespace chiron::policy::proto {
class Schema;
}

namespace chiron::policy {

enum class InputFormat : std::uint8_t {
  json,
  jsonc,
  yaml,
  toml,
  hcl1,
  hcl2,
  ini,
  dotenv,
  properties,
  xml,
  dockerfile,
  ignore,
  cyclonedx,
  spdx,
  vcl,
  edn,
  nginx,
  textproto,
  groovy,
  cue,
};

// What a format may need beside the text.
struct InputOptions : doc::ReadOptions {
  InputOptions() = default;
  InputOptions(doc::ReadOptions options) : doc::ReadOptions(std::move(options)) {}  // NOLINT: both are options
  std::shared_ptr<const proto::Schema> messages;  // textproto: shared by the files of a run
};

// The name as it is spelt after --parser.
[[nodiscard]] std::string_view to_string(InputFormat format);
// Every readable format's name, sorted.
[[nodiscard]] std::vector<std::string> input_format_names();
// The format of that name. Errors: "input.format-unsupported" for formats that are known and refused
// (HOCON, Jsonnet), "input.format-unknown".
[[nodiscard]] Result<InputFormat> parse_input_format(std::string_view name);
// By the file's name: Dockerfile, .gitignore, the extension; "-" and names without an extension are YAML.
// Errors as parse_input_format.
[[nodiscard]] Result<InputFormat> input_format_of(std::string_view path);
// Whether a folder walk takes the file up as input.
[[nodiscard]] bool is_input_file(std::string_view path);

// Feeds the whole text to `sink` as one document. A YAML stream of several documents comes as an array of them;
// `documents`, where given, receives how many documents the stream held.
[[nodiscard]] Result<void> read_input(InputFormat format, std::string_view text, doc::Sink& sink,
                                      const InputOptions& options = {}, std::size_t* documents = nullptr);
// The same as a tree.
[[nodiscard]] Result<doc::Value> parse_input(InputFormat format, std::string_view text,
                                             const InputOptions& options = {}, std::size_t* documents = nullptr);

// Replays a tree as events, without recursion.
[[nodiscard]] bool feed(const doc::Value& value, doc::Sink& sink);

}  // namespace chiron::policy
