#include "shift/documents/summary_cache.h"

#include <algorithm>

#include "core/digest.h"

namespace vigil::shift {
template <class Parsed, class Parse>
std::shared_ptr<const Parsed> SummaryCache::kept_or(Kept<Parsed>& kept, const std::string& key, const Parse& parse) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(kept.begin(), kept.end(), [&](const auto& entry) { return entry.first == key; });
    if (at != kept.end()) {
      kept.splice(kept.begin(), kept, at);
      return kept.front().second;
    }
  }
  auto parsed = std::make_shared<const Parsed>(parse());  // without the lock: others need not wait for it
  const std::lock_guard lock(mutex_);
  kept.emplace_front(key, parsed);
  if (kept.size() > kKept) kept.pop_back();
  return parsed;
}

WindowSummaries SummaryCache::of(const Outlook& outlook, const Request& request) {
  WindowSummaries out;
  out.selected = selected_window(outlook, request);
  const alerting::RecordedWindow& window = out.selected.window;
  const ModelInfo& info = out.selected.model.info;
  const std::string where = outlook.record->file() + ": window " + window.row.window + " run " +
                            std::to_string(window.row.run) + " LS " + std::to_string(window.row.last_ls);
  out.window = kept_or<Summary>(windows_, sha256_of(window.summary),
                                [&] { return summary_from_json(window.summary, info, where); });
  if (!window.reference.empty()) {
    out.reference = kept_or<RecordedReference>(references_, sha256_of(window.reference), [&] {
      return read_reference(window.reference, info, where + ", reference");
    });
  }
  return out;
}

}  // namespace vigil::shift
