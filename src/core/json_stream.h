// JSON written piece by piece into an Output: nothing is built in memory, so a report of any length can be written.
// The caller keeps the order of calls right (a key before each member's value); commas are kept here.
#pragma once
#include <cmath>
#include <concepts>
#include <string_view>

#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "foundation/io/output.h"

namespace chiron {

class JsonStream {
 public:
  explicit JsonStream(io::Output& output) : output_(output) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  // The next element or member starts on a line of its own.
  void line_break() { line_break_ = true; }

  void key(std::string_view name) {
    separate();
    doc::append_json_string(output_.buffer(), name);
    output_.put(':');
    comma_ = false;
  }
  void string(std::string_view text) {
    separate();
    doc::append_json_string(output_.buffer(), text);
    output_.flush_if_full();
    comma_ = true;
  }
  template <std::integral T>
  void number(T value) {
    separate();
    output_.write(format("{}", value));
    comma_ = true;
  }
  // What JSON has no number for (an infinity) is null.
  void number(double value) { raw(std::isfinite(value) ? spelling(value) : "null"); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  // A value that is JSON already.
  void raw(std::string_view json) {
    separate();
    output_.write(json);
    comma_ = true;
  }

  void member(std::string_view name, std::string_view text) {
    key(name);
    string(text);
  }
  void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }
  template <class T>
    requires std::integral<T> || std::floating_point<T>
  void member(std::string_view name, T value) {
    key(name);
    if constexpr (std::same_as<T, bool>)
      boolean(value);
    else
      number(value);
  }
  void member_unless_empty(std::string_view name, std::string_view text) {
    if (!text.empty()) member(name, text);
  }

  // Shortest spelling that reads back as the same number; whole numbers without a fraction.
  [[nodiscard]] static std::string spelling(double value) {
    auto text = format("{}", value);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text == "-0" ? "0" : text;
  }

 private:
  void separate() {
    if (comma_) output_.put(',');
    if (line_break_) output_.put('\n');
    line_break_ = false;
  }
  void open(char bracket) {
    separate();
    output_.put(bracket);
    comma_ = false;
  }
  void close(char bracket) {
    if (line_break_) output_.put('\n');
    line_break_ = false;
    output_.put(bracket);
    comma_ = true;
  }

  io::Output& output_;
  bool comma_ = false;
  bool line_break_ = false;
};

}  // namespace chiron
