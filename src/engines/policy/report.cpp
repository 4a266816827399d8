// Results and errors as text and JSON.
#include "engines/policy/report.h"

#include <algorithm>

#include "engines/policy/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy {

doc::Value error_document(const PolicyError& error) {
  doc::Value out = doc::Value::object();
  out.set("message", doc::Value(error.message));
  if (!error.code.empty()) out.set("code", doc::Value(error.code));
  if (error.row != 0) {
    doc::Value location = doc::Value::object();
    location.set("file", doc::Value(error.file));
    location.set("row", doc::Value(error.row));
    location.set("col", doc::Value(error.column));
    out.set("location", std::move(location));
  }
  if (!error.line_text.empty()) {
    doc::Value details = doc::Value::object();
    details.set("line", doc::Value(error.line_text));
    details.set("idx", doc::Value(error.index));
    out.set("details", std::move(details));
  } else if (!error.structure.is_null()) {
    out.set("details", error.structure);
  }
  return out;
}

doc::Value errors_document(const PolicyErrors& errors) {
  doc::Value list = doc::Value::array();
  for (const PolicyError& error : errors) list.push(error_document(error));
  return doc::Value::object().set("errors", std::move(list));
}

doc::Value result_document(const std::vector<ResultRow>& rows) {
  doc::Value out = doc::Value::object();
  if (rows.empty()) return out;
  doc::Value list = doc::Value::array();
  for (const ResultRow& row : rows) {
    doc::Value entry = doc::Value::object();
    doc::Value expressions = doc::Value::array();
    for (const ResultRow::Expression& expression : row.expressions) {
      doc::Value each = doc::Value::object();
      each.set("value", to_document(expression.value));
      each.set("text", doc::Value(expression.text));
      doc::Value location = doc::Value::object();
      location.set("row", doc::Value(expression.row));
      location.set("col", doc::Value(expression.column));
      each.set("location", std::move(location));
      expressions.push(std::move(each));
    }
    if (!row.expressions.empty()) entry.set("expressions", std::move(expressions));
    if (!row.bindings.empty()) {
      doc::Value bindings = doc::Value::object();
      for (const auto& [name, value] : row.bindings) bindings.set(name, to_document(value));
      entry.set("bindings", std::move(bindings));
    }
    list.push(std::move(entry));
  }
  out.set("result", std::move(list));
  return out;
}

std::string pretty_json(Value value) { return to_json(value, {2, true}) + "\n"; }

std::string pretty_json(const doc::Value& root) {
  std::string out;
  struct Frame {
    const doc::Value* value;
    std::size_t next;
  };
  std::vector<Frame> stack;
  auto new_line = [&] {
    out += '\n';
    out.append(2 * stack.size(), ' ');
  };
  auto begin = [&](const doc::Value& v) {
    switch (v.kind()) {
      case doc::Kind::null:
        out += "null";
        break;
      case doc::Kind::boolean:
        out += v.as_boolean() ? "true" : "false";
        break;
      case doc::Kind::number:
        out += v.as_string();
        break;
      case doc::Kind::string:
        append_json_text(out, v.as_string(), true);
        break;
      case doc::Kind::array:
      case doc::Kind::object: {
        const bool array = v.is_array();
        if (array ? v.items().empty() : v.members().empty()) {
          out += array ? "[]" : "{}";
        } else {
          out += array ? '[' : '{';
          stack.push_back({&v, 0});
        }
        break;
      }
    }
  };
  begin(root);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const doc::Value& v = *frame.value;
    const std::size_t count = v.is_array() ? v.items().size() : v.members().size();
    if (frame.next == count) {
      stack.pop_back();
      new_line();
      out += v.is_array() ? ']' : '}';
      continue;
    }
    const std::size_t i = frame.next++;
    if (i > 0) out += ',';
    new_line();
    if (v.is_array()) {
      begin(v.items()[i]);
    } else {
      append_json_text(out, v.members()[i].name, true);
      out += ": ";
      begin(v.members()[i].value);
    }
  }
  return out + "\n";
}

std::string result_values(const std::vector<ResultRow>& rows) {
  std::string out;
  for (const ResultRow& row : rows) {
    doc::Value list = doc::Value::array();
    for (const auto& expression : row.expressions) list.push(to_document(expression.value));
    out += pretty_json(list);
  }
  return out;
}

std::string result_raw(const std::vector<ResultRow>& rows) {
  std::string out;
  for (const ResultRow& row : rows) {
    for (std::size_t i = 0; i < row.expressions.size(); ++i) {
      if (i > 0) out += ' ';
      const Value value = row.expressions[i].value;
      if (value.is_string())
        out += value.string();
      else
        append_json(out, value, {0, true});
    }
    out += '\n';
  }
  return out;
}

std::string result_bindings(const std::vector<ResultRow>& rows) {
  std::string out;
  for (const ResultRow& row : rows) {
    doc::Value bindings = doc::Value::object();
    for (const auto& [name, value] : row.bindings) bindings.set(name, to_document(value));
    out += pretty_json(bindings);
  }
  return out;
}

namespace {

std::string centred(const std::string& text, std::size_t width) {
  const std::size_t missing = width - std::min(width, utf8::display_width(text));
  const std::size_t left = missing / 2;
  return std::string(left, ' ') + text + std::string(missing - left, ' ');
}

std::string cell(Value value, std::size_t limit) {
  std::string text = to_json(value, {0, false});
  if (limit > 0 && text.size() > limit && !value.is_composite()) text = text.substr(0, limit) + "...";
  return text;
}

}  // namespace

// One value alone is shown as it is, everything else as a table of the bindings and of what is not a plain truth.
std::string result_pretty(const std::vector<ResultRow>& rows, std::size_t limit) {
  if (rows.empty()) return "undefined\n";
  if (rows.size() == 1 && rows[0].bindings.empty() && rows[0].expressions.size() == 1) {
    const Value value = rows[0].expressions[0].value;
    return pretty_json(value);
  }
  std::vector<std::string> header;
  for (const auto& [name, value] : rows[0].bindings) header.push_back(name);
  const std::size_t named = header.size();
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < rows[0].expressions.size(); ++i) {
    bool plain = true;
    for (const ResultRow& row : rows) plain = plain && i < row.expressions.size() && row.expressions[i].value.is_true();
    if (plain && (named > 0 || rows[0].expressions.size() > 1)) continue;
    shown.push_back(i);
    header.push_back(rows[0].expressions[i].text);
  }
  if (header.empty()) {
    for (std::size_t i = 0; i < rows[0].expressions.size(); ++i) {
      shown.push_back(i);
      header.push_back(rows[0].expressions[i].text);
    }
  }
  std::vector<std::vector<std::string>> lines;
  for (const ResultRow& row : rows) {
    std::vector<std::string> line;
    for (std::size_t i = 0; i < named; ++i) line.push_back(cell(row.bindings[i].second, limit));
    for (const std::size_t i : shown) line.push_back(cell(row.expressions[i].value, limit));
    lines.push_back(std::move(line));
  }
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::size_t width = utf8::display_width(header[i]);
    for (const auto& line : lines) width = std::max(width, utf8::display_width(line[i]));
    widths.push_back(width);
  }
  std::string rule = "+";
  for (const std::size_t width : widths) rule += std::string(width + 2, '-') + "+";
  std::string out = rule + "\n|";
  for (std::size_t i = 0; i < header.size(); ++i) out += " " + centred(header[i], widths[i]) + " |";
  out += "\n" + rule + "\n";
  for (const auto& line : lines) {
    out += "|";
    for (std::size_t i = 0; i < line.size(); ++i) {
      out += " " + line[i] + std::string(widths[i] - utf8::display_width(line[i]), ' ') + " |";
    }
    out += "\n";
  }
  return out + rule + "\n";
}

}  // namespace chiron::policy
