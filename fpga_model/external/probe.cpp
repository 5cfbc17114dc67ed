#include "fpga_model/external/probe.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "fpga_model/external/any_pointer.h"
#include "fpga_model/external/call.h"
#include "fpga_model/external/trial.h"
#include "fpga_model/json_section.h"

namespace vigil::fpga_model {
namespace {

constexpr std::size_t kMostElements = std::size_t{1} << 20;
constexpr std::size_t kPlentyBytes = kMostElements * 8;

// The smallest n in 1..2^20 for which trial(n) does not run into the guarded page.
std::size_t shortest(const std::function<TrialResult(std::size_t)>& trial, const std::string& where,
                     const std::string& what) {
  const auto fits = [&](std::size_t n) {
    const TrialResult result = trial(n);
    if (result.trial == Trial::done) return true;
    if (result.trial != Trial::memory_fault) throw Error(where, what + " " + result.reason);
    return false;
  };
  if (fits(0)) throw Error(where, what + " uses no memory", "words behind the pointer it takes");
  std::size_t above = 1;
  while (!fits(above)) {
    if (above == kMostElements) throw Error(where, what + " touches memory beyond 2^20 values", "fewer words");
    above *= 2;
  }
  std::size_t below = above / 2;  // does not fit
  while (above - below > 1) {
    const std::size_t middle = below + (above - below) / 2;
    (fits(middle) ? above : below) = middle;
  }
  return above;
}

class CmsProbe {
 public:
  CmsProbe(const SharedObject& object, const std::string& where) : object_(object), where_(where) {
    create_ = reinterpret_cast<cms::Model* (*)()>(object.find("create_model"));
    if (create_ == nullptr || object.find("destroy_model") == nullptr)
      throw Error(where, "no symbol create_model or destroy_model");
  }

  // The one type that prepare_input (or, after it, read_result) takes.
  AnyType accepted(const std::vector<AnyType>& types, const AnyType* input) {
    const std::string what = input == nullptr ? "prepare_input" : "read_result";
    std::vector<const AnyType*> takers;
    std::string names, failure;
    for (const AnyType& type : types) {
      names += (names.empty() ? "" : "; ") + type.text;
      const TrialResult result =
          call(input == nullptr ? type : *input, kPlentyBytes, input == nullptr ? nullptr : &type, kPlentyBytes);
      if (result.trial == Trial::done) takers.push_back(&type);
      if (result.trial == Trial::failed || result.trial == Trial::memory_fault) failure = result.reason;
    }
    if (takers.size() == 1) return *takers[0];
    if (!takers.empty())
      throw Error(where_, what + " takes " + takers[0]->text + " and " + takers[1]->text, "one type");
    if (!failure.empty()) throw Error(where_, what + " " + failure);
    throw Error(where_, what + " takes none of the types named in the library: " + names.substr(0, 600));
  }

  // Pointee of `type` as often as the library uses it.
  ValueLayout measured(const AnyType& type, const AnyType* input, std::size_t input_bytes) {
    const ValueLayout one = *parse_value_type(*pointee(type.text));
    const std::string what = input == nullptr ? "prepare_input" : "read_result";
    const std::size_t n = shortest(
        [&](std::size_t count) {
          return input == nullptr ? call(type, count * one.bytes, nullptr, 0)
                                  : call(*input, input_bytes, &type, count * one.bytes);
        },
        where_, what);
    ValueLayout all = one;
    if (n == 1) return all;
    if (one.ports.size() != 1) throw Error(where_, what + " uses " + std::to_string(n) + " values " + type.text, "one");
    all.ports[0].words *= n;
    all.bytes *= n;
    return all;
  }

 private:
  AnyPointerType any(const AnyType& type) const { return {object_.find(type.manager), type.type_name}; }

  TrialResult call(const AnyType& input, std::size_t input_bytes, const AnyType* output, std::size_t output_bytes) {
    const GuardedMemory in(input_bytes), out(output_bytes);
    return run_trial([&] {
      cms::Model* model = create_();
      model->prepare_input(any(input).hold(in.data()));
      if (output == nullptr) return;
      model->predict();
      model->read_result(any(*output).hold(out.data()));
    });
  }

  const SharedObject& object_;
  const std::string& where_;
  cms::Model* (*create_)() = nullptr;
};

LibraryLayout probe_cms(const SharedObject& object, const LibrarySymbols& symbols, const std::string& where) {
  if (symbols.any_types.empty())
    throw Error(where, "names no type of fixed-point words that std::any could hold",
                "pointers to ap_fixed, ap_int, or std::array and std::pair of them");
  CmsProbe probe(object, where);
  LibraryLayout layout;
  layout.input = probe.accepted(symbols.any_types, nullptr);
  const ValueLayout in = probe.measured(layout.input, nullptr, 0);
  layout.output = probe.accepted(symbols.any_types, &layout.input);
  const ValueLayout out = probe.measured(layout.output, &layout.input, in.bytes);
  layout.inputs = in.ports;
  layout.input_bytes = in.bytes;
  layout.outputs = out.ports;
  layout.output_bytes = out.bytes;
  return layout;
}

// A real of the function's kind holds every word of the type, exactly.
void expect_exact(const FixedPoint& type, bool is_double, const std::string& where, const std::string& function) {
  const bool in_range = std::abs(type.integer) <= 100 && std::abs(type.fraction()) <= 100;
  if (type.width <= (is_double ? 53 : 24) && (is_double || in_range)) return;
  throw Error(where, "words of " + to_string(type) + " through " + function,
              is_double ? "at most 53 bits" : "at most 24 bits, or a library that has the function for double");
}

LibraryLayout probe_bridge(const SharedObject& object, const LibrarySymbols& symbols, const LibraryHints& hints,
                           const std::string& where) {
  LibraryLayout layout;
  layout.kind = LibraryKind::hls4ml_library;
  layout.is_double = symbols.has_double;
  layout.function = symbols.project + (symbols.has_double ? "_double" : "_float");
  void* const function = object.find(layout.function);
  if (function == nullptr) throw Error(where, "no symbol " + layout.function);
  std::vector<FixedPoint> types;
  for (const std::string& text : symbols.parameters) types.push_back(parse_value_type(text)->ports[0].type);
  if (types.empty()) {
    for (const auto* ports : {&hints.inputs, &hints.outputs}) {
      for (const Port& port : *ports) types.push_back(port.type);
    }
    if (hints.inputs.empty() || hints.outputs.empty())
      throw Error(where, "does not tell the types of " + symbols.project, "inputs and outputs in model.yaml");
  }
  if (types.size() > kMaxPointers) throw Error(where, std::to_string(types.size()) + " arguments", "at most 32");
  for (const FixedPoint& type : types) expect_exact(type, layout.is_double, where, layout.function);

  const std::size_t real_bytes = layout.is_double ? sizeof(double) : sizeof(float);
  const auto call = [&](std::size_t argument, std::size_t bytes, bool read_only) {
    std::vector<std::unique_ptr<GuardedMemory>> memory;
    std::vector<void*> pointers;
    for (std::size_t i = 0; i < types.size(); ++i) {
      memory.push_back(i == argument ? std::make_unique<GuardedMemory>(bytes, read_only)
                                     : std::make_unique<GuardedMemory>(kPlentyBytes));
      pointers.push_back(memory.back()->data());
    }
    return run_trial([&] { call_with_pointers(function, pointers.data(), pointers.size()); });
  };
  if (const TrialResult result = call(types.size(), 0, false); result.trial != Trial::done) {
    if (symbols.weight_files.empty() || result.reason.find("exit code") == std::string::npos)
      throw Error(where, layout.function + " " + result.reason);
    throw Error(where,
                layout.function + " " + result.reason + ": it reads its weights from files (" +
                    symbols.weight_files.front() + (symbols.weight_files.size() > 1 ? ", ..." : "") +
                    "), which are not found",
                "a library with its weights compiled in, or the project: vigil model import FOLDER");
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::string what = layout.function + ", argument " + std::to_string(i + 1) + ",";
    const bool is_output = call(i, kPlentyBytes, true).trial == Trial::memory_fault;
    if (!is_output && !layout.outputs.empty()) throw Error(where, what + " is read", "outputs after the inputs");
    Port port;
    port.type = types[i];
    port.words = shortest([&](std::size_t n) { return call(i, n * real_bytes, false); }, where, what);
    (is_output ? layout.outputs : layout.inputs).push_back(port);
  }
  if (layout.inputs.empty() || layout.outputs.empty())
    throw Error(where, layout.function + " reads or writes nothing", "inputs, then outputs");
  return layout;
}

nlohmann::json json_of(const std::vector<Port>& ports) {
  nlohmann::json out = nlohmann::json::array();
  for (const Port& port : ports) out.push_back({{"type", to_string(port.type)}, {"words", port.words}});
  return out;
}

}  // namespace

std::string to_json(const LibraryHints& hints) {
  return nlohmann::json{{"inputs", json_of(hints.inputs)}, {"outputs", json_of(hints.outputs)}}.dump();
}

LibraryHints read_hints(std::string_view json, const std::string& where) {
  const auto document = parse_json(json, where);
  JsonSection top(*document, where + ": ");
  LibraryHints hints;
  for (auto [key, ports] : {std::pair{"inputs", &hints.inputs}, std::pair{"outputs", &hints.outputs}}) {
    for (JsonSection& section : top.objects(key)) {
      Port port;
      port.type = section.type_or_sign_magnitude("type");
      port.words = static_cast<std::size_t>(section.integer("words", 1, static_cast<std::int64_t>(kMaxWords)));
      ports->push_back(port);
    }
  }
  top.finish();
  return hints;
}

LibraryLayout probe_library(const SharedObject& object, const LibrarySymbols& symbols, const LibraryHints& hints,
                            const std::string& where) {
  return symbols.kind == LibraryKind::cms_emulator ? probe_cms(object, symbols, where)
                                                   : probe_bridge(object, symbols, hints, where);
}

}  // namespace vigil::fpga_model
