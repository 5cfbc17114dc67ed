// Where people and pipelines ask about actions and alarms: the verbs of docs/actions.md, the same over HTTP and on the
// command line. Every answer is a JSON document or a problem; a problem changes nothing. Used by the HTTP server (room
// shift) and the commands. Thread-safe.
// Tests: tests/alerting/desk_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace vigil::alerting {

// Who asks, as a token or the operating system says; never from what was sent.
struct Asker {
  std::string actor;
  bool shifter = false, expert = false, pipeline = false;
};

// Why not: RFC 9457. `name` is the last part of urn:vigil:problem:<name>.
struct Problem {
  std::string name;
  int status = 400;
  std::string detail;                // one line: what, where, what was expected
  std::optional<std::string> state;  // of the action, with 409
  nlohmann::ordered_json more = {};  // further members, e.g. claim
};

struct DeskAnswer {
  int status = 200;
  nlohmann::ordered_json body;
  std::optional<Problem> problem;  // then status is its
};

struct ActionFilter {
  std::optional<std::string> state, kind, model, stream, after;
  std::optional<bool> open;
  bool dead = false;          // those with entries refused or expired at a sink
  std::uint32_t limit = 100;  // 1..1000
};

class Desk {
 public:
  virtual ~Desk() = default;

  virtual DeskAnswer list(const ActionFilter& filter) = 0;
  virtual DeskAnswer show(const std::string& id) = 0;
  // `body`: a JSON object as POST /v1/actions takes it; checked here.
  virtual DeskAnswer propose(const Asker& asker, const nlohmann::ordered_json& body) = 0;
  // `verb`: approve, reject, retry, discard, claim, status, ack, shelve, unshelve; `body` as its POST takes it.
  virtual DeskAnswer act(const Asker& asker, const std::string& id, const std::string& verb,
                         const nlohmann::ordered_json& body) = 0;
  virtual DeskAnswer alarms(const std::string& node) = 0;
  // `verb`: ack, shelve, unshelve.
  virtual DeskAnswer act_on_alarms(const Asker& asker, const std::string& verb, const nlohmann::ordered_json& body) = 0;
  virtual DeskAnswer audit(std::uint64_t after, std::uint32_t limit) = 0;
  virtual DeskAnswer sinks() = 0;
};

}  // namespace vigil::alerting
