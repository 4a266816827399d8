#include <algorithm>

#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"

namespace chiron::doc {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string clean;
  if (utf8::find_invalid(text) != std::string_view::npos) {
    clean = utf8::sanitize(text);
    text = clean;
  }
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kDigits[c >> 4];
        out += kDigits[c & 15];
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

namespace {

enum class Layout { compact, pretty };
enum class Order { kept, sorted };

// Iterative, so that a deep tree cannot overflow the machine's stack.
class Writer {
 public:
  Writer(Layout layout, Order order, int indent) : layout_(layout), order_(order), indent_(indent) {}

  std::string write(const Value& root) {
    value(root);
    while (!open_.empty()) step();
    return std::move(out_);
  }

 private:
  struct Open {
    const Value* container;
    std::size_t next;
    std::vector<const Member*> members;
  };

  void value(const Value& v) {
    switch (v.kind()) {
      case Kind::null:
        out_ += "null";
        return;
      case Kind::boolean:
        out_ += v.as_boolean() ? "true" : "false";
        return;
      case Kind::number:
        out_ += v.as_string();
        return;
      case Kind::string:
        append_json_string(out_, v.as_string());
        return;
      case Kind::array:
        if (v.items().empty()) {
          out_ += "[]";
          return;
        }
        out_ += '[';
        open_.push_back({&v, 0, {}});
        return;
      case Kind::object: {
        if (v.members().empty()) {
          out_ += "{}";
          return;
        }
        out_ += '{';
        Open open{&v, 0, {}};
        for (const auto& member : v.members()) open.members.push_back(&member);
        if (order_ == Order::sorted)
          std::ranges::stable_sort(open.members, {}, [](const Member* m) -> const std::string& { return m->name; });
        open_.push_back(std::move(open));
        return;
      }
    }
  }

  void step() {
    auto& top = open_.back();
    const bool is_array = top.container->is_array();
    const auto count = is_array ? top.container->items().size() : top.members.size();
    if (top.next == count) {
      const char close = is_array ? ']' : '}';
      open_.pop_back();
      new_line();
      out_ += close;
      return;
    }
    if (top.next != 0) out_ += ',';
    const auto i = top.next++;
    new_line();
    if (is_array) {
      value(top.container->items()[i]);
      return;
    }
    const auto* member = top.members[i];
    append_json_string(out_, member->name);
    out_ += layout_ == Layout::pretty ? ": " : ":";
    value(member->value);
  }

  void new_line() {
    if (layout_ != Layout::pretty) return;
    out_ += '\n';
    out_.append(open_.size() * static_cast<std::size_t>(indent_), ' ');
  }

  Layout layout_;
  Order order_;
  int indent_;
  std::string out_;
  std::vector<Open> open_;
};

}  // namespace

std::string write_json(const Value& value) { return Writer(Layout::compact, Order::kept, 0).write(value); }
std::string write_json_pretty(const Value& value, int indent) {
  return Writer(Layout::pretty, Order::kept, indent).write(value);
}
std::string write_json_canonical(const Value& value) { return Writer(Layout::compact, Order::sorted, 0).write(value); }

}  // namespace chiron::doc
