// What is refused, late, a duplicate or dropped, in words: when it begins, and at most once a minute while it goes on,
// with counts. Used by the judge, which says what time it is; reads no clock. Not synchronised.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "core/event_batch.h"

namespace vigil::app {

struct Refusal {
  enum class What : std::uint8_t { rejected, late, duplicate, dropped };
  What what = What::rejected;
  Rejection cause = Rejection::none;  // of a rejected one
  std::string stream;                 // "axol1tl scouting", or the topic where no such stream is known
  std::string source;
  std::optional<std::uint32_t> run, ls;
};
// What was found and what was expected, run and lumisection included where they are known; asked only when there is a
// line to say.
using RefusalDetail = std::function<std::string()>;

class RefusalLog {
 public:
  using Write = std::function<void(const std::string&)>;
  static constexpr std::int64_t kPeriodNs = 60'000'000'000;
  static constexpr std::size_t kMostKinds = 1024;             // of (what, cause, stream, source) told apart
  static constexpr std::size_t kMostBeginningsAPeriod = 256;  // lines about new ones; the rest is one line a period

  explicit RefusalLog(Write write) : write_(std::move(write)) {}

  // One more. `now_ns` is the wall clock.
  void add(const Refusal& refusal, std::int64_t now_ns, const RefusalDetail& detail);
  // Says what has been due for a period. Cheap; called with every frame.
  void tick(std::int64_t now_ns);
  // Says all that has not been said yet.
  void end();

 private:
  using Kind = std::tuple<Refusal::What, Rejection, std::string, std::string>;
  struct Course {
    std::uint64_t all = 0;     // since it began
    std::uint64_t unsaid = 0;  // since the last line
    std::int64_t said_ns = 0;
    std::int64_t newest_ns = 0;
    Refusal newest;
  };
  void say(const std::string& line) const {
    if (write_) write_(line);
  }
  void say_unsaid(Course& course, std::int64_t now_ns, const std::string& detail);
  bool make_room(std::int64_t now_ns);

  Write write_;
  std::map<Kind, Course> courses_;
  std::int64_t period_began_ns_ = 0;
  std::size_t beginnings_ = 0;  // said in this period
  std::uint64_t beyond_ = 0;    // batches of kinds for which there was no line or room
  std::int64_t next_look_ns_ = 0;
};

}  // namespace vigil::app
