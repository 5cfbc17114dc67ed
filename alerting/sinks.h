// Where actions go: the catalogue of sinks (sinks.def) and what makes one. Each delivers at least once under the same
// id. Used by the program to build what the dispatcher drives. A sink keeps no queue: what is undelivered is in the
// journal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/action.h"

namespace vigil::alerting {

struct SinkSettings {
  std::string kind;                                // a name of the catalogue
  std::string name;                                // empty: the kind; identifies its outbox rows across restarts
  std::string target;                              // file: path; zeromq: endpoint; log: unused
  int reply_timeout_ms = 5000;                     // zeromq
  std::function<void(const OutgoingAction&)> log;  // log: called on the dispatch thread
};

struct SinkDescription {
  std::string name;
  std::string text;
};
std::vector<SinkDescription> sink_catalogue();

// A sink whose wait can be cut short from another thread.
class WaitingSink : public Sink {
 public:
  // The wait in progress and all later ones end at once with retry. Thread-safe, idempotent.
  virtual void abandon() = 0;
};

// Throws Error naming the sink and the target that cannot be used (unknown kind, unwritable file, malformed endpoint).
std::unique_ptr<Sink> make_sink(const SinkSettings& settings);

// True where the answer is a pipeline's: it is the action's `delivery`.
bool is_pipeline(const std::string& kind);

}  // namespace vigil::alerting
