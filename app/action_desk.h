// What the commands about actions share: the desk on a journal's file, who acts, and a problem as one line.
// Tests: tests/contract/actions_verbs_test.py.
#pragma once

#include <memory>
#include <string>

#include "alerting/desk.h"
#include "app/command.h"

namespace vigil::app {

struct ActionsOptions {
  std::string journal, id, actor, reason, output;
  std::string sha256, run, url, sink, until;
  std::string kind, model, stream, subject, proposal;
  std::string state;
  double hours = 0;  // of a shelve
  bool json = false, dead = false;
};

// Throws Error for what is no journal. The models are those the journal was written with.
std::unique_ptr<alerting::Desk> desk_on(const std::string& journal);
// The answer's document; throws Error naming id and verb for a problem.
nlohmann::ordered_json document(const alerting::DeskAnswer& answer, const std::string& id, const std::string& verb);
// Name of the user of this process.
std::string user();
// Who may write the file may act; `actor` empty: the user.
alerting::Asker asker(const std::string& actor);

std::vector<Option> journal_options(ActionsOptions& o);
Option id_option(ActionsOptions& o);

}  // namespace vigil::app
