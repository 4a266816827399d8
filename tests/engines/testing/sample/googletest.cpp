// Tests that misbehave in every way a runner must survive, each only where it is asked for by its name.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {
int polluted = 0, first = 0, second = 0;
bool set_up = false;
}  // namespace

class Plain : public testing::TestWithParam<int> {};
TEST_P(Plain, Passes) { EXPECT_GE(GetParam(), 0); }
INSTANTIATE_TEST_SUITE_P(Many, Plain, testing::Range(0, 60));

TEST(Order, Sets) { set_up = true; }
TEST(Order, NeedsSetter) { EXPECT_TRUE(set_up); }
TEST(Order, Pollutes) { polluted = 1; }
TEST(Order, Victim) { EXPECT_EQ(polluted, 0); }
TEST(Order, FirstHalf) { first = 1; }
TEST(Order, SecondHalf) { second = 1; }
TEST(Order, VictimOfBoth) { EXPECT_FALSE(first == 1 && second == 1); }

TEST(Bad, Fails) { EXPECT_EQ(1, 2) << "planted failure"; }
TEST(Bad, Crashes) { raise(SIGSEGV); }
TEST(Bad, Exits) { exit(0); }
TEST(Bad, Hangs) {
  signal(SIGTERM, SIG_IGN);
  for (;;) pause();
}
TEST(Bad, LeavesProcess) {
  if (fork() == 0) {
    sleep(300);
    _exit(0);
  }
}
TEST(Bad, LeavesFile) {
  const std::string path = std::string(getenv("TMPDIR")) + "/left-behind";
  FILE* file = fopen(path.c_str(), "w");
  ASSERT_TRUE(file);
  fclose(file);
}
TEST(Bad, ClosesOutput) {
  for (int fd = 0; fd < 64; ++fd) close(fd);
}
TEST(Bad, ChangesFolder) { ASSERT_EQ(chdir("/"), 0); }
TEST(Bad, PrintsALot) {
  const char* size = getenv("SAMPLE_MEGABYTES");
  const int count = size ? atoi(size) : 8;
  static char line[1 << 20];
  memset(line, 'x', sizeof line);
  for (int i = 0; i < count; ++i) {
    line[sizeof line - 1] = i % 2 ? '\n' : 'y';
    fwrite(line, 1, sizeof line, stdout);
  }
}
TEST(Bad, DISABLED_NeverRuns) { FAIL(); }
