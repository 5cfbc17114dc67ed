// vigil status: one screen of a running monitor or of a journal, again and again with --watch; how far a plan is.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/plan_status.h"
#include "app/status_screen.h"
#include "app/status_source.h"
#include "app/status_watch.h"
#include "app/text.h"
#include "core/error.h"

namespace vigil::app {
namespace {

constexpr const char* kDefault = "http://127.0.0.1:8080";

int run_status(const std::string& where, bool watch, bool json) {
  if (watch && json) throw Error("status", "--watch with --json", "one of them");
  if (is_plan_file(where)) {
    if (watch) throw Error(where, "--watch of a plan", "a monitor or a journal");
    fmt::print("{}", plan_status(replay::load_plan(where), json));
    return 0;
  }
  if (watch) {
    // A file that is no journal will not become one; a server may come.
    if (where.find("://") == std::string::npos) (void)status_source(where);
    return watch_status(where, [&where] { return status_source(where); });
  }
  const FoundStatus found = status_source(where)->read();
  fmt::print("{}", json ? found.text + (found.text.ends_with('\n') ? "" : "\n") : status_screen(found, colours()));
  return 0;
}

}  // namespace

Command status_command() {
  struct StatusOptions {
    std::string where = kDefault;
    bool watch = false, json = false;
  };
  const auto o = std::make_shared<StatusOptions>();
  return {"status",
          "one screen: models, quality, rates, ages, losses; of a server or a journal; or how far a plan is",
          "vigil status vigil.db",
          {{"WHERE", &o->where, "URL of a monitor, journal file or plan (left out: http://127.0.0.1:8080)"},
           {"--watch", &o->watch, "go on until q or Ctrl-C; no terminal: a line a stream whenever it changes"},
           {"--json", &o->json, "the document of /v1/status; of a plan, its parts"}},
          [o] { return run_status(o->where, o->watch, o->json); }};
}

}  // namespace vigil::app
