#include "app/kafka_merge_source.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "app/command.h"
#include "app/pipeline.h"
#include "app/wall_clock.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "ingest/frame_message.h"
#include "ingest/partial_message.h"

namespace vigil::app {
namespace {

constexpr std::chrono::milliseconds kPoll{20}, kBetweenAsks{100}, kSpared{2000}, kAnswer{5000};
constexpr std::chrono::seconds kBetweenWaits{10}, kGrace{2};
constexpr std::size_t kAtOnce = 64;  // partials read before frames are taken
constexpr std::int64_t kDoubtNs = 5'000'000'000;

}  // namespace

KafkaMergeSource::KafkaMergeSource(MergeSettings settings, const ModelSet& models, std::optional<ResumePoint> from,
                                   ingest::kafka::Log log)
    : settings_(std::move(settings)),
      models_(models),
      say_(log),
      partials_reader_(settings_.kafka, settings_.kafka.prefix + ".partials", log),
      frames_reader_(settings_.kafka, settings_.kafka.prefix + ".frames", log),
      start_(from ? *from : ResumePoint{}),
      is_resumed_(from.has_value()),
      order_(start_.places),
      log_([&] {
        ResumePoint point = start_;
        point.prefix = settings_.kafka.prefix;
        return point;
      }()),
      partials_(
          order_, settings_.settings, settings_.settings_text,
          [this](std::string_view name) -> const ModelInfo* {
            const auto* model = models_.find(name);
            return model == nullptr ? nullptr : &(*model)->info();
          },
          [this](std::int32_t partition, std::int64_t offset) { return read_frame(partition, offset); },
          [this](std::int32_t partition) { return first_kept(partition); }, log) {
  if (start_.unit) partials_.expect(*start_.unit);
}

void KafkaMergeSource::request_stop() {
  const std::chrono::nanoseconds grace = settings_.close_on_stop ? settings_.drain : kGrace;
  give_up_at_ns_ = wall_clock_ns() + grace.count();
  stop_ = true;
}

void KafkaMergeSource::abandon() {
  give_up_at_ns_ = 1;
  abandoned_ = true;
  stop_ = true;
}

// Where reading begins, once the brokers have said what there is.
void KafkaMergeSource::begin() {
  const auto frames = frames_reader_.ranges(kAnswer);
  const auto partials = frames ? partials_reader_.ranges(kAnswer) : std::nullopt;
  if (!partials) return;
  const bool latest = settings_.start == "latest" && !is_resumed_;
  for (const auto& [partition, range] : *frames) {
    const auto known = start_.known_to.find(partition);
    std::int64_t at = latest ? range.end : range.low;
    if (known != start_.known_to.end()) {
      at = known->second;
    } else if (at > 0) {
      order_.removed(partition);
    }
    partials_.begin_at(partition, at);
  }
  const ingest::kafka::Range range = partials->empty() ? ingest::kafka::Range{} : partials->begin()->second;
  const auto from = start_.read_from.find(ingest::kBeside);
  std::int64_t at = latest ? range.end : range.low;
  if (from != start_.read_from.end()) {
    at = std::max(from->second, range.low);
    if (from->second < range.low && say_) {
      say_("partials " + std::to_string(from->second) + " to " + std::to_string(range.low - 1) +
           " were removed unread: frames of them that are kept are emulated here");
    }
  }
  partials_.read_up_to(at);
  order_.reach(ingest::kBeside, at);
  partials_reader_.assign({{0, at}});
  has_begun_ = true;
}

std::optional<Frame> KafkaMergeSource::next() {
  for (;;) {
    if (abandoned_ || (stop_ && !settings_.close_on_stop)) return std::nullopt;
    if (!has_begun_) {
      begin();
      if (stop_ && !has_begun_) (void)stop_is_over();
      continue;
    }
    if (auto frame = taken()) return frame;
    if (is_finished_ && order_.empty() && !unit_) return std::nullopt;
    if (stop_ && !is_finished_ && stop_is_over()) {
      order_.finish();
      is_finished_ = true;
      continue;
    }
    const bool read = read_some();
    look_at_doubts();
    if (!read || Clock::now() - asked_ >= kBetweenAsks) ask_ends();
  }
}

std::optional<Frame> KafkaMergeSource::taken() {
  if (!unit_) {
    if (partials_.is_expecting()) return std::nullopt;
    if ((unit_ = partials_.take_expected())) {
      unit_taken_ = start_.unit->taken;
      if (unit_->frames.empty()) unit_.reset();
    }
  }
  if (unit_) return give(*unit_, {}, unit_->frames.size() == 1);
  auto next = order_.take();
  if (!next) return std::nullopt;
  auto pending = std::static_pointer_cast<Pending>(next->payload);
  ResumeChange change;
  static_cast<ingest::StrandStep&>(change.step.emplace()) = std::move(static_cast<ingest::StrandStep&>(*next));
  if (pending->frames.size() == 1 && next->partition != ingest::kBeside) return give(*pending, std::move(change), true);
  unit_taken_ = 0;
  unit_ = std::move(*pending);
  return give(*unit_, std::move(change), unit_->frames.size() == 1);
}

// The first of its frames; of a partial from beside the places are behind all of them already.
Frame KafkaMergeSource::give(Pending& pending, ResumeChange&& change, bool is_last) {
  Frame frame = std::move(pending.frames.front());
  const bool is_unit = unit_ && &pending == &*unit_;
  if (is_last) {
    partials_.done(pending.partial, change);
    if (is_unit) change.unit.emplace(std::nullopt);
  } else {
    change.unit.emplace(UnitPlace{pending.partial, ++unit_taken_});
  }
  frame.order = log_.taken(std::move(change));
  if (is_unit) {
    pending.frames.pop_front();
    if (is_last) unit_.reset();
  }
  return frame;
}

// False: nothing is there now.
bool KafkaMergeSource::read_some() {
  bool any = false;
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    auto message = partials_reader_.poll(any ? std::chrono::milliseconds(0) : kPoll);
    if (!message) break;
    any = true;
    partials_.take(std::move(*message));
  }
  const auto& reached = partials_reader_.reached();
  if (const auto at = reached.find(0); at != reached.end()) {
    partials_.read_up_to(at->second);
    order_.reach(ingest::kBeside, at->second);
  }
  return any;
}

void KafkaMergeSource::ask_ends() {
  const auto waits = order_.waits_for();
  const auto since = Clock::now() - asked_;
  const bool wanted = waits && waits->what == ingest::StrandOrder::Waits::What::ends;
  if (since < (wanted ? kBetweenAsks / 5 : kSpared) && !stop_) return;
  const auto frames = frames_reader_.ranges(kAnswer);
  const auto partials = partials_reader_.ranges(kAnswer);
  asked_ = Clock::now();
  if (!frames || !partials) return;
  std::map<std::int32_t, std::int64_t> ends;
  for (const auto& [partition, range] : *frames) {
    ends[partition] = range.end;
    if (!partials_.knows(partition)) partials_.begin_at(partition, range.low);
  }
  ends[ingest::kBeside] = partials->empty() ? 0 : partials->begin()->second.end;
  order_.ends(ends);
  ends_ = *frames;
  note_scale();
}

// A partial that could not be used was perhaps the last one of its partition.
void KafkaMergeSource::look_at_doubts() {
  const auto doubts = partials_.doubts();
  for (const auto& [partition, doubt] : doubts) {
    const auto end = ends_.find(partition);
    if (end == ends_.end() || wall_clock_ns() - doubt.came_ns < kDoubtNs) continue;
    partials_.emulate_up_to(partition, end->second.end, doubt.partial);
  }
}

bool KafkaMergeSource::covers(const Ranges& ends) const {
  return std::all_of(ends.begin(), ends.end(), [&](const auto& end) {
    const auto known = partials_.known_to().find(end.first);
    return end.second.end == 0 || (known != partials_.known_to().end() && known->second >= end.second.end);
  });
}

// Whether everything is here that was in Kafka when the stop came.
bool KafkaMergeSource::stop_is_over() {
  if (!stop_since_) stop_since_ = Clock::now();
  if (!stop_at_) {
    stop_at_ = frames_reader_.ranges(kAnswer);
    stop_partials_ = -1;
  }
  const bool is_late = Clock::now() - *stop_since_ > settings_.drain;
  if (has_begun_ && stop_at_ && covers(*stop_at_)) {
    // What workers beside the source had written by then.
    if (stop_partials_ < 0) {
      if (const auto ends = partials_reader_.ranges(kAnswer)) {
        stop_partials_ = ends->empty() ? 0 : ends->begin()->second.end;
      }
    }
    const auto& reached = partials_reader_.reached();
    const auto at = reached.find(0);
    if (stop_partials_ == 0 || (stop_partials_ > 0 && at != reached.end() && at->second >= stop_partials_)) return true;
  }
  if (!is_late) return false;
  std::string what;
  for (const auto& [partition, range] : stop_at_.value_or(Ranges{})) {
    const auto known = partials_.known_to().find(partition);
    const std::int64_t have = known == partials_.known_to().end() ? 0 : known->second;
    if (have >= range.end) continue;
    what += (what.empty() ? "" : ", ") + std::string("partition ") + std::to_string(partition) + " " +
            std::to_string(range.end - have) + " frames";
  }
  throw FailedRunning("stopped, and nothing is closed: after " + std::to_string(settings_.drain.count()) +
                      " s there are no partials of " + (what.empty() ? "what Kafka holds" : what));
}

std::optional<Frame> KafkaMergeSource::read_frame(std::int32_t partition, std::int64_t offset) {
  const std::lock_guard lock(reading_);
  for (;;) {
    auto asked = frames_reader_.read_at(partition, offset, kAnswer);
    if (asked.answered) {
      if (!asked.value) return std::nullopt;
      std::string problem;
      auto frame = ingest::frame_of(std::move(*asked.value), problem);
      if (!frame && say_) {
        say_("message " + ingest::frame_position(partition, offset) + " is passed over: " + problem);
      }
      return frame;
    }
    wait_for_kafka();
  }
}

// Before the next question; none follows a stop that has waited long enough.
void KafkaMergeSource::wait_for_kafka() const {
  const std::int64_t until = give_up_at_ns_;
  if (until != 0 && wall_clock_ns() >= until) {
    throw FailedRunning("stopped while Kafka was away: the next merger with this journal goes on");
  }
  std::this_thread::sleep_for(kBetweenAsks);
}

std::int64_t KafkaMergeSource::first_kept(std::int32_t partition) {
  for (;; wait_for_kafka()) {
    if (const auto ranges = frames_reader_.ranges(kAnswer)) {
      const auto found = ranges->find(partition);
      return found == ranges->end() ? 0 : found->second.low;
    }
  }
}

std::shared_ptr<Item> KafkaMergeSource::read_again(const std::string& position, const ModelSet& models) {
  const auto place = ingest::frame_place(position);
  if (!place) return nullptr;
  if (auto frame = read_frame(place->partition, place->offset)) {
    auto item = std::make_shared<Item>();
    item->frame = std::move(*frame);
    emulate(*item, models, settings_.every_orbits);
    if (item->rejection == Rejection::none) return item;
  }
  if (say_) say_("frame " + position + " is not there any more to be emulated again: its events are in no summary");
  return nullptr;
}

std::string KafkaMergeSource::waiting_for() const {
  using What = ingest::StrandOrder::Waits::What;
  const std::int64_t now = wall_clock_ns();
  const auto waits = order_.waits_for();
  // A partition whose frames no worker gives says it in any case.
  for (const auto& [partition, range] : ends_) {
    const auto known = partials_.known_to().find(partition);
    const std::int64_t have = known == partials_.known_to().end() ? 0 : known->second;
    const bool is_it = waits && waits->what == What::partition && waits->partition == partition;
    if (range.end <= have || (!is_it && waits)) continue;
    const auto news = partials_.news().find(partition);
    const std::string frames =
        "partition " + std::to_string(partition) + ": " + std::to_string(range.end - have) + " frames, no partial";
    if (news == partials_.news().end()) return frames + " yet";
    return frames + " for " + std::to_string((now - news->second.came_ns) / 1'000'000'000) + " s";
  }
  if (waits && waits->what == What::gap && waits->strand) {
    return "strand " + waits->strand->name + ": " + std::to_string(waits->frames) + " frames from " +
           std::to_string(waits->n) + " on";
  }
  return {};
}

void KafkaMergeSource::note_scale() {
  using nlohmann::ordered_json;
  const std::int64_t now = wall_clock_ns();
  const PartialCounts& counts = partials_.counts();
  ordered_json partitions = ordered_json::array(), strands = ordered_json::array();
  for (const auto& [partition, range] : ends_) {
    const auto known = partials_.known_to().find(partition);
    ordered_json entry = {{"partition", partition},
                          {"end", range.end},
                          {"judged", known == partials_.known_to().end() ? 0 : known->second}};
    const auto news = partials_.news().find(partition);
    entry["worker"] = news == partials_.news().end() ? ordered_json() : ordered_json(news->second.worker);
    entry["partial_age_s"] = news == partials_.news().end()
                                 ? ordered_json()
                                 : json_number(static_cast<double>(now - news->second.came_ns) / 1e9);
    partitions.push_back(std::move(entry));
  }
  for (const auto& [strand, place] : order_.places().strands()) {
    if (strand.name.empty()) continue;
    strands.push_back({{"name", strand.name}, {"session", strand.session}, {"next", place.next}});
  }
  const std::string waiting = waiting_for();
  if (!waiting.empty() && say_ && Clock::now() - said_ >= kBetweenWaits) {
    said_ = Clock::now();
    say_("waits for " + waiting);
  }
  ordered_json out = {{"prefix", settings_.kafka.prefix},
                      {"settings", settings_.settings},
                      {"partitions", std::move(partitions)},
                      {"strands", std::move(strands)},
                      {"waiting_for", waiting.empty() ? ordered_json() : ordered_json(waiting)},
                      {"other_settings", counts.other_settings},
                      {"fenced_frames", counts.fenced_frames},
                      {"partials", counts.partials},
                      {"partial_bytes", counts.bytes},
                      {"spoilt_partials", counts.spoilt},
                      {"repeated_frames", counts.repeated_frames},
                      {"reread_frames", counts.reread_frames}};
  const std::lock_guard lock(scale_mutex_);
  scale_ = json_text(out);
}

nlohmann::ordered_json KafkaMergeSource::scale() const {
  const std::lock_guard lock(scale_mutex_);
  return scale_.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json::parse(scale_);
}

}  // namespace vigil::app
