// What of a stream is under way between two lumisections, as text of the journal: batches that the sequencer holds, and
// summaries of partials of which not every frame has come. Used by the registry of streams. Pure.
// Tests: tests/app/exact_state_test.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "app/model_set.h"
#include "app/open_lumisection.h"
#include "ingest/sequencer.h"

namespace vigil::app {

// JSON array, in order of arrival. `pileup_width`: of the stream's summaries.
std::string held_text(const ingest::Sequencer& sequencer, std::uint32_t pileup_width);
// Puts back what held_text wrote. Throws Error on other text.
void put_back_held(const std::string& text, ingest::Sequencer& sequencer, const ModelSet& models);

// JSON array of the shares of one lumisection; empty where there are none.
std::string shares_text(const OpenLumisection& open);
void put_back_shares(const std::string& text, OpenLumisection& open);

// What a batch is to the sequencer.
ingest::BatchFacts batch_facts(const EventBatch& batch);

}  // namespace vigil::app
