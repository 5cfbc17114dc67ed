#include "monitors/mismatch_attribution.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "monitors/input_changes.h"

namespace vigil::monitors {
namespace {

constexpr std::size_t kRowsACall = 4096;  // of the emulator

bool decides(const ModelInfo& model, const Seed& seed, const std::int64_t* outputs) {
  return outputs[model.seed_column(seed)] >= seed.threshold;
}

// What the hardware said of one event.
class Said {
 public:
  Said(const ModelInfo& model, const KeptEvent& event) : model_(model), event_(event) {
    for (const Seed& seed : model.seeds) {
      // A decision that differed and was not named was not compared.
      const bool differs = decides(model, seed, event.emulator_outputs.data()) != bit(seed);
      const auto& names = event.disagreeing;
      compared_.push_back(!differs || std::find(names.begin(), names.end(), seed.name) != names.end());
    }
    is_wrong_ = !agrees(event.emulator_outputs.data());
  }
  bool is_wrong() const { return is_wrong_; }  // by the words that came: something is to be explained
  bool agrees(const std::int64_t* outputs) const {
    if (!event_.hardware_outputs.empty()) {
      return std::equal(event_.hardware_outputs.begin(), event_.hardware_outputs.end(), outputs);
    }
    for (std::size_t s = 0; s < model_.seeds.size(); ++s) {
      if (compared_[s] && decides(model_, model_.seeds[s], outputs) != bit(model_.seeds[s])) return false;
    }
    return true;
  }

 private:
  bool bit(const Seed& seed) const { return (event_.hardware_bits >> seed.bit & 1) != 0; }

  const ModelInfo& model_;
  const KeptEvent& event_;
  std::vector<bool> compared_;
  bool is_wrong_ = false;
};

// One change of one input or column name.
struct Candidate {
  const ChangedInputs* inputs = nullptr;
  std::size_t input = 0;   // its place in the list
  std::size_t change = 0;  // index
  std::uint32_t explains = 0;
  Wide distance = 0;  // by which the words of all events are moved
};

struct Row {
  std::size_t candidate = 0;
  std::size_t event = 0;
};

class Search {
 public:
  Search(const Model& model, const std::vector<KeptEvent>& events)
      : model_(model), events_(events), changes_(model.info(), events), inputs_(changed_inputs(model.info())) {
    for (const KeptEvent& event : events) said_.emplace_back(model.info(), event);
  }

  // False: the emulator failed.
  [[nodiscard]] bool run() {
    // Columns of all objects are few: they are tried before the bound is reached.
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].columns.size() > 1) order.push_back(i);
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].columns.size() == 1) order.push_back(i);
    }
    std::size_t tried = 0;
    for (const std::size_t i : order) {
      const std::size_t before = rows_.size();
      for (std::size_t change = 0; change < word_changes().size(); ++change) add(i, change);
      tried += rows_.size() - before;
      if (rows_.size() >= kRowsACall && !emulate()) return false;
      if (tried >= kMostTriedRows) break;
    }
    return emulate();
  }

  std::vector<InputExplanation> explanations() const {
    std::vector<const Candidate*> listed;
    for (const Candidate& c : candidates_) {
      if (c.explains > 0 && 2 * c.explains >= events_.size()) listed.push_back(&c);
    }
    std::sort(listed.begin(), listed.end(), [](const Candidate* a, const Candidate* b) {
      const auto key = [](const Candidate& c) {
        return std::tuple(-static_cast<std::int64_t>(c.explains), c.inputs->columns.size() > 1, c.distance, c.change,
                          c.input);
      };
      return key(*a) < key(*b);
    });
    if (listed.size() > kMostExplanations) listed.resize(kMostExplanations);
    std::vector<InputExplanation> out;
    for (const Candidate* c : listed) {
      out.push_back({c->inputs->name, to_string(word_changes()[c->change]), c->explains,
                     static_cast<std::uint32_t>(events_.size())});
    }
    return out;
  }

 private:
  void add(std::size_t input, std::size_t change) {
    Candidate candidate{&inputs_[input], input, change, 0, 0};
    for (std::size_t e = 0; e < events_.size(); ++e) {
      if (!said_[e].is_wrong()) continue;
      std::optional<Wide> least;
      for (const std::vector<std::int64_t>& words : changes_.after(e, inputs_[input], word_changes()[change])) {
        rows_.push_back({candidates_.size(), e});
        words_.insert(words_.end(), words.begin(), words.end());
        Wide distance = 0;
        for (const std::size_t c : inputs_[input].columns) {
          const Wide moved = Wide{words[c]} - events_[e].inputs[c];
          distance += moved < 0 ? -moved : moved;
        }
        least = std::min(least.value_or(distance), distance);
      }
      candidate.distance += least.value_or(0);
    }
    candidates_.push_back(candidate);
  }

  // Emulates the rows at hand, and forgets them.
  [[nodiscard]] bool emulate() {
    const std::size_t in = model_.info().inputs.size(), out = model_.info().output_words();
    std::vector<std::int64_t> outputs(rows_.size() * out);
    const auto predict = [&](std::size_t first, std::size_t rows) {
      return model_.predict(words_of(words_.data() + first * in, in),
                            mutable_words_of(outputs.data() + first * out, out), rows);
    };
    std::vector<bool> known(rows_.size(), true);
    Status status = rows_.empty() ? Status::ok : predict(0, rows_.size());
    if (status == Status::word_out_of_range) {  // one of them: an index beyond its table
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        status = predict(r, 1);
        if (status == Status::failed) return false;
        known[r] = status == Status::ok;
      }
    } else if (status == Status::failed) {
      return false;
    }
    // Several readings of one change in one event explain it once.
    std::optional<std::pair<std::size_t, std::size_t>> counted;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const auto [candidate, event] = rows_[r];
      if (!known[r] || counted == std::pair(candidate, event)) continue;
      if (!said_[event].agrees(outputs.data() + r * out)) continue;
      ++candidates_[candidate].explains;
      counted = {candidate, event};
    }
    rows_.clear();
    words_.clear();
    return true;
  }

  const Model& model_;
  const std::vector<KeptEvent>& events_;
  InputChanges changes_;
  std::vector<ChangedInputs> inputs_;
  std::vector<Said> said_;
  std::vector<Candidate> candidates_;
  std::vector<Row> rows_;
  std::vector<std::int64_t> words_;  // of rows_
};

// Events kept by this very model: what they hold has its shape.
bool are_of(const ModelInfo& model, const std::vector<KeptEvent>& events) {
  return std::all_of(events.begin(), events.end(), [&](const KeptEvent& e) {
    return e.inputs.size() == model.inputs.size() && e.emulator_outputs.size() == model.output_words() &&
           (e.has_bits || !e.hardware_outputs.empty()) &&
           (e.hardware_outputs.empty() || e.hardware_outputs.size() == model.output_words());
  });
}

}  // namespace

std::vector<InputExplanation> explain_mismatch(const Model& model, const std::vector<KeptEvent>& events) {
  if (events.empty() || !are_of(model.info(), events)) return {};
  Search search(model, events);
  return search.run() ? search.explanations() : std::vector<InputExplanation>{};
}

}  // namespace vigil::monitors
