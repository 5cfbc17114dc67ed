// Parses the command line, runs the command, and turns what it throws into exit codes; nothing else.
#include <csignal>
#include <cstdio>
#include <exception>

#include "app/command_line.h"
#include "app/commands.h"
#include "core/error.h"
#include "core/shown.h"

namespace {

constexpr int kWrongUsage = 2;
constexpr int kFailedRunning = 3;

int failed(const std::exception& e, int exit_code) {
  std::fprintf(stderr, "vigil: %s\n", vigil::escaped(e.what()).c_str());
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a write error, reported as such
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file size limit
  try {
    const auto run = vigil::app::parse_command_line(vigil::app::commands(), argc, argv);
    return run ? run() : 0;
  } catch (const vigil::app::WrongUsage& e) {
    return failed(e, kWrongUsage);
  } catch (const vigil::Error& e) {
    return failed(e, kWrongUsage);
  } catch (const std::exception& e) {
    return failed(e, kFailedRunning);
  }
}
