// Every bound on what a coverage report or a diff may claim. A report is somebody else's output: a line number
// of four billion must not cost four billion of anything.
#pragma once
#include <cstddef>
#include <cstdint>

namespace chiron::coverage::limits {

inline constexpr std::uint32_t kLineNumber = 50'000'000;     // the largest line number a source file may have
inline constexpr std::uint64_t kReportBytes = 16ULL << 30;   // streamed formats
inline constexpr std::uint64_t kTextLineBytes = 1ULL << 20;  // one line of an LCOV report or a diff header
inline constexpr std::uint64_t kXmlTagBytes = 16ULL << 20;   // one tag, attributes included
inline constexpr std::size_t kFiles = 2'000'000;             // source files of one report, or files of one diff
inline constexpr std::size_t kPathBytes = 16'384;
inline constexpr std::size_t kArmsOfBranch = 65'536;
inline constexpr std::size_t kNotes = 50;                    // oddities worth telling about one report
inline constexpr std::uint64_t kUnpackedBytes = 1ULL << 30;  // a gzip-compressed report
inline constexpr std::size_t kGraphBlocks = 1'000'000;       // basic blocks of one function
inline constexpr std::uint64_t kDiffLines = 200'000'000;

}  // namespace chiron::coverage::limits
