// SequentialMismatch's memory as JSON text, and back.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "monitors/sequential_mismatch.h"

namespace vigil::monitors {
namespace {

using nlohmann::json;

json json_of(const KeptEvent& e) {
  return {{"run", e.run},
          {"ls", e.ls},
          {"orbit", e.orbit},
          {"bx", e.bx},
          {"inputs", e.inputs},
          {"hardware", e.hardware_outputs},
          {"emulator", e.emulator_outputs},
          {"bits", e.has_bits ? json(e.hardware_bits) : json()},
          {"disagreeing", e.disagreeing}};
}

KeptEvent kept_event(const json& j) {
  KeptEvent e;
  j.at("run").get_to(e.run);
  j.at("ls").get_to(e.ls);
  j.at("orbit").get_to(e.orbit);
  j.at("bx").get_to(e.bx);
  j.at("inputs").get_to(e.inputs);
  j.at("hardware").get_to(e.hardware_outputs);
  j.at("emulator").get_to(e.emulator_outputs);
  e.has_bits = !j.at("bits").is_null();
  if (e.has_bits) j.at("bits").get_to(e.hardware_bits);
  j.at("disagreeing").get_to(e.disagreeing);
  return e;
}

}  // namespace

std::string SequentialMismatch::save() const {
  json out = {{"start", start_ ? json(*start_) : json()},
              {"compared", compared_},
              {"quiet", quiet_},
              {"level", static_cast<int>(level_)},
              {"said", said_ ? json(static_cast<int>(*said_)) : json()},
              {"spell", nullptr}};
  if (spell_) {
    const MismatchCounts& c = spell_->counts;
    json events = json::array();
    for (const KeptEvent& e : spell_->first) events.push_back(json_of(e));
    out["spell"] = {{"first_ls", spell_->first_ls},
                    {"counts", {c.events, c.compared, c.first, c.second, c.bits}},
                    {"first", std::move(events)},
                    {"crossings", spell_->crossings.triples()}};
  }
  std::string text = json_text(out);
  text.pop_back();
  return text + ",\"detector\":" + detector_.save() + "}";
}

void SequentialMismatch::load(std::string_view text, const std::string& where) {
  SequentialMismatch read = *this;
  try {
    const json in = json::parse(text);
    read.restart();
    if (!in.at("start").is_null()) in.at("start").get_to(read.start_.emplace());
    in.at("compared").get_to(read.compared_);
    in.at("quiet").get_to(read.quiet_);
    read.level_ = saved_quality(in.at("level").get<int>(), where);
    if (!in.at("said").is_null()) read.said_ = saved_quality(in.at("said").get<int>(), where);
    if (const json& spell = in.at("spell"); !spell.is_null()) {
      const json& c = spell.at("counts");
      read.spell_ = Spell{spell.at("first_ls").get<std::uint32_t>(),
                          {},
                          {c.at(0).get<std::uint64_t>(), c.at(1).get<std::uint64_t>(), c.at(2).get<std::uint64_t>(),
                           c.at(3).get<std::uint64_t>(), c.at(4).get<std::uint64_t>()}};
      for (const json& e : spell.at("first")) read.spell_->first.push_back(kept_event(e));
      // An earlier vigil did not count them: from here on.
      if (spell.contains("crossings") && !read.spell_->crossings.restore(spell["crossings"])) {
        throw Error(where, "crossings of a mismatch that contradict each other");
      }
    } else if (read.level_ >= Quality::medium) {
      throw Error(where, "a mismatch without its counts");
    }
    read.detector_.load(in.at("detector").dump());
  } catch (const json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
  *this = std::move(read);
}

}  // namespace vigil::monitors
