#include "fpga_model/external/trial.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <any>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

namespace vigil::fpga_model {
namespace {

constexpr int kDone = 40, kRefused = 41, kThrew = 42;
constexpr unsigned kSeconds = 20;

[[noreturn]] void run_in_fork(const std::function<void()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGALRM}) std::signal(signal, SIG_DFL);
  ::alarm(kSeconds);
  try {
    work();
  } catch (const std::bad_any_cast&) {
    ::_exit(kRefused);
  } catch (...) {
    ::_exit(kThrew);
  }
  ::_exit(kDone);
}

}  // namespace

TrialResult run_trial(const std::function<void()>& work) {
  const ::pid_t pid = ::fork();
  if (pid < 0) return {Trial::failed, "no process can be made"};
  if (pid == 0) run_in_fork(work);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return {Trial::failed, "its end was not seen"};
  }
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGSEGV || signal == SIGBUS) return {Trial::memory_fault, "touches memory that is not its own"};
    if (signal == SIGALRM) return {Trial::failed, "does not return within " + std::to_string(kSeconds) + " s"};
    return {Trial::failed, std::string("crashes (") + ::strsignal(signal) + ")"};
  }
  switch (WEXITSTATUS(status)) {
    case kDone:
      return {Trial::done, {}};
    case kRefused:
      return {Trial::refused, {}};
    case kThrew:
      return {Trial::failed, "throws an exception"};
    default:
      return {Trial::failed, "ends the process with exit code " + std::to_string(WEXITSTATUS(status))};
  }
}

GuardedMemory::GuardedMemory(std::size_t bytes, bool read_only) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t usable = (bytes + page - 1) / page * page;
  mapped_ = usable + page;
  map_ = ::mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map_ == MAP_FAILED) throw std::bad_alloc();
  if (usable > 0 && ::mprotect(map_, usable, read_only ? PROT_READ : PROT_READ | PROT_WRITE) != 0) {
    ::munmap(map_, mapped_);
    throw std::bad_alloc();
  }
  data_ = static_cast<std::byte*>(map_) + usable - bytes;
}

GuardedMemory::~GuardedMemory() { ::munmap(map_, mapped_); }

}  // namespace vigil::fpga_model
