#include "engines/testing/coverage_map.h"

#include <algorithm>

#include "engines/testing/line_changes.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"
#include "foundation/io/files.h"
#include "foundation/sqlite/sqlite.h"

namespace chiron::testing {
namespace {

constexpr std::int64_t kFormat = 1;

constexpr const char* kTables =
    "CREATE TABLE source(id INTEGER PRIMARY KEY, path TEXT, digest TEXT, hashes BLOB, directives BLOB, functions BLOB,"
    " imports TEXT);"
    "CREATE TABLE covered(id INTEGER PRIMARY KEY, source INTEGER, lines BLOB, functions BLOB);"
    "CREATE TABLE program(id TEXT PRIMARY KEY, digest TEXT, sources TEXT);"
    "CREATE TABLE test(id TEXT PRIMARY KEY, covered BLOB);";

// Numbers of seven bits a byte; ascending lists as differences.
void append_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

std::string pack_ascending(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  std::uint32_t last = 0;
  for (const auto number : numbers) {
    append_number(out, number - last);
    last = number;
  }
  return out;
}

std::string pack_plain(const std::vector<std::uint32_t>& numbers) {
  std::string out(numbers.size() * 4, '\0');
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::size_t byte = 0; byte < 4; ++byte) out[i * 4 + byte] = static_cast<char>(numbers[i] >> (8 * byte));
  return out;
}

// Reads what was packed; `good` turns false where the bytes are none of ours.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      if (at_ >= bytes_.size()) break;
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return static_cast<std::uint32_t>(value);
    }
    good_ = false;
    return 0;
  }
  std::string_view text() {
    const std::size_t length = number();
    if (length > bytes_.size() - at_) {
      good_ = false;
      return {};
    }
    const auto piece = bytes_.substr(at_, length);
    at_ += length;
    return piece;
  }
  [[nodiscard]] bool more() const { return good_ && at_ < bytes_.size(); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
};

std::vector<std::uint32_t> unpack_ascending(std::string_view bytes, bool& good) {
  std::vector<std::uint32_t> numbers;
  Unpacker unpacker(bytes);
  std::uint32_t last = 0;
  while (unpacker.more()) numbers.push_back(last += unpacker.number());
  good = good && unpacker.good();
  return numbers;
}

std::vector<std::uint32_t> unpack_plain(std::string_view bytes, bool& good) {
  good = good && bytes.size() % 4 == 0;
  std::vector<std::uint32_t> numbers(bytes.size() / 4, 0);
  for (std::size_t i = 0; i < numbers.size() * 4; ++i)
    numbers[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * (i % 4));
  return numbers;
}

std::string pack_functions(const std::vector<CodeFunction>& functions) {
  std::string out;
  for (const auto& function : functions) {
    append_number(out, function.first);
    append_number(out, function.last);
    append_number(out, function.constant ? 1 : 0);
    append_number(out, function.name.size());
    out += function.name;
  }
  return out;
}

std::vector<CodeFunction> unpack_functions(std::string_view bytes, bool& good) {
  std::vector<CodeFunction> functions;
  Unpacker unpacker(bytes);
  while (unpacker.more()) {
    CodeFunction function;
    function.first = unpacker.number();
    function.last = unpacker.number();
    function.constant = unpacker.number() != 0;
    function.name = unpacker.text();
    functions.push_back(std::move(function));
  }
  good = good && unpacker.good();
  return functions;
}

// Paths hold no zero bytes.
std::string pack_texts(const std::vector<std::string>& texts) { return text::join(texts, std::string_view("\0", 1)); }
std::vector<std::string> unpack_texts(std::string_view bytes) {
  std::vector<std::string> texts;
  for (const auto piece : text::split(bytes, '\0'))
    if (!piece.empty()) texts.emplace_back(piece);
  return texts;
}

std::unexpected<Error> broken(const std::string& path, std::string_view what) {
  return fail(ErrorKind::input, "testing.coverage-map", format("the record of what tests ran is broken: {}", what),
              Place{path}, "delete the file and run chiron test --coverage again");
}

Result<std::int64_t> format_of(sqlite::Database& database) {
  std::int64_t version = 0;
  TRY(database.query("PRAGMA user_version", {}, [&](const sqlite::Row& row) {
    version = row.integer(0);
    return false;
  }));
  return version;
}

Result<CoverageMap> load(sqlite::Database& database, const std::string& path) {
  CoverageMap map;
  bool good = true;
  std::unordered_map<std::int64_t, std::uint32_t> sources, sets;
  TRY(database.query("SELECT id, path, digest, hashes, directives, functions, imports FROM source ORDER BY id", {},
                     [&](const sqlite::Row& row) {
                       SourceVersion source;
                       source.path = row.text(1);
                       source.digest = row.text(2);
                       source.line_hashes = unpack_plain(row.text(3), good);
                       source.directives = unpack_ascending(row.text(4), good);
                       source.functions = unpack_functions(row.text(5), good);
                       source.imports = unpack_texts(row.text(6));
                       sources.emplace(row.integer(0), map.add_source(source));
                       return good && sources.size() <= limits::kSources;
                     }));
  if (!good || sources.size() > limits::kSources) return broken(path, "a source file cannot be read");
  TRY(database.query("SELECT id, source, lines, functions FROM covered ORDER BY id", {}, [&](const sqlite::Row& row) {
    CoveredSet set;
    const auto source = sources.find(row.integer(1));
    if (source == sources.end()) return good = false;
    set.source = source->second;
    set.lines = unpack_ascending(row.text(2), good);
    set.functions = unpack_ascending(row.text(3), good);
    const auto known = map.sources()[set.source].functions.size();
    if (!set.functions.empty() && set.functions.back() >= known) return good = false;
    sets.emplace(row.integer(0), map.add_set(std::move(set)));
    return good && sets.size() <= limits::kSets;
  }));
  if (!good || sets.size() > limits::kSets) return broken(path, "a set of lines cannot be read");
  TRY(database.query("SELECT id, digest, sources FROM program", {}, [&](const sqlite::Row& row) {
    auto& program = map.program(std::string(row.text(0)));
    program.digest = row.text(1);
    program.sources = unpack_texts(row.text(2));
    return true;
  }));
  TRY(database.query("SELECT id, covered FROM test", {}, [&](const sqlite::Row& row) {
    std::vector<std::uint32_t> its_sets;
    for (const auto id : unpack_ascending(row.text(1), good)) {
      const auto set = sets.find(id);
      if (set == sets.end()) return good = false;
      its_sets.push_back(set->second);
    }
    map.record(std::string(row.text(0)), std::move(its_sets));
    return good;
  }));
  if (!good) return broken(path, "a test's record cannot be read");
  return map;
}

Result<void> store(sqlite::Database& database, const CoverageMap& map) {
  for (std::size_t i = 0; i < map.sources().size(); ++i) {
    const auto& source = map.sources()[i];
    const std::string hashes = pack_plain(source.line_hashes), directives = pack_ascending(source.directives),
                      functions = pack_functions(source.functions), imports = pack_texts(source.imports);
    TRY(database.execute("INSERT INTO source VALUES(?,?,?,?,?,?,?)",
                         {static_cast<std::int64_t>(i), std::string_view(source.path), std::string_view(source.digest),
                          std::string_view(hashes), std::string_view(directives), std::string_view(functions),
                          std::string_view(imports)}));
  }
  for (std::size_t i = 0; i < map.sets().size(); ++i) {
    const auto& set = map.sets()[i];
    const std::string lines = pack_ascending(set.lines), functions = pack_ascending(set.functions);
    TRY(database.execute("INSERT INTO covered VALUES(?,?,?,?)",
                         {static_cast<std::int64_t>(i), static_cast<std::int64_t>(set.source), std::string_view(lines),
                          std::string_view(functions)}));
  }
  for (const auto& [id, program] : map.programs()) {
    const std::string sources = pack_texts(program.sources);
    TRY(database.execute("INSERT INTO program VALUES(?,?,?)",
                         {std::string_view(id), std::string_view(program.digest), std::string_view(sources)}));
  }
  for (const auto& [id, sets] : map.tests()) {
    const std::string packed = pack_ascending(sets);
    TRY(database.execute("INSERT INTO test VALUES(?,?)", {std::string_view(id), std::string_view(packed)}));
  }
  return {};
}

}  // namespace

SourceVersion describe_source(std::string path, std::string_view text) {
  SourceVersion source;
  source.path = std::move(path);
  source.digest = crypto::sha256_hex(text);
  source.line_hashes = hash_lines(text);
  std::uint32_t number = 0;
  bool continued = false;
  for (const auto line : text::split_lines(text)) {
    ++number;
    if (continued || text::trim(line).starts_with("#")) source.directives.push_back(number);
    continued = !source.directives.empty() && source.directives.back() == number && line.ends_with("\\");
  }
  return source;
}

std::uint32_t CoverageMap::add_source(const SourceVersion& source) {
  const auto [entry, fresh] =
      source_places_.try_emplace({source.path, source.digest}, static_cast<std::uint32_t>(sources_.size()));
  if (fresh) {
    sources_.push_back(source);
    auto& places = function_places_.emplace_back();
    for (std::uint32_t i = 0; i < source.functions.size(); ++i)
      places.try_emplace({source.functions[i].first, source.functions[i].last}, i);
  } else {
    for (const auto& function : source.functions) add_function(entry->second, function);
    auto& imports = sources_[entry->second].imports;
    for (const auto& path : source.imports)
      if (std::find(imports.begin(), imports.end(), path) == imports.end()) imports.push_back(path);
  }
  return entry->second;
}

std::uint32_t CoverageMap::add_function(std::uint32_t source, const CodeFunction& function) {
  auto& functions = sources_[source].functions;
  const auto [entry, fresh] = function_places_[source].try_emplace({function.first, function.last},
                                                                   static_cast<std::uint32_t>(functions.size()));
  if (fresh)
    functions.push_back(function);
  else
    functions[entry->second].constant |= function.constant;
  return entry->second;
}

std::uint32_t CoverageMap::add_set(CoveredSet set) {
  const auto [entry, fresh] = set_places_.try_emplace(set, static_cast<std::uint32_t>(sets_.size()));
  if (fresh) sets_.push_back(std::move(set));
  return entry->second;
}

void CoverageMap::record(const std::string& test, std::vector<std::uint32_t> its_sets) {
  std::sort(its_sets.begin(), its_sets.end());
  its_sets.erase(std::unique(its_sets.begin(), its_sets.end()), its_sets.end());
  tests_[test] = std::move(its_sets);
}

void CoverageMap::take(const CoverageMap& newer) {
  std::vector<std::vector<std::uint32_t>> functions(newer.sources_.size());
  std::vector<std::uint32_t> sources;
  for (std::size_t i = 0; i < newer.sources_.size(); ++i) {
    sources.push_back(add_source(newer.sources_[i]));
    for (const auto& function : newer.sources_[i].functions)
      functions[i].push_back(add_function(sources.back(), function));
  }
  std::vector<std::uint32_t> sets;
  for (const auto& set : newer.sets_) {
    CoveredSet own{sources[set.source], set.lines, {}};
    for (const auto function : set.functions) own.functions.push_back(functions[set.source][function]);
    std::sort(own.functions.begin(), own.functions.end());
    sets.push_back(add_set(std::move(own)));
  }
  for (const auto& [test, its_sets] : newer.tests_) {
    std::vector<std::uint32_t> own;
    for (const auto set : its_sets) own.push_back(sets[set]);
    record(test, std::move(own));
  }
  for (const auto& [id, program] : newer.programs_) {
    auto& own = programs_[id];
    own.digest = program.digest;
    // A run of some tests may not have shown every source; what a program was built from once, it may be still.
    own.sources.insert(own.sources.end(), program.sources.begin(), program.sources.end());
    std::sort(own.sources.begin(), own.sources.end());
    own.sources.erase(std::unique(own.sources.begin(), own.sources.end()), own.sources.end());
  }
}

CoverageMap CoverageMap::compacted() const {
  CoverageMap made;
  for (const auto& [test, its_sets] : tests_) {
    std::vector<std::uint32_t> own;
    for (const auto index : its_sets) {
      const auto& set = sets_[index];
      CoveredSet moved{made.add_source(sources_[set.source]), set.lines, set.functions};
      own.push_back(made.add_set(std::move(moved)));
    }
    made.record(test, std::move(own));
  }
  made.programs_ = programs_;
  // What a program is built from, or imports, without any test running it: the newest version.
  std::map<std::string, std::size_t> newest;
  for (std::size_t i = 0; i < sources_.size(); ++i) newest[sources_[i].path] = i;
  for (const auto& source : made.sources_) newest.erase(source.path);
  for (const auto& [id, program] : programs_) {
    for (const auto& path : program.sources)
      if (const auto found = newest.find(path); found != newest.end()) (void)made.add_source(sources_[found->second]);
  }
  return made;
}

Result<std::optional<CoverageMap>> read_coverage_map(const std::string& path) {
  if (!io::exists(path)) return std::nullopt;
  auto database = TRY(sqlite::Database::open(path, sqlite::Mode::read_only));
  const auto version = TRY(format_of(database));
  if (version == 0 || version != kFormat) return std::nullopt;
  return TRY(load(database, path));
}

Result<void> update_coverage_map(const std::string& path, const CoverageMap& newer) {
  auto database = TRY(sqlite::Database::open(path, sqlite::Mode::create));
  TRY(database.script("BEGIN IMMEDIATE;"));
  const auto version = TRY(format_of(database));
  CoverageMap map;
  if (version == kFormat) map = TRY(load(database, path));
  map.take(newer);
  map = map.compacted();
  TRY(
      database.script("DROP TABLE IF EXISTS source; DROP TABLE IF EXISTS covered; DROP TABLE IF EXISTS program;"
                      "DROP TABLE IF EXISTS test;"));
  TRY(database.script(kTables));
  TRY(store(database, map));
  TRY(database.script(format("PRAGMA user_version = {};", kFormat)));
  return database.script("COMMIT;");
}

}  // namespace chiron::testing
