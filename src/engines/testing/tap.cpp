// TAP (the Test Anything Protocol, versions 12 to 14): points, plan, directives, "Bail out!", judged as prove judges.
#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

// What stands behind the first "#" that no backslash hides: "SKIP no network".
std::string_view directive_of(std::string_view& description) {
  for (std::size_t at = 0; at < description.size(); ++at) {
    if (description[at] == '\\') {
      ++at;
    } else if (description[at] == '#') {
      const auto directive = text::trim(description.substr(at + 1));
      const std::string word = text::to_lower_ascii(directive.substr(0, 4));
      if (word != "skip" && word != "todo") return {};
      description = text::trim(description.substr(0, at));
      return directive;
    }
  }
  return {};
}

// "SKIP no network" without its first word.
std::string_view reason_of(std::string_view directive) {
  const std::size_t space = directive.find_first_of(" \t");
  return space == std::string_view::npos ? std::string_view() : text::trim(directive.substr(space));
}

}  // namespace

void TapReader::plan(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789", 3), text.size());
  const auto count = text::parse_unsigned(text.substr(3, end - 3));
  if (!count) return;
  if (planned_) {
    if (trouble_.empty()) trouble_ = "more than one plan (1..N)";
    return;
  }
  planned_ = *count;
  if (*count != 0) return;
  skip_all_ = true;
  std::string_view rest = text.substr(end);
  const auto directive = directive_of(rest);
  skip_reason_ = reason_of(directive);
}

void TapReader::point(bool ok, std::string_view rest) {
  rest = text::trim(rest);
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const auto number = text::parse_unsigned(rest.substr(0, digits));
  if (digits > 0) rest = text::trim(rest.substr(digits));
  ++count_;
  if (number && *number != count_ && trouble_.empty())
    trouble_ = format("point {} comes where {} is expected", *number, count_);
  if (rest.ends_with(" {")) rest = text::trim(rest.substr(0, rest.size() - 2));  // a subtest follows in braces
  if (rest.starts_with("- ")) rest = text::trim(rest.substr(2));
  const auto directive = directive_of(rest);
  const bool todo = !directive.empty() && (directive[0] == 't' || directive[0] == 'T');
  const bool skip = !directive.empty() && !todo;
  TapPoint made;
  made.name = rest.empty() ? format("{}", count_) : format("{} - {}", count_, rest);
  if (todo) {
    made.status = ok ? Status::passed : Status::skipped;
    made.message =
        format("TODO{}{}{}", ok ? " passed" : "", reason_of(directive).empty() ? "" : ": ", reason_of(directive));
  } else if (!ok) {
    made.status = Status::failed;
    made.message = inner_;
    if (failed_++ == 0) first_failed_ = made.name;
  } else if (skip) {
    made.status = Status::skipped;
    made.message = reason_of(directive);
    ++skipped_;
  }
  inner_.clear();
  if (points_.size() < limits::kTapPoints)
    points_.push_back(std::move(made));
  else
    trouble_ = "more points than 1,000,000";
}

// Diagnostics belong to the failing point before them.
void TapReader::detail(std::string_view text) {
  if (points_.empty() || points_.back().status != Status::failed) return;
  auto& message = points_.back().message;
  if (message.size() + text.size() >= limits::kTapMessageBytes) return;
  if (!message.empty()) message += '\n';
  message += text;
}

void TapReader::line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.starts_with("1..")) return plan(text);
  if (text.starts_with("Bail out!")) {
    bail_out_ = text::trim(text.substr(9));
    if (bail_out_.empty()) bail_out_ = "no reason given";
    return;
  }
  if (text.starts_with("#")) return detail(text::trim(text.substr(1)));
  if (text.starts_with(" ") || text.starts_with("\t")) {
    const auto inside = text::trim(text);
    if (inside.starts_with("not ok") && inner_.size() + inside.size() < limits::kTapMessageBytes) {
      inner_ += inner_.empty() ? "" : "\n";
      inner_ += inside;
    } else if (text.starts_with("  ") && !text.starts_with("    ")) {
      detail(inside);  // a YAML block
    }
    return;
  }
  const bool not_ok = text.starts_with("not ok");
  if (!not_ok && !text.starts_with("ok")) return;
  const std::string_view rest = text.substr(not_ok ? 6 : 2);
  if (!rest.empty() && rest[0] != ' ' && rest[0] != '\t') return;  // "okay then"
  point(!not_ok, rest);
}

TapReader::Judgement TapReader::judge(int exit_code, int signal) const {
  const std::string failed =
      failed_ == 0 ? std::string() : format("; {} of {} points failed, first: {}", failed_, count_, first_failed_);
  if (signal != 0) return {Status::crashed, format("ended by signal {}{}", signal, failed)};
  if (!bail_out_.empty()) return {Status::failed, "Bail out! " + bail_out_ + failed};
  if (!trouble_.empty()) return {Status::failed, trouble_ + failed};
  if (skip_all_ && count_ == 0)
    return {exit_code == 0 ? Status::skipped : Status::failed,
            exit_code == 0 ? (skip_reason_.empty() ? "plan 1..0" : skip_reason_)
                           : format("plan 1..0, but ended with exit code {}", exit_code)};
  if (!planned_) return {Status::failed, format("no plan (1..N) among {} points{}", count_, failed)};
  if (*planned_ != count_) return {Status::failed, format("planned {} points, saw {}{}", *planned_, count_, failed)};
  if (failed_ > 0)
    return {Status::failed, format("{} of {} points failed, first: {}", failed_, count_, first_failed_), true};
  if (exit_code != 0)
    return {Status::failed, format("every point passed, but the program ended with exit code {}", exit_code)};
  if (skipped_ == count_) return {Status::skipped, "every point was skipped"};
  return {Status::passed, {}};
}

}  // namespace chiron::testing
