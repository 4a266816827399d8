#include "engines/policy/format/page.h"

namespace chiron::policy::format {

void Page::take_back(const Mark& mark) {
  text_.resize(mark.size);
  level_ = mark.level;
  open_ = mark.open;
  delayed_ = mark.delayed;
  waiting_ = mark.waiting;
}

void Page::start_line() {
  open_ = true;
  text_.append(static_cast<std::size_t>(level_), '\t');
}

void Page::end_line() {
  open_ = false;
  if (waiting_ != nullptr && !delayed_) {
    text_ += ' ';
    text_ += waiting_->text;
    waiting_ = nullptr;
  }
  delayed_ = false;
  text_ += '\n';
}

void Page::blank_line() {
  if (open_) end_line();
  text_ += '\n';
}

void Page::whole_line(std::string_view text) {
  if (!open_) start_line();
  text_ += text;
  end_line();
}

bool Page::hold(const Note* note) {
  if (note == nullptr) return true;
  if (waiting_ != nullptr) {
    waiting_ = nullptr;
    return false;
  }
  waiting_ = note;
  return true;
}

std::string Page::finish() {
  if (text_.ends_with('\n')) {
    while (text_.ends_with('\n')) text_.pop_back();
    text_ += '\n';
  }
  return std::move(text_);
}

}  // namespace chiron::policy::format
