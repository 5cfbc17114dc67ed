// A model that knows narrower bounds than its types: the word it refuses is named.
#include "app/refused_word.h"

#include <gtest/gtest.h>

#include <vector>

namespace vigil::app {
namespace {

// Looks its second input up in a table of four; its third, negative, in none.
class Table : public Model {
 public:
  Table() {
    info_.name = "table";
    info_.inputs = {{"pt", {.width = 16, .integer = 16}, false, {}, {}},
                    {"index\x1b", {.width = 16, .integer = 16}, false, {}, {}},
                    {"other", {.width = 16, .integer = 16}, false, {}, {}}};
    info_.outputs = {{"score", {.width = 16, .integer = 16}, 0, 1}};
  }
  const ModelInfo& info() const override { return info_; }
  Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const override {
    for (std::size_t row = 0; row < rows; ++row) {
      if (in.at(row, 1) > 3 || in.at(row, 2) < 0) return Status::word_out_of_range;
      out.set(row, 0, in.at(row, 0));
    }
    return Status::ok;
  }

 private:
  ModelInfo info_;
};

std::string refused(const std::vector<std::int16_t>& words, bool by_columns = false) {
  EventBatch batch;
  batch.n = static_cast<std::uint32_t>(words.size() / 3);
  batch.blocks = {{"", "inputs", {words.data(), 2, true, batch.n, 3, by_columns}}};
  return refused_word(Table(), batch);
}

TEST(RefusedWord, NamesRowColumnWordAndType) {
  EXPECT_EQ(refused({1, 2, 3, 4, 3, 6}), "");
  EXPECT_EQ(refused({}), "");
  const std::string said =
      "inputs, row 1, column 1 (index\\x1b): 4 of ap_fixed<16,16>, expected a word that is within the model's tables";
  EXPECT_EQ(refused({1, 2, 3, 4, 4, 6}), said);
  EXPECT_EQ(refused({1, 4, 2, 4, 3, 6}, true), said);
  EXPECT_EQ(refused({1, 9, -1}), "inputs, row 0: several words, expected words that are within the model's tables");
  std::vector<std::int16_t> many(3 * 1000, 1);
  many[3 * 777 + 2] = -5;
  EXPECT_EQ(
      refused(many),
      "inputs, row 777, column 2 (other): -5 of ap_fixed<16,16>, expected a word that is within the model's tables");
}

}  // namespace
}  // namespace vigil::app
