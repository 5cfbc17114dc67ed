#include "fpga_model/import/hls4ml/project.h"

#include <list>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "fpga_model/import/hls4ml/backend.h"
#include "fpga_model/import/hls4ml/kernel_headers.h"
#include "fpga_model/import/hls4ml/paths.h"
#include "fpga_model/import/hls4ml/top_function.h"
#include "fpga_model/network/quirks.h"

namespace vigil::fpga_model {
namespace hls4ml {
namespace {

class ProjectReader {
 public:
  ProjectReader(const std::map<std::string, std::string>& files, const std::string& where,
                const std::optional<std::string>& version)
      : files_(files), where_(where), release_(version, where), headers_(files, where, release_) {}

  Hls4mlProject run() {
    expect_known_backend(files_, where_);
    const SourceFile& top = open(find_top());
    top_path_ = plain_path_;
    follow_includes(top, plain_path_);
    // Weights are defined in a header that may be declared extern before: every file is read, headers first.
    for (const SourceFile* file : order_) declarations_.read(*file);
    const auto [name, function] = find_function(top);
    Weights weights(declarations_);
    add_texts(weights, *function);
    release_.look_at(declarations_, returns_sizes(*function));
    if (!release_.is_stated()) headers_.expect_known(*function);
    std::vector<std::string> notes;
    Graph graph;
    ProjectContext project{declarations_, weights, headers_.texts(), graph, release_, notes};
    read_top_function(name, *function, top, project);
    Hls4mlProject result;
    result.name = name;
    result.network_json = graph.finish(name, top.path + ": " + name);
    result.notes = release_.notes();
    result.notes.insert(result.notes.end(), notes.begin(), notes.end());
    const auto quirks = vendor_quirks(nlohmann::json::parse(result.network_json));
    result.notes.insert(result.notes.end(), quirks.begin(), quirks.end());
    return result;
  }

 private:
  std::string shown(const std::string& path) const { return where_.empty() ? path : where_ + "/" + path; }

  // The .cpp that includes parameters.h.
  std::string find_top() {
    std::vector<std::string> found;
    for (const auto& [path, bytes] : files_) {
      if (!path.ends_with(".cpp") || !files_.contains(folder_of(path) + "parameters.h")) continue;
      std::size_t budget = std::size_t{1} << 22;
      for (const Include& include : tokenize(bytes, shown(path), budget).includes) {
        if (name_of(include.path) != "parameters.h") continue;
        found.push_back(path);
        break;
      }
    }
    if (found.empty())
      throw Error(where_, "no .cpp file that includes a parameters.h beside it", "an hls4ml project folder");
    if (found.size() > 1) throw Error(where_, "several projects: " + found[0] + ", " + found[1], "the folder of one");
    return found[0];
  }

  // Reads a file once; plain_path_ is then its path.
  const SourceFile& open(const std::string& path) {
    plain_path_ = path;
    const auto at = files_.find(path);
    if (at == files_.end()) throw Error(shown(path), "no such file");
    sources_.push_back(tokenize(at->second, shown(path), budget_));
    seen_.insert(path);
    return sources_.back();
  }

  void follow_includes(const SourceFile& file, const std::string& path) {
    for (const Include& include : file.includes) {
      const std::string target = plain(folder_of(path) + include.path);
      const std::string name = name_of(target);
      if (!files_.contains(target) || seen_.contains(target)) continue;
      if (is_kernel_header(include.path, files_.at(target))) {
        headers_.add(target);
        continue;
      }
      if (name.starts_with("ap_") || name.starts_with("hls_") || name == "emulator.h") continue;
      if (++opened_ > 10000) throw Error(shown(target), "more than 10000 files");
      const SourceFile& included = open(target);
      if (name == "nnet_code_gen.h") {
        order_.push_back(&included);
      } else {
        follow_includes(included, target);
      }
    }
    order_.push_back(&file);
  }

  // Until 0.6: unsigned short &const_size_in_1
  static bool returns_sizes(const Function& function) {
    for (const Token* token = function.parameters.begin; token != function.parameters.end; ++token) {
      if (token->text.starts_with("const_size_")) return true;
    }
    return false;
  }

  std::pair<std::string, const Function*> find_function(const SourceFile& top) const {
    std::pair<std::string, const Function*> found{{}, nullptr};
    const Token* begin = top.tokens.data();
    const Token* end = begin + top.tokens.size();
    for (const auto& [name, function] : declarations_.functions()) {
      if (function.body.file != &top || function.body.begin < begin || function.body.begin > end) continue;
      if (found.second != nullptr)
        throw Error(top.path, "two functions, '" + found.first + "' and '" + name + "'", "the top function");
      found = {name, &function};
    }
    if (found.second == nullptr || found.second->body.empty())
      throw Error(top.path, "no function that does anything", "the top function");
    return found;
  }

  void add_texts(Weights& weights, const Function& function) {
    for (const auto& [array, file] : weight_texts(function)) add_text(weights, array, file);
  }

  void add_text(Weights& weights, const std::string& array, const std::string& file) {
    for (const char* folder : {"weights/", ""}) {
      const std::string path = plain(folder_of(top_path_) + folder + file);
      const auto at = files_.find(path);
      if (at == files_.end()) continue;
      weights.add_text(array, at->second, shown(path));
      return;
    }
  }

  const std::map<std::string, std::string>& files_;
  const std::string& where_;
  ReleaseTeller release_;
  KernelHeaders headers_;
  Declarations declarations_;
  std::list<SourceFile> sources_;
  std::vector<const SourceFile*> order_;  // includes before what includes them
  std::set<std::string> seen_;
  std::string plain_path_;
  std::string top_path_;
  std::size_t budget_ = std::size_t{1} << 24;
  std::size_t opened_ = 0;
};

}  // namespace
}  // namespace hls4ml

Hls4mlProject read_hls4ml_project(const std::map<std::string, std::string>& files, const std::string& where,
                                  const std::optional<std::string>& version) {
  return hls4ml::ProjectReader(files, where, version).run();
}

}  // namespace vigil::fpga_model
