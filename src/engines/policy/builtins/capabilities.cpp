// Capabilities from the table of built-ins: the notation of signatures read into OPA's JSON of types.
#include "engines/policy/builtins/capabilities.h"

#include "engines/policy/builtin.h"
#include "foundation/base/text.h"

namespace chiron::policy {

namespace {

// The table is ours, so its notation is well formed; the depth of its types is a handful.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  doc::Value type() {
    const std::string name = word();
    doc::Value out = doc::Value::object();
    if (name == "array") {
      if (take("<")) out.set("static", list(">"));
      if (take("[")) {
        out.set("dynamic", type());
        take("]");
      }
    } else if (name == "set") {
      take("[");
      out.set("of", type());
      take("]");
    } else if (name == "object") {
      if (take("<")) {
        doc::Value members = doc::Value::array();
        do {
          doc::Value member = doc::Value::object();
          member.set("key", doc::Value(word()));
          take(": ");
          member.set("value", type());
          members.push(std::move(member));
        } while (take(", "));
        take(">");
        out.set("static", std::move(members));
      }
      if (take("[")) {
        doc::Value dynamic = doc::Value::object();
        dynamic.set("key", type());
        take(": ");
        dynamic.set("value", type());
        take("]");
        out.set("dynamic", std::move(dynamic));
      }
    } else if (name == "any") {
      if (take("<")) out.set("of", list(">"));
    }
    out.set("type", doc::Value(name));
    return out;
  }

  // "(a, b) => c"
  doc::Value function() {
    doc::Value out = doc::Value::object();
    take("(");
    doc::Value arguments = doc::Value::array();
    while (!text_.empty() && !text_.starts_with(')')) {
      doc::Value argument = type();
      if (take("..."))
        out.set("variadic", std::move(argument));
      else
        arguments.push(std::move(argument));
      take(", ");
    }
    take(")");
    if (!arguments.items().empty()) out.set("args", std::move(arguments));
    if (take(" => ")) out.set("result", type());
    out.set("type", doc::Value("function"));
    return out;
  }

 private:
  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  std::string word() {
    std::size_t length = 0;
    while (length < text_.size() && std::string_view("<>[]():, ").find(text_[length]) == std::string_view::npos &&
           !text_.substr(length).starts_with("..."))
      ++length;
    std::string out(text_.substr(0, length));
    text_.remove_prefix(length);
    return out;
  }
  doc::Value list(std::string_view close) {
    doc::Value types = doc::Value::array();
    do types.push(type());
    while (take(", "));
    take(close);
    return types;
  }

  std::string_view text_;
};

doc::Value names(std::initializer_list<std::string_view> all) {
  doc::Value out = doc::Value::array();
  for (const auto name : all) out.push(doc::Value(name));
  return out;
}

}  // namespace

doc::Value type_document(std::string_view notation) { return Reader(notation).type(); }

doc::Value capabilities(RegoVersion version) {
  doc::Value list = doc::Value::array();
  for (const auto& builtin : builtins()) {
    doc::Value entry = doc::Value::object();
    entry.set("name", doc::Value(builtin.name));
    entry.set("decl", Reader(builtin.signature).function());
    if (!builtin.infix.empty()) entry.set("infix", doc::Value(builtin.infix));
    if (builtin.relation) entry.set("relation", doc::Value(true));
    if (builtin.deprecated) entry.set("deprecated", doc::Value(true));
    if (builtin.nondeterministic) entry.set("nondeterministic", doc::Value(true));
    list.push(std::move(entry));
  }
  doc::Value out = doc::Value::object();
  out.set("builtins", std::move(list));
  if (version == RegoVersion::v0) {
    out.set("future_keywords", names({"and", "contains", "every", "if", "in", "not", "or"}));
    out.set("features", names({"keywords_in_refs", "rego_v1", "rego_v1_import", "rule_head_ref_string_prefixes",
                               "rule_head_refs", "template_strings"}));
  } else {
    out.set("future_keywords", names({"and", "not", "or"}));
    out.set("features", names({"keywords_in_refs", "rego_v1", "template_strings"}));
  }
  return out;
}

}  // namespace chiron::policy
