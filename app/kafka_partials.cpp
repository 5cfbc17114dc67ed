#include "app/kafka_partials.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/wall_clock.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using ingest::StrandId;

// The first key of two settings that differs; empty where that cannot be told.
std::string differing_key(const std::string& own, const std::string& other) {
  const auto a = nlohmann::json::parse(own, nullptr, false), b = nlohmann::json::parse(other, nullptr, false);
  if (!a.is_object() || !b.is_object()) return {};
  for (const auto& [key, value] : a.items()) {
    if (!b.contains(key) || b[key] != value) return key;
  }
  for (const auto& [key, value] : b.items()) {
    if (!a.contains(key)) return key;
  }
  return {};
}

Frame frame_with(ingest::ReadFrame&& read) {
  Frame frame;
  frame.position = read.facts.position;
  frame.header = read.facts.header;
  auto partial = std::make_shared<PartialFrame>();
  partial->summary = std::move(read.summary);
  partial->facts = std::move(read.facts);
  frame.partial = std::move(partial);
  return frame;
}

std::shared_ptr<Pending> pending(Frame&& frame, std::int64_t partial) {
  auto out = std::make_shared<Pending>();
  out->frames.push_back(std::move(frame));
  out->partial = partial;
  return out;
}

}  // namespace

KafkaPartials::KafkaPartials(ingest::StrandOrder& order, std::string settings, std::string settings_text,
                             ingest::PartialModels models, ReadFrame read, FirstKept first_kept, ingest::kafka::Log log)
    : order_(order),
      settings_(std::move(settings)),
      settings_text_(std::move(settings_text)),
      models_(std::move(models)),
      read_(std::move(read)),
      first_kept_(std::move(first_kept)),
      log_(std::move(log)) {}

// Each kind with its 1st, 2nd, 4th, 8th … occurrence.
void KafkaPartials::say(const std::string& key, const std::string& what) {
  const std::uint64_t n = ++said_[key];
  if (log_ && std::has_single_bit(n)) log_(what + (n > 1 ? " (" + std::to_string(n) + " so far)" : ""));
}

void KafkaPartials::begin_at(std::int32_t partition, std::int64_t offset) {
  known_to_[partition] = base_[partition] = offset;
  order_.reach(partition, offset);
}

void KafkaPartials::take(ingest::kafka::Message&& message) {
  const std::int64_t offset = message.offset;
  const std::string where = "message " + std::to_string(offset) + " of the partials";
  const std::string* worker = ingest::kafka::header(message, "vigil-worker");
  const std::string by = worker == nullptr ? std::string("nobody") : shown(*worker);
  const std::string* const kind = ingest::kafka::header(message, "vigil-partial");
  if (kind == nullptr || *kind != "1" || !message.value) {
    ++counts_.spoilt;
    say("kind", where + " is passed over: no partial of version 1");
    return;
  }
  const std::string* const settings = ingest::kafka::header(message, "vigil-settings");
  if (settings == nullptr || *settings != settings_) {
    ++counts_.other_settings;
    const std::string* const text = ingest::kafka::header(message, "vigil-settings-text");
    const std::string key = text == nullptr ? std::string() : differing_key(settings_text_, *text);
    say("settings " + by, where + " is passed over: worker " + by + " has other settings, " +
                              (settings == nullptr ? "none" : shown(settings->substr(0, 12))) +
                              (key.empty() ? "" : ", the first key that differs is '" + shown(key) + "'") + "; own " +
                              settings_.substr(0, 12));
    return;
  }
  ++counts_.partials;
  counts_.bytes += message.value->size();
  try {
    ingest::Partial partial = ingest::read_partial(*message.value, std::to_string(offset), models_);
    if (partial.header.settings != settings_) throw Error("partial", "another settings line than its header", "one");
    if (partial.header.partition) {
      take(std::move(partial), offset);
    } else {
      take_beside(std::move(partial), offset);
    }
  } catch (const Error& e) {
    ++counts_.spoilt;
    std::int32_t partition = -1;
    const auto [end, error] = std::from_chars(message.key.data(), message.key.data() + message.key.size(), partition);
    if (error == std::errc() && end == message.key.data() + message.key.size() && knows(partition)) {
      doubts_[partition] = {offset, wall_clock_ns()};
    }
    say("spoilt " + by, where + " by worker " + by + " is passed over: " + e.what());
  }
}

void KafkaPartials::add(ingest::Arrival&& arrival, std::int64_t partial) {
  const std::uint64_t frames = std::static_pointer_cast<Pending>(arrival.payload)->frames.size();
  switch (order_.add(std::move(arrival))) {
    case ingest::StrandOrder::Added::waits:
      ++seen_.at(partial).waiting;
      break;
    case ingest::StrandOrder::Added::fenced:
      counts_.fenced_frames += frames;
      say("fenced", std::to_string(frames) + " frames behind the begin of a later session are passed over");
      break;
    case ingest::StrandOrder::Added::repeated:
      counts_.repeated_frames += frames;
      break;
  }
}

void KafkaPartials::emulate_up_to(std::int32_t partition, std::int64_t end, std::int64_t partial) {
  seen_.try_emplace(partial, Seen{partition, 0, 0});
  doubts_.erase(partition);
  std::int64_t& known = known_to_[partition];
  const std::int64_t kept = first_kept_(partition);
  if (kept > known) {
    say("removed " + std::to_string(partition), "partition " + std::to_string(partition) + ": frames " +
                                                    std::to_string(known) + " to " + std::to_string(kept - 1) +
                                                    " were removed unread");
    order_.removed(partition);
    known = std::min(kept, end);
  }
  if (known < end) {
    say("emulated " + std::to_string(partition), "partition " + std::to_string(partition) +
                                                     ": no partial holds frames " + std::to_string(known) + " to " +
                                                     std::to_string(end - 1) + ", they are emulated here");
  }
  for (; known < end; ++known) {
    std::optional<Frame> frame = read_(partition, known);
    if (!frame) continue;
    ++counts_.reread_frames;
    if (frame->strand && frame->strand->begins) {
      order_.begin(partition, known, frame->strand->name, frame->strand->session);
      continue;
    }
    ingest::Arrival arrival;
    if (frame->strand) {
      arrival.strand = StrandId{frame->strand->name, frame->strand->session};
      arrival.n = frame->strand->n;
    }
    arrival.partition = partition;
    arrival.offset = known;
    arrival.run = frame->header.run;
    arrival.ls = frame->header.ls;
    arrival.payload = pending(std::move(*frame), partial);
    add(std::move(arrival), partial);
  }
  order_.reach(partition, known);
}

void KafkaPartials::take(ingest::Partial&& partial, std::int64_t offset) {
  const std::int32_t partition = *partial.header.partition;
  const auto first = static_cast<std::int64_t>(partial.header.first);
  const auto next = static_cast<std::int64_t>(partial.header.next);
  if (!knows(partition)) begin_at(partition, std::min(first, first_kept_(partition)));
  seen_[offset] = {partition, next, 0};
  doubts_.erase(partition);
  news_[partition] = {partial.header.worker, wall_clock_ns()};
  if (first > known_to_[partition]) emulate_up_to(partition, first, offset);
  for (ingest::ReadFrame& read : partial.frames) {
    const auto at = static_cast<std::int64_t>(read.offset);
    if (at < known_to_[partition]) {  // a partial holds it again
      ++counts_.repeated_frames;
      continue;
    }
    if (read.facts.strand && read.facts.strand->begins) {
      order_.begin(partition, at, read.facts.strand->name, read.facts.strand->session);
      continue;
    }
    ingest::Arrival arrival;
    if (read.facts.strand) {
      arrival.strand = StrandId{read.facts.strand->name, read.facts.strand->session};
      arrival.n = read.facts.strand->n;
    }
    arrival.partition = partition;
    arrival.offset = at;
    const bool is_rejected = read.facts.rejection != Rejection::none || read.facts.carries_drops_only;
    arrival.run = is_rejected ? read.facts.header.run : std::optional(read.facts.batch.run);
    arrival.ls = is_rejected ? read.facts.header.ls : std::optional(read.facts.batch.ls);
    arrival.payload = pending(frame_with(std::move(read)), offset);
    add(std::move(arrival), offset);
  }
  std::int64_t& known = known_to_[partition];
  known = std::max(known, next);
  order_.reach(partition, known);
}

void KafkaPartials::take_beside(ingest::Partial&& partial, std::int64_t offset) {
  auto unit = std::make_shared<Pending>();
  unit->partial = offset;
  ingest::Arrival arrival;
  for (ingest::ReadFrame& read : partial.frames) {
    if (!arrival.run && read.facts.rejection == Rejection::none && !read.facts.carries_drops_only) {
      arrival.run = read.facts.batch.run;
      arrival.ls = read.facts.batch.ls;
    }
    unit->frames.push_back(frame_with(std::move(read)));
  }
  seen_[offset] = {std::nullopt, 0, 0};
  if (expected_ && expected_->partial == offset) {
    unit->frames.erase(unit->frames.begin(), unit->frames.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(
                                                                        expected_->taken, unit->frames.size())));
    found_ = std::move(*unit);
    expected_.reset();
    seen_[offset].waiting = 1;
    return;
  }
  const StrandId strand{partial.header.strand, partial.header.session, StrandId::kOfWorker};
  order_.begin(ingest::kBeside, offset, strand.name, strand.session);
  arrival.strand = strand;
  arrival.n = partial.header.first;
  arrival.numbers = partial.header.next - partial.header.first;
  arrival.partition = ingest::kBeside;
  arrival.offset = offset;
  arrival.payload = std::move(unit);
  add(std::move(arrival), offset);
}

std::optional<Pending> KafkaPartials::take_expected() { return std::exchange(found_, std::nullopt); }

void KafkaPartials::done(std::int64_t partial, ResumeChange& change) {
  if (const auto found = seen_.find(partial); found != seen_.end() && found->second.waiting > 0) {
    --found->second.waiting;
  }
  bool moved = false;
  while (!seen_.empty() && seen_.begin()->second.waiting == 0) {
    const Seen& seen = seen_.begin()->second;
    if (seen.partition) {
      std::int64_t& base = base_[*seen.partition];
      base = std::max(base, seen.next);
    }
    seen_.erase(seen_.begin());
    moved = true;
  }
  const std::int64_t at = seen_.empty() ? read_up_to_ : seen_.begin()->first;
  if (!moved && at == resume_at_) return;
  resume_at_ = at;
  change.read_from = {{ingest::kBeside, at}};
  change.known_to = base_;
}

}  // namespace vigil::app
