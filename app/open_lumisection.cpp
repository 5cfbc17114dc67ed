#include "app/open_lumisection.h"

#include <utility>

#include "core/error.h"

namespace vigil::app {

void OpenLumisection::add(const Item& item) {
  if (!item.frame.partial || !item.frame.partial->summary) return own_.add(item.summary);
  const auto& summary = item.frame.partial->summary;
  const auto found = shares_.try_emplace({summary->origin, summary->number}).first;
  Share& share = found->second;
  if (!share.summary) share.summary = summary;
  share.positions.push_back(item.frame.position);
  if (share.positions.size() < share.summary->frames) return;
  Summary complete = summary->parsed ? *summary->parsed
                                     : summary_from_json(summary->text, *model_,
                                                         "partial, summary " + std::to_string(summary->number));
  shares_.erase(found);
  if (whole_) {
    *whole_ += complete;
  } else {
    whole_ = std::move(complete);
  }
}

Summary OpenLumisection::settled() {
  Summary all = own_.summary();
  if (whole_) all += *whole_;
  return all;
}

void OpenLumisection::put_back(Share share) {
  const auto key = std::pair(share.summary->origin, share.summary->number);
  shares_[key] = std::move(share);
}

Summary OpenLumisection::take(const ReadAgain& read, std::uint64_t& frames_read_again) {
  for (const auto& [number, share] : shares_) {
    if (!read) throw Error("partial", "frames of a summary that were refused", "the frames themselves to read again");
    for (const std::string& position : share.positions) {
      const std::shared_ptr<Item> item = read(position);
      if (!item) continue;  // gone for good: who reads has said so
      own_.add(item->summary);
      ++frames_read_again;
    }
  }
  shares_.clear();
  Summary all = own_.take();
  if (whole_) all += *whole_;
  return all;
}

}  // namespace vigil::app
