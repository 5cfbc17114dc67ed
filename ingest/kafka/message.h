// What is read from a topic, and answers that may not come now. Values; used by all readers of ingest/kafka and by
// those who turn messages into frames and partials.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vigil::ingest::kafka {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Message {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::optional<std::string> value;  // nullopt: a message without value, which an empty one is not
  Headers headers;                   // in order; a header without value has an empty one
};

// The value of the last header of this name; nullptr where there is none.
inline const std::string* header(const Message& message, std::string_view name) {
  for (auto at = message.headers.rbegin(); at != message.headers.rend(); ++at) {
    if (at->first == name) return &at->second;
  }
  return nullptr;
}

// What was asked of the brokers within a bounded time.
template <typename T>
struct Asked {
  bool answered = false;   // false: no answer now, `why`
  bool refused = false;    // not answered, and the reason lasts: a right or credentials are missing; `why` names them
  std::optional<T> value;  // answered and nullopt: there is none
  std::string why;
};

}  // namespace vigil::ingest::kafka
