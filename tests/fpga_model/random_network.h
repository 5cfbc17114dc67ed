// Random network.json texts that are valid by construction: every operation, chains and branches, types as deployed
// models use them and types at the ends of what is allowed. Used by the differential and the fuzz tests.
#pragma once

#include <cstdint>
#include <string>

namespace vigil::fpga_model {

struct RandomNetworkOptions {
  int most_layers = 7;
  bool extended = true;  // also the extended set of operations
  bool images = true;    // also inputs of rank 2 and 3
};

struct RandomNetwork {
  std::uint64_t seed = 0;
  std::string json;
  int refused_layers = 0;  // drawn again because a width left 64 bits
};

// The same seed and options give the same text everywhere. A layer whose product or sum leaves 64 bits is drawn again;
// whatever else the reader refuses is thrown as its Error: that is a fault of the generator or of the reader.
RandomNetwork make_random_network(std::uint64_t seed, const RandomNetworkOptions& options = {});

}  // namespace vigil::fpga_model
