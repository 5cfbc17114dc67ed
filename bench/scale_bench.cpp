// What scale-out costs, from memory and on one thread, without Kafka: a worker (emulate, summarise, partials) against
// the whole pipeline on the same frames, turn about; the bytes of 64 frames in one partial; and the merger (read
// partials, order, judge): microseconds a frame, milliseconds a summary, and what a doubled link adds.
// `scale_bench [PAIRS]`, default 9.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/item_facts.h"
#include "app/judge.h"
#include "app/partial_builder.h"
#include "app/pipeline.h"
#include "bench/memory_frames.h"
#include "ingest/odd_frames.h"
#include "ingest/partial_message.h"
#include "ingest/strand_order.h"

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kAtOnce = 4;  // as a worker with one thread
// Of a partial: a second of one core, at most; and those that sizes are told of.
constexpr std::size_t kFramesASecond = 16384, kFramesTold = 64;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

// Seconds of `vigil replay`'s pipeline.
double replayed(const vigil::app::ModelSet& models, const std::vector<vigil::Frame>& frames) {
  const vigil::app::Configuration configuration;
  Memory source(frames);
  vigil::app::Judge judge(models, configuration, std::nullopt, vigil::app::KeepState::never, {});
  std::size_t lines = 0;
  const auto begin = Clock::now();
  run_pipeline(source, models, judge, {{}, [&](vigil::app::Closing&& closing) { lines += closing.lines.size(); }}, 1);
  return since(begin);
}

// Seconds of a worker; what it would send.
double worked(const vigil::app::ModelSet& models, std::vector<vigil::Frame> frames, std::size_t frames_a_partial,
              std::vector<std::string>& messages) {
  const vigil::app::Configuration configuration;
  vigil::app::ItemPool pool;
  std::string lines;
  vigil::app::PartialBuilder builder([&](std::string_view line) { lines.append(line).push_back('\n'); }, {});
  messages.clear();
  const auto begin = Clock::now();
  for (std::size_t first = 0; first < frames.size(); first += frames_a_partial) {
    const std::size_t end = std::min(frames.size(), first + frames_a_partial);
    for (std::size_t at = first; at < end; at += kAtOnce) {
      std::vector<std::shared_ptr<vigil::app::Item>> items;
      for (std::size_t i = at; i < std::min(end, at + kAtOnce); ++i) {
        items.push_back(pool.take());
        items.back()->frame = std::move(frames[i]);
      }
      emulate_many(items, models, configuration.monitors.multivariate.sampling(), 1);
      for (const auto& item : items) builder.take(*item);
    }
    builder.finish();
    vigil::ingest::PartialHeader header;
    header.settings = std::string(64, 'a');
    header.worker = "w";
    header.partition = 0;
    header.first = first;
    header.next = end;
    messages.push_back(vigil::ingest::packed_partial(header, lines));
    lines.clear();
  }
  return since(begin);
}

struct Merged {
  double seconds = 0;
  std::uint64_t frames = 0, summaries = 0, read_again = 0;
};

Merged merged(const vigil::app::ModelSet& models, const std::vector<std::string>& messages,
              const std::vector<vigil::Frame>& frames) {
  const vigil::app::Configuration configuration;
  vigil::app::Judge judge(models, configuration, std::nullopt, vigil::app::KeepState::never, {});
  judge.read_again([&](const std::string& position) {
    auto item = std::make_shared<vigil::app::Item>();
    item->frame = frames[static_cast<std::size_t>(vigil::ingest::frame_place(position)->offset)];
    emulate(*item, models, configuration.monitors.multivariate.sampling());
    return item;
  });
  vigil::ingest::StrandOrder order;
  Merged out;
  const auto find = [&](std::string_view name) -> const vigil::ModelInfo* { return &(*models.find(name))->info(); };
  const auto begin = Clock::now();
  std::int64_t offset = 0;
  const auto take = [&] {
    while (auto taken = order.take()) {
      auto item = std::make_shared<vigil::app::Item>();
      item->frame = std::move(*std::static_pointer_cast<vigil::Frame>(taken->payload));
      emulate(*item, models, 0);
      (void)judge.take(std::move(item));
    }
  };
  for (const std::string& message : messages) {
    vigil::ingest::Partial partial = vigil::ingest::read_partial(message, std::to_string(offset++), find);
    std::shared_ptr<const vigil::PartialSummary> last;
    for (vigil::ingest::ReadFrame& read : partial.frames) {
      ++out.frames;
      if (read.summary != last) ++out.summaries;
      last = read.summary;
      auto frame = std::make_shared<vigil::Frame>();
      auto stands = std::make_shared<vigil::PartialFrame>();
      stands->summary = read.summary;
      vigil::ingest::Arrival arrival;
      arrival.strand = {"b", 1};
      arrival.n = read.offset;
      arrival.offset = static_cast<std::int64_t>(read.offset);
      arrival.run = read.facts.batch.run;
      arrival.ls = read.facts.batch.ls;
      frame->position = read.facts.position;
      stands->facts = std::move(read.facts);
      frame->partial = std::move(stands);
      arrival.payload = std::move(frame);
      (void)order.add(std::move(arrival));
    }
    order.reach(0, static_cast<std::int64_t>(partial.header.next));
    order.ends({{0, static_cast<std::int64_t>(partial.header.next)}});
    take();
  }
  order.finish();
  take();
  (void)judge.end();
  out.seconds = since(begin);
  out.read_again = judge.frames_read_again();
  return out;
}

// As they come through a bridge: numbered, each as often as `times` says, marked where they do not go on.
std::vector<vigil::Frame> numbered(const std::vector<vigil::Frame>& frames, std::size_t times) {
  std::vector<vigil::Frame> out;
  vigil::ingest::OddFrames odd;
  for (const vigil::Frame& frame : frames) {
    for (std::size_t i = 0; i < times; ++i) {
      vigil::Frame& next = out.emplace_back(frame);
      next.position = vigil::ingest::frame_position(0, static_cast<std::int64_t>(out.size() - 1));
      next.strand = vigil::StrandMark{"b", 1, out.size() - 1, false};
      next.is_odd = odd.is_odd(next.header);
    }
  }
  return out;
}

void measure(const std::string& name, const Input& input, int pairs) {
  const vigil::app::ModelSet models({input.package});
  for (const std::uint32_t batch : {4096u, 512u, 64u}) {
    const std::vector<vigil::Frame> frames = make_frames(input, batch);
    const std::vector<vigil::Frame> once = numbered(frames, 1), twice = numbered(frames, 2);
    const double events = static_cast<double>(kEventsPerLs) * kLumisections;
    std::size_t bytes = 0;
    for (const vigil::Frame& frame : frames) bytes += frame.parts.at(1).size();
    std::vector<std::string> messages, doubled;
    (void)replayed(models, frames);
    (void)worked(models, twice, kFramesTold, doubled);
    std::vector<std::string> large;
    (void)worked(models, once, kFramesTold, messages);
    std::vector<double> ratios, rates, whole, merging, merging_twice;
    Merged merge, merge_twice;
    for (int pair = 0; pair < pairs; ++pair) {
      double a = 0, b = 0;
      if (pair % 2 == 0) a = replayed(models, frames);
      b = worked(models, once, kFramesASecond, large);
      if (pair % 2 == 1) a = replayed(models, frames);
      ratios.push_back(a / b);
      rates.push_back(events / b);
      whole.push_back(events / a);
      merge = merged(models, messages, once);
      merge_twice = merged(models, doubled, twice);
      merging.push_back(merge.seconds);
      merging_twice.push_back(merge_twice.seconds);
    }
    std::size_t sent = 0;
    for (const std::string& message : messages) sent += message.size();
    std::printf(
        "%-10s batch %4u  worker:replay rate %.3f (%.3f to %.3f), %.2f and %.2f M events/s a core; partials 1/%.0f of "
        "the "
        "frames' bytes, %.0f B a partial of 64 frames; merger %.1f us a frame, %.2f ms a summary of %.0f frames, %.0f "
        "frames/s; every frame twice: %.2f times as long, %llu frames read again\n",
        name.c_str(), batch, quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75),
        quantile(rates, 0.5) / 1e6, quantile(whole, 0.5) / 1e6, static_cast<double>(bytes) / static_cast<double>(sent),
        static_cast<double>(sent) / static_cast<double>(messages.size()),
        1e6 * quantile(merging, 0.5) / static_cast<double>(merge.frames),
        1e3 * quantile(merging, 0.5) / static_cast<double>(merge.summaries),
        static_cast<double>(merge.frames) / static_cast<double>(merge.summaries),
        static_cast<double>(merge.frames) / quantile(merging, 0.5),
        quantile(merging_twice, 0.5) / quantile(merging, 0.5), static_cast<unsigned long long>(merge_twice.read_again));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_heap();
  const int pairs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 9;
  for_each_input([&](const std::string& name, const Input& input) { measure(name, input, pairs); });
}
