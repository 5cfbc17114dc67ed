// The streams' state in the journal. Keys: <model hash>/<part>/<stream>, and <model hash>/open/<run>/<ls>/<stream> for
// the summaries of lumisections that are still open. Neither hash nor part holds a slash, so no two streams share a
// key.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "app/held_state.h"
#include "app/stream_registry.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

std::string key_of(const std::string& hash, const std::string& part, const std::string& stream) {
  return hash + "/" + part + "/" + stream;
}

std::string open_key(const std::string& hash, std::pair<std::uint32_t, std::uint32_t> where,
                     const std::string& stream) {
  return key_of(hash, "open/" + std::to_string(where.first) + "/" + std::to_string(where.second), stream);
}

std::uint32_t number(std::string_view& rest, const std::string& key) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != '/') {
    throw Error("journal state '" + key + "'", "unreadable key", "<hash>/open/<run>/<ls>/<stream>");
  }
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  return value;
}

std::string share_key(const std::string& hash, std::pair<std::uint32_t, std::uint32_t> where,
                      const std::string& stream) {
  return key_of(hash, "share/" + std::to_string(where.first) + "/" + std::to_string(where.second), stream);
}

// Order of the streams' first batches, over all models the journal knows: <hash>/order/<stream>.
std::uint64_t next_order(const std::map<std::string, std::string>& state) {
  std::uint64_t next = 0;
  for (const auto& [key, value] : state) {
    const auto slash = key.find('/');
    if (slash == std::string::npos || key.compare(slash, 7, "/order/") != 0) continue;
    std::uint64_t order = 0;
    std::from_chars(value.data(), value.data() + value.size(), order);
    next = std::max(next, order + 1);
  }
  return next;
}

}  // namespace

// What every batch changes.
void StreamRegistry::save_open(MonitoredStream& stream, StateChanges& state) const {
  const std::string& hash = stream.model->info().hash;
  state[key_of(hash, "order", stream.name)] = std::to_string(stream.order);
  state[key_of(hash, "sequencer", stream.name)] = stream.sequencer.save();
  state[key_of(hash, "context", stream.name)] = stream.context.save();
  std::set<std::string> open_now;
  for (auto& [where, summary] : stream.open) {
    const std::string key = open_key(hash, where, stream.name);
    open_now.insert(key);
    state[key] = to_json(summary.settled());
    if (std::string shares = shares_text(summary); !shares.empty()) {
      const std::string of = share_key(hash, where, stream.name);
      open_now.insert(of);
      state[of] = std::move(shares);
    }
  }
  for (const std::string& key : stream.saved_open) {
    if (!open_now.contains(key)) state[key] = std::nullopt;
  }
  stream.saved_open = std::move(open_now);
}

void StreamRegistry::save(MonitoredStream& stream, StateChanges& state) const {
  const std::string& hash = stream.model->info().hash;
  save_open(stream, state);
  state[key_of(hash, "monitor", stream.name)] = stream.monitor.save();
  state[key_of(hash, "policy", stream.name)] = stream.policy.save();
  state[key_of(hash, "facts", stream.name)] = stream.facts.save();
}

void StreamRegistry::save_exactly(StateChanges& state) {
  for (const auto& stream : streams_) {
    if (!stream->has_changed) continue;
    if (stream->was_saved) {
      save_open(*stream, state);
    } else {
      save(*stream, state);
    }
    state[key_of(stream->model->info().hash, "held", stream->name)] =
        held_text(stream->sequencer, stream->monitor.pileup_width());
    stream->has_changed = false;
    stream->was_saved = true;
  }
  nlohmann::json homeless = {{"dropped", homeless_dropped_}, {"rejected", nlohmann::json::object()}};
  for (const auto& [cause, count] : homeless_rejected_) homeless["rejected"][std::string(to_string(cause))] = count;
  state["homeless"] = json_text(homeless);
}

void StreamRegistry::load_stream(MonitoredStream& stream, const std::map<std::string, std::string>& state,
                                 std::vector<std::string>& dropped) const {
  const ModelInfo& info = stream.model->info();
  // A part that cannot be taken over starts anew; the others go on.
  const auto part = [&](const char* what, const auto& take) {
    try {
      const auto found = state.find(key_of(info.hash, what, stream.name));
      if (found == state.end()) throw Error(what, "missing");
      take(found->second);
      return true;
    } catch (const Error& e) {
      dropped.push_back(info.name + " " + shown(stream.name) + " " + e.what());
      return false;
    }
  };
  const bool sequenced = part("sequencer", [&](const std::string& text) {
    ingest::Sequencer loaded(configuration_.sequencer);
    loaded.load(text);
    stream.sequencer = std::move(loaded);
  });
  part("context", [&](const std::string& text) {
    ingest::ContextTracker loaded;
    loaded.load(text);
    stream.context = std::move(loaded);
  });
  // With other settings what still fits goes on.
  const auto left_behind = [&](std::vector<std::string>&& words) {
    for (const std::string& w : words) dropped.push_back(info.name + " " + shown(stream.name) + " " + w);
  };
  part("monitor", [&](const std::string& text) { left_behind(stream.monitor.load(text)); });
  part("policy", [&](const std::string& text) { left_behind(stream.policy.load(text, stream.monitor.rules())); });

  if (state.contains(key_of(info.hash, "facts", stream.name))) {  // an earlier vigil wrote none
    part("facts", [&](const std::string& text) { stream.facts.load(text); });
  }

  if (sequenced && state.contains(key_of(info.hash, "held", stream.name))) {  // of who goes on exactly
    part("held", [&](const std::string& text) { put_back_held(text, stream.sequencer, models_); });
  }

  // <hash>/<what>/<run>/<ls>/<stream>
  const auto each_open = [&](const char* what, const auto& take) {
    const std::string prefix = info.hash + what;
    for (auto o = state.lower_bound(prefix); o != state.end() && o->first.starts_with(prefix); ++o) {
      try {
        std::string_view rest = std::string_view(o->first).substr(prefix.size());
        const std::uint32_t run = number(rest, o->first);
        const std::uint32_t ls = number(rest, o->first);
        if (rest != stream.name) continue;
        stream.saved_open.insert(o->first);
        if (!sequenced) continue;  // nobody would close it
        take(std::pair(run, ls), o->second);
      } catch (const Error& e) {
        dropped.push_back(info.name + " " + e.what());
      }
    }
  };
  each_open("/open/", [&](auto where, const std::string& text) {
    stream.open.try_emplace(where, info, summary_from_json(text, info, "open summary"));
  });
  each_open("/share/", [&](auto where, const std::string& text) {
    const auto open = stream.open.find(where);
    if (open != stream.open.end()) put_back_shares(text, open->second);
  });
}

// The policy of the newest other model of this stream, where the stream had another model since this one's state was
// saved: what it opened counts, and it is where a rollback leads.
void StreamRegistry::follow_newest(MonitoredStream& stream, bool is_new) const {
  const ModelInfo& info = stream.model->info();
  const std::string* newest = nullptr;
  std::uint64_t generation = 0;
  for (const std::string& saved : saved_policies_) {
    const auto of = alerting::Policy::identity(saved);
    if (!of || of->model != info.name || of->stream != stream.name || of->model_hash == info.hash) continue;
    if (newest != nullptr && of->generation <= generation) continue;
    newest = &saved;
    generation = of->generation;
  }
  if (newest != nullptr && (is_new || generation > stream.policy.generation())) stream.policy.follow(*newest);
}

void StreamRegistry::load_homeless(const std::map<std::string, std::string>& state) {
  const auto found = state.find("homeless");
  if (found == state.end()) return;
  const auto in = nlohmann::json::parse(found->second, nullptr, false);
  if (!in.is_object()) return;
  homeless_dropped_ = in.value("dropped", std::uint64_t{0});
  const auto causes = in.value("rejected", nlohmann::json::object());
  for (int i = 1; i < static_cast<int>(Rejection::count_); ++i) {
    const auto cause = static_cast<Rejection>(i);
    const std::string name(to_string(cause));
    if (causes.is_object() && causes.contains(name)) homeless_rejected_[cause] = causes.value(name, std::uint64_t{0});
  }
}

std::vector<std::string> StreamRegistry::load(const std::map<std::string, std::string>& state) {
  std::vector<std::string> dropped;
  next_order_ = next_order(state);
  load_homeless(state);
  for (const auto& [key, value] : state) {
    if (key.find("/policy/") != std::string::npos) saved_policies_.push_back(value);
  }
  std::vector<std::unique_ptr<MonitoredStream>> loaded;
  for (const auto& model : models_.all()) {
    const std::string prefix = model->info().hash + "/order/";
    for (auto it = state.lower_bound(prefix); it != state.end() && it->first.starts_with(prefix); ++it) {
      auto stream = make(model, it->first.substr(prefix.size()));
      std::from_chars(it->second.data(), it->second.data() + it->second.size(), stream->order);
      load_stream(*stream, state, dropped);
      follow_newest(*stream, false);
      loaded.push_back(std::move(stream));
    }
  }
  std::stable_sort(loaded.begin(), loaded.end(), [](const auto& a, const auto& b) { return a->order < b->order; });
  for (auto& stream : loaded) add(std::move(stream));
  return dropped;
}

}  // namespace vigil::app
