// Plans: what is read is what was written.
#include <stdexcept>

#include "core/digest.h"
#include "fuzz_target.h"
#include "replay/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  vigil::fuzz::expect_error_or_success("plan.json", [&] {
    const vigil::replay::Plan plan = vigil::replay::plan_from_json(text, "plan.json");
    if (to_json(plan) != text) throw std::runtime_error("a plan is written as another text");
    for (const vigil::replay::PlanPart& part : plan.parts) (void)vigil::replay::stretches(plan, part.part);
  });
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  vigil::replay::Plan plan;
  plan.settings = plan.recordings.emplace_back().heads_sha256 = sha256_of("s");
  plan.recordings[0].path = "/data/a.vrec";
  plan.recordings[0].bytes = 1000;
  plan.recordings[0].records = 9;
  plan.recordings.push_back(plan.recordings[0]);
  plan.models = {{"/models/m", "m", "sha256:1"}};
  plan.configuration = R"({"from_ls":1,"yaml":"window_ls: 3\n"})";
  plan.parts = {{0, 1, 2, 268, sha256_of("0"), {{0, 32, 300}}},
                {1, 3, 4, 800, sha256_of("1"), {{0, 300, 1000}, {1, 32, 132}}},
                {2, 0, 0, 868, sha256_of("2"), {{1, 132, 1000}}}};
  std::vector<std::string> out{to_json(plan)};
  plan.recordings.pop_back();
  plan.parts.pop_back();
  plan.parts[1].ranges.pop_back();
  plan.parts[1].bytes = 700;
  out.push_back(to_json(plan));
  return out;
}

std::vector<std::string> words() {
  std::vector<std::string> out = json_words();
  for (const char* word :
       {"vigil-plan", "format", "version", "settings", "recordings", "parts", "ranges", "models", "configuration",
        "bytes", "[0,32,300]", "[1,32,132]", "[0,32,18446744073709551615]", "32", "300"}) {
    out.emplace_back(word);
  }
  return out;
}

}  // namespace vigil::fuzz
