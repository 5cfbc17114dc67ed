#include "monitors/statistics.h"

#include <array>
#include <cmath>
#include <string>

#include "core/lhc.h"
#include "monitors/counts.h"
#include "monitors/intervals.h"
#include "monitors/kolmogorov.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

constexpr auto kCatalogue = std::to_array<StatisticEntry>({
#define STATISTIC(name, function, summary) {#name, &function, summary},
#include "monitors/statistics.def"
#undef STATISTIC
});

// Why a statistic of shapes has no value; empty when it has one.
std::string undefined_shape(const Cells& cells) {
  if (cells.window == 0) return "no events in the window";
  if (cells.reference == 0) return "no events in the reference";
  return {};
}

template <class F>
Reading of_shape(const Summary& window, const Summary& reference, const Subject& subject, bool ordered, F f) {
  if (subject.target != Target::output && subject.target != Target::input) {
    return {{}, {}, "defined for inputs and outputs only"};
  }
  const Cells cells = shape(window, reference, subject, ordered);
  if (std::string reason = undefined_shape(cells); !reason.empty()) return {{}, {}, std::move(reason)};
  return f(cells);
}

}  // namespace

std::span<const StatisticEntry> statistics() { return kCatalogue; }

const StatisticEntry* find_statistic(std::string_view name) {
  for (const StatisticEntry& entry : kCatalogue) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool applies(const StatisticEntry& statistic, Target target) {
  if (statistic.function == &rate) return target == Target::seed || target == Target::mismatch;
  if (statistic.function == &mismatch_rate) return target == Target::mismatch;
  return target == Target::output || target == Target::input;
}

Reading ks(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& cells) {
    const double d = ks_distance(cells).d;
    return Reading{d, kolmogorov_p_value(d * std::sqrt(effective_events(cells))), {}};
  });
}

Reading chi2(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    const ChiSquared c = chi_squared(pooled(cells));
    return Reading{c.value, chi_squared_p_value(c.value, c.degrees), {}};
  });
}

Reading psi(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{stability_index(pooled(cells)), {}, {}};
  });
}

Reading js(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{jensen_shannon(pooled(cells)), {}, {}};
  });
}

Reading wasserstein(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& cells) {
    return Reading{wasserstein_1(cells), {}, {}};
  });
}

Reading rate(const Summary& window, const Summary& reference, const Subject& subject) {
  if (subject.target == Target::mismatch) return mismatch_rate(window, reference, subject);
  if (subject.target != Target::seed) return {{}, {}, "defined for seeds and mismatches only"};
  if (window.n_bx_own == 0) return {{}, {}, "no crossing inspected in the window"};
  const SeedPasses a = seed_passes(window, subject.index);
  const SeedPasses b = seed_passes(reference, subject.index);
  Reading reading;
  reading.value = lhc::rate_hz(static_cast<double>(a.passes), static_cast<double>(window.n_bx_own));
  if (a.events != 0 && b.events != 0) {
    reading.p_value =
        rate_ratio_p_value(a.passes, static_cast<double>(a.events), b.passes, static_cast<double>(b.events));
  }
  return reading;
}

Reading mismatch_rate(const Summary& window, const Summary&, const Subject& subject) {
  if (subject.target != Target::mismatch) return {{}, {}, "defined for mismatches only"};
  const MismatchCounts counts = mismatch_counts(window, subject);
  if (counts.compared == 0) {
    return {{},
            {},
            subject.index < subject.model->outputs.size() ? "no hardware output in the window"
                                                          : "no hardware decision in the window"};
  }
  return {static_cast<double>(counts.events) / static_cast<double>(counts.compared), {}, {}};
}

}  // namespace vigil::monitors
