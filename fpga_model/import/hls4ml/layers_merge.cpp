// Merges of two tensors.
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/call.h"
#include "fpga_model/import/hls4ml/layers_linear.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

// Word i of the result takes word i mod n of the shorter operand: that operand, repeated.
std::string read_repeated(const Call& call, std::size_t argument, std::size_t words, const Shape& shape) {
  const std::size_t own = call.graph().words(call.name(argument), call.where);
  if (own == 0 || own == words) return call.read(argument, shape);
  if (words % own != 0)
    call.refuse("operands of " + std::to_string(words) + " and " + std::to_string(own) + " words", "a multiple");
  const std::string once = call.read(argument, {own});
  const std::vector<std::string> copies(words / own, once);
  const std::string all = call.graph().intermediate(call.name(1 + argument), {{"op", "concatenate"}, {"axis", 0}},
                                                    copies, {words}, call.type(argument).fixed, call.where);
  if (shape.size() == 1) return all;
  return call.graph().intermediate(all, {{"op", "reshape"}, {"shape", shape}}, {all}, shape, call.type(argument).fixed,
                                   call.where);
}

}  // namespace

void read_merge(const Call& call) {
  call.expect_arguments(3, 3);
  call.expect_same_packs({0, 1, 2});
  const Config config = call.config();
  const std::size_t words = config.size("n_elem");
  const auto known = [&](std::size_t i) { return call.graph().shape(call.name(i), words, call.where); };
  const Shape shape = known(0).size() >= known(1).size() ? known(0) : known(1);
  const bool repeats =
      !call.is_stream() && (config.count_or("n_elem1", words) != words || config.count_or("n_elem2", words) != words);
  const std::string a = repeats ? read_repeated(call, 0, words, shape) : call.read(0, shape);
  const std::string b = repeats ? read_repeated(call, 1, words, shape) : call.read(1, shape);
  if (call.function == "average" &&
      !call.project->release.at_least({1, 2}, "nnet_merge.h", "averages of two tensors")) {
    // (a + b) / 2 toward zero, at the fraction of the sum: an average over two cells.
    const FixedPoint& ta = call.type(0).fixed;
    const FixedPoint& tb = call.type(1).fixed;
    const FixedPoint sum = sum_type(ta, tb);
    if (sum.width > 63) call.refuse("a sum of " + std::to_string(sum.width) + " bits", "at most 63");
    const std::string added = call.graph().intermediate(call.name(2), {{"op", "add"}}, {a, b}, shape, sum, call.where);
    const std::string zero =
        call.graph().intermediate(call.name(2), {{"op", "subtract"}}, {added, added}, shape, sum, call.where);
    const Shape row = {1, words};
    Json reshape = {{"op", "reshape"}, {"shape", row}};
    const std::string first = call.graph().intermediate(call.name(2), reshape, {added}, row, sum, call.where);
    const std::string second = call.graph().intermediate(call.name(2), reshape, {zero}, row, sum, call.where);
    const std::string both = call.graph().intermediate(call.name(2), {{"op", "concatenate"}, {"axis", 0}},
                                                       {first, second}, {2, words}, sum, call.where);
    call.write(
        2, {{"op", "pool"}, {"mode", "average"}, {"kernel", {2}}, {"stride", {2}}, {"accum", vigil::to_string(sum)}},
        {both}, row);
    return;
  }
  call.write(2, {{"op", call.function}}, {a, b}, shape);
}

void read_dot1d(const Call& call) {
  call.expect_arguments(3, 3);
  const Config config = call.config();
  const std::size_t words = config.size("n_in");
  const std::string product = config.used("product");
  if (!product.empty() && product != "mult") call.refuse("product '" + product + "'", "mult");
  if (call.type(0).is_one_bit()) call.refuse("a dot product of ap_uint<1>", "a wider type");
  const std::string a = call.read(0, {words});
  const bool same = call.name(0) == call.name(1);
  const std::string b = same && !call.is_stream() ? a : call.read(1, {words});
  call.write(2, {{"op", "dot"}, {"accum", vigil::to_string(config.type("accum_t").fixed)}}, {a, b}, {1});
}

void read_concatenate(const Call& call) {
  call.expect_arguments(3, 3);
  const Config config = call.config();
  const int dimensions = call.function[11] - '0';
  Shape first;
  Shape second;
  for (int d = 0; d < dimensions; ++d) {
    first.push_back(config.size("n_elem1_" + std::to_string(d)));
    second.push_back(config.size("n_elem2_" + std::to_string(d)));
  }
  // Axes count from 1 behind the event; every other number means the first.
  const std::int64_t said = config.has("axis") ? config.integer("axis") : -1;
  std::size_t axis = 0;
  if (dimensions == 2 && (said == 2 || said == -1)) axis = 1;
  if (dimensions == 3 && (said == 3 || said == -1)) axis = 2;
  if (dimensions == 3 && (said == 2 || said == -2)) axis = 1;
  Shape out = first;
  out[axis] += second[axis];
  for (std::size_t d = 0; d < first.size(); ++d) {
    if (d != axis && first[d] != second[d]) call.refuse("operands " + to_string(first) + " and " + to_string(second));
  }
  if (dimensions == 3 && axis == 2 && first[2] != second[2] && !call.is_stream() &&
      !call.project->release.at_least({1, 2}, "nnet_merge.h", "concatenation of unlike channels"))
    call.refuse("a concatenation of unlike channels: hls4ml before 1.2 copies the wrong cells", "equal channels");
  if (dimensions > 1) {
    call.expect_channels(0, first.back());
    call.expect_channels(1, second.back());
    call.expect_channels(2, out.back());
  }
  const std::string a = call.read(0, first);
  const std::string b = call.read(1, second);
  call.write(2, {{"op", "concatenate"}, {"axis", axis}}, {a, b}, out);
}

}  // namespace vigil::fpga_model::hls4ml
