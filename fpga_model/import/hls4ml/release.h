// Which hls4ml release a project was written with, as far as its files tell. Used where layers differ between releases:
// nothing is assumed there. The known texts of nnet_utils are in fingerprints.def.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fpga_model/import/hls4ml/declarations.h"

namespace vigil::fpga_model::hls4ml {

struct Release {
  int major = 1;
  int minor = 0;
  auto operator<=>(const Release&) const = default;
};

// "1.2", "1.2.0", "v1.2.0". Throws Error naming `where`.
Release parse_release(const std::string& text, const std::string& where);
std::string release_name(const Release& release);

// What the user may say where the files do not tell.
inline constexpr const char* kAskForRelease =
    "--hls4ml-version RELEASE (model import), or hls4ml: {version: RELEASE} in model.yaml";

class ReleaseTeller {
 public:
  struct Header {
    std::string name;  // hls4ml's own, whatever the file is called; the file's where the text is not known
    bool known = false;
  };

  // `stated`: what the user says; it decides everything.
  ReleaseTeller(const std::optional<std::string>& stated, const std::string& where);

  // Keys that only some releases write. `has_sizes`: the top function returns the sizes of its arrays, until 0.6.
  void look_at(const Declarations& declarations, bool has_sizes);
  // The text of a kernel header as it lies in the project.
  Header look_at_header(const std::string& name, std::string_view bytes, const std::string& path);

  // True when the project is of `release` or later, as the kernel in `header` has it. `what` names the difference.
  // Asks, by an Error, for the release where no file decides: it changes words.
  bool at_least(const Release& release, const std::string& header, const std::string& what) const;
  bool is_stated() const { return stated_.has_value(); }

  std::vector<std::string> notes() const;  // what was told how, what is unknown

 private:
  struct Span {
    Release first{0, 0};
    Release last{9, 9};
  };
  void narrow(const Release& first, const Release& last, const std::string& why);

  std::string where_;
  std::optional<Release> stated_;
  Span project_;
  std::string reason_;
  std::map<std::string, Span> headers_;
  std::set<std::string> unknown_;
};

// SHA-256, first 16 digits, over the tokens of a header: comments, spaces and directives do not count.
std::string header_fingerprint(std::string_view bytes, const std::string& path);

}  // namespace vigil::fpga_model::hls4ml
