// The bundle reader on any bytes, with and without a key.
#include "engines/policy/bundle/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace chiron::policy;
  const std::string_view archive(reinterpret_cast<const char*>(bytes), size);
  (void)read_bundle(archive);
  BundleVerification verification;
  verification.key = "secret";
  verification.algorithm = "HS256";
  (void)read_bundle(archive, verification);
  return 0;
}
