#include "surfaces/cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace chiron::cli {

namespace {
// A signal handler can reach nothing but a global; this is the program's only one.
std::atomic<task::CancelToken*> token_of_signals{nullptr};

extern "C" void on_signal(int) {
  auto* token = token_of_signals.load();
  if (token == nullptr || token->cancelled()) ::_exit(130);
  token->cancel();
}
}  // namespace

void cancel_on_signals(task::CancelToken& token) {
  token_of_signals = &token;
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace chiron::cli
