// Cobertura, JaCoCo and Clover: the fast path and the library must agree on whether a report is one, and on all of it.
#include "engines/coverage/readers.h"
#include "engines/coverage/xml_report.h"

using namespace chiron::coverage;

namespace {

void compare(std::string_view text, const ReaderOptions& options, bool all_read) {
  auto plain = Input::memory("f", text);
  auto fast = read_xml_report(plain, options);
  auto again = Input::memory("f", text);
  auto slow = read_xml_report_by_library(again, options);
  // What is jumped over is not judged by the fast path, so it may take more there, but never read something else.
  if (slow && !fast) __builtin_trap();
  if (all_read && fast && !slow) __builtin_trap();
  if (!fast || !slow) return;
  if (fast->format != slow->format || fast->files != slow->files || fast->source_roots != slow->source_roots ||
      fast->made_at_s != slow->made_at_s || fast->notes != slow->notes)
    __builtin_trap();
  for (auto& file : fast->files) normalize(file, Instances::add);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  compare(text, {}, true);
  ReaderOptions some;
  some.wanted = [](std::string_view path) { return path.size() % 2 == 0; };
  compare(text, some, false);
  return 0;
}
