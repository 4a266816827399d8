// Cobertura, JaCoCo and Clover: the fast path and the library must agree on whether a report is one, and on its lines.
#include "engines/coverage/readers.h"
#include "engines/coverage/xml_report.h"

using namespace chiron::coverage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  auto plain = Input::memory("f", text);
  auto first = read_xml_report(plain, {});
  // A trailing CDATA-free comment is plain; a processing instruction with an odd name sends it to the library.
  auto slow_text = text + "<?xml-odd?>";
  auto slow = Input::memory("f", slow_text);
  auto second = read_xml_report(slow, {});
  if (first && second) {
    if (first->files.size() != second->files.size()) __builtin_trap();
    for (std::size_t i = 0; i < first->files.size(); ++i)
      if (first->files[i].lines != second->files[i].lines) __builtin_trap();
  }
  if (first)
    for (auto& file : first->files) normalize(file, Instances::add);
  return 0;
}
