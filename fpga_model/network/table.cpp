#include "fpga_model/network/table.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace vigil::fpga_model {

TableIndex TableIndex::top_bits(const JsonSection& keys, const std::string& key, const FixedPoint& argument,
                                std::size_t size) {
  if (!std::has_single_bit(size))
    keys.fail(key, "a table of " + std::to_string(size) + " words", "a power of two for rule top_bits");
  const int bits = ceil_log2(size);
  if (bits > argument.width) {
    keys.fail(key, "a table of " + std::to_string(size) + " words",
              "at most 2^" + std::to_string(argument.width) + " for arguments of " + to_string(argument));
  }
  TableIndex index;
  index.pattern_ = argument.width == 64 ? ~0ull : (1ull << argument.width) - 1;
  index.dropped_bits_ = argument.width - bits;
  if (index.dropped_bits_ == 64) {  // one word, indexed by no bits
    index.pattern_ = 0;
    index.dropped_bits_ = 0;
  }
  return index;
}

TableIndex TableIndex::read(JsonSection& keys, const std::string& key, const FixedPoint& argument, std::size_t size) {
  JsonSection section = keys.object(key);
  if (section.choice("rule", {"scaled", "top_bits"}, false) == 1) {
    section.finish();
    return top_bits(keys, key, argument, size);
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  TableIndex index;
  index.scaled_ = true;
  index.size_ = static_cast<std::int64_t>(size);
  index.range_ = section.integer("range", -kMost, kMost);
  if (index.range_ == 0) section.fail("range", "0", "a number other than 0");
  index.offset_ = section.integer_or("offset", 0, -kMost, kMost);
  index.clamps_unsigned_ = section.choice("clamp", {"signed", "unsigned"}, true) == 1;
  index.fraction_ = argument.fraction();
  const int bits = argument.width + ceil_log2(size);
  if (bits > 63) {
    section.fail("range",
                 "arguments of " + to_string(argument) + " and " + std::to_string(size) + " words make " +
                     std::to_string(bits) + " bits",
                 "at most 63");
  }
  section.finish();
  return index;
}

std::size_t TableIndex::scaled(std::int64_t raw) const {
  const std::int64_t q = raw * size_ / range_;
  std::int64_t r = 0;
  if (fraction_ > 0) {
    r = fraction_ > 62 ? 0 : q / (std::int64_t{1} << fraction_);
  } else if (fraction_ > -32) {
    r = static_cast<std::int64_t>(static_cast<std::uint64_t>(q) << -fraction_);
  }
  const std::int64_t low = static_cast<std::int32_t>(static_cast<std::uint64_t>(r));
  const Wide sum = Wide{low} + offset_;
  if (clamps_unsigned_)
    return static_cast<std::size_t>(std::min<std::int64_t>(static_cast<std::uint32_t>(sum), size_ - 1));
  return static_cast<std::size_t>(std::clamp<Wide>(sum, 0, size_ - 1));
}

Table::Table(JsonSection& keys, const FixedPoint& argument) {
  Constant table = keys.constant("table");
  type_ = table.type;
  raw_ = std::move(table.raw);
  index_ = TableIndex::read(keys, "index", argument, raw_.size());
}

}  // namespace vigil::fpga_model
