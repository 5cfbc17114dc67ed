// Adaptive windowing (Bifet and Gavalda 2007) over the exponential histogram of river, but a cut is tried after every
// bucket except the very newest. The window shrinks where its older and newer part differ in mean; its width is the
// statistic. Memory and the cost of a tick grow with the logarithm of the width.
// Tested in tests/monitors/detector_adwin_test.cpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "monitors/detectors/fields.h"
#include "monitors/detectors/parameters.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "adwin";
constexpr std::size_t kMostRows = 64;

enum class Rearm : std::uint8_t { keep, reset, moa };

class Adwin {
 public:
  Adwin(double delta, std::uint64_t clock, std::size_t max_buckets, double least, double grace, Rearm rearm)
      : delta_(delta), clock_(clock), row_(max_buckets + 1), least_(least), grace_(grace), rearm_(rearm) {
    add_row();
  }

  bool feed(const Observed& o, std::uint64_t at) {
    if (drop_) restart();
    insert(o.value, at);
    if (open_ && --left_ == 0) open_ = false;
    if (++tick_ < clock_) return false;
    tick_ = 0;
    if (!(width_ > grace_)) return false;
    bool cut = false;
    while (differs()) {
      drop_oldest();
      cut = true;
    }
    if (!cut) return false;
    if (rearm_ == Rearm::reset) return drop_ = true;
    const bool alarm = !open_ || rearm_ == Rearm::moa;
    open_ = true;
    left_ = static_cast<std::uint64_t>(width_);
    return alarm;
  }
  double value() const { return width_; }
  double limit() const { return std::numeric_limits<double>::infinity(); }
  // The first value kept.
  std::uint64_t change_point() const { return counts_.back() == 0 ? 0 : starts_[(counts_.size() - 1) * row_]; }
  Facts facts() const {
    return {{"width", width_}, {"total", total_}, {"variance", width_ > 0 ? variance_ / width_ : 0}};
  }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    field("counts", self.counts_);
    field("totals", self.totals_);
    field("variances", self.variances_);
    field("starts", self.starts_);
    field("width", self.width_);
    field("total", self.total_);
    field("variance", self.variance_);
    field("largest", self.largest_);
    field("tick", self.tick_);
    field("open", self.open_);
    field("left", self.left_);
    field("drop", self.drop_);
  }
  bool consistent() const {
    const std::size_t places = counts_.size() * row_;
    double width = 0;
    for (std::size_t row = 0; row < counts_.size() && row < kMostRows; ++row) {
      if (counts_[row] >= row_) return false;
      width += std::ldexp(static_cast<double>(counts_[row]), static_cast<int>(row));
    }
    return !counts_.empty() && counts_.size() <= kMostRows && totals_.size() == places && variances_.size() == places &&
           starts_.size() == places && width == width_ && tick_ < clock_ && (counts_.back() > 0 || counts_.size() == 1);
  }

 private:
  void add_row() {
    counts_.push_back(0);
    totals_.resize(counts_.size() * row_);
    variances_.resize(counts_.size() * row_);
    starts_.resize(counts_.size() * row_);
  }
  void restart() {
    counts_.clear();
    totals_.clear();
    variances_.clear();
    starts_.clear();
    add_row();
    width_ = total_ = variance_ = largest_ = 0;
    tick_ = 0;
    drop_ = false;
  }
  void push(std::size_t row, double total, double variance, std::uint64_t start) {
    const std::size_t place = row * row_ + counts_[row]++;
    totals_[place] = total;
    variances_[place] = variance;
    starts_[place] = start;
  }
  // Takes the `n` oldest buckets out of a row.
  void shift(std::size_t row, std::size_t n) {
    const std::size_t first = row * row_, count = counts_[row] -= n;
    for (std::size_t i = first; i < first + count; ++i) {
      totals_[i] = totals_[i + n];
      variances_[i] = variances_[i + n];
      starts_[i] = starts_[i + n];
    }
  }

  void insert(double x, std::uint64_t at) {
    push(0, x, 0, at);
    largest_ = std::max(largest_, std::abs(x));
    width_ += 1;
    if (width_ > 1) {
      const double deviation = x - total_ / (width_ - 1);
      variance_ += (width_ - 1) * deviation * deviation / width_;
    }
    total_ += x;
    // A full row gives its two oldest to the next one. Dividing by a power of two is exact either way.
    double size = 1, inverse = 1;
    for (std::size_t row = 0; counts_[row] == row_; ++row, size *= 2, inverse /= 2) {
      if (row + 1 == counts_.size()) add_row();
      const std::size_t oldest = row * row_;
      const double difference = totals_[oldest] * inverse - totals_[oldest + 1] * inverse;
      const double between = size * size * difference * difference * (inverse / 2);
      push(row + 1, totals_[oldest] + totals_[oldest + 1], variances_[oldest] + variances_[oldest + 1] + between,
           starts_[oldest]);
      shift(row, 2);
    }
  }

  void drop_oldest() {
    const std::size_t row = counts_.size() - 1;
    const double n = std::ldexp(1.0, static_cast<int>(row));
    const double u = totals_[row * row_], v = variances_[row * row_];
    width_ -= n;
    total_ -= u;
    const double difference = u / n - total_ / width_;
    variance_ -= v + n * width_ * difference * difference / (n + width_);
    shift(row, 1);
    while (counts_.back() == 0 && counts_.size() > 1) {
      counts_.pop_back();
      totals_.resize(counts_.size() * row_);
      variances_.resize(counts_.size() * row_);
      starts_.resize(counts_.size() * row_);
    }
  }

  // Whether a cut leaves two parts that differ.
  bool differs() const {
    const double least = rearm_ == Rearm::moa ? least_ + 2 : least_;
    const double d = std::log(2 * std::log(width_) / delta_);
    const double spread = variance_ / width_;
    // Most cuts are far from passing. Multiplied out, without division and root, and with margins for all rounding, the
    // first term of the bound alone tells.
    const double bound = 2 * spread * d * (1 - 1e-9);
    const double margin = 1e-14 * largest_;
    double n0 = 0, n1 = width_, u0 = 0, u1 = total_;
    for (std::size_t row = counts_.size(); row-- > 0;) {
      const double n = std::ldexp(1.0, static_cast<int>(row));
      const std::size_t end = row * row_ + counts_[row];
      for (std::size_t place = row * row_; place < end; ++place) {
        n0 += n;
        n1 -= n;
        u0 += totals_[place];
        u1 -= totals_[place];
        if (n1 < least) return false;
        if (n0 < least) continue;
        const double m0 = n0 - least_ + 1, m1 = n1 - least_ + 1;
        const double product = n0 * n1;
        const double apart = std::abs(u0 * n1 - u1 * n0) + margin * product;
        if (apart * apart * (m0 * m1) < bound * (m0 + m1) * (product * product)) continue;
        const double m = 1 / m0 + 1 / m1;
        if (std::abs(u0 / n0 - u1 / n1) > std::sqrt(2 * m * spread * d) + 2.0 / 3.0 * d * m) return true;
      }
    }
    return false;
  }

  double delta_;
  std::uint64_t clock_;
  std::size_t row_;  // buckets of a row, the last of them only while it is merged
  double least_, grace_;
  Rearm rearm_;
  // Row r holds buckets of 2^r values at places r * row_ on, the oldest first; older values lie in higher rows.
  std::vector<std::uint64_t> counts_;
  std::vector<double> totals_, variances_;
  std::vector<std::uint64_t> starts_;  // step of the first value
  double width_ = 0, total_ = 0, variance_ = 0;
  double largest_ = 0;  // no value was larger in size
  std::uint64_t tick_ = 0;
  bool open_ = false;
  std::uint64_t left_ = 0;  // values until the episode ends
  bool drop_ = false;       // all of it with the next value
};

}  // namespace

// `rearm`: keep (an episode ends once as many values have come as the window kept), reset (river: all is dropped with
// the next value) or moa (every tick with a cut is an alarm, both parts longer than min_window_length + 1).
Detector make_adwin(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const double delta = read.number("delta", 0.002, kInsideOne);
  const std::uint64_t clock = read.whole("clock", 32, 1);
  const auto max_buckets = static_cast<std::size_t>(read.whole("max_buckets", 5, 1, 1'000'000));
  const auto least = static_cast<double>(read.whole("min_window_length", 5, 1));
  const auto grace = static_cast<double>(read.whole("grace_period", 10, 0));
  const std::string rearm = read.one_of("rearm", "keep", {"keep", "reset", "moa"});
  read.finish();
  return Detector(Adwin(delta, clock, max_buckets, least, grace,
                        rearm == "reset" ? Rearm::reset
                        : rearm == "moa" ? Rearm::moa
                                         : Rearm::keep));
}

}  // namespace vigil::monitors
