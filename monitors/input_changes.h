// What may be wrong with the words a model is given, one input or one column of all objects at a time: which changes
// are tried, and what they make of an event. Used by the attribution of mismatches. Pure. Tests:
// tests/monitors/input_changes_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

struct WordChange {
  enum class Kind : std::uint8_t { zero, low_bits_zero, plus, minus, largest, smallest };
  Kind kind = Kind::zero;
  int bits = 0;  // of low_bits_zero, 1..8
};
// zero, low K bits zero, plus 1, minus 1, largest, smallest.
const std::vector<WordChange>& word_changes();
std::string to_string(const WordChange& change);

// The inputs that change together.
struct ChangedInputs {
  std::string name;                  // of the input, or *.phi
  std::vector<std::size_t> columns;  // ascending
};
// Every input, then every column name that several objects have, in the order of the model.
std::vector<ChangedInputs> changed_inputs(const ModelInfo& model);

// The words of some events of one model, which must outlive it, under changes.
class InputChanges {
 public:
  // Each event with as many input words as the model has.
  InputChanges(const ModelInfo& model, const std::vector<KeptEvent>& events);

  // The event's words after the change, every reading of it that differs from the event and from those before:
  // `largest` is the type's or the largest multiple of the unit; azimuths (columns named phi) go round their circle of
  // words from 0 or about 0, round their type where the package gives no scale, or end at the ends of their type, as
  // all other words do. The circle: 2 pi / lsb codes where the lsb is in rad, else L1's 576 of muons and 144 of the
  // rest. An object whose words are all 0 stays as it is. Empty: the change leaves the event as it is.
  std::vector<std::vector<std::int64_t>> after(std::size_t event, const ChangedInputs& inputs,
                                               const WordChange& change) const;
  // 1 and bits are counted in it: the largest power of two that divides the words of this column name in all events; 1
  // where they are all 0.
  Wide unit(std::size_t column) const { return columns_[column].unit; }

 private:
  enum class Reading : std::uint8_t { ends, circle_from_0, circle_about_0, circle_of_type };
  struct Column {
    Wide lowest = 0, highest = 0;  // of the type
    Wide unit = 1;
    Wide circle = 0;         // words of a turn; 0: none
    bool has_scale = false;  // the circle is the package's own
    std::size_t object = 0;  // index of it; columns of no object have one of their own
    bool of_object = false;
  };
  std::int64_t changed(const Column& column, std::int64_t word, const WordChange& change, Reading reading) const;
  bool is_absent(std::size_t event, std::size_t column) const;

  std::vector<Column> columns_;
  const std::vector<KeptEvent>& events_;
  std::vector<std::vector<bool>> present_;  // [event][object]
};

}  // namespace vigil::monitors
