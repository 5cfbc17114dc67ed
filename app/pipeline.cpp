// The file a newcomer reads first: how a frame becomes a verdict.
#include "app/pipeline.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "app/refused_word.h"
#include "app/wall_clock.h"
#include "core/error.h"
#include "core/frame_facts.h"
#include "core/shown.h"
#include "core/word_columns.h"
#include "ingest/decode.h"

namespace vigil::app {
namespace {

using ItemPtr = std::shared_ptr<Item>;

// Words of inputs and outputs of a block: small enough to stay in a core's second cache through all that is done with
// them.
constexpr std::size_t kBlockWords = 65536;

bool fits_columns(const ModelInfo& info) {
  return ingest::inputs_fit_columns(info) && std::all_of(info.outputs.begin(), info.outputs.end(), [](const Output& o) {
           return o.type.lowest() >= INT32_MIN && o.type.highest() <= INT32_MAX;
         });
}

// Block by block, in contiguous columns of 4-byte words, as vector code wants them.
Status emulate_columns(Item& item, const ModelInfo& info, std::uint32_t every_orbits) {
  thread_local WordColumns inputs, outputs;
  const std::size_t words = info.inputs.size() + info.output_words();
  const std::size_t block = std::clamp<std::size_t>(kBlockWords / words / 64 * 64, 64, 4096);
  Status status = Status::ok;
  item.summary.begin(info, item.batch, every_orbits);
  for (std::size_t first = 0; first < item.batch.n && status == Status::ok; first += block) {
    const std::size_t rows = std::min<std::size_t>(block, item.batch.n - first);
    ingest::raw_input_columns(item.batch, info, first, rows, inputs);
    outputs.resize(rows, info.output_words());
    status = item.model->predict(inputs.view(), outputs.mutable_view(), rows);
    if (status == Status::ok) item.summary.add(inputs.view(), outputs.view(), first, rows);
  }
  item.summary.finish();
  return status;
}

// Words of any width, row by row.
Status emulate_rows(Item& item, const ModelInfo& info, std::uint32_t every_orbits) {
  thread_local std::vector<std::int64_t> inputs, outputs;
  const WordsView raw = ingest::raw_inputs(item.batch, info, inputs);
  outputs.resize(item.batch.n * info.output_words());
  const Status status = item.model->predict(raw, mutable_words_of(outputs.data(), info.output_words()), item.batch.n);
  if (status == Status::ok) {
    item.summary.fill(info, item.batch, raw, words_of(outputs.data(), info.output_words()), every_orbits);
  }
  return status;
}

// What was emulated before: its facts stand for it.
void restore(Item& item, const ModelSet& models) {
  const PartialFrame& partial = *item.frame.partial;
  FrameFacts facts =
      partial.facts ? *partial.facts : frame_from_line(partial.line, "partial, frame " + item.frame.position);
  const auto& summary = item.frame.partial->summary;
  if (facts.summary != (summary ? std::optional(summary->number) : std::nullopt)) {
    throw Error("partial, frame " + facts.position, "another summary than its line names", "that one");
  }
  item.frame.position = std::move(facts.position);
  item.frame.header = std::move(facts.header);
  item.frame.dropped_before = std::move(facts.dropped_before);
  item.carries_drops_only = facts.carries_drops_only;
  item.rejection = facts.rejection;
  item.detail = std::move(facts.detail);
  item.batch = std::move(facts.batch);
  item.failure = std::move(facts.failure);
  item.is_foreign = facts.is_foreign;
  const auto* found = models.find(item.batch.model);
  item.model = found == nullptr ? nullptr : found->get();
}

}  // namespace

// Decode, predict, compare and summarise one frame. Pure but for the item; runs on many threads at once.
void emulate(Item& item, const ModelSet& models, std::uint32_t every_orbits) {
  if (item.frame.partial) return restore(item, models);
  if (item.frame.lost != Rejection::none) {
    item.rejection = item.frame.lost;
    item.detail = "not carried by bridge " + (item.frame.strand ? shown(item.frame.strand->name) : std::string());
    return;
  }
  if (item.frame.parts.empty()) return;  // carries drops only
  const auto lookup = [&](std::string_view name) -> const ModelInfo* {
    const auto* model = models.find(name);
    return model == nullptr ? nullptr : &(*model)->info();
  };
  item.rejection = ingest::decode(item.frame, lookup, item.batch, &item.detail);
  const auto* found = models.find(item.batch.model);
  item.model = found == nullptr ? nullptr : found->get();
  if (item.rejection != Rejection::none) return;

  const ModelInfo& info = item.model->info();
  item.is_foreign = item.batch.model_hash && *item.batch.model_hash != info.hash;
  if (item.is_foreign) {
    item.summary.fill_foreign(item.batch);
    return;
  }
  const Status status =
      fits_columns(info) ? emulate_columns(item, info, every_orbits) : emulate_rows(item, info, every_orbits);
  if (status == Status::word_out_of_range) {
    item.rejection = Rejection::word_range;
    item.detail = refused_word(*item.model, item.batch);
  }
  if (status == Status::failed) {
    item.failure = item.model->failure();
    item.summary.fill_failed(item.batch);
  }
}

std::size_t threads_of(unsigned jobs) {
  return jobs > 0 ? jobs : static_cast<std::size_t>(tbb::info::default_concurrency());
}

void emulate_many(const std::vector<std::shared_ptr<Item>>& items, const ModelSet& models, std::uint32_t every_orbits,
                  unsigned jobs) {
  const std::size_t threads = threads_of(jobs);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  tbb::parallel_for(std::size_t{0}, items.size(), [&](std::size_t i) { emulate(*items[i], models, every_orbits); });
}

void run_stages(Source& source, const ModelSet& models, std::uint32_t every_orbits,
                const std::function<void(std::shared_ptr<Item>)>& take, const PipelineOutputs& outputs, unsigned jobs) {
  const std::size_t threads = threads_of(jobs);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);

  // Exceptions do not cross TBB, which would lose what is in flight. A source or recorder that fails ends the input:
  // what was read before is still judged. A stage that fails skips the rest.
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<bool> broken{false};
  const auto keep_failure = [&] {
    std::lock_guard lock(mutex);
    if (!failure) failure = std::current_exception();
  };
  ItemPool items;
  PipelineCounters* const counters = outputs.counters;
  const auto read = [&](tbb::flow_control& control) -> ItemPtr {
    try {
      const PipelineCounters::Reading reading(counters);
      std::optional<Frame> frame = broken ? std::nullopt : source.next();
      if (frame) {
        if (counters != nullptr) counters->add_frame(*frame);
        if (outputs.record) outputs.record(*frame);
        ItemPtr item = items.take();
        item->frame = std::move(*frame);
        item->arrived_ns = wall_clock_ns();
        return item;
      }
    } catch (...) {
      keep_failure();
    }
    control.stop();
    return nullptr;
  };
  const auto guarded = [&](const auto& stage) {
    if (broken) return;
    try {
      stage();
    } catch (...) {
      keep_failure();
      broken = true;
      source.request_stop();  // read may be waiting for a frame that never comes
    }
  };
  const auto decode_and_emulate = [&](ItemPtr item) {
    guarded([&] {
      const PipelineCounters::Busy busy(counters, PipelineCounters::emulate);
      emulate(*item, models, every_orbits);
      if (counters != nullptr && item->model != nullptr && item->rejection == Rejection::none && !item->is_foreign) {
        counters->add_emulated(item->batch.model, item->batch.n, !item->failure.empty());
      }
    });
    return item;
  };
  const auto taken = [&](ItemPtr item) { guarded([&] { take(std::move(item)); }); };

  tbb::parallel_pipeline(threads * 4,
                         tbb::make_filter<void, ItemPtr>(tbb::filter_mode::serial_in_order, read) &
                             tbb::make_filter<ItemPtr, ItemPtr>(tbb::filter_mode::parallel, decode_and_emulate) &
                             tbb::make_filter<ItemPtr, void>(tbb::filter_mode::serial_in_order, taken));
  if (failure) std::rethrow_exception(failure);
}

void run_pipeline(Source& source, const ModelSet& models, Judge& judge, const PipelineOutputs& outputs, unsigned jobs) {
  const auto hand_on = [&](std::vector<Closing>&& closings) {
    for (Closing& closing : closings) {
      closing.is_last = &closing == &closings.back();
      if (outputs.closed) outputs.closed(std::move(closing));
    }
  };
  PipelineCounters* const counters = outputs.counters;
  // Handing on is no work of the judge: it may wait for the journal.
  const auto judged = [&](ItemPtr item) {
    const PipelineCounters::Busy busy(counters, PipelineCounters::judge);
    if (counters != nullptr && item->rejection == Rejection::none) {
      counters->add_judged(item->arrived_ns, item->batch.n);
    }
    return judge.take(std::move(item));
  };
  run_stages(
      source, models, judge.every_orbits(), [&](ItemPtr item) { hand_on(judged(std::move(item))); }, outputs, jobs);
  if (!outputs.goes_on || !outputs.goes_on()) hand_on(judge.end());
}

}  // namespace vigil::app
