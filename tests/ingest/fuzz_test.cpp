// Corrupted frames, the same ones on every machine: no crash, no memory beyond the frame's own size, a decision for
// each, and the next good frame decodes. The corruption knows the format, so that most frames get past the first check.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <new>

#include "ingest/decode.h"
#include "tests/ingest/batch_for_test.h"

namespace {
// What this thread asked of the heap since it was last set to 0.
thread_local std::size_t allocated = 0;
}  // namespace

#ifndef __SANITIZE_THREAD__  // which has to see by itself who frees
namespace {
void* counted(std::size_t size) {
  allocated += size;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size == 0 ? 1 : size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size == 0 ? 1 : size); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace vigil::ingest {
namespace {

using namespace test;

// splitmix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t n) {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % n;
  }

 private:
  std::uint64_t state_;
};

std::string bytes(std::initializer_list<unsigned> list) {
  std::string out;
  for (const unsigned b : list) out += static_cast<char>(b);
  return out;
}

// Values that promise more than there is, nest, or are of the wrong type.
std::string hostile_value(Random& random) {
  switch (random.below(12)) {
    case 0:
      return bytes({0xdf, 0xff, 0xff, 0xff, 0xff});
    case 1:
      return bytes({0xdd, 0x7f, 0xff, 0xff, 0xff});
    case 2:
      return bytes({0xc6, 0xff, 0xff, 0xff, 0xff});
    case 3:
      return bytes({0xdb, 0x80, 0x00, 0x00, 0x00});
    case 4:
      return bytes({0xc9, 0xff, 0xff, 0xff, 0xff, 0x01});
    case 5:
      return std::string(random.below(20'000), '\x91') + '\x01';
    case 6:
      return std::string(random.below(20'000), '\x81');
    case 7:
      return bytes({0xc1});
    case 8:
      return bytes({0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0});
    case 9:
      return value(random.below(~0ull));
    case 10:
      return column("<i4", {random.below(~0ull), random.below(5000)}, std::string(random.below(100), 'x')).bytes();
    default:
      return column(random.below(2) ? ">i4" : "<u8", {2, 3}, std::string(random.below(64), '\xff')).bytes();
  }
}

std::string corrupted(const std::string& good, Random& random) {
  std::string body = good;
  switch (random.below(6)) {
    case 0:  // bit flips
      for (std::uint64_t i = 0, n = 1 + random.below(8); i < n; ++i) {
        body[random.below(body.size())] ^= static_cast<char>(1u << random.below(8));
      }
      return body;
    case 1:
      return body.substr(0, random.below(body.size()));
    case 2: {  // a wrong value under a right key
      MapText map = good_map();
      map.pairs[random.below(map.pairs.size())].second = hostile_value(random);
      return map.bytes();
    }
    case 3: {  // pairs lost, repeated, added, in another order
      MapText map = good_map();
      for (int i = 0; i < 3; ++i) {
        std::swap(map.pairs[random.below(map.pairs.size())], map.pairs[random.below(map.pairs.size())]);
      }
      if (random.below(2))
        map.pairs.erase(map.pairs.begin() + static_cast<std::ptrdiff_t>(random.below(map.pairs.size())));
      if (random.below(2)) map.pairs.push_back(map.pairs[random.below(map.pairs.size())]);
      if (random.below(2)) map.add(std::string(random.below(300), 'k'), hostile_value(random));
      return map.bytes();
    }
    case 4: {  // a piece moved or torn out
      const std::size_t at = random.below(body.size()), length = random.below(body.size() - at);
      const std::string piece = body.substr(at, length);
      body.erase(at, length);
      if (random.below(2)) body.insert(random.below(body.size() + 1), piece);
      return body;
    }
    default: {  // noise
      body.resize(random.below(400));
      for (char& c : body) c = static_cast<char>(random.below(256));
      return body;
    }
  }
}

TEST(Fuzz, CorruptedFramesAreRejectedWithinTheirOwnSize) {
  const ModelInfo info = small_model();
  const auto lookup = [&](std::string_view name) { return name == info.name ? &info : nullptr; };
  const ModelLookup find = lookup;
  const std::string good = good_map().bytes();
  Random random(20260101);
  std::map<Rejection, int> causes;
  for (int i = 0; i < 40'000; ++i) {
    Frame frame = frame_of(corrupted(good, random));
    if (random.below(50) == 0) frame.parts.resize(random.below(4));
    std::size_t size = 0;
    for (const std::string& part : frame.parts) size += part.size();
    EventBatch batch;
    allocated = 0;
    const Rejection cause = decode(frame, find, batch);
    frame.header = peek_header(frame.parts);
    ASSERT_LE(allocated, 2 * size + 4096) << "frame " << i;
    ASSERT_LT(cause, Rejection::count_);
    ++causes[cause];
    if (cause == Rejection::none) {
      // It is used: every word can be read, and the header says the same.
      std::vector<std::int64_t> scratch;
      const WordsView raw = batch.model_hash ? WordsView{} : raw_inputs(batch, info, scratch);
      for (std::size_t row = 0; raw.data != nullptr && row < batch.n; ++row) {
        for (std::size_t c = 0; c < info.inputs.size(); ++c) raw.at(row, c);
      }
      ASSERT_EQ(frame.header.source, batch.source);
      ASSERT_EQ(frame.header.seq, batch.seq);
      ASSERT_EQ(frame.header.run, batch.run);
    }
    if (i % 100 == 0) {
      EventBatch next;
      ASSERT_EQ(decode(frame_of(good), find, next), Rejection::none);
    }
  }
  // The corruption reaches every check that a single frame can fail.
  for (const Rejection cause :
       {Rejection::none, Rejection::parts, Rejection::not_msgpack, Rejection::trailing_bytes, Rejection::not_a_map,
        Rejection::missing_key, Rejection::wrong_type, Rejection::version, Rejection::topic, Rejection::lumisection,
        Rejection::orbits, Rejection::bunch_crossing, Rejection::column, Rejection::word_range, Rejection::limits}) {
    EXPECT_GT(causes[cause], 0) << to_string(cause);
  }
}

TEST(Fuzz, EveryFlippedBitAndEveryCutIsDecided) {
  const ModelInfo info = small_model();
  const ModelLookup find = [&](std::string_view name) { return name == info.name ? &info : nullptr; };
  const std::string good = good_map().bytes();
  for (std::size_t i = 0; i < good.size(); ++i) {
    EventBatch batch;
    ASSERT_EQ(decode(frame_of(good.substr(0, i)), find, batch), Rejection::not_msgpack) << i;
    for (int bit = 0; bit < 8; ++bit) {
      std::string body = good;
      body[i] ^= static_cast<char>(1u << bit);
      const Frame frame = frame_of(body);
      ASSERT_LT(decode(frame, find, batch), Rejection::count_);
    }
  }
}

}  // namespace
}  // namespace vigil::ingest
