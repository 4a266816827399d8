#include "foundation/sqlite/sqlite.h"

#include <sqlite3.h>

#include "foundation/base/format.h"

namespace chiron::sqlite {

namespace {

constexpr int kBusyTimeoutMs = 10'000;

sqlite3_stmt* as_statement(void* pointer) { return static_cast<sqlite3_stmt*>(pointer); }

std::unexpected<Error> failure(sqlite3* db, int code, std::string_view what) {
  std::string name = "sqlite.failed";
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) name = "sqlite.corrupt";
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) name = "sqlite.busy";
  if (code == SQLITE_CANTOPEN) name = "sqlite.open";
  return fail(ErrorKind::io, name,
              format("failed to {}: {}", what, db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code)));
}

}  // namespace

struct Database::State {
  sqlite3* db = nullptr;
  std::string path;
  ~State() { sqlite3_close_v2(db); }
};

std::int64_t Row::integer(int column) const { return sqlite3_column_int64(as_statement(statement_), column); }
double Row::real(int column) const { return sqlite3_column_double(as_statement(statement_), column); }
std::string_view Row::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(as_statement(statement_), column));
  const auto size = sqlite3_column_bytes(as_statement(statement_), column);
  return data != nullptr ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}
bool Row::is_null(int column) const { return sqlite3_column_type(as_statement(statement_), column) == SQLITE_NULL; }

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, Mode mode) {
  auto state = std::make_unique<State>();
  state->path = path;
  const int flags = mode == Mode::read_only    ? SQLITE_OPEN_READONLY
                    : mode == Mode::read_write ? SQLITE_OPEN_READWRITE
                                               : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &state->db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return failure(state->db, code, "open " + path);
  sqlite3_busy_timeout(state->db, kBusyTimeoutMs);
  // A database from a stranger may hold views and triggers that call functions.
  sqlite3_db_config(state->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return Database(std::move(state));
}

Result<Database> Database::from_bytes(std::string_view bytes) {
  auto database = TRY(open(":memory:", Mode::create));
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  const auto size = static_cast<sqlite3_int64>(bytes.size());
  const int code = sqlite3_deserialize(database.state_->db, "main", data, size, size, SQLITE_DESERIALIZE_READONLY);
  if (code != SQLITE_OK) return failure(database.state_->db, code, "read the database");
  return database;
}

Result<void> Database::script(const std::string& sql) {
  const int code = sqlite3_exec(state_->db, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(state_->db, code, "use " + state_->path);
  return {};
}

Result<void> Database::execute(std::string_view sql, const std::vector<Parameter>& parameters) {
  return query(sql, parameters, [](const Row&) { return true; });
}

Result<void> Database::query(std::string_view sql, const std::vector<Parameter>& parameters,
                             const std::function<bool(const Row&)>& row) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(state_->db, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  if (code != SQLITE_OK) return failure(state_->db, code, "use " + state_->path);
  int index = 0;
  for (const auto& parameter : parameters) {
    ++index;
    if (const auto* integer = std::get_if<std::int64_t>(&parameter))
      sqlite3_bind_int64(raw, index, *integer);
    else if (const auto* real = std::get_if<double>(&parameter))
      sqlite3_bind_double(raw, index, *real);
    else if (const auto* text = std::get_if<std::string_view>(&parameter))
      sqlite3_bind_text64(raw, index, text->data() != nullptr ? text->data() : "", text->size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8);
    else
      sqlite3_bind_null(raw, index);
  }
  while ((code = sqlite3_step(raw)) == SQLITE_ROW)
    if (!row(Row(raw))) return {};
  if (code != SQLITE_DONE) return failure(state_->db, code, "use " + state_->path);
  return {};
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(state_->db); }

}  // namespace chiron::sqlite
