// A scan of JSON text that names the first character that cannot stand where it stands. Run only on text that did not
// parse, so that it need not be fast.
#include "engines/policy/builtins/json_problem.h"

#include <vector>

#include "foundation/base/utf8.h"

namespace chiron::policy::functions {

namespace {

struct Scan {
  std::string_view text;
  std::size_t at = 0;
  std::string problem;

  [[nodiscard]] bool end() const { return at >= text.size(); }
  void spaces() {
    while (!end() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  }
  bool unexpected(std::string_view where) {
    if (!problem.empty()) return false;
    if (end()) {
      problem = "unexpected EOF";
      return false;
    }
    const unsigned char c = static_cast<unsigned char>(text[at]);
    std::string shown;
    if (c == '\'')
      shown = "'\\''";
    else if (c == '"')
      shown = "'\"'";
    else if (c == '\n')
      shown = "'\\n'";
    else if (c == '\t')
      shown = "'\\t'";
    else if (c == '\\')
      shown = "'\\\\'";
    else if (c < 0x20 || c == 0x7f) {
      static constexpr char kHex[] = "0123456789abcdef";
      shown = std::string("'\\x") + kHex[c >> 4] + kHex[c & 15] + "'";
    } else if (c < 0x80) {
      shown = std::string("'") + static_cast<char>(c) + "'";
    } else {
      // Bytes are taken for characters of Latin 1, as they are there.
      shown = std::string("'") + static_cast<char>(0xc0 | (c >> 6)) + static_cast<char>(0x80 | (c & 0x3f)) + "'";
    }
    problem = "invalid character " + shown + " " + std::string(where);
    return false;
  }
  bool string() {
    ++at;
    while (true) {
      if (end()) return unexpected("");
      const unsigned char c = static_cast<unsigned char>(text[at]);
      if (c == '"') {
        ++at;
        return true;
      }
      if (c < 0x20) return unexpected("in string literal");
      if (c != '\\') {
        ++at;
        continue;
      }
      ++at;
      if (end()) return unexpected("");
      if (text[at] == 'u') {
        for (int i = 0; i < 4; ++i) {
          ++at;
          if (end()) return unexpected("");
          const char h = text[at];
          const bool hex = (h >= '0' && h <= '9') || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F');
          if (!hex) return unexpected("in \\u hexadecimal character escape");
        }
      } else if (std::string_view("bfnrt\\/\"").find(text[at]) == std::string_view::npos) {
        return unexpected("in string escape code");
      }
      ++at;
    }
  }
  bool digits() {
    bool any = false;
    while (!end() && text[at] >= '0' && text[at] <= '9') {
      ++at;
      any = true;
    }
    return any;
  }
  bool number() {
    if (text[at] == '-') ++at;
    if (!end() && text[at] == '0')
      ++at;
    else if (!digits())
      return unexpected("in numeric literal");
    if (!end() && text[at] == '.') {
      ++at;
      if (!digits()) return unexpected("after decimal point in numeric literal");
    }
    if (!end() && (text[at] == 'e' || text[at] == 'E')) {
      ++at;
      if (!end() && (text[at] == '+' || text[at] == '-')) ++at;
      if (!digits()) return unexpected("in exponent of numeric literal");
    }
    return true;
  }
  bool word(std::string_view expected) {
    for (std::size_t i = 0; i < expected.size(); ++i, ++at) {
      if (end()) return unexpected("");
      if (text[at] != expected[i]) {
        return unexpected("in literal " + std::string(expected) + " (expecting '" + expected[i] + "')");
      }
    }
    return true;
  }
  // A value that is no collection, or the opening of one.
  bool begin(std::vector<char>& open) {
    spaces();
    if (end()) return unexpected("");
    const char c = text[at];
    if (c == '{' || c == '[') {
      open.push_back(c);
      ++at;
      return true;
    }
    if (c == '"') return string();
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    if (c == 't') return word("true");
    if (c == 'f') return word("false");
    if (c == 'n') return word("null");
    return unexpected("looking for beginning of value");
  }
  bool key() {
    spaces();
    if (end()) return unexpected("");
    if (text[at] != '"') return unexpected("looking for beginning of object key string");
    if (!string()) return false;
    spaces();
    if (end()) return unexpected("");
    if (text[at] != ':') return unexpected("after object key");
    ++at;
    return true;
  }
  void run() {
    std::vector<char> open;
    bool fresh = true;  // a collection was just opened
    if (!begin(open)) return;
    fresh = !open.empty();
    while (!open.empty()) {
      spaces();
      if (end()) return void(unexpected(""));
      const bool object = open.back() == '{';
      if (text[at] == (object ? '}' : ']')) {
        ++at;
        open.pop_back();
        fresh = false;
        continue;
      }
      if (!fresh) {
        if (text[at] != ',') return void(unexpected(object ? "after object key:value pair" : "after array element"));
        ++at;
        spaces();
      }
      const std::size_t depth = open.size();
      if (object && !key()) return;
      if (!begin(open)) return;
      fresh = open.size() > depth;
    }
    spaces();
    if (!end()) unexpected("after top-level value");
  }
};

}  // namespace

std::string json_problem(std::string_view text) {
  Scan scan{text, 0, {}};
  scan.run();
  return scan.problem;
}

}  // namespace chiron::policy::functions
