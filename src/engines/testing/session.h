// A whole `chiron test`: from what the user names to a list, a selection, one or more rounds, and what is kept of them.
#pragma once
#include "engines/testing/record.h"

namespace chiron::testing {

struct SessionRequest {
  // Test programs, CTest build folders, pytest paths; "tap:PROGRAM" or "FRAMEWORK:PATH" where it cannot be told.
  std::vector<std::string> targets;
  std::string folder;        // that paths are relative to; absolute
  std::string archive;       // of chiron test archive, absolute: its programs, unless `targets` names some of them
  std::string unpack;        // the folder to unpack it in, absolute; "" for one that is gone afterwards
  std::string state_folder;  // recorded runs, durations, list cache; "" keeps nothing
  std::string filter;
  std::string shard;    // "k/n"
  std::string timings;  // durations read from here in place of the state folder's, never written
  std::string seed;     // "", a number, or "last"
  std::string python = "python3";
  std::vector<std::string> pytest_arguments;
  unsigned rounds = 1;
  bool use_cache = true;
  bool allow_none = false;  // a filter that selects nothing is no error
  RunOptions run;           // seed, replay, scratch and filter context are filled in here
  // Told once, before anything runs; the catalog stays where it is until the session's result is gone.
  std::function<void(const Catalog&)> listed;
  // Limits what the filter selected further (--since).
  std::function<Result<std::vector<TestIndex>>(const Catalog&, const std::vector<TestIndex>& selected,
                                               const FilterContext&)>
      limit;
  // Receives each JSON line of the run as it is written.
  std::function<void(std::string_view line)> stream;
  std::function<void(std::size_t done, std::size_t total)> progress;
  std::function<void(const std::string& text)> message;
};

struct SessionResult {
  std::shared_ptr<Catalog> catalog;  // shared with nobody; a Catalog holds processes and does not move cheaply
  std::vector<TestIndex> selected;
  RunResult result;
  std::uint64_t seed = 0;
  std::size_t listed = 0, matched = 0;  // tests there are, and those the filter takes
  std::size_t left_out = 0;             // by filter, shard and limit
  std::string run_id;                   // of the record, "" where none was kept
  std::string coverage_said;            // what pytest printed at its end (a coverage report)
};

// Programs from targets. Errors: "testing.target" naming it.
[[nodiscard]] Result<std::vector<Program>> find_programs(const std::vector<std::string>& targets,
                                                         const std::string& folder,
                                                         const std::vector<std::string>& pytest_arguments);
[[nodiscard]] Result<SessionResult> run_session(const SessionRequest& request);
// Only the list, with the selection.
[[nodiscard]] Result<SessionResult> list_session(const SessionRequest& request);

// The text of a recorded run: "last", "" (the same) or an id. Errors: "testing.no-record".
[[nodiscard]] Result<std::string> load_record(const std::string& state_folder, std::string_view id);

// Searches for what makes `victim` (a test id) fail: in the last recorded run's order, in the order of definition, or
// in shuffled orders of everything selected.
[[nodiscard]] Result<SessionResult> bisect_session(const SessionRequest& request, const std::string& victim);

// Override, group and setup as one line each, as chiron.toml and the command line have them:
//   "FILTER => retries=2 timeout=60s slow=5s group=db isolate weight=2"; "db=1"; "NAME: FILTER => COMMAND WORDS".
[[nodiscard]] Result<Override> parse_override(std::string_view text);
[[nodiscard]] Result<Group> parse_group(std::string_view text);
[[nodiscard]] Result<SetupScript> parse_setup(std::string_view text);

}  // namespace chiron::testing
