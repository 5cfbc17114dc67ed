// What a model is, as JSON text: names, types, lsb, units, seeds, warnings; enough to read a summary of it and to show
// it without its package. Used by the journal. Pure; thread-safe.
// Tests: tests/core/model_text_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "core/model.h"

namespace vigil {

std::string model_text(const ModelInfo& info);
// Throws Error naming `where` on text that model_text() did not write.
ModelInfo model_from_text(std::string_view text, const std::string& where);

}  // namespace vigil
