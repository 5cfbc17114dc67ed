#include "shift/documents/certification.h"

#include <algorithm>
#include <utility>

namespace vigil::shift {
namespace {

constexpr std::size_t index_of(Quality quality) { return static_cast<std::size_t>(quality); }

// How many spans hold the lumisection one looks at, by what they say; lumisections in ascending order.
class Sweep {
 public:
  template <class Spans>
  Sweep(const Spans& spans, std::size_t kinds) : held_(kinds) {
    begins_.reserve(spans.size());
    ends_.reserve(spans.size());
    for (const auto& span : spans) {
      begins_.emplace_back(span.first_ls, span.what);
      ends_.emplace_back(span.last_ls, span.what);
    }
    std::sort(begins_.begin(), begins_.end());
    std::sort(ends_.begin(), ends_.end());
  }

  // True where the set of what is held is another one than before.
  bool go_to(std::uint32_t ls) {
    bool changed = false;
    // What begins comes first, so that a window that ends where the next begins changes nothing.
    for (; begun_ < begins_.size() && begins_[begun_].first <= ls; ++begun_) {
      changed |= held_[begins_[begun_].second]++ == 0;
    }
    for (; ended_ < ends_.size() && ends_[ended_].first < ls; ++ended_) {
      changed |= --held_[ends_[ended_].second] == 0;
    }
    return changed;
  }
  bool holds(std::size_t what) const { return held_[what] > 0; }

 private:
  using At = std::pair<std::uint32_t, std::uint32_t>;  // lumisection, what
  std::vector<At> begins_, ends_;
  std::vector<std::uint32_t> held_;
  std::size_t begun_ = 0, ended_ = 0;
};

}  // namespace

void Certification::add_window(const alerting::RecordRow& window) {
  if (window.quality == Quality::unknown || window.first_ls > window.last_ls) return;
  windows_.push_back({window.first_ls, window.last_ls, static_cast<std::uint32_t>(window.quality)});
}

void Certification::add_verdict(const alerting::RecordRow& verdict) {
  if (verdict.quality != Quality::medium && verdict.quality != Quality::bad) return;
  if (verdict.window == kSequentialWindow || verdict.first_ls > verdict.last_ls) return;
  const auto name = names_.try_emplace(verdict.monitor + " " + verdict.statistic, names_.size()).first->second;
  causes_[index_of(verdict.quality)].push_back({verdict.first_ls, verdict.last_ls, name});
}

std::vector<QualityRange> Certification::ranges(std::uint32_t last_ls) const {
  Sweep qualities(windows_, 4);
  Sweep sweeps[] = {{causes_[0], names_.size()},
                    {causes_[1], names_.size()},
                    {causes_[2], names_.size()},
                    {causes_[3], names_.size()}};
  std::vector<QualityRange> out;
  for (std::uint64_t ls = 1; ls <= last_ls; ++ls) {
    const auto at = static_cast<std::uint32_t>(ls);
    bool changed = out.empty();
    changed |= qualities.go_to(at);
    for (Sweep& sweep : sweeps) changed |= sweep.go_to(at);
    if (!changed) {
      out.back().last_ls = at;
      continue;
    }
    QualityRange next{at, at, Quality::unknown, {}};
    for (const Quality quality : {Quality::bad, Quality::medium, Quality::good}) {
      if (!qualities.holds(index_of(quality))) continue;
      next.quality = quality;
      break;
    }
    if (next.quality == Quality::medium || next.quality == Quality::bad) {
      const Sweep& sweep = sweeps[index_of(next.quality)];
      for (const auto& [name, index] : names_) {
        if (sweep.holds(index)) next.causes.push_back(name);
      }
    }
    const bool alike = !out.empty() && out.back().quality == next.quality && out.back().causes == next.causes;
    if (alike) {
      out.back().last_ls = at;
    } else {
      out.push_back(std::move(next));
    }
  }
  return out;
}

std::vector<QualityRange> certify(std::uint32_t last_ls, const std::vector<alerting::RecordRow>& windows,
                                  const std::vector<alerting::RecordRow>& verdicts) {
  Certification certification;
  for (const alerting::RecordRow& row : windows) certification.add_window(row);
  for (const alerting::RecordRow& row : verdicts) certification.add_verdict(row);
  return certification.ranges(last_ls);
}

std::vector<QualityRange> certify(alerting::Record& record, const std::string& model, const std::string& stream,
                                  std::uint32_t run, std::uint32_t last_ls) {
  Certification certification;
  alerting::RecordFilter filter;
  filter.model = model;
  filter.stream = stream;
  filter.run = run;
  for_each_row(record, alerting::RecordTable::windows, filter,
               [&](const alerting::RecordRow& row) { certification.add_window(row); });
  filter.qualities = {Quality::medium, Quality::bad};
  for_each_row(record, alerting::RecordTable::verdicts, filter,
               [&](const alerting::RecordRow& row) { certification.add_verdict(row); });
  return certification.ranges(last_ls);
}

}  // namespace vigil::shift
