// Partials as they come from a topic: what is read holds together, and nothing ends the process. Fed both as they are
// and as the lines of a zstd frame, so that the lines behind the compression are reached.
#include <stdexcept>

#include "core/lhc.h"
#include "core/summary.h"
#include "fuzz_target.h"
#include "ingest/partial_message.h"

namespace {

using namespace vigil;

const ModelInfo& model() {
  static const ModelInfo info = [] {
    ModelInfo m;
    m.name = "m";
    m.hash = std::string(64, 'a');
    m.inputs.push_back({.name = "x", .type = FixedPoint{8, 8, true}});
    m.outputs.push_back({"y", FixedPoint{8, 8, true}, 0, 1});
    return m;
  }();
  return info;
}

const ModelInfo* find(std::string_view name) { return name == "m" ? &model() : nullptr; }

void read(std::string_view message) {
  vigil::fuzz::expect_error_or_success("partial", [&] {
    const ingest::Partial partial = ingest::read_partial(message, "origin", find);
    std::uint64_t last = 0, events = 0;
    bool is_first = true;
    for (const ingest::ReadFrame& frame : partial.frames) {
      if (frame.offset < partial.header.first || frame.offset >= partial.header.next)
        throw std::runtime_error("outside");
      if (!is_first && frame.offset <= last) throw std::runtime_error("out of order");
      is_first = false;
      last = frame.offset;
      if (frame.summary) events += frame.facts.batch.n;
      if (frame.summary && !frame.summary->parsed) throw std::runtime_error("a summary that was not read");
    }
    std::uint64_t summed = 0;
    const PartialSummary* before = nullptr;
    for (const ingest::ReadFrame& frame : partial.frames) {
      if (!frame.summary || frame.summary.get() == before) continue;
      before = frame.summary.get();
      summed += before->parsed->events;
    }
    if (summed < events && partial.frames.size() == 1) throw std::runtime_error("events that no summary holds");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  ingest::PartialHeader header;
  header.settings = std::string(64, 'b');
  header.worker = "w";
  header.partition = 3;
  header.first = 1000;
  header.next = 1064;
  read(ingest::packed_partial(header, bytes));
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  FrameFacts frame;
  frame.position = "3:1001";
  frame.strand = StrandMark{"b", 5, 7, false};
  frame.batch.source = "link0";
  frame.batch.stream = "scouting";
  frame.batch.model = "m";
  frame.batch.run = 1;
  frame.batch.ls = 2;
  frame.batch.first_orbit = frame.batch.last_orbit = lhc::kOrbitsPerLumisection;
  frame.summary = 0;
  const std::string summary = summary_line({0, {}, "m", "scouting", 1, 2, 1, to_json(Summary(model()))});
  FrameFacts mark;
  mark.position = "3:1000";
  mark.strand = StrandMark{"b", 5, 0, true};
  mark.carries_drops_only = true;
  const std::string lines = frame_line(mark) + "\n" + frame_line(frame) + "\n" + summary + "\n";
  ingest::PartialHeader header;
  header.settings = std::string(64, 'b');
  header.worker = "w";
  header.partition = 3;
  header.first = 1000;
  header.next = 1064;
  ingest::PartialHeader beside = header;
  beside.partition.reset();
  beside.strand = "b";
  beside.session = 5;
  beside.first = 7;
  beside.next = 8;
  return {lines, frame_line(mark) + "\n", ingest::packed_partial(header, lines),
          ingest::packed_partial(beside, frame_line(frame) + "\n" + summary + "\n")};
}

std::vector<std::string> words() {
  std::vector<std::string> out = json_words();
  for (const char* word : {"frame", "summary", "position", "strand", "begins", "session", "\"n\":", "3:1002",
                           "rejected", "batch", "orbits", "frames", "number", ",\"summary\":{", "}}\n", "\n"}) {
    out.emplace_back(word);
  }
  return out;
}

}  // namespace vigil::fuzz
