// What the messages of the topic of partials become: frames that wait in the order of strands. Decides which partials
// are used, which frames of them, and which have to be emulated here because no partial holds them. Used by the
// merger's source; serial. Reads single frames again, and nothing else. Tests: tests/contract/kafka_scale_test.py.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/resume_log.h"
#include "core/frame.h"
#include "ingest/kafka/message.h"
#include "ingest/kafka/settings.h"
#include "ingest/partial_message.h"
#include "ingest/strand_order.h"

namespace vigil::app {

// What waits in the order: a frame; or the frames of a partial from beside the source, which are taken one after the
// other.
struct Pending {
  std::deque<Frame> frames;
  std::int64_t partial = 0;  // offset of the partial
};

struct PartialCounts {
  std::uint64_t partials = 0, bytes = 0, spoilt = 0, other_settings = 0, fenced_frames = 0, repeated_frames = 0,
                reread_frames = 0;
};

// Who wrote the newest partial of a partition, and when it came (wall clock).
struct PartitionNews {
  std::string worker;
  std::int64_t came_ns = 0;
};

class KafkaPartials {
 public:
  // A frame again, raw; nullopt: it is not there any more. Waits as long as it may be had.
  using ReadFrame = std::function<std::optional<Frame>(std::int32_t partition, std::int64_t offset)>;
  // First offset that is kept of a partition of frames.
  using FirstKept = std::function<std::int64_t(std::int32_t partition)>;

  KafkaPartials(ingest::StrandOrder& order, std::string settings, std::string settings_text,
                ingest::PartialModels models, ReadFrame read, FirstKept first_kept, ingest::kafka::Log log);

  // How far partials that will not be read reach in a partition of frames.
  void begin_at(std::int32_t partition, std::int64_t offset);
  bool knows(std::int32_t partition) const { return known_to_.contains(partition); }
  // The next message of the topic.
  void take(ingest::kafka::Message&& message);
  // A partial of which `unit.taken` frames were judged before the start: they are left out, the rest comes at once.
  void expect(const UnitPlace& unit) { expected_ = unit; }
  std::optional<Pending> take_expected();
  bool is_expecting() const { return expected_.has_value(); }

  // A frame of this partial, or all of a partial from beside, is behind us. What has to be read again after that, where
  // it changed.
  void done(std::int64_t partial, ResumeChange& change);
  // Where nothing waits that began before: of the topic, everything below was read.
  void read_up_to(std::int64_t offset) { read_up_to_ = offset; }
  // Emulates here what is known to lie in a partition beyond all partials, up to `end`.
  void emulate_up_to(std::int32_t partition, std::int64_t end, std::int64_t partial);

  // Partitions, by the keys of partials that were passed over as spoilt, that no partial has gone on in since.
  struct Doubt {
    std::int64_t partial = 0;
    std::int64_t came_ns = 0;  // wall clock
  };
  const std::map<std::int32_t, Doubt>& doubts() const { return doubts_; }

  const ResumePoint::Offsets& known_to() const { return known_to_; }
  const PartialCounts& counts() const { return counts_; }
  const std::map<std::int32_t, PartitionNews>& news() const { return news_; }

 private:
  struct Seen {  // a partial
    std::optional<std::int32_t> partition;
    std::int64_t next = 0;
    std::uint64_t waiting = 0;  // of its frames; a partial from beside counts once
  };
  void take(ingest::Partial&& partial, std::int64_t offset);
  void take_beside(ingest::Partial&& partial, std::int64_t offset);
  void add(ingest::Arrival&& arrival, std::int64_t partial);
  void say(const std::string& key, const std::string& what);

  ingest::StrandOrder& order_;
  const std::string settings_, settings_text_;
  const ingest::PartialModels models_;
  const ReadFrame read_;
  const FirstKept first_kept_;
  const ingest::kafka::Log log_;
  ResumePoint::Offsets known_to_;      // by partition of frames, all that was added
  ResumePoint::Offsets base_;          // the same, of partials before the first that something waits of
  std::map<std::int64_t, Seen> seen_;  // from that one on
  std::int64_t read_up_to_ = 0, resume_at_ = -1;
  std::optional<UnitPlace> expected_;
  std::optional<Pending> found_;
  PartialCounts counts_;
  std::map<std::int32_t, PartitionNews> news_;
  std::map<std::int32_t, Doubt> doubts_;
  std::map<std::string, std::uint64_t> said_;
};

}  // namespace vigil::app
