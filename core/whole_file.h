// Small files read and written whole. Writing replaces: `<path>.new` first, then renamed, so that a reader never sees
// half of it. Used for references, limits and arrays.
#pragma once

#include <string>
#include <string_view>

namespace vigil {

// Throw Error naming the path, and `expected` where it cannot be read.
std::string read_whole(const std::string& path, const std::string& expected);
void write_whole(const std::string& path, std::string_view bytes);

}  // namespace vigil
