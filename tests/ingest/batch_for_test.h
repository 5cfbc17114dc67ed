// A small model, a good batch of it, and its msgpack body part by part, for the tests of ingest.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <msgpack.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/event_batch.h"
#include "core/frame.h"
#include "core/model.h"

namespace vigil::ingest::test {

// Three inputs (raw ap_fixed<10,8>, codes of ap_fixed<18,13>, raw ap_ufixed<8,8>), outputs of 1 and 2 words, one seed.
inline ModelInfo small_model() {
  ModelInfo m;
  m.name = "anomaly";
  m.hash = std::string(64, 'a');
  m.inputs = {{"pt", {.width = 10, .integer = 8}, false, {}, {}},
              {"code", {.width = 18, .integer = 13}, true, {}, {}},
              {"x", {.width = 8, .integer = 8, .is_signed = false}, false, {}, {}}};
  m.outputs = {{"score", {.width = 12, .integer = 6, .is_signed = false}, 0, 1},
               {"latent", {.width = 6, .integer = 3}, 1, 2}};
  m.seeds = {{"tight", 0, 0, 3, 100, {}}};
  return m;
}

// One value, packed.
inline std::string packed(const std::function<void(msgpack::packer<msgpack::sbuffer>&)>& pack) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  pack(packer);
  return {buffer.data(), buffer.size()};
}
template <class T>
std::string value(const T& v) {
  return packed([&](auto& p) { p.pack(v); });
}
inline std::string binary(const std::string& bytes) {
  return packed([&](auto& p) {
    p.pack_bin(static_cast<std::uint32_t>(bytes.size()));
    p.pack_bin_body(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  });
}

// A map as its pairs, so that a test can change, drop, repeat or add one.
struct MapText {
  std::vector<std::pair<std::string, std::string>> pairs;  // name, packed value

  MapText& set(const std::string& name, const std::string& packed_value) {
    for (auto& pair : pairs) {
      if (pair.first == name) {
        pair.second = packed_value;
        return *this;
      }
    }
    return add(name, packed_value);
  }
  MapText& add(const std::string& name, const std::string& packed_value) {
    pairs.emplace_back(name, packed_value);
    return *this;
  }
  MapText& drop(const std::string& name) {
    std::erase_if(pairs, [&](const auto& pair) { return pair.first == name; });
    return *this;
  }
  std::string bytes() const {
    std::string out = packed([&](auto& p) { p.pack_map(static_cast<std::uint32_t>(pairs.size())); });
    for (const auto& [name, v] : pairs) out += value(name) + v;
    return out;
  }
};

template <class T>
std::string words(const std::vector<T>& v) {
  return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(T)};
}
inline MapText column(const std::string& type, const std::vector<std::uint64_t>& shape, const std::string& data) {
  MapText map;
  map.add("t", value(type)).add("s", value(shape)).add("d", binary(data));
  return map;
}

// Two events of the small model in lumisection 3 of run 7.
inline MapText good_map() {
  constexpr std::uint32_t kOrbit = 2u << 18;
  MapText m;
  m.add("v", value(1))
      .add("source", value(std::string("link0")))
      .add("seq", value(5))
      .add("epoch", value(1'700'000'000'000ull));
  m.add("stream", value(std::string("scouting"))).add("run", value(7)).add("ls", value(3));
  m.add("orbits", value(std::vector<std::uint32_t>{kOrbit, kOrbit + 99})).add("n_bx", value(1000));
  m.add("model", value(std::string("anomaly"))).add("n", value(2));
  m.add("orbit", column("<u4", {2}, words<std::uint32_t>({kOrbit + 1, kOrbit + 99})).bytes());
  m.add("bx", column("<u2", {2}, words<std::uint16_t>({1, 3564})).bytes());
  m.add("inputs", column("<i4", {2, 3}, words<std::int32_t>({-512, 4095, 255, 511, -4096, 0})).bytes());
  m.add("hw_outputs", column("<i2", {2, 3}, words<std::int16_t>({4095, -32, 31, 0, 0, 0})).bytes());
  m.add("hw_bits", column("<u8", {2}, words<std::uint64_t>({8, 1ull << 63})).bytes());
  return m;
}

inline Frame frame_of(std::string body, std::string topic = "scouting/anomaly") {
  Frame frame;
  frame.parts = {std::move(topic), std::move(body)};
  return frame;
}

// The small model as decode looks it up, and the first orbit of the lumisection its batches are in.
inline constexpr std::uint32_t kOrbit = 2u << 18;

inline const ModelInfo& model() {
  static const ModelInfo info = small_model();
  return info;
}
inline const ModelInfo* lookup(std::string_view name) { return name == model().name ? &model() : nullptr; }

}  // namespace vigil::ingest::test
