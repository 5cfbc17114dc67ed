// A DAIS program, da4ml's instruction set for combinational logic, run operation by operation: docs/dais.md.
// Immutable after construction; run is safe from many threads, each with its own block.
// Source: da4ml's docs/dais.md and its interpreter (specification versions 0 and 1). Where the two differ the text is
// followed: the most significant bit of an unsigned word decides a multiplexer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fpga_model/engine.h"
#include "fpga_model/package/model_yaml.h"

namespace vigil::fpga_model {

class Dais : public Engine {
 public:
  // `inputs` and `outputs`: as model.yaml has them; empty: the narrowest one type that holds every input (output) of
  // the program, named x (y). Any input type will do: the program quantises what it reads. Throws Error naming `file`.
  Dais(std::string_view bytes, const std::string& file, const std::vector<InputGroup>& inputs = {},
       const std::vector<OutputGroup>& outputs = {});
  [[nodiscard]] Status run(const Block& block) const override;

 private:
  enum class Code {
    input,
    add,
    subtract,
    relu,
    quantize,
    add_constant,
    constant,
    select,
    multiply,
    look_up,
    bit_not,
    any_bit,
    all_bits,
    bit_and,
    bit_or,
    bit_xor
  };
  // width 0: always 0.
  struct Type {
    bool is_signed = false;
    int integer = 0;  // without the sign bit
    int fraction = 0;
    int width() const { return integer + fraction + (is_signed ? 1 : 0); }
  };
  struct Step {
    Code code = Code::constant;
    bool negate0 = false, negate1 = false;  // the operands
    std::size_t a = 0, b = 0, condition = 0;
    int shift_a = 0, shift_b = 0;  // left, before the operation; right where negative
    int shift = 0;                 // of the result
    std::int64_t data = 0;
    Type type;
    int condition_bit = 0;  // of the condition's word
  };
  struct OutputWord {
    bool is_constant_zero = true;
    bool negate = false;
    std::size_t source = 0;
    int fraction = 0;  // of the value
    int width = 1;
  };
  class Reader;
  class Decoder;
  static std::int64_t wrapped(Wide value, const Type& type);  // its low bits

  void read_step(Reader& in, std::size_t i, const std::vector<int>& input_shifts);
  void expect_shift(const std::string& where, int shift) const;
  void place_inputs(std::size_t count, const std::vector<int>& input_shifts, const std::vector<InputGroup>& groups);
  void place_outputs(const std::vector<int>& shifts, const std::vector<OutputGroup>& groups);
  std::int64_t word(const Step& step, const std::int64_t* x, const std::int64_t* buffer, bool& in_range) const;

  std::string file_;
  std::vector<Step> steps_;
  std::vector<std::vector<std::int32_t>> tables_;
  std::vector<FixedPoint> input_types_;  // of each input
  std::vector<OutputWord> output_words_;
  std::size_t inputs_ = 0;
};

}  // namespace vigil::fpga_model
