// chiron.toml on arbitrary bytes, against an operation with a field of every type.
#include "core/config.h"

using namespace chiron;

namespace {

struct EveryRequest {
  std::string text, choice;
  std::optional<std::string> path;
  std::vector<std::string> list;
  std::int64_t integer = 0;
  double real = 0;
  bool flag = false;
};

Operation every_operation() {
  auto every =
      operation<EveryRequest>("every", "Every type",
                              Fields<EveryRequest>()
                                  .add("text", &EveryRequest::text, {.help = "t", .required = true})
                                  .add("choice", &EveryRequest::choice, {.help = "c", .choices = {"a", "b"}})
                                  .add("path", &EveryRequest::path, {.help = "p", .is_path = true})
                                  .add("list", &EveryRequest::list, {.help = "l"})
                                  .add("integer", &EveryRequest::integer, {.help = "i", .minimum = 0, .maximum = 9})
                                  .add("real", &EveryRequest::real, {.help = "r"})
                                  .add("flag", &EveryRequest::flag, {.help = "f"})
                                  .take(),
                              [](const EveryRequest&, Context&) -> Result<Response> { return Response{}; });
  every.gate = GateFacet{};
  return every;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Registry registry({{"every", every_operation}});
  (void)parse_config({reinterpret_cast<const char*>(data), size}, "chiron.toml", registry);
  return 0;
}
