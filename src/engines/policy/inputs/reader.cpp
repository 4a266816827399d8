// Format names, detection by file name, and the dispatch to the readers.
#include "engines/policy/inputs/reader.h"

#include <algorithm>
#include <array>

#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::policy {

namespace {

struct FormatName {
  std::string_view name;
  InputFormat format;
};
constexpr std::array kFormats = {
    FormatName{"cue", InputFormat::cue},
    FormatName{"cyclonedx", InputFormat::cyclonedx},
    FormatName{"dockerfile", InputFormat::dockerfile},
    FormatName{"dotenv", InputFormat::dotenv},
    FormatName{"edn", InputFormat::edn},
    FormatName{"groovy", InputFormat::groovy},
    FormatName{"hcl1", InputFormat::hcl1},
    FormatName{"hcl2", InputFormat::hcl2},
    FormatName{"ignore", InputFormat::ignore},
    FormatName{"ini", InputFormat::ini},
    FormatName{"json", InputFormat::json},
    FormatName{"jsonc", InputFormat::jsonc},
    FormatName{"nginx", InputFormat::nginx},
    FormatName{"properties", InputFormat::properties},
    FormatName{"spdx", InputFormat::spdx},
    FormatName{"textproto", InputFormat::textproto},
    FormatName{"toml", InputFormat::toml},
    FormatName{"vcl", InputFormat::vcl},
    FormatName{"xml", InputFormat::xml},
    FormatName{"yaml", InputFormat::yaml},
};

// Known to Conftest, deliberately not read here.
constexpr std::array<std::string_view, 4> kRefused = {"hocon", "jsonnet", "codeowners", "routeros"};

std::unexpected<Error> unsupported(std::string_view name) {
  std::string known = text::join(input_format_names(), ", ");
  return std::unexpected(Error{ErrorKind::unsupported,
                               "input.format-unsupported",
                               format("the input format {} is not supported", name),
                               {},
                               {"supported formats: " + known},
                               "convert the file to JSON or YAML, or leave it out"});
}

}  // namespace

std::string_view to_string(InputFormat wanted) {
  for (const auto& entry : kFormats)
    if (entry.format == wanted) return entry.name;
  return "";
}

std::vector<std::string> input_format_names() {
  std::vector<std::string> names;
  for (const auto& entry : kFormats) names.emplace_back(entry.name);
  return names;
}

Result<InputFormat> parse_input_format(std::string_view name) {
  const std::string lower = text::to_lower_ascii(name);
  if (lower == "yml") return InputFormat::yaml;
  for (const auto& entry : kFormats)
    if (entry.name == lower) return entry.format;
  if (std::ranges::find(kRefused, lower) != kRefused.end()) return unsupported(lower);
  Error error{ErrorKind::usage, "input.format-unknown", format("unknown parser: {}", name), {}, {}, {}};
  if (auto near = text::nearest(lower, input_format_names())) error.next = format("did you mean {}?", *near);
  return std::unexpected(std::move(error));
}

Result<InputFormat> input_format_of(std::string_view path) {
  if (path == "-") return InputFormat::yaml;
  const std::string name = text::to_lower_ascii(io::file_name(path));
  const auto dot = name.rfind('.');
  const std::string_view extension =
      dot == std::string::npos ? std::string_view("yml") : std::string_view(name).substr(dot + 1);
  if (name == "dockerfile" || name.starts_with("dockerfile.") || extension == "dockerfile")
    return InputFormat::dockerfile;
  if (name == "jenkinsfile" || name.starts_with("jenkinsfile.") || extension == "jenkinsfile" || extension == "groovy")
    return InputFormat::groovy;
  if (extension == "yml" || extension == "yaml") return InputFormat::yaml;
  if (extension == "tf" || extension == "tfvars" || extension == "hcl") return InputFormat::hcl2;
  if (extension == "gitignore" || extension == "dockerignore") return InputFormat::ignore;
  if (extension == "textpb") return InputFormat::textproto;
  if (extension == "env") return InputFormat::dotenv;
  if (extension == "conf")  // many programs' languages
    return fail(ErrorKind::unsupported, "input.format-unsupported",
                format("{} does not tell its format by its name", path), Place{.file = std::string(path)},
                "name the format with --parser, for example --parser nginx");
  return parse_input_format(extension);
}

bool is_input_file(std::string_view path) { return input_format_of(path).has_value(); }

bool feed(const doc::Value& root, doc::Sink& sink) {
  struct Frame {
    const doc::Value* value;
    std::size_t next;
  };
  std::vector<Frame> open;
  // Emits a scalar, or opens a container.
  auto begin = [&](const doc::Value& value) {
    switch (value.kind()) {
      case doc::Kind::null:
        return sink.null(value.span);
      case doc::Kind::boolean:
        return sink.boolean(value.as_boolean(), value.span);
      case doc::Kind::number:
        return sink.number(value.as_string(), value.span);
      case doc::Kind::string:
        return sink.string(value.as_string(), value.span);
      case doc::Kind::array:
        open.push_back({&value, 0});
        return sink.begin_array(value.span);
      case doc::Kind::object:
        open.push_back({&value, 0});
        return sink.begin_object(value.span);
    }
    return false;
  };
  if (!begin(root)) return false;
  while (!open.empty()) {
    auto& frame = open.back();
    const auto& value = *frame.value;
    const doc::Span close{value.span.end == 0 ? 0 : value.span.end - 1, value.span.end};
    if (value.is_array()) {
      if (frame.next == value.items().size()) {
        open.pop_back();
        if (!sink.end_array(close)) return false;
      } else if (!begin(value.items()[frame.next++])) {
        return false;
      }
    } else if (frame.next == value.members().size()) {
      open.pop_back();
      if (!sink.end_object(close)) return false;
    } else {
      const auto& member = value.members()[frame.next++];
      if (!sink.key(member.name, member.name_span) || !begin(member.value)) return false;
    }
  }
  return true;
}

Result<doc::Value> parse_input(InputFormat wanted, std::string_view text, const InputOptions& options,
                               std::size_t* documents) {
  if (documents != nullptr) *documents = 1;
  if (text.size() > options.max_bytes)
    return fail(ErrorKind::limit, "limit.size",
                format("the input has {} bytes, the limit is {}", text.size(), options.max_bytes),
                Place{.file = options.file});
  switch (wanted) {
    case InputFormat::json:
      return doc::parse_json(text, options);
    case InputFormat::jsonc: {
      auto with_comments = options;
      with_comments.allow_comments = true;
      return doc::parse_json(text, with_comments);
    }
    case InputFormat::yaml: {
      auto all = TRY(doc::parse_yaml_all(text, options));
      if (documents != nullptr) *documents = all.size();
      if (all.empty()) return doc::Value();
      if (all.size() == 1) return std::move(all.front());
      const doc::Span whole{all.front().span.begin, all.back().span.end};
      auto array = doc::Value::array(std::move(all));
      array.span = whole;
      return array;
    }
    case InputFormat::toml:
      return doc::parse_toml(text, options);
    case InputFormat::hcl1:
      return inputs::read_hcl1(text, options);
    case InputFormat::hcl2:
      return inputs::read_hcl2(text, options);
    case InputFormat::ini:
      return inputs::read_ini(text, options);
    case InputFormat::dotenv:
      return inputs::read_dotenv(text, options);
    case InputFormat::properties:
      return inputs::read_properties(text, options);
    case InputFormat::xml:
      return inputs::read_xml(text, options);
    case InputFormat::dockerfile:
      return inputs::read_dockerfile(text, options);
    case InputFormat::ignore:
      return inputs::read_ignore(text, options);
    case InputFormat::cyclonedx:
      return inputs::read_cyclonedx(text, options);
    case InputFormat::spdx:
      return inputs::read_spdx(text, options);
    case InputFormat::vcl:
      return inputs::read_vcl(text, options);
    case InputFormat::edn:
      return inputs::read_edn(text, options);
    case InputFormat::nginx:
      return inputs::read_nginx(text, options);
    case InputFormat::groovy:
      return inputs::read_groovy(text, options);
    case InputFormat::cue:
      return inputs::read_cue(text, options);
    case InputFormat::textproto:
      return inputs::read_textproto(text, options, options.messages.get());
  }
  return unsupported("of this kind");
}

Result<void> read_input(InputFormat wanted, std::string_view text, doc::Sink& sink, const InputOptions& options,
                        std::size_t* documents) {
  if (wanted == InputFormat::json) {  // straight into the sink: the large inputs are JSON
    if (documents != nullptr) *documents = 1;
    return doc::read_json(text, sink, options);
  }
  const auto value = TRY(parse_input(wanted, text, options, documents));
  if (!feed(value, sink)) return fail(ErrorKind::interrupted, "doc.stopped", "reading was stopped");
  return {};
}

namespace inputs {

std::unexpected<Error> syntax_error(std::string_view format_name, std::string_view text, const ReadOptions& options,
                                    std::size_t offset, std::string message, std::string next) {
  offset = std::min(offset, text.size());
  return fail(ErrorKind::input, std::string(format_name) + ".syntax", std::move(message),
              utf8::LineIndex(text).place(options.file, offset, offset), std::move(next));
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) out += i + j > bytes.size() ? '=' : kAlphabet[group >> (18 - 6 * j) & 63];
  }
  return out;
}

Place place_of(std::string_view text, const ReadOptions& options, Span span) {
  return utf8::LineIndex(text).place(options.file, span.begin, span.end);
}

std::unexpected<Error> too_deep(std::string_view text, const ReadOptions& options, std::size_t offset,
                                std::size_t levels) {
  const auto at = static_cast<std::uint32_t>(std::min(offset, text.size()));
  return fail(ErrorKind::limit, "limit.depth", format("nested deeper than {} levels", levels),
              place_of(text, options, {at, at}));
}

Value string_value(std::string_view text, std::size_t begin, std::size_t end) {
  Value value(text);
  value.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  return value;
}

void set_member(Value& object, std::string_view name, Span name_span, Value value) {
  for (auto& member : object.members())
    if (member.name == name) {
      member.name_span = name_span;
      member.value = std::move(value);
      return;
    }
  object.members().push_back({std::string(name), name_span, std::move(value)});
}

}  // namespace inputs
}  // namespace chiron::policy
