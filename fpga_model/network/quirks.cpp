#include "fpga_model/network/quirks.h"

#include <map>
#include <nlohmann/json.hpp>

#include "fpga_model/tensor.h"

namespace vigil::fpga_model {
namespace {

using Json = nlohmann::json;

FixedPoint type_of(const Json& holder) { return parse_fixed_point(holder.at("type").get<std::string>(), "type"); }

bool rounds(const FixedPoint& type) {
  return type.quantization != Quantization::trn && type.quantization != Quantization::trn_zero;
}

// Rounding away more bits than there are: the simulation aborts.
bool aborts(const FixedPoint& from, const FixedPoint& to) {
  return rounds(to) && from.fraction() - to.fraction() > from.width;
}

// Signed against unsigned of the same or larger aligned width: the simulation compares unsigned.
bool compares_unsigned(const FixedPoint& a, const FixedPoint& b) {
  if (a.is_signed == b.is_signed) return false;
  const int fraction = std::max(a.fraction(), b.fraction());
  const auto aligned = [&](const FixedPoint& type) { return type.width + fraction - type.fraction(); };
  return a.is_signed ? aligned(b) >= aligned(a) : aligned(a) >= aligned(b);
}

}  // namespace

std::vector<std::string> vendor_quirks(const Json& network) {
  std::vector<std::string> found;
  std::map<std::string, FixedPoint> types;
  for (const Json& input : network.at("inputs")) types[input.at("name")] = type_of(input);
  if (network.contains("constants")) {
    for (const auto& [name, constant] : network.at("constants").items()) types[name] = type_of(constant);
  }
  for (const Json& layer : network.at("layers")) {
    const std::string op = layer.at("op").get<std::string>();
    const FixedPoint out = type_of(layer.at("output"));
    std::vector<FixedPoint> in;
    for (const Json& input : layer.at("inputs")) in.push_back(types.at(input.get<std::string>()));
    types[layer.at("output").at("name")] = out;
    const auto note = [&](const std::string& text) {
      found.push_back("layer '" + layer.at("name").get<std::string>() + "': the vendor's C simulation " + text +
                      "; exact arithmetic is computed");
    };
    const std::string abort = "aborts where a rounding drops more bits than the word has";
    if ((op == "cast" || op == "relu") && aborts(in[0], out)) note(abort);
    if (layer.contains("accum") && layer.contains("weights") && layer.at("accum") != "exact") {
      const FixedPoint accum = parse_fixed_point(layer.at("accum").get<std::string>(), "accum");
      const FixedPoint product = product_type(in[0], type_of(layer.at("weights")));
      if (aborts(product, accum) || aborts(accum, out) || aborts(type_of(layer.at("bias")), accum)) note(abort);
    }
    const bool compares = op == "maximum" || op == "minimum";
    if ((compares && compares_unsigned(in[0], in[1])) ||
        (op == "relu" && layer.contains("threshold") && compares_unsigned(in[0], type_of(layer.at("threshold")))))
      note("compares signed with unsigned as unsigned");
    const bool indexed = (op == "lookup" || op == "elu") && layer.at("index").at("rule") == "scaled";
    if (indexed && in[0].is_signed && in[0].integer <= 0)
      note("indexes the table wrongly for a signed type without integer bits");
  }
  return found;
}

}  // namespace vigil::fpga_model
