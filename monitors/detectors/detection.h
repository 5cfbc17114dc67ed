// A detector over a whole row of values: what `vigil detect` prints. Missing parameters are taken from the first
// values. Tests: tests/contract/detect_test.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "monitors/detector.h"

namespace vigil::monitors {

// Row-major; columns is 0 for a plain row of values. NaN is allowed.
struct Series {
  std::span<const double> values;
  std::size_t columns = 0;
  std::string where;  // for errors: the file
};

struct Detection {
  std::size_t n = 0;    // values or rows, NaN included
  std::size_t nan = 0;  // of them skipped
  std::vector<Alarm> alarms;
  std::vector<std::uint64_t> warnings;
  std::vector<double> trace;  // the statistic after each value, NaN where skipped or warm-up; empty unless asked for
  Facts facts;                // of the detector, and the parameters that were estimated
};

// `warm_up`: values (NaN not counted) from which missing parameters are estimated: mean and n-1 standard deviation,
// (k + 1/2)/(n + 1), frequencies (k + 1/2)/(n + K/2), count over exposure. They are not judged. Nothing is estimated
// where none is missing. Where there is nothing to judge behind them no estimate is needed. Throws Error, naming the
// row, on infinities and values the detector is not made for, and on wrong parameters. Pure.
Detection detect(const DetectorEntry& entry, Parameters parameters, const Series& series, std::size_t warm_up,
                 bool trace);

}  // namespace vigil::monitors
