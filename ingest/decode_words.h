// Checks of the events and words that columns hold, a few instructions a word. Used by decode. Copies nothing.
#pragma once

#include <cstdint>
#include <string>

#include "core/event_batch.h"
#include "core/model.h"

namespace vigil::ingest {

// Every orbit in first..last; every bx a bunch crossing.
bool orbits_inside(const Column& orbit, std::uint32_t first, std::uint32_t last);
bool bx_inside(const Column& bx);

// Every input word, or code times 2^F, in its column's type; every output word in its output's. Shapes must agree.
bool inputs_fit(const Column& inputs, const ModelInfo& info);
bool outputs_fit(const Column& outputs, const ModelInfo& info);

// Where the first event or word lies for which the checks above are false; empty where none does.
std::string orbit_refusal(const Column& orbit, std::uint32_t first, std::uint32_t last);
std::string bx_refusal(const Column& bx);
std::string inputs_refusal(const Column& inputs, const ModelInfo& info);
std::string outputs_refusal(const Column& outputs, const ModelInfo& info);

}  // namespace vigil::ingest
