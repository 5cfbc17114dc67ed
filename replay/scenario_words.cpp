#include "replay/scenario_words.h"

#include <algorithm>
#include <cstring>

namespace vigil::replay {

namespace {

int bytes_for(const FixedPoint& type) {
  for (const int bytes : {1, 2, 4}) {
    const std::int64_t top = std::int64_t{1} << (8 * bytes - 1);
    if (type.lowest() >= -top && type.highest() < top) return bytes;
  }
  return 8;
}

int bytes_for_bit(int bit) { return bit < 8 ? 1 : bit < 16 ? 2 : bit < 32 ? 4 : 8; }

// Little-endian words of `word_bytes` each into `bytes`; `word(i)` gives the i-th of rows * columns.
template <class Word>
Column column_from(std::vector<char>& bytes, int word_bytes, bool is_signed, std::size_t rows, std::size_t columns,
                   Word word) {
  bytes.resize(rows * columns * static_cast<std::size_t>(word_bytes));
  for (std::size_t i = 0; i < rows * columns; ++i) {
    const auto value = static_cast<std::int64_t>(word(i));
    std::memcpy(bytes.data() + i * static_cast<std::size_t>(word_bytes), &value, static_cast<std::size_t>(word_bytes));
  }
  return {bytes.data(), word_bytes, is_signed, rows, columns};
}

}  // namespace

BatchWords::BatchWords(const Scenario& scenario, const Model& model, const Model* other, const EventPool& pool,
                       const std::vector<PreparedFault>& faults)
    : scenario_(scenario), model_(model), other_(other), pool_(pool), faults_(faults) {
  for (const Output& output : model.info().outputs) output_bytes_ = std::max(output_bytes_, bytes_for(output.type));
  for (const Seed& seed : model.info().seeds) bit_bytes_ = std::max(bit_bytes_, bytes_for_bit(seed.bit));
}

std::vector<std::int32_t> BatchWords::inputs_of(std::span<const DrawnEvent> events, std::uint32_t ls,
                                                bool hardware) const {
  const std::size_t width = pool_.columns().size();
  std::vector<std::int32_t> words;
  words.reserve(events.size() * width);
  for (const DrawnEvent& event : events) {
    bool slipped = false;
    for (const PreparedFault& f : faults_) {
      const bool acts =
          f.fault.type == FaultType::bx_slip && f.fault.active(ls) && (hardware || f.fault.side == FaultSide::both);
      slipped |= acts && f.hits(event.chance);
    }
    const auto row = pool_.words(slipped ? event.neighbour : event.member);
    words.insert(words.end(), row.begin(), row.end());
    const std::span<std::int32_t> own(words.data() + words.size() - width, width);
    for (const FaultSide side : {FaultSide::both, FaultSide::hardware}) {  // what both see first
      if (side == FaultSide::hardware && !hardware) break;
      for (const PreparedFault& f : faults_) {
        const bool acts = f.on_inputs() && f.fault.active(ls) && f.fault.side == side;
        if (acts && f.hits(event.chance)) change_inputs(f, pool_.columns(), own);
      }
    }
  }
  return words;
}

std::vector<std::int64_t> BatchWords::predict(const Model& model, std::span<const std::int32_t> words) const {
  return predict_words(model, pool_.columns(), words);
}

void BatchWords::compute_outputs(std::span<const DrawnEvent> events, std::uint32_t ls) {
  const auto acts = [ls](FaultSide side) {
    return [ls, side](const PreparedFault& f) { return f.on_inputs() && f.fault.active(ls) && f.fault.side == side; };
  };
  seen_ = inputs_of(events, ls, false);
  if (std::any_of(faults_.begin(), faults_.end(), acts(FaultSide::both))) {
    emulated_ = predict(model_, seen_);
  } else {  // untouched members: the pool has the model's answer
    emulated_.clear();
    for (const DrawnEvent& event : events) {
      const auto words = pool_.outputs(event.member);
      emulated_.insert(emulated_.end(), words.begin(), words.end());
    }
  }
  const bool other_inputs = std::any_of(faults_.begin(), faults_.end(), acts(FaultSide::hardware));
  const bool other_weights = std::any_of(faults_.begin(), faults_.end(), [ls](const PreparedFault& f) {
    return f.fault.type == FaultType::wrong_weights && f.fault.active(ls);
  });
  hardware_ = other_inputs || other_weights
                  ? predict(other_weights ? *other_ : model_, other_inputs ? inputs_of(events, ls, true) : seen_)
                  : emulated_;
  const std::size_t words = model_.info().output_words();
  for (const PreparedFault& f : faults_) {
    if (f.fault.type != FaultType::score_bit_flip || !f.fault.active(ls)) continue;
    for (std::size_t i = 0; i < events.size(); ++i) {
      std::int64_t& word = hardware_[i * words + f.output_column];
      if (f.hits(events[i].chance)) word = flip_bit(f, word);
    }
  }
}

std::uint64_t BatchWords::fill(std::span<const DrawnEvent> events, std::uint32_t ls, EventBatch& batch) {
  batch.n = static_cast<std::uint32_t>(events.size());
  batch.blocks.clear();
  if (events.empty()) return 0;
  compute_outputs(events, ls);
  const ModelInfo& info = model_.info();
  const std::size_t n = events.size(), width = pool_.columns().size(), words = info.output_words();
  batch.orbit = column_from(orbit_, 4, false, n, 1, [&](std::size_t i) { return events[i].orbit; });
  batch.bx = column_from(bx_, 2, false, n, 1, [&](std::size_t i) { return events[i].bx; });
  const auto wire = [&](std::size_t i) { return pool_.columns()[i % width].wire(seen_[i]); };
  batch.blocks.push_back({"", "inputs", column_from(inputs_, pool_.wide_on_wire() ? 4 : 2, true, n, width, wire)});
  if (scenario_.hw_outputs && words > 0) {
    const auto word = [&](std::size_t i) { return hardware_[i]; };
    batch.blocks.push_back({"", "hw_outputs", column_from(outputs_, output_bytes_, true, n, words, word)});
  }
  if (scenario_.hw_bits && !info.seeds.empty()) {
    const auto decision = [&](std::size_t i) {
      std::uint64_t bits = 0;
      for (const Seed& seed : info.seeds) {
        if (hardware_[i * words + info.seed_column(seed)] >= seed.threshold) bits |= std::uint64_t{1} << seed.bit;
      }
      return bits;
    };
    batch.blocks.push_back({"", "hw_bits", column_from(bits_, bit_bytes_, false, n, 1, decision)});
  }
  std::uint64_t mismatched = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto first = static_cast<std::ptrdiff_t>(i * words), last = first + static_cast<std::ptrdiff_t>(words);
    mismatched += std::equal(emulated_.begin() + first, emulated_.begin() + last, hardware_.begin() + first) ? 0 : 1;
  }
  return mismatched;
}

}  // namespace vigil::replay
