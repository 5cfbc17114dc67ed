// The references a stream teaches: one for each selection and beam mode it was in (and the model of the monitor), so
// that what was learned for other conditions is there when they return. Used by StreamMonitor. Decides nothing about
// which lumisections are fit to be learned.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitors/reference.h"

namespace vigil::monitors {

// What a learned reference belongs to. A change of menu or prescale column keeps it: data are before prescales.
struct LearnedFor {
  std::string selection = "zero_bias";
  std::optional<std::string> beam_mode;
  auto operator<=>(const LearnedFor&) const = default;
};
std::string in_words(const LearnedFor& conditions);

class LearnedReferences {
 public:
  static constexpr std::size_t kMost = 8;  // the one that was not in use for longest goes

  LearnedReferences(std::uint32_t learn_ls, std::uint64_t events);

  // The next lumisections are of these conditions. Returns what is taken up, in words; empty where nothing changed.
  std::string select(const LearnedFor& conditions);
  // A complete lumisection. Returns what was learned, in words, when the reference is complete.
  std::string learn(std::uint32_t run, std::uint32_t ls, const Summary& lumisection);

  const Learner& current() const { return entries_.at(current_).learner; }
  // Ordinal of the reference in use, in the order in which they were complete, from 1; 0 while it is learned.
  std::uint64_t ordinal() const { return entries_.at(current_).ordinal; }

  std::string save() const;
  // Returns what does not go on as it was, in words. Throws Error on text save() did not write; the object is then
  // unchanged.
  std::vector<std::string> load(std::string_view text, const ModelInfo& model, const std::string& where);

 private:
  struct Entry {
    Learner learner;
    std::uint64_t ordinal = 0;
    std::uint64_t used = 0;  // when it was selected last
  };
  std::uint32_t learn_ls_;
  std::uint64_t events_;
  std::map<LearnedFor, Entry> entries_;  // holds `current_`
  LearnedFor current_;
  std::uint64_t completed_ = 0;
  std::uint64_t selections_ = 0;
};

}  // namespace vigil::monitors
