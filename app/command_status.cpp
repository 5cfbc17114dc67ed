// vigil status: one screen of a journal, whether or not a program is writing it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/status_view.h"
#include "app/wall_clock.h"
#include "core/json_text.h"

namespace vigil::app {
namespace {

int run_status(const std::string& file, bool json) {
  const alerting::JournalReader journal(file);
  const auto document = status_document(file, journal, wall_clock_ns());
  if (json) {
    fmt::print("{}\n", json_text(document));
  } else {
    fmt::print("{}", status_text(document));
  }
  return 0;
}

}  // namespace

Command status_command() {
  struct StatusOptions {
    std::string journal;
    bool json = false;
  };
  const auto o = std::make_shared<StatusOptions>();
  return {"status",
          "one screen: models, quality, rates, ages, losses",
          "vigil status vigil.db",
          {{"JOURNAL", &o->journal, "journal file", Presence::required}, {"--json", &o->json, "one JSON document"}},
          [o] { return run_status(o->journal, o->json); }};
}

}  // namespace vigil::app
