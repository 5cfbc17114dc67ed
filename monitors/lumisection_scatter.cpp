#include "monitors/lumisection_scatter.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "monitors/residual.h"

namespace vigil::monitors {
namespace {

using nlohmann::json;
using Part = LumisectionScatter::Part;

constexpr std::size_t kFolds = 8;
constexpr int kWithoutFourth = 63;  // bits of words whose fourth powers are not asked for

// A reference in sample fits itself better than any other sample, so each part is held against components of the rest;
// what is left of that, because the rest is smaller than all, is taken off in proportion.
std::vector<Part> numbers_of(const std::vector<const CrossMoments*>& all, const std::vector<Eigen::Index>& moderate) {
  std::vector<const CrossMoments*> parts;
  for (const CrossMoments* part : all) {
    if (part->n >= 2) parts.push_back(part);
  }
  if (parts.size() < LumisectionScatter::kLeastParts) return {};
  const std::size_t folds = std::min(kFolds, parts.size());
  std::vector<Part> numbers(parts.size());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    CrossMoments rest;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i % folds != fold) rest += *parts[i];
    }
    const SampleMoments of_rest = sample_moments(rest, kWithoutFourth);
    std::vector<Eigen::Index> columns;
    for (const Eigen::Index i : moderate) {
      if (i < of_rest.mean.size() && of_rest.covariance(i, i) > 0) columns.push_back(i);
    }
    if (columns.size() < 2) return {};
    const SampleMoments varying = only(of_rest, columns);
    const Eigen::VectorXd scale = varying.covariance.diagonal().cwiseSqrt().cwiseInverse();
    const Spectrum spectrum = spectrum_of(scale.asDiagonal() * varying.covariance * scale.asDiagonal());
    for (std::size_t i = fold; i < parts.size(); i += folds) {
      const auto ratio = residual_ratio(varying, spectrum, only(sample_moments(*parts[i], kWithoutFourth), columns));
      if (!ratio || !(*ratio > 0)) return {};
      numbers[i] = {static_cast<double>(parts[i]->n), *ratio};
    }
  }
  double events = 0, sum = 0;
  for (const Part& part : numbers) {
    events += part.events;
    sum += part.events * part.ratio;
  }
  const double mean = sum / events;
  const double of_all = 1 + (mean - 1) * static_cast<double>(folds - 1) / static_cast<double>(folds);
  for (Part& part : numbers) part.ratio *= of_all / mean;
  return numbers;
}

json json_of(const std::vector<Part>& parts) {
  json list = json::array();
  for (const Part& part : parts) list.push_back({part.events, part.ratio});
  return list;
}

std::vector<Part> parts_from(const json& list, const std::string& where) {
  std::vector<Part> parts;
  for (const json& entry : list) {
    const Part part{entry.at(0).get<double>(), entry.at(1).get<double>()};
    if (!(part.events >= 1) || !(part.ratio > 0) || !std::isfinite(part.events) || !std::isfinite(part.ratio))
      throw Error(where, "scatter " + json_text(entry), "[events, ratio] above 0");
    parts.push_back(part);
  }
  if (parts.size() > LumisectionScatter::kMostParts) throw Error(where, "scatter of too many lumisections");
  return parts;
}

}  // namespace

void LumisectionScatter::add(const Summary& lumisection) {
  const Stratum& all = lumisection.all;
  if (all.input_products.n == 0 && all.output_products.n == 0) return;
  if (in_last_ == 0 || in_last_ == joined_) {
    if (sums_.size() == kMostParts) {
      std::vector<Sums> halves;
      for (std::size_t i = 0; i + 1 < sums_.size(); i += 2) {
        halves.push_back(std::move(sums_[i]));
        halves.back().inputs += sums_[i + 1].inputs;
        halves.back().outputs += sums_[i + 1].outputs;
      }
      sums_ = std::move(halves);
      joined_ *= 2;
    }
    sums_.emplace_back();
    in_last_ = 0;
  }
  sums_.back().inputs += all.input_products;
  sums_.back().outputs += all.output_products;
  ++in_last_;
}

void LumisectionScatter::complete(const Summary& reference) {
  if (sums_.empty()) return;
  std::vector<const CrossMoments*> of_inputs, of_outputs;
  for (const Sums& s : sums_) {
    of_inputs.push_back(&s.inputs);
    of_outputs.push_back(&s.outputs);
  }
  // Of one that learned on there may be too few new ones: then the older ones hold.
  if (auto numbers = numbers_of(of_inputs, moderate_columns(reference, 0)); !numbers.empty())
    inputs = std::move(numbers);
  if (auto numbers = numbers_of(of_outputs, moderate_columns(reference, 1)); !numbers.empty())
    outputs = std::move(numbers);
  sums_.clear();
  joined_ = 1;
  in_last_ = 0;
}

std::string LumisectionScatter::to_json() const {
  std::string text = "{\"inputs\":" + json_text(json_of(inputs)) + ",\"outputs\":" + json_text(json_of(outputs));
  if (!sums_.empty()) {
    text += ",\"joined\":" + std::to_string(joined_) + ",\"in_last\":" + std::to_string(in_last_) + ",\"parts\":[";
    for (const Sums& s : sums_) {
      if (text.back() != '[') text += ',';
      const auto of = [](const CrossMoments& m) { return m.n == 0 ? std::string("null") : vigil::to_json(m); };
      text += "[" + of(s.inputs) + "," + of(s.outputs) + "]";
    }
    text += ']';
  }
  return text + "}";
}

LumisectionScatter LumisectionScatter::from_json(std::string_view text, const ModelInfo& model,
                                                 const std::string& where) {
  LumisectionScatter read;
  try {
    const json in = json::parse(text);
    read.inputs = parts_from(in.at("inputs"), where);
    read.outputs = parts_from(in.at("outputs"), where);
    if (!in.contains("parts")) return read;
    read.joined_ = in.at("joined").get<std::size_t>();
    read.in_last_ = in.at("in_last").get<std::size_t>();
    for (const json& entry : in.at("parts")) {
      const auto of = [&](const json& m, std::size_t columns) {
        return m.is_null() ? CrossMoments() : cross_moments_from_json(json_text(m), columns, where);
      };
      read.sums_.push_back({of(entry.at(0), model.inputs.size()), of(entry.at(1), model.output_words())});
    }
    if (read.sums_.size() > kMostParts || read.in_last_ > read.joined_) throw Error(where, "scatter of too many parts");
  } catch (const json::exception& error) {
    throw Error(where, std::string("scatter: ") + error.what(), "what vigil wrote");
  }
  return read;
}

}  // namespace vigil::monitors
