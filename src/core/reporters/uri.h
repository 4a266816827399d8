// File names as URIs (RFC 3986): every byte outside the unreserved characters and "/" is percent-encoded, so names with
// spaces, "#", newlines or bytes that are no UTF-8 survive.
#pragma once
#include <string>
#include <string_view>

namespace chiron {

[[nodiscard]] std::string percent_encode_path(std::string_view path);
[[nodiscard]] bool has_uri_scheme(std::string_view uri);

}  // namespace chiron
