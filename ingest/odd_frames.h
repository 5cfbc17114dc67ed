// Who numbers frames doubts those that do not go on where their source was: it is these that a sequencer may refuse, so
// a summary of their own holds them. Used by bridges and by whoever builds partials. Not synchronised.
// Tests: tests/ingest/frame_message_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "core/event_batch.h"
#include "core/frame.h"

namespace vigil::ingest {

class OddFrames {
 public:
  // Whether this one does not go on with the numbers, the run and the orbits of its model, stream and source.
  bool is_odd(const EventBatch& batch);
  // The same from a header; odd as well where one of these cannot be read.
  bool is_odd(const FrameHeader& header);

 private:
  struct Newest {
    std::uint64_t epoch = 0, seq = 0;
    std::uint32_t run = 0, last_orbit = 0;
  };
  // Of more sources than a stream may have nothing is known any more: what is odd once too often costs time, no more.
  static constexpr std::size_t kMostSources = 1u << 16;

  bool goes_on(const std::string& model, const std::string& stream, const std::string& source,
               std::uint32_t first_orbit, const Newest& now);

  std::map<std::tuple<std::string, std::string, std::string>, Newest> newest_;  // model, stream, source
};

}  // namespace vigil::ingest
