// toml++ builds its own tree; it is turned into ours with the places it kept.
#include "foundation/doc/toml.h"

#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

#include <sstream>

#include "foundation/base/format.h"
#include "foundation/base/limits.h"

namespace chiron::doc {

namespace {

class Converter {
 public:
  explicit Converter(std::string_view text) : lines_(text), text_(text) {}

  Value convert(const toml::node& node) {
    Value value;
    switch (node.type()) {
      case toml::node_type::table:
        value = table(*node.as_table());
        break;
      case toml::node_type::array: {
        value = Value::array();
        for (const auto& item : *node.as_array()) value.items().push_back(convert(item));
        break;
      }
      case toml::node_type::string:
        value = Value(node.as_string()->get());
        break;
      case toml::node_type::integer:
        value = Value(node.as_integer()->get());
        break;
      case toml::node_type::floating_point:
        value = floating(node.as_floating_point()->get());
        break;
      case toml::node_type::boolean:
        value = Value(node.as_boolean()->get());
        break;
      default:
        value = Value(spelling(node));
    }
    value.span = span(node.source());
    return value;
  }

 private:
  static Value floating(double number) {
    if (!std::isfinite(number)) return Value(std::isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
    return Value::number(format("{}", number));
  }

  static std::string spelling(const toml::node& node) {
    std::ostringstream out;
    node.visit([&](const auto& typed) {
      if constexpr (toml::is_date<decltype(typed)> || toml::is_time<decltype(typed)> ||
                    toml::is_date_time<decltype(typed)>)
        out << typed.get();
    });
    return out.str();
  }

  Value table(const toml::table& source) {
    Value value = Value::object();
    // toml++ sorts keys; the order of the file is what people expect to see again.
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    for (const auto& [key, node] : source) entries.emplace_back(&key, &node);
    std::ranges::stable_sort(entries, {}, [](const auto& entry) {
      const auto& begin = entry.first->source().begin;
      return std::pair(begin.line, begin.column);
    });
    for (const auto& [key, node] : entries)
      value.members().push_back({std::string(key->str()), span(key->source()), convert(*node)});
    return value;
  }

  Span span(const toml::source_region& region) {
    const auto begin = offset(region.begin);
    const auto end = std::max(begin, offset(region.end));
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  // Columns count code points. They are asked for nearly in order, so each is found from the one before: a line of a
  // million values would otherwise be gone through a million times.
  std::size_t offset(const toml::source_position& position) {
    const auto distance = position.column > column_ ? position.column - column_ : column_ - position.column;
    if (position.line != line_ || distance > position.column) {
      line_ = position.line;
      column_ = 1;
      offset_ = lines_.line_start(position.line);
    }
    for (; column_ < position.column && offset_ < text_.size() && text_[offset_] != '\n'; ++column_)
      offset_ += utf8::decode(text_, offset_).length;
    for (; column_ > position.column; --column_) {
      do --offset_;
      while (offset_ > 0 && (static_cast<unsigned char>(text_[offset_]) & 0xc0) == 0x80);
    }
    return offset_;
  }

  utf8::LineIndex lines_;
  std::string_view text_;
  toml::source_index line_ = 0, column_ = 1;
  std::size_t offset_ = 0;
};

}  // namespace

Result<Value> parse_toml(std::string_view text, const ReadOptions& options) {
  if (text.size() > std::min(options.max_bytes, limits::kConfigBytes))
    return fail(ErrorKind::limit, "limit.size",
                format("the document has {} bytes; {} are allowed", text.size(),
                       std::min(options.max_bytes, limits::kConfigBytes)),
                Place{options.file});
  try {
    const auto tree = toml::parse(text, options.file);
    return Converter(text).convert(tree);
  } catch (const toml::parse_error& error) {
    const utf8::LineIndex lines(text);
    const auto at = lines.offset_of(error.source().begin.line, error.source().begin.column);
    return fail(ErrorKind::input, "toml.syntax", std::string(error.description()), lines.place(options.file, at, at));
  }
}

}  // namespace chiron::doc
