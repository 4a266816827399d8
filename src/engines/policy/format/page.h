// The text under way: lines, indentation, and the comment that waits for the end of its line.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace chiron::policy::format {

struct Note {  // a comment
  long row = 0;
  std::string text;  // with its "#", without white space at the end
  bool metadata = false;
};

class Page {
 public:
  struct Mark {
    std::size_t size;
    int level;
    bool open, delayed;
    const Note* waiting;
  };
  [[nodiscard]] Mark mark() const { return {text_.size(), level_, open_, delayed_, waiting_}; }
  void take_back(const Mark& mark);

  void write(std::string_view text) { text_ += text; }
  void start_line();
  void end_line();
  // Ends the line where one is under way, and leaves one empty.
  void blank_line();
  void whole_line(std::string_view text);
  [[nodiscard]] bool open() const { return open_; }  // a line is under way
  void set_open() { open_ = true; }
  void up() { ++level_; }
  void down() { level_ -= level_ > 0 ? 1 : 0; }

  // The comment is written where the line ends. False where another waits already: that one is let go.
  [[nodiscard]] bool hold(const Note* note);
  [[nodiscard]] const Note* waiting() const { return waiting_; }
  void let_go() { waiting_ = nullptr; }
  // The next end of a line leaves the waiting comment waiting.
  void delay() { delayed_ = true; }

  // With one line break at the end, where there is any.
  [[nodiscard]] std::string finish();

 private:
  std::string text_;
  int level_ = 0;
  bool open_ = false;
  bool delayed_ = false;
  const Note* waiting_ = nullptr;
};

}  // namespace chiron::policy::format
