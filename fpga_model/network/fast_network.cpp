#include "fpga_model/network/fast_network.h"

#include <algorithm>

#include "fpga_model/simd/columns.h"

namespace vigil::fpga_model {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

FastNetwork::FastNetwork(Planner planner, std::vector<Input> inputs, std::vector<Value> outputs,
                         std::vector<std::string> kernels)
    : target_(planner.target()),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)),
      kernels_(std::move(kernels)) {
  std::vector<std::size_t> kept;
  for (const Value& output : outputs_) kept.push_back(output.slab);
  steps_ = planner.take_steps(kept);
  for (Input& input : inputs_) {
    input.lowest.assign(input.value.size(), input.type.lowest());
    input.highest.assign(input.value.size(), input.type.highest());
    input.readable_in_place = input.value.size() > 0;
    for (const Planner::PlannedStep& step : steps_) {
      if (!step.is_map && std::count(step.slabs.begin(), step.slabs.end(), input.value.slab) > 0)
        input.readable_in_place = false;
    }
    for (const Value& output : outputs_) input.readable_in_place &= output.slab != input.value.slab;
  }
  lay_out(planner);
}

// Every slab gets the lowest place that is free from its first use to its last.
void FastNetwork::lay_out(const Planner& planner) {
  const auto& slabs = planner.slabs();
  constexpr std::size_t kNever = ~std::size_t{0};
  struct Life {
    std::size_t first = kNever, last = 0;
  };
  std::vector<Life> lives(slabs.size());
  for (const Input& input : inputs_) lives[input.value.slab].first = 0;
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    for (const std::size_t slab : steps_[s].slabs) {
      lives[slab].first = std::min(lives[slab].first, s);
      lives[slab].last = s;
    }
  }
  for (const Value& output : outputs_) lives[output.slab].last = steps_.size();

  std::vector<std::size_t> order;
  for (std::size_t s = 0; s < slabs.size(); ++s) {
    if (lives[s].first != kNever) order.push_back(s);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lives[a].first < lives[b].first; });
  const std::size_t table = aligned(slabs.size() * sizeof(SlabMemory));
  for (const Planner::Slab& slab : slabs) row_bytes_.push_back(kLanes * bytes_of(slab.lane));
  offsets_.assign(slabs.size(), table);
  workspace_bytes_ = table;
  std::vector<std::size_t> placed;
  // A slab whose first step may work in place of one that ends there takes its memory over.
  std::vector<std::size_t> heir_of(slabs.size(), kNever);
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const auto& replaced = steps_[s].replaces;
    if (!replaced) continue;
    const std::size_t out = steps_[s].slabs[1];
    if (out != *replaced && lives[*replaced].last == s && lives[out].first == s &&
        slabs[out].bytes() <= slabs[*replaced].bytes())
      heir_of[out] = *replaced;
  }
  for (const std::size_t s : order) {
    std::vector<std::pair<std::size_t, std::size_t>> taken;  // begin, end
    for (const std::size_t other : placed) {
      if (lives[other].last >= lives[s].first && heir_of[s] != other)
        taken.emplace_back(offsets_[other], offsets_[other] + aligned(slabs[other].bytes()));
    }
    std::sort(taken.begin(), taken.end());
    std::size_t at = table;
    const std::size_t size = aligned(slabs[s].bytes());
    for (const auto& [begin, end] : taken) {
      if (at + size <= begin) break;
      at = std::max(at, end);
    }
    if (heir_of[s] != kNever) at = offsets_[heir_of[s]];
    offsets_[s] = at;
    workspace_bytes_ = std::max(workspace_bytes_, at + size);
    placed.push_back(s);
  }
}

Status FastNetwork::run(const WordsView& in, const MutableWordsView& out, std::size_t first, std::size_t rows,
                        std::byte* workspace) const {
  auto* slabs = reinterpret_cast<SlabMemory*>(workspace);
  for (std::size_t s = 0; s < offsets_.size(); ++s) slabs[s] = {workspace + offsets_[s], row_bytes_[s]};
  std::size_t column = 0;
  for (const Input& input : inputs_) {
    const std::size_t n = input.value.size();
    const std::size_t lane_bytes = bytes_of(input.value.lane);
    if (input.readable_in_place && rows == kLanes && in.word_bytes == static_cast<int>(lane_bytes) &&
        in.row_stride == in.word_bytes && in.column_stride > 0) {
      const auto* words = static_cast<const std::byte*>(in.data) + first * lane_bytes +
                          column * static_cast<std::size_t>(in.column_stride);
      const auto stride = static_cast<std::size_t>(in.column_stride);
      if (!kernels_of(target_)->inside(words, stride, n, input.value.lane, input.lowest[0], input.highest[0]))
        return Status::word_out_of_range;
      slabs[input.value.slab] = {const_cast<std::byte*>(words), stride};  // no step writes an input's slab
      column += n;
      continue;
    }
    std::byte* slab = slabs[input.value.slab].data;
    const bool inside = for_lane(input.value.lane, [&](auto word) {
      return load_columns(in, first, column, n, rows, input.lowest.data(), input.highest.data(),
                          reinterpret_cast<decltype(word)*>(slab), target_);
    });
    if (!inside) return Status::word_out_of_range;
    column += n;
  }
  for (const Planner::PlannedStep& step : steps_) {
    if (!step.step->run(slabs, rows)) return Status::word_out_of_range;
  }
  column = 0;
  for (const Value& output : outputs_) {
    for (std::size_t i = 0; i < output.size(); ++i) {
      const std::byte* row = slabs[output.slab].data + output.rows[i] * kLanes * bytes_of(output.lane);
      for_lane(output.lane, [&](auto word) {
        store_column(reinterpret_cast<const decltype(word)*>(row), out, first, column + i, rows, target_);
      });
    }
    column += output.size();
  }
  return Status::ok;
}

}  // namespace vigil::fpga_model
