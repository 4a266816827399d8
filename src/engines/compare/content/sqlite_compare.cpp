// SQLite databases: the file header's fields, the schema by name, and the rows of every table and in the order of their
// keys. The database is opened from memory, read-only, untrusted and with a bound on steps, so that a damaged file or a
// hostile schema can do nothing but fail.
#include <sqlite3.h>

#include <algorithm>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kMaxListingBytes = 256 * limits::kMiB;  // of one table's rows as text
constexpr int kStepsBetweenChecks = 10'000;

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Closer>;

// Name, type and SQL of everything in the schema.
struct Entry {
  std::string type, name, sql;
};

Item header_items(std::string_view bytes) {
  Item items("header", "", {0, 100});
  ByteReader in(bytes, Endian::big);
  in.skip(16);
  const std::uint16_t page = in.u16();
  items.header("page size", format("{}", page == 1 ? 65536u : page), {16, 2}).mark_noise("how the rows are packed");
  items.header("write version", format("{}", in.u8()), {18, 1});
  items.header("read version", format("{}", in.u8()), {19, 1});
  items.header("reserved bytes", format("{}", in.u8()), {20, 1}).mark_noise("how the rows are packed");
  in.skip(3);
  items.header("change counter", format("{}", in.u32()), {24, 4})
      .mark_noise("counts the transactions that made the file");
  items.header("pages", format("{}", in.u32()), {28, 4}).mark_noise("how the rows are packed");
  items.header("first free page", format("{}", in.u32()), {32, 4}).mark_noise("how the rows are packed");
  items.header("free pages", format("{}", in.u32()), {36, 4}).mark_noise("how the rows are packed");
  items.header("schema cookie", format("{}", in.u32()), {40, 4}).mark_noise("counts the changes of the schema");
  items.header("schema format", format("{}", in.u32()), {44, 4});
  items.header("suggested cache size", format("{}", in.u32()), {48, 4});
  items.header("autovacuum root", format("{}", in.u32()), {52, 4});
  items.header("text encoding", format("{}", in.u32()), {56, 4});
  items.header("user version", format("{}", in.u32()), {60, 4});
  items.header("incremental vacuum", format("{}", in.u32()), {64, 4});
  items.header("application id", format("{}", in.u32()), {68, 4});
  items.header("reserved", hex_bytes(in.take(20)), {72, 20});
  items.header("valid for change", format("{}", in.u32()), {92, 4})
      .mark_noise("counts the transactions that made the file");
  items.header("written by SQLite", format("{}", in.u32()), {96, 4}).mark_noise("the library that wrote the file");
  return items;
}

std::unexpected<Error> failed(sqlite3* database, std::string_view what) {
  return fail(ErrorKind::input, "compare.sqlite",
              format("{}: {}", what, database != nullptr ? sqlite3_errmsg(database) : "no memory"));
}

int stop_when_spent(void* budget) { return static_cast<Budget*>(budget)->stopped() ? 1 : 0; }

// `copy` holds the database and must outlive it.
Result<Database> open(std::string& copy, Budget& budget) {
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (opened != SQLITE_OK) return failed(raw, "opening");
  // A file left in write-ahead mode asks for a log that does not exist here; as the header is compared apart, it is
  // read as a plain one.
  copy[18] = copy[19] = 1;
  if (sqlite3_deserialize(raw, "main", reinterpret_cast<unsigned char*>(copy.data()),
                          static_cast<sqlite3_int64>(copy.size()), static_cast<sqlite3_int64>(copy.size()),
                          SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) {
    return failed(raw, "reading");
  }
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_exec(raw, "PRAGMA cell_size_check=ON", nullptr, nullptr, nullptr);
  sqlite3_limit(raw, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(raw, SQLITE_LIMIT_VDBE_OP, 250'000);
  sqlite3_limit(raw, SQLITE_LIMIT_EXPR_DEPTH, 200);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, 256 << 20);
  sqlite3_progress_handler(raw, kStepsBetweenChecks, stop_when_spent, &budget);
  return database;
}

Result<Statement> prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK)
    return failed(database, sql);
  return Statement(raw);
}

std::string column_text(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return "NULL";
    case SQLITE_INTEGER:
      return format("{}", sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return format("{}", sqlite3_column_double(statement, column));
    default:
      break;
  }
  const bool blob = sqlite3_column_type(statement, column) == SQLITE_BLOB;
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  const std::string_view view(data == nullptr ? "" : data, data == nullptr ? 0 : size);
  return blob ? "x'" + hex_bytes(view, 4096) + "'" : "'" + printable(view, 65536) + "'";
}

std::string name_of(std::string_view text) {  // as an SQL identifier
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

Result<std::vector<Entry>> read_schema(sqlite3* database) {
  const auto statement = TRY(prepare(database, "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"));
  std::vector<Entry> entries;
  int status = 0;
  while ((status = sqlite3_step(statement.get())) == SQLITE_ROW) {
    Entry entry;
    const auto text = [&](int column) {
      const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), column));
      return value == nullptr
                 ? std::string()
                 : std::string(value, static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), column)));
    };
    entry.type = text(0);
    entry.name = text(1);
    entry.sql = text(2);
    entries.push_back(std::move(entry));
  }
  if (status != SQLITE_DONE) return failed(database, "reading the schema");
  return entries;
}

// The rows as lines; in the order of the row ids or, where a table has none, of its key.
Result<std::string> read_rows(sqlite3* database, const std::string& table) {
  const auto statement = TRY(prepare(database, "SELECT * FROM " + name_of(table)));
  std::string out;
  int status = 0;
  while ((status = sqlite3_step(statement.get())) == SQLITE_ROW) {
    for (int column = 0; column < sqlite3_column_count(statement.get()); ++column) {
      if (column > 0) out += ", ";
      out += column_text(statement.get(), column);
    }
    out += '\n';
    if (out.size() > kMaxListingBytes)
      return fail(ErrorKind::limit, "compare.sqlite", format("the rows of {} take more than 256 MiB as text", table));
  }
  if (status != SQLITE_DONE) return failed(database, "reading " + table);
  return out;
}

}  // namespace

bool matches_sqlite(ByteView a, ByteView b, std::string_view) {
  return a.size() >= 512 && b.size() >= 512 && a.starts_with(kMagic) && b.starts_with(kMagic);
}

Result<void> compare_sqlite(ByteView a, ByteView b, Context& context, Difference& out) {
  Item items_a, items_b;
  items_a.children.push_back(header_items(a));
  items_b.children.push_back(header_items(b));
  const MemoryLease lease(context.budget(), a.size() + b.size());
  if (!lease.ok()) return std::unexpected(memory_error("two databases", a.size() + b.size()));
  std::string copy_a(a), copy_b(b);
  const auto left = TRY(open(copy_a, context.budget()));
  const auto right = TRY(open(copy_b, context.budget()));
  const auto schema_a = TRY(read_schema(left.get()));
  const auto schema_b = TRY(read_schema(right.get()));
  const auto add_schema = [](const std::vector<Entry>& schema, Item& items) {
    auto& group = items.add("schema");
    for (const auto& entry : schema) group.add(printable(entry.type + " " + entry.name), printable(entry.sql, 65536));
  };
  add_schema(schema_a, items_a);
  add_schema(schema_b, items_b);
  compare_items(items_a, items_b, context.budget(), out);
  const auto rows = [&](sqlite3* database, const std::vector<Entry>& schema,
                        std::string_view name) -> Result<std::string> {
    for (const auto& entry : schema) {
      if (entry.type == "table" && entry.name == name && !entry.sql.starts_with("CREATE VIRTUAL"))
        return read_rows(database, entry.name);
    }
    return std::string();
  };
  std::vector<std::string> tables;
  for (const auto* schema : {&schema_a, &schema_b}) {
    for (const auto& entry : *schema) {
      if (entry.type == "table" && std::find(tables.begin(), tables.end(), entry.name) == tables.end())
        tables.push_back(entry.name);
    }
  }
  for (const auto& table : tables) {
    auto rows_a = rows(left.get(), schema_a, table);
    auto rows_b = rows(right.get(), schema_b, table);
    if (!rows_a || !rows_b) {
      auto& child = out.add_child(Kind::error, "table " + table, "table " + table);
      child.comments.push_back(to_string(!rows_a ? rows_a.error() : rows_b.error()));
      continue;
    }
    diff_listing("table " + printable(table), "rows", *rows_a, *rows_b, context.budget(), out);
  }
  return {};
}

}  // namespace chiron::compare
