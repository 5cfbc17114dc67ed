// What the tests of the pipeline's parts share: the demo model, frames of a scenario, and frames already emulated.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "app/configuration.h"
#include "app/demo_data.h"
#include "app/item.h"
#include "app/model_set.h"
#include "core/frame.h"
#include "fpga_model/package/package.h"
#include "ingest/decode.h"
#include "ingest/encode.h"
#include "replay/scenario_source.h"

namespace vigil::app::fixtures {

class Memory : public Source {
 public:
  explicit Memory(std::vector<Frame> frames) : frames_(std::move(frames)) {}
  std::optional<Frame> next() override {
    if (fail_at_ == at_) throw std::runtime_error("the source broke");
    if (at_ == frames_.size()) return {};
    return frames_[at_++];
  }
  void request_stop() override { at_ = frames_.size(); }
  std::size_t fail_at_ = ~std::size_t{0};

 private:
  std::vector<Frame> frames_;
  std::size_t at_ = 0;
};

inline std::vector<Frame> frames_of(const std::string& scenario) {
  replay::ScenarioSource source(replay::parse_scenario(scenario, "test"), fpga_model::load_package(demo_model_folder()),
                                demo_events(), ingest::encode);
  std::vector<Frame> out;
  while (auto frame = source.next()) out.push_back(std::move(*frame));
  return out;
}

inline Configuration demo_configuration() {
  Configuration c;
  c.models = {demo_model_folder()};
  c.monitors.windows = {{"2ls", 2, 1}};
  c.monitors.learn_ls = 3;
  return c;
}

// A frame as the emulate stage hands it on.
inline std::shared_ptr<Item> item_of(const Frame& frame, const ModelSet& models) {
  auto item = std::make_shared<Item>();
  item->frame = frame;
  const auto lookup = [&](std::string_view name) -> const ModelInfo* {
    const auto* model = models.find(name);
    return model == nullptr ? nullptr : &(*model)->info();
  };
  item->rejection = ingest::decode(item->frame, lookup, item->batch);
  if (item->rejection != Rejection::none) return item;
  item->model = models.find(item->batch.model)->get();
  const ModelInfo& info = item->model->info();
  std::vector<std::int64_t> scratch, out(item->batch.n * info.output_words());
  const WordsView raw = ingest::raw_inputs(item->batch, info, scratch);
  if (item->model->predict(raw, mutable_words_of(out.data(), info.output_words()), item->batch.n) != Status::ok)
    throw std::runtime_error("the demo model failed");
  item->summary.fill(info, item->batch, raw, words_of(out.data(), info.output_words()),
                     monitors::MultivariateSettings{}.sampling());
  return item;
}

}  // namespace vigil::app::fixtures
