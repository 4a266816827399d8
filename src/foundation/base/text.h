// Small text helpers that the standard library lacks.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::text {

[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// Lines without their terminator; a final empty piece after the last "\n" is not a line. "\r\n" ends a line too.
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
[[nodiscard]] std::string_view trim(std::string_view text);  // ASCII white space at both ends
[[nodiscard]] std::string to_lower_ascii(std::string_view text);
[[nodiscard]] std::string to_upper_ascii(std::string_view text);
[[nodiscard]] std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
[[nodiscard]] std::string escape_html(std::string_view text);  // & < > " '
[[nodiscard]] std::string escape_xml(
    std::string_view text);  // the same, control characters dropped, bad UTF-8 replaced
[[nodiscard]] std::string to_hex(std::string_view bytes);

// Whole-string decimal numbers; nothing for anything else (signs for the signed one only).
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_signed(std::string_view text);
[[nodiscard]] std::optional<double> parse_double(std::string_view text);

// The candidate nearest to `word` by edit distance, where it is near enough to be a misspelling.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

// Shell-style wildcard match of a whole path: * and ? stay within a folder, ** crosses them, [a-z] and {a,b}.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view path);

}  // namespace chiron::text
