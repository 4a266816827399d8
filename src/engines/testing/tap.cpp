// TAP (the Test Anything Protocol, versions 12 to 14): points, plan, directives, "Bail out!".
#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

bool directive(std::string_view text, std::string_view word) {
  const std::size_t hash = text.find('#');
  if (hash == std::string_view::npos) return false;
  return text::to_lower_ascii(text::trim(text.substr(hash + 1))).starts_with(word);
}

}  // namespace

void TapReader::line(std::string_view text) {
  // An indented line belongs to a subtest, whose own point follows on the outer level.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.starts_with("1..")) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", 3), text.size());
    if (const auto count = text::parse_unsigned(text.substr(3, end - 3)); count && !planned_) {
      planned_ = *count;
      if (*count == 0) skip_all_ = true;
    }
    return;
  }
  if (text.starts_with("Bail out!")) {
    bail_out_ = text::trim(text.substr(9));
    if (bail_out_.empty()) bail_out_ = "no reason given";
    return;
  }
  const bool not_ok = text.starts_with("not ok");
  const std::string_view rest = not_ok ? text.substr(6) : text.starts_with("ok") ? text.substr(2) : std::string_view();
  if (!not_ok && !text.starts_with("ok")) return;
  if (!rest.empty() && rest[0] != ' ') return;  // "okay then"
  ++points_;
  if (directive(rest, "skip")) {
    ++skipped_;
    return;
  }
  if (not_ok && !directive(rest, "todo")) {
    if (failed_++ == 0) first_failed_ = text;
  }
}

TapReader::Judgement TapReader::judge(int exit_code, int signal) const {
  if (signal != 0) return {Status::crashed, format("ended by signal {}", signal)};
  if (!bail_out_.empty()) return {Status::failed, "Bail out! " + bail_out_};
  if (failed_ > 0)
    return {Status::failed, format("{} of {} points failed, first: {}", failed_, points_, first_failed_)};
  if (skip_all_ && points_ == 0) return {exit_code == 0 ? Status::skipped : Status::failed, "plan 1..0"};
  if (!planned_) return {Status::failed, format("no plan (1..N) among {} points", points_)};
  if (*planned_ != points_) return {Status::failed, format("planned {} points, saw {}", *planned_, points_)};
  if (exit_code != 0)
    return {Status::failed, format("every point passed, but the program ended with exit code {}", exit_code)};
  if (skipped_ == points_ && points_ > 0) return {Status::skipped, "every point was skipped"};
  return {Status::passed, {}};
}

}  // namespace chiron::testing
