// `vigil status --watch`: the screen again and again on a terminal, elsewhere a line a stream whenever it changes. Used
// by the command. Tests: tests/contract/status_test.py.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/status_source.h"

namespace vigil::app {

// Until SIGINT, SIGTERM or SIGHUP, on a terminal also until `q`: returns 0, the terminal as it was. A source that does
// not answer is said, and waited for. `open` makes the source; its errors are waited for too. Make no thread before.
int watch_status(const std::string& where, const std::function<std::unique_ptr<StatusSource>()>& open);

}  // namespace vigil::app
