// Which lines of a Python source begin a statement that runs: what coverage.py's data file leaves out. Found from the
// tokens alone; comments, continuation lines, docstrings, `else:`, `finally:`, `global` and `nonlocal` are none, and
// "# pragma: no cover" takes a line, or the whole suite it opens, out.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace chiron::coverage {

struct PythonLines {
  std::vector<std::uint32_t> statements;  // ascending
  std::vector<std::uint32_t> first_line;  // by line: the first line of the statement it belongs to, 0 for none
  [[nodiscard]] std::uint32_t statement_of(std::uint32_t line) const {
    return line < first_line.size() && first_line[line] != 0 ? first_line[line] : line;
  }
};

[[nodiscard]] PythonLines find_python_lines(std::string_view source);

}  // namespace chiron::coverage
