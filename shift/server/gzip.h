// Bodies as gzip (RFC 1952), by zlib. Pure; thread-safe.
// Tests: tests/shift/gzip_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace vigil::shift {

// The same bytes on every call. Throws std::bad_alloc.
std::string gzip(const std::string& body);
// What gzip() made of it. Throws std::runtime_error where `packed` is not whole gzip; for the server's own files alone:
// nothing bounds how large it gets.
std::string gunzip(std::string_view packed);

}  // namespace vigil::shift
