// coverage.py's data file (.coverage, schema 7): SQLite with the lines that ran, as bit sets or as jumps. It does not
// say which lines could have run: those are read from the Python sources, where they can be found.
#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "engines/coverage/limits.h"
#include "engines/coverage/python_lines.h"
#include "engines/coverage/readers.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinishStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;

constexpr int kMaxRows = 50'000'000;

struct Ran {
  std::string path;
  std::set<std::uint32_t> lines;
};

class DataFile {
 public:
  explicit DataFile(std::string name) : name_(std::move(name)) {}

  Result<void> open() {
    sqlite3* raw = nullptr;
    // immutable: never a journal or lock beside somebody else's file.
    std::string uri = "file:";
    for (const char c : name_) {
      if (c == '%' || c == '?' || c == '#')
        uri += format("%{:02x}", static_cast<unsigned char>(c));
      else
        uri += c;
    }
    const int status =
        sqlite3_open_v2((uri + "?immutable=1").c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    database_.reset(raw);
    if (status != SQLITE_OK) return wrong();
    sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, static_cast<int>(limits::kLineNumber / 4));
    return {};
  }

  template <class Row>
  Result<void> each(const char* query, Row row) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(database_.get(), query, -1, &raw, nullptr) != SQLITE_OK) return wrong();
    const Statement statement(raw);
    for (int rows = 0;; ++rows) {
      const int status = sqlite3_step(raw);
      if (status == SQLITE_DONE) return {};
      if (status != SQLITE_ROW) return wrong();
      if (rows >= kMaxRows) return fail(ErrorKind::limit, "limit.rows", "too many rows", Place{name_});
      row(raw);
    }
  }

  [[nodiscard]] std::unexpected<Error> wrong() const {
    return fail(ErrorKind::input, "coverage.sqlite",
                format("not a readable coverage.py data file: {}", sqlite3_errmsg(database_.get())), Place{name_},
                "run the tests again, or export with `coverage json`");
  }

 private:
  std::string name_;
  Database database_;
};

std::string text_column(sqlite3_stmt* row, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text == nullptr ? "" : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
}

// Bit i of byte j is line 8 j + i.
void add_numbits(sqlite3_stmt* row, int column, std::set<std::uint32_t>& lines) {
  const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(row, column));
  const auto length = static_cast<std::uint32_t>(sqlite3_column_bytes(row, column));
  for (std::uint32_t i = 0; bytes != nullptr && i < length; ++i)
    for (std::uint32_t bit = 0; bit < 8; ++bit)
      if ((bytes[i] >> bit & 1) != 0 && i * 8 + bit != 0) lines.insert(i * 8 + bit);
}

SourceFile to_file(const Ran& ran, const ReaderOptions& options, std::size_t& without_source) {
  SourceFile file;
  file.path = ran.path;
  std::optional<std::string> source;
  if (options.read_source) source = options.read_source(ran.path);
  if (!source) {
    ++without_source;
    for (const auto line : ran.lines) file.lines.push_back({line, 1});
    return file;
  }
  const auto python = find_python_lines(*source);
  std::set<std::uint32_t> run;
  for (const auto line : ran.lines) run.insert(python.statement_of(line));
  for (const auto line : python.statements) file.lines.push_back({line, run.contains(line) ? 1U : 0U});
  return file;
}

}  // namespace

Result<std::vector<ContextLines>> read_coveragepy_contexts(const std::string& path) {
  DataFile data(path);
  TRY(data.open());
  std::map<std::int64_t, std::string> files, contexts;
  TRY(data.each("SELECT id, path FROM file",
                [&](sqlite3_stmt* row) { files[sqlite3_column_int64(row, 0)] = text_column(row, 1); }));
  TRY(data.each("SELECT id, context FROM context",
                [&](sqlite3_stmt* row) { contexts[sqlite3_column_int64(row, 0)] = text_column(row, 1); }));
  std::map<std::pair<std::int64_t, std::int64_t>, std::set<std::uint32_t>> ran;
  TRY(data.each("SELECT context_id, file_id, numbits FROM line_bits", [&](sqlite3_stmt* row) {
    add_numbits(row, 2, ran[{sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)}]);
  }));
  TRY(data.each("SELECT context_id, file_id, fromno, tono FROM arc", [&](sqlite3_stmt* row) {
    auto& lines = ran[{sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)}];
    for (const int column : {2, 3}) {
      const auto line = sqlite3_column_int64(row, column);
      if (line > 0 && line <= limits::kLineNumber) lines.insert(static_cast<std::uint32_t>(line));
    }
  }));
  std::vector<ContextLines> result;
  for (const auto& [key, lines] : ran) {
    const auto context = contexts.find(key.first);
    const auto file = files.find(key.second);
    if (context == contexts.end() || file == files.end() || lines.empty()) continue;
    result.push_back({context->second, file->second, {lines.begin(), lines.end()}});
  }
  return result;
}

Result<Report> read_coveragepy_sqlite(Input& input, const ReaderOptions& options) {
  Report report;
  report.name = input.name();
  report.format = Format::coveragepy_sqlite;
  DataFile data(input.name());
  TRY(data.open());
  std::map<std::int64_t, Ran> files;
  TRY(data.each("SELECT id, path FROM file", [&](sqlite3_stmt* row) {
    auto path = text_column(row, 1);
    if (path.empty() || path.size() > limits::kPathBytes || (options.wanted && !options.wanted(path))) return;
    files[sqlite3_column_int64(row, 0)].path = std::move(path);
  }));
  TRY(data.each("SELECT file_id, numbits FROM line_bits", [&](sqlite3_stmt* row) {
    const auto found = files.find(sqlite3_column_int64(row, 0));
    if (found != files.end()) add_numbits(row, 1, found->second.lines);
  }));
  TRY(data.each("SELECT file_id, fromno, tono FROM arc", [&](sqlite3_stmt* row) {
    const auto found = files.find(sqlite3_column_int64(row, 0));
    if (found == files.end()) return;
    const auto from = sqlite3_column_int64(row, 1), to = sqlite3_column_int64(row, 2);
    if (from > 0 && from <= limits::kLineNumber) found->second.lines.insert(static_cast<std::uint32_t>(from));
    if (to > 0 && to <= limits::kLineNumber) found->second.lines.insert(static_cast<std::uint32_t>(to));
  }));
  std::size_t without_source = 0;
  for (const auto& [id, ran] : files) report.files.push_back(to_file(ran, options, without_source));
  if (without_source != 0)
    report.note(format("the sources of {} files cannot be read, so only the lines that ran are known", without_source));
  return report;
}

}  // namespace chiron::coverage
