#include "ingest/encode.h"

#include <msgpack.hpp>

#include "core/error.h"

namespace vigil::ingest {
namespace {

// msgpack::packer writes to anything with write(bytes, size).
struct Body {
  std::string bytes;
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

class Writer {
 public:
  explicit Writer(Body& body) : packer_(body) {}

  void map(std::size_t pairs) { packer_.pack_map(static_cast<std::uint32_t>(pairs)); }
  void key(std::string_view name) { text(name); }
  void text(std::string_view value) {
    packer_.pack_str(static_cast<std::uint32_t>(value.size()));
    packer_.pack_str_body(value.data(), static_cast<std::uint32_t>(value.size()));
  }
  template <class T>
  void pair(std::string_view name, const T& value) {
    key(name);
    if constexpr (std::is_convertible_v<T, std::string_view>) {
      text(value);
    } else {
      packer_.pack(value);
    }
  }
  template <class T>
  void pair(std::string_view name, const std::optional<T>& value) {
    if (value) pair(name, *value);
  }

  void orbits(std::uint32_t first, std::uint32_t last) {
    key("orbits");
    packer_.pack_array(2);
    packer_.pack(first);
    packer_.pack(last);
  }

  void context(const Context& c) {
    key("context");
    map(std::size_t{c.fill.has_value()} + c.menu.has_value() + c.prescale_column.has_value() + c.beam_mode.has_value() +
        c.pileup.has_value() + c.filling_scheme.has_value() + c.run_start_ns.has_value() + c.origin.has_value());
    pair("fill", c.fill);
    pair("menu", c.menu);
    pair("prescale_column", c.prescale_column);
    pair("beam_mode", c.beam_mode);
    pair("pileup", c.pileup);
    pair("filling_scheme", c.filling_scheme);
    pair("run_start_ns", c.run_start_ns);
    pair("origin", c.origin);
  }

  void column(std::string_view name, const Column& c, bool is_table) {
    if (!c.present()) return;
    const bool by_columns = is_table && c.by_columns;
    key(name);
    map(by_columns ? 4 : 3);
    const std::string type{c.word_bytes == 1 ? '|' : '<', c.is_signed ? 'i' : 'u',
                           static_cast<char>('0' + c.word_bytes)};
    pair("t", type);
    key("s");
    packer_.pack_array(is_table ? 2 : 1);
    packer_.pack(std::uint64_t{c.rows});
    if (is_table) packer_.pack(std::uint64_t{c.columns});
    if (by_columns) pair("o", "F");
    const auto size = static_cast<std::uint32_t>(c.rows * c.columns * static_cast<std::size_t>(c.word_bytes));
    key("d");
    packer_.pack_bin(size);
    packer_.pack_bin_body(static_cast<const char*>(c.data), size);
  }

 private:
  msgpack::packer<Body> packer_;
};

void require_known(const EventBatch& batch) {
  const auto require = [](bool good, std::string_view name, const char* expected) {
    if (!good) throw Error("encode: column '" + std::string(name) + "'", "cannot be written", expected);
  };
  const auto is_words = [](const Column& c, bool is_signed, int most) {
    return c.is_signed == is_signed &&
           (c.word_bytes == 1 || c.word_bytes == 2 || c.word_bytes == 4 || c.word_bytes == 8) && c.word_bytes <= most &&
           c.rows * c.columns <= ~std::uint32_t{0} / 8;
  };
  require(!batch.orbit.present() || (is_words(batch.orbit, false, 4) && batch.orbit.word_bytes == 4), "orbit",
          "u4 [n]");
  require(!batch.bx.present() || (is_words(batch.bx, false, 2) && batch.bx.word_bytes == 2), "bx", "u2 [n]");
  for (const WordBlock& block : batch.blocks) {
    require(block.stage.empty(), block.stage, "no stages");
    if (block.tensor == "inputs") {
      require(is_words(block.words, true, 4), block.tensor, "i1, i2 or i4 [n, features]");
    } else if (block.tensor == "hw_outputs") {
      require(is_words(block.words, true, 8), block.tensor, "i1..i8 [n, output words]");
    } else {
      require(block.tensor == "hw_bits" && is_words(block.words, false, 8) && block.words.columns == 1, block.tensor,
              "inputs, hw_outputs or hw_bits, of u1..u8 [n]");
    }
  }
}

}  // namespace

std::vector<std::string> encode(const EventBatch& batch) {
  require_known(batch);
  const Column inputs = batch.inputs(), outputs = batch.hw_outputs(), bits = batch.hw_bits();
  const bool has_selection = batch.selection != "zero_bias";
  const bool has_context = batch.context != Context{};
  Body body;
  std::size_t size = 512;
  for (const Column& c : {batch.orbit, batch.bx, inputs, outputs, bits}) {
    size += c.rows * c.columns * static_cast<std::size_t>(c.word_bytes);
  }
  body.bytes.reserve(size);
  Writer to(body);
  to.map(11 + std::size_t{has_selection} + batch.model_hash.has_value() + has_context + batch.orbit.present() +
         batch.bx.present() + inputs.present() + outputs.present() + bits.present());
  to.pair("v", 1);
  to.pair("source", batch.source);
  to.pair("seq", batch.seq);
  to.pair("epoch", batch.epoch);
  to.pair("stream", batch.stream);
  if (has_selection) to.pair("selection", batch.selection);
  to.pair("run", batch.run);
  to.pair("ls", batch.ls);
  to.orbits(batch.first_orbit, batch.last_orbit);
  to.pair("n_bx", batch.n_bx);
  to.pair("model", batch.model);
  to.pair("model_hash", batch.model_hash);
  if (has_context) to.context(batch.context);
  to.pair("n", batch.n);
  to.column("orbit", batch.orbit, false);
  to.column("bx", batch.bx, false);
  to.column("inputs", inputs, true);
  to.column("hw_outputs", outputs, true);
  to.column("hw_bits", bits, false);
  return {batch.stream + "/" + batch.model, std::move(body.bytes)};
}

}  // namespace vigil::ingest
