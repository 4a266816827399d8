// The words of diff-cover's command line and its section of pyproject.toml. Long options may be shortened as far as
// they stay unique, take "=" or the next word, and lists take every word up to the next option.
#include <algorithm>

#include "engines/coverage/diff_cover.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/toml.h"

namespace chiron::coverage {

namespace {

enum class Takes { nothing, one, list };

struct Option {
  std::string_view name;
  char letter;
  Takes takes;
  std::string_view value;
  std::string_view help;
};

constexpr Option kOptions[] = {
    {"help", 'h', Takes::nothing, "", "Print this text"},
    {"format", 0, Takes::one, "FORMAT",
     "Reports to write: html:FILE, json:FILE, markdown:FILE, "
     "github-annotations:notice|warning|error, separated by commas"},
    {"html-report", 0, Takes::one, "FILE", "The same as --format html:FILE"},
    {"json-report", 0, Takes::one, "FILE", "The same as --format json:FILE"},
    {"markdown-report", 0, Takes::one, "FILE", "The same as --format markdown:FILE"},
    {"show-uncovered", 0, Takes::nothing, "", "Print the uncovered lines below the table"},
    {"expand-coverage-report", 0, Takes::nothing, "", "Lines between reported ones count as the one before them"},
    {"external-css-file", 0, Takes::one, "FILE", "Write the style sheet of the HTML report to a file of its own"},
    {"compare-branch", 0, Takes::one, "BRANCH", "What to compare with (origin/main)"},
    {"fail-under", 0, Takes::one, "SCORE", "Exit with 1 when the coverage is below"},
    {"ignore-staged", 0, Takes::nothing, "", "Leave staged changes out"},
    {"ignore-unstaged", 0, Takes::nothing, "", "Leave unstaged changes out"},
    {"include-untracked", 0, Takes::nothing, "", "Count untracked files as new"},
    {"exclude", 0, Takes::list, "PATTERN", "Files to leave out, by name or absolute path"},
    {"include", 0, Takes::list, "PATTERN", "Files to count, by path (** crosses folders)"},
    {"src-roots", 0, Takes::list, "FOLDER", "Source folders of JaCoCo reports"},
    {"diff-range-notation", 0, Takes::one, "NOTATION", "\"...\" (from the merge base) or \"..\""},
    {"version", 0, Takes::nothing, "", "Print the version"},
    {"ignore-whitespace", 0, Takes::nothing, "", "Changes of white space do not count"},
    {"quiet", 'q', Takes::nothing, "", "Print errors and failures only"},
    {"config-file", 'c', Takes::one, "FILE", "Read [tool.diff_cover] of this TOML file"},
    {"diff-file", 0, Takes::one, "FILE", "Read the diff from a file instead of asking git"},
    {"total-percent-float", 0, Takes::nothing, "", "Print the total with two decimals"},
};

std::unexpected<Error> usage(std::string message) {
  return std::unexpected(Error{ErrorKind::usage, "usage", std::move(message), {}, {}, "see diff-cover --help"});
}

Result<void> add_formats(DiffCoverOptions& options, std::string_view text) {
  if (text.empty()) return {};
  for (const auto item : text::split(text, ',')) {
    const auto colon = item.find(':');
    if (colon == std::string_view::npos)
      return usage(format("argument --format: '{}' needs a path, as in html:report.html", item));
    const auto kind = item.substr(0, colon);
    if (kind != "html" && kind != "json" && kind != "markdown" && kind != "github-annotations")
      return usage(format("argument --format: unknown format '{}' (html, json, markdown, github-annotations)", kind));
    const auto target = item.substr(colon + 1);
    if (kind == "github-annotations" && target != "notice" && target != "warning" && target != "error")
      return usage(format("argument --format: github-annotations is notice, warning or error, not '{}'", target));
    options.formats[std::string(kind)] = target;
  }
  return {};
}

Result<void> set(DiffCoverOptions& options, std::string_view name, std::vector<std::string> values) {
  const auto value = values.empty() ? std::string() : values[0];
  if (name == "help")
    options.help = true;
  else if (name == "version")
    options.version = true;
  else if (name == "format")
    return add_formats(options, value);
  else if (name == "html-report" || name == "json-report" || name == "markdown-report") {
    const auto kind = std::string(name.substr(0, name.find('-')));
    if (options.formats.contains(kind))
      return usage(format("argument --{}: Cannot use along with --format {}.", name, kind));
    options.formats[kind] = value;
    options.warnings.push_back(format("The --{} option is deprecated. Use --format {}:{} instead.", name, kind, value));
  } else if (name == "show-uncovered")
    options.show_uncovered = true;
  else if (name == "expand-coverage-report")
    options.expand_coverage_report = true;
  else if (name == "external-css-file")
    options.external_css_file = value;
  else if (name == "compare-branch")
    options.compare_branch = value;
  else if (name == "fail-under") {
    const auto score = text::parse_double(value);
    if (!score) return usage(format("argument --fail-under: invalid float value: '{}'", value));
    options.fail_under = *score;
  } else if (name == "ignore-staged")
    options.ignore_staged = true;
  else if (name == "ignore-unstaged")
    options.ignore_unstaged = true;
  else if (name == "include-untracked")
    options.include_untracked = true;
  else if (name == "exclude")
    options.exclude = std::move(values);
  else if (name == "include")
    options.include = std::move(values);
  else if (name == "src-roots")
    options.src_roots = std::move(values);
  else if (name == "diff-range-notation") {
    if (value != "..." && value != "..")
      return usage(format("argument --diff-range-notation: invalid choice: '{}' (choose from '...', '..')", value));
    options.diff_range_notation = value;
  } else if (name == "ignore-whitespace")
    options.ignore_whitespace = true;
  else if (name == "quiet")
    options.quiet = true;
  else if (name == "config-file")
    options.config_file = value;
  else if (name == "diff-file")
    options.diff_file = value;
  else if (name == "total-percent-float")
    options.total_percent_float = true;
  return {};
}

Result<const Option*> find_option(std::string_view name) {
  const Option* found = nullptr;
  std::string matches;
  for (const auto& option : kOptions) {
    if (option.name == name) return &option;
    if (!option.name.starts_with(name)) continue;
    matches += (matches.empty() ? "--" : ", --") + std::string(option.name);
    found = found == nullptr ? &option : found;
  }
  if (found == nullptr) return usage(format("unrecognized arguments: --{}", name));
  if (matches.find(',') != std::string::npos)
    return usage(format("ambiguous option: --{} could match {}", name, matches));
  return found;
}

bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

struct Given {
  const Option* option;
  std::vector<std::string> values;
};

Result<std::vector<Given>> split_words(const std::vector<std::string>& words, std::vector<std::string>& positional) {
  std::vector<Given> given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") {
      positional.insert(positional.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (!is_option(word)) {
      positional.emplace_back(word);
      continue;
    }
    const Option* option = nullptr;
    std::optional<std::string> attached;
    if (word.starts_with("--")) {
      const auto equals = word.find('=');
      option = TRY(find_option(word.substr(2, equals == std::string_view::npos ? equals : equals - 2)));
      if (equals != std::string_view::npos) attached = std::string(word.substr(equals + 1));
    } else {
      for (const auto& candidate : kOptions)
        if (candidate.letter == word[1]) option = &candidate;
      if (option == nullptr) return usage(format("unrecognized arguments: {}", word));
      if (word.size() > 2) attached = std::string(word.substr(word[2] == '=' ? 3 : 2));
    }
    std::vector<std::string> values;
    if (attached) values.push_back(*attached);
    if (option->takes == Takes::nothing) {
      if (attached) return usage(format("argument --{}: ignored explicit argument '{}'", option->name, *attached));
    } else if (!attached) {
      while (i + 1 < words.size() && !is_option(words[i + 1]) && (option->takes == Takes::list || values.empty()))
        values.push_back(words[++i]);
      if (values.empty())
        return usage(format("argument --{}: expected {}", option->name,
                            option->takes == Takes::list ? "at least one argument" : "one argument"));
    }
    given.push_back({option, std::move(values)});
  }
  return given;
}

Result<void> read_config(DiffCoverOptions& options, const std::string& path, const FileReader& read_file) {
  const auto wrong = [&](std::string message) {
    return fail(ErrorKind::config, "coverage.config", std::move(message), Place{path}, "see diff-cover --help");
  };
  if (!path.ends_with(".toml")) return wrong(format("No config parser could handle {}", path));
  const auto text = TRY(read_file(path));
  doc::ReadOptions read_options;
  read_options.file = path;
  const auto root = TRY(doc::parse_toml(text, read_options));
  const auto* tool = root.find("tool");
  const auto* section = tool == nullptr ? nullptr : tool->find("diff_cover");
  if (section == nullptr || !section->is_object() || section->members().empty())
    return wrong("No 'tool.diff_cover' configuration available");
  for (const auto& [name, span, value] : section->members()) {
    const auto option_name = text::replace_all(name, "_", "-");
    const auto* option = std::find_if(std::begin(kOptions), std::end(kOptions),
                                      [&](const Option& candidate) { return candidate.name == option_name; });
    if (option == std::end(kOptions)) {
      options.warnings.push_back(format("{}: [tool.diff_cover] {} is not known", path, name));
      continue;
    }
    if (option->takes == Takes::nothing) {
      if (!value.is_boolean()) return wrong(format("[tool.diff_cover] {} needs true or false", name));
      if (value.as_boolean()) TRY(set(options, option->name, {}));
    } else if (option->takes == Takes::list) {
      std::vector<std::string> values;
      if (value.is_string()) values.push_back(value.as_string());
      if (value.is_array())
        for (const auto& item : value.items())
          if (item.is_string()) values.push_back(item.as_string());
      TRY(set(options, option->name, std::move(values)));
    } else {
      if (!value.is_string() && !value.is_number()) return wrong(format("[tool.diff_cover] {} needs a value", name));
      TRY(set(options, option->name, {value.as_string()}));
    }
  }
  return {};
}

}  // namespace

Result<DiffCoverOptions> parse_diff_cover(const std::vector<std::string>& words, const FileReader& read_file) {
  DiffCoverOptions options;
  std::vector<std::string> positional;
  const auto given = TRY(split_words(words, positional));
  for (const auto& [option, values] : given) {
    if (option->name == "help") options.help = true;
    if (option->name == "version") options.version = true;
    if (option->name == "config-file") options.config_file = values[0];
  }
  if (options.help || options.version) return options;
  if (positional.empty()) return usage("the following arguments are required: coverage_files");
  if (options.config_file) TRY(read_config(options, *options.config_file, read_file));
  for (const auto& [option, values] : given) TRY(set(options, option->name, values));
  options.coverage_files = std::move(positional);
  return options;
}

std::string diff_cover_help() {
  std::string text =
      "usage: diff-cover [options] coverage_files [coverage_files ...]\n\n"
      "Coverage of the lines that a change touches.\n\noptions:\n";
  for (const auto& option : kOptions) {
    auto left = format("  {}--{}{}{}", option.letter != 0 ? format("-{}, ", option.letter) : "", option.name,
                       option.value.empty() ? "" : " ", option.value);
    if (option.takes == Takes::list) left += format(" [{} ...]", option.value);
    text += format("{:<42} {}\n", left, option.help);
  }
  return text;
}

}  // namespace chiron::coverage
