// CRC32C (Castagnoli, RFC 3720 appendix B.4): the checksum of recordings. Used by the recorder and the recording
// reader. Detects damage, not intent: it is no protection against forged records.
#pragma once

#include <cstdint>
#include <string_view>

namespace vigil::replay {

// CRC32C of `bytes`, going on from `before`: crc32c(b, crc32c(a)) is that of a followed by b. Thread-safe.
// crc32c("123456789") is 0xE3069283. Uses the SSE4.2 instruction where the processor has it.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

// The two ways crc32c() may go, for tests. The second must only be called where has_crc32c_instruction().
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);
std::uint32_t crc32c_by_instruction(std::string_view bytes, std::uint32_t before = 0);
bool has_crc32c_instruction();

}  // namespace vigil::replay
