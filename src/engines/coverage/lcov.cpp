// LCOV tracefiles (geninfo(1)), as lcov 1 and 2, grcov, cargo, Jest, coverage.py and others write them:
//
//   TN:test  SF:file  VER:…  DA:line,count[,checksum]  BRDA:line,[e]block,branch,taken|-  MCDC:line,size,sense,taken,…
//   FN:line[,end],name  FNDA:count,name  FNL:index,line[,end]  FNA:index,count,name  sums (LF LH BRF …)  end_of_record
//
// Nothing in it is trusted: counts below zero become 0, records may be left open, and line numbers have a bound.
#include <charconv>
#include <map>
#include <unordered_map>

#include "engines/coverage/limits.h"
#include "engines/coverage/readers.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

class LcovReader {
 public:
  LcovReader(Input& input, const ReaderOptions& options) : input_(input), lines_(input), options_(options) {
    report_.name = input.name();
    report_.format = Format::lcov;
  }

  Result<Report> read() {
    std::string_view line;
    while (TRY(lines_.next(line))) {
      line = text::trim(line);
      if (line.empty() || line.starts_with('#')) continue;
      TRY(take(line));
    }
    if (in_record_) {
      report_.note(format("the last record (SF at line {}) is not closed by end_of_record", record_line_));
      end_record();
    }
    return std::move(report_);
  }

 private:
  std::unexpected<Error> wrong(std::string what) const {
    return fail(ErrorKind::input, "lcov.syntax", std::move(what), Place{input_.name(), lines_.number()},
                "write the tracefile again with the tool that made it");
  }

  Result<void> take(std::string_view line) {
    if (line == "end_of_record") {
      if (!in_record_) return wrong("end_of_record without a source file (SF)");
      end_record();
      return {};
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return wrong(format("'{}' is no LCOV record", line.substr(0, 60)));
    const auto tag = line.substr(0, colon);
    const auto rest = line.substr(colon + 1);
    if (tag == "SF") return begin_record(rest);
    if (tag == "TN") return {};
    const bool known =
        tag == "DA" || tag == "BRDA" || tag == "MCDC" || tag == "FN" || tag == "FNDA" || tag == "FNL" || tag == "FNA";
    if (!known) {
      // Sums and versions are not needed; anything else would be counts we do not understand.
      for (const auto* sum : {"LF", "LH", "FNF", "FNH", "BRF", "BRH", "MCF", "MCH", "VER"})
        if (tag == sum) return {};
      return wrong(format("unknown record '{}'", tag.substr(0, 60)));
    }
    if (!in_record_) return wrong(format("{} without a source file (SF)", tag));
    if (file_ == nullptr) return {};  // not wanted
    if (tag == "DA") return line_count(rest);
    if (tag == "BRDA") return branch(rest);
    if (tag == "MCDC") return condition(rest);
    if (tag == "FN") return function(rest);
    if (tag == "FNDA") return function_count(rest);
    if (tag == "FNL") return function_line(rest);
    return function_alias(rest);
  }

  Result<void> begin_record(std::string_view path) {
    if (in_record_) {
      report_.note(format("the record of line {} is not closed by end_of_record", record_line_));
      end_record();
    }
    if (path.empty()) return wrong("source file without a name");
    if (path.size() > limits::kPathBytes) return wrong("file name is too long");
    in_record_ = true;
    record_line_ = lines_.number();
    file_ = nullptr;
    if (options_.wanted && !options_.wanted(path)) return {};
    const auto [entry, is_new] = index_.try_emplace(std::string(path), report_.files.size());
    if (is_new) {
      if (report_.files.size() >= limits::kFiles) return wrong("too many source files");
      report_.files.emplace_back().path = entry->first;
    }
    current_ = entry->second;
    file_ = &report_.files[current_];
    functions_.clear();
    function_lines_.clear();
    first_branch_ = file_->branches.size();
    return {};
  }

  Result<std::uint64_t> count(std::string_view text) {
    bool negative = false;
    const auto value = parse_count(text, negative);
    if (!value) return wrong(format("'{}' is no count", text.substr(0, 60)));
    if (negative && !negative_noted_) {
      negative_noted_ = true;
      report_.note(format("negative counts are read as 0 (line {} is the first)", lines_.number()));
    }
    return *value;
  }

  Result<std::uint32_t> line_number(std::string_view text) {
    const auto line = parse_line_number(text);
    if (!line) return wrong(format("'{}' is no line number (1 to {})", text.substr(0, 60), limits::kLineNumber));
    return *line;
  }

  Result<void> line_count(std::string_view rest) {
    const auto comma = rest.find(',');
    if (comma == std::string_view::npos) return wrong("DA needs a line and a count");
    const auto number_text = rest.substr(0, comma);
    rest.remove_prefix(comma + 1);
    const auto checksum = rest.find(',');
    if (checksum != std::string_view::npos) rest = rest.substr(0, checksum);
    // Line 0 is what some writers give code without a place.
    if (number_text == "0") return {};
    const auto number = TRY(line_number(number_text));
    file_->lines.push_back({number, TRY(count(rest))});
    return {};
  }

  // line,block,branch,taken: block may start with "e" (an exception's way), branch may be an expression with commas.
  Result<void> branch(std::string_view rest) {
    const auto first = rest.find(',');
    const auto second = first == std::string_view::npos ? first : rest.find(',', first + 1);
    const auto last = rest.rfind(',');
    if (second == std::string_view::npos || last == second) return wrong("BRDA needs line, block, branch and count");
    const auto number_text = rest.substr(0, first);
    if (number_text == "0") return {};
    const auto number = TRY(line_number(number_text));
    auto block_text = rest.substr(first + 1, second - first - 1);
    const bool exceptional = block_text.starts_with('e');
    if (exceptional) block_text.remove_prefix(1);
    const auto block = text::parse_unsigned(block_text);
    if (!block) return wrong(format("'{}' is no block number", block_text.substr(0, 60)));
    const auto name = rest.substr(second + 1, last - second - 1);
    const auto taken_text = rest.substr(last + 1);
    const auto taken = taken_text == "-" ? 0 : TRY(count(taken_text));
    Branch* branch = nullptr;
    const auto id = static_cast<std::uint32_t>(*block & 0xffffffff);
    if (file_->branches.size() > first_branch_) {
      auto& previous = file_->branches.back();
      if (previous.line == number && previous.id == id) branch = &previous;
    }
    if (branch == nullptr) {
      branch = &file_->branches.emplace_back();
      branch->line = number;
      branch->id = id;
    }
    if (branch->arms.size() >= limits::kArmsOfBranch) return wrong("too many branches of one line");
    auto label = std::string(name.substr(0, 200));
    if (exceptional) label += " (exception)";
    branch->arms.push_back({std::move(label), taken});
    branch->total += 1;
    branch->taken += taken != 0 ? 1 : 0;
    return {};
  }

  // line,group size,sense t|f,taken,index,expression
  Result<void> condition(std::string_view rest) {
    const auto parts = text::split(rest, ',');
    if (parts.size() < 5) return wrong("MCDC needs line, group, sense, count and index");
    const auto number = TRY(line_number(parts[0]));
    const auto group = text::parse_unsigned(parts[1]);
    const auto index = text::parse_unsigned(parts[4]);
    if (!group || !index || *group == 0 || *group > 64 || *index >= *group || (parts[2] != "t" && parts[2] != "f"))
      return wrong("MCDC group, sense or index is wrong");
    const auto taken = parts[3] == "-" ? 0 : TRY(count(parts[3]));
    Decision* decision = nullptr;
    // Groups of one line are told apart by their size, as the writer does.
    if (!file_->decisions.empty()) {
      auto& previous = file_->decisions.back();
      if (previous.line == number && previous.column == *group) decision = &previous;
    }
    if (decision == nullptr) {
      decision = &file_->decisions.emplace_back();
      decision->line = number;
      decision->column = static_cast<std::uint32_t>(*group);
      decision->has_mcdc = true;
      decision->conditions.resize(*group);
      for (auto& condition : decision->conditions) condition.line = number;
    }
    auto& condition = decision->conditions[*index];
    if (parts.size() > 5) {
      const auto at = static_cast<std::size_t>(parts[5].data() - rest.data());
      condition.text = std::string(rest.substr(at, 200));
    }
    (parts[2] == "t" ? condition.seen_true : condition.seen_false) |= taken != 0;
    condition.independent = condition.seen_true && condition.seen_false;
    return {};
  }

  // line[,end],name; a name may hold commas.
  Result<void> function(std::string_view rest) {
    const auto comma = rest.find(',');
    if (comma == std::string_view::npos) return wrong("FN needs a line and a name");
    const auto number = TRY(line_number(rest.substr(0, comma)));
    auto name = rest.substr(comma + 1);
    const auto next = name.find(',');
    if (next != std::string_view::npos && text::parse_unsigned(name.substr(0, next))) name.remove_prefix(next + 1);
    functions_[std::string(name.substr(0, limits::kPathBytes))] = {number, 0, true};
    return {};
  }

  Result<void> function_count(std::string_view rest) {
    const auto comma = rest.find(',');
    if (comma == std::string_view::npos) return wrong("FNDA needs a count and a name");
    const auto hits = TRY(count(rest.substr(0, comma)));
    const auto found = functions_.find(rest.substr(comma + 1));
    if (found != functions_.end()) found->second.hits = hits;
    return {};
  }

  Result<void> function_line(std::string_view rest) {
    const auto parts = text::split(rest, ',');
    const auto index = text::parse_unsigned(parts[0]);
    if (parts.size() < 2 || !index) return wrong("FNL needs an index and a line");
    function_lines_[*index] = TRY(line_number(parts[1]));
    return {};
  }

  Result<void> function_alias(std::string_view rest) {
    const auto first = rest.find(',');
    const auto second = first == std::string_view::npos ? first : rest.find(',', first + 1);
    if (second == std::string_view::npos) return wrong("FNA needs index, count and name");
    const auto index = text::parse_unsigned(rest.substr(0, first));
    const auto hits = TRY(count(rest.substr(first + 1, second - first - 1)));
    if (!index) return wrong("FNA index is no number");
    const auto line = function_lines_.find(*index);
    if (line == function_lines_.end()) return {};
    functions_[std::string(rest.substr(second + 1).substr(0, limits::kPathBytes))] = {line->second, hits, false};
    return {};
  }

  void end_record() {
    in_record_ = false;
    if (file_ == nullptr) return;
    add_implied_lines();
    for (const auto& [name, function] : functions_) file_->functions.push_back({name, function.line, function.hits});
    file_ = nullptr;
  }

  // A line with branches (BRDA) but without a count (DA) is covered when all of its branches were taken, a function's
  // line without a count has the function's.
  void add_implied_lines() {
    if (first_branch_ == file_->branches.size() && functions_.empty()) return;
    std::unordered_map<std::uint32_t, std::uint64_t> hits;
    for (const auto& line : file_->lines) {
      auto& sum = hits[line.number];
      sum = add_counts(sum, line.hits);
    }
    struct Sum {
      std::uint64_t total = 0, taken = 0, executions = 0;
    };
    std::map<std::uint32_t, Sum> sums;
    for (std::size_t i = first_branch_; i < file_->branches.size(); ++i) {
      const auto& branch = file_->branches[i];
      auto& sum = sums[branch.line];
      sum.total += branch.total;
      sum.taken += branch.taken;
      for (const auto& arm : branch.arms) sum.executions = add_counts(sum.executions, arm.hits);
    }
    for (const auto& [line, sum] : sums) {
      const auto found = hits.find(line);
      if (found == hits.end()) {
        const auto value = sum.taken < sum.total ? 0 : sum.executions;
        hits[line] = value;
        file_->lines.push_back({line, value});
      } else if (options_.branches_overrule_lines && found->second == 0 && sum.executions > 0) {
        found->second = sum.executions;
        file_->lines.push_back({line, sum.executions});
      }
    }
    for (const auto& [name, function] : functions_) {
      if (!function.gives_line || !hits.try_emplace(function.line, function.hits).second) continue;
      file_->lines.push_back({function.line, function.hits});
    }
  }

  struct FunctionCount {
    std::uint32_t line = 0;
    std::uint64_t hits = 0;
    bool gives_line = false;
  };

  Input& input_;
  LineReader lines_;
  const ReaderOptions& options_;
  Report report_;
  std::unordered_map<std::string, std::size_t> index_;
  std::size_t current_ = 0;
  SourceFile* file_ = nullptr;
  bool in_record_ = false, negative_noted_ = false;
  std::uint32_t record_line_ = 0;
  std::size_t first_branch_ = 0;
  std::map<std::string, FunctionCount, std::less<>> functions_;
  std::unordered_map<std::uint64_t, std::uint32_t> function_lines_;
};

}  // namespace

Result<Report> read_lcov(Input& input, const ReaderOptions& options) { return LcovReader(input, options).read(); }

}  // namespace chiron::coverage
