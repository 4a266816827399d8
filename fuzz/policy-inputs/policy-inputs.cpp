// Every input reader on any bytes: the first byte chooses the format, one value of it the reader of .proto files.
#include "engines/policy/inputs/proto_schema.h"
#include "engines/policy/inputs/reader.h"

namespace {

// Messages for the text format: all kinds of fields.
constexpr std::string_view kDefinitions = R"(syntax = "proto3"; package f;
enum E { A = 0; B = 1; }
message M { string s = 1; bytes b = 2; int32 i = 3; uint64 u = 4; double d = 5; float f = 6; bool t = 7; E e = 8; M m = 9;
  repeated M r = 10; map<string, M> x = 11; map<int32, E> y = 12; oneof o { string l = 13; bool k = 14; }
  google.protobuf.Timestamp at = 15; google.protobuf.Duration len = 16; google.protobuf.BoolValue v = 17; })";

std::shared_ptr<const chiron::policy::proto::Schema> messages() {
  chiron::policy::proto::Schema schema;
  if (!schema.add("fuzz.proto", kDefinitions) || !schema.link()) __builtin_trap();
  return std::make_shared<const chiron::policy::proto::Schema>(std::move(schema));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size == 0) return 0;
  using namespace chiron;
  static const auto schema = messages();
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const auto names = policy::input_format_names();
  const std::size_t choice = bytes[0] % (names.size() + 1);
  if (choice == names.size()) {
    policy::proto::Schema read;
    if (read.add("x.proto", text)) (void)read.link();
    return 0;
  }
  const auto format = policy::parse_input_format(names[choice]);
  if (!format) return 0;
  policy::InputOptions options;
  options.messages = schema;
  std::string whole(text);
  if (*format == policy::InputFormat::textproto) whole = "# proto-message: f.M\n" + whole;
  const auto value = policy::parse_input(*format, whole, options);
  if (!value) return 0;
  doc::TreeBuilder copy;
  if (!policy::feed(*value, copy)) __builtin_trap();
  return 0;
}
