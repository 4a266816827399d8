// Every bound on input has a name here, so that it can be read, tested and raised in one place.
#pragma once
#include <cstddef>
#include <cstdint>

namespace chiron::limits {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

// Documents (JSON, YAML, TOML, XML).
inline constexpr std::uint64_t kDocumentBytes = 2 * kGiB - 1;  // spans are 32-bit offsets
inline constexpr std::size_t kDocumentDepth = 10'000;
inline constexpr std::size_t kYamlDepth = 1'000;               // libyaml recurses over nothing, Go's reader stops here
inline constexpr std::size_t kYamlAliasExpansion = 1'000'000;  // nodes made by expanding aliases
inline constexpr std::size_t kXmlDepth = 2'000;

// Configuration files are read whole and shown in errors.
inline constexpr std::uint64_t kConfigBytes = 16 * kMiB;

// Children.
inline constexpr std::uint64_t kCapturedOutputBytes = 64 * kMiB;

}  // namespace chiron::limits
