#include "fpga_model/import/dais.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "fpga_model/package/formats.h"

namespace vigil::fpga_model {
namespace {

constexpr int kMaxBits = 63;       // of a word
constexpr int kMaxExponent = 200;  // of a type's bounds and of a shift in the file

// x * 2^shift, toward minus infinity. |x| < 2^64 and shift <= kMaxBits: fits.
Wide shifted(Wide x, int shift) {
  if (shift >= 0) return x * (Wide{1} << shift);
  return shift < -126 ? (x < 0 ? -1 : 0) : x >> -shift;
}

}  // namespace

// The int32 words of the file, bounds-checked.
class Dais::Reader {
 public:
  Reader(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}
  std::int32_t next() {
    if (at_ + 4 > bytes_.size()) throw Error(file_, "ends at byte " + std::to_string(at_), "more of the program");
    std::int32_t value = 0;
    std::memcpy(&value, bytes_.data() + at_, 4);
    at_ += 4;
    return value;
  }
  std::size_t count(const char* what, std::int32_t least) {
    const std::int32_t n = next();
    if (n < least || n > static_cast<std::int32_t>(kMaxWords))
      throw Error(file_, std::to_string(n) + " " + what, std::to_string(least) + "..2^24");
    return static_cast<std::size_t>(n);
  }
  std::vector<int> shifts(std::size_t n) {
    std::vector<int> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back(exponent("shift"));
    return out;
  }
  int exponent(const char* what) {
    const std::int32_t value = next();
    if (value < -kMaxExponent || value > kMaxExponent)
      throw Error(file_, std::string(what) + " " + std::to_string(value), "-200..200");
    return value;
  }
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  std::string_view bytes_;
  const std::string& file_;
  std::size_t at_ = 0;
};

Dais::Dais(std::string_view bytes, const std::string& file, const std::vector<InputGroup>& inputs,
           const std::vector<OutputGroup>& outputs)
    : file_(file) {
  Reader in(bytes, file);
  const std::int32_t version = in.next();
  if (version != 0 && version != 1)
    throw Error(file, "DAIS specification version " + std::to_string(version), "0 or 1");
  in.next();  // version of the firmware, to be ignored
  inputs_ = in.count("inputs", 1);
  const std::size_t n_out = in.count("outputs", 1);
  const std::size_t n_ops = in.count("operations", 0);
  const std::size_t n_tables = in.count("tables", 0);
  const std::size_t fixed = 4 * (inputs_ + 3 * n_out + 8 * n_ops + n_tables);
  if (in.left() < fixed)
    throw Error(file, std::to_string(bytes.size()) + " bytes", "at least " + std::to_string(fixed + 24));

  const std::vector<int> input_shifts = in.shifts(inputs_);
  for (std::size_t i = 0; i < n_out; ++i) {
    const std::int32_t index = in.next();
    if (index >= static_cast<std::int64_t>(n_ops))
      throw Error(file + ": output " + std::to_string(i), "operation " + std::to_string(index),
                  "below " + std::to_string(n_ops));
    output_words_.push_back({index < 0, false, static_cast<std::size_t>(std::max(index, 0))});
  }
  const std::vector<int> output_shifts = in.shifts(n_out);
  for (OutputWord& word : output_words_) word.negate = in.next() != 0;
  // Tables come last, and operations name them.
  Reader rest(bytes.substr(bytes.size() - in.left() + 32 * n_ops), file);
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < n_tables; ++i) sizes.push_back(rest.count("words of a table", 0));
  for (const std::size_t size : sizes) {
    if (rest.left() < 4 * size) throw Error(file, "a table of " + std::to_string(size) + " words cut short");
    std::vector<std::int32_t>& table = tables_.emplace_back();
    table.reserve(size);
    for (std::size_t i = 0; i < size; ++i) table.push_back(rest.next());
  }
  if (rest.left() != 0) throw Error(file, std::to_string(rest.left()) + " bytes after the program");
  steps_.reserve(n_ops);
  for (std::size_t i = 0; i < n_ops; ++i) read_step(in, i, input_shifts);

  place_inputs(inputs_, input_shifts, inputs);
  for (std::size_t i = 0; i < n_ops; ++i) {
    Step& step = steps_[i];
    if (step.code != Code::input) continue;
    step.shift = input_shifts[step.a] + step.type.fraction - input_types_[step.a].fraction();
    expect_shift(file + ": operation " + std::to_string(i), step.shift);
  }
  place_outputs(output_shifts, outputs);
  scratch_words_ = n_ops;
  LayerInfo layer{"program", "dais", {}, outputs_.front(), std::to_string(n_ops) + " operations, one by one"};
  for (std::size_t t = 0; t < input_tensors_; ++t) layer.inputs.push_back(tensors_[t].name);
  layers_.push_back(std::move(layer));
}

void Dais::expect_shift(const std::string& where, int shift) const {
  if (shift > kMaxBits) throw Error(where, "a shift by " + std::to_string(shift), "at most 63");
}

// One coded operation on its way to a Step: the fields of its words mean other things for each opcode.
class Dais::Decoder {
 public:
  Decoder(const Dais& program, Reader& in, std::size_t i)
      : program_(program),
        i_(i),
        where_(program.file_ + ": operation " + std::to_string(i)),
        opcode_(in.next()),
        id0_(in.next()),
        id1_(in.next()),
        low_(in.next()),
        high_(in.next()) {
    step_.data = static_cast<std::int64_t>((static_cast<std::uint64_t>(static_cast<std::uint32_t>(high_)) << 32) |
                                           static_cast<std::uint32_t>(low_));
    step_.type.is_signed = in.next() != 0;
    step_.type.integer = in.exponent("integer bits");
    step_.type.fraction = in.exponent("fractional bits");
    const int width = step_.type.width();
    if (width < 0 || width > kMaxBits) throw Error(where_, "a word of " + std::to_string(width) + " bits", "0..63");
  }

  Step decode(std::size_t inputs) {
    if (!decode_arithmetic(inputs) && !decode_words())
      throw Error(where_, "opcode " + std::to_string(opcode_), "one of docs/dais.md");
    for (const int shift : {step_.shift_a, step_.shift_b, 0})
      program_.expect_shift(where_, shift + std::max(step_.shift, 0));
    return step_;
  }

 private:
  const Type& type_of(std::size_t index) const { return program_.steps_[index].type; }

  std::size_t operand(std::int32_t id, const char* name) const {
    if (id < 0 || static_cast<std::size_t>(id) >= i_)
      throw Error(where_, std::string(name) + " " + std::to_string(id), "an earlier operation");
    return static_cast<std::size_t>(id);
  }

  // Both operands at the finer step; the second is worth 2^shift as much as its word says.
  void align(std::int32_t shift) {
    if (shift < -kMaxExponent || shift > kMaxExponent)
      throw Error(where_, "shift " + std::to_string(shift), "-200..200");
    step_.a = operand(id0_, "id0");
    step_.b = operand(id1_, "id1");
    const int fraction_b = type_of(step_.b).fraction - shift;
    const int fraction = std::max(type_of(step_.a).fraction, fraction_b);
    step_.shift_a = fraction - type_of(step_.a).fraction;
    step_.shift_b = fraction - fraction_b;
    step_.shift = step_.type.fraction - fraction;
  }

  void unary(Code code, bool negate) {
    step_.code = code;
    step_.a = operand(id0_, "id0");
    step_.negate0 = negate;
    step_.shift = step_.type.fraction - type_of(step_.a).fraction;
  }

  // Inputs, constants, sums, products and choices. False for any other opcode.
  bool decode_arithmetic(std::size_t inputs) {
    switch (opcode_) {
      case -1:
        step_.code = Code::input;
        if (id0_ < 0 || static_cast<std::size_t>(id0_) >= inputs)
          throw Error(where_, "input " + std::to_string(id0_), "one of 0.." + std::to_string(inputs - 1));
        step_.a = static_cast<std::size_t>(id0_);
        return true;
      case 0:
      case 1:
        step_.code = opcode_ == 0 ? Code::add : Code::subtract;
        align(low_);
        return true;
      case 2:
      case -2:
        unary(Code::relu, opcode_ < 0);
        return true;
      case 3:
      case -3:
        unary(Code::quantize, opcode_ < 0);
        return true;
      case 4:
        unary(Code::add_constant, false);
        return true;
      case 5:
        step_.code = Code::constant;
        return true;
      case 6:
      case -6:
        align(high_);
        step_.code = Code::select;
        step_.negate1 = opcode_ < 0;
        step_.condition = operand(low_, "condition");
        step_.condition_bit = std::max(type_of(step_.condition).width() - 1, 0);
        // Each operand goes straight to the result's step.
        step_.shift_a += step_.shift;
        step_.shift_b += step_.shift;
        step_.shift = 0;
        return true;
      case 7:
        step_.code = Code::multiply;
        step_.a = operand(id0_, "id0");
        step_.b = operand(id1_, "id1");
        step_.shift = step_.type.fraction - type_of(step_.a).fraction - type_of(step_.b).fraction;
        if (type_of(step_.a).width() + type_of(step_.b).width() > 64)
          throw Error(where_, "a product beyond 64 bits", "narrower factors");
        return true;
      default:
        return false;
    }
  }

  // Tables and operations on bits.
  bool decode_words() {
    switch (opcode_) {
      case 8: {
        unary(Code::look_up, false);
        step_.shift = 0;
        if (low_ < 0 || static_cast<std::size_t>(low_) >= program_.tables_.size())
          throw Error(where_, "table " + std::to_string(low_), "below " + std::to_string(program_.tables_.size()));
        step_.b = static_cast<std::size_t>(low_);
        const Type& index = type_of(step_.a);
        step_.data = (index.is_signed ? std::int64_t{1} << std::max(index.width() - 1, 0) : 0) - high_;
        return true;
      }
      case 9:
      case -9:
        if (low_ < 0 || low_ > 2) throw Error(where_, "bit operation " + std::to_string(low_), "0, 1 or 2");
        unary(low_ == 0 ? Code::bit_not : low_ == 1 ? Code::any_bit : Code::all_bits, opcode_ < 0);
        if (low_ != 0) step_.shift = 0;
        step_.data = static_cast<std::int64_t>((std::uint64_t{1} << type_of(step_.a).width()) - 1);
        return true;
      case 10: {
        align(low_);
        const std::int32_t kind = high_ >> 24;
        if (kind < 0 || kind > 2) throw Error(where_, "bit operation " + std::to_string(kind), "0, 1 or 2");
        step_.code = kind == 0 ? Code::bit_and : kind == 1 ? Code::bit_or : Code::bit_xor;
        step_.negate0 = (high_ & 1) != 0;
        step_.negate1 = (high_ & 2) != 0;
        return true;
      }
      default:
        return false;
    }
  }

  const Dais& program_;
  std::size_t i_;
  std::string where_;
  std::int32_t opcode_, id0_, id1_, low_, high_;  // in the order they are read
  Step step_;
};

void Dais::read_step(Reader& in, std::size_t i, const std::vector<int>& input_shifts) {
  steps_.push_back(Decoder(*this, in, i).decode(input_shifts.size()));
}

std::int64_t Dais::wrapped(Wide value, const Type& type) {
  if (type.width() == 0) return 0;
  const int unused = 64 - type.width();
  const std::uint64_t bits = static_cast<std::uint64_t>(value) << unused;
  return type.is_signed ? static_cast<std::int64_t>(bits) >> unused : static_cast<std::int64_t>(bits >> unused);
}

std::int64_t Dais::word(const Step& step, const std::int64_t* x, const std::int64_t* buffer, bool& in_range) const {
  const auto a = [&] { return shifted(step.negate0 ? -Wide{buffer[step.a]} : Wide{buffer[step.a]}, step.shift_a); };
  const auto b = [&] { return shifted(step.negate1 ? -Wide{buffer[step.b]} : Wide{buffer[step.b]}, step.shift_b); };
  Wide value = 0;
  switch (step.code) {
    case Code::input:
      value = x[step.a];
      break;
    case Code::add:
      value = a() + b();
      break;
    case Code::subtract:
      value = a() - b();
      break;
    case Code::relu:
      value = std::max(a(), Wide{0});
      break;
    case Code::quantize:
      value = a();
      break;
    case Code::add_constant:
      return wrapped(shifted(a(), step.shift) + step.data, step.type);
    case Code::constant:
      value = step.data;
      break;
    case Code::select:
      value = (buffer[step.condition] >> step.condition_bit & 1) != 0 ? a() : b();
      break;
    case Code::multiply:
      value = a() * b();
      break;
    case Code::look_up: {
      const std::int64_t index = buffer[step.a] + step.data;
      const std::vector<std::int32_t>& table = tables_[step.b];
      in_range = in_range && index >= 0 && index < static_cast<std::int64_t>(table.size());
      value = in_range ? table[static_cast<std::size_t>(index)] : 0;
      break;
    }
    case Code::bit_not:
      value = ~a();
      if (!step.type.is_signed) value &= step.data;
      break;
    case Code::any_bit:
      value = a() != 0;
      break;
    case Code::all_bits:
      value = (a() & step.data) == step.data;
      break;
    case Code::bit_and:
      value = a() & b();
      break;
    case Code::bit_or:
      value = a() | b();
      break;
    case Code::bit_xor:
      value = a() ^ b();
      break;
  }
  return wrapped(shifted(value, step.shift), step.type);
}

Status Dais::run(const Block& block) const {
  std::vector<std::int64_t> x(inputs_);
  for (std::size_t r = 0; r < block.rows; ++r) {
    std::size_t column = 0;
    for (std::size_t t = 0; t < input_tensors_; ++t) {
      const std::size_t n = tensors_[t].words;
      std::copy_n(tensor(block, t) + r * n, n, x.data() + column);
      column += n;
    }
    bool in_range = true;
    for (std::size_t i = 0; i < steps_.size(); ++i)
      block.scratch[i] = word(steps_[i], x.data(), block.scratch, in_range);
    if (!in_range) return Status::word_out_of_range;
    std::size_t at = 0;
    for (const std::size_t t : outputs_) {
      std::int64_t* out = tensor(block, t) + r * tensors_[t].words;
      for (std::size_t i = 0; i < tensors_[t].words; ++i, ++at) {
        const OutputWord& output = output_words_[at];
        const Wide value = output.is_constant_zero ? Wide{0} : Wide{block.scratch[output.source]};
        out[i] = cast(output.negate ? -value : value, output.fraction, output.width, tensors_[t].type);
      }
    }
  }
  return Status::ok;
}

std::unique_ptr<const Engine> load_dais(const PackageFiles& files, const PackageDescription& package) {
  return std::make_unique<const Dais>(files.content(package.path), files.where(package.path), package.inputs,
                                      package.outputs);
}

}  // namespace vigil::fpga_model
