#include "fpga_model/import/hls4ml/adder_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "fpga_model/import/hls4ml/weights.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model::hls4ml {
namespace {

// A linear function of the inputs: sum c_i * x_i + c, every number a multiple of 2^-kFraction.
constexpr int kFraction = 40;
constexpr std::int64_t kMost = std::int64_t{1} << 60;
constexpr std::size_t kMostWork = std::size_t{1} << 28;

struct Linear {
  std::map<std::uint32_t, std::int64_t> coefficients;
  std::int64_t constant = 0;
};

class Follower {
 public:
  Follower(const Declarations& declarations, const Function& function, const ElementType& input)
      : declarations_(declarations), function_(function), input_(input) {}

  AdderGraph run() {
    read_parameters();
    Cursor cursor(function_.body);
    while (!cursor.done()) statement(cursor);
    AdderGraph graph;
    graph.inputs = inputs_;
    graph.outputs = outputs_.size();
    for (std::size_t j = 0; j < outputs_.size(); ++j) {
      if (!outputs_[j])
        throw Error(function_.body.where(), "out[" + std::to_string(j) + "] is not written", "all outputs");
    }
    collect(graph);
    return graph;
  }

 private:
  // inp_t inp[57], out_t out[29]
  void read_parameters() {
    const std::vector<Range> parts = split_at_commas(function_.parameters);
    if (parts.size() != 2)
      throw Error(function_.parameters.where(), "'" + function_.parameters.text() + "'", "two arrays");
    std::size_t sizes[2];
    for (int i = 0; i < 2; ++i) {
      Cursor cursor(parts[i]);
      const Range head = cursor.until("[");
      if (head.size() < 2 || head.end[-1].kind != TokenKind::identifier)
        throw Error(parts[i].where(), "'" + parts[i].text() + "'", "an array");
      (i == 0 ? input_name_ : output_name_) = std::string(head.end[-1].text);
      const std::int64_t size = declarations_.integer(cursor.balanced("[", "]"));
      if (size < 1 || size > 65536) throw Error(parts[i].where(), std::to_string(size) + " words", "1..65536");
      sizes[i] = static_cast<std::size_t>(size);
    }
    inputs_ = sizes[0];
    outputs_.resize(sizes[1]);
    if (inputs_ * sizes[1] > kMaxWords) throw Error(function_.parameters.where(), "a matrix beyond 2^24 words");
  }

  void statement(Cursor& cursor) {
    if (cursor.accept(";")) return;
    const Range whole = cursor.until(";");
    cursor.expect(";");
    Cursor at(whole);
    const Range left = at.until("=");
    at.expect("=");
    const Range right{whole.file, whole.end - (whole.end - whole.begin) + static_cast<std::ptrdiff_t>(left.size()) + 1,
                      whole.end};
    Cursor expression(right);
    Linear value = sum(expression, 0);
    if (!expression.done()) expression.fail("a sum of shifted inputs");
    if (left.size() >= 4 && left.begin->text == output_name_ && left.begin[1].text == "[") {
      const std::size_t j = index(Range{left.file, left.begin + 2, left.end - 1}, outputs_.size());
      if (outputs_[j]) throw Error(left.where(), "out[" + std::to_string(j) + "] is written twice", "once");
      outputs_[j] = std::move(value);
      return;
    }
    if (left.size() < 2 || left.end[-1].kind != TokenKind::identifier)
      throw Error(left.where(), "'" + left.text() + "'", "TYPE name = sum");
    const Range type_text{left.file, left.begin, left.end - 1};
    if (!(type_text.size() == 1 && type_text.begin->text == "auto"))
      expect_holds(declarations_.type(type_text), value, left);
    const std::string name(left.end[-1].text);
    if (!variables_.emplace(name, std::move(value)).second) throw Error(left.where(), "a second '" + name + "'", "one");
  }

  std::size_t index(const Range& text, std::size_t size) const {
    const std::int64_t i = declarations_.integer(text);
    if (i < 0 || i >= static_cast<std::int64_t>(size))
      throw Error(text.where(), "index " + std::to_string(i), "0.." + std::to_string(size - 1));
    return static_cast<std::size_t>(i);
  }

  std::int64_t bounded(Wide value, const Cursor& cursor) const {
    if (value > kMost || value < -kMost) throw Error(cursor.where(), "a coefficient beyond 2^20", "a smaller one");
    return static_cast<std::int64_t>(value);
  }

  void work(std::size_t terms, const Cursor& cursor) {
    work_ += terms + 1;
    if (work_ > kMostWork) throw Error(cursor.where(), "too long a sum", "at most 2^28 terms in a kernel");
  }

  Linear sum(Cursor& cursor, int depth) {
    Linear total;
    bool negative = false;
    if (cursor.accept("-")) {
      negative = true;
    } else {
      cursor.accept("+");
    }
    for (;;) {
      const Linear part = term(cursor, depth);
      work(part.coefficients.size(), cursor);
      for (const auto& [i, c] : part.coefficients) {
        std::int64_t& sum_of = total.coefficients[i];
        sum_of = bounded(Wide{sum_of} + (negative ? -c : c), cursor);
        if (sum_of == 0) total.coefficients.erase(i);
      }
      total.constant = bounded(Wide{total.constant} + (negative ? -part.constant : part.constant), cursor);
      if (cursor.accept("+")) {
        negative = false;
      } else if (cursor.accept("-")) {
        negative = true;
      } else {
        return total;
      }
    }
  }

  Linear term(Cursor& cursor, int depth) {
    if (depth > 32) cursor.fail("at most 32 brackets within each other");
    const std::string where = cursor.where();
    if (cursor.peek() == "(") {
      const Range inner = cursor.balanced("(", ")");
      Cursor at(inner);
      Linear value = sum(at, depth + 1);
      if (!at.done()) at.fail("the end of a sum");
      return value;
    }
    if (cursor.accept("-")) {
      Linear value = term(cursor, depth + 1);
      for (auto& [i, c] : value.coefficients) c = -c;
      value.constant = -value.constant;
      return value;
    }
    if (!cursor.peek_identifier()) {
      const Token* number = &cursor.next();
      Linear value;
      value.constant = exact(parse_number(Range{function_.body.file, number, number + 1}), where);
      return value;
    }
    while (cursor.peek(1) == "::") {
      cursor.next();
      cursor.next();
    }
    if (cursor.peek() == "bit_shift") {
      cursor.next();
      const std::int64_t by = declarations_.integer(cursor.balanced("<", ">"));
      if (by < -kFraction || by > kFraction) throw Error(where, "a shift by " + std::to_string(by), "-40..40");
      const Range inner = cursor.balanced("(", ")");
      Cursor at(inner);
      Linear value = sum(at, depth + 1);
      if (!at.done()) at.fail("the end of a sum");
      return shifted(std::move(value), static_cast<int>(by), at, where);
    }
    if (cursor.peek() == input_name_ && cursor.peek(1) == "[") {
      cursor.next();
      const std::size_t i = index(cursor.balanced("[", "]"), inputs_);
      Linear value;
      value.coefficients[static_cast<std::uint32_t>(i)] = std::int64_t{1} << kFraction;
      return value;
    }
    if (cursor.peek(1) == "<") {  // ap_fixed<1, -2>(-0.125), ap_fixed<16, 7>(v51)
      const Range type_text = type_before_bracket(cursor);
      const Range inner = cursor.balanced("(", ")");
      const ElementType type = declarations_.type(type_text);
      const bool is_number = inner.size() <= 2 && !inner.empty() && inner.end[-1].kind == TokenKind::number;
      if (!is_number) {
        Cursor at(inner);
        Linear value = sum(at, depth + 1);
        if (!at.done()) at.fail("the end of a sum");
        expect_holds(type, value, inner);
        return value;
      }
      if (type.fixed.fraction() > kFraction)
        throw Error(where, vigil::to_string(type.fixed), "at most 40 fractional bits");
      Linear value;
      value.constant = exact(type.fixed.to_real(word_of(parse_number(inner), type)), where);
      return value;
    }
    const std::string name(cursor.next().text);
    const auto at = variables_.find(name);
    if (at == variables_.end() || cursor.peek() == "(" || cursor.peek() == "[")
      throw Error(where, "'" + name.substr(0, 60) + "'", "an input, a variable, bit_shift or a constant");
    work(at->second.coefficients.size(), cursor);
    return at->second;
  }

  Range type_before_bracket(Cursor& cursor) const {
    Range text = Range{function_.body.file, &cursor.next(), nullptr};
    const Range inner = cursor.balanced("<", ">");
    text.end = inner.end + 1;
    return text;
  }

  static std::int64_t exact(double value, const std::string& where) {
    const double scaled = std::ldexp(value, kFraction);
    if (std::abs(scaled) > static_cast<double>(kMost) || scaled != std::floor(scaled))
      throw Error(where, "constant " + std::to_string(value), "a multiple of 2^-40 below 2^20");
    return static_cast<std::int64_t>(scaled);
  }

  Linear shifted(Linear value, int by, const Cursor& cursor, const std::string& where) const {
    const auto move = [&](std::int64_t c) {
      if (by >= 0) return bounded(Wide{c} << by, cursor);
      if ((c & ((std::int64_t{1} << -by) - 1)) != 0) throw Error(where, "a shift below 2^-40", "larger constants");
      return c >> -by;
    };
    for (auto& [i, c] : value.coefficients) c = move(c);
    value.constant = move(value.constant);
    return value;
  }

  // The variable holds every value the sum can have.
  void expect_holds(const ElementType& type, const Linear& value, const Range& left) const {
    const FixedPoint& x = input_.fixed;
    const std::int64_t all = value.constant;
    // in units of 2^-(kFraction + F of the input)
    const int unit = kFraction + x.fraction();
    if (x.fraction() < 0 || x.fraction() > 40 || x.width > 40)
      throw Error(left.where(), "an input of type " + vigil::to_string(x), "at most 40 bits, 0 <= F <= 40");
    Wide low = Wide{all} << x.fraction();
    Wide high = low;
    int lowest_bit = 200;
    for (const auto& [i, c] : value.coefficients) {
      const Wide at_low = Wide{c} * x.lowest();
      const Wide at_high = Wide{c} * x.highest();
      low += std::min(at_low, at_high);
      high += std::max(at_low, at_high);
      lowest_bit = std::min(lowest_bit, std::countr_zero(static_cast<std::uint64_t>(c)));
    }
    if (all != 0) lowest_bit = std::min(lowest_bit, std::countr_zero(static_cast<std::uint64_t>(all)) + x.fraction());
    if (low == 0 && high == 0) return;
    const int needed_fraction = unit - lowest_bit;
    const Wide scale_low = Wide{type.fixed.lowest()};
    const Wide scale_high = Wide{type.fixed.highest()};
    // compare low / 2^unit with lowest / 2^F
    const int shift = unit - type.fixed.fraction();
    const int down = std::min(-shift, 126);
    const bool fits = shift >= 0 ? shift < 60 && (scale_low << shift) <= low && high <= (scale_high << shift)
                                 : -(-scale_low >> down) <= low && high <= (scale_high >> down);
    if (needed_fraction > type.fixed.fraction() || !fits) {
      throw Error(left.where(), "'" + left.text() + "' may drop bits of its sum for inputs " + vigil::to_string(x),
                  "a type that holds every value");
    }
  }

  void collect(AdderGraph& graph) const {
    // The lowest bit that is set in any; countr_zero(0) is 64.
    int weight_bit = 64;
    int bias_bit = 64;
    for (const auto& output : outputs_) {
      for (const auto& [i, c] : output->coefficients)
        weight_bit = std::min(weight_bit, std::countr_zero(static_cast<std::uint64_t>(c)));
      bias_bit = std::min(bias_bit, std::countr_zero(static_cast<std::uint64_t>(output->constant)));
    }
    if (weight_bit == 64) weight_bit = kFraction;
    if (bias_bit == 64) bias_bit = kFraction;
    graph.weights.assign(graph.inputs * graph.outputs, 0);
    graph.bias.assign(graph.outputs, 0);
    for (std::size_t j = 0; j < outputs_.size(); ++j) {
      for (const auto& [i, c] : outputs_[j]->coefficients) graph.weights[i * graph.outputs + j] = c >> weight_bit;
      graph.bias[j] = outputs_[j]->constant >> bias_bit;
    }
    graph.weight_type = type_of(graph.weights, kFraction - weight_bit);
    graph.bias_type = type_of(graph.bias, kFraction - bias_bit);
  }

  static FixedPoint type_of(const std::vector<std::int64_t>& words, int fraction) {
    int width = 1;
    for (const std::int64_t word : words) {
      const auto magnitude = static_cast<std::uint64_t>(word < 0 ? ~word : word);
      width = std::max(width, static_cast<int>(std::bit_width(magnitude)) + 1);
    }
    FixedPoint type;
    type.width = width;
    type.integer = width - fraction;
    return type;
  }

  const Declarations& declarations_;
  const Function& function_;
  const ElementType& input_;
  std::string input_name_;
  std::string output_name_;
  std::size_t inputs_ = 0;
  std::vector<std::optional<Linear>> outputs_;
  std::map<std::string, Linear> variables_;
  std::size_t work_ = 0;
};

}  // namespace

AdderGraph read_adder_graph(const Declarations& declarations, const std::string& name, const ElementType& input,
                            const std::string& where) {
  const Function* function = declarations.function(name);
  if (function == nullptr)
    throw Error(where, "'" + name.substr(0, 60) + "' is not defined", "a function of nnet_code_gen.h");
  return Follower(declarations, *function, input).run();
}

nlohmann::ordered_json dense_of(const AdderGraph& graph) {
  return {{"op", "dense"},
          {"accum", "exact"},
          {"weights", constant(graph.weight_type, {graph.inputs, graph.outputs}, graph.weights)},
          {"bias", constant(graph.bias_type, {graph.outputs}, graph.bias)}};
}

}  // namespace vigil::fpga_model::hls4ml
