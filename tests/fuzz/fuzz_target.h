// What every fuzz target offers, and what it may do with bytes: succeed, or throw vigil::Error with one line that names
// the file. Built with a deterministic driver for the tests, and with libFuzzer by VIGIL_FUZZ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace vigil::fuzz {

// Valid inputs to start from; the same every time.
std::vector<std::string> seeds();
// Pieces of text that mean something to the reader.
std::vector<std::string> words();

// Runs `read`; ends the process with a message for anything but success and a good Error. Returns whether it succeeded.
bool expect_error_or_success(const std::string& file, const std::function<void()>& read);

// The words of the JSON formats and numbers at the ends of what readers accept.
std::vector<std::string> json_words();

}  // namespace vigil::fuzz
