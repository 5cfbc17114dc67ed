// An hls4ml project folder read as it is, without compiler and Python: the integer graph its generated C++ computes.
// Used by the importer and by packages of format hls4ml_project. What it cannot read it names (file, line, call).
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vigil::fpga_model {

struct Hls4mlProject {
  std::string name;                // of the top function
  std::string network_json;        // docs/network_json.md
  std::vector<std::string> notes;  // assumptions made (release), unknown nnet_utils files, vendor quirks met
};

// `files`: relative path within the project folder (/ between parts) -> bytes. `where`: the folder, for messages.
// `version`: the hls4ml release the project was written with; none: told from the files, and said in the notes.
// Throws Error naming file, line and call.
Hls4mlProject read_hls4ml_project(const std::map<std::string, std::string>& files, const std::string& where,
                                  const std::optional<std::string>& version = {});

}  // namespace vigil::fpga_model
