// A statistic or a detector is one file and one row: no other source of the program mentions its name.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "monitors/detector.h"
#include "monitors/statistics.h"

namespace vigil::monitors {
namespace {

namespace fs = std::filesystem;

// Without comments: words in them are English.
std::string code_of(const fs::path& path) {
  std::ifstream file(path);
  std::string text, line;
  while (std::getline(file, line)) {
    if (const auto comment = line.find("//"); comment != std::string::npos) line.resize(comment);
    text += line + "\n";
  }
  return text;
}

// Sources that hold the name as a text; where `as_word`, as an identifier too.
std::set<std::string> mention(const std::string& name, bool as_word,
                              const std::vector<const char*>& rooms = {"core", "monitors", "alerting", "ingest",
                                                                       "replay", "app"}) {
  const std::regex pattern(as_word ? "\\b" + name + "\\b" : "\"" + name + "\"");
  std::set<std::string> found;
  for (const char* room : rooms) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(VIGIL_SOURCE_DIR) / room)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".def") continue;
      const std::string code = code_of(entry.path());
      if (std::regex_search(code, pattern)) found.insert(entry.path().lexically_relative(VIGIL_SOURCE_DIR).string());
    }
  }
  return found;
}

TEST(Catalogue, AStatisticIsOneFileAndOneRow) {
  for (const StatisticEntry& entry : statistics()) {
    const std::string name(entry.name);
    const std::set<std::string> expected{"monitors/statistics.def", "monitors/statistics/" + name + ".cpp"};
    if (name == "rate" || name == "g") {  // words of the field, parameters of detectors, causes of actions; a letter
      std::set<std::string> found = mention(name, false, {"monitors"});
      std::erase_if(found, [](const std::string& path) { return path.starts_with("monitors/detectors/"); });
      EXPECT_EQ(found, std::set<std::string>{});
    } else {
      EXPECT_EQ(mention(name, true), expected) << name;
    }
    for (const std::string& path : expected) EXPECT_TRUE(fs::exists(fs::path(VIGIL_SOURCE_DIR) / path)) << path;
  }
}

TEST(Catalogue, ADetectorIsOneFileAndOneRow) {
  for (const DetectorEntry& entry : detectors()) {
    const std::string name(entry.name);
    const std::set<std::string> expected{"monitors/detectors.def", "monitors/detectors/" + name + ".cpp"};
    if (name == "cusum") {  // also a form of e-detectors
      for (const std::string& path : expected) EXPECT_TRUE(fs::exists(fs::path(VIGIL_SOURCE_DIR) / path)) << path;
    } else {
      EXPECT_EQ(mention(name, true), expected) << name;
    }
    EXPECT_EQ(find_detector(name), &entry);
    EXPECT_FALSE(entry.summary.empty());
    EXPECT_FALSE(in_words(entry.input).empty());
  }
  EXPECT_EQ(find_detector("nonsense"), nullptr);
  // One that is fed vectors is a sequential rule and no detector of rows.
  const std::string of_vectors(sequential_statistic(Target::multivariate));
  EXPECT_EQ(find_detector(of_vectors), nullptr);
  EXPECT_EQ(mention(of_vectors, true), (std::set<std::string>{"monitors/detectors.def"}));
  EXPECT_EQ(sequential_statistic(Target::seed), sequential_detector(Target::seed).name);
}

}  // namespace
}  // namespace vigil::monitors
