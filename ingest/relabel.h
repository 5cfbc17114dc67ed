// A recorded message as one of a later run and epoch, so that a monitor takes it for new data.
// Used by `publish --loop`. Changes those two numbers and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/frame.h"

namespace vigil::ingest {

// How far the numbers of what was sent so far spread; what comes after it begins where they end.
class RelabelledTurns {
 public:
  // Takes a frame of the first turn into account.
  void see(const FrameHeader& header);
  // Turn `turn` (0 is the recording as it is) of a message's parts: run and epoch grow, turn by turn, by as much as
  // they spread over the recording, so that every turn's are later than all before. A message without readable run or
  // epoch stays as it is. False: the numbers of the wire are used up, `parts` is unchanged. Thread-safe with other
  // readers.
  [[nodiscard]] bool relabel(std::vector<std::string>& parts, std::uint64_t turn) const;

 private:
  struct Spread {
    std::uint64_t least = ~std::uint64_t{0}, most = 0;
    void see(std::uint64_t value);
    // nullopt: beyond `largest`.
    std::optional<std::uint64_t> moved(std::uint64_t value, std::uint64_t turn, std::uint64_t largest) const;
  };
  Spread run_, epoch_;
};

}  // namespace vigil::ingest
