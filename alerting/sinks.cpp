#include "alerting/sinks.h"

#include <charconv>
#include <set>

#include "alerting/sink_reading.h"
#include "core/error.h"

namespace vigil::alerting {

#define VIGIL_SINK(type, maker, ...) std::unique_ptr<Sink> maker(const SinkSettings& settings);
#include "alerting/sinks.def"
#undef VIGIL_SINK

namespace {

struct Row {
  SinkDescription description;
  std::unique_ptr<Sink> (*make)(const SinkSettings&);
};

template <class... Keys>
std::vector<SinkKey> keys_of(Keys... keys) {
  return {keys...};
}

namespace taken {  // as sinks.def names them
const std::vector<ActionKind> all, retrain{ActionKind::retrain}, rollback{ActionKind::rollback};
}  // namespace taken

const std::vector<Row>& rows() {
  // clang-format off
#define VIGIL_SINK(type, maker, when, which, text, ...) \
  static const std::vector<SinkKey> maker##_keys = keys_of(__VA_ARGS__);
#include "alerting/sinks.def"
#undef VIGIL_SINK
  static const std::vector<Row> all = {
#define VIGIL_SINK(type, maker, when, which, text, ...) \
  {{#type, text, SendWhen::when, taken::which, maker##_keys}, maker},
#include "alerting/sinks.def"
#undef VIGIL_SINK
  };
  // clang-format on
  return all;
}

const Row& row_of(const std::string& type, const std::string& where) {
  std::vector<std::string> known;
  for (const Row& row : rows()) {
    if (row.description.name == type) return row;
    known.push_back(row.description.name);
  }
  throw Error(where, "unknown sink '" + shown(type) + "'", "one of " + list_of(known));
}

}  // namespace

std::int64_t SinkSettings::number(const std::string& key) const {
  const std::string& text = own.at(key);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const std::string& SinkSettings::place(const std::string& key) const {
  static const std::string nowhere = "sinks";
  for (const std::string& known : {key, std::string("type")}) {
    if (const auto found = where.find(known); found != where.end()) return found->second;
  }
  return nowhere;
}

const std::vector<SinkDescription>& sink_catalogue() {
  static const std::vector<SinkDescription> all = [] {
    std::vector<SinkDescription> described;
    for (const Row& row : rows()) described.push_back(row.description);
    return described;
  }();
  return all;
}

const SinkDescription& sink_type(const std::string& name, const std::string& where) {
  return row_of(name, where).description;
}

std::span<const SinkKey> shared_keys() {
  static constexpr SinkKey kShared[] = {
      SinkKey::flag("dry_run", "record what would be sent as delivered, and send nothing"),
      SinkKey::number("first_back_off_ms", "of the first wait after a failure, doubling", 1000, 0, 86'400'000),
      SinkKey::number("longest_back_off_ms", "of any wait", 300'000, 0, 86'400'000),
      SinkKey::number("breaker_failures", "failures in a row, after which nothing is sent for a while", 5, 1,
                      1'000'000),
      SinkKey::number("breaker_open_s", "how long nothing is sent then", 60, 0, 86400),
  };
  return kShared;
}

Pacing pacing_of(const SinkSettings& settings) {
  Pacing pacing;
  const auto number = [&](const char* key, std::int64_t absent) {
    return settings.own.contains(key) ? settings.number(key) : absent;
  };
  pacing.dry_run = settings.flag("dry_run");
  pacing.first_back_off_ms = number("first_back_off_ms", 1000);
  pacing.longest_back_off_ms = number("longest_back_off_ms", 300'000);
  pacing.breaker_failures = static_cast<std::uint64_t>(number("breaker_failures", 5));
  pacing.breaker_open_ms = number("breaker_open_s", 60) * 1000;
  pacing.settle_ms = number("settle_s", 0) * 1000;
  pacing.max_server_errors = static_cast<std::uint64_t>(number("max_server_errors", 0));
  pacing.poll_ms = number("poll_s", 60) * 1000;
  return pacing;
}

std::vector<SinkSettings> named(std::vector<SinkSettings> sinks, const std::string& where) {
  std::set<std::string> names;
  for (SinkSettings& sink : sinks) {
    if (sink.name.empty()) sink.name = sink.type;
    if (!names.insert(sink.name).second) {
      throw Error(where, "two sinks named '" + shown(sink.name) + "'", "names that differ");
    }
  }
  return sinks;
}

std::unique_ptr<Sink> make_sink(const SinkSettings& settings) {
  const Row& row = row_of(settings.type, "sinks");
  SinkSettings whole = settings;
  if (whole.name.empty()) whole.name = whole.type;
  fill_own(row.description, "sinks", whole);
  return row.make(whole);
}

}  // namespace vigil::alerting
