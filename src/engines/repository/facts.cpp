#include "engines/repository/facts.h"

#include <algorithm>
#include <chrono>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::repository {

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kPathsAtOnce = 1'000;  // on one command line

doc::Value optional_flag(bool known, bool value) { return known ? doc::Value(value) : doc::Value(); }

}  // namespace

std::string to_rfc3339(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto rest = (time - day).count();
  return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3600, rest / 60 % 60,
                rest % 60);
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  std::size_t position = 0;
  bool well_formed = true;
  const auto digits = [&](std::size_t count) -> std::int64_t {
    const auto value =
        position + count <= text.size() ? text::parse_unsigned(text.substr(position, count)) : std::nullopt;
    well_formed = well_formed && value.has_value();
    position += count;
    return static_cast<std::int64_t>(value.value_or(0));
  };
  const auto sign = [&](std::string_view allowed) {
    const char found = position < text.size() ? text[position] : '\0';
    well_formed = well_formed && found != '\0' && allowed.find(found) != std::string_view::npos;
    ++position;
    return found;
  };
  const auto year = digits(4);
  sign("-");
  const auto month = digits(2);
  sign("-");
  const auto day = digits(2);
  if (!well_formed) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  auto seconds = std::chrono::sys_days(date).time_since_epoch().count() * kSecondsPerDay;
  if (position == text.size()) return seconds;
  sign("Tt ");
  const auto hour = digits(2);
  sign(":");
  const auto minute = digits(2);
  sign(":");
  const auto second = digits(2);
  if (!well_formed || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  seconds += hour * 3600 + minute * 60 + second;
  if (position < text.size() && text[position] == '.')
    position = std::min(text.find_first_not_of("0123456789", position + 1), text.size());
  if (position >= text.size() || text.substr(position) == "Z" || text.substr(position) == "z") return seconds;
  const char direction = sign("+-");
  const auto zone_hour = digits(2);
  sign(":");
  const auto zone_minute = digits(2);
  if (!well_formed || position != text.size()) return std::nullopt;
  return seconds - (direction == '-' ? -1 : 1) * (zone_hour * 3600 + zone_minute * 60);
}

Result<Facts> Facts::gather(const Source& source, const std::vector<std::string>& paths) {
  Facts facts(source);
  if (source.git == nullptr) return facts;
  TRY(facts.ask_status());
  TRY(facts.ask_times(paths));
  TRY(facts.ask_changes());
  return facts;
}

std::string Facts::below(std::string_view path) const {
  if (source_.below.empty()) return std::string(path);
  if (!path.starts_with(source_.below) || path.substr(source_.below.size(), 1) != "/") return {};
  return std::string(path.substr(source_.below.size() + 1));
}

Result<void> Facts::ask_status() {
  status_ = TRY(source_.git->status());
  for (const auto& entry : status_->entries) {
    const auto path = below(entry.path);
    if (path.empty()) continue;
    if (entry.index == '?') {
      untracked_.insert(path);
      continue;
    }
    if (entry.index != '.') staged_.insert(path);
    if (entry.tree != '.') modified_.insert(path);
    if (entry.tree == 'D' || (entry.index == 'D' && entry.tree == '.')) deleted_.push_back(path);
  }
  return {};
}

Result<void> Facts::ask_times(const std::vector<std::string>& paths) {
  const auto& git = *source_.git;
  if (!status_->head) return {};
  head_time_s_ = text::parse_signed(text::trim(TRY(git.run({"log", "-1", "--format=%ct"}))));
  const auto prefix = source_.below.empty() ? std::string() : source_.below + "/";
  for (std::size_t first = 0; first < paths.size(); first += kPathsAtOnce) {
    std::vector<std::string> arguments{"log", "-z", "--format=%x01%ct %P", "--name-only", "--no-renames", "--"};
    for (std::size_t i = first; i < std::min(paths.size(), first + kPathsAtOnce); ++i)
      arguments.push_back(prefix + paths[i]);
    read_times(TRY(git.run(std::move(arguments))));
  }
  return {};
}

void Facts::read_times(std::string_view log) {
  Time commit;
  for (auto token : text::split(log, '\0')) {
    if (token.starts_with('\n')) token.remove_prefix(1);
    if (token.starts_with('\x01')) {
      const auto space = std::min(token.find(' '), token.size());
      commit.seconds = text::parse_signed(token.substr(1, space - 1)).value_or(0);
      // The commit at which a shallow clone ends shows every file as new.
      commit.source = source_.git->shallow() && text::trim(token.substr(space)).empty() ? "boundary" : "commit";
    } else if (const auto path = below(token); !path.empty()) {
      times_.emplace(path, commit);
    }
  }
}

Result<void> Facts::ask_changes() {
  if (source_.base.empty()) return {};
  for (const auto& file : TRY(source_.git->changes_since(source_.base)))
    if (auto path = below(file.path); !path.empty()) changed_.insert(std::move(path));
  return {};
}

std::optional<std::int64_t> Facts::time_s(const std::string& path) const {
  // What is not committed as it stands is as old as the file.
  if (!staged_.contains(path) && !modified_.contains(path))
    if (const auto found = times_.find(path); found != times_.end()) return found->second.seconds;
  return source_.modified_s ? source_.modified_s(path) : std::nullopt;
}

std::vector<doc::Member> Facts::of(const std::string& path) const {
  const bool with_git = source_.git != nullptr;
  const bool exists = std::ranges::find(deleted_, path) == deleted_.end();
  const bool committed = !staged_.contains(path) && !modified_.contains(path) && times_.contains(path);
  const auto time = time_s(path);
  std::vector<doc::Member> members;
  const auto add = [&](std::string_view name, doc::Value value) {
    members.push_back({std::string(name), {}, std::move(value)});
  };
  add("path", doc::Value(path));
  add("exists", doc::Value(exists));
  add("tracked", optional_flag(with_git, !untracked_.contains(path)));
  add("staged", optional_flag(with_git, staged_.contains(path)));
  add("modified", optional_flag(with_git, modified_.contains(path)));
  add("changed", optional_flag(with_git && !source_.base.empty(), changed_.contains(path)));
  add("time", time ? doc::Value(to_rfc3339(*time)) : doc::Value());
  add("time_source", !time ? doc::Value() : committed ? doc::Value(times_.at(path).source) : doc::Value("file"));
  const auto age_s = std::max<std::int64_t>(0, source_.now_s - time.value_or(source_.now_s));
  add("age_days", time ? doc::Value(age_s / kSecondsPerDay) : doc::Value());
  return members;
}

doc::Value Facts::repository() const {
  if (source_.git == nullptr) return {};
  const auto& git = *source_.git;
  doc::Value out = doc::Value::object();
  out.set("branch", status_->branch ? doc::Value(*status_->branch) : doc::Value());
  out.set("head", status_->head ? doc::Value(*status_->head) : doc::Value());
  out.set("time", head_time_s_ ? doc::Value(to_rfc3339(*head_time_s_)) : doc::Value());
  out.set("dirty", doc::Value(status_->dirty()));
  out.set("shallow", doc::Value(git.shallow()));
  out.set("base", source_.base.empty() ? doc::Value() : doc::Value(source_.base));
  return out;
}

}  // namespace chiron::repository
