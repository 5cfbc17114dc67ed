// An opened emulator library and one instance of its model: raw words in, raw words out, one event a call. Used by the
// host process and, where a package says in_process, by the engine. Does not find out types or lengths: see probe.h.
#pragma once

#include <any>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fpga_model/external/library_symbols.h"
#include "fpga_model/external/value_layout.h"

namespace vigil::fpga_model {

// How to call a library. Words of an event are concatenated in the order of the ports.
struct LibraryLayout {
  LibraryKind kind = LibraryKind::cms_emulator;
  AnyType input, output;              // cms_emulator
  std::size_t input_bytes = 0;        // cms_emulator: of the value prepare_input reads
  std::size_t output_bytes = 0;       // and of the one read_result writes
  std::string function;               // hls4ml_library: what is called
  bool is_double = false;             // its pointers are double*, else float*
  std::vector<Port> inputs, outputs;  // hls4ml_library: offsets are not used
  std::vector<std::string> left_out;  // libraries it names that are not found and not used

  std::size_t input_words() const;
  std::size_t output_words() const;
  bool operator==(const LibraryLayout&) const = default;
};

// As JSON, for the host's answer. read_layout throws Error on anything that could not be called safely.
std::string to_json(const LibraryLayout& layout);
LibraryLayout read_layout(std::string_view json, const std::string& where);

class SharedObject {
 public:
  // Loads the bytes, not the file they came from, but for two changes (elf_image.h): nothing of it is shared with other
  // libraries, and what it needs by name only may be missing. Throws Error with the loader's message.
  SharedObject(std::string_view bytes, const std::string& where);
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;
  ~SharedObject();

  void* find(const std::string& symbol) const;  // null where there is none
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  std::string load(const std::string& bytes, int mode);  // what went wrong

  std::vector<std::string> left_out_;
  int fd_ = -1;
  void* handle_ = nullptr;
};

// Throws what the library throws, and Error naming a missing symbol.
class LibraryInstance {
 public:
  virtual ~LibraryInstance() = default;
  virtual void run(const std::int64_t* inputs, std::int64_t* outputs) = 0;
};

// `object` outlives the instance. One instance is used by one thread at a time.
std::unique_ptr<LibraryInstance> open_instance(const SharedObject& object, const LibraryLayout& layout,
                                               const std::string& where);

// The C++ interface of CMS emulator libraries (hls4mlEmulatorExtras, include/hls4ml/emulator.h).
namespace cms {

class Model {
 public:
  virtual void prepare_input(std::any input) = 0;
  virtual void predict() = 0;
  virtual void read_result(std::any result) = 0;
  virtual ~Model() = default;
};

}  // namespace cms

}  // namespace vigil::fpga_model
