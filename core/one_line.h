// Text of others inside our messages: keys and values of files may hold line breaks and other control characters.
// Used by the readers that quote them; messages stay one line.
#pragma once

#include <string>

namespace vigil {

// Every control character becomes '?'.
inline std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

}  // namespace vigil
