// A run is a stream of events. Whoever shows or records a run listens; gates know no surface.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/report.h"

namespace chiron {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Called from any thread; implementations synchronise.
  virtual void gate_started(std::string_view gate) { (void)gate; }
  // `done` of `total` (0: unknown) in words of the gate ("files", "tests"); may come often.
  virtual void progress(std::string_view gate, std::uint64_t done, std::uint64_t total, std::string_view what) {
    (void)gate, (void)done, (void)total, (void)what;
  }
  // A line worth showing while the gate runs.
  virtual void message(std::string_view gate, std::string_view text) { (void)gate, (void)text; }
  virtual void gate_ended(const GateResult& result, const Timing& timing) { (void)result, (void)timing; }
};

}  // namespace chiron
