#include "monitors/mismatch_crossings.h"

#include <cmath>
#include <cstddef>

namespace vigil::monitors {
namespace {

constexpr double kUnlikely = 1e-6;  // a crossing that would stay without a mismatch less often than this is clean

}  // namespace

void CrossingTally::add(const Summary& summary) {
  for (std::size_t i = 0; i < compared_.size(); ++i) {
    compared_[i] += summary.events_per_bx[i] - summary.uncompared_per_bx[i];
    disagreeing_[i] += summary.disagreeing_per_bx[i];
  }
}

MismatchCrossings CrossingTally::crossings() const {
  MismatchCrossings found;
  std::uint64_t compared = 0, disagreeing = 0;
  for (std::size_t i = 0; i < compared_.size(); ++i) {
    compared += compared_[i];
    disagreeing += disagreeing_[i];
    found.compared += compared_[i] > 0;
    found.affected += disagreeing_[i] > 0;
  }
  if (disagreeing == 0 || disagreeing >= compared) return found;
  const double log_agrees = std::log1p(-static_cast<double>(disagreeing) / static_cast<double>(compared));
  for (std::size_t i = 0; i < compared_.size() && found.clean.size() < kMostClean; ++i) {
    if (disagreeing_[i] == 0 && static_cast<double>(compared_[i]) * log_agrees < std::log(kUnlikely)) {
      found.clean.push_back(static_cast<std::uint16_t>(i + 1));
    }
  }
  return found;
}

std::vector<std::uint64_t> CrossingTally::triples() const {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < compared_.size(); ++i) {
    if (compared_[i] > 0) out.insert(out.end(), {i + 1, compared_[i], disagreeing_[i]});
  }
  return out;
}

bool CrossingTally::restore(const std::vector<std::uint64_t>& triples) {
  CrossingTally read;
  if (triples.size() % 3 != 0) return false;
  std::uint64_t after = 0;
  for (std::size_t i = 0; i < triples.size(); i += 3) {
    const std::uint64_t bx = triples[i], compared = triples[i + 1], disagreeing = triples[i + 2];
    if (bx <= after || bx > lhc::kCrossingsPerOrbit || compared == 0 || disagreeing > compared) return false;
    read.compared_[bx - 1] = compared;
    read.disagreeing_[bx - 1] = disagreeing;
    after = bx;
  }
  *this = std::move(read);
  return true;
}

MismatchCrossings mismatch_crossings(const Summary& summary) {
  CrossingTally tally;
  tally.add(summary);
  return tally.crossings();
}

}  // namespace vigil::monitors
