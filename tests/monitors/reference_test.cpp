#include "monitors/reference.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

Reference some(const ModelInfo& m) {
  std::mt19937_64 random(3);
  const fixtures::Shape shape = fixtures::falling(30, 0.3);
  Reference r;
  r.model = m.name;
  r.stream = "scouting";
  r.selection = "zero_bias";
  for (const auto& [run, ls] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{{1, 3}, {1, 4}, {1, 6}, {2, 1}}) {
    r.add(run, ls,
          fixtures::drawn(
              m, 100, 1000, [&](bool, std::size_t) -> const fixtures::Shape& { return shape; }, random));
  }
  return r;
}

std::string file(const char* name) { return (std::filesystem::path(::testing::TempDir()) / name).string(); }

TEST(Reference, FileReadsBackEqual) {
  const ModelInfo m = fixtures::model();
  const Reference r = some(m);
  EXPECT_EQ(r.ranges, (std::vector<ReferenceRange>{{1, 3, 4}, {1, 6, 6}, {2, 1, 1}}));
  const std::string path = file("reference.json");
  save_references(r, path);
  save_references(r, path);  // replaces
  const References read = load_references(path, m);
  ASSERT_EQ(read.entries.size(), 1u);
  const Reference& back = read.entries.front();
  EXPECT_EQ(back.summary, r.summary);
  EXPECT_EQ(back.ranges, r.ranges);
  EXPECT_EQ(back.model, r.model);
  EXPECT_EQ(back.stream, r.stream);
  EXPECT_EQ(back.selection, r.selection);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(Reference, OfAnotherModelNamesBothHashesAndTheFile) {
  const ModelInfo m = fixtures::model();
  const std::string path = file("other.json");
  save_references(some(m), path);
  ModelInfo other = m;
  other.hash = std::string(64, 'b');
  try {
    (void)load_references(path, other);
    FAIL();
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(m.hash), std::string::npos);
    EXPECT_NE(what.find(other.hash), std::string::npos);
    EXPECT_EQ(what.find(path), 0u);
    EXPECT_EQ(what.find('\n'), std::string::npos);
  }
}

TEST(Reference, DamagedMissingAndUnwritableFilesAreErrors) {
  const ModelInfo m = fixtures::model();
  EXPECT_THROW(load_references(file("absent.json"), m), Error);
  EXPECT_THROW(load_references(::testing::TempDir(), m), Error);
  EXPECT_THROW(save_references(some(m), file("no/such/folder/r.json")), Error);
  const std::string whole = to_json(some(m));
  std::mt19937 random(9);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = whole;
    damaged.resize(random() % whole.size());
    EXPECT_THROW(references_from_json(damaged, m, "r"), Error);
  }
  for (const char* text : {"{}", "[]", "{\"format\":\"vigil-reference\",\"version\":3}", "{\"format\":7}",
                           "{\"format\":\"vigil-reference\",\"version\":1,\"summary\":[]}"}) {
    EXPECT_THROW(references_from_json(text, m, "r"), Error) << text;
  }
}

}  // namespace
}  // namespace vigil::monitors
