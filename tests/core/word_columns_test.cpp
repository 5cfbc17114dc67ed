#include "core/word_columns.h"

#include <gtest/gtest.h>

#include <random>

namespace vigil {
namespace {

template <class T>
void turns_every_shape() {
  std::mt19937_64 random(sizeof(T));
  for (const std::size_t columns : {1, 2, 3, 4, 5, 9, 16, 57, 64, 65}) {
    for (const std::size_t rows : {0, 1, 3, 4, 15, 16, 17, 33, 200}) {
      constexpr std::size_t kSkipped = 2;
      // One byte off, as columns in a message are.
      std::vector<char> bytes(1 + (rows + kSkipped) * columns * sizeof(T));
      for (std::size_t i = 0; i < (rows + kSkipped) * columns; ++i) {
        const T word = static_cast<T>(static_cast<std::int32_t>(random()));
        std::memcpy(bytes.data() + 1 + i * sizeof(T), &word, sizeof(T));
      }
      const WordsView view{bytes.data() + 1, sizeof(T), static_cast<std::ptrdiff_t>(columns * sizeof(T)), sizeof(T)};
      const WordsView turned_view{view.data, view.word_bytes, view.column_stride, view.row_stride};
      WordColumns out;
      to_columns(view, kSkipped, rows, columns, out);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) {
          ASSERT_EQ(out.view().at(r, c), view.at(r + kSkipped, c)) << rows << " " << columns << " " << r << " " << c;
        }
      }
      to_columns(turned_view, 0, columns, rows, out);  // columns already
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) ASSERT_EQ(out.column(r)[c], view.at(r, c));
      }
    }
  }
}

TEST(WordColumns, TurnEveryShapeAndWordSize) {
  turns_every_shape<std::int8_t>();
  turns_every_shape<std::int16_t>();
  turns_every_shape<std::int32_t>();
  turns_every_shape<std::int64_t>();
}

}  // namespace
}  // namespace vigil
