// What the tests of the scenario generator share: a model of sums, events, and all that a scenario sends. Tests only.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/lhc.h"
#include "replay/scenario_source.h"

namespace vigil::replay {

// A small exact model on L1-like objects: score = sum of weighted codes, wide enough never to wrap.
class SumModel : public Model {
 public:
  explicit SumModel(std::vector<int> weights, bool integer_on_wire = true) : weights_(std::move(weights)) {
    info_.name = "sum";
    info_.version = "v1";
    info_.hash = std::string(64, 'a');
    for (const char* object : {"jet[0]", "jet[1]", "muon"}) {
      for (const char* kind : {".pt", ".eta", ".phi"}) {
        info_.inputs.push_back({object + std::string(kind), FixedPoint{18, 13}, integer_on_wire, {}, ""});
      }
    }
    info_.outputs = {{"score", FixedPoint{32, 27}, 0, 1}};
    info_.seeds = {{"L1_Sum", 0, 0, 0, 17000 * 32, 1000.0}, {"L1_Sum_High", 0, 0, 9, 20000 * 32, 100.0}};
  }
  const ModelInfo& info() const override { return info_; }
  Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      std::int64_t sum = 0;
      for (std::size_t c = 0; c < weights_.size(); ++c) sum += weights_[c] * in.at(r, c);
      out.set(r, 0, sum);
    }
    return Status::ok;
  }

 private:
  std::vector<int> weights_;
  ModelInfo info_;
};

inline std::shared_ptr<const Model> sum_model(bool integer_on_wire = true) {
  return std::make_shared<SumModel>(std::vector<int>{7, 2, 3, 5, 1, 2, 3, 1, 1}, integer_on_wire);
}

// 400 events: falling momenta, some objects absent, pile-up correlated with nothing.
inline ScenarioEvents some_events() {
  ScenarioEvents events;
  std::uint32_t state = 12345;
  const auto draw = [&state](std::uint32_t n) {
    return static_cast<std::int32_t>((state = state * 1664525u + 1013904223u) >> 8) % static_cast<std::int32_t>(n);
  };
  for (int i = 0; i < 400; ++i) {
    for (int object = 0; object < 3; ++object) {
      const bool present = object == 0 || draw(3) > 0;
      const int scale = 1 + draw(8);
      events.words.push_back(present ? 1 + draw(255) * scale : 0);
      events.words.push_back(present ? draw(115) - 57 : 0);
      events.words.push_back(present ? draw(object == 2 ? 576 : 144) : 0);
    }
    events.pileup.push_back(1 + draw(20));
  }
  return events;
}

struct Sent {
  EventBatch batch;  // columns are not valid any more
  std::vector<std::tuple<std::uint32_t, std::uint32_t>> when;
  std::vector<std::vector<std::int64_t>> inputs;
  std::vector<std::int64_t> outputs, bits;
};

// Everything a scenario sends, with columns copied, and the bytes of it in one text.
struct Recorded {
  std::vector<Sent> batches;
  std::vector<FrameHeader> headers;
  std::string bytes;
  std::vector<nlohmann::json> truth;
};

inline void append(std::string& bytes, const Column& column) {
  bytes += std::to_string(column.word_bytes) + (column.is_signed ? "i" : "u");
  for (std::size_t r = 0; r < column.rows && column.present(); ++r) {
    for (std::size_t c = 0; c < column.columns; ++c) bytes += std::to_string(column.at(r, c)) + ",";
  }
}

inline Recorded run(const Scenario& scenario, std::shared_ptr<const Model> model = sum_model(),
                    ScenarioEvents events = some_events(), std::shared_ptr<const Model> other = nullptr) {
  Recorded recorded;
  const auto encode = [&](const EventBatch& b) {
    Sent sent{b, {}, {}, {}, {}};
    for (std::size_t i = 0; i < b.n; ++i) {
      sent.when.emplace_back(b.orbit.at(i), b.bx.at(i));
      sent.inputs.emplace_back();
      for (std::size_t c = 0; c < b.inputs().columns; ++c) sent.inputs.back().push_back(b.inputs().at(i, c));
      if (b.hw_outputs().present()) sent.outputs.push_back(b.hw_outputs().at(i));
      if (b.hw_bits().present()) sent.bits.push_back(b.hw_bits().at(i));
    }
    std::string body = b.source + std::to_string(b.seq) + "," + std::to_string(b.ls) + "," + std::to_string(b.n_bx) +
                       "," + std::to_string(*b.context.pileup) + *b.context.menu;
    for (const Column& column : {b.orbit, b.bx, b.inputs(), b.hw_outputs(), b.hw_bits()}) append(body, column);
    recorded.batches.push_back(std::move(sent));
    recorded.bytes += body;
    return std::vector<std::string>{b.stream + "/" + b.model, body};
  };
  const auto truth = [&](const std::string& line) { recorded.truth.push_back(nlohmann::json::parse(line)); };
  ScenarioSource source(scenario, std::move(model), std::move(events), encode, std::move(other), truth);
  while (auto frame = source.next()) {
    EXPECT_EQ(frame->position, std::to_string(recorded.headers.size()));
    EXPECT_EQ(frame->parts[0], frame->header.topic);
    recorded.headers.push_back(frame->header);
  }
  return recorded;
}

inline Scenario scenario_of(const std::string& text) {
  return parse_scenario("lumisections: 6\nevents_per_ls: 600\n" + text, "test.yaml");
}

// All events of lumisections a..b by (orbit, bx): inputs, output, bits.
using Events = std::map<std::tuple<std::uint32_t, std::uint32_t>,
                        std::tuple<std::vector<std::int64_t>, std::int64_t, std::int64_t>>;
inline Events events_of(const Recorded& recorded, std::uint32_t from_ls, std::uint32_t to_ls) {
  Events events;
  for (const Sent& sent : recorded.batches) {
    if (sent.batch.ls < from_ls || sent.batch.ls > to_ls) continue;
    for (std::size_t i = 0; i < sent.when.size(); ++i) {
      EXPECT_TRUE(events.try_emplace(sent.when[i], sent.inputs[i], sent.outputs[i], sent.bits[i]).second);
    }
  }
  return events;
}

}  // namespace vigil::replay
