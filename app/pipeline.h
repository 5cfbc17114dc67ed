// THE pipeline: read (serial) -> decode, emulate, compare, summarise (parallel) -> judge (serial) -> journal thread.
// `watch` and `replay` are this pipeline with another source and other outputs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "app/judge.h"
#include "app/model_set.h"
#include "app/pipeline_counters.h"
#include "core/frame.h"

namespace vigil::app {

struct PipelineOutputs {
  // Called in the read stage with every frame in order of arrival (the recorder's tee); may be empty.
  std::function<void(const Frame&)> record;
  // Called in the judge stage with every closed lumisection, in order.
  std::function<void(Closing&&)> closed;
  // Asked when the source has ended: another process goes on with this state, nothing is closed. Empty: none does.
  std::function<bool()> goes_on = {};
  // Told what the stages do; may be null.
  PipelineCounters* counters = nullptr;
};

// The stages before the judge, for whoever takes the items, serially and in order, instead.
void run_stages(Source& source, const ModelSet& models, std::uint32_t every_orbits,
                const std::function<void(std::shared_ptr<Item>)>& take, const PipelineOutputs& outputs, unsigned jobs);
// The emulate stage of one item: what a worker runs. Products of words are summed over events whose orbit is divisible
// by `every_orbits`; 0: none are. Pure but for the item.
void emulate(Item& item, const ModelSet& models, std::uint32_t every_orbits);

// `jobs`, where 0 is one a core.
std::size_t threads_of(unsigned jobs);
// The same of many items, each by one of `jobs` threads (0: one a core).
void emulate_many(const std::vector<std::shared_ptr<Item>>& items, const ModelSet& models, std::uint32_t every_orbits,
                  unsigned jobs);

// Runs until the source ends, then closes what is open (unless another process goes on). `jobs` threads (0: one a
// core). An exception of any stage leaves it as it is, after the stages have stopped. Blocks the calling thread, which
// takes part in the work.
void run_pipeline(Source& source, const ModelSet& models, Judge& judge, const PipelineOutputs& outputs, unsigned jobs);

}  // namespace vigil::app
