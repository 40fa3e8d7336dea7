#include "commands/password_prompt.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>

namespace signpost::commands {

namespace {

constexpr std::size_t kLongestPassword = 1024;

volatile std::sig_atomic_t pending_signal = 0;

extern "C" void remember_signal(int signal) noexcept { pending_signal = signal; }

// No echo while it lives. A signal that would end the program in between only interrupts the wait
// for input, so that echo is restored; it is raised again afterwards.
class Silence {
 public:
  Silence() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : kSignals) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, &old_mask_);
    struct sigaction action{};
    action.sa_handler = remember_signal;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], &action, &old_actions_[i]);
    }
    silent_ = tcgetattr(STDIN_FILENO, &old_) == 0;
    if (!silent_) return;
    termios quiet = old_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~Silence() {
    if (silent_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &old_);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], &old_actions_[i], nullptr);
    }
    sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    if (pending_signal != 0) (void)std::raise(pending_signal);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  bool silent() const { return silent_; }
  // To be in force only while the program waits: at any other time a signal stays pending, so that
  // it cannot arrive just before a read() that then blocks for ever.
  const sigset_t& waiting_mask() const { return old_mask_; }

 private:
  static constexpr std::array<int, 4> kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, kSignals.size()> old_actions_{};
  sigset_t old_mask_{};
  termios old_{};
  bool silent_ = false;
};

// False when a signal came first.
bool wait_for_input(const sigset_t& mask) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (ppoll(&input, 1, nullptr, &mask) < 0) {
    if (errno != EINTR || pending_signal != 0) return false;
  }
  return true;
}

// One line without its end. Nothing at the end of the input or when a signal came.
std::optional<std::string> read_line(const Silence* silence = nullptr) {
  std::string line;
  for (;;) {
    if (silence != nullptr && !wait_for_input(silence->waiting_mask())) return {};
    char c = 0;
    const ssize_t size = ::read(STDIN_FILENO, &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 || (size == 0 && line.empty())) return {};
    if (size == 0 || c == '\n') break;
    if (line.size() <= kLongestPassword) line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void ask(std::string_view question) {
  std::fprintf(stderr, "%.*s", static_cast<int>(question.size()), question.data());
}

// Again after a mistype, so that nothing that was answered before has to be answered again.
Result<std::string> ask_twice() {
  constexpr int kMostTimes = 3;
  const Silence silence;
  if (!silence.silent()) return fail(Errc::Io, "the terminal cannot hide the password");
  for (int time = 1;; ++time) {
    ask("New password: ");
    auto first = read_line(&silence);
    ask("\n");
    if (!first) return fail(Errc::InvalidArgument, "no password was given");
    ask("Repeat it: ");
    const auto second = read_line(&silence);
    ask("\n");
    if (second && *first == *second) return std::move(*first);
    if (!second || time == kMostTimes) {
      return fail(Errc::InvalidArgument, "the two passwords differ");
    }
    ask("The two passwords differ; once more.\n");
  }
}

}  // namespace

Result<std::string> read_new_password() {
  Result<std::string> password;
  if (input_is_terminal()) {
    password = ask_twice();
  } else if (auto line = read_line()) {
    password = std::move(*line);
  }
  if (!password) return password;
  if (password->empty()) return fail(Errc::InvalidArgument, "no password was given");
  if (password->size() > kLongestPassword) {
    return fail(Errc::InvalidArgument, "a password may have at most 1024 octets");
  }
  // AUTH PLAIN separates its fields with NUL (RFC 4616).
  if (password->find('\0') != std::string::npos) {
    return fail(Errc::InvalidArgument, "a password cannot contain NUL");
  }
  return password;
}

bool input_is_terminal() { return isatty(STDIN_FILENO) == 1; }

std::optional<std::string> answer_to(const std::string& question) {
  ask(question);
  return read_line();
}

bool confirmed(const std::string& question) {
  ask(question + " [y/N] ");
  const auto answer = read_line();
  return answer == "y" || answer == "yes";
}

}  // namespace signpost::commands
