// Where every strand goes on, which sessions began where, which runs have begun: the whole of what StrandOrder keeps
// but the frames that wait. A value that follows the order step by step, so that it can be kept with what was committed
// and an order be started from it. Knows no frames and no Kafka.
// Tests: tests/ingest/strand_order_test.cpp.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vigil::ingest {

// The "partition" of what comes from workers beside the source: the topic of partials is their one partition.
inline constexpr std::int32_t kBeside = -1;

// One life of a bridge, or of a worker beside the source. A producer that numbers nothing: no name, session 0, and the
// partition it writes to.
struct StrandId {
  static constexpr std::int32_t kInFrames = -1;  // `partition` of a bridge's strand: it lies in any of them
  static constexpr std::int32_t kOfWorker = -2;  // of a worker beside the source, who may have the name of a bridge
  std::string name;
  std::uint64_t session = 0;  // of a name above 0
  std::int32_t partition = kInFrames;
  auto operator<=>(const StrandId&) const = default;
};

// 1 to 64 of A-Z a-z 0-9 _ . -
bool is_strand_name(std::string_view name);

// A session of `name` began in this partition at this offset: what an earlier session of the name has behind it there
// does not count.
struct SessionBegin {
  std::string name;
  std::uint64_t session = 0;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  bool by_mark = true;  // else its mark was not there, and a frame of it shows that it had begun
  bool operator==(const SessionBegin&) const = default;
};

// What one frame that was taken changed, and what was learnt since the one before it.
struct StrandStep {
  std::vector<SessionBegin> begins;  // before it
  StrandId strand;
  std::uint64_t next = 0;                // n + numbers, or offset + 1
  std::optional<std::uint32_t> run, ls;  // where the strand is now; of a frame that could not be read: as before it
  std::vector<StrandId> over;            // sessions that are behind us for good, and all those of the name before them
};

class StrandPlaces {
 public:
  struct Place {
    std::uint64_t next = 0;
    std::optional<std::uint32_t> run, ls;
    bool operator==(const Place&) const = default;
  };
  static constexpr std::size_t kMostRuns = 64;

  void apply(const StrandStep& step);
  // The parts of a step. False: nothing is changed by it (known, or of a session that is over).
  bool begin(const SessionBegin& begin);
  void end(const StrandId& strand);
  // True: which runs have begun is another set than before.
  bool take(const StrandId& strand, std::uint64_t next, std::optional<std::uint32_t> run,
            std::optional<std::uint32_t> ls);

  const std::map<StrandId, Place>& strands() const { return strands_; }
  bool has_begun(std::uint32_t run) const;
  // All sessions up to this one are over, of named strands; 0: none is.
  std::uint64_t over(const StrandId& strand) const;
  // The first offset in `partition` that does not count for this strand any more; nullopt: there is none.
  std::optional<std::int64_t> end_in(const StrandId& strand, std::int32_t partition) const;
  // Whether this session, or a later one of the name, is known to have begun in `partition`.
  bool has_begun_in(const StrandId& strand, std::int32_t partition) const;
  // The last one in each partition that is known.
  std::map<std::int32_t, std::int64_t> last_begins() const;

  // JSON. load() throws Error on what save() did not make.
  std::string save() const;
  static StrandPlaces load(std::string_view text);

  bool operator==(const StrandPlaces&) const = default;

 private:
  // Of strands with one name in one place: name, StrandId::partition.
  using Name = std::pair<std::string, std::int32_t>;
  struct Sessions {
    std::uint64_t over = 0;
    // Partition -> session -> offset. Both grow together: a session that began behind a later one ends nothing.
    std::map<std::int32_t, std::map<std::uint64_t, std::int64_t>> begins;
    bool operator==(const Sessions&) const = default;
  };
  const Sessions* sessions_of(const StrandId& strand) const;

  std::map<StrandId, Place> strands_;
  std::map<Name, Sessions> names_;
  std::vector<std::uint32_t> runs_;  // that have begun; the one used last comes first, the rest are forgotten
};

}  // namespace vigil::ingest
