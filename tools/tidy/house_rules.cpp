// The house rules as a test: who may include whom, where third-party headers stand, how long lines, functions and files
// may be, words that put work off, and headers that nobody uses. Prints `file:line: message`, exits 1 where one is
// broken.
#include <cstdio>
#include <set>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"

using namespace chiron;

namespace {

constexpr std::size_t kLineColumns = 120;
constexpr std::size_t kFunctionLines = 150;
constexpr std::size_t kFileLines = 900;

// "engines/policy/bundle/x.cpp" -> "engines/policy"; others by their first folder.
std::string part_of(std::string_view path) {
  const auto parts = text::split(path, '/');
  if (parts.size() < 2) return std::string(path);
  const bool two_deep = parts[0] == "foundation" || parts[0] == "engines" || parts[0] == "surfaces";
  return two_deep ? format("{}/{}", parts[0], parts[1]) : std::string(parts[0]);
}

// The dependency rule: foundation <- core <- operations <- surfaces <- main, engines beside core.
bool may_include(const std::string& from, const std::string& name) {
  const auto to = part_of(name);
  if (from == to || to.starts_with("foundation/")) return true;
  if (from.starts_with("foundation/")) return false;
  if (from.starts_with("engines/")) return name == "core/finding.h";
  if (from == "core") return false;
  if (from == "operations") return to == "core" || to.starts_with("engines/");
  if (from.starts_with("surfaces/")) return true;
  return from == "main.cpp" && to.starts_with("surfaces/");
}

class HouseRules {
 public:
  explicit HouseRules(std::string root) : root_(std::move(root)) {}

  int run() {
    for (const auto* folder : {"src", "tests", "tools", "fuzz", "bench"}) check_folder(folder);
    check_unused_headers();
    std::printf("%zu files, %zu broken rules\n", files_, broken_);
    if (files_ == 0) {
      std::printf("no file was read: run from the root of the sources\n");
      return 2;
    }
    return broken_ == 0 ? 0 : 1;
  }

 private:
  void say(const std::string& file, std::size_t line, const std::string& message) {
    if (excused_.contains(line)) return;
    ++broken_;
    std::printf("%s:%zu: %s\n", file.c_str(), line, message.c_str());
  }

  void check_folder(const std::string& folder) {
    if (!io::is_folder(io::join_path(root_, folder))) return;
    const auto entries = io::walk(io::join_path(root_, folder));
    if (!entries) return say(folder, 0, to_string(entries.error()));
    for (const auto& entry : *entries) {
      const auto extension = io::extension(entry.path);
      const bool code = entry.type == io::EntryType::file && (extension == ".cpp" || extension == ".h");
      if (code) check_file(folder + "/" + entry.path);
    }
  }

  void check_file(const std::string& file) {
    const auto text = io::read_file(io::join_path(root_, file));
    if (!text) return say(file, 0, to_string(text.error()));
    ++files_;
    const auto lines = text::split_lines(*text);
    excused_.clear();
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (lines[i].find("// house: ") != std::string_view::npos) excused_.insert(i + 2);
    const bool header = file.ends_with(".h");
    if (header && text->find("#pragma once\n") == std::string::npos) say(file, 1, "a header begins with #pragma once");
    if (header && !text->starts_with("//")) say(file, 1, "a header opens with what it is for");
    if (lines.size() > kFileLines)
      say(file, lines.size(), format("{} lines; a file has at most {}", lines.size(), kFileLines));
    check_lines(file, lines);
    check_functions(file, lines);
    excused_.clear();
  }

  // Raw strings hold other languages, whose lines are as long as they are.
  void check_lines(const std::string& file, const std::vector<std::string_view>& lines) {
    std::string raw_end;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!raw_end.empty()) {
        if (lines[i].find(raw_end) != std::string_view::npos) raw_end.clear();
        continue;
      }
      check_line(file, i + 1, lines[i]);
      const auto raw = lines[i].rfind("R\"");
      const auto open = raw == std::string_view::npos ? raw : lines[i].find('(', raw);
      if (open == std::string_view::npos) continue;
      raw_end = format("){}\"", lines[i].substr(raw + 2, open - raw - 2));
      if (lines[i].find(raw_end, open) != std::string_view::npos) raw_end.clear();
    }
  }

  void check_line(const std::string& file, std::size_t number, std::string_view line) {
    // Text of tests and tables (raw strings, cases) may be as wide as what it quotes.
    const bool quotes = line.find('"') != std::string_view::npos;
    if (!quotes && utf8::display_width(line) > kLineColumns)
      say(file, number, format("more than {} columns", kLineColumns));
    check_words(file, number, line);
    const auto trimmed = text::trim(line);
    if (trimmed.starts_with("#include ")) check_include(file, number, trimmed.substr(9));
    if (!file.starts_with("src/")) return;
    for (const auto* banned : {"std::regex", "std::system(", "popen(", "using namespace std;"})
      if (!quotes && line.find(banned) != std::string_view::npos)
        say(file, number, format("{} is not used here", banned));
    if (trimmed.starts_with("throw ")) say(file, number, "own code returns errors, it does not throw");
  }

  void check_words(const std::string& file, std::size_t number, std::string_view line) {
    // Put together here, so that this file does not break its own rule.
    for (const auto& word : {std::string("TO") + "DO", std::string("FIX") + "ME", std::string("X") + "XX"})
      for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
        const auto comment = line.rfind("//", at);
        if (comment != std::string_view::npos && is_word(line, at, word.size()))
          say(file, number, word + ": finish it, or have the program say what it does not do");
      }
  }

  static bool is_word(std::string_view line, std::size_t at, std::size_t size) {
    const auto letter = [&](std::size_t i) {
      return i < line.size() && (std::isalnum(static_cast<unsigned char>(line[i])) != 0 || line[i] == '_');
    };
    return !(at > 0 && letter(at - 1)) && !letter(at + size);
  }

  void check_include(const std::string& file, std::size_t number, std::string_view included) {
    const bool own = included.starts_with('"');
    const auto name = std::string(included.substr(1, included.find_first_of("\">", 1) - 1));
    if (own) used_.insert(name);
    if (!file.starts_with("src/")) return;
    const auto inside = std::string_view(file).substr(4);
    if (own) {
      if (!may_include(part_of(inside), name))
        say(file, number, format("{} may not include {}", part_of(inside), name));
      return;
    }
    // Headers without a folder and those of the system are the language's and the kernel's.
    const bool foreign =
        name.find('/') != std::string::npos && !name.starts_with("sys/") && !name.starts_with("linux/");
    if (foreign && file.ends_with(".h") && inside != "foundation/base/format.h")
      say(file, number, format("{}: third-party headers stand in the adapter's .cpp", name));
  }

  // A function is what stands between a line that ends in "{" after ")" and the "}" of the same indentation.
  void check_functions(const std::string& file, const std::vector<std::string_view>& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto indent = std::min(lines[i].find_first_not_of(' '), lines[i].size());
      const bool opens = lines[i].ends_with('{') && lines[i].find(')') != std::string_view::npos;
      if (indent > 2 || !opens || lines[i].find('=') != std::string_view::npos) continue;
      std::size_t end = i + 1;
      const auto close = std::string(indent, ' ') + "}";
      while (end < lines.size() && lines[end] != close) ++end;
      if (end == lines.size()) continue;
      if (end - i > kFunctionLines)
        say(file, i + 1, format("a function of {} lines; it has at most {}", end - i, kFunctionLines));
      if (indent == 0) i = end;
    }
  }

  void check_unused_headers() {
    const auto entries = io::walk(io::join_path(root_, "src"));
    if (!entries) return;
    for (const auto& entry : *entries)
      if (entry.path.ends_with(".h") && !used_.contains(entry.path))
        say("src/" + entry.path, 1, "nobody includes this header");
  }

  std::string root_;
  std::set<std::string> used_;
  std::set<std::size_t> excused_;  // lines of the file at hand
  std::size_t files_ = 0;
  std::size_t broken_ = 0;
};

}  // namespace

int main(int argument_count, char** arguments) { return HouseRules(argument_count > 1 ? arguments[1] : ".").run(); }
