// Shows a run while it goes on, on standard error: on a terminal a block of lines, one a gate, rewritten in place; in a
// log plain lines as gates start and end.
#pragma once
#include <memory>

#include "core/event.h"
#include "surfaces/cli/terminal.h"

namespace chiron::cli {

class LiveSink : public EventSink {
 public:
  // Clears what is shown in place; call before anything else is printed.
  virtual void close() = 0;
};
[[nodiscard]] std::unique_ptr<LiveSink> make_live_sink(const Terminal& terminal, bool colour, bool quiet);

}  // namespace chiron::cli
