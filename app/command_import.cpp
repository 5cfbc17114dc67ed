// vigil model import.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "core/error.h"
#include "core/shown.h"
#include "fpga_model/import/import.h"
#include "fpga_model/package/package.h"

namespace vigil::app {
namespace {

struct ImportOptions {
  std::string source, output, name, version = "1";
  std::optional<std::string> hls4ml_version, conifer_sum;
  bool json = false;
};

namespace fs = std::filesystem;

// A folder beside the target that takes its place when it is complete, and is removed when it is not.
class DraftFolder {
 public:
  explicit DraftFolder(const fs::path& target) : target_(target) {
    fs::path plain = target.lexically_normal();
    if (!plain.has_filename()) plain = plain.parent_path();
    target_ = plain;
    folder_ = plain.parent_path() / ("." + plain.filename().string() + ".import-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~DraftFolder() {
    std::error_code ignored;
    if (!done_) fs::remove_all(folder_, ignored);
  }
  DraftFolder(const DraftFolder&) = delete;
  DraftFolder& operator=(const DraftFolder&) = delete;

  const fs::path& folder() const { return folder_; }
  const fs::path& target() const { return target_; }
  void write(const std::string& path, const std::string& bytes) const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream stream(folder_ / path, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush()) throw FailedRunning((target_ / path).string() + ": cannot be written");
  }
  void keep() {
    fs::rename(folder_, target_);  // replaces an empty folder
    done_ = true;
  }

 private:
  fs::path target_;
  fs::path folder_;
  bool done_ = false;
};

// The package is proved in the draft folder; messages name where it was to go.
std::shared_ptr<const fpga_model::PackageModel> prove(const DraftFolder& draft) {
  try {
    return fpga_model::load_package(draft.folder());
  } catch (const Error& error) {
    std::string what = error.what();
    const std::string name = draft.folder().string();
    if (const std::size_t at = what.find(name); at != std::string::npos)
      what.replace(at, name.size(), draft.target().string());
    throw FailedRunning(what);
  }
}

int run_model_import(const ImportOptions& options) {
  const fs::path target = options.output;
  std::error_code error;
  if (fs::exists(fs::symlink_status(target, error)) &&
      !(fs::is_directory(target, error) && fs::is_empty(target, error)))
    throw Error(options.output, "exists already", "a new or empty folder for the package");
  const fpga_model::ImportedPackage package = fpga_model::import_model(
      options.source, {options.name, options.version, options.hls4ml_version, options.conifer_sum});
  std::shared_ptr<const fpga_model::PackageModel> model;
  try {
    DraftFolder draft(target);
    for (const auto& [path, bytes] : package.files) draft.write(path, bytes);
    model = prove(draft);
    draft.keep();
  } catch (const fs::filesystem_error& failure) {
    throw Error(options.output, failure.code().message(), "a folder that can be written");
  }

  const ModelInfo& info = model->info();
  if (options.json) {
    nlohmann::ordered_json outputs = nlohmann::ordered_json::array();
    for (const Output& o : info.outputs)
      outputs.push_back({{"name", o.name}, {"words", o.words}, {"type", to_string(o.type)}});
    const nlohmann::ordered_json out = {{"package", options.output},     {"name", info.name},
                                        {"version", info.version},       {"format", info.format},
                                        {"model_hash", info.hash},       {"inputs", info.inputs.size()},
                                        {"outputs", std::move(outputs)}, {"layers", model->layers().size()},
                                        {"notes", package.notes}};
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return 0;
  }
  for (const std::string& note : package.notes) fmt::print("note: {}\n", escaped(note));
  fmt::print("{}: {} {}, {} inputs, {} output words, {} layers\n", escaped(options.output), shown(info.name),
             info.format, info.inputs.size(), info.output_words(), model->layers().size());
  fmt::print("hash {}\nSeeds are in no source: add thresholds to {} where decision bits are to be compared.\n",
             info.hash, escaped((target / "model.yaml").string()));
  return 0;
}

}  // namespace

Command model_import_command() {
  const auto o = std::make_shared<ImportOptions>();
  return {"model import",
          "what the firmware team has, as a model package",
          "vigil model import my-hls4ml-prj -o my-model",
          {{"SRC", &o->source, "hls4ml project folder, conifer JSON, DAIS program, emulator library or network.json",
            Presence::required},
           {"-o,--output", &o->output, "package to write, a new or empty folder", Presence::required},
           {"--name", &o->name, "name of the model (default: the source's own)"},
           {"--version-label", &o->version, "version of the model (default 1)"},
           {"--hls4ml-version", &o->hls4ml_version, "release that wrote the project, e.g. 1.1.0"},
           {"--conifer-sum",
            &o->conifer_sum,
            "order in which leaves are added (default: as the file's backend does)",
            Presence::optional,
            {"sequential", "tree"}},
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_model_import(*o); }};
}

}  // namespace vigil::app
