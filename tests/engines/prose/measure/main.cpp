// measure-prose read FORMAT BYTES FILE...   megabytes per CPU second of one reader over the files, repeated to BYTES
// measure-prose rules CONFIG FILE...        CPU milliseconds of each rule over the files, the slowest first
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "engines/prose/lint.h"
#include "foundation/io/files.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

constexpr int kRounds = 5;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

using Reader = Result<Document> (*)(std::string_view, const ReadOptions&);

Reader reader_of(std::string_view format) {
  if (format == "md") return read_markdown;
  if (format == "html") return read_html;
  if (format == "rst") return read_rst;
  if (format == "adoc") return read_asciidoc;
  if (format == "org") return read_org;
  if (format == "mdx") return read_mdx;
  if (format == "dita") return read_xml_text;
  if (format == "txt") return read_plain;
  return nullptr;
}

int tell(const Error& error) {
  std::fprintf(stderr, "measure-prose: %s\n", error.message.c_str());
  return 2;
}

// Files as they are, over and over, as a project of that size would be read: a reader works on one file at a time.
int measure_reader(const std::string& format, std::size_t wanted, const std::vector<std::string>& contents) {
  std::vector<std::string> sources;
  std::size_t bytes = 0;
  for (const auto& content : contents) sources.push_back(normalise(content).text);
  for (const auto& source : sources) bytes += source.size();
  if (bytes == 0) return 2;
  const auto repeats = std::max<std::size_t>(1, wanted / bytes);
  const auto reader = reader_of(format);
  ReadOptions options;
  options.extension = "." + format;
  double best = 1e9;
  std::size_t blocks = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = cpu_seconds();
    blocks = 0;
    for (std::size_t i = 0; i < repeats; ++i) {
      for (const auto& source : sources) {
        if (reader != nullptr) {
          const auto document = reader(source, options);
          if (!document) return tell(document.error());
          blocks += document->blocks.size();
        } else {
          const auto comments = read_comments(source, options.extension);
          if (!comments) return tell(comments.error());
          blocks += comments->size();
        }
      }
    }
    best = std::min(best, cpu_seconds() - begin);
  }
  std::printf("%.2f MB/s %zu bytes %zu blocks\n", static_cast<double>(bytes * repeats) / best / 1e6, bytes, blocks);
  return 0;
}

int measure_rules(const std::string& file, const std::vector<std::string>& paths,
                  const std::vector<std::string>& contents) {
  ConfigRequest wanted;
  wanted.path = file;
  wanted.ignore_global = true;
  const auto config = read_config(wanted);
  if (!config) return tell(config.error());
  const auto all = Linter::create(*config);
  if (!all) return tell(all.error());
  std::vector<std::pair<double, std::string>> costs;
  const auto cost_of = [&](const Linter& linter) {
    double best = 1e9;
    for (int round = 0; round < kRounds; ++round) {
      const auto begin = cpu_seconds();
      for (std::size_t i = 0; i < paths.size(); ++i) {
        if (const auto report = linter.lint(paths[i], contents[i]); !report) tell(report.error());
      }
      best = std::min(best, cpu_seconds() - begin);
    }
    return best;
  };
  const auto whole = cost_of(**all);
  double reading = 1e9;
  for (const auto& rule : (*all)->rules()) {
    LintOptions options;
    options.filter = ".Name == \"" + rule->head.name + "\"";
    const auto one = Linter::create(*config, options);
    if (!one) return tell(one.error());
    costs.emplace_back(cost_of(**one), rule->head.name);
    reading = std::min(reading, costs.back().first);
  }
  std::sort(costs.rbegin(), costs.rend());
  std::printf("%8.2f ms all rules\n%8.2f ms the cheapest rule, mostly reading\n", whole * 1e3, reading * 1e3);
  for (const auto& [cost, name] : costs) std::printf("%8.2f ms %s\n", (cost - reading) * 1e3, name.c_str());
  return 0;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  const bool reads = arguments.size() > 3 && arguments[0] == "read";
  if (!reads && !(arguments.size() > 2 && arguments[0] == "rules")) {
    std::fputs("usage: measure-prose read FORMAT BYTES FILE... | rules CONFIG FILE...\n", stderr);
    return 2;
  }
  const std::vector<std::string> paths(arguments.begin() + (reads ? 3 : 2), arguments.end());
  std::vector<std::string> contents;
  for (const auto& path : paths) {
    auto content = io::read_file(path, prose::limits::kSourceBytes);
    if (!content) return tell(content.error());
    contents.push_back(*std::move(content));
  }
  return reads ? measure_reader(arguments[1], std::strtoull(arguments[2].c_str(), nullptr, 10), contents)
               : measure_rules(arguments[1], paths, contents);
}
