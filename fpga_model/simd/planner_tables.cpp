// Steps that are no arithmetic on lanes: tables of every word an element can be, and operations by their reference
// path.
#include <map>

#include "fpga_model/row_operation.h"
#include "fpga_model/simd/planner.h"

namespace vigil::fpga_model {
namespace {

constexpr Wide kMostTableWords = Wide{1} << 16;           // of one element
constexpr std::size_t kMostWords = std::size_t{1} << 22;  // of all elements of a layer

template <class T>
T* row_of(Slabs slabs, std::size_t slab, std::size_t row) {
  return reinterpret_cast<T*>(slabs[slab].data) + row * kLanes;
}

// Element i of event r is at (r, rows[i]).
MutableWordsView view_of(Slabs slabs, const Value& value) {
  const auto bytes = static_cast<int>(bytes_of(value.lane));
  return {slabs[value.slab].data, bytes, bytes, static_cast<std::ptrdiff_t>(slabs[value.slab].row_bytes)};
}

// Element i -> tables[table[i]][word - low[i]]. Words beyond a table (lanes without an event) take its ends.
template <class In, class Out>
class Lookup : public Step {
 public:
  Lookup(const Value& x, const Value& out, const std::vector<std::vector<std::int64_t>>& tables,
         std::vector<std::size_t> table, std::vector<std::int64_t> low)
      : x_(x.slab),
        out_(out.slab),
        x_rows_(x.rows),
        out_rows_(out.rows),
        table_(std::move(table)),
        low_(std::move(low)) {
    for (const auto& words : tables) {
      tables_.emplace_back();
      for (const std::int64_t word : words) tables_.back().push_back(static_cast<Out>(word));
    }
  }
  bool run(Slabs slabs, std::size_t) const override {
    for (std::size_t i = 0; i < x_rows_.size(); ++i) {
      const In* x = row_of<const In>(slabs, x_, x_rows_[i]);
      Out* out = row_of<Out>(slabs, out_, out_rows_[i]);
      const std::vector<Out>& table = tables_[table_[i]];
      const std::int64_t low = low_[i], high = low + static_cast<std::int64_t>(table.size()) - 1;
      for (std::size_t e = 0; e < kLanes; ++e)
        out[e] = table[static_cast<std::size_t>(std::clamp<std::int64_t>(x[e], low, high) - low)];
    }
    return true;
  }

 private:
  std::size_t x_, out_;
  std::vector<std::uint32_t> x_rows_, out_rows_;
  std::vector<std::size_t> table_;
  std::vector<std::int64_t> low_;
  std::vector<std::vector<Out>> tables_;
};

template <class... A>
std::unique_ptr<const Step> make_lookup_step(const Value& x, const Value& out, const A&... a) {
  return for_lane(x.lane, [&](auto in) {
    return for_lane(out.lane, [&](auto result) -> std::unique_ptr<const Step> {
      return std::make_unique<Lookup<decltype(in), decltype(result)>>(x, out, a...);
    });
  });
}

// Rows of events in 64-bit words around the reference path.
class ByReference : public Step {
 public:
  struct Source {
    Value value;
    std::vector<std::int64_t> constant;  // instead of a value
  };
  ByReference(std::shared_ptr<const RowOperation> operation, std::vector<Source> sources, Value out)
      : operation_(std::move(operation)), sources_(std::move(sources)), out_(std::move(out)) {
    words_ = out_.size();
    for (const Source& s : sources_) words_ += s.value.size();
  }

  bool run(Slabs slabs, std::size_t rows) const override {
    thread_local std::vector<std::int64_t> memory;
    memory.resize(words_ * kLanes + operation_->scratch_words());
    std::int64_t* at = memory.data();
    std::vector<Operand> operands;
    for (const Source& s : sources_) {
      const std::size_t n = s.value.size();
      if (!s.constant.empty()) {
        operands.push_back({s.constant.data(), 0});
        continue;
      }
      operands.push_back({at, n});
      const MutableWordsView from = view_of(slabs, s.value);
      const WordsView words{from.data, from.word_bytes, from.row_stride, from.column_stride};
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t r = 0; r < rows; ++r) at[r * n + i] = words.at(r, s.value.rows[i]);
      }
      at += n * kLanes;
    }
    const std::size_t n = out_.size();
    if (!operation_->run(operands, at, rows, at + n * kLanes)) return false;
    const MutableWordsView out = view_of(slabs, out_);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t r = 0; r < kLanes; ++r) out.set(r, out_.rows[i], r < rows ? at[r * n + i] : 0);
    }
    return true;
  }

 private:
  std::shared_ptr<const RowOperation> operation_;
  std::vector<Source> sources_;
  Value out_;
  std::size_t words_ = 0;
};

}  // namespace

Planner::Planned Planner::lookup(const Value& x, const std::function<std::int64_t(std::size_t, std::int64_t)>& f) {
  std::map<std::vector<std::int64_t>, std::size_t> known;
  std::vector<std::vector<std::int64_t>> tables;
  std::vector<std::size_t> table;
  std::vector<std::int64_t> low;
  std::vector<Interval> range;
  std::size_t words = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Interval& r = x.range[i];
    if (r.high - r.low >= kMostTableWords) return {};
    words += static_cast<std::size_t>(r.high - r.low + 1);
    if (words > kMostWords) return {};
    std::vector<std::int64_t> entries;
    for (Wide word = r.low; word <= r.high; ++word) entries.push_back(f(i, static_cast<std::int64_t>(word)));
    const auto [smallest, largest] = std::minmax_element(entries.begin(), entries.end());
    range.push_back({*smallest, *largest});
    low.push_back(static_cast<std::int64_t>(r.low));
    const auto [entry, is_new] = known.emplace(entries, tables.size());
    if (is_new) tables.push_back(std::move(entries));
    table.push_back(entry->second);
  }
  Interval all;
  for (const Interval& r : range) all = hull(all, r);
  const Value out = new_value(lane_of_bits(lane_bits(all)), std::move(range));
  steps_.push_back({make_lookup_step(x, out, tables, table, low), {x.slab, out.slab}});
  note_ = "a table of every word (" + std::to_string(tables.size()) + " of " + std::to_string(words / x.size()) +
          " entries), made by the reference path";
  return out;
}

Planner::Planned Planner::tabulated(const RowOperation& operation, const PlanArgument& argument) {
  const Value& x = *argument.value;
  const Interval all = x.bounds();
  const std::size_t n = x.size();
  if (all.high - all.low >= kMostTableWords || static_cast<std::size_t>(all.high - all.low + 1) * n > kMostWords)
    return {};
  const auto count = static_cast<std::size_t>(all.high - all.low + 1);
  std::vector<std::int64_t> in(n), out(n * count);
  std::vector<std::int64_t> scratch(operation.scratch_words());
  for (std::size_t w = 0; w < count; ++w) {
    for (std::size_t i = 0; i < n; ++i)
      in[i] = static_cast<std::int64_t>(std::clamp(all.low + static_cast<Wide>(w), x.range[i].low, x.range[i].high));
    const Operand operand{in.data(), n};
    if (!operation.run({&operand, 1}, &out[w * n], 1, scratch.data())) return {};
  }
  return lookup(
      x, [&](std::size_t i, std::int64_t word) { return out[static_cast<std::size_t>(word - all.low) * n + i]; });
}

Value Planner::reference(std::shared_ptr<const RowOperation> operation, std::span<const PlanArgument> arguments,
                         const TensorInfo& output) {
  std::vector<ByReference::Source> sources;
  std::vector<std::size_t> slabs;
  for (const PlanArgument& argument : arguments) {
    if (argument.constant != nullptr) {
      sources.push_back({{}, argument.constant->raw});
    } else {
      sources.push_back({*argument.value, {}});
      slabs.push_back(argument.value->slab);
    }
  }
  const Interval range = hull(words_of_type(output.type), Interval{});
  Value out = new_value(lane_of_bits(lane_bits(range)), std::vector<Interval>(output.words, range));
  slabs.push_back(out.slab);
  steps_.push_back({std::make_unique<ByReference>(std::move(operation), std::move(sources), out), std::move(slabs)});
  note_ = "the reference path";
  return out;
}

}  // namespace vigil::fpga_model
