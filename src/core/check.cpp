#include "core/check.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "core/suppression.h"
#include "core/version.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron {

namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t thread_cpu_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000 + static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
}

std::string utc_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return buffer;
}

// The program that runs: a rebuilt one must not take an older one's results.
std::string program_identity() {
  struct stat info{};
  if (::stat("/proc/self/exe", &info) != 0) return std::string(version());
  return format("{} {} {}.{}", version(), info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

std::string describe(const Error& error) { return to_string(error); }

struct Outcome {
  GateResult result;
  std::vector<Finding> findings;
  std::vector<Rule> rules;
  Timing timing;
  bool done = false;
};

// One check: the state that the gates' threads share.
class Check {
 public:
  Check(const Config& config, const std::vector<PlannedGate>& plan, const CheckOptions& options, Context& context)
      : config_(config),
        plan_(plan),
        options_(options),
        context_(context),
        outcomes_(plan.size()),
        cancels_(plan.size()) {
    for (auto& cancel : cancels_) cancel = std::make_unique<task::CancelToken>();
  }

  CheckResult run() {
    started_ = utc_now();
    begun_ = Clock::now();
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      outcomes_[i].result.gate = plan_[i].gate->name;
      outcomes_[i].timing.gate = plan_[i].gate->name;
      if (const auto& level = plan_[i].gate->common.fail_level)
        outcomes_[i].result.fail_level = parse_level(*level).value_or(Level::none);
      if (!plan_[i].runs) skip(i, plan_[i].reason);
    }
    schedule();
    return collect();
  }

 private:
  enum class Readiness { ready, waiting, blocked };

  void skip(std::size_t i, std::string reason) {
    outcomes_[i].result.status = GateStatus::skipped;
    outcomes_[i].result.reason = std::move(reason);
    outcomes_[i].done = true;
  }

  [[nodiscard]] Readiness readiness(std::size_t i, std::string& why) const {
    for (const auto& need : plan_[i].gate->common.needs)
      for (std::size_t j = 0; j < plan_.size(); ++j) {
        if (plan_[j].gate->name != need) continue;
        if (!outcomes_[j].done) return Readiness::waiting;
        const auto status = outcomes_[j].result.status;
        // A gate that was skipped on purpose does not hold up those that need it.
        if (status == GateStatus::could_not_run || failed_[j]) {
          why = format("{} {}", need, status == GateStatus::could_not_run ? "could not run" : "failed");
          return Readiness::blocked;
        }
      }
    return Readiness::ready;
  }

  // Starts gates as their needs, the workers and the memory budget allow; the calling thread waits and watches.
  void schedule() {
    failed_.assign(plan_.size(), false);
    begun_gates_.assign(plan_.size(), false);
    std::vector<std::jthread> threads;
    std::unique_lock lock(mutex_);
    for (;;) {
      while (const auto next = take_gate())
        threads.emplace_back([this, first = *next] {
          for (std::optional<std::size_t> i = first; i;) i = run_gate(*i);
        });
      if (std::ranges::all_of(outcomes_, &Outcome::done)) break;
      changed_.wait_for(lock, std::chrono::milliseconds(50));
      watch();
    }
  }

  // The next gate that may start now, counted as running. Under the mutex.
  std::optional<std::size_t> take_gate() {
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (outcomes_[i].done || begun_gates_[i]) continue;
      if (context_.cancel.cancelled()) {
        could_not_run(i, "interrupted before it started");
        continue;
      }
      std::string why;
      const auto ready = readiness(i, why);
      if (ready == Readiness::blocked) {
        // Its verdict is unknown for a reason that is told elsewhere already.
        skip(i, "not run: " + why);
        context_.events.gate_ended(outcomes_[i].result, outcomes_[i].timing);
        continue;
      }
      if (ready == Readiness::waiting || running_ >= context_.pool.workers() || !fits(i)) continue;
      begun_gates_[i] = true;
      ++running_;
      memory_used_ += memory_of(i);
      deadlines_.push_back({i, deadline(i)});
      return i;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::uint64_t memory_of(std::size_t i) const {
    return static_cast<std::uint64_t>(plan_[i].gate->common.memory_mib);
  }
  [[nodiscard]] bool fits(std::size_t i) const {
    return options_.memory_mib == 0 || running_ == 0 || memory_used_ + memory_of(i) <= options_.memory_mib;
  }
  [[nodiscard]] Clock::time_point deadline(std::size_t i) const {
    const auto seconds = plan_[i].gate->common.timeout_seconds;
    return seconds == 0 ? Clock::time_point::max() : Clock::now() + std::chrono::seconds(seconds);
  }

  // Passes the user's cancellation on to the gates, and ends those whose time is over.
  void watch() {
    for (const auto& [i, until] : deadlines_)
      if (!outcomes_[i].done && (context_.cancel.cancelled() || Clock::now() > until)) cancels_[i]->cancel();
  }

  void could_not_run(std::size_t i, std::string reason) {
    outcomes_[i].result.status = GateStatus::could_not_run;
    outcomes_[i].result.reason = std::move(reason);
    outcomes_[i].done = true;
  }

  // Gives the gate that this thread runs next.
  std::optional<std::size_t> run_gate(std::size_t i) {
    const auto& gate = *plan_[i].gate;
    auto& outcome = outcomes_[i];
    const auto start = Clock::now();
    const auto cpu = thread_cpu_ms();
    context_.events.gate_started(gate.name);
    GateResult result = outcome.result;
    std::vector<Finding> findings;
    std::vector<Rule> rules;
    bool cached = false;
    // Libraries behind the adapters may throw for want of memory; that ends the gate, not the check.
    try {
      execute(i, result, findings, rules, cached);
    } catch (const std::bad_alloc&) {
      result.status = GateStatus::could_not_run;
      result.reason = "out of memory";
    } catch (const std::exception& error) {
      result.status = GateStatus::could_not_run;
      result.reason = format("internal error: {}", error.what());
    }
    for (auto& finding : findings) finding.gate = gate.name;
    limit_to_change(gate, findings);
    for (const auto& finding : findings) result.counts.add(finding.level);
    const bool failed = fails(result, findings);
    const auto since_begin = [&](Clock::time_point t) {
      return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(t - begun_).count());
    };
    const std::lock_guard lock(mutex_);
    outcome.result = std::move(result);
    outcome.findings = std::move(findings);
    outcome.rules = std::move(rules);
    outcome.timing.start_ms = since_begin(start);
    outcome.timing.duration_ms = since_begin(Clock::now()) - outcome.timing.start_ms;
    outcome.timing.cpu_ms = thread_cpu_ms() - cpu;
    outcome.timing.cached = cached;
    outcome.done = true;
    failed_[i] = failed;
    auto shown = outcome.result;
    if (failed_[i]) shown.status = GateStatus::failed;
    context_.events.gate_ended(shown, outcome.timing);
    --running_;
    memory_used_ -= memory_of(i);
    const auto next = take_gate();
    changed_.notify_all();
    return next;
  }

  [[nodiscard]] Level fail_level(const GateResult& result) const {
    if (result.fail_level) return *result.fail_level;
    return parse_level(options_.fail_level).value_or(Level::none);
  }
  // Whether those that need this gate are held up: judged by what the report will say of it, so without what allow
  // comments and the baseline take out.
  bool fails(const GateResult& result, const std::vector<Finding>& findings) {
    if (result.status == GateStatus::failed) return true;
    const auto level = fail_level(result);
    const auto reaches = [&](const Finding& finding) { return level != Level::none && finding.level >= level; };
    if (std::ranges::none_of(findings, reaches)) return false;
    Report own;
    own.gates.push_back(result);
    own.findings = findings;
    const auto sources = source_reader();
    sort_report(own);
    assign_fingerprints(own, sources);
    std::unordered_map<std::string, std::vector<Allow>> allows;
    for (const auto& finding : own.findings)
      if (reaches(finding) && !allows.contains(finding.place.file)) {
        const auto text = sources(finding.place.file);
        allows.emplace(finding.place.file, text ? find_allows(*text, finding.place.file) : std::vector<Allow>());
      }
    apply_allows(own, allows);
    if (options_.baseline) {
      auto known = *options_.baseline;
      apply_baseline(own, known, options_.today);
    }
    return std::ranges::any_of(own.findings, reaches);
  }

  void execute(std::size_t i, GateResult& result, std::vector<Finding>& findings, std::vector<Rule>& rules,
               bool& cached) {
    const auto& gate = *plan_[i].gate;
    std::optional<std::string> key;
    if (options_.cache != nullptr) {
      auto made = cache_key(gate, *options_.cache, context_);
      if (!made) {
        result.status = GateStatus::could_not_run;
        result.reason = describe(made.error());
        return;
      }
      key = *std::move(made);
      if (key)
        if (auto hit = options_.cache->find(*key)) {
          const auto level = result.fail_level;
          result = std::move(hit->result);
          result.fail_level = level;
          result.gate = gate.name;
          result.counts = {};
          findings = std::move(hit->findings);
          rules = std::move(hit->rules);
          cached = true;
          return;
        }
    }
    Context own{context_.workspace, context_.pool,     *cancels_[i],
                context_.events,    context_.registry, context_.workspace.root()};
    own.gate = gate.name;
    own.seed = context_.seed;
    own.memory_bytes = memory_of(i) * 1024 * 1024;
    own.now = context_.now;
    own.read_input = context_.read_input;
    own.environment = context_.environment;
    own.fail_level = std::string(to_string(fail_level(result)));
    own.width = context_.width;
    auto response = gate.operation->run(gate.request.get(), own);
    // It may have written files: what others see of them from here on is looked at anew.
    if (options_.cache != nullptr) options_.cache->digests().look_again();
    if (cancels_[i]->cancelled()) {
      result.status = GateStatus::could_not_run;
      result.reason = context_.cancel.cancelled()
                          ? "interrupted"
                          : format("ended after {} s, its timeout", gate.common.timeout_seconds);
      if (response) {  // what is known so far is told all the same
        findings = std::move(response->findings);
        rules = std::move(response->rules);
      }
      return;
    }
    if (!response) {
      result.status = GateStatus::could_not_run;
      result.reason = describe(response.error());
      return;
    }
    findings = std::move(response->findings);
    rules = std::move(response->rules);
    result.metrics = std::move(response->metrics);
    if (!response->skipped.empty()) {
      result.status = GateStatus::skipped;
      result.reason = response->skipped;
    } else if (response->exit_code == 1) {
      result.status = GateStatus::failed;
      for (const auto& notice : response->notices) result.reason += (result.reason.empty() ? "" : "\n") + notice;
    } else if (response->exit_code == 2) {
      result.status = GateStatus::could_not_run;
      for (const auto& notice : response->notices) result.reason += (result.reason.empty() ? "" : "\n") + notice;
    }
    if (key && result.status != GateStatus::could_not_run)
      if (auto stored = options_.cache->store(*key, {result, findings, rules}); !stored)
        context_.events.message(gate.name, "not cached: " + stored.error().message);
  }

  CheckResult collect() {
    CheckResult made;
    auto& report = made.report;
    report.tool_version = version();
    report.workspace = config_.workspace.name.empty() ? context_.workspace.name() : config_.workspace.name;
    report.revision = context_.workspace.revision();
    if (context_.workspace.change()) report.base_revision = context_.workspace.change()->base;
    report.fail_level = parse_level(options_.fail_level).value_or(Level::none);
    for (auto& outcome : outcomes_) {
      outcome.result.counts = {};
      report.gates.push_back(std::move(outcome.result));
      std::ranges::move(outcome.findings, std::back_inserter(report.findings));
      std::ranges::move(outcome.rules, std::back_inserter(report.rules));
      if (report.gates.back().status != GateStatus::skipped) made.timeline.gates.push_back(outcome.timing);
    }
    const auto sources = source_reader();
    sort_report(report);
    assign_fingerprints(report, sources);
    suppress(report);
    made.before_baseline = report;
    baseline(report);
    for (auto& rule : suppression_rules()) report.rules.push_back(std::move(rule));
    finish_report(report, sources);
    sort_report(made.before_baseline);
    made.timeline.started = started_;
    made.timeline.duration_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_).count());
    return made;
  }

  SourceReader source_reader() {
    return [this](const std::string& file) -> std::optional<std::string> {
      if (file.empty()) return std::nullopt;
      auto text = context_.workspace.read(file);
      if (!text) return std::nullopt;
      return *std::move(text);
    };
  }

  // With --since only findings on changed lines count, and those of no line in changed files; findings about no file
  // do, and those of gates that judge a whole.
  void limit_to_change(const GateConfig& gate, std::vector<Finding>& findings) {
    const auto& change = context_.workspace.change();
    if (!change || gate.operation->gate->counts_whole) return;
    std::erase_if(findings, [&](const Finding& finding) {
      if (finding.place.file.empty()) return false;
      if (change->touches(finding.place.file, finding.place.line, finding.place.end_line)) return false;
      return std::ranges::none_of(finding.related, [&](const RelatedPlace& related) {
        return related.place.line != 0 &&
               change->touches(related.place.file, related.place.line, related.place.end_line);
      });
    });
  }

  void suppress(Report& report) {
    const auto files = context_.workspace.files();
    if (!files) {
      context_.events.message("", "allow comments were not read: " + files.error().message);
      return;
    }
    std::vector<std::vector<Allow>> found((*files)->size());
    context_.pool.for_each((*files)->size(), [&](std::size_t i) {
      const auto& path = (**files)[i];
      const auto absolute = context_.workspace.absolute(path);
      const auto look = [&] {
        struct stat info{};
        constexpr std::int64_t kMaxSource = 8 << 20;
        if (::stat(absolute.c_str(), &info) == 0 && info.st_size > kMaxSource) return true;
        if (const auto text = context_.workspace.read(path)) found[i] = find_allows(*text, path);
        return found[i].empty();
      };
      if (options_.cache == nullptr || (!options_.cache->digests().holds_nothing(absolute, look) && found[i].empty()))
        look();
    });
    std::unordered_map<std::string, std::vector<Allow>> by_file;
    for (std::size_t i = 0; i < found.size(); ++i)
      if (!found[i].empty()) by_file.emplace((**files)[i], std::move(found[i]));
    if (by_file.empty()) return;
    apply_allows(report, by_file);
    report_allows(report, by_file);
  }

  // An allow is judged only where the rule's gate ran over everything.
  void report_allows(Report& report, const std::unordered_map<std::string, std::vector<Allow>>& by_file) {
    std::vector<std::string> judged;
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      const auto& result = report.gates[i];
      if (result.status == GateStatus::skipped || result.status == GateStatus::could_not_run) continue;
      judged.push_back(result.gate + "/");
      if (plan_[i].gate->operation->gate->rules != nullptr)
        for (const auto& rule : plan_[i].gate->operation->gate->rules()) judged.push_back(rule.id);
    }
    const auto is_judged = [&](const std::string& rule) {
      return std::ranges::any_of(judged, [&](const std::string& known) {
        return rule == known || (known.ends_with('/') && rule.starts_with(known));
      });
    };
    for (const auto& [file, allows] : by_file)
      for (const auto& allow : allows) {
        const bool no_reason = allow.reason.empty();
        if (!no_reason && (allow.used || context_.workspace.change() || !is_judged(allow.rule))) continue;
        if (no_reason && context_.workspace.change() && !context_.workspace.change()->touches(file, allow.line))
          continue;
        Finding finding;
        finding.rule = no_reason ? "chiron/allow-without-reason" : "chiron/unused-allow";
        finding.gate = "chiron";
        finding.level = Level::warning;
        finding.message = no_reason ? format("the comment allows {} without a reason", allow.rule)
                                    : format("the comment allows {}, which is not found here", allow.rule);
        finding.place = allow.place;
        report.findings.push_back(std::move(finding));
      }
  }

  void baseline(Report& report) {
    if (!options_.baseline) return;
    auto known = *options_.baseline;
    apply_baseline(report, known, options_.today);
    if (context_.workspace.change()) return;
    const bool all_ran = std::ranges::all_of(report.gates, [](const GateResult& g) {
      return g.status == GateStatus::passed || g.status == GateStatus::failed;
    });
    if (!all_ran) return;
    for (const auto& entry : known.entries) {
      if (entry.used) continue;
      Finding finding;
      finding.rule = "chiron/unused-baseline";
      finding.gate = "chiron";
      finding.level = Level::note;
      finding.message = format("the baseline's entry for {} in {} matches no finding", entry.rule, entry.file);
      // Where the entry begins; all its lines would hide the report's other findings.
      finding.place = entry.place;
      finding.place.end_line = finding.place.line;
      finding.place.end_column = 0;
      report.findings.push_back(std::move(finding));
    }
  }

  const Config& config_;
  const std::vector<PlannedGate>& plan_;
  const CheckOptions& options_;
  Context& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Outcome> outcomes_;
  std::vector<bool> failed_, begun_gates_;
  std::vector<std::unique_ptr<task::CancelToken>> cancels_;
  std::vector<std::pair<std::size_t, Clock::time_point>> deadlines_;
  unsigned running_ = 0;
  std::uint64_t memory_used_ = 0;
  std::string started_;
  Clock::time_point begun_;
};

}  // namespace

Result<std::optional<std::string>> cache_key(const GateConfig& gate, Cache& cache, Context& context) {
  if (!gate.common.cache || !gate.operation->gate || !gate.operation->gate->inputs) return std::nullopt;
  Context own{context.workspace, context.pool,     context.cancel,
              context.events,    context.registry, context.workspace.root()};
  own.gate = gate.name;
  own.now = context.now;
  own.environment = context.environment;
  const auto inputs = TRY(gate.operation->gate->inputs(gate.request.get(), own));
  if (!inputs) return std::nullopt;
  crypto::Hasher hasher;
  hasher.field(program_identity());
  hasher.field(gate.operation->name);
  hasher.field(gate.name);  // findings name their gate
  hasher.field(doc::write_json_canonical(gate.section));
  hasher.field(std::to_string(own.seed));
  if (const auto& change = context.workspace.change()) {
    hasher.field(change->base);
    for (const auto& file : change->files) {
      hasher.field(file.path);
      for (const auto& range : file.lines) hasher.field(format("{}-{}", range.first, range.last));
    }
  }
  for (const auto& path : *inputs) {
    hasher.field(path);
    hasher.field(TRY(cache.digests().of(context.workspace.absolute(path))));
  }
  return hasher.finish_hex();
}

CheckResult run_check(const Config& config, const std::vector<PlannedGate>& plan, const CheckOptions& options,
                      Context& context) {
  return Check(config, plan, options, context).run();
}

}  // namespace chiron
