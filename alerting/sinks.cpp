#include "alerting/sinks.h"

#include <algorithm>

#include "alerting/sink_makers.h"
#include "core/error.h"

namespace vigil::alerting {
namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Sink> (*make)(const SinkSettings&);
  const char* text;
};

constexpr Entry kCatalogue[] = {
#define VIGIL_SINK(name, maker, text) {#name, maker, text},
#include "alerting/sinks.def"
#undef VIGIL_SINK
};

class LogSink : public Sink {
 public:
  explicit LogSink(const SinkSettings& settings) : name_(settings.name), log_(settings.log) {
    if (!log_) throw Error("sink " + name_, "no log to write to", "a callback");
  }
  std::string name() const override { return name_; }
  Answer send(const OutgoingAction& action) override {
    log_(action);
    return {Delivery::delivered, {}};
  }

 private:
  std::string name_;
  std::function<void(const OutgoingAction&)> log_;
};

}  // namespace

std::unique_ptr<Sink> make_log_sink(const SinkSettings& settings) { return std::make_unique<LogSink>(settings); }

std::vector<SinkDescription> sink_catalogue() {
  std::vector<SinkDescription> described;
  for (const Entry& entry : kCatalogue) described.push_back({entry.name, entry.text});
  return described;
}

std::unique_ptr<Sink> make_sink(const SinkSettings& settings) {
  std::string known;
  for (const Entry& entry : kCatalogue) {
    if (settings.kind == entry.name) {
      SinkSettings named = settings;
      if (named.name.empty()) named.name = named.kind;
      return entry.make(named);
    }
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw Error("sinks", "unknown sink '" + settings.kind + "'", "one of " + known);
}

bool is_pipeline(const std::string& kind) { return kind == "zeromq"; }

}  // namespace vigil::alerting
