#include "fpga_model/external/external_library.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <new>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "fpga_model/external/any_pointer.h"
#include "fpga_model/external/call.h"
#include "fpga_model/external/elf_image.h"
#include "fpga_model/json_section.h"

namespace vigil::fpga_model {
namespace {

std::size_t words_of_ports(const std::vector<Port>& ports) {
  std::size_t words = 0;
  for (const Port& port : ports) words += port.words;
  return words;
}

nlohmann::json json_of(const std::vector<Port>& ports) {
  nlohmann::json out = nlohmann::json::array();
  for (const Port& port : ports) {
    out.push_back({{"type", to_string(port.type)},
                   {"words", port.words},
                   {"offset", port.offset},
                   {"word_bytes", port.word_bytes}});
  }
  return out;
}

std::vector<Port> read_ports(JsonSection& top, const std::string& key, std::size_t bytes) {
  std::vector<Port> ports;
  std::size_t words = 0;
  for (JsonSection& section : top.objects(key)) {
    Port port;
    port.type = section.type_or_sign_magnitude("type");
    port.words = static_cast<std::size_t>(section.integer("words", 1, static_cast<std::int64_t>(kMaxWords)));
    port.offset = static_cast<std::size_t>(section.integer("offset", 0, static_cast<std::int64_t>(kMaxWords) * 8));
    port.word_bytes = static_cast<std::size_t>(section.integer("word_bytes", 1, 8));
    words += port.words;
    if (words > kMaxWords) section.fail("words", "more than 2^24 words");
    if (bytes != 0 && port.offset + port.words * port.word_bytes > bytes)
      section.fail("offset", "a word beyond the value");
    ports.push_back(port);
  }
  if (ports.empty()) top.fail(key, "an empty list", "at least one");
  return ports;
}

class CmsInstance : public LibraryInstance {
 public:
  CmsInstance(const SharedObject& object, const LibraryLayout& layout, const std::string& where)
      : layout_(layout),
        input_type_(object.find(layout.input.manager), layout.input.type_name),
        output_type_(object.find(layout.output.manager), layout.output.type_name),
        input_(new (std::align_val_t{64}) std::byte[layout.input_bytes]()),
        output_(new (std::align_val_t{64}) std::byte[layout.output_bytes]()) {
    const auto create = reinterpret_cast<cms::Model* (*)()>(object.find("create_model"));
    destroy_ = reinterpret_cast<void (*)(cms::Model*)>(object.find("destroy_model"));
    if (create == nullptr || destroy_ == nullptr) throw Error(where, "no symbol create_model or destroy_model");
    model_ = create();
    if (model_ == nullptr) throw Error(where, "create_model gave no model");
  }
  ~CmsInstance() override { destroy_(model_); }
  CmsInstance(const CmsInstance&) = delete;
  CmsInstance& operator=(const CmsInstance&) = delete;

  void run(const std::int64_t* inputs, std::int64_t* outputs) override {
    for (const Port& port : layout_.inputs) {
      std::byte* at = input_.get() + port.offset;
      for (std::size_t i = 0; i < port.words; ++i, at += port.word_bytes) store_word(at, port.word_bytes, *inputs++);
    }
    model_->prepare_input(input_type_.hold(input_.get()));
    model_->predict();
    model_->read_result(output_type_.hold(output_.get()));
    for (const Port& port : layout_.outputs) {
      const std::byte* at = output_.get() + port.offset;
      for (std::size_t i = 0; i < port.words; ++i, at += port.word_bytes) *outputs++ = load_word(at, port);
    }
  }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
  };
  LibraryLayout layout_;
  AnyPointerType input_type_;
  AnyPointerType output_type_;
  std::unique_ptr<std::byte[], Free> input_;
  std::unique_ptr<std::byte[], Free> output_;
  void (*destroy_)(cms::Model*) = nullptr;
  cms::Model* model_ = nullptr;
};

// The word a real stands for. Throws Error for one that no word of the type stands for.
std::int64_t word_of(double value, const FixedPoint& type) {
  const double scaled = std::ldexp(value, type.fraction());
  if (std::abs(scaled) < 0x1p62 && scaled == std::floor(scaled)) {
    if (const auto word = static_cast<std::int64_t>(scaled); type.holds(word)) return word;
  }
  throw Error("the library", "returned a real that is no word of " + to_string(type));
}

// <project>_float and <project>_double: pointers to reals, inputs first.
template <class Real>
class BridgeInstance : public LibraryInstance {
 public:
  BridgeInstance(const SharedObject& object, const LibraryLayout& layout, const std::string& where)
      : layout_(layout), function_(object.find(layout.function)) {
    if (function_ == nullptr) throw Error(where, "no symbol " + layout.function);
    for (const auto* ports : {&layout_.inputs, &layout_.outputs}) {
      for (const Port& port : *ports) values_.emplace_back(port.words);
    }
    for (std::vector<Real>& values : values_) pointers_.push_back(values.data());
  }

  void run(const std::int64_t* inputs, std::int64_t* outputs) override {
    std::size_t argument = 0;
    for (const Port& port : layout_.inputs) {
      for (Real& value : values_[argument]) value = static_cast<Real>(port.type.to_real(*inputs++));
      ++argument;
    }
    call_with_pointers(function_, pointers_.data(), pointers_.size());
    for (const Port& port : layout_.outputs) {
      for (const Real value : values_[argument]) *outputs++ = word_of(static_cast<double>(value), port.type);
      ++argument;
    }
  }

 private:
  LibraryLayout layout_;
  void* function_;
  std::vector<std::vector<Real>> values_;
  std::vector<void*> pointers_;
};

}  // namespace

std::size_t LibraryLayout::input_words() const { return words_of_ports(inputs); }
std::size_t LibraryLayout::output_words() const { return words_of_ports(outputs); }

std::string to_json(const LibraryLayout& layout) {
  const auto any = [](const AnyType& type) {
    return nlohmann::json{{"type_name", type.type_name}, {"manager", type.manager}, {"text", type.text}};
  };
  return nlohmann::json{{"kind", layout.kind == LibraryKind::cms_emulator ? "cms_emulator" : "hls4ml_library"},
                        {"input", any(layout.input)},
                        {"output", any(layout.output)},
                        {"input_bytes", layout.input_bytes},
                        {"output_bytes", layout.output_bytes},
                        {"function", layout.function},
                        {"is_double", layout.is_double},
                        {"inputs", json_of(layout.inputs)},
                        {"outputs", json_of(layout.outputs)},
                        {"left_out", layout.left_out}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

LibraryLayout read_layout(std::string_view json, const std::string& where) {
  const auto document = parse_json(json, where);
  JsonSection top(*document, where + ": ");
  LibraryLayout layout;
  layout.kind = top.choice("kind", {"cms_emulator", "hls4ml_library"}, false) == 0 ? LibraryKind::cms_emulator
                                                                                   : LibraryKind::hls4ml_library;
  const auto any = [&](const std::string& key) {
    JsonSection section = top.object(key);
    return AnyType{section.text("type_name"), section.text("manager"), section.text("text")};
  };
  layout.input = any("input");
  layout.output = any("output");
  const bool cms = layout.kind == LibraryKind::cms_emulator;
  constexpr auto kMost = static_cast<std::int64_t>(kMaxWords) * 8;
  layout.input_bytes = static_cast<std::size_t>(top.integer("input_bytes", cms ? 1 : 0, kMost));
  layout.output_bytes = static_cast<std::size_t>(top.integer("output_bytes", cms ? 1 : 0, kMost));
  layout.function = top.text("function");
  layout.is_double = top.flag("is_double", false);
  layout.inputs = read_ports(top, "inputs", layout.input_bytes);
  layout.outputs = read_ports(top, "outputs", layout.output_bytes);
  layout.left_out = top.texts("left_out");
  top.finish();
  return layout;
}

SharedObject::SharedObject(std::string_view bytes, const std::string& where) {
  ElfImage image{std::string(bytes)};
  image.isolate_unique_symbols();
  for (;;) {
    // Without a library it names, every symbol must be there already.
    const std::string problem = load(image.bytes(), left_out_.empty() ? RTLD_LAZY : RTLD_NOW);
    if (handle_ != nullptr) return;
    constexpr std::string_view kNotFound = ": cannot open shared object file";
    const std::size_t end = problem.find(kNotFound);
    const std::string missing = end == std::string::npos ? std::string{} : problem.substr(0, end);
    if (!missing.empty() && image.leave_out(missing)) {
      left_out_.push_back(missing);
      continue;
    }
    std::string what = "cannot be loaded: " + problem.substr(0, 300);
    for (const std::string& name : left_out_) what += "; it needs " + name.substr(0, 100) + ", which is not found";
    throw Error(where, what,
                missing.empty() && left_out_.empty() ? "" : "the folder of that library in LD_LIBRARY_PATH");
  }
}

std::string SharedObject::load(const std::string& bytes, int mode) {
  fd_ = ::memfd_create("vigil-library", MFD_CLOEXEC);
  std::size_t written = 0;
  while (fd_ >= 0 && written < bytes.size()) {
    const ::ssize_t n = ::write(fd_, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  if (fd_ >= 0 && written == bytes.size())
    handle_ = ::dlopen(("/proc/self/fd/" + std::to_string(fd_)).c_str(), mode | RTLD_LOCAL);
  if (handle_ != nullptr) return {};
  const char* reason = written == bytes.size() ? ::dlerror() : std::strerror(errno);
  const std::string what = reason != nullptr ? reason : "unknown reason";
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  return what;
}

SharedObject::~SharedObject() {
  ::dlclose(handle_);
  ::close(fd_);  // last: the loader knows the library by the name of this descriptor
}

void* SharedObject::find(const std::string& symbol) const {
  return symbol.empty() ? nullptr : ::dlsym(handle_, symbol.c_str());
}

std::unique_ptr<LibraryInstance> open_instance(const SharedObject& object, const LibraryLayout& layout,
                                               const std::string& where) {
  if (layout.kind == LibraryKind::cms_emulator) return std::make_unique<CmsInstance>(object, layout, where);
  if (layout.is_double) return std::make_unique<BridgeInstance<double>>(object, layout, where);
  return std::make_unique<BridgeInstance<float>>(object, layout, where);
}

}  // namespace vigil::fpga_model
