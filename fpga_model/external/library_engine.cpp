#include "fpga_model/external/library_engine.h"

#include <algorithm>
#include <exception>

#include "core/error.h"
#include "fpga_model/package/formats.h"

namespace vigil::fpga_model {
namespace {

constexpr int kMaxFailures = 10;

std::unique_ptr<const Engine> load_library(const PackageFiles& files, const PackageDescription& package,
                                           LibraryKind kind) {
  const std::string where = files.where(package.path);
  const std::string_view bytes = files.content(package.path);
  if (read_library_symbols(bytes, where).kind != kind) {
    throw Error(package.format_where, "'" + package.format + "' for " + where,
                kind == LibraryKind::cms_emulator ? "hls4ml_library" : "cms_emulator");
  }
  LibraryOptions options;
  options.in_process = package.in_process;
  for (const InputGroup& group : package.inputs) {
    Port port;
    port.type = group.types.front();
    port.words = group.words();
    options.hints.inputs.push_back(port);
  }
  for (const OutputGroup& group : package.outputs) {
    Port port;
    port.type = group.type;
    port.words = group.count;
    options.hints.outputs.push_back(port);
    options.output_names.push_back(group.name);
  }
  return std::make_unique<const LibraryEngine>(std::string(bytes), where, options);
}

}  // namespace

// One instance, and the memory of a block in the order the library wants.
struct LibraryEngine::Worker {
  std::unique_ptr<HostProcess> process;
  std::unique_ptr<LibraryInstance> instance;
  std::vector<std::int64_t> inputs, outputs;
};

LibraryEngine::LibraryEngine(std::string library, const std::string& where, const LibraryOptions& options) {
  request_ = {where, to_json(options.hints), {}, std::move(library)};
  auto first = std::make_unique<Worker>();
  first->process = std::make_unique<HostProcess>(request_);
  layout_ = read_layout(first->process->layout(), where);
  request_.layout = first->process->layout();
  for (const std::string& name : layout_.left_out)
    warnings_.push_back(name + ", which the library names, is not found; no symbol of it is used");
  if (options.in_process) {
    object_ = std::make_unique<SharedObject>(request_.library, where);
  } else {
    idle_.push_back(std::move(first));
  }
  const auto add = [&](const Port& port, const std::string& name) {
    return add_tensor({name, {port.words}, port.type, port.words});
  };
  const auto numbered = [](const char* name, const std::vector<Port>& ports, std::size_t i) {
    return name + (ports.size() == 1 ? std::string{} : std::to_string(i));
  };
  for (std::size_t i = 0; i < layout_.inputs.size(); ++i) add(layout_.inputs[i], numbered("x", layout_.inputs, i));
  input_tensors_ = layout_.inputs.size();
  const bool named = options.output_names.size() == layout_.outputs.size();
  for (std::size_t i = 0; i < layout_.outputs.size(); ++i)
    outputs_.push_back(add(layout_.outputs[i], named ? options.output_names[i] : numbered("y", layout_.outputs, i)));
  LayerInfo layer;
  layer.name = "library";
  layer.op = layout_.kind == LibraryKind::cms_emulator ? "cms_emulator" : "hls4ml_library";
  for (std::size_t t = 0; t < input_tensors_; ++t) layer.inputs.push_back(tensors_[t].name);
  layer.output = outputs_.front();
  layer.kernel = layout_.kind == LibraryKind::hls4ml_library ? layout_.function + ", in a process of its own"
                 : options.in_process                        ? "in this process, one instance a thread"
                                                             : "in a process of its own for each thread";
  layers_.push_back(std::move(layer));
}

LibraryEngine::~LibraryEngine() = default;

std::unique_ptr<LibraryEngine::Worker> LibraryEngine::start() const {
  auto worker = std::make_unique<Worker>();
  if (object_) {
    worker->instance = open_instance(*object_, layout_, request_.where);
  } else {
    worker->process = std::make_unique<HostProcess>(request_);
    if (read_layout(worker->process->layout(), request_.where) != layout_)
      throw Error(request_.where, "the library's process answers nonsense");
  }
  return worker;
}

std::unique_ptr<LibraryEngine::Worker> LibraryEngine::take() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
    if (failures_ >= kMaxFailures) return nullptr;
    if (calls_to_skip_ > 0) {
      --calls_to_skip_;
      return nullptr;
    }
  }
  return start();
}

Status LibraryEngine::run(const Block& block) const {
  std::string failure;
  try {
    auto worker = take();
    if (!worker) return Status::failed;
    const std::size_t in = layout_.input_words(), out = layout_.output_words();
    worker->inputs.resize(block.rows * in);
    worker->outputs.resize(block.rows * out);
    std::size_t column = 0;
    for (std::size_t t = 0; t < input_tensors_; ++t) {
      const std::int64_t* words = tensor(block, t);
      for (std::size_t r = 0; r < block.rows; ++r, words += tensors_[t].words)
        std::copy_n(words, tensors_[t].words, worker->inputs.data() + r * in + column);
      column += tensors_[t].words;
    }
    if (worker->instance) {
      for (std::size_t r = 0; r < block.rows; ++r)
        worker->instance->run(worker->inputs.data() + r * in, worker->outputs.data() + r * out);
    } else {
      worker->process->run(worker->inputs.data(), in, worker->outputs.data(), out, block.rows);
    }
    column = 0;
    for (const std::size_t t : outputs_) {
      std::int64_t* words = tensor(block, t);
      for (std::size_t r = 0; r < block.rows; ++r) {
        for (std::size_t i = 0; i < tensors_[t].words; ++i) {
          const std::int64_t word = worker->outputs[r * out + column + i];
          if (!tensors_[t].type.holds(word))
            throw Error(request_.where, "the library returned a word outside " + to_string(tensors_[t].type));
          *words++ = word;
        }
      }
      column += tensors_[t].words;
    }
    const std::lock_guard lock(mutex_);
    failures_ = 0;
    idle_.push_back(std::move(worker));
    return Status::ok;
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = request_.where + ": the library throws";
  }
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  failures_ = std::min(failures_ + 1, kMaxFailures);
  calls_to_skip_ = (1 << failures_) - 1;
  return Status::failed;
}

std::string LibraryEngine::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

std::unique_ptr<const Engine> load_cms_emulator(const PackageFiles& files, const PackageDescription& package) {
  return load_library(files, package, LibraryKind::cms_emulator);
}

std::unique_ptr<const Engine> load_hls4ml_library(const PackageFiles& files, const PackageDescription& package) {
  return load_library(files, package, LibraryKind::hls4ml_library);
}

}  // namespace vigil::fpga_model
