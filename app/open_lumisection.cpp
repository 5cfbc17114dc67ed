#include "app/open_lumisection.h"

#include <utility>

#include "core/error.h"

namespace vigil::app {

void OpenLumisection::add(const Item& item) {
  if (!item.frame.partial || !item.frame.partial->summary) return own_.add(item.summary);
  const auto& summary = item.frame.partial->summary;
  const auto [number, is_new] = numbers_.try_emplace(summary.get(), numbers_.size());
  Share& share = shares_[number->second];
  share.summary = summary;
  share.positions.push_back(item.frame.position);
}

Summary OpenLumisection::take(const ReadAgain& read, std::uint64_t& frames_read_again) {
  std::vector<const PartialSummary*> whole;
  for (const auto& [number, share] : shares_) {
    if (share.positions.size() == share.summary->frames) {
      whole.push_back(share.summary.get());
      continue;
    }
    if (!read) throw Error("partial", "frames of a summary that were refused", "the frames themselves to read again");
    for (const std::string& position : share.positions) {
      own_.add(read(position)->summary);
      ++frames_read_again;
    }
  }
  Summary all = own_.take();
  for (const PartialSummary* partial : whole) {
    all += summary_from_json(partial->text, *model_, "partial, summary " + std::to_string(partial->number));
  }
  return all;
}

}  // namespace vigil::app
