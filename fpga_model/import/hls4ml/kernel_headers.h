// The kernel headers of a project (nnet_utils): their texts, and whether those that its layers use are of a known
// release. Used by the reader of a project.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fpga_model/import/hls4ml/release.h"

namespace vigil::fpga_model::hls4ml {

// Told by the folder or, in a folder of another name, by the content. nnet_code_gen.h, which hls4ml writes a project,
// is none.
bool is_kernel_header(const std::string& include_path, std::string_view bytes);

class KernelHeaders {
 public:
  // All must outlive this object.
  KernelHeaders(const std::map<std::string, std::string>& files, const std::string& where, ReleaseTeller& release)
      : files_(files), where_(where), release_(release) {}

  // A header and what it includes.
  void add(const std::string& path);
  // Throws Error naming a header that the layers `top` calls need and whose text is of no known release.
  void expect_known(const Function& top) const;
  const std::map<std::string, SourceFile>& texts() const { return texts_; }  // hls4ml's name -> text, as far as C++

 private:
  struct Header {
    std::string path;
    bool known = false;
    std::vector<std::string> includes;  // names
  };
  bool defines(const std::string& name, const std::set<std::string>& functions, bool streams) const;

  const std::map<std::string, std::string>& files_;
  const std::string& where_;
  ReleaseTeller& release_;
  std::map<std::string, Header> headers_;
  std::map<std::string, SourceFile> texts_;
  std::map<std::string, std::string> names_;  // path -> name
};

}  // namespace vigil::fpga_model::hls4ml
