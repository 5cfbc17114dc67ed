#include "replay/scenario_source.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/error.h"
#include "core/lhc.h"
#include "replay/fault_words.h"
#include "replay/scenario_draw.h"
#include "replay/scenario_pool.h"
#include "replay/scenario_random.h"
#include "replay/scenario_truth.h"
#include "replay/scenario_words.h"

namespace vigil::replay {

namespace {

std::vector<PreparedFault> prepare_all(const Scenario& scenario, const ModelInfo& model, const EventPool& pool) {
  std::vector<PreparedFault> prepared;
  for (const Fault& fault : scenario.faults) {
    prepared.push_back(prepare(fault, prepared.size(), model, pool.columns()));
  }
  return prepared;
}

void check_other(const Scenario& scenario, const ModelInfo& model, const Model* other) {
  for (const Fault& fault : scenario.faults) {
    if (fault.type != FaultType::wrong_weights) continue;
    if (other == nullptr) throw Error(fault.where, "wrong_weights has no other model", "a second model package");
    const ModelInfo& its = other->info();
    const auto same_type = [](const auto& a, const auto& b) { return a.type == b.type; };
    if (!std::equal(model.inputs.begin(), model.inputs.end(), its.inputs.begin(), its.inputs.end(), same_type) ||
        its.output_words() != model.output_words()) {
      throw Error(fault.where, "model " + its.name + " " + its.version + " has other inputs or outputs",
                  "those of " + model.name + " " + model.version);
    }
  }
}

}  // namespace

struct ScenarioSource::State {
  State(Scenario s, std::shared_ptr<const Model> m, const ScenarioEvents& given, EncodeBatch e,
        std::shared_ptr<const Model> o, WriteLine t)
      : scenario(std::move(s)),
        model(std::move(m)),
        other(std::move(o)),
        encode(std::move(e)),
        write_truth(std::move(t)),
        pool(*model, given, scenario.rotations),
        faults(prepare_all(scenario, model->info(), pool)),
        draw(scenario, pool, faults, model->info()),
        words(scenario, *model, other.get(), pool, faults),
        sequence(scenario.sources.size(), 0),
        ls(scenario.first_ls) {
    check_other(scenario, model->info(), other.get());
  }

  const Scenario scenario;
  const std::shared_ptr<const Model> model, other;
  const EncodeBatch encode;
  const WriteLine write_truth;
  const EventPool pool;
  const std::vector<PreparedFault> faults;
  const EventDraw draw;
  BatchWords words;
  std::vector<std::uint64_t> sequence;  // next of each source
  std::uint32_t ls;
  std::uint64_t slot = 0;          // next batch of the lumisection: chunk * sources + source, heartbeats last
  std::vector<DrawnEvent> events;  // of the lumisection
  std::size_t first_event = 0;     // of the chunk
  LumisectionTruth truth;
  std::uint64_t frames = 0;
  std::atomic<bool> stopped{false};

  std::uint64_t slots() const {
    return (std::uint64_t{scenario.batches_per_ls} + scenario.heartbeats_per_ls) * scenario.sources.size();
  }
  void begin_lumisection();
  EventBatch batch_header(std::size_t source) const;
  void fill_chunk(EventBatch& batch, std::size_t source, std::uint64_t& mismatched);
  bool lost(std::size_t source, std::uint64_t seq) const;
  std::optional<Frame> make_next();
};

void ScenarioSource::State::begin_lumisection() {
  events = draw.draw(ls);
  first_event = 0;
  truth = {};
  truth.ls = ls;
  truth.luminosity = relative_luminosity(scenario, ls);
  truth.pileup = std::floor(scenario.initial_pileup * truth.luminosity * 100 + 0.5) / 100;
  for (std::size_t f = 0; f < faults.size(); ++f) {
    if (faults[f].fault.active(ls)) truth.faults.push_back(f);
  }
}

EventBatch ScenarioSource::State::batch_header(std::size_t source) const {
  EventBatch batch;
  batch.source = scenario.sources[source];
  batch.epoch = scenario.context.run_start_ns.value_or(1);
  batch.seq = sequence[source];
  batch.stream = scenario.stream;
  batch.selection = scenario.selection;
  batch.run = scenario.run;
  batch.ls = ls;
  batch.model = model->info().name;
  if (scenario.model_hash && !model->info().hash.empty()) batch.model_hash = model->info().hash;
  batch.context = scenario.context;
  batch.context.pileup = truth.pileup;
  for (const PreparedFault& f : faults) {
    if (f.fault.type != FaultType::menu_change || !f.fault.active(ls)) continue;
    if (!f.fault.menu.empty()) batch.context.menu = f.fault.menu;
    if (f.fault.prescale_column) batch.context.prescale_column = f.fault.prescale_column;
  }
  return batch;
}

// Orbits, crossings and events of the current slot. Where sources cover all orbits, each takes its part of every chunk;
// split, every source has chunks of its own. Boundaries are rounded from the whole, so sums over a lumisection do not
// depend on the cuts.
void ScenarioSource::State::fill_chunk(EventBatch& batch, std::size_t source, std::uint64_t& mismatched) {
  const std::uint64_t span = lhc::kOrbitsPerLumisection - scenario.heartbeats_per_ls, sources = scenario.sources.size();
  const std::uint64_t chunks = scenario.batches_per_ls * (scenario.split_orbits ? sources : 1);
  const std::uint64_t chunk = scenario.split_orbits ? slot : slot / sources;
  const std::uint64_t begin = span * chunk / chunks, end = span * (chunk + 1) / chunks;
  const auto crossings_until = [&](std::uint64_t orbit) {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(inspected_crossings(scenario)) * orbit / span);
  };
  batch.first_orbit = lhc::first_orbit(ls) + static_cast<std::uint32_t>(begin);
  batch.last_orbit = lhc::first_orbit(ls) + static_cast<std::uint32_t>(end) - 1;
  std::uint64_t crossings = crossings_until(end) - crossings_until(begin);
  std::vector<DrawnEvent> chosen;
  std::size_t at = first_event;
  for (; at < events.size() && events[at].orbit <= batch.last_orbit; ++at) {
    if (scenario.split_orbits || events[at].source == source) chosen.push_back(events[at]);
  }
  if (!scenario.split_orbits) crossings = crossings * (source + 1) / sources - crossings * source / sources;
  if (scenario.split_orbits || source + 1 == sources) first_event = at;
  mismatched = words.fill(chosen, ls, batch);
  batch.n_bx = std::max<std::uint64_t>(crossings, batch.n);  // each event's crossing was inspected
}

bool ScenarioSource::State::lost(std::size_t source, std::uint64_t seq) const {
  for (const PreparedFault& f : faults) {
    if (f.fault.type != FaultType::lost_batches || !f.fault.active(ls)) continue;
    if (!f.fault.source.empty() && f.fault.source != scenario.sources[source]) continue;
    const bool gone = f.fault.every != 0
                          ? (seq + 1) % f.fault.every == 0
                          : falls_within(mix({scenario.seed, scenario.run, f.salt, source, seq}), f.fault.fraction);
    if (gone) return true;
  }
  return false;
}

std::optional<Frame> ScenarioSource::State::make_next() {
  while (!stopped.load()) {
    if (slot == slots()) {
      if (write_truth) write_truth(truth_line(scenario, truth));
      slot = 0;
      ++ls;
    }
    if (ls - scenario.first_ls >= scenario.lumisections) return std::nullopt;
    if (slot == 0) begin_lumisection();
    const std::size_t source = slot % scenario.sources.size();
    EventBatch batch = batch_header(source);
    std::uint64_t mismatched = 0;
    const std::uint64_t round = slot / scenario.sources.size();
    if (round < scenario.batches_per_ls) {
      fill_chunk(batch, source, mismatched);
    } else {
      const auto beat = static_cast<std::uint32_t>(round - scenario.batches_per_ls);
      batch.first_orbit = batch.last_orbit = lhc::last_orbit(ls) + 1 - scenario.heartbeats_per_ls + beat;
    }
    ++slot;
    ++sequence[source];
    if (lost(source, batch.seq)) {
      ++truth.lost_batches;
      truth.lost_events += batch.n;
      continue;
    }
    ++truth.batches;
    truth.events += batch.n;
    truth.n_bx += batch.n_bx;
    truth.mismatched_events += mismatched;
    Frame frame;
    frame.parts = encode(batch);
    frame.header = {batch.stream + "/" + batch.model,
                    batch.stream,
                    batch.model,
                    batch.source,
                    batch.epoch,
                    batch.seq,
                    batch.run,
                    batch.ls,
                    batch.first_orbit,
                    batch.last_orbit,
                    batch.n};
    frame.position = std::to_string(frames++);
    return frame;
  }
  return std::nullopt;
}

ScenarioSource::ScenarioSource(Scenario scenario, std::shared_ptr<const Model> model, const ScenarioEvents& events,
                               EncodeBatch encode, std::shared_ptr<const Model> other, WriteLine truth) {
  if (!model) throw Error("scenario", "has no model", "a model package");
  state_ = std::make_unique<State>(std::move(scenario), std::move(model), events, std::move(encode), std::move(other),
                                   std::move(truth));
  if (!state_->write_truth) return;
  for (std::size_t f = 0; f < state_->faults.size(); ++f) {
    state_->write_truth(truth_line(state_->scenario, f, state_->faults[f].fault, state_->model->info()));
  }
}

ScenarioSource::~ScenarioSource() = default;

std::optional<Frame> ScenarioSource::next() { return state_->make_next(); }

void ScenarioSource::request_stop() { state_->stopped.store(true); }

}  // namespace vigil::replay
