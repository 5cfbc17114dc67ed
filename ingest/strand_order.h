// Puts the frames of several strands and partitions into the one order of docs/scale_out.md ("Order"): a frame is taken
// when the next one of every other strand is known, or the topic holds none. Slow is not late: nothing is ever passed
// over because it takes long. Used by who reads frames, or partials, from Kafka; knows no Kafka. Not synchronised.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ingest/sequencer_steps.h"
#include "ingest/strand_places.h"

namespace vigil::ingest {

struct Arrival {
  StrandId strand;                 // name and session; both empty where the producer numbers nothing
  std::optional<std::uint64_t> n;  // of a named strand
  std::uint64_t numbers = 1;       // n, n + 1, ...: how many of them lie in this payload, which is taken as one
  std::int32_t partition = 0;      // where it lies; kBeside: in the partials
  std::int64_t offset = 0;         // of the frame; beside the source of the partial it is in
  std::optional<std::uint32_t> run, ls;
  Payload payload;
};

class StrandOrder {
 public:
  enum class Added : std::uint8_t {
    waits,
    fenced,   // behind the begin of a later session of its name
    repeated  // was taken or waits already (in part, too), or is of a session that is over
  };
  struct Taken : StrandStep {
    Payload payload;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::uint64_t gone = 0;  // numbers of its strand just before it that cannot come any more
  };
  // What take() waits for, for people and status.
  struct Waits {
    enum class What : std::uint8_t {
      ends,       // end offsets that are asked from now on: call ends()
      partition,  // `frames` offsets of `partition`, up to the end that was asked
      gap,        // `frames` numbers from `n` on of `strand`, which `partition` (and maybe others) may still bring
    };
    What what = What::ends;
    std::optional<std::int32_t> partition;
    std::uint64_t frames = 0;
    std::optional<StrandId> strand;
    std::uint64_t n = 0;
  };

  // Goes on from these places. Reading may begin at any offsets that leave out nothing that is not taken; every begin
  // mark that lies before them must be in the places. What was taken already comes back as repeated or fenced.
  explicit StrandOrder(StrandPlaces places = {});

  // Within a partition, frames and begins are added in order of their offsets.
  Added add(Arrival&& arrival);
  // The mark of a session. Earlier ones of the name end in this partition at this offset.
  void begin(std::int32_t partition, std::int64_t offset, const std::string& name, std::uint64_t session);
  // Everything below `next` of that partition was added (or is no frame, or does not count). Where reading begins, too.
  void reach(std::int32_t partition, std::int64_t next);
  // Frames of this partition will not be read: retention took them, or reading does not begin with the first. Numbers
  // that may have been among them are not waited for.
  void removed(std::int32_t partition);
  // End offsets, asked after everything added so far was there; also says which partitions there are. At any time, and
  // as often as wished. Until the first call nothing is taken.
  void ends(const std::map<std::int32_t, std::int64_t>& offsets);
  // Nothing more comes: nobody is waited for any more.
  void finish();

  // The next frame, or nullopt: there is none, or waits_for() says what is missing.
  std::optional<Taken> take();
  std::optional<Waits> waits_for() const;  // nullopt: for nothing; visits every strand

  bool empty() const { return frames_ == 0; }
  std::size_t waiting_frames() const { return frames_; }
  std::uint64_t gone_frames() const { return gone_; }
  const StrandPlaces& places() const { return places_; }  // after what was taken

 private:
  struct Waiting {
    Payload payload;
    std::int32_t partition;
    std::int64_t offset;
    std::optional<std::uint32_t> run, ls;
    std::uint64_t round;    // rounds begun when it was added
    std::uint64_t numbers;  // behind n there goes on n + numbers
  };
  enum class State : std::uint8_t {
    idle,   // its next frame is not known
    gap,    // frames wait behind a number that may still come
    head,   // its next frame is known
    ended,  // nothing more comes
  };
  // Of a strand in a partition.
  struct Share {
    std::uint64_t waiting = 0;
    bool ended = false;    // a later session began there, and everything before that was added
    bool removed = false;  // by retention, and nothing of the strand was added since
    bool is_covered() const { return waiting > 0 || ended; }
  };
  // How heads compare: unreadable first, then begun runs; ls.
  using Rank = std::pair<int, std::uint32_t>;
  struct Strand {
    explicit Strand(StrandId name) : id(std::move(name)) {}
    const StrandId id;
    std::map<std::uint64_t, Waiting> waiting;         // by n, or by offset
    std::map<std::int32_t, Share> shares;             // of a named strand
    std::size_t covered = 0, ended = 0, removed = 0;  // shares that are so
    std::optional<StrandPlaces::Place> place;         // none: neither begun nor taken from
    State state = State::ended;
    Rank rank;
    std::uint64_t ended_round = 0;           // rounds begun when a share ended last
    std::optional<std::uint64_t> met_round;  // rounds begun when its first frame was there
  };
  struct EarlierHead {
    bool operator()(const Strand* a, const Strand* b) const {
      return std::tie(a->rank, a->id) < std::tie(b->rank, b->id);
    }
  };
  struct Partition {
    std::int64_t reached = 0;      // everything below was added
    std::int64_t last_begin = -1;  // of the places it was started from
    std::size_t waiting = 0;
    bool removed = false;
  };
  struct Round {
    std::uint64_t number;
    std::map<std::int32_t, std::int64_t> ends;
  };

  // strand_order.cpp: strands and their frames
  Strand& strand_of(const StrandId& id);
  Partition& partition_of(std::int32_t number);
  std::size_t partitions_for(const StrandId& id) const;
  State state_of(const Strand& strand) const;
  bool lacks_removed(const Strand& strand) const;
  Rank rank_of(const Strand& strand) const;
  void refresh(Strand& strand);
  void refresh_all();
  template <class Change>
  void change_share(Strand& strand, std::int32_t partition, Change change);
  bool may_take(const Strand& head) const;
  void forget_over(const StrandId& strand);

  // strand_order_rounds.cpp: what is known of the partitions
  void learn_begin(const SessionBegin& begin);
  void note_ends_in(std::int32_t partition, const StrandId* name);
  void advance(std::int32_t partition, std::int64_t next);
  void see_who_ended();
  void look_at_first_round();
  void pass_rounds();
  void begin_where_nobody_began();

  StrandPlaces places_;
  std::map<StrandId, Strand> strands_;
  std::set<Strand*, EarlierHead> heads_;
  std::map<std::int32_t, Partition> partitions_;
  std::size_t frames_ = 0, idle_ = 0, gaps_ = 0, bare_partitions_ = 0;
  std::uint64_t gone_ = 0;
  std::deque<Round> rounds_;                            // that have not passed; numbered from 1
  std::set<std::int32_t> lacking_;                      // partitions that the first of them waits for
  std::uint64_t rounds_begun_ = 0, rounds_passed_ = 0;  // number of the last
  std::vector<SessionBegin> begins_;                    // since the last frame taken
  std::vector<StrandId> over_;
  bool finished_ = false;
};

}  // namespace vigil::ingest
