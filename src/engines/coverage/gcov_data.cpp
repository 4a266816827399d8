// GCC's notes (.gcno: the control flow graphs) and data (.gcda: the counters of the runs), versions 12 and later:
//
//   notes: "gcno" version stamp checksum, folder, flags, then records: tag, length in bytes, content
//     01000000 function: id, line checksum, graph checksum, name, artificial, source, first line, column, last line,
//     column 01410000 blocks: how many    01430000 arcs: from, (to, flags)…    01450000 lines: block, line… | 0 source
//     …, 0 ""
//   data: "gcda" version stamp checksum, records: 01000000 function: id, checksums; 01a10000 counters, 64 bits each
//     (a negative length: that many counters, all zero)
//
// Words are 32 bits in the compiler's byte order; text is its length with the closing zero, then the bytes.
#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <unordered_map>

#include "engines/coverage/gcov_graph.h"
#include "engines/coverage/limits.h"
#include "engines/coverage/readers.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

namespace {

constexpr std::uint32_t kNotesMagic = 0x67636e6f, kDataMagic = 0x67636461;
constexpr std::uint32_t kFunctionTag = 0x01000000, kBlocksTag = 0x01410000, kArcsTag = 0x01430000,
                        kLinesTag = 0x01450000, kCountersTag = 0x01a10000;
constexpr std::uint64_t kFileBytes = 1ULL << 30;

// Reads words and text; past the end everything is 0 and `good` is false.
class Words {
 public:
  Words(std::string_view bytes, bool swapped) : bytes_(bytes), swapped_(swapped) {}
  std::uint32_t word() {
    if (bytes_.size() - at_ < 4) {
      good_ = false;
      at_ = bytes_.size();
      return 0;
    }
    std::uint32_t value = 0;
    std::memcpy(&value, bytes_.data() + at_, 4);
    at_ += 4;
    return swapped_ ? __builtin_bswap32(value) : value;
  }
  std::int64_t counter() {
    const std::uint64_t low = word();
    return static_cast<std::int64_t>(low | static_cast<std::uint64_t>(word()) << 32);
  }
  std::string text() {
    const auto length = word();
    if (length == 0) return {};
    if (length > bytes_.size() - at_) {
      good_ = false;
      at_ = bytes_.size();
      return {};
    }
    std::string value(bytes_.substr(at_, length - 1));
    at_ += length;
    return value;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  // The next `length` bytes as words of their own.
  Words part(std::size_t length) {
    Words words(bytes_.substr(at_, length), swapped_);
    at_ += std::min(length, left());
    return words;
  }

 private:
  std::string_view bytes_;
  bool swapped_;
  std::size_t at_ = 0;
  bool good_ = true;
};

struct Notes {
  std::uint32_t stamp = 0;
  std::string folder;
  std::vector<std::string> sources;
  std::vector<GcovFunction> functions;
};

std::unexpected<Error> wrong(const std::string& path, std::string what) {
  return fail(ErrorKind::input, "gcov.format", std::move(what), Place{path},
              "build again with --coverage and run the tests, or read the output of gcov --json-format");
}

struct Header {
  bool swapped = false;
  std::uint32_t stamp = 0;
};

Result<Header> read_header(Words& words, std::uint32_t magic, std::string_view bytes, const std::string& path) {
  Header header;
  std::uint32_t first = 0;
  if (bytes.size() < 16) return wrong(path, "the file is cut off within its header");
  std::memcpy(&first, bytes.data(), 4);
  header.swapped = first == __builtin_bswap32(magic);
  if (first != magic && !header.swapped) return wrong(path, "the file is no GCC notes or data file");
  words = Words(bytes, header.swapped);
  (void)words.word();
  const auto version = words.word();
  const auto high = static_cast<int>(version >> 24 & 0xff), low = static_cast<int>(version >> 16 & 0xff);
  const int major = high >= 'A' && high <= 'Z' ? (high - 'A') * 10 + (low - '0') : high - '0';
  if (major < 12) {
    return fail(ErrorKind::unsupported, "gcov.version",
                format("the file is of version {} of the format; versions 12 and later are read", major), Place{path},
                "export with that compiler's own tool: gcov --json-format, or llvm-cov export for clang");
  }
  header.stamp = words.word();
  (void)words.word();  // checksum of the whole program
  return header;
}

class NotesReader {
 public:
  NotesReader(const std::string& path, Notes& notes) : path_(path), notes_(notes) {}

  Result<void> read(std::string_view bytes) {
    Words words(bytes, false);
    const auto header = TRY(read_header(words, kNotesMagic, bytes, path_));
    notes_.stamp = header.stamp;
    notes_.folder = words.text();
    (void)words.word();
    while (!words.at_end() && words.good()) {
      const auto tag = words.word();
      const auto length = words.word();
      if (tag == 0) break;
      if (length > words.left()) return wrong(path_, "the file is cut off within a record");
      auto part = words.part(length);
      if (tag == kFunctionTag)
        TRY(function(part));
      else if (tag == kBlocksTag)
        TRY(blocks(part));
      else if (tag == kArcsTag)
        TRY(arcs(part));
      else if (tag == kLinesTag)
        TRY(lines(part));
    }
    if (!words.good()) return wrong(path_, "the file is cut off");
    return {};
  }

 private:
  Result<std::uint32_t> source(std::string name) {
    const auto [entry, is_new] = index_.try_emplace(name, static_cast<std::uint32_t>(notes_.sources.size()));
    if (is_new) {
      if (name.size() > limits::kPathBytes || notes_.sources.size() > limits::kFiles)
        return wrong(path_, "too many or too long source names");
      notes_.sources.push_back(std::move(name));
    }
    return entry->second;
  }

  Result<void> function(Words& words) {
    GcovFunction read;
    read.id = words.word();
    (void)words.word();
    read.checksum = words.word();
    read.name = words.text();
    read.artificial = words.word() != 0;
    read.source = TRY(source(words.text()));
    read.start_line = words.word();
    read.start_column = words.word();
    read.end_line = words.word();
    if (!words.good()) return wrong(path_, "a function record is cut off");
    if (read.start_line > limits::kLineNumber) return wrong(path_, "a function begins at an impossible line");
    notes_.functions.push_back(std::move(read));
    return {};
  }

  Result<void> blocks(Words& words) {
    const auto count = words.word();
    if (notes_.functions.empty() || !notes_.functions.back().blocks.empty())
      return wrong(path_, "a blocks record without its function");
    // Every block but two costs an arc's twelve bytes somewhere; more than the file could hold is a lie.
    total_blocks_ += count;
    if (count < 2 || total_blocks_ > limits::kGraphBlocks * 16 || count > limits::kGraphBlocks)
      return wrong(path_, "a function has an impossible number of blocks");
    notes_.functions.back().blocks.resize(count);
    return {};
  }

  Result<void> arcs(Words& words) {
    if (notes_.functions.empty()) return wrong(path_, "an arcs record without its function");
    auto& target = notes_.functions.back();
    const auto from = words.word();
    if (from >= target.blocks.size()) return wrong(path_, "an arc leaves a block that is not there");
    while (!words.at_end()) {
      GcovArc arc;
      arc.from = from;
      arc.to = words.word();
      const auto flags = words.word();
      if (!words.good() || arc.to >= target.blocks.size())
        return wrong(path_, "an arc leads to a block that is not there");
      arc.on_tree = (flags & 1) != 0;
      arc.fake = (flags & 2) != 0;
      arc.falls_through = (flags & 4) != 0;
      const auto index = static_cast<std::uint32_t>(target.arcs.size());
      target.blocks[arc.from].out.push_back(index);
      target.blocks[arc.to].in.push_back(index);
      target.arcs.push_back(arc);
    }
    return {};
  }

  Result<void> lines(Words& words) {
    if (notes_.functions.empty()) return wrong(path_, "a lines record without its function");
    auto& target = notes_.functions.back();
    const auto block = words.word();
    if (block >= target.blocks.size()) return wrong(path_, "lines of a block that is not there");
    auto& locations = target.blocks[block].locations;
    while (!words.at_end() && words.good()) {
      const auto line = words.word();
      if (line != 0) {
        if (locations.empty() || line > limits::kLineNumber) return wrong(path_, "a line without its source");
        locations.back().lines.push_back(line);
        continue;
      }
      auto name = words.text();
      if (name.empty()) break;
      locations.push_back({TRY(source(std::move(name))), {}});
    }
    if (!words.good()) return wrong(path_, "a lines record is cut off");
    return {};
  }

  const std::string& path_;
  Notes& notes_;
  std::map<std::string, std::uint32_t> index_;
  std::uint64_t total_blocks_ = 0;
};

using Counters = std::unordered_map<std::uint32_t, std::vector<std::int64_t>>;

Result<Counters> read_data(std::string_view bytes, const Notes& notes, const std::string& path) {
  Words words(bytes, false);
  const auto header = TRY(read_header(words, kDataMagic, bytes, path));
  if (header.stamp != notes.stamp) {
    return fail(ErrorKind::input, "gcov.stamp", "the data is of another build than the notes beside it", Place{path},
                "delete the .gcda files, build and run the tests again");
  }
  std::unordered_map<std::uint32_t, std::size_t> most;  // counters that a function can have
  for (const auto& function : notes.functions)
    most[function.id] = static_cast<std::size_t>(
        std::count_if(function.arcs.begin(), function.arcs.end(), [](const GcovArc& arc) { return !arc.on_tree; }));
  Counters counters;
  std::uint32_t current = 0;
  bool known = false;
  while (!words.at_end()) {
    const auto tag = words.word();
    if (tag == 0 && words.good()) break;
    const auto length = static_cast<std::int32_t>(words.word());
    if (!words.good()) return wrong(path, "the file is cut off within a record");
    if (length < 0) {  // counters that are all zero are only counted
      if (tag == kCountersTag && known) counters[current].assign(most[current], 0);
      continue;
    }
    if (static_cast<std::size_t>(length) > words.left()) return wrong(path, "the file is cut off within a record");
    auto part = words.part(static_cast<std::size_t>(length));
    if (tag == kFunctionTag) {
      known = false;
      if (length == 0) continue;
      current = part.word();
      (void)part.word();
      (void)part.word();
      known = most.contains(current);
    } else if (tag == kCountersTag && known) {
      auto& values = counters[current];
      if (static_cast<std::size_t>(length) / 8 != most[current])
        return wrong(path, "a function has another number of counters than its notes say");
      values.clear();
      while (!part.at_end()) values.push_back(part.counter());
    }
  }
  return counters;
}

Result<void> read_bytes(std::string_view notes_bytes, std::string_view data_bytes, const std::string& notes_path,
                        const std::string& data_path, const ReaderOptions& options, Report& report) {
  Notes notes;
  TRY(NotesReader(notes_path, notes).read(notes_bytes));
  Counters counters;
  if (!data_bytes.empty()) counters = TRY(read_data(data_bytes, notes, data_path));
  std::vector<bool> wanted;
  for (const auto& source : notes.sources) wanted.push_back(!options.wanted || options.wanted(source));
  for (auto& function : notes.functions) {
    if (function.blocks.empty()) continue;
    const auto found = counters.find(function.id);
    static const std::vector<std::int64_t> never;
    if (!solve_graph(function, found == counters.end() ? never : found->second))
      report.note(format("{}: the counts of {} contradict each other", notes_path, function.name));
  }
  std::vector<SourceFile> files;
  add_gcov_lines(notes.functions, notes.sources, wanted, files);
  for (auto& file : files) {
    if (!file.path.starts_with('/') && !notes.folder.empty())
      file.path = io::normalize_path(io::join_path(notes.folder, file.path));
    report.files.push_back(std::move(file));
  }
  return {};
}

Result<void> read_pair(const std::string& notes_path, const ReaderOptions& options, Report& report) {
  const auto notes = TRY(io::read_file(notes_path, kFileBytes));
  const auto data_path = notes_path.substr(0, notes_path.size() - 5) + ".gcda";
  std::string data;
  if (io::exists(data_path)) {
    data = TRY(io::read_file(data_path, kFileBytes));
    if (data.empty()) return wrong(data_path, "the data file is empty");
  }
  return read_bytes(notes, data, notes_path, data_path, options, report);
}

// One file of a program is in many of its objects (headers): their counts are added.
void merge_files(Report& report) {
  std::map<std::string, SourceFile> merged;
  for (auto& file : report.files) {
    auto& target = merged[file.path];
    target.path = file.path;
    target.lines.insert(target.lines.end(), file.lines.begin(), file.lines.end());
    std::move(file.branches.begin(), file.branches.end(), std::back_inserter(target.branches));
    std::move(file.functions.begin(), file.functions.end(), std::back_inserter(target.functions));
  }
  report.files.clear();
  for (auto& [name, file] : merged) {
    normalize(file, Instances::add);
    report.files.push_back(std::move(file));
  }
}

}  // namespace

Result<Report> read_gcov_bytes(std::string_view notes, std::string_view data, const std::string& name,
                               const ReaderOptions& options) {
  Report report;
  report.name = name;
  report.format = Format::gcov_data;
  TRY(read_bytes(notes, data, name + ".gcno", name + ".gcda", options, report));
  merge_files(report);
  return report;
}

Result<Report> read_gcov_data(const std::string& path, const ReaderOptions& options) {
  Report report;
  report.name = path;
  report.format = Format::gcov_data;
  std::set<std::string> notes;
  const auto add = [&](const std::string& file) {
    if (file.ends_with(".gcno")) notes.insert(file);
    if (file.ends_with(".gcda")) notes.insert(file.substr(0, file.size() - 5) + ".gcno");
  };
  if (io::is_folder(path)) {
    for (const auto& entry : TRY(io::walk(path))) {
      if (entry.type != io::EntryType::file) continue;
      add(io::join_path(path, entry.path));
      // The report was made when the last of the tests ended.
      if (entry.path.ends_with(".gcda"))
        report.made_at_s = std::max(report.made_at_s, static_cast<std::int64_t>(entry.mtime_ns / 1'000'000'000));
    }
    if (notes.empty()) {
      return fail(ErrorKind::input, "coverage.format", "the folder holds no .gcno or .gcda files", Place{path},
                  "give the build folder of a build with --coverage");
    }
  } else {
    add(path);
    if (notes.empty()) return wrong(path, "a GCC data file is named .gcda and its notes .gcno");
  }
  for (const auto& file : notes) {
    if (!io::exists(file)) return wrong(file, "the notes of a data file are missing");
    TRY(read_pair(file, options, report));
  }
  merge_files(report);
  return report;
}

}  // namespace chiron::coverage
