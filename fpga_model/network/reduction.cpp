#include "fpga_model/network/reduction.h"

namespace vigil::fpga_model {
namespace {

// Element k of every vector of n.
Value each(const Value& terms, std::size_t n, std::size_t k) {
  std::vector<std::size_t> indices;
  for (std::size_t i = k; i < terms.size(); i += n) indices.push_back(i);
  return terms.elements(indices);
}

std::optional<Value> tree(Planner& planner, const Value& terms, std::size_t n, const FixedPoint& type,
                          std::size_t first, std::size_t count) {
  if (count == 1) return each(terms, n, first);
  const std::size_t left = count == 2 ? 1 : std::bit_floor(count - 1);
  const auto a = tree(planner, terms, n, type, first, left);
  const auto b = a ? tree(planner, terms, n, type, first + left, count - left) : a;
  if (!b) return {};
  return planner.pair(MapKind::sum, *a, 0, *b, 0, type.fraction(), type);
}

}  // namespace

std::optional<Value> planned_tree(Planner& planner, const Value& terms, std::size_t n, const FixedPoint& type) {
  return tree(planner, terms, n, type, 0, n);
}

std::optional<Value> planned_sequence(Planner& planner, const Value& terms, std::size_t n, const FixedPoint& type) {
  std::optional<Value> acc = each(terms, n, 0);
  for (std::size_t k = 1; acc && k < n; ++k)
    acc = planner.pair(MapKind::sum, *acc, 0, each(terms, n, k), 0, type.fraction(), type);
  return acc;
}

}  // namespace vigil::fpga_model
