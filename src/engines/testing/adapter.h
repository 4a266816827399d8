// What the runner needs to know of a framework: how to list, how to run some tests in some order, and how to read
// the output while it comes, so that a process that dies names the test it died in. One file per framework.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engines/testing/model.h"

namespace chiron::testing {

// How to start a program for some of its tests.
struct Invocation {
  std::vector<std::string> arguments;  // [0] the program
  Environment environment;
  std::string working_folder;
  // A filter too long for one argument is written here (into the process's own folder) before the start;
  // its path replaces kFilePlaceholder in the arguments.
  std::string file_content;
};
inline constexpr std::string_view kFilePlaceholder = "@CHIRON_FILE@";

// What an output reader reports. Names are as in TestCase::name.
class TestSink {
 public:
  virtual ~TestSink() = default;
  // A line of 0: not told.
  virtual void started(std::string_view name, std::uint32_t line = 0) = 0;
  // Ends the test last started. A duration of 0 means: not told.
  virtual void finished(Status status, Nanoseconds duration) = 0;
  // Says what went wrong in the running test, and where; the first one counts.
  virtual void failure(std::string_view message, std::string_view file, std::uint32_t line) = 0;
  // Output of the running test (or of the process, between tests).
  virtual void output(std::string_view text) = 0;
  // Whether the process was asked to run that test: only such names are believed.
  virtual bool expects(std::string_view name) = 0;
  // How many failures the running test may have and still pass.
  virtual unsigned allowed_failures() = 0;
};

class OutputReader {
 public:
  virtual ~OutputReader() = default;
  // One line, with its "\n" unless it was cut at limits::kOutputLineBytes or the output ended.
  virtual void line(std::string_view text, TestSink& sink) = 0;
};

struct Adapter {
  Framework framework;
  // Arguments after the program to list its tests.
  std::vector<std::string> (*list_arguments)(const Program& program);
  // Errors: "testing.list" where the output is not a list.
  Result<std::vector<TestCase>> (*parse_list)(std::string_view output);
  Invocation (*invoke)(const Program& program, std::span<const TestCase* const> tests, std::size_t all_count,
                       Order order);
  std::unique_ptr<OutputReader> (*make_reader)();
  Environment list_environment;
};

// The adapter of a framework whose programs are executables with a filter of their own: GoogleTest, Catch2, doctest,
// Boost.Test. nullptr for the others.
[[nodiscard]] const Adapter* find_adapter(Framework framework);
[[nodiscard]] const Adapter& googletest_adapter();
[[nodiscard]] const Adapter& catch2_adapter();
[[nodiscard]] const Adapter& doctest_adapter();
[[nodiscard]] const Adapter& boost_test_adapter();

// A command as a user would type it: arguments quoted for a shell where they need it.
[[nodiscard]] std::string shell_command(const std::vector<std::string>& arguments, const Environment& environment = {});

// Which framework an executable is built with, by the option names inside it (or the libraries it needs).
// Errors: "testing.unknown-framework".
[[nodiscard]] Result<Framework> detect_framework(const std::string& path);

// CTest: `ctest --show-only=json-v1` in, tests with their details out.
[[nodiscard]] Result<std::vector<TestCase>> parse_ctest_list(std::string_view json);
// How CTest judges an ended command by its properties.
struct CtestJudgement {
  Status status;
  std::string message;
};
[[nodiscard]] CtestJudgement judge_ctest(const CtestDetails& details, int exit_code, int signal, bool timed_out,
                                         std::string_view output);

// TAP: a program is one test to run; its points are told as tests of their own. Indented lines (subtests) say no more
// than why the point that sums them up failed.
class TapReader {
 public:
  void line(std::string_view text);
  struct Judgement {
    Status status;
    std::string message;
    bool by_points = false;  // nothing but failing points made it fail
  };
  [[nodiscard]] Judgement judge(int exit_code, int signal) const;
  [[nodiscard]] std::vector<TapPoint> take_points() { return std::move(points_); }

 private:
  void point(bool ok, std::string_view rest);
  void plan(std::string_view text);
  void detail(std::string_view text);

  std::vector<TapPoint> points_;
  std::uint64_t count_ = 0, failed_ = 0, skipped_ = 0;
  std::optional<std::uint64_t> planned_;
  std::string skip_reason_, first_failed_, bail_out_, trouble_, inner_;
  bool skip_all_ = false;
};

// XML as Catch2 and doctest print it, one reader for both.
[[nodiscard]] std::unique_ptr<OutputReader> make_xml_reader();
[[nodiscard]] std::string decode_xml(std::string_view text);
// The value of attribute `name` inside the tag `tag`, decoded; nothing where it is absent.
[[nodiscard]] std::optional<std::string> xml_attribute(std::string_view tag, std::string_view name);

}  // namespace chiron::testing
