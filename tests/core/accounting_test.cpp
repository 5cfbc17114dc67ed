#include "core/accounting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "core/error.h"

namespace vigil {
namespace {

struct Batch {
  std::string source;
  std::uint64_t epoch, seq;
  std::uint32_t first, last;
};

std::vector<Batch> random_batches(std::mt19937& random, std::size_t n) {
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < n; ++i) {
    const auto first = static_cast<std::uint32_t>(random() % 1000);
    batches.push_back({"link" + std::to_string(random() % 3), random() % 2 == 0 ? 5 : ~0ull, i, first,
                       first + static_cast<std::uint32_t>(random() % 50)});
  }
  return batches;
}

Accounting of(const std::vector<Batch>& batches) {
  Accounting out;
  for (const Batch& b : batches) out.add(b.source, b.epoch, b.seq, b.first, b.last);
  return out;
}

TEST(Accounting, AnySplitInAnyOrderMergesToTheSame) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    std::vector<Batch> batches = random_batches(random, 60);
    const Accounting whole = of(batches);
    std::shuffle(batches.begin(), batches.end(), random);
    std::vector<std::vector<Batch>> split(1 + random() % 5);
    for (const Batch& b : batches) split[random() % split.size()].push_back(b);
    Accounting left, right;
    for (const auto& part : split) left += of(part);
    for (std::size_t i = split.size(); i-- > 0;) {
      Accounting next = of(split[i]);
      next += right;
      right = next;
    }
    EXPECT_EQ(left, whole) << "seed " << seed;
    EXPECT_EQ(right, whole) << "seed " << seed;
    EXPECT_EQ(to_json(left), to_json(whole));
    EXPECT_EQ(accounting_from_json(to_json(whole), "here"), whole);
  }
}

TEST(Accounting, ABatchInTwoPartsIsRefusedAndNothingChanges) {
  Accounting a = of({{"link0", 5, 7, 0, 9}, {"link0", 5, 8, 10, 19}});
  const Accounting before = a;
  try {
    a += of({{"link1", 5, 7, 0, 9}, {"link0", 5, 8, 10, 19}, {"link0", 5, 9, 20, 29}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "source link0: epoch 5 seq 8 in two parts, expected each batch in one");
  }
  EXPECT_EQ(a, before);
  a += of({{"link0", 6, 8, 10, 19}});  // another epoch numbers anew
  EXPECT_EQ(a.sources.at("link0").numbers.size(), 2u);
}

TEST(Accounting, NumbersOfEightBytesAndNamesOfAnyTextAreKept) {
  const Accounting a = of({{"a/\"b\\ \u202e", ~0ull, ~0ull, 0, ~0u}, {"", 0, 0, 3, 3}});
  EXPECT_EQ(accounting_from_json(to_json(a), "here"), a);
  EXPECT_EQ(a.sources.at("").orbits.size(), 1u);
  EXPECT_EQ(accounting_from_json(to_json(Accounting{}), "here"), Accounting{});
}

TEST(Accounting, WhatIsNoAccountingIsRefusedByPlace) {
  const auto with = [](const std::string& sources) {
    return R"({"format":"vigil-accounting","version":1,"sources":)" + sources + "}";
  };
  const auto source = [&](const std::string& orbits, const std::string& numbers) {
    return with(R"([{"source":"a","orbits":)" + orbits + R"(,"numbers":)" + numbers + "}]");
  };
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string(R"({"format":"vigil-summary","version":1,"sources":[]})"),
        std::string(R"({"format":"vigil-accounting","version":2,"sources":[]})"), with("1"), with("[1]"),
        with(R"([{"source":1,"orbits":[],"numbers":[]}])"), source("[[2,1]]", "[]"), source("[[0,1],[2,3]]", "[]"),
        source("[[5,6],[1,2]]", "[]"), source("[[0,4294967296]]", "[]"), source("[[-1,2]]", "[]"),
        source("[[0.5,2]]", "[]"), source("[[0]]", "[]"), source("3", "[]"), source("[]", R"([{"epoch":-1,"seq":[]}])"),
        source("[]", R"([{"epoch":1,"seq":[[3,2]]}])"), source("[]", R"([{"epoch":1,"seq":[]},{"epoch":1,"seq":[]}])"),
        with(R"([{"source":"a","orbits":[],"numbers":[]},{"source":"a","orbits":[],"numbers":[]}])")}) {
    EXPECT_THROW((void)accounting_from_json(text, "here"), Error) << text;
  }
}

}  // namespace
}  // namespace vigil
