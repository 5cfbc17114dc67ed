// The streams' state in the journal. Keys: <model hash>/<part>/<stream>, and <model hash>/open/<run>/<ls>/<stream> for
// the summaries of lumisections that are still open. State of another model hash is left as it is.
#include <charconv>

#include "app/stream_registry.h"
#include "core/error.h"

namespace vigil::app {
namespace {

std::string key_of(const std::string& hash, const std::string& part, const std::string& stream) {
  return hash + "/" + part + "/" + stream;
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

}  // namespace

void StreamRegistry::save(MonitoredStream& stream, std::map<std::string, std::optional<std::string>>& state) {
  const std::string& hash = stream.model->info().hash;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i].get() == &stream) state[key_of(hash, "order", stream.name)] = std::to_string(i);
  }
  state[key_of(hash, "selection", stream.name)] = stream.selection;
  state[key_of(hash, "sequencer", stream.name)] = stream.sequencer.save();
  state[key_of(hash, "context", stream.name)] = stream.context.save();
  state[key_of(hash, "monitor", stream.name)] = stream.monitor.save();
  state[key_of(hash, "policy", stream.name)] = stream.policy.save();
  std::set<std::string> open_now;
  for (auto& [where, summary] : stream.open) {
    const std::string key =
        hash + "/open/" + std::to_string(where.first) + "/" + std::to_string(where.second) + "/" + stream.name;
    open_now.insert(key);
    state[key] = to_json(summary.summary());
  }
  const auto mine = [&](const std::string& key) {
    return key.starts_with(hash + "/open/") && key.ends_with("/" + stream.name);
  };
  for (auto it = saved_open_.begin(); it != saved_open_.end();) {
    if (mine(*it) && !open_now.contains(*it)) {
      state[*it] = std::nullopt;
      it = saved_open_.erase(it);
    } else {
      ++it;
    }
  }
  saved_open_.insert(open_now.begin(), open_now.end());
}

void StreamRegistry::load(const std::map<std::string, std::string>& state) {
  std::map<std::uint64_t, MonitoredStream*> order;
  for (const auto& model : models_.all()) {
    const std::string prefix = model->info().hash + "/order/";
    for (auto it = state.lower_bound(prefix); it != state.end() && it->first.starts_with(prefix); ++it) {
      const std::string name = it->first.substr(prefix.size());
      auto stream = make(model, name);
      const auto part = [&](const char* what) -> const std::string& {
        const auto found = state.find(key_of(model->info().hash, what, name));
        if (found == state.end()) throw Error("journal state", std::string("no ") + what + " of stream '" + name + "'");
        return found->second;
      };
      stream->selection = part("selection");
      stream->sequencer.load(part("sequencer"));
      stream->context.load(part("context"));
      stream->monitor.load(part("monitor"));
      stream->policy.load(part("policy"));
      const std::string open = model->info().hash + "/open/";
      for (auto o = state.lower_bound(open); o != state.end() && o->first.starts_with(open); ++o) {
        std::string_view rest = std::string_view(o->first).substr(open.size());
        const std::uint32_t run = number(rest, o->first);
        const std::uint32_t ls = number(rest, o->first);
        if (rest != name) continue;
        stream->open.try_emplace({run, ls}, model->info(),
                                 summary_from_json(o->second, model->info(), "journal state '" + o->first + "'"));
        saved_open_.insert(o->first);
      }
      order[std::stoull(it->second)] = stream.get();
      streams_.push_back(std::move(stream));
    }
  }
  std::vector<std::unique_ptr<MonitoredStream>> sorted;
  for (const auto& [index, stream] : order) {
    for (auto& s : streams_) {
      if (s.get() == stream) sorted.push_back(std::move(s));
    }
  }
  streams_ = std::move(sorted);
}

}  // namespace vigil::app
