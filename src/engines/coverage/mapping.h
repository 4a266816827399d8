// Which file of the repository a report's path means. Reports come from containers, build machines, source roots and
// other operating systems; what cannot be told is said by name, never guessed.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engines/coverage/model.h"

namespace chiron::coverage {

struct MapOptions {
  std::string root;                       // the repository, absolute
  std::string cwd;                        // where relative paths of reports may start too, absolute
  std::vector<std::string> root_aliases;  // other absolute spellings of the root (symbolic links)
  // What a report's path starts with, and what stands there in the repository ("/app" and ".").
  std::vector<std::pair<std::string, std::string>> prefixes;
  // Folders below which a JaCoCo report's packages lie, relative to the root.
  std::vector<std::string> source_roots{"src/main/java", "src/test/java"};
  // Sorted; when given, a path that fits no file exactly may fit one by its end, where that is the only one.
  const std::vector<std::string>* repository_files = nullptr;
};

// "a\b\..\c" -> "a/c"
[[nodiscard]] std::string to_unix_path(std::string_view path);

// A report's files by the absolute path they stand for.
class ReportIndex {
 public:
  ReportIndex(const Report& report, const MapOptions& options);

  // The report's records of a file of the repository (its path relative to the root).
  [[nodiscard]] std::vector<const SourceFile*> find(std::string_view path) const;

  struct Lost {
    const SourceFile* file;
    std::string reason;
  };
  // Files of the report that stand for none of the repository's, with why; needs `repository_files`.
  [[nodiscard]] const std::vector<Lost>& lost() const { return lost_; }
  [[nodiscard]] const Report& report() const { return report_; }

 private:
  void add_exact(const SourceFile& file);
  void map_by_suffix();
  // The path relative to the root, where it lies in the repository.
  [[nodiscard]] std::optional<std::string> in_repository(std::string_view absolute) const;

  const Report& report_;
  const MapOptions& options_;
  // Surest first: what the report says absolutely, what is relative, what fits by its end.
  std::unordered_map<std::string, std::vector<const SourceFile*>> absolute_, relative_, suffix_;
  std::vector<Lost> lost_;
};

// Every report's files merged by repository path; paths that map to no file of the repository are left out (see
// ReportIndex::lost) unless `repository_files` is not given: then the paths stay as the reports have them.
[[nodiscard]] std::vector<SourceFile> merge_reports(const std::vector<Report>& reports, const MapOptions& options,
                                                    std::vector<std::string>& notes);

}  // namespace chiron::coverage
