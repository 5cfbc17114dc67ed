#include "ingest/odd_frames.h"

#include <utility>

namespace vigil::ingest {

bool OddFrames::goes_on(const std::string& model, const std::string& stream, const std::string& source,
                        std::uint32_t first_orbit, const Newest& now) {
  if (newest_.size() >= kMostSources) newest_.clear();
  const auto [known, is_new] = newest_.try_emplace({model, stream, source}, now);
  if (is_new) return false;
  const Newest before = std::exchange(known->second, now);
  return now.epoch == before.epoch && now.seq == before.seq + 1 && now.run == before.run &&
         first_orbit >= before.last_orbit;
}

bool OddFrames::is_odd(const EventBatch& b) {
  return !goes_on(b.model, b.stream, b.source, b.first_orbit, {b.epoch, b.seq, b.run, b.last_orbit});
}

bool OddFrames::is_odd(const FrameHeader& h) {
  if (!h.source || !h.epoch || !h.seq || !h.run || !h.first_orbit || !h.last_orbit) return true;
  return !goes_on(h.model, h.stream, *h.source, *h.first_orbit, {*h.epoch, *h.seq, *h.run, *h.last_orbit});
}

}  // namespace vigil::ingest
