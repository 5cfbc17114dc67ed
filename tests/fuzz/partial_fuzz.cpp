// Frame and summary lines of partials: what is read is written as the same text.
#include <stdexcept>

#include "core/frame_facts.h"
#include "core/lhc.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  vigil::fuzz::expect_error_or_success("partial", [&] {
    const vigil::FrameFacts facts = vigil::frame_from_line(line, "partial");
    const std::string again = frame_line(facts);
    if (frame_line(vigil::frame_from_line(again, "partial")) != again) {
      throw std::runtime_error("facts are written as another text");
    }
  });
  vigil::fuzz::expect_error_or_success("partial", [&] {
    const vigil::PartialSummary summary = vigil::summary_from_line(line, "partial");
    const std::string again = summary_line(summary);
    if (summary_line(vigil::summary_from_line(again, "partial")) != again) {
      throw std::runtime_error("a summary is written as another text");
    }
  });
  (void)vigil::summary_of(line);
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  FrameFacts accepted;
  accepted.position = "1024";
  accepted.batch.source = "link0";
  accepted.batch.stream = "scouting";
  accepted.batch.model = "m";
  accepted.batch.run = 1;
  accepted.batch.ls = 2;
  accepted.batch.first_orbit = accepted.batch.last_orbit = lhc::kOrbitsPerLumisection;
  accepted.batch.context.pileup = 50.5;
  accepted.batch.context.menu = "v5";
  accepted.summary = 3;
  FrameFacts rejected;
  rejected.position = "2048";
  rejected.rejection = Rejection::orbits;
  rejected.detail = "orbit 3";
  rejected.header.topic = "a/\xff";
  rejected.header.seq = 7;
  rejected.dropped_before = {rejected.header};
  return {frame_line(accepted), frame_line(rejected),
          summary_line({1, {}, "m", "scouting", 1, 2, 64, "{\"version\":2}"})};
}

std::vector<std::string> words() {
  std::vector<std::string> out = json_words();
  for (const char* word : {"frame", "summary", "position", "dropped", "rejected", "header", "batch", "hex", "orbits",
                           "context", "pileup", "frames", "number", ",\"summary\":{", "}}"}) {
    out.emplace_back(word);
  }
  return out;
}

}  // namespace vigil::fuzz
