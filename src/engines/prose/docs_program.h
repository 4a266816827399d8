// What a page says of the repository's own programs, held against its sources: commands, flags, keys of configuration,
// versions. Nothing is run; what is told is certain, and what is not known is not told.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"
#include "foundation/doc/value.h"

namespace chiron::prose {

struct ProgramFacts {
  using Names = std::set<std::string, std::less<>>;
  Names programs;       // by the manifests: CMakeLists.txt, package.json, pyproject.toml, Cargo.toml, cmd/NAME of Go
  Names with_commands;  // programs whose first word is a command, as the pages use them
  Names names;          // programs and packages
  Names words;          // what stands in quotes or behind "--" in the sources, without leading hyphens
  bool words_known = false;
  std::vector<std::string> own_versions;                   // of the manifests
  Names versions;                                          // of manifests and changelogs
  std::string changelog;                                   // "" where there is none
  std::map<std::string, doc::Value, std::less<>> schemas;  // JSON Schemas by the configuration file that they are for
};

using ReadSource = std::function<Result<std::string>(const std::string& path)>;
[[nodiscard]] ProgramFacts gather_program(const ProgramFacts::Names& files, const ReadSource& read);

using TellDocs = std::function<void(std::string_view check, std::size_t offset, std::size_t length, std::string)>;
void check_program(const std::string& path, std::string_view page, const ProgramFacts& facts, const TellDocs& tell);

// One command of a shell line: its program and the words that follow.
struct CommandLine {
  struct Word {
    std::string_view text;
    std::size_t offset = 0;
    bool quoted = false;
  };
  std::string_view program;  // without folders
  std::vector<Word> words;
};
// Commands of fenced shell blocks and of code spans.
void each_command(std::string_view page, const std::function<void(const CommandLine&)>& visit);

}  // namespace chiron::prose
