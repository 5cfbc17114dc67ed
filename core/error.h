// The one exception type of start-up: what is wrong, where, and what was expected, as one line.
// Used by every room for configuration, models, references, sockets and the journal. Never thrown per event.
#pragma once

#include <stdexcept>
#include <string>

#include "core/shown.h"

namespace vigil {

class Error : public std::runtime_error {
 public:
  // Reads "where: what, expected expected"; `expected` may be empty. One line whatever is quoted (core/shown.h).
  // Example: Error("network.json: layer 'q_dense', key 'weights'", "shape [57,28]", "[29,28]").
  Error(const std::string& where, const std::string& what, const std::string& expected = {})
      : std::runtime_error(
            escaped(where + ": " + what + (expected.empty() ? std::string{} : ", expected " + expected))) {}
};

}  // namespace vigil
