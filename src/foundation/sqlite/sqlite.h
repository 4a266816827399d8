// SQLite behind a thin handle: statements with bound values, rows as typed columns, errors as values.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::sqlite {

using Parameter = std::variant<std::nullptr_t, std::int64_t, double, std::string_view>;

// One row during a query; views live until the next row.
class Row {
 public:
  explicit Row(void* statement) : statement_(statement) {}
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;  // also blobs
  [[nodiscard]] bool is_null(int column) const;

 private:
  void* statement_;
};

enum class Mode { read_only, read_write, create };

class Database {
 public:
  // Errors: "sqlite.open", "sqlite.corrupt", "sqlite.busy", "sqlite.failed". A busy database is waited for, 10 s at
  // most.
  [[nodiscard]] static Result<Database> open(const std::string& path, Mode mode);
  // A database that lies in memory as bytes (read-only; the bytes must outlive it).
  [[nodiscard]] static Result<Database> from_bytes(std::string_view bytes);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  [[nodiscard]] Result<void> execute(std::string_view sql, const std::vector<Parameter>& parameters = {});
  // Several statements without parameters.
  [[nodiscard]] Result<void> script(const std::string& sql);
  // Calls `row` for each row until it returns false.
  [[nodiscard]] Result<void> query(std::string_view sql, const std::vector<Parameter>& parameters,
                                   const std::function<bool(const Row&)>& row);
  [[nodiscard]] std::int64_t last_insert_id() const;

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiron::sqlite
