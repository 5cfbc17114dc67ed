// Where a DAIS program's inputs and outputs lie: types of their words, checked against model.yaml or found.
#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "fpga_model/import/dais.h"

namespace vigil::fpga_model {
namespace {

// The narrowest type of default modes that holds words of both kinds.
struct Span {
  bool any = false, is_signed = false;
  int integer = 0, fraction = 0;  // integer bits without the sign
  void add(bool with_sign, int i, int f) {
    integer = any ? std::max(integer, i) : i;
    fraction = any ? std::max(fraction, f) : f;
    is_signed = is_signed || with_sign;
    any = true;
  }
  FixedPoint type(const std::string& where, const char* key) const {
    FixedPoint type;
    if (!any) return type;
    type.is_signed = is_signed;
    type.width = std::max(integer + fraction, is_signed ? 0 : 1) + (is_signed ? 1 : 0);
    type.integer = type.width - fraction;
    if (type.width > (is_signed ? 64 : 63) || std::abs(type.integer) > 128)
      throw Error(where, std::string(key) + " of one type would be " + std::to_string(type.width) + " bits wide",
                  std::string("key '") + key + "' in model.yaml, with a type for each");
    return type;
  }
};

}  // namespace

void Dais::place_inputs(std::size_t count, const std::vector<int>& input_shifts,
                        const std::vector<InputGroup>& groups) {
  if (groups.empty()) {
    Span span;
    for (const Step& step : steps_) {
      if (step.code == Code::input && step.type.width() > 0)
        span.add(step.type.is_signed, step.type.integer - input_shifts[step.a],
                 step.type.fraction + input_shifts[step.a]);
    }
    input_types_.assign(count, span.type(file_, "inputs"));
    add_tensor({"x", {count}, input_types_[0], count});
    input_tensors_ = 1;
    return;
  }
  for (const InputGroup& group : groups) {
    for (std::size_t i = 0; i < group.words() && input_types_.size() <= count; ++i)
      input_types_.push_back(group.types[group.types.size() == 1 ? 0 : i % group.types.size()]);
  }
  if (input_types_.size() != count) {
    std::size_t described = 0;
    for (const InputGroup& group : groups) described += group.words();
    throw Error(groups.front().where, std::to_string(described) + " input words",
                std::to_string(count) + " as in the program");
  }
  for (std::size_t first = 0; first < count;) {
    std::size_t last = first + 1;
    while (last < count && input_types_[last] == input_types_[first]) ++last;
    const std::size_t n = last - first;
    add_tensor({n == count ? "x" : "x" + std::to_string(input_tensors_), {n}, input_types_[first], n});
    ++input_tensors_;
    first = last;
  }
}

void Dais::place_outputs(const std::vector<int>& shifts, const std::vector<OutputGroup>& groups) {
  std::vector<OutputGroup> places = groups;
  Span span;
  for (std::size_t i = 0; i < output_words_.size(); ++i) {
    OutputWord& word = output_words_[i];
    if (word.is_constant_zero) continue;
    const Type& type = steps_[word.source].type;
    word.fraction = type.fraction - shifts[i];
    word.width = type.width() + 1;
    // -(-2^n) needs a bit more.
    if (type.width() > 0)
      span.add(type.is_signed || word.negate, type.integer + shifts[i] + (type.is_signed && word.negate ? 1 : 0),
               word.fraction);
  }
  if (places.empty()) {
    OutputGroup all;
    all.name = "y";
    all.count = output_words_.size();
    all.type = span.type(file_, "outputs");
    places.push_back(all);
  }
  std::size_t at = 0;
  for (const OutputGroup& place : places) {
    for (std::size_t i = 0; i < place.count && at < output_words_.size(); ++i, ++at) {
      const OutputWord& word = output_words_[at];
      if (word.is_constant_zero || groups.empty()) continue;
      const Type& type = steps_[word.source].type;
      const bool needs_sign = type.is_signed || word.negate;
      const int room = place.type.integer - (place.type.is_signed ? 1 : 0);  // both without the sign bit
      if (type.width() > 0 && (place.type.fraction() < word.fraction || (needs_sign && !place.type.is_signed) ||
                               room < type.integer + shifts[at])) {
        throw Error(place.where, "output '" + place.name + "' of " + to_string(place.type),
                    "a type that holds " + std::to_string(type.width()) + "-bit words with " +
                        std::to_string(word.fraction) + " fractional bits, as in the program");
      }
      expect_shift(place.where, place.type.fraction() - word.fraction);
    }
    outputs_.push_back(add_tensor({place.name, {place.count}, place.type, place.count}));
  }
  std::size_t words = 0;
  for (const OutputGroup& place : places) words += place.count;
  if (words != output_words_.size()) {
    throw Error(places.front().where, std::to_string(words) + " output words",
                std::to_string(output_words_.size()) + " as in the program");
  }
}

}  // namespace vigil::fpga_model
