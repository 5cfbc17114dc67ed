// The facts of an item that was emulated (core/frame_facts.h), for who sends or keeps them in its place. Used by
// partials and by the judge's state. Pure.
// Tests: tests/app/exact_state_test.cpp.
#pragma once

#include <memory>
#include <string>

#include "app/item.h"
#include "app/model_set.h"
#include "core/frame_facts.h"

namespace vigil::app {

// Without the number of a summary, which the caller knows.
FrameFacts facts_of(const Item& item);

// The exact summary of its events alone, as a partial would hold it; `origin`: what tells it from every other.
PartialSummary own_summary_of(const Item& item, std::uint32_t pileup_width, std::string origin);

// The item again: a line of its facts, and the summary that holds its events. Throws Error.
std::shared_ptr<Item> item_from(const std::string& frame_line, std::shared_ptr<const PartialSummary> summary,
                                const ModelSet& models);

}  // namespace vigil::app
